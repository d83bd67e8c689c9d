//! A checkpoint signed after every batch.
//!
//! Storage is wrapped in [`Announced`], which tells a task of its own what was committed; callers
//! are answered without waiting for it. The task signs each batch's root and keeps the newest
//! checkpoint beside the key.
//!
//! **Invariant**: nothing is announced that is not committed. What the task cannot keep up with is
//! left out, as the next checkpoint covers it.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Signer, Signing, SigningError};
use crate::chain::Hash;
use crate::domain::id::Id;
use crate::storage::read::Reader;
use crate::storage::{
    Append, AppendOutcome, Dump, Journal, Load, Loaded, StorageError, StoredRecord,
};

/// How many batches may wait to be signed.
const WAITING: usize = 1024;

/// A batch of a book that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    book: Id,
    /// How many records the book had before it, and has after it.
    from: u64,
    size: u64,
    /// The root after it.
    root: Hash,
}

/// A journal that says what it has committed.
pub struct Announced {
    inner: Arc<dyn Journal>,
    committed: Sender<Committed>,
}

impl Announced {
    /// Wraps a journal, and answers where what it commits is heard of.
    pub fn new(inner: Arc<dyn Journal>) -> (Announced, Receiver<Committed>) {
        let (committed, heard) = channel(WAITING);
        (Announced { inner, committed }, heard)
    }

    fn announce(&self, append: &Append) {
        let (book, from) = (append.book.clone(), append.expected_size);
        let (size, root) = (append.checkpoint.size, append.checkpoint.root);
        // Nobody listens any more, or is far behind: a later checkpoint covers this one.
        let _late = self.committed.try_send(Committed { book, from, size, root });
    }
}

#[async_trait]
impl Journal for Announced {
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError> {
        self.inner.load(loads).await
    }

    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError> {
        let outcomes = self.inner.append(appends.clone()).await?;
        for (append, outcome) in appends.iter().zip(&outcomes) {
            if *outcome == AppendOutcome::Committed {
                self.announce(append);
            }
        }
        Ok(outcomes)
    }

    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        let outcome = self.inner.resolve(append).await?;
        if outcome == AppendOutcome::Committed {
            self.announce(append);
        }
        Ok(outcome)
    }

    async fn records(
        &self,
        book: &Id,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StorageError> {
        self.inner.records(book, from, limit).await
    }

    async fn books(&self) -> Result<Vec<Id>, StorageError> {
        self.inner.books().await
    }

    async fn dump(&self, book: &Id) -> Result<Dump, StorageError> {
        self.inner.dump(book).await
    }
}

/// Signs what is committed until nothing more can be. `freeze` is told of books that do not
/// continue what was signed before, as when a database is restored under a running server.
pub async fn keep_signing(
    signing: Signing,
    reader: Reader,
    mut committed: Receiver<Committed>,
    freeze: impl Fn(&Id) + Send,
) {
    while let Some(batch) = committed.recv().await {
        let book = &batch.book;
        match sign(&signing, &reader, &batch).await {
            // Whoever wants proofs makes a key; the start of the server says which books lack one.
            Ok(()) | Err(SigningError::NoKey) => {}
            Err(error @ SigningError::Behind { .. }) => {
                tracing::error!(%book, %error, "the book is frozen");
                freeze(book);
            }
            Err(error) => tracing::warn!(%book, %error, "a checkpoint was not signed"),
        }
    }
}

async fn sign(signing: &Signing, reader: &Reader, batch: &Committed) -> Result<(), SigningError> {
    let mut signer = signing.hold(&batch.book).await?;
    if signer.is_continued_by(batch) {
        signer.sign(batch.size, batch.root)?;
        return Ok(());
    }
    let mut snapshot = reader.snapshot(&batch.book).await?;
    signer.catch_up(&mut snapshot).await?;
    Ok(snapshot.finish().await?)
}

impl Signer {
    /// Whether a batch was built on what was signed last, so that nothing need be read to know.
    fn is_continued_by(&self, batch: &Committed) -> bool {
        self.known.is_continued && self.last().is_some_and(|last| last.size == batch.from)
    }
}
