//! Dormant savings: when they fall asleep, what wakes them, what is refused meanwhile; of members and
//! of KUBEs at the LKM.

use simpul::domain::account::Account;
use simpul::domain::cash::Place;
use simpul::domain::daily::DUE;
use simpul::domain::day::Day;
use simpul::domain::dormancy::{ListSavings, Savings, TendSavings, WakeSavings};
use simpul::domain::id::{Entity, RowName};
use simpul::domain::leaving::Settle;
use simpul::domain::link::SaveAtLkm;
use simpul::domain::moving::{Come, Part};
use simpul::domain::record::proto::{
    Fund, Group, Member, SavingsActivity, SavingsDayCount, SavingsMethod, SavingsProduct,
    SavingsProducts, SavingsSort,
};
use simpul::domain::record::{Effect, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::EnrolMember;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind, Withdraw};
use simpul::domain::savings_product::{SetProduct, product_name};
use simpul::domain::savings_return::{PayInterest, Saver};
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::surplus::Sharer;

use crate::village::{Village, day, entries, flags, id, k, kube};

fn version(since: &str, months: u32) -> SavingsProduct {
    SavingsProduct {
        since: day(since).get(),
        dormant_after_months: months,
        minute: "BA-7/contoh".to_owned(),
        ..SavingsProduct::default()
    }
}

fn set(v: &mut Village, entity: Entity, version: SavingsProduct) {
    let sort = SavingsSort::Sukarela;
    v.ok(SetProduct { entity, sort, version });
}

/// A book whose LKM has a member m01, and a KUBE a.
fn village() -> Village {
    let mut v = Village::new();
    v.group("a");
    let row = Member { joined_on: day("2025-01-01").get(), ..Member::default() };
    v.ok(EnrolMember { entity: Entity::Lkm, member: id("m01"), row });
    v
}

fn deposit(entity: Entity, thousands: i64) -> Deposit {
    let place = if entity == Entity::Lkm { Place::Vault } else { Place::Cash };
    let kind = Kind::Voluntary;
    Deposit { entity, member: id("m01"), kind, amount: k(thousands), place }
}

fn withdraw(entity: Entity, thousands: i64) -> Withdraw {
    let place = if entity == Entity::Lkm { Place::Vault } else { Place::Cash };
    Withdraw { entity, member: id("m01"), amount: k(thousands), place }
}

fn of_member(entity: Entity) -> Savings {
    Savings { entity, who: Sharer::Member(id("m01")) }
}

fn of_kube() -> Savings {
    Savings { entity: Entity::Lkm, who: Sharer::Kube(id("a"), Fund::SimpanPinjam) }
}

fn row(v: &Village, savings: &Savings) -> SavingsActivity {
    match v.state.get(&Key::Row(savings.name())) {
        Some(Value::Row(Some(row))) => match &**row {
            Row::SavingsActivity(row) => row.clone(),
            other => panic!("{other:?}"),
        },
        _ => SavingsActivity::default(),
    }
}

/// The day an account is listed under, which the register knows too; empty for none.
fn listed(v: &Village, savings: &Savings) -> String {
    let row = row(v, savings);
    if row.listed_on == 0 {
        return String::new();
    }
    let name = format!("{:08}.savings.{}", row.listed_on, savings.listed_as());
    let noted = v.state.get(&Key::Row(RowName::new(DUE, name)));
    assert!(matches!(noted, Some(Value::Row(Some(_)))));
    Day::new(row.listed_on).to_string()
}

fn tend(v: &mut Village, savings: &Savings, on: &str) -> Effect {
    v.ok_on(TendSavings { day: day(on), savings: vec![savings.clone()] }, Some(on))
}

/// Opened on 10 January and untouched: dormant at the end of 10 April, refused at the counter, woken
/// by a deposit, and counted from that.
#[test]
fn savings_fall_dormant_and_a_deposit_wakes_them() {
    let mut v = village();
    set(&mut v, Entity::Lkm, version("2025-01-01", 3));
    let savings = of_member(Entity::Lkm);
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-01-10"));
    assert_eq!(listed(&v, &savings), "2025-04-10");
    let fell = tend(&mut v, &savings, "2025-04-10");
    assert_eq!(entries(&fell), [""; 0]);
    assert_eq!(Day::new(row(&v, &savings).dormant_on), day("2025-04-10"));
    assert_eq!(listed(&v, &savings), "");
    let refusal = v.refused(withdraw(Entity::Lkm, 10));
    assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::SavingsDormant, "amount"));
    let brought = v.ok_on(deposit(Entity::Lkm, 5), Some("2025-04-12"));
    assert_eq!(entries(&brought), ["lkm.sp Kas Besar D 5", "lkm.sp Tabungan Anggota [m01] K 5"]);
    assert_eq!(listed(&v, &savings), "2025-07-12");
    v.ok_on(withdraw(Entity::Lkm, 10), Some("2025-04-13"));
}

