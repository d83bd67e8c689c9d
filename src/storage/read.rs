//! The read side: static SQL written once for both databases, through sqlx's `Any` driver.
//!
//! **Invariants**
//! - Everything a [`Snapshot`] answers comes from one read transaction and agrees with the head
//!   it reports; writers are never stopped.
//! - No query's cost grows with the length of history: each descends B-trees to the rows it
//!   answers with. What else it may touch is bounded, and said at each query: the *late* entries
//!   of a period that is still open, or the records of one batch.
//!
//! **As of**: an [`AsOf`] asks for a balance at the end of an effective day as known at a journal
//! position. Three lookups turn it into a [`Window`]: the position where that day ended (the
//! record before the one that opened the next business day), and until where late entries for it
//! may stand (up to the closing of its period). The answer is the balance at the first position
//! plus the late entries between the two.
//!
//! SQL rules: parameters are `$1`, sums are cast (`CAST(SUM(x) AS BIGINT)`), lists are padded to a
//! fixed number of parameters and their answers
//! sorted here (an ordered list would be read in order, all of it), text ranges end before `\u{7f}`, which no name contains.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyPool, ConnectOptions, Executor, FromRow, Transaction};

use super::codec::{self, STATEMENT_LOG, damaged, failed, signed, statements, unsigned};
use super::{Checkpoint, Dump, DumpEntry, Head, SideRow, StorageError, StoredRecord};
use crate::domain::account::{Account, Control};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{self, Outcome, Record, Row};
use crate::domain::state::Receipt;

/// How many values one statement takes where a list is asked for.
const LIST: usize = 32;

macro_rules! list_of_32 {
    () => {
        "($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
          $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)"
    };
}

