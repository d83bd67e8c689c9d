//! Guliran, event by event: exact entries in both ledgers, refusals, and what reversals take back.

use simpul::domain::block::BlockSavings;
use simpul::domain::cash::Place;
use simpul::domain::dormancy::Savings;
use simpul::domain::draft::grant_name;
use simpul::domain::guliran::{
    Confirm, Decide, Deliver, Excuse, Item, Lend, Receiver, Release, RepayLoan, SetRule,
    in_transit, oldest_open, owed, pass_name,
};
use simpul::domain::id::Entity;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{
    self, BudgetSource, LossCause, LotKind, PassChannel, PassState,
};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::surplus::Sharer;
use simpul::domain::trade::Born;
use simpul::domain::uep::{
    AcceptLpj, Channel, LoseCapital, Loss, Papers, ReceiveGrant, ReturnGrant, SetPlan, uep_ledger,
};

use crate::village::{Village, day, entries, flags, id, k, kube};

/// Groups a, b and c; a holds 10.000 in savings at the LKM from the grant g.
fn village() -> Village {
    let mut v = Village::new();
    for group in ["a", "b", "c"] {
        v.group(group);
    }
    v.ok(receive("a", "g", Channel::Lkm(k(10_000))));
    v
}

pub fn receive(group: &str, grant: &str, channel: Channel) -> ReceiveGrant {
    ReceiveGrant {
        group: id(group),
        grant: id(grant),
        source: BudgetSource::Apbn,
        papers: Papers { programme: "APBN contoh".to_owned(), ..Papers::default() },
        restricted: false,
        channel,
    }
}

pub fn decide(group: &str, grant: &str, amount: i64) -> Decide {
    Decide { group: id(group), grant: id(grant), amount: Some(k(amount)), due_on: None }
}

pub fn deliver(group: &str, grant: &str, pass: &str, receiver: Receiver, cash: i64) -> Deliver {
    Deliver {
        group: id(group),
        grant: id(grant),
        pass: id(pass),
        receiver,
        channel: PassChannel::Savings,
        cash: k(cash),
        items: Vec::new(),
        before_books: false,
        reported: false,
    }
}

fn to(group: &str, grant: &str) -> Receiver {
    Receiver::Group(id(group), id(grant))
}

fn grant_row(v: &Village, group: &str, grant: &str) -> proto::Grant {
    match v.state.get(&Key::Row(grant_name(&id(group), &id(grant)))) {
        Some(Value::Row(Some(row))) => match &**row {
            Row::Grant(row) => row.clone(),
            other => panic!("not a grant: {other:?}"),
        },
        other => panic!("no grant: {other:?}"),
    }
}

fn pass_row(v: &Village, group: &str, pass: &str) -> proto::Pass {
    match v.state.get(&Key::Row(pass_name(&id(group), &id(pass)))) {
        Some(Value::Row(Some(row))) => match &**row {
            Row::Pass(row) => row.clone(),
            other => panic!("not a pass: {other:?}"),
        },
        other => panic!("no pass: {other:?}"),
    }
}

fn reverse(v: &mut Village) -> simpul::domain::record::Effect {
    let transaction = v.last_request();
    v.ok(Reverse { transaction, line: 0 })
}

#[test]
fn event_46_decided_by_minute_or_by_the_groups_rule() {
    let mut v = village();
    let by_rule = Decide { amount: None, ..decide("a", "g", 0) };
    assert_eq!(v.refused(by_rule.clone()).reason, Reason::NoGuliranRule);
    v.ok(SetRule {
        group: id("a"),
        since: day("2025-01-01"),
        share_percent: "12.5".parse().unwrap(),
        due_months: 12,
    });
    assert_eq!(
        entries(&v.ok(by_rule.clone())),
        [
            "a.uep Modal Hibah [g] D 1250",
            "a.uep Antar Dana [guliran] K 1250",
            "a.guliran Antar Dana [uep] D 1250",
            "a.guliran Kewajiban Guliran [g] K 1250",
        ]
    );
    assert_eq!(grant_row(&v, "a", "g").obligations[0].due_on, day("2026-01-01").get());
    assert_eq!(v.refused(by_rule).reason, Reason::ObligationExceeded);
    assert_eq!(v.refused(decide("a", "g", 8_751)).reason, Reason::GrantExceeded);
    v.ok(decide("a", "g", 8_750));
    assert_eq!(owed(&grant_row(&v, "a", "g")).unwrap(), k(10_000));
    reverse(&mut v);
    assert_eq!(owed(&grant_row(&v, "a", "g")).unwrap(), k(1_250));
}

