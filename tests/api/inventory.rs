//! The inventory book as of any day, as known at any journal position, with who keeps the animals.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::on_both;
use crate::town::{A, BOOK, Server, Town, cash, date, idr, on, sen, units, why};

on_both!(the_inventory_is_told_as_of_any_day_as_known_at_any_position);

/// Thousands of rupiah in sen.
const THOUSAND: i64 = 100_000;

async fn buy_eight_pigs(town: &Town) {
    let pigs = NewLot {
        lot_id: "babi".to_owned(),
        kind: LotKind::Livestock as i32,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units("8"),
        cost: idr(8_000_000),
    };
    let request = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        fund: Fund::Uep as i32,
        items: vec![pigs],
        payment: Some(purchase_request::Payment::PaidFrom(cash().expect("set"))),
        ..PurchaseRequest::default()
    };
    town.trade().purchase(request).await.expect("bought");
}

async fn give(town: &Town, keeping: &str, keeper: &str, heads: i64) {
    let request = GiveLivestockRequest {
        lot: format!("{A}/lots/babi"),
        request_id: fresh_request_id(),
        details: on(2025, 2, 5),
        keeping_id: keeping.to_owned(),
        keeper: format!("{A}/members/{keeper}"),
        heads,
        share_percent: None,
    };
    town.upkeep().give_livestock(request).await.expect("given");
}

async fn sell_two(town: &Town) {
    let request = SellRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        fund: Fund::Uep as i32,
        price: idr(3_000_000),
        proceeds: Some(sell_request::Proceeds::PaidTo(cash().expect("set"))),
        lot: format!("{A}/lots/babi"),
        quantity: units("2"),
    };
    town.trade().sell(request).await.expect("sold");
}

fn asked(as_of: (i32, i32, i32), as_known_at: u64) -> ListInventoryRequest {
    ListInventoryRequest {
        entity: A.to_owned(),
        as_of: date(as_of.0, as_of.1, as_of.2),
        as_known_at,
        ..ListInventoryRequest::default()
    }
}

/// Heads, thousands of rupiah they cost, and who keeps how many; the cost is what the account says.
async fn pigs(town: &Town, request: ListInventoryRequest) -> Option<(String, i64, Vec<String>)> {
    let answer = town.reports().list_inventory(request.clone()).await.expect("listed");
    let line = answer.into_inner().lines.pop()?;
    let ask = GetBalanceRequest {
        account: line.account.clone(),
        as_of: request.as_of,
        as_known_at: request.as_known_at,
    };
    let answer = town.ledger().get_balance(ask).await.expect("a balance").into_inner();
    let balance = answer.balance.expect("set").balance;
    assert_eq!(sen(&line.cost), sen(&balance), "{request:?}");
    let keeper = |one: &LotKeeper| {
        let member = one.member.strip_prefix(&format!("{A}/members/")).expect("a member");
        format!("{member} {}", one.heads)
    };
    let keepers = line.keepers.iter().map(keeper).collect();
    Some((line.quantity.expect("set").value, sen(&line.cost) / THOUSAND, keepers))
}

/// How many pigs had died, and had been stolen.
async fn gone(town: &Town, request: ListInventoryRequest) -> (String, String) {
    let answer = town.reports().list_inventory(request).await.expect("listed").into_inner();
    let line = answer.lines.last().expect("a line").clone();
    (line.died.expect("set").value, line.stolen.expect("set").value)
}

