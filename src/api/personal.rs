//! What is known of people: seeing it in full, finding somebody, erasing it.

mod export;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, EXPLANATION, Method, Mutation, Page, Plan, damaged, plain, service};
use crate::api::errors::Fault;
use crate::api::member;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::person::{EraseMember, SetRetention, retention_name};
use crate::domain::record::Row;
use crate::domain::record::proto::{Retention, Retentions};
use crate::storage::read::Snapshot;

/// How many register rows are read at a time.
const CHUNK: u32 = 500;

/// How many members are searched at most: opening one of them costs two decryptions.
const DIRECTORY: usize = 5000;

/// How many members are opened at a time.
const OPENED: usize = 250;

/// The longest text that is searched for, in characters.
const QUERY: usize = 120;

service! {
    personal_data_service_server::PersonalDataService {
        reveal_member: RevealMemberRequest => RevealMemberResponse;
        search_members: SearchMembersRequest => SearchMembersResponse;
        export_member: ExportMemberRequest => ExportMemberResponse;
        set_retention: SetRetentionRequest => SetRetentionResponse;
        list_retentions: ListRetentionsRequest => ListRetentionsResponse;
        erase_member: EraseMemberRequest => EraseMemberResponse;
    }
}

impl Method for v1::RevealMemberRequest {
    type Response = v1::RevealMemberResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, id) = convert::owned(&self.member, "members", "member")?;
        convert::choice::<v1::Purpose>(self.purpose, "purpose")?;
        convert::required_line(&self.explanation, EXPLANATION, "explanation")?;
        let name = member::row_name(&entity, &id);
        let mut snapshot = call.snapshot(&book, "member").await?;
        let row = call.row(&mut snapshot, &name, "member").await?;
        let opened = call.open_fully(&mut snapshot, &book, member::sealed(&row)).await?;
        let member = Some(member::member(&book, &name, &row, &opened)?);
        Ok(v1::RevealMemberResponse { member })
    }
}

// ---- finding ------------------------------------------------------------------------------------

/// What is searched for.
enum Query {
    /// A whole identity number: parts of one would let the masked digits be guessed one by one.
    Nik(String),
    /// Parts of a name, plain.
    Name(Vec<String>),
}

impl Query {
    fn new(text: &str) -> Checked<Query> {
        let text = convert::required_line(text, QUERY, "query")?;
        Ok(match convert::nik(&text, "query") {
            Ok(()) => Query::Nik(text),
            Err(_) => Query::Name(plain(&text).split_whitespace().map(str::to_owned).collect()),
        })
    }

    fn sealed<'a>(&self, row: &'a Row) -> Option<&'a Vec<u8>> {
        match (self, row) {
            (Query::Nik(_), Row::Member(member)) => Some(&member.nik),
            (Query::Name(_), Row::Member(member)) => Some(&member.name),
            _ => None,
        }
    }

    fn finds(&self, text: &str) -> bool {
        match self {
            Query::Nik(nik) => text == nik,
            Query::Name(parts) => {
                let text = plain(text);
                parts.iter().all(|part| text.contains(part.as_str()))
            }
        }
    }
}

/// A text without capitals and accents.
fn plain(text: &str) -> String {
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).collect::<String>().to_lowercase()
}

impl Method for v1::SearchMembersRequest {
    type Response = v1::SearchMembersResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, within) = match convert::book(&self.parent, "parent") {
            Ok(book) => (book, None),
            Err(_) => {
                let (book, entity) = convert::entity(&self.parent, "parent")?;
                (book, Some(entity))
            }
        };
        let query = Query::new(&self.query)?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = match &within {
            None => call.snapshot(&book, "parent").await?,
            Some(entity) => call.snapshot_of(&book, entity, "parent").await?,
        };
        let mut rows = directory(&mut snapshot, within).await?;
        rows.retain(|(name, _)| *name.to_string() > *page.after);
        let mut found = Vec::new();
        for some in rows.chunks(OPENED) {
            let texts = some.iter().filter_map(|(_, row)| query.sealed(row));
            let opened = call.open_fully(&mut snapshot, &book, texts).await?;
            found.extend(some.iter().filter(|(_, row)| {
                let sealed = query.sealed(row);
                sealed.is_some_and(|sealed| query.finds(&opened.text(Sort::Name, sealed).0))
            }));
            if found.len() > page.size as usize {
                break;
            }
        }
        let next_page_token = page.cut(&mut found, |(name, _)| name.to_string());
        let texts = found.iter().flat_map(|(_, row)| member::sealed(row));
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let members = found.iter().map(|(name, row)| member::member(&book, name, row, &opened));
        Ok(v1::SearchMembersResponse { members: members.collect::<Checked<_>>()?, next_page_token })
    }
}

