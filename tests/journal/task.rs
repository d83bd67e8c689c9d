//! The task that drives the sequencer: it answers callers, refuses when full, and drains.

use std::sync::Arc;

use async_trait::async_trait;
use simpul::journal::{Answer, Busy, JournalHandle, Limits, Priority, start};
use simpul::storage::memory::Memory;
use simpul::storage::{Journal, Load};
use simpul::verify::verify;
use tokio::sync::Semaphore;

use crate::village::{self, Wish};
use crate::watched::{Watch, Watched};

/// Every load waits for a permit.
struct Gate(Semaphore);

#[async_trait]
impl Watch for Gate {
    async fn before(&self, _loads: &[Load]) {
        let _permit = self.0.acquire().await.expect("the gate is not closed");
    }
}

type Gated = Watched<Memory, Gate>;

fn gated(permits: usize) -> Arc<Gated> {
    Arc::new(Watched { journal: Memory::new(), watch: Gate(Semaphore::new(permits)) })
}

fn begin(storage: &Arc<Gated>, limits: Limits) -> (JournalHandle, tokio::task::JoinHandle<()>) {
    let storage: Arc<dyn Journal> = Arc::<Gated>::clone(storage);
    start(storage, Arc::new(|| village::MORNING), limits)
}

async fn submit(journal: &JournalHandle, wish: &Wish) -> Result<Answer, Busy> {
    let Wish { command, sides, .. } = wish.clone();
    journal.submit(command, sides, Priority::Interactive).await
}

#[tokio::test]
async fn many_callers_are_answered_and_the_book_is_sound() {
    let storage = gated(1);
    let (journal, task) = begin(&storage, Limits::default());
    let book = village::book(0);
    let founding = village::founding(&book);
    for wish in &founding {
        assert!(matches!(submit(&journal, wish).await, Ok(Answer::Done { .. })));
    }
    let callers: Vec<_> = (0..300)
        .map(|number| {
            let (journal, wish) = (journal.clone(), village::wish(&book, number, &founding));
            tokio::spawn(async move { submit(&journal, &wish).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    drop(journal);
    task.await.unwrap();
    let dump = storage.dump(&book).await.unwrap();
    assert_eq!(verify(&book, &dump).findings, []);
    assert!(dump.checkpoints.len() < dump.records.len(), "nothing was committed together");
}

#[tokio::test]
async fn a_full_queue_refuses_and_a_drain_answers_what_was_taken_in() {
    let storage = gated(0);
    let (journal, task) = begin(&storage, Limits { queue: 1, ..Limits::default() });
    let ask = |number| {
        let (journal, wish) = (journal.clone(), village::founding(&village::book(number)));
        tokio::spawn(async move { submit(&journal, &wish[0]).await })
    };
    // One is taken into a batch, which waits at the gate, and one more may wait.
    let callers: Vec<_> = (0..5).map(ask).collect();
    let mut refused = 0;
    while refused == 0 {
        tokio::task::yield_now().await;
        refused = callers.iter().filter(|caller| caller.is_finished()).count();
    }
    let draining = tokio::spawn({
        let journal = journal.clone();
        async move { journal.drain().await }
    });
    storage.watch.0.add_permits(1);
    draining.await.unwrap();
    task.await.unwrap();
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.unwrap());
    }
    let done = answers.iter().filter(|answer| matches!(answer, Ok(Answer::Done { .. }))).count();
    assert_eq!(done, storage.books().await.unwrap().len());
    assert!(done > 0 && answers.contains(&Err(Busy::Full)), "{answers:?}");
    assert_eq!(
        submit(&journal, &village::founding(&village::book(9))[0]).await,
        Err(Busy::Stopping)
    );
    journal.drain().await;
}
