//! The sequencer: a state machine without I/O that turns waiting commands into appends.
//!
//! It hands out one piece of [`Work`] at a time and is told the result:
//!
//! | work | round trips | what bounds it |
//! |---|---|---|
//! | `Load` | none when all is cached; else one for each step that names lead further (group, then member, then accounts) | [`Limits::batch_commands`] |
//! | `Append` | one per batch, and one more after a conflict: another server has written, or a request was decided before | [`Limits::batch_commands`], [`Limits::batch_bytes`] |
//! | `Resolve` | one per book, only after a lost answer | books in the batch |
//!
//! A batch of one is the same road as a batch of many. One batch is in flight; what is submitted
//! meanwhile goes together next, and is decided already while it waits, over the rows that the
//! append in flight will leave ([`Sequencer::prepare`]).
//!
//! **Invariants**:
//! - Nobody is answered before what the answer rests on is durable.
//! - A batch is decided over one head per book and appended on that head or not at all.
//! - What is not committed leaves no trace: what was cached or decided over an append that came to
//!   nothing is dropped with it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::mem;
use std::sync::Arc;

use crate::domain::decide::Command;
use crate::domain::id::Id;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::state::Key;
use crate::journal::batch::{Draft, Halt, Part, Pending};
use crate::journal::cache::Cache;
use crate::journal::queue::Lane;
use crate::storage::{Append, AppendOutcome, Load, Loaded, SideRow, StorageError};

/// Names a submission in its answer; chosen by the caller.
pub type Ticket = u64;

/// Which of the two queues a command waits in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// Someone is waiting.
    #[default]
    Interactive,
    /// Imports and closings: only when no interactive command waits.
    Bulk,
}

/// A command with the personal text that belongs to it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What to decide.
    pub command: Command,
    /// Stored with the record if the command is accepted now, and not otherwise.
    pub sides: Vec<SideRow>,
    /// The queue.
    pub priority: Priority,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// This durable record answers it: an acceptance or a recorded refusal.
    Done {
        /// The record.
        record: Arc<Record>,
        /// Whether the request had been decided before.
        replayed: bool,
    },
    /// The request id belongs to another request. Nothing was consumed.
    Reused {
        /// The record of that other request.
        position: u64,
    },
    /// There is no such book, or it could not be opened. Nothing was consumed.
    NoBook(Refusal),
    /// Storage failed and nothing was stored: the same request may be sent again.
    Failed(String),
    /// This server cannot serve the book: its data are damaged or of a later format.
    Unavailable(String),
}

/// The queue is full; nothing was consumed and the same request may be sent again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many commands are waiting")]
pub struct Overloaded;

/// What the sequencer needs done before it can go on.
#[derive(Clone, Debug)]
pub enum Work {
    /// Load these; then [`Sequencer::loaded`].
    Load(Vec<Load>),
    /// Append these; then [`Sequencer::appended`].
    Append(Vec<Arc<Append>>),
    /// Find out whether this was appended; then [`Sequencer::resolved`].
    Resolve(Arc<Append>),
}

/// The sizes of queues, batches and the cache.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commands that may wait in each of the two queues.
    pub queue: usize,
    /// Commands in one batch.
    pub batch_commands: usize,
    /// Bytes of records in one batch; one decision may go beyond.
    pub batch_bytes: usize,
    /// Values in the cache, over all books.
    pub cached_values: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        let (queue, batch_commands, batch_bytes) = (16_384, 1_024, 8 << 20);
        Limits { queue, batch_commands, batch_bytes, cached_values: 1 << 17 }
    }
}

/// What one book's append answers, once it is committed.
struct Flight {
    append: Arc<Append>,
    commands: Vec<Pending>,
    answers: Vec<(Answer, u64)>,
    /// See [`Part::asked`].
    asked: BTreeSet<Key>,
}

type Flights = BTreeMap<Id, Flight>;

/// What is being done.
enum Phase {
    Idle,
    /// The next batch is complete but for what must still be loaded.
    Deciding,
    /// The books asked about, and about how many keys each.
    Loading(Vec<(Id, usize)>),
    Appending(Flights),
    /// The books whose outcome is still unknown, and whether the first of them is being asked.
    Resolving(Flights, VecDeque<Arc<Append>>, bool),
}

