//! `simpul export`: a book's journal for hledger or Beancount, on standard output.
//!
//! **Invariant**: memory does not grow with the book: accounts and records are read a page at a
//! time in one snapshot, and written as they are read.

use std::io::{self, Write};

use clap::{Args, ValueEnum};

use crate::cli::node::{NodeError, Store};
use crate::config::{Config, Flags};
use crate::domain::account::Account;
use crate::domain::id::Id;
use crate::domain::record::{self, CodecError};
use crate::report::plaintext::{self, Format};
use crate::storage::StorageError;
use crate::storage::read::{AsOf, Snapshot};

/// How many accounts or records are in memory at a time.
const PAGE: u32 = 500;

/// `simpul export`; the book is the one of `--book`.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// Bentuk / whose form
    #[arg(long)]
    pub format: Form,
    /// Where the database is
    #[command(flatten)]
    pub flags: Flags,
}

/// The forms of a journal.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Form {
    /// hledger.
    Hledger,
    /// Beancount.
    Beancount,
}

impl From<Form> for Format {
    fn from(form: Form) -> Format {
        match form {
            Form::Hledger => Format::Hledger,
            Form::Beancount => Format::Beancount,
        }
    }
}

/// Why a journal could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database cannot be opened.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no database.
    #[error("there is no database {0}")]
    NoDatabase(std::path::PathBuf),
    /// There is no such book.
    #[error("there is no book {0}")]
    NoBook(String),
    /// A record does not decode.
    #[error("record {0} cannot be read: {1}")]
    Record(u64, CodecError),
    /// What was exported cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

/// Writes a book's whole journal.
///
/// Errors: every [`ExportError`]. What was written before an error is not the whole journal.
pub async fn export(
    config: &Config,
    book: &str,
    format: Format,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let path = config.sqlite();
    if config.database.is_none() && !path.exists() {
        return Err(ExportError::NoDatabase(path));
    }
    let no_book = || ExportError::NoBook(book.to_owned());
    let book = Id::new(book).ok_or_else(no_book)?;
    let store = Store::open(config).await?;
    let mut snapshot = store.reader.snapshot(&book).await?;
    let size = snapshot.head().size;
    if size == 0 {
        return Err(no_book());
    }
    out.write_all(plaintext::preamble(format, &book, size).as_bytes())?;
    declare(&mut snapshot, format, out).await?;
    tell(&mut snapshot, format, out).await?;
    out.flush()?;
    snapshot.finish().await?;
    Ok(())
}

/// Declares every account of the book.
async fn declare(
    snapshot: &mut Snapshot,
    format: Format,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let mut last: Option<Account> = None;
    loop {
        let page = snapshot.accounts("", last.as_ref(), PAGE, AsOf::default()).await?;
        for (account, _) in &page {
            out.write_all(plaintext::declaration(format, account).as_bytes())?;
        }
        match page.into_iter().next_back() {
            Some((account, _)) => last = Some(account),
            None => break,
        }
    }
    out.write_all(b"\n")?;
    Ok(())
}

/// Writes the transactions of every record in order.
async fn tell(
    snapshot: &mut Snapshot,
    format: Format,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let mut next = 1;
    loop {
        let page = snapshot.stored_records(next, PAGE).await?;
        for stored in &page {
            let failed = |error| ExportError::Record(stored.position, error);
            let record = record::decode(&stored.bytes).map_err(failed)?;
            out.write_all(plaintext::transactions(format, &record).as_bytes())?;
        }
        match page.last() {
            Some(stored) => next = stored.position.saturating_add(1),
            None => return Ok(()),
        }
    }
}
