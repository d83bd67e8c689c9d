//! Each book's signing key, and the last checkpoint that it signed: two files beside each other,
//! never in the database.
//!
//! **Invariants**
//! - Only what is committed is signed: a root comes from a commit, or is read from the database.
//! - A key never signs two histories: before it signs, the book must be seen to continue the last
//!   checkpoint it signed. A book restored from an old backup does not, and is *behind*; it stays
//!   so until a recorded decision says that the lost part is given up.
//! - Who signs *holds* the book first ([`Signing::hold`]), and only then reads what is signed last
//!   and the database: so that what was signed by others meanwhile, in this process or another
//!   one over the same folder, is never taken for something the database lacks.
//! - What is handed out is on disk before. What only lies in the file, signed after each commit
//!   ([`committed`]), needs no such care: nobody has seen it, and the journal that it describes is
//!   durable already. A crash between a commit and its signature loses nothing either: the next
//!   start signs what is there.
//! - Keys are never logged and never leave their files.

pub mod committed;

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use zeroize::Zeroizing;

use crate::chain::Hash;
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

/// The signing keys of all books. Clones share what they know.
#[derive(Clone, Debug)]
pub struct Signing {
    folder: PathBuf,
    origin: String,
    makes_keys: bool,
    known: Arc<Mutex<HashMap<Id, Arc<tokio::sync::Mutex<Known>>>>>,
}

/// What this process knows of a book.
#[derive(Debug)]
struct Known {
    key: SecretKey,
    /// The last signed checkpoint, and the text of its file.
    last: Option<(String, Checkpoint)>,
    /// Whether the book was seen to continue it.
    is_continued: bool,
    /// The size of the largest checkpoint that is certainly on disk.
    durable: u64,
}

