//! Loans in trouble, and loans from outside (catalogue events 26 to 29, 37 and 45): exact entries.

use simpul::domain::account::Ledger;
use simpul::domain::cash::Place;
use simpul::domain::id::Entity;
use simpul::domain::loan::life::LATEST;
use simpul::domain::loan::outside::{
    RepayOutsideLoan, TakeOutsideLoan, outside_loan_name, standing,
};
use simpul::domain::loan::pay::AccrueLoan;
use simpul::domain::loan::portfolio::Point;
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::loan::quality::{SetLoanQuality, preset};
use simpul::domain::loan::trouble::{
    Given, ProvideLoan, RegisterCollateral, Reschedule, SellCollateral, TakeCollateral, TurnLoan,
    WriteOffLoan,
};
use simpul::domain::lot::NewLot;
use simpul::domain::record::proto::{
    Fund, LoanContract, LoanFrequency, LoanMethod, LoanPlan, LoanState, LoanTerms, LoanVersion,
    LotKind, OutsideLoan, QualityPreset, QualityVersion, Recognition,
};
use simpul::domain::record::{Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::trade::{Payment, Purchase};

use crate::loan_schedule::{plain_terms, plan_of};
use crate::loans::{apply, counter, fund_vault, lend, member, pay, row, set_product, tin, village};
use crate::village::{Village, day, entries, flags, id, k, kube};
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
        label: Vec::new(),
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
        label: Vec::new(),
        value: k(300),
    });
    let take =
        |amount| TakeCollateral { loan: id("l2"), collateral: id("motor"), amount, given: None };
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

/// A KUBE gives the LKM one of three goats that cost 900, and a stock of seed that cost 60 and is
/// taken for 50.
#[test]
fn event_29_a_kube_gives_collateral_out_of_its_own_lots() {
    let mut v = of_lkm();
    for (fund, lot, kind, heads, cost) in [
        (Fund::Uep, "kambing", LotKind::Livestock, 3_000, 900),
        (Fund::SimpanPinjam, "benih", LotKind::Stock, 2_500, 60),
    ] {
        let new = NewLot {
            lot: id(lot),
            kind,
            label: "barang (contoh)".to_owned(),
            unit: "satuan".to_owned(),
            quantity_milli: heads,
            cost: k(cost),
        };
        let (ledger, payment) = (Ledger::new(kube("a"), fund), Payment::Paid(Place::Cash));
        v.ok(Purchase { ledger, items: vec![new], payment, spends: None });
    }
    for thing in ["kambing", "benih"] {
        v.ok(RegisterCollateral {
            lender: Entity::Lkm,
            loan: id("l1"),
            collateral: id(thing),
            label: Vec::new(),
            value: k(300),
        });
    }
    let take = |thing: &str, amount, given: Option<Given>| TakeCollateral {
        loan: id("l1"),
        collateral: id(thing),
        amount,
        given,
    };
    let given = |lot: &str, quantity_milli| Some(Given { lot: id(lot), quantity_milli });
    let nothing = v.refused(take("kambing", k(350), None));
    assert_eq!((nothing.reason, nothing.field.as_str()), (Reason::WrongKind, "lot"));
    let more = v.refused(take("kambing", k(350), given("kambing", Some(4_000))));
    assert_eq!(more.reason, Reason::LotExceeded);
    let half = v.refused(take("kambing", k(350), given("kambing", Some(500))));
    assert_eq!(half.reason, Reason::WholeHeads);
    assert_eq!(v.held("a.sp.2311.l1"), k(1_000), "nothing half-done");
    let taken = v.ok(take("kambing", k(350), given("kambing", Some(1_000))));
    assert_eq!(
        entries(&taken),
        [
            "a.uep Antar Dana [sp] D 350",
            "a.uep Pendapatan Lain-lain K 50",
            "a.uep Ternak [kambing] K 300",
            "lkm.sp AYDA [l1] D 350",
            "lkm.sp Pinjaman Diberikan [l1] K 350",
            "a.sp Pinjaman LKM [l1] D 350",
            "a.sp Antar Dana [uep] K 350",
        ]
    );
    let transaction = v.last_request();
    let again = v.refused(take("kambing", k(1), given("kambing", None)));
    assert_eq!((again.reason, again.field.as_str()), (Reason::WrongKind, "collateral"));
    let taken = v.ok(take("benih", k(50), given("benih", None)));
    assert_eq!(
        entries(&taken),
        [
            "lkm.sp AYDA [l1] D 50",
            "lkm.sp Pinjaman Diberikan [l1] K 50",
            "a.sp Beban Lain-lain D 10",
            "a.sp Pinjaman LKM [l1] D 50",
            "a.sp Persediaan [benih] K 60",
        ]
    );
    assert_eq!((v.held("a.sp.1301.benih"), v.held("a.sp.2311.l1")), (k(0), k(600)));
    // Taken back, the goat is the KUBE's again, and may be given anew.
    v.ok(Reverse { transaction, line: 0 });
    assert_eq!((v.held("a.uep.1302.kambing"), v.held("a.sp.2311.l1")), (k(900), k(950)));
    assert_eq!(v.held("lkm.sp.1502.l1"), k(50));
    v.ok(take("kambing", k(300), given("kambing", Some(1_000))));
    // A member keeps no books here, and gives no lot.
    v.ok(RegisterCollateral {
        lender: Entity::Lkm,
        loan: id("l2"),
        collateral: id("motor"),
        label: Vec::new(),
        value: k(300),
    });
    let lot = given("kambing", None);
    let of_member = TakeCollateral { loan: id("l2"), ..take("motor", k(1), lot) };
    assert_eq!(v.refused(of_member).field, "lot");
}

