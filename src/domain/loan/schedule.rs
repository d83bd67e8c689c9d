//! The schedule: principal and jasa of each instalment, by the rules that
//! [`terms`](crate::domain::loan::terms) explains.
//!
//! **Invariants**: no part of an instalment is negative; principal sums to what was lent.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::day::Day;
use crate::domain::loan::calendar::{Calendar, Span};
use crate::domain::loan::rate::{Percent, overflow, rounded_up};
use crate::domain::loan::terms::Terms;
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::record::proto::{LoanContract, LoanMethod};
use crate::domain::refusal::Refusal;

/// One instalment. Those in which nothing falls due are kept, for the jasa that is earned in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// Its number in the plan, from 1.
    pub number: u32,
    /// The day from which its jasa is earned.
    pub from: Day,
    /// The day it falls due.
    pub due_on: Day,
    /// Principal that falls due.
    pub principal: Sen,
    /// Jasa that falls due.
    pub interest: Sen,
    /// Jasa that is earned from `from` to `due_on`.
    pub earned: Sen,
}

/// The instalments of an amount.
///
/// Errors: `OVERFLOW`.
pub fn instalments(
    terms: &Terms,
    amount: Sen,
    calendar: &Calendar,
) -> Result<Vec<Instalment>, Refusal> {
    let mut maker = Maker::new(terms, amount, calendar);
    calendar.spans.iter().enumerate().map(|(at, span)| maker.next(at, span)).collect()
}

/// Makes one instalment after another.
struct Maker<'a> {
    terms: &'a Terms,
    calendar: &'a Calendar,
    amount: Sen,
    /// Instalments without principal, and those without jasa, in this calendar.
    grace: (usize, usize),
    deferred: bool,
    outstanding: Sen,
    /// The bases of jasa so far, each times its weight.
    bases: i128,
    /// Jasa earned so far, and how much of it has not fallen due.
    earned: Sen,
    carried: Sen,
    /// The equal instalment, in millionths of a sen.
    annuity: i128,
}

/// Millionths of a sen: an annuity is taken to this precision before it is rounded up, so that one
/// that is a whole number of sen stays one.
const MILLIONTHS: u32 = 6;

