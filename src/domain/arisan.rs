//! Saving by lot (arisan, catalogue event 14): the members of a round pay in at each meeting, and
//! one of them, drawn by lot, takes what was paid.
//!
//! **Invariant**: a round pays out no more than was paid into it: Titipan Arisan of the round never
//! falls below zero, and what is told of beyond that waits in suspense. Each member's row agrees
//! with the entries about them.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::{Place, cash_in, cash_out};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop, not_found};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{Arisan, ArisanMember, Fund};
use crate::domain::record::{Entry, Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The ledger that holds a group's rounds: what concerns no other fund.
pub fn arisan_ledger(group: &Id) -> Ledger {
    Ledger::new(Entity::Kube(group.clone()), Fund::Umum)
}

/// A round.
pub fn round_name(group: &Id, arisan: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "arisans", arisan.as_str())
}

/// A member of a round.
pub fn member_name(group: &Id, arisan: &str, member: &str) -> RowName {
    RowName::new(format!("groups/{group}/arisans/{arisan}/members"), member)
}

/// Begins a round.
#[derive(Clone, Debug)]
pub struct OpenArisan {
    /// Which KUBE.
    pub group: Id,
    /// The round's id.
    pub arisan: Id,
    /// Commitment to what it is called.
    pub label: Vec<u8>,
    /// Sen that each member pays in at a time.
    pub contribution: Sen,
    /// Who takes part.
    pub members: Vec<Id>,
}

impl Action for OpenArisan {
    fn event(&self) -> Event {
        Event::Arisan
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `ALREADY_EXISTS`, `NOT_FOUND` and `NOT_MEMBER_THEN` for who takes part.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        for member in &self.members {
            draft.check_active(&entity, member, "member_ids")?;
        }
        let row = Arisan {
            label: self.label.clone(),
            contribution: self.contribution.get(),
            opened_on: draft.frame().happened_on.get(),
        };
        draft.create(round_name(&self.group, &self.arisan), Row::Arisan(row), "arisan_id")?;
        for member in &self.members {
            let name = member_name(&self.group, self.arisan.as_str(), member.as_str());
            draft.put(name, Row::ArisanMember(ArisanMember::default()));
        }
        Ok(())
    }
}

/// Members pay into a round, each a line.
#[derive(Clone, Debug)]
pub struct PayIn {
    /// Which KUBE.
    pub group: Id,
    /// The round.
    pub arisan: Id,
    /// Who pays how many sen, more than nothing.
    pub payments: Vec<(Id, Sen)>,
    /// Where the money goes.
    pub place: Place,
}

impl Action for PayIn {
    fn event(&self) -> Event {
        Event::Arisan
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn bulk(&self) -> &'static str {
        "payments"
    }

    /// Errors: `PLACE_NOT_ALLOWED`. An unknown round or member makes a line wait in suspense.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.report_lines(
            "payments",
            self.payments.iter().map(|(member, amount)| {
                Box::new(Turn {
                    of: self.clone(),
                    member: member.clone(),
                    amount: *amount,
                    out: false,
                }) as Box<dyn Action>
            }),
        )
    }
}

/// The member who was drawn takes money out of a round.
#[derive(Clone, Debug)]
pub struct PayOut {
    /// Which KUBE.
    pub group: Id,
    /// The round.
    pub arisan: Id,
    /// The member who was drawn.
    pub member: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from.
    pub place: Place,
}

impl Action for PayOut {
    fn event(&self) -> Event {
        Event::Arisan
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `PLACE_NOT_ALLOWED`. An unknown round or member, and what the round does not hold,
    /// makes the money wait in suspense; who was drawn before is remarked on.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let (group, arisan, place) = (self.group.clone(), self.arisan.clone(), self.place.clone());
        let of = PayIn { group, arisan, payments: Vec::new(), place };
        draft.as_report();
        draft.report(&Turn { of, member: self.member.clone(), amount: self.amount, out: true })
    }
}

/// One member's money, in or out.
#[derive(Clone, Debug)]
struct Turn {
    of: PayIn,
    member: Id,
    amount: Sen,
    out: bool,
}

impl Action for Turn {
    fn event(&self) -> Event {
        Event::Arisan
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn cash(&self) -> Option<CashMoved> {
        let ledger = arisan_ledger(&self.of.group);
        match self.out {
            true => cash_out(&ledger, &self.of.place, self.amount),
            false => cash_in(&ledger, &self.of.place, self.amount),
        }
    }

    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let PayIn { group, arisan, place, .. } = &self.of;
        let ledger = arisan_ledger(group);
        let place = place.checked(draft, &ledger.entity, "place")?;
        draft.require(&round_name(group, arisan), "arisan")?;
        let name = member_name(group, arisan.as_str(), self.member.as_str());
        let mut row = arisan_member(draft, &name)?;
        draft.about(&ledger.entity, "members", &self.member);
        let held = (Code::ArisanHeld, Subject::id(arisan));
        if !self.out {
            row.paid = Sen::new(row.paid).plus(self.amount)?.get();
            draft.put(name, Row::ArisanMember(row));
            return draft.transfer(&ledger, place, held, self.amount);
        }
        if row.drawn_on != 0 {
            let remark = Refusal::new(Reason::ArisanDrawnBefore).with("member", &self.member);
            draft.flag(remark.with("date", Day::new(row.drawn_on)));
        }
        let available = draft.held(&ledger.account_of(held.0, held.1.clone()))?.max(Sen::ZERO);
        row.received = Sen::new(row.received).plus(self.amount.min(available))?.get();
        row.drawn_on = draft.frame().happened_on.get();
        draft.put(name, Row::ArisanMember(row));
        draft.transfer(&ledger, held, place, self.amount)
    }
}

fn arisan_member(draft: &Draft<'_>, name: &RowName) -> Result<ArisanMember, Stop> {
    match draft.require(name, "member")? {
        Row::ArisanMember(row) => Ok(row),
        _ => Err(not_found(name, "member").into()),
    }
}

/// Takes back what some entries of a record left in the rows of the members of a round.
///
/// Errors: `OVERFLOW`.
pub fn undo(draft: &mut Draft<'_>, entries: &[&Entry]) -> Result<(), Stop> {
    for entry in entries.iter().filter(|entry| entry.account.code == Code::ArisanHeld) {
        let Entity::Kube(group) = &entry.account.ledger.entity else { continue };
        let Some((_, member)) = entry.party.rsplit_once("/members/") else { continue };
        let name = member_name(group, entry.account.subject.as_str(), member);
        let mut row = arisan_member(draft, &name)?;
        if entry.amount.is_negative() {
            row.paid = Sen::new(row.paid).plus(entry.amount)?.get();
        } else {
            row.received = Sen::new(row.received).minus(entry.amount)?.get();
            row.drawn_on = if row.received == 0 { 0 } else { row.drawn_on };
        }
        draft.put(name, Row::ArisanMember(row));
    }
    Ok(())
}
