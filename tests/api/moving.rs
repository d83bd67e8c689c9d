//! What keeps a group from moving as a whole, what stays readable where it was, and what goes on
//! where it came.

use std::collections::BTreeMap;

use simpul::api::v1::deliver_guliran_request::Receiver;
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::days::{close, close_book};
use crate::lifecycle::{THERE, decide, deliver, granted, move_to, other_book, totals};
use crate::loans;
use crate::on_both;
use crate::town::{
    A, BOOK, LKM, Server, Town, cash, date, deposit, enrol, idr, on, place, sen, units, why,
};

on_both!(
    a_group_whose_passes_are_on_their_way_stays_until_they_arrive,
    what_reaches_a_group_that_has_moved_goes_back_and_follows_it,
    aid_does_not_come_back_to_a_group_by_its_new_name,
    what_is_told_of_a_group_that_is_gone_waits_and_is_taken_back,
    a_group_larger_than_a_record_moves_in_parts,
    loans_to_members_go_on_where_their_group_came,
    what_is_sealed_and_what_is_blocked_come_along,
    a_group_joins_an_lkm_and_leaves_it_again,
    savings_lose_no_interest_by_a_move,
    savings_sleep_on_where_their_group_came,
    a_group_stays_until_its_profit_share_is_paid,
    the_past_stays_readable_where_it_was_and_rules_go_on_where_it_came,
);

const THOUSAND: i64 = 100_000;

pub async fn pass_on(town: &Town, grant: &str, pass: &str, to: &str) -> Transaction {
    let request = DeliverGuliranRequest {
        grant: grant.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        pass_id: pass.to_owned(),
        receiver: Some(Receiver::ToOtherBook(to.to_owned())),
        channel: PassChannel::Bank as i32,
        cash: idr(1_000_000),
        ..DeliverGuliranRequest::default()
    };
    let sent = town.guliran().deliver_guliran(request).await.expect("sent").into_inner();
    sent.transaction.expect("set")
}

async fn take_back(town: &Town, transaction: Transaction) {
    take_back_on(town, transaction, (5, 2)).await;
}

async fn take_back_on(town: &Town, transaction: Transaction, day: (i32, i32)) {
    let request = ReverseTransactionRequest {
        transaction: transaction.name,
        request_id: fresh_request_id(),
        details: on(2025, day.0, day.1),
        line: 0,
    };
    town.journal().reverse_transaction(request).await.expect("taken back");
}

async fn a_group_whose_passes_are_on_their_way_stays_until_they_arrive(server: &Server) {
    let town = granted(server).await;
    other_book(&town, (2025, 1, 1)).await;
    let grant = format!("{A}/grants/apbn");
    // One book is not here yet, the other has no such group.
    pass_on(&town, &grant, "ke-rote", "books/rote/groups/x").await;
    let lost = pass_on(&town, &grant, "ke-tiada", "books/soe/groups/tiada").await;
    let before = totals(&town, A, (2025, 6, 1)).await;
    let status = town.lifecycle().move_group(move_to(1)).await.expect_err("on their way");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("TRANSFERS_IN_TRANSIT", "group"));
    assert!(said.text.contains("ke-rote, ke-tiada"), "{}", said.text);
    assert_eq!(totals(&town, A, (2025, 6, 1)).await, before, "nothing has moved");
    let dissolve = DissolveGroupRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 1),
        minute: "BA-99/contoh".to_owned(),
        place: cash(),
        shares: Vec::new(),
    };
    let status = town.lifecycle().dissolve_group(dissolve).await.expect_err("on their way");
    assert_eq!(why(&status).reason, "TRANSFERS_IN_TRANSIT");

    take_back(&town, lost).await;
    let status = town.lifecycle().move_group(move_to(1)).await.expect_err("one is left");
    assert!(why(&status).text.contains("The passes ke-rote are"), "{}", why(&status).text);
    // The book opens, and the next pass brings what waits for it.
    let rote = CreateBookRequest {
        book_id: "rote".to_owned(),
        request_id: fresh_request_id(),
        display_name: "Buku Rote (contoh)".to_owned(),
        lkm_name: "LKM Rote (contoh)".to_owned(),
        regime: Regime::LkmOjk as i32,
        zone: Zone::Wita as i32,
        opened_on: date(2025, 1, 1),
    };
    town.books().create_book(rote).await.expect("a book");
    new_group(&town, "books/rote", "x").await;
    pass_on(&town, &grant, "lagi", "books/rote/groups/x").await;
    let moved = town.lifecycle().move_group(move_to(1)).await.expect("moved").into_inner();
    assert_eq!(moved.r#move.expect("set").state(), MoveState::Arrived);
    let tree = GetLineageRequest { grant };
    let tree = town.guliran().get_lineage(tree).await.expect("a tree").into_inner();
    let sums = [&tree.original, &tree.held, &tree.in_transit, &tree.unexplained];
    assert_eq!(sums.map(|money| sen(money) / THOUSAND), [10_000, 10_000, 0, 0]);
}

