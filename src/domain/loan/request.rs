//! From the wish for a loan to the decision about it: application, the borrower's own
//! confirmation, approval with minute.
//!
//! **Invariant**: a loan is decided once, and approved only after its borrower has confirmed it:
//! nobody borrows on somebody else's identity card. Where people sign in, a member confirms their
//! own loan on their own device, and a KUBE's treasurer or chair that of their KUBE; or an officer
//! of the lender records that the borrower signed, and names the paper. Whoever wrote the
//! application never confirms it.

use std::iter;

use crate::domain::access::{Assignment, Role};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, Id};
use crate::domain::link::check_tie;
use crate::domain::loan::calendar::Calendar;
use crate::domain::loan::case::{Borrower, Case, loan_name};
use crate::domain::loan::officer::check_exposure;
use crate::domain::loan::product::{check_bounds, version_on};
use crate::domain::loan::schedule::{Instalment, instalments};
use crate::domain::loan::terms::{Terms, invalid};
use crate::domain::loan::yearly;
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    BoundedFigure, Fund, Loan, LoanContract, LoanPlan, LoanState, LoanTerms,
};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::regime;

/// Asks for a loan.
#[derive(Clone, Debug)]
pub struct ApplyLoan {
    /// Who lends.
    pub lender: Entity,
    /// The loan's id at the lender.
    pub loan: Id,
    /// Who borrows.
    pub borrower: Borrower,
    /// The product.
    pub product: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// When it is to be paid back.
    pub plan: LoanPlan,
    /// Commitment to what it is for, empty if not said.
    pub purpose: Vec<u8>,
    /// The LKM's loan whose money it passes on (event 36).
    pub funded_by: Option<Id>,
    /// The KUBE that stands in for a member of the LKM.
    pub surety: Option<Id>,
    /// Whether what falls due is taken from the borrower's savings at the lender.
    pub auto_debit: bool,
    /// Sen of margin; nothing but for a murabahah.
    pub margin: Sen,
}

impl Action for ApplyLoan {
    fn event(&self) -> Event {
        Event::LoanApplied
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `NOT_LINKED`, `WRONG_KIND` for a borrower or a
    /// source that does not fit the lender, `RULE_NOT_SET`, `LOAN_AMOUNT`, `LOAN_INSTALMENTS`,
    /// `LOAN_PLAN_INVALID`, `RATE_ABOVE_BOUND`, `OVERFLOW`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let today = draft.frame().happened_on;
        check_borrower(draft, &self.lender, &self.borrower)?;
        self.check_source(draft)?;
        if let Some(group) = &self.surety {
            draft.group(group, "surety")?;
            if self.lender != Entity::Lkm || matches!(self.borrower, Borrower::Group(_)) {
                return Err(wrong("surety", group));
            }
        }
        let version = version_on(draft, &self.lender, &self.product, today)?;
        check_bounds(&version, &self.product, self.amount, &self.plan)?;
        let terms = with_margin(version.terms.unwrap_or_default(), self.margin)?;
        if Terms::new(&terms)?.unfit_for(&self.lender).is_some() {
            return Err(wrong("product", &self.product));
        }
        check_rate(draft, &self.lender, &terms, (self.amount, &self.plan), "product")?;
        let row = Loan {
            borrower: self.borrower.path(),
            product: self.product.to_string(),
            state: LoanState::Applied as i32,
            amount: self.amount.get(),
            plan: Some(self.plan.clone()),
            applied_on: today.get(),
            purpose: self.purpose.clone(),
            funded_by: self.funded_by.as_ref().map(Id::to_string).unwrap_or_default(),
            surety: self.surety.as_ref().map(Id::to_string).unwrap_or_default(),
            auto_debit: self.auto_debit,
            margin: self.margin.get(),
            applied_by: signed_in(draft),
            ..Loan::default()
        };
        draft.create(loan_name(&self.lender, &self.loan), Row::Loan(row), "loan_id")
    }
}

impl ApplyLoan {
    /// Money passed on is that of a loan which the LKM gave to this very KUBE.
    fn check_source(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let Some(source) = &self.funded_by else { return Ok(()) };
        let Entity::Kube(group) = &self.lender else {
            return Err(wrong("funded_by", source));
        };
        let case = Case::load(draft, &Entity::Lkm, source)?;
        let ours = case.borrower()? == Borrower::Group(group.clone());
        if ours { Ok(()) } else { Err(wrong("funded_by", source)) }
    }
}

