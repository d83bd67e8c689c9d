//! The record: what happened, with every computed fact, and its bytes.
//!
//! **Invariant**: stored bytes are hashed as stored and never re-encoded; `decode` reads every
//! record ever written and refuses, rather than guesses, what this version does not know.

use std::collections::BTreeSet;

use crate::domain::access::{Author, Role};
use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::refusal::{Reason, Refusal};

/// The generated messages of `simpul.record.v1`.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod proto {
    include!(concat!(env!("OUT_DIR"), "/simpul.record.v1.rs"));
}

pub use proto::Event;
/// A register row.
pub use proto::row::Value as Row;

/// The largest record: the size a C2SP tlog-tiles bundle allows.
pub const MAX_RECORD_BYTES: usize = 65_535;

/// The format this version writes.
pub const FORMAT_LEVEL: u32 = 1;

/// One numbered line of a book's journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The book.
    pub book: Id,
    /// 1 for the first.
    pub position: u64,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
    /// The book's business day when this was decided.
    pub business_day: Day,
    /// The client's request; none for records the ledger makes itself.
    pub request: Option<RequestId>,
    /// Digest of the request, empty where there is none.
    pub digest: Vec<u8>,
    /// Who asked.
    pub author: Author,
    /// What was asked.
    pub event: Event,
    /// The day the person said.
    pub happened_on: Day,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing changed, for this reason.
    Refused(Refusal),
    /// These effects.
    Done(Effect),
}

/// Everything an accepted record changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effect {
    /// The day in the ledger.
    pub effective_on: Day,
    /// Postings; zero within each (entity, fund).
    pub entries: Vec<Entry>,
    /// Register rows as they are afterwards.
    pub rows: Vec<(RowName, Row)>,
    /// Remarks for people.
    pub flags: Vec<Flag>,
    /// Commitment to the free text, empty if none.
    pub memo: Vec<u8>,
    /// The paper behind it.
    pub evidence: Option<proto::Evidence>,
    /// The meeting's row name as text, empty if none.
    pub meeting: String,
    /// The grant's row name as text, empty if none.
    pub grant: String,
    /// The transaction (and line, 0 for all) this takes back.
    pub reverses: Option<(RequestId, u32)>,
    /// Units and cost that entered or left lots.
    pub lot_moves: Vec<proto::LotMove>,
    /// The request that made what came after it be reckoned anew, in the record that does so.
    pub cause: Option<RequestId>,
}

impl Effect {
    /// The commitments to personal text that this holds: in its rows, and its memo.
    pub fn commitments(&self) -> impl Iterator<Item = &Vec<u8>> {
        let of_rows = self.rows.iter().flat_map(|(_, row)| commitments_of(row));
        of_rows.chain([&self.memo]).filter(|commitment| !commitment.is_empty())
    }
}

/// Whether a row waits for somebody: storage finds such rows however many others there are.
pub fn waits(row: &Row) -> bool {
    match row {
        Row::Approval(row) => row.state() == proto::ApprovalState::Waiting,
        Row::Confirmation(row) => row.state() == proto::ConfirmationState::Waiting,
        Row::Review(row) => row.decided_by.is_empty(),
        // One that has arrived waits for what its receiver says of it.
        Row::Transit(row) => match row.state() {
            proto::TransitState::Waiting => true,
            proto::TransitState::Arrived => !row.confirmed,
            _ => false,
        },
        _ => false,
    }
}

/// What a record is about, by row name: the grants, lots and passes it changes, and the groups. Storage
/// finds the records of each of these however many others there are.
pub fn mentions(effect: &Effect) -> BTreeSet<RowName> {
    let is_found =
        |row: &Row| matches!(row, Row::Grant(_) | Row::Lot(_) | Row::Pass(_) | Row::Group(_));
    let rows = effect.rows.iter().filter(|(_, row)| is_found(row)).map(|(name, _)| name.clone());
    let moved = effect
        .lot_moves
        .iter()
        .filter_map(|moved| Some(RowName::of(&Entity::new(&moved.entity)?, "lots", &moved.lot)));
    rows.chain(moved).chain(RowName::parse(&effect.grant)).collect()
}

