//! Verification: replays a book's journal from its stored bytes and compares everything that was
//! derived from it.
//!
//! **Invariant**: nothing derived is trusted. Hashes, roots, receipts, balances, totals and
//! register rows are made anew from the records alone, by the same `apply` that wrote them, and
//! any difference is a [`Finding`] that says where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

use crate::chain::checkpoint::Checkpoint as Signed;
use crate::chain::{Frontier, Hash, leaf_hash};
use crate::domain::account::{Account, Control, Ledger};
use crate::domain::day::Day;
use crate::domain::guliran;
use crate::domain::id::{Id, RowName};
use crate::domain::loan::accounts;
use crate::domain::money::Sen;
use crate::domain::record::proto::{Attachment, GrantChannel};
use crate::domain::record::{Effect, Entry, Outcome, Record, Row, decode, encode_value, waits};
use crate::domain::state::{Changes, Key, Lookup, State, Value, absorb, apply};
use crate::storage::{Checkpoint, Dump, DumpEntry, StoredRecord};

/// One difference between what is stored and what the records say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which record or row, and what about it.
    pub place: String,
    /// What the records say.
    pub expected: String,
    /// What is stored.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.place, self.expected, self.found)
    }
}

/// What a verification came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records read.
    pub records: usize,
    /// Ledger lines compared.
    pub entries: usize,
    /// All differences; empty when the book is sound. One damaged record can cause many.
    pub findings: Vec<Finding>,
}

/// Compares everything stored about a book with a replay of its records.
pub fn verify(book: &Id, dump: &Dump) -> Report {
    let mut replay = Replay::default();
    let mut checkpoints = dump.checkpoints.iter().peekable();
    for (position, stored) in (1..).zip(&dump.records) {
        replay.stored(book, position, stored);
        while let Some(checkpoint) = checkpoints.next_if(|next| next.size <= position) {
            replay.checkpoint(checkpoint, position);
        }
    }
    for beyond in checkpoints {
        replay.findings.add(format!("checkpoint {}", beyond.size), "none", "one");
    }
    replay.check_grants();
    replay.check_loans();
    replay.compare_head(dump);
    replay.compare_entries(dump);
    replay.compare_rows(dump);
    replay.compare_sides(dump);
    Report { records: dump.records.len(), entries: dump.entries.len(), findings: replay.findings.0 }
}

/// What keeps a book from beginning with the records of a checkpoint that was signed before: who
/// writes all of a book anew leaves nothing else to be found.
pub fn not_continued(dump: &Dump, signed: &Signed) -> Option<Finding> {
    let mut frontier = Frontier::default();
    for stored in dump.records.iter().zip(0..signed.size) {
        frontier.append(leaf_hash(&stored.0.bytes));
    }
    let mut findings = Findings::default();
    let place = |what: &str| format!("signed checkpoint of {} records, {what}", signed.size);
    match frontier.size() == signed.size {
        true => findings.check_bytes(place("root"), &signed.root, &frontier.root()),
        false => findings.check(place("records"), signed.size, frontier.size()),
    }
    findings.0.pop()
}

/// A book's records read one by one, with nothing else to compare them with: what an auditor
/// does without the database.
pub struct Audit {
    book: Id,
    replay: Replay,
}

impl Audit {
    /// Nothing read yet.
    pub fn new(book: Id) -> Audit {
        Audit { book, replay: Replay::default() }
    }

    /// Reads the next record.
    pub fn read(&mut self, bytes: &[u8]) {
        self.replay.frontier.append(leaf_hash(bytes));
        let position = self.replay.frontier.size();
        self.replay.record(&self.book, position, bytes);
    }

    /// How many records were read.
    pub fn size(&self) -> u64 {
        self.replay.frontier.size()
    }

    /// The root over the records read.
    pub fn root(&self) -> Hash {
        self.replay.frontier.root()
    }

    /// What the records come to.
    pub fn finish(mut self) -> Audited {
        self.replay.check_grants();
        self.replay.check_loans();
        let total = |control: &Control| match self.replay.state.get(&Key::Control(control.clone()))
        {
            Some(Value::Control(total)) => (control.clone(), *total),
            _ => (control.clone(), Sen::ZERO),
        };
        let totals = self.replay.touched.iter().map(total).collect();
        let attachments = self.replay.attachments();
        Audited { totals, attachments, findings: self.replay.findings.0 }
    }
}

