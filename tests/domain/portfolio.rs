//! The portfolio: worked by hand to the sen, recomputed naively over random loans, and unmoved by
//! what is told or taken back later.

use proptest::prelude::*;
use rust_decimal::Decimal;
use simpul::domain::account::Control;
use simpul::domain::day::Day;
use simpul::domain::id::{Id, RowName};
use simpul::domain::loan::allocation::Parts;
use simpul::domain::loan::calendar::Calendar;
use simpul::domain::loan::care::{
    AssignLoan, RecordContact, contacts_name, last_contact, officer_of,
};
use simpul::domain::loan::life::LATEST;
use simpul::domain::loan::officer::{NameOfficer, OFFICERS, in_office};
use simpul::domain::loan::pay::AccrueLoan;
use simpul::domain::loan::portfolio::{Holding, Judged, Point, Portfolio, interest_paid};
use simpul::domain::loan::quality::preset;
use simpul::domain::loan::schedule::instalments;
use simpul::domain::loan::terms::Terms;
use simpul::domain::loan::trouble::{RegisterCollateral, Reschedule, WriteOffLoan};
use simpul::domain::loan::yearly;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    LoanFrequency, LoanMethod, LoanTerms, QualityPreset, QualityVersion, Recognition,
};
use simpul::domain::record::{Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::state::{Key, Lookup, Value};

use crate::loan_schedule::{plain_terms, plan_of};
use crate::loans::{apply, lend, member, pay, row, set_product, tin, village};
use crate::village::{Village, day, flags, id, k, kube};

/// POJK 41/2024, with the third class and beyond not performing.
fn rule() -> QualityVersion {
    let (measure, classes) = preset(QualityPreset::LkmPojk412024).expect("a preset");
    QualityVersion {
        since: day("2025-01-01").get(),
        measure: measure as i32,
        classes,
        minute: "BA-3/contoh".to_owned(),
        non_performing_from: 3,
        position: 0,
    }
}

fn flat() -> LoanTerms {
    plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
}

/// A village whose KUBE lends; its tin may lag behind.
fn lender() -> Village {
    let mut v = village();
    set_product(&mut v, &kube("a"), flat());
    v
}

fn borrow(v: &mut Village, loan: &str, number: u32, amount: Sen, count: u32, on: &str) {
    let wish = apply(&kube("a"), loan, member(number), amount, count);
    lend(v, wish, tin(), on);
}

fn holding(v: &Village, loan: &str, point: Point) -> Option<Holding> {
    let row = row(v, &kube("a"), loan);
    Holding::of(&row, Some(&rule()), point).expect("reckoned")
}

/// What the control account of the KUBE's loans holds.
fn control(v: &Village) -> Sen {
    let control = Control::parse("a.sp.1221").expect("a control account");
    match v.state.get(&Key::Control(control)) {
        Some(Value::Control(total)) => *total,
        other => panic!("{other:?}"),
    }
}

fn at(on: &str) -> Point {
    Point { day: day(on), known: LATEST }
}

fn percent(text: &str) -> Option<Decimal> {
    Some(text.parse().expect("a number"))
}

/// Four loans of 1.200 on 1 January, flat 1% in twelve months: 112 a month. On 15 May 2025 four
/// instalments are due. The first has paid all; the second two, so that it is late since 1 April;
/// the third none, late since 1 February; the fourth was written off.
#[test]
fn four_loans_by_hand() {
    let mut v = lender();
    for (at, loan) in (1..).zip(["l1", "l2", "l3", "l4"]) {
        borrow(&mut v, loan, at, k(1_200), 12, "2025-01-01");
    }
    let pays = |v: &mut Village, loan: &str, on: &str| {
        v.ok_on(pay(&kube("a"), loan, k(112), tin()), Some(on));
    };
    for on in ["2025-02-01", "2025-03-01"] {
        pays(&mut v, "l1", on);
        pays(&mut v, "l2", on);
    }
    pays(&mut v, "l1", "2025-04-01");
    pays(&mut v, "l1", "2025-05-01");
    let minute = "BA-9/contoh".to_owned();
    let written_off = WriteOffLoan { lender: kube("a"), loan: id("l4"), minute };
    v.ok_on(written_off, Some("2025-05-10"));
    v.ok(RegisterCollateral {
        lender: kube("a"),
        loan: id("l3"),
        collateral: id("motor"),
        label: Vec::new(),
        value: k(200),
    });
    v.ok(AssignLoan { lender: kube("a"), loan: id("l3"), officer: Some(id("lukas")) });

    let mut sum = Portfolio::default();
    for loan in ["l1", "l2", "l3", "l4"] {
        let holding = holding(&v, loan, at("2025-05-15")).expect("paid out");
        let booked = v.held(&format!("a.sp.1221.{loan}"));
        sum.add(&holding, booked, Sen::ZERO).expect("fits");
    }
    // 800 + 1.000 + 1.200 are on the books; the ledger says the same.
    assert_eq!((sum.outstanding, sum.booked, sum.written_off), (k(3_000), k(3_000), k(1_200)));
    assert_eq!(control(&v), k(3_000));
    // Late: two instalments of the second, four of the third and of the fourth.
    let (interest, principal) = (k(2 * 12 + 4 * 12 + 4 * 12), k(200 + 400 + 400));
    assert_eq!(sum.due, Parts { penalty: Sen::ZERO, interest, principal });
    assert_eq!(sum.scheduled.principal, k(4 * 400));
    assert_eq!(sum.paid, Parts { penalty: Sen::ZERO, interest: k(6 * 12), principal: k(600) });
    // The second is 44 days late, the third 103: 2.200, 1.200 and 1.200 at risk.
    assert_eq!(sum.at_risk, [k(2_200), k(1_200), k(1_200)]);
    // 5% of 1.000, and 15% of 1.200 less the motorcycle.
    assert_eq!(sum.required, k(50 + 150));
    let classes: Vec<_> = sum
        .classes
        .iter()
        .map(|((rank, name), of)| (*rank, name.as_str(), of.loans, of.outstanding))
        .collect();
    assert_eq!(
        classes,
        [
            (1, "LANCAR", 1, k(800)),
            (2, "DALAM_PERHATIAN_KHUSUS", 1, k(1_000)),
            (3, "KURANG_LANCAR", 2, k(1_200)),
        ]
    );
    assert_eq!((sum.npl_gross(), sum.npl_net()), (percent("40"), percent("40")));
    assert_eq!(officer_of(&row(&v, &kube("a"), "l3"), day("2025-05-15"), LATEST), "lukas");
    assert_eq!(officer_of(&row(&v, &kube("a"), "l3"), day("2025-05-09"), LATEST), "");
    // Before it was paid out a loan is none.
    assert_eq!(holding(&v, "l1", at("2024-12-31")), None);
}

#[test]
fn a_rule_that_does_not_say_what_performs_makes_no_npl() {
    let mut v = lender();
    borrow(&mut v, "l1", 1, k(1_200), 12, "2025-01-01");
    let silent = QualityVersion { non_performing_from: 0, ..rule() };
    let row = row(&v, &kube("a"), "l1");
    let of = Holding::of(&row, Some(&silent), at("2025-08-01")).expect("reckoned").expect("lent");
    let judged = Judged { rank: 5, class: "MACET".to_owned(), required: k(1_200), performs: None };
    assert_eq!(of.judged, Some(judged));
    let mut sum = Portfolio::default();
    sum.add(&of, k(1_200), Sen::ZERO).expect("fits");
    assert_eq!((sum.npl_gross(), sum.npl_net()), (None, None));
    let unset = Holding::of(&row, None, at("2025-08-01")).expect("reckoned").expect("lent");
    assert_eq!((unset.judged, unset.outstanding), (None, k(1_200)));
}

/// What is told late, or taken back, changes no answer of an earlier position.
#[test]
fn old_positions_know_what_they_knew() {
    let mut v = lender();
    borrow(&mut v, "l1", 1, k(1_200), 12, "2025-01-01");
    v.ok_on(pay(&kube("a"), "l1", k(112), tin()), Some("2025-02-01"));
    let first = v.records.len() as u64;
    let known = |known| Point { day: day("2025-03-05"), known };
    let then = holding(&v, "l1", known(first)).expect("lent");
    assert_eq!((then.due.principal, then.days_late), (k(100), 4));
    // Told in April: the March instalment was paid on the first.
    v.ok_on(pay(&kube("a"), "l1", k(112), tin()), Some("2025-04-02"));
    v.ok_on(pay(&kube("a"), "l1", k(112), tin()), Some("2025-03-01"));
    let request = v.records.iter().rev().find_map(|record| record.request.clone());
    let second = v.records.len() as u64;
    assert_eq!(holding(&v, "l1", known(second)).expect("lent").due.principal, k(0));
    v.ok(Reverse { transaction: request.expect("the payment's"), line: 0 });
    let third = v.records.len() as u64;
    assert_eq!(holding(&v, "l1", known(third)).expect("lent").due.principal, k(100));
    assert_eq!(holding(&v, "l1", known(second)).expect("lent").due.principal, k(0));
    assert_eq!(holding(&v, "l1", known(first)), Some(then));
    assert_eq!(holding(&v, "l1", known(2)), None);
}

#[test]
fn talks_are_told_of_loans_that_were_paid_out() {
    let mut v = lender();
    borrow(&mut v, "l1", 1, k(1_200), 12, "2025-02-01");
    let talk =
        || RecordContact { lender: kube("a"), loan: id("l1"), who: vec![3; 32], note: Vec::new() };
    let early = v.command(talk(), Some("2025-01-31"));
    let Outcome::Refused(early) = v.run(&early).outcome else { panic!("accepted") };
    assert_eq!(early.reason, Reason::LoanNotOpen);
    let told = v.ok_on(talk(), Some("2025-03-04"));
    assert_eq!((told.entries.len(), told.commitments().count()), (0, 1));
    let before = v.records.len() as u64;
    v.ok_on(talk(), Some("2025-03-09"));
    let name = contacts_name(&kube("a"), &id("l1"));
    let Some(Value::Row(Some(found))) = v.state.get(&Key::Row(name)) else { panic!("no row") };
    let Row::LoanContacts(talks) = found.as_ref() else { panic!("{found:?}") };
    let last = |on: &str, known| {
        last_contact(talks, day(on), known).map(|talk| Day::new(talk.on).to_string())
    };
    assert_eq!(last("2025-03-31", LATEST).as_deref(), Some("2025-03-09"));
    assert_eq!(last("2025-03-31", before).as_deref(), Some("2025-03-04"));
    assert_eq!(last("2025-03-03", LATEST), None);
}

#[test]
fn an_officer_of_the_lkm_is_one_from_a_day_on() {
    let mut v = lender();
    let name = |since: &str, holds| NameOfficer { member: id("m01"), since: day(since), holds };
    assert_eq!(v.refused(name("2025-01-01", false)).reason, Reason::OfficeTaken);
    v.ok_on(name("2025-01-01", true), Some("2025-06-01"));
    assert_eq!(v.refused(name("2025-02-01", true)).reason, Reason::OfficeTaken);
    let named = v.records.len() as u64;
    v.ok(name("2025-03-01", false));
    let row = RowName::new(OFFICERS, "m01");
    let Some(Value::Row(Some(found))) = v.state.get(&Key::Row(row)) else { panic!("no row") };
    let Row::LkmOfficer(row) = found.as_ref() else { panic!("{found:?}") };
    let holds = |on: &str, known| in_office(row, day(on), known);
    assert_eq!([holds("2025-02-28", LATEST), holds("2025-03-01", LATEST)], [true, false]);
    assert_eq!([holds("2025-03-01", named), holds("2025-03-01", 1)], [true, false]);
}

/// The effective rates of well-known loans: `numpy_financial.rate(12, 112, -1200, 0) * 12` and the
/// like.
#[test]
fn flat_rates_weigh_more_than_they_say() {
    let rate = |terms: &LoanTerms, amount: Sen, count: u32| {
        let terms = Terms::new(terms).expect("rules");
        let calendar = Calendar::new(&terms, &plan_of(count), day("2025-01-01")).expect("a plan");
        let rows = instalments(&terms, amount, &calendar).expect("fits");
        (yearly::named(&terms), yearly::effective(&terms, amount, &rows))
    };
    assert_eq!(rate(&flat(), k(1_200), 12), (percent("12"), percent("21.46")));
    let weekly = plain_terms(LoanMethod::Flat, LoanFrequency::Weekly, "1");
    assert_eq!(rate(&weekly, k(1_000), 10), (percent("52.14"), percent("92.37")));
    // On what is outstanding both are the same, whatever the method.
    for method in [LoanMethod::Menurun, LoanMethod::Musiman, LoanMethod::MusimanJasaBerkala] {
        let terms = plain_terms(method, LoanFrequency::Monthly, "2");
        let count = if method == LoanMethod::Musiman { 1 } else { 12 };
        assert_eq!(rate(&terms, k(1_200), count), (percent("24"), percent("24")), "{method:?}");
    }
    let free = plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0");
    assert_eq!(rate(&free, k(1_200), 12), (percent("0"), percent("0")));
}

// ---- a second, naive reckoning ------------------------------------------------------------------

/// A loan as the records tell it: when it was lent, and what was paid when.
struct Naive {
    amount: i64,
    count: i64,
    start: Day,
    paid: Vec<(Day, i64)>,
}

impl Naive {
    /// Principal left, what is due and unpaid, and days late, where each payment goes to the oldest
    /// instalment first, jasa before principal, and what is too much waits.
    fn stand(&self, on: Day) -> (i64, i64, i64) {
        let interest = self.amount / 100;
        let due = |number: i64| self.start.plus_months(u32::try_from(number).expect("small"));
        let principal = |number: i64| match number == self.count {
            true => self.amount - self.amount / self.count * (self.count - 1),
            false => self.amount / self.count,
        };
        // Money is used when it is there and something is due: at each payment and each due day.
        let mut money: i64 =
            self.paid.iter().filter(|(day, _)| *day <= on).map(|(_, amount)| amount).sum();
        let (mut left, mut owed, mut late) = (self.amount, 0, 0);
        for number in (1..=self.count).filter(|number| due(*number) <= on) {
            for (part, is_principal) in [(interest, false), (principal(number), true)] {
                let taken = part.min(money);
                money -= taken;
                owed += part - taken;
                left -= if is_principal { taken } else { 0 };
                if part > taken && late == 0 {
                    late = i64::from(on.get() - due(number).get());
                }
            }
        }
        (left, owed, late)
    }
}

/// What the records say of the loans of a KUBE's members.
fn naive(v: &Village, loan: &str) -> Naive {
    let mut naive = Naive { amount: 0, count: 0, start: Day::MIN, paid: Vec::new() };
    let row = row(v, &kube("a"), loan);
    naive.count = row.plan.map_or(0, |plan| i64::from(plan.instalments));
    for record in &v.records {
        let Outcome::Done(effect) = &record.outcome else { continue };
        let about = effect.entries.iter().any(|entry| entry.account.subject.as_str() == loan);
        let cash = effect.entries.iter().filter(|entry| entry.account.code.is_money());
        let cash: i64 = cash.map(|entry| entry.amount.get()).sum();
        let own = effect.rows.iter().any(|(name, _)| name.id == loan);
        if !own && !about {
            continue;
        }
        if cash < 0 {
            naive.amount = -cash;
            naive.start = record.happened_on;
        } else if cash > 0 {
            naive.paid.push((record.happened_on, cash));
        }
    }
    naive
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_random_portfolio_is_what_its_records_say(seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut v = lender();
        set_product_by_instalment(&mut v);
        let loans: Vec<String> = (1..=8).map(|number| format!("l{number}")).collect();
        for (number, loan) in (1..).zip(&loans) {
            let start = format!("2025-0{}-{:02}", random.i32(1..=3), random.i32(3..=28));
            let start = if number == 1 { "2025-01-05".to_owned() } else { start };
            let count = random.u32(2..=10);
            let amount = Sen::new(i64::from(count) * 10_000 * random.i64(10..=200));
            borrow(&mut v, loan, number, amount, count, &start);
        }
        for _ in 0..40 {
            let loan = random.choice(&loans).expect("some");
            let on = Day::new(day("2025-04-01").get() + random.i32(0..200)).to_string();
            let amount = Sen::new(random.i64(1..=30_000_000));
            let command = v.command(pay(&kube("a"), loan, amount, tin()), Some(&on));
            v.run(&command);
        }
        let on = Day::new(day("2025-10-20").get() + random.i32(0..60));
        let point = Point { day: on, known: LATEST };
        let mut sum = Portfolio::default();
        let (mut left, mut owed, mut at_risk) = (0, 0, [0; 3]);
        for loan in &loans {
            let holding = holding(&v, loan, point).expect("lent");
            let (outstanding, due, late) = naive(&v, loan).stand(on);
            prop_assert_eq!(holding.outstanding.get(), outstanding, "{} on {}", loan, on);
            prop_assert_eq!(holding.due.total().expect("fits").get(), due, "{} on {}", loan, on);
            prop_assert_eq!(i64::from(holding.days_late), late, "{} on {}", loan, on);
            left += outstanding;
            owed += due;
            for (sum, days) in at_risk.iter_mut().zip([30, 60, 90]) {
                *sum += if late > days { outstanding } else { 0 };
            }
            sum.add(&holding, holding.outstanding, Sen::ZERO).expect("fits");
        }
        prop_assert_eq!(sum.outstanding.get(), left);
        prop_assert_eq!(sum.due.total().expect("fits").get(), owed);
        prop_assert_eq!(sum.at_risk.map(Sen::get), at_risk);
        let of_classes: i64 = sum.classes.values().map(|of| of.outstanding.get()).sum();
        prop_assert_eq!(of_classes, left);
        // Once time has been reckoned, the control account holds what the loans come to.
        for loan in loans.iter().filter_map(|loan| Id::new(loan)) {
            let tend = simpul::domain::loan::pay::AccrueLoan { lender: kube("a"), loan };
            let command = v.command(tend, Some(&on.to_string()));
            v.run(&command);
        }
        prop_assert_eq!(control(&v).get(), left);
    }
}

fn set_product_by_instalment(v: &mut Village) {
    let terms = LoanTerms { by_instalment: true, ..flat() };
    let version = simpul::domain::record::proto::LoanVersion {
        since: day("2025-01-02").get(),
        label: "pinjaman contoh".to_owned(),
        minute: "BA-2/contoh".to_owned(),
        terms: Some(terms),
        ..Default::default()
    };
    v.ok(simpul::domain::loan::product::SetLoanProduct {
        entity: kube("a"),
        product: id("p"),
        version,
    });
}

/// Jasa of 10 a month, earned as time passes: what was paid counts, in the year in which it became
/// known, once.
#[test]
fn jasa_paid_is_counted_once_when_it_became_known() {
    let mut v = village();
    v.today = day("2026-12-31");
    let accrued = LoanTerms {
        recognition: Recognition::Accrual as i32,
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
    };
    set_product(&mut v, &kube("a"), accrued);
    lend(&mut v, apply(&kube("a"), "x", member(1), k(1_000), 10), tin(), "2025-10-01");
    let paid = |v: &mut Village, on: &str| v.ok_on(pay(&kube("a"), "x", k(110), tin()), Some(on));
    paid(&mut v, "2025-11-01");
    v.ok_on(AccrueLoan { lender: kube("a"), loan: id("x") }, Some("2026-01-10"));
    let closing = v.records.len() as u64;
    let late = paid(&mut v, "2025-12-01");
    assert_eq!(flags(&late), []);
    paid(&mut v, "2026-01-15");
    let (eve, end, next) = (day("2024-12-31"), day("2025-12-31"), day("2026-12-31"));
    let of = |v: &Village, before: Point, until: Point| {
        interest_paid(&row(v, &kube("a"), "x"), before, until).expect("reckoned")
    };
    let at = |day, known| Point { day, known };
    assert_eq!(of(&v, at(eve, closing), at(end, closing)), k(10));
    let known = v.records.len() as u64;
    assert_eq!(of(&v, at(end, closing), at(next, known)), k(20));
}

/// Jasa of 20 became principal of 1.020 in five: with each instalment of 204 a fifth of it was paid,
/// whether it was income before or not.
#[test]
fn jasa_that_became_principal_is_paid_with_it() {
    for recognition in [Recognition::Cash, Recognition::Accrual] {
        let mut v = village();
        let terms = LoanTerms {
            recognition: recognition as i32,
            ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
        };
        set_product(&mut v, &kube("a"), terms);
        lend(&mut v, apply(&kube("a"), "x", member(1), k(1_000), 10), tin(), "2025-03-01");
        let again = Reschedule {
            lender: kube("a"),
            loan: id("x"),
            plan: plan_of(5),
            rate: "0".to_owned(),
            minute: "BA-9/contoh".to_owned(),
        };
        v.ok_on(again, Some("2025-05-01"));
        let paid = |v: &Village| {
            let from = Point { day: day("2024-12-31"), known: LATEST };
            interest_paid(&row(v, &kube("a"), "x"), from, at("2025-12-31")).expect("reckoned")
        };
        assert_eq!(paid(&v), k(0), "nothing was paid yet");
        v.ok_on(pay(&kube("a"), "x", k(204), tin()), Some("2025-06-01"));
        assert_eq!(paid(&v), k(4));
        v.ok_on(pay(&kube("a"), "x", k(816), tin()), Some("2025-12-01"));
        assert_eq!((paid(&v), v.held("a.sp.4311")), (k(20), k(20)));
    }
}
