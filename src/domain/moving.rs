//! A group moves to another book, by two chains of records tied by the group's name and the
//! position of the first: closing ones in the book it leaves, opening ones in the book it comes to.
//!
//! | record          | book | what it does                                                        |
//! |-----------------|------|---------------------------------------------------------------------|
//! | `GroupLeft`     | old  | checks that all is settled, ends the group there, closes a first part |
//! | `GroupCame`     | new  | registers the group; if all is closed, takes in the first part       |
//! | `GroupCarried`  | old  | closes a further part                                                |
//! | `GroupUnpacked` | new  | takes in a further part; with the last one the group is there         |
//! | `GroupArrived`  | old  | hears that it is there, or was refused before more was closed        |
//!
//! A small group takes the first two and the last. A part is a set of things, each with the
//! accounts that hold it, and balances on Saldo Awal in every ledger: when all has left, nothing
//! stands there, and when all has come, what stood there before.
//!
//! **Invariant**: the closings carry out every balance of the group's ledgers and leave nothing; the
//! openings bring in the same balances, account by account, as of the same day. What mirrors the
//! old LKM or another group of the old book cannot move: it is settled first. What the group has
//! passed on to another book arrives, or is taken back, before the group goes; so is a surplus
//! divided, and interest on savings and shares of profit paid, whose days only the old book knows. A grant's capital
//! that has moved is counted in the old book as moved, and in the new one as held.

use std::collections::BTreeMap;

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::block::{self, blocked_name};
use crate::domain::chart::{CHART, Code, SubjectKind, fund_name};
use crate::domain::daily::last_closed;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::dormancy::{self, Savings};
use crate::domain::draft::{Draft, Stop, grant_name, not_found};
use crate::domain::effective::in_force;
use crate::domain::guliran::accounts_of;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::iks_rule::period_of;
use crate::domain::loan;
use crate::domain::loan::case::{Case, loan_name};
use crate::domain::lot::account_of;
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::proto::{
    self, Blocked, DuesPeriod, Group, GroupArrival, Link, Move, SavingsProduct, Standing,
    StandingSince, TransitState,
};
use crate::domain::record::{Effect, Event, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::savings_product::{SORTS, pays_from, products, sort_name};
use crate::domain::savings_share::check_paid;
use crate::domain::standing::{check_empty, end, ledgers, not_settled};
use crate::domain::transfer::check_arrived;
use crate::domain::uep::blocked;
use crate::domain::upkeep::changed;

/// The collection of groups on their way to other books.
pub const MOVES: &str = "moves";

/// A group's way to another book.
pub fn move_name(group: &Id) -> RowName {
    RowName::new(MOVES, group.as_str())
}

/// A group's way from another book.
pub fn arrival_name(group: &Id) -> RowName {
    RowName::new("arrivals", group.as_str())
}

// ---- what leaves -------------------------------------------------------------------------------

/// What leaves, and comes, as a whole: it and the accounts that hold it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// An account that belongs to none of the others.
    Account(Account),
    /// A lot.
    Lot(Id),
    /// A grant.
    Grant(Id),
    /// A loan to a member.
    Loan(Id),
}

impl Thing {
    /// What an account of a group goes with.
    pub fn of(account: &Account) -> Thing {
        match (account.code.line().subject, Id::new(account.subject.as_str())) {
            (SubjectKind::Lot, Some(lot)) => Thing::Lot(lot),
            (SubjectKind::Grant, Some(grant)) => Thing::Grant(grant),
            (SubjectKind::Loan, Some(loan)) if account.code != Code::BankDebt => Thing::Loan(loan),
            _ => Thing::Account(account.clone()),
        }
    }

    /// Whether it is money, which leaves first: what is told of the group afterwards moves money
    /// into suspense, and that stays.
    pub const fn is_money(&self) -> bool {
        match self {
            Thing::Account(account) => account.code.is_money(),
            Thing::Lot(_) | Thing::Grant(_) | Thing::Loan(_) => false,
        }
    }
}

