//! A database restored from an old backup, behind what the book's key has signed.

use std::fs;
use std::path::Path;

use crate::server::{Backend, Server, data_folder, simpul};
use crate::terminal::Terminal;

/// The database's files, without keys and signatures.
fn copy(from: &Path, to: &Path) {
    for name in ["simpul.db", "simpul.db-wal", "simpul.db-shm"] {
        let _absent = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).expect("copied");
        }
    }
}

/// Runs a server and types at it.
fn serve(data: &Path, typed: impl FnOnce(&Terminal)) {
    let server = Server::start(&Backend::Sqlite, data);
    typed(&Terminal::new(server.address(), "kupang"));
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_restored_behind_its_checkpoint_is_frozen_until_it_is_decided_to_go_on() {
    let (_folder, data) = data_folder();
    let backup = data.join("cadangan");
    fs::create_dir_all(&backup).expect("a folder");
    let note = |name: &str| format!("audit checkpoint {}", data.join(name).display());
    serve(&data, |terminal| {
        terminal.reads("buku baru --nama Contoh --lkm \"LKM contoh\" --sejak 1-1-2025");
        terminal.reads("kelompok baru mawar --nama Mawar --anggota 5");
        terminal.reads("anggota baru mawar m01 --nama \"Maria (contoh)\" --sejak 1-1-2025");
    });
    copy(&data, &backup);
    serve(&data, |terminal| {
        terminal.reads("setor mawar m01 50.000");
        terminal.reads(&note("titik-1"));
        assert!(terminal.refused("audit start-epoch").contains("melanjutkan semua"));
    });
    copy(&backup, &data);
    serve(&data, |terminal| {
        for line in ["setor mawar m01 10.000", &note("titik-2")] {
            let refused = terminal.refused(line);
            assert!(refused.contains("tidak melanjutkan"), "{line}: {refused}");
        }
        terminal.reads("anggota daftar mawar");
        terminal.reads("audit start-epoch --catatan \"cadangan lama dipulihkan (contoh)\"");
        terminal.reads("setor mawar m01 10.000");
        terminal.reads(&note("titik-3"));
        let key = terminal.reads("audit key --output json");
        let key: serde_json::Value = serde_json::from_str(&key).expect("JSON");
        let key = key["rows"][0]["value"].as_str().expect("a key");
        // Whoever holds the lost checkpoint sees that it is not continued; the later one is.
        let extends = |name| format!("audit extends {} --key {key}", data.join(name).display());
        assert!(terminal.refused(&extends("titik-1")).contains("TIDAK TERBUKTI"));
        terminal.says(&extends("titik-3"), "TERBUKTI");
    });
    // The decision lasts.
    serve(&data, |terminal| drop(terminal.reads("setor mawar m01 10.000")));
}

/// A server that died between a commit and its signature leaves the checkpoint of before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_batch_is_signed_if_need_be_at_the_next_start() {
    let (_folder, data) = data_folder();
    let checkpoint = data.join("signing/kupang.checkpoint");
    let signed = || fs::read_to_string(&checkpoint).expect("a checkpoint");
    let mut sizes = Vec::new();
    for number in 0..3 {
        serve(&data, |terminal| match number {
            0 => drop(
                terminal.reads("buku baru --nama Contoh --lkm \"LKM contoh\" --sejak 1-1-2025"),
            ),
            _ => drop(terminal.reads(&format!("kelompok baru mawar{number} --nama M --anggota 5"))),
        });
        sizes.push(signed().lines().nth(1).expect("a size").parse::<u64>().expect("a number"));
    }
    assert_eq!(sizes, [1, 2, 3], "nobody asked for them");
    let last = signed();
    serve(&data, |terminal| drop(terminal.reads("kelompok baru melati --nama M --anggota 5")));
    let next = signed();
    fs::write(&checkpoint, last).expect("written");
    serve(&data, |_| ());
    assert_eq!(signed(), next);
}

#[test]
fn a_backup_names_the_folder_that_is_not_there() {
    let (_folder, data) = data_folder();
    let to = data.with_file_name("cadangan");
    let to_name = to.to_str().expect("text");
    let output = simpul(&["backup", "--ke", to_name], &Backend::Sqlite, &data).output();
    let said = String::from_utf8(output.expect("it runs").stderr).expect("text");
    assert!(said.contains(&format!("{}: ", data.display())), "{said}");
    assert!(!to.exists(), "nothing is left behind");
}
