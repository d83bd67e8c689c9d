//! Deciding: a pure function from a command and the state it needs to records.
//!
//! `decide` asks for what it needs. What is not loaded comes back as [`Missing`]; the caller loads
//! it, for all waiting commands at once, and asks again. The number of rounds is bounded by the
//! depth of what a command refers to (group, then member, then accounts), not by how many
//! commands wait, and a forgotten key can only cost a round, never a wrong answer.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

use crate::domain::access::Author;
use crate::domain::account::{Ledger, Subject};
use crate::domain::approval::{self, Approval, Matter, Verdict};
use crate::domain::book;
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::draft::{Draft, Frame, Mode, Reader, Stop};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, Zone};
use crate::domain::record::{Effect, Event, MAX_RECORD_BYTES, Outcome, Record, Row, Written};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::standing;
use crate::domain::state::{Key, Lookup, Value};

/// One thing the ledger can be asked to do or told of. A product implements this once per event.
pub trait Action: Debug + Send + Sync {
    /// What the record will say was asked.
    fn event(&self) -> Event;

    /// Whether this asks permission, as most do, or tells of what has happened.
    fn mode(&self) -> Mode {
        Mode::Request
    }

    /// The KUBE or LKM it is about; none for the book as a whole.
    fn entity(&self) -> Option<Entity> {
        None
    }

    /// The cash that a report says has moved, so that it can wait in suspense if it must.
    fn cash(&self) -> Option<CashMoved> {
        None
    }

    /// The row that a report leaves for a person to look at when its state cannot take it.
    fn review(&self, _because: &Refusal) -> Option<(RowName, Row)> {
        None
    }

    /// Whether those whose savings it moves had a hand in it. What the ledger does of itself or puts
    /// right, and what ends an account, is no sign of life of theirs: see [`dormancy`].
    ///
    /// [`dormancy`]: crate::domain::dormancy
    fn by_owner(&self) -> bool {
        true
    }

    /// The day before which it cannot have happened, where it comes without a day of its own.
    fn not_before(&self) -> Option<Day> {
        None
    }

    /// The field of the request that makes it large, where something does.
    fn bulk(&self) -> &'static str {
        ""
    }

    /// What of it a second person has to look at, once it is drafted; none for most. Only of what
    /// asks permission.
    ///
    /// Errors: `Missing`.
    fn matter(&self, _draft: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(None)
    }

    /// Reads state and posts. Errors: the refusals of the action, or `Missing`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop>;

    /// The book this opens, if that is what it does.
    fn opens_book(&self) -> Option<&book::Open> {
        None
    }
}

/// Cash that moved in the village: in (positive) or out (negative).
#[derive(Clone, Debug)]
pub struct CashMoved {
    /// The entity and fund.
    pub ledger: Ledger,
    /// Where the money lies.
    pub place: (Code, Subject),
    /// Sen.
    pub amount: Sen,
}

/// A request as it came, so that it can be decided anew when a second person agrees to it.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The name of the request, which tells it from those of other methods.
    pub method: &'static str,
    /// The request without its id and what a person wrote.
    pub request: Vec<u8>,
    /// Commitments to what a person wrote, that to the memo first; empty where there is nothing.
    pub texts: Vec<Vec<u8>>,
}

/// A request as the journal sees it.
#[derive(Clone, Debug)]
pub struct Command {
    /// The book.
    pub book: Id,
    /// Made once by the client, kept across retries.
    pub request: RequestId,
    /// SHA-256 over the method and the non-personal fields of the request.
    pub digest: Vec<u8>,
    /// Who asks.
    pub author: Author,
    /// The day the person said; the book's business day if none was said.
    pub happened_on: Option<Day>,
    /// Commitment to the free text, empty if none.
    pub memo: Vec<u8>,
    /// The paper behind it.
    pub evidence: Option<proto::Evidence>,
    /// The meeting it belongs to.
    pub meeting: Option<RowName>,
    /// What is asked.
    pub action: Arc<dyn Action>,
    /// The same as it came; nothing for what the server asks itself, which never waits.
    pub form: Form,
}

impl Command {
    /// What the server asks by itself: on the business day, without words, paper or meeting.
    pub fn of_server(
        book: &Id,
        request: RequestId,
        digest: Vec<u8>,
        author: Author,
        action: Arc<dyn Action>,
    ) -> Command {
        Command {
            book: book.clone(),
            request,
            digest,
            author,
            happened_on: None,
            memo: Vec::new(),
            evidence: None,
            meeting: None,
            action,
            form: Form::default(),
        }
    }
}

