//! Guliran beyond the book: to another LKM's book on the same server, to another installation by
//! file, to those without books; and what is refused on the way.

use std::sync::Arc;

use simpul::api::v1::deliver_guliran_request::Receiver;
use simpul::api::v1::*;
use simpul::cli::node::Store;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::access::Author;
use simpul::domain::decide::{Command, Form};
use simpul::domain::id::{Id, RequestId};
use simpul::domain::record::Outcome;
use simpul::domain::refusal::Language;
use simpul::domain::reversal::Reverse;
use simpul::journal::{Answer, Limits, Priority, system_clock};

use crate::on_both;
use crate::town::{A, Server, Town, date, idr, on, sen, units, why};

on_both!(
    capital_reaches_another_book_once_and_its_tree_adds_up,
    a_pass_refused_over_there_waits_and_can_be_taken_back,
    a_file_is_not_taken_in_once_its_pass_was_refused,
    a_pass_travels_by_file_between_installations,
    what_a_receiver_disputes_goes_back_to_its_giver,
    what_was_used_over_there_does_not_come_back,
    a_return_that_was_not_told_is_found_again,
    what_came_by_file_goes_back_by_file,
    nobody_speaks_for_a_book_of_the_same_server,
    a_family_holds_what_it_was_given,
    groups_without_books_and_passes_from_before_are_lines_of_the_register,
    a_pass_against_a_rule_is_refused_or_told_as_done_put_to_review,
);

const THOUSAND: i64 = 100_000;

