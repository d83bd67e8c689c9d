//! Term deposits of a book that is lived: opened, what time does to them, broken early.
//!
//! What a deposit has come to is reckoned from its own beginning each time, on whole numbers.

use simpul::domain::day::Day;
use simpul::domain::money::Sen;
use simpul::domain::record::Outcome;
use simpul::domain::record::proto::{
    EarlyBreak, Fund, OnMaturity, SavingsDayCount, TermPayout, TermProduct,
};
use simpul::domain::record::{Record, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::term::{CloseDeposit, OpenDeposit, Owner, Purse, Tend, TermId, listed_on};
use simpul::domain::term_product::SetTermProduct;

use super::loan::{Sum, half_up, months_later};
use super::naive::Told;
use super::{Life, RUPIAH, entity, place_of};
use crate::loans::counter;
use crate::village::{day, id};

/// The rules of a keeper's product.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// Percent a year.
    rate: i64,
    count: SavingsDayCount,
    payout: TermPayout,
    early: EarlyBreak,
    free_on_death: bool,
}

/// What breaking costs: a fee of so many sen, or so many percent of the deposit or of its return.
const FEE: Sum = 2_500;
const PERCENT: i64 = 2;
const INTEREST: i64 = 40;

/// A deposit as its keeper's passbook shows it.
#[derive(Clone, Debug)]
pub struct Deposit {
    id: String,
    pub keeper: String,
    /// A member of the keeper, or a group that saves at the LKM.
    pub saver: String,
    of_group: bool,
    rules: Rules,
    amount: Sum,
    opened: Day,
    matures: Day,
    on_maturity: OnMaturity,
    earned: Sum,
    paid: Sum,
    pub open: bool,
    /// Whether anything became of it since it was opened.
    pub touched: bool,
}

/// What moves when something becomes of a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Principal,
    Owed,
    Savings,
    Cash,
    Return,
    Fine,
}

/// Debit, credit and sen, as the keeper sees it.
type Move = (Part, Part, Sum);

impl Deposit {
    fn term(&self) -> TermId {
        match self.of_group {
            true => TermId::Kube(id(&self.saver), id(&self.id)),
            false => TermId::Member(entity(&self.keeper), id(&self.id)),
        }
    }

    /// What the running term has earned until a day.
    fn cumulative(&self, until: Day) -> Sum {
        let (amount, rate) = (i128::from(self.amount), i128::from(self.rules.rate));
        let until = until.min(self.matures);
        let days = |from: Day| i128::from(until.get() - from.get());
        match self.rules.count {
            SavingsDayCount::Actual365 => half_up(amount * rate * days(self.opened), 36_500),
            SavingsDayCount::Actual360 => half_up(amount * rate * days(self.opened), 36_000),
            _ => {
                let months = (0..).take_while(|months| months_later(self.opened, *months) <= until);
                let months = months.last().expect("it began");
                let begun = months_later(self.opened, months);
                let length = i128::from(months_later(self.opened, months + 1).get() - begun.get());
                let parts = i128::from(months) * length + days(begun);
                half_up(amount * rate * parts, 1_200 * length)
            }
        }
    }

    fn accrue(&mut self, through: Day) -> Move {
        let earned = self.cumulative(through);
        let more = earned - std::mem::replace(&mut self.earned, earned);
        (Part::Return, Part::Owed, more)
    }

    fn pay(&mut self, amount: Sum, into: Part) -> Move {
        self.paid += amount;
        (Part::Owed, into, amount)
    }

    /// What the end of a day makes of it; none where it makes nothing.
    fn tend(&mut self, on: Day) -> Option<Vec<Move>> {
        if !self.open || on <= self.opened || on > self.matures {
            return None;
        }
        let month_ends = on.next().ymd().2 == 1;
        let month_over = (1..=12).any(|months| months_later(self.opened, months) == on);
        let pays = self.rules.payout == TermPayout::Monthly && month_over;
        if !month_ends && !pays && on != self.matures {
            return None;
        }
        self.touched = true;
        let mut moves = vec![self.accrue(if month_ends { on.next() } else { on })];
        if on == self.matures {
            self.mature(&mut moves);
        } else if pays {
            moves.push(self.pay(self.cumulative(on) - self.paid, Part::Savings));
        }
        Some(moves)
    }

