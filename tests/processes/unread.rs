//! What is printed into a pipe that nobody reads any more: the command ends quietly and well.

use std::process::{Command, Stdio};

use tokio::task::block_in_place;

use crate::server::{Backend, Server, data_folder, open_book, simpul};

/// Runs a command with nobody at the other end of its output; answers how it ended and what it
/// complained of.
fn unread(mut command: Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    command.stdout(writer).stderr(Stdio::piped());
    let output = block_in_place(|| command.output()).expect("it runs");
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_has_gone_ends_a_command_quietly() {
    let (_folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    open_book(server.connect().await).await;
    let mut ask = Command::new(env!("CARGO_BIN_EXE_simpul"));
    ask.args(["--server", server.address(), "--book", "sibuk", "neraca-saldo"]);
    assert_eq!(unread(ask), (Some(0), String::new()));
    assert!(server.terminate().success());
    for line in [&["verify"][..], &["export", "--format", "hledger", "--book", "sibuk"]] {
        let (code, complaint) = unread(simpul(line, &Backend::Sqlite, &data));
        assert_eq!((code, complaint.contains("panicked")), (Some(0), false), "{complaint}");
    }
}
