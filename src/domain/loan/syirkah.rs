//! Mudharabah and musyarakah (catalogue event 42): the LKM puts capital into a business for a share
//! of its profit (nisbah), and bears its losses.
//!
//! Profit is shared as it was made, not as it was projected; there is no schedule. A loss of a
//! mudharabah is the LKM's alone, that of a musyarakah is borne by the capital that is in the business
//! then, on both sides.
//!
//! **Invariant**: capital put in is capital returned, lost, and left; what was taken back is no fact.

use crate::domain::account::{Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::{check_tie, lkm_ledger};
use crate::domain::loan::case::{Borrower, Leg, Purse};
use crate::domain::loan::officer::check_more;
use crate::domain::loan::rate::Percent;
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::proto::{
    self, Fund, Syirkah, SyirkahFact, SyirkahFactKind, SyirkahKind,
};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::regime::check_principle;

/// The most facts of one contract.
const MOST_FACTS: usize = 1_000;

/// A contract of the LKM.
pub fn syirkah_name(syirkah: &Id) -> RowName {
    RowName::of(&Entity::Lkm, "syirkahs", syirkah.as_str())
}

/// Sen of facts of a kind: the whole amounts, and the LKM's shares of them. Errors: `OVERFLOW`.
pub fn sum_of(row: &Syirkah, kind: SyirkahFactKind) -> Result<(Sen, Sen), Refusal> {
    let facts = row.facts.iter().filter(|fact| fact.kind() == kind);
    facts.into_iter().try_fold((Sen::ZERO, Sen::ZERO), |(amount, share), fact| {
        Ok((amount.plus(Sen::new(fact.amount))?, share.plus(Sen::new(fact.share))?))
    })
}

/// The LKM's capital that is still in the business. Errors: `OVERFLOW`.
pub fn left(row: &Syirkah) -> Result<Sen, Refusal> {
    let (_, funded) = sum_of(row, SyirkahFactKind::Funded)?;
    let (_, lost) = sum_of(row, SyirkahFactKind::Lost)?;
    let (_, returned) = sum_of(row, SyirkahFactKind::Returned)?;
    funded.minus(lost)?.minus(returned)
}

/// What the LKM's shares would have come to by a day if each whole month since the capital was put in
/// had made the profit that was projected.
///
/// Errors: `OVERFLOW`.
pub fn projected(row: &Syirkah, on: Day) -> Result<Sen, Refusal> {
    let months = i64::from(Day::new(row.funded_on).months_until(on));
    let profit = row.projected.checked_mul(months);
    let profit = profit.ok_or_else(|| Refusal::new(Reason::Overflow))?;
    Percent::parse(&row.nisbah).unwrap_or(Percent::ZERO).of_sen(Sen::new(profit))
}

/// The partner's own capital that is still in the business: what losses have left of it. Errors:
/// `OVERFLOW`.
fn own_left(row: &Syirkah) -> Result<Sen, Refusal> {
    let (lost, borne) = sum_of(row, SyirkahFactKind::Lost)?;
    Sen::new(row.own).minus(lost.minus(borne)?)
}

/// The LKM's capital that is in the businesses of a partner. Errors: `Missing`, `OVERFLOW`.
pub fn capital_left(draft: &Draft<'_>, partner: &Borrower) -> Result<Sen, Stop> {
    let mut sum = Sen::ZERO;
    for name in open_contracts(draft, partner)?.iter().filter_map(|id| Id::new(id)) {
        sum = sum.plus(left(&Venture::load(draft, &name)?.row)?)?;
    }
    Ok(sum)
}

/// The ids of the contracts of a partner in which capital is left.
///
/// Errors: `Missing`.
pub fn open_contracts(draft: &Draft<'_>, partner: &Borrower) -> Result<Vec<String>, Stop> {
    Ok(match draft.row(&partner.index_name(&Entity::Lkm))? {
        Some(Row::Borrower(row)) => row.syirkahs,
        _ => Vec::new(),
    })
}

/// Keeps the list of a partner's contracts, after one of them has changed.
fn list(draft: &mut Draft<'_>, id: &str, row: &Syirkah) -> Result<(), Stop> {
    let Some(partner) = Borrower::parse(&row.partner) else { return Ok(()) };
    let name = partner.index_name(&Entity::Lkm);
    let mut index = match draft.row(&name)? {
        Some(Row::Borrower(index)) => index,
        _ => proto::Borrower::default(),
    };
    let (runs, listed) = (left(row)?.is_positive(), index.syirkahs.iter().any(|one| one == id));
    match (runs, listed) {
        (true, false) => index.syirkahs.push(id.to_owned()),
        (false, true) => index.syirkahs.retain(|one| one != id),
        _ => return Ok(()),
    }
    draft.put(name, Row::Borrower(index));
    Ok(())
}

/// One contract within a decision.
struct Venture {
    id: Id,
    row: Syirkah,
}

impl Venture {
    fn load(draft: &Draft<'_>, id: &Id) -> Result<Venture, Stop> {
        let name = syirkah_name(id);
        match draft.require(&name, "syirkah")? {
            Row::Syirkah(row) => Ok(Venture { id: id.clone(), row }),
            _ => Err(not_found(&name, "syirkah").into()),
        }
    }

    fn partner(&self) -> Result<Borrower, Refusal> {
        let unknown = || not_found(&syirkah_name(&self.id), "syirkah");
        Borrower::parse(&self.row.partner).ok_or_else(unknown)
    }

    /// Checks that so much capital is left. Errors: `SYIRKAH_EXCEEDED`.
    fn check_left(&self, amount: Sen) -> Result<(), Refusal> {
        let left = left(&self.row)?;
        if amount <= left {
            return Ok(());
        }
        Err(Refusal::new(Reason::SyirkahExceeded).on("amount").with("held", left.get()))
    }

    fn leaf(&self, code: Code) -> Leaf {
        Leaf::from((code, Subject::id(&self.id)))
    }

    /// Posts in the LKM's ledger and, where the partner is a KUBE, in the KUBE's.
    fn post(&self, draft: &mut Draft<'_>, lkm: Vec<Leg>, partner: Vec<Leg>) -> Result<(), Stop> {
        match self.partner()? {
            Borrower::Member(member) => {
                draft.about(&Entity::Lkm, "members", &member);
                draft.post(&Posting::journal(&lkm_ledger(), lkm)?)
            }
            Borrower::Group(group) => {
                draft.about_name(RowName::group(&group).to_string());
                draft.post(&Posting::journal(&lkm_ledger(), lkm)?)?;
                draft.about_name(String::new());
                let ledger = Ledger::new(Entity::Kube(group), Fund::SimpanPinjam);
                draft.post(&Posting::journal(&ledger, partner)?)
            }
        }
    }

    /// Posts a pair of legs for money, which comes in to the LKM (negative: goes out).
    fn pay(
        &self,
        draft: &mut Draft<'_>,
        purse: &Purse,
        amount: Sen,
        against: (Leaf, Leaf),
    ) -> Result<(), Stop> {
        let (mut lkm, mut partner) =
            purse.legs_between(draft, &Entity::Lkm, &self.partner()?, amount)?;
        lkm.push((against.0, amount.negated()?));
        partner.push((against.1, amount));
        if amount.is_negative() {
            lkm.reverse();
        } else {
            partner.reverse();
        }
        self.post(draft, lkm, partner)
    }

    fn tell(
        mut self,
        draft: &mut Draft<'_>,
        kind: SyirkahFactKind,
        amount: Sen,
        share: Sen,
    ) -> Result<(), Stop> {
        if self.row.facts.len() >= MOST_FACTS {
            let refusal = Refusal::new(Reason::LoanFull).on("syirkah");
            return Err(refusal.with("loan", &self.id).into());
        }
        self.row.facts.push(SyirkahFact {
            kind: kind as i32,
            on: draft.frame().happened_on.get(),
            amount: amount.get(),
            share: share.get(),
            position: draft.frame().position,
        });
        list(draft, self.id.as_str(), &self.row)?;
        draft.put(syirkah_name(&self.id), Row::Syirkah(self.row));
        Ok(())
    }
}

/// The LKM puts capital into a business.
#[derive(Clone, Debug)]
pub struct FundSyirkah {
    /// The contract's id at the LKM.
    pub syirkah: Id,
    /// Whose business.
    pub partner: Borrower,
    /// The contract.
    pub kind: SyirkahKind,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Sen of the partner's own capital; nothing for a mudharabah.
    pub own: Sen,
    /// The LKM's part of the profit in percent.
    pub nisbah: String,
    /// Sen of profit that was projected for a month; nothing if none was.
    pub projected: Sen,
    /// The number of the minute.
    pub minute: String,
    /// Where the money comes from and goes.
    pub purse: Purse,
}

impl Action for FundSyirkah {
    fn event(&self) -> Event {
        Event::SyirkahFunded
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::above(ApprovalKind::Disbursement, &Entity::Lkm, self.amount)))
    }

    /// Errors: `NOT_FOUND`, `NOT_LINKED`, `NOT_MEMBER_THEN`, `ALREADY_EXISTS`,
    /// `LOAN_TERMS_INVALID` for a nisbah of nothing or more than all, and for capital of the
    /// partner that the contract has not; `PLACE_NOT_ALLOWED`, `FLOOR`, `OFFICER_EXPOSURE`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        match &self.partner {
            Borrower::Member(member) => {
                draft.check_active(&Entity::Lkm, member, "partner")?;
            }
            Borrower::Group(group) => check_tie(draft, group, Fund::SimpanPinjam)?,
        }
        let invalid =
            |term: &str| Refusal::new(Reason::LoanTermsInvalid).on(term).with("term", term);
        let share = Percent::parse(&self.nisbah).filter(|share| !share.is_zero());
        let all = |share: Percent| share.fraction() <= rust_decimal::Decimal::ONE;
        if !share.is_some_and(all) {
            return Err(invalid("nisbah").into());
        }
        if (self.kind == SyirkahKind::Musyarakah) != self.own.is_positive() {
            return Err(invalid("own").into());
        }
        check_more(draft, &self.partner, self.amount, "partner")?;
        let row = Syirkah {
            partner: self.partner.path(),
            kind: self.kind as i32,
            amount: self.amount.get(),
            own: self.own.get(),
            nisbah: self.nisbah.clone(),
            projected: self.projected.get(),
            funded_on: draft.frame().happened_on.get(),
            minute: self.minute.clone(),
            facts: Vec::new(),
        };
        let name = syirkah_name(&self.syirkah);
        draft.create(name, Row::Syirkah(row.clone()), "syirkah_id")?;
        let today = draft.frame().happened_on;
        check_principle(draft, &Entity::Lkm, false, today);
        let venture = Venture { id: self.syirkah.clone(), row };
        let against = (venture.leaf(Code::SharingFinance), venture.leaf(Code::SyirkahFund));
        venture.pay(draft, &self.purse, self.amount.negated()?, against)?;
        venture.tell(draft, SyirkahFactKind::Funded, self.amount, self.amount)
    }
}

