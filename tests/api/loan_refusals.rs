//! What a lender's rules refuse, each with its reason and the rule it broke, and nothing half-done:
//! the bad input that issue 4 names, through the API.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Status;

use crate::loans::{application, lend, over_the_counter, payment, product, terms, tin};
use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, date, idr, on, units, why};

on_both!(
    what_a_product_does_not_allow_is_refused,
    a_closed_loan_takes_no_more,
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
    for (wish, expected) in [
        (ApplyForLoanRequest { amount: idr(99_999), ..wish() }, named("LOAN_AMOUNT", "amount")),
        (ApplyForLoanRequest { amount: idr(2_000_001), ..wish() }, named("LOAN_AMOUNT", "amount")),
        (
            ApplyForLoanRequest { plan: plan(13), ..wish() },
            named("LOAN_INSTALMENTS", "plan.instalments"),
        ),
        (
            ApplyForLoanRequest { plan: plan(0), ..wish() },
            named("LOAN_PLAN_INVALID", "plan.instalments"),
        ),
        (
            ApplyForLoanRequest { plan: Some(long_ago), ..wish() },
            named("LOAN_PLAN_INVALID", "plan.first_due_on"),
        ),
        (
            ApplyForLoanRequest { details: on(2160, 1, 1), ..wish() },
            named("DATE_IN_FUTURE", "details.happened_on"),
        ),
        (
            ApplyForLoanRequest { product_id: "lain".to_owned(), ..wish() },
            named("NOT_FOUND", "product_id"),
        ),
    ] {
        let wish = ApplyForLoanRequest { request_id: fresh_request_id(), ..wish };
        let refused = town.loans().apply_for_loan(wish).await.expect_err("refused");
        assert_eq!(told(&refused), expected);
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
