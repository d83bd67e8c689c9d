//! The files of attachments: photos and scans in a folder, or in a bucket of an S3-compatible
//! store, beside the database.
//!
//! **Invariants**
//! - Every file lies sealed under its entity's key, in parts of [`PART`] bytes.
//! - What is read is compared with the hash and size that the journal holds, whole, before any of
//!   it is handed out.
//! - A part is written once, and sealed anew when its owner gets a new key. What no record names is
//!   swept when it is a day old.

use std::path::Path as File;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode};
use sha2::{Digest, Sha256};
use tokio_stream::StreamExt;

use crate::domain::id::{Id, RowName};
use crate::storage::StorageError;
use crate::storage::keys::KEY_ID;
use crate::storage::read::Reader;
use crate::vault::{Sealed, Vault, VaultError};

/// Bytes of every part of a file but the last.
pub const PART: usize = 512 << 10;

/// How long parts that no record names are kept, in seconds.
const ORPHAN_SECONDS: i64 = 24 * 60 * 60;

/// Why files cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The place cannot be used.
    #[error("attachments cannot be kept in {0}: {1}")]
    Place(String, String),
    /// The store could not answer; the same call may be tried again.
    #[error("the store of attachments: {0}")]
    Store(#[from] Error),
    /// The keys could not answer, or a part was changed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A part of the file is not there.
    #[error("a part of the attachment is not there")]
    Missing,
    /// The parts are not the file of that hash and size.
    #[error("the attachment is not the file that was meant")]
    Altered,
    /// The key it was sealed under was destroyed.
    #[error("the attachment was erased")]
    Erased,
}

/// A file as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// The book.
    pub book: Id,
    /// The attachment's row; its id is the hash.
    pub row: RowName,
    /// Whose key it is sealed under.
    pub owner: String,
}

/// Where files are kept.
#[derive(Clone, Debug)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    vault: Vault,
}

impl Files {
    /// Files in a folder, or at an URL such as `s3://bucket/folder`: credentials, region and the
    /// endpoint of what is not Amazon's come from the `AWS_` variables.
    ///
    /// Errors: `Place`.
    pub fn open(place: &str, vault: Vault) -> Result<Files, FilesError> {
        let store = if place.contains("://") { bucket(place)? } else { folder(place)? };
        Ok(Files { store, vault })
    }