/// Checks that somebody may borrow from a lender on the day of a draft.
///
/// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `NOT_LINKED`, `WRONG_KIND`.
pub(super) fn check_borrower(
    draft: &Draft<'_>,
    lender: &Entity,
    borrower: &Borrower,
) -> Result<(), Stop> {
    match (borrower, lender) {
        (Borrower::Member(member), lender) => draft.check_active(lender, member, "borrower"),
        (Borrower::Group(group), Entity::Lkm) => check_tie(draft, group, Fund::SimpanPinjam),
        (Borrower::Group(group), Entity::Kube(_)) => Err(wrong("borrower", group)),
    }
}

fn wrong(field: &str, name: &Id) -> Stop {
    Refusal::new(Reason::WrongKind).on(field).with("name", name).into()
}

/// The terms of a product with the margin that was agreed on, which a murabahah has and no other
/// loan. Errors: `LOAN_TERMS_INVALID`.
fn with_margin(terms: LoanTerms, margin: Sen) -> Result<LoanTerms, Refusal> {
    if (terms.contract() == LoanContract::Murabahah) != margin.is_positive() {
        return Err(invalid("margin"));
    }
    Ok(LoanTerms { margin: margin.get(), ..terms })
}

/// The instalments of a plan from the day of a draft on, which it must be able to keep, and whose
/// sums must fit.
///
/// Errors: `LOAN_PLAN_INVALID`, `LOAN_TERMS_INVALID`, `OVERFLOW`.
pub(super) fn check_plan(
    terms: &LoanTerms,
    amount: Sen,
    plan: &LoanPlan,
    draft: &Draft<'_>,
) -> Result<Vec<Instalment>, Refusal> {
    let terms = Terms::new(terms)?;
    let calendar = Calendar::new(&terms, plan, draft.frame().happened_on)?;
    instalments(&terms, amount, &calendar)
}

/// Checks a rate, as it is named and as it weighs, against what the lender's regime allows.
///
/// Errors: as [`check_plan`]; `RATE_ABOVE_BOUND` where that is refused.
pub(super) fn check_rate(
    draft: &mut Draft<'_>,
    lender: &Entity,
    terms: &LoanTerms,
    (amount, plan): (Sen, &LoanPlan),
    field: &str,
) -> Result<(), Stop> {
    let rows = check_plan(terms, amount, plan, draft)?;
    let terms = Terms::new(terms)?;
    let named = iter::once_with(|| yearly::named(&terms));
    let rates = named.chain(iter::once_with(|| yearly::effective(&terms, amount, &rows)));
    let of = (lender, BoundedFigure::LoanRate, draft.frame().happened_on);
    regime::check_rate(draft, of, field, rates.flatten())
}

/// The user who asks; empty where nobody had to sign in.
fn signed_in(draft: &Draft<'_>) -> String {
    let author = &draft.frame().author;
    if author.role == Role::Unspecified { String::new() } else { author.actor.clone() }
}

/// For whom somebody who has signed in may confirm a loan.
#[derive(Clone, Debug, Default)]
pub struct Confirmer {
    /// The members who they are.
    members: Vec<(Entity, Id)>,
    /// The groups whose treasurer or chair they are.
    groups: Vec<Id>,
    /// Whether they serve at the LKM's counter, or lead it.
    clerk: bool,
}

impl Confirmer {
    /// What the roles say that somebody holds today.
    pub fn new(held: &[Assignment]) -> Confirmer {
        let mut confirmer = Confirmer::default();
        for one in held {
            match (one.role(), Entity::new(&one.entity), Id::new(&one.member)) {
                (Role::Member, Some(entity), Some(member)) => {
                    confirmer.members.push((entity, member));
                }
                (Role::Treasurer | Role::Chair, Some(Entity::Kube(group)), _) => {
                    confirmer.groups.push(group);
                }
                (Role::Manager | Role::Teller, _, _) => confirmer.clerk = true,
                _ => {}
            }
        }
        confirmer
    }

    fn is(&self, lender: &Entity, borrower: &Borrower) -> bool {
        match borrower {
            Borrower::Member(member) => {
                let own = |(of, id): &(Entity, Id)| of == lender && id == member;
                self.members.iter().any(own)
            }
            Borrower::Group(group) => self.groups.contains(group),
        }
    }

    fn serves(&self, lender: &Entity) -> bool {
        let officer = |group: &Id| matches!(lender, Entity::Kube(lender) if lender == group);
        self.clerk || self.groups.iter().any(officer)
    }
}

/// The borrower confirms that they asked for the loan.
#[derive(Clone, Debug)]
pub struct ConfirmLoan {
    /// Who lends.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Who says so; nobody's roles count where nobody has to sign in.
    pub by: Confirmer,
    /// Whether a paper is named that the borrower signed.
    pub paper: bool,
}

