//! The demo's year, told to the real server through the public API, against figures worked out by
//! hand; and the terminal client on the same server.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use prost::Message;
use simpul::api::v1::ledger_service_client::LedgerServiceClient;
use simpul::api::v1::proof_service_client::ProofServiceClient;
use simpul::api::v1::{self, trial_balance_row::Side};
use simpul::cli::demo::year::{self, ROTE};
use simpul::cli::remote::Remote;
use simpul::domain::record::proto as pb;
use simpul::domain::refusal::Language;
use tokio::task::block_in_place;

use crate::export;
use crate::figures::ties::{in_rote, in_soe};
use crate::figures::{Figures, GROUPS, expected, savings};
use crate::server::{Backend, Server, data_folder, verify};

/// What a server says of a book, debit or credit, on each account's natural side.
async fn figures(server: &Server, book: &str) -> (Figures, u64) {
    let channel = server.connect().await;
    let request = v1::GetTrialBalanceRequest {
        scope: format!("books/{book}"),
        ..v1::GetTrialBalanceRequest::default()
    };
    let mut ledger = LedgerServiceClient::new(channel);
    let answer = ledger.get_trial_balance(request).await.expect("answered").into_inner();
    assert_eq!(answer.total_debit, answer.total_credit);
    let mut figures = Figures::new();
    for row in answer.rows {
        let entity = row.entity.rsplit('/').next().expect("an entity");
        let fund = simpul::cli::convert::fund_text(row.fund);
        let code = simpul::domain::chart::Code::from_number(row.code).expect("a code");
        let sen = |money: &simpul::api::google_type::Money| {
            money.units * 100 + i64::from(money.nanos / 10_000_000)
        };
        let signed = match row.side.expect("a side") {
            Side::Debit(money) => sen(&money),
            Side::Credit(money) => -sen(&money),
        };
        let amount = if code.debit_side() { signed } else { -signed };
        figures.insert(format!("{entity}.{fund}.{}", row.code), amount);
    }
    (figures, answer.read_point.expect("a read point").position)
}

/// Every kind of event that books of the year have a record of, here and far away.
async fn told(here: &Server, far: &Server) -> BTreeSet<&'static str> {
    let mut told = BTreeSet::new();
    let here = ["contoh", "harapan", "lontar", "soe"].map(|book| (here, book));
    for (server, book) in here.into_iter().chain([(far, ROTE)]) {
        let mut proofs = ProofServiceClient::new(server.connect().await);
        let request =
            v1::StreamRecordsRequest { book: format!("books/{book}"), ..Default::default() };
        let mut records = proofs.stream_records(request).await.expect("a stream").into_inner();
        while let Some(line) = records.message().await.expect("a record") {
            let record = pb::Record::decode(line.record.as_slice()).expect("decodes");
            told.insert(record.event().as_str_name());
        }
    }
    told
}

/// The year tells of every kind of event there is, besides those of a list with their reasons.
fn assert_everything_is_told(told: &BTreeSet<&'static str>) {
    let all = (1..1000).filter_map(|number| pb::Event::try_from(number).ok());
    let all: BTreeSet<&str> = all.map(|event| event.as_str_name()).collect();
    let list = include_str!("untold.txt").lines().filter(|line| !line.starts_with('#'));
    let listed: BTreeSet<&str> = list.filter_map(|line| line.split_whitespace().next()).collect();
    let untold: BTreeSet<&str> = all.difference(told).copied().collect();
    assert_eq!(untold, listed);
}

