//! A loan as a bookkeeper with a calendar and a pencil would follow it: day by day from the day it
//! was paid out, each time from the beginning. Shares no code with the fold.

use simpul::domain::day::Day;

/// Sen, debit or credit as the place says.
pub type Sum = i64;

/// By what contract something was lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// For jasa.
    Jasa,
    /// Goods sold for cost and margin, which stands where jasa does.
    Murabahah,
    /// For nothing, out of the fund KEBAJIKAN.
    Qardh,
}

/// What being late costs.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    /// Ten-thousandths of what is overdue, for each day, or for each period that begins.
    pub rate: i64,
    pub by_period: bool,
    /// Days that cost nothing.
    pub grace: i32,
    /// The most, in percent of the instalment.
    pub cap: Option<i64>,
}

/// What became of a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// So much was paid, by the borrower or by somebody who stood in.
    Paid(Sum),
    /// A closing turned it: whether it performs.
    Turned(bool),
    /// It got a new plan, and a new rate where one is given.
    Replanned { instalments: i64, rate: Option<i64> },
    /// All of it fell due, so much jasa remitted.
    Settled { rebate: Sum },
    /// It was written off.
    WrittenOff,
}

/// What a lender agreed to with a borrower: flat jasa, sums that divide.
#[derive(Clone, Debug)]
pub struct Loan {
    /// `lkm` or the group.
    pub lender: String,
    /// Its id at the lender.
    pub id: String,
    /// The group, or the lender's member.
    pub borrower: String,
    /// Whether it is the group.
    pub to_group: bool,
    /// The group that stands in for a member of the LKM.
    pub surety: Option<String>,
    pub contract: Contract,
    pub amount: Sum,
    pub instalments: i64,
    pub weekly: bool,
    /// Ten-thousandths of what was lent, for each period; and what goods are sold above cost.
    pub rate: i64,
    pub margin: Sum,
    pub accrues: bool,
    pub penalty: Option<Late>,
    /// Whether what is overpaid pays principal early.
    pub early: bool,
    /// The percentage that is remitted of jasa of periods that have not begun, if there is a rule.
    pub rebate: Option<i64>,
    /// Whether instalments are taken from savings.
    pub debited: bool,
    pub paid_out: Day,
    /// Whether the lender has quality classes.
    pub classed: bool,
    /// What became of it and stands: day, place in the order of telling.
    pub facts: Vec<(Day, usize, Fact)>,
    /// What was provided when it was last looked at.
    pub provision: Sum,
}

#[derive(Clone, Debug)]
struct Line {
    from: Day,
    due_on: Day,
    principal: Sum,
    jasa: Sum,
    earned: Sum,
    waived: Sum,
    due: bool,
    paid: [Sum; 3],
    late: i128,
    /// Principal and jasa as they were planned at first.
    size: Sum,
}

/// What a lender gave up, and where the loan stood then.
#[derive(Clone, Copy, Debug)]
struct Loss {
    amount: Sum,
    income: Sum,
    paid: [Sum; 3],
}

/// A loan at the end of a day.
#[derive(Clone, Debug)]
pub struct Standing {
    day: Day,
    lines: Vec<Line>,
    pub titipan: Sum,
    penalty: Option<Late>,
    /// Penalties, jasa and principal that were paid.
    pub paid: [Sum; 3],
    amount: Sum,
    pub performing: bool,
    accrues: bool,
    contract: Contract,
    weekly: bool,
    rate: i64,
    /// Jasa that became principal, and of each time: how much, what of it was not income yet, all
    /// principal, and what had been paid of it before.
    capitalised: Sum,
    deferred: Vec<[Sum; 4]>,
    /// Jasa earned under plans that were replaced.
    earned_before: Sum,
    waived: Sum,
    settled: bool,
    lost: Option<Loss>,
}

pub fn half_up(above: i128, below: i128) -> Sum {
    i64::try_from((2 * above + below).div_euclid(2 * below)).expect("fits")
}

/// The same day of a later month, or its last.
pub fn months_later(day: Day, months: i32) -> Day {
    let (year, month, of_month) = day.ymd();
    let months = month - 1 + months;
    let (year, month) = (year + months / 12, months % 12 + 1);
    (1..=of_month).rev().find_map(|day| Day::from_ymd(year, month, day)).expect("a day")
}

