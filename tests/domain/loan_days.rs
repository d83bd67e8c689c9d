//! What the end of a day does to loans: under which days they are listed, what is reckoned there,
//! and what is taken from savings.

use simpul::domain::block::BlockSavings;
use simpul::domain::cash::Place;
use simpul::domain::daily::{CloseDay, DUE, due_prefix};
use simpul::domain::day::Day;
use simpul::domain::dormancy::Savings;
use simpul::domain::id::{Entity, Id, RowName};
use simpul::domain::link::SaveAtLkm;
use simpul::domain::loan::case::{Borrower, Purse};
use simpul::domain::loan::due::{DebitLoans, TendLoans, listed_as};
use simpul::domain::loan::pay::WaiveLoan;
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::loan::request::ApplyLoan;
use simpul::domain::loan::trouble::{ProvideLoan, WriteOffLoan};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    Fund, LoanFrequency, LoanMethod, LoanPart, LoanState, LoanTerms, LoanVersion, Penalty,
    PenaltyPer, Recognition,
};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::stake::Means;
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::surplus::Sharer;

use crate::loan_schedule::plain_terms;
use crate::loan_trouble::{of_lkm, quality, terms};
use crate::loans::{apply, counter, fund_vault, lend, member, pay, row, set_product, tin, village};
use crate::village::{Village, day, entries, flags, id, k, kube};

/// The day under which a loan is listed, which the register `due` must know.
fn listed(v: &Village, lender: &Entity, loan: &str) -> String {
    let on = Day::new(row(v, lender, loan).listed_on);
    if on == Day::default() {
        return String::new();
    }
    let what = listed_as(lender, &id(loan));
    let name = RowName::new(DUE, format!("{}loan.{what}", due_prefix(on)));
    assert!(matches!(v.state.get(&Key::Row(name)), Some(Value::Row(Some(_)))), "{what} on {on}");
    on.to_string()
}

fn close_through(v: &mut Village, last: &str) {
    let mut on = day("2025-01-01");
    while on <= day(last) {
        let told = on.to_string();
        v.ok_on(CloseDay { day: on }, Some(told.as_str()));
        on = on.next();
    }
}

/// What is provided for the LKM's loan `l2`.
fn provided(v: &Village) -> Sen {
    v.held("lkm.sp.1291.l2").negated().expect("fits")
}

fn provide() -> ProvideLoan {
    ProvideLoan { lender: Entity::Lkm, loan: id("l2") }
}

/// The closing of a day tends the LKM's loan `l2`.
fn tend(v: &mut Village, on: &str) {
    let loans = these(&Entity::Lkm, &["l2"]);
    v.ok_on(TendLoans { day: day(on), loans }, Some(on));
}

fn these(lender: &Entity, loans: &[&str]) -> Vec<(Entity, Id)> {
    loans.iter().map(|loan| (lender.clone(), id(loan))).collect()
}

