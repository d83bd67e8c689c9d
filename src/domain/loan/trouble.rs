//! What happens to a loan that is not paid as planned: rescheduled or reconditioned (catalogue
//! event 26), turned non-performing or performing again (37), provided for (27), written off (28),
//! secured by collateral that is taken and sold (29).
//!
//! **Invariant**: these are decisions. None of them is backdated before anything that was told of
//! the loan.

use crate::domain::account::{Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::loan::case::{Case, Leg, Told};
use crate::domain::loan::due;
use crate::domain::loan::life::LATEST;
use crate::domain::loan::portfolio::{Point, required};
use crate::domain::loan::product::check_new_plan;
use crate::domain::loan::quality::found_on;
use crate::domain::loan::request::check_rate;
use crate::domain::lot;
use crate::domain::money::Sen;
use crate::domain::posting::Posting;
use crate::domain::record::Event;
use crate::domain::record::proto::{
    Collateral, LoanContract, LoanFact, LoanFactKind, LoanPlan, LoanTerms, QualityVersion,
};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::after_last;

/// What is left of a loan gets a new plan, and a new rate where one is given; jasa that was earned
/// and not paid becomes principal (event 26).
#[derive(Clone, Debug)]
pub struct Reschedule {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// The new plan, from the day of the decision on.
    pub plan: LoanPlan,
    /// The new rate in percent; empty where it stays.
    pub rate: String,
    /// The number of the minute.
    pub minute: String,
}

impl Action for Reschedule {
    fn event(&self) -> Event {
        Event::LoanRescheduled
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        // The whole loan: what is left of it is lent anew.
        let amount = Sen::new(Case::load(draft, &self.lender, &self.loan)?.row.amount);
        Ok(Some(Matter::above(ApprovalKind::LoanApproval, &self.lender, amount)))
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `NOT_AFTER_LAST`, `LOAN_PLAN_INVALID`,
    /// `LOAN_INSTALMENTS` for more than the product allows on this day, `LOAN_TERMS_INVALID` for
    /// the rate, and for any under a syariah contract; `RATE_ABOVE_BOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::decided(draft, &self.lender, &self.loan)?;
        check_new_plan(draft, &self.lender, &case.row.product, &self.plan)?;
        if case.contract() != LoanContract::Unspecified && !self.rate.is_empty() {
            return Err(crate::domain::loan::terms::invalid("rate_percent").into());
        }
        if !self.rate.is_empty() {
            self.check_rate(draft, &case)?;
        }
        let fact = LoanFact {
            plan: Some(self.plan.clone()),
            rate: self.rate.clone(),
            ..case.fact(draft, LoanFactKind::Rescheduled, Sen::ZERO)
        };
        case.row.minute.clone_from(&self.minute);
        case.tell(draft, Told { facts: vec![fact], ..Told::default() }).map(drop)
    }
}

impl Reschedule {
    /// A new rate on the new plan, against what the lender's regime allows.
    fn check_rate(&self, draft: &mut Draft<'_>, case: &Case) -> Result<(), Stop> {
        let terms = LoanTerms {
            rate: self.rate.clone(),
            principal_grace: 0,
            interest_grace: 0,
            interest_grace_rule: 0,
            ..case.row.terms.clone().unwrap_or_default()
        };
        let left = case.life(draft)?.outstanding()?;
        check_rate(draft, &self.lender, &terms, (left, &self.plan), "terms.rate_percent")
    }
}

/// A loan turns non-performing, or performing again (event 37).
#[derive(Clone, Debug)]
pub struct TurnLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Whether jasa is recognised before it is paid, from this day on.
    pub performing: bool,
}

impl Action for TurnLoan {
    fn event(&self) -> Event {
        Event::LoanAccrued
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::decided(draft, &self.lender, &self.loan)?;
        let kind = match self.performing {
            true => LoanFactKind::Performing,
            false => LoanFactKind::NonPerforming,
        };
        let facts = vec![case.fact(draft, kind, Sen::ZERO)];
        case.tell(draft, Told { facts, ..Told::default() }).map(drop)
    }
}

/// Provision for a loan is made or released, up to what the lender's rule asks for on this day:
/// the rate of the loan's class on its outstanding principal less recognised collateral (event 27).
#[derive(Clone, Debug)]
pub struct ProvideLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
}

