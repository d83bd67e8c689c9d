//! What the day's closing visits: what falls due, and nothing else, however much the book holds. Both
//! what it loads to decide and all that the database does for it, its own reading included.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use simpul::domain::access::Author;
use simpul::domain::account::Ledger;
use simpul::domain::book::Open;
use simpul::domain::cash::Place;
use simpul::domain::daily::closing_name;
use simpul::domain::day::Day;
use simpul::domain::decide::{Action, Command, Form};
use simpul::domain::general::{OpenBalances, Opening};
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::loan::case::Borrower;
use simpul::domain::loan::opening::RunningLoan;
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    Fund, LoanFrequency, LoanMethod, LoanPlan, LoanTerms, LoanVersion, Member, OnMaturity,
    Overpayment, Recognition, Regime, SavingsProduct, SavingsSort, TermProduct, Zone,
};
use simpul::domain::record::{Outcome, Row};
use simpul::domain::register::EnrolMember;
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::savings_product::SetProduct;
use simpul::domain::state::Key;
use simpul::domain::term::{OpenDeposit, Owner, Purse};
use simpul::domain::term_product::SetTermProduct;
use simpul::journal::daily::{Progress, close_days};
use simpul::journal::{Answer, JournalHandle, Limits, Priority, start};
use simpul::storage::postgres::Postgres;
use simpul::storage::read::Reader;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{Journal, Load, migrate};
use tokio::sync::mpsc;

use crate::watched::{Watch, Watched};
use crate::{buffers, common, steps};

/// How many loans one member has, and one record opens.
const EACH: usize = 10;

/// How many loans fall due on a day that is closed.
const DUE: usize = 3;

/// Counts what is loaded.
#[derive(Default)]
struct Count {
    keys: AtomicUsize,
    loans: AtomicUsize,
}

#[async_trait]
impl Watch for Count {
    async fn before(&self, loads: &[Load]) {
        let keys = || loads.iter().flat_map(|load| &load.keys);
        let is_loan = |key: &&Key| matches!(key, Key::Row(name) if name.parent == "lkm/loans");
        self.keys.fetch_add(keys().count(), Ordering::Relaxed);
        self.loans.fetch_add(keys().filter(is_loan).count(), Ordering::Relaxed);
    }
}

fn id(text: &str) -> Id {
    Id::new(text).expect("an id")
}

fn day(month: i32, day: i32) -> Day {
    Day::from_ymd(2025, month, day).expect("a day")
}

/// Noon of the last day of the year.
fn now() -> i64 {
    i64::from(day(12, 31).get()) * 86_400_000_000
}

async fn submit(journal: &JournalHandle, number: usize, action: impl Action + 'static) {
    let request = RequestId::new(&format!("permintaan-{number}")).expect("an id");
    let command = Command {
        book: id("contoh"),
        digest: Sha256::digest(request.as_str()).to_vec(),
        request,
        author: Author::named("penguji"),
        happened_on: Some(day(1, 1)),
        memo: Vec::new(),
        evidence: None,
        meeting: None,
        action: Arc::new(action),
        form: Form::default(),
    };
    match journal.submit(command, Vec::new(), Priority::Interactive).await {
        Ok(Answer::Done { record, .. }) => {
            assert!(matches!(record.outcome, Outcome::Done(_)), "{record:?}");
        }
        other => panic!("{other:?}"),
    }
}

/// A season's loan, due on 20 January for the first few and in a year for all others.
fn running(number: usize) -> Opening {
    let due = if number < DUE { day(1, 20) } else { day(12, 1) };
    Opening::Loan(RunningLoan {
        loan: id(&format!("l{number}")),
        borrower: Borrower::Member(id(&format!("m{}", number / EACH))),
        product: id("musiman"),
        outstanding: Sen::new(10_000_000),
        plan: LoanPlan { instalments: 1, first_due_on: due.get(), ..LoanPlan::default() },
    })
}

