//! What time alone does to a loan, and where the day's closing finds it.
//!
//! Each loan that owes something is listed in the register `due` under the next day on which time
//! changes something of it: an instalment falls due, its quality class changes, a month ends whose
//! jasa is recognised or for whose end provisions are counted, or, while something is overdue that
//! is taken from savings, the next day. So the closing reads what is listed under a day, and never
//! visits a loan of which nothing changes. What was listed under a day that a loan has left since
//! is told from the loan itself.
//!
//! What a teller tells of a day before the closing of the day before has come to it reckons the
//! loan as far as that: what was earned until then stands on the teller's day.
//!
//! **Invariant**: a loan that owes something is listed under one day, after the last day whose
//! closing has reckoned it and not before the first day that is not closed.

use crate::domain::account::{Account, Subject};
use crate::domain::chart::Code;
use crate::domain::daily::{last_closed, note_due};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::iks_rule::period_of;
use crate::domain::link::kube_savings;
use crate::domain::loan::case::{Borrower, Case, Leg, Told};
use crate::domain::loan::life::{Life, reckon};
use crate::domain::loan::quality::{class_of, found_on};
use crate::domain::loan::trouble::provide;
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::{
    DuesPeriod, Fund, Loan, LoanContract, LoanFactKind, QualityMeasure, QualityVersion, Standing,
};
use crate::domain::refusal::Refusal;
use crate::domain::standing::standing_of;

/// What the register `due` calls a loan.
pub const KIND: &str = "loan";

/// The most loans that one record tends.
pub const CHUNK: usize = 40;

/// How the register `due` names a loan.
pub fn listed_as(lender: &Entity, loan: &Id) -> String {
    format!("{lender}.{loan}")
}

/// The loan that the register `due` names; `None` when it names nothing of the sort.
pub fn parse(what: &str) -> Option<(Entity, Id)> {
    let (lender, loan) = what.split_once('.')?;
    Some((Entity::new(lender)?, Id::new(loan)?))
}

// ---- where it is found ------------------------------------------------------------------------

/// Lists a loan under the day that its life asks for.
///
/// Errors: `Missing`, `RULE_NOT_SET`, `OVERFLOW`.
pub fn list(draft: &mut Draft<'_>, case: &mut Case, life: &Life) -> Result<(), Stop> {
    let rule = found_on(draft, &case.lender, Day::new(case.row.reckoned_on))?;
    let Some(next) = next_day(case, life, rule.as_ref())? else {
        case.row.listed_on = 0;
        return Ok(());
    };
    list_under(draft, case, next)
}

fn list_under(draft: &mut Draft<'_>, case: &mut Case, day: Day) -> Result<(), Stop> {
    let day = day.max(last_closed(draft)?.next());
    if day.get() != case.row.listed_on {
        note_due(draft, day, KIND, &listed_as(&case.lender, &case.id))?;
        case.row.listed_on = day.get();
    }
    Ok(())
}

/// The next day, after the last closing that has reckoned a loan, on which time changes something.
fn next_day(
    case: &Case,
    life: &Life,
    rule: Option<&QualityVersion>,
) -> Result<Option<Day>, Refusal> {
    let began = case.facts().next().map_or(0, |fact| fact.on - 1);
    let after = Day::new(case.row.tended_on.max(began));
    if !life.disbursed().is_positive() || life.is_written_off() {
        return Ok(None);
    }
    let ahead = case.row.provisions_ahead.iter().map(|one| Day::new(one.on));
    let mut days: Vec<Day> = ahead.filter(|day| *day > after).collect();
    if life.is_paid_off()? {
        // What was provided for it is released once, and what was of a later day on that day.
        days.extend((case.row.quality != 0).then_some(after.next()));
        return Ok(days.into_iter().min());
    }
    days.extend(life.falls_due_after(after));
    if case.row.auto_debit && life.due()?.total()?.is_positive() {
        days.push(after.next());
    }
    if let Some(rule) = rule {
        days.extend(class_changes_after(rule, life, after)?);
        let ranked = rank(Some(rule), life)?;
        if case.row.quality.max(1) != ranked {
            days.push(after.next());
        }
    }
    let monthly = rule.is_some() || (life.terms().accrues && life.performs());
    if monthly || days.is_empty() {
        days.push(period_of(DuesPeriod::Monthly, after.next()).1);
    }
    Ok(days.into_iter().min())
}

