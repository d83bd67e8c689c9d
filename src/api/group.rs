//! The register of KUBE groups.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Done, Method, Mutation, Opened, Page, Plan, damaged, plain, service};
use crate::api::errors::Fault;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto;
use crate::domain::record::{Effect, Row};
use crate::domain::register::{AppointOfficer, ChangeLink, ChangeStage, CreateGroup};

/// The longest notes, in characters.
const NOTES: usize = 2000;

service! {
    group_service_server::GroupService {
        create_group: CreateGroupRequest => CreateGroupResponse;
        get_group: GetGroupRequest => GetGroupResponse;
        list_groups: ListGroupsRequest => ListGroupsResponse;
        change_stage: ChangeStageRequest => ChangeStageResponse;
        appoint_officer: AppointOfficerRequest => AppointOfficerResponse;
        link_group: LinkGroupRequest => LinkGroupResponse;
        unlink_group: UnlinkGroupRequest => UnlinkGroupResponse;
    }
}

impl Mutation for v1::CreateGroupRequest {
    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.notes]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let notes = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Group(group) => Some(group.notes.clone()),
            _ => None,
        });
        vec![notes.unwrap_or_default()]
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.parent, "parent")?;
        let group = convert::id(&self.group_id, "group_id")?;
        for notes in texts {
            convert::prose(notes, NOTES, "notes")?;
        }
        let mut row = self.row()?;
        let owner = Entity::Kube(group.clone()).path();
        Ok(Plan::sealed(book, owner, move |mut notes| {
            row.notes = notes.pop().unwrap_or_default();
            CreateGroup { group, row }
        }))
    }
}

impl v1::CreateGroupRequest {
    fn row(&self) -> Checked<proto::Group> {
        let line = |text, field| convert::line(text, 120, field);
        if self.founded_year != 0 && !(1900..=2169).contains(&self.founded_year) {
            return Err(Fault::NumberOutOfRange.on("founded_year"));
        }
        if !(1..=10_000).contains(&self.member_count) {
            return Err(Fault::NumberOutOfRange.on("member_count"));
        }
        let linked_on = convert::optional_day(self.linked_on.as_ref(), "linked_on")?;
        let link = |since: Day| proto::Link { since: since.get(), until: 0 };
        Ok(proto::Group {
            name: convert::required_line(&self.display_name, 120, "display_name")?,
            founded_year: self.founded_year,
            business: line(&self.business, "business")?,
            member_count: self.member_count,
            village: line(&self.village, "village")?,
            subdistrict: line(&self.subdistrict, "subdistrict")?,
            regency: line(&self.regency, "regency")?,
            stages: self.stages()?,
            officers: Vec::new(),
            links: linked_on.map(link).into_iter().collect(),
            size_minute: convert::line(&self.size_minute, 80, "size_minute")?,
            enrolled: 0,
            notes: Vec::new(),
            standings: Vec::new(),
            came_from: String::new(),
            came_from_position: 0,
            earlier_homes: Vec::new(),
        })
    }

    fn stages(&self) -> Checked<Vec<proto::StageSince>> {
        let stage: proto::Stage = convert::open_choice(self.stage, "stage")?;
        if stage == proto::Stage::Unspecified {
            return Ok(Vec::new());
        }
        let since = convert::day(self.stage_since.as_ref(), "stage_since")?;
        Ok(vec![proto::StageSince { stage: stage as i32, since: since.get() }])
    }
}

impl Method for v1::CreateGroupRequest {
    type Response = v1::CreateGroupResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let id = convert::id(&self.group_id, "group_id")?;
        let done = call.submit(self).await?;
        let group = Some(after(call, &done, &id).await?);
        Ok(v1::CreateGroupResponse { group, warnings: done.warnings(call) })
    }
}

impl Mutation for v1::ChangeStageRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let stage = convert::choice(self.stage, "stage")?;
        let since = convert::day(self.since.as_ref(), "since")?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, ChangeStage { group, stage, since }))
    }
}

impl Mutation for v1::AppointOfficerRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, member) = convert::owned_by_group(&self.member, "members", "member")?;
        let office = convert::choice(self.office, "office")?;
        let since = convert::day(self.since.as_ref(), "since")?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, AppointOfficer { group, office, member, since }))
    }
}

impl Mutation for v1::LinkGroupRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        change_link(&self.group, true, self.on.as_ref())
    }
}

impl Mutation for v1::UnlinkGroupRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        change_link(&self.group, false, self.on.as_ref())
    }
}