/// A statement's lines in one direction: regular ones in business-day order, and late ones that
/// were recorded after the last day asked for.
macro_rules! statement {
    ($beyond:literal, $order:literal) => {
        concat!(
            "SELECT position, leg, amount, balance, effective_on, late FROM (
                SELECT * FROM (
                    SELECT position, leg, amount, balance, effective_on, late FROM entry
                    WHERE book = $1 AND account = $2 AND position >= $3 AND position <= $4
                      AND effective_on >= $5 AND (position, leg) ",
            $beyond,
            " ($6, $7) ORDER BY position ",
            $order,
            ", leg ",
            $order,
            " LIMIT $8) AS in_time
                UNION ALL
                SELECT * FROM (
                    SELECT l.position, l.leg, l.amount, e.balance, l.effective_on, e.late
                    FROM late_entry AS l
                    JOIN entry AS e ON e.book = l.book AND e.account = l.account
                        AND e.position = l.position AND e.leg = l.leg
                    WHERE l.book = $1 AND l.control = $9 AND l.account = $2
                      AND l.position > $10 AND l.position <= $11
                      AND l.effective_on >= $5 AND l.effective_on <= $12
                      AND (l.position, l.leg) ",
            $beyond,
            " ($6, $7) ORDER BY l.position ",
            $order,
            ", l.leg ",
            $order,
            " LIMIT $8) AS too_late
             ) AS lines ORDER BY position ",
            $order,
            ", leg ",
            $order,
            " LIMIT $8"
        )
    };
}

statements! {
    HEAD = "SELECT size, frontier, recorded_at FROM head WHERE book = $1";
    BOOKS = "SELECT book FROM head WHERE size > 0 ORDER BY book";
    RECORDS_BETWEEN = "SELECT position, leaf, bytes FROM record \
        WHERE book = $1 AND position >= $2 AND position <= $3 ORDER BY position";
    RECORDS_LISTED = concat!("SELECT bytes FROM record WHERE book = $1 AND position IN ",
        list_of_32!());
    RECEIPT = "SELECT position, digest FROM receipt WHERE book = $1 AND request_id = $2";
    ROW = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id = $3";
    ROWS = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id > $3 ORDER BY id LIMIT $4";
    ROW_BEFORE = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id <= $3 ORDER BY id DESC LIMIT 1";
    SIDES = concat!("SELECT commitment, owner, sealed FROM side \
        WHERE book = $1 AND commitment IN ", list_of_32!());
    BALANCE_AT = "SELECT balance FROM entry \
        WHERE book = $1 AND account = $2 AND position <= $3 \
        ORDER BY position DESC, leg DESC LIMIT 1";
    TOTAL_AT = "SELECT total FROM control_point \
        WHERE book = $1 AND control = $2 AND position <= $3 ORDER BY position DESC LIMIT 1";
    BATCH_END_BEFORE = "SELECT size FROM checkpoint \
        WHERE book = $1 AND size <= $2 ORDER BY size DESC LIMIT 1";
    LATE_OF_CONTROL = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM late_entry \
        WHERE book = $1 AND control = $2 AND position > $3 AND position <= $4 \
          AND effective_on <= $5";
    LATE_OF_ACCOUNTS = "SELECT account, CAST(SUM(amount) AS BIGINT) FROM late_entry \
        WHERE book = $1 AND control = $2 AND position > $3 AND position <= $4 \
          AND effective_on <= $5 AND account >= $6 AND account <= $7 GROUP BY account";
    ACCOUNTS = "SELECT a.account, ( \
            SELECT e.balance FROM entry AS e \
            WHERE e.book = a.book AND e.account = a.account AND e.position <= $4 \
            ORDER BY e.position DESC, e.leg DESC LIMIT 1) \
        FROM account AS a \
        WHERE a.book = $1 AND a.account >= $2 AND a.account < $3 AND a.position <= $5 \
        ORDER BY a.account LIMIT $6";
    // The entity of a control account is what comes before its first dot; its closing bounds the
    // late entries. No function that cuts at a character exists in both databases.
    TRIAL_BALANCE = "WITH RECURSIVE used(control) AS ( \
            SELECT (SELECT p.control FROM control_point AS p \
                    WHERE p.book = $1 AND p.control >= $2 AND p.control < $3 \
                    ORDER BY p.control LIMIT 1) \
            UNION ALL \
            SELECT (SELECT p.control FROM control_point AS p \
                    WHERE p.book = $1 AND p.control > u.control AND p.control < $3 \
                    ORDER BY p.control LIMIT 1) \
            FROM used AS u WHERE u.control IS NOT NULL) \
        SELECT u.control, ( \
            SELECT p.total FROM control_point AS p \
            WHERE p.book = $1 AND p.control = u.control AND p.position <= $4 \
            ORDER BY p.position DESC LIMIT 1), ( \
            SELECT CAST(SUM(l.amount) AS BIGINT) FROM late_entry AS l \
            WHERE l.book = $1 AND l.control = u.control AND l.position > $5 \
              AND l.effective_on <= $7 AND l.position <= COALESCE(( \
                SELECT CASE WHEN r.position < $6 THEN r.position ELSE $6 END \
                FROM register_row AS r \
                WHERE r.book = $1 AND r.id >= $8 AND r.parent = 'periods/' || substr(u.control, 1, \
                    length(u.control) \
                        - length(ltrim(u.control, 'abcdefghijklmnopqrstuvwxyz0123456789-'))) \
                ORDER BY r.id LIMIT 1), $6)) \
        FROM used AS u WHERE u.control IS NOT NULL ORDER BY u.control";
    FIRST_ROW_FROM = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id >= $3 ORDER BY id LIMIT 1";
    STATEMENT_OLDEST_FIRST = statement!(">", "ASC");
    STATEMENT_NEWEST_FIRST = statement!("<", "DESC");
    SIDE_OF_OWNER = "SELECT commitment FROM side WHERE book = $1 AND owner = $2 LIMIT 1";
    DUMP_CHECKPOINTS = "SELECT size, root, recorded_at FROM checkpoint \
        WHERE book = $1 ORDER BY size";
    DUMP_ENTRIES = "SELECT account, position, leg, amount, balance, effective_on, late FROM entry \
        WHERE book = $1 ORDER BY account, position, leg";
    DUMP_LATE = "SELECT control, position, leg, account, effective_on, amount FROM late_entry \
        WHERE book = $1 ORDER BY control, position, leg";
    DUMP_ACCOUNTS = "SELECT account, position FROM account WHERE book = $1 ORDER BY account";
    DUMP_CONTROLS = "SELECT control, position, total FROM control_point \
        WHERE book = $1 ORDER BY control, position";
    DUMP_ROWS = "SELECT parent, id, position, value FROM register_row \
        WHERE book = $1 ORDER BY parent, id";
    DUMP_RECEIPTS = "SELECT request_id, position, digest FROM receipt \
        WHERE book = $1 ORDER BY request_id";
    DUMP_SIDES = "SELECT commitment, owner, sealed FROM side WHERE book = $1 ORDER BY commitment";
}

/// Which balance is meant; by default the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsOf {
    /// At the end of this day in the ledger; none for all days.
    pub effective: Option<Day>,
    /// As known when the journal had this many records; none for all records.
    pub position: Option<u64>,
}

