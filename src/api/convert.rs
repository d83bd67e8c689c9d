//! From what callers write to what the ledger takes, and back.
//!
//! **Invariant**: whatever passes here is well-formed: names are names, money is a positive count
//! of sen, days exist, texts are printable and short enough. Every complaint names the field.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::api::errors::{Fault, Problem};
use crate::api::google_type;
use crate::api::v1;
use crate::domain::account::{Account, Ledger};
use crate::domain::cash::Place;
use crate::domain::chart::fund_name;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::lot::NewLot;
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, Fund};

/// A checked value, or the complaint about its field.
pub type Checked<T> = Result<T, Problem>;

/// The largest quantity, in thousandths of a unit: a billion units.
const MAX_MILLI: i64 = 1_000_000_000_000;
/// The largest page.
const MAX_PAGE: u32 = 500;
/// A page where none is asked for.
const USUAL_PAGE: u32 = 50;

// ---- names ------------------------------------------------------------------------------------

/// Splits `books/{book}/rest`.
fn within_book<'a>(name: &'a str, field: &str) -> Checked<(Id, &'a str)> {
    let (book, rest) = name
        .strip_prefix("books/")
        .and_then(|name| name.split_once('/'))
        .ok_or_else(|| malformed(name, field))?;
    Ok((id(book, field)?, rest))
}

fn malformed(name: &str, field: &str) -> Problem {
    if name.is_empty() { Fault::Required.on(field) } else { Fault::NameMalformed.on(field) }
}

/// An id chosen by the client.
/// Errors: `REQUIRED`, `ID_MALFORMED`.
pub fn id(text: &str, field: &str) -> Checked<Id> {
    let fault = if text.is_empty() { Fault::Required } else { Fault::IdMalformed };
    Id::new(text).ok_or_else(|| fault.on(field))
}

/// An id, or nothing.
/// Errors: `ID_MALFORMED`.
pub fn optional_id(text: &str, field: &str) -> Checked<Option<Id>> {
    if text.is_empty() { Ok(None) } else { id(text, field).map(Some) }
}

/// `books/{book}`.
/// Errors: `REQUIRED`, `NAME_MALFORMED`, `ID_MALFORMED`.
pub fn book(name: &str, field: &str) -> Checked<Id> {
    let book = name.strip_prefix("books/").filter(|book| !book.contains('/'));
    id(book.ok_or_else(|| malformed(name, field))?, field)
}

/// `books/{book}/lkm` or `books/{book}/groups/{group}`.
/// Errors: as [`book`].
pub fn entity(name: &str, field: &str) -> Checked<(Id, Entity)> {
    let (book, rest) = within_book(name, field)?;
    Ok((book, entity_path(rest, name, field)?))
}

/// The book of an LKM, by the LKM's name. Errors: `NAME_MALFORMED`, `WRONG_PARENT` for a KUBE.
pub fn lkm(name: &str, field: &str) -> Checked<Id> {
    match entity(name, field)? {
        (book, Entity::Lkm) => Ok(book),
        (_, Entity::Kube(_)) => Err(Fault::WrongParent.on(field)),
    }
}

fn entity_path(path: &str, name: &str, field: &str) -> Checked<Entity> {
    if path == "lkm" {
        return Ok(Entity::Lkm);
    }
    let group = path.strip_prefix("groups/").filter(|group| !group.contains('/'));
    match Entity::new(group.ok_or_else(|| malformed(name, field))?) {
        Some(entity @ Entity::Kube(_)) => Ok(entity),
        _ => Err(malformed(name, field)),
    }
}

/// `books/{book}/groups/{group}`.
/// Errors: as [`book`]; `NAME_MALFORMED` for the LKM.
pub fn group(name: &str, field: &str) -> Checked<(Id, Id)> {
    match entity(name, field)? {
        (book, Entity::Kube(group)) => Ok((book, group)),
        (_, Entity::Lkm) => Err(malformed(name, field)),
    }
}

