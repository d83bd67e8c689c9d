//! UEP capital (catalogue events 1, 1a, 2 and 4): a grant is received, its LPJ accepted, an unused
//! part returned. The capital stands on an account per grant, so that it can be followed.

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, grant_name};
use crate::domain::id::{Entity, Id};
use crate::domain::link::{kube_savings, lkm_ledger};
use crate::domain::lot::{self, NewLot};
use crate::domain::money::Sen;
use crate::domain::record::proto::{BudgetSource, Fund, Grant, GrantChannel};
use crate::domain::record::{Event, Record, Row};
use crate::domain::refusal::{Reason, Refusal};

/// A KUBE's business ledger.
pub fn uep_ledger(group: &Id) -> Ledger {
    Ledger::new(Entity::Kube(group.clone()), Fund::Uep)
}

/// How a grant came.
#[derive(Clone, Debug)]
pub enum Channel {
    /// To the group's own bank account.
    Bank(Sen),
    /// Through the LKM's bank account into the group's savings there.
    Lkm(Sen),
    /// In kind, at the values of the handover record (BAST).
    InKind(Vec<NewLot>),
}

/// A grant is received (events 1 and 2).
#[derive(Clone, Debug)]
pub struct ReceiveGrant {
    /// Which KUBE.
    pub group: Id,
    /// The grant's id.
    pub grant: Id,
    /// Programme, in plain words.
    pub programme: String,
    /// Where the money comes from.
    pub source: BudgetSource,
    /// Number of the decree.
    pub decree_number: String,
    /// Whether it is restricted until its LPJ is accepted.
    pub restricted: bool,
    /// How it came.
    pub channel: Channel,
}

impl ReceiveGrant {
    fn amount(&self) -> Result<Sen, Refusal> {
        match &self.channel {
            Channel::Bank(amount) | Channel::Lkm(amount) => Ok(*amount),
            Channel::InKind(items) => {
                items.iter().try_fold(Sen::ZERO, |sum, item| sum.plus(item.cost))
            }
        }
    }

    fn register(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let channel = match &self.channel {
            Channel::Bank(_) => GrantChannel::Bank,
            Channel::Lkm(_) => GrantChannel::Lkm,
            Channel::InKind(_) => GrantChannel::InKind,
        };
        let row = Grant {
            programme: self.programme.clone(),
            source: self.source as i32,
            decree_number: self.decree_number.clone(),
            amount: self.amount()?.get(),
            restricted: self.restricted,
            received_on: draft.frame().happened_on.get(),
            lpj_accepted_on: 0,
            returned: 0,
            channel: channel as i32,
            reversed: false,
        };
        draft.create(grant_name(&self.group, &self.grant), Row::Grant(row), "grant_id")
    }
}

impl Action for ReceiveGrant {
    fn event(&self) -> Event {
        Event::GrantReceived
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `ALREADY_EXISTS`, `NO_LKM`, `NOT_LINKED`, `QUANTITY_REQUIRED`, `WHOLE_HEADS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let uep = uep_ledger(&self.group);
        self.register(draft)?;
        draft.spend_grant(&self.group, &self.grant, "grant_id")?;
        let code = if self.restricted { Code::RestrictedGrant } else { Code::GrantCapital };
        let capital = (code, Subject::id(&self.grant));
        match &self.channel {
            Channel::Bank(amount) => draft.transfer(&uep, Code::Bank, capital, *amount),
            Channel::Lkm(amount) => {
                if draft.book().lkm_name.is_empty() {
                    return Err(Refusal::new(Reason::NoLkm).on("group").into());
                }
                draft.linked(&self.group)?;
                let savings = kube_savings(&self.group, Fund::Uep);
                draft.transfer(&uep, Code::SavingsAtLkm, capital, *amount)?;
                draft.transfer(&lkm_ledger(), Code::Bank, savings, *amount)
            }
            Channel::InKind(items) => {
                for item in items {
                    lot::bring_in(draft, &uep, item)?;
                    let held = lot::account_of(&uep, &item.lot, item.kind);
                    draft.transfer(&uep, (held.code, held.subject), capital.clone(), item.cost)?;
                }
                Ok(())
            }
        }
    }
}

/// A grant's LPJ is accepted and the restriction lifted (event 1a).
#[derive(Clone, Debug)]
pub struct AcceptLpj {
    /// Which KUBE.
    pub group: Id,
    /// The grant.
    pub grant: Id,
}

impl Action for AcceptLpj {
    fn event(&self) -> Event {
        Event::LpjAccepted
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `NOT_RESTRICTED`, `LPJ_ALREADY_ACCEPTED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.grant(&self.group, &self.grant, "grant")?;
        draft.spend_grant(&self.group, &self.grant, "grant")?;
        let about = |reason| Refusal::new(reason).on("grant").with("grant", &self.grant);
        if !row.restricted {
            return Err(about(Reason::NotRestricted).into());
        }
        if row.lpj_accepted_on != 0 {
            return Err(about(Reason::LpjAlreadyAccepted).into());
        }
        row.lpj_accepted_on = draft.frame().happened_on.get();
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(row));
        let uep = uep_ledger(&self.group);
        let restricted = (Code::RestrictedGrant, Subject::id(&self.grant));
        let held = draft.held(&uep.account_of(Code::RestrictedGrant, Subject::id(&self.grant)))?;
        let capital = (Code::GrantCapital, Subject::id(&self.grant));
        draft.transfer(&uep, restricted, capital, held)
    }
}

