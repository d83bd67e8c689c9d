//! Journals in a PostgreSQL database (15 or later).
//!
//! **Invariants**: an append is one call of the function `append_batch`, so one round trip and one
//! transaction of its own; heads are locked in book order and compared there. A commit is only
//! answered after the server said that it is ready for the next query, for that is when the
//! transaction is durable. A server error means that nothing was stored; losing the connection
//! means that nobody knows yet.
//!
//! | call    | round trips |
//! |---------|-------------|
//! | load    | 1           |
//! | append  | 1           |
//! | resolve | 5           |
//!
//! These are what callers wait for, with statements prepared. When a connection goes back to the
//! pool, sqlx tries it with one more, an empty one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPool, PgPoolOptions, PgSeverity};
use sqlx::{ConnectOptions, Connection, Executor};

use super::codec::{
    Found, STATEMENT_LOG, Transactions, Trouble, Wanted, append_all_or_each, failed, signed,
    statements,
};
use super::read::Reader;
use super::{
    Append, AppendOutcome, Dump, Journal, Load, Loaded, Resealed, SideStore, StorageError,
    StoredRecord, migrate,
};
use crate::domain::id::Id;
use crate::domain::record;

statements! {
    APPEND = "SELECT append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
        $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, \
        $33, $34, $35, $36, $37, $38, $39, $40, $41, $42)";
    RESEAL = "UPDATE side SET sealed = r.anew \
        FROM unnest($2::bytea[], $3::bytea[], $4::bytea[]) AS r(commitment, seen, anew) \
        WHERE side.book = $1 AND side.commitment = r.commitment AND side.sealed = r.seen";
    NEW_HEAD = "INSERT INTO head (book, size, frontier, recorded_at) \
        VALUES ($1, 0, '', 0) ON CONFLICT DO NOTHING";
    LOCK = "SELECT size FROM head WHERE book = $1 FOR UPDATE";
    ROOT = "SELECT root FROM checkpoint WHERE book = $1 AND size = $2";
    LOAD = "SELECT 0::bigint, b.place - 1, h.size, h.recorded_at, h.frontier \
            FROM unnest($1::text[]) WITH ORDINALITY AS b(book, place) \
            JOIN head AS h ON h.book = b.book \
        UNION ALL \
        SELECT 1, k.place, NULL, NULL, r.value \
            FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) \
                AS k(place, book, parent, id) \
            CROSS JOIN LATERAL ( \
                SELECT r.value FROM register_row AS r \
                WHERE r.book = k.book AND r.parent = k.parent AND r.id = k.id LIMIT 1) AS r \
        UNION ALL \
        SELECT 1, k.place, e.balance, NULL, NULL \
            FROM unnest($6::bigint[], $7::text[], $8::text[]) AS k(place, book, account) \
            CROSS JOIN LATERAL ( \
                SELECT e.balance FROM entry AS e \
                WHERE e.book = k.book AND e.account = k.account \
                ORDER BY e.position DESC, e.leg DESC LIMIT 1) AS e \
        UNION ALL \
        SELECT 1, k.place, c.total, NULL, NULL \
            FROM unnest($9::bigint[], $10::text[], $11::text[]) AS k(place, book, control) \
            CROSS JOIN LATERAL ( \
                SELECT c.total FROM control_point AS c \
                WHERE c.book = k.book AND c.control = k.control \
                ORDER BY c.position DESC LIMIT 1) AS c \
        UNION ALL \
        SELECT 1, k.place, r.position, NULL, r.digest \
            FROM unnest($12::bigint[], $13::text[], $14::text[]) AS k(place, book, request) \
            CROSS JOIN LATERAL ( \
                SELECT r.position, r.digest FROM receipt AS r \
                WHERE r.book = k.book AND r.request_id = k.request LIMIT 1) AS r \
        UNION ALL \
        SELECT 1, k.place, NULL, NULL, r.bytes \
            FROM unnest($15::bigint[], $16::text[], $17::bigint[]) AS k(place, book, position) \
            CROSS JOIN LATERAL ( \
                SELECT r.bytes FROM record AS r \
                WHERE r.book = k.book AND r.position = k.position LIMIT 1) AS r";
}

