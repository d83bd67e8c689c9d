//! Term deposits with a product through the public API: of a group at the LKM and of a member with
//! the group; what the day's closing makes of them; bad input.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::{Code, Status};

use crate::days::close;
use crate::on_both;
use crate::town::{A, LKM, Server, Town, cash, date, deposit, idr, on, place, sen, units, why};

on_both!(
    deposits_earn_and_begin_again_by_their_product,
    what_is_wrong_with_a_term_deposit_is_named,
    none_that_is_opened_while_its_day_closes_is_forgotten,
);

pub fn version() -> TermProduct {
    TermProduct {
        since: date(2025, 1, 1),
        rate: units("12"),
        day_count: SavingsDayCount::Twelfths as i32,
        payout: TermPayout::Monthly as i32,
        early: EarlyBreak::Fee as i32,
        early_fee: idr(1_000),
        least: idr(50_000),
        minute: "BA-5/contoh".to_owned(),
        ..TermProduct::default()
    }
}

pub fn set(entity: &str, version: TermProduct) -> SetTermProductRequest {
    SetTermProductRequest {
        product: format!("{entity}/term-products/bulanan"),
        request_id: fresh_request_id(),
        version: Some(version),
    }
}

fn of_member(means: Option<member_means::Means>) -> OpenMemberDepositRequest {
    OpenMemberDepositRequest {
        member: format!("{A}/members/m01"),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        deposit_id: "d1".to_owned(),
        product: format!("{A}/term-products/bulanan"),
        amount: idr(100_000),
        matures_on: date(2025, 3, 1),
        means: Some(MemberMeans { means }),
        on_maturity: OnMaturity::RollOver as i32,
    }
}

fn in_cash() -> Option<member_means::Means> {
    cash().map(member_means::Means::Place)
}

fn close_member(means: Option<member_means::Means>) -> CloseMemberDepositRequest {
    CloseMemberDepositRequest {
        deposit: format!("{A}/member-deposits/d1"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 10),
        means: Some(MemberMeans { means }),
        minute: String::new(),
    }
}

fn of_group(product: String) -> OpenTermDepositRequest {
    let money = Handover { kube_place: cash(), lkm_place: place(PlaceKind::Vault) };
    OpenTermDepositRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        deposit_id: "k1".to_owned(),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(200_000),
        matures_on: date(2025, 2, 1),
        means: Some(Means { means: Some(means::Means::Money(money)) }),
        on_maturity: OnMaturity::Savings as i32,
        product,
    }
}

async fn deposits_earn_and_begin_again_by_their_product(server: &Server) {
    let town = Town::found(server).await;
    for entity in [A, LKM] {
        let set = town.products().set_term_product(set(entity, version())).await.expect("set");
        assert_eq!(set.into_inner().product.expect("a product").versions, [version()]);
    }
    let saved = DepositRequest { details: on(2025, 1, 1), ..deposit("m02", 300_000) };
    town.savings().deposit(saved).await.expect("deposited");
    let opened = town.products().open_member_deposit(of_member(in_cash())).await.expect("opened");
    let opened = opened.into_inner().deposit.expect("a deposit");
    assert_eq!(opened.member, format!("{A}/members/m01"));
    let kube = of_group(format!("{LKM}/term-products/bulanan"));
    town.links().open_term_deposit(kube).await.expect("opened");
    let told = close(&town, (2025, 3, 1)).await.expect("closed");
    assert!(told.iter().all(|one| one.refused.is_none()));
    // The group's: one month of 2.000, paid with the deposit. The member's: two months of 1.000.
    assert_eq!(town.held("a.sp.1111").await, 20_200_000);
    assert_eq!(town.held("lkm.sp.2102.a/sp").await, 20_200_000);
    assert_eq!(town.held("a.sp.2103.m01").await, 200_000);
    let list = ListMemberDepositsRequest { parent: A.to_owned(), ..Default::default() };
    let listed = town.products().list_member_deposits(list).await.expect("listed").into_inner();
    assert_eq!(listed.deposits[0].matures_on, date(2025, 5, 1));
    // Nine days into the next term it is broken: the return of nine of 31 days, and the fee.
    let savings = Some(member_means::Means::Savings(true));
    let closed = town.products().close_member_deposit(close_member(savings)).await.expect("closed");
    let closed = closed.into_inner().deposit.expect("a deposit");
    assert_eq!((closed.state(), sen(&closed.earned)), (TermState::PaidBack, 29_032));
    assert_eq!(town.held("a.sp.2103.m01").await, 200_000 + 10_000_000 - 100_000 + 29_032);
    assert_eq!(town.held("a.sp.2111.d1").await, 0);
    let products = ListTermProductsRequest { parent: LKM.to_owned(), ..Default::default() };
    let products = town.products().list_term_products(products).await.expect("listed");
    assert_eq!(products.into_inner().products.len(), 1);
    let pairs = ReconcileMirrorsRequest { scope: A.to_owned(), ..Default::default() };
    let pairs = town.reconciling().reconcile_mirrors(pairs).await.expect("compared").into_inner();
    assert_eq!(pairs.differences, 0);
}

#[track_caller]
fn says<T: std::fmt::Debug>(
    result: Result<tonic::Response<T>, Status>,
    code: Code,
    reason: &str,
    field: &str,
) {
    let why = why(&result.expect_err(reason));
    assert_eq!((why.code, why.reason.as_str(), why.field.as_str()), (code, reason, field));
}

