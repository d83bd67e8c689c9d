//! Journals in one SQLite file.
//!
//! **Invariants**: one writer connection, whose transactions begin IMMEDIATE, so that the heads it
//! compares cannot move before it commits; commits are synced (WAL, `synchronous=FULL`) before
//! they are answered. Rules are checked again by the schema's triggers.
//!
//! | statement of an append         | rows                               |
//! |--------------------------------|------------------------------------|
//! | `NEW_HEADS`, `SIZES`, `KNOWN`  | all books                          |
//! | one insert per non-empty table | all rows of all books, as one JSON |
//! | `HEADS`                        | all books                          |
//!
//! Bytes travel beside the JSON: as one blob per statement, of which each row takes its part.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::codec::{
    Found, STATEMENT_LOG, Transactions, Trouble, Wanted, append_all_or_each, damaged, failed,
    signed, statements, unsigned,
};
use super::read::Reader;
use super::{
    Append, AppendOutcome, Dump, Journal, Load, Loaded, Resealed, SideStore, StorageError,
    StoredRecord, migrate,
};
use crate::domain::id::Id;
use crate::domain::record;
use crate::domain::state::EntryRow;

statements! {
    NEW_HEADS = "INSERT INTO head (book, size, frontier, recorded_at) \
        SELECT b.value, 0, x'', 0 FROM json_each($1) AS b \
        WHERE NOT EXISTS (SELECT 1 FROM head AS h WHERE h.book = b.value)";
    SIZES = "SELECT h.book, h.size FROM json_each($1) AS b CROSS JOIN head AS h \
        ON h.book = b.value";
    KNOWN = "SELECT DISTINCT k.value ->> 0 FROM json_each($1) AS k CROSS JOIN receipt AS r \
        ON r.book = k.value ->> 0 AND r.request_id = k.value ->> 1";
    RECORDS = "INSERT INTO record (book, position, hashes, bytes) \
        SELECT r.value ->> 0, r.value ->> 1, substr($2, r.value ->> 2, r.value ->> 3), \
            substr($2, r.value ->> 4, r.value ->> 5) FROM json_each($1) AS r";
    CHECKPOINTS = "INSERT INTO checkpoint (book, size, root, recorded_at) \
        SELECT c.value ->> 0, c.value ->> 1, substr($2, c.value ->> 2, c.value ->> 3), \
            c.value ->> 4 FROM json_each($1) AS c";
    ENTRIES = "INSERT INTO entry_batch (book, entries) \
        SELECT b.value ->> 0, b.value -> 1 FROM json_each($1) AS b";
    ACCOUNTS = "INSERT INTO account (book, account, position) \
        SELECT a.value ->> 0, a.value ->> 1, a.value ->> 2 FROM json_each($1) AS a";
    CONTROLS = "INSERT INTO control_point (book, control, position, total) \
        SELECT c.value ->> 0, c.value ->> 1, c.value ->> 2, c.value ->> 3 \
        FROM json_each($1) AS c";
    ROWS = "INSERT INTO register_row (book, parent, id, position, value, waiting) \
        SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, \
            substr($2, r.value ->> 4, r.value ->> 5), r.value ->> 6 \
        FROM json_each($1) AS r WHERE true \
        ON CONFLICT (book, parent, id) DO UPDATE SET position = excluded.position, \
            value = excluded.value, waiting = excluded.waiting";
    MENTIONS = "INSERT INTO mention (book, name, position) \
        SELECT m.value ->> 0, m.value ->> 1, m.value ->> 2 FROM json_each($1) AS m";
    RECEIPTS = "INSERT INTO receipt (book, request_id, position, digest) \
        SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, \
            substr($2, r.value ->> 3, r.value ->> 4) FROM json_each($1) AS r";
    SIDES = "INSERT INTO side (book, commitment, owner, sealed) \
        SELECT s.value ->> 0, substr($2, s.value ->> 1, s.value ->> 2), s.value ->> 3, \
            substr($2, s.value ->> 4, s.value ->> 5) FROM json_each($1) AS s";
    RESEAL = "UPDATE side SET sealed = $4 WHERE book = $1 AND commitment = $2 AND sealed = $3";
    // What was sealed before must not live on in free pages or in the log.
    FORGET = "PRAGMA secure_delete = ON";
    FORGET_NO_MORE = "PRAGMA secure_delete = OFF";
    CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)";
    HEADS = "INSERT INTO head_batch (book, size, frontier, recorded_at) \
        SELECT h.value ->> 0, h.value ->> 1, substr($2, h.value ->> 2, h.value ->> 3), \
            h.value ->> 4 FROM json_each($1) AS h";
    ROOT = "SELECT root FROM checkpoint WHERE book = $1 AND size = $2";
    LOAD = "SELECT 0, b.key, h.size, h.recorded_at, h.frontier \
            FROM json_each($1) AS b CROSS JOIN head AS h ON h.book = b.value \
        UNION ALL \
        SELECT 1, k.value ->> 0, NULL, NULL, r.value \
            FROM json_each($2) AS k CROSS JOIN register_row AS r ON r.book = k.value ->> 1 \
                AND r.parent = k.value ->> 2 AND r.id = k.value ->> 3 \
        UNION ALL \
        SELECT 1, k.place, k.balance, NULL, NULL FROM ( \
            SELECT k.value ->> 0 AS place, ( \
                SELECT e.balance FROM entry AS e \
                WHERE e.book = k.value ->> 1 AND e.account = k.value ->> 2 \
                ORDER BY e.position DESC, e.leg DESC LIMIT 1) AS balance \
            FROM json_each($3) AS k) AS k WHERE k.balance IS NOT NULL \
        UNION ALL \
        SELECT 1, k.place, k.total, NULL, NULL FROM ( \
            SELECT k.value ->> 0 AS place, ( \
                SELECT c.total FROM control_point AS c \
                WHERE c.book = k.value ->> 1 AND c.control = k.value ->> 2 \
                ORDER BY c.position DESC LIMIT 1) AS total \
            FROM json_each($4) AS k) AS k WHERE k.total IS NOT NULL \
        UNION ALL \
        SELECT 1, k.value ->> 0, r.position, NULL, r.digest \
            FROM json_each($5) AS k CROSS JOIN receipt AS r \
                ON r.book = k.value ->> 1 AND r.request_id = k.value ->> 2 \
        UNION ALL \
        SELECT 1, k.value ->> 0, NULL, NULL, r.bytes \
            FROM json_each($6) AS k CROSS JOIN record AS r \
                ON r.book = k.value ->> 1 AND r.position = k.value ->> 2";
}

