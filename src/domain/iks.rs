//! The solidarity fund: dues and donations come in (catalogue event 15). A restricted fund: never
//! income, never expense. What goes out is in [`crate::domain::relief`].

use crate::domain::account::Ledger;
use crate::domain::cash::{Place, cash_in};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::dues;
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
    /// A day of the period that a member's dues count for; the day they were paid if none.
    pub for_day: Option<Day>,
}

/// A KUBE's solidarity ledger.
pub fn iks_ledger(group: &Id) -> Ledger {
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
                draft.check_active(&ledger.entity, member, "member")?;
                draft.about(&ledger.entity, "members", member);
                let day = self.for_day.unwrap_or(draft.frame().happened_on);
                dues::add(draft, &self.group, day, member.as_str(), self.amount)?;
            }
            Payer::Party(party) => draft.party(&ledger.entity, party, "donor")?,
        }
        draft.transfer(&ledger, place, Code::SolidarityFund, self.amount)
    }
}
