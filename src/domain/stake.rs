//! Stakes in the LKM (catalogue events 3, 4a and 30, and 30 turned around): a programme's, held
//! under a grant of the LKM, and those of its KUBEs, one event in two ledgers.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::{check_tie, kube_savings, lkm_ledger};
use crate::domain::money::Sen;
use crate::domain::record::proto::{BudgetSource, Fund, Grant, GrantChannel};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// A programme's stake, as the register of the LKM's grants names it.
pub fn programme_name(grant: &Id) -> RowName {
    RowName::of(&Entity::Lkm, "grants", grant.as_str())
}

/// A programme puts a stake into the LKM (event 3).
#[derive(Clone, Debug)]
pub struct ReceiveStake {
    /// The id of the stake among the LKM's grants.
    pub grant: Id,
    /// Programme, in plain words.
    pub programme: String,
    /// Where the money comes from.
    pub source: BudgetSource,
    /// Number of the decree.
    pub decree_number: String,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for ReceiveStake {
    fn event(&self) -> Event {
        Event::ProgrammeStake
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NO_LKM`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row = Grant {
            programme: self.programme.clone(),
            source: self.source as i32,
            decree_number: self.decree_number.clone(),
            amount: self.amount.get(),
            received_on: draft.frame().happened_on.get(),
            channel: GrantChannel::Bank as i32,
            ..Grant::default()
        };
        draft.create(programme_name(&self.grant), Row::Grant(row), "grant_id")?;
        draft.tag_grant(programme_name(&self.grant));
        let stake = (Code::ProgrammeStake, Subject::id(&self.grant));
        draft.transfer(&lkm_ledger(), Code::Bank, stake, self.amount)
    }
}

/// A part of a programme's stake goes back (event 4a).
#[derive(Clone, Debug)]
pub struct ReturnStake {
    /// The stake.
    pub grant: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for ReturnStake {
    fn event(&self) -> Event {
        Event::ProgrammeStake
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `NO_LKM`, `NOT_FOUND`, `FLOOR` for more than the stake holds.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = programme_name(&self.grant);
        let Row::Grant(mut row) = draft.require(&name, "grant")? else {
            return Err(not_found(&name, "grant").into());
        };
        row.returned = Sen::new(row.returned).plus(self.amount)?.get();
        draft.put(name.clone(), Row::Grant(row));
        draft.tag_grant(name);
        let stake = (Code::ProgrammeStake, Subject::id(&self.grant));
        draft.transfer(&lkm_ledger(), stake, Code::Bank, self.amount)
    }
}

/// What a KUBE pays with at the LKM.
#[derive(Clone, Debug)]
pub enum Means {
    /// Money that changes hands, from a place of the KUBE to one of the LKM or back.
    Money {
        /// The KUBE's side: its tin or its bank account.
        kube_place: Place,
        /// The LKM's side: vault, drawer or bank account.
        lkm_place: Place,
    },
    /// The fund's savings at the LKM.
    Savings,
}

impl Means {
    /// The leaves of the KUBE's and of the LKM's ledger that stand for them.
    ///
    /// Errors: `PLACE_NOT_ALLOWED`, `NOT_FOUND` for an unknown drawer.
    pub fn leaves(
        &self,
        draft: &Draft<'_>,
        kube: &Entity,
        savings: (Code, Subject),
    ) -> Result<[(Code, Subject); 2], Stop> {
        match self {
            Means::Money { kube_place, lkm_place } => Ok([
                kube_place.checked(draft, kube, "kube_place")?,
                lkm_place.checked(draft, &Entity::Lkm, "lkm_place")?,
            ]),
            Means::Savings => Ok([(Code::SavingsAtLkm, Subject::none()), savings]),
        }
    }
}

/// A KUBE buys a stake in its LKM (event 30).
#[derive(Clone, Debug)]
pub struct BuyStake {
    /// Which KUBE.
    pub group: Id,
    /// The fund whose money it is.
    pub fund: Fund,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// What it is paid with.
    pub means: Means,
}

impl Action for BuyStake {
    fn event(&self) -> Event {
        Event::StakeBought
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NO_LKM`, `NOT_LINKED`, `FUND_NOT_ALLOWED`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`,
    /// `FLOOR` when the savings do not suffice.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let kube = Ledger::new(Entity::Kube(self.group.clone()), self.fund);
        check_tie(draft, &self.group, self.fund)?;
        let savings = kube_savings(&self.group, self.fund);
        let [from, to] = self.means.leaves(draft, &kube.entity, savings)?;
        let stake = (Code::KubeStakes, Subject::kube_fund(&self.group, self.fund));
        draft.transfer(&kube, Code::StakeInLkm, from, self.amount)?;
        draft.transfer(&lkm_ledger(), to, stake, self.amount)
    }
}

/// The LKM pays a KUBE's stake back, whole or in part: event 30 turned around.
#[derive(Clone, Debug)]
pub struct PayBackStake {
    /// Which KUBE.
    pub group: Id,
    /// The fund whose stake it is.
    pub fund: Fund,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// What it is paid with.
    pub means: Means,
}

impl Action for PayBackStake {
    fn event(&self) -> Event {
        Event::StakePaidBack
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NO_LKM`, `NOT_LINKED`, `FUND_NOT_ALLOWED`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`,
    /// `FLOOR` for more than the stake, or than the LKM's place holds.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let kube = Ledger::new(Entity::Kube(self.group.clone()), self.fund);
        check_tie(draft, &self.group, self.fund)?;
        let savings = kube_savings(&self.group, self.fund);
        let [to, from] = self.means.leaves(draft, &kube.entity, savings)?;
        let stake = (Code::KubeStakes, Subject::kube_fund(&self.group, self.fund));
        draft.transfer(&kube, to, Code::StakeInLkm, self.amount)?;
        draft.transfer(&lkm_ledger(), stake, from, self.amount)
    }
}

/// Takes back what a programme's stake left in the register of grants.
///
/// Errors: `REVERSAL_BLOCKED` when a part of the stake has gone back since.
pub fn undo(draft: &mut Draft<'_>, event: Event, effect: &Effect) -> Result<(), Stop> {
    if event != Event::ProgrammeStake {
        return Ok(());
    }
    for (name, _) in effect.rows.iter().filter(|(_, row)| matches!(row, Row::Grant(_))) {
        let Row::Grant(mut row) = draft.require(name, "transaction")? else {
            return Err(not_found(name, "transaction").into());
        };
        let stakes = effect.entries.iter().filter(|e| e.account.code == Code::ProgrammeStake);
        let moved = stakes.map(|entry| entry.amount).find(|amount| !amount.is_zero());
        let moved = moved.unwrap_or(Sen::ZERO);
        if moved.is_positive() {
            row.returned = Sen::new(row.returned).minus(moved)?.get();
        } else if row.returned == 0 {
            row.reversed = true;
        } else {
            let refusal = Refusal::new(Reason::ReversalBlocked).on("transaction");
            return Err(refusal.with("name", name).into());
        }
        draft.put(name.clone(), Row::Grant(row));
    }
    Ok(())
}
