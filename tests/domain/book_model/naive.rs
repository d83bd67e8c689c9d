//! The second model: a list of what was told and accepted, and every balance of the book made from
//! it anew. It knows no records, no rows and no entries.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use simpul::domain::day::Day;

use super::loan::{Contract, Fact, Loan, Standing, Sum};
use super::syariah::{Venture, Ventured};

/// What was told and accepted.
#[derive(Clone, Debug)]
pub enum Told {
    /// A member of a group or of the LKM brought (or, negative, took) so much of a sort; part of it
    /// waits in suspense.
    Saved { group: String, member: String, code: u32, amount: Sum, suspense: Sum },
    /// A group brought (or, negative, drew) so much at the LKM.
    Banked { group: String, amount: Sum },
    /// Dues of the solidarity fund.
    Dues { group: String, amount: Sum },
    /// A loan was paid out, or the goods of a murabahah were bought and sold.
    Lent { loan: usize },
    /// Something became of capital in a business: what the LKM put in, got, lost or got back.
    Ventured { venture: Venture, what: Ventured, amount: Sum },
    /// Something was paid for a loan; a payment that cannot be posted waits in suspense.
    Paid { loan: usize, amount: Sum, suspense: bool },
    /// The same, taken from savings.
    Debited { loan: usize, amount: Sum },
    /// Others paid for a borrower: members of the lender, or the group that is surety.
    StoodIn { loan: usize, payers: Vec<(String, Sum)>, by_group: bool },
    /// A borrower gave back what somebody had paid for them.
    ClaimRepaid { loan: usize, payer: String, amount: Sum, to_group: bool },
    /// Officers decided on a loan: it got a new plan, or is given up. Moves no money.
    Decided { loan: usize },
    /// Something became of a term deposit, at its keeper and at the group that saves.
    Term { deposit: usize, legs: Vec<(String, Sum)> },
    /// The LKM's bank paid interest.
    Earned { amount: Sum },
    /// Interest of a month.
    Interest { group: String, member: String, amount: Sum },
    /// A member left, or died: of each sort of savings all, less what went to pay loans off.
    Settled { group: String, member: String, savings: Vec<(u32, Sum)>, for_loans: Sum },
    /// A year's income and expense, debit positive, went to the surplus.
    YearClosed { results: Vec<(String, Sum)> },
    /// A surplus was divided among members, the LKM's among its groups too, by the accounts they
    /// are given it in.
    Divided { whose: String, reserve: Sum, shares: Vec<(Sharing, Sum)> },
    /// A member was paid their share, or a group its own by the LKM.
    SharePaid { group: String, member: Option<String>, amount: Sum },
}

/// Who shares in a surplus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// A member of whose it is.
    Member(String),
    /// A group, of the LKM's.
    Group(String),
}

/// Where money lies.
fn cash_of(whose: &str) -> String {
    match whose {
        "lkm" => "lkm.sp.1102".to_owned(),
        group => format!("{group}.sp.1101"),
    }
}

/// One thing told, and the balances it moves by itself: not those of a loan, which come from all
/// that was told of it.
#[derive(Clone, Debug)]
pub struct Item {
    pub told: Told,
    legs: Vec<(String, Sum)>,
    /// The day in the ledger.
    stands: Day,
    /// The day it was taken back, if it was.
    back: Option<Day>,
}

/// What somebody who paid for a borrower may have back.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The item that made it.
    pub item: usize,
    /// As a loan's row names whoever paid.
    pub payer: String,
    pub amount: Sum,
    pub repaid: Sum,
}

/// The naive book.
#[derive(Debug, Default)]
pub struct Naive {
    pub items: Vec<Item>,
    pub loans: Vec<Loan>,
    /// The day to which each loan's ledger was brought.
    pub reckoned: Vec<Day>,
    /// The last closed day of each group, and of the LKM.
    pub closed: BTreeMap<String, Day>,
    /// How loans stood on days, as long as nothing more is told of them.
    standings: RefCell<BTreeMap<(usize, Day), Rc<Standing>>>,
}

impl Naive {
    /// The day in the ledger of what happened on a day between these: the first that all have open.
    pub fn stands(&self, between: &[&str], on: Day) -> Day {
        let closed = between.iter().filter_map(|one| self.closed.get(*one));
        closed.map(|closed| closed.next()).fold(on, Day::max)
    }

    /// Something is told, and stands in the ledger on a day.
    pub fn tell(&mut self, told: Told, stands: Day) {
        let legs = legs(&told, &self.loans);
        self.items.push(Item { told, legs, stands, back: None });
    }

