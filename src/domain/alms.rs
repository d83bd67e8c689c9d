//! Zakat, and infak (catalogue event 44): two funds of a syariah LKM in its fund KEBAJIKAN, which
//! take alms in and give them out. Late-payment fines of syariah loans join the second; qardhul
//! hasan is lent out of their money.
//!
//! **Invariant**: neither is ever income, and neither gives out more than it holds.

use crate::domain::account::Ledger;
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::Fund;
use crate::domain::regime::check_principle;

/// What alms are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alms {
    /// Zakat, for those whom it is due to.
    Zakat,
    /// Infak, for any good purpose.
    Infak,
}

impl Alms {
    const fn code(self) -> Code {
        match self {
            Alms::Zakat => Code::ZakatFund,
            Alms::Infak => Code::BenevolenceFund,
        }
    }
}

/// The LKM's ledger of alms.
fn ledger() -> Ledger {
    Ledger::new(Entity::Lkm, Fund::Kebajikan)
}

/// A KUBE that gives: which of its funds, and from which of its places.
#[derive(Clone, Debug)]
pub struct Giver {
    /// The KUBE.
    pub group: Id,
    /// Its fund.
    pub fund: Fund,
    /// Where its money comes from.
    pub place: Place,
}

/// Somebody whom the LKM knows, who gives alms or is given them.
#[derive(Clone, Debug)]
pub enum Person {
    /// Its member.
    Member(Id),
    /// A third party.
    Party(Id),
}

impl Person {
    /// What follows is about them. Errors: `NOT_FOUND`.
    fn named(&self, draft: &mut Draft<'_>, field: &str) -> Result<(), Stop> {
        match self {
            Person::Party(party) => draft.party(&Entity::Lkm, party, field),
            Person::Member(member) => {
                draft.member(&Entity::Lkm, member, field)?;
                draft.about(&Entity::Lkm, "members", member);
                Ok(())
            }
        }
    }
}

/// Alms come in.
#[derive(Clone, Debug)]
pub struct ReceiveAlms {
    /// What they are.
    pub alms: Alms,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the LKM puts the money.
    pub place: Place,
    /// The KUBE that gives; none for anybody else.
    pub giver: Option<Giver>,
    /// Who else gives, if that is said.
    pub donor: Option<Person>,
}

impl Action for ReceiveAlms {
    fn event(&self) -> Event {
        Event::AlmsReceived
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FUND_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &Entity::Lkm, "place")?;
        let today = draft.frame().happened_on;
        check_principle(draft, &Entity::Lkm, false, today);
        if let Some(giver) = &self.giver {
            draft.group(&giver.group, "giver")?;
            let kube = Entity::Kube(giver.group.clone());
            let from = giver.place.checked(draft, &kube, "giver_place")?;
            let own = Ledger::new(kube, giver.fund);
            draft.transfer(&own, Code::OtherExpense, from, self.amount)?;
            draft.about_name(RowName::group(&giver.group).to_string());
        }
        if let Some(donor) = &self.donor {
            donor.named(draft, "donor")?;
        }
        draft.transfer(&ledger(), place, self.alms.code(), self.amount)
    }
}

/// Alms are given out.
#[derive(Clone, Debug)]
pub struct GiveAlms {
    /// What they are.
    pub alms: Alms,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from.
    pub place: Place,
    /// Who is given it, if that is said.
    pub recipient: Option<Person>,
}

impl Action for GiveAlms {
    fn event(&self) -> Event {
        Event::AlmsGiven
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR` for more than the fund, or the place, holds.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &Entity::Lkm, "place")?;
        if let Some(recipient) = &self.recipient {
            recipient.named(draft, "recipient")?;
        }
        draft.transfer(&ledger(), self.alms.code(), place, self.amount)
    }
}
