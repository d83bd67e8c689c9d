//! Loans in the books (catalogue events 21 to 25, 35 to 39): exact entries in both ledgers, stories
//! 5 and 6, and what is told late or taken back.

use simpul::domain::book::ClosePeriod;
use simpul::domain::cash::{MoveCash, Place};
use simpul::domain::id::{Entity, Id, RowName};
use simpul::domain::loan::case::{Borrower, Purse, loan_name};
use simpul::domain::loan::pay::{
    AccrueLoan, Disburse, PayLoan, RefundTitipan, RewardLoan, SettleLoan, WaiveLoan,
};
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::loan::request::{ApplyLoan, ConfirmLoan, Confirmer, DecideLoan};
use simpul::domain::loan::surety::{GroupStandsIn, RepayClaim, StandIn};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    Loan, LoanFrequency, LoanMethod, LoanPart, LoanState, LoanTerms, LoanVersion, Overpayment,
    Penalty, PenaltyPer, Recognition,
};
use simpul::domain::record::{Effect, Event, Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{EndMembership, EnrolMember};
use simpul::domain::reversal::Reverse;
use simpul::domain::stake::Means;
use simpul::domain::state::{Key, Lookup, Value};

use crate::loan_schedule::{plain_terms, plan_of};
use crate::village::{Village, day, entries, flags, id, k, kube};

pub fn village() -> Village {
    let mut v = Village::new();
    v.group("a");
    v.drawer("loket");
    let row = simpul::domain::record::proto::Member {
        joined_on: day("2025-01-01").get(),
        ..Default::default()
    };
    v.ok(EnrolMember { entity: Entity::Lkm, member: id("m01"), row });
    v
}

pub fn set_product(v: &mut Village, lender: &Entity, terms: LoanTerms) {
    let version = LoanVersion {
        since: day("2025-01-01").get(),
        label: "pinjaman contoh".to_owned(),
        minute: "BA-1/contoh".to_owned(),
        terms: Some(terms),
        most: k(20_000).get(),
        most_instalments: 24,
        ..LoanVersion::default()
    };
    v.ok(SetLoanProduct { entity: lender.clone(), product: id("p"), version });
}

pub fn apply(
    lender: &Entity,
    loan: &str,
    borrower: Borrower,
    amount: Sen,
    count: u32,
) -> ApplyLoan {
    ApplyLoan {
        lender: lender.clone(),
        loan: id(loan),
        borrower,
        product: id("p"),
        amount,
        plan: plan_of(count),
        purpose: Vec::new(),
        funded_by: None,
        surety: None,
        margin: Sen::ZERO,
        auto_debit: false,
    }
}

pub fn decide(lender: &Entity, loan: &str, approve: bool) -> DecideLoan {
    let minute = "BA-2/contoh".to_owned();
    DecideLoan { lender: lender.clone(), loan: id(loan), approve, amount: None, minute }
}

pub fn confirm(lender: &Entity, loan: &str) -> ConfirmLoan {
    let by = Confirmer::default();
    ConfirmLoan { lender: lender.clone(), loan: id(loan), by, paper: false }
}

pub fn disburse(lender: &Entity, loan: &str, purse: Purse) -> Disburse {
    Disburse { lender: lender.clone(), loan: id(loan), amount: None, fee_beside: false, purse }
}

/// From application to money in hand.
pub fn lend(v: &mut Village, wish: ApplyLoan, purse: Purse, on: &str) -> Effect {
    let (lender, loan) = (wish.lender.clone(), wish.loan.clone());
    v.ok_on(wish, Some(on));
    v.ok_on(confirm(&lender, loan.as_str()), Some(on));
    v.ok_on(decide(&lender, loan.as_str(), true), Some(on));
    v.ok_on(disburse(&lender, loan.as_str(), purse), Some(on))
}

pub fn tin() -> Purse {
    Purse::Place(Place::Cash)
}

pub fn counter() -> Means {
    Means::Money { kube_place: Place::Cash, lkm_place: Place::Vault }
}

pub fn pay(lender: &Entity, loan: &str, amount: Sen, purse: Purse) -> PayLoan {
    PayLoan { lender: lender.clone(), loan: id(loan), amount, purse }
}

pub fn row(v: &Village, lender: &Entity, loan: &str) -> Loan {
    match v.state.get(&Key::Row(loan_name(lender, &id(loan)))) {
        Some(Value::Row(Some(row))) => match row.as_ref() {
            Row::Loan(row) => row.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub fn member(number: u32) -> Borrower {
    Borrower::Member(id(&format!("m{number:02}")))
}

/// 1% a month flat.
fn monthly() -> LoanTerms {
    LoanTerms {
        fee: k(50).get(),
        rebate_percent: "100".to_owned(),
        reward_percent: "20".to_owned(),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
    }
}

/// 2 on 1.000 a week, flat.
fn weekly() -> LoanTerms {
    plain_terms(LoanMethod::Flat, LoanFrequency::Weekly, "0.2")
}

pub fn fund_vault(v: &mut Village) {
    use simpul::domain::account::Ledger;
    use simpul::domain::chart::Code;
    use simpul::domain::general::{JournalLine, PostJournal};
    use simpul::domain::record::proto::Fund;
    let ledger = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
    let line = |code, amount| JournalLine { account: ledger.account(code), amount };
    let lines = vec![line(Code::Bank, k(8_000)), line(Code::PaidInCapital, k(-8_000))];
    v.ok(PostJournal { lines });
    v.ok(MoveCash { ledger, from: Place::Bank, to: Place::Vault, amount: k(5_000) });
}

/// Story 5, and of story 6 what it needs: A's cash of 35.
fn story_5_events_35_and_38(v: &mut Village) {
    fund_vault(v);
    set_product(v, &Entity::Lkm, monthly());
    let wish = apply(&Entity::Lkm, "l1", Borrower::Group(id("a")), k(5_000), 10);
    let out = lend(v, wish, Purse::Kube(counter()), "2025-04-01");
    assert_eq!(
        entries(&out),
        [
            "lkm.sp Pinjaman Diberikan [l1] D 5000",
            "lkm.sp Kas Besar K 4950",
            "lkm.sp Pendapatan Administrasi K 50",
            "a.sp Kas D 4950",
            "a.sp Beban Administrasi D 50",
            "a.sp Pinjaman LKM [l1] K 5000",
        ]
    );
    let back = pay(&Entity::Lkm, "l1", k(300), Purse::Kube(counter()));
    assert_eq!(
        entries(&v.ok_on(back, Some("2025-05-01"))),
        [
            "lkm.sp Kas Besar D 300",
            "lkm.sp Pinjaman Diberikan [l1] K 250",
            "lkm.sp Pendapatan Jasa K 50",
            "a.sp Pinjaman LKM [l1] D 250",
            "a.sp Beban Jasa Pinjaman D 50",
            "a.sp Kas K 300",
        ]
    );
}

#[test]
fn story_5_the_lkm_lends_to_the_group() {
    let mut v = village();
    story_5_events_35_and_38(&mut v);
    assert_eq!(v.held("a.sp.1101"), k(4_650));
    assert_eq!(v.held("a.sp.2311.l1"), k(4_750));
    assert_eq!(v.held("a.sp.5205").plus(v.held("a.sp.5311")), Ok(k(100)));
    assert_eq!((v.held("lkm.sp.1104"), v.held("lkm.sp.1102")), (k(3_000), k(350)));
    assert_eq!(v.held("lkm.sp.1222.l1"), k(4_750));
    assert_eq!(v.held("lkm.sp.4311").plus(v.held("lkm.sp.4313")), Ok(k(100)));
    let loan = row(&v, &Entity::Lkm, "l1");
    let life = simpul::domain::loan::life::reckon(&loan, day("2025-05-01")).expect("reckoned");
    assert_eq!(life.due().and_then(|due| due.total()), Ok(k(250)));
}

#[test]
fn story_6_the_others_stand_in_events_21_22_24_and_36() {
    let mut v = village();
    story_5_events_35_and_38(&mut v);
    set_product(&mut v, &kube("a"), weekly());
    let wish = ApplyLoan {
        funded_by: Some(id("l1")),
        ..apply(&kube("a"), "maria", member(1), k(1_000), 4)
    };
    let out = lend(&mut v, wish, tin(), "2025-05-05");
    assert_eq!(entries(&out), ["a.sp Piutang Anggota [maria] D 1000", "a.sp Kas K 1000"]);
    for on in ["2025-05-12", "2025-05-19"] {
        assert_eq!(
            entries(&v.ok_on(pay(&kube("a"), "maria", k(252), tin()), Some(on))),
            ["a.sp Kas D 252", "a.sp Piutang Anggota [maria] K 250", "a.sp Pendapatan Jasa K 2",]
        );
    }
    let payers = (2..=10).map(|number| (id(&format!("m{number:02}")), k(28))).collect();
    let stand_in = StandIn { lender: kube("a"), loan: id("maria"), payers, place: Place::Cash };
    let stood = v.ok_on(stand_in.clone(), Some("2025-05-26"));
    let standing_in = v.last_request();
    assert_eq!(
        entries(&stood),
        ["a.sp Kas D 252", "a.sp Piutang Anggota [maria] K 250", "a.sp Pendapatan Jasa K 2"]
    );
    // 35 of story 3 are not there.
    assert_eq!(v.held("a.sp.1101"), k(4_441 - 35));
    assert_eq!((v.held("a.sp.1221.maria"), v.held("a.sp.4311")), (k(250), k(6)));
    let claims = row(&v, &kube("a"), "maria").claims;
    assert_eq!((claims.len(), claims.iter().map(|claim| claim.amount).sum()), (9, k(252).get()));

    let repay = |payer: u32, amount| RepayClaim {
        lender: kube("a"),
        loan: id("maria"),
        payer: member(payer),
        amount,
        place: Place::Cash,
    };
    assert_eq!(
        entries(&v.ok(repay(2, k(20)))),
        [
            "a.sp Kas D 20",
            "a.sp Titipan Angsuran [maria] K 20",
            "a.sp Titipan Angsuran [maria] D 20",
            "a.sp Kas K 20",
        ]
    );
    let repaying = v.last_request();
    assert_eq!(v.refused(repay(2, k(9))).reason, Reason::ClaimExceeded);
    let reverse = |transaction: &simpul::domain::id::RequestId| Reverse {
        transaction: transaction.clone(),
        line: 0,
    };
    assert_eq!(v.refused(reverse(&standing_in)).reason, Reason::ReversalBlocked);
    v.ok(reverse(&repaying));
    assert_eq!(row(&v, &kube("a"), "maria").claims[0].repaid, 0);
    v.ok(reverse(&standing_in));
    assert_eq!(v.held("a.sp.1221.maria"), k(500));
    assert!(row(&v, &kube("a"), "maria").claims.is_empty());
    let herself = StandIn { payers: vec![(id("m01"), k(1))], ..stand_in };
    assert_eq!(flags(&v.ok(herself)), [Reason::InSuspense]);
}

#[test]
fn event_25_the_group_stands_in_for_a_borrower_of_the_lkm() {
    let mut v = village();
    fund_vault(&mut v);
    set_product(&mut v, &Entity::Lkm, weekly());
    let wish =
        ApplyLoan { surety: Some(id("a")), ..apply(&Entity::Lkm, "l2", member(1), k(400), 4) };
    lend(&mut v, wish, Purse::Place(Place::Vault), "2025-03-03");
    let stand = GroupStandsIn { loan: id("l2"), amount: k(100), means: counter() };
    assert_eq!(
        entries(&v.ok_on(stand, Some("2025-03-04"))),
        [
            "a.sp Piutang Talangan [l2] D 100",
            "a.sp Kas K 100",
            "lkm.sp Kas Besar D 100",
            "lkm.sp Titipan Angsuran [l2] K 100",
        ]
    );
    let back = RepayClaim {
        lender: Entity::Lkm,
        loan: id("l2"),
        payer: Borrower::Group(id("a")),
        amount: k(100),
        place: Place::Cash,
    };
    assert_eq!(entries(&v.ok(back)), ["a.sp Kas D 100", "a.sp Piutang Talangan [l2] K 100"]);
}

#[test]
fn a_loan_is_decided_once_and_only_when_its_borrower_confirmed() {
    let mut v = village();
    let lender = kube("a");
    set_product(&mut v, &lender, weekly());
    let wish = |loan, amount, count| apply(&kube("a"), loan, member(1), amount, count);
    assert_eq!(v.refused(wish("x", k(20_001), 4)).reason, Reason::LoanAmount);
    assert_eq!(v.refused(wish("x", k(1), 25)).reason, Reason::LoanInstalments);
    let stranger = ApplyLoan { borrower: member(99), ..wish("x", k(1), 4) };
    assert_eq!(v.refused(stranger).reason, Reason::NotFound);
    let product = ApplyLoan { product: id("lain"), ..wish("x", k(1), 4) };
    assert_eq!(v.refused(product).reason, Reason::NotFound);
    let to_group = ApplyLoan { borrower: Borrower::Group(id("a")), ..wish("x", k(1), 4) };
    assert_eq!(v.refused(to_group).reason, Reason::WrongKind);
    v.ok(wish("x", k(1_000), 4));
    assert_eq!(v.refused(wish("x", k(1), 4)).reason, Reason::AlreadyExists);
    assert_eq!(v.refused(disburse(&lender, "x", tin())).reason, Reason::LoanNotApproved);
    assert_eq!(v.refused(decide(&lender, "x", true)).reason, Reason::LoanNotConfirmed);
    v.ok(confirm(&lender, "x"));
    assert_eq!(v.refused(confirm(&lender, "x")).reason, Reason::LoanConfirmed);
    let more = DecideLoan { amount: Some(k(1_001)), ..decide(&lender, "x", true) };
    assert_eq!(v.refused(more).reason, Reason::LoanExceeded);
    v.ok(DecideLoan { amount: Some(k(800)), ..decide(&lender, "x", true) });
    for approve in [true, false] {
        assert_eq!(v.refused(decide(&lender, "x", approve)).reason, Reason::LoanDecided);
    }
    // What the product says from now on does not touch the loan.
    v.ok_on(
        SetLoanProduct {
            entity: lender.clone(),
            product: id("p"),
            version: LoanVersion {
                since: day("2025-02-01").get(),
                terms: Some(plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "9")),
                ..LoanVersion::default()
            },
        },
        Some("2025-02-01"),
    );
    v.ok(disburse(&lender, "x", tin()));
    let terms = row(&v, &lender, "x").terms.expect("copied");
    assert_eq!(terms.rate, "0.2");
    assert_eq!(v.held("a.sp.1221.x"), k(800));
    assert_eq!(v.refused(disburse(&lender, "x", tin())).reason, Reason::LoanNotApproved);
    let leave = EndMembership { entity: lender, member: id("m01"), left_on: day("2025-02-01") };
    assert_eq!(v.refused(leave).reason, Reason::MemberOwes);
}

#[test]
fn event_21_tranches_and_a_fee_paid_beside() {
    let mut v = village();
    let lender = kube("a");
    set_product(&mut v, &lender, monthly());
    let wish = apply(&lender, "x", member(1), k(1_000), 4);
    v.ok(wish);
    v.ok(confirm(&lender, "x"));
    v.ok(decide(&lender, "x", true));
    let tranche = |amount| Disburse {
        amount: Some(amount),
        fee_beside: true,
        ..disburse(&kube("a"), "x", tin())
    };
    assert_eq!(v.refused(tranche(k(1_001))).reason, Reason::LoanExceeded);
    assert_eq!(
        entries(&v.ok(tranche(k(600)))),
        [
            "a.sp Kas D 50",
            "a.sp Piutang Anggota [x] D 600",
            "a.sp Kas K 600",
            "a.sp Pendapatan Administrasi K 50",
        ]
    );
    assert_eq!(row(&v, &lender, "x").state(), LoanState::Approved);
    let rest = v.ok(disburse(&lender, "x", tin()));
    assert_eq!(entries(&rest), ["a.sp Piutang Anggota [x] D 400", "a.sp Kas K 400"]);
    assert_eq!(row(&v, &lender, "x").state(), LoanState::Active);
}

#[test]
fn event_23_what_is_overpaid_is_held_used_and_given_back() {
    let mut v = village();
    let lender = kube("a");
    set_product(&mut v, &lender, weekly());
    let wish = apply(&lender, "x", member(1), k(1_000), 4);
    lend(&mut v, wish, tin(), "2025-03-03");
    let over = v.ok_on(pay(&lender, "x", k(400), tin()), Some("2025-03-10"));
    assert_eq!(
        entries(&over),
        [
            "a.sp Kas D 400",
            "a.sp Piutang Anggota [x] K 250",
            "a.sp Titipan Angsuran [x] K 148",
            "a.sp Pendapatan Jasa K 2",
        ]
    );
    let refund = |amount| RefundTitipan { lender: kube("a"), loan: id("x"), amount, purse: tin() };
    assert_eq!(v.refused(refund(k(149))).reason, Reason::TitipanExceeded);
    assert_eq!(entries(&v.ok(refund(k(48)))), ["a.sp Titipan Angsuran [x] D 48", "a.sp Kas K 48"]);
    let used = v.ok_on(AccrueLoan { lender: lender.clone(), loan: id("x") }, Some("2025-03-17"));
    assert_eq!(
        entries(&used),
        [
            "a.sp Titipan Angsuran [x] D 100",
            "a.sp Piutang Anggota [x] K 98",
            "a.sp Pendapatan Jasa K 2",
        ]
    );
}

#[test]
fn event_22_settled_at_once_and_a_payment_to_a_closed_loan_waits() {
    let mut v = village();
    let lender = kube("a");
    set_product(&mut v, &lender, monthly());
    let wish = apply(&lender, "x", member(1), k(1_000), 10);
    lend(&mut v, wish, tin(), "2025-03-01");
    let settle = |amount| SettleLoan {
        lender: kube("a"),
        loan: id("x"),
        amount,
        rebate: None,
        purse: tin(),
    };
    let wrong = v.refused(settle(k(999)));
    assert_eq!(
        (wrong.reason, wrong.details[0].1.as_str()),
        (Reason::SettlementAmount, "100000000")
    );
    let done = v.ok_on(settle(k(1_010)), Some("2025-03-15"));
    assert_eq!(
        entries(&done),
        ["a.sp Kas D 1010", "a.sp Piutang Anggota [x] K 1000", "a.sp Pendapatan Jasa K 10"]
    );
    assert_eq!(row(&v, &lender, "x").state(), LoanState::PaidOff);
    let late = v.ok(pay(&lender, "x", k(5), tin()));
    assert_eq!(flags(&late), [Reason::InSuspense]);
    assert_eq!(v.refused(settle(k(1))).reason, Reason::LoanNotOpen);
    // At the LKM's counter it is asked, and refused.
    fund_vault(&mut v);
    set_product(&mut v, &Entity::Lkm, monthly());
    let vault = || Purse::Place(Place::Vault);
    let wish = apply(&Entity::Lkm, "y", member(1), k(100), 1);
    lend(&mut v, wish, vault(), "2025-04-01");
    v.ok_on(pay(&Entity::Lkm, "y", k(101), vault()), Some("2025-05-01"));
    assert_eq!(v.refused(pay(&Entity::Lkm, "y", k(1), vault())).reason, Reason::LoanNotOpen);
    assert_eq!(v.refused(pay(&Entity::Lkm, "z", k(1), vault())).reason, Reason::NotFound);
    assert_eq!(v.refused(pay(&Entity::Lkm, "y", k(1), tin())).reason, Reason::LoanNotOpen);
}

#[test]
fn event_37_jasa_is_accrued_in_both_ledgers() {
    let mut v = village();
    fund_vault(&mut v);
    let terms = LoanTerms { fee: 0, recognition: Recognition::Accrual as i32, ..monthly() };
    set_product(&mut v, &Entity::Lkm, terms);
    let wish = apply(&Entity::Lkm, "l1", Borrower::Group(id("a")), k(5_000), 10);
    lend(&mut v, wish, Purse::Kube(counter()), "2025-04-01");
    let accrue = || AccrueLoan { lender: Entity::Lkm, loan: id("l1") };
    assert_eq!(
        entries(&v.ok_on(accrue(), Some("2025-05-01"))),
        [
            "lkm.sp Piutang Jasa [l1] D 50",
            "lkm.sp Pendapatan Jasa K 50",
            "a.sp Beban Jasa Pinjaman D 50",
            "a.sp Utang Jasa [l1] K 50",
        ]
    );
    let accrual = v.last_request();
    let reverse = Reverse { transaction: accrual, line: 0 };
    assert_eq!(v.refused(reverse).reason, Reason::ReversalBlocked);
    assert_eq!(
        entries(&v.ok(pay(&Entity::Lkm, "l1", k(60), Purse::Kube(counter())))),
        [
            "lkm.sp Kas Besar D 60",
            "lkm.sp Pinjaman Diberikan [l1] K 10",
            "lkm.sp Piutang Jasa [l1] K 50",
            "a.sp Pinjaman LKM [l1] D 10",
            "a.sp Utang Jasa [l1] D 50",
            "a.sp Kas K 60",
        ]
    );
}

#[test]
fn event_39_who_pays_promptly_is_rewarded_once() {
    let mut v = village();
    fund_vault(&mut v);
    set_product(&mut v, &Entity::Lkm, LoanTerms { fee: 0, ..monthly() });
    let lent = |v: &mut Village, loan: &str, on| {
        let wish = apply(&Entity::Lkm, loan, Borrower::Group(id("a")), k(1_000), 1);
        lend(v, wish, Purse::Kube(counter()), on);
    };
    lent(&mut v, "cepat", "2025-04-01");
    let reward = |loan: &str| RewardLoan { loan: id(loan), purse: Purse::Kube(counter()) };
    assert_eq!(v.refused(reward("cepat")).reason, Reason::NotPrompt);
    v.ok_on(pay(&Entity::Lkm, "cepat", k(1_010), Purse::Kube(counter())), Some("2025-05-01"));
    assert_eq!(
        entries(&v.ok(reward("cepat"))),
        [
            "lkm.sp Beban IPTW D 2",
            "lkm.sp Kas Besar K 2",
            "a.sp Kas D 2",
            "a.sp Pendapatan Insentif K 2",
        ]
    );
    assert_eq!(v.refused(reward("cepat")).reason, Reason::NotPrompt);
    lent(&mut v, "lambat", "2025-05-01");
    v.ok_on(pay(&Entity::Lkm, "lambat", k(1_010), Purse::Kube(counter())), Some("2025-06-02"));
    assert_eq!(v.refused(reward("lambat")).reason, Reason::NotPrompt);
}

#[test]
fn penalties_are_paid_and_waived() {
    let mut v = village();
    let lender = kube("a");
    let penalty =
        Penalty { per: PenaltyPer::Day as i32, percent: "1".to_owned(), ..Penalty::default() };
    let terms = LoanTerms {
        penalty: Some(penalty),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "0")
    };
    set_product(&mut v, &lender, terms);
    let wish = apply(&lender, "x", member(1), k(100), 1);
    lend(&mut v, wish, tin(), "2025-03-01");
    let waive =
        |amount| WaiveLoan { lender: kube("a"), loan: id("x"), part: LoanPart::Penalty, amount };
    v.ok_on(waive(k(4)), Some("2025-04-11"));
    assert_eq!(v.refused(waive(k(7))).reason, Reason::LoanExceeded);
    assert_eq!(
        entries(&v.ok(pay(&lender, "x", k(26), tin()))),
        ["a.sp Kas D 26", "a.sp Piutang Anggota [x] K 20", "a.sp Pendapatan Denda K 6"]
    );
}

/// The entries of the record that follows a command's own, if one does.
fn anew(v: &Village) -> Vec<String> {
    let record = v.records.last().expect("a record");
    assert_eq!(record.event, Event::LoanReckonedAnew);
    let Outcome::Done(effect) = &record.outcome else { panic!("{record:?}") };
    let own = &v.records[v.records.len() - 2];
    assert_eq!(effect.cause, own.request);
    assert_eq!(effect.effective_on, record.business_day);
    entries(effect)
}

/// The effect of a command that makes a second record.
fn ok_before(
    v: &mut Village,
    action: impl simpul::domain::decide::Action + 'static,
    on: &str,
) -> Effect {
    let command = v.command(action, Some(on));
    v.run(&command);
    match &v.records[v.records.len() - 2].outcome {
        Outcome::Done(effect) => effect.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payment_told_late_posts_at_its_day_and_what_came_after_anew() {
    let mut v = village();
    let lender = kube("a");
    set_product(&mut v, &lender, weekly());
    let wish = apply(&lender, "x", member(1), k(1_000), 4);
    lend(&mut v, wish, tin(), "2025-03-03");
    v.ok_on(pay(&lender, "x", k(100), tin()), Some("2025-03-17"));
    // 4 of jasa and 96 of principal. Now it is told that 252 came on the tenth.
    let own = ok_before(&mut v, pay(&lender, "x", k(252), tin()), "2025-03-10");
    assert_eq!(own.effective_on, day("2025-03-10"));
    assert_eq!(
        entries(&own),
        ["a.sp Kas D 252", "a.sp Piutang Anggota [x] K 250", "a.sp Pendapatan Jasa K 2"]
    );
    assert_eq!(anew(&v), ["a.sp Pendapatan Jasa D 2", "a.sp Piutang Anggota [x] K 2"]);
    assert_eq!((v.held("a.sp.1221.x"), v.held("a.sp.4311")), (k(652), k(4)));
    let told_late = v.records[v.records.len() - 2].request.clone().expect("its own");
    // Taken back, all is as before.
    let command = v.command(Reverse { transaction: told_late, line: 0 }, None);
    v.run(&command);
    assert_eq!(anew(&v), ["a.sp Piutang Anggota [x] D 2", "a.sp Pendapatan Jasa K 2"]);
    assert_eq!((v.held("a.sp.1221.x"), v.held("a.sp.4311")), (k(904), k(4)));
}

#[test]
fn a_payment_told_late_is_reckoned_anew_in_both_ledgers() {
    let mut v = village();
    story_5_events_35_and_38(&mut v);
    v.ok_on(pay(&Entity::Lkm, "l1", k(800), Purse::Kube(counter())), Some("2025-06-01"));
    let before = v.held("lkm.sp.4311");
    let late = pay(&Entity::Lkm, "l1", k(250), Purse::Kube(counter()));
    ok_before(&mut v, late, "2025-05-10");
    assert_eq!(v.held("lkm.sp.4311"), before);
    assert_eq!(v.held("lkm.sp.1222.l1"), v.held("a.sp.2311.l1"));
    assert_eq!(v.held("lkm.sp.2121.l1"), v.held("a.sp.1225.l1"));
    assert_eq!(v.held("lkm.sp.2121.l1"), k(250));
}

/// 1.000 to KUBE a in four weeks, 2 a week, and a thousandth a day of what is late. 100 came on the
/// 17th; then it is told that 252 had come on the tenth, a day that the KUBE has closed since: the
/// money stands on its first open day, in both ledgers. What came after was reckoned by a payment
/// that was not known: penalties of seven days on 252, and 2 of jasa more.
#[test]
fn what_came_after_is_reckoned_anew_in_both_ledgers_to_the_sen() {
    let mut v = village();
    fund_vault(&mut v);
    let penalty =
        Penalty { per: PenaltyPer::Day as i32, percent: "0.1".to_owned(), ..Penalty::default() };
    set_product(&mut v, &Entity::Lkm, LoanTerms { penalty: Some(penalty), ..weekly() });
    let wish = apply(&Entity::Lkm, "l1", Borrower::Group(id("a")), k(1_000), 4);
    lend(&mut v, wish, Purse::Kube(counter()), "2025-03-03");
    let paid = |amount| pay(&Entity::Lkm, "l1", amount, Purse::Kube(counter()));
    let first = v.ok_on(paid(k(100)), Some("2025-03-17"));
    let sen = |effect: &Effect| -> Vec<String> {
        let line = |entry: &simpul::domain::record::Entry| {
            format!("{} {}", entry.account, entry.amount.get())
        };
        effect.entries.iter().map(line).collect()
    };
    // 1,764 of penalty, 4 of jasa, the rest of principal.
    assert_eq!(
        sen(&first),
        [
            "lkm.sp.1102 10000000",
            "lkm.sp.1222.l1 -9423600",
            "lkm.sp.4312 -176400",
            "lkm.sp.4311 -400000",
            "a.sp.2311.l1 9423600",
            "a.sp.5311 400000",
            "a.sp.5312 176400",
            "a.sp.1101 -10000000",
        ]
    );
    v.ok_on(AccrueLoan { lender: Entity::Lkm, loan: id("l1") }, Some("2025-03-20"));
    let minute = "BA-8/contoh".to_owned();
    v.ok(ClosePeriod { entity: kube("a"), through: day("2025-03-14"), minute });
    let own = ok_before(&mut v, paid(k(252)), "2025-03-10");
    let told = v.records[v.records.len() - 2].request.clone().expect("its own");
    assert_eq!((own.effective_on, flags(&own)), (day("2025-03-15"), vec![Reason::MovedToOpenDay]));
    assert_eq!(
        sen(&own),
        [
            "lkm.sp.1102 25200000",
            "lkm.sp.1222.l1 -25000000",
            "lkm.sp.4311 -200000",
            "a.sp.2311.l1 25000000",
            "a.sp.5311 200000",
            "a.sp.1101 -25200000",
        ]
    );
    let again = |v: &Village| {
        let record = v.records.last().expect("a record");
        assert_eq!(record.event, Event::LoanReckonedAnew);
        let Outcome::Done(effect) = &record.outcome else { panic!("{record:?}") };
        assert_eq!(effect.effective_on, day("2025-03-20"), "the business day");
        (effect.cause.clone(), sen(effect))
    };
    // No penalty on the seventeenth, so 2 of jasa and 98 of principal from the 100.
    let (cause, entries) = again(&v);
    assert_eq!(cause, Some(told.clone()));
    assert_eq!(
        entries,
        [
            "lkm.sp.4312 176400",
            "lkm.sp.4311 200000",
            "lkm.sp.1222.l1 -376400",
            "a.sp.2311.l1 376400",
            "a.sp.5311 -200000",
            "a.sp.5312 -176400",
        ]
    );
    // Taken back, the difference comes back, and names what took it back.
    let command = v.command(Reverse { transaction: told, line: 0 }, None);
    let reversal = command.request.clone();
    v.run(&command);
    let (cause, entries) = again(&v);
    assert_eq!(cause, Some(reversal));
    let back: Vec<String> = [
        "lkm.sp.1222.l1 376400",
        "lkm.sp.4312 -176400",
        "lkm.sp.4311 -200000",
        "a.sp.5311 200000",
        "a.sp.5312 176400",
        "a.sp.2311.l1 -376400",
    ]
    .map(str::to_owned)
    .to_vec();
    assert_eq!(entries, back);
    assert_eq!(v.held("lkm.sp.1222.l1"), v.held("a.sp.2311.l1"));
    assert_eq!(v.held("lkm.sp.4312"), Sen::new(176_400));
}

#[test]
fn paying_out_is_taken_back_only_before_anything_was_paid() {
    let mut v = village();
    let lender = kube("a");
    set_product(&mut v, &lender, weekly());
    let wish = apply(&lender, "x", member(1), k(1_000), 4);
    lend(&mut v, wish, tin(), "2025-03-03");
    let out = v.last_request();
    v.ok_on(pay(&lender, "x", k(252), tin()), Some("2025-03-10"));
    let paid = v.last_request();
    let reverse = |transaction: &simpul::domain::id::RequestId| Reverse {
        transaction: transaction.clone(),
        line: 0,
    };
    assert_eq!(v.refused(reverse(&out)).reason, Reason::ReversalBlocked);
    v.ok(reverse(&paid));
    v.ok(reverse(&out));
    assert_eq!(row(&v, &lender, "x").state(), LoanState::Approved);
    assert_eq!(v.held("a.sp.1221.x"), Sen::ZERO);
    v.ok(disburse(&lender, "x", tin()));
    assert_eq!(row(&v, &lender, "x").state(), LoanState::Active);
}

#[test]
fn money_of_a_loan_that_nobody_knows_waits() {
    let mut v = village();
    let effect = v.ok(pay(&kube("a"), "tiada", k(7), tin()));
    let item = v.last_request();
    assert_eq!(
        entries(&effect),
        ["a.sp Kas D 7".to_owned(), format!("a.sp Rekening Sementara [{item}/0] K 7")]
    );
    let name: RowName = loan_name(&kube("a"), &Id::new("tiada").expect("an id"));
    assert!(!matches!(v.state.get(&Key::Row(name)), Some(Value::Row(Some(_)))));
    let early = LoanTerms { overpayment: Overpayment::EarlyPrincipal as i32, ..weekly() };
    set_product(&mut v, &kube("a"), early);
    let wish = apply(&kube("a"), "x", member(1), k(1_000), 4);
    lend(&mut v, wish, tin(), "2025-03-03");
    let before = v.ok_on(pay(&kube("a"), "x", k(7), tin()), Some("2025-03-02"));
    assert_eq!(flags(&before), [Reason::InSuspense]);
}
