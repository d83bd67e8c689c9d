//! All that a book holds on one member, for whoever has a right to it (UU 27/2022 art. 7), and
//! nothing about anybody else: what of a record is theirs, the domain says ([`About`]).

use std::collections::HashMap;
use std::mem;

use crate::access::AccessError;
use crate::api::access;
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, EXPLANATION, Method, Page, damaged};
use crate::api::errors::Fault;
use crate::api::{attachment, confirmation, journal, member, v1};
use crate::domain::access::USERS;
use crate::domain::attachment::{Target, attached_to};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::person::{About, CONTRACTS};
use crate::domain::record::{self, Effect, Outcome, Record, Row};
use crate::domain::review::review_name;
use crate::storage::read::{RegisterRow, Snapshot};

/// How many records a page reads.
const RECORDS: u32 = 1000;

/// How many rows, or lines of the access log, are read at a time; and the most papers of one
/// transaction or meeting.
const CHUNK: u32 = 500;

/// Texts of one owner by commitment; none for those that were erased.
type Texts = HashMap<Vec<u8>, Option<String>>;

impl Method for v1::ExportMemberRequest {
    type Response = v1::ExportMemberResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, id) = convert::owned(&self.member, "members", "member")?;
        convert::choice::<v1::Purpose>(self.purpose, "purpose")?;
        convert::required_line(&self.explanation, EXPLANATION, "explanation")?;
        let from = match Page::new(0, &self.page_token)?.after.as_str() {
            "" => 1,
            position => position.parse().map_err(|_| Fault::PageToken.on("page_token"))?,
        };
        let name = member::row_name(&entity, &id);
        let mut snapshot = call.snapshot(&book, "member").await?;
        let row = call.row(&mut snapshot, &name, "member").await?;
        let opened = call.open_fully(&mut snapshot, &book, member::sealed(&row)).await?;
        let mut answer = v1::ExportMemberResponse {
            member: Some(member::member(&book, &name, &row, &opened)?),
            ..v1::ExportMemberResponse::default()
        };
        let about = about(&mut snapshot, &entity, &id).await?;
        answer.records = records(call, &mut snapshot, &book, &about, from).await?;
        let next = from.saturating_add(u64::from(RECORDS));
        if next <= snapshot.head().size {
            answer.next_page_token = convert::to_page_token(&next.to_string());
            return Ok(answer);
        }
        answer.users = users(call, &mut snapshot, (&book, &entity, &id)).await?;
        answer.lookups = lookups(call, &book, &self.member).await?;
        Ok(answer)
    }
}

/// What is about a member, their contracts included. Cost: the contracts of the entity.
async fn about(snapshot: &mut Snapshot, entity: &Entity, id: &Id) -> Checked<About> {
    let mut about = About::new(entity, id);
    for collection in CONTRACTS {
        let parent = RowName::of(entity, collection, "").parent;
        for found in all_rows(snapshot, &parent).await? {
            about.note(&found.id, &found.row);
        }
    }
    Ok(about)
}

async fn all_rows(snapshot: &mut Snapshot, parent: &str) -> Checked<Vec<RegisterRow>> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let rows = snapshot.rows(parent, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after.clone_from(&last.id);
        all.extend(rows);
    }
}

/// What of a page of records is about the member.
async fn records(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    book: &Id,
    about: &About,
    from: u64,
) -> Checked<Vec<v1::PersonalRecord>> {
    let stored = snapshot.stored_records(from, RECORDS).await?;
    let decoded = stored.iter().map(|stored| record::decode(&stored.bytes).map_err(|_| damaged()));
    let records: Vec<Record> = decoded.collect::<Checked<_>>()?;
    let commitments = records.iter().filter_map(effect).flat_map(Effect::commitments);
    let held = call.texts_of(snapshot, book, about.owner(), commitments).await?;
    let mut found = Vec::new();
    for record in records {
        found.extend(personal(call, snapshot, book, (about, &held), record).await?);
    }
    Ok(found)
}

fn effect(record: &Record) -> Option<&Effect> {
    match &record.outcome {
        Outcome::Done(effect) => Some(effect),
        Outcome::Refused(_) => None,
    }
}

