//! Schedules of loans: against an independent script on exact fractions and numpy-financial,
//! against cases worked by hand, and their invariants for any terms.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::json;
use simpul::domain::day::Day;
use simpul::domain::loan::calendar::Calendar;
use simpul::domain::loan::schedule::{Instalment, annuity, instalments};
use simpul::domain::loan::terms::Terms;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    DayCount, InterestGrace, LoanContract, LoanFrequency, LoanMethod, LoanPlan, LoanTerms,
    Overpayment, Recognition,
};
use simpul::domain::refusal::{Reason, Refusal};

use crate::village::{day, k};

/// A loan as asked for.
#[derive(Clone, Debug)]
struct Case {
    terms: LoanTerms,
    plan: LoanPlan,
    amount: Sen,
    start: Day,
}

impl Case {
    fn rows(&self) -> Result<Vec<Instalment>, Refusal> {
        let terms = Terms::new(&self.terms)?;
        instalments(&terms, self.amount, &Calendar::new(&terms, &self.plan, self.start)?)
    }
}

/// Rules without grace, rounding or penalty.
pub fn plain_terms(method: LoanMethod, frequency: LoanFrequency, rate: &str) -> LoanTerms {
    LoanTerms {
        method: method as i32,
        frequency: frequency as i32,
        rate: rate.to_owned(),
        overpayment: Overpayment::Titipan as i32,
        recognition: Recognition::Cash as i32,
        ..LoanTerms::default()
    }
}

pub fn plan_of(instalments: u32) -> LoanPlan {
    LoanPlan { instalments, ..LoanPlan::default() }
}

const METHODS: [LoanMethod; 5] = [
    LoanMethod::Flat,
    LoanMethod::Menurun,
    LoanMethod::Anuitas,
    LoanMethod::Musiman,
    LoanMethod::MusimanJasaBerkala,
];
const FREQUENCIES: [LoanFrequency; 6] = [
    LoanFrequency::Daily,
    LoanFrequency::Weekly,
    LoanFrequency::TwoWeekly,
    LoanFrequency::Monthly,
    LoanFrequency::Selapanan,
    LoanFrequency::Custom,
];
const DAY_COUNTS: [DayCount; 4] =
    [DayCount::PerPeriod, DayCount::Actual365, DayCount::Actual360, DayCount::Thirty360];

/// Grace for jasa, if any.
type Grace = Option<InterestGrace>;

/// What is chosen of a loan's rules one by one; the rest is random.
#[derive(Clone, Copy, Debug)]
struct Choice {
    method: LoanMethod,
    frequency: LoanFrequency,
    day_count: DayCount,
    principal_grace: bool,
    interest_grace: Grace,
    rounding_rupiah: u32,
}

/// Every method with every frequency (custom dates with every day count), every grace that the
/// method can have, and every rounding.
fn every_choice() -> Vec<Choice> {
    let fixed = FREQUENCIES.into_iter().filter(|one| *one != LoanFrequency::Custom);
    let mut times: Vec<_> = fixed.map(|one| (one, DayCount::Unspecified)).collect();
    times.extend(DAY_COUNTS.map(|count| (LoanFrequency::Custom, count)));
    let graces = [None, Some(InterestGrace::Waived), Some(InterestGrace::Deferred)];
    let mut all = Vec::new();
    for method in METHODS {
        for (frequency, day_count) in &times {
            for (principal_grace, interest_grace) in
                [false, true].iter().flat_map(|some| graces.map(|grace| (*some, grace)))
            {
                for rounding_rupiah in [0, 1, 100, 500, 1_000] {
                    let (frequency, day_count) = (*frequency, *day_count);
                    all.push(Choice {
                        method,
                        frequency,
                        day_count,
                        principal_grace,
                        interest_grace,
                        rounding_rupiah,
                    });
                }
            }
        }
    }
    all.retain(Choice::makes_sense);
    all
}