async fn fill(journal: &JournalHandle, loans: usize) {
    let open = Open {
        name: "Buku contoh".to_owned(),
        lkm_name: "LKM contoh".to_owned(),
        regime: Regime::LkmOjk,
        zone: Zone::Wita,
        opened_on: day(1, 1),
    };
    submit(journal, 900_000, open).await;
    let terms = LoanTerms {
        method: LoanMethod::Musiman as i32,
        frequency: LoanFrequency::Monthly as i32,
        rate: "1".to_owned(),
        overpayment: Overpayment::Titipan as i32,
        recognition: Recognition::Cash as i32,
        ..LoanTerms::default()
    };
    let version = LoanVersion {
        since: day(1, 1).get(),
        label: "Musiman contoh".to_owned(),
        minute: "BA-1/contoh".to_owned(),
        terms: Some(terms),
        ..LoanVersion::default()
    };
    let (entity, product) = (Entity::Lkm, id("musiman"));
    submit(journal, 900_001, SetLoanProduct { entity, product, version }).await;
    set_rules(journal).await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..loans / EACH {
        let journal = journal.clone();
        callers.spawn(async move {
            let row = Member { joined_on: day(1, 1).get(), ..Member::default() };
            let member = id(&format!("m{number}"));
            submit(&journal, number, EnrolMember { entity: Entity::Lkm, member, row }).await;
            let items = (number * EACH..(number + 1) * EACH).map(running).collect();
            let ledger = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
            submit(&journal, 100_000 + number, OpenBalances { ledger, items }).await;
            save(&journal, number).await;
        });
        if callers.len() == 100 {
            callers.join_next().await.expect("a caller").expect("answered");
        }
    }
    while let Some(one) = callers.join_next().await {
        one.expect("answered");
    }
}

/// Savings that may fall dormant in a year, and a deposit that matures then; each of the first few
/// somewhat earlier.
async fn save(journal: &JournalHandle, number: usize) {
    let member = id(&format!("m{number}"));
    let saved = Deposit {
        entity: Entity::Lkm,
        member: member.clone(),
        kind: Kind::Voluntary,
        amount: Sen::new(5_000_000),
        place: Place::Vault,
    };
    submit(journal, 200_000 + number, saved).await;
    let matures_on = if number < DUE { day(1, 22) } else { day(12, 1) };
    let deposit = OpenDeposit {
        owner: Owner::Member(Entity::Lkm, member),
        deposit: id(&format!("d{number}")),
        product: Some(id("deposito")),
        amount: Sen::new(5_000_000),
        matures_on,
        purse: Purse::Till(Place::Vault),
        on_maturity: OnMaturity::Savings,
    };
    submit(journal, 300_000 + number, deposit).await;
}

async fn set_rules(journal: &JournalHandle) {
    let sleepy = SavingsProduct {
        since: day(1, 1).get(),
        dormant_after_months: 12,
        minute: "BA-1/contoh".to_owned(),
        ..SavingsProduct::default()
    };
    let sort = SavingsSort::Sukarela;
    submit(journal, 900_002, SetProduct { entity: Entity::Lkm, sort, version: sleepy }).await;
    let version = TermProduct {
        since: day(1, 1).get(),
        minute: "BA-1/contoh".to_owned(),
        ..TermProduct::default()
    };
    let (entity, product) = (Entity::Lkm, id("deposito"));
    submit(journal, 900_003, SetTermProduct { entity, product, version }).await;
}

/// What a closing did.
#[derive(Debug, PartialEq)]
struct Done {
    /// What was loaded to decide, all of it and loans.
    keys: (usize, usize),
    /// What was told.
    told: Vec<(Day, &'static str)>,
    /// What the database did for all of it: SQLite's steps, or PostgreSQL's buffers.
    cost: u64,
}

/// What closing January's third to twenty-fifth day takes, on storage that is opened to be filled and
/// then to be measured. On the first day all savings are listed: the rule by which they fall dormant
/// begins.
async fn closing<J: Journal + 'static>(
    open: impl AsyncFn(bool) -> (J, Reader),
    meter: fn() -> u64,
    loans: usize,
) -> Done {
    let begin = |storage: &Arc<Watched<J, Count>>| {
        let storage: Arc<dyn Journal> = Arc::<Watched<J, Count>>::clone(storage);
        start(storage, Arc::new(now), Limits::default())
    };
    let (journal, reader) = open(false).await;
    let (journal, task) = begin(&Arc::new(Watched { journal, watch: Count::default() }));
    fill(&journal, loans).await;
    let (unheard, _) = mpsc::channel::<Progress>(1);
    close_days(&journal, &reader, &id("contoh"), day(1, 2), &unheard).await.expect("closed");
    reader.close().await;
    journal.drain().await;
    task.await.expect("ended");
    // A server that knows nothing yet.
    let (journal, reader) = open(true).await;
    let storage = Arc::new(Watched { journal, watch: Count::default() });
    let (journal, task) = begin(&storage);
    let (told, mut heard) = mpsc::channel::<Progress>(100);
    let before = meter();
    close_days(&journal, &reader, &id("contoh"), day(1, 25), &told).await.expect("closed");
    drop(told);
    journal.drain().await;
    task.await.expect("ended");
    reader.close().await;
    let cost = meter() - before;
    let mut told = Vec::new();
    while let Some(one) = heard.recv().await {
        assert_eq!(one.refusal, None);
        told.push((one.day, one.step));
    }
    let Count { keys, loans } = &storage.watch;
    let keys = (keys.load(Ordering::Relaxed), loans.load(Ordering::Relaxed));
    Done { keys, told, cost }
}

