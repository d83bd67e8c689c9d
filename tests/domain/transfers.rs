//! Guliran between books, each book by itself: what the giver's hears of a pass, and how what a
//! receiver disputes goes back. Exact entries, refusals, and words that come late or twice.

use std::collections::BTreeMap;

use simpul::domain::access::Role;
use simpul::domain::cash::Place;
use simpul::domain::confirmation::{AnswerReport, confirmation_name};
use simpul::domain::draft::grant_name;
use simpul::domain::guliran::{Deliver, Item, Receiver, in_transit, owed, pass_name};
use simpul::domain::id::{RequestId, RowName};
use simpul::domain::link::SaveAtLkm;
use simpul::domain::lot::NewLot;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{
    ArrivalState, Confirmation, ConfirmationState, ExpenseKind, Fund, Grant, LossCause, LotKind,
    Pass, PassChannel, PassState, ReceiverWord, Review, Transit, TransitState, Underway,
};
use simpul::domain::refusal::{Reason, Refusal};
use simpul::domain::reversal::Reverse;
use simpul::domain::review::review_name;
use simpul::domain::trade::{Born, Lose, PayExpense, Spends};
use simpul::domain::transfer::{Hear, Receive, Said, Transfer, Word, transfer_name};
use simpul::domain::uep::{Channel, uep_ledger};

use crate::guliran::{decide, deliver, receive};
use crate::village::{Village, by, day, entries, flags, id, k};

const MANAGER: (&str, Role) = ("manajer", Role::Manager);
const TREASURER: (&str, Role) = ("bu-maria", Role::Treasurer);
pub const THERE: &str = "books/soe/groups/x";

/// The row of a kind by its name.
macro_rules! row {
    ($village:expr, $kind:ident, $name:expr) => {
        match $village.row(&$name) {
            Some(Row::$kind(row)) => row,
            other => panic!("{other:?}"),
        }
    };
}

// ---- the giver's book --------------------------------------------------------------------------

/// Group a has passed 3.000 of 10.000 on: 2.000 from its savings, and two piglets.
fn giver() -> (Village, RequestId) {
    let mut v = Village::new();
    v.group("a");
    v.ok(receive("a", "g", Channel::Lkm(k(10_000))));
    let (ledger, label) = (uep_ledger(&id("a")), "babi (contoh)".to_owned());
    v.ok(Born { ledger, lot: id("anak"), label, heads: 2 });
    v.ok(decide("a", "g", 5_000));
    let item = Item { lot: id("anak"), quantity_milli: 2_000, value: k(1_000), new_lot: None };
    let to = Receiver::OtherBook(THERE.to_owned());
    let pass = Deliver { items: vec![item], ..deliver("a", "g", "p", to, 2_000) };
    v.ok(pass);
    let delivered = v.last_request();
    (v, delivered)
}

pub fn said(state: ArrivalState, returned: bool, position: u64) -> Word {
    let word = ReceiverWord {
        state: state as i32,
        returned,
        position,
        said_on: day("2025-12-30").get(),
        role: Role::Treasurer as i32,
        request_id: format!("kata-{position:05}"),
    };
    Word::Said(Said { receiver: THERE.to_owned(), grant: id("guliran-1"), word })
}

pub fn hear(word: Word) -> Hear {
    Hear { giver: id("a"), pass: id("p"), word }
}

fn pass(v: &Village) -> Pass {
    row!(v, Pass, pass_name(&id("a"), &id("p")))
}

/// What the pass says of its arrival: what is in transit, what its receiver says, where it is listed,
/// and whether it is listed as underway.
fn stands(v: &Village) -> (i64, Option<ArrivalState>, TransitState, bool) {
    let row = pass(v);
    let listed: Transit = row!(v, Transit, RowName::new("transit", "a.p"));
    let heard = row.word.as_ref().map_or(0, |word| word.position);
    assert_eq!((listed.book.as_str(), listed.heard), ("soe", heard));
    let underway: Underway = row!(v, Underway, RowName::new("groups/a/transit", "passes"));
    let arrived = row.arrivals.first().map(|arrival| arrival.state());
    (in_transit(&row) / 100_000, arrived, listed.state(), underway.passes == ["p"])
}

