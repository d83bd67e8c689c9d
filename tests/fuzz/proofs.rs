//! What proves something: keys, notes, checkpoints, receipts, tiles, records, folders.

use std::fs;
use std::path::{Path, PathBuf};

use simpul::chain::checkpoint::{Checkpoint, Receipt};
use simpul::chain::note::{Note, PublicKey, SecretKey};
use simpul::chain::proof::{Plan, included_root, is_consistent};
use simpul::chain::{Hash, leaf_hash, qr, root, tile};
use simpul::cli::audit_folder::{self, Writer};
use simpul::domain::access::Author;
use simpul::domain::account::{Ledger, Subject};
use simpul::domain::chart::Code;
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::Fund;
use simpul::domain::record::{self, Effect, Entry, Event, Outcome, Record};

use crate::{SHORT, hunt, hunt_for};

fn key() -> SecretKey {
    SecretKey::new("simpul/books/contoh", &[7; 32]).expect("a key")
}

/// Records of a small book.
fn records() -> Vec<Vec<u8>> {
    first(13)
}

/// The first so many records of a book.
fn first(count: u64) -> Vec<Vec<u8>> {
    let ledger = Ledger::new(Entity::new("mawar").expect("an entity"), Fund::SimpanPinjam);
    let entry = |code, amount| Entry {
        account: ledger.account_of(code, Subject::parse("").expect("a subject")),
        amount: Sen::new(amount),
        line: 0,
        party: String::new(),
    };
    let record = |position: u64| Record {
        book: Id::new("contoh").expect("an id"),
        position,
        recorded_at: 1_750_000_000_000_000 + position as i64,
        business_day: Day::new(20_000),
        request: RequestId::new(&format!("permintaan-{position:04}")),
        digest: vec![position as u8; 32],
        author: Author::named("bendahara-contoh"),
        event: Event::JournalPosted,
        happened_on: Day::new(20_000),
        outcome: Outcome::Done(Effect {
            effective_on: Day::new(20_000),
            entries: vec![entry(Code::Cash, 500), entry(Code::Suspense, -500)],
            ..Effect::default()
        }),
    };
    (1..=count).map(|position| record::encode(&record(position))).collect()
}

fn leaves() -> Vec<Hash> {
    records().iter().map(|record| leaf_hash(record)).collect()
}

fn checkpoint() -> Note {
    let leaves = leaves();
    Checkpoint::sign(leaves.len() as u64, &root(&leaves), &key()).expect("signed")
}

/// Hashes of a tree's nodes by brute force.
fn proof(plan: &Plan) -> Vec<Hash> {
    let leaves = leaves();
    let run = |node: &simpul::chain::proof::Node| {
        let begin = (node.index << node.level) as usize;
        root(&leaves[begin..begin + (1 << node.level)])
    };
    plan.prove(&plan.nodes().map(run).collect::<Vec<_>>()).expect("a proof")
}

fn receipt() -> Receipt {
    let plan = Plan::inclusion(8, 13).expect("a plan");
    let (record, proof) = (records().swap_remove(8), proof(&plan));
    Receipt { position: 9, record, proof, checkpoint: checkpoint() }
}

#[test]
fn keys() {
    let seeds = [key().public().to_string().into_bytes(), key().reveal().into_bytes()];
    hunt("keys", &seeds, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(key) = PublicKey::parse(&text) {
            assert_eq!(key.to_string(), text);
        }
        if let Ok(key) = SecretKey::parse(&text) {
            assert_eq!(key.reveal(), text);
        }
    });
}

#[test]
fn checkpoints() {
    let good = checkpoint();
    let signed = Checkpoint::open(&good, key().public()).expect("sound");
    hunt("checkpoints", &[good.to_string().into_bytes()], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(note) = Note::parse(&text) {
            assert_eq!(Note::parse(&note.to_string()).as_ref(), Ok(&note));
            if let Ok(opened) = Checkpoint::open(&note, key().public()) {
                assert_eq!(opened, signed);
            }
        }
    });
}

#[test]
fn receipts() {
    let good = receipt();
    good.verify(key().public()).expect("proved");
    hunt("receipts", &[good.to_string().into_bytes()], |bytes| {
        let Ok(receipt) = Receipt::parse(&String::from_utf8_lossy(bytes)) else { return };
        assert_eq!(Receipt::parse(&receipt.to_string()).as_ref(), Ok(&receipt));
        if receipt.verify(key().public()).is_ok() {
            assert_eq!((receipt.position, &receipt.record), (good.position, &good.record));
        }
    });
}

