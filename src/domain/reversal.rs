//! Corrections (catalogue event 54): a reversal names its original and reason; both stay visible.
//!
//! **Invariants**: a reversal obeys floors, is never itself reversed, and takes back each line at
//! most once. What the original left in registers (lots, grants, dues, relief,
//! term deposits, shares of profit, arisan, ticks of a bank's statement, years) is taken back with it, or the
//! reversal is refused because something later builds on it.

use std::collections::BTreeSet;

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::arisan;
use crate::domain::bank;
use crate::domain::chart::Code;
use crate::domain::confirmation;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::dormancy;
use crate::domain::draft::{Draft, Stop};
use crate::domain::dues;
use crate::domain::guliran;
use crate::domain::id::{Entity, RequestId, RowName};
use crate::domain::loan;
use crate::domain::lot;
use crate::domain::moving;
use crate::domain::posting::Posting;
use crate::domain::record::{Effect, Entry, Event, Outcome, Row, proto};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::relief;
use crate::domain::review;
use crate::domain::savings_share;
use crate::domain::stake;
use crate::domain::standing;
use crate::domain::term;
use crate::domain::uep;
use crate::domain::year;

/// Takes back a transaction, or one line of it.
#[derive(Clone, Debug)]
pub struct Reverse {
    /// The transaction: the request that made it.
    pub transaction: RequestId,
    /// The line, 0 for all that is not yet taken back.
    pub line: u32,
}

/// The row that marks a transaction (line 0) or a line of it as taken back.
pub fn reversed_name(transaction: &RequestId, line: u32) -> RowName {
    match line {
        0 => RowName::new("reversed", transaction.as_str()),
        line => RowName::new(format!("reversed/{transaction}"), format!("{line:05}")),
    }
}

impl Action for Reverse {
    fn event(&self) -> Event {
        Event::Reversed
    }

    fn matter(&self, draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let record = draft.record_of(&self.transaction, "transaction")?;
        let made_on = Day::of_instant(record.recorded_at, draft.book().zone());
        let (amount, only) = draft.weight()?;
        let entity = only.unwrap_or(Entity::Lkm);
        let matter = Matter::above(ApprovalKind::Reversal, &entity, amount);
        let old = made_on.next() < draft.frame().today;
        // What was passed between two books changes sides, also on the word of a file alone.
        let between_books =
            |(_, row): &(RowName, Row)| matches!(row, Row::Transit(_) | Row::Transfer(_));
        let travelled = match &record.outcome {
            Outcome::Done(effect) => effect.rows.iter().any(between_books),
            Outcome::Refused(_) => false,
        };
        Ok(Some(if old || travelled { matter.always() } else { matter }))
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `NOT_FOUND`, `IS_REVERSAL`, `ALREADY_REVERSED`, `NOTHING_TO_REVERSE`,
    /// `REVERSAL_BLOCKED`, `RECEIPT_NOT_DISPUTED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let record = draft.record_of(&self.transaction, "transaction")?;
        let effect = match &record.outcome {
            Outcome::Done(_) if record.event == Event::Reversed => {
                return Err(self.refuse(Reason::IsReversal).into());
            }
            Outcome::Done(effect) => effect,
            Outcome::Refused(_) => return Err(self.refuse(Reason::NothingToReverse).into()),
        };
        let lines = self.open_lines(draft, effect)?;
        let open = |line: u32| lines.contains(&line);
        let entries: Vec<&Entry> = effect.entries.iter().filter(|entry| open(entry.line)).collect();
        let moved = effect.lot_moves.iter().any(|moved| open(moved.line));
        let alone = self.line == 0 && guliran::is_undone_alone(effect);
        if entries.is_empty() && !moved && !alone {
            return Err(self.refuse(Reason::NothingToReverse).into());
        }
        standing::check_reversal(draft, record.event, &entries)?;
        take_back_entries(draft, &self.transaction, &entries)?;
        lot::undo(draft, &effect.lot_moves, open)?;
        uep::undo(draft, &record, effect, open)?;
        guliran::undo(draft, &record, effect)?;
        dues::undo(draft, effect, &entries)?;
        relief::undo(draft, effect)?;
        arisan::undo(draft, &entries)?;
        stake::undo(draft, record.event, effect)?;
        term::undo(draft, record.event, effect)?;
        dormancy::undo(draft, effect, &entries)?;
        savings_share::undo(draft, effect, open)?;
        loan::case::undo(draft, &record, effect, open)?;
        loan::syirkah::undo(draft, record.position, effect)?;
        loan::outside::undo(draft, record.position, effect)?;
        bank::untick(draft, &record, effect, open)?;
        standing::undo(draft, &record, effect)?;
        moving::undo(draft, &record, effect)?;
        year::undo(draft, record.event, effect)?;
        review::undo(draft, &self.transaction, self.line)?;
        confirmation::undo(draft, effect, self.line)?;
        let by = proto::ReversedBy { request_id: draft.frame().request.to_string() };
        draft.put(reversed_name(&self.transaction, self.line), Row::ReversedBy(by));
        draft.set_reverses(self.transaction.clone(), self.line);
        Ok(())
    }
}

