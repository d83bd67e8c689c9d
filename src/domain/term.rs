//! Term deposits (catalogue events 32 and 33): of KUBEs at the LKM, one event in two ledgers, and of
//! members with their group or the LKM, in one. Opened for a time, paid back when it is over, or
//! earlier by the product's rule or by minute; begun again, or paid into savings, by the day's
//! closing.
//!
//! What a deposit earns is counted from the beginning of its term each time, by the product's
//! version of that day; it is recognised at the end of each month and when it is paid, as the
//! difference to what was recognised before, so that nothing drifts. One that shares in the profit is
//! credited with its part when that is known.
//!
//! **Invariants**: a deposit is paid back once and whole, so that its account holds its amount, or
//! nothing, in both ledgers; the account of its return holds what was earned and not paid. A deposit
//! that runs is listed in the register `due` under the next day on which time changes something.

use std::cell::Cell;

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::cash::{Place, cash_in, mode_of};
use crate::domain::chart::Code;
use crate::domain::daily::{last_closed, note_due};
use crate::domain::day::Day;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop, not_found};
use crate::domain::effective::in_force;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::iks_rule::period_of;
use crate::domain::interest::{of_term, percent_of, tax};
use crate::domain::link::{check_tie, kube_savings, lkm_ledger};
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    Depositor, DuesPeriod, EarlyBreak, Fund, OnMaturity, TermDeposit, TermPayout, TermProduct,
    TermState,
};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::after_last;
use crate::domain::savings::savings_ledger;
use crate::domain::savings_product::taxes;
use crate::domain::savings_return::purse_of;
use crate::domain::stake::Means;
use crate::domain::surplus::Sharer;
use crate::domain::term_product::{check, version_on};

/// What the register `due` calls a term deposit.
pub const KIND: &str = "term";

/// The collection of a KUBE's deposits at the LKM.
pub const OF_KUBES: &str = "term-deposits";

/// The collection of the deposits of an entity's members.
pub const OF_MEMBERS: &str = "member-deposits";

/// Names a term deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermId {
    /// A KUBE's at the LKM, by its id within the KUBE.
    Kube(Id, Id),
    /// A member's, by its id within the entity that keeps it.
    Member(Entity, Id),
}

impl TermId {
    /// Its row.
    pub fn name(&self) -> RowName {
        match self {
            TermId::Kube(group, id) => {
                RowName::of(&Entity::Kube(group.clone()), OF_KUBES, id.as_str())
            }
            TermId::Member(entity, id) => RowName::of(entity, OF_MEMBERS, id.as_str()),
        }
    }

    /// How the register `due` names it.
    pub fn listed_as(&self) -> String {
        match self {
            TermId::Kube(group, id) => format!("{group}.{id}"),
            TermId::Member(entity, id) => format!("{entity}.member.{id}"),
        }
    }

    /// The deposit that the register `due` names; `None` when it names nothing of the sort.
    pub fn parse(what: &str) -> Option<TermId> {
        let parts: Vec<&str> = what.split('.').collect();
        match parts.as_slice() {
            [group, id] => Some(TermId::Kube(Id::new(group)?, Id::new(id)?)),
            [entity, "member", id] => Some(TermId::Member(Entity::new(entity)?, Id::new(id)?)),
            _ => None,
        }
    }

    /// The KUBE or LKM that is asked about it.
    pub fn entity(&self) -> Entity {
        match self {
            TermId::Kube(group, _) => Entity::Kube(group.clone()),
            TermId::Member(entity, _) => entity.clone(),
        }
    }

    /// The deposit that an account holds the money of; `None` for an account of something else.
    pub fn of(account: &Account) -> Option<TermId> {
        let subject = account.subject.as_str();
        match account.code {
            Code::TermDeposits => {
                let (group, id) = subject.split_once('/')?;
                Some(TermId::Kube(Id::new(group)?, Id::new(id)?))
            }
            Code::MemberTermDeposits => {
                Some(TermId::Member(account.ledger.entity.clone(), Id::new(subject)?))
            }
            _ => None,
        }
    }

    /// Who keeps the money, and whose products and tax it is under.
    pub fn keeper(&self) -> Entity {
        match self {
            TermId::Kube(_, _) => Entity::Lkm,
            TermId::Member(entity, _) => entity.clone(),
        }
    }

