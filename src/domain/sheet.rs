//! The meeting sheet: who brought and took what, the day's trade, and the cash counted, as one
//! record.
//!
//! **Invariants**: a sheet tells of money that has moved, so its lines are never refused for
//! business reasons; what counted cash and lines differ by is Selisih Kas in UMUM; a second sheet
//! for the same group and date moves nothing until a person accepts it.

use crate::domain::account::Subject;
use crate::domain::cash::{Place, book_difference, in_all_funds};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::iks::{Payer, ReceiveDues};
use crate::domain::loan::pay::PayInstalment;
use crate::domain::lot::NewLot;
use crate::domain::money::Sen;
use crate::domain::record::proto::{LotKind, Sheet, SheetLine, SheetLineKind, SheetState};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::savings::{Deposit, Kind, Withdraw};
use crate::domain::trade::{PayExpense, Payment, Proceeds, Purchase, Sell, Spends};
use crate::domain::uep::uep_ledger;

/// Records a sheet; the day of the request is the day of the meeting.
#[derive(Clone, Debug)]
pub struct RecordSheet {
    /// Which KUBE.
    pub group: Id,
    /// The number the group gave the sheet.
    pub number: String,
    /// The lines, well-formed.
    pub lines: Vec<SheetLine>,
    /// Sen counted at opening.
    pub opening_cash: Sen,
    /// Sen counted at closing.
    pub closing_cash: Sen,
    /// The meeting, as text, empty if none.
    pub meeting: String,
}

/// The sheet of a group's day.
pub fn sheet_name(group: &Id, held_on: Day) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "sheets", &held_on.to_string())
}

/// A sheet that waits, or waited, for a person.
pub fn pending_name(group: &Id, request: &RequestId) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "pending-sheets", request.as_str())
}

impl Action for RecordSheet {
    fn event(&self) -> Event {
        Event::SheetRecorded
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn bulk(&self) -> &'static str {
        "lines"
    }

    /// Errors: only what is wrong with the sheet itself, such as a quantity of nothing.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let held_on = draft.frame().happened_on;
        let mut sheet = Sheet {
            held_on: held_on.get(),
            number: self.number.clone(),
            lines: self.lines.clone(),
            opening_cash: self.opening_cash.get(),
            closing_cash: self.closing_cash.get(),
            state: SheetState::Posted as i32,
            decided_by: String::new(),
            meeting: self.meeting.clone(),
        };
        let name = sheet_name(&self.group, held_on);
        if draft.row(&name)?.is_some() {
            sheet.state = SheetState::Pending as i32;
            let pending = pending_name(&self.group, &draft.frame().request);
            draft.flag(Refusal::new(Reason::SheetPending).with("date", held_on));
            draft.put(pending, Row::Sheet(sheet));
            return Ok(());
        }
        post_sheet(draft, &self.group, &sheet)?;
        draft.put(name, Row::Sheet(sheet));
        Ok(())
    }
}

/// Accepts a pending sheet into the books, on the day of its meeting, or discards it.
#[derive(Clone, Debug)]
pub struct DecideSheet {
    /// Which KUBE.
    pub group: Id,
    /// The request that recorded the pending sheet.
    pub sheet: RequestId,
    /// Accept, or discard.
    pub accept: bool,
}

impl Action for DecideSheet {
    fn event(&self) -> Event {
        Event::SheetDecided
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `SHEET_NOT_PENDING`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = pending_name(&self.group, &self.sheet);
        let Row::Sheet(mut sheet) = draft.require(&name, "sheet")? else {
            return Err(crate::domain::draft::not_found(&name, "sheet").into());
        };
        if sheet.state() != SheetState::Pending {
            let refusal = Refusal::new(Reason::SheetNotPending).on("sheet");
            return Err(refusal.with("sheet", &self.sheet).into());
        }
        sheet.decided_by = draft.frame().request.to_string();
        sheet.state = match self.accept {
            true => SheetState::Accepted as i32,
            false => SheetState::Discarded as i32,
        };
        if self.accept {
            draft.happened_on(Day::new(sheet.held_on));
            post_sheet(draft, &self.group, &sheet)?;
        }
        draft.put(name, Row::Sheet(sheet));
        Ok(())
    }
}