/// The state machine. See the module.
pub struct Sequencer {
    limits: Limits,
    /// The batch that goes next.
    batch: BTreeMap<Id, Part>,
    /// Commands whose batch met a conflict, or had no room: they go first, in their order.
    first: VecDeque<Pending>,
    interactive: Lane<Pending>,
    bulk: Lane<Pending>,
    cache: Cache,
    /// After a conflict, what the book's commands needed: loaded again all at once.
    needed: HashMap<Id, BTreeSet<Key>>,
    /// After a load met damage: one book at a time, so that the others get through.
    apart: bool,
    phase: Phase,
    answers: Vec<(Ticket, Answer)>,
}

impl Sequencer {
    /// A sequencer that knows nothing yet.
    pub fn new(limits: Limits) -> Sequencer {
        Sequencer {
            limits,
            batch: BTreeMap::new(),
            first: VecDeque::new(),
            interactive: Lane::new(limits.queue),
            bulk: Lane::new(limits.queue),
            cache: Cache::new(limits.cached_values),
            needed: HashMap::new(),
            apart: false,
            phase: Phase::Idle,
            answers: Vec::new(),
        }
    }

    /// Takes a command in. Errors: `Overloaded` when its queue is full.
    pub fn submit(&mut self, ticket: Ticket, submission: Submission) -> Result<(), Overloaded> {
        let Submission { command, sides, priority } = submission;
        let lane = match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Bulk => &mut self.bulk,
        };
        if lane.is_full() {
            return Err(Overloaded);
        }
        let (book, actor) = (command.book.clone(), command.author.actor.clone());
        lane.push(&book, &actor, Pending { ticket, command, sides });
        Ok(())
    }

    /// Whether nothing waits and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
            && self.batch.is_empty()
            && self.first.is_empty()
            && self.interactive.is_empty()
            && self.bulk.is_empty()
    }

    /// The answers since the last call.
    pub fn answers(&mut self) -> Vec<(Ticket, Answer)> {
        mem::take(&mut self.answers)
    }

    /// The next thing to do, or nothing: then either nothing waits, or the result of the work
    /// handed out before is still due. `now` is the server's time in microseconds since
    /// 1970-01-01T00:00:00Z.
    pub fn next(&mut self, now: i64) -> Option<Work> {
        loop {
            match mem::replace(&mut self.phase, Phase::Idle) {
                Phase::Idle => {
                    self.gather(|next| next.bulk.pop());
                    if self.batch.is_empty() {
                        return None;
                    }
                    self.phase = Phase::Deciding;
                }
                Phase::Deciding => {
                    if let Some(work) = self.decide(now) {
                        return Some(work);
                    }
                }
                Phase::Resolving(flights, unknown, false) => {
                    if let Some(work) = self.resolve_next(flights, unknown) {
                        return Some(work);
                    }
                }
                waiting => {
                    self.phase = waiting;
                    return None;
                }
            }
        }
    }

    /// While an append is in flight: decides what has come in, as far as nothing must be loaded
    /// for it. Bulk commands wait, so that they do not take the places of whoever comes yet.
    pub fn prepare(&mut self, now: i64) {
        if !matches!(self.phase, Phase::Appending(_)) {
            return;
        }
        for book in self.gather(|_| None) {
            let used = self.batch.values().filter_map(|part| part.draft.as_ref());
            let used: usize = used.map(Draft::bytes).sum();
            let part = self.batch.get_mut(&book).expect("it was gathered");
            let own = part.draft.as_ref().map_or(0, Draft::bytes);
            let budget = (self.limits.batch_bytes + own).saturating_sub(used);
            // What halts it is found again, and seen to, when nothing is in flight.
            let _halted = part.decide(now, budget);
        }
    }

    /// Tells what a load came to.
    pub fn loaded(&mut self, result: Result<Vec<Loaded>, StorageError>) {
        let Phase::Loading(asked) = mem::replace(&mut self.phase, Phase::Idle) else {
            panic!("no load is due");
        };
        match result {
            Ok(loaded) => {
                assert_eq!(loaded.len(), asked.len(), "a load answers for every book");
                for (found, (book, keys)) in loaded.into_iter().zip(asked) {
                    assert_eq!((&found.book, found.values.len()), (&book, keys), "and every key");
                    let part = self.batch.get_mut(&book).expect("the book is in the batch");
                    part.load(found);
                }
            }
            Err(StorageError::Damaged(reason)) => match asked.as_slice() {
                [(book, _)] => self.unavailable(book, &reason),
                _ => self.apart = true,
            },
            Err(error) => return self.fail_batch(&error.to_string()),
        }
        self.phase = Phase::Deciding;
    }

    /// Tells what an append came to.
    pub fn appended(&mut self, result: Result<Vec<AppendOutcome>, StorageError>) {
        let Phase::Appending(flights) = mem::replace(&mut self.phase, Phase::Idle) else {
            panic!("no append is due");
        };
        match result {
            Ok(outcomes) => {
                assert_eq!(outcomes.len(), flights.len(), "an append answers for every book");
                for ((book, flight), outcome) in flights.into_iter().zip(outcomes).rev() {
                    self.settle(book, flight, outcome);
                }
            }
            Err(StorageError::Unknown(_)) => {
                let unknown = flights.values().map(|flight| Arc::clone(&flight.append)).collect();
                self.phase = Phase::Resolving(flights, unknown, false);
            }
            Err(error) => {
                for (book, flight) in flights {
                    self.give_up(&book, flight, &error.to_string());
                }
            }
        }
    }

    /// Tells what became of an append whose answer was lost. An error leaves it unknown, and it is
    /// asked for again. What was not stored is not decided again: on a full disk it would go on so
    /// for as long as the callers wait.
    pub fn resolved(&mut self, result: Result<AppendOutcome, StorageError>) {
        let Phase::Resolving(mut flights, mut unknown, true) =
            mem::replace(&mut self.phase, Phase::Idle)
        else {
            panic!("no resolution is due");
        };
        if let Ok(outcome) = result {
            let append = unknown.pop_front().expect("an append is being resolved");
            let flight = flights.remove(&append.book).expect("the book is in flight");
            match outcome {
                AppendOutcome::Committed => self.reply(flight.commands, flight.answers),
                AppendOutcome::Conflict => {
                    self.give_up(&append.book, flight, "the commit did not come to pass");
                }
            }
        }
        self.phase = Phase::Resolving(flights, unknown, false);
    }

    /// Adds to the next batch: those who go first, then the interactive, then what `last` gives.
    /// Returns the books that can go on deciding.
    fn gather(&mut self, last: impl Fn(&mut Sequencer) -> Option<Pending>) -> BTreeSet<Id> {
        let taken: usize = self.batch.values().map(|part| part.commands.len()).sum();
        let mut ready = BTreeSet::new();
        for _ in taken..self.limits.batch_commands {
            let next = self.first.pop_front().or_else(|| self.interactive.pop());
            let Some(pending) = next.or_else(|| last(self)) else {
                break;
            };
            let book = pending.command.book.clone();
            let part = self.batch.entry(book.clone()).or_insert_with_key(|book| {
                Part::new(self.cache.take(book), self.needed.remove(book))
            });
            if !part.is_halted() || ready.contains(&book) {
                ready.insert(book);
            }
            part.commands.push(pending);
        }
        ready
    }

    /// Decides what can be decided; what is missing is loaded for all books at once.
    fn decide(&mut self, now: i64) -> Option<Work> {
        let mut loads = Vec::new();
        let mut lost = Vec::new();
        let mut budget = self.limits.batch_bytes;
        for (book, part) in &mut self.batch {
            match part.decide(now, budget) {
                Ok(()) => {}
                Err(Halt::Load(keys)) => loads.push(Load { book: book.clone(), keys }),
                Err(Halt::Unavailable(reason)) => lost.push((book.clone(), reason)),
            }
            let bytes = part.draft.as_ref().map_or(0, Draft::bytes);
            budget = budget.saturating_sub(bytes);
        }
        for (book, reason) in lost {
            self.unavailable(&book, &reason);
        }
        if loads.is_empty() {
            return self.append();
        }
        if self.apart {
            loads.truncate(1);
        }
        let asked = loads.iter().map(|load| (load.book.clone(), load.keys.len())).collect();
        self.phase = Phase::Loading(asked);
        Some(Work::Load(loads))
    }

    /// Answers the books that have nothing new to store, and appends the others.
    fn append(&mut self) -> Option<Work> {
        self.apart = false;
        let mut flights = Flights::new();
        for (book, mut part) in mem::take(&mut self.batch).into_iter().rev() {
            let draft = part.draft.take().expect("what is complete was decided");
            // Commands that had no room come first in the next batch.
            self.put_first(part.commands.split_off(draft.answers.len()));
            match draft.finish(&book) {
                (None, answers) => self.reply(part.commands, answers),
                (Some(append), answers) => {
                    part.rows.advance(&append);
                    let Part { commands, asked, .. } = part;
                    let flight = Flight { append: Arc::new(append), commands, answers, asked };
                    flights.insert(book.clone(), flight);
                }
            }
            self.cache.put(book, part.rows);
        }
        if flights.is_empty() {
            return None;
        }
        let work = flights.values().map(|flight| Arc::clone(&flight.append)).collect();
        self.phase = Phase::Appending(flights);
        Some(Work::Append(work))
    }

    fn put_first(&mut self, commands: Vec<Pending>) {
        for pending in commands.into_iter().rev() {
            self.first.push_front(pending);
        }
    }

    fn resolve_next(&mut self, flights: Flights, unknown: VecDeque<Arc<Append>>) -> Option<Work> {
        let append = Arc::clone(unknown.front()?);
        self.phase = Phase::Resolving(flights, unknown, true);
        Some(Work::Resolve(append))
    }

    /// Ends one book's part of an append.
    fn settle(&mut self, book: Id, flight: Flight, outcome: AppendOutcome) {
        match outcome {
            AppendOutcome::Committed => self.reply(flight.commands, flight.answers),
            AppendOutcome::Conflict => {
                // Others have written, or a request is not new: decide again on what is there now.
                let mut asked = flight.asked;
                asked.extend(self.forget(&book));
                self.put_first(flight.commands);
                self.needed.insert(book, asked);
            }
        }
    }

    /// Ends one book's part of an append of which nothing was stored.
    fn give_up(&mut self, book: &Id, flight: Flight, reason: &str) {
        self.forget(book);
        let Flight { append, commands, answers, .. } = flight;
        self.fail(commands, answers, append.expected_size, reason);
    }

    /// Drops what is known of a book whose append came to nothing, and what was decided over it.
    /// Returns the keys that the book's waiting commands needed.
    fn forget(&mut self, book: &Id) -> BTreeSet<Key> {
        drop(self.cache.take(book));
        let Some(part) = self.batch.remove(book) else {
            return BTreeSet::new();
        };
        self.put_first(part.commands);
        part.asked
    }

    fn reply(&mut self, commands: Vec<Pending>, answers: Vec<(Answer, u64)>) {
        for (pending, (answer, _)) in commands.into_iter().zip(answers) {
            self.answers.push((pending.ticket, answer));
        }
    }

    /// Ends commands of which nothing was stored. Answers that rest on what was durable before,
    /// at journal size `durable`, still hold.
    fn fail(
        &mut self,
        commands: Vec<Pending>,
        answers: Vec<(Answer, u64)>,
        durable: u64,
        reason: &str,
    ) {
        let mut answers = answers.into_iter();
        for pending in commands {
            let answer = match answers.next() {
                Some((answer, rests_on)) if rests_on <= durable => answer,
                _ => Answer::Failed(reason.to_owned()),
            };
            self.answers.push((pending.ticket, answer));
        }
    }

    /// Ends the whole batch that was to go next, because a load failed.
    fn fail_batch(&mut self, reason: &str) {
        self.apart = false;
        for (book, part) in mem::take(&mut self.batch) {
            let durable = part.rows.head.as_ref().map_or(0, |head| head.size);
            let answers = part.draft.map(|draft| draft.answers).unwrap_or_default();
            self.fail(part.commands, answers, durable, reason);
            self.cache.put(book, part.rows);
        }
    }

    fn unavailable(&mut self, book: &Id, reason: &str) {
        let part = self.batch.remove(book).expect("the book is in the batch");
        for pending in part.commands {
            self.answers.push((pending.ticket, Answer::Unavailable(reason.to_owned())));
        }
    }
}