pub async fn new_group(town: &Town, book: &str, id: &str) {
    let request = CreateGroupRequest {
        parent: book.to_owned(),
        request_id: fresh_request_id(),
        group_id: id.to_owned(),
        display_name: format!("KUBE {id} (contoh)"),
        member_count: 8,
        ..CreateGroupRequest::default()
    };
    town.groups().create_group(request).await.expect("a group");
}

async fn what_reaches_a_group_that_has_moved_goes_back_and_follows_it(server: &Server) {
    let town = Town::found(server).await;
    other_book(&town, (2025, 1, 1)).await;
    new_group(&town, "books/soe", "x").await;
    let grant = ReceiveGrantRequest {
        group: "books/soe/groups/x".to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 6),
        grant_id: "apbd".to_owned(),
        programme: "APBD (contoh)".to_owned(),
        source: BudgetSource::Apbd as i32,
        channel: Some(receive_grant_request::Channel::Bank(idr(5_000_000).expect("set"))),
        ..ReceiveGrantRequest::default()
    };
    town.grants().receive_grant(grant).await.expect("received");
    let grant = "books/soe/groups/x/grants/apbd";
    decide(&town, grant, 3_000_000).await;
    let to_rote = MoveGroupRequest { to_book: "books/rote".to_owned(), ..move_to(1) };
    let rote = CreateBookRequest {
        book_id: "rote".to_owned(),
        request_id: fresh_request_id(),
        display_name: "Buku Rote (contoh)".to_owned(),
        lkm_name: "LKM Rote (contoh)".to_owned(),
        regime: Regime::LkmOjk as i32,
        zone: Zone::Wita as i32,
        opened_on: date(2025, 1, 1),
    };
    town.books().create_book(rote).await.expect("a book");
    town.lifecycle().move_group(to_rote).await.expect("moved");

    // It was sent to where the group no longer is.
    let sent = pass_on(&town, grant, "ke-a", A).await;
    let list = ListTransitRequest { parent: "books/soe".to_owned(), ..Default::default() };
    let listed = town.guliran().list_transit(list).await.expect("listed").into_inner().passes;
    assert_eq!((listed.len(), listed[0].broken.as_str()), (1, "GROUP_MOVED"));
    assert_eq!(totals(&town, A, (2025, 6, 1)).await.len(), 0);
    take_back(&town, sent).await;
    pass_on(&town, grant, "ke-a-di-rote", "books/rote/groups/a-soe").await;
    let there = totals(&town, "books/rote/groups/a-soe", (2025, 6, 1)).await;
    assert_eq!(there[&(Fund::Uep as i32, 3103)], -1_000);
}

/// A passed on to b and moved away; b may not pass on to it where it is, nor where it comes home to.
async fn aid_does_not_come_back_to_a_group_by_its_new_name(server: &Server) {
    let town = granted(server).await;
    town.found_group("b").await;
    other_book(&town, (2025, 1, 1)).await;
    let (b, grant) = (format!("{BOOK}/groups/b"), format!("{A}/grants/apbn"));
    deliver(&town, &grant, "ke-b", &b, 2_000_000, 3).await;
    let of_b = format!("{b}/grants/dari-ke-b");
    decide(&town, &of_b, 1_000_000).await;
    town.lifecycle().move_group(move_to(1)).await.expect("moved");
    let before = totals(&town, THERE, (2025, 6, 2)).await;

    let sent = pass_on(&town, &of_b, "kembali", THERE).await;
    let list = ListTransitRequest { parent: BOOK.to_owned(), ..Default::default() };
    let listed = town.guliran().list_transit(list).await.expect("listed").into_inner().passes;
    assert_eq!((listed.len(), listed[0].broken.as_str()), (1, "PASS_IN_CIRCLE"));
    assert_eq!(totals(&town, THERE, (2025, 6, 2)).await, before, "nothing has reached it");
    take_back(&town, sent).await;

    let home = MoveGroupRequest {
        group: THERE.to_owned(),
        to_book: BOOK.to_owned(),
        new_group_id: "a-lagi".to_owned(),
        ..move_to(9)
    };
    town.lifecycle().move_group(home).await.expect("came home");
    let home = format!("{BOOK}/groups/a-lagi");
    let request = DeliverGuliranRequest {
        grant: of_b.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 10),
        pass_id: "kembali-lagi".to_owned(),
        receiver: Some(Receiver::ToGroup(ReceivingGroup {
            group: home.clone(),
            grant_id: "lagi".to_owned(),
        })),
        channel: PassChannel::Bank as i32,
        cash: idr(1_000_000),
        ..DeliverGuliranRequest::default()
    };
    let position = totals(&town, BOOK, (2025, 6, 10)).await;
    let status = town.guliran().deliver_guliran(request.clone()).await.expect_err("in a circle");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("PASS_IN_CIRCLE", "to_group.group"));
    assert_eq!(totals(&town, BOOK, (2025, 6, 10)).await, position);
    // Told as done it is recorded, and waits for review.
    let told = DeliverGuliranRequest {
        reported: true,
        request_id: fresh_request_id(),
        pass_id: "sudah".to_owned(),
        ..request
    };
    let told = town.guliran().deliver_guliran(told).await.expect("recorded").into_inner();
    let warnings = told.transaction.expect("set").warnings;
    assert!(warnings.iter().any(|one| one.reason == "FOR_REVIEW"), "{warnings:?}");
}

