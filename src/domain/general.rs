//! What the bookkeeper writes: the general journal, opening balances (catalogue event 55) and the
//! clearing of suspense (event 60). The same posting primitive, the same floors.
//!
//! **Invariant**: accounts that other events keep (mirrors, loans, lots, ...) are closed to all of them
//! but as openings, so that a register and its accounts never differ.

use std::collections::BTreeMap;

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::chart::{Class, Code, SubjectKind, fund_allowed, fund_name};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::dues;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::link::{kube_savings, lkm_ledger};
use crate::domain::loan::opening::RunningLoan;
use crate::domain::lot::{self, NewLot};
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::proto::{Fund, GrantChannel};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// One line of the general journal.
#[derive(Clone, Debug)]
pub struct JournalLine {
    /// The account.
    pub account: Account,
    /// Sen, debit positive; not zero.
    pub amount: Sen,
}

/// The LKM bookkeeper's general journal: any open accounts, balanced within each fund.
#[derive(Clone, Debug)]
pub struct PostJournal {
    /// The lines.
    pub lines: Vec<JournalLine>,
}

impl Action for PostJournal {
    fn event(&self) -> Event {
        Event::JournalPosted
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    fn bulk(&self) -> &'static str {
        "lines"
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let gives_up = self.gives_up_a_claim();
        Ok(gives_up.then(|| Matter::of(ApprovalKind::WriteOff, &Entity::Lkm)))
    }

    /// Errors: `UNBALANCED`, `NOT_IN_CHART`, `RESERVED_ACCOUNT`, `FUND_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut funds: BTreeMap<&Ledger, Vec<(Leaf, Sen)>> = BTreeMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            let account = &line.account;
            check(draft, account).map_err(|stop| stop.within("lines", index))?;
            let leaf = (account.code, account.subject.clone()).into();
            funds.entry(&account.ledger).or_default().push((leaf, line.amount));
        }
        for (ledger, legs) in funds {
            let posting = Posting::journal(ledger, legs);
            draft.post(&posting.map_err(|refusal| refusal.on("lines"))?)?;
        }
        Ok(())
    }
}

impl PostJournal {
    /// Whether a claim goes down where a cost or capital bears it: a write-off by another name.
    fn gives_up_a_claim(&self) -> bool {
        let class = |line: &JournalLine| line.account.code.line().class;
        let claim =
            |line: &JournalLine| class(line) == Class::Asset && !line.account.code.is_money();
        let bears = |line: &JournalLine| {
            matches!(class(line), Class::Expense | Class::Equity | Class::Income)
        };
        let down = self.lines.iter().any(|line| claim(line) && line.amount.is_negative());
        down && self.lines.iter().any(|line| bears(line) && line.amount.is_positive())
    }
}

/// Whether the bookkeeper may write to an account.
fn check(draft: &mut Draft<'_>, account: &Account) -> Result<(), Stop> {
    let refusal = |reason| Refusal::new(reason).on("account").with("account", account);
    if account.ledger.entity != Entity::Lkm {
        return Err(refusal(Reason::NotInChart).into());
    }
    if !account.code.line().open {
        return Err(refusal(Reason::ReservedAccount).into());
    }
    draft.check_subject(account, "account")
}

/// One thing an entity owned or owed before the book began.
#[derive(Clone, Debug)]
pub enum Opening {
    /// An account with its natural balance in sen, more than nothing.
    Account(Code, Subject, Sen),
    /// Goods, livestock or tools at their value.
    Lot(NewLot),
    /// What is left of a loan that the entity gave.
    Loan(RunningLoan),
}

/// Opening balances of one fund (event 55); what assets exceed the rest by stands as Saldo Awal.
/// They may come in several parts. A KUBE's savings at the LKM, and the LKM's loans to it, open in
/// both ledgers; its stake opens on each side by itself, as the papers of each say, and the reconciliation tells where they differ.
#[derive(Clone, Debug)]
pub struct OpenBalances {
    /// Whose, and which fund.
    pub ledger: Ledger,
    /// What there was.
    pub items: Vec<Opening>,
}

