//! The book itself: opening it, its business days, and the periods of its entities.
//!
//! **Invariants**: the business day only moves forward, each step by a record of its own; a period
//! that contains it does not close; nothing becomes effective in a closed one.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::daily;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, RowName};
use crate::domain::record::proto::{self, Regime, Zone};
use crate::domain::record::{Event, FORMAT_LEVEL, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::year;

/// The row that marks where a business day begins.
pub fn day_name(day: Day) -> RowName {
    RowName::new("days", day_id(day))
}

/// Opens a book.
#[derive(Clone, Debug)]
pub struct Open {
    /// The book's name.
    pub name: String,
    /// The LKM's name; empty for a KUBE that keeps its books alone.
    pub lkm_name: String,
    /// The LKM's regime; not set where there is no LKM.
    pub regime: Regime,
    /// Where the book is.
    pub zone: Zone,
    /// The first day it knows.
    pub opened_on: Day,
}

impl Open {
    /// The settings the book starts with.
    pub fn settings(&self) -> proto::Book {
        proto::Book {
            name: self.name.clone(),
            lkm_name: self.lkm_name.clone(),
            regime: self.regime as i32,
            zone: self.zone as i32,
            opened_on: self.opened_on.get(),
            business_day: self.opened_on.get(),
            format_level: FORMAT_LEVEL,
            regimes: Vec::new(),
        }
    }
}

impl Action for Open {
    fn event(&self) -> Event {
        Event::BookOpened
    }

    fn opens_book(&self) -> Option<&Open> {
        Some(self)
    }

    /// Errors: `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let position = draft.frame().position;
        draft.create(RowName::book(), Row::Book(self.settings()), "book_id")?;
        draft.put(day_name(self.opened_on), Row::Mark(proto::Mark { position }));
        Ok(())
    }
}

/// Up to where an entity's books are closed.
pub fn periods_name(entity: &Entity) -> RowName {
    RowName::new("periods", entity.as_str())
}

/// What an entity has closed.
///
/// Errors: `Missing`.
pub fn periods(draft: &Draft<'_>, entity: &Entity) -> Result<proto::Periods, Stop> {
    Ok(match draft.row(&periods_name(entity))? {
        Some(Row::Periods(periods)) => periods,
        _ => proto::Periods::default(),
    })
}

/// The last day of a calendar year, which is a book year.
pub fn year_end(year: i32) -> Day {
    Day::from_ymd(year, 12, 31).unwrap_or(Day::MAX)
}

/// The year that an entity closes next: years close in order, from the book's first on.
pub fn next_year(periods: &proto::Periods, book: &proto::Book) -> i32 {
    match periods.closed_year {
        0 => Day::new(book.opened_on).ymd().0,
        year => year.saturating_add(1),
    }
}

/// The row that says with which record an entity's books closed through a day.
pub fn mark_name(entity: &Entity, through: Day) -> RowName {
    RowName::new(format!("periods/{entity}"), day_id(through))
}

/// Marks that an entity's books closed through a day with this record.
pub fn mark_closed(draft: &mut Draft<'_>, entity: &Entity, through: Day) {
    let position = draft.frame().position;
    draft.put(mark_name(entity, through), Row::Mark(proto::Mark { position }));
}

fn day_id(day: Day) -> String {
    format!("{:08}", day.get())
}

/// Checks that nothing can fall due any more through a day on which an entity's books close: what
/// the closing of a day posts belongs to that day. A KUBE whose book closes no days has none to wait
/// for.
///
/// Errors: `DAYS_NOT_CLOSED`.
pub fn check_days(
    draft: &Draft<'_>,
    entity: &Entity,
    through: Day,
    field: &str,
) -> Result<(), Stop> {
    let next = daily::last_closed(draft)?.next();
    let never = next.get() <= draft.book().opened_on;
    if next > through || (never && *entity != Entity::Lkm) {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::DaysNotClosed).on(field);
    Err(refusal.with("date", next).with("last", through).into())
}

