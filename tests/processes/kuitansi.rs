//! The kuitansi that is printed: its QR codes, read by ZXing, prove it with the public key alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use tokio::task::block_in_place;

use crate::client::found;
use crate::server::{Backend, Server, data_folder};
use crate::terminal::Terminal;

/// What the codes on a page say, one a line.
fn scanned(page: &Path) -> String {
    let python = std::env::var("SIMPUL_TEST_PYTHON")
        .expect("SIMPUL_TEST_PYTHON names a Python that has ZXing; tests/run sets it");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/processes/kuitansi.py");
    let mut command = Command::new(python);
    command.arg(script).arg(page);
    let output = block_in_place(|| command.output()).expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Scans a page and checks what was read without a server; how many codes there were.
fn is_proved(terminal: &Terminal, page: &Path, key: &str, words: &str) -> usize {
    let (text, file) = (scanned(page), page.with_extension("txt"));
    fs::write(&file, &text).expect("written");
    let check = format!("audit verify-receipt {} --key {key}", file.display());
    let said = terminal.says(&check, "TERBUKTI");
    assert!(said.contains(words), "{said}");
    // Any letter changed.
    let at = text.rfind("7").expect("a digit");
    let changed = format!("{}8{}", &text[..at], &text[at + 1..]);
    fs::write(&file, changed).expect("written");
    assert!(terminal.refused(&check).starts_with("TIDAK TERBUKTI"));
    text.lines().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_codes_on_paper_prove_it_and_changed_ones_do_not() {
    let (_folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    let terminal = Terminal::new(server.address(), "kupang");
    found(&terminal);
    let key = terminal.reads("audit key --output json");
    let key: serde_json::Value = serde_json::from_str(&key).expect("JSON");
    let key = key["rows"][0]["value"].as_str().expect("a key");

    let deposit = terminal.books("setor mawar m01 50.000 --catatan \"<b>panen</b> (contoh)\"");
    let page = data.join("kuitansi.html");
    terminal.says(&format!("kuitansi {deposit} {}", page.display()), "Disimpan");
    let html = fs::read_to_string(&page).expect("a page");
    for words in ["Maria (contoh)", "lima puluh ribu rupiah", "&lt;b&gt;panen&lt;/b&gt;"] {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("<b>"));
    assert_eq!(is_proved(&terminal, &page, key, "Rp50.000"), 1);
    let shown = terminal.says(&format!("kuitansi {deposit}"), "lima puluh ribu rupiah");
    assert!(shown.contains("█▀"), "{shown}");

    // A sheet of many lines needs more than one code.
    let mut sheet = "jenis,anggota,jumlah\n".to_owned();
    for _ in 0..8 {
        for member in ["m01", "m02", "m03"] {
            sheet.push_str(&format!("sukarela,{member},1.000\n"));
        }
    }
    let file = data.join("lembar.csv");
    fs::write(&file, sheet).expect("written");
    let line = format!("lembar mawar {} --kas-buka 50.000 --kas-tutup 74.000", file.display());
    let sheet = terminal.books(&line);
    let line = format!("kuitansi {sheet} {} --baris 2", page.display());
    terminal.says(&line, "Disimpan");
    let html = fs::read_to_string(&page).expect("a page");
    assert!(html.contains("Yosef (contoh)") && html.contains("seribu rupiah"), "one line of it");
    assert!(is_proved(&terminal, &page, key, "Rp1.000") > 1);
    assert!(server.terminate().success());
}
