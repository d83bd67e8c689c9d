//! The end of a book year (catalogue event 50): per fund, income and expense go to Ikhtisar Laba
//! Rugi and the net to SHU, on the year's last day; the funds' results are brought together by
//! decision through Antar Dana.
//!
//! What a year came to is read by the caller: it is a sum over a span, which no state holds. It is
//! exact nevertheless, because it is read after the year's last day was closed, and nothing can be
//! booked there any more: [`CloseYear`] refuses totals that were known before that closing.
//!
//! **Invariants**: years close in order, once, and only while the books are closed exactly to their
//! end; opening a year again takes the very entries back that closed it. Accounts of income and
//! expense have no subject, so that their control totals are their balances.

use std::collections::BTreeMap;

use crate::domain::account::{Control, Ledger, Subject};
use crate::domain::book::{self, mark_closed, next_year, periods_name, year_end};
use crate::domain::chart::{Class, Code, fund_allowed, fund_name};
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::proto::{Fund, FundResult, YearResult};
use crate::domain::record::{Effect, Entry, Event, Outcome, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::surplus;

/// A closed year of an entity.
pub fn year_name(entity: &Entity, year: i32) -> RowName {
    RowName::of(entity, COLLECTION, &format!("{year:04}"))
}

/// The collection of an entity's closed years.
pub const COLLECTION: &str = "years";

/// Whether an account's balance is part of a year's result.
pub fn is_result(code: Code) -> bool {
    matches!(code.line().class, Class::Income | Class::Expense)
}

/// Closes a year: income and expense to SHU (event 50).
#[derive(Clone, Debug)]
pub struct CloseYear {
    /// Whose.
    pub entity: Entity,
    /// The calendar year.
    pub year: i32,
    /// The entity's totals of income and expense at the year's end, debit positive.
    pub totals: Vec<(Control, Sen)>,
    /// The journal position at which they were known.
    pub known: u64,
    /// The number of the minute that decides it.
    pub minute: String,
}

impl Action for CloseYear {
    fn event(&self) -> Event {
        Event::YearClosed
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `YEAR_OUT_OF_ORDER`, also for a year that is closed; `YEAR_NOT_CLOSABLE` when the
    /// periods are not closed exactly to its end; `DAYS_NOT_CLOSED`, `FACTS_MOVED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut periods = book::periods(draft, &self.entity)?;
        let expected = next_year(&periods, draft.book());
        if self.year != expected {
            let refusal = Refusal::new(Reason::YearOutOfOrder).on("year");
            return Err(refusal.with("expected", expected).into());
        }
        let end = year_end(self.year);
        if periods.closed_through != end.get() {
            let refusal = Refusal::new(Reason::YearNotClosable).on("year");
            return Err(refusal.with("date", end).into());
        }
        book::check_days(draft, &self.entity, end, "year")?;
        known_since_closing(draft, &self.entity, self.year, self.known)?;
        let results = self.post_results(draft)?;
        let mut row = year_row(draft, &self.entity, self.year)?;
        row.results = results;
        row.request_id = draft.frame().request.to_string();
        row.positions.push(draft.frame().position);
        row.minute.clone_from(&self.minute);
        keep(draft, year_name(&self.entity, self.year), row);
        periods.closed_year = self.year;
        periods.minute.clone_from(&self.minute);
        draft.put(periods_name(&self.entity), Row::Periods(periods));
        // What is posted here is the last that happened in the year: it closed with this record.
        mark_closed(draft, &self.entity, end);
        draft.effective_at(end);
        Ok(())
    }
}

impl CloseYear {
    fn post_results(&self, draft: &mut Draft<'_>) -> Result<Vec<FundResult>, Stop> {
        let mut funds: BTreeMap<&Ledger, Vec<(Code, Sen)>> = BTreeMap::new();
        for (control, total) in self.totals.iter().filter(|(_, total)| !total.is_zero()) {
            assert!(control.ledger.entity == self.entity && is_result(control.code));
            funds.entry(&control.ledger).or_default().push((control.code, *total));
        }
        let mut results = Vec::with_capacity(funds.len());
        for (ledger, totals) in funds {
            let mut net = Sen::ZERO;
            let mut legs: Vec<(Leaf, Sen)> = Vec::with_capacity(totals.len() + 1);
            for (code, total) in totals {
                legs.push((code.into(), total.negated()?));
                net = net.minus(total)?;
            }
            legs.push((Code::IncomeSummary.into(), net.negated()?));
            draft.post(&Posting::journal(ledger, legs)?)?;
            draft.transfer(ledger, Code::IncomeSummary, Code::Surplus, net)?;
            results.push(FundResult { fund: ledger.fund.get() as i32, amount: net.get() });
        }
        Ok(results)
    }
}

/// Checks that what was read of a year at a journal position was read since it closed.
///
/// Errors: `FACTS_MOVED`.
pub fn known_since_closing(
    draft: &Draft<'_>,
    entity: &Entity,
    year: i32,
    known: u64,
) -> Result<(), Stop> {
    match draft.row(&book::mark_name(entity, year_end(year)))? {
        Some(Row::Mark(mark)) if mark.position <= known => Ok(()),
        _ => Err(Refusal::new(Reason::FactsMoved).on("year").into()),
    }
}

/// What is kept of a year, nothing before it was ever closed.
fn year_row(draft: &Draft<'_>, entity: &Entity, year: i32) -> Result<YearResult, Stop> {
    Ok(match draft.row(&year_name(entity, year))? {
        Some(Row::YearResult(row)) => row,
        _ => YearResult::default(),
    })
}

/// Keeps what has become of a year, and that this record holds it.
pub(super) fn keep(draft: &mut Draft<'_>, name: RowName, mut row: YearResult) {
    row.changes.push(draft.frame().position);
    draft.put(name, Row::YearResult(row));
}

/// The last closed year of an entity, which must be the one that is meant.
///
/// Errors: `YEAR_NOT_CLOSED`.
pub fn last_closed(draft: &Draft<'_>, entity: &Entity, year: i32) -> Result<YearResult, Stop> {
    if book::periods(draft, entity)?.closed_year != year {
        let refusal = Refusal::new(Reason::YearNotClosed).on("year").with("year", year);
        return Err(refusal.into());
    }
    year_row(draft, entity, year)
}

/// Takes back the entries that closed a year, on its last day.
///
/// Errors: `SURPLUS_DIVIDED`, `NOT_FOUND`.
pub fn reopen(draft: &mut Draft<'_>, entity: &Entity, year: i32) -> Result<(), Stop> {
    let mut row = last_closed(draft, entity, year)?;
    refuse_moved(&row, year)?;
    let name = year_name(entity, year);
    let request = RequestId::new(&row.request_id).ok_or_else(|| not_found(&name, "through"))?;
    let closing = draft.record_of(&request, "through")?;
    let entries = match &closing.outcome {
        Outcome::Done(effect) => effect.entries.as_slice(),
        Outcome::Refused(_) => &[],
    };
    let same_ledger = |a: &Entry, b: &Entry| a.account.ledger == b.account.ledger;
    for group in entries.chunk_by(same_ledger) {
        let Some(first) = group.first() else { continue };
        let back = |entry: &Entry| Ok((Leaf::from(entry.account.code), entry.amount.negated()?));
        let legs = group.iter().map(back).collect::<Result<_, Refusal>>()?;
        draft.post(&Posting::journal(&first.account.ledger, legs)?)?;
    }
    row.positions.push(draft.frame().position);
    row.request_id.clear();
    row.results.clear();
    keep(draft, name, row);
    draft.effective_at(year_end(year));
    Ok(())
}

/// Refuses when a year's surplus has gone on. Errors: `SURPLUS_DIVIDED`.
fn refuse_moved(row: &YearResult, year: i32) -> Result<(), Refusal> {
    if row.divisions.is_empty() && row.consolidated_into() == Fund::Unspecified {
        return Ok(());
    }
    Err(Refusal::new(Reason::SurplusDivided).on("year").with("year", year))
}

/// Brings the results of all funds together in one of them, by decision (event 50): the funds owe
/// each other, until money settles that.
#[derive(Clone, Debug)]
pub struct Consolidate {
    /// Whose.
    pub entity: Entity,
    /// The year, the last one closed.
    pub year: i32,
    /// The fund that takes them.
    pub into: Fund,
}

impl Action for Consolidate {
    fn event(&self) -> Event {
        Event::SurplusConsolidated
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `FUND_NOT_ALLOWED`, `YEAR_NOT_CLOSED`, `SURPLUS_DIVIDED`, `NO_SURPLUS` where no
    /// other fund has a result.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if !fund_allowed(&self.entity, self.into) {
            let refusal = Refusal::new(Reason::FundNotAllowed).on("fund");
            return Err(refusal.with("fund", fund_name(self.into)).into());
        }
        let mut row = last_closed(draft, &self.entity, self.year)?;
        refuse_moved(&row, self.year)?;
        if row.results.iter().all(|result| result.fund() == self.into) {
            let refusal = Refusal::new(Reason::NoSurplus).on("fund");
            return Err(refusal.with("held", 0).into());
        }
        let taker = Ledger::new(self.entity.clone(), self.into);
        for result in row.results.iter().filter(|result| result.fund() != self.into) {
            let giver = Ledger::new(self.entity.clone(), result.fund());
            let amount = Sen::new(result.amount);
            let owed = (Code::InterFund, Subject::fund(self.into));
            let owing = (Code::InterFund, Subject::fund(result.fund()));
            // A loss moves as a negative amount, so that both sides of each pair change places.
            draft.transfer(&giver, Code::Surplus, owed, amount)?;
            draft.transfer(&taker, owing, Code::Surplus, amount)?;
        }
        row.consolidated_into = self.into as i32;
        keep(draft, year_name(&self.entity, self.year), row);
        Ok(())
    }
}

/// Takes back what a transaction left in the register of years.
///
/// Errors: `REVERSAL_BLOCKED` for a year's closing, which only opening the period again takes back,
/// and when the surplus has moved on since.
pub fn undo(draft: &mut Draft<'_>, event: Event, effect: &Effect) -> Result<(), Stop> {
    for (name, after) in &effect.rows {
        let Row::YearResult(after) = after else { continue };
        let Row::YearResult(mut row) = draft.require(name, "transaction")? else {
            return Err(not_found(name, "transaction").into());
        };
        let last = |row: &YearResult| row.divisions.last().cloned();
        let undone = match event {
            Event::SurplusConsolidated if row.divisions.is_empty() => {
                row.consolidated_into = Fund::Unspecified as i32;
                true
            }
            Event::SurplusDivided => {
                let unmoved = last(&row) == last(after);
                row.divisions.pop();
                unmoved
            }
            Event::SurplusAllotted => surplus::undo_allotted(&mut row, after, effect),
            _ => false,
        };
        if !undone {
            let refusal = Refusal::new(Reason::ReversalBlocked).on("transaction");
            return Err(refusal.with("name", name).into());
        }
        keep(draft, name.clone(), row);
    }
    Ok(())
}