impl Loan {
    /// How it stands at the end of a day.
    pub fn at(&self, day: Day) -> Standing {
        let mut standing = Standing {
            day: self.paid_out,
            lines: Vec::new(),
            titipan: 0,
            penalty: self.penalty,
            paid: [0; 3],
            amount: self.amount,
            performing: true,
            accrues: self.accrues,
            contract: self.contract,
            weekly: self.weekly,
            rate: self.rate,
            capitalised: 0,
            deferred: Vec::new(),
            earned_before: 0,
            waived: 0,
            settled: false,
            lost: None,
        };
        standing.plan(self.amount, self.instalments, self.margin);
        let mut facts = self.facts.clone();
        facts.sort_by_key(|(on, place, _)| (*on, *place));
        let mut today = self.paid_out;
        while today <= day {
            standing.day = today;
            standing.grow_penalties();
            standing.lines.iter_mut().for_each(|line| line.due |= line.due_on <= today);
            standing.use_titipan();
            for (_, _, fact) in facts.iter().filter(|(on, _, _)| *on == today) {
                standing.take(*fact, self.early);
            }
            today = today.next();
        }
        standing
    }

    /// The last day on which somebody decided on it: a new plan, or that it is lost.
    pub fn decided_on(&self) -> Option<Day> {
        let decided = |fact: &Fact| matches!(fact, Fact::Replanned { .. } | Fact::WrittenOff);
        self.facts.iter().filter(|(_, _, fact)| decided(fact)).map(|(on, _, _)| *on).max()
    }
}

impl Line {
    fn unpaid(&self) -> Sum {
        self.principal + self.jasa - self.waived - self.paid[1] - self.paid[2]
    }

    fn penalty(&self, rule: Option<Late>) -> Sum {
        let Some(rule) = rule else { return 0 };
        let charged = half_up(self.late * i128::from(rule.rate), 10_000);
        let part = |cap| half_up(i128::from(self.size) * i128::from(cap), 100);
        rule.cap.map_or(charged, |cap| charged.min(part(cap)))
    }

    /// Whether being late costs something more on a day: each day after those that are free, or the
    /// day after a period has begun.
    fn costs_on(&self, today: Day, rule: Late, weekly: bool) -> bool {
        let free = Day::new(self.due_on.get() + rule.grace);
        let eve = Day::new(today.get() - 1);
        match (rule.by_period, weekly) {
            (false, _) => today > free,
            (true, true) => eve >= free && (eve.get() - free.get()) % 7 == 0,
            (true, false) => (0..30).any(|months| months_later(free, months) == eve),
        }
    }

    fn owed(&self, part: usize, rule: Option<Late>) -> Sum {
        let asked = [self.penalty(rule), self.jasa - self.waived, self.principal][part];
        asked - self.paid[part]
    }
}

impl Standing {
    /// Adds the instalments of an amount from today on.
    fn plan(&mut self, amount: Sum, instalments: i64, margin: Sum) {
        let (start, mut left, mut earned) = (self.day, amount, 0);
        let due_on = |number: i64| {
            let number = i32::try_from(number).expect("few");
            if self.weekly {
                Day::new(start.get() + 7 * number)
            } else {
                months_later(start, number)
            }
        };
        for number in 1..=instalments {
            // Equal parts, up to a whole sen; the last takes what is left.
            let part = (amount + instalments - 1) / instalments;
            let principal = if number == instalments { left } else { part.min(left) };
            left -= principal;
            let until = match self.contract {
                Contract::Murabahah => {
                    half_up(i128::from(margin) * i128::from(number), i128::from(instalments))
                }
                Contract::Jasa | Contract::Qardh => {
                    let jasa = i128::from(amount) * i128::from(number) * i128::from(self.rate);
                    half_up(jasa, 10_000)
                }
            };
            let jasa = until - earned;
            earned = until;
            self.lines.push(Line {
                from: if number == 1 { start } else { due_on(number - 1) },
                due_on: due_on(number),
                principal,
                jasa,
                earned: jasa,
                waived: 0,
                due: false,
                paid: [0; 3],
                late: 0,
                size: principal + jasa,
            });
        }
        self.lines.sort_by_key(|line| line.due_on);
    }

    fn grow_penalties(&mut self) {
        let (Some(rule), None, today) = (self.penalty, self.lost, self.day) else { return };
        let weekly = self.weekly;
        let due = self.lines.iter_mut().filter(|line| line.due);
        for line in due.filter(|line| line.costs_on(today, rule, weekly)) {
            line.late += i128::from(line.unpaid());
        }
    }

