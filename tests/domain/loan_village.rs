//! Loans in a village's life: instalments on a meeting's sheet, members who leave while they owe,
//! loans that were running before the book began.

use simpul::domain::account::Ledger;
use simpul::domain::cash::Place;
use simpul::domain::general::{OpenBalances, Opening};
use simpul::domain::id::Entity;
use simpul::domain::leaving::Settle;
use simpul::domain::loan::case::Borrower;
use simpul::domain::loan::opening::RunningLoan;
use simpul::domain::loan::pay::PayLoan;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    Fund, LoanFrequency, LoanMethod, LoanState, LoanTerms, SheetLine, SheetLineKind,
};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::sheet::RecordSheet;

use crate::loan_schedule::{plain_terms, plan_of};
use crate::loans::{apply, lend, member, row, set_product, tin, village};
use crate::village::{Village, day, entries, flags, id, k, kube};

/// Loans `x1` and `x2` of 1.000 in ten months, of m01 and m02.
fn lending(rebate: &str) -> Village {
    let mut v = village();
    let terms = LoanTerms {
        rebate_percent: rebate.to_owned(),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1")
    };
    set_product(&mut v, &kube("a"), terms);
    for (loan, number) in [("x1", 1), ("x2", 2)] {
        lend(&mut v, apply(&kube("a"), loan, member(number), k(1_000), 10), tin(), "2025-02-01");
    }
    v
}

fn sheet(lines: &[(&str, &str, Sen)]) -> RecordSheet {
    let line = |(member, loan, amount): &(&str, &str, Sen)| SheetLine {
        kind: SheetLineKind::Instalment as i32,
        member: (*member).to_owned(),
        loan: (*loan).to_owned(),
        amount: amount.get(),
        ..SheetLine::default()
    };
    let sum: i64 = lines.iter().map(|(_, _, amount)| amount.get()).sum();
    RecordSheet {
        group: id("a"),
        number: "3".to_owned(),
        lines: lines.iter().map(line).collect(),
        opening_cash: k(-2_000),
        closing_cash: Sen::new(k(-2_000).get() + sum),
        meeting: String::new(),
    }
}

#[test]
fn instalments_stand_on_a_meetings_sheet() {
    let mut v = lending("");
    let lines = [
        ("m01", "", k(110)),
        ("m02", "x2", k(50)),
        // Who has no loan, and somebody else's: the money waits.
        ("m03", "", k(20)),
        ("m01", "x2", k(30)),
    ];
    let told = v.ok_on(sheet(&lines), Some("2025-03-01"));
    assert_eq!(flags(&told), [Reason::InSuspense; 2]);
    assert_eq!((v.held("a.sp.1221.x1"), v.held("a.sp.1221.x2")), (k(900), k(960)));
    assert_eq!((v.held("a.sp.4311"), v.held("a.sp.1101")), (k(20), k(-2_000 + 210)));
    // One line of it is taken back alone.
    let transaction = v.last_request();
    v.ok(Reverse { transaction, line: 1 });
    assert_eq!((v.held("a.sp.1221.x1"), v.held("a.sp.1221.x2")), (k(1_000), k(960)));
}

fn save(v: &mut Village, kind: Kind, amount: Sen) {
    let (entity, member, place) = (kube("a"), id("m01"), Place::Cash);
    v.ok_on(Deposit { entity, member, kind, amount, place }, Some("2025-02-02"));
}

fn settle() -> Settle {
    let (entity, member, place) = (kube("a"), id("m01"), Place::Cash);
    Settle { entity, member, left_on: day("2025-03-15"), died_on: None, heir: None, place }
}

