//! A server with more to do than it can: it says so, loses nothing, and lets imports wait.
//!
//! Storage is held as long as a test wants, so that what waits is known without waiting.

use std::sync::Arc;

use async_trait::async_trait;
use simpul::api::desk::{Api, Desk};
use simpul::api::door::Door;
use simpul::api::server::{self, Port, Transport};
use simpul::api::v1::*;
use simpul::attachments::Files;
use simpul::cli::remote::{Line, Remote};
use simpul::domain::id::Id;
use simpul::domain::refusal::Language;
use simpul::journal::{self, Limits, system_clock};
use simpul::signing::Signing;
use simpul::storage::keys::MemoryKeys;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{
    Append, AppendOutcome, Dump, Journal, Load, Loaded, StorageError, StoredRecord,
};
use simpul::vault::{MasterKey, Vault};
use simpul::verify::verify;
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinSet;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Status};

use crate::town::{Town, deposit, why};

/// A database whose writer's calls wait while its gate is held.
struct Gated {
    inner: Sqlite,
    gate: Semaphore,
    /// How many calls came to the gate.
    came: watch::Sender<u64>,
}

impl Gated {
    async fn pass(&self) -> SemaphorePermit<'_> {
        self.came.send_modify(|count| *count += 1);
        self.gate.acquire().await.expect("the gate is not closed")
    }
}

#[async_trait]
impl Journal for Gated {
    async fn load(&self, loads: Vec<Load>) -> Result<Vec<Loaded>, StorageError> {
        let _permit = self.pass().await;
        self.inner.load(loads).await
    }

    async fn append(&self, appends: Vec<Arc<Append>>) -> Result<Vec<AppendOutcome>, StorageError> {
        let _permit = self.pass().await;
        self.inner.append(appends).await
    }

    async fn resolve(&self, append: &Append) -> Result<AppendOutcome, StorageError> {
        self.inner.resolve(append).await
    }

    async fn records(
        &self,
        book: &Id,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StorageError> {
        self.inner.records(book, from, limit).await
    }

    async fn books(&self) -> Result<Vec<Id>, StorageError> {
        self.inner.books().await
    }

    async fn dump(&self, book: &Id) -> Result<Dump, StorageError> {
        self.inner.dump(book).await
    }
}

/// A server whose queues take two commands each, one to a batch, and a town in its book.
struct Small {
    storage: Arc<Gated>,
    line: Line,
    town: Town,
    _folder: TempDir,
}

const QUEUE: usize = 2;

impl Small {
    async fn start() -> Small {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = Sqlite::open(&folder.path().join("simpul.db")).await.expect("a database");
        let reader = inner.reader();
        let (gate, came) = (Semaphore::new(1), watch::Sender::new(0));
        let storage = Arc::new(Gated { inner, gate, came });
        let limits = Limits { queue: QUEUE, batch_commands: 1, ..Limits::default() };
        let below: Arc<dyn Journal> = Arc::<Gated>::clone(&storage);
        let (journal, _task) = journal::start(below, system_clock(), limits);
        let keys = Arc::new(MemoryKeys::default());
        let vault = Vault::open(&MasterKey::new([7; 32]), keys).await.expect("a vault");
        let signing = Signing::new(folder.path().join("signing"), "contoh".to_owned(), true);
        let door = Door { access: None, reader: reader.clone() };
        let place = folder.path().join("attachments").display().to_string();
        let files = Files::open(&place, vault.clone()).expect("files");
        let largest_file = 1 << 20;
        let api = Api::new(Desk { journal, reader, vault, signing, door, files, largest_file });
        let port = Port::open("127.0.0.1:0".parse().expect("an address"), &Transport::default())
            .await
            .expect("a port");
        let address = format!("http://{}", port.address());
        tokio::spawn(port.serve(api, server::Limits::default(), std::future::pending()));
        let line = Remote::new(&address, "bendahara", Language::English).expect("a line").line();
        let town = Town::found_over(line.clone()).await;
        Small { storage, line, town, _folder: folder }
    }

