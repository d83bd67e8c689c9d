//! The fold: what a loan has come to on a day, from all that happened to it.
//!
//! A loan is its terms, its plan and its facts, each with the day it happened on and its place in
//! the journal. [`reckon`] takes them in that order, lets time do what time does between them
//! (instalments fall due, titipan is used, penalties grow, jasa is earned), and says what the loan
//! comes to in the accounts as [cumulative sums](LoanSums). Whoever posts takes the difference of
//! two of these, so that a fact told late changes what came after it, and nothing drifts.
//!
//! **Invariants**: reckoning is a function of terms, plan, facts and day alone; what was paid is
//! what was settled plus what is held as titipan; nothing owed or held is negative.

use crate::domain::day::Day;
use crate::domain::loan::allocation::{Parts, allocate};
use crate::domain::loan::calendar::{Calendar, days_between, later};
use crate::domain::loan::moving;
use crate::domain::loan::rate::{Percent, overflow};
use crate::domain::loan::schedule::{Instalment, instalments};
use crate::domain::loan::terms::Terms;
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::record::proto::{
    Loan, LoanContract, LoanFact, LoanFactKind, LoanPart, LoanPlan, LoanSums, LoanTerms,
};
use crate::domain::refusal::{Reason, Refusal};

/// One instalment of one tranche, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What the schedule says.
    pub plan: Instalment,
    /// What was paid of it.
    pub paid: Parts,
    /// What of it was waived; principal never is.
    pub waived: Parts,
    /// Whether it has fallen due.
    pub due: bool,
    /// What its period counts, in the calendar's parts.
    weight: i128,
    /// Principal of it that was paid before it fell due.
    early: Sen,
    /// Principal and jasa as they were planned at first: what a cap on penalties is a share of.
    size: Sen,
    /// What was overdue, times the days or periods that it was.
    late: i128,
    /// Periods for which a penalty was counted.
    periods: u32,
}

/// Jasa that became principal: it is paid as that principal is, and becomes income with it where it
/// was not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deferral {
    interest: Sen,
    /// What of it was not income before.
    amount: Sen,
    principal: Sen,
    paid_before: Sen,
}

/// A loan on a day.
#[derive(Clone, Debug)]
pub struct Life {
    terms: Terms,
    calendar: Calendar,
    lines: Vec<Line>,
    day: Day,
    disbursed: Sen,
    capitalised: Sen,
    /// What was paid, by parts.
    paid: Parts,
    waived_interest: Sen,
    titipan: Sen,
    collateral: Sen,
    /// Jasa earned under plans that were replaced.
    earned_before: Sen,
    deferrals: Vec<Deferral>,
    performing: bool,
    settled: bool,
    /// Whether anything was ever unpaid after its day.
    ever_late: bool,
    /// The lender's side as it was when the loan was written off, and what had been paid by then.
    written_off: Option<(LoanSums, Parts)>,
    /// Whether it went to another book: then it stays as it was that day.
    moved: bool,
}

/// What a loan has come to on a day, from its facts up to that day.
///
/// Errors: `OVERFLOW`; `TITIPAN_EXCEEDED` for facts that give back more than was held; what terms
/// and plans are refused for.
pub fn reckon(loan: &Loan, day: Day) -> Result<Life, Refusal> {
    reckon_known(loan, day, LATEST)
}

/// As [`reckon`], from what was known when the journal had so many records: a fact told later, or
/// taken back later, changes nothing.
pub fn reckon_known(loan: &Loan, day: Day, known: u64) -> Result<Life, Refusal> {
    let terms = loan.terms.as_ref().cloned().unwrap_or_default();
    let plan = loan.plan.as_ref().cloned().unwrap_or_default();
    reckon_facts(&terms, &plan, facts_known(loan, known), day)
}

/// The position at which all is known.
pub const LATEST: u64 = u64::MAX;

/// The facts of a loan that stood when the journal had so many records, in their order.
pub fn facts_known(loan: &Loan, known: u64) -> impl Iterator<Item = &LoanFact> {
    loan.facts.iter().filter(move |fact| {
        fact.position <= known && (fact.taken_back == 0 || fact.taken_back > known)
    })
}

