//! UEP capital (catalogue events 1, 1a, 2, 4 and 48a): a grant is received, spent by its plan, its
//! LPJ accepted, an unused part returned, a part lost. The capital stands on an account per grant,
//! so that it can be followed.
//!
//! **Invariant**: what a grant brought is held, owed onward, passed on, returned or lost, and nothing
//! else; `verify` reckons that anew for each that came while the book was kept.

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, grant_name};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::{kube_savings, lkm_ledger};
use crate::domain::lot::{self, NewLot};
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    BudgetSource, Fund, Grant, GrantChannel, LossCause, PlanLine, Spending,
};
use crate::domain::record::{Effect, Entry, Event, Record, Row};
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
    /// Before the books began: what is left of it comes with the opening balances.
    BeforeBooks(Sen),
}

/// The papers a grant came with.
#[derive(Clone, Debug, Default)]
pub struct Papers {
    /// Programme, in plain words.
    pub programme: String,
    /// Number of the decree.
    pub decree_number: String,
    /// Number of the payment order, empty if none.
    pub payment_order: String,
    /// Line of the bank statement, empty if none.
    pub bank_line: String,
    /// The kind of aid, empty if not said.
    pub aid_kind: String,
}

/// A grant is received (events 1 and 2).
#[derive(Clone, Debug)]
pub struct ReceiveGrant {
    /// Which KUBE.
    pub group: Id,
    /// The grant's id.
    pub grant: Id,
    /// Where the money comes from.
    pub source: BudgetSource,
    /// The papers.
    pub papers: Papers,
    /// Whether it is restricted until its LPJ is accepted.
    pub restricted: bool,
    /// How it came.
    pub channel: Channel,
}

impl ReceiveGrant {
    fn amount(&self) -> Result<Sen, Refusal> {
        match &self.channel {
            Channel::Bank(amount) | Channel::Lkm(amount) | Channel::BeforeBooks(amount) => {
                Ok(*amount)
            }
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
            Channel::BeforeBooks(_) => GrantChannel::BeforeBooks,
        };
        let row = Grant {
            programme: self.papers.programme.clone(),
            source: self.source as i32,
            decree_number: self.papers.decree_number.clone(),
            payment_order: self.papers.payment_order.clone(),
            bank_line: self.papers.bank_line.clone(),
            aid_kind: self.papers.aid_kind.clone(),
            amount: self.amount()?.get(),
            restricted: self.restricted,
            received_on: draft.frame().happened_on.get(),
            channel: channel as i32,
            request_id: draft.frame().request.to_string(),
            ..Grant::default()
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

    fn bulk(&self) -> &'static str {
        "items"
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
                for (index, item) in items.iter().enumerate() {
                    let brought_in = lot::bring_in(draft, &uep, item);
                    brought_in.map_err(|stop| stop.within("items", index))?;
                    let held = lot::account_of(&uep, &item.lot, item.kind);
                    draft.transfer(&uep, (held.code, held.subject), capital.clone(), item.cost)?;
                }
                Ok(())
            }
            Channel::BeforeBooks(_) => Ok(()),
        }
    }
}

/// Sets what a grant is to be spent on; what was spent on a line of the same id stays with it.
#[derive(Clone, Debug)]
pub struct SetPlan {
    /// Which KUBE.
    pub group: Id,
    /// The grant.
    pub grant: Id,
    /// The lines: id, label, sen.
    pub lines: Vec<(Id, String, Sen)>,
}

impl Action for SetPlan {
    fn event(&self) -> Event {
        Event::PlanSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn bulk(&self) -> &'static str {
        "plan"
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS` for a line named twice, `PLAN_EXCEEDED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.grant(&self.group, &self.grant, "grant")?;
        let mut plan: Vec<PlanLine> = Vec::with_capacity(self.lines.len());
        let mut planned = Sen::ZERO;
        for (id, label, amount) in &self.lines {
            if plan.iter().any(|line| line.id == id.as_str()) {
                return Err(Refusal::new(Reason::AlreadyExists).on("plan").with("name", id).into());
            }
            let spent = row.plan.iter().find(|line| line.id == id.as_str());
            plan.push(PlanLine {
                id: id.to_string(),
                label: label.clone(),
                amount: amount.get(),
                spent: spent.map_or(0, |line| line.spent),
            });
            planned = planned.plus(*amount)?;
        }
        if planned.get() > row.amount {
            let refusal = Refusal::new(Reason::PlanExceeded).on("plan");
            return Err(refusal.with("planned", planned.get()).with("amount", row.amount).into());
        }
        row.plan = plan;
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(row));
        Ok(())
    }
}

