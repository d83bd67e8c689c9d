//! Reports are never refused for business reasons: cash that has moved is always booked.

use simpul::domain::cash::Place;
use simpul::domain::id::RequestId;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{self, SheetLine, SheetLineKind};
use simpul::domain::record::{Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{AppointOfficer, CreateGroup, EndMembership};
use simpul::domain::savings::{Deposit, Kind, Withdraw};
use simpul::domain::sheet::RecordSheet;
use simpul::domain::trade::{Proceeds, Sell, Settle, Settlement};
use simpul::domain::uep::uep_ledger;

use crate::village::{Village, day, entries, flags, id, k, kube};

fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    village.party(kube("a"), "toko");
    village
}

fn deposit(member: &str, amount: Sen) -> Deposit {
    let place = Place::Cash;
    Deposit { entity: kube("a"), member: id(member), kind: Kind::Voluntary, amount, place }
}

#[test]
fn what_a_withdrawal_takes_beyond_the_savings_waits_in_suspense() {
    let mut v = village();
    v.ok(deposit("m01", k(30)));
    let place = Place::Cash;
    let out = Withdraw { entity: kube("a"), member: id("m01"), amount: k(50), place };
    let effect = v.ok(out);
    let item = v.last_request();
    assert_eq!(
        entries(&effect),
        [
            format!("a.sp Rekening Sementara [{item}/0] D 20"),
            "a.sp Tabungan Anggota [m01] D 30".to_owned(),
            "a.sp Kas K 50".to_owned(),
        ]
    );
    assert_eq!(flags(&effect), [Reason::InSuspense, Reason::CashNegative]);
}

#[test]
fn a_buyer_who_pays_more_than_is_owed_leaves_the_rest_in_suspense() {
    let mut v = village();
    let ledger = uep_ledger(&id("a"));
    let proceeds = Proceeds::Credit(id("toko"));
    v.ok(Sell { ledger: ledger.clone(), price: k(10), proceeds, goods: None });
    let (what, party) = (Settlement::Receivable, id("toko"));
    let paid = v.ok(Settle { ledger, what, party, amount: k(12), place: Place::Cash });
    assert_eq!(paid.entries.len(), 3);
    assert_eq!(v.held(&format!("a.uep.2901.{}/0", v.last_request())), k(2));
    assert_eq!(v.held("a.uep.1202.toko"), Sen::ZERO);
}

#[test]
fn a_sale_from_an_unknown_lot_keeps_the_counted_cash() {
    let mut v = village();
    let goods = Some((id("entah"), 1_000));
    let proceeds = Proceeds::Paid(Place::Cash);
    let effect = v.ok(Sell { ledger: uep_ledger(&id("a")), price: k(9), proceeds, goods });
    assert_eq!(flags(&effect), [Reason::InSuspense]);
    assert_eq!(v.held("a.uep.1101"), k(9));
    assert_eq!(v.held("a.uep.4101"), Sen::ZERO);
}

#[test]
fn an_unknown_group_is_refused_even_in_a_report() {
    let mut v = village();
    let refusal = v.refused(Deposit { entity: kube("b"), ..deposit("m01", k(1)) });
    assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::NotFound, "group"));
}

#[test]
fn a_member_who_has_left_cannot_take_savings_but_the_cash_is_booked() {
    let mut v = village();
    v.ok_on(deposit("m09", k(1)), Some("2025-02-01"));
    let leave = |left_on| EndMembership { entity: kube("a"), member: id("m09"), left_on };
    assert_eq!(v.refused(leave(day("2025-02-01"))).reason, Reason::MemberHasBalance);
    let (entity, member) = (kube("a"), id("m09"));
    v.ok(Withdraw { entity, member, amount: k(1), place: Place::Cash });
    v.ok(leave(day("2025-02-01")));
    let late = v.ok_on(deposit("m09", k(2)), Some("2025-02-02"));
    assert_eq!(flags(&late), [Reason::InSuspense]);
}

