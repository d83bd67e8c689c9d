//! What the end of a day does to loans: takes what is due from savings where the contract says so,
//! then reckons what time has changed. A key is the name of the row that lists a loan.

use std::sync::Arc;

use async_trait::async_trait;
use prost::Message;

use super::listed::{Kind, Listed};
use super::{Chunk, Step, damaged};
use crate::domain::book::periods_name;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::case::{Borrower, Case, loan_name};
use crate::domain::loan::due::{
    CHUNK, DebitLoans, KIND, TendLoans, debited_account, parse, payable,
};
use crate::domain::record::Row;
use crate::storage::StorageError;
use crate::storage::read::{AsOf, Snapshot};

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
        let mut listed = Listed::new(&LOANS, day, after);
        let mut taken = Vec::new();
        while let Some((key, case)) = next_loan(&mut listed, snapshot).await? {
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
        let mut listed = Listed::new(&LOANS, day, after);
        let mut taken = Vec::new();
        while taken.len() < CHUNK
            && let Some(found) = next_loan(&mut listed, snapshot).await?
        {
            taken.push(found);
        }
        chunk(snapshot, day, taken, |loans| Arc::new(TendLoans { day, loans })).await
    }
}

/// Whether something is due of a loan, and something saved to take it from. Nothing is taken from the
/// savings of who has died: they are settled with the heirs. One that cannot be reckoned is tried, so
/// that the record says why nothing was taken.
async fn is_payable(snapshot: &mut Snapshot, case: &Case, day: Day) -> Result<bool, StorageError> {
    let wrong = |_| damaged("a loan");
    if let Borrower::Member(member) = case.borrower().map_err(wrong)? {
        let name = RowName::of(&case.lender, "members", member.as_str());
        let row = snapshot.row(&name).await?.map(|found| found.row);
        if matches!(row, Some(Row::Member(row)) if row.died_on != 0 && row.died_on <= day.get()) {
            return Ok(false);
        }
    }
    let Ok(due) = payable(&case.row, day) else { return Ok(true) };
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

/// How the register lists loans.
const LOANS: Kind = Kind {
    name: KIND,
    row: |what| parse(what).map(|(lender, id)| loan_name(&lender, &id)),
    listed_on: |row| match row {
        Row::Loan(row) => Some(row.listed_on),
        _ => None,
    },
};

/// The next listed loan, with its key.
async fn next_loan(
    listed: &mut Listed,
    snapshot: &mut Snapshot,
) -> Result<Option<(String, Case)>, StorageError> {
    let Some((key, what, row)) = listed.next(snapshot).await? else { return Ok(None) };
    let (Some((lender, id)), Row::Loan(row)) = (parse(&what), row) else {
        return Err(damaged("a listed loan"));
    };
    Ok(Some((key, Case { lender, id, row })))
}
