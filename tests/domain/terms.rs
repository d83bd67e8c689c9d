//! Term deposits with a product (events 19, 32 and 33): of a KUBE at the LKM, of a KUBE's member
//! and of the LKM's, entry by entry; what they earn against a script on exact fractions.

use serde_json::json;
use simpul::domain::account::Ledger;
use simpul::domain::cash::{BankEntry, Place};
use simpul::domain::daily::{CloseDay, DUE};
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, RowName};
use simpul::domain::interest::{cumulative, of_term};
use simpul::domain::leaving::{Heir, Settle};
use simpul::domain::link::SaveAtLkm;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    EarlyBreak, Fund, Member, OnMaturity, Principle, Regime, RegimeSince, SavingsDayCount,
    SavingsMethod, SavingsProduct, SavingsTax, TermDeposit, TermPayout, TermProduct, TermState,
};
use simpul::domain::record::{Effect, Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::regime::SetRegime;
use simpul::domain::register::{ChangeLink, EndMembership, EnrolMember};
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::savings_product::SetTax;
use simpul::domain::savings_share::{Among, DecideShare, Held, Holder, PayShare, WeighShare};
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::term::{CloseDeposit, OpenDeposit, Owner, Purse, Tend, TermId};
use simpul::domain::term_product::SetTermProduct;

use crate::loan_schedule::ask_script;
use crate::village::{Village, day, entries, flags, id, k, kube};

fn product(rate: &str, payout: TermPayout) -> TermProduct {
    TermProduct {
        since: day("2025-01-01").get(),
        rate: rate.to_owned(),
        day_count: SavingsDayCount::Twelfths as i32,
        payout: payout as i32,
        minute: "BA-5/contoh".to_owned(),
        ..TermProduct::default()
    }
}

/// A book with KUBE a, which has 1.000 of UEP money at the LKM, and m01 of the LKM.
fn village() -> Village {
    let mut v = Village::new();
    v.group("a");
    v.ok(SaveAtLkm {
        group: id("a"),
        fund: Fund::Uep,
        deposit: true,
        amount: k(10_000),
        kube_place: Place::Cash,
        lkm_place: Place::Bank,
    });
    let row = Member { joined_on: day("2025-01-01").get(), ..Member::default() };
    v.ok(EnrolMember { entity: Entity::Lkm, member: id("m01"), row });
    v
}

fn set(v: &mut Village, entity: Entity, version: TermProduct) {
    v.ok(SetTermProduct { entity, product: id("bulanan"), version });
}

fn of_kube(purse: Purse, on_maturity: OnMaturity) -> OpenDeposit {
    OpenDeposit {
        owner: Owner::Kube(id("a"), Fund::Uep),
        deposit: id("d1"),
        product: Some(id("bulanan")),
        amount: k(6_200),
        matures_on: day("2025-04-15"),
        purse,
        on_maturity,
    }
}

fn of_member(entity: Entity, purse: Purse) -> OpenDeposit {
    OpenDeposit {
        owner: Owner::Member(entity, id("m01")),
        deposit: id("d1"),
        product: Some(id("bulanan")),
        amount: k(6_200),
        matures_on: day("2025-04-15"),
        purse,
        on_maturity: OnMaturity::Savings,
    }
}

fn kube_term() -> TermId {
    TermId::Kube(id("a"), id("d1"))
}

fn row(v: &Village, term: &TermId) -> TermDeposit {
    match v.state.get(&Key::Row(term.name())) {
        Some(Value::Row(Some(row))) => match &**row {
            Row::TermDeposit(row) => row.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn listed(v: &Village, term: &TermId) -> String {
    let row = row(v, term);
    let name = format!("{:08}.term.{}", row.listed_on, term.listed_as());
    let noted = v.state.get(&Key::Row(RowName::new(DUE, name)));
    assert!(matches!(noted, Some(Value::Row(Some(_)))));
    Day::new(row.listed_on).to_string()
}

fn tend(v: &mut Village, term: &TermId, on: &str) -> Effect {
    let matures = row(v, term).matures_on <= day(on).get();
    v.ok_on(Tend { term: term.clone(), matures }, Some(on))
}

fn close(term: TermId, purse: Purse, minute: &str) -> CloseDeposit {
    CloseDeposit { term, purse, minute: minute.to_owned(), died: false }
}

/// Twelve percent a year of 6.200 is 62 a month: from the 15th to the end of January 17 of 31 days
/// of it, the night of the last day included.
#[test]
fn event_33_a_kube_is_paid_each_month() {
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::Monthly));
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
    let term = kube_term();
    assert_eq!(listed(&v, &term), "2025-01-31");
    let january = tend(&mut v, &term, "2025-01-31");
    assert_eq!(
        entries(&january),
        [
            "a.uep Piutang Jasa Simpanan Berjangka [d1] D 34",
            "a.uep Pendapatan Bagi Hasil K 34",
            "lkm.sp Beban Jasa Simpanan D 34",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] K 34",
        ]
    );
    assert_eq!(listed(&v, &term), "2025-02-15");
    let anniversary = tend(&mut v, &term, "2025-02-15");
    assert_eq!(
        entries(&anniversary),
        [
            "a.uep Piutang Jasa Simpanan Berjangka [d1] D 28",
            "a.uep Pendapatan Bagi Hasil K 28",
            "lkm.sp Beban Jasa Simpanan D 28",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] K 28",
            "a.uep Tabungan di LKM D 62",
            "a.uep Piutang Jasa Simpanan Berjangka [d1] K 62",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] D 62",
            "lkm.sp Tabungan KUBE [a/uep] K 62",
        ]
    );
    for on in ["2025-02-28", "2025-03-15", "2025-03-31"] {
        assert_eq!(listed(&v, &term), on);
        tend(&mut v, &term, on);
    }
    assert_eq!(listed(&v, &term), "2025-04-15");
    let end = tend(&mut v, &term, "2025-04-15");
    assert_eq!(
        entries(&end)[8..],
        [
            "a.uep Tabungan di LKM D 6200",
            "a.uep Simpanan Berjangka di LKM [d1] K 6200",
            "lkm.sp Simpanan Berjangka [a/d1] D 6200",
            "lkm.sp Tabungan KUBE [a/uep] K 6200",
        ]
    );
    assert_eq!((v.held("a.uep.1111"), v.held("lkm.sp.2102.a/uep")), (k(10_186), k(10_186)));
    assert_eq!((v.held("a.uep.1114.d1"), v.held("lkm.sp.2110.a/d1")), (k(0), k(0)));
    assert_eq!(row(&v, &term).state(), TermState::PaidBack);
    // A chunk that comes again finds nothing to do.
    assert_eq!(entries(&tend(&mut v, &term, "2025-04-15")), [""; 0]);
}