/// A collector's money of a group that has moved stands in the bag of the LKM, and waits in both
/// ledgers; what was told to the wrong book is taken back, and told where the group is.
async fn what_is_told_of_a_group_that_is_gone_waits_and_is_taken_back(server: &Server) {
    let town = granted(server).await;
    other_book(&town, (2025, 1, 1)).await;
    let bag = CreateDrawerRequest {
        parent: BOOK.to_owned(),
        request_id: fresh_request_id(),
        drawer_id: "tas".to_owned(),
        label: "tas kolektor (contoh)".to_owned(),
        collector: true,
    };
    town.parties().create_drawer(bag).await.expect("a bag");
    // Its treasurer puts an unknown payer's money right before the group leaves.
    let stray = town.deposit("m99", 30_000).await;
    let clear = |transaction: &str, account: &str, rupiah| ClearSuspenseRequest {
        transaction: transaction.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 5),
        line: 0,
        account: format!("{BOOK}/accounts/{account}"),
        amount: idr(rupiah),
        ..ClearSuspenseRequest::default()
    };
    let cleared = ClearSuspenseRequest {
        details: on(2025, 5, 5),
        ..clear(&stray.name, "a.sp.2103.m02", 30_000)
    };
    town.journal().clear_suspense(cleared).await.expect("cleared");
    town.lifecycle().move_group(move_to(1)).await.expect("moved");
    let there = totals(&town, THERE, (2025, 6, 1)).await;

    let collect = async || {
        let request = CollectRequest {
            group: A.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 6, 3),
            fund: Fund::SimpanPinjam as i32,
            bag: format!("{BOOK}/drawers/tas"),
            amount: idr(70_000),
        };
        let taken = town.links().collect(request).await.expect("told").into_inner();
        taken.transaction.expect("set")
    };
    // The bag, what waits at the LKM, and the group's tin and what waits there, debit positive.
    let stands = async || {
        let day = (2025, 6, 5);
        let (lkm, group) = (totals(&town, LKM, day).await, totals(&town, A, day).await);
        let sp = Fund::SimpanPinjam as i32;
        let of = |totals: &BTreeMap<(i32, u32), i64>, code| {
            totals.get(&(sp, code)).copied().unwrap_or_default()
        };
        [of(&lkm, 1105), of(&lkm, 2901), of(&group, 1101), of(&group, 2901)]
    };
    let taken = collect().await;
    assert_eq!(taken.warnings[0].reason, "IN_SUSPENSE");
    assert_eq!(taken.warnings[0].details["reason"], "GROUP_MOVED");
    assert_eq!(stands().await, [70, -70, -70, 70], "the collector has it");
    take_back_on(&town, taken, (6, 4)).await;
    assert_eq!(stands().await, [0; 4]);
    let taken = collect().await;
    let hand_in = HandInCollectionRequest {
        bag: format!("{BOOK}/drawers/tas"),
        request_id: fresh_request_id(),
        details: on(2025, 6, 4),
        amount: idr(70_000),
        place: place(PlaceKind::Vault),
    };
    town.links().hand_in_collection(hand_in).await.expect("handed in");
    assert_eq!(stands().await, [0, -70, -70, 70]);

    // Savings told to the old book wait there, are taken back, and told where the group is.
    let late = DepositRequest { details: on(2025, 6, 4), ..deposit("m01", 7_000) };
    let late = town.savings().deposit(late).await.expect("told").into_inner();
    assert_eq!(stands().await, [0, -70, 7 - 70, 70 - 7]);
    take_back_on(&town, late.transaction.expect("set"), (6, 5)).await;
    assert_eq!(stands().await, [0, -70, -70, 70]);
    let told = DepositRequest {
        member: format!("{THERE}/members/m01"),
        details: on(2025, 6, 4),
        ..deposit("m01", 7_000)
    };
    town.savings().deposit(told).await.expect("told where it is");
    let mut expected = there;
    *expected.entry((Fund::SimpanPinjam as i32, 1101)).or_default() += 7;
    *expected.entry((Fund::SimpanPinjam as i32, 2103)).or_default() -= 7;
    assert_eq!(totals(&town, THERE, (2025, 6, 5)).await, expected);

    // What was placed before it left is not taken back here any more, nor what was handed in since;
    // and the LKM's side finds no savings account of a group that is gone.
    for (name, reason) in [(&stray.name, "REVERSAL_BLOCKED"), (&taken.name, "FLOOR")] {
        let request = ReverseTransactionRequest {
            transaction: name.clone(),
            request_id: fresh_request_id(),
            details: on(2025, 6, 5),
            line: 0,
        };
        let status = town.journal().reverse_transaction(request).await.expect_err(reason);
        assert_eq!(why(&status).reason, reason);
    }
    let savings = clear(&taken.name, "lkm.sp.2102.a/sp", 70_000);
    let status = town.journal().clear_suspense(savings).await.expect_err("no account");
    assert_eq!(why(&status).reason, "RESERVED_ACCOUNT");
    assert_eq!(stands().await, [0, -70, -70, 70]);
}