    fn id(&self) -> &Id {
        let (TermId::Kube(_, id) | TermId::Member(_, id)) = self;
        id
    }
}

/// What a deposit is opened with, or paid back into.
#[derive(Clone, Debug)]
pub enum Purse {
    /// The savings of the fund at the LKM, or of the member.
    Savings,
    /// Money between a KUBE and the LKM.
    Handover(Means),
    /// Money of a member, at a place of whoever keeps the deposit.
    Till(Place),
}

// ---- two ledgers --------------------------------------------------------------------------------

/// What moves when something becomes of a deposit.
#[derive(Clone, Copy)]
enum Part {
    /// The deposit itself.
    Principal,
    /// What it has earned and not been paid.
    Owed,
    /// What it is opened with or paid into.
    Purse,
    /// Its return, as cost or income.
    Return,
    /// The tax on it.
    Tax,
    /// What breaking it costs.
    Fine,
}

/// One ledger's accounts of a deposit.
struct Side {
    ledger: Ledger,
    principal: (Code, Subject),
    owed: (Code, Subject),
    purse: (Code, Subject),
    plain: [Code; 2],
    fine: (Code, Subject),
}

impl Side {
    fn leaf(&self, part: Part) -> (Code, Subject) {
        let [earned, tax] = self.plain;
        match part {
            Part::Principal => self.principal.clone(),
            Part::Owed => self.owed.clone(),
            Part::Purse => self.purse.clone(),
            Part::Return => (earned, Subject::none()),
            Part::Tax => (tax, Subject::none()),
            Part::Fine => self.fine.clone(),
        }
    }
}

/// The ledger of who keeps a deposit, and that of the KUBE whose it is.
struct Sides {
    keeper: Side,
    saver: Option<Side>,
}

const KEEPER: [Code; 2] = [Code::SavingsInterest, Code::TaxWithheld];
const SAVER: [Code; 2] = [Code::ReturnFromLkm, Code::TaxExpense];

/// Where the keeper books what breaking a deposit costs: under a syariah contract it is due to the
/// fund KEBAJIKAN.
fn fine_of_keeper(row: &TermDeposit) -> (Code, Subject) {
    match is_syariah(row) {
        true => (Code::InterFund, Subject::fund(Fund::Kebajikan)),
        false => (Code::PenaltyIncome, Subject::none()),
    }
}

fn is_syariah(row: &TermDeposit) -> bool {
    row.terms.as_ref().is_some_and(|terms| terms.syariah)
}

impl Sides {
    /// Errors: `NO_LKM`, `NOT_LINKED`, `FUND_NOT_ALLOWED`, `NOT_FOUND`, `PLACE_NOT_ALLOWED`.
    fn of(
        draft: &mut Draft<'_>,
        term: &TermId,
        row: &TermDeposit,
        purse: &Purse,
    ) -> Result<Sides, Stop> {
        match term {
            TermId::Kube(group, id) => Sides::of_kube(draft, group, (row, id), purse),
            TermId::Member(entity, id) => Sides::of_member(draft, entity, (row, id), purse),
        }
    }

    fn of_kube(
        draft: &Draft<'_>,
        group: &Id,
        (row, id): (&TermDeposit, &Id),
        purse: &Purse,
    ) -> Result<Sides, Stop> {
        let fund = row.fund();
        check_tie(draft, group, fund)?;
        let kube = Ledger::new(Entity::Kube(group.clone()), fund);
        let savings = kube_savings(group, fund);
        let [at_kube, at_lkm] = match purse {
            Purse::Handover(means) => means.leaves(draft, &kube.entity, savings)?,
            Purse::Savings => Means::Savings.leaves(draft, &kube.entity, savings)?,
            Purse::Till(_) => return Err(Refusal::new(Reason::PlaceNotAllowed).on("means").into()),
        };
        let (own, mirror) = (Subject::id(id), Subject::kube_deposit(group, id));
        let saver = Side {
            ledger: kube,
            principal: (Code::TermDepositAtLkm, own.clone()),
            owed: (Code::TermInterestDue, own),
            purse: at_kube,
            plain: SAVER,
            fine: (Code::LoanFine, Subject::none()),
        };
        let keeper = Side {
            ledger: lkm_ledger(),
            principal: (Code::TermDeposits, mirror.clone()),
            owed: (Code::TermInterestOwed, mirror),
            purse: at_lkm,
            plain: KEEPER,
            fine: fine_of_keeper(row),
        };
        Ok(Sides { keeper, saver: Some(saver) })
    }

