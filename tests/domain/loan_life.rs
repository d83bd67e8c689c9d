//! The fold of a loan: allocation, penalties, early settlement and rescheduling worked by hand,
//! and what holds for any life.

use proptest::prelude::*;
use simpul::domain::day::Day;
use simpul::domain::loan::allocation::{Parts, allocate};
use simpul::domain::loan::life::{Life, reckon_facts};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    InterestGrace, LoanFact, LoanFactKind, LoanFrequency, LoanMethod, LoanPart, LoanPlan, LoanSums,
    LoanTerms, Overpayment, Penalty, PenaltyPer, Recognition,
};

use crate::loan_schedule::{plain_terms, plan_of};
use crate::village::{day, k};

fn fact(kind: LoanFactKind, on: &str, thousands: i64) -> LoanFact {
    LoanFact {
        kind: kind as i32,
        on: day(on).get(),
        amount: k(thousands).get(),
        ..LoanFact::default()
    }
}

fn lent(on: &str, thousands: i64) -> LoanFact {
    fact(LoanFactKind::Disbursed, on, thousands)
}

fn paid(on: &str, thousands: i64) -> LoanFact {
    fact(LoanFactKind::Paid, on, thousands)
}

fn at(terms: &LoanTerms, count: u32, facts: &[LoanFact], on: &str) -> Life {
    reckon_facts(terms, &plan_of(count), facts, day(on)).expect("reckoned")
}

/// Outstanding, due (penalty, jasa, principal) and titipan in sen of a thousand rupiah.
fn standing(life: &Life) -> (i64, [i64; 3], i64) {
    let due = life.due().expect("fits");
    let thousands = |sen: Sen| {
        assert_eq!(sen.get() % 100_000, 0, "{sen:?}");
        sen.get() / 100_000
    };
    let due = [due.penalty, due.interest, due.principal].map(thousands);
    (thousands(life.outstanding().expect("fits")), due, thousands(life.titipan()))
}

/// 1.000 flat 2 a week in four weeks.
fn weekly() -> LoanTerms {
    LoanTerms {
        rebate_percent: "100".to_owned(),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Weekly, "0.2")
    }
}

#[test]
fn payments_of_any_size_at_any_date() {
    let facts = [lent("2025-03-03", 1_000), paid("2025-03-10", 100), paid("2025-03-20", 400)];
    let life = |on| at(&weekly(), 4, &facts, on);
    assert_eq!(standing(&life("2025-03-09")), (1_000, [0, 0, 0], 0));
    // 252 due, 100 paid: jasa first.
    assert_eq!(standing(&life("2025-03-10")), (902, [0, 0, 152], 0));
    assert_eq!(standing(&life("2025-03-17")), (902, [0, 2, 402], 0));
    // 400 on the twentieth settle jasa 2 and 398 of the principal of two instalments.
    assert_eq!(standing(&life("2025-03-20")), (504, [0, 0, 4], 0));
    assert_eq!(life("2025-03-20").days_late(), Ok(3));
    assert_eq!(life("2025-03-25").instalments_late(), Ok(2));
}

#[test]
fn what_is_overpaid_waits_or_pays_principal_early() {
    let facts = [lent("2025-03-03", 1_000), paid("2025-03-10", 400)];
    assert_eq!(standing(&at(&weekly(), 4, &facts, "2025-03-10")), (750, [0, 0, 0], 148));
    // On the next due day 148 of 252 are there already.
    assert_eq!(standing(&at(&weekly(), 4, &facts, "2025-03-17")), (604, [0, 0, 104], 0));
    let early = LoanTerms { overpayment: Overpayment::EarlyPrincipal as i32, ..weekly() };
    let life = at(&early, 4, &facts, "2025-03-10");
    assert_eq!(standing(&life), (602, [0, 0, 0], 0));
    // The last instalment shrinks; jasa is flat and stays.
    let last = life.lines().last().expect("four");
    assert_eq!(
        (last.plan.principal.minus(last.paid.principal), last.plan.interest),
        (Ok(k(102)), k(2))
    );
}

