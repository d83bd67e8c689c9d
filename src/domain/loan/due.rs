//! What time alone does to a loan, and where the day's closing finds it.
//!
//! Each loan that owes something is listed under the next day on which time changes something of
//! it: its next due day, or, while anything is overdue, the day after the one it was reckoned to.
//! Listed days sort as they come, so that the closing reads on from the last day it closed and
//! never visits a loan of which nothing is due.
//!
//! **Invariant**: a loan that owes something is listed under one day, and that day is after the one
//! it was reckoned to.

use crate::domain::day::Day;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::case::{Case, Told};
use crate::domain::loan::life::Life;
use crate::domain::loan::quality::{class_of, found_on};
use crate::domain::loan::trouble::provide;
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{LoanDue, LoanFactKind, QualityVersion};
use crate::domain::refusal::Refusal;

/// The collection of listed days.
pub const LISTED: &str = "loan-due";

/// The row that lists a loan under a day.
pub fn listed_name(day: Day, lender: &Entity, loan: &Id) -> RowName {
    RowName::new(LISTED, format!("{day}.{lender}.{loan}"))
}

/// The next day on which time changes something of a loan, if it owes anything.
pub fn next_day(life: &Life, reckoned_on: Day) -> Result<Option<Day>, Refusal> {
    if life.is_written_off() {
        return Ok(None);
    }
    match life.due()?.total()?.is_positive() {
        true => Ok(Some(reckoned_on.next())),
        false => Ok(life.next_due()),
    }
}

/// Lists a loan under the day that its life asks for.
pub fn list(draft: &mut Draft<'_>, case: &mut Case, life: &Life) -> Result<(), Stop> {
    let next = next_day(life, Day::new(case.row.reckoned_on))?.map_or(0, Day::get);
    if next == case.row.listed_on {
        return Ok(());
    }
    for (day, open) in [(case.row.listed_on, false), (next, true)] {
        if day != 0 {
            let name = listed_name(Day::new(day), &case.lender, &case.id);
            draft.put(name, Row::LoanDue(LoanDue { open }));
        }
    }
    case.row.listed_on = next;
    Ok(())
}

/// Reckons a loan up to the day of a draft: jasa earned, titipan used, and, where the lender has
/// quality classes, whether it performs and what is provided for it.
///
/// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `NOT_AFTER_LAST`.
pub fn tend(draft: &mut Draft<'_>, lender: &Entity, loan: &Id) -> Result<(), Stop> {
    let mut case = Case::decided(draft, lender, loan)?;
    let rule = found_on(draft, lender, draft.frame().happened_on)?;
    let mut facts = Vec::new();
    if let Some(kind) = rule.as_ref().map(|rule| turn(rule, &case.life(draft)?)).transpose()? {
        facts.extend(kind.map(|kind| case.fact(draft, kind, Sen::ZERO)));
    }
    case.tell(draft, Told { facts, ..Told::default() })?;
    match rule {
        Some(rule) => provide(draft, &case, &rule),
        None => Ok(()),
    }
}

/// Whether a loan's class turns it.
fn turn(rule: &QualityVersion, life: &Life) -> Result<Option<LoanFactKind>, Refusal> {
    if rule.non_performing_from == 0 {
        return Ok(None);
    }
    let (rank, _) = class_of(rule, life)?;
    let performs = u32::try_from(rank).unwrap_or(u32::MAX) < rule.non_performing_from;
    Ok(match (performs, life.performs()) {
        (true, false) => Some(LoanFactKind::Performing),
        (false, true) => Some(LoanFactKind::NonPerforming),
        _ => None,
    })
}