#[test]
fn a_loan_is_listed_under_the_next_day_that_changes_something() {
    let mut v = of_lkm();
    v.ok(quality(Entity::Lkm, "BA-3/contoh"));
    let tend = |v: &mut Village, on: &str| {
        assert_eq!(listed(v, &Entity::Lkm, "l2"), on);
        tend(v, on);
    };
    let receivable = |v: &Village| v.held("lkm.sp.1223.l2").get();
    tend(&mut v, "2025-03-31");
    // Thirty days of thirty-one.
    assert_eq!(receivable(&v), 387_097);
    tend(&mut v, "2025-04-01");
    assert_eq!((receivable(&v), provided(&v)), (400_000, k(0)));
    tend(&mut v, "2025-04-12");
    assert_eq!(provided(&v), k(20));
    assert_eq!(listed(&v, &Entity::Lkm, "l2"), "2025-04-30");
    close_through(&mut v, "2025-04-19");
    // What is due is paid: its class is better at once.
    v.ok_on(pay(&Entity::Lkm, "l2", k(104), Purse::Place(Place::Vault)), Some("2025-04-20"));
    tend(&mut v, "2025-04-20");
    assert_eq!(provided(&v), k(0));
    let quiet = ["2025-04-30", "2025-05-01", "2025-05-12", "2025-05-31", "2025-06-01"];
    for on in quiet.into_iter().chain(["2025-06-30", "2025-07-01"]) {
        tend(&mut v, on);
    }
    assert_eq!((receivable(&v), provided(&v)), (1_200_000, k(15)));
    // 91 days late it no longer performs: jasa is taken back, and 15% provided.
    tend(&mut v, "2025-07-31");
    assert_eq!((receivable(&v), provided(&v)), (0, k(45)));
    assert_eq!(listed(&v, &Entity::Lkm, "l2"), "2025-08-30");
    // All is paid: once more, and nothing needs providing.
    v.ok_on(pay(&Entity::Lkm, "l2", k(312), Purse::Place(Place::Vault)), Some("2025-08-02"));
    assert_eq!(row(&v, &Entity::Lkm, "l2").state(), LoanState::PaidOff);
    tend(&mut v, "2025-08-01");
    tend(&mut v, "2025-08-02");
    assert_eq!(provided(&v), k(0));
    assert_eq!(listed(&v, &Entity::Lkm, "l2"), "");
}

#[test]
fn what_was_provided_by_hand_is_released_once_the_loan_is_paid_off() {
    let mut v = of_lkm();
    v.ok(quality(Entity::Lkm, "BA-3/contoh"));
    v.ok_on(provide(), Some("2025-08-01"));
    assert_eq!(provided(&v), k(200));
    // No day was closed since: nothing but the provision itself says that there is one.
    v.ok_on(pay(&Entity::Lkm, "l2", k(416), Purse::Place(Place::Vault)), Some("2025-08-02"));
    assert_eq!((row(&v, &Entity::Lkm, "l2").state(), provided(&v)), (LoanState::PaidOff, k(200)));
    close_through(&mut v, "2025-08-01");
    tend(&mut v, "2025-08-02");
    assert_eq!(provided(&v), k(0));
    assert_eq!(listed(&v, &Entity::Lkm, "l2"), "");
}

/// The closings of old days come late: they count of a provision what was held on their own day.
#[test]
fn what_is_provided_ahead_is_not_held_on_the_days_before() {
    // From 12 April on 5% is to be held.
    let twice = [("2025-04-12".to_owned(), k(20)), ("2025-04-14".to_owned(), k(-20))];
    for (by_hand, expected) in [("2025-04-12", &twice[..0]), ("2025-04-14", &twice)] {
        let mut v = of_lkm();
        v.ok(quality(Entity::Lkm, "BA-3/contoh"));
        v.ok_on(provide(), Some(by_hand));
        assert_eq!(provided(&v), k(20));
        let refusal = v.refused_on(provide(), Some("2025-04-11"));
        assert_eq!((refusal.reason, &*refusal.field), (Reason::NotAfterLast, "happened_on"));

        let mut posted = Vec::new();
        for on in 10..=16 {
            let on = format!("2025-04-{on}");
            let before = provided(&v);
            tend(&mut v, &on);
            let change = provided(&v).minus(before).expect("fits");
            posted.extend((change != k(0)).then_some((on, change)));
        }
        assert_eq!(posted, expected);
        assert_eq!(provided(&v), k(20));
        assert_eq!(row(&v, &Entity::Lkm, "l2").provisions_ahead, []);
    }
}