fn refused(v: &mut Village, word: Word) -> Reason {
    let before = (v.balances(), pass(v));
    let refusal = v.refused(hear(word));
    assert_eq!(refusal.field, "pass");
    assert_eq!((v.balances(), pass(v)), before, "changes nothing");
    refusal.reason
}

#[test]
fn the_giver_hears_the_latest_word_alone() {
    use ArrivalState::{Confirmed, Disputed, Unspecified};
    let (mut v, _) = giver();
    assert_eq!(stands(&v), (3_000, None, TransitState::Waiting, true));
    let arrived = v.ok(hear(said(Unspecified, false, 7)));
    assert_eq!(entries(&arrived), [""; 0], "it has left the giver's accounts before");
    assert_eq!(stands(&v), (0, Some(Unspecified), TransitState::Arrived, false));
    let day_of = pass(&v).arrivals[0].arrived_on;
    v.today = v.today.next();
    v.ok(hear(said(Disputed, false, 9)));
    assert_eq!(stands(&v), (0, Some(Disputed), TransitState::Arrived, false));
    assert_eq!(pass(&v).arrivals[0].arrived_on, day_of, "it came when it came");
    for (state, old) in [(Unspecified, 7), (Confirmed, 8), (Confirmed, 9)] {
        assert_eq!(refused(&mut v, said(state, false, old)), Reason::ReceiptOutdated);
    }
    let Word::Said(known) = said(Confirmed, false, 10) else { unreachable!() };
    let other = Word::Said(Said { receiver: "books/soe/groups/y".to_owned(), ..known });
    assert_eq!(refused(&mut v, other), Reason::ReceiptOfAnother);
    assert_eq!(refused(&mut v, Word::Refused(Reason::NotFound)), Reason::NothingInTransit);
    v.ok(hear(said(Confirmed, false, 10)));
    assert_eq!(stands(&v), (0, Some(Confirmed), TransitState::Arrived, false));
    let word = pass(&v).word.expect("heard");
    assert_eq!((word.said_on, word.role()), (day("2025-12-30").get(), Role::Treasurer));
    assert_eq!(word.request_id, "kata-00010");
}

/// It waits for a person: nobody in this book knows whether it came home or was lost on the way.
#[test]
fn what_is_sent_back_is_in_transit_until_its_giver_takes_it_back() {
    use ArrivalState::{Disputed, Unspecified};
    let (mut v, delivered) = giver();
    let balances = v.balances();
    v.ok(hear(said(Unspecified, false, 7)));
    let back = Reverse { transaction: delivered.clone(), line: 0 };
    assert_eq!(v.refused(back.clone()).reason, Reason::ReversalBlocked, "it is over there");
    let heard = v.ok(hear(said(Disputed, true, 9)));
    assert_eq!(entries(&heard), [""; 0]);
    assert_eq!(v.balances(), balances);
    assert_eq!(stands(&v), (3_000, None, TransitState::Refused, true));
    assert_eq!(pass(&v).broken, "TRANSFER_RETURNED");
    let review: Review = row!(v, Review, review_name(&delivered));
    assert_eq!(review.reasons, ["TRANSFER_RETURNED"]);
    assert_eq!((review.entity.as_str(), review.decided_by.as_str()), ("a", ""));
    for (returned, position) in [(false, 7), (true, 9)] {
        let again = said(Disputed, returned, position);
        assert_eq!(refused(&mut v, again), Reason::ReceiptOutdated);
    }
    assert_eq!(refused(&mut v, Word::Refused(Reason::NotFound)), Reason::NothingInTransit);

    assert_eq!(
        entries(&v.ok(back)),
        [
            "lkm.sp Tabungan KUBE [a/uep] K 2000",
            "lkm.sp Bank D 2000",
            "a.uep Antar Dana [guliran] K 2000",
            "a.uep Tabungan di LKM D 2000",
            "a.uep Antar Dana [guliran] K 1000",
            "a.uep Selisih Nilai Guliran D 1000",
            "a.guliran Kewajiban Guliran [g] K 3000",
            "a.guliran Antar Dana [uep] D 3000",
        ]
    );
    let grant: Grant = row!(v, Grant, grant_name(&id("a"), &id("g")));
    assert_eq!((grant.passed, owed(&grant).expect("fits")), (0, k(5_000)), "owed again");
    assert_eq!(row!(v, Lot, RowName::new("groups/a/lots", "anak")).quantity_out_milli, 0);
    assert_eq!(pass(&v).state(), PassState::Reversed);
    assert_eq!(stands(&v), (0, None, TransitState::Reversed, false));
    let review: Review = row!(v, Review, review_name(&delivered));
    assert_eq!(review.decided_by, v.last_request().as_str());
    assert_eq!(refused(&mut v, said(Disputed, true, 11)), Reason::NothingInTransit);
    // What came in truth is passed on anew, and under a name of its own.
    let again = Receiver::OtherBook(THERE.to_owned());
    v.ok(deliver("a", "g", "p2", again, 500));
}