/// Whether an account cannot move: another ledger of the old book knows the other side of it, or
/// nobody has decided yet what it is, or it rests on a register that does not go along.
pub fn stays(code: Code) -> bool {
    let between = matches!(code, Code::GuliranReceivable | Code::GuliranPayable);
    let undecided = matches!(code, Code::Suspense | Code::CashDifference);
    let for_a_term = code.line().subject == SubjectKind::Deposit;
    code.is_mirrored() || between || undecided || for_a_term || is_between_lkm_and_kube(code)
}

/// What a KUBE owes its LKM, or has paid it for others.
const fn is_between_lkm_and_kube(code: Code) -> bool {
    matches!(
        code,
        Code::StandInReceivable
            | Code::TitipanAtLkm
            | Code::MurabahahBurden
            | Code::LkmLoan
            | Code::InterestPayable
            | Code::MurabahahPayable
            | Code::QardhPayable
            | Code::SyirkahFund
    )
}

/// A group leaves for another book.
#[derive(Clone, Debug)]
pub struct Leave {
    /// Which KUBE.
    pub group: Id,
    /// Where to, `books/{book}/groups/{group}`.
    pub to: String,
    /// Its accounts that were found to hold what cannot move.
    pub staying: Vec<Account>,
    /// An account or a loan that was found to have moved after the day, if any has.
    pub later: Option<String>,
    /// What leaves first: all that was found if there is no more, its money in any case.
    pub things: Vec<Thing>,
    /// Whether more was found.
    pub more: bool,
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

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `TRANSFERS_IN_TRANSIT`, `FACTS_AFTER_MOVE`, `SURPLUS_UNDIVIDED`, `INTEREST_UNPAID`,
    /// `SHARE_UNPAID`, `NOT_SETTLED`, `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        check_arrived(draft, &self.group)?;
        self.check_nothing_later(draft)?;
        check_divided(draft, &self.group)?;
        check_interest_paid(draft, &self.group)?;
        check_paid(draft, &self.group)?;
        for account in &self.staying {
            let balance = draft.balance(account)?;
            if !balance.is_zero() {
                return Err(not_settled(account, balance)?.into());
            }
        }
        check_settled(draft, &self.group)?;
        carry_out(draft, &self.group, &self.things)?;
        if !self.more {
            check_empty(draft, &self.group)?;
        }
        end(draft, &self.group, Standing::Moved, (&self.minute, &self.to))?;
        let position = draft.frame().position;
        let row = Move {
            to: self.to.clone(),
            moved_on: draft.frame().happened_on.get(),
            minute: self.minute.clone(),
            position,
            state: TransitState::Waiting as i32,
            broken: String::new(),
            closings: vec![position],
            open: self.more,
        };
        draft.put(move_name(&self.group), Row::Move(row));
        Ok(())
    }
}

impl Leave {
    /// Checks that nothing happened after the day on which the group leaves: of all accounts and
    /// loans by what was found, and of the loans that leave first by their facts.
    fn check_nothing_later(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let date = draft.frame().happened_on;
        let refused = |name: &str| {
            let refusal = Refusal::new(Reason::FactsAfterMove).on("happened_on");
            Stop::from(refusal.with("name", name).with("date", date))
        };
        if let Some(name) = &self.later {
            return Err(refused(name));
        }
        let entity = Entity::Kube(self.group.clone());
        each(self.things.iter(), |thing| {
            let Thing::Loan(id) = thing else { return Ok(()) };
            let case = Case::load(draft, &entity, id)?;
            match loan::moving::last_fact(&case.row) {
                Some(last) if last > date => Err(refused(&loan_name(&entity, id).to_string())),
                _ => Ok(()),
            }
        })
    }
}