/// A town whose group a holds 10.000 in its bank account, of which 6.000 are owed onward.
async fn town(server: &Server) -> Town {
    let town = Town::found(server).await;
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
    let decide = DecideGuliranRequest {
        grant: grant_name(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        amount: idr(6_000_000),
        due_on: date(2025, 12, 31),
    };
    town.guliran().decide_guliran(decide).await.expect("decided");
    town
}

fn grant_name() -> String {
    format!("{A}/grants/apbn")
}

/// Another LKM's book with one group `x`.
async fn other_book(town: &Town, book: &str) {
    let request = CreateBookRequest {
        book_id: book.to_owned(),
        request_id: fresh_request_id(),
        display_name: format!("Buku {book} (contoh)"),
        lkm_name: format!("LKM {book} (contoh)"),
        regime: Regime::LkmOjk as i32,
        zone: Zone::Wita as i32,
        opened_on: date(2025, 1, 1),
    };
    town.books().create_book(request).await.expect("a book");
    let request = CreateGroupRequest {
        parent: format!("books/{book}"),
        request_id: fresh_request_id(),
        group_id: "x".to_owned(),
        display_name: "KUBE x (contoh)".to_owned(),
        member_count: 8,
        linked_on: date(2025, 1, 1),
        ..CreateGroupRequest::default()
    };
    town.groups().create_group(request).await.expect("a group");
}

fn deliver(pass: &str, receiver: Receiver, rupiah: i64) -> DeliverGuliranRequest {
    DeliverGuliranRequest {
        grant: grant_name(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        pass_id: pass.to_owned(),
        receiver: Some(receiver),
        channel: PassChannel::Bank as i32,
        cash: idr(rupiah),
        items: Vec::new(),
        before_books: false,
        reported: false,
    }
}

fn to(group: &str) -> Receiver {
    Receiver::ToOtherBook(group.to_owned())
}

async fn pass(town: &Town, id: &str) -> Pass {
    let request = GetPassRequest { name: format!("{A}/passes/{id}") };
    town.guliran().get_pass(request).await.expect("a pass").into_inner().pass.expect("set")
}

async fn in_transit(town: &Town) -> Vec<(String, String)> {
    let parent = crate::town::BOOK.to_owned();
    let request = ListTransitRequest { parent, ..ListTransitRequest::default() };
    let passes = town.guliran().list_transit(request).await.expect("listed").into_inner().passes;
    passes.into_iter().map(|pass| (pass.name, pass.broken)).collect()
}

async fn lineage(town: &Town, grant: &str) -> GetLineageResponse {
    let request = GetLineageRequest { grant: grant.to_owned() };
    town.guliran().get_lineage(request).await.expect("a tree").into_inner()
}

/// Original, held, in transit, lost, unexplained, in thousands.
fn totals(tree: &GetLineageResponse) -> [i64; 5] {
    [&tree.original, &tree.held, &tree.in_transit, &tree.lost, &tree.unexplained]
        .map(|money| sen(money) / THOUSAND)
}

async fn capital_reaches_another_book_once_and_its_tree_adds_up(server: &Server) {
    let town = town(server).await;
    other_book(&town, "soe").await;
    let born = RecordBirthRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 20),
        fund: Fund::Uep as i32,
        lot_id: "anak".to_owned(),
        label: "babi".to_owned(),
        heads: 2,
    };
    town.trade().record_birth(born).await.expect("born");
    let piglets = PassItem {
        lot: format!("{A}/lots/anak"),
        quantity: units("2"),
        value: idr(1_000_000),
        new_lot_id: String::new(),
    };
    let request = DeliverGuliranRequest {
        items: vec![piglets],
        ..deliver("ke-soe", to("books/soe/groups/x"), 4_000_000)
    };
    town.guliran().deliver_guliran(request.clone()).await.expect("delivered");
    town.guliran().deliver_guliran(request).await.expect("the same again");

    let arrived = pass(&town, "ke-soe").await;
    assert_eq!(sen(&arrived.in_transit), 0);
    assert_eq!(in_transit(&town).await, []);
    let grant = arrived.arrivals[0].grant.clone();
    assert!(grant.starts_with("books/soe/groups/x/grants/guliran-"), "{grant}");
    let request = GetTrialBalanceRequest {
        scope: "books/soe/groups/x".to_owned(),
        ..GetTrialBalanceRequest::default()
    };
    let there = town.ledger().get_trial_balance(request).await.expect("totals").into_inner();
    let rows: Vec<_> =
        there.rows.iter().map(|row| (row.code, crate::town::signed(row) / THOUSAND)).collect();
    assert_eq!(rows, [(1104, 4_000), (1302, 1_000), (3103, -5_000)]);

    let tree = lineage(&town, &grant).await;
    assert_eq!(totals(&tree), [10_000, 10_000, 0, 0, 0]);
    assert_eq!(tree.nodes[0].grant, grant_name());
    assert_eq!(tree.nodes[1].holder, "KUBE x (contoh)");
    assert_eq!(tree.nodes[0].due_on, date(2025, 12, 31));
    // The group over there knows where its capital came from.
    let list = ListGrantsRequest { parent: "books/soe/groups/x".to_owned(), ..Default::default() };
    let listed = town.grants().list_grants(list).await.expect("listed").into_inner().grants;
    assert_eq!((listed.len(), &listed[0].came_through), (1, &vec![grant_name()]));
    assert_eq!(listed[0].received_by, format!("{A}/passes/ke-soe"));
    assert_eq!(listed[0].received_on, date(2025, 3, 1), "not before it was given");
    // It is the group over there that says whether it is there; its own record waits for that.
    let waiting = ListConfirmationsRequest {
        parent: "books/soe/groups/x".to_owned(),
        ..ListConfirmationsRequest::default()
    };
    let waiting = town.journal().list_confirmations(waiting).await.expect("listed").into_inner();
    let [one] = &waiting.confirmations[..] else { panic!("{waiting:?}") };
    assert_eq!((one.event.as_str(), one.state()), ("GULIRAN_RECEIVED", ConfirmationState::Waiting));
    let confirm = ConfirmReportRequest {
        confirmation: one.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 2),
    };
    let confirmed = town.journal().confirm_report(confirm).await.expect("confirmed").into_inner();
    // The giver's book hears of it at once.
    let heard = pass(&town, "ke-soe").await;
    assert_eq!(heard.arrivals[0].state(), ArrivalState::Confirmed);
    let word = heard.word.expect("heard");
    assert_eq!((word.state(), word.returned), (ArrivalState::Confirmed, false));
    assert_eq!((word.said_on, word.role()), (date(2025, 3, 2), Role::Unspecified));
    assert_eq!(word.transaction, confirmed.transaction.expect("set").name);
    let tree = lineage(&town, &grant).await;
    assert_eq!(tree.nodes[1].state(), ArrivalState::Confirmed);
    // It must not come back to where it came from.
    let decide = DecideGuliranRequest {
        grant: grant.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        amount: idr(1_000_000),
        due_on: None,
    };
    town.guliran().decide_guliran(decide).await.expect("decided");
    let request = DeliverGuliranRequest { grant, ..deliver("pulang", to(A), 1_000_000) };
    let status = town.guliran().deliver_guliran(request).await.expect_err("a circle");
    assert_eq!(why(&status).reason, "PASS_IN_CIRCLE");
}

async fn a_pass_refused_over_there_waits_and_can_be_taken_back(server: &Server) {
    let town = town(server).await;
    other_book(&town, "soe").await;
    let request = deliver("salah", to("books/soe/groups/tidak-ada"), 2_000_000);
    let sent = town.guliran().deliver_guliran(request).await.expect("sent").into_inner();
    let name = format!("{A}/passes/salah");
    assert_eq!(in_transit(&town).await, [(name, "NOT_FOUND".to_owned())]);
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 8_000, 2_000, 0, 0]);
    let request = ExportTransferRequest { pass: format!("{A}/passes/salah") };
    let status = town.guliran().export_transfer(request).await.expect_err("it can be taken back");
    assert_eq!(why(&status).reason, "NOT_IN_TRANSIT");
    let request = ReverseTransactionRequest {
        transaction: sent.transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 3, 2),
        line: 0,
    };
    town.journal().reverse_transaction(request).await.expect("taken back");
    assert_eq!(in_transit(&town).await, []);
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 10_000, 0, 0, 0]);
    assert_eq!(sen(&tree.owed), 6_000 * THOUSAND);
}

