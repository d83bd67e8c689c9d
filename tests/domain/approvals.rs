//! Four eyes: what waits, who may agree, and that it is decided anew on the state of that day.

use std::sync::Arc;

use simpul::domain::access::{AssignRole, Assignment, Author, EndRole, Role};
use simpul::domain::account::Ledger;
use simpul::domain::approval::{
    ApprovalKind, ApprovalLimit, ApprovalRule, ApprovalState, Approve, Checkers, Expire,
    NoteCheckers, Reject, SetApprovalRules, Withdraw, approval_name,
};
use simpul::domain::cash::{Bearer, CountCash, DecideDifference, Place};
use simpul::domain::chart::Code;
use simpul::domain::confirmation::AnswerReport;
use simpul::domain::decide::{Action, Form};
use simpul::domain::draft::{Draft, Stop};
use simpul::domain::general::{JournalLine, PostJournal};
use simpul::domain::guliran::{Deliver, Receiver};
use simpul::domain::id::{Entity, RequestId, RowName};
use simpul::domain::loan::pay::Disburse;
use simpul::domain::loan::request::{ConfirmLoan, Confirmer, DecideLoan};
use simpul::domain::loan::trouble::WriteOffLoan;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    Approval, ArrivalState, Fund, LoanFrequency, LoanMethod, LoanState,
};
use simpul::domain::record::{Event, Outcome, Record, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::state::{Key, Lookup, State, Value};
use simpul::domain::uep::Channel;

use crate::guliran::{decide, deliver, receive};
use crate::loan_schedule::plain_terms;
use crate::loans::{apply, member, row, set_product, tin};
use crate::transfers::{THERE, hear, said, taken_in};
use crate::village::{Village, day, entries, flags, id, k, kube};

fn as_one(user: &str, role: Role) -> Author {
    Author { role, ..Author::named(user) }
}

/// Runs what a user who signed in asks.
fn asks(v: &mut Village, user: &str, role: Role, action: impl Action + 'static) -> Record {
    let mut command = v.command(action, None);
    command.author = as_one(user, role);
    command.memo = vec![3; 32];
    let method = "/simpul.v1.ContohService/ContohRequest";
    command.form = Form { method, request: vec![1, 2], texts: vec![vec![3; 32], Vec::new()] };
    v.run(&command)
}

/// Runs what another agrees to: as its maker, with the approver named.
fn agrees(
    v: &mut Village,
    asked: &Record,
    (user, role): (&str, Role),
    action: impl Action + 'static,
) -> Record {
    let asked_by = asked.request.clone().expect("a request");
    let checker = as_one(user, role);
    let action = Arc::new(action);
    let mut command = v.command(Approve { asked: asked_by, checker, action }, None);
    command.author = Author { approver: user.to_owned(), ..asked.author.clone() };
    v.run(&command)
}

fn effect(record: &Record) -> &simpul::domain::record::Effect {
    match &record.outcome {
        Outcome::Done(effect) => effect,
        Outcome::Refused(refusal) => panic!("refused: {refusal}"),
    }
}

fn reason(record: &Record) -> Reason {
    match &record.outcome {
        Outcome::Refused(refusal) => refusal.reason,
        Outcome::Done(effect) => panic!("accepted: {effect:?}"),
    }
}

fn waits(record: &Record) -> bool {
    record.event == Event::ApprovalAsked
}

fn approval(v: &Village, asked: &Record) -> Approval {
    let name = approval_name(asked.request.as_ref().expect("a request"));
    match v.state.get(&Key::Row(name)) {
        Some(Value::Row(Some(row))) => match row.as_ref() {
            Row::Approval(row) => row.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn gives(user: &str, role: Role, entity: &str) -> AssignRole {
    let assignment = Assignment {
        role: role as i32,
        entity: entity.to_owned(),
        since: day("2025-01-01").get(),
        ..Assignment::default()
    };
    AssignRole { user: id(user), assignment }
}

fn ends(user: &str, role: Role) -> EndRole {
    EndRole { user: id(user), role, entity: String::new(), member: String::new() }
}

/// A village with the groups a and b, and whoever may agree to something; roles given where nobody
/// signs in wait for nobody.
fn village() -> Village {
    let mut v = Village::new();
    v.group("a");
    v.group("b");
    for (user, role, entity) in [
        ("kepala", Role::Administrator, ""),
        ("manajer", Role::Manager, ""),
        ("wakil", Role::Manager, ""),
        ("ketua-a", Role::Chair, "a"),
        ("bendahara-a", Role::Treasurer, "a"),
        ("ketua-b", Role::Chair, "b"),
        ("teller", Role::Teller, ""),
    ] {
        v.ok(gives(user, role, entity));
    }
    v
}

/// Rules under which a request waits so many days; those for more days hold from a later day on.
fn rules(limits: &[(ApprovalKind, Sen)], days_waiting: u32) -> SetApprovalRules {
    let limit = |(kind, amount): &(ApprovalKind, Sen)| ApprovalLimit {
        kind: *kind as i32,
        amount: amount.get(),
    };
    let limits = limits.iter().map(limit).collect();
    let since = day("2025-01-01").get() + i32::try_from(days_waiting).expect("a few");
    SetApprovalRules { rule: ApprovalRule { since, limits, days_waiting } }
}

fn saves(v: &mut Village, amount: Sen) -> RequestId {
    let (entity, member, place) = (kube("a"), id("m01"), Place::Cash);
    v.ok(Deposit { entity, member, kind: Kind::Voluntary, amount, place });
    v.last_request()
}

fn takes_back(transaction: &RequestId) -> Reverse {
    Reverse { transaction: transaction.clone(), line: 0 }
}

#[test]
fn what_one_asks_another_agrees_to() {
    let mut v = village();
    let saved = saves(&mut v, k(50));
    v.today = day("2026-01-02");
    let asked = asks(&mut v, "teller", Role::Teller, takes_back(&saved));
    assert!(waits(&asked) && effect(&asked).entries.is_empty());
    assert_eq!(v.held("a.sp.2103.m01"), k(50), "nothing has happened");
    let row = approval(&v, &asked);
    assert_eq!((row.kind(), row.state()), (ApprovalKind::Reversal, ApprovalState::Waiting));
    assert_eq!(
        (row.maker.as_str(), row.role(), row.entity.as_str()),
        ("teller", Role::Teller, "a")
    );
    assert_eq!((row.request.as_slice(), row.amount), ([1, 2].as_slice(), k(50).get()));
    assert_eq!([row.asked_on, row.expires_on - row.asked_on], [day("2026-01-02").get(), 7]);
    // The sealed memo is kept for as long as it may be needed.
    assert!(effect(&asked).commitments().any(|commitment| *commitment == vec![3; 32]));

    let done = agrees(&mut v, &asked, ("ketua-a", Role::Chair), takes_back(&saved));
    assert_eq!(done.event, Event::Reversed);
    assert_eq!((done.author.actor.as_str(), done.author.approver.as_str()), ("teller", "ketua-a"));
    assert_eq!(entries(effect(&done)), ["a.sp Kas K 50", "a.sp Tabungan Anggota [m01] D 50"],);
    let row = approval(&v, &asked);
    assert_eq!((row.state(), row.decided_by.as_str()), (ApprovalState::Approved, "ketua-a"));
    assert_eq!(Some(row.decision.as_str()), done.request.as_ref().map(RequestId::as_str));
    // Of two who decide at once the second hears so.
    let late = agrees(&mut v, &asked, ("manajer", Role::Manager), takes_back(&saved));
    assert_eq!(reason(&late), Reason::ApprovalDecided);
    let late = asks(&mut v, "manajer", Role::Manager, reject(&asked));
    assert_eq!(reason(&late), Reason::ApprovalDecided);
    let late = asks(&mut v, "teller", Role::Teller, withdraw(&asked));
    assert_eq!(reason(&late), Reason::ApprovalDecided);
    // All of it follows from the records.
    let mut again = Village { state: State::default(), records: Vec::new(), ..village() };
    v.records.iter().for_each(|record| again.replay(record.clone()));
    assert_eq!(approval(&again, &asked), row);
    assert_eq!(again.held("a.sp.2103.m01"), Sen::ZERO);
}

fn reject(asked: &Record) -> Reject {
    Reject { asked: asked.request.clone().expect("a request"), reason: vec![5; 32] }
}

fn withdraw(asked: &Record) -> Withdraw {
    Withdraw { asked: asked.request.clone().expect("a request") }
}

#[test]
fn nobody_agrees_to_what_they_asked_or_what_is_about_them() {
    let mut v = village();
    let asked = asks(&mut v, "manajer", Role::Manager, rules(&[], 3));
    assert!(waits(&asked));
    let own = agrees(&mut v, &asked, ("manajer", Role::Manager), rules(&[], 3));
    assert_eq!(reason(&own), Reason::OwnRequest);
    assert_eq!(reason(&asks(&mut v, "manajer", Role::Manager, reject(&asked))), Reason::OwnRequest);
    assert_eq!(approval(&v, &asked).state(), ApprovalState::Waiting);
    // The one who stands in for the maker is another person.
    let done = agrees(&mut v, &asked, ("wakil", Role::Manager), rules(&[], 3));
    assert!(effect(&done).flags.is_empty());

    let asked = asks(&mut v, "kepala", Role::Administrator, ends("wakil", Role::Manager));
    let about = agrees(&mut v, &asked, ("wakil", Role::Manager), ends("wakil", Role::Manager));
    assert_eq!(reason(&about), Reason::OwnRole);
    let done = agrees(&mut v, &asked, ("manajer", Role::Manager), ends("wakil", Role::Manager));
    assert_eq!(done.event, Event::RoleAssigned);
    // Whose role has ended agrees to nothing more.
    let asked = asks(&mut v, "manajer", Role::Manager, rules(&[], 4));
    assert!(waits(&asked), "the administrator could agree");
    let former = agrees(&mut v, &asked, ("wakil", Role::Manager), rules(&[], 4));
    assert_eq!(reason(&former), Reason::NotAChecker);
}

#[test]
fn who_agrees_holds_the_role_where_it_matters() {
    let mut v = village();
    let saved = saves(&mut v, k(50));
    v.today = day("2026-01-02");
    let asked = asks(&mut v, "teller", Role::Teller, takes_back(&saved));
    for (user, role) in [
        ("ketua-b", Role::Chair),
        ("kepala", Role::Administrator),
        ("teller-2", Role::Manager),
        // Nobody signed in: whoever they say they are.
        ("ketua-a", Role::Unspecified),
    ] {
        let refused = agrees(&mut v, &asked, (user, role), takes_back(&saved));
        assert_eq!(reason(&refused), Reason::NotAChecker, "{user}");
    }
    let rejected = asks(&mut v, "bendahara-a", Role::Treasurer, reject(&asked));
    assert_eq!(rejected.event, Event::ApprovalRejected);
    let row = approval(&v, &asked);
    assert_eq!((row.state(), row.decided_by.as_str()), (ApprovalState::Rejected, "bendahara-a"));
    assert_eq!(row.reason, vec![5; 32]);
    // Matters of access are the administrators' and managers', also where a group is meant.
    let gift = || gives("bendahara-b", Role::Treasurer, "b");
    let asked = asks(&mut v, "kepala", Role::Administrator, gift());
    let refused = agrees(&mut v, &asked, ("ketua-b", Role::Chair), gift());
    assert_eq!(reason(&refused), Reason::NotAChecker);
    // Who manages the server's access holds no role in the book.
    let server = agrees(&mut v, &asked, ("penyelia", Role::Administrator), gift());
    assert_eq!(server.author.approver, "penyelia");
}

#[test]
fn who_is_alone_begins_and_the_record_says_so() {
    let mut v = Village::new();
    let done = asks(&mut v, "kepala", Role::Administrator, gives("manajer", Role::Manager, ""));
    assert_eq!(
        (done.event, flags(effect(&done))),
        (Event::RoleAssigned, vec![Reason::NoSecondPerson])
    );
    // From now on there is one who can agree; nobody but whom it is about does not count.
    assert!(waits(&asks(&mut v, "kepala", Role::Administrator, gives("t", Role::Teller, ""))));
    let again = asks(&mut v, "kepala", Role::Administrator, ends("manajer", Role::Manager));
    assert_eq!(flags(effect(&again)), [Reason::NoSecondPerson]);
    // A role that holds no longer does not count either.
    let done = asks(&mut v, "kepala", Role::Administrator, gives("t", Role::Teller, ""));
    assert_eq!(flags(effect(&done)), [Reason::NoSecondPerson]);
    // In a group's own matters its officers count, those of other groups do not.
    v.group("a");
    v.group("b");
    let saved = saves(&mut v, k(50));
    v.today = day("2026-01-02");
    v.ok(gives("ketua-b", Role::Chair, "b"));
    let done = asks(&mut v, "t", Role::Teller, takes_back(&saved));
    assert_eq!(flags(effect(&done)), [Reason::NoSecondPerson]);
    let saved = saves(&mut v, k(50));
    v.today = day("2026-01-05");
    v.ok(gives("ketua-a", Role::Chair, "a"));
    assert!(waits(&asks(&mut v, "t", Role::Teller, takes_back(&saved))));
}

#[test]
fn nothing_waits_where_nobody_signs_in() {
    let mut v = village();
    let saved = saves(&mut v, k(50));
    v.today = day("2026-02-01");
    let done = v.ok(takes_back(&saved));
    assert!(done.flags.is_empty() && done.entries.len() == 2);
}

#[test]
fn a_reversal_waits_when_it_is_old_or_large() {
    let mut v = village();
    // Without a limit no amount is large.
    let saved = saves(&mut v, k(9_000));
    assert!(!waits(&asks(&mut v, "teller", Role::Teller, takes_back(&saved))));
    v.ok(rules(&[(ApprovalKind::Reversal, k(50))], 3));
    for (amount, expected) in [
        (k(50).minus(Sen::new(1)).expect("fits"), false),
        (k(50), false),
        (k(50).plus(Sen::new(1)).expect("fits"), true),
    ] {
        let saved = saves(&mut v, amount);
        let asked = asks(&mut v, "teller", Role::Teller, takes_back(&saved));
        assert_eq!(waits(&asked), expected, "{amount:?}");
    }
    // Recorded on the last day of the year: not old on the next, but on the one after it.
    for (today, expected) in [("2026-01-01", false), ("2026-01-02", true)] {
        v.today = day("2025-12-31");
        let saved = saves(&mut v, k(1));
        v.today = day(today);
        let asked = asks(&mut v, "teller", Role::Teller, takes_back(&saved));
        assert_eq!(waits(&asked), expected, "{today}");
    }
}

#[test]
fn what_waits_is_decided_on_the_state_of_that_day() {
    let mut v = village();
    let saved = saves(&mut v, k(50));
    v.today = day("2026-01-02");
    let first = asks(&mut v, "teller", Role::Teller, takes_back(&saved));
    let second = asks(&mut v, "teller", Role::Teller, takes_back(&saved));
    assert!(waits(&first) && waits(&second));
    effect(&agrees(&mut v, &first, ("ketua-a", Role::Chair), takes_back(&saved)));
    let refused = agrees(&mut v, &second, ("ketua-a", Role::Chair), takes_back(&saved));
    assert_eq!(reason(&refused), Reason::AlreadyReversed);
    assert_eq!(refused.author.approver, "ketua-a");
    assert_eq!(approval(&v, &second).state(), ApprovalState::Waiting, "it goes on waiting");
    // What makes no sense is refused at once.
    let nonsense = asks(&mut v, "teller", Role::Teller, takes_back(&saved));
    assert_eq!(reason(&nonsense), Reason::AlreadyReversed);
}

/// Of the same day, and however little it is.
#[test]
fn what_goes_back_to_another_book_waits() {
    let mut v = village();
    let saved = saves(&mut v, k(50));
    assert!(!waits(&asks(&mut v, "manajer", Role::Manager, takes_back(&saved))));
    v.ok(taken_in());
    let receipt = v.last_request();
    let dispute = Some(vec![3; 32]);
    let answer = AnswerReport { group: id("a"), report: receipt.clone(), dispute };
    asks(&mut v, "bendahara-a", Role::Treasurer, answer);
    let asked = asks(&mut v, "manajer", Role::Manager, takes_back(&receipt));
    assert!(waits(&asked) && effect(&asked).entries.is_empty());
    assert_eq!(approval(&v, &asked).kind(), ApprovalKind::Reversal);
    let done = agrees(&mut v, &asked, ("wakil", Role::Manager), takes_back(&receipt));
    assert_eq!((done.event, effect(&done).entries.len()), (Event::Reversed, 6));
}

/// That it was sent back may be said by a file alone, which one person brings.
#[test]
fn what_another_book_sent_back_is_taken_back_by_two() {
    let mut v = village();
    v.ok(receive("a", "g", Channel::Lkm(k(10_000))));
    v.ok(decide("a", "g", 5_000));
    v.ok(deliver("a", "g", "p", Receiver::OtherBook(THERE.to_owned()), 2_000));
    let delivered = v.last_request();
    v.ok(hear(said(ArrivalState::Disputed, true, 9)));
    let asked = asks(&mut v, "manajer", Role::Manager, takes_back(&delivered));
    assert!(waits(&asked) && effect(&asked).entries.is_empty());
    let done = agrees(&mut v, &asked, ("wakil", Role::Manager), takes_back(&delivered));
    assert_eq!((done.event, effect(&done).entries.len()), (Event::Reversed, 6));
}

#[test]
fn what_nobody_decides_in_time_lapses() {
    let mut v = village();
    v.ok(rules(&[], 3));
    let asked = asks(&mut v, "manajer", Role::Manager, rules(&[], 9));
    let other = asks(&mut v, "manajer", Role::Manager, rules(&[], 8));
    assert_eq!(approval(&v, &asked).expires_on, day("2026-01-03").get());
    v.today = day("2026-01-04");
    let late = agrees(&mut v, &asked, ("wakil", Role::Manager), rules(&[], 9));
    assert_eq!(reason(&late), Reason::ApprovalExpired);
    let late = asks(&mut v, "wakil", Role::Manager, reject(&asked));
    assert_eq!(reason(&late), Reason::ApprovalExpired);
    // It is not taken back either; the server records that it has expired, once.
    let late = asks(&mut v, "manajer", Role::Manager, withdraw(&asked));
    assert_eq!(reason(&late), Reason::ApprovalExpired);
    let expire = |asked: &Record| Expire { asked: asked.request.clone().expect("a request") };
    let expired = v.ok(expire(&asked));
    assert!(expired.entries.is_empty());
    assert_eq!(approval(&v, &asked).state(), ApprovalState::Expired);
    assert_eq!(v.refused(expire(&asked)).reason, Reason::ApprovalExpired);
    let late = agrees(&mut v, &asked, ("wakil", Role::Manager), rules(&[], 9));
    assert_eq!(reason(&late), Reason::ApprovalExpired);
    // On the last day it can be agreed to.
    v.today = day("2026-01-03");
    assert_eq!(v.refused(expire(&other)).reason, Reason::DateInFuture);
    let done = agrees(&mut v, &other, ("wakil", Role::Manager), rules(&[], 8));
    assert_eq!(done.event, Event::RuleSet);
}

#[test]
fn loans_wait_above_the_limit_as_a_whole() {
    let mut v = village();
    let terms = plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1");
    set_product(&mut v, &kube("a"), terms);
    v.ok(rules(&[(ApprovalKind::LoanApproval, k(999)), (ApprovalKind::Disbursement, k(999))], 3));
    for (loan, number) in [("x1", 1), ("x2", 2)] {
        v.ok(apply(&kube("a"), loan, member(number), k(1_000), 10));
        v.ok(ConfirmLoan {
            lender: kube("a"),
            loan: id(loan),
            by: Confirmer::default(),
            paper: false,
        });
    }
    let decides = |loan: &str, approve: bool, amount: Option<Sen>| DecideLoan {
        lender: kube("a"),
        loan: id(loan),
        approve,
        amount,
        minute: "BA-1/contoh".to_owned(),
    };
    let asked = asks(&mut v, "ketua-a", Role::Chair, decides("x1", true, None));
    assert!(waits(&asked));
    assert_eq!(approval(&v, &asked).kind(), ApprovalKind::LoanApproval);
    assert_eq!(row(&v, &kube("a"), "x1").state(), LoanState::Applied);
    // To cut it down to the limit, or to turn it down, needs nobody else.
    assert!(!waits(&asks(&mut v, "ketua-a", Role::Chair, decides("x2", true, Some(k(999))))));
    let done = agrees(&mut v, &asked, ("bendahara-a", Role::Treasurer), decides("x1", true, None));
    assert_eq!(done.event, Event::LoanDecided);
    let pays = |loan: &str, amount: Option<Sen>| Disburse {
        lender: kube("a"),
        loan: id(loan),
        amount,
        fee_beside: false,
        purse: tin(),
    };
    // A small part of a large loan is not small.
    let tranche = || pays("x1", Some(k(1)));
    assert!(waits(&asks(&mut v, "bendahara-a", Role::Treasurer, tranche())));
    assert!(!waits(&asks(&mut v, "bendahara-a", Role::Treasurer, pays("x2", None))));
    let loss = WriteOffLoan { lender: kube("a"), loan: id("x2"), minute: "BA-2".to_owned() };
    let asked = asks(&mut v, "ketua-a", Role::Chair, loss);
    assert!(waits(&asked), "whatever the amount");
    assert_eq!(approval(&v, &asked).kind(), ApprovalKind::WriteOff);
}

#[test]
fn a_delegate_stands_in_for_who_holds_the_role() {
    let mut v = village();
    let delegate = |user: &str, role: Role, stands_in_for: &str| {
        let AssignRole { user, assignment } = gives(user, role, "");
        let until = Some(day("2026-01-31").get());
        let stands_in_for = stands_in_for.to_owned();
        AssignRole { user, assignment: Assignment { until, stands_in_for, ..assignment } }
    };
    for (user, role, absent) in [
        ("baru", Role::Manager, "teller"),
        ("baru", Role::Manager, "tidak-ada"),
        ("baru", Role::Bookkeeper, "manajer"),
        ("baru", Role::Manager, "baru"),
    ] {
        let refused = v.refused(delegate(user, role, absent));
        assert_eq!((refused.reason, refused.field.as_str()), (Reason::NotHolder, "stands_in_for"));
    }
    v.ok(delegate("baru", Role::Manager, "manajer"));
    // They are two persons to four eyes.
    let asked = asks(&mut v, "baru", Role::Manager, rules(&[], 3));
    let done = agrees(&mut v, &asked, ("manajer", Role::Manager), rules(&[], 3));
    assert_eq!(done.author.actor, "baru");
}

#[test]
fn guliran_waits_unless_it_has_been_handed_over() {
    let mut v = village();
    v.ok(receive("a", "g", Channel::Lkm(k(10_000))));
    let decides = || decide("a", "g", 1_000);
    let asked = asks(&mut v, "ketua-a", Role::Chair, decides());
    assert!(waits(&asked));
    let done = agrees(&mut v, &asked, ("bendahara-a", Role::Treasurer), decides());
    assert_eq!(done.event, Event::GuliranDecided);
    let delivers = |pass: &str, reported: bool| {
        let to = Receiver::Group(id("b"), id(pass));
        Deliver { reported, ..deliver("a", "g", pass, to, 100) }
    };
    assert!(waits(&asks(&mut v, "teller", Role::Teller, delivers("p1", false))));
    let told = asks(&mut v, "teller", Role::Teller, delivers("p2", true));
    assert_eq!(told.event, Event::GuliranDelivered);
    assert!(!effect(&told).entries.is_empty() && effect(&told).flags.is_empty());
}

/// A line of the LKM's general journal.
fn line(code: Code, amount: i64) -> JournalLine {
    let ledger = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
    JournalLine { account: ledger.account(code), amount: k(amount) }
}

fn posts(lines: &[(Code, i64)]) -> PostJournal {
    PostJournal { lines: lines.iter().map(|(code, amount)| line(*code, *amount)).collect() }
}

#[test]
fn a_journal_waits_where_it_gives_up_a_claim() {
    let mut v = village();
    for (lines, expected) in [
        (vec![(Code::OtherReceivable, 90), (Code::OtherIncome, -90)], false),
        (vec![(Code::Bank, 10), (Code::OtherReceivable, -10)], false),
        (vec![(Code::OtherPayable, 10), (Code::OtherReceivable, -10)], false),
        (vec![(Code::OtherExpense, 10), (Code::Bank, -10)], false),
        (vec![(Code::OtherExpense, 10), (Code::OtherReceivable, -10)], true),
        (vec![(Code::Bank, 9), (Code::OtherExpense, 1), (Code::OtherReceivable, -10)], true),
        (vec![(Code::Reserve, 0), (Code::Surplus, 10), (Code::OtherReceivable, -10)], true),
        (vec![(Code::OtherIncome, 10), (Code::OtherReceivable, -10)], true),
    ] {
        let lines: Vec<_> = lines.into_iter().filter(|(_, amount)| *amount != 0).collect();
        let asked = asks(&mut v, "manajer", Role::Manager, posts(&lines));
        assert_eq!(waits(&asked), expected, "{lines:?}: {:?}", asked.outcome);
        if expected {
            assert_eq!(approval(&v, &asked).kind(), ApprovalKind::WriteOff);
        }
    }
}

#[test]
fn missing_cash_that_nobody_is_held_to_waits() {
    let mut v = village();
    saves(&mut v, k(50));
    let place = Place::Cash;
    v.ok(CountCash { entity: kube("a"), place, counted: k(40) });
    let decide =
        |bearer| DecideDifference { entity: kube("a"), amount: k(4), bearer, drawer: None };
    let held = || decide(Bearer::Officer(id("m02")));
    assert!(!waits(&asks(&mut v, "bendahara-a", Role::Treasurer, held())));
    let given_up = || decide(Bearer::Entity);
    let asked = asks(&mut v, "bendahara-a", Role::Treasurer, given_up());
    assert!(waits(&asked) && approval(&v, &asked).kind() == ApprovalKind::WriteOff);
    let done = agrees(&mut v, &asked, ("ketua-a", Role::Chair), given_up());
    assert_eq!(entries(effect(&done)), ["a.umum Beban Selisih Kas D 4", "a.umum Selisih Kas K 4"]);
}

/// Writes rows as they were before who may agree was noted.
#[derive(Clone, Debug)]
struct Forget;

impl Action for Forget {
    fn event(&self) -> Event {
        Event::RoleAssigned
    }

    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        for entity in ["lkm", "a", "b"] {
            draft.put(RowName::new("checkers", entity), Row::Checkers(Checkers::default()));
        }
        Ok(())
    }
}

#[test]
fn who_may_agree_is_noted_where_it_was_not() {
    let mut v = village();
    v.ok(Forget);
    let gives = || gives("kolektor", Role::Collector, "");
    let passed = asks(&mut v, "kepala", Role::Administrator, gives());
    assert_eq!(flags(effect(&passed)), [Reason::NoSecondPerson], "nobody was found");
    let users = ["kepala", "manajer", "wakil", "ketua-a", "bendahara-a", "ketua-b", "teller", "x"];
    let noted = v.ok(NoteCheckers { users: users.map(id).to_vec() });
    let row = |entity: &str, users: &[&str]| {
        let users = users.iter().map(ToString::to_string).collect();
        (RowName::new("checkers", entity), Row::Checkers(Checkers { users }))
    };
    assert_eq!(
        noted.rows,
        [
            row("a", &["ketua-a", "bendahara-a"]),
            row("b", &["ketua-b"]),
            row("lkm", &["kepala", "manajer", "wakil"]),
        ]
    );
    assert!(waits(&asks(&mut v, "kepala", Role::Administrator, ends("kolektor", Role::Collector))));
}

#[test]
fn who_decided_is_kept_with_device_and_role() {
    let mut v = village();
    let asked = asks(&mut v, "manajer", Role::Manager, rules(&[], 3));
    let asked_by = asked.request.clone().expect("a request");
    let checker = Author { device: "telepon-7".to_owned(), ..as_one("wakil", Role::Manager) };
    let action = Arc::new(rules(&[], 3));
    let mut command = v.command(Approve { asked: asked_by, checker, action }, None);
    command.author = Author { approver: "wakil".to_owned(), ..asked.author.clone() };
    v.run(&command);
    let row = approval(&v, &asked);
    assert_eq!(
        (row.decided_by.as_str(), row.decided_device.as_str(), row.decided_role()),
        ("wakil", "telepon-7", Role::Manager)
    );
}
