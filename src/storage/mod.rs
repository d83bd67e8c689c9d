//! Where journals live: one narrow trait, and its backends.
//!
//! **Invariants** every backend keeps, and the conformance suite in `tests/storage` checks:
//! - An append names the journal size it builds on; if the journal has grown since, that book's
//!   part is refused as a [`Conflict`](AppendOutcome::Conflict) and nothing of it is stored. This
//!   compare-and-swap is the fence between server processes; other books of the same call go through.
//! - The same answer meets an append that names a request the book has a receipt for, so that a
//!   request is decided once even by who has not asked whether it is new.
//! - An append is all or nothing per book, and durable before it is answered.
//! - Records and entries are never updated or deleted, positions have no gaps, and entries of a
//!   record sum to zero within each (entity, fund): the databases refuse anything else themselves.

pub mod access;
pub mod backup;
mod codec;
pub mod fault;
pub mod keys;
pub mod memory;
pub mod migrate;
pub mod postgres;
pub mod read;
pub mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::account::{Account, Control};
use crate::domain::id::{Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::state::{EntryRow, Key, Receipt, Value};

/// A journal's size and the frontier of its Merkle tree: what an append builds on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Number of records.
    pub size: u64,
    /// The roots of the perfect subtrees that make up the tree, largest first
    /// (as many as `size` has one-bits); empty for an empty journal.
    pub frontier: Vec<[u8; 32]>,
    /// When the last record was made, in microseconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
}

/// One record as stored: its bytes are hashed as they are and never re-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// 1 for the first.
    pub position: u64,
    /// The RFC 6962 leaf hash of `bytes`, and the roots of the perfect subtrees that this record
    /// completes, smallest first: what proofs are made of.
    pub hashes: Vec<[u8; 32]>,
    /// The `simpul.record.v1.Record` message.
    pub bytes: Arc<[u8]>,
}

/// A piece of personal text, encrypted under its owner's key and found by its commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideRow {
    /// The salted commitment that stands in the journal.
    pub commitment: [u8; 32],
    /// Whose key it is under, e.g. `groups/tunas-baru/members/maria`.
    pub owner: String,
    /// Nonce and ciphertext of salt and text.
    pub sealed: Vec<u8>,
}

/// A piece of personal text, and how it shall be sealed instead.
pub type Resealed = (SideRow, Vec<u8>);

/// Where personal text lies, for turning to another key of its owner. That is the one change of what
/// was appended: a commitment and its owner stay, and so do all proofs.
#[async_trait]
pub trait SideStore: Send + Sync + 'static {
    /// Seals pieces of a book's text anew, those that are still sealed as they were seen, all in one
    /// transaction; and answers how many were.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn reseal(&self, book: &Id, rows: &[Resealed]) -> Result<u64, StorageError>;
}

/// The checkpoint a batch ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of records.
    pub size: u64,
    /// RFC 6962 root over their leaf hashes.
    pub root: [u8; 32],
    /// When, in microseconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
}

/// What one batch adds to one book.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The book.
    pub book: Id,
    /// The size the batch builds on.
    pub expected_size: u64,
    /// The head afterwards.
    pub head: Head,
    /// The root afterwards.
    pub checkpoint: Checkpoint,
    /// The records, positions `expected_size + 1 ..= head.size`. Never empty.
    pub records: Vec<StoredRecord>,
    /// Ledger lines in journal order.
    pub entries: Vec<EntryRow>,
    /// Accounts used for the first time, with the position of that record.
    pub new_accounts: Vec<(Account, u64)>,
    /// Totals at the end of the batch, one per touched control account.
    pub controls: Vec<(Control, Sen)>,
    /// Register rows at the end of the batch, one per touched name, with the position of the last
    /// record that wrote it.
    pub rows: Vec<(RowName, u64, Arc<Row>)>,
    /// What records are about, with the position of each record.
    pub mentions: Vec<(RowName, u64)>,
    /// Receipts of the requests.
    pub receipts: Vec<(RequestId, Receipt)>,
    /// Personal text.
    pub sides: Vec<SideRow>,
}

