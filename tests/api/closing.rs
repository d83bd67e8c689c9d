//! The end of a book year through the public API: what statements say before and after, opening
//! again, dividing and paying out.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::loans::{application, lend, over_the_counter, payment, product, terms, tin};
use crate::on_both;
use crate::statements::two_months;
use crate::town::{A, LKM, Server, Town, cash, date, deposit, idr, on, place, sen, units, why};

on_both!(
    a_closed_year_shows_what_it_showed_before,
    a_surplus_is_divided_by_savings_and_paid,
    shares_by_jasa_go_by_what_was_paid,
    profit_shares_count_as_jasa_paid_to_the_lkm,
    what_is_asked_of_years_is_checked,
);

const MINUTE: &str = "BA-1/contoh";

fn period(entity: &str, through: (i32, i32, i32)) -> ClosePeriodRequest {
    ClosePeriodRequest {
        entity: entity.to_owned(),
        request_id: fresh_request_id(),
        through: date(through.0, through.1, through.2),
        minute: MINUTE.to_owned(),
    }
}

async fn close_period(town: &Town, entity: &str, through: (i32, i32, i32)) {
    town.books().close_period(period(entity, through)).await.expect("closed");
}

pub fn year(entity: &str) -> CloseYearRequest {
    CloseYearRequest {
        entity: entity.to_owned(),
        request_id: fresh_request_id(),
        year: 2025,
        minute: MINUTE.to_owned(),
    }
}

pub async fn close_year(town: &Town, entity: &str) -> ClosedYear {
    close_period(town, entity, (2025, 12, 31)).await;
    let answer = town.closing().close_year(year(entity)).await.expect("closed").into_inner();
    answer.year.expect("a year")
}

/// A day of the next year comes, and earns something.
async fn next_year_begins(town: &Town) {
    let request = RecordBankInterestRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2026, 1, 20),
        fund: Fund::Uep as i32,
        amount: idr(7_000),
    };
    town.cash().record_bank_interest(request).await.expect("recorded");
}

/// The rows of a statement of 2025, by title, without the rows that only a closing brings.
async fn statement(town: &Town, scope: &str, kind: StatementKind) -> Vec<(String, i64)> {
    let request = GetStatementRequest {
        scope: scope.to_owned(),
        kind: kind as i32,
        from: date(2025, 1, 1).filter(|_| kind != StatementKind::BalanceSheet),
        through: date(2025, 12, 31),
        ..GetStatementRequest::default()
    };
    let answer = town.reports().get_statement(request).await.expect("a statement").into_inner();
    let shown = |row: StatementRow| Some((row.title_id, sen(&Some(row.amount?))));
    answer.rows.into_iter().filter_map(shown).collect()
}

async fn a_closed_year_shows_what_it_showed_before(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    next_year_begins(&town).await;
    let mut before = Vec::new();
    let kinds = [StatementKind::Income, StatementKind::IndirectCashFlow, StatementKind::CashFlow];
    for scope in [A, LKM, "books/kupang"] {
        for kind in kinds {
            before.push((scope, kind, statement(&town, scope, kind).await));
        }
    }
    let closed = close_year(&town, A).await;
    let results: Vec<_> = closed.results.iter().map(|one| (one.fund(), sen(&one.amount))).collect();
    assert_eq!(results, [(Fund::Uep, 100_000_000)]);
    days_come_before_periods(&town).await;
    close_year(&town, LKM).await;
    for (scope, kind, rows) in before {
        assert_eq!(statement(&town, scope, kind).await, rows, "{scope} {kind:?}");
    }
    let position = statement(&town, A, StatementKind::BalanceSheet).await;
    assert!(position.contains(&("SHU".to_owned(), 100_000_000)), "{position:?}");
    assert!(position.contains(&("Hasil berjalan".to_owned(), 0)));
    let changes = statement(&town, A, StatementKind::EquityChanges).await;
    for row in [("Hasil dalam masa ini", 100_000_000), ("Ditutup ke SHU", -100_000_000)] {
        assert!(changes.contains(&(row.0.to_owned(), row.1)), "{changes:?}");
    }
    // What the next year earned is its own.
    let income = GetStatementRequest {
        scope: A.to_owned(),
        kind: StatementKind::Income as i32,
        from: date(2026, 1, 1),
        ..GetStatementRequest::default()
    };
    let income = town.reports().get_statement(income).await.expect("a statement").into_inner();
    assert_eq!(sen(&income.rows.last().expect("rows").amount), 700_000);
    opened_again(&town).await;
}

