//! A share of the result goes to the solidarity fund (catalogue event 16): the business or the
//! savings-and-loan fund gives it, at once in cash or standing as Antar Dana until it is settled.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::Place;
use crate::domain::chart::{Code, fund_allowed, fund_name};
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::iks::iks_ledger;
use crate::domain::iks_rule::{rule_now, share_of_result};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::Fund;
use crate::domain::refusal::{Reason, Refusal};

/// How much of the result is given.
#[derive(Clone, Copy, Debug)]
pub enum Share {
    /// So many sen, more than nothing, as decided.
    Amount(Sen),
    /// What the group's rule gives of this result in sen, more than nothing.
    OfResult(Sen),
}

/// Gives a share of a fund's result to the solidarity fund.
#[derive(Clone, Debug)]
pub struct ShareResult {
    /// Which KUBE.
    pub group: Id,
    /// The fund whose result it is: UEP or SIMPAN_PINJAM.
    pub from: Fund,
    /// How much.
    pub share: Share,
    /// Where the money lies, if it changes hands at once; otherwise the funds owe each other.
    pub settled: Option<Place>,
}

impl Action for ShareResult {
    fn event(&self) -> Event {
        Event::ResultShared
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `FUND_NOT_ALLOWED`, `RULE_NOT_SET`, `PLACE_NOT_ALLOWED`, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        let gives = matches!(self.from, Fund::Uep | Fund::SimpanPinjam);
        if !gives || !fund_allowed(&entity, self.from) {
            let refusal = Refusal::new(Reason::FundNotAllowed).on("fund");
            return Err(refusal.with("fund", fund_name(self.from)).into());
        }
        let amount = self.amount(draft)?;
        let place = match &self.settled {
            Some(place) => Some(place.checked(draft, &entity, "settled")?),
            None => None,
        };
        give(draft, &self.group, self.from, amount, place)
    }
}

/// Gives sen of a fund's surplus to the solidarity fund; the funds owe each other unless the money
/// changes hands at a place.
///
/// Errors: `OVERFLOW`.
pub fn give(
    draft: &mut Draft<'_>,
    group: &Id,
    from: Fund,
    amount: Sen,
    settled: Option<(Code, Subject)>,
) -> Result<(), Stop> {
    let giver = Ledger::new(Entity::Kube(group.clone()), from);
    let fund = iks_ledger(group);
    let due_to_iks = (Code::InterFund, Subject::fund(Fund::Iks));
    let due_from = (Code::InterFund, Subject::fund(from));
    draft.transfer(&giver, Code::Surplus, due_to_iks.clone(), amount)?;
    draft.transfer(&fund, due_from.clone(), Code::SolidarityFund, amount)?;
    let Some(place) = settled else {
        return Ok(());
    };
    draft.transfer(&giver, due_to_iks, place.clone(), amount)?;
    draft.transfer(&fund, place, due_from, amount)
}

impl ShareResult {
    fn amount(&self, draft: &Draft<'_>) -> Result<Sen, Stop> {
        match self.share {
            Share::Amount(amount) => Ok(amount),
            Share::OfResult(result) => {
                let rule = rule_now(draft, &self.group)?;
                let rule = rule.ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("result"))?;
                Ok(share_of_result(&rule, result)?)
            }
        }
    }
}