/// Each day of a month somebody opens a deposit for a night while the day that ends it is being closed:
/// however the two fall, all are paid back.
async fn none_that_is_opened_while_its_day_closes_is_forgotten(server: &Server) {
    let town = Town::found(server).await;
    town.products().set_term_product(set(A, version())).await.expect("set");
    for number in 1..=28 {
        let open = OpenMemberDepositRequest {
            deposit_id: format!("d{number:02}"),
            details: on(2025, 1, number),
            matures_on: date(2025, 1, number + 1),
            on_maturity: OnMaturity::Savings as i32,
            ..of_member(in_cash())
        };
        let mut products = town.products();
        let (opened, closed) =
            tokio::join!(products.open_member_deposit(open), close(&town, (2025, 1, number + 1)));
        opened.expect("opened");
        closed.expect("closed");
    }
    close(&town, (2025, 1, 31)).await.expect("closed");
    let list = ListMemberDepositsRequest { parent: A.to_owned(), ..Default::default() };
    let listed = town.products().list_member_deposits(list).await.expect("listed").into_inner();
    assert_eq!(listed.deposits.len(), 28);
    for deposit in &listed.deposits {
        assert_eq!(deposit.state(), TermState::PaidBack, "{}", deposit.name);
    }
}

async fn what_is_wrong_with_a_term_deposit_is_named(server: &Server) {
    let town = Town::found(server).await;
    let invalid = Code::InvalidArgument;
    for (wrong, reason, field) in [
        (TermProduct { rate: units("101"), ..version() }, "NUMBER_OUT_OF_RANGE", "version.rate"),
        (TermProduct { day_count: 0, ..version() }, "CHOICE_UNKNOWN", "version.day_count"),
        (TermProduct { payout: 9, ..version() }, "CHOICE_UNKNOWN", "version.payout"),
        (TermProduct { early: 9, ..version() }, "CHOICE_UNKNOWN", "version.early"),
        (TermProduct { early_fee: None, ..version() }, "REQUIRED", "version.early_fee"),
        (
            TermProduct { least_months: -1, ..version() },
            "NUMBER_OUT_OF_RANGE",
            "version.least_months",
        ),
        (
            TermProduct { least_months: 6, most_months: 3, ..version() },
            "NUMBER_OUT_OF_RANGE",
            "version.most_months",
        ),
        (TermProduct { minute: String::new(), ..version() }, "REQUIRED", "version.minute"),
    ] {
        says(town.products().set_term_product(set(A, wrong)).await, invalid, reason, field);
    }
    // A KUBE has no fund that a fine under a syariah contract could go to.
    let by_percent = TermProduct {
        early: EarlyBreak::Percent as i32,
        early_percent: units("1"),
        syariah: true,
        ..version()
    };
    for fined in [TermProduct { syariah: true, ..version() }, by_percent.clone()] {
        let fined = town.products().set_term_product(set(A, fined)).await;
        says(fined, invalid, "CHOICE_UNKNOWN", "version.early");
    }
    town.products().set_term_product(set(LKM, by_percent.clone())).await.expect("the LKM has");
    let forfeits = TermProduct { early: EarlyBreak::Interest as i32, ..by_percent };
    let forfeits =
        SetTermProductRequest { product: format!("{A}/term-products/hangus"), ..set(A, forfeits) };
    town.products().set_term_product(forfeits).await.expect("no fine");
    let no_version = SetTermProductRequest { version: None, ..set(A, version()) };
    says(town.products().set_term_product(no_version).await, invalid, "REQUIRED", "version");
    town.products().set_term_product(set(A, version())).await.expect("set");
    let late = town.products().set_term_product(set(A, version())).await;
    says(late, Code::FailedPrecondition, "NOT_AFTER_LAST", "version.since");
    let another = format!("{LKM}/term-products/bulanan");
    for (wrong, reason, field) in [
        (OpenMemberDepositRequest { means: None, ..of_member(None) }, "REQUIRED", "means"),
        (
            OpenMemberDepositRequest { product: another, ..of_member(in_cash()) },
            "WRONG_PARENT",
            "product",
        ),
        (OpenMemberDepositRequest { amount: None, ..of_member(in_cash()) }, "REQUIRED", "amount"),
        (
            OpenMemberDepositRequest { on_maturity: 9, ..of_member(in_cash()) },
            "CHOICE_UNKNOWN",
            "on_maturity",
        ),
    ] {
        says(town.products().open_member_deposit(wrong).await, invalid, reason, field);
    }
    let savings = || Some(member_means::Means::Savings(true));
    let little = OpenMemberDepositRequest { amount: idr(49_999), ..of_member(savings()) };
    let little = town.products().open_member_deposit(little).await;
    says(little, Code::FailedPrecondition, "TERM_OUTSIDE_PRODUCT", "amount");
    let unknown = town.products().close_member_deposit(close_member(savings())).await;
    says(unknown, Code::NotFound, "NOT_FOUND", "deposit");
    let unset = of_group(format!("{LKM}/term-products/tahunan"));
    says(
        town.links().open_term_deposit(unset).await,
        Code::FailedPrecondition,
        "RULE_NOT_SET",
        "product",
    );
    let parent = "books/x".to_owned();
    let list = ListMemberDepositsRequest { parent: parent.clone(), ..Default::default() };
    says(town.products().list_member_deposits(list).await, invalid, "NAME_MALFORMED", "parent");
    let list = ListTermProductsRequest { parent, ..Default::default() };
    says(town.products().list_term_products(list).await, invalid, "NAME_MALFORMED", "parent");
}
