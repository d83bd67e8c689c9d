//! Syariah contracts of a book that is lived: goods sold by murabahah, qardhul hasan out of alms,
//! capital in businesses.

use simpul::domain::account::Ledger;
use simpul::domain::alms::{Alms, ReceiveAlms};
use simpul::domain::cash::Place;
use simpul::domain::day::Day;
use simpul::domain::id::Entity;
use simpul::domain::loan::case::{Borrower, Purse};
use simpul::domain::loan::murabahah::SellMurabahah;
use simpul::domain::loan::pay::Disburse;
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::loan::request::ApplyLoan;
use simpul::domain::loan::syirkah::{BearLoss, FundSyirkah, ReturnCapital, ShareProfit};
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::Outcome;
use simpul::domain::record::proto::{
    Fund, LoanContract, LoanFrequency, LoanMethod, LoanTerms, LoanVersion, LotKind, Penalty,
    PenaltyPer, SyirkahKind,
};
use simpul::domain::trade::{Payment, Purchase};

use super::Life;
use super::loan::{Contract, Late, Loan, Sum};
use super::naive::Told;
use crate::loan_schedule::plain_terms;
use crate::loans::{apply, confirm, counter, decide};
use crate::village::{day, id, k};

/// Whose business the LKM has put capital into.
#[derive(Clone, Debug)]
pub struct Venture {
    pub id: String,
    /// A group, or a member of the LKM.
    pub partner: String,
    pub to_group: bool,
}

/// What became of capital.
#[derive(Clone, Copy, Debug)]
pub enum Ventured {
    Funded,
    Shared,
    Lost,
    Returned,
}

const LKM: Entity = Entity::Lkm;

impl Life {
    /// What the LKM offers beside its loans, and alms to lend.
    pub fn set_syariah_rules(&mut self) {
        for (product, contract) in [("m", LoanContract::Murabahah), ("q", LoanContract::Qardh)] {
            let penalty = Penalty {
                per: PenaltyPer::Day as i32,
                percent: "0.05".to_owned(),
                grace_days: 2,
                ..Penalty::default()
            };
            let terms = LoanTerms {
                contract: contract as i32,
                penalty: Some(penalty),
                ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0")
            };
            let since = day("2025-01-01").get();
            let version = LoanVersion { since, terms: Some(terms), ..LoanVersion::default() };
            self.village.ok(SetLoanProduct { entity: LKM, product: id(product), version });
        }
        let (alms, amount, place) = (Alms::Infak, k(2_000), Place::Vault);
        self.village.ok(ReceiveAlms { alms, amount, place, giver: None, donor: None });
    }

    /// A group, or a member of the LKM who is one on a day.
    fn some_partner(&mut self, on: Day) -> Option<(String, bool)> {
        if self.random.bool() {
            return Some((self.some_group(), true));
        }
        let members = self.members("lkm");
        let member = self.random.choice(&members)?.clone();
        self.lives("lkm", &member, on).then_some((member, false))
    }

    /// Today: goods are bought and sold on the day they are handed over.
    pub fn lend_by_syariah(&mut self, today: Day) {
        let Some((borrower, to_group)) = self.some_partner(today) else { return };
        if self.owes("lkm", &borrower) {
            return;
        }
        let contract = *self.random.choice(&[Contract::Murabahah, Contract::Qardh]).expect("one");
        let instalments = self.random.i64(2..=8);
        let most = if contract == Contract::Qardh { 2 } else { 12 };
        let amount = instalments * self.random.i64(1..=most) * 1_000_000;
        let margin = match contract {
            Contract::Murabahah => self.random.i64(1..=90_000) * instalments,
            Contract::Jasa | Contract::Qardh => 0,
        };
        let number = self.naive.loans.len();
        let loan = Loan {
            lender: "lkm".to_owned(),
            id: format!("p{number:04}"),
            borrower: borrower.clone(),
            to_group,
            surety: None,
            contract,
            amount,
            instalments,
            weekly: false,
            rate: 0,
            margin,
            accrues: false,
            penalty: Some(Late { rate: 5, by_period: false, grace: 2, cap: None }),
            early: false,
            rebate: None,
            debited: contract == Contract::Murabahah && self.random.bool(),
            paid_out: today,
            classed: true,
            facts: Vec::new(),
            provision: 0,
        };
        if self.vault_of(&loan) < amount {
            return self.tally("vault empty");
        }
        self.hand_out(&loan, today);
        self.loans.insert(("lkm".to_owned(), loan.id.clone()), number);
        self.naive.loans.push(loan);
        self.naive.reckoned.push(today);
        let between: &[&str] = if to_group { &[&borrower, "lkm"] } else { &["lkm"] };
        let stands = self.naive.stands(between, today);
        self.naive.tell(Told::Lent { loan: number }, stands);
        self.tally(match contract {
            Contract::Qardh => "lent by qardh",
            Contract::Jasa | Contract::Murabahah => "sold by murabahah",
        });
    }

