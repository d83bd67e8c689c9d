//! Relief to members in trouble (catalogue event 17): asked for beforehand, and then measured by
//! the group's rule, or told of after it was paid, and then recorded whatever the rule says, with
//! a remark where it says otherwise.
//!
//! **Invariants**: the kind of trouble is health data. It is weighed here and stands in no record:
//! only a commitment to it does. The rule's cap is for a case: payments that name the same case are
//! weighed together, and one that names none is a case of its own.

use crate::domain::cash::{Place, cash_out};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::iks::iks_ledger;
use crate::domain::iks_rule::{cap, rule_now};
use crate::domain::money::Sen;
use crate::domain::record::proto::{IksRule, Relief, ReliefCase, ReliefKind};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The collection of a group's cases of relief.
pub const CASES: &str = "relief-cases";

/// Relief to a member. Its reason is personal data and stands in the request's free text.
#[derive(Clone, Debug)]
pub struct PayRelief {
    /// Which KUBE.
    pub group: Id,
    /// The member who is helped.
    pub member: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from.
    pub place: Place,
    /// What the rule is asked about it.
    pub case: Case,
}

/// What a rule weighs.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Asked for before it is paid; otherwise it has been paid.
    pub asked: bool,
    /// The kind of trouble, if it was said.
    pub kind: Option<ReliefKind>,
    /// Commitment to the kind, empty if none was said.
    pub sealed_kind: Vec<u8>,
    /// How many members consent.
    pub consents: u32,
    /// The meeting whose attendance counts as consent.
    pub meeting: Option<RowName>,
    /// The case it belongs to, chosen by the client; none for a case of its own.
    pub named: Option<Id>,
}

/// The register of a group's relief: the row that a request makes.
pub fn relief_name(group: &Id, request: &RequestId) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "reliefs", request.as_str())
}

/// What was paid for a case of a group.
pub fn case_name(group: &Id, case: &str) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), CASES, case)
}

impl Action for PayRelief {
    fn event(&self) -> Event {
        Event::ReliefPaid
    }

