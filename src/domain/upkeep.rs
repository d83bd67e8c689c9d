//! What a KUBE has in its care: tools that wear off (catalogue event 12), animals given to members
//! to keep (gaduhan, event 58), and animals counted in an opname.
//!
//! Wear is the *cumulative share* of the cost over the months in use, so that months missed or
//! posted twice never add up to more than the cost.

use rust_decimal::Decimal;

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::mode_of;
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Mode, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::lot;
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::record::proto::{Keeping, KeepingChange, Lot, LotKind};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// Decides over how many months a tool wears off, evenly, from the day it is in use.
#[derive(Clone, Debug)]
pub struct SetLife {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// The tool.
    pub lot: Id,
    /// Months, more than none.
    pub months: u32,
    /// Since when it is in use.
    pub in_use_since: Day,
}

impl Action for SetLife {
    fn event(&self) -> Event {
        Event::Depreciated
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND` for what is no tool of this fund.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = tool(draft, &self.ledger, &self.lot)?;
        (row.life_months, row.in_use_since) = (self.months, self.in_use_since.get());
        let name = RowName::of(&self.ledger.entity, "lots", self.lot.as_str());
        draft.put(name, Row::Lot(row));
        Ok(())
    }
}

fn tool(draft: &Draft<'_>, ledger: &Ledger, lot: &Id) -> Result<Lot, Stop> {
    let row = draft.lot(&ledger.entity, lot, "lot")?;
    if row.kind() != LotKind::Tools || row.fund() != ledger.fund.get() {
        return Err(Refusal::new(Reason::WrongKind).on("lot").with("name", lot).into());
    }
    Ok(row)
}

/// Books what has worn off a tool (event 12).
#[derive(Clone, Debug)]
pub struct Depreciate {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// The tool.
    pub lot: Id,
    /// Sen; none for what the decided life asks for by this day.
    pub amount: Option<Sen>,
}

impl Depreciate {
    /// Errors: `NO_LIFE_DECIDED`.
    fn amount(&self, draft: &Draft<'_>, row: &Lot, worn: Sen) -> Result<Sen, Stop> {
        if let Some(amount) = self.amount {
            return Ok(amount);
        }
        if row.life_months == 0 {
            let refusal = Refusal::new(Reason::NoLifeDecided).on("lot");
            return Err(refusal.with("lot", &self.lot).into());
        }
        let months = Day::new(row.in_use_since).months_until(draft.frame().happened_on);
        let used = i64::from(months.min(row.life_months));
        let held = Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?;
        Ok(cumulative_share(held, used, i64::from(row.life_months))?.minus(worn)?)
    }
}

impl Action for Depreciate {
    fn event(&self) -> Event {
        Event::Depreciated
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND`, `NO_LIFE_DECIDED`, `DEPRECIATION_EXCEEDED` for more than
    /// the book value, or when nothing is due.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row = tool(draft, &self.ledger, &self.lot)?;
        let worn = lot::worn_off(draft, &self.ledger, &self.lot)?;
        let amount = self.amount(draft, &row, worn)?;
        let book_value = Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?.minus(worn)?;
        if amount > book_value || !amount.is_positive() {
            let refusal = Refusal::new(Reason::DepreciationExceeded).on("amount");
            return Err(refusal.with("lot", &self.lot).with("held", book_value.get()).into());
        }
        let wear = (Code::AccumulatedDepreciation, Subject::id(&self.lot));
        draft.transfer(&self.ledger, Code::Depreciation, wear, amount)
    }
}

/// The name of animals given to a member to keep.
pub fn keeping_name(group: &Id, keeping: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "keepings", keeping.as_str())
}

/// Animals of a lot are given to a member to keep (event 58). They stay the group's; offspring is
/// shared as agreed, when it is there, as any other birth and share.
#[derive(Clone, Debug)]
pub struct GiveToKeep {
    /// Which KUBE.
    pub group: Id,
    /// The id of this keeping.
    pub keeping: Id,
    /// The lot.
    pub lot: Id,
    /// The member who keeps them.
    pub keeper: Id,
    /// How many, more than none.
    pub heads: i64,
    /// The keeper's share of the offspring in percent, if it was agreed.
    pub share_percent: Option<Decimal>,
}

