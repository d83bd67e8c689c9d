//! The worked examples, without network or storage. The same stories run through the real server
//! in `tests/api`.

use simpul::domain::cash::Place;
use simpul::domain::guliran::{Decide, Deliver, Excuse, Item, Receiver};
use simpul::domain::id::Id;
use simpul::domain::link::SaveAtLkm;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    BudgetSource, ExpenseKind, Fund, LossCause, LotKind, PassChannel, SheetLine, SheetLineKind,
};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::sheet::{DecideSheet, RecordSheet};
use simpul::domain::trade::{Born, Lose, PayExpense, Payment, Proceeds, Purchase, Sell, Spends};
use simpul::domain::uep::{
    AcceptLpj, Channel, LoseCapital, Loss, Papers, ReceiveGrant, uep_ledger,
};

use crate::village::{Village, flags, id, k};

fn a() -> Id {
    id("a")
}

fn story_1(v: &mut Village) {
    v.group("a");
    v.drawer("loket");
    let grant = ReceiveGrant {
        group: a(),
        grant: id("blps"),
        source: BudgetSource::Blps,
        papers: Papers { programme: "BLPS contoh".to_owned(), ..Papers::default() },
        restricted: true,
        channel: Channel::Lkm(k(20_000)),
    };
    v.ok_on(grant, Some("2025-02-03"));
    let draw = SaveAtLkm {
        group: a(),
        fund: Fund::Uep,
        deposit: false,
        amount: k(12_000),
        kube_place: Place::Cash,
        lkm_place: Place::Bank,
    };
    v.ok_on(draw, Some("2025-02-04"));
}

fn feed(amount: Sen) -> PayExpense {
    PayExpense {
        ledger: uep_ledger(&a()),
        kind: ExpenseKind::Feed,
        amount,
        place: Place::Cash,
        spends: Some(Spends { grant: id("blps"), plan_line: String::new() }),
        into_lot: None,
    }
}

fn story_2(v: &mut Village) {
    let piglets = NewLot {
        lot: id("bibit"),
        kind: LotKind::Livestock,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity_milli: 8_000,
        cost: k(8_000),
    };
    let buy = Purchase {
        ledger: uep_ledger(&a()),
        items: vec![piglets],
        payment: Payment::Paid(Place::Cash),
        spends: Some(Spends { grant: id("blps"), plan_line: String::new() }),
    };
    v.ok_on(buy, Some("2025-02-05"));
    v.ok_on(feed(k(2_050)), Some("2025-02-06"));
    assert_eq!(v.held("a.uep.1101"), k(1_950));
    let wrong = v.last_request();
    v.ok(Reverse { transaction: wrong, line: 0 });
    v.ok(feed(k(2_500)));
    v.ok(AcceptLpj { group: a(), grant: id("blps") });
}

fn sheet_line(kind: SheetLineKind, member: String, amount: Sen) -> SheetLine {
    SheetLine { kind: kind as i32, member, amount: amount.get(), ..SheetLine::default() }
}

/// Nine members bring their full 10 of wajib and one brings 5; four bring 10 each of sukarela;
/// all bring 5 of IKS.
fn story_3_sheet() -> RecordSheet {
    let member = |number: i64| format!("m{number:02}");
    let wajib =
        |n: i64| sheet_line(SheetLineKind::Wajib, member(n), k(if n == 10 { 5 } else { 10 }));
    let sukarela = |n| sheet_line(SheetLineKind::Sukarela, member(n), k(10));
    let dues = |n| sheet_line(SheetLineKind::IksDues, member(n), k(5));
    let lines = (1..=10).map(wajib).chain((1..=4).map(sukarela)).chain((1..=10).map(dues));
    RecordSheet {
        group: a(),
        number: "1".to_owned(),
        lines: lines.collect(),
        opening_cash: Sen::ZERO,
        closing_cash: k(185),
        meeting: String::new(),
    }
}