    /// Keeps a part of a file. One that is there already stays as it is.
    ///
    /// Errors: `Store`, `Vault`.
    pub async fn put(&self, file: &FileName, part: u32, bytes: &[u8]) -> Result<(), FilesError> {
        let place = place(file, part);
        let (book, owner) = (&file.book, file.owner.as_str());
        let sealed = self.vault.seal_file(book, owner, place.as_ref(), bytes).await?;
        match self.store.put_opts(&place, sealed.into(), PutMode::Create.into()).await {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A file of so many bytes, as its hash says it must be.
    ///
    /// Errors: every [`FilesError`] but `Place` and `Storage`.
    pub async fn read(&self, file: &FileName, size: u64) -> Result<Vec<u8>, FilesError> {
        let mut whole = Vec::new();
        for part in 0..parts(size) {
            whole.extend_from_slice(&self.part(file, part).await?);
        }
        let is_meant = whole.len() as u64 == size && hash(&whole) == file.row.id;
        if is_meant { Ok(whole) } else { Err(FilesError::Altered) }
    }

    async fn part(&self, file: &FileName, part: u32) -> Result<Vec<u8>, FilesError> {
        let place = place(file, part);
        let found = match self.store.get(&place).await {
            Err(Error::NotFound { source, .. }) if !is_bucket(source.as_ref()) => {
                return Err(FilesError::Missing);
            }
            found => found?,
        };
        let sealed = found.bytes().await?;
        let opened = self.vault.open_file(&file.book, &file.owner, place.as_ref(), &sealed).await;
        match opened {
            Ok(Some(bytes)) => Ok(bytes.to_vec()),
            Ok(None) => Err(FilesError::Erased),
            Err(VaultError::Damaged { .. }) => Err(FilesError::Altered),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets the parts of a file that was never attached.
    ///
    /// Errors: `Store`.
    pub async fn forget(&self, file: &FileName) -> Result<(), FilesError> {
        let mut found = self.store.list(Some(&prefix(file)));
        while let Some(part) = found.next().await {
            self.store.delete(&part?.location).await?;
        }
        Ok(())
    }

    /// Forgets the parts of files that no record names, once they are a day old, and answers how
    /// many there were. `now` is in seconds since 1970-01-01T00:00:00Z.
    ///
    /// Errors: `Store`, `Storage`.
    pub async fn sweep(&self, reader: &Reader, now: i64) -> Result<u64, FilesError> {
        let mut swept = 0;
        let mut found = self.store.list(None);
        while let Some(part) = found.next().await {
            let part = part?;
            let is_old = now - part.last_modified.timestamp() > ORPHAN_SECONDS;
            if is_old && !is_named(reader, part.location.as_ref()).await? {
                self.store.delete(&part.location).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

#[async_trait]
impl Sealed for Files {
    async fn reseal(
        &self,
        vault: &Vault,
        (book, owner): (&Id, &str),
        former: &[u8; KEY_ID],
    ) -> Result<u64, VaultError> {
        let mut resealed = 0;
        let mut found = self.store.list(Some(&Path::from(book.as_str())));
        while let Some(part) = found.next().await {
            let part = part.map_err(unanswered)?;
            let place = part.location;
            // What is not ours is left alone.
            if part.size < KEY_ID as u64 {
                continue;
            }
            let key = self.store.get_range(&place, 0..KEY_ID as u64).await.map_err(unanswered)?;
            if key.as_ref() != former {
                continue;
            }
            let sealed = self.store.get(&place).await.map_err(unanswered)?;
            let sealed = sealed.bytes().await.map_err(unanswered)?;
            if let Some(bytes) = vault.open_file(book, owner, place.as_ref(), &sealed).await? {
                let anew = vault.seal_file(book, owner, place.as_ref(), &bytes).await?;
                // The place has the old part or the new one, whatever happens meanwhile.
                self.store.put(&place, anew.into()).await.map_err(unanswered)?;
                resealed += 1;
            }
        }
        Ok(resealed)
    }
}

fn unanswered(error: Error) -> VaultError {
    VaultError::Store(StorageError::Failed(error.to_string()))
}

/// The hash of a file, in hex.
pub fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// How many parts a file of so many bytes has.
pub fn parts(size: u64) -> u32 {
    u32::try_from(size.div_ceil(PART as u64)).unwrap_or(u32::MAX)
}

/// Whether a record names the file of this part. What is not ours is left alone.
async fn is_named(reader: &Reader, location: &str) -> Result<bool, StorageError> {
    let split = location.split_once('/').and_then(|(book, rest)| {
        let (row, _part) = rest.rsplit_once('/')?;
        Some((Id::new(book)?, RowName::parse(row)?))
    });
    let Some((book, row)) = split else { return Ok(true) };
    let mut snapshot = reader.snapshot(&book).await?;
    let is_named = snapshot.row(&row).await?.is_some();
    snapshot.finish().await?;
    Ok(is_named)
}

/// Whether it is the bucket itself that was not found: S3 answers both alike but for the code in the
/// body of its answer.
fn is_bucket(not_found: &dyn std::error::Error) -> bool {
    let mut at = Some(not_found);
    while let Some(error) = at {
        if error.to_string().contains("NoSuchBucket") {
            return true;
        }
        at = error.source();
    }
    false
}

fn prefix(file: &FileName) -> Path {
    Path::from(format!("{}/{}", file.book, file.row))
}

fn place(file: &FileName, part: u32) -> Path {
    Path::from(format!("{}/{}/{part:05}", file.book, file.row))
}

fn folder(place: &str) -> Result<Arc<dyn ObjectStore>, FilesError> {
    let failed = |error: String| FilesError::Place(place.to_owned(), error);
    std::fs::create_dir_all(File::new(place)).map_err(|error| failed(error.to_string()))?;
    let store =
        LocalFileSystem::new_with_prefix(place).map_err(|error| failed(error.to_string()))?;
    Ok(Arc::new(store.with_fsync(true)))
}

fn bucket(place: &str) -> Result<Arc<dyn ObjectStore>, FilesError> {
    let failed = |error: Error| FilesError::Place(place.to_owned(), error.to_string());
    // TLS as everywhere else in this program. Whoever has chosen it before has chosen the same.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let store = AmazonS3Builder::from_env().with_url(place).build().map_err(failed)?;
    let below = place.splitn(4, '/').nth(3).unwrap_or_default();
    Ok(Arc::new(PrefixStore::new(store, below)))
}
