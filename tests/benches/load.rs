//! How fast deposits go through the real server, and what share of a bare loop that is.
//!
//! `cargo bench --bench load -- [--smoke]`. For SQLite and for PostgreSQL: starts the server, sends
//! savings deposits over gRPC with 256 in flight to one book, and verifies the book. Then a bare
//! loop, in this process and without gRPC and domain, appends the very same rows to an empty
//! database in batches of the server's mean size. The ratio of the two is what counts: both ran on
//! the same machine in the same minute.
//!
//! Statements are counted at the end, in smaller runs of their own, for their log takes time. So is
//! what it costs that callers sign in: the same calls, by turns to a server where they do and to one
//! where they do not, one at a time. `-- --sign-in` measures nothing else.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/server.rs"]
#[allow(dead_code, reason = "the processes tests use all of it, this only a part")]
mod server;
#[path = "../common/statements.rs"]
mod statements;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::{Request, Uri};
use h2::client::SendRequest;
use prost::Message;
use prost::bytes::{BufMut, Bytes, BytesMut};
use simpul::api::google_type::Date;
use simpul::api::v1;
use simpul::chain::Frontier;
use simpul::cli::remote::{Remote, fresh_request_id};
use simpul::domain::account::{Account, Control};
use simpul::domain::day::Day;
use simpul::domain::id::{Id, RequestId, RowName};
use simpul::domain::money::Sen;
use simpul::domain::record::{decode, decode_value};
use simpul::domain::refusal::Language;
use simpul::domain::state::{EntryRow, Receipt};
use simpul::storage::postgres::Postgres;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{Append, AppendOutcome, Checkpoint, Dump, Head, Journal, migrate};

use server::{
    Backend, SERVE, Server, create_book, data_folder, deposit, found_group, open_book, position,
    send, simpul as command, verify,
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tonic_types::StatusExt;

const IN_FLIGHT: usize = 256;
const CONNECTIONS: usize = 2;

/// How many deposits the statements are counted of.
const SAMPLE: u64 = 2_000;

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let deposits = if smoke { 5_000 } else { 100_000 };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("{deposits} deposits, {IN_FLIGHT} in flight, one book");
    runtime.block_on(async {
        if std::env::args().any(|argument| argument == "--sign-in") {
            return sign_in().await;
        }
        let (_folder, data) = data_folder();
        measure("SQLite", Backend::Sqlite, &data, deposits).await;
        let (_folder, data) = data_folder();
        let backend = Backend::postgres(&data).await;
        measure("PostgreSQL", backend, &data, deposits).await;

        println!("statements, in runs of {SAMPLE} deposits");
        let (_folder, data) = data_folder();
        count_statements("SQLite", Backend::Sqlite, &data).await;
        let (_folder, data) = data_folder();
        let backend = Backend::postgres(&data).await;
        count_statements("PostgreSQL", backend, &data).await;
        sign_in().await;
    });
}

/// Calls of each kind in one turn, and the turns.
const CALLS: u64 = 100;
const TURNS: u64 = 20;

/// What it costs that callers sign in.
async fn sign_in() {
    println!("signing in, {CALLS} calls one at a time, the best of {TURNS} turns");
    let folders = [data_folder(), data_folder()];
    compare("SQLite", [Backend::Sqlite, Backend::Sqlite], &folders).await;
    let folders = [data_folder(), data_folder()];
    let [open, guarded] = &folders;
    let backends = [Backend::postgres(&open.1).await, Backend::postgres(&guarded.1).await];
    compare("PostgreSQL", backends, &folders).await;
}

async fn compare(name: &str, backends: [Backend; 2], folders: &[(TempDir, PathBuf); 2]) {
    let [open, guarded] = &backends;
    let open = Server::start(open, &folders[0].1);
    let trusted = Remote::new(open.address(), "bendahara", Language::English).expect("a line");
    create_book(trusted.line()).await;
    found_group(trusted.line()).await;
    let (server, treasurer) = guarded_server(guarded, &folders[1].1).await;
    let mut best = [[Duration::MAX; 2]; 2];
    for turn in 0..TURNS {
        for (who, remote) in [&trusted, &treasurer].into_iter().enumerate() {
            let took = [ask(remote).await, save(remote, turn).await];
            for (best, took) in best[who].iter_mut().zip(took) {
                *best = took.min(*best);
            }
        }
    }
    println!("{name}");
    for (what, call) in ["a read (WhoAmI)", "a deposit"].into_iter().enumerate() {
        let each = |who: usize| best[who][what].as_secs_f64() * 1e6 / CALLS as f64;
        let (trusted, signed_in) = (each(0), each(1));
        let more = (signed_in / trusted - 1.0) * 100.0;
        println!("  {call}: {trusted:.0} us trusted, {signed_in:.0} us signed in: {more:+.0} %");
    }
    for server in [open, server] {
        assert!(server.terminate().success());
    }
}