/// The file was written before the other book was there; by the time it is carried, the courier has
/// been refused, and the giver may take the pass back.
async fn a_file_is_not_taken_in_once_its_pass_was_refused(server: &Server) {
    let town = town(server).await;
    let request = deliver("lama", to("books/soe/groups/kelak"), 2_000_000);
    let sent = town.guliran().deliver_guliran(request).await.expect("sent").into_inner();
    let name = format!("{A}/passes/lama");
    let request = ExportTransferRequest { pass: name.clone() };
    let file = town.guliran().export_transfer(request).await.expect("written").into_inner();
    other_book(&town, "soe").await;
    let next = deliver("lagi", to("books/soe/groups/x"), 500_000);
    town.guliran().deliver_guliran(next).await.expect("brings what waits");
    assert_eq!(in_transit(&town).await, [(name, "NOT_FOUND".to_owned())]);

    crate::moving::new_group(&town, "books/soe", "kelak").await;
    let import = ImportTransferRequest {
        book: "books/soe".to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 10),
        file: file.file,
        code: file.code,
    };
    let balances = town.trial_balance("books/soe").await;
    let status = town.guliran().import_transfer(import).await.expect_err("refused before");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("TRANSFER_REFUSED", "file"));
    assert_eq!(town.trial_balance("books/soe").await, balances, "nothing is half done");
    let request = ReverseTransactionRequest {
        transaction: sent.transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 3, 11),
        line: 0,
    };
    town.journal().reverse_transaction(request).await.expect("taken back");
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 10_000, 0, 0, 0]);
}

async fn a_pass_travels_by_file_between_installations(server: &Server) {
    let town = town(server).await;
    let request = deliver("jauh", to("books/rote/groups/x"), 2_000_000);
    let sent = town.guliran().deliver_guliran(request).await.expect("sent").into_inner();
    let name = format!("{A}/passes/jauh");
    assert_eq!(in_transit(&town).await, [(name.clone(), String::new())]);
    // On its way it cannot be taken back: the other side may have it.
    let request = ReverseTransactionRequest {
        transaction: sent.transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 3, 2),
        line: 0,
    };
    let status = town.journal().reverse_transaction(request).await.expect_err("on its way");
    assert_eq!(why(&status).reason, "REVERSAL_BLOCKED");

    let request = ExportTransferRequest { pass: name.clone() };
    let file = town.guliran().export_transfer(request).await.expect("written").into_inner();
    let far = Server::sqlite().await;
    let there = Town::found(&far).await;
    other_book(&there, "rote").await;
    other_book(&there, "sabu").await;
    let import = ImportTransferRequest {
        book: "books/rote".to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 10),
        file: file.file.clone(),
        code: file.code.to_uppercase(),
    };
    let refused = |request: ImportTransferRequest| {
        let mut client = there.guliran();
        async move {
            let status = client.import_transfer(request).await.expect_err("refused");
            why(&status).reason
        }
    };
    let balances = there.trial_balance("books/rote").await;
    let mut altered = import.clone();
    altered.file[40] ^= 1;
    assert_eq!(refused(altered).await, "TRANSFER_ALTERED");
    let misread = ImportTransferRequest { code: "0123456789abcdef".to_owned(), ..import.clone() };
    assert_eq!(refused(misread).await, "TRANSFER_ALTERED");
    let astray = ImportTransferRequest { book: "books/sabu".to_owned(), ..import.clone() };
    assert_eq!(refused(astray).await, "TRANSFER_OTHER_BOOK");
    assert_eq!(there.trial_balance("books/rote").await, balances, "nothing is half done");

    let taken = there.guliran().import_transfer(import.clone()).await.expect("taken").into_inner();
    let again = there.guliran().import_transfer(import.clone()).await.expect("again").into_inner();
    assert_eq!(taken, again);
    let replayed = ImportTransferRequest { request_id: fresh_request_id(), ..import };
    let balances = there.trial_balance("books/rote").await;
    assert_eq!(refused(replayed).await, "TRANSFER_REPLAYED");
    assert_eq!(there.trial_balance("books/rote").await, balances, "it has arrived once");
    assert_eq!(sen(&taken.grant.as_ref().expect("set").amount), 2_000 * THOUSAND);

    let acknowledge = AcknowledgeTransferRequest {
        book: crate::town::BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 20),
        receipt: taken.receipt.clone(),
        code: taken.receipt_code.clone(),
    };
    let mut altered = acknowledge.clone();
    altered.receipt[20] ^= 1;
    let misread =
        AcknowledgeTransferRequest { code: "0123456789abcdef".to_owned(), ..acknowledge.clone() };
    for request in [altered, misread] {
        let status = town.guliran().acknowledge_transfer(request).await.expect_err("altered");
        let said = why(&status);
        assert_eq!((said.reason.as_str(), said.field.as_str()), ("TRANSFER_ALTERED", "receipt"));
    }
    other_book(&town, "sabu").await;
    let astray =
        AcknowledgeTransferRequest { book: "books/sabu".to_owned(), ..acknowledge.clone() };
    let status = town.guliran().acknowledge_transfer(astray).await.expect_err("another book's");
    assert_eq!(why(&status).reason, "TRANSFER_OTHER_BOOK");
    assert_eq!(in_transit(&town).await, [(name.clone(), String::new())], "still on its way");
    let heard = town.guliran().acknowledge_transfer(acknowledge.clone()).await.expect("heard");
    let heard = heard.into_inner().pass.expect("set");
    assert_eq!(sen(&heard.in_transit), 0);
    assert_eq!(heard.arrivals[0].grant, taken.grant.expect("set").name);
    assert_eq!(in_transit(&town).await, []);
    // Here the tree ends with what has gone on over there, and there it begins with it.
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 8_000, 0, 0, 0]);
    let line = &tree.nodes[1];
    assert_eq!((line.pass.as_str(), line.holder.as_str()), (name.as_str(), "books/rote/groups/x"));
    assert_eq!([&tree.beyond, &line.beyond].map(sen), [2_000 * THOUSAND; 2]);
    let tree = lineage(&there, &heard.arrivals[0].grant).await;
    assert_eq!(totals(&tree), [2_000, 2_000, 0, 0, 0]);
    assert_eq!((tree.nodes.len(), &tree.nodes[0].pass), (1, &name));
    let twice = AcknowledgeTransferRequest { request_id: fresh_request_id(), ..acknowledge };
    let status = town.guliran().acknowledge_transfer(twice).await.expect_err("heard already");
    assert_eq!(why(&status).reason, "RECEIPT_OUTDATED");
    far.stop_and_verify().await;
}

