//! A span of a book in a folder: what it proves, what it tells, and what it says it cannot.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use simpul::chain::checkpoint::Checkpoint;
use simpul::chain::note::SecretKey;
use simpul::chain::{Hash, leaf_hash, root};
use simpul::cli::audit_folder::{
    Content, FolderError, Proven, Span, Writer, checkpoint, first_difference, read, totals_before,
};
use simpul::domain::access::Author;
use simpul::domain::account::{Ledger, Subject};
use simpul::domain::chart::Code;
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::Fund;
use simpul::domain::record::{self, Effect, Entry, Event, Outcome, Record};
use tempfile::TempDir;

fn key() -> SecretKey {
    SecretKey::new("simpul/books/contoh", &[7; 32]).expect("a key")
}

fn ledger() -> Ledger {
    Ledger::new(Entity::new("mawar").expect("an entity"), Fund::SimpanPinjam)
}

/// The record at a position: so many sen from suspense into cash; a hundred records a day.
fn record(position: u64) -> Vec<u8> {
    let entry = |code, amount| Entry {
        account: ledger().account_of(code, Subject::none()),
        amount: Sen::new(amount),
        line: 0,
        party: String::new(),
    };
    let day = Day::new(20_000 + i32::try_from(position / 100).expect("few"));
    let amount = i64::try_from(position).expect("few");
    record::encode(&Record {
        book: Id::new("contoh").expect("an id"),
        position,
        recorded_at: 1_750_000_000_000_000 + amount,
        business_day: day,
        request: RequestId::new(&format!("permintaan-{position:04}")),
        digest: vec![1; 32],
        author: Author::named("bendahara-contoh"),
        event: Event::JournalPosted,
        happened_on: day,
        outcome: Outcome::Done(Effect {
            effective_on: day,
            entries: vec![entry(Code::Cash, amount), entry(Code::Suspense, -amount)],
            ..Effect::default()
        }),
    })
}

fn records(count: u64) -> Vec<Vec<u8>> {
    (1..=count).map(record).collect()
}

fn leaves(records: &[Vec<u8>]) -> Vec<Hash> {
    records.iter().map(|record| leaf_hash(record)).collect()
}

/// A folder of these records, of which some are chosen.
fn folder(records: &[Vec<u8>], first: u64, last: u64) -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("map");
    let mut writer = Writer::new(&path).expect("a folder");
    for (position, record) in (1..).zip(records) {
        writer.add(record, (first..=last).contains(&position)).expect("added");
    }
    let leaves = leaves(records);
    let note = Checkpoint::sign(leaves.len() as u64, &root(&leaves), &key()).expect("signed");
    let span = writer.finish(&note.to_string(), &key().public().to_string()).expect("written");
    assert_eq!(span, Span { first, last });
    (place, path)
}

fn proven(folder: &Path, earlier: Option<u64>) -> Result<Proven, FolderError> {
    read(folder, Some(key().public()), earlier)
}

/// What all records from one to another moved, in sen.
fn moved(first: u64, last: u64) -> i64 {
    (first..=last).sum::<u64>() as i64
}

#[test]
fn a_span_is_proved_and_says_what_it_moved() {
    let (_place, path) = folder(&records(600), 300, 520);
    let there = |name: &str| path.join("tile").join(name).exists();
    assert!(!there("entries/000") && there("entries/001") && there("entries/002.p/88"));
    assert!(there("0/000") && there("0/001") && there("0/002.p/88") && there("1/000.p/2"));
    let found = proven(&path, None).expect("proved");
    assert_eq!((found.checkpoint.size, found.findings.len()), (600, 0));
    let Content::Part(span, spanned) = found.content else { panic!("all of it") };
    assert_eq!(span, Span { first: 300, last: 520 });
    assert_eq!(spanned.days, Some((Day::new(20_003), Day::new(20_005))));
    let sum = Sen::new(moved(300, 520));
    let turnover = BTreeMap::from([
        (ledger().account(Code::Cash).control(), (sum, Sen::ZERO)),
        (ledger().account(Code::Suspense).control(), (Sen::ZERO, sum)),
    ]);
    assert_eq!(spanned.turnover, turnover);
    assert_eq!(found.absent, BTreeSet::new());

    // All of them are no span.
    let (_place, path) = folder(&records(300), 1, 300);
    assert!(!path.join("span").exists());
    assert!(matches!(proven(&path, None).expect("proved").content, Content::Whole(_)));
}

