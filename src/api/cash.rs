//! Money at hand and in the bank (catalogue events 5, 6 and 13).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Mutation, Plan, detailed, service, transactions};
use crate::api::v1;
use crate::domain::cash::{BankEntry, Bearer, CountCash, DecideDifference, MoveCash, MoveFunds};

service! {
    cash_service_server::CashService {
        move_cash: MoveCashRequest => MoveCashResponse;
        move_funds: MoveFundsRequest => MoveFundsResponse;
        record_bank_interest: RecordBankInterestRequest => RecordBankInterestResponse;
        record_bank_charge: RecordBankChargeRequest => RecordBankChargeResponse;
        count_cash: CountCashRequest => CountCashResponse;
        decide_difference: DecideDifferenceRequest => DecideDifferenceResponse;
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
        };
        Ok(Plan::new(book, &entity, action))
    }
}
