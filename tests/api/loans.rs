//! Loans through the API: previews, stories 5 and 6 to the sen, arrears, bad input.

use simpul::api::google_type::{Decimal, Money};
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, cash, date, idr, on, place, sen, units, why};

on_both!(
    a_preview_creates_nothing,
    two_officers_decide_on_one_application,
    what_a_loan_is_for_is_sealed,
    what_secures_a_loan_is_sealed,
    arrears_are_listed,
    what_is_told_late_is_reckoned_anew_in_both_ledgers,
    a_loan_from_outside_has_its_lenders_plan,
);

/// Thousands of rupiah in sen.
const THOUSAND: i64 = 100_000;

/// Flat, nothing else.
pub fn terms(frequency: LoanFrequency, rate: &str) -> LoanTerms {
    LoanTerms {
        method: LoanMethod::Flat as i32,
        frequency: frequency as i32,
        rate_percent: units(rate),
        overpayment: Overpayment::Titipan as i32,
        recognition: Recognition::Cash as i32,
        rebate_percent: units("100"),
        ..LoanTerms::default()
    }
}

fn plan(instalments: u32) -> Option<LoanPlan> {
    Some(LoanPlan { instalments, ..LoanPlan::default() })
}

pub fn product(entity: &str, terms: LoanTerms) -> SetLoanProductRequest {
    let version = LoanVersion {
        since: date(2025, 1, 1),
        label: "Pinjaman (contoh)".to_owned(),
        minute: "BA-5/contoh".to_owned(),
        terms: Some(terms),
        most_instalments: 60,
        ..LoanVersion::default()
    };
    SetLoanProductRequest {
        entity: entity.to_owned(),
        request_id: fresh_request_id(),
        product_id: "biasa".to_owned(),
        version: Some(version),
    }
}

pub fn application(lender: &str, loan: &str, borrower: &str, rupiah: i64) -> ApplyForLoanRequest {
    ApplyForLoanRequest {
        lender: lender.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        loan_id: loan.to_owned(),
        borrower: borrower.to_owned(),
        product_id: "biasa".to_owned(),
        amount: idr(rupiah),
        plan: plan(10),
        ..ApplyForLoanRequest::default()
    }
}

pub fn decision(loan: &str, approve: bool) -> DecideLoanRequest {
    DecideLoanRequest {
        loan: loan.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        approve,
        amount: None,
        minute: "BA-6/contoh".to_owned(),
    }
}

pub fn confirmation(loan: &str) -> ConfirmLoanRequest {
    ConfirmLoanRequest {
        loan: loan.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
    }
}

pub fn tin() -> Option<LoanPurse> {
    Some(LoanPurse { purse: Some(loan_purse::Purse::Place(cash().expect("a place"))) })
}

pub fn vault() -> Option<LoanPurse> {
    let place = place(PlaceKind::Vault).expect("a place");
    Some(LoanPurse { purse: Some(loan_purse::Purse::Place(place)) })
}

pub fn over_the_counter() -> Option<LoanPurse> {
    let money = Handover { kube_place: cash(), lkm_place: place(PlaceKind::Vault) };
    let means = Means { means: Some(means::Means::Money(money)) };
    Some(LoanPurse { purse: Some(loan_purse::Purse::Means(means)) })
}

/// Confirmed, approved and paid out on a day of 2025.
pub async fn lend(
    town: &Town,
    wish: ApplyForLoanRequest,
    purse: Option<LoanPurse>,
    day: (i32, i32),
) {
    let name = format!("{}/loans/{}", wish.lender, wish.loan_id);
    let details = || on(2025, day.0, day.1);
    let wish = ApplyForLoanRequest { details: details(), ..wish };
    town.loans().apply_for_loan(wish).await.expect("applied");
    let confirm = ConfirmLoanRequest { details: details(), ..confirmation(&name) };
    town.loans().confirm_loan(confirm).await.expect("confirmed");
    let decide = DecideLoanRequest { details: details(), ..decision(&name, true) };
    town.loans().decide_loan(decide).await.expect("approved");
    let disburse = DisburseLoanRequest {
        loan: name,
        request_id: fresh_request_id(),
        details: details(),
        amount: None,
        fee_beside: false,
        purse,
    };
    let row = town.loans().disburse_loan(disburse).await.expect("paid out").into_inner().row;
    assert_eq!(row.expect("set").state(), LoanState::Active);
}