#[test]
fn event_46_waits_until_the_lpj_is_accepted() {
    let mut v = village();
    v.ok(ReceiveGrant { restricted: true, ..receive("b", "h", Channel::Bank(k(100))) });
    assert_eq!(v.refused(decide("b", "h", 10)).reason, Reason::GrantRestricted);
}

#[test]
fn event_47_to_a_group_through_savings_and_in_kind() {
    let mut v = village();
    let ledger = uep_ledger(&id("a"));
    v.ok(Born { ledger, lot: id("anak"), label: "babi".to_owned(), heads: 3 });
    v.ok(decide("a", "g", 6_000));
    let piglets =
        Item { lot: id("anak"), quantity_milli: 2_000, value: k(900), new_lot: Some(id("bibit")) };
    let pass = Deliver { items: vec![piglets], ..deliver("a", "g", "p", to("b", "dari-a"), 4_000) };
    assert_eq!(
        entries(&v.ok(pass)),
        [
            "a.guliran Kewajiban Guliran [g] D 4900",
            "a.guliran Antar Dana [uep] K 4900",
            "a.uep Antar Dana [guliran] D 4000",
            "a.uep Tabungan di LKM K 4000",
            "lkm.sp Tabungan KUBE [a/uep] D 4000",
            "lkm.sp Tabungan KUBE [b/uep] K 4000",
            "a.uep Antar Dana [guliran] D 900",
            "a.uep Selisih Nilai Guliran K 900",
            "b.uep Tabungan di LKM D 4000",
            "b.uep Modal Guliran [dari-a] K 4000",
            "b.uep Ternak [bibit] D 900",
            "b.uep Modal Guliran [dari-a] K 900",
        ]
    );
    let received = grant_row(&v, "b", "dari-a");
    assert_eq!(received.origin.unwrap().ancestors, ["groups/a/grants/g"]);
    let before = v.balances();
    v.ok(decide("b", "dari-a", 100));
    let in_use = v.last_request();
    v.ok(Reverse { transaction: in_use, line: 0 });
    assert_eq!(v.balances(), before);
}

#[test]
fn event_47_below_cost_stands_in_the_difference() {
    let mut v = village();
    let goat = NewLot {
        lot: id("kambing"),
        kind: LotKind::Livestock,
        label: "kambing".to_owned(),
        unit: "ekor".to_owned(),
        quantity_milli: 1_000,
        cost: k(1_000),
    };
    v.ok(receive("a", "kind", Channel::InKind(vec![goat])));
    v.ok(decide("a", "kind", 800));
    let item = Item { lot: id("kambing"), quantity_milli: 1_000, value: k(800), new_lot: None };
    let family = Receiver::Family(vec![7; 32]);
    let pass = Deliver { items: vec![item], ..deliver("a", "kind", "keluarga", family, 0) };
    assert_eq!(
        entries(&v.ok(pass)),
        [
            "a.guliran Kewajiban Guliran [kind] D 800",
            "a.guliran Antar Dana [uep] K 800",
            "a.uep Antar Dana [guliran] D 1000",
            "a.uep Ternak [kambing] K 1000",
            "a.uep Selisih Nilai Guliran D 200",
            "a.uep Antar Dana [guliran] K 200",
        ]
    );
    assert_eq!(pass_row(&v, "a", "keluarga").arrivals[0].amount, k(800).get());
}

