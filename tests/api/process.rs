//! The life of the real process: it serves, drains on SIGTERM, starts again, checks its settings.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use simpul::api::v1::*;
use simpul::cli::remote::{Line, Remote, fresh_request_id};
use simpul::domain::refusal::Language;

use crate::town::date;

const SIMPUL: &str = env!("CARGO_BIN_EXE_simpul");

struct Process {
    child: Child,
    line: Line,
}

/// Starts `simpul serve` on a free port and reads its address.
fn serve(data_dir: &Path) -> Process {
    let mut child = Command::new(SIMPUL)
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "simpul=debug", "--log-format", "json"])
        .arg("--data-dir")
        .arg(data_dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut first = String::new();
    let out = child.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut first).expect("an address");
    let address = first.trim().strip_prefix("simpul: ").expect("an address");
    let line = Remote::new(address, "bendahara", Language::English).expect("a line").line();
    Process { child, line }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(SIMPUL).args(arguments).output().expect("ran")
}

fn create_book() -> CreateBookRequest {
    CreateBookRequest {
        book_id: "sendiri".to_owned(),
        request_id: fresh_request_id(),
        display_name: "Rahasia Contoh".to_owned(),
        zone: Zone::Wita as i32,
        opened_on: date(2025, 1, 1),
        ..CreateBookRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains_and_the_next_start_finds_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().join("data");
    let Process { child, line } = serve(&data_dir);
    let mut books = book_service_client::BookServiceClient::new(line);
    let request = create_book();
    let made = books.create_book(request.clone()).await.expect("a book").into_inner();
    terminate(&child);
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).expect("text");
    assert!(log.contains("CreateBookRequest") && log.contains("\"book\":\"sendiri\""), "{log}");
    assert!(!log.contains("Rahasia"), "{log}");

    let path = data_dir.to_str().expect("text");
    let verified = run(&["verify", "--data-dir", path]);
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && text.contains("sendiri: 1 records"), "{text}");
    let unknown = run(&["verify", "--book", "tiada", "--data-dir", path]);
    assert_eq!(unknown.status.code(), Some(1));
    let nowhere = run(&["verify", "--data-dir", folder.path().to_str().expect("text")]);
    let text = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert!(nowhere.status.code() == Some(1) && text.contains("there is no database"), "{text}");

    let Process { child, line } = serve(&data_dir);
    let mut books = book_service_client::BookServiceClient::new(line);
    let again = books.create_book(request).await.expect("the same answer").into_inner();
    assert_eq!(made, again);
    terminate(&child);
    assert_eq!(child.wait_with_output().expect("ended").status.code(), Some(0));
}

fn terminate(child: &Child) {
    let sent = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
    assert!(sent.success());
}

#[test]
fn settings_are_checked_and_secrets_hidden() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("simpul.toml");
    std::fs::write(&path, "database = \"postgres://u:s3cret@h/d\"\n").expect("written");
    let file = path.to_str().expect("text");
    let output = run(&["config", "check", "--config", file, "--listen", "127.0.0.1:7"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("127.0.0.1:7"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");

    std::fs::write(&path, "\nlistn = \"x\"\n").expect("written");
    let output = run(&["config", "check", "--config", file]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("line 2") && text.contains("listn"), "{text}");
}

#[test]
fn only_this_machine_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("text");
    let output = run(&["serve", "--listen", "0.0.0.0:0", "--data-dir", path]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("not a loopback address"), "{text}");
}