pub fn payment(
    loan: &str,
    rupiah: i64,
    purse: Option<LoanPurse>,
    day: (i32, i32),
) -> PayLoanRequest {
    PayLoanRequest {
        loan: loan.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, day.0, day.1),
        amount: idr(rupiah),
        purse,
    }
}

async fn assert_held(town: &Town, expected: &[(&str, i64)]) {
    for (account, thousands) in expected {
        assert_eq!(town.held(account).await, thousands * THOUSAND, "{account}");
    }
}

/// Story 5, after story 4.
pub async fn the_lkm_lends_to_the_group(town: &Town) {
    let to_vault = MoveCashRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        fund: Fund::SimpanPinjam as i32,
        from: place(PlaceKind::Bank),
        to: place(PlaceKind::Vault),
        amount: idr(5_000_000),
    };
    town.cash().move_cash(to_vault).await.unwrap();
    let rules = LoanTerms { fee: idr(50_000), ..terms(LoanFrequency::Monthly, "1") };
    town.loans().set_loan_product(product(LKM, rules)).await.unwrap();
    let loan = format!("{LKM}/loans/usaha-a");
    let wish = application(LKM, "usaha-a", A, 5_000_000);
    lend(town, wish, over_the_counter(), (4, 1)).await;
    let pay = payment(&loan, 300_000, over_the_counter(), (5, 1));
    town.loans().pay_loan(pay).await.unwrap();

    assert_held(
        town,
        &[
            ("a.sp.1101", 4_685),
            ("a.sp.2311.usaha-a", 4_750),
            ("lkm.sp.1104", 3_000),
            ("lkm.sp.1102", 450),
            ("lkm.sp.1222.usaha-a", 4_750),
        ],
    )
    .await;
    let expenses = town.held("a.sp.5205").await + town.held("a.sp.5311").await;
    let income = town.held("lkm.sp.4311").await + town.held("lkm.sp.4313").await;
    assert_eq!((expenses, income), (100 * THOUSAND, 100 * THOUSAND));
    let shown = GetLoanRequest { name: loan, on: date(2025, 5, 1) };
    let shown = town.loans().get_loan(shown).await.unwrap().into_inner();
    let due = shown.standing.unwrap().due.unwrap();
    let arrears = [due.penalty, due.interest, due.principal].map(|part| sen(&part) / THOUSAND);
    assert_eq!(arrears, [0, 0, 250]);
    assert_eq!(shown.instalments.len(), 10);
    town.assert_mirrored("a").await;
}

/// Story 6, after story 5.
pub async fn the_others_stand_in(town: &Town) {
    town.loans().set_loan_product(product(A, terms(LoanFrequency::Weekly, "0.2"))).await.unwrap();
    let wish = ApplyForLoanRequest {
        plan: plan(4),
        funded_by: format!("{LKM}/loans/usaha-a"),
        ..application(A, "maria", &format!("{A}/members/m01"), 1_000_000)
    };
    lend(town, wish, tin(), (5, 5)).await;
    let loan = format!("{A}/loans/maria");
    for day in [12, 19] {
        town.loans().pay_loan(payment(&loan, 252_000, tin(), (5, day))).await.unwrap();
    }
    let payer = |number: i32| StandInPart {
        member: format!("{A}/members/m{number:02}"),
        amount: idr(28_000),
    };
    let request = StandInRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 5, 26),
        payers: (2..=10).map(payer).collect(),
        place: cash(),
    };
    let row = town.loans().stand_in(request).await.unwrap().into_inner().row.unwrap();
    let claims: i64 = row.claims.iter().map(|claim| sen(&claim.amount)).sum();
    assert_eq!((row.claims.len(), claims), (9, 252 * THOUSAND));
    assert_held(town, &[("a.sp.1101", 4_441), ("a.sp.1221.maria", 250), ("a.sp.4311", 6)]).await;
}

