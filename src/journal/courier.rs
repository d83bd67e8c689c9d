//! The courier: brings passes to other books of this server, and their answers back.
//!
//! It is driven by the giver's journal alone: whatever is listed there as waiting is sent. Both
//! commands have request ids made from the pass's name, so that sending twice, from two servers or
//! after a crash between the two records, changes nothing. A book that is not here, or does not
//! answer, leaves the pass in transit.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Answer, Busy, JournalHandle, Priority};
use crate::domain::access::Author;
use crate::domain::day::Day;
use crate::domain::decide::{Action, Command};
use crate::domain::draft::grant_name;
use crate::domain::guliran::pass_name;
use crate::domain::id::{Id, RequestId, RowName};
use crate::domain::lot::NewLot;
use crate::domain::money::Sen;
use crate::domain::record::proto::{Grant, Pass, TransitState};
use crate::domain::record::{Outcome, Row};
use crate::domain::refusal::Reason;
use crate::domain::transfer::{Hear, Receive, TRANSIT, Transfer, Word};
use crate::storage::StorageError;
use crate::storage::read::{Reader, Snapshot};
use crate::vault::VaultError;

/// Who the journals say brought a pass.
pub(super) const ACTOR: &str = "simpul";

/// How many listed passes are read at once.
const PAGE: u32 = 500;

/// Why the courier stopped; what waits goes on waiting.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The journal takes nothing in.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A book cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Personal text cannot be opened or sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// A pass to another book, with the names both books know it by.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The pass, `books/{book}/groups/{group}/passes/{pass}`.
    pub pass: String,
    /// The receiving book.
    pub book: Id,
    /// What is received there.
    pub receive: Receive,
}

impl Parcel {
    /// The command that brings it to the other book: the same whenever it is made.
    pub fn bringing(&self) -> Command {
        command(&self.book, digest("receive", &self.pass), self.receive.clone())
    }

    /// The command that brings what came of it back to the giver's book: the same whenever it is
    /// made.
    pub fn answering(&self, book: &Id, (giver, pass): (Id, Id), outcome: &Outcome) -> Command {
        let word = match outcome {
            Outcome::Refused(refusal) if refusal.reason != Reason::TransferReplayed => {
                Word::Refused(refusal.reason)
            }
            Outcome::Done(_) | Outcome::Refused(_) => Word::Arrived(self.receive.grant.clone()),
        };
        command(book, digest("hear", &self.pass), Hear { giver, pass, word })
    }
}

/// Brings everything that waits in a book, and answers how many passes found an answer.
///
/// Errors: every [`CourierError`].
pub async fn bring_all(
    journal: &JournalHandle,
    reader: &Reader,
    book: &Id,
) -> Result<usize, CourierError> {
    let mut brought = 0;
    let mut after = String::new();
    loop {
        let mut snapshot = reader.snapshot(book).await?;
        let rows = snapshot.waiting_rows(TRANSIT, &after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(brought) };
        after = last.id.clone();
        for found in &rows {
            let Row::Transit(transit) = &found.row else { continue };
            let waiting = transit.state() == TransitState::Waiting;
            let names = (Id::new(&transit.group), Id::new(&transit.pass));
            if let ((Some(group), Some(pass)), true) = (names, waiting)
                && let Some(parcel) = pack(&mut snapshot, book, &group, &pass).await?
                && bring(journal, book, (group, pass), parcel).await?
            {
                brought += 1;
            }
        }
    }
}

/// A pass as it is sent; none if it does not go to another book or is damaged.
///
/// Errors: those of reading.
pub async fn pack(
    snapshot: &mut Snapshot,
    book: &Id,
    group: &Id,
    pass: &Id,
) -> Result<Option<Parcel>, StorageError> {
    let name = pass_name(group, pass);
    let Some(Row::Pass(row)) = snapshot.row(&name).await?.map(|found| found.row) else {
        return Ok(None);
    };
    let Some(grant) = Id::new(&row.grant) else { return Ok(None) };
    let grant = grant_name(group, &grant);
    let Some(Row::Grant(giver)) = snapshot.row(&grant).await?.map(|found| found.row) else {
        return Ok(None);
    };
    Ok(parcel(book, &name, &row, &grant, &giver))
}

