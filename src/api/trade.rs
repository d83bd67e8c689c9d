//! The joint business and its livestock (catalogue events 7 to 11).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Page, Plan, damaged, detailed, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::trade::{
    Born, ClaimInsurance, Lose, PayExpense, Payment, Proceeds, Purchase, Sell, Settle, Settlement,
    Spends,
};

/// The most items of a purchase.
const MAX_ITEMS: usize = 100;

service! {
    trade_service_server::TradeService {
        purchase: PurchaseRequest => PurchaseResponse;
        sell: SellRequest => SellResponse;
        settle_receivable: SettleReceivableRequest => SettleReceivableResponse;
        settle_payable: SettlePayableRequest => SettlePayableResponse;
        pay_advance: PayAdvanceRequest => PayAdvanceResponse;
        pay_expense: PayExpenseRequest => PayExpenseResponse;
        record_birth: RecordBirthRequest => RecordBirthResponse;
        record_loss: RecordLossRequest => RecordLossResponse;
        claim_insurance: ClaimInsuranceRequest => ClaimInsuranceResponse;
        get_lot: GetLotRequest => GetLotResponse;
        list_lots: ListLotsRequest => ListLotsResponse;
    }
}

transactions! {
    PurchaseRequest => PurchaseResponse;
    SellRequest => SellResponse;
    SettleReceivableRequest => SettleReceivableResponse;
    SettlePayableRequest => SettlePayableResponse;
    PayAdvanceRequest => PayAdvanceResponse;
    PayExpenseRequest => PayExpenseResponse;
    RecordBirthRequest => RecordBirthResponse;
    RecordLossRequest => RecordLossResponse;
    ClaimInsuranceRequest => ClaimInsuranceResponse;
}

impl Mutation for v1::PurchaseRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("payment", "paid_from"), ("amount", "items"), ("lot", "lot_id")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        use v1::purchase_request::Payment as Paid;
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let owner = (&book, &entity);
        convert::count(&self.items, MAX_ITEMS, "items")?;
        let item = |(index, lot)| convert::new_lot(lot, &format!("items[{index}]"));
        let supplier = |name, field| convert::owned_by(name, owner, "parties", field);
        let payment = match &self.payment {
            Some(Paid::PaidFrom(place)) => {
                Payment::Paid(convert::place(Some(place), &book, "paid_from")?)
            }
            Some(Paid::OnCreditOf(name)) => Payment::Credit(supplier(name, "on_credit_of")?),
            Some(Paid::FromAdvanceTo(name)) => Payment::Advance(supplier(name, "from_advance_to")?),
            None => return Err(Fault::Required.on("paid_from")),
        };
        let action = Purchase {
            ledger: convert::ledger(&entity, self.fund, "fund")?,
            items: self.items.iter().enumerate().map(item).collect::<Checked<_>>()?,
            payment,
            spends: spends(&self.grant, &self.plan_line, owner)?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::SellRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("payment", "paid_to"), ("party", "on_credit_to")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        use v1::sell_request::Proceeds as Paid;
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let owner = (&book, &entity);
        let proceeds = match &self.proceeds {
            Some(Paid::PaidTo(place)) => {
                Proceeds::Paid(convert::place(Some(place), &book, "paid_to")?)
            }
            Some(Paid::OnCreditTo(name)) => {
                Proceeds::Credit(convert::owned_by(name, owner, "parties", "on_credit_to")?)
            }
            None => return Err(Fault::Required.on("paid_to")),
        };
        let goods = match convert::optional_owned_by(&self.lot, owner, "lots", "lot")? {
            Some(lot) => Some((lot, convert::quantity(self.quantity.as_ref(), "quantity")?)),
            None if self.quantity.is_some() => return Err(Fault::Required.on("lot")),
            None => None,
        };
        let action = Sell {
            ledger: convert::ledger(&entity, self.fund, "fund")?,
            price: convert::money(self.price.as_ref(), "price")?,
            proceeds,
            goods,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

/// What is settled with a third party has the same fields.
macro_rules! settle {
    ($request:ident, $what:ident) => {
        impl Mutation for v1::$request {
            const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "party")];

            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let (book, entity, party) = convert::owned(&self.party, "parties", "party")?;
                let action = Settle {
                    ledger: convert::ledger(&entity, self.fund, "fund")?,
                    what: Settlement::$what,
                    party,
                    amount: convert::money(self.amount.as_ref(), "amount")?,
                    place: convert::place(self.place.as_ref(), &book, "place")?,
                };
                Ok(Plan::new(book, &entity, action))
            }
        }
    };
}