    fn of_member(
        draft: &mut Draft<'_>,
        entity: &Entity,
        (row, id): (&TermDeposit, &Id),
        purse: &Purse,
    ) -> Result<Sides, Stop> {
        let unknown = || not_found(&RowName::of(entity, "members", &row.member), "member");
        let member = Id::new(&row.member).ok_or_else(unknown)?;
        draft.member(entity, &member, "member")?;
        let purse = match purse {
            Purse::Till(place) => place.checked(draft, entity, "place")?,
            Purse::Savings => (Code::MemberSavings, Subject::id(&member)),
            Purse::Handover(_) => {
                return Err(Refusal::new(Reason::PlaceNotAllowed).on("place").into());
            }
        };
        draft.about(entity, "members", &member);
        let own = Subject::id(id);
        let keeper = Side {
            ledger: savings_ledger(entity),
            principal: (Code::MemberTermDeposits, own.clone()),
            owed: (Code::MemberTermInterest, own),
            purse,
            plain: KEEPER,
            fine: fine_of_keeper(row),
        };
        Ok(Sides { keeper, saver: None })
    }

    /// Moves an amount as the keeper's ledger sees it; the KUBE's is its mirror image.
    fn shift(
        &self,
        draft: &mut Draft<'_>,
        debit: Part,
        credit: Part,
        amount: Sen,
    ) -> Result<(), Stop> {
        if let Some(saver) = &self.saver {
            draft.transfer(&saver.ledger, saver.leaf(credit), saver.leaf(debit), amount)?;
        }
        let keeper = &self.keeper;
        draft.transfer(&keeper.ledger, keeper.leaf(debit), keeper.leaf(credit), amount)
    }
}

// ---- a deposit as a record changes it -----------------------------------------------------------

/// A deposit, before a record and after it.
struct Case {
    term: TermId,
    before: TermDeposit,
    row: TermDeposit,
}

impl Case {
    /// Errors: `NOT_FOUND`.
    fn load(draft: &Draft<'_>, term: &TermId) -> Result<Case, Stop> {
        let name = term.name();
        let Row::TermDeposit(mut before) = draft.require(&name, "deposit")? else {
            return Err(not_found(&name, "deposit").into());
        };
        before.before = None;
        Ok(Case { term: term.clone(), row: before.clone(), before })
    }

    fn put(self, draft: &mut Draft<'_>) {
        let row = TermDeposit { before: Some(Box::new(self.before)), ..self.row };
        draft.put(self.term.name(), Row::TermDeposit(row));
    }

    fn matures_on(&self) -> Day {
        Day::new(self.row.matures_on)
    }

    fn due(&self) -> Result<Sen, Refusal> {
        Sen::new(self.row.earned).minus(Sen::new(self.row.paid))
    }

    /// What the running term has earned through a day, or its end: without a rate, what it was
    /// credited with.
    fn cumulative(&self, through: Day) -> Result<Sen, Refusal> {
        let Some(terms) = self.row.terms.as_ref().filter(|terms| !terms.rate.is_empty()) else {
            return Ok(Sen::new(self.row.earned));
        };
        let (from, until) = (Day::new(self.row.opened_on), through.min(self.matures_on()));
        of_term(&terms.rate, terms.day_count(), Sen::new(self.row.amount), (from, until))
    }

    /// Recognises what was earned through a day.
    fn accrue(&mut self, draft: &mut Draft<'_>, sides: &Sides, through: Day) -> Result<(), Stop> {
        let earned = self.cumulative(through)?;
        let more = earned.minus(Sen::new(self.row.earned))?;
        self.row.earned = earned.get();
        sides.shift(draft, Part::Return, Part::Owed, more)
    }

    /// Pays so much of what was earned, less tax, into a part of the books. What it pays for ends
    /// with a day. Answers what was withheld.
    fn pay(
        &mut self,
        draft: &mut Draft<'_>,
        sides: &Sides,
        (gross, through): (Sen, Day),
        into: Part,
    ) -> Result<Sen, Stop> {
        let withheld = self.withheld(draft, gross, through)?;
        sides.shift(draft, Part::Owed, into, gross.minus(withheld)?)?;
        sides.shift(draft, Part::Owed, Part::Tax, withheld)?;
        self.row.paid = Sen::new(self.row.paid).plus(gross)?.get();
        self.row.paid_on = self.row.paid_on.max(through.get());
        Ok(withheld)
    }

