//! Money of a loan: paid out (catalogue events 21 and 35), paid back (22, 23 and 38), titipan given
//! back, all that is left settled at once, parts waived, a reward for paying promptly (39).

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::cash::{Place, cash_in, mode_of};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::link::lkm_ledger;
use crate::domain::loan::case::{Borrower, Case, Leg, Purse, Told, open_loans};
use crate::domain::loan::due::tend;
use crate::domain::loan::officer::check_exposure;
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::Event;
use crate::domain::record::proto::{Fund, LoanContract, LoanFactKind, LoanPart, LoanState};
use crate::domain::refusal::{Reason, Refusal};

/// Pays an approved loan out, whole or in a tranche.
#[derive(Clone, Debug)]
pub struct Disburse {
    /// Who lends.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Sen of a tranche; all that is left if none.
    pub amount: Option<Sen>,
    /// Whether the fee is paid beside, rather than deducted.
    pub fee_beside: bool,
    /// Where the money comes from and goes.
    pub purse: Purse,
}

impl Action for Disburse {
    fn event(&self) -> Event {
        Event::LoanDisbursed
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        // The whole loan, so that no part of it is small.
        let amount = Sen::new(Case::load(draft, &self.lender, &self.loan)?.row.amount);
        Ok(Some(Matter::above(ApprovalKind::Disbursement, &self.lender, amount)))
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_APPROVED`, `LOAN_EXCEEDED` for more
    /// than is left, or a fee beyond what is paid out, `LOAN_PLAN_INVALID` where no due day is left,
    /// `OFFICER_EXPOSURE`, `PLACE_NOT_ALLOWED`, `FLOOR`, `MEMBER_DIED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.lender, &self.loan)?;
        case.check_approved(draft)?;
        if let Borrower::Member(member) = case.borrower()? {
            draft.living_member(&self.lender, &member, "loan")?;
        }
        if case.contract() == LoanContract::Murabahah {
            // Goods are sold, no money is paid out.
            let refusal = Refusal::new(Reason::WrongKind).on("loan");
            return Err(refusal.with("name", &self.loan).into());
        }
        let life = case.life(draft)?;
        let left = Sen::new(case.row.amount).minus(life.disbursed())?;
        let amount = self.amount.unwrap_or(left);
        // The fee is that of the whole loan, and taken once.
        let fee = match life.disbursed().is_zero() {
            true => life.terms().fee_for(Sen::new(case.row.amount))?,
            false => Sen::ZERO,
        };
        if amount > left || (!self.fee_beside && fee > amount) {
            let refusal = Refusal::new(Reason::LoanExceeded).on("amount");
            return Err(refusal.with("held", left.get()).into());
        }
        check_exposure(draft, &case, amount)?;
        let told = self.told(draft, &case, amount, fee)?;
        case.tell(draft, told).map(drop)
    }
}

impl Disburse {
    fn told(&self, draft: &Draft<'_>, case: &Case, amount: Sen, fee: Sen) -> Result<Told, Stop> {
        let out = if self.fee_beside { amount } else { amount.minus(fee)? };
        let (mut lender, mut borrower) = self.purse.legs(draft, case, out.negated()?)?;
        if self.fee_beside {
            let (more, less) = self.purse.legs(draft, case, fee)?;
            lender.extend(more);
            borrower.extend(less);
        }
        lender.push((Code::FeeIncome.into(), fee.negated()?));
        if !borrower.is_empty() {
            borrower.push((Code::Administration.into(), fee));
        }
        let facts = vec![case.fact(draft, LoanFactKind::Disbursed, amount)];
        Ok(Told { facts, lender, borrower, ..Told::default() })
    }
}

/// A borrower pays, any amount on any day.
#[derive(Clone, Debug)]
pub struct PayLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from and goes.
    pub purse: Purse,
}

impl Action for PayLoan {
    fn event(&self) -> Event {
        Event::LoanPaid
    }