#[test]
fn event_47_through_the_pool_and_out_of_it_in_parts() {
    let mut v = village();
    v.ok(decide("a", "g", 3_000));
    assert_eq!(
        entries(&v.ok(deliver("a", "g", "kolam", Receiver::Pool, 3_000)))[2..],
        [
            "a.uep Antar Dana [guliran] D 3000",
            "a.uep Tabungan di LKM K 3000",
            "lkm.sp Tabungan KUBE [a/uep] D 3000",
            "lkm.sp Dana Guliran [a/kolam] K 3000",
        ]
    );
    let release = |receiver: &str, grant: &str, amount| Release {
        giver: id("a"),
        pass: id("kolam"),
        receiver: id(receiver),
        grant: id(grant),
        amount: k(amount),
    };
    assert_eq!(v.refused(release("a", "balik", 1_000)).reason, Reason::PassToSelf);
    assert_eq!(v.refused(release("b", "dari-a", 3_001)).reason, Reason::NothingInTransit);
    assert_eq!(
        entries(&v.ok(release("b", "dari-a", 1_000))),
        [
            "lkm.sp Dana Guliran [a/kolam] D 1000",
            "lkm.sp Tabungan KUBE [b/uep] K 1000",
            "b.uep Tabungan di LKM D 1000",
            "b.uep Modal Guliran [dari-a] K 1000",
        ]
    );
    v.ok(release("c", "dari-a", 2_000));
    assert_eq!(v.refused(release("c", "lagi", 1)).reason, Reason::NothingInTransit);
    let out = v.records.iter().rev().find(|record| {
        record.event == simpul::domain::record::Event::GuliranReleased
            && matches!(record.outcome, simpul::domain::record::Outcome::Done(_))
    });
    let transaction = out.and_then(|record| record.request.clone()).unwrap();
    v.ok(Reverse { transaction, line: 0 });
    v.ok(release("c", "lagi", 2_000));
    assert!(grant_row(&v, "c", "dari-a").reversed);
}

#[test]
fn a_pass_is_refused_by_the_rule_it_breaks() {
    let mut v = village();
    v.ok(decide("a", "g", 3_000));
    let refused = v.refused(deliver("a", "g", "p", to("b", "x"), 3_001));
    assert_eq!(refused.reason, Reason::ObligationExceeded);
    assert_eq!(v.refused(deliver("a", "g", "p", to("a", "x"), 1)).reason, Reason::PassToSelf);
    assert_eq!(v.refused(deliver("a", "g", "p", to("z", "x"), 1)).reason, Reason::NotFound);
    let by_hand =
        Deliver { channel: PassChannel::Cash, ..deliver("a", "g", "p", Receiver::Pool, 1) };
    assert_eq!(v.refused(by_hand).reason, Reason::PoolTakesMoney);
    v.ok(deliver("a", "g", "p", to("b", "dari-a"), 3_000));
    v.ok(decide("b", "dari-a", 2_000));
    v.ok(deliver("b", "dari-a", "q", to("c", "dari-b"), 2_000));
    v.ok(decide("c", "dari-b", 1_000));
    let circle = v.refused(deliver("c", "dari-b", "r", to("a", "pulang"), 500));
    assert_eq!(circle.reason, Reason::PassInCircle);
}

#[test]
fn a_pass_told_as_done_waits_for_review_and_moves_no_capital() {
    let mut v = village();
    let told = Deliver {
        channel: PassChannel::Cash,
        reported: true,
        ..deliver("a", "g", "tanpa-keputusan", to("b", "x"), 500)
    };
    let effect = v.ok(told);
    assert!(flags(&effect).contains(&Reason::ForReview), "{effect:?}");
    assert!(flags(&effect).contains(&Reason::InSuspense), "{effect:?}");
    let row = pass_row(&v, "a", "tanpa-keputusan");
    assert_eq!((row.state(), row.broken.as_str()), (PassState::Review, "OBLIGATION_EXCEEDED"));
    assert_eq!(v.held("a.uep.3101.g"), k(10_000));
    reverse(&mut v);
    assert_eq!(pass_row(&v, "a", "tanpa-keputusan").state(), PassState::Reversed);
    assert_eq!(v.held("a.uep.1101"), Sen::ZERO);
}