/// What an audited book's records come to.
pub struct Audited {
    /// The total of every control account that was used.
    pub totals: BTreeMap<Control, Sen>,
    /// The photos and scans that were attached.
    pub attachments: Vec<Attachment>,
    /// What is not as it must be.
    pub findings: Vec<Finding>,
}

/// A part of a book's records read one by one: all that they show without those before them.
pub struct SpanAudit {
    book: Id,
    recorded_at: i64,
    spanned: Spanned,
    findings: Findings,
}

/// What a part of a book's records comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spanned {
    /// The business days of the first record and the last.
    pub days: Option<(Day, Day)>,
    /// What was debited and credited to every control account.
    pub turnover: BTreeMap<Control, (Sen, Sen)>,
    /// The photos and scans that were attached.
    pub attachments: Vec<Attachment>,
    /// What is not as it must be.
    pub findings: Vec<Finding>,
}

impl SpanAudit {
    /// Nothing read yet.
    pub fn new(book: Id) -> SpanAudit {
        let (spanned, findings) = (Spanned::default(), Findings::default());
        SpanAudit { book, recorded_at: i64::MIN, spanned, findings }
    }

    /// Reads the next record, which stands at a position.
    pub fn read(&mut self, position: u64, bytes: &[u8]) {
        let last = &mut self.recorded_at;
        let Some(record) = self.findings.record(&self.book, position, bytes, last) else { return };
        let day = record.business_day;
        let first = self.spanned.days.map_or(day, |(first, _)| first);
        self.spanned.days = Some((first, day));
        let Outcome::Done(effect) = record.outcome else { return };
        for entry in &effect.entries {
            if self.add(entry).is_none() {
                let place = format!("record {position}, turnover of {}", entry.account.control());
                self.findings.add(place, "sums that fit", "one that does not");
            }
        }
        self.spanned.attachments.extend(effect.rows.into_iter().filter_map(|(_, row)| match row {
            Row::Attachment(attachment) => Some(attachment),
            _ => None,
        }));
    }

    fn add(&mut self, entry: &Entry) -> Option<()> {
        let (debit, credit) = self.spanned.turnover.entry(entry.account.control()).or_default();
        match entry.amount.is_negative() {
            false => *debit = debit.plus(entry.amount).ok()?,
            true => *credit = credit.plus(entry.amount.negated().ok()?).ok()?,
        }
        Some(())
    }

    /// What the records come to.
    pub fn finish(self) -> Spanned {
        Spanned { findings: self.findings.0, ..self.spanned }
    }
}

/// The state a replay starts from: nothing was ever used.
#[derive(Default)]
struct Fresh(State);

static NO_ROW: Value = Value::Row(None);
static NO_BALANCE: Value = Value::Balance(None);
static NO_TOTAL: Value = Value::Control(Sen::ZERO);
static NO_RECEIPT: Value = Value::Receipt(None);
static NO_RECORD: Value = Value::Record(None);

impl Lookup for Fresh {
    fn get(&self, key: &Key) -> Option<&Value> {
        let absent = match key {
            Key::Row(_) => &NO_ROW,
            Key::Balance(_) => &NO_BALANCE,
            Key::Control(_) => &NO_TOTAL,
            Key::Receipt(_) => &NO_RECEIPT,
            Key::Record(_) => &NO_RECORD,
        };
        Some(self.0.get(key).unwrap_or(absent))
    }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, place: String, expected: impl fmt::Display, found: impl fmt::Display) {
        let (expected, found) = (expected.to_string(), found.to_string());
        self.0.push(Finding { place, expected, found });
    }

    fn check<T: PartialEq + fmt::Display>(&mut self, place: String, expected: T, found: T) {
        if expected != found {
            self.add(place, expected, found);
        }
    }

    fn check_bytes(&mut self, place: String, expected: &[u8], found: &[u8]) {
        if expected != found {
            self.add(place, hex::encode(expected), hex::encode(found));
        }
    }

    /// What a record shows by itself, after one that was recorded at `last`. The record, if it is one.
    fn record(&mut self, book: &Id, position: u64, bytes: &[u8], last: &mut i64) -> Option<Record> {
        let place = |what: &str| format!("record {position}, {what}");
        let record = match decode(bytes) {
            Ok(record) => record,
            Err(error) => {
                self.add(place("bytes"), "a record", error);
                return None;
            }
        };
        self.check(place("book"), book, &record.book);
        self.check(place("position"), position, record.position);
        if record.recorded_at < *last {
            self.add(place("recorded_at"), format!("{last} or later"), record.recorded_at);
        }
        *last = record.recorded_at;
        if let Outcome::Done(effect) = &record.outcome {
            self.check_balanced(position, effect);
        }
        Some(record)
    }

    fn check_balanced(&mut self, position: u64, effect: &Effect) {
        let mut sums: BTreeMap<&Ledger, i128> = BTreeMap::new();
        for entry in &effect.entries {
            *sums.entry(&entry.account.ledger).or_default() += i128::from(entry.amount.get());
        }
        for (ledger, sum) in sums {
            self.check(format!("record {position}, sum of {ledger}"), 0, sum);
        }
    }

    /// Compares a table: missing rows, rows too many, rows that differ.
    fn table<K: Ord, V: PartialEq>(
        &mut self,
        mut expected: BTreeMap<K, V>,
        found: impl Iterator<Item = (K, V)>,
        place: impl Fn(&K) -> String,
        show: impl Fn(&V) -> String,
    ) {
        for (key, value) in found {
            match expected.remove(&key) {
                None => self.add(place(&key), "no row", show(&value)),
                Some(due) if due != value => self.add(place(&key), show(&due), show(&value)),
                Some(_) => {}
            }
        }
        for (key, due) in expected {
            self.add(place(&key), show(&due), "no row");
        }
    }
}

