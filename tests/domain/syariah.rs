//! Syariah contracts (catalogue events 40 to 44): exact entries in both ledgers, a murabahah worked
//! by hand from the purchase to early settlement, and what they refuse.

use simpul::domain::account::Ledger;
use simpul::domain::alms::{Alms, GiveAlms, Giver, Person, ReceiveAlms};
use simpul::domain::cash::Place;
use simpul::domain::id::Entity;
use simpul::domain::leaving::RecordDeath;
use simpul::domain::loan::case::{Borrower, Purse};
use simpul::domain::loan::murabahah::SellMurabahah;
use simpul::domain::loan::pay::{Disburse, SettleLoan};
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::loan::request::{ApplyLoan, ConfirmLoan, Confirmer, DecideLoan};
use simpul::domain::loan::syirkah::{
    BearLoss, FundSyirkah, ReturnCapital, ShareProfit, left, projected, syirkah_name,
};
use simpul::domain::loan::trouble::{Reschedule, WriteOffLoan};
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{
    Fund, LoanContract, LoanFrequency, LoanMethod, LoanState, LoanTerms, LoanVersion, LotKind,
    Overpayment, Penalty, PenaltyPer, Principle, Recognition, Regime, RegimeSince, SyirkahKind,
};
use simpul::domain::refusal::Reason;
use simpul::domain::regime::SetRegime;
use simpul::domain::reversal::Reverse;
use simpul::domain::stake::Means;
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::trade::{Payment, Purchase};

use crate::loan_schedule::{plain_terms, plan_of};
use crate::loans::{apply, counter, fund_vault, lend, member, pay, row, set_product, village};
use crate::village::{Village, entries, flags, id, k, kube};

const LKM: Entity = Entity::Lkm;

fn terms(contract: LoanContract) -> LoanTerms {
    LoanTerms {
        contract: contract as i32,
        penalty: Some(Penalty {
            per: PenaltyPer::Day as i32,
            percent: "1".to_owned(),
            ..Penalty::default()
        }),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0")
    }
}

/// A village whose LKM has bought a machine for 1.200.
fn with_goods() -> Village {
    let mut v = village();
    fund_vault(&mut v);
    set_product(&mut v, &LKM, terms(LoanContract::Murabahah));
    let machine = NewLot {
        lot: id("mesin"),
        kind: LotKind::Stock,
        label: "mesin jahit".to_owned(),
        unit: "buah".to_owned(),
        quantity_milli: 2_000,
        cost: k(1_200),
    };
    let bought = v.ok(Purchase {
        ledger: Ledger::new(LKM, Fund::SimpanPinjam),
        items: vec![machine],
        payment: Payment::Paid(Place::Vault),
        spends: None,
    });
    assert_eq!(entries(&bought), ["lkm.sp Persediaan [mesin] D 1200", "lkm.sp Kas Besar K 1200"]);
    v
}

fn wish(loan: &str, borrower: Borrower, margin: Sen) -> ApplyLoan {
    ApplyLoan { margin, ..apply(&LKM, loan, borrower, k(1_200), 4) }
}

fn approve(v: &mut Village, wish: ApplyLoan, on: &str) {
    let loan = wish.loan.clone();
    v.ok_on(wish, Some(on));
    let by = Confirmer::default();
    let confirm = ConfirmLoan { lender: LKM, loan: loan.clone(), by, paper: false };
    v.ok_on(confirm, Some(on));
    let minute = "BA-2/contoh".to_owned();
    v.ok_on(DecideLoan { lender: LKM, loan, approve: true, amount: None, minute }, Some(on));
}

fn sale(new: Option<&str>) -> SellMurabahah {
    let new = new.map(|lot| (id(lot), LotKind::Tools));
    SellMurabahah { lender: LKM, loan: id("l1"), lot: id("mesin"), new }
}