impl Reverse {
    fn refuse(&self, reason: Reason) -> Refusal {
        Refusal::new(reason).on("transaction").with("transaction", &self.transaction)
    }

    /// The lines that this takes back. Errors: `ALREADY_REVERSED`.
    fn open_lines(&self, draft: &Draft<'_>, effect: &Effect) -> Result<BTreeSet<u32>, Stop> {
        if draft.row(&reversed_name(&self.transaction, 0))?.is_some() {
            return Err(self.refuse(Reason::AlreadyReversed).into());
        }
        let moved = effect.lot_moves.iter().map(|moved| moved.line);
        let all = effect.entries.iter().map(|entry| entry.line).chain(moved);
        let mut lines: BTreeSet<u32> =
            all.filter(|line| self.line == 0 || *line == self.line).collect();
        let mut closed = BTreeSet::new();
        for line in lines.iter().filter(|line| **line != 0) {
            if draft.row(&reversed_name(&self.transaction, *line))?.is_some() {
                closed.insert(*line);
            }
        }
        lines.retain(|line| !closed.contains(line));
        if lines.is_empty() && !closed.is_empty() {
            return Err(self.refuse(Reason::AlreadyReversed).into());
        }
        Ok(lines)
    }
}

/// Posts the opposite of each ledger's entries, line by line.
fn take_back_entries(
    draft: &mut Draft<'_>,
    transaction: &RequestId,
    entries: &[&Entry],
) -> Result<(), Stop> {
    let group_of = |entry: &&Entry| (entry.line, entry.party.clone(), entry.account.ledger.clone());
    let groups: BTreeSet<(u32, String, Ledger)> = entries.iter().map(group_of).collect();
    for group in groups {
        let mut legs = Vec::new();
        for entry in entries.iter().filter(|entry| group_of(entry) == group) {
            let Account { code, subject, .. } = &entry.account;
            legs.push(((*code, subject.clone()).into(), entry.amount.negated()?));
        }
        let (line, party, ledger) = group;
        draft.at_line(line);
        draft.about_name(party);
        draft.post(&Posting::journal(&ledger, legs)?)?;
    }
    for entry in entries {
        check_waiting(draft, transaction, entry)?;
    }
    Ok(())
}

/// What was put in suspense and cleared since must be un-cleared first: an item never changes side.
fn check_waiting(draft: &Draft<'_>, transaction: &RequestId, entry: &Entry) -> Result<(), Stop> {
    let own = *entry.account.subject.as_str() == *Subject::item(transaction, entry.line).as_str();
    if entry.account.code != Code::Suspense || !own {
        return Ok(());
    }
    let waiting = draft.balance(&entry.account)?;
    if waiting.is_zero() || waiting.is_negative() == entry.amount.is_negative() {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::ReversalBlocked).on("transaction");
    Err(refusal.with("name", &entry.account).into())
}