async fn the_year_comes_to_what_was_worked_out(backend: Backend, data: &Path) {
    let server = Server::start(&backend, data);
    let (_folder, far_data) = data_folder();
    let far = Server::start(&Backend::Sqlite, &far_data);
    let line = |server: &Server| {
        Remote::new(server.address(), "penguji", Language::Indonesian).expect("a line")
    };
    let (remote, elsewhere) = (line(&server), line(&far));
    year::tell(&remote, &elsewhere).await.expect("the year is told");
    let all = async || {
        let (contoh, soe) = (figures(&server, "contoh").await, figures(&server, "soe").await);
        [contoh, soe, figures(&far, ROTE).await, figures(&server, "lontar").await]
    };
    let first = all().await;
    let worked_out = [expected(), in_soe(), in_rote(), savings::lontar()];
    for (told, expected) in first.iter().zip(worked_out) {
        assert_eq!(told.0, expected);
    }
    year::tell(&remote, &elsewhere).await.expect("told again");
    assert_eq!(all().await, first);
    let mut answered = Vec::new();
    for book in &export::BOOKS {
        let balances = export::balances(server.connect().await, book).await;
        answered.push((book, balances, export::statements(server.connect().await, book).await));
    }
    assert_everything_is_told(&told(&server, &far).await);
    assert!(server.terminate().success());
    for (book, balances, statements) in answered {
        export::assert_computed_by_others(&backend, data, book, &balances, &statements);
    }
    assert!(far.terminate().success());
    for (backend, data) in [(&backend, data), (&Backend::Sqlite, &far_data)] {
        let (sound, words) = verify(backend, data);
        assert!(sound, "{words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_year_on_sqlite() {
    let (_folder, data) = data_folder();
    the_year_comes_to_what_was_worked_out(Backend::Sqlite, &data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_year_on_postgres() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    the_year_comes_to_what_was_worked_out(backend, &data).await;
}

/// The lines of a text that hold a word.
fn lines<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter(move |line| line.contains(word))
}

/// How many lines of a text have these words, however far apart they stand in a table.
fn count(text: &str, words: &str) -> usize {
    let joined = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().filter(|line| joined(line).contains(words)).count()
}

fn assert_shown(text: &str, all: &[&str]) {
    for words in all {
        assert!(count(text, words) > 0, "{words}: {text}");
    }
}

fn assert_shown_once(text: &str, all: &[&str]) {
    for words in all {
        assert_eq!(count(text, words), 1, "{words}: {text}");
    }
}

/// What the tour shows under a heading.
fn under<'a>(tour: &'a str, heading: &str) -> &'a str {
    let (_, rest) = tour.split_once(&format!("── {heading} ──")).expect("the heading");
    rest.split("\n── ").next().expect("what is under it")
}

/// The command itself: the tour of a year, and the same year again when it is run again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_is_shown_and_continues() {
    let (_folder, data) = data_folder();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_simpul"));
    demo.args(["demo", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data).arg("--exit");
    let output = block_in_place(|| demo.output()).expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tour = String::from_utf8(output.stdout).expect("text");
    for (group, ..) in GROUPS {
        assert!(lines(&tour, group).any(|line| line.matches("Rp").count() == 6), "{tour}");
    }
    members_and_their_group(under(&tour, "Anggota dan kelompoknya"));
    grants(under(&tour, "Hibah: dari SK ke LPJ, lalu ke kelompok berikutnya"));
    groups_that_come_and_go(under(&tour, "Kelompok yang tidur, datang, pindah dan bubar"));
    counter_and_bank(under(&tour, "Loket dan bank"));
    what_lenders_see(under(&tour, "Pinjaman dan akad syariah"));
    let notes = "Catatan atas Laporan Keuangan (CALK)";
    assert_shown_once(under(&tour, "Tutup tahun"), &[notes]);
    what_savers_see(under(&tour, "Koperasi Lontar, buku lain di server yang sama"));
    all_books_agree(under(&tour, "Yang perlu diperiksa, dan apakah semua buku cocok"));

    let (again, answers) = block_in_place(|| what_to_try_next(&data));
    assert_eq!(again.strip_prefix(&tour).map(str::is_empty), Some(false), "{again}");
    assert_eq!(answers.len(), 3, "{again}");
    for answer in answers {
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        assert!(!answer.stdout.is_empty());
    }
}

/// A passbook, a month's dues, what the secretary keeps, the books of a group, and its inventory.
fn members_and_their_group(tour: &str) {
    assert_shown(tour, &["tunas-baru.sp.2103.m01"]);
    assert_shown_once(
        tour,
        &[
            "m07 Rp5.000 Rp3.000 Rp2.000",
            "Pemberitahuan hibah BLPS (contoh)",
            "Ibu Ester (contoh)",
            "Buku inventaris",
            "Buku kas UEP",
            "Buku kas IKS",
            "Buku perguliran",
        ],
    );
    // Of Jati Diri's pigs one had died and one was stolen.
    let pigs = lines(tour, "  modal  ternak  babi").last().expect("a line of the inventory");
    assert_eq!(pigs.split_whitespace().rev().take(2).collect::<Vec<_>>(), ["1", "1"], "{pigs}");
}

