//! Keys in a SQLite file of their own, readable by its owner only. Deleted keys are overwritten.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::{KeyStore, StorageError, Wrapped, failed, flat, flat_page, present};
use crate::storage::codec::{STATEMENT_LOG, statements};

/// `sweep_after` and `former_until` are in seconds since 1970. The guards compare the ids that keys
/// begin with; a row that is there already is not replaced either.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS wrapped_key ( \
        book TEXT NOT NULL, owner TEXT NOT NULL, wrapped BLOB NOT NULL, \
        sweep_after INTEGER NOT NULL, former BLOB, former_until INTEGER, \
        PRIMARY KEY (book, owner)) STRICT, WITHOUT ROWID; \
    CREATE INDEX IF NOT EXISTS wrapped_key_due ON wrapped_key (sweep_after); \
    CREATE INDEX IF NOT EXISTS wrapped_key_turned ON wrapped_key (former_until) \
        WHERE former IS NOT NULL; \
    CREATE TRIGGER IF NOT EXISTS wrapped_key_checked BEFORE UPDATE ON wrapped_key \
    WHEN NOT (NEW.book = OLD.book AND NEW.owner = OLD.owner AND ( \
        substr(NEW.wrapped, 1, 8) = substr(OLD.wrapped, 1, 8) \
            AND (NEW.former IS NULL OR OLD.former IS NOT NULL \
                 AND substr(NEW.former, 1, 8) = substr(OLD.former, 1, 8)) \
        OR OLD.former IS NULL AND NEW.former IS OLD.wrapped \
            AND substr(NEW.wrapped, 1, 8) <> substr(OLD.wrapped, 1, 8))) \
    BEGIN \
        SELECT RAISE(ABORT, 'a key is wrapped anew or gives way to the next, and nothing else'); \
    END; \
    CREATE TRIGGER IF NOT EXISTS wrapped_key_new BEFORE INSERT ON wrapped_key \
    WHEN EXISTS (SELECT 1 FROM wrapped_key WHERE book = NEW.book AND owner = NEW.owner) \
    BEGIN SELECT RAISE(IGNORE); END";

statements! {
    INSERT = "INSERT INTO wrapped_key (book, owner, wrapped, sweep_after) \
        VALUES ($1, $2, $3, unixepoch() + 86400) ON CONFLICT DO NOTHING RETURNING wrapped";
    GET = "SELECT owner, wrapped, former FROM wrapped_key \
        WHERE book = $1 AND owner IN (SELECT value FROM json_each($2))";
    PAGE = "SELECT book, owner, wrapped, former FROM wrapped_key \
        WHERE (book, owner) > ($1, $2) ORDER BY book, owner LIMIT $3";
    REWRAP = "UPDATE wrapped_key \
        SET wrapped = CASE WHEN wrapped = $3 THEN $4 ELSE wrapped END, \
            former = CASE WHEN former = $3 THEN $4 ELSE former END \
        WHERE book = $1 AND owner = $2 AND (wrapped = $3 OR former = $3)";
    TURN = "UPDATE wrapped_key SET wrapped = $4, former = wrapped, \
            former_until = unixepoch() + 86400 \
        WHERE book = $1 AND owner = $2 AND wrapped = $3 AND former IS NULL";
    TURNED = "SELECT book, owner FROM wrapped_key \
        WHERE former IS NOT NULL AND former_until < unixepoch() \
        ORDER BY former_until LIMIT $1";
    POSTPONE = "UPDATE wrapped_key SET former_until = unixepoch() + 86400 \
        WHERE book = $1 AND owner = $2 AND former IS NOT NULL";
    RETIRE = "UPDATE wrapped_key SET former = NULL, former_until = NULL \
        WHERE book = $1 AND owner = $2 AND former = $3";
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
        self.destroy(sqlx::query(sql).bind(book).bind(owner)).await
    }

    async fn destroy(&self, keys: Query<'_>) -> Deleted {
        let deleted = keys.execute(&self.0).await.map_err(failed)?.rows_affected() > 0;
        sqlx::query(CHECKPOINT).execute(&self.0).await.map_err(failed)?;
        Ok(deleted)
    }
}

type Deleted = Result<bool, StorageError>;

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

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
            None => present(self.get_many(book, &[owner]).await?),
        }
    }

    async fn get_many(
        &self,
        book: &str,
        owners: &[&str],
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let get = sqlx::query_as(GET).bind(book).bind(json(owners)?);
        Ok(flat(get.fetch_all(&self.0).await.map_err(failed)?))
    }

    async fn page(&self, after: (&str, &str), limit: u32) -> Result<Vec<Wrapped>, StorageError> {
        let page = sqlx::query_as(PAGE).bind(after.0).bind(after.1).bind(i64::from(limit));
        Ok(flat_page(page.fetch_all(&self.0).await.map_err(failed)?))
    }

    async fn rewrap(&self, seen: &Wrapped, wrapped: &[u8]) -> Result<bool, StorageError> {
        let rewrap = sqlx::query(REWRAP).bind(&seen.0).bind(&seen.1).bind(&seen.2).bind(wrapped);
        Ok(rewrap.execute(&self.0).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn turn(&self, seen: &Wrapped, next: &[u8]) -> Result<bool, StorageError> {
        let turn = sqlx::query(TURN).bind(&seen.0).bind(&seen.1).bind(&seen.2).bind(next);
        Ok(turn.execute(&self.0).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn turned(&self, limit: u32) -> Result<Vec<(String, String)>, StorageError> {
        let turned = sqlx::query_as(TURNED).bind(i64::from(limit));
        turned.fetch_all(&self.0).await.map_err(failed)
    }

    async fn postpone(&self, book: &str, owner: &str) -> Result<(), StorageError> {
        let postpone = sqlx::query(POSTPONE).bind(book).bind(owner);
        postpone.execute(&self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn retire(&self, seen: &Wrapped) -> Result<bool, StorageError> {
        self.destroy(sqlx::query(RETIRE).bind(&seen.0).bind(&seen.1).bind(&seen.2)).await
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