/// The name of something an entity owns: `books/{book}/{entity}/{collection}/{id}`.
/// Errors: as [`book`].
pub fn owned(name: &str, collection: &str, field: &str) -> Checked<(Id, Entity, Id)> {
    let (book, rest) = within_book(name, field)?;
    let (parent, last) = rest.rsplit_once('/').ok_or_else(|| malformed(name, field))?;
    let owner = parent.strip_suffix(collection).and_then(|parent| parent.strip_suffix('/'));
    let owner = entity_path(owner.ok_or_else(|| malformed(name, field))?, name, field)?;
    Ok((book, owner, id(last, field)?))
}

/// As [`owned`], of a KUBE.
/// Errors: as [`book`]; `NAME_MALFORMED` for what is the LKM's.
pub fn owned_by_group(name: &str, collection: &str, field: &str) -> Checked<(Id, Id, Id)> {
    match owned(name, collection, field)? {
        (book, Entity::Kube(group), id) => Ok((book, group, id)),
        (_, Entity::Lkm, _) => Err(malformed(name, field)),
    }
}

/// As [`owned`], by this very entity of this book.
/// Errors: as [`book`]; `WRONG_PARENT` for what is another's.
pub fn owned_by(name: &str, owner: (&Id, &Entity), collection: &str, field: &str) -> Checked<Id> {
    let (book, entity, id) = owned(name, collection, field)?;
    if (&book, &entity) == owner { Ok(id) } else { Err(Fault::WrongParent.on(field)) }
}

/// As [`owned_by`]; an empty name is nothing.
/// Errors: as [`owned_by`].
pub fn optional_owned_by(
    name: &str,
    owner: (&Id, &Entity),
    collection: &str,
    field: &str,
) -> Checked<Option<Id>> {
    if name.is_empty() { Ok(None) } else { owned_by(name, owner, collection, field).map(Some) }
}

/// `books/{book}/transactions/{request_id}`.
/// Errors: `REQUIRED`, `NAME_MALFORMED`, `ID_MALFORMED` for the book.
pub fn transaction(name: &str, field: &str) -> Checked<(Id, RequestId)> {
    let (book, rest) = within_book(name, field)?;
    let request = rest.strip_prefix("transactions/").and_then(RequestId::new);
    Ok((book, request.ok_or_else(|| malformed(name, field))?))
}

/// `books/{book}/accounts/{account}`.
/// Errors: `REQUIRED`, `NAME_MALFORMED`, `ACCOUNT_MALFORMED`.
pub fn account(name: &str, field: &str) -> Checked<(Id, Account)> {
    let (book, rest) = within_book(name, field)?;
    let text = rest.strip_prefix("accounts/").ok_or_else(|| malformed(name, field))?;
    let account = Account::parse(text).ok_or_else(|| Fault::AccountMalformed.on(field))?;
    // One account has one name.
    if account.to_string() != text || !account.code.belongs_to(&account.ledger.entity) {
        return Err(Fault::AccountMalformed.on(field));
    }
    Ok((book, account))
}

/// A client's request id.
/// Errors: `REQUIRED`, `REQUEST_ID_MALFORMED`.
pub fn request_id(text: &str) -> Checked<RequestId> {
    let fault = if text.is_empty() { Fault::Required } else { Fault::RequestIdMalformed };
    RequestId::new(text).ok_or_else(|| fault.on("request_id"))
}

/// The name of a book.
pub fn book_name(book: &Id) -> String {
    format!("books/{book}")
}

/// The name of an entity.
pub fn entity_name(book: &Id, entity: &Entity) -> String {
    format!("books/{book}/{}", entity.path())
}

/// The name of a register row, given as it stands in the journal; empty for nothing.
pub fn row_name(book: &Id, row: impl std::fmt::Display) -> String {
    match row.to_string().as_str() {
        "" => String::new(),
        row => format!("books/{book}/{row}"),
    }
}

