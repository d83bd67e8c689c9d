//! How values stand in columns, the same in both databases, and what loads ask for.
//!
//! **Invariant**: a column that cannot be read is damage, said as such, and never a guess.

use std::sync::Arc;

use async_trait::async_trait;
use log::LevelFilter;

use super::{Append, AppendOutcome, Head, Load, Loaded, StorageError};
use crate::domain::money::Sen;
use crate::domain::record;
use crate::domain::state::{Key, Receipt, Value};

/// Declares `const` SQL statements, and lists them for the test that prepares each.
macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(const $name: &str = $sql;)+

        /// All statements of this module by name, so that a test can prepare each of them.
        pub const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
pub(super) use statements;

/// The level at which statements are logged, with the target `sqlx::query`: their text, in which no
/// value stands. Those that take a second are warned of.
pub(super) const STATEMENT_LOG: LevelFilter = LevelFilter::Trace;

/// A position as a column; one that no column can hold matches nothing.
pub(super) fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A position from a column.
pub(super) fn unsigned(column: i64) -> Result<u64, StorageError> {
    u64::try_from(column).map_err(damaged)
}

/// A hash from a column.
pub(super) fn hash(column: &[u8]) -> Result<[u8; 32], StorageError> {
    column.try_into().map_err(damaged)
}

/// A list of hashes from a column.
pub(super) fn hashes(column: &[u8]) -> Result<Vec<[u8; 32]>, StorageError> {
    match column.as_chunks::<32>() {
        (hashes, []) => Ok(hashes.to_vec()),
        _ => Err(StorageError::Damaged("a list of hashes has another length".to_owned())),
    }
}

/// A head from its columns.
pub(super) fn head(size: i64, frontier: &[u8], recorded_at: i64) -> Result<Head, StorageError> {
    Ok(Head { size: unsigned(size)?, frontier: hashes(frontier)?, recorded_at })
}

/// Stored data that does not decode.
pub(super) fn damaged(error: impl std::fmt::Display) -> StorageError {
    StorageError::Damaged(error.to_string())
}

/// A call of which nothing was stored.
pub(super) fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError::Failed(error.to_string())
}

/// The keys of many loads sorted by kind. Each carries its place among all keys of the call, by
/// which [`Wanted::assemble`] finds it again.
#[derive(Default)]
pub(super) struct Wanted {
    pub heads: Vec<String>,
    pub rows: Vec<(i64, String, String, String)>,
    pub balances: Vec<(i64, String, String)>,
    pub controls: Vec<(i64, String, String)>,
    pub receipts: Vec<(i64, String, String)>,
    pub records: Vec<(i64, String, i64)>,
}

/// What a load statement answers: one row per head (kind 0, placed by load) and per key that is
/// there (kind 1, placed by key), as (kind, place, number, second number, bytes).
pub(super) type Found = (i64, i64, Option<i64>, Option<i64>, Option<Vec<u8>>);

impl Wanted {
    pub fn new(loads: &[Load]) -> Wanted {
        let mut wanted = Wanted::default();
        let mut places = 0i64..;
        for load in loads {
            wanted.heads.push(load.book.as_str().to_owned());
            for (key, place) in load.keys.iter().zip(&mut places) {
                wanted.want(place, load.book.as_str().to_owned(), key);
            }
        }
        wanted
    }

    fn want(&mut self, place: i64, book: String, key: &Key) {
        match key {
            Key::Row(name) => self.rows.push((place, book, name.parent.clone(), name.id.clone())),
            Key::Balance(account) => self.balances.push((place, book, account.to_string())),
            Key::Control(control) => self.controls.push((place, book, control.to_string())),
            Key::Receipt(id) => self.receipts.push((place, book, id.as_str().to_owned())),
            Key::Record(position) => self.records.push((place, book, signed(*position))),
        }
    }

