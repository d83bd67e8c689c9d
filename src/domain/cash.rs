//! Money at hand and in the bank: moving it, counting it, interest and charges
//! (catalogue events 5, 6 and 13).
//!
//! **Invariants**: money lies only in places that the entity has; counting moves nothing but the
//! difference, which stands in Selisih Kas until somebody decides who bears it.

use crate::domain::account::{Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::chart::{Code, FUNDS, fund_allowed};
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::drawer::{differences_of, drawer_name};
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::proto::Fund;
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// Where money lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A KUBE's cash tin.
    Cash,
    /// A bank account.
    Bank,
    /// The LKM's vault.
    Vault,
    /// A teller's drawer at the LKM.
    Drawer(Id),
}

impl Place {
    /// Its account within a ledger.
    pub fn leaf(&self) -> (Code, Subject) {
        match self {
            Place::Cash => (Code::Cash, Subject::none()),
            Place::Bank => (Code::Bank, Subject::none()),
            Place::Vault => (Code::Vault, Subject::none()),
            Place::Drawer(id) => (Code::Drawer, Subject::id(id)),
        }
    }

    /// Its account, once it is known that the entity has such a place.
    ///
    /// Errors: `PLACE_NOT_ALLOWED`, also for a collector's bag; `NOT_FOUND` for an unknown drawer.
    pub fn checked(
        &self,
        draft: &Draft<'_>,
        entity: &Entity,
        field: &str,
    ) -> Result<(Code, Subject), Stop> {
        let leaf = self.leaf();
        if !leaf.0.belongs_to(entity) {
            return Err(Refusal::new(Reason::PlaceNotAllowed).on(field).into());
        }
        if let Place::Drawer(id) = self {
            let row = draft.require(&drawer_name(id.as_str()), field)?;
            // What is in a collector's bag is in transit, not in a drawer.
            if matches!(row, Row::Drawer(drawer) if drawer.collector) {
                return Err(Refusal::new(Reason::PlaceNotAllowed).on(field).into());
            }
        }
        Ok(leaf)
    }
}

/// A KUBE's events tell of what has happened in the village; an LKM's are asked at its counter.
pub fn mode_of(entity: &Entity) -> Mode {
    match entity {
        Entity::Lkm => Mode::Request,
        Entity::Kube(_) => Mode::Report,
    }
}

/// The cash a report says came in to a place.
pub fn cash_in(ledger: &Ledger, place: &Place, amount: Sen) -> Option<CashMoved> {
    Some(CashMoved { ledger: ledger.clone(), place: place.leaf(), amount })
}

/// The cash a report says went out of a place.
pub fn cash_out(ledger: &Ledger, place: &Place, amount: Sen) -> Option<CashMoved> {
    cash_in(ledger, place, amount.negated().ok()?)
}