/// The members of a book, or of one entity, by name of the resource, without those that were erased.
///
/// Errors: `DIRECTORY_TOO_LARGE`.
async fn directory(
    snapshot: &mut Snapshot,
    within: Option<Entity>,
) -> Checked<Vec<(RowName, Row)>> {
    let entities = match within {
        Some(entity) => vec![entity],
        None => entities(snapshot).await?,
    };
    let mut members = Vec::new();
    for entity in entities {
        let parent = RowName::of(&entity, "members", "").parent;
        let mut after = String::new();
        loop {
            let rows = snapshot.rows(&parent, &after, CHUNK).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.id);
            let known = rows
                .into_iter()
                .filter(|found| matches!(&found.row, Row::Member(member) if member.erased_on == 0));
            members.extend(known.map(|found| (RowName::new(&*parent, found.id), found.row)));
            if members.len() > DIRECTORY {
                return Err(Fault::DirectoryTooLarge.on("parent"));
            }
        }
    }
    members.sort_by_cached_key(|(name, _)| name.to_string());
    Ok(members)
}

async fn entities(snapshot: &mut Snapshot) -> Checked<Vec<Entity>> {
    let mut entities = vec![Entity::Lkm];
    let mut after = String::new();
    loop {
        let rows = snapshot.rows("groups", &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(entities) };
        after.clone_from(&last.id);
        entities.extend(rows.iter().filter_map(|found| Id::new(&found.id).map(Entity::Kube)));
    }
}

// ---- erasing ------------------------------------------------------------------------------------

impl Mutation for v1::SetRetentionRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("since", "retention.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let asked = self.retention.as_ref().ok_or_else(|| Fault::Required.on("retention"))?;
        if !(1..=100).contains(&asked.years) {
            return Err(Fault::NumberOutOfRange.on("retention.years"));
        }
        let version = Retention {
            since: convert::day(asked.since.as_ref(), "retention.since")?.get(),
            years: asked.years,
            minute: convert::required_line(&asked.minute, 80, "retention.minute")?,
        };
        Ok(Plan::new(book, &Entity::Lkm, SetRetention { version }))
    }
}

impl Method for v1::SetRetentionRequest {
    type Response = v1::SetRetentionResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        let Row::Retentions(row) = done.row(&retention_name())? else { return Err(damaged()) };
        Ok(v1::SetRetentionResponse { retentions: retentions(row) })
    }
}

impl Method for v1::ListRetentionsRequest {
    type Response = v1::ListRetentionsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let row = match snapshot.row(&retention_name()).await?.map(|found| found.row) {
            None => Retentions::default(),
            Some(Row::Retentions(row)) => row,
            Some(_) => return Err(damaged()),
        };
        Ok(v1::ListRetentionsResponse { retentions: retentions(&row) })
    }
}

fn retentions(row: &Retentions) -> Vec<v1::Retention> {
    let version = |version: &Retention| v1::Retention {
        since: Some(convert::to_date(Day::new(version.since))),
        years: version.years,
        minute: version.minute.clone(),
    };
    row.versions.iter().map(version).collect()
}

impl v1::EraseMemberRequest {
    fn plan_with(&self, held: Option<RowName>) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let cause = convert::choice(self.cause, "cause")?;
        Ok(Plan::new(book, &entity.clone(), EraseMember { entity, member, cause, held }))
    }
}

impl Mutation for v1::EraseMemberRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.plan_with(None)
    }
}

impl Method for v1::EraseMemberRequest {
    type Response = v1::EraseMemberResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, id) = convert::owned(&self.member, "members", "member")?;
        let mut snapshot = call.snapshot(&book, "member").await?;
        let held = held_besides_money(&mut snapshot, &entity, &id).await?;
        snapshot.finish().await?;
        let plan = self.plan_with(held)?;
        let done = call.submit_as(self, plan).await?;
        let name = member::row_name(&entity, &id);
        call.destroy(&book, &name.to_string()).await;
        Ok(v1::EraseMemberResponse { member: Some(member::after(call, &done, &name).await?) })
    }
}

/// Where a member has a claim for what they paid for others, or keeps animals. Cost: the loans and
/// keepings of the entity.
async fn held_besides_money(
    snapshot: &mut Snapshot,
    entity: &Entity,
    member: &Id,
) -> Checked<Option<RowName>> {
    for collection in ["loans", "keepings"] {
        let parent = RowName::of(entity, collection, "").parent;
        let mut after = String::new();
        loop {
            let rows = snapshot.rows(&parent, &after, CHUNK).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.id);
            if let Some(found) = rows.iter().find(|found| holds(&found.row, member)) {
                return Ok(Some(RowName::new(parent, &*found.id)));
            }
        }
    }
    Ok(None)
}

fn holds(row: &Row, member: &Id) -> bool {
    match row {
        Row::Loan(loan) => {
            let mut claims = loan.claims.iter();
            claims.any(|claim| claim.payer == member.as_str() && claim.amount > claim.repaid)
        }
        Row::Keeping(keeping) => keeping.keeper == member.as_str() && keeping.heads > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_spelling() {
        let finds = |query: &str, text: &str| Query::new(query).expect("a query").finds(text);
        assert!(finds("bere maria", "María Goreti BERE (contoh)"));
        assert!(finds("JOSÉ", "jose da silva"));
        assert!(!finds("maria x", "Maria Bere"));
        assert!(finds("5301014501900001", "5301014501900001"));
        let part = Query::new("530101450190").expect("a query");
        assert!(matches!(part, Query::Name(_)), "part of a number is looked for among names");
    }
}
