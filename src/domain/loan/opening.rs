//! A loan that was running before the book began (catalogue event 55): what is left of it, and the
//! plan for that from the first day on.
//!
//! **Invariant**: it stands against Saldo Awal on each side that keeps a ledger here; no money moves.

use crate::domain::chart::Code;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::loan::case::{Borrower, Case, Leg, Told, loan_name};
use crate::domain::loan::product::version_on;
use crate::domain::loan::request::{check_borrower, check_plan};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{Loan, LoanFactKind, LoanPlan, LoanState};

/// What is left of a running loan.
#[derive(Clone, Debug)]
pub struct RunningLoan {
    /// Its id at the lender.
    pub loan: Id,
    /// Who borrowed.
    pub borrower: Borrower,
    /// The product whose terms of the opening day hold from then on.
    pub product: Id,
    /// Sen of principal that is left.
    pub outstanding: Sen,
    /// When that is to be paid back; what was overdue falls due anew.
    pub plan: LoanPlan,
}

impl RunningLoan {
    /// Takes the loan up at a lender on the day of a draft.
    ///
    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `NOT_LINKED`, `WRONG_KIND` for a borrower that does
    /// not fit the lender, `RULE_NOT_SET`, `LOAN_PLAN_INVALID`, `ALREADY_EXISTS`, `OVERFLOW`.
    pub fn open(&self, draft: &mut Draft<'_>, lender: &Entity) -> Result<(), Stop> {
        let today = draft.frame().happened_on;
        check_borrower(draft, lender, &self.borrower)?;
        let version = version_on(draft, lender, &self.product, today)?;
        let terms = version.terms.unwrap_or_default();
        check_plan(&terms, self.outstanding, &self.plan, draft)?;
        let row = Loan {
            borrower: self.borrower.path(),
            product: self.product.to_string(),
            state: LoanState::Approved as i32,
            amount: self.outstanding.get(),
            plan: Some(self.plan.clone()),
            terms: Some(terms),
            applied_on: today.get(),
            confirmed_on: today.get(),
            decided_on: today.get(),
            ..Loan::default()
        };
        let name = loan_name(lender, &self.loan);
        draft.create(name, Row::Loan(row.clone()), "loan_id")?;
        let mut case = Case { lender: lender.clone(), id: self.loan.clone(), row };
        let equity = |amount| -> Vec<Leg> { vec![(Code::OpeningEquity.into(), amount)] };
        let borrower = match case.borrower_ledger()? {
            Some(_) => equity(self.outstanding),
            None => Vec::new(),
        };
        let lender = equity(self.outstanding.negated()?);
        let facts = vec![case.fact(draft, LoanFactKind::Disbursed, self.outstanding)];
        case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
    }
}
