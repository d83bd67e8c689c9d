//! Each book's signing key, and the last checkpoint that it signed: two files beside each other,
//! never in the database.
//!
//! **Invariants**
//! - Only what is committed is signed: a root is read from the database.
//! - A key never signs two histories: before it signs, the book must still begin with the last
//!   checkpoint it signed. A book restored from an old backup does not, and is *behind*; it stays
//!   so until a recorded decision says that the lost part is given up.
//! - Keys are never logged and never leave their files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::chain::checkpoint::{Checkpoint, ProofError};
use crate::chain::note::{Note, NoteError, PublicKey, SecretKey};
use crate::domain::id::Id;
use crate::secret_file;
use crate::storage::StorageError;
use crate::storage::read::Snapshot;

/// Why a checkpoint was not signed. No variant carries key material.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The database could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file of the book's cannot be used.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The key makes no note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// There is no key, and none is made here.
    #[error("there is no signing key for this book")]
    NoKey,
    /// The book does not begin with what was signed before: it lost records, or was changed.
    #[error("the book does not continue its signed checkpoint of {} records", signed.size)]
    Behind {
        /// The last signed checkpoint.
        signed: Checkpoint,
    },
}

/// The signing keys of all books.
#[derive(Clone, Debug)]
pub struct Signing {
    folder: PathBuf,
    origin: String,
    makes_keys: bool,
}

impl Signing {
    /// Keys in a folder, named `{origin}/books/{book}`. A missing key is made if `makes_keys`;
    /// where several servers share the books one person makes it and gives it to all of them.
    pub fn new(folder: PathBuf, origin: String, makes_keys: bool) -> Signing {
        Signing { folder, origin, makes_keys }
    }

    /// Makes a book's key if there is none, and returns the public one.
    ///
    /// Errors: `File`, `Note` when the origin cannot be part of a name.
    pub fn make_key(&self, book: &Id) -> Result<PublicKey, SigningError> {
        let mut seed = Zeroizing::new([0; 32]);
        let path = self.key_file(book);
        getrandom::fill(seed.as_mut_slice()).map_err(|error| file(&path, error))?;
        let key = SecretKey::new(&format!("{}/books/{book}", self.origin), &seed)?;
        let secret = Zeroizing::new(key.reveal());
        secret_file::create(&path, &secret).map_err(|error| file(&path, error))?;
        Ok(self.read_key(book)?.public().clone())
    }

    /// The public key of a book.
    ///
    /// Errors: `NoKey`, `File`.
    pub fn public_key(&self, book: &Id) -> Result<PublicKey, SigningError> {
        Ok(self.key(book)?.public().clone())
    }

    /// The checkpoint of a book's first `size` records, signed. The size must not be beyond the
    /// snapshot's.
    ///
    /// Errors: every [`SigningError`].
    pub async fn checkpoint(
        &self,
        book: &Id,
        snapshot: &mut Snapshot,
        size: u64,
    ) -> Result<Note, SigningError> {
        let key = self.key(book)?;
        let signed = self.continued(book, key.public(), snapshot).await?;
        let note = Checkpoint::sign(size, &snapshot.root(size).await?, &key)?;
        if signed.is_none_or(|signed| signed.size < size) {
            self.keep(book, &note)?;
        }
        Ok(note)
    }

    /// The last checkpoint a book's key has signed; none where there is no key here. What is read
    /// of the book afterwards has to begin with it.
    ///
    /// Errors: `File`.
    pub fn signed(&self, book: &Id) -> Result<Option<Checkpoint>, SigningError> {
        match self.read_key(book) {
            Err(SigningError::NoKey) => Ok(None),
            result => self.last(book, result?.public()),
        }
    }

    /// The last checkpoint a book's key has signed, if the book does not begin with it any more.
    ///
    /// Errors: `File`, `Storage`.
    pub async fn lost(
        &self,
        book: &Id,
        snapshot: &mut Snapshot,
    ) -> Result<Option<Checkpoint>, SigningError> {
        let key = match self.read_key(book) {
            // What was never signed cannot be lost.
            Err(SigningError::NoKey) => return Ok(None),
            result => result?,
        };
        match self.continued(book, key.public(), snapshot).await {
            Err(SigningError::Behind { signed }) => Ok(Some(signed)),
            result => result.map(|_| None),
        }
    }

    /// The last checkpoint that was signed, once the book is seen to begin with it.
    async fn continued(
        &self,
        book: &Id,
        key: &PublicKey,
        snapshot: &mut Snapshot,
    ) -> Result<Option<Checkpoint>, SigningError> {
        let Some(signed) = self.last(book, key)? else {
            return Ok(None);
        };
        let is_there = signed.size <= snapshot.head().size;
        match is_there && snapshot.root(signed.size).await? == signed.root {
            true => Ok(Some(signed)),
            false => Err(SigningError::Behind { signed }),
        }
    }

    /// Puts the last signed checkpoint aside, once a recorded decision has given up what only it
    /// covers. It stays in the folder under a name that tells its size.
    ///
    /// Errors: `File`.
    pub fn give_up(&self, book: &Id, signed: &Checkpoint) -> Result<(), SigningError> {
        let (last, aside) = (self.last_file(book), format!("{book}.{}.lost", signed.size));
        match std::fs::rename(&last, self.folder.join(aside)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(file(&last, error)),
            _ => Ok(()),
        }
    }

    fn last(&self, book: &Id, key: &PublicKey) -> Result<Option<Checkpoint>, SigningError> {
        let path = self.last_file(book);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            result => result.map_err(|error| file(&path, error))?,
        };
        let opened = Note::parse(&text).map_err(ProofError::from);
        let opened = opened.and_then(|note| Checkpoint::open(&note, key));
        opened.map(Some).map_err(|error| file(&path, error))
    }

    /// Remembers the last signed checkpoint, before anyone is given it.
    fn keep(&self, book: &Id, note: &Note) -> Result<(), SigningError> {
        let (path, draft) = (self.last_file(book), self.folder.join(format!(".{book}.draft")));
        let written = std::fs::write(&draft, note.to_string())
            .and_then(|()| std::fs::File::open(&draft)?.sync_all())
            .and_then(|()| std::fs::rename(&draft, &path));
        written.map_err(|error| file(&path, error))
    }

    fn key(&self, book: &Id) -> Result<SecretKey, SigningError> {
        match self.read_key(book) {
            Err(SigningError::NoKey) if self.makes_keys => {
                self.make_key(book)?;
                self.read_key(book)
            }
            result => result,
        }
    }

    fn read_key(&self, book: &Id) -> Result<SecretKey, SigningError> {
        let path = self.key_file(book);
        let text = match secret_file::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(SigningError::NoKey),
            result => result.map_err(|error| file(&path, error))?,
        };
        SecretKey::parse(&text).map_err(|error| file(&path, error))
    }

    fn key_file(&self, book: &Id) -> PathBuf {
        self.folder.join(format!("{book}.key"))
    }

    fn last_file(&self, book: &Id) -> PathBuf {
        self.folder.join(format!("{book}.checkpoint"))
    }
}

fn file(path: &Path, reason: impl std::fmt::Display) -> SigningError {
    SigningError::File { path: path.display().to_string(), reason: reason.to_string() }
}
