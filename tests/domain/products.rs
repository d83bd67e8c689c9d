//! Savings products: interest against a naive count, its exact entries in both ledgers (33), tax
//! (34), simpanan wajib due, blocked amounts, members who leave (20), deposits that mature.

use proptest::prelude::*;
use simpul::domain::account::{Ledger, Subject};
use simpul::domain::block::{BlockSavings, Unblock};
use simpul::domain::cash::{BankEntry, Place};
use simpul::domain::chart::Code;
use simpul::domain::daily::{CloseDay, DUE};
use simpul::domain::day::Day;
use simpul::domain::dormancy::Savings;
use simpul::domain::general::{OpenBalances, Opening};
use simpul::domain::id::{Entity, RowName};
use simpul::domain::interest::{cumulative, tax};
use simpul::domain::leaving::Settle;
use simpul::domain::link::SaveAtLkm;
use simpul::domain::mandatory::{due, due_on_joining};
use simpul::domain::money::Sen;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{
    DuesPeriod, Fund, OnMaturity, SavingsDayCount, SavingsMethod, SavingsProduct, SavingsSort,
    SavingsTax,
};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind, Withdraw};
use simpul::domain::savings_product::{SetProduct, SetTax};
use simpul::domain::savings_return::{PayInterest, Saver};
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::surplus::Sharer;
use simpul::domain::tax::PayWithheld;
use simpul::domain::term::{OpenDeposit, Owner, Purse, Tend, TermId};

use crate::village::{Village, day, entries, flags, id, k, kube};

pub fn version(
    since: &str,
    method: SavingsMethod,
    rate: &str,
    count: SavingsDayCount,
) -> SavingsProduct {
    SavingsProduct {
        since: day(since).get(),
        method: method as i32,
        rate: rate.to_owned(),
        day_count: count as i32,
        minute: "BA-3/contoh".to_owned(),
        ..SavingsProduct::default()
    }
}

fn village() -> Village {
    let mut v = Village::new();
    v.group("a");
    v.drawer("loket");
    v
}

fn set(v: &mut Village, entity: Entity, sort: SavingsSort, version: SavingsProduct) {
    v.ok(SetProduct { entity, sort, version });
}

fn save(v: &mut Village, member: &str, amount: Sen, on: &str) {
    let member = id(member);
    let (entity, kind, place) = (kube("a"), Kind::Voluntary, Place::Cash);
    v.ok_on(Deposit { entity, member, kind, amount, place }, Some(on));
}

/// Six percent a year is half a percent a month: of 1.200 saved since January, 6 a month.
#[test]
fn event_33_interest_to_own_members() {
    let mut v = village();
    let product = version("2025-01-01", SavingsMethod::Lowest, "6", SavingsDayCount::Twelfths);
    set(&mut v, kube("a"), SavingsSort::Sukarela, product);
    save(&mut v, "m01", k(1_200), "2025-01-01");
    save(&mut v, "m02", k(500), "2025-01-15");
    v.ok_on(
        BankEntry { ledger: Ledger::new(kube("a"), Fund::Uep), interest: true, amount: k(1) },
        Some("2025-03-01"),
    );
    let pay = |through, of_first: Vec<(Day, Sen)>| PayInterest {
        entity: kube("a"),
        sort: SavingsSort::Sukarela,
        through: day(through),
        savers: vec![
            Saver { who: Sharer::Member(id("m01")), balances: of_first },
            Saver {
                who: Sharer::Member(id("m02")),
                balances: vec![(day("2025-01-01"), k(0)), (day("2025-01-15"), k(500))],
            },
        ],
    };
    let all = || vec![(day("2025-01-01"), k(1_200))];
    let january = v.ok_on(pay("2025-01-31", all()), Some("2025-01-31"));
    assert_eq!(
        entries(&january),
        ["a.sp Beban Jasa Simpanan D 6", "a.sp Tabungan Anggota [m01] K 6"]
    );
    assert_eq!(entries(&v.ok(pay("2025-01-31", all()))), [""; 0]);
    // In February somebody tells that m01 had taken out half in January: the difference goes back.
    let half = || vec![(day("2025-01-01"), k(600))];
    let february = v.ok(pay("2025-02-28", half()));
    assert_eq!(february.entries[0].amount, Sen::new(250_000));
    assert_eq!(february.entries.len(), 2);
    assert_eq!(v.held("a.sp.2103.m01"), Sen::new(k(1_206).get()));
}