/// One list of what is personal in a row, to read it and to put other commitments in its place.
macro_rules! row_commitments {
    ($name:ident, $row:ty, $text:ty, $iter:ident $(, $mut:tt)?) => {
        /// The commitments to personal text that a register row holds, some of them empty.
        pub fn $name(row: $row) -> Vec<$text> {
            match row {
                Row::Group(group) => vec![&$($mut)? group.notes],
                Row::Member(member) => vec![&$($mut)? member.name, &$($mut)? member.nik],
                Row::Meeting(meeting) => {
                    vec![&$($mut)? meeting.agenda, &$($mut)? meeting.decisions]
                }
                Row::Party(party) => vec![&$($mut)? party.name],
                Row::Relief(relief) => vec![&$($mut)? relief.kind],
                Row::Pass(pass) => vec![&$($mut)? pass.receiver_name],
                Row::Block(block) => vec![&$($mut)? block.reason],
                Row::Settlement(settlement) => vec![&$($mut)? settlement.heir_name],
                Row::SavingsActivity(activity) => vec![&$($mut)? activity.reason],
                Row::Assessment(assessment) => vec![&$($mut)? assessment.notes],
                Row::Guest(guest) => {
                    vec![&$($mut)? guest.who, &$($mut)? guest.origin, &$($mut)? guest.purpose]
                }
                Row::Letter(letter) => {
                    vec![&$($mut)? letter.correspondent, &$($mut)? letter.subject]
                }
                Row::Loan(loan) => {
                    let things = loan.collaterals.$iter().map(|thing| &$($mut)? thing.label);
                    std::iter::once(&$($mut)? loan.purpose).chain(things).collect()
                }
                Row::Arisan(arisan) => vec![&$($mut)? arisan.label],
                Row::LoanContacts(talks) => {
                    let talks = talks.contacts.$iter();
                    talks.flat_map(|talk| [&$($mut)? talk.who, &$($mut)? talk.note]).collect()
                }
                Row::BankLine(line) => vec![&$($mut)? line.text],
                Row::Approval(row) => row.texts.$iter().chain([&$($mut)? row.reason]).collect(),
                Row::Permit(row) => match &$($mut)? row.known_by {
                    Some(proto::permit::KnownBy::Subject(named)) => vec![&$($mut)? named.subject],
                    _ => Vec::new(),
                },
                Row::Confirmation(confirmation) => vec![&$($mut)? confirmation.reason],
                _ => Vec::new(),
            }
        }
    };
}

row_commitments!(commitments_of, &Row, &Vec<u8>, iter);
row_commitments!(commitments_mut, &mut Row, &mut Vec<u8>, iter_mut, mut);

/// One leg of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Debit positive, credit negative.
    pub amount: Sen,
    /// The line it came from, 0 for the record as a whole.
    pub line: u32,
    /// The member or third party it is about, by row name; empty if none.
    pub party: String,
}

/// A remark on an accepted record, about a line of it (0 for the whole).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The remark.
    pub remark: Refusal,
    /// The line.
    pub line: u32,
}