/// What was scanned from paper: whatever is read is the receipt that was printed, or proves nothing.
#[test]
fn qr_codes() {
    let good = receipt();
    let texts = qr::texts(&good).expect("it fits").join("\n");
    assert_eq!(Receipt::parse(&texts).as_ref(), Ok(&good));
    let large = Receipt { record: vec![7; 1_500], ..receipt() };
    let unproved = qr::read(&format!("{}1/2:AB:\n{}2/2:AB:", qr::MARK, qr::MARK));
    assert!(unproved.is_err() && qr::texts(&large).is_none(), "its proof leads elsewhere");
    hunt("qr codes", &[texts.into_bytes()], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(read) = qr::read(&text) else { return };
        if read.verify(key().public()).is_ok() {
            assert_eq!(read, good);
        }
    });
}

/// Proofs as the API carries them: a list of hashes and a few numbers.
#[test]
fn proofs() {
    let (leaves, whole) = (leaves(), root(&leaves()));
    let plan = Plan::consistency(5, 13).expect("a plan");
    let seeds = [proof(&plan).concat(), receipt().proof.concat()];
    hunt("proofs", &seeds, |bytes| {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let number = |at: usize| rest.get(at).copied().map_or(13, u64::from);
        let _known = included_root(leaves[8], number(0), number(1), hashes);
        let (old, new) = (number(0), number(1));
        let _known = is_consistent((old, whole), (new, whole), hashes);
        assert!(!is_consistent((5, [0; 32]), (13, whole), hashes));
        assert_ne!(included_root([1; 32], 8, 13, hashes), Some(whole));
    });
}

#[test]
fn tiles() {
    let bundle: Vec<Vec<u8>> = records().iter().filter_map(|record| tile::entry(record)).collect();
    hunt("tiles", &[bundle.concat(), Vec::new()], |bytes| {
        if let Some(entries) = tile::entries(bytes) {
            let again: Vec<_> = entries.iter().filter_map(|entry| tile::entry(entry)).collect();
            assert_eq!(again.concat(), bytes);
        }
    });
}

#[test]
fn records_of_others() {
    hunt("records", &records(), |bytes| {
        if let Ok(record) = record::decode(bytes) {
            let again = record::decode(&record::encode(&record)).expect("what we write we read");
            assert_eq!(again, record);
        }
        let _row = record::decode_value(bytes);
    });
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// A folder with one file changed proves what it proved, or nothing.
fn hunt_in(records: &[Vec<u8>], is_chosen: impl Fn(u64) -> bool, least: usize) {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("map");
    let mut writer = Writer::new(&folder).expect("a folder");
    for (position, record) in (1..).zip(records) {
        writer.add(record, is_chosen(position)).expect("added");
    }
    let (public, leaves) = (key().public().clone(), records.iter().map(|one| leaf_hash(one)));
    let leaves: Vec<Hash> = leaves.collect();
    let signed = Checkpoint::sign(leaves.len() as u64, &root(&leaves), &key()).expect("signed");
    writer.finish(&signed.to_string(), &public.to_string()).expect("written");
    let good = audit_folder::read(&folder, Some(&public), None).expect("sound");
    assert!(good.findings.is_empty(), "{:?}", good.findings);
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    paths.sort();
    assert!(paths.len() >= least);
    for path in paths {
        let bytes = fs::read(&path).expect("read");
        let name = path.strip_prefix(&folder).expect("inside").display().to_string();
        // Which records are there is said, and not proved: another span is another claim.
        let is_claim = name == "span";
        // Each case writes a file and reads them all.
        hunt_for(SHORT / 50, &name, std::slice::from_ref(&bytes), |changed| {
            fs::write(&path, changed).expect("written");
            if let Ok(proven) = audit_folder::read(&folder, Some(&public), None) {
                assert_eq!(proven.checkpoint, good.checkpoint);
                assert!(proven.content == good.content || is_claim);
                assert_eq!(proven.findings, []);
            }
        });
        fs::write(&path, bytes).expect("written back");
    }
}

#[test]
fn folders() {
    hunt_in(&records(), |_| true, 5);
}

#[test]
fn folders_of_a_span() {
    hunt_in(&first(300), |position| (258..=260).contains(&position), 8);
}
