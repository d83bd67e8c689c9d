//! The mover: brings groups that left for other books of this server there, part by part, and the
//! answer back.
//!
//! Like the courier it is driven by the journal of the book they leave. What is left to do is read
//! from the two journals before every step, and each step is one command whose request id is made
//! from the group's name, the record that ended it, and how far things have come. So a step that is
//! taken twice, by two servers or after a crash, changes nothing, and whoever comes next goes on
//! where the last one stopped:
//!
//! 1. The other book registers the group, or refuses it: then the old book hears of that.
//! 2. Part after part of what it has is closed in the old book, as far as its first record did not.
//! 3. Part after part of what was closed, and of its registers, is taken in by the new book.
//! 4. The old book hears that it is there.
//!
//! Once the group is registered there, it has left for good: a part that a book refuses is tried again
//! on each of its business days, until what stands in the way is set right.
//!
//! Parts are cut by size; where exactly does not matter, as each book says how far it is. Personal
//! text is opened with the old book's keys and sealed with the new one's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::courier::{CourierError, command, seen_from};
use super::{Answer, JournalHandle, Priority};
use crate::domain::account::{Account, Ledger};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::{Action, Command};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::moving::{goes_on, is_running, last_fact};
use crate::domain::money::Sen;
use crate::domain::moving::{
    Carry, Come, Hear, MOVES, Part, Thing, Unpack, arrival_name, move_name, stays,
};
use crate::domain::record::proto::{
    Grant, Group, GroupArrival, Lot, Move, Obligation, Origin, Spending, TransitState,
};
use crate::domain::record::{
    Effect, MAX_RECORD_BYTES, Outcome, Record, Row, commitments_mut, row_message,
};
use crate::domain::relief::CASES;
use crate::storage::read::{AsOf, Reader, RegisterRow, Snapshot};
use crate::storage::{SideRow, StorageError};
use crate::vault::Vault;

/// How many rows are read at once.
const PAGE: u32 = 500;
/// For how many days dues that were paid go with a group, and cases of relief: a yearly rule looks
/// no further back.
const DUES_DAYS: i32 = 366;
/// The registers that go with a group, in the order they come. Grants, lots and loans go as far as
/// they still hold something.
const REGISTERS: &[&str] = &[
    "members",
    "parties",
    "rules",
    "savings-products",
    "savings-activity",
    "loan-products",
    "outside-loans",
    "blocks",
    "arisans",
    "keepings",
    "dues",
    CASES,
    "lots",
    "grants",
    "loans",
];
/// How many bytes of a record a part may fill. One thing alone may be larger, but not by as much as
/// a record has room for beside it.
const ROOM: usize = MAX_RECORD_BYTES / 2;
/// What an entry, and what the move of a lot, takes at most.
const ENTRY: usize = 180;
const LOT_MOVE: usize = 400;

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
    let listed = all_rows(&mut snapshot, MOVES).await?;
    snapshot.finish().await?;
    let waits = |row: &Row| matches!(row, Row::Move(row) if row.state() == TransitState::Waiting);
    for group in listed.iter().filter(|found| waits(&found.row)).filter_map(|one| Id::new(&one.id))
    {
        let mover = Mover { journal, reader, vault, book: book.clone(), group };
        loop {
            match mover.step().await? {
                Step::Taken => {}
                Step::Answered => {
                    brought += 1;
                    break;
                }
                Step::Waits => break,
            }
        }
    }
    Ok(brought)
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was taken: there is another one.
    Taken,
    /// The old book has its answer: nothing is left to do.
    Answered,
    /// It could not be taken now.
    Waits,
}

/// Brings one group.
#[derive(Debug)]
pub struct Mover<'a> {
    /// Both books' journals.
    pub journal: &'a JournalHandle,
    /// Reads both books.
    pub reader: &'a Reader,
    /// Both books' keys.
    pub vault: &'a Vault,
    /// The book it leaves.
    pub book: Id,
    /// The group there.
    pub group: Id,
}