/// Moves money between two places of one fund (event 5).
#[derive(Clone, Debug)]
pub struct MoveCash {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// From.
    pub from: Place,
    /// To.
    pub to: Place,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for MoveCash {
    fn event(&self) -> Event {
        Event::CashMoved
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `SAME_PLACE`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if self.from == self.to {
            return Err(Refusal::new(Reason::SamePlace).on("to").into());
        }
        let from = self.from.checked(draft, &self.ledger.entity, "from")?;
        let to = self.to.checked(draft, &self.ledger.entity, "to")?;
        draft.transfer(&self.ledger, to, from, self.amount)
    }
}

/// Moves money between two funds of one entity (event 5): it changes hands, and each fund
/// remembers what it owes the other. Moving it back settles that.
#[derive(Clone, Debug)]
pub struct MoveFunds {
    /// Whose.
    pub entity: Entity,
    /// The fund that gives.
    pub from: Fund,
    /// The fund that takes.
    pub to: Fund,
    /// Where the money lies, before and after.
    pub place: Place,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for MoveFunds {
    fn event(&self) -> Event {
        Event::FundsMoved
    }

    fn mode(&self) -> Mode {
        mode_of(&self.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `SAME_PLACE`, `FUND_NOT_ALLOWED`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if self.from == self.to {
            return Err(Refusal::new(Reason::SamePlace).on("to_fund").into());
        }
        let place = self.place.checked(draft, &self.entity, "place")?;
        let giver = Ledger::new(self.entity.clone(), self.from);
        let taker = Ledger::new(self.entity.clone(), self.to);
        let due_from = (Code::InterFund, Subject::fund(self.to));
        let due_to = (Code::InterFund, Subject::fund(self.from));
        draft.transfer(&giver, due_from, place.clone(), self.amount)?;
        draft.transfer(&taker, place, due_to, self.amount)
    }
}

/// What the bank itself did to an account (event 6).
#[derive(Clone, Debug)]
pub struct BankEntry {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// Interest, or a fee or tax.
    pub interest: bool,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for BankEntry {
    fn event(&self) -> Event {
        if self.interest { Event::BankInterest } else { Event::BankCharge }
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `FUND_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        match self.interest {
            true => draft.transfer(&self.ledger, Code::Bank, Code::BankInterest, self.amount),
            false => draft.transfer(&self.ledger, Code::BankCharges, Code::Bank, self.amount),
        }
    }
}

/// The fund in which a counted difference waits: one tin holds several funds, so the difference
/// belongs to none of them at first.
pub fn difference_ledger(entity: &Entity) -> Ledger {
    match entity {
        Entity::Lkm => Ledger::new(Entity::Lkm, Fund::SimpanPinjam),
        Entity::Kube(_) => Ledger::new(entity.clone(), Fund::Umum),
    }
}

/// Cash was counted (event 13): what is short or over waits as Selisih Kas.
#[derive(Clone, Debug)]
pub struct CountCash {
    /// Whose.
    pub entity: Entity,
    /// A KUBE's tin (all its funds), the LKM's vault or a drawer.
    pub place: Place,
    /// Sen counted.
    pub counted: Sen,
}

impl Action for CountCash {
    fn event(&self) -> Event {
        Event::CashCounted
    }

    fn mode(&self) -> Mode {
        mode_of(&self.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `PLACE_NOT_ALLOWED`, `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if self.place == Place::Bank {
            return Err(Refusal::new(Reason::PlaceNotAllowed).on("place").into());
        }
        let place = self.place.checked(draft, &self.entity, "place")?;
        let held = in_all_funds(draft, &self.entity, &place)?;
        book_difference(draft, &self.entity, place, self.counted.minus(held)?)
    }
}

/// What an entity holds in one place, over all its funds.
/// Errors: `Missing` while a balance is not loaded, `OVERFLOW`.
pub fn in_all_funds(
    draft: &Draft<'_>,
    entity: &Entity,
    place: &(Code, Subject),
) -> Result<Sen, Stop> {
    let mut held = Sen::ZERO;
    for fund in FUNDS.iter().filter(|fund| fund_allowed(entity, **fund)) {
        let account = Ledger::new(entity.clone(), *fund).account_of(place.0, place.1.clone());
        held = held.plus(draft.balance(&account)?)?;
    }
    Ok(held)
}

/// Books counted cash that is over (positive) or short (negative).
/// Errors: `Missing` while a balance is not loaded, `OVERFLOW`.
pub fn book_difference(
    draft: &mut Draft<'_>,
    entity: &Entity,
    place: (Code, Subject),
    difference: Sen,
) -> Result<(), Stop> {
    if difference.is_zero() {
        return Ok(());
    }
    draft.flag(Refusal::new(Reason::CashDifference).with("difference", difference.get()));
    let ledger = difference_ledger(entity);
    let waits = differences_of(draft, &place)?;
    match difference.is_positive() {
        true => draft.transfer(&ledger, place, waits, difference),
        false => draft.transfer(&ledger, waits, place, difference.negated()?),
    }
}

/// Who bears, or keeps, a counted difference.
#[derive(Clone, Debug)]
pub enum Bearer {
    /// A shortage that an officer will make good.
    Officer(Id),
    /// A shortage that becomes a cost, or an excess that becomes income.
    Entity,
}

/// A counted difference is decided by minute (event 13).
#[derive(Clone, Debug)]
pub struct DecideDifference {
    /// Whose.
    pub entity: Entity,
    /// Sen of the difference that is decided, more than nothing.
    pub amount: Sen,
    /// Who bears or keeps it.
    pub bearer: Bearer,
    /// The drawer whose difference it is; none for the vault, a tin, or a drawer never opened.
    pub drawer: Option<Id>,
}

impl Action for DecideDifference {
    fn event(&self) -> Event {
        Event::DifferenceDecided
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Cash that is missing, and that nobody is held to, is given up.
    fn matter(&self, draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let lost = draft.moved_in(Code::CashShortage)?.into_values().any(Sen::is_positive);
        Ok(lost.then(|| Matter::of(ApprovalKind::WriteOff, &self.entity)))
    }

    /// Errors: `DIFFERENCE_EXCEEDED`, `NOT_FOUND`, `PLACE_NOT_ALLOWED` for a drawer that is not this
    /// entity's, `WRONG_KIND` for an excess given to an officer.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = difference_ledger(&self.entity);
        let waits = (Code::CashDifference, self.waits_under(draft)?);
        let open = draft.balance(&ledger.account_of(waits.0, waits.1.clone()))?;
        let size = if open.is_negative() { open.negated()? } else { open };
        if self.amount > size {
            let refusal = Refusal::new(Reason::DifferenceExceeded).on("amount");
            return Err(refusal.with("held", size.get()).into());
        }
        match (&self.bearer, open.is_positive()) {
            (Bearer::Officer(member), true) => {
                draft.member(&self.entity, member, "officer")?;
                draft.about(&self.entity, "members", member);
                let due = (Code::OfficerReceivable, Subject::id(member));
                draft.transfer(&ledger, due, waits, self.amount)
            }
            (Bearer::Officer(member), false) => {
                Err(Refusal::new(Reason::WrongKind).on("officer").with("name", member).into())
            }
            (Bearer::Entity, true) => {
                draft.transfer(&ledger, Code::CashShortage, waits, self.amount)
            }
            (Bearer::Entity, false) => {
                draft.transfer(&ledger, waits, Code::OtherIncome, self.amount)
            }
        }
    }
}

impl DecideDifference {
    /// Whose the difference is in its account.
    fn waits_under(&self, draft: &Draft<'_>) -> Result<Subject, Stop> {
        let Some(drawer) = &self.drawer else { return Ok(Subject::none()) };
        if self.entity != Entity::Lkm {
            return Err(Refusal::new(Reason::PlaceNotAllowed).on("drawer").into());
        }
        draft.require(&drawer_name(drawer.as_str()), "drawer")?;
        Ok(Subject::id(drawer))
    }
}
