//! Term deposits of KUBEs at the LKM (catalogue event 32): opened for a time, paid back when it is
//! over, or earlier by minute; one event in two ledgers.
//!
//! **Invariant**: a deposit is paid back once and whole, so that the account of each deposit holds
//! its amount, or nothing, in both ledgers.

use crate::domain::account::{Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::daily::note_due;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::{check_tie, kube_savings, lkm_ledger};
use crate::domain::money::Sen;
use crate::domain::record::proto::{Fund, OnMaturity, TermDeposit, TermState};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::after_last;
use crate::domain::stake::Means;

/// A group's term deposit.
pub fn deposit_name(group: &Id, deposit: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "term-deposits", deposit.as_str())
}

/// The account of a term deposit in the KUBE's ledger, and in the LKM's.
fn leaves(group: &Id, deposit: &Id) -> [(Code, Subject); 2] {
    [
        (Code::TermDepositAtLkm, Subject::id(deposit)),
        (Code::TermDeposits, Subject::kube_deposit(group, deposit)),
    ]
}

/// A KUBE opens a term deposit at the LKM.
#[derive(Clone, Debug)]
pub struct OpenDeposit {
    /// Which KUBE.
    pub group: Id,
    /// The deposit's id within the KUBE.
    pub deposit: Id,
    /// The fund whose money it is.
    pub fund: Fund,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// The day it may be paid back.
    pub matures_on: Day,
    /// What it is opened with.
    pub means: Means,
    /// What becomes of it when it matures.
    pub on_maturity: OnMaturity,
}

impl Action for OpenDeposit {
    fn event(&self) -> Event {
        Event::TermDeposited
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NO_LKM`, `NOT_LINKED`, `FUND_NOT_ALLOWED`, `NOT_AFTER_LAST` for a maturity that is
    /// not after the opening, `ALREADY_EXISTS`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`, `FLOOR` when the
    /// savings do not suffice.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let kube = Ledger::new(Entity::Kube(self.group.clone()), self.fund);
        check_tie(draft, &self.group, self.fund)?;
        let opened_on = draft.frame().happened_on.get();
        after_last(self.matures_on, opened_on, "matures_on")?;
        let row = TermDeposit {
            fund: self.fund as i32,
            amount: self.amount.get(),
            opened_on,
            matures_on: self.matures_on.get(),
            state: TermState::Open as i32,
            closed_on: 0,
            minute: String::new(),
            on_maturity: self.on_maturity as i32,
        };
        let name = deposit_name(&self.group, &self.deposit);
        draft.create(name, Row::TermDeposit(row), "deposit_id")?;
        note_maturity(draft, &self.group, &self.deposit, self.matures_on)?;
        let savings = kube_savings(&self.group, self.fund);
        let [from, to] = self.means.leaves(draft, &kube.entity, savings)?;
        let [at_kube, at_lkm] = leaves(&self.group, &self.deposit);
        draft.transfer(&kube, at_kube, from, self.amount)?;
        draft.transfer(&lkm_ledger(), to, at_lkm, self.amount)
    }
}

/// Has the day's closing look at a deposit when it matures.
fn note_maturity(draft: &mut Draft<'_>, group: &Id, deposit: &Id, on: Day) -> Result<(), Stop> {
    note_due(draft, on, "term", &format!("{group}.{deposit}"))
}

/// A term deposit matures, and what was agreed becomes of it: it is paid into the fund's savings,
/// or begins again for as long. One that is closed, or for which nothing was agreed, stays as it is.
#[derive(Clone, Debug)]
pub struct Mature {
    /// Which KUBE.
    pub group: Id,
    /// The deposit.
    pub deposit: Id,
}

