//! The mover: brings groups that left for other books of this server there, and the answer back.
//!
//! Like the courier it is driven by the journal of the book they leave: what is listed there as
//! waiting is sent, under request ids made from the group's name and the record that closed its
//! ledger, so that sending twice changes nothing. Personal text is opened with the old book's keys
//! and sealed with the new one's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::courier::{ACTOR, CourierError, seen_from};
use super::{Answer, JournalHandle, Priority};
use crate::domain::access::Author;
use crate::domain::account::{Account, Ledger};
use crate::domain::chart::SubjectKind;
use crate::domain::day::Day;
use crate::domain::decide::{Action, Command, Form};
use crate::domain::draft::lot_changes_of;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::moving::{Come, Hear, MOVES};
use crate::domain::record::proto::{
    Grant, Group, Link, Lot, LotChange, LotMove, Move, Obligation, Origin, Standing, StandingSince,
    TransitState,
};
use crate::domain::record::{self, Effect, Entry, MAX_RECORD_BYTES, Outcome, Row};
use crate::domain::relief::CASES;
use crate::storage::read::{Reader, Snapshot};
use crate::storage::{SideRow, StorageError};
use crate::vault::Vault;

/// How many rows are read at once.
const PAGE: u32 = 500;
/// For how many days dues that were paid go with a group, and cases of relief: a yearly rule looks
/// no further back.
const DUES_DAYS: i32 = 366;
/// The registers that go with a group; grants and lots go as far as they still hold something.
const REGISTERS: &[&str] =
    &["members", "parties", "grants", "lots", "rules", "arisans", "keepings", "dues", CASES];

/// Brings all groups that wait in a book, and answers how many found an answer.
///
/// Errors: every [`CourierError`].
pub async fn bring_moves(
    journal: &JournalHandle,
    reader: &Reader,
    vault: &Vault,
    book: &Id,
) -> Result<usize, CourierError> {
    let mut brought = 0;
    let mut snapshot = reader.snapshot(book).await?;
    for (id, row) in all_rows(&mut snapshot, MOVES).await? {
        let (Row::Move(row), Some(group)) = (row, Id::new(&id)) else { continue };
        if row.state() == TransitState::Waiting
            && let Some(packing) = Packing::new(&mut snapshot, book, &group, &row).await?
        {
            let (come, sides) = packing.seal(&mut snapshot, vault).await?;
            let waiting = Waiting { journal, book, group, row: &row };
            brought += usize::from(waiting.bring(come, sides).await?);
        }
    }
    Ok(brought)
}

/// A group that waits to be brought.
struct Waiting<'a> {
    journal: &'a JournalHandle,
    book: &'a Id,
    group: Id,
    row: &'a Move,
}

impl Waiting<'_> {
    /// Brings the group and its answer; says whether there was one.
    async fn bring(&self, come: Come, sides: Vec<SideRow>) -> Result<bool, CourierError> {
        let Some((to, _)) = destination(self.row) else { return Ok(false) };
        let day = Some(Day::new(self.row.moved_on));
        let bringing = self.command(&to, "come", day, come);
        let answer = self.journal.submit(bringing, sides, Priority::Interactive).await?;
        let Answer::Done { record, .. } = answer else {
            tracing::warn!(group = self.group.as_str(), ?answer, "a group waits to move");
            return Ok(false);
        };
        let refused = match &record.outcome {
            Outcome::Refused(refusal) => Some(refusal.reason),
            Outcome::Done(_) => None,
        };
        let hear = Hear { group: self.group.clone(), refused };
        let hear = self.command(self.book, "hear", None, hear);
        let answer = self.journal.submit(hear, Vec::new(), Priority::Interactive).await?;
        Ok(matches!(answer, Answer::Done { .. }))
    }

    /// The same command whenever it is made.
    fn command(
        &self,
        book: &Id,
        what: &str,
        happened_on: Option<Day>,
        action: impl Action + 'static,
    ) -> Command {
        let name = format!("books/{}/groups/{}", self.book, self.group);
        let digest = Sha256::digest(format!("simpul mover: {what} {name} {}", self.row.position));
        Command {
            book: book.clone(),
            request: RequestId::from_hash(digest.into()),
            digest: digest.to_vec(),
            author: Author::named(ACTOR),
            happened_on,
            memo: Vec::new(),
            evidence: None,
            meeting: None,
            action: Arc::new(action),
            form: Form::default(),
        }
    }
}

