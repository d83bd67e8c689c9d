//! Balances, totals and statements, now and as of a day. All fail as [`Snapshot`] says.
//!
//! **As of**: an [`AsOf`] asks for a balance at the end of an effective day as known at a journal
//! position. Three lookups turn it into a [`Window`]: the position where that day ended (the
//! record before the one that opened the next business day), and until where late entries for it
//! may stand (up to the closing of its period). The answer is the balance at the first position
//! plus the late entries between the two.
//!
//! **Invariant**: no query's cost grows with the length of history. What it may touch beside the
//! rows it answers with is bounded, and said at each: the *late* entries of a period that is still
//! open, or the records of one batch.

use std::collections::BTreeMap;

use super::{RegisterRow, Rows, Snapshot};
use crate::domain::account::{Account, Control};
use crate::domain::day::Day;
use crate::domain::id::Entity;
use crate::domain::money::Sen;
use crate::domain::record::{self, Outcome, Row};
use crate::storage::StorageError;
use crate::storage::codec::{damaged, failed, signed, statements, unsigned};

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
    SUSPENSE = "SELECT a.account, a.position, ( \
            SELECT e.balance FROM entry AS e \
            WHERE e.book = a.book AND e.account = a.account \
            ORDER BY e.position DESC, e.leg DESC LIMIT 1) \
        FROM account AS a \
        WHERE a.book = $1 AND a.account || '' >= $2 AND a.account || '' < $3 \
          AND a.account LIKE '%.2901.%' \
        ORDER BY a.account || '' LIMIT $4";
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
                  AND NOT EXISTS (SELECT 1 FROM register_row AS o \
                    WHERE o.book = r.book AND o.id = r.id AND o.position > r.position \
                      AND o.parent = 'reopened' || substr(r.parent, 8)) \
                ORDER BY r.id LIMIT 1), $6)) \
        FROM used AS u WHERE u.control IS NOT NULL ORDER BY u.control";
    // A closing holds until its day is opened again: `reopened/{entity}` names those days.
    CLOSING_FROM = "SELECT r.id, r.position, r.value FROM register_row AS r \
        WHERE r.book = $1 AND r.parent = 'periods/' || $2 AND r.id >= $3 \
          AND NOT EXISTS (SELECT 1 FROM register_row AS o \
            WHERE o.book = r.book AND o.id = r.id AND o.position > r.position \
              AND o.parent = 'reopened/' || $2) \
        ORDER BY r.id LIMIT 1";
    FIRST_ROW_FROM = "SELECT id, position, value FROM register_row \
        WHERE book = $1 AND parent = $2 AND id >= $3 ORDER BY id LIMIT 1";
    STATEMENT_OLDEST_FIRST = statement!(">", "ASC");
    STATEMENT_NEWEST_FIRST = statement!("<", "DESC");
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

/// Money that was put in suspense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended {
    /// The account that holds it.
    pub account: Account,
    /// The record that put it there.
    pub position: u64,
    /// What is left: debit positive.
    pub balance: Sen,
}

impl Snapshot {
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

    /// What was ever put in suspense, on accounts whose names begin with `prefix`, after `after` in
    /// order of names, at most `limit`, with what is left of it.
    ///
    /// Cost: per item, one descent to its last entry.
    pub async fn suspense(
        &mut self,
        prefix: &str,
        after: Option<&Account>,
        limit: u32,
    ) -> Rows<Suspended> {
        let from = after.map_or_else(|| prefix.to_owned(), |after| format!("{after} "));
        let query = sqlx::query_as(SUSPENSE).bind(self.book.clone());
        let query = query.bind(from).bind(end_of(prefix)).bind(i64::from(limit));
        let found: Vec<(String, i64, i64)> =
            query.fetch_all(&mut *self.transaction).await.map_err(failed)?;
        let item = |(name, position, balance): (String, i64, i64)| {
            let account = Account::parse(&name).ok_or_else(|| damaged("an account has no name"))?;
            Ok(Suspended { account, position: unsigned(position)?, balance: Sen::new(balance) })
        };
        found.into_iter().map(item).collect()
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
            Some(entity) => self.mark_from(CLOSING_FROM, entity.as_str(), day).await?,
        };
        let known = closing.map_or(known, |closing| known.min(closing));
        Ok(Window { end, known, day: Some(day) })
    }

    /// The record that opened the first business day from `day` on.
    async fn opening_from(&mut self, day: Day) -> Result<Option<u64>, StorageError> {
        self.mark_from(FIRST_ROW_FROM, "days", day).await
    }

    /// The position meant by the first mark of a collection from a day on. Cost: one descent, and
    /// one for each closing that was opened again.
    async fn mark_from(
        &mut self,
        sql: &'static str,
        of: &str,
        day: Day,
    ) -> Result<Option<u64>, StorageError> {
        match self.one_row(sql, of, &day_id(day)).await? {
            None => Ok(None),
            Some(RegisterRow { row: Row::Mark(mark), .. }) => Ok(Some(mark.position)),
            Some(_) => Err(damaged(format!("a row of {of} is not a mark"))),
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