/// Cost 1.200, margin 120, four months from 1 March: 330 a month.
fn sold() -> Village {
    let mut v = with_goods();
    approve(&mut v, wish("l1", Borrower::Group(id("a")), k(120)), "2025-03-01");
    let sold = v.ok_on(sale(Some("jahit")), Some("2025-03-01"));
    assert_eq!(
        entries(&sold),
        [
            "lkm.sp Piutang Murabahah [l1] D 1320",
            "lkm.sp Persediaan [mesin] K 1200",
            "lkm.sp Margin Ditangguhkan [l1] K 120",
            "a.sp Inventaris [jahit] D 1200",
            "a.sp Beban Murabahah Tangguhan [l1] D 120",
            "a.sp Utang Murabahah [l1] K 1320",
        ]
    );
    v
}

fn counter_pay(amount: Sen) -> simpul::domain::loan::pay::PayLoan {
    pay(&LKM, "l1", amount, Purse::Kube(counter()))
}

fn settle(amount: Sen, rebate: Option<Sen>) -> SettleLoan {
    SettleLoan { lender: LKM, loan: id("l1"), amount, rebate, purse: Purse::Kube(counter()) }
}

#[test]
fn events_40_and_41_murabahah_by_hand() {
    let mut v = sold();
    assert_eq!(
        entries(&v.ok_on(counter_pay(k(330)), Some("2025-04-01"))),
        [
            "lkm.sp Kas Besar D 330",
            "lkm.sp Margin Ditangguhkan [l1] D 30",
            "lkm.sp Piutang Murabahah [l1] K 330",
            "lkm.sp Pendapatan Margin K 30",
            "a.sp Utang Murabahah [l1] D 330",
            "a.sp Beban Margin D 30",
            "a.sp Kas K 330",
            "a.sp Beban Murabahah Tangguhan [l1] K 30",
        ]
    );
    // On 15 April 900 and 90 are left, none of it due. By decision 40 of the margin is remitted.
    let too_much = v.command(settle(k(899), Some(k(91))), Some("2025-04-15"));
    let refused = v.run(&too_much);
    assert!(format!("{:?}", refused.outcome).contains("LoanExceeded"), "{refused:?}");
    assert_eq!(v.refused(settle(k(951), Some(k(40)))).reason, Reason::SettlementAmount);
    assert_eq!(v.refused(settle(k(950), None)).reason, Reason::RuleNotSet);
    assert_eq!(
        entries(&v.ok_on(settle(k(950), Some(k(40))), Some("2025-04-15"))),
        [
            "lkm.sp Kas Besar D 950",
            "lkm.sp Margin Ditangguhkan [l1] D 90",
            "lkm.sp Piutang Murabahah [l1] K 990",
            "lkm.sp Pendapatan Margin K 50",
            "a.sp Utang Murabahah [l1] D 990",
            "a.sp Beban Margin D 50",
            "a.sp Kas K 950",
            "a.sp Beban Murabahah Tangguhan [l1] K 90",
        ]
    );
    assert_eq!(row(&v, &LKM, "l1").state(), LoanState::PaidOff);
    let back = Reverse { transaction: v.last_request(), line: 0 };
    v.ok(back);
    assert_eq!((v.held("lkm.sp.1226.l1"), v.held("lkm.sp.2123.l1")), (k(990), k(90)));
    assert_eq!((v.held("a.sp.2315.l1"), v.held("a.sp.1229.l1")), (k(990), k(90)));
}

/// Ten days late on 330, 1% a day: 33, which is never income.
#[test]
fn event_44_fines_go_to_the_benevolence_fund() {
    let mut v = sold();
    let paid = v.ok_on(counter_pay(k(363)), Some("2025-04-11"));
    assert_eq!(
        entries(&paid),
        [
            "lkm.sp Kas Besar D 363",
            "lkm.sp Margin Ditangguhkan [l1] D 30",
            "lkm.sp Piutang Murabahah [l1] K 330",
            "lkm.sp Antar Dana [kebajikan] K 33",
            "lkm.sp Pendapatan Margin K 30",
            "lkm.kebajikan Antar Dana [sp] D 33",
            "lkm.kebajikan Dana Kebajikan K 33",
            "a.sp Utang Murabahah [l1] D 330",
            "a.sp Beban Margin D 30",
            "a.sp Beban Denda D 33",
            "a.sp Kas K 363",
            "a.sp Beban Murabahah Tangguhan [l1] K 30",
        ]
    );
    let back = Reverse { transaction: v.last_request(), line: 0 };
    v.ok(back);
    assert_eq!((v.held("lkm.kebajikan.3203"), v.held("lkm.sp.1901.kebajikan")), (k(0), k(0)));
    assert_eq!(v.held("lkm.sp.1226.l1"), k(1_320));
}

