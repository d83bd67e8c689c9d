//! The law an LKM lives under, from a day on, and what it allows: warned of or refused, with the
//! rule that says so; and where members' capital savings stand.

use simpul::domain::id::{Entity, RowName};
use simpul::domain::loan::case::{Borrower, loan_name};
use simpul::domain::loan::officer::NameOfficer;
use simpul::domain::loan::pay::Disburse;
use simpul::domain::loan::syirkah::{BearLoss, FundSyirkah, ReturnCapital};
use simpul::domain::loan::trouble::Reschedule;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    BoundEffect, BoundedFigure, LoanContract, LoanFrequency, LoanMethod, LoanTerms, Principle,
    Regime, RegimeBound, RegimeSince, SavingsDayCount, SavingsMethod, SavingsProduct, SavingsSort,
    SyirkahKind, TermPayout, TermProduct,
};
use simpul::domain::record::{Effect, Outcome};
use simpul::domain::refusal::{Reason, Refusal};
use simpul::domain::regime::{MoveCapital, SetBound, SetRegime};
use simpul::domain::register::{EndMembership, EnrolMember};
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::savings_product::SetProduct;
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::term_product::SetTermProduct;

use crate::loan_schedule::{plain_terms, plan_of};
use crate::loans::{apply, confirm, decide, disburse, fund_vault, lend, set_product};
use crate::village::{Village, day, entries, flags, id, k, kube};

const SOURCE: &str = "Permenkop 8/2023 (contoh)";

fn bound(figure: BoundedFigure, most: &str, effect: BoundEffect, since: &str) -> SetBound {
    let bound = RegimeBound {
        since: day(since).get(),
        regime: Regime::Koperasi as i32,
        figure: figure as i32,
        at_most: most.to_owned(),
        effect: effect as i32,
        source: SOURCE.to_owned(),
        minute: "BA-1/contoh".to_owned(),
        ..RegimeBound::default()
    };
    SetBound { bound }
}

fn regime(regime: Regime, since: &str) -> SetRegime {
    let version = RegimeSince {
        since: day(since).get(),
        regime: regime as i32,
        minute: "BA-2/contoh".to_owned(),
        ..RegimeSince::default()
    };
    SetRegime { version }
}

fn flat(rate: &str) -> LoanTerms {
    plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, rate)
}

fn on(v: &mut Village, action: impl simpul::domain::decide::Action + 'static, on: &str) -> Outcome {
    let command = v.command(action, Some(on));
    v.run(&command);
    let own =
        v.records.iter().rev().find(|record| record.request.as_ref() == Some(&command.request));
    own.expect("its record").outcome.clone()
}

fn why(outcome: Outcome) -> Refusal {
    match outcome {
        Outcome::Refused(refusal) => refusal,
        Outcome::Done(effect) => panic!("accepted: {effect:?}"),
    }
}

fn done(outcome: Outcome) -> Effect {
    match outcome {
        Outcome::Done(effect) => effect,
        Outcome::Refused(refusal) => panic!("refused: {refusal}"),
    }
}

fn exists(v: &Village, name: RowName) -> bool {
    matches!(v.state.get(&Key::Row(name)), Some(Value::Row(Some(_))))
}

