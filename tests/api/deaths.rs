//! A member dies, through the public API: recorded when it is heard of, shown, settled with the heirs
//! by a paper; the heir's name stays sealed; bad input.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::loans::{application, product, terms};
use crate::on_both;
use crate::town::{A, Server, Town, by_minute, cash, date, deposit, on, why};

on_both!(heirs_are_settled_with, what_is_wrong_with_a_death_is_named);

fn m01() -> String {
    format!("{A}/members/m01")
}

fn died(on_day: (i32, i32, i32)) -> RecordDeathRequest {
    RecordDeathRequest {
        member: m01(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        died_on: date(on_day.0, on_day.1, on_day.2),
    }
}

fn settle() -> SettleMemberRequest {
    SettleMemberRequest {
        member: m01(),
        request_id: fresh_request_id(),
        details: by_minute(2025, 3, 10),
        left_on: date(2025, 3, 10),
        place: cash(),
        heir_name: "Ibu Contoh".to_owned(),
        ..SettleMemberRequest::default()
    }
}

async fn heirs_are_settled_with(server: &Server) {
    let town = Town::found(server).await;
    let saved = DepositRequest { details: on(2025, 1, 10), ..deposit("m01", 100_000) };
    town.savings().deposit(saved).await.expect("deposited");
    let set = product(A, terms(LoanFrequency::Monthly, "1"));
    town.loans().set_loan_product(set).await.expect("set");
    let recorded = town.members().record_death(died((2025, 3, 1))).await.expect("recorded");
    assert_eq!(recorded.into_inner().member.expect("a member").died_on, date(2025, 3, 1));
    let wish = application(A, "x9", &m01(), 100_000);
    let wish = ApplyForLoanRequest { details: on(2025, 3, 6), ..wish };
    let status = town.loans().apply_for_loan(wish).await.expect_err("dead");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("MEMBER_DIED", "borrower")
    );
    let name = GetMemberRequest { name: m01() };
    let shown = town.members().get_member(name.clone()).await.expect("shown").into_inner();
    assert_eq!(shown.member.expect("a member").died_on, date(2025, 3, 1));
    let request = settle();
    let settled = town.products().settle_member(request.clone()).await.expect("settled");
    let again = town.products().settle_member(request).await.expect("answered again");
    assert_eq!(settled.into_inner(), again.into_inner());
    assert_eq!(town.held("a.sp.2103.m01").await, 0);
    let shown = town.members().get_member(name).await.expect("shown").into_inner();
    assert_eq!(shown.member.expect("a member").left_on, date(2025, 3, 10));
    // What is held on who died has their settlement, and nothing of the heir.
    let export = ExportMemberRequest {
        member: m01(),
        purpose: Purpose::OwnData as i32,
        explanation: "diminta ahli waris (contoh)".to_owned(),
        page_token: String::new(),
    };
    let export = town.personal().export_member(export).await.expect("exported").into_inner();
    let record = export.records.iter().find(|record| {
        record.transaction.as_ref().is_some_and(|one| one.event == "MEMBER_SETTLED")
    });
    let record = record.expect("settled");
    let row = record.rows.iter().find(|row| row.name == format!("{A}/settlements/m01"));
    let row = simpul::api::fields::json("simpul.record.v1.Row", &row.expect("a row").row);
    let row = row.expect("a row");
    assert!(row["settlement"]["diedOn"].is_number(), "{row}");
    assert_eq!(row["settlement"].as_object().map(serde_json::Map::len), Some(1), "{row}");
    assert!(!record.texts.iter().any(|text| text.contains("Ibu Contoh")));
}

async fn what_is_wrong_with_a_death_is_named(server: &Server) {
    let town = Town::found(server).await;
    let (invalid, precondition) = (Code::InvalidArgument, Code::FailedPrecondition);
    for (wrong, code, reason, field) in [
        (
            RecordDeathRequest { member: "x".to_owned(), ..died((2025, 3, 1)) },
            invalid,
            "NAME_MALFORMED",
            "member",
        ),
        (died((2168, 1, 1)), Code::OutOfRange, "DATE_IN_FUTURE", "died_on"),
        (died((2024, 1, 1)), precondition, "NOT_AFTER_LAST", "died_on"),
        (
            RecordDeathRequest { member: format!("{A}/members/m99"), ..died((2025, 3, 1)) },
            Code::NotFound,
            "NOT_FOUND",
            "member",
        ),
    ] {
        let status = town.members().record_death(wrong).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.code, why.reason.as_str(), why.field.as_str()), (code, reason, field));
    }
    for (wrong, code, reason, field) in [
        (settle(), precondition, "WRONG_KIND", "heir"),
        (
            SettleMemberRequest { details: on(2025, 3, 10), ..settle() },
            invalid,
            "REQUIRED",
            "details.evidence",
        ),
        (
            SettleMemberRequest { heir: format!("{A}/parties/p1"), ..settle() },
            invalid,
            "CHOICE_UNKNOWN",
            "heir_name",
        ),
        (
            SettleMemberRequest {
                heir: format!("{A}/parties/p1"),
                heir_name: String::new(),
                died_on: date(2025, 3, 1),
                ..settle()
            },
            Code::NotFound,
            "NOT_FOUND",
            "heir",
        ),
        (
            SettleMemberRequest { heir_name: String::new(), died_on: date(2025, 3, 1), ..settle() },
            precondition,
            "HEIR_UNNAMED",
            "heir",
        ),
    ] {
        let status = town.products().settle_member(wrong).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.code, why.reason.as_str(), why.field.as_str()), (code, reason, field));
    }
}