/// What is told late of an old day may pay off a loan that is provided for on a later day.
#[test]
fn what_is_provided_ahead_of_a_loan_paid_off_before_is_released_on_its_day() {
    let mut v = of_lkm();
    v.ok(quality(Entity::Lkm, "BA-3/contoh"));
    v.ok_on(provide(), Some("2025-08-04"));
    assert_eq!(provided(&v), k(200));
    v.ok_on(pay(&Entity::Lkm, "l2", k(416), Purse::Place(Place::Vault)), Some("2025-08-02"));
    assert_eq!(row(&v, &Entity::Lkm, "l2").state(), LoanState::PaidOff);
    close_through(&mut v, "2025-08-01");
    for (on, left) in [("2025-08-02", k(200)), ("2025-08-03", k(200)), ("2025-08-04", k(0))] {
        tend(&mut v, on);
        assert_eq!(provided(&v), left, "{on}");
    }
    assert_eq!(listed(&v, &Entity::Lkm, "l2"), "");
}

/// A loan is not written off with provision that is made on a later day only.
#[test]
fn a_loan_is_not_written_off_before_a_day_on_which_it_was_provided_for() {
    let mut v = of_lkm();
    v.ok(quality(Entity::Lkm, "BA-3/contoh"));
    v.ok_on(provide(), Some("2025-04-12"));
    let minute = "BA-7/contoh".to_owned();
    let off = WriteOffLoan { lender: Entity::Lkm, loan: id("l2"), minute };
    let refusal = v.refused_on(off.clone(), Some("2025-04-11"));
    assert_eq!((refusal.reason, &*refusal.field), (Reason::NotAfterLast, "happened_on"));
    v.ok_on(off, Some("2025-04-12"));
    assert_eq!(v.held("lkm.sp.1291.l2"), k(0));
    assert_eq!(row(&v, &Entity::Lkm, "l2").state(), LoanState::WrittenOff);
}

#[test]
fn what_is_closed_lists_nothing_any_more() {
    let mut v = of_lkm();
    close_through(&mut v, "2025-04-05");
    // Told late of a day long closed: it is found on the first that is not.
    let wish = apply(&Entity::Lkm, "l3", member(1), k(100), 4);
    lend(&mut v, wish, Purse::Place(Place::Vault), "2025-03-01");
    assert_eq!(listed(&v, &Entity::Lkm, "l3"), "2025-04-06");
    let loans = these(&Entity::Lkm, &["l2", "l3"]);
    v.ok_on(TendLoans { day: day("2025-04-06"), loans }, Some("2025-04-06"));
    assert_eq!(listed(&v, &Entity::Lkm, "l3"), "2025-04-30");
}

#[test]
fn a_loan_left_since_or_told_of_a_later_day_is_no_trouble() {
    let mut v = of_lkm();
    let tend = |day| TendLoans { day, loans: these(&Entity::Lkm, &["l1", "l2"]) };
    // A teller is a day ahead of the closing.
    v.ok_on(pay(&Entity::Lkm, "l2", k(4), Purse::Place(Place::Vault)), Some("2025-04-01"));
    let done = v.ok_on(tend(day("2025-03-31")), Some("2025-03-31"));
    assert_eq!(done.entries.len(), 4, "jasa of the other alone, on both sides");
    assert_eq!((v.held("lkm.sp.1223.l1").get(), v.held("a.sp.2312.l1").get()), (967_742, 967_742));
    assert_eq!(listed(&v, &Entity::Lkm, "l2"), "2025-04-01");
    // Again, nothing is left to do.
    assert_eq!(entries(&v.ok_on(tend(day("2025-03-31")), None)), [] as [String; 0]);
}

/// Loans of a KUBE to a member and of the LKM to the KUBE, taken from savings.
fn debited() -> Village {
    let mut v = village();
    fund_vault(&mut v);
    for (lender, loan, borrower, purse) in [
        (kube("a"), "x", member(1), tin()),
        (Entity::Lkm, "l1", Borrower::Group(id("a")), Purse::Kube(counter())),
    ] {
        set_product(&mut v, &lender, terms(Recognition::Cash));
        let wish = apply(&lender, loan, borrower, k(1_000), 10);
        lend(&mut v, ApplyLoan { auto_debit: true, ..wish }, purse, "2025-03-01");
    }
    v
}

