//! Loans in trouble, and loans from outside (catalogue events 26 to 29, 37 and 45): exact entries.

use simpul::domain::cash::Place;
use simpul::domain::id::Entity;
use simpul::domain::loan::outside::{RepayOutsideLoan, TakeOutsideLoan};
use simpul::domain::loan::pay::AccrueLoan;
use simpul::domain::loan::quality::{SetLoanQuality, preset};
use simpul::domain::loan::trouble::{
    ProvideLoan, RegisterCollateral, Reschedule, SellCollateral, TakeCollateral, TurnLoan,
    WriteOffLoan,
};
use simpul::domain::record::proto::{
    LoanFrequency, LoanMethod, LoanState, LoanTerms, QualityPreset, QualityVersion, Recognition,
};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;

use crate::loan_schedule::{plain_terms, plan_of};
use crate::loans::{apply, counter, fund_vault, lend, member, pay, row, set_product, tin, village};
use crate::village::{Village, day, entries, id, k, kube};
use simpul::domain::loan::case::{Borrower, Purse};

pub fn terms(recognition: Recognition) -> LoanTerms {
    LoanTerms {
        recognition: recognition as i32,
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
    }
}

/// A KUBE's loan `x` of 1.000 to a member, in ten months from March on.
fn of_member(recognition: Recognition) -> Village {
    let mut v = village();
    set_product(&mut v, &kube("a"), terms(recognition));
    let wish = apply(&kube("a"), "x", member(1), k(1_000), 10);
    lend(&mut v, wish, tin(), "2025-03-01");
    v
}

/// The LKM's loan `l1` of 1.000 to a KUBE, `l2` of 400 to a member.
pub fn of_lkm() -> Village {
    let mut v = village();
    fund_vault(&mut v);
    set_product(&mut v, &Entity::Lkm, terms(Recognition::Accrual));
    let wish = apply(&Entity::Lkm, "l1", Borrower::Group(id("a")), k(1_000), 10);
    lend(&mut v, wish, Purse::Kube(counter()), "2025-03-01");
    let wish = apply(&Entity::Lkm, "l2", member(1), k(400), 4);
    lend(&mut v, wish, Purse::Place(Place::Vault), "2025-03-01");
    v
}

fn reschedule(lender: &Entity, loan: &str) -> Reschedule {
    Reschedule {
        lender: lender.clone(),
        loan: id(loan),
        plan: plan_of(5),
        rate: "0".to_owned(),
        minute: "BA-9/contoh".to_owned(),
    }
}

#[test]
fn event_26_unpaid_jasa_becomes_principal() {
    let mut v = of_member(Recognition::Cash);
    let again = v.ok_on(reschedule(&kube("a"), "x"), Some("2025-05-01"));
    assert_eq!(
        entries(&again),
        ["a.sp Piutang Anggota [x] D 20", "a.sp Pendapatan Ditangguhkan [x] K 20"]
    );
    let transaction = v.last_request();
    // 1.020 in five: the first is 204, and a fifth of what was deferred is income.
    let paid = v.ok_on(pay(&kube("a"), "x", k(204), tin()), Some("2025-06-01"));
    assert_eq!(
        entries(&paid),
        [
            "a.sp Kas D 204",
            "a.sp Pendapatan Ditangguhkan [x] D 4",
            "a.sp Piutang Anggota [x] K 204",
            "a.sp Pendapatan Jasa K 4",
        ]
    );
    let command = v.command(Reverse { transaction, line: 0 }, None);
    v.run(&command);
    assert_eq!(v.held("a.sp.2122.x"), k(0));
    // The payment goes to jasa of three months and principal, as if nothing had been agreed.
    assert_eq!((v.held("a.sp.1221.x"), v.held("a.sp.4311")), (k(826), k(30)));

    let mut v = of_lkm();
    let accrue = AccrueLoan { lender: Entity::Lkm, loan: id("l1") };
    v.ok_on(accrue, Some("2025-05-01"));
    assert_eq!(
        entries(&v.ok(reschedule(&Entity::Lkm, "l1"))),
        [
            "lkm.sp Pinjaman Diberikan [l1] D 20",
            "lkm.sp Piutang Jasa [l1] K 20",
            "a.sp Utang Jasa [l1] D 20",
            "a.sp Pinjaman LKM [l1] K 20",
        ]
    );
    let wrong = Reschedule { plan: plan_of(0), ..reschedule(&Entity::Lkm, "l1") };
    assert_eq!(v.refused(wrong).reason, Reason::LoanPlanInvalid);
    let wrong = Reschedule { rate: "x".to_owned(), ..reschedule(&Entity::Lkm, "l1") };
    assert_eq!(v.refused(wrong).reason, Reason::LoanTermsInvalid);
}

