//! The end of a day: what falls due on it, and that it is closed.
//!
//! What falls due stands in the register `due`, named so that it sorts by day: whoever closes a day
//! reads on from where the last closing stopped and visits nothing else. Rows are made by what they
//! are about, in the same record.
//!
//! **Invariant**: days close in order, each once, and none while a teller's drawer is open.

use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::drawer;
use crate::domain::id::RowName;
use crate::domain::record::proto::{DayClosing, Due};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The register of what falls due.
pub const DUE: &str = "due";

/// The row that says which day was closed last.
pub fn closing_name() -> RowName {
    RowName::new("", "closing")
}

/// The last day that was closed; the day before the book's first if none was.
///
/// Errors: `Missing`.
pub fn last_closed(draft: &Draft<'_>) -> Result<Day, Stop> {
    Ok(match draft.row(&closing_name())? {
        Some(Row::DayClosing(row)) => Day::new(row.closed_through),
        _ => Day::new(draft.book().opened_on - 1),
    })
}

/// Closes a day: everything that fell due on it was done.
#[derive(Clone, Debug)]
pub struct CloseDay {
    /// The day after the last one closed.
    pub day: Day,
}

impl Action for CloseDay {
    fn event(&self) -> Event {
        Event::DayClosed
    }

    /// Errors: `DAY_OUT_OF_ORDER`, `DRAWERS_OPEN`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        // Asked for together, so that they are loaded in one round.
        let (last, open) = (last_closed(draft), draft.row(&drawer::open_name()));
        let expected = last?.next();
        if self.day != expected {
            let refusal = Refusal::new(Reason::DayOutOfOrder).on("through");
            return Err(refusal.with("date", expected).into());
        }
        drawer::check_closed(open?.as_ref(), self.day)?;
        let row = DayClosing { closed_through: self.day.get() };
        draft.put(closing_name(), Row::DayClosing(row));
        Ok(())
    }
}

/// The beginning of the names of what falls due on a day.
pub fn due_prefix(day: Day) -> String {
    format!("{:08}.", day.get())
}

/// Notes that a thing of a kind falls due on a day; on the first day that is not closed, if that
/// one is.
///
/// Errors: `Missing`.
pub fn note_due(draft: &mut Draft<'_>, day: Day, kind: &str, what: &str) -> Result<(), Stop> {
    let day = day.max(last_closed(draft)?.next());
    let name = RowName::new(DUE, format!("{}{kind}.{what}", due_prefix(day)));
    draft.put(name, Row::Due(Due { kind: kind.to_owned(), what: what.to_owned() }));
    Ok(())
}
