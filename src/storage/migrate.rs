//! Schema versions: the migrations of both databases, embedded in the binary.
//!
//! **Invariant**: a database with a newer schema than this version knows is never touched.
//! SQLite is migrated when it is opened, after a backup copy; PostgreSQL only by [`postgres`],
//! run by the role that owns the tables.

use std::path::{Path, PathBuf};

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqlSafeStr, SqliteConnection};

use super::StorageError;
use super::codec::{failed, statements};

/// One schema version for both databases: file name without `.sql`, and the two texts.
struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! step {
    ($version:literal, $name:literal) => {
        Step {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

const STEPS: &[Step] = &[step!(1, "0001_journal")];

statements! {
    SQLITE_TABLES = "SELECT count(*) FROM sqlite_master";
    SQLITE_BACKUP = "VACUUM INTO $1";
}

/// Those for PostgreSQL; [`STATEMENTS`] are SQLite's.
pub const POSTGRES_STATEMENTS: &[(&str, &str)] = &[("POSTGRES_IS_MIGRATED", POSTGRES_IS_MIGRATED)];

const POSTGRES_IS_MIGRATED: &str = "SELECT to_regclass('public._sqlx_migrations') IS NOT NULL";
const TABLE: &str = "_sqlx_migrations";

/// The schema version this program needs.
pub fn latest() -> i64 {
    STEPS.last().map_or(0, |step| step.version)
}

/// The file names of the embedded migrations, without `.sql`.
pub fn names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|step| step.name)
}

/// Brings a SQLite database to the latest schema. One that already holds an older schema is first
/// copied to `{path}.bak-{version}`; the copy's path is returned.
///
/// Errors: `Schema` for a newer schema, `Failed` when copying or migrating fails.
pub(super) async fn sqlite(
    path: &Path,
    connection: &mut SqliteConnection,
) -> Result<Option<PathBuf>, StorageError> {
    let (tables,): (i64,) =
        sqlx::query_as(SQLITE_TABLES).fetch_one(&mut *connection).await.map_err(failed)?;
    connection.ensure_migrations_table(TABLE).await.map_err(failed)?;
    let version = applied(connection).await?;
    refuse_newer(&path.display().to_string(), version)?;
    if version == latest() {
        return Ok(None);
    }
    let backup = match tables {
        0 => None,
        _ => Some(back_up(path, version, connection).await?),
    };
    // Another process may be opening the same new database: the second finds it migrated.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let migrator = migrator(|step| step.sqlite);
    migrator.run_direct(None, &mut *transaction, false).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(backup)
}

/// Copies a database to the first free name of `{path}.bak-{version}`, `…-2`, `…-3`, ….
async fn back_up(
    path: &Path,
    version: i64,
    connection: &mut SqliteConnection,
) -> Result<PathBuf, StorageError> {
    let named = |suffix: String| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut backup = named(format!(".bak-{version}"));
    let mut count = 1;
    while backup.exists() {
        count += 1;
        backup = named(format!(".bak-{version}-{count}"));
    }
    copy_into(&backup, connection).await?;
    Ok(backup)
}

/// Copies a database, as it is at one moment, to a file that is not there yet.
pub(super) async fn copy_into(
    target: &Path,
    connection: &mut SqliteConnection,
) -> Result<(), StorageError> {
    let target = target.to_str().ok_or_else(|| failed("the path is not UTF-8"))?;
    sqlx::query(SQLITE_BACKUP).bind(target).execute(connection).await.map_err(failed)?;
    Ok(())
}

/// Brings a PostgreSQL database to the latest schema, in `public`. The URL's role owns the tables.
/// `service_role`, an existing role, gets what the server needs and no more: it reads and inserts,
/// and updates nothing but heads, register rows and the sealing of personal text.
///
/// Errors: `Schema` for a newer schema, `Failed` when connecting, migrating or granting fails.
pub async fn postgres(url: &str, service_role: Option<&str>) -> Result<(), StorageError> {
    let mut connection = PgConnection::connect(url).await.map_err(failed)?;
    if let Some(version) = postgres_version(&mut connection).await? {
        refuse_newer("the PostgreSQL database", version)?;
    }
    let migrator = migrator(|step| step.postgres);
    migrator.run_direct(None, &mut connection, false).await.map_err(failed)?;
    if let Some(role) = service_role {
        grant(role, &mut connection).await?;
    }
    connection.close().await.map_err(failed)
}

async fn grant(role: &str, connection: &mut PgConnection) -> Result<(), StorageError> {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    let grants = format!(
        "GRANT USAGE ON SCHEMA public TO {role};
         GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role};
         GRANT UPDATE ON head, register_row TO {role};
         GRANT UPDATE (sealed) ON side TO {role};
         REVOKE INSERT ON {TABLE}, entries_readable, checkpoints_readable FROM {role};"
    );
    sqlx::raw_sql(AssertSqlSafe(grants)).execute(connection).await.map_err(failed)?;
    Ok(())
}

/// Checks that a PostgreSQL database has exactly the schema this program needs.
///
/// Errors: `Schema` when it does not, with what to do about it.
pub(super) async fn check_postgres(connection: &mut PgConnection) -> Result<(), StorageError> {
    let version = postgres_version(connection).await?.unwrap_or(0);
    refuse_newer("the PostgreSQL database", version)?;
    if version == latest() {
        return Ok(());
    }
    Err(StorageError::Schema(format!(
        "the PostgreSQL database has schema version {version}, but this simpul needs version {}: \
         run `simpul migrate`",
        latest()
    )))
}

/// The version of the schema; none when it was never migrated.
async fn postgres_version(connection: &mut PgConnection) -> Result<Option<i64>, StorageError> {
    let (migrated,): (bool,) =
        sqlx::query_as(POSTGRES_IS_MIGRATED).fetch_one(&mut *connection).await.map_err(failed)?;
    if migrated { applied(connection).await.map(Some) } else { Ok(None) }
}

async fn applied<C: Migrate>(connection: &mut C) -> Result<i64, StorageError> {
    let applied = connection.list_applied_migrations(TABLE).await.map_err(failed)?;
    Ok(applied.iter().map(|migration| migration.version).max().unwrap_or(0))
}

fn refuse_newer(database: &str, version: i64) -> Result<(), StorageError> {
    if version <= latest() {
        return Ok(());
    }
    Err(StorageError::Schema(format!(
        "{database} has schema version {version}, but this simpul knows versions up to {}: \
         use a newer simpul",
        latest()
    )))
}

fn migrator(text: fn(&Step) -> &'static str) -> Migrator {
    let migration = |step: &Step| {
        let sql = text(step).into_sql_str();
        Migration::new(step.version, step.name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(STEPS.iter().map(migration).collect())
}
