//! Groups that sleep, wake, move to another LKM's book with all they have, or are dissolved.

use std::collections::BTreeMap;

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::on_both;
use crate::town::{
    A, BOOK, Server, Town, cash, date, deposit, idr, on, place, sen, signed, units, why,
};

on_both!(
    a_group_moves_with_all_it_has,
    a_move_refused_over_there_is_listed_and_taken_back,
    a_sleeping_group_asks_for_no_money,
    a_group_is_dissolved_and_grant_capital_never_reaches_members,
);

const THOUSAND: i64 = 100_000;
/// Where group a is then.
pub const THERE: &str = "books/soe/groups/a-soe";

/// The book of another LKM.
pub async fn other_book(town: &Town, opened_on: (i32, i32, i32)) {
    let request = CreateBookRequest {
        book_id: "soe".to_owned(),
        request_id: fresh_request_id(),
        display_name: "Buku Soe (contoh)".to_owned(),
        lkm_name: "LKM Soe (contoh)".to_owned(),
        regime: Regime::LkmOjk as i32,
        zone: Zone::Wita as i32,
        opened_on: date(opened_on.0, opened_on.1, opened_on.2),
    };
    town.books().create_book(request).await.expect("a book");
}

/// Group a with a grant of 10.000 in its bank account, of which 6.000 are owed onward.
pub async fn granted(server: &Server) -> Town {
    let town = Town::found(server).await;
    receive(&town).await;
    town
}

/// Receives that grant, and decides on it.
pub async fn receive(town: &Town) {
    let grant = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 6),
        grant_id: "apbn".to_owned(),
        programme: "APBN (contoh)".to_owned(),
        source: BudgetSource::Apbn as i32,
        channel: Some(receive_grant_request::Channel::Bank(idr(10_000_000).unwrap())),
        ..ReceiveGrantRequest::default()
    };
    town.grants().receive_grant(grant).await.expect("received");
    decide(town, &format!("{A}/grants/apbn"), 6_000_000).await;
}

/// Decides to pass so much of a grant on.
pub async fn decide(town: &Town, grant: &str, rupiah: i64) {
    let decide = DecideGuliranRequest {
        grant: grant.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        amount: idr(rupiah),
        due_on: date(2025, 12, 31),
    };
    town.guliran().decide_guliran(decide).await.expect("decided");
}

/// Passes so much on to a group of the same book.
pub async fn deliver(
    town: &Town,
    grant: &str,
    pass: &str,
    receiver: &str,
    rupiah: i64,
    month: i32,
) {
    let (group, grant_id) = (receiver.to_owned(), format!("dari-{pass}"));
    let request = DeliverGuliranRequest {
        grant: grant.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, month, 1),
        pass_id: pass.to_owned(),
        receiver: Some(deliver_guliran_request::Receiver::ToGroup(ReceivingGroup {
            group,
            grant_id,
        })),
        channel: PassChannel::Bank as i32,
        cash: idr(rupiah),
        ..DeliverGuliranRequest::default()
    };
    town.guliran().deliver_guliran(request).await.expect("delivered");
}

/// A move of group a to the other book in June.
pub fn move_to(day: i32) -> MoveGroupRequest {
    MoveGroupRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 6, day),
        minute: "BA-12/contoh".to_owned(),
        to_book: "books/soe".to_owned(),
        new_group_id: "a-soe".to_owned(),
    }
}

/// Totals by fund and code at the end of a day, debit positive, in thousands.
pub async fn totals(town: &Town, scope: &str, day: (i32, i32, i32)) -> BTreeMap<(i32, u32), i64> {
    let request = GetTrialBalanceRequest {
        scope: scope.to_owned(),
        as_of: date(day.0, day.1, day.2),
        ..GetTrialBalanceRequest::default()
    };
    let rows = town.ledger().get_trial_balance(request).await.expect("totals").into_inner().rows;
    let figure = |row: &TrialBalanceRow| ((row.fund, row.code), signed(row) / THOUSAND);
    rows.iter().map(figure).filter(|(_, total)| *total != 0).collect()
}

async fn lineage(town: &Town, grant: &str) -> (Vec<(String, u32, i64)>, [i64; 5]) {
    let request = GetLineageRequest { grant: grant.to_owned() };
    let tree = town.guliran().get_lineage(request).await.expect("a tree").into_inner();
    let node =
        |node: &LineageNode| (node.grant.clone(), node.generation, sen(&node.held) / THOUSAND);
    let sums = [&tree.original, &tree.held, &tree.owed, &tree.in_transit, &tree.unexplained];
    (tree.nodes.iter().map(node).collect(), sums.map(|money| sen(money) / THOUSAND))
}

