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
    pub contract: Contract,
    pub amount: Sum,
    pub instalments: i64,
    pub weekly: bool,
    /// Jasa of each period.
    pub jasa: Sum,
    pub accrues: bool,
    /// Ten-thousandths of what is overdue for each day, and the days that cost nothing.
    pub penalty: Option<(i64, i32)>,
    /// Whether what is overpaid pays principal early.
    pub early: bool,
    /// Whether instalments are taken from savings.
    pub debited: bool,
    pub paid_out: Day,
    /// Whether the lender has quality classes.
    pub classed: bool,
    /// Payments that stand: day, place in the order of telling, sen.
    pub paid: Vec<(Day, usize, Sum)>,
    /// The days on which closings turned it, and to what.
    pub turned: Vec<(Day, bool)>,
    /// What was provided when it was last looked at.
    pub provision: Sum,
}

#[derive(Clone, Debug)]
struct Line {
    from: Day,
    due_on: Day,
    principal: Sum,
    jasa: Sum,
    due: bool,
    paid: [Sum; 3],
    late: i128,
}

/// A loan at the end of a day.
#[derive(Clone, Debug)]
pub struct Standing {
    day: Day,
    lines: Vec<Line>,
    pub titipan: Sum,
    penalty: Option<(i64, i32)>,
    /// Penalties, jasa and principal that were paid.
    pub paid: [Sum; 3],
    pub amount: Sum,
    pub performing: bool,
    accrues: bool,
}

fn half_up(above: i128, below: i128) -> Sum {
    i64::try_from((2 * above + below).div_euclid(2 * below)).expect("fits")
}

/// The same day of a later month, or its last.
fn months_later(day: Day, months: i32) -> Day {
    let (year, month, of_month) = day.ymd();
    let months = month - 1 + months;
    let (year, month) = (year + months / 12, months % 12 + 1);
    (1..=of_month).rev().find_map(|day| Day::from_ymd(year, month, day)).expect("a day")
}

impl Loan {
    fn due_day(&self, number: i32) -> Day {
        match self.weekly {
            true => Day::new(self.paid_out.get() + 7 * number),
            false => months_later(self.paid_out, number),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let count = i32::try_from(self.instalments).expect("few");
        let line = |number| Line {
            from: if number == 1 { self.paid_out } else { self.due_day(number - 1) },
            due_on: self.due_day(number),
            principal: self.amount / self.instalments,
            jasa: self.jasa,
            due: false,
            paid: [0; 3],
            late: 0,
        };
        (1..=count).map(line).collect()
    }

    /// Whether an instalment falls due on a day.
    pub fn is_due_on(&self, day: Day) -> bool {
        self.lines().iter().any(|line| line.due_on == day)
    }

    /// How it stands at the end of a day.
    pub fn at(&self, day: Day) -> Standing {
        let mut standing = Standing {
            day: self.paid_out,
            lines: self.lines(),
            titipan: 0,
            penalty: self.penalty,
            paid: [0; 3],
            amount: self.amount,
            performing: true,
            accrues: self.accrues,
        };
        let mut paid = self.paid.clone();
        paid.sort_unstable();
        let mut today = self.paid_out;
        while today <= day {
            standing.day = today;
            standing.grow_penalties();
            standing.lines.iter_mut().for_each(|line| line.due = line.due_on <= today);
            let held = std::mem::take(&mut standing.titipan);
            standing.titipan = standing.settle(held);
            for (_, _, amount) in paid.iter().filter(|(on, _, _)| *on == today) {
                standing.pay(*amount, self.early);
            }
            today = today.next();
        }
        let turned = self.turned.iter().rev().find(|(on, _)| *on <= day);
        standing.performing = turned.is_none_or(|(_, performing)| *performing);
        standing
    }
}

impl Line {
    fn unpaid(&self) -> Sum {
        self.principal + self.jasa - self.paid[1] - self.paid[2]
    }

    fn penalty(&self, rule: Option<(i64, i32)>) -> Sum {
        rule.map_or(0, |(rate, _)| half_up(self.late * i128::from(rate), 10_000))
    }

    fn owed(&self, part: usize, rule: Option<(i64, i32)>) -> Sum {
        let asked = [self.penalty(rule), self.jasa, self.principal][part];
        asked - self.paid[part]
    }
}

impl Standing {
    fn grow_penalties(&mut self) {
        let (Some((_, grace)), today) = (self.penalty, self.day) else { return };
        for line in self.lines.iter_mut().filter(|line| line.due) {
            if today.get() > line.due_on.get() + grace {
                line.late += i128::from(line.unpaid());
            }
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

    /// Jasa of the whole plan that was not paid.
    pub fn jasa_left(&self) -> Sum {
        self.lines.iter().map(|line| line.jasa - line.paid[1]).sum()
    }

    /// Principal that is owed.
    pub fn outstanding(&self) -> Sum {
        self.amount - self.paid[2]
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

    /// Jasa that the borrower has borne.
    pub fn borne(&self) -> Sum {
        if !self.accrues {
            return self.paid[1];
        }
        let earned = self.lines.iter().map(|line| {
            let length = i128::from(line.due_on.get() - line.from.get());
            let passed = i128::from(self.day.get() - line.from.get()).clamp(0, length);
            half_up(i128::from(line.jasa) * passed, length)
        });
        earned.sum::<Sum>().max(self.paid[1])
    }

    /// Jasa that is income of the lender.
    pub fn recognised(&self) -> Sum {
        if self.performing { self.borne() } else { self.paid[1] }
    }

    /// The rank of its class by days late, and its provision in percent.
    pub fn class(&self) -> (u32, i64) {
        let oldest = self.lines.iter().find(|line| line.due && line.unpaid() > 0);
        let late = oldest.map_or(0, |line| self.day.get() - line.due_on.get());
        match late {
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