    /// The tax on a payment: what is free a month is free for each whole month it pays for, and for
    /// one at least.
    fn withheld(&self, draft: &Draft<'_>, gross: Sen, through: Day) -> Result<Sen, Stop> {
        let rules = taxes(draft, &self.term.keeper())?.versions;
        let kube = matches!(self.term, TermId::Kube(_, _));
        let rule = in_force(&rules, draft.frame().happened_on);
        let Some(rule) = rule.filter(|rule| if kube { rule.kubes } else { rule.members }) else {
            return Ok(Sen::ZERO);
        };
        let months = i64::from(Day::new(self.row.paid_on).months_until(through).max(1));
        let free = rule.threshold.checked_mul(months);
        let free = free.ok_or_else(|| Refusal::new(Reason::Overflow))?;
        Ok(tax(Sen::new(free), &rule.percent, gross)?)
    }

    /// Lists the deposit under the next day, after one, on which time changes something.
    fn list(&mut self, draft: &mut Draft<'_>, after: Day) -> Result<(), Stop> {
        let Some(next) = next_day(&self.row, after) else {
            self.row.listed_on = 0;
            return Ok(());
        };
        let day = next.max(last_closed(draft)?.next());
        if day.get() != self.row.listed_on {
            note_due(draft, day, KIND, &self.term.listed_as())?;
            self.row.listed_on = day.get();
        }
        Ok(())
    }
}

fn next_day(row: &TermDeposit, after: Day) -> Option<Day> {
    let matures_on = Day::new(row.matures_on);
    if row.state() != TermState::Open || matures_on <= after {
        return None;
    }
    let mut next = matures_on;
    if let Some(terms) = row.terms.as_ref().filter(|terms| !terms.rate.is_empty()) {
        next = next.min(period_of(DuesPeriod::Monthly, after.next()).1);
        if terms.payout() == TermPayout::Monthly {
            let from = Day::new(row.opened_on);
            next = next.min(from.plus_months(months_over(from, after) + 1));
        }
    }
    Some(next)
}

/// The day that the register `due` lists a deposit under, 0 for none.
pub fn listed_on(row: &TermDeposit) -> i32 {
    // Deposits of before there were products only said when they mature.
    match (&row.before, row.state(), row.listed_on) {
        (None, TermState::Open, 0) => row.matures_on,
        _ => row.listed_on,
    }
}

// ---- opening ------------------------------------------------------------------------------------

/// Whose a deposit is.
#[derive(Clone, Debug)]
pub enum Owner {
    /// A KUBE's fund, at the LKM.
    Kube(Id, Fund),
    /// A member of a KUBE or of the LKM, there.
    Member(Entity, Id),
}

/// A term deposit is opened.
#[derive(Clone, Debug)]
pub struct OpenDeposit {
    /// Whose.
    pub owner: Owner,
    /// The deposit's id.
    pub deposit: Id,
    /// Its product; a KUBE's deposit may have none, and earns nothing.
    pub product: Option<Id>,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// The day it may be paid back.
    pub matures_on: Day,
    /// What it is opened with.
    pub purse: Purse,
    /// What becomes of it when it matures.
    pub on_maturity: OnMaturity,
}

impl OpenDeposit {
    fn term(&self) -> TermId {
        match &self.owner {
            Owner::Kube(group, _) => TermId::Kube(group.clone(), self.deposit.clone()),
            Owner::Member(entity, _) => TermId::Member(entity.clone(), self.deposit.clone()),
        }
    }
}

impl Action for OpenDeposit {
    fn event(&self) -> Event {
        Event::TermDeposited
    }

