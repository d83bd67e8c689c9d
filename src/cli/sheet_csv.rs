//! A meeting sheet as people keep it: a table, one line per thing that happened.
//!
//! Columns, in any order: `jenis` (pokok, wajib, sukarela, ambil, iks, beli, jual, biaya),
//! `anggota`, `jumlah`, and for trade `lot`, `banyak`, `isi` (stok, ternak, alat), `nama`,
//! `satuan`, `biaya` (pakan, upah, honor, transport, administrasi, obat, lain), `hibah`, `pos` (of
//! the grant's plan).

use serde::Deserialize;

use crate::api::v1::{ExpenseKind, LotKind, SheetLine, SheetLineKind};
use crate::cli::convert::{decimal, money};
use crate::cli::remote::Failure;
use crate::domain::refusal::Language;
use crate::locale::number::{parse_amount, parse_quantity};

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
}

/// Reads a sheet's lines.
///
/// Errors: a sentence that names the line and what is wrong with it.
pub fn read(text: &str, language: Language) -> Result<Vec<SheetLine>, Failure> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for (number, row) in (1..).zip(reader.deserialize()) {
        let row: Row = row.map_err(|error| wrong(number, &error.to_string(), language))?;
        lines.push(line(&row).map_err(|what| wrong(number, &what, language))?);
    }
    Ok(lines)
}

fn wrong(number: usize, what: &str, language: Language) -> Failure {
    let id = format!("Baris {number} dari lembar: {what}");
    Failure::say(language, &id, &format!("Line {number} of the sheet: {what}"))
}

fn line(row: &Row) -> Result<SheetLine, String> {
    let amount = parse_amount(&row.jumlah).map_err(|error| format!("jumlah: {error}"))?;
    let quantity = match row.banyak.as_str() {
        "" => None,
        text => decimal(parse_quantity(text).map_err(|error| format!("banyak: {error}"))?),
    };
    Ok(SheetLine {
        kind: kind(&row.jenis)? as i32,
        member_id: row.anggota.clone(),
        amount: money(amount),
        lot_id: row.lot.clone(),
        quantity,
        lot_kind: lot_kind(&row.isi)? as i32,
        label: row.nama.clone(),
        unit: row.satuan.clone(),
        expense: expense(&row.biaya)? as i32,
        grant_id: row.hibah.clone(),
        plan_line: row.pos.clone(),
    })
}

fn kind(text: &str) -> Result<SheetLineKind, String> {
    Ok(match text {
        "pokok" => SheetLineKind::Pokok,
        "wajib" => SheetLineKind::Wajib,
        "sukarela" => SheetLineKind::Sukarela,
        "ambil" => SheetLineKind::Withdrawal,
        "iks" => SheetLineKind::IksDues,
        "beli" => SheetLineKind::Purchase,
        "jual" => SheetLineKind::Sale,
        "biaya" => SheetLineKind::Expense,
        other => return Err(format!("jenis: {other:?}")),
    })
}

fn lot_kind(text: &str) -> Result<LotKind, String> {
    Ok(match text {
        "" => LotKind::Unspecified,
        "stok" => LotKind::Stock,
        "ternak" => LotKind::Livestock,
        "alat" => LotKind::Tools,
        other => return Err(format!("isi: {other:?}")),
    })
}

fn expense(text: &str) -> Result<ExpenseKind, String> {
    Ok(match text {
        "" => ExpenseKind::Unspecified,
        "pakan" => ExpenseKind::Feed,
        "upah" => ExpenseKind::Wages,
        "honor" => ExpenseKind::Honoraria,
        "transport" => ExpenseKind::Transport,
        "administrasi" => ExpenseKind::Administration,
        "obat" => ExpenseKind::Health,
        "lain" => ExpenseKind::Other,
        other => return Err(format!("biaya: {other:?}")),
    })
}
