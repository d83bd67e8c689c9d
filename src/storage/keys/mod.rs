//! Where the keys of personal text live: apart from the journal, so that a backup of the journal
//! holds no key and a destroyed key is gone.
//!
//! **Invariants**: an owner has one key, and beside it the one it took over from until nothing is
//! sealed under that any more. A key once kept is never overwritten: it is wrapped anew, gives way to
//! the next, or is deleted, and the databases refuse anything else themselves. Keys begin with their
//! id ([`KEY_ID`]) and are stored wrapped by a master key that no database knows. Stores answer only
//! once a change is durable. Nothing is cached, so that a deletion holds for every server at once.
//!
//! **Orphans**: a key is written before the record that needs it, which may never come. Each key
//! therefore has a time after which it may be swept: a day ahead when it is made or sealed with,
//! for ever ahead once it was seen to be in use. Only what is due is ever looked at.

mod memory;
pub mod postgres;
pub mod sqlite;

use async_trait::async_trait;

pub use memory::MemoryKeys;
pub use postgres::PostgresKeys;
pub use sqlite::SqliteKeys;

use super::StorageError;

/// How many bytes at the beginning of a wrapped key, and of what is sealed under it, are its id.
pub const KEY_ID: usize = 8;

/// A book, an owner, and the owner's wrapped key.
pub type Wrapped = (String, String, Vec<u8>);

/// A store of wrapped keys by book and owner. Both are plain text to it.
#[async_trait]
pub trait KeyStore: Send + Sync + 'static {
    /// Keeps a wrapped key unless the owner has one already, and answers the one kept. A new one
    /// may be swept after a day.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn insert_if_absent(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StorageError>;

    /// The wrapped keys of those owners that have one, in no order of owners; of an owner who has
    /// two, the present one first.
    ///
    /// Errors: `Failed`.
    async fn get_many(
        &self,
        book: &str,
        owners: &[&str],
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError>;

    /// Keys by book and owner, after those of `after` (empty for the first), of at most `limit` owners.
    ///
    /// Errors: `Failed`.
    async fn page(&self, after: (&str, &str), limit: u32) -> Result<Vec<Wrapped>, StorageError>;

    /// Keeps an owner's key in another wrapping, provided that it is still in the one that was seen;
    /// and says whether it was.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn rewrap(&self, seen: &Wrapped, wrapped: &[u8]) -> Result<bool, StorageError>;

    /// Lets a new key take over from the one that was seen, which stays beside it for a day at least;
    /// and says whether it was still there, alone.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn turn(&self, seen: &Wrapped, next: &[u8]) -> Result<bool, StorageError>;

    /// Book and owner of keys that took over a day ago or longer, the longest ago first, at most
    /// `limit`.
    ///
    /// Errors: `Failed`.
    async fn turned(&self, limit: u32) -> Result<Vec<(String, String)>, StorageError>;

    /// The key beside an owner's present one stays for another day.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn postpone(&self, book: &str, owner: &str) -> Result<(), StorageError>;

    /// Destroys the key beside an owner's present one, provided that it is the one that was seen; and
    /// says whether it was.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn retire(&self, seen: &Wrapped) -> Result<bool, StorageError>;

    /// Destroys an owner's keys, and says whether there was one.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError>;

    /// Before sealing: none of these owners' keys may be swept for half a day at least.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn renew(&self, book: &str, owners: &[&str]) -> Result<(), StorageError>;

    /// Book and owner of keys that may be swept, the longest due first, at most `limit`.
    ///
    /// Errors: `Failed`.
    async fn due(&self, limit: u32) -> Result<Vec<(String, String)>, StorageError>;

    /// A key that is in use is never due again.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn keep(&self, book: &str, owner: &str) -> Result<(), StorageError>;

    /// Destroys an owner's key if it is still due, and says whether it did.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn sweep(&self, book: &str, owner: &str) -> Result<bool, StorageError>;
}

/// An owner's present key as stored, and the one it took over from.
type Stored = (String, Vec<u8>, Option<Vec<u8>>);

/// The same with its book.
type StoredOf = (String, String, Vec<u8>, Option<Vec<u8>>);

/// Owners' keys as stored, those beside them made rows of their own.
fn flat(stored: Vec<Stored>) -> Vec<(String, Vec<u8>)> {
    let keys = |(owner, wrapped, former): Stored| {
        let former = former.map(|former| (owner.clone(), former));
        std::iter::once((owner, wrapped)).chain(former)
    };
    stored.into_iter().flat_map(keys).collect()
}

/// The same with their books.
fn flat_page(stored: Vec<StoredOf>) -> Vec<Wrapped> {
    let of_one = |(book, owner, wrapped, former): StoredOf| {
        let keys = flat(vec![(owner, wrapped, former)]).into_iter();
        keys.map(move |(owner, wrapped)| (book.clone(), owner, wrapped))
    };
    stored.into_iter().flat_map(of_one).collect()
}

/// The present key of one owner, who had one a moment ago.
fn present(keys: Vec<(String, Vec<u8>)>) -> Result<Vec<u8>, StorageError> {
    let kept = keys.into_iter().next().map(|(_, wrapped)| wrapped);
    kept.ok_or_else(|| failed("the key was erased meanwhile"))
}

fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError::Failed(error.to_string())
}