/// As [`reckon`], from these facts, which stand in their order.
pub fn reckon_facts<'f>(
    terms: &LoanTerms,
    plan: &LoanPlan,
    facts: impl IntoIterator<Item = &'f LoanFact>,
    day: Day,
) -> Result<Life, Refusal> {
    let mut life = Life::new(Terms::new(terms)?);
    for fact in facts.into_iter().take_while(|fact| fact.on <= day.get()) {
        life.advance(Day::new(fact.on))?;
        life.take(fact, plan)?;
        if life.moved {
            return Ok(life);
        }
    }
    life.advance(day)?;
    Ok(life)
}

impl Life {
    fn new(terms: Terms) -> Life {
        Life {
            terms,
            calendar: Calendar { spans: Vec::new(), parts: 1 },
            lines: Vec::new(),
            day: Day::MIN,
            disbursed: Sen::ZERO,
            capitalised: Sen::ZERO,
            paid: Parts::default(),
            waived_interest: Sen::ZERO,
            titipan: Sen::ZERO,
            collateral: Sen::ZERO,
            earned_before: Sen::ZERO,
            deferrals: Vec::new(),
            performing: true,
            settled: false,
            ever_late: false,
            written_off: None,
            moved: false,
        }
    }

    // ---- time ---------------------------------------------------------------------------

    /// Lets time pass, from one due day to the next.
    fn advance(&mut self, to: Day) -> Result<(), Refusal> {
        let ahead = |line: &Line| !line.due && line.plan.due_on <= to;
        let mut days: Vec<Day> =
            self.lines.iter().filter(|line| ahead(line)).map(|line| line.plan.due_on).collect();
        days.push(to);
        days.sort_unstable();
        days.dedup();
        days.into_iter().try_for_each(|day| self.step(day))
    }

    fn step(&mut self, to: Day) -> Result<(), Refusal> {
        self.grow_penalties(to)?;
        if self.day < to {
            for line in self.lines.iter().filter(|line| line.due) {
                self.ever_late = self.ever_late || line.unpaid()?.is_positive();
            }
        }
        self.day = self.day.max(to);
        for line in &mut self.lines {
            line.due = line.due || line.plan.due_on <= to;
        }
        self.use_titipan()
    }

    /// Counts what was overdue from the day reached to a later one.
    fn grow_penalties(&mut self, to: Day) -> Result<(), Refusal> {
        let (Some(late), None) = (self.terms.penalty, &self.written_off) else { return Ok(()) };
        for line in self.lines.iter_mut().filter(|line| line.due) {
            let overdue = i128::from(line.unpaid()?.get());
            if overdue == 0 {
                continue;
            }
            let free = Day::new(line.plan.due_on.get().saturating_add(late.grace_days));
            let times = match late.per_period {
                false => days_between(free.max(self.day), to).max(0),
                true => {
                    let before = line.periods;
                    let begun = |periods| later(self.terms.frequency, free, periods) < to;
                    line.periods = (before..).find(|periods| !begun(*periods)).unwrap_or(before);
                    i128::from(line.periods - before)
                }
            };
            let grown = overdue.checked_mul(times).and_then(|more| line.late.checked_add(more));
            line.late = grown.ok_or_else(overflow)?;
        }
        Ok(())
    }

    fn use_titipan(&mut self) -> Result<(), Refusal> {
        let held = std::mem::take(&mut self.titipan);
        self.titipan = self.settle(held)?;
        Ok(())
    }

    // ---- facts --------------------------------------------------------------------------