#[test]
fn a_receiver_confirms_or_disputes_once_it_is_there() {
    let mut v = village();
    v.ok(decide("a", "g", 1_000));
    v.ok(deliver("a", "g", "p", to("b", "dari-a"), 1_000));
    let confirm = |receiver: &str, arrived| Confirm {
        giver: id("a"),
        pass: id("p"),
        receiver: id(receiver),
        arrived,
    };
    assert_eq!(v.refused(confirm("c", true)).reason, Reason::NothingToConfirm);
    v.ok(confirm("b", false));
    v.ok(confirm("b", true));
    assert_eq!(v.refused(confirm("b", false)).reason, Reason::NothingToConfirm);
}

#[test]
fn a_reversed_pass_returns_what_has_not_been_used() {
    let mut v = village();
    v.ok(decide("a", "g", 3_000));
    let before = v.balances();
    v.ok(deliver("a", "g", "p", to("b", "dari-a"), 3_000));
    let pass = v.last_request();
    v.ok(decide("b", "dari-a", 1_000));
    let blocked = v.refused(Reverse { transaction: pass.clone(), line: 0 });
    assert_eq!(blocked.reason, Reason::ReversalBlocked);
    // What the receiver did is undone first; then the pass can be.
    let used = v
        .records
        .iter()
        .rev()
        .find(|record| record.event == simpul::domain::record::Event::GuliranDecided);
    let used = used.and_then(|record| record.request.clone()).unwrap();
    v.ok(Reverse { transaction: used, line: 0 });
    v.ok(Reverse { transaction: pass, line: 0 });
    assert_eq!(v.balances(), before);
    assert!(grant_row(&v, "b", "dari-a").reversed);
    assert_eq!(grant_row(&v, "a", "g").passed, 0);
}

#[test]
fn event_48_excused_stays_the_groups() {
    let mut v = village();
    v.ok(decide("a", "g", 3_000));
    let excuse = |amount| Excuse { group: id("a"), grant: id("g"), amount: k(amount) };
    assert_eq!(v.refused(excuse(3_001)).reason, Reason::ObligationExceeded);
    assert_eq!(
        entries(&v.ok(excuse(1_000))),
        [
            "a.guliran Kewajiban Guliran [g] D 1000",
            "a.guliran Antar Dana [uep] K 1000",
            "a.uep Antar Dana [guliran] D 1000",
            "a.uep Modal Hibah [g] K 1000",
        ]
    );
    assert_eq!(grant_row(&v, "a", "g").excused, k(1_000).get());
    assert_eq!(oldest_open(&grant_row(&v, "a", "g")).unwrap().amount, k(3_000).get());
    reverse(&mut v);
    assert_eq!(grant_row(&v, "a", "g").excused, 0);
}

