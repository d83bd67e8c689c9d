//! Rates by the year: as they are named, and as they weigh on what is owed.
//!
//! A flat rate is a share of what was lent at first, while less and less is owed: its effective
//! rate is that of a loan on what is outstanding with the same payments. Both are nominal: the rate
//! of a period times the periods of a year, which are 12 months, or 365 days by the days of a
//! period. Fees are no part of them.

use rust_decimal::Decimal;

use crate::domain::loan::portfolio::to_hundredths;
use crate::domain::loan::schedule::Instalment;
use crate::domain::loan::terms::Terms;
use crate::domain::money::Sen;
use crate::domain::record::proto::{DayCount, LoanFrequency};

/// Days of a year.
const YEAR: i64 = 365;

/// How often the bounds of an effective rate are halved: to less than a ten-millionth of a percent
/// a year.
const HALVINGS: u32 = 48;

/// How many periods make a year; none for custom dates.
fn periods(frequency: LoanFrequency) -> Option<Decimal> {
    let days = match frequency {
        LoanFrequency::Monthly => return Some(Decimal::from(12)),
        LoanFrequency::Daily => 1,
        LoanFrequency::Weekly => 7,
        LoanFrequency::TwoWeekly => 14,
        LoanFrequency::Selapanan => 35,
        LoanFrequency::Custom | LoanFrequency::Unspecified => return None,
    };
    Some(Decimal::from(YEAR) / Decimal::from(days))
}

/// The rate that terms name, in percent a year, rounded half up to hundredths; none where a period
/// of custom dates has no length.
pub fn named(terms: &Terms) -> Option<Decimal> {
    let percent = terms.rate.fraction() * Decimal::ONE_HUNDRED;
    let percent = match terms.day_count {
        DayCount::Unspecified => percent.checked_mul(periods(terms.frequency)?)?,
        DayCount::PerPeriod => return None,
        DayCount::Actual365 | DayCount::Actual360 | DayCount::Thirty360 => percent,
    };
    Some(to_hundredths(percent))
}

/// The rate on what is owed that asks for the same payments, in percent a year, rounded half up to
/// hundredths; none where there is none between nothing and a thousandfold a period.
pub fn effective(terms: &Terms, amount: Sen, rows: &[Instalment]) -> Option<Decimal> {
    let start = rows.first()?.from;
    let yearly = periods(terms.frequency);
    let mut flows = Vec::with_capacity(rows.len());
    for row in rows {
        let time = match yearly {
            Some(_) => row.number,
            None => u32::try_from(row.due_on.get() - start.get()).ok()?,
        };
        flows.push((time, Decimal::from(row.principal.plus(row.interest).ok()?.get())));
    }
    let per_period = rate_of(Decimal::from(amount.get()), &flows)?;
    let yearly = yearly.unwrap_or(Decimal::from(YEAR));
    let percent = per_period.checked_mul(yearly)?.checked_mul(Decimal::ONE_HUNDRED)?;
    Some(to_hundredths(percent))
}

/// The rate per unit of time at which payments, in order of time, are worth an amount.
fn rate_of(amount: Decimal, flows: &[(u32, Decimal)]) -> Option<Decimal> {
    let (mut low, mut high) = (Decimal::ZERO, Decimal::ONE);
    while worth(flows, high)? > amount {
        high = high.checked_mul(Decimal::TEN).filter(|high| *high <= Decimal::ONE_THOUSAND)?;
    }
    if worth(flows, low)? < amount {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = (low + high) / Decimal::TWO;
        match worth(flows, middle)? > amount {
            true => low = middle,
            false => high = middle,
        }
    }
    Some((low + high) / Decimal::TWO)
}

/// What payments are worth at a rate.
fn worth(flows: &[(u32, Decimal)], rate: Decimal) -> Option<Decimal> {
    let step = Decimal::ONE.checked_div(Decimal::ONE.checked_add(rate)?)?;
    let (mut factor, mut at, mut sum) = (Decimal::ONE, 0, Decimal::ZERO);
    for (time, payment) in flows {
        factor = factor.checked_mul(power(step, time.checked_sub(at)?)?)?;
        at = *time;
        sum = sum.checked_add(payment.checked_mul(factor)?)?;
    }
    Some(sum)
}

/// A base of at most one, to a power.
fn power(mut base: Decimal, mut exponent: u32) -> Option<Decimal> {
    let mut result = Decimal::ONE;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result.checked_mul(base)?;
        }
        base = base.checked_mul(base)?;
        exponent /= 2;
    }
    Some(result)
}
