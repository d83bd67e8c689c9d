//! Wear, gaduhan and opname, event by event.

use simpul::domain::cash::Place;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::LotKind;
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::trade::{Born, Payment, Proceeds, Purchase, Sell};
use simpul::domain::uep::uep_ledger;
use simpul::domain::upkeep::{CountHeads, Depreciate, GiveToKeep, SetLife, TakeBack};

use crate::village::{Village, day, entries, flags, id, k, kube};

fn tools(number: i64, cost: i64) -> Purchase {
    Purchase {
        ledger: uep_ledger(&id("a")),
        items: vec![NewLot {
            lot: id("mesin"),
            kind: LotKind::Tools,
            label: "mesin giling".to_owned(),
            unit: "buah".to_owned(),
            quantity_milli: number * 1000,
            cost: k(cost),
        }],
        payment: Payment::Paid(Place::Cash),
        spends: None,
    }
}

fn wear(amount: Option<Sen>) -> Depreciate {
    Depreciate { ledger: uep_ledger(&id("a")), lot: id("mesin"), amount }
}

#[test]
fn event_12_wear_is_the_cumulative_share_of_the_months_in_use() {
    let mut v = Village::new();
    v.group("a");
    v.ok_on(tools(1, 1_000), Some("2025-01-10"));
    assert_eq!(v.refused(wear(None)).reason, Reason::NoLifeDecided);
    let life = SetLife {
        ledger: uep_ledger(&id("a")),
        lot: id("mesin"),
        months: 3,
        in_use_since: day("2025-01-10"),
    };
    v.ok(life);
    let early = v.ok_on(wear(None), Some("2025-02-10"));
    let worn: Vec<_> =
        early.entries.iter().map(|one| (one.account.to_string(), one.amount.get())).collect();
    let expected = [("a.uep.5207", 33_333_333), ("a.uep.1491.mesin", -33_333_333)];
    assert_eq!(worn, expected.map(|(account, sen)| (account.to_owned(), sen)));
    v.ok_on(wear(None), Some("2025-03-11"));
    assert_eq!(v.held("a.uep.5207"), Sen::new(66_666_667), "two thirds, not twice a third");
    let twice = v.refused(wear(None));
    assert_eq!(twice.reason, Reason::DepreciationExceeded);
    v.ok_on(wear(None), Some("2025-12-31"));
    assert_eq!(v.held("a.uep.5207"), k(1_000));
    assert_eq!(v.held("a.uep.1491.mesin"), k(-1_000));
    assert_eq!(v.refused(wear(Some(Sen::new(1)))).reason, Reason::DepreciationExceeded);
}

#[test]
fn what_leaves_takes_its_wear_along() {
    let mut v = Village::new();
    v.group("a");
    v.ok(tools(4, 4_000));
    v.ok(wear(Some(k(1_000))));
    let before = v.balances();
    let sale = Sell {
        ledger: uep_ledger(&id("a")),
        price: k(900),
        proceeds: Proceeds::Paid(Place::Cash),
        goods: Some((id("mesin"), 1_000)),
    };
    let sold = entries(&v.ok(sale));
    assert!(sold.contains(&"a.uep Akumulasi Penyusutan [mesin] D 250".to_owned()), "{sold:?}");
    assert!(sold.contains(&"a.uep HPP D 750".to_owned()), "{sold:?}");
    assert_eq!(v.held("a.uep.1401.mesin"), k(3_000));
    assert_eq!(v.held("a.uep.1491.mesin"), k(-750));
    let transaction = v.last_request();
    v.ok(Reverse { transaction, line: 0 });
    assert_eq!(v.balances(), before);
}

fn animals() -> Village {
    let mut v = Village::new();
    v.group("a");
    let ledger = uep_ledger(&id("a"));
    v.ok(Born { ledger, lot: id("kambing"), label: "kambing".to_owned(), heads: 5 });
    v
}

#[test]
fn event_58_animals_are_given_to_keep_and_come_back() {
    let mut v = animals();
    let give = |keeping: &str, keeper: &str, heads| GiveToKeep {
        group: id("a"),
        keeping: id(keeping),
        lot: id("kambing"),
        keeper: id(keeper),
        heads,
        share_percent: "50".parse().ok(),
    };
    let given = v.ok(give("g1", "m01", 3));
    assert_eq!(entries(&given), [""; 0], "they stay the group's");
    assert_eq!(v.refused(give("g2", "m02", 3)).reason, Reason::KeepingExceeded);
    assert_eq!(v.refused(give("g2", "m99", 1)).reason, Reason::NotFound);
    v.ok(give("g2", "m02", 2));
    let back = |keeping: &str, heads| TakeBack { group: id("a"), keeping: id(keeping), heads };
    assert_eq!(v.refused(back("g1", 4)).reason, Reason::KeepingExceeded);
    v.ok(back("g1", 3));
    v.ok(give("g3", "m03", 3));
}

#[test]
fn a_count_moves_nothing_and_says_what_differs() {
    let mut v = animals();
    let count = |heads| CountHeads { entity: kube("a"), counts: vec![(id("kambing"), heads)] };
    assert_eq!(flags(&v.ok(count(5))), []);
    let short = v.ok(count(4));
    assert_eq!(flags(&short), [Reason::HeadsMismatch]);
    assert_eq!(entries(&short), [""; 0]);
    let unknown = CountHeads { entity: kube("a"), counts: vec![(id("lain"), 1)] };
    assert_eq!(flags(&v.ok(unknown)), [Reason::NotFound], "a report is recorded and flagged");
}
