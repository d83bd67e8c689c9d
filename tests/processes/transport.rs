//! TLS in front of a real server: who trusts its certificate gets through, a renewed one is taken
//! up without a restart, a broken one is not. So it is with those who vouch for machines, and with an
//! identity provider's keys; and nothing of a token or of whom it is about gets into the log.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::task::block_in_place;

use crate::server::{Backend, SERVE, Server, data_folder, simpul};
use crate::terminal::Terminal;
use crate::tokens::{AUDIENCE, ISSUER, Issuer as Provider, key_set};

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
    trusting(&first).reads("buku baru --nama Aman --sejak 1-1-2025");
    let untrusted = "Sertifikat server ditolak: tidak dijamin oleh berkas --ca (atau SIMPUL_CA); minta \
                     berkas yang benar dari pengelola server.";
    assert_eq!(trusting(&second).refused("kelompok daftar"), untrusted);
    let booking = trusting(&second).refused("setor mawar m01 1.000");
    assert_eq!(booking, format!("{untrusted} Tidak ada yang dibukukan."));
    let plain = server.address().replace("https", "http");
    let plain = Terminal::new(&plain, "aman").refused("kelompok daftar");
    assert!(
        plain.starts_with("Server ini hanya menerima sambungan TLS: tulis https://"),
        "{plain}"
    );
    let other = server.address().replace("127.0.0.1", "localhost");
    let other = Terminal::new(&other, "aman").trusting(first.clone()).refused("kelompok daftar");
    assert!(
        other.starts_with("Sertifikat server ditolak: dibuat untuk nama lain, bukan localhost;"),
        "{other}"
    );
    let nobody = Terminal::new(server.address(), "aman").refused("kelompok daftar");
    assert!(nobody.starts_with("Alamat https memerlukan sertifikat yang dipercaya"), "{nobody}");

    write(&served, &renewed.0);
    write(&key, &renewed.1);
    server.signal("-HUP");
    assert!(hears("the certificate was loaded again"));
    trusting(&second).reads("kelompok daftar");
    assert_eq!(trusting(&first).refused("kelompok daftar"), untrusted);

    // A key that is not the certificate's changes nothing.
    write(&key, &old.1);
    server.signal("-HUP");
    assert!(hears("the certificate in force stays"));
    trusting(&second).reads("kelompok daftar");

    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    params.not_after = date_time_ymd(2025, 1, 1);
    let old = KeyPair::generate().expect("a key");
    write(&key, &old.serialize_pem());
    write(&served, &params.self_signed(&old).expect("signed").pem());
    server.signal("-HUP");
    assert!(hears("the certificate was loaded again"));
    let expired = trusting(&served).refused("kelompok daftar");
    assert!(
        expired.starts_with("Sertifikat server ditolak: masa berlakunya sudah lewat"),
        "{expired}"
    );
    assert!(server.terminate().success());
}

/// Somebody who takes calls and hangs up: what was sent may have arrived, or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_outcome_is_told_with_the_way_to_learn_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let terminal = Terminal::new(&address, "contoh");
    let lost = "Sambungan putus sebelum server menjawab, jadi hasilnya belum diketahui.";
    assert_eq!(terminal.refused("kelompok daftar"), lost);
    let booking = terminal.refused("setor mawar m01 1.000 --id-permintaan setoran-7");
    let again = "Ulangi perintah yang sama dengan --id-permintaan setoran-7: tidak akan dibukukan dua \
                 kali.";
    assert_eq!(booking, format!("{lost} {again}"));
    let fresh = terminal.refused("setor mawar m01 1.000");
    assert!(fresh.contains("Ulangi perintah yang sama dengan --id-permintaan 0"), "{fresh}");

    // Nobody is there: nothing was sent.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").and_then(|gone| gone.local_addr());
    let gone = Terminal::new(&format!("http://{}", gone.expect("a port")), "contoh");
    let unreachable = "Server tidak dapat dihubungi; coba lagi nanti.";
    assert_eq!(gone.refused("kelompok daftar"), unreachable);
    let booking = gone.refused("setor mawar m01 1.000");
    assert_eq!(booking, format!("{unreachable} Tidak ada yang dibukukan."));
}

/// Someone who vouches for machines, and a certificate of theirs for one with its key, as PEM.
fn vouched() -> (String, String, String) {
    let (key, machine) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).expect("signed").pem();
    let params_of_machine = CertificateParams::new(vec!["mesin.contoh".to_owned()]).expect("names");
    let signed = params_of_machine.signed_by(&machine, &Issuer::new(params, key)).expect("signed");
    (ca, signed.pem(), machine.serialize_pem())
}