#[test]
fn event_33_and_34_interest_to_a_kube_and_its_tax() {
    let mut v = village();
    let sp = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
    let product = version("2025-01-01", SavingsMethod::Daily, "12", SavingsDayCount::Twelfths);
    set(&mut v, Entity::Lkm, SavingsSort::Kube, product);
    let rule = SavingsTax {
        since: day("2025-01-01").get(),
        threshold: k(240).get(),
        percent: "10".to_owned(),
        kubes: true,
        ..SavingsTax::default()
    };
    v.ok(SetTax { entity: Entity::Lkm, version: rule });
    let pay = |through: &str, amount| PayInterest {
        entity: Entity::Lkm,
        sort: SavingsSort::Kube,
        through: day(through),
        savers: vec![Saver {
            who: Sharer::Kube(id("a"), Fund::Uep),
            balances: vec![(day("2025-01-01"), amount)],
        }],
    };
    let small = v.ok_on(pay("2025-01-31", k(24_000)), Some("2025-01-31"));
    assert_eq!(
        entries(&small),
        [
            "lkm.sp Beban Jasa Simpanan D 240",
            "lkm.sp Tabungan KUBE [a/uep] K 240",
            "a.uep Tabungan di LKM D 240",
            "a.uep Pendapatan Bagi Hasil K 240",
        ]
    );
    let large = v.ok_on(pay("2025-02-28", k(27_000)), Some("2025-02-28"));
    assert_eq!(
        entries(&large),
        [
            "lkm.sp Beban Jasa Simpanan D 270",
            "lkm.sp Tabungan KUBE [a/uep] K 270",
            "lkm.sp Beban Jasa Simpanan D 30",
            "lkm.sp Utang PPh K 30",
            "a.uep Tabungan di LKM D 270",
            "a.uep Pendapatan Bagi Hasil K 270",
            "a.uep Beban Pajak D 30",
            "a.uep Pendapatan Bagi Hasil K 30",
        ]
    );
    v.ok(BankEntry { ledger: sp, interest: true, amount: k(100) });
    let over = |amount| PayWithheld { entity: Entity::Lkm, amount };
    assert_eq!(v.refused(over(k(31))).reason, Reason::Floor);
    let paid = v.ok(over(k(30)));
    assert_eq!(entries(&paid), ["lkm.sp Utang PPh D 30", "lkm.sp Bank K 30"]);
}

#[test]
fn event_20_savings_are_settled_with_who_leaves() {
    let mut v = village();
    for (kind, amount) in [(Kind::Principal, 50), (Kind::Mandatory, 30), (Kind::Voluntary, 20)] {
        let (entity, member, place) = (kube("a"), id("m01"), Place::Cash);
        v.ok_on(Deposit { entity, member, kind, amount: k(amount), place }, Some("2025-02-01"));
    }
    let owed = Opening::Account(Code::OfficerReceivable, Subject::id(&id("m01")), k(60));
    let ledger = Ledger::new(kube("a"), Fund::SimpanPinjam);
    v.ok(OpenBalances { ledger, items: vec![owed] });
    let settle = || Settle {
        entity: kube("a"),
        member: id("m01"),
        left_on: day("2025-02-01"),
        died_on: None,
        heir: None,
        place: Place::Cash,
    };
    v.ok(BlockSavings { savings: of_member(), block: id("b1"), amount: k(5), reason: vec![2; 32] });
    assert_eq!(v.refused(settle()).reason, Reason::Floor);
    v.ok(Unblock { entity: kube("a"), block: id("b1") });
    let settled = v.ok(settle());
    assert_eq!(
        entries(&settled),
        [
            "a.sp Simpanan Pokok [m01] D 50",
            "a.sp Piutang Pengurus [m01] K 50",
            "a.sp Simpanan Wajib [m01] D 10",
            "a.sp Piutang Pengurus [m01] K 10",
            "a.sp Simpanan Wajib [m01] D 20",
            "a.sp Kas K 20",
            "a.sp Tabungan Anggota [m01] D 20",
            "a.sp Kas K 20",
        ]
    );
    assert_eq!(v.refused(settle()).reason, Reason::NotMemberThen);
}