#[test]
fn a_murabahah_is_rescheduled_without_more_margin_and_written_off_at_cost() {
    let mut v = sold();
    v.ok_on(counter_pay(k(330)), Some("2025-04-01"));
    let plan = Reschedule {
        lender: LKM,
        loan: id("l1"),
        plan: plan_of(6),
        rate: String::new(),
        minute: "BA-3/contoh".to_owned(),
    };
    let priced = Reschedule { rate: "1".to_owned(), ..plan.clone() };
    assert_eq!(v.refused(priced).reason, Reason::LoanTermsInvalid);
    assert_eq!(entries(&v.ok_on(plan, Some("2025-05-01"))), [] as [String; 0]);
    // 900 and 90 in six: 165 a month.
    assert_eq!(
        entries(&v.ok_on(counter_pay(k(165)), Some("2025-06-01")))[..4],
        [
            "lkm.sp Kas Besar D 165",
            "lkm.sp Margin Ditangguhkan [l1] D 15",
            "lkm.sp Piutang Murabahah [l1] K 165",
            "lkm.sp Pendapatan Margin K 15",
        ]
    );
    let off = WriteOffLoan { lender: LKM, loan: id("l1"), minute: "BA-4/contoh".to_owned() };
    assert_eq!(
        entries(&v.ok(off)),
        [
            "lkm.sp Beban Penyisihan D 750",
            "lkm.sp Margin Ditangguhkan [l1] D 75",
            "lkm.sp Piutang Murabahah [l1] K 825",
        ]
    );
    // The KUBE still owes it.
    assert_eq!((v.held("a.sp.2315.l1"), v.held("a.sp.1229.l1")), (k(825), k(75)));
}

#[test]
fn a_member_buys_on_murabahah() {
    let mut v = with_goods();
    approve(&mut v, wish("l1", member(1), k(120)), "2025-03-01");
    assert_eq!(v.refused(sale(Some("jahit"))).reason, Reason::WrongKind);
    assert_eq!(v.ok(sale(None)).entries.len(), 3);
    let back = Reverse { transaction: v.last_request(), line: 0 };
    v.ok(back);
    assert_eq!((v.held("lkm.sp.1226.l1"), v.held("lkm.sp.1301.mesin")), (k(0), k(1_200)));
}

/// The group A bought a mill for 300 in its fund of savings and loans, and sells it to m01 at a
/// margin of 60, in three months: 120 a month, of which 20 are margin.
#[test]
fn events_40_and_41_a_kube_sells_to_its_member() {
    let (mut v, a) = (village(), kube("a"));
    let mill = NewLot {
        lot: id("gilingan"),
        kind: LotKind::Tools,
        label: "gilingan".to_owned(),
        unit: "buah".to_owned(),
        quantity_milli: 1_000,
        cost: k(300),
    };
    let ledger = Ledger::new(a.clone(), Fund::SimpanPinjam);
    let payment = Payment::Paid(Place::Cash);
    v.ok(Purchase { ledger, items: vec![mill], payment, spends: None });
    let contract = LoanTerms { penalty: None, ..terms(LoanContract::Murabahah) };
    set_product(&mut v, &a, contract);
    v.ok(ApplyLoan { margin: k(60), ..apply(&a, "l1", member(1), k(300), 3) });
    v.ok(ConfirmLoan { lender: a.clone(), loan: id("l1"), by: Confirmer::default(), paper: false });
    let minute = "BA-2/contoh".to_owned();
    v.ok(DecideLoan { lender: a.clone(), loan: id("l1"), approve: true, amount: None, minute });
    let of = |lender| SellMurabahah { lender, loan: id("l1"), lot: id("gilingan"), new: None };
    assert_eq!(v.refused(of(LKM)).reason, Reason::NotFound);
    assert_eq!(
        entries(&v.ok_on(of(a.clone()), Some("2025-03-01"))),
        [
            "a.sp Piutang Murabahah [l1] D 360",
            "a.sp Inventaris [gilingan] K 300",
            "a.sp Margin Ditangguhkan [l1] K 60",
        ]
    );
    let paid = pay(&a, "l1", k(120), Purse::Place(Place::Cash));
    let paid = v.ok_on(paid, Some("2025-04-01"));
    assert_eq!(
        entries(&paid),
        [
            "a.sp Kas D 120",
            "a.sp Margin Ditangguhkan [l1] D 20",
            "a.sp Piutang Murabahah [l1] K 120",
            "a.sp Pendapatan Margin K 20",
        ]
    );
    assert!(paid.entries.iter().all(|entry| entry.party == "groups/a/members/m01"));
    let rest = pay(&a, "l1", k(240), Purse::Place(Place::Cash));
    v.ok_on(rest, Some("2025-06-01"));
    assert_eq!(row(&v, &a, "l1").state(), LoanState::PaidOff);
    assert_eq!((v.held("a.sp.4316"), v.held("a.sp.2123.l1")), (k(60), k(0)));
}