    /// Something is taken back on a day.
    pub fn take_back(&mut self, item: usize, today: Day) {
        self.items[item].back = Some(today);
        if let Some(loan) = self.items[item].told.loan() {
            let turned = |fact: &Fact| matches!(fact, Fact::Turned(_));
            let facts = &mut self.loans[loan].facts;
            facts.retain(|(_, place, fact)| *place != item || turned(fact));
            self.forget(loan);
        }
    }

    /// What was told last became of a loan.
    pub fn became(&mut self, loan: usize, on: Day, fact: Fact) {
        let place = self.items.len() - 1;
        self.loans[loan].facts.push((on, place, fact));
        self.reckoned[loan] = self.reckoned[loan].max(on);
        self.forget(loan);
    }

    /// A loan turned, after all that was told so far.
    pub fn turn(&mut self, loan: usize, on: Day, performs: bool) {
        // An item told next comes after it: facts of one place keep their order.
        let place = self.items.len();
        self.loans[loan].facts.push((on, place, Fact::Turned(performs)));
        self.forget(loan);
    }

    /// The claims of those who paid for borrowers, by loan, in the order in which they paid; what
    /// was given back went to the oldest of a payer first.
    pub fn claims(&self) -> BTreeMap<usize, Vec<Claim>> {
        let mut claims: BTreeMap<usize, Vec<Claim>> = BTreeMap::new();
        let standing = || self.items.iter().enumerate().filter(|(_, one)| one.back.is_none());
        for (item, told) in standing() {
            if let Told::StoodIn { loan, payers, .. } = &told.told {
                let made = payers.iter().map(|(payer, amount)| Claim {
                    item,
                    payer: payer.clone(),
                    amount: *amount,
                    repaid: 0,
                });
                claims.entry(*loan).or_default().extend(made);
            }
        }
        for (_, told) in standing() {
            let Told::ClaimRepaid { loan, payer, amount, .. } = &told.told else { continue };
            let mut left = *amount;
            let of_loan = claims.entry(*loan).or_default();
            for claim in of_loan.iter_mut().filter(|claim| claim.payer == *payer) {
                let taken = (claim.amount - claim.repaid).min(left);
                claim.repaid += taken;
                left -= taken;
            }
        }
        claims
    }

    /// Whether something was given back of a claim that an item made.
    pub fn is_repaid(&self, item: usize) -> bool {
        let claims = self.claims();
        claims.values().flatten().any(|claim| claim.item == item && claim.repaid > 0)
    }

    fn forget(&mut self, loan: usize) {
        self.standings.get_mut().retain(|(one, _), _| *one != loan);
    }

    /// How a loan stood at the end of a day.
    pub fn at(&self, loan: usize, day: Day) -> Rc<Standing> {
        let mut known = self.standings.borrow_mut();
        let make = || Rc::new(self.loans[loan].at(day));
        Rc::clone(known.entry((loan, day)).or_insert_with(make))
    }

    /// Whether a loan is paid off, as far as its ledger was brought.
    pub fn is_paid_off(&self, loan: usize) -> bool {
        self.at(loan, self.reckoned[loan]).is_paid_off()
    }

    fn standing_legs(&self) -> impl Iterator<Item = &(String, Sum)> {
        self.items.iter().filter(|item| item.back.is_none()).flat_map(|item| &item.legs)
    }

    /// What everything told moved by itself, debit positive.
    pub fn moved(&self) -> BTreeMap<String, Sum> {
        let mut all = BTreeMap::new();
        for (account, sum) in self.standing_legs() {
            *all.entry(account.clone()).or_default() += sum;
        }
        all
    }

    /// All balances, debit positive, without those that are zero; suspense in one sum a ledger.
    pub fn balances(&self) -> BTreeMap<String, Sum> {
        let mut all = Balances(self.moved());
        for (at, loan) in self.loans.iter().enumerate() {
            all.loan(loan, &self.at(at, self.reckoned[at]));
        }
        all.0.retain(|_, sum| *sum != 0);
        all.0
    }

    /// The balances of some accounts alone, those that are zero included.
    pub fn balances_of(&self, accounts: &BTreeSet<String>) -> BTreeMap<String, Sum> {
        let entities: BTreeSet<&str> =
            accounts.iter().filter_map(|account| account.split('.').next()).collect();
        let mut all = Balances::default();
        for (account, sum) in self.standing_legs().filter(|(own, _)| accounts.contains(own)) {
            all.add(account.clone(), *sum);
        }
        for (at, loan) in self.loans.iter().enumerate() {
            let sides = [loan.lender.as_str(), loan.borrower.as_str()];
            if sides.iter().any(|side| entities.contains(side)) {
                all.loan(loan, &self.at(at, self.reckoned[at]));
            }
        }
        all.0.retain(|account, _| accounts.contains(account));
        all.0
    }