/// How long a writer waits for another process to commit.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A SQLite database of journals.
#[derive(Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    loader: SqlitePool,
    reader: Reader,
    backup: Option<PathBuf>,
}

impl Sqlite {
    /// Opens a database file, with its folder made and its schema brought up to date if need be;
    /// an older database is copied first.
    ///
    /// Errors: `Schema` for a database of a newer version, `Failed` when it cannot be opened.
    pub async fn open(path: &Path) -> Result<Sqlite, StorageError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("wal_autocheckpoint", "100000")
            .log_statements(STATEMENT_LOG);
        let pool = |connections| {
            SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false)
        };
        // A full disk ends a transaction by itself, of which the connection does not learn: it would
        // refuse to begin another one for ever. The ping waits for a rollback under way.
        let writer = pool(1).after_release(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        });
        let writer = writer.connect_with(options.clone()).await.map_err(failed)?;
        let mut connection = writer.acquire().await.map_err(failed)?;
        let backup = migrate::sqlite(path, &mut connection).await?;
        drop(connection);
        let loader = pool(4).connect_lazy_with(options.pragma("query_only", "ON"));
        let reader = Reader::sqlite(path).await?;
        Ok(Sqlite { writer, loader, reader, backup })
    }

    /// The read side of the same database.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Where the copy lies that was made before opening changed the schema, if one was.
    pub fn backup(&self) -> Option<&Path> {
        self.backup.as_deref()
    }

    /// Closes all connections once they are free; what is in the WAL then moves to the file.
    pub async fn close(&self) {
        self.reader.close().await;
        self.loader.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl SideStore for Sqlite {
    async fn reseal(&self, book: &Id, rows: &[Resealed]) -> Result<u64, StorageError> {
        let mut connection = self.writer.acquire().await.map_err(failed)?;
        sqlx::query(FORGET).execute(&mut *connection).await.map_err(failed)?;
        let resealed = reseal(book, rows, &mut connection).await;
        // The connection goes on to write the journal, which deletes nothing that is secret.
        sqlx::query(FORGET_NO_MORE).execute(&mut *connection).await.map_err(failed)?;
        sqlx::query(CHECKPOINT).execute(&mut *connection).await.map_err(failed)?;
        resealed
    }
}

async fn reseal(
    book: &Id,
    rows: &[Resealed],
    connection: &mut SqliteConnection,
) -> Result<u64, StorageError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let mut count = 0;
    for (seen, anew) in rows {
        let query = sqlx::query(RESEAL).bind(book.as_str()).bind(seen.commitment.as_slice());
        let query = query.bind(&seen.sealed).bind(anew);
        count += query.execute(&mut *transaction).await.map_err(failed)?.rows_affected();
    }
    transaction.commit().await.map_err(failed)?;
    Ok(count)
}