/// The receipt of what came to group `x` of a book, as its group is asked about it.
async fn waiting_receipt(town: &Town, book: &str) -> Confirmation {
    let waiting = ListConfirmationsRequest {
        parent: format!("{book}/groups/x"),
        state: ConfirmationState::Waiting as i32,
        ..ListConfirmationsRequest::default()
    };
    let waiting = town.journal().list_confirmations(waiting).await.expect("listed").into_inner();
    let [one] = &waiting.confirmations[..] else { panic!("{waiting:?}") };
    one.clone()
}

/// The receiver says that nothing came; answers the transaction that says so.
async fn dispute(town: &Town, receipt: &Confirmation, day: i32) -> String {
    let dispute = DisputeReportRequest {
        confirmation: receipt.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, day),
        reason: "Tidak ada yang datang (contoh)".to_owned(),
    };
    let said = town.journal().dispute_report(dispute).await.expect("disputed").into_inner();
    said.transaction.expect("set").name
}

fn take_back(transaction: &str, day: i32) -> ReverseTransactionRequest {
    ReverseTransactionRequest {
        transaction: transaction.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, day),
        line: 0,
    }
}

/// What the giver's book has to look at: the transaction and why.
async fn reviews(town: &Town) -> Vec<(String, Vec<String>)> {
    let parent = crate::town::BOOK.to_owned();
    let request = ListReviewsRequest { parent, ..ListReviewsRequest::default() };
    let reviews = town.journal().list_reviews(request).await.expect("listed").into_inner().reviews;
    reviews.into_iter().map(|one| (one.transaction, one.reasons)).collect()
}

async fn what_a_receiver_disputes_goes_back_to_its_giver(server: &Server) {
    let town = town(server).await;
    other_book(&town, "soe").await;
    let before =
        [town.trial_balance(crate::town::BOOK).await, town.trial_balance("books/soe").await];
    let request = deliver("hilang", to("books/soe/groups/x"), 2_000_000);
    let sent = town.guliran().deliver_guliran(request).await.expect("sent").into_inner();
    let sent = sent.transaction.expect("set").name;
    let receipt = waiting_receipt(&town, "books/soe").await;
    let name = format!("{A}/passes/hilang");
    let word = pass(&town, "hilang").await.word.expect("heard");
    assert_eq!((word.state(), word.said_on), (ArrivalState::Unspecified, date(2025, 3, 1)));
    assert_eq!(word.transaction, receipt.transaction);

    let early = town.journal().reverse_transaction(take_back(&receipt.transaction, 2)).await;
    let said = why(&early.expect_err("nobody disputes it"));
    assert_eq!(
        (said.reason.as_str(), said.field.as_str()),
        ("RECEIPT_NOT_DISPUTED", "transaction")
    );
    let disputed = dispute(&town, &receipt, 3).await;
    let heard = pass(&town, "hilang").await;
    assert_eq!(heard.arrivals[0].state(), ArrivalState::Disputed);
    let word = heard.word.expect("heard");
    assert_eq!((word.state(), word.returned), (ArrivalState::Disputed, false));
    assert_eq!((word.said_on, &word.transaction), (date(2025, 3, 3), &disputed));
    assert_eq!(in_transit(&town).await, [], "somebody over there has to decide first");
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 10_000, 0, 0, 0]);
    let early = town.journal().reverse_transaction(take_back(&sent, 4)).await;
    assert_eq!(why(&early.expect_err("it is over there")).reason, "REVERSAL_BLOCKED");

    let back = take_back(&receipt.transaction, 5);
    let gone = town.journal().reverse_transaction(back.clone()).await.expect("gone").into_inner();
    let again = town.journal().reverse_transaction(back).await.expect("the same again");
    assert_eq!(again.into_inner(), gone);
    assert_eq!(town.trial_balance("books/soe").await, before[1]);
    let heard = pass(&town, "hilang").await;
    assert_eq!((heard.arrivals.len(), sen(&heard.in_transit)), (0, 2_000 * THOUSAND));
    let word = heard.word.expect("heard");
    assert_eq!((word.returned, word.transaction), (true, gone.transaction.expect("set").name));
    let returned = "TRANSFER_RETURNED".to_owned();
    assert_eq!(in_transit(&town).await, [(name.clone(), returned.clone())]);
    assert_eq!(reviews(&town).await, [(sent.clone(), vec![returned])]);
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 8_000, 2_000, 0, 0]);
    let file = ExportTransferRequest { pass: name };
    let status = town.guliran().export_transfer(file).await.expect_err("it does not travel again");
    assert_eq!(why(&status).reason, "NOT_IN_TRANSIT");

    town.journal().reverse_transaction(take_back(&sent, 6)).await.expect("taken back");
    assert_eq!(town.trial_balance(crate::town::BOOK).await, before[0]);
    assert_eq!((in_transit(&town).await, reviews(&town).await), (Vec::new(), Vec::new()));
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!((totals(&tree), sen(&tree.owed)), ([10_000, 10_000, 0, 0, 0], 6_000 * THOUSAND));
    // A pass that says what came in truth.
    let anew = deliver("lagi", to("books/soe/groups/x"), 1_500_000);
    town.guliran().deliver_guliran(anew).await.expect("passed on anew");
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!((totals(&tree), tree.nodes.len()), ([10_000, 10_000, 0, 0, 0], 2));
}

