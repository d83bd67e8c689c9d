//! The state that decisions read, and how a record changes it.
//!
//! **Invariant**: [`apply`] copies what the record says and computes no policy, so that old
//! records mean the same under new code. State holds nothing that derived rows lack.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::domain::account::{Account, Control};
use crate::domain::day::Day;
use crate::domain::id::{RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{Outcome, Record, Row, mentions};

/// Something a decision may need to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A register row.
    Row(RowName),
    /// An account's balance.
    Balance(Account),
    /// A control account's total.
    Control(Control),
    /// What an earlier request with this id came to.
    Receipt(RequestId),
    /// A record by position.
    Record(u64),
}

/// What is known about a [`Key`], absence included.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The row, if there is one.
    Row(Option<Arc<Row>>),
    /// The balance; none if the account was never used.
    Balance(Option<Sen>),
    /// The total; zero if never used.
    Control(Sen),
    /// The receipt, if the request was decided before.
    Receipt(Option<Receipt>),
    /// The record, if the journal reaches that far.
    Record(Option<Arc<Record>>),
}

/// The permanent trace of a decided request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The record that answers it.
    pub position: u64,
    /// Digest of the request.
    pub digest: Vec<u8>,
}

/// Read access to whatever part of the state has been loaded; `None` means "not loaded".
pub trait Lookup {
    /// What is known about a key.
    fn get(&self, key: &Key) -> Option<&Value>;
}

/// Loaded state in memory.
#[derive(Clone, Debug, Default)]
pub struct State(HashMap<Key, Value, RandomState>);

impl State {
    /// Remembers what a key's value is.
    pub fn insert(&mut self, key: Key, value: Value) {
        self.0.insert(key, value);
    }

    /// Everything remembered.
    pub fn into_values(self) -> impl Iterator<Item = (Key, Value)> {
        self.0.into_iter()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Lookup for State {
    fn get(&self, key: &Key) -> Option<&Value> {
        self.0.get(key)
    }
}

/// One line of the ledger: an entry with the balance after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryRow {
    /// The account.
    pub account: Account,
    /// The record's position.
    pub position: u64,
    /// The entry's place in the record, from 0.
    pub leg: u32,
    /// Debit positive.
    pub amount: Sen,
    /// The account's balance after this entry.
    pub balance: Sen,
    /// The day in the ledger.
    pub effective_on: Day,
    /// Whether that day lies before the business day it was recorded on.
    pub late: bool,
}

/// The derived rows one record changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Ledger lines.
    pub entries: Vec<EntryRow>,
    /// Accounts used for the first time.
    pub new_accounts: Vec<Account>,
    /// Totals after the record; the last one of a control account holds.
    pub controls: Vec<(Control, Sen)>,
    /// Register rows after the record.
    pub rows: Vec<(RowName, Arc<Row>)>,
    /// What the record is about.
    pub mentions: BTreeSet<RowName>,
    /// The receipt of the request.
    pub receipt: Option<(RequestId, Receipt)>,
}

/// Why a record cannot be applied: the journal and the state do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A balance or total was needed that is not loaded.
    #[error("{0:?} is not loaded")]
    NotLoaded(Box<Key>),
    /// A balance left the range of money.
    #[error("balance of {0} overflows")]
    Overflow(Box<Account>),
}

/// The derived rows of a record, given the state before it.
///
/// Errors: `NotLoaded` when the state lacks a balance the record touches, `Overflow` when a
/// balance leaves the range of money; neither happens to a record that was decided on this state.
pub fn apply(record: &Record, state: &dyn Lookup) -> Result<Changes, ApplyError> {
    let mut changes = Changes::default();
    if let Some(request) = &record.request {
        let receipt = Receipt { position: record.position, digest: record.digest.clone() };
        changes.receipt = Some((request.clone(), receipt));
    }
    let Outcome::Done(effect) = &record.outcome else {
        return Ok(changes);
    };
    let late = effect.effective_on < record.business_day;
    let mut balances: HashMap<&Account, Sen> = HashMap::new();
    let mut totals: HashMap<Control, Sen> = HashMap::new();
    for (leg, entry) in (0u32..).zip(&effect.entries) {
        let before = match balances.get(&entry.account) {
            Some(balance) => *balance,
            None => first_use(&entry.account, state, &mut changes)?,
        };
        let control = entry.account.control();
        let total = match totals.get(&control) {
            Some(total) => *total,
            None => total_of(&control, state)?,
        };
        let overflow = || ApplyError::Overflow(Box::new(entry.account.clone()));
        let balance = before.plus(entry.amount).map_err(|_| overflow())?;
        totals.insert(control, total.plus(entry.amount).map_err(|_| overflow())?);
        balances.insert(&entry.account, balance);
        changes.entries.push(EntryRow {
            account: entry.account.clone(),
            position: record.position,
            leg,
            amount: entry.amount,
            balance,
            effective_on: effect.effective_on,
            late,
        });
    }
    changes.controls = totals.into_iter().collect();
    changes.controls.sort();
    changes.rows =
        effect.rows.iter().map(|(name, row)| (name.clone(), Arc::new(row.clone()))).collect();
    changes.mentions = mentions(effect);
    Ok(changes)
}

fn first_use(
    account: &Account,
    state: &dyn Lookup,
    changes: &mut Changes,
) -> Result<Sen, ApplyError> {
    let key = Key::Balance(account.clone());
    match state.get(&key) {
        Some(Value::Balance(Some(balance))) => Ok(*balance),
        Some(Value::Balance(None)) => {
            changes.new_accounts.push(account.clone());
            Ok(Sen::ZERO)
        }
        _ => Err(ApplyError::NotLoaded(Box::new(key))),
    }
}

fn total_of(control: &Control, state: &dyn Lookup) -> Result<Sen, ApplyError> {
    let key = Key::Control(control.clone());
    match state.get(&key) {
        Some(Value::Control(total)) => Ok(*total),
        _ => Err(ApplyError::NotLoaded(Box::new(key))),
    }
}

/// Makes a record's changes part of a state.
pub fn absorb(state: &mut State, changes: &Changes) {
    for entry in &changes.entries {
        state.insert(Key::Balance(entry.account.clone()), Value::Balance(Some(entry.balance)));
    }
    for (control, total) in &changes.controls {
        state.insert(Key::Control(control.clone()), Value::Control(*total));
    }
    for (name, row) in &changes.rows {
        state.insert(Key::Row(name.clone()), Value::Row(Some(Arc::clone(row))));
    }
    if let Some((request, receipt)) = &changes.receipt {
        state.insert(Key::Receipt(request.clone()), Value::Receipt(Some(receipt.clone())));
    }
}