    /// A KUBE's member has brought the money already.
    fn mode(&self) -> Mode {
        match (&self.owner, &self.purse) {
            (Owner::Member(entity, _), Purse::Till(_)) => mode_of(entity),
            _ => Mode::Request,
        }
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.term().entity())
    }

    fn cash(&self) -> Option<CashMoved> {
        match (&self.owner, &self.purse) {
            (Owner::Member(entity, _), Purse::Till(place)) => {
                cash_in(&savings_ledger(entity), place, self.amount)
            }
            _ => None,
        }
    }

    /// Errors: `NO_LKM`, `NOT_LINKED`, `FUND_NOT_ALLOWED`, `NOT_AFTER_LAST` for a maturity that is
    /// not after the opening, `ALREADY_EXISTS`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`, `NOT_MEMBER_THEN`,
    /// `RULE_NOT_SET` for a product without a version on that day, `TERM_OUTSIDE_PRODUCT`, `FLOOR`
    /// when the savings do not suffice.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let (term, opened_on) = (self.term(), draft.frame().happened_on);
        let (fund, member) = match &self.owner {
            Owner::Kube(_, fund) => (*fund, String::new()),
            Owner::Member(entity, member) => {
                draft.check_active(entity, member, "member")?;
                (Fund::SimpanPinjam, member.as_str().to_owned())
            }
        };
        let row = TermDeposit {
            fund: fund as i32,
            amount: self.amount.get(),
            opened_on: opened_on.get(),
            matures_on: self.matures_on.get(),
            state: TermState::Open as i32,
            on_maturity: self.on_maturity as i32,
            member,
            product: self.product.as_ref().map(Id::to_string).unwrap_or_default(),
            terms: self.terms(draft, &term, opened_on)?,
            paid_on: opened_on.get(),
            ..TermDeposit::default()
        };
        let sides = Sides::of(draft, &term, &row, &self.purse)?;
        after_last(self.matures_on, opened_on.get(), "matures_on")?;
        let mut case = Case { term: term.clone(), before: TermDeposit::default(), row };
        case.list(draft, opened_on)?;
        draft.create(term.name(), Row::TermDeposit(case.row), "deposit_id")?;
        if let Owner::Member(entity, member) = &self.owner {
            change_open(draft, entity, member.as_str(), |open| {
                open.push(self.deposit.as_str().to_owned());
            })?;
        }
        sides.shift(draft, Part::Purse, Part::Principal, self.amount)
    }
}

impl OpenDeposit {
    fn terms(
        &self,
        draft: &Draft<'_>,
        term: &TermId,
        opened_on: Day,
    ) -> Result<Option<TermProduct>, Stop> {
        let Some(product) = &self.product else { return Ok(None) };
        let found = version_on(draft, &term.keeper(), product.as_str(), opened_on)?;
        let unset = || Refusal::new(Reason::RuleNotSet).on("product");
        let terms = found.ok_or_else(unset)?;
        check(&terms, product.as_str(), self.amount, (opened_on, self.matures_on))?;
        Ok(Some(terms))
    }
}

/// The row of a member's open deposits.
pub fn depositor_name(entity: &Entity, member: &str) -> RowName {
    RowName::of(entity, "depositors", member)
}

/// The open deposits of a member. Errors: `Missing`.
pub fn open_deposits(draft: &Draft<'_>, entity: &Entity, member: &Id) -> Result<Vec<Id>, Stop> {
    Ok(match draft.row(&depositor_name(entity, member.as_str()))? {
        Some(Row::Depositor(row)) => row.open.iter().filter_map(|id| Id::new(id)).collect(),
        _ => Vec::new(),
    })
}

fn change_open(
    draft: &mut Draft<'_>,
    entity: &Entity,
    member: &str,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<(), Stop> {
    let name = depositor_name(entity, member);
    let mut row = match draft.row(&name)? {
        Some(Row::Depositor(row)) => row,
        _ => Depositor::default(),
    };
    change(&mut row.open);
    draft.put(name, Row::Depositor(row));
    Ok(())
}

/// Whether a deposit that was open, or not, is so no more.
fn follow(draft: &mut Draft<'_>, term: &TermId, row: &TermDeposit) -> Result<(), Stop> {
    let TermId::Member(entity, id) = term else { return Ok(()) };
    let is_open = row.state() == TermState::Open;
    change_open(draft, entity, &row.member, |open| {
        open.retain(|one| one != id.as_str());
        if is_open {
            open.push(id.as_str().to_owned());
        }
    })
}

// ---- time ---------------------------------------------------------------------------------------

/// At the end of a day, what time has changed of a deposit that is listed under it: what it has
/// earned is recognised, or paid; when it matures, what was agreed becomes of it. One that is closed
/// stays as it is.
#[derive(Clone, Debug)]
pub struct Tend {
    /// The deposit.
    pub term: TermId,
    /// Whether it matures.
    pub matures: bool,
}

impl Action for Tend {
    fn event(&self) -> Event {
        if self.matures { Event::TermDue } else { Event::TermReturn }
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.term.entity())
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// What cannot be done is flagged, and tried again the next day. Errors: `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let case = Case::load(draft, &self.term)?;
        let today = draft.frame().happened_on;
        let listed = match draft.row(&self.term.name())? {
            Some(Row::TermDeposit(row)) => listed_on(&row),
            _ => 0,
        };
        if case.row.state() != TermState::Open || listed == 0 || listed > today.get() {
            return Ok(());
        }
        draft.attempt(
            |draft| case.tend(draft, today),
            |draft, refusal| {
                draft.flag(refusal);
                let mut waiting = Case::load(draft, &self.term)?;
                waiting.row.listed_on = today.next().get();
                note_due(draft, today.next(), KIND, &self.term.listed_as())?;
                waiting.put(draft);
                Ok(())
            },
        )
    }
}