/// What a flat 2% a month on ten instalments weighs is about 40% a year; it is named 24%.
#[test]
fn a_rate_is_free_warned_of_or_refused_as_the_book_says_for_that_day() {
    let mut v = Village::under(Regime::Koperasi);
    v.group("a");
    v.ok(bound(BoundedFigure::LoanRate, "24", BoundEffect::Warn, "2025-04-01"));
    v.ok(bound(BoundedFigure::LoanRate, "24", BoundEffect::Refuse, "2025-05-01"));
    v.ok(bound(BoundedFigure::LoanRate, "", BoundEffect::Warn, "2025-07-01"));
    v.ok(bound(BoundedFigure::LoanRate, "24", BoundEffect::Refuse, "2025-08-01"));
    set_product(&mut v, &Entity::Lkm, flat("2"));
    let wish = |name: &str| apply(&Entity::Lkm, name, Borrower::Group(id("a")), k(5_000), 10);
    let lkm = Entity::Lkm;

    assert_eq!(flags(&done(on(&mut v, wish("free"), "2025-03-31"))), []);
    assert_eq!(flags(&done(on(&mut v, wish("l1"), "2025-04-01"))), [Reason::RateAboveBound]);
    v.ok_on(confirm(&lkm, "l1"), Some("2025-04-30"));
    let warned = done(on(&mut v, decide(&lkm, "l1", true), "2025-04-30"));
    assert_eq!(flags(&warned), [Reason::RateAboveBound]);
    let said = &warned.flags[0].remark;
    let rule = |said: &Refusal| {
        let of =
            |key: &str| said.details.iter().find(|(own, _)| own == key).map(|(_, v)| v.clone());
        (of("limit"), of("source"))
    };
    assert_eq!(rule(said), (Some("24".to_owned()), Some(SOURCE.to_owned())));

    let refused = why(on(&mut v, wish("l2"), "2025-05-01"));
    assert_eq!((refused.reason, refused.field.as_str()), (Reason::RateAboveBound, "product"));
    assert_eq!(rule(&refused), rule(said));
    assert!(!exists(&v, loan_name(&lkm, &id("l2"))), "nothing half-done");
    // What was asked before, and is decided now, keeps the rule of now.
    v.ok_on(confirm(&lkm, "free"), Some("2025-05-02"));
    let refused = why(on(&mut v, decide(&lkm, "free", true), "2025-05-02"));
    assert_eq!((refused.reason, refused.field.as_str()), (Reason::RateAboveBound, "loan"));

    assert_eq!(flags(&done(on(&mut v, wish("l3"), "2025-07-01"))), []);
    // Under another law the cooperative's bound says nothing.
    v.ok_on(regime(Regime::LkmOjk, "2025-09-01"), Some("2025-08-31"));
    assert_eq!(why(on(&mut v, wish("l4"), "2025-08-31")).reason, Reason::RateAboveBound);
    assert_eq!(flags(&done(on(&mut v, wish("l4"), "2025-09-01"))), []);
    set_product(&mut v, &kube("a"), flat("5"));
    let own = apply(&kube("a"), "l1", Borrower::Member(id("m01")), k(500), 10);
    assert_eq!(flags(&done(on(&mut v, own, "2025-08-31"))), [], "a KUBE has no regime");
}

#[test]
fn products_and_new_rates_name_the_rule_they_break() {
    let mut v = Village::under(Regime::Koperasi);
    v.group("a");
    fund_vault(&mut v);
    set_product(&mut v, &Entity::Lkm, flat("1"));
    let wish = apply(&Entity::Lkm, "l1", Borrower::Group(id("a")), k(1_000), 10);
    let purse = simpul::domain::loan::case::Purse::Kube(crate::loans::counter());
    lend(&mut v, wish, purse, "2025-02-01");
    v.ok(bound(BoundedFigure::LoanRate, "24", BoundEffect::Refuse, "2025-02-02"));
    v.ok(bound(BoundedFigure::SavingsRate, "9", BoundEffect::Refuse, "2025-02-02"));
    let rescheduled = |rate: &str| Reschedule {
        lender: Entity::Lkm,
        loan: id("l1"),
        plan: plan_of(10),
        rate: rate.to_owned(),
        minute: "BA-3/contoh".to_owned(),
    };
    let refused = why(on(&mut v, rescheduled("2"), "2025-03-01"));
    assert_eq!(
        (refused.reason, refused.field.as_str()),
        (Reason::RateAboveBound, "terms.rate_percent")
    );
    assert_eq!(flags(&done(on(&mut v, rescheduled("1.1"), "2025-03-01"))), []);

    for (entity, rate, refused) in
        [(Entity::Lkm, "9", false), (Entity::Lkm, "9.5", true), (kube("a"), "9.5", false)]
    {
        let version = SavingsProduct {
            since: day("2026-01-01").get(),
            method: SavingsMethod::Lowest as i32,
            rate: rate.to_owned(),
            day_count: SavingsDayCount::Twelfths as i32,
            ..SavingsProduct::default()
        };
        let product = SetProduct { entity: entity.clone(), sort: SavingsSort::Sukarela, version };
        let term = SetTermProduct {
            entity,
            product: id("deposito"),
            version: TermProduct {
                since: day("2026-01-01").get(),
                rate: rate.to_owned(),
                day_count: SavingsDayCount::Twelfths as i32,
                payout: TermPayout::AtMaturity as i32,
                ..TermProduct::default()
            },
        };
        for outcome in [on(&mut v, product, "2025-03-02"), on(&mut v, term, "2025-03-02")] {
            match refused {
                true => {
                    let refused = why(outcome);
                    assert_eq!(refused.reason, Reason::RateAboveBound);
                    assert_eq!(refused.field, "version.rate");
                }
                false => assert_eq!(flags(&done(outcome)), []),
            }
        }
    }
    let of_product = simpul::domain::loan::product::SetLoanProduct {
        entity: Entity::Lkm,
        product: id("q"),
        version: simpul::domain::record::proto::LoanVersion {
            since: day("2025-03-02").get(),
            terms: Some(flat("2.1")),
            ..Default::default()
        },
    };
    let refused = why(on(&mut v, of_product, "2025-03-02"));
    assert_eq!(
        (refused.reason, refused.field.as_str()),
        (Reason::RateAboveBound, "terms.rate_percent")
    );
}