/// The LKM's books close no further than the book's days have.
async fn days_come_before_periods(town: &Town) {
    crate::days::close(town, (2025, 12, 30)).await.expect("closed");
    let status = town.books().close_period(period(LKM, (2025, 12, 31))).await;
    let said = why(&status.expect_err("a day is open"));
    assert_eq!((said.code, said.reason.as_str()), (Code::FailedPrecondition, "DAYS_NOT_CLOSED"));
    assert_eq!(said.field, "through");
    assert!(said.text.contains("from 31 December 2025 to 31 December 2025"), "{}", said.text);
    crate::days::close(town, (2025, 12, 31)).await.expect("closed");
}

/// A late fact comes into the reopened year, and stands there once it is closed anew.
async fn opened_again(town: &Town) {
    let reopen = |through| ReopenPeriodRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        through,
        minute: MINUTE.to_owned(),
    };
    let before = town.position().await;
    let opened = town.books().reopen_period(reopen(date(2025, 2, 28))).await.expect("opened");
    let reopened = town.position().await;
    let period = opened.into_inner().period.expect("a period");
    assert_eq!((period.closed_through, period.closed_year), (date(2025, 2, 28), 0));
    let late = PayExpenseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 12, 5),
        fund: Fund::Uep as i32,
        kind: ExpenseKind::Feed as i32,
        amount: idr(400_000),
        place: cash(),
        ..PayExpenseRequest::default()
    };
    town.trade().pay_expense(late).await.expect("paid");
    let income = statement(town, A, StatementKind::Income).await;
    assert_eq!(income.last().map(|row| row.1), Some(60_000_000));
    for scope in [A, "books/kupang"] {
        let position = statement(town, scope, StatementKind::BalanceSheet).await;
        assert!(position.iter().any(|row| row.0 == "Kas"), "{position:?}");
    }
    let trial = |scope: &str| GetTrialBalanceRequest {
        scope: scope.to_owned(),
        as_of: date(2025, 12, 31),
        as_known_at: 0,
    };
    let feed = |answer: GetTrialBalanceResponse| {
        let row = answer.rows.into_iter().find(|row| row.code == 5201 && row.entity == A);
        row.map_or(0, |row| crate::town::signed(&row))
    };
    for scope in [A, "books/kupang"] {
        let answer = town.ledger().get_trial_balance(trial(scope)).await.expect("totals");
        assert_eq!(feed(answer.into_inner()), 90_000_000, "{scope}");
    }
    let closed = close_year(town, A).await;
    assert_eq!(sen(&closed.results[0].amount), 60_000_000);
    for scope in [A, "books/kupang"] {
        let answer = town.ledger().get_trial_balance(trial(scope)).await.expect("totals");
        assert_eq!(feed(answer.into_inner()), 0, "{scope}");
    }
    let income = statement(town, A, StatementKind::Income).await;
    assert_eq!(income.last().map(|row| row.1), Some(60_000_000));
    let changes = statement(town, A, StatementKind::EquityChanges).await;
    assert!(changes.contains(&("Ditutup ke SHU".to_owned(), -60_000_000)), "{changes:?}");
    let years = async |as_known_at| {
        let parent = A.to_owned();
        let request = ListYearsRequest { parent, as_known_at, ..ListYearsRequest::default() };
        town.closing().list_years(request).await.expect("years").into_inner().years
    };
    let now = years(0).await;
    assert_eq!((now.len(), now[0].year, now[0].closed), (1, 2025, true));
    assert_eq!(sen(&now[0].results[0].amount), 60_000_000);
    let then = years(before).await;
    assert_eq!((then[0].closed, sen(&then[0].results[0].amount)), (true, 100_000_000));
    let between = years(reopened).await;
    assert_eq!((between[0].closed, between[0].results.len()), (false, 0));
}

pub fn rule(
    parts: &[(SurplusUse, &str)],
    weights: &[(MemberMeasure, &str)],
) -> SetSurplusRuleRequest {
    let part = |(purpose, percent): &(SurplusUse, &str)| SurplusPart {
        r#use: *purpose as i32,
        percent: units(percent),
    };
    let weight = |(measure, percent): &(MemberMeasure, &str)| MemberWeight {
        measure: *measure as i32,
        percent: units(percent),
    };
    SetSurplusRuleRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        rule: Some(SurplusRule {
            since: date(2026, 1, 20),
            parts: parts.iter().map(part).collect(),
            weights: weights.iter().map(weight).collect(),
            minute: "BA-RAT/contoh".to_owned(),
        }),
    }
}

