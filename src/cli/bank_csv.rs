//! A bank's statement as a bank writes it out: a table, one line per movement.
//!
//! Columns, in any order: `tanggal`, `keterangan`, `masuk` or `kredit`, `keluar` or `debet` (one of
//! the two has an amount), `saldo`, and `nomor`, the bank's reference. Commas or semicolons stand
//! between them. Where the bank gives no reference one is made of the day, the amount and a count,
//! so that the same line has the same reference whenever it is read. The newest may stand first.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::v1::BankLine;
use crate::api::v1::bank_line::Movement;
use crate::cli::convert::{date, money};
use crate::cli::remote::Failure;
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::refusal::Language;
use crate::locale::date::parse_day;
use crate::locale::number::parse_amount;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Row {
    tanggal: String,
    keterangan: String,
    #[serde(alias = "kredit")]
    masuk: String,
    #[serde(alias = "debet", alias = "debit")]
    keluar: String,
    saldo: String,
    #[serde(alias = "referensi")]
    nomor: String,
}

/// Reads a statement's lines, oldest first.
///
/// Errors: a sentence that names the line, the column and what is wrong with it.
pub fn read(text: &str, language: Language) -> Result<Vec<BankLine>, Failure> {
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.trim(csv::Trim::All).delimiter(delimiter).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| wrong(0, &error.to_string(), language))?;
    let headers = headers.iter().map(str::to_lowercase).collect();
    reader.set_headers(headers);
    let mut lines = Vec::new();
    for (number, row) in (1..).zip(reader.deserialize()) {
        let row: Row = row.map_err(|error| wrong(number, &error.to_string(), language))?;
        lines.push(line(row, language).map_err(|what| wrong(number, &what, language))?);
    }
    if let (Some((first, _)), Some((last, _))) = (lines.first(), lines.last())
        && first > last
    {
        lines.reverse();
    }
    Ok(referred(lines))
}

fn wrong(number: usize, what: &str, language: Language) -> Failure {
    let id = format!("Baris {number} dari rekening koran: {what}");
    Failure::say(language, &id, &format!("Line {number} of the statement: {what}"))
}

fn line(row: Row, language: Language) -> Result<(Day, BankLine), String> {
    let day = parse_day(&row.tanggal);
    let day = day.map_err(|error| format!("tanggal: {}", error.text(language)))?;
    let amount = |column: &str, text: &str| match text {
        "" | "-" => Ok(Sen::ZERO),
        text => parse_amount(text).map_err(|error| format!("{column}: {}", error.text(language))),
    };
    let (came_in, went_out) = (amount("masuk", &row.masuk)?, amount("keluar", &row.keluar)?);
    let movement = match (came_in.is_positive(), went_out.is_positive()) {
        (true, false) => money(came_in).map(Movement::MoneyIn),
        (false, true) => money(went_out).map(Movement::MoneyOut),
        _ => return Err(one_amount(language).to_owned()),
    };
    let balance = match row.saldo.strip_prefix('-') {
        _ if row.saldo.is_empty() => None,
        Some(below) => money(Sen::new(amount("saldo", below)?.get().saturating_neg())),
        None => money(amount("saldo", &row.saldo)?),
    };
    let line = BankLine {
        reference: tidy(&row.nomor),
        date: date(day),
        movement,
        text: row.keterangan,
        balance,
        ..BankLine::default()
    };
    Ok((day, line))
}

const fn one_amount(language: Language) -> &'static str {
    match language {
        Language::Indonesian => "masuk, keluar: isi salah satu dengan jumlah lebih dari nol.",
        Language::English => "masuk, keluar: one of them has an amount of more than zero.",
    }
}

/// A reference in the signs that references have.
fn tidy(text: &str) -> String {
    text.split([' ', '/']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Gives a reference to each line that has none.
fn referred(lines: Vec<(Day, BankLine)>) -> Vec<BankLine> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let refer = |(day, mut line): (Day, BankLine)| {
        if line.reference.is_empty() {
            let (year, month, day) = day.ymd();
            let (sign, amount) = match &line.movement {
                Some(Movement::MoneyOut(money)) => ("keluar", money),
                Some(Movement::MoneyIn(money)) => ("masuk", money),
                None => return line,
            };
            let sen = crate::cli::convert::sen(Some(amount)).get();
            let same = format!("{year}{month:02}{day:02}-{sign}-{sen}");
            let count = counts.entry(same.clone()).or_default();
            *count += 1;
            line.reference = format!("{same}-{count}");
        }
        line
    };
    lines.into_iter().map(refer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, String, i64, i64)> {
        let lines = read(text, Language::English).expect("readable");
        let figures = |line: BankLine| {
            let sen = |money| crate::cli::convert::sen(Some(money)).get();
            let amount = match line.movement.as_ref().expect("set") {
                Movement::MoneyIn(money) => sen(money),
                Movement::MoneyOut(money) => -sen(money),
            };
            let balance = crate::cli::convert::sen(line.balance.as_ref()).get();
            (line.reference, line.text, amount, balance)
        };
        lines.into_iter().map(figures).collect()
    }

    #[test]
    fn a_statement_is_read_as_banks_write_it() {
        let text = "Tanggal;Keterangan;Debet;Kredit;Saldo;Nomor\n\
               02/01/2025;BUNGA;;\"1.250,50\";1.001.250,50;TRX/01 A\n\
               03-01-2025;BIAYA ADM;10.000,00;;991.250,50;TRX02\n";
        assert_eq!(
            told(text),
            [
                ("TRX-01-A".to_owned(), "BUNGA".to_owned(), 125_050, 100_125_050),
                ("TRX02".to_owned(), "BIAYA ADM".to_owned(), -1_000_000, 99_125_050),
            ]
        );
    }

    #[test]
    fn lines_without_a_reference_get_the_same_one_again() {
        let newest_first = "tanggal,masuk,keluar\n\
            2025-01-03,,5000\n2025-01-02,5000,\n2025-01-02,5000,-\n";
        let references: Vec<_> = told(newest_first).into_iter().map(|line| line.0).collect();
        let expected =
            ["20250102-masuk-500000-1", "20250102-masuk-500000-2", "20250103-keluar-500000-1"];
        assert_eq!(references, expected);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_line_and_column() {
        let cases = [
            ("tanggal,jumlah\n2025-01-02,5\n", "Line 1 of the statement: ", "jumlah"),
            ("tanggal,masuk\n2025-01-02,5\n2025-02-30,5\n", "Line 2 of the statement: ", "tanggal"),
            ("tanggal,masuk\n2025-01-02,1e6\n", "Line 1 of the statement: ", "masuk: "),
            ("tanggal,masuk,keluar\n2025-01-02,5,5\n", "Line 1 of the statement: ", "keluar"),
            ("tanggal,masuk,keluar\n2025-01-02,,0\n", "Line 1 of the statement: ", "keluar"),
            ("tanggal,masuk,saldo\n2025-01-02,5,x\n", "Line 1 of the statement: ", "saldo: "),
        ];
        for (text, line, column) in cases {
            let error = read(text, Language::English).expect_err("unreadable").to_string();
            assert!(error.starts_with(line) && error.contains(column), "{text}: {error}");
        }
    }
}
