//! What the year's requests are made of: money, days and papers, places and names, and ids that never
//! change; and what their answers mean.

use tonic::{Response, Status};
use tonic_types::StatusExt;

use super::{BOOK, YEAR};
use crate::api::google_type::{Date, Decimal, Money};
use crate::api::v1::{
    self, EvidenceKind, Fund, HouseholdStatus, LotKind, PlaceKind, Regime, TransactionDetails,
    Zone, opening_item,
};
use crate::cli::convert::{date, decimal};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::refusal::Reason;

/// Whether a part of the year has been told.
pub(super) type Told = Result<(), Status>;

/// A month and a day of the year.
pub(super) type MonthDay = (i32, i32);

/// A request's id: the same whenever the year is told.
pub(super) fn request(of: &str, step: &str) -> String {
    format!("demo-{of}-{step}")
}

/// What was asked for was done.
pub(super) fn done<T>(answer: Result<Response<T>, Status>) -> Told {
    answer.map(drop)
}

/// What is asked for against a rule is refused, for this reason.
pub(super) fn refused<T>(reason: Reason, answer: Result<Response<T>, Status>) -> Told {
    match answer {
        Ok(_) => Err(Status::internal(format!("{reason:?} expected"))),
        Err(status) => match status.get_details_error_info() {
            Some(info) if info.reason == reason.name() => Ok(()),
            _ => Err(status),
        },
    }
}

// ---- Money and figures ----

pub(super) fn rupiah(units: i64) -> Option<Money> {
    Some(Money { currency_code: "IDR".to_owned(), units, nanos: 0 })
}

pub(super) fn percent(text: &str) -> Option<Decimal> {
    Some(Decimal { value: text.to_owned() })
}

// ---- Days, and what is written of them ----

pub(super) fn day_of(month: i32, day: i32) -> Option<Date> {
    Day::from_ymd(YEAR, month, day).and_then(date)
}

pub(super) fn next_year(month: i32, day: i32) -> Option<Date> {
    Day::from_ymd(YEAR + 1, month, day).and_then(date)
}

pub(super) fn on(month: i32, day: i32) -> Option<TransactionDetails> {
    with_memo(month, day, "")
}

pub(super) fn with_memo(month: i32, day: i32, memo: &str) -> Option<TransactionDetails> {
    Some(TransactionDetails {
        happened_on: day_of(month, day),
        memo: memo.to_owned(),
        ..TransactionDetails::default()
    })
}

/// By a minute of those who decided on it.
pub(super) fn minute(month: i32, day: i32, number: &str) -> Option<TransactionDetails> {
    with_paper(day_of(month, day), EvidenceKind::Minute, number)
}

/// By a shop's receipt.
pub(super) fn voucher(month: i32, day: i32, number: &str) -> Option<TransactionDetails> {
    with_paper(day_of(month, day), EvidenceKind::Voucher, number)
}

/// Decided on when the year was over.
pub(super) fn decided(number: &str) -> Option<TransactionDetails> {
    with_paper(next_year(1, 2), EvidenceKind::Minute, number)
}

pub(super) fn with_paper(
    happened_on: Option<Date>,
    kind: EvidenceKind,
    number: &str,
) -> Option<TransactionDetails> {
    Some(TransactionDetails {
        happened_on,
        evidence: Some(v1::Evidence { kind: kind as i32, number: number.to_owned() }),
        ..TransactionDetails::default()
    })
}

// ---- Places and purses ----

/// A place; of drawers the first counter's.
pub(super) fn place(kind: PlaceKind) -> Option<v1::Place> {
    let drawer = match kind {
        PlaceKind::Drawer => format!("books/{BOOK}/drawers/loket-1"),
        _ => String::new(),
    };
    Some(v1::Place { kind: kind as i32, drawer })
}

/// Whose money, of which fund, and where it lies.
pub(super) struct Purse {
    pub entity: String,
    pub fund: Fund,
    pub place: PlaceKind,
}

impl Purse {
    pub(super) fn of(entity: String, fund: Fund, place: PlaceKind) -> Purse {
        Purse { entity, fund, place }
    }
}

// ---- Names of the demo's book ----

pub(super) fn lkm() -> String {
    format!("books/{BOOK}/lkm")
}

pub(super) fn group(id: &str) -> String {
    format!("books/{BOOK}/groups/{id}")
}

pub(super) fn member_id(number: u32) -> String {
    format!("m{number:02}")
}

/// What a request was recorded as.
pub(super) fn transaction(request_id: &str) -> String {
    format!("books/{BOOK}/transactions/{request_id}")
}

/// A member's free savings with a group.
pub(super) fn savings_of(group: &str, number: u32) -> String {
    let code = Code::MemberSavings.number();
    format!("books/{BOOK}/accounts/{group}.sp.{code}.{}", member_id(number))
}

// ---- Messages of more than one story ----

/// A book from the first of January on.
pub(super) fn book(id: &str, name: &str, lkm_name: &str, regime: Regime) -> v1::CreateBookRequest {
    v1::CreateBookRequest {
        book_id: id.to_owned(),
        request_id: request(id, "buka"),
        display_name: name.to_owned(),
        lkm_name: lkm_name.to_owned(),
        regime: regime as i32,
        zone: Zone::Wita as i32,
        opened_on: day_of(1, 1),
    }
}

/// Somebody joins, the only one of their household.
pub(super) fn person(
    parent: String,
    request_id: String,
    number: u32,
    name: &str,
    joined_on: Option<Date>,
) -> v1::EnrolMemberRequest {
    v1::EnrolMemberRequest {
        parent,
        request_id,
        member_id: member_id(number),
        display_name: format!("{name} (contoh)"),
        nik: String::new(),
        household: format!("kk-{number:02}"),
        status: HouseholdStatus::Miskin as i32,
        joined_on,
    }
}

/// One piece of something.
pub(super) fn one(id: &str, kind: LotKind, label: &str, cost: i64) -> v1::NewLot {
    v1::NewLot {
        lot_id: id.to_owned(),
        kind: kind as i32,
        label: label.to_owned(),
        unit: "buah".to_owned(),
        quantity: decimal(1_000),
        cost: rupiah(cost),
    }
}

/// What was on an account when its book began.
pub(super) fn balance(code: Code, subject: &str, much: i64) -> v1::OpeningItem {
    let account = v1::OpeningAccount {
        code: code.number(),
        subject: subject.to_owned(),
        amount: rupiah(much),
    };
    v1::OpeningItem { item: Some(opening_item::Item::Account(account)) }
}

/// What there was when its book began.
pub(super) fn thing(lot: v1::NewLot) -> v1::OpeningItem {
    v1::OpeningItem { item: Some(opening_item::Item::Lot(lot)) }
}

pub(super) fn member_part(number: u32, much: i64) -> v1::MemberPart {
    v1::MemberPart { member_id: member_id(number), amount: rupiah(much) }
}
