//! Each rule of grants and solidarity, broken in both ways: asked for, it is refused with the rule,
//! and nothing has moved; told as done, it is recorded, flagged and put to review.

use simpul::api::v1::deliver_guliran_request::Receiver;
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::on_both;
use crate::town::{A, BOOK, Server, Town, by_minute, cash, date, idr, on, place, sen, units, why};

on_both!(
    passing_on_more_than_is_held,
    passing_on_to_oneself,
    passing_on_in_a_circle,
    relief_above_the_cap,
    an_lpj_with_spending_beyond_the_grant,
    more_animals_dead_than_alive,
    what_needs_a_minute_is_not_taken_without,
    a_review_is_decided_once_or_taken_back,
);

const B: &str = "books/kupang/groups/b";

async fn grant(town: &Town, restricted: bool, rupiah: i64) -> String {
    let request = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 6),
        grant_id: "apbn".to_owned(),
        programme: "APBN (contoh)".to_owned(),
        source: BudgetSource::Apbn as i32,
        restricted,
        channel: Some(receive_grant_request::Channel::Bank(idr(rupiah).expect("set"))),
        ..ReceiveGrantRequest::default()
    };
    town.grants().receive_grant(request).await.expect("received");
    format!("{A}/grants/apbn")
}

async fn decide(town: &Town, grant: &str, rupiah: i64) {
    let request = DecideGuliranRequest {
        grant: grant.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        amount: idr(rupiah),
        due_on: None,
    };
    town.guliran().decide_guliran(request).await.expect("decided");
}

fn deliver(grant: &str, pass: &str, group: &str, rupiah: i64) -> DeliverGuliranRequest {
    DeliverGuliranRequest {
        grant: grant.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        pass_id: pass.to_owned(),
        receiver: Some(Receiver::ToGroup(ReceivingGroup {
            group: group.to_owned(),
            grant_id: format!("dari-{pass}"),
        })),
        channel: PassChannel::Bank as i32,
        cash: idr(rupiah),
        ..DeliverGuliranRequest::default()
    }
}

/// What waits for a person in a group, as the event and the rules broken.
async fn waiting(town: &Town, group: &str) -> Vec<(String, Vec<String>)> {
    let request = ListReviewsRequest {
        parent: BOOK.to_owned(),
        entity: group.to_owned(),
        ..ListReviewsRequest::default()
    };
    let listed = town.journal().list_reviews(request).await.expect("listed").into_inner().reviews;
    for review in &listed {
        assert!(!review.warnings.is_empty(), "{review:?}");
        let report = town.get(&review.transaction).await.expect("the report");
        assert_eq!(report.warnings, review.warnings);
    }
    listed.into_iter().map(|review| (review.event, review.reasons)).collect()
}

fn broke(event: &str, reason: &str) -> Vec<(String, Vec<String>)> {
    vec![(event.to_owned(), vec![reason.to_owned()])]
}

/// Asks for a pass and is refused; tells of it and finds it put to review, its capital unmoved.
async fn breaks(town: &Town, request: DeliverGuliranRequest, giver: &str, reason: &str) {
    let before = town.trial_balance(BOOK).await;
    let asked = town.guliran().deliver_guliran(request.clone()).await.expect_err(reason);
    let said = why(&asked);
    assert_eq!((said.code, said.reason.as_str()), (Code::FailedPrecondition, reason));
    assert!(said.text.ends_with('.'), "{}", said.text);
    assert_eq!(town.trial_balance(BOOK).await, before, "nothing is half done");
    assert_eq!(waiting(town, giver).await, [], "what was refused waits for nobody");
    let told =
        DeliverGuliranRequest { request_id: fresh_request_id(), reported: true, ..request.clone() };
    let told = town.guliran().deliver_guliran(told).await.expect("recorded").into_inner();
    let pass = told.pass.expect("set");
    assert_eq!((pass.state(), pass.broken.as_str()), (PassState::Review, reason));
    assert_eq!(waiting(town, giver).await, broke("GULIRAN_DELIVERED", reason));
    // The money has left, and waits; nobody's capital has changed.
    let suspense: i64 = sum(&town.trial_balance(BOOK).await, &[2901]);
    assert_eq!(suspense, sen(&request.cash), "in suspense");
    let capital = [3101, 3102, 3103, 2202];
    assert_eq!(sum(&town.trial_balance(BOOK).await, &capital), sum(&before, &capital));
}