async fn a_preview_creates_nothing(server: &Server) {
    let town = Town::found(server).await;
    let before = town.position().await;
    let ask = |terms: Option<LoanTerms>, amount: Option<Money>, plan| PreviewScheduleRequest {
        product: String::new(),
        terms,
        plan,
        amount,
        disbursed_on: date(2025, 1, 31),
    };
    let seasonal =
        LoanTerms { method: LoanMethod::Musiman as i32, ..terms(LoanFrequency::Monthly, "1.5") };
    let answer = town.loans().preview_schedule(ask(Some(seasonal), idr(2_000_000), plan(6))).await;
    let answer = answer.expect("a schedule").into_inner();
    let only = &answer.instalments[..];
    assert_eq!((only.len(), only[0].number, only[0].due_on), (1, 6, date(2025, 7, 31)));
    assert_eq!([sen(&answer.principal), sen(&answer.interest)], [2_000 * THOUSAND, 180 * THOUSAND]);

    let wrong = async |request| {
        let status = town.loans().preview_schedule(request).await.expect_err("refused");
        let why = why(&status);
        (why.code, why.reason, why.field)
    };
    let flat = || Some(terms(LoanFrequency::Monthly, "1"));
    let no_rate = LoanTerms { rate_percent: None, ..terms(LoanFrequency::Monthly, "1") };
    let named =
        |reason: &str, field: &str| (Code::InvalidArgument, reason.to_owned(), field.to_owned());
    assert_eq!(
        wrong(ask(Some(no_rate), idr(1), plan(1))).await,
        named("LOAN_TERMS_INVALID", "terms.rate_percent")
    );
    assert_eq!(
        wrong(ask(flat(), idr(1), plan(0))).await,
        named("LOAN_PLAN_INVALID", "plan.instalments")
    );
    assert_eq!(wrong(ask(None, idr(1), plan(1))).await, named("REQUIRED", "terms"));
    assert_eq!(wrong(ask(flat(), idr(1), None)).await, named("REQUIRED", "plan"));
    let day_count = DayCount::Actual365 as i32;
    let odd = LoanTerms { day_count, ..terms(LoanFrequency::Monthly, "1") };
    assert_eq!(
        wrong(ask(Some(odd), idr(1), plan(1))).await,
        named("LOAN_TERMS_INVALID", "terms.day_count")
    );
    let huge = LoanTerms {
        rate_percent: Some(Decimal { value: "1000".to_owned() }),
        ..terms(LoanFrequency::Monthly, "1")
    };
    let (code, reason, _) = wrong(ask(Some(huge), idr(100_000_000_000_000), plan(1_000))).await;
    assert_eq!((code, reason.as_str()), (Code::OutOfRange, "OVERFLOW"));
    let late =
        LoanPenalty { per: PenaltyPer::Day as i32, percent: units("0"), ..LoanPenalty::default() };
    let late = LoanTerms { penalty: Some(late), ..terms(LoanFrequency::Monthly, "1") };
    let status = town.loans().set_loan_product(product(A, late)).await.expect_err("no penalty");
    let told = why(&status);
    assert_eq!(
        (told.reason.as_str(), told.field.as_str()),
        ("LOAN_TERMS_INVALID", "version.terms.penalty.percent")
    );
    let unset = PreviewScheduleRequest {
        product: format!("{A}/loan-products/biasa"),
        ..ask(None, idr(1), plan(1))
    };
    assert_eq!(wrong(unset).await.0, Code::NotFound);
    // A product that was refused is on record; previews are not.
    assert_eq!(town.position().await, before + 1);
}

async fn two_officers_decide_on_one_application(server: &Server) {
    let town = Town::found(server).await;
    town.loans().set_loan_product(product(A, terms(LoanFrequency::Weekly, "1"))).await.unwrap();
    let loan = format!("{A}/loans/l1");
    let wish = application(A, "l1", &format!("{A}/members/m02"), 500_000);
    town.loans().apply_for_loan(wish).await.expect("applied");
    town.loans().confirm_loan(confirmation(&loan)).await.expect("confirmed");
    let (mut one, mut other) = (town.loans(), town.loans());
    let both = tokio::join!(
        one.decide_loan(decision(&loan, true)),
        other.decide_loan(decision(&loan, false)),
    );
    let refused: Vec<_> = [both.0.err(), both.1.err()].into_iter().flatten().collect();
    assert_eq!(refused.len(), 1, "one of them was first");
    let why = why(&refused[0]);
    assert_eq!((why.reason.as_str(), why.field.as_str()), ("LOAN_DECIDED", "loan"));
    assert_eq!(why.text, "The loan l1 was decided on 1 April 2025 already.");
}