settle!(SettleReceivableRequest, Receivable);
settle!(SettlePayableRequest, Payable);
settle!(PayAdvanceRequest, Advance);

impl Mutation for v1::PayExpenseRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let owner = (&book, &entity);
        let action = PayExpense {
            ledger: convert::ledger(&entity, self.fund, "fund")?,
            kind: convert::choice(self.kind, "kind")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
            spends: spends(&self.grant, &self.plan_line, owner)?,
            into_lot: convert::optional_owned_by(&self.lot, owner, "lots", "lot")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

/// The grant a cost is paid from, and the line of its plan.
fn spends(grant: &str, plan_line: &str, owner: (&Id, &Entity)) -> Checked<Option<Spends>> {
    let plan_line = convert::optional_id(plan_line, "plan_line")?;
    let plan_line = plan_line.map(|line| line.to_string()).unwrap_or_default();
    let grant = convert::optional_owned_by(grant, owner, "grants", "grant")?;
    Ok(grant.map(|grant| Spends { grant, plan_line }))
}

impl Mutation for v1::RecordBirthRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("lot", "lot_id"), ("quantity", "heads")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = Born {
            ledger: convert::ledger(&entity, self.fund, "fund")?,
            lot: convert::id(&self.lot_id, "lot_id")?,
            label: convert::required_line(&self.label, 80, "label")?,
            heads: convert::heads(self.heads)?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::RecordLossRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "lot"), ("quantity", "heads")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, lot) = convert::owned(&self.lot, "lots", "lot")?;
        let ledger = convert::ledger(&entity, self.fund, "fund")?;
        let heads = convert::heads(self.heads)?;
        let cause = convert::open_choice(self.cause, "cause")?;
        Ok(Plan::new(book, &entity, Lose { ledger, lot, heads, cause }))
    }
}

impl Mutation for v1::ClaimInsuranceRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = ClaimInsurance {
            ledger: convert::ledger(&entity, self.fund, "fund")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Method for v1::GetLotRequest {
    type Response = v1::GetLotResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, id) = convert::owned(&self.name, "lots", "name")?;
        let mut snapshot = call.snapshot(&book, "name").await?;
        let name = RowName::of(&entity, "lots", id.as_str());
        let row = call.row(&mut snapshot, &name, "name").await?;
        Ok(v1::GetLotResponse { lot: Some(lot(&book, &name, &row)?) })
    }
}

impl Method for v1::ListLotsRequest {
    type Response = v1::ListLotsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = lots_of(&entity);
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let lots = rows
            .iter()
            .map(|found| lot(&book, &RowName::new(parent.clone(), found.id.clone()), &found.row));
        Ok(v1::ListLotsResponse { lots: lots.collect::<Checked<_>>()?, next_page_token })
    }
}

fn lots_of(entity: &Entity) -> String {
    format!("{}/lots", entity.path())
}

fn lot(book: &Id, name: &RowName, row: &Row) -> Checked<v1::Lot> {
    let Row::Lot(row) = row else { return Err(damaged()) };
    let cost = Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?;
    Ok(v1::Lot {
        name: convert::row_name(book, name),
        kind: row.kind,
        label: row.label.clone(),
        unit: row.unit.clone(),
        fund: row.fund,
        quantity: Some(convert::to_quantity(row.quantity_in_milli - row.quantity_out_milli)),
        cost: Some(convert::to_money(cost)),
        born: row.born,
        life_months: row.life_months,
        in_use_since: convert::to_optional_date(row.in_use_since),
        kept_heads: row.kept_heads,
        counted_heads: row.counted_heads,
        counted_on: convert::to_optional_date(row.counted_on),
        died: Some(convert::to_quantity(row.died_milli)),
        stolen: Some(convert::to_quantity(row.stolen_milli)),
    })
}