/// Own capital is 8.000; officers may owe a tenth of it.
#[test]
fn loans_to_officers_are_held_against_own_capital() {
    let mut v = Village::under(Regime::Koperasi);
    fund_vault(&mut v);
    for member in ["m01", "m02", "m03"] {
        let row = simpul::domain::record::proto::Member {
            joined_on: day("2025-01-01").get(),
            ..Default::default()
        };
        v.ok(EnrolMember { entity: Entity::Lkm, member: id(member), row });
    }
    let office = |member: &str, since: &str, holds| NameOfficer {
        member: id(member),
        since: day(since),
        holds,
    };
    v.ok(office("m01", "2025-01-01", true));
    v.ok(office("m02", "2025-01-01", true));
    v.ok(bound(BoundedFigure::Officers, "10", BoundEffect::Warn, "2025-01-01"));
    v.ok(bound(BoundedFigure::Officers, "10", BoundEffect::Refuse, "2025-03-01"));
    set_product(&mut v, &Entity::Lkm, flat("1"));
    let lkm = Entity::Lkm;
    let vault = || simpul::domain::loan::case::Purse::Place(simpul::domain::cash::Place::Vault);
    let wish = |name: &str, member: &str, amount: i64| {
        apply(&lkm, name, Borrower::Member(id(member)), k(amount), 10)
    };
    let paid_out = lend(&mut v, wish("l1", "m01", 700), vault(), "2025-02-01");
    assert_eq!(flags(&paid_out), []);
    // Exactly a tenth is within it.
    lend(&mut v, wish("l2", "m02", 100), vault(), "2025-02-01");
    v.ok_on(wish("l3", "m01", 50), Some("2025-02-01"));
    v.ok_on(confirm(&lkm, "l3"), Some("2025-02-01"));
    let warned = v.ok_on(decide(&lkm, "l3", true), Some("2025-02-01"));
    assert_eq!(flags(&warned), [Reason::OfficerExposure]);
    let details = &warned.flags[0].remark.details;
    let expected = [("asked", "85000000"), ("held", "800000000"), ("limit", "10")];
    for (key, value) in expected {
        assert!(details.contains(&(key.to_owned(), value.to_owned())), "{details:?}");
    }
    // Approved under a warning; by the time it is paid out that is refused, to the sen.
    let tranche = |sen| Disburse { amount: Some(Sen::new(sen)), ..disburse(&lkm, "l3", vault()) };
    let refused = why(on(&mut v, tranche(1), "2025-03-01"));
    assert_eq!((refused.reason, refused.field.as_str()), (Reason::OfficerExposure, "loan"));
    assert_eq!(v.held("lkm.sp.1222.l3"), Sen::ZERO, "nothing half-done");
    // What is paid back makes room, and others than officers are not counted.
    v.ok_on(crate::loans::pay(&lkm, "l1", k(77), vault()), Some("2025-03-01"));
    lend(&mut v, wish("l4", "m03", 3_000), vault(), "2025-03-01");
    assert_eq!(flags(&v.ok_on(disburse(&lkm, "l3", vault()), Some("2025-03-02"))), []);
    v.ok_on(wish("l5", "m02", 40), Some("2025-03-02"));
    v.ok_on(confirm(&lkm, "l5"), Some("2025-03-02"));
    assert_eq!(
        why(on(&mut v, decide(&lkm, "l5", true), "2025-03-02")).reason,
        Reason::OfficerExposure
    );
    // Who is no longer an officer borrows like anybody.
    v.ok_on(office("m02", "2025-03-03", false), Some("2025-03-03"));
    assert_eq!(flags(&v.ok_on(decide(&lkm, "l5", true), Some("2025-03-03"))), []);
}

