//! Random lives of loans through commands, payments told late and reversals among them: after every
//! step the ledgers hold what the fold of the loan's facts says, on both sides, whatever the order
//! in which the facts were told.

use proptest::prelude::*;
use simpul::domain::cash::Place;
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, RequestId};
use simpul::domain::loan::case::{Borrower, Purse};
use simpul::domain::loan::life::{reckon, reckon_facts};
use simpul::domain::loan::pay::{AccrueLoan, PayLoan, RefundTitipan, WaiveLoan};
use simpul::domain::loan::portfolio::{Holding, Point};
use simpul::domain::loan::trouble::{Reschedule, TurnLoan};
use simpul::domain::money::Sen;
use simpul::domain::record::Outcome;
use simpul::domain::record::proto::{
    LoanFrequency, LoanMethod, LoanPart, LoanTerms, Penalty, PenaltyPer, Recognition,
};
use simpul::domain::reversal::Reverse;

use crate::loan_schedule::{plain_terms, plan_of};
use crate::loans::{apply, counter, fund_vault, lend, member, row, set_product, tin, village};
use crate::village::{Village, day, id, k, kube};

fn terms(random: &mut fastrand::Rng) -> LoanTerms {
    let methods = [LoanMethod::Flat, LoanMethod::Menurun, LoanMethod::Anuitas, LoanMethod::Musiman];
    let penalty = Penalty {
        per: PenaltyPer::Day as i32,
        percent: "0.1".to_owned(),
        grace_days: 3,
        cap_percent: "20".to_owned(),
    };
    let recognition = *random.choice(&[Recognition::Cash, Recognition::Accrual]).expect("one");
    LoanTerms {
        overpayment: random.i32(1..=2),
        recognition: recognition as i32,
        penalty: random.bool().then_some(penalty),
        rounding_rupiah: *random.choice(&[0, 100, 1_000]).expect("one"),
        by_instalment: random.bool(),
        ..plain_terms(*random.choice(&methods).expect("one"), LoanFrequency::Monthly, "1.7")
    }
}

/// One loan of each sort.
struct Lent {
    lender: Entity,
    loan: &'static str,
}

impl Lent {
    fn purse(&self) -> Purse {
        match self.lender {
            Entity::Lkm => Purse::Kube(counter()),
            Entity::Kube(_) => Purse::Place(Place::Cash),
        }
    }
}

/// Tries one thing on one day, and remembers what was booked.
fn step(v: &mut Village, lent: &Lent, random: &mut fastrand::Rng, done: &mut Vec<RequestId>) {
    let (lender, loan) = (lent.lender.clone(), id(lent.loan));
    let on = Day::new(day("2025-02-02").get() + random.i32(0..300)).to_string();
    let amount = Sen::new(random.i64(1..=40_000_000));
    let on = Some(on.as_str());
    let command = match random.u8(0..12) {
        0 => v.command(AccrueLoan { lender, loan }, on),
        1 => v.command(RefundTitipan { lender, loan, amount, purse: lent.purse() }, on),
        2 => {
            let part = *random.choice(&[LoanPart::Penalty, LoanPart::Interest]).expect("one");
            v.command(
                WaiveLoan { lender, loan, part, amount: Sen::new(amount.get() % 500_000 + 1) },
                on,
            )
        }
        3 => v.command(TurnLoan { lender, loan, performing: random.bool() }, on),
        4 => {
            let minute = "BA-1/contoh".to_owned();
            v.command(
                Reschedule { lender, loan, plan: plan_of(6), rate: String::new(), minute },
                on,
            )
        }
        5 | 6 if !done.is_empty() => {
            let transaction = done.swap_remove(random.usize(0..done.len()));
            v.command(Reverse { transaction, line: 0 }, None)
        }
        _ => v.command(PayLoan { lender, loan, amount, purse: lent.purse() }, on),
    };
    let before = v.records.len();
    v.run(&command);
    for record in &v.records[before..] {
        if let (Some(request), Outcome::Done(effect)) = (&record.request, &record.outcome)
            && effect.reverses.is_none()
            && !effect.entries.is_empty()
        {
            done.push(request.clone());
        }
    }
}

