//! All rows of a book, for comparison with a replay of its records.
//!
//! **Invariant**: all of it comes from one snapshot, and no row of the book is left out.

use std::fmt::Display;

use sqlx::FromRow;
use sqlx::any::AnyRow;

use super::{Rows, Snapshot, side};
use crate::storage::codec::{self, damaged, failed, statements, unsigned};
use crate::storage::{Checkpoint, Dump, DumpEntry, StorageError};

statements! {
    DUMP_CHECKPOINTS = "SELECT size, root, recorded_at FROM checkpoint \
        WHERE book = $1 ORDER BY size";
    DUMP_ENTRIES = "SELECT account, position, leg, amount, balance, effective_on, late FROM entry \
        WHERE book = $1 ORDER BY account, position, leg";
    DUMP_LATE = "SELECT control, position, leg, account, effective_on, amount FROM late_entry \
        WHERE book = $1 ORDER BY control, position, leg";
    DUMP_ACCOUNTS = "SELECT account, position FROM account WHERE book = $1 ORDER BY account";
    DUMP_CONTROLS = "SELECT control, position, total FROM control_point \
        WHERE book = $1 ORDER BY control, position";
    DUMP_ROWS = "SELECT parent, id, position, value, waiting FROM register_row \
        WHERE book = $1 ORDER BY parent, id";
    DUMP_MENTIONS = "SELECT name, position FROM mention WHERE book = $1 ORDER BY name, position";
    DUMP_RECEIPTS = "SELECT request_id, position, digest FROM receipt \
        WHERE book = $1 ORDER BY request_id";
    DUMP_SIDES = "SELECT commitment, owner, sealed FROM side WHERE book = $1 ORDER BY commitment";
}

impl Snapshot {
    /// Everything about the book, for comparison with a replay. Cost: all of it.
    pub(in crate::storage) async fn dump(mut self) -> Result<Dump, StorageError> {
        let records = self.stored_records(1, u32::MAX).await?;
        let checkpoints = self.all(DUMP_CHECKPOINTS, checkpoint).await?;
        let entries = self.all(DUMP_ENTRIES, dump_entry).await?;
        let late = self.all(DUMP_LATE, late_entry).await?;
        let accounts = self.all(DUMP_ACCOUNTS, |(account, position): (String, i64)| {
            let position = of(format_args!("account {account}"), position)?;
            Ok((account, position))
        });
        let accounts = accounts.await?;
        let controls = self.all(DUMP_CONTROLS, |(control, position, total): (String, i64, i64)| {
            let position = of(format_args!("total of {control}"), position)?;
            Ok((control, position, total))
        });
        let controls = controls.await?;
        type Columns = (String, String, i64, Vec<u8>, Option<String>);
        let rows = self.all(DUMP_ROWS, |(parent, id, position, value, waiting): Columns| {
            let waiting = waiting.is_some_and(|waiting| waiting == id);
            let position = of(format_args!("row {parent}/{id}"), position)?;
            Ok((parent, id, position, value, waiting))
        });
        let rows = rows.await?;
        let mentions = self.all(DUMP_MENTIONS, |(name, position): (String, i64)| {
            let position = of(format_args!("mention of {name}"), position)?;
            Ok((name, position))
        });
        let mentions = mentions.await?;
        let receipts = self.all(DUMP_RECEIPTS, |(id, position, digest): (String, i64, Vec<u8>)| {
            let position = of(format_args!("receipt {id}"), position)?;
            Ok((id, position, digest))
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
            mentions,
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
}

fn checkpoint(columns: (i64, Vec<u8>, i64)) -> Result<Checkpoint, StorageError> {
    let (size, root, recorded_at) = columns;
    let name = format_args!("checkpoint {size}");
    let root = codec::hash(&root).map_err(|error| error.at(name))?;
    Ok(Checkpoint { size: of(name, size)?, root, recorded_at })
}

/// The position in a row, by the name of the row.
fn of(row: impl Display, position: i64) -> Result<u64, StorageError> {
    unsigned(position).map_err(|error| error.at(row))
}

fn dump_entry(columns: (String, i64, i32, i64, i64, i32, i32)) -> Result<DumpEntry, StorageError> {
    let (account, position, leg, amount, balance, effective_on, late) = columns;
    let named = |error: StorageError| error.at(format_args!("entry {leg} of record {position}"));
    Ok(DumpEntry {
        account,
        position: unsigned(position).map_err(named)?,
        leg: u32::try_from(leg).map_err(damaged).map_err(named)?,
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
    let named =
        |error: StorageError| error.at(format_args!("late entry of {control} at {position}"));
    let leg = u32::try_from(leg).map_err(damaged).map_err(named)?;
    let position = unsigned(position).map_err(named)?;
    Ok((control, position, leg, account, effective_on, amount))
}