impl Choice {
    /// All principal of a seasonal loan falls due at the end, and of one kind all jasa; an equal
    /// instalment cannot hold jasa that was deferred beyond the grace for principal.
    fn makes_sense(&self) -> bool {
        match self.method {
            LoanMethod::Musiman => !self.principal_grace && self.interest_grace.is_none(),
            LoanMethod::MusimanJasaBerkala => !self.principal_grace,
            LoanMethod::Anuitas => {
                self.principal_grace || self.interest_grace != Some(InterestGrace::Deferred)
            }
            _ => true,
        }
    }
}

/// Any loan whose rules make sense.
fn any_case(random: &mut fastrand::Rng) -> Case {
    let all = every_choice();
    let choice = *random.choice(&all).expect("one");
    case_of(random, choice)
}

/// Any loan of these rules.
fn case_of(random: &mut fastrand::Rng, choice: Choice) -> Case {
    let Choice { method, frequency, day_count, rounding_rupiah, .. } = choice;
    let custom = frequency == LoanFrequency::Custom;
    let yearly = custom && day_count != DayCount::PerPeriod;
    let rate = random.i64(0..=if yearly { 48_000_000 } else { 5_000_000 });
    // Round rates as people name them, and odd ones.
    let rate = if random.bool() { rate / 250_000 * 250_000 } else { rate };
    let graced = choice.principal_grace || choice.interest_grace.is_some();
    let count = random.u32(if graced { 2..=40 } else { 1..=40 });
    let principal_grace = if choice.principal_grace { random.u32(1..count) } else { 0 };
    let rule = choice.interest_grace.unwrap_or(InterestGrace::Unspecified);
    let most = match (method, rule) {
        (LoanMethod::Anuitas, InterestGrace::Deferred) => principal_grace,
        _ => count - 1,
    };
    let interest_grace = if choice.interest_grace.is_some() { random.u32(1..=most) } else { 0 };
    let start = Day::new(day("2020-01-01").get() + random.i32(0..3_000));
    let mut due_days = Vec::new();
    for _ in 0..if custom { count } else { 0 } {
        let last = due_days.last().copied().unwrap_or(start.get());
        due_days.push(last + random.i32(1..=200));
    }
    let ahead = if !custom && random.u8(0..4) == 0 { random.i32(1..=60) } else { 0 };
    let amount = match random.bool() {
        true => random.i64(1..=100) * 5_000_000,
        false => random.i64(1..=10_000_000_000),
    };
    Case {
        terms: LoanTerms {
            day_count: day_count as i32,
            principal_grace,
            interest_grace,
            interest_grace_rule: rule as i32,
            rounding_rupiah,
            ..plain_terms(method, frequency, &decimal(rate))
        },
        plan: LoanPlan {
            instalments: count,
            first_due_on: if ahead == 0 { 0 } else { start.get() + ahead },
            due_days,
        },
        amount: Sen::new(amount),
        start,
    }
}

