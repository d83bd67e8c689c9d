//! Loans in trouble in a book that is lived: others stand in and get it back, plans are made anew,
//! what is lost is given up.

use simpul::domain::day::Day;
use simpul::domain::loan::case::Borrower;
use simpul::domain::loan::surety::{GroupStandsIn, RepayClaim, StandIn};
use simpul::domain::loan::trouble::{Reschedule, WriteOffLoan};
use simpul::domain::money::Sen;
use simpul::domain::record::Outcome;
use simpul::domain::refusal::Reason;

use super::loan::{Contract, Fact, Loan, Sum};
use super::naive::Told;
use super::{Life, entity, place_of};
use crate::loan_schedule::plan_of;
use crate::loans::{counter, row};
use crate::village::id;

impl Life {
    /// One of the loans that were paid out by a day and are as wanted on it.
    fn some_loan(&mut self, on: Day, wanted: impl Fn(&Life, usize) -> bool) -> Option<usize> {
        let fits = |at: &usize| self.naive.loans[*at].paid_out <= on && wanted(self, *at);
        let found: Vec<usize> = (0..self.naive.loans.len()).filter(fits).collect();
        self.random.choice(&found).copied()
    }

    /// Whether something of a loan is due and not paid, as far as its ledger was brought.
    fn is_behind(&self, at: usize) -> bool {
        self.naive.at(at, self.naive.reckoned[at]).due() > 0
    }

    pub fn is_lost(&self, at: usize) -> bool {
        self.naive.at(at, self.naive.reckoned[at]).lost().is_some()
    }

    // ---- tanggung renteng -----------------------------------------------------------------------

    /// Others pay for a borrower who is behind: some members, or the group that is surety.
    pub fn stand_in(&mut self, on: Day) {
        let behind = |life: &Life, at: usize| {
            !life.naive.loans[at].to_group && life.is_behind(at) && !life.is_paid_off_or_lost(at)
        };
        let Some(at) = self.some_loan(on, behind) else { return };
        let loan = self.naive.loans[at].clone();
        let due = self.naive.at(at, on.max(self.naive.reckoned[at])).due().max(1);
        let by_group = loan.surety.is_some() && self.random.bool();
        let payers = match &loan.surety {
            Some(group) if by_group => vec![(format!("groups/{group}"), due)],
            _ => self.others(&loan, due, on),
        };
        if payers.is_empty() {
            return;
        }
        let record = match by_group {
            true => {
                let (loan, amount) = (id(&loan.id), Sen::new(due));
                self.run(GroupStandsIn { loan, amount, means: counter() }, on)
            }
            false => {
                let payer = |(who, amount): &(String, Sum)| {
                    (id(who.trim_start_matches("members/")), Sen::new(*amount))
                };
                let payers = payers.iter().map(payer).collect();
                let (lender, place) = (entity(&loan.lender), place_of(&loan.lender));
                self.run(StandIn { lender, loan: id(&loan.id), payers, place }, on)
            }
        };
        let group = loan.surety.clone().filter(|_| by_group).unwrap_or(loan.lender.clone());
        let amount = payers.iter().map(|(_, amount)| amount).sum();
        let told = Told::StoodIn { loan: at, payers, by_group };
        self.told(told, &[&loan.lender, &group], on, &record);
        self.naive.became(at, on, Fact::Paid(amount));
        self.compare_claims();
        self.tally(if by_group { "a group stood in" } else { "members stood in" });
    }

    /// One to three other members, who share what is due.
    fn others(&mut self, loan: &Loan, due: Sum, on: Day) -> Vec<(String, Sum)> {
        let mut others = self.members(&loan.lender);
        others.retain(|who| *who != loan.borrower && self.lives(&loan.lender, who, on));
        self.random.shuffle(&mut others);
        others.truncate(self.random.usize(1..=3));
        let count = i64::try_from(others.len()).expect("few");
        let (mut left, mut payers) = (due, Vec::new());
        for (number, who) in (1..).zip(others) {
            let part = if number == count { left } else { (due / count).max(1).min(left) };
            left -= part;
            payers.push((format!("members/{who}"), part));
        }
        payers.retain(|(_, amount)| *amount > 0);
        payers
    }