/// Where capital came from, to the third generation; what is on its way to another installation, and
/// what has arrived there.
fn grants(tour: &str) {
    let third = |line: &str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).nth(1) == Some("3")
    };
    assert!(tour.lines().any(third), "no third generation in {tour}");
    assert_shown_once(
        tour,
        &[
            "ke-rote-1 books/rote/groups/nelayan Rp500.000 Rp0 diterima di buku lain",
            "ke-rote-2 books/rote/groups/nelayan Rp300.000 Rp300.000 dalam perjalanan",
            "· books/rote/groups/nelayan 2 29 Desember 2025 Rp500.000",
            "guliran-kasih BLPS (contoh) 18 Desember 2025 Rp2.000.000 Rp0 Rp0 Rp0 tunas-baru > kasih",
            "Diterima Rp20.000.000, dibelanjakan Rp8.750.000, sisa Rp11.250.000.",
        ],
    );
    let joined = |line: &str| line.contains("Harapan (contoh)") && line.contains("Rp1.000.000");
    assert!(tour.lines().any(joined), "{tour}");
}

/// Sinar slept, Harapan came, Cahaya moved away, and Senja was dissolved.
fn groups_that_come_and_go(tour: &str) {
    assert_shown_once(
        tour,
        &[
            "Keadaan: aktif sejak 5 Mei 2025, BA-T2/2025 (contoh)",
            "Datang dari books/harapan/groups/harapan",
            "Datang dari books/contoh/groups/cahaya",
            "cahaya books/soe/groups/cahaya 22 Desember 2025 sudah tiba",
            "Keadaan: bubar sejak 29 Desember 2025, BA-S2/2025 (contoh)",
        ],
    );
    // Senja's tin before it was dissolved: 200.000 put in, 50.000 in advance, 130.000 in, 100.000
    // out, 45.000 for the rest. And the photo of its receipt, with its size.
    let tin = lines(tour, "senja.uep.1101").filter(|line| line.contains("Penjualan"));
    assert!(tin.last().is_some_and(|line| line.ends_with("Rp225.000")), "{tour}");
    let photo = lines(tour, "  PNG  ").next().expect("a photo");
    assert!(photo.ends_with(" 67"), "{photo}");
}

/// The second counter's drawer for a day, the bank's own list, and cash on two days.
fn counter_and_bank(tour: &str) {
    // Opened with 500.000 of the vault, 250.000 saved, counted 2.000 short, and emptied.
    let drawer = lines(tour, "3 Januari 2025").filter(|line| line.contains("loket-2"));
    let left: Vec<&str> = drawer.filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(left, ["Rp500.000", "Rp750.000", "Rp748.000", "Rp0"], "{tour}");
    let bank = "Saldo bank Rp123.135.000, saldo buku Rp123.135.000, selisih Rp0; selisih awal Rp0.";
    assert_shown_once(
        tour,
        &[
            &format!("4 baris cocok. {bank}"),
            "Posisi kas 30 Desember 2025",
            "Pembanding 30 November 2025",
        ],
    );
}

/// What was looked at; both books of a stake on a day; savings here and there, debit and credit.
fn all_books_agree(tour: &str) {
    assert_shown_once(
        tour,
        &[
            "diminta Rp25.000. demo-tunas-baru-santunan-diperiksa",
            "jati-diri.sp.1113 Rp200.000 Rp200.000 Rp0",
        ],
    );
    let [ours, theirs] = ["Tabungan di LKM", "Tabungan KUBE"].map(|name| {
        let line = lines(tour, name).last().expect("a line of the trial balance");
        line.rsplit(' ').next().expect("an amount").to_owned()
    });
    assert_eq!(ours, theirs);
    let total = lines(tour, "Jumlah").last().expect("a total");
    let [.., debit, credit] = total.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("no two sides in {total}");
    };
    assert_eq!(debit, credit);
}