impl<'a> Maker<'a> {
    fn new(terms: &'a Terms, amount: Sen, calendar: &'a Calendar) -> Maker<'a> {
        let last = calendar.spans.len().saturating_sub(1);
        // Money paid out later finds a part of the grace gone.
        let gone = calendar.spans.first().map_or(0, |span| span.number.saturating_sub(1));
        let gone = usize::try_from(gone).unwrap_or(usize::MAX);
        let left = |grace: usize| grace.saturating_sub(gone).min(last);
        let grace = match terms.method {
            LoanMethod::Musiman => (last, last),
            LoanMethod::MusimanJasaBerkala => (last, left(terms.interest_grace)),
            _ => (left(terms.principal_grace), left(terms.interest_grace)),
        };
        Maker {
            terms,
            calendar,
            amount,
            grace,
            deferred: terms.deferred || terms.method == LoanMethod::Musiman,
            outstanding: amount,
            bases: 0,
            earned: Sen::ZERO,
            carried: Sen::ZERO,
            annuity: 0,
        }
    }

    fn next(&mut self, at: usize, span: &Span) -> Result<Instalment, Refusal> {
        let earned = self.earn(at, span)?;
        let interest = self.due(at, earned)?;
        let total = self.total(at, earned, interest)?;
        let principal = match at + 1 == self.calendar.spans.len() {
            true => self.outstanding,
            false => total.minus(interest)?.clamp(Sen::ZERO, self.outstanding),
        };
        self.outstanding = self.outstanding.minus(principal)?;
        let Span { number, from, due_on, .. } = *span;
        Ok(Instalment { number, from, due_on, principal, interest, earned })
    }

    fn earn(&mut self, at: usize, span: &Span) -> Result<Sen, Refusal> {
        if self.terms.contract == LoanContract::Murabahah {
            return self.margin(at);
        }
        let base = match self.is_free(at) {
            true => Sen::ZERO,
            false if self.terms.is_on_outstanding() => self.outstanding,
            false => self.amount,
        };
        let base = i128::from(base.get()).checked_mul(span.weight);
        let bases = base.and_then(|base| self.bases.checked_add(base));
        self.bases = bases.ok_or_else(overflow)?;
        let before = self.earned;
        self.earned = self.terms.rate.of(self.bases, self.calendar.parts)?;
        self.earned.minus(before)
    }

    /// An equal part of the margin, rounded cumulatively.
    fn margin(&mut self, at: usize) -> Result<Sen, Refusal> {
        let count = |spans: usize| i64::try_from(spans).map_err(|_| overflow());
        let (part, whole) = (count(at + 1)?, count(self.calendar.spans.len())?);
        let before = self.earned;
        self.earned = cumulative_share(self.terms.margin, part, whole)?;
        self.earned.minus(before)
    }

    /// Whether an instalment bears no jasa at all.
    const fn is_free(&self, at: usize) -> bool {
        at < self.grace.1 && !self.deferred
    }

    fn due(&mut self, at: usize, earned: Sen) -> Result<Sen, Refusal> {
        self.carried = self.carried.plus(earned)?;
        if at < self.grace.1 {
            return Ok(Sen::ZERO);
        }
        Ok(std::mem::take(&mut self.carried))
    }

    /// The instalment, rounded up.
    fn total(&mut self, at: usize, earned: Sen, interest: Sen) -> Result<Sen, Refusal> {
        let unit = self.terms.unit;
        let sen = |amount: Sen| i128::from(amount.get());
        if at < self.grace.0 || self.terms.is_seasonal() {
            return rounded_up(sen(interest), 1, unit);
        }
        if self.terms.method == LoanMethod::Anuitas {
            if at == self.grace.0 {
                self.annuity = self.annuity_from(at)?;
            }
            let million = 10_i128.pow(MILLIONTHS);
            let on_top = sen(interest) - sen(earned);
            // Where a long period's jasa exceeds it, the instalment is that jasa.
            let equal = (self.annuity + on_top * million).max(sen(interest) * million);
            return rounded_up(equal, million, unit);
        }
        let count = i128::try_from(self.calendar.spans.len() - self.grace.0).unwrap_or(i128::MAX);
        let above =
            sen(interest).checked_mul(count).and_then(|jasa| jasa.checked_add(sen(self.amount)));
        rounded_up(above.ok_or_else(overflow)?, count, unit)
    }

    /// The equal instalment that pays what is outstanding over the spans from `at` on.
    fn annuity_from(&self, at: usize) -> Result<i128, Refusal> {
        let weights = (at..).zip(&self.calendar.spans[at..]);
        let weights = weights.map(|(at, span)| if self.is_free(at) { 0 } else { span.weight });
        let annuity = annuity(self.outstanding, self.terms.rate, weights, self.calendar.parts)?;
        let annuity =
            annuity.round_dp_with_strategy(MILLIONTHS, RoundingStrategy::MidpointAwayFromZero);
        let missing = 10_i128.pow(MILLIONTHS - annuity.scale().min(MILLIONTHS));
        annuity.mantissa().checked_mul(missing).ok_or_else(overflow)
    }
}

/// The equal instalment, in sen and not rounded, that pays an amount over periods of these weights:
/// the amount divided by the sum of the discount factors of the due days.
///
/// Errors: `OVERFLOW`.
pub fn annuity(
    amount: Sen,
    rate: Percent,
    weights: impl Iterator<Item = i128>,
    parts: i128,
) -> Result<Decimal, Refusal> {
    let parts = Decimal::try_from_i128_with_scale(parts, 0).map_err(|_| overflow())?;
    let mut factor = Decimal::ONE;
    let mut sum = Decimal::ZERO;
    for weight in weights {
        let weight = Decimal::try_from_i128_with_scale(weight, 0).map_err(|_| overflow())?;
        let growth = rate.fraction().checked_mul(weight).and_then(|jasa| jasa.checked_div(parts));
        let growth = growth.and_then(|jasa| jasa.checked_add(Decimal::ONE));
        let next = growth.and_then(|growth| factor.checked_div(growth));
        factor = next.ok_or_else(overflow)?;
        sum = sum.checked_add(factor).ok_or_else(overflow)?;
    }
    Decimal::from(amount.get()).checked_div(sum).ok_or_else(overflow)
}
