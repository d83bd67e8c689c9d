//! The book itself: opening it, its business days, and the periods of its entities.

use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, RowName};
use crate::domain::record::proto::{self, Regime, Zone};
use crate::domain::record::{Event, FORMAT_LEVEL, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The row that marks where a business day begins.
pub fn day_name(day: Day) -> RowName {
    RowName::new("days", format!("{:08}", day.get()))
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

/// Closes an entity's books up to and including a day.
#[derive(Clone, Debug)]
pub struct ClosePeriod {
    /// Whose.
    pub entity: Entity,
    /// The last closed day.
    pub through: Day,
}

impl Action for ClosePeriod {
    fn event(&self) -> Event {
        Event::PeriodClosed
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `PERIOD_NOT_CLOSABLE` when the period contains the business day or lies before the
    /// book, `PERIOD_CLOSED` when it is closed already.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let today = draft.frame().business_day;
        if self.through >= today || self.through.get() < draft.book().opened_on {
            let refusal = Refusal::new(Reason::PeriodNotClosable).on("through");
            return Err(refusal.with("date", self.through).with("today", today).into());
        }
        let name = RowName::new("periods", self.entity.as_str());
        if let Some(Row::Periods(periods)) = draft.row(&name)?
            && periods.closed_through >= self.through.get()
        {
            let closed = Day::new(periods.closed_through);
            return Err(Refusal::new(Reason::PeriodClosed)
                .on("through")
                .with("date", closed)
                .into());
        }
        let mark =
            RowName::new(format!("periods/{}", self.entity), format!("{:08}", self.through.get()));
        let position = draft.frame().position;
        draft.put(mark, Row::Mark(proto::Mark { position }));
        draft.put(name, Row::Periods(proto::Periods { closed_through: self.through.get() }));
        Ok(())
    }
}
