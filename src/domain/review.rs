//! What waits for a person because a report broke a rule, because a group disputes what was recorded
//! on its behalf, or because what it passed on to another book was sent back. Reports are never
//! refused for that: they are recorded, flagged, and listed here until somebody has looked at them.
//!
//! **Invariant**: one row for each record whose flags name a broken rule, or that was disputed or sent
//! back. Money that waits in suspense is listed there, and here only where a rule was broken too.

use std::collections::BTreeSet;

use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, RequestId, RowName};
use crate::domain::record::proto::Review;
use crate::domain::record::{Event, Flag, Row};
use crate::domain::refusal::{Class, Reason, Refusal};

/// The collection of a book's reports that wait, or waited, for a person.
pub const REVIEWS: &str = "reviews";

/// A report by the request that made it.
pub fn review_name(report: &RequestId) -> RowName {
    RowName::new(REVIEWS, report.as_str())
}

/// The row of a report with these flags; none where they break no rule.
pub(super) fn of<'f>(
    flags: impl Iterator<Item = &'f Flag>,
    entity: Option<Entity>,
    position: u64,
) -> Option<Row> {
    let reasons: BTreeSet<&str> = flags.filter_map(|flag| broken(&flag.remark)).collect();
    let row = Review {
        entity: entity.map(|entity| entity.as_str().to_owned()).unwrap_or_default(),
        position,
        reasons: reasons.iter().map(ToString::to_string).collect(),
        decided_by: String::new(),
    };
    (!reasons.is_empty()).then_some(Row::Review(row))
}

/// Whether a remark of this reason puts a report to review. Where no rule was set, none was broken.
pub fn is_for_review(reason: Reason) -> bool {
    match reason {
        Reason::RuleNotSet => false,
        Reason::ForReview | Reason::GrantOverspent => true,
        reason => reason.class() != Class::Remark,
    }
}

/// The rule that a remark says was broken.
fn broken(remark: &Refusal) -> Option<&str> {
    match remark.reason {
        Reason::ForReview => {
            let because = remark.details.iter().find(|(key, _)| key == "reason");
            because.map(|(_, reason)| reason.as_str())
        }
        reason => is_for_review(reason).then(|| reason.name()),
    }
}

/// Somebody has looked at a report; what came of it stands in the memo and on the paper.
#[derive(Clone, Debug)]
pub struct DecideReview {
    /// The report: the request that made it.
    pub report: RequestId,
}

impl Action for DecideReview {
    fn event(&self) -> Event {
        Event::ReviewDecided
    }

    /// Errors: `NOT_FOUND`, `REVIEW_DECIDED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = review_name(&self.report);
        let Row::Review(row) = draft.require(&name, "review")? else {
            return Err(not_found(&name, "review").into());
        };
        if !row.decided_by.is_empty() {
            let refusal = Refusal::new(Reason::ReviewDecided).on("review");
            return Err(refusal.with("review", &self.report).into());
        }
        decide(draft, name, row);
        Ok(())
    }
}

fn decide(draft: &mut Draft<'_>, name: RowName, row: Review) {
    let decided_by = draft.frame().request.to_string();
    draft.put(name, Row::Review(Review { decided_by, ..row }));
}

/// Somebody has to look at a record, at this position, for a reason that came later.
///
/// Errors: `Missing`.
pub(super) fn raise(
    draft: &mut Draft<'_>,
    reason: Reason,
    report: &RequestId,
    (entity, position): (&Entity, u64),
) -> Result<(), Stop> {
    let name = review_name(report);
    let mut row = match draft.row(&name)? {
        Some(Row::Review(row)) => row,
        _ => Review { entity: entity.as_str().to_owned(), position, ..Review::default() },
    };
    let reason = reason.name();
    if !row.reasons.iter().any(|known| known == reason) {
        row.reasons.push(reason.to_owned());
        row.reasons.sort_unstable();
    }
    row.decided_by.clear();
    draft.put(name, Row::Review(row));
    Ok(())
}

/// What was taken back as a whole needs nobody to look at it any more.
///
/// Errors: `Missing`.
pub fn undo(draft: &mut Draft<'_>, report: &RequestId, line: u32) -> Result<(), Stop> {
    let name = review_name(report);
    if let (0, Some(Row::Review(row))) = (line, draft.row(&name)?)
        && row.decided_by.is_empty()
    {
        decide(draft, name, row);
    }
    Ok(())
}
