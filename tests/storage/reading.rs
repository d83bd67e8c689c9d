//! The read side: as-of answers against a naive recomputation from the list of records.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use simpul::domain::account::Account;
use simpul::domain::chart::Code;
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, RequestId, RowName};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::Grant;
use simpul::domain::record::{Outcome, Row};
use simpul::storage::postgres::Postgres;
use simpul::storage::read::{AsOf, Line, Order, Reader, Snapshot, Span};
use simpul::storage::{Append, Journal};

use crate::backends;
use crate::ledger::{Book, FIRST_DAY, Step, account, deposit, id, mark, request};

const ENTITIES: [&str; 3] = ["lkm", "kube-a", "kube-a-2"];
const MEMBERS: [&str; 3] = ["a", "a-b", "b"];

/// A random but lawful year: choices become deposits (some late), days and closings.
fn appends(book: &mut Book, choices: &[(u8, u8, u8, u8)]) -> Vec<Arc<Append>> {
    let mut closed: BTreeMap<&str, Day> = BTreeMap::new();
    let mut day = FIRST_DAY;
    let mut batches = Vec::new();
    let mut steps = Vec::new();
    for (kind, which, back, sen) in choices {
        let entity = ENTITIES[usize::from(*which) % 3];
        let first_open = closed.get(entity).map_or(FIRST_DAY.get() - 3, |day| day.get() + 1);
        match kind % 10 {
            0 | 1 => {
                day = Day::new(day.get() + 1 + i32::from(back % 3));
                steps.push(Step::OpenDay(day));
            }
            2 if first_open < day.get() => {
                let through = Day::new((day.get() - 1 - i32::from(back % 3)).max(first_open));
                closed.insert(entity, through);
                steps.push(Step::Close(Entity::new(entity).expect("an entity"), through));
            }
            3 => batches.push(std::mem::take(&mut steps)),
            4 => steps.push(Step::Refuse),
            _ => {
                let late = if kind % 2 == 0 { i32::from(back % 6) } else { 0 };
                let effective = Day::new((day.get() - late).max(first_open));
                let member = MEMBERS[usize::from(*sen) % 3];
                steps.push(deposit(entity, member, i64::from(*sen) + 1, effective));
            }
        }
    }
    batches.push(steps);
    let batches = batches.into_iter().filter(|steps| !steps.is_empty());
    let mut appends: Vec<_> = batches.map(|steps| book.batch(steps)).collect();
    if appends.is_empty() {
        appends.push(book.batch([]));
    }
    appends
}

/// The lines of an account that an [`AsOf`] sees, by plain search.
fn naive_lines(
    book: &Book,
    wanted: impl Fn(&Account) -> bool,
    as_of: AsOf,
) -> Vec<(Account, Line)> {
    let mut balances: BTreeMap<Account, i64> = BTreeMap::new();
    let mut lines = Vec::new();
    let known = as_of.position.unwrap_or(u64::MAX);
    for record in book.records.iter().filter(|record| record.position <= known) {
        let Outcome::Done(effect) = &record.outcome else { continue };
        for (leg, entry) in (0..).zip(&effect.entries) {
            let balance = balances.entry(entry.account.clone()).or_default();
            *balance += entry.amount.get();
            let effective_on = effect.effective_on;
            if wanted(&entry.account) && as_of.effective.is_none_or(|day| effective_on <= day) {
                let line = Line {
                    position: record.position,
                    leg,
                    amount: entry.amount,
                    balance: Sen::new(*balance),
                    effective_on,
                    late: effective_on < record.business_day,
                };
                lines.push((entry.account.clone(), line));
            }
        }
    }
    lines
}

fn naive_balance(book: &Book, wanted: impl Fn(&Account) -> bool, as_of: AsOf) -> Sen {
    let lines = naive_lines(book, wanted, as_of);
    Sen::new(lines.iter().map(|(_, line)| line.amount.get()).sum())
}