#[test]
fn principal_paid_early_lowers_later_jasa_where_jasa_is_on_what_is_outstanding() {
    let terms = LoanTerms {
        overpayment: Overpayment::EarlyPrincipal as i32,
        ..plain_terms(LoanMethod::Menurun, LoanFrequency::Monthly, "10")
    };
    // 300 in three: jasa 30, 20, 10. With the first instalment 100 of principal too much.
    let facts = [lent("2025-01-01", 300), paid("2025-02-01", 230)];
    let life = at(&terms, 3, &facts, "2025-02-01");
    assert_eq!(standing(&life), (100, [0, 0, 0], 0));
    let jasa: Vec<Sen> = life.lines().iter().map(|line| line.plan.interest).collect();
    assert_eq!(jasa, [k(30), k(10), k(0)]);
    assert_eq!(standing(&at(&terms, 3, &facts, "2025-03-01")), (100, [0, 10, 100], 0));
}

#[test]
fn allocation_is_data() {
    let order = [LoanPart::Principal, LoanPart::Interest, LoanPart::Penalty];
    let terms = LoanTerms { allocation: order.map(|part| part as i32).to_vec(), ..weekly() };
    let facts = [lent("2025-03-03", 1_000), paid("2025-03-17", 500)];
    assert_eq!(standing(&at(&terms, 4, &facts, "2025-03-17")), (500, [0, 4, 0], 0));
    assert_eq!(standing(&at(&weekly(), 4, &facts, "2025-03-17")), (504, [0, 0, 4], 0));
    let terms = LoanTerms { by_instalment: true, ..weekly() };
    let facts = [lent("2025-03-03", 1_000), paid("2025-03-17", 252)];
    assert_eq!(standing(&at(&terms, 4, &facts, "2025-03-17")), (750, [0, 2, 250], 0));
}

/// Every order of the three parts, one instalment or one part at a time, on any debts: as a cashier
/// would who takes one coin after another and looks each time what is first in line.
#[test]
fn every_order_settles_as_a_cashier_would() {
    const PARTS: [LoanPart; 3] = [LoanPart::Penalty, LoanPart::Interest, LoanPart::Principal];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut random = fastrand::Rng::with_seed(3);
    for order in orders.map(|order| order.map(|at: usize| PARTS[at])) {
        for by_instalment in [false, true] {
            for _ in 0..50 {
                let mut some = || Sen::new(random.i64(0..12));
                let owed: Vec<Parts> = (0..4)
                    .map(|_| Parts { penalty: some(), interest: some(), principal: some() })
                    .collect();
                let money = random.i64(0..160);
                let (settled, left) =
                    allocate(&order, by_instalment, &owed, Sen::new(money)).expect("fits");
                let queue: Vec<(usize, LoanPart)> = match by_instalment {
                    true => (0..4).flat_map(|at| order.map(|part| (at, part))).collect(),
                    false => order.iter().flat_map(|part| (0..4).map(|at| (at, *part))).collect(),
                };
                let mut paid = vec![[0_i64; 3]; 4];
                let mut coins = money;
                while coins > 0 {
                    let open = |(at, part): &&(usize, LoanPart)| {
                        let place = PARTS.iter().position(|one| one == part).expect("one");
                        paid[*at][place] < owed[*at].of(*part).get()
                    };
                    let Some((at, part)) = queue.iter().find(open) else { break };
                    let place = PARTS.iter().position(|one| one == part).expect("one");
                    paid[*at][place] += 1;
                    coins -= 1;
                }
                let found: Vec<[i64; 3]> =
                    settled.iter().map(|of| PARTS.map(|part| of.of(part).get())).collect();
                assert_eq!((found, left.get()), (paid, coins), "{order:?} {by_instalment}");
            }
        }
    }
}

fn late(per: PenaltyPer, percent: &str, grace_days: u32, cap: &str) -> LoanTerms {
    LoanTerms {
        penalty: Some(Penalty {
            per: per as i32,
            percent: percent.to_owned(),
            grace_days,
            cap_percent: cap.to_owned(),
        }),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0")
    }
}

