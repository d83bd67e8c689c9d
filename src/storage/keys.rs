//! Where the keys of personal text live: apart from the journal, so that a backup of the journal
//! holds no key and a destroyed key is gone.
//!
//! **Invariants**: an owner has at most one key; a key once kept is never overwritten, only
//! deleted; keys are stored wrapped by a master key that no database knows. Stores answer only
//! once a change is durable. Nothing is cached, so that a deletion holds for every server at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::StorageError;
use super::codec::STATEMENT_LOG;

/// A store of wrapped keys by book and owner. Both are plain text to it.
#[async_trait]
pub trait KeyStore: Send + Sync + 'static {
    /// Keeps a wrapped key unless the owner has one already, and answers the one kept.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn insert_if_absent(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StorageError>;

    /// The wrapped keys of those owners that have one, in no order.
    ///
    /// Errors: `Failed`.
    async fn get_many(
        &self,
        book: &str,
        owners: &[&str],
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError>;

    /// Destroys an owner's key, and says whether there was one.
    ///
    /// Errors: `Failed`; the same call may be tried again.
    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError>;
}

/// Keys in memory, for tests.
#[derive(Default)]
pub struct MemoryKeys(Mutex<BTreeMap<(String, String), Vec<u8>>>);

impl MemoryKeys {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<(String, String), Vec<u8>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl KeyStore for MemoryKeys {
    async fn insert_if_absent(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let name = (book.to_owned(), owner.to_owned());
        Ok(self.with(|keys| keys.entry(name).or_insert_with(|| wrapped.to_vec()).clone()))
    }

    async fn get_many(
        &self,
        book: &str,
        owners: &[&str],
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let key = |keys: &BTreeMap<(String, String), Vec<u8>>, owner: &str| {
            let wrapped = keys.get(&(book.to_owned(), owner.to_owned()))?;
            Some((owner.to_owned(), wrapped.clone()))
        };
        Ok(self.with(|keys| owners.iter().filter_map(|owner| key(keys, owner)).collect()))
    }

    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        let name = (book.to_owned(), owner.to_owned());
        Ok(self.with(|keys| keys.remove(&name).is_some()))
    }
}

const SQLITE_TABLE: &str = "CREATE TABLE IF NOT EXISTS wrapped_key ( \
    book TEXT NOT NULL, owner TEXT NOT NULL, wrapped BLOB NOT NULL, \
    PRIMARY KEY (book, owner)) STRICT, WITHOUT ROWID";
const SQLITE_INSERT: &str = "INSERT INTO wrapped_key (book, owner, wrapped) VALUES ($1, $2, $3) \
    ON CONFLICT DO NOTHING RETURNING wrapped";
const SQLITE_GET: &str = "SELECT owner, wrapped FROM wrapped_key \
    WHERE book = $1 AND owner IN (SELECT value FROM json_each($2))";
const SQLITE_DELETE: &str = "DELETE FROM wrapped_key WHERE book = $1 AND owner = $2";
/// Moves the deletion into the file and empties the log, where the key would live on.
const SQLITE_CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// How long a writer waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Keys in a SQLite file of their own, readable by its owner only. Deleted keys are overwritten.
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
        sqlx::query(SQLITE_TABLE).execute(&pool).await.map_err(failed)?;
        Ok(SqliteKeys(pool))
    }
}

#[async_trait]
impl KeyStore for SqliteKeys {
    async fn insert_if_absent(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let insert = sqlx::query_as(SQLITE_INSERT).bind(book).bind(owner).bind(wrapped);
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
        let owners = serde_json::to_string(owners).map_err(failed)?;
        let get = sqlx::query_as(SQLITE_GET).bind(book).bind(owners);
        get.fetch_all(&self.0).await.map_err(failed)
    }

    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        let delete = sqlx::query(SQLITE_DELETE).bind(book).bind(owner);
        let deleted = delete.execute(&self.0).await.map_err(failed)?.rows_affected() > 0;
        sqlx::query(SQLITE_CHECKPOINT).execute(&self.0).await.map_err(failed)?;
        Ok(deleted)
    }
}