#[test]
fn event_48a_capital_lost_or_misused() {
    let mut v = village();
    let pigs = NewLot {
        lot: id("babi"),
        kind: LotKind::Livestock,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity_milli: 4_000,
        cost: k(4_000),
    };
    v.ok(receive("a", "kind", Channel::InKind(vec![pigs])));
    let lose = |grant: &str, loss| LoseCapital { group: id("a"), grant: id(grant), loss };
    assert_eq!(
        entries(&v.ok(lose("kind", Loss::Things(id("babi"), 1_000, LossCause::Stolen)))),
        ["a.uep Modal Hibah [kind] D 1000", "a.uep Ternak [babi] K 1000"]
    );
    assert_eq!(grant_row(&v, "a", "kind").lost, k(1_000).get());
    let more = v.refused(lose("kind", Loss::Things(id("babi"), 4_000, LossCause::Stolen)));
    assert_eq!(more.reason, Reason::LotExceeded);
    v.ok(receive("a", "bank", Channel::Bank(k(500))));
    assert_eq!(
        entries(&v.ok(lose("bank", Loss::Misused(id("m01"), k(200), Place::Bank)))),
        ["a.uep Piutang Pengurus [m01] D 200", "a.uep Bank K 200"]
    );
    assert_eq!(grant_row(&v, "a", "bank").lost, 0);
    let too_much = v.refused(lose("bank", Loss::GivenUp(id("m01"), k(201))));
    assert_eq!(too_much.reason, Reason::Floor);
    assert_eq!(
        entries(&v.ok(lose("bank", Loss::GivenUp(id("m01"), k(150))))),
        ["a.uep Modal Hibah [bank] D 150", "a.uep Piutang Pengurus [m01] K 150"]
    );
    assert_eq!(grant_row(&v, "a", "bank").lost, k(150).get());
    reverse(&mut v);
    assert_eq!(grant_row(&v, "a", "bank").lost, 0);
}

#[test]
fn event_49_lent_meanwhile_and_given_back() {
    let mut v = village();
    v.ok(receive("a", "bank", Channel::Bank(k(500))));
    let lend = |lender: Entity, loan: &str| Lend {
        lender,
        loan: id(loan),
        borrower: id("b"),
        amount: k(300),
        due_on: None,
    };
    assert_eq!(
        entries(&v.ok(lend(kube("a"), "pinjam"))),
        [
            "a.uep Piutang Guliran [pinjam] D 300",
            "a.uep Bank K 300",
            "b.uep Bank D 300",
            "b.uep Utang Guliran [a/pinjam] K 300",
        ]
    );
    assert_eq!(v.refused(lend(kube("b"), "sendiri")).reason, Reason::PassToSelf);
    let repay = |amount| RepayLoan { lender: kube("a"), loan: id("pinjam"), amount: k(amount) };
    assert_eq!(v.refused(repay(301)).reason, Reason::Floor);
    assert_eq!(
        entries(&v.ok(repay(100))),
        [
            "b.uep Utang Guliran [a/pinjam] D 100",
            "b.uep Bank K 100",
            "a.uep Bank D 100",
            "a.uep Piutang Guliran [pinjam] K 100",
        ]
    );
    reverse(&mut v);
    v.ok(repay(300));
    let by_lkm = v.ok(lend(Entity::Lkm, "dari-lkm"));
    assert_eq!(entries(&by_lkm)[0], "lkm.sp Pinjaman Guliran [dari-lkm] D 300");
}

#[test]
fn passes_from_before_the_books_move_nothing() {
    let mut v = village();
    v.ok(receive("b", "lama", Channel::BeforeBooks(k(5_000))));
    let old = Deliver {
        before_books: true,
        ..deliver("b", "lama", "dulu", Receiver::UnbookedGroup(vec![7; 32]), 1_500)
    };
    let effect = v.ok(old);
    assert_eq!(entries(&effect), [""; 0]);
    let row = grant_row(&v, "b", "lama");
    assert_eq!((row.passed, owed(&row).unwrap()), (k(1_500).get(), Sen::ZERO));
    reverse(&mut v);
    assert_eq!(grant_row(&v, "b", "lama").passed, 0);
}

#[test]
fn passes_from_before_the_books_are_parts_of_what_these_books_never_held() {
    let mut v = village();
    let before = |grant: &str, pass: &str, receiver, cash| Deliver {
        before_books: true,
        ..deliver("a", grant, pass, receiver, cash)
    };
    let held = v.refused(before("g", "dulu", to("b", "dari-a"), 1));
    assert_eq!((held.reason, held.field.as_str()), (Reason::GrantExceeded, "amount"));
    v.ok(receive("a", "lama", Channel::BeforeBooks(k(5_000))));
    let too_much = v.refused(before("lama", "dulu", to("b", "dari-a"), 5_001));
    assert_eq!(too_much.reason, Reason::GrantExceeded);
    let elsewhere = Receiver::OtherBook("books/soe/groups/x".to_owned());
    v.ok(before("lama", "dulu", elsewhere, 5_000));
    assert_eq!(in_transit(&pass_row(&v, "a", "dulu")), 0);
    reverse(&mut v);
    v.ok(before("lama", "kolam", Receiver::Pool, 5_000));
    assert_eq!(in_transit(&pass_row(&v, "a", "kolam")), 0);
    reverse(&mut v);
    assert_eq!(grant_row(&v, "a", "lama").passed, 0);
}

