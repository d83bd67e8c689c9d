//! A journal that fails as told: the same plan gives the same faults, without clock or chance.
//!
//! **Invariant**: with [`Fault::None`] throughout, it behaves as the journal it wraps. No fault
//! breaks the contract of [`Journal`]: what was answered `Failed` is not stored, what was answered
//! `Unknown` is decided once and for all by the time [`Journal::resolve`] answers.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Append, AppendOutcome, Dump, Journal, Load, Loaded, StorageError, StoredRecord};
use crate::domain::id::Id;

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The call fails and nothing of it is stored.
    Fail,
    /// An append is stored and its answer lost.
    LoseAnswer,
    /// An append's answer is lost, and it reaches the journal only when the next call does;
    /// if other replicas have appended by then, it comes too late.
    ArriveLate,
    /// Every book of an append is answered as a conflict, and nothing is stored.
    Conflict,
    /// The call waits for the scheduler to come round this many times.
    Slow(u32),
}

/// The calls a plan is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Journal::load`]; only `None`, `Fail` and `Slow` mean something here, the rest is `None`.
    Load,
    /// [`Journal::append`].
    Append,
}

/// Says what goes wrong with the next call.
pub type Plan = Box<dyn FnMut(Call) -> Fault + Send>;

/// A journal with faults. Several may wrap one journal, as replicas share a database.
pub struct Faulty {
    inner: Arc<dyn Journal>,
    plan: Mutex<Plan>,
    /// Sent, but not yet there. The lock is held until they have arrived.
    under_way: tokio::sync::Mutex<Vec<Arc<Append>>>,
}

impl Faulty {
    /// Wraps a journal.
    pub fn new(inner: Arc<dyn Journal>, plan: Plan) -> Faulty {
        Faulty { inner, plan: Mutex::new(plan), under_way: tokio::sync::Mutex::default() }
    }

    async fn next(&self, call: Call) -> Fault {
        let fault = self.plan.lock().unwrap_or_else(PoisonError::into_inner)(call);
        if let Fault::Slow(turns) = fault {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        }
        fault
    }

    /// Lets what is under way arrive; a conflict then is nobody's to hear.
    async fn settle(&self) -> Result<(), StorageError> {
        let mut under_way = self.under_way.lock().await;
        if !under_way.is_empty() {
            self.inner.append(under_way.clone()).await?;
            under_way.clear();
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for Faulty {
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError> {
        let fault = self.next(Call::Load).await;
        self.settle().await?;
        if fault == Fault::Fail {
            return Err(StorageError::Failed("planned: the load fails".to_owned()));
        }
        self.inner.load(loads).await
    }

    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError> {
        let fault = self.next(Call::Append).await;
        self.settle().await?;
        match fault {
            Fault::None | Fault::Slow(_) => self.inner.append(appends).await,
            Fault::Fail => Err(StorageError::Failed("planned: the commit fails".to_owned())),
            Fault::Conflict => Ok(vec![AppendOutcome::Conflict; appends.len()]),
            Fault::LoseAnswer => {
                self.inner.append(appends).await?;
                Err(StorageError::Unknown("planned: the answer is lost".to_owned()))
            }
            Fault::ArriveLate => {
                *self.under_way.lock().await = appends;
                Err(StorageError::Unknown("planned: the commit arrives later".to_owned()))
            }
        }
    }

    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        self.settle().await?;
        self.inner.resolve(append).await
    }

    async fn records(
        &self,
        book: &Id,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StorageError> {
        self.settle().await?;
        self.inner.records(book, from, limit).await
    }

    async fn books(&self) -> Result<Vec<Id>, StorageError> {
        self.settle().await?;
        self.inner.books().await
    }

    async fn dump(&self, book: &Id) -> Result<Dump, StorageError> {
        self.settle().await?;
        self.inner.dump(book).await
    }
}
