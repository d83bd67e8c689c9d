//! What every backend does, whatever it stands on.

use std::sync::Arc;

use simpul::domain::chart::Code;
use simpul::domain::id::{Entity, RequestId, RowName};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::Lot;
use simpul::domain::record::{self, Row};
use simpul::domain::state::{Key, Receipt, Value};
use simpul::storage::{Append, AppendOutcome, Dump, DumpEntry, Head, Journal, Load};

use crate::backends::Pair;
use crate::ledger::{Book, FIRST_DAY, Step, account, deposit, id, mark, request};

use AppendOutcome::{Committed, Conflict};

async fn commit(journal: &dyn Journal, append: Arc<Append>) {
    assert_eq!(journal.append(vec![append]).await.expect("append"), [Committed]);
}

async fn load_one(journal: &dyn Journal, book: &str, key: Key) -> Value {
    let loaded = journal.load(vec![Load { book: id(book), keys: vec![key] }]).await;
    let loaded = loaded.expect("load").pop().expect("one book");
    loaded.values.into_iter().next().expect("one value").1
}

/// A batch that touches every table: late entries, several accounts, rows, a refusal.
fn rich(book: &mut Book) -> Arc<Append> {
    let later = FIRST_DAY.next();
    book.batch([
        deposit("tunas-contoh", "anggota-a", 5_000_000, FIRST_DAY),
        deposit("tunas-contoh", "anggota-b", 2_500_050, FIRST_DAY),
        Step::Write(RowName::new("parties", "toko-contoh"), Box::new(mark(7))),
        Step::OpenDay(later),
        deposit("tunas-contoh", "anggota-a", 100, FIRST_DAY),
        Step::Write(RowName::new("parties", "toko-contoh"), Box::new(mark(8))),
        Step::Refuse,
    ])
}

pub async fn a_book_that_is_not_there_is_empty(pair: Pair) {
    let savings = account("lkm", Code::MemberSavings, "anggota-a");
    let keys = vec![
        Key::Row(RowName::book()),
        Key::Balance(savings.clone()),
        Key::Control(savings.control()),
        Key::Receipt(RequestId::new(&request(1)).expect("an id")),
        Key::Record(1),
    ];
    let values = [
        Value::Row(None),
        Value::Balance(None),
        Value::Control(Sen::ZERO),
        Value::Receipt(None),
        Value::Record(None),
    ];
    let loaded = pair.a.load(vec![Load { book: id("sepi"), keys: keys.clone() }]).await;
    let loaded = loaded.expect("load");
    assert_eq!(loaded.len(), 1);
    assert_eq!(loaded[0].head, Head::default());
    assert_eq!(loaded[0].values, keys.into_iter().zip(values).collect::<Vec<_>>());
    assert_eq!(pair.a.books().await.expect("books"), []);
    assert_eq!(pair.a.dump(&id("sepi")).await.expect("dump"), Dump::default());
}

pub async fn every_kind_of_key_comes_back(pair: Pair) {
    let mut book = Book::new("satu");
    let append = rich(&mut book);
    commit(&*pair.a, Arc::clone(&append)).await;
    let savings = account("tunas-contoh", Code::MemberSavings, "anggota-a");
    let receipt = Receipt { position: 2, digest: book.records[1].digest.clone() };
    let expected = vec![
        (Key::Record(6), Value::Record(Some(Arc::new(book.records[5].clone())))),
        (Key::Balance(savings.clone()), Value::Balance(Some(Sen::new(-5_000_100)))),
        (Key::Row(RowName::book()), Value::Row(None)),
        (Key::Row(RowName::new("parties", "toko-contoh")), Value::Row(Some(Arc::new(mark(8))))),
        (Key::Control(savings.control()), Value::Control(Sen::new(-7_500_150))),
        (Key::Receipt(RequestId::new(&request(2)).expect("an id")), Value::Receipt(Some(receipt))),
        (Key::Record(99), Value::Record(None)),
    ];
    let keys = expected.iter().map(|(key, _)| key.clone()).collect();
    let loads = vec![
        Load { book: id("lain"), keys: vec![Key::Record(1)] },
        Load { book: id("satu"), keys },
        Load { book: id("satu"), keys: Vec::new() },
    ];
    let loaded = pair.b.load(loads).await.expect("load");
    assert_eq!(loaded.len(), 3);
    assert_eq!(loaded[0].values, [(Key::Record(1), Value::Record(None))]);
    assert_eq!(loaded[1].head, append.head);
    assert_eq!(loaded[1].values, expected);
    assert_eq!(loaded[2].head, append.head);
}