impl Mover<'_> {
    /// Takes the next step of a group's way, whoever took those before.
    ///
    /// Errors: every [`CourierError`].
    pub async fn step(&self) -> Result<Step, CourierError> {
        let mut snapshot = self.reader.snapshot(&self.book).await?;
        let Some(Row::Move(row)) = row_of(&mut snapshot, &move_name(&self.group)).await? else {
            return Ok(Step::Waits);
        };
        if row.state() != TransitState::Waiting {
            return Ok(Step::Answered);
        }
        let Some((to, group)) = destination(&row) else { return Ok(Step::Waits) };
        let mut there = self.reader.snapshot(&to).await?;
        let arrival = self.arrival(&mut there, &row, &group).await?;
        there.finish().await?;
        let way = Way { mover: self, row: &row, to, new: group };
        match arrival {
            None => way.come(snapshot).await,
            Some(_) if row.open => way.carry(snapshot).await,
            Some(arrival) if !arrival.whole => way.unpack(snapshot, arrival).await,
            Some(_) => way.hear(None).await,
        }
    }

    /// How far this very group has come in the other book; none before it came.
    async fn arrival(
        &self,
        there: &mut Snapshot,
        row: &Move,
        new: &Id,
    ) -> Result<Option<GroupArrival>, StorageError> {
        let from = format!("books/{}/groups/{}", self.book, self.group);
        Ok(match row_of(there, &arrival_name(new)).await? {
            Some(Row::GroupArrival(one)) if one.from == from && one.position == row.position => {
                Some(one)
            }
            _ => None,
        })
    }
}

/// A step on the way of a group.
struct Way<'a> {
    mover: &'a Mover<'a>,
    row: &'a Move,
    to: Id,
    new: Id,
}