/// A server where callers sign in, and the treasurer of its group, who has.
async fn guarded_server(backend: &Backend, data: &Path) -> (Server, Remote) {
    let code = command(&["administrator", "kepala"], backend, data).output().expect("it runs");
    let code = String::from_utf8(code.stdout).expect("text");
    let mut serve = command(&SERVE[..3], backend, data);
    serve.stderr(Stdio::null());
    let server = Server::spawn(serve);
    let admin = enrolled(&server, code.trim()).await;
    create_book(admin.line()).await;
    let manager = let_in(&server, (&admin, None), "manajer", v1::Role::Manager, "").await;
    found_group(manager.line()).await;
    let (both, group) = ((&admin, Some(&manager)), "books/sibuk/groups/ramai");
    let treasurer = let_in(&server, both, "bendahara", v1::Role::Treasurer, group).await;
    (server, treasurer)
}

/// A new user with a role, to which a second person agrees once there is one, and a device.
async fn let_in(
    server: &Server,
    (admin, second): (&Remote, Option<&Remote>),
    user: &str,
    role: v1::Role,
    place: &str,
) -> Remote {
    let (book, user_id) = ("books/sibuk".to_owned(), user.to_owned());
    let request = v1::CreateUserRequest { book: book.clone(), user_id: user_id.clone() };
    admin.access().create_user(request).await.expect("a user");
    let request = v1::AssignRoleRequest {
        book: book.clone(),
        request_id: fresh_request_id(),
        user_id: user_id.clone(),
        role: role as i32,
        place: place.to_owned(),
        since: Some(Date { year: 2025, month: 1, day: 1 }),
        until: None,
        stands_in_for: String::new(),
    };
    agreed(admin.access().assign_role(request).await, second).await;
    let request_id = fresh_request_id();
    let permit_id = request_id.clone();
    let permit = format!("{book}/permits/{permit_id}");
    let request = v1::InviteDeviceRequest { book, request_id, user_id, permit_id };
    agreed(admin.access().invite_device(request).await, second).await;
    let answer = admin.access().use_permit(v1::UsePermitRequest { permit }).await;
    match answer.expect("permitted").into_inner().given {
        Some(v1::use_permit_response::Given::Code(code)) => enrolled(server, &code.code).await,
        given => panic!("no code: {given:?}"),
    }
}

/// Whatever waits is agreed to.
async fn agreed<T>(asked: Result<T, tonic::Status>, second: Option<&Remote>) {
    let Err(waits) = asked else { return };
    let details = waits.get_error_details();
    let name = details.error_info().expect("a request that waits").metadata["name"].clone();
    let request = v1::ApproveRequest { name, request_id: fresh_request_id() };
    second.expect("a second person").approvals().approve(request).await.expect("agreed");
}

async fn enrolled(server: &Server, code: &str) -> Remote {
    let remote = Remote::new(server.address(), "siapa-saja", Language::English).expect("a line");
    let (code, label) = (code.to_owned(), "ukur".to_owned());
    let request = v1::EnrolDeviceRequest { code, label, pin: String::new() };
    let enrolled = remote.access().enrol_device(request).await.expect("enrolled").into_inner();
    remote.signed_in(&enrolled.token).expect("a token")
}

async fn ask(remote: &Remote) -> Duration {
    let mut access = remote.access();
    let began = Instant::now();
    for _ in 0..CALLS {
        let request = v1::WhoAmIRequest { book: "books/sibuk".to_owned() };
        access.who_am_i(request).await.expect("answered");
    }
    began.elapsed()
}

