//! The drawers (laci) of the LKM's tellers: opened on a business day, limited, counted and closed at
//! its end.
//!
//! **The rule**: it holds for a drawer from its first opening on; a drawer that was never opened is
//! a plain place for money, and so is a collector's bag. From then on only an open drawer takes part
//! in what is asked, on the business day it was opened on, and where people sign in only for its own
//! teller or a manager. What is told of money that has moved is recorded and flagged.
//!
//! A drawer's limit is a setting with a first day; none is set by itself. Money of the LKM's own,
//! from its vault or bank, is not moved into a drawer beyond the limit. What somebody brings to the
//! counter is never turned away for it: that is flagged and put to review until the cash
//! beyond the limit is in the vault.
//!
//! **Invariants**: a drawer closes by being counted, what is short or over going to Selisih Kas under
//! the drawer's name; no day closes while a drawer that was opened by then is open.

use crate::domain::access::{Role, on_duty, user_name};
use crate::domain::account::Subject;
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::cash::{book_difference, in_all_funds};
use crate::domain::chart::Code;
use crate::domain::daily;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Mode, Stop, not_found};
use crate::domain::effective::{self, Version};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::lkm_ledger;
use crate::domain::money::Sen;
use crate::domain::record::proto::{Drawer, DrawerLimit, OpenDrawers, OpenedDrawer};
use crate::domain::record::{Event, Flag, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The row of a drawer.
pub fn drawer_name(drawer: &str) -> RowName {
    RowName::new("drawers", drawer)
}

/// The row that says which drawers are open.
pub fn open_name() -> RowName {
    RowName::new("", "open-drawers")
}

impl Version for DrawerLimit {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// A teller's drawer. Errors: `NOT_FOUND`, `WRONG_KIND` for a collector's bag.
fn teller_drawer(draft: &Draft<'_>, drawer: &Id) -> Result<Drawer, Stop> {
    let name = drawer_name(drawer.as_str());
    match draft.require(&name, "drawer")? {
        Row::Drawer(row) if !row.collector => Ok(row),
        Row::Drawer(_) => {
            Err(Refusal::new(Reason::WrongKind).on("drawer").with("name", drawer).into())
        }
        _ => Err(not_found(&name, "drawer").into()),
    }
}

/// A drawer that was opened at least once. Errors: `Missing`.
fn kept(draft: &Draft<'_>, drawer: &Subject) -> Result<Option<Drawer>, Stop> {
    Ok(match draft.row(&drawer_name(drawer.as_str()))? {
        Some(Row::Drawer(row)) if row.opened_on != 0 => Some(row),
        _ => None,
    })
}

/// Whose the differences of a place are: the drawer's, where it is opened and closed.
///
/// Errors: `Missing`.
pub(super) fn differences_of(
    draft: &Draft<'_>,
    place: &(Code, Subject),
) -> Result<(Code, Subject), Stop> {
    let own = place.0 == Code::Drawer && kept(draft, &place.1)?.is_some();
    let subject = if own { place.1.clone() } else { Subject::none() };
    Ok((Code::CashDifference, subject))
}

fn refuse(reason: Reason, drawer: &str) -> Refusal {
    Refusal::new(reason).on("drawer").with("drawer", drawer)
}

/// Checks that whoever has signed in answers for a drawer, or leads the LKM.
///
/// Errors: `DRAWER_OF_OTHER`.
fn check_teller(draft: &Draft<'_>, drawer: &str, teller: &str) -> Result<(), Refusal> {
    let author = &draft.frame().author;
    match author.role {
        Role::Unspecified | Role::Manager => Ok(()),
        _ if author.actor == teller => Ok(()),
        _ => Err(refuse(Reason::DrawerOfOther, drawer).with("teller", teller)),
    }
}

/// Checks what a draft moves in drawers: see the rule above. What is told is only flagged.
///
/// Errors: `DRAWER_CLOSED`, `DRAWER_OF_OTHER`, `DRAWER_FULL`.
pub(super) fn check_moved(draft: &mut Draft<'_>, event: Event) -> Result<(), Stop> {
    let opens = matches!(event, Event::DrawerOpened | Event::DrawerClosed);
    for (drawer, amount) in draft.moved_in(Code::Drawer)? {
        let Some(row) = kept(draft, &drawer)? else { continue };
        if !opens && let Err(refusal) = check_open(draft, drawer.as_str(), &row) {
            refuse_or_flag(draft, refusal)?;
        }
        if amount.is_positive() {
            check_limit(draft, &drawer, &row)?;
        }
    }
    Ok(())
}

fn refuse_or_flag(draft: &mut Draft<'_>, refusal: Refusal) -> Result<(), Stop> {
    if draft.frame().mode == Mode::Request {
        return Err(refusal.into());
    }
    draft.flag(refusal);
    Ok(())
}

fn check_open(draft: &Draft<'_>, drawer: &str, row: &Drawer) -> Result<(), Refusal> {
    if !row.open || row.opened_on != draft.frame().business_day.get() {
        return Err(refuse(Reason::DrawerClosed, drawer));
    }
    check_teller(draft, drawer, &row.teller)
}

fn check_limit(draft: &mut Draft<'_>, drawer: &Subject, row: &Drawer) -> Result<(), Stop> {
    let today = draft.frame().business_day;
    let Some(limit) = effective::in_force(&row.limits, today) else { return Ok(()) };
    let held = in_all_funds(draft, &Entity::Lkm, &(Code::Drawer, drawer.clone()))?;
    if held <= Sen::new(limit.amount) {
        return Ok(());
    }
    let refusal = refuse(Reason::DrawerFull, drawer.as_str());
    let refusal = refusal.with("cap", limit.amount).with("held", held.get());
    if draft.money_moved(&Entity::Lkm)?.is_positive() {
        draft.flag(refusal);
        return Ok(());
    }
    refuse_or_flag(draft, refusal)
}

/// Sets how much a drawer may hold from a day on.
#[derive(Clone, Debug)]
pub struct SetDrawerLimit {
    /// The drawer.
    pub drawer: Id,
    /// The first day.
    pub since: Day,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for SetDrawerLimit {
    fn event(&self) -> Event {
        Event::DrawerLimitSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Rules, &Entity::Lkm)))
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND`, `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = teller_drawer(draft, &self.drawer)?;
        let limit = DrawerLimit { since: self.since.get(), amount: self.amount.get() };
        effective::add(draft, &Entity::Lkm, &mut row.limits, limit, "since")?;
        draft.put(drawer_name(self.drawer.as_str()), Row::Drawer(row));
        Ok(())
    }
}

