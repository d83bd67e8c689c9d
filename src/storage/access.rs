//! How users prove who they are: users, their devices with hashed tokens, one-time codes, unlocked
//! devices, what they are known by elsewhere, and the access log. Apart from the journal, since all of it is secret, or passing, or
//! both: a SQLite file of its own, or a schema of its own on PostgreSQL.
//!
//! **Invariants**: no secret is stored, only hashes of tokens, codes and PINs, nor a name that others
//! have for a user; a code is taken once, a permit spent once; a device that has ended never comes back; what is known
//! elsewhere is one user's. The databases themselves keep the access log and the spent permits as
//! they are. Nothing is cached, so that an end holds for every
//! server at once. Times are microseconds since 1970.
//!
//! The SQL is written once for both databases, as on the read side: see [`read`](super::read).

use std::path::Path;
use std::sync::{Arc, Mutex};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AnyPool, AssertSqlSafe, ConnectOptions, Connection, Executor, FromRow, PgConnection, Row as _,
    SqliteConnection,
};

use super::StorageError;
use super::codec::{STATEMENT_LOG, failed, statements};

const SCHEMA: &str = "\
    CREATE TABLE IF NOT EXISTS account ( \
        id TEXT NOT NULL PRIMARY KEY, home TEXT NOT NULL, administrator BIGINT NOT NULL); \
    CREATE TABLE IF NOT EXISTS device ( \
        id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, label TEXT NOT NULL, \
        token TEXT NOT NULL UNIQUE, pin TEXT NOT NULL, wrong_pins BIGINT NOT NULL, \
        locked_until BIGINT NOT NULL, enrolled_at BIGINT NOT NULL, revoked_at BIGINT NOT NULL); \
    CREATE INDEX IF NOT EXISTS device_of_account ON device (account, enrolled_at); \
    CREATE TABLE IF NOT EXISTS invitation ( \
        code TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, permit TEXT NOT NULL, \
        expires_at BIGINT NOT NULL); \
    CREATE TABLE IF NOT EXISTS spent (permit TEXT NOT NULL PRIMARY KEY); \
    CREATE TABLE IF NOT EXISTS unlocked ( \
        token TEXT NOT NULL PRIMARY KEY, device TEXT NOT NULL, expires_at BIGINT NOT NULL); \
    CREATE TABLE IF NOT EXISTS identity ( \
        id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, \
        hash TEXT NOT NULL, linked_at BIGINT NOT NULL, UNIQUE (kind, hash)); \
    CREATE INDEX IF NOT EXISTS identity_of_account ON identity (account, linked_at); \
    CREATE TABLE IF NOT EXISTS lookup ( \
        book TEXT NOT NULL, at BIGINT NOT NULL, nonce TEXT NOT NULL, account TEXT NOT NULL, \
        device TEXT NOT NULL, method TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, \
        explanation TEXT NOT NULL, times BIGINT NOT NULL, \
        PRIMARY KEY (book, at, nonce));";

/// What was looked at and what was spent stays: the sentence of a line (its commitment, the id of the
/// key, the rest) may be sealed under another key, and nothing else changes. `INSERT OR REPLACE`
/// deletes without firing delete triggers, so keys that exist are refused.
const SQLITE_GUARDS: &str = "\
    CREATE TRIGGER IF NOT EXISTS lookup_stays BEFORE DELETE ON lookup \
    BEGIN SELECT RAISE(ABORT, 'lookup is append-only'); END; \
    CREATE TRIGGER IF NOT EXISTS lookup_fixed BEFORE UPDATE ON lookup \
    WHEN (NEW.book, NEW.at, NEW.nonce, NEW.account, NEW.device, NEW.method, NEW.name, NEW.reason, \
            NEW.times, length(NEW.explanation), substr(NEW.explanation, 1, 64)) \
        <> (OLD.book, OLD.at, OLD.nonce, OLD.account, OLD.device, OLD.method, OLD.name, OLD.reason, \
            OLD.times, length(OLD.explanation), substr(OLD.explanation, 1, 64)) \
        OR substr(NEW.explanation, 65, 16) = substr(OLD.explanation, 65, 16) \
    BEGIN SELECT RAISE(ABORT, 'lookup is append-only but for the key that seals it'); END; \
    CREATE TRIGGER IF NOT EXISTS lookup_new BEFORE INSERT ON lookup \
    WHEN EXISTS (SELECT 1 FROM lookup \
        WHERE (book, at, nonce) = (NEW.book, NEW.at, NEW.nonce)) \
    BEGIN SELECT RAISE(ABORT, 'lookup is there already'); END; \
    CREATE TRIGGER IF NOT EXISTS spent_stays BEFORE DELETE ON spent \
    BEGIN SELECT RAISE(ABORT, 'spent is append-only'); END; \
    CREATE TRIGGER IF NOT EXISTS spent_fixed BEFORE UPDATE ON spent \
    BEGIN SELECT RAISE(ABORT, 'spent is append-only'); END;";