    fn mode(&self) -> Mode {
        mode_of_purse(&self.lender, &self.purse)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_of(&self.lender, &self.purse, self.amount)
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `LOAN_FULL`, `PLACE_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::open(draft, &self.lender, &self.loan)?;
        let (lender, borrower) = self.purse.legs(draft, &case, self.amount)?;
        let facts = vec![case.fact(draft, LoanFactKind::Paid, self.amount)];
        case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
    }
}

/// A member brings an instalment to a meeting.
#[derive(Clone, Debug)]
pub struct PayInstalment {
    /// Who lent.
    pub lender: Entity,
    /// Who borrowed.
    pub member: Id,
    /// The loan; the member's oldest one that is open if none.
    pub loan: Option<Id>,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes.
    pub place: Place,
}

impl Action for PayInstalment {
    fn event(&self) -> Event {
        Event::LoanPaid
    }

    fn mode(&self) -> Mode {
        mode_of(&self.lender)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_of(&self.lender, &Purse::Place(self.place.clone()), self.amount)
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN` also for a member without a loan, `WRONG_KIND` for
    /// somebody else's loan, those of [`PayLoan`].
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let borrower = Borrower::Member(self.member.clone());
        let loan = match &self.loan {
            Some(loan) => loan.clone(),
            None => {
                let open = open_loans(draft, &self.lender, &borrower)?.into_iter().next();
                open.ok_or_else(|| {
                    let refusal = Refusal::new(Reason::LoanNotOpen).on("member");
                    refusal.with("loan", &self.member)
                })?
            }
        };
        if Case::load(draft, &self.lender, &loan)?.borrower()? != borrower {
            return Err(Refusal::new(Reason::WrongKind).on("loan").with("name", &loan).into());
        }
        let (lender, purse) = (self.lender.clone(), Purse::Place(self.place.clone()));
        PayLoan { lender, loan, amount: self.amount, purse }.post(draft)
    }
}

/// What happens in a village is told; what happens at the LKM's counter is asked.
pub fn mode_of_purse(lender: &Entity, purse: &Purse) -> Mode {
    match purse {
        Purse::Bag(_) => Mode::Report,
        _ => mode_of(lender),
    }
}

/// The cash that a report about a loan says came in.
pub fn cash_of(lender: &Entity, purse: &Purse, amount: Sen) -> Option<CashMoved> {
    match purse {
        Purse::Place(place) => {
            let ledger = crate::domain::savings::savings_ledger(lender);
            cash_in(&ledger, place, amount)
        }
        Purse::Bag(bag) => {
            let place = (Code::CashInTransit, crate::domain::account::Subject::id(bag));
            Some(CashMoved { ledger: lkm_ledger(), place, amount })
        }
        Purse::Kube(_) => None,
    }
}

/// Gives titipan back to a borrower.
#[derive(Clone, Debug)]
pub struct RefundTitipan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from and goes.
    pub purse: Purse,
}

impl Action for RefundTitipan {
    fn event(&self) -> Event {
        Event::TitipanRefunded
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `TITIPAN_EXCEEDED`, `NOT_AFTER_LAST` for a day before something else
    /// that was told of the loan, `PLACE_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &self.lender, &self.loan)?;
        case.not_backdated(draft)?;
        let held = match case.facts().next() {
            None => Sen::ZERO,
            Some(_) => case.life(draft)?.titipan(),
        };
        if self.amount > held {
            let refusal = Refusal::new(Reason::TitipanExceeded).on("amount");
            return Err(refusal.with("held", held.get()).into());
        }
        let (lender, borrower) = self.purse.legs(draft, &case, self.amount.negated()?)?;
        let facts = vec![case.fact(draft, LoanFactKind::Refunded, self.amount)];
        case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
    }
}

/// A borrower pays all that is left at once, less the rebate of the product's rule, or what is
/// remitted of a murabahah by decision.
#[derive(Clone, Debug)]
pub struct SettleLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Sen: exactly what the quote of the day says.
    pub amount: Sen,
    /// What is remitted of the margin of a murabahah (muqasah), by decision; none for other loans,
    /// whose product has a rule.
    pub rebate: Option<Sen>,
    /// Where the money comes from and goes.
    pub purse: Purse,
}

impl Action for SettleLoan {
    fn event(&self) -> Event {
        Event::LoanSettled
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `RULE_NOT_SET`, `SETTLEMENT_AMOUNT`, `NOT_AFTER_LAST`,
    /// `PLACE_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::decided(draft, &self.lender, &self.loan)?;
        let life = case.life(draft)?;
        let quote = match self.rebate {
            Some(rebate) => life.quote_decided(rebate)?,
            None => life.quote()?,
        };
        if self.amount != quote.total {
            let refusal = Refusal::new(Reason::SettlementAmount).on("amount");
            return Err(refusal.with("asked", quote.total.get()).into());
        }
        let (lender, borrower) = self.purse.legs(draft, &case, self.amount)?;
        let mut facts = vec![case.fact(draft, LoanFactKind::Settled, quote.rebate)];
        if self.amount.is_positive() {
            facts.push(case.fact(draft, LoanFactKind::Paid, self.amount));
        }
        case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
    }
}