#[test]
fn a_kube_has_no_fund_for_fines_and_qardh() {
    let mut v = village();
    for (field, terms) in [
        ("terms.penalty", terms(LoanContract::Murabahah)),
        ("terms.contract", LoanTerms { penalty: None, ..terms(LoanContract::Qardh) }),
    ] {
        let version = LoanVersion {
            since: crate::village::day("2025-01-01").get(),
            terms: Some(terms),
            ..LoanVersion::default()
        };
        let refused = v.refused(SetLoanProduct { entity: kube("a"), product: id("p"), version });
        assert_eq!((refused.reason, refused.field.as_str()), (Reason::LoanTermsInvalid, field));
    }
}

#[test]
fn what_a_murabahah_refuses() {
    let mut v = with_goods();
    assert_eq!(v.refused(wish("l0", member(1), Sen::ZERO)).reason, Reason::LoanTermsInvalid);
    let dear = ApplyLoan { amount: k(1_201), ..wish("l1", member(1), k(120)) };
    approve(&mut v, dear, "2025-03-01");
    assert_eq!(v.refused(sale(None)).reason, Reason::LotCostDiffers);
    let paid_out = Disburse {
        lender: LKM,
        loan: id("l1"),
        amount: None,
        fee_beside: false,
        purse: Purse::Place(Place::Vault),
    };
    assert_eq!(v.refused(paid_out).reason, Reason::WrongKind);
    for (field, change) in [
        ("rate_percent", LoanTerms { rate: "1".to_owned(), ..terms(LoanContract::Qardh) }),
        ("margin", LoanTerms { margin: 1, ..terms(LoanContract::Qardh) }),
        ("fee", LoanTerms { fee: 1, ..terms(LoanContract::Qardh) }),
        ("margin", LoanTerms { margin: 1, ..terms(LoanContract::Murabahah) }),
        (
            "method",
            LoanTerms { method: LoanMethod::Menurun as i32, ..terms(LoanContract::Murabahah) },
        ),
        (
            "recognition",
            LoanTerms {
                recognition: Recognition::Accrual as i32,
                ..terms(LoanContract::Murabahah)
            },
        ),
        (
            "overpayment",
            LoanTerms {
                overpayment: Overpayment::EarlyPrincipal as i32,
                ..terms(LoanContract::Murabahah)
            },
        ),
    ] {
        let version = simpul::domain::record::proto::LoanVersion {
            since: crate::village::day("2025-06-01").get(),
            terms: Some(change),
            ..Default::default()
        };
        let set = simpul::domain::loan::product::SetLoanProduct {
            entity: LKM,
            product: id("x"),
            version,
        };
        let refusal = v.refused(set);
        assert_eq!(
            (refusal.reason, refusal.field),
            (Reason::LoanTermsInvalid, format!("terms.{field}"))
        );
    }
}

fn alms(alms: Alms, amount: Sen) -> ReceiveAlms {
    ReceiveAlms { alms, amount, place: Place::Vault, giver: None, donor: None }
}