/// What is earned until maturity, less tax, becomes part of the deposit, and the new term begins
/// with the version of that day.
#[test]
fn event_33_the_return_is_added_when_a_deposit_begins_again() {
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::Capitalised));
    let rule = SavingsTax {
        since: day("2025-01-01").get(),
        threshold: k(5).get(),
        percent: "50".to_owned(),
        kubes: true,
        ..SavingsTax::default()
    };
    v.ok(SetTax { entity: Entity::Lkm, version: rule });
    v.ok_on(of_kube(Purse::Savings, OnMaturity::RollOver), Some("2025-01-15"));
    let later =
        TermProduct { since: day("2025-04-01").get(), ..product("24", TermPayout::Capitalised) };
    set(&mut v, Entity::Lkm, later);
    let term = kube_term();
    // Months go by unseen; all is recognised at once.
    let again = tend(&mut v, &term, "2025-04-15");
    assert_eq!(
        entries(&again),
        [
            "a.uep Piutang Jasa Simpanan Berjangka [d1] D 186",
            "a.uep Pendapatan Bagi Hasil K 186",
            "lkm.sp Beban Jasa Simpanan D 186",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] K 186",
            "a.uep Simpanan Berjangka di LKM [d1] D 93",
            "a.uep Piutang Jasa Simpanan Berjangka [d1] K 93",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] D 93",
            "lkm.sp Simpanan Berjangka [a/d1] K 93",
            "a.uep Beban Pajak D 93",
            "a.uep Piutang Jasa Simpanan Berjangka [d1] K 93",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] D 93",
            "lkm.sp Utang PPh K 93",
        ]
    );
    let now = row(&v, &term);
    assert_eq!((now.amount, now.earned, now.paid), (629_300_000, 0, 0));
    assert_eq!(Day::new(now.matures_on), day("2025-07-15"));
    assert_eq!(now.terms.map(|terms| terms.rate).as_deref(), Some("24"));
    assert_eq!(v.held("lkm.sp.2106.a/d1"), Sen::new(629_300_000));
    // Taken back, the deposit is as it was before; what became of it since stands in the way.
    let rolled = v.last_request();
    tend(&mut v, &term, "2025-04-30");
    let earned = v.last_request();
    let reverse = |transaction| Reverse { transaction, line: 0 };
    assert_eq!(v.refused(reverse(rolled)).reason, Reason::ReversalBlocked);
    v.ok(reverse(earned));
    assert_eq!(row(&v, &term).earned, 0);
}

#[test]
fn a_deposit_taken_back_as_it_was() {
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::AtMaturity));
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
    tend(&mut v, &kube_term(), "2025-01-31");
    let earned = row(&v, &kube_term()).earned;
    v.ok_on(close(kube_term(), Purse::Savings, "BA-1/contoh"), Some("2025-02-20"));
    let request = v.last_request();
    v.ok(Reverse { transaction: request, line: 0 });
    let back = row(&v, &kube_term());
    assert_eq!((back.state(), back.earned, back.paid), (TermState::Open, earned, 0));
    assert_eq!(listed(&v, &kube_term()), "2025-02-28");
    assert_eq!((v.held("a.uep.1112.d1"), v.held("lkm.sp.2106.a/d1")), (k(6_200), k(6_200)));
}