fn at_lkm(rupiah: i64, day: i32) -> DepositAtLkmRequest {
    DepositAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 5, day),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(rupiah),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    }
}

fn from_lkm(rupiah: i64, day: i32) -> WithdrawAtLkmRequest {
    let at_lkm = at_lkm(rupiah, day);
    WithdrawAtLkmRequest {
        group: at_lkm.group,
        request_id: at_lkm.request_id,
        details: at_lkm.details,
        fund: at_lkm.fund,
        amount: at_lkm.amount,
        kube_place: at_lkm.kube_place,
        lkm_place: at_lkm.lkm_place,
    }
}

async fn a_group_moves_with_all_it_has(server: &Server) {
    let town = granted(server).await;
    town.found_group("b").await;
    other_book(&town, (2025, 1, 1)).await;
    let grant = format!("{A}/grants/apbn");
    deliver(&town, &grant, "ke-b", &format!("{BOOK}/groups/b"), 2_000_000, 3).await;
    let pigs = NewLot {
        lot_id: "babi".to_owned(),
        kind: LotKind::Livestock as i32,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units("8"),
        cost: idr(4_000_000),
    };
    let purchase = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        fund: Fund::Uep as i32,
        items: vec![pigs],
        payment: Some(purchase_request::Payment::PaidFrom(place(PlaceKind::Bank).unwrap())),
        ..PurchaseRequest::default()
    };
    town.trade().purchase(purchase).await.expect("bought");
    town.deposit("m01", 50_000).await;
    town.savings().deposit_at_lkm(at_lkm(30_000, 2)).await.expect("saved");

    let status = town.lifecycle().move_group(move_to(1)).await.expect_err("savings at the LKM");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("NOT_SETTLED", "group"));
    assert_eq!(said.text, "Savings at the LKM (a, sp) still holds Rp30.000; settle it first.");
    let same = MoveGroupRequest { to_book: BOOK.to_owned(), ..move_to(1) };
    let status = town.lifecycle().move_group(same).await.expect_err("the same book");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("SAME_BOOK", "to_book")
    );
    let nowhere = MoveGroupRequest { to_book: "books/rote".to_owned(), ..move_to(1) };
    let status = town.lifecycle().move_group(nowhere).await.expect_err("no such book");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("NOT_FOUND", "to_book")
    );
    town.savings().withdraw_at_lkm(from_lkm(30_000, 20)).await.expect("drawn");

    let before = totals(&town, A, (2025, 5, 31)).await;
    let request = move_to(1);
    let moved = town.lifecycle().move_group(request.clone()).await.expect("moved").into_inner();
    let way = moved.r#move.clone().expect("set");
    assert_eq!((way.state(), way.to.as_str()), (MoveState::Arrived, THERE));
    let again = town.lifecycle().move_group(request).await.expect("the same again").into_inner();
    assert_eq!(again, moved);

    // The old book still answers for its time, and the new one holds the same, to the sen.
    assert_eq!(totals(&town, A, (2025, 5, 31)).await, before);
    assert_eq!(totals(&town, A, (2025, 6, 1)).await, BTreeMap::new());
    assert_eq!(totals(&town, THERE, (2025, 6, 1)).await, before);
    assert_eq!(before[&(Fund::Uep as i32, 1302)], 4_000);
    let old = town.groups().get_group(GetGroupRequest { name: A.to_owned() }).await.expect("old");
    let old = old.into_inner().group.expect("set");
    assert_eq!(old.standings[0].standing(), Standing::Moved);
    assert_eq!((old.standings[0].moved_to.as_str(), old.links[0].until), (THERE, date(2025, 6, 1)));
    let new =
        town.groups().get_group(GetGroupRequest { name: THERE.to_owned() }).await.expect("new");
    let new = new.into_inner().group.expect("set");
    assert_eq!((new.came_from.as_str(), new.links[0].since), (A, date(2025, 6, 1)));
    let parent = THERE.to_owned();
    let list = ListMembersRequest { parent, ..ListMembersRequest::default() };
    let members = town.members().list_members(list).await.expect("listed").into_inner().members;
    assert_eq!((members.len(), members[0].display_name.as_str()), (10, "Anggota m01 (contoh)"));
    let lot = GetLotRequest { name: format!("{THERE}/lots/babi") };
    let lot = town.trade().get_lot(lot).await.expect("a lot").into_inner().lot.expect("set");
    assert_eq!((lot.quantity, sen(&lot.cost)), (units("8"), 4_000 * THOUSAND));

    // The tree of the grant goes through the move without another generation.
    let there = format!("{THERE}/grants/apbn");
    let held = vec![
        (grant.clone(), 1, 0),
        (format!("{BOOK}/groups/b/grants/dari-ke-b"), 2, 2_000),
        (there.clone(), 1, 8_000),
    ];
    let sums = [10_000, 10_000, 4_000, 0, 0];
    assert_eq!(lineage(&town, &grant).await, (held.clone(), sums));
    assert_eq!(lineage(&town, &there).await, (held, sums));
    let list = ListGrantsRequest { parent: THERE.to_owned(), ..Default::default() };
    let listed = town.grants().list_grants(list).await.expect("listed").into_inner().grants;
    assert_eq!((listed[0].generation, listed[0].moved_from.as_str()), (1, grant.as_str()));
    // What is owed onward is passed on in the new book.
    let request = CreateGroupRequest {
        parent: "books/soe".to_owned(),
        request_id: fresh_request_id(),
        group_id: "x".to_owned(),
        display_name: "KUBE x (contoh)".to_owned(),
        member_count: 8,
        ..CreateGroupRequest::default()
    };
    town.groups().create_group(request).await.expect("a group");
    deliver(&town, &there, "ke-x", "books/soe/groups/x", 1_500_000, 7).await;
    let (nodes, sums) = lineage(&town, "books/soe/groups/x/grants/dari-ke-x").await;
    assert_eq!(sums, [10_000, 10_000, 2_500, 0, 0]);
    assert_eq!(nodes[0].0, grant);
    assert_eq!(nodes[3], ("books/soe/groups/x/grants/dari-ke-x".to_owned(), 2, 1_500));

    // The old book is asked nothing more of it; what is told of it waits in suspense.
    let status = town.savings().withdraw_at_lkm(from_lkm(1_000, 31)).await.expect_err("gone");
    assert_eq!(why(&status).reason, "GROUP_MOVED");
    let late = town.savings().deposit(deposit("m01", 7_000)).await.expect("recorded").into_inner();
    let warnings = late.transaction.expect("set").warnings;
    assert_eq!(warnings[0].reason, "IN_SUSPENSE");
    assert_eq!(town.total("groups/a", Fund::SimpanPinjam, 2901).await, 7 * THOUSAND);
}