pub fn divide() -> DivideSurplusRequest {
    DivideSurplusRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2026, 1, 20),
        year: 2025,
        fund: Fund::Uep as i32,
        settled: None,
    }
}

async fn a_surplus_is_divided_by_savings_and_paid(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    // m01 has saved 100.000 in the year, m02 300.000; what is saved later does not count.
    let saved = DepositRequest { details: on(2025, 1, 11), ..deposit("m02", 300_000) };
    town.savings().deposit(saved).await.expect("deposited");
    let later = DepositRequest { details: on(2026, 1, 5), ..deposit("m03", 900_000) };
    town.savings().deposit(later).await.expect("deposited");
    next_year_begins(&town).await;
    let open = town.position().await;
    close_year(&town, A).await;
    let closed = town.position().await;
    let unset = town.closing().divide_surplus(divide()).await.expect_err("no rule");
    assert_eq!(why(&unset).reason, "RULE_NOT_SET");
    let parts = [(SurplusUse::Reserve, "40"), (SurplusUse::Members, "50"), (SurplusUse::Iks, "10")];
    let weights = [(MemberMeasure::Equal, "20"), (MemberMeasure::Savings, "80")];
    let set = town.closing().set_surplus_rule(rule(&parts, &weights)).await.expect("set");
    assert_eq!(set.into_inner().rules[0].parts[1].percent, units("50"));
    let list = ListSurplusRulesRequest { parent: A.to_owned() };
    let rules = town.closing().list_surplus_rules(list).await.expect("rules").into_inner().rules;
    assert_eq!(rules.len(), 1);
    let request = divide();
    let answer = town.closing().divide_surplus(request.clone()).await.expect("divided");
    let divided = answer.into_inner();
    let division = &divided.year.as_ref().expect("a year").divisions[0];
    assert_eq!((division.people, division.allotted), (10, 10));
    assert_eq!([sen(&division.amount), sen(&division.members)], [100_000_000, 50_000_000]);
    // A tenth of a fifth each, and of the rest a quarter and three quarters.
    assert_eq!(town.held("a.uep.2301.m01").await, 1_000_000 + 10_000_000);
    assert_eq!(town.held("a.uep.2301.m02").await, 1_000_000 + 30_000_000);
    assert_eq!(town.held("a.uep.2301.m03").await, 1_000_000);
    assert_eq!(town.held("a.iks.3201").await, 500_000 + 10_000_000);
    // A retry is answered as the first time.
    let again = town.closing().divide_surplus(request).await.expect("answered").into_inner();
    assert_eq!(
        again.transaction.map(|one| one.position),
        divided.transaction.map(|one| one.position)
    );
    let part =
        |member: &str, rupiah| MemberPart { member_id: member.to_owned(), amount: idr(rupiah) };
    let pay = PaySurplusRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2026, 1, 20),
        fund: Fund::Uep as i32,
        parts: vec![part("m01", 110_000), part("m02", 310_000)],
        place: cash(),
    };
    let paid = town.closing().pay_surplus(pay).await.expect("paid").into_inner();
    assert_eq!(paid.transaction.expect("set").warnings.len(), 0);
    assert_eq!(town.held("a.uep.2301.m02").await, 0);
    years_are_told_as_they_were_known(&town, (open, closed)).await;
}