async fn what_was_used_over_there_does_not_come_back(server: &Server) {
    let town = town(server).await;
    other_book(&town, "soe").await;
    let request = deliver("ada", to("books/soe/groups/x"), 2_000_000);
    town.guliran().deliver_guliran(request).await.expect("sent");
    let receipt = waiting_receipt(&town, "books/soe").await;
    dispute(&town, &receipt, 3).await;
    let arrived = pass(&town, "ada").await.arrivals[0].grant.clone();
    let decide = DecideGuliranRequest {
        grant: arrived,
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        amount: idr(1_000_000),
        due_on: None,
    };
    town.guliran().decide_guliran(decide).await.expect("decided");
    let there = town.trial_balance("books/soe").await;
    let back = town.journal().reverse_transaction(take_back(&receipt.transaction, 5)).await;
    assert_eq!(why(&back.expect_err("it is owed onward")).reason, "REVERSAL_BLOCKED");
    assert_eq!(town.trial_balance("books/soe").await, there, "nothing is half done");
    assert_eq!(in_transit(&town).await, []);
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 10_000, 0, 0, 0]);
}

/// A server of the same installation dies between the two books: until another one's courier comes by,
/// what went back is on its way.
async fn a_return_that_was_not_told_is_found_again(server: &Server) {
    let town = town(server).await;
    other_book(&town, "soe").await;
    let request = deliver("jalan", to("books/soe/groups/x"), 2_000_000);
    town.guliran().deliver_guliran(request).await.expect("sent");
    let receipt = waiting_receipt(&town, "books/soe").await;
    dispute(&town, &receipt, 3).await;
    let (_, transaction) = receipt.transaction.rsplit_once('/').expect("a name");
    let transaction = RequestId::new(transaction).expect("a request");
    alone(server, Reverse { transaction, line: 0 }).await;

    let grant = pass(&town, "jalan").await.arrivals[0].grant.clone();
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 8_000, 2_000, 0, 0]);
    let line = &tree.nodes[1];
    assert_eq!((&line.grant, sen(&line.in_transit)), (&grant, 2_000 * THOUSAND));
    assert_eq!((sen(&line.held), line.state()), (0, ArrivalState::Disputed));
    let next = deliver("lain", to("books/soe/groups/x"), 500_000);
    town.guliran().deliver_guliran(next).await.expect("the courier comes by");
    let returned = "TRANSFER_RETURNED".to_owned();
    assert_eq!(in_transit(&town).await, [(format!("{A}/passes/jalan"), returned)]);
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 8_000, 2_000, 0, 0]);
}

/// Another server on the same database decides this in the book `soe`, and dies.
async fn alone(server: &Server, action: Reverse) {
    let store = Store::open(&server.config).await.expect("opened again");
    let (journal, task) = simpul::journal::start(store.journal, system_clock(), Limits::default());
    let command = Command {
        book: Id::new("soe").expect("an id"),
        request: RequestId::new(&fresh_request_id()).expect("a request"),
        digest: vec![7; 32],
        author: Author::named("manajer"),
        happened_on: None,
        memo: Vec::new(),
        evidence: None,
        meeting: None,
        action: Arc::new(action),
        form: Form::default(),
    };
    let answer = journal.submit(command, Vec::new(), Priority::Interactive).await.expect("room");
    let Answer::Done { record, .. } = answer else { panic!("{answer:?}") };
    assert!(matches!(record.outcome, Outcome::Done(_)), "{record:?}");
    task.abort();
}