#[test]
fn story_1_the_grant_comes_through_the_lkm() {
    let mut v = Village::new();
    story_1(&mut v);
    assert_eq!(v.held("a.uep.1101"), k(12_000));
    assert_eq!(v.held("a.uep.1111"), k(8_000));
    assert_eq!(v.held("a.uep.3102.blps"), k(20_000));
    assert_eq!(v.held("lkm.sp.1104"), k(8_000));
    assert_eq!(v.held("lkm.sp.2102.a/uep"), k(8_000));
}

#[test]
fn story_2_the_money_is_spent_with_one_mistake() {
    let mut v = Village::new();
    story_1(&mut v);
    story_2(&mut v);
    assert_eq!(v.held("a.uep.1101"), k(1_500));
    assert_eq!(v.held("a.uep.1302.bibit"), k(8_000));
    assert_eq!(v.held("a.uep.3101.blps"), k(20_000));
    assert_eq!(v.held("a.uep.3102.blps"), Sen::ZERO);
    assert_eq!(v.held("a.uep.5201"), k(2_500));
}

/// Stories 1 to 3, one after another, the second phone's sheet still waiting.
pub fn told() -> Village {
    let mut v = Village::new();
    story_1(&mut v);
    story_2(&mut v);
    let bank = SaveAtLkm {
        group: a(),
        fund: Fund::SimpanPinjam,
        deposit: true,
        amount: k(100),
        kube_place: Place::Cash,
        lkm_place: Place::Drawer(id("loket")),
    };
    let early = v.ok_on(bank, Some("2025-03-02"));
    assert_eq!(flags(&early), [Reason::CashNegative]);
    // The UEP tin held 1.500 at opening, the SP part of it had gone to the bank before.
    let sheet = RecordSheet { opening_cash: k(1_500), closing_cash: k(1_685), ..story_3_sheet() };
    let recorded = v.ok_on(sheet.clone(), Some("2025-03-01"));
    assert_eq!(flags(&recorded), [Reason::CountMismatch]);
    let before = v.balances();
    let other_phone = v.ok_on(RecordSheet { number: "2".to_owned(), ..sheet }, Some("2025-03-01"));
    assert_eq!(flags(&other_phone), [Reason::SheetPending]);
    assert_eq!(v.balances(), before);
    v
}

/// The balances after story 3.
pub fn assert_story_3(v: &Village) {
    assert_eq!(v.held("a.sp.1101"), k(35));
    assert_eq!(v.held("a.sp.1111"), k(100));
    let total = |code: u32| -> i64 {
        let of = |n| v.held(&format!("a.sp.{code}.m{n:02}")).get();
        (1..=10).map(of).sum()
    };
    assert_eq!(total(2104), k(95).get());
    assert_eq!(total(2103), k(40).get());
    assert_eq!(v.held("a.iks.1101"), k(50));
    assert_eq!(v.held("a.iks.3201"), k(50));
    assert_eq!(v.held("lkm.sp.1103.loket"), k(100));
    assert_eq!(v.held("lkm.sp.2102.a/uep"), k(8_000));
    assert_eq!(v.held("lkm.sp.2102.a/sp"), k(100));
}

#[test]
fn story_3_a_meeting_without_signal() {
    let mut v = told();
    assert_story_3(&v);
    let pending = v.last_request();
    let decide = |accept| DecideSheet { group: a(), sheet: pending.clone(), accept };
    let effect = v.ok(decide(true));
    assert_eq!(effect.effective_on, crate::village::day("2025-03-01"));
    assert_eq!(v.held("a.iks.3201"), k(100));
    assert_eq!(v.refused(decide(false)).reason, Reason::SheetNotPending);
}

fn story_7(v: &mut Village) {
    let ledger = uep_ledger(&a());
    v.ok(Sell {
        ledger: ledger.clone(),
        price: k(7_000),
        proceeds: Proceeds::Paid(Place::Cash),
        goods: Some((id("bibit"), 2_000)),
    });
    v.ok(Lose { ledger: ledger.clone(), lot: id("bibit"), heads: 1, cause: LossCause::Died });
    v.ok(Born { ledger, lot: id("anak"), label: "babi".to_owned(), heads: 4 });
}