/// Results and their split at each position: before the year closed, closed, divided, taken back.
async fn years_are_told_as_they_were_known(town: &Town, (open, closed): (u64, u64)) {
    let list = |as_known_at| ListYearsRequest {
        parent: A.to_owned(),
        as_known_at,
        ..ListYearsRequest::default()
    };
    let years = async |known| {
        let answer = town.closing().list_years(list(known)).await.expect("years").into_inner();
        let position = answer.read_point.expect("set").position;
        assert_eq!(position, if known == 0 { town.position().await } else { known });
        let division = |one: &SurplusDivision| (sen(&one.amount), sen(&one.members), one.allotted);
        let year = |one: &ClosedYear| {
            let divisions: Vec<_> = one.divisions.iter().map(division).collect();
            (one.year, one.closed, sen(&one.results[0].amount), divisions)
        };
        answer.years.iter().map(year).collect::<Vec<_>>()
    };
    let divided = town.position().await;
    let split = vec![(100_000_000, 50_000_000, 10)];
    let stands = [(2025, true, 100_000_000, split)];
    assert_eq!(years(open).await, []);
    assert_eq!(years(closed).await, [(2025, true, 100_000_000, Vec::new())]);
    assert_eq!(years(divided).await, stands);
    assert_eq!(years(0).await, stands);
    let beyond = town.closing().list_years(list(1 << 40)).await.expect_err("not yet");
    let said = why(&beyond);
    assert_eq!((said.code, said.reason.as_str()), (Code::OutOfRange, "POSITION_UNKNOWN"));
    assert_eq!(said.field, "as_known_at");
}

/// Jasa is income as it is earned: of 1.000.000, 500.000 and 300.000 at 1% a month, nine months and
/// 30 of 31 days by the end of the year. m01 has paid two instalments and m02 four, 20.000 of jasa
/// each; m03 has paid, but it was told of when the year had closed: that counts in the next.
async fn shares_by_jasa_go_by_what_was_paid(server: &Server) {
    let town = Town::found(server).await;
    let rules = LoanTerms {
        recognition: Recognition::Accrual as i32,
        ..terms(LoanFrequency::Monthly, "1")
    };
    town.loans().set_loan_product(product(A, rules)).await.expect("set");
    for (loan, rupiah, paid) in [("m01", 1_000_000, 2), ("m02", 500_000, 4), ("m03", 300_000, 0)] {
        let wish = application(A, loan, &format!("{A}/members/{loan}"), rupiah);
        lend(&town, wish, tin(), (3, 1)).await;
        for month in 4..4 + paid {
            let name = format!("{A}/loans/{loan}");
            let instalment = payment(&name, rupiah * 11 / 100, tin(), (month, 1));
            town.loans().pay_loan(instalment).await.expect("paid");
        }
        let accrue = AccrueLoanRequest {
            loan: format!("{A}/loans/{loan}"),
            request_id: fresh_request_id(),
            details: on(2025, 12, 31),
        };
        town.loans().accrue_loan(accrue).await.expect("accrued");
    }
    let later = DepositRequest { details: on(2026, 1, 20), ..deposit("m04", 1_000) };
    town.savings().deposit(later).await.expect("deposited");
    close_year(&town, A).await;
    let late = payment(&format!("{A}/loans/m03"), 33_000, tin(), (12, 30));
    town.loans().pay_loan(late).await.expect("told");
    let by_jasa = rule(&[(SurplusUse::Members, "100")], &[(MemberMeasure::Interest, "100")]);
    town.closing().set_surplus_rule(by_jasa).await.expect("set");
    let request = DivideSurplusRequest { fund: Fund::SimpanPinjam as i32, ..divide() };
    let divided = town.closing().divide_surplus(request).await.expect("divided").into_inner();
    let division = &divided.year.as_ref().expect("a year").divisions[0];
    assert_eq!(sen(&division.amount), 9_967_742 + 4_983_871 + 2_990_323);
    for (member, share) in [("m01", 8_970_968), ("m02", 8_970_968), ("m03", 0)] {
        assert_eq!(town.held(&format!("a.sp.2301.{member}")).await, share, "{member}");
    }
}