/// What the sequencer knows when it asks for a decision.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The position of the first record this decision may make.
    pub position: u64,
    /// Server time in microseconds since 1970-01-01T00:00:00Z, not before the last record's.
    pub now: i64,
}

/// Keys a decision needs that are not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub BTreeSet<Key>);

/// What a command comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// New records at consecutive positions; the one that names the request answers it.
    Records(Vec<Written>),
    /// The request was decided before: the record at this position answers it.
    Replay(u64),
    /// The request id belongs to another request, decided at this position. Consumes nothing.
    Reused(u64),
    /// There is no such book, or it cannot be opened; with no book to record it in, the refusal
    /// consumes nothing.
    NoBook(Refusal),
}

/// Decides a command.
///
/// Errors: [`Missing`] when the state lacks something; load it and ask again.
pub fn decide(command: &Command, stamp: &Stamp, state: &dyn Lookup) -> Result<Decision, Missing> {
    let reader = Reader::new(state);
    match decide_with(command, stamp, &reader) {
        Some(decision) => Ok(decision),
        None => Err(Missing(reader.into_missing())),
    }
}

/// `None` when something is missing.
fn decide_with(command: &Command, stamp: &Stamp, reader: &Reader<'_>) -> Option<Decision> {
    let receipt = reader.get(Key::Receipt(command.request.clone()));
    let book = reader.row(RowName::book());
    if let Value::Receipt(Some(receipt)) = receipt.ok()? {
        return Some(match receipt.digest == command.digest {
            true => Decision::Replay(receipt.position),
            false => Decision::Reused(receipt.position),
        });
    }
    let book = book.ok()?;
    let absent = book.is_none();
    let settings = match (book.as_deref(), command.action.opens_book()) {
        (Some(Row::Book(book)), _) => Rc::new(book.clone()),
        (_, Some(open)) => Rc::new(open.settings()),
        (_, None) => return Some(Decision::NoBook(no_book(command))),
    };
    let today = today(stamp, &settings);
    let maker = Maker { command, stamp, reader, today, settings };
    match maker.accept() {
        Err(Stop::Refused(refusal)) if absent => Some(Decision::NoBook(refusal)),
        Ok(records) => Some(Decision::Records(records)),
        Err(Stop::Refused(refusal)) => {
            Some(Decision::Records(vec![Written::new(maker.refuse(refusal))]))
        }
        Err(Stop::Missing) => None,
    }
}

fn today(stamp: &Stamp, settings: &proto::Book) -> Day {
    let zone = Zone::try_from(settings.zone).unwrap_or(Zone::Unspecified);
    Day::of_instant(stamp.now, zone)
}

fn no_book(command: &Command) -> Refusal {
    Refusal::new(Reason::NotFound).on("book").with("name", format_args!("books/{}", command.book))
}

/// Makes the records of one command.
struct Maker<'a> {
    command: &'a Command,
    stamp: &'a Stamp,
    reader: &'a Reader<'a>,
    settings: Rc<proto::Book>,
    today: Day,
}