/// A new plan is a plan of the product: what it allows on the day of the decision, and no longer
/// what it allowed when the money went out.
#[test]
fn a_new_plan_keeps_to_the_products_instalments() {
    let mut v = of_member(Recognition::Cash);
    let longer = |instalments| Reschedule {
        plan: plan_of(instalments),
        rate: String::new(),
        ..reschedule(&kube("a"), "x")
    };
    let refused = v.refused(longer(25));
    let said = (refused.reason, refused.field.as_str());
    assert_eq!(said, (Reason::LoanInstalments, "plan.instalments"));
    let limits = [("product".to_owned(), "p".to_owned()), ("most".to_owned(), "24".to_owned())];
    assert_eq!(refused.details, limits);
    assert_eq!(row(&v, &kube("a"), "x").facts.len(), 1, "nothing half-done");
    v.ok_on(longer(24), Some("2025-05-01"));
    let version = LoanVersion {
        since: day("2025-06-01").get(),
        terms: Some(terms(Recognition::Cash)),
        most_instalments: 36,
        ..LoanVersion::default()
    };
    v.ok_on(SetLoanProduct { entity: kube("a"), product: id("p"), version }, Some("2025-06-01"));
    v.ok_on(longer(36), Some("2025-06-02"));
    let refused = v.command(longer(37), Some("2025-06-03"));
    let Outcome::Refused(refused) = v.run(&refused).outcome else { panic!("accepted") };
    assert_eq!(refused.reason, Reason::LoanInstalments);
}

/// What a loan from outside comes to on a day: outstanding, what was paid and what is due of
/// principal and jasa in thousands, days late, and when something falls due next.
fn outside(v: &Village, entity: &Entity, on: &str) -> Option<([i64; 5], u32, Option<String>)> {
    let row = outside_row(v, entity);
    let found = standing(&row, Point { day: day(on), known: LATEST }).expect("reckoned")?;
    let parts = [
        found.outstanding,
        found.principal,
        found.interest,
        found.due_principal,
        found.due_interest,
    ];
    let next = found.next_due.map(|day| day.to_string());
    Some((parts.map(|part| part.get() / 100_000), found.days_late, next))
}

fn outside_row(v: &Village, entity: &Entity) -> OutsideLoan {
    match v.row(&outside_loan_name(entity, &id("b1"))) {
        Some(Row::OutsideLoan(row)) => row,
        other => panic!("{other:?}"),
    }
}

fn take_outside(entity: &Entity, agreed: Option<(LoanTerms, LoanPlan)>) -> TakeOutsideLoan {
    TakeOutsideLoan {
        entity: entity.clone(),
        loan: id("b1"),
        party: id("bank"),
        amount: k(500),
        place: Place::Bank,
        agreed,
    }
}

fn repay_outside(entity: &Entity, principal: i64, interest: i64) -> RepayOutsideLoan {
    RepayOutsideLoan {
        entity: entity.clone(),
        loan: id("b1"),
        principal: k(principal),
        interest: k(interest),
        place: Place::Bank,
    }
}

#[test]
fn event_45_loans_from_outside() {
    let mut v = village();
    for (entity, title, place, cost) in [
        (kube("a"), "a.sp Utang Bank [b1]", "a.sp Bank", "a.sp Beban Jasa Pinjaman"),
        (Entity::Lkm, "lkm.sp Pinjaman Diterima [b1]", "lkm.sp Bank", "lkm.sp Beban Jasa Pinjaman"),
    ] {
        v.party(entity.clone(), "bank");
        let taken = v.ok(take_outside(&entity, None));
        assert_eq!(entries(&taken), [format!("{place} D 500"), format!("{title} K 500")]);
        assert_eq!(
            entries(&v.ok(repay_outside(&entity, 100, 5))),
            [format!("{title} D 100"), format!("{cost} D 5"), format!("{place} K 105")]
        );
        // Without a plan nothing is due; what is owed is known.
        assert_eq!(outside(&v, &entity, "2025-01-01"), Some(([400, 100, 5, 0, 0], 0, None)));
    }
    // The LKM asks to pay more than it owes; a KUBE has paid it, and what is beyond waits.
    assert_eq!(v.refused(repay_outside(&Entity::Lkm, 401, 0)).reason, Reason::Floor);
    let told = v.ok(repay_outside(&kube("a"), 401, 0));
    let item = v.last_request();
    assert_eq!(
        entries(&told),
        [
            format!("a.sp Rekening Sementara [{item}/0] D 1"),
            "a.sp Utang Bank [b1] D 400".to_owned(),
            "a.sp Bank K 401".to_owned(),
        ]
    );
    assert_eq!(flags(&told), [Reason::InSuspense, Reason::CashNegative]);
    assert_eq!(outside(&v, &kube("a"), "2025-01-01"), Some(([0, 500, 5, 0, 0], 0, None)));
}

