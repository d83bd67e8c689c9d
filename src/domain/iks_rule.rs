//! A group's own rule of its solidarity fund: dues, share of the result, relief with its caps, and
//! quorum. There is no built-in default: where nothing is set, the answer is "no rule has been
//! set".
//!
//! The rules of a group are versions in one row: see [`crate::domain::effective`].

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Version, in_force};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{DuesPeriod, IksRule, IksRules, ReliefKind};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The row that holds a group's rules.
pub fn rules_name(group: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "rules", "iks")
}

/// Sets the rule that holds from a day on. A rule that would have begun later, and has not begun,
/// gives way to it.
#[derive(Clone, Debug)]
pub struct SetIksRule {
    /// Which KUBE.
    pub group: Id,
    /// The rule, well-formed.
    pub rule: IksRule,
}

impl Action for SetIksRule {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let group = Entity::Kube(self.group.clone());
        Ok(Some(Matter::of(ApprovalKind::Rules, &group)))
    }

    /// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = rules_name(&self.group);
        let mut rules = rules(draft, &self.group)?;
        let entity = Entity::Kube(self.group.clone());
        effective::add(draft, &entity, &mut rules.rules, self.rule.clone(), "since")?;
        draft.put(name, Row::IksRules(rules));
        Ok(())
    }
}

fn rules(draft: &Draft<'_>, group: &Id) -> Result<IksRules, Stop> {
    Ok(match draft.row(&rules_name(group))? {
        Some(Row::IksRules(rules)) => rules,
        _ => IksRules::default(),
    })
}

impl Version for IksRule {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// The rule of a group that holds on the day of a draft.
/// Errors: `Missing` while the row is not loaded.
pub fn rule_now(draft: &Draft<'_>, group: &Id) -> Result<Option<IksRule>, Stop> {
    let rules = rules(draft, group)?;
    Ok(in_force(&rules.rules, draft.frame().happened_on).cloned())
}

/// The first and the last day of the period of dues that a day lies in.
pub fn period_of(period: DuesPeriod, day: Day) -> (Day, Day) {
    let (year, month, _) = day.ymd();
    let span = match period {
        DuesPeriod::Yearly => (Day::from_ymd(year, 1, 1), Day::from_ymd(year, 12, 31)),
        DuesPeriod::Monthly => {
            let last = (28..=31).rev().find_map(|last| Day::from_ymd(year, month, last));
            (Day::from_ymd(year, month, 1), last)
        }
        DuesPeriod::PerMeeting | DuesPeriod::Unspecified => (None, None),
    };
    (span.0.unwrap_or(day), span.1.unwrap_or(day))
}

/// The most that a rule allows for one case of a kind of trouble (sen); where the kind was not
/// said, for any kind. `None` where the rule has no relief for it.
pub fn cap(rule: &IksRule, kind: Option<ReliefKind>) -> Option<Sen> {
    let meant = |cap: &ReliefKind| kind.is_none_or(|kind| kind == *cap);
    let caps = rule.caps.iter().filter(|cap| meant(&cap.kind()));
    caps.map(|cap| Sen::new(cap.cap)).max()
}

/// The share of a result that a rule gives to the fund, rounded half up to a whole sen.
///
/// Errors: `RULE_NOT_SET` where the rule gives no share, `OVERFLOW`.
pub fn share_of_result(rule: &IksRule, result: Sen) -> Result<Sen, Refusal> {
    let not_set = |_| Refusal::new(Reason::RuleNotSet).on("result");
    let percent: Decimal = rule.result_share.parse().map_err(not_set)?;
    let share = Decimal::from(result.get()).checked_mul(percent / Decimal::ONE_HUNDRED);
    let share = share.map(|s| s.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero));
    let share = share.and_then(|share| share.to_i64());
    share.map(Sen::new).ok_or_else(|| Refusal::new(Reason::Overflow).on("result"))
}