#[test]
fn event_37_turned_non_performing_and_back() {
    let mut v = of_lkm();
    v.ok_on(AccrueLoan { lender: Entity::Lkm, loan: id("l1") }, Some("2025-05-01"));
    let turn = |performing| TurnLoan { lender: Entity::Lkm, loan: id("l1"), performing };
    assert_eq!(
        entries(&v.ok(turn(false))),
        ["lkm.sp Pendapatan Jasa D 20", "lkm.sp Piutang Jasa [l1] K 20"]
    );
    // The KUBE's side stays: the mirrors differ by what is not recognised.
    assert_eq!((v.held("a.sp.2312.l1"), v.held("lkm.sp.1223.l1")), (k(20), k(0)));
    let later = v.ok_on(AccrueLoan { lender: Entity::Lkm, loan: id("l1") }, Some("2025-06-01"));
    assert_eq!(entries(&later), ["a.sp Beban Jasa Pinjaman D 10", "a.sp Utang Jasa [l1] K 10"]);
    assert_eq!(
        entries(&v.ok(turn(true))),
        ["lkm.sp Piutang Jasa [l1] D 30", "lkm.sp Pendapatan Jasa K 30"]
    );
}

pub fn quality(lender: Entity, minute: &str) -> SetLoanQuality {
    let (measure, classes) = preset(QualityPreset::LkmPojk412024).expect("a preset");
    let version = QualityVersion {
        since: day("2025-01-01").get(),
        measure: measure as i32,
        classes,
        minute: minute.to_owned(),
        non_performing_from: 3,
        position: 0,
    };
    SetLoanQuality { lender, version }
}

#[test]
fn event_27_provision_follows_the_class() {
    let mut v = of_lkm();
    let provide = || ProvideLoan { lender: Entity::Lkm, loan: id("l2") };
    assert_eq!(v.refused(provide()).reason, Reason::RuleNotSet);
    v.ok(quality(Entity::Lkm, "BA-3/contoh"));
    let mut odd = quality(Entity::Lkm, "BA-4/contoh");
    odd.version.classes[1].from = 0;
    assert_eq!(v.refused(odd).reason, Reason::LoanTermsInvalid);
    // Due on 1 April; on 12 April eleven days late: 5% of 400.
    assert_eq!(entries(&v.ok_on(provide(), Some("2025-04-11"))), [] as [String; 0]);
    assert_eq!(
        entries(&v.ok_on(provide(), Some("2025-04-12"))),
        ["lkm.sp Beban Penyisihan D 20", "lkm.sp Penyisihan Pinjaman [l2] K 20"]
    );
    v.ok(RegisterCollateral {
        lender: Entity::Lkm,
        loan: id("l2"),
        collateral: id("motor"),
        label: "sepeda motor".to_owned(),
        value: k(300),
    });
    assert_eq!(
        entries(&v.ok(provide())),
        ["lkm.sp Penyisihan Pinjaman [l2] D 15", "lkm.sp Beban Penyisihan K 15"]
    );
}

