//! The read side: static SQL written once for both databases, through sqlx's `Any` driver.
//!
//! **Invariants**
//! - Everything a [`Snapshot`] answers comes from one read transaction and agrees with the head
//!   it reports; writers are never stopped.
//! - No query's cost grows with the length of history: each descends B-trees to the rows it
//!   answers with. What else it may touch is bounded, and said at each query.
//!
//! This file opens snapshots and finds records, receipts, register rows and personal text by name;
//! [`balances`] has balances and statements as of any day, and [`dump`] reads a whole book.
//!
//! SQL rules: parameters are `$1`, sums are cast (`CAST(SUM(x) AS BIGINT)`), text ranges end before
//! `\u{7f}`, which no name contains. Lists are padded to a fixed number of parameters, and their
//! answers sorted here: an ordered list would be read in order, all of it.

pub mod balances;
pub mod dump;

use std::collections::HashMap;
use std::path::Path;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyPool, ConnectOptions, Executor, Transaction};

use super::codec::{self, STATEMENT_LOG, damaged, failed, signed, statements, unsigned};
use super::{Head, SideRow, StorageError, StoredRecord};
use crate::chain::Hash;
use crate::chain::proof::{Node, Plan};
use crate::domain::id::{Id, RequestId, RowName};
use crate::domain::record::{self, Record, Row};
use crate::domain::state::Receipt;

pub use balances::{AsOf, Line, Order, Span};

/// How many values one statement takes where a list is asked for.
const LIST: usize = 32;

macro_rules! list_of_32 {
    () => {
        "($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
          $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)"
    };
}

statements! {
    HEAD = "SELECT size, frontier, recorded_at FROM head WHERE book = $1";
    BOOKS = "SELECT book FROM head WHERE size > 0 ORDER BY book";
    RECORDS_BETWEEN = "SELECT position, hashes, bytes FROM record \
        WHERE book = $1 AND position >= $2 AND position <= $3 ORDER BY position";
    RECORDS_LISTED = concat!("SELECT position, bytes FROM record WHERE book = $1 AND position IN ",
        list_of_32!());
    HASHES_LISTED = concat!("SELECT position, hashes FROM record \
        WHERE book = $1 AND position IN ", list_of_32!());
    MENTIONS = "SELECT position FROM mention \
        WHERE book = $1 AND name = $2 AND position > $3 ORDER BY position LIMIT $4";
    RECEIPT = "SELECT position, digest FROM receipt WHERE book = $1 AND request_id = $2";
    ROW = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id = $3";
    TWO_ROWS = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id = $3 \
        UNION ALL SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $4 AND id = $5";
    ROWS = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id > $3 ORDER BY id LIMIT $4";
    ROWS_BELOW = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id > $3 AND id < $4 ORDER BY id LIMIT $5";
    WAITING_ROWS = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND waiting > $3 ORDER BY waiting LIMIT $4";
    ROWS_LISTED = concat!("SELECT id, position, value FROM register_row \
        WHERE book = $1 AND id IN ", list_of_32!(), " AND parent = $34");
    SIDES = concat!("SELECT commitment, owner, sealed FROM side \
        WHERE book = $1 AND commitment IN ", list_of_32!());
    SIDES_UNDER = "SELECT commitment, owner, sealed FROM side \
        WHERE book = $1 AND owner = $2 AND substr(sealed, 1, 8) = $3 LIMIT $4";
    SIDE_OF_OWNER = "SELECT commitment FROM side WHERE book = $1 AND owner = $2 LIMIT 1";
}

/// A register row with its id and the record that wrote it last.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterRow {
    /// The id within its collection.
    pub id: String,
    /// The last record that wrote it.
    pub position: u64,
    /// The row.
    pub row: Row,
}

/// Opens snapshots of a database.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: AnyPool,
    begin: &'static str,
}

