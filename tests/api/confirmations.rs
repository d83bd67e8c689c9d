//! What clerks of the LKM record on a group's behalf waits until its treasurer or chair confirms or
//! disputes it.

use simpul::api::v1::*;
use simpul::cli::remote::{Line, fresh_request_id};
use tonic::{Code, Status};

use crate::access::Guarded;
use crate::approvals::{approve, take_back, waits};
use crate::lifecycle::{other_book, receive};
use crate::moving::{new_group, pass_on};
use crate::on_both_guarded;
use crate::town::{A, BOOK, Server, Town, cash, on, place, why};

on_both_guarded!(
    a_group_answers_for_what_the_lkm_recorded,
    bad_answers_change_nothing,
    what_a_group_disputes_goes_back_once_a_second_person_agrees,
);

async fn listed(line: &Line, state: ConfirmationState, size: i32) -> Vec<Confirmation> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListConfirmationsRequest {
            parent: A.to_owned(),
            state: state as i32,
            page_size: size,
            page_token,
        };
        let page = Town::at(line.clone()).journal().list_confirmations(request).await;
        let page = page.expect("a list").into_inner();
        all.extend(page.confirmations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

async fn all(line: &Line) -> Vec<Confirmation> {
    listed(line, ConfirmationState::Unspecified, 0).await
}

fn confirm(name: &str) -> ConfirmReportRequest {
    ConfirmReportRequest {
        confirmation: name.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
    }
}

fn dispute(name: &str) -> DisputeReportRequest {
    DisputeReportRequest {
        confirmation: name.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        reason: "Uang ini tidak pernah diterima (contoh)".to_owned(),
    }
}

/// The name by which a group is asked about a transaction.
fn of(transaction: &Transaction) -> String {
    transaction.name.replace(BOOK, A).replace("/transactions/", "/confirmations/")
}

async fn a_group_answers_for_what_the_lkm_recorded(server: &Server) {
    let guarded = Guarded::found(server).await;
    let teller = guarded.device("teller").await;
    let manager = guarded.device("manajer").await;
    let treasurer = guarded.user("bu-maria", Role::Treasurer, A).await;
    let other = format!("{BOOK}/groups/b");
    let stranger = guarded.user("bu-lain", Role::Treasurer, &other).await;
    let counter = Town::at(teller.clone());
    let village = Town::at(treasurer.clone());
    let first = counter.deposit("m01", 50_000).await;
    let second = counter.deposit("m02", 20_000).await;
    village.deposit("m02", 1_000).await;
    // Both sides of savings at the LKM's counter are one record: the group's side waits.
    let at_lkm = DepositAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        fund: Fund::SimpanPinjam as i32,
        amount: crate::town::idr(30_000),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    let third = counter.savings().deposit_at_lkm(at_lkm).await.expect("booked").into_inner();
    let third = third.transaction.expect("set");
    let waiting = all(&treasurer).await;
    let names: Vec<&str> = waiting.iter().map(|one| one.transaction.as_str()).collect();
    assert_eq!(names, [first.name.as_str(), &second.name, &third.name]);
    assert!(waiting.iter().all(|one| {
        one.state() == ConfirmationState::Waiting && one.actor == "teller" && !one.event.is_empty()
    }));

    let yes = confirm(&of(&first));
    let confirmed = village.journal().confirm_report(yes.clone()).await.expect("confirmed");
    let confirmed = confirmed.into_inner();
    let again = village.journal().confirm_report(yes).await.expect("the same").into_inner();
    assert_eq!(confirmed, again);
    assert_eq!(confirmed.transaction.as_ref().expect("set").entries, []);
    let no = dispute(&of(&second));
    let disputed = village.journal().dispute_report(no.clone()).await.expect("disputed");
    let disputed = disputed.into_inner().transaction.expect("set");
    village.journal().dispute_report(no.clone()).await.expect("the same");
    let reworded = DisputeReportRequest { reason: "Lain (contoh)".to_owned(), ..no };
    let reused = village.journal().dispute_report(reworded).await.expect_err("another text");
    assert_eq!(why(&reused).reason, "REQUEST_ID_REUSED");
    assert_eq!(counter.held("a.sp.1101").await, 4_100_000, "no answer moves money");

    // The group's cash book says of each line what the group says of it by now.
    let book = GetCashBookRequest {
        entity: A.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        ..GetCashBookRequest::default()
    };
    let lines = village.ledger().get_cash_book(book).await.expect("a book").into_inner().lines;
    let said: Vec<ConfirmationState> = lines.iter().map(LedgerLine::answer).collect();
    let [unsaid, right, wrong, open] = [
        ConfirmationState::Unspecified,
        ConfirmationState::Confirmed,
        ConfirmationState::Disputed,
        ConfirmationState::Waiting,
    ];
    assert_eq!(said, [right, wrong, unsaid, open]);
    let of_lkm = ListEntriesRequest {
        account: format!("{BOOK}/accounts/lkm.sp.2102.a/sp"),
        ..ListEntriesRequest::default()
    };
    let lines = counter.ledger().list_entries(of_lkm).await.expect("lines").into_inner().lines;
    assert_eq!(lines.iter().map(LedgerLine::answer).collect::<Vec<_>>(), [unsaid]);

    // What waits comes first, however the pages fall.
    for size in [0, 1, 2] {
        let states: Vec<ConfirmationState> =
            listed(&treasurer, ConfirmationState::Unspecified, size)
                .await
                .iter()
                .map(Confirmation::state)
                .collect();
        let (waits, right) = (ConfirmationState::Waiting, ConfirmationState::Confirmed);
        assert_eq!(states, [waits, right, ConfirmationState::Disputed], "by {size}");
    }
    let answered = listed(&manager, ConfirmationState::Disputed, 0).await;
    assert_eq!(answered.len(), 1);
    assert_eq!(answered[0].reason, "Uang ini tidak pernah diterima (contoh)");
    assert_eq!((&answered[0].decided_by, answered[0].settled_by.as_str()), (&disputed.name, ""));
    let said = counter.get(&second.name).await.expect("shown").answers;
    assert_eq!((said[0].group.as_str(), said[0].state()), (A, ConfirmationState::Disputed));

    // The manager finds it among the reviews, and takes it back.
    let reviews = ListReviewsRequest { parent: BOOK.to_owned(), ..Default::default() };
    let office = Town::at(manager);
    let put = office.journal().list_reviews(reviews.clone()).await.expect("reviews").into_inner();
    assert_eq!(put.reviews.len(), 1);
    assert_eq!(
        (&put.reviews[0].transaction, &*put.reviews[0].reasons),
        (&second.name, &["DISPUTED".to_owned()][..])
    );
    let reverse = ReverseTransactionRequest {
        transaction: second.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        line: 0,
    };
    let reversal = office.journal().reverse_transaction(reverse).await.expect("taken back");
    let reversal = reversal.into_inner().transaction.expect("set").name;
    let put = office.journal().list_reviews(reviews).await.expect("reviews").into_inner();
    assert_eq!(put.reviews, []);
    let settled = listed(&treasurer, ConfirmationState::TakenBack, 0).await;
    assert_eq!((&settled[0].transaction, &settled[0].decided_by), (&second.name, &reversal));
    let waiting = listed(&treasurer, ConfirmationState::Waiting, 0).await;
    let waiting: Vec<&str> = waiting.iter().map(|one| one.transaction.as_str()).collect();
    assert_eq!(waiting, [third.name.as_str(), &reversal], "the reversal waits in turn");
    assert_eq!(counter.held("a.sp.1101").await, 2_100_000);

    let refused = Town::at(stranger).journal().confirm_report(confirm(&of(&third))).await;
    assert_eq!(refused.expect_err("another group's").code(), Code::NotFound);
    let refused = counter.journal().confirm_report(confirm(&of(&third))).await;
    assert_eq!(why(&refused.expect_err("the clerk")).reason, "ROLE_REQUIRED");
}

async fn bad_answers_change_nothing(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("ibu-dua", Role::Teller, "").await.expect("a role");
    guarded.assign_in(BOOK, "ibu-dua", Role::Chair, A).await.expect("another");
    let both = Town::at(guarded.device("ibu-dua").await);
    let treasurer = guarded.user("bu-maria", Role::Treasurer, A).await;
    let village = Town::at(treasurer.clone());
    let booked = both.deposit("m01", 50_000).await;
    assert_eq!(booked.role(), Role::Teller);
    let own = both.journal().confirm_report(confirm(&of(&booked))).await.expect_err("own");
    village.journal().confirm_report(confirm(&of(&booked))).await.expect("confirmed");
    let twice = village.journal().dispute_report(dispute(&of(&booked))).await.expect_err("twice");
    let unknown = confirm(&format!("{A}/confirmations/tidak-pernah-ada"));
    let unknown = village.journal().confirm_report(unknown).await.expect_err("unknown");
    let silent = DisputeReportRequest { reason: " ".to_owned(), ..dispute(&of(&booked)) };
    let silent = village.journal().dispute_report(silent).await.expect_err("no reason");
    let long = DisputeReportRequest { reason: "x".repeat(1001), ..dispute(&of(&booked)) };
    let long = village.journal().dispute_report(long).await.expect_err("too long");
    let elsewhere = confirm(&format!("{A}/laporan/1"));
    let elsewhere = village.journal().confirm_report(elsewhere).await.expect_err("no such name");
    let list = ListConfirmationsRequest { parent: A.to_owned(), state: 77, ..Default::default() };
    let list = village.journal().list_confirmations(list).await.expect_err("no such state");
    let says = |status: &Status| (why(status).code, why(status).reason, why(status).field);
    let said = |code, reason: &str, field: &str| (code, reason.to_owned(), field.to_owned());
    for (status, expected) in [
        (own, said(Code::FailedPrecondition, "OWN_REPORT", "confirmation")),
        (twice, said(Code::FailedPrecondition, "CONFIRMATION_DECIDED", "confirmation")),
        (unknown, said(Code::NotFound, "NOT_FOUND", "confirmation")),
        (silent, said(Code::InvalidArgument, "REQUIRED", "reason")),
        (long, said(Code::InvalidArgument, "TEXT_TOO_LONG", "reason")),
        (elsewhere, said(Code::InvalidArgument, "NAME_MALFORMED", "confirmation")),
        (list, said(Code::InvalidArgument, "CHOICE_UNKNOWN", "state")),
    ] {
        assert_eq!(says(&status), expected, "{status:?}");
    }
    assert_eq!(all(&treasurer).await.len(), 1);
}

/// A pass to another book: its group disputes it, a clerk over there asks to send it back, another
/// agrees. The giver's book hears of each at once, and as what it was said.
async fn what_a_group_disputes_goes_back_once_a_second_person_agrees(server: &Server) {
    let guarded = Guarded::found(server).await;
    other_book(&guarded.administrator(), (2025, 1, 1)).await;
    let there = "books/soe";
    guarded.assign_in(there, "manajer", Role::Manager, "").await.expect("a role");
    guarded.assign_in(there, "teller", Role::Teller, "").await.expect("a role");
    let manager = guarded.device("manajer").await;
    let counter = Town::at(guarded.device("teller").await);
    let town = Town::at(manager.clone());
    new_group(&town, there, "x").await;
    let group = format!("{there}/groups/x");
    let treasurer = guarded.user("bu-x", Role::Auditor, "").await;
    guarded.assign_in(there, "bu-x", Role::Treasurer, &group).await.expect("a role");
    receive(&town).await;
    pass_on(&town, &format!("{A}/grants/apbn"), "ke-x", &group).await;
    let heard = || async {
        let request = GetPassRequest { name: format!("{A}/passes/ke-x") };
        let pass = town.guliran().get_pass(request).await.expect("a pass").into_inner().pass;
        let pass = pass.expect("set");
        let word = pass.word.expect("heard");
        (word.state(), word.returned, word.role(), pass.broken)
    };
    let taken_in = (ArrivalState::Unspecified, false, Role::Unspecified, String::new());
    assert_eq!(heard().await, taken_in);

    let list = ListConfirmationsRequest { parent: group, ..ListConfirmationsRequest::default() };
    let village = Town::at(treasurer);
    let listed = village.journal().list_confirmations(list).await.expect("a list").into_inner();
    let receipt = listed.confirmations[0].transaction.clone();
    let no = dispute(&listed.confirmations[0].name);
    village.journal().dispute_report(no).await.expect("disputed");
    let disputed = (ArrivalState::Disputed, false, Role::Treasurer, String::new());
    assert_eq!(heard().await, disputed);
    let back = take_back(&receipt, "Tidak datang (contoh)");
    let asked = waits(counter.journal().reverse_transaction(back).await);
    assert_eq!(heard().await, disputed, "one alone sends nothing back");
    let agreed = Town::at(manager).approvals().approve(approve(&asked)).await.expect("agreed");
    let warnings = agreed.into_inner().transaction.expect("set").warnings;
    assert!(warnings.iter().any(|one| one.reason == "GOES_BACK"), "{warnings:?}");
    let returned = "TRANSFER_RETURNED".to_owned();
    assert_eq!(heard().await, (ArrivalState::Disputed, true, Role::Teller, returned));
}
