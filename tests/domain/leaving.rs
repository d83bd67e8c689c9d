//! What must be done before a group leaves for another book, because only the old book can do it.

use simpul::domain::account::{Account, Ledger};
use simpul::domain::cash::{BankEntry, Place};
use simpul::domain::chart::Code;
use simpul::domain::id::Entity;
use simpul::domain::moving::{Leave, Thing};
use simpul::domain::record::Outcome;
use simpul::domain::record::proto::{
    Fund, MemberMeasure, SavingsDayCount, SavingsMethod, SavingsSort, SurplusUse,
};
use simpul::domain::refusal::{Reason, Refusal};
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::savings_product::SetProduct;
use simpul::domain::surplus::Divide;
use simpul::domain::surplus_rule::SetSurplusRule;

use crate::closing::{close_period, close_year, members_alike, result, rule};
use crate::products::version;
use crate::village::{Village, day, id, k, kube};

/// A group that leaves with all that its accounts hold.
fn leave(village: &Village) -> Leave {
    let accounts = village.balances().into_keys().filter(|name| name.starts_with("a."));
    let accounts = accounts.map(|name| Account::parse(&name));
    let mut things: Vec<Thing> =
        accounts.map(|account| Thing::of(&account.expect("an account"))).collect();
    things.retain(|thing| !matches!(thing, Thing::Account(one) if one.code == Code::OpeningEquity));
    Leave {
        group: id("a"),
        to: "books/soe/groups/x".to_owned(),
        staying: Vec::new(),
        later: None,
        things,
        more: false,
        minute: "BA-8/contoh".to_owned(),
    }
}

fn refused(village: &mut Village, leave: Leave, on: &str) -> Refusal {
    let command = village.command(leave, Some(on));
    match village.run(&command).outcome {
        Outcome::Refused(refusal) => refusal,
        Outcome::Done(effect) => panic!("it left: {effect:?}"),
    }
}

fn detail<'r>(refusal: &'r Refusal, key: &str) -> &'r str {
    let of = refusal.details.iter().find(|(known, _)| known == key);
    of.map(|(_, value)| value.as_str()).expect("a detail")
}

fn uep() -> Ledger {
    Ledger::new(kube("a"), Fund::Uep)
}

/// A village in 2026 whose group earned so much in 2025, at such a cost.
fn closed_year(income: i64, cost: i64) -> Village {
    let mut v = Village::new();
    v.today = day("2026-03-31");
    v.group("a");
    let parts = [(SurplusUse::Reserve, "40"), (SurplusUse::Members, "60")];
    let rule = rule("2025-01-01", &parts, MemberMeasure::Equal);
    v.ok(SetSurplusRule { entity: kube("a"), rule });
    result(&mut v, &uep(), income, cost, "2025-06-01");
    let next_year = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
    let interest = BankEntry { ledger: next_year, interest: true, amount: k(1) };
    v.ok_on(interest, Some("2026-01-02"));
    v.ok(close_period(kube("a"), "2025-12-31"));
    let close = close_year(&v, kube("a"), 2025);
    v.ok(close);
    v
}

#[test]
fn a_surplus_is_divided_before_a_group_leaves() {
    let mut v = closed_year(300, 200);
    let leaving = leave(&v);
    let waits = refused(&mut v, leaving, "2026-02-01");
    assert_eq!((waits.reason, waits.field.as_str()), (Reason::SurplusUndivided, "group"));
    assert_eq!((detail(&waits, "fund"), detail(&waits, "held")), ("uep", "10000000"));
    let sharers = members_alike(&v, 10);
    v.ok(Divide { ledger: uep(), year: 2025, sharers, settled: None });
    // What members were given and have not been paid goes along with them.
    let leaving = leave(&v);
    v.ok_on(leaving, Some("2026-03-31"));
    assert_eq!(v.balances().keys().filter(|name| name.starts_with("a.")).count(), 0);
}

#[test]
fn a_loss_goes_along_and_is_covered_over_there() {
    let mut v = closed_year(100, 150);
    let leaving = leave(&v);
    v.ok_on(leaving, Some("2026-03-31"));
    assert_eq!(v.balances().keys().filter(|name| name.starts_with("a.")).count(), 0);
}

fn save(v: &mut Village, on: &str) {
    let (entity, member) = (kube("a"), id("m01"));
    let (kind, amount, place) = (Kind::Voluntary, k(1_200), Place::Cash);
    v.ok_on(Deposit { entity, member, kind, amount, place }, Some(on));
}

fn pay_interest_from(v: &mut Village, since: &str) {
    let version = version(since, SavingsMethod::Lowest, "6", SavingsDayCount::Twelfths);
    v.ok(SetProduct { entity: kube("a"), sort: SavingsSort::Sukarela, version });
}

#[test]
fn interest_on_savings_is_paid_before_a_group_leaves_at_the_beginning_of_a_month() {
    let mut v = Village::new();
    v.group("a");
    pay_interest_from(&mut v, "2025-01-01");
    save(&mut v, "2025-01-01");
    v.close_days("2025-04-30");
    for (on, through, date) in [
        // May has been earned and not paid; a begun month is the old book's.
        ("2025-06-01", "2025-05-31", "2025-06-01"),
        ("2025-05-20", "2025-05-31", "2025-06-01"),
        ("2025-06-02", "2025-06-30", "2025-07-01"),
    ] {
        let leaving = leave(&v);
        let unpaid = refused(&mut v, leaving, on);
        assert_eq!((unpaid.reason, unpaid.field.as_str()), (Reason::InterestUnpaid, "group"));
        let said = ["sort", "through", "date"].map(|key| detail(&unpaid, key).to_owned());
        assert_eq!(said, ["sukarela", through, date], "{on}");
    }
    v.close_days("2025-05-31");
    let leaving = leave(&v);
    assert_eq!(refused(&mut v, leaving.clone(), "2025-06-02").reason, Reason::InterestUnpaid);
    v.ok_on(leaving, Some("2025-06-01"));
}

#[test]
fn savings_without_interest_leave_on_any_day() {
    let mut v = Village::new();
    v.group("a");
    save(&mut v, "2025-01-01");
    // A rate that begins later has not earned anything.
    pay_interest_from(&mut v, "2025-07-01");
    let leaving = leave(&v);
    v.ok_on(leaving, Some("2025-06-17"));
}

#[test]
fn a_group_does_not_leave_before_what_has_happened_later() {
    let mut v = Village::new();
    v.group("a");
    save(&mut v, "2025-06-05");
    let found = Leave { later: Some("a.sp.1101".to_owned()), ..leave(&v) };
    let early = refused(&mut v, found, "2025-06-01");
    assert_eq!((early.reason, early.field.as_str()), (Reason::FactsAfterMove, "happened_on"));
    assert_eq!((detail(&early, "name"), detail(&early, "date")), ("a.sp.1101", "2025-06-01"));
}