/// A pass of a book with the grant it is of, as it is sent; none if it does not go to another book
/// or is damaged.
pub fn parcel(
    book: &Id,
    name: &RowName,
    row: &Pass,
    grant: &RowName,
    giver: &Grant,
) -> Option<Parcel> {
    let (to, group) = row.receiver.strip_prefix("books/")?.split_once("/groups/")?;
    let (to, group) = (Id::new(to)?, Id::new(group)?);
    let pass = format!("books/{book}/{name}");
    // The same here and there, whoever brings it: the receiver's names are made from the pass's.
    let seal = hex::encode(Sha256::digest(&pass));
    let grant_id = Id::new(&format!("guliran-{}", &seal[..12]))?;
    let before = giver.origin.iter().flat_map(|origin| origin.ancestors.clone());
    let ancestors = before.chain([grant.to_string()]).map(|name| seen_from(&to, book, name));
    let mut items = Vec::with_capacity(row.items.len());
    for (number, item) in (1..).zip(&row.items) {
        items.push(NewLot {
            lot: Id::new(&format!("{grant_id}-{number}"))?,
            kind: item.kind(),
            label: item.label.clone(),
            unit: item.unit.clone(),
            quantity_milli: item.quantity_milli,
            cost: Sen::new(item.value),
        });
    }
    let transfer = Transfer {
        pass: pass.clone(),
        ancestors: ancestors.collect(),
        giver: Grant {
            programme: giver.programme.clone(),
            source: giver.source,
            decree_number: giver.decree_number.clone(),
            ..Grant::default()
        },
        amount: Sen::new(row.amount),
        cash: Sen::new(row.cash),
        channel: row.channel(),
        items,
    };
    let (courier, given_on) = (bringing(&pass), Some(Day::new(row.delivered_on)));
    let receive = Receive { group, grant: grant_id, transfer, courier, given_on };
    Some(Parcel { pass, book: to, receive })
}

/// A name as another book knows it: with its book, unless that is the other book itself.
pub(super) fn seen_from(there: &Id, here: &Id, name: String) -> String {
    let full = if name.starts_with("books/") { name } else { format!("books/{here}/{name}") };
    match full.strip_prefix(&format!("books/{there}/")) {
        Some(own) => own.to_owned(),
        None => full,
    }
}

/// Brings one pass and its answer; says whether there was one.
async fn bring(
    journal: &JournalHandle,
    book: &Id,
    names: (Id, Id),
    parcel: Parcel,
) -> Result<bool, CourierError> {
    let answer = journal.submit(parcel.bringing(), Vec::new(), Priority::Interactive).await?;
    let record = match answer {
        Answer::Done { record, .. } => record,
        Answer::NoBook(_) => {
            tracing::info!(pass = parcel.pass, "a pass waits for a file to another installation");
            return Ok(false);
        }
        answer => {
            tracing::warn!(pass = parcel.pass, ?answer, "a pass stays in transit");
            return Ok(false);
        }
    };
    let hear = parcel.answering(book, names, &record.outcome);
    match journal.submit(hear, Vec::new(), Priority::Interactive).await? {
        Answer::Done { .. } => Ok(true),
        other => {
            tracing::warn!(pass = parcel.pass, answer = ?other, "a pass stays in transit");
            Ok(false)
        }
    }
}

/// The request by which the courier brings a pass to the other book.
pub fn bringing(pass: &str) -> RequestId {
    RequestId::from_hash(digest("receive", pass))
}

fn digest(what: &str, pass: &str) -> [u8; 32] {
    Sha256::digest(format!("simpul courier: {what} {pass}")).into()
}

/// What the server itself has to do, under an id made from what it is about, so that it is done once.
pub(super) fn command(book: &Id, digest: [u8; 32], action: impl Action + 'static) -> Command {
    let request = RequestId::from_hash(digest);
    Command::of_server(book, request, digest.to_vec(), Author::named(ACTOR), Arc::new(action))
}