/// A file with the code that fits it.
fn acknowledge(receipt: Vec<u8>, book: &str) -> AcknowledgeTransferRequest {
    AcknowledgeTransferRequest {
        book: book.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 20),
        code: crate::requests::code_of(&receipt),
        receipt,
    }
}

async fn what_came_by_file_goes_back_by_file(server: &Server) {
    let town = town(server).await;
    let book = crate::town::BOOK;
    let request = deliver("jauh", to("books/rote/groups/x"), 2_000_000);
    let sent = town.guliran().deliver_guliran(request).await.expect("sent").into_inner();
    let sent = sent.transaction.expect("set").name;
    let file = ExportTransferRequest { pass: format!("{A}/passes/jauh") };
    let file = town.guliran().export_transfer(file).await.expect("written").into_inner();
    let far = Server::sqlite().await;
    let there = Town::found(&far).await;
    other_book(&there, "rote").await;
    let nothing = there.trial_balance("books/rote").await;
    let import = ImportTransferRequest {
        book: "books/rote".to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 10),
        file: file.file,
        code: file.code,
    };
    // The clerk takes it in, the treasurer says what she thinks of it.
    let clerk = Town::at(far.remote("teller", Language::English, None).line());
    let taken = clerk.guliran().import_transfer(import.clone()).await.expect("taken").into_inner();
    let grant = taken.grant.expect("set").name;
    let write = || {
        let mut client = there.guliran();
        let request = ExportReceiptRequest { grant: grant.clone() };
        async move { client.export_receipt(request).await.expect("written").into_inner() }
    };
    let first = write().await;
    assert_eq!((&first.receipt, &first.code), (&taken.receipt, &taken.receipt_code));
    let confirmation = waiting_receipt(&there, "books/rote").await;
    dispute(&there, &confirmation, 12).await;
    let second = write().await;
    let back = take_back(&confirmation.transaction, 14);
    let back = there.journal().reverse_transaction(back).await.expect("goes back").into_inner();
    let warnings = back.transaction.expect("set").warnings;
    assert_eq!(warnings.into_iter().map(|one| one.reason).collect::<Vec<_>>(), ["GOES_BACK"]);
    assert_eq!(there.trial_balance("books/rote").await, nothing);
    let last = write().await;
    let replayed = ImportTransferRequest { request_id: fresh_request_id(), ..import };
    let status = there.guliran().import_transfer(replayed).await.expect_err("it went back");
    assert_eq!(why(&status).reason, "TRANSFER_RETURNED");
    assert_eq!(there.trial_balance("books/rote").await, nothing);
    let own = ExportReceiptRequest { grant: grant_name() };
    let status = town.guliran().export_receipt(own).await.expect_err("from no other book");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("NOT_FOUND", "grant"));

    // What the giver's book takes in, in the order it comes.
    let balances = town.trial_balance(book).await;
    let refused = |request: AcknowledgeTransferRequest| {
        let mut client = town.guliran();
        async move {
            let status = client.acknowledge_transfer(request).await.expect_err("refused");
            let said = why(&status);
            (said.reason, said.field)
        }
    };
    let because = |reason: &str, field: &str| (reason.to_owned(), field.to_owned());
    let heard = acknowledge(second.receipt.clone(), book);
    let heard = town.guliran().acknowledge_transfer(heard).await.expect("heard").into_inner();
    let heard = heard.pass.expect("set");
    assert_eq!(heard.arrivals[0].state(), ArrivalState::Disputed);
    assert_eq!(heard.word.expect("heard").said_on, date(2025, 3, 12));
    for old in [&first, &second] {
        let old = acknowledge(old.receipt.clone(), book);
        assert_eq!(refused(old).await, because("RECEIPT_OUTDATED", "receipt"));
    }
    let mut altered = acknowledge(last.receipt.clone(), book);
    altered.receipt[20] ^= 1;
    assert_eq!(refused(altered).await, because("TRANSFER_ALTERED", "receipt"));
    other_book(&town, "sabu").await;
    let astray = acknowledge(last.receipt.clone(), "books/sabu");
    assert_eq!(refused(astray).await, because("TRANSFER_OTHER_BOOK", "receipt"));
    let written: TransferReceipt = prost::Message::decode(&last.receipt[..]).expect("a receipt");
    let forged = |change: fn(&mut TransferReceipt)| {
        let mut receipt = written.clone();
        change(&mut receipt);
        refused(acknowledge(prost::Message::encode_to_vec(&receipt), book))
    };
    let other = forged(|one| one.grant = one.grant.replace("/groups/x/", "/groups/y/")).await;
    assert_eq!(other, because("RECEIPT_OF_ANOTHER", "receipt"));
    let silent = forged(|one| one.word = None).await;
    assert_eq!(silent, because("REQUIRED", "receipt.word"));
    let nowhere = forged(|one| one.word.as_mut().expect("set").position = 0).await;
    assert_eq!(nowhere, because("REQUIRED", "receipt.word.position"));
    let unknown = forged(|one| one.word.as_mut().expect("set").state = 9).await;
    assert_eq!(unknown, because("CHOICE_UNKNOWN", "receipt.word.state"));
    let elsewhere = forged(|one| {
        let word = one.word.as_mut().expect("set");
        word.transaction = word.transaction.replace("rote", "soe");
    });
    assert_eq!(elsewhere.await, because("WRONG_PARENT", "receipt.word.transaction"));
    assert_eq!(in_transit(&town).await, []);

    let returned = acknowledge(last.receipt.clone(), book);
    let heard = town.guliran().acknowledge_transfer(returned.clone()).await.expect("heard");
    let again = town.guliran().acknowledge_transfer(returned.clone()).await.expect("the same");
    assert_eq!(heard.into_inner(), again.into_inner());
    let reason = "TRANSFER_RETURNED".to_owned();
    assert_eq!(in_transit(&town).await, [(format!("{A}/passes/jauh"), reason.clone())]);
    assert_eq!(reviews(&town).await, [(sent.clone(), vec![reason])]);
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!((totals(&tree), sen(&tree.beyond)), ([10_000, 8_000, 2_000, 0, 0], 0));
    let twice = AcknowledgeTransferRequest { request_id: fresh_request_id(), ..returned };
    assert_eq!(refused(twice.clone()).await, because("RECEIPT_OUTDATED", "receipt"));
    assert_eq!(town.trial_balance(book).await, balances, "words move no money");
    town.journal().reverse_transaction(take_back(&sent, 21)).await.expect("taken back");
    let late = AcknowledgeTransferRequest { request_id: fresh_request_id(), ..twice };
    assert_eq!(refused(late).await, because("NOTHING_IN_TRANSIT", "receipt"));
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!((totals(&tree), sen(&tree.owed)), ([10_000, 10_000, 0, 0, 0], 6_000 * THOUSAND));
    far.stop_and_verify().await;
}

