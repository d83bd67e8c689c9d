//! The databases' own guards: raw connections try what no client may do.

use simpul::domain::id::{Id, RowName};
use simpul::domain::record::Row;
use simpul::domain::record::proto::Lot;
use simpul::storage::Journal;
use simpul::storage::access::{AccessStore, Lookup};
use simpul::storage::migrate;
use simpul::storage::postgres::Postgres;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::ledger::{Book, FIRST_DAY, Step, deposit};
use crate::{backends, common};

/// One attempt per line as (guard's message, statements). `{h}` stands for 32 zero bytes and `{e}`
/// for none. The book has eight records; each attempt begins from there.
const ATTEMPTS: &[(&str, &str)] = &[
    ("append-only", "UPDATE record SET bytes = {h} WHERE position = 3"),
    ("append-only", "UPDATE entry SET amount = amount + 1, balance = balance + 1"),
    ("append-only", "UPDATE late_entry SET effective_on = 0"),
    ("append-only", "UPDATE checkpoint SET root = {h}"),
    ("append-only", "UPDATE account SET position = 1"),
    ("append-only", "UPDATE control_point SET total = 0"),
    ("append-only", "UPDATE mention SET position = 1"),
    ("append-only", "UPDATE receipt SET digest = {h}"),
    ("append-only", "UPDATE side SET owner = 'lain'"),
    ("append-only", "UPDATE side SET commitment = {h}"),
    ("append-only", "UPDATE side SET book = 'lain'"),
    ("append-only", "UPDATE side SET sealed = sealed"),
    ("append-only", "UPDATE side SET sealed = {e}"),
    ("append-only", "UPDATE side SET owner = 'lain', sealed = {h}"),
    ("append-only", "DELETE FROM head"),
    ("append-only", "DELETE FROM record WHERE position = 8"),
    ("append-only", "DELETE FROM entry"),
    ("append-only", "DELETE FROM late_entry"),
    ("append-only", "DELETE FROM checkpoint"),
    ("append-only", "DELETE FROM account"),
    ("append-only", "DELETE FROM control_point"),
    ("append-only", "DELETE FROM mention"),
    ("append-only", "DELETE FROM receipt"),
    ("append-only", "DELETE FROM side"),
    ("may only grow", "UPDATE head SET size = 7"),
    ("may only grow", "UPDATE head SET size = 0, frontier = {e}"),
    ("may only grow", "UPDATE head SET recorded_at = 0"),
    ("may only grow", "UPDATE head SET book = 'lain', size = 9"),
    ("not its last record", "UPDATE head SET size = 9"),
    ("not empty", "INSERT INTO head VALUES ('dua', 1, {h}, 0)"),
    ("gap", "INSERT INTO record VALUES ('satu', 10, {h}, {h})"),
    ("gap", "INSERT INTO record VALUES ('satu', 9, {h}, {h}), ('satu', 11, {h}, {h})"),
    ("gap", "INSERT INTO record VALUES ('dua', 1, {h}, {h})"),
    ("new last record", "INSERT INTO checkpoint VALUES ('satu', 7, {h}, 0)"),
    ("new last record", "INSERT INTO checkpoint VALUES ('satu', 9, {h}, 0)"),
    ("not new", "INSERT INTO receipt VALUES ('satu', 'permintaan-baru', 8, {h})"),
    ("not new", "INSERT INTO receipt VALUES ('satu', 'permintaan-baru', 9, {h})"),
    ("not new", "INSERT INTO mention VALUES ('satu', 'groups/contoh/lots/babi', 8)"),
    ("not new", "INSERT INTO mention VALUES ('satu', 'groups/contoh/lots/babi', 9)"),
    ("not new", "INSERT INTO account VALUES ('satu', 'lkm.sp.1104', 8)"),
    ("not new", "INSERT INTO control_point VALUES ('satu', 'lkm.sp.1104', 9, 5)"),
    (
        "not a copy",
        "INSERT INTO late_entry VALUES ('satu', 'lkm.sp.1101', 6, 0, 'lkm.sp.1101', 1, 5)",
    ),
    (
        "not its last record",
        "INSERT INTO record VALUES ('satu', 9, {h}, {h});
         UPDATE head SET size = 9, frontier = {h}",
    ),
];

/// The record that new entries belong to.
const NINTH: &str = "INSERT INTO record VALUES ('satu', 9, {h}, {h})";

