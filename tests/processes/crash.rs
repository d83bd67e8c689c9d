//! SIGKILL at random moments under load: nothing acknowledged is lost, nothing happens twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use simpul::api::v1::ledger_service_client::LedgerServiceClient;
use simpul::api::v1::savings_service_client::SavingsServiceClient;
use simpul::api::v1::{self};
use tokio::sync::{Mutex, Notify};
use tonic::transport::Channel;

use crate::server::{Backend, Server, data_folder, open_book, position, send, verify};

/// How many deposits are under way at any time.
const IN_FLIGHT: usize = 16;

fn kills() -> u32 {
    if std::env::var_os("SIMPUL_LONG").is_some() { 500 } else { 20 }
}

/// What the clients know: acknowledged deposits by number, with the position of their record.
#[derive(Default)]
struct Known {
    acknowledged: BTreeMap<u64, u64>,
    unanswered: Vec<u64>,
}

/// Keeps a server busy until it dies.
struct Load {
    channel: Channel,
    next: Arc<AtomicU64>,
    known: Arc<Mutex<Known>>,
    enough: Arc<Notify>,
    after: u64,
    answered: Arc<AtomicU64>,
}

impl Load {
    fn start(&self) -> Vec<tokio::task::JoinHandle<()>> {
        (0..IN_FLIGHT).map(|_| tokio::spawn(self.client())).collect()
    }

    fn client(&self) -> impl Future<Output = ()> + use<> {
        let mut savings = SavingsServiceClient::new(self.channel.clone());
        let (next, known) = (Arc::clone(&self.next), Arc::clone(&self.known));
        let (enough, answered) = (Arc::clone(&self.enough), Arc::clone(&self.answered));
        let after = self.after;
        async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Ok(transaction) = send(&mut savings, number).await else {
                    known.lock().await.unanswered.push(number);
                    return;
                };
                known.lock().await.acknowledged.insert(number, transaction.position);
                if answered.fetch_add(1, Ordering::Relaxed) == after {
                    enough.notify_one();
                }
            }
        }
    }
}

async fn crash_and_recover(backend: Backend, data: &Path) {
    let first = Server::start(&backend, data);
    open_book(first.connect().await).await;
    first.kill();
    let mut random = fastrand::Rng::with_seed(20_250_817);
    let next = Arc::new(AtomicU64::new(0));
    let mut total = BTreeMap::new();
    let (mut hit_in_flight, mut lost_answers) = (0, 0);
    for _ in 0..kills() {
        let known = Arc::new(Mutex::new(Known::default()));
        let server = Server::start(&backend, data);
        let load = Load {
            channel: server.connect().await,
            next: Arc::clone(&next),
            known: Arc::clone(&known),
            enough: Arc::new(Notify::new()),
            after: random.u64(1..200),
            answered: Arc::default(),
        };
        let clients = load.start();
        load.enough.notified().await;
        server.kill();
        for client in clients {
            client.await.expect("a client ends");
        }
        let known = std::mem::take(&mut *known.lock().await);
        hit_in_flight += usize::from(!known.unanswered.is_empty());

        let server = Server::start(&backend, data);
        let channel = server.connect().await;
        let reached = position(channel.clone()).await;
        let mut savings = SavingsServiceClient::new(channel);
        for (number, position) in &known.acknowledged {
            let again = send(&mut savings, *number).await.expect("a retry is answered");
            assert_eq!(again.position, *position, "deposit {number} was acknowledged");
        }
        for number in &known.unanswered {
            let retried = send(&mut savings, *number).await.expect("a retry is answered");
            lost_answers += usize::from(retried.position <= reached);
            assert!(total.insert(*number, retried.position).is_none());
        }
        total.extend(known.acknowledged);
        server.kill();
    }
    assert!(hit_in_flight > 0, "no kill hit a command in flight");
    assert!(lost_answers > 0, "no kill lost the answer to a commit");
    println!(
        "{} deposits, {hit_in_flight} kills in flight, {lost_answers} answers lost",
        total.len()
    );

    let (sound, words) = verify(&backend, data);
    assert!(sound, "{words}");
    let server = Server::start(&backend, data);
    let cash = balance(server.connect().await, "ramai.sp.1101").await;
    assert_eq!(cash, 1000 * i64::try_from(total.len()).expect("fits"));
    assert!(server.terminate().success());
}

async fn balance(channel: Channel, account: &str) -> i64 {
    let request = v1::GetBalanceRequest {
        account: format!("books/sibuk/accounts/{account}"),
        ..v1::GetBalanceRequest::default()
    };
    let answer = LedgerServiceClient::new(channel).get_balance(request).await.expect("a balance");
    answer.into_inner().balance.and_then(|of| of.balance).expect("an amount").units
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_survives_sigkill() {
    let (_folder, data) = data_folder();
    crash_and_recover(Backend::Sqlite, &data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_survives_sigkill() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    crash_and_recover(backend, &data).await;
}