/// Its maturity has passed by the time the mistake is seen: the next closing makes up for it. What a
/// closing did is not done again by the next one when somebody takes it back.
#[test]
fn a_deposit_closed_by_mistake_matures_after_all() {
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::AtMaturity));
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
    v.ok_on(close(kube_term(), Purse::Savings, "BA-1/contoh"), Some("2025-02-20"));
    let request = v.last_request();
    v.ok_on(Reverse { transaction: request, line: 0 }, Some("2025-05-02"));
    assert_eq!(listed(&v, &kube_term()), "2025-04-15");
    tend(&mut v, &kube_term(), "2025-05-02");
    assert_eq!(row(&v, &kube_term()).state(), TermState::PaidBack);
    assert_eq!((v.held("a.uep.1112.d1"), v.held("a.uep.1111")), (k(0), k(10_186)));
    let request = v.last_request();
    v.ok_on(Reverse { transaction: request, line: 0 }, Some("2025-05-03"));
    let back = row(&v, &kube_term());
    assert_eq!((back.state(), back.listed_on), (TermState::Open, 0));
}

/// The LKM's own member, from the counter, paid into the savings with tax withheld.
#[test]
fn event_19_a_member_of_the_lkm_saves_for_a_term() {
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::AtMaturity));
    let rule = SavingsTax {
        since: day("2025-01-01").get(),
        threshold: k(62).get(),
        percent: "10".to_owned(),
        members: true,
        ..SavingsTax::default()
    };
    v.ok(SetTax { entity: Entity::Lkm, version: rule });
    let opened = v.ok_on(of_member(Entity::Lkm, Purse::Till(Place::Vault)), Some("2025-01-15"));
    assert_eq!(
        entries(&opened),
        ["lkm.sp Kas Besar D 6200", "lkm.sp Simpanan Berjangka Anggota [d1] K 6200"]
    );
    let term = TermId::Member(Entity::Lkm, id("d1"));
    for on in ["2025-01-31", "2025-02-28", "2025-03-31"] {
        assert_eq!(listed(&v, &term), on);
        let month = tend(&mut v, &term, on);
        assert_eq!(month.entries.len(), 2);
    }
    // Free up to 62 a month: 186 in three months bears no tax.
    let end = tend(&mut v, &term, "2025-04-15");
    assert_eq!(
        entries(&end)[2..],
        [
            "lkm.sp Utang Jasa Simpanan Berjangka Anggota [d1] D 186",
            "lkm.sp Tabungan Anggota [m01] K 186",
            "lkm.sp Simpanan Berjangka Anggota [d1] D 6200",
            "lkm.sp Tabungan Anggota [m01] K 6200",
        ]
    );
    assert_eq!(v.held("lkm.sp.2103.m01"), k(6_386));
}

/// In a KUBE money was brought: told, not asked. What the register cannot take waits.
#[test]
fn event_19_a_member_of_a_kube_saves_for_a_term() {
    let mut v = village();
    let early = TermProduct {
        early: EarlyBreak::Interest as i32,
        early_percent: "50".to_owned(),
        ..product("12", TermPayout::AtMaturity)
    };
    let unset = v.ok_on(of_member(kube("a"), Purse::Till(Place::Cash)), Some("2025-01-10"));
    assert_eq!(flags(&unset), [Reason::InSuspense]);
    set(&mut v, kube("a"), early);
    let opened = v.ok_on(of_member(kube("a"), Purse::Till(Place::Cash)), Some("2025-01-15"));
    assert_eq!(
        entries(&opened),
        ["a.sp Kas D 6200", "a.sp Simpanan Berjangka Anggota [d1] K 6200"]
    );
    // Broken after one month: half of 62 is forfeited.
    let term = || TermId::Member(kube("a"), id("d1"));
    let broken = v.ok_on(close(term(), Purse::Till(Place::Cash), ""), Some("2025-02-15"));
    assert_eq!(
        entries(&broken),
        [
            "a.sp Beban Jasa Simpanan D 62",
            "a.sp Utang Jasa Simpanan Berjangka Anggota [d1] K 62",
            "a.sp Utang Jasa Simpanan Berjangka Anggota [d1] D 31",
            "a.sp Beban Jasa Simpanan K 31",
            "a.sp Utang Jasa Simpanan Berjangka Anggota [d1] D 31",
            "a.sp Kas K 31",
            "a.sp Simpanan Berjangka Anggota [d1] D 6200",
            "a.sp Kas K 6200",
        ]
    );
    assert_eq!(v.refused(close(term(), Purse::Savings, "")).reason, Reason::DepositClosed);
}

/// A member's deposit from savings asks: it may be refused.
#[test]
fn a_deposit_from_savings_asks() {
    let mut v = village();
    set(&mut v, kube("a"), product("12", TermPayout::AtMaturity));
    let save = Deposit {
        entity: kube("a"),
        member: id("m01"),
        kind: Kind::Voluntary,
        amount: k(5_000),
        place: Place::Cash,
    };
    v.ok_on(save, Some("2025-01-15"));
    assert_eq!(v.refused(of_member(kube("a"), Purse::Savings)).reason, Reason::Floor);
    let less = OpenDeposit { amount: k(4_900), ..of_member(kube("a"), Purse::Savings) };
    v.ok(less);
    assert_eq!(v.held("a.sp.2103.m01"), k(100));
    let gone = OpenDeposit {
        owner: Owner::Member(kube("a"), id("m99")),
        ..of_member(kube("a"), Purse::Savings)
    };
    assert_eq!(v.refused(gone).reason, Reason::NotFound);
}

