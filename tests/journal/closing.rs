//! What the day's closing visits: what falls due, and nothing else, however much the book holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use simpul::domain::access::Author;
use simpul::domain::account::Ledger;
use simpul::domain::book::Open;
use simpul::domain::day::Day;
use simpul::domain::decide::{Action, Command, Form};
use simpul::domain::general::{OpenBalances, Opening};
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::loan::case::Borrower;
use simpul::domain::loan::opening::RunningLoan;
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::money::Sen;
use simpul::domain::record::Outcome;
use simpul::domain::record::proto::{
    Fund, LoanFrequency, LoanMethod, LoanPlan, LoanTerms, LoanVersion, Member, Overpayment,
    Recognition, Regime, Zone,
};
use simpul::domain::register::EnrolMember;
use simpul::domain::state::Key;
use simpul::journal::daily::{Progress, close_days};
use simpul::journal::{Answer, JournalHandle, Limits, Priority, start};
use simpul::storage::read::Reader;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{Journal, Load};
use tokio::sync::mpsc;

use crate::watched::{Watch, Watched};

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

type Counting = Watched<Sqlite, Count>;

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
        });
        if callers.len() == 100 {
            callers.join_next().await.expect("a caller").expect("answered");
        }
    }
    while let Some(one) = callers.join_next().await {
        one.expect("answered");
    }
}

/// What closing January's first twenty-five days loads, all of it and loans, and tells.
async fn closing(loans: usize) -> (usize, usize, Vec<(Day, &'static str)>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("simpul.db");
    let open = async || Watched {
        journal: Sqlite::open(&path).await.expect("opened"),
        watch: Count::default(),
    };
    let begin = |storage: &Arc<Counting>| {
        let storage: Arc<dyn Journal> = Arc::<Counting>::clone(storage);
        start(storage, Arc::new(now), Limits::default())
    };
    let storage = Arc::new(open().await);
    let (journal, task) = begin(&storage);
    fill(&journal, loans).await;
    journal.drain().await;
    task.await.expect("ended");
    // A server that knows nothing yet.
    let storage = Arc::new(open().await);
    let (journal, task) = begin(&storage);
    let reader = Reader::sqlite(&path).await.expect("opened");
    let (told, mut heard) = mpsc::channel::<Progress>(100);
    close_days(&journal, &reader, &id("contoh"), day(1, 25), &told).await.expect("closed");
    drop(told);
    journal.drain().await;
    task.await.expect("ended");
    reader.close().await;
    let mut steps = Vec::new();
    while let Some(one) = heard.recv().await {
        assert_eq!(one.refusal, None);
        steps.push((one.day, one.step));
    }
    let Count { keys, loans } = &storage.watch;
    (keys.load(Ordering::Relaxed), loans.load(Ordering::Relaxed), steps)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closing_visits_what_falls_due_and_nothing_else() {
    let (keys, visited, steps) = closing(1_000).await;
    assert_eq!(visited, DUE);
    let tended: Vec<_> = steps.iter().filter(|(_, step)| !step.is_empty()).collect();
    assert_eq!(tended, [&(day(1, 20), "loan")]);
    let closed: Vec<Day> =
        steps.iter().filter(|(_, step)| step.is_empty()).map(|(day, _)| *day).collect();
    assert_eq!(closed, (1..=25).map(|number| day(1, number)).collect::<Vec<_>>());
    let (keys_of_many, visited_of_many, steps_of_many) = closing(10_000).await;
    assert_eq!((keys_of_many, visited_of_many), (keys, visited));
    assert_eq!(steps_of_many, steps);
}