/// The next day after one on which time alone changes the class of a loan.
fn class_changes_after(
    rule: &QualityVersion,
    life: &Life,
    after: Day,
) -> Result<Option<Day>, Refusal> {
    let later = |due_on: Day, days: u32| {
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        Day::new(due_on.get().saturating_add(days)).min(Day::MAX)
    };
    let unpaid = life.unpaid_due_days()?;
    let mut days: Vec<Day> = match rule.measure() {
        QualityMeasure::InstalmentsOverdue => unpaid.iter().map(|day| later(*day, 1)).collect(),
        QualityMeasure::DaysLate | QualityMeasure::Unspecified => {
            let oldest = unpaid.first().into_iter();
            oldest.flat_map(|day| rule.classes.iter().map(|one| later(*day, one.from))).collect()
        }
    };
    days.retain(|day| *day > after);
    Ok(days.into_iter().min())
}

/// The rank of a loan's class, from 1; 0 where no rule was set or nothing is owed.
pub(super) fn rank(rule: Option<&QualityVersion>, life: &Life) -> Result<u32, Refusal> {
    let paid_off = life.is_paid_off()?;
    let Some(rule) = rule.filter(|_| !paid_off) else { return Ok(0) };
    Ok(u32::try_from(class_of(rule, life)?.0).unwrap_or(u32::MAX))
}

// ---- what time does ---------------------------------------------------------------------------

/// Reckons a loan up to the day of a draft: jasa earned, titipan used, and, where the lender has
/// quality classes, whether it performs and what is provided for it.
///
/// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `NOT_AFTER_LAST`.
pub fn tend(draft: &mut Draft<'_>, lender: &Entity, loan: &Id) -> Result<(), Stop> {
    let mut case = Case::decided(draft, lender, loan)?;
    tend_case(draft, &mut case)
}

fn tend_case(draft: &mut Draft<'_>, case: &mut Case) -> Result<(), Stop> {
    let rule = found_on(draft, &case.lender, draft.frame().happened_on)?;
    let life = case.life(draft)?;
    case.row.quality = rank(rule.as_ref(), &life)?;
    let turned = rule.as_ref().and_then(|rule| turn(rule, case.row.quality, &life));
    let facts = turned.map(|kind| case.fact(draft, kind, Sen::ZERO)).into_iter().collect();
    case.tell(draft, Told { facts, ..Told::default() })?;
    match rule {
        Some(rule) => provide(draft, case, &rule),
        None => Ok(()),
    }
}

/// Whether a loan's class turns it.
fn turn(rule: &QualityVersion, rank: u32, life: &Life) -> Option<LoanFactKind> {
    if rule.non_performing_from == 0 {
        return None;
    }
    match (rank < rule.non_performing_from, life.performs()) {
        (true, false) => Some(LoanFactKind::Performing),
        (false, true) => Some(LoanFactKind::NonPerforming),
        _ => None,
    }
}

/// At the end of a day, tends loans that are listed under it.
#[derive(Clone, Debug)]
pub struct TendLoans {
    /// The day.
    pub day: Day,
    /// The loans, at most [`CHUNK`].
    pub loans: Vec<(Entity, Id)>,
}

impl Action for TendLoans {
    fn event(&self) -> Event {
        Event::LoanAccrued
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// What cannot be reckoned is flagged, and tried again the next day. Errors: `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        each_listed(draft, self.day, &self.loans, |draft, mut case| {
            case.row.tended_on = case.row.tended_on.max(self.day.get());
            tend_case(draft, &mut case)
        })
    }
}

/// At the end of a day, takes what is due of loans that are listed under it from their borrowers'
/// savings, as far as these reach.
#[derive(Clone, Debug)]
pub struct DebitLoans {
    /// The day.
    pub day: Day,
    /// The loans, at most [`CHUNK`].
    pub loans: Vec<(Entity, Id)>,
}