/// Who leaves is paid the term deposit too, by the rule for breaking it early.
#[test]
fn event_20_a_term_deposit_is_settled_with_who_leaves() {
    assert_eq!(
        settled_with(false),
        [
            "a.sp Simpanan Berjangka Anggota [d2] D 62",
            "a.sp Pendapatan Denda K 62",
            "a.sp Simpanan Berjangka Anggota [d2] D 6138",
            "a.sp Tabungan Anggota [m01] K 6138",
            "a.sp Tabungan Anggota [m01] D 6200",
            "a.sp Kas K 6200",
        ]
    );
}

#[test]
fn event_20_heirs_are_paid_a_term_deposit_whole_where_its_rule_says_so() {
    assert_eq!(
        settled_with(true),
        [
            "a.sp Simpanan Berjangka Anggota [d2] D 6200",
            "a.sp Tabungan Anggota [m01] K 6200",
            "a.sp Tabungan Anggota [m01] D 6262",
            "a.sp Kas K 6262",
        ]
    );
}

/// The entries of settling with a member whose deposit is not mature.
fn settled_with(died: bool) -> Vec<String> {
    let mut v = village();
    let early = TermProduct {
        early: EarlyBreak::Percent as i32,
        early_percent: "1".to_owned(),
        free_on_death: true,
        ..product("12", TermPayout::AtMaturity)
    };
    set(&mut v, kube("a"), product("12", TermPayout::AtMaturity));
    v.ok_on(of_member(kube("a"), Purse::Till(Place::Cash)), Some("2025-01-15"));
    let (entity, member, left_on) = (kube("a"), id("m01"), day("2025-02-15"));
    let ends = EndMembership { entity: entity.clone(), member: member.clone(), left_on };
    let settle = || Settle {
        entity: kube("a"),
        member: id("m01"),
        left_on,
        died_on: died.then_some(left_on),
        heir: died.then(|| Heir::Named(vec![3; 32])),
        place: Place::Cash,
    };
    v.ok_on(SetTermProduct { entity, product: id("lain"), version: early }, Some("2025-02-15"));
    assert_eq!(v.refused(ends).reason, Reason::DepositOpen);
    assert_eq!(v.refused(settle()).reason, Reason::DepositNotMature);
    let by_minute = close(TermId::Member(kube("a"), id("d1")), Purse::Savings, "BA-7/contoh");
    v.ok(by_minute);
    let another = OpenDeposit {
        product: Some(id("lain")),
        deposit: id("d2"),
        ..of_member(kube("a"), Purse::Savings)
    };
    v.ok(another);
    let settled = v.ok(settle());
    entries(&settled)
}

/// What breaking early costs: a fee, a percentage, or what was earned, of which a part was paid
/// already and comes back out of the deposit.
#[test]
fn breaking_early_costs_what_the_rule_says() {
    let broken = |early: EarlyBreak, fee, percent: &str| {
        let mut v = village();
        let version = TermProduct {
            early: early as i32,
            early_fee: fee,
            early_percent: percent.to_owned(),
            ..product("12", TermPayout::Monthly)
        };
        set(&mut v, Entity::Lkm, version);
        v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
        tend(&mut v, &kube_term(), "2025-02-15");
        let effect = v.ok_on(close(kube_term(), Purse::Savings, ""), Some("2025-02-15"));
        assert_eq!((v.held("a.uep.1112.d1"), v.held("lkm.sp.2106.a/d1")), (k(0), k(0)));
        (entries(&effect), v.held("lkm.sp.2102.a/uep"))
    };
    let (fee, held) = broken(EarlyBreak::Fee, k(10).get(), "");
    assert_eq!(held, k(10_052));
    assert_eq!(
        fee,
        [
            "a.uep Beban Denda D 10",
            "a.uep Simpanan Berjangka di LKM [d1] K 10",
            "lkm.sp Simpanan Berjangka [a/d1] D 10",
            "lkm.sp Pendapatan Denda K 10",
            "a.uep Tabungan di LKM D 6190",
            "a.uep Simpanan Berjangka di LKM [d1] K 6190",
            "lkm.sp Simpanan Berjangka [a/d1] D 6190",
            "lkm.sp Tabungan KUBE [a/uep] K 6190",
        ]
    );
    assert_eq!(broken(EarlyBreak::Percent, 0, "2").1, k(9_938));
    let (interest, held) = broken(EarlyBreak::Interest, 0, "100");
    assert_eq!(held, k(10_000));
    assert_eq!(
        interest[..4],
        [
            "a.uep Pendapatan Bagi Hasil D 62",
            "a.uep Simpanan Berjangka di LKM [d1] K 62",
            "lkm.sp Simpanan Berjangka [a/d1] D 62",
            "lkm.sp Beban Jasa Simpanan K 62",
        ]
    );
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::Monthly));
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
    let early = close(kube_term(), Purse::Savings, "");
    assert_eq!(v.refused(early).reason, Reason::DepositNotMature);
    v.ok(close(kube_term(), Purse::Savings, "BA-6/contoh"));
    assert_eq!(v.held("lkm.sp.2102.a/uep"), k(10_000));
}