/// Capital in an officer's business counts like a loan to them: of 8.000 a tenth.
#[test]
fn capital_in_officers_businesses_is_held_against_own_capital() {
    let mut v = Village::under(Regime::Koperasi);
    fund_vault(&mut v);
    for member in ["m01", "m02"] {
        let row = simpul::domain::record::proto::Member {
            joined_on: day("2025-01-01").get(),
            ..Default::default()
        };
        v.ok(EnrolMember { entity: Entity::Lkm, member: id(member), row });
    }
    v.ok(NameOfficer { member: id("m01"), since: day("2025-01-01"), holds: true });
    v.ok(bound(BoundedFigure::Officers, "10", BoundEffect::Refuse, "2025-01-01"));
    set_product(&mut v, &Entity::Lkm, flat("1"));
    let vault = || simpul::domain::loan::case::Purse::Place(simpul::domain::cash::Place::Vault);
    let capital = |name: &str, member: &str, amount| FundSyirkah {
        syirkah: id(name),
        partner: Borrower::Member(id(member)),
        kind: SyirkahKind::Mudharabah,
        amount,
        own: Sen::ZERO,
        nisbah: "40".to_owned(),
        projected: Sen::ZERO,
        minute: "BA-1/contoh".to_owned(),
        purse: vault(),
    };
    v.ok(capital("s1", "m01", k(500)));
    v.ok(capital("s2", "m02", k(2_000)));
    let funded = v.last_request();
    let lkm = Entity::Lkm;
    let wish =
        |name: &str, amount: i64| apply(&lkm, name, Borrower::Member(id("m01")), k(amount), 10);
    lend(&mut v, wish("l1", 300), vault(), "2025-12-31");
    let refused = v.refused(capital("s3", "m01", Sen::new(1)));
    let said = (refused.reason, refused.field.as_str());
    assert_eq!(said, (Reason::OfficerExposure, "partner"));
    v.ok(wish("l2", 10));
    v.ok(confirm(&lkm, "l2"));
    let refused = v.refused(decide(&lkm, "l2", true));
    assert_eq!(refused.details[0], ("asked".to_owned(), "81000000".to_owned()));
    // What came back, or was lost, makes room; what was never put in counts no more.
    v.ok(ReturnCapital { syirkah: id("s1"), amount: k(100), purse: vault() });
    let back = v.last_request();
    v.ok(decide(&lkm, "l2", true));
    v.ok(Reverse { transaction: back, line: 0 });
    assert_eq!(v.refused(disburse(&lkm, "l2", vault())).reason, Reason::OfficerExposure);
    v.ok(BearLoss { syirkah: id("s1"), loss: k(500) });
    v.ok(disburse(&lkm, "l2", vault()));
    // Who has the LKM's capital in their business owes it, and stays a member.
    let leaves = |member: &str| EndMembership {
        entity: Entity::Lkm,
        member: id(member),
        left_on: day("2025-12-31"),
    };
    let refused = v.refused(leaves("m02"));
    let loan = ("loan".to_owned(), "s2".to_owned());
    assert!(refused.reason == Reason::MemberOwes && refused.details.contains(&loan), "{refused:?}");
    v.ok(Reverse { transaction: funded, line: 0 });
    v.ok(leaves("m02"));
}

