//! The sequencer's promises, one by one.

use simpul::domain::id::{Id, RowName};
use simpul::domain::record::Row;
use simpul::domain::state::{Key, Value};
use simpul::journal::{Answer, Limits, Overloaded, Priority, Sequencer, Submission, Work};
use simpul::storage::memory::Memory;
use simpul::storage::{AppendOutcome, Journal, Load, StorageError};

use crate::town::run;
use crate::village::{self, MORNING, Wish};

/// A sequencer and a storage between which the test stands.
struct Desk {
    memory: Memory,
    sequencer: Sequencer,
}

impl Desk {
    fn new(limits: Limits) -> Desk {
        Desk { memory: Memory::new(), sequencer: Sequencer::new(limits) }
    }

    fn submit(&mut self, ticket: u64, wish: &Wish) -> Result<(), Overloaded> {
        self.submit_as(ticket, wish, Priority::Interactive)
    }

    fn submit_as(&mut self, ticket: u64, wish: &Wish, lane: Priority) -> Result<(), Overloaded> {
        let Wish { command, sides, .. } = wish.clone();
        self.sequencer.submit(ticket, Submission { command, sides, priority: lane })
    }

    /// Does loads until something else is to be done.
    fn load_until_other(&mut self) -> Option<Work> {
        loop {
            match self.sequencer.next(MORNING) {
                Some(Work::Load(loads)) => {
                    self.sequencer.loaded(run(self.memory.load(loads)));
                }
                other => return other,
            }
        }
    }

    /// An append that names a request decided before.
    fn meet_conflict(&mut self) {
        let Some(Work::Append(appends)) = self.load_until_other() else {
            panic!("an append is due");
        };
        let outcomes = run(self.memory.append(appends)).unwrap();
        assert_eq!(outcomes, [AppendOutcome::Conflict]);
        self.sequencer.appended(Ok(outcomes));
    }

    fn answered(&mut self) -> Vec<u64> {
        self.sequencer.answers().into_iter().map(|(ticket, _)| ticket).collect()
    }

    fn work_all(&mut self) {
        while let Some(work) = self.load_until_other() {
            match work {
                Work::Append(appends) => {
                    self.sequencer.appended(run(self.memory.append(appends)));
                }
                other => panic!("not due: {other:?}"),
            }
        }
    }
}

fn opening(book: usize) -> Wish {
    village::founding(&village::book(book)).swap_remove(0)
}

fn asks_about(loads: &[Load], book: &Id) -> bool {
    loads.iter().any(|load| load.book == *book)
}

#[test]
fn nobody_is_answered_before_the_commit() {
    let mut desk = Desk::new(Limits::default());
    desk.submit(1, &opening(0)).unwrap();
    let Some(Work::Append(appends)) = desk.load_until_other() else {
        panic!("an append is due");
    };
    assert!(desk.answered().is_empty());
    assert!(desk.sequencer.next(MORNING).is_none(), "one batch in flight");
    desk.sequencer.appended(run(desk.memory.append(appends)));
    assert_eq!(desk.answered(), [1]);
    assert!(desk.sequencer.is_idle());
}

#[test]
fn what_comes_in_during_an_append_is_decided_over_it_and_goes_next() {
    let mut desk = Desk::new(Limits::default());
    let wishes = village::founding(&village::book(0));
    desk.submit(0, &wishes[0]).unwrap();
    let Some(Work::Append(first)) = desk.load_until_other() else {
        panic!("an append is due");
    };
    for (ticket, wish) in (1..).zip(&wishes[1..]) {
        desk.submit(ticket, wish).unwrap();
        desk.sequencer.prepare(MORNING);
    }
    assert!(desk.sequencer.next(MORNING).is_none(), "one append in flight");
    assert!(desk.answered().is_empty());
    desk.sequencer.appended(run(desk.memory.append(first.clone())));
    assert_eq!(desk.answered(), [0]);
    let Some(Work::Append(second)) = desk.load_until_other() else {
        panic!("an append is due");
    };
    assert_eq!(second[0].expected_size, first[0].head.size);
    assert_eq!(second[0].receipts.len(), wishes.len() - 1);
    desk.sequencer.appended(run(desk.memory.append(second)));
    assert_eq!(desk.answered().len(), wishes.len() - 1);
    assert!(desk.sequencer.is_idle());
}

#[test]
fn what_was_decided_over_an_append_falls_with_it() {
    let failed = || StorageError::Failed("down".to_owned());
    for result in [Ok(vec![AppendOutcome::Conflict]), Err(failed())] {
        let mut desk = Desk::new(Limits::default());
        let wishes = village::founding(&village::book(0));
        for (ticket, wish) in (0..).zip(&wishes) {
            desk.submit(ticket, wish).unwrap();
            if ticket == 0 {
                assert!(matches!(desk.load_until_other(), Some(Work::Append(_))));
            }
            desk.sequencer.prepare(MORNING);
        }
        let failed = u64::from(result.is_err());
        desk.sequencer.appended(result);
        desk.work_all();
        let answers = desk.sequencer.answers();
        let tickets: Vec<u64> = answers.iter().map(|(ticket, _)| *ticket).collect();
        assert_eq!(tickets, (0..wishes.len() as u64).collect::<Vec<_>>(), "in their order");
        // Without the opening of the book none of the others can be.
        let is_lost = |answer: &Answer| matches!(answer, Answer::Failed(_) | Answer::NoBook(_));
        let lost = answers.iter().filter(|(_, answer)| is_lost(answer)).count();
        assert_eq!(lost, usize::try_from(failed).unwrap() * wishes.len());
    }
}

