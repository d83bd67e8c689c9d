//! Due days, and what each period between them counts.
//!
//! **Invariant**: due days rise, and the first lies after the day the money was paid out.

use crate::domain::day::Day;
use crate::domain::loan::terms::{MOST_INSTALMENTS, Terms};
use crate::domain::record::proto::{DayCount, LoanFrequency, LoanPlan};
use crate::domain::refusal::{Reason, Refusal};

/// The time of one instalment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its number in the plan, from 1.
    pub number: u32,
    /// The day the one before fell due, or the day the money was paid out.
    pub from: Day,
    /// The day it falls due.
    pub due_on: Day,
    /// How many [`Calendar::parts`] of a period (or of a year, by day count) it counts.
    pub weight: i128,
}

/// The spans of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// In order.
    pub spans: Vec<Span>,
    /// How many parts make one period, or one year.
    pub parts: i128,
}

impl Calendar {
    /// The calendar of a plan that begins on a day.
    ///
    /// Errors: `LOAN_PLAN_INVALID` for no or too many instalments, due days that do not rise, lie
    /// before the beginning or beyond what a book may name, and for grace as long as the plan.
    pub fn new(terms: &Terms, plan: &LoanPlan, start: Day) -> Result<Calendar, Refusal> {
        let count = plan.instalments;
        if count == 0 || count > MOST_INSTALMENTS {
            return Err(invalid("instalments"));
        }
        let grace = terms.principal_grace.max(terms.interest_grace);
        if usize::try_from(count).is_ok_and(|count| grace >= count) {
            return Err(invalid("instalments"));
        }
        let days = due_days(terms.frequency, plan, start)?;
        let mut spans = Vec::with_capacity(days.len());
        let mut from = start;
        for (number, due_on) in (1..).zip(days) {
            if due_on <= from || due_on > Day::MAX {
                return Err(invalid(if number == 1 { "first_due_on" } else { "due_days" }));
            }
            let weight = weight(terms.day_count, from, due_on);
            spans.push(Span { number, from, due_on, weight });
            from = due_on;
        }
        Ok(Calendar { spans, parts: parts(terms.day_count) })
    }

    /// What is left of it for money paid out on a later day: of the period that is running, the
    /// share of its days that are left.
    ///
    /// Errors: `LOAN_PLAN_INVALID` when nothing is left.
    pub fn since(&self, day: Day) -> Result<Calendar, Refusal> {
        let mut spans: Vec<Span> =
            self.spans.iter().copied().filter(|span| span.due_on > day).collect();
        let Some(running) = spans.first().copied() else {
            return Err(invalid("due_days"));
        };
        if day <= running.from {
            return Ok(Calendar { spans, parts: self.parts });
        }
        let length = days_between(running.from, running.due_on);
        for span in &mut spans {
            span.weight *= length;
        }
        if let Some(first) = spans.first_mut() {
            first.weight = running.weight * days_between(day, running.due_on);
            first.from = day;
        }
        Ok(Calendar { spans, parts: self.parts * length })
    }
}

fn due_days(frequency: LoanFrequency, plan: &LoanPlan, start: Day) -> Result<Vec<Day>, Refusal> {
    if frequency == LoanFrequency::Custom {
        if plan.due_days.len() != usize::try_from(plan.instalments).unwrap_or(usize::MAX) {
            return Err(invalid("due_days"));
        }
        if plan.first_due_on != 0 {
            return Err(invalid("first_due_on"));
        }
        return Ok(plan.due_days.iter().map(|day| Day::new(*day)).collect());
    }
    if !plan.due_days.is_empty() {
        return Err(invalid("due_days"));
    }
    // Each due day is counted from one anchor, so that a short month shortens no later one.
    let (anchor, first) = match plan.first_due_on {
        0 => (start, 1),
        day => (Day::new(day), 0),
    };
    Ok((first..first + plan.instalments).map(|periods| later(frequency, anchor, periods)).collect())
}

/// The day so many periods later; for custom dates the day itself. Beyond what a book may name it
/// is the last day or any day after it.
pub fn later(frequency: LoanFrequency, day: Day, periods: u32) -> Day {
    let step = match frequency {
        LoanFrequency::Monthly => return day.plus_months(periods),
        LoanFrequency::Daily => 1,
        LoanFrequency::Weekly => 7,
        LoanFrequency::TwoWeekly => 14,
        LoanFrequency::Selapanan => 35,
        LoanFrequency::Custom | LoanFrequency::Unspecified => 0,
    };
    let days = i32::try_from(periods).unwrap_or(i32::MAX).saturating_mul(step);
    Day::new(day.get().saturating_add(days))
}

/// Days from one day to a later one.
pub fn days_between(from: Day, to: Day) -> i128 {
    i128::from(to.get()) - i128::from(from.get())
}

fn weight(day_count: DayCount, from: Day, to: Day) -> i128 {
    match day_count {
        DayCount::Unspecified | DayCount::PerPeriod => 1,
        DayCount::Actual365 | DayCount::Actual360 => days_between(from, to),
        DayCount::Thirty360 => {
            let (from, to) = (from.ymd(), to.ymd());
            let days = (to.0 - from.0) * 360 + (to.1 - from.1) * 30 + to.2.min(30) - from.2.min(30);
            i128::from(days)
        }
    }
}

const fn parts(day_count: DayCount) -> i128 {
    match day_count {
        DayCount::Unspecified | DayCount::PerPeriod => 1,
        DayCount::Actual365 => 365,
        DayCount::Actual360 | DayCount::Thirty360 => 360,
    }
}

fn invalid(field: &str) -> Refusal {
    Refusal::new(Reason::LoanPlanInvalid).on(&format!("plan.{field}")).with("plan", field)
}