#[test]
fn what_is_blocked_stays() {
    let mut v = village();
    save(&mut v, "m01", k(100), "2025-02-01");
    let block = |name: &str, amount| BlockSavings {
        savings: of_member(),
        block: id(name),
        amount,
        reason: vec![2; 32],
    };
    v.ok(block("b1", k(30)));
    v.ok(block("b2", k(20)));
    assert_eq!(v.refused(block("b2", k(1))).reason, Reason::AlreadyExists);
    let out =
        |amount| Withdraw { entity: kube("a"), member: id("m01"), amount, place: Place::Cash };
    // Told of a withdrawal, the part that was blocked waits in suspense.
    let told = v.ok(out(k(70)));
    assert_eq!(flags(&told), [Reason::InSuspense]);
    assert_eq!(v.held("a.sp.2103.m01"), k(50));
    let unblock = || Unblock { entity: kube("a"), block: id("b1") };
    v.ok(unblock());
    assert_eq!(v.refused(unblock()).reason, Reason::NotBlocked);
    assert_eq!(flags(&v.ok(out(k(30)))), [Reason::CashNegative; 0]);
    assert_eq!(v.held("a.sp.2103.m01"), k(20));
}

/// What a group saves at the LKM is blocked by fund, and what is not blocked can be drawn.
#[test]
fn what_a_group_saves_is_blocked_at_the_lkm() {
    let mut v = village();
    let at_lkm = |deposit, fund, amount| SaveAtLkm {
        group: id("a"),
        fund,
        deposit,
        amount: k(amount),
        kube_place: Place::Cash,
        lkm_place: Place::Vault,
    };
    v.ok(at_lkm(true, Fund::Uep, 100));
    v.ok(at_lkm(true, Fund::SimpanPinjam, 40));
    let block = |group: &str, amount| BlockSavings {
        savings: Savings { entity: Entity::Lkm, who: Sharer::Kube(id(group), Fund::Uep) },
        block: id("jaminan"),
        amount: k(amount),
        reason: vec![2; 32],
    };
    let nobody = v.refused(block("z", 70));
    assert_eq!((nobody.reason, nobody.field), (Reason::NotFound, "group".into()));
    v.ok(block("a", 70));
    let refused = v.refused(at_lkm(false, Fund::Uep, 31));
    assert_eq!((refused.reason, refused.field), (Reason::Floor, "amount".into()));
    v.ok(at_lkm(false, Fund::Uep, 30));
    v.ok(at_lkm(false, Fund::SimpanPinjam, 40));
    assert_eq!((v.held("lkm.sp.2102.a/uep"), v.held("a.uep.1111")), (k(70), k(70)));
    v.ok(Unblock { entity: Entity::Lkm, block: id("jaminan") });
    v.ok(at_lkm(false, Fund::Uep, 70));
    assert_eq!(v.held("lkm.sp.2102.a/uep"), k(0));
}

#[test]
fn what_is_due_of_simpanan_wajib() {
    let wajib = |since: &str, period: DuesPeriod, amount| SavingsProduct {
        since: day(since).get(),
        period: period as i32,
        amount: k(amount).get(),
        ..SavingsProduct::default()
    };
    let versions = [
        wajib("2025-01-01", DuesPeriod::Monthly, 10),
        wajib("2025-04-01", DuesPeriod::PerMeeting, 4),
        wajib("2025-07-01", DuesPeriod::Yearly, 100),
    ];
    let meetings = ["2025-02-10", "2025-04-10", "2025-06-30", "2025-07-10"].map(day);
    let due = |joined, through| due(&versions, day(joined), day(through), &meetings).expect("due");
    assert_eq!(due("2024-05-01", "2024-12-31"), k(0));
    assert_eq!(due("2024-05-01", "2025-01-01"), k(10));
    assert_eq!(due("2024-05-01", "2025-03-31"), k(30));
    assert_eq!(due("2025-02-20", "2025-03-31"), k(20));
    assert_eq!(due("2025-02-20", "2025-06-30"), k(28));
    assert_eq!(due("2025-02-20", "2025-07-01"), k(128));
    assert_eq!(due("2025-02-20", "2026-01-01"), k(228));
}