impl Reader {
    /// Reads an existing SQLite database.
    ///
    /// Errors: `Failed` when it cannot be opened.
    pub async fn sqlite(path: &Path) -> Result<Reader, StorageError> {
        let url = SqliteConnectOptions::new().filename(path).to_url_lossy();
        let query_only = AnyPoolOptions::new().after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("PRAGMA query_only = ON").await?;
                Ok(())
            })
        });
        Reader::open(query_only, url.as_str(), "BEGIN DEFERRED").await
    }

    /// Reads a PostgreSQL database.
    ///
    /// Errors: `Failed` when it cannot be reached.
    pub async fn postgres(url: &str) -> Result<Reader, StorageError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let planned = AnyPoolOptions::new().after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(super::postgres::PLANNER).await?;
                Ok(())
            })
        });
        Reader::open(planned, url, begin).await
    }

    async fn open(
        options: AnyPoolOptions,
        url: &str,
        begin: &'static str,
    ) -> Result<Reader, StorageError> {
        sqlx::any::install_default_drivers();
        let url: AnyConnectOptions = url.parse().map_err(failed)?;
        let url = url.log_statements(STATEMENT_LOG);
        let pool = options.max_connections(8).connect_with(url).await.map_err(failed)?;
        Ok(Reader { pool, begin })
    }

    /// Begins a read transaction on a book and reads its head.
    ///
    /// Errors: `Failed` when the database cannot be reached. A book that is not there has an
    /// empty head.
    pub async fn snapshot(&self, book: &Id) -> Result<Snapshot, StorageError> {
        let transaction = self.pool.begin_with(self.begin).await.map_err(failed)?;
        let mut snapshot =
            Snapshot { transaction, book: book.as_str().to_owned(), head: Head::default() };
        let query = sqlx::query_as(HEAD).bind(snapshot.book.clone());
        let found: Option<(i64, Vec<u8>, i64)> =
            query.fetch_optional(&mut *snapshot.transaction).await.map_err(failed)?;
        if let Some((size, frontier, recorded_at)) = found {
            let head = codec::head(size, &frontier, recorded_at);
            snapshot.head = head.map_err(|error| error.at(format_args!("head of {book}")))?;
        }
        Ok(snapshot)
    }

    /// Two rows of a book at one moment, those that are there, in one trip to the database: what is
    /// asked at every call. Cost: one descent each.
    ///
    /// Errors: `Failed` when the database cannot be reached, `Damaged` for rows that do not decode.
    pub async fn two_rows(
        &self,
        book: &Id,
        first: &RowName,
        second: &RowName,
    ) -> Result<Vec<RegisterRow>, StorageError> {
        let query = sqlx::query_as(TWO_ROWS).bind(book.as_str().to_owned());
        let query = query.bind(first.parent.clone()).bind(first.id.clone());
        let query = query.bind(second.parent.clone()).bind(second.id.clone());
        let found: Vec<_> = query.fetch_all(&self.pool).await.map_err(failed)?;
        found.into_iter().map(register_row).collect()
    }

    /// The ids of all books with records, in order: a query across books.
    ///
    /// Errors: `Failed` when the database cannot be reached.
    pub async fn books(&self) -> Result<Vec<Id>, StorageError> {
        let books: Vec<(String,)> =
            sqlx::query_as(BOOKS).fetch_all(&self.pool).await.map_err(failed)?;
        let id = |(book,): (String,)| Id::new(&book).ok_or_else(|| damaged("a book has no id"));
        books.into_iter().map(id).collect()
    }

    /// Closes all connections once they are free.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// One book at one moment. All queries fail with `Failed` when the database cannot be reached and
/// with `Damaged` when what is stored does not decode.
pub struct Snapshot {
    transaction: Transaction<'static, Any>,
    book: String,
    head: Head,
}

/// A query's rows.
type Rows<T> = Result<Vec<T>, StorageError>;

impl Snapshot {
    /// The head of the book in this snapshot: what every answer says it knows.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Ends the read transaction. Dropping a snapshot ends it too, but only when its connection is
    /// next used.
    pub async fn finish(self) -> Result<(), StorageError> {
        self.transaction.rollback().await.map_err(failed)
    }

    /// The record at a position, if the journal reaches that far. Cost: one descent.
    pub async fn record(&mut self, position: u64) -> Result<Option<Record>, StorageError> {
        Ok(self.records(&[position]).await?.pop())
    }

    /// The records at some positions, by position, those that exist. Cost: one descent each.
    pub async fn records(&mut self, positions: &[u64]) -> Rows<Record> {
        let bytes = self.record_bytes(positions).await?;
        bytes.iter().map(|(_, bytes)| record::decode(bytes).map_err(damaged)).collect()
    }

    /// The positions among these at which there are records, and the records as they were stored, in
    /// journal order. Cost: one descent each.
    pub async fn record_bytes(&mut self, positions: &[u64]) -> Rows<(u64, Vec<u8>)> {
        let mut records: Vec<(u64, Vec<u8>)> = Vec::with_capacity(positions.len());
        for chunk in positions.chunks(LIST) {
            let mut query = sqlx::query_as(RECORDS_LISTED).bind(self.book.clone());
            for position in padded(chunk) {
                query = query.bind(signed(*position));
            }
            let found: Vec<(i64, Vec<u8>)> =
                query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
            for (position, bytes) in found {
                records.push((unsigned(position)?, bytes));
            }
        }
        records.sort();
        records.dedup_by_key(|(position, _)| *position);
        Ok(records)
    }