impl Case {
    fn tend(mut self, draft: &mut Draft<'_>, today: Day) -> Result<(), Stop> {
        let sides = Sides::of(draft, &self.term, &self.row, &Purse::Savings)?;
        let month_ends = period_of(DuesPeriod::Monthly, today).1 == today;
        // The night after the last day of a month belongs to the month.
        self.accrue(draft, &sides, if month_ends { today.next() } else { today })?;
        if today < self.matures_on() {
            self.pay_month(draft, &sides, today)?;
            self.list(draft, today)?;
        } else {
            self.mature(draft, &sides, today)?;
        }
        let (term, row) = (self.term.clone(), self.row.clone());
        self.put(draft);
        if row.state() == TermState::Open { Ok(()) } else { follow(draft, &term, &row) }
    }

    /// Pays what was earned through the last whole month of the term.
    fn pay_month(&mut self, draft: &mut Draft<'_>, sides: &Sides, today: Day) -> Result<(), Stop> {
        let payout = self.row.terms.as_ref().map(TermProduct::payout);
        let from = Day::new(self.row.opened_on);
        let through = from.plus_months(months_over(from, today));
        if payout != Some(TermPayout::Monthly) || through.get() <= self.row.paid_on {
            return Ok(());
        }
        let gross = self.cumulative(through)?.minus(Sen::new(self.row.paid))?;
        self.pay(draft, sides, (gross, through), Part::Purse).map(drop)
    }

    fn mature(&mut self, draft: &mut Draft<'_>, sides: &Sides, today: Day) -> Result<(), Stop> {
        let (from, until) = (Day::new(self.row.opened_on), self.matures_on());
        let due = (self.due()?, until);
        match self.row.on_maturity() {
            OnMaturity::Unspecified => {
                self.row.listed_on = 0;
                Ok(())
            }
            OnMaturity::Savings => {
                self.pay(draft, sides, due, Part::Purse)?;
                self.pay_back(draft, sides, Sen::new(self.row.amount), today)
            }
            OnMaturity::RollOver => {
                let payout = self.row.terms.as_ref().map(TermProduct::payout);
                let capitalised = payout == Some(TermPayout::Capitalised);
                let into = if capitalised { Part::Principal } else { Part::Purse };
                let withheld = self.pay(draft, sides, due, into)?;
                if capitalised {
                    let grown = Sen::new(self.row.amount).plus(due.0)?.minus(withheld)?;
                    self.row.amount = grown.get();
                }
                let again = same_span(from, until);
                (self.row.opened_on, self.row.matures_on) = (until.get(), again.get());
                (self.row.earned, self.row.paid, self.row.paid_on) = (0, 0, until.get());
                let keeper = self.term.keeper();
                if let Some(terms) = version_on(draft, &keeper, &self.row.product, until)? {
                    self.row.terms = Some(terms);
                }
                self.list(draft, until)
            }
        }
    }

    fn pay_back(
        &mut self,
        draft: &mut Draft<'_>,
        sides: &Sides,
        amount: Sen,
        today: Day,
    ) -> Result<(), Stop> {
        self.row.state = TermState::PaidBack as i32;
        self.row.closed_on = today.get();
        self.row.listed_on = 0;
        sides.shift(draft, Part::Principal, Part::Purse, amount)
    }
}