/// So many lots of stock that the group had before the book began, with the longest labels.
async fn stocked(town: &Town, prefix: &str, count: usize) {
    let lot = |number: usize| OpeningItem {
        item: Some(opening_item::Item::Lot(NewLot {
            lot_id: format!("{prefix}-{number:03}"),
            kind: LotKind::Stock as i32,
            label: "b".repeat(80),
            unit: "kg".to_owned(),
            quantity: units("12.5"),
            cost: idr(100_000),
        })),
    };
    let request = OpenBalancesRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        fund: Fund::Uep as i32,
        items: (0..count).map(lot).collect(),
    };
    town.journal().open_balances(request).await.expect("opened");
}

async fn a_group_larger_than_a_record_moves_in_parts(server: &Server) {
    let town = granted(server).await;
    other_book(&town, (2025, 1, 1)).await;
    stocked(&town, "satu", 110).await;
    stocked(&town, "dua", 110).await;
    let (position, before) = (town.position().await, totals(&town, A, (2025, 6, 1)).await);
    let request = move_to(1);
    let moved = town.lifecycle().move_group(request.clone()).await.expect("moved").into_inner();
    assert_eq!(moved.r#move.as_ref().expect("set").state(), MoveState::Arrived);
    let again = town.lifecycle().move_group(request).await.expect("the same again").into_inner();
    assert_eq!(again, moved);
    // Closed by more records than the day, the first one and the answer.
    assert!(town.position().await - position > 5, "{}", town.position().await - position);
    assert_eq!(totals(&town, A, (2025, 6, 1)).await, BTreeMap::new());
    let there = totals(&town, THERE, (2025, 6, 1)).await;
    assert_eq!(there, before);
    assert_eq!(there[&(Fund::Uep as i32, 1301)], 22_000);
    let list =
        ListLotsRequest { parent: THERE.to_owned(), page_size: 500, ..ListLotsRequest::default() };
    let lots = town.trade().list_lots(list).await.expect("listed").into_inner().lots;
    assert_eq!(lots.len(), 220);
    assert!(lots.iter().all(|lot| lot.quantity == units("12.5")), "each with what was left");
    let new = GetGroupRequest { name: THERE.to_owned() };
    let new = town.groups().get_group(new).await.expect("there").into_inner().group.expect("set");
    assert_eq!((new.came_from.as_str(), new.came_from_position), (A, position + 2));
    let standings: Vec<_> = new.standings.iter().map(|one| one.standing()).collect();
    assert_eq!((standings, new.links.len()), (vec![Standing::Active], 1));
    // What came cannot be taken back over there, nor its leaving here.
    for (name, transaction) in [("left", moved.transaction.expect("set").name)] {
        let request = ReverseTransactionRequest {
            transaction,
            request_id: fresh_request_id(),
            details: on(2025, 6, 2),
            line: 0,
        };
        let status = town.journal().reverse_transaction(request).await.expect_err(name);
        assert_eq!(why(&status).reason, "REVERSAL_BLOCKED");
    }
}

async fn loans_to_members_go_on_where_their_group_came(server: &Server) {
    let town = Town::found(server).await;
    other_book(&town, (2025, 1, 1)).await;
    town.deposit("m03", 3_000_000).await;
    let monthly = loans::terms(LoanFrequency::Monthly, "1");
    town.loans().set_loan_product(loans::product(A, monthly)).await.expect("a product");
    let wish = |loan: &str, member: &str| {
        loans::application(A, loan, &format!("{A}/members/{member}"), 1_000_000)
    };
    let maria =
        ApplyForLoanRequest { purpose: "Warung (contoh)".to_owned(), ..wish("maria", "m01") };
    loans::lend(&town, maria, loans::tin(), (2, 1)).await;
    loans::lend(&town, wish("yosef", "m02"), loans::tin(), (2, 1)).await;
    // Maria pays a month, and another member pays the next one for her; Yosef is late.
    let pay = loans::payment(&format!("{A}/loans/maria"), 110_000, loans::tin(), (3, 1));
    town.loans().pay_loan(pay).await.expect("paid");
    let stood_in = StandInRequest {
        loan: format!("{A}/loans/maria"),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        payers: vec![StandInPart { member: format!("{A}/members/m04"), amount: idr(110_000) }],
        place: cash(),
    };
    town.loans().stand_in(stood_in).await.expect("stood in");
    let motor = loans::collateral(&format!("{A}/loans/maria"), "sepeda motor (contoh)");
    town.loans().register_collateral(motor).await.expect("registered");
    let asked = wish("agus", "m05");
    town.loans().apply_for_loan(asked).await.expect("asked for");
    let before = totals(&town, A, (2025, 5, 31)).await;
    let get = |group: &str, loan: &str| GetLoanRequest {
        name: format!("{group}/loans/{loan}"),
        on: date(2025, 6, 1),
    };
    let seen = async |group: &str, loan: &str| {
        town.loans().get_loan(get(group, loan)).await.expect("a loan").into_inner()
    };
    let old = [seen(A, "maria").await, seen(A, "yosef").await];
    town.lifecycle().move_group(move_to(1)).await.expect("moved");

    assert_eq!(totals(&town, THERE, (2025, 6, 1)).await, before);
    for (old, (loan, things)) in old.iter().zip([("maria", 1), ("yosef", 0)]) {
        let new = seen(THERE, loan).await;
        assert_eq!(new.standing, old.standing, "{loan}");
        assert_eq!(new.instalments, old.instalments, "{loan}");
        let (new, old) = (new.loan.expect("set"), old.loan.clone().expect("set"));
        assert_eq!((new.state(), &new.purpose), (LoanState::Active, &old.purpose));
        assert_eq!((new.collaterals.len(), &new.collaterals), (things, &old.collaterals));
        let amounts =
            |loan: &Loan| loan.claims.iter().map(|one| sen(&one.amount)).collect::<Vec<_>>();
        assert_eq!(amounts(&new), amounts(&old));
    }
    let gone = seen(A, "yosef").await;
    assert_eq!(gone.loan.expect("set").state(), LoanState::Moved);
    let asked = seen(THERE, "agus").await.loan.expect("set");
    assert_eq!(asked.state(), LoanState::Applied);
    // It is paid on there, in the order of its own terms; the claim is given back.
    let late = seen(THERE, "yosef").await.standing.expect("set");
    assert!(late.days_late > 0, "{late:?}");
    let pay = loans::payment(&format!("{THERE}/loans/yosef"), 110_000, loans::tin(), (6, 5));
    let paid = town.loans().pay_loan(pay).await.expect("paid").into_inner();
    let entries = paid.transaction.expect("set").entries;
    assert_eq!(entries.len(), 3, "cash, principal, jasa");
    let back = RepayClaimRequest {
        loan: format!("{THERE}/loans/maria"),
        request_id: fresh_request_id(),
        details: on(2025, 6, 6),
        payer: format!("{THERE}/members/m04"),
        amount: idr(110_000),
        place: cash(),
    };
    town.loans().repay_claim(back).await.expect("given back");
    // Nothing is asked for in the old book any more.
    let pay = loans::payment(&format!("{A}/loans/yosef"), 110_000, loans::tin(), (6, 5));
    let told = town.loans().pay_loan(pay).await.expect("told").into_inner();
    assert_eq!(told.transaction.expect("set").warnings[0].reason, "IN_SUSPENSE");
}

async fn a_group_joins_an_lkm_and_leaves_it_again(server: &Server) {
    let town = Town::found(server).await;
    let own = CreateBookRequest {
        book_id: "mandiri".to_owned(),
        request_id: fresh_request_id(),
        display_name: "Buku KUBE Mandiri (contoh)".to_owned(),
        lkm_name: String::new(),
        regime: Regime::Unspecified as i32,
        zone: Zone::Wita as i32,
        opened_on: date(2025, 1, 1),
    };
    town.books().create_book(own).await.expect("a book without an LKM");
    new_group(&town, "books/mandiri", "x").await;
    let alone = "books/mandiri/groups/x";
    town.members().enrol_member(enrol(alone, "m01")).await.expect("a member");
    let save = DepositRequest { member: format!("{alone}/members/m01"), ..deposit("m01", 50_000) };
    town.savings().deposit(save).await.expect("saved");
    let before = totals(&town, alone, (2025, 6, 1)).await;
    let to = |group: &str, to_book: &str, id: &str, day| MoveGroupRequest {
        group: group.to_owned(),
        to_book: to_book.to_owned(),
        new_group_id: id.to_owned(),
        ..move_to(day)
    };
    town.lifecycle().move_group(to(alone, BOOK, "x", 1)).await.expect("joined");
    let joined = format!("{BOOK}/groups/x");
    assert_eq!(totals(&town, &joined, (2025, 6, 1)).await, before);
    let get = async |name: &str| {
        let request = GetGroupRequest { name: name.to_owned() };
        town.groups().get_group(request).await.expect("a group").into_inner().group.expect("set")
    };
    assert_eq!(get(&joined).await.links.len(), 1, "it is tied to the LKM");
    town.lifecycle().move_group(to(&joined, "books/mandiri", "x-lagi", 9)).await.expect("left");
    let again = "books/mandiri/groups/x-lagi";
    assert_eq!(totals(&town, again, (2025, 6, 9)).await, before);
    assert_eq!(totals(&town, &joined, (2025, 6, 9)).await, BTreeMap::new());
    let last = get(again).await;
    assert_eq!((last.links.len(), last.came_from.as_str()), (0, joined.as_str()));
}

/// Twelve percent a year by whole months: a member's million earns one percent in each, wherever the
/// group is, and nothing of it is lost between two books.
async fn savings_lose_no_interest_by_a_move(server: &Server) {
    let town = Town::found(server).await;
    other_book(&town, (2025, 1, 1)).await;
    let twelve_percent = SavingsProduct {
        since: date(2025, 1, 1),
        minute: "BA-3/contoh".to_owned(),
        method: SavingsMethod::Lowest as i32,
        rate: units("12"),
        day_count: SavingsDayCount::Twelfths as i32,
        ..SavingsProduct::default()
    };
    let set = SetSavingsProductRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        sort: SavingsSort::Sukarela as i32,
        version: Some(twelve_percent),
    };
    town.products().set_savings_product(set).await.expect("set");
    let save = DepositRequest { details: on(2025, 1, 1), ..deposit("m01", 1_000_000) };
    town.savings().deposit(save).await.expect("saved");
    close(&town, (2025, 5, 30)).await.expect("closed");
    let position = town.position().await;
    for (day, date) in [(1, "1 June 2025"), (9, "1 July 2025")] {
        let status = town.lifecycle().move_group(move_to(day)).await.expect_err("unpaid");
        let said = why(&status);
        assert_eq!((said.reason.as_str(), said.field.as_str()), ("INTEREST_UNPAID", "group"));
        assert!(said.text.contains(date), "{}", said.text);
    }
    let before = totals(&town, A, (2025, 5, 31)).await;
    assert_eq!(totals(&town, A, (2025, 6, 9)).await, before, "nothing has moved");
    assert!(town.position().await > position, "the refusals are on record");
    close(&town, (2025, 5, 31)).await.expect("closed");
    assert_eq!(town.held("a.sp.2103.m01").await, 105_101_005, "five months");

    // It cannot leave on a day before something that is known of it.
    let later = DepositRequest { details: on(2025, 6, 5), ..deposit("m02", 2_000_000) };
    let later = town.savings().deposit(later).await.expect("saved").into_inner();
    let status = town.lifecycle().move_group(move_to(1)).await.expect_err("too early");
    let said = why(&status);
    let told = (said.reason.as_str(), said.field.as_str());
    assert_eq!(told, ("FACTS_AFTER_MOVE", "details.happened_on"));
    assert!(said.text.contains("a.sp.1101") && said.text.contains("1 June"), "{}", said.text);
    take_back_on(&town, later.transaction.expect("set"), (6, 5)).await;

    town.lifecycle().move_group(move_to(1)).await.expect("moved");
    let there = close_book(&town, "books/soe", (2025, 6, 30)).await.expect("closed");
    assert!(there.iter().any(|one| one.step == "interest"), "{there:?}");
    let ask = GetBalanceRequest {
        account: "books/soe/accounts/a-soe.sp.2103.m01".to_owned(),
        ..GetBalanceRequest::default()
    };
    let held = town.ledger().get_balance(ask).await.expect("held").into_inner();
    let held = sen(&held.balance.expect("set").balance);
    assert_eq!(held, 106_152_015, "the whole of June, too");
}

