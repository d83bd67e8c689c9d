//! Guliran between the books of two LKMs (catalogue event 47): two records tied by one name, the
//! pass's own.
//!
//! The receiver's book keeps its [word](proto::ReceiverWord) on what came: that it was taken in, that
//! the group confirms or disputes it, that it was sent back. What its group disputes goes back, whole
//! and by reversal of its receipt, unless something was done with it there. A word has the position of
//! the record that says so, and the giver's book [hears](Hear) the latest one, by the courier or as a
//! receipt from another installation.
//!
//! **Invariants**: the giver's record comes first and lists the pass as in transit until the other
//! book has answered; the receiver takes each pass in at most once, however often it is sent, and
//! never after the courier was told that it does not: the giver may have taken it back. A word once
//! heard gives way to later ones alone. What was refused over there, or sent back, is in transit again
//! until the giver takes it back: only people know whether it came home or was lost on the way, and
//! what is passed on instead, be it less, is a new pass. Of a giver who has moved or was dissolved
//! meanwhile it stays in transit, put to review.

use crate::domain::chart::Code;
use crate::domain::confirmation::confirmation_name;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, grant_name};
use crate::domain::guliran::{
    Arriving, arrival, check_circle, check_linked, homes, in_transit, pass_name, pass_row, road,
    take_back_grant,
};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::link::{kube_savings, lkm_ledger};
use crate::domain::lot::NewLot;
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    self, ArrivalState, Confirmation, ConfirmationState, Fund, Grant, GrantChannel, Origin, Pass,
    PassChannel, PassState, ReceiverKind, ReceiverWord, Transit, TransitState, Underway,
};
use crate::domain::record::{Event, Outcome, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::review;
use crate::domain::standing::check_here;
use crate::domain::uep::blocked;

/// The collection of passes to other books.
pub const TRANSIT: &str = "transit";

/// The collection of passes from other books.
pub const TRANSFERS: &str = "transfers";

/// The name under which a pass from another book is remembered.
pub fn transfer_name(pass: &str) -> RowName {
    RowName::new(TRANSFERS, pass.replace('/', "."))
}

/// A group's passes that are on their way.
fn underway_name(group: &str) -> RowName {
    RowName::new(format!("groups/{group}/{TRANSIT}"), "passes")
}

/// Notes where a pass to another book is, and what was heard of it. One that was refused over there, or
/// sent back, is on its way until it is taken back.
pub(super) fn note(
    draft: &mut Draft<'_>,
    name: &RowName,
    pass: &Pass,
    state: TransitState,
) -> Result<(), Stop> {
    let group = name.parent.strip_prefix("groups/").and_then(|rest| rest.strip_suffix("/passes"));
    let group = group.ok_or_else(|| blocked(name))?;
    let (book, _) = pass.receiver_elsewhere().ok_or_else(|| blocked(name))?;
    let word = pass.word.clone().unwrap_or_default();
    let row = Transit {
        group: group.to_owned(),
        pass: name.id.clone(),
        state: state as i32,
        book: book.to_owned(),
        heard: word.position,
        confirmed: word.state() == ArrivalState::Confirmed,
    };
    let listed = RowName::new(TRANSIT, format!("{group}.{}", name.id));
    draft.put(listed, Row::Transit(row));
    let listed = underway_name(group);
    let mut underway = underway(draft, &listed)?;
    underway.passes.retain(|one| *one != name.id);
    if matches!(state, TransitState::Waiting | TransitState::Refused) {
        underway.passes.push(name.id.clone());
    }
    draft.put(listed, Row::Underway(underway));
    Ok(())
}

impl Pass {
    /// The book and the group that it goes to in another book.
    pub fn receiver_elsewhere(&self) -> Option<(&str, &str)> {
        self.receiver.strip_prefix("books/")?.split_once("/groups/")
    }
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

// ---- the receiver's book -----------------------------------------------------------------------

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

    /// Errors: `TRANSFER_REPLAYED`, `TRANSFER_RETURNED`, `TRANSFER_REFUSED`, `TRANSFER_UNBALANCED`,
    /// `PASS_IN_CIRCLE`, `ALREADY_EXISTS`, `NO_LKM`, `NOT_LINKED`, `GROUP_MOVED`, `GROUP_DISSOLVED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let Transfer { pass, ancestors, giver, amount, cash, channel, items } = &self.transfer;
        let about = |reason| Refusal::new(reason).on("transfer").with("pass", pass);
        let name = transfer_name(pass);
        if let Some(Row::Transfer(known)) = draft.row(&name)? {
            let returned = known.word.is_some_and(|word| word.returned);
            let reason = if returned { Reason::TransferReturned } else { Reason::TransferReplayed };
            return Err(about(reason).into());
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
            word: Some(word_of(draft, ArrivalState::Unspecified)),
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

fn word_of(draft: &Draft<'_>, state: ArrivalState) -> ReceiverWord {
    let frame = draft.frame();
    ReceiverWord {
        state: state as i32,
        returned: false,
        position: frame.position,
        said_on: frame.happened_on.get(),
        role: frame.author.role as i32,
        request_id: frame.request.to_string(),
    }
}

/// Keeps what a group says of a record, where that took in a pass from another book. What it says of
/// the record that sent it back is no word on the pass: it has gone.
///
/// Errors: `Missing`.
pub(super) fn answer(draft: &mut Draft<'_>, record: &Record, arrived: bool) -> Result<(), Stop> {
    let (Event::GuliranReceived, Outcome::Done(effect)) = (record.event, &record.outcome) else {
        return Ok(());
    };
    let state = if arrived { ArrivalState::Confirmed } else { ArrivalState::Disputed };
    for (name, row) in &effect.rows {
        if let Row::Transfer(row) = row {
            let word = Some(word_of(draft, state));
            draft.put(name.clone(), Row::Transfer(proto::Transfer { word, ..row.clone() }));
        }
    }
    Ok(())
}

/// What its receiver disputes goes back to the giver's book: the grant it became ends, and so does
/// whatever hope there was to take it in. The postings are reversed elsewhere.
///
/// Errors: `RECEIPT_NOT_DISPUTED`; `REVERSAL_BLOCKED` when something was done with it.
pub(super) fn send_back(
    draft: &mut Draft<'_>,
    (name, row): (&RowName, &proto::Transfer),
    record: &Record,
) -> Result<(), Stop> {
    let (Some(group), Some(grant), Some(receipt)) =
        (Id::new(&row.group), Id::new(&row.grant), &record.request)
    else {
        return Err(blocked(name).into());
    };
    let said = match draft.row(&confirmation_name(&group, receipt))? {
        Some(Row::Confirmation(said)) => said,
        _ => Confirmation::default(),
    };
    if said.state() != ConfirmationState::Disputed {
        let refusal = Refusal::new(Reason::ReceiptNotDisputed).on("transaction");
        return Err(refusal.with("group", &group).with("pass", &row.pass).into());
    }
    take_back_grant(draft, &grant_name(&group, &grant))?;
    draft.flag(Refusal::new(Reason::GoesBack).with("pass", &row.pass));
    let word = ReceiverWord { returned: true, ..word_of(draft, ArrivalState::Disputed) };
    let row = proto::Transfer { word: Some(word), ..row.clone() };
    draft.put(name.clone(), Row::Transfer(row));
    Ok(())
}

// ---- the giver's book --------------------------------------------------------------------------

/// What the receiver's book says of a pass that it took in.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The receiver, `books/{book}/groups/{group}`.
    pub receiver: String,
    /// The grant it became there.
    pub grant: Id,
    /// Its word.
    pub word: ReceiverWord,
}

impl Said {
    /// What a book says of a pass, by its row; none if that is damaged.
    pub fn of(book: &Id, row: &proto::Transfer) -> Option<Said> {
        Some(Said {
            receiver: format!("books/{book}/groups/{}", row.group),
            grant: Id::new(&row.grant)?,
            word: row.word.clone()?,
        })
    }
}

/// What the other book answered.
#[derive(Clone, Debug)]
pub enum Word {
    /// It took the pass in, and says this of it by now.
    Said(Said),
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

    /// Errors: `NOT_FOUND`, `NOTHING_IN_TRANSIT`, `RECEIPT_OF_ANOTHER`, `RECEIPT_OUTDATED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = pass_name(&self.giver, &self.pass);
        let mut row = pass_row(draft, &self.giver, &self.pass)?;
        let goes_there = row.receiver_kind() == ReceiverKind::OtherBook && !row.before_books;
        if !goes_there || row.state() != PassState::Posted {
            return Err(self.nothing_left(&row));
        }
        let state = match &self.word {
            Word::Said(said) => self.hear(draft, &mut row, said)?,
            Word::Refused(_) if row.word.is_some() => return Err(self.nothing_left(&row)),
            Word::Refused(reason) => {
                reason.name().clone_into(&mut row.broken);
                TransitState::Refused
            }
        };
        note(draft, &name, &row, state)?;
        draft.put(name, Row::Pass(row));
        Ok(())
    }
}

impl Hear {
    fn nothing_left(&self, row: &Pass) -> Stop {
        let refusal = Refusal::new(Reason::NothingInTransit).on("pass");
        refusal.with("pass", &self.pass).with("held", in_transit(row)).into()
    }

    /// Errors: `RECEIPT_OF_ANOTHER`, `RECEIPT_OUTDATED`.
    fn hear(
        &self,
        draft: &mut Draft<'_>,
        row: &mut Pass,
        said: &Said,
    ) -> Result<TransitState, Stop> {
        let Said { receiver, grant, word } = said;
        let about = |reason| Refusal::new(reason).on("pass").with("pass", &self.pass);
        if *receiver != row.receiver {
            let refusal = about(Reason::ReceiptOfAnother).with("receiver", receiver);
            return Err(refusal.with("asked", &row.receiver).into());
        }
        let known = row.word.as_ref().map_or(0, |word| word.position);
        if word.position <= known {
            let refusal = about(Reason::ReceiptOutdated).with("position", word.position);
            return Err(refusal.with("known", known).into());
        }
        row.word = Some(word.clone());
        if word.returned {
            row.arrivals.clear();
            Reason::TransferReturned.name().clone_into(&mut row.broken);
            self.put_to_review(draft, row)?;
            return Ok(TransitState::Refused);
        }
        if row.arrivals.is_empty() {
            let (amount, day) = (Sen::new(row.amount), draft.frame().happened_on);
            row.arrivals.push(arrival(receiver, grant.as_str(), amount, day));
        }
        row.arrivals.iter_mut().for_each(|arrival| arrival.state = word.state);
        row.broken.clear();
        Ok(TransitState::Arrived)
    }

    /// What was sent back is looked at as what it was passed on by, until that is taken back.
    fn put_to_review(&self, draft: &mut Draft<'_>, row: &Pass) -> Result<(), Stop> {
        let Some(delivered) = RequestId::new(&row.request_id) else { return Ok(()) };
        let position = draft.record_of(&delivered, "pass")?.position;
        let giver = Entity::Kube(self.giver.clone());
        review::raise(draft, Reason::TransferReturned, &delivered, (&giver, position))
    }
}
