//! A disk without room: no file of a running server may grow any more, and then may again.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use simpul::api::v1::savings_service_client::SavingsServiceClient;
use tokio::task::block_in_place;
use tonic::Code;

use crate::server::{Backend, SERVE, Server, data_folder, held, open_book, send, simpul, verify};
use crate::terminal::Terminal;

/// The server by a shell that has writes beyond the limit fail rather than kill.
fn start(arguments: &[&str], data: &Path) -> Server {
    let server = simpul(arguments, &Backend::Sqlite, data);
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(server.get_program());
    // Its log is on the same disk.
    let log = File::create(data.with_extension("log")).expect("a file");
    command.args(server.get_args()).stdin(Stdio::null()).stderr(log);
    Server::spawn(command)
}

fn files_may_hold(server: &Server, bytes: &str) {
    let mut limit = Command::new("prlimit");
    limit.args(["--pid", &server.id().to_string(), &format!("--fsize={bytes}:")]);
    assert!(block_in_place(|| limit.status()).expect("prlimit runs").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_goes_on_once_a_full_disk_has_room() {
    let (_folder, data) = data_folder();
    let server = start(&SERVE, &data);
    let channel = server.connect().await;
    open_book(channel.clone()).await;
    let mut savings = SavingsServiceClient::new(channel.clone());
    send(&mut savings, 1).await.expect("saved");
    files_may_hold(&server, "1");
    for number in [2, 3] {
        let status = send(&mut savings, number).await.expect_err("no room");
        assert_eq!(status.code(), Code::Unavailable, "{status}");
    }
    files_may_hold(&server, "unlimited");
    // The same requests again: each is booked once, whatever became of it before.
    for number in [2, 3, 4] {
        send(&mut savings, number).await.expect("there is room");
    }
    let saved = [1, 2, 3, 4].map(|number| format!("ramai.sp.2103.m{number}"));
    for account in saved {
        assert_eq!(held(channel.clone(), &account).await, 1000, "{account}");
    }
    assert!(server.terminate().success());
    let (sound, words) = verify(&Backend::Sqlite, &data);
    assert!(sound, "{words}");
}

/// The keys of persons and who may sign in are kept in files of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn persons_and_devices_are_taken_in_once_a_full_disk_has_room() {
    let (_folder, data) = data_folder();
    let mut command = simpul(&["administrator", "kepala"], &Backend::Sqlite, &data);
    let code = String::from_utf8(command.output().expect("it runs").stdout).expect("text");
    let server = start(&SERVE[..3], &data);
    let terminal = Terminal::new(server.address(), "penuh").with_token(data.join("tanda"));
    let enrols = format!("akses masuk {} --nama kantor", code.trim());
    let person = "akses pengguna-baru bu-maria";
    let invites = "akses undang bu-maria --output json";

    files_may_hold(&server, "1");
    // More often than the store has connections.
    for _ in 0..6 {
        let refused = terminal.refused(&enrols);
        assert!(refused.contains("tidak ada yang tercatat"), "{refused}");
    }
    files_may_hold(&server, "unlimited");
    terminal.says(&enrols, "terdaftar");
    terminal.reads("buku baru --nama Penuh --lkm \"LKM contoh\" --sejak 1-1-2025");
    files_may_hold(&server, "1");
    for _ in 0..6 {
        terminal.refused(person);
    }
    files_may_hold(&server, "unlimited");
    terminal.reads(person);
    files_may_hold(&server, "1");
    for _ in 0..6 {
        terminal.refused(invites);
    }
    files_may_hold(&server, "unlimited");
    terminal.reads(invites);
    assert!(server.terminate().success());
    let (sound, words) = verify(&Backend::Sqlite, &data);
    assert!(sound, "{words}");
}