#[test]
fn penalties_per_day_with_grace_and_cap() {
    // 200 due on 1 February, 1% of what is overdue for each day after three free ones.
    let terms = late(PenaltyPer::Day, "1", 3, "");
    let facts = [lent("2025-01-01", 200)];
    let life = |on| standing(&at(&terms, 1, &facts, on)).1[0];
    assert_eq!([life("2025-02-04"), life("2025-02-05"), life("2025-02-14")], [0, 2, 20]);
    // Half is paid after five charged days; the penalty of 10 first, then principal.
    let facts = [lent("2025-01-01", 200), paid("2025-02-09", 110)];
    let later = at(&terms, 1, &facts, "2025-02-19");
    assert_eq!(standing(&later), (100, [10, 0, 100], 0));
    let capped = late(PenaltyPer::Day, "1", 3, "5");
    assert_eq!(standing(&at(&capped, 1, &[lent("2025-01-01", 200)], "2025-12-31")).1[0], 10);
    let waived = [lent("2025-01-01", 200), fact(LoanFactKind::PenaltyWaived, "2025-02-14", 5)];
    assert_eq!(standing(&at(&terms, 1, &waived, "2025-02-14")).1[0], 15);
}

#[test]
fn penalties_per_period_count_periods_begun() {
    let terms = late(PenaltyPer::Period, "2", 0, "");
    let life = |on| standing(&at(&terms, 1, &[lent("2025-01-01", 200)], on)).1[0];
    assert_eq!(life("2025-02-01"), 0);
    assert_eq!([life("2025-02-02"), life("2025-03-01"), life("2025-03-02")], [4, 4, 8]);
}

/// 1.200 flat 1% in twelve months, settled after three and a half: nine instalments of principal
/// are left, jasa of the fourth month in full, of eight months half.
#[test]
fn early_settlement_by_hand() {
    let terms = LoanTerms {
        rebate_percent: "50".to_owned(),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
    };
    let mut facts = vec![
        lent("2025-01-01", 1_200),
        paid("2025-02-01", 112),
        paid("2025-03-01", 112),
        paid("2025-04-01", 112),
    ];
    let quote = at(&terms, 12, &facts, "2025-04-15").quote().expect("a rule is set");
    assert_eq!((quote.owed.principal, quote.owed.interest), (k(900), k(108)));
    assert_eq!((quote.rebate, quote.total), (k(48), k(960)));
    facts.push(fact(LoanFactKind::Settled, "2025-04-15", 48));
    facts.push(paid("2025-04-15", 960));
    let life = at(&terms, 12, &facts, "2025-04-15");
    assert_eq!((life.is_paid_off(), standing(&life)), (Ok(true), (0, [0, 0, 0], 0)));
    assert_eq!(life.paid().interest, k(96));
    let unset = LoanTerms { rebate_percent: String::new(), ..terms };
    assert!(at(&unset, 12, &facts[..4], "2025-04-15").quote().is_err());
}

#[test]
fn jasa_is_earned_day_by_day_and_recognised_while_the_loan_performs() {
    let terms = LoanTerms {
        recognition: Recognition::Accrual as i32,
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "3")
    };
    let mut facts = vec![lent("2025-04-01", 1_000)];
    let sums = |facts: &[LoanFact], on| at(&terms, 2, facts, on).sums().expect("fits");
    let income = |sums: LoanSums| (sums.receivable / 100_000, sums.income / 100_000);
    assert_eq!(income(sums(&facts, "2025-04-11")), (10, 10));
    assert_eq!(income(sums(&facts, "2025-05-01")), (30, 30));
    facts.push(paid("2025-05-01", 20));
    assert_eq!(income(sums(&facts, "2025-05-01")), (10, 30));
    facts.push(fact(LoanFactKind::NonPerforming, "2025-05-31", 0));
    let turned = sums(&facts, "2025-05-31");
    assert_eq!(income(turned), (0, 20));
    // The borrower's side stays.
    assert_eq!((turned.cost - turned.payable, turned.payable / 100_000), (k(20).get(), 39));
}

