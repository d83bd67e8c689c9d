//! The collector (catalogue event 31a): money is taken from the KUBEs in the village, travels in a
//! bag, and is handed in at the LKM.
//!
//! **Invariant**: what a KUBE gave is its savings at once, in both ledgers; what the collector has
//! not handed in yet stands as Kas dalam Perjalanan of the bag, so that nothing is lost between.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::{Place, cash_out};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::{check_tie, kube_savings, lkm_ledger};
use crate::domain::money::Sen;
use crate::domain::record::proto::Fund;
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::standing::check_here;

/// Why no savings account may take what a collector has taken.
const WAITING: [Reason; 3] = [Reason::NotLinked, Reason::GroupMoved, Reason::GroupDissolved];

/// A collector takes a KUBE's cash in the village.
#[derive(Clone, Debug)]
pub struct Collect {
    /// Which KUBE.
    pub group: Id,
    /// The fund whose money it is.
    pub fund: Fund,
    /// The collector's bag, a drawer of the LKM.
    pub bag: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for Collect {
    fn event(&self) -> Event {
        Event::Collected
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn cash(&self) -> Option<CashMoved> {
        let kube = Ledger::new(Entity::Kube(self.group.clone()), self.fund);
        cash_out(&kube, &Place::Cash, self.amount)
    }

    /// Errors: `FUND_NOT_ALLOWED`; and what makes the money wait in suspense: `NO_LKM`,
    /// `NOT_FOUND` and `WRONG_KIND` for the bag. From a KUBE that was not tied to the LKM that day,
    /// or is gone, the money waits in both ledgers: the collector has it.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let kube = Ledger::new(Entity::Kube(self.group.clone()), self.fund);
        let bag = (Code::CashInTransit, Subject::id(&self.bag));
        check_bag(draft, &self.bag)?;
        let here = draft.check_group(&self.group, "group", |row| check_here(&self.group, row));
        match here.and_then(|()| check_tie(draft, &self.group, self.fund)) {
            Err(Stop::Refused(refusal)) if WAITING.contains(&refusal.reason) => {
                self.wait(draft, &kube, bag, refusal.reason)
            }
            Err(stop) => Err(stop),
            Ok(()) => {
                let savings = kube_savings(&self.group, self.fund);
                draft.transfer(&kube, Code::SavingsAtLkm, Code::Cash, self.amount)?;
                draft.transfer(&lkm_ledger(), bag, savings, self.amount)
            }
        }
    }
}

impl Collect {
    /// The money has moved, but no savings account may take it: it waits on both sides.
    fn wait(
        &self,
        draft: &mut Draft<'_>,
        kube: &Ledger,
        bag: (Code, Subject),
        reason: Reason,
    ) -> Result<(), Stop> {
        let item = (Code::Suspense, Subject::item(&draft.frame().request, draft.line()));
        let remark = Refusal::new(Reason::InSuspense).with("amount", self.amount.get());
        draft.flag(remark.with("reason", reason.name()));
        draft.transfer(kube, item.clone(), Code::Cash, self.amount)?;
        draft.transfer(&lkm_ledger(), bag, item, self.amount)
    }
}

/// A collector hands money in at the LKM's counter.
#[derive(Clone, Debug)]
pub struct HandIn {
    /// The collector's bag.
    pub bag: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes: vault, drawer or bank account.
    pub place: Place,
}

impl Action for HandIn {
    fn event(&self) -> Event {
        Event::CollectionHandedIn
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NO_LKM`, `NOT_FOUND`, `WRONG_KIND`, `PLACE_NOT_ALLOWED`, `FLOOR` for more than was
    /// collected.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        check_bag(draft, &self.bag)?;
        let place = self.place.checked(draft, &Entity::Lkm, "place")?;
        let bag = (Code::CashInTransit, Subject::id(&self.bag));
        draft.transfer(&lkm_ledger(), place, bag, self.amount)
    }
}

/// Checks that a drawer is a collector's bag. Errors: `NOT_FOUND`, `WRONG_KIND`.
pub fn check_bag(draft: &Draft<'_>, bag: &Id) -> Result<(), Stop> {
    let name = RowName::new("drawers", bag.as_str());
    match draft.require(&name, "bag")? {
        Row::Drawer(drawer) if drawer.collector => Ok(()),
        Row::Drawer(_) => Err(Refusal::new(Reason::WrongKind).on("bag").with("name", name).into()),
        _ => Err(not_found(&name, "bag").into()),
    }
}