async fn a_move_refused_over_there_is_listed_and_taken_back(server: &Server) {
    let town = granted(server).await;
    other_book(&town, (2025, 8, 1)).await;
    let before = totals(&town, A, (2025, 5, 31)).await;
    let moved = town.lifecycle().move_group(move_to(1)).await.expect("left").into_inner();
    let list = ListMovesRequest { parent: BOOK.to_owned(), ..ListMovesRequest::default() };
    let moves = town.lifecycle().list_moves(list).await.expect("listed").into_inner().moves;
    assert_eq!(moves, [moved.r#move.expect("set")]);
    assert_eq!(
        (moves[0].state(), moves[0].broken.as_str()),
        (MoveState::Refused, "DATE_BEFORE_BOOK")
    );
    let (_, sums) = lineage(&town, &format!("{A}/grants/apbn")).await;
    assert_eq!(sums, [10_000, 0, 0, 10_000, 0], "it is on its way");
    let reverse = ReverseTransactionRequest {
        transaction: moved.transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 6, 2),
        line: 0,
    };
    town.journal().reverse_transaction(reverse).await.expect("taken back");
    assert_eq!(totals(&town, A, (2025, 6, 2)).await, before);
    let (_, sums) = lineage(&town, &format!("{A}/grants/apbn")).await;
    assert_eq!(sums, [10_000, 10_000, 6_000, 0, 0]);
    town.deposit("m01", 1_000).await;
}

async fn a_sleeping_group_asks_for_no_money(server: &Server) {
    let town = Town::found(server).await;
    town.savings().deposit_at_lkm(at_lkm(50_000, 1)).await.expect("saved");
    let change = |standing: Standing, day| ChangeStandingRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        standing: standing as i32,
        since: date(2025, 5, day),
        minute: "BA-4/contoh".to_owned(),
    };
    let asleep = town.lifecycle().change_standing(change(Standing::Asleep, 2)).await;
    let group = asleep.expect("asleep").into_inner().group.expect("set");
    assert_eq!(group.standings[0].standing(), Standing::Asleep);
    let status = town.lifecycle().change_standing(change(Standing::Moved, 3)).await;
    assert_eq!(why(&status.expect_err("no such change")).field, "standing");
    let no_minute = ChangeStandingRequest { minute: String::new(), ..change(Standing::Active, 3) };
    let status = town.lifecycle().change_standing(no_minute).await.expect_err("by minute");
    assert_eq!(why(&status).field, "minute");

    let status = town.savings().withdraw_at_lkm(from_lkm(10_000, 3)).await.expect_err("asleep");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("GROUP_ASLEEP", "group"));
    assert!(said.text.contains("2 May 2025"), "{}", said.text);
    town.deposit("m01", 5_000).await;
    town.savings().deposit_at_lkm(at_lkm(5_000, 3)).await.expect("money in is welcome");
    town.lifecycle().change_standing(change(Standing::Active, 4)).await.expect("awake");
    town.savings().withdraw_at_lkm(from_lkm(10_000, 4)).await.expect("drawn");
}

