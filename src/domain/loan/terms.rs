//! The rules of a loan, checked: whoever holds [`Terms`] holds rules that make sense together.
//!
//! What the words mean, for every method:
//! - Jasa of a period is the rate, times what the period counts, times its base: what was lent at
//!   first (flat, musiman), or what the schedule leaves outstanding before it (menurun, anuitas).
//!   It is rounded cumulatively: the sum of the first periods is the exact sum, rounded half up.
//! - An instalment is rounded up to the unit; what rounding adds is principal, also in grace. The
//!   last instalment takes what is left and is not rounded, so that principal sums exactly.
//! - Grace for principal: the principal is spread over the instalments after it. Grace for jasa:
//!   waived jasa is not charged; deferred jasa falls due with the first instalment after it.
//! - Murabahah: the margin is a sum, agreed with the borrower, that falls due in equal parts,
//!   rounded cumulatively; principal is the cost, as with flat jasa. Qardh: principal only.
//! - Anuitas: the instalment is equal from the end of the grace for principal on; deferred jasa
//!   stands on top of it. Musiman: all principal in the last instalment, and all jasa with it, or
//!   jasa in every period.

use crate::domain::id::Entity;
use crate::domain::loan::rate::Percent;
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    DayCount, InterestGrace, LoanContract, LoanFrequency, LoanMethod, LoanPart, LoanTerms,
    Overpayment, PenaltyPer, Recognition,
};
use crate::domain::refusal::{Reason, Refusal};

/// The most instalments of a loan.
pub const MOST_INSTALMENTS: u32 = 1_000;

/// The parts of a debt in the order in which a payment settles them where a product says nothing.
pub const USUAL_ORDER: [LoanPart; 3] = [LoanPart::Penalty, LoanPart::Interest, LoanPart::Principal];

/// The checked rules of a loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How principal and jasa are spread.
    pub method: LoanMethod,
    /// How often instalments fall due.
    pub frequency: LoanFrequency,
    /// Jasa per period, or per year where `day_count` says so.
    pub rate: Percent,
    /// What a period between custom dates counts.
    pub day_count: DayCount,
    /// Instalments from the first on without principal.
    pub principal_grace: usize,
    /// Instalments from the first on without jasa.
    pub interest_grace: usize,
    /// Whether the jasa of those falls due after them.
    pub deferred: bool,
    /// Instalments are multiples of so many sen.
    pub unit: i128,
    /// The administration fee in percent of what is lent.
    pub fee_percent: Percent,
    /// The administration fee beside it.
    pub fee: Sen,
    /// What being late costs, if anything.
    pub penalty: Option<Late>,
    /// What a payment goes to first.
    pub order: [LoanPart; 3],
    /// Whether a payment settles one instalment before the next.
    pub by_instalment: bool,
    /// Whether money beyond all that is due pays principal early.
    pub early_principal: bool,
    /// The part of jasa not yet begun that early settlement remits, if a rule was set.
    pub rebate: Option<Percent>,
    /// Whether jasa is income when it is earned, rather than when it is paid.
    pub accrues: bool,
    /// The part of jasa paid that prompt payers get back, if a rule was set.
    pub reward: Option<Percent>,
    /// The syariah contract, if it is one.
    pub contract: LoanContract,
    /// Sen of margin of a whole murabahah.
    pub margin: Sen,
}

/// What being late costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// Whether periods are counted, rather than days.
    pub per_period: bool,
    /// Percent of what is overdue for each of them.
    pub percent: Percent,
    /// Days that cost nothing.
    pub grace_days: i32,
    /// The most, in percent of the instalment.
    pub cap: Option<Percent>,
}

impl Terms {
    /// Checks rules.
    ///
    /// Errors: `LOAN_TERMS_INVALID` with the field that makes no sense.
    pub fn new(terms: &LoanTerms) -> Result<Terms, Refusal> {
        let checked = Terms {
            method: set(terms.method(), LoanMethod::Unspecified, "method")?,
            frequency: set(terms.frequency(), LoanFrequency::Unspecified, "frequency")?,
            rate: Percent::parse(&terms.rate).ok_or_else(|| invalid("rate_percent"))?,
            day_count: terms.day_count(),
            principal_grace: grace(terms.principal_grace, "principal_grace")?,
            interest_grace: grace(terms.interest_grace, "interest_grace")?,
            deferred: terms.interest_grace_rule() == InterestGrace::Deferred,
            unit: unit(terms.rounding_rupiah)?,
            fee_percent: percent_or_zero(&terms.fee_percent, "fee_percent")?,
            fee: Sen::new(terms.fee),
            penalty: late(terms)?,
            order: order(&terms.allocation)?,
            by_instalment: terms.by_instalment,
            early_principal: set(terms.overpayment(), Overpayment::Unspecified, "overpayment")?
                == Overpayment::EarlyPrincipal,
            rebate: optional_percent(&terms.rebate_percent, "rebate_percent")?,
            accrues: set(terms.recognition(), Recognition::Unspecified, "recognition")?
                == Recognition::Accrual,
            reward: optional_percent(&terms.reward_percent, "reward_percent")?,
            contract: terms.contract(),
            margin: Sen::new(terms.margin),
        };
        checked.check_together(terms)?;
        Ok(checked)
    }