/// The same guards.
const POSTGRES_GUARDS: &str = "\
    CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger \
    LANGUAGE plpgsql SET search_path = simpul_access, pg_temp AS $$ \
    BEGIN \
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME \
            USING ERRCODE = 'integrity_constraint_violation'; \
    END $$; \
    CREATE OR REPLACE FUNCTION check_lookup() RETURNS trigger \
    LANGUAGE plpgsql SET search_path = simpul_access, pg_temp AS $$ \
    BEGIN \
        IF (NEW.book, NEW.at, NEW.nonce, NEW.account, NEW.device, NEW.method, NEW.name, NEW.reason, \
                NEW.times, length(NEW.explanation), substr(NEW.explanation, 1, 64)) \
            <> (OLD.book, OLD.at, OLD.nonce, OLD.account, OLD.device, OLD.method, OLD.name, \
                OLD.reason, OLD.times, length(OLD.explanation), substr(OLD.explanation, 1, 64)) \
            OR substr(NEW.explanation, 65, 16) = substr(OLD.explanation, 65, 16) \
        THEN \
            RAISE EXCEPTION 'lookup is append-only but for the key that seals it' \
                USING ERRCODE = 'integrity_constraint_violation'; \
        END IF; \
        RETURN NEW; \
    END $$; \
    CREATE OR REPLACE TRIGGER lookup_stays BEFORE DELETE OR TRUNCATE ON lookup \
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(); \
    CREATE OR REPLACE TRIGGER lookup_fixed BEFORE UPDATE ON lookup \
        FOR EACH ROW EXECUTE FUNCTION check_lookup(); \
    CREATE OR REPLACE TRIGGER spent_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON spent \
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();";

/// The lock keeps two servers that start together from making the schema twice.
const POSTGRES_SCHEMA: &str = "SELECT pg_advisory_xact_lock(7310034722); \
    CREATE SCHEMA IF NOT EXISTS simpul_access";

const POSTGRES_FIND: &str = "SELECT to_regclass('simpul_access.spent') IS NOT NULL";

