//! The life of the real process: it serves, drains on SIGTERM, starts again, checks its settings.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use simpul::api::v1::*;
use simpul::cli::remote::{Line, Remote, fresh_request_id};
use simpul::domain::refusal::Language;
use tokio::task::block_in_place;

use crate::town::{cash, date, idr};

const SIMPUL: &str = env!("CARGO_BIN_EXE_simpul");

struct Process {
    child: Child,
    address: String,
    line: Line,
}

/// Starts `simpul serve` on a free port and reads its address.
fn serve(data_dir: &Path) -> Process {
    let mut child = Command::new(SIMPUL)
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "simpul=debug", "--log-format", "json"])
        .args(["--sign-in", "false", "--data-dir"])
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
    let address = address.strip_prefix("http://").expect("an address").to_owned();
    Process { child, address, line }
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
    let Process { child, line, .. } = serve(&data_dir);
    let mut books = book_service_client::BookServiceClient::new(line.clone());
    let request = create_book();
    let made = books.create_book(request.clone()).await.expect("a book").into_inner();
    write_what_is_personal(&line).await;
    terminate(&child);
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).expect("text");
    assert!(log.contains("CreateBookRequest") && log.contains("\"book\":\"sendiri\""), "{log}");
    assert!(log.contains("DepositRequest") && log.contains("OFFICE_TAKEN"), "{log}");
    for personal in ["Rahasia", NIK] {
        assert!(!log.contains(personal), "{log}");
    }
    let mut database = std::fs::read(data_dir.join("simpul.db")).expect("a database");
    // What is not yet in the database stands beside it.
    database.extend(std::fs::read(data_dir.join("simpul.db-wal")).unwrap_or_default());
    let holds = |text: &str| database.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("Mawar (contoh)"), "names of groups are plain");
    for personal in ["Rahasia anggota", "Rahasia kelompok", "Rahasia memo", NIK] {
        assert!(!holds(personal), "{personal}");
    }

    let path = data_dir.to_str().expect("text");
    let verified = run(&["verify", "--data-dir", path]);
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && text.contains("sendiri: 6 records"), "{text}");
    let unknown = run(&["verify", "--book", "tiada", "--data-dir", path]);
    assert_eq!(unknown.status.code(), Some(1));
    let nowhere = run(&["verify", "--data-dir", folder.path().to_str().expect("text")]);
    let text = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert!(nowhere.status.code() == Some(1) && text.contains("there is no database"), "{text}");

    let Process { child, line, .. } = serve(&data_dir);
    let mut books = book_service_client::BookServiceClient::new(line);
    let again = books.create_book(request).await.expect("the same answer").into_inner();
    assert_eq!(made, again);
    terminate(&child);
    assert_eq!(child.wait_with_output().expect("ended").status.code(), Some(0));
}

const NIK: &str = "5371010101900001";

/// A name, an identity number, notes and a memo, some of them in requests that are refused.
async fn write_what_is_personal(line: &Line) {
    let group = CreateGroupRequest {
        parent: "books/sendiri".to_owned(),
        request_id: fresh_request_id(),
        group_id: "mawar".to_owned(),
        display_name: "Mawar (contoh)".to_owned(),
        member_count: 10,
        notes: "Rahasia kelompok".to_owned(),
        ..CreateGroupRequest::default()
    };
    let mut groups = group_service_client::GroupServiceClient::new(line.clone());
    groups.create_group(group).await.expect("a group");
    let member = EnrolMemberRequest {
        parent: "books/sendiri/groups/mawar".to_owned(),
        request_id: fresh_request_id(),
        member_id: "m01".to_owned(),
        display_name: "Rahasia anggota".to_owned(),
        nik: NIK.to_owned(),
        household: "kk-1".to_owned(),
        status: HouseholdStatus::Miskin as i32,
        joined_on: date(2025, 1, 1),
    };
    let mut members = member_service_client::MemberServiceClient::new(line.clone());
    members.enrol_member(member.clone()).await.expect("a member");
    let malformed = EnrolMemberRequest { nik: format!("{NIK}7"), ..member };
    members.enrol_member(malformed).await.expect_err("seventeen digits");
    let deposit = |memo: &str| DepositRequest {
        member: "books/sendiri/groups/mawar/members/m01".to_owned(),
        request_id: fresh_request_id(),
        details: Some(TransactionDetails { memo: memo.to_owned(), ..Default::default() }),
        kind: SavingsKind::Sukarela as i32,
        amount: idr(1_000),
        place: cash(),
    };
    let mut savings = savings_service_client::SavingsServiceClient::new(line.clone());
    savings.deposit(deposit("Rahasia memo")).await.expect("deposited");
    savings.deposit(deposit("Rahasia\u{7}")).await.expect_err("cannot be printed");
    let appoint = || AppointOfficerRequest {
        member: "books/sendiri/groups/mawar/members/m01".to_owned(),
        request_id: fresh_request_id(),
        office: Office::Ketua as i32,
        since: date(2025, 1, 1),
    };
    groups.appoint_officer(appoint()).await.expect("appointed");
    groups.appoint_officer(appoint()).await.expect_err("taken");
}

fn terminate(child: &Child) {
    let sent = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
    assert!(sent.success());
}

/// A call that never ends holds the drain up; a second signal does not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = serve(&folder.path().join("data"));
    let call = unfinished_call(&process.address);
    let (said, log) = std::sync::mpsc::channel();
    let stderr = BufReader::new(process.child.stderr.take().expect("piped"));
    let reading = std::thread::spawn(move || {
        let mut lines = stderr.lines().map_while(Result::ok);
        // The first signal has been heard; whoever waited for it may have failed by then.
        if lines.any(|line| line.contains("once more ends at once")) {
            said.send(()).expect("somebody waits");
        }
        lines.for_each(drop);
    });
    terminate(&process.child);
    block_in_place(|| log.recv_timeout(Duration::from_secs(60))).expect("the first one is heard");
    assert!(process.child.try_wait().expect("asked").is_none(), "the call is still in flight");
    terminate(&process.child);
    let status = block_in_place(|| process.child.wait()).expect("ended");
    assert_eq!(status.code(), Some(130));
    drop(call);
    reading.join().expect("read to its end");
}

/// Begins a call and does not send its message; the server waits for it.
fn unfinished_call(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("connected");
    let head = format!(
        "POST /simpul.v1.BookService/ListBooks HTTP/1.1\r\nhost: {address}\r\n\
         content-type: application/grpc-web+proto\r\nexpect: 100-continue\r\n\
         content-length: 5\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    // The server asks for the body once the call has begun.
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).expect("answered");
    assert!(line.starts_with("HTTP/1.1 100"), "{line}");
    stream
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

    // The environment stands over the file, and flags over both.
    std::fs::write(&path, "log = \"error\"\nlisten = \"127.0.0.1:1\"\ndrain_seconds = 3\n")
        .expect("written");
    let mut check = Command::new(SIMPUL);
    check.args(["config", "check", "--config", file, "--listen", "127.0.0.1:3"]);
    check.env("SIMPUL_LOG", "debug").env("SIMPUL_LISTEN", "127.0.0.1:2");
    let text = String::from_utf8(check.output().expect("ran").stdout).expect("text");
    for line in ["log = \"debug\"", "listen = \"127.0.0.1:3\"", "drain_seconds = 3"] {
        assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
    }

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