#[test]
fn a_lost_answer_is_resolved_before_anyone_is_answered() {
    let mut desk = Desk::new(Limits::default());
    desk.submit(1, &opening(0)).unwrap();
    let Some(Work::Append(appends)) = desk.load_until_other() else {
        panic!("an append is due");
    };
    run(desk.memory.append(appends)).unwrap();
    desk.sequencer.appended(Err(StorageError::Unknown("lost".to_owned())));
    for _ in 0..3 {
        assert!(matches!(desk.sequencer.next(MORNING), Some(Work::Resolve(_))));
        assert!(desk.sequencer.next(MORNING).is_none());
        desk.sequencer.resolved(Err(StorageError::Failed("still down".to_owned())));
        assert!(desk.answered().is_empty());
    }
    let Some(Work::Resolve(append)) = desk.sequencer.next(MORNING) else {
        panic!("it is asked again");
    };
    desk.sequencer.resolved(run(desk.memory.resolve(&append)));
    assert_eq!(desk.answered(), [1]);
}

/// As on a full disk: whoever waits hears it at once, and nothing is tried again for them.
#[test]
fn a_commit_that_did_not_come_to_pass_fails_its_commands() {
    let mut desk = Desk::new(Limits::default());
    desk.submit(1, &opening(0)).unwrap();
    let Some(Work::Append(_)) = desk.load_until_other() else {
        panic!("an append is due");
    };
    desk.sequencer.appended(Err(StorageError::Unknown("full".to_owned())));
    let Some(Work::Resolve(append)) = desk.sequencer.next(MORNING) else {
        panic!("its outcome is asked for");
    };
    desk.sequencer.resolved(run(desk.memory.resolve(&append)));
    let answers = desk.sequencer.answers();
    assert!(matches!(answers[..], [(1, Answer::Failed(_))]), "{answers:?}");
    assert!(desk.sequencer.next(MORNING).is_none());
    // Sent again, it is done.
    desk.submit(2, &opening(0)).unwrap();
    desk.work_all();
    assert!(matches!(desk.sequencer.answers()[..], [(2, Answer::Done { .. })]));
}

#[test]
fn a_conflict_is_loaded_anew_and_decided_again_in_order() {
    let mut desk = Desk::new(Limits::default());
    let wishes = village::founding(&village::book(0));
    for (ticket, wish) in (0..).zip(&wishes) {
        desk.submit(ticket, wish).unwrap();
    }
    let Some(Work::Append(appends)) = desk.load_until_other() else {
        panic!("an append is due");
    };
    desk.submit(99, &opening(0)).unwrap();
    desk.sequencer.appended(Ok(vec![AppendOutcome::Conflict]));
    let Some(Work::Load(loads)) = desk.sequencer.next(MORNING) else {
        panic!("a load comes before another attempt");
    };
    desk.sequencer.loaded(run(desk.memory.load(loads)));
    let Some(Work::Append(again)) = desk.sequencer.next(MORNING) else {
        panic!("all that was asked before is loaded at once");
    };
    assert_eq!(again, appends);
    desk.sequencer.appended(run(desk.memory.append(again)));
    let tickets: Vec<u64> = (0..).zip(&wishes).map(|(ticket, _)| ticket).chain([99]).collect();
    assert_eq!(desk.answered(), tickets);
}

#[test]
fn a_failed_append_answers_failed_and_leaves_no_trace() {
    let mut desk = Desk::new(Limits::default());
    desk.submit(1, &opening(0)).unwrap();
    desk.work_all();
    desk.answered();
    let wishes = village::founding(&village::book(0));
    desk.submit(2, &wishes[1]).unwrap();
    desk.submit(3, &wishes[0]).unwrap();
    desk.meet_conflict();
    assert!(matches!(desk.load_until_other(), Some(Work::Append(_))));
    desk.sequencer.appended(Err(StorageError::Failed("disk full".to_owned())));
    let answers = desk.sequencer.answers();
    assert!(matches!(&answers[0], (2, Answer::Failed(_))), "{answers:?}");
    // The answer of an old record still holds.
    assert!(matches!(&answers[1], (3, Answer::Done { replayed: true, .. })), "{answers:?}");
    desk.submit(4, &wishes[1]).unwrap();
    desk.work_all();
    let answers = desk.sequencer.answers();
    assert!(matches!(&answers[0], (4, Answer::Done { replayed: false, .. })), "{answers:?}");
}

