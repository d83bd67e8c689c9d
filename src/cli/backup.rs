//! `simpul backup` and `simpul backup-keys`: copies of a data folder in use, in two places, so that
//! whoever gets hold of one of them reads no personal text; and `simpul rotate-key`, of the master key
//! and `rotate-key-of`, of one member's, a group's or the LKM's.
//!
//! **Invariant**: no backup of books lies where keys lie, and no backup of keys where books lie.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::attachments::{Files, FilesError};
use crate::cli::console::say;
use crate::cli::node::{NodeError, Store, open_access, open_keys};
use crate::config::{Config, Flags};
use crate::domain::id::{Entity, Id, RowName};
use crate::storage::{StorageError, backup};
use crate::vault::{AllSealed, Rotation, Sealed, Vault, VaultError};

/// Where a backup goes.
#[derive(Args, Clone, Debug)]
pub struct To {
    /// Folder tujuan, di tempat lain / a folder elsewhere
    #[arg(long = "ke", alias = "to")]
    pub to: PathBuf,
    /// The server's settings.
    #[command(flatten)]
    pub flags: Flags,
}

/// Turning to a new master key.
#[derive(Args, Clone, Debug)]
pub struct Rotate {
    /// Hanya buat kunci baru, untuk disalin ke server lain / only make the new key
    #[arg(long)]
    pub prepare: bool,
    /// The server's settings.
    #[command(flatten)]
    pub flags: Flags,
}

/// Giving a member, a group or the LKM a new key.
#[derive(Args, Clone, Debug)]
pub struct Turn {
    /// Kelompok, atau `lkm` / the group, or `lkm`
    pub entity: String,
    /// Anggotanya; tanpa itu kunci kelompok atau LKM sendiri / its member, if it is about one
    pub member: Option<String>,
    /// Musnahkan kunci lama seketika; hanya bila tidak ada server berjalan / destroy the old key now
    #[arg(long = "seketika", alias = "at-once")]
    pub at_once: bool,
    /// The server's settings.
    #[command(flatten)]
    pub flags: Flags,
}

/// Why no backup was made, or no key was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The books are in PostgreSQL.
    #[error("with PostgreSQL use pg_dump, as deploy/backup does")]
    Postgres,
    /// There is no database.
    #[error("there is no database {0}")]
    NoDatabase(PathBuf),
    /// Books and keys would lie in one place.
    #[error("{0} is no place for this: {1} is there, and books and keys are kept apart")]
    Beside(PathBuf, PathBuf),
    /// The folder cannot be made or looked at.
    #[error("{0}: {1}")]
    Folder(PathBuf, std::io::Error),
    /// The copy failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The keys cannot be opened.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// There is nobody of that name, or nothing is kept of them that a key could open.
    #[error("there is no key of {0}")]
    NoKey(String),
    /// The files cannot be reached.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A key cannot be wrapped anew, or text not be sealed anew.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a folder of books has in it, and what one of keys.
const BOOKS: [&str; 1] = ["simpul.db"];
const KEYS: [&str; 2] = ["keys.db", "master.key"];

/// Copies books and users, without any key.
///
/// Errors: every [`BackupError`] but those of keys.
pub async fn books(config: &Config, to: &Path) -> Result<(), BackupError> {
    let to = place(config, to, &KEYS)?;
    copy(&config.sqlite(), &to).await?;
    if config.users().exists() {
        copy(&config.users(), &to).await?;
    }
    Ok(())
}

/// Copies the wrapped keys of personal text, without any book and without the master key.
///
/// Errors: every [`BackupError`] but those of wrapping.
pub async fn keys(config: &Config, to: &Path) -> Result<(), BackupError> {
    let to = place(config, to, &BOOKS)?;
    copy(&config.keys(), &to).await
}

async fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.exists() {
        return Err(BackupError::NoDatabase(from.to_owned()));
    }
    let name = from.file_name().unwrap_or_default();
    backup::copy(from, &to.join(name)).await?;
    say(format_args!("{}", to.join(name).display()));
    Ok(())
}

/// The folder of a backup, made if need be: not that of the data, nor within it or around it, nor
/// one where these others lie, in it, beside it or around it.
fn place(config: &Config, to: &Path, others: &[&str]) -> Result<PathBuf, BackupError> {
    if config.database.is_some() {
        return Err(BackupError::Postgres);
    }
    let failed = |error| BackupError::Folder(to.to_owned(), error);
    let data = config.data_dir.canonicalize();
    let data = data.map_err(|error| BackupError::Folder(config.data_dir.clone(), error))?;
    std::fs::create_dir_all(to).map_err(failed)?;
    let to = to.canonicalize().map_err(failed)?;
    if to.starts_with(&data) || data.starts_with(&to) {
        return Err(BackupError::Beside(to, data));
    }
    let above = to.ancestors().map(Path::to_owned);
    let below = std::fs::read_dir(&to).map_err(failed)?.flatten().map(|found| found.path());
    let found =
        above.chain(below).flat_map(|folder| others.iter().map(move |one| folder.join(one)));
    match found.into_iter().find(|path| path.exists()) {
        Some(other) => Err(BackupError::Beside(to, other)),
        None => Ok(to),
    }
}

/// Turns to a new master key, while servers run. Run again after a crash, it goes on.
///
/// Errors: `Node`, `Vault`.
pub async fn rotate(config: &Config, only_prepare: bool) -> Result<(), BackupError> {
    let rotation = Rotation::of(&config.master_key);
    rotation.prepare()?;
    if only_prepare {
        return Ok(());
    }
    let vault = Vault::open_with_file(&config.master_key, open_keys(config).await?).await?;
    let mut rewrapped = 0;
    loop {
        match vault.rewrap_all().await? {
            0 => break,
            some => rewrapped += some,
        }
    }
    let retired = rotation.finish()?;
    say(format_args!("{rewrapped} keys, {}", retired.display()));
    Ok(())
}

/// Gives a member, a group or the LKM a new key, while servers run. Run again after a crash, it goes
/// on.
///
/// Errors: `NoKey`, `Node`, `Vault`, `Files`.
pub async fn turn(config: &Config, book: &str, asked: &Turn) -> Result<(), BackupError> {
    let member = asked.member.as_ref().map(|member| format!(" {member}")).unwrap_or_default();
    let none = || BackupError::NoKey(format!("{}{member} in {book}", asked.entity));
    let id = Id::new(book).ok_or_else(none)?;
    let entity = Entity::new(&asked.entity).ok_or_else(none)?;
    let owner = match &asked.member {
        Some(member) => {
            let member = Id::new(member).ok_or_else(none)?;
            RowName::of(&entity, "members", member.as_str()).to_string()
        }
        None => entity.path(),
    };
    let vault = Vault::open_with_file(&config.master_key, open_keys(config).await?).await?;
    let all = all_sealed(config, &vault).await?;
    let turned = vault.turn(&all, (&id, &owner), asked.at_once).await?;
    let resealed = turned.ok_or_else(none)?;
    say(format_args!("{resealed} texts and parts of files"));
    Ok(())
}

/// All that a server of these settings, or one before it, has sealed.
async fn all_sealed(config: &Config, vault: &Vault) -> Result<AllSealed, BackupError> {
    let Store { reader, sides, .. } = Store::open(config).await?;
    let files = Files::open(&config.attachments, vault.clone())?;
    let mut beside: Vec<Arc<dyn Sealed>> = vec![Arc::new(files)];
    if config.database.is_some() || config.users().exists() {
        beside.push(Arc::new(open_access(config).await?));
    }
    Ok(AllSealed { reader, sides, beside })
}
