//! Any changed byte in a stored record, entry, balance or receipt is found by `verify`; so is what
//! a server with a fault in its `apply` writes, and a record that breaks a rule by itself.

use simpul::domain::account::Account;
use simpul::domain::id::Id;
use simpul::domain::money::Sen;
use simpul::domain::record::{Effect, Outcome, Record, decode, encode};
use simpul::journal::Limits;
use simpul::storage::{Dump, DumpEntry};
use simpul::verify::{Audit, verify};

use crate::town::{Bug, Town};
use crate::village;

/// A small book in which every table has rows.
fn small_book() -> (Id, Dump) {
    let (mut town, book) = (Town::new(Limits::default()), village::book(0));
    let mut wishes = village::founding(&book);
    for number in 0..40 {
        wishes.push(village::wish(&book, number, &wishes));
    }
    for some in wishes.chunks(9) {
        town.submit(some);
    }
    let dump = town.sound_dump(&book);
    assert!(dump.records.len() > 40 && dump.checkpoints.len() > 5 && dump.entries.len() > 30);
    assert!(!dump.late.is_empty() && !dump.sides.is_empty() && !dump.controls.is_empty());
    assert!(!dump.mentions.is_empty());
    (book, dump)
}

type Change = fn(&mut DumpEntry);

/// Changes the dump, sees that it is found, and changes it back.
struct Bench {
    book: Id,
    dump: Dump,
    changes: u32,
}

impl Bench {
    fn new() -> Bench {
        let (book, dump) = small_book();
        Bench { book, dump, changes: 0 }
    }

    fn must_find(&mut self, what: &str, change: impl FnOnce(&mut Dump)) {
        let mut changed = self.dump.clone();
        change(&mut changed);
        assert!(changed != self.dump, "{what}: nothing was changed");
        let report = verify(&self.book, &changed);
        assert!(!report.findings.is_empty(), "{what} was not found");
        self.changes += 1;
    }
}