fn save(v: &mut Village, amount: Sen) {
    v.ok(Deposit {
        entity: kube("a"),
        member: id("m01"),
        kind: Kind::Voluntary,
        amount,
        place: Place::Cash,
    });
}

#[test]
fn what_is_due_is_taken_from_savings() {
    let mut v = debited();
    save(&mut v, k(100));
    v.ok(BlockSavings { savings: of_member(), block: id("b1"), amount: k(30), reason: Vec::new() });
    v.ok(SaveAtLkm {
        group: id("a"),
        fund: Fund::SimpanPinjam,
        deposit: true,
        amount: k(300),
        kube_place: Place::Cash,
        lkm_place: Place::Vault,
    });
    let loans = vec![(kube("a"), id("x")), (Entity::Lkm, id("l1"))];
    let debit = |day| DebitLoans { day, loans: loans.clone() };
    let done = v.ok_on(debit(day("2025-04-01")), Some("2025-04-01"));
    assert_eq!(
        entries(&done),
        [
            "a.sp Tabungan Anggota [m01] D 70",
            "a.sp Piutang Anggota [x] K 60",
            "a.sp Pendapatan Jasa K 10",
            "lkm.sp Tabungan KUBE [a/sp] D 110",
            "lkm.sp Pinjaman Diberikan [l1] K 100",
            "lkm.sp Pendapatan Jasa K 10",
            "a.sp Pinjaman LKM [l1] D 100",
            "a.sp Beban Jasa Pinjaman D 10",
            "a.sp Tabungan di LKM K 110",
        ]
    );
    let transaction = v.last_request();
    let tend = |day| TendLoans { day, loans: loans.clone() };
    v.ok_on(tend(day("2025-04-01")), None);
    // What is missing is looked for each day, what was taken whole waits for the next due day.
    assert_eq!(listed(&v, &kube("a"), "x"), "2025-04-02");
    assert_eq!(listed(&v, &Entity::Lkm, "l1"), "2025-05-01");
    save(&mut v, k(500));
    let done = v.ok_on(debit(day("2025-04-02")), Some("2025-04-02"));
    assert_eq!(
        entries(&done),
        ["a.sp Tabungan Anggota [m01] D 40", "a.sp Piutang Anggota [x] K 40"]
    );
    v.ok_on(tend(day("2025-04-02")), None);
    assert_eq!(listed(&v, &kube("a"), "x"), "2025-05-01");
    // One line is taken back alone, on both sides.
    v.ok(Reverse { transaction, line: 2 });
    assert_eq!((v.held("lkm.sp.2102.a/sp"), v.held("a.sp.1111")), (k(300), k(300)));
    assert_eq!((v.held("lkm.sp.1222.l1"), v.held("a.sp.1221.x")), (k(1_000), k(900)));
}