/// Loans of the LKM by those who look after them and by classes, what is late and was talked about,
/// ratios, rates and their bound, a loan with a new plan, one with collateral, one that others stood in
/// for, money from outside, capital in businesses, the fund KEBAJIKAN.
fn what_lenders_see(tour: &str) {
    // Musa's 700.000 and the sewing machine's 150.000 are nobody's; Yunus' engine was taken on by the
    // second officer, and all of it but 150.000 is provided for.
    assert_shown(
        tour,
        &[
            "- 2 Rp850.000 Rp850.000 Rp0 0 0 0 0 Rp0 Rp0",
            "petugas-2 2 Rp400.000 Rp400.000 Rp697.880 100 100 100 37,5 Rp250.000 Rp250.000",
            "3 KURANG_LANCAR 1 Rp800.000 Rp120.000",
            "Di luar buku, sudah dihapus: Rp259.000",
            "Rp2.200.000 Rp1.320.000 Rp880.000 116 KURANG_LANCAR 5 November 2025",
            "18 Juni 2025 mertua peminjam, oleh petugas-2",
            "motor-2 nb-2 Rp700.000",
            "Batas setahun: ≤ 24% (Rapat pengurus (contoh))",
            "8 6 Maret 2026 Rp131.000 Rp5.240 Rp136.240",
            "6 Juli 2025 dijadwal ulang",
            "kulkas kulkas satu pintu Rp500.000 4 Maret 2025 12 September 2025",
            "televisi televisi 21 inci Rp300.000 4 Maret 2025",
            "m03 Rp56.000 Rp28.000",
            "bank-desa bank-desa Rp6.000.000 Rp1.000.000 Rp0 Rp0 0 3 Januari 2026",
            "fajar-roti fajar mudharabah Rp1.000.000 40 Rp400.000 Rp350.000 Rp140.000",
            "Pinjaman dihitung ulang lkm.kebajikan.3203 Rp1.050",
        ],
    );
    // Of 400.000 of infak 100.000 are given away, of 50.000 of zakat 40.000.
    let alms = lines(tour, "lkm.kebajikan.1102").last().expect("a line of the cash book");
    assert!(alms.ends_with("Rp310.000"), "{alms}");
}

/// Koperasi Lontar: a passbook with taxed interest and pokok that became equity, what is missing of
/// simpanan wajib, savings that sleep, profit shared in thirds, deposits, the divided year, its days.
fn what_savers_see(tour: &str) {
    let line = |words: &[&str]| {
        let all = |line: &&str| words.iter().all(|word| line.contains(word));
        assert_eq!(tour.lines().filter(all).count(), 1, "{words:?}: {tour}");
    };
    line(&["sukarela", "1 Juli 2025", "terendah", "6", "BA-1/2025 (contoh)"]);
    line(&["sukarela", "1 Desember 2025", "terendah", "4,8", "BA-4/2025 (contoh)"]);
    // A tenth of 250.000; then a half percent of 40.225.000.
    line(&["31 Juli 2025", "Jasa simpanan", "Rp225.000", "Rp50.225.000"]);
    line(&["31 Agustus 2025", "Jasa simpanan", "Rp201.125"]);
    line(&["1 Oktober 2025", "Simpanan modal dipindahkan", "lkm.sp.3106.m01", "Rp100.000"]);
    line(&["  m03 ", "Rp60.000", "Rp40.000", "Rp20.000"]);
    line(&["  m04 ", "Rp60.000", "Rp0", "Rp60.000"]);
    line(&["  m04 ", "1 Juli 2025", "1 November 2025"]);
    line(&["sasando", "uep", "Rp100.000", "ya"]);
    line(&["sasando", "sp", "Rp200.000", "ya"]);
    line(&["  d-1 ", "Rp3.060.000", "1 November 2025", "1 Februari 2026", "Rp36.720"]);
    line(&["  d-2 ", "10 November 2025", "Rp44.000"]);
    line(&["2025", "tertutup", "riil", "Rp1.200.000"]);
    line(&["SHU Anggota KUBE"]);
    let closed = tour.split("Tutup hari").nth(1).expect("the days");
    assert_eq!(closed.lines().nth(2).map(str::trim), Some("1 Januari 2026"), "{closed}");
}

/// Runs the demo on data that is there, types the commands that it proposes while its server runs,
/// and stops it. Answers what the demo printed, and what came of each command.
fn what_to_try_next(data: &Path) -> (String, Vec<Output>) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_simpul"));
    demo.args(["demo", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data).stdout(Stdio::piped());
    let mut demo = demo.spawn().expect("it starts");
    let (mut text, mut answers) = (String::new(), Vec::new());
    let stdout = BufReader::new(demo.stdout.take().expect("piped"));
    for line in stdout.lines().map_while(Result::ok) {
        text.extend([line.as_str(), "\n"]);
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [program, "--server", rest @ ..] = words.as_slice() {
            answers
                .push(Command::new(program).arg("--server").args(rest).output().expect("it runs"));
        }
        if answers.len() == 3 {
            let id = demo.id().to_string();
            Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        }
    }
    assert!(demo.wait().expect("it ends").success());
    (text, answers)
}