/// Credits a deposit with its part of a profit share, which is paid when its product says; at once
/// where it was paid back. What a KUBE has earned that is tied to the LKM no more is a debt of the
/// LKM's, flagged. Answers the tax withheld.
///
/// Errors: `NOT_FOUND`, `OVERFLOW`.
pub(super) fn credit(
    draft: &mut Draft<'_>,
    term: &TermId,
    amount: Sen,
    through: Day,
) -> Result<Sen, Stop> {
    let case = Case::load(draft, term)?;
    let untied = case.withheld(draft, amount, through)?;
    let withheld = Cell::new(untied);
    draft.attempt(
        |draft| {
            withheld.set(case.credit(draft, amount, through)?);
            Ok(())
        },
        |draft, why| {
            draft.flag(why);
            let ledger = savings_ledger(&term.keeper());
            let net = amount.minus(untied)?;
            draft.transfer(&ledger, Code::SavingsInterest, Code::OtherPayable, net)?;
            draft.transfer(&ledger, Code::SavingsInterest, Code::TaxWithheld, untied)
        },
    )?;
    Ok(withheld.get())
}

impl Case {
    fn credit(mut self, draft: &mut Draft<'_>, amount: Sen, through: Day) -> Result<Sen, Stop> {
        let mut sides = Sides::of(draft, &self.term, &self.row, &Purse::Savings)?;
        let open = self.row.state() == TermState::Open;
        if let (TermId::Member(entity, _), Some(member)) = (&self.term, Id::new(&self.row.member)) {
            sides.keeper.purse = purse_of(draft, entity, &Sharer::Member(member))?;
        }
        sides.shift(draft, Part::Return, Part::Owed, amount)?;
        self.row.earned = Sen::new(self.row.earned).plus(amount)?.get();
        let payout = self.row.terms.as_ref().map(TermProduct::payout);
        let withheld = match open && payout != Some(TermPayout::Monthly) {
            true => Sen::ZERO,
            false => {
                let due = self.due()?;
                self.pay(draft, &sides, (due, through), Part::Purse)?
            }
        };
        self.put(draft);
        Ok(withheld)
    }
}

/// The whole months of a term that are over on a day: a month of a term that began on the 31st is
/// over on the last day of a shorter one.
fn months_over(from: Day, today: Day) -> u32 {
    let months = from.months_until(today);
    if from.plus_months(months + 1) == today { months + 1 } else { months }
}

/// As long after a day as that was after another: in whole months where they are whole.
fn same_span(from: Day, until: Day) -> Day {
    let months = months_over(from, until);
    if months > 0 && from.plus_months(months) == until {
        return until.plus_months(months);
    }
    Day::new(until.get().saturating_add(until.get() - from.get())).min(Day::MAX)
}

// ---- paying back --------------------------------------------------------------------------------

/// A term deposit is paid back whole, with what it has earned.
#[derive(Clone, Debug)]
pub struct CloseDeposit {
    /// The deposit.
    pub term: TermId,
    /// What it is paid back into.
    pub purse: Purse,
    /// The number of the minute that lets it be paid back before its time; empty if none.
    pub minute: String,
    /// Whether it is paid back because its owner has died.
    pub died: bool,
}

impl Action for CloseDeposit {
    fn event(&self) -> Event {
        Event::TermMatured
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.term.entity())
    }

    /// Errors: `NOT_FOUND`, `DEPOSIT_CLOSED`, `DEPOSIT_NOT_MATURE` before its time without a minute
    /// or a rule of its product, `NO_LKM`, `NOT_LINKED`, `PLACE_NOT_ALLOWED`, `FLOOR` when the
    /// keeper's cash does not suffice.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.term)?;
        let about = |reason| Refusal::new(reason).on("deposit").with("deposit", self.term.id());
        if case.row.state() != TermState::Open {
            return Err(about(Reason::DepositClosed).into());
        }
        let today = draft.frame().happened_on;
        let early = today < case.matures_on();
        let rule = case.row.terms.clone().unwrap_or_default();
        if early && self.minute.is_empty() && rule.early() == EarlyBreak::Unspecified {
            return Err(about(Reason::DepositNotMature).with("date", case.matures_on()).into());
        }
        let sides = Sides::of(draft, &self.term, &case.row, &self.purse)?;
        case.accrue(draft, &sides, today)?;
        let free = !early || (self.died && rule.free_on_death);
        let mut amount = Sen::new(case.row.amount);
        if !free {
            amount = amount.minus(case.break_early(draft, &sides, &rule)?)?;
        }
        let due = (case.due()?, today.min(case.matures_on()));
        case.pay(draft, &sides, due, Part::Purse)?;
        case.row.minute.clone_from(&self.minute);
        case.pay_back(draft, &sides, amount, today)?;
        let row = case.row.clone();
        case.put(draft);
        follow(draft, &self.term, &row)
    }
}

