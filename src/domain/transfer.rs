//! Guliran between the books of two LKMs (catalogue event 47): two records tied by one name, the
//! pass's own.
//!
//! **Invariant**: the giver's record comes first and lists the pass as in transit until the other
//! book has answered; the receiver takes each pass in at most once, however often it is sent, and
//! never after the courier was told that it does not: the giver may have taken it back.

use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::guliran::{
    Arriving, arrival, check_circle, check_linked, homes, in_transit, pass_name, pass_row, road,
};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::link::{kube_savings, lkm_ledger};
use crate::domain::lot::NewLot;
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    self, Fund, Grant, GrantChannel, Origin, PassChannel, Transit, TransitState, Underway,
};
use crate::domain::record::{Event, Outcome, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::standing::check_here;
use crate::domain::uep::blocked;

/// The collection of passes to other books.
pub const TRANSIT: &str = "transit";

/// The name under which a pass from another book is remembered.
pub fn transfer_name(pass: &str) -> RowName {
    RowName::new("transfers", pass.replace('/', "."))
}

fn transit_name(group: &str, pass: &str) -> RowName {
    RowName::new(TRANSIT, format!("{group}.{pass}"))
}

/// A group's passes that are on their way.
fn underway_name(group: &str) -> RowName {
    RowName::new(format!("groups/{group}/{TRANSIT}"), "passes")
}

/// Lists a pass as on its way.
pub(super) fn depart(draft: &mut Draft<'_>, group: &Id, pass: &Id) -> Result<(), Stop> {
    let (group, pass) = (group.as_str(), pass.as_str());
    list(draft, group, pass, TransitState::Waiting)
}

/// A pass that was refused over there is on its way until it is taken back.
fn list(draft: &mut Draft<'_>, group: &str, pass: &str, state: TransitState) -> Result<(), Stop> {
    let row = Transit { group: group.to_owned(), pass: pass.to_owned(), state: state as i32 };
    draft.put(transit_name(group, pass), Row::Transit(row));
    let name = underway_name(group);
    let mut underway = underway(draft, &name)?;
    underway.passes.retain(|one| one != pass);
    if matches!(state, TransitState::Waiting | TransitState::Refused) {
        underway.passes.push(pass.to_owned());
    }
    draft.put(name, Row::Underway(underway));
    Ok(())
}

fn underway(draft: &Draft<'_>, name: &RowName) -> Result<Underway, Stop> {
    Ok(match draft.row(name)? {
        Some(Row::Underway(row)) => row,
        _ => Underway::default(),
    })
}

/// Checks that nothing that a group passed on is on its way to another book: what that book refuses
/// must find its giver here.
///
/// Errors: `TRANSFERS_IN_TRANSIT`.
pub(super) fn check_arrived(draft: &Draft<'_>, group: &Id) -> Result<(), Stop> {
    let Underway { passes } = underway(draft, &underway_name(group.as_str()))?;
    if passes.is_empty() {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::TransfersInTransit).on("group");
    Err(refusal.with("passes", passes.join(", ")).into())
}

/// Notes what became of a pass that was on its way, by the name of the pass.
pub(super) fn set_state(
    draft: &mut Draft<'_>,
    pass: &RowName,
    state: TransitState,
) -> Result<(), Stop> {
    let group = pass.parent.strip_prefix("groups/").and_then(|rest| rest.strip_suffix("/passes"));
    let group = group.ok_or_else(|| blocked(pass))?;
    list(draft, group, &pass.id, state)
}

/// What one book tells another about a pass.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The pass, `books/{book}/groups/{group}/passes/{pass}`.
    pub pass: String,
    /// The grants it went through, as the receiving book names them: its own without their book.
    pub ancestors: Vec<String>,
    /// The papers of the grant it goes back to: programme, source and decree.
    pub giver: Grant,
    /// Sen of obligation value.
    pub amount: Sen,
    /// The money among it.
    pub cash: Sen,
    /// The road of the money.
    pub channel: PassChannel,
    /// The things among it, as lots of the receiver.
    pub items: Vec<NewLot>,
}

/// A group takes in what a group of another book passed on to it (event 47).
#[derive(Clone, Debug)]
pub struct Receive {
    /// The receiver.
    pub group: Id,
    /// The id it will have among the receiver's grants.
    pub grant: Id,
    /// What was passed on.
    pub transfer: Transfer,
    /// The request by which the courier brings it, whoever does now.
    pub courier: RequestId,
    /// The day it was given, if that is known here: it is not received before.
    pub given_on: Option<Day>,
}

