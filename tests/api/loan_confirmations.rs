//! Nobody borrows on somebody else's identity card: who may confirm a loan where people sign in.

use simpul::api::v1::*;
use simpul::cli::remote::{Line, fresh_request_id};
use tonic::{Code, Status};

use crate::access::Guarded;
use crate::loans::{application, confirmation, decision, product, terms};
use crate::on_both_guarded;
use crate::town::{A, BOOK, LKM, Server, Town, on, why};

on_both_guarded!(a_member_confirms_the_own_loan_only, a_kube_confirms_by_its_officers);

/// The number of a paper that the borrower has signed.
fn signed(loan: &str) -> ConfirmLoanRequest {
    let evidence = Some(Evidence {
        kind: EvidenceKind::Voucher as i32,
        number: "SP-7/contoh, cap jempol".to_owned(),
    });
    let details = on(2025, 4, 1).map(|details| TransactionDetails { evidence, ..details });
    ConfirmLoanRequest { details, ..confirmation(loan) }
}

async fn confirm(line: &Line, request: ConfirmLoanRequest) -> Result<Transaction, Status> {
    let answer = Town::at(line.clone()).loans().confirm_loan(request).await?.into_inner();
    Ok(answer.transaction.expect("set"))
}

async fn refused(line: &Line, request: ConfirmLoanRequest) -> (Code, String, String) {
    let said = why(&confirm(line, request).await.expect_err("refused"));
    (said.code, said.reason, said.field)
}

fn said(code: Code, reason: &str, field: &str) -> (Code, String, String) {
    (code, reason.to_owned(), field.to_owned())
}

fn unknown() -> (Code, String, String) {
    said(Code::NotFound, "NOT_FOUND", "loan")
}

async fn a_member_confirms_the_own_loan_only(server: &Server) {
    let guarded = Guarded::found(server).await;
    let treasurer = guarded.user("bu-maria", Role::Treasurer, A).await;
    let chair = guarded.user("pak-yosef", Role::Chair, A).await;
    let [m01, m02] = [("m01", "ibu-satu"), ("m02", "ibu-dua")]
        .map(|(member, user)| (format!("{A}/members/{member}"), user));
    let first = guarded.user(m01.1, Role::Member, &m01.0).await;
    let second = guarded.user(m02.1, Role::Member, &m02.0).await;
    let stranger = guarded.user("bu-lain", Role::Treasurer, &format!("{BOOK}/groups/b")).await;
    let village = Town::at(treasurer.clone());
    let rules = product(A, terms(LoanFrequency::Weekly, "1"));
    let asked = village.loans().set_loan_product(rules).await;
    guarded.agreed(asked).await.expect("a product");
    for (loan, member) in [("p1", &m01.0), ("p2", &m01.0), ("p3", &m02.0)] {
        let wish = application(A, loan, member, 500_000);
        village.loans().apply_for_loan(wish).await.expect("applied");
    }
    let [p1, p2, p3] = ["p1", "p2", "p3"].map(|loan| format!("{A}/loans/{loan}"));
    // Approval refuses what the borrower has not confirmed.
    let early = Town::at(chair.clone()).loans().decide_loan(decision(&p1, true)).await;
    assert_eq!(why(&early.expect_err("not confirmed")).reason, "LOAN_NOT_CONFIRMED");
    // To all others it is not there, as what never was.
    assert_eq!(refused(&second, confirmation(&p1)).await, unknown());
    assert_eq!(refused(&second, signed(&p1)).await, unknown());
    assert_eq!(refused(&stranger, signed(&p1)).await, unknown());
    let nowhere = format!("{BOOK}/groups/z/loans/p1");
    assert_eq!(refused(&stranger, signed(&nowhere)).await, unknown());
    assert_eq!(refused(&second, confirmation(&format!("{A}/loans/tidak-ada"))).await, unknown());
    // Whoever wrote the application does not confirm it, paper or not.
    let own = said(Code::FailedPrecondition, "OWN_APPLICATION", "loan");
    assert_eq!(refused(&treasurer, signed(&p1)).await, own);
    let booked = confirm(&first, confirmation(&p1)).await.expect("their own");
    assert_eq!((booked.actor.as_str(), booked.role()), ("ibu-satu", Role::Member));
    let decided = Town::at(chair.clone()).loans().decide_loan(decision(&p1, true)).await;
    decided.expect("approved");
    // An officer names the paper that the borrower signed.
    let bare = said(Code::FailedPrecondition, "CONFIRMATION_NEEDS_PAPER", "details.evidence");
    assert_eq!(refused(&chair, confirmation(&p2)).await, bare);
    let booked = confirm(&chair, signed(&p2)).await.expect("by paper");
    assert_eq!(booked.evidence.expect("named").number, "SP-7/contoh, cap jempol");
    let teller = guarded.device("teller").await;
    assert_eq!(refused(&teller, confirmation(&p3)).await, bare);
    confirm(&teller, signed(&p3)).await.expect("by paper");
    let twice = said(Code::FailedPrecondition, "LOAN_CONFIRMED", "loan");
    assert_eq!(refused(&second, confirmation(&p3)).await, twice);
    let facilitator = guarded.user("pendamping", Role::Facilitator, A).await;
    let role = refused(&facilitator, confirmation(&p3)).await;
    assert_eq!((role.0, role.1.as_str()), (Code::PermissionDenied, "ROLE_REQUIRED"));
}

async fn a_kube_confirms_by_its_officers(server: &Server) {
    let guarded = Guarded::found(server).await;
    let manager = guarded.device("manajer").await;
    let teller = guarded.device("teller").await;
    let rules = product(LKM, terms(LoanFrequency::Monthly, "1"));
    let office = Town::at(manager.clone());
    office.loans().set_loan_product(rules).await.expect("a product");
    for loan in ["k1", "k2"] {
        let wish = application(LKM, loan, A, 5_000_000);
        Town::at(teller.clone()).loans().apply_for_loan(wish).await.expect("applied");
    }
    let [k1, k2] = ["k1", "k2"].map(|loan| format!("{LKM}/loans/{loan}"));
    let stranger = guarded.user("bu-lain", Role::Treasurer, &format!("{BOOK}/groups/b")).await;
    let member = guarded.user("ibu-satu", Role::Member, &format!("{A}/members/m01")).await;
    assert_eq!(refused(&stranger, signed(&k1)).await, unknown());
    assert_eq!(refused(&member, confirmation(&k1)).await, unknown());
    let own = said(Code::FailedPrecondition, "OWN_APPLICATION", "loan");
    assert_eq!(refused(&teller, signed(&k1)).await, own);
    let chair = guarded.user("pak-yosef", Role::Chair, A).await;
    let request = ConfirmLoanRequest { request_id: fresh_request_id(), ..confirmation(&k1) };
    let booked = confirm(&chair, request.clone()).await.expect("its chair");
    assert_eq!(confirm(&chair, request).await.expect("the same"), booked);
    office.loans().decide_loan(decision(&k1, true)).await.expect("approved");
    let bare = said(Code::FailedPrecondition, "CONFIRMATION_NEEDS_PAPER", "details.evidence");
    assert_eq!(refused(&manager, confirmation(&k2)).await, bare);
    confirm(&manager, signed(&k2)).await.expect("by paper");
}
