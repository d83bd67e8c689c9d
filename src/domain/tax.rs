//! Taxes that the LKM owes: on its own income (catalogue event 53), and withheld from savers
//! (event 34); both are paid over from the bank.

use crate::domain::chart::Code;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::Entity;
use crate::domain::link::lkm_ledger;
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::savings::savings_ledger;

/// The LKM's income tax, as its bookkeeper has worked it out (event 53).
#[derive(Clone, Debug)]
pub struct OweIncomeTax {
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for OweIncomeTax {
    fn event(&self) -> Event {
        Event::IncomeTax
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NO_LKM`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.transfer(&lkm_ledger(), Code::IncomeTax, Code::IncomeTaxPayable, self.amount)
    }
}

/// Tax is paid over to the state.
#[derive(Clone, Debug)]
pub struct PayTax {
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for PayTax {
    fn event(&self) -> Event {
        Event::TaxPaid
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NO_LKM`, `FLOOR` for more than is owed.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.transfer(&lkm_ledger(), Code::IncomeTaxPayable, Code::Bank, self.amount)
    }
}

/// Tax that an entity withheld from its savers is paid over to the state (event 34).
#[derive(Clone, Debug)]
pub struct PayWithheld {
    /// Who withheld it.
    pub entity: Entity,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for PayWithheld {
    fn event(&self) -> Event {
        Event::TaxPaid
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `NO_LKM`, `FLOOR` for more than was withheld.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = savings_ledger(&self.entity);
        draft.transfer(&ledger, Code::TaxWithheld, Code::Bank, self.amount)
    }
}