#[test]
fn event_20_who_leaves_pays_the_loan_off_from_savings() {
    let mut v = lending("100");
    save(&mut v, Kind::Mandatory, k(300));
    save(&mut v, Kind::Voluntary, k(700));
    v.ok_on(
        PayLoan { lender: kube("a"), loan: id("x1"), amount: k(110), purse: tin() },
        Some("2025-03-01"),
    );
    // 900 and the jasa of the month that has begun are owed, 90 beyond it are not.
    let before = v.held("a.sp.1101");
    let command = v.command(settle(), Some("2025-03-15"));
    let done = v.run(&command);
    let simpul::domain::record::Outcome::Done(done) = done.outcome else { panic!("{done:?}") };
    assert_eq!(
        entries(&done),
        [
            "a.sp Simpanan Wajib [m01] D 300",
            "a.sp Tabungan Anggota [m01] D 610",
            "a.sp Piutang Anggota [x1] K 900",
            "a.sp Pendapatan Jasa K 10",
            "a.sp Tabungan Anggota [m01] D 90",
            "a.sp Kas K 90",
        ]
    );
    assert_eq!(before.minus(v.held("a.sp.1101")), Ok(k(90)));
    assert_eq!(row(&v, &kube("a"), "x1").state(), LoanState::PaidOff);
    assert_eq!(v.refused(settle()).reason, Reason::NotMemberThen);
}

#[test]
fn who_owes_more_than_the_savings_or_by_no_rule_stays() {
    let mut v = lending("100");
    save(&mut v, Kind::Voluntary, k(900));
    v.today = day("2025-03-31");
    assert_eq!(v.refused(settle()).reason, Reason::MemberOwes);
    assert_eq!(row(&v, &kube("a"), "x1").state(), LoanState::Active);
    let mut v = lending("");
    save(&mut v, Kind::Voluntary, k(5_000));
    assert_eq!(v.refused(settle()).reason, Reason::RuleNotSet);
}

fn running(loan: &str, borrower: Borrower, outstanding: Sen) -> Opening {
    let (product, plan) = (id("p"), plan_of(6));
    Opening::Loan(RunningLoan { loan: id(loan), borrower, product, outstanding, plan })
}

fn opened(lender: Entity, fund: Fund, items: Vec<Opening>) -> OpenBalances {
    OpenBalances { ledger: Ledger::new(lender, fund), items }
}

#[test]
fn event_55_running_loans_open_on_both_sides() {
    let mut v = lending("");
    let terms = plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1");
    set_product(&mut v, &Entity::Lkm, terms);
    let two = vec![running("y1", member(3), k(600)), running("y2", member(4), k(300))];
    let done = v.ok_on(opened(kube("a"), Fund::SimpanPinjam, two.clone()), Some("2025-02-05"));
    assert_eq!(
        entries(&done),
        [
            "a.sp Piutang Anggota [y1] D 600",
            "a.sp Saldo Awal K 600",
            "a.sp Piutang Anggota [y2] D 300",
            "a.sp Saldo Awal K 300",
        ]
    );
    let transaction = v.last_request();
    let of_group = vec![running("y1", Borrower::Group(id("a")), k(1_200))];
    let done = v.ok(opened(Entity::Lkm, Fund::SimpanPinjam, of_group));
    assert_eq!(
        entries(&done),
        [
            "lkm.sp Pinjaman Diberikan [y1] D 1200",
            "lkm.sp Saldo Awal K 1200",
            "a.sp Saldo Awal D 1200",
            "a.sp Pinjaman LKM [y1] K 1200",
        ]
    );
    // It is paid like any other, by its plan from then on.
    let pay = PayLoan { lender: kube("a"), loan: id("y1"), amount: k(106), purse: tin() };
    let paid = v.ok_on(pay, Some("2025-03-05"));
    assert_eq!(
        entries(&paid),
        ["a.sp Kas D 106", "a.sp Piutang Anggota [y1] K 100", "a.sp Pendapatan Jasa K 6"]
    );
    // One that nothing was told of since is taken back alone.
    v.ok(Reverse { transaction, line: 2 });
    assert_eq!((v.held("a.sp.1221.y1"), v.held("a.sp.1221.y2")), (k(500), k(0)));
    assert_eq!(v.refused(opened(kube("a"), Fund::Uep, two)).reason, Reason::FundNotAllowed);
    let again = vec![running("x1", member(5), k(10))];
    let again = v.refused(opened(kube("a"), Fund::SimpanPinjam, again));
    assert_eq!((again.reason, again.field.as_str()), (Reason::AlreadyExists, "items[0].loan_id"));
}
