//! Lots: stock, livestock and tools, each with units and one cost.
//!
//! **Invariant**: the cost that has left a lot is the *cumulative share* of what came in, so that
//! rounding never drifts and the last unit takes exactly what is left.

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::record::Row;
use crate::domain::record::proto::{LossCause, Lot, LotKind, LotMove};
use crate::domain::refusal::{Reason, Refusal};

/// A lot that comes into being.
#[derive(Clone, Debug)]
pub struct NewLot {
    /// Its id within the entity.
    pub lot: Id,
    /// What sort of things.
    pub kind: LotKind,
    /// What they are.
    pub label: String,
    /// Their unit.
    pub unit: String,
    /// Thousandths of a unit.
    pub quantity_milli: i64,
    /// Sen; nothing for what was born at home.
    pub cost: Sen,
}

/// The account that holds a sort of things in an entity's ledger.
pub fn code_of(kind: LotKind, entity: &Entity) -> Code {
    match (kind, entity) {
        (LotKind::Livestock, _) => Code::Livestock,
        (LotKind::Tools, Entity::Kube(_)) => Code::Tools,
        (LotKind::Tools, Entity::Lkm) => Code::FixedAssets,
        (LotKind::Stock | LotKind::Unspecified, _) => Code::Stock,
    }
}

/// The account of one lot.
pub fn account_of(ledger: &Ledger, lot: &Id, kind: LotKind) -> Account {
    ledger.account_of(code_of(kind, &ledger.entity), Subject::id(lot))
}

/// Brings a new lot into the register; the caller posts its cost.
///
/// Errors: `ALREADY_EXISTS`, `QUANTITY_REQUIRED`, `WHOLE_HEADS`.
pub fn bring_in(draft: &mut Draft<'_>, ledger: &Ledger, new: &NewLot) -> Result<(), Stop> {
    check_quantity(new.kind, new.quantity_milli)?;
    let name = RowName::of(&ledger.entity, "lots", new.lot.as_str());
    if draft.row(&name)?.is_some() {
        return Err(Refusal::new(Reason::AlreadyExists).on("lot").with("name", name).into());
    }
    let row = Lot {
        kind: new.kind as i32,
        label: new.label.clone(),
        unit: new.unit.clone(),
        fund: ledger.fund.get() as i32,
        quantity_in_milli: new.quantity_milli,
        cost_in: new.cost.get(),
        quantity_out_milli: 0,
        cost_out: 0,
        born: new.cost.is_zero(),
        ..Lot::default()
    };
    draft.move_lot(&ledger.entity, new.lot.as_str(), row, new.quantity_milli, new.cost);
    Ok(())
}

/// Takes units out of a lot and says which account they leave and at what cost, less what has worn
/// off them; the caller posts.
///
/// Errors: `NOT_FOUND`, `QUANTITY_REQUIRED`, `WHOLE_HEADS`, `LOT_EXCEEDED`, `WRONG_KIND` for a lot
/// of another fund.
pub fn take_out(
    draft: &mut Draft<'_>,
    ledger: &Ledger,
    lot: &Id,
    quantity_milli: i64,
) -> Result<(Account, Sen), Stop> {
    lose(draft, ledger, (lot, quantity_milli), LossCause::Unspecified)
}

/// Takes out units that were lost, as [`take_out`] does, and remembers why.
///
/// Errors: those of [`take_out`]; `WRONG_KIND` for what died and is no animal.
pub fn lose(
    draft: &mut Draft<'_>,
    ledger: &Ledger,
    (lot, quantity_milli): (&Id, i64),
    cause: LossCause,
) -> Result<(Account, Sen), Stop> {
    let mut row = draft.lot(&ledger.entity, lot, "lot")?;
    check_quantity(row.kind(), quantity_milli)?;
    let animals = row.kind() == LotKind::Livestock;
    if row.fund() != ledger.fund.get() || (cause == LossCause::Died && !animals) {
        return Err(Refusal::new(Reason::WrongKind).on("lot").with("name", lot).into());
    }
    let held = row.quantity_in_milli - row.quantity_out_milli;
    if quantity_milli > held {
        let refusal = Refusal::new(Reason::LotExceeded).on("quantity").with("lot", lot);
        return Err(refusal.with("held", units(held)).with("asked", units(quantity_milli)).into());
    }
    row.quantity_out_milli += quantity_milli;
    let left =
        cumulative_share(Sen::new(row.cost_in), row.quantity_out_milli, row.quantity_in_milli)?;
    let cost = left.minus(Sen::new(row.cost_out))?;
    row.cost_out = left.get();
    remember(&mut row, cause, quantity_milli);
    let kind = row.kind();
    let moved = (-quantity_milli, cost.negated()?);
    draft.move_lot_for(&ledger.entity, (lot.as_str(), row), moved, cause);
    let worn = release_wear(draft, ledger, lot, kind, (quantity_milli, held))?;
    Ok((account_of(ledger, lot, kind), cost.minus(worn)?))
}

