//! A member dies: what is refused of them from then on, and who is paid.

use simpul::domain::cash::Place;
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, RowName};
use simpul::domain::leaving::{Heir, RecordDeath, Settle, settlement_name};
use simpul::domain::loan::due::DebitLoans;
use simpul::domain::loan::pay::Disburse;
use simpul::domain::loan::request::ApplyLoan;
use simpul::domain::record::proto::{LoanFrequency, LoanMethod, Member, Settlement};
use simpul::domain::record::{Effect, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::EnrolMember;
use simpul::domain::savings::{Deposit, Kind, Withdraw};
use simpul::domain::state::{Key, Lookup, Value};

use crate::loan_schedule::plain_terms;
use crate::loans;
use crate::village::{Village, day, entries, flags, id, k, kube};

/// A book whose LKM has a member m01 with 100 saved, and so has m01 of KUBE a there.
fn village() -> Village {
    let mut v = Village::new();
    v.group("a");
    let row = Member { joined_on: day("2025-01-01").get(), ..Member::default() };
    v.ok(EnrolMember { entity: Entity::Lkm, member: id("m01"), row });
    for (entity, place) in [(Entity::Lkm, Place::Vault), (kube("a"), Place::Cash)] {
        v.ok_on(deposit(entity, place), Some("2025-01-10"));
    }
    v
}

fn deposit(entity: Entity, place: Place) -> Deposit {
    Deposit { entity, member: id("m01"), kind: Kind::Voluntary, amount: k(100), place }
}

fn withdraw(entity: Entity, place: Place) -> Withdraw {
    Withdraw { entity, member: id("m01"), amount: k(40), place }
}

fn died(entity: Entity, on: Option<&str>) -> RecordDeath {
    RecordDeath { entity, member: id("m01"), died_on: on.map(day) }
}

fn settle(entity: Entity, died_on: Option<&str>, heir: Option<Heir>) -> Settle {
    let place = if entity == Entity::Lkm { Place::Vault } else { Place::Cash };
    let (member, left_on) = (id("m01"), day("2025-03-10"));
    Settle { entity, member, left_on, died_on: died_on.map(day), heir, place }
}

fn row(v: &Village, name: RowName) -> Row {
    match v.state.get(&Key::Row(name)) {
        Some(Value::Row(Some(row))) => Row::clone(row),
        other => panic!("{other:?}"),
    }
}

fn settlement(v: &Village, entity: &Entity) -> Settlement {
    match row(v, settlement_name(entity, &id("m01"))) {
        Row::Settlement(row) => row,
        other => panic!("{other:?}"),
    }
}

fn dead_since(v: &Village, entity: &Entity) -> Day {
    match row(v, RowName::of(entity, "members", "m01")) {
        Row::Member(row) => Day::new(row.died_on),
        other => panic!("{other:?}"),
    }
}

/// Heard of on 5 March, a death of 1 March: nothing more is asked of who died; what the village tells
/// is recorded; what happened before still counts.
#[test]
fn nothing_is_asked_of_who_has_died() {
    let mut v = village();
    v.ok_on(died(Entity::Lkm, Some("2025-03-01")), Some("2025-03-05"));
    assert_eq!(dead_since(&v, &Entity::Lkm), day("2025-03-01"));
    let refusal = v.refused(withdraw(Entity::Lkm, Place::Vault));
    assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::MemberDied, "member"));
    assert_eq!(v.refused(deposit(Entity::Lkm, Place::Vault)).reason, Reason::MemberDied);
    v.ok_on(withdraw(Entity::Lkm, Place::Vault), Some("2025-02-28"));
    v.ok_on(died(kube("a"), Some("2025-03-01")), Some("2025-03-05"));
    let taken = v.ok(withdraw(kube("a"), Place::Cash));
    assert_eq!(entries(&taken), ["a.sp Tabungan Anggota [m01] D 40", "a.sp Kas K 40"]);
    assert_eq!(flags(&taken), [Reason::MemberDied]);
    // Nobody known has brought this.
    let brought = v.ok(deposit(kube("a"), Place::Cash));
    assert_eq!(flags(&brought), [Reason::InSuspense]);
    assert_eq!(v.refused(died(kube("a"), Some("2025-03-02"))).reason, Reason::MemberDied);
    let future = v.refused(died(kube("a"), Some("2026-01-01")));
    assert_eq!(future.reason, Reason::MemberDied);
    // A mistake is taken back.
    v.ok(died(Entity::Lkm, None));
    v.ok(withdraw(Entity::Lkm, Place::Vault));
    assert_eq!(v.refused(died(Entity::Lkm, Some("2026-01-01"))).reason, Reason::DateInFuture);
    assert_eq!(v.refused(died(Entity::Lkm, Some("2024-12-31"))).reason, Reason::NotAfterLast);
}

