//! Interest on savings, as arithmetic: what a product's versions make of the balances of a span.
//!
//! **Exactness**: interest is counted in whole parts of a sen, [`PARTS`] of them to the sen, a
//! number that every month's day count divides; nothing is rounded before the end. **Rounding**
//! (named *cumulative interest*): the sum since the span began, half up to a whole sen; what is
//! posted are differences of such sums, so that nothing drifts.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::day::Day;
use crate::domain::effective::{Version, in_force};
use crate::domain::iks_rule::period_of;
use crate::domain::money::Sen;
use crate::domain::record::proto::{DuesPeriod, SavingsDayCount, SavingsMethod, SavingsProduct};
use crate::domain::refusal::{Reason, Refusal};

/// Parts of a sen: the rate counts in millionths (four decimals of a percent), a day in parts of a
/// year of 360 or 365 days or of a twelfth of 28 to 31 days.
const PARTS: i128 = 1_000_000 * DAYS;
/// The least common multiple of 360, 365 and 12 x 28, 29, 30 and 31.
const DAYS: i128 = 330_760_080;

impl Version for SavingsProduct {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// An account's balances: what it held from each day on, oldest first, in sen.
pub type Balances = [(Day, Sen)];

/// The interest of the whole months from a month's first day on through a day; none for months
/// in which no version holds.
///
/// Errors: `OVERFLOW`, `RULE_NOT_SET` for a version that cannot be counted by.
pub fn cumulative(
    versions: &[SavingsProduct],
    balances: &Balances,
    from: Day,
    through: Day,
) -> Result<Sen, Refusal> {
    let mut parts: i128 = 0;
    let mut month = period_of(DuesPeriod::Monthly, from);
    while month.1 <= through {
        let more = of_month(versions, balances, month)?;
        parts = parts.checked_add(more).ok_or_else(overflow)?;
        month = period_of(DuesPeriod::Monthly, month.1.next());
    }
    rounded(parts)
}

fn rounded(parts: i128) -> Result<Sen, Refusal> {
    let twice = parts.checked_mul(2).and_then(|twice| twice.checked_add(PARTS));
    let rounded = twice.ok_or_else(overflow)?.div_euclid(2 * PARTS);
    i64::try_from(rounded).map(Sen::new).map_err(|_| overflow())
}

/// What an amount earns from a day until another, at so many percent a year. In twelfths a whole
/// month of the term is a twelfth, and what is left of it counts in days of the month begun.
///
/// Errors: `OVERFLOW`, `RULE_NOT_SET` for a rate or day count that cannot be counted by.
pub fn of_term(
    percent: &str,
    count: SavingsDayCount,
    amount: Sen,
    (from, until): (Day, Day),
) -> Result<Sen, Refusal> {
    if until <= from {
        return Ok(Sen::ZERO);
    }
    let days = |from: Day, until: Day| i128::from(until.get() - from.get());
    let span = match count {
        SavingsDayCount::Unspecified => return Err(Refusal::new(Reason::RuleNotSet)),
        SavingsDayCount::Actual360 => days(from, until) * (DAYS / 360),
        SavingsDayCount::Actual365 => days(from, until) * (DAYS / 365),
        SavingsDayCount::Twelfths => {
            let months = from.months_until(until);
            let begun = from.plus_months(months);
            let length = days(begun, from.plus_months(months + 1)).max(1);
            i128::from(months) * (DAYS / 12) + days(begun, until) * (DAYS / (12 * length))
        }
    };
    let parts = i128::from(amount.get()).checked_mul(millionths(percent)?);
    rounded(parts.and_then(|parts| parts.checked_mul(span)).ok_or_else(overflow)?)
}

fn overflow() -> Refusal {
    Refusal::new(Reason::Overflow)
}

/// The interest of one month in parts of a sen: by the version in force at its end, but that a
/// daily balance earns what the version of its day pays.
fn of_month(
    versions: &[SavingsProduct],
    balances: &Balances,
    (first, last): (Day, Day),
) -> Result<i128, Refusal> {
    let Some(product) = in_force(versions, last) else { return Ok(0) };
    let days = last.get() - first.get() + 1;
    match product.method() {
        SavingsMethod::Unspecified => Ok(0),
        SavingsMethod::Lowest => {
            earned(product, i128::from(days) * lowest(balances, first, last), days)
        }
        SavingsMethod::Average => earned(product, sum(balances, first, last), days),
        SavingsMethod::Daily => {
            let mut parts: i128 = 0;
            let mut from = first;
            while from <= last {
                let next = versions.iter().map(Version::since).find(|since| *since > from);
                let until = next.map_or(last, |next| Day::new(next.get() - 1)).min(last);
                if let Some(product) = in_force(versions, from) {
                    let more = earned(product, sum(balances, from, until), days)?;
                    parts = parts.checked_add(more).ok_or_else(overflow)?;
                }
                from = until.next();
            }
            Ok(parts)
        }
    }
}

/// What a sum of daily balances earns in a month of so many days: nothing where savers share in the
/// profit instead.
fn earned(product: &SavingsProduct, sum: i128, days: i32) -> Result<i128, Refusal> {
    if !product.share_percent.is_empty() {
        return Ok(0);
    }
    let year = match product.day_count() {
        SavingsDayCount::Unspecified => return Err(Refusal::new(Reason::RuleNotSet)),
        SavingsDayCount::Actual360 => 360,
        SavingsDayCount::Actual365 => 365,
        SavingsDayCount::Twelfths => 12 * i128::from(days),
    };
    let parts = sum
        .checked_mul(millionths(&product.rate)?)
        .and_then(|parts| parts.checked_mul(DAYS / year));
    parts.ok_or_else(overflow)
}

/// A rate a year in millionths.
fn millionths(percent: &str) -> Result<i128, Refusal> {
    let percent: Option<Decimal> = percent.parse().ok();
    let millionths = percent.and_then(|percent| (percent * Decimal::from(10_000)).to_i128());
    millionths.ok_or_else(|| Refusal::new(Reason::RuleNotSet))
}

/// What an account held at the end of a day; nothing below nothing.
fn held(balances: &Balances, day: Day) -> i128 {
    let last = balances.iter().rev().find(|(since, _)| *since <= day);
    last.map_or(0, |(_, held)| i128::from(held.get().max(0)))
}

fn changes<'a>(
    balances: &'a Balances,
    first: Day,
    last: Day,
) -> impl Iterator<Item = (Day, i128)> + 'a {
    let within = balances.iter().filter(move |(since, _)| first < *since && *since <= last);
    std::iter::once((first, held(balances, first)))
        .chain(within.map(|(since, held)| (*since, i128::from(held.get().max(0)))))
}