/// Why stored bytes are not a record this version understands.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Not protobuf at all.
    #[error("record bytes do not decode: {0}")]
    Bytes(#[from] prost::DecodeError),
    /// A kind, account or name from a later format: step back from this book.
    #[error("record has an unknown {0}")]
    Unknown(&'static str),
}

/// A record with the bytes it is stored as, which are made once.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The record.
    pub record: Record,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Written {
    /// Writes a record down.
    pub fn new(record: Record) -> Written {
        Written { bytes: encode(&record), record }
    }
}

/// The bytes of a record.
pub fn encode(record: &Record) -> Vec<u8> {
    let outcome = match &record.outcome {
        Outcome::Refused(refusal) => proto::record::Outcome::Refusal(encode_refusal(refusal)),
        Outcome::Done(effect) => proto::record::Outcome::Effect(encode_effect(effect)),
    };
    let message = proto::Record {
        book: record.book.as_str().to_owned(),
        position: record.position,
        recorded_at_us: record.recorded_at,
        business_day: record.business_day.get(),
        request_id: record.request.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        request_digest: record.digest.clone(),
        actor: record.author.actor.clone(),
        device: record.author.device.clone(),
        role: record.author.role as i32,
        approver: record.author.approver.clone(),
        event: record.event as i32,
        happened_on: record.happened_on.get(),
        outcome: Some(outcome),
    };
    prost::Message::encode_to_vec(&message)
}

/// Reads the bytes of a record.
///
/// Errors: `Bytes` when they are not a record at all, `Unknown` when they name something this
/// version does not know.
pub fn decode(bytes: &[u8]) -> Result<Record, CodecError> {
    let message: proto::Record = prost::Message::decode(bytes)?;
    let outcome = match message.outcome.ok_or(CodecError::Unknown("outcome"))? {
        proto::record::Outcome::Refusal(refusal) => {
            Outcome::Refused(decode_refusal(&refusal.reason, refusal.field, refusal.details)?)
        }
        proto::record::Outcome::Effect(effect) => Outcome::Done(decode_effect(effect)?),
    };
    let request = optional_request(&message.request_id)?;
    let author = Author {
        actor: message.actor,
        device: message.device,
        role: Role::try_from(message.role).map_err(|_| CodecError::Unknown("role"))?,
        approver: message.approver,
    };
    Ok(Record {
        book: Id::new(&message.book).ok_or(CodecError::Unknown("book"))?,
        position: message.position,
        recorded_at: message.recorded_at_us,
        business_day: Day::new(message.business_day),
        request,
        digest: message.request_digest,
        author,
        event: Event::try_from(message.event).map_err(|_| CodecError::Unknown("event"))?,
        happened_on: Day::new(message.happened_on),
        outcome,
    })
}

fn optional_request(text: &str) -> Result<Option<RequestId>, CodecError> {
    match text {
        "" => Ok(None),
        text => RequestId::new(text).map(Some).ok_or(CodecError::Unknown("request id")),
    }
}

fn encode_refusal(refusal: &Refusal) -> proto::Refusal {
    proto::Refusal {
        reason: refusal.reason.name().to_owned(),
        field: refusal.field.clone(),
        details: encode_details(refusal),
    }
}

fn encode_details(refusal: &Refusal) -> Vec<proto::Detail> {
    let detail =
        |(key, value): &(String, String)| proto::Detail { key: key.clone(), value: value.clone() };
    refusal.details.iter().map(detail).collect()
}

fn decode_refusal(
    reason: &str,
    field: String,
    details: Vec<proto::Detail>,
) -> Result<Refusal, CodecError> {
    let reason = Reason::from_name(reason).ok_or(CodecError::Unknown("reason"))?;
    let details = details.into_iter().map(|detail| (detail.key, detail.value)).collect();
    Ok(Refusal { reason, field, details })
}

/// An effect as the message that stands in records.
pub fn encode_effect(effect: &Effect) -> proto::Effect {
    proto::Effect {
        effective_on: effect.effective_on.get(),
        entries: effect.entries.iter().map(encode_entry).collect(),
        rows: effect.rows.iter().map(|(name, row)| row_message(name, row)).collect(),
        flags: effect.flags.iter().map(encode_flag).collect(),
        memo: effect.memo.clone(),
        evidence: effect.evidence.clone(),
        meeting: effect.meeting.clone(),
        grant: effect.grant.clone(),
        reverses: effect.reverses.as_ref().map(|(request, line)| proto::Reverses {
            request_id: request.as_str().to_owned(),
            line: *line,
        }),
        lot_moves: effect.lot_moves.clone(),
        cause: effect.cause.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
    }
}

fn decode_effect(effect: proto::Effect) -> Result<Effect, CodecError> {
    let reverses = match effect.reverses {
        None => None,
        Some(reverses) => {
            let request = RequestId::new(&reverses.request_id);
            Some((request.ok_or(CodecError::Unknown("request id"))?, reverses.line))
        }
    };
    let cause = optional_request(&effect.cause)?;
    Ok(Effect {
        effective_on: Day::new(effect.effective_on),
        entries: effect.entries.into_iter().map(decode_entry).collect::<Result<_, _>>()?,
        rows: effect.rows.into_iter().map(decode_row).collect::<Result<_, _>>()?,
        flags: effect.flags.into_iter().map(decode_flag).collect::<Result<_, _>>()?,
        memo: effect.memo,
        evidence: effect.evidence,
        meeting: effect.meeting,
        grant: effect.grant,
        reverses,
        lot_moves: effect.lot_moves,
        cause,
    })
}

fn encode_entry(entry: &Entry) -> proto::Entry {
    let account = proto::Account {
        entity: entry.account.ledger.entity.as_str().to_owned(),
        fund: entry.account.ledger.fund.get() as i32,
        code: entry.account.code.number(),
        subject: entry.account.subject.as_str().to_owned(),
    };
    proto::Entry {
        account: Some(account),
        amount: entry.amount.get(),
        line: entry.line,
        party: entry.party.clone(),
    }
}

fn decode_entry(entry: proto::Entry) -> Result<Entry, CodecError> {
    let account = entry.account.ok_or(CodecError::Unknown("account"))?;
    let entity = Entity::new(&account.entity).ok_or(CodecError::Unknown("entity"))?;
    let ledger = Ledger::new(entity, account.fund());
    let code = Code::from_number(account.code).ok_or(CodecError::Unknown("account code"))?;
    let subject = Subject::parse(&account.subject).ok_or(CodecError::Unknown("subject"))?;
    Ok(Entry {
        account: ledger.account_of(code, subject),
        amount: Sen::new(entry.amount),
        line: entry.line,
        party: entry.party,
    })
}

fn encode_flag(flag: &Flag) -> proto::Flag {
    proto::Flag {
        reason: flag.remark.reason.name().to_owned(),
        line: flag.line,
        details: encode_details(&flag.remark),
    }
}

fn decode_flag(flag: proto::Flag) -> Result<Flag, CodecError> {
    let remark = decode_refusal(&flag.reason, String::new(), flag.details)?;
    Ok(Flag { remark, line: flag.line })
}

/// A row as the message that stands in records.
pub fn row_message(name: &RowName, row: &Row) -> proto::Row {
    proto::Row { parent: name.parent.clone(), id: name.id.clone(), value: Some(row.clone()) }
}

fn decode_row(row: proto::Row) -> Result<(RowName, Row), CodecError> {
    let value = row.value.ok_or(CodecError::Unknown("row"))?;
    Ok((RowName::new(row.parent, row.id), value))
}

/// The stored bytes of a row.
pub fn encode_value(name: &RowName, row: &Row) -> Vec<u8> {
    prost::Message::encode_to_vec(&row_message(name, row))
}

/// Reads the stored bytes of a row.
///
/// Errors: as [`decode`].
pub fn decode_value(bytes: &[u8]) -> Result<Row, CodecError> {
    let row: proto::Row = prost::Message::decode(bytes)?;
    row.value.ok_or(CodecError::Unknown("row"))
}