/// A file may come before the one that was written earlier: what is later holds.
#[test]
fn a_return_may_be_heard_before_the_arrival() {
    let (mut v, _) = giver();
    v.ok(hear(said(ArrivalState::Disputed, true, 9)));
    assert_eq!(stands(&v), (3_000, None, TransitState::Refused, true));
    let arrived = said(ArrivalState::Unspecified, false, 7);
    assert_eq!(refused(&mut v, arrived), Reason::ReceiptOutdated);
}

// ---- the receiver's book -----------------------------------------------------------------------

const PASS: &str = "books/soe/groups/x/passes/p";

/// Group a has taken in 2.000 into its savings, and two piglets worth 1.000.
pub fn taken_in() -> Receive {
    let piglets = NewLot {
        lot: id("dari-soe-1"),
        kind: LotKind::Livestock,
        label: "babi (contoh)".to_owned(),
        unit: "ekor".to_owned(),
        quantity_milli: 2_000,
        cost: k(1_000),
    };
    let transfer = Transfer {
        pass: PASS.to_owned(),
        ancestors: vec!["books/soe/groups/x/grants/g".to_owned()],
        giver: Grant::default(),
        amount: k(3_000),
        cash: k(2_000),
        channel: PassChannel::Savings,
        items: vec![piglets],
    };
    let courier = RequestId::new("request-kurir").expect("an id");
    Receive { group: id("a"), grant: id("dari-soe"), transfer, courier, given_on: None }
}

fn receiver() -> (Village, RequestId) {
    let mut v = Village::new();
    v.group("a");
    v.ok(taken_in());
    let receipt = v.last_request();
    (v, receipt)
}

fn answers(v: &mut Village, receipt: &RequestId, dispute: Option<Vec<u8>>) {
    let answer = AnswerReport { group: id("a"), report: receipt.clone(), dispute };
    by(v, TREASURER, answer).expect("answered");
}

/// What the giver's book would hear, and whether that was said by the last request.
fn word(v: &Village) -> (ArrivalState, bool, Role) {
    let row = row!(v, Transfer, transfer_name(PASS));
    let word = row.word.expect("said");
    assert_eq!(word.position, v.records.len() as u64);
    assert_eq!(word.request_id, v.last_request().as_str());
    (word.state(), word.returned, word.role())
}

fn back(v: &mut Village, receipt: &RequestId) -> Result<Vec<String>, Refusal> {
    let back = by(v, MANAGER, Reverse { transaction: receipt.clone(), line: 0 })?;
    assert!(flags(&back).contains(&Reason::GoesBack));
    let mut lines = entries(&back);
    lines.sort_unstable();
    Ok(lines)
}

#[test]
fn what_its_receiver_disputes_goes_back_whole_and_for_good() {
    let (mut v, receipt) = receiver();
    assert_eq!(word(&v), (ArrivalState::Unspecified, false, Role::Unspecified));
    let waits = back(&mut v, &receipt).expect_err("nobody disputes it");
    assert_eq!((waits.reason, waits.field.as_str()), (Reason::ReceiptNotDisputed, "transaction"));
    answers(&mut v, &receipt, Some(vec![3; 32]));
    assert_eq!(word(&v), (ArrivalState::Disputed, false, Role::Treasurer));
    assert_eq!(
        back(&mut v, &receipt).expect("goes back"),
        [
            "a.uep Modal Guliran [dari-soe] D 1000",
            "a.uep Modal Guliran [dari-soe] D 2000",
            "a.uep Tabungan di LKM K 2000",
            "a.uep Ternak [dari-soe-1] K 1000",
            "lkm.sp Bank K 2000",
            "lkm.sp Tabungan KUBE [a/uep] D 2000",
        ]
    );
    assert_eq!(word(&v), (ArrivalState::Disputed, true, Role::Manager));
    assert_eq!(v.balances(), BTreeMap::new());
    assert!(row!(v, Grant, grant_name(&id("a"), &id("dari-soe"))).reversed);
    let answer: Confirmation = row!(v, Confirmation, confirmation_name(&id("a"), &receipt));
    assert_eq!(answer.state(), ConfirmationState::TakenBack);
    let review: Review = row!(v, Review, review_name(&receipt));
    assert_eq!(review.decided_by, v.last_request().as_str());
    assert_eq!(back(&mut v, &receipt).expect_err("once").reason, Reason::AlreadyReversed);
    // However often it is brought: its giver may have taken it back.
    assert_eq!(v.refused(taken_in()).reason, Reason::TransferReturned);
}