pub async fn balances_and_rows_are_the_last_ones(pair: Pair) {
    let mut book = Book::new("satu");
    commit(&*pair.a, rich(&mut book)).await;
    let later = FIRST_DAY.next();
    let more = book.batch([
        deposit("tunas-contoh", "anggota-a", 1, later),
        deposit("tunas-contoh", "anggota-a", 1, later),
        Step::Write(RowName::new("parties", "toko-contoh"), Box::new(mark(9))),
    ]);
    commit(&*pair.b, more).await;
    let savings = account("tunas-contoh", Code::MemberSavings, "anggota-a");
    let balance = load_one(&*pair.a, "satu", Key::Balance(savings.clone())).await;
    assert_eq!(balance, Value::Balance(Some(Sen::new(-5_000_102))));
    let total = load_one(&*pair.a, "satu", Key::Control(savings.control())).await;
    assert_eq!(total, Value::Control(Sen::new(-7_500_152)));
    let row = load_one(&*pair.a, "satu", Key::Row(RowName::new("parties", "toko-contoh"))).await;
    assert_eq!(row, Value::Row(Some(Arc::new(mark(9)))));
}

pub async fn a_dump_is_what_was_appended(pair: Pair) {
    let mut book = Book::new("satu");
    let appends = [
        rich(&mut book),
        book.batch([
            deposit("lkm", "anggota-c", 3, FIRST_DAY),
            Step::Close(Entity::Lkm, FIRST_DAY),
            Step::Write(RowName::new("parties", "toko-contoh"), Box::new(mark(11))),
            lot("babi"),
            lot("ayam"),
            lot("babi"),
        ]),
    ];
    for append in &appends {
        commit(&*pair.a, Arc::clone(append)).await;
    }
    assert_eq!(pair.b.dump(&id("satu")).await.expect("dump"), expected_dump(&appends));
}

/// A record about a lot of animals.
fn lot(id: &str) -> Step {
    Step::Write(RowName::new("groups/contoh/lots", id), Box::new(Row::Lot(Lot::default())))
}

/// The dump that appends of one book should leave behind.
fn expected_dump(appends: &[Arc<Append>]) -> Dump {
    let mut dump = Dump::default();
    let mut rows = std::collections::BTreeMap::new();
    for append in appends {
        dump.head = append.head.clone();
        dump.records.extend(append.records.iter().cloned());
        dump.checkpoints.push(append.checkpoint.clone());
        for entry in &append.entries {
            let (name, position, leg) = (entry.account.to_string(), entry.position, entry.leg);
            let (day, amount) = (entry.effective_on.get(), entry.amount.get());
            if entry.late {
                let control = entry.account.control().to_string();
                dump.late.push((control, position, leg, name.clone(), day, amount));
            }
            dump.entries.push(DumpEntry {
                account: name,
                position,
                leg,
                amount,
                balance: entry.balance.get(),
                effective_on: day,
                late: entry.late,
            });
        }
        let accounts = append.new_accounts.iter();
        dump.accounts.extend(accounts.map(|(account, at)| (account.to_string(), *at)));
        for (control, total) in &append.controls {
            dump.controls.push((control.to_string(), append.head.size, total.get()));
        }
        for (name, at, row) in &append.rows {
            let value = (*at, record::encode_value(name, row), record::waits(row));
            rows.insert((name.parent.clone(), name.id.clone()), value);
        }
        let mentions = append.mentions.iter();
        dump.mentions.extend(mentions.map(|(name, at)| (name.to_string(), *at)));
        for (id, receipt) in &append.receipts {
            let digest = receipt.digest.clone();
            dump.receipts.push((id.as_str().to_owned(), receipt.position, digest));
        }
        dump.sides.extend(append.sides.iter().cloned());
    }
    dump.rows = rows.into_iter().map(|((p, i), (at, value, w))| (p, i, at, value, w)).collect();
    dump.entries
        .sort_by(|a, b| (&a.account, a.position, a.leg).cmp(&(&b.account, b.position, b.leg)));
    dump.late.sort();
    dump.accounts.sort();
    dump.controls.sort();
    dump.mentions.sort();
    dump.receipts.sort();
    dump.sides.sort_by_key(|side| side.commitment);
    dump
}

