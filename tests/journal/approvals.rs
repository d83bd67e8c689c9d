//! The server's own part in four eyes: who may agree is noted in books that are older than that, and
//! what nobody agreed to in time expires, each by one record however often it is asked.

use std::sync::Arc;

use simpul::domain::access::{AssignRole, Assignment, Author, Role, User, user_name};
use simpul::domain::approval::{APPROVALS, ApprovalState};
use simpul::domain::book::Open;
use simpul::domain::day::Day;
use simpul::domain::decide::{Action, Command, Form};
use simpul::domain::draft::{Draft, Stop};
use simpul::domain::id::{Id, RequestId, RowName};
use simpul::domain::record::proto::{Regime, Zone};
use simpul::domain::record::{Event, Record, Row};
use simpul::journal::approvals::{expire_all, note_checkers};
use simpul::journal::{Answer, JournalHandle, Limits, Priority, start};
use simpul::storage::Journal;
use simpul::storage::read::Reader;
use simpul::storage::sqlite::Sqlite;
use simpul::verify::verify;

use crate::village::MORNING;

const DAY: i64 = 86_400_000_000;

fn id(text: &str) -> Id {
    Id::new(text).expect("an id")
}

/// A role as it was given before anybody noted who may agree.
#[derive(Clone, Debug)]
struct GaveOnce(&'static str, Role);

impl Action for GaveOnce {
    fn event(&self) -> Event {
        Event::RoleAssigned
    }

    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let assignment = Assignment { role: self.1 as i32, ..Assignment::default() };
        let user = User { assignments: vec![assignment] };
        draft.put(user_name(&id(self.0)), Row::User(user));
        Ok(())
    }
}

struct Office {
    store: Arc<Sqlite>,
    reader: Reader,
    journal: JournalHandle,
    requests: u64,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn open() -> Office {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("simpul.db")).await.expect("a database");
        let store = Arc::new(store);
        let clock = Arc::new(|| MORNING);
        let (journal, _task) = start(Arc::clone(&store) as _, clock, Limits::default());
        let reader = store.reader();
        let mut office = Office { store, reader, journal, requests: 0, _folder: folder };
        let opens = Open {
            name: "Buku (contoh)".to_owned(),
            lkm_name: "LKM (contoh)".to_owned(),
            regime: Regime::Koperasi,
            zone: Zone::Wita,
            opened_on: Day::from_ymd(2025, 1, 1).expect("a day"),
        };
        office.does(Author::named("server"), opens).await;
        office
    }

    async fn does(&mut self, author: Author, action: impl Action + 'static) -> Arc<Record> {
        self.requests += 1;
        let request = RequestId::new(&format!("minta-{:08}", self.requests)).expect("an id");
        let command = Command {
            book: id("buku"),
            digest: request.as_str().as_bytes().to_vec(),
            request,
            author,
            happened_on: None,
            memo: Vec::new(),
            evidence: None,
            meeting: None,
            action: Arc::new(action),
            form: Form::default(),
        };
        match self.journal.submit(command, Vec::new(), Priority::Interactive).await {
            Ok(Answer::Done { record, .. }) => record,
            other => panic!("{other:?}"),
        }
    }

    /// An administrator gives a role.
    async fn gives(&mut self, user: &str) -> Arc<Record> {
        let assignment = Assignment { role: Role::Teller as i32, ..Assignment::default() };
        let author = Author { role: Role::Administrator, ..Author::named("kepala") };
        self.does(author, AssignRole { user: id(user), assignment }).await
    }

    async fn size(&self) -> u64 {
        self.reader.snapshot(&id("buku")).await.expect("read").head().size
    }

    async fn waiting(&self) -> Vec<ApprovalState> {
        let mut snapshot = self.reader.snapshot(&id("buku")).await.expect("read");
        let rows = snapshot.waiting_rows(APPROVALS, "", 10).await.expect("rows");
        let state = |row: &Row| match row {
            Row::Approval(row) => row.state(),
            other => panic!("{other:?}"),
        };
        rows.iter().map(|found| state(&found.row)).collect()
    }
}

#[tokio::test]
async fn nothing_passes_in_a_book_older_than_four_eyes() {
    let mut office = Office::open().await;
    for (user, role) in [("kepala", Role::Administrator), ("manajer", Role::Manager)] {
        office.does(Author::named("server"), GaveOnce(user, role)).await;
    }
    assert_eq!(office.gives("teller-1").await.event, Event::RoleAssigned, "the hole");
    let note = async |office: &Office| {
        note_checkers(&office.journal, &office.reader, &id("buku")).await.expect("noted")
    };
    assert_eq!(note(&office).await, 2);
    let size = office.size().await;
    assert_eq!(note(&office).await, 0);
    assert_eq!(office.size().await, size, "nothing twice");
    assert_eq!(office.gives("teller-2").await.event, Event::ApprovalAsked);
    let dump = office.store.dump(&id("buku")).await.expect("a dump");
    assert_eq!(verify(&id("buku"), &dump).findings, []);
}

#[tokio::test]
async fn what_nobody_agrees_to_expires_once() {
    let mut office = Office::open().await;
    for (user, role) in [("kepala", Role::Administrator), ("manajer", Role::Manager)] {
        office.does(Author::named("server"), GaveOnce(user, role)).await;
    }
    note_checkers(&office.journal, &office.reader, &id("buku")).await.expect("noted");
    let asked = office.gives("teller-1").await;
    office.gives("teller-2").await;
    assert_eq!(office.waiting().await, [ApprovalState::Waiting; 2]);
    let expire = async |office: &Office, now| {
        expire_all(&office.journal, &office.reader, &id("buku"), now).await.expect("read")
    };
    let size = office.size().await;
    assert_eq!(expire(&office, MORNING + 7 * DAY).await, 0, "their last day");
    assert_eq!(office.size().await, size);
    // The journal's clock says so, too, or it is refused: it stands still here.
    assert_eq!(expire(&office, MORNING + 8 * DAY).await, 2);
    assert_eq!(office.size().await, size + 2);
    assert_eq!(office.waiting().await, [ApprovalState::Waiting; 2], "refused by the journal");
    let (journal, _task) =
        start(Arc::clone(&office.store) as _, Arc::new(|| MORNING + 9 * DAY), Limits::default());
    office.journal = journal;
    assert_eq!(expire(&office, MORNING + 9 * DAY).await, 2);
    assert_eq!(office.waiting().await, []);
    assert_eq!(expire(&office, MORNING + 9 * DAY).await, 0);
    let name = RowName::new(APPROVALS, asked.request.as_ref().expect("a request").as_str());
    let mut snapshot = office.reader.snapshot(&id("buku")).await.expect("read");
    match snapshot.row(&name).await.expect("read").expect("there").row {
        Row::Approval(row) => assert_eq!(row.state(), ApprovalState::Expired),
        other => panic!("{other:?}"),
    }
    let dump = office.store.dump(&id("buku")).await.expect("a dump");
    assert_eq!(verify(&id("buku"), &dump).findings, []);
}