impl Action for ConfirmLoan {
    fn event(&self) -> Event {
        Event::LoanConfirmed
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND` also for whose loan it is none of, `OWN_APPLICATION`,
    /// `CONFIRMATION_NEEDS_PAPER`, `LOAN_DECIDED`, `LOAN_CONFIRMED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        self.check_confirmer(draft)?;
        let mut case = undecided(draft, &self.lender, &self.loan)?;
        if case.row.confirmed_on != 0 {
            return Err(case.refuse(Reason::LoanConfirmed).into());
        }
        case.row.confirmed_on = draft.frame().happened_on.get();
        case.put(draft);
        Ok(())
    }
}

impl ConfirmLoan {
    fn check_confirmer(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let actor = signed_in(draft);
        if actor.is_empty() {
            return Ok(());
        }
        let case = Case::load(draft, &self.lender, &self.loan)?;
        let own = self.by.is(&self.lender, &case.borrower()?);
        if !own && !self.by.serves(&self.lender) {
            return Err(not_found(&loan_name(&self.lender, &self.loan), "loan").into());
        }
        if actor == case.row.applied_by {
            return Err(case.refuse(Reason::OwnApplication).into());
        }
        if !own && !self.paper {
            return Err(case.refuse(Reason::ConfirmationNeedsPaper).on("evidence").into());
        }
        Ok(())
    }
}

/// A loan that nobody has decided on. Errors: `NOT_FOUND`, `LOAN_DECIDED`.
fn undecided(draft: &Draft<'_>, lender: &Entity, loan: &Id) -> Result<Case, Stop> {
    let case = Case::load(draft, lender, loan)?;
    if case.row.state() == LoanState::Applied {
        return Ok(case);
    }
    let date = crate::domain::day::Day::new(case.row.decided_on);
    Err(case.refuse(Reason::LoanDecided).with("date", date).into())
}

/// Officers decide on a loan, by minute.
#[derive(Clone, Debug)]
pub struct DecideLoan {
    /// Who lends.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Approved, or turned down.
    pub approve: bool,
    /// What is approved, where it is less than asked.
    pub amount: Option<Sen>,
    /// The number of the minute.
    pub minute: String,
}

impl Action for DecideLoan {
    fn event(&self) -> Event {
        Event::LoanDecided
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let amount = Sen::new(Case::load(draft, &self.lender, &self.loan)?.row.amount);
        let matter = Matter::above(ApprovalKind::LoanApproval, &self.lender, amount);
        Ok(self.approve.then_some(matter))
    }

    /// Errors: `NOT_FOUND`, `LOAN_DECIDED`, `LOAN_NOT_CONFIRMED`, `LOAN_EXCEEDED` for more than was
    /// asked; what the product of this day refuses, and the LKM's regime: `RATE_ABOVE_BOUND`,
    /// `OFFICER_EXPOSURE`; `MEMBER_DIED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = undecided(draft, &self.lender, &self.loan)?;
        case.row.decided_on = draft.frame().happened_on.get();
        case.row.minute.clone_from(&self.minute);
        match self.approve {
            true => self.approve(draft, &mut case)?,
            false => case.row.state = LoanState::Rejected as i32,
        }
        case.put(draft);
        Ok(())
    }
}

impl DecideLoan {
    fn approve(&self, draft: &mut Draft<'_>, case: &mut Case) -> Result<(), Stop> {
        if case.row.confirmed_on == 0 {
            return Err(case.refuse(Reason::LoanNotConfirmed).into());
        }
        if let Borrower::Member(member) = case.borrower()? {
            draft.living_member(&self.lender, &member, "loan")?;
        }
        let asked = Sen::new(case.row.amount);
        let amount = self.amount.unwrap_or(asked);
        if amount > asked {
            let refusal = Refusal::new(Reason::LoanExceeded).on("amount");
            return Err(refusal.with("held", asked.get()).into());
        }
        let unknown = || case.refuse(Reason::NotFound).with("name", &case.row.product);
        let product = Id::new(&case.row.product).ok_or_else(unknown)?;
        let today = draft.frame().happened_on;
        let version = version_on(draft, &self.lender, &product, today)?;
        let plan = case.row.plan.clone().unwrap_or_default();
        check_bounds(&version, &product, amount, &plan)?;
        let margin = Sen::new(case.row.margin);
        if margin.is_positive() && amount != asked {
            // The price of goods is not cut.
            let refusal = Refusal::new(Reason::LoanExceeded).on("amount");
            return Err(refusal.with("held", asked.get()).into());
        }
        let terms = with_margin(version.terms.unwrap_or_default(), margin)?;
        check_rate(draft, &self.lender, &terms, (amount, &plan), "loan")?;
        check_exposure(draft, case, amount)?;
        case.row.amount = amount.get();
        case.row.terms = Some(terms);
        case.row.state = LoanState::Approved as i32;
        Ok(())
    }
}