/// Checks that no surplus waits to be divided or allotted. A loss goes along: it is covered by what
/// the group has, wherever it is.
fn check_divided(draft: &Draft<'_>, group: &Id) -> Result<(), Stop> {
    let waits = |ledger: &Ledger| {
        let total = |code: Code| draft.total(&ledger.account(code).control());
        let (whole, to_allot) = (total(Code::Surplus), total(Code::SurplusToAllot));
        Ok::<Sen, Stop>(whole?.min(Sen::ZERO).plus(to_allot?)?.negated()?)
    };
    each(ledgers(group).iter(), |ledger| {
        let held = waits(ledger)?;
        if held.is_zero() {
            return Ok(());
        }
        let refusal = Refusal::new(Reason::SurplusUndivided).on("group");
        let fund = fund_name(ledger.fund.get());
        Err(refusal.with("fund", fund).with("held", held.get()).into())
    })
}

/// Checks that what the members' savings earned was paid. Interest is counted by whole months from
/// what an account held day by day, and that stays in the book: so it must be paid for the last
/// month that the group was here in, and a group whose savings earn goes at a month's beginning.
fn check_interest_paid(draft: &Draft<'_>, group: &Id) -> Result<(), Stop> {
    let entity = Entity::Kube(group.clone());
    let today = draft.frame().happened_on;
    each(SORTS.iter(), |sort| {
        let (closed, products) = (last_closed(draft), products(draft, &entity, *sort));
        let last = last_earning(&products?.versions, closed?, today);
        let Some(through) = last else { return Ok(()) };
        let refusal = Refusal::new(Reason::InterestUnpaid).on("group");
        let refusal = refusal.with("sort", sort_name(*sort)).with("through", through);
        Err(refusal.with("date", through.next().max(today)).into())
    })
}

/// The end of the last month, begun before a day and not closed, for which a product pays interest.
fn last_earning(versions: &[SavingsProduct], closed: Day, today: Day) -> Option<Day> {
    let mut last = None;
    let mut month = period_of(DuesPeriod::Monthly, closed.next());
    while month.0 < today {
        let product = in_force(versions, month.1);
        if product.is_some_and(|one| !one.rate.is_empty()) {
            last = Some(month.1);
        }
        month = period_of(DuesPeriod::Monthly, month.1.next());
    }
    last
}

/// Checks by the totals that nothing stands where it cannot move from.
fn check_settled(draft: &Draft<'_>, group: &Id) -> Result<(), Stop> {
    let entity = Entity::Kube(group.clone());
    let codes = CHART.iter().map(|line| line.code);
    let codes: Vec<Code> = codes.filter(|code| stays(*code) && code.belongs_to(&entity)).collect();
    each(
        ledgers(group).iter().flat_map(|ledger| codes.iter().map(move |code| (ledger, *code))),
        |(ledger, code)| {
            let account = ledger.account(code);
            let total = draft.total(&account.control())?;
            if total.is_zero() { Ok(()) } else { Err(not_settled(&account, total)?.into()) }
        },
    )
}

/// Does something for each of many; what is not loaded stops none, so that all of it is loaded in
/// one round.
fn each<T>(
    all: impl Iterator<Item = T>,
    mut act: impl FnMut(T) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut missing = None;
    for one in all {
        match act(one) {
            Err(stop @ Stop::Missing) => missing = Some(stop),
            result => result?,
        }
    }
    missing.map_or(Ok(()), Err)
}

/// More of what goes with a group that has left.
#[derive(Clone, Debug)]
pub struct Carry {
    /// The group.
    pub group: Id,
    /// How many closings there were before this one.
    pub step: usize,
    /// What leaves now.
    pub things: Vec<Thing>,
    /// Whether there is more.
    pub more: bool,
}

