//! Who of the LKM's members is its officer: what is lent to them is counted by itself. A KUBE's
//! officers stand in its own row.
//!
//! **Invariant**: entries only grow, each with the position of its record.

use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::{InOffice, LkmOfficer};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The collection of the LKM's officers, past and present, by member.
pub const OFFICERS: &str = "lkm/officers";

/// Whether a member was an officer on a day, as known at a position.
pub fn in_office(row: &LkmOfficer, day: Day, known: u64) -> bool {
    let told = |entry: &&InOffice| entry.since <= day.get() && entry.position <= known;
    row.entries
        .iter()
        .filter(told)
        .max_by_key(|entry| (entry.since, entry.position))
        .is_some_and(|entry| entry.holds)
}

/// A member of the LKM is its officer from a day on, or no longer.
#[derive(Clone, Debug)]
pub struct NameOfficer {
    /// The member.
    pub member: Id,
    /// The first day.
    pub since: Day,
    /// Officer, or no longer.
    pub holds: bool,
}

impl Action for NameOfficer {
    fn event(&self) -> Event {
        Event::OfficerNamed
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `DATE_IN_FUTURE`, `OFFICE_TAKEN` for what is so already.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.not_future(self.since, "since")?;
        draft.member(&Entity::Lkm, &self.member, "member")?;
        let name = RowName::new(OFFICERS, self.member.as_str());
        let mut row = match draft.row(&name)? {
            Some(Row::LkmOfficer(row)) => row,
            _ => LkmOfficer::default(),
        };
        if in_office(&row, self.since, u64::MAX) == self.holds {
            let refusal = Refusal::new(Reason::OfficeTaken).on("member");
            return Err(refusal.with("member", &self.member).into());
        }
        let position = draft.frame().position;
        row.entries.push(InOffice { since: self.since.get(), holds: self.holds, position });
        draft.put(name, Row::LkmOfficer(row));
        Ok(())
    }
}