/// Whether a row was there already, or nothing was written for another reason.
fn trouble(error: sqlx::Error) -> Trouble {
    let exists = error.as_database_error().is_some_and(|error| {
        error.is_unique_violation() || error.message().ends_with("is there already")
    });
    if exists { Trouble::Clash } else { Trouble::Storage(failed(error)) }
}

#[async_trait]
impl Transactions for Sqlite {
    async fn append_at_once(&self, appends: &[Arc<Append>]) -> Result<Vec<AppendOutcome>, Trouble> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let outcomes = compare(appends, &mut transaction).await?;
        let taken: Vec<&Append> = appends
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| **outcome == AppendOutcome::Committed)
            .map(|(append, _)| append.as_ref())
            .collect();
        if taken.is_empty() {
            return Ok(outcomes);
        }
        write(&taken, &mut transaction).await?;
        let unknown = |error: sqlx::Error| StorageError::Unknown(error.to_string());
        transaction.commit().await.map_err(unknown)?;
        Ok(outcomes)
    }
}

#[async_trait]
impl Journal for Sqlite {
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError> {
        let wanted = Wanted::new(&loads);
        let query = sqlx::query_as(LOAD).bind(json(&wanted.heads)?).bind(json(&wanted.rows)?);
        let query = query.bind(json(&wanted.balances)?).bind(json(&wanted.controls)?);
        let query = query.bind(json(&wanted.receipts)?).bind(json(&wanted.records)?);
        let found: Vec<Found> = query.fetch_all(&self.loader).await.map_err(failed)?;
        Wanted::assemble(loads, found)
    }

    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError> {
        append_all_or_each(self, &appends).await
    }

    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        // Waits for whoever is writing, as a row lock would.
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let query = sqlx::query_as(ROOT).bind(append.book.as_str()).bind(signed(append.head.size));
        let root: Option<(Vec<u8>,)> =
            query.fetch_optional(&mut *transaction).await.map_err(failed)?;
        let stored = root.is_some_and(|(root,)| root == append.checkpoint.root);
        Ok(if stored { AppendOutcome::Committed } else { AppendOutcome::Conflict })
    }

    async fn records(
        &self,
        book: &Id,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StorageError> {
        self.reader.snapshot(book).await?.stored_records(from, limit).await
    }

    async fn books(&self) -> Result<Vec<Id>, StorageError> {
        self.reader.books().await
    }

    async fn dump(&self, book: &Id) -> Result<Dump, StorageError> {
        self.reader.snapshot(book).await?.dump().await
    }
}

/// Creates the heads of new books, compares all sizes, and looks for requests decided before.
async fn compare(
    appends: &[Arc<Append>],
    connection: &mut SqliteConnection,
) -> Result<Vec<AppendOutcome>, Trouble> {
    let new = appends.iter().filter(|append| append.expected_size == 0);
    let new: Vec<&str> = new.map(|append| append.book.as_str()).collect();
    if !new.is_empty() {
        let query = sqlx::query(NEW_HEADS).bind(json(&new)?);
        query.execute(&mut *connection).await.map_err(trouble)?;
    }
    let books: Vec<&str> = appends.iter().map(|append| append.book.as_str()).collect();
    let query = sqlx::query_as(SIZES).bind(json(&books)?);
    let sizes: Vec<(String, i64)> = query.fetch_all(&mut *connection).await.map_err(trouble)?;
    let sizes: HashMap<String, i64> = sizes.into_iter().collect();
    let query = sqlx::query_as(KNOWN).bind(json(&requests(appends))?);
    let known: Vec<(String,)> = query.fetch_all(&mut *connection).await.map_err(trouble)?;
    let known: HashSet<String> = known.into_iter().map(|(book,)| book).collect();
    let mut outcomes = Vec::with_capacity(appends.len());
    for append in appends {
        let book = append.book.as_str();
        let size = sizes.get(book).copied().map(unsigned).transpose()?;
        outcomes.push(match size == Some(append.expected_size) && !known.contains(book) {
            true => AppendOutcome::Committed,
            false => AppendOutcome::Conflict,
        });
    }
    Ok(outcomes)
}

fn requests(appends: &[Arc<Append>]) -> Vec<(&str, &str)> {
    let mut requests = Vec::new();
    for append in appends {
        let book = append.book.as_str();
        requests.extend(append.receipts.iter().map(|(request, _)| (book, request.as_str())));
    }
    requests
}