pub async fn records_are_paged_by_position(pair: Pair) {
    let mut book = Book::new("satu");
    let append = rich(&mut book);
    commit(&*pair.a, Arc::clone(&append)).await;
    let records = pair.b.records(&id("satu"), 3, 2).await.expect("records");
    assert_eq!(records, append.records[2..4]);
    let all = pair.b.records(&id("satu"), 0, 1000).await.expect("records");
    assert_eq!(all, append.records);
    let none = pair.b.records(&id("satu"), append.head.size + 1, 10).await.expect("records");
    assert_eq!(none, []);
}

pub async fn an_append_on_an_old_size_conflicts(pair: Pair) {
    let mut book = Book::new("satu");
    commit(&*pair.a, rich(&mut book)).await;
    let mut rival = book.clone();
    let first = book.batch([deposit("lkm", "anggota-a", 1, FIRST_DAY)]);
    let second = rival.batch([deposit("lkm", "anggota-a", 2, FIRST_DAY)]);
    commit(&*pair.a, first).await;
    let before = pair.b.dump(&id("satu")).await.expect("dump");
    assert_eq!(pair.b.append(vec![second]).await.expect("append"), [Conflict]);
    assert_eq!(pair.b.dump(&id("satu")).await.expect("dump"), before);
    let opening = Book::new("satu").batch([]);
    assert_eq!(pair.b.append(vec![opening]).await.expect("append"), [Conflict]);
}

pub async fn an_append_ahead_of_the_journal_conflicts(pair: Pair) {
    let mut book = Book::new("satu");
    let opening = book.batch([]);
    let next = book.batch([deposit("lkm", "anggota-a", 1, FIRST_DAY)]);
    assert_eq!(pair.a.append(vec![Arc::clone(&next)]).await.expect("append"), [Conflict]);
    assert_eq!(pair.a.books().await.expect("books"), []);
    commit(&*pair.a, opening).await;
    commit(&*pair.a, next).await;
}

pub async fn a_conflict_drops_only_its_book(pair: Pair) {
    let mut books: Vec<Book> = ["c", "a", "d", "b"].into_iter().map(Book::new).collect();
    let openings: Vec<_> = books.iter_mut().map(|book| book.batch([])).collect();
    assert_eq!(pair.a.append(openings).await.expect("append"), [Committed; 4]);
    let mut rival = books[2].clone();
    commit(&*pair.b, rival.batch([deposit("lkm", "anggota-z", 9, FIRST_DAY)])).await;
    let appends: Vec<_> = books.iter_mut().map(rich).collect();
    let outcomes = pair.a.append(appends.clone()).await.expect("append");
    assert_eq!(outcomes, [Committed, Committed, Conflict, Committed]);
    let ids = ["a", "b", "c", "d"].map(id);
    assert_eq!(pair.b.books().await.expect("books"), ids);
    let loads = ids.into_iter().map(|book| Load { book, keys: Vec::new() }).collect();
    let loaded = pair.b.load(loads).await.expect("load");
    let sizes: Vec<u64> = loaded.iter().map(|loaded| loaded.head.size).collect();
    assert_eq!(sizes, [8, 8, 8, 2]);
}