/// Closes an entity's books up to and including a day.
#[derive(Clone, Debug)]
pub struct ClosePeriod {
    /// Whose.
    pub entity: Entity,
    /// The last closed day.
    pub through: Day,
    /// The number of the minute that decides it.
    pub minute: String,
}

impl Action for ClosePeriod {
    fn event(&self) -> Event {
        Event::PeriodClosed
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `PERIOD_NOT_CLOSABLE` when the period contains the business day or lies before the
    /// book, `PERIOD_CLOSED` when it is closed already, `YEAR_OUT_OF_ORDER` when it goes beyond
    /// the end of a year that is not closed, `DAYS_NOT_CLOSED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let today = draft.frame().business_day;
        if self.through >= today || self.through.get() < draft.book().opened_on {
            let refusal = Refusal::new(Reason::PeriodNotClosable).on("through");
            return Err(refusal.with("date", self.through).with("today", today).into());
        }
        let mut periods = periods(draft, &self.entity)?;
        let closed = Day::new(periods.closed_through);
        if closed >= self.through {
            let refusal = Refusal::new(Reason::PeriodClosed).on("through");
            return Err(refusal.with("date", closed).into());
        }
        let year = next_year(&periods, draft.book());
        if self.through > year_end(year) {
            let refusal = Refusal::new(Reason::YearOutOfOrder).on("through");
            return Err(refusal.with("expected", year).into());
        }
        check_days(draft, &self.entity, self.through, "through")?;
        periods.closed_through = self.through.get();
        periods.marks.push(self.through.get());
        periods.minute.clone_from(&self.minute);
        draft.put(periods_name(&self.entity), Row::Periods(periods));
        mark_closed(draft, &self.entity, self.through);
        Ok(())
    }
}

/// Opens an entity's books again after a day; a year that ended since is opened with them.
#[derive(Clone, Debug)]
pub struct ReopenPeriod {
    /// Whose.
    pub entity: Entity,
    /// The last day that stays closed; the day before the book's first for none.
    pub through: Day,
    /// The number of the minute that decides it.
    pub minute: String,
}

impl Action for ReopenPeriod {
    fn event(&self) -> Event {
        Event::PeriodReopened
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Reopening, &self.entity)))
    }

    /// Errors: `PERIOD_OPEN` when that is open already, `YEAR_OUT_OF_ORDER` when more than one
    /// year would be opened, `SURPLUS_DIVIDED` when the year's surplus has been.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut periods = periods(draft, &self.entity)?;
        let eve = Day::new(draft.book().opened_on - 1);
        let closed = Day::new(periods.closed_through);
        if self.through >= closed || self.through < eve {
            let refusal = Refusal::new(Reason::PeriodOpen).on("through");
            return Err(refusal.with("date", self.through).with("last", closed.max(eve)).into());
        }
        let year = periods.closed_year;
        if year != 0 && self.through < year_end(year) {
            if self.through < year_end(year - 1) && self.through != eve {
                let refusal = Refusal::new(Reason::YearOutOfOrder).on("through");
                return Err(refusal.with("expected", year).into());
            }
            year::reopen(draft, &self.entity, year)?;
            let first = Day::new(draft.book().opened_on).ymd().0;
            periods.closed_year = if year > first { year - 1 } else { 0 };
        }
        let position = draft.frame().position;
        let (kept, opened): (Vec<i32>, Vec<i32>) =
            periods.marks.iter().partition(|mark| **mark <= self.through.get());
        for day in opened {
            let name = RowName::new(format!("reopened/{}", self.entity), day_id(Day::new(day)));
            draft.put(name, Row::Mark(proto::Mark { position }));
        }
        periods.closed_through = if self.through == eve { 0 } else { self.through.get() };
        periods.marks = kept;
        periods.minute.clone_from(&self.minute);
        draft.put(periods_name(&self.entity), Row::Periods(periods));
        Ok(())
    }
}
