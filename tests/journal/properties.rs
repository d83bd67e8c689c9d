//! Any sequence of commands keeps the invariants of the design.

use std::collections::BTreeMap;

use proptest::prelude::*;
use simpul::domain::access::Author;
use simpul::domain::account::Account;
use simpul::domain::cash::Place;
use simpul::domain::chart::Floor;
use simpul::domain::day::Day;
use simpul::domain::decide::Command;
use simpul::domain::draft::Mode;
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::Zone;
use simpul::domain::record::{Effect, Event, Outcome, Record, Row, decode};
use simpul::domain::refusal::{Class, Reason};
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind};
use simpul::journal::{Answer, Limits};
use simpul::storage::Dump;

use crate::town::Town;
use crate::village::{self, Wish};

/// Commands from numbers: leaving out a number leaves out a command.
fn wishes(book: &Id, numbers: &[u64]) -> Vec<Wish> {
    let mut wishes = village::founding(book);
    for number in numbers {
        wishes.push(village::wish(book, *number, &wishes));
    }
    wishes
}

fn numbers(most: usize) -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), 1..most)
}

fn records(dump: &Dump) -> Vec<Record> {
    dump.records.iter().map(|stored| decode(&stored.bytes).unwrap()).collect()
}

fn last_balances(dump: &Dump) -> BTreeMap<String, i64> {
    dump.entries.iter().map(|entry| (entry.account.clone(), entry.balance)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_keeps_the_invariants(numbers in numbers(120)) {
        let (mut town, book) = (Town::new(Limits::default()), village::book(0));
        let wishes = wishes(&book, &numbers);
        let answers = town.submit(&wishes);
        for (wish, answer) in wishes.iter().zip(&answers) {
            if let Answer::Done { record, .. } = answer {
                check_answer(&wish.command, record);
            }
        }
        let dump = town.sound_dump(&book);
        check_days(&records(&dump));
        check_floors(&dump);
    }

    #[test]
    fn retrying_anything_any_number_of_times_changes_nothing(
        numbers in numbers(60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..150),
    ) {
        let (mut town, book) = (Town::new(Limits::default()), village::book(0));
        let wishes = wishes(&book, &numbers);
        let first = town.submit(&wishes);
        let before = town.sound_dump(&book);
        for indices in order.chunks(7) {
            let indices: Vec<usize> = indices.iter().map(|at| at.index(wishes.len())).collect();
            let again: Vec<Wish> = indices.iter().map(|at| wishes[*at].clone()).collect();
            for (at, answer) in indices.iter().zip(town.submit(&again)) {
                prop_assert_eq!(&answer, &as_replay(first[*at].clone()));
            }
        }
        prop_assert!(town.sound_dump(&book) == before, "a retry changed the book");
    }

    #[test]
    fn reversing_everything_backwards_returns_every_balance_to_zero(numbers in numbers(80)) {
        let (mut town, book) = (Town::new(Limits::default()), village::book(0));
        let mut wishes = wishes(&book, &numbers);
        wishes.retain(|wish| wish.command.action.event() != Event::Reversed);
        town.submit(&wishes);
        let originals = records(&town.sound_dump(&book));
        for original in originals.into_iter().rev() {
            if moves_anything(&original) {
                let reversal = town.record(reversal_of(&book, &original));
                prop_assert!(
                    matches!(reversal.outcome, Outcome::Done(_)),
                    "{:?} of {:?}", reversal.outcome, original,
                );
            }
        }
        let balances = last_balances(&town.sound_dump(&book));
        prop_assert!(balances.values().all(|balance| *balance == 0), "{balances:?}");
    }

    #[test]
    fn batches_and_caches_of_any_size_make_the_same_book(
        numbers in numbers(60),
        batch_commands in 1usize..40,
        batch_bytes in 1usize..5_000,
        cached_values in 1usize..200,
    ) {
        let book = village::book(0);
        let mut wishes = wishes(&book, &numbers);
        // One caller, so that the order is the same.
        wishes.iter_mut().for_each(|wish| wish.command.author = Author::named("contoh"));
        let small = Limits { queue: 1_000, batch_commands, batch_bytes, cached_values };
        let (mut one, mut other) = (Town::new(Limits::default()), Town::new(small));
        prop_assert_eq!(one.submit(&wishes), other.submit(&wishes));
        // Checkpoints and control points are made once per batch.
        let alike = |dump: Dump| Dump { checkpoints: Vec::new(), controls: Vec::new(), ..dump };
        prop_assert!(
            alike(one.sound_dump(&book)) == alike(other.sound_dump(&book)),
            "the books differ",
        );
    }
}

/// What a retry of an answered command is answered.
fn as_replay(answer: Answer) -> Answer {
    match answer {
        Answer::Done { record, .. } => Answer::Done { record, replayed: true },
        other => other,
    }
}

fn moves_anything(record: &Record) -> bool {
    match &record.outcome {
        Outcome::Done(effect) => !effect.entries.is_empty() || !effect.lot_moves.is_empty(),
        Outcome::Refused(_) => false,
    }
}

fn reversal_of(book: &Id, original: &Record) -> Wish {
    let transaction = original.request.clone().expect("money moves on request only");
    let request = RequestId::new(&format!("batal-{:06}", original.position)).unwrap();
    village::plain(book, request, std::sync::Arc::new(Reverse { transaction, line: 0 }))
}

/// A report tells of what has happened: it is refused only for identity or malformed input, and
/// the cash it tells of is in the books.
fn check_answer(command: &Command, record: &Record) {
    if command.action.mode() != Mode::Report {
        return;
    }
    match &record.outcome {
        Outcome::Refused(refusal) => {
            let identity = refusal.reason.class() == Class::NotFound && refusal.field == "group";
            let malformed = matches!(refusal.reason.class(), Class::OutOfRange | Class::Invalid);
            assert!(identity || malformed, "a report was refused: {refusal:?} {command:?}");
        }
        Outcome::Done(effect) => {
            if let Some(cash) = command.action.cash() {
                let place = cash.ledger.account_of(cash.place.0, cash.place.1);
                assert_eq!(moved(effect, &place), cash.amount.get(), "{command:?} {effect:?}");
            }
        }
    }
}

fn moved(effect: &Effect, account: &Account) -> i64 {
    let here = effect.entries.iter().filter(|entry| entry.account == *account);
    here.map(|entry| entry.amount.get()).sum()
}

/// The business day moves only forward, nothing is effective after it, before what the person
/// said, or in a closed period, and nothing happens in the future.
fn check_days(records: &[Record]) {
    let today = Day::of_instant(village::MORNING, Zone::Wita);
    let mut business_day = Day::MIN;
    let mut closed: BTreeMap<Entity, Day> = BTreeMap::new();
    for record in records {
        assert!(record.business_day >= business_day, "the business day went back: {record:?}");
        business_day = record.business_day;
        let Outcome::Done(effect) = &record.outcome else {
            continue;
        };
        assert!(record.happened_on <= today, "{record:?}");
        assert!(effect.effective_on <= business_day, "{record:?}");
        assert!(effect.effective_on >= record.happened_on, "{record:?}");
        for entry in &effect.entries {
            let through = closed.get(&entry.account.ledger.entity);
            assert!(through.is_none_or(|through| effect.effective_on > *through), "{record:?}");
        }
        for (name, row) in &effect.rows {
            if let Row::Periods(periods) = row {
                let entity = Entity::new(&name.id).unwrap();
                closed.insert(entity, Day::new(periods.closed_through));
            }
        }
    }
}

/// An account that refuses to fall below zero is never below it after a record.
fn check_floors(dump: &Dump) {
    let after_records: BTreeMap<(&str, u64), i64> = dump
        .entries
        .iter()
        .map(|entry| ((entry.account.as_str(), entry.position), entry.balance))
        .collect();
    for ((name, position), balance) in after_records {
        let account = Account::parse(name).unwrap();
        if account.code.line().floor == Floor::Refuse {
            let held = if account.code.debit_side() { balance } else { -balance };
            assert!(held >= 0, "{name} holds {held} after record {position}");
        }
    }
}

/// The commands are worth something only if most kinds of events come through.
#[test]
fn the_village_is_lively() {
    let (mut town, book) = (Town::new(Limits::default()), village::book(0));
    let numbers: Vec<u64> = (0..4_000).collect();
    town.submit(&wishes(&book, &numbers));
    let mut done: BTreeMap<String, u32> = BTreeMap::new();
    let (mut suspended, mut late, mut moved) = (0, 0, Sen::ZERO);
    let dump = town.sound_dump(&book);
    for record in records(&dump) {
        if let Outcome::Done(effect) = &record.outcome {
            *done.entry(format!("{:?}", record.event)).or_default() += 1;
            suspended += u32::from(!effect.flags.is_empty());
            late += u32::from(effect.effective_on < record.business_day);
            moved = effect.entries.iter().fold(moved, |sum, entry| {
                Sen::new(sum.get().saturating_add(entry.amount.get().saturating_abs()))
            });
        }
    }
    println!("{done:?}, {suspended} flagged, {late} late");
    assert!(done.len() >= 30, "{done:?}");
    assert!(suspended > 50 && late > 50 && moved.is_positive());
}

/// Two accounts that fit, whose total would not: what is told waits in suspense, so that a record that
/// is decided can always be applied.
#[test]
fn what_would_not_fit_a_total_waits_in_suspense() {
    let (mut town, book) = Town::founded();
    let deposit = |number: u64| {
        let (member, place) = match number % 2 {
            0 => ("ani", Place::Cash),
            _ => ("budi", Place::Bank),
        };
        let action = Deposit {
            entity: Entity::new("melati").unwrap(),
            member: Id::new(member).unwrap(),
            kind: Kind::Voluntary,
            amount: Sen::MAX_REQUEST,
            place,
        };
        let request = RequestId::new(&format!("besar-{number:06}")).unwrap();
        village::plain(&book, request, std::sync::Arc::new(action))
    };
    let fitting = i64::MAX.unsigned_abs() / Sen::MAX_REQUEST.get().unsigned_abs();
    let answers = town.submit(&(0..fitting + 2).map(deposit).collect::<Vec<_>>());
    for (number, answer) in (0..).zip(answers) {
        let Answer::Done { record, .. } = answer else {
            panic!("not decided: {answer:?}");
        };
        let Outcome::Done(effect) = &record.outcome else { panic!("a report is not refused") };
        let waits = effect.flags.iter().any(|flag| {
            let why = flag.remark.details.iter().find(|(name, _)| *name == "reason");
            flag.remark.reason == Reason::InSuspense
                && why.is_some_and(|(_, why)| why == Reason::Overflow.name())
        });
        assert_eq!(waits, number >= fitting, "{number}");
    }
    town.sound_dump(&book);
}
