//! Profit shares on savings through the public API: decided, weighed and paid at the end of the day,
//! to the sen, once; bad input.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::days::close;
use crate::on_both;
use crate::terms;
use crate::town::{
    A, LKM, Server, Town, cash, date, deposit, enrol, idr, on, place, sen, units, why,
};

on_both!(
    profit_is_shared_at_the_end_of_the_day,
    term_deposits_share_in_the_profit,
    what_is_wrong_with_a_share_is_named,
);

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
        product: String::new(),
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
    let parts = parts(&town, "januari").await;
    let paid: i64 = parts.iter().map(|part| sen(&part.amount)).sum();
    assert_eq!((parts.len(), paid), (43, 37_500_038));
    let second = SavingsSharePart {
        owner: format!("{LKM}/members/n02"),
        // 2.000 held on thirty days.
        held: idr(60_000),
        paid: true,
        amount: parts[1].amount.clone(),
        tax: idr(0),
        ..SavingsSharePart::default()
    };
    assert_eq!(parts[1], second);
    assert_eq!(sen(&parts[1].amount), town.held("lkm.sp.2103.n02").await - 200_000);
    // The last of 43 held 43 of 946 parts.
    let exact = 37_500_038 * MEMBERS / (MEMBERS * (MEMBERS + 1) / 2);
    let got = town.held("lkm.sp.2103.n43").await - MEMBERS * 100_000;
    assert!((got - exact).abs() <= 1, "{got} {exact}");
    assert_eq!(close(&town, (2025, 2, 3)).await.expect("closed"), []);
    close(&town, (2025, 2, 5)).await.expect("closed");
    assert_eq!(town.held("lkm.sp.5102").await, 37_500_038);
}

/// All parts of a share of the LKM's, page by page.
async fn parts(town: &Town, share: &str) -> Vec<SavingsSharePart> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSavingsSharePartsRequest {
            parent: format!("{LKM}/savings-shares/{share}"),
            page_size: 20,
            page_token,
        };
        let page = town.products().list_savings_share_parts(request).await.expect("listed");
        let page = page.into_inner();
        all.extend(page.parts);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn with_nisbah() -> TermProduct {
    TermProduct {
        since: date(2025, 1, 1),
        share_percent: units("40"),
        payout: TermPayout::AtMaturity as i32,
        syariah: true,
        minute: "BA-5/contoh".to_owned(),
        ..TermProduct::default()
    }
}

fn of_term() -> DecideSavingsShareRequest {
    DecideSavingsShareRequest {
        sort: 0,
        product: format!("{LKM}/term-products/bulanan"),
        earned: idr(1_000_000),
        ..decide()
    }
}

