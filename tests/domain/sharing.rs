//! What members get and give among themselves: arisan, a share of a sale, pay in kind, grant money
//! to work with (catalogue events 14, 57 and 59).

use simpul::domain::arisan::{OpenArisan, PayIn, PayOut, member_name};
use simpul::domain::cash::{CountCash, Place};
use simpul::domain::day::Day;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{BudgetSource, ExpenseKind, LotKind};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::sharing::{Divide, PayInKind, What};
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::trade::{Payment, Purchase};
use simpul::domain::uep::{Channel, Papers, ReceiveGrant, uep_ledger};

use crate::village::{Village, entries, flags, id, k, kube};

fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    // What the arisan's fund holds in the tin is its own.
    village.ok(CountCash { entity: kube("a"), place: Place::Cash, counted: Sen::ZERO });
    village
}

fn round(village: &mut Village) {
    village.ok(OpenArisan {
        group: id("a"),
        arisan: id("r1"),
        label: Vec::new(),
        contribution: k(10),
        members: vec![id("m01"), id("m02"), id("m03")],
    });
}

fn pay_in(payments: &[(&str, i64)]) -> PayIn {
    let payment = |(member, thousands): &(&str, i64)| (id(member), k(*thousands));
    let payments = payments.iter().map(payment).collect();
    PayIn { group: id("a"), arisan: id("r1"), payments, place: Place::Cash }
}

fn pay_out(member: &str, amount: Sen) -> PayOut {
    PayOut { group: id("a"), arisan: id("r1"), member: id(member), amount, place: Place::Cash }
}