/// What the accounts hold is what the facts come to, told in any order.
fn assert_agreed(v: &Village, lent: &Lent) {
    let row = row(v, &lent.lender, lent.loan);
    let on = Day::new(row.reckoned_on);
    let sums = reckon(&row, on).and_then(|life| life.sums()).expect("reckoned");
    assert_eq!(row.posted, Some(sums), "{row:?}");
    let mut shuffled: Vec<_> =
        row.facts.iter().filter(|fact| fact.taken_back == 0).cloned().collect();
    fastrand::Rng::with_seed(7).shuffle(&mut shuffled);
    shuffled.sort_by_key(|fact| (fact.on, fact.position, fact.line));
    let (terms, plan) = (row.terms.clone().expect("approved"), row.plan.clone().expect("planned"));
    let again = reckon_facts(&terms, &plan, &shuffled, on).and_then(|life| life.sums());
    assert_eq!(again, Ok(sums));
    let held = |account: String| v.held(&account).get();
    let (entity, code, subject) = (
        lent.lender.as_str(),
        |kube, lkm| {
            if lent.lender == Entity::Lkm { lkm } else { kube }
        },
        lent.loan,
    );
    let at = |number: u32| held(format!("{entity}.sp.{number}.{subject}"));
    assert_eq!(
        (at(code(1221, 1222)), at(1223), at(2121), at(2122)),
        (sums.lent, sums.receivable, sums.titipan, sums.deferred)
    );
    let of = |number: u32| held(format!("{entity}.sp.{number}"));
    assert_eq!((of(4311), of(4312)), (sums.income, sums.penalty));
    if lent.lender == Entity::Lkm {
        let at = |number: u32| held(format!("a.sp.{number}.{subject}"));
        assert_eq!((at(2311), at(2312), at(1225)), (sums.owed, sums.payable, sums.titipan));
        assert_eq!(held("a.sp.5311".to_owned()), sums.cost);
        assert_eq!(held("a.sp.5312".to_owned()), sums.fine);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn ledgers_hold_what_the_facts_come_to(seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut v = village();
        fund_vault(&mut v);
        let of_member = Lent { lender: kube("a"), loan: "anggota" };
        let of_kube = Lent { lender: Entity::Lkm, loan: "kube" };
        set_product(&mut v, &of_member.lender, terms(&mut random));
        set_product(&mut v, &of_kube.lender, terms(&mut random));
        let wish = apply(&of_kube.lender, "kube", Borrower::Group(id("a")), k(3_000), 8);
        lend(&mut v, wish, Purse::Kube(counter()), "2025-02-01");
        let wish = apply(&of_member.lender, "anggota", member(1), k(1_000), 6);
        lend(&mut v, wish, tin(), "2025-02-01");
        let mut done = [Vec::new(), Vec::new()];
        let mut answers = Vec::new();
        for _ in 0..30 {
            for (lent, done) in [&of_member, &of_kube].into_iter().zip(&mut done) {
                step(&mut v, lent, &mut random, done);
                assert_agreed(&v, lent);
                let day = Day::new(day("2025-02-02").get() + random.i32(0..300));
                let point = Point { day, known: v.records.len() as u64 };
                let then = Holding::of(&row(&v, &lent.lender, lent.loan), None, point);
                answers.push((lent, point, then));
            }
        }
        // Whatever was told or taken back since, each answer of then is the answer of now.
        for (lent, point, then) in answers {
            let now = Holding::of(&row(&v, &lent.lender, lent.loan), None, point);
            prop_assert_eq!(now, then, "{:?}", point);
        }
    }
}

/// A loan's row never grows beyond what a record holds: what comes after its last fact waits.
#[test]
fn a_full_loan_takes_no_more() {
    let mut v = village();
    set_product(&mut v, &kube("a"), plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0"));
    let wish = apply(&kube("a"), "x", member(1), k(1_000), 6);
    lend(&mut v, wish, tin(), "2025-02-01");
    let pay = || PayLoan { lender: kube("a"), loan: id("x"), amount: Sen::new(1), purse: tin() };
    for _ in 1..1_500 {
        v.ok(pay());
    }
    assert_eq!(row(&v, &kube("a"), "x").facts.len(), 1_500);
    let full = v.ok(pay());
    assert_eq!(crate::village::flags(&full), [simpul::domain::refusal::Reason::InSuspense]);
}