fn lowest(balances: &Balances, first: Day, last: Day) -> i128 {
    changes(balances, first, last).map(|(_, held)| held).min().unwrap_or(0)
}

/// What an account weighs where profit is shared by the balances of a period: the lowest one for each
/// day, or the balance of each day, which is their average as often.
///
/// Errors: `OVERFLOW`.
pub fn weight(
    method: SavingsMethod,
    balances: &Balances,
    (first, last): (Day, Day),
) -> Result<Sen, Refusal> {
    let days = i128::from(last.get() - first.get() + 1);
    let weight = match method {
        SavingsMethod::Unspecified => 0,
        SavingsMethod::Lowest => days * lowest(balances, first, last),
        SavingsMethod::Average | SavingsMethod::Daily => sum(balances, first, last),
    };
    i64::try_from(weight).map(Sen::new).map_err(|_| overflow())
}

/// The sum of the balances at the end of each day.
fn sum(balances: &Balances, first: Day, last: Day) -> i128 {
    let mut sum = 0;
    let mut before: Option<(Day, i128)> = None;
    for (since, held) in changes(balances, first, last) {
        if let Some((from, held)) = before {
            sum += held * i128::from(since.get() - from.get());
        }
        before = Some((since, held));
    }
    let (from, held) = before.unwrap_or((last, 0));
    sum + held * i128::from(last.get() - from.get() + 1)
}

/// The tax on what is paid in a month: none up to the threshold, else a percentage of the whole,
/// rounded half up to a whole sen.
///
/// Errors: `OVERFLOW`.
pub fn tax(threshold: Sen, percent: &str, paid: Sen) -> Result<Sen, Refusal> {
    if paid <= threshold || !paid.is_positive() {
        return Ok(Sen::ZERO);
    }
    percent_of(percent, paid)
}

/// So many percent of an amount, rounded half up to a whole sen.
///
/// Errors: `OVERFLOW`, `RULE_NOT_SET` for what is no percentage.
pub fn percent_of(percent: &str, amount: Sen) -> Result<Sen, Refusal> {
    let percent: Decimal = percent.parse().map_err(|_| Refusal::new(Reason::RuleNotSet))?;
    let milli = (percent * Decimal::ONE_THOUSAND).to_i64().ok_or_else(overflow)?;
    crate::domain::money::cumulative_share(amount, milli, 100_000)
}
