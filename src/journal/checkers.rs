//! Notes who may agree to what waits, in books whose roles were given before that was noted.
//!
//! A decision finds who may agree by rows that are written with the roles. Where they are missing
//! nobody would be found, and what has to wait would pass: so the server looks for them as it
//! starts, before it takes anything in, and writes what is missing in a record of its own.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::courier::{ACTOR, CourierError};
use super::{Answer, JournalHandle, Priority};
use crate::domain::access::{Author, USERS};
use crate::domain::approval::{NoteCheckers, rows_noting};
use crate::domain::decide::{Command, Form};
use crate::domain::id::{Id, RequestId, RowName};
use crate::domain::record::Row;
use crate::storage::StorageError;
use crate::storage::read::{Reader, Snapshot};

/// How many users are read, and noted, at a time.
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
    let digest = Sha256::digest(format!("simpul checkers: {book} {}", names.join(" ")));
    let command = Command {
        book: book.clone(),
        request: RequestId::from_hash(digest.into()),
        digest: digest.to_vec(),
        author: Author::named(ACTOR),
        happened_on: None,
        memo: Vec::new(),
        evidence: None,
        meeting: None,
        action: Arc::new(NoteCheckers { users }),
        form: Form::default(),
    };
    let answer = journal.submit(command, Vec::new(), Priority::Interactive).await?;
    if !matches!(answer, Answer::Done { .. }) {
        tracing::warn!(%book, ?answer, "who may agree is not noted yet");
    }
    Ok(())
}
