//! An attacker with every right on the database: guards off, any statement, and this very program
//! to make all that is derived agree with the lie.
//!
//! Clumsy changes are named by `simpul verify`. Clever ones leave nothing inside the database to
//! be found; they meet what was signed before: by the server, which `simpul verify` compares with,
//! and, should the operator be in it too, by an auditor with one earlier checkpoint or folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use simpul::chain::{Frontier, leaf_hash};
use simpul::domain::id::{Id, RequestId};
use simpul::domain::record::{self, Effect, Outcome, Record};
use simpul::domain::state::{self, Key, Lookup, State, Value};
use simpul::storage::postgres::Postgres;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{Append, Checkpoint, Dump, Head, Journal, SideRow, StoredRecord};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};
use tempfile::TempDir;
use tokio::task::block_in_place;

use crate::common::create_database;
use crate::server::{Backend, Server, simpul, verify};
use crate::terminal::Terminal;

/// The book that is attacked, and the one that is swapped with it.
const BOOKS: [&str; 2] = ["satu", "dua"];

/// Tables that hold rows of a book.
const TABLES: [&str; 11] = [
    "head",
    "record",
    "checkpoint",
    "entry",
    "late_entry",
    "account",
    "control_point",
    "register_row",
    "mention",
    "receipt",
    "side",
];

/// What `simpul verify` says of a statement. `{p}` stands for the position of the deposit
/// `setor-02`, `{q}` for the one after it, `{n}` for the book's size.
const CLUMSY: &[(&str, &str, &str)] = &[
    (
        "edits a record",
        "UPDATE record SET bytes = (SELECT bytes FROM record WHERE book = 'satu' AND position = {q}) \
         WHERE book = 'satu' AND position = {p}",
        "  record {p}, hashes: expected ",
    ),
    (
        "edits a record and the hashes beside it",
        "UPDATE record SET bytes = (SELECT bytes FROM record WHERE book = 'satu' AND position = {q}), \
         hashes = (SELECT hashes FROM record WHERE book = 'satu' AND position = {q}) \
         WHERE book = 'satu' AND position = {p}",
        "  checkpoint {p}, root: expected ",
    ),
    (
        "deletes a record",
        "DELETE FROM record WHERE book = 'satu' AND position = {p}",
        "  record {p}, stored position: expected {p}, found {q}\n",
    ),
    (
        "reorders two records",
        "UPDATE record SET position = -{p} WHERE book = 'satu' AND position = {p};
         UPDATE record SET position = {p} WHERE book = 'satu' AND position = {q};
         UPDATE record SET position = {q} WHERE book = 'satu' AND position = -{p}",
        "  record {p}, position: expected {p}, found {q}\n",
    ),
    (
        "inserts a record",
        "UPDATE record SET position = -position WHERE book = 'satu' AND position > {p};
         UPDATE record SET position = 1 - position WHERE book = 'satu' AND position < 0;
         INSERT INTO record (book, position, hashes, bytes) \
         SELECT book, {q}, hashes, bytes FROM record WHERE book = 'satu' AND position = {p}",
        "  record {q}, position: expected {q}, found {p}\n",
    ),
    (
        "raises a balance",
        "UPDATE entry SET balance = balance + 1 WHERE book = 'satu' AND position = {p} AND leg = 0",
        "  entry 0 of record {p} in mawar.sp.1101: expected amount 2000000, balance 3100000, ",
    ),
    (
        "moves an entry to another member",
        "UPDATE entry SET account = 'mawar.sp.2103.m02' \
         WHERE book = 'satu' AND position = {p} AND account = 'mawar.sp.2103.m01'",
        "  entry 1 of record {p} in mawar.sp.2103.m01: expected amount -2000000, ",
    ),
    (
        "changes a total",
        "UPDATE control_point SET total = total + 5 \
         WHERE book = 'satu' AND control = 'mawar.sp.1101' AND position = {p}",
        "  total of mawar.sp.1101 at {p}: expected 3100000, found 3100005\n",
    ),
    (
        "takes a member's row away",
        "DELETE FROM register_row \
         WHERE book = 'satu' AND parent = 'groups/mawar/members' AND id = 'm02'",
        "  row groups/mawar/members/m02: expected record ",
    ),
    (
        "makes a request undecided, so that it can be sent again",
        "DELETE FROM receipt WHERE book = 'satu' AND request_id = 'setor-02'",
        "  receipt setor-02: expected record {p}, digest ",
    ),
    (
        "takes a text away",
        "DELETE FROM side WHERE book = 'satu' AND owner = 'groups/mawar'",
        "  text of record {p}: expected one, found no row\n",
    ),
    (
        "cuts the last records off",
        "DELETE FROM record WHERE book = 'satu' AND position > {p}",
        "  head, size: expected {p}, found {n}\n",
    ),
    (
        "cuts the last records off and the head back",
        "DELETE FROM record WHERE book = 'satu' AND position > {p};
         UPDATE head SET size = {p} WHERE book = 'satu'",
        "  signed checkpoint of {n} records, records: expected {n}, found {p}\n",
    ),
];

