//! Schema versions, and statements that their databases can prepare.

use std::collections::BTreeSet;
use std::path::Path;

use simpul::storage::access::AccessStore;
use simpul::storage::keys::{PostgresKeys, SqliteKeys};
use simpul::storage::postgres::Postgres;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{StorageError, access, keys, migrate, postgres, read, sqlite};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection};

use crate::{backends, common};

fn names_in(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().into_string().expect("UTF-8")
    };
    std::fs::read_dir(folder).expect("a folder").map(name).collect()
}

#[test]
fn both_databases_have_the_same_migrations_and_the_program_holds_them() {
    let sqlite = names_in("sqlite");
    assert_eq!(sqlite, names_in("postgres"));
    let embedded: BTreeSet<String> = migrate::names().map(|name| format!("{name}.sql")).collect();
    assert_eq!(sqlite, embedded);
    let numbers: Vec<i64> = sqlite.iter().map(|name| name[..4].parse().expect("0000")).collect();
    assert_eq!(numbers, (1..=migrate::latest()).collect::<Vec<_>>());
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.expect("connect")
}

fn schema_message(result: Result<impl Sized, StorageError>) -> String {
    match result {
        Err(StorageError::Schema(message)) => message,
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("opened"),
    }
}

const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
    execution_time) VALUES (99, 'from the future', TRUE, '', 0)";

#[tokio::test]
async fn sqlite_refuses_a_newer_schema() {
    let (_folder, path) = backends::sqlite_path();
    backends::open(&path).await.close().await;
    let mut connection = raw(&path).await;
    connection.execute(NEWER).await.expect("insert");
    connection.close().await.expect("close");
    let message = schema_message(Sqlite::open(&path).await);
    assert!(message.contains("version 99") && message.contains("up to 1"), "{message}");
}

#[tokio::test]
async fn postgres_refuses_a_newer_schema() {
    let url = common::postgres_database().await;
    migrate::postgres(&url, None).await.expect("migrate");
    let mut connection = PgConnection::connect(&url).await.expect("connect");
    connection.execute(NEWER).await.expect("insert");
    for message in [
        schema_message(Postgres::connect(&url).await),
        schema_message(migrate::postgres(&url, None).await),
    ] {
        assert!(message.contains("version 99") && message.contains("up to 1"), "{message}");
    }
}

#[tokio::test]
async fn postgres_says_when_it_was_never_migrated() {
    let url = common::postgres_database().await;
    let message = schema_message(Postgres::connect(&url).await);
    assert!(message.contains("simpul migrate"), "{message}");
}

#[tokio::test]
async fn sqlite_copies_an_older_database_before_it_migrates() {
    let (_folder, path) = backends::sqlite_path();
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("create");
    let mut connection = raw(&path).await;
    connection.execute("CREATE TABLE kept (n); INSERT INTO kept VALUES (7)").await.expect("old");
    connection.close().await.expect("close");
    let journal = backends::open(&path).await;
    let backup = journal.backup().expect("a backup").to_owned();
    assert_eq!(backup, path.with_file_name("simpul.db.bak-0"));
    journal.close().await;
    let mut copy = raw(&backup).await;
    let kept: (i64,) = sqlx::query_as("SELECT n FROM kept").fetch_one(&mut copy).await.expect("n");
    assert_eq!(kept, (7,));
    let journal = backends::open(&path).await;
    assert_eq!(journal.backup(), None, "an up-to-date database is not copied");
}

#[tokio::test]
async fn a_new_sqlite_database_is_not_copied() {
    let (_folder, path) = backends::sqlite_path();
    assert_eq!(backends::open(&path).await.backup(), None);
}

/// The statements that are written once for both databases.
fn shared() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let lists = [read::STATEMENTS, read::balances::STATEMENTS, read::dump::STATEMENTS];
    lists.into_iter().flatten()
}

#[tokio::test]
async fn every_statement_prepares_on_its_database() {
    let (_folder, path) = backends::sqlite_path();
    backends::open(&path).await.close().await;
    let mut connection = raw(&path).await;
    let own = sqlite::STATEMENTS.iter().chain(migrate::STATEMENTS);
    for (name, sql) in own.chain(shared()) {
        let prepared = connection.prepare(sql.into_sql_str()).await;
        assert!(prepared.is_ok(), "SQLite, {name}: {:?}", prepared.err());
    }
    let path = path.with_file_name("keys.db");
    SqliteKeys::open(&path).await.expect("keys");
    let mut connection = raw(&path).await;
    for (name, sql) in keys::sqlite::STATEMENTS {
        let prepared = connection.prepare(sql.into_sql_str()).await;
        assert!(prepared.is_ok(), "SQLite keys, {name}: {:?}", prepared.err());
    }
    let path = path.with_file_name("access.db");
    AccessStore::sqlite(&path).await.expect("access");
    let mut connection = raw(&path).await;
    for (name, sql) in access::STATEMENTS {
        let prepared = connection.prepare(sql.into_sql_str()).await;
        assert!(prepared.is_ok(), "SQLite access, {name}: {:?}", prepared.err());
    }
    let url = common::postgres_database().await;
    migrate::postgres(&url, None).await.expect("migrate");
    PostgresKeys::prepare(&url, None).await.expect("keys");
    AccessStore::prepare(&url, None).await.expect("access");
    let mut connection = PgConnection::connect(&url).await.expect("connect");
    let own = postgres::STATEMENTS.iter().chain(keys::postgres::STATEMENTS);
    for (name, sql) in own.chain(migrate::POSTGRES_STATEMENTS).chain(shared()) {
        let prepared = connection.prepare(sql.into_sql_str()).await;
        assert!(prepared.is_ok(), "PostgreSQL, {name}: {:?}", prepared.err());
    }
    connection.execute("SET search_path TO simpul_access").await.expect("a schema");
    for (name, sql) in access::STATEMENTS {
        let prepared = connection.prepare(sql.into_sql_str()).await;
        assert!(prepared.is_ok(), "PostgreSQL access, {name}: {:?}", prepared.err());
    }
}

/// The constants that a source hands to sqlx, by name.
fn asked_by(source: &str) -> impl Iterator<Item = &str> {
    let other = |char: char| !char.is_ascii_uppercase() && char != '_';
    let calls = source.split("sqlx::query").skip(1).filter_map(|rest| rest.split_once('('));
    let names = calls.filter_map(move |(_, rest)| rest.split(other).next());
    names.filter(|name| !name.is_empty())
}

#[test]
fn no_statement_escapes_the_lists() {
    let lists = [
        sqlite::STATEMENTS,
        postgres::STATEMENTS,
        read::STATEMENTS,
        read::balances::STATEMENTS,
        read::dump::STATEMENTS,
        access::STATEMENTS,
        keys::sqlite::STATEMENTS,
        keys::postgres::STATEMENTS,
        migrate::STATEMENTS,
        migrate::POSTGRES_STATEMENTS,
    ];
    let listed: BTreeSet<&str> = lists.into_iter().flatten().map(|(name, _)| *name).collect();
    let storage = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let mut asked = 0;
    let mut folders = vec![storage];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("a source");
            for name in asked_by(&source) {
                assert!(listed.contains(name), "{}: {name} is in no list", path.display());
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "found only {asked} statements");
    let asked: Vec<_> = asked_by("sqlx::query_as(MINE).bind(1); sqlx::query(sql)").collect();
    assert_eq!(asked, ["MINE"]);
}
