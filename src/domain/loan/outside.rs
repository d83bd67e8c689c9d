//! Loans that a KUBE or the LKM takes from an outside lender (catalogue event 45).
//!
//! **Invariant**: what is owed is what the loan's account holds; nobody repays more.

use crate::domain::account::{Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::posting::Posting;
use crate::domain::record::proto::{Fund, OutsideLoan};
use crate::domain::record::{Event, Row};

/// An entity's loan from outside.
pub fn outside_loan_name(entity: &Entity, loan: &Id) -> RowName {
    RowName::of(entity, "outside-loans", loan.as_str())
}

fn ledger(entity: &Entity) -> Ledger {
    Ledger::new(entity.clone(), Fund::SimpanPinjam)
}

fn debt(entity: &Entity, loan: &Id) -> (Code, Subject) {
    let code = match entity {
        Entity::Lkm => Code::LoansReceived,
        Entity::Kube(_) => Code::BankDebt,
    };
    (code, Subject::id(loan))
}

/// Takes a loan from an outside lender.
#[derive(Clone, Debug)]
pub struct TakeOutsideLoan {
    /// Who borrows.
    pub entity: Entity,
    /// The loan's id at the borrower.
    pub loan: Id,
    /// Who lends, a party of the borrower.
    pub party: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes.
    pub place: Place,
}

impl Action for TakeOutsideLoan {
    fn event(&self) -> Event {
        Event::OutsideLoan
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::above(ApprovalKind::LoanApproval, &self.entity, self.amount)))
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.entity, "place")?;
        draft.party(&self.entity, &self.party, "party")?;
        let row = OutsideLoan {
            party: self.party.to_string(),
            amount: self.amount.get(),
            taken_on: draft.frame().happened_on.get(),
        };
        let name = outside_loan_name(&self.entity, &self.loan);
        draft.create(name, Row::OutsideLoan(row), "loan_id")?;
        let debt = debt(&self.entity, &self.loan);
        draft.transfer(&ledger(&self.entity), place, debt, self.amount)
    }
}

/// Repays an outside lender.
#[derive(Clone, Debug)]
pub struct RepayOutsideLoan {
    /// Who borrowed.
    pub entity: Entity,
    /// The loan.
    pub loan: Id,
    /// Sen of principal.
    pub principal: Sen,
    /// Sen of jasa or interest.
    pub interest: Sen,
    /// Where the money comes from.
    pub place: Place,
}

impl Action for RepayOutsideLoan {
    fn event(&self) -> Event {
        Event::OutsideLoan
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR` for more than is owed.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.entity, "place")?;
        let name = outside_loan_name(&self.entity, &self.loan);
        let Row::OutsideLoan(row) = draft.require(&name, "loan")? else {
            return Err(not_found(&name, "loan").into());
        };
        draft.about_name(RowName::of(&self.entity, "parties", &row.party).to_string());
        let paid = self.principal.plus(self.interest)?;
        let mut legs = vec![
            (debt(&self.entity, &self.loan).into(), self.principal),
            (Code::LoanCost.into(), self.interest),
            (place.into(), paid.negated()?),
        ];
        legs.retain(|(_, amount)| !amount.is_zero());
        draft.post(&Posting::journal(&ledger(&self.entity), legs)?)
    }
}
