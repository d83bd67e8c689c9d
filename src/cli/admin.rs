//! What an operator does to a database: migrate PostgreSQL, verify journals.
//!
//! **Invariant**: verifying changes no book; whether it found anything is the exit status.

use std::path::PathBuf;

use clap::Args;

use crate::access::{Access, AccessError, Secret};
use crate::chain::note::PublicKey;
use crate::cli::console::say;
use crate::cli::node::{NodeError, Store, open_access};
use crate::config::Config;
use crate::domain::id::Id;
use crate::journal::system_clock;
use crate::signing::SigningError;
use crate::storage::access::AccessStore;
use crate::storage::keys::PostgresKeys;
use crate::storage::{StorageError, migrate as schema};
use crate::verify;

/// `simpul migrate`.
#[derive(Args, Clone, Debug)]
pub struct Migrate {
    /// PostgreSQL URL of the role that owns the tables
    #[arg(long, env = "SIMPUL_DATABASE", hide_env_values = true)]
    pub database: String,
    /// An existing role that gets what the server needs and no more
    #[arg(long)]
    pub service_role: Option<String>,
}

/// Why journals could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database cannot be opened.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What was signed before cannot be read.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// There is no database.
    #[error("there is no database {0}")]
    NoDatabase(PathBuf),
    /// There is no such book.
    #[error("there is no book {0}")]
    NoBook(String),
}

/// Brings a PostgreSQL database to this version's schema.
///
/// Errors: `Schema` for a newer schema, `Failed` when connecting, migrating or granting fails.
pub async fn migrate(options: &Migrate) -> Result<(), StorageError> {
    let role = options.service_role.as_deref();
    schema::postgres(&options.database, role).await?;
    PostgresKeys::prepare(&options.database, role).await?;
    AccessStore::prepare(&options.database, role).await?;
    say(format_args!("schema {}", schema::latest()));
    Ok(())
}

/// Why an administrator was not made.
#[derive(Debug, thiserror::Error)]
pub enum AdministratorError {
    /// Not the id of a user.
    #[error("{0} cannot be the id of a user: 1 to 40 of a-z, 0-9 and '-'")]
    NoUser(String),
    /// The store cannot be opened.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The user cannot be made.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Makes an administrator of the server, and a one-time code for a device of theirs, which is not
/// shown again; for one who is there already, another code.
///
/// Errors: every [`AdministratorError`].
pub async fn make_administrator(config: &Config, user: &str) -> Result<Secret, AdministratorError> {
    let user = Id::new(user).ok_or_else(|| AdministratorError::NoUser(user.to_owned()))?;
    let access = Access::new(open_access(config).await?, system_clock());
    Ok(access.administrator(&user).await?)
}

/// Why a signing key was not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not the id of a book.
    #[error("{0} cannot be the id of a book")]
    NoBook(String),
    /// Its file.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// Makes the signing key of a book if there is none, and returns the public one. Where several
/// servers share a database, all of them need the same file.
///
/// Errors: every [`KeyError`].
pub fn make_signing_key(config: &Config, book: &str) -> Result<PublicKey, KeyError> {
    let book = Id::new(book).ok_or_else(|| KeyError::NoBook(book.to_owned()))?;
    Ok(config.signing().make_key(&book)?)
}

/// Verifies one book or all, prints what differs, and says whether all is sound. A book whose
/// signing key is here has to begin with the last checkpoint that was signed.
///
/// Errors: every [`VerifyError`].
pub async fn verify_all(config: &Config, book: Option<&str>) -> Result<bool, VerifyError> {
    let path = config.sqlite();
    if config.database.is_none() && !path.exists() {
        return Err(VerifyError::NoDatabase(path));
    }
    let store = Store::open(config).await?;
    let mut books = store.journal.books().await?;
    if let Some(name) = book {
        let known = Id::new(name).filter(|id| books.contains(id));
        books = vec![known.ok_or_else(|| VerifyError::NoBook(name.to_owned()))?];
    }
    let mut sound = true;
    for book in books {
        let signed = config.signing().signed(&book)?;
        let dump = store.journal.dump(&book).await?;
        let mut report = verify::verify(&book, &dump);
        report.findings.extend(signed.and_then(|signed| verify::not_continued(&dump, &signed)));
        let (records, entries) = (report.records, report.entries);
        let count = report.findings.len();
        say(format_args!("{book}: {records} records, {entries} entries, {count} differences"));
        for finding in &report.findings {
            say(format_args!("  {finding}"));
        }
        sound &= report.findings.is_empty();
    }
    Ok(sound)
}
