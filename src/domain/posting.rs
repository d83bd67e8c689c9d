//! The one money primitive: a posting that balances, because nothing else can be built.
//!
//! **Invariant**: the legs of a `Posting` all lie in one (entity, fund) and sum to zero. Its
//! fields are private and every constructor keeps that; an event in two ledgers is two postings
//! in one record.

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::money::Sen;
use crate::domain::refusal::{Reason, Refusal};

/// An account's place within a ledger: code and subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf(Code, Subject);

impl From<Code> for Leaf {
    fn from(code: Code) -> Leaf {
        Leaf(code, Subject::none())
    }
}

impl From<(Code, Subject)> for Leaf {
    fn from((code, subject): (Code, Subject)) -> Leaf {
        Leaf(code, subject)
    }
}

/// A balanced set of legs within one ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    ledger: Ledger,
    legs: Vec<(Leaf, Sen)>,
}

impl Posting {
    /// Debits one account and credits another with the same amount.
    ///
    /// Errors: `OVERFLOW` for an amount that has no opposite.
    pub fn transfer(
        ledger: &Ledger,
        debit: impl Into<Leaf>,
        credit: impl Into<Leaf>,
        amount: Sen,
    ) -> Result<Posting, Refusal> {
        let legs = vec![(debit.into(), amount), (credit.into(), amount.negated()?)];
        Ok(Posting { ledger: ledger.clone(), legs })
    }

    /// Any number of signed legs (debit positive).
    ///
    /// Errors: `UNBALANCED` when they do not sum to zero, `OVERFLOW` when the sum does not fit.
    pub fn journal(ledger: &Ledger, legs: Vec<(Leaf, Sen)>) -> Result<Posting, Refusal> {
        let mut sum = Sen::ZERO;
        for (_, amount) in &legs {
            sum = sum.plus(*amount)?;
        }
        if sum.is_zero() {
            return Ok(Posting { ledger: ledger.clone(), legs });
        }
        Err(Refusal::new(Reason::Unbalanced).with("ledger", ledger).with("difference", sum.get()))
    }

    /// The legs as accounts with signed amounts.
    pub fn legs(&self) -> impl Iterator<Item = (Account, Sen)> + '_ {
        self.legs.iter().map(|(Leaf(code, subject), amount)| {
            (self.ledger.account_of(*code, subject.clone()), *amount)
        })
    }
}
