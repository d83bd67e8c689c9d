//! One sequencer on storage in memory, driven step by step, that counts its round trips.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use simpul::domain::account::Account;
use simpul::domain::id::Id;
use simpul::domain::money::Sen;
use simpul::domain::record::Record;
use simpul::domain::state::{Key, Value};
use simpul::journal::{Answer, Limits, Priority, Sequencer, Submission, Ticket, Work};
use simpul::storage::memory::Memory;
use simpul::storage::{Append, Dump, Journal, Load, StoredRecord};
use simpul::verify::{Finding, verify};

use crate::village::{self, Wish};

/// Runs a future that never waits for anything outside.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Round trips to storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trips {
    /// Loads.
    pub loads: u32,
    /// Appends.
    pub appends: u32,
}

/// The town hall: everything that is submitted is answered at once.
pub struct Town {
    memory: Memory,
    sequencer: Sequencer,
    trips: Trips,
    bug: Option<Bug>,
}

/// What a server with a fault in its `apply` derives instead.
pub type Bug = fn(&mut Append);

impl Town {
    /// No books yet.
    pub fn new(limits: Limits) -> Town {
        let (memory, sequencer) = (Memory::new(), Sequencer::new(limits));
        Town { memory, sequencer, trips: Trips::default(), bug: None }
    }

    /// From here on what is derived is stored wrongly.
    pub fn breaks(&mut self, bug: Bug) {
        self.bug = Some(bug);
    }

    /// What `verify` finds in a book.
    pub fn findings(&self, book: &Id) -> Vec<Finding> {
        verify(book, &run(self.memory.dump(book)).unwrap()).findings
    }

    /// A town with one founded book, whose name it returns.
    pub fn founded() -> (Town, Id) {
        let mut town = Town::new(Limits::default());
        let book = village::book(0);
        let answers = town.submit(&village::founding(&book));
        assert!(answers.iter().all(|answer| matches!(answer, Answer::Done { .. })));
        (town, book)
    }

    /// Submits wishes together and answers them in their order.
    pub fn submit(&mut self, wishes: &[Wish]) -> Vec<Answer> {
        for (ticket, wish) in (0..).zip(wishes) {
            let Wish { command, sides, .. } = wish.clone();
            let submission = Submission { command, sides, priority: Priority::Interactive };
            self.sequencer.submit(ticket, submission).expect("the queue has room");
        }
        self.trips = Trips::default();
        let mut answers: HashMap<Ticket, Answer> = HashMap::new();
        while let Some(work) = self.sequencer.next(village::MORNING) {
            self.perform(work);
            answers.extend(self.sequencer.answers());
        }
        answers.extend(self.sequencer.answers());
        (0..).zip(wishes).map(|(ticket, _)| answers.remove(&ticket).expect("answered")).collect()
    }

    /// Submits one wish and returns its new record.
    pub fn record(&mut self, wish: Wish) -> Arc<Record> {
        match self.submit(&[wish]).pop() {
            Some(Answer::Done { record, replayed: false }) => record,
            other => panic!("not a new record: {other:?}"),
        }
    }

    /// The round trips of the last submission.
    pub fn trips(&self) -> Trips {
        self.trips
    }

    /// Everything stored about a book, once it is verified.
    pub fn sound_dump(&self, book: &Id) -> Dump {
        let dump = run(self.memory.dump(book)).unwrap();
        let report = verify(book, &dump);
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        dump
    }

    /// The process dies with all its memory; what is stored lives on.
    pub fn crash(&mut self) {
        self.sequencer = Sequencer::new(Limits::default());
    }

    /// A book's records from a position on.
    pub fn records(&self, book: &Id, from: u64) -> Vec<StoredRecord> {
        run(self.memory.records(book, from, u32::MAX)).unwrap()
    }

    /// An account's balance as stored; none if it was never used.
    pub fn balance(&self, book: &Id, account: &Account) -> Option<i64> {
        let key = Key::Balance(account.clone());
        let load = Load { book: book.clone(), keys: vec![key] };
        let loaded = run(self.memory.load(vec![load])).unwrap();
        match &loaded[0].values[..] {
            [(_, Value::Balance(balance))] => balance.map(Sen::get),
            other => panic!("not a balance: {other:?}"),
        }
    }

    fn perform(&mut self, work: Work) {
        match work {
            Work::Load(loads) => {
                self.trips.loads += 1;
                self.sequencer.loaded(run(self.memory.load(loads)));
            }
            Work::Append(mut appends) => {
                self.trips.appends += 1;
                if let Some(bug) = self.bug {
                    appends.iter_mut().for_each(|append| bug(Arc::make_mut(append)));
                }
                self.sequencer.appended(run(self.memory.append(appends)));
            }
            Work::Resolve(append) => {
                self.sequencer.resolved(run(self.memory.resolve(&append)));
            }
        }
    }
}