    /// Holds storage, with one deposit on its way into it.
    async fn hold(&self) -> (SemaphorePermit<'_>, Sends) {
        let held = self.storage.gate.acquire().await.expect("the gate is not closed");
        let mut came = self.storage.came.subscribe();
        let before = *came.borrow_and_update();
        let mut sends = Sends::default();
        sends.send(&self.line, "m01", false);
        came.wait_for(|count| *count > before).await.expect("storage is there");
        (held, sends)
    }

    async fn verify(&self) {
        let book = Id::new("kupang").expect("an id");
        let dump = self.storage.dump(&book).await.expect("a dump");
        assert_eq!(verify(&book, &dump).findings, []);
    }
}

/// Deposits under way.
#[derive(Default)]
struct Sends(JoinSet<(DepositRequest, bool, Result<u64, Status>)>);

impl Sends {
    fn send(&mut self, line: &Line, member: &str, bulk: bool) {
        self.send_again(line, deposit(member, 1_000), bulk);
    }

    fn send_again(&mut self, line: &Line, deposit: DepositRequest, bulk: bool) {
        let mut savings = savings_service_client::SavingsServiceClient::new(line.clone());
        self.0.spawn(async move {
            let mut request = Request::new(deposit.clone());
            if bulk {
                let value = MetadataValue::from_static("bulk");
                request.metadata_mut().insert("simpul-priority", value);
            }
            let answer = savings.deposit(request).await;
            let position = answer
                .map(|answer| answer.into_inner().transaction.expect("a transaction").position);
            (deposit, bulk, position)
        });
    }

    /// The next answer, which is a refusal while storage is held.
    async fn refused(&mut self) -> DepositRequest {
        let (deposit, _, answer) = self.0.join_next().await.expect("under way").expect("it ran");
        let status = answer.expect_err("refused");
        assert_eq!(status.code(), Code::ResourceExhausted);
        let why = why(&status);
        assert_eq!(why.reason, "OVERLOADED");
        let wait = why.details.retry_info().and_then(|retry| retry.retry_delay);
        assert!(wait.is_some_and(|wait| !wait.is_zero()), "{status:?}");
        deposit
    }

    /// The positions of those that are left, in their order, and whether each was bulk.
    async fn accepted(mut self) -> Vec<(u64, bool)> {
        let mut positions = Vec::new();
        while let Some(sent) = self.0.join_next().await {
            let (_, bulk, position) = sent.expect("it ran");
            positions.push((position.expect("accepted"), bulk));
        }
        positions.sort_unstable();
        positions
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_when_to_come_again_and_nothing_is_lost() {
    let small = Small::start().await;
    let (held, mut sends) = small.hold().await;
    for _ in 0..QUEUE + 3 {
        sends.send(&small.line, "m01", false);
    }
    let mut refused = Vec::new();
    for _ in 0..3 {
        refused.push(sends.refused().await);
    }
    drop(held);
    assert_eq!(sends.accepted().await.len(), 1 + QUEUE);
    assert_eq!(small.town.held("a.sp.2103.m01").await, 3 * 100_000);

    // Nothing was consumed: the very same requests go through later.
    for deposit in refused {
        let mut again = Sends::default();
        again.send_again(&small.line, deposit, false);
        assert_eq!(again.accepted().await.len(), 1);
    }
    assert_eq!(small.town.held("a.sp.2103.m01").await, 6 * 100_000);
    small.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_wait_behind_those_for_whom_someone_waits() {
    let small = Small::start().await;
    let (held, mut sends) = small.hold().await;
    // One of three is refused: the others are in the queue by then.
    for bulk in [true, false] {
        for _ in 0..=QUEUE {
            sends.send(&small.line, "m02", bulk);
        }
        sends.refused().await;
    }
    drop(held);
    let order: Vec<bool> = sends.accepted().await.into_iter().map(|(_, bulk)| bulk).collect();
    assert_eq!(order, [false, false, false, true, true]);
    small.verify().await;
}