impl Action for Carry {
    fn event(&self) -> Event {
        Event::GroupCarried
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `NOT_FOUND` for a group that is not on its way, `FACTS_MOVED`, `NOT_SETTLED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = move_name(&self.group);
        let mut row = waiting(draft, &name)?;
        if row.closings.len() != self.step || !row.open {
            return Err(Refusal::new(Reason::FactsMoved).on("group").into());
        }
        carry_out(draft, &self.group, &self.things)?;
        if !self.more {
            // What was told of the group since stands beside Saldo Awal.
            each(ledgers(&self.group).iter(), |ledger| {
                let account = ledger.account(Code::OpeningEquity);
                let rest = draft.balance(&account)?;
                if rest.is_zero() { Ok(()) } else { Err(not_settled(&account, rest)?.into()) }
            })?;
        }
        row.closings.push(draft.frame().position);
        row.open = self.more;
        draft.put(name, Row::Move(row));
        Ok(())
    }
}

/// Takes things out of a group's ledgers and registers, loans each as a line of its own.
fn carry_out(draft: &mut Draft<'_>, group: &Id, things: &[Thing]) -> Result<(), Stop> {
    let entity = Entity::Kube(group.clone());
    let mut out = Vec::new();
    let mut line = 0;
    each(things.iter(), |thing| {
        match thing {
            Thing::Account(account) => out.push(take_account(draft, account)?),
            Thing::Grant(grant) => out.extend(take_grant(draft, group, grant)?),
            Thing::Lot(lot) => out.extend(take_lot(draft, &entity, lot)?),
            Thing::Loan(loan) => {
                line += 1;
                draft.at_line(line);
                let left = loan::moving::leave(draft, &entity, loan);
                let posted = left.and_then(|left| post_all(draft, &left));
                draft.at_line(0);
                posted?;
            }
        }
        Ok(())
    })?;
    post_all(draft, &out)
}

fn take_account(draft: &mut Draft<'_>, account: &Account) -> Result<(Account, Sen), Stop> {
    if let Some(savings) = Savings::of(account) {
        // What is blocked leaves, too: its blocks go along.
        let name = blocked_name(&savings);
        if let Some(Row::Blocked(row)) = draft.row(&name)?
            && row.amount != 0
        {
            draft.put(name, Row::Blocked(Blocked { amount: 0, moved: row.amount }));
        }
    }
    Ok((account.clone(), draft.balance(account)?.negated()?))
}

fn take_grant(draft: &mut Draft<'_>, group: &Id, grant: &Id) -> Result<[(Account, Sen); 2], Stop> {
    let mut row = draft.grant(group, grant, "group")?;
    let (capital, owed) = accounts_of(group, grant, &row);
    let held = draft.balance(&capital).and_then(|held| Ok((held, draft.balance(&owed)?)));
    let (held, owes) = held?;
    let moved = held.plus(owes)?.negated()?;
    row.moved = Sen::new(row.moved).plus(moved)?.get();
    draft.put(grant_name(group, grant), Row::Grant(row));
    Ok([(capital, held.negated()?), (owed, owes.negated()?)])
}

fn take_lot(draft: &mut Draft<'_>, entity: &Entity, lot: &Id) -> Result<[(Account, Sen); 2], Stop> {
    let mut row = draft.lot(entity, lot, "group")?;
    let ledger = Ledger::new(entity.clone(), row.fund());
    let holds = account_of(&ledger, lot, row.kind());
    let worn = ledger.account_of(Code::AccumulatedDepreciation, Subject::id(lot));
    let (held, wear) = (draft.balance(&holds)?, draft.balance(&worn)?);
    let units = row.quantity_in_milli - row.quantity_out_milli;
    let cost = Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?;
    (row.quantity_out_milli, row.cost_out) = (row.quantity_in_milli, row.cost_in);
    draft.move_lot(entity, lot.as_str(), row, -units, cost.negated()?);
    Ok([(holds, held.negated()?), (worn, wear.negated()?)])
}

/// Posts signed balances, debit positive, one posting for each ledger, on Saldo Awal.
fn post_all(draft: &mut Draft<'_>, balances: &[(Account, Sen)]) -> Result<(), Stop> {
    let mut postings: BTreeMap<&Ledger, Vec<(Leaf, Sen)>> = BTreeMap::new();
    for (account, balance) in balances.iter().filter(|(_, balance)| !balance.is_zero()) {
        let leaf = (account.code, account.subject.clone()).into();
        postings.entry(&account.ledger).or_default().push((leaf, *balance));
    }
    each(postings.into_iter(), |(ledger, mut legs)| {
        let sum = legs.iter().try_fold(Sen::ZERO, |sum, (_, amount)| sum.plus(*amount))?;
        if !sum.is_zero() {
            legs.push((Code::OpeningEquity.into(), sum.negated()?));
        }
        draft.post(&Posting::journal(ledger, legs)?)
    })
}

// ---- what comes --------------------------------------------------------------------------------

/// A part of what comes with a group.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The key up to which things came before; empty at first.
    pub after: String,
    /// The key of the last thing of this part.
    pub through: String,
    /// Whether all has come with this part.
    pub last: bool,
    /// Rows, named as they are here.
    pub rows: Vec<(RowName, Row)>,
    /// Lots with what is left in them.
    pub lots: Vec<(Id, proto::Lot)>,
    /// Balances as they left the other book, debit positive, without those of Saldo Awal.
    pub balances: Vec<(Account, Sen)>,
}

/// A group comes from another book.
#[derive(Clone, Debug)]
pub struct Come {
    /// The id it has here.
    pub group: Id,
    /// What the register says of it.
    pub row: Group,
    /// The day it moved.
    pub moved_on: i32,
    /// The number of the minute that decided it.
    pub minute: String,
    /// What comes with it at once.
    pub part: Part,
}

impl Action for Come {
    fn event(&self) -> Event {
        Event::GroupCame
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let arriving = StandingSince {
            standing: Standing::Arriving as i32,
            since: self.moved_on,
            minute: self.minute.clone(),
            moved_to: String::new(),
        };
        let row = Group { links: Vec::new(), standings: vec![arriving], ..self.row.clone() };
        draft.create(RowName::group(&self.group), Row::Group(row), "new_group_id")?;
        let arrival = GroupArrival {
            from: self.row.came_from.clone(),
            position: self.row.came_from_position,
            moved_on: self.moved_on,
            minute: self.minute.clone(),
            ..GroupArrival::default()
        };
        self.part.unpack(draft, &self.group, arrival)
    }
}

/// More of what comes with a group.
#[derive(Clone, Debug)]
pub struct Unpack {
    /// The id it has here.
    pub group: Id,
    /// What comes now.
    pub part: Part,
}

impl Action for Unpack {
    fn event(&self) -> Event {
        Event::GroupUnpacked
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `NOT_FOUND` for a group that did not come, `FACTS_MOVED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = arrival_name(&self.group);
        let Row::GroupArrival(arrival) = draft.require(&name, "group")? else {
            return Err(not_found(&name, "group").into());
        };
        if arrival.whole || arrival.after != self.part.after {
            return Err(Refusal::new(Reason::FactsMoved).on("group").into());
        }
        self.part.unpack(draft, &self.group, arrival)
    }
}