/// Millionths as a decimal number.
fn decimal(millionths: i64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

/// A scheduled annuity without grace or rounding.
fn any_annuity(random: &mut fastrand::Rng) -> Case {
    let case = any_case(random);
    let frequency = FREQUENCIES[random.usize(0..5)];
    let rate = decimal(random.i64(1..=40) * 125_000);
    let terms = plain_terms(LoanMethod::Anuitas, frequency, &rate);
    Case { terms, plan: plan_of(random.u32(1..=60)), ..case }
}

/// A murabahah: a sum of margin instead of a rate.
fn any_murabahah(random: &mut fastrand::Rng) -> Case {
    let case = any_case(random);
    let custom = case.terms.frequency() == LoanFrequency::Custom;
    let day_count = if custom { DayCount::PerPeriod } else { DayCount::Unspecified };
    let terms = LoanTerms {
        contract: LoanContract::Murabahah as i32,
        margin: random.i64(1..=5_000_000_000),
        day_count: day_count as i32,
        principal_grace: case.terms.principal_grace,
        rounding_rupiah: case.terms.rounding_rupiah,
        ..plain_terms(LoanMethod::Flat, case.terms.frequency(), "0")
    };
    Case { terms, ..case }
}

/// One line for the script. With `unrounded` it also compares with numpy-financial.
fn line(case: &Case, unrounded: bool) -> String {
    let name = |text: &str, prefix: &str| text.replace(prefix, "");
    let rows = case.rows().unwrap_or_else(|refusal| panic!("{refusal}: {case:?}"));
    let row = |row: &Instalment| {
        json!([row.due_on.to_string(), row.principal.get(), row.interest.get(), row.earned.get()])
    };
    let terms = Terms::new(&case.terms).expect("checked");
    let weights = std::iter::repeat_n(1, rows.len());
    let annuity = annuity(case.amount, terms.rate, weights, 1).expect("fits").to_string();
    let first = case.plan.first_due_on;
    json!({
        "method": name(case.terms.method().as_str_name(), "LOAN_METHOD_"),
        "frequency": name(case.terms.frequency().as_str_name(), "LOAN_FREQUENCY_"),
        "rate": case.terms.rate,
        "day_count": name(case.terms.day_count().as_str_name(), "DAY_COUNT_"),
        "principal_grace": case.terms.principal_grace,
        "interest_grace": case.terms.interest_grace,
        "interest_grace_rule":
            name(case.terms.interest_grace_rule().as_str_name(), "INTEREST_GRACE_"),
        "rounding_rupiah": case.terms.rounding_rupiah,
        "amount": case.amount.get(),
        "count": case.plan.instalments,
        "start": case.start.to_string(),
        "first_due_on": if first == 0 { String::new() } else { Day::new(first).to_string() },
        "due_days": case.plan.due_days.iter().map(|day| Day::new(*day).to_string())
            .collect::<Vec<_>>(),
        "contract": name(case.terms.contract().as_str_name(), "LOAN_CONTRACT_"),
        "margin": case.terms.margin,
        "annuity": if unrounded { annuity } else { String::new() },
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
    .to_string()
}

/// The answer of the independent script to lines of cases.
fn oracle(lines: &str) -> String {
    ask_script("loan_oracle.py", lines)
}

/// What a Python script beside these tests answers to lines of cases.
pub fn ask_script(script: &str, lines: &str) -> String {
    let python = std::env::var("SIMPUL_TEST_PYTHON")
        .expect("SIMPUL_TEST_PYTHON names a Python with numpy-financial; tests/run sets it");
    let script = format!("{}/tests/domain/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(python);
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the script starts");
    let mut input = child.stdin.take().expect("piped");
    let lines = lines.to_owned();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("the script ends");
    // A script that stopped early has not read all of it; what it said is what counts.
    let written = writing.join().expect("written");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && written.is_ok(), "{complaint}");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[test]
fn schedules_agree_with_exact_fractions_and_numpy() {
    let mut random = fastrand::Rng::with_seed(20_250_817);
    let choices = every_choice();
    let any: Vec<Case> = choices.iter().map(|choice| case_of(&mut random, *choice)).collect();
    let annuities = (0..600).map(|_| any_annuity(&mut random)).collect::<Vec<_>>();
    let lines = any.iter().map(|case| line(case, false));
    let lines: Vec<String> = lines.chain(annuities.iter().map(|case| line(case, true))).collect();
    // Five methods with six, six, five, one and three sorts of grace, nine sorts of time and five
    // roundings; and annuities.
    assert_eq!(choices.len(), (6 + 6 + 5 + 1 + 3) * 9 * 5);
    assert_eq!(oracle(&(lines.join("\n") + "\n")), format!("{} 600", choices.len() + 600));
}

#[test]
fn murabahah_agrees_with_exact_fractions() {
    let mut random = fastrand::Rng::with_seed(20_260_817);
    let lines: Vec<String> = (0..500).map(|_| line(&any_murabahah(&mut random), false)).collect();
    assert_eq!(oracle(&(lines.join("\n") + "\n")), "500 0");
}

/// Goods of 5.000 and a margin of 500 in three: 1.833.333,34 twice; the last takes what is left.
#[test]
fn murabahah_by_hand() {
    let terms = LoanTerms {
        contract: LoanContract::Murabahah as i32,
        margin: k(500).get(),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0")
    };
    let rows = case(terms, 3, k(5_000), "2025-01-10").rows().expect("a schedule");
    let parts: Vec<_> = rows.iter().map(|row| (row.principal.get(), row.interest.get())).collect();
    assert_eq!(
        parts,
        [(166_666_667, 16_666_667), (166_666_667, 16_666_666), (166_666_666, 16_666_667),]
    );
}

#[test]
fn the_script_finds_a_sen_too_much() {
    let case = any_annuity(&mut fastrand::Rng::with_seed(1));
    let mut wrong: serde_json::Value = serde_json::from_str(&line(&case, true)).expect("json");
    let jasa = wrong["rows"][0][2].as_i64().expect("sen");
    wrong["rows"][0][2] = json!(jasa + 1);
    let told = std::panic::catch_unwind(|| oracle(&format!("{wrong}\n")));
    assert!(told.is_err(), "a wrong schedule passed");
}

/// Due day, principal and jasa in thousands of rupiah, without empty instalments.
fn in_thousands(case: &Case) -> Vec<(String, f64, f64)> {
    let rows = case.rows().expect("a schedule");
    let full = rows.iter().filter(|row| row.principal.get() + row.interest.get() > 0);
    let thousands = |sen: Sen| sen.get() as f64 / 100_000.0;
    full.map(|row| (row.due_on.to_string(), thousands(row.principal), thousands(row.interest)))
        .collect()
}

fn case(terms: LoanTerms, instalments: u32, amount: Sen, start: &str) -> Case {
    Case { terms, plan: plan_of(instalments), amount, start: day(start) }
}

fn rows(expected: &[(&str, f64, f64)]) -> Vec<(String, f64, f64)> {
    expected.iter().map(|(day, principal, jasa)| ((*day).to_owned(), *principal, *jasa)).collect()
}

/// 5.000 at 1% a month flat in ten months: 500 and 50 each month. 31 January has no namesake in
/// February, but March has.
#[test]
fn flat_by_hand() {
    let terms = plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1");
    let ten = in_thousands(&case(terms, 10, k(5_000), "2025-01-31"));
    assert_eq!(
        ten[..3],
        rows(&[
            ("2025-02-28", 500.0, 50.0),
            ("2025-03-31", 500.0, 50.0),
            ("2025-04-30", 500.0, 50.0),
        ])
    );
    assert_eq!(ten.len(), 10);
    // 1.000 in three at 2%, rounded up to 1.000 rupiah: 353,333 becomes 354; the last takes 332.
    let terms = LoanTerms {
        rounding_rupiah: 1_000,
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Weekly, "2")
    };
    assert_eq!(
        in_thousands(&case(terms, 3, k(1_000), "2025-03-03")),
        rows(&[
            ("2025-03-10", 334.0, 20.0),
            ("2025-03-17", 334.0, 20.0),
            ("2025-03-24", 332.0, 20.0),
        ])
    );
}

/// 2.000 at 1,5% a month for six months until the pigs are sold: 180 jasa with the principal, or
/// 30 a month before it.
#[test]
fn seasonal_by_hand() {
    let terms = plain_terms(LoanMethod::Musiman, LoanFrequency::Monthly, "1.5");
    assert_eq!(
        in_thousands(&case(terms, 6, k(2_000), "2025-04-15")),
        rows(&[("2025-10-15", 2_000.0, 180.0)])
    );
    let terms = plain_terms(LoanMethod::MusimanJasaBerkala, LoanFrequency::Monthly, "1.5");
    assert_eq!(
        in_thousands(&case(terms, 3, k(2_000), "2025-04-15")),
        rows(&[
            ("2025-05-15", 0.0, 30.0),
            ("2025-06-15", 0.0, 30.0),
            ("2025-07-15", 2_000.0, 30.0),
        ])
    );
}

/// Selapanan: every 35 days, the market day of the Javanese calendar. 900 menurun at 2%.
#[test]
fn selapanan_by_hand() {
    let terms = plain_terms(LoanMethod::Menurun, LoanFrequency::Selapanan, "2");
    assert_eq!(
        in_thousands(&case(terms, 3, k(900), "2025-01-06")),
        rows(&[
            ("2025-02-10", 300.0, 18.0),
            ("2025-03-17", 300.0, 12.0),
            ("2025-04-21", 300.0, 6.0),
        ])
    );
}

/// 1.200 anuitas at 10% in three: 482,54 (the last 482,54 less what rounding added).
#[test]
fn anuitas_by_hand() {
    let terms = LoanTerms {
        rounding_rupiah: 500,
        ..plain_terms(LoanMethod::Anuitas, LoanFrequency::Monthly, "10")
    };
    assert_eq!(
        in_thousands(&case(terms, 3, k(1_200), "2025-01-01")),
        rows(&[
            ("2025-02-01", 363.0, 120.0),
            ("2025-03-01", 399.3, 83.7),
            ("2025-04-01", 437.7, 43.77),
        ])
    );
}

/// 600 flat at 1% in six, two months without principal; jasa of the first three falls due with the
/// fourth, or is not charged at all.
#[test]
fn grace_by_hand() {
    let terms = |rule: InterestGrace| LoanTerms {
        principal_grace: 2,
        interest_grace: 3,
        interest_grace_rule: rule as i32,
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
    };
    assert_eq!(
        in_thousands(&case(terms(InterestGrace::Deferred), 6, k(600), "2025-01-01")),
        rows(&[
            ("2025-04-01", 150.0, 0.0),
            ("2025-05-01", 150.0, 24.0),
            ("2025-06-01", 150.0, 6.0),
            ("2025-07-01", 150.0, 6.0),
        ])
    );
    let waived = in_thousands(&case(terms(InterestGrace::Waived), 6, k(600), "2025-01-01"));
    assert_eq!(waived.iter().map(|row| row.2).collect::<Vec<_>>(), [0.0, 6.0, 6.0, 6.0]);
}

/// Money paid out on the tenth day of thirty bears two thirds of the period's jasa.
#[test]
fn a_later_tranche_bears_what_is_left_of_its_period() {
    let terms = Terms::new(&plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "3"));
    let terms = terms.expect("rules");
    let whole = Calendar::new(&terms, &plan_of(3), day("2025-04-01")).expect("a calendar");
    let left = whole.since(day("2025-04-11")).expect("days left");
    let rows = instalments(&terms, k(300), &left).expect("a schedule");
    let jasa: Vec<i64> = rows.iter().map(|row| row.interest.get() / 100_000).collect();
    assert_eq!(jasa, [6, 9, 9]);
    assert_eq!(rows[0].from, day("2025-04-11"));
    let late = whole.since(day("2025-07-01")).expect_err("the last day has come");
    assert_eq!(late.reason, Reason::LoanPlanInvalid);
}

fn refused(change: impl FnOnce(&mut LoanTerms, &mut LoanPlan)) -> (Reason, String) {
    let mut terms = plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1");
    let mut plan = plan_of(10);
    change(&mut terms, &mut plan);
    let case = Case { terms, plan, amount: k(100), start: day("2025-01-01") };
    let refusal = case.rows().expect_err("makes no sense");
    (refusal.reason, refusal.field)
}

#[test]
fn rules_that_make_no_sense_are_refused_by_name() {
    let terms = |change: fn(&mut LoanTerms)| {
        let (reason, field) = refused(|terms, _| change(terms));
        assert_eq!(reason, Reason::LoanTermsInvalid);
        field
    };
    assert_eq!(terms(|t| t.method = 0), "terms.method");
    assert_eq!(terms(|t| t.frequency = 0), "terms.frequency");
    assert_eq!(terms(|t| t.rate.clear()), "terms.rate_percent");
    assert_eq!(terms(|t| t.rate = "-1".to_owned()), "terms.rate_percent");
    assert_eq!(terms(|t| t.rate = "1000.1".to_owned()), "terms.rate_percent");
    assert_eq!(terms(|t| t.rounding_rupiah = 50), "terms.rounding_rupiah");
    assert_eq!(terms(|t| t.overpayment = 0), "terms.overpayment");
    assert_eq!(terms(|t| t.recognition = 0), "terms.recognition");
    assert_eq!(terms(|t| t.allocation = vec![1, 1, 2]), "terms.allocation");
    assert_eq!(terms(|t| t.interest_grace = 1), "terms.interest_grace_rule");
    assert_eq!(terms(|t| t.day_count = DayCount::Actual365 as i32), "terms.day_count");
    assert_eq!(terms(|t| t.frequency = LoanFrequency::Custom as i32), "terms.day_count");
    assert_eq!(terms(|t| t.principal_grace = 1_000), "terms.principal_grace");
    let plan = |change: fn(&mut LoanPlan)| {
        let (reason, field) = refused(|_, plan| change(plan));
        assert_eq!(reason, Reason::LoanPlanInvalid);
        field
    };
    assert_eq!(plan(|p| p.instalments = 0), "plan.instalments");
    assert_eq!(plan(|p| p.instalments = 1_001), "plan.instalments");
    assert_eq!(plan(|p| p.first_due_on = day("2025-01-01").get()), "plan.first_due_on");
    assert_eq!(plan(|p| p.due_days = vec![1]), "plan.due_days");
    assert_eq!(plan(|p| p.first_due_on = Day::MAX.get()), "plan.due_days");
    let grace = refused(|terms, _| terms.principal_grace = 10);
    assert_eq!(grace, (Reason::LoanPlanInvalid, "plan.instalments".to_owned()));
}

proptest! {
    #[test]
    fn schedules_sum_and_are_never_negative(seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let case = any_case(&mut random);
        let rows = case.rows().expect("a schedule");
        let sum = |part: fn(&Instalment) -> Sen| rows.iter().map(|row| part(row).get()).sum::<i64>();
        prop_assert_eq!(sum(|row| row.principal), case.amount.get());
        prop_assert_eq!(sum(|row| row.interest), sum(|row| row.earned));
        let unit = i64::from(case.terms.rounding_rupiah) * 100;
        for row in &rows {
            prop_assert!(!row.principal.is_negative() && !row.interest.is_negative());
            let total = row.principal.get() + row.interest.get();
            let left: i64 = rows.iter().filter(|later| later.due_on > row.due_on)
                .map(|later| later.principal.get()).sum();
            prop_assert!(unit == 0 || left == 0 || total % unit == 0, "{:?}", row);
        }
    }

    #[test]
    fn the_largest_amounts_are_refused_and_never_wrap(
        amount in any::<i64>(), rate in 0u32..=1_000, count in 1u32..=1_000, method in 0usize..5,
    ) {
        let terms = plain_terms(METHODS[method], LoanFrequency::Daily, &rate.to_string());
        let case = Case {
            terms, plan: plan_of(count), amount: Sen::new(amount.saturating_abs()),
            start: day("2025-01-01"),
        };
        match case.rows() {
            Ok(rows) => {
                let sum: i128 = rows.iter().map(|row| i128::from(row.principal.get())).sum();
                prop_assert_eq!(sum, i128::from(case.amount.get()));
            }
            Err(refusal) => prop_assert_eq!(refusal.reason, Reason::Overflow),
        }
    }
}