#[test]
fn what_a_product_does_not_allow() {
    let mut v = village();
    let none = v.refused(of_kube(Purse::Savings, OnMaturity::Savings));
    assert_eq!((none.reason, none.field.as_str()), (Reason::RuleNotSet, "product"));
    let version = TermProduct {
        least: k(6_200).get(),
        least_months: 3,
        most_months: 3,
        ..product("12", TermPayout::Monthly)
    };
    set(&mut v, Entity::Lkm, version);
    let open = || of_kube(Purse::Savings, OnMaturity::Savings);
    for (wrong, field) in [
        (OpenDeposit { amount: k(6_199), ..open() }, "amount"),
        (OpenDeposit { matures_on: day("2025-04-14"), ..open() }, "matures_on"),
        (OpenDeposit { matures_on: day("2025-04-16"), ..open() }, "matures_on"),
    ] {
        let command = v.command(wrong, Some("2025-01-15"));
        let Outcome::Refused(refusal) = v.run(&command).outcome else { panic!("accepted") };
        assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::TermOutsideProduct, field));
    }
    v.ok_on(open(), Some("2025-01-15"));
}

/// A deposit told of after its first month end was closed is listed under the first open day, and
/// one that cannot be tended today is tried again tomorrow.
#[test]
fn what_comes_late_is_listed_under_the_first_open_day() {
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::AtMaturity));
    v.ok_on(
        BankEntry { ledger: Ledger::new(kube("a"), Fund::Uep), interest: true, amount: k(1) },
        Some("2025-02-02"),
    );
    v.close_days("2025-02-01");
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
    assert_eq!(listed(&v, &kube_term()), "2025-02-02");
    let caught_up = tend(&mut v, &kube_term(), "2025-02-02");
    assert_eq!(caught_up.entries.len(), 4);
    assert_eq!(listed(&v, &kube_term()), "2025-02-28");
    v.ok(CloseDay { day: day("2025-02-02") });
}

fn count_name(count: SavingsDayCount) -> String {
    count.as_str_name().replace("SAVINGS_DAY_COUNT_", "")
}

fn any_count(random: &mut fastrand::Rng) -> SavingsDayCount {
    let all = [SavingsDayCount::Actual360, SavingsDayCount::Actual365, SavingsDayCount::Twelfths];
    all[random.usize(..3)]
}

fn any_rate(random: &mut fastrand::Rng) -> String {
    format!("{}.{:03}", random.u32(..30), random.u32(..1000))
}

fn any_term(random: &mut fastrand::Rng) -> String {
    let from = Day::new(day("2024-01-01").get() + random.i32(0..1_500));
    let until = Day::new(from.get() + 1 + random.i32(0..1_200));
    let (rate, count) = (any_rate(random), any_count(random));
    let amount = Sen::new(random.i64(1..100_000_000_000));
    let found = of_term(&rate, count, amount, (from, until)).expect("counted");
    json!({
        "kind": "term", "rate": rate, "count": count_name(count), "amount": amount.get(),
        "from": from.to_string(), "until": until.to_string(), "found": found.get(),
    })
    .to_string()
}

fn any_account(random: &mut fastrand::Rng) -> String {
    let year = random.i32(2024..2028);
    let first = Day::from_ymd(year, 1, 1).expect("a day");
    let mut days: Vec<i32> = (0..random.usize(1..12)).map(|_| random.i32(0..365)).collect();
    days.sort_unstable();
    days.dedup();
    let held = |n: &i32| (Day::new(first.get() + n), Sen::new(random_held(*n)));
    let balances: Vec<(Day, Sen)> = days.iter().map(held).collect();
    let mut since: Vec<i32> = (0..random.usize(1..4)).map(|_| random.i32(-20..300)).collect();
    since.sort_unstable();
    since.dedup();
    let methods = [SavingsMethod::Lowest, SavingsMethod::Average, SavingsMethod::Daily];
    let mut version = |since: &i32| SavingsProduct {
        since: first.get() + since,
        method: methods[random.usize(..3)] as i32,
        rate: any_rate(random),
        day_count: any_count(random) as i32,
        ..SavingsProduct::default()
    };
    let versions: Vec<SavingsProduct> = since.iter().map(&mut version).collect();
    let months = random.i32(1..=12);
    let last = (28..=31).rev().find_map(|n| Day::from_ymd(year, months, n)).expect("a day");
    let found = cumulative(&versions, &balances, first, last).expect("counted");
    let version = |one: &SavingsProduct| {
        json!({
            "since": Day::new(one.since).to_string(), "rate": one.rate,
            "method": one.method().as_str_name().replace("SAVINGS_METHOD_", ""),
            "count": count_name(one.day_count()),
        })
    };
    json!({
        "kind": "account", "year": year, "months": months, "found": found.get(),
        "versions": versions.iter().map(version).collect::<Vec<_>>(),
        "balances": balances.iter().map(|(day, held)| json!([day.to_string(), held.get()]))
            .collect::<Vec<_>>(),
    })
    .to_string()
}

/// Some balance, now and then below nothing.
fn random_held(n: i32) -> i64 {
    let n = i64::from(n);
    (n * n * 7_919_317) % 9_999_999_967 - 100_000_000
}

