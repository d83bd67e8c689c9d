//! The day's closing: does what falls due, day by day, and closes each day.
//!
//! Each [`Step`] says what is due on a day, a chunk at a time; each chunk is one record. The request
//! id of a chunk is made from the book, the day, the step and the chunk's first key: whoever runs
//! this again, after a crash or beside another server, is answered by the record that is there. So
//! nothing is remembered but what the journal holds, and nothing is done twice. Missed days are
//! caught up with in order. Everything waits in the bulk queue: tellers go first.
//!
//! A product adds what it has to do at the end of a day by a step of its own in [`STEPS`].

mod listed;
mod loans;
mod savings;
mod shares;

use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use self::listed::{Kind, Listed};
use super::{Answer, Busy, JournalHandle, Priority};
use crate::domain::access::Author;
use crate::domain::account::Account;
use crate::domain::chart::{Code, fund_from_name};
use crate::domain::daily::{CloseDay, closing_name};
use crate::domain::day::Day;
use crate::domain::decide::{Action, Command};
use crate::domain::drawer;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::iks_rule::period_of;
use crate::domain::money::Sen;
use crate::domain::record::proto::{DuesPeriod, SavingsSort};
use crate::domain::record::{Outcome, Row};
use crate::domain::refusal::Refusal;
use crate::domain::regime::regime_on;
use crate::domain::savings::savings_ledger;
use crate::domain::savings_product::{PAYERS, payer_of};
use crate::domain::savings_return::{self, PayInterest, Saver, kind};
use crate::domain::standing::check_here;
use crate::domain::surplus::Sharer;
use crate::domain::term::{self, Tend, TermId};
use crate::storage::StorageError;
use crate::storage::read::{AsOf, Order, Reader, Snapshot, Span};

/// Who the journals say closed a day.
const ACTOR: &str = "simpul";

/// How many lines of an account are read at a time.
const PAGE: u32 = 500;

/// What is done at the end of each day, in this order.
pub static STEPS: &[&dyn Step] = &[
    &Interest,
    &shares::Shares,
    &Terms,
    &loans::Debits,
    &loans::Loans,
    &savings::Listing,
    &savings::Dormancy,
];

/// Something that is done at the end of a day.
#[async_trait]
pub trait Step: Send + Sync {
    /// Its name, part of request ids that are kept for ever.
    fn name(&self) -> &'static str;

    /// The first chunk behind a key (empty for the first of all) that is due on a day, or none. The
    /// same journal gives the same chunks.
    ///
    /// Errors: those of reading.
    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError>;
}

/// What one record does.
#[derive(Debug)]
pub struct Chunk {
    /// The first key.
    pub first: String,
    /// The last key: the next chunk is behind it.
    pub last: String,
    /// What is done; nothing if the chunk only leads on.
    pub action: Option<Arc<dyn Action>>,
}

/// What came of a piece of work.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The day.
    pub day: Day,
    /// The step's name, empty when the day itself was closed.
    pub step: &'static str,
    /// The journal position of the record.
    pub position: u64,
    /// Why nothing was done, if the books refused it: a person must look at it.
    pub refusal: Option<Refusal>,
}

