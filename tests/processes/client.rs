//! The terminal client, typed as people type, against the real server.

use std::path::Path;
use std::process::Command;

use tokio::task::block_in_place;

use crate::server::{Backend, Server, data_folder};

/// A terminal: the client's binary, speaking to one server about one book.
struct Terminal<'a> {
    server: &'a Server,
}

impl Terminal<'_> {
    /// What the client says, and whether it succeeded.
    async fn types(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_simpul"));
        command.args(arguments).args(["--server", self.server.address(), "--book", "contoh"]);
        let output = block_in_place(|| command.output()).expect("it runs");
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(text).expect("text"))
    }

    async fn reads(&self, arguments: &[&str]) -> String {
        let (good, text) = self.types(arguments).await;
        assert!(good, "{arguments:?}: {text}");
        text
    }

    /// The one plain sentence of a refusal.
    async fn refused(&self, arguments: &[&str]) -> String {
        let (good, text) = self.types(arguments).await;
        assert!(!good, "{arguments:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        text.trim().to_owned()
    }
}

/// The cells of the row that has `word` in it.
fn row(text: &str, word: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.contains(word));
    let line = line.unwrap_or_else(|| panic!("no {word} in:\n{text}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_treasurers_day() {
    let (_folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    let terminal = Terminal { server: &server };
    terminal
        .reads(&[
            "buku-baru",
            "--nama",
            "Buku contoh",
            "--lkm",
            "LKM contoh",
            "--sejak",
            "1-1-2025",
        ])
        .await;
    let text = terminal
        .reads(&["kelompok-baru", "mawar", "--nama", "Mawar (contoh)", "--anggota", "20"])
        .await;
    assert!(text.contains("! Kelompok ini beranggota 20"), "{text}");
    let name = "Maria (contoh)";
    terminal.reads(&["anggota-baru", "mawar", "m01", "--nama", name, "--sejak", "1-1-2025"]).await;
    let text = terminal.reads(&["setor", "mawar", "m01", "50.000"]).await;
    assert_eq!(row(&text, "Tabungan Anggota").last().expect("cells"), "Rp50.000");
    terminal.reads(&["iuran", "mawar", "m01", "Rp5.000"]).await;
    sheet(&terminal, &data).await;
    let text = terminal.reads(&["buku-tabungan", "mawar", "m01"]).await;
    assert_eq!(row(&text, "mawar.sp.2104.m01").last().expect("cells"), "Rp10.000");
    let text = terminal.reads(&["buku-kas", "mawar", "iks"]).await;
    assert_eq!(row(&text, "Iuran IKS").last().expect("cells"), "Rp5.000");
    let text = terminal.reads(&["saldo", "mawar.sp.2103.m01"]).await;
    assert_eq!(row(&text, "mawar.sp.2103.m01").last().expect("cells"), "Rp50.000");
    let text = terminal.reads(&["neraca-saldo", "mawar", "--lang", "en"]).await;
    assert_eq!(row(&text, "Total")[1..], ["Rp67.500", "Rp67.500"]);
    let json = terminal.reads(&["neraca-saldo", "mawar", "--output", "json"]).await;
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["rows"].as_array().expect("rows").len(), 7);
    refusals(&terminal).await;
    assert!(server.terminate().success());
}

async fn sheet(terminal: &Terminal<'_>, data: &Path) {
    let file = data.join("lembar.csv");
    std::fs::write(&file, "jenis,anggota,jumlah\nwajib,m01,10.000\nsukarela,m99,2.500\n")
        .expect("written");
    let file = file.to_str().expect("text");
    let arguments = [
        "lembar",
        "mawar",
        file,
        "--kas-buka",
        "55.000",
        "--kas-tutup",
        "67.500",
        "--tanggal",
        "5-1-2025",
    ];
    let text = terminal.reads(&arguments).await;
    assert!(text.contains("! #2 Rp2.500 masuk Rekening Sementara"), "{text}");
}

async fn refusals(terminal: &Terminal<'_>) {
    let unknown = terminal.refused(&["setor", "melati", "m01", "1.000"]).await;
    assert!(unknown.contains("tidak ditemukan"), "{unknown}");
    let english = terminal.refused(&["setor", "melati", "m01", "1.000", "--lang", "en"]).await;
    assert!(english.contains("was not found"), "{english}");
    let future =
        terminal.refused(&["setor", "mawar", "m01", "1.000", "--tanggal", "1-1-2160"]).await;
    assert!(future.contains("belum tiba"), "{future}");
    let taken =
        terminal.refused(&["kelompok-baru", "mawar", "--name", "Lain", "--members", "7"]).await;
    assert!(taken.contains("sudah dipakai"), "{taken}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_follows_a_grant() {
    let (_folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    let terminal = Terminal { server: &server };
    let lkm = ["--lkm", "LKM contoh", "--sejak", "1-1-2025"];
    terminal.reads(&[&["buku-baru", "--nama", "Buku contoh"], &lkm[..]].concat()).await;
    for group in ["mawar", "melati"] {
        let named = ["kelompok-baru", group, "--nama", group, "--anggota", "10"];
        terminal.reads(&[&named[..], &["--terhubung", "1-1-2025"]].concat()).await;
    }
    let received = ["hibah", "terima", "mawar", "apbd", "20.000.000", "--program", "APBD (contoh)"];
    terminal.reads(&[&received[..], &["--terikat", "--tanggal", "3-2-2025"]].concat()).await;
    let early = terminal.refused(&["guliran", "putuskan", "mawar", "apbd", "6.000.000"]).await;
    assert_eq!(early, "Hibah apbd masih terikat sampai LPJ diterima.");
    terminal.reads(&["hibah", "lpj-diterima", "mawar", "apbd", "--tanggal", "3-6-2025"]).await;
    let text = terminal.reads(&["hibah", "lpj", "mawar", "apbd"]).await;
    assert!(text.contains("Diterima Rp20.000.000, dibelanjakan Rp0, sisa Rp20.000.000."), "{text}");
    let no_rule = terminal.reads(&["guliran", "aturan", "mawar"]).await;
    assert_eq!(no_rule.trim(), "aturan belum ditetapkan");
    let rule = ["guliran", "aturan", "mawar", "--persen", "12,5", "--sejak", "1-1-2025"];
    let text = terminal.reads(&rule).await;
    assert_eq!(text.trim(), "12,5% dalam 12 bulan sesudah diterima");
    terminal.reads(&["guliran", "putuskan", "mawar", "apbd"]).await;
    let deliver = ["guliran", "serahkan", "mawar", "apbd", "ke-melati", "--kepada", "melati"];
    let too_much = terminal.refused(&[&deliver[..], &["--uang", "2.500.001"]].concat()).await;
    assert!(too_much.contains("hanya tersisa Rp2.500.000"), "{too_much}");
    terminal.reads(&[&deliver[..], &["--uang", "2.000.000"]].concat()).await;
    let nobody = terminal.refused(&["guliran", "serahkan", "mawar", "apbd", "x"]).await;
    assert!(nobody.contains("Sebutkan satu penerima"), "{nobody}");
    terminal.reads(&["guliran", "konfirmasi", "melati", "mawar", "ke-melati"]).await;
    let text = terminal.reads(&["guliran", "daftar", "mawar"]).await;
    assert_eq!(row(&text, "ke-melati").last().expect("cells"), "dikonfirmasi");
    terminal.reads(&["guliran", "bebaskan", "mawar", "apbd", "100.000"]).await;
    let text = terminal.reads(&["hibah", "silsilah", "melati", "guliran-mawar"]).await;
    let mawar = row(&text, "mawar");
    assert_eq!(mawar[4..6], ["Rp18.000.000", "Rp400.000"], "{text}");
    assert!(row(&text, "· melati").contains(&"Rp2.000.000".to_owned()), "{text}");
    let text = terminal.reads(&["hibah", "daftar", "melati"]).await;
    assert!(row(&text, "guliran-mawar").contains(&"APBD (contoh)".to_owned()), "{text}");
    assert_eq!(terminal.reads(&["guliran", "perjalanan"]).await.trim(), "");
}