#[test]
fn a_sheet_books_each_line_it_can_and_suspends_the_rest() {
    let mut v = village();
    let line = |kind: SheetLineKind, member: &str, amount: Sen| SheetLine {
        kind: kind as i32,
        member: member.to_owned(),
        amount: amount.get(),
        ..SheetLine::default()
    };
    let sheet = RecordSheet {
        group: id("a"),
        number: "7".to_owned(),
        lines: vec![
            line(SheetLineKind::Wajib, "m01", k(10)),
            line(SheetLineKind::Sukarela, "bukan-anggota", k(20)),
            line(SheetLineKind::Expense, "", k(4)),
        ],
        opening_cash: k(5),
        closing_cash: k(30),
        meeting: String::new(),
    };
    let effect = v.ok_on(sheet, Some("2025-05-01"));
    let item = v.last_request();
    // Counted: 25 more than at opening; the lines explain 26, so 1 is short.
    assert_eq!(
        entries(&effect),
        [
            "a.sp Kas D 10".to_owned(),
            "a.sp Simpanan Wajib [m01] K 10".to_owned(),
            "a.sp Kas D 20".to_owned(),
            format!("a.sp Rekening Sementara [{item}/2] K 20"),
            "a.uep Beban Lain-lain D 4".to_owned(),
            "a.uep Kas K 4".to_owned(),
            "a.umum Selisih Kas D 1".to_owned(),
            "a.umum Kas K 1".to_owned(),
        ]
    );
    let lines: Vec<u32> = effect.entries.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, [1, 1, 2, 2, 3, 3, 0, 0]);
    assert!(flags(&effect).contains(&Reason::CountMismatch));
    assert!(flags(&effect).contains(&Reason::CashDifference));
}

#[test]
fn twenty_members_are_accepted_with_a_warning_and_their_decision() {
    let mut v = Village::new();
    let row = proto::Group { member_count: 20, ..proto::Group::default() };
    let undecided = v.ok(CreateGroup { group: id("besar"), row: row.clone() });
    assert_eq!(flags(&undecided), [Reason::GroupSize, Reason::GroupSizeUndecided]);
    let decided = proto::Group { size_minute: "BA-3".to_owned(), ..row };
    let effect = v.ok(CreateGroup { group: id("sinar"), row: decided });
    assert_eq!(flags(&effect), [Reason::GroupSize]);
    let Some((_, Row::Group(stored))) = effect.rows.first() else { panic!("no group") };
    assert_eq!(stored.size_minute, "BA-3");
}

#[test]
fn an_office_passes_from_one_member_to_another() {
    let mut v = village();
    let office = proto::Office::Bendahara;
    let appoint = |member: &str, since: &str| AppointOfficer {
        group: id("a"),
        office,
        member: id(member),
        since: day(since),
    };
    v.ok(appoint("m01", "2025-01-01"));
    assert_eq!(v.refused(appoint("m01", "2025-02-01")).reason, Reason::OfficeTaken);
    let effect = v.ok(appoint("m02", "2025-02-01"));
    let Some((_, Row::Group(row))) = effect.rows.first() else { panic!("no group") };
    let terms: Vec<_> =
        row.officers.iter().map(|term| (term.member.as_str(), term.until)).collect();
    assert_eq!(terms, [("m01", day("2025-02-01").get()), ("m02", 0)]);
}

#[test]
fn a_request_is_answered_once_and_its_id_kept_for_ever() {
    let mut v = village();
    let command = v.command(deposit("m01", k(5)), None);
    let first = v.run(&command);
    use simpul::domain::decide::{Command, Decision};
    assert_eq!(v.decide(&command), Decision::Replay(first.position));
    let other = Command { digest: vec![8; 32], ..command.clone() };
    assert_eq!(v.decide(&other), Decision::Reused(first.position));
    assert!(matches!(first.outcome, Outcome::Done(_)));
    assert_eq!(RequestId::new("pendek"), None);
}