impl Receive {
    /// Whether the courier has brought it before and it was refused: then the giver hears, or has
    /// heard, that it may take the pass back.
    fn was_refused(&self, draft: &Draft<'_>) -> Result<bool, Stop> {
        match draft.record_of(&self.courier, "transfer") {
            Ok(record) => Ok(matches!(record.outcome, Outcome::Refused(_))),
            Err(Stop::Refused(_)) => Ok(false),
            Err(stop) => Err(stop),
        }
    }
}

impl Action for Receive {
    fn event(&self) -> Event {
        Event::GuliranReceived
    }

    fn not_before(&self) -> Option<Day> {
        self.given_on
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `TRANSFER_REPLAYED`, `TRANSFER_REFUSED`, `TRANSFER_UNBALANCED`, `PASS_IN_CIRCLE`,
    /// `ALREADY_EXISTS`, `NO_LKM`, `NOT_LINKED`, `GROUP_MOVED`, `GROUP_DISSOLVED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let Transfer { pass, ancestors, giver, amount, cash, channel, items } = &self.transfer;
        let about = |reason| Refusal::new(reason).on("transfer").with("pass", pass);
        let name = transfer_name(pass);
        if draft.row(&name)?.is_some() {
            return Err(about(Reason::TransferReplayed).into());
        }
        if self.was_refused(draft)? {
            return Err(about(Reason::TransferRefused).into());
        }
        let sum = items.iter().try_fold(*cash, |sum, item| sum.plus(item.cost))?;
        if sum != *amount {
            return Err(about(Reason::TransferUnbalanced).into());
        }
        let origin = Origin { pass: pass.clone(), ancestors: ancestors.clone() };
        let from = Grant { origin: Some(origin.clone()), ..giver.clone() };
        let group = draft.group(&self.group, "group")?;
        check_here(&self.group, &group)?;
        check_circle(&from, &homes(&self.group, &group))?;
        let row = proto::Transfer {
            pass: pass.clone(),
            group: self.group.to_string(),
            grant: self.grant.to_string(),
        };
        draft.put(name, Row::Transfer(row));
        let arriving = Arriving {
            group: &self.group,
            grant: &self.grant,
            giver: &from,
            origin,
            channel: GrantChannel::Guliran,
            amount: *amount,
        };
        arriving.register(draft)?;
        if *channel == PassChannel::Savings && !cash.is_zero() {
            check_linked(draft, &self.group)?;
            let savings = kube_savings(&self.group, Fund::Uep);
            draft.transfer(&lkm_ledger(), Code::Bank, savings, *cash)?;
        }
        arriving.take_money(draft, road(*channel), *cash)?;
        items.iter().try_for_each(|item| arriving.take_thing(draft, item))
    }
}

/// What the other book answered.
#[derive(Clone, Debug)]
pub enum Word {
    /// It took the pass in, as this grant of the receiver.
    Arrived(Id),
    /// It refused the pass.
    Refused(Reason),
}

/// The giver's book hears what became of a pass to another book (event 47).
#[derive(Clone, Debug)]
pub struct Hear {
    /// The giver.
    pub giver: Id,
    /// The pass.
    pub pass: Id,
    /// The answer.
    pub word: Word,
}

impl Action for Hear {
    fn event(&self) -> Event {
        Event::GuliranArrived
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.giver.clone()))
    }

    /// Errors: `NOT_FOUND`, `NOTHING_IN_TRANSIT`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = pass_name(&self.giver, &self.pass);
        let mut row = pass_row(draft, &self.giver, &self.pass)?;
        let waiting = in_transit(&row);
        if waiting == 0 || row.receiver_kind() != proto::ReceiverKind::OtherBook {
            let refusal = Refusal::new(Reason::NothingInTransit).on("pass");
            return Err(refusal.with("pass", &self.pass).with("held", waiting).into());
        }
        let state = match &self.word {
            Word::Arrived(grant) => {
                let day = draft.frame().happened_on;
                let arrived = arrival(&row.receiver, grant.as_str(), Sen::new(waiting), day);
                row.arrivals.push(arrived);
                row.broken.clear();
                TransitState::Arrived
            }
            Word::Refused(reason) => {
                reason.name().clone_into(&mut row.broken);
                TransitState::Refused
            }
        };
        set_state(draft, &name, state)?;
        draft.put(name, Row::Pass(row));
        Ok(())
    }
}