/// Counts what was lost by its cause.
fn remember(row: &mut Lot, cause: LossCause, quantity_milli: i64) {
    match cause {
        LossCause::Unspecified => {}
        LossCause::Died => row.died_milli += quantity_milli,
        LossCause::Stolen => row.stolen_milli += quantity_milli,
    }
}

/// What has worn off a lot, as its accumulated depreciation stands.
/// Errors: `Missing` while a balance is not loaded, `OVERFLOW`.
pub fn worn_off(draft: &Draft<'_>, ledger: &Ledger, lot: &Id) -> Result<Sen, Stop> {
    let account = ledger.account_of(Code::AccumulatedDepreciation, Subject::id(lot));
    Ok(draft.balance(&account)?.negated()?)
}

/// The wear of what leaves a lot leaves with it, against its cost: what remains to be posted is
/// its book value.
fn release_wear(
    draft: &mut Draft<'_>,
    ledger: &Ledger,
    lot: &Id,
    kind: LotKind,
    (leaving, held): (i64, i64),
) -> Result<Sen, Stop> {
    if kind != LotKind::Tools {
        return Ok(Sen::ZERO);
    }
    let worn = cumulative_share(worn_off(draft, ledger, lot)?, leaving, held)?;
    let tools = account_of(ledger, lot, kind);
    let wear = (Code::AccumulatedDepreciation, Subject::id(lot));
    draft.transfer(ledger, wear, (tools.code, tools.subject), worn)?;
    Ok(worn)
}

/// Adds cost, such as feed, to what a lot still holds. What has left keeps the cost it left with.
///
/// Errors: `NOT_FOUND`, `LOT_EXCEEDED` for an empty lot, `WRONG_KIND` for a lot of another fund.
pub fn add_cost(
    draft: &mut Draft<'_>,
    ledger: &Ledger,
    lot: &Id,
    cost: Sen,
) -> Result<Account, Stop> {
    let mut row = draft.lot(&ledger.entity, lot, "lot")?;
    if row.fund() != ledger.fund.get() {
        return Err(Refusal::new(Reason::WrongKind).on("lot").with("name", lot).into());
    }
    row.quantity_in_milli -= row.quantity_out_milli;
    if row.quantity_in_milli <= 0 {
        let refusal = Refusal::new(Reason::LotExceeded).on("lot").with("lot", lot);
        return Err(refusal.with("held", 0).with("asked", 1).into());
    }
    let remaining = Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?;
    row.cost_in = remaining.plus(cost)?.get();
    (row.quantity_out_milli, row.cost_out) = (0, 0);
    let account = account_of(ledger, lot, row.kind());
    draft.move_lot(&ledger.entity, lot.as_str(), row, 0, cost);
    Ok(account)
}

/// Takes back the lot moves of a record's lines.
///
/// Errors: `REVERSAL_BLOCKED` when units that came in have left since.
pub fn undo(
    draft: &mut Draft<'_>,
    moves: &[LotMove],
    lines: impl Fn(u32) -> bool,
) -> Result<(), Stop> {
    for moved in moves.iter().rev().filter(|moved| lines(moved.line)) {
        let blocked = || {
            let refusal = Refusal::new(Reason::ReversalBlocked).on("transaction");
            refusal.with("name", &moved.lot)
        };
        let entity = Entity::new(&moved.entity).ok_or_else(blocked)?;
        let name = RowName::of(&entity, "lots", &moved.lot);
        let Some(Row::Lot(mut row)) = draft.row(&name)? else {
            return Err(blocked().into());
        };
        draft.at_line(moved.line);
        take_back(&mut row, moved);
        if row.quantity_in_milli < row.quantity_out_milli || row.cost_in < row.cost_out {
            return Err(blocked().into());
        }
        let back = (-moved.quantity_milli, Sen::new(-moved.cost));
        draft.move_lot_for(&entity, (&moved.lot, row), back, moved.cause());
    }
    Ok(())
}

/// What came in goes out of "in"; what left comes back off "out", or, where cost was added since,
/// into "in".
fn take_back(row: &mut Lot, moved: &LotMove) {
    remember(row, moved.cause(), moved.quantity_milli);
    let left_since = moved.quantity_milli < 0
        && row.quantity_out_milli >= -moved.quantity_milli
        && row.cost_out >= -moved.cost;
    if left_since {
        row.quantity_out_milli += moved.quantity_milli;
        row.cost_out += moved.cost;
    } else {
        row.quantity_in_milli -= moved.quantity_milli;
        row.cost_in -= moved.cost;
    }
}

fn check_quantity(kind: LotKind, quantity_milli: i64) -> Result<(), Refusal> {
    if quantity_milli <= 0 {
        return Err(Refusal::new(Reason::QuantityRequired).on("quantity"));
    }
    if kind == LotKind::Livestock && quantity_milli % 1000 != 0 {
        return Err(Refusal::new(Reason::WholeHeads).on("quantity"));
    }
    Ok(())
}

/// Thousandths of a unit as a decimal number.
fn units(milli: i64) -> rust_decimal::Decimal {
    rust_decimal::Decimal::new(milli, 3).normalize()
}
