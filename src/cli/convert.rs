//! Between what people type or read and the messages of `simpul.v1`.

use crate::api::google_type::{Date, Decimal, Money};
use crate::api::v1::{Fund, Place, PlaceKind};
use crate::cli::mistyped::Mistyped;
use crate::cli::remote::Failure;
use crate::domain::chart::{fund_from_name, fund_name};
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::record::proto;
use crate::domain::refusal::Language;
use crate::locale::date::{format_day, parse_day};
use crate::locale::number::{format_amount, parse_amount, parse_quantity};

/// Reads an amount as people write it, for clap.
///
/// Errors: what is wrong with it.
pub fn amount(text: &str) -> Result<Sen, Mistyped> {
    Ok(parse_amount(text)?)
}

/// Reads a date as people write it, for clap.
///
/// Errors: what is wrong with it.
pub fn day(text: &str) -> Result<Day, Mistyped> {
    Ok(parse_day(text)?)
}

/// Reads a quantity as people write it, in thousandths, for clap.
///
/// Errors: what is wrong with it.
pub fn quantity(text: &str) -> Result<i64, Mistyped> {
    Ok(parse_quantity(text)?)
}

/// Reads a fund's short name, for clap.
///
/// Errors: which funds there are.
pub fn fund(text: &str) -> Result<Fund, Mistyped> {
    const UNKNOWN: Mistyped = Mistyped::new(
        "Dana yang ada: uep, sp, iks, guliran, umum, riil, kebajikan.",
        "The funds are uep, sp, iks, guliran, umum, riil, kebajikan.",
    );
    let fund = fund_from_name(text).ok_or(UNKNOWN)?;
    Fund::try_from(fund as i32).map_err(|_| UNKNOWN)
}

/// A fund's short name.
pub fn fund_text(fund: i32) -> &'static str {
    fund_name(proto::Fund::try_from(fund).unwrap_or(proto::Fund::Unspecified))
}

/// An amount of rupiah.
pub fn money(amount: Sen) -> Option<Money> {
    let sen = amount.get();
    let nanos = i32::try_from(sen % 100 * 10_000_000).unwrap_or_default();
    Some(Money { currency_code: "IDR".to_owned(), units: sen / 100, nanos })
}

/// The sen of an answer's amount; nothing where there is none.
pub fn sen(money: Option<&Money>) -> Sen {
    money.map_or(Sen::ZERO, |money| {
        Sen::new(
            money.units.saturating_mul(100).saturating_add(i64::from(money.nanos / 10_000_000)),
        )
    })
}

/// An answer's amount as people read it; empty where there is none.
pub fn money_text(money: Option<&Money>) -> String {
    money.map_or_else(String::new, |money| format_amount(sen(Some(money))))
}

/// A date.
pub fn date(day: Day) -> Option<Date> {
    let (year, month, day) = day.ymd();
    Some(Date { year, month, day })
}

/// An answer's date as people read it; empty where there is none.
pub fn date_text(date: Option<&Date>, language: Language) -> String {
    date.and_then(|date| Day::from_ymd(date.year, date.month, date.day))
        .map_or_else(String::new, |day| format_day(day, language))
}

/// A quantity from thousandths.
pub fn decimal(milli: i64) -> Option<Decimal> {
    let value = rust_decimal::Decimal::new(milli, 3).normalize().to_string();
    Some(Decimal { value })
}

/// A quantity, or percent, as people write it; empty where there is none.
pub fn decimal_text(number: Option<&Decimal>) -> String {
    number.map_or_else(String::new, |number| number.value.replace('.', ","))
}

/// A place by the word people use: `kas`, `bank`, `brankas`, or a drawer's id.
pub fn place(book: &str, text: &str) -> Place {
    let kind = match text {
        "kas" | "cash" => PlaceKind::Cash,
        "bank" => PlaceKind::Bank,
        "brankas" | "vault" => PlaceKind::Vault,
        drawer => {
            let drawer = format!("books/{book}/drawers/{drawer}");
            return Place { kind: PlaceKind::Drawer as i32, drawer };
        }
    };
    Place { kind: kind as i32, drawer: String::new() }
}

/// The last part of a resource name.
pub fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The name of an entity: `lkm` or a group's id.
pub fn entity(book: &str, id: &str) -> String {
    match id {
        "lkm" => format!("books/{book}/lkm"),
        group => format!("books/{book}/groups/{group}"),
    }
}

/// An answer that lacks what it must have: a server of another version.
pub fn incomplete(language: Language) -> Failure {
    Failure::say(
        language,
        "Jawaban server tidak lengkap; periksa versinya.",
        "The server's answer is incomplete; check its version.",
    )
}