    fn take(&mut self, fact: &LoanFact, plan: &LoanPlan) -> Result<(), Refusal> {
        let amount = Sen::new(fact.amount);
        match fact.kind() {
            LoanFactKind::Disbursed => self.disburse(amount, plan),
            LoanFactKind::Paid => self.pay(amount),
            LoanFactKind::Refunded => self.refund(amount),
            LoanFactKind::PenaltyWaived => self.waive(LoanPart::Penalty, amount),
            LoanFactKind::InterestWaived => self.waive(LoanPart::Interest, amount),
            LoanFactKind::Settled => self.settle_early(amount),
            LoanFactKind::Rescheduled => self.reschedule(fact),
            LoanFactKind::NonPerforming | LoanFactKind::Performing => {
                self.performing = fact.kind() == LoanFactKind::Performing;
                Ok(())
            }
            LoanFactKind::WrittenOff => self.write_off(),
            LoanFactKind::CollateralTaken => self.take_collateral(amount),
            LoanFactKind::Moved => {
                self.moved = true;
                Ok(())
            }
            LoanFactKind::Rewarded | LoanFactKind::Unspecified => Ok(()),
        }
    }

    fn disburse(&mut self, amount: Sen, plan: &LoanPlan) -> Result<(), Refusal> {
        let calendar = match self.lines.is_empty() {
            true => Calendar::new(&self.terms, plan, self.day)?,
            false => self.calendar.since(self.day)?,
        };
        self.schedule(amount, &calendar)?;
        if self.calendar.spans.is_empty() {
            self.calendar = calendar;
        }
        self.disbursed = self.disbursed.plus(amount)?;
        Ok(())
    }

    fn schedule(&mut self, amount: Sen, calendar: &Calendar) -> Result<(), Refusal> {
        let rows = instalments(&self.terms, amount, calendar)?;
        for (plan, span) in rows.into_iter().zip(&calendar.spans) {
            self.lines.push(Line {
                plan,
                paid: Parts::default(),
                waived: Parts::default(),
                due: false,
                weight: span.weight,
                early: Sen::ZERO,
                size: plan.principal.plus(plan.interest)?,
                late: 0,
                periods: 0,
            });
        }
        // Oldest due first; of one day, in the order in which the money was paid out.
        self.lines.sort_by_key(|line| line.plan.due_on);
        Ok(())
    }

    fn pay(&mut self, amount: Sen) -> Result<(), Refusal> {
        let left = self.settle(amount)?;
        let left = if self.terms.early_principal { self.pay_early(left)? } else { left };
        self.titipan = self.titipan.plus(left)?;
        Ok(())
    }

    /// Settles what is due, and returns what is left.
    fn settle(&mut self, money: Sen) -> Result<Sen, Refusal> {
        if money.is_zero() {
            return Ok(money);
        }
        let owed =
            self.due_lines().map(|line| line.owed(&self.terms)).collect::<Result<Vec<_>, _>>()?;
        let (settled, left) = allocate(&self.terms.order, self.terms.by_instalment, &owed, money)?;
        for (line, parts) in self.lines.iter_mut().filter(|line| line.due).zip(settled) {
            line.paid = line.paid.plus(parts)?;
            self.paid = self.paid.plus(parts)?;
        }
        Ok(left)
    }

