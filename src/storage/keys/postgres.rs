//! Keys in the schema `simpul_keys` of a PostgreSQL database, which ordinary dumps leave out with
//! `pg_dump --exclude-schema=simpul_keys`.

use std::str::FromStr;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::{KeyStore, StorageError, Wrapped, failed, flat, flat_page, present};
use crate::storage::codec::{STATEMENT_LOG, statements};

/// `sweep_after` and `former_until` are in seconds since 1970. The lock keeps two servers that start
/// together from making the schema twice. The guard compares the ids that keys begin with.
const SCHEMA: &str = "SELECT pg_advisory_xact_lock(7310034721); \
    CREATE SCHEMA IF NOT EXISTS simpul_keys; \
    CREATE TABLE IF NOT EXISTS simpul_keys.wrapped_key ( \
        book TEXT COLLATE \"C\" NOT NULL, owner TEXT COLLATE \"C\" NOT NULL, \
        wrapped BYTEA NOT NULL, sweep_after BIGINT NOT NULL, \
        former BYTEA, former_until BIGINT, PRIMARY KEY (book, owner)); \
    CREATE INDEX IF NOT EXISTS wrapped_key_due ON simpul_keys.wrapped_key (sweep_after); \
    CREATE INDEX IF NOT EXISTS wrapped_key_turned ON simpul_keys.wrapped_key (former_until) \
        WHERE former IS NOT NULL; \
    CREATE OR REPLACE FUNCTION simpul_keys.check_key() RETURNS trigger \
    LANGUAGE plpgsql SET search_path = simpul_keys, pg_temp AS $$ \
    BEGIN \
        IF NEW.book = OLD.book AND NEW.owner = OLD.owner AND ( \
            substr(NEW.wrapped, 1, 8) = substr(OLD.wrapped, 1, 8) \
                AND (NEW.former IS NULL OR OLD.former IS NOT NULL \
                     AND substr(NEW.former, 1, 8) = substr(OLD.former, 1, 8)) \
            OR OLD.former IS NULL AND NEW.former IS NOT DISTINCT FROM OLD.wrapped \
                AND substr(NEW.wrapped, 1, 8) <> substr(OLD.wrapped, 1, 8)) \
        THEN RETURN NEW; END IF; \
        RAISE EXCEPTION 'a key is wrapped anew or gives way to the next, and nothing else' \
            USING ERRCODE = 'integrity_constraint_violation'; \
    END $$; \
    CREATE OR REPLACE TRIGGER wrapped_key_checked BEFORE UPDATE ON simpul_keys.wrapped_key \
        FOR EACH ROW EXECUTE FUNCTION simpul_keys.check_key()";

statements! {
    FIND = "SELECT to_regclass('simpul_keys.wrapped_key') IS NOT NULL";
    INSERT = "INSERT INTO simpul_keys.wrapped_key (book, owner, wrapped, sweep_after) \
        VALUES ($1, $2, $3, extract(epoch FROM now())::bigint + 86400) \
        ON CONFLICT DO NOTHING RETURNING wrapped";
    GET = "SELECT owner, wrapped, former FROM simpul_keys.wrapped_key \
        WHERE book = $1 AND owner = ANY($2)";
    PAGE = "SELECT book, owner, wrapped, former FROM simpul_keys.wrapped_key \
        WHERE (book, owner) > ($1, $2) ORDER BY book, owner LIMIT $3";
    REWRAP = "UPDATE simpul_keys.wrapped_key \
        SET wrapped = CASE WHEN wrapped = $3 THEN $4 ELSE wrapped END, \
            former = CASE WHEN former = $3 THEN $4 ELSE former END \
        WHERE book = $1 AND owner = $2 AND (wrapped = $3 OR former = $3)";
    TURN = "UPDATE simpul_keys.wrapped_key SET wrapped = $4, former = wrapped, \
            former_until = extract(epoch FROM now())::bigint + 86400 \
        WHERE book = $1 AND owner = $2 AND wrapped = $3 AND former IS NULL";
    TURNED = "SELECT book, owner FROM simpul_keys.wrapped_key \
        WHERE former IS NOT NULL AND former_until < extract(epoch FROM now())::bigint \
        ORDER BY former_until LIMIT $1";
    POSTPONE = "UPDATE simpul_keys.wrapped_key \
        SET former_until = extract(epoch FROM now())::bigint + 86400 \
        WHERE book = $1 AND owner = $2 AND former IS NOT NULL";
    RETIRE = "UPDATE simpul_keys.wrapped_key SET former = NULL, former_until = NULL \
        WHERE book = $1 AND owner = $2 AND former = $3";
    DELETE = "DELETE FROM simpul_keys.wrapped_key WHERE book = $1 AND owner = $2";
    RENEW = "UPDATE simpul_keys.wrapped_key \
        SET sweep_after = extract(epoch FROM now())::bigint + 86400 \
        WHERE book = $1 AND owner = ANY($2) \
          AND sweep_after < extract(epoch FROM now())::bigint + 43200";
    DUE = "SELECT book, owner FROM simpul_keys.wrapped_key \
        WHERE sweep_after < extract(epoch FROM now())::bigint ORDER BY sweep_after LIMIT $1";
    KEEP = "UPDATE simpul_keys.wrapped_key SET sweep_after = 9223372036854775807 \
        WHERE book = $1 AND owner = $2";
    SWEEP = "DELETE FROM simpul_keys.wrapped_key WHERE book = $1 AND owner = $2 \
        AND sweep_after < extract(epoch FROM now())::bigint";
}

