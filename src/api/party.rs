//! The registers of third parties and of tellers' drawers.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Opened, Page, Plan, damaged, plain, service};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{Effect, Row, proto};
use crate::domain::register::{CreateDrawer, CreateParty};

service! {
    party_service_server::PartyService {
        create_party: CreatePartyRequest => CreatePartyResponse;
        get_party: GetPartyRequest => GetPartyResponse;
        list_parties: ListPartiesRequest => ListPartiesResponse;
        create_drawer: CreateDrawerRequest => CreateDrawerResponse;
        list_drawers: ListDrawersRequest => ListDrawersResponse;
    }
}

impl Mutation for v1::CreatePartyRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "parent")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.display_name]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        effect.rows.iter().flat_map(|(_, row)| sealed(row)).cloned().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let party = convert::id(&self.party_id, "party_id")?;
        let kind = convert::choice(self.kind, "kind")?;
        for name in texts {
            convert::required_line(name, 120, "display_name")?;
        }
        let owner = RowName::of(&entity, "parties", party.as_str()).to_string();
        Ok(Plan::sealed(book, owner, move |mut texts| {
            let name = texts.pop().unwrap_or_default();
            CreateParty { entity, party, kind, name }
        }))
    }
}

impl Method for v1::CreatePartyRequest {
    type Response = v1::CreatePartyResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let id = convert::id(&self.party_id, "party_id")?;
        let name = RowName::of(&entity, "parties", id.as_str());
        let done = call.submit(self).await?;
        let row = done.row(&name)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let opened = call.open(&mut snapshot, &book, sealed(row)).await?;
        Ok(v1::CreatePartyResponse { party: Some(party(&book, &name, row, &opened)?) })
    }
}

fn sealed(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let name = match row {
        Row::Party(party) => Some(&party.name),
        _ => None,
    };
    name.into_iter()
}

impl Method for v1::GetPartyRequest {
    type Response = v1::GetPartyResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, id) = convert::owned(&self.name, "parties", "name")?;
        let name = RowName::of(&entity, "parties", id.as_str());
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &name, "name").await?;
        let opened = call.open(&mut snapshot, &book, sealed(&row)).await?;
        Ok(v1::GetPartyResponse { party: Some(party(&book, &name, &row, &opened)?) })
    }
}

impl Method for v1::ListPartiesRequest {
    type Response = v1::ListPartiesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = format!("{}/parties", entity.path());
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let texts = rows.iter().flat_map(|found| sealed(&found.row));
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let parties = rows.iter().map(|found| {
            let name = RowName::new(parent.clone(), found.id.clone());
            party(&book, &name, &found.row, &opened)
        });
        Ok(v1::ListPartiesResponse { parties: parties.collect::<Checked<_>>()?, next_page_token })
    }
}

fn party(book: &Id, name: &RowName, row: &Row, opened: &Opened) -> Checked<v1::Party> {
    let Row::Party(row) = row else { return Err(damaged()) };
    let (display_name, erased) = opened.text(Sort::Name, &row.name);
    let name = convert::row_name(book, name);
    Ok(v1::Party { name, kind: row.kind, display_name, erased })
}

impl Mutation for v1::CreateDrawerRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.parent, "parent")?;
        let drawer = convert::id(&self.drawer_id, "drawer_id")?;
        let label = convert::required_line(&self.label, 80, "label")?;
        Ok(Plan::new(book, &Entity::Lkm, CreateDrawer { drawer, label, collector: self.collector }))
    }
}

impl Method for v1::CreateDrawerRequest {
    type Response = v1::CreateDrawerResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let name = RowName::new("drawers", self.drawer_id.clone());
        let done = call.submit(self).await?;
        let drawer = drawer(&done.book, &name.id, done.row(&name)?)?;
        Ok(v1::CreateDrawerResponse { drawer: Some(drawer) })
    }
}

impl Method for v1::ListDrawersRequest {
    type Response = v1::ListDrawersResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let (rows, next_page_token) = call.rows(&mut snapshot, "drawers", &page).await?;
        let drawers = rows.iter().map(|found| drawer(&book, &found.id, &found.row));
        Ok(v1::ListDrawersResponse { drawers: drawers.collect::<Checked<_>>()?, next_page_token })
    }
}

/// A drawer as it is.
pub(super) fn drawer(book: &Id, id: &str, row: &Row) -> Checked<v1::Drawer> {
    let Row::Drawer(row) = row else { return Err(damaged()) };
    Ok(v1::Drawer {
        name: format!("books/{book}/drawers/{id}"),
        label: row.label.clone(),
        collector: row.collector,
        teller: row.teller.clone(),
        opened_on: convert::to_optional_date(row.opened_on),
        open: row.open,
        limits: row.limits.iter().map(limit).collect(),
    })
}

fn limit(limit: &proto::DrawerLimit) -> v1::DrawerLimit {
    let since = Some(convert::to_date(Day::new(limit.since)));
    v1::DrawerLimit { since, amount: Some(convert::to_money(Sen::new(limit.amount))) }
}
