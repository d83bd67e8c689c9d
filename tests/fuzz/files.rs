//! Files that people bring: a meeting's sheet, a bank's statement.

use simpul::cli::{bank_csv, sheet_csv};
use simpul::domain::refusal::Language;

use crate::hunt_text;

#[test]
fn meeting_sheets() {
    let seeds = [
        "jenis,anggota,jumlah\nwajib,m01,10.000\nsukarela,m99,2.500\n",
        "jenis,jumlah,lot,banyak,isi,nama,satuan,hibah,pos\nbeli,8.000.000,induk,8,ternak,babi,ekor,apbd,ternak\n",
        "jenis,jumlah,biaya\nbiaya,25.000,pakan\n",
    ];
    hunt_text("meeting sheets", &seeds, |text| {
        if let Ok(lines) = sheet_csv::read(text, Language::Indonesian) {
            assert!(lines.len() <= text.len());
        }
    });
}

#[test]
fn bank_statements() {
    let seeds = [
        "tanggal,keterangan,masuk,keluar,saldo\n2-1-2025,Setoran,50.000,,50.000\n3-1-2025,Biaya,,2.500,47.500\n",
        "Tanggal;Keterangan;Kredit;Debet;Saldo;Nomor\n2-1-2025;Bunga;1,50;;1,50;A-1\n",
        "tanggal,keterangan,masuk,keluar,saldo\n3-1-2025,a,,1,-2\n2-1-2025,b,-,1,-1\n",
    ];
    hunt_text("bank statements", &seeds, |text| {
        if let Ok(lines) = bank_csv::read(text, Language::Indonesian) {
            assert!(!lines.iter().any(|line| line.movement.is_none()));
        }
    });
}
