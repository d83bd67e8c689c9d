//! KUBE and LKM: stakes, collection in the village, term deposits (catalogue events 3, 4a, 30,
//! 31a and 32), exact entries in both ledgers.

use simpul::domain::account::{Ledger, Subject};
use simpul::domain::block::{BlockSavings, Unblock};
use simpul::domain::cash::{MoveCash, Place};
use simpul::domain::chart::Code;
use simpul::domain::collect::{Collect, HandIn};
use simpul::domain::dormancy::Savings;
use simpul::domain::general::ClearSuspense;
use simpul::domain::id::Entity;
use simpul::domain::link::SaveAtLkm;
use simpul::domain::money::Sen;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{self, BudgetSource, Fund, OnMaturity};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{ChangeLink, CreateDrawer};
use simpul::domain::reversal::Reverse;
use simpul::domain::stake::{
    BuyStake, Means, PayBackStake, ReceiveStake, ReturnStake, programme_name,
};
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::surplus::Sharer;
use simpul::domain::term::{CloseDeposit, OpenDeposit, Owner, Purse, TermId};

use crate::village::{Village, day, entries, flags, id, k, kube};

fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    village.drawer("loket");
    let label = "tas kolektor (contoh)".to_owned();
    village.ok(CreateDrawer { drawer: id("tas"), label, collector: true });
    village
}

fn lkm() -> Ledger {
    Ledger::new(Entity::Lkm, Fund::SimpanPinjam)
}

fn over_the_counter() -> Means {
    Means::Money { kube_place: Place::Cash, lkm_place: Place::Vault }
}

fn save(amount: Sen) -> SaveAtLkm {
    SaveAtLkm {
        group: id("a"),
        fund: Fund::SimpanPinjam,
        deposit: true,
        amount,
        kube_place: Place::Cash,
        lkm_place: Place::Vault,
    }
}

