//! TLS in front of a real server: who trusts its certificate gets through, a renewed one is taken
//! up without a restart, a broken one is not.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use tokio::task::block_in_place;

use crate::server::{Backend, SERVE, Server, data_folder, simpul};
use crate::terminal::Terminal;

/// A certificate of its own for this machine's loopback address, and its key, as PEM.
fn certificate() -> (String, String) {
    let names = vec!["127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_while_callers_go_on() {
    let (_folder, data) = data_folder();
    std::fs::create_dir_all(&data).expect("a folder");
    let [served, key, first, second] =
        ["server.pem", "server.key", "first.pem", "second.pem"].map(|name| data.join(name));
    let (old, renewed) = (certificate(), certificate());
    write(&first, &old.0);
    write(&second, &renewed.0);
    write(&served, &old.0);
    write(&key, &old.1);
    let mut command = simpul(&SERVE, &Backend::Sqlite, &data);
    command.arg("--tls-certificate").arg(&served).arg("--tls-key").arg(&key);
    command.stderr(Stdio::piped());
    let mut server = Server::spawn(command);
    assert!(server.address().starts_with("https://127.0.0.1:"), "{}", server.address());
    let mut log = BufReader::new(server.log()).lines();
    let mut hears = |words: &str| {
        block_in_place(|| log.by_ref().any(|line| line.expect("text").contains(words)))
    };
    let trusting = |file: &Path| Terminal::new(server.address(), "aman").trusting(file.to_owned());
    let unreachable = "Server tidak dapat dihubungi; coba lagi nanti. Tidak ada yang hilang.";
    trusting(&first).reads("buku-baru --nama Aman --sejak 1-1-2025");
    assert_eq!(trusting(&second).refused("kelompok"), unreachable);
    let plain = server.address().replace("https", "http");
    assert_eq!(Terminal::new(&plain, "aman").refused("kelompok"), unreachable);

    write(&served, &renewed.0);
    write(&key, &renewed.1);
    server.signal("-HUP");
    assert!(hears("the certificate was loaded again"));
    trusting(&second).reads("kelompok");
    assert_eq!(trusting(&first).refused("kelompok"), unreachable);

    // A key that is not the certificate's changes nothing.
    write(&key, &old.1);
    server.signal("-HUP");
    assert!(hears("the certificate in force stays"));
    trusting(&second).reads("kelompok");
    assert!(server.terminate().success());
}

#[test]
fn a_port_for_others_needs_a_certificate_and_sign_in() {
    let (_folder, data) = data_folder();
    let refused = |arguments: &[&str]| {
        let mut command = simpul(&["serve", "--listen", "0.0.0.0:0"], &Backend::Sqlite, &data);
        let output = command.args(arguments).output().expect("it runs");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).expect("text")
    };
    let unguarded = refused(&["--sign-in", "false", "--allow-plaintext", "true"]);
    assert!(unguarded.contains("set sign_in = true"), "{unguarded}");
    let plain = refused(&[]);
    assert!(plain.contains("set tls_certificate"), "{plain}");
    let half = refused(&["--tls-key", "server.key"]);
    assert!(half.contains("tls_certificate must be set with tls_key"), "{half}");
}