/// Which lines of a statement are meant; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Those recorded at these positions.
    Positions(u64, u64),
    /// Those effective on these days.
    Days(Day, Day),
}

/// The direction of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By position, ascending.
    OldestFirst,
    /// By position, descending.
    NewestFirst,
}

/// One line of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The record it belongs to.
    pub position: u64,
    /// Its place among the record's entries, from 0.
    pub leg: u32,
    /// Debit positive.
    pub amount: Sen,
    /// The account's balance after it, in order of recording.
    pub balance: Sen,
    /// The day in the ledger.
    pub effective_on: Day,
    /// Whether that day was over when it was recorded.
    pub late: bool,
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

/// The entries that make up a balance: all up to `end`, and late ones up to `known` that are
/// effective by `day`.
struct Window {
    /// The last record of the effective day, or `known`.
    end: u64,
    /// The last record known.
    known: u64,
    /// The effective day, if records after it are known; otherwise nothing is late.
    day: Option<Day>,
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
            snapshot.head = codec::head(size, &frontier, recorded_at)?;
        }
        Ok(snapshot)
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

    /// An account's balance, zero if it has no entry yet.
    ///
    /// Cost: one descent to the account's last entry in time; with an effective day also two to
    /// find where that day ended, and the late entries of its control account in between.
    pub async fn balance(&mut self, account: &Account, as_of: AsOf) -> Result<Sen, StorageError> {
        let window = self.window(Some(&account.ledger.entity), as_of).await?;
        let name = account.to_string();
        let query = sqlx::query_as(BALANCE_AT).bind(self.book.clone());
        let query = query.bind(name.clone()).bind(signed(window.end));
        let balance: Option<(i64,)> =
            query.fetch_optional(&mut *self.transaction).await.map_err(failed)?;
        let late = self.late_of_accounts(&account.control(), &window, &name, &name).await?;
        sum([balance.map(|(balance,)| balance), late.get(&name).copied()])
    }

    /// A control account's total, zero if it was never touched.
    ///
    /// Cost: as [`balance`](Self::balance), over the points written once per batch; for a position
    /// inside a batch, that batch's records are added.
    pub async fn control_total(
        &mut self,
        control: &Control,
        as_of: AsOf,
    ) -> Result<Sen, StorageError> {
        let window = self.window(Some(&control.ledger.entity), as_of).await?;
        let batch_end = self.batch_end_before(window.end).await?;
        let query = sqlx::query_as(TOTAL_AT).bind(self.book.clone());
        let query = query.bind(control.to_string()).bind(signed(batch_end));
        let total: Option<(i64,)> =
            query.fetch_optional(&mut *self.transaction).await.map_err(failed)?;
        let since = self.totals_between(batch_end, window.end).await?;
        let late = self.late_of_control(control, &window).await?;
        sum([total.map(|(total,)| total), since.get(&control.to_string()).copied(), late])
    }

    /// The totals of all control accounts that were ever touched, of one entity or of the book,
    /// in order of their names.
    ///
    /// Cost: per control account what [`control_total`](Self::control_total) costs; the accounts
    /// are found by skipping from one to the next in the index of control points.
    pub async fn trial_balance(
        &mut self,
        entity: Option<&Entity>,
        as_of: AsOf,
    ) -> Result<Vec<(Control, Sen)>, StorageError> {
        let window = self.window(None, as_of).await?;
        let batch_end = self.batch_end_before(window.end).await?;
        let since = self.totals_between(batch_end, window.end).await?;
        let prefix = entity.map(|entity| format!("{entity}.")).unwrap_or_default();
        let day = window.day.unwrap_or_default();
        let late_from = if window.day.is_some() { window.end } else { window.known };
        let query = sqlx::query_as(TRIAL_BALANCE).bind(self.book.clone());
        let query = query.bind(prefix.clone()).bind(end_of(&prefix)).bind(signed(batch_end));
        let query = query.bind(signed(late_from)).bind(signed(window.known));
        let query = query.bind(i64::from(day.get())).bind(day_id(day));
        let totals: Vec<(String, Option<i64>, Option<i64>)> =
            query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        let mut balance = Vec::with_capacity(totals.len());
        for (name, total, late) in totals {
            let since = since.get(&name).copied();
            if total.is_none() && since.is_none() && late.is_none() {
                continue;
            }
            let control = Control::parse(&name).ok_or_else(|| damaged("a control has no name"))?;
            balance.push((control, sum([total, since, late])?));
        }
        Ok(balance)
    }

    /// Accounts whose names begin with `prefix`, after `after` in order of names, at most `limit`,
    /// with their balances. An account that the journal did not know by then is left out.
    ///
    /// Cost: per account listed, one descent to its last entry in time; with an effective day, per
    /// control account listed what its late entries cost.
    pub async fn accounts(
        &mut self,
        prefix: &str,
        after: Option<&Account>,
        limit: u32,
        as_of: AsOf,
    ) -> Result<Vec<(Account, Sen)>, StorageError> {
        let window = self.window(None, as_of).await?;
        // A space sorts before every character that a longer name could continue with.
        let from = after.map_or_else(|| prefix.to_owned(), |after| format!("{after} "));
        let query = sqlx::query_as(ACCOUNTS).bind(self.book.clone());
        let query = query.bind(from).bind(end_of(prefix)).bind(signed(window.end));
        let query = query.bind(signed(window.known)).bind(i64::from(limit));
        let found: Vec<(String, Option<i64>)> =
            query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        let mut accounts = Vec::with_capacity(found.len());
        for (name, balance) in found {
            let account = Account::parse(&name).ok_or_else(|| damaged("an account has no name"))?;
            accounts.push((account, balance));
        }
        let late = self.late_of_page(&accounts, as_of).await?;
        let total = |(account, balance): (Account, Option<i64>)| {
            let late = late.get(&account.to_string()).copied();
            Ok((account, sum([balance, late])?))
        };
        accounts.into_iter().map(total).collect()
    }

    /// The lines of an account in a span, in the order asked for, beginning beyond the line
    /// `after` (position and leg), at most `limit`. `position` is what must have been known.
    ///
    /// Cost: the lines answered; for days also two descents to find where the days begin and end,
    /// and the late entries of the control account recorded after them. Late entries that were
    /// recorded within the days but belong before them are passed over.
    pub async fn statement(
        &mut self,
        account: &Account,
        span: Span,
        position: Option<u64>,
        order: Order,
        after: Option<(u64, u32)>,
        limit: u32,
    ) -> Rows<Line> {
        let known = self.known(position);
        let (mut from, mut to, days, late) = match span {
            Span::Positions(from, to) => {
                (from, to.min(known), (Day::new(i32::MIN), Day::MAX), (known, known))
            }
            Span::Days(first, last) => {
                let as_of = AsOf { effective: Some(last), position };
                let window = self.window(Some(&account.ledger.entity), as_of).await?;
                let begin = self.opening_from(first).await?.unwrap_or(u64::MAX);
                (begin, window.end, (first, last), (window.end, window.known))
            }
        };
        let (sql, beyond) = match order {
            Order::OldestFirst => (STATEMENT_OLDEST_FIRST, (0, 0)),
            Order::NewestFirst => (STATEMENT_NEWEST_FIRST, (u64::MAX, u32::MAX)),
        };
        let beyond = after.unwrap_or(beyond);
        match order {
            Order::OldestFirst => from = from.max(beyond.0),
            Order::NewestFirst => to = to.min(beyond.0),
        }
        let query = sqlx::query_as(sql).bind(self.book.clone()).bind(account.to_string());
        let query = query.bind(signed(from)).bind(signed(to)).bind(i64::from(days.0.get()));
        let query = query.bind(signed(beyond.0)).bind(i64::from(beyond.1)).bind(i64::from(limit));
        let query = query.bind(account.control().to_string());
        let query = query.bind(signed(late.0)).bind(signed(late.1));
        let query = query.bind(i64::from(days.1.get()));
        let lines: Vec<(i64, i32, i64, i64, i32, i32)> =
            query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        lines.into_iter().map(line).collect()
    }

    /// The record at a position, if the journal reaches that far. Cost: one descent.
    pub async fn record(&mut self, position: u64) -> Result<Option<Record>, StorageError> {
        Ok(self.records(&[position]).await?.pop())
    }

    /// The records at some positions, by position, those that exist. Cost: one descent each.
    pub async fn records(&mut self, positions: &[u64]) -> Rows<Record> {
        let mut records: Vec<Record> = Vec::with_capacity(positions.len());
        for chunk in positions.chunks(LIST) {
            let mut query = sqlx::query_as(RECORDS_LISTED).bind(self.book.clone());
            for position in padded(chunk) {
                query = query.bind(signed(*position));
            }
            let found: Vec<(Vec<u8>,)> =
                query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
            for (bytes,) in found {
                records.push(record::decode(&bytes).map_err(damaged)?);
            }
        }
        records.sort_by_key(|record| record.position);
        records.dedup_by_key(|record| record.position);
        Ok(records)
    }

    /// Records as stored from a position on, at most `limit`. Cost: the records answered.
    pub async fn stored_records(&mut self, from: u64, limit: u32) -> Rows<StoredRecord> {
        // Positions have no gaps, so a range is a limit that needs no statistics to plan.
        let from = from.max(1);
        let to = from.saturating_add(u64::from(limit)).saturating_sub(1);
        let query = sqlx::query_as(RECORDS_BETWEEN).bind(self.book.clone());
        let query = query.bind(signed(from)).bind(signed(to));
        let stored = |(position, leaf, bytes): (i64, Vec<u8>, Vec<u8>)| {
            let (position, leaf) = (unsigned(position)?, codec::hash(&leaf)?);
            Ok(StoredRecord { position, leaf, bytes: bytes.into() })
        };
        let found: Vec<_> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        found.into_iter().map(stored).collect()
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

    /// The last row of a collection whose id is at most `id`. Cost: one descent.
    pub async fn row_before(
        &mut self,
        parent: &str,
        id: &str,
    ) -> Result<Option<RegisterRow>, StorageError> {
        self.one_row(ROW_BEFORE, parent, id).await
    }

    /// The rows of a collection in order of ids, after the id `after` (empty for the first), at
    /// most `limit`. Cost: the rows answered.
    pub async fn rows(&mut self, parent: &str, after: &str, limit: u32) -> Rows<RegisterRow> {
        let query = sqlx::query_as(ROWS).bind(self.book.clone()).bind(parent.to_owned());
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

    /// Whether an owner has any personal text here. Cost: for an owner who has none, all personal
    /// text of the book; only the sweeping of orphaned keys asks, of the few that look like one.
    pub async fn has_side_of(&mut self, owner: &str) -> Result<bool, StorageError> {
        let query = sqlx::query_as(SIDE_OF_OWNER).bind(self.book.clone()).bind(owner.to_owned());
        let found: Option<(Vec<u8>,)> =
            query.fetch_optional(&mut *self.transaction).await.map_err(failed)?;
        Ok(found.is_some())
    }

    /// Everything about the book, for comparison with a replay. Cost: all of it.
    pub(super) async fn dump(mut self) -> Result<Dump, StorageError> {
        let records = self.stored_records(1, u32::MAX).await?;
        let checkpoints = self.all(DUMP_CHECKPOINTS, checkpoint).await?;
        let entries = self.all(DUMP_ENTRIES, dump_entry).await?;
        let late = self.all(DUMP_LATE, late_entry).await?;
        let accounts = self.all(DUMP_ACCOUNTS, |(account, position): (String, i64)| {
            Ok((account, unsigned(position)?))
        });
        let accounts = accounts.await?;
        let controls = self.all(DUMP_CONTROLS, |(control, position, total): (String, i64, i64)| {
            Ok((control, unsigned(position)?, total))
        });
        let controls = controls.await?;
        let rows = self.all(DUMP_ROWS, |columns: (String, String, i64, Vec<u8>)| {
            let (parent, id, position, value) = columns;
            Ok((parent, id, unsigned(position)?, value))
        });
        let rows = rows.await?;
        let receipts = self.all(DUMP_RECEIPTS, |(id, position, digest): (String, i64, Vec<u8>)| {
            Ok((id, unsigned(position)?, digest))
        });
        let receipts = receipts.await?;
        let sides = self.all(DUMP_SIDES, side).await?;
        let head = self.head;
        Ok(Dump {
            head,
            records,
            checkpoints,
            entries,
            late,
            accounts,
            controls,
            rows,
            receipts,
            sides,
        })
    }

    async fn all<C, T>(
        &mut self,
        sql: &'static str,
        decode: impl Fn(C) -> Result<T, StorageError>,
    ) -> Rows<T>
    where
        C: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let query = sqlx::query_as(sql).bind(self.book.clone());
        let found: Vec<C> = query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        found.into_iter().map(decode).collect()
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

    /// The last record that may be looked at.
    fn known(&self, position: Option<u64>) -> u64 {
        position.unwrap_or(self.head.size).min(self.head.size)
    }

    /// The window of an [`AsOf`]; with an entity, bounded by the closing of its period.
    async fn window(
        &mut self,
        entity: Option<&Entity>,
        as_of: AsOf,
    ) -> Result<Window, StorageError> {
        let known = self.known(as_of.position);
        let all = Window { end: known, known, day: None };
        let Some(day) = as_of.effective else { return Ok(all) };
        let next = Day::new(day.get().saturating_add(1));
        let Some(opening) = self.opening_from(next).await? else { return Ok(all) };
        if opening > known {
            return Ok(all);
        }
        let end = opening.saturating_sub(1);
        let closing = match entity {
            None => None,
            Some(entity) => self.mark_from(&format!("periods/{entity}"), day).await?,
        };
        let known = closing.map_or(known, |closing| known.min(closing));
        Ok(Window { end, known, day: Some(day) })
    }

    /// The record that opened the first business day from `day` on.
    async fn opening_from(&mut self, day: Day) -> Result<Option<u64>, StorageError> {
        self.mark_from("days", day).await
    }

    /// The position meant by the first mark of a collection from a day on. Cost: one descent.
    async fn mark_from(&mut self, parent: &str, day: Day) -> Result<Option<u64>, StorageError> {
        match self.one_row(FIRST_ROW_FROM, parent, &day_id(day)).await? {
            None => Ok(None),
            Some(RegisterRow { row: Row::Mark(mark), .. }) => Ok(Some(mark.position)),
            Some(_) => Err(damaged(format!("a row of {parent} is not a mark"))),
        }
    }

    /// Sums of late entries by account, for accounts of one control account from name to name.
    async fn late_of_accounts(
        &mut self,
        control: &Control,
        window: &Window,
        first: &str,
        last: &str,
    ) -> Result<BTreeMap<String, i64>, StorageError> {
        let Some(day) = window.day else { return Ok(BTreeMap::new()) };
        let query = sqlx::query_as(LATE_OF_ACCOUNTS).bind(self.book.clone());
        let query = query.bind(control.to_string());
        let query = query.bind(signed(window.end)).bind(signed(window.known));
        let query = query.bind(i64::from(day.get())).bind(first.to_owned()).bind(last.to_owned());
        let sums: Vec<(String, i64)> =
            query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        Ok(sums.into_iter().collect())
    }

    /// The same for a page of accounts in order of names, control account by control account.
    async fn late_of_page(
        &mut self,
        page: &[(Account, Option<i64>)],
        as_of: AsOf,
    ) -> Result<BTreeMap<String, i64>, StorageError> {
        let mut late = BTreeMap::new();
        if as_of.effective.is_none() {
            return Ok(late);
        }
        let same = |a: &(Account, _), b: &(Account, _)| a.0.control() == b.0.control();
        for group in page.chunk_by(same) {
            let [(first, _), ..] = group else { continue };
            let last = group.last().map_or(first, |(last, _)| last);
            let window = self.window(Some(&first.ledger.entity), as_of).await?;
            let (control, first, last) = (first.control(), first.to_string(), last.to_string());
            late.extend(self.late_of_accounts(&control, &window, &first, &last).await?);
        }
        Ok(late)
    }

    async fn late_of_control(
        &mut self,
        control: &Control,
        window: &Window,
    ) -> Result<Option<i64>, StorageError> {
        let Some(day) = window.day else { return Ok(None) };
        let query = sqlx::query_as(LATE_OF_CONTROL).bind(self.book.clone());
        let query = query.bind(control.to_string());
        let query = query.bind(signed(window.end)).bind(signed(window.known));
        let query = query.bind(i64::from(day.get()));
        let (late,): (i64,) = query.fetch_one(&mut *self.transaction).await.map_err(failed)?;
        Ok(Some(late))
    }

    /// The end of the last batch at or before a position.
    async fn batch_end_before(&mut self, position: u64) -> Result<u64, StorageError> {
        let query = sqlx::query_as(BATCH_END_BEFORE).bind(self.book.clone());
        let query = query.bind(signed(position));
        let end: Option<(i64,)> =
            query.fetch_optional(&mut *self.transaction).await.map_err(failed)?;
        end.map_or(Ok(0), |(end,)| unsigned(end))
    }

    /// What the records after one position and up to another add to control accounts, by name;
    /// both lie in one batch.
    async fn totals_between(
        &mut self,
        after: u64,
        to: u64,
    ) -> Result<BTreeMap<String, i64>, StorageError> {
        let mut totals: BTreeMap<String, i64> = BTreeMap::new();
        let count = u32::try_from(to.saturating_sub(after)).map_err(damaged)?;
        if count == 0 {
            return Ok(totals);
        }
        for stored in self.stored_records(after.saturating_add(1), count).await? {
            let record = record::decode(&stored.bytes).map_err(damaged)?;
            let Outcome::Done(effect) = record.outcome else { continue };
            for entry in effect.entries {
                let total = totals.entry(entry.account.control().to_string()).or_default();
                *total = sum([Some(*total), Some(entry.amount.get())])?.get();
            }
        }
        Ok(totals)
    }
}

/// The id under which a day's mark stands: eight digits, so that text order is day order.
fn day_id(day: Day) -> String {
    format!("{:08}", day.get().max(0))
}

/// Where the names that begin with a prefix end.
fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{7f}")
}

