//! Copies of SQLite databases that are in use.
//!
//! **Invariant**: no copy replaces a file, and none has its name before it is whole.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::StorageError;
use super::codec::{STATEMENT_LOG, failed};
use super::migrate::copy_into;

/// How long to wait for a writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Copies a database as it is at one moment, while others read and write it. The copy holds what is
/// there and nothing that was deleted, is readable by its owner only, and gets its name once it is
/// whole and on disk.
///
/// Errors: `Failed` when the database cannot be read, or there is a file of that name.
pub async fn copy(from: &Path, to: &Path) -> Result<(), StorageError> {
    if to.exists() {
        return Err(failed(format!("{} is there already", to.display())));
    }
    let draft = to.with_extension("part");
    // What an earlier copy left that was not finished.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let options = SqliteConnectOptions::new().filename(from).busy_timeout(BUSY_TIMEOUT);
    let mut connection = options.log_statements(STATEMENT_LOG).connect().await.map_err(failed)?;
    copy_into(&draft, &mut connection).await?;
    connection.close().await.map_err(failed)?;
    keep(&draft, to).map_err(failed)
}

fn keep(draft: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(draft, PermissionsExt::from_mode(0o600))?;
    std::fs::File::open(draft)?.sync_all()?;
    std::fs::rename(draft, to)?;
    match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