#[test]
fn what_savings_earn_agrees_with_exact_fractions() {
    let mut random = fastrand::Rng::with_seed(20_250_818);
    let terms = (0..600).map(|_| any_term(&mut random)).collect::<Vec<_>>();
    let accounts = (0..300).map(|_| any_account(&mut random)).collect::<Vec<_>>();
    let lines = [terms, accounts].concat().join("\n") + "\n";
    assert_eq!(ask_script("savings_oracle.py", &lines), "900");
}

/// What breaking a deposit costs under a syariah contract is never income: it goes to Dana Kebajikan.
#[test]
fn a_fee_under_a_syariah_contract_goes_to_the_benevolence_fund() {
    let broken = |early: EarlyBreak| {
        let mut v = village();
        let version = TermProduct {
            early: early as i32,
            early_fee: k(62).get(),
            early_percent: "1".to_owned(),
            syariah: true,
            ..product("12", TermPayout::AtMaturity)
        };
        set(&mut v, Entity::Lkm, version);
        v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
        let effect = v.ok_on(close(kube_term(), Purse::Savings, ""), Some("2025-02-15"));
        let request = v.last_request();
        let funds = (v.held("lkm.kebajikan.3203"), v.held("lkm.sp.4312"));
        assert_eq!(funds, (k(62), k(0)));
        assert_eq!(
            (v.held("lkm.sp.1901.kebajikan"), v.held("lkm.kebajikan.1901.sp")),
            (k(-62), k(62))
        );
        v.ok(Reverse { transaction: request, line: 0 });
        assert_eq!(v.held("lkm.kebajikan.3203"), k(0));
        entries(&effect)[4..10].to_vec()
    };
    let fee = broken(EarlyBreak::Fee);
    assert_eq!(
        fee,
        [
            "a.uep Beban Denda D 62",
            "a.uep Simpanan Berjangka di LKM [d1] K 62",
            "lkm.sp Simpanan Berjangka [a/d1] D 62",
            "lkm.sp Antar Dana [kebajikan] K 62",
            "lkm.kebajikan Antar Dana [sp] D 62",
            "lkm.kebajikan Dana Kebajikan K 62",
        ]
    );
    assert_eq!(fee, broken(EarlyBreak::Percent));
}

// ---- profit shares ------------------------------------------------------------------------------

fn nisbah(percent: &str, payout: TermPayout) -> TermProduct {
    TermProduct {
        share_percent: percent.to_owned(),
        since: day("2025-01-01").get(),
        payout: payout as i32,
        syariah: true,
        minute: "BA-5/contoh".to_owned(),
        ..TermProduct::default()
    }
}

fn share(through: &str, earned: Sen) -> DecideShare {
    DecideShare {
        entity: Entity::Lkm,
        among: Among::Term(id("bulanan")),
        share: id("januari"),
        period: (day("2025-01-01"), day(through)),
        earned,
        minute: "BA-9/contoh".to_owned(),
    }
}

fn weigh(v: &mut Village, held: &[(TermId, Sen)], on: &str) {
    let held = held.iter().map(|(term, held)| Held {
        holder: Holder::Term(term.clone()),
        balances: vec![(day("2025-01-01"), *held)],
    });
    let (day, share, held) = (day(on), id("januari"), held.collect());
    v.ok_on(WeighShare { day, entity: Entity::Lkm, share, held, last: true }, Some(on));
}

fn pay_share(v: &mut Village, terms: &[TermId], on: &str) -> Effect {
    let holders = terms.iter().cloned().map(Holder::Term).collect();
    let (day, entity, share) = (day(on), Entity::Lkm, id("januari"));
    v.ok_on(PayShare { day, entity, share, holders, last: true }, Some(on))
}

