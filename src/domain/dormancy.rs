//! Dormant savings: free savings whose owner has moved nothing for as many months as their product
//! says fall dormant at the end of the day on which these are over. They go on earning. What asks to
//! take from them is refused until they are woken, by a deposit or because their owner has shown
//! themselves; what tells of money that was taken is recorded, flagged, and wakes them too.
//!
//! An account that may fall dormant is listed in the register `due` under a day. Whoever closes that
//! day finds out whether its owner has moved it meanwhile and lists it anew if so: a movement lists
//! nothing but an account that is listed nowhere. Where a product begins to say when its accounts
//! fall dormant, or says something else, they are listed once, a chunk at a time, at the end of the
//! day on which it begins to hold.
//!
//! **Invariants**: no savings fall dormant for what was before the first rule, and none that hold
//! nothing. What is listed anew is never found later than its day.

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::daily::{last_closed, note_due};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::effective::in_force;
use crate::domain::id::{Entity, RowName};
use crate::domain::record::proto::{SavingsActivity, SavingsProducts, SavingsSort, Standing};
use crate::domain::record::{Effect, Entry, Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::savings::savings_ledger;
use crate::domain::savings_product::{SORTS, product_name, products, sort_name};
use crate::domain::standing::standing_of;
use crate::domain::surplus::Sharer;

/// What the register `due` calls an account of savings.
pub const KIND: &str = "savings";

/// What the register `due` calls a product whose accounts are to be listed.
pub const PRODUCT_KIND: &str = "savings-product";

/// The collection of what is known of the accounts of an entity.
pub const COLLECTION: &str = "savings-activity";

/// The most accounts that one record lists or looks at.
pub const CHUNK: usize = 80;

/// An account of free savings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Savings {
    /// Who keeps it.
    pub entity: Entity,
    /// Whose it is.
    pub who: Sharer,
}

impl Savings {
    /// What an account is; `None` for one of something else.
    pub fn of(account: &Account) -> Option<Savings> {
        let who = Sharer::of_savings(account)?;
        Some(Savings { entity: account.ledger.entity.clone(), who })
    }

    /// What a KUBE's account says that the LKM keeps for it; `None` for one that says something else.
    pub fn mirrored(account: &Account) -> Option<Savings> {
        let Ledger { entity: Entity::Kube(group), fund } = &account.ledger else { return None };
        let who = Sharer::Kube(group.clone(), fund.get());
        (account.code == Code::SavingsAtLkm).then_some(Savings { entity: Entity::Lkm, who })
    }

    /// The account.
    pub fn account(&self) -> Account {
        let (code, subject): (Code, Subject) = self.who.savings();
        savings_ledger(&self.entity).account_of(code, subject)
    }

    /// The row of what is known of it.
    pub fn name(&self) -> RowName {
        RowName::of(&self.entity, COLLECTION, &self.who.key())
    }

    /// How the register `due` names it.
    pub fn listed_as(&self) -> String {
        format!("{}.{}", self.entity, self.who.key())
    }

    /// The account that the register `due` names; `None` when it names nothing of the sort.
    pub fn parse(what: &str) -> Option<Savings> {
        let (entity, who) = what.split_once('.')?;
        Some(Savings { entity: Entity::new(entity)?, who: Sharer::from_key(who)? })
    }

    /// Its sort.
    pub const fn sort(&self) -> SavingsSort {
        match self.who {
            Sharer::Member(_) => SavingsSort::Sukarela,
            Sharer::Kube(_, _) => SavingsSort::Kube,
        }
    }

    /// What is known of it.
    fn activity(&self, draft: &Draft<'_>) -> Result<Option<SavingsActivity>, Stop> {
        Ok(match draft.row(&self.name())? {
            Some(Row::SavingsActivity(row)) => Some(row),
            _ => None,
        })
    }

    /// After how many months it falls dormant, by the product in force on a day.
    fn months(&self, draft: &Draft<'_>, day: Day) -> Result<Option<u32>, Stop> {
        let versions = products(draft, &self.entity, self.sort())?.versions;
        let months = in_force(&versions, day).map(|version| version.dormant_after_months);
        Ok(months.filter(|months| *months > 0))
    }

    /// Writes what is known of it now, with what was known before.
    fn put(&self, draft: &mut Draft<'_>, row: SavingsActivity, before: Option<SavingsActivity>) {
        let before = before.map(|row| Box::new(bare(&row)));
        draft.put(self.name(), Row::SavingsActivity(SavingsActivity { before, ..row }));
    }