/// What the records say, gathered one by one.
#[derive(Default)]
struct Replay {
    findings: Findings,
    state: Fresh,
    frontier: Frontier,
    recorded_at: i64,
    last_checkpoint: u64,
    touched: BTreeSet<Control>,
    entries: BTreeMap<LineKey, Line>,
    late: BTreeMap<(String, u64, u32), (String, i32, i64)>,
    accounts: BTreeMap<String, u64>,
    controls: BTreeMap<(String, u64), i64>,
    rows: BTreeMap<RowName, (u64, Vec<u8>, bool)>,
    mentions: BTreeMap<(String, u64), ()>,
    receipts: BTreeMap<String, (u64, Vec<u8>)>,
    commitments: BTreeMap<Vec<u8>, u64>,
}

/// Account, position, leg.
type LineKey = (String, u64, u32);

#[derive(PartialEq)]
struct Line {
    amount: i64,
    balance: i64,
    effective_on: i32,
    late: bool,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { amount, balance, effective_on, late } = self;
        write!(f, "amount {amount}, balance {balance}, effective day {effective_on}, late {late}")
    }
}

impl Replay {
    /// Reads a record with what is stored beside it.
    fn stored(&mut self, book: &Id, position: u64, stored: &StoredRecord) {
        let place = |what: &str| format!("record {position}, {what}");
        self.findings.check(place("stored position"), position, stored.position);
        let hashes = self.frontier.append(leaf_hash(&stored.bytes));
        let found = stored.hashes.as_flattened();
        self.findings.check_bytes(place("hashes"), hashes.as_flattened(), found);
        self.record(book, position, &stored.bytes);
    }

    fn record(&mut self, book: &Id, position: u64, bytes: &[u8]) {
        let last = &mut self.recorded_at;
        let Some(record) = self.findings.record(book, position, bytes, last) else { return };
        let place = |what: &str| format!("record {position}, {what}");
        match apply(&record, &self.state) {
            Ok(changes) => self.take_in(position, &record, changes),
            Err(error) => self.findings.add(place("postings"), "sums that fit", error),
        }
    }

    fn take_in(&mut self, position: u64, record: &Record, changes: Changes) {
        absorb(&mut self.state.0, &changes);
        if let Some((request, receipt)) = changes.receipt {
            let first = self
                .receipts
                .entry(request.as_str().to_owned())
                .or_insert((position, receipt.digest));
            if first.0 != position {
                let place = format!("record {position}, request {request}");
                let decided = format!("decided in record {} already", first.0);
                self.findings.add(place, "a new request", decided);
            }
        }
        if let Outcome::Done(effect) = &record.outcome {
            self.note_commitments(position, effect);
        }
        for account in changes.new_accounts {
            self.accounts.insert(account.to_string(), position);
        }
        for (name, row) in changes.rows {
            let bytes = encode_value(&name, &row);
            self.rows.insert(name, (position, bytes, waits(&row)));
        }
        let mentions = changes.mentions.into_iter();
        self.mentions.extend(mentions.map(|name| ((name.to_string(), position), ())));
        self.touched.extend(changes.controls.into_iter().map(|(control, _)| control));
        for entry in changes.entries {
            let (control, account) = (entry.account.control(), entry.account.to_string());
            let (amount, effective_on) = (entry.amount.get(), entry.effective_on.get());
            if entry.late {
                let key = (control.to_string(), position, entry.leg);
                self.late.insert(key, (account.clone(), effective_on, amount));
            }
            let line =
                Line { amount, balance: entry.balance.get(), effective_on, late: entry.late };
            self.entries.insert((account, position, entry.leg), line);
        }
    }