/// Penalties or jasa that are due are waived, by minute.
#[derive(Clone, Debug)]
pub struct WaiveLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Penalties, or jasa.
    pub part: LoanPart,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for WaiveLoan {
    fn event(&self) -> Event {
        Event::LoanWaived
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::WriteOff, &self.lender)))
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `WRONG_KIND` for principal, `LOAN_EXCEEDED` for more
    /// than is due, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::decided(draft, &self.lender, &self.loan)?;
        let kind = match self.part {
            LoanPart::Penalty => LoanFactKind::PenaltyWaived,
            LoanPart::Interest => LoanFactKind::InterestWaived,
            LoanPart::Principal | LoanPart::Unspecified => {
                return Err(Refusal::new(Reason::WrongKind)
                    .on("part")
                    .with("name", "pokok")
                    .into());
            }
        };
        let due = case.life(draft)?.due()?.of(self.part);
        if self.amount > due {
            let refusal = Refusal::new(Reason::LoanExceeded).on("amount");
            return Err(refusal.with("held", due.get()).into());
        }
        let facts = vec![case.fact(draft, kind, self.amount)];
        case.tell(draft, Told { facts, ..Told::default() }).map(drop)
    }
}

/// Reckons a loan up to a day: what time alone has changed is posted; see [`tend`].
#[derive(Clone, Debug)]
pub struct AccrueLoan {
    /// Who lent.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
}

impl Action for AccrueLoan {
    fn event(&self) -> Event {
        Event::LoanAccrued
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `LOAN_NOT_OPEN`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        tend(draft, &self.lender, &self.loan)
    }
}

/// The LKM rewards who has paid a loan off promptly: IPTW (event 39).
#[derive(Clone, Debug)]
pub struct RewardLoan {
    /// The LKM's loan.
    pub loan: Id,
    /// Where the money comes from and goes.
    pub purse: Purse,
}

impl Action for RewardLoan {
    fn event(&self) -> Event {
        Event::LoanRewarded
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `RULE_NOT_SET`, `NOT_PROMPT` for a loan that is not paid off, was late
    /// or was rewarded before, `PLACE_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut case = Case::load(draft, &Entity::Lkm, &self.loan)?;
        case.not_backdated(draft)?;
        let rewarded = case.facts().any(|fact| fact.kind() == LoanFactKind::Rewarded);
        if case.row.state() != LoanState::PaidOff || rewarded {
            return Err(case.refuse(Reason::NotPrompt).into());
        }
        let life = case.life(draft)?;
        if !life.was_prompt() {
            return Err(case.refuse(Reason::NotPrompt).into());
        }
        let not_set = || Refusal::new(Reason::RuleNotSet).on("loan");
        let share = life.terms().reward.ok_or_else(not_set)?;
        let amount = share.of_sen(life.paid().interest)?;
        let (mut lender, mut borrower) = self.purse.legs(draft, &case, amount.negated()?)?;
        lender.push((Code::IncentiveExpense.into(), amount));
        if !borrower.is_empty() {
            borrower.push((Code::IncentiveIncome.into(), amount.negated()?));
        }
        let facts = vec![case.fact(draft, LoanFactKind::Rewarded, amount)];
        case.tell(draft, Told { facts, lender, borrower, ..Told::default() }).map(drop)
    }
}

/// Posts legs in the savings-and-loan ledger of a KUBE.
pub(super) fn post_in_kube(draft: &mut Draft<'_>, group: &Id, legs: Vec<Leg>) -> Result<(), Stop> {
    let ledger =
        crate::domain::account::Ledger::new(Entity::Kube(group.clone()), Fund::SimpanPinjam);
    draft.about_name(String::new());
    draft.post(&Posting::journal(&ledger, legs)?)
}

/// A leg and its opposite.
pub(super) fn pair(debit: Leaf, credit: Leaf, amount: Sen) -> Result<Vec<Leg>, Refusal> {
    Ok(vec![(debit, amount), (credit, amount.negated()?)])
}
