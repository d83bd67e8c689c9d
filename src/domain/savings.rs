//! Member savings and own capital (catalogue events 18 and 19), in a KUBE or at the LKM.
//!
//! **Invariants**: at the LKM's counter savings never fall below zero; a group's treasurer tells of what
//! was paid out, and what goes beyond the savings waits in suspense.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::{Place, cash_in, cash_out, mode_of};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::{Fund, Regime};
use crate::domain::regime::regime_on;

/// The sorts of savings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Simpanan pokok: once, on joining.
    Principal,
    /// Simpanan wajib: periodic.
    Mandatory,
    /// Simpanan sukarela: free.
    Voluntary,
}

impl Kind {
    /// The account that holds it under a regime, and that which held it under another. In a
    /// cooperative, members' capital savings are equity; elsewhere they are a liability.
    pub fn codes(self, entity: &Entity, regime: Regime) -> [Code; 2] {
        let equity = *entity == Entity::Lkm && regime == Regime::Koperasi;
        let both = match self {
            Kind::Principal => [Code::PrincipalSavings, Code::PrincipalCapital],
            Kind::Mandatory => [Code::MandatorySavings, Code::MandatoryCapital],
            Kind::Voluntary => return [Code::MemberSavings; 2],
        };
        if equity { [both[1], both[0]] } else { both }
    }
}

/// The ledger that holds an entity's savings.
pub fn savings_ledger(entity: &Entity) -> Ledger {
    Ledger::new(entity.clone(), Fund::SimpanPinjam)
}

/// A member brings savings.
#[derive(Clone, Debug)]
pub struct Deposit {
    /// Where they save.
    pub entity: Entity,
    /// The member.
    pub member: Id,
    /// The sort of savings.
    pub kind: Kind,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes.
    pub place: Place,
}

impl Action for Deposit {
    fn event(&self) -> Event {
        Event::SavingsDeposited
    }

    fn mode(&self) -> Mode {
        mode_of(&self.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_in(&savings_ledger(&self.entity), &self.place, self.amount)
    }

    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `MEMBER_DIED`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.entity, "place")?;
        draft.check_active(&self.entity, &self.member, "member")?;
        draft.about(&self.entity, "members", &self.member);
        let regime = regime_on(draft.book(), draft.frame().happened_on, u64::MAX);
        let [code, _] = self.kind.codes(&self.entity, regime);
        let savings = (code, Subject::id(&self.member));
        draft.transfer(&savings_ledger(&self.entity), place, savings, self.amount)
    }
}

/// A member takes out voluntary savings.
#[derive(Clone, Debug)]
pub struct Withdraw {
    /// Where they save.
    pub entity: Entity,
    /// The member.
    pub member: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from.
    pub place: Place,
}

impl Action for Withdraw {
    fn event(&self) -> Event {
        Event::SavingsWithdrawn
    }

    fn mode(&self) -> Mode {
        mode_of(&self.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_out(&savings_ledger(&self.entity), &self.place, self.amount)
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR`, `MEMBER_DIED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.entity, "place")?;
        draft.living_member(&self.entity, &self.member, "member")?;
        draft.about(&self.entity, "members", &self.member);
        let savings = (Code::MemberSavings, Subject::id(&self.member));
        draft.transfer(&savings_ledger(&self.entity), savings, place, self.amount)
    }
}

/// A member brings own capital (modal swadaya) for the joint business.
#[derive(Clone, Debug)]
pub struct PayInCapital {
    /// Which KUBE.
    pub group: Id,
    /// The member.
    pub member: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes.
    pub place: Place,
}

impl PayInCapital {
    fn ledger(&self) -> Ledger {
        Ledger::new(Entity::Kube(self.group.clone()), Fund::Uep)
    }
}

impl Action for PayInCapital {
    fn event(&self) -> Event {
        Event::CapitalPaidIn
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_in(&self.ledger(), &self.place, self.amount)
    }

    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = self.ledger();
        let place = self.place.checked(draft, &ledger.entity, "place")?;
        draft.check_active(&ledger.entity, &self.member, "member")?;
        draft.about(&ledger.entity, "members", &self.member);
        let capital = (Code::OwnCapital, Subject::id(&self.member));
        draft.transfer(&ledger, place, capital, self.amount)
    }
}
