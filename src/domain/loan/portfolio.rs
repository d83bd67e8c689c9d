//! What loans come to together, on a day as known at a journal position.
//!
//! A loan's [`Holding`] is its fold on that day, from the facts known then; a [`Portfolio`] adds
//! holdings up. What the ledger holds for each (principal, provision) stands beside what the fold
//! says, so that every figure leads to entries.
//!
//! **Invariants**: a fact told or taken back later changes no earlier answer; a portfolio is the
//! sum of its holdings, whatever it is divided by.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::day::Day;
use crate::domain::loan::allocation::Parts;
use crate::domain::loan::life::{Life, facts_known, reckon_known};
use crate::domain::loan::quality::{class_of, rate_for};
use crate::domain::money::Sen;
use crate::domain::record::proto::{Loan, LoanFactKind, QualityVersion};
use crate::domain::refusal::Refusal;

/// More days late than these put a loan's whole outstanding principal at risk: PAR30, 60, 90.
pub const AT_RISK_DAYS: [u32; 3] = [30, 60, 90];

/// When something is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// At the end of this day.
    pub day: Day,
    /// As known when the journal had so many records.
    pub known: u64,
}

/// What a loan's quality class says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The class's rank, from 1.
    pub rank: usize,
    /// Its name.
    pub class: String,
    /// Provision that the rule asks for.
    pub required: Sen,
    /// Whether loans of the class perform; none where the rule does not say.
    pub performs: Option<bool>,
}

/// One loan at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Principal on the lender's books.
    pub outstanding: Sen,
    /// What the schedule has asked for so far: penalties charged, jasa and principal.
    pub scheduled: Parts,
    /// What was paid.
    pub paid: Parts,
    /// What is due and not paid: arrears.
    pub due: Parts,
    /// Days that the oldest unpaid instalment is late.
    pub days_late: u32,
    /// Instalments overdue.
    pub instalments_late: u32,
    /// What its quality class says; none where the lender has no classes.
    pub judged: Option<Judged>,
    /// What its borrower still owes of what was written off.
    pub written_off: Sen,
}

impl Holding {
    /// A loan at a point, by the lender's classes there; none before it was paid out.
    ///
    /// Errors: those of the fold.
    pub fn of(
        loan: &Loan,
        rule: Option<&QualityVersion>,
        point: Point,
    ) -> Result<Option<Holding>, Refusal> {
        let began = facts_known(loan, point.known).next().map(|fact| fact.on);
        if began.is_none_or(|began| began > point.day.get()) {
            return Ok(None);
        }
        let life = reckon_known(loan, point.day, point.known)?;
        if life.has_moved() {
            return Ok(None);
        }
        let outstanding = Sen::new(life.sums()?.lent);
        let mut scheduled = Parts::default();
        for line in life.lines().iter().filter(|line| line.due) {
            scheduled = scheduled.plus(line.asked(life.terms())?)?;
        }
        let judged = match rule {
            Some(rule) => Some(judge(rule, loan, &life, point)?),
            None => None,
        };
        Ok(Some(Holding {
            outstanding,
            scheduled,
            paid: life.paid(),
            due: life.due()?,
            days_late: life.days_late()?,
            instalments_late: life.instalments_late()?,
            judged,
            written_off: match life.is_written_off() {
                true => life.outstanding()?,
                false => Sen::ZERO,
            },
        }))
    }

    /// Whether anything of it is still on, or beside, the lender's books. Errors: `OVERFLOW`.
    pub fn is_held(&self) -> Result<bool, Refusal> {
        let due = self.due.total()?;
        Ok([self.outstanding, due, self.written_off].iter().any(|amount| !amount.is_zero()))
    }
}

fn judge(rule: &QualityVersion, loan: &Loan, life: &Life, point: Point) -> Result<Judged, Refusal> {
    let (rank, class) = class_of(rule, life)?;
    let turns = usize::try_from(rule.non_performing_from).unwrap_or(usize::MAX);
    Ok(Judged {
        rank,
        class: class.name.clone(),
        required: required(rule, loan, life, point)?,
        performs: (turns != 0).then_some(rank < turns),
    })
}

/// Provision that a rule asks for: the rate of the loan's class on its principal on the books less
/// the collateral that counted at a point.
///
/// Errors: `RULE_NOT_SET`, `OVERFLOW`.
pub fn required(
    rule: &QualityVersion,
    loan: &Loan,
    life: &Life,
    point: Point,
) -> Result<Sen, Refusal> {
    let mut base = Sen::new(life.sums()?.lent);
    for thing in &loan.collaterals {
        let registered = thing.position <= point.known && thing.since <= point.day.get();
        let mut facts = facts_known(loan, point.known);
        let taken = facts.any(|fact| {
            let taken = fact.kind() == LoanFactKind::CollateralTaken;
            taken && fact.collateral == thing.id && fact.on <= point.day.get()
        });
        if registered && !taken {
            base = base.minus(Sen::new(thing.value))?;
        }
    }
    rate_for(rule, life)?.of_sen(base.max(Sen::ZERO))
}

