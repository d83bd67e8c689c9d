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
//! meanwhile waits and goes together next.
//!
//! **Invariants**:
//! - Nobody is answered before what the answer rests on is durable.
//! - A batch is decided over one head per book and appended on that head or not at all.
//! - What is not committed leaves no trace: drafts are dropped, cached rows are those of a head.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::mem;
use std::sync::Arc;

use crate::domain::decide::Command;
use crate::domain::id::Id;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::state::Key;
use crate::journal::batch::{Halt, Part, Pending};
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

type Batch = BTreeMap<Id, Part>;

/// Where the batch in flight stands.
enum Phase {
    Idle,
    Deciding(Batch),
    /// The books asked about, and about how many keys each.
    Loading(Batch, Vec<(Id, usize)>),
    Appending(Batch),
    /// The books whose outcome is still unknown, and whether the first of them is being asked.
    Resolving(Batch, VecDeque<Arc<Append>>, bool),
}

/// The state machine. See the module.
pub struct Sequencer {
    limits: Limits,
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
        let (book, actor) = (command.book.clone(), command.actor.clone());
        lane.push(&book, &actor, Pending { ticket, command, sides });
        Ok(())
    }

    /// Whether nothing waits and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
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
                    let batch = self.gather();
                    if batch.is_empty() {
                        return None;
                    }
                    self.phase = Phase::Deciding(batch);
                }
                Phase::Deciding(batch) => {
                    if let Some(work) = self.decide(batch, now) {
                        return Some(work);
                    }
                }
                Phase::Resolving(batch, unknown, false) => {
                    if let Some(work) = self.resolve_next(batch, unknown) {
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

    /// Tells what a load came to.
    pub fn loaded(&mut self, result: Result<Vec<Loaded>, StorageError>) {
        let Phase::Loading(mut batch, asked) = mem::replace(&mut self.phase, Phase::Idle) else {
            panic!("no load is due");
        };
        match result {
            Ok(loaded) => {
                assert_eq!(loaded.len(), asked.len(), "a load answers for every book");
                for (found, (book, keys)) in loaded.into_iter().zip(asked) {
                    assert_eq!((&found.book, found.values.len()), (&book, keys), "and every key");
                    let part = batch.get_mut(&book).expect("the book is in the batch");
                    part.load(found);
                }
            }
            Err(StorageError::Damaged(reason)) => match asked.as_slice() {
                [(book, _)] => {
                    let part = batch.remove(book).expect("the book is in the batch");
                    self.unavailable(part, &reason);
                }
                _ => self.apart = true,
            },
            Err(error) => return self.fail(batch, &error.to_string()),
        }
        self.phase = Phase::Deciding(batch);
    }

    /// Tells what an append came to.
    pub fn appended(&mut self, result: Result<Vec<AppendOutcome>, StorageError>) {
        let Phase::Appending(batch) = mem::replace(&mut self.phase, Phase::Idle) else {
            panic!("no append is due");
        };
        match result {
            Ok(outcomes) => {
                assert_eq!(outcomes.len(), batch.len(), "an append answers for every book");
                for ((book, part), outcome) in batch.into_iter().zip(outcomes).rev() {
                    self.settle(book, part, outcome);
                }
            }
            Err(StorageError::Unknown(_)) => {
                let unknown = appends(&batch).collect();
                self.phase = Phase::Resolving(batch, unknown, false);
            }
            Err(error) => self.fail(batch, &error.to_string()),
        }
    }

    /// Tells what became of an append whose answer was lost. An error leaves it unknown, and it is
    /// asked for again.
    pub fn resolved(&mut self, result: Result<AppendOutcome, StorageError>) {
        let Phase::Resolving(mut batch, mut unknown, true) =
            mem::replace(&mut self.phase, Phase::Idle)
        else {
            panic!("no resolution is due");
        };
        if let Ok(outcome) = result {
            let append = unknown.pop_front().expect("an append is being resolved");
            let part = batch.remove(&append.book).expect("the book is in the batch");
            self.settle(append.book.clone(), part, outcome);
        }
        self.phase = Phase::Resolving(batch, unknown, false);
    }

    /// Makes up the next batch.
    fn gather(&mut self) -> Batch {
        let mut batch = Batch::new();
        for _ in 0..self.limits.batch_commands {
            let lanes = || self.interactive.pop().or_else(|| self.bulk.pop());
            let Some(pending) = self.first.pop_front().or_else(lanes) else {
                break;
            };
            let book = pending.command.book.clone();
            let part = batch.entry(book).or_insert_with_key(|book| {
                Part::new(self.cache.take(book), self.needed.remove(book))
            });
            part.commands.push(pending);
        }
        batch
    }

    /// Decides what can be decided; what is missing is loaded for all books at once.
    fn decide(&mut self, mut batch: Batch, now: i64) -> Option<Work> {
        let mut loads = Vec::new();
        let mut lost = Vec::new();
        let mut budget = self.limits.batch_bytes;
        for (book, part) in &mut batch {
            if part.draft.is_none() {
                match part.decide(book, now, budget) {
                    Ok(()) => {}
                    Err(Halt::Load(keys)) => loads.push(Load { book: book.clone(), keys }),
                    Err(Halt::Unavailable(reason)) => lost.push((book.clone(), reason)),
                }
            }
            let bytes = part.draft.as_ref().map_or(0, |draft| draft.bytes);
            budget = budget.saturating_sub(bytes);
        }
        for (book, reason) in lost {
            let part = batch.remove(&book).expect("the book is in the batch");
            self.unavailable(part, &reason);
        }
        if loads.is_empty() {
            return self.append(batch);
        }
        if self.apart {
            loads.truncate(1);
        }
        let asked = loads.iter().map(|load| (load.book.clone(), load.keys.len())).collect();
        self.phase = Phase::Loading(batch, asked);
        Some(Work::Load(loads))
    }

    /// Answers the books that have nothing new to store, and appends the others.
    fn append(&mut self, batch: Batch) -> Option<Work> {
        self.apart = false;
        let mut storing = Batch::new();
        for (book, mut part) in batch.into_iter().rev() {
            self.put_off(&mut part);
            if part.append().is_some() {
                storing.insert(book, part);
            } else {
                self.settle(book, part, AppendOutcome::Committed);
            }
        }
        if storing.is_empty() {
            return None;
        }
        let work = appends(&storing).collect();
        self.phase = Phase::Appending(storing);
        Some(Work::Append(work))
    }

    /// Commands that had no room in the batch come first in the next.
    fn put_off(&mut self, part: &mut Part) {
        let decided = part.draft.as_ref().map_or(0, |draft| draft.answers.len());
        for pending in part.commands.split_off(decided).into_iter().rev() {
            self.first.push_front(pending);
        }
    }

    fn resolve_next(&mut self, batch: Batch, unknown: VecDeque<Arc<Append>>) -> Option<Work> {
        let append = Arc::clone(unknown.front()?);
        self.phase = Phase::Resolving(batch, unknown, true);
        Some(Work::Resolve(append))
    }

    /// Ends one book's part of a batch.
    fn settle(&mut self, book: Id, mut part: Part, outcome: AppendOutcome) {
        if outcome == AppendOutcome::Conflict {
            // Others have written, or a request is not new: decide again on what is there now.
            for pending in part.commands.into_iter().rev() {
                self.first.push_front(pending);
            }
            self.needed.insert(book, part.asked);
            return;
        }
        let draft = part.draft.expect("what is settled was decided");
        for (pending, (answer, _)) in part.commands.into_iter().zip(draft.answers) {
            self.answers.push((pending.ticket, answer));
        }
        if let Some(append) = draft.append {
            part.rows.advance(&append);
        }
        self.cache.put(book, part.rows);
    }

    /// Ends a whole batch of which nothing was stored. Answers that rest on what was durable
    /// before still hold.
    fn fail(&mut self, batch: Batch, reason: &str) {
        self.apart = false;
        for (book, part) in batch {
            let size = part.rows.head.as_ref().map_or(0, |head| head.size);
            let mut drafted = part.draft.into_iter().flat_map(|draft| draft.answers);
            for pending in part.commands {
                let answer = match drafted.next() {
                    Some((answer, rests_on)) if rests_on <= size => answer,
                    _ => Answer::Failed(reason.to_owned()),
                };
                self.answers.push((pending.ticket, answer));
            }
            self.cache.put(book, part.rows);
        }
    }

    fn unavailable(&mut self, part: Part, reason: &str) {
        for pending in part.commands {
            self.answers.push((pending.ticket, Answer::Unavailable(reason.to_owned())));
        }
    }
}

fn appends(batch: &Batch) -> impl Iterator<Item = Arc<Append>> {
    batch.values().filter_map(Part::append)
}
