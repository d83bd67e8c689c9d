//! What several test programs share: databases of their own.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Creates an empty PostgreSQL database for one test and answers its URL. The cluster is the
/// throw-away one that `tests/run` starts.
pub async fn postgres_database() -> String {
    create_database("").await
}

/// The same, from a template as `CREATE DATABASE` takes one, if any.
pub async fn create_database(template: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("SIMPUL_TEST_POSTGRES") else {
        panic!(
            "SIMPUL_TEST_POSTGRES is not set: run the tests through tests/run, \
             which starts a throw-away PostgreSQL"
        );
    };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("simpul_test_{}_{count}", std::process::id());
    let mut connection = PgConnection::connect(&server).await.expect("the test server answers");
    let create = format!("CREATE DATABASE {name}{template}");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.expect("create database");
    connection.close().await.expect("close");
    with_database(&server, &name)
}

/// The URL of another database of the same server.
fn with_database(server: &str, name: &str) -> String {
    let (url, options) = match server.split_once('?') {
        Some((url, options)) => (url, format!("?{options}")),
        None => (server, String::new()),
    };
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find('/').map_or(url.len(), |at| authority + at);
    format!("{}/{name}{options}", &url[..end])
}
