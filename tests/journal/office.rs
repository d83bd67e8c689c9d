//! The journal's task of a server on a SQLite database, asked one thing after another; it can die at
//! any moment, and brings groups that move from one of its books to the other.

use std::sync::Arc;

use simpul::domain::account::Account;
use simpul::domain::id::Id;
use simpul::domain::money::Sen;
use simpul::domain::state::{Key, Value};
use simpul::journal::courier;
use simpul::journal::mover::{Found, Mover, Step};
use simpul::journal::{Answer, JournalHandle, Priority};
use simpul::storage::keys::MemoryKeys;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{Dump, Journal, Load, StoredRecord};
use simpul::vault::{MasterKey, Vault};
use simpul::verify::verify;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::moving::begin;
use crate::village::{self, Wish};

/// The office: everything that is submitted is answered at once.
pub struct Office {
    runtime: Runtime,
    store: Arc<Sqlite>,
    vault: Vault,
    journal: JournalHandle,
    task: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Office {
    /// No books yet.
    pub fn new() -> Office {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("simpul.db");
        let store = Arc::new(runtime.block_on(Sqlite::open(&file)).expect("a database"));
        let keys = Arc::new(MemoryKeys::default());
        let vault = runtime.block_on(Vault::open(&MasterKey::new([7; 32]), keys)).expect("a vault");
        let (journal, task) = runtime.block_on(async { begin(&store, village::MORNING) });
        Office { runtime, store, vault, journal, task, _folder: folder }
    }

    /// Submits a wish and answers it.
    pub fn submit(&self, wish: &Wish) -> Answer {
        let Wish { command, sides, .. } = wish.clone();
        let answer = self.journal.submit(command, sides, Priority::Interactive);
        self.runtime.block_on(answer).expect("the queue has room")
    }

    /// The process dies with all its memory; what is stored lives on.
    pub fn crash(&mut self) {
        self.task.abort();
        (self.journal, self.task) =
            self.runtime.block_on(async { begin(&self.store, village::MORNING) });
    }

    /// A book's records from a position on.
    pub fn records(&self, book: &Id, from: u64) -> Vec<StoredRecord> {
        self.runtime.block_on(self.store.records(book, from, u32::MAX)).expect("read")
    }

    /// An account's balance as stored; none if it was never used.
    pub fn balance(&self, book: &Id, account: &Account) -> Option<i64> {
        let load = Load { book: book.clone(), keys: vec![Key::Balance(account.clone())] };
        let loaded = self.runtime.block_on(self.store.load(vec![load])).expect("loaded");
        match &loaded[0].values[..] {
            [(_, Value::Balance(balance))] => balance.map(Sen::get),
            other => panic!("not a balance: {other:?}"),
        }
    }

    /// Everything stored about a book, once it is verified.
    pub fn sound_dump(&self, book: &Id) -> Dump {
        let dump = self.runtime.block_on(self.store.dump(book)).expect("a dump");
        let report = verify(book, &dump);
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        dump
    }

    /// All that a group has.
    pub fn found(&self, book: &Id, group: &Id) -> Found {
        let reader = self.store.reader();
        self.runtime.block_on(async {
            let mut snapshot = reader.snapshot(book).await.expect("read");
            let found = Found::all(&mut snapshot, group, None).await.expect("found");
            snapshot.finish().await.expect("read");
            found
        })
    }

    /// The courier brings what waits in a book, and what is said of it elsewhere; or two couriers do.
    pub fn courier(&self, book: &Id, twice: bool) {
        let reader = self.store.reader();
        let round = || courier::bring_all(&self.journal, &reader, book);
        self.runtime.block_on(async {
            let other = async { if twice { round().await } else { Ok(0) } };
            let (one, other) = tokio::join!(round(), other);
            one.expect("brought");
            other.expect("brought");
        });
    }

    /// A group that left takes its next step, or two movers take the same one.
    pub fn step(&self, book: &Id, group: &Id, twice: bool) -> Step {
        let reader = self.store.reader();
        let mover = Mover {
            journal: &self.journal,
            reader: &reader,
            vault: &self.vault,
            book: book.clone(),
            group: group.clone(),
        };
        self.runtime.block_on(async {
            if !twice {
                return mover.step().await.expect("a step");
            }
            let (one, other) = tokio::join!(mover.step(), mover.step());
            other.expect("a step");
            one.expect("a step")
        })
    }
}
