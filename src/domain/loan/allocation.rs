//! What a payment settles: an ordered list of parts, held as data by the product, oldest
//! instalment first.
//!
//! **Invariant**: what is settled and what is left sum to what was paid; nothing is settled beyond
//! what is owed.

use crate::domain::money::Sen;
use crate::domain::record::proto::LoanPart;
use crate::domain::refusal::Refusal;

/// The parts of a debt, or of a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Denda.
    pub penalty: Sen,
    /// Jasa.
    pub interest: Sen,
    /// Pokok.
    pub principal: Sen,
}

impl Parts {
    /// One of them.
    pub const fn of(&self, part: LoanPart) -> Sen {
        match part {
            LoanPart::Penalty => self.penalty,
            LoanPart::Interest => self.interest,
            LoanPart::Principal | LoanPart::Unspecified => self.principal,
        }
    }

    /// Adds to one of them. Errors: `OVERFLOW`.
    pub fn add(&mut self, part: LoanPart, amount: Sen) -> Result<(), Refusal> {
        let to = match part {
            LoanPart::Penalty => &mut self.penalty,
            LoanPart::Interest => &mut self.interest,
            LoanPart::Principal | LoanPart::Unspecified => &mut self.principal,
        };
        *to = to.plus(amount)?;
        Ok(())
    }

    /// The sum, part by part. Errors: `OVERFLOW`.
    pub fn plus(self, other: Parts) -> Result<Parts, Refusal> {
        Ok(Parts {
            penalty: self.penalty.plus(other.penalty)?,
            interest: self.interest.plus(other.interest)?,
            principal: self.principal.plus(other.principal)?,
        })
    }

    /// All of them. Errors: `OVERFLOW`.
    pub fn total(&self) -> Result<Sen, Refusal> {
        self.penalty.plus(self.interest)?.plus(self.principal)
    }
}

/// Splits money over what is owed, oldest first: one instalment in all its parts before the next,
/// or one part of all instalments before the next part.
///
/// Returns what each settles, and what is left. Errors: `OVERFLOW`.
pub fn allocate(
    order: &[LoanPart],
    by_instalment: bool,
    owed: &[Parts],
    money: Sen,
) -> Result<(Vec<Parts>, Sen), Refusal> {
    let mut settled = vec![Parts::default(); owed.len()];
    let mut left = money;
    let all = 0..owed.len();
    let steps: Vec<(usize, LoanPart)> = match by_instalment {
        true => all.flat_map(|at| order.iter().map(move |part| (at, *part))).collect(),
        false => order.iter().flat_map(|part| all.clone().map(move |at| (at, *part))).collect(),
    };
    for (at, part) in steps {
        let taken = owed[at].of(part).min(left);
        if taken.is_positive() {
            settled[at].add(part, taken)?;
            left = left.minus(taken)?;
        }
    }
    Ok((settled, left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::loan::terms::USUAL_ORDER;

    fn parts(penalty: i64, interest: i64, principal: i64) -> Parts {
        let [penalty, interest, principal] = [penalty, interest, principal].map(Sen::new);
        Parts { penalty, interest, principal }
    }

    #[test]
    fn parts_go_before_instalments_or_instalments_before_parts() {
        let owed = [parts(1, 10, 100), parts(2, 20, 200)];
        let split = |by_instalment, money| {
            let split = allocate(&USUAL_ORDER, by_instalment, &owed, Sen::new(money));
            split.expect("fits")
        };
        assert_eq!(split(false, 30), (vec![parts(1, 10, 0), parts(2, 17, 0)], Sen::ZERO));
        assert_eq!(split(true, 120), (vec![parts(1, 10, 100), parts(2, 7, 0)], Sen::ZERO));
        assert_eq!(split(true, 400), (owed.to_vec(), Sen::new(67)));
        let order = [LoanPart::Principal, LoanPart::Penalty, LoanPart::Interest];
        let split = allocate(&order, false, &owed, Sen::new(301)).expect("fits");
        assert_eq!(split.0, [parts(1, 0, 100), parts(0, 0, 200)]);
    }
}