/// The book and the id a group moves to.
fn destination(row: &Move) -> Option<(Id, Id)> {
    let (book, group) = row.to.strip_prefix("books/")?.split_once("/groups/")?;
    Some((Id::new(book)?, Id::new(group)?))
}

async fn all_rows(
    snapshot: &mut Snapshot,
    parent: &str,
) -> Result<Vec<(String, Row)>, StorageError> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let rows = snapshot.rows(parent, &after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = last.id.clone();
        all.extend(rows.into_iter().map(|found| (found.id, found.row)));
    }
}

/// A group as it is packed, its personal text still that of the old book.
struct Packing {
    from: Id,
    to: Id,
    old: Id,
    come: Come,
}

impl Packing {
    /// None if what is stored is not what leaving leaves behind.
    async fn new(
        snapshot: &mut Snapshot,
        book: &Id,
        group: &Id,
        row: &Move,
    ) -> Result<Option<Packing>, StorageError> {
        let record = snapshot.record(row.position).await?;
        let Some(Outcome::Done(effect)) = record.map(|record| record.outcome) else {
            return Ok(None);
        };
        Packing::of(snapshot, (book, group), row, &effect).await
    }

    /// The same, of what a record has taken, or would take, out of the old book.
    async fn of(
        snapshot: &mut Snapshot,
        (book, group): (&Id, &Id),
        row: &Move,
        effect: &Effect,
    ) -> Result<Option<Packing>, StorageError> {
        let Some((to, new)) = destination(row) else { return Ok(None) };
        let found = snapshot.row(&RowName::group(group)).await?.map(|found| found.row);
        let Some(Row::Group(register)) = found else { return Ok(None) };
        let come = Come {
            row: arriving(register, book, group, row),
            balances: balances(effect, &new),
            rows: Vec::new(),
            lots: Vec::new(),
            group: new,
        };
        let mut packing = Packing { from: book.clone(), to, old: group.clone(), come };
        for collection in REGISTERS {
            let parent = format!("groups/{group}/{collection}");
            for (id, row_here) in all_rows(snapshot, &parent).await? {
                packing.pack(snapshot, (collection, id), row_here, (effect, row)).await?;
            }
        }
        Ok(Some(packing))
    }

    async fn pack(
        &mut self,
        snapshot: &mut Snapshot,
        (collection, id): (&str, String),
        row: Row,
        (effect, leaving): (&Effect, &Move),
    ) -> Result<(), StorageError> {
        let name = RowName::new(format!("groups/{}/{collection}", self.come.group), &id);
        let left = |name: &RowName| effect.rows.iter().any(|(left, _)| left == name);
        match row {
            Row::Lot(lot) => {
                let moved = effect.lot_moves.iter().find(|moved| moved.lot == id);
                if let (Some(moved), Some(id)) = (moved, Id::new(&id)) {
                    self.come.lots.push((id, rest_of(lot, -moved.quantity_milli, -moved.cost)));
                }
                return Ok(());
            }
            Row::Grant(grant) => {
                let old = RowName::new(format!("groups/{}/grants", self.old), &id);
                if left(&old) {
                    let grant = self.carried(grant, &old);
                    self.come.rows.push((name, Row::Grant(grant)));
                }
                return Ok(());
            }
            Row::Keeping(ref keeping) if keeping.until != 0 => return Ok(()),
            Row::ReliefCase(ref case) if case.last_paid_on < leaving.moved_on - DUES_DAYS => {
                return Ok(());
            }
            Row::DuesDay(_) if id < Day::new(leaving.moved_on - DUES_DAYS).to_string() => {
                return Ok(());
            }
            Row::Arisan(_) => {
                let parent = format!("groups/{}/arisans/{id}/members", self.old);
                for (member, row) in all_rows(snapshot, &parent).await? {
                    let parent = format!("{name}/members");
                    self.come.rows.push((RowName::new(parent, member), row));
                }
            }
            _ => {}
        }
        self.come.rows.push((name, row));
        Ok(())
    }