    fn due_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.due)
    }

    /// Pays principal that is not due, the last instalments first, and returns what is left.
    fn pay_early(&mut self, money: Sen) -> Result<Sen, Refusal> {
        let mut left = money;
        for line in self.lines.iter_mut().rev().filter(|line| !line.due) {
            let taken = line.plan.principal.minus(line.paid.principal)?.min(left);
            line.paid.principal = line.paid.principal.plus(taken)?;
            line.early = line.early.plus(taken)?;
            self.paid.principal = self.paid.principal.plus(taken)?;
            left = left.minus(taken)?;
        }
        if left != money && self.terms.is_on_outstanding() {
            self.lower_interest()?;
        }
        Ok(left)
    }

    /// Periods that have not begun bear jasa on what the plan now leaves outstanding before them.
    fn lower_interest(&mut self) -> Result<(), Refusal> {
        let day = self.day;
        let begun = |line: &Line| line.plan.from < day || line.due;
        let mut outstanding = Sen::ZERO;
        for line in self.lines.iter().filter(|line| !begun(line)) {
            outstanding = outstanding.plus(line.plan.principal.minus(line.early)?)?;
        }
        let (mut bases, mut sum, mut carried) = (0_i128, Sen::ZERO, Sen::ZERO);
        for line in self.lines.iter_mut().filter(|line| !begun(line)) {
            // What was free of jasa stays so.
            let free = line.plan.earned.is_zero();
            let base = if free { 0 } else { i128::from(outstanding.get()) };
            bases = bases.checked_add(base * line.weight).ok_or_else(overflow)?;
            let before = sum;
            sum = self.terms.rate.of(bases, self.calendar.parts)?;
            let earned = sum.minus(before)?.min(line.plan.earned);
            // What this period earns no longer, it or a later instalment does not ask for.
            carried = carried.plus(line.plan.earned.minus(earned)?)?;
            let less = carried.min(line.plan.interest);
            carried = carried.minus(less)?;
            line.plan.earned = earned;
            line.plan.interest = line.plan.interest.minus(less)?;
            outstanding = outstanding.minus(line.plan.principal.minus(line.early)?)?;
        }
        Ok(())
    }

    fn refund(&mut self, amount: Sen) -> Result<(), Refusal> {
        if amount > self.titipan {
            let refusal = Refusal::new(Reason::TitipanExceeded).on("amount");
            return Err(refusal.with("held", self.titipan.get()));
        }
        self.titipan = self.titipan.minus(amount)?;
        Ok(())
    }

    fn waive(&mut self, part: LoanPart, amount: Sen) -> Result<(), Refusal> {
        let mut left = amount;
        for line in self.lines.iter_mut().filter(|line| line.due) {
            let taken = line.owed(&self.terms)?.of(part).min(left);
            line.waived.add(part, taken)?;
            if part == LoanPart::Interest {
                self.waived_interest = self.waived_interest.plus(taken)?;
            }
            left = left.minus(taken)?;
        }
        Ok(())
    }

    /// All that is left falls due, less a rebate.
    fn settle_early(&mut self, rebate: Sen) -> Result<(), Refusal> {
        let mut left = rebate;
        for line in self.lines.iter_mut().rev().filter(|line| !line.due) {
            let open = line.plan.interest.minus(line.paid.interest)?.minus(line.waived.interest)?;
            let taken = open.min(left);
            line.waived.interest = line.waived.interest.plus(taken)?;
            self.waived_interest = self.waived_interest.plus(taken)?;
            left = left.minus(taken)?;
        }
        self.lines.iter_mut().for_each(|line| line.due = true);
        self.settled = true;
        self.use_titipan()
    }

    /// What is left gets a new plan; jasa that was earned and not paid becomes principal.
    fn reschedule(&mut self, fact: &LoanFact) -> Result<(), Refusal> {
        let before = self.sums()?;
        // A margin never becomes principal: what is left of it is spread anew.
        let (unpaid, margin) = match self.terms.contract {
            LoanContract::Murabahah => (Sen::ZERO, self.margin_left()?),
            LoanContract::Unspecified | LoanContract::Qardh => (self.unpaid_interest()?, Sen::ZERO),
        };
        self.terms.margin = margin;
        self.earned_before = self.earned()?;
        for line in &mut self.lines {
            line.due = true;
            line.plan.principal = line.paid.principal;
            line.plan.interest = line.paid.interest.plus(line.waived.interest)?;
            line.plan.earned = Sen::ZERO;
        }
        self.capitalised = self.capitalised.plus(unpaid)?;
        let principal = self.outstanding()?;
        let amount = unpaid.minus(Sen::new(before.receivable).min(unpaid))?;
        let paid_before = self.paid.principal;
        self.deferrals.push(Deferral { interest: unpaid, amount, principal, paid_before });
        if !fact.rate.is_empty() {
            self.terms.rate = Percent::parse(&fact.rate).ok_or_else(bad_rate)?;
        }
        (self.terms.principal_grace, self.terms.interest_grace) = (0, 0);
        let plan = fact.plan.as_ref().cloned().unwrap_or_default();
        self.calendar = Calendar::new(&self.terms, &plan, self.day)?;
        let calendar = self.calendar.clone();
        self.schedule(principal, &calendar)
    }

    fn write_off(&mut self) -> Result<(), Refusal> {
        if self.written_off.is_some() {
            return Ok(());
        }
        self.performing = false;
        let mut lender = self.sums()?;
        lender.written_off = Sen::new(lender.lent).minus(Sen::new(lender.deferred))?.get();
        (lender.lent, lender.deferred, lender.margin) = (0, 0, 0);
        self.written_off = Some((lender, self.paid));
        Ok(())
    }

    /// Collateral pays principal, oldest first, due or not.
    fn take_collateral(&mut self, amount: Sen) -> Result<(), Refusal> {
        if amount > self.outstanding()? {
            let refusal = Refusal::new(Reason::LoanExceeded).on("amount");
            return Err(refusal.with("held", self.outstanding()?.get()));
        }
        let mut left = amount;
        for line in &mut self.lines {
            let taken = line.plan.principal.minus(line.paid.principal)?.min(left);
            line.paid.principal = line.paid.principal.plus(taken)?;
            line.early = if line.due { line.early } else { line.early.plus(taken)? };
            left = left.minus(taken)?;
        }
        self.paid.principal = self.paid.principal.plus(amount)?;
        self.collateral = self.collateral.plus(amount)?;
        Ok(())
    }

    // ---- what it comes to ---------------------------------------------------------------

    /// The rules that hold now.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The day it was reckoned to.
    pub const fn day(&self) -> Day {
        self.day
    }

    /// The instalments, oldest due first.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What was paid, by parts.
    pub const fn paid(&self) -> Parts {
        self.paid
    }

    /// Jasa or margin that was paid, with what of jasa that became principal was paid as such.
    /// Errors: `OVERFLOW`.
    pub fn interest_paid(&self) -> Result<Sen, Refusal> {
        let mut paid = self.paid.interest;
        for deferral in &self.deferrals {
            paid = paid.plus(deferral.paid(deferral.interest, self.paid.principal)?)?;
        }
        Ok(paid)
    }

    /// Money paid that nothing was due for.
    pub const fn titipan(&self) -> Sen {
        self.titipan
    }

    /// Sen paid out.
    pub const fn disbursed(&self) -> Sen {
        self.disbursed
    }

    /// Whether jasa is recognised before it is paid, where the product says so.
    pub const fn performs(&self) -> bool {
        self.performing
    }

    /// Whether it was written off.
    pub const fn is_written_off(&self) -> bool {
        self.written_off.is_some()
    }

    /// Whether it went to another book with its lender.
    pub const fn has_moved(&self) -> bool {
        self.moved
    }

    /// Whether every instalment was paid on its day.
    pub const fn was_prompt(&self) -> bool {
        !self.ever_late
    }

    /// Principal that the borrower owes, due or not. Errors: `OVERFLOW`.
    pub fn outstanding(&self) -> Result<Sen, Refusal> {
        self.disbursed.plus(self.capitalised)?.minus(self.paid.principal)
    }

    /// What is due and not paid. Errors: `OVERFLOW`.
    pub fn due(&self) -> Result<Parts, Refusal> {
        let mut owed = self.due_lines().map(|line| line.owed(&self.terms));
        owed.try_fold(Parts::default(), |sum, parts| sum.plus(parts?))
    }

    /// Whether nothing is owed any more, due or not. Errors: `OVERFLOW`.
    pub fn is_paid_off(&self) -> Result<bool, Refusal> {
        if !self.disbursed.is_positive() || !self.outstanding()?.is_zero() {
            return Ok(false);
        }
        for line in &self.lines {
            if line.owed(&self.terms)?.total()?.is_positive() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many days the oldest unpaid instalment is late; 0 where none is. Errors: `OVERFLOW`.
    pub fn days_late(&self) -> Result<u32, Refusal> {
        for line in self.due_lines() {
            if line.unpaid()?.is_positive() {
                let days = days_between(line.plan.due_on, self.day);
                return Ok(u32::try_from(days).unwrap_or(0));
            }
        }
        Ok(0)
    }

    /// How many instalments are overdue: due before this day and not paid. Errors: `OVERFLOW`.
    pub fn instalments_late(&self) -> Result<u32, Refusal> {
        let mut numbers = std::collections::BTreeSet::new();
        for line in self.due_lines().filter(|line| line.plan.due_on < self.day) {
            if line.unpaid()?.is_positive() {
                numbers.insert(line.plan.due_on);
            }
        }
        Ok(u32::try_from(numbers.len()).unwrap_or(u32::MAX))
    }

    /// The next day on which an instalment falls due, if one is left.
    pub fn next_due(&self) -> Option<Day> {
        let open = |line: &&Line| {
            !line.due && line.plan.principal.plus(line.plan.interest) != Ok(Sen::ZERO)
        };
        self.lines.iter().find(open).map(|line| line.plan.due_on)
    }

    /// The first day after one on which an instalment falls due, whether it was paid early or not.
    pub fn falls_due_after(&self, day: Day) -> Option<Day> {
        let asks = |line: &&Line| line.plan.principal.plus(line.plan.interest) != Ok(Sen::ZERO);
        let mut days = self.lines.iter().filter(asks).map(|line| line.plan.due_on);
        days.find(|due_on| *due_on > day)
    }

    /// The due days of instalments that are due and not paid, oldest first. Errors: `OVERFLOW`.
    pub fn unpaid_due_days(&self) -> Result<Vec<Day>, Refusal> {
        let mut days = Vec::new();
        for line in self.due_lines() {
            if line.unpaid()?.is_positive() {
                days.push(line.plan.due_on);
            }
        }
        Ok(days)
    }

    /// Jasa earned by time: of a period that is running, the share of its days that have passed,
    /// rounded half up.
    fn earned(&self) -> Result<Sen, Refusal> {
        let mut sum = self.earned_before;
        for line in &self.lines {
            let Instalment { from, due_on, earned, .. } = line.plan;
            let share = match self.settled || due_on <= self.day {
                true => earned,
                false if from < self.day => {
                    let passed = i64::from(self.day.get() - from.get());
                    cumulative_share(earned, passed, i64::from(due_on.get() - from.get()))?
                }
                false => Sen::ZERO,
            };
            sum = sum.plus(share)?;
        }
        Ok(sum)
    }

    /// Jasa settled, by money or by becoming principal.
    fn settled_interest(&self) -> Result<Sen, Refusal> {
        self.paid.interest.plus(self.capitalised)
    }

    /// Jasa that the borrower has borne: earned by time and not waived, and never less than what
    /// was settled.
    fn borne(&self) -> Result<Sen, Refusal> {
        Ok(self.earned()?.minus(self.waived_interest)?.max(self.settled_interest()?))
    }

    /// Jasa earned and not settled.
    fn unpaid_interest(&self) -> Result<Sen, Refusal> {
        self.borne()?.minus(self.settled_interest()?)
    }

    /// What the loan comes to in the accounts. Errors: `OVERFLOW`.
    pub fn sums(&self) -> Result<LoanSums, Refusal> {
        let settled = self.settled_interest()?;
        let borne = if self.terms.accrues { self.borne()? } else { settled };
        let mut sums = match &self.written_off {
            Some((lender, paid)) => self.lender_after(lender, *paid)?,
            None => self.lender(if self.performing { borne } else { settled })?,
        };
        sums.titipan = self.titipan.get();
        sums.collateral = self.collateral.get();
        sums.owed = self.outstanding()?.get();
        sums.payable = borne.minus(settled)?.get();
        sums.cost = borne.get();
        sums.fine = self.paid.penalty.get();
        sums.burden = self.margin_left()?.get();
        if self.written_off.is_none() {
            sums.margin = sums.burden;
        }
        Ok(if self.moved { moving::off(sums) } else { sums })
    }

    /// Margin of a murabahah that was neither paid nor remitted, due or not; nothing of a loan with
    /// jasa. Errors: `OVERFLOW`.
    fn margin_left(&self) -> Result<Sen, Refusal> {
        if self.terms.contract != LoanContract::Murabahah {
            return Ok(Sen::ZERO);
        }
        let mut left = Sen::ZERO;
        for line in &self.lines {
            let asked = line.plan.interest.minus(line.waived.interest)?;
            left = left.plus(asked.minus(line.paid.interest)?)?;
        }
        Ok(left)
    }

    /// The lender's side, with so much jasa recognised, jasa that became principal included.
    fn lender(&self, recognised: Sen) -> Result<LoanSums, Refusal> {
        let mut deferred = Sen::ZERO;
        for deferral in &self.deferrals {
            deferred = deferred.plus(deferral.left(self.paid.principal)?)?;
        }
        Ok(LoanSums {
            lent: self.outstanding()?.get(),
            receivable: recognised.minus(self.settled_interest()?)?.get(),
            deferred: deferred.get(),
            income: recognised.minus(deferred)?.get(),
            penalty: self.paid.penalty.get(),
            ..LoanSums::default()
        })
    }

    /// The lender's side after the loan was written off: whatever is paid is recovered.
    fn lender_after(&self, then: &LoanSums, paid_then: Parts) -> Result<LoanSums, Refusal> {
        let recovered = self.paid.total()?.minus(paid_then.total()?)?;
        Ok(LoanSums { recovered: recovered.get(), ..*then })
    }
}

impl Deferral {
    /// What is not income yet, when so much principal has been paid in all.
    fn left(&self, paid: Sen) -> Result<Sen, Refusal> {
        self.amount.minus(self.paid(self.amount, paid)?)
    }

    /// What of a part of it was paid, when so much principal has been in all.
    fn paid(&self, part: Sen, paid: Sen) -> Result<Sen, Refusal> {
        if part.is_zero() {
            return Ok(Sen::ZERO);
        }
        let since = paid.minus(self.paid_before)?.clamp(Sen::ZERO, self.principal);
        cumulative_share(part, since.get(), self.principal.get())
    }
}

impl Line {
    /// Principal and jasa not paid. Errors: `OVERFLOW`.
    pub fn unpaid(&self) -> Result<Sen, Refusal> {
        let asked = self.plan.principal.plus(self.plan.interest)?.minus(self.waived.interest)?;
        asked.minus(self.paid.principal)?.minus(self.paid.interest)
    }

    /// What it asks for, with penalties charged so far and less what was waived.
    /// Errors: `OVERFLOW`.
    pub fn asked(&self, terms: &Terms) -> Result<Parts, Refusal> {
        Ok(Parts {
            penalty: self.charged(terms)?.minus(self.waived.penalty)?.max(Sen::ZERO),
            interest: self.plan.interest.minus(self.waived.interest)?,
            principal: self.plan.principal,
        })
    }

    /// What is owed of it, due or not. Errors: `OVERFLOW`.
    pub fn owed(&self, terms: &Terms) -> Result<Parts, Refusal> {
        let interest = self.plan.interest.minus(self.waived.interest)?;
        let penalty = self.charged(terms)?.minus(self.waived.penalty)?;
        Ok(Parts {
            penalty: penalty.minus(self.paid.penalty)?.max(Sen::ZERO),
            interest: interest.minus(self.paid.interest)?.max(Sen::ZERO),
            principal: self.plan.principal.minus(self.paid.principal)?,
        })
    }

    /// What being late has cost so far, up to the cap. Errors: `OVERFLOW`.
    pub fn charged(&self, terms: &Terms) -> Result<Sen, Refusal> {
        let Some(late) = terms.penalty else { return Ok(Sen::ZERO) };
        let charged = late.percent.of(self.late, 1)?;
        let Some(cap) = late.cap else { return Ok(charged) };
        Ok(charged.min(cap.of_sen(self.size)?))
    }
}

fn bad_rate() -> Refusal {
    crate::domain::loan::terms::invalid("rate_percent")
}