/// A movement lists nothing anew: the day that comes finds out.
#[test]
fn an_account_that_moved_is_listed_anew_when_its_day_comes() {
    let mut v = village();
    set(&mut v, Entity::Lkm, version("2025-01-01", 3));
    let savings = of_member(Entity::Lkm);
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-01-10"));
    let moved = v.ok_on(withdraw(Entity::Lkm, 1), Some("2025-02-20"));
    let due = |effect: &Effect| effect.rows.iter().filter(|(name, _)| name.parent == DUE).count();
    assert_eq!((due(&moved), listed(&v, &savings).as_str()), (0, "2025-04-10"));
    // Told late of a day before: nothing is written.
    let late = v.ok_on(deposit(Entity::Lkm, 1), Some("2025-02-01"));
    assert!(late.rows.iter().all(|(_, row)| !matches!(row, Row::SavingsActivity(_))));
    tend(&mut v, &savings, "2025-04-10");
    assert_eq!((row(&v, &savings).dormant_on, listed(&v, &savings).as_str()), (0, "2025-05-20"));
    // The same chunk again does nothing.
    let again = tend(&mut v, &savings, "2025-04-10");
    assert_eq!(again.rows, []);
    tend(&mut v, &savings, "2025-05-20");
    assert_ne!(row(&v, &savings).dormant_on, 0);
}

/// A village tells of money that was taken: recorded and flagged, and its owner was there.
#[test]
fn a_report_of_money_taken_is_recorded_and_flagged() {
    let mut v = village();
    set(&mut v, kube("a"), version("2025-01-01", 3));
    v.ok_on(deposit(kube("a"), 100), Some("2025-01-10"));
    let savings = of_member(kube("a"));
    tend(&mut v, &savings, "2025-04-10");
    let taken = v.ok_on(withdraw(kube("a"), 40), Some("2025-05-01"));
    assert_eq!(entries(&taken), ["a.sp Tabungan Anggota [m01] D 40", "a.sp Kas K 40"]);
    assert_eq!(flags(&taken), [Reason::SavingsDormant]);
    let row = row(&v, &savings);
    assert_eq!((row.dormant_on, Day::new(row.moved_on)), (0, day("2025-05-01")));
    assert_eq!(listed(&v, &savings), "2025-08-01");
}

#[test]
fn dormant_savings_are_woken_by_somebody_once() {
    let mut v = village();
    set(&mut v, Entity::Lkm, version("2025-01-01", 3));
    let savings = of_member(Entity::Lkm);
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-01-10"));
    let wake = || WakeSavings { savings: of_member(Entity::Lkm), reason: vec![5; 32] };
    assert_eq!(v.refused(wake()).reason, Reason::SavingsAwake);
    tend(&mut v, &savings, "2025-04-10");
    v.ok_on(wake(), Some("2025-04-11"));
    let woken = row(&v, &savings);
    assert_eq!((woken.dormant_on, woken.reason), (0, vec![5; 32]));
    assert_eq!(listed(&v, &savings), "2025-07-11");
    assert_eq!(v.refused(wake()).reason, Reason::SavingsAwake);
    let nobody = Savings { entity: Entity::Lkm, who: Sharer::Member(id("m99")) };
    let nobody = WakeSavings { savings: nobody, reason: vec![5; 32] };
    assert_eq!(v.refused(nobody).reason, Reason::NotFound);
}

/// Interest goes on, and is no sign of life.
#[test]
fn interest_goes_on_and_wakes_nobody() {
    let mut v = village();
    let paying = SavingsProduct {
        method: SavingsMethod::Lowest as i32,
        rate: "12".to_owned(),
        day_count: SavingsDayCount::Twelfths as i32,
        ..version("2025-01-01", 3)
    };
    set(&mut v, Entity::Lkm, paying);
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-01-01"));
    let savings = of_member(Entity::Lkm);
    tend(&mut v, &savings, "2025-04-01");
    let saver =
        Saver { who: Sharer::Member(id("m01")), balances: vec![(day("2025-01-01"), k(100))] };
    let pay = PayInterest {
        entity: Entity::Lkm,
        sort: SavingsSort::Sukarela,
        through: day("2025-04-30"),
        savers: vec![saver],
    };
    let paid = v.ok_on(pay, Some("2025-04-30"));
    assert_eq!(
        entries(&paid),
        ["lkm.sp Beban Jasa Simpanan D 4", "lkm.sp Tabungan Anggota [m01] K 4"]
    );
    assert_eq!(Day::new(row(&v, &savings).dormant_on), day("2025-04-01"));
    // Who leaves is paid what there is.
    let settle = Settle {
        entity: Entity::Lkm,
        member: id("m01"),
        left_on: day("2025-05-02"),
        died_on: None,
        heir: None,
        place: Place::Bank,
    };
    v.ok_on(settle, Some("2025-05-02"));
    assert_eq!(v.held("lkm.sp.2103.m01"), k(0));
}