impl Way<'_> {
    async fn come(self, mut snapshot: Snapshot) -> Result<Step, CourierError> {
        let Some(packing) = Packing::new(&mut snapshot, &self).await? else {
            return Ok(Step::Waits);
        };
        let Some(Row::Group(register)) =
            row_of(&mut snapshot, &RowName::group(&self.mover.group)).await?
        else {
            return Ok(Step::Waits);
        };
        let row = self.arriving(register);
        let part = match self.row.open {
            true => Part::default(),
            false => packing.first(weight_of(&RowName::group(&self.new), &Row::Group(row.clone()))),
        };
        let mut come = Come {
            group: self.new.clone(),
            row,
            moved_on: self.row.moved_on,
            minute: self.row.minute.clone(),
            part,
        };
        let notes = vec![&mut come.row.notes];
        let sides = self.seal(&mut snapshot, notes, &mut come.part.rows).await?;
        snapshot.finish().await?;
        match self.submit(&self.to, "come", come, sides).await? {
            None => Ok(Step::Waits),
            Some(record) => match &record.outcome {
                Outcome::Done(_) => Ok(Step::Taken),
                Outcome::Refused(refusal) => self.hear(Some(refusal.reason)).await,
            },
        }
    }

    async fn carry(self, mut snapshot: Snapshot) -> Result<Step, CourierError> {
        let closed = closed(&mut snapshot, self.row).await?;
        let group = &self.mover.group;
        let found = Found::new(&mut snapshot, group, Some(self.row.position), &closed).await?;
        snapshot.finish().await?;
        let (things, more) = found.first_part();
        let step = self.row.closings.len();
        let carry = Carry { group: group.clone(), step, things, more };
        let what = format!("carry {step} {}", self.attempt(&self.mover.book).await?);
        let answer = self.submit(&self.mover.book, &what, carry, Vec::new()).await?;
        Ok(self.taken(answer))
    }

    async fn unpack(
        self,
        mut snapshot: Snapshot,
        arrival: GroupArrival,
    ) -> Result<Step, CourierError> {
        let Some(packing) = Packing::new(&mut snapshot, &self).await? else {
            return Ok(Step::Waits);
        };
        let part = packing.next(&arrival.after);
        let mut unpack = Unpack { group: self.new.clone(), part };
        let sides = self.seal(&mut snapshot, Vec::new(), &mut unpack.part.rows).await?;
        snapshot.finish().await?;
        let what = format!("unpack {} {}", arrival.after, self.attempt(&self.to).await?);
        let answer = self.submit(&self.to, &what, unpack, sides).await?;
        Ok(self.taken(answer))
    }

    async fn hear(
        self,
        refused: Option<crate::domain::refusal::Reason>,
    ) -> Result<Step, CourierError> {
        let hear = Hear { group: self.mover.group.clone(), refused };
        let answer = self.submit(&self.mover.book, "hear", hear, Vec::new()).await?;
        Ok(if answer.is_some() { Step::Answered } else { Step::Waits })
    }

    /// The register of a group as it comes: its past standings and ties are the old book's.
    fn arriving(&self, register: Group) -> Group {
        let Mover { book, group, .. } = self.mover;
        let mut homes = register.earlier_homes;
        homes.extend(Some(register.came_from).filter(|home| !home.is_empty()));
        Group {
            links: Vec::new(),
            standings: Vec::new(),
            came_from: format!("books/{book}/groups/{group}"),
            came_from_position: self.row.position,
            earlier_homes: homes.into_iter().map(|home| seen_from(&self.to, book, home)).collect(),
            ..register
        }
    }

    /// What tells one attempt at a step in a book from another: its business day. A refusal is kept
    /// for good, and what caused it may be set right: so a step that was refused is tried anew every
    /// day, and leaves one record each.
    async fn attempt(&self, book: &Id) -> Result<Day, StorageError> {
        let mut snapshot = self.mover.reader.snapshot(book).await?;
        let last = snapshot.head().size;
        let record = snapshot.record(last).await?;
        Ok(record.map_or(Day::MIN, |record| record.business_day))
    }

    fn taken(&self, answer: Option<Arc<Record>>) -> Step {
        match answer.map(|record| record.outcome.clone()) {
            Some(Outcome::Done(_)) => Step::Taken,
            refused => {
                tracing::warn!(
                    group = self.mover.group.as_str(),
                    ?refused,
                    "a group waits to move"
                );
                Step::Waits
            }
        }
    }

    /// Submits a command that is the same whenever it is made; none if the book did not answer.
    async fn submit(
        &self,
        book: &Id,
        what: &str,
        action: impl Action + 'static,
        sides: Vec<SideRow>,
    ) -> Result<Option<Arc<Record>>, CourierError> {
        let Mover { journal, group, .. } = self.mover;
        let name = format!("books/{}/groups/{group}", self.mover.book);
        let digest = Sha256::digest(format!("simpul mover: {what} {name} {}", self.row.position));
        let happened_on = (what != "hear").then(|| Day::new(self.row.moved_on));
        let command = Command { happened_on, ..command(book, digest.into(), action) };
        match journal.submit(command, sides, Priority::Interactive).await? {
            Answer::Done { record, .. } => Ok(Some(record)),
            answer => {
                tracing::warn!(group = group.as_str(), ?answer, "a group waits to move");
                Ok(None)
            }
        }
    }

    /// Seals personal text with the keys of the new book. What was erased stays erased.
    async fn seal(
        &self,
        snapshot: &mut Snapshot,
        mut texts: Vec<&mut Vec<u8>>,
        rows: &mut [(RowName, Row)],
    ) -> Result<Vec<SideRow>, CourierError> {
        texts.extend(rows.iter_mut().flat_map(|(_, row)| commitments_mut(row)));
        let wanted: BTreeSet<[u8; 32]> =
            texts.iter().filter_map(|text| text.as_slice().try_into().ok()).collect();
        let old = snapshot.sides(&wanted.into_iter().collect::<Vec<_>>()).await?;
        let revealed = self.mover.vault.reveal(&self.mover.book, &old).await?;
        let here = format!("groups/{}", self.mover.group);
        let owner = |owner: &str| match owner.strip_prefix(&here) {
            Some(rest) => format!("groups/{}{rest}", self.new),
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
            false => self.mover.vault.seal(&self.to, &pairs).await?,
        };
        let new: BTreeMap<Vec<u8>, Vec<u8>> = open
            .iter()
            .zip(&sides)
            .map(|((before, _, _), side)| (before.to_vec(), side.commitment.to_vec()))
            .collect();
        for text in texts {
            *text = new.get(text.as_slice()).cloned().unwrap_or_default();
        }
        Ok(sides)
    }
}

