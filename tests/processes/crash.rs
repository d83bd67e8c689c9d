//! SIGKILL at random moments under load: nothing acknowledged is lost, nothing happens twice. And
//! SIGTERM: whatever was taken in is answered before the end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use simpul::api::v1::savings_service_client::SavingsServiceClient;
use tokio::sync::{Mutex, Notify};
use tonic::transport::Channel;

use crate::server::{Backend, Server, data_folder, held, open_book, position, send, verify};

/// How many deposits are under way at any time.
const IN_FLIGHT: usize = 16;

/// How often a server dies in the suite.
const KILLS: u32 = 20;

/// How many times as often in the long run, in which the growing journal is verified as often.
fn times() -> u32 {
    if std::env::var_os("SIMPUL_LONG").is_some() { 25 } else { 1 }
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
    /// A load of new deposits, after so many of which a server has done enough.
    async fn on(server: &Server, next: &Arc<AtomicU64>, after: u64) -> Load {
        Load {
            channel: server.connect().await,
            next: Arc::clone(next),
            known: Arc::default(),
            enough: Arc::default(),
            after,
            answered: Arc::default(),
        }
    }

    /// Sends until the server has done enough and `ended`; what the clients know then.
    async fn until(self, ended: impl FnOnce()) -> Known {
        let clients = self.start();
        self.enough.notified().await;
        ended();
        for client in clients {
            client.await.expect("a client ends");
        }
        std::mem::take(&mut *self.known.lock().await)
    }

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
    for kill in 1..=KILLS * times() {
        let server = Server::start(&backend, data);
        let load = Load::on(&server, &next, random.u64(1..200)).await;
        let known = load.until(|| server.kill()).await;
        hit_in_flight += usize::from(!known.unanswered.is_empty());

        let server = Server::start(&backend, data);
        let channel = server.connect().await;
        let reached = position(channel.clone()).await;
        let mut savings = SavingsServiceClient::new(channel);
        for (number, position) in &known.acknowledged {
            assert!(*position <= reached, "deposit {number} was acknowledged and is not there");
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
        if kill % times() == 0 {
            let (sound, words) = verify(&backend, data);
            assert!(sound, "after kill {kill}: {words}");
        }
    }
    assert!(hit_in_flight > 0, "no kill hit a command in flight");
    assert!(lost_answers > 0, "no kill lost the answer to a commit");
    println!(
        "{} deposits, {hit_in_flight} kills in flight, {lost_answers} answers lost",
        total.len()
    );

    let server = Server::start(&backend, data);
    let cash = held(server.connect().await, "ramai.sp.1101").await;
    assert_eq!(cash, 1000 * i64::try_from(total.len()).expect("fits"));
    assert!(server.terminate().success());
}

/// What waits when a server is told to stop is answered: no commit loses its answer, and what was not
/// taken in any more has not happened.
async fn stop_and_lose_no_answer(backend: Backend, data: &Path) {
    let mut server = Server::start(&backend, data);
    open_book(server.connect().await).await;
    let next = Arc::new(AtomicU64::new(0));
    let (mut total, mut turned_away) = (0, 0);
    for round in 1..=5 {
        let load = Load::on(&server, &next, 40 * round).await;
        let known = load.until(|| assert!(server.terminate().success())).await;
        server = Server::start(&backend, data);
        let channel = server.connect().await;
        let reached = position(channel.clone()).await;
        let mut savings = SavingsServiceClient::new(channel);
        for (number, position) in &known.acknowledged {
            assert!(*position <= reached, "deposit {number} was acknowledged and is not there");
        }
        for number in &known.unanswered {
            let retried = send(&mut savings, *number).await.expect("a retry is answered");
            assert!(retried.position > reached, "the answer to deposit {number} was lost");
        }
        turned_away += known.unanswered.len();
        total += known.acknowledged.len() + known.unanswered.len();
    }
    assert!(turned_away > 0, "no server was told to stop while it was busy");
    let cash = held(server.connect().await, "ramai.sp.1101").await;
    assert_eq!(cash, 1000 * i64::try_from(total).expect("fits"));
    assert!(server.terminate().success());
    let (sound, words) = verify(&backend, data);
    assert!(sound, "{words}");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_answers_what_waits_at_sigterm() {
    let (_folder, data) = data_folder();
    stop_and_lose_no_answer(Backend::Sqlite, &data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_answers_what_waits_at_sigterm() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    stop_and_lose_no_answer(backend, &data).await;
}