async fn the_inventory_is_told_as_of_any_day_as_known_at_any_position(server: &Server) {
    let town = Town::found(server).await;
    buy_eight_pigs(&town).await;
    give(&town, "satu", "m02", 3).await;
    give(&town, "dua", "m03", 2).await;
    sell_two(&town).await;
    let back = TakeLivestockBackRequest {
        keeping: format!("{A}/keepings/satu"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 10),
        heads: 1,
    };
    town.upkeep().take_livestock_back(back).await.expect("back");
    let before_the_death_was_told = town.position().await;
    let death = RecordLossRequest {
        lot: format!("{A}/lots/babi"),
        request_id: fresh_request_id(),
        details: on(2025, 2, 10),
        fund: Fund::Uep as i32,
        heads: 1,
        cause: LossCause::Died as i32,
    };
    let death = town.trade().record_loss(death).await.expect("told late").into_inner();

    let line = |heads: &str, cost, keepers: &[&str]| {
        let keepers = keepers.iter().map(ToString::to_string).collect::<Vec<_>>();
        Some((heads.to_owned(), cost, keepers))
    };
    let then = before_the_death_was_told;
    assert_eq!(pigs(&town, asked((2025, 1, 31), 0)).await, None, "nobody had any yet");
    assert_eq!(pigs(&town, asked((2025, 2, 1), 0)).await, line("8", 8_000, &[]));
    let both = ["m02 3", "m03 2"];
    assert_eq!(pigs(&town, asked((2025, 2, 15), 0)).await, line("7", 7_000, &both));
    assert_eq!(pigs(&town, asked((2025, 2, 15), then)).await, line("8", 8_000, &both));
    let since = ["m02 2", "m03 2"];
    assert_eq!(pigs(&town, asked((2025, 3, 31), 0)).await, line("5", 5_000, &since));
    assert_eq!(pigs(&town, asked((2025, 3, 31), then)).await, line("6", 6_000, &since));
    let now = ListInventoryRequest { entity: A.to_owned(), ..ListInventoryRequest::default() };
    assert_eq!(pigs(&town, now.clone()).await, line("5", 5_000, &since));
    let first = ListInventoryRequest { as_known_at: 1, ..now.clone() };
    assert_eq!(pigs(&town, first).await, None, "the journal did not know the lot");
    assert_eq!(gone(&town, asked((2025, 2, 15), 0)).await, ("1".to_owned(), "0".to_owned()));
    assert_eq!(gone(&town, asked((2025, 2, 15), then)).await, ("0".to_owned(), "0".to_owned()));
    // What is taken back is back from the day of its reversal on.
    let reverse = ReverseTransactionRequest {
        transaction: death.transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 3, 20),
        line: 0,
    };
    town.journal().reverse_transaction(reverse).await.expect("taken back");
    assert_eq!(pigs(&town, asked((2025, 3, 19), 0)).await, line("5", 5_000, &since));
    assert_eq!(pigs(&town, asked((2025, 3, 20), 0)).await, line("6", 6_000, &since));

    assert_eq!(gone(&town, asked((2025, 3, 20), 0)).await, ("0".to_owned(), "0".to_owned()));

    // Stolen animals are told from dead ones; a cause nobody knows is refused.
    let steal = |cause| RecordLossRequest {
        lot: format!("{A}/lots/babi"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 21),
        fund: Fund::Uep as i32,
        heads: 2,
        cause,
    };
    let stolen = LossCause::Stolen as i32;
    let told = town.trade().record_loss(steal(stolen)).await.expect("told").into_inner();
    let theft = told.transaction.expect("set");
    let seen = town.get(&theft.name).await.expect("found");
    assert_eq!(seen.lots, theft.lots);
    let of = |lot: &LotChange| {
        (lot.lot.clone(), lot.quantity.clone(), sen(&lot.cost) / THOUSAND, lot.cause())
    };
    let all: Vec<_> = seen.lots.iter().map(of).collect();
    assert_eq!(all, [(format!("{A}/lots/babi"), units("-2"), -2_000, LossCause::Stolen)]);
    town.trade().record_loss(steal(0)).await.expect("nobody said why");
    let both = ("0".to_owned(), "2".to_owned());
    assert_eq!(gone(&town, asked((2025, 3, 31), 0)).await, both);
    assert_eq!(gone(&town, now.clone()).await, both);
    let get = GetLotRequest { name: format!("{A}/lots/babi") };
    let lot = town.trade().get_lot(get).await.expect("a lot").into_inner().lot.expect("set");
    assert_eq!((lot.died, lot.stolen), (units("0"), units("2")));
    let status = town.trade().record_loss(steal(9)).await.expect_err("no such cause");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("CHOICE_UNKNOWN", "cause"));

    let beyond = ListInventoryRequest { as_known_at: 1 << 40, ..now.clone() };
    let status = town.reports().list_inventory(beyond).await.expect_err("not yet");
    let said = why(&status);
    assert_eq!((said.code, said.reason.as_str()), (Code::OutOfRange, "POSITION_UNKNOWN"));
    let nowhere = ListInventoryRequest { entity: format!("{BOOK}/groups/b"), ..now };
    let status = town.reports().list_inventory(nowhere).await.expect_err("no such group");
    assert_eq!(why(&status).reason, "NOT_FOUND");
}