/// 300 in three at 10 a month, nothing paid for two: 20 of jasa become principal.
#[test]
fn rescheduling_makes_unpaid_jasa_principal() {
    let cash = plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "5");
    let accrual = LoanTerms { recognition: Recognition::Accrual as i32, ..cash.clone() };
    let new = LoanFact {
        plan: Some(LoanPlan { instalments: 2, ..LoanPlan::default() }),
        rate: "0".to_owned(),
        ..fact(LoanFactKind::Rescheduled, "2025-03-01", 0)
    };
    let facts = [lent("2025-01-01", 200), new, paid("2025-04-01", 110)];
    let sums = |terms, on| {
        let sums = at(terms, 3, &facts, on).sums().expect("fits");
        [sums.lent, sums.receivable, sums.deferred, sums.income].map(|sen| sen / 100_000)
    };
    assert_eq!(sums(&cash, "2025-02-28"), [200, 0, 0, 0]);
    assert_eq!(sums(&cash, "2025-03-01"), [220, 0, 20, 0]);
    // As half of the principal is paid, half of it is income.
    assert_eq!(sums(&cash, "2025-04-01"), [110, 0, 10, 10]);
    assert_eq!(sums(&accrual, "2025-03-01"), [220, 0, 0, 20]);
    assert_eq!(sums(&accrual, "2025-04-01"), [110, 0, 0, 20]);
}

#[test]
fn what_is_written_off_is_still_owed_and_recovered() {
    let facts = [
        lent("2025-03-03", 1_000),
        paid("2025-03-10", 252),
        fact(LoanFactKind::WrittenOff, "2025-06-01", 0),
        paid("2025-07-01", 100),
    ];
    let sums = |on| at(&weekly(), 4, &facts, on).sums().expect("fits");
    let off = sums("2025-06-01");
    assert_eq!((off.lent, off.written_off, off.owed), (0, k(750).get(), k(750).get()));
    let later = sums("2025-07-01");
    assert_eq!((later.lent, later.recovered), (0, k(100).get()));
    assert_eq!((later.income, later.owed), (off.income, k(656).get()));
}

#[test]
fn tranches_are_repaid_on_the_same_days() {
    let terms = plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "3");
    let facts = [lent("2025-04-01", 300), lent("2025-04-11", 600)];
    let life = at(&terms, 3, &facts, "2025-05-01");
    // 9 on the first, two thirds of 18 on the second.
    assert_eq!(standing(&life), (900, [0, 21, 300], 0));
}

// ---- any life ---------------------------------------------------------------------------------

fn any_terms(random: &mut fastrand::Rng) -> LoanTerms {
    let methods = [
        LoanMethod::Flat,
        LoanMethod::Menurun,
        LoanMethod::Anuitas,
        LoanMethod::Musiman,
        LoanMethod::MusimanJasaBerkala,
    ];
    let frequencies = [LoanFrequency::Daily, LoanFrequency::Weekly, LoanFrequency::Monthly];
    let method = *random.choice(&methods).expect("one");
    let graced = random.bool() && method != LoanMethod::Musiman && method != LoanMethod::Anuitas;
    let penalty = Penalty {
        per: random.i32(1..=2),
        percent: "0.5".to_owned(),
        grace_days: random.u32(0..5),
        cap_percent: if random.bool() { "10".to_owned() } else { String::new() },
    };
    LoanTerms {
        interest_grace: u32::from(graced),
        interest_grace_rule: if graced {
            *random.choice(&[InterestGrace::Waived, InterestGrace::Deferred]).expect("one") as i32
        } else {
            0
        },
        rounding_rupiah: *random.choice(&[0, 100, 1_000]).expect("one"),
        penalty: random.bool().then_some(penalty),
        by_instalment: random.bool(),
        overpayment: random.i32(1..=2),
        rebate_percent: "30".to_owned(),
        recognition: random.i32(1..=2),
        ..plain_terms(method, *random.choice(&frequencies).expect("one"), "1.75")
    }
}