/// Why a closing stopped. Run again, it goes on where it was.
#[derive(Debug, thiserror::Error)]
pub enum DailyError {
    /// The journal takes nothing in.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A book cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The day itself could not be closed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Closes all days of a book through one that are not closed yet. Nobody need listen to `told`.
///
/// Errors: every [`DailyError`]; `DATE_IN_FUTURE` for a day that has not come.
pub async fn close_days(
    journal: &JournalHandle,
    reader: &Reader,
    book: &Id,
    through: Day,
    told: &mpsc::Sender<Progress>,
) -> Result<(), DailyError> {
    let Some(last) = last_closed(&mut reader.snapshot(book).await?).await? else { return Ok(()) };
    let mut day = last.next();
    while day <= through {
        let opened = open_drawers(&mut reader.snapshot(book).await?).await?;
        drawer::check_closed(opened.as_ref(), day)?;
        for step in STEPS {
            run(journal, reader, (book, day), *step, told).await?;
        }
        let id = request(book, day, "close", &attempt(opened.as_ref()));
        let done = submit(journal, book, id, day, Arc::new(CloseDay { day })).await?;
        if let Some(refusal) = done.1 {
            return Err(refusal.into());
        }
        tell(told, day, "", done).await;
        day = day.next();
    }
    Ok(())
}

async fn open_drawers(snapshot: &mut Snapshot) -> Result<Option<Row>, StorageError> {
    Ok(snapshot.row(&drawer::open_name()).await?.map(|found| found.row))
}

/// What tells one attempt to close a day from another: a drawer opened just before it may have it
/// refused for good, and is to be counted and closed before the next.
fn attempt(opened: Option<&Row>) -> String {
    match opened {
        Some(Row::OpenDrawers(row)) => row.changes.to_string(),
        _ => String::new(),
    }
}

/// The last closed day of a book, none if there is no such book.
async fn last_closed(snapshot: &mut Snapshot) -> Result<Option<Day>, StorageError> {
    if let Some(Row::DayClosing(row)) = snapshot.row(&closing_name()).await?.map(|found| found.row)
    {
        return Ok(Some(Day::new(row.closed_through)));
    }
    Ok(match snapshot.row(&RowName::book()).await?.map(|found| found.row) {
        Some(Row::Book(book)) => Some(Day::new(book.opened_on - 1)),
        _ => None,
    })
}

async fn run(
    journal: &JournalHandle,
    reader: &Reader,
    (book, day): (&Id, Day),
    step: &dyn Step,
    told: &mpsc::Sender<Progress>,
) -> Result<(), DailyError> {
    let mut after = String::new();
    loop {
        let mut snapshot = reader.snapshot(book).await?;
        let Some(chunk) = step.next(&mut snapshot, day, &after).await? else { return Ok(()) };
        drop(snapshot);
        after = chunk.last;
        if let Some(action) = chunk.action {
            let id = request(book, day, step.name(), &chunk.first);
            let done = submit(journal, book, id, day, action).await?;
            tell(told, day, step.name(), done).await;
        }
    }
}

async fn tell(
    told: &mpsc::Sender<Progress>,
    day: Day,
    step: &'static str,
    (position, refusal): (u64, Option<Refusal>),
) {
    // Whoever does not listen any more is no reason to stop half-way through a day.
    let _unheard = told.send(Progress { day, step, position, refusal }).await;
}

fn request(book: &Id, day: Day, step: &str, first: &str) -> RequestId {
    let hash = Sha256::new().chain_update(format!("{book}\n{day}\n{step}\n{first}"));
    RequestId::from_hash(hash.finalize().into())
}

/// The position of the record that answers a chunk, and why it was refused if it was.
async fn submit(
    journal: &JournalHandle,
    book: &Id,
    request: RequestId,
    day: Day,
    action: Arc<dyn Action>,
) -> Result<(u64, Option<Refusal>), DailyError> {
    let digest = Sha256::digest(request.as_str()).to_vec();
    let command = Command::of_server(book, request, digest, Author::named(ACTOR), action);
    let command = Command { happened_on: Some(day), ..command };
    match journal.submit(command, Vec::new(), Priority::Bulk).await? {
        Answer::Done { record, .. } => match &record.outcome {
            Outcome::Done(_) => Ok((record.position, None)),
            Outcome::Refused(refusal) => Ok((record.position, Some(refusal.clone()))),
        },
        Answer::NoBook(refusal) => Err(refusal.into()),
        Answer::Reused { position } => {
            Err(StorageError::Damaged(format!("record {position} has a closing's id")).into())
        }
        Answer::Failed(error) => Err(StorageError::Failed(error).into()),
        Answer::Unavailable(error) => Err(StorageError::Damaged(error).into()),
    }
}

fn damaged(what: &str) -> StorageError {
    StorageError::Damaged(format!("{what} cannot be read"))
}

// ---- interest on savings ------------------------------------------------------------------------

/// At the end of a month, interest on the savings of every product that pays it. A key is
/// `{product}/{account}`.
struct Interest;

#[async_trait]
impl Step for Interest {
    fn name(&self) -> &'static str {
        "interest"
    }

    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError> {
        if period_of(DuesPeriod::Monthly, day).1 != day {
            return Ok(None);
        }
        let (product, account) = after.split_once('/').unwrap_or((after, ""));
        if !account.is_empty()
            && let Some(chunk) = savers(snapshot, day, product, account).await?
        {
            return Ok(Some(chunk));
        }
        let Some(found) = snapshot.rows(PAYERS, product, 1).await?.into_iter().next() else {
            return Ok(None);
        };
        let chunk = savers(snapshot, day, &found.id, "").await?;
        let (first, last) = (format!("{}/", found.id), found.id);
        Ok(Some(chunk.unwrap_or(Chunk { first, last, action: None })))
    }
}

/// The next savers of a product behind an account, if there are any.
async fn savers(
    snapshot: &mut Snapshot,
    day: Day,
    product: &str,
    after: &str,
) -> Result<Option<Chunk>, StorageError> {
    let (entity, sort) =
        payer_of(product).ok_or_else(|| damaged("a product that pays interest"))?;
    if is_away(snapshot, &entity).await? {
        return Ok(None);
    }
    let codes = codes(snapshot, &entity, sort, day).await?;
    let control = savings_ledger(&entity).account(codes[0]);
    let after = if after.is_empty() { None } else { Account::parse(after) };
    let limit = u32::try_from(savings_return::CHUNK).unwrap_or(PAGE);
    let known = AsOf::default();
    let found = snapshot.accounts(&control.to_string(), after.as_ref(), limit, known).await?;
    let (Some((first, _)), Some((last, _))) = (found.first(), found.last()) else {
        return Ok(None);
    };
    let key = |account: &Account| format!("{product}/{account}");
    let (first, last) = (key(first), key(last));
    let new_year = Day::from_ymd(day.ymd().0, 1, 1).unwrap_or(Day::MIN);
    let savers = saved(snapshot, (sort, codes), found, (new_year, day)).await?;
    let action = PayInterest { entity, sort, through: day, savers };
    Ok(Some(Chunk { first, last, action: Some(Arc::new(action)) }))
}