/// A chunk of a list, filled up with its last value.
fn padded<T>(chunk: &[T]) -> impl Iterator<Item = &T> {
    let fill = chunk.last().into_iter().cycle();
    chunk.iter().chain(fill).take(LIST)
}

fn sum<const N: usize>(parts: [Option<i64>; N]) -> Result<Sen, StorageError> {
    let add = |sum: i64, part: i64| sum.checked_add(part);
    let sum = parts.into_iter().flatten().try_fold(0, add);
    sum.map(Sen::new).ok_or_else(|| damaged("a balance leaves the range of money"))
}

fn line(columns: (i64, i32, i64, i64, i32, i32)) -> Result<Line, StorageError> {
    let (position, leg, amount, balance, effective_on, late) = columns;
    Ok(Line {
        position: unsigned(position)?,
        leg: u32::try_from(leg).map_err(damaged)?,
        amount: Sen::new(amount),
        balance: Sen::new(balance),
        effective_on: Day::new(effective_on),
        late: late != 0,
    })
}

fn register_row(columns: (String, i64, Vec<u8>)) -> Result<RegisterRow, StorageError> {
    let (id, position, value) = columns;
    let row = record::decode_value(&value).map_err(damaged)?;
    Ok(RegisterRow { id, position: unsigned(position)?, row })
}

