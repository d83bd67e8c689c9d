//! Blocking an amount of a member's voluntary savings, with a reason, until it is unblocked: what is
//! blocked cannot be taken out. The reason is personal and stands here as a commitment only.
//!
//! **Invariant**: the blocked total of an account is the sum of its open blocks.

use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, blocked_name, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{Block, Blocked};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The collection of an entity's blocks.
pub const COLLECTION: &str = "blocks";

/// A block.
pub fn block_name(entity: &Entity, block: &Id) -> RowName {
    RowName::of(entity, COLLECTION, block.as_str())
}

/// Blocks an amount.
#[derive(Clone, Debug)]
pub struct BlockSavings {
    /// Where they save.
    pub entity: Entity,
    /// The member.
    pub member: Id,
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
        Some(self.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.member(&self.entity, &self.member, "member")?;
        let row = Block {
            member: self.member.as_str().to_owned(),
            amount: self.amount.get(),
            reason: self.reason.clone(),
            since: draft.frame().happened_on.get(),
            lifted_on: 0,
        };
        draft.create(block_name(&self.entity, &self.block), Row::Block(row), "block_id")?;
        change(draft, &self.entity, self.member.as_str(), self.amount)
    }
}

fn change(draft: &mut Draft<'_>, entity: &Entity, member: &str, by: Sen) -> Result<(), Stop> {
    let name = blocked_name(entity, member);
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
        let Row::Block(mut row) = draft.require(&name, "block")? else {
            return Err(not_found(&name, "block").into());
        };
        if row.lifted_on != 0 {
            return Err(Refusal::new(Reason::NotBlocked).on("block").with("name", name).into());
        }
        row.lifted_on = draft.frame().happened_on.get();
        let (member, amount) = (row.member.clone(), Sen::new(row.amount));
        draft.put(name, Row::Block(row));
        change(draft, &self.entity, &member, amount.negated()?)
    }
}
