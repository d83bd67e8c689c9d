//! Grant capital of groups (catalogue events 1, 1a, 2 and 4).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Done, Method, Mutation, Page, Plan, damaged, detailed, service};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::api::v1::receive_grant_request::Channel as Came;
use crate::domain::draft::grant_name;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::uep::{AcceptLpj, Channel, ReceiveGrant, ReturnGrant};

/// The most items of a grant in kind.
const MAX_ITEMS: usize = 100;

service! {
    grant_service_server::GrantService {
        receive_grant: ReceiveGrantRequest => ReceiveGrantResponse;
        get_grant: GetGrantRequest => GetGrantResponse;
        list_grants: ListGrantsRequest => ListGrantsResponse;
        accept_lpj: AcceptLpjRequest => AcceptLpjResponse;
        return_grant: ReturnGrantRequest => ReturnGrantResponse;
    }
}

impl Mutation for v1::ReceiveGrantRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("lot", "in_kind.items"), ("quantity", "in_kind.items")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let action = ReceiveGrant {
            group,
            grant: convert::id(&self.grant_id, "grant_id")?,
            programme: convert::required_line(&self.programme, 120, "programme")?,
            source: convert::choice(self.source, "source")?,
            decree_number: convert::line(&self.decree_number, 80, "decree_number")?,
            restricted: self.restricted,
            channel: channel(self.channel.as_ref())?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

fn channel(channel: Option<&Came>) -> Checked<Channel> {
    match channel {
        Some(Came::Bank(amount)) => Ok(Channel::Bank(convert::money(Some(amount), "bank")?)),
        Some(Came::Lkm(amount)) => Ok(Channel::Lkm(convert::money(Some(amount), "lkm")?)),
        Some(Came::InKind(list)) => {
            convert::count(&list.items, MAX_ITEMS, "in_kind.items")?;
            let item = |(index, lot)| convert::new_lot(lot, &format!("in_kind.items[{index}]"));
            let items = list.items.iter().enumerate().map(item).collect::<Checked<_>>()?;
            Ok(Channel::InKind(items))
        }
        None => Err(Fault::Required.on("bank")),
    }
}

impl Method for v1::ReceiveGrantRequest {
    type Response = v1::ReceiveGrantResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let grant = format!("{}/grants/{}", self.group, self.grant_id);
        let done = call.submit(self).await?;
        let grant = Some(after(&done, &grant)?);
        Ok(v1::ReceiveGrantResponse { transaction: Some(done.transaction(call)), grant })
    }
}

impl Mutation for v1::AcceptLpjRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, AcceptLpj { group, grant }))
    }
}

impl Method for v1::AcceptLpjRequest {
    type Response = v1::AcceptLpjResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let grant = self.grant.clone();
        let done = call.submit(self).await?;
        let grant = Some(after(&done, &grant)?);
        Ok(v1::AcceptLpjResponse { transaction: Some(done.transaction(call)), grant })
    }
}

impl Mutation for v1::ReturnGrantRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let entity = Entity::Kube(group.clone());
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &entity, ReturnGrant { group, grant, amount, place }))
    }
}

impl Method for v1::ReturnGrantRequest {
    type Response = v1::ReturnGrantResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let grant = self.grant.clone();
        let done = call.submit(self).await?;
        let grant = Some(after(&done, &grant)?);
        Ok(v1::ReturnGrantResponse { transaction: Some(done.transaction(call)), grant })
    }
}

/// The grant as a mutation left it.
fn after(done: &Done, name: &str) -> Checked<v1::Grant> {
    let (book, group, id) = convert::owned_by_group(name, "grants", "grant")?;
    let name = grant_name(&group, &id);
    grant(&book, &name, done.row(&name)?)
}

impl Method for v1::GetGrantRequest {
    type Response = v1::GetGrantResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, id) = convert::owned_by_group(&self.name, "grants", "name")?;
        let mut snapshot = call.snapshot(&book, "name").await?;
        let name = grant_name(&group, &id);
        let row = call.row(&mut snapshot, &name, "name").await?;
        Ok(v1::GetGrantResponse { grant: Some(grant(&book, &name, &row)?) })
    }
}

impl Method for v1::ListGrantsRequest {
    type Response = v1::ListGrantsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Kube(group.clone()), "parent").await?;
        let parent = format!("groups/{group}/grants");
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let grants = rows
            .iter()
            .map(|found| grant(&book, &RowName::new(parent.clone(), found.id.clone()), &found.row));
        Ok(v1::ListGrantsResponse { grants: grants.collect::<Checked<_>>()?, next_page_token })
    }
}

fn grant(book: &Id, name: &RowName, row: &Row) -> Checked<v1::Grant> {
    let Row::Grant(row) = row else { return Err(damaged()) };
    Ok(v1::Grant {
        name: convert::row_name(book, name),
        programme: row.programme.clone(),
        source: row.source,
        decree_number: row.decree_number.clone(),
        amount: Some(convert::to_money(Sen::new(row.amount))),
        restricted: row.restricted,
        received_on: convert::to_optional_date(row.received_on),
        lpj_accepted_on: convert::to_optional_date(row.lpj_accepted_on),
        returned: Some(convert::to_money(Sen::new(row.returned))),
        channel: row.channel,
        reversed: row.reversed,
    })
}