fn row(village: &Village, name: simpul::domain::id::RowName) -> Row {
    match village.state.get(&Key::Row(name)) {
        Some(Value::Row(Some(row))) => row.as_ref().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn event_3_and_4a_a_programme_stake_comes_and_goes_back() {
    let mut v = village();
    let receive = || ReceiveStake {
        grant: id("p1"),
        programme: "P2KP contoh".to_owned(),
        source: BudgetSource::Apbd,
        decree_number: "SK-9/contoh".to_owned(),
        amount: k(100),
    };
    let came = v.ok(receive());
    let receipt = v.last_request();
    assert_eq!(entries(&came), ["lkm.sp Bank D 100", "lkm.sp Modal Penyertaan Program [p1] K 100"]);
    assert_eq!(came.grant, "lkm/grants/p1");
    assert_eq!(v.refused(receive()).reason, Reason::AlreadyExists);
    let back = |amount| ReturnStake { grant: id("p1"), amount };
    assert_eq!(
        entries(&v.ok(back(k(30)))),
        ["lkm.sp Modal Penyertaan Program [p1] D 30", "lkm.sp Bank K 30"]
    );
    let returned = v.last_request();
    assert_eq!(v.refused(back(k(71))).reason, Reason::Floor);
    assert_eq!(v.refused(ReturnStake { grant: id("p2"), amount: k(1) }).reason, Reason::NotFound);
    let held = |v: &Village| match row(v, programme_name(&id("p1"))) {
        Row::Grant(grant) => (grant.returned, grant.reversed),
        other => panic!("{other:?}"),
    };
    assert_eq!(held(&v), (k(30).get(), false));
    let reverse = |transaction: &simpul::domain::id::RequestId| Reverse {
        transaction: transaction.clone(),
        line: 0,
    };
    assert_eq!(v.refused(reverse(&receipt)).reason, Reason::ReversalBlocked);
    v.ok(reverse(&returned));
    assert_eq!(held(&v), (0, false));
    v.ok(reverse(&receipt));
    assert_eq!((held(&v), v.held("lkm.sp.3110.p1")), ((0, true), Sen::ZERO));
}

#[test]
fn event_30_a_stake_in_the_lkm_stands_in_both_ledgers() {
    let mut v = village();
    let buy = |amount, means| BuyStake { group: id("a"), fund: Fund::SimpanPinjam, amount, means };
    assert_eq!(
        entries(&v.ok(buy(k(50), over_the_counter()))),
        [
            "a.sp Penyertaan LKM D 50",
            "a.sp Kas K 50",
            "lkm.sp Kas Besar D 50",
            "lkm.sp Penyertaan KUBE [a/sp] K 50",
        ]
    );
    assert_eq!(v.refused(buy(k(1), Means::Savings)).reason, Reason::Floor);
    v.ok(save(k(40)));
    assert_eq!(
        entries(&v.ok(buy(k(25), Means::Savings))),
        [
            "a.sp Penyertaan LKM D 25",
            "a.sp Tabungan di LKM K 25",
            "lkm.sp Tabungan KUBE [a/sp] D 25",
            "lkm.sp Penyertaan KUBE [a/sp] K 25",
        ]
    );
    assert_eq!((v.held("a.sp.1113"), v.held("lkm.sp.3108.a/sp")), (k(75), k(75)));
    let transaction = v.last_request();
    v.ok(Reverse { transaction, line: 0 });
    assert_eq!((v.held("a.sp.1113"), v.held("lkm.sp.3108.a/sp")), (k(50), k(50)));
    assert_eq!((v.held("a.sp.1111"), v.held("lkm.sp.2102.a/sp")), (k(40), k(40)));
    let bag = Means::Money { kube_place: Place::Cash, lkm_place: Place::Drawer(id("tas")) };
    assert_eq!(v.refused(buy(k(1), bag)).reason, Reason::PlaceNotAllowed);
}

#[test]
fn event_30_turned_around_a_stake_is_paid_back_in_both_ledgers() {
    let mut v = village();
    let fund = Fund::SimpanPinjam;
    let back = |amount, means| PayBackStake { group: id("a"), fund, amount, means };
    v.ok(BuyStake { group: id("a"), fund, amount: k(50), means: over_the_counter() });
    assert_eq!(
        entries(&v.ok(back(k(20), over_the_counter()))),
        [
            "a.sp Kas D 20",
            "a.sp Penyertaan LKM K 20",
            "lkm.sp Penyertaan KUBE [a/sp] D 20",
            "lkm.sp Kas Besar K 20",
        ]
    );
    assert_eq!(v.refused(back(k(31), Means::Savings)).reason, Reason::Floor);
    assert_eq!(
        entries(&v.ok(back(k(30), Means::Savings))),
        [
            "a.sp Tabungan di LKM D 30",
            "a.sp Penyertaan LKM K 30",
            "lkm.sp Penyertaan KUBE [a/sp] D 30",
            "lkm.sp Tabungan KUBE [a/sp] K 30",
        ]
    );
    let transaction = v.last_request();
    v.ok(Reverse { transaction, line: 0 });
    assert_eq!((v.held("a.sp.1113"), v.held("lkm.sp.3108.a/sp")), (k(30), k(30)));
}

fn collect(bag: &str, amount: Sen) -> Collect {
    Collect { group: id("a"), fund: Fund::SimpanPinjam, bag: id(bag), amount }
}

#[test]
fn event_31a_collected_money_is_savings_at_once_and_in_transit_until_it_is_handed_in() {
    let mut v = village();
    let taken = v.ok(collect("tas", k(60)));
    assert_eq!(
        entries(&taken),
        [
            "a.sp Tabungan di LKM D 60",
            "a.sp Kas K 60",
            "lkm.sp Kas dalam Perjalanan [tas] D 60",
            "lkm.sp Tabungan KUBE [a/sp] K 60",
        ]
    );
    let hand_in = |amount, place| HandIn { bag: id("tas"), amount, place };
    assert_eq!(
        entries(&v.ok(hand_in(k(45), Place::Drawer(id("loket"))))),
        ["lkm.sp Kas Teller [loket] D 45", "lkm.sp Kas dalam Perjalanan [tas] K 45"]
    );
    assert_eq!(v.refused(hand_in(k(16), Place::Vault)).reason, Reason::Floor);
    assert_eq!(v.refused(hand_in(k(1), Place::Cash)).reason, Reason::PlaceNotAllowed);
    let no_bag = HandIn { bag: id("loket"), amount: k(1), place: Place::Vault };
    assert_eq!(v.refused(no_bag).reason, Reason::WrongKind);
    let into_bag = MoveCash {
        ledger: lkm(),
        from: Place::Drawer(id("loket")),
        to: Place::Drawer(id("tas")),
        amount: k(1),
    };
    assert_eq!(v.refused(into_bag).reason, Reason::PlaceNotAllowed);
    v.ok(hand_in(k(15), Place::Vault));
    assert_eq!(v.held("lkm.sp.1105.tas"), Sen::ZERO);
}

#[test]
fn money_collected_where_no_savings_may_take_it_waits() {
    let mut v = village();
    let unknown = v.ok(collect("karung", k(5)));
    assert_eq!(flags(&unknown)[0], Reason::InSuspense);
    assert_eq!((v.held("a.sp.1111"), v.held("lkm.sp.2102.a/sp")), (Sen::ZERO, Sen::ZERO));
    v.ok(ChangeLink { group: id("a"), linked: false, on: day("2025-01-02") });
    let effect = v.ok_on(collect("tas", k(7)), Some("2025-02-01"));
    let item = v.last_request();
    assert_eq!(
        entries(&effect),
        [
            format!("a.sp Rekening Sementara [{item}/0] D 7"),
            "a.sp Kas K 7".to_owned(),
            "lkm.sp Kas dalam Perjalanan [tas] D 7".to_owned(),
            format!("lkm.sp Rekening Sementara [{item}/0] K 7"),
        ]
    );
    assert_eq!(flags(&effect)[0], Reason::InSuspense);
    // A mirror never moves on one side alone.
    for code in [Code::SavingsAtLkm, Code::StakeInLkm, Code::TermDepositAtLkm] {
        let clear = ClearSuspense {
            entity: kube("a"),
            fund: Fund::SimpanPinjam,
            transaction: item.clone(),
            line: 0,
            code,
            subject: Subject::none(),
            amount: k(7),
            dues: None,
        };
        assert_eq!(v.refused(clear).reason, Reason::ReservedAccount);
    }
    v.ok(Reverse { transaction: item, line: 0 });
    assert_eq!(v.held("lkm.sp.1105.tas"), Sen::ZERO);
}

fn open(deposit: &str, amount: Sen, means: Means) -> OpenDeposit {
    OpenDeposit {
        owner: Owner::Kube(id("a"), Fund::SimpanPinjam),
        deposit: id(deposit),
        product: None,
        amount,
        matures_on: day("2025-07-01"),
        purse: Purse::Handover(means),
        on_maturity: OnMaturity::Unspecified,
    }
}

fn close(means: Means, minute: &str) -> CloseDeposit {
    let (term, purse) = (TermId::Kube(id("a"), id("d1")), Purse::Handover(means));
    CloseDeposit { term, purse, minute: minute.to_owned(), died: false }
}

fn state(v: &Village) -> proto::TermState {
    match row(v, TermId::Kube(id("a"), id("d1")).name()) {
        Row::TermDeposit(deposit) => deposit.state(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn event_32_a_term_deposit_is_opened_and_paid_back_in_both_ledgers() {
    let mut v = village();
    let opened = v.ok_on(open("d1", k(80), over_the_counter()), Some("2025-01-10"));
    let opening = v.last_request();
    assert_eq!(
        entries(&opened),
        [
            "a.sp Simpanan Berjangka di LKM [d1] D 80",
            "a.sp Kas K 80",
            "lkm.sp Kas Besar D 80",
            "lkm.sp Simpanan Berjangka [a/d1] K 80",
        ]
    );
    assert_eq!(v.refused(open("d1", k(1), over_the_counter())).reason, Reason::AlreadyExists);
    let backwards =
        OpenDeposit { matures_on: day("2025-01-10"), ..open("d2", k(1), over_the_counter()) };
    assert_eq!(v.refused(backwards).reason, Reason::NotAfterLast);
    let early = v.refused(close(Means::Savings, ""));
    assert_eq!(early.reason, Reason::DepositNotMature);
    let back = v.ok_on(close(Means::Savings, ""), Some("2025-07-01"));
    assert_eq!(
        entries(&back),
        [
            "a.sp Tabungan di LKM D 80",
            "a.sp Simpanan Berjangka di LKM [d1] K 80",
            "lkm.sp Simpanan Berjangka [a/d1] D 80",
            "lkm.sp Tabungan KUBE [a/sp] K 80",
        ]
    );
    let paying_back = v.last_request();
    assert_eq!(v.refused(close(Means::Savings, "")).reason, Reason::DepositClosed);
    let reverse = |transaction| Reverse { transaction, line: 0 };
    assert_eq!(v.refused(reverse(opening.clone())).reason, Reason::ReversalBlocked);
    v.ok(reverse(paying_back));
    assert_eq!(state(&v), proto::TermState::Open);
    assert_eq!((v.held("a.sp.1112.d1"), v.held("lkm.sp.2106.a/d1")), (k(80), k(80)));
    v.ok(reverse(opening));
    assert_eq!(state(&v), proto::TermState::Reversed);
    assert_eq!(v.refused(close(Means::Savings, "")).reason, Reason::DepositClosed);
}

#[test]
fn a_minute_lets_a_deposit_be_paid_back_early() {
    let mut v = village();
    v.ok(save(k(100)));
    let opened = v.ok(open("d1", k(80), Means::Savings));
    assert_eq!(
        entries(&opened),
        [
            "a.sp Simpanan Berjangka di LKM [d1] D 80",
            "a.sp Tabungan di LKM K 80",
            "lkm.sp Tabungan KUBE [a/sp] D 80",
            "lkm.sp Simpanan Berjangka [a/d1] K 80",
        ]
    );
    let back = v.ok(close(over_the_counter(), "BA-4/contoh"));
    assert_eq!(
        entries(&back),
        [
            "a.sp Kas D 80",
            "a.sp Simpanan Berjangka di LKM [d1] K 80",
            "lkm.sp Simpanan Berjangka [a/d1] D 80",
            "lkm.sp Kas Besar K 80",
        ]
    );
    assert_eq!(state(&v), proto::TermState::PaidBack);
    v.ok(ChangeLink { group: id("a"), linked: false, on: day("2025-01-02") });
    let command = v.command(open("d9", k(1), Means::Savings), Some("2025-01-03"));
    let simpul::domain::record::Outcome::Refused(refusal) = v.run(&command).outcome else {
        panic!("no longer linked");
    };
    assert_eq!(refusal.reason, Reason::NotLinked);
}

/// An officer blocks savings so that nothing leaves by any road, and no mistake is put right out of
/// them either: a deposit that is to be taken back waits until the block is lifted.
#[test]
fn blocked_savings_leave_by_no_road() {
    let mut v = village();
    v.ok(save(k(100)));
    let deposited = v.last_request();
    let who = Sharer::Kube(id("a"), Fund::SimpanPinjam);
    let savings = Savings { entity: Entity::Lkm, who };
    let block = |block: &str, amount| BlockSavings {
        savings: savings.clone(),
        block: id(block),
        amount,
        reason: Vec::new(),
    };
    v.ok(block("b1", k(60)));
    v.ok(block("b2", k(40)));
    let fund = Fund::SimpanPinjam;
    let stake = BuyStake { group: id("a"), fund, amount: k(1), means: Means::Savings };
    assert_eq!(v.refused(stake).reason, Reason::Floor);
    assert_eq!(v.refused(SaveAtLkm { deposit: false, ..save(k(1)) }).reason, Reason::Floor);
    assert_eq!(v.refused(open("d1", k(1), Means::Savings)).reason, Reason::Floor);
    let back = || Reverse { transaction: deposited.clone(), line: 0 };
    assert_eq!(v.refused(back()).reason, Reason::Floor);
    assert_eq!((v.held("a.sp.1111"), v.held("lkm.sp.2102.a/sp")), (k(100), k(100)));
    // What comes in is free, and the same block is not put on twice.
    v.ok(save(k(5)));
    assert_eq!(v.refused(block("b1", k(5))).reason, Reason::AlreadyExists);
    v.ok(open("d1", k(5), Means::Savings));
    for lifted in ["b1", "b2"] {
        v.ok(Unblock { entity: Entity::Lkm, block: id(lifted) });
        let again = v.refused(Unblock { entity: Entity::Lkm, block: id(lifted) });
        assert_eq!(again.reason, Reason::NotBlocked);
    }
    v.ok(back());
    assert_eq!((v.held("a.sp.1111"), v.held("lkm.sp.2102.a/sp")), (k(0), k(0)));
}
