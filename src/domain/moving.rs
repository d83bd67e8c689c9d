//! A group moves to another book: two records tied by the group's name and the position of the
//! first, a closing one in the book it leaves and an opening one in the book it comes to.
//!
//! **Invariant**: the closing carries out every balance of the group's ledgers and leaves nothing;
//! the opening brings in the same balances, account by account, as of the same day. What mirrors
//! the old LKM or another group of the old book cannot move: it is settled first. What the group has
//! passed on to another book arrives, or is taken back, before the group goes. A grant's capital
//! that has moved is counted in the old book as moved, and in the new one as held.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::{Account, Ledger};
use crate::domain::chart::{Code, SubjectKind};
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, grant_name, not_found};
use crate::domain::guliran::accounts_of;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::proto::{self, Group, Move, Standing, TransitState};
use crate::domain::record::{Effect, Event, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::standing::{check_empty, end, foresee, not_settled};
use crate::domain::transfer::check_arrived;
use crate::domain::uep::blocked;
use crate::domain::upkeep::changed;

/// The collection of groups on their way to other books.
pub const MOVES: &str = "moves";

/// A group's way to another book.
pub fn move_name(group: &Id) -> RowName {
    RowName::new(MOVES, group.as_str())
}

/// A group leaves for another book.
#[derive(Clone, Debug)]
pub struct Leave {
    /// Which KUBE.
    pub group: Id,
    /// Where to, `books/{book}/groups/{group}`.
    pub to: String,
    /// Its accounts that were found to hold something.
    pub accounts: Vec<Account>,
    /// Its lots that were found to hold something.
    pub lots: Vec<Id>,
    /// The number of the minute.
    pub minute: String,
}

impl Action for Leave {
    fn event(&self) -> Event {
        Event::GroupLeft
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `TRANSFERS_IN_TRANSIT`, `NOT_SETTLED`, `FACTS_MOVED`, `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        foresee(draft, &self.accounts)?;
        check_arrived(draft, &self.group)?;
        for account in self.accounts.iter().filter(|account| stays(account.code)) {
            let balance = draft.balance(account)?;
            if !balance.is_zero() {
                return Err(not_settled(account, balance)?.into());
            }
        }
        self.carry_grants(draft)?;
        self.lots.iter().try_for_each(|lot| self.carry_lot(draft, lot))?;
        self.carry_balances(draft)?;
        check_empty(draft, &self.group)?;
        end(draft, &self.group, Standing::Moved, (&self.minute, &self.to))?;
        let row = Move {
            to: self.to.clone(),
            moved_on: draft.frame().happened_on.get(),
            minute: self.minute.clone(),
            position: draft.frame().position,
            state: TransitState::Waiting as i32,
            broken: String::new(),
        };
        draft.put(move_name(&self.group), Row::Move(row));
        Ok(())
    }
}

/// What another ledger of the old book knows the other side of, what rests on the facts of a loan
/// in its register, or what nobody has decided yet.
fn stays(code: Code) -> bool {
    let between = matches!(code, Code::GuliranReceivable | Code::GuliranPayable);
    let lent = code.line().subject == SubjectKind::Loan;
    code.is_mirrored() || between || lent || matches!(code, Code::Suspense | Code::CashDifference)
}

impl Leave {
    fn carry_grants(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let capital = |account: &&Account| account.code.line().subject == SubjectKind::Grant;
        let grants: BTreeSet<&str> =
            self.accounts.iter().filter(capital).map(|account| account.subject.as_str()).collect();
        for grant in grants.into_iter().filter_map(Id::new) {
            let mut row = draft.grant(&self.group, &grant, "group")?;
            let (capital, owed) = accounts_of(&self.group, &grant, &row);
            let moved = draft.held(&capital)?.plus(draft.held(&owed)?)?;
            row.moved = Sen::new(row.moved).plus(moved)?.get();
            draft.put(grant_name(&self.group, &grant), Row::Grant(row));
        }
        Ok(())
    }

    fn carry_lot(&self, draft: &mut Draft<'_>, lot: &Id) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        let mut row = draft.lot(&entity, lot, "group")?;
        let units = row.quantity_in_milli - row.quantity_out_milli;
        let cost = Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?;
        (row.quantity_out_milli, row.cost_out) = (row.quantity_in_milli, row.cost_in);
        draft.move_lot(&entity, lot.as_str(), row, -units, cost.negated()?);
        Ok(())
    }

    fn carry_balances(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut balances = Vec::with_capacity(self.accounts.len());
        for account in &self.accounts {
            balances.push((account.clone(), draft.balance(account)?.negated()?));
        }
        post_all(draft, &balances)
    }
}

/// Posts signed balances, debit positive, one posting for each ledger.
///
/// Errors: `FACTS_MOVED` when they are not all of a ledger's.
fn post_all(draft: &mut Draft<'_>, balances: &[(Account, Sen)]) -> Result<(), Stop> {
    let mut ledgers: BTreeMap<&Ledger, Vec<(Leaf, Sen)>> = BTreeMap::new();
    for (account, balance) in balances.iter().filter(|(_, balance)| !balance.is_zero()) {
        let leaf = (account.code, account.subject.clone()).into();
        ledgers.entry(&account.ledger).or_default().push((leaf, *balance));
    }
    let mut all = Ok(());
    for (ledger, legs) in ledgers {
        // Go on to find out what else is missing.
        let posting = Posting::journal(ledger, legs);
        let moved = |_| Refusal::new(Reason::FactsMoved).on("group");
        match draft.post(&posting.map_err(moved)?) {
            Err(Stop::Missing) => all = Err(Stop::Missing),
            result => result?,
        }
    }
    all
}

/// A group comes from another book with all it has.
#[derive(Clone, Debug)]
pub struct Come {
    /// The id it has here.
    pub group: Id,
    /// What the register says of it.
    pub row: Group,
    /// Its balances as they left the other book, debit positive.
    pub balances: Vec<(Account, Sen)>,
    /// Its other rows, named as they are here.
    pub rows: Vec<(RowName, Row)>,
    /// Its lots with what is left in them.
    pub lots: Vec<(Id, proto::Lot)>,
}

impl Action for Come {
    fn event(&self) -> Event {
        Event::GroupCame
    }

    /// Errors: `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = self.row.clone();
        if draft.book().lkm_name.is_empty() {
            row.links.clear();
        }
        draft.create(RowName::group(&self.group), Row::Group(row), "new_group_id")?;
        let request = draft.frame().request.to_string();
        for (name, row) in &self.rows {
            let row = match row.clone() {
                Row::Grant(grant) => {
                    Row::Grant(proto::Grant { request_id: request.clone(), ..grant })
                }
                // What changed before is the old book's.
                Row::Keeping(keeping) => {
                    let changes = vec![changed(draft, keeping.heads)];
                    Row::Keeping(proto::Keeping { changes, ..keeping })
                }
                row => row,
            };
            draft.put(name.clone(), row);
        }
        let entity = Entity::Kube(self.group.clone());
        for (lot, row) in &self.lots {
            let (units, cost) = (row.quantity_in_milli, Sen::new(row.cost_in));
            draft.move_lot(&entity, lot.as_str(), row.clone(), units, cost);
        }
        post_all(draft, &self.balances)
    }
}

/// The old book hears what became of a group that left.
#[derive(Clone, Debug)]
pub struct Hear {
    /// The group.
    pub group: Id,
    /// Why the other book refused it; none if it has arrived.
    pub refused: Option<Reason>,
}

impl Action for Hear {
    fn event(&self) -> Event {
        Event::GroupArrived
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND` for a group that is not on its way.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = move_name(&self.group);
        let Some(Row::Move(mut row)) = draft.row(&name)? else {
            return Err(not_found(&name, "group").into());
        };
        if row.state() != TransitState::Waiting {
            return Err(not_found(&name, "group").into());
        }
        let state = match self.refused {
            None => TransitState::Arrived,
            Some(reason) => {
                reason.name().clone_into(&mut row.broken);
                TransitState::Refused
            }
        };
        row.state = state as i32;
        draft.put(name, Row::Move(row));
        Ok(())
    }
}

/// Takes back what leaving left in the registers, where the other book has refused the group.
///
/// Errors: `REVERSAL_BLOCKED` for a group that may be in the other book, or has come from one.
pub fn undo(draft: &mut Draft<'_>, record: &Record, effect: &Effect) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        match (record.event, row, draft.row(name)?) {
            (Event::GroupCame, Row::Group(_), _) => return Err(blocked(name).into()),
            (Event::GroupLeft, Row::Move(_), Some(Row::Move(row))) => {
                if row.state() != TransitState::Refused {
                    return Err(blocked(name).into());
                }
                let state = TransitState::Reversed as i32;
                draft.put(name.clone(), Row::Move(Move { state, ..row }));
            }
            (Event::GroupLeft, Row::Grant(_), Some(Row::Grant(row))) => {
                draft.put(name.clone(), Row::Grant(proto::Grant { moved: 0, ..row }));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The refusal of a group that would move into the book it is in.
pub fn same_book() -> Refusal {
    Refusal::new(Reason::SameBook).on("to_book")
}