/// The rule comes after the savings: they are listed once, at the end of its first day, and count
/// from it; a shorter one lists them earlier, and none at all lets them be.
#[test]
fn a_product_that_begins_lists_its_accounts_once() {
    let mut v = village();
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-01-10"));
    let savings = of_member(Entity::Lkm);
    set(&mut v, Entity::Lkm, version("2025-02-01", 6));
    let product = |v: &Village| {
        let name =
            simpul::domain::savings_product::product_name(&Entity::Lkm, SavingsSort::Sukarela);
        match v.state.get(&Key::Row(name)) {
            Some(Value::Row(Some(row))) => match &**row {
                Row::SavingsProducts(row) => row.listed_on,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(Day::new(product(&v)), day("2025-02-01"));
    let list = |v: &mut Village, on: &str, last| {
        let (entity, sort) = (Entity::Lkm, SavingsSort::Sukarela);
        let savings = vec![of_member(Entity::Lkm)];
        v.ok_on(ListSavings { day: day(on), entity, sort, savings, last }, Some(on))
    };
    list(&mut v, "2025-02-01", false);
    assert_eq!(
        (product(&v), listed(&v, &savings).as_str()),
        (day("2025-02-01").get(), "2025-08-01")
    );
    list(&mut v, "2025-02-01", true);
    assert_eq!((product(&v), Day::new(row(&v, &savings).moved_on)), (0, day("2025-02-01")));
    // Another rate lists nothing; a shorter time does.
    set(
        &mut v,
        Entity::Lkm,
        SavingsProduct { minute: "BA-8".to_owned(), ..version("2025-03-01", 6) },
    );
    assert_eq!(product(&v), 0);
    set(&mut v, Entity::Lkm, version("2025-04-01", 3));
    list(&mut v, "2025-04-01", true);
    assert_eq!(listed(&v, &savings), "2025-05-01");
    set(&mut v, Entity::Lkm, version("2025-04-20", 0));
    assert_eq!(product(&v), 0);
    tend(&mut v, &savings, "2025-05-01");
    assert_eq!((row(&v, &savings).dormant_on, listed(&v, &savings).as_str()), (0, ""));
}

/// An account that holds nothing cannot fall dormant.
#[test]
fn an_empty_account_does_not_fall_dormant() {
    let mut v = village();
    set(&mut v, Entity::Lkm, version("2025-01-01", 3));
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-01-10"));
    v.ok_on(withdraw(Entity::Lkm, 100), Some("2025-01-11"));
    let savings = of_member(Entity::Lkm);
    tend(&mut v, &savings, "2025-04-10");
    assert_eq!((row(&v, &savings).dormant_on, listed(&v, &savings).as_str()), (0, ""));
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-04-11"));
    assert_eq!(listed(&v, &savings), "2025-07-11");
}

/// What woke savings by mistake is taken back, and they sleep again.
#[test]
fn a_reversal_takes_back_that_it_woke_them() {
    let mut v = village();
    set(&mut v, Entity::Lkm, version("2025-01-01", 3));
    v.ok_on(deposit(Entity::Lkm, 100), Some("2025-01-10"));
    let savings = of_member(Entity::Lkm);
    tend(&mut v, &savings, "2025-04-10");
    v.ok_on(deposit(Entity::Lkm, 7), Some("2025-04-12"));
    let transaction = v.last_request();
    v.ok_on(Reverse { transaction, line: 0 }, Some("2025-04-12"));
    let back = row(&v, &savings);
    assert_eq!(Day::new(back.dormant_on), day("2025-04-10"));
    assert_eq!(Day::new(back.moved_on), day("2025-01-10"));
    assert_eq!(v.refused(withdraw(Entity::Lkm, 1)).reason, Reason::SavingsDormant);
    // Listed since, they stay asleep when that day comes.
    tend(&mut v, &savings, "2025-07-12");
    assert_eq!(Day::new(row(&v, &savings).dormant_on), day("2025-04-10"));
}

/// A KUBE's savings at the LKM, by the LKM's product for KUBEs.
#[test]
fn savings_of_a_kube_fall_dormant_too() {
    let mut v = village();
    v.ok(SetProduct {
        entity: Entity::Lkm,
        sort: SavingsSort::Kube,
        version: version("2025-01-01", 12),
    });
    let counter = |deposit| SaveAtLkm {
        group: id("a"),
        fund: Fund::SimpanPinjam,
        deposit,
        amount: k(50),
        kube_place: Place::Cash,
        lkm_place: Place::Bank,
    };
    v.today = day("2026-12-31");
    v.ok_on(counter(true), Some("2025-01-10"));
    assert_eq!(listed(&v, &of_kube()), "2026-01-10");
    tend(&mut v, &of_kube(), "2026-01-10");
    assert_eq!(v.refused(counter(false)).reason, Reason::SavingsDormant);
    v.ok(WakeSavings { savings: of_kube(), reason: Vec::new() });
    v.ok(counter(false));
}

/// A group comes with what its old book lists: an account that is to fall dormant is listed here, a
/// dormant one sleeps on, and a product whose accounts were still to be listed is listed, too; all of
/// it under the first day that is not closed here, at the least.
#[test]
fn a_group_that_comes_brings_its_sleep_along() {
    let mut v = Village::new();
    v.close_days("2025-03-15");
    let b = || kube("b");
    let of = |member: &str| Savings { entity: b(), who: Sharer::Member(id(member)) };
    let activity = |moved: &str, listed: &str, dormant: &str| {
        let on = |text: &str| if text.is_empty() { 0 } else { day(text).get() };
        Row::SavingsActivity(SavingsActivity {
            moved_on: on(moved),
            listed_on: on(listed),
            dormant_on: on(dormant),
            ..SavingsActivity::default()
        })
    };
    let member = || Row::Member(Member { joined_on: day("2025-01-01").get(), ..Member::default() });
    let product = SavingsProducts {
        versions: vec![version("2025-01-01", 3), version("2025-05-01", 2)],
        listed_on: day("2025-05-01").get(),
        ..SavingsProducts::default()
    };
    let product_row = product_name(&b(), SavingsSort::Sukarela);
    let name = |id: &str| RowName::of(&b(), "members", id);
    let rows = vec![
        (name("m01"), member()),
        (name("m02"), member()),
        (name("m03"), member()),
        (product_row.clone(), Row::SavingsProducts(product)),
        (of("m01").name(), activity("2025-01-20", "2025-04-20", "")),
        (of("m02").name(), activity("2024-11-01", "", "2025-02-01")),
        // What its old book would have found on a day that is closed here already.
        (of("m03").name(), activity("2024-12-10", "2025-03-10", "")),
    ];
    let held = ["m01", "m02", "m03"].map(|member| (of(member).account(), k(-100)));
    let cash = Account::parse("b.sp.1101").expect("an account");
    let balances = held.into_iter().chain([(cash, k(300))]).collect();
    let come = Come {
        group: id("b"),
        row: Group { came_from: "books/soe/groups/x".to_owned(), ..Group::default() },
        moved_on: day("2025-03-10").get(),
        minute: "BA-8/contoh".to_owned(),
        part: Part { rows, balances, last: true, ..Part::default() },
    };
    v.ok_on(come, Some("2025-03-10"));
    let days = ["m01", "m02", "m03"].map(|member| listed(&v, &of(member)));
    assert_eq!(days, ["2025-04-20", "", "2025-03-16"]);
    let listed_product = |on: &str| {
        let name = format!("{:08}.savings-product.b.sukarela", day(on).get());
        v.state.get(&Key::Row(RowName::new(DUE, name))).is_some()
    };
    assert!(listed_product("2025-05-01"));
    let taken = v.ok_on(Withdraw { member: id("m02"), ..withdraw(b(), 10) }, Some("2025-03-16"));
    assert_eq!(flags(&taken), [Reason::SavingsDormant]);
    for (member, on) in [("m03", "2025-03-16"), ("m01", "2025-04-20")] {
        tend(&mut v, &of(member), on);
        assert_eq!(Day::new(row(&v, &of(member)).dormant_on), day(on));
    }
    // The shorter rule of May lists who woke in March, counted from that day.
    let (entity, sort, savings) = (b(), SavingsSort::Sukarela, vec![of("m02")]);
    let again = ListSavings { day: day("2025-05-01"), entity, sort, savings, last: true };
    v.ok_on(again, Some("2025-05-01"));
    assert_eq!(listed(&v, &of("m02")), "2025-05-16");
}
