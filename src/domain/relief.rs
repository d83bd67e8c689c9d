//! Relief to members in trouble (catalogue event 17): asked for beforehand, and then measured by
//! the group's rule, or told of after it was paid, and then recorded whatever the rule says, with
//! a remark where it says otherwise.
//!
//! **Invariant**: the kind of trouble is health data. It is weighed here and stands in no record:
//! only a commitment to it does.

use crate::domain::cash::{Place, cash_out};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::iks::iks_ledger;
use crate::domain::iks_rule::{cap, rule_now};
use crate::domain::money::Sen;
use crate::domain::record::proto::{IksRule, Relief, ReliefKind};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};

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
}

/// The register of a group's relief: the row that a request makes.
pub fn relief_name(group: &Id, request: &RequestId) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "reliefs", request.as_str())
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
    /// `RELIEF_NOT_COVERED`, `RELIEF_ABOVE_CAP`, `QUORUM_NOT_MET`, and `FLOOR` beyond what the fund
    /// holds.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = iks_ledger(&self.group);
        let place = self.place.checked(draft, &ledger.entity, "place")?;
        draft.member(&ledger.entity, &self.member, "member")?;
        draft.about(&ledger.entity, "members", &self.member);
        let consents = self.consents(draft)?;
        self.weigh(draft, consents)?;
        let row = Relief {
            member: self.member.to_string(),
            amount: self.amount.get(),
            paid_on: draft.frame().happened_on.get(),
            kind: self.case.sealed_kind.clone(),
            consents,
            asked: self.case.asked,
            reversed: false,
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

    /// Refuses, or remarks on, what the group's rule does not allow.
    fn weigh(&self, draft: &mut Draft<'_>, consents: u32) -> Result<(), Stop> {
        let rule = rule_now(draft, &self.group)?;
        let breaches = self.breaches(rule.as_ref(), consents);
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

    fn breaches(&self, rule: Option<&IksRule>, consents: u32) -> Vec<Refusal> {
        let Some(rule) = rule else {
            return vec![Refusal::new(Reason::RuleNotSet).on("member")];
        };
        let mut breaches = Vec::new();
        match cap(rule, self.case.kind) {
            None => breaches.push(Refusal::new(Reason::ReliefNotCovered).on("kind")),
            Some(cap) if self.amount > cap => {
                let refusal = Refusal::new(Reason::ReliefAboveCap).on("amount");
                let refusal = refusal.with("cap", cap.get());
                breaches.push(refusal.with("asked", self.amount.get()));
            }
            Some(_) => {}
        }
        if consents < rule.quorum {
            let refusal = Refusal::new(Reason::QuorumNotMet).on("consents");
            breaches.push(refusal.with("quorum", rule.quorum).with("count", consents));
        }
        breaches
    }
}

/// Marks the relief of a record as taken back.
pub fn undo(draft: &mut Draft<'_>, effect: &Effect) {
    for (name, row) in &effect.rows {
        if let Row::Relief(relief) = row {
            let reversed = Relief { reversed: true, ..relief.clone() };
            draft.put(name.clone(), Row::Relief(reversed));
        }
    }
}