/// The book and the id a group moves to.
fn destination(row: &Move) -> Option<(Id, Id)> {
    let (book, group) = row.to.strip_prefix("books/")?.split_once("/groups/")?;
    Some((Id::new(book)?, Id::new(group)?))
}

async fn row_of(snapshot: &mut Snapshot, name: &RowName) -> Result<Option<Row>, StorageError> {
    Ok(snapshot.row(name).await?.map(|found| found.row))
}

async fn all_rows(snapshot: &mut Snapshot, parent: &str) -> Result<Vec<RegisterRow>, StorageError> {
    let mut all: Vec<RegisterRow> = Vec::new();
    loop {
        let after = all.last().map(|last| last.id.clone()).unwrap_or_default();
        let rows = snapshot.rows(parent, &after, PAGE).await?;
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
    }
}

// ---- what leaves -------------------------------------------------------------------------------

/// What the records that closed parts of a group have taken out, together.
async fn closed(snapshot: &mut Snapshot, row: &Move) -> Result<Effect, StorageError> {
    let alone = [row.position];
    let positions = if row.closings.is_empty() { &alone[..] } else { &row.closings[..] };
    let mut all = Effect::default();
    for record in snapshot.records(positions).await? {
        if let Outcome::Done(effect) = record.outcome {
            all.entries.extend(effect.entries);
            all.rows.extend(effect.rows);
            all.lot_moves.extend(effect.lot_moves);
        }
    }
    Ok(all)
}

/// What a group was found to have that has not left.
#[derive(Debug)]
pub struct Found {
    /// Accounts that hold what cannot move.
    pub staying: Vec<Account>,
    /// An account or a loan that moved after the day on which the group leaves, if any did.
    pub later: Option<String>,
    /// What goes with it, and how many bytes of a closing it fills.
    things: BTreeMap<Thing, usize>,
}

impl Found {
    /// All that a group has, and what of it moved after a day.
    ///
    /// Errors: those of reading.
    pub async fn all(
        snapshot: &mut Snapshot,
        group: &Id,
        on: Option<Day>,
    ) -> Result<Found, StorageError> {
        let mut found = Found::new(snapshot, group, None, &Effect::default()).await?;
        if let Some(day) = on {
            found.later = later(snapshot, group, day).await?;
        }
        Ok(found)
    }

    /// What it had at a position, or has, less what was closed since.
    async fn new(
        snapshot: &mut Snapshot,
        group: &Id,
        position: Option<u64>,
        closed: &Effect,
    ) -> Result<Found, StorageError> {
        let done: BTreeSet<Thing> =
            closed.entries.iter().map(|entry| Thing::of(&entry.account)).collect();
        let mut things: BTreeMap<Thing, usize> = BTreeMap::new();
        let mut staying = Vec::new();
        for account in held(snapshot, group, position).await? {
            if stays(account.code) {
                staying.push(account);
            } else if account.code != Code::OpeningEquity {
                *things.entry(Thing::of(&account)).or_default() += ENTRY;
            }
        }
        for collection in ["lots", "grants", "loans"] {
            let parent = format!("groups/{group}/{collection}");
            for RegisterRow { id, row, .. } in all_rows(snapshot, &parent).await? {
                let Some(id) = Id::new(&id) else { continue };
                let weight = weight_of(&RowName::new(parent.clone(), id.as_str()), &row);
                let (thing, holds, weight) = match &row {
                    Row::Lot(lot) => {
                        let holds = lot.quantity_in_milli != lot.quantity_out_milli;
                        (Thing::Lot(id), holds, weight + LOT_MOVE)
                    }
                    Row::Loan(loan) => (Thing::Loan(id), is_running(loan), weight),
                    _ => (Thing::Grant(id), false, weight),
                };
                match things.get_mut(&thing) {
                    Some(known) => *known += weight,
                    None if holds => drop(things.insert(thing, weight)),
                    None => {}
                }
            }
        }
        things.retain(|thing, _| !done.contains(thing));
        Ok(Found { staying, later: None, things })
    }

