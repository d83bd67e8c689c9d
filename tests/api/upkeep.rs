//! Tools that wear off, animals given to keep and counted, through the public API.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::on_both;
use crate::town::{A, Server, Town, cash, date, idr, on, sen, units, why};

on_both!(a_mill_wears_off_and_goats_are_kept_and_counted);

fn new_lot(lot_id: &str, kind: LotKind, quantity: &str, rupiah: i64) -> NewLot {
    NewLot {
        lot_id: lot_id.to_owned(),
        kind: kind as i32,
        label: format!("{lot_id} (contoh)"),
        unit: "buah".to_owned(),
        quantity: units(quantity),
        cost: idr(rupiah),
    }
}

async fn a_mill_wears_off_and_goats_are_kept_and_counted(server: &Server) {
    let town = Town::found(server).await;
    let purchase = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 10),
        fund: Fund::Uep as i32,
        items: vec![
            new_lot("giling", LotKind::Tools, "1", 1_200_000),
            new_lot("kambing", LotKind::Livestock, "4", 2_000_000),
        ],
        payment: cash().map(purchase_request::Payment::PaidFrom),
        ..PurchaseRequest::default()
    };
    town.trade().purchase(purchase).await.expect("bought");

    let mill = format!("{A}/lots/giling");
    let life = SetToolLifeRequest {
        lot: mill.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 10),
        fund: Fund::Uep as i32,
        months: 12,
        in_use_since: date(2025, 1, 10),
    };
    let endless = SetToolLifeRequest { months: 601, ..life.clone() };
    let status = town.upkeep().set_tool_life(endless).await.expect_err("too long");
    assert_eq!(why(&status).field, "months");
    town.upkeep().set_tool_life(life).await.expect("decided");
    let wear = DepreciateToolRequest {
        lot: mill.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 10),
        fund: Fund::Uep as i32,
        amount: None,
    };
    town.upkeep().depreciate_tool(wear).await.expect("worn");
    assert_eq!(town.held("a.uep.5207").await, 30_000_000);
    let request = GetLotRequest { name: mill };
    let lot = town.trade().get_lot(request).await.expect("found").into_inner().lot.expect("set");
    assert_eq!((lot.life_months, lot.in_use_since), (12, date(2025, 1, 10)));

    let goats = format!("{A}/lots/kambing");
    let give = GiveLivestockRequest {
        lot: goats.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        keeping_id: "g1".to_owned(),
        keeper: format!("{A}/members/m04"),
        heads: 3,
        share_percent: units("50"),
    };
    town.upkeep().give_livestock(give.clone()).await.expect("given");
    let more = GiveLivestockRequest {
        request_id: fresh_request_id(),
        keeping_id: "g2".to_owned(),
        heads: 2,
        ..give
    };
    let status = town.upkeep().give_livestock(more).await.expect_err("too many");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("KEEPING_EXCEEDED", "heads"));
    let back = TakeLivestockBackRequest {
        keeping: format!("{A}/keepings/g1"),
        request_id: fresh_request_id(),
        details: on(2025, 6, 1),
        heads: 1,
    };
    town.upkeep().take_livestock_back(back).await.expect("given back");
    let request = ListKeepingsRequest { parent: A.to_owned(), ..ListKeepingsRequest::default() };
    let listed = town.upkeep().list_keepings(request).await.expect("listed").into_inner().keepings;
    assert_eq!((listed.len(), listed[0].heads, listed[0].until), (1, 2, None));
    assert_eq!(listed[0].share_percent, units("50"));

    let count = CountLivestockRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 2),
        counts: vec![HeadCount { lot: goats, heads: 3 }],
    };
    let counted = town.upkeep().count_livestock(count).await.expect("counted").into_inner();
    let counted = counted.transaction.expect("set");
    assert_eq!(counted.warnings[0].reason, "HEADS_MISMATCH");
    assert!(counted.warnings[0].text.contains("3 heads counted, the book says 4"));
    assert_eq!(counted.entries, []);
    let lost = town.total("groups/a", Fund::Uep, 1302).await;
    assert_eq!(lost, sen(&idr(2_000_000)), "a count moves nothing");
}