/// The name of an account.
pub fn account_name(book: &Id, account: &Account) -> String {
    format!("books/{book}/accounts/{account}")
}

/// The name of the transaction that a request makes.
pub fn transaction_name(book: &Id, request: &str) -> String {
    match request {
        "" => String::new(),
        request => format!("books/{book}/transactions/{request}"),
    }
}

// ---- money, quantities, days ------------------------------------------------------------------

/// Money of zero or more.
/// Errors: `REQUIRED`, `CURRENCY_NOT_IDR`, `NOT_WHOLE_SEN`, `AMOUNT_NEGATIVE`, `AMOUNT_TOO_LARGE`.
pub fn money_or_zero(money: Option<&google_type::Money>, field: &str) -> Checked<Sen> {
    let money = money.ok_or_else(|| Fault::Required.on(field))?;
    if money.currency_code != "IDR" {
        return Err(Fault::CurrencyNotIdr.on(field));
    }
    let mixed = (money.units > 0 && money.nanos < 0) || (money.units < 0 && money.nanos > 0);
    if mixed || money.nanos % 10_000_000 != 0 || money.nanos.unsigned_abs() >= 1_000_000_000 {
        return Err(Fault::NotWholeSen.on(field));
    }
    if money.units < 0 || money.nanos < 0 {
        return Err(Fault::AmountNegative.on(field));
    }
    let whole = Sen::from_rupiah(money.units);
    let amount =
        whole.and_then(|whole| whole.plus(Sen::new(i64::from(money.nanos / 10_000_000))).ok());
    amount
        .filter(|amount| *amount <= Sen::MAX_REQUEST)
        .ok_or_else(|| Fault::AmountTooLarge.on(field))
}

/// Money on either side of zero.
pub fn signed_money(money: &google_type::Money, field: &str) -> Checked<Sen> {
    let below = money.units < 0 || money.nanos < 0;
    if !below {
        return money_or_zero(Some(money), field);
    }
    let google_type::Money { currency_code, units, nanos } = money.clone();
    let (units, nanos) = (units.saturating_neg(), nanos.saturating_neg());
    let above = google_type::Money { currency_code, units, nanos };
    if units < 0 || nanos < 0 {
        return Err(Fault::NotWholeSen.on(field));
    }
    Ok(money_or_zero(Some(&above), field)?.negated()?)
}

/// Money of more than zero.
/// Errors: as [`money_or_zero`], and `AMOUNT_ZERO`.
pub fn money(money: Option<&google_type::Money>, field: &str) -> Checked<Sen> {
    let amount = money_or_zero(money, field)?;
    if amount.is_positive() { Ok(amount) } else { Err(Fault::AmountZero.on(field)) }
}

/// Sen as the API writes money.
pub fn to_money(sen: Sen) -> google_type::Money {
    let nanos = sen.get() % 100 * 10_000_000;
    google_type::Money {
        currency_code: "IDR".to_owned(),
        units: sen.get() / 100,
        // Less than a billion on either side.
        nanos: i32::try_from(nanos).unwrap_or_default(),
    }
}

/// A quantity of more than zero, in thousandths of a unit.
/// Errors: `REQUIRED`, `QUANTITY_MALFORMED`, `QUANTITY_OUT_OF_RANGE`.
pub fn quantity(quantity: Option<&google_type::Decimal>, field: &str) -> Checked<i64> {
    let quantity = quantity.ok_or_else(|| Fault::Required.on(field))?;
    let number: Decimal = quantity.value.parse().map_err(|_| Fault::QuantityMalformed.on(field))?;
    let number = number.normalize();
    if number.scale() > 3 {
        return Err(Fault::QuantityMalformed.on(field));
    }
    let milli = number.checked_mul(Decimal::ONE_THOUSAND).and_then(|milli| milli.to_i64());
    let milli = milli.filter(|milli| (1..=MAX_MILLI).contains(milli));
    milli.ok_or_else(|| Fault::QuantityOutOfRange.on(field))
}