fn accounts() -> Vec<Account> {
    let of = |entity: &&'static str| {
        let entity = *entity;
        let members = MEMBERS.map(|member| account(entity, Code::MemberSavings, member));
        members.into_iter().chain([account(entity, Code::Cash, "")])
    };
    ENTITIES.iter().flat_map(of).collect()
}

fn questions(book: &Book, seeds: &[(u8, u16)]) -> Vec<AsOf> {
    let days = book.business_day.get() - FIRST_DAY.get() + 8;
    let question = |(day, position): &(u8, u16)| AsOf {
        effective: (day % 5 != 0).then(|| Day::new(FIRST_DAY.get() - 4 + i32::from(*day) % days)),
        position: (position % 3 != 0).then(|| u64::from(*position) % (book.size() + 2)),
    };
    seeds.iter().map(question).collect()
}

async fn check(snapshot: &mut Snapshot, book: &Book, as_of: AsOf) {
    let name = format!("{as_of:?} in a book of {}", book.size());
    let known = as_of.position.unwrap_or(u64::MAX);
    let mut listed = Vec::new();
    for account in accounts() {
        let expected = naive_balance(book, |other| *other == account, as_of);
        let found = snapshot.balance(&account, as_of).await.expect("balance");
        assert_eq!(found, expected, "{account} {name}");
        let control = account.control();
        let total = snapshot.control_total(&control, as_of).await.expect("total");
        let expected_total = naive_balance(book, |other| other.control() == control, as_of);
        assert_eq!(total, expected_total, "{control} {name}");
        let ever = AsOf { effective: None, position: Some(known) };
        if !naive_lines(book, |other| *other == account, ever).is_empty() {
            listed.push((account, expected));
        }
    }
    check_lists(snapshot, listed, as_of, &name).await;
    for entity in [None, Some(Entity::new("kube-a").expect("an entity"))] {
        let found = snapshot.trial_balance(entity.as_ref(), as_of).await.expect("trial balance");
        let found: BTreeMap<_, _> = found.into_iter().filter(|(_, sen)| !sen.is_zero()).collect();
        let mut expected = BTreeMap::new();
        for account in accounts() {
            let ours = entity.as_ref().is_none_or(|entity| account.ledger.entity == *entity);
            let control = account.control();
            let total = naive_balance(book, |other| other.control() == control, as_of);
            if ours && !total.is_zero() {
                expected.insert(control, total);
            }
        }
        assert_eq!(found, expected, "trial balance of {entity:?} {name}");
    }
}

/// Accounts in pages of two, in bytewise order of names, of all and of one control account.
async fn check_lists(
    snapshot: &mut Snapshot,
    mut listed: Vec<(Account, Sen)>,
    as_of: AsOf,
    name: &str,
) {
    listed.sort_by_key(|(account, _)| account.to_string());
    for prefix in ["", "kube-a.", "kube-a.sp.2103."] {
        let mut found: Vec<(Account, Sen)> = Vec::new();
        loop {
            let after = found.last().map(|(account, _)| account.clone());
            let page = snapshot.accounts(prefix, after.as_ref(), 2, as_of).await;
            let page = page.expect("accounts");
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        let fits = |(account, _): &&(Account, Sen)| account.to_string().starts_with(prefix);
        let expected: Vec<_> = listed.iter().filter(fits).cloned().collect();
        assert_eq!(found, expected, "accounts under '{prefix}' {name}");
    }
}

async fn check_statement(snapshot: &mut Snapshot, book: &Book, span: Span, position: Option<u64>) {
    let account = account("kube-a", Code::Cash, "");
    let as_of = AsOf { effective: None, position };
    let mut expected: Vec<Line> = naive_lines(book, |other| *other == account, as_of)
        .into_iter()
        .map(|(_, line)| line)
        .filter(|line| match span {
            Span::Positions(from, to) => from <= line.position && line.position <= to,
            Span::Days(from, to) => from <= line.effective_on && line.effective_on <= to,
        })
        .collect();
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let mut found: Vec<Line> = Vec::new();
        loop {
            let after = found.last().map(|line| (line.position, line.leg));
            let page = snapshot.statement(&account, span, position, order, after, 3).await;
            let page = page.expect("statement");
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, expected, "{span:?} {position:?} {order:?}");
        expected.reverse();
    }
}

