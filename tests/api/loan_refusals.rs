//! What a lender's rules refuse, each with its reason and the rule it broke, and nothing half-done:
//! the bad input that issue 4 names, through the API.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Status;

use crate::loans::{
    application, confirmation, decision, lend, over_the_counter, payment, product, terms, tin,
};
use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, date, idr, on, units, why};

on_both!(
    what_a_product_does_not_allow_is_refused,
    a_closed_loan_takes_no_more,
    a_running_loan_keeps_to_what_was_agreed,
    what_is_closed_is_closed_once_and_in_order,
    a_product_changed_touches_no_running_loan,
    sums_that_do_not_fit_are_refused,
);

fn bounded(entity: &str, terms: LoanTerms) -> SetLoanProductRequest {
    let mut request = product(entity, terms);
    let version = request.version.as_mut().expect("set");
    (version.least, version.most) = (idr(100_000), idr(2_000_000));
    version.most_instalments = 12;
    request
}

/// The reason and the field of a refusal.
fn told(status: &Status) -> (String, String) {
    let why = why(status);
    (why.reason, why.field)
}

/// What the product of [`bounded`] says of instalments.
const MOST: &str = "The product biasa allows 12 instalments at most.";

fn named(reason: &str, field: &str) -> (String, String) {
    (reason.to_owned(), field.to_owned())
}

async fn what_a_product_does_not_allow_is_refused(server: &Server) {
    let town = Town::found(server).await;
    let monthly = || terms(LoanFrequency::Monthly, "1");
    town.loans().set_loan_product(bounded(A, monthly())).await.expect("set");
    let before = town.trial_balance(BOOK).await;
    let wish = || application(A, "l1", &format!("{A}/members/m02"), 500_000);
    let plan = |instalments| Some(LoanPlan { instalments, ..LoanPlan::default() });
    let long_ago = LoanPlan { instalments: 3, first_due_on: date(2025, 3, 1), due_days: vec![] };
    // With the rule that was broken, in words.
    let lends = "The product biasa lends Rp100.000 to Rp2.000.000.";
    for (wish, expected, rule) in [
        (
            ApplyForLoanRequest { amount: idr(99_999), ..wish() },
            named("LOAN_AMOUNT", "amount"),
            lends,
        ),
        (
            ApplyForLoanRequest { amount: idr(2_000_001), ..wish() },
            named("LOAN_AMOUNT", "amount"),
            lends,
        ),
        (
            ApplyForLoanRequest { plan: plan(13), ..wish() },
            named("LOAN_INSTALMENTS", "plan.instalments"),
            MOST,
        ),
        (
            ApplyForLoanRequest { plan: plan(0), ..wish() },
            named("LOAN_PLAN_INVALID", "plan.instalments"),
            "The plan of instalments cannot be kept: instalments.",
        ),
        (
            ApplyForLoanRequest { plan: Some(long_ago), ..wish() },
            named("LOAN_PLAN_INVALID", "plan.first_due_on"),
            "The plan of instalments cannot be kept: first_due_on.",
        ),
        (
            ApplyForLoanRequest { details: on(2160, 1, 1), ..wish() },
            named("DATE_IN_FUTURE", "details.happened_on"),
            "The date 1 January 2160 has not come yet",
        ),
        (
            ApplyForLoanRequest { product_id: "lain".to_owned(), ..wish() },
            named("NOT_FOUND", "product_id"),
            "lain",
        ),
    ] {
        let wish = ApplyForLoanRequest { request_id: fresh_request_id(), ..wish };
        let refused = town.loans().apply_for_loan(wish).await.expect_err("refused");
        assert_eq!(told(&refused), expected);
        assert!(why(&refused).text.contains(rule), "{}", why(&refused).text);
    }
    for rate in ["-1", "1000.1", "0.0000001"] {
        let odd = LoanTerms { rate_percent: units(rate), ..monthly() };
        let refused = town.loans().set_loan_product(bounded(A, odd)).await.expect_err("refused");
        assert_eq!(told(&refused).1, "version.terms.rate_percent", "{rate}");
    }
    assert_eq!(town.trial_balance(BOOK).await, before);
    let list = ListLoansRequest { parent: A.to_owned(), ..ListLoansRequest::default() };
    let loans = town.loans().list_loans(list).await.expect("a list").into_inner().loans;
    assert_eq!(loans, []);
}