/// What stands on some codes in all, debit positive.
fn sum(rows: &[TrialBalanceRow], codes: &[u32]) -> i64 {
    rows.iter().filter(|row| codes.contains(&row.code)).map(crate::town::signed).sum()
}

async fn passing_on_more_than_is_held(server: &Server) {
    let town = Town::found(server).await;
    town.found_group("b").await;
    let grant = grant(&town, false, 10_000_000).await;
    // What is not held can be neither decided on nor delivered.
    let more = DecideGuliranRequest {
        grant: grant.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        amount: idr(10_000_001),
        due_on: None,
    };
    let status = town.guliran().decide_guliran(more).await.expect_err("more than is held");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("GRANT_EXCEEDED", "amount"));
    assert!(said.text.contains("Rp10.000.000"), "{}", said.text);
    assert_eq!(town.held("a.guliran.2202.apbn").await, 0, "nothing is half done");
    decide(&town, &grant, 6_000_000).await;
    breaks(&town, deliver(&grant, "ke-b", B, 6_000_001), A, "OBLIGATION_EXCEEDED").await;
}

async fn passing_on_to_oneself(server: &Server) {
    let town = Town::found(server).await;
    let grant = grant(&town, false, 10_000_000).await;
    decide(&town, &grant, 6_000_000).await;
    breaks(&town, deliver(&grant, "ke-diri", A, 1_000_000), A, "PASS_TO_SELF").await;
}

async fn passing_on_in_a_circle(server: &Server) {
    let town = Town::found(server).await;
    town.found_group("b").await;
    let grant = grant(&town, false, 10_000_000).await;
    decide(&town, &grant, 6_000_000).await;
    town.guliran().deliver_guliran(deliver(&grant, "ke-b", B, 6_000_000)).await.expect("passed");
    let of_b = format!("{B}/grants/dari-ke-b");
    decide(&town, &of_b, 2_000_000).await;
    breaks(&town, deliver(&of_b, "pulang", A, 2_000_000), B, "PASS_IN_CIRCLE").await;
}

async fn relief_above_the_cap(server: &Server) {
    let town = Town::found(server).await;
    let rule = IksRule {
        since: date(2025, 1, 1),
        period: DuesPeriod::Yearly as i32,
        dues: idr(50_000),
        caps: vec![ReliefCap { kind: ReliefKind::Musibah as i32, cap: idr(40_000) }],
        quorum: 2,
        minute: "BA-7/contoh".to_owned(),
        ..IksRule::default()
    };
    let rule =
        SetIksRuleRequest { group: A.to_owned(), request_id: fresh_request_id(), rule: Some(rule) };
    town.iks().set_iks_rule(rule).await.expect("set");
    let dues = ReceiveDuesRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        payer: Some(receive_dues_request::Payer::Member(format!("{A}/members/m01"))),
        amount: idr(100_000),
        place: cash(),
        for_day: None,
    };
    town.iks().receive_dues(dues).await.expect("paid");
    let told = PayReliefRequest {
        member: format!("{A}/members/m02"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        amount: idr(60_000),
        place: cash(),
        kind: "musibah".to_owned(),
        consents: 2,
        ..PayReliefRequest::default()
    };
    let asked = RequestReliefRequest {
        member: told.member.clone(),
        request_id: fresh_request_id(),
        details: told.details.clone(),
        amount: told.amount.clone(),
        place: told.place.clone(),
        kind: told.kind.clone(),
        consents: 2,
        ..RequestReliefRequest::default()
    };
    let before = town.trial_balance(BOOK).await;
    let status = town.iks().request_relief(asked.clone()).await.expect_err("above the cap");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("RELIEF_ABOVE_CAP", "amount"));
    assert!(said.text.contains("caps relief for one case at Rp40.000"), "{}", said.text);
    // Nor for a trouble that the rule does not know, nor without those who must agree.
    let other = RequestReliefRequest {
        request_id: fresh_request_id(),
        amount: idr(1_000),
        kind: "sekolah".to_owned(),
        ..asked.clone()
    };
    let status = town.iks().request_relief(other).await.expect_err("not in the rule");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("RELIEF_NOT_COVERED", "kind"));
    let alone = RequestReliefRequest {
        request_id: fresh_request_id(),
        amount: idr(1_000),
        consents: 1,
        ..asked
    };
    let status = town.iks().request_relief(alone).await.expect_err("two must agree");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("QUORUM_NOT_MET", "consents"));
    assert_eq!(town.trial_balance(BOOK).await, before, "nothing is half done");
    assert_eq!(waiting(&town, A).await, []);
    town.iks().pay_relief(told).await.expect("recorded");
    assert_eq!(town.held("a.iks.3201").await, 4_000_000, "the money is gone, and the book says so");
    assert_eq!(waiting(&town, A).await, broke("RELIEF_PAID", "RELIEF_ABOVE_CAP"));
}