impl Action for ProvideLoan {
    fn event(&self) -> Event {
        Event::LoanProvisioned
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN` for a loan without provision that is not running,
    /// `RULE_NOT_SET` where the lender has no rule on this day, `NOT_AFTER_LAST` before a day on
    /// which it was provided for.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.lender, &self.loan)?;
        if case.facts().next().is_none() {
            return Err(case.refuse(Reason::LoanNotOpen).into());
        }
        let rule = found_on(draft, &self.lender, draft.frame().happened_on)?;
        let rule = rule.ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("loan"))?;
        check_provided(draft, &case)?;
        // So that a closing finds it, and releases this, once it is paid off.
        case.row.quality = due::rank(Some(&rule), &case.life(draft)?)?;
        provide(draft, &mut case, &rule)
    }
}

/// Checks that a loan was not provided for on a day after that of a draft.
///
/// Errors: `NOT_AFTER_LAST`.
fn check_provided(draft: &Draft<'_>, case: &Case) -> Result<(), Refusal> {
    match case.row.provisions_ahead.iter().map(|one| one.on).max() {
        Some(last) => after_last(draft.frame().happened_on, last - 1, "happened_on"),
        None => Ok(()),
    }
}

/// Makes or releases provision up to what a rule asks for on the day of a draft, and writes the
/// row.
pub(super) fn provide(
    draft: &mut Draft<'_>,
    case: &mut Case,
    rule: &QualityVersion,
) -> Result<(), Stop> {
    let held = case.provision_on_day(draft)?;
    let life = case.life(draft)?;
    let point = Point { day: draft.frame().happened_on, known: LATEST };
    let change = required(rule, &case.row, &life, point)?.minus(held)?;
    post_provision(draft, case, change)?;
    case.list_anew(draft)
}

/// Makes provision (positive) or releases it.
fn post_provision(draft: &mut Draft<'_>, case: &mut Case, change: Sen) -> Result<(), Stop> {
    case.note_provision(draft, change);
    let provision = (Code::LoanProvision, Subject::id(&case.id));
    case.about_borrower(draft)?;
    match change.is_negative() {
        true => {
            let released = change.negated()?;
            draft.transfer(&case.ledger(), provision, Code::ProvisionExpense, released)
        }
        false => draft.transfer(&case.ledger(), Code::ProvisionExpense, provision, change),
    }
}

/// What is left of a loan is written off (hapus buku, event 28); its borrower still owes it, and
/// what is paid from then on is income.
#[derive(Clone, Debug)]
pub struct WriteOffLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// The number of the minute.
    pub minute: String,
}

impl Action for WriteOffLoan {
    fn event(&self) -> Event {
        Event::LoanWrittenOff
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::WriteOff, &self.lender)))
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::decided(draft, &self.lender, &self.loan)?;
        // What was provided on a later day is not there to be used.
        check_provided(draft, &case)?;
        let sums = case.life(draft)?.sums()?;
        let lost = Sen::new(sums.lent).minus(Sen::new(sums.deferred))?;
        let held = case.provision(draft)?;
        let provision = held.min(lost);
        case.row.minute.clone_from(&self.minute);
        let facts = vec![case.fact(draft, LoanFactKind::WrittenOff, lost)];
        case.note_provision(draft, provision.negated()?);
        case.tell(draft, Told { facts, provision, ..Told::default() })?;
        // What was provided beyond the loss is no longer needed.
        post_provision(draft, &mut case, provision.minus(held)?)?;
        case.put(draft);
        Ok(())
    }
}

/// Registers a thing that secures a loan.
#[derive(Clone, Debug)]
pub struct RegisterCollateral {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Its id within the loan.
    pub collateral: Id,
    /// Commitment to what it is.
    pub label: Vec<u8>,
    /// Sen that provisions may count on.
    pub value: Sen,
}

impl Action for RegisterCollateral {
    fn event(&self) -> Event {
        Event::Collateral
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.lender, &self.loan)?;
        if case.row.collaterals.iter().any(|thing| thing.id == self.collateral.as_str()) {
            let refusal = Refusal::new(Reason::AlreadyExists).on("collateral_id");
            return Err(refusal.with("name", &self.collateral).into());
        }
        case.row.collaterals.push(Collateral {
            id: self.collateral.to_string(),
            label: self.label.clone(),
            value: self.value.get(),
            taken_on: 0,
            position: draft.frame().position,
            since: draft.frame().happened_on.get(),
        });
        case.put(draft);
        Ok(())
    }
}

/// The LKM takes collateral in payment of principal (event 29): of one of its members, or of a KUBE,
/// which gives a thing that stands in its own books.
#[derive(Clone, Debug)]
pub struct TakeCollateral {
    /// The LKM's loan.
    pub loan: Id,
    /// The collateral.
    pub collateral: Id,
    /// Sen of principal that it pays.
    pub amount: Sen,
    /// The lot that a KUBE gives; none for a member, who keeps no books here.
    pub given: Option<Given>,
}

/// What a KUBE gives of a lot.
#[derive(Clone, Debug)]
pub struct Given {
    /// The KUBE's lot.
    pub lot: Id,
    /// Thousandths of a unit; all that is left where none is said.
    pub quantity_milli: Option<i64>,
}

impl Action for TakeCollateral {
    fn event(&self) -> Event {
        Event::Collateral
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// The loan is given up for a thing, at a value that one person names.
    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::WriteOff, &Entity::Lkm)))
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `LOAN_EXCEEDED` for more than is left, `WRONG_KIND`
    /// for a thing that was taken before, and for a KUBE without a lot or a member with one;
    /// `NOT_AFTER_LAST`, `LOT_EXCEEDED`, `QUANTITY_REQUIRED`, `WHOLE_HEADS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::decided(draft, &Entity::Lkm, &self.loan)?;
        let today = draft.frame().happened_on.get();
        let id = self.collateral.as_str();
        let wrong = |field| Refusal::new(Reason::WrongKind).on(field).with("name", id);
        let thing = case.row.collaterals.iter_mut().find(|thing| thing.id == id);
        let unknown = || Refusal::new(Reason::NotFound).on("collateral").with("name", id);
        let thing = thing.ok_or_else(unknown)?;
        if thing.taken_on != 0 {
            return Err(wrong("collateral").into());
        }
        thing.taken_on = today;
        let borrower = match (case.borrower_ledger()?, &self.given) {
            (None, None) => Vec::new(),
            (Some(ledger), Some(given)) => self.leave(draft, &ledger, given)?,
            _ => return Err(wrong("lot").into()),
        };
        let taken = case.fact(draft, LoanFactKind::CollateralTaken, self.amount);
        let facts = vec![LoanFact { collateral: self.collateral.to_string(), ..taken }];
        case.tell(draft, Told { facts, borrower, ..Told::default() }).map(drop)
    }
}