/// Counts a cost against a grant, and the line of its plan, that pays for it. What is wrong with
/// that is only remarked: the money is gone, and the LPJ will be refused.
///
/// Errors: `NOT_FOUND` for an unknown grant.
pub fn spend(
    draft: &mut Draft<'_>,
    group: &Id,
    grant: &Id,
    plan_line: &str,
    amount: Sen,
) -> Result<(), Stop> {
    let mut row = draft.grant(group, grant, "grant")?;
    draft.spend_grant(group, grant, "grant")?;
    row.spent = Sen::new(row.spent).plus(amount)?.get();
    match row.plan.iter_mut().find(|line| line.id == plan_line) {
        Some(line) => line.spent = Sen::new(line.spent).plus(amount)?.get(),
        None if plan_line.is_empty() => {}
        None => {
            let remark = Refusal::new(Reason::NoPlanLine).with("grant", grant);
            draft.flag(remark.with("line", plan_line));
        }
    }
    if let Some(overspent) = overspent(Reason::GrantOverspent, grant, &row) {
        draft.flag(overspent);
    }
    let (position, line) = (draft.frame().position, draft.line());
    let happened_on = draft.frame().happened_on.get();
    let spending = Spending {
        amount: amount.get(),
        plan_line: plan_line.to_owned(),
        happened_on,
        position,
        line,
        ..Spending::default()
    };
    let id = format!("{happened_on:06}-{position:012}-{line:05}");
    let parent = format!("{}/spending", grant_name(group, grant));
    draft.put(RowName::new(parent, id), Row::Spending(spending));
    draft.put(grant_name(group, grant), Row::Grant(row));
    Ok(())
}

fn overspent(reason: Reason, grant: &Id, row: &Grant) -> Option<Refusal> {
    let received = row.amount - row.returned;
    let refusal = || {
        let refusal = Refusal::new(reason).with("grant", grant).with("received", received);
        refusal.with("spent", row.spent)
    };
    (row.spent > received).then(refusal)
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

    /// Errors: `NOT_FOUND`, `NOT_RESTRICTED`, `LPJ_ALREADY_ACCEPTED`, `LPJ_OVERSPENT`.
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
        if let Some(overspent) = overspent(Reason::LpjOverspent, &self.grant, &row) {
            return Err(overspent.on("grant").into());
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
        within(&self.grant, self.amount, held)?;
        row.returned = Sen::new(row.returned).plus(self.amount)?.get();
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(row));
        draft.transfer(&uep, (capital.code, capital.subject), place, self.amount)
    }
}

/// Checks that an amount is within what a grant holds. Errors: `GRANT_EXCEEDED`.
pub fn within(grant: &Id, amount: Sen, held: Sen) -> Result<(), Refusal> {
    if amount <= held {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::GrantExceeded).on("amount").with("grant", grant);
    Err(refusal.with("held", held.get()))
}

/// The account on which a grant's capital stands.
pub fn capital_account(uep: &Ledger, grant: &Id, row: &Grant) -> Account {
    uep.account_of(capital_code(row), Subject::id(grant))
}

fn capital_code(row: &Grant) -> Code {
    let restricted = row.restricted && row.lpj_accepted_on == 0;
    match (&row.origin, restricted) {
        (Some(_), _) => Code::RolledCapital,
        (None, true) => Code::RestrictedGrant,
        (None, false) => Code::GrantCapital,
    }
}

/// What became of grant capital that is lost or misused.
#[derive(Clone, Debug)]
pub enum Loss {
    /// Things of a lot are gone: thousandths of a unit, and why.
    Things(Id, i64, LossCause),
    /// An officer took money, and owes it until a minute settles it.
    Misused(Id, Sen, Place),
    /// What an officer owes is given up by minute.
    GivenUp(Id, Sen),
}

/// Grant capital is lost or misused, by a minute that names the grant (event 48a).
#[derive(Clone, Debug)]
pub struct LoseCapital {
    /// Which KUBE.
    pub group: Id,
    /// The grant.
    pub grant: Id,
    /// What became of it.
    pub loss: Loss,
}

impl LoseCapital {
    /// Takes what is lost off the capital.
    fn write_off(
        &self,
        draft: &mut Draft<'_>,
        from: (Code, Subject),
        amount: Sen,
    ) -> Result<(), Stop> {
        let mut row = draft.grant(&self.group, &self.grant, "grant")?;
        let uep = uep_ledger(&self.group);
        let capital = capital_account(&uep, &self.grant, &row);
        let held = draft.held(&capital)?;
        within(&self.grant, amount, held)?;
        row.lost = Sen::new(row.lost).plus(amount)?.get();
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(row));
        draft.transfer(&uep, (capital.code, capital.subject), from, amount)
    }
}

impl Action for LoseCapital {
    fn event(&self) -> Event {
        Event::GrantLost
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let group = Entity::Kube(self.group.clone());
        Ok(Some(Matter::of(ApprovalKind::WriteOff, &group)))
    }

