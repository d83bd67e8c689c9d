//! The journal: numbers each book's records and makes them durable before anyone is answered.
//!
//! One task owns the [`Sequencer`] and does its work on a storage; callers talk to it through a
//! [`JournalHandle`]. Commands that come in while storage works wait and go together next.
//!
//! **Invariant**: every submission that was taken in gets an answer, unless the process dies; then
//! the caller sends the same request again and gets the answer it would have got.

pub mod approvals;
mod batch;
mod cache;
pub mod courier;
pub mod daily;
pub mod mover;
mod queue;
mod sequencer;

use std::collections::{BTreeSet, HashMap};
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use sequencer::{Answer, Limits, Overloaded, Priority, Sequencer, Submission, Ticket, Work};

use crate::domain::decide::Command;
use crate::domain::id::Id;
use crate::domain::record::Event;
use crate::storage::{AppendOutcome, Journal, Loaded, SideRow, StorageError};

/// Tells the time in microseconds since 1970-01-01T00:00:00Z. It may jump; records never go back.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
    })
}

/// Why a command was not taken in. Nothing was consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// Its queue is full: try again later.
    #[error("too many commands are waiting")]
    Full,
    /// The server is going down: try again elsewhere or later.
    #[error("the server is stopping")]
    Stopping,
    /// The book lost records that were signed: only the decision to go on is taken in.
    #[error("the book is frozen until it is decided to go on")]
    Frozen,
}

/// How long a resolution that failed waits before it is tried again, and all work once appends have
/// failed in a row.
const RESOLVE_AGAIN_AFTER: Duration = Duration::from_millis(200);

enum Message {
    Submit(Box<Submission>, oneshot::Sender<Result<Answer, Busy>>),
    Drain(oneshot::Sender<()>),
}

/// Access to the journal task; cheap to clone.
#[derive(Clone, Debug)]
pub struct JournalHandle {
    inbox: mpsc::Sender<Message>,
    frozen: Arc<RwLock<BTreeSet<Id>>>,
}

impl JournalHandle {
    /// Decides a command and makes the outcome durable. The command goes through even if the
    /// caller stops waiting.
    ///
    /// Errors: `Full` when too many wait, `Stopping` after [`JournalHandle::drain`], `Frozen`.
    pub fn submit(
        &self,
        command: Command,
        sides: Vec<SideRow>,
        priority: Priority,
    ) -> impl Future<Output = Result<Answer, Busy>> + Send {
        let frozen = command.action.event() != Event::EpochStarted && self.is_frozen(&command.book);
        let (answer, answered) = oneshot::channel();
        let submission = Box::new(Submission { command, sides, priority });
        async move {
            if frozen {
                return Err(Busy::Frozen);
            }
            let sent = self.inbox.send(Message::Submit(submission, answer)).await;
            sent.map_err(|_| Busy::Stopping)?;
            answered.await.map_err(|_| Busy::Stopping)?
        }
    }

    /// Takes nothing more in for a book but the decision to go on.
    pub fn freeze(&self, book: &Id) {
        let mut frozen = self.frozen.write().unwrap_or_else(PoisonError::into_inner);
        frozen.insert(book.clone());
    }

    /// Takes a book's commands in again.
    pub fn thaw(&self, book: &Id) {
        self.frozen.write().unwrap_or_else(PoisonError::into_inner).remove(book);
    }

    fn is_frozen(&self, book: &Id) -> bool {
        self.frozen.read().unwrap_or_else(PoisonError::into_inner).contains(book)
    }

    /// Returns once nothing more is taken in, because the server is going down.
    pub async fn stopping(&self) {
        self.inbox.closed().await;
    }

    /// Takes nothing more in, answers everything that waits, and returns when all is answered.
    pub async fn drain(&self) {
        let (done, drained) = oneshot::channel();
        if self.inbox.send(Message::Drain(done)).await.is_ok() {
            // An error means that the task has ended, which is as good.
            let _ended = drained.await;
        }
    }
}

/// Starts the journal task on the current tokio runtime. It ends after a drain, or when the last
/// handle is dropped and everything is answered.
pub fn start(
    storage: Arc<dyn Journal>,
    clock: Clock,
    limits: Limits,
) -> (JournalHandle, JoinHandle<()>) {
    let (sender, inbox) = mpsc::channel(limits.batch_commands);
    let desk = Desk {
        sequencer: Sequencer::new(limits),
        waiting: HashMap::new(),
        next_ticket: 0,
        drained: Vec::new(),
        failed_in_a_row: 0,
    };
    let handle = JournalHandle { inbox: sender, frozen: Arc::default() };
    (handle, tokio::spawn(run(desk, inbox, storage, clock)))
}