    fn note_commitments(&mut self, position: u64, effect: &Effect) {
        for commitment in effect.commitments() {
            self.commitments.entry(commitment.clone()).or_insert(position);
        }
    }

    /// Compares a checkpoint with the tree at `size`, the last record read.
    fn checkpoint(&mut self, checkpoint: &Checkpoint, size: u64) {
        let place = |what: &str| format!("checkpoint {}, {what}", checkpoint.size);
        if checkpoint.size <= self.last_checkpoint {
            let due = format!("more than {}", self.last_checkpoint);
            self.findings.add(place("size"), due, checkpoint.size);
            return;
        }
        self.last_checkpoint = checkpoint.size;
        self.findings.check_bytes(place("root"), &self.frontier.root(), &checkpoint.root);
        self.findings.check(place("recorded_at"), self.recorded_at, checkpoint.recorded_at);
        for control in std::mem::take(&mut self.touched) {
            let name = control.to_string();
            if let Some(Value::Control(total)) = self.state.get(&Key::Control(control)) {
                self.controls.insert((name, size), total.get());
            }
        }
    }

    fn attachments(&self) -> Vec<Attachment> {
        let attachment = |name: &RowName| match self.state.get(&Key::Row(name.clone())) {
            Some(Value::Row(Some(row))) => match &**row {
                Row::Attachment(attachment) => Some(attachment.clone()),
                _ => None,
            },
            _ => None,
        };
        self.rows.keys().filter_map(attachment).collect()
    }

    /// What a grant brought is held, owed onward, passed on, returned or lost: nothing else.
    fn check_grants(&mut self) {
        for name in self.rows.keys() {
            let Some(Value::Row(Some(row))) = self.state.get(&Key::Row(name.clone())) else {
                continue;
            };
            let (Row::Grant(row), Some((group, grant))) = (&**row, grant_of(name)) else {
                continue;
            };
            if row.reversed || row.channel() == GrantChannel::BeforeBooks {
                continue;
            }
            let (capital, owed) = guliran::accounts_of(&group, &grant, row);
            let held = |account| match self.state.get(&Key::Balance(account)) {
                Some(Value::Balance(Some(balance))) => balance.negated(),
                _ => Ok(Sen::ZERO),
            };
            let unexplained =
                held(capital).and_then(|capital| guliran::unexplained(row, capital, held(owed)?));
            match unexplained {
                Ok(rest) if rest.is_zero() => {}
                Ok(rest) => {
                    self.findings.add(format!("grant {name}, unexplained"), 0, rest.get());
                }
                Err(error) => self.findings.add(format!("grant {name}"), "sums that fit", error),
            }
        }
    }

    /// What the ledgers hold of each loan is what its row says was posted, and the loans of a
    /// lender are all that its control accounts hold: the portfolio is the ledger's.
    fn check_loans(&mut self) {
        let mut due: BTreeMap<Account, Sen> = BTreeMap::new();
        let mut totals: BTreeMap<Control, i128> = BTreeMap::new();
        for name in self.rows.keys() {
            let Some(Value::Row(Some(row))) = self.state.get(&Key::Row(name.clone())) else {
                continue;
            };
            let Row::Loan(row) = &**row else { continue };
            match accounts::accounts(name, row) {
                Ok(accounts) => due.extend(accounts),
                Err(error) => self.findings.add(format!("loan {name}"), "sums that fit", error),
            }
        }
        for (account, due) in due {
            let found = match self.state.get(&Key::Balance(account.clone())) {
                Some(Value::Balance(Some(balance))) => *balance,
                _ => Sen::ZERO,
            };
            *totals.entry(account.control()).or_default() += i128::from(found.get());
            self.findings.check(format!("loan in {account}"), due.get(), found.get());
        }
        for (control, loans) in totals {
            let found = match self.state.get(&Key::Control(control.clone())) {
                Some(Value::Control(total)) => i128::from(total.get()),
                _ => 0,
            };
            self.findings.check(format!("loans in {control}"), loans, found);
        }
    }

