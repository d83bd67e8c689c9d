//! Loans that a KUBE or the LKM takes from an outside lender (catalogue event 45): taken with the
//! plan that the lender gave, if there is one, and repaid as the lender's receipts say, principal
//! and jasa apart.
//!
//! What has become of one on a day is folded from its facts in the order of their days, whatever
//! the order in which they were told. The plan is the shared [`schedule`](super::schedule); what was
//! paid settles it oldest first, principal principal and jasa jasa, since the receipt has split it.
//!
//! **Invariants**: what is owed is what the loan's account holds, and the fold of its facts; a
//! request never repays more. What a KUBE says it has paid beyond that waits in suspense.

use crate::domain::account::{Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::cash::{Place, cash_out, mode_of};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::calendar::{Calendar, days_between};
use crate::domain::loan::portfolio::Point;
use crate::domain::loan::schedule::{Instalment, instalments};
use crate::domain::loan::terms::{Terms, invalid};
use crate::domain::money::Sen;
use crate::domain::posting::Posting;
use crate::domain::record::proto::{
    Fund, LoanContract, LoanPlan, LoanTerms, OutsideFact, OutsideLoan,
};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The most repayments of one loan.
const MOST_FACTS: usize = 1_500;

/// The collection of an entity's loans from outside.
pub const COLLECTION: &str = "outside-loans";

/// An entity's loan from outside.
pub fn outside_loan_name(entity: &Entity, loan: &Id) -> RowName {
    RowName::of(entity, COLLECTION, loan.as_str())
}

fn ledger(entity: &Entity) -> Ledger {
    Ledger::new(entity.clone(), Fund::SimpanPinjam)
}

fn debt(entity: &Entity, loan: &Id) -> (Code, Subject) {
    let code = match entity {
        Entity::Lkm => Code::LoansReceived,
        Entity::Kube(_) => Code::BankDebt,
    };
    (code, Subject::id(loan))
}

// ---- the fold -----------------------------------------------------------------------------------

/// One instalment of the lender's plan, and what was paid of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What the plan says.
    pub plan: Instalment,
    /// Principal that was paid of it.
    pub principal: Sen,
    /// Jasa that was paid of it.
    pub interest: Sen,
}

/// A loan from outside on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Principal that is owed.
    pub outstanding: Sen,
    /// Principal that was paid.
    pub principal: Sen,
    /// Jasa that was paid.
    pub interest: Sen,
    /// The plan, and what was paid of it; empty where the lender gave none.
    pub lines: Vec<Line>,
    /// Principal that was due by the day and is not paid.
    pub due_principal: Sen,
    /// Jasa that was due by the day and is not paid.
    pub due_interest: Sen,
    /// Days that the oldest unpaid instalment is late.
    pub days_late: u32,
    /// The next day after the day on which something falls due and is not paid.
    pub next_due: Option<Day>,
}

/// The facts of a loan that stood at a point, in the order of their days.
pub fn facts_at(row: &OutsideLoan, point: Point) -> Vec<&OutsideFact> {
    let stands = |taken_back: u64| taken_back == 0 || taken_back > point.known;
    let mut facts: Vec<&OutsideFact> = row
        .facts
        .iter()
        .filter(|fact| fact.position <= point.known && stands(fact.taken_back))
        .filter(|fact| fact.on <= point.day.get())
        .collect();
    facts.sort_by_key(|fact| (fact.on, fact.position));
    facts
}

/// What a loan has come to at a point; none before it was taken, or where that was taken back.
///
/// Errors: `OVERFLOW`, and what its terms and plan are refused for.
pub fn standing(row: &OutsideLoan, point: Point) -> Result<Option<Standing>, Refusal> {
    let taken = row.position <= point.known && row.taken_on <= point.day.get();
    if !taken || (row.taken_back != 0 && row.taken_back <= point.known) {
        return Ok(None);
    }
    let mut found = Standing::default();
    for fact in facts_at(row, point) {
        found.principal = found.principal.plus(Sen::new(fact.principal))?;
        found.interest = found.interest.plus(Sen::new(fact.interest))?;
    }
    found.outstanding = Sen::new(row.amount).minus(found.principal)?;
    let (mut principal, mut interest) = (found.principal, found.interest);
    for plan in schedule(row)? {
        let (of_principal, of_interest) =
            (plan.principal.min(principal), plan.interest.min(interest));
        principal = principal.minus(of_principal)?;
        interest = interest.minus(of_interest)?;
        found.take(Line { plan, principal: of_principal, interest: of_interest }, point.day)?;
    }
    Ok(Some(found))
}

impl Standing {
    fn take(&mut self, line: Line, day: Day) -> Result<(), Refusal> {
        let principal = line.plan.principal.minus(line.principal)?;
        let interest = line.plan.interest.minus(line.interest)?;
        let open = !principal.is_zero() || !interest.is_zero();
        if line.plan.due_on <= day {
            self.due_principal = self.due_principal.plus(principal)?;
            self.due_interest = self.due_interest.plus(interest)?;
            if open && self.days_late == 0 {
                let late = days_between(line.plan.due_on, day);
                self.days_late = u32::try_from(late).unwrap_or(0);
            }
        } else if open && self.next_due.is_none() {
            self.next_due = Some(line.plan.due_on);
        }
        self.lines.push(line);
        Ok(())
    }
}

/// The lender's plan for the whole loan; empty where there is none.
fn schedule(row: &OutsideLoan) -> Result<Vec<Instalment>, Refusal> {
    let (Some(terms), Some(plan)) = (&row.terms, &row.plan) else { return Ok(Vec::new()) };
    let terms = Terms::new(terms)?;
    let calendar = Calendar::new(&terms, plan, Day::new(row.taken_on))?;
    instalments(&terms, Sen::new(row.amount), &calendar)
}

