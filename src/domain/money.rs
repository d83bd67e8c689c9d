//! Money: an integer count of sen (1/100 rupiah, ISO 4217). No floats, no silent overflow.

use crate::domain::refusal::{Reason, Refusal};

/// A signed count of sen. In postings a debit is positive and a credit negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sen(i64);

impl Sen {
    /// Nothing at all.
    pub const ZERO: Sen = Sen(0);
    /// The largest amount one request may name: a hundred trillion rupiah. Sums of fewer than
    /// nine hundred such amounts still fit, and every sum is checked all the same.
    pub const MAX_REQUEST: Sen = Sen(10_000_000_000_000_000);

    /// From a count of sen.
    pub const fn new(sen: i64) -> Sen {
        Sen(sen)
    }

    /// From whole rupiah. Errors: none; `None` when the sen would not fit.
    pub const fn from_rupiah(rupiah: i64) -> Option<Sen> {
        match rupiah.checked_mul(100) {
            Some(sen) => Some(Sen(sen)),
            None => None,
        }
    }

    /// The count of sen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum. Errors: `OVERFLOW` when it does not fit.
    pub fn plus(self, other: Sen) -> Result<Sen, Refusal> {
        self.0.checked_add(other.0).map(Sen).ok_or_else(overflow)
    }

    /// The difference. Errors: `OVERFLOW` when it does not fit.
    pub fn minus(self, other: Sen) -> Result<Sen, Refusal> {
        self.0.checked_sub(other.0).map(Sen).ok_or_else(overflow)
    }

    /// The opposite sign. Errors: `OVERFLOW` for the one value that has no opposite.
    pub fn negated(self) -> Result<Sen, Refusal> {
        self.0.checked_neg().map(Sen).ok_or_else(overflow)
    }

    /// Whether this is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether this is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

fn overflow() -> Refusal {
    Refusal::new(Reason::Overflow)
}

/// `cost * part / whole`, rounded half up to a whole sen: the *cumulative share* rule by which
/// the cost of a lot leaves it. Callers pass cumulative quantities and post differences of the
/// results, so that rounding never drifts and the last unit takes exactly what is left.
///
/// Errors: `OVERFLOW` when `whole` is not positive or the result does not fit.
pub fn cumulative_share(cost: Sen, part: i64, whole: i64) -> Result<Sen, Refusal> {
    if whole <= 0 {
        return Err(overflow());
    }
    let (cost, part, whole) = (i128::from(cost.0), i128::from(part), i128::from(whole));
    let share = (2 * cost * part + whole).div_euclid(2 * whole);
    i64::try_from(share).map(Sen).map_err(|_| overflow())
}
