//! A running node: storage, vault and journal of one database, opened and closed in order.
//!
//! **Invariant**: the journal is drained before what it needs is closed.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};

use crate::access::Access;
use crate::access::jwks::KeysError;
use crate::access::oidc::Provider;
use crate::api::desk::{Api, Desk};
use crate::api::door::Door;
use crate::attachments::{Files, FilesError};
use crate::config::Config;
use crate::domain::id::Id;
use crate::journal::{self, Clock, JournalHandle, approvals, courier, mover, system_clock};
use crate::signing::committed::{Announced, keep_signing};
use crate::signing::{Signing, SigningError};
use crate::storage::access::AccessStore;
use crate::storage::keys::{KeyStore, PostgresKeys, SqliteKeys};
use crate::storage::postgres::Postgres;
use crate::storage::read::Reader;
use crate::storage::sqlite::Sqlite;
use crate::storage::{Journal, SideStore, StorageError};
use crate::vault::{AllSealed, Sealed, Vault, VaultError};

/// Why a node could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data folder cannot be made.
    #[error("cannot make the folder {0}: {1}")]
    Folder(std::path::PathBuf, std::io::Error),
    /// The database cannot be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The keys of personal text cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The signing keys cannot be used.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The files of attachments cannot be kept.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The identity provider's keys cannot be used.
    #[error("the identity provider's keys cannot be used: {0}")]
    Keys(#[from] KeysError),
}

/// The secret that an identity provider's names of people are hashed with.
const PROVIDERS_NAMES: &str = "identities";

/// The journals of one database, and how to read them.
pub struct Store {
    /// Where journals are written.
    pub journal: Arc<dyn Journal>,
    /// Where they are read.
    pub reader: Reader,
    /// Where personal text lies.
    pub sides: Arc<dyn SideStore>,
}

impl Store {
    /// Opens the database of the settings. SQLite is made or migrated if need be, after a copy.
    ///
    /// Errors: `Folder`, `Storage`.
    pub async fn open(config: &Config) -> Result<Store, NodeError> {
        if let Some(url) = &config.database {
            let postgres = Arc::new(Postgres::connect(url).await?);
            let (reader, sides) = (postgres.reader(), postgres.clone());
            return Ok(Store { journal: postgres, reader, sides });
        }
        let made = tokio::fs::create_dir_all(&config.data_dir).await;
        made.map_err(|error| NodeError::Folder(config.data_dir.clone(), error))?;
        let sqlite = Sqlite::open(&config.sqlite()).await?;
        if let Some(backup) = sqlite.backup() {
            tracing::info!(backup = %backup.display(), "the older database was copied");
        }
        let sqlite = Arc::new(sqlite);
        let (reader, sides) = (sqlite.reader(), sqlite.clone());
        Ok(Store { journal: sqlite, reader, sides })
    }
}

/// A node that can be served.
pub struct Node {
    /// The services.
    pub api: Api,
    /// The identity provider whose users sign in, its keys to be loaded again when they change.
    pub provider: Option<Provider>,
    journal: JournalHandle,
    task: JoinHandle<()>,
    signer: JoinHandle<()>,
    sweeper: JoinHandle<()>,
    courier: JoinHandle<()>,
}

impl Node {
    /// Opens database and keys, and starts the journal.
    ///
    /// Errors: every [`NodeError`].
    pub async fn open(config: &Config) -> Result<Node, NodeError> {
        Node::open_at(config, system_clock()).await
    }

    /// The same with a clock of one's own.
    ///
    /// Errors: every [`NodeError`].
    pub async fn open_at(config: &Config, clock: Clock) -> Result<Node, NodeError> {
        let Store { journal: storage, reader, sides } = Store::open(config).await?;
        let keys = open_keys(config).await?;
        let vault = Vault::open_with_file(&config.master_key, keys).await?;
        let (storage, committed) = Announced::new(storage);
        let (journal, task) =
            journal::start(Arc::new(storage), clock.clone(), journal::Limits::default());
        let signing = config.signing();
        catch_up(&journal, &reader, &signing).await?;
        note_checkers(&journal, &reader).await?;
        let freezer = journal.clone();
        let freeze = move |book: &Id| freezer.freeze(book);
        let signer = tokio::spawn(keep_signing(signing.clone(), reader.clone(), committed, freeze));
        let (own, told) = ((journal.clone(), reader.clone(), vault.clone()), clock.clone());
        let courier = tokio::spawn(keep_bringing(own, told));
        let provider = match config.oidc.clone() {
            Some(settings) => Some(Provider::open(settings, clock.clone()).await?),
            None => None,
        };
        let files = Files::open(&config.attachments, vault.clone())?;
        let mut beside: Vec<Arc<dyn Sealed>> = vec![Arc::new(files.clone())];
        let access = match config.sign_in {
            true => {
                let store = open_access(config).await?;
                beside.push(Arc::new(store.clone()));
                let access = Access::new(store, clock);
                Some(match &provider {
                    None => access,
                    Some(provider) => {
                        let secret = vault.secret(PROVIDERS_NAMES).await?;
                        access.with_provider(provider.clone(), &secret)
                    }
                })
            }
            false => None,
        };
        let door = Door { access, reader: reader.clone() };
        let all = AllSealed { reader: reader.clone(), sides, beside };
        let sweeping = keep_sweeping(vault.clone(), all, files.clone());
        let sweeper = tokio::spawn(sweeping);
        let (journals, largest_file) = (journal.clone(), config.attachment_bytes.into());
        let desk = Desk { journal: journals, reader, vault, signing, door, files, largest_file };
        let api = Api::new(desk);
        Ok(Node { api, provider, journal, task, signer, sweeper, courier })
    }