impl Part {
    fn unpack(
        &self,
        draft: &mut Draft<'_>,
        group: &Id,
        mut arrival: GroupArrival,
    ) -> Result<(), Stop> {
        let entity = Entity::Kube(group.clone());
        each(self.rows.iter(), |(name, row)| take_in(draft, &entity, name, row))?;
        for (lot, row) in &self.lots {
            let (units, cost) = (row.quantity_in_milli, Sen::new(row.cost_in));
            draft.move_lot(&entity, lot.as_str(), row.clone(), units, cost);
        }
        post_all(draft, &self.balances)?;
        if self.last {
            be_here(draft, group, &arrival)?;
        }
        arrival.after.clone_from(&self.through);
        arrival.parts += 1;
        arrival.whole = self.last;
        draft.put(arrival_name(group), Row::GroupArrival(arrival));
        Ok(())
    }
}

/// A row of a group that comes. What names a position means one of the old book; here all of it is
/// known from the day it came.
fn take_in(draft: &mut Draft<'_>, entity: &Entity, name: &RowName, row: &Row) -> Result<(), Stop> {
    let position = draft.frame().position;
    let mut row = row.clone();
    match &mut row {
        Row::Loan(loan) => {
            let id = Id::new(&name.id).ok_or_else(|| not_found(name, "group"))?;
            return loan::moving::arrive(draft, entity, &id, loan);
        }
        Row::Grant(grant) => grant.request_id = draft.frame().request.to_string(),
        // What the old book lists has to be listed here.
        Row::SavingsActivity(activity) => dormancy::arrive(draft, entity, &name.id, activity)?,
        Row::SavingsProducts(products) => dormancy::relist(draft, entity, &name.id, products)?,
        // The total of what is blocked comes of the blocks, whether the old book held money or not.
        Row::Block(row) => block::arrive(draft, entity, row)?,
        // What changed before is the old book's.
        Row::Keeping(keeping) => keeping.changes = vec![changed(draft, keeping.heads)],
        Row::LoanProduct(product) => {
            product.versions.iter_mut().for_each(|version| version.position = position);
        }
        Row::LoanQuality(quality) => {
            quality.versions.iter_mut().for_each(|version| version.position = position);
        }
        Row::OutsideLoan(taken) => loan::outside::arrive(taken, position),
        Row::LoanContacts(talks) => {
            talks.contacts.iter_mut().for_each(|talk| talk.position = position);
        }
        _ => {}
    }
    draft.put(name.clone(), row);
    Ok(())
}