    fn hand_out(&mut self, loan: &Loan, today: Day) {
        let to = match loan.to_group {
            true => Borrower::Group(id(&loan.borrower)),
            false => Borrower::Member(id(&loan.borrower)),
        };
        let count = u32::try_from(loan.instalments).expect("few");
        let wish = apply(&LKM, &loan.id, to, Sen::new(loan.amount), count);
        let murabahah = loan.contract == Contract::Murabahah;
        let wish = ApplyLoan {
            product: id(if murabahah { "m" } else { "q" }),
            margin: Sen::new(loan.margin),
            auto_debit: loan.debited,
            ..wish
        };
        let on = today.to_string();
        self.village.ok_on(wish, Some(&on));
        self.village.ok_on(confirm(&LKM, &loan.id), Some(&on));
        self.village.ok_on(decide(&LKM, &loan.id, true), Some(&on));
        if !murabahah {
            let purse = purse(loan.to_group);
            let (lender, amount) = (LKM, None);
            let loan = id(&loan.id);
            let out = Disburse { lender, loan, amount, fee_beside: false, purse };
            self.village.ok_on(out, Some(&on));
            return;
        }
        let goods = NewLot {
            lot: id(&loan.id),
            kind: LotKind::Stock,
            label: "barang (contoh)".to_owned(),
            unit: "buah".to_owned(),
            quantity_milli: 1_000,
            cost: Sen::new(loan.amount),
        };
        let ledger = Ledger::new(LKM, Fund::SimpanPinjam);
        let payment = Payment::Paid(Place::Vault);
        self.village
            .ok_on(Purchase { ledger, items: vec![goods], payment, spends: None }, Some(&on));
        let new = loan.to_group.then(|| (id(&format!("{}-k", loan.id)), LotKind::Stock));
        let sale = SellMurabahah { lender: LKM, loan: id(&loan.id), lot: id(&loan.id), new };
        self.village.ok_on(sale, Some(&on));
    }

    // ---- capital in businesses ------------------------------------------------------------------

    /// Whether a member of the LKM has a business with its capital.
    pub fn is_partner(&self, whose: &str, member: &str) -> bool {
        whose == "lkm" && self.ventures.iter().any(|(one, left)| one.partner == member && *left > 0)
    }

    /// Capital is put in, or something becomes of some that was.
    pub fn venture(&mut self, today: Day) {
        let running: Vec<usize> =
            (0..self.ventures.len()).filter(|at| self.ventures[*at].1 > 0).collect();
        match self.random.choice(&running).copied() {
            Some(at) if self.random.u8(0..4) > 0 => self.go_on(at, today),
            _ => self.put_in(today),
        }
    }

    fn put_in(&mut self, today: Day) {
        let Some((partner, to_group)) = self.some_partner(today) else { return };
        let amount = self.random.i64(1..=20) * 5_000_000;
        if self.vault() < amount {
            return self.tally("vault empty");
        }
        let venture = Venture { id: format!("s{:03}", self.ventures.len()), partner, to_group };
        let action = FundSyirkah {
            syirkah: id(&venture.id),
            partner: match to_group {
                true => Borrower::Group(id(&venture.partner)),
                false => Borrower::Member(id(&venture.partner)),
            },
            kind: SyirkahKind::Mudharabah,
            amount: Sen::new(amount),
            own: Sen::ZERO,
            nisbah: "40".to_owned(),
            projected: Sen::ZERO,
            minute: "BA-1/contoh".to_owned(),
            purse: purse(to_group),
        };
        let record = self.run(action, today);
        self.ventured(venture.clone(), (Ventured::Funded, amount), &record, today);
        self.ventures.push((venture, amount));
        self.tally("capital put in");
    }

    fn go_on(&mut self, at: usize, today: Day) {
        let (venture, left) = self.ventures[at].clone();
        let (syirkah, purse) = (id(&venture.id), purse(venture.to_group));
        // A sen at a time: a share of two fifths is rounded.
        let sum = self.random.i64(1..=20_000_000);
        let (record, what, amount) = match self.random.u8(0..4) {
            0 => {
                let action = BearLoss { syirkah, loss: Sen::new(sum) };
                (self.run(action, today), Ventured::Lost, sum)
            }
            1 => {
                let action = ReturnCapital { syirkah, amount: Sen::new(sum), purse };
                (self.run(action, today), Ventured::Returned, sum)
            }
            _ => {
                let action = ShareProfit { syirkah, profit: Sen::new(sum), purse };
                (self.run(action, today), Ventured::Shared, (4 * sum + 5) / 10)
            }
        };
        let takes = matches!(what, Ventured::Lost | Ventured::Returned);
        if takes && amount > left {
            assert!(matches!(record.outcome, Outcome::Refused(_)), "{record:?}");
            return self.tally("more than the capital");
        }
        self.ventured(venture, (what, amount), &record, today);
        self.ventures[at].1 -= if takes { amount } else { 0 };
        self.tally(match what {
            Ventured::Lost => "capital lost",
            Ventured::Returned => "capital returned",
            Ventured::Funded | Ventured::Shared => "profit shared",
        });
    }

    fn ventured(
        &mut self,
        venture: Venture,
        (what, amount): (Ventured, Sum),
        record: &simpul::domain::record::Record,
        today: Day,
    ) {
        let partner = venture.partner.clone();
        let between: &[&str] = if venture.to_group { &[&partner, "lkm"] } else { &["lkm"] };
        self.told(Told::Ventured { venture, what, amount }, between, today, record);
        self.booked.pop();
    }
}

fn purse(to_group: bool) -> Purse {
    if to_group { Purse::Kube(counter()) } else { Purse::Place(Place::Vault) }
}