    fn mature(&mut self, moves: &mut Vec<Move>) {
        let due = self.earned - self.paid;
        match self.on_maturity {
            OnMaturity::Unspecified => {}
            OnMaturity::Savings => {
                moves.push(self.pay(due, Part::Savings));
                moves.push((Part::Principal, Part::Savings, self.amount));
                self.open = false;
            }
            OnMaturity::RollOver => {
                let grows = self.rules.payout == TermPayout::Capitalised;
                moves.push(self.pay(due, if grows { Part::Principal } else { Part::Savings }));
                self.amount += if grows { due } else { 0 };
                let (from, until) = (self.opened, self.matures);
                let months = (1..=12).find(|months| months_later(from, *months) == until);
                self.matures = match months {
                    Some(months) => months_later(until, months),
                    None => Day::new(2 * until.get() - from.get()),
                };
                (self.opened, self.earned, self.paid) = (until, 0, 0);
            }
        }
    }

    /// It is paid back on a day, whatever that costs.
    fn pay_back(&mut self, on: Day, died: bool, into: Part) -> Vec<Move> {
        let mut moves = vec![self.accrue(on)];
        let mut amount = self.amount;
        let free = on >= self.matures || (died && self.rules.free_on_death);
        let part = |of: Sum, percent: i64| half_up(i128::from(of) * i128::from(percent), 100);
        let fine = match self.rules.early {
            _ if free => 0,
            EarlyBreak::Fee => FEE.min(amount),
            EarlyBreak::Percent => part(amount, PERCENT),
            EarlyBreak::Interest => {
                let lost = part(self.earned, INTEREST);
                let unpaid = lost.min(self.earned - self.paid);
                let back = (lost - unpaid).min(amount);
                moves.push((Part::Owed, Part::Return, unpaid));
                moves.push((Part::Principal, Part::Return, back));
                self.paid += unpaid;
                amount -= back;
                0
            }
            EarlyBreak::Unspecified => unreachable!("every product has a rule"),
        };
        moves.push((Part::Principal, Part::Fine, fine));
        moves.push(self.pay(self.earned - self.paid, into));
        moves.push((Part::Principal, into, amount - fine));
        (self.open, self.touched) = (false, true);
        moves
    }

    /// What moves come to in both ledgers.
    fn legs(&self, moves: &[Move]) -> Vec<(String, Sum)> {
        let mut legs = Vec::new();
        for (debit, credit, amount) in moves.iter().copied().filter(|(_, _, amount)| *amount != 0) {
            legs.push((self.at_keeper(debit), amount));
            legs.push((self.at_keeper(credit), -amount));
            if self.of_group {
                legs.push((self.at_saver(credit), amount));
                legs.push((self.at_saver(debit), -amount));
            }
        }
        legs
    }

    fn at_keeper(&self, part: Part) -> String {
        let Deposit { id, keeper, saver, of_group, .. } = self;
        let code = match (part, of_group) {
            (Part::Principal, true) => format!("2106.{saver}/{id}"),
            (Part::Principal, false) => format!("2111.{id}"),
            (Part::Owed, true) => format!("2110.{saver}/{id}"),
            (Part::Owed, false) => format!("2112.{id}"),
            (Part::Savings, true) => format!("2102.{saver}/sp"),
            (Part::Savings, false) => format!("2103.{saver}"),
            (Part::Cash, _) if keeper == "lkm" => "1102".to_owned(),
            (Part::Cash, _) => "1101".to_owned(),
            (Part::Return, _) => "5102".to_owned(),
            (Part::Fine, _) => "4312".to_owned(),
        };
        format!("{keeper}.sp.{code}")
    }

    fn at_saver(&self, part: Part) -> String {
        let code = match part {
            Part::Principal => format!("1112.{}", self.id),
            Part::Owed => format!("1114.{}", self.id),
            Part::Savings => "1111".to_owned(),
            Part::Cash => "1101".to_owned(),
            Part::Return => "4204".to_owned(),
            Part::Fine => "5312".to_owned(),
        };
        format!("{}.sp.{code}", self.saver)
    }
}

