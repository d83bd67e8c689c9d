//! A journal of which a test hears what is loaded from it.

use std::sync::Arc;

use async_trait::async_trait;
use simpul::domain::id::Id;
use simpul::storage::{
    Append, AppendOutcome, Dump, Journal, Load, Loaded, StorageError, StoredRecord,
};

/// Hears of loads before they are done, and may hold them up.
#[async_trait]
pub trait Watch: Send + Sync + 'static {
    /// Something is about to be loaded.
    async fn before(&self, loads: &[Load]);
}

/// A journal and who watches it.
pub struct Watched<J, W> {
    pub journal: J,
    pub watch: W,
}

#[async_trait]
impl<J: Journal, W: Watch> Journal for Watched<J, W> {
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError> {
        self.watch.before(&loads).await;
        self.journal.load(loads).await
    }

    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError> {
        self.journal.append(appends).await
    }

    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        self.journal.resolve(append).await
    }

    async fn records(
        &self,
        book: &Id,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StorageError> {
        self.journal.records(book, from, limit).await
    }

    async fn books(&self) -> Result<Vec<Id>, StorageError> {
        self.journal.books().await
    }

    async fn dump(&self, book: &Id) -> Result<Dump, StorageError> {
        self.journal.dump(book).await
    }
}
