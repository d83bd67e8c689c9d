//! Arisan, shares of a sale and divided grant money through the API.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::on_both;
use crate::town::{A, Server, Town, cash, idr, on, sen, units, why};

on_both!(a_round_is_paid_in_drawn_and_shown, the_business_shares_with_its_members);

/// Thousands of rupiah in sen.
const THOUSAND: i64 = 100_000;

fn payments(paid: &[(&str, i64)]) -> Vec<ArisanPayment> {
    let payment = |(member, rupiah): &(&str, i64)| ArisanPayment {
        member_id: (*member).to_owned(),
        amount: idr(*rupiah),
    };
    paid.iter().map(payment).collect()
}

async fn a_round_is_paid_in_drawn_and_shown(server: &Server) {
    let town = Town::found(server).await;
    let name = format!("{A}/arisans/r1");
    let open = OpenArisanRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        arisan_id: "r1".to_owned(),
        label: "Arisan 2025 (contoh)".to_owned(),
        contribution: idr(10_000),
        member_ids: vec!["m01".to_owned(), "m02".to_owned()],
        opened_on: None,
    };
    let opened = town.arisan().open_arisan(open.clone()).await.expect("opened").into_inner();
    assert_eq!(opened.arisan.as_ref().expect("set").members.len(), 2);
    let pay = PayIntoArisanRequest {
        arisan: name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        payments: payments(&[("m01", 10_000), ("m02", 10_000)]),
        place: cash(),
    };
    town.arisan().pay_into_arisan(pay.clone()).await.expect("paid");
    let draw = PayOutArisanRequest {
        arisan: name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        member_id: "m02".to_owned(),
        amount: idr(15_000),
        place: cash(),
    };
    town.arisan().pay_out_arisan(draw.clone()).await.expect("drawn");
    let ask = GetArisanRequest { name: name.clone() };
    let shown = town.arisan().get_arisan(ask).await.expect("shown").into_inner();
    let round = shown.arisan.expect("set");
    assert_eq!(sen(&round.held), 5 * THOUSAND);
    let parts: Vec<_> = round
        .members
        .iter()
        .map(|part| (sen(&part.paid) / THOUSAND, sen(&part.received) / THOUSAND))
        .collect();
    assert_eq!(parts, [(10, 0), (10, 15)]);
    let list = ListArisansRequest { parent: A.to_owned(), ..Default::default() };
    let listed = town.arisan().list_arisans(list).await.expect("listed").into_inner().arisans;
    assert_eq!((listed.len(), listed[0].members.len()), (1, 0));
    assert_eq!([&round.label, &listed[0].label], ["Arisan 2025 (contoh)"; 2]);
    let again = town.arisan().open_arisan(open.clone()).await.expect("again").into_inner();
    assert_eq!(again.arisan.expect("set").label, round.label);
    let other = OpenArisanRequest { label: "Arisan lain (contoh)".to_owned(), ..open.clone() };
    let status = town.arisan().open_arisan(other).await.expect_err("another request");
    assert_eq!(why(&status).reason, "REQUEST_ID_REUSED");
    let nameless =
        OpenArisanRequest { request_id: fresh_request_id(), label: String::new(), ..open.clone() };
    let status = town.arisan().open_arisan(nameless).await.expect_err("no name");
    assert_eq!((why(&status).reason.as_str(), why(&status).field.as_str()), ("REQUIRED", "label"));

    let more = PayOutArisanRequest { request_id: fresh_request_id(), amount: idr(9_000), ..draw };
    let beyond = town.arisan().pay_out_arisan(more).await.expect("a report").into_inner();
    let reasons: Vec<_> =
        beyond.transaction.expect("set").warnings.into_iter().map(|w| w.reason).collect();
    assert_eq!(reasons[..2], ["ARISAN_DRAWN_BEFORE", "IN_SUSPENSE"]);
    let empty = PayIntoArisanRequest { payments: Vec::new(), ..pay.clone() };
    let status = town.arisan().pay_into_arisan(empty).await.expect_err("nobody");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("REQUIRED", "payments")
    );
    let odd = PayIntoArisanRequest { payments: payments(&[("m01", 1), ("M 2", 1)]), ..pay };
    let status = town.arisan().pay_into_arisan(odd).await.expect_err("no id");
    assert_eq!(why(&status).field, "payments[1].member_id");
    let again = OpenArisanRequest { request_id: fresh_request_id(), ..open };
    let status = town.arisan().open_arisan(again).await.expect_err("taken");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("ALREADY_EXISTS", "arisan_id")
    );
    let ask = GetArisanRequest { name: format!("{A}/arisans/r9") };
    let status = town.arisan().get_arisan(ask).await.expect_err("unknown");
    assert_eq!(why(&status).field, "name");
}

fn parts(divided: &[(&str, i64)]) -> Vec<MemberPart> {
    let part = |(member, rupiah): &(&str, i64)| MemberPart {
        member_id: (*member).to_owned(),
        amount: idr(*rupiah),
    };
    divided.iter().map(part).collect()
}

async fn the_business_shares_with_its_members(server: &Server) {
    let town = Town::found(server).await;
    let divide = DivideCapitalRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        parts: parts(&[("m01", 100_000), ("m02", 50_000)]),
        place: cash(),
        grant: String::new(),
    };
    town.sharing().divide_capital(divide.clone()).await.expect("divided");
    let back = ReturnCapitalRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 1),
        parts: parts(&[("m01", 100_000)]),
        place: cash(),
        grant: String::new(),
    };
    town.sharing().return_capital(back).await.expect("given back");
    assert_eq!(town.held("a.uep.1205.m01").await, 0);
    assert_eq!(town.held("a.uep.1205.m02").await, 50 * THOUSAND);
    let share = ShareProceedsRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 2),
        parts: parts(&[("m03", 30_000), ("m04", 30_000)]),
        place: cash(),
    };
    let shared = town.sharing().share_proceeds(share).await.expect("shared").into_inner();
    let entries = shared.transaction.expect("set").entries;
    assert_eq!(entries[3].party, format!("{A}/members/m04"));
    assert_eq!(town.held("a.uep.5211").await, 60 * THOUSAND);
    let rice = PayInKindRequest {
        member: format!("{A}/members/m03"),
        request_id: fresh_request_id(),
        details: on(2025, 6, 3),
        lot: format!("{A}/lots/beras"),
        quantity: units("2.5"),
        cost: ExpenseKind::Wages as i32,
    };
    let unknown = town.sharing().pay_in_kind(rice.clone()).await.expect("a report").into_inner();
    let told = unknown.transaction.expect("set");
    assert_eq!((told.entries.len(), told.warnings[0].reason.as_str()), (0, "NOT_FOUND"));
    let elsewhere = PayInKindRequest { lot: "books/kupang/lkm/lots/beras".to_owned(), ..rice };
    let status = town.sharing().pay_in_kind(elsewhere).await.expect_err("another's lot");
    assert_eq!(why(&status).reason, "WRONG_PARENT");
    let grant = format!("{A}/members/m01");
    let odd = DivideCapitalRequest { grant, ..divide };
    let status = town.sharing().divide_capital(odd).await.expect_err("no grant");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("NAME_MALFORMED", "grant")
    );
}