/// Twenty-one members' deposits and a group's, more than one record pays: of 1.000.000 they have 40 %,
/// which is theirs when they mature; on both sides.
async fn term_deposits_share_in_the_profit(server: &Server) {
    let town = Town::found(server).await;
    town.products().set_term_product(terms::set(LKM, with_nisbah())).await.expect("set");
    let product = format!("{LKM}/term-products/bulanan");
    for number in 1..=21 {
        let id = format!("n{number:02}");
        town.members().enrol_member(enrol(LKM, &id)).await.expect("enrolled");
        let open = OpenMemberDepositRequest {
            member: format!("{LKM}/members/{id}"),
            request_id: fresh_request_id(),
            details: on(2025, 1, 1),
            deposit_id: format!("d{number:02}"),
            product: product.clone(),
            amount: idr(number * 10_000),
            matures_on: date(2025, 3, 1),
            means: Some(MemberMeans {
                means: place(PlaceKind::Vault).map(member_means::Means::Place),
            }),
            on_maturity: OnMaturity::Savings as i32,
        };
        town.products().open_member_deposit(open).await.expect("opened");
    }
    let money = Handover { kube_place: cash(), lkm_place: place(PlaceKind::Vault) };
    let of_group = OpenTermDepositRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        deposit_id: "k1".to_owned(),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(90_000),
        matures_on: date(2025, 3, 1),
        means: Some(Means { means: Some(means::Means::Money(money)) }),
        on_maturity: OnMaturity::Savings as i32,
        product,
    };
    let tin = DepositRequest { details: on(2025, 1, 1), ..deposit("m01", 90_000) };
    town.savings().deposit(tin).await.expect("saved");
    town.links().open_term_deposit(of_group).await.expect("opened");
    let decided = town.products().decide_savings_share(of_term()).await.expect("decided");
    let decided = decided.into_inner().share.expect("a share");
    assert_eq!((decided.product, decided.sort), (of_term().product, 0));
    let told = close(&town, (2025, 2, 3)).await.expect("closed");
    assert!(told.iter().all(|one| one.refused.is_none()));
    let steps = told.iter().filter(|one| one.step == "savings-share").map(|one| one.day);
    assert_eq!(steps.collect::<Vec<_>>(), [date(2025, 2, 3); 3]);
    let parts = parts(&town, "januari").await;
    // 2.310.000 and 90.000 were held: of 400.000 the group has 15.000, credited and not paid yet.
    let of = |deposit: &str| {
        let found = parts.iter().find(|part| part.deposit.ends_with(deposit)).expect("a part");
        (found.owner.clone(), sen(&found.amount))
    };
    let of_a = (A.to_owned(), 1_500_000);
    assert_eq!((parts.len(), of("groups/a/term-deposits/k1")), (22, of_a));
    let of_n21 = (format!("{LKM}/members/n21"), 3_500_000);
    assert_eq!(of("lkm/member-deposits/d21"), of_n21);
    assert_eq!(parts.iter().map(|part| sen(&part.amount)).sum::<i64>(), 40_000_000);
    for account in ["lkm.sp.2110.a/k1", "a.sp.1114.k1"] {
        assert_eq!(town.held(account).await, 1_500_000, "{account}");
    }
    close(&town, (2025, 3, 1)).await.expect("closed");
    assert_eq!(town.held("lkm.sp.5102").await, 40_000_000);
    assert_eq!(town.held("lkm.sp.2103.n21").await, 21_000_000 + 3_500_000);
    assert_eq!(town.held("lkm.sp.2102.a/sp").await, 9_000_000 + 1_500_000);
    town.assert_mirrored("a").await;
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
    let (lkm, of_a) = (LKM.to_owned(), format!("{A}/term-products/bulanan"));
    for (wrong, code, reason, field) in [
        (DecideSavingsShareRequest { sort: 3, ..of_term() }, invalid, "CHOICE_UNKNOWN", "product"),
        (
            DecideSavingsShareRequest { product: of_a, ..of_term() },
            invalid,
            "WRONG_PARENT",
            "product",
        ),
        (of_term(), precondition, "RULE_NOT_SET", "product"),
    ] {
        let status = town.products().decide_savings_share(wrong).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.code, why.reason.as_str(), why.field.as_str()), (code, reason, field));
    }
    for (version, field) in [
        (TermProduct { rate: units("6"), day_count: 3, ..with_nisbah() }, "version.share_percent"),
        (TermProduct { payout: 0, ..with_nisbah() }, "version.payout"),
    ] {
        let set = town.products().set_term_product(terms::set(LKM, version)).await;
        let why = why(&set.expect_err(field));
        assert_eq!((why.reason.as_str(), why.field.as_str()), ("CHOICE_UNKNOWN", field));
    }
    for (parent, code, reason) in [
        ("x".to_owned(), invalid, "NAME_MALFORMED"),
        (format!("{lkm}/savings-shares/januari"), Code::NotFound, "NOT_FOUND"),
    ] {
        let list = ListSavingsSharePartsRequest { parent, ..Default::default() };
        let status = town.products().list_savings_share_parts(list).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.code, why.reason.as_str(), why.field.as_str()), (code, reason, "parent"));
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