impl Action for DebitLoans {
    fn event(&self) -> Event {
        Event::LoanPaid
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// What cannot be taken is flagged, and tried again the next day. Errors: `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        each_listed(draft, self.day, &self.loans, |draft, mut case| debit(draft, &mut case))
    }
}

/// The account that a borrower's instalments are taken from.
///
/// Errors: `NOT_FOUND` when the row names no borrower.
pub fn debited_account(case: &Case) -> Result<Account, Refusal> {
    Ok(match case.borrower()? {
        Borrower::Member(member) => {
            case.ledger().account_of(Code::MemberSavings, Subject::id(&member))
        }
        Borrower::Group(group) => {
            let (code, subject) = kube_savings(&group, Fund::SimpanPinjam);
            case.ledger().account_of(code, subject)
        }
    })
}

/// What is due of a loan on a day and was not paid since.
///
/// Errors: those of [`reckon`].
pub fn payable(row: &Loan, day: Day) -> Result<Sen, Refusal> {
    let due = |on| reckon(row, on).and_then(|life| life.due()?.total());
    Ok(due(day)?.min(due(day.max(Day::new(row.reckoned_on)))?))
}

fn debit(draft: &mut Draft<'_>, case: &mut Case) -> Result<(), Stop> {
    if let Borrower::Member(member) = case.borrower()?
        && !draft.lives(&case.lender, &member)?
    {
        // What the savings owe is settled with the heirs.
        return Ok(());
    }
    let account = debited_account(case)?;
    let amount = payable(&case.row, draft.frame().happened_on)?.min(draft.available(&account)?);
    // Savings are in a fund of their own: what is owed to another is not taken from them.
    let elsewhere = case.contract() == LoanContract::Qardh;
    if !case.row.auto_debit || elsewhere || !amount.is_positive() {
        return Ok(());
    }
    let lender: Vec<Leg> = vec![((account.code, account.subject).into(), amount)];
    let borrower: Vec<Leg> = match case.borrower_ledger()? {
        Some(_) => vec![(Code::SavingsAtLkm.into(), amount.negated()?)],
        None => Vec::new(),
    };
    let facts = vec![case.fact(draft, LoanFactKind::Paid, amount)];
    case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
}

/// Does something to each loan that is still listed under a day, each a line of its own.
fn each_listed(
    draft: &mut Draft<'_>,
    day: Day,
    loans: &[(Entity, Id)],
    act: impl Fn(&mut Draft<'_>, Case) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut missing = None;
    for (line, (lender, loan)) in (1..).zip(loans) {
        draft.at_line(line);
        match one_listed(draft, day, (lender, loan), &act) {
            // Go on to find out what else is missing.
            Err(stop @ Stop::Missing) => missing = Some(stop),
            result => result?,
        }
    }
    draft.at_line(0);
    missing.map_or(Ok(()), Err)
}

fn one_listed(
    draft: &mut Draft<'_>,
    day: Day,
    (lender, loan): (&Entity, &Id),
    act: impl Fn(&mut Draft<'_>, Case) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let case = Case::load(draft, lender, loan)?;
    if case.row.listed_on == 0 || case.row.listed_on > day.get() {
        return Ok(());
    }
    let mut waiting = Case { lender: lender.clone(), id: loan.clone(), row: case.row.clone() };
    match standing_of(draft, lender)? {
        Standing::Dissolved | Standing::Moved => return Ok(()),
        // What cannot be done before it has come whole is done the next day.
        Standing::Arriving => {
            list_under(draft, &mut waiting, day.next())?;
            waiting.put(draft);
            return Ok(());
        }
        Standing::Unspecified | Standing::Active | Standing::Asleep => {}
    }
    draft.attempt(
        |draft| act(draft, case),
        |draft, refusal| {
            draft.flag(refusal);
            list_under(draft, &mut waiting, day.next())?;
            waiting.put(draft);
            Ok(())
        },
    )
}
