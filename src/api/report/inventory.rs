//! The inventory book: stock, livestock and tools, with who keeps the animals, as of any day as known
//! at any journal position.

use std::collections::BTreeMap;

use super::CHUNK;
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Page, damaged};
use crate::api::ledger::{known, read_point};
use crate::api::v1;
use crate::domain::account::{Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::draft::lot_changes_of;
use crate::domain::id::{Entity, Id};
use crate::domain::lot::account_of;
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{LossCause, Lot, LotKind};
use crate::storage::read::{AsOf, RegisterRow, Snapshot};

impl Method for v1::ListInventoryRequest {
    type Response = v1::ListInventoryResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let kind: LotKind = convert::open_choice(self.kind, "kind")?;
        let effective = convert::optional_day(self.as_of.as_ref(), "as_of")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let position = known(&snapshot, self.as_known_at)?;
        let parent = format!("{}/lots", entity.path());
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let as_of = AsOf { effective, position };
        let keepers = keepers(&mut snapshot, &entity, as_of).await?;
        let shelf = Shelf { book, entity, as_of, keepers };
        let mut lines = Vec::new();
        for found in &rows {
            let Row::Lot(row) = &found.row else { return Err(damaged()) };
            if kind != LotKind::Unspecified && row.kind() != kind {
                continue;
            }
            let held = shelf.held(&mut snapshot, found, row).await?;
            let wanted = |held: &Held| held.units != 0 || !self.skip_empty;
            let Some(held) = held.filter(wanted) else { continue };
            lines.push(shelf.line(&mut snapshot, found, row, held).await?);
        }
        let read_point = Some(read_point(&mut snapshot, position).await?);
        Ok(v1::ListInventoryResponse { lines, next_page_token, read_point })
    }
}

/// Heads with each keeper, by lot and member.
type Keepers = BTreeMap<String, BTreeMap<String, i64>>;

/// Who keeps how many animals of which lot. Cost: the entity's keepings.
async fn keepers(snapshot: &mut Snapshot, entity: &Entity, as_of: AsOf) -> Checked<Keepers> {
    let day = as_of.effective.unwrap_or(Day::MAX).get();
    let position = as_of.position.unwrap_or(u64::MAX);
    let parent = format!("{}/keepings", entity.path());
    let mut keepers = Keepers::new();
    let mut after = String::new();
    loop {
        let rows = snapshot.rows(&parent, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(keepers) };
        after.clone_from(&last.id);
        for found in &rows {
            let Row::Keeping(row) = &found.row else { return Err(damaged()) };
            let then = row.changes.iter().filter(|one| one.day <= day && one.position <= position);
            let heads: i64 = then.map(|one| one.heads).sum();
            if heads != 0 {
                let of_lot = keepers.entry(row.lot.clone()).or_default();
                *of_lot.entry(row.keeper.clone()).or_default() += heads;
            }
        }
    }
}

/// Whose lots are told, and as of when.
struct Shelf {
    book: Id,
    entity: Entity,
    as_of: AsOf,
    keepers: Keepers,
}

/// What a lot holds, and has lost.
#[derive(Default)]
struct Held {
    /// Thousandths of a unit.
    units: i64,
    /// What those cost.
    cost: Sen,
    /// Thousandths of a unit that died.
    died: i64,
    /// Thousandths of a unit that were stolen.
    stolen: i64,
}

impl Shelf {
    /// What a lot holds; none for a lot that the journal did not know by then.
    ///
    /// Cost: nothing for what it holds now; for any earlier day or position, the lot's own changes.
    async fn held(
        &self,
        snapshot: &mut Snapshot,
        found: &RegisterRow,
        row: &Lot,
    ) -> Checked<Option<Held>> {
        if self.as_of == AsOf::default() {
            return Ok(Some(Held {
                units: row.quantity_in_milli - row.quantity_out_milli,
                cost: Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?,
                died: row.died_milli,
                stolen: row.stolen_milli,
            }));
        }
        let day = self.as_of.effective.unwrap_or(Day::MAX).get();
        let last = format!("{:020}", self.as_of.position.unwrap_or(u64::MAX));
        let parent = lot_changes_of(&self.entity, &found.id);
        let mut held: Option<Held> = None;
        let mut after = String::new();
        loop {
            let rows = snapshot.rows(&parent, &after, CHUNK).await?;
            for found in rows.iter().take_while(|found| found.id <= last) {
                let Row::LotChange(change) = &found.row else { return Err(damaged()) };
                if change.effective_on <= day {
                    let held = held.get_or_insert_default();
                    held.cost = held.cost.plus(Sen::new(change.cost))?;
                    held.units += change.quantity_milli;
                    match change.cause() {
                        LossCause::Unspecified => {}
                        LossCause::Died => held.died -= change.quantity_milli,
                        LossCause::Stolen => held.stolen -= change.quantity_milli,
                    }
                }
            }
            match rows.last() {
                Some(read) if read.id < last => after.clone_from(&read.id),
                _ => return Ok(held),
            }
        }
    }

    async fn line(
        &self,
        snapshot: &mut Snapshot,
        found: &RegisterRow,
        row: &Lot,
        held: Held,
    ) -> Checked<v1::InventoryLine> {
        let lot = Id::new(&found.id).ok_or_else(damaged)?;
        let ledger = Ledger::new(self.entity.clone(), row.fund());
        let account = account_of(&ledger, &lot, row.kind());
        let worn = ledger.account_of(Code::AccumulatedDepreciation, Subject::id(&lot));
        let worn = snapshot.balance(&worn, self.as_of).await?;
        let entity = convert::entity_name(&self.book, &self.entity);
        let keeper = |(member, heads): (&String, &i64)| v1::LotKeeper {
            member: format!("{entity}/members/{member}"),
            heads: *heads,
        };
        let keepers = self.keepers.get(&found.id).into_iter().flatten();
        Ok(v1::InventoryLine {
            lot: format!("{entity}/lots/{lot}"),
            kind: row.kind,
            label: row.label.clone(),
            unit: row.unit.clone(),
            fund: row.fund,
            quantity: Some(convert::to_quantity(held.units)),
            cost: Some(convert::to_money(held.cost)),
            depreciation: Some(convert::to_money(worn.negated()?)),
            value: Some(convert::to_money(held.cost.plus(worn)?)),
            born: row.born,
            account: convert::account_name(&self.book, &account),
            keepers: keepers.map(keeper).collect(),
            died: Some(convert::to_quantity(held.died)),
            stolen: Some(convert::to_quantity(held.stolen)),
        })
    }
}