async fn what_a_loan_is_for_is_sealed(server: &Server) {
    let town = Town::found(server).await;
    town.loans().set_loan_product(product(A, terms(LoanFrequency::Weekly, "1"))).await.unwrap();
    let wish = ApplyForLoanRequest {
        purpose: "obat anak (contoh)".to_owned(),
        ..application(A, "l1", &format!("{A}/members/m02"), 500_000)
    };
    let first = town.loans().apply_for_loan(wish.clone()).await.expect("applied").into_inner();
    assert_eq!(first.row.as_ref().expect("set").purpose, "obat anak (contoh)");
    let again = town.loans().apply_for_loan(wish.clone()).await.expect("again").into_inner();
    assert_eq!(first, again);
    let other = ApplyForLoanRequest { purpose: "motor (contoh)".to_owned(), ..wish };
    let status = town.loans().apply_for_loan(other).await.expect_err("another request");
    assert_eq!(why(&status).reason, "REQUEST_ID_REUSED");
    let list = ListLoansRequest { parent: A.to_owned(), ..Default::default() };
    let listed = town.loans().list_loans(list).await.expect("listed").into_inner();
    assert_eq!(listed.loans[0].loan.as_ref().expect("set").purpose, "");
    let stranger = application(A, "l2", &format!("{BOOK}/groups/b"), 1);
    let status = town.loans().apply_for_loan(stranger).await.expect_err("a KUBE of a KUBE");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("WRONG_KIND", "borrower")
    );
}

/// A thing that secures a loan, worth Rp300.000.
pub fn collateral(loan: &str, label: &str) -> RegisterCollateralRequest {
    RegisterCollateralRequest {
        loan: loan.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 2),
        collateral_id: "motor".to_owned(),
        label: label.to_owned(),
        value: idr(300_000),
    }
}

async fn what_secures_a_loan_is_sealed(server: &Server) {
    let town = Town::found(server).await;
    town.loans().set_loan_product(product(A, terms(LoanFrequency::Weekly, "1"))).await.unwrap();
    let loan = format!("{A}/loans/l1");
    let wish = application(A, "l1", &format!("{A}/members/m02"), 500_000);
    town.loans().apply_for_loan(wish).await.expect("applied");
    let label = "BPKB a.n. Yosef (contoh)";
    let motor = collateral(&loan, label);
    let first = town.loans().register_collateral(motor.clone()).await.expect("registered");
    let first = first.into_inner();
    let expected = Collateral {
        collateral_id: "motor".to_owned(),
        label: label.to_owned(),
        erased: false,
        value: idr(300_000),
        since: date(2025, 4, 2),
        taken_on: None,
    };
    let row = first.row.as_ref().expect("set");
    assert_eq!(row.collaterals, std::slice::from_ref(&expected));
    let again = town.loans().register_collateral(motor.clone()).await.expect("again").into_inner();
    assert_eq!(first, again);
    let other = RegisterCollateralRequest { label: "perahu (contoh)".to_owned(), ..motor.clone() };
    let status = town.loans().register_collateral(other).await.expect_err("another request");
    assert_eq!(why(&status).reason, "REQUEST_ID_REUSED");
    for (label, reason) in [("", "REQUIRED"), (&*"x".repeat(81), "TEXT_TOO_LONG")] {
        let status = town.loans().register_collateral(collateral(&loan, label)).await;
        let why = why(&status.expect_err("refused"));
        assert_eq!((why.reason.as_str(), why.field.as_str()), (reason, "label"));
    }

    // The journal knows a commitment; who is forgotten takes the words along.
    let request = StreamRecordsRequest { book: BOOK.to_owned(), ..Default::default() };
    let mut records = town.proofs().stream_records(request).await.expect("a stream").into_inner();
    while let Some(line) = records.message().await.expect("a record") {
        assert!(!String::from_utf8_lossy(&line.record).contains("Yosef"), "{}", line.position);
    }
    let get = GetLoanRequest { name: loan.clone(), on: None };
    let list = ListLoansRequest { parent: A.to_owned(), ..Default::default() };
    let shown = async || {
        let card = town.loans().get_loan(get.clone()).await.expect("a loan").into_inner();
        let line = town.loans().list_loans(list.clone()).await.expect("listed").into_inner();
        let things = [card.loan, line.loans[0].loan.clone()].map(|loan| loan.expect("set"));
        things.map(|loan| loan.collaterals[0].clone())
    };
    let bare = Collateral { label: String::new(), ..expected.clone() };
    assert_eq!(shown().await, [expected, bare.clone()]);
    server.forget("groups/a/members/m02").await;
    assert_eq!(shown().await, [Collateral { erased: true, ..bare.clone() }, bare]);
}