    fn use_titipan(&mut self) {
        let held = std::mem::take(&mut self.titipan);
        self.titipan = self.settle(held);
    }

    fn take(&mut self, fact: Fact, early: bool) {
        match fact {
            Fact::Paid(amount) => self.pay(amount, early),
            Fact::Turned(performs) => self.performing = performs,
            Fact::Replanned { instalments, rate } => self.replan(instalments, rate),
            Fact::Settled { rebate } => self.settle_all(rebate),
            Fact::WrittenOff => self.lose(),
        }
    }

    /// Penalties of all that is due first, then jasa, then principal; what is left comes back.
    fn settle(&mut self, money: Sum) -> Sum {
        let (mut left, rule) = (money, self.penalty);
        for part in 0..3 {
            for line in self.lines.iter_mut().filter(|line| line.due) {
                let taken = line.owed(part, rule).min(left);
                line.paid[part] += taken;
                self.paid[part] += taken;
                left -= taken;
            }
        }
        left
    }

    fn pay(&mut self, amount: Sum, early: bool) {
        let mut left = self.settle(amount);
        for line in self.lines.iter_mut().rev().filter(|line| early && !line.due) {
            let taken = (line.principal - line.paid[2]).min(left);
            line.paid[2] += taken;
            self.paid[2] += taken;
            left -= taken;
        }
        self.titipan += left;
    }

    /// What is left gets a new plan; of goods the margin that is left is spread anew, of a loan
    /// jasa earned and not paid becomes principal, and income with it unless it was before.
    fn replan(&mut self, instalments: i64, rate: Option<i64>) {
        let (margin, before) = (self.margin_left(), self.receivable());
        let unpaid = match self.contract {
            Contract::Murabahah => 0,
            Contract::Jasa | Contract::Qardh => self.by_time() - self.settled_jasa(),
        };
        self.earned_before = self.earned();
        for line in &mut self.lines {
            line.due = true;
            (line.principal, line.jasa) = (line.paid[2], line.paid[1] + line.waived);
            line.earned = 0;
        }
        self.capitalised += unpaid;
        let not_income = unpaid - before.min(unpaid);
        self.deferred.push([unpaid, not_income, self.outstanding(), self.paid[2]]);
        self.rate = rate.unwrap_or(self.rate);
        self.plan(self.outstanding(), instalments, margin);
    }

    /// All is due, less a rebate on the last jasa.
    fn settle_all(&mut self, rebate: Sum) {
        let mut left = rebate;
        for line in self.lines.iter_mut().rev().filter(|line| !line.due) {
            let taken = (line.jasa - line.paid[1] - line.waived).min(left);
            line.waived += taken;
            self.waived += taken;
            left -= taken;
        }
        self.lines.iter_mut().for_each(|line| line.due = true);
        self.settled = true;
        self.use_titipan();
    }

    fn lose(&mut self) {
        self.performing = false;
        let amount = self.outstanding() - self.not_income();
        self.lost = Some(Loss { amount, income: self.income(), paid: self.paid });
    }

    // ---- what it comes to -----------------------------------------------------------------------

    /// Jasa that was paid or became principal.
    fn settled_jasa(&self) -> Sum {
        self.paid[1] + self.capitalised
    }

    /// Jasa that time has earned.
    fn earned(&self) -> Sum {
        let earned = self.lines.iter().map(|line| {
            let length = i128::from(line.due_on.get() - line.from.get());
            let passed = i128::from(self.day.get() - line.from.get()).clamp(0, length);
            if self.settled {
                line.earned
            } else {
                half_up(i128::from(line.earned) * passed, length)
            }
        });
        self.earned_before + earned.sum::<Sum>()
    }

    /// Jasa that the borrower has borne by time, whatever the lender makes of it.
    fn by_time(&self) -> Sum {
        (self.earned() - self.waived).max(self.settled_jasa())
    }

    /// Jasa that the borrower has borne, in books.
    pub fn borne(&self) -> Sum {
        if self.accrues { self.by_time() } else { self.settled_jasa() }
    }

    /// Jasa that the borrower owes, in books.
    pub fn payable(&self) -> Sum {
        self.borne() - self.settled_jasa()
    }

    /// Jasa that the lender says is owed.
    pub fn receivable(&self) -> Sum {
        if self.performing { self.payable() } else { 0 }
    }