/// Every query here descends B-trees and reads on in their order. Without statistics, as in a
/// database of this morning, the planner would rather collect all rows of an account and sort them;
/// where a sort is needed all the same, its feigned cost must not start the compiler. No plan
/// depends on the values asked for, so none is made twice.
pub(super) const PLANNER: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; \
    SET enable_sort = off; SET jit = off; SET plan_cache_mode = force_generic_plan";

/// How many connections appends and loads may use, and as many again reads.
const CONNECTIONS: u32 = 8;

/// A connection that has rested longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(5);

/// A PostgreSQL database of journals.
#[derive(Debug)]
pub struct Postgres {
    pool: PgPool,
    reader: Reader,
}

impl Postgres {
    /// Connects to a database that [`migrate::postgres`] has prepared.
    ///
    /// Errors: `Schema` when its schema is older or newer than this version needs, `Failed` when
    /// it cannot be reached.
    pub async fn connect(url: &str) -> Result<Postgres, StorageError> {
        Postgres::connect_with(url, CONNECTIONS).await
    }

    /// Likewise, with at most so many connections for appends and loads.
    ///
    /// Errors: as for [`Postgres::connect`].
    pub async fn connect_with(url: &str, connections: u32) -> Result<Postgres, StorageError> {
        let options: PgConnectOptions = url.parse().map_err(failed)?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .test_before_acquire(false)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute(PLANNER).await?;
                    Ok(())
                })
            })
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options.log_statements(STATEMENT_LOG))
            .await
            .map_err(failed)?;
        let mut connection = pool.acquire().await.map_err(failed)?;
        migrate::check_postgres(&mut connection).await?;
        drop(connection);
        let reader = Reader::postgres(url).await?;
        Ok(Postgres { pool, reader })
    }

    /// The read side of the same database.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Closes all connections once they are free.
    pub async fn close(&self) {
        self.reader.close().await;
        self.pool.close().await;
    }
}

/// After the statement was sent: an ordinary error has rolled it back, anything else may have
/// come after the commit.
fn trouble(error: sqlx::Error) -> Trouble {
    let server = match &error {
        sqlx::Error::Database(server) => server.try_downcast_ref::<PgDatabaseError>(),
        sqlx::Error::Encode(_) => return Trouble::Storage(failed(error)),
        _ => None,
    };
    match server {
        Some(server) if server.severity() == PgSeverity::Error => match server.code() {
            UNIQUE_VIOLATION | SERIALIZATION_FAILURE => Trouble::Clash,
            _ => Trouble::Storage(failed(error)),
        },
        _ => Trouble::Storage(StorageError::Unknown(error.to_string())),
    }
}

const UNIQUE_VIOLATION: &str = "23505";
const SERIALIZATION_FAILURE: &str = "40001";

#[async_trait]
impl Transactions for Postgres {
    async fn append_at_once(&self, appends: &[Arc<Append>]) -> Result<Vec<AppendOutcome>, Trouble> {
        let columns = Columns::of(appends);
        let mut connection =
            self.pool.acquire().await.map_err(|error| Trouble::Storage(failed(error)))?;
        // `fetch_all` reads up to the server's ReadyForQuery, which follows the commit; stopping
        // at the row would answer before it.
        let taken: Vec<(Vec<String>,)> =
            columns.bind().fetch_all(&mut *connection).await.map_err(trouble)?;
        let taken: Vec<String> = taken.into_iter().flat_map(|(books,)| books).collect();
        let outcome = |append: &Arc<Append>| match taken.iter().any(|b| b == append.book.as_str()) {
            true => AppendOutcome::Committed,
            false => AppendOutcome::Conflict,
        };
        Ok(appends.iter().map(outcome).collect())
    }
}

#[async_trait]
impl SideStore for Postgres {
    async fn reseal(&self, book: &Id, rows: &[Resealed]) -> Result<u64, StorageError> {
        let columns = rows
            .iter()
            .map(|(seen, anew)| (seen.commitment.to_vec(), seen.sealed.clone(), anew.clone()));
        let (commitments, seen, anew) = unzip3(columns.collect());
        let query = sqlx::query(RESEAL).bind(book.as_str()).bind(commitments);
        let query = query.bind(seen).bind(anew);
        Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected())
    }
}