/// The manager sent it back on the group's behalf, so the group is asked about that as well: what it
/// says of it is no word on what came.
#[test]
fn what_a_group_says_of_the_return_does_not_bring_it_back() {
    for dispute in [None, Some(vec![4; 32])] {
        let (mut v, receipt) = receiver();
        answers(&mut v, &receipt, Some(vec![3; 32]));
        back(&mut v, &receipt).expect("goes back");
        let said = row!(v, Transfer, transfer_name(PASS)).word;
        let returned = v.last_request();
        answers(&mut v, &returned, dispute);
        let answer: Confirmation = row!(v, Confirmation, confirmation_name(&id("a"), &returned));
        assert_eq!(answer.decided_by, v.last_request().as_str());
        assert_eq!(row!(v, Transfer, transfer_name(PASS)).word, said);
        assert_eq!(v.refused(taken_in()).reason, Reason::TransferReturned);
    }
}

#[test]
fn what_its_receiver_confirmed_stays() {
    let (mut v, receipt) = receiver();
    answers(&mut v, &receipt, None);
    assert_eq!(word(&v), (ArrivalState::Confirmed, false, Role::Treasurer));
    let refusal = back(&mut v, &receipt).expect_err("it is there");
    assert_eq!(refusal.reason, Reason::ReceiptNotDisputed);
    assert_eq!(v.refused(taken_in()).reason, Reason::TransferReplayed);
}

/// What may have been done with it meanwhile, and why it then stays.
type Use = (&'static str, fn(&mut Village), Reason);

#[test]
fn what_was_used_does_not_go_back() {
    let done: [Use; 4] = [
        ("passed on", |v| drop(v.ok(decide("a", "dari-soe", 1))), Reason::ReversalBlocked),
        ("spent", spend, Reason::ReversalBlocked),
        ("an animal died", die, Reason::ReversalBlocked),
        ("drawn", draw, Reason::Floor),
    ];
    for (what, doing, reason) in done {
        let (mut v, receipt) = receiver();
        answers(&mut v, &receipt, Some(vec![3; 32]));
        doing(&mut v);
        let before = v.balances();
        let refusal = back(&mut v, &receipt).expect_err(what);
        assert_eq!(refusal.reason, reason, "{what}");
        assert_eq!(v.balances(), before, "{what}");
        let held = row!(v, Transfer, transfer_name(PASS)).word.expect("said");
        assert!(!held.returned, "{what}");
    }
}

fn spend(v: &mut Village) {
    v.ok(receive("a", "lain", Channel::Bank(k(100))));
    let spends = Some(Spends { grant: id("dari-soe"), plan_line: String::new() });
    let ledger = uep_ledger(&id("a"));
    let (kind, amount, place) = (ExpenseKind::Feed, k(50), Place::Bank);
    v.ok(PayExpense { ledger, kind, amount, place, spends, into_lot: None });
}

fn die(v: &mut Village) {
    let (ledger, lot) = (uep_ledger(&id("a")), id("dari-soe-1"));
    v.ok(Lose { ledger, lot, heads: 1, cause: LossCause::Died });
}

fn draw(v: &mut Village) {
    let (group, fund, amount) = (id("a"), Fund::Uep, k(2_000));
    let (kube_place, lkm_place) = (Place::Bank, Place::Bank);
    v.ok(SaveAtLkm { group, fund, deposit: false, amount, kube_place, lkm_place });
}