async fn run(
    mut desk: Desk,
    mut inbox: mpsc::Receiver<Message>,
    storage: Arc<dyn Journal>,
    clock: Clock,
) {
    loop {
        while let Ok(message) = inbox.try_recv() {
            desk.receive(message, &mut inbox);
        }
        match desk.sequencer.next(clock()) {
            Some(work) => {
                let rests = desk.failed_in_a_row > 1;
                let result = async {
                    if rests {
                        tokio::time::sleep(RESOLVE_AGAIN_AFTER).await;
                    }
                    perform(work, &*storage).await
                };
                let done = desk.receive_during(result, &mut inbox, &clock).await;
                desk.report(done);
            }
            None => {
                desk.answer();
                match inbox.recv().await {
                    Some(message) => desk.receive(message, &mut inbox),
                    None => break,
                }
            }
        }
    }
    for drained in desk.drained {
        // Whoever drained may have stopped waiting.
        let _gone = drained.send(());
    }
}

/// What storage did.
enum Done {
    Loaded(Result<Vec<Loaded>, StorageError>),
    Appended(Result<Vec<AppendOutcome>, StorageError>),
    Resolved(Result<AppendOutcome, StorageError>),
}

async fn perform(work: Work, storage: &dyn Journal) -> Done {
    match work {
        Work::Load(loads) => Done::Loaded(storage.load(loads).await),
        Work::Append(appends) => Done::Appended(storage.append(appends).await),
        Work::Resolve(append) => {
            let result = storage.resolve(&append).await;
            if let Err(error) = &result {
                tracing::warn!(%error, "the outcome of a commit is still unknown");
                tokio::time::sleep(RESOLVE_AGAIN_AFTER).await;
            }
            Done::Resolved(result)
        }
    }
}

/// The sequencer and those who wait for it.
struct Desk {
    sequencer: Sequencer,
    waiting: HashMap<Ticket, oneshot::Sender<Result<Answer, Busy>>>,
    next_ticket: Ticket,
    drained: Vec<oneshot::Sender<()>>,
    /// How often storage has failed to append since it last did: a full disk is not asked without rest.
    failed_in_a_row: u32,
}

impl Desk {
    fn receive(&mut self, message: Message, inbox: &mut mpsc::Receiver<Message>) {
        match message {
            Message::Submit(submission, answer) => {
                self.next_ticket += 1;
                match self.sequencer.submit(self.next_ticket, *submission) {
                    Ok(()) => drop(self.waiting.insert(self.next_ticket, answer)),
                    Err(Overloaded) => send(answer, Err(Busy::Full)),
                }
            }
            Message::Drain(done) => {
                inbox.close();
                self.drained.push(done);
            }
        }
    }

    /// Waits for storage; takes commands in meanwhile and decides what can be decided already.
    async fn receive_during(
        &mut self,
        work: impl Future<Output = Done>,
        inbox: &mut mpsc::Receiver<Message>,
        clock: &Clock,
    ) -> Done {
        let mut work = pin!(work);
        // What is to be stored is on its way before those who wait for what is stored are woken.
        tokio::select! {
            biased;
            done = &mut work => {
                self.answer();
                return done;
            }
            () = std::future::ready(()) => self.answer(),
        }
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(message) = inbox.recv() => {
                    self.receive(message, inbox);
                    self.sequencer.prepare(clock());
                }
            }
        }
    }

    fn report(&mut self, done: Done) {
        if let Done::Loaded(Err(error)) | Done::Appended(Err(error)) | Done::Resolved(Err(error)) =
            &done
        {
            tracing::warn!(%error, "storage");
        }
        match &done {
            Done::Appended(Ok(_)) => self.failed_in_a_row = 0,
            Done::Appended(Err(_)) => self.failed_in_a_row = self.failed_in_a_row.saturating_add(1),
            Done::Loaded(_) | Done::Resolved(_) => {}
        }
        match done {
            Done::Loaded(result) => self.sequencer.loaded(result),
            Done::Appended(result) => self.sequencer.appended(result),
            Done::Resolved(result) => self.sequencer.resolved(result),
        }
    }

    fn answer(&mut self) {
        for (ticket, answer) in self.sequencer.answers() {
            if let Some(caller) = self.waiting.remove(&ticket) {
                send(caller, Ok(answer));
            }
        }
    }
}

fn send(caller: oneshot::Sender<Result<Answer, Busy>>, answer: Result<Answer, Busy>) {
    // A caller that stopped waiting has lost nothing: it may send the same request again.
    let _gone = caller.send(answer);
}
