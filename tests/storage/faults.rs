//! What a caller can count on when storage fails.

use std::collections::VecDeque;
use std::sync::Arc;

use simpul::storage::fault::{Call, Fault, Faulty};
use simpul::storage::memory::Memory;
use simpul::storage::postgres::Postgres;
use simpul::storage::{AppendOutcome, Journal, StorageError};
use sqlx::{Connection, PgConnection};

use crate::backends;
use crate::ledger::{Book, FIRST_DAY, deposit, id};

use AppendOutcome::{Committed, Conflict};

/// A journal whose appends fail in this order, and the journal below it.
fn failing(faults: impl IntoIterator<Item = Fault>) -> (Faulty, Arc<Memory>) {
    let memory = Arc::new(Memory::new());
    let mut faults: VecDeque<Fault> = faults.into_iter().collect();
    let plan = move |call| match call {
        Call::Load => Fault::None,
        Call::Append => faults.pop_front().unwrap_or(Fault::None),
    };
    (Faulty::new(Arc::clone(&memory) as Arc<dyn Journal>, Box::new(plan)), memory)
}

async fn size(journal: &dyn Journal) -> u64 {
    journal.dump(&id("satu")).await.expect("dump").head.size
}

#[tokio::test]
async fn a_failed_commit_stores_nothing_and_may_be_tried_again() {
    let (faulty, memory) = failing([Fault::Fail]);
    let append = Book::new("satu").batch([]);
    let answer = faulty.append(vec![Arc::clone(&append)]).await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(size(&*memory).await, 0);
    assert_eq!(faulty.append(vec![append]).await.expect("append"), [Committed]);
}

#[tokio::test]
async fn a_lost_answer_is_resolved_as_committed() {
    let (faulty, memory) = failing([Fault::LoseAnswer]);
    let append = Book::new("satu").batch([]);
    let answer = faulty.append(vec![Arc::clone(&append)]).await;
    assert!(matches!(answer, Err(StorageError::Unknown(_))), "{answer:?}");
    assert_eq!(size(&*memory).await, 1);
    assert_eq!(faulty.resolve(&append).await.expect("resolve"), Committed);
}

#[tokio::test]
async fn resolving_waits_for_a_commit_that_is_under_way() {
    let (faulty, memory) = failing([Fault::ArriveLate]);
    let append = Book::new("satu").batch([]);
    let answer = faulty.append(vec![Arc::clone(&append)]).await;
    assert!(matches!(answer, Err(StorageError::Unknown(_))), "{answer:?}");
    assert_eq!(size(&*memory).await, 0);
    assert_eq!(faulty.resolve(&append).await.expect("resolve"), Committed);
    assert_eq!(size(&*memory).await, 1);
}

#[tokio::test]
async fn a_commit_that_arrives_after_a_rival_is_lost() {
    let (faulty, memory) = failing([Fault::ArriveLate]);
    let mut book = Book::new("satu");
    let opening = book.batch([]);
    memory.append(vec![opening]).await.expect("append");
    let mut rival = book.clone();
    let late = book.batch([deposit("lkm", "a", 1, FIRST_DAY)]);
    let first = rival.batch([deposit("lkm", "a", 2, FIRST_DAY)]);
    let answer = faulty.append(vec![Arc::clone(&late)]).await;
    assert!(matches!(answer, Err(StorageError::Unknown(_))), "{answer:?}");
    assert_eq!(memory.append(vec![first]).await.expect("append"), [Committed]);
    assert_eq!(faulty.resolve(&late).await.expect("resolve"), Conflict);
    assert_eq!(size(&*memory).await, 2);
}

#[tokio::test]
async fn a_feigned_conflict_stores_nothing_and_slowness_changes_nothing() {
    let (faulty, memory) = failing([Fault::Conflict, Fault::Slow(3)]);
    let append = Book::new("satu").batch([]);
    assert_eq!(faulty.append(vec![Arc::clone(&append)]).await.expect("append"), [Conflict]);
    assert_eq!(size(&*memory).await, 0);
    assert_eq!(faulty.append(vec![append]).await.expect("append"), [Committed]);
}

/// A server that lost its connection after sending a commit asks while the commit still runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resolving_waits_for_the_head_on_postgres() {
    let url = backends::postgres_as_service().await;
    let journal = Arc::new(Postgres::connect(&url).await.expect("connect"));
    let mut book = Book::new("satu");
    journal.append(vec![book.batch([])]).await.expect("append");
    let append = book.batch([crate::ledger::Step::Refuse]);

    let mut slow = PgConnection::connect(&url).await.expect("connect");
    let mut commit = slow.begin().await.expect("begin");
    let (record, head) = (&append.records[0], &append.head);
    sqlx::query("INSERT INTO record VALUES ('satu', 2, $1, $2)")
        .bind(record.hashes.as_flattened().to_vec())
        .bind(record.bytes.to_vec())
        .execute(&mut *commit)
        .await
        .expect("record");
    sqlx::query("INSERT INTO checkpoint VALUES ('satu', 2, $1, $2)")
        .bind(append.checkpoint.root.to_vec())
        .bind(head.recorded_at)
        .execute(&mut *commit)
        .await
        .expect("checkpoint");
    sqlx::query("UPDATE head SET size = 2, frontier = $1, recorded_at = $2")
        .bind(head.frontier.concat())
        .bind(head.recorded_at)
        .execute(&mut *commit)
        .await
        .expect("head");

    let asked = Arc::clone(&append);
    let resolving = tokio::spawn(async move { journal.resolve(&asked).await });
    // The service may not look into the activity of others.
    let owner = url.split_once('?').expect("options").0;
    let mut watch = PgConnection::connect(owner).await.expect("connect");
    let waiting = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watch).await.expect("count") == 0 {
        assert!(!resolving.is_finished(), "resolved while the commit was under way");
    }
    commit.commit().await.expect("commit");
    assert_eq!(resolving.await.expect("no panic").expect("resolve"), Committed);
}
