//! Keys in a SQLite file of their own, readable by its owner only. Deleted keys are overwritten.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::{KeyStore, StorageError, Wrapped, failed, only};
use crate::storage::codec::{STATEMENT_LOG, statements};

/// `sweep_after` is in seconds since 1970.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS wrapped_key ( \
        book TEXT NOT NULL, owner TEXT NOT NULL, wrapped BLOB NOT NULL, \
        sweep_after INTEGER NOT NULL, PRIMARY KEY (book, owner)) STRICT, WITHOUT ROWID; \
    CREATE INDEX IF NOT EXISTS wrapped_key_due ON wrapped_key (sweep_after)";

statements! {
    INSERT = "INSERT INTO wrapped_key (book, owner, wrapped, sweep_after) \
        VALUES ($1, $2, $3, unixepoch() + 86400) ON CONFLICT DO NOTHING RETURNING wrapped";
    GET = "SELECT owner, wrapped FROM wrapped_key \
        WHERE book = $1 AND owner IN (SELECT value FROM json_each($2))";
    PAGE = "SELECT book, owner, wrapped FROM wrapped_key \
        WHERE (book, owner) > ($1, $2) ORDER BY book, owner LIMIT $3";
    REWRAP = "UPDATE wrapped_key SET wrapped = $4 \
        WHERE book = $1 AND owner = $2 AND wrapped = $3";
    DELETE = "DELETE FROM wrapped_key WHERE book = $1 AND owner = $2";
    RENEW = "UPDATE wrapped_key SET sweep_after = unixepoch() + 86400 \
        WHERE book = $1 AND owner IN (SELECT value FROM json_each($2)) \
          AND sweep_after < unixepoch() + 43200";
    DUE = "SELECT book, owner FROM wrapped_key WHERE sweep_after < unixepoch() \
        ORDER BY sweep_after LIMIT $1";
    KEEP = "UPDATE wrapped_key SET sweep_after = 9223372036854775807 \
        WHERE book = $1 AND owner = $2";
    SWEEP = "DELETE FROM wrapped_key WHERE book = $1 AND owner = $2 \
        AND sweep_after < unixepoch()";
    // Moves deletions into the file and empties the log, where the key would live on.
    CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)";
}

/// How long a writer waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Keys in a SQLite file.
pub struct SqliteKeys(SqlitePool);

impl SqliteKeys {
    /// Opens the file and makes it, its folder and its table if need be.
    ///
    /// Errors: `Failed` when the file cannot be made or is no such database.
    pub async fn open(path: &Path) -> Result<SqliteKeys, StorageError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        }
        let mut file = tokio::fs::OpenOptions::new();
        file.create(true).append(true).mode(0o600).open(path).await.map_err(failed)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .busy_timeout(BUSY_TIMEOUT)
            .log_statements(STATEMENT_LOG);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.map_err(failed)?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await.map_err(failed)?;
        Ok(SqliteKeys(pool))
    }

    async fn delete_by(&self, sql: &'static str, book: &str, owner: &str) -> Deleted {
        let delete = sqlx::query(sql).bind(book).bind(owner);
        let deleted = delete.execute(&self.0).await.map_err(failed)?.rows_affected() > 0;
        sqlx::query(CHECKPOINT).execute(&self.0).await.map_err(failed)?;
        Ok(deleted)
    }
}

type Deleted = Result<bool, StorageError>;

fn json(owners: &[&str]) -> Result<String, StorageError> {
    serde_json::to_string(owners).map_err(failed)
}

#[async_trait]
impl KeyStore for SqliteKeys {
    async fn insert_if_absent(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let insert = sqlx::query_as(INSERT).bind(book).bind(owner).bind(wrapped);
        let kept: Option<(Vec<u8>,)> = insert.fetch_optional(&self.0).await.map_err(failed)?;
        match kept {
            Some((kept,)) => Ok(kept),
            None => only(self.get_many(book, &[owner]).await?),
        }
    }

    async fn get_many(
        &self,
        book: &str,
        owners: &[&str],
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let get = sqlx::query_as(GET).bind(book).bind(json(owners)?);
        get.fetch_all(&self.0).await.map_err(failed)
    }

    async fn page(&self, after: (&str, &str), limit: u32) -> Result<Vec<Wrapped>, StorageError> {
        let page = sqlx::query_as(PAGE).bind(after.0).bind(after.1).bind(i64::from(limit));
        page.fetch_all(&self.0).await.map_err(failed)
    }

    async fn rewrap(&self, seen: &Wrapped, wrapped: &[u8]) -> Result<bool, StorageError> {
        let rewrap = sqlx::query(REWRAP).bind(&seen.0).bind(&seen.1).bind(&seen.2).bind(wrapped);
        Ok(rewrap.execute(&self.0).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        self.delete_by(DELETE, book, owner).await
    }

    async fn renew(&self, book: &str, owners: &[&str]) -> Result<(), StorageError> {
        let renew = sqlx::query(RENEW).bind(book).bind(json(owners)?);
        renew.execute(&self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn due(&self, limit: u32) -> Result<Vec<(String, String)>, StorageError> {
        sqlx::query_as(DUE).bind(limit).fetch_all(&self.0).await.map_err(failed)
    }

    async fn keep(&self, book: &str, owner: &str) -> Result<(), StorageError> {
        let keep = sqlx::query(KEEP).bind(book).bind(owner);
        keep.execute(&self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn sweep(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        self.delete_by(SWEEP, book, owner).await
    }
}
