//! Grant capital of groups (catalogue events 1, 1a, 2, 4 and 48a) and its accountability report.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Done, Method, Mutation, Page, Plan, damaged, detailed, service};
use crate::api::errors::Fault;
use crate::api::ledger::read_point;
use crate::api::v1;
use crate::api::v1::receive_grant_request::Channel as Came;
use crate::domain::draft::grant_name;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{Outcome, Record, Row, proto};
use crate::domain::uep::{
    AcceptLpj, Channel, LoseCapital, Loss, Papers, ReceiveGrant, ReturnGrant, SetPlan,
};
use crate::storage::read::RegisterRow;

/// The most items of a grant in kind, and lines of a plan.
const MAX_ITEMS: usize = 100;

service! {
    grant_service_server::GrantService {
        receive_grant: ReceiveGrantRequest => ReceiveGrantResponse;
        get_grant: GetGrantRequest => GetGrantResponse;
        list_grants: ListGrantsRequest => ListGrantsResponse;
        set_grant_plan: SetGrantPlanRequest => SetGrantPlanResponse;
        get_lpj: GetLpjRequest => GetLpjResponse;
        lose_grant: LoseGrantRequest => LoseGrantResponse;
        accept_lpj: AcceptLpjRequest => AcceptLpjResponse;
        return_grant: ReturnGrantRequest => ReturnGrantResponse;
    }
}

impl Mutation for v1::ReceiveGrantRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("items", "in_kind.items"), ("lot", "lot_id")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let action = ReceiveGrant {
            group,
            grant: convert::id(&self.grant_id, "grant_id")?,
            source: convert::choice(self.source, "source")?,
            papers: Papers {
                programme: convert::required_line(&self.programme, 120, "programme")?,
                decree_number: convert::line(&self.decree_number, 80, "decree_number")?,
                payment_order: convert::line(&self.payment_order, 80, "payment_order")?,
                bank_line: convert::line(&self.bank_line, 80, "bank_line")?,
                aid_kind: convert::line(&self.aid_kind, 80, "aid_kind")?,
            },
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
        Some(Came::BeforeBooks(amount)) => {
            Ok(Channel::BeforeBooks(convert::money(Some(amount), "before_books")?))
        }
        None => Err(Fault::Required.on("bank")),
    }
}

impl Method for v1::ReceiveGrantRequest {
    type Response = v1::ReceiveGrantResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let grant = format!("{}/grants/{}", self.group, self.grant_id);
        let done = call.submit(self).await?;
        let grant = Some(after(call, &done, &grant).await?);
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

impl Mutation for v1::SetGrantPlanRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        convert::count(&self.plan, MAX_ITEMS, "plan")?;
        let line = |(index, line): (usize, &v1::PlanLine)| {
            let at = |name: &str| format!("plan[{index}].{name}");
            Ok((
                convert::id(&line.line_id, &at("line_id"))?,
                convert::required_line(&line.label, 120, &at("label"))?,
                convert::money(line.amount.as_ref(), &at("amount"))?,
            ))
        };
        let lines = self.plan.iter().enumerate().map(line).collect::<Checked<_>>()?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, SetPlan { group, grant, lines }))
    }
}

impl Mutation for v1::LoseGrantRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("lot", "things.lot"),
        ("quantity", "things.quantity"),
        ("officer", "misused.officer"),
        ("place", "misused.place"),
    ];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        use v1::lose_grant_request::Loss as Lost;
        convert::by_minute(self.details.as_ref())?;
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let entity = Entity::Kube(group.clone());
        let owner = (&book, &entity);
        let officer = |name, field| convert::owned_by(name, owner, "members", field);
        let loss = match &self.loss {
            Some(Lost::Things(things)) => Loss::Things(
                convert::owned_by(&things.lot, owner, "lots", "things.lot")?,
                convert::quantity(things.quantity.as_ref(), "things.quantity")?,
                convert::open_choice(things.cause, "things.cause")?,
            ),
            Some(Lost::Misused(misused)) => Loss::Misused(
                officer(&misused.officer, "misused.officer")?,
                convert::money(misused.amount.as_ref(), "misused.amount")?,
                convert::place(misused.place.as_ref(), &book, "misused.place")?,
            ),
            Some(Lost::GivenUp(claim)) => Loss::GivenUp(
                officer(&claim.officer, "given_up.officer")?,
                convert::money(claim.amount.as_ref(), "given_up.amount")?,
            ),
            None => return Err(Fault::Required.on("things")),
        };
        Ok(Plan::new(book, &entity, LoseCapital { group, grant, loss }))
    }
}

/// The mutations that answer with their transaction and the grant as it is afterwards.
macro_rules! answer_with_grant {
    ($($request:ident => $response:ident;)+) => {
        $(impl Method for v1::$request {
            type Response = v1::$response;

            async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
                let grant = self.grant.clone();
                let done = call.submit(self).await?;
                let grant = Some(crate::api::grant::after(call, &done, &grant).await?);
                Ok(v1::$response { transaction: Some(done.transaction(call)), grant })
            }
        })+
    };
}
pub(super) use answer_with_grant;

answer_with_grant! {
    AcceptLpjRequest => AcceptLpjResponse;
    ReturnGrantRequest => ReturnGrantResponse;
    SetGrantPlanRequest => SetGrantPlanResponse;
    LoseGrantRequest => LoseGrantResponse;
}