/// Profit that a business made is shared by the nisbah.
#[derive(Clone, Debug)]
pub struct ShareProfit {
    /// The contract.
    pub syirkah: Id,
    /// Sen of profit, more than nothing.
    pub profit: Sen,
    /// Where the LKM's share comes from and goes.
    pub purse: Purse,
}

impl Action for ShareProfit {
    fn event(&self) -> Event {
        Event::SyirkahShared
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `SYIRKAH_EXCEEDED` where no capital is left, `PLACE_NOT_ALLOWED`,
    /// `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let venture = Venture::load(draft, &self.syirkah)?;
        venture.check_left(Sen::new(1))?;
        let nisbah = Percent::parse(&venture.row.nisbah).unwrap_or(Percent::ZERO);
        let share = nisbah.of_sen(self.profit)?;
        let against = (Code::SharingIncome.into(), Code::SharingCost.into());
        venture.pay(draft, &self.purse, share, against)?;
        venture.tell(draft, SyirkahFactKind::Shared, self.profit, share)
    }
}

/// A business made a loss, which its capital bears.
#[derive(Clone, Debug)]
pub struct BearLoss {
    /// The contract.
    pub syirkah: Id,
    /// Sen of loss, more than nothing.
    pub loss: Sen,
}

impl Action for BearLoss {
    fn event(&self) -> Event {
        Event::SyirkahLost
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::WriteOff, &Entity::Lkm)))
    }

    /// Errors: `NOT_FOUND`, `SYIRKAH_EXCEEDED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let venture = Venture::load(draft, &self.syirkah)?;
        let (ours, own) = (left(&venture.row)?, own_left(&venture.row)?);
        let capital = ours.plus(own)?;
        if self.loss > capital {
            let refusal = Refusal::new(Reason::SyirkahExceeded).on("amount");
            return Err(refusal.with("held", capital.get()).into());
        }
        // By its part of the capital that is in the business then, rounded half up.
        let borne = cumulative_share(self.loss, ours.get(), capital.get())?;
        let out = borne.negated()?;
        let lkm =
            vec![(Code::SharingLoss.into(), borne), (venture.leaf(Code::SharingFinance), out)];
        let partner =
            vec![(venture.leaf(Code::SyirkahFund), borne), (Code::BusinessLoss.into(), out)];
        venture.post(draft, lkm, partner)?;
        venture.tell(draft, SyirkahFactKind::Lost, self.loss, borne)
    }
}