/// Thousandths of a unit as the API writes quantities.
pub fn to_quantity(milli: i64) -> google_type::Decimal {
    google_type::Decimal { value: Decimal::new(milli, 3).normalize().to_string() }
}

/// A decimal number as the domain writes it; none for what is not set.
pub fn to_decimal(text: &str) -> Option<google_type::Decimal> {
    (!text.is_empty()).then(|| google_type::Decimal { value: text.to_owned() })
}

/// A decimal number as the domain reads it, which checks it; empty for what is not set.
pub fn decimal(number: Option<&google_type::Decimal>) -> String {
    number.map_or_else(String::new, |number| number.value.clone())
}

/// A percentage of 0 to 100 with at most three decimals.
/// Errors: `REQUIRED`, `QUANTITY_MALFORMED`, `NUMBER_OUT_OF_RANGE`.
pub fn percent(percent: Option<&google_type::Decimal>, field: &str) -> Checked<Decimal> {
    let percent = percent.ok_or_else(|| Fault::Required.on(field))?;
    let number: Decimal = percent.value.parse().map_err(|_| Fault::QuantityMalformed.on(field))?;
    let number = number.normalize();
    if number.scale() > 3 {
        return Err(Fault::QuantityMalformed.on(field));
    }
    let ok = (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&number);
    if ok { Ok(number) } else { Err(Fault::NumberOutOfRange.on(field)) }
}

/// A count of heads, more than zero.
/// Errors: `QUANTITY_OUT_OF_RANGE`.
pub fn heads(heads: i64) -> Checked<i64> {
    let ok = (1..=MAX_MILLI / 1000).contains(&heads);
    if ok { Ok(heads) } else { Err(Fault::QuantityOutOfRange.on("heads")) }
}

/// A day, if one is set.
/// Errors: `DATE_MALFORMED`.
pub fn optional_day(date: Option<&google_type::Date>, field: &str) -> Checked<Option<Day>> {
    let Some(date) = date else { return Ok(None) };
    let day = Day::from_ymd(date.year, date.month, date.day);
    day.map(Some).ok_or_else(|| Fault::DateMalformed.on(field))
}

/// A day.
/// Errors: `REQUIRED`, `DATE_MALFORMED`.
pub fn day(date: Option<&google_type::Date>, field: &str) -> Checked<Day> {
    optional_day(date, field)?.ok_or_else(|| Fault::Required.on(field))
}

/// A day as the API writes dates.
pub fn to_date(day: Day) -> google_type::Date {
    let (year, month, day) = day.ymd();
    google_type::Date { year, month, day }
}

/// A stored day; 0 means none.
pub fn to_optional_date(days: i32) -> Option<google_type::Date> {
    (days != 0).then(|| to_date(Day::new(days)))
}

/// An instant in microseconds since 1970-01-01T00:00:00Z.
pub fn to_timestamp(micros: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        // Less than a billion.
        nanos: i32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or_default(),
    }
}

// ---- texts, choices, pages --------------------------------------------------------------------

/// A line of plain text, at most `max` characters, possibly empty.
/// Errors: `TEXT_MALFORMED`, `TEXT_TOO_LONG`.
pub fn line(text: &str, max: usize, field: &str) -> Checked<String> {
    if text.chars().any(char::is_control) {
        return Err(Fault::TextMalformed.on(field));
    }
    within(text, max, field)?;
    Ok(text.trim().to_owned())
}

/// A line of plain text that must not be empty.
/// Errors: `REQUIRED`, `TEXT_MALFORMED`, `TEXT_TOO_LONG`.
pub fn required_line(text: &str, max: usize, field: &str) -> Checked<String> {
    let text = line(text, max, field)?;
    if text.is_empty() { Err(Fault::Required.on(field)) } else { Ok(text) }
}