    fn compare_head(&mut self, dump: &Dump) {
        let place = |what: &str| format!("head, {what}");
        let size = self.frontier.size();
        self.findings.check(place("size"), size, dump.head.size);
        self.findings.check(place("recorded_at"), self.recorded_at, dump.head.recorded_at);
        self.findings.check(place("last checkpoint"), size, self.last_checkpoint);
        let frontier = self.frontier.roots().iter().map(Hash::as_slice).collect::<Vec<_>>();
        let found = dump.head.frontier.iter().map(Hash::as_slice).collect::<Vec<_>>();
        self.findings.check_bytes(place("frontier"), &frontier.concat(), &found.concat());
    }

    fn compare_entries(&mut self, dump: &Dump) {
        let found = dump.entries.iter().map(|entry| {
            let DumpEntry { amount, balance, effective_on, late, .. } = *entry;
            let key = (entry.account.clone(), entry.position, entry.leg);
            (key, Line { amount, balance, effective_on, late })
        });
        self.findings.table(
            std::mem::take(&mut self.entries),
            found,
            |(account, position, leg)| format!("entry {leg} of record {position} in {account}"),
            Line::to_string,
        );
        let found = dump.late.iter().map(|(control, position, leg, account, day, amount)| {
            ((control.clone(), *position, *leg), (account.clone(), *day, *amount))
        });
        self.findings.table(
            std::mem::take(&mut self.late),
            found,
            |(control, position, leg)| format!("late {leg} of record {position} in {control}"),
            |(account, day, amount)| format!("{account}, effective day {day}, amount {amount}"),
        );
        self.findings.table(
            std::mem::take(&mut self.accounts),
            dump.accounts.iter().cloned(),
            |account| format!("account {account}"),
            |position| format!("first used in record {position}"),
        );
        self.findings.table(
            std::mem::take(&mut self.controls),
            dump.controls.iter().map(|(name, at, total)| ((name.clone(), *at), *total)),
            |(control, position)| format!("total of {control} at {position}"),
            i64::to_string,
        );
    }

    fn compare_rows(&mut self, dump: &Dump) {
        let found = dump.rows.iter().map(|(parent, id, position, bytes, waiting)| {
            (RowName::new(parent.clone(), id.clone()), (*position, bytes.clone(), *waiting))
        });
        self.findings.table(
            std::mem::take(&mut self.rows),
            found,
            |name| format!("row {name}"),
            |(position, bytes, waiting)| {
                let digest = hex::encode(Sha256::digest(bytes));
                let listed = if *waiting { ", listed as waiting" } else { "" };
                let size = bytes.len();
                format!("record {position}, {size} bytes with SHA-256 {digest}{listed}")
            },
        );
        self.findings.table(
            std::mem::take(&mut self.mentions),
            dump.mentions.iter().map(|mention| (mention.clone(), ())),
            |(name, position)| format!("record {position} among those about {name}"),
            |()| "listed".to_owned(),
        );
        let found =
            dump.receipts.iter().map(|(id, at, digest)| (id.clone(), (*at, digest.clone())));
        self.findings.table(
            std::mem::take(&mut self.receipts),
            found,
            |request| format!("receipt {request}"),
            |(position, digest)| format!("record {position}, digest {}", hex::encode(digest)),
        );
    }

    fn compare_sides(&mut self, dump: &Dump) {
        let found = dump.sides.iter().map(|side| (side.commitment.to_vec(), ()));
        let due = std::mem::take(&mut self.commitments);
        let positions = due.clone();
        self.findings.table(
            due.into_keys().map(|commitment| (commitment, ())).collect(),
            found,
            |commitment| match positions.get(commitment) {
                Some(position) => format!("text of record {position}"),
                None => format!("text {}", hex::encode(commitment)),
            },
            |()| "one".to_owned(),
        );
    }
}

/// The group and the id of a KUBE's grant.
fn grant_of(name: &RowName) -> Option<(Id, Id)> {
    let group = name.parent.strip_prefix("groups/")?.strip_suffix("/grants")?;
    Some((Id::new(group)?, Id::new(&name.id)?))
}