async fn a_group_is_dissolved_and_grant_capital_never_reaches_members(server: &Server) {
    let town = granted(server).await;
    town.deposit("m01", 50_000).await;
    let dues = ReceiveDuesRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        payer: Some(receive_dues_request::Payer::Member(format!("{A}/members/m02"))),
        amount: idr(20_000),
        place: cash(),
        for_day: None,
    };
    town.iks().receive_dues(dues).await.expect("paid");
    let share = |member: &str, rupiah| Share {
        heir: Some(share::Heir::Member(format!("{A}/members/{member}"))),
        amount: idr(rupiah),
    };
    let dissolve = || DissolveGroupRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 9, 1),
        minute: "BA-99/contoh".to_owned(),
        place: cash(),
        shares: vec![share("m01", 12_000), share("m02", 8_000)],
    };
    let status = town.lifecycle().dissolve_group(dissolve()).await.expect_err("capital is held");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("GRANT_ASSETS_HELD", "group"));
    assert!(said.text.contains("Rp10.000.000") && said.text.contains("apbn"), "{}", said.text);

    // The whole grant goes onward and back: 6.000 to another group, 4.000 to its giver.
    town.found_group("b").await;
    let grant = format!("{A}/grants/apbn");
    deliver(&town, &grant, "ke-b", &format!("{BOOK}/groups/b"), 6_000_000, 8).await;
    let back = ReturnGrantRequest {
        grant,
        request_id: fresh_request_id(),
        details: on(2025, 8, 2),
        amount: idr(4_000_000),
        place: place(PlaceKind::Bank),
    };
    town.grants().return_grant(back).await.expect("returned");
    let wrong = DissolveGroupRequest { shares: vec![share("m01", 12_000)], ..dissolve() };
    let status = town.lifecycle().dissolve_group(wrong).await.expect_err("too little is shared");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("SHARES_DIFFER", "shares"));
    let mut stranger = dissolve();
    stranger.shares[1] = share("m99", 8_000);
    let status = town.lifecycle().dissolve_group(stranger).await.expect_err("nobody");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("NOT_FOUND", "shares[1].member")
    );

    let request = dissolve();
    let gone = town.lifecycle().dissolve_group(request.clone()).await.expect("gone").into_inner();
    let again = town.lifecycle().dissolve_group(request).await.expect("the same").into_inner();
    assert_eq!(gone, again);
    let group = gone.group.expect("set");
    assert_eq!(group.standings[0].standing(), Standing::Dissolved);
    assert_eq!(totals(&town, A, (2025, 9, 1)).await, BTreeMap::new());
    assert_eq!(totals(&town, A, (2025, 8, 31)).await[&(Fund::SimpanPinjam as i32, 2103)], -50);
    let status = town.savings().withdraw_at_lkm(from_lkm(1_000, 31)).await.expect_err("gone");
    assert_eq!(why(&status).reason, "GROUP_DISSOLVED");
    let late = town.savings().deposit(deposit("m01", 7_000)).await.expect("recorded").into_inner();
    assert_eq!(late.transaction.expect("set").warnings[0].reason, "IN_SUSPENSE");
}