const POSTGRES_FIND: &str = "SELECT to_regclass('simpul_keys.wrapped_key') IS NOT NULL";
/// The lock keeps two servers that start together from making the schema twice.
const POSTGRES_TABLE: &str = "SELECT pg_advisory_xact_lock(7310034721); \
    CREATE SCHEMA IF NOT EXISTS simpul_keys; \
    CREATE TABLE IF NOT EXISTS simpul_keys.wrapped_key ( \
        book TEXT COLLATE \"C\" NOT NULL, owner TEXT COLLATE \"C\" NOT NULL, \
        wrapped BYTEA NOT NULL, PRIMARY KEY (book, owner))";
const POSTGRES_INSERT: &str = "INSERT INTO simpul_keys.wrapped_key (book, owner, wrapped) \
    VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING wrapped";
const POSTGRES_GET: &str = "SELECT owner, wrapped FROM simpul_keys.wrapped_key \
    WHERE book = $1 AND owner = ANY($2)";
const POSTGRES_DELETE: &str = "DELETE FROM simpul_keys.wrapped_key WHERE book = $1 AND owner = $2";

/// Keys in the schema `simpul_keys` of a PostgreSQL database, which ordinary dumps leave out with
/// `pg_dump --exclude-schema=simpul_keys`.
pub struct PostgresKeys(PgPool);

impl PostgresKeys {
    /// Makes the schema and its table if need be, as the role that shall own them.
    /// `service_role`, an existing role, gets what the server needs and no more: it reads,
    /// inserts and deletes, and overwrites nothing.
    ///
    /// Errors: `Failed` when connecting, making or granting fails.
    pub async fn prepare(url: &str, service_role: Option<&str>) -> Result<(), StorageError> {
        let mut connection = PgConnection::connect(url).await.map_err(failed)?;
        make_table(&mut connection).await?;
        if let Some(role) = service_role {
            let role = format!("\"{}\"", role.replace('"', "\"\""));
            let grants = format!(
                "GRANT USAGE ON SCHEMA simpul_keys TO {role};
                 GRANT SELECT, INSERT, DELETE ON simpul_keys.wrapped_key TO {role};"
            );
            let grants = sqlx::raw_sql(AssertSqlSafe(grants));
            grants.execute(&mut connection).await.map_err(failed)?;
        }
        connection.close().await.map_err(failed)
    }

    /// Connects, and makes the table where there is none and the role may.
    ///
    /// Errors: `Failed` when the database cannot be reached or the table cannot be made.
    pub async fn connect(url: &str) -> Result<PostgresKeys, StorageError> {
        let options =
            PgConnectOptions::from_str(url).map_err(failed)?.log_statements(STATEMENT_LOG);
        let pool = PgPoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.map_err(failed)?;
        make_table(&mut *pool.acquire().await.map_err(failed)?).await?;
        Ok(PostgresKeys(pool))
    }
}

async fn make_table(connection: &mut PgConnection) -> Result<(), StorageError> {
    let find = sqlx::query_as(POSTGRES_FIND).fetch_one(&mut *connection);
    let (found,): (bool,) = find.await.map_err(failed)?;
    if !found {
        // Several statements in one message are one transaction.
        sqlx::raw_sql(POSTGRES_TABLE).execute(connection).await.map_err(failed)?;
    }
    Ok(())
}

#[async_trait]
impl KeyStore for PostgresKeys {
    async fn insert_if_absent(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let insert = sqlx::query_as(POSTGRES_INSERT).bind(book).bind(owner).bind(wrapped);
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
        let get = sqlx::query_as(POSTGRES_GET).bind(book).bind(owners);
        get.fetch_all(&self.0).await.map_err(failed)
    }

    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        let delete = sqlx::query(POSTGRES_DELETE).bind(book).bind(owner);
        Ok(delete.execute(&self.0).await.map_err(failed)?.rows_affected() > 0)
    }
}

/// The one key of one owner, who had one a moment ago.
fn only(mut keys: Vec<(String, Vec<u8>)>) -> Result<Vec<u8>, StorageError> {
    let kept = keys.pop().map(|(_, wrapped)| wrapped);
    kept.ok_or_else(|| failed("the key was erased meanwhile"))
}

fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError::Failed(error.to_string())
}