/// 500 of infak in the vault of KEBAJIKAN.
fn with_alms() -> Village {
    let mut v = village();
    assert_eq!(
        entries(&v.ok(alms(Alms::Infak, k(500)))),
        ["lkm.kebajikan Kas Besar D 500", "lkm.kebajikan Dana Kebajikan K 500"]
    );
    v
}

#[test]
fn event_43_qardh_out_and_back() {
    let mut v = with_alms();
    set_product(&mut v, &LKM, terms(LoanContract::Qardh));
    let wish = apply(&LKM, "l1", Borrower::Group(id("a")), k(400), 4);
    let out = lend(&mut v, wish, Purse::Kube(counter()), "2025-03-01");
    assert_eq!(
        entries(&out),
        [
            "lkm.kebajikan Piutang Qardh [l1] D 400",
            "lkm.kebajikan Kas Besar K 400",
            "a.sp Kas D 400",
            "a.sp Utang Qardh [l1] K 400",
        ]
    );
    let by_savings = pay(&LKM, "l1", k(100), Purse::Kube(Means::Savings));
    assert_eq!(v.refused(by_savings).reason, Reason::PlaceNotAllowed);
    // Ten days late: a fine of 10 stays in the fund.
    assert_eq!(
        entries(&v.ok_on(counter_pay(k(110)), Some("2025-04-11"))),
        [
            "lkm.kebajikan Kas Besar D 110",
            "lkm.kebajikan Piutang Qardh [l1] K 100",
            "lkm.kebajikan Dana Kebajikan K 10",
            "a.sp Utang Qardh [l1] D 100",
            "a.sp Beban Denda D 10",
            "a.sp Kas K 110",
        ]
    );
    // No more is lent than the fund has.
    let more = apply(&LKM, "l2", Borrower::Group(id("a")), k(300), 3);
    approve(&mut v, more, "2025-04-11");
    let paid_out = Disburse {
        lender: LKM,
        loan: id("l2"),
        amount: None,
        fee_beside: false,
        purse: Purse::Kube(counter()),
    };
    assert_eq!(v.refused(paid_out).reason, Reason::Floor);
}

#[test]
fn event_44_zakat_and_infak() {
    let mut v = with_alms();
    let giver = Giver { group: id("a"), fund: Fund::Uep, place: Place::Cash };
    let zakat = ReceiveAlms { giver: Some(giver), ..alms(Alms::Zakat, k(50)) };
    assert_eq!(
        entries(&v.ok(zakat)),
        [
            "a.uep Beban Lain-lain D 50",
            "a.uep Kas K 50",
            "lkm.kebajikan Kas Besar D 50",
            "lkm.kebajikan Dana Zakat K 50",
        ]
    );
    let give = |alms, amount| GiveAlms { alms, amount, place: Place::Vault, recipient: None };
    assert_eq!(v.refused(give(Alms::Zakat, k(51))).reason, Reason::Floor);
    assert_eq!(
        entries(&v.ok(give(Alms::Zakat, k(40)))),
        ["lkm.kebajikan Dana Zakat D 40", "lkm.kebajikan Kas Besar K 40"]
    );
}

fn fund(kind: SyirkahKind, own: Sen) -> FundSyirkah {
    FundSyirkah {
        syirkah: id("s1"),
        partner: Borrower::Group(id("a")),
        kind,
        amount: k(1_000),
        own,
        nisbah: "40".to_owned(),
        projected: k(150),
        minute: "BA-1/contoh".to_owned(),
        purse: Purse::Kube(counter()),
    }
}

