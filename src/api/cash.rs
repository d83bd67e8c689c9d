//! Money at hand and in the bank (catalogue events 5, 6 and 13).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Plan, detailed, service, transactions};
use crate::api::{google_type, party, v1};
use crate::domain::cash::{BankEntry, Bearer, CountCash, DecideDifference, MoveCash, MoveFunds};
use crate::domain::drawer::{CloseDrawer, OpenDrawer, SetDrawerLimit, drawer_name};
use crate::domain::id::Entity;
use crate::domain::money::Sen;

service! {
    cash_service_server::CashService {
        move_cash: MoveCashRequest => MoveCashResponse;
        move_funds: MoveFundsRequest => MoveFundsResponse;
        record_bank_interest: RecordBankInterestRequest => RecordBankInterestResponse;
        record_bank_charge: RecordBankChargeRequest => RecordBankChargeResponse;
        count_cash: CountCashRequest => CountCashResponse;
        decide_difference: DecideDifferenceRequest => DecideDifferenceResponse;
        open_drawer: OpenDrawerRequest => OpenDrawerResponse;
        close_drawer: CloseDrawerRequest => CloseDrawerResponse;
        set_drawer_limit: SetDrawerLimitRequest => SetDrawerLimitResponse;
    }
}

transactions! {
    MoveCashRequest => MoveCashResponse;
    MoveFundsRequest => MoveFundsResponse;
    RecordBankInterestRequest => RecordBankInterestResponse;
    RecordBankChargeRequest => RecordBankChargeResponse;
    CountCashRequest => CountCashResponse;
    DecideDifferenceRequest => DecideDifferenceResponse;
}

/// What the domain calls the entity of a request.
const ENTITY: &[(&str, &str)] = &[("group", "entity")];

impl Mutation for v1::MoveCashRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = ENTITY;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = MoveCash {
            ledger: convert::ledger(&entity, self.fund, "fund")?,
            from: convert::place(self.from.as_ref(), &book, "from")?,
            to: convert::place(self.to.as_ref(), &book, "to")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::MoveFundsRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("fund", "to_fund")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = MoveFunds {
            entity: entity.clone(),
            from: convert::choice(self.from_fund, "from_fund")?,
            to: convert::choice(self.to_fund, "to_fund")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

/// Interest and charges have the same fields.
macro_rules! bank_entry {
    ($request:ident, $interest:literal) => {
        impl Mutation for v1::$request {
            const FIELDS: &'static [(&'static str, &'static str)] = ENTITY;

            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let (book, entity) = convert::entity(&self.entity, "entity")?;
                let ledger = convert::ledger(&entity, self.fund, "fund")?;
                let amount = convert::money(self.amount.as_ref(), "amount")?;
                Ok(Plan::new(book, &entity, BankEntry { ledger, interest: $interest, amount }))
            }
        }
    };
}

bank_entry!(RecordBankInterestRequest, true);
bank_entry!(RecordBankChargeRequest, false);

impl Mutation for v1::CountCashRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = ENTITY;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = CountCash {
            entity: entity.clone(),
            place: convert::place(self.place.as_ref(), &book, "place")?,
            counted: convert::money_or_zero(self.counted.as_ref(), "counted")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::DecideDifferenceRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = ENTITY;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let owner = (&book, &entity);
        let officer = convert::optional_owned_by(&self.officer, owner, "members", "officer")?;
        let action = DecideDifference {
            entity: entity.clone(),
            amount: convert::money(self.amount.as_ref(), "amount")?,
            bearer: officer.map_or(Bearer::Entity, Bearer::Officer),
            drawer: match self.drawer.as_str() {
                "" => None,
                name => Some(convert::drawer(name, &book, "drawer")?),
            },
        };
        Ok(Plan::new(book, &entity, action))
    }
}

// ---- drawers --------------------------------------------------------------------------------------

/// The requests about one drawer: they name it, make an action, and answer with what became of it.
macro_rules! of_drawer {
    ($($request:ident($moved:literal) => $response:ident,
        |$this:ident, $drawer:ident| $action:expr;)+) => {$(
        impl Mutation for v1::$request {
            const FIELDS: &'static [(&'static str, &'static str)] = &[("amount", $moved)];

            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let $this = self;
                let (book, $drawer) = convert::any_drawer(&self.drawer, "drawer")?;
                Ok(Plan::new(book, &Entity::Lkm, $action))
            }
        }

        impl Method for v1::$request {
            type Response = v1::$response;

            async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
                let (_, id) = convert::any_drawer(&self.drawer, "drawer")?;
                let done = call.submit(self).await?;
                let row = done.row(&drawer_name(id.as_str()))?;
                let drawer = Some(party::drawer(&done.book, id.as_str(), row)?);
                Ok(v1::$response { transaction: Some(done.transaction(call)), drawer })
            }
        }
    )+};
}

of_drawer! {
    OpenDrawerRequest("from_vault") => OpenDrawerResponse, |request, drawer| OpenDrawer {
        drawer,
        teller: convert::id(&request.teller, "teller")?,
        counted: convert::money_or_zero(request.counted.as_ref(), "counted")?,
        from_vault: money_or_none(request.from_vault.as_ref(), "from_vault")?,
    };
    CloseDrawerRequest("to_vault") => CloseDrawerResponse, |request, drawer| CloseDrawer {
        drawer,
        counted: convert::money_or_zero(request.counted.as_ref(), "counted")?,
        to_vault: money_or_none(request.to_vault.as_ref(), "to_vault")?,
    };
    SetDrawerLimitRequest("amount") => SetDrawerLimitResponse, |request, drawer| SetDrawerLimit {
        drawer,
        since: convert::day(request.since.as_ref(), "since")?,
        amount: convert::money(request.amount.as_ref(), "amount")?,
    };
}

fn money_or_none(money: Option<&google_type::Money>, field: &str) -> Checked<Sen> {
    money.map_or(Ok(Sen::ZERO), |money| convert::money_or_zero(Some(money), field))
}
