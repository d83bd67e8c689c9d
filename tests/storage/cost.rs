//! What queries cost does not grow with the length of history.
//!
//! The same questions are asked of a book of 1,000 entries and of one of 100,000 with as many
//! accounts, each in a database of its own. SQLite's cost is the number of virtual-machine steps
//! of all statements on the reader's connections, told by its profiler; PostgreSQL's is the number
//! of buffers that each executed plan touched, told by auto_explain through the server's notices.

use simpul::domain::account::{Account, Ledger};
use simpul::domain::approval::{APPROVALS, Approval, ApprovalState};
use simpul::domain::chart::{CHART, Code};
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, RequestId, RowName};
use simpul::domain::record::Row;
use simpul::domain::record::proto::{Fund, Grant};
use simpul::domain::reversal::reversed_name;
use simpul::domain::state::{Key, Value};
use simpul::storage::postgres::Postgres;
use simpul::storage::read::{AsOf, Order, Reader, Snapshot, Span};
use simpul::storage::{Journal, Load, migrate};
use sqlx::{Connection, Executor, PgConnection};

use crate::ledger::{Book, FIRST_DAY, Step, account, day_id, deposit, request};
use crate::{backends, buffers, common, steps};

const SMALL: u32 = 1_000;
const LARGE: u32 = 100_000;
const MEMBERS: u32 = 50;
const DEPOSITS_A_DAY: u32 = 50;

/// A year or so: fifty deposits a day of two entries each, every thirtieth one late, and every
/// fifth day the period through three days before closed. Appended in batches of 500 records.
async fn fill(journal: &dyn Journal, entries: u32) -> Book {
    let mut book = Book::new("biaya");
    let mut steps = Vec::new();
    let mut day = FIRST_DAY;
    for n in 0..entries / 2 {
        if n > 0 && n % DEPOSITS_A_DAY == 0 {
            day = day.next();
            steps.push(Step::OpenDay(day));
            if day.get() % 5 == 0 {
                steps.push(Step::Close(Entity::Lkm, Day::new(day.get() - 3)));
            }
        }
        let effective = if n % 30 == 7 { Day::new(day.get() - 1) } else { day };
        steps.push(deposit("lkm", &member(n % MEMBERS), i64::from(n) + 1, effective));
        if n % 10 == 0 {
            let waits = n % (entries / 10) == 0;
            steps.push(approval(n, waits));
            // Five records of one grant, and all others of as many.
            let row = Box::new(Row::Grant(Grant::default()));
            steps.push(Step::Write(grant(if waits { 0 } else { n }), row));
            steps.extend(suspense(n, waits, day));
        }
        if steps.len() >= 500 {
            journal.append(vec![book.batch(steps.drain(..))]).await.expect("append");
        }
    }
    journal.append(vec![book.batch(steps)]).await.expect("append");
    book
}

/// What waits for a second person: five in all, and every tenth deposit one that was decided.
fn approval(n: u32, waits: bool) -> Step {
    let state = if waits { ApprovalState::Waiting } else { ApprovalState::Approved };
    let row = Approval { state: state as i32, ..Approval::default() };
    Step::Write(RowName::new(APPROVALS, format!("{n:08}")), Box::new(Row::Approval(row)))
}

/// What is put in suspense, and placed at once, on an account of its own, where it does not wait.
fn suspense(n: u32, waits: bool, day: Day) -> impl Iterator<Item = Step> {
    let item = account("lkm", Code::Suspense, &format!("{n:08}/0"));
    let cash = || account("lkm", Code::Cash, "");
    let placed = Step::Transfer(
        item.clone(),
        account("lkm", Code::MemberSavings, &format!("{n:08}")),
        5,
        day,
    );
    [Step::Transfer(cash(), item, 5, day)].into_iter().chain((!waits).then_some(placed))
}

fn grant(n: u32) -> RowName {
    RowName::new("groups/contoh/grants", format!("{n:08}"))
}

fn member(n: u32) -> String {
    format!("anggota-{n:03}")
}

/// The questions of DESIGN section 3 and of the API, by name.
const QUESTIONS: [&str; 25] = [
    "snapshot",
    "balance now",
    "balance long ago",
    "balance as known then",
    "control total now",
    "control total long ago",
    "control total within a batch",
    "trial balance now",
    "trial balance long ago",
    "accounts now",
    "accounts long ago",
    "statement, newest first",
    "statement of days, oldest first",
    "statement, next page",
    "records",
    "receipt",
    "register row",
    "register rows",
    "what waits",
    "records about a grant",
    "trial balance of an entity long ago",
    "cash book of days",
    "what waits in suspense",
    "transaction by its name",
    "load for a decision",
];