    /// A grant with what is left of it: its name and its way here go with it.
    fn carried(&self, row: Grant, name: &RowName) -> Grant {
        let seen = |name: String| seen_from(&self.to, &self.from, name);
        let origin = row.origin.map(|origin| Origin {
            pass: seen(origin.pass),
            ancestors: origin.ancestors.into_iter().map(seen).collect(),
        });
        let mut fulfilled = row.passed.saturating_add(row.excused);
        let mut open = Vec::new();
        for one in row.obligations {
            let done = fulfilled.min(one.amount);
            fulfilled -= done;
            if one.amount > done {
                open.push(Obligation { amount: one.amount - done, ..one });
            }
        }
        Grant {
            amount: row.moved,
            returned: 0,
            lost: 0,
            passed: 0,
            excused: 0,
            moved: 0,
            obligations: open,
            origin,
            moved_from: format!("books/{}/{name}", self.from),
            ..row
        }
    }

    /// Seals the personal text with the keys of the new book. What was erased stays erased.
    async fn seal(
        mut self,
        snapshot: &mut Snapshot,
        vault: &Vault,
    ) -> Result<(Come, Vec<SideRow>), CourierError> {
        let mut group = Row::Group(std::mem::take(&mut self.come.row));
        let rows = self.come.rows.iter_mut().map(|(_, row)| row).chain([&mut group]);
        let texts: Vec<&mut Vec<u8>> = rows.flat_map(texts_of).collect();
        let wanted: BTreeSet<[u8; 32]> =
            texts.iter().filter_map(|text| text.as_slice().try_into().ok()).collect();
        let old = snapshot.sides(&wanted.into_iter().collect::<Vec<_>>()).await?;
        let revealed = vault.reveal(&self.from, &old).await?;
        let owner = |owner: &str| match owner.strip_prefix(&format!("groups/{}", self.old)) {
            Some(rest) => format!("groups/{}{rest}", self.come.group),
            None => owner.to_owned(),
        };
        let open: Vec<([u8; 32], String, String)> = old
            .iter()
            .zip(revealed)
            .filter_map(|(side, text)| Some((side.commitment, owner(&side.owner), text?)))
            .collect();
        let pairs: Vec<(&str, &str)> =
            open.iter().map(|(_, owner, text)| (owner.as_str(), text.as_str())).collect();
        let sides = match pairs.is_empty() {
            true => Vec::new(),
            false => vault.seal(&self.to, &pairs).await?,
        };
        let new: BTreeMap<Vec<u8>, Vec<u8>> = open
            .iter()
            .zip(&sides)
            .map(|((before, _, _), side)| (before.to_vec(), side.commitment.to_vec()))
            .collect();
        for text in texts {
            *text = new.get(text.as_slice()).cloned().unwrap_or_default();
        }
        if let Row::Group(row) = group {
            self.come.row = row;
        }
        Ok((self.come, sides))
    }
}

/// The most bytes that what goes with a group may come to, as the largest record leaves room for
/// what surrounds it and for what may be told of the group before it has gone.
pub const MOST: usize = MAX_RECORD_BYTES - 4_096;

/// What a group would carry to another book, in bytes of the record that brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// All of it.
    pub bytes: usize,
    /// The part that makes most of it: a register of the group, or `accounts`.
    pub largest: &'static str,
}