/// Capital comes back to the LKM.
#[derive(Clone, Debug)]
pub struct ReturnCapital {
    /// The contract.
    pub syirkah: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from and goes.
    pub purse: Purse,
}

impl Action for ReturnCapital {
    fn event(&self) -> Event {
        Event::SyirkahReturned
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NOT_FOUND`, `SYIRKAH_EXCEEDED`, `PLACE_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let venture = Venture::load(draft, &self.syirkah)?;
        venture.check_left(self.amount)?;
        let against = (venture.leaf(Code::SharingFinance), venture.leaf(Code::SyirkahFund));
        venture.pay(draft, &self.purse, self.amount, against)?;
        venture.tell(draft, SyirkahFactKind::Returned, self.amount, self.amount)
    }
}

/// Takes back what a record told of contracts, whose entries have been posted back already.
///
/// Errors: `REVERSAL_BLOCKED` when more came back or was lost than is left in then.
pub fn undo(draft: &mut Draft<'_>, position: u64, effect: &Effect) -> Result<(), Stop> {
    for (name, _) in effect.rows.iter().filter(|(_, row)| matches!(row, Row::Syirkah(_))) {
        let Some(Row::Syirkah(mut row)) = draft.row(name)? else { continue };
        row.facts.retain(|fact| fact.position != position);
        if left(&row)?.is_negative() {
            let refusal = Refusal::new(Reason::ReversalBlocked).on("transaction");
            return Err(refusal.with("name", name).into());
        }
        list(draft, &name.id, &row)?;
        draft.put(name.clone(), Row::Syirkah(row));
    }
    Ok(())
}