fn post_sheet(draft: &mut Draft<'_>, group: &Id, sheet: &Sheet) -> Result<(), Stop> {
    let entity = Entity::Kube(group.clone());
    let tin = (Code::Cash, Subject::none());
    let opening = Sen::new(sheet.opening_cash);
    let in_book = in_all_funds(draft, &entity, &tin)?;
    if in_book != opening {
        let remark = Refusal::new(Reason::CountMismatch).with("counted", opening.get());
        draft.flag(remark.with("held", in_book.get()));
    }
    draft.as_report();
    let mut missing = None;
    for ((number, line), index) in (1..).zip(&sheet.lines).zip(0..) {
        draft.at_line(number);
        let action = line_action(group, line).map_err(Stop::from);
        let told = action.and_then(|action| draft.report(action.as_ref()));
        match told.map_err(|stop| stop.within("lines", index)) {
            // Go on to find out what else is missing: a long sheet takes no more rounds.
            Err(stop @ Stop::Missing) => missing = Some(stop),
            result => result?,
        }
    }
    if let Some(stop) = missing {
        return Err(stop);
    }
    draft.at_line(0);
    let explained = in_all_funds(draft, &entity, &tin)?.minus(in_book)?;
    let counted = Sen::new(sheet.closing_cash).minus(opening)?;
    book_difference(draft, &entity, tin, counted.minus(explained)?)
}

/// The event a line tells of: the same events as when they are recorded one by one.
fn line_action(group: &Id, line: &SheetLine) -> Result<Box<dyn Action>, Refusal> {
    let entity = Entity::Kube(group.clone());
    let amount = Sen::new(line.amount);
    let place = Place::Cash;
    let deposit = |kind| -> Result<Box<dyn Action>, Refusal> {
        let (entity, place) = (entity.clone(), place.clone());
        Ok(Box::new(Deposit { entity, member: member(line)?, kind, amount, place }))
    };
    match line.kind() {
        SheetLineKind::Pokok => deposit(Kind::Principal),
        SheetLineKind::Wajib => deposit(Kind::Mandatory),
        SheetLineKind::Sukarela => deposit(Kind::Voluntary),
        SheetLineKind::Withdrawal => {
            Ok(Box::new(Withdraw { entity, member: member(line)?, amount, place }))
        }
        SheetLineKind::IksDues => {
            let payer = Payer::Member(member(line)?);
            let group = group.clone();
            Ok(Box::new(ReceiveDues { group, payer, amount, place, for_day: None }))
        }
        SheetLineKind::Instalment => {
            let (member, loan) = (member(line)?, optional(&line.loan, "loan")?);
            Ok(Box::new(PayInstalment { lender: entity, member, loan, amount, place }))
        }
        SheetLineKind::Purchase => Ok(Box::new(Purchase {
            ledger: uep_ledger(group),
            items: vec![new_lot(line)?],
            payment: Payment::Paid(place),
            spends: spends(line)?,
        })),
        SheetLineKind::Sale => Ok(Box::new(Sell {
            ledger: uep_ledger(group),
            price: amount,
            proceeds: Proceeds::Paid(place),
            goods: optional(&line.lot, "lot")?.map(|lot| (lot, line.quantity_milli)),
        })),
        SheetLineKind::Expense => Ok(Box::new(PayExpense {
            ledger: uep_ledger(group),
            kind: line.expense(),
            amount,
            place,
            spends: spends(line)?,
            into_lot: None,
        })),
        SheetLineKind::Unspecified => {
            Err(Refusal::new(Reason::WrongKind).on("kind").with("name", ""))
        }
    }
}

fn member(line: &SheetLine) -> Result<Id, Refusal> {
    required(&line.member, "member")
}

fn new_lot(line: &SheetLine) -> Result<NewLot, Refusal> {
    let kind = match line.lot_kind() {
        LotKind::Unspecified => LotKind::Stock,
        kind => kind,
    };
    Ok(NewLot {
        lot: required(&line.lot, "lot")?,
        kind,
        label: line.label.clone(),
        unit: line.unit.clone(),
        quantity_milli: line.quantity_milli,
        cost: Sen::new(line.amount),
    })
}

fn spends(line: &SheetLine) -> Result<Option<Spends>, Refusal> {
    let grant = optional(&line.grant, "grant")?;
    Ok(grant.map(|grant| Spends { grant, plan_line: line.plan_line.clone() }))
}

fn required(text: &str, field: &str) -> Result<Id, Refusal> {
    let unknown = || Refusal::new(Reason::NotFound).on(field).with("name", text);
    Id::new(text).ok_or_else(unknown)
}

fn optional(text: &str, field: &str) -> Result<Option<Id>, Refusal> {
    if text.is_empty() { Ok(None) } else { required(text, field).map(Some) }
}
