//! `simpul verify` as an operator runs it: beside servers that write, and on a database that
//! somebody has changed behind their backs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use simpul::api::v1::savings_service_client::SavingsServiceClient;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, SqliteConnection};
use tonic::transport::Channel;

use crate::server::{Backend, Server, data_folder, open_book, send, verify};

/// Verifications that may go by before one is seen to have had deposits beside it.
const TRIES: u32 = 50;

/// Deposits without end, counted as they are acknowledged.
async fn deposits(
    channel: Channel,
    next: Arc<AtomicU64>,
    done: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) {
    let mut savings = SavingsServiceClient::new(channel);
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        send(&mut savings, number).await.expect("writers are not stopped");
        done.fetch_add(1, Ordering::Relaxed);
    }
}

async fn verify_beside_writers(backend: Backend, data: &Path) {
    let server = Server::start(&backend, data);
    open_book(server.connect().await).await;
    let (next, done): (Arc<AtomicU64>, Arc<AtomicU64>) = Default::default();
    let stop: Arc<AtomicBool> = Arc::default();
    let mut writers = Vec::new();
    for _ in 0..4 {
        let writer = deposits(
            server.connect().await,
            Arc::clone(&next),
            Arc::clone(&done),
            Arc::clone(&stop),
        );
        writers.push(tokio::spawn(writer));
    }
    let mut beside = false;
    for _ in 0..TRIES {
        let before = done.load(Ordering::Relaxed);
        let (sound, words) = verify(&backend, data);
        assert!(sound, "{words}");
        beside = before > 0 && done.load(Ordering::Relaxed) > before;
        if beside {
            break;
        }
    }
    assert!(beside, "no deposit came through while the journal was verified");
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer ends");
    }
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_verified_beside_writers() {
    let (_folder, data) = data_folder();
    verify_beside_writers(Backend::Sqlite, &data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_verified_beside_writers() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    verify_beside_writers(backend, &data).await;
}

pub async fn raw(data: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(data.join("simpul.db"));
    options.connect().await.expect("connected")
}

/// Who owns the file can take the guards away; what they change then is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_named_by_record_and_row() {
    let (_folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    open_book(server.connect().await).await;
    let mut savings = SavingsServiceClient::new(server.connect().await);
    let deposit = send(&mut savings, 0).await.expect("deposited");
    assert!(server.terminate().success());

    let at = deposit.position;
    let account = "ramai.sp.1101";
    let expected = |what: &str, found: &str| {
        format!("  entry 0 of record {at} in {account}: expected {what}, found {found}\n")
    };
    let mut owner = raw(&data).await;
    let guards: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            .fetch_all(&mut owner)
            .await
            .expect("the guards");
    assert!(!guards.is_empty());
    for (guard,) in guards {
        owner.execute(sqlx::AssertSqlSafe(format!("DROP TRIGGER {guard}"))).await.expect("dropped");
    }
    let (sound, words) = verify(&Backend::Sqlite, &data);
    assert!(sound, "{words}");

    owner
        .execute("UPDATE entry SET balance = balance + 1 WHERE account = 'ramai.sp.1101'")
        .await
        .expect("changed");
    let (sound, words) = verify(&Backend::Sqlite, &data);
    assert!(!sound);
    assert!(words.contains("1 differences"), "{words}");
    let line =
        |balance| format!("amount 100000, balance {balance}, effective day 20089, late false");
    assert!(words.contains(&expected(&line(100_000), &line(100_001))), "{words}");
    owner
        .execute("UPDATE entry SET balance = balance - 1 WHERE account = 'ramai.sp.1101'")
        .await
        .expect("changed back");

    owner
        .execute("UPDATE receipt SET position = 1 WHERE request_id = 'setoran-000000000'")
        .await
        .expect("changed");
    let (sound, words) = verify(&Backend::Sqlite, &data);
    assert!(!sound);
    let receipt = format!("  receipt setoran-000000000: expected record {at}, digest ");
    assert!(words.contains(&receipt) && words.contains("found record 1, digest "), "{words}");
}