impl Life {
    /// A product of term deposits of each lender, all of them different.
    pub fn set_term_rules(&mut self) {
        for (number, keeper) in self.lenders().into_iter().enumerate() {
            let rules = rules(number);
            let version = TermProduct {
                since: day("2025-01-01").get(),
                rate: rules.rate.to_string(),
                day_count: rules.count as i32,
                payout: rules.payout as i32,
                early: rules.early as i32,
                early_fee: if rules.early == EarlyBreak::Fee { FEE } else { 0 },
                early_percent: match rules.early {
                    EarlyBreak::Percent => PERCENT.to_string(),
                    EarlyBreak::Interest => INTEREST.to_string(),
                    _ => String::new(),
                },
                free_on_death: rules.free_on_death,
                minute: "BA-5/contoh".to_owned(),
                ..TermProduct::default()
            };
            let entity = entity(&keeper);
            self.village.ok(SetTermProduct { entity, product: id("t"), version });
        }
    }

    /// Somebody puts money away for a time, from savings or from the hand.
    pub fn save_for_a_time(&mut self, on: Day) {
        let (whose, member) = self.somebody();
        let of_group = whose != "lkm" && self.random.u8(0..3) == 0;
        if on <= self.closed || (!of_group && !self.lives(&whose, &member, on)) {
            return;
        }
        let (keeper, saver) = if of_group { ("lkm".to_owned(), whose) } else { (whose, member) };
        let amount = self.random.i64(1..=80) * 1_000 * RUPIAH;
        let months = self.random.i32(1..=4);
        let odd = if self.random.bool() { 0 } else { self.random.i32(1..20) };
        let waits = [OnMaturity::Unspecified, OnMaturity::Savings, OnMaturity::RollOver];
        let from_savings = self.random.bool();
        let number = self.lenders().iter().position(|one| *one == keeper).expect("a keeper");
        let deposit = Deposit {
            id: format!("d{:04}", self.deposits.len()),
            keeper,
            saver,
            of_group,
            rules: rules(number),
            amount,
            opened: on,
            matures: Day::new(months_later(on, months).get() + odd),
            on_maturity: *self.random.choice(&waits).expect("one"),
            earned: 0,
            paid: 0,
            open: true,
            touched: false,
        };
        self.put_away(deposit, from_savings, on);
    }

    fn put_away(&mut self, deposit: Deposit, from_savings: bool, on: Day) {
        let held = match deposit.of_group {
            true => self.naive.at_lkm(&deposit.saver),
            false => self.naive.savings(&deposit.keeper, &deposit.saver, 2103),
        };
        let action = OpenDeposit {
            owner: match deposit.of_group {
                true => Owner::Kube(id(&deposit.saver), Fund::SimpanPinjam),
                false => Owner::Member(entity(&deposit.keeper), id(&deposit.saver)),
            },
            deposit: id(&deposit.id),
            product: Some(id("t")),
            amount: Sen::new(deposit.amount),
            matures_on: deposit.matures,
            purse: purse(&deposit, from_savings),
            on_maturity: deposit.on_maturity,
        };
        let short = from_savings && held < deposit.amount;
        let record = self.run(action, on);
        if let Outcome::Refused(refusal) = &record.outcome {
            assert!(short && refusal.reason == Reason::Floor, "{record:?}");
            return self.tally("savings too short for a term");
        }
        assert!(!short, "{record:?}");
        let from = if from_savings { Part::Savings } else { Part::Cash };
        let moves = [(from, Part::Principal, deposit.amount)];
        self.termed(self.deposits.len(), deposit.legs(&moves), &deposit, on, &record);
        self.deposits.push(deposit);
        self.tally("put away for a time");
    }

    fn termed(
        &mut self,
        at: usize,
        legs: Vec<(String, Sum)>,
        deposit: &Deposit,
        on: Day,
        record: &Record,
    ) {
        let between: &[&str] = match deposit.of_group {
            true => &[&deposit.saver, "lkm"],
            false => &[&deposit.keeper],
        };
        self.told(Told::Term { deposit: at, legs }, between, on, record);
    }