/// Asks one question; answers how many rows came back, so that nothing is cheap by being empty.
async fn ask(snapshot: &mut Snapshot, book: &Book, question: usize) -> usize {
    let savings = account("lkm", Code::MemberSavings, &member(7));
    let cash = account("lkm", Code::Cash, "");
    let long_ago = AsOf { effective: Some(Day::new(FIRST_DAY.get() + 4)), position: None };
    let then = AsOf { effective: Some(FIRST_DAY.next()), position: Some(333) };
    let within = AsOf { effective: None, position: Some(book.size() / 2 / 500 * 500 + 250) };
    let days = Span::Days(FIRST_DAY.next(), Day::new(FIRST_DAY.get() + 4));
    let now = AsOf::default();
    let all = Span::Positions(1, u64::MAX);
    match question {
        0 => usize::from(snapshot.head().size > 0),
        1 => nonzero(snapshot.balance(&savings, now).await),
        2 => nonzero(snapshot.balance(&savings, long_ago).await),
        3 => nonzero(snapshot.balance(&savings, then).await),
        4 => nonzero(snapshot.control_total(&cash.control(), now).await),
        5 => nonzero(snapshot.control_total(&cash.control(), long_ago).await),
        6 => nonzero(snapshot.control_total(&cash.control(), within).await),
        7 => snapshot.trial_balance(None, now).await.expect("trial balance").len(),
        8 => snapshot.trial_balance(None, long_ago).await.expect("trial balance").len(),
        9 => snapshot.accounts("lkm.sp.2103.", None, 20, now).await.expect("accounts").len(),
        10 => snapshot.accounts("lkm.sp.2103.", None, 20, long_ago).await.expect("accounts").len(),
        11 => lines(snapshot, &cash, all, Order::NewestFirst, None).await,
        12 => lines(snapshot, &cash, days, Order::OldestFirst, None).await,
        13 => {
            let middle = Some((book.size() / 2, 0));
            lines(snapshot, &cash, all, Order::OldestFirst, middle).await
        }
        14 => {
            let positions = [1, 7, book.size() / 2, book.size()];
            snapshot.records(&positions).await.expect("records").len()
        }
        15 => {
            let receipt = RequestId::new(&request(book.size() / 2)).expect("an id");
            usize::from(snapshot.receipt(&receipt).await.expect("receipt").is_some())
        }
        16 => {
            let name = RowName::new("days", day_id(FIRST_DAY.next()));
            usize::from(snapshot.row(&name).await.expect("row").is_some())
        }
        17 => snapshot.rows("days", &day_id(FIRST_DAY), 5).await.expect("rows").len(),
        18 => snapshot.waiting_rows(APPROVALS, "", 20).await.expect("rows").len(),
        19 => snapshot.mentions(&grant(0), 0, 20).await.expect("positions").len(),
        20 => {
            let entity = Some(&Entity::Lkm);
            snapshot.trial_balance(entity, long_ago).await.expect("trial balance").len()
        }
        21 => cash_book(snapshot, days, FIRST_DAY).await,
        22 => snapshot.suspense("lkm.", None, 20).await.expect("items").len(),
        _ => transaction(snapshot, &request(book.size() / 2)).await,
    }
}

/// As the API reads it: the accounts that hold money, each as of the eve, and a page of their lines.
async fn cash_book(snapshot: &mut Snapshot, days: Span, eve: Day) -> usize {
    let ledger = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
    let codes = CHART.iter().map(|line| line.code);
    let mut found = 0;
    for code in codes.filter(|code| code.is_money()) {
        let prefix = ledger.account(code).to_string();
        let accounts = snapshot.accounts(&prefix, None, 500, AsOf::default()).await;
        for (account, _) in accounts.expect("accounts") {
            let eve = AsOf { effective: Some(eve), position: None };
            found += nonzero(snapshot.balance(&account, eve).await);
            found += lines(snapshot, &account, days, Order::OldestFirst, None).await;
        }
    }
    found
}

/// As the API reads it: where the request was decided, the record, and what has taken it back.
async fn transaction(snapshot: &mut Snapshot, request: &str) -> usize {
    let request = RequestId::new(request).expect("an id");
    let receipt = snapshot.receipt(&request).await.expect("receipt").expect("decided");
    let record = snapshot.record(receipt.position).await.expect("record");
    let reversal = snapshot.row(&reversed_name(&request, 0)).await.expect("row");
    usize::from(record.is_some()) + usize::from(reversal.is_some())
}

fn nonzero(answer: Result<simpul::domain::money::Sen, simpul::storage::StorageError>) -> usize {
    usize::from(!answer.expect("an answer").is_zero())
}