    /// The answers to the loads, with absence for every key that was not found.
    /// Errors: `Damaged` when what was found does not decode.
    pub fn assemble(loads: Vec<Load>, found: Vec<Found>) -> Result<Vec<Loaded>, StorageError> {
        let mut heads = vec![Head::default(); loads.len()];
        let mut values: Vec<(Key, Value)> = Vec::new();
        let mut counts = Vec::with_capacity(loads.len());
        for load in &loads {
            counts.push(load.keys.len());
            values.extend(load.keys.iter().map(|key| (key.clone(), absent(key))));
        }
        for (kind, place, number, second, bytes) in found {
            let place = usize::try_from(place).map_err(damaged)?;
            let bytes = bytes.unwrap_or_default();
            match (kind, heads.get_mut(place), values.get_mut(place)) {
                (0, Some(slot), _) => {
                    *slot = head(number.unwrap_or(0), &bytes, second.unwrap_or(0))?;
                }
                (1, _, Some((key, value))) => *value = present(key, number, bytes)?,
                _ => return Err(damaged("a load answered what was not asked")),
            }
        }
        let mut values = values.into_iter();
        let loaded = loads.into_iter().zip(heads).zip(counts).map(|((load, head), count)| Loaded {
            book: load.book,
            head,
            values: values.by_ref().take(count).collect(),
        });
        Ok(loaded.collect())
    }
}

fn absent(key: &Key) -> Value {
    match key {
        Key::Row(_) => Value::Row(None),
        Key::Balance(_) => Value::Balance(None),
        Key::Control(_) => Value::Control(Sen::ZERO),
        Key::Receipt(_) => Value::Receipt(None),
        Key::Record(_) => Value::Record(None),
    }
}

fn present(key: &Key, number: Option<i64>, bytes: Vec<u8>) -> Result<Value, StorageError> {
    let number = || number.ok_or_else(|| damaged("a number is missing"));
    Ok(match key {
        Key::Row(_) => Value::Row(Some(Arc::new(record::decode_value(&bytes).map_err(damaged)?))),
        Key::Balance(_) => Value::Balance(Some(Sen::new(number()?))),
        Key::Control(_) => Value::Control(Sen::new(number()?)),
        Key::Receipt(_) => {
            let position = unsigned(number()?)?;
            Value::Receipt(Some(Receipt { position, digest: bytes }))
        }
        Key::Record(_) => Value::Record(Some(Arc::new(record::decode(&bytes).map_err(damaged)?))),
    })
}

/// What kept a transaction from storing a batch.
pub(super) enum Trouble {
    /// A row is there already that was taken to be new, or transactions crossed: some cache is
    /// behind.
    Clash,
    /// Anything else.
    Storage(StorageError),
}

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Trouble {
        Trouble::Storage(error)
    }
}

/// A database that appends in transactions.
#[async_trait]
pub(super) trait Transactions: Sync {
    /// Appends in one transaction; conflicting books are left out.
    async fn append_at_once(&self, appends: &[Arc<Append>]) -> Result<Vec<AppendOutcome>, Trouble>;
}

/// Appends in one transaction; if one book's rows clash, each book in one of its own, so that only
/// that book conflicts.
///
/// Errors: those of the transaction; `Unknown` when books before the failing one have committed.
pub(super) async fn append_all_or_each(
    database: &impl Transactions,
    appends: &[Arc<Append>],
) -> Result<Vec<AppendOutcome>, StorageError> {
    match database.append_at_once(appends).await {
        Ok(outcomes) => return Ok(outcomes),
        Err(Trouble::Storage(error)) => return Err(error),
        Err(Trouble::Clash) => {}
    }
    let mut outcomes = Vec::with_capacity(appends.len());
    for append in appends {
        match database.append_at_once(std::slice::from_ref(append)).await {
            Ok(outcome) => outcomes.extend(outcome),
            Err(Trouble::Clash) => outcomes.push(AppendOutcome::Conflict),
            Err(Trouble::Storage(error)) if outcomes.is_empty() => return Err(error),
            Err(Trouble::Storage(error)) => return Err(StorageError::Unknown(error.to_string())),
        }
    }
    Ok(outcomes)
}