    /// The positions of records that are [about](record::mentions) something, after a position, at
    /// most `limit`. Cost: the positions answered.
    pub async fn mentions(&mut self, name: &RowName, after: u64, limit: u32) -> Rows<u64> {
        let query = sqlx::query_as(MENTIONS).bind(self.book.clone()).bind(name.to_string());
        let query = query.bind(signed(after)).bind(i64::from(limit));
        let found: Vec<(i64,)> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        found.into_iter().map(|(position,)| unsigned(position)).collect()
    }

    /// Records as stored from a position on, at most `limit`. Cost: the records answered.
    pub async fn stored_records(&mut self, from: u64, limit: u32) -> Rows<StoredRecord> {
        // Positions have no gaps, so a range is a limit that needs no statistics to plan.
        let from = from.max(1);
        let to = from.saturating_add(u64::from(limit)).saturating_sub(1);
        let query = sqlx::query_as(RECORDS_BETWEEN).bind(self.book.clone());
        let query = query.bind(signed(from)).bind(signed(to));
        let stored = |(position, hashes, bytes): (i64, Vec<u8>, Vec<u8>)| {
            let named = |error: StorageError| error.at(format_args!("record {position}"));
            let hashes = codec::hashes(&hashes).map_err(named)?;
            Ok(StoredRecord {
                position: unsigned(position).map_err(named)?,
                hashes,
                bytes: bytes.into(),
            })
        };
        let found: Vec<_> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        found.into_iter().map(stored).collect()
    }

    /// The hashes of nodes of the tree, in the order asked for. Cost: one descent each.
    ///
    /// Errors: `Damaged` for a node beyond the head.
    pub async fn nodes(&mut self, nodes: &[Node]) -> Rows<Hash> {
        let positions: Vec<u64> = nodes.iter().map(Node::position).collect();
        let mut stored: HashMap<i64, Vec<Hash>> = HashMap::new();
        for chunk in positions.chunks(LIST) {
            let mut query = sqlx::query_as(HASHES_LISTED).bind(self.book.clone());
            for position in padded(chunk) {
                query = query.bind(signed(*position));
            }
            let found: Vec<(i64, Vec<u8>)> =
                query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
            for (position, hashes) in found {
                stored.insert(position, codec::hashes(&hashes)?);
            }
        }
        let hash = |node: &Node| {
            let hashes = stored.get(&signed(node.position()));
            let hash = hashes.and_then(|hashes| hashes.get(node.level as usize));
            hash.copied().ok_or_else(|| damaged("a record lacks a hash"))
        };
        nodes.iter().map(hash).collect()
    }

    /// The hashes of a proof. Cost: one descent for each of its nodes, which are at most about
    /// twice the logarithm of the size.
    pub async fn prove(&mut self, plan: &Plan) -> Rows<Hash> {
        let nodes: Vec<Node> = plan.nodes().copied().collect();
        let hashes = self.nodes(&nodes).await?;
        plan.prove(&hashes).ok_or_else(|| damaged("a proof lacks a hash"))
    }

    /// The root of the first `size` records. Cost: one descent for each one-bit of the size.
    pub async fn root(&mut self, size: u64) -> Result<Hash, StorageError> {
        let root = self.prove(&Plan::root(size)).await?;
        root.first().copied().ok_or_else(|| damaged("a root was not made"))
    }

    /// The receipt of a request, if it was ever decided. Cost: one descent.
    pub async fn receipt(&mut self, request: &RequestId) -> Result<Option<Receipt>, StorageError> {
        let query = sqlx::query_as(RECEIPT).bind(self.book.clone());
        let query = query.bind(request.as_str().to_owned());
        let receipt: Option<(i64, Vec<u8>)> =
            query.fetch_optional(&mut *self.transaction).await.map_err(failed)?;
        let decode = |(position, digest)| Ok(Receipt { position: unsigned(position)?, digest });
        receipt.map(decode).transpose()
    }

    /// A register row as it is now. Cost: one descent.
    pub async fn row(&mut self, name: &RowName) -> Result<Option<RegisterRow>, StorageError> {
        self.one_row(ROW, &name.parent, &name.id).await
    }

    /// The rows of a collection in order of ids, after the id `after` (empty for the first), at
    /// most `limit`. Cost: the rows answered.
    pub async fn rows(&mut self, parent: &str, after: &str, limit: u32) -> Rows<RegisterRow> {
        self.listed(ROWS, parent, after, limit).await
    }

    /// The same of those alone whose id is before another. Cost: the rows answered.
    pub async fn rows_below(
        &mut self,
        parent: &str,
        (after, below): (&str, &str),
        limit: u32,
    ) -> Rows<RegisterRow> {
        let query = sqlx::query_as(ROWS_BELOW).bind(self.book.clone()).bind(parent.to_owned());
        let query = query.bind(after.to_owned()).bind(below.to_owned()).bind(i64::from(limit));
        let found: Vec<_> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        found.into_iter().map(register_row).collect()
    }