    /// What an account holds, whatever day it stands on, debit positive.
    pub fn held(&self, account: &str) -> Sum {
        self.standing_legs().filter(|(own, _)| own == account).map(|(_, sum)| sum).sum()
    }

    /// What a member holds of a sort of savings.
    pub fn savings(&self, group: &str, member: &str, code: u32) -> Sum {
        -self.held(&format!("{group}.sp.{code}.{member}"))
    }

    /// What a group's fund of savings and loans has saved at the LKM.
    pub fn at_lkm(&self, group: &str) -> Sum {
        self.held(&format!("{group}.sp.1111"))
    }

    /// The interest of a year's months through one: a two-hundredth of the lowest balance of each.
    pub fn interest(&self, group: &str, member: &str, through: Day) -> Sum {
        let account = format!("{group}.sp.2103.{member}");
        let mut moved: BTreeMap<Day, Sum> = BTreeMap::new();
        for item in &self.items {
            for (_, sum) in item.legs.iter().filter(|(own, _)| *own == account) {
                *moved.entry(item.stands).or_default() -= sum;
                if let Some(back) = item.back {
                    *moved.entry(back).or_default() += sum;
                }
            }
        }
        let (mut held, mut lowest, mut sum) = (0, Sum::MAX, 0_i128);
        let mut today = Day::from_ymd(2025, 1, 1).expect("a day");
        while today <= through {
            held += moved.get(&today).copied().unwrap_or_default();
            lowest = lowest.min(held.max(0));
            if today.next().ymd().2 == 1 {
                sum += i128::from(std::mem::replace(&mut lowest, Sum::MAX));
            }
            today = today.next();
        }
        i64::try_from((2 * sum + 200).div_euclid(400)).expect("fits")
    }

    /// What an entity's accounts of income and expense hold, debit positive.
    pub fn results(&self, whose: &str) -> Vec<(String, Sum)> {
        let own = |account: &str| {
            let mut parts = account.split('.');
            let code = (parts.next() == Some(whose)).then(|| parts.nth(1)).flatten();
            code.is_some_and(|code| code.starts_with('4') || code.starts_with('5'))
        };
        self.balances().into_iter().filter(|(account, _)| own(account)).collect()
    }

    /// Jasa, margin and profit shares that a borrower paid through a day.
    pub fn jasa(&self, lender: &str, borrower: &str, through: Day) -> Sum {
        let shared = |item: &Item| match &item.told {
            Told::Ventured { venture, what: Ventured::Shared, amount }
                if lender == "lkm" && venture.partner == borrower && item.stands <= through =>
            {
                *amount
            }
            _ => 0,
        };
        let shared: Sum = self.items.iter().map(shared).sum();
        let loans = self.loans.iter().enumerate();
        let own = loans.filter(|(_, loan)| loan.lender == lender && loan.borrower == borrower);
        let began = own.filter(|(_, loan)| loan.paid_out <= through);
        shared + began.map(|(at, _)| self.at(at, through).jasa_paid()).sum::<Sum>()
    }

    /// What a member was paid in interest so far.
    pub fn interest_paid(&self, group: &str, member: &str) -> Sum {
        let of = |item: &Item| match &item.told {
            Told::Interest { group: at, member: who, amount } if at == group && who == member => {
                *amount
            }
            _ => 0,
        };
        self.items.iter().map(of).sum()
    }
}

impl Told {
    /// The loan whose facts it is among.
    fn loan(&self) -> Option<usize> {
        match self {
            Told::Paid { loan, .. }
            | Told::Debited { loan, .. }
            | Told::StoodIn { loan, .. }
            | Told::Decided { loan } => Some(*loan),
            _ => None,
        }
    }
}

fn legs(told: &Told, loans: &[Loan]) -> Vec<(String, Sum)> {
    let mut moved = Balances::default();
    moved.tell(told, loans);
    moved.0.into_iter().filter(|(_, sum)| *sum != 0).collect()
}

/// Where a member's share of a surplus stands.
fn member_share(whose: &str, member: &str) -> String {
    let code = if whose == "lkm" { 2302 } else { 2301 };
    format!("{whose}.sp.{code}.{member}")
}

#[derive(Default)]
struct Balances(BTreeMap<String, Sum>);

impl Balances {
    fn add(&mut self, account: String, sum: Sum) {
        *self.0.entry(account).or_default() += sum;
    }