#[test]
fn a_request_taken_to_be_new_is_asked_about_once_storage_knows_it() {
    let mut desk = Desk::new(Limits::default());
    let wishes = village::founding(&village::book(0));
    desk.submit(1, &wishes[0]).unwrap();
    desk.work_all();
    desk.answered();
    desk.submit(2, &wishes[0]).unwrap();
    desk.submit(3, &wishes[1]).unwrap();
    desk.meet_conflict();
    // Another that is not new joins: after a conflict none of the book is taken to be new.
    desk.submit(4, &wishes[0]).unwrap();
    let Some(Work::Append(appends)) = desk.load_until_other() else {
        panic!("an append is due");
    };
    assert_eq!(appends[0].receipts.len(), 1);
    desk.sequencer.appended(run(desk.memory.append(appends)));
    let replayed: Vec<(u64, bool)> = desk
        .sequencer
        .answers()
        .into_iter()
        .map(|(ticket, answer)| (ticket, matches!(answer, Answer::Done { replayed: true, .. })))
        .collect();
    assert_eq!(replayed, [(2, true), (3, false), (4, true)]);
}

#[test]
fn the_same_request_twice_in_a_batch_is_decided_once() {
    let mut desk = Desk::new(Limits::default());
    desk.submit(1, &opening(0)).unwrap();
    desk.submit(2, &opening(0)).unwrap();
    desk.work_all();
    let answers = desk.sequencer.answers();
    let [(1, Answer::Done { record: first, replayed: false }), (2, second)] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert_eq!(*second, Answer::Done { record: first.clone(), replayed: true });
}

#[test]
fn damage_in_one_book_leaves_the_others_alone() {
    let mut desk = Desk::new(Limits::default());
    for book in 0..3 {
        desk.submit(book as u64, &opening(book)).unwrap();
    }
    let damaged = village::book(1);
    while let Some(work) = desk.sequencer.next(MORNING) {
        match work {
            Work::Load(loads) if asks_about(&loads, &damaged) => {
                desk.sequencer.loaded(Err(StorageError::Damaged("unknown row".to_owned())));
            }
            Work::Load(loads) => desk.sequencer.loaded(run(desk.memory.load(loads))),
            Work::Append(appends) => desk.sequencer.appended(run(desk.memory.append(appends))),
            other => panic!("not due: {other:?}"),
        }
    }
    let mut answers = desk.sequencer.answers();
    answers.sort_by_key(|(ticket, _)| *ticket);
    assert!(matches!(answers[0].1, Answer::Done { .. }));
    assert!(matches!(answers[1].1, Answer::Unavailable(_)));
    assert!(matches!(answers[2].1, Answer::Done { .. }));
}

#[test]
fn a_book_of_a_later_format_is_unavailable() {
    let mut desk = Desk::new(Limits::default());
    desk.submit(1, &opening(0)).unwrap();
    desk.work_all();
    desk.answered();
    desk.sequencer = Sequencer::new(Limits::default());
    desk.submit(2, &village::founding(&village::book(0))[1]).unwrap();
    let Some(Work::Load(loads)) = desk.sequencer.next(MORNING) else {
        panic!("a load is due");
    };
    let mut loaded = run(desk.memory.load(loads)).unwrap();
    for (key, value) in &mut loaded[0].values {
        if let (Key::Row(name), Value::Row(Some(row))) = (key, value)
            && *name == RowName::book()
            && let Row::Book(book) = std::sync::Arc::make_mut(row)
        {
            book.format_level += 1;
        }
    }
    desk.sequencer.loaded(Ok(loaded));
    assert!(desk.sequencer.next(MORNING).is_none());
    assert!(matches!(desk.sequencer.answers()[..], [(2, Answer::Unavailable(_))]));
}

#[test]
fn interactive_goes_before_bulk_and_a_full_queue_refuses() {
    let limits = Limits { queue: 2, batch_commands: 1, ..Limits::default() };
    let mut desk = Desk::new(limits);
    desk.submit_as(1, &opening(0), Priority::Bulk).unwrap();
    desk.submit_as(2, &opening(1), Priority::Bulk).unwrap();
    assert_eq!(desk.submit_as(3, &opening(2), Priority::Bulk), Err(Overloaded));
    desk.submit(4, &opening(3)).unwrap();
    desk.submit(5, &opening(4)).unwrap();
    assert_eq!(desk.submit(6, &opening(5)), Err(Overloaded));
    desk.work_all();
    assert_eq!(desk.answered(), [4, 5, 1, 2]);
}

#[test]
fn a_clock_that_goes_back_does_not_take_records_back() {
    let mut desk = Desk::new(Limits::default());
    desk.submit(1, &opening(0)).unwrap();
    desk.work_all();
    desk.submit(2, &village::founding(&village::book(0))[1]).unwrap();
    while let Some(work) = desk.sequencer.next(MORNING - 1_000_000) {
        match work {
            Work::Load(loads) => desk.sequencer.loaded(run(desk.memory.load(loads))),
            Work::Append(appends) => {
                assert_eq!(appends[0].head.recorded_at, MORNING);
                desk.sequencer.appended(run(desk.memory.append(appends)));
            }
            other => panic!("not due: {other:?}"),
        }
    }
}