/// What a clever attacker does to records before everything else is made anew from them.
type Forge = fn(&mut BTreeMap<&'static str, Vec<Record>>);

/// How the attacker forges, and which record of an auditor's earlier folder shows it first.
const CLEVER: &[(&str, Forge, &str)] = &[
    (
        "lowers a deposit",
        |books| {
            let at = place(&books["satu"], "setor-02");
            for entry in &mut effect(books, at).entries {
                entry.amount = simpul::domain::money::Sen::new(entry.amount.get() / 2);
            }
        },
        "catatan {p} bukan yang di map yang lebih lama",
    ),
    (
        "deletes a deposit",
        |books| {
            let at = place(&books["satu"], "setor-02");
            drop(forged(books).remove(at));
        },
        "catatan {p} bukan yang di map yang lebih lama",
    ),
    (
        "reorders two deposits",
        |books| {
            let at = place(&books["satu"], "setor-02");
            let records = forged(books);
            let times = (records[at].recorded_at, records[at + 1].recorded_at);
            records.swap(at, at + 1);
            (records[at].recorded_at, records[at + 1].recorded_at) = times;
        },
        "catatan {p} bukan yang di map yang lebih lama",
    ),
    (
        "inserts a deposit",
        |books| {
            let at = place(&books["satu"], "setor-02");
            let mut copy = books["satu"][at].clone();
            copy.request = RequestId::new("setor-palsu");
            forged(books).insert(at + 1, copy);
        },
        "catatan {q} bukan yang di map yang lebih lama",
    ),
    (
        "swaps two books",
        |books| {
            let (one, two) = (books["satu"].clone(), books["dua"].clone());
            books.insert("satu", two);
            books.insert("dua", one);
        },
        "catatan 1 bukan yang di map yang lebih lama",
    ),
];

fn forged<'a>(books: &'a mut BTreeMap<&'static str, Vec<Record>>) -> &'a mut Vec<Record> {
    books.get_mut("satu").expect("the book")
}

fn effect<'a>(books: &'a mut BTreeMap<&'static str, Vec<Record>>, at: usize) -> &'a mut Effect {
    match &mut forged(books)[at].outcome {
        Outcome::Done(effect) => effect,
        Outcome::Refused(refusal) => panic!("{refusal:?}"),
    }
}

/// The index of the record that answers a request.
fn place(records: &[Record], request: &str) -> usize {
    let asked = |record: &Record| record.request.as_ref().is_some_and(|id| id.as_str() == request);
    records.iter().position(asked).expect("a record")
}

/// A database with the files beside it.
struct Site {
    backend: Backend,
    data: PathBuf,
    _folder: TempDir,
}

impl Site {
    async fn new(is_postgres: bool) -> Site {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let backend = match is_postgres {
            true => Backend::postgres(&data).await,
            false => Backend::Sqlite,
        };
        Site { backend, data, _folder: folder }
    }

    /// All of it once more.
    async fn copy(&self) -> Site {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        copy_folder(&self.data, &data);
        let backend = match &self.backend {
            Backend::Sqlite => Backend::Sqlite,
            Backend::Postgres(url) => Backend::Postgres(postgres_copy(url).await),
        };
        Site { backend, data, _folder: folder }
    }

    /// Another state of the database, with the files of this one beside it.
    async fn with_database_of(&self, other: &Site) -> Site {
        let mut site = self.copy().await;
        match &other.backend {
            Backend::Postgres(url) => {
                site.backend = Backend::Postgres(postgres_copy(url).await);
            }
            Backend::Sqlite => {
                for name in ["simpul.db", "simpul.db-wal", "simpul.db-shm"] {
                    let _absent = fs::remove_file(site.data.join(name));
                    if other.data.join(name).exists() {
                        fs::copy(other.data.join(name), site.data.join(name)).expect("copied");
                    }
                }
            }
        }
        site
    }

    async fn journal(&self) -> Arc<dyn Journal> {
        match &self.backend {
            Backend::Sqlite => {
                Arc::new(Sqlite::open(&self.data.join("simpul.db")).await.expect("opened"))
            }
            Backend::Postgres(url) => Arc::new(Postgres::connect(url).await.expect("connected")),
        }
    }

    async fn dump(&self, book: &str) -> Dump {
        self.journal().await.dump(&id(book)).await.expect("a dump")
    }

    /// Types at a server of its own.
    fn serve<T>(&self, book: &str, typed: impl FnOnce(&Terminal) -> T) -> T {
        let server = Server::start(&self.backend, &self.data);
        let result = typed(&Terminal::new(server.address(), book));
        assert!(server.terminate().success());
        result
    }

    fn make_key(&self, book: &str) {
        let mut command = simpul(&["signing-key", "--book", book], &self.backend, &self.data);
        assert!(block_in_place(|| command.output()).expect("it runs").status.success());
    }

    fn signing(&self, file: &str) -> PathBuf {
        self.data.join("signing").join(file)
    }

    /// Runs statements with the guards off, and puts them back.
    async fn run_unguarded(&self, statements: &str) {
        sqlx::any::install_default_drivers();
        let url = match &self.backend {
            Backend::Sqlite => format!("sqlite://{}", self.data.join("simpul.db").display()),
            Backend::Postgres(url) => url.clone(),
        };
        let mut owner = AnyConnection::connect(&url).await.expect("connected");
        let mut guards = Vec::new();
        if matches!(self.backend, Backend::Sqlite) {
            guards = triggers(&mut owner).await;
            for (name, _) in &guards {
                run(&mut owner, &format!("DROP TRIGGER {name}")).await;
            }
        } else {
            run(&mut owner, "SET session_replication_role = replica").await;
        }
        for statement in statements.split(';') {
            run(&mut owner, statement).await;
        }
        for (_, definition) in &guards {
            run(&mut owner, definition).await;
        }
        owner.close().await.expect("closed");
    }

    /// Forges records of both books, and makes all that is derived from them agree.
    async fn forge(&self, forge: Forge) {
        let mut dumps = BTreeMap::new();
        let mut books = BTreeMap::new();
        for book in BOOKS {
            let dump = self.dump(book).await;
            let records = dump.records.iter().map(|stored| record::decode(&stored.bytes));
            books.insert(book, records.collect::<Result<Vec<_>, _>>().expect("records"));
            dumps.insert(book, dump);
        }
        let before = books.clone();
        forge(&mut books);
        assert_ne!(before, books, "nothing was forged");
        let sides: Vec<SideRow> = dumps.into_values().flat_map(|dump| dump.sides).collect();
        let deletes = TABLES.map(|table| format!("DELETE FROM {table}"));
        self.run_unguarded(&deletes.join(";")).await;
        for (book, records) in books {
            let append = Arc::new(history(id(book), records, &sides));
            self.journal().await.append(vec![append]).await.expect("forged");
        }
    }
}

/// A copy of a database that nobody uses at the moment.
async fn postgres_copy(url: &str) -> String {
    let name = url.rsplit('/').next().expect("a name");
    create_database(&format!(" TEMPLATE {name}")).await
}

fn id(book: &str) -> Id {
    Id::new(book).expect("an id")
}

async fn triggers(owner: &mut AnyConnection) -> Vec<(String, String)> {
    let select = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'";
    let rows = owner.fetch_all(select).await.expect("the guards");
    let triggers: Vec<_> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(triggers.len() > 20);
    triggers
}

async fn run(owner: &mut AnyConnection, statement: &str) {
    let done = owner.execute(AssertSqlSafe(statement.to_owned())).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

/// The state before anything was used.
#[derive(Default)]
struct Fresh(State);

impl Lookup for Fresh {
    fn get(&self, key: &Key) -> Option<&Value> {
        static NO_BALANCE: Value = Value::Balance(None);
        static NO_TOTAL: Value = Value::Control(simpul::domain::money::Sen::ZERO);
        self.0.get(key).or(match key {
            Key::Balance(_) => Some(&NO_BALANCE),
            Key::Control(_) => Some(&NO_TOTAL),
            _ => None,
        })
    }
}

/// A whole book in one batch, as the sequencer would have written it.
fn history(book: Id, records: Vec<Record>, sides: &[SideRow]) -> Append {
    let (mut state, mut frontier) = (Fresh::default(), Frontier::default());
    let (mut stored, mut entries, mut accounts, mut receipts) = (vec![], vec![], vec![], vec![]);
    let (mut controls, mut rows, mut mentions) = (BTreeMap::new(), BTreeMap::new(), vec![]);
    let (mut commitments, mut recorded_at) = (BTreeSet::new(), 0);
    for (position, record) in (1..).zip(records) {
        let record = Record { book: book.clone(), position, ..record };
        let changes = state::apply(&record, &state).expect("it applies");
        state::absorb(&mut state.0, &changes);
        let bytes: Arc<[u8]> = record::encode(&record).into();
        stored.push(StoredRecord { position, hashes: frontier.append(leaf_hash(&bytes)), bytes });
        recorded_at = record.recorded_at;
        if let Outcome::Done(effect) = &record.outcome {
            commitments.extend(effect.commitments().cloned());
        }
        entries.extend(changes.entries);
        accounts.extend(changes.new_accounts.into_iter().map(|account| (account, position)));
        controls.extend(changes.controls);
        rows.extend(changes.rows.into_iter().map(|(name, row)| (name, (position, row))));
        mentions.extend(changes.mentions.into_iter().map(|name| (name, position)));
        receipts.extend(changes.receipt);
    }
    let (size, root) = (frontier.size(), frontier.root());
    let is_meant = |side: &&SideRow| commitments.contains(side.commitment.as_slice());
    Append {
        book,
        expected_size: 0,
        head: Head { size, frontier: frontier.roots().to_vec(), recorded_at },
        checkpoint: Checkpoint { size, root, recorded_at },
        records: stored,
        entries,
        new_accounts: accounts,
        controls: controls.into_iter().collect(),
        rows: rows.into_iter().map(|(name, (position, row))| (name, position, row)).collect(),
        mentions,
        receipts,
        sides: sides.iter().filter(is_meant).cloned().collect(),
    }
}

/// What an auditor took away at the end of the first day.
struct Auditor {
    folder: TempDir,
    key: String,
    size: usize,
}

impl Auditor {
    fn visit(site: &Site) -> Auditor {
        let folder = tempfile::tempdir().expect("a folder");
        let (key, size) = site.serve("satu", |terminal| {
            let said = terminal.reads("audit key --output json");
            let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
            terminal.reads(&format!("audit checkpoint {}", folder.path().join("titik").display()));
            terminal.reads(&format!("audit export {}", folder.path().join("map").display()));
            let note = fs::read_to_string(folder.path().join("titik")).expect("a note");
            let size = note.lines().nth(1).expect("a size").parse().expect("a number");
            (said["rows"][0]["value"].as_str().expect("a key").to_owned(), size)
        });
        Auditor { folder, key, size }
    }

    /// What a server says to the checkpoint of then.
    fn extends(&self, terminal: &Terminal) -> String {
        let note = self.folder.path().join("titik");
        terminal.refused(&format!("audit extends {} --key {}", note.display(), self.key))
    }

    /// What the folder of now says to the folder of then.
    fn compares(&self, terminal: &Terminal) -> String {
        let now = tempfile::tempdir().expect("a folder");
        let (then, now) = (self.folder.path().join("map"), now.path().join("map"));
        terminal.reads(&format!("audit export {}", now.display()));
        let check = format!("audit verify {} --earlier {}", now.display(), then.display());
        terminal.refused(&format!("{check} --key {}", self.key))
    }
}

/// Two books; a day of which there is a backup and on which the auditor came; a week later.
struct Scene {
    now: Site,
    backup: Site,
    auditor: Auditor,
    /// What `{p}`, `{q}`, `{n}` and `{s}` stand for in the book `satu`.
    numbers: [(&'static str, usize); 4],
}

impl Scene {
    async fn new(is_postgres: bool) -> Scene {
        let site = Site::new(is_postgres).await;
        for book in BOOKS {
            site.serve(book, first_day);
            site.make_key(book);
        }
        let backup = site.copy().await;
        BOOKS.iter().for_each(|book| site.serve(book, a_day_later));
        let auditor = Auditor::visit(&site);
        BOOKS.iter().for_each(|book| site.serve(book, a_week_later));
        let dump = site.dump("satu").await;
        let (size, deposit) = (dump.records.len(), dump_place(&dump, "setor-02"));
        let numbers =
            [("{p}", deposit + 1), ("{q}", deposit + 2), ("{n}", size), ("{s}", auditor.size)];
        Scene { now: site, backup, auditor, numbers }
    }

    fn words(&self, text: &str) -> String {
        let fill =
            |text: String, (mark, number): &(&str, usize)| text.replace(mark, &number.to_string());
        self.numbers.iter().fold(text.to_owned(), fill)
    }

    async fn clumsy(&self) {
        for (name, statements, expected) in CLUMSY {
            let site = self.now.copy().await;
            site.run_unguarded(&self.words(statements)).await;
            self.must_say(name, &verify(&site.backend, &site.data), expected);
        }
    }

    fn must_say(&self, name: &str, (sound, said): &(bool, String), expected: &str) {
        let expected = self.words(expected);
        assert!(!sound && said.contains(&expected), "{name}: no {expected:?} in\n{said}");
    }

    async fn clever(&self) {
        for (name, forge, expected) in CLEVER {
            let site = self.now.copy().await;
            site.forge(*forge).await;
            self.must_be_caught(name, &site, expected);
        }
    }

    /// By who compares with what was signed before, and by nobody else: the forgery is a good one.
    fn must_be_caught(&self, name: &str, site: &Site, expected: &str) {
        let signed = "  signed checkpoint of {n} records, ";
        self.must_say(name, &verify(&site.backend, &site.data), signed);
        let behind = site.serve("satu", |terminal| self.auditor.extends(terminal));
        assert!(behind.contains("tidak melanjutkan"), "{name}: {behind}");
        // The operator is in it too.
        for book in BOOKS {
            fs::remove_file(site.signing(&format!("{book}.checkpoint"))).expect("removed");
        }
        let (sound, said) = verify(&site.backend, &site.data);
        assert!(sound, "{name}: {said}");
        site.serve("satu", |terminal| {
            let said = self.auditor.extends(terminal);
            let other =
                "TIDAK TERBUKTI: {s} catatan pertama buku ini bukan yang titik periksa itu.";
            assert_eq!(said, self.words(other), "{name}");
            let said = self.auditor.compares(terminal);
            assert!(said.contains(&self.words(expected)), "{name}: {said}");
        });
    }

    async fn rolled_back(&self) {
        let site = self.now.with_database_of(&self.backup).await;
        let found = self.backup.dump("satu").await.records.len();
        let lost = format!(
            "  signed checkpoint of {{n}} records, records: expected {{n}}, found {found}\n"
        );
        self.must_say("a week back", &verify(&site.backend, &site.data), &lost);
        for book in BOOKS {
            fs::remove_file(site.signing(&format!("{book}.checkpoint"))).expect("removed");
        }
        assert!(verify(&site.backend, &site.data).0, "the backup is sound in itself");
        site.serve("satu", |terminal| {
            let lost = format!(
                "TIDAK TERBUKTI: buku ini hanya berisi {found} catatan; dulu ditandatangani {{s}}."
            );
            assert_eq!(self.auditor.extends(terminal), self.words(&lost));
            assert_eq!(self.auditor.compares(terminal), self.words(&lost));
        });
    }

    async fn signed_by_another(&self) {
        let site = self.now.copy().await;
        site.forge(CLEVER[0].1).await;
        fs::remove_file(site.signing("satu.key")).expect("removed");
        site.make_key("satu");
        // The new key's file says that something else was signed.
        let (sound, said) = verify(&site.backend, &site.data);
        let unsigned = "satu.checkpoint: the note does not carry a sound signature of this key";
        assert!(!sound && said.contains(unsigned), "{said}");
        fs::remove_file(site.signing("satu.checkpoint")).expect("removed");
        assert!(verify(&site.backend, &site.data).0, "the forgery is sound in itself");
        site.serve("satu", |terminal| {
            let said = self.auditor.extends(terminal);
            let unsigned = "tanda tangan dari kunci itu tidak ada, atau tidak sah.";
            assert_eq!(said, format!("TIDAK TERBUKTI: titik periksa dari server: {unsigned}"));
            let said = self.auditor.compares(terminal);
            assert_eq!(said, format!("TIDAK TERBUKTI: {unsigned}"));
        });
    }
}

fn dump_place(dump: &Dump, request: &str) -> usize {
    let records = dump.records.iter().map(|stored| record::decode(&stored.bytes));
    place(&records.collect::<Result<Vec<_>, _>>().expect("records"), request)
}

fn first_day(terminal: &Terminal) {
    terminal.reads("buku baru --nama Contoh --lkm \"LKM contoh\" --sejak 1-1-2025");
    terminal.reads("kelompok baru mawar --nama Mawar --anggota 5");
    for member in ["m01", "m02"] {
        let name = format!("--nama \"{member} (contoh)\"");
        terminal.reads(&format!("anggota baru mawar {member} {name} --sejak 1-1-2025"));
    }
    terminal.reads("setor mawar m01 10.000 --tanggal 2-1-2025 --id-permintaan setor-01");
}

fn a_day_later(terminal: &Terminal) {
    for (request, line) in [
        ("setor-00", "setor mawar m02 1.000 --tanggal 3-1-2025"),
        (
            "setor-02",
            "setor mawar m01 20.000 --catatan \"hasil kebun (contoh)\" --tanggal 3-1-2025",
        ),
        ("setor-03", "setor mawar m02 30.000 --tanggal 3-1-2025"),
    ] {
        terminal.reads(&format!("{line} --id-permintaan {request}"));
    }
}

fn a_week_later(terminal: &Terminal) {
    terminal.reads("setor mawar m01 40.000 --tanggal 10-1-2025 --id-permintaan setor-04");
    terminal.reads("setor mawar m02 50.000 --tanggal 10-1-2025 --id-permintaan setor-05");
}

async fn every_attack_is_caught(is_postgres: bool) {
    let scene = Scene::new(is_postgres).await;
    let (sound, said) = verify(&scene.now.backend, &scene.now.data);
    assert!(sound, "{said}");
    scene.clumsy().await;
    scene.clever().await;
    scene.rolled_back().await;
    scene.signed_by_another().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_owns_a_sqlite_file_is_caught() {
    every_attack_is_caught(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_owns_a_postgres_database_is_caught() {
    every_attack_is_caught(true).await;
}