/// Ten times what is overdue for each day: after a hundred days the penalty on 90 trillion rupiah is
/// more than money can be.
#[test]
fn a_loan_that_outgrows_money_stops_nothing_else() {
    let mut v = village();
    let lender = kube("a");
    let penalty =
        Penalty { per: PenaltyPer::Day as i32, percent: "1000".to_owned(), ..Penalty::default() };
    let dear = LoanTerms {
        penalty: Some(penalty),
        ..plain_terms(LoanMethod::Flat, LoanFrequency::Weekly, "0")
    };
    let since = day("2025-01-01").get();
    let version = LoanVersion { since, terms: Some(dear), ..LoanVersion::default() };
    v.ok(SetLoanProduct { entity: lender.clone(), product: id("p"), version });
    let huge = Sen::new(9_000_000_000_000_000);
    for (loan, number, amount) in [("x", 1, huge), ("y", 2, k(100))] {
        let wish = apply(&lender, loan, member(number), amount, 1);
        lend(&mut v, ApplyLoan { auto_debit: true, ..wish }, tin(), "2025-01-02");
        let (entity, member) = (lender.clone(), id(&format!("m{number:02}")));
        let (kind, amount, place) = (Kind::Voluntary, k(10), Place::Cash);
        v.ok(Deposit { entity, member, kind, amount, place });
    }
    // Money told of is there, and waits; what is asked is refused.
    let told = v.ok_on(pay(&lender, "x", k(10), tin()), Some("2025-06-01"));
    assert_eq!(flags(&told), [Reason::InSuspense]);
    let (part, amount) = (LoanPart::Penalty, k(1));
    let refused = v.refused(WaiveLoan { lender: lender.clone(), loan: id("x"), part, amount });
    assert_eq!(refused.reason, Reason::Overflow);
    assert_eq!(v.held("a.sp.1221.x"), huge);
    // The closing says so, looks again the next day, and goes on.
    let loans = these(&lender, &["x", "y"]);
    let taken = DebitLoans { day: day("2025-06-01"), loans };
    let taken = v.ok_on(taken, Some("2025-06-01"));
    assert_eq!(flags(&taken), [Reason::Overflow]);
    assert_eq!(listed(&v, &lender, "x"), "2025-06-02");
    // Of 100 and 143 days of ten times that.
    assert_eq!(entries(&taken), ["a.sp Tabungan Anggota [m02] D 10", "a.sp Pendapatan Denda K 10"]);
}

/// What m01 saves with a.
fn of_member() -> Savings {
    Savings { entity: kube("a"), who: Sharer::Member(id("m01")) }
}

/// What a KUBE blocked is not taken for a loan either, be it by the night or by hand: a block that
/// secures the loan is for the LKM to lift, not for the closing to eat up.
#[test]
fn what_a_kube_blocked_pays_no_instalment() {
    let mut v = debited();
    v.ok(SaveAtLkm {
        group: id("a"),
        fund: Fund::SimpanPinjam,
        deposit: true,
        amount: k(300),
        kube_place: Place::Cash,
        lkm_place: Place::Vault,
    });
    let savings = Savings { entity: Entity::Lkm, who: Sharer::Kube(id("a"), Fund::SimpanPinjam) };
    v.ok(BlockSavings { savings, block: id("b1"), amount: k(250), reason: Vec::new() });
    let held = |v: &Village| (v.held("lkm.sp.2102.a/sp"), v.held("a.sp.1111"));
    let loans = these(&Entity::Lkm, &["l1"]);
    v.ok_on(DebitLoans { day: day("2025-04-01"), loans: loans.clone() }, Some("2025-04-01"));
    assert_eq!(held(&v), (k(250), k(250)));
    v.ok_on(TendLoans { day: day("2025-04-01"), loans }, None);
    assert_eq!(listed(&v, &Entity::Lkm, "l1"), "2025-04-02");
    let by_savings = pay(&Entity::Lkm, "l1", k(1), Purse::Kube(Means::Savings));
    assert_eq!(v.refused(by_savings).reason, Reason::Floor);
    assert_eq!(held(&v), (k(250), k(250)));
}

/// Taken back, what was provided by hand is made again by the next closing, which finds the loan.
#[test]
fn provision_taken_back_is_made_by_the_next_closing() {
    let mut v = of_lkm();
    v.ok(quality(Entity::Lkm, "BA-3/contoh"));
    v.ok_on(provide(), Some("2025-08-01"));
    let transaction = v.last_request();
    v.ok_on(pay(&Entity::Lkm, "l2", k(1), Purse::Place(Place::Vault)), Some("2025-08-02"));
    v.ok_on(Reverse { transaction, line: 0 }, Some("2025-08-03"));
    let loan = row(&v, &Entity::Lkm, "l2");
    assert_eq!((provided(&v), loan.state()), (k(0), LoanState::Active));
    assert_eq!(loan.facts.len(), 2, "neither paid nor lent any less");
    close_through(&mut v, "2025-08-02");
    tend(&mut v, "2025-08-03");
    assert!(provided(&v).is_positive());
}
