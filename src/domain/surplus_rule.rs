//! An entity's own rule for dividing its surplus (SHU): who gets what part, and what the members'
//! part is divided by. There is no built-in default. The annual meeting decides, so the rule that
//! holds on the day of the division counts, whatever year the surplus is of.
//!
//! **Rounding** (named *cumulative share*, see [`cumulative_share`]): parts are differences of
//! rounded cumulative sums, so that they add up to the whole to the sen.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Version, in_force};
use crate::domain::id::{Entity, RowName};
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::record::proto::{MemberMeasure, SurplusRule, SurplusRules, SurplusUse};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// A hundred percent, in thousandths of a percent.
const WHOLE: i64 = 100_000;

/// The row that holds an entity's rules.
pub fn rules_name(entity: &Entity) -> RowName {
    RowName::of(entity, "rules", "surplus")
}

impl Version for SurplusRule {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// Sets the rule that holds from a day on.
#[derive(Clone, Debug)]
pub struct SetSurplusRule {
    /// Whose.
    pub entity: Entity,
    /// The rule, well-formed: parts and weights each come to a hundred percent.
    pub rule: SurplusRule,
}

impl Action for SetSurplusRule {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Rules, &self.entity)))
    }

    /// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut rules = rules(draft, &self.entity)?;
        effective::add(draft, &self.entity, &mut rules.rules, self.rule.clone(), "since")?;
        draft.put(rules_name(&self.entity), Row::SurplusRules(rules));
        Ok(())
    }
}

fn rules(draft: &Draft<'_>, entity: &Entity) -> Result<SurplusRules, Stop> {
    Ok(match draft.row(&rules_name(entity))? {
        Some(Row::SurplusRules(rules)) => rules,
        _ => SurplusRules::default(),
    })
}

/// The rule of an entity that holds on a day. Errors: `RULE_NOT_SET`.
pub fn rule_on(draft: &Draft<'_>, entity: &Entity, day: Day) -> Result<SurplusRule, Stop> {
    let rules = rules(draft, entity)?;
    let rule = in_force(&rules.rules, day).cloned();
    rule.ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("year").into())
}

/// The parts of a sum by percentages that come to a hundred, cumulatively rounded.
///
/// Errors: `RULE_NOT_SET` for percentages that are none, `OVERFLOW`.
fn by_percent<'a>(
    sum: Sen,
    percents: impl Iterator<Item = &'a String>,
) -> Result<Vec<Sen>, Refusal> {
    let milli = |percent: &String| {
        let percent = percent.parse::<Decimal>().ok();
        percent.and_then(|percent| (percent * Decimal::ONE_THOUSAND).to_i64())
    };
    let milli = percents.map(|percent| milli(percent).ok_or(Reason::RuleNotSet));
    let milli = milli.collect::<Result<Vec<i64>, Reason>>().map_err(Refusal::new)?;
    by_measure(sum, &milli, WHOLE)
}

/// The parts of a sum by a measure whose total is `whole`, cumulatively rounded.
fn by_measure(sum: Sen, measure: &[i64], whole: i64) -> Result<Vec<Sen>, Refusal> {
    let (mut before, mut reached) = (Sen::ZERO, 0_i64);
    let mut parts = Vec::with_capacity(measure.len());
    for part in measure {
        reached = reached.checked_add(*part).ok_or_else(|| Refusal::new(Reason::Overflow))?;
        let until = cumulative_share(sum, reached, whole)?;
        parts.push(until.minus(before)?);
        before = until;
    }
    Ok(parts)
}

/// What a rule makes of a surplus, use by use.
///
/// Errors: `OVERFLOW`, `RULE_NOT_SET` for a rule that says nothing.
pub fn uses(rule: &SurplusRule, surplus: Sen) -> Result<Vec<(SurplusUse, Sen)>, Refusal> {
    let amounts = by_percent(surplus, rule.parts.iter().map(|part| &part.percent))?;
    Ok(rule.parts.iter().map(|part| part.r#use()).zip(amounts).collect())
}

/// What the members' part is divided by, for one of those who share in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Whether they count where each gets the same.
    pub counts: bool,
    /// Sen saved at the end of the year, nothing if negative.
    pub savings: Sen,
    /// Sen of jasa, murabahah margin and profit shares paid in the year, nothing if negative: what
    /// was paid, not what was recognised.
    pub interest: Sen,
}

impl Basis {
    /// What is measured, never less than nothing.
    pub fn measured(&self, measure: MemberMeasure) -> i64 {
        match measure {
            MemberMeasure::Unspecified => 0,
            MemberMeasure::Equal => i64::from(self.counts),
            MemberMeasure::Savings => self.savings.get().max(0),
            MemberMeasure::Interest => self.interest.get().max(0),
        }
    }
}

/// The sum of a measure. Errors: `OVERFLOW`.
pub fn total(bases: &[Basis], measure: MemberMeasure) -> Result<i64, Refusal> {
    let measured = bases.iter().map(|basis| basis.measured(measure));
    measured.map(Sen::new).try_fold(Sen::ZERO, Sen::plus).map(Sen::get)
}

/// What each gets of the members' part, in order.
///
/// Errors: `NO_BASIS` when nobody has any of what the rule divides by, `RULE_NOT_SET` where it
/// divides by nothing, `OVERFLOW`.
pub fn shares(rule: &SurplusRule, part: Sen, bases: &[Basis]) -> Result<Vec<Sen>, Refusal> {
    let mut shares = vec![Sen::ZERO; bases.len()];
    if part.is_zero() {
        return Ok(shares);
    }
    if rule.weights.is_empty() {
        return Err(Refusal::new(Reason::RuleNotSet).on("year"));
    }
    let amounts = by_percent(part, rule.weights.iter().map(|weight| &weight.percent))?;
    for (weight, amount) in rule.weights.iter().zip(amounts) {
        let whole = total(bases, weight.measure())?;
        if whole == 0 {
            return Err(Refusal::new(Reason::NoBasis).on("year"));
        }
        let measured: Vec<i64> =
            bases.iter().map(|basis| basis.measured(weight.measure())).collect();
        for (share, more) in shares.iter_mut().zip(by_measure(amount, &measured, whole)?) {
            *share = share.plus(more)?;
        }
    }
    Ok(shares)
}