/// Writes every table once: records first, for derived rows name them, and heads last.
async fn write(taken: &[&Append], connection: &mut SqliteConnection) -> Result<(), Trouble> {
    insert(RECORDS, records(taken), connection).await?;
    insert(CHECKPOINTS, checkpoints(taken), connection).await?;
    insert(ENTRIES, entries(taken), connection).await?;
    insert(ACCOUNTS, accounts(taken), connection).await?;
    insert(CONTROLS, controls(taken), connection).await?;
    insert(ROWS, rows(taken), connection).await?;
    insert(MENTIONS, mentions(taken), connection).await?;
    insert(RECEIPTS, receipts(taken), connection).await?;
    insert(SIDES, sides(taken), connection).await?;
    insert(HEADS, heads(taken), connection).await
}

/// The rows one statement inserts, and the bytes of which each takes its parts.
struct Table<T> {
    rows: Vec<T>,
    bytes: Vec<u8>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { rows: Vec::new(), bytes: Vec::new() }
    }
}

impl<T> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Table<T> {
        Table { rows: rows.into_iter().collect(), bytes: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Adds bytes; answers where they begin, from 1, and how many they are.
    fn part(&mut self, bytes: &[u8]) -> (usize, usize) {
        let begin = self.bytes.len() + 1;
        self.bytes.extend_from_slice(bytes);
        (begin, bytes.len())
    }
}

async fn insert<T: Serialize>(
    sql: &'static str,
    table: Table<T>,
    connection: &mut SqliteConnection,
) -> Result<(), Trouble> {
    if table.rows.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql).bind(json(&table.rows)?);
    let query = if sql.contains("$2") { query.bind(table.bytes) } else { query };
    query.execute(connection).await.map_err(trouble)?;
    Ok(())
}

fn json<T: Serialize>(value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(damaged)
}

fn records(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        for record in &append.records {
            let (hashes, hashes_len) = table.part(record.hashes.as_flattened());
            let (bytes, bytes_len) = table.part(&record.bytes);
            let book = append.book.as_str();
            table.rows.push((book, record.position, hashes, hashes_len, bytes, bytes_len));
        }
    }
    table
}

fn checkpoints(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        let checkpoint = &append.checkpoint;
        let (root, len) = table.part(&checkpoint.root);
        let book = append.book.as_str();
        table.rows.push((book, checkpoint.size, root, len, checkpoint.recorded_at));
    }
    table
}

/// One row per book, its entries as a JSON array.
fn entries(taken: &[&Append]) -> Table<impl Serialize> {
    let entry = |entry: &EntryRow| {
        (
            entry.account.to_string(),
            entry.position,
            entry.leg,
            entry.amount.get(),
            entry.balance.get(),
            entry.effective_on.get(),
            u8::from(entry.late),
        )
    };
    let with_entries = taken.iter().filter(|append| !append.entries.is_empty());
    let batch = |append: &Append| {
        (append.book.as_str().to_owned(), append.entries.iter().map(entry).collect::<Vec<_>>())
    };
    with_entries.map(|append| batch(append)).collect()
}

fn accounts(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        for (account, position) in &append.new_accounts {
            table.rows.push((append.book.as_str(), account.to_string(), *position));
        }
    }
    table
}

fn controls(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        for (control, total) in &append.controls {
            let (book, size) = (append.book.as_str(), append.head.size);
            table.rows.push((book, control.to_string(), size, total.get()));
        }
    }
    table
}

fn rows(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        for (name, position, row) in &append.rows {
            let (value, len) = table.part(&record::encode_value(name, row));
            let (book, parent, id) = (append.book.as_str(), &name.parent, &name.id);
            let waiting = record::waits(row).then_some(id);
            table.rows.push((book, parent, id, *position, value, len, waiting));
        }
    }
    table
}

fn mentions(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        for (name, position) in &append.mentions {
            table.rows.push((append.book.as_str(), name.to_string(), *position));
        }
    }
    table
}

fn receipts(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        for (request, receipt) in &append.receipts {
            let (digest, len) = table.part(&receipt.digest);
            let book = append.book.as_str();
            table.rows.push((book, request.as_str(), receipt.position, digest, len));
        }
    }
    table
}

fn sides(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        for side in &append.sides {
            let (commitment, commitment_len) = table.part(&side.commitment);
            let (sealed, sealed_len) = table.part(&side.sealed);
            let book = append.book.as_str();
            table.rows.push((book, commitment, commitment_len, &side.owner, sealed, sealed_len));
        }
    }
    table
}

fn heads(taken: &[&Append]) -> Table<impl Serialize> {
    let mut table = Table::default();
    for append in taken {
        let head = &append.head;
        let (frontier, len) = table.part(head.frontier.as_flattened());
        table.rows.push((append.book.as_str(), head.size, frontier, len, head.recorded_at));
    }
    table
}
