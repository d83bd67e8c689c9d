//! The tie between a KUBE and its LKM (catalogue event 31): one event in two ledgers, posted in
//! one record, so that the mirrored accounts never differ.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::Place;
use crate::domain::chart::{Code, fund_allowed, fund_name};
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::Fund;
use crate::domain::refusal::{Reason, Refusal};

/// The LKM's ledger that holds the savings of its KUBEs.
pub fn lkm_ledger() -> Ledger {
    Ledger::new(Entity::Lkm, Fund::SimpanPinjam)
}

/// The savings account of a group's fund in the LKM's ledger.
pub fn kube_savings(group: &Id, fund: Fund) -> (Code, Subject) {
    (Code::KubeSavings, Subject::kube_fund(group, fund))
}

/// Checks that a group may have a fund, and was tied to the book's LKM on the day of a draft.
///
/// Errors: `NO_LKM`, `FUND_NOT_ALLOWED`, `NOT_FOUND`, `NOT_LINKED`.
pub fn check_tie(draft: &Draft<'_>, group: &Id, fund: Fund) -> Result<(), Stop> {
    if draft.book().lkm_name.is_empty() {
        return Err(Refusal::new(Reason::NoLkm).on("group").into());
    }
    if !fund_allowed(&Entity::Kube(group.clone()), fund) {
        let refusal = Refusal::new(Reason::FundNotAllowed).on("fund");
        return Err(refusal.with("fund", fund_name(fund)).into());
    }
    draft.linked(group)
}

/// A KUBE brings money to the LKM's counter, or draws there.
#[derive(Clone, Debug)]
pub struct SaveAtLkm {
    /// Which KUBE.
    pub group: Id,
    /// The fund whose money it is.
    pub fund: Fund,
    /// Brought, or drawn.
    pub deposit: bool,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// The KUBE's side: its tin or its bank account.
    pub kube_place: Place,
    /// The LKM's side: vault, drawer or bank account.
    pub lkm_place: Place,
}

impl Action for SaveAtLkm {
    fn event(&self) -> Event {
        if self.deposit { Event::KubeDeposited } else { Event::KubeWithdrew }
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NO_LKM`, `NOT_LINKED`, `FUND_NOT_ALLOWED`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`,
    /// `FLOOR` when the savings or the LKM's cash do not suffice.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let kube = Ledger::new(Entity::Kube(self.group.clone()), self.fund);
        check_tie(draft, &self.group, self.fund)?;
        let kube_place = self.kube_place.checked(draft, &kube.entity, "kube_place")?;
        let lkm_place = self.lkm_place.checked(draft, &Entity::Lkm, "lkm_place")?;
        let savings = kube_savings(&self.group, self.fund);
        match self.deposit {
            true => {
                draft.transfer(&kube, Code::SavingsAtLkm, kube_place, self.amount)?;
                draft.transfer(&lkm_ledger(), lkm_place, savings, self.amount)
            }
            false => {
                draft.transfer(&kube, kube_place, Code::SavingsAtLkm, self.amount)?;
                draft.transfer(&lkm_ledger(), savings, lkm_place, self.amount)
            }
        }
    }
}