/// Another text of the same length, if there is one.
fn other(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let last = bytes.last_mut().expect("names are not empty");
    *last = if *last == b'x' { b'y' } else { b'x' };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_sound_book_has_no_findings() {
    let (book, dump) = small_book();
    assert_eq!(verify(&book, &dump).findings, []);
    let another = Id::new("buku-lain").unwrap();
    assert!(!verify(&another, &dump).findings.is_empty(), "records of another book");
}

#[test]
fn any_changed_byte_of_a_record_is_found() {
    let mut bench = Bench::new();
    for at in 0..bench.dump.records.len() {
        for byte in 0..bench.dump.records[at].bytes.len() {
            let bit = 1 << (byte % 8);
            bench.must_find(&format!("byte {byte} of record {}", at + 1), |dump| {
                let mut bytes = dump.records[at].bytes.to_vec();
                bytes[byte] ^= bit;
                dump.records[at].bytes = bytes.into();
            });
        }
        for hash in 0..bench.dump.records[at].hashes.len() {
            bench.must_find("a hash", |dump| dump.records[at].hashes[hash][at % 32] ^= 1);
        }
        bench.must_find("a position", |dump| dump.records[at].position += 1);
        bench.must_find("a missing record", |dump| drop(dump.records.remove(at)));
        bench.must_find("a doubled record", |dump| {
            let copy = dump.records[at].clone();
            dump.records.insert(at, copy);
        });
    }
    assert!(bench.changes > 4_000);
}

#[test]
fn any_changed_entry_or_balance_is_found() {
    let mut bench = Bench::new();
    for at in 0..bench.dump.entries.len() {
        let changes: [(&str, Change); 7] = [
            ("account", |entry| entry.account = other(&entry.account)),
            ("position", |entry| entry.position += 1),
            ("leg", |entry| entry.leg += 1),
            ("amount", |entry| entry.amount ^= 1),
            ("balance", |entry| entry.balance ^= 1 << 40),
            ("effective day", |entry| entry.effective_on -= 1),
            ("late", |entry| entry.late = !entry.late),
        ];
        for (what, change) in changes {
            bench.must_find(what, |dump| change(&mut dump.entries[at]));
        }
        bench.must_find("a missing entry", |dump| drop(dump.entries.remove(at)));
        bench.must_find("a doubled entry", |dump| {
            let copy = dump.entries[at].clone();
            dump.entries.insert(at, copy);
        });
    }
    for at in 0..bench.dump.controls.len() {
        bench.must_find("a total", |dump| dump.controls[at].2 += 1);
        bench.must_find("a total's place", |dump| dump.controls[at].1 += 1);
        bench.must_find("a total's name", |dump| {
            dump.controls[at].0 = other(&dump.controls[at].0);
        });
        bench.must_find("a missing total", |dump| drop(dump.controls.remove(at)));
    }
    for at in 0..bench.dump.late.len() {
        bench.must_find("late: control", |dump| dump.late[at].0 = other(&dump.late[at].0));
        bench.must_find("late: position", |dump| dump.late[at].1 += 1);
        bench.must_find("late: leg", |dump| dump.late[at].2 += 1);
        bench.must_find("late: account", |dump| dump.late[at].3 = other(&dump.late[at].3));
        bench.must_find("late: day", |dump| dump.late[at].4 += 1);
        bench.must_find("late: amount", |dump| dump.late[at].5 += 1);
        bench.must_find("late: missing", |dump| drop(dump.late.remove(at)));
    }
    for at in 0..bench.dump.accounts.len() {
        bench.must_find("account: name", |dump| {
            dump.accounts[at].0 = other(&dump.accounts[at].0);
        });
        bench.must_find("account: position", |dump| dump.accounts[at].1 += 1);
        bench.must_find("account: missing", |dump| drop(dump.accounts.remove(at)));
    }
}

#[test]
fn any_changed_receipt_row_or_text_is_found() {
    let mut bench = Bench::new();
    for at in 0..bench.dump.receipts.len() {
        bench.must_find("a request", |dump| {
            dump.receipts[at].0 = other(&dump.receipts[at].0);
        });
        bench.must_find("a receipt's position", |dump| dump.receipts[at].1 += 1);
        for byte in 0..bench.dump.receipts[at].2.len() {
            bench.must_find("a digest", |dump| dump.receipts[at].2[byte] ^= 1);
        }
        bench.must_find("a missing receipt", |dump| drop(dump.receipts.remove(at)));
    }
    for at in 0..bench.dump.rows.len() {
        bench.must_find("a row's id", |dump| dump.rows[at].1 = other(&dump.rows[at].1));
        bench.must_find("a row's position", |dump| dump.rows[at].2 += 1);
        bench.must_find("what waits, hidden or made up", |dump| dump.rows[at].4 ^= true);
        for byte in 0..bench.dump.rows[at].3.len() {
            bench.must_find("a row", |dump| dump.rows[at].3[byte] ^= 1);
        }
        bench.must_find("a missing row", |dump| drop(dump.rows.remove(at)));
    }
    for at in 0..bench.dump.mentions.len() {
        bench.must_find("what a record is about", |dump| {
            dump.mentions[at].0 = other(&dump.mentions[at].0);
        });
        bench.must_find("a mention's position", |dump| dump.mentions[at].1 += 1);
        bench.must_find("a missing mention", |dump| drop(dump.mentions.remove(at)));
    }
    for at in 0..bench.dump.sides.len() {
        bench.must_find("a text's commitment", |dump| dump.sides[at].commitment[0] ^= 1);
        bench.must_find("a missing text", |dump| drop(dump.sides.remove(at)));
    }
}

#[test]
fn a_changed_head_or_checkpoint_is_found() {
    let mut bench = Bench::new();
    bench.must_find("the head's size", |dump| dump.head.size += 1);
    bench.must_find("the head's time", |dump| dump.head.recorded_at += 1);
    for at in 0..bench.dump.head.frontier.len() {
        bench.must_find("the frontier", |dump| dump.head.frontier[at][31] ^= 1);
    }
    for at in 0..bench.dump.checkpoints.len() {
        bench.must_find("a checkpoint's size", |dump| dump.checkpoints[at].size += 1);
        bench.must_find("a root", |dump| dump.checkpoints[at].root[7] ^= 128);
        bench.must_find("a checkpoint's time", |dump| dump.checkpoints[at].recorded_at += 1);
    }
    // Where batches ended is not in the records, so only the last checkpoint is known to be due.
    bench.must_find("the last checkpoint is missing", |dump| {
        dump.checkpoints.pop();
    });
}

#[test]
fn a_finding_names_its_place() {
    let (book, mut dump) = small_book();
    let entry = &mut dump.entries[3];
    entry.balance += 7;
    let place = format!("entry {} of record {} in {}", entry.leg, entry.position, entry.account);
    let findings = verify(&book, &dump).findings;
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].place, place);
    assert!(findings[0].to_string().contains("balance"));
}

