//! Reading on through what the register `due` lists under a day.

use super::damaged;
use crate::domain::daily::{DUE, due_prefix};
use crate::domain::day::Day;
use crate::domain::id::RowName;
use crate::domain::record::Row;
use crate::storage::StorageError;
use crate::storage::read::Snapshot;

/// How many lines of the register are read at a time.
const PAGE: u32 = 200;

/// A sort of things that the register lists.
pub(super) struct Kind {
    /// What the register calls it.
    pub name: &'static str,
    /// The row of what the register names; none for what names nothing of the sort.
    pub row: fn(&str) -> Option<RowName>,
    /// The day that a row is listed under, 0 for none; none for a row of another sort.
    pub listed_on: fn(&Row) -> Option<i32>,
}

impl Kind {
    /// What stands before the names under which such things are listed for a day, and behind them:
    /// the names begin with the one, and the other ends with the byte after its last.
    fn bounds(&self, day: Day) -> (String, String) {
        let listed = format!("{}{}", due_prefix(day), self.name);
        (format!("{listed}."), format!("{listed}/"))
    }
}

/// Reads on through what is listed under a day, and under the day before: what was listed there
/// while that was being closed.
pub(super) struct Listed {
    kind: &'static Kind,
    day: Day,
    at: Day,
    after: String,
    page: std::vec::IntoIter<(String, Row)>,
}

impl Listed {
    /// Begins behind a key, empty for the beginning.
    pub fn new(kind: &'static Kind, day: Day, after: &str) -> Listed {
        let eve = Day::new(day.get() - 1);
        let at = if after.starts_with(&due_prefix(day)) { day } else { eve };
        let after = if after.is_empty() { kind.bounds(at).0 } else { after.to_owned() };
        Listed { kind, day, at, after, page: Vec::new().into_iter() }
    }

    /// The next thing that is still listed where it was found: its key, how the register names it,
    /// and its row.
    pub async fn next(
        &mut self,
        snapshot: &mut Snapshot,
    ) -> Result<Option<(String, String, Row)>, StorageError> {
        loop {
            for (key, row) in self.page.by_ref() {
                let Row::Due(due) = row else { return Err(damaged("what falls due")) };
                let name = (self.kind.row)(&due.what).ok_or_else(|| damaged("what falls due"))?;
                let found = snapshot.row(&name).await?.map(|found| found.row);
                let row = found.ok_or_else(|| damaged("what falls due"))?;
                let on = (self.kind.listed_on)(&row).ok_or_else(|| damaged("what falls due"))?;
                if on == self.at.get() {
                    return Ok(Some((key, due.what, row)));
                }
            }
            if !self.turn(snapshot).await? {
                return Ok(None);
            }
        }
    }

    /// Reads the next page; false when there is none.
    async fn turn(&mut self, snapshot: &mut Snapshot) -> Result<bool, StorageError> {
        let (_, below) = self.kind.bounds(self.at);
        let rows = snapshot.rows_below(DUE, (&self.after, &below), PAGE).await?;
        if let Some(last) = rows.last() {
            self.after.clone_from(&last.id);
            let page: Vec<_> = rows.into_iter().map(|found| (found.id, found.row)).collect();
            self.page = page.into_iter();
            return Ok(true);
        }
        if self.at == self.day {
            return Ok(false);
        }
        self.at = self.day;
        self.after = self.kind.bounds(self.day).0;
        Ok(true)
    }
}
