//! One grant as an inspector reads it, to the letter, and the records it is made of.

use simpul::domain::decide::Action;
use simpul::domain::guliran::Receiver;
use simpul::domain::record::proto::{ArrivalState, Evidence, EvidenceKind};
use simpul::domain::refusal::Language;
use simpul::domain::uep::{Channel, Papers, ReceiveGrant};
use simpul::report::grant_file::GrantFile;

use crate::guliran::{decide, deliver, receive};
use crate::transfers::{THERE, hear, said};
use crate::village::{Village, id, k};

/// What an action does, with the number of the paper behind it.
fn on_paper(v: &mut Village, action: impl Action + 'static, on: &str, paper: &str) {
    let mut command = v.command(action, Some(on));
    let kind = EvidenceKind::Minute as i32;
    command.evidence = Some(Evidence { kind, number: paper.to_owned() });
    v.run(&command);
}

fn file(v: &Village) -> GrantFile {
    let mut file = GrantFile::new(id("a"), id("apbn"));
    v.records.iter().for_each(|record| file.read(record.clone()));
    file
}

#[test]
fn a_grants_file_names_receivers_and_minutes() {
    let mut v = Village::new();
    for group in ["a", "b", "c"] {
        v.group(group);
    }
    let papers = Papers {
        programme: "APBN contoh".to_owned(),
        decree_number: "SK-1/contoh".to_owned(),
        ..Papers::default()
    };
    let got = ReceiveGrant { papers, ..receive("a", "apbn", Channel::Lkm(k(5_000))) };
    on_paper(&mut v, got, "2025-02-03", "BAST-1/contoh");
    on_paper(&mut v, receive("b", "lain", Channel::Lkm(k(900))), "2025-02-04", "BAST-2/contoh");
    on_paper(&mut v, decide("a", "apbn", 2_000), "2025-03-01", "BA-1/contoh");
    let to = Receiver::Group(id("b"), id("guliran-a"));
    on_paper(&mut v, deliver("a", "apbn", "ke-b", to, 600), "2025-03-02", "BA-2/contoh");
    on_paper(&mut v, deliver("a", "apbn", "ke-kolam", Receiver::Pool, 400), "2025-03-03", "BA-3");
    let file = file(&v);
    let text = file.text(Language::Indonesian).expect("a grant");
    assert_eq!(text, TEXT, "{text}");
    // The group's registration and the receiver's, none of a group that got nothing.
    let events: Vec<String> = file.records().iter().map(|one| format!("{:?}", one.event)).collect();
    let own = ["GrantReceived", "GuliranDecided", "GuliranDelivered", "GuliranDelivered"];
    assert_eq!(events, ["GroupCreated", "GroupCreated"].into_iter().chain(own).collect::<Vec<_>>());
    // Whoever holds these records makes the same text, whatever else they hold.
    let mut again = GrantFile::new(id("a"), id("apbn"));
    file.records().into_iter().for_each(|record| again.read(record.clone()));
    assert_eq!(again.text(Language::Indonesian).as_deref(), Some(TEXT));
    assert_eq!(again.records().len(), file.records().len());
}

#[test]
fn what_was_sent_back_is_not_said_to_be_there() {
    let mut v = Village::new();
    v.group("a");
    on_paper(&mut v, receive("a", "apbn", Channel::Lkm(k(5_000))), "2025-02-03", "BAST-1/contoh");
    on_paper(&mut v, decide("a", "apbn", 2_000), "2025-03-01", "BA-1/contoh");
    let to = Receiver::OtherBook(THERE.to_owned());
    on_paper(&mut v, deliver("a", "apbn", "p", to, 600), "2025-03-02", "BA-2/contoh");
    let line = |v: &Village| {
        let text = file(v).text(Language::Indonesian).expect("a grant");
        let line = text.lines().find(|line| line.starts_with("p ")).expect("the pass");
        line.rsplit("  ").next().map(str::to_owned).expect("its state")
    };
    assert_eq!(line(&v), "dalam perjalanan");
    v.ok(hear(said(ArrivalState::Confirmed, false, 7)));
    assert_eq!(line(&v), "sampai");
    v.ok(hear(said(ArrivalState::Disputed, true, 8)));
    assert_eq!(line(&v), "dikirim balik");
    let text = file(&v).text(Language::Indonesian).expect("a grant");
    assert_eq!(text.matches("Kabar guliran di buku lain, ").count(), 2, "{text}");
}

const TEXT: &str = "\
BERKAS HIBAH apbn, Kelompok a (contoh) (a)

Program               APBN contoh
Nomor SK              SK-1/contoh
Diterima tanggal      3 Februari 2025
Nilai                 Rp5.000.000
LPJ diterima          belum

TRANSAKSI
    36  3 Februari 2025     Hibah diterima                     Rp5.000.000
        bukti: BAST-1/contoh
    40  1 Maret 2025        Guliran diputuskan                 Rp2.000.000
        bukti: BA-1/contoh
    42  2 Maret 2025        Guliran diserahkan                   Rp600.000
        bukti: BA-2/contoh
    44  3 Maret 2025        Guliran diserahkan                   Rp400.000
        bukti: BA-3

TERNAK DAN BARANG

GULIRAN
ke-b                Kelompok b (contoh) (b)         2 Maret 2025                 Rp600.000  sampai
        Guliran diserahkan, 2 Maret 2025; berita acara BA-2/contoh
ke-kolam            dana guliran LKM                3 Maret 2025                 Rp400.000  dalam perjalanan
        Guliran diserahkan, 3 Maret 2025; berita acara BA-3

SISA
Dibelanjakan                         Rp0
Belum dibelanjakan           Rp5.000.000
Dikembalikan                         Rp0
Hilang                               Rp0
Digulirkan                   Rp1.000.000
Dibebaskan                           Rp0
Pindah buku                          Rp0
Modal yang tersisa           Rp4.000.000
";
