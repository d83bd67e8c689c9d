//! What a server does every minute of what waits, as it starts.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use sqlx::Executor;
use tokio::task::block_in_place;

use crate::client::found;
use crate::server::{Backend, SERVE, Server, data_folder, simpul};
use crate::terminal::Terminal;
use crate::verifying::raw;

/// A row that is none, among those that wait in a book that comes before the others.
const DAMAGE: &str = "INSERT INTO register_row (book, parent, id, position, value, waiting) \
    VALUES ('alfa', 'transit', 'rusak', 1, x'ff', 'rusak')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_that_cannot_be_read_keeps_no_other_waiting() {
    let (_folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    let [damaged, giver] = ["alfa", "beta"].map(|book| Terminal::new(server.address(), book));
    damaged.reads("buku baru --nama Rusak --lkm \"LKM contoh\" --sejak 1-1-2025");
    found(&giver);
    giver.reads("hibah terima mawar blps 5.000.000 --program \"BLPS (contoh)\"");
    giver.reads("guliran putuskan mawar blps 1.000.000");
    let to = "--kepada books/gama/groups/melati --uang 1.000.000";
    giver.reads(&format!("guliran serahkan mawar blps g1 {to}"));
    assert!(server.terminate().success());

    // The book that it goes to is made now, within the minute after the start.
    let server = Server::start(&Backend::Sqlite, &data);
    let taker = Terminal::new(server.address(), "gama");
    taker.reads("buku baru --nama Gama --lkm \"LKM contoh\" --sejak 1-1-2025");
    taker.reads("kelompok baru melati --nama Melati --anggota 5 --terhubung 1-1-2025");
    assert!(server.terminate().success());
    raw(&data).await.execute(DAMAGE).await.expect("damaged");

    let mut command = simpul(&SERVE, &Backend::Sqlite, &data);
    command.stderr(Stdio::piped());
    let mut server = Server::spawn(command);
    let mut lines = BufReader::new(server.log()).lines().map(|line| line.expect("text"));
    let mut told = |wanted: fn(&String) -> bool| block_in_place(|| lines.find(wanted));
    let of_damaged = |line: &String| line.contains("waits for the next round");
    told(of_damaged).expect("the damaged book comes first");
    // Were it the end of this round, the next would begin with the damaged book again.
    let brought = |line: &String| line.contains("brought to other books");
    let next = told(brought).expect("a line");
    assert!(next.contains("passes") && next.contains("beta") && next.contains("count"), "{next}");
    let giver = Terminal::new(server.address(), "beta");
    assert_eq!(giver.reads("guliran perjalanan").trim(), "Belum ada.");
    server.kill();
}