/// The grant as a mutation left it, or as it is now where that did not touch it.
pub(super) async fn after(call: &Call<'_>, done: &Done, name: &str) -> Checked<v1::Grant> {
    let (book, group, id) = convert::owned_by_group(name, "grants", "grant")?;
    let name = grant_name(&group, &id);
    let written = done.effect()?.rows.iter().find(|(row, _)| *row == name);
    match written {
        Some((_, row)) => grant(&book, &name, row),
        None => {
            let mut snapshot = call.snapshot(&book, "grant").await?;
            grant(&book, &name, &call.row(&mut snapshot, &name, "grant").await?)
        }
    }
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

impl Method for v1::GetLpjRequest {
    type Response = v1::GetLpjResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, id) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "grant").await?;
        let name = grant_name(&group, &id);
        let row = call.row(&mut snapshot, &name, "grant").await?;
        let spent_under = format!("{name}/spending");
        let (rows, next_page_token) = call.rows(&mut snapshot, &spent_under, &page).await?;
        let positions: Vec<u64> = rows.iter().filter_map(position).collect();
        let records = snapshot.records(&positions).await?;
        let spendings = rows.iter().map(|found| spending(&book, found, &records));
        let spendings = spendings.collect::<Checked<_>>()?;
        let read_point = Some(read_point(&mut snapshot, None).await?);
        let Row::Grant(held) = &row else { return Err(damaged()) };
        let planned = held.plan.iter().map(|line| line.spent).sum::<i64>();
        let received = held.amount - held.returned;
        let sen = |sen| Some(convert::to_money(Sen::new(sen)));
        Ok(v1::GetLpjResponse {
            received: sen(received),
            spent: sen(held.spent),
            unplanned: sen(held.spent - planned),
            left: sen(received - held.spent),
            grant: Some(grant(&book, &name, &row)?),
            spendings,
            next_page_token,
            read_point,
        })
    }
}

fn position(found: &RegisterRow) -> Option<u64> {
    match &found.row {
        Row::Spending(spending) if spending.position != 0 => Some(spending.position),
        _ => None,
    }
}

fn spending(book: &Id, found: &RegisterRow, records: &[Record]) -> Checked<v1::Spending> {
    let Row::Spending(row) = &found.row else { return Err(damaged()) };
    let record = records.iter().find(|record| record.position == row.position);
    let paper = row.evidence.as_ref();
    let (transaction, evidence) = match record {
        Some(record) => (transaction_of(book, record), evidence_of(record)),
        // It was spent in the book that the group came from.
        None if !row.transaction.is_empty() => {
            let paper =
                paper.map(|one| v1::Evidence { kind: one.kind, number: one.number.clone() });
            (row.transaction.clone(), paper)
        }
        None => return Err(damaged()),
    };
    Ok(v1::Spending {
        transaction,
        line: row.line,
        plan_line: row.plan_line.clone(),
        amount: Some(convert::to_money(Sen::new(row.amount))),
        happened_on: convert::to_optional_date(row.happened_on),
        evidence,
        reversed: row.reversed,
    })
}

fn transaction_of(book: &Id, record: &Record) -> String {
    let request = record.request.as_ref();
    request.map(|id| convert::transaction_name(book, id.as_str())).unwrap_or_default()
}

/// The paper behind a record.
pub(super) fn evidence_of(record: &Record) -> Option<v1::Evidence> {
    let Outcome::Done(effect) = &record.outcome else { return None };
    let paper = effect.evidence.as_ref()?;
    Some(v1::Evidence { kind: paper.kind, number: paper.number.clone() })
}

/// A grant as the API shows it.
pub(super) fn grant(book: &Id, name: &RowName, row: &Row) -> Checked<v1::Grant> {
    let Row::Grant(row) = row else { return Err(damaged()) };
    let sen = |sen| Some(convert::to_money(Sen::new(sen)));
    let origin = row.origin.as_ref();
    let generation = 1 + origin.map_or(0, |origin| origin.ancestors.len());
    Ok(v1::Grant {
        name: convert::row_name(book, name),
        programme: row.programme.clone(),
        source: row.source,
        decree_number: row.decree_number.clone(),
        amount: sen(row.amount),
        restricted: row.restricted,
        received_on: convert::to_optional_date(row.received_on),
        lpj_accepted_on: convert::to_optional_date(row.lpj_accepted_on),
        returned: sen(row.returned),
        channel: row.channel,
        reversed: row.reversed,
        payment_order: row.payment_order.clone(),
        bank_line: row.bank_line.clone(),
        aid_kind: row.aid_kind.clone(),
        plan: row.plan.iter().map(plan_line).collect(),
        spent: sen(row.spent),
        lost: sen(row.lost),
        decided: sen(row.obligations.iter().map(|one| one.amount).sum()),
        passed: sen(row.passed),
        excused: sen(row.excused),
        generation: u32::try_from(generation).unwrap_or(u32::MAX),
        received_by: origin.map(|origin| full_name(book, &origin.pass)).unwrap_or_default(),
        came_through: origin
            .iter()
            .flat_map(|origin| &origin.ancestors)
            .map(|ancestor| full_name(book, ancestor))
            .collect(),
        moved_from: row.moved_from.clone(),
    })
}

/// A stored name, which names its book only if that is another one.
pub(super) fn full_name(book: &Id, name: &str) -> String {
    if name.starts_with("books/") { name.to_owned() } else { convert::row_name(book, name) }
}

fn plan_line(line: &proto::PlanLine) -> v1::PlanLine {
    v1::PlanLine {
        line_id: line.id.clone(),
        label: line.label.clone(),
        amount: Some(convert::to_money(Sen::new(line.amount))),
        spent: Some(convert::to_money(Sen::new(line.spent))),
    }
}
