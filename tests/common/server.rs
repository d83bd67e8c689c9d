//! The real server as a process of its own, and a client that keeps it busy.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use simpul::api::google_type::{Date, Money};
use simpul::api::v1::{
    self, PlaceKind, SavingsKind, book_service_client::BookServiceClient,
    group_service_client::GroupServiceClient, ledger_service_client::LedgerServiceClient,
    member_service_client::MemberServiceClient, savings_service_client::SavingsServiceClient,
};
use tokio::task::block_in_place;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as HttpBody, Bytes, StdError};
use tonic::transport::{Channel, Endpoint};

/// What calls go over: a channel, or a line that says who calls.
pub trait Over: GrpcService<Body, Error: Into<StdError>, ResponseBody: Answer> + Clone {}

impl<T: GrpcService<Body, Error: Into<StdError>, ResponseBody: Answer> + Clone> Over for T {}

/// What comes back over it.
pub trait Answer: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static {}

impl<T: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static> Answer for T {}

/// How many members the busy group has.
pub const MEMBERS: u32 = 100;

/// Which storage a server uses.
#[derive(Clone, Debug)]
pub enum Backend {
    /// A data folder.
    Sqlite,
    /// A database of its own.
    Postgres(String),
}

impl Backend {
    /// A fresh PostgreSQL database, its schema made by `simpul migrate`.
    pub async fn postgres(data: &Path) -> Backend {
        let url = crate::common::postgres_database().await;
        let backend = Backend::Postgres(url);
        let mut migrate = simpul(&["migrate"], &backend, data);
        let migrated = block_in_place(|| migrate.status()).expect("it runs");
        assert!(migrated.success());
        backend
    }
}

/// The binary with a subcommand on a backend, its personal keys in `data`.
pub fn simpul(arguments: &[&str], backend: &Backend, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simpul"));
    command.args(arguments).stdin(Stdio::null());
    if arguments[0] != "migrate" {
        command.arg("--data-dir").arg(data);
    }
    if let Backend::Postgres(url) = backend {
        command.arg("--database").arg(url);
    }
    command
}

/// The subcommand of a server on a free port.
pub const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--sign-in", "false"];

/// A running server.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a server and waits until it says where it listens.
    pub fn start(backend: &Backend, data: &Path) -> Server {
        let mut command = simpul(&SERVE, backend, data);
        command.stderr(Stdio::null());
        Server::spawn(command)
    }

    /// The same, by a command of one's own.
    pub fn spawn(mut command: Command) -> Server {
        command.stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(stdout).lines();
        let first = block_in_place(|| lines.next()).expect("a line").expect("text");
        let address = first.rsplit(' ').next().expect("an address").to_owned();
        Server { child, address }
    }

    /// Where it listens, e.g. `http://127.0.0.1:50051`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it writes to its log, if the command that started it gave it a pipe.
    pub fn log(&mut self) -> std::process::ChildStderr {
        self.child.stderr.take().expect("its log is piped")
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// A connection.
    pub async fn connect(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.address.clone()).expect("an address");
        endpoint.connect().await.expect("the server answers")
    }

    /// SIGKILL, and the end of the process.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.wait();
    }

    /// SIGTERM, and how the process ended.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.wait()
    }

    fn wait(&mut self) -> ExitStatus {
        block_in_place(|| self.child.wait()).expect("it ends")
    }
}

/// A test that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended, which is as good.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What `simpul verify` says: whether it found nothing, and its words.
pub fn verify(backend: &Backend, data: &Path) -> (bool, String) {
    let output = block_in_place(|| simpul(&["verify"], backend, data).output()).expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// A folder for one server's data.
pub fn data_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data");
    (folder, path)
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

/// Opens the book `sibuk` with one group of [`MEMBERS`] members.
pub async fn open_book(channel: Channel) {
    create_book(channel.clone()).await;
    found_group(channel).await;
}

/// Opens the book `sibuk`.
pub async fn create_book(line: impl Over) {
    let book = v1::CreateBookRequest {
        book_id: "sibuk".to_owned(),
        request_id: "buka-buku".to_owned(),
        display_name: "Buku sibuk (contoh)".to_owned(),
        lkm_name: "LKM contoh".to_owned(),
        regime: v1::Regime::LkmOjk as i32,
        zone: v1::Zone::Wita as i32,
        opened_on: date(2025, 1, 1),
    };
    BookServiceClient::new(line).create_book(book).await.expect("a book");
}

/// Registers its group and the members.
pub async fn found_group(line: impl Over) {
    let group = v1::CreateGroupRequest {
        parent: "books/sibuk".to_owned(),
        request_id: "daftar-kelompok".to_owned(),
        group_id: "ramai".to_owned(),
        display_name: "Ramai (contoh)".to_owned(),
        member_count: MEMBERS,
        stage: v1::Stage::Tumbuh as i32,
        stage_since: date(2025, 1, 1),
        linked_on: date(2025, 1, 1),
        ..v1::CreateGroupRequest::default()
    };
    GroupServiceClient::new(line.clone()).create_group(group).await.expect("a group");
    let mut members = MemberServiceClient::new(line);
    for number in 0..MEMBERS {
        let member = v1::EnrolMemberRequest {
            parent: "books/sibuk/groups/ramai".to_owned(),
            request_id: format!("daftar-anggota-{number}"),
            member_id: format!("m{number}"),
            display_name: format!("Anggota {number} (contoh)"),
            household: format!("kk-{number}"),
            status: v1::HouseholdStatus::Miskin as i32,
            joined_on: date(2025, 1, 1),
            ..v1::EnrolMemberRequest::default()
        };
        members.enrol_member(member).await.expect("a member");
    }
}

/// A deposit of Rp1.000 by one of the members.
pub fn deposit(number: u64) -> v1::DepositRequest {
    let member = number % u64::from(MEMBERS);
    let place = v1::Place { kind: PlaceKind::Cash as i32, drawer: String::new() };
    v1::DepositRequest {
        member: format!("books/sibuk/groups/ramai/members/m{member}"),
        request_id: format!("setoran-{number:09}"),
        details: None,
        kind: SavingsKind::Sukarela as i32,
        amount: Some(Money { currency_code: "IDR".to_owned(), units: 1000, nanos: 0 }),
        place: Some(place),
    }
}

/// Sends a deposit. Errors: what the server, or its absence, answers.
pub async fn send(
    savings: &mut SavingsServiceClient<impl Over>,
    number: u64,
) -> Result<v1::Transaction, tonic::Status> {
    let answer = savings.deposit(deposit(number)).await?.into_inner();
    Ok(answer.transaction.expect("a transaction"))
}

/// Rupiah on an account of the book.
pub async fn held(channel: Channel, account: &str) -> i64 {
    let account = format!("books/sibuk/accounts/{account}");
    let request = v1::GetBalanceRequest { account, ..v1::GetBalanceRequest::default() };
    let answer = LedgerServiceClient::new(channel).get_balance(request).await.expect("a balance");
    answer.into_inner().balance.and_then(|of| of.balance).expect("an amount").units
}

/// The book's position.
pub async fn position(channel: Channel) -> u64 {
    let name = "books/sibuk".to_owned();
    let answer = BookServiceClient::new(channel).get_book(v1::GetBookRequest { name }).await;
    answer.expect("a book").into_inner().book.expect("a book").position
}