/// Keys in a PostgreSQL schema.
pub struct PostgresKeys(PgPool);

impl PostgresKeys {
    /// Makes the schema and its table if need be, as the role that shall own them.
    /// `service_role`, an existing role, gets what the server needs and no more: it reads,
    /// inserts and deletes, wraps keys anew, lets new ones take over, and says after which time one
    /// may be swept.
    ///
    /// Errors: `Failed` when connecting, making or granting fails.
    pub async fn prepare(url: &str, service_role: Option<&str>) -> Result<(), StorageError> {
        let mut connection = PgConnection::connect(url).await.map_err(failed)?;
        make_table(&mut connection).await?;
        if let Some(role) = service_role {
            let role = format!("\"{}\"", role.replace('"', "\"\""));
            let grants = format!(
                "GRANT USAGE ON SCHEMA simpul_keys TO {role};
                 GRANT SELECT, INSERT, DELETE, UPDATE (wrapped, sweep_after, former, former_until)
                     ON simpul_keys.wrapped_key TO {role};"
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
        let options = PgConnectOptions::from_str(url).map_err(failed)?;
        let options = options.log_statements(STATEMENT_LOG);
        let pool = PgPoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.map_err(failed)?;
        make_table(&mut *pool.acquire().await.map_err(failed)?).await?;
        Ok(PostgresKeys(pool))
    }
}

async fn make_table(connection: &mut PgConnection) -> Result<(), StorageError> {
    let find = sqlx::query_as(FIND).fetch_one(&mut *connection);
    let (found,): (bool,) = find.await.map_err(failed)?;
    if !found {
        // Several statements in one message are one transaction.
        sqlx::raw_sql(SCHEMA).execute(connection).await.map_err(failed)?;
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
        let get = sqlx::query_as(GET).bind(book).bind(owners);
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
        let retire = sqlx::query(RETIRE).bind(&seen.0).bind(&seen.1).bind(&seen.2);
        Ok(retire.execute(&self.0).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        let delete = sqlx::query(DELETE).bind(book).bind(owner);
        Ok(delete.execute(&self.0).await.map_err(failed)?.rows_affected() > 0)
    }

    async fn renew(&self, book: &str, owners: &[&str]) -> Result<(), StorageError> {
        let renew = sqlx::query(RENEW).bind(book).bind(owners);
        renew.execute(&self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn due(&self, limit: u32) -> Result<Vec<(String, String)>, StorageError> {
        let due = sqlx::query_as(DUE).bind(i64::from(limit));
        due.fetch_all(&self.0).await.map_err(failed)
    }

    async fn keep(&self, book: &str, owner: &str) -> Result<(), StorageError> {
        let keep = sqlx::query(KEEP).bind(book).bind(owner);
        keep.execute(&self.0).await.map_err(failed)?;
        Ok(())
    }

    async fn sweep(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        let sweep = sqlx::query(SWEEP).bind(book).bind(owner);
        Ok(sweep.execute(&self.0).await.map_err(failed)?.rows_affected() > 0)
    }
}
