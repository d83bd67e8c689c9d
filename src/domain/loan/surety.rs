//! Tanggung renteng (catalogue events 24 and 25): others pay for a borrower, their claims are
//! recorded, and given back later.
//!
//! **Invariant**: a claim is a fact about a loan and never an entry in the lender's ledger; what a
//! KUBE has paid for somebody stands in its own ledger as Piutang Talangan.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::kube_savings;
use crate::domain::loan::case::{Borrower, Case, Purse, Told};
use crate::domain::loan::pay::{cash_of, mode_of_purse, pair, post_in_kube};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::{Fund, LoanClaim, LoanFactKind};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::stake::Means;

/// Members of the lender pay for one of them (event 24).
#[derive(Clone, Debug)]
pub struct StandIn {
    /// Who lent.
    pub lender: Entity,
    /// The loan of the one who did not pay.
    pub loan: Id,
    /// Which member paid how many sen, more than nothing.
    pub payers: Vec<(Id, Sen)>,
    /// Where the money goes.
    pub place: Place,
}

impl StandIn {
    fn total(&self) -> Result<Sen, Refusal> {
        self.payers.iter().try_fold(Sen::ZERO, |sum, (_, amount)| sum.plus(*amount))
    }

    fn purse(&self) -> Purse {
        Purse::Place(self.place.clone())
    }
}

impl Action for StandIn {
    fn event(&self) -> Event {
        Event::LoanStoodIn
    }

    fn mode(&self) -> Mode {
        mode_of_purse(&self.lender, &self.purse())
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_of(&self.lender, &self.purse(), self.total().ok()?)
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `WRONG_KIND` for the borrower among those who paid,
    /// `PLACE_NOT_ALLOWED`, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::open(draft, &self.lender, &self.loan)?;
        let borrower = case.borrower()?;
        let position = draft.frame().position;
        for (index, (member, amount)) in self.payers.iter().enumerate() {
            let known = draft.member(&self.lender, member, "member");
            known.map_err(|stop| stop.within("payers", index))?;
            if borrower == Borrower::Member(member.clone()) {
                let refusal = Refusal::new(Reason::WrongKind).on("member").with("name", member);
                return Err(refusal.within("payers", index).into());
            }
            let payer = Borrower::Member(member.clone()).path();
            let claim = LoanClaim { payer, amount: amount.get(), repaid: 0, position };
            case.row.claims.push(claim);
        }
        let total = self.total()?;
        let (lender, borrower) = self.purse().legs(draft, &case, total)?;
        let facts = vec![case.fact(draft, LoanFactKind::Paid, total)];
        case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
    }
}

/// A KUBE pays the LKM for a member of the LKM whose surety it is (event 25).
#[derive(Clone, Debug)]
pub struct GroupStandsIn {
    /// The LKM's loan.
    pub loan: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the KUBE's money comes from, and where it goes at the LKM.
    pub means: Means,
}

impl Action for GroupStandsIn {
    fn event(&self) -> Event {
        Event::LoanStoodIn
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `WRONG_KIND` for a loan without surety,
    /// `PLACE_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::open(draft, &Entity::Lkm, &self.loan)?;
        let no_surety = || Refusal::new(Reason::WrongKind).on("loan").with("name", &self.loan);
        let group = Id::new(&case.row.surety).ok_or_else(no_surety)?;
        let savings = kube_savings(&group, Fund::SimpanPinjam);
        let kube = Entity::Kube(group.clone());
        let [from, to] = self.means.leaves(draft, &kube, savings)?;
        let legs = pair(case.leaf(Code::StandInReceivable), from.into(), self.amount)?;
        post_in_kube(draft, &group, legs)?;
        let payer = Borrower::Group(group).path();
        let (amount, position) = (self.amount.get(), draft.frame().position);
        case.row.claims.push(LoanClaim { payer, amount, repaid: 0, position });
        let facts = vec![case.fact(draft, LoanFactKind::Paid, self.amount)];
        let lender = vec![(to.into(), self.amount)];
        case.tell(draft, Told { facts, lender, ..Told::default() }).map(drop)
    }
}

/// A borrower gives back what somebody paid for them: to a member, through the lender's hands, or
/// to the KUBE.
#[derive(Clone, Debug)]
pub struct RepayClaim {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Who had paid.
    pub payer: Borrower,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes: of the lender, or of the KUBE that had paid.
    pub place: Place,
}

impl Action for RepayClaim {
    fn event(&self) -> Event {
        Event::LoanClaimRepaid
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `CLAIM_EXCEEDED`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.lender, &self.loan)?;
        self.give_back(&mut case)?;
        case.put(draft);
        match &self.payer {
            Borrower::Group(group) => {
                let kube = Entity::Kube(group.clone());
                let ledger = Ledger::new(kube.clone(), Fund::SimpanPinjam);
                let place = self.place.checked(draft, &kube, "place")?;
                draft.about_name(RowName::group(group).to_string());
                let claim = (Code::StandInReceivable, Subject::id(&self.loan));
                draft.transfer(&ledger, place, claim, self.amount)
            }
            Borrower::Member(member) => {
                let place = self.place.checked(draft, &self.lender, "place")?;
                draft.about(&self.lender, "members", member);
                let held = (Code::LoanTitipan, Subject::id(&self.loan));
                let ledger = case.ledger();
                draft.transfer(&ledger, place.clone(), held.clone(), self.amount)?;
                draft.transfer(&ledger, held, place, self.amount)
            }
        }
    }
}

impl RepayClaim {
    /// Oldest claims of the payer first.
    fn give_back(&self, case: &mut Case) -> Result<(), Refusal> {
        let payer = self.payer.path();
        let mut left = self.amount;
        for claim in case.row.claims.iter_mut().filter(|claim| claim.payer == payer) {
            let open = Sen::new(claim.amount).minus(Sen::new(claim.repaid))?;
            let taken = open.min(left);
            claim.repaid = Sen::new(claim.repaid).plus(taken)?.get();
            left = left.minus(taken)?;
        }
        if left.is_zero() {
            return Ok(());
        }
        let held = self.amount.minus(left)?;
        let refusal = Refusal::new(Reason::ClaimExceeded).on("amount").with("payer", payer);
        Err(refusal.with("held", held.get()))
    }
}