impl Action for GiveToKeep {
    fn event(&self) -> Event {
        Event::LivestockKept
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND`, `KEEPING_EXCEEDED`, `NOT_MEMBER_THEN`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        draft.check_active(&entity, &self.keeper, "keeper")?;
        let mut row = animals(draft, &entity, &self.lot)?;
        let free = heads_of(&row) - row.kept_heads;
        if self.heads > free {
            return Err(too_many("heads", free));
        }
        row.kept_heads += self.heads;
        draft.put(RowName::of(&entity, "lots", self.lot.as_str()), Row::Lot(row));
        let share = self.share_percent.map(|share| share.normalize().to_string());
        let keeping = Keeping {
            lot: self.lot.to_string(),
            keeper: self.keeper.to_string(),
            heads: self.heads,
            share_percent: share.unwrap_or_default(),
            since: draft.frame().happened_on.get(),
            until: 0,
            changes: vec![changed(draft, self.heads)],
        };
        let name = keeping_name(&self.group, &self.keeping);
        draft.create(name, Row::Keeping(keeping), "keeping_id")
    }
}

/// Heads that a keeper gets by this draft, or gives back.
pub(super) fn changed(draft: &Draft<'_>, heads: i64) -> KeepingChange {
    let frame = draft.frame();
    KeepingChange { day: frame.happened_on.get(), heads, position: frame.position }
}

fn animals(draft: &Draft<'_>, entity: &Entity, lot: &Id) -> Result<Lot, Stop> {
    let row = draft.lot(entity, lot, "lot")?;
    if row.kind() != LotKind::Livestock {
        return Err(Refusal::new(Reason::WrongKind).on("lot").with("name", lot).into());
    }
    Ok(row)
}

fn heads_of(row: &Lot) -> i64 {
    (row.quantity_in_milli - row.quantity_out_milli) / 1000
}

fn too_many(field: &str, held: i64) -> Stop {
    Refusal::new(Reason::KeepingExceeded).on(field).with("held", held).into()
}

/// A keeper gives animals back (event 58), or is relieved of those that are no more.
#[derive(Clone, Debug)]
pub struct TakeBack {
    /// Which KUBE.
    pub group: Id,
    /// The keeping.
    pub keeping: Id,
    /// How many, more than none.
    pub heads: i64,
}

impl Action for TakeBack {
    fn event(&self) -> Event {
        Event::LivestockKept
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `KEEPING_EXCEEDED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        let name = keeping_name(&self.group, &self.keeping);
        let Row::Keeping(mut keeping) = draft.require(&name, "keeping")? else {
            return Err(not_found(&name, "keeping").into());
        };
        if self.heads > keeping.heads {
            return Err(too_many("heads", keeping.heads));
        }
        keeping.heads -= self.heads;
        keeping.changes.push(changed(draft, -self.heads));
        if keeping.heads == 0 {
            keeping.until = draft.frame().happened_on.get();
        }
        let lot = RowName::of(&entity, "lots", &keeping.lot);
        let Row::Lot(mut row) = draft.require(&lot, "keeping")? else {
            return Err(not_found(&lot, "keeping").into());
        };
        row.kept_heads -= self.heads;
        draft.put(lot, Row::Lot(row));
        draft.put(name, Row::Keeping(keeping));
        Ok(())
    }
}

/// Animals are counted (opname). A count moves nothing: what differs from the books is flagged, and
/// told as birth or loss once it is known what happened.
#[derive(Clone, Debug)]
pub struct CountHeads {
    /// Whose.
    pub entity: Entity,
    /// Heads counted, by lot.
    pub counts: Vec<(Id, i64)>,
}

impl Action for CountHeads {
    fn event(&self) -> Event {
        Event::LivestockCounted
    }

    fn mode(&self) -> Mode {
        mode_of(&self.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn bulk(&self) -> &'static str {
        "counts"
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND`; a report of a KUBE is only flagged.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        for (index, (lot, counted)) in self.counts.iter().enumerate() {
            let row = animals(draft, &self.entity, lot);
            let mut row = row.map_err(|stop| stop.within("counts", index))?;
            let held = heads_of(&row);
            if *counted != held {
                let remark = Refusal::new(Reason::HeadsMismatch).with("lot", lot);
                draft.flag(remark.with("counted", counted).with("held", held));
            }
            row.counted_heads = *counted;
            row.counted_on = draft.frame().happened_on.get();
            draft.put(RowName::of(&self.entity, "lots", lot.as_str()), Row::Lot(row));
        }
        Ok(())
    }
}