/// What became of one book's part of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Stored and durable.
    Committed,
    /// The journal has grown since, or one of the requests was decided before: nothing of this
    /// book's part was stored.
    Conflict,
}

/// What one book's load asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The book.
    pub book: Id,
    /// What is needed.
    pub keys: Vec<Key>,
}

/// What one book's load found, all in one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The book.
    pub book: Id,
    /// The head in the same snapshot, empty for a book that is not there.
    pub head: Head,
    /// A value for every key asked for.
    pub values: Vec<(Key, Value)>,
}

/// Everything stored about one book, in one snapshot, for comparison with a replay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dump {
    /// The head.
    pub head: Head,
    /// All records by position.
    pub records: Vec<StoredRecord>,
    /// All checkpoints by size.
    pub checkpoints: Vec<Checkpoint>,
    /// All ledger lines as (account name, position, leg, amount, balance, effective day, late),
    /// ordered by account, position and leg.
    pub entries: Vec<DumpEntry>,
    /// The index of late ledger lines as (control name, position, leg, account name, effective
    /// day, amount), ordered likewise.
    pub late: Vec<(String, u64, u32, String, i32, i64)>,
    /// All accounts as (name, first position), ordered by name.
    pub accounts: Vec<(String, u64)>,
    /// All control points as (name, position, total), ordered likewise.
    pub controls: Vec<(String, u64, i64)>,
    /// All register rows as (parent, id, position, bytes, whether it is listed as waiting), ordered
    /// by name.
    pub rows: Vec<(String, String, u64, Vec<u8>, bool)>,
    /// What all records are about as (row name, position), ordered likewise.
    pub mentions: Vec<(String, u64)>,
    /// All receipts as (request, position, digest), ordered by request.
    pub receipts: Vec<(String, u64, Vec<u8>)>,
    /// All side rows ordered by commitment.
    pub sides: Vec<SideRow>,
}

/// A stored ledger line, its account as stored text so that damage can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpEntry {
    /// The account's name.
    pub account: String,
    /// The record's position.
    pub position: u64,
    /// The entry's place in the record.
    pub leg: u32,
    /// Sen, debit positive.
    pub amount: i64,
    /// The balance after it.
    pub balance: i64,
    /// The day in the ledger.
    pub effective_on: i32,
    /// Whether it was late.
    pub late: bool,
}

/// Why storage could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Nothing was stored; the same call may be tried again.
    #[error("storage failed before the commit: {0}")]
    Failed(String),
    /// The commit was sent and its answer lost: only [`Journal::resolve`] can tell.
    #[error("storage lost the answer to a commit: {0}")]
    Unknown(String),
    /// Stored bytes do not decode.
    #[error("storage holds damaged data: {0}")]
    Damaged(String),
    /// The schema is not the one this version needs.
    #[error("{0}")]
    Schema(String),
}

impl StorageError {
    /// The same, with the name of the row that does not decode.
    pub(crate) fn at(self, row: impl std::fmt::Display) -> StorageError {
        match self {
            StorageError::Damaged(reason) => StorageError::Damaged(format!("{row}: {reason}")),
            other => other,
        }
    }
}

/// The storage of journals. See the module for what every implementation keeps.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Loads what decisions need, each book in one snapshot with its head.
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError>;

    /// Appends to many books in one database transaction and answers per book, in order. Heads
    /// are locked in book order; a conflicting book is left out and the others commit.
    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError>;

    /// After [`StorageError::Unknown`]: waits for the book's head row, then says whether this very
    /// append is in the journal: whether the checkpoint of its size has its root. (The last leaf
    /// alone would not do: another server may have decided the same last command behind others.)
    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError>;

    /// Records from a position on, at most `limit`.
    async fn records(
        &self,
        book: &Id,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StorageError>;

    /// The ids of all books, in order. One of the few queries across books.
    async fn books(&self) -> Result<Vec<Id>, StorageError>;

    /// Everything about one book in one snapshot, without stopping writers.
    async fn dump(&self, book: &Id) -> Result<Dump, StorageError>;
}