async fn lines(
    snapshot: &mut Snapshot,
    account: &Account,
    span: Span,
    order: Order,
    after: Option<(u64, u32)>,
) -> usize {
    let page = snapshot.statement(account, span, None, order, after, 20).await;
    page.expect("statement").len()
}

/// The cost of each question, by a meter that only counts.
async fn costs(
    journal: &dyn Journal,
    reader: &Reader,
    book: &Book,
    meter: impl Fn() -> u64,
) -> Vec<(u64, usize)> {
    let mut costs = Vec::new();
    for question in 0..QUESTIONS.len() - 1 {
        let before = meter();
        let mut snapshot = reader.snapshot(&book.id).await.expect("snapshot");
        let rows = ask(&mut snapshot, book, question).await;
        snapshot.finish().await.expect("finish");
        costs.push((meter() - before, rows));
    }
    let before = meter();
    let found = load(journal, book).await;
    costs.push((meter() - before, found));
    costs
}

/// Loads one key of every kind; answers how many are there.
async fn load(journal: &dyn Journal, book: &Book) -> usize {
    let cash = account("lkm", Code::Cash, "");
    let keys = vec![
        Key::Balance(cash.clone()),
        Key::Balance(account("lkm", Code::MemberSavings, &member(7))),
        Key::Control(cash.control()),
        Key::Row(RowName::new("days", day_id(FIRST_DAY))),
        Key::Receipt(RequestId::new(&request(book.size() / 2)).expect("an id")),
        Key::Record(book.size() / 2),
    ];
    let loaded = journal.load(vec![Load { book: book.id.clone(), keys }]).await.expect("load");
    let found = |value: &Value| match value {
        Value::Row(row) => row.is_some(),
        Value::Balance(balance) => balance.is_some(),
        Value::Control(total) => !total.is_zero(),
        Value::Receipt(receipt) => receipt.is_some(),
        Value::Record(record) => record.is_some(),
    };
    loaded[0].values.iter().filter(|(_, value)| found(value)).count()
}

/// Both books answer with as many rows, at nearly the same cost.
fn compare(small: &[(u64, usize)], large: &[(u64, usize)], allowed: impl Fn(u64) -> u64) {
    for ((name, small), large) in QUESTIONS.iter().zip(small).zip(large) {
        println!("{name:34} {:8} {:8}   {} rows", small.0, large.0, large.1);
        assert!(small.1 > 0 && small.1 == large.1, "{name}: {} and {} rows", small.1, large.1);
        assert!(small.0 > 0, "{name}: the meter counted nothing");
        assert!(large.0 <= allowed(small.0), "{name}: {} became {}", small.0, large.0);
    }
}

// --- SQLite ---------------------------------------------------------------------------------

#[tokio::test]
async fn sqlite_steps_do_not_grow_with_history() {
    steps::count();
    let mut measured = Vec::new();
    for entries in [SMALL, LARGE] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("{}.db", steps::METERED));
        let journal = backends::open(&path).await;
        let book = fill(&journal, entries).await;
        let reader = journal.reader();
        measured.push(costs(&journal, &reader, &book, steps::so_far).await);
        journal.close().await;
    }
    // A pool may open one more connection, which sets its pragma in ten steps.
    compare(&measured[0], &measured[1], |small| small * 5 / 4 + 10);
}

// --- PostgreSQL -------------------------------------------------------------------------------

#[tokio::test]
async fn postgres_buffers_do_not_grow_with_history() {
    let _counting = buffers::count();
    let (mut fresh, mut analyzed) = (Vec::new(), Vec::new());
    for entries in [SMALL, LARGE] {
        let url = common::postgres_database().await;
        migrate::postgres(&url, None).await.expect("migrate");
        let journal = Postgres::connect(&url).await.expect("connect");
        let book = fill(&journal, entries).await;
        journal.close().await;
        let journal = Postgres::connect(&buffers::told_by(&url)).await.expect("connect");
        let reader = journal.reader();
        // A database that nobody has analyzed yet plans by guesses; they must do as well.
        fresh.push(costs(&journal, &reader, &book, buffers::so_far).await);
        let mut owner = PgConnection::connect(&url).await.expect("connect");
        owner.execute("VACUUM ANALYZE").await.expect("analyze");
        analyzed.push(costs(&journal, &reader, &book, buffers::so_far).await);
        journal.close().await;
    }
    // A tree of a hundred times as many rows is one or two pages deeper at each descent.
    let allowed = |small: u64| small * 2 + 8;
    compare(&fresh[0], &fresh[1], allowed);
    compare(&analyzed[0], &analyzed[1], allowed);
}