    /// A borrower gives somebody back what they had paid; sometimes more than that.
    pub fn repay_claim(&mut self, on: Day) {
        let open: Vec<(usize, String, Sum)> = self
            .naive
            .claims()
            .into_iter()
            .flat_map(|(loan, claims)| {
                claims
                    .into_iter()
                    .map(move |claim| (loan, claim.payer, claim.amount - claim.repaid))
            })
            .filter(|(loan, _, open)| *open > 0 && self.naive.loans[*loan].paid_out <= on)
            .collect();
        let Some((at, payer, _)) = self.random.choice(&open).cloned() else { return };
        let of_payer = |one: &&(usize, String, Sum)| one.0 == at && one.1 == payer;
        let held: Sum = open.iter().filter(of_payer).map(|one| one.2).sum();
        let amount = self.random.i64(1..=held + held / 4 + 1);
        let loan = self.naive.loans[at].clone();
        let whom = Borrower::parse(&payer).expect("a payer");
        let (to_group, whose) = match &whom {
            Borrower::Group(group) => (true, group.to_string()),
            Borrower::Member(_) => (false, loan.lender.clone()),
        };
        let action = RepayClaim {
            lender: entity(&loan.lender),
            loan: id(&loan.id),
            payer: whom,
            amount: Sen::new(amount),
            place: place_of(&whose),
        };
        let record = self.run(action, on);
        if let Outcome::Refused(refusal) = &record.outcome {
            assert!(amount > held && refusal.reason == Reason::ClaimExceeded, "{record:?}");
            return self.tally("more than a claim");
        }
        assert!(amount <= held, "{record:?}");
        let told = Told::ClaimRepaid { loan: at, payer, amount, to_group };
        self.told(told, &[&whose], on, &record);
        self.compare_claims();
        self.tally("claims repaid");
    }

    /// The rows say of claims what was told.
    pub fn compare_claims(&self) {
        for (at, claims) in self.naive.claims() {
            let loan = &self.naive.loans[at];
            let row = row(&self.village, &entity(&loan.lender), &loan.id);
            let found: Vec<(String, Sum, Sum)> =
                row.claims.into_iter().map(|one| (one.payer, one.amount, one.repaid)).collect();
            let expected: Vec<(String, Sum, Sum)> =
                claims.into_iter().map(|one| (one.payer, one.amount, one.repaid)).collect();
            assert_eq!(found, expected, "{loan:?}");
        }
    }

    // ---- decisions ------------------------------------------------------------------------------

    /// What is left of a loan gets a new plan, of some also a new rate.
    pub fn reschedule(&mut self, today: Day) {
        let behind = |life: &Life, at: usize| life.is_behind(at) && !life.is_paid_off_or_lost(at);
        let Some(at) = self.some_loan(today, behind) else { return };
        let loan = self.naive.loans[at].clone();
        let instalments = self.random.i64(2..=8);
        let halved = loan.contract == Contract::Jasa && self.random.bool();
        let action = Reschedule {
            lender: entity(&loan.lender),
            loan: id(&loan.id),
            plan: plan_of(u32::try_from(instalments).expect("few")),
            rate: if halved { "0.5".to_owned() } else { String::new() },
            minute: "BA-9/contoh".to_owned(),
        };
        let record = self.run(action, today);
        let rate = halved.then_some(50);
        self.decided(at, Fact::Replanned { instalments, rate }, &record, today);
        self.tally(if halved { "reconditioned" } else { "rescheduled" });
    }

    /// A loan that is long behind is given up.
    pub fn write_off(&mut self, today: Day) {
        let long_behind = |life: &Life, at: usize| {
            life.naive.at(at, today).days_late() > 60 && !life.is_paid_off_or_lost(at)
        };
        let Some(at) = self.some_loan(today, long_behind) else { return };
        let loan = self.naive.loans[at].clone();
        let minute = "BA-9/contoh".to_owned();
        let action = WriteOffLoan { lender: entity(&loan.lender), loan: id(&loan.id), minute };
        let record = self.run(action, today);
        self.decided(at, Fact::WrittenOff, &record, today);
        self.tally(if loan.provision > 0 { "written off, provided for" } else { "written off" });
    }

    fn decided(
        &mut self,
        at: usize,
        fact: Fact,
        record: &simpul::domain::record::Record,
        today: Day,
    ) {
        let between = self.sides(at);
        self.told(Told::Decided { loan: at }, &[&between[0], &between[1]], today, record);
        self.naive.became(at, today, fact);
        // What moved nothing cannot be taken back.
        if matches!(&record.outcome, Outcome::Done(effect) if effect.entries.is_empty()) {
            self.booked.pop();
        }
    }
}
