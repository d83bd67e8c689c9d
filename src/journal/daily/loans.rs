//! What the end of a day does to loans: takes what is due from savings where the contract says so,
//! then reckons what time has changed. A key is the name of the row that lists a loan.

use std::sync::Arc;

use async_trait::async_trait;
use prost::Message;

use super::{Chunk, Step, damaged};
use crate::domain::book::periods_name;
use crate::domain::daily::{DUE, due_prefix};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::id::{Entity, Id};
use crate::domain::loan::case::{Borrower, Case, loan_name};
use crate::domain::loan::due::{
    CHUNK, DebitLoans, KIND, TendLoans, debited_account, parse, payable,
};
use crate::domain::record::Row;
use crate::storage::StorageError;
use crate::storage::read::{AsOf, Snapshot};

/// How many listed loans are read at a time.
const PAGE: u32 = 200;

/// How many bytes of loans one record tends: with their entries they stay below what it holds.
const MOST_BYTES: usize = 30_000;

/// Takes what is due from savings.
pub(super) struct Debits;

/// Reckons what time has changed.
pub(super) struct Loans;

#[async_trait]
impl Step for Debits {
    fn name(&self) -> &'static str {
        "loan-debit"
    }

    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError> {
        let mut listed = Listed::new(day, after);
        let mut taken = Vec::new();
        while let Some((key, case)) = listed.next(snapshot).await? {
            if case.row.auto_debit && is_payable(snapshot, &case, day).await? {
                taken.push((key, case));
            }
            if taken.len() == CHUNK {
                break;
            }
        }
        chunk(snapshot, day, taken, |loans| Arc::new(DebitLoans { day, loans })).await
    }
}

#[async_trait]
impl Step for Loans {
    fn name(&self) -> &'static str {
        "loan"
    }

    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError> {
        let mut listed = Listed::new(day, after);
        let mut taken = Vec::new();
        while taken.len() < CHUNK
            && let Some(found) = listed.next(snapshot).await?
        {
            taken.push(found);
        }
        chunk(snapshot, day, taken, |loans| Arc::new(TendLoans { day, loans })).await
    }
}

/// Whether something is due of a loan, and something saved to take it from.
async fn is_payable(snapshot: &mut Snapshot, case: &Case, day: Day) -> Result<bool, StorageError> {
    let wrong = |_| damaged("a loan");
    let due = payable(&case.row, day).map_err(wrong)?;
    let account = debited_account(case).map_err(wrong)?;
    Ok(due.is_positive() && snapshot.balance(&account, AsOf::default()).await?.is_negative())
}

/// The first of these that fit into one record and stand in the ledgers on the same day.
async fn chunk(
    snapshot: &mut Snapshot,
    day: Day,
    found: Vec<(String, Case)>,
    act: impl FnOnce(Vec<(Entity, Id)>) -> Arc<dyn Action>,
) -> Result<Option<Chunk>, StorageError> {
    let (mut loans, mut keys, mut bytes, mut stands) = (Vec::new(), Vec::new(), 0, None);
    for (key, case) in found {
        let on = effective_on(snapshot, &case, day).await?;
        bytes += case.row.encoded_len();
        if !loans.is_empty() && (bytes > MOST_BYTES || stands != Some(on)) {
            break;
        }
        stands = Some(on);
        loans.push((case.lender, case.id));
        keys.push(key);
    }
    let (Some(first), Some(last)) = (keys.first().cloned(), keys.pop()) else { return Ok(None) };
    Ok(Some(Chunk { first, last, action: Some(act(loans)) }))
}

/// The day on which what a day does to a loan stands in the ledgers: that day, or the first that
/// both sides have open.
async fn effective_on(snapshot: &mut Snapshot, case: &Case, day: Day) -> Result<Day, StorageError> {
    let mut entities = vec![case.lender.clone()];
    if let Borrower::Group(group) = case.borrower().map_err(|_| damaged("a borrower"))? {
        entities.push(Entity::Kube(group));
    }
    let mut on = day;
    for entity in entities {
        let found = snapshot.row(&periods_name(&entity)).await?;
        if let Some(Row::Periods(row)) = found.map(|found| found.row) {
            on = on.max(Day::new(row.closed_through).next());
        }
    }
    Ok(on)
}

/// Reads on through the loans that are listed under a day, and under the day before: one that was
/// listed there while that was being closed.
struct Listed {
    day: Day,
    at: Day,
    after: String,
    page: std::vec::IntoIter<(String, Row)>,
}

impl Listed {
    fn new(day: Day, after: &str) -> Listed {
        let eve = Day::new(day.get() - 1);
        let at = if after.starts_with(&due_prefix(day)) { day } else { eve };
        let after = if after.is_empty() { prefix(at) } else { after.to_owned() };
        Listed { day, at, after, page: Vec::new().into_iter() }
    }

    /// The next loan that is still listed where it was found, with its key.
    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
    ) -> Result<Option<(String, Case)>, StorageError> {
        loop {
            for (key, row) in self.page.by_ref() {
                let Row::Due(due) = row else { return Err(damaged("what falls due")) };
                let (lender, id) = parse(&due.what).ok_or_else(|| damaged("a listed loan"))?;
                let found = snapshot.row(&loan_name(&lender, &id)).await?;
                let Some(Row::Loan(row)) = found.map(|found| found.row) else {
                    return Err(damaged("a loan"));
                };
                if row.listed_on == self.at.get() {
                    return Ok(Some((key, Case { lender, id, row })));
                }
            }
            if !self.turn(snapshot).await? {
                return Ok(None);
            }
        }
    }

    /// Reads the next page; false when there is none.
    async fn turn(&mut self, snapshot: &mut Snapshot) -> Result<bool, StorageError> {
        let prefix_of_day = prefix(self.at);
        let rows = snapshot.rows(DUE, &self.after, PAGE).await?;
        let mut page = Vec::with_capacity(rows.len());
        for found in rows.into_iter().take_while(|found| found.id.starts_with(&prefix_of_day)) {
            self.after.clone_from(&found.id);
            page.push((found.id, found.row));
        }
        let more = !page.is_empty();
        self.page = page.into_iter();
        if more || self.at == self.day {
            return Ok(more);
        }
        self.at = self.day;
        self.after = prefix(self.day);
        Ok(true)
    }
}

/// The beginning of the names under which loans are listed for a day.
fn prefix(day: Day) -> String {
    format!("{}{KIND}.", due_prefix(day))
}