/// Weighs a group before it leaves, with the accounts and lots that hold something. Nothing has
/// moved yet, so that a group that is too large can be refused as a whole. What leaves the old book
/// is a part of what comes to the new one: its record is the smaller of the two.
///
/// Errors: those of reading.
pub async fn weigh(
    snapshot: &mut Snapshot,
    (book, group): (&Id, &Id),
    row: &Move,
    (accounts, lots): (&[Account], &[Id]),
) -> Result<Weight, StorageError> {
    let effect = leaving(group, accounts, lots);
    let Some(Packing { come, .. }) = Packing::of(snapshot, (book, group), row, &effect).await?
    else {
        return Ok(Weight { bytes: 0, largest: "accounts" });
    };
    let mut parts: BTreeMap<&'static str, usize> = BTreeMap::new();
    parts.insert("accounts", weight_of(Effect { entries: effect.entries, ..Effect::default() }));
    for (name, row) in come.rows {
        let register = REGISTERS.iter().find(|one| name.parent.split('/').nth(2) == Some(**one));
        let rows = vec![(name, row)];
        *parts.entry(register.copied().unwrap_or("group")).or_default() +=
            weight_of(Effect { rows, ..Effect::default() });
    }
    let entity = Entity::Kube(come.group.clone());
    for (lot, row) in come.lots {
        let change = LotChange {
            effective_on: i32::MAX,
            quantity_milli: row.quantity_in_milli,
            cost: row.cost_in,
        };
        let moved = LotMove {
            entity: entity.as_str().to_owned(),
            lot: lot.to_string(),
            quantity_milli: row.quantity_in_milli,
            cost: row.cost_in,
            line: 0,
        };
        let changes = RowName::new(lot_changes_of(&entity, lot.as_str()), "0".repeat(20));
        let name = RowName::of(&entity, "lots", lot.as_str());
        let rows = vec![(name, Row::Lot(row)), (changes, Row::LotChange(change))];
        let effect = Effect { rows, lot_moves: vec![moved], ..Effect::default() };
        *parts.entry("lots").or_default() += weight_of(effect);
    }
    let rows = vec![(RowName::group(&come.group), Row::Group(come.row))];
    *parts.entry("group").or_default() += weight_of(Effect { rows, ..Effect::default() });
    let largest = parts.iter().max_by_key(|(_, bytes)| **bytes);
    Ok(Weight {
        bytes: parts.values().sum(),
        largest: largest.map_or("accounts", |(register, _)| register),
    })
}

/// What leaving takes out of the old book, as far as packing asks for it, in its widest figures.
fn leaving(group: &Id, accounts: &[Account], lots: &[Id]) -> Effect {
    let entity = Entity::Kube(group.clone());
    let entry = |account: &Account| Entry {
        account: account.clone(),
        amount: Sen::new(i64::MAX),
        line: 0,
        party: String::new(),
    };
    let granted = |account: &&Account| account.code.line().subject == SubjectKind::Grant;
    let grants: BTreeSet<RowName> = accounts
        .iter()
        .filter(granted)
        .map(|account| RowName::of(&entity, "grants", account.subject.as_str()))
        .collect();
    let carried = |name: RowName| (name, Row::Grant(Grant::default()));
    let moved = |lot: &Id| LotMove {
        entity: entity.as_str().to_owned(),
        lot: lot.to_string(),
        quantity_milli: i64::MAX,
        cost: i64::MAX,
        line: 0,
    };
    Effect {
        entries: accounts.iter().map(entry).collect(),
        rows: grants.into_iter().map(carried).collect(),
        lot_moves: lots.iter().map(moved).collect(),
        ..Effect::default()
    }
}

/// How many bytes a part of an effect adds to a record.
fn weight_of(effect: Effect) -> usize {
    prost::Message::encoded_len(&record::encode_effect(&effect))
}

/// The commitments to personal text in the rows that go with a group.
fn texts_of(row: &mut Row) -> Vec<&mut Vec<u8>> {
    match row {
        Row::Group(group) => vec![&mut group.notes],
        Row::Member(member) => vec![&mut member.name, &mut member.nik],
        Row::Party(party) => vec![&mut party.name],
        _ => Vec::new(),
    }
}

/// The register of a group as it comes: its past standings and ties are the old book's.
fn arriving(register: Group, book: &Id, group: &Id, row: &Move) -> Group {
    Group {
        links: vec![Link { since: row.moved_on, until: 0 }],
        standings: vec![StandingSince {
            standing: Standing::Active as i32,
            since: row.moved_on,
            minute: row.minute.clone(),
            moved_to: String::new(),
        }],
        came_from: format!("books/{book}/groups/{group}"),
        ..register
    }
}

/// What left the old book's accounts, as it comes to those of the new one.
fn balances(effect: &Effect, group: &Id) -> Vec<(Account, Sen)> {
    let entity = Entity::Kube(group.clone());
    let come = |entry: &Entry| {
        let Account { ledger, code, subject } = &entry.account;
        let ledger = Ledger::new(entity.clone(), ledger.fund.get());
        let amount = Sen::new(entry.amount.get().saturating_neg());
        (ledger.account_of(*code, subject.clone()), amount)
    };
    effect.entries.iter().map(come).collect()
}

/// A lot with what was left in it.
fn rest_of(lot: Lot, quantity_in_milli: i64, cost_in: i64) -> Lot {
    Lot { quantity_in_milli, cost_in, quantity_out_milli: 0, cost_out: 0, ..lot }
}