    /// Errors: `NOT_FOUND`, `LOT_EXCEEDED`, `WRONG_KIND`, `GRANT_EXCEEDED`, `PLACE_NOT_ALLOWED`,
    /// `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let uep = uep_ledger(&self.group);
        draft.spend_grant(&self.group, &self.grant, "grant")?;
        match &self.loss {
            Loss::Things(lot, quantity_milli, cause) => {
                let (held, cost) = lot::lose(draft, &uep, (lot, *quantity_milli), *cause)?;
                self.write_off(draft, (held.code, held.subject), cost)
            }
            Loss::Misused(officer, amount, place) => {
                let place = place.checked(draft, &uep.entity, "place")?;
                draft.member(&uep.entity, officer, "officer")?;
                draft.about(&uep.entity, "members", officer);
                let due = (Code::OfficerReceivable, Subject::id(officer));
                draft.transfer(&uep, due, place, *amount)
            }
            Loss::GivenUp(officer, amount) => {
                draft.member(&uep.entity, officer, "officer")?;
                draft.about(&uep.entity, "members", officer);
                let due = uep.account_of(Code::OfficerReceivable, Subject::id(officer));
                let held = draft.held(&due)?;
                if *amount > held {
                    let refusal = Refusal::new(Reason::Floor).on("amount").with("account", due);
                    return Err(refusal
                        .with("held", held.get())
                        .with("asked", amount.get())
                        .into());
                }
                self.write_off(draft, (due.code, due.subject), *amount)
            }
        }
    }
}

/// Takes back what a record left in the registers of grants; the postings are reversed elsewhere.
///
/// Errors: `REVERSAL_BLOCKED` when a later event of the grant builds on it.
pub fn undo(
    draft: &mut Draft<'_>,
    record: &Record,
    effect: &Effect,
    open: impl Fn(u32) -> bool,
) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        match row {
            Row::Spending(spending) if open(spending.line) => unspend(draft, name)?,
            Row::Grant(_) => undo_grant(draft, name, record, effect)?,
            _ => {}
        }
    }
    Ok(())
}

fn unspend(draft: &mut Draft<'_>, name: &RowName) -> Result<(), Stop> {
    let (Some(Row::Spending(mut spending)), Some(grant)) =
        (draft.row(name)?, name.parent.strip_suffix("/spending"))
    else {
        return Err(blocked(name).into());
    };
    let grant = RowName::parse(grant).ok_or_else(|| blocked(name))?;
    if spending.reversed {
        return Ok(());
    }
    spending.reversed = true;
    let Some(Row::Grant(mut row)) = draft.row(&grant)? else {
        return Err(blocked(&grant).into());
    };
    row.spent -= spending.amount;
    if let Some(line) = row.plan.iter_mut().find(|line| line.id == spending.plan_line) {
        line.spent -= spending.amount;
    }
    draft.put(name.clone(), Row::Spending(spending));
    draft.put(grant, Row::Grant(row));
    Ok(())
}

fn undo_grant(
    draft: &mut Draft<'_>,
    name: &RowName,
    record: &Record,
    effect: &Effect,
) -> Result<(), Stop> {
    let Some(Row::Grant(mut row)) = draft.row(name)? else {
        return Err(blocked(name).into());
    };
    match record.event {
        Event::GrantReceived if is_untouched(&row) => row.reversed = true,
        Event::GrantReceived => return Err(blocked(name).into()),
        Event::LpjAccepted => row.lpj_accepted_on = 0,
        // What left restricted capital cannot come back to it once the restriction is lifted.
        Event::GrantReturned | Event::GrantLost
            if capital_leg(effect).is_some_and(|leg| leg.account.code != capital_code(&row)) =>
        {
            return Err(blocked(name).into());
        }
        Event::GrantReturned => row.returned -= taken_off_capital(effect).get(),
        Event::GrantLost => row.lost -= taken_off_capital(effect).get(),
        _ => return Ok(()),
    }
    draft.put(name.clone(), Row::Grant(row));
    Ok(())
}

/// Whether nothing has been done with a grant since it came.
pub fn is_untouched(row: &Grant) -> bool {
    let none = [row.returned, row.spent, row.lost, row.passed, row.excused] == [0; 5];
    none && row.lpj_accepted_on == 0 && row.obligations.is_empty()
}

/// The refusal of a reversal on whose original later events build.
pub fn blocked(name: &RowName) -> Refusal {
    Refusal::new(Reason::ReversalBlocked).on("transaction").with("name", name)
}

/// The entry by which a record took something off the capital of its grant.
fn capital_leg(effect: &Effect) -> Option<&Entry> {
    let capital =
        |code| matches!(code, Code::GrantCapital | Code::RestrictedGrant | Code::RolledCapital);
    effect.entries.iter().find(|entry| capital(entry.account.code))
}

/// What a record took off the capital of its grant.
fn taken_off_capital(effect: &Effect) -> Sen {
    capital_leg(effect).map_or(Sen::ZERO, |entry| entry.amount)
}