fn side(columns: (Vec<u8>, String, Vec<u8>)) -> Result<SideRow, StorageError> {
    let (commitment, owner, sealed) = columns;
    Ok(SideRow { commitment: codec::hash(&commitment)?, owner, sealed })
}

fn checkpoint(columns: (i64, Vec<u8>, i64)) -> Result<Checkpoint, StorageError> {
    let (size, root, recorded_at) = columns;
    Ok(Checkpoint { size: unsigned(size)?, root: codec::hash(&root)?, recorded_at })
}

fn dump_entry(columns: (String, i64, i32, i64, i64, i32, i32)) -> Result<DumpEntry, StorageError> {
    let (account, position, leg, amount, balance, effective_on, late) = columns;
    Ok(DumpEntry {
        account,
        position: unsigned(position)?,
        leg: u32::try_from(leg).map_err(damaged)?,
        amount,
        balance,
        effective_on,
        late: late != 0,
    })
}

/// The columns of `late_entry` behind its book.
type LateColumns<P, L> = (String, P, L, String, i32, i64);

fn late_entry(columns: LateColumns<i64, i32>) -> Result<LateColumns<u64, u32>, StorageError> {
    let (control, position, leg, account, effective_on, amount) = columns;
    let leg = u32::try_from(leg).map_err(damaged)?;
    Ok((control, unsigned(position)?, leg, account, effective_on, amount))
}