async fn arrears_are_listed(server: &Server) {
    let town = Town::found(server).await;
    town.loans().set_loan_product(product(A, terms(LoanFrequency::Weekly, "1"))).await.unwrap();
    for (loan, member) in [("l1", "m02"), ("l2", "m03")] {
        let wish = application(A, loan, &format!("{A}/members/{member}"), 500_000);
        lend(&town, wish, tin(), (4, 1)).await;
    }
    let pay = |loan: &str, rupiah| payment(&format!("{A}/loans/{loan}"), rupiah, tin(), (4, 8));
    town.loans().pay_loan(pay("l1", 55_000)).await.expect("paid");
    town.loans().pay_loan(pay("l2", 25_000)).await.expect("paid");
    let list = ListLoansRequest {
        parent: A.to_owned(),
        on: date(2025, 4, 10),
        only_arrears: true,
        ..Default::default()
    };
    let listed = town.loans().list_loans(list).await.expect("listed").into_inner().loans;
    let standing = listed[0].standing.as_ref().expect("set");
    assert_eq!((listed.len(), standing.days_late, standing.instalments_late), (1, 2, 1));
    let due = standing.due.as_ref().expect("set");
    assert_eq!([sen(&due.interest), sen(&due.principal)], [0, 30 * THOUSAND]);

    let quote = QuoteSettlementRequest {
        loan: format!("{A}/loans/l2"),
        on: date(2025, 4, 8),
        rebate: None,
    };
    let quote = town.loans().quote_settlement(quote).await.expect("a quote").into_inner();
    assert_eq!(sen(&quote.total), 480 * THOUSAND);
    let settle = |rupiah| SettleLoanRequest {
        loan: format!("{A}/loans/l2"),
        request_id: fresh_request_id(),
        details: on(2025, 4, 8),
        amount: idr(rupiah),
        purse: tin(),
        rebate: None,
    };
    let status = town.loans().settle_loan(settle(479_999)).await.expect_err("too little");
    assert_eq!(why(&status).text, "Settling the loan on this day takes Rp480.000.");
    let row = town.loans().settle_loan(settle(480_000)).await.expect("settled").into_inner().row;
    assert_eq!(row.expect("set").state(), LoanState::PaidOff);
    let late = town.loans().pay_loan(pay("l2", 1_000)).await.expect("a report").into_inner();
    assert!(late.row.is_none());
    assert_eq!(late.transaction.expect("set").warnings[0].reason, "IN_SUSPENSE");
    let wrong = town.loans().pay_loan(payment(&format!("{A}/loans/l1"), 1, vault(), (4, 8))).await;
    let status = wrong.expect_err("no such place");
    assert_eq!(why(&status).field, "purse.place");
    // Told late: on its own day, and what came after anew, named by its cause.
    let early = payment(&format!("{A}/loans/l1"), 10_000, tin(), (4, 2));
    let early = town.loans().pay_loan(early).await.expect("told late").into_inner();
    assert_eq!(early.transaction.expect("set").effective_on, date(2025, 4, 2));
    town.trial_balance(A).await;
}