/// What a member of the round paid and received, and when they were drawn.
fn part(village: &Village, member: &str) -> (Sen, Sen, Day) {
    let name = member_name(&id("a"), "r1", member);
    match village.state.get(&Key::Row(name)) {
        Some(Value::Row(Some(row))) => match row.as_ref() {
            Row::ArisanMember(row) => {
                (Sen::new(row.paid), Sen::new(row.received), Day::new(row.drawn_on))
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn event_14_a_round_pays_out_what_was_paid_in() {
    let mut v = village();
    round(&mut v);
    let paid = v.ok(pay_in(&[("m01", 10), ("m02", 10), ("m03", 5)]));
    assert_eq!(
        entries(&paid),
        [
            "a.umum Kas D 10",
            "a.umum Titipan Arisan [r1] K 10",
            "a.umum Kas D 10",
            "a.umum Titipan Arisan [r1] K 10",
            "a.umum Kas D 5",
            "a.umum Titipan Arisan [r1] K 5",
        ]
    );
    assert_eq!(paid.entries[4].party, "groups/a/members/m03");
    let paying = v.last_request();
    let drawn = v.ok(pay_out("m02", k(20)));
    assert_eq!(entries(&drawn), ["a.umum Titipan Arisan [r1] D 20", "a.umum Kas K 20"]);
    let draw = v.last_request();
    let business_day = Day::new(20_089);
    assert_eq!(part(&v, "m02"), (k(10), k(20), business_day));
    // More than the round holds: the rest waits, and the round is even.
    let beyond = v.ok(pay_out("m02", k(7)));
    let item = v.last_request();
    assert_eq!(
        entries(&beyond),
        [
            format!("a.umum Rekening Sementara [{item}/0] D 2"),
            "a.umum Titipan Arisan [r1] D 5".to_owned(),
            "a.umum Kas K 7".to_owned(),
        ]
    );
    assert_eq!(flags(&beyond)[..2], [Reason::ArisanDrawnBefore, Reason::InSuspense]);
    assert_eq!(part(&v, "m02"), (k(10), k(25), business_day));

    // One payment taken back alone would leave the round short.
    let one = Reverse { transaction: paying.clone(), line: 3 };
    assert_eq!(v.refused(one.clone()).reason, Reason::Floor);
    v.ok(Reverse { transaction: item, line: 0 });
    v.ok(Reverse { transaction: draw, line: 0 });
    assert_eq!(part(&v, "m02"), (k(10), Sen::ZERO, Day::new(0)));
    v.ok(one);
    assert_eq!(part(&v, "m03"), (Sen::ZERO, Sen::ZERO, Day::new(0)));
    assert_eq!(v.held("a.umum.2107.r1"), k(20));
}

#[test]
fn arisan_money_of_nobody_known_waits() {
    let mut v = village();
    round(&mut v);
    let mixed = v.ok(pay_in(&[("m01", 10), ("m09", 10)]));
    assert_eq!(flags(&mixed), [Reason::InSuspense]);
    assert_eq!((v.held("a.umum.2107.r1"), v.held("a.umum.1101")), (k(10), k(20)));
    let no_round = PayIn { arisan: id("r9"), ..pay_in(&[("m01", 3)]) };
    assert_eq!(flags(&v.ok(no_round)), [Reason::InSuspense]);
    let stranger = OpenArisan {
        group: id("a"),
        arisan: id("r2"),
        label: Vec::new(),
        contribution: k(10),
        members: vec![id("siapa")],
    };
    assert_eq!(v.refused(stranger.clone()).reason, Reason::NotFound);
    let again = OpenArisan { arisan: id("r1"), members: vec![id("m01")], ..stranger };
    assert_eq!(v.refused(again).reason, Reason::AlreadyExists);
}

fn divide(what: What, parts: &[(&str, i64)], grant: Option<&str>) -> Divide {
    let part = |(member, thousands): &(&str, i64)| (id(member), k(*thousands));
    let parts = parts.iter().map(part).collect();
    Divide { group: id("a"), what, parts, place: Place::Cash, grant: grant.map(id) }
}

#[test]
fn event_57_a_share_of_a_sale_in_cash_and_in_kind() {
    let mut v = village();
    let shared = v.ok(divide(What::ShareOfSale, &[("m01", 30), ("m02", 20)], None));
    assert_eq!(
        entries(&shared),
        [
            "a.uep Bagi Hasil Anggota D 30",
            "a.uep Kas K 30",
            "a.uep Bagi Hasil Anggota D 20",
            "a.uep Kas K 20",
        ]
    );
    assert_eq!(shared.entries[2].party, "groups/a/members/m02");
    let stranger = v.ok(divide(What::ShareOfSale, &[("siapa", 5)], None));
    assert_eq!(flags(&stranger)[0], Reason::InSuspense);

    let pigs = NewLot {
        lot: id("p1"),
        kind: LotKind::Livestock,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity_milli: 4_000,
        cost: k(4_000),
    };
    let ledger = uep_ledger(&id("a"));
    let payment = Payment::Paid(Place::Cash);
    v.ok(Purchase { ledger, items: vec![pigs], payment, spends: None });
    let in_kind = |heads: i64, cost| PayInKind {
        group: id("a"),
        member: id("m03"),
        lot: id("p1"),
        quantity_milli: heads * 1000,
        cost,
    };
    assert_eq!(
        entries(&v.ok(in_kind(1, None))),
        ["a.uep Bagi Hasil Anggota D 1000", "a.uep Ternak [p1] K 1000"]
    );
    let wages = v.ok(in_kind(2, Some(ExpenseKind::Wages)));
    assert_eq!(entries(&wages), ["a.uep Beban Upah D 2000", "a.uep Ternak [p1] K 2000"]);
    let transaction = v.last_request();
    let too_many = v.ok(in_kind(2, None));
    assert_eq!((too_many.entries.len(), flags(&too_many)), (0, vec![Reason::LotExceeded]));
    v.ok(Reverse { transaction, line: 0 });
    assert_eq!(v.held("a.uep.1302.p1"), k(3_000));
}

#[test]
fn event_59_grant_money_divided_to_members_and_given_back() {
    let mut v = village();
    v.ok(ReceiveGrant {
        group: id("a"),
        grant: id("g1"),
        source: BudgetSource::Blps,
        papers: Papers::default(),
        restricted: false,
        channel: Channel::Bank(k(500)),
    });
    let out = v.ok(divide(What::Capital, &[("m01", 100), ("m02", 50)], Some("g1")));
    assert_eq!(
        entries(&out),
        [
            "a.uep UEP pada Anggota [m01] D 100",
            "a.uep Kas K 100",
            "a.uep UEP pada Anggota [m02] D 50",
            "a.uep Kas K 50",
        ]
    );
    assert_eq!(out.grant, "groups/a/grants/g1");
    let dividing = v.last_request();
    let back = v.ok(divide(What::CapitalBack, &[("m01", 60), ("m02", 51)], None));
    let item = v.last_request();
    assert_eq!(
        entries(&back),
        [
            "a.uep Kas D 60".to_owned(),
            "a.uep UEP pada Anggota [m01] K 60".to_owned(),
            "a.uep Kas D 51".to_owned(),
            format!("a.uep Rekening Sementara [{item}/2] K 1"),
            "a.uep UEP pada Anggota [m02] K 50".to_owned(),
        ]
    );
    assert_eq!((v.held("a.uep.1205.m01"), v.held("a.uep.1205.m02")), (k(40), Sen::ZERO));
    // What was given back cannot be un-divided first.
    let reverse = |transaction| Reverse { transaction, line: 0 };
    assert_eq!(v.refused(reverse(dividing.clone())).reason, Reason::Floor);
    v.ok(reverse(item));
    v.ok(reverse(dividing));
    assert_eq!(v.held("a.uep.1205.m01"), Sen::ZERO);
    let unknown = v.ok(divide(What::Capital, &[("m01", 1)], Some("g9")));
    assert_eq!(flags(&unknown)[0], Reason::InSuspense);
}