    /// What of it leaves first, its money before all else, and whether there is more.
    pub fn first_part(&self) -> (Vec<Thing>, bool) {
        let money = self.things.iter().filter(|(thing, _)| thing.is_money());
        let others = self.things.iter().filter(|(thing, _)| !thing.is_money());
        let ordered: Vec<_> = money.chain(others).collect();
        let fits = fitting(ordered.iter().map(|(_, weight)| **weight), ROOM).max(1);
        let part = ordered.iter().take(fits).map(|(thing, _)| (*thing).clone()).collect();
        (part, ordered.len() > fits)
    }
}

/// The accounts of a group that held something at a position, or do.
async fn held(
    snapshot: &mut Snapshot,
    group: &Id,
    position: Option<u64>,
) -> Result<Vec<Account>, StorageError> {
    let (prefix, as_of) = (format!("{group}."), AsOf { effective: None, position });
    let mut held = Vec::new();
    let mut after: Option<Account> = None;
    loop {
        let found = snapshot.accounts(&prefix, after.as_ref(), PAGE, as_of).await?;
        let Some((last, _)) = found.last() else { return Ok(held) };
        after = Some(last.clone());
        let open = found.into_iter().filter(|(_, balance)| !balance.is_zero());
        held.extend(open.map(|(account, _)| account));
    }
}

/// A loan of a group with a fact after a day, or an account that held something else at its end than
/// it does; none if there is no such.
async fn later(
    snapshot: &mut Snapshot,
    group: &Id,
    day: Day,
) -> Result<Option<String>, StorageError> {
    let parent = format!("groups/{group}/loans");
    for RegisterRow { id, row, .. } in all_rows(snapshot, &parent).await? {
        let Row::Loan(loan) = row else { continue };
        if last_fact(&loan).is_some_and(|last| last > day) {
            return Ok(Some(format!("{parent}/{id}")));
        }
    }
    let (prefix, then) = (format!("{group}."), AsOf { effective: Some(day), position: None });
    let mut after: Option<Account> = None;
    loop {
        let now = snapshot.accounts(&prefix, after.as_ref(), PAGE, AsOf::default()).await?;
        let then = snapshot.accounts(&prefix, after.as_ref(), PAGE, then).await?;
        let Some((last, _)) = now.last() else { return Ok(None) };
        after = Some(last.clone());
        if let Some(moved) = now.iter().zip(&then).find(|(now, then)| now != then) {
            return Ok(Some(moved.0.0.to_string()));
        }
    }
}

/// How many of the first things fit.
fn fitting(weights: impl Iterator<Item = usize>, room: usize) -> usize {
    let mut filled = 0_usize;
    weights
        .take_while(|weight| {
            filled = filled.saturating_add(*weight);
            filled <= room
        })
        .count()
}

/// How many bytes of a record a row fills.
fn weight_of(name: &RowName, row: &Row) -> usize {
    prost::Message::encoded_len(&row_message(name, row)) + 8
}

// ---- what comes --------------------------------------------------------------------------------

/// A thing as it comes: with what must come in the same record.
#[derive(Default)]
struct Item {
    row: Option<(RowName, Row)>,
    lot: Option<(Id, Lot)>,
    balances: Vec<(Account, Sen)>,
}

impl Item {
    fn weight(&self) -> usize {
        let row = self.row.as_ref().map_or(0, |(name, row)| weight_of(name, row));
        let lot = self.lot.as_ref().map_or(0, |(id, lot)| {
            weight_of(&RowName::new("groups", id.as_str()), &Row::Lot(lot.clone())) + LOT_MOVE
        });
        row + lot + self.balances.len() * ENTRY
    }
}

