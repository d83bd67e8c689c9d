//! What clerks record on a group's behalf waits for the group's word.

use simpul::domain::access::Role;
use simpul::domain::arisan::OpenArisan;
use simpul::domain::cash::Place;
use simpul::domain::confirmation::{AnswerReport, confirmation_name};
use simpul::domain::general::{JournalLine, PostJournal};
use simpul::domain::id::RequestId;
use simpul::domain::record::proto::{Confirmation, ConfirmationState, Grant, PassChannel, Review};
use simpul::domain::record::{Effect, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::review::review_name;
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::transfer::{Receive, Transfer};

use crate::village::{Village, by, entries, id, k, kube};

fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    village
}

const TELLER: (&str, Role) = ("teller", Role::Teller);
const MANAGER: (&str, Role) = ("manajer", Role::Manager);
const CHAIR: (&str, Role) = ("pak-yosef", Role::Chair);
const TREASURER: (&str, Role) = ("bu-maria", Role::Treasurer);

fn deposit() -> Deposit {
    let (member, place) = (id("m01"), Place::Cash);
    Deposit { entity: kube("a"), member, kind: Kind::Voluntary, amount: k(50), place }
}

fn waits(effect: &Effect) -> Vec<String> {
    let waiting = effect.rows.iter().filter(|(_, row)| {
        matches!(row, Row::Confirmation(one) if one.state() == ConfirmationState::Waiting)
    });
    waiting.map(|(name, _)| name.parent.clone()).collect()
}

fn row(v: &Village, name: &simpul::domain::id::RowName) -> Option<Row> {
    match v.state.get(&Key::Row(name.clone())) {
        Some(Value::Row(row)) => row.as_deref().cloned(),
        _ => None,
    }
}

fn answer(v: &Village, report: &RequestId) -> Confirmation {
    match row(v, &confirmation_name(&id("a"), report)) {
        Some(Row::Confirmation(row)) => row,
        other => panic!("{other:?}"),
    }
}

fn review(v: &Village, report: &RequestId) -> Review {
    match row(v, &review_name(report)) {
        Some(Row::Review(row)) => row,
        other => panic!("{other:?}"),
    }
}

fn right(report: &RequestId) -> AnswerReport {
    AnswerReport { group: id("a"), report: report.clone(), dispute: None }
}

fn wrong(report: &RequestId) -> AnswerReport {
    AnswerReport { dispute: Some(vec![3; 32]), ..right(report) }
}

#[test]
fn only_what_clerks_record_in_a_groups_ledger_or_registers_of_money_waits() {
    let mut v = village();
    let here = vec!["groups/a/confirmations".to_owned()];
    for role in [Role::Manager, Role::Bookkeeper, Role::Teller, Role::Collector] {
        assert_eq!(waits(&by(&mut v, ("x", role), deposit()).expect("booked")), here, "{role:?}");
    }
    for role in [Role::Treasurer, Role::Chair, Role::Unspecified, Role::Facilitator] {
        let effect = by(&mut v, ("x", role), deposit()).expect("booked");
        assert!(waits(&effect).is_empty(), "{role:?}");
    }
    let arisan = OpenArisan {
        group: id("a"),
        arisan: id("kocok"),
        label: Vec::new(),
        contribution: k(10),
        members: vec![id("m01"), id("m02")],
    };
    let opened = by(&mut v, TELLER, arisan).expect("opened");
    assert_eq!((opened.entries.len(), waits(&opened)), (0, here));
    // The LKM's own ledger is its own.
    let line = |account: &str, amount| JournalLine {
        account: simpul::domain::account::Account::parse(account).expect("an account"),
        amount,
    };
    let lines = vec![line("lkm.sp.1104", k(5)), line("lkm.sp.3107", k(-5))];
    assert!(waits(&by(&mut v, MANAGER, PostJournal { lines }).expect("booked")).is_empty());
}