/// Whoever can write a receipt can write its code: a book that is here is asked itself.
async fn nobody_speaks_for_a_book_of_the_same_server(server: &Server) {
    let town = town(server).await;
    other_book(&town, "soe").await;
    for (id, group) in [("tiba", "x"), ("ditolak", "tiada")] {
        let request = deliver(id, to(&format!("books/soe/groups/{group}")), 2_000_000);
        town.guliran().deliver_guliran(request).await.expect("sent");
        let before = pass(&town, id).await;
        let word = before.word.clone();
        let position = word.as_ref().map_or(0, |word| word.position) + 1;
        let word = ReceiverWord {
            state: ArrivalState::Disputed as i32,
            returned: true,
            position,
            said_on: date(2025, 3, 2),
            role: Role::Manager as i32,
            transaction: "books/soe/transactions/karangan".to_owned(),
        };
        let arrived = before.arrivals.first().map(|arrival| arrival.grant.clone());
        let grant = arrived.unwrap_or_else(|| "books/soe/groups/tiada/grants/g".to_owned());
        let forged = TransferReceipt { pass: before.name.clone(), grant, word: Some(word) };
        let forged = acknowledge(prost::Message::encode_to_vec(&forged), crate::town::BOOK);
        let status = town.guliran().acknowledge_transfer(forged).await.expect_err("a forgery");
        let said = why(&status);
        let expected = ("RECEIPT_CONTRADICTED", "receipt");
        assert_eq!((said.reason.as_str(), said.field.as_str()), expected, "{id}");
        assert_eq!(pass(&town, id).await, before);
    }
    // What it did write is heard already.
    let grant = pass(&town, "tiba").await.arrivals[0].grant.clone();
    let true_one = ExportReceiptRequest { grant };
    let true_one = town.guliran().export_receipt(true_one).await.expect("written").into_inner();
    let told = acknowledge(true_one.receipt, crate::town::BOOK);
    let status = town.guliran().acknowledge_transfer(told).await.expect_err("known");
    assert_eq!(why(&status).reason, "RECEIPT_OUTDATED");
}