async fn check_book(journal: &dyn Journal, reader: &Reader, mut book: Book, case: &Case) {
    let (choices, seeds) = case;
    for append in appends(&mut book, choices) {
        journal.append(vec![append]).await.expect("append");
    }
    let mut snapshot = reader.snapshot(&book.id).await.expect("snapshot");
    assert_eq!(snapshot.head().size, book.size());
    let questions = questions(&book, seeds);
    for as_of in &questions {
        check(&mut snapshot, &book, *as_of).await;
    }
    for (from, to) in questions.iter().zip(questions.iter().skip(1)) {
        let first = from.effective.unwrap_or(FIRST_DAY);
        let last = to.effective.unwrap_or(book.business_day);
        check_statement(&mut snapshot, &book, Span::Days(first, last), to.position).await;
        let positions = Span::Positions(from.position.unwrap_or(0), to.position.unwrap_or(99));
        check_statement(&mut snapshot, &book, positions, None).await;
    }
}

/// Choices for a journal, and seeds of questions about it.
type Case = (Vec<(u8, u8, u8, u8)>, Vec<(u8, u16)>);

fn as_of_answers_are_right(
    runtime: &tokio::runtime::Runtime,
    journal: &dyn Journal,
    reader: Reader,
) {
    let choices = proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 1..120);
    let seeds = proptest::collection::vec(any::<(u8, u16)>(), 5);
    let strategy = (choices, seeds).prop_map(|case: Case| case);
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let count = std::cell::Cell::new(0);
    let result = TestRunner::new(config).run(&strategy, |case| {
        // Every case is a book of its own beside the earlier ones, whose names surround it.
        count.set(count.get() + 1);
        let n = count.get();
        let book = Book::new(&format!("buku-{}", (n * 37) % 101 + 1000 * (n / 101)));
        runtime.block_on(check_book(journal, &reader, book, &case));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn as_of_answers_are_those_of_the_records_on_sqlite() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (_folder, path) = backends::sqlite_path();
    let journal = runtime.block_on(backends::open(&path));
    let reader = journal.reader();
    as_of_answers_are_right(&runtime, &journal, reader);
}

#[test]
fn as_of_answers_are_those_of_the_records_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let journal = runtime.block_on(async {
        let url = backends::postgres_as_service().await;
        Postgres::connect(&url).await.expect("connect")
    });
    let reader = journal.reader();
    as_of_answers_are_right(&runtime, &journal, reader);
}

/// Runs a test body on both databases, each with a journal and its reader.
async fn on_both<F: Future<Output = ()>>(body: impl Fn(Arc<dyn Journal>, Reader) -> F) {
    let (_folder, path) = backends::sqlite_path();
    let sqlite = backends::open(&path).await;
    let reader = sqlite.reader();
    body(Arc::new(sqlite), reader).await;
    let url = backends::postgres_as_service().await;
    let postgres = Postgres::connect(&url).await.expect("connect");
    let reader = postgres.reader();
    body(Arc::new(postgres), reader).await;
}