    /// One is paid back, early or when its time is over.
    pub fn break_deposit(&mut self, today: Day) {
        if self.random.u8(0..3) > 0 {
            return;
        }
        let open: Vec<usize> =
            (0..self.deposits.len()).filter(|at| self.deposits[*at].open).collect();
        let Some(at) = self.random.choice(&open).copied() else { return };
        let into_savings = self.random.bool();
        let mut deposit = self.deposits[at].clone();
        if today < deposit.opened {
            return;
        }
        let into = if into_savings { Part::Savings } else { Part::Cash };
        let early = today < deposit.matures;
        let moves = deposit.pay_back(today, false, into);
        let legs = deposit.legs(&moves);
        let cash: Sum = legs.iter().filter(|(own, _)| own == "lkm.sp.1102").map(|leg| -leg.1).sum();
        let short = cash > self.vault();
        let (purse, minute) = (purse(&deposit, into_savings), String::new());
        let action = CloseDeposit { term: deposit.term(), purse, minute, died: false };
        let record = self.run(action, today);
        if let Outcome::Refused(refusal) = &record.outcome {
            assert!(short && refusal.reason == Reason::Floor, "{record:?}");
            return self.tally("vault empty");
        }
        assert!(!short, "{record:?}");
        self.termed(at, legs, &deposit, today, &record);
        self.booked.pop();
        self.deposits[at] = deposit;
        self.tally(if early { "broken early" } else { "paid back" });
    }

    /// The deposits of a member that run.
    pub fn deposits_of(&self, keeper: &str, member: &str) -> Vec<usize> {
        let own = |deposit: &Deposit| {
            let of_member = !deposit.of_group && deposit.saver == member;
            deposit.open && of_member && deposit.keeper == keeper
        };
        (0..self.deposits.len()).filter(|at| own(&self.deposits[*at])).collect()
    }

    /// What paying deposits back into savings on a day would bring there.
    pub fn paid_back(&self, deposits: &[usize], on: Day, died: bool) -> Sum {
        let brings = |at: &usize| -> Sum {
            let mut deposit = self.deposits[*at].clone();
            let moves = deposit.pay_back(on, died, Part::Savings);
            moves.iter().filter(|(_, into, _)| *into == Part::Savings).map(|one| one.2).sum()
        };
        deposits.iter().map(brings).sum()
    }

    /// A record has paid deposits back into savings.
    pub fn all_paid_back(&mut self, deposits: &[usize], on: Day, died: bool, record: &Record) {
        for at in deposits {
            let mut deposit = self.deposits[*at].clone();
            let moves = deposit.pay_back(on, died, Part::Savings);
            self.termed(*at, deposit.legs(&moves), &deposit, on, record);
            self.booked.pop();
            self.deposits[*at] = deposit;
            self.tally("paid back on leaving");
        }
    }

    /// The end of a day: what is listed under it is tended, and nothing else had to be.
    pub fn tend_deposits(&mut self, on: Day) {
        for at in 0..self.deposits.len() {
            let mut deposit = self.deposits[at].clone();
            let expected = deposit.tend(on);
            let name = deposit.term().name();
            let Some(Row::TermDeposit(row)) = self.village.row(&name) else {
                panic!("{deposit:?}")
            };
            if !(1..=on.get()).contains(&listed_on(&row)) {
                assert!(expected.is_none(), "{on}: not listed: {deposit:?}");
                continue;
            }
            let matures = row.matures_on <= on.get();
            let record = self.run(Tend { term: deposit.term(), matures }, on);
            let Outcome::Done(effect) = &record.outcome else { panic!("{record:?}") };
            assert_eq!(effect.flags, [], "{record:?}");
            let Some(moves) = expected else { continue };
            let rolled = deposit.opened == on;
            self.termed(at, deposit.legs(&moves), &deposit, on, &record);
            self.booked.pop();
            self.tally(match (deposit.open, rolled) {
                (false, _) => "matured into savings",
                (true, true) => "rolled over",
                (true, false) => "returns on terms",
            });
            self.deposits[at] = deposit;
        }
    }
}

fn rules(number: usize) -> Rules {
    let counts =
        [SavingsDayCount::Twelfths, SavingsDayCount::Actual365, SavingsDayCount::Actual360];
    let payouts = [TermPayout::Monthly, TermPayout::Capitalised, TermPayout::AtMaturity];
    let breaks = [EarlyBreak::Interest, EarlyBreak::Fee, EarlyBreak::Percent];
    Rules {
        rate: 6 + i64::try_from(number % 4).expect("few"),
        count: counts[number % 3],
        payout: payouts[number / 3 % 3],
        early: breaks[(number + number / 3) % 3],
        free_on_death: number.is_multiple_of(2),
    }
}

fn purse(deposit: &Deposit, savings: bool) -> Purse {
    match (savings, deposit.of_group) {
        (true, _) => Purse::Savings,
        (false, true) => Purse::Handover(counter()),
        (false, false) => Purse::Till(place_of(&deposit.keeper)),
    }
}