fn of_savings(sort: SavingsSort, version: SavingsProduct) -> SetSavingsProductRequest {
    SetSavingsProductRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        sort: sort as i32,
        version: Some(SavingsProduct {
            since: date(2025, 1, 1),
            minute: "BA-3/contoh".to_owned(),
            ..version
        }),
    }
}

/// Dormant after two months: m01 since 1 March, in the old book; m02, who was seen on 20 April, on
/// 20 June, in the new one; m03 moves there and is listed anew.
async fn savings_sleep_on_where_their_group_came(server: &Server) {
    let town = Town::found(server).await;
    other_book(&town, (2025, 1, 1)).await;
    let sleepy = SavingsProduct { dormant_after_months: 2, ..SavingsProduct::default() };
    let set = of_savings(SavingsSort::Sukarela, sleepy);
    town.products().set_savings_product(set).await.expect("set");
    for (member, day) in
        [("m01", on(2025, 1, 1)), ("m02", on(2025, 4, 20)), ("m03", on(2025, 4, 20))]
    {
        let save = DepositRequest { details: day, ..deposit(member, 1_000_000) };
        town.savings().deposit(save).await.expect("saved");
    }
    close(&town, (2025, 5, 31)).await.expect("closed");
    town.lifecycle().move_group(move_to(1)).await.expect("moved");
    let save = DepositRequest {
        member: format!("{THERE}/members/m03"),
        details: on(2025, 6, 10),
        ..deposit("m03", 1_000)
    };
    town.savings().deposit(save).await.expect("saved there");
    let dormant = async |day: (i32, i32)| {
        let told = close_book(&town, "books/soe", (2025, day.0, day.1)).await.expect("closed");
        assert!(told.iter().all(|one| one.refused.is_none()), "{told:?}");
        let list = ListSavingsRequest {
            parent: THERE.to_owned(),
            dormant_only: true,
            ..ListSavingsRequest::default()
        };
        let listed = town.savings().list_savings(list).await.expect("listed").into_inner();
        let asleep = listed.accounts.into_iter().map(|one| (one.owner, one.dormant_on));
        asleep.collect::<Vec<_>>()
    };
    let asleep = |member: &str, day: (i32, i32)| {
        (format!("{THERE}/members/{member}"), date(2025, day.0, day.1))
    };
    assert_eq!(dormant((6, 19)).await, [asleep("m01", (3, 1))]);
    assert_eq!(dormant((6, 20)).await, [asleep("m01", (3, 1)), asleep("m02", (6, 20))]);
    assert_eq!(dormant((8, 10)).await[2..], [asleep("m03", (8, 10))]);
}