impl Action for OpenBalances {
    fn event(&self) -> Event {
        Event::OpeningBalances
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    fn bulk(&self) -> &'static str {
        "items"
    }

    /// Errors: `NOT_IN_CHART`, `RESERVED_ACCOUNT`, `NOT_FOUND`, `ALREADY_EXISTS`, `NOT_LINKED`,
    /// `FUND_NOT_ALLOWED` for loans of another fund, those of [`RunningLoan::open`].
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        for ((index, item), line) in self.items.iter().enumerate().zip(1..) {
            if let Opening::Loan(loan) = item {
                // A line of its own: a loan is taken back by its line.
                draft.at_line(line);
                let opened = self.open_loan(draft, loan);
                opened.map_err(|stop| stop.within("items", index))?;
                draft.at_line(0);
                continue;
            }
            self.check(draft, item).map_err(|stop| stop.within("items", index))?;
            match item {
                Opening::Account(code, subject, amount) => {
                    self.open_account(draft, *code, subject, *amount)?;
                }
                Opening::Lot(new) => {
                    let held = lot::account_of(&self.ledger, &new.lot, new.kind);
                    let held = (held.code, held.subject);
                    draft.transfer(&self.ledger, held, Code::OpeningEquity, new.cost)?;
                }
                Opening::Loan(_) => {}
            }
        }
        Ok(())
    }
}

impl OpenBalances {
    /// Whether an item may open; goods come into the register.
    fn check(&self, draft: &mut Draft<'_>, item: &Opening) -> Result<(), Stop> {
        let (code, subject) = match item {
            Opening::Lot(new) => return lot::bring_in(draft, &self.ledger, new),
            Opening::Loan(_) => return Ok(()),
            Opening::Account(code, subject, _) => (*code, subject),
        };
        let account = self.ledger.account_of(code, subject.clone());
        // Mirrors open with their other side, goods as lots; suspense and differences never open.
        let closed = [Code::KubeSavings, Code::OpeningEquity, Code::Suspense, Code::CashDifference];
        if closed.contains(&code) || self.is_granted_here(draft, code, subject)? {
            let refusal = Refusal::new(Reason::ReservedAccount).on("account");
            return Err(refusal.with("account", account).into());
        }
        draft.check_subject(&account, "account")
    }

    fn open_loan(&self, draft: &mut Draft<'_>, loan: &RunningLoan) -> Result<(), Stop> {
        let fund = self.ledger.fund.get();
        if fund != Fund::SimpanPinjam {
            let refusal = Refusal::new(Reason::FundNotAllowed).on("fund");
            return Err(refusal.with("fund", crate::domain::chart::fund_name(fund)).into());
        }
        loan.open(draft, &self.ledger.entity)
    }

    /// Whether an account holds capital that came within these books, and so cannot open.
    fn is_granted_here(
        &self,
        draft: &Draft<'_>,
        code: Code,
        subject: &Subject,
    ) -> Result<bool, Stop> {
        let Entity::Kube(_) = &self.ledger.entity else { return Ok(false) };
        if code.line().subject != SubjectKind::Grant {
            return Ok(false);
        }
        let name = RowName::of(&self.ledger.entity, "grants", subject.as_str());
        let channel = match draft.row(&name)? {
            Some(Row::Grant(row)) => row.channel(),
            _ => return Ok(false),
        };
        Ok(channel != GrantChannel::BeforeBooks)
    }

    fn open_account(
        &self,
        draft: &mut Draft<'_>,
        code: Code,
        subject: &Subject,
        amount: Sen,
    ) -> Result<(), Stop> {
        let leaf = (code, subject.clone());
        match code.debit_side() {
            true => draft.transfer(&self.ledger, leaf, Code::OpeningEquity, amount)?,
            false => draft.transfer(&self.ledger, Code::OpeningEquity, leaf, amount)?,
        }
        match (&self.ledger.entity, code) {
            (Entity::Kube(group), Code::SavingsAtLkm) => self.open_mirror(draft, group, amount),
            _ => Ok(()),
        }
    }