#[test]
fn story_7_pigs() {
    let mut v = Village::new();
    story_1(&mut v);
    story_2(&mut v);
    story_7(&mut v);
    assert_eq!(v.held("a.uep.1101"), k(8_500));
    assert_eq!(v.held("a.uep.1302.bibit"), k(5_000));
    assert_eq!(v.held("a.uep.1302.anak"), Sen::ZERO);
    let result = v.held("a.uep.4101").get()
        - v.held("a.uep.5101").get()
        - v.held("a.uep.5209").get()
        - v.held("a.uep.5201").get();
    assert_eq!(result, k(1_500).get());
}

fn story_8(v: &mut Village) {
    v.group("b");
    v.ok(Decide { group: a(), grant: id("blps"), amount: Some(k(6_000)), due_on: None });
    let piglets = Item {
        lot: id("anak"),
        quantity_milli: 2_000,
        value: k(2_000),
        new_lot: Some(id("bibit")),
    };
    v.ok(Deliver {
        group: a(),
        grant: id("blps"),
        pass: id("ke-b"),
        receiver: Receiver::Group(id("b"), id("guliran-a")),
        channel: PassChannel::Savings,
        cash: k(4_000),
        items: vec![piglets],
        before_books: false,
        reported: false,
    });
}

#[test]
fn story_8_a_passes_its_grant_on() {
    let mut v = Village::new();
    story_1(&mut v);
    story_2(&mut v);
    story_7(&mut v);
    story_8(&mut v);
    assert_eq!(v.held("a.uep.3101.blps"), k(14_000));
    assert_eq!(v.held("a.uep.3109"), k(2_000));
    assert_eq!(v.held("a.uep.1111"), k(4_000));
    let left = v.balances();
    assert!(!left.keys().any(|account| account.starts_with("a.guliran.")), "{left:?}");
    assert_eq!(v.held("b.uep.1111"), k(4_000));
    assert_eq!(v.held("b.uep.1302.bibit"), k(2_000));
    assert_eq!(v.held("b.uep.3103.guliran-a"), k(6_000));
    assert_eq!(v.held("lkm.sp.2102.a/uep"), k(4_000));
    assert_eq!(v.held("lkm.sp.2102.b/uep"), k(4_000));
}

#[test]
fn story_9_the_third_generation() {
    let mut v = Village::new();
    story_1(&mut v);
    story_2(&mut v);
    story_7(&mut v);
    story_8(&mut v);
    v.group("c");
    let (b, grant) = (id("b"), id("guliran-a"));
    let loss = Loss::Things(id("bibit"), 1_000, LossCause::Died);
    v.ok(LoseCapital { group: b.clone(), grant: grant.clone(), loss });
    let amount = Some(k(3_000));
    v.ok(Decide { group: b.clone(), grant: grant.clone(), amount, due_on: None });
    v.ok(Deliver {
        group: b.clone(),
        grant: grant.clone(),
        pass: id("ke-c"),
        receiver: Receiver::Group(id("c"), id("guliran-b")),
        channel: PassChannel::Savings,
        cash: k(2_000),
        items: Vec::new(),
        before_books: false,
        reported: false,
    });
    v.ok(Excuse { group: b, grant, amount: k(500) });
    assert_eq!(v.held("b.uep.3103.guliran-a"), k(2_500));
    assert_eq!(v.held("b.uep.1111"), k(2_000));
    assert_eq!(v.held("b.uep.1302.bibit"), k(1_000));
    assert_eq!(v.held("b.guliran.2202.guliran-a"), k(500));
    assert_eq!(v.held("c.uep.1111"), k(2_000));
    assert_eq!(v.held("c.uep.3103.guliran-b"), k(2_000));
}