async fn a_closed_loan_takes_no_more(server: &Server) {
    let town = Town::found(server).await;
    crate::days::fund(&town).await;
    for (lender, borrower, purse) in
        [(A, format!("{A}/members/m02"), tin()), (LKM, A.to_owned(), over_the_counter())]
    {
        let set = product(lender, terms(LoanFrequency::Weekly, "0"));
        town.loans().set_loan_product(set).await.expect("set");
        let wish = application(lender, "l1", &borrower, 300_000);
        lend(&town, wish, purse.clone(), (2, 3)).await;
        let settled = SettleLoanRequest {
            loan: format!("{lender}/loans/l1"),
            request_id: fresh_request_id(),
            details: on(2025, 2, 4),
            amount: idr(300_000),
            purse,
            rebate: None,
        };
        town.loans().settle_loan(settled).await.expect("paid off");
    }
    // A report tells of money that is there: it waits.
    let late = payment(&format!("{A}/loans/l1"), 10_000, tin(), (2, 5));
    let late = town.loans().pay_loan(late).await.expect("told").into_inner();
    let warnings = late.transaction.expect("set").warnings;
    assert_eq!(warnings[0].reason, "IN_SUSPENSE");
    assert_eq!(town.total("groups/a", Fund::SimpanPinjam, 2901).await, 1_000_000);
    assert_eq!(town.held("a.sp.1221.l1").await, 0);
    // A request asks: it is refused.
    let before = town.trial_balance(BOOK).await;
    let late = payment(&format!("{LKM}/loans/l1"), 10_000, over_the_counter(), (2, 5));
    let refused = town.loans().pay_loan(late).await.expect_err("paid off");
    assert_eq!(told(&refused).0, "LOAN_NOT_OPEN");
    assert_eq!(town.trial_balance(BOOK).await, before);
}