fn change_link(
    group: &str,
    linked: bool,
    on: Option<&crate::api::google_type::Date>,
) -> Checked<Plan> {
    let (book, group) = convert::group(group, "group")?;
    let on = convert::day(on, "on")?;
    let entity = Entity::Kube(group.clone());
    Ok(Plan::new(book, &entity, ChangeLink { group, linked, on }))
}

/// The mutations that answer with the group named in a field and nothing else.
macro_rules! groups {
    ($($request:ident.$field:ident: $id:expr => $response:ident;)+) => {
        $(impl Method for v1::$request {
            type Response = v1::$response;

            async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
                let id: fn(&str) -> Checked<Id> = $id;
                let id = id(&self.$field)?;
                let done = call.submit(self).await?;
                Ok(v1::$response { group: Some(after(call, &done, &id).await?) })
            }
        })+
    };
}

groups! {
    ChangeStageRequest.group: |name| Ok(convert::group(name, "group")?.1) => ChangeStageResponse;
    LinkGroupRequest.group: |name| Ok(convert::group(name, "group")?.1) => LinkGroupResponse;
    UnlinkGroupRequest.group: |name| Ok(convert::group(name, "group")?.1) => UnlinkGroupResponse;
    AppointOfficerRequest.member: |name| Ok(convert::owned_by_group(name, "members", "member")?.1)
        => AppointOfficerResponse;
}

/// The group as a mutation left it.
pub(super) async fn after(call: &Call<'_>, done: &Done, id: &Id) -> Checked<v1::Group> {
    let row = done.row(&RowName::group(id))?;
    let mut snapshot = call.snapshot(&done.book, "group").await?;
    let opened = call.open(&mut snapshot, &done.book, notes(row)).await?;
    group(&done.book, id.as_str(), row, &opened)
}

fn notes(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let notes = match row {
        Row::Group(group) => Some(&group.notes),
        _ => None,
    };
    notes.into_iter()
}

impl Method for v1::GetGroupRequest {
    type Response = v1::GetGroupResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, id) = convert::group(&self.name, "name")?;
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &RowName::group(&id), "name").await?;
        let opened = call.open(&mut snapshot, &book, notes(&row)).await?;
        Ok(v1::GetGroupResponse { group: Some(group(&book, id.as_str(), &row, &opened)?) })
    }
}

impl Method for v1::ListGroupsRequest {
    type Response = v1::ListGroupsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let (rows, next_page_token) = call.rows(&mut snapshot, "groups", &page).await?;
        let sealed = rows.iter().flat_map(|found| notes(&found.row));
        let opened = call.open(&mut snapshot, &book, sealed).await?;
        let groups = rows.iter().map(|found| group(&book, &found.id, &found.row, &opened));
        Ok(v1::ListGroupsResponse { groups: groups.collect::<Checked<_>>()?, next_page_token })
    }
}

fn group(book: &Id, id: &str, row: &Row, opened: &Opened) -> Checked<v1::Group> {
    let Row::Group(row) = row else { return Err(damaged()) };
    let name = format!("books/{book}/groups/{id}");
    let (notes, erased) = opened.text(Sort::Memo, &row.notes);
    Ok(v1::Group {
        display_name: row.name.clone(),
        founded_year: row.founded_year,
        business: row.business.clone(),
        member_count: row.member_count,
        village: row.village.clone(),
        subdistrict: row.subdistrict.clone(),
        regency: row.regency.clone(),
        stages: row.stages.iter().map(stage).collect(),
        officers: row.officers.iter().map(|term| officer(&name, term)).collect(),
        links: row.links.iter().map(link).collect(),
        standings: row.standings.iter().map(standing).collect(),
        came_from: row.came_from.clone(),
        came_from_position: row.came_from_position,
        size_minute: row.size_minute.clone(),
        enrolled: row.enrolled,
        notes,
        erased,
        name,
    })
}

fn stage(stage: &proto::StageSince) -> v1::StageSince {
    v1::StageSince { stage: stage.stage, since: convert::to_optional_date(stage.since) }
}

fn standing(standing: &proto::StandingSince) -> v1::StandingSince {
    v1::StandingSince {
        standing: standing.standing,
        since: convert::to_optional_date(standing.since),
        minute: standing.minute.clone(),
        moved_to: standing.moved_to.clone(),
    }
}

fn officer(group: &str, officer: &proto::Officer) -> v1::Officer {
    v1::Officer {
        office: officer.office,
        member: format!("{group}/members/{}", officer.member),
        since: convert::to_optional_date(officer.since),
        until: convert::to_optional_date(officer.until),
    }
}

fn link(link: &proto::Link) -> v1::Link {
    v1::Link {
        since: convert::to_optional_date(link.since),
        until: convert::to_optional_date(link.until),
    }
}
