//! What a batch costs in statements and in round trips: as the module headers of the backends say,
//! and no more for many commands of many books than for one.
//!
//! Statements are counted in sqlx's log. Round trips are counted without sqlx, by a proxy between
//! it and PostgreSQL's socket: one for each time that the client speaks after the server did, but
//! for the empty ones by which sqlx tries the connections that go back to the pool.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use simpul::domain::chart::Code;
use simpul::domain::id::RowName;
use simpul::domain::state::Key;
use simpul::storage::postgres::Postgres;
use simpul::storage::{Append, AppendOutcome, Journal, Load};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::ledger::{Book, FIRST_DAY, Step, account, deposit, mark};
use crate::{backends, statements};

const BOOKS: usize = 20;
const COMMANDS: usize = 50;

/// Some books that are there already, with all accounts that [`commands`] needs.
async fn books(journal: &dyn Journal) -> Vec<Book> {
    let mut books: Vec<Book> = (0..BOOKS).map(|n| Book::new(&format!("buku-{n}"))).collect();
    let appends = books.iter_mut().map(|book| commands(book, COMMANDS)).collect();
    commit(journal, appends).await;
    books
}

/// Deposits, and a register row.
fn commands(book: &mut Book, count: usize) -> Arc<Append> {
    let write = Step::Write(RowName::new("parties", "toko-contoh"), Box::new(mark(7)));
    let deposit = |n: usize| deposit("lkm", &format!("anggota-{}", n % 10), 100, FIRST_DAY);
    book.batch((0..count).map(deposit).chain([write]))
}

async fn commit(journal: &dyn Journal, appends: Vec<Arc<Append>>) {
    let outcomes = journal.append(appends).await.expect("appended");
    assert!(outcomes.iter().all(|outcome| *outcome == AppendOutcome::Committed));
}

/// One key of every kind, of each book.
fn keys(books: &[Book]) -> Vec<Load> {
    let cash = account("lkm", Code::Cash, "");
    let keys = vec![
        Key::Balance(cash.clone()),
        Key::Control(cash.control()),
        Key::Row(RowName::book()),
        Key::Record(1),
    ];
    let load = |book: &Book| Load { book: book.id.clone(), keys: keys.clone() };
    books.iter().map(load).collect()
}

/// The statements of an append of one command to one book, of one of many commands to many books,
/// of a load of one book and of a load of many.
async fn statements(journal: &dyn Journal) -> [Vec<String>; 4] {
    let mut books = books(journal).await;
    let one = vec![commands(&mut books[0], 1)];
    let ((), one) = statements_of(commit(journal, one)).await;
    let many = books.iter_mut().map(|book| commands(book, COMMANDS)).collect();
    let ((), many) = statements_of(commit(journal, many)).await;
    let (loaded, load) = statements_of(journal.load(keys(&books[..1]))).await;
    assert_eq!(loaded.expect("loaded").len(), 1);
    let (loaded, load_many) = statements_of(journal.load(keys(&books))).await;
    assert_eq!(loaded.expect("loaded").len(), BOOKS);
    [one, many, load, load_many]
}

/// The statements without those by which a pool sets up one more connection.
async fn statements_of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    let (answer, mut statements) = statements::of(work).await;
    statements.retain(|sql| !sql.starts_with("PRAGMA ") && !sql.starts_with("SET "));
    (answer, statements)
}

#[tokio::test]
async fn sqlite_takes_as_many_statements_for_many_as_for_one() {
    let (_folder, path) = backends::sqlite_path();
    let journal = backends::open(&path).await;
    let [one, many, load, load_many] = statements(&journal).await;
    let expected = [
        "SELECT h.book, h.size FROM",
        "SELECT DISTINCT k.value ->>",
        "INSERT INTO record (book,",
        "INSERT INTO checkpoint (book,",
        "INSERT INTO entry_batch (book,",
        "INSERT INTO control_point (book,",
        "INSERT INTO register_row (book,",
        "INSERT INTO receipt (book,",
        "INSERT INTO side (book,",
        "INSERT INTO head_batch (book,",
    ];
    assert_eq!(one, expected);
    assert_eq!(many, one);
    assert_eq!((load.len(), load_many.len()), (1, 1), "{load:?}, {load_many:?}");
    journal.close().await;
}

