//! Profit shares on savings (event 33): decided, weighed, paid entry by entry and to the sen.

use simpul::domain::cash::Place;
use simpul::domain::day::Day;
use simpul::domain::dissolution::Dissolve;
use simpul::domain::id::{Entity, RowName};
use simpul::domain::interest::weight;
use simpul::domain::leaving::{Heir, Settle};
use simpul::domain::money::Sen;
use simpul::domain::moving::{Come, Leave, Part};
use simpul::domain::record::proto::{
    Fund, Group, Member, SavingsDayCount, SavingsMethod, SavingsPart, SavingsProduct, SavingsShare,
    SavingsSort, SavingsTax,
};
use simpul::domain::record::{Effect, Event, Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::EnrolMember;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings_product::{SetProduct, SetTax};
use simpul::domain::savings_return::{PayInterest, Saver};
use simpul::domain::savings_share::{
    Among, DecideShare, Held, Holder, PayShare, WeighShare, parts_of, share_name,
};
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::surplus::Sharer;

use crate::village::{Village, day, entries, flags, id, k, kube};

fn product(method: SavingsMethod) -> SavingsProduct {
    SavingsProduct {
        since: day("2025-01-01").get(),
        method: method as i32,
        share_percent: "40".to_owned(),
        minute: "BA-7/contoh".to_owned(),
        ..SavingsProduct::default()
    }
}

fn set(v: &mut Village, entity: Entity, sort: SavingsSort, version: SavingsProduct) {
    v.ok(SetProduct { entity, sort, version });
}

fn decide(entity: Entity, sort: SavingsSort, earned: Sen) -> DecideShare {
    DecideShare {
        entity,
        among: Among::Sort(sort),
        share: id("januari"),
        period: (day("2025-01-01"), day("2025-01-31")),
        earned,
        minute: "BA-9/contoh".to_owned(),
    }
}

fn held(holder: Holder, balances: &[(&str, Sen)]) -> Held {
    let balances = balances.iter().map(|(on, held)| (day(on), *held)).collect();
    Held { holder, balances }
}

fn member(name: &str, balances: &[(&str, Sen)]) -> Held {
    held(Holder::Savings(Sharer::Member(id(name))), balances)
}

fn weigh(v: &mut Village, entity: Entity, held: Vec<Held>, last: bool) -> Effect {
    let (day, share) = (day("2025-02-01"), id("januari"));
    v.ok_on(WeighShare { day, entity, share, held, last }, Some("2025-02-01"))
}

fn pay(v: &mut Village, entity: Entity, holders: &[&str], last: bool) -> Effect {
    let row = share(v, &entity);
    let holder = |key: &&str| Holder::from_key(&entity, &row, key).expect("somebody");
    let holders = holders.iter().map(holder).collect();
    let (day, share) = (day("2025-02-01"), id("januari"));
    v.ok_on(PayShare { day, entity, share, holders, last }, Some("2025-02-01"))
}

fn row(v: &Village, name: RowName) -> Row {
    match v.state.get(&Key::Row(name)) {
        Some(Value::Row(Some(row))) => Row::clone(row),
        other => panic!("{other:?}"),
    }
}

fn share(v: &Village, entity: &Entity) -> SavingsShare {
    match row(v, share_name(entity, &id("januari"))) {
        Row::SavingsShare(row) => row,
        other => panic!("{other:?}"),
    }
}

fn part(v: &Village, entity: &Entity, key: &str) -> SavingsPart {
    let parts = parts_of(entity, &id("januari"), &share(v, entity));
    match row(v, RowName::new(parts, key)) {
        Row::SavingsPart(row) => row,
        other => panic!("{other:?}"),
    }
}

fn of_kube(fund: Fund, balances: &[(&str, Sen)]) -> Held {
    held(Holder::Savings(Sharer::Kube(id("a"), fund)), balances)
}

/// Of 1.000 earned 40 % are the savers': 400, by the lowest balance. m01 held 100 all along, m02 300 and
/// for a day nothing but 100, m03 came with 200 on the last day.
#[test]
fn event_33_profit_is_shared_by_the_lowest_balance() {
    let mut v = Village::new();
    v.group("a");
    set(&mut v, kube("a"), SavingsSort::Sukarela, product(SavingsMethod::Lowest));
    v.ok_on(decide(kube("a"), SavingsSort::Sukarela, k(1_000)), Some("2025-02-01"));
    assert_eq!(share(&v, &kube("a")).amount, k(400).get());
    assert_eq!(Day::new(share(&v, &kube("a")).listed_on), day("2025-02-01"));
    let m01 = || member("m01", &[("2025-01-01", k(100))]);
    let m02 =
        member("m02", &[("2025-01-01", k(300)), ("2025-01-09", k(100)), ("2025-01-10", k(300))]);
    let m03 = member("m03", &[("2025-01-01", k(0)), ("2025-01-31", k(200))]);
    weigh(&mut v, kube("a"), vec![m01()], false);
    // Nothing is paid before all are weighed; who comes again is weighed once.
    assert_eq!(entries(&pay(&mut v, kube("a"), &["m01"], true)), [""; 0]);
    weigh(&mut v, kube("a"), vec![m01(), m02, m03], true);
    assert_eq!(share(&v, &kube("a")).accounts, 2);
    let paid = pay(&mut v, kube("a"), &["m01"], false);
    assert_eq!(
        entries(&paid),
        ["a.sp Beban Jasa Simpanan D 200", "a.sp Tabungan Anggota [m01] K 200"]
    );
    assert_eq!(v.records.last().map(|record| record.event), Some(Event::SavingsReturn));
    // The chunk comes again, larger: who was paid is not paid again.
    let rest = pay(&mut v, kube("a"), &["m01", "m02"], true);
    assert_eq!(
        entries(&rest),
        ["a.sp Beban Jasa Simpanan D 200", "a.sp Tabungan Anggota [m02] K 200"]
    );
    let done = share(&v, &kube("a"));
    assert_eq!((done.paid, done.tax, done.listed_on), (k(400).get(), 0, 0));
    assert_eq!(entries(&pay(&mut v, kube("a"), &["m01", "m02"], true)), [""; 0]);
}

/// A part that was paid by mistake is taken back alone: nothing of it stands as paid, and it is not
/// paid again.
#[test]
fn a_part_that_was_paid_is_taken_back() {
    let mut v = Village::new();
    v.group("a");
    set(&mut v, kube("a"), SavingsSort::Sukarela, product(SavingsMethod::Daily));
    v.ok_on(decide(kube("a"), SavingsSort::Sukarela, k(1_000)), Some("2025-02-01"));
    let both = ["m01", "m02"].map(|name| member(name, &[("2025-01-01", k(100))]));
    weigh(&mut v, kube("a"), both.to_vec(), true);
    pay(&mut v, kube("a"), &["m01", "m02"], true);
    let transaction = v.last_request();
    v.ok(Reverse { transaction: transaction.clone(), line: 2 });
    let parts = ["m01", "m02"].map(|name| part(&v, &kube("a"), name).amount);
    assert_eq!(parts, [k(200).get(), 0]);
    assert_eq!(share(&v, &kube("a")).paid, k(200).get());
    assert_eq!((v.held("a.sp.2103.m01"), v.held("a.sp.2103.m02")), (k(200), k(0)));
    v.ok(Reverse { transaction, line: 0 });
    assert_eq!((share(&v, &kube("a")).paid, v.held("a.sp.5102")), (0, k(0)));
    assert_eq!(entries(&pay(&mut v, kube("a"), &["m01", "m02"], true)), [""; 0]);
}

/// A KUBE at the LKM: one event in two ledgers, tax withheld of what is above 50 a month.
#[test]
fn event_33_profit_is_shared_with_a_kube() {
    let mut v = Village::new();
    v.group("a");
    set(&mut v, Entity::Lkm, SavingsSort::Kube, product(SavingsMethod::Average));
    let rule = SavingsTax {
        since: day("2025-01-01").get(),
        threshold: k(50).get(),
        percent: "10".to_owned(),
        kubes: true,
        ..SavingsTax::default()
    };
    v.ok(SetTax { entity: Entity::Lkm, version: rule });
    v.ok_on(decide(Entity::Lkm, SavingsSort::Kube, k(1_000)), Some("2025-02-01"));
    let saver = |fund, saved| of_kube(fund, &[("2025-01-01", saved)]);
    let savers = vec![saver(Fund::SimpanPinjam, k(700)), saver(Fund::Uep, k(100))];
    weigh(&mut v, Entity::Lkm, savers, true);
    let paid = pay(&mut v, Entity::Lkm, &["a.sp", "a.uep"], true);
    assert_eq!(
        entries(&paid),
        [
            "lkm.sp Beban Jasa Simpanan D 315",
            "lkm.sp Tabungan KUBE [a/sp] K 315",
            "lkm.sp Beban Jasa Simpanan D 35",
            "lkm.sp Utang PPh K 35",
            "a.sp Tabungan di LKM D 315",
            "a.sp Pendapatan Bagi Hasil K 315",
            "a.sp Beban Pajak D 35",
            "a.sp Pendapatan Bagi Hasil K 35",
            "lkm.sp Beban Jasa Simpanan D 50",
            "lkm.sp Tabungan KUBE [a/uep] K 50",
            "a.uep Tabungan di LKM D 50",
            "a.uep Pendapatan Bagi Hasil K 50",
        ]
    );
    let part = part(&v, &Entity::Lkm, "a.sp");
    assert_eq!((part.paid, part.amount, part.tax), (true, k(350).get(), k(35).get()));
    assert_eq!(share(&v, &Entity::Lkm).tax, k(35).get());
}

/// Seven odd accounts and an odd amount: each within a sen of its exact part, all of it to the sen.
#[test]
fn parts_add_up_to_the_sen() {
    let mut v = Village::new();
    v.group("a");
    set(&mut v, kube("a"), SavingsSort::Sukarela, product(SavingsMethod::Daily));
    let earned = Sen::new(100_003);
    v.ok_on(decide(kube("a"), SavingsSort::Sukarela, earned), Some("2025-02-01"));
    let amount = share(&v, &kube("a")).amount;
    assert_eq!(amount, 40_001);
    let held: Vec<i64> = (1..=7).map(|number| 1_000_003 * number + 17).collect();
    let names: Vec<String> = (1..=7).map(|number| format!("m{number:02}")).collect();
    let savers = names.iter().zip(&held);
    let savers = savers.map(|(name, held)| member(name, &[("2025-01-01", Sen::new(*held))]));
    weigh(&mut v, kube("a"), savers.collect(), true);
    for name in &names {
        pay(&mut v, kube("a"), &[name], name == "m07");
    }
    let whole: i64 = held.iter().sum();
    let mut sum = 0;
    for (name, held) in names.iter().zip(&held) {
        let got = v.held(&format!("a.sp.2103.{name}")).get();
        let exact = i128::from(amount) * i128::from(*held);
        assert!((i128::from(got) * i128::from(whole) - exact).abs() < i128::from(whole), "{name}");
        sum += got;
    }
    assert_eq!(sum, amount);
}

#[test]
fn a_share_is_decided_once_for_a_period_that_is_over() {
    let mut v = Village::new();
    v.group("a");
    let sukarela = || decide(kube("a"), SavingsSort::Sukarela, k(1_000));
    assert_eq!(v.refused(sukarela()).reason, Reason::DateInFuture);
    v.close_days("2025-01-31");
    let unset = v.refused(sukarela());
    assert_eq!((unset.reason, unset.field.as_str()), (Reason::RuleNotSet, "sort"));
    set(&mut v, kube("a"), SavingsSort::Sukarela, product(SavingsMethod::Lowest));
    v.ok_on(sukarela(), Some("2025-02-01"));
    let again = DecideShare { share: id("lagi"), ..sukarela() };
    let again = v.refused(again);
    assert_eq!((again.reason, again.field.as_str()), (Reason::NotAfterLast, "from"));
    // Nobody held anything: nothing is paid, and that is said.
    weigh(&mut v, kube("a"), Vec::new(), true);
    let nothing = pay(&mut v, kube("a"), &[], true);
    assert_eq!((entries(&nothing), flags(&nothing)), (Vec::new(), vec![Reason::NoBasis]));
    assert_eq!(share(&v, &kube("a")).listed_on, 0);
}

/// What a KUBE has earned that has left is a debt of the LKM's, and nothing stands in its ledger; so
/// is what a member of the LKM has earned whose heirs were settled with.
#[test]
fn what_is_shared_with_who_is_gone_waits_among_the_lkms_debts() {
    let mut v = Village::new();
    v.group("a");
    let joined_on = day("2025-01-01").get();
    let row = Member { joined_on, ..Member::default() };
    v.ok(EnrolMember { entity: Entity::Lkm, member: id("m01"), row });
    for sort in [SavingsSort::Kube, SavingsSort::Sukarela] {
        set(&mut v, Entity::Lkm, sort, product(SavingsMethod::Daily));
    }
    v.ok(Leave {
        group: id("a"),
        to: "books/soe/groups/x".to_owned(),
        staying: Vec::new(),
        later: None,
        things: Vec::new(),
        more: false,
        minute: "BA-8/contoh".to_owned(),
    });
    v.ok(Settle {
        entity: Entity::Lkm,
        member: id("m01"),
        left_on: day("2025-01-20"),
        died_on: Some(day("2025-01-19")),
        heir: Some(Heir::Named(vec![3; 32])),
        place: Place::Vault,
    });
    let expected = ["lkm.sp Beban Jasa Simpanan D 400", "lkm.sp Utang Lain-lain K 400"];
    v.ok_on(decide(Entity::Lkm, SavingsSort::Kube, k(1_000)), Some("2025-02-01"));
    weigh(&mut v, Entity::Lkm, vec![of_kube(Fund::Uep, &[("2025-01-01", k(5))])], true);
    let paid = pay(&mut v, Entity::Lkm, &["a.uep"], true);
    assert_eq!(entries(&paid), expected);
    assert_eq!(flags(&paid), [Reason::GroupMoved]);
    assert_eq!((paid.flags[0].line, v.held("a.uep.1111")), (1, k(0)));
    let sukarela = decide(Entity::Lkm, SavingsSort::Sukarela, k(1_000));
    v.ok_on(DecideShare { share: id("lagi"), ..sukarela }, Some("2025-02-01"));
    let (entity, share, day) = (Entity::Lkm, id("lagi"), day("2025-02-01"));
    let held = vec![member("m01", &[("2025-01-01", k(5))])];
    let holders = vec![held[0].holder.clone()];
    let last = true;
    v.ok_on(
        WeighShare { day, entity: entity.clone(), share: share.clone(), held, last },
        Some("2025-02-01"),
    );
    let paid = v.ok_on(PayShare { day, entity, share, holders, last }, Some("2025-02-01"));
    assert_eq!(entries(&paid), expected);
    assert_eq!(flags(&paid), [Reason::MemberDied]);
}

/// What was decided and is not paid keeps a group here: nobody else could pay it.
#[test]
fn a_group_neither_leaves_nor_ends_before_its_share_is_paid() {
    let mut v = Village::new();
    v.group("a");
    set(&mut v, kube("a"), SavingsSort::Sukarela, product(SavingsMethod::Daily));
    v.ok_on(decide(kube("a"), SavingsSort::Sukarela, k(1_000)), Some("2025-02-01"));
    let leave = || Leave {
        group: id("a"),
        to: "books/soe/groups/x".to_owned(),
        staying: Vec::new(),
        later: None,
        things: Vec::new(),
        more: false,
        minute: "BA-8/contoh".to_owned(),
    };
    let unpaid = v.refused(leave());
    assert_eq!((unpaid.reason, unpaid.field.as_str()), (Reason::ShareUnpaid, "group"));
    let said = [("share", "januari"), ("date", "2025-02-01")];
    let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(unpaid.details, said);
    let dissolve = Dissolve {
        group: id("a"),
        place: Place::Cash,
        accounts: Vec::new(),
        shares: Vec::new(),
        minute: "BA-9/contoh".to_owned(),
    };
    assert_eq!(v.refused(dissolve).reason, Reason::ShareUnpaid);
    weigh(&mut v, kube("a"), Vec::new(), true);
    pay(&mut v, kube("a"), &[], true);
    v.ok(leave());
}

/// What members held in another book is not known here.
#[test]
fn a_group_shares_nothing_of_days_before_it_came() {
    let mut v = Village::new();
    let moved_on = day("2025-01-15");
    let come = Come {
        group: id("a"),
        row: Group { came_from: "books/soe/groups/x".to_owned(), ..Group::default() },
        moved_on: moved_on.get(),
        minute: "BA-8/contoh".to_owned(),
        part: Part { last: true, ..Part::default() },
    };
    v.ok_on(come, Some("2025-01-15"));
    set(&mut v, kube("a"), SavingsSort::Sukarela, product(SavingsMethod::Daily));
    let early = decide(kube("a"), SavingsSort::Sukarela, k(1_000));
    let refused = v.command(early.clone(), Some("2025-02-01"));
    let Outcome::Refused(refused) = v.run(&refused).outcome else { panic!("shared") };
    assert_eq!((refused.reason, refused.field.as_str()), (Reason::NotAfterLast, "from"));
    let period = (moved_on, day("2025-01-31"));
    v.ok_on(DecideShare { period, ..early }, Some("2025-02-01"));
}

/// A product whose savers share in the profit earns no interest besides.
#[test]
fn who_shares_in_the_profit_earns_no_rate() {
    let mut v = Village::new();
    v.group("a");
    let version = SavingsProduct {
        day_count: SavingsDayCount::Twelfths as i32,
        ..product(SavingsMethod::Daily)
    };
    set(&mut v, kube("a"), SavingsSort::Sukarela, version);
    let pay = PayInterest {
        entity: kube("a"),
        sort: SavingsSort::Sukarela,
        through: day("2025-01-31"),
        savers: vec![Saver {
            who: Sharer::Member(id("m01")),
            balances: vec![(day("2025-01-01"), k(100))],
        }],
    };
    assert_eq!(entries(&v.ok_on(pay, Some("2025-01-31"))), [""; 0]);
    let period = (day("2025-01-30"), day("2025-02-01"));
    let balances = [(day("2025-01-01"), k(5)), (day("2025-02-01"), k(2))];
    for (method, expected) in [
        (SavingsMethod::Lowest, k(6)),
        (SavingsMethod::Average, k(12)),
        (SavingsMethod::Daily, k(12)),
    ] {
        assert_eq!(weight(method, &balances, period), Ok(expected));
    }
}