/// Jasa, or margin of a murabahah, that was paid on a loan from one point to a later one: what had
/// been paid by then as known then, less what had been paid before as known before. So what was
/// told late is counted once, in the span in which it became known. Jasa that became principal is
/// paid as that principal is.
///
/// Errors: those of the fold.
pub fn interest_paid(loan: &Loan, before: Point, until: Point) -> Result<Sen, Refusal> {
    let paid = |point: Point| match facts_known(loan, point.known).next() {
        None => Ok(Sen::ZERO),
        Some(_) => reckon_known(loan, point.day, point.known)?.interest_paid(),
    };
    paid(until)?.minus(paid(before)?)
}

/// Loans of one quality class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfClass {
    /// How many.
    pub loans: u32,
    /// Principal on the lender's books.
    pub outstanding: Sen,
    /// Provision that the rule asks for.
    pub required: Sen,
}

/// Loans together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portfolio {
    /// How many.
    pub loans: u32,
    /// Principal on the lender's books, by the fold.
    pub outstanding: Sen,
    /// The same, by the ledger.
    pub booked: Sen,
    /// What the schedules have asked for.
    pub scheduled: Parts,
    /// What was paid.
    pub paid: Parts,
    /// What is due and not paid.
    pub due: Parts,
    /// Principal of loans more than [`AT_RISK_DAYS`] late.
    pub at_risk: [Sen; 3],
    /// By rank and name.
    pub classes: BTreeMap<(usize, String), OfClass>,
    /// Provision that the rules ask for.
    pub required: Sen,
    /// Provision that the ledger holds.
    pub held: Sen,
    /// Principal of loans of which a rule says whether they perform.
    pub judged: Sen,
    /// Principal of those that do not.
    pub non_performing: Sen,
    /// Provision that the ledger holds for those.
    pub non_performing_held: Sen,
    /// What borrowers still owe of what was written off.
    pub written_off: Sen,
}

impl Portfolio {
    /// The portfolio with one loan more. Errors: as [`Portfolio::add`].
    pub fn with(&self, holding: &Holding, booked: Sen, held: Sen) -> Result<Portfolio, Refusal> {
        let mut sum = self.clone();
        sum.add(holding, booked, held)?;
        Ok(sum)
    }

    /// Adds a loan, with its principal and its provision as the ledger has them.
    ///
    /// Errors: `OVERFLOW`; then the sum is half done.
    pub fn add(&mut self, holding: &Holding, booked: Sen, held: Sen) -> Result<(), Refusal> {
        self.loans += 1;
        self.outstanding = self.outstanding.plus(holding.outstanding)?;
        self.booked = self.booked.plus(booked)?;
        self.scheduled = self.scheduled.plus(holding.scheduled)?;
        self.paid = self.paid.plus(holding.paid)?;
        self.due = self.due.plus(holding.due)?;
        for (sum, days) in self.at_risk.iter_mut().zip(AT_RISK_DAYS) {
            if holding.days_late > days {
                *sum = sum.plus(holding.outstanding)?;
            }
        }
        self.held = self.held.plus(held)?;
        self.written_off = self.written_off.plus(holding.written_off)?;
        match &holding.judged {
            Some(judged) => self.add_judged(holding, judged, held),
            None => Ok(()),
        }
    }

    fn add_judged(&mut self, holding: &Holding, of: &Judged, held: Sen) -> Result<(), Refusal> {
        let sum = self.classes.entry((of.rank, of.class.clone())).or_default();
        sum.loans += 1;
        sum.outstanding = sum.outstanding.plus(holding.outstanding)?;
        sum.required = sum.required.plus(of.required)?;
        self.required = self.required.plus(of.required)?;
        let Some(performs) = of.performs else { return Ok(()) };
        self.judged = self.judged.plus(holding.outstanding)?;
        if !performs {
            self.non_performing = self.non_performing.plus(holding.outstanding)?;
            self.non_performing_held = self.non_performing_held.plus(held)?;
        }
        Ok(())
    }

    /// Loans that do not perform, in percent of all; none where a rule does not say of some.
    pub fn npl_gross(&self) -> Option<Decimal> {
        let known = self.judged == self.outstanding;
        known.then(|| percent_of(self.non_performing, self.outstanding)).flatten()
    }

    /// The same after the provision held for them.
    pub fn npl_net(&self) -> Option<Decimal> {
        self.npl_gross()?;
        let left = self.non_performing.minus(self.non_performing_held).ok()?;
        percent_of(left.max(Sen::ZERO), self.outstanding)
    }
}

/// A part in percent of a whole, rounded half up to hundredths of a percent: the rule of all ratios.
/// None of nothing.
pub fn percent_of(part: Sen, whole: Sen) -> Option<Decimal> {
    if !whole.is_positive() {
        return None;
    }
    let percent = Decimal::from(part.get()) * Decimal::ONE_HUNDRED / Decimal::from(whole.get());
    Some(to_hundredths(percent))
}

/// A percentage rounded half up to hundredths.
pub fn to_hundredths(percent: Decimal) -> Decimal {
    percent.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_half_up_to_hundredths() {
        let ratio = |part, whole| percent_of(Sen::new(part), Sen::new(whole));
        assert_eq!(ratio(1, 3), Some(Decimal::new(3333, 2)));
        assert_eq!(ratio(1, 800), Some(Decimal::new(13, 2)));
        assert_eq!(ratio(3, 2), Some(Decimal::new(15000, 2)));
        assert_eq!((ratio(0, 5), ratio(1, 0)), (Some(Decimal::ZERO), None));
    }
}