#[tokio::test]
async fn postgres_takes_one_statement_for_many_as_for_one() {
    let url = backends::postgres_as_service().await;
    let journal = Postgres::connect(&url).await.expect("connect");
    let [one, many, load, load_many] = statements(&journal).await;
    assert_eq!(one, ["SELECT append_batch($1, $2, $3,"]);
    assert_eq!(many, one);
    assert_eq!((load.len(), load_many.len()), (1, 1), "{load:?}, {load_many:?}");
    journal.close().await;
}

#[tokio::test]
async fn postgres_takes_one_round_trip_for_many_as_for_one() {
    let proxy = Proxy::before(&backends::postgres_as_service().await);
    // One that is opened later would prepare its statements when they are counted.
    let journal = Postgres::connect_with(&proxy.url, 1).await.expect("connect");
    let mut books = books(&journal).await;
    let loaded = journal.load(keys(&books)).await.expect("loaded"); // prepares the statement
    assert_eq!(loaded.len(), BOOKS);

    let one = vec![commands(&mut books[0], 1)];
    assert_eq!(proxy.trips(commit(&journal, one)).await, 1);
    let many: Vec<_> = books.iter_mut().map(|book| commands(book, COMMANDS)).collect();
    assert_eq!(proxy.trips(commit(&journal, many)).await, 1);
    assert_eq!(proxy.trips(load(&journal, &books[..1])).await, 1);
    assert_eq!(proxy.trips(load(&journal, &books)).await, 1);

    // As the module's header says; and so the proxy does count what takes several.
    let last = commands(&mut books[0], 1);
    commit(&journal, vec![Arc::clone(&last)]).await;
    resolve(&journal, &last).await; // prepares its statements
    assert_eq!(proxy.trips(resolve(&journal, &last)).await, 5);
    journal.close().await;
}

async fn load(journal: &dyn Journal, books: &[Book]) {
    assert_eq!(journal.load(keys(books)).await.expect("loaded").len(), books.len());
}

async fn resolve(journal: &dyn Journal, append: &Append) {
    assert_eq!(journal.resolve(append).await.expect("resolved"), AppendOutcome::Committed);
}

/// A socket in a folder of its own that passes everything on to PostgreSQL's.
struct Proxy {
    url: String,
    count: Arc<AtomicU64>,
    _folder: TempDir,
}

impl Proxy {
    /// Stands before the server of a URL that names the folder of its socket.
    fn before(url: &str) -> Proxy {
        let options = PgConnectOptions::from_str(url).expect("a URL");
        let server = options.get_socket().expect("tests/run's server listens on a socket");
        let folder = tempfile::tempdir().expect("a folder");
        let name = format!(".s.PGSQL.{}", options.get_port());
        let listener = UnixListener::bind(folder.path().join(&name)).expect("a socket");
        let count = Arc::new(AtomicU64::new(0));
        tokio::spawn(serve(listener, server.join(name), Arc::clone(&count)));
        let in_url = |folder: &Path| folder.display().to_string().replace('/', "%2F");
        let proxied = url.replace(&in_url(server), &in_url(folder.path()));
        assert_ne!(proxied, url);
        Proxy { url: proxied, count, _folder: folder }
    }

    /// The round trips that some work takes.
    async fn trips(&self, work: impl Future<Output = ()>) -> u64 {
        let before = self.count.load(Ordering::SeqCst);
        work.await;
        self.count.load(Ordering::SeqCst) - before
    }
}

/// PostgreSQL's message of that name: it asks for nothing but an answer.
const SYNC: &[u8] = b"S\0\0\0\x04";

async fn serve(listener: UnixListener, server: PathBuf, count: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&server).await.expect("the server answers");
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let servers_turn = Arc::new(AtomicBool::new(false));
        let (turn, count) = (Arc::clone(&servers_turn), Arc::clone(&count));
        tokio::spawn(pass_on(from_client, to_server, move |piece| {
            if !turn.swap(true, Ordering::SeqCst) && piece != SYNC {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }));
        let turn = servers_turn;
        tokio::spawn(pass_on(from_server, to_client, move |_| turn.store(false, Ordering::SeqCst)));
    }
}

/// Tells of every piece before it is passed on, until either side goes away.
async fn pass_on(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    tell: impl Fn(&[u8]),
) {
    let mut piece = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        tell(&piece[..length]);
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