/// Simpanan pokok is due once, as it was asked on the day a member joined.
#[test]
fn what_is_due_of_simpanan_pokok() {
    let pokok = |since: &str, amount| SavingsProduct {
        since: day(since).get(),
        amount: k(amount).get(),
        ..SavingsProduct::default()
    };
    let versions = [pokok("2025-01-01", 100), pokok("2025-07-01", 150)];
    let due = |joined| due_on_joining(&versions, day(joined));
    assert_eq!(due("2024-12-31"), k(0));
    assert_eq!((due("2025-01-01"), due("2025-06-30")), (k(100), k(100)));
    assert_eq!(due("2025-07-01"), k(150));
}

#[test]
fn days_close_in_order_and_once() {
    let mut v = village();
    v.ok(CloseDay { day: day("2025-01-01") });
    assert_eq!(v.refused(CloseDay { day: day("2025-01-01") }).reason, Reason::DayOutOfOrder);
    assert_eq!(v.refused(CloseDay { day: day("2025-01-03") }).reason, Reason::DayOutOfOrder);
    v.ok(CloseDay { day: day("2025-01-02") });
}

fn matures(v: &Village, deposit: &str) -> String {
    match v.state.get(&Key::Row(TermId::Kube(id("a"), id(deposit)).name())) {
        Some(Value::Row(Some(row))) => match &**row {
            Row::TermDeposit(row) => Day::new(row.matures_on).to_string(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn event_32_a_deposit_matures_as_was_agreed() {
    let mut v = village();
    let bring = SaveAtLkm {
        group: id("a"),
        fund: Fund::Uep,
        deposit: true,
        amount: k(300),
        kube_place: Place::Cash,
        lkm_place: Place::Bank,
    };
    v.ok(bring);
    let open = |name: &str, on_maturity| OpenDeposit {
        owner: Owner::Kube(id("a"), Fund::Uep),
        deposit: id(name),
        product: None,
        amount: k(100),
        matures_on: day("2025-02-28"),
        purse: Purse::Savings,
        on_maturity,
    };
    v.ok_on(open("lagi", OnMaturity::RollOver), Some("2025-01-31"));
    v.ok(open("cair", OnMaturity::Savings));
    v.ok(open("diam", OnMaturity::Unspecified));
    let name = format!("{:08}.term.a.lagi", day("2025-02-28").get());
    let noted = v.state.get(&Key::Row(RowName::new(DUE, name)));
    assert!(matches!(noted, Some(Value::Row(Some(_)))));
    let mature = |name: &str| Tend { term: TermId::Kube(id("a"), id(name)), matures: true };
    assert_eq!(entries(&v.ok(mature("cair"))), [""; 0]);
    v.ok_on(mature("lagi"), Some("2025-02-28"));
    assert_eq!(matures(&v, "lagi"), "2025-03-28");
    let paid = v.ok(mature("cair"));
    assert_eq!(
        entries(&paid),
        [
            "a.uep Tabungan di LKM D 100",
            "a.uep Simpanan Berjangka di LKM [cair] K 100",
            "lkm.sp Simpanan Berjangka [a/cair] D 100",
            "lkm.sp Tabungan KUBE [a/uep] K 100",
        ]
    );
    let request = v.last_request();
    assert_eq!(entries(&v.ok(mature("diam"))), [""; 0]);
    v.ok(Reverse { transaction: request, line: 0 });
    assert_eq!(v.held("lkm.sp.2106.a/cair"), k(100));
}

#[test]
fn tax_is_of_the_whole_above_the_threshold() {
    assert_eq!(tax(k(240), "10", k(240)), Ok(k(0)));
    assert_eq!(tax(k(240), "10", Sen::new(24_000_001)), Ok(Sen::new(2_400_000)));
    assert_eq!(tax(k(240), "10", k(-500)), Ok(k(0)));
}

/// The interest of the months of 2025 so far, day by day, over one common denominator of its own.
fn naive(versions: &[SavingsProduct], balances: &[(Day, Sen)], months: i32) -> (i128, i128) {
    const COMMON: i128 = 360 * 365 * 12 * 28 * 30 * 31 * 1_000_000;
    let mut sum = 0;
    for month in 1..=months {
        let first = Day::from_ymd(2025, month, 1).expect("a day");
        let days: Vec<Day> =
            (0..31).map(|n| Day::new(first.get() + n)).filter(|day| day.ymd().1 == month).collect();
        let held = |day: &Day| {
            let mut known = balances.iter().filter(|(since, _)| since <= day);
            i128::from(known.next_back().map_or(0, |(_, held)| held.get().max(0)))
        };
        let rule = |day: &Day| versions.iter().rev().find(|one| one.since <= day.get());
        let last = days.last().expect("days");
        let Some(at_end) = rule(last) else { continue };
        for day in &days {
            let (product, base) = match at_end.method() {
                SavingsMethod::Unspecified => continue,
                SavingsMethod::Daily => (rule(day), held(day)),
                SavingsMethod::Average => (Some(at_end), held(day)),
                SavingsMethod::Lowest => (Some(at_end), days.iter().map(held).min().expect("days")),
            };
            let Some(product) = product else { continue };
            let year = match product.day_count() {
                SavingsDayCount::Actual360 => 360,
                SavingsDayCount::Actual365 => 365,
                SavingsDayCount::Twelfths => 12 * days.len() as i128,
                SavingsDayCount::Unspecified => panic!("no day count"),
            };
            let (whole, part) = product.rate.split_once('.').unwrap_or((&product.rate, "0"));
            let rate: i128 = format!("{whole}{part:0<3}").parse().expect("a rate");
            // The rate counts in thousandths of a percent.
            sum += base * rate * 10 * (COMMON / 1_000_000 / year);
        }
    }
    (sum, COMMON)
}

proptest! {
    #[test]
    fn interest_is_what_a_naive_count_comes_to(
        moves in prop::collection::vec((0_i32..365, 0_i64..100_000_000_000), 1..12),
        kinds in prop::collection::vec((0_i32..300, 1_i32..=3, 1_i32..=3, 0_u32..24_000), 1..4),
        months in 1_i32..=12,
    ) {
        let new_year = day("2025-01-01");
        let mut moves = moves;
        moves.sort_unstable();
        moves.dedup_by_key(|one| one.0);
        let balances: Vec<(Day, Sen)> =
            moves.iter().map(|(n, held)| (Day::new(new_year.get() + n), Sen::new(*held))).collect();
        let mut kinds = kinds;
        kinds.sort_unstable();
        kinds.dedup_by_key(|one| one.0);
        let versions: Vec<SavingsProduct> = kinds
            .iter()
            .map(|(n, method, count, rate)| SavingsProduct {
                since: new_year.get() - 20 + n,
                method: *method,
                day_count: *count,
                rate: format!("{}.{:03}", rate / 1000, rate % 1000),
                ..SavingsProduct::default()
            })
            .collect();
        let last = (28..=31).rev().find_map(|n| Day::from_ymd(2025, months, n)).expect("a day");
        let found = cumulative(&versions, &balances, new_year, last).expect("counted");
        let (sum, common) = naive(&versions, &balances, months);
        prop_assert_eq!(i128::from(found.get()), (2 * sum + common).div_euclid(2 * common));
    }
}

/// What m01 saves with a.
fn of_member() -> Savings {
    Savings { entity: kube("a"), who: Sharer::Member(id("m01")) }
}