statements! {
    ADD_ACCOUNT = "INSERT INTO account (id, home, administrator) VALUES ($1, $2, $3) \
        ON CONFLICT (id) DO NOTHING";
    ACCOUNT = "SELECT id, home, administrator FROM account WHERE id = $1";
    INVITE = "INSERT INTO invitation (code, account, permit, expires_at) VALUES ($1, $2, $3, $4)";
    INVITED = "SELECT account, permit FROM invitation WHERE code = $1 AND expires_at > $2";
    TAKE_INVITATION = "DELETE FROM invitation WHERE code = $1 AND expires_at > $2";
    SWEEP_INVITATIONS = "DELETE FROM invitation WHERE expires_at <= $1 OR permit = $2";
    SPENT = "SELECT permit FROM spent WHERE permit = $1";
    SPEND = "INSERT INTO spent (permit) VALUES ($1) ON CONFLICT (permit) DO NOTHING";
    ADD_DEVICE = "INSERT INTO device (id, account, label, token, pin, wrong_pins, locked_until, \
            enrolled_at, revoked_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6, 0)";
    DEVICE_BY_TOKEN = "SELECT device.id, device.account, device.label, device.pin, \
            device.wrong_pins, device.locked_until, device.enrolled_at, device.revoked_at, \
            account.home, account.administrator \
        FROM device JOIN account ON account.id = device.account \
        WHERE device.token = $1";
    DEVICE_UNLOCKED = "SELECT device.id, device.account, device.label, device.pin, \
            device.wrong_pins, device.locked_until, device.enrolled_at, device.revoked_at, \
            account.home, account.administrator \
        FROM unlocked JOIN device ON device.id = unlocked.device \
            JOIN account ON account.id = device.account \
        WHERE unlocked.token = $1 AND unlocked.expires_at > $2";
    DEVICE = "SELECT device.id, device.account, device.label, device.pin, \
            device.wrong_pins, device.locked_until, device.enrolled_at, device.revoked_at, \
            account.home, account.administrator \
        FROM device JOIN account ON account.id = device.account \
        WHERE device.id = $1";
    DEVICES = "SELECT device.id, device.account, device.label, device.pin, \
            device.wrong_pins, device.locked_until, device.enrolled_at, device.revoked_at, \
            account.home, account.administrator \
        FROM device JOIN account ON account.id = device.account \
        WHERE device.account = $1 ORDER BY device.enrolled_at, device.id LIMIT 500";
    REVOKE = "UPDATE device SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0";
    // Counted before the PIN is looked at, so that many guesses at once count as many.
    GUESS = "UPDATE device SET wrong_pins = wrong_pins + 1, locked_until = $3 \
        WHERE id = $1 AND wrong_pins = $2 AND revoked_at = 0";
    GUESSED = "UPDATE device SET wrong_pins = 0, locked_until = 0 WHERE id = $1";
    UNLOCK = "INSERT INTO unlocked (token, device, expires_at) VALUES ($1, $2, $3)";
    SWEEP_UNLOCKED = "DELETE FROM unlocked WHERE expires_at <= $1";
    LINK = "INSERT INTO identity (id, account, kind, hash, linked_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, hash) DO NOTHING";
    IDENTITY = "SELECT identity.id, identity.account, identity.kind, identity.hash, \
            identity.linked_at, account.home, account.administrator \
        FROM identity JOIN account ON account.id = identity.account \
        WHERE identity.kind = $1 AND identity.hash = $2";
    IDENTITY_BY_ID = "SELECT identity.id, identity.account, identity.kind, identity.hash, \
            identity.linked_at, account.home, account.administrator \
        FROM identity JOIN account ON account.id = identity.account \
        WHERE identity.id = $1";
    IDENTITIES = "SELECT identity.id, identity.account, identity.kind, identity.hash, \
            identity.linked_at, account.home, account.administrator \
        FROM identity JOIN account ON account.id = identity.account \
        WHERE identity.account = $1 ORDER BY identity.linked_at, identity.id LIMIT 500";
    UNLINK = "DELETE FROM identity WHERE id = $1";
    LOOKED = "INSERT INTO lookup (book, at, nonce, account, device, method, name, reason, \
            explanation, times) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    EXPLAINED_UNDER = "SELECT at, nonce, account, device, method, name, reason, explanation, times \
        FROM lookup WHERE book = $1 AND substr(explanation, 65, 16) = $2 LIMIT $3";
    EXPLAIN = "UPDATE lookup SET explanation = $4 WHERE book = $1 AND at = $2 AND nonce = $3";
    LOOKUPS = "SELECT at, nonce, account, device, method, name, reason, explanation, times FROM lookup \
        WHERE book = $1 AND (at < $2 OR (at = $2 AND nonce < $3)) \
        ORDER BY at DESC, nonce DESC LIMIT $4";
}

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's id.
    pub id: String,
    /// The book that manages the user's devices; empty for the server itself.
    pub home: String,
    /// Whether they manage the server's access.
    pub administrator: bool,
}

/// What a user signs in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The device's id.
    pub id: String,
    /// Its user.
    pub account: Account,
    /// What the user calls it.
    pub label: String,
    /// The PIN's hash, empty for none.
    pub pin: String,
    /// How many PINs in a row were wrong, the one being looked at included.
    pub wrong_pins: i64,
    /// Until when no PIN is looked at.
    pub locked_until: i64,
    /// When it was enrolled.
    pub enrolled_at: i64,
    /// When it ended, 0 if it has not.
    pub revoked_at: i64,
}

/// The user of a row about what is a user's.
fn account_of(row: &AnyRow) -> sqlx::Result<Account> {
    Ok(Account {
        id: row.try_get("account")?,
        home: row.try_get("home")?,
        administrator: row.try_get::<i64, _>("administrator")? != 0,
    })
}