impl Maker<'_> {
    /// The records of an accepted command: the day's advance if it needs one, its own, and what
    /// came after it, reckoned anew, if that changes; or only that it was asked, where a second
    /// person has to agree.
    fn accept(&self) -> Result<Vec<Written>, Stop> {
        let happened_on = self.happened_on()?;
        let old_day = Day::new(self.settings.business_day);
        let mut records = Vec::with_capacity(2);
        let mut settings = Rc::clone(&self.settings);
        if happened_on > old_day {
            let advanced = self.advance(Rc::make_mut(&mut settings), happened_on);
            records.push(Written::new(advanced));
        }
        let frame = Frame {
            business_day: old_day.max(happened_on),
            position: self.stamp.position + records.len() as u64,
            ..self.frame(happened_on)
        };
        let mut draft = Draft::new(self.reader, frame, settings);
        self.run(&mut draft)?;
        let verdict = approval::verdict(self.command, &draft)?;
        if matches!(verdict, Verdict::Alone) {
            draft.at_line(0);
            draft.flag(Refusal::new(Reason::NoSecondPerson));
        }
        let (frame, effect, anew) = draft.finish(self.command)?;
        if let Verdict::Wait(row) = verdict {
            return Ok(vec![self.sized(self.asked(*row))?]);
        }
        let record = self.record(&frame, Outcome::Done(effect));
        let anew = anew.map(|effect| self.reckoned_anew(&frame, effect));
        for record in std::iter::once(record).chain(anew) {
            records.push(self.sized(record)?);
        }
        Ok(records)
    }

    /// A record with its bytes. Errors: `TOO_LARGE`.
    fn sized(&self, record: Record) -> Result<Written, Refusal> {
        let written = Written::new(record);
        match written.bytes.len() > MAX_RECORD_BYTES {
            true => Err(Refusal::new(Reason::TooLarge).on(self.command.action.bulk())),
            false => Ok(written),
        }
    }

    /// The record of a request that waits: nothing has happened yet, on the business day as it is.
    fn asked(&self, row: Approval) -> Record {
        let frame = self.frame(Day::new(self.settings.business_day));
        let rows = vec![(approval::approval_name(&frame.request), Row::Approval(row))];
        let memo = self.command.memo.clone();
        let effect = Effect { effective_on: frame.business_day, rows, memo, ..Effect::default() };
        let record = self.record(&frame, Outcome::Done(effect));
        Record { event: Event::ApprovalAsked, ..record }
    }

    /// The record that follows the command's own.
    fn reckoned_anew(&self, frame: &Frame, effect: Effect) -> Record {
        Record {
            position: frame.position + 1,
            request: None,
            digest: Vec::new(),
            event: Event::LoanReckonedAnew,
            happened_on: frame.business_day,
            ..self.record(frame, Outcome::Done(effect))
        }
    }

    fn happened_on(&self) -> Result<Day, Refusal> {
        let opened = Day::new(self.settings.opened_on);
        let reached = Day::new(self.settings.business_day);
        let since = self.command.action.not_before().unwrap_or(reached).min(self.today);
        let day = self.command.happened_on.unwrap_or(since.max(reached));
        if day > self.today && (day > reached || self.command.action.opens_book().is_some()) {
            let refusal = Refusal::new(Reason::DateInFuture).on("happened_on");
            return Err(refusal.with("date", day).with("today", self.today));
        }
        if day < opened {
            let refusal = Refusal::new(Reason::DateBeforeBook).on("happened_on");
            return Err(refusal.with("date", day).with("opened", opened));
        }
        Ok(day)
    }

    /// Runs the action. Names at the top of a report (group, meeting) must be known; beyond that
    /// a report's cash is never refused: it waits in suspense.
    fn run(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let action = &self.command.action;
        let group = match action.entity() {
            Some(Entity::Kube(id)) => {
                let whole = |group: &_| standing::check_whole(&id, group, action.event());
                draft.check_group(&id, "group", whole)?;
                Some(id)
            }
            Some(Entity::Lkm) if draft.book().lkm_name.is_empty() => {
                return Err(Refusal::new(Reason::NoLkm).into());
            }
            _ => None,
        };
        if let Some(meeting) = &self.command.meeting {
            draft.require(meeting, "meeting")?;
        }
        match (action.mode(), group) {
            (Mode::Report, _) => draft.report(action.as_ref()),
            (Mode::Request, None) => action.post(draft),
            (Mode::Request, Some(id)) => {
                let row = draft.group(&id, "group")?;
                standing::check_request(&id, &row, action.event())?;
                action.post(draft)?;
                Ok(standing::check_awake(draft, &id, &row, action.event())?)
            }
        }
    }

    fn advance(&self, settings: &mut proto::Book, to: Day) -> Record {
        settings.business_day = to.get();
        let position = self.stamp.position;
        let rows = vec![
            (RowName::book(), Row::Book(settings.clone())),
            (book::day_name(to), Row::Mark(proto::Mark { position })),
        ];
        let effect = Effect { effective_on: to, rows, ..Effect::default() };
        Record {
            book: self.command.book.clone(),
            position,
            recorded_at: self.stamp.now,
            business_day: to,
            request: None,
            digest: Vec::new(),
            author: Author::default(),
            event: Event::DayAdvanced,
            happened_on: to,
            outcome: Outcome::Done(effect),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Record {
        let business_day = Day::new(self.settings.business_day);
        let frame = self.frame(self.command.happened_on.unwrap_or(business_day));
        self.record(&frame, Outcome::Refused(refusal))
    }

    /// The common facts of a record that moves no day forward.
    fn frame(&self, happened_on: Day) -> Frame {
        Frame {
            author: self.command.author.clone(),
            request: self.command.request.clone(),
            mode: self.command.action.mode(),
            happened_on,
            business_day: Day::new(self.settings.business_day),
            position: self.stamp.position,
            today: self.today,
        }
    }

    fn record(&self, frame: &Frame, outcome: Outcome) -> Record {
        Record {
            book: self.command.book.clone(),
            position: frame.position,
            recorded_at: self.stamp.now,
            business_day: frame.business_day,
            request: Some(frame.request.clone()),
            digest: self.command.digest.clone(),
            author: self.command.author.clone(),
            event: self.command.action.event(),
            happened_on: frame.happened_on,
            outcome,
        }
    }
}