async fn save(remote: &Remote, turn: u64) -> Duration {
    let mut savings = remote.savings();
    let began = Instant::now();
    for number in turn * CALLS..(turn + 1) * CALLS {
        send(&mut savings, number).await.expect("answered");
    }
    began.elapsed()
}

async fn measure(name: &str, backend: Backend, data: &Path, deposits: u64) {
    let server = Server::start(&backend, data);
    open_book(server.connect().await).await;
    let before = position(server.connect().await).await;
    let (took, mut latencies) = load(&server, deposits).await;
    assert!(server.terminate().success());
    let (sound, words) = verify(&backend, data);
    assert!(sound, "{words}");

    let dump = dump(&backend, data).await;
    assert_eq!(dump.records.len() as u64, before + deposits, "each deposit is on record once");
    let (batches, mean) = batches_after(before, &dump);
    latencies.sort_unstable();
    let at = |share: usize| latencies[(latencies.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    println!("{name}");
    report("  server   ", deposits, took, batches, mean, &dump, before);
    println!("             p50 {:.1} ms, p99 {:.1} ms", at(50), at(99));
    let bare = BareLoop::prepare(&backend, &dump, before, mean).await;
    let bare_batches = bare.batches.len();
    let began = Instant::now();
    bare.run().await;
    let bare = began.elapsed();
    report("  bare loop", deposits, bare, bare_batches, mean, &dump, before);
    println!("  ratio      {:.2}", bare.as_secs_f64() / took.as_secs_f64());
}

/// Counts what a server that logs its statements sends, and what the bare loop does.
async fn count_statements(name: &str, backend: Backend, data: &Path) {
    let log = tempfile::NamedTempFile::new().expect("a log");
    let mut serve = command(&SERVE, &backend, data);
    serve.env("SIMPUL_LOG", "off,sqlx::query=trace").env("SIMPUL_LOG_FORMAT", "json");
    serve.stderr(log.reopen().expect("the log opens"));
    let server = Server::spawn(serve);
    open_book(server.connect().await).await;
    let before = position(server.connect().await).await;
    let logged_before = lines(log.path());
    load(&server, SAMPLE).await;
    let logged = lines(log.path()) - logged_before;
    assert!(server.terminate().success());

    let dump = dump(&backend, data).await;
    let (batches, mean) = batches_after(before, &dump);
    let bare = BareLoop::prepare(&backend, &dump, before, mean).await;
    let bare_batches = bare.batches.len();
    let ((), sent) = statements::of(bare.run()).await;
    let report = |who, statements: usize, batches: usize| {
        let each = statements as f64 / batches as f64;
        println!("  {who}  {statements} in {batches} batches of {mean}: {each:.1} a batch");
    };
    println!("{name}");
    report("server   ", logged, batches);
    report("bare loop", sent.len(), bare_batches);
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).expect("a log").lines().count()
}

/// Sends deposits, and answers how long all took and how long each. One thread sends them all, so
/// that callers wake each other on no other core than theirs.
async fn load(server: &Server, deposits: u64) -> (Duration, Vec<Duration>) {
    let address = server.address().to_owned();
    let sending = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(keep_all_sending(&address, deposits))
    });
    sending.await.expect("all is sent")
}

async fn keep_all_sending(address: &str, deposits: u64) -> (Duration, Vec<Duration>) {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Direct::connect(address).await);
    }
    let began = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..IN_FLIGHT)
        .map(|client| {
            let savings = connections[client % CONNECTIONS].clone();
            tokio::spawn(keep_sending(savings, Arc::clone(&next), deposits))
        })
        .collect();
    let mut latencies = Vec::new();
    for client in clients {
        latencies.extend(client.await.expect("a client ends"));
    }
    (began.elapsed(), latencies)
}

/// A caller who speaks gRPC on a bare HTTP/2 connection, without what a client library adds: client
/// and server share the machine, and what the one does not spend is the other's.
#[derive(Clone)]
struct Direct {
    connection: SendRequest<Bytes>,
    method: Uri,
}

impl Direct {
    async fn connect(address: &str) -> Direct {
        let method = format!("{address}/simpul.v1.SavingsService/Deposit");
        let method: Uri = method.parse().expect("an address");
        let host = method.authority().expect("a host").as_str();
        let stream = TcpStream::connect(host).await.expect("it connects");
        stream.set_nodelay(true).expect("nodelay");
        let (sender, connection) = h2::client::handshake(stream).await.expect("shaken");
        tokio::spawn(connection);
        Direct { connection: sender, method }
    }