#[test]
fn balances_before_a_span_come_from_an_earlier_whole_folder_alone() {
    let all = records(600);
    let (_span, span) = folder(&all, 300, 520);
    let now = checkpoint(&span, Some(key().public())).expect("signed");
    let before = |earlier: &Path| {
        let then = checkpoint(earlier, Some(key().public())).expect("signed");
        totals_before(300, (earlier, &then), (&span, &now))
    };
    for size in [299, 400, 600] {
        let (_whole, whole) = folder(&all[..size], 1, size as u64);
        let totals = before(&whole).expect("read").expect("all that is needed");
        let cash = ledger().account(Code::Cash).control();
        assert_eq!(totals[&cash], Sen::new(moved(1, 299)), "{size}");
        assert_eq!(totals.len(), 2);
    }
    let (_short, short) = folder(&all[..298], 1, 298);
    assert_eq!(before(&short).expect("read"), None, "a record is missing between");
    let (_other, other) = folder(&all[..400], 2, 400);
    assert_eq!(before(&other).expect("read"), None, "its first record is missing");
    let mut forged = all[..400].to_vec();
    forged[10] = record(12);
    let (_forged, forged) = folder(&forged, 1, 400);
    assert!(matches!(before(&forged), Err(FolderError::OtherRoot)));
}

#[test]
fn folders_are_compared_whatever_they_hold() {
    let all = records(600);
    let mut other = all.clone();
    other[349] = record(351);
    for (then, earlier) in [((1, 400), 400), ((380, 400), 400), ((1, 3), 512)] {
        let (_old, old) = folder(&all[..earlier], then.0, then.1);
        let signed = checkpoint(&old, Some(key().public())).expect("signed");
        for now in [(1, 600), (340, 360), (590, 600)] {
            let (_new, new) = folder(&all, now.0, now.1);
            let found = proven(&new, Some(signed.size)).expect("proved");
            assert_eq!(found.earlier, Some(signed.root), "{now:?} continues {then:?}");
            let at = first_difference((&old, &signed), (&new, &found.checkpoint));
            assert_eq!(at.expect("read"), None);

            let (_new, new) = folder(&other, now.0, now.1);
            let found = proven(&new, Some(signed.size)).expect("it agrees with itself");
            assert_ne!(found.earlier, Some(signed.root));
            let at = first_difference((&old, &signed), (&new, &found.checkpoint));
            assert_eq!(at.expect("read"), Some(350), "{now:?} against {then:?}");
        }
    }
}

/// Flips the last bit of the byte at a place of a file, counted from its end.
fn flip(path: &Path, from_end: usize) {
    let mut bytes = fs::read(path).expect("read");
    let at = bytes.len() - 1 - from_end;
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("written");
}

#[test]
fn what_was_changed_in_a_span_or_around_it_is_found() {
    let all = records(600);
    let tile = |name: &str| format!("tile/{name}");
    // In the span's records, in others of its bundle, and in the hashes of records not there.
    for (name, from_end) in [
        ("entries/001", 0),
        ("entries/001", 15_000),
        ("0/000", 0),
        ("0/000", 8_000),
        ("0/001", 5),
        ("0/002.p/88", 9),
        ("1/000.p/2", 40),
    ] {
        let (_place, path) = folder(&all, 300, 310);
        flip(&path.join(tile(name)), from_end);
        assert!(proven(&path, None).is_err(), "{name}, {from_end} from the end");
    }

    // A record and its hash changed together.
    let mut forged = all.clone();
    forged[304] = record(306);
    let (_forged, forged) = folder(&forged, 300, 310);
    let (_place, path) = folder(&all, 300, 310);
    for name in ["entries/001", "0/001", "1/000.p/2"] {
        fs::copy(forged.join(tile(name)), path.join(tile(name))).expect("copied");
    }
    assert!(matches!(proven(&path, None), Err(FolderError::OtherRoot)));
    let other = SecretKey::new("simpul/books/contoh", &[8; 32]).expect("a key");
    let signed = read(&forged, Some(other.public()), None);
    assert!(matches!(signed, Err(FolderError::Checkpoint(_))));

    // What the folder says of itself: no more than it has, and whatever it says is shown.
    let says = |text: &str| {
        let (place, path) = folder(&all, 300, 310);
        fs::write(path.join("span"), text).expect("written");
        (place, path)
    };
    for text in ["1-310", "300-520", "310-300", "0-310", "300-601", "300", "", "a-b"] {
        let (_place, path) = says(text);
        assert!(proven(&path, None).is_err(), "{text}");
    }
    let (_place, path) = says("301-310");
    let Content::Part(span, _) = proven(&path, None).expect("proved").content else { panic!() };
    assert_eq!(span, Span { first: 301, last: 310 });
    let (_place, path) = says("301-310");
    fs::remove_file(path.join("span")).expect("removed");
    assert!(matches!(proven(&path, None), Err(FolderError::File(..))), "not the whole book");
}

#[test]
fn a_folder_of_nothing_is_none() {
    let place = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::new(&place.path().join("map")).expect("a folder");
    writer.add(&record(1), false).expect("added");
    assert!(matches!(writer.finish("", ""), Err(FolderError::Empty(_))));
}
