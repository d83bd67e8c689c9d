//! Journals in memory, for tests and simulations.
//!
//! **Invariant**: what a database backend refuses, this one refuses too: its checks are the
//! databases' guards in Rust, and rows are kept as bytes so that every load decodes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    Append, AppendOutcome, Checkpoint, Dump, DumpEntry, Head, Journal, Load, Loaded, SideRow,
    StorageError, StoredRecord,
};
use crate::domain::id::Id;
use crate::domain::money::Sen;
use crate::domain::record;
use crate::domain::state::{Key, Receipt, Value};

/// All books in one mutex.
#[derive(Debug, Default)]
pub struct Memory {
    books: Mutex<BTreeMap<Id, Book>>,
}

#[derive(Debug, Default)]
struct Book {
    head: Head,
    records: Vec<StoredRecord>,
    checkpoints: Vec<Checkpoint>,
    /// By account, position and leg.
    entries: BTreeMap<(String, u64, u32), DumpEntry>,
    /// By control account, position and leg: account, effective day, amount.
    late: BTreeMap<(String, u64, u32), (String, i32, i64)>,
    accounts: BTreeMap<String, u64>,
    controls: BTreeMap<(String, u64), i64>,
    rows: BTreeMap<(String, String), (u64, Vec<u8>, bool)>,
    mentions: BTreeSet<(String, u64)>,
    receipts: BTreeMap<String, Receipt>,
    sides: BTreeMap<[u8; 32], SideRow>,
}

