//! The register of members of groups and customers of the LKM.

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Done, Method, Mutation, Opened, Page, Plan, damaged, detailed, plain, service,
};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::leaving::RecordDeath;
use crate::domain::record::proto;
use crate::domain::record::{Effect, Row};
use crate::domain::register::{EndMembership, EnrolMember, UpdateMember};

/// The longest name of a person, in characters.
const NAME: usize = 120;

service! {
    member_service_server::MemberService {
        enrol_member: EnrolMemberRequest => EnrolMemberResponse;
        get_member: GetMemberRequest => GetMemberResponse;
        list_members: ListMembersRequest => ListMembersResponse;
        update_member: UpdateMemberRequest => UpdateMemberResponse;
        end_membership: EndMembershipRequest => EndMembershipResponse;
        record_death: RecordDeathRequest => RecordDeathResponse;
    }
}

/// The row of a member.
pub(super) fn row_name(entity: &Entity, member: &Id) -> RowName {
    RowName::of(entity, "members", member.as_str())
}

/// The member a record wrote.
fn recorded(effect: &Effect) -> Option<&proto::Member> {
    effect.rows.iter().find_map(|(_, row)| match row {
        Row::Member(member) => Some(member),
        _ => None,
    })
}

impl Mutation for v1::EnrolMemberRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "parent")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.display_name, &mut self.nik]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        recorded(effect).map_or_else(Vec::new, |row| vec![row.name.clone(), row.nik.clone()])
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let member = convert::id(&self.member_id, "member_id")?;
        if let [name, nik] = texts {
            convert::required_line(name, NAME, "display_name")?;
            convert::nik(nik, "nik")?;
        }
        let mut row = proto::Member {
            household: convert::line(&self.household, 40, "household")?,
            status: convert::open_choice::<proto::Status>(self.status, "status")? as i32,
            joined_on: convert::day(self.joined_on.as_ref(), "joined_on")?.get(),
            ..proto::Member::default()
        };
        let owner = row_name(&entity, &member).to_string();
        Ok(Plan::sealed(book, owner, move |mut texts| {
            row.nik = texts.pop().unwrap_or_default();
            row.name = texts.pop().unwrap_or_default();
            EnrolMember { entity, member, row }
        }))
    }
}

impl Method for v1::EnrolMemberRequest {
    type Response = v1::EnrolMemberResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity) = convert::entity(&self.parent, "parent")?;
        let name = row_name(&entity, &convert::id(&self.member_id, "member_id")?);
        let done = call.submit(self).await?;
        let member = Some(after(call, &done, &name).await?);
        Ok(v1::EnrolMemberResponse { member, warnings: done.warnings(call) })
    }
}

impl Mutation for v1::UpdateMemberRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        [self.display_name.as_mut(), self.nik.as_mut()].into_iter().flatten().collect()
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let Some(row) = recorded(effect) else { return Vec::new() };
        let name = self.display_name.as_ref().map(|_| row.name.clone());
        let nik = self.nik.as_ref().map(|_| row.nik.clone());
        [name, nik].into_iter().flatten().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let (renamed, has_nik) = (self.display_name.is_some(), self.nik.is_some());
        let mut given = texts.iter();
        if let Some(name) = given.next().filter(|_| renamed) {
            convert::required_line(name, NAME, "display_name")?;
        }
        if let Some(nik) = texts.last().filter(|_| has_nik) {
            convert::nik(nik, "nik")?;
        }
        let household = self.household.as_deref();
        let household = household.map(|text| convert::line(text, 40, "household")).transpose()?;
        let status = self.status.map(|number| convert::choice(number, "status")).transpose()?;
        let owner = row_name(&entity, &member).to_string();
        Ok(Plan::sealed(book, owner, move |texts| {
            let mut texts = texts.into_iter();
            let name = if renamed { texts.next() } else { None };
            let nik = if has_nik { texts.next() } else { None };
            UpdateMember { entity, member, name, nik, household, status }
        }))
    }
}

