//! The solidarity fund (catalogue events 15 and 17): dues and donations come in, relief goes out.
//! A restricted fund: never income, never expense.

use crate::domain::account::Ledger;
use crate::domain::cash::{Place, cash_in, cash_out};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::Fund;

/// Who pays into the solidarity fund.
#[derive(Clone, Debug)]
pub enum Payer {
    /// A member's dues.
    Member(Id),
    /// A donation.
    Party(Id),
}

/// Dues or a donation (event 15).
#[derive(Clone, Debug)]
pub struct ReceiveDues {
    /// Which KUBE.
    pub group: Id,
    /// Who pays.
    pub payer: Payer,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes.
    pub place: Place,
}

fn iks_ledger(group: &Id) -> Ledger {
    Ledger::new(Entity::Kube(group.clone()), Fund::Iks)
}

impl Action for ReceiveDues {
    fn event(&self) -> Event {
        Event::DuesReceived
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_in(&iks_ledger(&self.group), &self.place, self.amount)
    }

    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = iks_ledger(&self.group);
        let place = self.place.checked(draft, &ledger.entity, "place")?;
        match &self.payer {
            Payer::Member(member) => {
                draft.active_member(&ledger.entity, member, "member")?;
                draft.about(&ledger.entity, "members", member);
            }
            Payer::Party(party) => draft.party(&ledger.entity, party, "donor")?,
        }
        draft.transfer(&ledger, place, Code::SolidarityFund, self.amount)
    }
}

/// Relief paid to a member in trouble (event 17). Its reason is personal data and stands in the
/// request's free text.
#[derive(Clone, Debug)]
pub struct PayRelief {
    /// Which KUBE.
    pub group: Id,
    /// Who is helped.
    pub member: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from.
    pub place: Place,
}

impl Action for PayRelief {
    fn event(&self) -> Event {
        Event::ReliefPaid
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_out(&iks_ledger(&self.group), &self.place, self.amount)
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = iks_ledger(&self.group);
        let place = self.place.checked(draft, &ledger.entity, "place")?;
        draft.member(&ledger.entity, &self.member, "member")?;
        draft.about(&ledger.entity, "members", &self.member);
        draft.transfer(&ledger, Code::SolidarityFund, place, self.amount)
    }
}