impl Memory {
    /// No books yet.
    pub fn new() -> Memory {
        Memory::default()
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<Id, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for Memory {
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError> {
        let books = self.books();
        let empty = Book::default();
        let load = |load: Load| books.get(&load.book).unwrap_or(&empty).load(load);
        loads.into_iter().map(load).collect()
    }

    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError> {
        let mut books = self.books();
        let empty = Book::default();
        let judge = |append: &Arc<Append>| books.get(&append.book).unwrap_or(&empty).judge(append);
        let outcomes = appends.iter().map(judge).collect::<Result<Vec<_>, _>>()?;
        for (append, outcome) in appends.iter().zip(&outcomes) {
            if *outcome == AppendOutcome::Committed {
                books.entry(append.book.clone()).or_default().store(append);
            }
        }
        Ok(outcomes)
    }

    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        let books = self.books();
        let checkpoints = books.get(&append.book).map_or(&[][..], |book| &book.checkpoints);
        let found = checkpoints.binary_search_by_key(&append.head.size, |stored| stored.size);
        Ok(match found {
            Ok(index) if checkpoints[index].root == append.checkpoint.root => {
                AppendOutcome::Committed
            }
            _ => AppendOutcome::Conflict,
        })
    }

    async fn records(
        &self,
        book: &Id,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StorageError> {
        let books = self.books();
        let records = books.get(book).map_or(&[][..], |book| &book.records);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(records.iter().skip(index(from.max(1))).take(limit).cloned().collect())
    }

    async fn books(&self) -> Result<Vec<Id>, StorageError> {
        Ok(self.books().keys().cloned().collect())
    }

    async fn dump(&self, book: &Id) -> Result<Dump, StorageError> {
        Ok(self.books().get(book).map(Book::dump).unwrap_or_default())
    }
}

/// The index of a position; past every end for a position that no memory holds.
fn index(position: u64) -> usize {
    usize::try_from(position.wrapping_sub(1)).unwrap_or(usize::MAX)
}

impl Book {
    fn load(&self, load: Load) -> Result<Loaded, StorageError> {
        let value = |key: Key| self.value(&key).map(|value| (key, value));
        let values = load.keys.into_iter().map(value).collect::<Result<_, _>>()?;
        Ok(Loaded { book: load.book, head: self.head.clone(), values })
    }

    fn value(&self, key: &Key) -> Result<Value, StorageError> {
        Ok(match key {
            Key::Row(name) => {
                let row = self.rows.get(&(name.parent.clone(), name.id.clone()));
                let decode = |(_, bytes, _): &(u64, Vec<u8>, bool)| record::decode_value(bytes);
                Value::Row(row.map(decode).transpose().map_err(damaged)?.map(Arc::new))
            }
            Key::Balance(account) => {
                let account = account.to_string();
                let range = (account.clone(), 0, 0)..=(account, u64::MAX, u32::MAX);
                let last = self.entries.range(range).next_back();
                Value::Balance(last.map(|(_, entry)| Sen::new(entry.balance)))
            }
            Key::Control(control) => {
                let control = control.to_string();
                let last = self.controls.range((control.clone(), 0)..=(control, u64::MAX));
                Value::Control(last.last().map_or(Sen::ZERO, |(_, total)| Sen::new(*total)))
            }
            Key::Receipt(request) => Value::Receipt(self.receipts.get(request.as_str()).cloned()),
            Key::Record(position) => {
                let stored = self.records.get(index(*position));
                let decode = |stored: &StoredRecord| record::decode(&stored.bytes);
                Value::Record(stored.map(decode).transpose().map_err(damaged)?.map(Arc::new))
            }
        })
    }

    /// Whether an append fits. Errors: `Failed` for one that no journal may take.
    fn judge(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        if append.expected_size != self.head.size {
            return Ok(AppendOutcome::Conflict);
        }
        self.check_sequence(append)?;
        check_range(append)?;
        check_balance(append)?;
        if self.holds_any_of(append) {
            return Ok(AppendOutcome::Conflict);
        }
        Ok(AppendOutcome::Committed)
    }

    fn check_sequence(&self, append: &Append) -> Result<(), StorageError> {
        let mut size = self.head.size;
        for record in &append.records {
            size += 1;
            require(record.position == size, "the positions of records have a gap")?;
        }
        let head = &append.head;
        require(size > self.head.size && head.size == size, "the head is not the last record")?;
        require(append.checkpoint.size == size, "the checkpoint is not at the last record")?;
        let roots = usize::try_from(size.count_ones()).unwrap_or(usize::MAX);
        require(head.frontier.len() == roots, "the frontier does not fit the size")?;
        require(head.recorded_at >= self.head.recorded_at, "the head's time runs backwards")
    }

    fn holds_any_of(&self, append: &Append) -> bool {
        let account = |account: &crate::domain::account::Account| {
            self.accounts.contains_key(&account.to_string())
        };
        append.new_accounts.iter().any(|(name, _)| account(name))
            || append.receipts.iter().any(|(id, _)| self.receipts.contains_key(id.as_str()))
            || append.sides.iter().any(|side| self.sides.contains_key(&side.commitment))
    }

    fn store(&mut self, append: &Append) {
        self.head = append.head.clone();
        self.records.extend(append.records.iter().cloned());
        self.checkpoints.push(append.checkpoint.clone());
        for entry in &append.entries {
            let row = DumpEntry {
                account: entry.account.to_string(),
                position: entry.position,
                leg: entry.leg,
                amount: entry.amount.get(),
                balance: entry.balance.get(),
                effective_on: entry.effective_on.get(),
                late: entry.late,
            };
            if row.late {
                let key = (entry.account.control().to_string(), row.position, row.leg);
                self.late.insert(key, (row.account.clone(), row.effective_on, row.amount));
            }
            self.entries.insert((row.account.clone(), row.position, row.leg), row);
        }
        for (account, position) in &append.new_accounts {
            self.accounts.insert(account.to_string(), *position);
        }
        for (control, total) in &append.controls {
            self.controls.insert((control.to_string(), append.head.size), total.get());
        }
        for (name, position, row) in &append.rows {
            let value = (*position, record::encode_value(name, row), record::waits(row));
            self.rows.insert((name.parent.clone(), name.id.clone()), value);
        }
        let mentions = append.mentions.iter();
        self.mentions.extend(mentions.map(|(name, at)| (name.to_string(), *at)));
        for (request, receipt) in &append.receipts {
            self.receipts.insert(request.as_str().to_owned(), receipt.clone());
        }
        for side in &append.sides {
            self.sides.insert(side.commitment, side.clone());
        }
    }

    fn dump(&self) -> Dump {
        let late = self.late.iter().map(|((control, position, leg), (account, day, amount))| {
            (control.clone(), *position, *leg, account.clone(), *day, *amount)
        });
        let controls = self.controls.iter();
        let rows = self.rows.iter();
        let receipts = self.receipts.iter();
        Dump {
            head: self.head.clone(),
            records: self.records.clone(),
            checkpoints: self.checkpoints.clone(),
            entries: self.entries.values().cloned().collect(),
            late: late.collect(),
            accounts: self.accounts.clone().into_iter().collect(),
            controls: controls.map(|((name, at), total)| (name.clone(), *at, *total)).collect(),
            rows: rows
                .map(|((p, i), (at, v, w))| (p.clone(), i.clone(), *at, v.clone(), *w))
                .collect(),
            mentions: self.mentions.iter().cloned().collect(),
            receipts: receipts.map(|(id, r)| (id.clone(), r.position, r.digest.clone())).collect(),
            sides: self.sides.values().cloned().collect(),
        }
    }
}

/// Derived rows belong to records of the same append.
fn check_range(append: &Append) -> Result<(), StorageError> {
    let fits = |position: u64| append.expected_size < position && position <= append.head.size;
    let all = append.entries.iter().all(|entry| fits(entry.position))
        && append.new_accounts.iter().all(|(_, position)| fits(*position))
        && append.rows.iter().all(|(_, position, _)| fits(*position))
        && append.mentions.iter().all(|(_, position)| fits(*position))
        && append.receipts.iter().all(|(_, receipt)| fits(receipt.position));
    require(all, "a row names a record outside of the append")
}

fn check_balance(append: &Append) -> Result<(), StorageError> {
    let mut sums: HashMap<_, i128> = HashMap::new();
    for entry in &append.entries {
        *sums.entry((entry.position, &entry.account.ledger)).or_default() +=
            i128::from(entry.amount.get());
    }
    require(sums.values().all(|sum| *sum == 0), "the entries of a record do not balance")
}

fn require(holds: bool, rule: &str) -> Result<(), StorageError> {
    if holds { Ok(()) } else { Err(StorageError::Failed(rule.to_owned())) }
}

fn damaged(error: record::CodecError) -> StorageError {
    StorageError::Damaged(error.to_string())
}