/// A tranche or two, then anything that may happen to a loan, in order.
fn any_facts(random: &mut fastrand::Rng, start: Day) -> Vec<LoanFact> {
    let mut on = start.get();
    let mut facts = Vec::new();
    let add = |kind: LoanFactKind, on: i32, amount: i64, position: usize| {
        let plan = (kind == LoanFactKind::Rescheduled).then(|| plan_of(4));
        let position = position as u64;
        LoanFact { kind: kind as i32, on, amount, position, plan, ..LoanFact::default() }
    };
    facts.push(add(LoanFactKind::Disbursed, on, random.i64(1..=500_000_000), 1));
    if random.bool() {
        facts.push(add(LoanFactKind::Disbursed, on + 1, random.i64(1..=500_000_000), 2));
        on += 1;
    }
    let kinds = [
        LoanFactKind::PenaltyWaived,
        LoanFactKind::InterestWaived,
        LoanFactKind::Rescheduled,
        LoanFactKind::NonPerforming,
        LoanFactKind::Performing,
        LoanFactKind::WrittenOff,
    ];
    for position in 3..random.usize(5..20) {
        on += random.i32(0..40);
        let kind = match random.u8(0..4) {
            0 => *random.choice(&kinds).expect("one"),
            _ => LoanFactKind::Paid,
        };
        facts.push(add(kind, on, random.i64(1..=200_000_000), position));
    }
    facts
}

/// Debits equal credits on both sides, with the cash that moved.
fn assert_balanced(sums: &LoanSums, cash_in: i64, reclassified: i64) {
    let lender = sums.lent + sums.receivable + sums.written_off + sums.collateral + cash_in
        - sums.titipan
        - sums.deferred
        - sums.income
        - sums.penalty
        - sums.recovered;
    assert_eq!(lender, reclassified, "the lender's side: {sums:?}");
    let borrower = sums.cost + sums.fine + sums.titipan - cash_in - sums.owed - sums.payable;
    assert_eq!(borrower, 0, "the borrower's side: {sums:?}");
    let LoanSums { lent, receivable, titipan, deferred, income, owed, payable, .. } = *sums;
    for (name, sum) in [
        ("lent", lent),
        ("receivable", receivable),
        ("titipan", titipan),
        ("deferred", deferred),
        ("income", income),
        ("owed", owed),
        ("payable", payable),
    ] {
        assert!(sum >= 0, "{name} is negative: {sums:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_life_balances_on_every_day(seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let terms = any_terms(&mut random);
        let plan = plan_of(random.u32(2..=12));
        let start = day("2025-01-01");
        let facts = any_facts(&mut random, start);
        let Some(last) = facts.last().map(|fact| fact.on) else { unreachable!() };
        for on in (start.get()..=last + 60).step_by(7) {
            let Ok(life) = reckon_facts(&terms, &plan, &facts, Day::new(on)) else {
                // A second tranche after the last due day has no plan.
                return Ok(());
            };
            let sums = life.sums().expect("fits");
            let total = |kind| -> i64 {
                let of = |fact: &&LoanFact| fact.kind() == kind && fact.on <= on;
                facts.iter().filter(of).map(|fact| fact.amount).sum()
            };
            let paid = total(LoanFactKind::Paid);
            assert_balanced(&sums, paid - total(LoanFactKind::Disbursed), 0);
            let settled = life.paid().total().expect("fits").get();
            prop_assert_eq!(settled + life.titipan().get(), paid);
            let left: i64 = life.lines().iter()
                .map(|line| line.plan.principal.get() - line.paid.principal.get()).sum();
            prop_assert_eq!(left, life.outstanding().expect("fits").get());
            for line in life.lines() {
                let owed = line.owed(life.terms()).expect("fits");
                prop_assert!(!owed.penalty.is_negative() && !owed.principal.is_negative());
                prop_assert!(!line.unpaid().expect("fits").is_negative(), "{:?}", line);
            }
        }
    }
}