async fn a_group_stays_until_its_profit_share_is_paid(server: &Server) {
    let town = Town::found(server).await;
    other_book(&town, (2025, 1, 1)).await;
    let by_nisbah = SavingsProduct {
        method: SavingsMethod::Daily as i32,
        share_percent: units("40"),
        ..SavingsProduct::default()
    };
    let set = of_savings(SavingsSort::Sukarela, by_nisbah);
    town.products().set_savings_product(set).await.expect("set");
    let save = DepositRequest { details: on(2025, 1, 1), ..deposit("m01", 1_000_000) };
    town.savings().deposit(save).await.expect("saved");
    close(&town, (2025, 5, 31)).await.expect("closed");
    let decide = |entity: &str, id: &str, from, through, on| DecideSavingsShareRequest {
        entity: entity.to_owned(),
        request_id: fresh_request_id(),
        decided_on: on,
        share_id: id.to_owned(),
        sort: SavingsSort::Sukarela as i32,
        from,
        through,
        earned: idr(100_000),
        minute: "BA-9/contoh".to_owned(),
        product: String::new(),
    };
    let (new_year, may, june) = (date(2025, 1, 1), date(2025, 5, 31), date(2025, 6, 1));
    let share = decide(A, "mei", new_year, may, june);
    town.products().decide_savings_share(share).await.expect("decided");
    let status = town.lifecycle().move_group(move_to(1)).await.expect_err("unpaid");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("SHARE_UNPAID", "group"));
    assert!(said.text.contains("mei") && said.text.contains("1 June 2025"), "{}", said.text);
    close(&town, (2025, 6, 1)).await.expect("closed");
    town.lifecycle().move_group(move_to(1)).await.expect("moved");
    // Its days are shared; and of those before it came the new book knows nothing.
    let there = |id, from| decide(THERE, id, from, date(2025, 6, 30), date(2025, 7, 1));
    for (from, reason) in [(date(2025, 5, 31), "NOT_AFTER_LAST"), (new_year, "NOT_AFTER_LAST")] {
        let status = town.products().decide_savings_share(there("juni", from)).await;
        assert_eq!(why(&status.expect_err(reason)).reason, reason);
    }
    town.products().decide_savings_share(there("juni", june)).await.expect("decided");
    close_book(&town, "books/soe", (2025, 7, 1)).await.expect("closed");
    let ask = GetBalanceRequest {
        account: "books/soe/accounts/a-soe.sp.2103.m01".to_owned(),
        ..GetBalanceRequest::default()
    };
    let held = town.ledger().get_balance(ask).await.expect("held").into_inner();
    assert_eq!(sen(&held.balance.expect("set").balance), 100_000_000 + 4_000_000 + 4_000_000);
}