    /// Lists it under a day, the first that is not closed at the least.
    fn list(&self, draft: &mut Draft<'_>, row: &mut SavingsActivity, day: Day) -> Result<(), Stop> {
        let day = day.max(last_closed(draft)?.next());
        if day.get() != row.listed_on {
            note_due(draft, day, KIND, &self.listed_as())?;
            row.listed_on = day.get();
        }
        Ok(())
    }

    fn refusal(&self, reason: Reason) -> Refusal {
        Refusal::new(reason).with("account", self.account())
    }
}

/// The same without what was before.
fn bare(row: &SavingsActivity) -> SavingsActivity {
    SavingsActivity { before: None, ..row.clone() }
}

/// The day on which savings fall dormant that were moved last on another.
fn falls_on(row: &SavingsActivity, months: u32) -> Day {
    Day::new(row.moved_on).plus_months(months)
}

/// The row of the product of an account of free savings.
pub(super) fn product_of(account: &Account) -> Option<RowName> {
    Savings::of(account).map(|savings| product_name(&savings.entity, savings.sort()))
}

// ---- what owners do -----------------------------------------------------------------------------

/// Looks at the savings that a draft moves: nothing is asked of dormant ones, and what their owners
/// move is noted.
///
/// Errors: `SAVINGS_DORMANT`.
pub(super) fn check_moved(draft: &mut Draft<'_>, action: &dyn Action) -> Result<(), Stop> {
    if !action.by_owner() {
        return Ok(());
    }
    let mut missing = None;
    for (account, amount) in draft.savings_moved() {
        let Some(savings) = Savings::of(&account) else { continue };
        match moved(draft, &savings, amount.is_positive()) {
            // Go on to find out what else is missing.
            Err(stop @ Stop::Missing) => missing = Some(stop),
            result => result?,
        }
    }
    missing.map_or(Ok(()), Err)
}

fn moved(draft: &mut Draft<'_>, savings: &Savings, taken: bool) -> Result<(), Stop> {
    let versions = products(draft, &savings.entity, savings.sort())?.versions;
    if versions.iter().all(|version| version.dormant_after_months == 0) {
        return Ok(());
    }
    let known = savings.activity(draft)?;
    let since = known.as_ref().map_or(0, |row| row.dormant_on);
    if taken && since != 0 {
        let refusal = savings.refusal(Reason::SavingsDormant).with("date", Day::new(since));
        match draft.frame().mode {
            Mode::Request => return Err(refusal.on("amount").into()),
            Mode::Report => draft.flag(refusal),
        }
    }
    note(draft, savings, known, Vec::new())
}

/// Notes that an owner has moved something, or was seen, on the day of a draft.
fn note(
    draft: &mut Draft<'_>,
    savings: &Savings,
    known: Option<SavingsActivity>,
    reason: Vec<u8>,
) -> Result<(), Stop> {
    let today = draft.frame().happened_on.get();
    let mut row = known.clone().unwrap_or_default();
    if known.is_some() && row.dormant_on == 0 && row.listed_on != 0 && row.moved_on >= today {
        return Ok(());
    }
    row = SavingsActivity { moved_on: row.moved_on.max(today), dormant_on: 0, reason, ..row };
    let months = savings.months(draft, draft.frame().business_day)?;
    match months {
        Some(months) if row.listed_on == 0 => {
            let day = falls_on(&row, months);
            savings.list(draft, &mut row, day)?;
        }
        None if known.is_none() => return Ok(()),
        _ => {}
    }
    savings.put(draft, row, known);
    Ok(())
}

/// Dormant savings are woken: their owner has shown themselves.
#[derive(Clone, Debug)]
pub struct WakeSavings {
    /// Which.
    pub savings: Savings,
    /// Commitment to why.
    pub reason: Vec<u8>,
}

impl Action for WakeSavings {
    fn event(&self) -> Event {
        Event::SavingsWoken
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.savings.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `SAVINGS_AWAKE`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let Savings { entity, who } = &self.savings;
        match who {
            Sharer::Member(member) => {
                draft.member(entity, member, "owner")?;
            }
            Sharer::Kube(group, _) => {
                draft.group(group, "owner")?;
            }
        }
        let known = self.savings.activity(draft)?;
        if known.as_ref().is_none_or(|row| row.dormant_on == 0) {
            return Err(self.savings.refusal(Reason::SavingsAwake).on("owner").into());
        }
        note(draft, &self.savings, known, self.reason.clone())
    }
}