/// 500.000 in ten weeks at 1%, of which one instalment of 55.000 was paid.
async fn a_running_loan_keeps_to_what_was_agreed(server: &Server) {
    let town = Town::found(server).await;
    town.loans().set_loan_product(bounded(A, terms(LoanFrequency::Weekly, "1"))).await.unwrap();
    let borrower = format!("{A}/members/m02");
    lend(&town, application(A, "l1", &borrower, 500_000), tin(), (2, 3)).await;
    let loan = format!("{A}/loans/l1");
    town.loans().pay_loan(payment(&loan, 55_000, tin(), (2, 10))).await.expect("paid");
    // Of another one, half of it was paid out.
    let other = format!("{A}/loans/l2");
    let wish = application(A, "l2", &borrower, 200_000);
    let details = || on(2025, 2, 10);
    let wish = ApplyForLoanRequest { details: details(), ..wish };
    town.loans().apply_for_loan(wish).await.expect("applied");
    let confirm = ConfirmLoanRequest { details: details(), ..confirmation(&other) };
    town.loans().confirm_loan(confirm).await.expect("confirmed");
    let decide = |amount| DecideLoanRequest {
        details: details(),
        amount: idr(amount),
        ..decision(&other, true)
    };
    let more = town.loans().decide_loan(decide(200_001)).await.expect_err("more than asked");
    assert_eq!(told(&more), named("LOAN_EXCEEDED", "amount"));
    let less = town.loans().decide_loan(decide(99_999)).await.expect_err("less than the product");
    assert_eq!(told(&less), named("LOAN_AMOUNT", "amount"));
    town.loans().decide_loan(decide(200_000)).await.expect("approved");
    let tranche = |rupiah| DisburseLoanRequest {
        loan: other.clone(),
        request_id: fresh_request_id(),
        details: details(),
        amount: idr(rupiah),
        fee_beside: false,
        purse: tin(),
    };
    town.loans().disburse_loan(tranche(100_000)).await.expect("paid out");

    let before =
        (town.trial_balance(BOOK).await, shown(&town, &loan).await, shown(&town, &other).await);
    let refused = town.loans().disburse_loan(tranche(100_001)).await.expect_err("too much");
    assert_eq!(told(&refused), named("LOAN_EXCEEDED", "amount"));
    let again = DisburseLoanRequest { loan: loan.clone(), ..tranche(1) };
    let refused = town.loans().disburse_loan(again).await.expect_err("all is paid out");
    assert_eq!(told(&refused), named("LOAN_NOT_APPROVED", "loan"));
    let early = DisburseLoanRequest { details: on(2025, 2, 9), ..tranche(1) };
    let refused = town.loans().disburse_loan(early).await.expect_err("before it was decided");
    assert_eq!(told(&refused), named("LOAN_NOT_APPROVED", "loan"));
    let settle = SettleLoanRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: details(),
        amount: idr(1),
        purse: tin(),
        rebate: None,
    };
    let refused = town.loans().settle_loan(settle).await.expect_err("not what is owed");
    assert_eq!(told(&refused), named("SETTLEMENT_AMOUNT", "amount"));
    let waive = |part: LoanPart, rupiah| WaiveLoanRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 17),
        part: part as i32,
        amount: idr(rupiah),
    };
    let refused = town.loans().waive_loan(waive(LoanPart::Principal, 1)).await;
    assert_eq!(told(&refused.expect_err("never waived")), named("WRONG_KIND", "part"));
    let refused = town.loans().waive_loan(waive(LoanPart::Interest, 5_001)).await;
    assert_eq!(told(&refused.expect_err("more than is due")), named("LOAN_EXCEEDED", "amount"));
    let reschedule = |instalments, rate: &str| RescheduleLoanRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: details(),
        plan: Some(LoanPlan { instalments, ..LoanPlan::default() }),
        rate_percent: units(rate).filter(|_| !rate.is_empty()),
        minute: "BA-7/contoh".to_owned(),
    };
    let refused = town.loans().reschedule_loan(reschedule(0, "")).await.expect_err("no plan");
    assert_eq!(told(&refused), named("LOAN_PLAN_INVALID", "plan.instalments"));
    let refused = town.loans().reschedule_loan(reschedule(13, "")).await.expect_err("too long");
    assert_eq!(told(&refused), named("LOAN_INSTALMENTS", "plan.instalments"));
    assert_eq!(why(&refused).text, MOST);
    let refused = town.loans().reschedule_loan(reschedule(5, "1001")).await.expect_err("no rate");
    assert_eq!(told(&refused), named("LOAN_TERMS_INVALID", "rate_percent"));
    let past = RescheduleLoanRequest { details: on(2025, 2, 9), ..reschedule(5, "") };
    let refused = town.loans().reschedule_loan(past).await.expect_err("before a payment");
    assert_eq!(told(&refused), named("NOT_AFTER_LAST", "details.happened_on"));
    let refund = RefundTitipanRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: details(),
        amount: idr(1),
        purse: tin(),
    };
    let refused = town.loans().refund_titipan(refund).await.expect_err("none is held");
    assert_eq!(told(&refused), named("TITIPAN_EXCEEDED", "amount"));
    let after =
        (town.trial_balance(BOOK).await, shown(&town, &loan).await, shown(&town, &other).await);
    assert_eq!(after, before, "nothing half-done");
}

async fn shown(town: &Town, loan: &str) -> Loan {
    let get = GetLoanRequest { name: loan.to_owned(), ..GetLoanRequest::default() };
    town.loans().get_loan(get).await.expect("a loan").into_inner().loan.expect("set")
}

