//! Whether a group is awake and here: active, asleep, dissolved, moved to another book, or on its
//! way from one.
//!
//! **Invariant**: a group that sleeps asks for no money; one that was dissolved or has moved is
//! asked nothing more. What is told of either is recorded: of a sleeping group as ever, of one that
//! is gone in suspense. Of one that has not come whole nothing is taken, as of one that is not known.

use std::collections::BTreeMap;

use crate::domain::account::{Account, Ledger};
use crate::domain::chart::{CHART, Code, FUNDS, SubjectKind, fund_allowed};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::{Group, Standing, StandingSince};
use crate::domain::record::{Effect, Entry, Event, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::after_last;

/// What may still be asked of a group that is gone: what tells of its past, and what clears it up. A
/// pass from another book looks itself: one that it had taken in before has arrived.
const AFTERWARDS: &[Event] = &[
    Event::SheetRecorded,
    Event::SheetDecided,
    Event::SuspenseCleared,
    Event::PeriodClosed,
    Event::BankReconciled,
    Event::GuliranArrived,
    Event::GuliranReceived,
    Event::GuliranConfirmed,
    Event::GroupArrived,
    Event::GroupCarried,
    Event::ReportConfirmed,
    Event::ReportDisputed,
    Event::PersonErased,
];

/// What a sleeping group may ask though money leaves it: to be no more.
const LEAVING: &[Event] = &[Event::GroupDissolved, Event::GroupLeft];

/// Checks that a group was not dissolved, has not moved, and has come whole.
///
/// Errors: `GROUP_DISSOLVED`, `GROUP_MOVED`, `GROUP_ARRIVING`.
pub fn check_here(id: &Id, group: &Group) -> Result<(), Refusal> {
    let Some(last) = group.standings.last() else { return Ok(()) };
    let reason = match last.standing() {
        Standing::Dissolved => Reason::GroupDissolved,
        Standing::Moved => Reason::GroupMoved,
        Standing::Arriving => Reason::GroupArriving,
        Standing::Unspecified | Standing::Active | Standing::Asleep => return Ok(()),
    };
    let refusal = Refusal::new(reason).on("group").with("group", id);
    Err(refusal.with("date", Day::new(last.since)))
}

/// How an entity stands: whether it is in this book, where the LKM always is.
///
/// Errors: `NOT_FOUND`.
pub(super) fn standing_of(draft: &Draft<'_>, entity: &Entity) -> Result<Standing, Stop> {
    Ok(match entity {
        Entity::Lkm => Standing::Active,
        Entity::Kube(group) => {
            let row = draft.group(group, "group")?;
            row.standings.last().map_or(Standing::Active, |last| last.standing())
        }
    })
}

/// Checks that nothing is asked or told of a group that has not come whole, but the rest of it.
///
/// Errors: `GROUP_ARRIVING`.
pub(super) fn check_whole(id: &Id, group: &Group, event: Event) -> Result<(), Refusal> {
    let arriving = group.standings.last().map(|last| last.standing()) == Some(Standing::Arriving);
    let rest = event == Event::GroupUnpacked;
    if arriving && !rest { check_here(id, group) } else { Ok(()) }
}

/// Checks that a group may be asked something. Errors: `GROUP_DISSOLVED`, `GROUP_MOVED`.
pub(super) fn check_request(id: &Id, group: &Group, event: Event) -> Result<(), Refusal> {
    match AFTERWARDS.contains(&event) || event == Event::GroupUnpacked {
        true => Ok(()),
        false => check_here(id, group),
    }
}

/// Checks that a group of whom something is told is still here. What a collector took looks itself:
/// it waits in two ledgers.
///
/// Errors: `GROUP_DISSOLVED`, `GROUP_MOVED`.
pub(super) fn check_report(draft: &Draft<'_>, action: &dyn Action) -> Result<(), Stop> {
    match (action.event(), action.entity()) {
        (Event::Collected, _) => Ok(()),
        (_, Some(Entity::Kube(id))) => {
            draft.check_group(&id, "group", |group| check_here(&id, group))
        }
        _ => Ok(()),
    }
}

/// Checks that no money leaves a sleeping group, or its LKM for it, by what was asked.
///
/// Errors: `GROUP_ASLEEP`.
pub(super) fn check_awake(
    draft: &Draft<'_>,
    id: &Id,
    group: &Group,
    event: Event,
) -> Result<(), Refusal> {
    let today = draft.frame().happened_on.get();
    let then = group.standings.iter().rev().find(|one| one.since <= today);
    let Some(asleep) = then.filter(|one| one.standing() == Standing::Asleep) else {
        return Ok(());
    };
    let group_money = draft.money_moved(&Entity::Kube(id.clone()))?;
    let out = group_money.is_negative() || draft.money_moved(&Entity::Lkm)?.is_negative();
    if !out || LEAVING.contains(&event) {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::GroupAsleep).on("group").with("group", id);
    Err(refusal.with("date", Day::new(asleep.since)))
}

/// A group falls asleep, or wakes, by minute.
#[derive(Clone, Debug)]
pub struct ChangeStanding {
    /// Which KUBE.
    pub group: Id,
    /// Whether it wakes, rather than falling asleep.
    pub awake: bool,
    /// Since when.
    pub since: Day,
    /// The number of the minute.
    pub minute: String,
}

impl Action for ChangeStanding {
    fn event(&self) -> Event {
        Event::StandingChanged
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `STANDING_HELD`, `NOT_AFTER_LAST`, `DATE_IN_FUTURE`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.not_future(self.since, "since")?;
        let mut row = draft.group(&self.group, "group")?;
        let awake = row.standings.last().is_none_or(|last| last.standing() == Standing::Active);
        if awake == self.awake {
            let refusal = Refusal::new(Reason::StandingHeld).on("group");
            return Err(refusal.with("group", &self.group).into());
        }
        if let Some(last) = row.standings.last() {
            after_last(self.since, last.since, "since")?;
        }
        let standing = if self.awake { Standing::Active } else { Standing::Asleep };
        row.standings.push(StandingSince {
            standing: standing as i32,
            since: self.since.get(),
            minute: self.minute.clone(),
            moved_to: String::new(),
        });
        draft.put(RowName::group(&self.group), Row::Group(row));
        Ok(())
    }
}

/// Ends a group's life in this book on the day of the draft, and its tie to the LKM with it.
pub(super) fn end(
    draft: &mut Draft<'_>,
    group: &Id,
    standing: Standing,
    (minute, moved_to): (&str, &str),
) -> Result<(), Stop> {
    let mut row = draft.group(group, "group")?;
    let today = draft.frame().happened_on;
    if let Some(last) = row.standings.last() {
        after_last(today, last.since - 1, "happened_on")?;
    }
    for link in row.links.iter_mut().filter(|link| link.until == 0) {
        link.until = today.get();
    }
    row.standings.push(StandingSince {
        standing: standing as i32,
        since: today.get(),
        minute: minute.to_owned(),
        moved_to: moved_to.to_owned(),
    });
    draft.put(RowName::group(group), Row::Group(row));
    Ok(())
}

/// Checks that what is taken back did not happen in a group that is gone, unless it is the going, or
/// was told afterwards: then it waits in suspense, and is told where the group is instead.
///
/// Errors: `GROUP_DISSOLVED`, `GROUP_MOVED`.
pub fn check_reversal(draft: &Draft<'_>, event: Event, entries: &[&Entry]) -> Result<(), Stop> {
    if LEAVING.contains(&event) {
        return Ok(());
    }
    let mut groups: BTreeMap<&Id, Vec<Code>> = BTreeMap::new();
    for entry in entries {
        if let Entity::Kube(id) = &entry.account.ledger.entity {
            groups.entry(id).or_default().push(entry.account.code);
        }
    }
    for (id, codes) in groups {
        let waits = |code: &Code| code.is_money() || *code == Code::Suspense;
        if codes.contains(&Code::Suspense) && codes.iter().all(waits) {
            continue;
        }
        let row = draft.group(id, "transaction")?;
        check_here(id, &row).map_err(|refusal| refusal.on("transaction"))?;
    }
    Ok(())
}

/// A group is here again as if it had never been dissolved or moved.
///
/// Errors: `OVERFLOW`.
pub fn undo(draft: &mut Draft<'_>, record: &Record, effect: &Effect) -> Result<(), Stop> {
    if !matches!(record.event, Event::GroupDissolved | Event::GroupLeft) {
        return Ok(());
    }
    for (name, row) in &effect.rows {
        let (Row::Group(_), Some(Row::Group(mut row))) = (row, draft.row(name)?) else { continue };
        let Some(ended) = row.standings.pop() else { continue };
        for link in row.links.iter_mut().filter(|link| link.until == ended.since) {
            link.until = 0;
        }
        draft.put(name.clone(), Row::Group(row));
    }
    Ok(())
}

/// The ledgers of a group, in the order of its funds.
pub(super) fn ledgers(group: &Id) -> Vec<Ledger> {
    let entity = Entity::Kube(group.clone());
    let funds = FUNDS.iter().filter(|fund| fund_allowed(&entity, **fund));
    funds.map(|fund| Ledger::new(entity.clone(), *fund)).collect()
}

/// Checks that nothing stands on any account of a group.
///
/// Errors: `NOT_SETTLED`.
pub(super) fn check_empty(draft: &Draft<'_>, group: &Id) -> Result<(), Stop> {
    let entity = Entity::Kube(group.clone());
    let codes = CHART.iter().map(|line| line.code).filter(|code| code.belongs_to(&entity));
    let codes: Vec<_> = codes.collect();
    let mut missing = None;
    for ledger in ledgers(group) {
        for code in &codes {
            let account = ledger.account(*code);
            // Go on to find out what else is missing: all totals are loaded in one round.
            match draft.total(&account.control()) {
                Ok(total) if total.is_zero() => {}
                Ok(total) if missing.is_none() => return Err(not_settled(&account, total)?.into()),
                Ok(_) => {}
                Err(stop @ Stop::Missing) => missing = Some(stop),
                Err(stop) => return Err(stop),
            }
        }
    }
    missing.map_or(Ok(()), Err)
}

/// The refusal for an account that must be empty and holds so much, debit positive.
///
/// Errors: `OVERFLOW`.
pub(super) fn not_settled(
    account: &Account,
    balance: crate::domain::money::Sen,
) -> Result<Refusal, Refusal> {
    let held = if account.code.debit_side() { balance } else { balance.negated()? };
    let refusal = Refusal::new(Reason::NotSettled).on("group").with("account", account);
    Ok(refusal.with("held", held.get()))
}

/// Loads the balances of accounts in one round.
pub(super) fn foresee(draft: &Draft<'_>, accounts: &[Account]) -> Result<(), Stop> {
    let mut all = Ok(());
    for account in accounts {
        all = all.and(draft.balance(account).map(drop));
    }
    all
}

/// The member or third party that an account belongs to, as the collection and the id.
pub(super) fn owner_of(account: &Account) -> Option<(&'static str, Id)> {
    let collection = match account.code.line().subject {
        SubjectKind::Member => "members",
        SubjectKind::Party => "parties",
        _ => return None,
    };
    Some((collection, Id::new(account.subject.as_str())?))
}