/// An unused part of a grant goes back to its giver (event 4).
#[derive(Clone, Debug)]
pub struct ReturnGrant {
    /// Which KUBE.
    pub group: Id,
    /// The grant.
    pub grant: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from.
    pub place: Place,
}

impl Action for ReturnGrant {
    fn event(&self) -> Event {
        Event::GrantReturned
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `GRANT_EXCEEDED`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.grant(&self.group, &self.grant, "grant")?;
        draft.spend_grant(&self.group, &self.grant, "grant")?;
        let uep = uep_ledger(&self.group);
        let place = self.place.checked(draft, &uep.entity, "place")?;
        let capital = capital_account(&uep, &self.grant, &row);
        let held = draft.held(&capital)?;
        if self.amount > held {
            let refusal = Refusal::new(Reason::GrantExceeded).on("amount");
            return Err(refusal.with("grant", &self.grant).with("held", held.get()).into());
        }
        row.returned = Sen::new(row.returned).plus(self.amount)?.get();
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(row));
        draft.transfer(&uep, (capital.code, capital.subject), place, self.amount)
    }
}

fn capital_account(uep: &Ledger, grant: &Id, row: &Grant) -> Account {
    let restricted = row.restricted && row.lpj_accepted_on == 0;
    let code = if restricted { Code::RestrictedGrant } else { Code::GrantCapital };
    uep.account_of(code, Subject::id(grant))
}

/// Takes back what a grant's event left in the register; the postings are reversed elsewhere.
///
/// Errors: `REVERSAL_BLOCKED` when a later event of the grant builds on it.
pub fn undo(draft: &mut Draft<'_>, record: &Record, grant: &str) -> Result<(), Stop> {
    let blocked = || Refusal::new(Reason::ReversalBlocked).on("transaction").with("name", grant);
    let (parent, id) = grant.rsplit_once('/').ok_or_else(blocked)?;
    let name = crate::domain::id::RowName::new(parent, id);
    let Some(Row::Grant(mut row)) = draft.row(&name)? else {
        return Err(blocked().into());
    };
    match record.event {
        Event::GrantReceived if row.lpj_accepted_on == 0 && row.returned == 0 => {
            row.reversed = true;
        }
        Event::LpjAccepted => row.lpj_accepted_on = 0,
        Event::GrantReturned => row.returned -= returned_by(record).get(),
        Event::GrantReceived => return Err(blocked().into()),
        _ => return Ok(()),
    }
    draft.put(name, Row::Grant(row));
    Ok(())
}

/// What a return took off the grant's capital.
fn returned_by(record: &Record) -> Sen {
    let crate::domain::record::Outcome::Done(effect) = &record.outcome else {
        return Sen::ZERO;
    };
    let capital = |code| matches!(code, Code::GrantCapital | Code::RestrictedGrant);
    let leg = effect.entries.iter().find(|entry| capital(entry.account.code));
    leg.map_or(Sen::ZERO, |entry| entry.amount)
}
