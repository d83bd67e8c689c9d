//! Percentages as exact fractions, and the rounding rules of loans, each named once.
//!
//! **Invariant**: a percentage is never a float and never rounded; only amounts are, by one of the
//! functions here.

use rust_decimal::Decimal;

use crate::domain::money::Sen;
use crate::domain::refusal::{Reason, Refusal};

/// The most decimals of a percentage.
const DECIMALS: u32 = 6;
/// The largest percentage.
const MOST: i64 = 1000;

/// A percentage of 0 to 1,000 with at most six decimals, as an exact fraction of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent {
    parts: i128,
    whole: i128,
}

impl Percent {
    /// Nothing.
    pub const ZERO: Percent = Percent { parts: 0, whole: 1 };
    /// All.
    pub const ALL: Percent = Percent { parts: 1, whole: 1 };

    /// Reads a decimal number of percent; `None` where it is none, or out of range.
    pub fn parse(text: &str) -> Option<Percent> {
        let number = text.parse::<Decimal>().ok()?.normalize();
        let fits = number >= Decimal::ZERO && number <= Decimal::from(MOST);
        if !fits || number.scale() > DECIMALS {
            return None;
        }
        let whole = 100 * 10_i128.pow(number.scale());
        Some(Percent { parts: number.mantissa(), whole })
    }

    /// The same, or nothing for an empty text; `None` as [`Percent::parse`].
    pub fn parse_or_zero(text: &str) -> Option<Percent> {
        if text.is_empty() { Some(Percent::ZERO) } else { Percent::parse(text) }
    }

    /// What is left of a whole: one less this, nothing where this is more.
    pub const fn rest(self) -> Percent {
        let rest = self.whole - self.parts;
        Percent { parts: if rest > 0 { rest } else { 0 }, whole: self.whole }
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.parts == 0
    }

    /// As a decimal fraction, e.g. 0.015 for 1.5 percent.
    pub fn fraction(self) -> Decimal {
        Decimal::from(self.parts) / Decimal::from(self.whole)
    }

    /// This percentage of `base / divisor` sen, rounded half up to a whole sen: the rule of jasa,
    /// penalties, fees and rebates. Callers who charge again and again pass cumulative bases and
    /// charge the differences, so that rounding never drifts.
    ///
    /// Errors: `OVERFLOW`.
    pub fn of(self, base: i128, divisor: i128) -> Result<Sen, Refusal> {
        let above = base.checked_mul(self.parts).and_then(|product| product.checked_mul(2));
        let below = divisor.checked_mul(self.whole).filter(|below| *below > 0);
        let (above, below) = above.zip(below).ok_or_else(overflow)?;
        let twice = below.checked_mul(2).ok_or_else(overflow)?;
        let sum = above.checked_add(below).ok_or_else(overflow)?;
        sen(sum.div_euclid(twice))
    }

    /// This percentage of an amount; see [`Percent::of`]. Errors: `OVERFLOW`.
    pub fn of_sen(self, amount: Sen) -> Result<Sen, Refusal> {
        self.of(i128::from(amount.get()), 1)
    }
}

/// `above / below` sen, rounded up to a multiple of `unit` sen: the rule of instalments.
///
/// Errors: `OVERFLOW`.
pub fn rounded_up(above: i128, below: i128, unit: i128) -> Result<Sen, Refusal> {
    let step = below.checked_mul(unit).filter(|step| *step > 0).ok_or_else(overflow)?;
    let steps = -(-above).div_euclid(step);
    sen(steps.checked_mul(unit).ok_or_else(overflow)?)
}

/// A count of sen that fits. Errors: `OVERFLOW`.
fn sen(count: i128) -> Result<Sen, Refusal> {
    i64::try_from(count).map(Sen::new).map_err(|_| overflow())
}

/// The refusal for what does not fit.
pub(super) fn overflow() -> Refusal {
    Refusal::new(Reason::Overflow).on("amount")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact_and_bounded() {
        let tenth = Percent::parse("0.1").expect("a percentage");
        assert_eq!(tenth.of_sen(Sen::new(1_500)), Ok(Sen::new(2)));
        assert_eq!(tenth.of_sen(Sen::new(1_499)), Ok(Sen::new(1)));
        assert_eq!(Percent::parse("25").expect("a percentage").rest().of(4, 1), Ok(Sen::new(3)));
        for wrong in ["", "-1", "1000.1", "0.0000001", "x", "1,5"] {
            assert_eq!(Percent::parse(wrong), None, "{wrong}");
        }
        let most = Percent::parse("1000").expect("a percentage");
        assert_eq!(most.of(i128::MAX, 1).expect_err("too much").reason, Reason::Overflow);
    }

    #[test]
    fn instalments_are_rounded_up() {
        assert_eq!(rounded_up(1_000, 3, 1), Ok(Sen::new(334)));
        assert_eq!(rounded_up(100_001, 1, 100_000), Ok(Sen::new(200_000)));
        assert_eq!(rounded_up(100_000, 1, 100_000), Ok(Sen::new(100_000)));
        assert_eq!(rounded_up(0, 1, 100), Ok(Sen::ZERO));
    }
}