#[test]
fn event_20_a_registered_heir_is_paid() {
    let mut v = village();
    v.party(Entity::Lkm, "istri-m01");
    let heir = || Some(Heir::Party(id("istri-m01")));
    let nobody = v.refused(settle(Entity::Lkm, Some("2025-03-01"), None));
    assert_eq!((nobody.reason, nobody.field.as_str()), (Reason::HeirUnnamed, "heir"));
    assert_eq!(v.refused(settle(Entity::Lkm, None, heir())).reason, Reason::WrongKind);
    let unknown = Some(Heir::Party(id("lain")));
    let unknown = v.refused(settle(Entity::Lkm, Some("2025-03-01"), unknown));
    assert_eq!((unknown.reason, unknown.field.as_str()), (Reason::NotFound, "heir"));
    let settled = settle(Entity::Lkm, Some("2025-03-01"), heir());
    let paid = v.ok_on(settled, Some("2025-03-10"));
    assert_eq!(entries(&paid), ["lkm.sp Tabungan Anggota [m01] D 100", "lkm.sp Kas Besar K 100"]);
    let to_heir = |effect: &Effect| effect.entries[0].party.clone();
    assert_eq!(to_heir(&paid), "lkm/parties/istri-m01");
    assert_eq!(dead_since(&v, &Entity::Lkm), day("2025-03-01"));
    assert_eq!(settlement(&v, &Entity::Lkm).heir_party, "istri-m01");
}

#[test]
fn event_20_an_heir_by_name_is_paid_when_the_death_is_known() {
    let mut v = village();
    v.ok_on(died(kube("a"), Some("2025-03-01")), Some("2025-03-05"));
    let heir = || Some(Heir::Named(vec![9; 32]));
    let other = v.refused(settle(kube("a"), Some("2025-03-02"), heir()));
    assert_eq!((other.reason, other.field.as_str()), (Reason::MemberDied, "died_on"));
    let paid = v.ok_on(settle(kube("a"), None, heir()), Some("2025-03-10"));
    assert_eq!(entries(&paid), ["a.sp Tabungan Anggota [m01] D 100", "a.sp Kas K 100"]);
    let settlement = settlement(&v, &kube("a"));
    let known = (settlement.died_on, settlement.heir_name);
    assert_eq!(known, (day("2025-03-01").get(), vec![9; 32]));
    // Who has left cannot die in this book any more.
    assert_eq!(v.refused(died(kube("a"), Some("2025-03-11"))).reason, Reason::NotMemberThen);
}

/// A loan of 1.000 in two tranches, its instalments taken from savings: once its borrower has died the
/// rest is not paid out, nothing is approved, and nothing is taken.
#[test]
fn a_loan_of_who_has_died_waits_for_the_heirs() {
    let mut v = loans::village();
    loans::set_product(
        &mut v,
        &kube("a"),
        plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1"),
    );
    let lender = kube("a");
    let wish = loans::apply(&lender, "x1", loans::member(1), k(1_000), 10);
    let wish = ApplyLoan { auto_debit: true, ..wish };
    let ask = |loan: &str| ApplyLoan { loan: id(loan), ..wish.clone() };
    let tranche = |amount| Disburse { amount, ..loans::disburse(&lender, "x1", loans::tin()) };
    for loan in ["x1", "x2"] {
        v.ok_on(ask(loan), Some("2025-02-01"));
        v.ok_on(loans::confirm(&lender, loan), Some("2025-02-01"));
    }
    v.ok_on(loans::decide(&lender, "x1", true), Some("2025-02-01"));
    v.ok_on(tranche(Some(k(600))), Some("2025-02-01"));
    let (entity, place) = (kube("a"), Place::Cash);
    v.ok_on(Deposit { amount: k(5_000), ..deposit(entity.clone(), place) }, Some("2025-02-02"));
    v.ok_on(died(entity, Some("2025-03-02")), Some("2025-03-05"));
    let dead = v.refused(tranche(None));
    assert_eq!((dead.reason, dead.field.as_str()), (Reason::MemberDied, "loan"));
    let undecided = v.refused(loans::decide(&lender, "x2", true));
    assert_eq!((undecided.reason, undecided.field.as_str()), (Reason::MemberDied, "loan"));
    let debit = |on: &str| {
        let (day, loans) = (day(on), vec![(kube("a"), id("x1"))]);
        DebitLoans { day, loans }
    };
    // What fell due while they lived is still taken for that day, nothing after.
    let before = v.ok_on(debit("2025-03-01"), Some("2025-03-01"));
    assert!(!before.entries.is_empty());
    let after = v.ok_on(debit("2025-04-01"), Some("2025-04-01"));
    assert_eq!((entries(&after), flags(&after)), (Vec::<String>::new(), Vec::new()));
}
