//! One book's share of a batch: its commands are decided in order over loaded rows, and what they
//! decide becomes one append.
//!
//! **Invariant**: a [`Draft`] is all or nothing. It is made over rows of one head, command by
//! command as they come; when a key is missing, or the head turns out to have moved, it is thrown
//! away and made again.
//!
//! Requests are taken to be new without asking, as nearly all are: an append names its requests,
//! and storage refuses it when one of them was decided before. Then they are all asked about.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use crate::chain::{Frontier, leaf_hash};
use crate::domain::account::{Account, Control};
use crate::domain::decide::{Command, Decision, Stamp, decide};
use crate::domain::id::{Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{FORMAT_LEVEL, MAX_RECORD_BYTES, Outcome, Row, Written};
use crate::domain::state::{
    ApplyError, Changes, EntryRow, Key, Lookup, Receipt, State, Value, absorb, apply,
};
use crate::journal::cache::Rows;
use crate::journal::sequencer::{Answer, Ticket};
use crate::storage::{Append, Checkpoint, Head, Loaded, SideRow, StoredRecord};

/// A command that waits for its answer.
pub(super) struct Pending {
    /// Whom to answer.
    pub(super) ticket: Ticket,
    /// What to decide.
    pub(super) command: Command,
    /// The personal text that goes with it.
    pub(super) sides: Vec<SideRow>,
}

/// One book's share of a batch.
pub(super) struct Part {
    /// The commands in the order in which they are decided.
    pub(super) commands: Vec<Pending>,
    /// What is known of the book.
    pub(super) rows: Rows,
    /// Every key loaded so far. After a conflict they are all asked for again at once.
    pub(super) asked: BTreeSet<Key>,
    /// Whether requests are new unless something says otherwise; not so after a conflict.
    assume_new: bool,
    /// The decisions so far; none before the first, and while something is missing.
    pub(super) draft: Option<Draft>,
}

/// Why a part has no draft yet.
pub(super) enum Halt {
    /// These keys must be loaded first (none at all: only the head).
    Load(Vec<Key>),
    /// The book cannot be served here, for this reason.
    Unavailable(String),
}

/// What a part's commands came to so far.
pub(super) struct Draft {
    /// The tree with its records.
    frontier: Frontier,
    /// The rows that its records changed.
    changes: State,
    /// The journal's size with its records.
    size: u64,
    /// When its last record was made; without one, the head's.
    recorded_at: i64,
    /// What its records add.
    gathered: Gathered,
    /// The answers of the commands, each with the journal size it rests on.
    pub(super) answers: Vec<(Answer, u64)>,
}

impl Draft {
    /// Bytes of its records.
    pub(super) fn bytes(&self) -> usize {
        self.gathered.bytes
    }

    /// What to store, none when no command made a record; and the answers.
    pub(super) fn finish(self, book: &Id) -> (Option<Append>, Vec<(Answer, u64)>) {
        (self.gathered.into_append(book, &self.frontier, self.recorded_at), self.answers)
    }

    fn gather(&mut self, position: u64, bytes: Vec<u8>, changes: Changes) {
        assert!(bytes.len() <= MAX_RECORD_BYTES, "the domain refuses what is too large");
        let hashes = self.frontier.append(leaf_hash(&bytes));
        self.gathered.add(StoredRecord { position, hashes, bytes: bytes.into() });
        self.gathered.derive(position, changes);
    }
}

impl Part {
    /// No commands yet; `conflicted` are the keys that were needed when the last append of the
    /// book met a conflict.
    pub(super) fn new(rows: Rows, conflicted: Option<BTreeSet<Key>>) -> Part {
        let assume_new = conflicted.is_none();
        let asked = conflicted.unwrap_or_default();
        Part { commands: Vec::new(), rows, asked, assume_new, draft: None }
    }

    /// Takes in what a load found.
    pub(super) fn load(&mut self, loaded: Loaded) {
        self.rows.load(loaded.head, loaded.values);
    }

    /// Whether something is known to be missing: only a load helps.
    pub(super) fn is_halted(&self) -> bool {
        self.draft.is_none() && !self.commands.is_empty()
    }

    /// Decides the commands that are not decided yet, in order, until the records fill `budget`
    /// bytes: a draft may answer fewer commands than there are.
    pub(super) fn decide(&mut self, now: i64, budget: usize) -> Result<(), Halt> {
        let mut draft = match self.draft.take() {
            Some(draft) => draft,
            None => self.begin()?,
        };
        let changes = mem::take(&mut draft.changes);
        let view = View { changes, rows: &self.rows, new: None };
        let decided = draft.answers.len();
        let mut round = Round { view, missing: BTreeSet::new(), now, draft };
        for pending in &self.commands[decided..] {
            if round.draft.bytes() >= budget {
                break;
            }
            let request = || Key::Receipt(pending.command.request.clone());
            round.view.new = self.assume_new.then(request);
            round.decide(pending)?;
        }
        let Round { view, missing, mut draft, .. } = round;
        if missing.is_empty() && self.rows.head.is_some() {
            draft.changes = view.changes;
            self.draft = Some(draft);
            return Ok(());
        }
        self.asked.extend(missing);
        let unknown = self.asked.iter().filter(|key| self.rows.get(key).is_none());
        Err(Halt::Load(unknown.cloned().collect()))
    }

    fn begin(&self) -> Result<Draft, Halt> {
        let head = self.rows.head.clone().unwrap_or_default();
        let Some(frontier) = Frontier::from_parts(head.size, head.frontier) else {
            return Err(Halt::Unavailable("the stored head is damaged".to_owned()));
        };
        if self.is_of_later_format() {
            return Err(Halt::Unavailable("the book is of a later format".to_owned()));
        }
        Ok(Draft {
            frontier,
            changes: State::default(),
            size: head.size,
            recorded_at: head.recorded_at,
            gathered: Gathered::default(),
            answers: Vec::new(),
        })
    }

    /// Whether the book's records may hold what this version does not know.
    fn is_of_later_format(&self) -> bool {
        let settings = self.rows.get(&Key::Row(RowName::book()));
        match settings {
            Some(Value::Row(Some(row))) => {
                matches!(&**row, Row::Book(book) if book.format_level > FORMAT_LEVEL)
            }
            _ => false,
        }
    }
}

/// One pass over a part's commands. Once a key is missing it only goes on to find out what else
/// is missing, and what it writes is not used.
struct Round<'a> {
    view: View<'a>,
    missing: BTreeSet<Key>,
    now: i64,
    draft: Draft,
}