#[test]
fn a_record_is_confirmed_once_by_another_than_its_maker() {
    let mut v = village();
    let booked = by(&mut v, TELLER, deposit()).expect("booked");
    assert_eq!(entries(&booked), ["a.sp Kas D 50", "a.sp Tabungan Anggota [m01] K 50"]);
    let report = v.last_request();
    let own = by(&mut v, ("teller", Role::Chair), right(&report)).expect_err("their own");
    assert_eq!((own.reason, own.field.as_str()), (Reason::OwnReport, "confirmation"));
    let confirmed = by(&mut v, TREASURER, right(&report)).expect("confirmed");
    assert!(confirmed.entries.is_empty());
    let held = answer(&v, &report);
    let by_request = v.last_request();
    assert_eq!(held.state(), ConfirmationState::Confirmed);
    assert_eq!(held.decided_by, by_request.as_str());
    for again in [right(&report), wrong(&report)] {
        let refusal = by(&mut v, TREASURER, again).expect_err("answered");
        assert_eq!(refusal.reason, Reason::ConfirmationDecided);
    }
    let own = by(&mut v, TREASURER, deposit()).expect("booked");
    assert!(waits(&own).is_empty());
    let report = v.last_request();
    let refusal = by(&mut v, TREASURER, right(&report)).expect_err("nothing waits");
    assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::NotFound, "confirmation"));
}

#[test]
fn a_disputed_record_is_reviewed_and_settled_by_reversal() {
    let mut v = village();
    by(&mut v, TELLER, deposit()).expect("booked");
    let report = v.last_request();
    let disputed = by(&mut v, TREASURER, wrong(&report)).expect("disputed");
    assert!(disputed.entries.is_empty());
    assert_eq!(answer(&v, &report).reason, vec![3; 32]);
    let put = review(&v, &report);
    assert_eq!((put.reasons, put.decided_by), (vec!["DISPUTED".to_owned()], String::new()));
    let reverse = Reverse { transaction: report.clone(), line: 0 };
    let reversed = by(&mut v, MANAGER, reverse).expect("taken back");
    assert_eq!(entries(&reversed), ["a.sp Kas K 50", "a.sp Tabungan Anggota [m01] D 50"]);
    assert_eq!(answer(&v, &report).state(), ConfirmationState::TakenBack);
    assert_eq!(review(&v, &report).decided_by, v.last_request().as_str());
    // The reversal moved the group's money, and waits for its word in turn.
    assert_eq!(answer(&v, &v.last_request()).state(), ConfirmationState::Waiting);
}

/// What came from another book, by the courier or as a file that the treasurer took in.
fn received(grant: &str) -> Receive {
    let transfer = Transfer {
        pass: format!("books/soe/groups/x/passes/{grant}"),
        ancestors: Vec::new(),
        giver: Grant::default(),
        amount: k(100),
        cash: k(100),
        channel: PassChannel::Bank,
        items: Vec::new(),
    };
    let courier = RequestId::new("request-kurir").expect("an id");
    Receive { group: id("a"), grant: id(grant), transfer, courier, given_on: None }
}

/// Whoever brought it, somebody else of the group says whether it is there, once. Said not to be, it
/// is looked into; how it goes back is told in `transfers.rs`.
#[test]
fn what_came_from_another_book_is_answered_once() {
    let mut v = village();
    v.group("b");
    let here = vec!["groups/a/confirmations".to_owned()];
    assert_eq!(waits(&v.ok(received("g1"))), here);
    let brought = v.last_request();
    by(&mut v, TREASURER, wrong(&brought)).expect("disputed");
    assert_eq!(review(&v, &brought).decided_by, "");
    let again = by(&mut v, TREASURER, right(&brought)).expect_err("answered");
    assert_eq!(again.reason, Reason::ConfirmationDecided);
    assert_eq!(answer(&v, &brought).state(), ConfirmationState::Disputed);
    assert_eq!(v.held("a.uep.1104"), k(100));

    let taken_in = by(&mut v, TREASURER, received("g2")).expect("taken in");
    assert_eq!(waits(&taken_in), here);
    let own = v.last_request();
    let refusal = by(&mut v, ("bu-maria", Role::Chair), right(&own)).expect_err("their own");
    assert_eq!(refusal.reason, Reason::OwnReport);
    let stranger = AnswerReport { group: id("b"), ..right(&own) };
    assert_eq!(by(&mut v, CHAIR, stranger).expect_err("not theirs").reason, Reason::NotFound);
    by(&mut v, CHAIR, right(&own)).expect("confirmed");
    // What is refused asks nobody.
    let twice = by(&mut v, MANAGER, received("g2")).expect_err("replayed");
    assert_eq!(twice.reason, Reason::TransferReplayed);
    let replayed = v.last_request();
    assert!(row(&v, &confirmation_name(&id("a"), &replayed)).is_none());
}