impl Case {
    /// Takes what breaking the deposit costs: of a forfeited return first what was not paid yet.
    /// Answers what of the deposit itself is not paid back.
    fn break_early(
        &mut self,
        draft: &mut Draft<'_>,
        sides: &Sides,
        rule: &TermProduct,
    ) -> Result<Sen, Stop> {
        let amount = Sen::new(self.row.amount);
        let fine = match rule.early() {
            EarlyBreak::Unspecified => return Ok(Sen::ZERO),
            EarlyBreak::Fee => Sen::new(rule.early_fee).min(amount),
            EarlyBreak::Percent => percent_of(&rule.early_percent, amount)?,
            EarlyBreak::Interest => {
                let lost = percent_of(&rule.early_percent, Sen::new(self.row.earned))?;
                let unpaid = lost.min(self.due()?);
                let back = lost.minus(unpaid)?.min(amount);
                self.row.paid = Sen::new(self.row.paid).plus(unpaid)?.get();
                sides.shift(draft, Part::Owed, Part::Return, unpaid)?;
                sides.shift(draft, Part::Principal, Part::Return, back)?;
                return Ok(back);
            }
        };
        sides.shift(draft, Part::Principal, Part::Fine, fine)?;
        if is_syariah(&self.row) {
            let benevolent = Ledger::new(self.term.keeper(), Fund::Kebajikan);
            let due = (Code::InterFund, Subject::fund(sides.keeper.ledger.fund.get()));
            draft.transfer(&benevolent, due, Code::BenevolenceFund, fine)?;
        }
        Ok(fine)
    }
}

// ---- taking back --------------------------------------------------------------------------------

/// Takes back what a record left of a deposit in the register.
///
/// Errors: `REVERSAL_BLOCKED` when something became of the deposit since.
pub fn undo(draft: &mut Draft<'_>, event: Event, effect: &Effect) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        let Row::TermDeposit(then) = row else { continue };
        let Row::TermDeposit(mut row) = draft.require(name, "transaction")? else {
            return Err(not_found(name, "transaction").into());
        };
        let blocked = || Refusal::new(Reason::ReversalBlocked).on("transaction").with("name", name);
        let term = term_of(name).ok_or_else(blocked)?;
        let since = || bare(then) != bare(&row);
        match (event, &then.before) {
            (Event::TermDeposited, _) if !since() => row.state = TermState::Reversed as i32,
            (_, Some(before)) if !since() => row = TermDeposit::clone(before),
            // Records of before there were products.
            (Event::TermMatured | Event::TermDue, None) if row.state() == TermState::PaidBack => {
                row.state = TermState::Open as i32;
                row.closed_on = 0;
                row.minute.clear();
            }
            _ => return Err(blocked().into()),
        }
        let mut case = Case { term, before: row.clone(), row };
        let today = draft.frame().business_day;
        let after = match event {
            // Closed by mistake and past its maturity by now: the next closing lets it mature. A
            // maturity taken back waits for somebody instead, or the next closing would do it again.
            Event::TermMatured | Event::MemberSettled => {
                today.min(Day::new(case.row.matures_on.saturating_sub(1)))
            }
            _ => today,
        };
        case.row.listed_on = 0;
        case.list(draft, after)?;
        follow(draft, &case.term, &case.row)?;
        case.put(draft);
    }
    Ok(())
}

/// A deposit without what only leads from one of its records to another.
fn bare(row: &TermDeposit) -> TermDeposit {
    TermDeposit { before: None, listed_on: 0, ..row.clone() }
}

/// The deposit of a row.
pub fn term_of(name: &RowName) -> Option<TermId> {
    let id = Id::new(&name.id)?;
    let (owner, collection) = name.parent.rsplit_once('/')?;
    let entity = match owner.strip_prefix("groups/") {
        Some(group) => Entity::Kube(Id::new(group)?),
        None => Entity::Lkm,
    };
    match (collection, entity) {
        (OF_KUBES, Entity::Kube(group)) => Some(TermId::Kube(group, id)),
        (OF_MEMBERS, entity) => Some(TermId::Member(entity, id)),
        _ => None,
    }
}
