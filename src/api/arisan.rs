//! A group's rounds of saving by lot (catalogue event 14).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Opened, Page, Plan, damaged, detailed, plain, service, transactions,
};
use crate::api::ledger::natural;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::account::Subject;
use crate::domain::arisan::{OpenArisan, PayIn, PayOut, arisan_ledger, member_name, round_name};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{Effect, Row};
use crate::storage::read::{AsOf, Snapshot};

/// The most members of a round, and the most payments at once.
const MAX_MEMBERS: usize = 200;

service! {
    arisan_service_server::ArisanService {
        open_arisan: OpenArisanRequest => OpenArisanResponse;
        pay_into_arisan: PayIntoArisanRequest => PayIntoArisanResponse;
        pay_out_arisan: PayOutArisanRequest => PayOutArisanResponse;
        get_arisan: GetArisanRequest => GetArisanResponse;
        list_arisans: ListArisansRequest => ListArisansResponse;
    }
}

transactions! {
    PayIntoArisanRequest => PayIntoArisanResponse;
    PayOutArisanRequest => PayOutArisanResponse;
}

impl Mutation for v1::OpenArisanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "parent")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.label]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        effect.rows.iter().flat_map(|(_, row)| sealed(row)).cloned().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        for label in texts {
            convert::required_line(label, 80, "label")?;
        }
        convert::count(&self.member_ids, MAX_MEMBERS, "member_ids")?;
        let member =
            |(index, id): (usize, &String)| convert::id(id, &format!("member_ids[{index}]"));
        let owner = RowName::group(&group).to_string();
        let mut action = OpenArisan {
            group,
            arisan: convert::id(&self.arisan_id, "arisan_id")?,
            label: Vec::new(),
            contribution: convert::money(self.contribution.as_ref(), "contribution")?,
            members: self.member_ids.iter().enumerate().map(member).collect::<Checked<_>>()?,
        };
        let opened_on = convert::optional_day(self.opened_on.as_ref(), "opened_on")?;
        let sealed = Plan::sealed(book, owner, move |mut texts| {
            action.label = texts.pop().unwrap_or_default();
            action
        });
        Ok(sealed.on(opened_on))
    }
}

impl Method for v1::OpenArisanRequest {
    type Response = v1::OpenArisanResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, group) = convert::group(&self.parent, "parent")?;
        let arisan = convert::id(&self.arisan_id, "arisan_id")?;
        let done = call.submit(self).await?;
        let mut snapshot = call.snapshot(&done.book, "parent").await?;
        let row = done.row(&round_name(&group, &arisan))?.clone();
        let opened = call.open(&mut snapshot, &done.book, sealed(&row)).await?;
        let mut round = round(&mut snapshot, &opened, &done.book, (&group, &arisan), &row).await?;
        round.members = members(&mut snapshot, &done.book, (&group, &arisan)).await?;
        Ok(v1::OpenArisanResponse { arisan: Some(round) })
    }
}

impl Mutation for v1::PayIntoArisanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "arisan")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, arisan) = convert::owned_by_group(&self.arisan, "arisans", "arisan")?;
        let entity = Entity::Kube(group.clone());
        convert::count(&self.payments, MAX_MEMBERS, "payments")?;
        let mut payments = Vec::with_capacity(self.payments.len());
        for (index, payment) in self.payments.iter().enumerate() {
            let at = |name: &str| format!("payments[{index}].{name}");
            let member = convert::id(&payment.member_id, &at("member_id"))?;
            payments.push((member, convert::money(payment.amount.as_ref(), &at("amount"))?));
        }
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &entity, PayIn { group, arisan, payments, place }))
    }
}

impl Mutation for v1::PayOutArisanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "arisan")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, arisan) = convert::owned_by_group(&self.arisan, "arisans", "arisan")?;
        let entity = Entity::Kube(group.clone());
        let member = convert::id(&self.member_id, "member_id")?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &entity, PayOut { group, arisan, member, amount, place }))
    }
}

impl Method for v1::GetArisanRequest {
    type Response = v1::GetArisanResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, arisan) = convert::owned_by_group(&self.name, "arisans", "name")?;
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &round_name(&group, &arisan), "name").await?;
        let opened = call.open(&mut snapshot, &book, sealed(&row)).await?;
        let mut round = round(&mut snapshot, &opened, &book, (&group, &arisan), &row).await?;
        round.members = members(&mut snapshot, &book, (&group, &arisan)).await?;
        Ok(v1::GetArisanResponse { arisan: Some(round) })
    }
}

impl Method for v1::ListArisansRequest {
    type Response = v1::ListArisansResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let entity = Entity::Kube(group.clone());
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = RowName::of(&entity, "arisans", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let texts = rows.iter().flat_map(|found| sealed(&found.row));
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let mut arisans = Vec::with_capacity(rows.len());
        for found in &rows {
            let id = Id::new(&found.id).ok_or_else(damaged)?;
            arisans.push(round(&mut snapshot, &opened, &book, (&group, &id), &found.row).await?);
        }
        Ok(v1::ListArisansResponse { arisans, next_page_token })
    }
}

/// What a round is called.
fn sealed(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let label = match row {
        Row::Arisan(round) => Some(&round.label),
        _ => None,
    };
    label.into_iter()
}

/// A round without its members.
async fn round(
    snapshot: &mut Snapshot,
    opened: &Opened,
    book: &Id,
    (group, arisan): (&Id, &Id),
    row: &Row,
) -> Checked<v1::Arisan> {
    let Row::Arisan(row) = row else { return Err(damaged()) };
    let account = arisan_ledger(group).account_of(Code::ArisanHeld, Subject::id(arisan));
    let held = natural(account.code, snapshot.balance(&account, AsOf::default()).await?)?;
    Ok(v1::Arisan {
        name: convert::row_name(book, round_name(group, arisan)),
        label: opened.text(Sort::Memo, &row.label).0,
        contribution: Some(convert::to_money(Sen::new(row.contribution))),
        opened_on: Some(convert::to_date(Day::new(row.opened_on))),
        held: Some(convert::to_money(held)),
        members: Vec::new(),
    })
}

async fn members(
    snapshot: &mut Snapshot,
    book: &Id,
    (group, arisan): (&Id, &Id),
) -> Checked<Vec<v1::ArisanMember>> {
    let RowName { parent, .. } = member_name(group, arisan.as_str(), "");
    let most = u32::try_from(MAX_MEMBERS).unwrap_or(u32::MAX);
    let entity = Entity::Kube(group.clone());
    let member = |found: crate::storage::read::RegisterRow| {
        let Row::ArisanMember(row) = found.row else { return Err(damaged()) };
        Ok(v1::ArisanMember {
            member: convert::row_name(book, RowName::of(&entity, "members", &found.id)),
            paid: Some(convert::to_money(Sen::new(row.paid))),
            received: Some(convert::to_money(Sen::new(row.received))),
            drawn_on: convert::to_optional_date(row.drawn_on),
        })
    };
    snapshot.rows(&parent, "", most).await?.into_iter().map(member).collect()
}
