//! The server's own part in four eyes: it notes who may agree, and that what waited has expired.
//!
//! A decision finds who may agree by rows that are written with the roles. In books whose roles were
//! given before that was noted nobody would be found, and what has to wait would pass: so the server
//! looks for them as it starts, before it takes anything in, and writes what is missing in a record
//! of its own. What nobody agreed to in time it records, so that what is listed as waiting is no more
//! than what can still be agreed to.

use sha2::{Digest, Sha256};

use super::courier::{CourierError, command};
use super::{Answer, JournalHandle, Priority};
use crate::domain::access::USERS;
use crate::domain::approval::{APPROVALS, Expire, NoteCheckers, rows_noting};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::id::{Id, RequestId, RowName};
use crate::domain::record::Row;
use crate::storage::StorageError;
use crate::storage::read::{Reader, Snapshot};

/// How many users, or requests that wait, are read at a time.
const PAGE: u32 = 200;

/// Notes what is missing in a book, and answers how many users that were.
///
/// Errors: those of reading, and `Busy`.
pub async fn note_checkers(
    journal: &JournalHandle,
    reader: &Reader,
    book: &Id,
) -> Result<usize, CourierError> {
    let (mut noted, mut after) = (0, String::new());
    loop {
        let mut snapshot = reader.snapshot(book).await?;
        let found = snapshot.rows(USERS, &after, PAGE).await?;
        let Some(last) = found.last() else { return Ok(noted) };
        after.clone_from(&last.id);
        let mut users = Vec::new();
        for one in &found {
            if let (Some(user), Row::User(row)) = (Id::new(&one.id), &one.row)
                && !is_noted(&mut snapshot, &user, rows_noting(row)).await?
            {
                users.push(user);
            }
        }
        snapshot.finish().await?;
        if !users.is_empty() {
            noted += users.len();
            note(journal, book, users).await?;
        }
    }
}

async fn is_noted(
    snapshot: &mut Snapshot,
    user: &Id,
    rows: impl Iterator<Item = RowName>,
) -> Result<bool, StorageError> {
    for name in rows {
        let known = match snapshot.row(&name).await?.map(|found| found.row) {
            Some(Row::Checkers(row)) => row.users.iter().any(|known| known == user.as_str()),
            _ => false,
        };
        if !known {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn note(journal: &JournalHandle, book: &Id, users: Vec<Id>) -> Result<(), CourierError> {
    let names: Vec<&str> = users.iter().map(Id::as_str).collect();
    let what = format!("simpul checkers: {book} {}", names.join(" "));
    submit(journal, book, &what, NoteCheckers { users }).await
}

/// Records of what waits in a book that it has expired, where its last day is over, and answers how
/// much that was.
///
/// Errors: those of reading, and `Busy`.
pub async fn expire_all(
    journal: &JournalHandle,
    reader: &Reader,
    book: &Id,
    now: i64,
) -> Result<usize, CourierError> {
    let (mut expired, mut after) = (0, String::new());
    loop {
        let mut snapshot = reader.snapshot(book).await?;
        let found = snapshot.waiting_rows(APPROVALS, &after, PAGE).await?;
        let Some(last) = found.last() else { return Ok(expired) };
        after.clone_from(&last.id);
        let Some(Row::Book(settings)) = snapshot.row(&RowName::book()).await?.map(|one| one.row)
        else {
            return Ok(expired);
        };
        snapshot.finish().await?;
        let today = Day::of_instant(now, settings.zone());
        for one in &found {
            if let (Some(asked), Row::Approval(row)) = (RequestId::new(&one.id), &one.row)
                && row.expires_on < today.get()
            {
                let what = format!("simpul expiry: {book} {asked} {today}");
                submit(journal, book, &what, Expire { asked }).await?;
                expired += 1;
            }
        }
    }
}

async fn submit(
    journal: &JournalHandle,
    book: &Id,
    what: &str,
    action: impl Action + 'static,
) -> Result<(), CourierError> {
    let digest = Sha256::digest(what);
    let command = command(book, digest.into(), action);
    let answer = journal.submit(command, Vec::new(), Priority::Interactive).await?;
    if !matches!(answer, Answer::Done { .. }) {
        tracing::warn!(%book, ?answer, "what has to be noted of approvals is not yet");
    }
    Ok(())
}