pub async fn resolving_tells_whether_it_is_there(pair: Pair) {
    let mut book = Book::new("satu");
    let mut rival = book.clone();
    let append = rich(&mut book);
    assert_eq!(pair.b.resolve(&append).await.expect("resolve"), Conflict);
    assert_eq!(pair.b.books().await.expect("books"), []);
    commit(&*pair.a, Arc::clone(&append)).await;
    assert_eq!(pair.b.resolve(&append).await.expect("resolve"), Committed);
    let next = book.batch([deposit("lkm", "anggota-a", 1, FIRST_DAY)]);
    assert_eq!(pair.b.resolve(&next).await.expect("resolve"), Conflict);
    // Another server may decide the same last command at the same position behind other ones.
    let others = (0..5).map(|sen| deposit("lkm", "anggota-a", sen, FIRST_DAY));
    let day = [Step::OpenDay(FIRST_DAY.next())];
    let other = rival.batch(day.into_iter().chain(others).chain([Step::Refuse]));
    let last = |append: &Append| append.records.last().map(|last| (last.position, last.hashes[0]));
    assert_eq!(last(&other), last(&append));
    assert_eq!(pair.b.resolve(&other).await.expect("resolve"), Conflict);
    commit(&*pair.b, next).await;
    assert_eq!(pair.a.resolve(&append).await.expect("resolve"), Committed);
}

pub async fn unbalanced_entries_are_refused(pair: Pair) {
    let mut book = Book::new("satu");
    commit(&*pair.a, book.batch([])).await;
    let mut append = (*book.batch([deposit("lkm", "anggota-a", 5, FIRST_DAY)])).clone();
    append.entries[0].amount = Sen::new(6);
    let fine = Book::new("dua").batch([]);
    let refused = pair.a.append(vec![fine, Arc::new(append)]).await;
    assert!(matches!(refused, Err(simpul::storage::StorageError::Failed(_))), "{refused:?}");
    assert_eq!(pair.a.books().await.expect("books"), [id("satu")]);
    assert_eq!(pair.a.dump(&id("satu")).await.expect("dump").head.size, 1);
}

pub async fn entries_balance_within_each_fund(pair: Pair) {
    let mut book = Book::new("satu");
    commit(&*pair.a, book.batch([])).await;
    let (cash, savings) = (Code::Cash, Code::MemberSavings);
    let across = Step::Transfer(
        account("kube-a", cash, ""),
        account("kube-b", savings, "anggota-a"),
        5,
        FIRST_DAY,
    );
    let refused = pair.a.append(vec![book.batch([across])]).await;
    assert!(matches!(refused, Err(simpul::storage::StorageError::Failed(_))), "{refused:?}");
}

pub async fn a_receipt_that_is_there_conflicts_alone(pair: Pair) {
    let mut books = [Book::new("a"), Book::new("b")];
    for book in &mut books {
        commit(&*pair.a, rich(book)).await;
    }
    let [first, second] = &mut books;
    let fine = first.batch([deposit("lkm", "anggota-a", 1, FIRST_DAY)]);
    let mut twice = (*second.batch([deposit("lkm", "anggota-a", 1, FIRST_DAY)])).clone();
    twice.receipts[0].0 = RequestId::new(&request(3)).expect("an id");
    let outcomes = pair.a.append(vec![Arc::new(twice), fine]).await.expect("append");
    assert_eq!(outcomes, [Conflict, Committed]);
    assert_eq!(pair.a.dump(&id("b")).await.expect("dump").head.size, 8);
}

pub async fn names_sort_bytewise(pair: Pair) {
    let mut book = Book::new("satu");
    let names = ["b", "a-b", "a", "ab", "a1", "a/b", "Z"];
    let rows = names.map(|name| Step::Write(RowName::new("urut", name), Box::new(mark(1))));
    commit(&*pair.a, book.batch(rows)).await;
    let dump = pair.a.dump(&id("satu")).await.expect("dump");
    let ids: Vec<&str> = dump.rows.iter().map(|(_, id, ..)| id.as_str()).collect();
    assert_eq!(ids[1..], ["Z", "a", "a-b", "a/b", "a1", "ab", "b"]);
}