/// Writes what nobody else may read.
fn write_secret(path: &Path, text: &str) {
    write(path, text);
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("closed to others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_and_the_users_of_a_provider_sign_in() {
    let (_folder, data) = data_folder();
    std::fs::create_dir_all(&data).expect("a folder");
    let [served, key, ca, keys] =
        ["server.pem", "server.key", "ca.pem", "jwks.json"].map(|name| data.join(name));
    let (own, before, after) = (certificate(), vouched(), vouched());
    write(&served, &own.0);
    write_secret(&key, &own.1);
    write(&ca, &before.0);
    for (name, (_, certificate, key)) in [("lama", &before), ("baru", &after)] {
        write(&data.join(format!("{name}.pem")), certificate);
        write_secret(&data.join(format!("{name}.key")), key);
    }
    let (provider, renewed) = (Provider::new("lama"), Provider::new("baru"));
    write(&keys, &key_set(&[&provider]));
    let far_future = 4_000_000_000;
    let token = |name: &str, provider: &Provider, subject: &str| {
        let file = data.join(format!("{name}.tanda"));
        write_secret(&file, &provider.about(subject, far_future));
        file
    };

    let mut command = simpul(&["administrator", "kepala"], &Backend::Sqlite, &data);
    let code = block_in_place(|| command.output()).expect("it runs").stdout;
    let code = String::from_utf8(code).expect("text");
    let mut command = simpul(&SERVE[..3], &Backend::Sqlite, &data);
    command.arg("--tls-certificate").arg(&served).arg("--tls-key").arg(&key);
    command.arg("--client-ca").arg(&ca).arg("--oidc-keys").arg(&keys);
    command.args(["--oidc-issuer", ISSUER, "--oidc-audience", AUDIENCE, "--log", "debug"]);
    command.stderr(Stdio::piped());
    let mut server = Server::spawn(command);
    // Read all the while, so that the server never waits for whoever reads its log.
    let (said, log) = std::sync::mpsc::channel();
    let lines = BufReader::new(server.log()).lines();
    let reading = std::thread::spawn(move || {
        lines.map_while(Result::ok).for_each(|line| said.send(line).expect("somebody hears"));
    });
    let mut heard = String::new();
    let mut hears = |words: &str| {
        block_in_place(|| {
            log.iter().any(|line: String| {
                heard.push_str(&line);
                line.contains(words)
            })
        })
    };
    let terminal = || Terminal::new(server.address(), "aman").trusting(served.clone());
    let machine = |name: &str| {
        let [certificate, key] = ["pem", "key"].map(|kind| data.join(format!("{name}.{kind}")));
        terminal().with_certificate(certificate, key)
    };
    let admin = terminal().with_token(data.join("kepala.tanda"));
    admin.says(&format!("akses masuk {}", code.trim()), "terdaftar");
    admin.reads("buku baru --nama Aman --sejak 1-1-2025");
    let lets_in = |user: &str, role: &str| {
        admin.reads(&format!("akses pengguna-baru {user}"));
        admin.reads(&format!("akses beri {user} {role} --sejak 1-1-2025"));
    };
    lets_in("mesin-kas", "teller");
    for name in ["lama", "baru"] {
        let certificate = data.join(format!("{name}.pem"));
        admin.reads(&format!("akses kaitkan mesin-kas --sertifikat {}", certificate.display()));
    }
    // From here on there is a second person.
    lets_in("bu-siti", "manajer");
    let subject = "siti-rahasia@contoh";
    let siti = format!("akses kaitkan bu-siti --penerbit {ISSUER} --subjek {subject}");
    admin.shows(&siti, "penyedia", "penyedia identitas");
    let siti = terminal().with_token(token("siti", &provider, subject));
    let later = terminal().with_token(token("kelak", &renewed, subject));
    let stranger = terminal().with_token(token("asing", &provider, "asing-rahasia@contoh"));
    machine("lama").shows("akses saya", "mesin-kas", "teller");
    siti.shows("akses saya", "bu-siti", "manajer");
    let refused = |name: &str| {
        let why = machine(name).refused("akses saya");
        assert!(
            why.starts_with("Server menolak sertifikat mesin ini: minta yang berlaku"),
            "{why}"
        );
    };
    refused("baru");
    let unknown = later.refused("akses saya");
    assert!(unknown.starts_with("Tanda masuk ini tidak dikenal"), "{unknown}");
    assert_eq!(stranger.refused("akses saya"), unknown);

    write(&ca, &after.0);
    write(&keys, &key_set(&[&renewed]));
    server.signal("-HUP");
    assert!(hears("the certificate was loaded again"));
    assert!(hears("the identity provider's keys were loaded again"));
    machine("baru").shows("akses saya", "mesin-kas", "teller");
    refused("lama");
    later.shows("akses saya", "bu-siti", "manajer");
    assert_eq!(siti.refused("akses saya"), unknown);

    write(&ca, "");
    write(&keys, "{}");
    server.signal("-HUP");
    assert!(hears("the certificate in force stays"));
    assert!(hears("the identity provider's keys in force stay"));
    machine("baru").shows("akses saya", "mesin-kas", "teller");
    later.shows("akses saya", "bu-siti", "manajer");

    assert!(server.terminate().success());
    reading.join().expect("read to its end");
    assert!(!hears("nothing more is said"));
    assert!(heard.contains("a token of the identity provider is refused"), "{heard}");
    let tokens = ["siti", "kelak", "asing"].map(|name| data.join(format!("{name}.tanda")));
    let tokens = tokens.map(|file| std::fs::read_to_string(file).expect("a token"));
    for secret in tokens.iter().flat_map(|token| token.trim().split('.')).chain(["rahasia"]) {
        assert!(!heard.contains(secret), "{secret} in the log");
    }
    let kept = ["access.db", "simpul.db"].map(|name| std::fs::read(data.join(name)));
    for file in kept.map(|file| file.expect("a database")) {
        assert!(!file.windows(7).any(|part| part == b"rahasia"), "a subject is kept");
    }
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