impl FromRow<'_, AnyRow> for Device {
    fn from_row(row: &AnyRow) -> sqlx::Result<Device> {
        Ok(Device {
            id: row.try_get("id")?,
            account: account_of(row)?,
            label: row.try_get("label")?,
            pin: row.try_get("pin")?,
            wrong_pins: row.try_get("wrong_pins")?,
            locked_until: row.try_get("locked_until")?,
            enrolled_at: row.try_get("enrolled_at")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    }
}

/// Who else knows a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// The identity provider, by a subject.
    Provider,
    /// Whoever vouches for machines, by a certificate.
    Certificate,
}

impl IdentityKind {
    const fn word(self) -> &'static str {
        match self {
            IdentityKind::Provider => "provider",
            IdentityKind::Certificate => "certificate",
        }
    }

    fn read(word: &str) -> sqlx::Result<IdentityKind> {
        let known = [IdentityKind::Provider, IdentityKind::Certificate];
        let kind = known.into_iter().find(|kind| kind.word() == word);
        kind.ok_or_else(|| sqlx::Error::Decode("an unknown kind of identity".into()))
    }
}

/// What a user is known by elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id here.
    pub id: String,
    /// Its user.
    pub account: Account,
    /// Who else knows them.
    pub kind: IdentityKind,
    /// A hash of what they know them by, in hex: keyed for a name, plain for a machine's public key.
    pub hash: String,
    /// When it was linked.
    pub linked_at: i64,
}

impl FromRow<'_, AnyRow> for Identity {
    fn from_row(row: &AnyRow) -> sqlx::Result<Identity> {
        Ok(Identity {
            id: row.try_get("id")?,
            account: account_of(row)?,
            kind: IdentityKind::read(row.try_get("kind")?)?,
            hash: row.try_get("hash")?,
            linked_at: row.try_get("linked_at")?,
        })
    }
}

/// One line of the access log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// When.
    pub at: i64,
    /// Tells lines of one moment apart.
    pub nonce: String,
    /// The user, empty for nobody.
    pub account: String,
    /// The device, empty for none.
    pub device: String,
    /// The method.
    pub method: String,
    /// What was asked about.
    pub name: String,
    /// Why it was refused; else what for, where that was asked.
    pub reason: String,
    /// The sentence that said why, sealed; empty where none was asked.
    pub explanation: String,
    /// How many calls it stands for.
    pub times: u64,
}

impl FromRow<'_, AnyRow> for Lookup {
    fn from_row(row: &AnyRow) -> sqlx::Result<Lookup> {
        Ok(Lookup {
            at: row.try_get("at")?,
            nonce: row.try_get("nonce")?,
            account: row.try_get("account")?,
            device: row.try_get("device")?,
            method: row.try_get("method")?,
            name: row.try_get("name")?,
            reason: row.try_get("reason")?,
            explanation: row.try_get("explanation")?,
            times: u64::try_from(row.try_get::<i64, _>("times")?).unwrap_or_default(),
        })
    }
}

/// The store of one server, or of several that share a database. Every call fails with `Failed`
/// when the database cannot be reached, and may then be made again.
#[derive(Clone, Debug)]
pub struct AccessStore {
    pool: AnyPool,
    /// Keeps the index of the write-ahead log in being while the pool's connections come and go: on a
    /// full disk none of them could make it anew.
    _kept: Option<Arc<Mutex<SqliteConnection>>>,
}