pub async fn extremes_survive(pair: Pair) {
    let mut book = Book::new("satu");
    let row = "é".repeat(500);
    let append = book.batch([
        deposit("lkm", "anggota-a", i64::MAX, FIRST_DAY),
        Step::Write(RowName::new("kutip'\"\\{}[]", row), Box::new(mark(u64::MAX))),
    ]);
    commit(&*pair.a, Arc::clone(&append)).await;
    assert_eq!(pair.b.dump(&id("satu")).await.expect("dump"), expected_dump(&[append]));
}

/// Two processes append to one book until each has had its part committed ten times.
pub async fn rivals_take_turns(pair: Pair) {
    let opening = Book::new("satu").batch([]);
    commit(&*pair.a, opening).await;
    let run = |journal: Arc<dyn Journal>, member: &'static str| {
        tokio::spawn(async move {
            let mut conflicts = 0;
            for _ in 0..10 {
                while !append_once(&*journal, member).await {
                    conflicts += 1;
                }
            }
            conflicts
        })
    };
    let (a, b) = (run(pair.a.clone(), "anggota-a"), run(pair.b.clone(), "anggota-b"));
    a.await.expect("rival a");
    b.await.expect("rival b");
    let dump = pair.a.dump(&id("satu")).await.expect("dump");
    assert_eq!(dump.head.size, 21);
    let last = |member: &str| {
        let name = account("lkm", Code::MemberSavings, member).to_string();
        dump.entries.iter().rfind(|entry| entry.account == name).map(|entry| entry.balance)
    };
    assert_eq!((last("anggota-a"), last("anggota-b")), (Some(-10), Some(-10)));
}

/// Rebuilds the book from its records and tries to add one deposit.
async fn append_once(journal: &dyn Journal, member: &str) -> bool {
    let records = journal.records(&id("satu"), 1, 1000).await.expect("records");
    let mut book = Book::new("satu");
    book.batch([]);
    for stored in &records[1..] {
        let record = record::decode(&stored.bytes).expect("decode");
        let simpul::domain::record::Outcome::Done(effect) = record.outcome else { continue };
        let member = effect.entries[1].account.subject.as_str();
        book.batch([deposit("lkm", member, 1, FIRST_DAY)]);
    }
    let append = book.batch([deposit("lkm", member, 1, FIRST_DAY)]);
    journal.append(vec![append]).await.expect("append") == [Committed]
}

/// Many books created at once by two processes, named in opposite orders.
pub async fn crossing_appends_do_not_lock_each_other_out(pair: Pair) {
    let names: Vec<String> = (0..20).map(|n| format!("buku-{n:02}")).collect();
    let run = |journal: Arc<dyn Journal>, names: Vec<String>| {
        tokio::spawn(async move {
            let appends = names.iter().map(|name| Book::new(name).batch([])).collect();
            journal.append(appends).await.expect("append")
        })
    };
    let reversed = names.iter().rev().cloned().collect();
    let (a, b) = (run(pair.a.clone(), names.clone()), run(pair.b.clone(), reversed));
    let (a, b) = (a.await.expect("a"), b.await.expect("b"));
    for (first, second) in a.iter().zip(b.iter().rev()) {
        assert_ne!(first, second, "one of two rivals wins");
    }
    let books = names.iter().map(|name| id(name)).collect::<Vec<_>>();
    assert_eq!(pair.a.books().await.expect("books"), books);
}

pub async fn a_large_batch_goes_through(pair: Pair) {
    let mut book = Book::new("satu");
    let steps = (0..3000).map(|n| deposit("lkm", &format!("anggota-{}", n % 700), n, FIRST_DAY));
    let append = book.batch(steps);
    commit(&*pair.a, Arc::clone(&append)).await;
    assert_eq!(pair.b.dump(&id("satu")).await.expect("dump"), expected_dump(&[append]));
}