/// 500 from a bank at 1% a month flat in five: 100 and 5 a month from 1 February on. Payments as the
/// bank's receipts have them, told late and taken back: what is owed on each day is what its facts
/// come to, and what the account holds.
#[test]
fn event_45_a_lenders_plan_is_kept_or_not() {
    for entity in [kube("a"), Entity::Lkm] {
        let mut v = village();
        v.party(entity.clone(), "bank");
        let debt = if entity == Entity::Lkm { "lkm.sp.2314.b1" } else { "a.sp.2313.b1" };
        let agreed = Some((terms(Recognition::Cash), plan_of(5)));
        let wrong = |change: fn(&mut LoanTerms, &mut LoanPlan)| {
            let (mut terms, mut plan) = (terms(Recognition::Cash), plan_of(5));
            change(&mut terms, &mut plan);
            take_outside(&entity, Some((terms, plan)))
        };
        let refused = v.refused(wrong(|terms, _| terms.rate = "x".to_owned()));
        assert_eq!(refused.field, "terms.rate_percent");
        assert_eq!(v.refused(wrong(|_, plan| plan.instalments = 0)).field, "plan.instalments");
        assert_eq!(
            v.refused(wrong(|terms, _| terms.contract = LoanContract::Qardh as i32)).field,
            "terms.contract"
        );
        v.ok_on(take_outside(&entity, agreed), Some("2025-01-01"));
        let taken = v.last_request();
        let of = |v: &Village, on: &str| outside(v, &entity, on);
        let next = |on: &str| Some(on.to_owned());
        assert_eq!(of(&v, "2024-12-31"), None);
        assert_eq!(of(&v, "2025-01-31"), Some(([500, 0, 0, 0, 0], 0, next("2025-02-01"))));
        v.ok_on(repay_outside(&entity, 100, 5), Some("2025-02-01"));
        v.ok_on(repay_outside(&entity, 50, 8), Some("2025-03-10"));
        // Half of the second instalment is open, its jasa is paid, and 3 of the third.
        assert_eq!(of(&v, "2025-03-10"), Some(([350, 150, 13, 50, 0], 9, next("2025-04-01"))));
        assert_eq!(of(&v, "2025-04-01"), Some(([350, 150, 13, 150, 2], 31, next("2025-05-01"))));
        // Told late: 50 had been paid on 5 March.
        let told = v.ok_on(repay_outside(&entity, 50, 0), Some("2025-03-05"));
        let late = v.last_request();
        assert_eq!(told.effective_on, day("2025-03-05"));
        assert_eq!(of(&v, "2025-03-10"), Some(([300, 200, 13, 0, 0], 0, next("2025-04-01"))));
        assert_eq!(of(&v, "2025-03-04"), Some(([400, 100, 5, 100, 5], 3, next("2025-04-01"))));
        assert_eq!(v.held(debt), k(300));
        // What was known before does not change.
        let known = v.records.len() as u64 - 1;
        let row = outside_row(&v, &entity);
        let then = standing(&row, Point { day: day("2025-03-10"), known }).expect("reckoned");
        assert_eq!(then.map(|then| then.outstanding), Some(k(350)));
        let blocked = v.refused(Reverse { transaction: taken.clone(), line: 0 });
        assert!([Reason::Floor, Reason::ReversalBlocked].contains(&blocked.reason));
        v.ok(Reverse { transaction: late, line: 0 });
        assert_eq!(of(&v, "2025-03-10"), Some(([350, 150, 13, 50, 0], 9, next("2025-04-01"))));
        assert_eq!(v.held(debt), k(350));
        // On the day itself, too.
        let command = v.command(repay_outside(&entity, 1, 0), Some("2025-01-01"));
        v.run(&command);
        assert_eq!(v.held(debt), k(349));
    }
}

/// Taken back before anything was repaid, a loan from outside never was.
#[test]
fn a_loan_from_outside_that_was_a_mistake_is_taken_back() {
    let mut v = village();
    v.party(kube("a"), "bank");
    v.ok_on(take_outside(&kube("a"), None), Some("2025-02-01"));
    let taken = v.last_request();
    let early = v.ok_on(repay_outside(&kube("a"), 1, 0), Some("2025-01-31"));
    assert_eq!(flags(&early), [Reason::InSuspense]);
    v.ok(Reverse { transaction: taken, line: 0 });
    assert_eq!((outside(&v, &kube("a"), "2025-02-01"), v.held("a.sp.2313.b1")), (None, k(0)));
    let later = v.ok(repay_outside(&kube("a"), 1, 0));
    assert!(flags(&later).contains(&Reason::InSuspense));
    assert_eq!(v.held("a.sp.2313.b1"), k(0));
}