/// Whether a group is gone, or has not come whole: it pays nothing here.
async fn is_away(snapshot: &mut Snapshot, entity: &Entity) -> Result<bool, StorageError> {
    let Entity::Kube(group) = entity else { return Ok(false) };
    match snapshot.row(&RowName::group(group)).await?.map(|found| found.row) {
        Some(Row::Group(row)) => Ok(check_here(group, &row).is_err()),
        _ => Err(damaged("a group")),
    }
}

/// Where a product's accounts stand on a day, and where they stood under another regime.
async fn codes(
    snapshot: &mut Snapshot,
    entity: &Entity,
    sort: SavingsSort,
    day: Day,
) -> Result<[Code; 2], StorageError> {
    let Some(Row::Book(book)) = snapshot.row(&RowName::book()).await?.map(|found| found.row) else {
        return Err(damaged("the book"));
    };
    Ok(match sort {
        SavingsSort::Kube => [Code::KubeSavings; 2],
        sort => kind(sort).codes(entity, regime_on(&book, day, u64::MAX)),
    })
}

/// Whose accounts these are, and what they held over a span.
async fn saved(
    snapshot: &mut Snapshot,
    (sort, [code, elsewhere]): (SavingsSort, [Code; 2]),
    found: Vec<(Account, Sen)>,
    span: (Day, Day),
) -> Result<Vec<Saver>, StorageError> {
    let mut savers = Vec::with_capacity(found.len());
    for (account, _) in found {
        let who = who(sort, &account).ok_or_else(|| damaged("a saver"))?;
        let mut accounts = vec![account.clone()];
        if code != elsewhere {
            // What was saved under another regime stood elsewhere.
            accounts.push(account.ledger.account_of(elsewhere, account.subject));
        }
        let balances = balances(snapshot, &accounts, span).await?;
        savers.push(Saver { who, balances });
    }
    Ok(savers)
}

fn who(sort: SavingsSort, account: &Account) -> Option<Sharer> {
    let subject = account.subject.as_str();
    match sort {
        SavingsSort::Kube => {
            let (group, fund) = subject.split_once('/')?;
            Some(Sharer::Kube(Id::new(group)?, fund_from_name(fund)?))
        }
        _ => Id::new(subject).map(Sharer::Member),
    }
}

/// What accounts held together from each day of a span on.
async fn balances(
    snapshot: &mut Snapshot,
    accounts: &[Account],
    (first, through): (Day, Day),
) -> Result<Vec<(Day, Sen)>, StorageError> {
    let overflow = |_| damaged("a balance");
    let eve = AsOf { effective: Some(Day::new(first.get() - 1)), position: None };
    let mut held = Sen::ZERO;
    let mut moved: std::collections::BTreeMap<Day, Sen> = std::collections::BTreeMap::new();
    for account in accounts {
        held = held.minus(snapshot.balance(account, eve).await?).map_err(overflow)?;
        let mut after = None;
        loop {
            let span = Span::Days(first, through);
            let lines =
                snapshot.statement(account, span, None, Order::OldestFirst, after, PAGE).await?;
            for line in &lines {
                let sum = moved.entry(line.effective_on).or_default();
                *sum = sum.minus(line.amount).map_err(overflow)?;
            }
            match lines.last() {
                Some(last) if lines.len() == PAGE as usize => {
                    after = Some((last.position, last.leg));
                }
                _ => break,
            }
        }
    }
    let mut balances = vec![(first, held)];
    for (day, moved) in moved {
        held = held.plus(moved).map_err(overflow)?;
        balances.push((day, held));
    }
    Ok(balances)
}

// ---- what falls due -----------------------------------------------------------------------------

/// Term deposits that mature, or whose return is recognised or paid. A key is the name of the row
/// that lists a deposit.
struct Terms;

const TERMS: Kind = Kind {
    name: term::KIND,
    row: |what| TermId::parse(what).map(|term| term.name()),
    listed_on: |row| match row {
        Row::TermDeposit(row) => Some(term::listed_on(row)),
        _ => None,
    },
};

#[async_trait]
impl Step for Terms {
    fn name(&self) -> &'static str {
        "term"
    }

    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError> {
        let mut listed = Listed::new(&TERMS, day, after);
        let Some((key, what, row)) = listed.next(snapshot).await? else { return Ok(None) };
        let (Some(term), Row::TermDeposit(row)) = (TermId::parse(&what), row) else {
            return Err(damaged("what falls due"));
        };
        let action = Tend { term, matures: row.matures_on <= day.get() };
        Ok(Some(Chunk { first: key.clone(), last: key, action: Some(Arc::new(action)) }))
    }
}