    fn pair(&mut self, debit: String, credit: String, sum: Sum) {
        self.add(debit, sum);
        self.add(credit, -sum);
    }

    fn tell(&mut self, told: &Told, loans: &[Loan]) {
        match told {
            Told::Saved { group, member, code, amount, suspense } => {
                let cash = cash_of(group);
                self.pair(cash.clone(), format!("{group}.sp.{code}.{member}"), amount - suspense);
                self.pair(cash, format!("{group}.sp.2901"), *suspense);
            }
            Told::Banked { group, amount } => {
                self.pair(format!("{group}.sp.1111"), format!("{group}.sp.1101"), *amount);
                self.pair("lkm.sp.1102".to_owned(), format!("lkm.sp.2102.{group}/sp"), *amount);
            }
            Told::Dues { group, amount } => {
                self.pair(format!("{group}.iks.1101"), format!("{group}.iks.3201"), *amount);
            }
            Told::Lent { loan } => self.lent(&loans[*loan]),
            Told::Ventured { venture, what, amount } => self.ventured(venture, *what, *amount),
            Told::Paid { loan, amount, suspense: false } => self.money(&loans[*loan], *amount),
            Told::Paid { loan, amount, suspense: true } => {
                let group = &loans[*loan].lender;
                self.pair(format!("{group}.sp.1101"), format!("{group}.sp.2901"), *amount);
            }
            Told::Debited { loan, amount } => {
                let Loan { lender, borrower, to_group, .. } = &loans[*loan];
                if *to_group {
                    self.add(format!("lkm.sp.2102.{borrower}/sp"), *amount);
                    self.add(format!("{borrower}.sp.1111"), -amount);
                } else {
                    self.add(format!("{lender}.sp.2103.{borrower}"), *amount);
                }
            }
            Told::Earned { amount } => {
                self.pair("lkm.sp.1104".to_owned(), "lkm.sp.4201".to_owned(), *amount);
            }
            Told::Interest { group, member, amount } => {
                let saved = format!("{group}.sp.2103.{member}");
                self.pair(format!("{group}.sp.5102"), saved, *amount);
            }
            Told::YearClosed { results } => {
                for (account, sum) in results {
                    let ledger = account.rsplit_once('.').map_or("", |(ledger, _)| ledger);
                    self.pair(format!("{ledger}.3401"), account.clone(), *sum);
                }
            }
            Told::Divided { whose, reserve, shares } => {
                let surplus = format!("{whose}.sp.3401");
                self.pair(surplus.clone(), format!("{whose}.sp.3302"), *reserve);
                for (sharing, share) in shares {
                    match sharing {
                        Sharing::Group(name) => {
                            self.pair(surplus.clone(), format!("lkm.sp.2303.{name}/sp"), *share);
                            self.pair(format!("{name}.sp.1210"), format!("{name}.sp.4203"), *share);
                        }
                        Sharing::Member(name) => {
                            self.pair(surplus.clone(), member_share(whose, name), *share);
                        }
                    }
                }
            }
            Told::SharePaid { group, member: Some(member), amount } => {
                self.pair(member_share(group, member), cash_of(group), *amount);
            }
            Told::SharePaid { group, member: None, amount } => {
                self.pair(format!("{group}.sp.1101"), format!("{group}.sp.1210"), *amount);
                let share = format!("lkm.sp.2303.{group}/sp");
                self.pair(share, "lkm.sp.1102".to_owned(), *amount);
            }
            Told::Settled { group, member, savings, for_loans } => {
                for (code, amount) in savings {
                    let saved = format!("{group}.sp.{code}.{member}");
                    self.pair(saved, cash_of(group), *amount);
                }
                self.add(cash_of(group), *for_loans);
            }
            Told::StoodIn { loan, payers, by_group } => {
                let amount = payers.iter().map(|(_, amount)| amount).sum();
                let loan = &loans[*loan];
                self.money(loan, amount);
                if let (true, Some(group)) = (by_group, &loan.surety) {
                    self.pair(format!("{group}.sp.1224.{}", loan.id), cash_of(group), amount);
                }
            }
            Told::ClaimRepaid { loan, amount, to_group: true, .. } => {
                let loan = &loans[*loan];
                let group = loan.surety.as_deref().unwrap_or_default();
                self.pair(cash_of(group), format!("{group}.sp.1224.{}", loan.id), *amount);
            }
            // Through the lender's hands, from one to the other.
            Told::ClaimRepaid { to_group: false, .. } | Told::Decided { .. } => {}
            Told::Term { legs, .. } => {
                for (account, amount) in legs {
                    self.add(account.clone(), *amount);
                }
            }
        }
    }