    /// Jasa that became principal and is not income yet, of what the lender has not given up.
    pub fn deferred(&self) -> Sum {
        if self.lost.is_some() { 0 } else { self.not_income() }
    }

    fn not_income(&self) -> Sum {
        let left = |time: &[Sum; 4]| time[1] - self.paid_of(time[1], time);
        self.deferred.iter().map(left).sum()
    }

    /// What of a part of jasa that became principal was paid with it.
    fn paid_of(&self, part: Sum, [_, _, principal, before]: &[Sum; 4]) -> Sum {
        let since = (self.paid[2] - before).clamp(0, *principal);
        half_up(i128::from(part) * i128::from(since), i128::from(*principal).max(1))
    }

    /// Jasa that was paid, what became principal among it as that was.
    pub fn jasa_paid(&self) -> Sum {
        let with_principal = self.deferred.iter().map(|time| self.paid_of(time[0], time));
        self.paid[1] + with_principal.sum::<Sum>()
    }

    /// Jasa that is income of the lender.
    pub fn income(&self) -> Sum {
        let income = self.settled_jasa() + self.receivable() - self.not_income();
        self.lost.map_or(income, |lost| lost.income)
    }

    /// Penalties that are income of the lender.
    pub fn penalties(&self) -> Sum {
        self.lost.map_or(self.paid[0], |lost| lost.paid[0])
    }

    /// What the lender gave up, and what of it was paid since.
    pub fn lost(&self) -> Option<(Sum, Sum)> {
        let sum = |paid: [Sum; 3]| paid.iter().sum::<Sum>();
        self.lost.map(|lost| (lost.amount, sum(self.paid) - sum(lost.paid)))
    }

    /// Margin of goods that was not paid.
    pub fn margin_left(&self) -> Sum {
        match self.contract {
            Contract::Murabahah => {
                self.lines.iter().map(|line| line.jasa - line.waived - line.paid[1]).sum()
            }
            Contract::Jasa | Contract::Qardh => 0,
        }
    }

    /// Principal that is owed.
    pub fn outstanding(&self) -> Sum {
        self.amount + self.capitalised - self.paid[2]
    }

    /// All that is due and not paid.
    pub fn due(&self) -> Sum {
        let due = self.lines.iter().filter(|line| line.due);
        due.map(|line| (0..3).map(|part| line.owed(part, self.penalty)).sum::<Sum>()).sum()
    }

    pub fn is_paid_off(&self) -> bool {
        let owed = |line: &Line| (0..3).any(|part| line.owed(part, self.penalty) > 0);
        !self.lines.iter().any(owed)
    }

    /// Whether an instalment that asks for something falls due on the day.
    pub fn falls_due(&self) -> bool {
        let asks = |line: &Line| line.due_on == self.day && line.earned + line.principal > 0;
        self.lines.iter().any(asks)
    }

    /// Days that the oldest unpaid instalment is late.
    pub fn days_late(&self) -> i32 {
        let oldest = self.lines.iter().find(|line| line.due && line.unpaid() > 0);
        oldest.map_or(0, |line| self.day.get() - line.due_on.get())
    }

    /// What paying all off today remits of jasa by a rule, and what it takes beside titipan.
    pub fn quote(&self, percent: i64) -> (Sum, Sum) {
        let owed = |part| self.lines.iter().map(|line| line.owed(part, self.penalty)).sum::<Sum>();
        let ahead = self.lines.iter().filter(|line| !line.due && line.from >= self.day);
        let not_begun: Sum = ahead.map(|line| line.earned).sum();
        let rebate = half_up(i128::from(not_begun) * i128::from(percent), 100).min(owed(1));
        let needed = owed(0) + owed(1) + owed(2) - rebate;
        (rebate, needed - self.titipan.min(needed))
    }

    /// The rank of its class by days late, and its provision in percent.
    pub fn class(&self) -> (u32, i64) {
        match self.days_late() {
            _ if self.is_paid_off() => (0, 0),
            ..11 => (1, 0),
            11..91 => (2, 5),
            91..121 => (3, 15),
            121..181 => (4, 50),
            _ => (5, 100),
        }
    }

    /// What ought to be provided.
    pub fn provision(&self) -> Sum {
        half_up(i128::from(self.outstanding()) * i128::from(self.class().1), 100)
    }
}