async fn the_past_stays_readable_where_it_was_and_rules_go_on_where_it_came(server: &Server) {
    let town = Town::found(server).await;
    other_book(&town, (2025, 1, 1)).await;
    let meeting = RecordMeetingRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        meeting_id: "rapat-maret".to_owned(),
        held_on: date(2025, 3, 3),
        attendee_ids: vec!["m01".to_owned()],
        agenda: "Atap Maria (contoh)".to_owned(),
        ..RecordMeetingRequest::default()
    };
    town.meetings().record_meeting(meeting).await.expect("a meeting");
    let line = |kind: SheetLineKind, rupiah| SheetLine {
        kind: kind as i32,
        member_id: "m01".to_owned(),
        amount: idr(rupiah),
        ..SheetLine::default()
    };
    let sheet = RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        number: "3".to_owned(),
        lines: vec![line(SheetLineKind::IksDues, 50_000), line(SheetLineKind::Sukarela, 7_000)],
        opening_cash: idr(0),
        closing_cash: idr(57_000),
    };
    let sheet = town.meetings().record_sheet(sheet).await.expect("a sheet").into_inner();
    let rule = IksRule {
        since: date(2025, 1, 1),
        period: DuesPeriod::Yearly as i32,
        dues: idr(50_000),
        caps: vec![ReliefCap { kind: ReliefKind::Musibah as i32, cap: idr(40_000) }],
        minute: "BA-7/contoh".to_owned(),
        ..IksRule::default()
    };
    let rule =
        SetIksRuleRequest { group: A.to_owned(), request_id: fresh_request_id(), rule: Some(rule) };
    town.iks().set_iks_rule(rule).await.expect("set");
    let ask = |group: &str, day, rupiah| RequestReliefRequest {
        member: format!("{group}/members/m01"),
        request_id: fresh_request_id(),
        details: day,
        amount: idr(rupiah),
        place: cash(),
        kind: "musibah".to_owned(),
        consents: 0,
        case_id: "atap".to_owned(),
    };
    town.iks().request_relief(ask(A, on(2025, 3, 4), 30_000)).await.expect("paid");
    town.lifecycle().move_group(move_to(1)).await.expect("moved");

    let list = ListMeetingsRequest { parent: A.to_owned(), ..Default::default() };
    let meetings = town.meetings().list_meetings(list).await.expect("listed").into_inner().meetings;
    assert_eq!(meetings[0].agenda, "Atap Maria (contoh)");
    let booked = sheet.transaction.expect("set");
    let found = town.get(&booked.name).await.expect("found");
    assert_eq!(found.entries, booked.entries);
    let name = sheet.sheet.expect("set").name;
    let found = town.meetings().get_sheet(GetSheetRequest { name }).await.expect("found");
    assert_eq!(found.into_inner().sheet.expect("set").number, "3");
    let passbook = GetPassbookRequest { member: format!("{A}/members/m01"), ..Default::default() };
    let lines = town.ledger().get_passbook(passbook).await.expect("read").into_inner().lines;
    assert_eq!(lines.len(), 2, "saved, and gone with the group");
    let cash_book = GetCashBookRequest {
        entity: A.to_owned(),
        fund: Fund::Iks as i32,
        from: date(2025, 3, 1),
        through: date(2025, 3, 31),
        ..GetCashBookRequest::default()
    };
    let lines = town.ledger().get_cash_book(cash_book).await.expect("read").into_inner().lines;
    assert_eq!(lines.len(), 2, "dues and relief");
    let list = ListReliefsRequest { parent: A.to_owned(), ..ListReliefsRequest::default() };
    let reliefs = town.iks().list_reliefs(list).await.expect("listed").into_inner().reliefs;
    assert_eq!((reliefs.len(), reliefs[0].kind.as_str()), (1, "musibah"));

    // The year's dues are paid there too, and the case has its cap left.
    let standing =
        ListDuesRequest { group: THERE.to_owned(), on: date(2025, 6, 1), ..Default::default() };
    let standing = town.iks().list_dues(standing).await.expect("listed").into_inner().dues;
    assert_eq!(sen(&standing[0].missing), 0);
    let above = town.iks().request_relief(ask(THERE, on(2025, 6, 2), 10_001)).await;
    assert_eq!(why(&above.expect_err("30.000 were paid")).reason, "RELIEF_ABOVE_CAP");
    town.iks().request_relief(ask(THERE, on(2025, 6, 2), 10_000)).await.expect("the rest");
}