    /// The same of those alone that [wait](record::waits) for somebody. Cost: the rows answered.
    pub async fn waiting_rows(
        &mut self,
        parent: &str,
        after: &str,
        limit: u32,
    ) -> Rows<RegisterRow> {
        self.listed(WAITING_ROWS, parent, after, limit).await
    }

    /// The rows of a collection with these ids that are there, by id. Cost: one descent each.
    pub async fn rows_of(&mut self, parent: &str, ids: &[&str]) -> Rows<RegisterRow> {
        let mut rows: Vec<RegisterRow> = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(LIST) {
            let mut query = sqlx::query_as(ROWS_LISTED).bind(self.book.clone());
            for id in padded(chunk) {
                query = query.bind((*id).to_owned());
            }
            let query = query.bind(parent.to_owned());
            let found: Vec<_> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
            for row in found {
                rows.push(register_row(row)?);
            }
        }
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        rows.dedup_by(|one, other| one.id == other.id);
        Ok(rows)
    }

    async fn listed(
        &mut self,
        sql: &'static str,
        parent: &str,
        after: &str,
        limit: u32,
    ) -> Rows<RegisterRow> {
        let query = sqlx::query_as(sql).bind(self.book.clone()).bind(parent.to_owned());
        let query = query.bind(after.to_owned()).bind(i64::from(limit));
        let found: Vec<_> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        found.into_iter().map(register_row).collect()
    }

    /// The pieces of personal text with these commitments that are there, by commitment.
    /// Cost: one descent each.
    pub async fn sides(&mut self, commitments: &[[u8; 32]]) -> Rows<SideRow> {
        let mut sides: Vec<SideRow> = Vec::with_capacity(commitments.len());
        for chunk in commitments.chunks(LIST) {
            let mut query = sqlx::query_as(SIDES).bind(self.book.clone());
            for commitment in padded(chunk) {
                query = query.bind(commitment.to_vec());
            }
            let found: Vec<_> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
            for row in found {
                sides.push(side(row)?);
            }
        }
        sides.sort_by_key(|side| side.commitment);
        sides.dedup_by_key(|side| side.commitment);
        Ok(sides)
    }

    /// Personal text of an owner that is sealed under the key of this id, at most `limit` pieces.
    /// Cost: all personal text of the book; only turning to another key asks.
    pub async fn sides_under(
        &mut self,
        owner: &str,
        key: &[u8; super::keys::KEY_ID],
        limit: u32,
    ) -> Rows<SideRow> {
        let query = sqlx::query_as(SIDES_UNDER).bind(self.book.clone()).bind(owner.to_owned());
        let query = query.bind(key.to_vec()).bind(i64::from(limit));
        let found: Vec<_> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        found.into_iter().map(side).collect()
    }

    /// Whether an owner has any personal text here. Cost: for an owner who has none, all personal
    /// text of the book; only the sweeping of orphaned keys asks, of the few that look like one.
    pub async fn has_side_of(&mut self, owner: &str) -> Result<bool, StorageError> {
        let query = sqlx::query_as(SIDE_OF_OWNER).bind(self.book.clone()).bind(owner.to_owned());
        let found: Option<(Vec<u8>,)> =
            query.fetch_optional(&mut *self.transaction).await.map_err(failed)?;
        Ok(found.is_some())
    }

    async fn one_row(
        &mut self,
        sql: &'static str,
        parent: &str,
        id: &str,
    ) -> Result<Option<RegisterRow>, StorageError> {
        let query = sqlx::query_as(sql).bind(self.book.clone());
        let query = query.bind(parent.to_owned()).bind(id.to_owned());
        let row = query.fetch_optional(&mut *self.transaction).await.map_err(failed)?;
        row.map(register_row).transpose()
    }
}

/// A chunk of a list, filled up with its last value.
fn padded<T>(chunk: &[T]) -> impl Iterator<Item = &T> {
    let fill = chunk.last().into_iter().cycle();
    chunk.iter().chain(fill).take(LIST)
}

fn register_row(columns: (String, i64, Vec<u8>)) -> Result<RegisterRow, StorageError> {
    let (id, position, value) = columns;
    let row = record::decode_value(&value).map_err(damaged)?;
    Ok(RegisterRow { id, position: unsigned(position)?, row })
}

fn side(columns: (Vec<u8>, String, Vec<u8>)) -> Result<SideRow, StorageError> {
    let (commitment, owner, sealed) = columns;
    let named = |error: StorageError| {
        error.at(format_args!("text of {owner}, {}", hex::encode(&commitment)))
    };
    Ok(SideRow { commitment: codec::hash(&commitment).map_err(named)?, owner, sealed })
}