async fn what_is_closed_is_closed_once_and_in_order(server: &Server) {
    let town = Town::found(server).await;
    let told_of = crate::days::close(&town, (2025, 2, 2)).await.expect("closed");
    assert_eq!(told_of.iter().filter(|one| one.step.is_empty()).count(), 33);
    // Asked again, or for a day before, nothing is left to do.
    for day in [(2025, 2, 2), (2025, 1, 15)] {
        assert_eq!(crate::days::close(&town, day).await.expect("nothing"), []);
    }
    let period = |month, day| ClosePeriodRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        through: date(2025, month, day),
        minute: "BA-1/contoh".to_owned(),
    };
    town.books().close_period(period(1, 31)).await.expect("closed");
    let again = town.books().close_period(period(1, 31)).await.expect_err("closed before");
    assert_eq!(told(&again), named("PERIOD_CLOSED", "through"));
    let today = town.books().close_period(period(2, 2)).await.expect_err("the business day");
    assert_eq!(told(&today), named("PERIOD_NOT_CLOSABLE", "through"));
    let mut next = crate::closing::year(A);
    next.year = 2026;
    let early = town.closing().close_year(next).await.expect_err("not its turn");
    assert_eq!(told(&early).0, "YEAR_OUT_OF_ORDER");
}

async fn a_product_changed_touches_no_running_loan(server: &Server) {
    let town = Town::found(server).await;
    town.loans().set_loan_product(product(A, terms(LoanFrequency::Weekly, "1"))).await.unwrap();
    town.deposit("m01", 900_000).await;
    let wish = application(A, "l1", &format!("{A}/members/m02"), 500_000);
    lend(&town, wish, tin(), (2, 3)).await;
    let mut dearer = product(A, terms(LoanFrequency::Weekly, "5"));
    dearer.version.as_mut().expect("set").since = date(2025, 2, 4);
    town.loans().set_loan_product(dearer.clone()).await.expect("set");
    let get = GetLoanRequest { name: format!("{A}/loans/l1"), ..GetLoanRequest::default() };
    let loan = town.loans().get_loan(get).await.expect("a loan").into_inner();
    let kept = loan.loan.expect("set").terms.expect("approved");
    assert_eq!(kept.rate_percent, units("1"));
    town.loans().pay_loan(payment(&format!("{A}/loans/l1"), 55_000, tin(), (2, 10))).await.unwrap();
    assert_eq!(town.held("a.sp.4311").await, 500_000);
    // What holds from a day cannot begin before what was set last.
    let again = SetLoanProductRequest { request_id: fresh_request_id(), ..dearer };
    let mut before = again.clone();
    before.version.as_mut().expect("set").since = date(2025, 1, 15);
    let refused = town.loans().set_loan_product(before).await.expect_err("before the last");
    assert_eq!(told(&refused), named("NOT_AFTER_LAST", "version.since"));
}

async fn sums_that_do_not_fit_are_refused(server: &Server) {
    let town = Town::found(server).await;
    let dear = terms(LoanFrequency::Daily, "1000");
    let mut endless = product(A, dear);
    endless.version.as_mut().expect("set").most_instalments = 0;
    town.loans().set_loan_product(endless).await.expect("set");
    let before = town.trial_balance(BOOK).await;
    let wish = ApplyForLoanRequest {
        plan: Some(LoanPlan { instalments: 1_000, ..LoanPlan::default() }),
        ..application(A, "l1", &format!("{A}/members/m02"), 100_000_000_000_000)
    };
    let refused = town.loans().apply_for_loan(wish).await.expect_err("too much");
    assert_eq!(told(&refused), named("OVERFLOW", "amount"));
    let more = ApplyForLoanRequest {
        ..application(A, "l1", &format!("{A}/members/m02"), 100_000_000_000_001)
    };
    let refused = town.loans().apply_for_loan(more).await.expect_err("beyond any request");
    assert_eq!(told(&refused).1, "amount");
    assert_eq!(town.trial_balance(BOOK).await, before);
}