// ---- taking and repaying ------------------------------------------------------------------------

/// Takes a loan from an outside lender.
#[derive(Clone, Debug)]
pub struct TakeOutsideLoan {
    /// Who borrows.
    pub entity: Entity,
    /// The loan's id at the borrower.
    pub loan: Id,
    /// Who lends, a party of the borrower.
    pub party: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes.
    pub place: Place,
    /// The lender's rules and plan, if there are any.
    pub agreed: Option<(LoanTerms, LoanPlan)>,
}

impl Action for TakeOutsideLoan {
    fn event(&self) -> Event {
        Event::OutsideLoan
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::above(ApprovalKind::LoanApproval, &self.entity, self.amount)))
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`, `PLACE_NOT_ALLOWED`, `LOAN_TERMS_INVALID`,
    /// `LOAN_PLAN_INVALID`, `OVERFLOW` for a plan whose sums do not fit.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.entity, "place")?;
        draft.party(&self.entity, &self.party, "party")?;
        let row = OutsideLoan {
            party: self.party.to_string(),
            amount: self.amount.get(),
            taken_on: draft.frame().happened_on.get(),
            terms: self.agreed.as_ref().map(|(terms, _)| terms.clone()),
            plan: self.agreed.as_ref().map(|(_, plan)| plan.clone()),
            facts: Vec::new(),
            position: draft.frame().position,
            taken_back: 0,
        };
        if let Some((terms, _)) = &self.agreed
            && terms.contract() != LoanContract::Unspecified
        {
            return Err(invalid("contract").into());
        }
        schedule(&row)?;
        let name = outside_loan_name(&self.entity, &self.loan);
        draft.create(name, Row::OutsideLoan(row), "loan_id")?;
        let debt = debt(&self.entity, &self.loan);
        draft.transfer(&ledger(&self.entity), place, debt, self.amount)
    }
}

/// Repays an outside lender.
#[derive(Clone, Debug)]
pub struct RepayOutsideLoan {
    /// Who borrowed.
    pub entity: Entity,
    /// The loan.
    pub loan: Id,
    /// Sen of principal.
    pub principal: Sen,
    /// Sen of jasa or interest.
    pub interest: Sen,
    /// Where the money comes from.
    pub place: Place,
}

impl Action for RepayOutsideLoan {
    fn event(&self) -> Event {
        Event::OutsideLoan
    }

    /// A KUBE's money has gone to the lender already.
    fn mode(&self) -> Mode {
        mode_of(&self.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_out(&ledger(&self.entity), &self.place, self.principal.plus(self.interest).ok()?)
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR` for more than is owed, `LOAN_NOT_OPEN` for
    /// a day before it was taken, `LOAN_FULL`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.entity, "place")?;
        let name = outside_loan_name(&self.entity, &self.loan);
        let Row::OutsideLoan(mut row) = draft.require(&name, "loan")? else {
            return Err(not_found(&name, "loan").into());
        };
        let refuse = |reason| Refusal::new(reason).on("loan").with("loan", &self.loan);
        if draft.frame().happened_on.get() < row.taken_on || row.taken_back != 0 {
            return Err(refuse(Reason::LoanNotOpen).into());
        }
        if row.facts.len() >= MOST_FACTS {
            return Err(refuse(Reason::LoanFull).into());
        }
        let debt = debt(&self.entity, &self.loan);
        // What is told beyond the debt waits in suspense, and is no fact about it.
        let owed = draft.held(&ledger(&self.entity).account_of(debt.0, debt.1.clone()))?;
        row.facts.push(OutsideFact {
            on: draft.frame().happened_on.get(),
            principal: self.principal.min(owed).get(),
            interest: self.interest.get(),
            position: draft.frame().position,
            taken_back: 0,
        });
        draft.about_name(RowName::of(&self.entity, "parties", &row.party).to_string());
        draft.put(name, Row::OutsideLoan(row));
        let paid = self.principal.plus(self.interest)?;
        let mut legs = vec![
            (debt.into(), self.principal),
            (Code::LoanCost.into(), self.interest),
            (place.into(), paid.negated()?),
        ];
        legs.retain(|(_, amount)| !amount.is_zero());
        draft.post(&Posting::journal(&ledger(&self.entity), legs)?)
    }
}

/// A loan comes with its borrower from another book: what had happened to it is known here from the
/// record on that brings it.
pub fn arrive(row: &mut OutsideLoan, position: u64) {
    // What was taken back stays readable where it was.
    row.facts.retain(|fact| fact.taken_back == 0);
    row.facts.iter_mut().for_each(|fact| fact.position = position);
    row.position = position;
}

/// Takes back what a record told of loans from outside, whose entries have been posted back already.
///
/// Errors: `REVERSAL_BLOCKED` for taking a loan of which something was repaid since.
pub fn undo(draft: &mut Draft<'_>, position: u64, effect: &Effect) -> Result<(), Stop> {
    for (name, _) in effect.rows.iter().filter(|(_, row)| matches!(row, Row::OutsideLoan(_))) {
        let Some(Row::OutsideLoan(mut row)) = draft.row(name)? else { continue };
        let back = draft.frame().position;
        if row.position == position {
            if row.facts.iter().any(|fact| fact.taken_back == 0) {
                let refusal = Refusal::new(Reason::ReversalBlocked).on("transaction");
                return Err(refusal.with("name", name).into());
            }
            row.taken_back = back;
        }
        for fact in row.facts.iter_mut().filter(|fact| fact.position == position) {
            fact.taken_back = back;
        }
        draft.put(name.clone(), Row::OutsideLoan(row));
    }
    Ok(())
}