/// Entries as (account, position, amount), each attempt with its guard's message.
type Entries = &'static [(&'static str, u64, i64)];
const ENTRY_ATTEMPTS: &[(&str, Entries)] = &[
    ("balance", &[("lkm.sp.1101", 9, 5)]),
    ("balance", &[("lkm.sp.1101", 9, 5), ("lkm.sp.2103.a", 9, -4)]),
    ("balance", &[("lkm.sp.1101", 9, 5), ("lkm.riil.1101", 9, -5)]),
    ("balance", &[("lkm.sp.1101", 9, 5), ("lkm-2.sp.1101", 9, -5)]),
    ("new", &[("lkm.sp.1101", 8, 5), ("lkm.sp.2103.a", 8, -5)]),
    ("new", &[("lkm.sp.1101", 10, 5), ("lkm.sp.2103.a", 10, -5)]),
];
const GOOD_ENTRIES: Entries = &[("lkm.sp.1101", 9, 5), ("lkm.sp.2103.a", 9, -5)];

async fn eight_records(journal: &dyn Journal) {
    let mut book = Book::new("satu");
    let append = book.batch([
        deposit("lkm", "a", 5, FIRST_DAY),
        deposit("lkm", "b", 5, FIRST_DAY),
        Step::OpenDay(FIRST_DAY.next()),
        deposit("lkm", "a", 5, FIRST_DAY),
        Step::Write(RowName::new("groups/contoh/lots", "babi"), Box::new(Row::Lot(Lot::default()))),
        deposit("lkm", "a", 5, FIRST_DAY.next()),
        Step::Refuse,
    ]);
    assert_eq!(append.head.size, 8);
    journal.append(vec![append]).await.expect("append");
}

/// What a refusal says; a statement that goes through is the failure of the test.
fn refusal(result: Result<impl Sized, sqlx::Error>, attempt: &str) -> String {
    match result {
        Ok(_) => panic!("went through: {attempt}"),
        Err(error) => error.to_string(),
    }
}

fn sqlite_text(text: &str) -> String {
    text.replace("{h}", "zeroblob(32)").replace("{e}", "x''")
}

fn postgres_text(text: &str) -> String {
    text.replace("{h}", "decode(repeat('00', 32), 'hex')").replace("{e}", "''::bytea")
}

fn sqlite_batch(entries: Entries) -> String {
    let row = |(leg, (account, position, amount)): (usize, &(&str, u64, i64))| {
        format!("[\"{account}\",{position},{leg},{amount},0,20000,0]")
    };
    let rows: Vec<String> = entries.iter().enumerate().map(row).collect();
    format!("INSERT INTO entry_batch VALUES ('satu', '[{}]')", rows.join(","))
}

fn values(entries: Entries) -> String {
    let row = |(leg, (account, position, amount)): (usize, &(&str, u64, i64))| {
        format!("('satu', '{account}', {position}, {leg}, {amount}, 0, 20000, 0)")
    };
    let rows: Vec<String> = entries.iter().enumerate().map(row).collect();
    format!("INSERT INTO entry VALUES {}", rows.join(", "))
}

async fn sqlite_with_records() -> (tempfile::TempDir, SqliteConnection) {
    let (folder, path) = backends::sqlite_path();
    let journal = backends::open(&path).await;
    eight_records(&journal).await;
    journal.close().await;
    let options = SqliteConnectOptions::new().filename(&path);
    (folder, SqliteConnection::connect_with(&options).await.expect("connect"))
}