impl Signing {
    /// Keys in a folder, named `{origin}/books/{book}`. A missing key is made if `makes_keys`;
    /// where several servers share the books one person makes it and gives it to all of them.
    pub fn new(folder: PathBuf, origin: String, makes_keys: bool) -> Signing {
        Signing { folder, origin, makes_keys, known: Arc::default() }
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

    /// Waits until nobody else signs for a book, makes its key if need be, and keeps others from
    /// signing until the signer is dropped. What is read of the book afterwards has to begin with
    /// the signer's last checkpoint.
    ///
    /// Errors: `NoKey`, `File`, `Note`.
    pub async fn hold(&self, book: &Id) -> Result<Signer, SigningError> {
        let mut known = self.known(book)?.lock_owned().await;
        let path = self.folder.join(format!(".{book}.lock"));
        let lock = locked(&path).await.map_err(|error| file(&path, error))?;
        let path = self.last_file(book);
        let text = read_if_there(&path)?;
        if known.last.as_ref().map(|(text, _)| text) != text.as_ref() {
            known.last = match text {
                Some(text) => Some((text.clone(), opened(&path, &text, known.key.public())?)),
                None => None,
            };
            (known.is_continued, known.durable) = (false, 0);
        }
        let (book, folder) = (book.clone(), self.folder.clone());
        Ok(Signer { book, folder, path, known, _lock: lock })
    }

    fn known(&self, book: &Id) -> Result<Arc<tokio::sync::Mutex<Known>>, SigningError> {
        let found = self.all_known().get(book).map(Arc::clone);
        if let Some(known) = found {
            return Ok(known);
        }
        // A book without a key leaves no trace.
        let key = self.key(book)?;
        let known = Known { key, last: None, is_continued: false, durable: 0 };
        let known = Arc::new(tokio::sync::Mutex::new(known));
        Ok(Arc::clone(self.all_known().entry(book.clone()).or_insert(known)))
    }

    fn all_known(&self) -> std::sync::MutexGuard<'_, HashMap<Id, Arc<tokio::sync::Mutex<Known>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn last(&self, book: &Id, key: &PublicKey) -> Result<Option<Checkpoint>, SigningError> {
        let path = self.last_file(book);
        let text = read_if_there(&path)?;
        text.map(|text| opened(&path, &text, key)).transpose()
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

/// Signs for one book, alone.
#[derive(Debug)]
pub struct Signer {
    book: Id,
    folder: PathBuf,
    /// The file of the last checkpoint.
    path: PathBuf,
    known: OwnedMutexGuard<Known>,
    /// Closed, and so given back, with the signer.
    _lock: File,
}

impl Signer {
    /// The checkpoint of the book's first `size` records, signed, and on disk if it is the largest.
    /// The snapshot must have been taken since the book is held, and reach that size.
    ///
    /// Errors: `Storage`, `File`, `Note`, `Behind`.
    pub async fn checkpoint(
        &mut self,
        snapshot: &mut Snapshot,
        size: u64,
    ) -> Result<Note, SigningError> {
        self.must_continue(snapshot).await?;
        let note = self.sign(size, snapshot.root(size).await?)?;
        self.flush(size).await?;
        Ok(note)
    }

    /// Signs what a snapshot holds beyond the last checkpoint, which nobody is given yet.
    ///
    /// Errors: `Storage`, `File`, `Note`, `Behind`.
    pub async fn catch_up(&mut self, snapshot: &mut Snapshot) -> Result<(), SigningError> {
        self.must_continue(snapshot).await?;
        let size = snapshot.head().size;
        if self.last().is_none_or(|last| last.size < size) {
            self.sign(size, snapshot.root(size).await?)?;
        }
        Ok(())
    }

    /// The last signed checkpoint, if the book does not begin with it any more.
    ///
    /// Errors: `Storage`.
    pub async fn lost(
        &mut self,
        snapshot: &mut Snapshot,
    ) -> Result<Option<Checkpoint>, SigningError> {
        match self.must_continue(snapshot).await {
            Err(SigningError::Behind { signed }) => Ok(Some(signed)),
            result => result.map(|()| None),
        }
    }

    /// Puts the last signed checkpoint aside, once a recorded decision has given up what only it
    /// covers. It stays in the folder under a name that tells its size.
    ///
    /// Errors: `File`.
    pub fn give_up(&mut self) -> Result<(), SigningError> {
        let Some((_, signed)) = self.known.last.take() else { return Ok(()) };
        let aside = self.folder.join(format!("{}.{}.lost", self.book, signed.size));
        fs::rename(&self.path, aside).map_err(|error| file(&self.path, error))
    }

    fn last(&self) -> Option<&Checkpoint> {
        self.known.last.as_ref().map(|(_, last)| last)
    }

    /// Sees that the book begins with the last signed checkpoint.
    async fn must_continue(&mut self, snapshot: &mut Snapshot) -> Result<(), SigningError> {
        if let Some(signed) = self.last().cloned() {
            let is_there = signed.size <= snapshot.head().size;
            if !is_there || snapshot.root(signed.size).await? != signed.root {
                return Err(SigningError::Behind { signed });
            }
        }
        self.known.is_continued = true;
        Ok(())
    }

    /// Signs a root of a book that continues the last checkpoint, and remembers it if it is larger.
    fn sign(&mut self, size: u64, root: Hash) -> Result<Note, SigningError> {
        let note = Checkpoint::sign(size, &root, &self.known.key)?;
        if self.last().is_some_and(|last| last.size >= size) {
            return Ok(note);
        }
        let text = note.to_string();
        let draft = self.folder.join(format!(".{}.draft", self.book));
        let written = fs::write(&draft, &text).and_then(|()| fs::rename(&draft, &self.path));
        written.map_err(|error| file(&self.path, error))?;
        let origin = self.known.key.public().name().to_owned();
        self.known.last = Some((text, Checkpoint { origin, size, root }));
        Ok(note)
    }

    /// Brings the file of the last checkpoint to disk, unless one of this size is there.
    async fn flush(&mut self, size: u64) -> Result<(), SigningError> {
        if self.known.durable >= size {
            return Ok(());
        }
        let (path, folder) = (self.path.clone(), self.folder.clone());
        let syncing = move || {
            File::open(path)?.sync_all()?;
            File::open(folder)?.sync_all()
        };
        let synced = tokio::task::spawn_blocking(syncing).await;
        let synced = synced.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        synced.map_err(|error| file(&self.path, error))?;
        self.known.durable = self.last().map_or(0, |last| last.size);
        Ok(())
    }
}

/// Opens a file and waits until no other process has locked it.
async fn locked(path: &Path) -> std::io::Result<File> {
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            let waiting = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
            waiting.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
        }
    }
}

fn read_if_there(path: &Path) -> Result<Option<String>, SigningError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(|error| file(path, error)),
    }
}

/// The checkpoint in a file's text. Errors: `File` when the key has not signed it.
fn opened(path: &Path, text: &str, key: &PublicKey) -> Result<Checkpoint, SigningError> {
    let opened = Note::parse(text).map_err(ProofError::from);
    let opened = opened.and_then(|note| Checkpoint::open(&note, key));
    opened.map_err(|error| file(path, error))
}

fn file(path: &Path, reason: impl std::fmt::Display) -> SigningError {
    SigningError::File { path: path.display().to_string(), reason: reason.to_string() }
}