/// A round keeps its name and a block its reason under the keys of the book they come to. The block
/// stood on savings that held nothing: lifted there, it frees no more than it held.
async fn what_is_sealed_and_what_is_blocked_come_along(server: &Server) {
    let town = Town::found(server).await;
    other_book(&town, (2025, 1, 1)).await;
    let open = OpenArisanRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        arisan_id: "r1".to_owned(),
        label: "Arisan Bu Maria (contoh)".to_owned(),
        contribution: idr(10_000),
        member_ids: vec!["m01".to_owned(), "m02".to_owned()],
        opened_on: None,
    };
    town.arisan().open_arisan(open.clone()).await.expect("opened");
    let block = BlockSavingsRequest {
        member: format!("{A}/members/m03"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        block_id: "b1".to_owned(),
        amount: idr(30_000),
        reason: "jaminan (contoh)".to_owned(),
    };
    town.products().block_savings(block.clone()).await.expect("blocked");
    town.lifecycle().move_group(move_to(1)).await.expect("moved");

    let get = GetArisanRequest { name: format!("{THERE}/arisans/r1") };
    let round = town.arisan().get_arisan(get).await.expect("a round").into_inner().arisan;
    let round = round.expect("set");
    assert_eq!((round.label, round.members.len()), (open.label, 2));
    let list = ListBlocksRequest { parent: THERE.to_owned(), ..Default::default() };
    let blocks = town.products().list_blocks(list).await.expect("listed").into_inner().blocks;
    let [held] = &blocks[..] else { panic!("{blocks:?}") };
    assert_eq!((&held.reason, held.erased, &held.amount), (&block.reason, false, &block.amount));
    assert_eq!(held.saver, format!("{THERE}/members/m03"));
    let lift = UnblockSavingsRequest {
        block: held.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 2),
    };
    town.products().unblock_savings(lift).await.expect("lifted");
    let member = format!("{THERE}/members/m03");
    let details = on(2025, 6, 2);
    let save = DepositRequest { member: member.clone(), details, ..deposit("m03", 100_000) };
    town.savings().deposit(save).await.expect("saved there");
    let draw = WithdrawRequest {
        member,
        request_id: fresh_request_id(),
        details: on(2025, 6, 3),
        amount: idr(130_000),
        place: cash(),
    };
    let told = town.savings().withdraw(draw).await.expect("told").into_inner();
    let told = told.transaction.expect("set");
    assert_eq!(told.warnings[0].reason, "IN_SUSPENSE", "{told:?}");
}
