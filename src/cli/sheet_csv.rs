//! A meeting sheet as people keep it: a table, one line per thing that happened.
//!
//! Columns, in any order: `jenis` (pokok, wajib, sukarela, ambil, iks, angsuran, beli, jual, biaya),
//! `anggota`, `jumlah`, for instalments `pinjaman`, and for trade `lot`, `banyak`, `isi` (stok, ternak, alat), `nama`,
//! `satuan`, `biaya` (pakan, upah, honor, transport, administrasi, obat, lain), `hibah`, `pos` (of
//! the grant's plan). Commas or semicolons stand between them, as spreadsheets write them.
//!
//! **Invariant**: one line that cannot be read stops all of it, named by its number: half a sheet is
//! never sent.

use serde::Deserialize;

use crate::api::v1::SheetLine;
use crate::cli::convert::{decimal, money};
use crate::cli::remote::Failure;
use crate::cli::words::{EXPENSES, LOTS, SHEET_LINES, Words};
use crate::domain::refusal::Language;
use crate::locale::number::{NumberError, parse_amount, parse_quantity};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Row {
    jenis: String,
    anggota: String,
    jumlah: String,
    lot: String,
    banyak: String,
    isi: String,
    nama: String,
    satuan: String,
    biaya: String,
    hibah: String,
    pos: String,
    pinjaman: String,
}

/// Reads a sheet's lines.
///
/// Errors: a sentence that names the line and what is wrong with it.
pub fn read(text: &str, language: Language) -> Result<Vec<SheetLine>, Failure> {
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.trim(csv::Trim::All).delimiter(delimiter).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for (number, row) in (1..).zip(reader.deserialize()) {
        let row: Row = row.map_err(|error| wrong(number, &error.to_string(), language))?;
        lines.push(line(&row, language).map_err(|what| wrong(number, &what, language))?);
    }
    Ok(lines)
}

fn wrong(number: usize, what: &str, language: Language) -> Failure {
    let id = format!("Baris {number} dari lembar: {what}");
    Failure::say(language, &id, &format!("Line {number} of the sheet: {what}"))
}

fn line(row: &Row, language: Language) -> Result<SheetLine, String> {
    let wrong = |column: &str, error: NumberError| format!("{column}: {}", error.text(language));
    let amount = parse_amount(&row.jumlah).map_err(|error| wrong("jumlah", error))?;
    let quantity = match row.banyak.as_str() {
        "" => None,
        text => decimal(parse_quantity(text).map_err(|error| wrong("banyak", error))?),
    };
    Ok(SheetLine {
        kind: word("jenis", SHEET_LINES, &row.jenis)? as i32,
        member_id: row.anggota.clone(),
        amount: money(amount),
        lot_id: row.lot.clone(),
        quantity,
        lot_kind: word_or_none("isi", LOTS, &row.isi)? as i32,
        label: row.nama.clone(),
        unit: row.satuan.clone(),
        expense: word_or_none("biaya", EXPENSES, &row.biaya)? as i32,
        grant_id: row.hibah.clone(),
        plan_line: row.pos.clone(),
        loan_id: row.pinjaman.clone(),
    })
}

/// What a word means.
///
/// Errors: the column and the word when it is not one of them.
fn word<T: Copy + PartialEq + Send + Sync>(
    column: &str,
    words: Words<T>,
    text: &str,
) -> Result<T, String> {
    words.value(text).ok_or_else(|| format!("{column} {text:?}: {}", words.all().join(", ")))
}

/// The same; nothing where there is no word.
fn word_or_none<T: Copy + Default + PartialEq + Send + Sync>(
    column: &str,
    words: Words<T>,
    text: &str,
) -> Result<T, String> {
    if text.is_empty() { Ok(T::default()) } else { word(column, words, text) }
}