async fn an_lpj_with_spending_beyond_the_grant(server: &Server) {
    let town = Town::found(server).await;
    let grant = grant(&town, true, 1_000_000).await;
    let feed = PayExpenseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 3),
        fund: Fund::Uep as i32,
        kind: ExpenseKind::Feed as i32,
        amount: idr(1_200_000),
        place: place(PlaceKind::Bank),
        grant: grant.clone(),
        ..PayExpenseRequest::default()
    };
    let told = town.trade().pay_expense(feed).await.expect("recorded").into_inner();
    let warnings = told.transaction.expect("set").warnings;
    assert_eq!(warnings[0].reason, "GRANT_OVERSPENT");
    assert_eq!(waiting(&town, A).await, broke("EXPENSE_PAID", "GRANT_OVERSPENT"));
    let before = town.trial_balance(BOOK).await;
    let accept =
        AcceptLpjRequest { grant, request_id: fresh_request_id(), details: on(2025, 6, 1) };
    let status = town.grants().accept_lpj(accept).await.expect_err("overspent");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("LPJ_OVERSPENT", "grant"));
    assert!(
        said.text.contains("Rp1.000.000") && said.text.contains("Rp1.200.000"),
        "{}",
        said.text
    );
    assert_eq!(town.trial_balance(BOOK).await, before, "still restricted");
}

async fn more_animals_dead_than_alive(server: &Server) {
    let town = Town::found(server).await;
    let grant = grant(&town, false, 10_000_000).await;
    let pigs = NewLot {
        lot_id: "babi".to_owned(),
        kind: LotKind::Livestock as i32,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units("8"),
        cost: idr(8_000_000),
    };
    let buy = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        fund: Fund::Uep as i32,
        items: vec![pigs],
        payment: Some(purchase_request::Payment::PaidFrom(place(PlaceKind::Bank).expect("set"))),
        ..PurchaseRequest::default()
    };
    town.trade().purchase(buy).await.expect("bought");
    let before = town.trial_balance(BOOK).await;
    let lot = format!("{A}/lots/babi");
    let minute = LoseGrantRequest {
        grant,
        request_id: fresh_request_id(),
        details: by_minute(2025, 3, 1),
        loss: Some(lose_grant_request::Loss::Things(LostThings {
            lot: lot.clone(),
            quantity: units("9"),
            cause: LossCause::Died as i32,
        })),
    };
    let status = town.grants().lose_grant(minute).await.expect_err("there are eight");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("LOT_EXCEEDED", "things.quantity"));
    assert_eq!(waiting(&town, A).await, []);
    let dead = RecordLossRequest {
        lot: lot.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        fund: Fund::Uep as i32,
        heads: 9,
        cause: LossCause::Died as i32,
    };
    let told = town.trade().record_loss(dead).await.expect("recorded").into_inner();
    let told = told.transaction.expect("set");
    assert_eq!((told.entries.len(), told.warnings[0].reason.as_str()), (0, "LOT_EXCEEDED"));
    assert_eq!(waiting(&town, A).await, broke("LIVESTOCK_LOST", "LOT_EXCEEDED"));
    assert_eq!(town.trial_balance(BOOK).await, before, "nothing is half done");
    let lot = town.trade().get_lot(GetLotRequest { name: lot }).await.expect("a lot");
    assert_eq!(lot.into_inner().lot.expect("set").quantity, units("8"));
}