    fn mode(&self) -> Mode {
        if self.case.asked { Mode::Request } else { Mode::Report }
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_out(&iks_ledger(&self.group), &self.place, self.amount)
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`; when asked also `RULE_NOT_SET`,
    /// `RELIEF_NOT_COVERED`, `RELIEF_ABOVE_CAP`, `RELIEF_CASE_OF_OTHER`, `QUORUM_NOT_MET`, and
    /// `FLOOR` beyond what the fund holds.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = iks_ledger(&self.group);
        let place = self.place.checked(draft, &ledger.entity, "place")?;
        draft.member(&ledger.entity, &self.member, "member")?;
        draft.about(&ledger.entity, "members", &self.member);
        let consents = self.consents(draft)?;
        let paid = self.paid_before(draft)?;
        self.weigh(draft, consents, paid.as_ref())?;
        self.add_to_case(draft, paid)?;
        let row = Relief {
            member: self.member.to_string(),
            amount: self.amount.get(),
            paid_on: draft.frame().happened_on.get(),
            kind: self.case.sealed_kind.clone(),
            consents,
            asked: self.case.asked,
            reversed: false,
            case: self.case.named.as_ref().map(Id::to_string).unwrap_or_default(),
        };
        let name = relief_name(&self.group, &draft.frame().request);
        draft.put(name, Row::Relief(row));
        draft.transfer(&ledger, Code::SolidarityFund, place, self.amount)
    }
}

impl PayRelief {
    /// How many members consent: those counted, or those at the meeting where they are more.
    fn consents(&self, draft: &Draft<'_>) -> Result<u32, Stop> {
        let Some(name) = &self.case.meeting else {
            return Ok(self.case.consents);
        };
        let present = match draft.require(name, "meeting")? {
            Row::Meeting(meeting) => u32::try_from(meeting.attendees.len()).unwrap_or(u32::MAX),
            _ => 0,
        };
        Ok(self.case.consents.max(present))
    }

    /// What was paid for the same case before.
    fn paid_before(&self, draft: &Draft<'_>) -> Result<Option<ReliefCase>, Stop> {
        let Some(case) = &self.case.named else { return Ok(None) };
        match draft.row(&case_name(&self.group, case.as_str()))? {
            Some(Row::ReliefCase(row)) => Ok(Some(row)),
            _ => Ok(None),
        }
    }

    /// The case is the first helped member's, whoever is helped by it later.
    fn add_to_case(&self, draft: &mut Draft<'_>, before: Option<ReliefCase>) -> Result<(), Stop> {
        let Some(case) = &self.case.named else { return Ok(()) };
        let mut row = before.unwrap_or_else(|| ReliefCase {
            member: self.member.to_string(),
            ..ReliefCase::default()
        });
        row.paid = Sen::new(row.paid).plus(self.amount)?.get();
        row.last_paid_on = row.last_paid_on.max(draft.frame().happened_on.get());
        draft.put(case_name(&self.group, case.as_str()), Row::ReliefCase(row));
        Ok(())
    }

    /// Refuses, or remarks on, what the group's rule does not allow.
    fn weigh(
        &self,
        draft: &mut Draft<'_>,
        consents: u32,
        before: Option<&ReliefCase>,
    ) -> Result<(), Stop> {
        let rule = rule_now(draft, &self.group)?;
        let mut breaches = self.breaches(rule.as_ref(), consents, before)?;
        if let Some(before) = before.filter(|case| case.member != self.member.as_str()) {
            let refusal = Refusal::new(Reason::ReliefCaseOfOther).on("case");
            breaches.push(refusal.with("member", &before.member));
        }
        if !self.case.asked {
            breaches.into_iter().for_each(|breach| draft.flag(breach));
            return Ok(());
        }
        if let Some(breach) = breaches.into_iter().next() {
            return Err(breach.into());
        }
        let fund = iks_ledger(&self.group).account(Code::SolidarityFund);
        let held = draft.held(&fund)?;
        if self.amount > held {
            let refusal = Refusal::new(Reason::Floor).on("amount").with("account", fund);
            let refusal = refusal.with("held", held.get());
            return Err(refusal.with("asked", self.amount.get()).into());
        }
        Ok(())
    }

    /// Errors: `OVERFLOW`.
    fn breaches(
        &self,
        rule: Option<&IksRule>,
        consents: u32,
        before: Option<&ReliefCase>,
    ) -> Result<Vec<Refusal>, Refusal> {
        let Some(rule) = rule else {
            return Ok(vec![Refusal::new(Reason::RuleNotSet).on("member")]);
        };
        let paid = Sen::new(before.map_or(0, |case| case.paid));
        let mut breaches = Vec::new();
        match cap(rule, self.case.kind) {
            None => breaches.push(Refusal::new(Reason::ReliefNotCovered).on("kind")),
            Some(cap) if paid.plus(self.amount)? > cap => {
                let refusal = Refusal::new(Reason::ReliefAboveCap).on("amount");
                let refusal = refusal.with("cap", cap.get()).with("paid", paid.get());
                breaches.push(refusal.with("asked", self.amount.get()));
            }
            Some(_) => {}
        }
        if consents < rule.quorum {
            let refusal = Refusal::new(Reason::QuorumNotMet).on("consents");
            breaches.push(refusal.with("quorum", rule.quorum).with("count", consents));
        }
        Ok(breaches)
    }
}

/// Marks the relief of a record as taken back, and takes it off its case.
///
/// Errors: `OVERFLOW`.
pub fn undo(draft: &mut Draft<'_>, effect: &Effect) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        let Row::Relief(relief) = row else { continue };
        let reversed = Relief { reversed: true, ..relief.clone() };
        draft.put(name.clone(), Row::Relief(reversed));
        let group = name.parent.strip_suffix("/reliefs").filter(|_| !relief.case.is_empty());
        let Some(group) = group else { continue };
        let case = RowName::new(format!("{group}/{CASES}"), &relief.case);
        if let Some(Row::ReliefCase(mut row)) = draft.row(&case)? {
            row.paid = Sen::new(row.paid).minus(Sen::new(relief.amount))?.get();
            draft.put(case, Row::ReliefCase(row));
        }
    }
    Ok(())
}