/// Of 5.000 from before the books the group still holds 3.000 when they begin; 2.000 had gone on to a
/// group without books, and another 1.000 goes on to one now.
async fn groups_without_books_and_passes_from_before_are_lines_of_the_register(server: &Server) {
    let town = Town::found(server).await;
    let grant = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        grant_id: "apbn".to_owned(),
        programme: "P2FM 2019 (contoh)".to_owned(),
        source: BudgetSource::Apbn as i32,
        channel: Some(receive_grant_request::Channel::BeforeBooks(idr(5_000_000).expect("set"))),
        ..ReceiveGrantRequest::default()
    };
    let came = town.grants().receive_grant(grant).await.expect("registered").into_inner();
    assert_eq!(came.transaction.expect("set").entries, []);
    let item = |code, subject: &str| OpeningItem {
        item: Some(opening_item::Item::Account(OpeningAccount {
            code,
            subject: subject.to_owned(),
            amount: idr(3_000_000),
        })),
    };
    let open = OpenBalancesRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        fund: Fund::Uep as i32,
        items: vec![item(1104, ""), item(3101, "apbn")],
    };
    town.journal().open_balances(open).await.expect("opened");
    let before = town.trial_balance(crate::town::BOOK).await;
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [5_000, 3_000, 0, 0, 2_000], "nobody has said where 2.000 are");
    let unbooked = |name: &str| Receiver::ToUnbookedGroup(name.to_owned());
    let old = DeliverGuliranRequest {
        before_books: true,
        ..deliver("dulu", unbooked("KUBE Lama (contoh)"), 2_000_000)
    };
    let told = town.guliran().deliver_guliran(old.clone()).await.expect("told").into_inner();
    assert_eq!(told.transaction.expect("set").entries, []);
    assert_eq!(town.trial_balance(crate::town::BOOK).await, before, "a line without postings");
    let more = DeliverGuliranRequest {
        request_id: fresh_request_id(),
        pass_id: "lagi".to_owned(),
        cash: idr(1),
        ..old
    };
    let status = town.guliran().deliver_guliran(more).await.expect_err("more than was missing");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("GRANT_EXCEEDED", "cash"));

    let decide = DecideGuliranRequest {
        grant: grant_name(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        amount: idr(1_000_000),
        due_on: None,
    };
    town.guliran().decide_guliran(decide).await.expect("decided");
    let now = deliver("kini", unbooked("KUBE Baru (contoh)"), 1_000_000);
    town.guliran().deliver_guliran(now).await.expect("delivered");
    assert_eq!(town.held("a.uep.1104").await, 2_000 * THOUSAND);
    assert_eq!(town.held("a.uep.3101.apbn").await, 2_000 * THOUSAND);
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [5_000, 5_000, 0, 0, 0]);
    let lines: Vec<_> = tree
        .nodes
        .iter()
        .map(|node| (node.holder.as_str(), node.generation, sen(&node.held) / THOUSAND))
        .collect();
    assert_eq!(
        lines,
        [
            ("KUBE a (contoh)", 1, 2_000),
            ("KUBE Lama (contoh)", 2, 2_000),
            ("KUBE Baru (contoh)", 2, 1_000)
        ]
    );
}

async fn a_family_holds_what_it_was_given(server: &Server) {
    let town = town(server).await;
    let family = Receiver::ToFamily("Keluarga Contoh".to_owned());
    let request = deliver("keluarga", family, 1_000_000);
    let given = town.guliran().deliver_guliran(request.clone()).await.expect("given").into_inner();
    let again = town.guliran().deliver_guliran(request.clone()).await.expect("again").into_inner();
    assert_eq!(given, again);
    assert_eq!(given.pass.expect("set").receiver_name, "Keluarga Contoh");
    let other = Receiver::ToFamily("Keluarga Lain".to_owned());
    let reused = DeliverGuliranRequest { receiver: Some(other), ..request };
    let status = town.guliran().deliver_guliran(reused).await.expect_err("another family");
    assert_eq!(why(&status).reason, "REQUEST_ID_REUSED");
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(totals(&tree), [10_000, 10_000, 0, 0, 0]);
    let node = &tree.nodes[1];
    assert_eq!((node.holder.as_str(), sen(&node.held)), ("Keluarga Contoh", 1_000 * THOUSAND));
    server.forget("groups/a").await;
    let tree = lineage(&town, &grant_name()).await;
    assert_eq!(tree.nodes[1].holder, "", "erased, and still counted");
    assert_eq!(totals(&tree), [10_000, 10_000, 0, 0, 0]);
}

async fn a_pass_against_a_rule_is_refused_or_told_as_done_put_to_review(server: &Server) {
    let town = town(server).await;
    town.found_group("b").await;
    let b = || {
        Receiver::ToGroup(ReceivingGroup {
            group: format!("{}/groups/b", crate::town::BOOK),
            grant_id: "dari-a".to_owned(),
        })
    };
    let too_much = deliver("terlalu", b(), 6_000_001);
    let status = town.guliran().deliver_guliran(too_much.clone()).await.expect_err("too much");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("OBLIGATION_EXCEEDED", "cash"));
    assert!(said.text.contains("Rp6.000.000"), "{}", said.text);
    let itself =
        Receiver::ToGroup(ReceivingGroup { group: A.to_owned(), grant_id: "lagi".to_owned() });
    let status = town.guliran().deliver_guliran(deliver("diri", itself, 1)).await;
    assert_eq!(why(&status.expect_err("itself")).reason, "PASS_TO_SELF");
    let nothing = deliver("kosong", b(), 0);
    let status = town.guliran().deliver_guliran(nothing).await.expect_err("nothing");
    assert_eq!(why(&status).reason, "AMOUNT_ZERO");

    let told = DeliverGuliranRequest { request_id: fresh_request_id(), reported: true, ..too_much };
    let told = town.guliran().deliver_guliran(told).await.expect("recorded").into_inner();
    let pass = told.pass.expect("set");
    assert_eq!((pass.state(), pass.broken.as_str()), (PassState::Review, "OBLIGATION_EXCEEDED"));
    let reasons: Vec<_> =
        told.transaction.expect("set").warnings.into_iter().map(|one| one.reason).collect();
    assert!(reasons.contains(&"FOR_REVIEW".to_owned()), "{reasons:?}");
    assert_eq!(town.held("a.uep.3101.apbn").await, 4_000 * THOUSAND);
    assert_eq!(town.held("a.uep.1104").await, 10_000 * THOUSAND - 600_000_100);
}