impl TakeCollateral {
    /// What a KUBE gives leaves its lot at cost, and pays for the debt in the fund of savings and
    /// loans; what it was given for more or less is a gain or a loss of the lot's fund.
    fn leave(
        &self,
        draft: &mut Draft<'_>,
        debtor: &Ledger,
        given: &Given,
    ) -> Result<Vec<Leg>, Stop> {
        let row = draft.lot(&debtor.entity, &given.lot, "lot")?;
        let held = row.quantity_in_milli - row.quantity_out_milli;
        let owner = Ledger::new(debtor.entity.clone(), row.fund());
        let quantity = given.quantity_milli.unwrap_or(held);
        draft.about_name(String::new());
        let (account, cost) = lot::take_out(draft, &owner, &given.lot, quantity)?;
        let gain = self.amount.minus(cost)?;
        let beside = if gain.is_negative() { Code::OtherExpense } else { Code::OtherIncome };
        let mut legs: Vec<Leg> = vec![
            (beside.into(), gain.negated()?),
            ((account.code, account.subject).into(), cost.negated()?),
        ];
        legs.retain(|(_, amount)| !amount.is_zero());
        if owner == *debtor {
            return Ok(legs);
        }
        let due_from = (Code::InterFund, Subject::fund(debtor.fund.get()));
        legs.insert(0, (due_from.into(), self.amount));
        draft.post(&Posting::journal(&owner, legs)?)?;
        let due_to = (Code::InterFund, Subject::fund(owner.fund.get()));
        Ok(vec![(due_to.into(), self.amount.negated()?)])
    }
}

/// The LKM sells what it had taken: all that stands as AYDA of the loan (event 29).
#[derive(Clone, Debug)]
pub struct SellCollateral {
    /// The LKM's loan.
    pub loan: Id,
    /// Sen that it brings.
    pub price: Sen,
    /// Where the money goes.
    pub place: Place,
}

impl Action for SellCollateral {
    fn event(&self) -> Event {
        Event::Collateral
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Sold below what it was taken for, the rest is lost.
    fn matter(&self, draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let lost = draft.moved_in(Code::OtherExpense)?.into_values().any(Sen::is_positive);
        Ok(lost.then(|| Matter::of(ApprovalKind::WriteOff, &Entity::Lkm)))
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND` where nothing was taken, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let case = Case::load(draft, &Entity::Lkm, &self.loan)?;
        let place = self.place.checked(draft, &Entity::Lkm, "place")?;
        let taken = case.ledger().account_of(Code::ForeclosedAssets, Subject::id(&self.loan));
        let carried = draft.held(&taken)?;
        if carried.is_zero() {
            let refusal = Refusal::new(Reason::WrongKind).on("loan");
            return Err(refusal.with("name", &self.loan).into());
        }
        let gain = self.price.minus(carried)?;
        let beside = if gain.is_negative() { Code::OtherExpense } else { Code::OtherIncome };
        let mut legs = vec![
            (place.into(), self.price),
            (case.leaf(Code::ForeclosedAssets), carried.negated()?),
        ];
        // A loss stands with the money it did not bring, before what was given for it.
        let at = if gain.is_negative() { 1 } else { 2 };
        legs.insert(at, (beside.into(), gain.negated()?));
        legs.retain(|(_, amount)| !amount.is_zero());
        case.about_borrower(draft)?;
        draft.post(&Posting::journal(&case.ledger(), legs)?)
    }
}