/// Of 1.000 earned in January a KUBE's 6.200 and a member's 12.400 stand for a third and two thirds.
/// The KUBE's term began with 30 % for the depositors, the member's with 45 %: 100 and 300. The
/// KUBE's is paid at maturity, and the member's broken meanwhile: theirs is paid at once, less tax.
#[test]
fn event_33_profit_is_shared_with_term_deposits_by_the_nisbah_of_each_term() {
    let mut v = village();
    set(&mut v, Entity::Lkm, nisbah("30", TermPayout::AtMaturity));
    let rule = SavingsTax {
        since: day("2025-01-01").get(),
        threshold: k(100).get(),
        percent: "10".to_owned(),
        members: true,
        kubes: true,
        ..SavingsTax::default()
    };
    v.ok(SetTax { entity: Entity::Lkm, version: rule });
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-01"));
    let dearer =
        TermProduct { since: day("2025-01-02").get(), ..nisbah("45", TermPayout::AtMaturity) };
    set(&mut v, Entity::Lkm, dearer);
    let twice =
        OpenDeposit { amount: k(12_400), ..of_member(Entity::Lkm, Purse::Till(Place::Vault)) };
    v.ok_on(twice, Some("2025-01-02"));
    let (kube, member) = (kube_term(), TermId::Member(Entity::Lkm, id("d1")));
    v.ok_on(close(member.clone(), Purse::Savings, "BA-6/contoh"), Some("2025-02-01"));
    v.ok_on(share("2025-01-31", k(1_000)), Some("2025-02-01"));
    weigh(&mut v, &[(kube.clone(), k(6_200)), (member.clone(), k(12_400))], "2025-02-01");
    let paid = pay_share(&mut v, &[kube.clone(), member.clone()], "2025-02-01");
    assert_eq!(
        entries(&paid),
        [
            "a.uep Piutang Jasa Simpanan Berjangka [d1] D 100",
            "a.uep Pendapatan Bagi Hasil K 100",
            "lkm.sp Beban Jasa Simpanan D 100",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] K 100",
            "lkm.sp Beban Jasa Simpanan D 300",
            "lkm.sp Utang Jasa Simpanan Berjangka Anggota [d1] K 300",
            "lkm.sp Utang Jasa Simpanan Berjangka Anggota [d1] D 270",
            "lkm.sp Tabungan Anggota [m01] K 270",
            "lkm.sp Utang Jasa Simpanan Berjangka Anggota [d1] D 30",
            "lkm.sp Utang PPh K 30",
        ]
    );
    // A chunk that comes again finds nothing to pay.
    assert_eq!(entries(&pay_share(&mut v, &[kube.clone(), member], "2025-02-01")), [""; 0]);
    let again = v.refused(DecideShare { share: id("lagi"), ..share("2025-01-31", k(1)) });
    assert_eq!((again.reason, again.field.as_str()), (Reason::NotAfterLast, "from"));
    // Three months: what is free a month is free three times.
    assert_eq!(
        entries(&tend(&mut v, &kube, "2025-04-15")),
        [
            "a.uep Tabungan di LKM D 100",
            "a.uep Piutang Jasa Simpanan Berjangka [d1] K 100",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] D 100",
            "lkm.sp Tabungan KUBE [a/uep] K 100",
            "a.uep Tabungan di LKM D 6200",
            "a.uep Simpanan Berjangka di LKM [d1] K 6200",
            "lkm.sp Simpanan Berjangka [a/d1] D 6200",
            "lkm.sp Tabungan KUBE [a/uep] K 6200",
        ]
    );
}

/// Paid monthly it is paid as it is shared; capitalised it grows the deposit that begins again; half
/// of it is forfeited by who breaks the deposit, where the product says so.
#[test]
fn a_share_is_paid_when_its_product_says() {
    let shared = |version: TermProduct, on_maturity| {
        let mut v = village();
        set(&mut v, Entity::Lkm, version);
        v.ok_on(of_kube(Purse::Savings, on_maturity), Some("2025-01-01"));
        v.ok_on(share("2025-01-31", k(1_000)), Some("2025-02-01"));
        weigh(&mut v, &[(kube_term(), k(6_200))], "2025-02-01");
        let paid = pay_share(&mut v, &[kube_term()], "2025-02-01");
        (v, paid)
    };
    let (v, paid) = shared(nisbah("40", TermPayout::Monthly), OnMaturity::Savings);
    assert_eq!(
        entries(&paid)[4..],
        [
            "a.uep Tabungan di LKM D 400",
            "a.uep Piutang Jasa Simpanan Berjangka [d1] K 400",
            "lkm.sp Utang Jasa Simpanan Berjangka [a/d1] D 400",
            "lkm.sp Tabungan KUBE [a/uep] K 400",
        ]
    );
    assert_eq!(v.held("a.uep.1114.d1"), k(0));
    let (mut v, _) = shared(nisbah("40", TermPayout::Capitalised), OnMaturity::RollOver);
    tend(&mut v, &kube_term(), "2025-04-15");
    assert_eq!((v.held("lkm.sp.2106.a/d1"), v.held("a.uep.1112.d1")), (k(6_600), k(6_600)));
    assert_eq!((row(&v, &kube_term()).earned, v.held("lkm.sp.2110.a/d1")), (0, k(0)));
    let forfeits = TermProduct {
        early: EarlyBreak::Interest as i32,
        early_percent: "50".to_owned(),
        ..nisbah("40", TermPayout::AtMaturity)
    };
    let (mut v, _) = shared(forfeits, OnMaturity::Savings);
    v.ok_on(close(kube_term(), Purse::Savings, ""), Some("2025-02-15"));
    assert_eq!((v.held("lkm.sp.5102"), v.held("lkm.sp.2102.a/uep")), (k(200), k(10_200)));
}

/// What a KUBE's deposit has earned that was paid back before the KUBE left waits among the LKM's
/// debts.
#[test]
fn a_share_of_a_kube_that_is_gone_waits_among_the_lkms_debts() {
    let mut v = village();
    set(&mut v, Entity::Lkm, nisbah("40", TermPayout::AtMaturity));
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-01"));
    v.ok_on(close(kube_term(), Purse::Savings, "BA-6/contoh"), Some("2025-02-01"));
    let untied = ChangeLink { group: id("a"), linked: false, on: day("2025-02-02") };
    v.ok_on(untied, Some("2025-02-02"));
    v.ok_on(share("2025-01-31", k(1_000)), Some("2025-02-02"));
    weigh(&mut v, &[(kube_term(), k(6_200))], "2025-02-02");
    let paid = pay_share(&mut v, &[kube_term()], "2025-02-02");
    assert_eq!(
        entries(&paid),
        ["lkm.sp Beban Jasa Simpanan D 400", "lkm.sp Utang Lain-lain K 400"]
    );
    assert_eq!(flags(&paid), [Reason::NotLinked]);
}

