//! The three dates, the business day that only moves forward, periods per entity.

use simpul::domain::book::ClosePeriod;
use simpul::domain::cash::{BankEntry, Place};
use simpul::domain::day::Day;
use simpul::domain::decide::Decision;
use simpul::domain::id::Entity;
use simpul::domain::link::SaveAtLkm;
use simpul::domain::record::proto::{Fund, Zone};
use simpul::domain::record::{Event, Outcome};
use simpul::domain::refusal::Reason;
use simpul::domain::savings::savings_ledger;

use crate::village::{Village, day, flags, id, k, kube};

fn interest(entity: Entity) -> BankEntry {
    BankEntry { ledger: savings_ledger(&entity), interest: true, amount: k(1) }
}

#[test]
fn a_later_day_advances_the_book_by_a_record_of_its_own() {
    let mut v = Village::new();
    let command = v.command(interest(Entity::Lkm), Some("2025-03-10"));
    let Decision::Records(records) = v.decide(&command) else { panic!("not decided") };
    let records: Vec<_> = records.into_iter().map(|written| written.record).collect();
    let events: Vec<Event> = records.iter().map(|record| record.event).collect();
    assert_eq!(events, [Event::DayAdvanced, Event::BankInterest]);
    assert!(records.iter().all(|record| record.business_day == day("2025-03-10")));
    assert_eq!(records[1].position, records[0].position + 1);
}

#[test]
fn the_day_never_moves_back_and_backdated_facts_keep_their_day() {
    let mut v = Village::new();
    v.ok_on(interest(Entity::Lkm), Some("2025-03-10"));
    let effect = v.ok_on(interest(Entity::Lkm), Some("2025-02-01"));
    assert_eq!(effect.effective_on, day("2025-02-01"));
    let record = v.records.last().expect("a record");
    assert_eq!(record.business_day, day("2025-03-10"));
}

#[test]
fn days_to_come_and_days_before_the_book_are_refused() {
    let mut v = Village::new();
    for (on, reason) in
        [("2026-01-01", Reason::DateInFuture), ("2024-12-31", Reason::DateBeforeBook)]
    {
        let command = v.command(interest(Entity::Lkm), Some(on));
        let Outcome::Refused(refusal) = v.run(&command).outcome else { panic!("accepted") };
        assert_eq!((refusal.reason, refusal.field.as_str()), (reason, "happened_on"));
    }
}

#[test]
fn the_day_is_the_one_in_the_books_zone() {
    let midnight_in_kupang = 20_000 * 86_400_000_000 - 8 * 3_600_000_000;
    assert_eq!(Day::of_instant(midnight_in_kupang, Zone::Wita), Day::new(20_000));
    assert_eq!(Day::of_instant(midnight_in_kupang - 1, Zone::Wita), Day::new(19_999));
    assert_eq!(Day::of_instant(midnight_in_kupang, Zone::Wib), Day::new(19_999));
}

#[test]
fn a_closed_period_moves_the_posting_to_the_first_open_day_of_all_its_entities() {
    let mut v = Village::new();
    v.group("a");
    v.drawer("loket");
    v.ok_on(interest(Entity::Lkm), Some("2025-04-15"));
    let close = |entity, through| ClosePeriod {
        entity,
        through: day(through),
        minute: "BA-1/contoh".to_owned(),
    };
    v.ok(close(kube("a"), "2025-01-31"));
    v.close_days("2025-03-31");
    v.ok(close(Entity::Lkm, "2025-03-31"));
    let own = v.ok_on(interest(kube("a")), Some("2025-02-10"));
    assert_eq!(own.effective_on, day("2025-02-10"));
    let both = SaveAtLkm {
        group: id("a"),
        fund: Fund::SimpanPinjam,
        deposit: true,
        amount: k(1),
        kube_place: Place::Bank,
        lkm_place: Place::Drawer(id("loket")),
    };
    let both = v.ok_on(both, Some("2025-02-10"));
    assert_eq!(both.effective_on, day("2025-04-01"));
    assert!(flags(&both).contains(&Reason::MovedToOpenDay));
    assert_eq!(v.records.last().expect("a record").happened_on, day("2025-02-10"));
    let again = v.refused(close(Entity::Lkm, "2025-03-31"));
    assert_eq!(again.reason, Reason::PeriodClosed);
    let today = v.refused(close(Entity::Lkm, "2025-04-15"));
    assert_eq!(today.reason, Reason::PeriodNotClosable);
}

#[test]
fn calendar_days_read_as_dates() {
    assert_eq!(Day::new(0).to_string(), "1970-01-01");
    assert_eq!(day("2025-08-17").to_string(), "2025-08-17");
    assert_eq!(Day::from_ymd(2025, 2, 29), None);
    assert_eq!(Day::from_ymd(1999, 12, 31), None);
    assert_eq!(Day::from_ymd(2169, 12, 31), Some(Day::MAX));
    assert_eq!(Day::from_ymd(2000, 1, 1), Some(Day::MIN));
}