    /// Checks what one rule means for another.
    fn check_together(&self, terms: &LoanTerms) -> Result<(), Refusal> {
        let custom = self.frequency == LoanFrequency::Custom;
        if custom != (self.day_count != DayCount::Unspecified) {
            return Err(invalid("day_count"));
        }
        let ruled = terms.interest_grace_rule() != InterestGrace::Unspecified;
        if ruled != (self.interest_grace > 0) {
            return Err(invalid("interest_grace_rule"));
        }
        if self.is_seasonal() && self.principal_grace > 0 {
            return Err(invalid("principal_grace"));
        }
        let unequal = self.method == LoanMethod::Anuitas
            && self.deferred
            && self.interest_grace > self.principal_grace;
        if unequal || (self.method == LoanMethod::Musiman && self.interest_grace > 0) {
            return Err(invalid("interest_grace"));
        }
        // Periods of custom dates have no length of their own to go on with after the last.
        if custom && self.penalty.is_some_and(|late| late.per_period) {
            return Err(invalid("penalty.per"));
        }
        if self.fee.is_negative() {
            return Err(invalid("fee"));
        }
        self.check_contract()
    }

    /// A syariah contract has no jasa and no fee: a murabahah has its margin in equal parts, recognised as it
    /// is paid, and what it remits on early settlement is decided case by case; a qardh has nothing
    /// but its principal.
    fn check_contract(&self) -> Result<(), Refusal> {
        let murabahah = self.contract == LoanContract::Murabahah;
        if self.margin.is_negative() || (!murabahah && !self.margin.is_zero()) {
            return Err(invalid("margin"));
        }
        if self.contract == LoanContract::Unspecified {
            return Ok(());
        }
        let wrong = [
            (!self.rate.is_zero(), "rate_percent"),
            (self.accrues, "recognition"),
            (self.interest_grace > 0, "interest_grace"),
            (self.rebate.is_some(), "rebate_percent"),
            (self.reward.is_some(), "reward_percent"),
            (murabahah && self.method != LoanMethod::Flat, "method"),
            (murabahah && self.early_principal, "overpayment"),
            (!self.fee_percent.is_zero(), "fee_percent"),
            (!self.fee.is_zero(), "fee"),
        ];
        match wrong.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, term)) => Err(invalid(term)),
            None => Ok(()),
        }
    }

    /// What a lender cannot offer of these terms. Only an LKM has a fund KEBAJIKAN, which lends
    /// by qardh and takes in the fines of syariah contracts.
    pub fn unfit_for(&self, lender: &Entity) -> Option<&'static str> {
        match (lender, self.contract) {
            (Entity::Lkm, _) | (Entity::Kube(_), LoanContract::Unspecified) => None,
            (Entity::Kube(_), LoanContract::Qardh) => Some("contract"),
            (Entity::Kube(_), LoanContract::Murabahah) => self.penalty.map(|_| "penalty"),
        }
    }

    /// Whether all principal falls due at the end.
    pub const fn is_seasonal(&self) -> bool {
        matches!(self.method, LoanMethod::Musiman | LoanMethod::MusimanJasaBerkala)
    }

    /// Whether jasa is on what is outstanding, rather than on what was lent at first.
    pub const fn is_on_outstanding(&self) -> bool {
        matches!(self.method, LoanMethod::Menurun | LoanMethod::Anuitas)
    }

    /// The administration fee for what is lent. Errors: `OVERFLOW`.
    pub fn fee_for(&self, amount: Sen) -> Result<Sen, Refusal> {
        self.fee_percent.of_sen(amount)?.plus(self.fee)
    }
}

fn late(terms: &LoanTerms) -> Result<Option<Late>, Refusal> {
    let Some(penalty) = &terms.penalty else { return Ok(None) };
    let per = set(penalty.per(), PenaltyPer::Unspecified, "penalty.per")?;
    let percent = Percent::parse(&penalty.percent).filter(|percent| !percent.is_zero());
    Ok(Some(Late {
        per_period: per == PenaltyPer::Period,
        percent: percent.ok_or_else(|| invalid("penalty.percent"))?,
        grace_days: i32::try_from(penalty.grace_days)
            .ok()
            .filter(|days| *days <= 366)
            .ok_or_else(|| invalid("penalty.grace_days"))?,
        cap: optional_percent(&penalty.cap_percent, "penalty.cap_percent")?,
    }))
}

fn order(parts: &[i32]) -> Result<[LoanPart; 3], Refusal> {
    if parts.is_empty() {
        return Ok(USUAL_ORDER);
    }
    let known: Option<Vec<LoanPart>> = parts
        .iter()
        .map(|part| LoanPart::try_from(*part).ok().filter(|part| *part != LoanPart::Unspecified))
        .collect();
    let order = known.and_then(|known| <[LoanPart; 3]>::try_from(known).ok());
    let each = |order: &[LoanPart; 3]| USUAL_ORDER.iter().all(|part| order.contains(part));
    order.filter(each).ok_or_else(|| invalid("allocation"))
}

fn unit(rupiah: u32) -> Result<i128, Refusal> {
    match rupiah {
        0 => Ok(1),
        1 | 100 | 500 | 1_000 => Ok(i128::from(rupiah) * 100),
        _ => Err(invalid("rounding_rupiah")),
    }
}

fn grace(instalments: u32, field: &str) -> Result<usize, Refusal> {
    let fits = usize::try_from(instalments).ok().filter(|_| instalments < MOST_INSTALMENTS);
    fits.ok_or_else(|| invalid(field))
}

fn percent_or_zero(text: &str, field: &str) -> Result<Percent, Refusal> {
    Percent::parse_or_zero(text).ok_or_else(|| invalid(field))
}

fn optional_percent(text: &str, field: &str) -> Result<Option<Percent>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    Percent::parse(text).map(Some).ok_or_else(|| invalid(field))
}

fn set<T: PartialEq>(choice: T, unset: T, field: &str) -> Result<T, Refusal> {
    if choice == unset { Err(invalid(field)) } else { Ok(choice) }
}

/// The refusal for a rule that makes no sense.
pub fn invalid(term: &str) -> Refusal {
    Refusal::new(Reason::LoanTermsInvalid).on(&format!("terms.{term}")).with("term", term)
}
