//! Dormant savings through the public API: the day's closing lists and finds them, the counter refuses,
//! lists and the savings book show them, somebody wakes them; bad input.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::days::close;
use crate::on_both;
use crate::town::{A, LKM, Server, Town, date, deposit, enrol, idr, on, place, why};

on_both!(savings_fall_dormant_and_are_woken, what_is_wrong_with_waking_is_named);

/// More than one record lists.
const MEMBERS: usize = 83;

fn set(since: (i32, i32, i32), months: i32) -> SetSavingsProductRequest {
    SetSavingsProductRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        sort: SavingsSort::Sukarela as i32,
        version: Some(SavingsProduct {
            since: date(since.0, since.1, since.2),
            dormant_after_months: months,
            minute: "BA-7/contoh".to_owned(),
            ..SavingsProduct::default()
        }),
    }
}

fn at_counter(member: &str, rupiah: i64, day: (i32, i32, i32)) -> DepositRequest {
    DepositRequest {
        member: format!("{LKM}/members/{member}"),
        details: on(day.0, day.1, day.2),
        place: place(PlaceKind::Vault),
        ..deposit("m01", rupiah)
    }
}

fn draw(member: &str) -> WithdrawRequest {
    WithdrawRequest {
        member: format!("{LKM}/members/{member}"),
        request_id: fresh_request_id(),
        details: on(2025, 4, 2),
        amount: idr(1_000),
        place: place(PlaceKind::Vault),
    }
}

fn wake(owner: String) -> WakeSavingsRequest {
    WakeSavingsRequest {
        owner,
        request_id: fresh_request_id(),
        details: on(2025, 4, 2),
        reason: "datang sendiri (contoh)".to_owned(),
        ..WakeSavingsRequest::default()
    }
}

async fn dormant(town: &Town) -> Vec<SavingsAccount> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSavingsRequest {
            parent: LKM.to_owned(),
            dormant_only: true,
            page_size: 30,
            page_token,
            ..ListSavingsRequest::default()
        };
        let page = town.savings().list_savings(request).await.expect("listed").into_inner();
        all.extend(page.accounts);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// Eighty-three accounts of before the rule, which says two months from February on: listed at the
/// end of its first day in two records, and asleep at the end of 1 April, but for who moved.
async fn savings_fall_dormant_and_are_woken(server: &Server) {
    let town = Town::found(server).await;
    let id = |number: usize| format!("n{number:02}");
    for number in 0..MEMBERS {
        town.members().enrol_member(enrol(LKM, &id(number))).await.expect("enrolled");
        let saved = at_counter(&id(number), 10_000, (2025, 1, 2));
        town.savings().deposit(saved).await.expect("deposited");
    }
    town.products().set_savings_product(set((2025, 2, 1), 2)).await.expect("set");
    let told = close(&town, (2025, 2, 28)).await.expect("closed");
    let of = |told: &[CloseDaysResponse], step: &str| -> Vec<_> {
        told.iter().filter(|one| one.step == step).map(|one| one.day).collect()
    };
    assert_eq!(of(&told, "savings-listing"), [date(2025, 2, 1); 2]);
    assert_eq!(of(&told, "dormancy"), []);
    let moved = at_counter(&id(3), 5_000, (2025, 3, 1));
    town.savings().deposit(moved).await.expect("deposited");
    let told = close(&town, (2025, 4, 1)).await.expect("closed");
    assert_eq!(of(&told, "dormancy"), [date(2025, 4, 1); 2]);
    assert!(told.iter().all(|one| one.refused.is_none()));
    let asleep = dormant(&town).await;
    assert_eq!(asleep.len(), MEMBERS - 1);
    let first = &asleep[0];
    assert_eq!(first.owner, format!("{LKM}/members/n00"));
    assert_eq!((first.moved_on, first.dormant_on), (date(2025, 2, 1), date(2025, 4, 1)));
    assert_eq!(first.balance, idr(10_000));
    let passbook = |member: &str| GetPassbookRequest {
        member: format!("{LKM}/members/{member}"),
        ..GetPassbookRequest::default()
    };
    let book = town.ledger().get_passbook(passbook("n00")).await.expect("a book").into_inner();
    assert_eq!(book.dormant_on, date(2025, 4, 1));
    let status = town.savings().withdraw(draw("n00")).await.expect_err("asleep");
    let why = why(&status);
    assert_eq!((why.code, why.reason.as_str()), (Code::FailedPrecondition, "SAVINGS_DORMANT"));
    assert_eq!(why.field, "amount");
    let woken = town.savings().wake_savings(wake(format!("{LKM}/members/n00"))).await;
    let woken = woken.expect("woken").into_inner().transaction.expect("a transaction");
    assert_eq!(woken.event, "SAVINGS_WOKEN");
    town.savings().withdraw(draw("n00")).await.expect("awake");
    town.savings().deposit(at_counter("n01", 1_000, (2025, 4, 2))).await.expect("woken too");
    town.savings().withdraw(draw("n01")).await.expect("awake");
    assert_eq!(dormant(&town).await.len(), MEMBERS - 3);
    let book = town.ledger().get_passbook(passbook("n00")).await.expect("a book").into_inner();
    assert_eq!(book.dormant_on, None);
    // Who moved on 1 March sleeps at the end of 1 May; a day closed again does nothing.
    close(&town, (2025, 5, 1)).await.expect("closed");
    assert_eq!(dormant(&town).await.len(), MEMBERS - 2);
    assert_eq!(close(&town, (2025, 5, 1)).await.expect("closed"), []);
}