/// A's business has shared 80.000 of its profit with the LKM; B has paid 20.000 of jasa.
async fn profit_shares_count_as_jasa_paid_to_the_lkm(server: &Server) {
    let town = Town::found(server).await;
    town.found_group("b").await;
    let b = "books/kupang/groups/b";
    town.fund_lkm(5_000_000).await;
    for group in [A, b] {
        let request = DepositAtLkmRequest {
            group: group.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 2, 1),
            fund: Fund::SimpanPinjam as i32,
            amount: idr(1_000),
            kube_place: cash(),
            lkm_place: place(PlaceKind::Vault),
        };
        town.savings().deposit_at_lkm(request).await.expect("banked");
    }
    let fund = FundSyirkahRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        syirkah_id: "s1".to_owned(),
        partner: A.to_owned(),
        kind: SyirkahKind::Mudharabah as i32,
        amount: idr(1_000_000),
        nisbah_percent: units("40"),
        minute: MINUTE.to_owned(),
        purse: over_the_counter(),
        ..FundSyirkahRequest::default()
    };
    town.syariah().fund_syirkah(fund).await.expect("funded");
    let share = ShareProfitRequest {
        syirkah: format!("{LKM}/syirkahs/s1"),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        profit: idr(200_000),
        purse: over_the_counter(),
    };
    town.syariah().share_profit(share).await.expect("shared");
    let rules = product(LKM, terms(LoanFrequency::Monthly, "1"));
    town.loans().set_loan_product(rules).await.expect("set");
    lend(&town, application(LKM, "l1", b, 1_000_000), over_the_counter(), (3, 1)).await;
    for month in [4, 5] {
        let loan = format!("{LKM}/loans/l1");
        let instalment = payment(&loan, 110_000, over_the_counter(), (month, 1));
        town.loans().pay_loan(instalment).await.expect("paid");
    }
    next_year_begins(&town).await;
    crate::days::close(&town, (2025, 12, 31)).await.expect("closed");
    close_year(&town, LKM).await;
    let mut by_jasa = rule(&[(SurplusUse::Members, "100")], &[(MemberMeasure::Interest, "100")]);
    by_jasa.entity = LKM.to_owned();
    town.closing().set_surplus_rule(by_jasa).await.expect("set");
    let fund = Fund::SimpanPinjam as i32;
    let request = DivideSurplusRequest { entity: LKM.to_owned(), fund, ..divide() };
    town.closing().divide_surplus(request).await.expect("divided");
    assert_eq!(town.held("lkm.sp.2303.a/sp").await, 8_000_000);
    assert_eq!(town.held("lkm.sp.2303.b/sp").await, 2_000_000);
}

async fn what_is_asked_of_years_is_checked(server: &Server) {
    let town = Town::found(server).await;
    let mut odd = year(A);
    odd.year = 12;
    let status = town.closing().close_year(odd).await.expect_err("no year");
    assert_eq!((status.code(), why(&status).field.as_str()), (Code::InvalidArgument, "year"));
    let mut unsigned = year(A);
    unsigned.minute.clear();
    let status = town.closing().close_year(unsigned).await.expect_err("no minute");
    assert_eq!((why(&status).reason.as_str(), why(&status).field.as_str()), ("REQUIRED", "minute"));
    let status = town.closing().close_year(year(A)).await.expect_err("open");
    assert_eq!(why(&status).reason, "YEAR_NOT_CLOSABLE");
    let half = rule(&[(SurplusUse::Reserve, "40"), (SurplusUse::Social, "50")], &[]);
    let status = town.closing().set_surplus_rule(half).await.expect_err("90 percent");
    assert_eq!(why(&status).field, "rule.parts");
    let unweighed = rule(&[(SurplusUse::Members, "100")], &[]);
    let status = town.closing().set_surplus_rule(unweighed).await.expect_err("no weights");
    assert_eq!(why(&status).field, "rule.weights");
    let twice = rule(&[(SurplusUse::Reserve, "40"), (SurplusUse::Reserve, "60")], &[]);
    let status = town.closing().set_surplus_rule(twice).await.expect_err("twice");
    assert_eq!(why(&status).field, "rule.parts[1].use");
    let mut at_lkm = rule(&[(SurplusUse::Iks, "100")], &[]);
    at_lkm.entity = LKM.to_owned();
    let status = town.closing().set_surplus_rule(at_lkm).await.expect_err("no IKS there");
    assert_eq!(why(&status).field, "rule.parts[0].use");
    let tax = OweIncomeTaxRequest {
        book: "books/kupang".to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        amount: idr(1_000),
    };
    town.closing().owe_income_tax(tax).await.expect("owed");
    let over = PayTaxRequest {
        book: "books/kupang".to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        amount: idr(1_001),
    };
    let status = town.closing().pay_tax(over).await.expect_err("too much");
    assert_eq!(why(&status).reason, "FLOOR");
    let officers = PayFromSurplusFundRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        fund: Fund::SimpanPinjam as i32,
        r#use: SurplusUse::Reserve as i32,
        amount: idr(1),
        place: place(PlaceKind::Bank),
    };
    let status = town.closing().pay_from_surplus_fund(officers).await.expect_err("no such fund");
    assert_eq!(why(&status).field, "use");
}