impl Method for v1::UpdateMemberRequest {
    type Response = v1::UpdateMemberResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity, id) = convert::owned(&self.member, "members", "member")?;
        let done = call.submit(self).await?;
        let member = Some(after(call, &done, &row_name(&entity, &id)).await?);
        Ok(v1::UpdateMemberResponse { member })
    }
}

impl Mutation for v1::EndMembershipRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let left_on = convert::day(self.left_on.as_ref(), "left_on")?;
        Ok(Plan::new(book, &entity.clone(), EndMembership { entity, member, left_on }))
    }
}

impl Method for v1::EndMembershipRequest {
    type Response = v1::EndMembershipResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity, id) = convert::owned(&self.member, "members", "member")?;
        let done = call.submit(self).await?;
        let member = Some(after(call, &done, &row_name(&entity, &id)).await?);
        Ok(v1::EndMembershipResponse { member })
    }
}

impl Mutation for v1::RecordDeathRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let died_on = convert::optional_day(self.died_on.as_ref(), "died_on")?;
        Ok(Plan::new(book, &entity.clone(), RecordDeath { entity, member, died_on }))
    }
}

impl Method for v1::RecordDeathRequest {
    type Response = v1::RecordDeathResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity, id) = convert::owned(&self.member, "members", "member")?;
        let done = call.submit(self).await?;
        let member = Some(after(call, &done, &row_name(&entity, &id)).await?);
        Ok(v1::RecordDeathResponse { member })
    }
}

/// The member as a mutation left them.
pub(super) async fn after(call: &Call<'_>, done: &Done, name: &RowName) -> Checked<v1::Member> {
    let row = done.row(name)?;
    let mut snapshot = call.snapshot(&done.book, "member").await?;
    let opened = call.open(&mut snapshot, &done.book, sealed(row)).await?;
    member(&done.book, name, row, &opened)
}

/// The commitments to what is known of a member.
pub(super) fn sealed(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let texts = match row {
        // What is erased is not shown either while its key waits to be destroyed.
        Row::Member(member) if member.erased_on == 0 => vec![&member.name, &member.nik],
        _ => Vec::new(),
    };
    texts.into_iter()
}

impl Method for v1::GetMemberRequest {
    type Response = v1::GetMemberResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, id) = convert::owned(&self.name, "members", "name")?;
        let name = row_name(&entity, &id);
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &name, "name").await?;
        let opened = call.open(&mut snapshot, &book, sealed(&row)).await?;
        Ok(v1::GetMemberResponse { member: Some(member(&book, &name, &row, &opened)?) })
    }
}

impl Method for v1::ListMembersRequest {
    type Response = v1::ListMembersResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = format!("{}/members", entity.path());
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let texts = rows.iter().flat_map(|found| sealed(&found.row));
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let members = rows.iter().map(|found| {
            let name = RowName::new(parent.clone(), found.id.clone());
            member(&book, &name, &found.row, &opened)
        });
        Ok(v1::ListMembersResponse { members: members.collect::<Checked<_>>()?, next_page_token })
    }
}

/// A member as answers show them.
pub(super) fn member(book: &Id, name: &RowName, row: &Row, opened: &Opened) -> Checked<v1::Member> {
    let Row::Member(row) = row else { return Err(damaged()) };
    let (display_name, name_erased) = opened.text(Sort::Name, &row.name);
    let (nik, nik_erased) = opened.text(Sort::Nik, &row.nik);
    Ok(v1::Member {
        name: convert::row_name(book, name),
        display_name,
        nik,
        household: row.household.clone(),
        status: row.status,
        joined_on: convert::to_optional_date(row.joined_on),
        left_on: convert::to_optional_date(row.left_on),
        erased: row.erased_on != 0 || name_erased || nik_erased,
        died_on: convert::to_optional_date(row.died_on),
    })
}