/// The rows with the records of this round over them.
struct View<'a> {
    changes: State,
    rows: &'a Rows,
    /// The request that is taken to be new unless the rows know it.
    new: Option<Key>,
}

static NEVER_DECIDED: Value = Value::Receipt(None);

impl Lookup for View<'_> {
    fn get(&self, key: &Key) -> Option<&Value> {
        let known = self.changes.get(key).or_else(|| self.rows.get(key));
        known.or_else(|| (self.new.as_ref() == Some(key)).then_some(&NEVER_DECIDED))
    }
}

impl Round<'_> {
    fn decide(&mut self, pending: &Pending) -> Result<(), Halt> {
        let now = self.now.max(self.draft.recorded_at);
        let stamp = Stamp { position: self.draft.size + 1, now };
        match decide(&pending.command, &stamp, &self.view) {
            Err(missing) => self.missing.extend(missing.0),
            Ok(Decision::Records(records)) => return self.write(records, &pending.sides),
            Ok(Decision::Replay(position)) => return self.replay(position),
            Ok(Decision::Reused(position)) => self.answer(Answer::Reused { position }, position),
            Ok(Decision::NoBook(refusal)) => self.answer(Answer::NoBook(refusal), 0),
        }
        Ok(())
    }

    fn answer(&mut self, answer: Answer, rests_on: u64) {
        self.draft.answers.push((answer, rests_on));
    }

    /// Answers with a record of the journal, or of this very round.
    fn replay(&mut self, position: u64) -> Result<(), Halt> {
        match self.view.get(&Key::Record(position)) {
            Some(Value::Record(Some(record))) => {
                let record = Arc::clone(record);
                self.answer(Answer::Done { record, replayed: true }, position);
            }
            Some(_) => {
                let reason = format!("a receipt names record {position}, which is not there");
                return Err(Halt::Unavailable(reason));
            }
            None => {
                self.missing.insert(Key::Record(position));
            }
        }
        Ok(())
    }

    /// Makes new records visible to the commands behind, and writes them down.
    fn write(&mut self, records: Vec<Written>, sides: &[SideRow]) -> Result<(), Halt> {
        let mut own = None;
        for Written { record, bytes } in records {
            assert_eq!(record.position, self.draft.size + 1, "positions are consecutive");
            let changes = match apply(&record, &self.view) {
                Ok(changes) => changes,
                Err(ApplyError::NotLoaded(key)) => {
                    self.missing.insert(*key);
                    return Ok(());
                }
                // Only decisions on complete state are known to fit it.
                Err(_) if !self.missing.is_empty() => return Ok(()),
                Err(error) => return Err(Halt::Unavailable(error.to_string())),
            };
            let record = Arc::new(record);
            absorb(&mut self.view.changes, &changes);
            let value = Value::Record(Some(Arc::clone(&record)));
            self.view.changes.insert(Key::Record(record.position), value);
            self.draft.size = record.position;
            self.draft.recorded_at = record.recorded_at;
            if self.missing.is_empty() {
                self.draft.gather(record.position, bytes, changes);
            }
            own = if record.request.is_some() { Some(record) } else { own };
        }
        let record = own.expect("one record of a decision names its request");
        if let Outcome::Done(effect) = &record.outcome {
            // Text that a report's state could not take stands in no row: it is not kept.
            let kept = |side: &&SideRow| effect.commitments().any(|c| *c == side.commitment);
            self.draft.gathered.sides.extend(sides.iter().filter(kept).cloned());
        }
        self.answer(Answer::Done { record, replayed: false }, self.draft.size);
        Ok(())
    }
}

