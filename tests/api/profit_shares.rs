//! Profit shares on savings through the public API: decided, weighed and paid at the end of the day,
//! to the sen, once; bad input.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::days::close;
use crate::on_both;
use crate::town::{LKM, Server, Town, date, deposit, enrol, idr, on, place, sen, units, why};

on_both!(profit_is_shared_at_the_end_of_the_day, what_is_wrong_with_a_share_is_named);

/// More than one record weighs, and pays.
const MEMBERS: i64 = 43;

fn set() -> SetSavingsProductRequest {
    SetSavingsProductRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        sort: SavingsSort::Sukarela as i32,
        version: Some(SavingsProduct {
            since: date(2025, 1, 1),
            method: SavingsMethod::Daily as i32,
            share_percent: units("37.5"),
            minute: "BA-7/contoh".to_owned(),
            ..SavingsProduct::default()
        }),
    }
}

fn decide() -> DecideSavingsShareRequest {
    DecideSavingsShareRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        decided_on: date(2025, 2, 3),
        share_id: "januari".to_owned(),
        sort: SavingsSort::Sukarela as i32,
        from: date(2025, 1, 1),
        through: date(2025, 1, 31),
        earned: idr(1_000_001),
        minute: "BA-9/contoh".to_owned(),
    }
}

async fn profit_is_shared_at_the_end_of_the_day(server: &Server) {
    let town = Town::found(server).await;
    let id = |number: i64| format!("n{number:02}");
    for number in 1..=MEMBERS {
        town.members().enrol_member(enrol(LKM, &id(number))).await.expect("enrolled");
        let saved = DepositRequest {
            member: format!("{LKM}/members/{}", id(number)),
            details: on(2025, 1, 2),
            place: place(PlaceKind::Vault),
            ..deposit("m01", number * 1_000)
        };
        town.savings().deposit(saved).await.expect("deposited");
    }
    let set = town.products().set_savings_product(set()).await.expect("set").into_inner();
    let version = set.product.expect("a product").versions.remove(0);
    assert_eq!((version.share_percent, version.rate), (units("37.5"), None));
    let decided = town.products().decide_savings_share(decide()).await.expect("decided");
    let decided = decided.into_inner().share.expect("a share");
    assert_eq!((sen(&decided.amount), decided.done), (37_500_038, false));
    let told = close(&town, (2025, 2, 3)).await.expect("closed");
    assert!(told.iter().all(|one| one.refused.is_none()));
    let steps = told.iter().filter(|one| one.step == "savings-share").map(|one| one.day);
    assert_eq!(steps.collect::<Vec<_>>(), [date(2025, 2, 3); 4]);
    let list = ListSavingsSharesRequest { parent: LKM.to_owned(), ..Default::default() };
    let listed = town.products().list_savings_shares(list).await.expect("listed").into_inner();
    let share = &listed.shares[0];
    assert_eq!((share.done, share.accounts, sen(&share.paid)), (true, 43, 37_500_038));
    assert_eq!(town.held("lkm.sp.5102").await, 37_500_038);
    // The last of 43 held 43 of 946 parts.
    let exact = 37_500_038 * MEMBERS / (MEMBERS * (MEMBERS + 1) / 2);
    let got = town.held("lkm.sp.2103.n43").await - MEMBERS * 100_000;
    assert!((got - exact).abs() <= 1, "{got} {exact}");
    assert_eq!(close(&town, (2025, 2, 3)).await.expect("closed"), []);
    close(&town, (2025, 2, 5)).await.expect("closed");
    assert_eq!(town.held("lkm.sp.5102").await, 37_500_038);
}

async fn what_is_wrong_with_a_share_is_named(server: &Server) {
    let town = Town::found(server).await;
    let (invalid, precondition) = (Code::InvalidArgument, Code::FailedPrecondition);
    let with = |change: fn(&mut DecideSavingsShareRequest)| {
        let mut request = decide();
        change(&mut request);
        request
    };
    for (wrong, code, reason, field) in [
        (with(|it| it.entity = "x".to_owned()), invalid, "NAME_MALFORMED", "entity"),
        (with(|it| it.sort = 0), invalid, "CHOICE_UNKNOWN", "sort"),
        (with(|it| it.through = date(2024, 12, 31)), invalid, "SPAN_MALFORMED", "through"),
        (with(|it| it.earned = None), invalid, "REQUIRED", "earned"),
        (with(|it| it.share_id = "Januari".to_owned()), invalid, "ID_MALFORMED", "share_id"),
        (with(|it| it.minute = String::new()), invalid, "REQUIRED", "minute"),
        (with(|it| it.through = date(2025, 2, 28)), Code::OutOfRange, "DATE_IN_FUTURE", "through"),
        (decide(), precondition, "RULE_NOT_SET", "sort"),
    ] {
        let status = town.products().decide_savings_share(wrong).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.code, why.reason.as_str(), why.field.as_str()), (code, reason, field));
    }
    let mut both = set();
    if let Some(version) = &mut both.version {
        version.rate = units("6");
    }
    let status = town.products().set_savings_product(both).await.expect_err("a rate and a nisbah");
    assert_eq!(why(&status).field, "version.share_percent");
    let list = ListSavingsSharesRequest { parent: "x".to_owned(), ..Default::default() };
    let status = town.products().list_savings_shares(list).await.expect_err("no parent");
    assert_eq!(why(&status).field, "parent");
    town.products().set_savings_product(set()).await.expect("set");
    town.products().decide_savings_share(decide()).await.expect("decided");
    let again = with(|it| it.share_id = "lagi".to_owned());
    let status = town.products().decide_savings_share(again).await.expect_err("shared");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("NOT_AFTER_LAST", "from")
    );
}