async fn what_needs_a_minute_is_not_taken_without(server: &Server) {
    let town = Town::found(server).await;
    let grant = grant(&town, false, 10_000_000).await;
    decide(&town, &grant, 6_000_000).await;
    let position = town.position().await;
    let unnumbered = by_minute(2025, 3, 1).map(|details| TransactionDetails {
        evidence: Some(Evidence { kind: EvidenceKind::Minute as i32, number: String::new() }),
        ..details
    });
    for details in [None, on(2025, 3, 1), unnumbered] {
        let excuse = ExcuseGuliranRequest {
            grant: grant.clone(),
            request_id: fresh_request_id(),
            details: details.clone(),
            amount: idr(1_000),
        };
        let excuse = town.guliran().excuse_guliran(excuse).await.expect_err("by minute");
        let lose = LoseGrantRequest {
            grant: grant.clone(),
            request_id: fresh_request_id(),
            details,
            loss: Some(lose_grant_request::Loss::Things(LostThings {
                lot: format!("{A}/lots/babi"),
                quantity: units("1"),
                cause: LossCause::Died as i32,
            })),
        };
        let lose = town.grants().lose_grant(lose).await.expect_err("by minute");
        for status in [excuse, lose] {
            let said = why(&status);
            let said = (said.reason.as_str(), said.field.as_str());
            assert_eq!(said, ("REQUIRED", "details.evidence"));
        }
    }
    assert_eq!(town.position().await, position);
}

async fn a_review_is_decided_once_or_taken_back(server: &Server) {
    let town = Town::found(server).await;
    let grant = grant(&town, false, 10_000_000).await;
    decide(&town, &grant, 6_000_000).await;
    let told = |pass: &str| DeliverGuliranRequest {
        reported: true,
        ..deliver(&grant, pass, A, 1_000_000)
    };
    let told = [told("satu"), told("dua")];
    let mut reports = Vec::new();
    for request in told {
        let told = town.guliran().deliver_guliran(request).await.expect("recorded").into_inner();
        reports.push(told.transaction.expect("set").name);
    }
    assert_eq!(waiting(&town, "").await.len(), 2);
    let review = |report: &str| report.replace("/transactions/", "/reviews/");
    let decide = |review: String| DecideReviewRequest {
        review,
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
    };
    let first = decide(review(&reports[0]));
    let decided = town.journal().decide_review(first.clone()).await.expect("decided").into_inner();
    let again = town.journal().decide_review(first).await.expect("the same").into_inner();
    assert_eq!(decided, again);
    let twice = decide(review(&reports[0]));
    let nobody = decide(format!("{BOOK}/reviews/tidak-pernah-ada"));
    let nowhere = decide(format!("{BOOK}/laporan/1"));
    for (request, code, reason) in [
        (twice, Code::FailedPrecondition, "REVIEW_DECIDED"),
        (nobody, Code::NotFound, "NOT_FOUND"),
        (nowhere, Code::InvalidArgument, "NAME_MALFORMED"),
        (decide(String::new()), Code::InvalidArgument, "REQUIRED"),
    ] {
        let status = town.journal().decide_review(request).await.expect_err(reason);
        let said = why(&status);
        let said = (said.code, said.reason.as_str(), said.field.as_str());
        assert_eq!(said, (code, reason, "review"));
    }
    let reverse = ReverseTransactionRequest {
        transaction: reports[1].clone(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 2),
        line: 0,
    };
    let reversal = town.journal().reverse_transaction(reverse).await.expect("taken back");
    let reversal = reversal.into_inner().transaction.expect("set").name;
    assert_eq!(waiting(&town, "").await, []);
    let all = ListReviewsRequest {
        parent: BOOK.to_owned(),
        show_decided: true,
        ..ListReviewsRequest::default()
    };
    let all = town.journal().list_reviews(all).await.expect("listed").into_inner().reviews;
    let mut by: Vec<&str> = all.iter().map(|review| review.decided_by.as_str()).collect();
    by.sort_unstable();
    let decided = decided.transaction.expect("set").name;
    let mut expected = [decided.as_str(), reversal.as_str()];
    expected.sort_unstable();
    assert_eq!(by, expected);
    let other = ListReviewsRequest {
        parent: BOOK.to_owned(),
        entity: "books/lain/groups/a".to_owned(),
        ..ListReviewsRequest::default()
    };
    let status = town.journal().list_reviews(other).await.expect_err("another book");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("WRONG_PARENT", "entity")
    );
}
