//! Tellers' drawers: opened, limited, counted and closed, entry by entry.

use simpul::domain::access::{AssignRole, Assignment, Role};
use simpul::domain::account::Account;
use simpul::domain::cash::{Bearer, CountCash, DecideDifference, MoveCash, Place};
use simpul::domain::daily::CloseDay;
use simpul::domain::drawer::{CloseDrawer, OpenDrawer, SetDrawerLimit};
use simpul::domain::general::{JournalLine, PostJournal};
use simpul::domain::id::Entity;
use simpul::domain::link::lkm_ledger;
use simpul::domain::record::proto::Member;
use simpul::domain::record::{Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{CreateDrawer, EnrolMember};
use simpul::domain::savings::{Deposit, Kind};

use crate::village::{Village, by, day, entries, flags, id, k};

/// The drawer `loket`, ten millions in the vault, and the LKM's member m01.
fn village() -> Village {
    let mut v = Village::new();
    v.drawer("loket");
    let row = Member { joined_on: day("2025-01-01").get(), ..Member::default() };
    v.ok(EnrolMember { entity: Entity::Lkm, member: id("m01"), row });
    let line = |account: &str, amount| JournalLine {
        account: Account::parse(account).expect("an account"),
        amount,
    };
    v.ok(PostJournal {
        lines: vec![line("lkm.sp.1102", k(10_000)), line("lkm.sp.3107", k(-10_000))],
    });
    v
}

fn open(counted: i64, from_vault: i64) -> OpenDrawer {
    let (counted, from_vault) = (k(counted), k(from_vault));
    OpenDrawer { drawer: id("loket"), teller: id("bu-ana"), counted, from_vault }
}

fn close(counted: i64, to_vault: i64) -> CloseDrawer {
    CloseDrawer { drawer: id("loket"), counted: k(counted), to_vault: k(to_vault) }
}

fn deposit(amount: i64) -> Deposit {
    let place = Place::Drawer(id("loket"));
    let (entity, member) = (Entity::Lkm, id("m01"));
    Deposit { entity, member, kind: Kind::Voluntary, amount: k(amount), place }
}

fn fill(amount: i64) -> MoveCash {
    let (from, to) = (Place::Vault, Place::Drawer(id("loket")));
    MoveCash { ledger: lkm_ledger(), from, to, amount: k(amount) }
}

fn limit(amount: i64) -> SetDrawerLimit {
    SetDrawerLimit { drawer: id("loket"), since: day("2025-01-01"), amount: k(amount) }
}

#[test]
fn a_drawer_that_was_never_opened_is_a_plain_place() {
    let mut v = village();
    let saved = v.ok(deposit(50));
    assert_eq!(
        entries(&saved),
        ["lkm.sp Kas Teller [loket] D 50", "lkm.sp Tabungan Anggota [m01] K 50"]
    );
    let place = Place::Drawer(id("loket"));
    let short = v.ok(CountCash { entity: Entity::Lkm, place, counted: k(49) });
    assert_eq!(entries(&short), ["lkm.sp Selisih Kas D 1", "lkm.sp Kas Teller [loket] K 1"]);
    v.ok(CloseDay { day: day("2025-01-01") });
    assert_eq!(v.refused(close(49, 0)).reason, Reason::DrawerClosed);
}

#[test]
fn a_drawer_is_opened_counted_and_closed() {
    let mut v = village();
    let opened = v.ok(open(0, 500));
    assert_eq!(entries(&opened), ["lkm.sp Kas Teller [loket] D 500", "lkm.sp Kas Besar K 500"]);
    assert_eq!(v.refused(open(500, 0)).reason, Reason::DrawerOpen);
    v.ok(deposit(150));
    let place = Place::Drawer(id("loket"));
    let over = v.ok(CountCash { entity: Entity::Lkm, place, counted: k(652) });
    assert_eq!(entries(&over), ["lkm.sp Kas Teller [loket] D 2", "lkm.sp Selisih Kas [loket] K 2"]);
    let closed = v.ok(close(645, 600));
    assert_eq!(
        entries(&closed),
        [
            "lkm.sp Selisih Kas [loket] D 7",
            "lkm.sp Kas Teller [loket] K 7",
            "lkm.sp Kas Besar D 600",
            "lkm.sp Kas Teller [loket] K 600",
        ]
    );
    assert_eq!(flags(&closed), [Reason::CashDifference]);
    assert_eq!(v.refused(close(45, 0)).reason, Reason::DrawerClosed);
    for closed in [v.refused(deposit(1)), v.refused(fill(1))] {
        assert_eq!((closed.reason, closed.field.as_str()), (Reason::DrawerClosed, "drawer"));
    }
    // The drawer's difference is decided under its name, and no other.
    let decide = |amount, drawer| DecideDifference {
        entity: Entity::Lkm,
        amount: k(amount),
        bearer: Bearer::Entity,
        drawer,
    };
    assert_eq!(v.refused(decide(5, None)).reason, Reason::DifferenceExceeded);
    assert_eq!(v.refused(decide(6, Some(id("loket")))).reason, Reason::DifferenceExceeded);
    assert_eq!(v.refused(decide(5, Some(id("entah")))).reason, Reason::NotFound);
    let decided = v.ok(decide(5, Some(id("loket"))));
    assert_eq!(
        entries(&decided),
        ["lkm.sp Beban Selisih Kas D 5", "lkm.sp Selisih Kas [loket] K 5"]
    );
    // What stayed in it overnight is counted when it opens again.
    let again = v.ok(open(44, 0));
    assert_eq!(
        entries(&again),
        ["lkm.sp Selisih Kas [loket] D 1", "lkm.sp Kas Teller [loket] K 1"]
    );
}

#[test]
fn a_limit_stops_the_lkms_own_money_and_nobody_elses() {
    let mut v = village();
    v.ok(limit(1_000));
    let full = v.refused(open(0, 1_001));
    assert_eq!((full.reason, full.field.as_str()), (Reason::DrawerFull, "drawer"));
    v.ok(open(0, 1_000));
    assert_eq!(v.refused(fill(1)).reason, Reason::DrawerFull);
    let saved = v.ok(deposit(300));
    assert_eq!(
        entries(&saved),
        ["lkm.sp Kas Teller [loket] D 300", "lkm.sp Tabungan Anggota [m01] K 300"]
    );
    assert_eq!(flags(&saved), [Reason::DrawerFull]);
    let put = saved.rows.iter().find_map(|(_, row)| match row {
        Row::Review(review) => Some(review.reasons.clone()),
        _ => None,
    });
    assert_eq!(put, Some(vec!["DRAWER_FULL".to_owned()]));
    let (from, to) = (Place::Drawer(id("loket")), Place::Vault);
    v.ok(MoveCash { ledger: lkm_ledger(), from, to, amount: k(400) });
    let saved = v.ok(deposit(100));
    assert!(saved.flags.is_empty(), "the limit itself may be reached");
    assert!(!saved.rows.iter().any(|(_, row)| matches!(row, Row::Review(_))));
}

#[test]
fn no_day_closes_while_a_drawer_is_open() {
    let mut v = village();
    v.drawer("loket-2");
    v.ok(open(0, 100));
    v.ok(OpenDrawer { drawer: id("loket-2"), ..open(0, 200) });
    let refusal = v.refused(CloseDay { day: day("2025-01-01") });
    assert_eq!(refusal.reason, Reason::DrawersOpen);
    let named = ("drawers".to_owned(), "loket, loket-2".to_owned());
    assert!(refusal.details.contains(&named), "{refusal:?}");
    v.ok(CloseDrawer { drawer: id("loket-2"), ..close(200, 200) });
    // A new business day begins: a drawer of the day before serves no longer, and can only close.
    let late = v.command(deposit(5), Some("2025-01-02"));
    assert!(matches!(&v.run(&late).outcome,
        Outcome::Refused(refusal) if refusal.reason == Reason::DrawerClosed));
    let place = Place::Vault;
    v.ok_on(Deposit { place, ..deposit(5) }, Some("2025-01-02"));
    assert_eq!(v.refused(deposit(5)).reason, Reason::DrawerClosed);
    assert_eq!(v.refused(CloseDay { day: day("2025-01-01") }).reason, Reason::DrawersOpen);
    v.ok_on(close(100, 0), Some("2025-01-01"));
    v.close_days("2025-01-01");
    // Neither a past day nor one that is closed is opened on.
    let past = v.command(open(100, 0), Some("2025-01-01"));
    assert!(matches!(&v.run(&past).outcome,
        Outcome::Refused(refusal) if refusal.reason == Reason::NotBusinessDay));
    v.close_days("2025-01-02");
    assert_eq!(v.refused(open(100, 0)).reason, Reason::PeriodClosed);
}

#[test]
fn where_people_sign_in_a_drawer_is_its_tellers_and_the_managers() {
    let mut v = village();
    let (own, other) = (("bu-ana", Role::Teller), ("pak-budi", Role::Teller));
    let manager = ("manajer", Role::Manager);
    let refusal = by(&mut v, own, open(0, 100)).expect_err("nobody is known by that name");
    assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::NotFound, "teller"));
    let mut role = Assignment {
        role: Role::Auditor as i32,
        since: day("2025-01-01").get(),
        ..Assignment::default()
    };
    v.ok(AssignRole { user: id("bu-ana"), assignment: role.clone() });
    assert_eq!(by(&mut v, manager, open(0, 100)).expect_err("no teller").reason, Reason::WrongKind);
    role.role = Role::Teller as i32;
    v.ok(AssignRole { user: id("bu-ana"), assignment: role });
    let refusal = by(&mut v, other, open(0, 100)).expect_err("for somebody else");
    assert_eq!(refusal.reason, Reason::DrawerOfOther);
    by(&mut v, own, open(0, 100)).expect("opened");
    for action in [deposit(5), deposit(6)] {
        let refusal = by(&mut v, other, action).expect_err("another's drawer");
        assert_eq!(refusal.reason, Reason::DrawerOfOther);
    }
    by(&mut v, own, deposit(5)).expect("their own");
    by(&mut v, manager, deposit(5)).expect("a manager");
    assert_eq!(by(&mut v, other, close(110, 0)).expect_err("no").reason, Reason::DrawerOfOther);
    by(&mut v, own, close(110, 0)).expect("closed");
}

#[test]
fn a_collectors_bag_is_no_tellers_drawer() {
    let mut v = village();
    v.ok(CreateDrawer { drawer: id("tas"), label: "tas (contoh)".to_owned(), collector: true });
    let bag = OpenDrawer { drawer: id("tas"), ..open(0, 0) };
    assert_eq!(v.refused(bag).reason, Reason::WrongKind);
    assert_eq!(
        v.refused(SetDrawerLimit { drawer: id("tas"), ..limit(1) }).reason,
        Reason::WrongKind
    );
    let unknown = OpenDrawer { drawer: id("entah"), ..open(0, 0) };
    assert_eq!(v.refused(unknown).reason, Reason::NotFound);
}