fn left_of(v: &Village) -> Sen {
    match v.state.get(&Key::Row(syirkah_name(&id("s1")))) {
        Some(Value::Row(Some(row))) => match row.as_ref() {
            Row::Syirkah(row) => left(row).expect("fits"),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn event_42_mudharabah() {
    let mut v = village();
    fund_vault(&mut v);
    assert_eq!(v.refused(fund(SyirkahKind::Mudharabah, k(1))).field, "own");
    let odd = FundSyirkah { nisbah: "100.5".to_owned(), ..fund(SyirkahKind::Mudharabah, k(0)) };
    assert_eq!(v.refused(odd).field, "nisbah");
    assert_eq!(
        entries(&v.ok(fund(SyirkahKind::Mudharabah, k(0)))),
        [
            "lkm.sp Pembiayaan [s1] D 1000",
            "lkm.sp Kas Besar K 1000",
            "a.sp Kas D 1000",
            "a.sp Dana Syirkah [s1] K 1000",
        ]
    );
    let purse = || Purse::Kube(counter());
    assert_eq!(
        entries(&v.ok(ShareProfit { syirkah: id("s1"), profit: k(200), purse: purse() })),
        [
            "lkm.sp Kas Besar D 80",
            "lkm.sp Pendapatan Bagi Hasil K 80",
            "a.sp Bagi Hasil D 80",
            "a.sp Kas K 80",
        ]
    );
    assert_eq!(
        entries(&v.ok(BearLoss { syirkah: id("s1"), loss: k(300) })),
        [
            "lkm.sp Beban Rugi D 300",
            "lkm.sp Pembiayaan [s1] K 300",
            "a.sp Dana Syirkah [s1] D 300",
            "a.sp Rugi Usaha K 300",
        ]
    );
    let lost = v.last_request();
    let back = |amount| ReturnCapital { syirkah: id("s1"), amount, purse: purse() };
    assert_eq!(v.refused(back(k(701))).reason, Reason::SyirkahExceeded);
    assert_eq!(
        entries(&v.ok(back(k(700)))),
        [
            "lkm.sp Kas Besar D 700",
            "lkm.sp Pembiayaan [s1] K 700",
            "a.sp Dana Syirkah [s1] D 700",
            "a.sp Kas K 700",
        ]
    );
    let none = ShareProfit { syirkah: id("s1"), profit: k(1), purse: purse() };
    assert_eq!(v.refused(none).reason, Reason::SyirkahExceeded);
    v.ok(Reverse { transaction: lost, line: 0 });
    assert_eq!((left_of(&v), v.held("lkm.sp.1228.s1")), (k(300), k(300)));
}

#[test]
fn event_42_musyarakah_bears_losses_by_capital() {
    let mut v = village();
    fund_vault(&mut v);
    assert_eq!(v.refused(fund(SyirkahKind::Musyarakah, k(0))).field, "own");
    v.ok(fund(SyirkahKind::Musyarakah, k(3_000)));
    let funded = v.last_request();
    v.ok(BearLoss { syirkah: id("s1"), loss: k(400) });
    assert_eq!((left_of(&v), v.held("a.sp.2317.s1")), (k(900), k(900)));
    let blocked = v.refused(Reverse { transaction: funded, line: 0 });
    assert!(matches!(blocked.reason, Reason::Floor | Reason::ReversalBlocked), "{blocked:?}");
    assert_eq!(v.held(&format!("{}.sp.2317.s1", kube("a"))), k(900));
}

/// Losses are borne by the capital that is in the business then: of 400 the LKM's 1.000 beside the
/// partner's 3.000 bear 100; when 500 of what is left came back, 400 of 3.100 bear the next 310, and
/// all that is left is lost by both to the sen, one sen at a time.
#[test]
fn event_42_losses_of_a_musyarakah_are_borne_by_what_is_left() {
    let mut v = village();
    fund_vault(&mut v);
    v.ok(fund(SyirkahKind::Musyarakah, k(3_000)));
    let lose = |loss| BearLoss { syirkah: id("s1"), loss };
    v.ok(lose(k(400)));
    let purse = Purse::Kube(counter());
    v.ok(ReturnCapital { syirkah: id("s1"), amount: k(500), purse });
    assert_eq!(
        entries(&v.ok(lose(k(310)))),
        [
            "lkm.sp Beban Rugi D 40",
            "lkm.sp Pembiayaan [s1] K 40",
            "a.sp Dana Syirkah [s1] D 40",
            "a.sp Rugi Usaha K 40",
        ]
    );
    let too_much = v.refused(lose(Sen::new(k(360 + 2_430).get() + 1)));
    assert_eq!((too_much.reason, too_much.field.as_str()), (Reason::SyirkahExceeded, "amount"));
    v.ok(lose(Sen::new(1)));
    v.ok(lose(Sen::new(k(360 + 2_430).get() - 1)));
    assert_eq!((left_of(&v), v.held("lkm.sp.1228.s1")), (k(0), k(0)));
    assert_eq!(v.refused(lose(Sen::new(1))).reason, Reason::SyirkahExceeded);
}

/// What a conventional LKM does by syariah contracts is remarked on: it has no fund for alms.
#[test]
fn what_is_not_of_a_conventional_lkm_is_warned_of() {
    let mut v = village();
    fund_vault(&mut v);
    let conventional = RegimeSince {
        since: crate::village::day("2025-01-01").get(),
        regime: Regime::LkmOjk as i32,
        principle: Principle::Conventional as i32,
        minute: "BA-5/contoh".to_owned(),
        ..RegimeSince::default()
    };
    v.ok(SetRegime { version: conventional });
    assert_eq!(flags(&v.ok(alms(Alms::Infak, k(5)))), [Reason::NotOfPrinciple]);
    assert_eq!(flags(&v.ok(fund(SyirkahKind::Mudharabah, k(0)))), [Reason::NotOfPrinciple]);
}

#[test]
fn event_43_a_member_borrows_by_qardh() {
    let mut v = with_alms();
    set_product(&mut v, &LKM, terms(LoanContract::Qardh));
    let wish = apply(&LKM, "l1", member(1), k(400), 4);
    let out = lend(&mut v, wish, Purse::Place(Place::Vault), "2025-03-01");
    assert_eq!(
        entries(&out),
        ["lkm.kebajikan Piutang Qardh [l1] D 400", "lkm.kebajikan Kas Besar K 400"]
    );
    let back = pay(&LKM, "l1", k(100), Purse::Place(Place::Vault));
    assert_eq!(
        entries(&v.ok_on(back, Some("2025-04-01"))),
        ["lkm.kebajikan Kas Besar D 100", "lkm.kebajikan Piutang Qardh [l1] K 100"]
    );
}

#[test]
fn goods_are_not_handed_over_to_who_has_died() {
    let mut v = with_goods();
    approve(&mut v, wish("l1", member(1), k(120)), "2025-03-01");
    let died_on = Some(crate::village::day("2025-03-02"));
    v.ok_on(RecordDeath { entity: LKM, member: id("m01"), died_on }, Some("2025-03-03"));
    let dead = v.refused(sale(None));
    assert_eq!((dead.reason, dead.field.as_str()), (Reason::MemberDied, "loan"));
}

/// Who gave alms and who was given them stands with the entries.
#[test]
fn event_44_alms_say_who_gave_and_was_given() {
    let mut v = with_alms();
    v.party(LKM, "yatim");
    let donated = ReceiveAlms { donor: Some(Person::Member(id("m01"))), ..alms(Alms::Zakat, k(9)) };
    let parties = |effect: simpul::domain::record::Effect| -> Vec<String> {
        effect.entries.into_iter().map(|entry| entry.party).collect()
    };
    assert_eq!(parties(v.ok(donated)), ["lkm/members/m01"; 2]);
    let give = |recipient: &str| GiveAlms {
        alms: Alms::Zakat,
        amount: k(9),
        place: Place::Vault,
        recipient: Some(Person::Party(id(recipient))),
    };
    let unknown = v.refused(give("lain"));
    assert_eq!((unknown.reason, unknown.field.as_str()), (Reason::NotFound, "recipient"));
    assert_eq!(parties(v.ok(give("yatim"))), ["lkm/parties/yatim"; 2]);
}

/// Of 150 a month the LKM's 40 % are 60: three whole months come to 180.
#[test]
fn what_was_projected_is_counted_by_whole_months() {
    let mut v = village();
    fund_vault(&mut v);
    v.ok_on(fund(SyirkahKind::Mudharabah, k(0)), Some("2025-01-15"));
    let Some(Row::Syirkah(row)) = v.row(&syirkah_name(&id("s1"))) else { panic!("no contract") };
    let on = |text: &str| projected(&row, crate::village::day(text));
    assert_eq!(
        (on("2025-01-15"), on("2025-04-14"), on("2025-04-15")),
        (Ok(k(0)), Ok(k(120)), Ok(k(180)))
    );
}