/// Lines of text, possibly none.
/// Errors: `TEXT_MALFORMED`, `TEXT_TOO_LONG`.
pub fn prose(text: &str, max: usize, field: &str) -> Checked<()> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Fault::TextMalformed.on(field));
    }
    within(text, max, field)
}

fn within(text: &str, max: usize, field: &str) -> Checked<()> {
    if text.chars().nth(max).is_some() { Err(Fault::TextTooLong.on(field)) } else { Ok(()) }
}

/// An identity number, or none yet.
/// Errors: `NIK_MALFORMED`.
pub fn nik(text: &str, field: &str) -> Checked<()> {
    let ok = text.is_empty() || (text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit()));
    if ok { Ok(()) } else { Err(Fault::NikMalformed.on(field)) }
}

/// A choice that must be set. The API's numbers are the journal's.
/// Errors: `CHOICE_UNKNOWN`.
pub fn choice<T: TryFrom<i32>>(number: i32, field: &str) -> Checked<T> {
    let known = (number != 0).then(|| T::try_from(number).ok()).flatten();
    known.ok_or_else(|| Fault::ChoiceUnknown.on(field))
}

/// A choice that may be left open.
/// Errors: `CHOICE_UNKNOWN`.
pub fn open_choice<T: TryFrom<i32>>(number: i32, field: &str) -> Checked<T> {
    T::try_from(number).map_err(|_| Fault::ChoiceUnknown.on(field))
}

/// A number of rows that must be there and not be too many.
/// Errors: `REQUIRED`, `TOO_MANY`.
pub fn count<T>(rows: &[T], most: usize, field: &str) -> Checked<()> {
    match rows.len() {
        0 => Err(Fault::Required.on(field)),
        n if n > most => Err(Fault::TooMany.on(field)),
        _ => Ok(()),
    }
}

/// A number of rows that must not be too many.
/// Errors: `TOO_MANY`.
pub fn at_most<T>(rows: &[T], most: usize, field: &str) -> Checked<()> {
    if rows.len() <= most { Ok(()) } else { Err(Fault::TooMany.on(field)) }
}

/// A page's size.
/// Errors: `PAGE_SIZE`.
pub fn page_size(size: i32) -> Checked<u32> {
    match u32::try_from(size) {
        Ok(0) => Ok(USUAL_PAGE),
        Ok(size) if size <= MAX_PAGE => Ok(size),
        _ => Err(Fault::PageSize.on("page_size")),
    }
}

/// What a page token of ours stands for; empty for the first page.
/// Errors: `PAGE_TOKEN`.
pub fn page_token(token: &str) -> Checked<String> {
    let text = hex::decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.filter(|text| text.len() <= 200 && !text.chars().any(char::is_control));
    text.ok_or_else(|| Fault::PageToken.on("page_token"))
}

/// The numbers that a page token of ours stands for; none for the first page.
/// Errors: `PAGE_TOKEN`.
pub fn page_numbers<const N: usize>(token: &str) -> Checked<Option<[i64; N]>> {
    let text = page_token(token)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Fault::PageToken.on("page_token");
    let numbers: Result<Vec<i64>, _> = text.split(' ').map(str::parse).collect();
    let numbers = numbers.ok().and_then(|numbers| <[i64; N]>::try_from(numbers).ok());
    numbers.map(Some).ok_or_else(wrong)
}

/// A page token.
pub fn to_page_token(last: &str) -> String {
    hex::encode(last)
}

/// A page token of numbers.
pub fn to_page_numbers<const N: usize>(numbers: [i64; N]) -> String {
    to_page_token(&numbers.map(|number| number.to_string()).join(" "))
}

// ---- composites -------------------------------------------------------------------------------

/// One of an entity's funds.
/// Errors: `CHOICE_UNKNOWN`.
pub fn ledger(entity: &Entity, fund: i32, field: &str) -> Checked<Ledger> {
    Ok(Ledger::new(entity.clone(), choice::<Fund>(fund, field)?))
}

