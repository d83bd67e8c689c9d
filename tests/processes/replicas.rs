//! Two server processes on one PostgreSQL serve the same book at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use simpul::api::v1::savings_service_client::SavingsServiceClient;
use tonic::transport::Channel;

use crate::server::{Backend, Server, data_folder, open_book, send, verify};

const DEPOSITS: u64 = 2_000;

/// Sends every third deposit to both servers at once, the others to one.
async fn client(own: Channel, other: Channel, next: Arc<AtomicU64>) -> Vec<u64> {
    let (mut own, mut other) = (SavingsServiceClient::new(own), SavingsServiceClient::new(other));
    let mut positions = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= DEPOSITS {
            return positions;
        }
        let answer = match number % 3 {
            0 => {
                let (one, two) = tokio::join!(send(&mut own, number), send(&mut other, number));
                let (one, two) = (one.expect("answered"), two.expect("answered"));
                assert_eq!(one.position, two.position, "both servers give the same answer");
                one
            }
            _ => send(&mut own, number).await.expect("answered"),
        };
        positions.push(answer.position);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_book_lose_and_double_nothing() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    let (left, right) = (Server::start(&backend, &data), Server::start(&backend, &data));
    open_book(left.connect().await).await;
    let next = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for number in 0..16 {
        let (own, other) = if number % 2 == 0 { (&left, &right) } else { (&right, &left) };
        let (own, other) = (own.connect().await, other.connect().await);
        clients.push(tokio::spawn(client(own, other, Arc::clone(&next))));
    }
    let mut positions = BTreeSet::new();
    for client in clients {
        for position in client.await.expect("a client ends") {
            assert!(positions.insert(position), "two deposits share a record");
        }
    }
    assert_eq!(positions.len() as u64, DEPOSITS);
    assert!(left.terminate().success());
    assert!(right.terminate().success());
    let (sound, words) = verify(&backend, &data);
    assert!(sound, "{words}");
}