#[async_trait]
impl Journal for Postgres {
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError> {
        let wanted = Wanted::new(&loads);
        let query = sqlx::query_as(LOAD).bind(wanted.heads);
        let (places, books, parents, ids) = unzip4(wanted.rows);
        let query = query.bind(places).bind(books).bind(parents).bind(ids);
        let (places, books, accounts) = unzip3(wanted.balances);
        let query = query.bind(places).bind(books).bind(accounts);
        let (places, books, controls) = unzip3(wanted.controls);
        let query = query.bind(places).bind(books).bind(controls);
        let (places, books, requests) = unzip3(wanted.receipts);
        let query = query.bind(places).bind(books).bind(requests);
        let (places, books, positions) = unzip3(wanted.records);
        let query = query.bind(places).bind(books).bind(positions);
        let found: Vec<Found> = query.fetch_all(&self.pool).await.map_err(failed)?;
        Wanted::assemble(loads, found)
    }

    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError> {
        append_all_or_each(self, &appends).await
    }

    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        let (book, size) = (append.book.as_str(), signed(append.head.size));
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        // The append may be creating the head: inserting it too waits for that. Rolled back below.
        sqlx::query(NEW_HEAD).bind(book).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query(LOCK).bind(book).execute(&mut *transaction).await.map_err(failed)?;
        let query = sqlx::query_as(ROOT).bind(book).bind(size);
        let root: Option<(Vec<u8>,)> =
            query.fetch_optional(&mut *transaction).await.map_err(failed)?;
        transaction.rollback().await.map_err(failed)?;
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

type Three<A, B, C> = (Vec<A>, Vec<B>, Vec<C>);
type Four<A, B, C, D> = (Vec<A>, Vec<B>, Vec<C>, Vec<D>);

fn unzip3<A, B, C>(rows: Vec<(A, B, C)>) -> Three<A, B, C> {
    rows.into_iter().collect()
}

fn unzip4<A, B, C, D>(rows: Vec<(A, B, C, D)>) -> Four<A, B, C, D> {
    rows.into_iter().collect()
}

/// The parameters of `append_batch`, in its order.
#[derive(Default)]
struct Columns<'a> {
    head_book: Vec<&'a str>,
    head_expected: Vec<i64>,
    head_size: Vec<i64>,
    head_frontier: Vec<&'a [u8]>,
    head_recorded_at: Vec<i64>,
    head_root: Vec<&'a [u8]>,
    record_book: Vec<&'a str>,
    record_position: Vec<i64>,
    record_hashes: Vec<&'a [u8]>,
    record_bytes: Vec<&'a [u8]>,
    entry_book: Vec<&'a str>,
    entry_account: Vec<String>,
    entry_position: Vec<i64>,
    entry_leg: Vec<i32>,
    entry_amount: Vec<i64>,
    entry_balance: Vec<i64>,
    entry_effective_on: Vec<i32>,
    entry_late: Vec<i16>,
    account_book: Vec<&'a str>,
    account_name: Vec<String>,
    account_position: Vec<i64>,
    control_book: Vec<&'a str>,
    control_name: Vec<String>,
    control_position: Vec<i64>,
    control_total: Vec<i64>,
    row_book: Vec<&'a str>,
    row_parent: Vec<&'a str>,
    row_id: Vec<&'a str>,
    row_position: Vec<i64>,
    row_value: Vec<Vec<u8>>,
    row_waiting: Vec<Option<&'a str>>,
    mention_book: Vec<&'a str>,
    mention_name: Vec<String>,
    mention_position: Vec<i64>,
    receipt_book: Vec<&'a str>,
    receipt_request: Vec<&'a str>,
    receipt_position: Vec<i64>,
    receipt_digest: Vec<&'a [u8]>,
    side_book: Vec<&'a str>,
    side_commitment: Vec<&'a [u8]>,
    side_owner: Vec<&'a str>,
    side_sealed: Vec<&'a [u8]>,
}

type Query<'q, O> = sqlx::query::QueryAs<'q, sqlx::Postgres, O, sqlx::postgres::PgArguments>;