/// Where money lies. `book` is the book of the request.
/// Errors: `REQUIRED`, `CHOICE_UNKNOWN`, `NAME_MALFORMED`, `WRONG_PARENT`.
pub fn place(place: Option<&v1::Place>, book: &Id, field: &str) -> Checked<Place> {
    let place = place.ok_or_else(|| Fault::Required.on(field))?;
    let drawer_field = format!("{field}.drawer");
    let kind: v1::PlaceKind = choice(place.kind, &format!("{field}.kind"))?;
    if kind != v1::PlaceKind::Drawer && !place.drawer.is_empty() {
        return Err(Fault::NameMalformed.on(&drawer_field));
    }
    match kind {
        v1::PlaceKind::Cash => Ok(Place::Cash),
        v1::PlaceKind::Bank => Ok(Place::Bank),
        v1::PlaceKind::Vault => Ok(Place::Vault),
        v1::PlaceKind::Drawer => drawer(&place.drawer, book, &drawer_field).map(Place::Drawer),
        v1::PlaceKind::Unspecified => Err(Fault::ChoiceUnknown.on(field)),
    }
}

/// `books/{book}/drawers/{drawer}` of this very book.
/// Errors: as [`any_drawer`]; `WRONG_PARENT` for another book's.
pub fn drawer(name: &str, book: &Id, field: &str) -> Checked<Id> {
    let (of, drawer) = any_drawer(name, field)?;
    if of == *book { Ok(drawer) } else { Err(Fault::WrongParent.on(field)) }
}

/// `books/{book}/drawers/{drawer}`.
/// Errors: `REQUIRED`, `NAME_MALFORMED`, `ID_MALFORMED`.
pub fn any_drawer(name: &str, field: &str) -> Checked<(Id, Id)> {
    let (book, rest) = within_book(name, field)?;
    let drawer = rest.strip_prefix("drawers/").ok_or_else(|| malformed(name, field))?;
    Ok((book, id(drawer, field)?))
}

/// A lot that comes into being.
/// Errors: `REQUIRED`, and what is wrong with one of its fields, by its own name.
pub fn new_lot(lot: &v1::NewLot, field: &str) -> Checked<NewLot> {
    let at = |name: &str| format!("{field}.{name}");
    Ok(NewLot {
        lot: id(&lot.lot_id, &at("lot_id"))?,
        kind: choice(lot.kind, &at("kind"))?,
        label: required_line(&lot.label, 80, &at("label"))?,
        unit: required_line(&lot.unit, 20, &at("unit"))?,
        quantity_milli: quantity(lot.quantity.as_ref(), &at("quantity"))?,
        cost: money(lot.cost.as_ref(), &at("cost"))?,
    })
}

/// The paper behind a transaction.
/// Errors: `CHOICE_UNKNOWN`, `TEXT_MALFORMED`, `TEXT_TOO_LONG`.
pub fn evidence(evidence: Option<&v1::Evidence>) -> Checked<Option<proto::Evidence>> {
    let Some(evidence) = evidence else { return Ok(None) };
    let kind: proto::EvidenceKind = choice(evidence.kind, "details.evidence.kind")?;
    let number = line(&evidence.number, 80, "details.evidence.number")?;
    Ok(Some(proto::Evidence { kind: kind as i32, number }))
}

/// Checks that what is asked was decided by a signed minute, and that its number is said.
/// Errors: `REQUIRED`.
pub fn by_minute(details: Option<&v1::TransactionDetails>) -> Checked<()> {
    let paper = details.and_then(|details| details.evidence.as_ref());
    let minute = paper.filter(|paper| paper.kind() == v1::EvidenceKind::Minute);
    match minute.filter(|minute| !minute.number.is_empty()) {
        Some(_) => Ok(()),
        None => Err(Fault::Required.on("details.evidence")),
    }
}