/// A's 500.000 from a bank, flat 1% a month in five: 105.000 a month from 1 February on. The second
/// instalment is paid in part, and what was paid on 5 March is told late.
async fn a_loan_from_outside_has_its_lenders_plan(server: &Server) {
    let town = Town::found(server).await;
    let party = CreatePartyRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        party_id: "bank".to_owned(),
        display_name: "Bank (contoh)".to_owned(),
        kind: PartyKind::Other as i32,
    };
    town.parties().create_party(party).await.expect("a party");
    let rules = LoanTerms { overpayment: 0, recognition: 0, ..terms(LoanFrequency::Monthly, "1") };
    let take = || TakeOutsideLoanRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        loan_id: "b1".to_owned(),
        lender: format!("{A}/parties/bank"),
        amount: idr(500_000),
        place: place(PlaceKind::Bank),
        terms: Some(rules.clone()),
        plan: plan(5),
    };
    let name = format!("{A}/outside-loans/b1");
    let wrong = [
        (TakeOutsideLoanRequest { plan: None, ..take() }, "REQUIRED", "plan"),
        (TakeOutsideLoanRequest { terms: None, ..take() }, "REQUIRED", "terms"),
        (
            TakeOutsideLoanRequest { plan: plan(0), ..take() },
            "LOAN_PLAN_INVALID",
            "plan.instalments",
        ),
        (
            TakeOutsideLoanRequest {
                terms: Some(LoanTerms { rate_percent: units("-1"), ..rules.clone() }),
                ..take()
            },
            "LOAN_TERMS_INVALID",
            "terms.rate_percent",
        ),
        (
            TakeOutsideLoanRequest {
                terms: Some(LoanTerms { rate_percent: units("1000"), ..rules.clone() }),
                plan: plan(1_000),
                amount: idr(100_000_000_000_000),
                ..take()
            },
            "OVERFLOW",
            "amount",
        ),
    ];
    let before = town.trial_balance(BOOK).await;
    for (request, reason, field) in wrong {
        let told = why(&town.loans().take_outside_loan(request).await.expect_err("refused"));
        assert_eq!((told.reason.as_str(), told.field.as_str()), (reason, field));
    }
    let get = |day: (i32, i32), as_known_at| GetOutsideLoanRequest {
        name: name.clone(),
        on: date(2025, day.0, day.1),
        as_known_at,
    };
    let status = town.loans().get_outside_loan(get((1, 1), 0)).await.expect_err("none yet");
    assert_eq!(why(&status).code, Code::NotFound);
    assert_eq!(town.trial_balance(BOOK).await, before, "nothing half-done");
    town.loans().take_outside_loan(take()).await.expect("taken");
    let repay = |principal, interest, day: (i32, i32)| RepayOutsideLoanRequest {
        outside_loan: name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, day.0, day.1),
        principal: idr(principal),
        interest: idr(interest),
        place: place(PlaceKind::Bank),
    };
    for (principal, interest, day) in [(100_000, 5_000, (2, 1)), (50_000, 8_000, (3, 10))] {
        town.loans().repay_outside_loan(repay(principal, interest, day)).await.expect("repaid");
    }
    let known = town.position().await;
    let late = repay(50_000, 0, (3, 5));
    let late_id = late.request_id.clone();
    town.loans().repay_outside_loan(late).await.expect("told late");
    let shown = async |day, known| -> (i64, [i64; 2], u32, usize) {
        let answer = town.loans().get_outside_loan(get(day, known)).await.expect("shown");
        let answer = answer.into_inner();
        let standing = answer.standing.expect("taken");
        let due = standing.due.expect("set");
        let due = [&due.principal, &due.interest].map(|part| sen(part) / THOUSAND);
        assert_eq!(answer.instalments.len(), 5);
        let outstanding = sen(&standing.outstanding) / THOUSAND;
        (outstanding, due, standing.days_late, answer.repayments.len())
    };
    assert_eq!(shown((3, 10), known).await, (350, [50, 0], 9, 2));
    assert_eq!(shown((3, 10), 0).await, (300, [0, 0], 0, 3));
    assert_eq!(shown((4, 1), 0).await, (300, [100, 2], 0, 3));
    assert_eq!(shown((4, 3), 0).await, (300, [100, 2], 2, 3));
    assert_eq!(town.held("a.sp.2313.b1").await, 300 * THOUSAND);
    let reverse = ReverseTransactionRequest {
        transaction: format!("{BOOK}/transactions/{late_id}"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 10),
        ..Default::default()
    };
    town.journal().reverse_transaction(reverse).await.expect("reversed");
    assert_eq!(shown((3, 10), 0).await, (350, [50, 0], 9, 2));
    let list = ListOutsideLoansRequest {
        parent: A.to_owned(),
        on: date(2025, 3, 10),
        ..ListOutsideLoansRequest::default()
    };
    let listed = town.loans().list_outside_loans(list).await.expect("listed").into_inner().loans;
    let standing = listed[0].standing.as_ref().expect("taken");
    assert_eq!((listed.len(), sen(&standing.outstanding)), (1, 350 * THOUSAND));
    assert_eq!(standing.next_due_on, date(2025, 4, 1));
    let loan = listed[0].loan.as_ref().expect("set");
    assert_eq!((loan.name.as_str(), loan.lender.as_str()), (&*name, &*format!("{A}/parties/bank")));
    // On the day on which it was taken, too.
    let early = town.loans().repay_outside_loan(repay(1_000, 0, (1, 1))).await.expect("its day");
    assert!(early.into_inner().transaction.expect("set").warnings.is_empty());
    assert_eq!(town.held("a.sp.2313.b1").await, 349 * THOUSAND);
}