/// A teller's day begins: the drawer is counted, and given money from the vault (event 5).
#[derive(Clone, Debug)]
pub struct OpenDrawer {
    /// The drawer.
    pub drawer: Id,
    /// The user who answers for it.
    pub teller: Id,
    /// Sen found in it before.
    pub counted: Sen,
    /// Sen put into it from the vault, possibly none.
    pub from_vault: Sen,
}

impl Action for OpenDrawer {
    fn event(&self) -> Event {
        Event::DrawerOpened
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND` for a bag or for who is no teller, `DRAWER_OPEN`,
    /// `NOT_BUSINESS_DAY`, `PERIOD_CLOSED`, `DRAWER_OF_OTHER`, `DRAWER_FULL`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = teller_drawer(draft, &self.drawer)?;
        let drawer = self.drawer.as_str();
        if row.open {
            let refusal = refuse(Reason::DrawerOpen, drawer);
            return Err(refusal.with("date", Day::new(row.opened_on)).into());
        }
        check_teller(draft, drawer, self.teller.as_str())?;
        self.check_user(draft)?;
        let today = check_today(draft)?;
        row.teller = self.teller.to_string();
        row.opened_on = today.get();
        row.open = true;
        draft.put(drawer_name(drawer), Row::Drawer(row));
        note_open(draft, |open| {
            let (drawer, opened_on) = (drawer.to_owned(), today.get());
            open.push(OpenedDrawer { drawer, opened_on });
        })?;
        let place = (Code::Drawer, Subject::id(&self.drawer));
        count(draft, &place, self.counted)?;
        draft.transfer(&lkm_ledger(), place, Code::Vault, self.from_vault)
    }
}

impl OpenDrawer {
    /// Where people sign in, whoever answers for a drawer is a teller or a manager today.
    fn check_user(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        if draft.frame().author.role == Role::Unspecified {
            return Ok(());
        }
        let name = user_name(&self.teller);
        let Row::User(user) = draft.require(&name, "teller")? else {
            return Err(not_found(&name, "teller").into());
        };
        let today = draft.frame().today;
        let serves = user
            .assignments
            .iter()
            .any(|one| on_duty(one, today) && matches!(one.role(), Role::Teller | Role::Manager));
        if serves {
            return Ok(());
        }
        Err(Refusal::new(Reason::WrongKind).on("teller").with("name", &self.teller).into())
    }
}

/// The business day, if that is the day of a draft and is not closed.
///
/// Errors: `NOT_BUSINESS_DAY`, `PERIOD_CLOSED`.
fn check_today(draft: &Draft<'_>) -> Result<Day, Stop> {
    let today = draft.frame().business_day;
    if draft.frame().happened_on != today {
        let refusal = Refusal::new(Reason::NotBusinessDay).on("happened_on");
        return Err(refusal.with("today", today).into());
    }
    let closed = daily::last_closed(draft)?;
    if closed >= today {
        return Err(Refusal::new(Reason::PeriodClosed)
            .on("happened_on")
            .with("date", closed)
            .into());
    }
    Ok(today)
}

/// A teller's day ends: the drawer is counted (event 13), and what is said goes to the vault.
#[derive(Clone, Debug)]
pub struct CloseDrawer {
    /// The drawer.
    pub drawer: Id,
    /// Sen counted in it.
    pub counted: Sen,
    /// Sen of that put into the vault, possibly none.
    pub to_vault: Sen,
}

impl Action for CloseDrawer {
    fn event(&self) -> Event {
        Event::DrawerClosed
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND`, `DRAWER_CLOSED`, `DRAWER_OF_OTHER`, `FLOOR`,
    /// `NOT_AFTER_LAST` for a day before it was opened.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = teller_drawer(draft, &self.drawer)?;
        let drawer = self.drawer.as_str();
        if !row.open {
            return Err(refuse(Reason::DrawerClosed, drawer).into());
        }
        check_teller(draft, drawer, &row.teller)?;
        let day = draft.frame().happened_on;
        crate::domain::register::after_last(day, row.opened_on - 1, "happened_on")?;
        let place = (Code::Drawer, Subject::id(&self.drawer));
        count(draft, &place, self.counted)?;
        draft.transfer(&lkm_ledger(), Code::Vault, place, self.to_vault)?;
        row.open = false;
        draft.put(drawer_name(drawer), Row::Drawer(row));
        note_open(draft, |open| open.retain(|one| one.drawer != drawer))
    }
}

