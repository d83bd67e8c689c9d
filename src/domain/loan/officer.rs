//! Who of the LKM's members is its officer: what is lent to them, or put into their businesses, is
//! counted by itself. A KUBE's officers stand in its own row.
//!
//! What a regime allows of it by own capital is checked when such a loan is approved and paid out,
//! or such capital put in: all that the officers of that day have of the LKM then, by equity as the
//! books stand when it is decided.
//!
//! **Invariant**: entries only grow, each with the position of its record; whoever has a row is in
//! the list of them.

use rust_decimal::Decimal;

use crate::domain::account::{Control, Ledger};
use crate::domain::chart::{CHART, Class};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::case::{Borrower, Case, open_loans};
use crate::domain::loan::life::reckon;
use crate::domain::loan::syirkah::capital_left;
use crate::domain::money::Sen;
use crate::domain::record::proto::{BoundedFigure, Fund, InOffice, LkmOfficer, LkmOfficers};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::regime::{bound_on, exceed};
use crate::domain::year::is_result;

/// The collection of the LKM's officers, past and present, by member.
pub const OFFICERS: &str = "lkm/officers";

/// The row that lists them.
fn list_name() -> RowName {
    RowName::of(&Entity::Lkm, "registers", "officers")
}

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
        let mut members = listed(draft)?;
        if !members.iter().any(|one| one == self.member.as_str()) {
            members.push(self.member.to_string());
            draft.put(list_name(), Row::LkmOfficers(LkmOfficers { members }));
        }
        Ok(())
    }
}

fn listed(draft: &Draft<'_>) -> Result<Vec<String>, Stop> {
    Ok(match draft.row(&list_name())? {
        Some(Row::LkmOfficers(row)) => row.members,
        _ => Vec::new(),
    })
}

fn is_officer(draft: &Draft<'_>, member: &str) -> Result<bool, Stop> {
    let row = draft.row(&RowName::new(OFFICERS, member))?;
    let day = draft.frame().happened_on;
    Ok(matches!(row, Some(Row::LkmOfficer(row)) if in_office(&row, day, u64::MAX)))
}

/// Checks what the LKM's officers owe, with so much more of a loan, against what its regime allows.
///
/// Errors: `OFFICER_EXPOSURE` where that is refused, `OVERFLOW`.
pub fn check_exposure(draft: &mut Draft<'_>, case: &Case, more: Sen) -> Result<(), Stop> {
    match case.lender {
        Entity::Lkm => check_more(draft, &case.borrower()?, more, "loan"),
        Entity::Kube(_) => Ok(()),
    }
}

/// The same with so much more for one of them, as a field of a request says.
///
/// Errors: as [`check_exposure`].
pub fn check_more(
    draft: &mut Draft<'_>,
    to: &Borrower,
    more: Sen,
    field: &str,
) -> Result<(), Stop> {
    let Borrower::Member(member) = to else { return Ok(()) };
    if !is_officer(draft, member.as_str())? {
        return Ok(());
    }
    let day = draft.frame().happened_on;
    let Some(bound) = bound_on(draft, BoundedFigure::Officers, day)? else { return Ok(()) };
    let (owed, capital) = (owed_by_officers(draft)?.plus(more)?, own_capital(draft)?);
    let most = bound.most().unwrap_or_default() * Decimal::from(capital.get());
    if Decimal::from(owed.get()) * Decimal::ONE_HUNDRED <= most {
        return Ok(());
    }
    let why = Refusal::new(Reason::OfficerExposure).on(field);
    exceed(draft, &bound, why.with("asked", owed.get()).with("held", capital.get()))
}

/// What those who are officers on the day of a draft owe the LKM then.
fn owed_by_officers(draft: &Draft<'_>) -> Result<Sen, Stop> {
    let day = draft.frame().happened_on;
    let mut owed = Sen::ZERO;
    for member in listed(draft)? {
        let Some(id) = Id::new(&member) else { continue };
        if !is_officer(draft, &member)? {
            continue;
        }
        let officer = Borrower::Member(id);
        for loan in open_loans(draft, &Entity::Lkm, &officer)? {
            let case = Case::load(draft, &Entity::Lkm, &loan)?;
            owed = owed.plus(Sen::new(reckon(&case.row, day)?.sums()?.lent))?;
        }
        owed = owed.plus(capital_left(draft, &officer)?)?;
    }
    Ok(owed)
}

/// The LKM's equity over all its funds, the running result included, as the books stand.
fn own_capital(draft: &Draft<'_>) -> Result<Sen, Stop> {
    let funds = [Fund::SimpanPinjam, Fund::UsahaRiil, Fund::Kebajikan];
    let (mut capital, mut missing) = (Sen::ZERO, None);
    for ledger in funds.map(|fund| Ledger::new(Entity::Lkm, fund)) {
        for line in CHART.iter().filter(|line| line.code.belongs_to(&Entity::Lkm)) {
            if line.class != Class::Equity && !is_result(line.code) {
                continue;
            }
            match draft.total(&Control { ledger: ledger.clone(), code: line.code }) {
                Ok(total) => capital = capital.minus(total)?,
                // Go on to find out what else is missing.
                Err(stop) => missing = Some(stop),
            }
        }
    }
    missing.map_or(Ok(capital), Err)
}