/// Faults in one place of `apply`: a server that has one goes on with what it has written.
const BUGS: [(&str, Bug); 7] = [
    ("a balance", |append| {
        if let Some(entry) = append.entries.last_mut() {
            entry.balance = plus_one(entry.balance);
        }
    }),
    ("a total", |append| {
        if let Some((_, total)) = append.controls.first_mut() {
            *total = plus_one(*total);
        }
    }),
    ("what is late", |append| append.entries.iter_mut().for_each(|entry| entry.late = false)),
    ("the day in the ledger", |append| {
        append.entries.iter_mut().for_each(|entry| entry.effective_on = entry.effective_on.next());
    }),
    ("accounts used first", |append| append.new_accounts.clear()),
    ("rows", |append| drop(append.rows.pop())),
    ("receipts", |append| {
        append.receipts.iter_mut().for_each(|(_, receipt)| receipt.digest.reverse());
    }),
];

fn plus_one(sum: Sen) -> Sen {
    sum.plus(Sen::new(1)).unwrap()
}

#[test]
fn what_a_broken_apply_writes_is_found() {
    for (what, bug) in BUGS {
        let (mut town, book) = Town::founded();
        town.sound_dump(&book);
        town.breaks(bug);
        let mut wishes = village::founding(&book);
        for number in 0..40 {
            wishes.push(village::wish(&book, number, &wishes));
            // What it reads back from storage is what it goes on with.
            town.crash();
            town.submit(&wishes[wishes.len() - 1..]);
        }
        assert!(!town.findings(&book).is_empty(), "{what}: nothing was found");
    }
}

/// What records come to, as bytes that were hashed as they are: nothing derived gives them away.
fn said_of(book: &Id, records: &[Record]) -> Vec<String> {
    let mut audit = Audit::new(book.clone());
    records.iter().for_each(|record| audit.read(&encode(record)));
    audit.finish().findings.into_iter().map(|finding| finding.place).collect()
}

/// The effect of the first record that moves money, and its index.
fn first_posted(records: &mut [Record]) -> (usize, &mut Effect) {
    let posted =
        records.iter_mut().enumerate().find_map(|(at, record)| match &mut record.outcome {
            Outcome::Done(effect) if !effect.entries.is_empty() => Some((at, effect)),
            _ => None,
        });
    posted.expect("money has moved")
}

#[test]
fn a_record_that_breaks_a_rule_by_itself_is_found() {
    let (book, dump) = small_book();
    let sound: Vec<Record> =
        dump.records.iter().map(|stored| decode(&stored.bytes).unwrap()).collect();
    assert!(said_of(&book, &sound).is_empty());
    let must_say = |what: &str, records: &[Record], place: String| {
        let said = said_of(&book, records);
        assert!(said.contains(&place), "{what}: no {place} in {said:?}");
    };

    let mut more = sound.clone();
    let (at, effect) = first_posted(&mut more);
    effect.entries[0].amount = plus_one(effect.entries[0].amount);
    let ledger = effect.entries[0].account.ledger.clone();
    must_say("a sen more", &more, format!("record {}, sum of {ledger}", at + 1));

    let mut across = sound.clone();
    let (at, effect) = first_posted(&mut across);
    effect.entries[0].account = Account::parse("lkm.riil.1102").expect("an account");
    must_say("into another fund", &across, format!("record {}, sum of lkm.riil", at + 1));

    let mut earlier = sound.clone();
    earlier[9].recorded_at = earlier[8].recorded_at - 1;
    must_say("time goes back", &earlier, "record 10, recorded_at".to_owned());

    let mut twice = sound.clone();
    let request = twice[4].request.clone().expect("the registers are filled on request");
    twice[9].request = Some(request.clone());
    must_say("decided twice", &twice, format!("record 10, request {request}"));

    let mut gap = sound.clone();
    gap.remove(9);
    must_say("a gap", &gap, "record 10, position".to_owned());

    let mut lent = sound;
    lent[9].book = Id::new("buku-lain").unwrap();
    must_say("another book's", &lent, "record 10, book".to_owned());
}