/// Takes back what moving savings left of when they were moved last, and that it woke them, unless
/// they were moved again since.
///
/// Errors: `Missing`.
pub fn undo(draft: &mut Draft<'_>, effect: &Effect, entries: &[&Entry]) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        let Row::SavingsActivity(then) = row else { continue };
        let of_row =
            |entry: &&&Entry| Savings::of(&entry.account).is_some_and(|it| it.name() == *name);
        let (Some(entry), Some(before)) = (entries.iter().find(of_row), &then.before) else {
            continue;
        };
        let Some(savings) = Savings::of(&entry.account) else { continue };
        let Some(now) = savings.activity(draft)? else { continue };
        if (now.moved_on, now.dormant_on) != (then.moved_on, then.dormant_on) {
            continue;
        }
        let row = SavingsActivity { listed_on: now.listed_on, ..bare(before) };
        savings.put(draft, row, Some(now));
    }
    Ok(())
}

// ---- what time does -----------------------------------------------------------------------------

/// At the end of a day, lets savings that are listed under it fall dormant, or lists them anew.
#[derive(Clone, Debug)]
pub struct TendSavings {
    /// The day.
    pub day: Day,
    /// The accounts, at most [`CHUNK`].
    pub savings: Vec<Savings>,
}

impl Action for TendSavings {
    fn event(&self) -> Event {
        Event::SavingsDormant
    }

    /// Errors: `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        each(draft, &self.savings, |draft, savings| tend(draft, savings, self.day))
    }
}

/// Does something to each of many, each a line of its own.
fn each(
    draft: &mut Draft<'_>,
    all: &[Savings],
    act: impl Fn(&mut Draft<'_>, &Savings) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut missing = None;
    for (line, savings) in (1..).zip(all) {
        draft.at_line(line);
        match act(draft, savings) {
            // Go on to find out what else is missing.
            Err(stop @ Stop::Missing) => missing = Some(stop),
            result => result?,
        }
    }
    draft.at_line(0);
    missing.map_or(Ok(()), Err)
}

fn tend(draft: &mut Draft<'_>, savings: &Savings, day: Day) -> Result<(), Stop> {
    let Some(known) = savings.activity(draft)? else { return Ok(()) };
    if known.listed_on == 0 || known.listed_on > day.get() {
        return Ok(());
    }
    let mut row = known.clone();
    match standing_of(draft, &savings.entity)? {
        Standing::Dissolved | Standing::Moved => return Ok(()),
        // What cannot be done before it has come whole is done the next day.
        Standing::Arriving => savings.list(draft, &mut row, day.next())?,
        Standing::Unspecified | Standing::Active | Standing::Asleep => {
            let holds = draft.held(&savings.account())?.is_positive();
            let months = savings.months(draft, day)?.filter(|_| holds && known.dormant_on == 0);
            match months.map(|months| falls_on(&row, months)) {
                Some(falls) if falls > day => savings.list(draft, &mut row, falls)?,
                Some(_) => (row.dormant_on, row.listed_on) = (day.get(), 0),
                None => row.listed_on = 0,
            }
        }
    }
    savings.put(draft, row, Some(known));
    Ok(())
}

// ---- where a product begins ---------------------------------------------------------------------

/// How the register `due` names a product.
fn product_listed_as(entity: &Entity, sort: SavingsSort) -> String {
    format!("{entity}.{}", sort_name(sort))
}

/// The product that the register `due` names; `None` when it names nothing of the sort.
pub fn parse_product(what: &str) -> Option<(Entity, SavingsSort)> {
    let (entity, sort) = what.split_once('.')?;
    let sort = SORTS.iter().copied().find(|one| sort_name(*one) == sort)?;
    Some((Entity::new(entity)?, sort))
}

/// Sees to it that the accounts of a product are listed when its last version, just added, begins:
/// if that says anew when they fall dormant.
///
/// Errors: `Missing`.
pub(super) fn begin(
    draft: &mut Draft<'_>,
    entity: &Entity,
    sort: SavingsSort,
    products: &mut SavingsProducts,
) -> Result<(), Stop> {
    let [before @ .., last] = products.versions.as_slice() else { return Ok(()) };
    let before = before.last().map_or(0, |version| version.dormant_after_months);
    if last.dormant_after_months == 0 || last.dormant_after_months == before {
        return Ok(());
    }
    let since = Day::new(last.since);
    list_product(draft, (entity, sort), products, since)
}

/// Lists a product under a day, unless it is listed under an earlier one.
fn list_product(
    draft: &mut Draft<'_>,
    (entity, sort): (&Entity, SavingsSort),
    products: &mut SavingsProducts,
    day: Day,
) -> Result<(), Stop> {
    let day = day.max(last_closed(draft)?.next());
    if products.listed_on == 0 || day.get() < products.listed_on {
        note_due(draft, day, PRODUCT_KIND, &product_listed_as(entity, sort))?;
        products.listed_on = day.get();
    }
    Ok(())
}

/// At the end of the day on which a product begins to say when its accounts fall dormant, lists them.
/// Those of whom nothing is known yet count from that day.
#[derive(Clone, Debug)]
pub struct ListSavings {
    /// The day.
    pub day: Day,
    /// Whose product.
    pub entity: Entity,
    /// Its sort.
    pub sort: SavingsSort,
    /// The accounts, at most [`CHUNK`].
    pub savings: Vec<Savings>,
    /// Whether they are the last.
    pub last: bool,
}

impl Action for ListSavings {
    fn event(&self) -> Event {
        Event::SavingsListed
    }

    /// Errors: `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = product_name(&self.entity, self.sort);
        let mut row = products(draft, &self.entity, self.sort)?;
        if row.listed_on == 0 || row.listed_on > self.day.get() {
            return Ok(());
        }
        let product = (&self.entity, self.sort);
        match standing_of(draft, &self.entity)? {
            Standing::Dissolved | Standing::Moved => return Ok(()),
            // What cannot be done before it has come whole is done the next day.
            Standing::Arriving => {
                row.listed_on = 0;
                list_product(draft, product, &mut row, self.day.next())?;
            }
            Standing::Unspecified | Standing::Active | Standing::Asleep => {
                each(draft, &self.savings, |draft, savings| list_anew(draft, savings, self.day))?;
                if !self.last {
                    return Ok(());
                }
                row.listed_on = 0;
                let later = row.versions.iter().find(|version| version.since > self.day.get());
                if let Some(since) = later.map(|version| Day::new(version.since)) {
                    list_product(draft, product, &mut row, since)?;
                }
            }
        }
        draft.put(name, Row::SavingsProducts(row));
        Ok(())
    }
}

