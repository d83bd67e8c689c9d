//! The courier: brings passes to other books of this server, and back what is said of them there.
//!
//! It is driven by the giver's journal alone: whatever is listed there as waiting is sent, and of what
//! has arrived it asks the other book for a later word, until its receiver has confirmed it. All
//! commands have request ids made from the pass's name, and from the position of the word, so that
//! sending twice, from two servers or after a crash between the two records, changes nothing. A book
//! that is not here, or does not answer, leaves the pass as it is.
//!
//! Asking costs a snapshot of each book that passes went to, and a descent there for each pass that
//! nobody has confirmed, 500 of them at a time.

use std::collections::BTreeMap;
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
use crate::domain::record::proto::{Grant, Pass, Transit, TransitState};
use crate::domain::record::{Effect, Outcome, Row};
use crate::domain::refusal::Reason;
use crate::domain::transfer::{
    Hear, Receive, Said, TRANSFERS, TRANSIT, Transfer, Word, transfer_name,
};
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
}

/// The command by which the giver's book hears what another says of a pass: the same whenever that is
/// said.
pub fn telling(book: &Id, giver: Id, pass: Id, word: Word) -> Command {
    let name = format!("books/{book}/{}", pass_name(&giver, &pass));
    let what = match &word {
        Word::Refused(_) => "hear".to_owned(),
        Word::Said(said) => format!("hear {}", said.word.position),
    };
    command(book, digest(&what, &name), Hear { giver, pass, word })
}

/// Brings everything that waits in a book, and what is said of it elsewhere; answers how many passes
/// something new was heard of.
///
/// Errors: every [`CourierError`].
pub async fn bring_all(
    journal: &JournalHandle,
    reader: &Reader,
    book: &Id,
) -> Result<usize, CourierError> {
    let courier = Courier { journal, reader, book };
    let mut heard = 0;
    let mut after = String::new();
    loop {
        let mut snapshot = reader.snapshot(book).await?;
        let rows = snapshot.waiting_rows(TRANSIT, &after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(heard) };
        after = last.id.clone();
        let listed: Vec<Listed> = rows.iter().filter_map(|found| Listed::of(&found.row)).collect();
        let mut parcels = Vec::new();
        for one in listed.iter().filter(|one| one.row.state() == TransitState::Waiting) {
            let parcel = pack(&mut snapshot, book, &one.giver, &one.pass).await?;
            parcels.extend(parcel.map(|parcel| (one, parcel)));
        }
        snapshot.finish().await?;
        for (one, parcel) in parcels {
            heard += usize::from(courier.bring(one, parcel).await?);
        }
        heard += courier.ask(&listed).await?;
    }
}

/// A pass that is listed as on its way, or as there and not confirmed.
struct Listed<'a> {
    row: &'a Transit,
    giver: Id,
    pass: Id,
    /// The book it goes to.
    to: Id,
}

impl Listed<'_> {
    /// None for a row that is damaged.
    fn of(row: &Row) -> Option<Listed<'_>> {
        let Row::Transit(row) = row else { return None };
        let (giver, pass) = (Id::new(&row.group)?, Id::new(&row.pass)?);
        Some(Listed { row, giver, pass, to: Id::new(&row.book)? })
    }
}

struct Courier<'a> {
    journal: &'a JournalHandle,
    reader: &'a Reader,
    /// The giver's book.
    book: &'a Id,
}

impl Courier<'_> {
    /// Brings one pass, and back that it was refused; says whether it was. What is said of one that was
    /// taken in is asked for afterwards.
    async fn bring(&self, listed: &Listed<'_>, parcel: Parcel) -> Result<bool, CourierError> {
        let bringing = parcel.bringing();
        match self.journal.submit(bringing, Vec::new(), Priority::Interactive).await? {
            Answer::Done { record, .. } => match &record.outcome {
                Outcome::Refused(refusal) if !is_known(refusal.reason) => {
                    self.tell(listed, Word::Refused(refusal.reason)).await
                }
                _ => Ok(false),
            },
            Answer::NoBook(_) => {
                let pass = parcel.pass;
                tracing::info!(pass, "a pass waits for a file to another installation");
                Ok(false)
            }
            answer => {
                tracing::warn!(pass = parcel.pass, ?answer, "a pass stays in transit");
                Ok(false)
            }
        }
    }

    /// Asks the books that passes went to for what they say by now; answers of how many something new
    /// was heard.
    async fn ask(&self, listed: &[Listed<'_>]) -> Result<usize, CourierError> {
        let mut books: BTreeMap<&Id, BTreeMap<String, &Listed<'_>>> = BTreeMap::new();
        for one in listed {
            let name = format!("books/{}/{}", self.book, pass_name(&one.giver, &one.pass));
            books.entry(&one.to).or_default().insert(transfer_name(&name).id, one);
        }
        let mut heard = 0;
        for (to, passes) in books {
            let ids: Vec<&str> = passes.keys().map(String::as_str).collect();
            let mut there = self.reader.snapshot(to).await?;
            let rows = there.rows_of(TRANSFERS, &ids).await?;
            there.finish().await?;
            for found in &rows {
                if let (Row::Transfer(row), Some(one)) = (&found.row, passes.get(&found.id))
                    && let Some(said) = Said::of(to, row)
                    && said.word.position > one.row.heard
                    && self.tell(one, Word::Said(said)).await?
                {
                    heard += 1;
                }
            }
        }
        Ok(heard)
    }

    /// Lets the giver's book hear a word; says whether it did.
    async fn tell(&self, listed: &Listed<'_>, word: Word) -> Result<bool, CourierError> {
        let Listed { giver, pass, .. } = listed;
        let hear = telling(self.book, giver.clone(), pass.clone(), word);
        match self.journal.submit(hear, Vec::new(), Priority::Interactive).await? {
            Answer::Done { record, .. } => Ok(matches!(record.outcome, Outcome::Done(_))),
            answer => {
                tracing::warn!(pass = pass.as_str(), ?answer, "a pass stays as it is");
                Ok(false)
            }
        }
    }
}

/// The book whose courier has something to do by what was recorded in another, or in itself: that of
/// the giver of a pass that it tells of.
pub fn concerned(book: &Id, effect: &Effect) -> Option<Id> {
    effect.rows.iter().find_map(|(_, row)| match row {
        Row::Transit(_) => Some(book.clone()),
        Row::Transfer(row) => Id::new(row.pass.strip_prefix("books/")?.split('/').next()?),
        _ => None,
    })
}

/// Whether a book refuses a pass because it knows it: then it has a word on it.
pub fn is_known(reason: Reason) -> bool {
    matches!(reason, Reason::TransferReplayed | Reason::TransferReturned)
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
    let (to, group) = row.receiver_elsewhere()?;
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