/// Deposits of another product, or under a rate, have no part; what nobody has is said.
#[test]
fn who_has_a_rate_or_another_product_has_no_part() {
    let mut v = village();
    set(&mut v, Entity::Lkm, product("12", TermPayout::AtMaturity));
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-15"));
    assert_eq!(v.refused(share("2025-01-14", k(1))).reason, Reason::RuleNotSet);
    let later =
        TermProduct { since: day("2025-01-20").get(), ..nisbah("40", TermPayout::AtMaturity) };
    set(&mut v, Entity::Lkm, later);
    v.ok_on(share("2025-01-31", k(1_000)), Some("2025-02-01"));
    weigh(&mut v, &[(kube_term(), k(6_200))], "2025-02-01");
    let nothing = pay_share(&mut v, &[], "2025-02-01");
    assert_eq!((entries(&nothing), flags(&nothing)), (Vec::new(), vec![Reason::NoBasis]));
}

/// Fines of a syariah LKM are never income, whatever a product forgot to say.
#[test]
fn every_new_term_at_a_syariah_lkm_is_under_a_syariah_contract() {
    let mut v = village();
    let version = RegimeSince {
        since: day("2025-01-10").get(),
        regime: Regime::LkmOjk as i32,
        principle: Principle::Syariah as i32,
        minute: "BA-5/contoh".to_owned(),
        ..RegimeSince::default()
    };
    v.ok_on(SetRegime { version }, Some("2025-01-10"));
    let fined = TermProduct {
        early: EarlyBreak::Fee as i32,
        early_fee: k(62).get(),
        ..nisbah("40", TermPayout::AtMaturity)
    };
    let forgot = TermProduct { syariah: false, ..fined.clone() };
    let set = |version| SetTermProduct { entity: Entity::Lkm, product: id("bulanan"), version };
    assert_eq!(flags(&v.ok(set(forgot))), []);
    let by_rate = TermProduct {
        since: day("2025-01-11").get(),
        share_percent: String::new(),
        rate: "6".to_owned(),
        day_count: SavingsDayCount::Twelfths as i32,
        ..fined
    };
    assert_eq!(flags(&v.ok(set(by_rate))), [Reason::NotOfPrinciple]);
    v.ok_on(of_kube(Purse::Savings, OnMaturity::Savings), Some("2025-01-10"));
    v.ok_on(close(kube_term(), Purse::Savings, ""), Some("2025-02-15"));
    assert_eq!((v.held("lkm.kebajikan.3203"), v.held("lkm.sp.4312")), (k(62), k(0)));
}

/// Three months from the last day of January end with April, and three more with July.
#[test]
fn a_term_from_a_months_last_day_begins_again_for_as_many_months() {
    let mut v = village();
    set(&mut v, kube("a"), product("12", TermPayout::AtMaturity));
    let opened = OpenDeposit {
        matures_on: day("2025-04-30"),
        on_maturity: OnMaturity::RollOver,
        ..of_member(kube("a"), Purse::Till(Place::Cash))
    };
    v.ok_on(opened, Some("2025-01-31"));
    let term = TermId::Member(kube("a"), id("d1"));
    tend(&mut v, &term, "2025-02-28");
    tend(&mut v, &term, "2025-03-31");
    tend(&mut v, &term, "2025-04-30");
    assert_eq!(v.held("a.sp.2103.m01"), k(186));
    assert_eq!(Day::new(row(&v, &term).matures_on), day("2025-07-30"));
}

/// A member was settled with by mistake, and it is seen after the deposit's day: that is no closing's
/// doing either, so the next one lets it mature.
#[test]
fn a_deposit_settled_by_mistake_matures_after_all() {
    let mut v = village();
    let early = TermProduct {
        early: EarlyBreak::Percent as i32,
        early_percent: "1".to_owned(),
        ..product("12", TermPayout::AtMaturity)
    };
    set(&mut v, kube("a"), early);
    v.ok_on(of_member(kube("a"), Purse::Till(Place::Cash)), Some("2025-01-15"));
    let left_on = day("2025-02-15");
    let (entity, member, place) = (kube("a"), id("m01"), Place::Cash);
    let settle = Settle { entity, member, left_on, died_on: None, heir: None, place };
    v.ok_on(settle, Some("2025-02-15"));
    let term = TermId::Member(kube("a"), id("d1"));
    assert_eq!(row(&v, &term).state(), TermState::PaidBack);
    let transaction = v.last_request();
    v.ok_on(Reverse { transaction, line: 0 }, Some("2025-05-02"));
    assert_eq!((row(&v, &term).state(), &*listed(&v, &term)), (TermState::Open, "2025-04-15"));
    tend(&mut v, &term, "2025-05-02");
    assert_eq!((row(&v, &term).state(), v.held("a.sp.2103.m01")), (TermState::PaidBack, k(6_386)));
}