#[test]
fn event_28_written_off_against_provision_and_recovered() {
    let mut v = of_lkm();
    v.ok(quality(Entity::Lkm, "BA-3/contoh"));
    v.ok_on(ProvideLoan { lender: Entity::Lkm, loan: id("l1") }, Some("2025-04-12"));
    let turn = TurnLoan { lender: Entity::Lkm, loan: id("l1"), performing: false };
    v.ok_on(turn, Some("2025-05-01"));
    let write_off =
        WriteOffLoan { lender: Entity::Lkm, loan: id("l1"), minute: "BA-7/contoh".to_owned() };
    let off = v.ok_on(write_off.clone(), Some("2025-12-01"));
    let lender: Vec<String> =
        entries(&off).into_iter().filter(|entry| entry.starts_with("lkm")).collect();
    assert_eq!(
        lender,
        [
            "lkm.sp Penyisihan Pinjaman [l1] D 50",
            "lkm.sp Beban Penyisihan D 950",
            "lkm.sp Pinjaman Diberikan [l1] K 1000",
        ]
    );
    assert_eq!(row(&v, &Entity::Lkm, "l1").state(), LoanState::WrittenOff);
    assert_eq!(v.held("a.sp.2311.l1"), k(1_000));
    assert_eq!(v.refused(write_off).reason, Reason::LoanNotOpen);
    let transaction = v.last_request();
    assert_eq!(v.refused(Reverse { transaction, line: 0 }).reason, Reason::NothingToReverse);
    // Nine months of jasa and more are due; 100 pays jasa, and is income to the LKM.
    let back = v.ok(pay(&Entity::Lkm, "l1", k(60), Purse::Kube(counter())));
    assert_eq!(
        entries(&back),
        [
            "lkm.sp Kas Besar D 60",
            "lkm.sp Pendapatan Pemulihan K 60",
            "a.sp Utang Jasa [l1] D 60",
            "a.sp Kas K 60",
        ]
    );
}

#[test]
fn event_29_collateral_is_taken_and_sold() {
    let mut v = of_lkm();
    v.ok(RegisterCollateral {
        lender: Entity::Lkm,
        loan: id("l2"),
        collateral: id("motor"),
        label: "sepeda motor".to_owned(),
        value: k(300),
    });
    let take = |amount| TakeCollateral { loan: id("l2"), collateral: id("motor"), amount };
    assert_eq!(v.refused(take(k(401))).reason, Reason::LoanExceeded);
    assert_eq!(
        entries(&v.ok(take(k(300)))),
        ["lkm.sp AYDA [l2] D 300", "lkm.sp Pinjaman Diberikan [l2] K 300"]
    );
    assert_eq!(v.refused(take(k(1))).reason, Reason::WrongKind);
    let sell = |price| SellCollateral { loan: id("l2"), price, place: Place::Vault };
    assert_eq!(
        entries(&v.ok(sell(k(280)))),
        ["lkm.sp Kas Besar D 280", "lkm.sp Beban Lain-lain D 20", "lkm.sp AYDA [l2] K 300"]
    );
    let sale = v.last_request();
    assert_eq!(v.refused(sell(k(1))).reason, Reason::WrongKind);
    v.ok(Reverse { transaction: sale, line: 0 });
    assert_eq!(
        entries(&v.ok(sell(k(310)))),
        ["lkm.sp Kas Besar D 310", "lkm.sp AYDA [l2] K 300", "lkm.sp Pendapatan Lain-lain K 10"]
    );
}

#[test]
fn event_45_loans_from_outside() {
    let mut v = village();
    for (entity, title, place, cost) in [
        (kube("a"), "a.sp Utang Bank [b1]", "a.sp Bank", "a.sp Beban Jasa Pinjaman"),
        (Entity::Lkm, "lkm.sp Pinjaman Diterima [b1]", "lkm.sp Bank", "lkm.sp Beban Jasa Pinjaman"),
    ] {
        v.party(entity.clone(), "bank");
        let taken = v.ok(TakeOutsideLoan {
            entity: entity.clone(),
            loan: id("b1"),
            party: id("bank"),
            amount: k(500),
            place: Place::Bank,
        });
        assert_eq!(entries(&taken), [format!("{place} D 500"), format!("{title} K 500")]);
        let repay = |principal, interest| RepayOutsideLoan {
            entity: entity.clone(),
            loan: id("b1"),
            principal,
            interest,
            place: Place::Bank,
        };
        assert_eq!(
            entries(&v.ok(repay(k(100), k(5)))),
            [format!("{title} D 100"), format!("{cost} D 5"), format!("{place} K 105")]
        );
        assert_eq!(v.refused(repay(k(401), k(0))).reason, Reason::Floor);
    }
}