#[test]
fn a_pass_has_no_line_to_take_back_alone() {
    let mut v = village();
    v.ok(decide("a", "g", 3_000));
    v.ok(deliver("a", "g", "p", to("b", "dari-a"), 3_000));
    let transaction = v.last_request();
    let refused = v.refused(Reverse { transaction, line: 1 });
    assert_eq!(refused.reason, Reason::NothingToReverse);
    assert_eq!(pass_row(&v, "a", "p").state(), PassState::Posted);
    assert!(!grant_row(&v, "b", "dari-a").reversed);
}

#[test]
fn what_left_restricted_capital_cannot_come_back_once_it_is_free() {
    let mut v = village();
    v.ok(ReceiveGrant { restricted: true, ..receive("b", "h", Channel::Bank(k(100))) });
    let (group, grant) = (id("b"), id("h"));
    let back = ReturnGrant {
        group: group.clone(),
        grant: grant.clone(),
        amount: k(40),
        place: Place::Bank,
    };
    v.ok(back);
    let returned = v.last_request();
    v.ok(AcceptLpj { group, grant });
    let accepted = v.last_request();
    let again = Reverse { transaction: returned, line: 0 };
    assert_eq!(v.refused(again.clone()).reason, Reason::ReversalBlocked);
    v.ok(Reverse { transaction: accepted, line: 0 });
    v.ok(again);
    assert_eq!(v.held("b.uep.3102.h"), k(100));
    assert_eq!(grant_row(&v, "b", "h").returned, 0);
}

#[test]
fn a_plan_is_not_larger_than_its_grant() {
    let mut v = village();
    let plan = |lines: &[(&str, i64)]| SetPlan {
        group: id("a"),
        grant: id("g"),
        lines: lines.iter().map(|(line, sen)| (id(line), "contoh".to_owned(), k(*sen))).collect(),
    };
    assert_eq!(v.refused(plan(&[("x", 6_000), ("y", 4_001)])).reason, Reason::PlanExceeded);
    assert_eq!(v.refused(plan(&[("x", 1), ("x", 1)])).reason, Reason::AlreadyExists);
    v.ok(plan(&[("x", 6_000), ("y", 4_000)]));
}

/// Savings that are blocked pass nothing on. Where it is told that they did, what is blocked stays
/// where it is in both ledgers, and both put the rest in suspense: the mirrors agree.
#[test]
fn a_pass_out_of_blocked_savings_leaves_both_ledgers_alike() {
    let mut v = village();
    v.ok(decide("a", "g", 3_000));
    let savings = Savings { entity: Entity::Lkm, who: Sharer::Kube(id("a"), proto::Fund::Uep) };
    let amount = k(9_000);
    v.ok(BlockSavings { savings, block: id("jaminan"), amount, reason: Vec::new() });
    let pass = deliver("a", "g", "p", to("b", "dari-a"), 3_000);
    assert_eq!(v.refused(pass.clone()).reason, Reason::Floor);
    let told = v.ok(Deliver { reported: true, ..pass });
    assert!(flags(&told).contains(&Reason::InSuspense), "{told:?}");
    assert_eq!((v.held("a.uep.1111"), v.held("lkm.sp.2102.a/uep")), (k(9_000), k(9_000)));
    assert_eq!((v.held("b.uep.1111"), v.held("lkm.sp.2102.b/uep")), (k(3_000), k(3_000)));
}