async fn run_sqlite(sql: String, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

#[tokio::test]
async fn sqlite_refuses_what_breaks_the_journal() {
    let (_folder, mut connection) = sqlite_with_records().await;
    for (message, attempt) in ATTEMPTS {
        let mut transaction = connection.begin().await.expect("begin");
        let said = refusal(run_sqlite(sqlite_text(attempt), &mut transaction).await, attempt);
        assert!(said.contains(message), "{attempt}: {said}");
        transaction.rollback().await.expect("rollback");
    }
}

/// Columns of a length that no row has, which the database refuses but to who owns it, and the row
/// that is named.
const CUT: &[(&str, &str)] = &[
    ("UPDATE record SET hashes = substr(hashes, 2) WHERE position = 5", "record 5: "),
    ("UPDATE checkpoint SET root = substr(root, 2) WHERE size = 8", "checkpoint 8: "),
    ("UPDATE head SET frontier = substr(frontier, 2)", "head of satu: "),
    ("UPDATE entry SET position = -position WHERE position = 7", "of record -7: "),
    ("UPDATE receipt SET position = -1 WHERE position = 3", "receipt permintaan-0000000"),
    ("UPDATE side SET commitment = substr(commitment, 2)", "text of "),
];

#[tokio::test]
async fn a_row_that_does_not_decode_is_named() {
    for (cut, named) in CUT {
        let (folder, mut connection) = sqlite_with_records().await;
        let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
        let triggers: Vec<String> =
            sqlx::query_scalar(triggers).fetch_all(&mut connection).await.expect("triggers");
        let off = triggers.iter().map(|name| format!("DROP TRIGGER {name};"));
        let off = off.collect::<String>() + "PRAGMA ignore_check_constraints = ON;";
        run_sqlite(off, &mut connection).await.expect("guards off");
        run_sqlite((*cut).to_owned(), &mut connection).await.expect("cut");
        connection.close().await.expect("closed");
        let journal = backends::open(&folder.path().join("data/simpul.db")).await;
        let book = Id::new("satu").expect("an id");
        let said = journal.dump(&book).await.expect_err(cut).to_string();
        assert!(said.contains(named), "{cut}: {said}");
    }
}

#[tokio::test]
async fn sqlite_refuses_to_replace_rows() {
    let (_folder, mut connection) = sqlite_with_records().await;
    let attempts = [
        ("not empty", "INSERT OR REPLACE INTO head VALUES ('satu', 0, {e}, 0)"),
        ("gap", "INSERT OR REPLACE INTO record VALUES ('satu', 8, {h}, {h})"),
        (
            "there already",
            "INSERT OR REPLACE INTO receipt VALUES ('satu', 'permintaan-00000002', 9, {h})",
        ),
        ("there already", "INSERT OR REPLACE INTO account VALUES ('satu', 'lkm.sp.1101', 9)"),
        (
            "there already",
            "INSERT OR REPLACE INTO side SELECT book, commitment, 'lain', {e} FROM side",
        ),
        ("new last record", "INSERT OR REPLACE INTO checkpoint VALUES ('satu', 8, {h}, 0)"),
        ("not new", "INSERT OR REPLACE INTO control_point VALUES ('satu', 'lkm.sp.1101', 8, 0)"),
        ("not a copy", "INSERT OR REPLACE INTO late_entry SELECT * FROM late_entry"),
    ];
    for (message, attempt) in attempts {
        let mut transaction = connection.begin().await.expect("begin");
        if !attempt.contains("INTO record") {
            run_sqlite(sqlite_text(NINTH), &mut transaction).await.expect("the ninth record");
        }
        let said = refusal(run_sqlite(sqlite_text(attempt), &mut transaction).await, attempt);
        assert!(said.contains(message), "{attempt}: {said}");
        transaction.rollback().await.expect("rollback");
    }
}

#[tokio::test]
async fn sqlite_refuses_entries_that_do_not_balance() {
    let (_folder, mut connection) = sqlite_with_records().await;
    for (message, entries) in ENTRY_ATTEMPTS {
        let mut transaction = connection.begin().await.expect("begin");
        run_sqlite(sqlite_text(NINTH), &mut transaction).await.expect("the ninth record");
        let attempt = sqlite_batch(entries);
        let said = refusal(run_sqlite(attempt.clone(), &mut transaction).await, &attempt);
        assert!(said.contains(message), "{attempt}: {said}");
        transaction.rollback().await.expect("rollback");
    }
}

#[tokio::test]
async fn sqlite_takes_entries_only_through_the_gate() {
    let (_folder, mut connection) = sqlite_with_records().await;
    let mut transaction = connection.begin().await.expect("begin");
    run_sqlite(sqlite_text(NINTH), &mut transaction).await.expect("the ninth record");
    let direct = values(GOOD_ENTRIES);
    let said = refusal(run_sqlite(direct.clone(), &mut transaction).await, &direct);
    assert!(said.contains("through entry_batch"), "{said}");
    let doubled = "INSERT OR IGNORE INTO entry_batch VALUES ('satu', \
        '[[\"lkm.sp.1101\",9,0,5,0,1,0],[\"lkm.sp.1101\",9,0,-5,0,1,0]]')";
    let said = refusal(run_sqlite(doubled.to_owned(), &mut transaction).await, doubled);
    assert!(said.contains("each once"), "{said}");
    let left: (i64,) = sqlx::query_as("SELECT count(*) FROM entry_batch")
        .fetch_one(&mut *transaction)
        .await
        .expect("count");
    assert_eq!(left, (0,));
    run_sqlite(sqlite_batch(GOOD_ENTRIES), &mut transaction).await.expect("good entries");
    refusal(run_sqlite(direct.clone(), &mut transaction).await, &direct);
}

/// The road that the guards leave open, so that the refusals above are not for want of one.
#[tokio::test]
async fn sqlite_takes_what_keeps_the_rules() {
    let (_folder, mut connection) = sqlite_with_records().await;
    let steps = [
        sqlite_text(NINTH),
        sqlite_batch(GOOD_ENTRIES),
        "INSERT INTO account VALUES ('satu', 'lkm.sp.1104', 9)".to_owned(),
        "INSERT INTO control_point VALUES ('satu', 'lkm.sp.1104', 9, 5)".to_owned(),
        sqlite_text("INSERT INTO receipt VALUES ('satu', 'permintaan-baru', 9, {h})"),
        sqlite_text("INSERT INTO checkpoint VALUES ('satu', 9, {h}, 0)"),
        "UPDATE head SET size = 9, frontier = zeroblob(64)".to_owned(),
    ];
    for step in steps {
        run_sqlite(step.clone(), &mut connection).await.expect(&step);
    }
}

/// A database with eight records: its URL as the owner and as the service.
async fn postgres_with_records() -> (PgConnection, PgConnection) {
    let service = backends::postgres_as_service().await;
    let journal = Postgres::connect(&service).await.expect("connect");
    eight_records(&journal).await;
    journal.close().await;
    let owner = service.split_once('?').expect("options").0;
    (
        PgConnection::connect(owner).await.expect("connect"),
        PgConnection::connect(&service).await.expect("connect"),
    )
}

async fn run_postgres(sql: String, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

#[tokio::test]
async fn postgres_refuses_what_breaks_the_journal() {
    let (mut owner, mut service) = postgres_with_records().await;
    for (message, attempt) in ATTEMPTS {
        let text = postgres_text(attempt);
        let mut transaction = owner.begin().await.expect("begin");
        let said = refusal(run_postgres(text.clone(), &mut transaction).await, attempt);
        assert!(said.contains(message), "{attempt}: {said}");
        transaction.rollback().await.expect("rollback");
        let mut transaction = service.begin().await.expect("begin");
        let said = refusal(run_postgres(text, &mut transaction).await, attempt);
        // The service may seal text anew, which the guard looks at.
        let denied = *message == "append-only" && !attempt.starts_with("UPDATE side SET sealed");
        assert!(said.contains(if denied { "permission denied" } else { message }), "{said}");
        transaction.rollback().await.expect("rollback");
    }
}

#[tokio::test]
async fn postgres_gives_the_service_no_more_than_it_needs() {
    let (mut owner, mut service) = postgres_with_records().await;
    let attempts = [
        "TRUNCATE entry",
        "TRUNCATE register_row",
        "DELETE FROM register_row",
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "DROP TRIGGER entry_checked ON entry",
        "CREATE TABLE mine (n INTEGER)",
        "INSERT INTO _sqlx_migrations SELECT * FROM _sqlx_migrations",
        "SET session_replication_role = 'replica'",
    ];
    for attempt in attempts {
        let said = refusal(run_postgres(attempt.to_owned(), &mut service).await, attempt);
        let denied = said.contains("permission denied") || said.contains("must be owner");
        assert!(denied, "{attempt}: {said}");
    }
    let truncate = "TRUNCATE entry";
    let said = refusal(run_postgres(truncate.to_owned(), &mut owner).await, truncate);
    assert!(said.contains("append-only"), "{said}");
    // Tables of one's own with the guards' names deceive nobody.
    for (table, column) in [("head", "size"), ("record", "position")] {
        let disguise = format!(
            "CREATE TEMPORARY TABLE {table} AS SELECT book, 41::bigint AS {column} FROM public.head"
        );
        run_postgres(disguise, &mut service).await.expect("a temporary table");
    }
    let attempt = postgres_text("INSERT INTO public.record VALUES ('satu', 42, {h}, {h})");
    let said = refusal(run_postgres(attempt.clone(), &mut service).await, &attempt);
    assert!(said.contains("gap"), "{said}");
}

#[tokio::test]
async fn postgres_refuses_entries_that_do_not_balance() {
    let (_, mut service) = postgres_with_records().await;
    for (message, entries) in ENTRY_ATTEMPTS {
        let mut transaction = service.begin().await.expect("begin");
        run_postgres(postgres_text(NINTH), &mut transaction).await.expect("the ninth record");
        let attempt = values(entries);
        let said = refusal(run_postgres(attempt.clone(), &mut transaction).await, &attempt);
        assert!(said.contains(message), "{attempt}: {said}");
        transaction.rollback().await.expect("rollback");
    }
}

/// The road that the guards leave open, so that the refusals above are not for want of one.
#[tokio::test]
async fn postgres_takes_what_keeps_the_rules() {
    let (_, mut service) = postgres_with_records().await;
    let steps = [
        postgres_text(NINTH),
        values(GOOD_ENTRIES),
        "INSERT INTO account VALUES ('satu', 'lkm.sp.1104', 9)".to_owned(),
        "INSERT INTO control_point VALUES ('satu', 'lkm.sp.1104', 9, 5)".to_owned(),
        postgres_text("INSERT INTO receipt VALUES ('satu', 'permintaan-baru', 9, {h})"),
        postgres_text("INSERT INTO checkpoint VALUES ('satu', 9, {h}, 0)"),
        "UPDATE head SET size = 9, frontier = decode(repeat('00', 64), 'hex')".to_owned(),
    ];
    for step in steps {
        run_postgres(step.clone(), &mut service).await.expect(&step);
    }
}

#[tokio::test]
async fn analysts_see_rupiah_and_dates() {
    let select = "SELECT CAST(rupiah AS TEXT), CAST(balance_rupiah AS TEXT), \
        CAST(effective_on AS TEXT) FROM entries_readable \
        WHERE account = 'lkm.sp.2103.a' ORDER BY position";
    let expected = [
        ("-0.05", "-0.05", "2024-10-04"),
        ("-0.05", "-0.10", "2024-10-04"),
        ("-0.05", "-0.15", "2024-10-05"),
    ];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    let (_folder, mut sqlite) = sqlite_with_records().await;
    let rows: Vec<(String, String, String)> =
        sqlx::query_as(select).fetch_all(&mut sqlite).await.expect("select");
    assert_eq!(rows, expected);
    let (_, mut service) = postgres_with_records().await;
    let rows: Vec<(String, String, String)> =
        sqlx::query_as(select).fetch_all(&mut service).await.expect("select");
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let url = common::postgres_database().await;
    migrate::postgres(&url, None).await.expect("migrate");
    migrate::postgres(&url, None).await.expect("migrate again");
    Postgres::connect(&url).await.expect("connect");
}

// ---- the access log -----------------------------------------------------------------------------

/// A line whose sentence is sealed: a commitment, the id of a key, the rest.
fn looked() -> Lookup {
    Lookup {
        at: 5,
        nonce: "satu".to_owned(),
        account: "siti".to_owned(),
        device: "hp".to_owned(),
        method: "RevealMember".to_owned(),
        name: "books/satu/groups/a/members/m01".to_owned(),
        reason: "PURPOSE_AUDIT".to_owned(),
        explanation: "c".repeat(64) + &"1".repeat(16) + "dalam",
        times: 1,
    }
}

/// What nobody may do to the access log, as (guard's message, statement).
const LOG_ATTEMPTS: &[(&str, &str)] = &[
    ("append-only", "DELETE FROM lookup"),
    ("append-only", "UPDATE lookup SET account = 'lain'"),
    ("append-only", "UPDATE lookup SET at = 4"),
    ("append-only", "UPDATE lookup SET name = ''"),
    ("append-only", "UPDATE lookup SET times = 0"),
    ("append-only", "UPDATE lookup SET explanation = ''"),
    ("append-only", "UPDATE lookup SET explanation = replace(explanation, 'dalam', 'lain.')"),
    ("append-only", "UPDATE lookup SET explanation = replace(explanation, 'c', 'd')"),
    ("append-only", "DELETE FROM spent"),
    ("append-only", "UPDATE spent SET permit = 'lain'"),
];

/// What remains: the same sentence under another key.
const SEALED_ANEW: &str = "UPDATE lookup SET explanation = replace(explanation, '1', '2')";

async fn filled(store: AccessStore) {
    store.looked("satu", &looked()).await.expect("kept");
    let device = simpul::storage::access::NewDevice {
        id: "hp".to_owned(),
        label: "HP (contoh)".to_owned(),
        pin: String::new(),
    };
    store.invite("kode", ("siti", "izin"), 10, 1).await.expect("invited");
    store.enrol("kode", 2, "token", &device).await.expect("asked").expect("enrolled");
    assert!(store.is_spent("izin").await.expect("asked"));
}

#[tokio::test]
async fn sqlite_keeps_the_access_log() {
    let (_folder, path) = backends::sqlite_path();
    filled(AccessStore::sqlite(&path).await.expect("a store")).await;
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("connect");
    let again = "INSERT OR REPLACE INTO lookup SELECT book, at, nonce, 'lain', device, method, name, \
        reason, explanation, times FROM lookup";
    for (message, attempt) in LOG_ATTEMPTS.iter().copied().chain([("there already", again)]) {
        let said = refusal(run_sqlite(attempt.to_owned(), &mut connection).await, attempt);
        assert!(said.contains(message), "{attempt}: {said}");
    }
    run_sqlite(SEALED_ANEW.to_owned(), &mut connection).await.expect("sealed anew");
}

/// A filled access log, and its database as the owner.
async fn postgres_log() -> (String, PgConnection) {
    let url = common::postgres_database().await;
    AccessStore::prepare(&url, None).await.expect("prepared");
    filled(AccessStore::postgres(&url).await.expect("a store")).await;
    let mut owner = PgConnection::connect(&url).await.expect("connect");
    let path = "SET search_path TO simpul_access".to_owned();
    run_postgres(path, &mut owner).await.expect("a schema");
    (url, owner)
}

#[tokio::test]
async fn postgres_keeps_the_access_log() {
    let (_, mut owner) = postgres_log().await;
    let all = [("append-only", "TRUNCATE lookup"), ("append-only", "TRUNCATE spent")];
    for (message, attempt) in LOG_ATTEMPTS.iter().copied().chain(all) {
        let said = refusal(run_postgres(attempt.to_owned(), &mut owner).await, attempt);
        assert!(said.contains(message), "{attempt}: {said}");
    }
    run_postgres(SEALED_ANEW.to_owned(), &mut owner).await.expect("sealed anew");
}

/// The guards, as they are called.
const LOG_GUARDS: [(&str, &str); 5] = [
    ("lookup_stays", "lookup"),
    ("lookup_fixed", "lookup"),
    ("lookup_new", "lookup"),
    ("spent_stays", "spent"),
    ("spent_fixed", "spent"),
];

#[tokio::test]
async fn sqlite_guards_an_access_log_of_before() {
    let (_folder, path) = backends::sqlite_path();
    filled(AccessStore::sqlite(&path).await.expect("a store")).await;
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("connect");
    for (guard, _) in LOG_GUARDS {
        run_sqlite(format!("DROP TRIGGER {guard}"), &mut connection).await.expect("dropped");
    }
    AccessStore::sqlite(&path).await.expect("opened again");
    for (message, attempt) in LOG_ATTEMPTS {
        let said = refusal(run_sqlite((*attempt).to_owned(), &mut connection).await, attempt);
        assert!(said.contains(message), "{attempt}: {said}");
    }
}

/// Preparing again, as each migration does, makes them; connecting as the server does changes nothing.
#[tokio::test]
async fn postgres_guards_an_access_log_of_before() {
    let (url, mut owner) = postgres_log().await;
    for (guard, table) in LOG_GUARDS {
        let drop = format!("DROP TRIGGER IF EXISTS {guard} ON {table}");
        run_postgres(drop, &mut owner).await.expect("dropped");
    }
    AccessStore::prepare(&url, None).await.expect("prepared again");
    for (message, attempt) in LOG_ATTEMPTS {
        let said = refusal(run_postgres((*attempt).to_owned(), &mut owner).await, attempt);
        assert!(said.contains(message), "{attempt}: {said}");
    }
}