#[tokio::test]
async fn rows_records_receipts_and_sides_are_found_by_name() {
    on_both(|journal, reader| async move {
        let mut book = Book::new("satu");
        let names = ["a", "b", "c", "d"];
        let rows = names.map(|name| Step::Write(RowName::new("parties", name), Box::new(mark(1))));
        let opening = book.batch(rows);
        let next = book.batch((0..60).map(|n| deposit("lkm", "a", n, FIRST_DAY)));
        for append in [&opening, &next] {
            journal.append(vec![Arc::clone(append)]).await.expect("append");
        }
        let mut snapshot = reader.snapshot(&book.id).await.expect("snapshot");
        assert_eq!(*snapshot.head(), next.head);

        let row = snapshot.row(&RowName::new("parties", "b")).await.expect("row").expect("b");
        assert_eq!((row.id.as_str(), row.position, row.row), ("b", 3, mark(1)));
        assert_eq!(snapshot.row(&RowName::new("parties", "e")).await.expect("row"), None);
        let page = snapshot.rows("parties", "a", 2).await.expect("rows");
        assert_eq!(page.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);

        assert_eq!(snapshot.record(3).await.expect("record").as_ref(), Some(&book.records[2]));
        assert_eq!(snapshot.record(66).await.expect("record"), None);
        let positions: Vec<u64> = (1..=50).rev().chain([3, 99]).collect();
        let records = snapshot.records(&positions).await.expect("records");
        assert_eq!(records, book.records[..50]);

        let grant = |id: &str| RowName::new("groups/a/grants", id);
        let about = |id| Step::Write(grant(id), Box::new(Row::Grant(Grant::default())));
        let grants = book.batch(["apbn", "apbd", "apbn", "apbn", "apbn-2"].map(about));
        journal.append(vec![grants]).await.expect("append");
        assert_eq!(snapshot.mentions(&grant("apbn"), 0, 9).await.expect("mentions"), [0u64; 0]);
        let mut later = reader.snapshot(&book.id).await.expect("snapshot");
        for (after, limit, found) in
            [(0, 9, vec![66, 68, 69]), (0, 2, vec![66, 68]), (68, 9, vec![69]), (69, 9, vec![])]
        {
            let mentions = later.mentions(&grant("apbn"), after, limit).await.expect("mentions");
            assert_eq!(mentions, found, "after {after}");
        }
        assert_eq!(later.mentions(&grant("apb"), 0, 9).await.expect("mentions"), [0u64; 0]);
        let bytes = later.record_bytes(&[68, 66, 1000]).await.expect("records");
        assert_eq!(bytes.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [66, 68]);
        assert_eq!(bytes[0].1, simpul::domain::record::encode(&book.records[65]));
        later.finish().await.expect("finish");

        let receipt = RequestId::new(&request(4)).expect("an id");
        let receipt = snapshot.receipt(&receipt).await.expect("receipt").expect("decided");
        assert_eq!(receipt.position, 4);
        let none = RequestId::new("permintaan-lain").expect("an id");
        assert_eq!(snapshot.receipt(&none).await.expect("receipt"), None);

        let mut sides = next.sides[..40].to_vec();
        let mut commitments: Vec<_> = sides.iter().map(|side| side.commitment).collect();
        commitments.push([7; 32]);
        sides.sort_by_key(|side| side.commitment);
        assert_eq!(snapshot.sides(&commitments).await.expect("sides"), sides);
        assert_eq!(snapshot.sides(&[]).await.expect("sides"), []);
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_does_not_see_what_is_written_after_it() {
    on_both(|journal, reader| async move {
        let mut book = Book::new("satu");
        let deposit = || deposit("lkm", "a", 5, FIRST_DAY);
        journal.append(vec![book.batch([deposit()])]).await.expect("append");
        let mut snapshot = reader.snapshot(&book.id).await.expect("snapshot");
        journal.append(vec![book.batch([deposit()])]).await.expect("append");
        assert_eq!(snapshot.head().size, 2);
        let savings = account("lkm", Code::MemberSavings, "a");
        let old = snapshot.balance(&savings, AsOf::default()).await.expect("balance");
        assert_eq!(old, Sen::new(-5));
        assert_eq!(snapshot.record(3).await.expect("record"), None);
        drop(snapshot);
        let mut snapshot = reader.snapshot(&book.id).await.expect("snapshot");
        let new = snapshot.balance(&savings, AsOf::default()).await.expect("balance");
        assert_eq!(new, Sen::new(-10));
    })
    .await;
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let (_folder, path) = backends::sqlite_path();
    let journal = backends::open(&path).await;
    let mut book = Book::new("satu");
    journal.append(vec![book.batch([])]).await.expect("append");
    assert_eq!(journal.reader().books().await.expect("books"), [id("satu")]);
    let missing = Reader::sqlite(&path.with_file_name("lain.db")).await;
    assert!(missing.is_err(), "reading creates no database");
}
