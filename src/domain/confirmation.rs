//! What clerks of the LKM recorded on a group's behalf, and what the group says of it.
//!
//! A group's treasurer and its chair report into its ledger. A clerk of the LKM (manager,
//! bookkeeper, teller or collector) may do so on their behalf; the treasurer or the chair later
//! confirms or disputes it.
//!
//! **The rule**: a record that a clerk made after signing in waits for every group whose ledger it
//! posts into, or whose [registers of money](is_of_money) it writes. That holds for what has two
//! sides, too, such as savings brought to the LKM's counter: the group's side of it is for the group
//! to confirm. What a group of another book passes on is brought by the courier, or as a file by a
//! clerk: the receiver says whether it is there, whoever brought it. Nothing else waits of what the
//! ledger makes by itself (the day's closing), of what officers and facilitators record, and of what
//! comes in where nobody has to sign in.
//!
//! **Invariants**: neither answer moves money; one answer is given to each record, and never by the
//! clerk who made it. A dispute puts the record to [review]: somebody at the LKM takes it
//! back, or says why it stands. What was taken back as a whole waits no longer.

use std::collections::BTreeSet;

use crate::domain::access::Role;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Frame, Stop, not_found};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::record::proto::{Confirmation, ConfirmationState};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::review;
use crate::domain::transfer;

/// The collection of a group's records that wait, or waited, for its word.
pub const CONFIRMATIONS: &str = "confirmations";

/// A record by the request that made it, as a group is asked about it.
pub fn confirmation_name(group: &Id, report: &RequestId) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), CONFIRMATIONS, report.as_str())
}

/// Whether a role is that of somebody who records on behalf of groups.
const fn is_clerk(role: Role) -> bool {
    matches!(role, Role::Manager | Role::Bookkeeper | Role::Teller | Role::Collector)
}

/// Whether a row says what a group owns, owes, lends or has decided about its money.
const fn is_of_money(row: &Row) -> bool {
    matches!(
        row,
        Row::Arisan(_)
            | Row::Block(_)
            | Row::Grant(_)
            | Row::GuliranLoan(_)
            | Row::GuliranRules(_)
            | Row::IksRules(_)
            | Row::Keeping(_)
            | Row::Loan(_)
            | Row::LoanProduct(_)
            | Row::Lot(_)
            | Row::OutsideLoan(_)
            | Row::Pass(_)
            | Row::SavingsActivity(_)
            | Row::Spending(_)
            | Row::SurplusRules(_)
    )
}

/// The group whose register a row stands in.
fn group_of(name: &RowName) -> Option<Id> {
    let rest = name.parent.strip_prefix("groups/")?;
    Id::new(rest.split('/').next()?)
}

/// What waits of a record: a row for each group it was made on behalf of.
pub(super) fn waiting<'a>(
    event: Event,
    frame: &Frame,
    posted: impl Iterator<Item = &'a Entity>,
    rows: impl Iterator<Item = (&'a RowName, &'a Row)>,
) -> Vec<(RowName, Row)> {
    if !is_clerk(frame.author.role) && event != Event::GuliranReceived {
        return Vec::new();
    }
    let posted = posted.filter_map(|entity| match entity {
        Entity::Kube(group) => Some(group.clone()),
        Entity::Lkm => None,
    });
    let written = rows.filter(|(_, row)| is_of_money(row)).filter_map(|(name, _)| group_of(name));
    let groups: BTreeSet<Id> = posted.chain(written).collect();
    let row = |group: Id| {
        let row = Confirmation {
            position: frame.position,
            state: ConfirmationState::Waiting as i32,
            ..Confirmation::default()
        };
        (confirmation_name(&group, &frame.request), Row::Confirmation(row))
    };
    groups.into_iter().map(row).collect()
}

/// A group says of a record that was made on its behalf whether it is right.
#[derive(Clone, Debug)]
pub struct AnswerReport {
    /// The group.
    pub group: Id,
    /// The record: the request that made it.
    pub report: RequestId,
    /// Commitment to what is wrong with it; none where it is right.
    pub dispute: Option<Vec<u8>>,
}

impl Action for AnswerReport {
    fn event(&self) -> Event {
        match self.dispute {
            None => Event::ReportConfirmed,
            Some(_) => Event::ReportDisputed,
        }
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `CONFIRMATION_DECIDED`, `OWN_REPORT`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = confirmation_name(&self.group, &self.report);
        let Row::Confirmation(mut row) = draft.require(&name, "confirmation")? else {
            return Err(not_found(&name, "confirmation").into());
        };
        if row.state() != ConfirmationState::Waiting {
            return Err(self.refuse(Reason::ConfirmationDecided).into());
        }
        let record = draft.record_of(&self.report, "confirmation")?;
        if record.author.actor == draft.frame().author.actor {
            return Err(self.refuse(Reason::OwnReport).into());
        }
        row.decided_by = draft.frame().request.to_string();
        row.set_state(ConfirmationState::Confirmed);
        if let Some(reason) = &self.dispute {
            row.set_state(ConfirmationState::Disputed);
            row.reason.clone_from(reason);
            let entity = Entity::Kube(self.group.clone());
            let at = (&entity, row.position);
            review::raise(draft, Reason::Disputed, &self.report, at)?;
        }
        transfer::answer(draft, &record, self.dispute.is_none())?;
        draft.put(name, Row::Confirmation(row));
        Ok(())
    }
}

impl AnswerReport {
    fn refuse(&self, reason: Reason) -> Refusal {
        Refusal::new(reason).on("confirmation").with("report", &self.report)
    }
}

/// What was taken back as a whole needs nobody's word any more.
///
/// Errors: `Missing`.
pub(super) fn undo(draft: &mut Draft<'_>, effect: &Effect, line: u32) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        if let (0, Row::Confirmation(_), Some(Row::Confirmation(mut row))) =
            (line, row, draft.row(name)?)
            && row.state() != ConfirmationState::Confirmed
        {
            row.set_state(ConfirmationState::TakenBack);
            row.decided_by = draft.frame().request.to_string();
            draft.put(name.clone(), Row::Confirmation(row));
        }
    }
    Ok(())
}