fn list_anew(draft: &mut Draft<'_>, savings: &Savings, day: Day) -> Result<(), Stop> {
    let Some(months) = savings.months(draft, day)? else { return Ok(()) };
    let known = savings.activity(draft)?;
    let holds = draft.held(&savings.account())?.is_positive();
    if !holds || known.as_ref().is_some_and(|row| row.dormant_on != 0) {
        return Ok(());
    }
    let unseen = SavingsActivity { moved_on: day.get(), ..SavingsActivity::default() };
    let mut row = known.clone().unwrap_or(unseen);
    let falls = falls_on(&row, months);
    if row.listed_on == 0 || falls.get() < row.listed_on {
        savings.list(draft, &mut row, falls)?;
        savings.put(draft, row, known);
    }
    Ok(())
}

// ---- in another book ----------------------------------------------------------------------------

/// Lists here what came with a group that was listed in its old book.
///
/// Errors: `Missing`.
pub(super) fn arrive(
    draft: &mut Draft<'_>,
    entity: &Entity,
    key: &str,
    row: &mut SavingsActivity,
) -> Result<(), Stop> {
    row.before = None;
    let listed = std::mem::take(&mut row.listed_on);
    match Sharer::from_key(key) {
        Some(who) if listed != 0 => {
            Savings { entity: entity.clone(), who }.list(draft, row, Day::new(listed))
        }
        _ => Ok(()),
    }
}

/// The same of a product whose accounts were still to be listed.
///
/// Errors: `Missing`.
pub(super) fn relist(
    draft: &mut Draft<'_>,
    entity: &Entity,
    key: &str,
    products: &mut SavingsProducts,
) -> Result<(), Stop> {
    let listed = std::mem::take(&mut products.listed_on);
    match SORTS.iter().find(|sort| sort_name(**sort) == key) {
        Some(sort) if listed != 0 => {
            list_product(draft, (entity, *sort), products, Day::new(listed))
        }
        _ => Ok(()),
    }
}
