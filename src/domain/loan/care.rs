//! Who at the lender looks after a loan, and what was talked about with its borrower.
//!
//! **Invariant**: both only grow. Each entry carries the position of its record, so that what was
//! known earlier can be told from what was said since.

use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::case::Case;
use crate::domain::record::proto::{Loan, LoanCare, LoanContact, LoanContacts};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::Reason;

/// The most entries of one loan: with them its row stays well below what a record can hold.
const MOST: usize = 300;

/// The talks with a borrower about a loan.
pub fn contacts_name(lender: &Entity, loan: &Id) -> RowName {
    RowName::of(lender, "loan-contacts", loan.as_str())
}

/// Who looked after a loan on a day, as known at a position; empty for nobody.
pub fn officer_of(loan: &Loan, day: Day, known: u64) -> &str {
    let began = |care: &&LoanCare| care.since <= day.get() && care.position <= known;
    loan.carers.iter().rev().find(began).map_or("", |care| care.officer.as_str())
}

/// The last talk up to a day, as known at a position.
pub fn last_contact(row: &LoanContacts, day: Day, known: u64) -> Option<&LoanContact> {
    let told = |talk: &&LoanContact| talk.on <= day.get() && talk.position <= known;
    row.contacts.iter().filter(told).max_by_key(|talk| (talk.on, talk.position))
}

/// Somebody spoke with a borrower about a loan, on the day of the request.
#[derive(Clone, Debug)]
pub struct RecordContact {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Commitment to who was spoken with, and by whom.
    pub who: Vec<u8>,
    /// Commitment to what was said, empty if nothing was noted.
    pub note: Vec<u8>,
}

impl Action for RecordContact {
    fn event(&self) -> Event {
        Event::LoanContacted
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN` for a day before it was paid out, `LOAN_FULL`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let case = Case::load(draft, &self.lender, &self.loan)?;
        let on = draft.frame().happened_on.get();
        if case.facts().next().is_none_or(|fact| fact.on > on) {
            return Err(case.refuse(Reason::LoanNotOpen).into());
        }
        let name = contacts_name(&self.lender, &self.loan);
        let mut row = match draft.row(&name)? {
            Some(Row::LoanContacts(row)) => row,
            _ => LoanContacts::default(),
        };
        if row.contacts.len() >= MOST {
            return Err(case.refuse(Reason::LoanFull).into());
        }
        let (who, note) = (self.who.clone(), self.note.clone());
        row.contacts.push(LoanContact { on, who, note, position: draft.frame().position });
        draft.put(name, Row::LoanContacts(row));
        Ok(())
    }
}

/// Somebody at the lender looks after a loan from the day of the request on.
#[derive(Clone, Debug)]
pub struct AssignLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// The loan officer; nobody if none.
    pub officer: Option<Id>,
}

impl Action for AssignLoan {
    fn event(&self) -> Event {
        Event::LoanAssigned
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `LOAN_FULL`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.lender, &self.loan)?;
        if case.row.carers.len() >= MOST {
            return Err(case.refuse(Reason::LoanFull).into());
        }
        case.row.carers.push(LoanCare {
            officer: self.officer.as_ref().map(Id::to_string).unwrap_or_default(),
            since: draft.frame().happened_on.get(),
            position: draft.frame().position,
        });
        // Told late, it stands among those of its day.
        case.row.carers.sort_by_key(|care| (care.since, care.position));
        case.put(draft);
        Ok(())
    }
}