    /// A handle that drains the journal: nothing more is taken in, all that waits is answered.
    pub fn journal(&self) -> JournalHandle {
        self.journal.clone()
    }

    /// Returns if the journal's task fails. Nothing can be decided any more then: whoever serves
    /// the node should end, and be started again.
    pub async fn failed(&mut self) -> JoinError {
        match (&mut self.task).await {
            Err(error) => error,
            Ok(()) => std::future::pending().await,
        }
    }

    /// Drains the journal and waits until its task has ended.
    pub async fn close(self) {
        self.sweeper.abort();
        self.courier.abort();
        self.journal.drain().await;
        // A task whose end was seen already cannot be asked again.
        if !self.task.is_finished()
            && let Err(error) = self.task.await
        {
            tracing::error!(%error, "the journal's task ended badly");
        }
        // Nothing more is committed: what was is signed, and the signer ends.
        if let Err(error) = self.signer.await {
            tracing::error!(%error, "the task that signs ended badly");
        }
    }
}

/// Opens the keys of personal text.
///
/// Errors: `Storage`.
pub async fn open_keys(config: &Config) -> Result<Arc<dyn KeyStore>, NodeError> {
    Ok(match &config.database {
        Some(url) => Arc::new(PostgresKeys::connect(url).await?),
        None => Arc::new(SqliteKeys::open(&config.keys()).await?),
    })
}

/// Opens what users sign in by.
///
/// Errors: `Storage`.
pub async fn open_access(config: &Config) -> Result<AccessStore, NodeError> {
    Ok(match &config.database {
        Some(url) => AccessStore::postgres(url).await?,
        None => AccessStore::sqlite(&config.users()).await?,
    })
}

/// Freezes the books that do not continue what was signed, as after a restored backup, and signs
/// what was committed in the others when a server ended before it could.
async fn catch_up(
    journal: &JournalHandle,
    reader: &Reader,
    signing: &Signing,
) -> Result<(), NodeError> {
    for book in reader.books().await? {
        let mut signer = match signing.hold(&book).await {
            Err(SigningError::NoKey) => {
                tracing::warn!(%book, "the book has no signing key: nothing of it can be proved");
                continue;
            }
            held => held?,
        };
        let mut snapshot = reader.snapshot(&book).await?;
        match signer.catch_up(&mut snapshot).await {
            Err(error @ SigningError::Behind { .. }) => {
                tracing::error!(%book, size = snapshot.head().size, %error, "the book is frozen");
                journal.freeze(&book);
            }
            caught_up => caught_up?,
        }
        snapshot.finish().await?;
    }
    Ok(())
}

/// Notes who may agree to what waits, where that was not done with their roles. A book that cannot be
/// read takes nothing in either, and keeps no other from being served.
async fn note_checkers(journal: &JournalHandle, reader: &Reader) -> Result<(), StorageError> {
    for book in reader.books().await? {
        match approvals::note_checkers(journal, reader, &book).await {
            Ok(0) => {}
            Ok(noted) => tracing::info!(%book, noted, "those who may agree were noted"),
            Err(error) => tracing::error!(%book, %error, "who may agree could not be noted"),
        }
    }
    Ok(())
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sweeps orphaned keys and files now and every day, and ends what is left of keys that were turned.
async fn keep_sweeping(vault: Vault, all: AllSealed, files: Files) {
    let reader = &all.reader;
    loop {
        match vault.retire_due(&all).await {
            Ok(0) => {}
            Ok(retired) => {
                tracing::info!(retired, "keys that others took over from were destroyed")
            }
            Err(error) => tracing::warn!(%error, "keys that others took over from wait for a day"),
        }
        match vault.sweep(reader).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "orphaned keys were destroyed"),
            Err(error) => tracing::warn!(%error, "orphaned keys could not be swept"),
        }
        match files.sweep(reader, system_clock()() / 1_000_000).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "orphaned files were forgotten"),
            Err(error) => tracing::warn!(%error, "orphaned files could not be swept"),
        }
        tokio::time::sleep(DAY).await;
    }
}

/// How long a pass that could not be brought to another book waits for the next try.
const ROUND: Duration = Duration::from_secs(60);

/// Does what journals say is still to be done, now (a server may have died before it did) and every
/// minute: destroys the keys of those who were erased, brings passes and groups that wait to other
/// books, and says of what nobody agreed to in time that it has expired.
async fn keep_bringing((journal, reader, vault): (JournalHandle, Reader, Vault), clock: Clock) {
    loop {
        bring_round(&journal, &reader, &vault, clock()).await;
        tokio::time::sleep(ROUND).await;
    }
}

/// What fails is told and tried again in the next round; it keeps nothing else waiting, least of all
/// another book.
async fn bring_round(journal: &JournalHandle, reader: &Reader, vault: &Vault, now: i64) {
    match vault.sweep_erased(reader).await {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "keys of erased people were destroyed"),
        Err(error) => tracing::warn!(%error, "keys of erased people wait for the next round"),
    }
    let books = match reader.books().await {
        Ok(books) => books,
        Err(error) => return tracing::warn!(%error, "passes wait for the next round"),
    };
    for book in books {
        let moved = mover::bring_moves(journal, reader, vault, &book).await;
        told(&book, "groups brought to other books", moved);
        let passed = courier::bring_all(journal, reader, &book).await;
        told(&book, "passes brought to other books", passed);
        let expired = approvals::expire_all(journal, reader, &book, now).await;
        told(&book, "approvals expired", expired);
    }
}

/// Tells how much of something was done in a book, or that it waits.
fn told(book: &Id, what: &str, result: Result<usize, impl Display>) {
    match result {
        Ok(0) => {}
        Ok(count) => tracing::info!(%book, count, "{what}"),
        Err(error) => tracing::warn!(%book, %error, "{what}: not done, waits for the next round"),
    }
}