/// The meeting a transaction belongs to.
/// Errors: `NAME_MALFORMED`, `ID_MALFORMED`, `WRONG_PARENT`.
pub fn meeting(name: &str, book: &Id) -> Checked<Option<RowName>> {
    if name.is_empty() {
        return Ok(None);
    }
    let (of, group, meeting) = owned_by_group(name, "meetings", "details.meeting")?;
    if of != *book {
        return Err(Fault::WrongParent.on("details.meeting"));
    }
    Ok(Some(crate::domain::register::meeting_name(&group, &meeting)))
}

/// The prefix of the names of accounts: of an entity, one of its funds, or one code of a fund.
pub fn account_prefix(entity: &Entity, fund: Option<Fund>, code: Option<u32>) -> String {
    match (fund, code) {
        (None, _) => format!("{entity}."),
        (Some(fund), None) => format!("{entity}.{}.", fund_name(fund)),
        (Some(fund), Some(code)) => format!("{entity}.{}.{code}", fund_name(fund)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idr(units: i64, nanos: i32) -> google_type::Money {
        google_type::Money { currency_code: "IDR".to_owned(), units, nanos }
    }

    fn fault<T: std::fmt::Debug>(result: Checked<T>) -> Fault {
        match result {
            Err(Problem::Fault(fault, _)) => fault,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn money_is_whole_sen_of_rupiah() {
        assert_eq!(money(Some(&idr(50_000, 0)), "amount"), Ok(Sen::new(5_000_000)));
        assert_eq!(money(Some(&idr(0, 10_000_000)), "amount"), Ok(Sen::new(1)));
        assert_eq!(money_or_zero(Some(&idr(0, 0)), "amount"), Ok(Sen::ZERO));
        for (wrong, expected) in [
            (idr(0, 0), Fault::AmountZero),
            (idr(1, 1), Fault::NotWholeSen),
            (idr(1, 1_000_000_000), Fault::NotWholeSen),
            (idr(1, -10_000_000), Fault::NotWholeSen),
            (idr(-1, 0), Fault::AmountNegative),
            (idr(0, -10_000_000), Fault::AmountNegative),
            (idr(i64::MAX, 0), Fault::AmountTooLarge),
            (idr(100_000_000_000_000, 10_000_000), Fault::AmountTooLarge),
            (
                google_type::Money { currency_code: "USD".to_owned(), ..idr(1, 0) },
                Fault::CurrencyNotIdr,
            ),
        ] {
            assert_eq!(fault(money(Some(&wrong), "amount")), expected, "{wrong:?}");
        }
        assert_eq!(fault(money(None, "amount")), Fault::Required);
        assert_eq!(to_money(Sen::new(-150)), idr(-1, -500_000_000));
    }

    #[test]
    fn quantities_have_at_most_three_decimals() {
        let parse = |text: &str| {
            quantity(Some(&google_type::Decimal { value: text.to_owned() }), "quantity")
        };
        assert_eq!(parse("12.5"), Ok(12_500));
        assert_eq!(parse("0.0010"), Ok(1));
        for text in ["", "1,5", "0.0001", "NaN", "1e400"] {
            assert_eq!(fault(parse(text)), Fault::QuantityMalformed, "{text}");
        }
        for text in ["0", "-1", "1000000001", "79228162514264337593543950335"] {
            assert_eq!(fault(parse(text)), Fault::QuantityOutOfRange, "{text}");
        }
        assert_eq!(to_quantity(12_500).value, "12.5");
    }

    #[test]
    fn names_are_read_back_as_written() {
        let name = "books/kupang/groups/tunas-baru/members/m01";
        let (book, entity, member) = owned(name, "members", "member").expect("a name");
        assert_eq!(row_name(&book, RowName::of(&entity, "members", member.as_str())), name);
        for wrong in [
            "",
            "books/kupang",
            "books/kupang/members/m01",
            "books/kupang/groups/lkm/members/m01",
            "books/kupang/groups/tunas-baru/xmembers/m01",
            "books/kupang/groups/tunas-baru/members/M01",
            "books/kupang/groups/tunas-baru/members/m01/",
            "books//groups/tunas-baru/members/m01",
            "kupang/groups/tunas-baru/members/m01",
        ] {
            assert!(owned(wrong, "members", "member").is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_account_has_one_name_and_a_chart() {
        assert!(account("books/kupang/accounts/tunas-baru.sp.2103.m01", "account").is_ok());
        for wrong in ["tunas-baru.sp.02103.m01", "lkm.sp.1101", "tunas-baru.xx.1101", "x"] {
            let name = format!("books/kupang/accounts/{wrong}");
            assert_eq!(fault(account(&name, "account")), Fault::AccountMalformed, "{wrong}");
        }
    }

    #[test]
    fn pages_are_bounded_and_tokens_ours() {
        assert_eq!(page_size(0), Ok(50));
        assert_eq!(fault(page_size(501)), Fault::PageSize);
        assert_eq!(fault(page_size(-1)), Fault::PageSize);
        assert_eq!(page_numbers(&to_page_numbers([7, -3])), Ok(Some([7, -3])));
        assert_eq!(page_numbers::<2>(""), Ok(None));
        for wrong in ["zz", "31", "3720"] {
            assert_eq!(fault(page_numbers::<2>(wrong)), Fault::PageToken, "{wrong}");
        }
    }

    /// The API's enums are read as the journal's by number.
    #[test]
    fn the_enums_of_api_and_journal_agree() {
        macro_rules! agree {
            ($($api:ident = $journal:ident),+) => {$(
                for number in -1..20 {
                    let api = v1::$api::try_from(number).ok().map(|value| value.as_str_name());
                    let journal =
                        proto::$journal::try_from(number).ok().map(|value| value.as_str_name());
                    let suffix = |name: Option<&'static str>, prefix: &str| {
                        name.and_then(|name| name.strip_prefix(prefix)).map(str::to_owned)
                    };
                    let (zero_api, zero_journal) =
                        (v1::$api::Unspecified.as_str_name(), proto::$journal::Unspecified.as_str_name());
                    let prefix = |zero: &str| zero.replace("UNSPECIFIED", "");
                    assert_eq!(
                        suffix(api, &prefix(zero_api)),
                        suffix(journal, &prefix(zero_journal)),
                        "{number} of {}", stringify!($api)
                    );
                }
            )+};
        }
        agree!(
            Fund = Fund,
            Regime = Regime,
            Principle = Principle,
            BoundedFigure = BoundedFigure,
            BoundEffect = BoundEffect,
            Zone = Zone,
            Stage = Stage,
            Standing = Standing,
            MoveState = TransitState,
            Office = Office,
            HouseholdStatus = Status,
            PartyKind = PartyKind,
            BudgetSource = BudgetSource,
            GrantChannel = GrantChannel,
            LotKind = LotKind,
            LossCause = LossCause,
            LetterDirection = LetterDirection,
            SheetState = SheetState,
            SheetLineKind = SheetLineKind,
            ExpenseKind = ExpenseKind,
            DuesPeriod = DuesPeriod,
            ReliefKind = ReliefKind,
            TermState = TermState,
            SurplusUse = SurplusUse,
            SavingsSort = SavingsSort,
            SavingsMethod = SavingsMethod,
            SavingsDayCount = SavingsDayCount,
            OnMaturity = OnMaturity,
            MemberMeasure = MemberMeasure,
            EvidenceKind = EvidenceKind,
            AttachmentSort = AttachmentSort,
            Aspect = Aspect,
            Band = Band,
            LoanMethod = LoanMethod,
            LoanFrequency = LoanFrequency,
            DayCount = DayCount,
            InterestGrace = InterestGrace,
            PenaltyPer = PenaltyPer,
            LoanPart = LoanPart,
            Overpayment = Overpayment,
            Recognition = Recognition,
            LoanState = LoanState,
            LoanFactKind = LoanFactKind,
            QualityMeasure = QualityMeasure,
            QualityPreset = QualityPreset
        );
    }
}