async fn what_is_wrong_with_waking_is_named(server: &Server) {
    let town = Town::found(server).await;
    let member = || format!("{A}/members/m01");
    let (invalid, precondition) = (Code::InvalidArgument, Code::FailedPrecondition);
    let sukarela = Fund::SimpanPinjam as i32;
    for (wrong, code, reason, field) in [
        (
            WakeSavingsRequest { reason: String::new(), ..wake(member()) },
            invalid,
            "REQUIRED",
            "reason",
        ),
        (
            WakeSavingsRequest { fund: sukarela, ..wake(member()) },
            invalid,
            "CHOICE_UNKNOWN",
            "fund",
        ),
        (wake(A.to_owned()), invalid, "CHOICE_UNKNOWN", "fund"),
        (
            WakeSavingsRequest { fund: Fund::Kebajikan as i32, ..wake(A.to_owned()) },
            invalid,
            "CHOICE_UNKNOWN",
            "fund",
        ),
        (wake("books/x".to_owned()), invalid, "NAME_MALFORMED", "owner"),
        (wake(format!("{A}/members/m99")), Code::NotFound, "NOT_FOUND", "owner"),
        (wake(member()), precondition, "SAVINGS_AWAKE", "owner"),
        (
            WakeSavingsRequest { fund: sukarela, ..wake(A.to_owned()) },
            precondition,
            "SAVINGS_AWAKE",
            "owner",
        ),
    ] {
        let status = town.savings().wake_savings(wrong).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.code, why.reason.as_str(), why.field.as_str()), (code, reason, field));
    }
    for (sort, months, reason) in [
        (SavingsSort::Wajib, 3, "CHOICE_UNKNOWN"),
        (SavingsSort::Sukarela, -1, "NUMBER_OUT_OF_RANGE"),
        (SavingsSort::Kube, 601, "NUMBER_OUT_OF_RANGE"),
    ] {
        let mut set = SetSavingsProductRequest { sort: sort as i32, ..set((2025, 2, 1), months) };
        if let Some(version) = set.version.as_mut().filter(|_| sort == SavingsSort::Wajib) {
            version.period = DuesPeriod::Monthly as i32;
            version.amount = idr(1_000);
        }
        let status = town.products().set_savings_product(set).await.expect_err(reason);
        let why = why(&status);
        assert_eq!(
            (why.reason.as_str(), why.field.as_str()),
            (reason, "version.dormant_after_months")
        );
    }
    for (wrong, reason, field) in [
        (
            ListSavingsRequest { parent: "x".to_owned(), ..Default::default() },
            "NAME_MALFORMED",
            "parent",
        ),
        (
            ListSavingsRequest { parent: A.to_owned(), page_size: -1, ..Default::default() },
            "PAGE_SIZE",
            "page_size",
        ),
    ] {
        let status = town.savings().list_savings(wrong).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.reason.as_str(), why.field.as_str()), (reason, field));
    }
    let list = ListSavingsRequest { parent: LKM.to_owned(), of_groups: true, ..Default::default() };
    let listed = town.savings().list_savings(list).await.expect("listed").into_inner();
    assert_eq!(listed.accounts, []);
}