    fn open_mirror(&self, draft: &mut Draft<'_>, group: &Id, amount: Sen) -> Result<(), Stop> {
        draft.linked(group)?;
        let savings = kube_savings(group, self.ledger.fund.get());
        draft.transfer(&lkm_ledger(), Code::OpeningEquity, savings, amount)
    }
}

/// A reported line that waits in suspense finds its place (event 60).
#[derive(Clone, Debug)]
pub struct ClearSuspense {
    /// Whose.
    pub entity: Entity,
    /// Which fund.
    pub fund: Fund,
    /// The request that was put in suspense.
    pub transaction: RequestId,
    /// Its line.
    pub line: u32,
    /// The right account's code.
    pub code: Code,
    /// The right account's subject.
    pub subject: Subject,
    /// Sen to place, more than nothing.
    pub amount: Sen,
    /// Whose solidarity dues they turned out to be, if they are.
    pub dues: Option<DuesOf>,
}

/// The member whose solidarity dues waited in suspense.
#[derive(Clone, Debug)]
pub struct DuesOf {
    /// The member.
    pub member: Id,
    /// A day of the period that they count for; the day the money came in if none.
    pub for_day: Option<Day>,
}

impl Action for ClearSuspense {
    fn event(&self) -> Event {
        Event::SuspenseCleared
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `FUND_NOT_ALLOWED`, `SUSPENSE_EXCEEDED`, `NOT_IN_CHART`, `RESERVED_ACCOUNT`,
    /// `NOT_FOUND`, `FLOOR`, `WRONG_KIND` for dues that did not come into the solidarity fund.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if !fund_allowed(&self.entity, self.fund) {
            let refusal = Refusal::new(Reason::FundNotAllowed).on("fund");
            return Err(refusal.with("fund", fund_name(self.fund)).into());
        }
        let ledger = Ledger::new(self.entity.clone(), self.fund);
        let item = (Code::Suspense, Subject::item(&self.transaction, self.line));
        let waiting = draft.held(&ledger.account_of(item.0, item.1.clone()))?;
        let size = if waiting.is_negative() { waiting.negated()? } else { waiting };
        if self.amount > size {
            let refusal = Refusal::new(Reason::SuspenseExceeded).on("amount");
            let refusal = refusal.with("item", item.1.as_str());
            return Err(refusal.with("held", size.get()).into());
        }
        let target = ledger.account_of(self.code, self.subject.clone());
        // Money has been counted already; mirrors, suspense and the capital of grants have their
        // own events.
        let own = matches!(self.code, Code::Suspense | Code::InterFund | Code::CashInTransit);
        let capital = self.code.line().subject == SubjectKind::Grant;
        if self.code.is_money() || self.code.is_mirrored() || capital || own {
            let refusal = Refusal::new(Reason::ReservedAccount).on("account");
            return Err(refusal.with("account", target).into());
        }
        draft.check_subject(&target, "account")?;
        if let Some(dues) = &self.dues {
            self.count_dues(draft, dues, waiting)?;
        }
        let target = (self.code, self.subject.clone());
        match waiting.is_positive() {
            true => draft.transfer(&ledger, item, target, self.amount),
            false => draft.transfer(&ledger, target, item, self.amount),
        }
    }
}

impl ClearSuspense {
    /// Money that came in was a member's dues: it counts as paid like any other.
    ///
    /// Errors: `NOT_FOUND`, `WRONG_KIND`.
    fn count_dues(&self, draft: &mut Draft<'_>, of: &DuesOf, waiting: Sen) -> Result<(), Stop> {
        let wrong = || Refusal::new(Reason::WrongKind).on("member").with("name", &of.member);
        let Entity::Kube(group) = &self.entity else { return Err(wrong().into()) };
        if self.code != Code::SolidarityFund || !waiting.is_positive() {
            return Err(wrong().into());
        }
        draft.member(&self.entity, &of.member, "member")?;
        draft.about(&self.entity, "members", &of.member);
        let came_in = draft.record_of(&self.transaction, "transaction")?.happened_on;
        let day = of.for_day.unwrap_or(came_in);
        dues::add(draft, group, day, of.member.as_str(), self.amount)
    }
}