/// The few that are due are visited, and ten times as many loans that are not cost no more, but for
/// what is allowed.
fn compare(few: Done, many: Done, allowed: u64) {
    assert_eq!(few.keys.1, DUE);
    let tended: Vec<_> = few.told.iter().filter(|(_, step)| !step.is_empty()).collect();
    assert_eq!(tended[..1], [&(day(1, 20), "loan")]);
    assert_eq!(tended[1..], [&(day(1, 22), "term"); DUE]);
    let closed: Vec<Day> =
        few.told.iter().filter(|(_, step)| step.is_empty()).map(|(day, _)| *day).collect();
    assert_eq!(closed, (3..=25).map(|number| day(1, number)).collect::<Vec<_>>());
    println!("{} with 1,000 loans, {} with 10,000", few.cost, many.cost);
    assert!(few.cost > 0 && many.cost <= allowed, "{} became {}", few.cost, many.cost);
    assert_eq!(Done { cost: 0, ..many }, Done { cost: 0, ..few });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closing_visits_what_falls_due_and_nothing_else_sqlite() {
    steps::count();
    let closing = async |loans| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("{}.db", steps::METERED));
        let open = async |_| {
            let journal = Sqlite::open(&path).await.expect("opened");
            (journal, Reader::sqlite(&path).await.expect("opened"))
        };
        closing(open, steps::so_far, loans).await
    };
    let (few, many) = (closing(1_000).await, closing(10_000).await);
    // A descent takes as many steps in a deeper tree; a pool may open one more connection.
    let allowed = few.cost + few.cost / 50;
    compare(few, many, allowed);
}

/// On one thread, which hears what the database tells.
#[tokio::test]
async fn a_closing_visits_what_falls_due_and_nothing_else_postgres() {
    let _counting = buffers::count();
    let closing = async |loans| {
        let url = common::postgres_database().await;
        migrate::postgres(&url, None).await.expect("migrated");
        let open = async |metered| {
            let url = if metered { buffers::told_by(&url) } else { url.clone() };
            let journal = Postgres::connect(&url).await.expect("connected");
            let reader = journal.reader();
            (journal, reader)
        };
        closing(open, buffers::so_far, loans).await
    };
    let (few, many) = (closing(1_000).await, closing(10_000).await);
    // A tree of ten times as many rows is a page deeper at each descent.
    let allowed = few.cost * 3 / 2;
    compare(few, many, allowed);
}

/// What is done is told as it is done: whoever has heard of the first day finds most of the year open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_told_one_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("simpul.db");
    let storage: Arc<dyn Journal> = Arc::new(Sqlite::open(&path).await.expect("opened"));
    let (journal, task) = start(storage, Arc::new(now), Limits::default());
    fill(&journal, EACH).await;
    let reader = Reader::sqlite(&path).await.expect("opened");
    let (told, mut heard) = mpsc::channel::<Progress>(1);
    let closing = {
        let (journal, reader) = (journal.clone(), reader.clone());
        tokio::spawn(async move {
            close_days(&journal, &reader, &id("contoh"), day(12, 31), &told).await
        })
    };
    let first = heard.recv().await.expect("a day");
    assert_eq!(first.day, day(1, 1));
    let row = reader.snapshot(&id("contoh")).await.expect("read").row(&closing_name()).await;
    let closed = match row.expect("read").map(|found| found.row) {
        Some(Row::DayClosing(row)) => Day::new(row.closed_through),
        _ => day(1, 1),
    };
    // One waits to be heard, and one is being told.
    assert!(closed <= day(1, 3), "{closed}");
    let mut last = first;
    while let Some(one) = heard.recv().await {
        assert!(one.day >= last.day && one.position > last.position, "{one:?}");
        last = one;
    }
    assert_eq!((last.day, last.step), (day(12, 31), ""));
    closing.await.expect("ended").expect("closed");
    journal.drain().await;
    task.await.expect("ended");
    reader.close().await;
}