    /// What a loan's money or goods move when they go out.
    fn lent(&mut self, loan: &Loan) {
        if loan.contract != Contract::Murabahah {
            return self.money(loan, -loan.amount);
        }
        self.add(cash_of(&loan.lender), -loan.amount);
        if loan.to_group {
            self.add(format!("{}.sp.1301.{}-k", loan.borrower, loan.id), loan.amount);
        }
    }

    fn ventured(&mut self, venture: &Venture, what: Ventured, amount: Sum) {
        let Venture { id, partner, to_group } = venture;
        // What the LKM gets, and what stands against it on both sides.
        let (got, lkm, own) = match what {
            Ventured::Funded => (-amount, format!("1228.{id}"), format!("2317.{id}")),
            Ventured::Shared => (amount, "4317".to_owned(), "5316".to_owned()),
            Ventured::Returned => (amount, format!("1228.{id}"), format!("2317.{id}")),
            Ventured::Lost => {
                self.pair("lkm.sp.5317".to_owned(), format!("lkm.sp.1228.{id}"), amount);
                if *to_group {
                    let (debt, loss) = (format!("{partner}.sp.2317.{id}"), "5212");
                    self.pair(debt, format!("{partner}.sp.{loss}"), amount);
                }
                return;
            }
        };
        self.pair(cash_of("lkm"), format!("lkm.sp.{lkm}"), got);
        if *to_group {
            self.pair(format!("{partner}.sp.{own}"), cash_of(partner), got);
        }
    }

    /// Cash that a loan brings to its lender.
    fn money(&mut self, loan: &Loan, amount: Sum) {
        let Loan { lender, borrower, to_group, contract, .. } = loan;
        match contract {
            Contract::Qardh => self.add("lkm.kebajikan.1102".to_owned(), amount),
            Contract::Jasa | Contract::Murabahah => self.add(cash_of(lender), amount),
        }
        if *to_group {
            self.add(cash_of(borrower), -amount);
        }
    }

    /// Everything of a loan but the money.
    fn loan(&mut self, loan: &Loan, standing: &Standing) {
        let Loan { lender, id, borrower, to_group, contract, .. } = loan;
        let (ledger, lent, income, debt, cost) = match (contract, lender.as_str()) {
            (Contract::Jasa, "lkm") => ("lkm.sp".to_owned(), 1222, 4311, 2311, 5311),
            (Contract::Jasa, group) => (format!("{group}.sp"), 1221, 4311, 2311, 5311),
            (Contract::Murabahah, lender) => (format!("{lender}.sp"), 1226, 4316, 2315, 5315),
            (Contract::Qardh, lender) => (format!("{lender}.kebajikan"), 1227, 4311, 2316, 5311),
        };
        let margin = standing.margin_left();
        match standing.lost() {
            // The lender gave it up: provision first, what lacked as cost, so cost in all.
            Some((lost, recovered)) => {
                self.add(format!("{ledger}.5313"), lost);
                self.add(format!("{ledger}.4314"), -recovered);
            }
            None => {
                self.add(format!("{ledger}.{lent}.{id}"), standing.outstanding() + margin);
                self.add(format!("{ledger}.2123.{id}"), -margin);
                let provided = format!("{ledger}.1291.{id}");
                self.pair(format!("{ledger}.5313"), provided, loan.provision);
            }
        }
        self.add(format!("{ledger}.1223.{id}"), standing.receivable());
        self.add(format!("{ledger}.2121.{id}"), -standing.titipan);
        self.add(format!("{ledger}.2122.{id}"), -standing.deferred());
        self.add(format!("{ledger}.{income}"), -standing.income());
        let penalties = standing.penalties();
        match contract {
            Contract::Jasa => self.add(format!("{ledger}.4312"), -penalties),
            Contract::Qardh => self.add(format!("{ledger}.3203"), -penalties),
            Contract::Murabahah => {
                self.add(format!("{ledger}.1901.kebajikan"), -penalties);
                self.pair("lkm.kebajikan.1901.sp".into(), "lkm.kebajikan.3203".into(), penalties);
            }
        }
        if *to_group {
            self.add(format!("{borrower}.sp.{debt}.{id}"), -standing.outstanding() - margin);
            self.add(format!("{borrower}.sp.1229.{id}"), margin);
            self.add(format!("{borrower}.sp.2312.{id}"), -standing.payable());
            self.add(format!("{borrower}.sp.1225.{id}"), standing.titipan);
            self.add(format!("{borrower}.sp.{cost}"), standing.borne());
            self.add(format!("{borrower}.sp.5312"), standing.paid[0]);
        }
    }
}
