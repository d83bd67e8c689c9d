//! Murabahah (catalogue events 40 and 41): the LKM, or a KUBE to its own members, buys goods and
//! sells them at cost and margin, both fixed at the contract, to be paid in instalments.
//!
//! A murabahah is asked for, confirmed, approved and paid like any loan: its principal is the cost,
//! its jasa the margin, which is income as it is paid. Only what goes out is not money. The seller
//! buys the goods as its own stock (event 7), in its fund of savings and loans; the contract passes
//! them on.
//!
//! **Invariant**: cost and margin of a contract never change; what is remitted of the margin is
//! remitted on early settlement, by decision.
//!
//! What being late costs is counted by the fold like that of any loan, and posted when it is paid:
//! the day's closing has nothing of its own to do for a murabahah or a qardh.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::loan::case::{Borrower, Case, Leg, Told};
use crate::domain::loan::officer::check_exposure;
use crate::domain::lot::{self, NewLot};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::{LoanContract, LoanFactKind, Lot, LotKind};
use crate::domain::refusal::{Reason, Refusal};

/// The goods of an approved murabahah go to its borrower (event 40).
#[derive(Clone, Debug)]
pub struct SellMurabahah {
    /// Who sells.
    pub lender: Entity,
    /// The seller's contract.
    pub loan: Id,
    /// The seller's lot: all of what it holds, at exactly the contract's cost.
    pub lot: Id,
    /// What becomes of it at a KUBE: a new lot and its sort; none for a member.
    pub new: Option<(Id, LotKind)>,
}

impl Action for SellMurabahah {
    fn event(&self) -> Event {
        Event::MurabahahSold
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        // The whole loan, so that no part of it is small.
        let amount = Sen::new(Case::load(draft, &self.lender, &self.loan)?.row.amount);
        Ok(Some(Matter::above(ApprovalKind::Disbursement, &self.lender, amount)))
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_APPROVED`, `WRONG_KIND` for a loan that
    /// is no murabahah, a lot of another fund, or a new lot that a KUBE's borrower lacks or a
    /// member's has, `LOT_COST_DIFFERS`, `LOT_EXCEEDED`, `ALREADY_EXISTS`, `WHOLE_HEADS`,
    /// `OFFICER_EXPOSURE`, `MEMBER_DIED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.lender, &self.loan)?;
        if case.contract() != LoanContract::Murabahah {
            return Err(wrong("loan", &self.loan).into());
        }
        case.check_approved(draft)?;
        if let Borrower::Member(member) = case.borrower()? {
            draft.living_member(&self.lender, &member, "loan")?;
        }
        let cost = Sen::new(case.row.amount);
        check_exposure(draft, &case, cost)?;
        let goods = draft.lot(&self.lender, &self.lot, "lot")?;
        let lender = vec![self.hand_over(draft, &case, &goods, cost)?];
        let borrower = self.take_in(draft, &case, &goods, cost)?;
        let facts = vec![case.fact(draft, LoanFactKind::Disbursed, cost)];
        case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
    }
}

impl SellMurabahah {
    /// All of the seller's lot leaves it.
    fn hand_over(
        &self,
        draft: &mut Draft<'_>,
        case: &Case,
        goods: &Lot,
        cost: Sen,
    ) -> Result<Leg, Stop> {
        let held = goods.quantity_in_milli - goods.quantity_out_milli;
        let (account, left) = lot::take_out(draft, &case.ledger(), &self.lot, held)?;
        if left != cost {
            let refusal = Refusal::new(Reason::LotCostDiffers).on("lot").with("lot", &self.lot);
            return Err(refusal.with("held", left.get()).with("asked", cost.get()).into());
        }
        Ok(((account.code, account.subject).into(), cost.negated()?))
    }

    /// A KUBE takes it in as a lot of its own.
    fn take_in(
        &self,
        draft: &mut Draft<'_>,
        case: &Case,
        goods: &Lot,
        cost: Sen,
    ) -> Result<Vec<Leg>, Stop> {
        let (ledger, (lot, kind)) = match (case.borrower_ledger()?, &self.new) {
            (None, None) => return Ok(Vec::new()),
            (Some(ledger), Some(new)) => (ledger, new),
            _ => return Err(wrong("new_lot", &self.lot).into()),
        };
        let new = NewLot {
            lot: lot.clone(),
            kind: *kind,
            label: goods.label.clone(),
            unit: goods.unit.clone(),
            quantity_milli: goods.quantity_in_milli - goods.quantity_out_milli,
            cost,
        };
        lot::bring_in(draft, &ledger, &new)?;
        let account = lot::account_of(&ledger, lot, *kind);
        Ok(vec![((account.code, account.subject).into(), cost)])
    }
}

fn wrong(field: &str, name: &Id) -> Refusal {
    Refusal::new(Reason::WrongKind).on(field).with("name", name)
}