/// The rows of an append while they are gathered.
#[derive(Default)]
struct Gathered {
    bytes: usize,
    records: Vec<StoredRecord>,
    entries: Vec<EntryRow>,
    new_accounts: Vec<(Account, u64)>,
    controls: BTreeMap<Control, Sen>,
    rows: BTreeMap<RowName, (u64, Arc<Row>)>,
    mentions: Vec<(RowName, u64)>,
    receipts: Vec<(RequestId, Receipt)>,
    sides: Vec<SideRow>,
}

impl Gathered {
    fn add(&mut self, record: StoredRecord) {
        self.bytes += record.bytes.len();
        self.records.push(record);
    }

    fn derive(&mut self, position: u64, changes: Changes) {
        self.entries.extend(changes.entries);
        self.new_accounts.extend(changes.new_accounts.into_iter().map(|name| (name, position)));
        self.controls.extend(changes.controls);
        self.rows.extend(changes.rows.into_iter().map(|(name, row)| (name, (position, row))));
        self.mentions.extend(changes.mentions.into_iter().map(|name| (name, position)));
        self.receipts.extend(changes.receipt);
    }

    /// The append, or none when there is no record.
    fn into_append(self, book: &Id, frontier: &Frontier, recorded_at: i64) -> Option<Append> {
        let expected_size = self.records.first()?.position - 1;
        let (size, root) = (frontier.size(), frontier.root());
        let rows = self.rows.into_iter().map(|(name, (position, row))| (name, position, row));
        Some(Append {
            book: book.clone(),
            expected_size,
            head: Head { size, frontier: frontier.roots().to_vec(), recorded_at },
            checkpoint: Checkpoint { size, root, recorded_at },
            records: self.records,
            entries: self.entries,
            new_accounts: self.new_accounts,
            controls: self.controls.into_iter().collect(),
            rows: rows.collect(),
            mentions: self.mentions,
            receipts: self.receipts,
            sides: self.sides,
        })
    }
}