    /// Sends a deposit and reads the answer to its end, where gRPC says how the call went.
    async fn deposit(&mut self, number: u64) {
        let deposit = deposit(number);
        let length = deposit.encoded_len();
        let mut message = BytesMut::with_capacity(5 + length);
        message.put_u8(0);
        message.put_u32(u32::try_from(length).expect("fits"));
        deposit.encode(&mut message).expect("there is room");
        let request = Request::post(self.method.clone())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let mut ready = self.connection.clone().ready().await.expect("connected");
        let (response, mut stream) = ready.send_request(request, false).expect("begun");
        stream.send_data(message.freeze(), true).expect("sent");
        let mut answer = response.await.expect("answered").into_body();
        while let Some(part) = answer.data().await {
            let read = part.expect("answered to the end").len();
            answer.flow_control().release_capacity(read).expect("it was read");
        }
        let trailers = answer.trailers().await.expect("answered to the end");
        let status = trailers.as_ref().and_then(|trailers| trailers.get("grpc-status"));
        assert_eq!(status.map(|status| status.as_bytes()), Some(&b"0"[..]));
    }
}

/// Number and mean size of the batches after a position.
fn batches_after(position: u64, dump: &Dump) -> (usize, usize) {
    let after = dump.checkpoints.iter().filter(|checkpoint| checkpoint.size > position);
    let batches = after.count().max(1);
    let records = dump.records.len() - usize::try_from(position).expect("fits");
    (batches, records.div_ceil(batches))
}

async fn keep_sending(mut savings: Direct, next: Arc<AtomicU64>, deposits: u64) -> Vec<Duration> {
    let mut latencies = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= deposits {
            return latencies;
        }
        let began = Instant::now();
        savings.deposit(number).await;
        latencies.push(began.elapsed());
    }
}

fn report(
    name: &str,
    deposits: u64,
    took: Duration,
    batches: usize,
    mean: usize,
    dump: &Dump,
    before: u64,
) {
    let entries = dump.entries.iter().filter(|entry| entry.position > before).count();
    let rows = usize::try_from(deposits).expect("fits") * 2 + entries + batches;
    println!(
        "{name}  {:.0} commands/s, {rows} rows of records, receipts, entries and checkpoints, \
         {batches} batches of {mean}",
        deposits as f64 / took.as_secs_f64(),
    );
}

async fn open(backend: &Backend, data: &Path) -> Arc<dyn Journal> {
    match backend {
        Backend::Sqlite => Arc::new(Sqlite::open(&data.join("simpul.db")).await.expect("it opens")),
        Backend::Postgres(url) => Arc::new(Postgres::connect(url).await.expect("it connects")),
    }
}

async fn dump(backend: &Backend, data: &Path) -> Dump {
    open(backend, data).await.dump(&book()).await.expect("a dump")
}

fn book() -> Id {
    Id::new("sibuk").expect("an id")
}

/// The rows of a dump, ready to be appended to an empty database in batches.
struct BareLoop {
    journal: Arc<dyn Journal>,
    batches: Vec<Arc<Append>>,
    _folder: TempDir,
}

impl BareLoop {
    /// What came before a position is there already.
    async fn prepare(backend: &Backend, dump: &Dump, position: u64, mean: usize) -> BareLoop {
        let (folder, data) = data_folder();
        let backend = match backend {
            Backend::Sqlite => Backend::Sqlite,
            Backend::Postgres(_) => {
                let url = common::postgres_database().await;
                migrate::postgres(&url, None).await.expect("migrated");
                Backend::Postgres(url)
            }
        };
        let journal = open(&backend, &data).await;
        let mut captured = Captured::new(book(), dump);
        let setup = captured.next(usize::try_from(position).expect("fits"));
        let batches = std::iter::from_fn(|| captured.next_batch(mean)).collect();
        append(&*journal, setup).await;
        BareLoop { journal, batches, _folder: folder }
    }

    async fn run(&self) {
        for batch in &self.batches {
            append(&*self.journal, Arc::clone(batch)).await;
        }
    }
}