/// All that goes with a group, by keys in whose order it comes. Its personal text is still that of
/// the old book.
struct Packing<'a> {
    way: &'a Way<'a>,
    closed: Effect,
    items: BTreeMap<String, Item>,
}

impl<'a> Packing<'a> {
    /// None if what is stored is not what leaving leaves behind.
    async fn new(
        snapshot: &mut Snapshot,
        way: &'a Way<'a>,
    ) -> Result<Option<Packing<'a>>, StorageError> {
        let closed = closed(snapshot, way.row).await?;
        if closed.rows.is_empty() {
            return Ok(None);
        }
        let mut packing = Packing { way, closed, items: BTreeMap::new() };
        for (place, collection) in REGISTERS.iter().enumerate() {
            let parent = format!("groups/{}/{collection}", way.mover.group);
            for RegisterRow { id, row, .. } in all_rows(snapshot, &parent).await? {
                let key = format!("{place:02} {id}");
                packing.pack(snapshot, (collection, id, key), row).await?;
            }
        }
        packing.pack_balances();
        Ok(Some(packing))
    }

    fn put(&mut self, key: String, name: RowName, row: Row) {
        self.items.entry(key).or_default().row = Some((name, row));
    }

    async fn pack(
        &mut self,
        snapshot: &mut Snapshot,
        (collection, id, key): (&str, String, String),
        row: Row,
    ) -> Result<(), StorageError> {
        let (old, new) = (&self.way.mover.group, &self.way.new);
        let name = RowName::new(format!("groups/{new}/{collection}"), &id);
        let year_ago = self.way.row.moved_on - DUES_DAYS;
        match row {
            Row::Lot(lot) => {
                let moved = self.closed.lot_moves.iter().find(|moved| moved.lot == id);
                if let (Some(moved), Some(id)) = (moved, Id::new(&id)) {
                    let rest = rest_of(lot, -moved.quantity_milli, -moved.cost);
                    self.items.entry(key).or_default().lot = Some((id, rest));
                }
            }
            Row::Grant(grant) => {
                let here = RowName::new(format!("groups/{old}/grants"), &id);
                if self.closed.rows.iter().any(|(left, _)| *left == here) {
                    self.pack_spending(snapshot, (&here, &name, &key)).await?;
                    let grant = self.carried(grant, &here);
                    self.put(key, name, Row::Grant(grant));
                }
            }
            Row::Loan(ref loan) if !goes_on(loan) => {}
            Row::Loan(_) => {
                let talks = RowName::new(format!("groups/{old}/loan-contacts"), &id);
                if let Some(row) = row_of(snapshot, &talks).await? {
                    let there = RowName::new(format!("groups/{new}/loan-contacts"), &id);
                    self.put(format!("{key} talks"), there, row);
                }
                self.put(key, name, row);
            }
            Row::Block(ref block) if block.lifted_on != 0 => {}
            Row::Keeping(ref keeping) if keeping.until != 0 => {}
            Row::ReliefCase(ref case) if case.last_paid_on < year_ago => {}
            Row::DuesDay(_) if id < Day::new(year_ago).to_string() => {}
            Row::Arisan(_) => {
                let parent = format!("groups/{old}/arisans/{id}/members");
                for found in all_rows(snapshot, &parent).await? {
                    let there = RowName::new(format!("{name}/members"), &found.id);
                    self.put(format!("{key} {}", found.id), there, found.row);
                }
                self.put(key, name, row);
            }
            row => self.put(key, name, row),
        }
        Ok(())
    }

    /// What was spent of a grant, with the papers that the old book has of it.
    async fn pack_spending(
        &mut self,
        snapshot: &mut Snapshot,
        (here, there, key): (&RowName, &RowName, &str),
    ) -> Result<(), StorageError> {
        let rows = all_rows(snapshot, &format!("{here}/spending")).await?;
        let spent = rows.iter().filter_map(|found| match &found.row {
            Row::Spending(row) => Some(row),
            _ => None,
        });
        let spent: Vec<&Spending> = spent.collect();
        let positions: Vec<u64> =
            spent.iter().map(|row| row.position).filter(|at| *at != 0).collect();
        let records = snapshot.records(&positions).await?;
        for (number, row) in spent.into_iter().enumerate() {
            let record = records.iter().find(|record| record.position == row.position);
            let row = spent_before(&self.way.mover.book, row.clone(), record);
            let id = format!("{:06}-{:012}-{number:05}", row.happened_on, 0);
            let name = RowName::new(format!("{there}/spending"), id);
            self.put(format!("{key} spent {number:05}"), name, Row::Spending(row));
        }
        Ok(())
    }

    /// A grant with what is left of it: its name and its way here go with it.
    fn carried(&self, row: Grant, name: &RowName) -> Grant {
        let from = &self.way.mover.book;
        let seen = |name: String| seen_from(&self.way.to, from, name);
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
            moved_from: format!("books/{from}/{name}"),
            ..row
        }
    }

    /// What left the old book's accounts, with what each account goes with.
    fn pack_balances(&mut self) {
        let entity = Entity::Kube(self.way.new.clone());
        let mut balances: BTreeMap<&Account, i64> = BTreeMap::new();
        for entry in &self.closed.entries {
            if entry.account.code != Code::OpeningEquity {
                *balances.entry(&entry.account).or_default() -= entry.amount.get();
            }
        }
        let place = |collection| REGISTERS.iter().position(|one| *one == collection);
        let of = |collection, id: &Id| format!("{:02} {id}", place(collection).unwrap_or_default());
        for (account, balance) in balances {
            let key = match Thing::of(account) {
                Thing::Lot(id) => of("lots", &id),
                Thing::Grant(id) => of("grants", &id),
                Thing::Loan(id) => of("loans", &id),
                Thing::Account(account) => format!("{:02} {account}", REGISTERS.len()),
            };
            let ledger = Ledger::new(entity.clone(), account.ledger.fund.get());
            let there = ledger.account_of(account.code, account.subject.clone());
            self.items.entry(key).or_default().balances.push((there, Sen::new(balance)));
        }
    }

    /// What comes in the record that brings the group's own row, which fills so much.
    fn first(self, filled: usize) -> Part {
        let room = ROOM.saturating_sub(filled);
        let fits = fitting(self.items.values().map(Item::weight), room);
        self.part("", fits)
    }

    /// What comes after a key: at least one thing.
    fn next(mut self, after: &str) -> Part {
        self.items.retain(|key, _| key.as_str() > after);
        let fits = fitting(self.items.values().map(Item::weight), ROOM);
        self.part(after, fits.max(1))
    }

    fn part(self, after: &str, most: usize) -> Part {
        let last = self.items.len() <= most;
        let mut part = Part { after: after.to_owned(), last, ..Part::default() };
        after.clone_into(&mut part.through);
        for (key, item) in self.items.into_iter().take(most) {
            part.rows.extend(item.row);
            part.lots.extend(item.lot);
            part.balances.extend(item.balances);
            part.through = key;
        }
        part
    }
}

/// What was spent in the book that a group came from.
fn spent_before(book: &Id, row: Spending, record: Option<&Record>) -> Spending {
    let Some(record) = record else { return row };
    let request = record.request.as_ref().map(|id| format!("books/{book}/transactions/{id}"));
    let evidence = match &record.outcome {
        Outcome::Done(effect) => effect.evidence.clone(),
        Outcome::Refused(_) => None,
    };
    Spending { position: 0, transaction: request.unwrap_or_default(), evidence, ..row }
}

/// A lot with what was left in it; what was lost of it before stays readable where it was.
fn rest_of(lot: Lot, quantity_in_milli: i64, cost_in: i64) -> Lot {
    let lost = Lot { quantity_out_milli: 0, cost_out: 0, died_milli: 0, stolen_milli: 0, ..lot };
    Lot { quantity_in_milli, cost_in, ..lost }
}