impl Action for Mature {
    fn event(&self) -> Event {
        Event::TermDue
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: those of [`CloseDeposit`].
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = deposit_name(&self.group, &self.deposit);
        let Row::TermDeposit(mut row) = draft.require(&name, "deposit")? else {
            return Err(not_found(&name, "deposit").into());
        };
        let today = draft.frame().happened_on;
        if row.state() != TermState::Open || row.matures_on > today.get() {
            return Ok(());
        }
        match row.on_maturity() {
            OnMaturity::Unspecified => Ok(()),
            OnMaturity::Savings => {
                let (group, deposit) = (self.group.clone(), self.deposit.clone());
                let (means, minute) = (Means::Savings, String::new());
                CloseDeposit { group, deposit, means, minute }.post(draft)
            }
            OnMaturity::RollOver => {
                let (from, until) = (Day::new(row.opened_on), Day::new(row.matures_on));
                let again = same_span(from, until);
                (row.opened_on, row.matures_on) = (until.get(), again.get());
                draft.put(name, Row::TermDeposit(row));
                note_maturity(draft, &self.group, &self.deposit, again)
            }
        }
    }
}

/// As long after a day as that was after another: in whole months where they are whole.
fn same_span(from: Day, until: Day) -> Day {
    let months = from.months_until(until);
    if months > 0 && from.plus_months(months) == until {
        return until.plus_months(months);
    }
    Day::new(until.get().saturating_add(until.get() - from.get())).min(Day::MAX)
}

/// A term deposit is paid back whole.
#[derive(Clone, Debug)]
pub struct CloseDeposit {
    /// Which KUBE.
    pub group: Id,
    /// The deposit.
    pub deposit: Id,
    /// What it is paid back into.
    pub means: Means,
    /// The number of the minute that lets it be paid back before its time; empty if none.
    pub minute: String,
}

impl Action for CloseDeposit {
    fn event(&self) -> Event {
        Event::TermMatured
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `DEPOSIT_CLOSED`, `DEPOSIT_NOT_MATURE` before its time and without a
    /// minute, `NO_LKM`, `NOT_LINKED`, `PLACE_NOT_ALLOWED`, `FLOOR` when the LKM's cash does not
    /// suffice.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = deposit_name(&self.group, &self.deposit);
        let Row::TermDeposit(mut row) = draft.require(&name, "deposit")? else {
            return Err(not_found(&name, "deposit").into());
        };
        let about = |reason| Refusal::new(reason).on("deposit").with("deposit", &self.deposit);
        if row.state() != TermState::Open {
            return Err(about(Reason::DepositClosed).into());
        }
        let today = draft.frame().happened_on;
        if today.get() < row.matures_on && self.minute.is_empty() {
            let matures_on = Day::new(row.matures_on);
            return Err(about(Reason::DepositNotMature).with("date", matures_on).into());
        }
        let (fund, amount) = (row.fund(), Sen::new(row.amount));
        row.state = TermState::PaidBack as i32;
        row.closed_on = today.get();
        row.minute.clone_from(&self.minute);
        draft.put(name, Row::TermDeposit(row));
        check_tie(draft, &self.group, fund)?;
        let kube = Ledger::new(Entity::Kube(self.group.clone()), fund);
        let savings = kube_savings(&self.group, fund);
        let [to, from] = self.means.leaves(draft, &kube.entity, savings)?;
        let [at_kube, at_lkm] = leaves(&self.group, &self.deposit);
        draft.transfer(&kube, to, at_kube, amount)?;
        draft.transfer(&lkm_ledger(), at_lkm, from, amount)
    }
}

/// Takes back what opening or paying back a deposit left in the register.
///
/// Errors: `REVERSAL_BLOCKED` when a deposit was paid back since it was opened.
pub fn undo(draft: &mut Draft<'_>, event: Event, effect: &Effect) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        if !matches!(row, Row::TermDeposit(_)) {
            continue;
        }
        let Row::TermDeposit(mut row) = draft.require(name, "transaction")? else {
            return Err(not_found(name, "transaction").into());
        };
        match (event, row.state()) {
            (Event::TermMatured | Event::TermDue, TermState::PaidBack) => {
                row.state = TermState::Open as i32;
                row.closed_on = 0;
                row.minute.clear();
            }
            (Event::TermDeposited, TermState::Open) => row.state = TermState::Reversed as i32,
            _ => {
                let refusal = Refusal::new(Reason::ReversalBlocked).on("transaction");
                return Err(refusal.with("name", name).into());
            }
        }
        draft.put(name.clone(), Row::TermDeposit(row));
    }
    Ok(())
}