async fn append(journal: &dyn Journal, batch: Arc<Append>) {
    let outcomes = journal.append(vec![batch]).await.expect("appended");
    assert_eq!(outcomes, [AppendOutcome::Committed]);
}

/// The rows of a dump by position, handed out in batches.
struct Captured<'a> {
    book: Id,
    dump: &'a Dump,
    entries: BTreeMap<u64, Vec<EntryRow>>,
    accounts: BTreeMap<u64, Vec<Account>>,
    receipts: BTreeMap<u64, (RequestId, Receipt)>,
    totals: BTreeMap<Control, Sen>,
    frontier: Frontier,
    head: Head,
}

impl<'a> Captured<'a> {
    fn new(book: Id, dump: &'a Dump) -> Captured<'a> {
        let mut entries: BTreeMap<u64, Vec<EntryRow>> = BTreeMap::new();
        for entry in &dump.entries {
            entries.entry(entry.position).or_default().push(EntryRow {
                account: Account::parse(&entry.account).expect("an account"),
                position: entry.position,
                leg: entry.leg,
                amount: Sen::new(entry.amount),
                balance: Sen::new(entry.balance),
                effective_on: Day::new(entry.effective_on),
                late: entry.late,
            });
        }
        let mut accounts: BTreeMap<u64, Vec<Account>> = BTreeMap::new();
        for (name, position) in &dump.accounts {
            let account = Account::parse(name).expect("an account");
            accounts.entry(*position).or_default().push(account);
        }
        let receipt = |(request, position, digest): &(String, u64, Vec<u8>)| {
            let request = RequestId::new(request).expect("a request id");
            (*position, (request, Receipt { position: *position, digest: digest.clone() }))
        };
        Captured {
            book,
            dump,
            entries,
            accounts,
            receipts: dump.receipts.iter().map(receipt).collect(),
            totals: BTreeMap::new(),
            frontier: Frontier::default(),
            head: Head::default(),
        }
    }

    fn next_batch(&mut self, size: usize) -> Option<Arc<Append>> {
        let left = self.dump.records.len() - usize::try_from(self.head.size).expect("fits");
        (left > 0).then(|| self.next(size.min(left)))
    }

    fn next(&mut self, size: usize) -> Arc<Append> {
        let from = usize::try_from(self.head.size).expect("fits");
        let records = self.dump.records[from..from + size].to_vec();
        let mut recorded_at = 0;
        for record in &records {
            self.frontier.append(record.hashes[0]);
            recorded_at = decode(&record.bytes).expect("a record").recorded_at;
        }
        let last = records.last().expect("not empty").position;
        let expected_size = self.head.size;
        self.head = Head { size: last, frontier: self.frontier.roots().to_vec(), recorded_at };
        let positions = expected_size + 1..=last;
        let entries: Vec<EntryRow> =
            positions.clone().filter_map(|at| self.entries.remove(&at)).flatten().collect();
        let mut touched = BTreeMap::new();
        for entry in &entries {
            let control = entry.account.control();
            let total = self.totals.entry(control.clone()).or_default();
            *total = total.plus(entry.amount).expect("fits");
            touched.insert(control, *total);
        }
        let new_accounts =
            positions.clone().filter_map(|at| Some((at, self.accounts.remove(&at)?)));
        let new_accounts = new_accounts.flat_map(|(at, all)| all.into_iter().map(move |a| (a, at)));
        let new_accounts = new_accounts.collect();
        let rows = self.dump.rows.iter().filter(|(_, _, at, ..)| positions.contains(at));
        let rows = rows.map(|(parent, id, at, bytes, _)| {
            (RowName::new(parent, id), *at, Arc::new(decode_value(bytes).expect("a row")))
        });
        let mentions = self.dump.mentions.iter().filter(|(_, at)| positions.contains(at));
        let mentions = mentions.map(|(name, at)| (RowName::parse(name).expect("a row name"), *at));
        Arc::new(Append {
            book: self.book.clone(),
            expected_size,
            head: self.head.clone(),
            checkpoint: Checkpoint { size: last, root: self.frontier.root(), recorded_at },
            records,
            entries,
            new_accounts,
            controls: touched.into_iter().collect(),
            rows: rows.collect(),
            mentions: mentions.collect(),
            receipts: positions.filter_map(|at| self.receipts.remove(&at)).collect(),
            sides: Vec::new(),
        })
    }
}
