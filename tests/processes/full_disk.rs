//! A disk without room: no file of a running server may grow any more, and then may again.

use std::process::{Command, Stdio};
use std::time::Duration;

use simpul::api::v1::savings_service_client::SavingsServiceClient;
use tokio::task::block_in_place;
use tonic::Request;

use crate::server::{
    Backend, SERVE, Server, data_folder, deposit, held, open_book, send, simpul, verify,
};

/// The server by a shell that has writes beyond the limit fail rather than kill.
fn start(data: &std::path::Path) -> Server {
    let server = simpul(&SERVE, &Backend::Sqlite, data);
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(server.get_program());
    command.args(server.get_args()).stdin(Stdio::null()).stderr(Stdio::null());
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
    let server = start(&data);
    let channel = server.connect().await;
    open_book(channel.clone()).await;
    let mut savings = SavingsServiceClient::new(channel.clone());
    send(&mut savings, 1).await.expect("saved");
    files_may_hold(&server, "1");
    for number in [2, 3] {
        let mut request = Request::new(deposit(number));
        request.set_timeout(Duration::from_secs(2));
        savings.deposit(request).await.expect_err("no room");
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
