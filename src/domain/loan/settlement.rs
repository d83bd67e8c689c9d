//! Early settlement: what it takes to pay a loan off at once.
//!
//! A product has a rule for what is remitted of jasa that was not earned; what is remitted of a
//! murabahah's margin (muqasah) is decided case by case.

use crate::domain::loan::allocation::Parts;
use crate::domain::loan::life::Life;
use crate::domain::money::Sen;
use crate::domain::record::proto::LoanContract;
use crate::domain::refusal::{Reason, Refusal};

/// What it takes to pay a loan off at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Penalties, jasa and principal, due or not, before the rebate.
    pub owed: Parts,
    /// Jasa that is remitted.
    pub rebate: Sen,
    /// Titipan that is used for it.
    pub titipan: Sen,
    /// What must be paid.
    pub total: Sen,
}

impl Life {
    /// What it takes to pay all off on this day: jasa of periods that have begun in full, of those
    /// that have not less the rebate.
    ///
    /// Errors: `RULE_NOT_SET` where the product has no rule for it, `OVERFLOW`.
    pub fn quote(&self) -> Result<Quote, Refusal> {
        let not_set = || Refusal::new(Reason::RuleNotSet).on("loan");
        let rule = self.terms().rebate.ok_or_else(not_set)?;
        let (owed, not_begun) = self.left()?;
        self.quoted(owed, rule.of_sen(not_begun)?.min(owed.interest))
    }

    /// The same for a murabahah: what is remitted (muqasah) is decided, of the margin that is not
    /// due.
    ///
    /// Errors: `WRONG_KIND` for a loan that is none, `LOAN_EXCEEDED` for more than that margin,
    /// `OVERFLOW`.
    pub fn quote_decided(&self, rebate: Sen) -> Result<Quote, Refusal> {
        if self.terms().contract != LoanContract::Murabahah {
            return Err(Refusal::new(Reason::WrongKind).on("rebate").with("name", "muqasah"));
        }
        let (owed, _) = self.left()?;
        let ahead = owed.interest.minus(self.due()?.interest)?;
        if rebate > ahead {
            let refusal = Refusal::new(Reason::LoanExceeded).on("rebate");
            return Err(refusal.with("held", ahead.get()));
        }
        self.quoted(owed, rebate)
    }

    fn quoted(&self, owed: Parts, rebate: Sen) -> Result<Quote, Refusal> {
        let needed = owed.total()?.minus(rebate)?;
        let titipan = self.titipan().min(needed);
        Ok(Quote { owed, rebate, titipan, total: needed.minus(titipan)? })
    }

    /// What is owed, due or not, and jasa among it of periods that have not begun.
    fn left(&self) -> Result<(Parts, Sen), Refusal> {
        let (mut owed, mut not_begun) = (Parts::default(), Sen::ZERO);
        for line in self.lines() {
            owed = owed.plus(line.owed(self.terms())?)?;
            if !line.due && line.plan.from >= self.day() {
                not_begun = not_begun.plus(line.plan.earned)?;
            }
        }
        Ok((owed, not_begun))
    }
}
