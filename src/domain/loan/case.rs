//! A loan within a decision: its row, its facts, and the accounts it stands in.
//!
//! A command adds facts, folds again, and posts the difference of the cumulative sums. What is told
//! of a day before the one the loan was reckoned to posts at its own day what it changed then; what
//! came after is reckoned anew and posts at the business day, in one record that names the cause,
//! in both ledgers.
//!
//! **Invariant**: after every command the row's sums are what all records have posted for the loan,
//! and what the fold of its facts says on the day it was reckoned to. Facts are ordered by the day
//! they happened on, also where a closed period moves their entries to a later day.

use std::collections::BTreeSet;

use crate::domain::account::{Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::accounts::{contract_of, difference, ledger_of, sum};
use crate::domain::loan::due;
use crate::domain::loan::life::{LATEST, Life, facts_known, reckon};
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::proto::{
    self, Fund, Loan, LoanContract, LoanFact, LoanFactKind, LoanProvision, LoanState, LoanSums,
};
use crate::domain::record::{Effect, Entry, Event, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::after_last;
use crate::domain::stake::Means;

/// The most facts of a loan: with them its row stays well below what a record can hold.
const MOST_FACTS: usize = 1_500;

/// Who borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Borrower {
    /// A member of the lender.
    Member(Id),
    /// A KUBE, of the LKM.
    Group(Id),
}

impl Borrower {
    /// As a loan's row names it.
    pub fn path(&self) -> String {
        match self {
            Borrower::Member(id) => format!("members/{id}"),
            Borrower::Group(id) => format!("groups/{id}"),
        }
    }

    /// From what a loan's row says; `None` when it says nothing of the sort.
    pub fn parse(path: &str) -> Option<Borrower> {
        let (sort, id) = path.split_once('/')?;
        match (sort, Id::new(id)?) {
            ("members", id) => Some(Borrower::Member(id)),
            ("groups", id) => Some(Borrower::Group(id)),
            _ => None,
        }
    }

    /// The row that lists their loans at a lender.
    pub fn index_name(&self, lender: &Entity) -> RowName {
        let id = match self {
            Borrower::Member(id) => format!("m.{id}"),
            Borrower::Group(id) => format!("g.{id}"),
        };
        RowName::of(lender, "borrowers", &id)
    }
}

/// A lender's loan.
pub fn loan_name(lender: &Entity, loan: &Id) -> RowName {
    RowName::of(lender, "loans", loan.as_str())
}

/// The loans of a borrower at a lender that are not paid off.
pub fn open_loans(
    draft: &Draft<'_>,
    lender: &Entity,
    borrower: &Borrower,
) -> Result<Vec<Id>, Stop> {
    Ok(match draft.row(&borrower.index_name(lender))? {
        Some(Row::Borrower(row)) => row.open.iter().filter_map(|id| Id::new(id)).collect(),
        _ => Vec::new(),
    })
}

/// A leg that a command adds by itself, such as cash.
pub type Leg = (Leaf, Sen);

/// What a command tells of a loan.
#[derive(Debug, Default)]
pub struct Told {
    /// What happened, in order.
    pub facts: Vec<LoanFact>,
    /// Legs in the lender's ledger besides those of the loan.
    pub lender: Vec<Leg>,
    /// Legs in the borrower's ledger besides those of the loan.
    pub borrower: Vec<Leg>,
    /// Provision that is used up.
    pub provision: Sen,
}

/// A loan being decided on.
#[derive(Debug)]
pub struct Case {
    /// Who lends.
    pub lender: Entity,
    /// Its id at the lender.
    pub id: Id,
    /// Its row, as this decision leaves it.
    pub row: Loan,
}

impl Case {
    /// A loan. Errors: `NOT_FOUND`.
    pub fn load(draft: &Draft<'_>, lender: &Entity, id: &Id) -> Result<Case, Stop> {
        let name = loan_name(lender, id);
        match draft.require(&name, "loan")? {
            Row::Loan(row) => Ok(Case { lender: lender.clone(), id: id.clone(), row }),
            _ => Err(not_found(&name, "loan").into()),
        }
    }

    /// A loan that money has gone out on and that is owed: running, or written off.
    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN` also for a day before it was paid out.
    pub fn open(draft: &Draft<'_>, lender: &Entity, id: &Id) -> Result<Case, Stop> {
        let case = Case::load(draft, lender, id)?;
        let began = case.facts().next().map(|fact| fact.on);
        let gone = [LoanState::PaidOff, LoanState::Rejected, LoanState::Moved];
        let owed = !gone.contains(&case.row.state());
        match began {
            Some(began) if owed && began <= draft.frame().happened_on.get() => Ok(case),
            _ => Err(case.refuse(Reason::LoanNotOpen).into()),
        }
    }

    /// A loan on the lender's books, for a decision about it on a day that is not before anything
    /// that was told of it. Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `NOT_AFTER_LAST`.
    pub fn decided(draft: &Draft<'_>, lender: &Entity, id: &Id) -> Result<Case, Stop> {
        let case = Case::open(draft, lender, id)?;
        if case.row.state() == LoanState::WrittenOff {
            return Err(case.refuse(Reason::LoanNotOpen).into());
        }
        case.not_backdated(draft)?;
        Ok(case)
    }

    /// Checks that a loan waits to be paid out, or what is left of it.
    /// Errors: `LOAN_NOT_APPROVED` also for a day before it was approved, or last paid out.
    pub fn check_approved(&self, draft: &Draft<'_>) -> Result<(), Refusal> {
        let since = self.row.reckoned_on.max(self.row.decided_on);
        match self.row.state() == LoanState::Approved && draft.frame().happened_on.get() >= since {
            true => Ok(()),
            false => Err(self.refuse(Reason::LoanNotApproved)),
        }
    }

    /// Checks that the day of a draft is not before anything that was told of the loan.
    /// Errors: `NOT_AFTER_LAST`.
    pub fn not_backdated(&self, draft: &Draft<'_>) -> Result<(), Refusal> {
        after_last(draft.frame().happened_on, self.row.reckoned_on - 1, "happened_on")
    }

    /// A refusal about this loan.
    pub fn refuse(&self, reason: Reason) -> Refusal {
        Refusal::new(reason).on("loan").with("loan", &self.id)
    }

    /// Who borrows. Errors: `NOT_FOUND` when the row names nobody.
    pub fn borrower(&self) -> Result<Borrower, Refusal> {
        let unknown = || Refusal::new(Reason::NotFound).on("loan").with("name", &self.row.borrower);
        Borrower::parse(&self.row.borrower).ok_or_else(unknown)
    }

    /// The contract that its terms say.
    pub fn contract(&self) -> LoanContract {
        contract_of(&self.row)
    }

    /// The lender's ledger.
    pub fn ledger(&self) -> Ledger {
        ledger_of(&self.lender, self.contract())
    }

    /// The borrower's ledger, where the borrower keeps one in this book.
    pub fn borrower_ledger(&self) -> Result<Option<Ledger>, Refusal> {
        Ok(match self.borrower()? {
            Borrower::Member(_) => None,
            Borrower::Group(group) => Some(Ledger::new(Entity::Kube(group), Fund::SimpanPinjam)),
        })
    }

    /// An account of the loan.
    pub fn leaf(&self, code: Code) -> Leaf {
        Leaf::from((code, Subject::id(&self.id)))
    }

    /// Provision made for it, on whatever day.
    pub fn provision(&self, draft: &Draft<'_>) -> Result<Sen, Stop> {
        let account = self.ledger().account_of(Code::LoanProvision, Subject::id(&self.id));
        Ok(draft.balance(&account)?.negated()?)
    }

    /// Provision held for it on the day of a draft: not what was told of later days already.
    pub fn provision_on_day(&self, draft: &Draft<'_>) -> Result<Sen, Stop> {
        let today = draft.frame().happened_on.get();
        let mut later = self.row.provisions_ahead.iter().filter(|one| one.on > today);
        let held = self.provision(draft)?;
        Ok(later.try_fold(held, |held, one| held.minus(Sen::new(one.amount)))?)
    }

    /// Remembers what a command makes, releases (negative) or uses of its provision, for as long as
    /// closings of days before may come.
    pub(super) fn note_provision(&mut self, draft: &Draft<'_>, change: Sen) {
        let on = draft.frame().happened_on.get();
        let closed = self.row.tended_on;
        self.row.provisions_ahead.retain(|one| one.on > closed);
        if on > closed && !change.is_zero() {
            self.row.provisions_ahead.push(LoanProvision { on, amount: change.get() });
        }
    }

    /// What it has come to on the day of a draft. Errors: as [`reckon`].
    pub fn life(&self, draft: &Draft<'_>) -> Result<Life, Refusal> {
        reckon(&self.row, draft.frame().happened_on)
    }

    /// The facts that stand, in order.
    pub fn facts(&self) -> impl Iterator<Item = &LoanFact> {
        facts_known(&self.row, LATEST)
    }

    /// A fact on the day of a draft.
    pub fn fact(&self, draft: &Draft<'_>, kind: LoanFactKind, amount: Sen) -> LoanFact {
        LoanFact {
            kind: kind as i32,
            on: draft.frame().happened_on.get(),
            position: draft.frame().position,
            line: draft.line(),
            amount: amount.get(),
            ..LoanFact::default()
        }
    }

    /// Takes up what is told, posts what it changes, and writes the row.
    ///
    /// Errors: `LOAN_FULL`, and those of the fold and of posting.
    pub fn tell(&mut self, draft: &mut Draft<'_>, told: Told) -> Result<Life, Stop> {
        if self.row.facts.len() + told.facts.len() > MOST_FACTS {
            return Err(self.refuse(Reason::LoanFull).into());
        }
        let day = draft.frame().happened_on;
        let posted = self.row.posted.unwrap_or_default();
        let backdated = day.get() < self.row.reckoned_on;
        let before = if backdated { self.life(draft)?.sums()? } else { posted };
        self.row.facts.extend(told.facts.iter().cloned());
        self.row.facts.sort_by_key(|fact| (fact.on, fact.position, fact.line));
        let life = self.life(draft)?;
        let own = difference(&life.sums()?, &before)?;
        self.post(draft, &own, &told)?;
        let life = if backdated { self.reckoned()? } else { life };
        self.row.reckoned_on = self.row.reckoned_on.max(day.get());
        self.reckon_anew(draft, &life, &sum(&posted, &own)?)?;
        self.save(draft, &life)?;
        Ok(life)
    }

    /// What it has come to on the day it was reckoned to.
    pub(super) fn reckoned(&self) -> Result<Life, Refusal> {
        reckon(&self.row, Day::new(self.row.reckoned_on))
    }

    /// Posts what is left between what is posted and what the loan has come to.
    fn reckon_anew(
        &mut self,
        draft: &mut Draft<'_>,
        life: &Life,
        posted: &LoanSums,
    ) -> Result<(), Stop> {
        let sums = life.sums()?;
        let rest = difference(&sums, posted)?;
        self.row.posted = Some(sums);
        let none = Told::default();
        self.about_borrower(draft)?;
        draft.post_anew(&Posting::journal(&self.ledger(), self.lender_legs(&rest, &none)?)?)?;
        if let Some(fines) = self.fines(&rest)? {
            draft.post_anew(&fines)?;
        }
        if let Some(ledger) = self.borrower_ledger()? {
            draft.about_name(String::new());
            draft.post_anew(&Posting::journal(&ledger, self.borrower_legs(&rest, &none)?)?)?;
        }
        Ok(())
    }

    fn post(&self, draft: &mut Draft<'_>, own: &LoanSums, told: &Told) -> Result<(), Stop> {
        self.about_borrower(draft)?;
        draft.post_reckoned(&Posting::journal(&self.ledger(), self.lender_legs(own, told)?)?)?;
        if let Some(fines) = self.fines(own)? {
            draft.post_reckoned(&fines)?;
        }
        if let Some(ledger) = self.borrower_ledger()? {
            draft.about_name(String::new());
            draft.post_reckoned(&Posting::journal(&ledger, self.borrower_legs(own, told)?)?)?;
        }
        Ok(())
    }

    /// What is posted next in the lender's ledger is about the borrower.
    pub fn about_borrower(&self, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        match self.borrower()? {
            Borrower::Member(member) => draft.about(&self.lender, "members", &member),
            Borrower::Group(group) => draft.about_name(RowName::group(&group).to_string()),
        }
        Ok(())
    }

    /// Writes the row and the borrower's list of loans.
    pub(super) fn save(&mut self, draft: &mut Draft<'_>, life: &Life) -> Result<(), Stop> {
        let paid_out = life.disbursed().get() >= self.row.amount;
        self.row.state = match (life.is_written_off(), paid_out) {
            (true, _) => LoanState::WrittenOff,
            (false, true) if life.is_paid_off()? => LoanState::PaidOff,
            (false, true) => LoanState::Active,
            (false, false) => LoanState::Approved,
        } as i32;
        let owes = life.disbursed().is_positive() && self.row.state() != LoanState::PaidOff;
        let name = self.borrower()?.index_name(&self.lender);
        let mut list = match draft.row(&name)? {
            Some(Row::Borrower(list)) => list,
            _ => proto::Borrower::default(),
        };
        let listed = list.open.iter().any(|id| id == self.id.as_str());
        if owes && !listed {
            list.open.push(self.id.to_string());
        } else if !owes && listed {
            list.open.retain(|id| id != self.id.as_str());
        }
        if owes != listed {
            draft.put(name, Row::Borrower(list));
        }
        due::list(draft, self, life)?;
        self.put(draft);
        Ok(())
    }

    /// Lists it again under the day that its life asks for, and writes the row.
    pub(super) fn list_anew(&mut self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let life = self.reckoned()?;
        due::list(draft, self, &life)?;
        self.put(draft);
        Ok(())
    }

    /// Writes the row as it is.
    pub fn put(&self, draft: &mut Draft<'_>) {
        draft.put(loan_name(&self.lender, &self.id), Row::Loan(self.row.clone()));
    }

    // ---- reversal -----------------------------------------------------------------------

    /// Takes back the facts of a record's open lines, whose entries have been posted back already,
    /// and reckons anew what came after them.
    fn take_back(
        &mut self,
        draft: &mut Draft<'_>,
        record: &Record,
        effect: &Effect,
        open: impl Fn(u32) -> bool,
    ) -> Result<(), Stop> {
        let told = |fact: &LoanFact| {
            fact.taken_back == 0 && fact.position == record.position && open(fact.line)
        };
        let lines: BTreeSet<u32> =
            self.facts().filter(|fact| told(fact)).map(|fact| fact.line).collect();
        let gives_back = record.event == Event::LoanClaimRepaid;
        let taken = || effect.entries.iter().filter(|entry| open(entry.line));
        let account = self.ledger().account_of(Code::LoanProvision, Subject::id(&self.id));
        let mut provided = taken().filter(|entry| entry.account == account);
        let provided = provided.try_fold(Sen::ZERO, |sum, entry| sum.plus(entry.amount))?;
        self.note_provision(draft, provided);
        if lines.is_empty() && !gives_back {
            // Time alone has made an accrual: it cannot be taken back.
            let own = Subject::id(&self.id);
            let accrued = record.event == Event::LoanAccrued
                && taken().any(|entry| entry.account.subject == own);
            return match accrued {
                true => Err(self.blocked()),
                false if provided.is_zero() => Ok(()),
                false => self.list_anew(draft),
            };
        }
        let lent = |fact: &LoanFact| told(fact) && fact.kind() == LoanFactKind::Disbursed;
        let later = |fact: &LoanFact| fact.position > record.position;
        if self.facts().any(lent) && self.facts().any(later) {
            return Err(self.blocked());
        }
        let own = |line: u32| lines.contains(&line) || (gives_back && open(line));
        let entries: Vec<&Entry> = effect.entries.iter().filter(|entry| own(entry.line)).collect();
        self.take_back_claims(record, &entries)?;
        for fact in self.row.facts.iter_mut().filter(|fact| told(fact)) {
            fact.taken_back = draft.frame().position;
            let given_back = |thing: &&mut proto::Collateral| thing.id == fact.collateral;
            if let Some(thing) = self.row.collaterals.iter_mut().find(given_back) {
                thing.taken_on = 0;
            }
        }
        let back = self.sums_of(&entries)?;
        let posted = difference(&self.row.posted.unwrap_or_default(), &back)?;
        let life = self.reckoned().map_err(|_| self.blocked())?;
        self.reckon_anew(draft, &life, &posted)?;
        self.save(draft, &life)
    }

    fn blocked(&self) -> Stop {
        let name = loan_name(&self.lender, &self.id);
        Refusal::new(Reason::ReversalBlocked).on("transaction").with("name", name).into()
    }

    /// Claims that a record made go with it; what it gave back of them is owed again.
    fn take_back_claims(&mut self, record: &Record, entries: &[&Entry]) -> Result<(), Stop> {
        if record.event == Event::LoanStoodIn {
            let made = |claim: &proto::LoanClaim| claim.position == record.position;
            if self.row.claims.iter().any(|claim| made(claim) && claim.repaid != 0) {
                return Err(self.blocked());
            }
            self.row.claims.retain(|claim| !made(claim));
        }
        if record.event == Event::LoanClaimRepaid {
            for entry in entries.iter().filter(|entry| is_given_back(entry)) {
                let given = entry.amount.max(entry.amount.negated()?);
                self.owe_again(&entry.party, given)?;
            }
        }
        Ok(())
    }

    fn owe_again(&mut self, party: &str, amount: Sen) -> Result<(), Refusal> {
        let mut left = amount;
        let of_payer = |claim: &&mut proto::LoanClaim| party.ends_with(claim.payer.as_str());
        for claim in self.row.claims.iter_mut().rev().filter(of_payer) {
            let taken = Sen::new(claim.repaid).min(left);
            claim.repaid = Sen::new(claim.repaid).minus(taken)?.get();
            left = left.minus(taken)?;
        }
        Ok(())
    }
}

/// Whether an entry gave back what somebody had paid for a borrower.
fn is_given_back(entry: &Entry) -> bool {
    match entry.account.code {
        Code::LoanTitipan => entry.amount.is_positive(),
        Code::StandInReceivable => entry.amount.is_negative(),
        _ => false,
    }
}

/// The lender and the id in the name of a loan's row; `None` for the name of something else.
pub(super) fn named(name: &RowName) -> Option<(Entity, Id)> {
    let path = name.parent.strip_suffix("/loans")?;
    let lender = Entity::new(path.strip_prefix("groups/").unwrap_or(path))?;
    Some((lender, Id::new(&name.id)?))
}

/// Takes back what a record left in loans.
///
/// Errors: `REVERSAL_BLOCKED` when what came after cannot stand without it.
pub fn undo(
    draft: &mut Draft<'_>,
    record: &Record,
    effect: &Effect,
    open: impl Fn(u32) -> bool,
) -> Result<(), Stop> {
    for (name, _) in effect.rows.iter().filter(|(_, row)| matches!(row, Row::Loan(_))) {
        let (lender, id) = named(name).ok_or_else(|| not_found(name, "transaction"))?;
        Case::load(draft, &lender, &id)?.take_back(draft, record, effect, &open)?;
    }
    Ok(())
}

/// The place of money at the lender and, where the borrower keeps a ledger here, at the borrower.
#[derive(Clone, Debug)]
pub enum Purse {
    /// The lender's tin, bank account, vault or drawer: for loans to members.
    Place(crate::domain::cash::Place),
    /// A collector's bag, in the village: for what members of the LKM pay.
    Bag(Id),
    /// Both sides' places, or the KUBE's savings at the LKM: for loans to KUBEs.
    Kube(Means),
}

impl Purse {
    /// The legs of money that comes in to the lender (negative: goes out).
    ///
    /// Errors: `PLACE_NOT_ALLOWED`, `NOT_FOUND`, `WRONG_KIND`.
    pub fn legs(
        &self,
        draft: &Draft<'_>,
        case: &Case,
        amount: Sen,
    ) -> Result<(Vec<Leg>, Vec<Leg>), Stop> {
        // Bags and savings are in the fund of savings and loans only.
        let own = matches!(self, Purse::Place(_) | Purse::Kube(Means::Money { .. }));
        if case.contract() == LoanContract::Qardh && !own {
            return Err(Refusal::new(Reason::PlaceNotAllowed).on("means").into());
        }
        self.legs_between(draft, &case.lender, &case.borrower()?, amount)
    }

    /// The legs of money between a lender and a borrower.
    ///
    /// Errors: as [`Purse::legs`].
    pub fn legs_between(
        &self,
        draft: &Draft<'_>,
        lender: &Entity,
        borrower: &Borrower,
        amount: Sen,
    ) -> Result<(Vec<Leg>, Vec<Leg>), Stop> {
        let (at_lender, at_borrower) = match (self, borrower.clone()) {
            (Purse::Place(place), Borrower::Member(_)) => {
                (place.checked(draft, lender, "place")?, None)
            }
            (Purse::Bag(bag), Borrower::Member(_)) if *lender == Entity::Lkm => {
                crate::domain::collect::check_bag(draft, bag)?;
                ((Code::CashInTransit, Subject::id(bag)), None)
            }
            (Purse::Kube(means), Borrower::Group(group)) => {
                let savings = crate::domain::link::kube_savings(&group, Fund::SimpanPinjam);
                let [kube, lkm] = means.leaves(draft, &Entity::Kube(group), savings)?;
                (lkm, Some(kube))
            }
            _ => return Err(Refusal::new(Reason::PlaceNotAllowed).on("means").into()),
        };
        let out = amount.negated()?;
        let borrower = at_borrower.map(|leaf| (Leaf::from(leaf), out));
        Ok((vec![(Leaf::from(at_lender), amount)], borrower.into_iter().collect()))
    }
}