#[test]
fn bounds_that_make_no_sense_are_refused() {
    let mut v = Village::under(Regime::Koperasi);
    let rate = |most| bound(BoundedFigure::LoanRate, most, BoundEffect::Warn, "2025-02-01");
    let ratio = bound(BoundedFigure::Solvency, "110", BoundEffect::Refuse, "2025-02-01");
    let mut least = rate("24");
    least.bound.at_least = "1".to_owned();
    for (wrong, field) in [
        (rate("dua"), "bound.at_most"),
        (rate("-1"), "bound.at_most"),
        (rate("24.0000001"), "bound.at_most"),
        (least, "bound.at_least"),
        (ratio, "bound.effect"),
    ] {
        let refused = v.refused(wrong);
        assert_eq!((refused.reason, refused.field.as_str()), (Reason::BoundInvalid, field));
    }
    v.ok(rate("24"));
    v.today = day("2025-12-31");
    v.ok_on(
        bound(BoundedFigure::LoanRate, "20", BoundEffect::Warn, "2025-03-01"),
        Some("2025-03-01"),
    );
    assert_eq!(v.refused(rate("18")).reason, Reason::NotAfterLast);
    v.ok(regime(Regime::LkmOjk, "2025-03-01"));
    assert_eq!(v.refused(regime(Regime::Inkubasi, "2025-03-01")).reason, Reason::NotAfterLast);
    let mut alone = Village::under(Regime::Koperasi);
    alone.close_days("2025-01-31");
    let closed = simpul::domain::book::ClosePeriod {
        entity: Entity::Lkm,
        through: day("2025-01-31"),
        minute: "BA-4/contoh".to_owned(),
    };
    alone.ok_on(closed, Some("2025-02-01"));
    assert_eq!(alone.refused(regime(Regime::LkmOjk, "2025-01-31")).reason, Reason::PeriodClosed);
}

#[test]
fn capital_savings_stand_where_the_regime_of_the_day_has_them() {
    let mut v = Village::under(Regime::Inkubasi);
    let row = simpul::domain::record::proto::Member {
        joined_on: day("2025-01-01").get(),
        ..Default::default()
    };
    v.ok(EnrolMember { entity: Entity::Lkm, member: id("m01"), row });
    let bring = |kind, amount| Deposit {
        entity: Entity::Lkm,
        member: id("m01"),
        kind,
        amount: k(amount),
        place: simpul::domain::cash::Place::Vault,
    };
    v.ok(bring(Kind::Principal, 50));
    v.ok(bring(Kind::Mandatory, 10));
    v.ok_on(regime(Regime::Koperasi, "2025-03-01"), Some("2025-02-15"));
    v.ok_on(bring(Kind::Mandatory, 10), Some("2025-02-28"));
    v.ok_on(bring(Kind::Mandatory, 10), Some("2025-03-01"));
    assert_eq!((v.held("lkm.sp.2104.m01"), v.held("lkm.sp.3105.m01")), (k(20), k(10)));
    let moved = v.ok(MoveCapital { members: vec![id("m01")] });
    assert_eq!(
        entries(&moved),
        [
            "lkm.sp Simpanan Pokok [m01] D 50",
            "lkm.sp Simpanan Pokok (Ekuitas) [m01] K 50",
            "lkm.sp Simpanan Wajib [m01] D 20",
            "lkm.sp Simpanan Wajib (Ekuitas) [m01] K 20",
        ]
    );
    assert_eq!(entries(&v.ok(MoveCapital { members: vec![id("m01")] })), [""; 0]);
}

#[test]
fn products_not_of_the_principle_are_warned_of() {
    let mut v = Village::under(Regime::Koperasi);
    let version = RegimeSince {
        since: day("2025-03-01").get(),
        regime: Regime::Koperasi as i32,
        principle: Principle::Syariah as i32,
        minute: "BA-5/contoh".to_owned(),
        ..RegimeSince::default()
    };
    v.ok(SetRegime { version });
    let qardh = LoanTerms {
        contract: LoanContract::Qardh as i32,
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0")
    };
    let mut set = |name: &str, terms: &LoanTerms, since: &str| {
        let version = simpul::domain::record::proto::LoanVersion {
            since: day(since).get(),
            terms: Some(terms.clone()),
            ..Default::default()
        };
        let product = id(name);
        let entity = Entity::Lkm;
        flags(&v.ok(simpul::domain::loan::product::SetLoanProduct { entity, product, version }))
    };
    assert_eq!(set("a", &flat("1"), "2025-02-01"), []);
    assert_eq!(set("a", &flat("1"), "2025-03-01"), [Reason::NotOfPrinciple]);
    assert_eq!(set("b", &qardh, "2025-03-01"), []);
}