/// All of a group has come: it is a group of this book as any other.
fn be_here(draft: &mut Draft<'_>, group: &Id, arrival: &GroupArrival) -> Result<(), Stop> {
    let entity = Entity::Kube(group.clone());
    let mut row = draft.group(group, "group")?;
    row.standings = vec![StandingSince {
        standing: Standing::Active as i32,
        since: arrival.moved_on,
        minute: arrival.minute.clone(),
        moved_to: String::new(),
    }];
    if !draft.book().lkm_name.is_empty() {
        row.links = vec![Link { since: arrival.moved_on, until: 0 }];
    }
    draft.put(RowName::group(group), Row::Group(row));
    each(SORTS.iter(), |sort| {
        let versions = products(draft, &entity, *sort)?.versions;
        if versions.iter().any(|version| !version.rate.is_empty()) {
            pays_from(draft, &entity, *sort);
        }
        Ok(())
    })
}

// ---- the answer --------------------------------------------------------------------------------

fn waiting(draft: &Draft<'_>, name: &RowName) -> Result<Move, Stop> {
    match draft.row(name)? {
        Some(Row::Move(row)) if row.state() == TransitState::Waiting => Ok(row),
        _ => Err(not_found(name, "group").into()),
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
        let mut row = waiting(draft, &name)?;
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
    match record.event {
        Event::GroupCame | Event::GroupUnpacked | Event::GroupCarried => {
            return Err(blocked(&RowName::new(MOVES, record.position.to_string())).into());
        }
        Event::GroupLeft => {}
        _ => return Ok(()),
    }
    for (name, row) in &effect.rows {
        match (row, draft.row(name)?) {
            (Row::Move(_), Some(Row::Move(row))) => {
                if row.state() != TransitState::Refused || row.closings.len() > 1 {
                    return Err(blocked(name).into());
                }
                let state = TransitState::Reversed as i32;
                draft.put(name.clone(), Row::Move(Move { state, ..row }));
            }
            (Row::Grant(_), Some(Row::Grant(row))) => {
                draft.put(name.clone(), Row::Grant(proto::Grant { moved: 0, ..row }));
            }
            (Row::Blocked(_), Some(Row::Blocked(row))) => {
                let amount = Sen::new(row.amount).plus(Sen::new(row.moved))?.get();
                draft.put(name.clone(), Row::Blocked(Blocked { amount, moved: 0 }));
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