/// What of a record is about the member, if anything is.
async fn personal(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    book: &Id,
    (about, held): (&About, &Texts),
    mut record: Record,
) -> Checked<Option<v1::PersonalRecord>> {
    let event = record.event;
    let Outcome::Done(effect) = &mut record.outcome else { return Ok(None) };
    let whole = effect.clone();
    let own: Vec<_> = whole.commitments().filter_map(|commitment| held.get(commitment)).collect();
    if !about.cut(event, effect) && own.is_empty() {
        return Ok(None);
    }
    let texts = own.into_iter().flatten().cloned().collect();
    let mut rows = mem::take(&mut effect.rows);
    let attachments = papers(snapshot, book, record.request.as_ref(), &rows).await?;
    if let Some(request) = &record.request {
        let name = review_name(request);
        rows.extend(snapshot.row(&name).await?.map(|found| (name, found.row)));
    }
    let row = |(name, row): &(RowName, Row)| v1::PersonalRow {
        name: convert::row_name(book, name),
        row: record::encode_value(name, row),
    };
    let reversed_by = match &record.request {
        Some(request) => journal::reversed_by(snapshot, book, request, &whole).await?,
        None => Vec::new(),
    };
    let memo = (String::new(), false);
    let transaction = v1::Transaction {
        reversed_by,
        answers: confirmation::answers(snapshot, book, &whole).await?,
        ..journal::transaction(book, &record, memo, call.language())
    };
    let (transaction, rows) = (Some(transaction), rows.iter().map(row).collect());
    Ok(Some(v1::PersonalRecord { transaction, rows, texts, attachments }))
}

/// The papers attached to a transaction, and to the meetings among these rows.
async fn papers(
    snapshot: &mut Snapshot,
    book: &Id,
    request: Option<&RequestId>,
    rows: &[(RowName, Row)],
) -> Checked<Vec<v1::Attachment>> {
    let meetings = rows.iter().filter(|(_, row)| matches!(row, Row::Meeting(_)));
    let meetings = meetings.map(|(name, _)| attached_to(&name.to_string()));
    let own = request.map(|request| Target::Transaction(request.clone()).collection());
    let mut papers = Vec::new();
    for collection in own.into_iter().chain(meetings) {
        for found in snapshot.rows(&collection, "", CHUNK).await? {
            let name = RowName::new(&*collection, found.id);
            papers.push(attachment::attachment(book, &name, &found.row)?);
        }
    }
    Ok(papers)
}

/// Who signs in as the member, and on which devices. Cost: the users of the book.
async fn users(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    (book, entity, member): (&Id, &Entity, &Id),
) -> Checked<Vec<v1::PersonalUser>> {
    let mut users = Vec::new();
    let Ok(known) = call.door().access() else { return Ok(users) };
    for found in all_rows(snapshot, USERS).await? {
        let Row::User(user) = found.row else { return Err(damaged()) };
        let mut assignments = user.assignments.iter();
        if !assignments.any(|one| one.entity == entity.as_str() && one.member == member.as_str()) {
            continue;
        }
        let id = Id::new(&found.id).ok_or_else(damaged)?;
        let devices = match known.devices(book.as_str(), &id).await {
            // At home in another book, which answers for them.
            Err(AccessError::Unknown) => Vec::new(),
            devices => devices?,
        };
        let devices = devices.into_iter().map(access::device).collect();
        users.push(v1::PersonalUser { user_id: found.id, devices });
    }
    Ok(users)
}

/// Who looked the member up, or what is the member's, or a list with the member in it, newest first.
/// Cost: the book's access log.
async fn lookups(call: &Call<'_>, book: &Id, member: &str) -> Checked<Vec<v1::Lookup>> {
    let (mut found, mut after) = (Vec::new(), (i64::MAX, String::new()));
    let Ok(known) = call.door().access() else { return Ok(found) };
    let within =
        |of: &str, name: &str| of.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    loop {
        let lines = known.lookups(book.as_str(), (after.0, &after.1), CHUNK).await?;
        let Some(last) = lines.last() else { return Ok(found) };
        after = (last.at, last.nonce.clone());
        let about = lines.into_iter().filter(|line| {
            line.name == member || within(&line.name, member) || within(member, &line.name)
        });
        found.extend(access::lookups(call, book, about.collect()).await?);
    }
}