fn count(draft: &mut Draft<'_>, place: &(Code, Subject), counted: Sen) -> Result<(), Stop> {
    let held = in_all_funds(draft, &Entity::Lkm, place)?;
    book_difference(draft, &Entity::Lkm, place.clone(), counted.minus(held)?)
}

fn note_open(
    draft: &mut Draft<'_>,
    change: impl FnOnce(&mut Vec<OpenedDrawer>),
) -> Result<(), Stop> {
    let mut row = match draft.row(&open_name())? {
        Some(Row::OpenDrawers(row)) => row,
        _ => OpenDrawers::default(),
    };
    change(&mut row.drawers);
    row.drawers.sort_by(|one, other| one.drawer.cmp(&other.drawer));
    row.changes += 1;
    draft.put(open_name(), Row::OpenDrawers(row));
    Ok(())
}

/// Checks that no drawer opened by a day is open.
///
/// Errors: `DRAWERS_OPEN`, which names them.
pub fn check_closed(row: Option<&Row>, day: Day) -> Result<(), Refusal> {
    let Some(Row::OpenDrawers(row)) = row else { return Ok(()) };
    let open = row.drawers.iter().filter(|one| one.opened_on <= day.get());
    let names: Vec<&str> = open.map(|one| one.drawer.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::DrawersOpen).on("through").with("date", day);
    Err(refusal.with("drawers", names.join(", ")))
}

/// Whether a remark on what was asked is for a person to look at: that a drawer holds too much.
pub(super) fn is_for_review(flag: &Flag) -> bool {
    flag.remark.reason == Reason::DrawerFull
}
