//! Blocking an amount of somebody's free savings, with a reason, until it is unblocked: what is blocked
//! cannot be taken out, of what members save with their group or the LKM and of what a KUBE saves at
//! the LKM. The reason is personal and stands here as a commitment only.
//!
//! **Invariant**: the blocked total of an account is the sum of its open blocks.

use crate::domain::decide::Action;
use crate::domain::dormancy::Savings;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{Block, Blocked};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::standing::check_here;
use crate::domain::surplus::Sharer;

/// The collection of an entity's blocks.
pub const COLLECTION: &str = "blocks";

/// A block.
pub fn block_name(entity: &Entity, block: &Id) -> RowName {
    RowName::of(entity, COLLECTION, block.as_str())
}

/// What is blocked of an account of free savings in all.
pub fn blocked_name(savings: &Savings) -> RowName {
    RowName::of(&savings.entity, "blocked", &savings.who.key())
}

/// Blocks an amount.
#[derive(Clone, Debug)]
pub struct BlockSavings {
    /// Of what.
    pub savings: Savings,
    /// The block's id.
    pub block: Id,
    /// Sen, more than nothing; it may be more than there is.
    pub amount: Sen,
    /// Commitment to the reason.
    pub reason: Vec<u8>,
}

impl Action for BlockSavings {
    fn event(&self) -> Event {
        Event::SavingsBlocked
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.savings.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `GROUP_DISSOLVED`, `GROUP_MOVED`, `ALREADY_EXISTS`, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let Savings { entity, who } = &self.savings;
        match who {
            Sharer::Member(member) => {
                draft.member(entity, member, "member")?;
            }
            Sharer::Kube(group, _) => {
                check_here(group, &draft.group(group, "group")?)?;
            }
        }
        let row = Block {
            saver: who.key(),
            amount: self.amount.get(),
            reason: self.reason.clone(),
            since: draft.frame().happened_on.get(),
            lifted_on: 0,
        };
        draft.create(block_name(entity, &self.block), Row::Block(row), "block_id")?;
        change(draft, &self.savings, self.amount)
    }
}

/// A block that comes with a group from another book holds on here.
pub(super) fn arrive(draft: &mut Draft<'_>, entity: &Entity, block: &Block) -> Result<(), Stop> {
    let Some(who) = Sharer::from_key(&block.saver) else { return Ok(()) };
    change(draft, &Savings { entity: entity.clone(), who }, Sen::new(block.amount))
}

fn change(draft: &mut Draft<'_>, savings: &Savings, by: Sen) -> Result<(), Stop> {
    let name = blocked_name(savings);
    let before = match draft.row(&name)? {
        Some(Row::Blocked(row)) => Sen::new(row.amount),
        _ => Sen::ZERO,
    };
    let amount = before.plus(by)?.get();
    draft.put(name, Row::Blocked(Blocked { amount, moved: 0 }));
    Ok(())
}

/// Lifts a block.
#[derive(Clone, Debug)]
pub struct Unblock {
    /// Where they save.
    pub entity: Entity,
    /// The block.
    pub block: Id,
}

impl Action for Unblock {
    fn event(&self) -> Event {
        Event::SavingsUnblocked
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `NOT_BLOCKED` when it was lifted before.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = block_name(&self.entity, &self.block);
        let missing = || Stop::from(not_found(&name, "block"));
        let Row::Block(mut row) = draft.require(&name, "block")? else { return Err(missing()) };
        if row.lifted_on != 0 {
            return Err(Refusal::new(Reason::NotBlocked).on("block").with("name", name).into());
        }
        let who = Sharer::from_key(&row.saver).ok_or_else(missing)?;
        let savings = Savings { entity: self.entity.clone(), who };
        let amount = Sen::new(row.amount);
        row.lifted_on = draft.frame().happened_on.get();
        draft.put(name, Row::Block(row));
        change(draft, &savings, amount.negated()?)
    }
}