/// 1.000.000 of the LKM to KUBE a in four weeks, 2.000 a week. 100.000 came on 17 March; then it is
/// told that 252.000 had come on the tenth: that stands on its day, and 2.000 that were jasa by the
/// first reckoning, and are principal now, on the business day, in one record of both ledgers that
/// names what caused it.
async fn what_is_told_late_is_reckoned_anew_in_both_ledgers(server: &Server) {
    let town = Town::found(server).await;
    town.fund_lkm(5_000_000).await;
    let rules = product(LKM, terms(LoanFrequency::Weekly, "0.2"));
    town.loans().set_loan_product(rules).await.expect("set");
    let wish = ApplyForLoanRequest { plan: plan(4), ..application(LKM, "l1", A, 1_000_000) };
    lend(&town, wish, over_the_counter(), (3, 3)).await;
    let loan = format!("{LKM}/loans/l1");
    let paid = |rupiah, day| payment(&loan, rupiah, over_the_counter(), (3, day));
    town.loans().pay_loan(paid(100_000, 17)).await.expect("paid");
    let before = town.position().await;
    let late = paid(252_000, 10);
    let cause = format!("{BOOK}/transactions/{}", late.request_id);
    let told = town.loans().pay_loan(late).await.expect("told late").into_inner();
    assert_eq!(told.transaction.expect("set").effective_on, date(2025, 3, 10));
    assert_eq!(town.position().await, before + 2, "its own record, and one more");
    let thousands = |line: &LedgerLine| match line.side.as_ref().expect("set") {
        ledger_line::Side::Debit(amount) => amount.units / 1_000,
        ledger_line::Side::Credit(amount) => -amount.units / 1_000,
    };
    for (account, own, anew) in [
        ("lkm.sp.1222.l1", -250, -2),
        ("lkm.sp.4311", -2, 2),
        ("a.sp.2311.l1", 250, 2),
        ("a.sp.5311", 2, -2),
    ] {
        let request = ListEntriesRequest {
            account: format!("{BOOK}/accounts/{account}"),
            page_size: 2,
            page_token: String::new(),
            newest_first: true,
        };
        let lines = town.ledger().list_entries(request).await.expect("lines").into_inner().lines;
        let found: Vec<_> = lines
            .iter()
            .map(|line| {
                let day = line.effective_on;
                (line.position - before, line.transaction.clone(), day, thousands(line))
            })
            .collect();
        let expected = [
            (2, cause.clone(), date(2025, 3, 17), anew),
            (1, cause.clone(), date(2025, 3, 10), own),
        ];
        assert_eq!(found, expected, "{account}");
    }
    town.assert_mirrored("a").await;
}