impl AccessStore {
    /// Opens the file, readable by its owner only, and makes it and its tables if need be.
    ///
    /// Errors: `Failed`.
    pub async fn sqlite(path: &Path) -> Result<AccessStore, StorageError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        }
        let mut file = tokio::fs::OpenOptions::new();
        file.create(true).append(true).mode(0o600).open(path).await.map_err(failed)?;
        let url = SqliteConnectOptions::new().filename(path).to_url_lossy();
        let settled = AnyPoolOptions::new().after_connect(|connection, _| {
            Box::pin(async move {
                let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                    PRAGMA busy_timeout = 30000; PRAGMA secure_delete = ON";
                connection.execute(settings).await?;
                Ok(())
            })
        });
        // A full disk ends a transaction by itself, and then the rollback of it fails: the connection
        // would take the next one for a part of it, and say of it that it is stored.
        let settled = settled.after_release(|connection, _| {
            Box::pin(async move {
                // Waits for a rollback under way.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        });
        let mut store = AccessStore::open(settled, url.as_str()).await?;
        let options = SqliteConnectOptions::new().filename(path);
        let mut kept = options.connect().await.map_err(failed)?;
        kept.execute("PRAGMA journal_mode = WAL").await.map_err(failed)?;
        store._kept = Some(Arc::new(Mutex::new(kept)));
        Ok(store)
    }

    /// Makes the schema, its tables and their guards if need be, as the role that shall own them, and
    /// gives an existing role what the server needs and no more.
    ///
    /// Errors: `Failed`.
    pub async fn prepare(url: &str, service_role: Option<&str>) -> Result<(), StorageError> {
        let mut connection = PgConnection::connect(url).await.map_err(failed)?;
        make_schema(&mut connection).await?;
        if let Some(role) = service_role {
            let role = format!("\"{}\"", role.replace('"', "\"\""));
            let grants = format!(
                "GRANT USAGE ON SCHEMA simpul_access TO {role};
                 GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA simpul_access TO {role};
                 GRANT DELETE ON simpul_access.invitation, simpul_access.unlocked,
                     simpul_access.identity TO {role};
                 GRANT UPDATE (wrong_pins, locked_until, revoked_at)
                     ON simpul_access.device TO {role};
                 GRANT UPDATE (explanation) ON simpul_access.lookup TO {role};"
            );
            let grants = sqlx::raw_sql(AssertSqlSafe(grants));
            grants.execute(&mut connection).await.map_err(failed)?;
        }
        connection.close().await.map_err(failed)
    }

    /// Connects, and makes the schema where there is none and the role may.
    ///
    /// Errors: `Failed`.
    pub async fn postgres(url: &str) -> Result<AccessStore, StorageError> {
        let mut connection = PgConnection::connect(url).await.map_err(failed)?;
        let found = connection.fetch_one(POSTGRES_FIND).await.map_err(failed)?;
        if !found.try_get::<bool, _>(0).map_err(failed)? {
            make_schema(&mut connection).await?;
        }
        connection.close().await.map_err(failed)?;
        let within = AnyPoolOptions::new().after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("SET search_path TO simpul_access").await?;
                Ok(())
            })
        });
        AccessStore::open(within, url).await
    }

    async fn open(options: AnyPoolOptions, url: &str) -> Result<AccessStore, StorageError> {
        sqlx::any::install_default_drivers();
        let is_sqlite = url.starts_with("sqlite:");
        let url: AnyConnectOptions = url.parse().map_err(failed)?;
        let url = url.log_statements(STATEMENT_LOG);
        let pool = options.max_connections(4).connect_with(url).await.map_err(failed)?;
        if is_sqlite {
            pool.execute(SCHEMA).await.map_err(failed)?;
            pool.execute(SQLITE_GUARDS).await.map_err(failed)?;
        }
        Ok(AccessStore { pool, _kept: None })
    }

    /// Makes a user, and says whether there was none of that id.
    pub async fn add_account(&self, account: &Account) -> Result<bool, StorageError> {
        let add = sqlx::query(ADD_ACCOUNT).bind(account.id.clone()).bind(account.home.clone());
        let add = add.bind(i64::from(account.administrator));
        Ok(add.execute(&self.pool).await.map_err(failed)?.rows_affected() > 0)
    }

    /// A user.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, StorageError> {
        let query = sqlx::query_as(ACCOUNT).bind(id.to_owned());
        let found: Option<(String, String, i64)> =
            query.fetch_optional(&self.pool).await.map_err(failed)?;
        Ok(found.map(|(id, home, administrator)| Account {
            id,
            home,
            administrator: administrator != 0,
        }))
    }

    /// Keeps a one-time code for a user, by a permit that enrolling will spend; forgets the one made
    /// for that before, and those too old at `now`.
    pub async fn invite(
        &self,
        code: &str,
        (account, permit): (&str, &str),
        expires_at: i64,
        now: i64,
    ) -> Result<(), StorageError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let sweep = sqlx::query(SWEEP_INVITATIONS).bind(now).bind(permit.to_owned());
        sweep.execute(&mut *transaction).await.map_err(failed)?;
        let invite = sqlx::query(INVITE).bind(code.to_owned()).bind(account.to_owned());
        let invite = invite.bind(permit.to_owned()).bind(expires_at);
        invite.execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Whether what a permit is for was given.
    pub async fn is_spent(&self, permit: &str) -> Result<bool, StorageError> {
        let query = sqlx::query(SPENT).bind(permit.to_owned());
        Ok(query.fetch_optional(&self.pool).await.map_err(failed)?.is_some())
    }

    /// Enrols a device by a one-time code, which is taken; `token` and `device.pin` are hashes. The
    /// user's id, or `None` when the code is not known, used, or too old.
    pub async fn enrol(
        &self,
        code: &str,
        now: i64,
        token: &str,
        device: &NewDevice,
    ) -> Result<Option<String>, StorageError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let query = sqlx::query_as(INVITED).bind(code.to_owned()).bind(now);
        let found: Option<(String, String)> =
            query.fetch_optional(&mut *transaction).await.map_err(failed)?;
        let Some((account, permit)) = found else { return Ok(None) };
        let take = sqlx::query(TAKE_INVITATION).bind(code.to_owned()).bind(now);
        let taken = take.execute(&mut *transaction).await.map_err(failed)?;
        let spend = sqlx::query(SPEND).bind(permit);
        let spent = spend.execute(&mut *transaction).await.map_err(failed)?;
        if taken.rows_affected() == 0 || spent.rows_affected() == 0 {
            return Ok(None);
        }
        let add = sqlx::query(ADD_DEVICE).bind(device.id.clone()).bind(account.clone());
        let add = add.bind(device.label.clone()).bind(token.to_owned()).bind(device.pin.clone());
        add.bind(now).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(account))
    }

    /// The device whose own token has this hash.
    pub async fn device_by_token(&self, token: &str) -> Result<Option<Device>, StorageError> {
        let query = sqlx::query_as(DEVICE_BY_TOKEN).bind(token.to_owned());
        query.fetch_optional(&self.pool).await.map_err(failed)
    }

    /// The device that was unlocked with the token of this hash, which still holds at `now`.
    pub async fn unlocked(&self, token: &str, now: i64) -> Result<Option<Device>, StorageError> {
        let query = sqlx::query_as(DEVICE_UNLOCKED).bind(token.to_owned()).bind(now);
        query.fetch_optional(&self.pool).await.map_err(failed)
    }

    /// A device by its id.
    pub async fn device(&self, id: &str) -> Result<Option<Device>, StorageError> {
        let query = sqlx::query_as(DEVICE).bind(id.to_owned());
        query.fetch_optional(&self.pool).await.map_err(failed)
    }

    /// A user's devices in the order they were enrolled, at most 500.
    pub async fn devices(&self, account: &str) -> Result<Vec<Device>, StorageError> {
        let query = sqlx::query_as(DEVICES).bind(account.to_owned());
        query.fetch_all(&self.pool).await.map_err(failed)
    }

    /// Ends a device. One that has ended stays as it is.
    pub async fn revoke(&self, id: &str, now: i64) -> Result<(), StorageError> {
        let revoke = sqlx::query(REVOKE).bind(id.to_owned()).bind(now);
        revoke.execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    /// Counts a guess of a device's PIN before it is looked at, provided that as many were wrong
    /// before as `device` says; `locked_until` is what holds should it be wrong. Says whether the
    /// PIN may be looked at.
    pub async fn guess(&self, device: &Device, locked_until: i64) -> Result<bool, StorageError> {
        let guess = sqlx::query(GUESS).bind(device.id.clone()).bind(device.wrong_pins);
        let guess = guess.bind(locked_until).execute(&self.pool).await.map_err(failed)?;
        Ok(guess.rows_affected() > 0)
    }

    /// Forgets a device's wrong guesses and keeps what it was unlocked with; what was unlocked
    /// until `now` or before is forgotten.
    pub async fn unlock(
        &self,
        device: &str,
        token: &str,
        expires_at: i64,
        now: i64,
    ) -> Result<(), StorageError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let right = sqlx::query(GUESSED).bind(device.to_owned());
        right.execute(&mut *transaction).await.map_err(failed)?;
        let sweep = sqlx::query(SWEEP_UNLOCKED).bind(now);
        sweep.execute(&mut *transaction).await.map_err(failed)?;
        let unlock = sqlx::query(UNLOCK).bind(token.to_owned()).bind(device.to_owned());
        unlock.bind(expires_at).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Links what a user is known by elsewhere, which spends a permit, and says whether it was
    /// nobody's before.
    pub async fn link(&self, identity: &Identity, permit: &str) -> Result<bool, StorageError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let spend = sqlx::query(SPEND).bind(permit.to_owned());
        let spent = spend.execute(&mut *transaction).await.map_err(failed)?;
        let link = sqlx::query(LINK).bind(identity.id.clone()).bind(identity.account.id.clone());
        let link = link.bind(identity.kind.word()).bind(identity.hash.clone());
        let link = link.bind(identity.linked_at);
        let linked = link.execute(&mut *transaction).await.map_err(failed)?;
        if spent.rows_affected() == 0 || linked.rows_affected() == 0 {
            return Ok(false);
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Whose this is.
    pub async fn identity(
        &self,
        kind: IdentityKind,
        hash: &str,
    ) -> Result<Option<Identity>, StorageError> {
        let query = sqlx::query_as(IDENTITY).bind(kind.word()).bind(hash.to_owned());
        query.fetch_optional(&self.pool).await.map_err(failed)
    }

    /// The same by its id.
    pub async fn identity_by_id(&self, id: &str) -> Result<Option<Identity>, StorageError> {
        let query = sqlx::query_as(IDENTITY_BY_ID).bind(id.to_owned());
        query.fetch_optional(&self.pool).await.map_err(failed)
    }

    /// What a user is known by elsewhere, in the order it was linked, at most 500.
    pub async fn identities(&self, account: &str) -> Result<Vec<Identity>, StorageError> {
        let query = sqlx::query_as(IDENTITIES).bind(account.to_owned());
        query.fetch_all(&self.pool).await.map_err(failed)
    }

    /// Forgets whose it is.
    pub async fn unlink(&self, id: &str) -> Result<(), StorageError> {
        let unlink = sqlx::query(UNLINK).bind(id.to_owned());
        unlink.execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    /// Writes a line into the access log of a book; the empty book is the server itself.
    pub async fn looked(&self, book: &str, line: &Lookup) -> Result<(), StorageError> {
        let looked = sqlx::query(LOOKED).bind(book.to_owned()).bind(line.at);
        let looked = looked.bind(line.nonce.clone()).bind(line.account.clone());
        let looked = looked.bind(line.device.clone()).bind(line.method.clone());
        let looked = looked.bind(line.name.clone()).bind(line.reason.clone());
        let looked = looked.bind(line.explanation.clone());
        let looked = looked.bind(i64::try_from(line.times).unwrap_or(i64::MAX));
        looked.execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    /// Lines of a book's access log whose sentence is sealed under the key of this id, in hex: a sentence
    /// is its commitment, of 32 bytes, and then the key's id. Cost: all lines of the book; only turning
    /// to another key asks.
    pub async fn explained_under(
        &self,
        book: &str,
        key: &str,
        limit: u32,
    ) -> Result<Vec<Lookup>, StorageError> {
        let query = sqlx::query_as(EXPLAINED_UNDER).bind(book.to_owned()).bind(key.to_owned());
        query.bind(i64::from(limit)).fetch_all(&self.pool).await.map_err(failed)
    }

    /// Keeps the sentence of a line sealed otherwise.
    pub async fn explain(
        &self,
        book: &str,
        line: &Lookup,
        explanation: &str,
    ) -> Result<(), StorageError> {
        let explain = sqlx::query(EXPLAIN).bind(book.to_owned()).bind(line.at);
        let explain = explain.bind(line.nonce.clone()).bind(explanation.to_owned());
        explain.execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    /// A book's access log, newest first, from the line after `(at, nonce)` on.
    pub async fn lookups(
        &self,
        book: &str,
        (at, nonce): (i64, &str),
        limit: u32,
    ) -> Result<Vec<Lookup>, StorageError> {
        let query = sqlx::query_as(LOOKUPS).bind(book.to_owned()).bind(at).bind(nonce.to_owned());
        query.bind(i64::from(limit)).fetch_all(&self.pool).await.map_err(failed)
    }
}

/// Makes what is missing of the schema, its guards among it.
async fn make_schema(connection: &mut PgConnection) -> Result<(), StorageError> {
    let schema = format!(
        "BEGIN; {POSTGRES_SCHEMA}; SET LOCAL search_path TO simpul_access; {SCHEMA} \
        {POSTGRES_GUARDS} COMMIT"
    );
    let schema = sqlx::raw_sql(AssertSqlSafe(schema));
    schema.execute(connection).await.map(drop).map_err(failed)
}

/// A device that is being enrolled.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its id.
    pub id: String,
    /// What the user calls it.
    pub label: String,
    /// The PIN's hash, empty for none.
    pub pin: String,
}
