//! Corrections: visible, limited by floors, each line at most once.

use simpul::domain::account::Subject;
use simpul::domain::cash::Place;
use simpul::domain::chart::Code;
use simpul::domain::general::ClearSuspense;
use simpul::domain::id::RequestId;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{Fund, LotKind, SheetLine, SheetLineKind};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind, Withdraw};
use simpul::domain::sheet::RecordSheet;
use simpul::domain::trade::{Payment, Proceeds, Purchase, Sell};
use simpul::domain::uep::uep_ledger;

use crate::village::{Village, entries, id, k, kube};

fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    village
}

fn deposit(member: &str, amount: Sen) -> Deposit {
    let place = Place::Cash;
    Deposit { entity: kube("a"), member: id(member), kind: Kind::Voluntary, amount, place }
}

fn reverse(transaction: &RequestId, line: u32) -> Reverse {
    Reverse { transaction: transaction.clone(), line }
}

#[test]
fn event_54_a_transaction_is_taken_back_once_and_its_reversal_never() {
    let mut v = village();
    v.ok(deposit("m01", k(10)));
    let original = v.last_request();
    let effect = v.ok(reverse(&original, 0));
    assert_eq!(entries(&effect), ["a.sp Kas K 10", "a.sp Tabungan Anggota [m01] D 10"]);
    assert_eq!(effect.reverses, Some((original.clone(), 0)));
    let reversal = v.last_request();
    assert_eq!(v.refused(reverse(&original, 0)).reason, Reason::AlreadyReversed);
    assert_eq!(v.refused(reverse(&reversal, 0)).reason, Reason::IsReversal);
    let unknown = RequestId::new("tidak-ada").expect("an id");
    assert_eq!(v.refused(reverse(&unknown, 0)).reason, Reason::NotFound);
}

#[test]
fn a_reversal_obeys_floors() {
    let mut v = village();
    v.ok(deposit("m01", k(10)));
    let original = v.last_request();
    let (entity, member) = (kube("a"), id("m01"));
    v.ok(Withdraw { entity, member, amount: k(4), place: Place::Cash });
    assert_eq!(v.refused(reverse(&original, 0)).reason, Reason::Floor);
}

#[test]
fn one_line_of_a_sheet_is_taken_back_alone_and_the_rest_later() {
    let mut v = village();
    let line = |member: &str| SheetLine {
        kind: SheetLineKind::Wajib as i32,
        member: member.to_owned(),
        amount: k(10).get(),
        ..SheetLine::default()
    };
    v.ok(RecordSheet {
        group: id("a"),
        number: "1".to_owned(),
        lines: vec![line("m01"), line("m02")],
        opening_cash: Sen::ZERO,
        closing_cash: k(20),
        meeting: String::new(),
    });
    let sheet = v.last_request();
    let second = v.ok(reverse(&sheet, 2));
    assert_eq!(entries(&second), ["a.sp Kas K 10", "a.sp Simpanan Wajib [m02] D 10"]);
    assert_eq!(v.refused(reverse(&sheet, 2)).reason, Reason::AlreadyReversed);
    assert_eq!(v.refused(reverse(&sheet, 9)).reason, Reason::NothingToReverse);
    v.ok(reverse(&sheet, 0));
    assert!(v.balances().is_empty());
}

#[test]
fn a_purchase_cannot_be_taken_back_once_its_goods_are_sold() {
    let mut v = village();
    let ledger = uep_ledger(&id("a"));
    let goods = NewLot {
        lot: id("b1"),
        kind: LotKind::Stock,
        label: "beras".to_owned(),
        unit: "kg".to_owned(),
        quantity_milli: 3_000,
        cost: k(100),
    };
    let payment = Payment::Paid(Place::Cash);
    v.ok(Purchase { ledger: ledger.clone(), items: vec![goods], payment, spends: None });
    let bought = v.last_request();
    let proceeds = Proceeds::Paid(Place::Cash);
    v.ok(Sell { ledger, price: k(50), proceeds, goods: Some((id("b1"), 1_000)) });
    let sold = v.last_request();
    // The lot no longer holds what the purchase brought: its account refuses.
    assert!(matches!(
        v.refused(reverse(&bought, 0)).reason,
        Reason::Floor | Reason::ReversalBlocked
    ));
    let effect = v.ok(reverse(&sold, 0));
    let lot = effect.rows.iter().find_map(|(_, row)| match row {
        Row::Lot(lot) => Some(lot.clone()),
        _ => None,
    });
    let lot = lot.expect("the lot comes back");
    assert_eq!((lot.quantity_out_milli, lot.cost_out), (0, 0));
    v.ok(reverse(&bought, 0));
    assert!(v.balances().is_empty());
}

#[test]
fn what_suspense_was_cleared_to_must_be_taken_back_first() {
    let mut v = village();
    v.ok(deposit("siapa", k(10)));
    let report = v.last_request();
    v.ok(ClearSuspense {
        entity: kube("a"),
        fund: Fund::SimpanPinjam,
        transaction: report.clone(),
        line: 0,
        code: Code::MemberSavings,
        subject: Subject::id(&id("m01")),
        amount: k(10),
        dues: None,
    });
    let clearing = v.last_request();
    assert_eq!(v.refused(reverse(&report, 0)).reason, Reason::ReversalBlocked);
    v.ok(reverse(&clearing, 0));
    v.ok(reverse(&report, 0));
    assert!(v.balances().is_empty());
}