impl<'a> Columns<'a> {
    fn of(appends: &'a [Arc<Append>]) -> Columns<'a> {
        let mut columns = Columns::default();
        for append in appends {
            columns.add_journal(append);
            columns.add_ledger(append);
            columns.add_registers(append);
        }
        columns
    }

    fn add_journal(&mut self, append: &'a Append) {
        let book = append.book.as_str();
        self.head_book.push(book);
        self.head_expected.push(signed(append.expected_size));
        self.head_size.push(signed(append.head.size));
        self.head_frontier.push(append.head.frontier.as_flattened());
        self.head_recorded_at.push(append.head.recorded_at);
        self.head_root.push(&append.checkpoint.root);
        for record in &append.records {
            self.record_book.push(book);
            self.record_position.push(signed(record.position));
            self.record_hashes.push(record.hashes.as_flattened());
            self.record_bytes.push(&record.bytes);
        }
    }

    fn add_ledger(&mut self, append: &'a Append) {
        let book = append.book.as_str();
        for entry in &append.entries {
            self.entry_book.push(book);
            self.entry_account.push(entry.account.to_string());
            self.entry_position.push(signed(entry.position));
            self.entry_leg.push(i32::try_from(entry.leg).unwrap_or(i32::MAX));
            self.entry_amount.push(entry.amount.get());
            self.entry_balance.push(entry.balance.get());
            self.entry_effective_on.push(entry.effective_on.get());
            self.entry_late.push(i16::from(entry.late));
        }
        for (account, position) in &append.new_accounts {
            self.account_book.push(book);
            self.account_name.push(account.to_string());
            self.account_position.push(signed(*position));
        }
        for (control, total) in &append.controls {
            self.control_book.push(book);
            self.control_name.push(control.to_string());
            self.control_position.push(signed(append.head.size));
            self.control_total.push(total.get());
        }
    }

    fn add_registers(&mut self, append: &'a Append) {
        let book = append.book.as_str();
        for (name, position, row) in &append.rows {
            self.row_book.push(book);
            self.row_parent.push(&name.parent);
            self.row_id.push(&name.id);
            self.row_position.push(signed(*position));
            self.row_value.push(record::encode_value(name, row));
            self.row_waiting.push(record::waits(row).then_some(name.id.as_str()));
        }
        for (name, position) in &append.mentions {
            self.mention_book.push(book);
            self.mention_name.push(name.to_string());
            self.mention_position.push(signed(*position));
        }
        for (request, receipt) in &append.receipts {
            self.receipt_book.push(book);
            self.receipt_request.push(request.as_str());
            self.receipt_position.push(signed(receipt.position));
            self.receipt_digest.push(&receipt.digest);
        }
        for side in &append.sides {
            self.side_book.push(book);
            self.side_commitment.push(&side.commitment);
            self.side_owner.push(&side.owner);
            self.side_sealed.push(&side.sealed);
        }
    }

    fn bind<O>(self) -> Query<'a, O>
    where
        O: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    {
        let query = sqlx::query_as(APPEND).bind(self.head_book).bind(self.head_expected);
        let query = query.bind(self.head_size).bind(self.head_frontier);
        let query = query.bind(self.head_recorded_at).bind(self.head_root);
        let query = query.bind(self.record_book).bind(self.record_position);
        let query = query.bind(self.record_hashes).bind(self.record_bytes);
        let query = query.bind(self.entry_book).bind(self.entry_account);
        let query = query.bind(self.entry_position).bind(self.entry_leg);
        let query = query.bind(self.entry_amount).bind(self.entry_balance);
        let query = query.bind(self.entry_effective_on).bind(self.entry_late);
        let query = query.bind(self.account_book).bind(self.account_name);
        let query = query.bind(self.account_position).bind(self.control_book);
        let query = query.bind(self.control_name).bind(self.control_position);
        let query = query.bind(self.control_total).bind(self.row_book).bind(self.row_parent);
        let query = query.bind(self.row_id).bind(self.row_position).bind(self.row_value);
        let query = query.bind(self.row_waiting).bind(self.mention_book);
        let query = query.bind(self.mention_name).bind(self.mention_position);
        let query = query.bind(self.receipt_book).bind(self.receipt_request);
        let query = query.bind(self.receipt_position).bind(self.receipt_digest);
        let query = query.bind(self.side_book).bind(self.side_commitment);
        query.bind(self.side_owner).bind(self.side_sealed)
    }
}
