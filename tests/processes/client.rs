//! The terminal client, typed as people type, against the real server: every command at least once,
//! and what it prints, by meaning.

use std::path::Path;

use crate::lending;
use crate::server::{Backend, SERVE, Server, data_folder, simpul};
use crate::terminal::{Terminal, every_command, row};

/// A book and what happens in it.
type Theme = (&'static str, fn(&Terminal, &Path));

/// A life in several books on one server, one theme each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_is_typed_once() {
    let (_folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    let themes: [Theme; 12] = [
        ("bendahara", a_treasurers_day),
        ("hibah", an_officer_follows_a_grant),
        ("buku", registers),
        ("pertemuan", meetings),
        ("usaha", a_business),
        ("iks", solidarity),
        ("lkm", groups_and_their_lkm),
        ("hidup", lives),
        ("pinjaman", lending::loans),
        ("syariah", lending::syariah),
        ("audit", an_auditor_takes_proofs_away),
        ("tahun", a_year_ends),
    ];
    let mut typed = std::collections::BTreeSet::new();
    for (book, theme) in themes {
        let terminal = Terminal::new(server.address(), book);
        theme(&terminal, &data);
        typed.extend(terminal.typed());
    }
    typed.extend(guliran_by_letter(&server, &data));
    typed.extend(who_may_do_what(&data));
    let never: Vec<String> = every_command().difference(&typed).cloned().collect();
    assert!(never.is_empty(), "never typed: {never:?}");
    assert!(server.terminate().success());
}

/// A book with its LKM and two linked groups of five, `mawar` and `melati`.
pub fn found(terminal: &Terminal) {
    terminal.reads("buku baru --nama Contoh --lkm \"LKM contoh\" --sejak 1-1-2025");
    for group in ["mawar", "melati"] {
        let line = format!("kelompok baru {group} --nama {group} --anggota 5 --terhubung 1-1-2025");
        terminal.reads(&line);
        for (id, name) in [("m01", "Maria"), ("m02", "Yosef"), ("m03", "Agustina")] {
            let line =
                format!("anggota baru {group} {id} --nama \"{name} (contoh)\" --sejak 1-1-2025");
            terminal.reads(&line);
        }
    }
    terminal.reads("jurnal umum --debit lkm.sp.1104:50.000.000 --kredit lkm.sp.3107:50.000.000");
    terminal.reads("kas pindah lkm 10.000.000 --dari bank --ke brankas");
}

fn a_treasurers_day(terminal: &Terminal, data: &Path) {
    terminal.reads("buku baru --nama Contoh --lkm \"LKM contoh\" --sejak 1-1-2025");
    let new = "kelompok baru mawar --nama \"Mawar (contoh)\" --anggota 20";
    terminal.says(new, "! Kelompok ini beranggota 20");
    terminal.reads("anggota baru mawar m01 --nama \"Maria (contoh)\" --sejak 1-1-2025");
    terminal.shows("setor mawar m01 50.000", "Tabungan Anggota", "Rp50.000");
    terminal.reads("iuran mawar m01 Rp5.000");
    let file = data.join("lembar.csv");
    std::fs::write(&file, "jenis;anggota;jumlah\nwajib;m01;10.000\nsukarela;m99;2.500\n")
        .expect("written");
    let sheet = format!("lembar mawar {} --kas-buka 55.000 --kas-tutup 67.500", file.display());
    let text = terminal
        .says(&format!("{sheet} --tanggal 5-1-2025"), "! #2 Rp2.500 masuk Rekening Sementara");
    assert!(text.starts_with("Sebagian menunggu di Rekening Sementara: "), "{text}");
    assert!(text.contains(" AKUN Rp2.500 --baris 2"), "{text}");
    terminal.shows("buku-tabungan mawar m01", "mawar.sp.2104.m01", "Rp10.000");
    terminal.shows("buku-kas mawar iks", "Iuran IKS", "Rp5.000");
    terminal.shows("saldo mawar.sp.2103.m01", "mawar.sp.2103.m01", "Rp50.000");
    let text = terminal.reads("neraca-saldo mawar --lang en");
    assert_eq!(row(&text, "Total")[1..], ["Rp67.500", "Rp67.500"]);
    let json = terminal.reads("neraca-saldo mawar --output json");
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["rows"].as_array().expect("rows").len(), 7);
    refusals(terminal);
    mistyped(terminal, data);
}

fn refusals(terminal: &Terminal) {
    assert_eq!(terminal.reads("hibah daftar mawar").trim(), "Belum ada.");
    let unknown = terminal.refused("setor melati m01 1.000");
    let nothing = "Tidak ditemukan: kelompok melati. (isian: anggota) Tidak ada yang dibukukan.";
    assert_eq!(unknown, nothing);
    let english = terminal.refused("setor melati m01 1.000 --lang en");
    assert!(english.starts_with("Not found: group melati."), "{english}");
    assert!(english.ends_with(" Nothing was booked."), "{english}");
    let future = terminal.refused("setor mawar m01 1.000 --tanggal 1-1-2160");
    assert!(future.contains("belum tiba"), "{future}");
    let taken = terminal.refused("kelompok baru mawar --name Lain --members 7");
    assert!(taken.contains("sudah dipakai") && !taken.contains("dibukukan"), "{taken}");
    let nothing = terminal.refused("setor mawar m01 0");
    let booked = "Tidak ada yang dibukukan.";
    assert_eq!(nothing, format!("Jumlah uang harus lebih dari nol. (isian: jumlah) {booked}"));
    assert!(terminal.refused("saldo mawar.sp.2103.m98").ends_with("(isian: akun)"));
}

/// What cannot be read is said in one sentence too, before the server hears of it.
fn mistyped(terminal: &Terminal, data: &Path) {
    let file = data.join("salah.csv");
    std::fs::write(&file, "jenis,anggota,jumlah\nwajib,m01,10.00\n").expect("written");
    let sheet = format!("lembar mawar {} --kas-buka 0 --kas-tutup 0", file.display());
    for (line, sentence) in [
        ("setor mawar m01 50.00", "50.00: Titik hanya memisahkan ribuan, misalnya 1.250.000."),
        (
            "setor mawar m01 lima --lang en",
            "lima: Write it in digits, e.g. 1.250.000 or Rp1.250.000.",
        ),
        ("setor mawar m01 99999999999999999999", "99999999999999999999: Angkanya terlalu besar."),
        ("setor mawar m01 -5", "-5: Angkanya tidak boleh kurang dari nol."),
        (
            "setor mawar m01 5.000 --tanggal 31-2-2025",
            "--tanggal 31-2-2025: Tanggal itu tidak ada di kalender.",
        ),
        (
            "buku-kas mawar sosial",
            "sosial: Dana yang ada: uep, sp, iks, guliran, umum, riil, kebajikan.",
        ),
        (
            "setor mawar",
            "Belum lengkap, masih kurang: anggota, jumlah. Tidak ada yang berubah; lihat simpul \
             setor --help",
        ),
        (
            "setor mawar m01 Rp 10.000",
            "10.000: satu kata terlalu banyak; apit dengan tanda kutip apa yang memakai spasi. \
             Tidak ada yang berubah; lihat simpul setor --help",
        ),
        (
            "hibah trima mawar",
            "trima: perintah ini tidak ada; maksudnya terima. Tidak ada yang berubah; lihat simpul \
             hibah --help",
        ),
        (
            "setor mawar m01 10.000 --tangal 3-11-2025",
            "--tangal: tidak dikenal di sini; maksudnya --tanggal. Tidak ada yang berubah; lihat \
             simpul setor --help",
        ),
        (
            "setor mawar m01 10.000 --jenis wajb --lang en",
            "--jenis wajb: one of: pokok, wajib, sukarela. Nothing has changed; see simpul setor \
             --help",
        ),
        (
            "lembar mawar tidak-ada.csv --kas-buka 0 --kas-tutup 0",
            "Berkas tidak-ada.csv tidak ada.",
        ),
        (
            sheet.as_str(),
            "Baris 1 dari lembar: jumlah: Titik hanya memisahkan ribuan, misalnya 1.250.000.",
        ),
    ] {
        assert_eq!(terminal.refused(line), sentence);
    }
    // Only what the help shows is proposed.
    let unlike = terminal.refused("hri tutup");
    assert!(unlike.starts_with("hri: perintah ini tidak ada; maksudnya hari"), "{unlike}");
    assert!(!unlike.contains("share") && !unlike.contains("parties"), "{unlike}");
}

fn an_officer_follows_a_grant(terminal: &Terminal, data: &Path) {
    found(terminal);
    let received = "hibah terima mawar apbd 20.000.000 --program \"APBD (contoh)\" --sumber apbd";
    let papers = "--sk SK-1 --baris-bank 7/contoh --jenis-bantuan uang --rekening-koran 7/contoh";
    terminal.reads(&format!("{received} --terikat {papers} --tanggal 3-2-2025"));
    let early = terminal.refused("guliran putuskan mawar apbd 6.000.000");
    assert_eq!(
        early,
        "Hibah apbd masih terikat sampai LPJ diterima. (isian: hibah) Tidak ada yang dibukukan."
    );
    let plan = "hibah rencana mawar apbd \"ternak:anak babi:12.000.000\" pakan:pakan:8.000.000";
    terminal.reads(plan);
    terminal.reads("tarik-lkm mawar 9.000.000 --dana uep --tempat-lkm bank");
    let buy = "usaha beli mawar induk:ternak:babi:8:ekor:8.000.000 --hibah apbd --pos ternak";
    terminal.reads(&format!("{buy} --kuitansi K-7"));
    let text = terminal.reads("hibah lpj mawar apbd");
    let sums = "Diterima Rp20.000.000, dibelanjakan Rp8.000.000, sisa Rp12.000.000.";
    assert!(text.contains(sums) && text.contains("K-7"), "{text}");
    terminal.reads("hibah lpj-diterima mawar apbd --tanggal 3-6-2025");
    terminal.shows(
        "hibah hilang mawar apbd --lot induk --banyak 1 --sebab dicuri --berita-acara BA-1",
        "Ternak",
        "Rp1.000.000",
    );
    terminal.shows("hibah kembalikan mawar apbd 500.000", "Modal Hibah", "Rp500.000");
    for paper in ["SK: SK-1", "Baris bank: 7/contoh", "Jenis bantuan: uang"] {
        terminal.says("hibah daftar mawar apbd", paper);
    }
    an_inspector_takes_the_grant_away(terminal, data);
    assert_eq!(terminal.reads("guliran aturan mawar").trim(), "aturan belum ditetapkan");
    let rule = "guliran aturan mawar --persen 12,5 --sejak 1-1-2025";
    assert_eq!(terminal.reads(rule).trim(), "12,5% dalam 12 bulan sesudah diterima");
    terminal.reads("guliran putuskan mawar apbd");
    let deliver = "guliran serahkan mawar apbd ke-melati --kepada melati";
    let too_much = terminal.refused(&format!("{deliver} --uang 2.500.001"));
    assert!(too_much.contains("hanya tersisa Rp2.500.000"), "{too_much}");
    terminal.reads(&format!("{deliver} --uang 2.000.000"));
    let nobody = terminal.refused("guliran serahkan mawar apbd x");
    assert!(nobody.contains("Sebutkan satu penerima"), "{nobody}");
    terminal.reads("guliran konfirmasi melati mawar ke-melati");
    let text = terminal.reads("guliran daftar mawar");
    assert_eq!(row(&text, "ke-melati").last().expect("cells"), "dikonfirmasi");
    terminal.shows("guliran daftar mawar ke-melati", "guliran-mawar", "Rp2.000.000");
    terminal.reads("guliran bebaskan mawar apbd 100.000 --berita-acara BA-2");
    let text = terminal.reads("hibah silsilah melati guliran-mawar");
    assert_eq!(row(&text, "mawar")[4..6], ["Rp16.500.000", "Rp400.000"], "{text}");
    assert!(row(&text, "· melati").contains(&"Rp2.000.000".to_owned()), "{text}");
    terminal.shows("hibah daftar melati", "guliran-mawar", "APBD (contoh)");
    terminal.shows("hibah daftar melati", "guliran-mawar", "mawar");
    terminal.shows(
        "guliran serahkan mawar apbd ke-kolam --kolam --uang 300.000",
        "Dana Guliran",
        "Rp300.000",
    );
    terminal.shows(
        "guliran salurkan mawar ke-kolam 300.000 --kepada melati --menjadi kolam-1",
        "melati.uep.1111",
        "Rp300.000",
    );
    an_inspector_sees_to_whom_it_went(terminal, data);
}

/// The file names the groups a grant was passed on to, and the minutes, and is checked offline.
fn an_inspector_sees_to_whom_it_went(terminal: &Terminal, data: &Path) {
    let folder = data.join("berkas-guliran");
    terminal.reads(&format!("audit grant mawar apbd {}", folder.display()));
    let text = std::fs::read_to_string(folder.join("berkas.txt")).expect("a text");
    let passed = text.split("GULIRAN\n").nth(1).expect("a section");
    let passed = passed.split("\nSISA").next().expect("a section");
    for line in ["ke-kolam", "ke-melati", "dana guliran LKM", "(melati)", "berita acara"] {
        assert!(passed.contains(line), "no {line} in\n{passed}");
    }
    assert!(text.starts_with("BERKAS HIBAH apbd, "), "{text}");
    assert!(text.lines().next().is_some_and(|line| line.ends_with("(mawar)")), "{text}");
    let key = std::fs::read_to_string(folder.join("key.pub")).expect("a key");
    let check = format!("audit verify-grant {} --key {}", folder.display(), key.trim());
    let count = |text: &str| row(text, "Transaksi")[1].parse::<usize>().expect("a number");
    let receipts = std::fs::read_dir(folder.join("receipts")).expect("a folder").count();
    assert_eq!(count(&terminal.reads(&check)), receipts);
    // Without the record that registered a group its name is not proved.
    let first = std::fs::read_dir(folder.join("receipts")).expect("a folder");
    let mut first: Vec<_> = first.map(|entry| entry.expect("an entry").path()).collect();
    first.sort();
    std::fs::remove_file(&first[0]).expect("removed");
    assert!(terminal.refused(&check).contains("berkas.txt tidak sesuai"));
}

/// All of a grant in a folder, checked without the server.
fn an_inspector_takes_the_grant_away(terminal: &Terminal, data: &Path) {
    let photo = data.join("k-9.jpg");
    std::fs::write(&photo, b"\xff\xd8\xff\xe0 K-9 (contoh)").expect("written");
    let feed = "usaha biaya mawar pakan 250.000 --hibah apbd --pos pakan --kuitansi K-9";
    let feed = terminal.books(feed);
    let attached = terminal.says(&format!("lampiran tambah {feed} {}", photo.display()), "JPEG");
    let hash = row(&attached, "JPEG")[0].clone();
    let key = terminal.reads("audit key --output json");
    let key: serde_json::Value = serde_json::from_str(&key).expect("JSON");
    let key = key["rows"][0]["value"].as_str().expect("a key").to_owned();
    let folder = data.join("berkas-apbd");
    terminal.reads(&format!("audit grant mawar apbd {}", folder.display()));
    let text = std::fs::read_to_string(folder.join("berkas.txt")).expect("a text");
    let stolen = "dicuri: 1 (induk)";
    for words in ["SK-1", "K-7", "K-9", &hash, "anak babi: Rp12.000.000", stolen, "Rp8.250.000"] {
        assert!(text.contains(words), "no {words} in\n{text}");
    }
    let check = format!("audit verify-grant {} --key {key}", folder.display());
    assert_eq!(row(&terminal.reads(&check), "Lampiran")[1], "1");
    let other = key.replace("simpul/", "lain/");
    let wrong = terminal.refused(&format!("audit verify-grant {} --key {other}", folder.display()));
    assert!(wrong.contains("tidak dapat dibaca"), "{wrong}");
    std::fs::write(folder.join("berkas.txt"), text.replace("K-7", "K-8")).expect("written");
    assert!(terminal.refused(&check).contains("berkas.txt tidak sesuai"));
    std::fs::write(folder.join("berkas.txt"), text).expect("written");
    std::fs::write(folder.join("attachments").join(&hash), b"lain").expect("written");
    assert!(terminal.refused(&check).contains(&hash));
    let receipts = std::fs::read_dir(folder.join("receipts")).expect("a folder");
    let receipt = receipts.last().expect("a receipt").expect("a receipt").path();
    let mut bytes = std::fs::read(&receipt).expect("read");
    bytes[60] ^= 1;
    std::fs::write(&receipt, bytes).expect("written");
    assert!(terminal.refused(&check).starts_with("TIDAK TERBUKTI"));
    let nothing = format!("audit grant mawar tiada {}", data.join("tiada").display());
    assert!(terminal.refused(&nothing).contains("Tidak ditemukan: "));
}

/// Two installations: a letter goes one way, its receipt the other.
fn guliran_by_letter(server: &Server, data: &Path) -> std::collections::BTreeSet<String> {
    let far = data.join("jauh");
    let other = Server::start(&Backend::Sqlite, &far);
    let (near, there) =
        (Terminal::new(server.address(), "surat"), Terminal::new(other.address(), "jauh"));
    found(&near);
    found(&there);
    near.reads("hibah terima mawar blps 5.000.000 --program \"BLPS (contoh)\"");
    near.reads("guliran putuskan mawar blps 1.000.000");
    let deliver = "guliran serahkan mawar blps jauh-1 --kepada books/jauh/groups/melati";
    near.reads(&format!("{deliver} --uang 1.000.000"));
    near.shows("guliran perjalanan", "jauh-1", "Rp1.000.000");
    let (letter, receipt) = (data.join("surat.bin"), data.join("tanda-terima.bin"));
    let sent = near.reads(&format!("guliran kirim mawar jauh-1 {}", letter.display()));
    let code = sent.trim().rsplit(' ').next().expect("a code");
    let altered = there.refused(&format!(
        "guliran terima {} 0000000000000000 --tanda-terima {}",
        letter.display(),
        receipt.display()
    ));
    assert!(altered.contains("tidak cocok dengan kodenya"), "{altered}");
    let line =
        format!("guliran terima {} {code} --tanda-terima {}", letter.display(), receipt.display());
    let line = format!("{line} --actor teller");
    let came = there.shows(&line, "Modal Guliran", "Rp1.000.000");
    let code = came.trim().rsplit(' ').next().expect("a code");
    let acknowledge = |code: &str| format!("guliran tanda-terima {} {code}", receipt.display());
    near.reads(&acknowledge(code));
    assert_eq!(near.reads("guliran perjalanan").trim(), "Belum ada.");
    // Over there the group says that it never came: it goes back, and so does the word.
    let booked = came.split(' ').nth(1).expect("an id");
    let grant = there.reads("hibah daftar melati");
    let grant = grant.split_whitespace().find(|word| word.starts_with("guliran-"));
    let write =
        format!("guliran kabarkan melati {} {}", grant.expect("a grant"), receipt.display());
    let word = || {
        let written = there.reads(&write);
        acknowledge(written.trim().rsplit(' ').next().expect("a code"))
    };
    there.reads(&format!("konfirmasi sanggah melati {booked} --sebab \"Tidak ada (contoh)\""));
    near.shows(&word(), "jauh-1", "disanggah");
    there.books(&format!("jurnal batal {booked}"));
    near.shows(&word(), "jauh-1", "dikirim balik");
    near.shows("guliran perjalanan", "jauh-1", "dikirim balik");
    near.says("guliran daftar mawar jauh-1", "Kata penerima: dikirim balik, tidak diterima (");
    assert!(other.terminate().success());
    near.typed().union(&there.typed()).cloned().collect()
}

/// A server where callers sign in: its administrator lets a manager and a treasurer in.
fn who_may_do_what(data: &Path) -> std::collections::BTreeSet<String> {
    let guarded = data.join("terjaga");
    let mut command = simpul(&["administrator", "kepala"], &Backend::Sqlite, &guarded);
    let code = String::from_utf8(command.output().expect("it runs").stdout).expect("text");
    let server = Server::spawn(simpul(&SERVE[..3], &Backend::Sqlite, &guarded));
    let device = |name: &str| {
        let terminal = Terminal::new(server.address(), "jaga");
        terminal.with_token(guarded.join(format!("{name}.tanda")))
    };
    let admin = device("kepala");
    let stranger = admin.refused("kelompok daftar");
    assert_eq!(stranger, "Silakan masuk dahulu.");
    admin.says(&format!("akses masuk {} --nama kantor", code.trim()), "terdaftar");
    admin.reads("buku baru --nama Jaga --lkm \"LKM contoh\" --sejak 1-1-2025");
    let refused = admin.refused("kelompok baru mawar --nama Mawar --anggota 5");
    assert!(refused.contains("tidak berhak"), "{refused}");

    // What waits for a second person says what they type.
    let waits = |line: &str| {
        let sentence = admin.refused(line);
        assert!(sentence.starts_with("Belum dilakukan: menunggu"), "{sentence}");
        sentence.rsplit(' ').next().expect("an id").to_owned()
    };
    let lets_in = |user: &str, role: &str, pin: &str, second: Option<&Terminal>| {
        admin.reads(&format!("akses pengguna-baru {user}"));
        let gives = format!("akses beri {user} {role} --sejak 1-1-2025");
        match second {
            // The first administrator begins alone.
            None => drop(admin.reads(&gives)),
            Some(second) => {
                let request = waits(&gives);
                second.shows("persetujuan daftar", &request, "akses");
                second.shows(&format!("persetujuan lihat {request}"), "user_id", user);
                second.says(&format!("persetujuan setujui {request}"), "Hak akses diubah");
            }
        }
        let invites = format!("akses undang {user} --output json");
        let code = match second {
            None => admin.reads(&invites),
            Some(second) => {
                let request = waits(&invites);
                assert!(admin.refused(&invites).contains("lalu Anda mengetik: simpul akses ambil"));
                second.says(&format!("persetujuan setujui {request}"), "Cara masuk diizinkan");
                admin.reads(&format!("akses ambil {request} --output json"))
            }
        };
        let code: serde_json::Value = serde_json::from_str(&code).expect("JSON");
        let code = code["rows"][0]["code"].as_str().expect("a code").to_owned();
        let own = device(user);
        own.says(&format!("akses masuk {code} {pin}"), "terdaftar");
        own
    };
    let manager = lets_in("manajer", "manajer", "", None);
    manager.reads("kelompok baru mawar --nama Mawar --anggota 5 --terhubung 1-1-2025");
    let treasurer = lets_in("bu-maria", "bendahara --kelompok mawar", "--pin 2468", Some(&manager));
    assert!(treasurer.refused("akses saya").contains("PIN"));
    assert_eq!(treasurer.refused("akses buka 1357"), "PIN salah. (isian: pin)");
    treasurer.says("akses buka 2468", "terbuka");
    treasurer.shows("akses saya", "bu-maria", "groups/mawar");
    treasurer.reads("anggota baru mawar m01 --nama \"Maria (contoh)\" --sejak 1-1-2025");
    treasurer.books("setor mawar m01 50.000");
    let [right, wrong] = [50, 20].map(|much| manager.books(&format!("setor mawar m01 {much}.000")));
    treasurer.shows("konfirmasi daftar mawar", &right, "dicatat oleh LKM, belum dikonfirmasi");
    treasurer.reads(&format!("konfirmasi benar mawar {right}"));
    treasurer
        .reads(&format!("konfirmasi sanggah mawar {wrong} --sebab \"Tidak diterima (contoh)\""));
    manager.shows("konfirmasi daftar mawar", &wrong, "disanggah");
    assert!(!manager.reads("konfirmasi daftar mawar --menunggu").contains(&wrong));
    manager.says(&format!("jurnal lihat {wrong}"), "Kata kelompok: disanggah");
    manager.says("jurnal periksa mawar", &wrong);
    assert!(treasurer.refused("neraca-saldo").contains("Tidak ditemukan: "));

    let made = rcgen::generate_simple_self_signed(vec!["mesin.contoh".to_owned()]);
    let certificate = guarded.join("mesin.pem");
    std::fs::write(&certificate, made.expect("a certificate").cert.pem()).expect("written");
    let certificate = certificate.display();
    let request = waits(&format!("akses kaitkan bu-maria --sertifikat {certificate}"));
    manager.says(&format!("persetujuan lihat {request}"), "fingerprint");
    manager.reads(&format!("persetujuan setujui {request}"));
    let linked = admin.reads(&format!("akses ambil {request}"));
    let identity = row(&linked, "sertifikat").swap_remove(0);
    admin.shows("akses kaitan bu-maria", &identity, "sertifikat");
    let taken = admin.refused(&format!("akses kaitkan manajer --sertifikat {certificate}"));
    assert_eq!(taken, "Ini sudah dikaitkan dengan pengguna lain.");
    admin.says(&format!("akses lepas-kaitan {identity}"), "dilepas");
    let far = admin.refused("akses kaitkan bu-maria --penerbit https://id.contoh --subjek maria");
    assert!(far.starts_with("Server ini tidak menerima penyedia identitas itu."), "{far}");

    admin.shows("akses daftar", "bu-maria", "bendahara");
    let devices = admin.reads("akses perangkat bu-maria --output json");
    let devices: serde_json::Value = serde_json::from_str(&devices).expect("JSON");
    let lost = devices["rows"][0]["device"].as_str().expect("a device").to_owned();
    admin.says(&format!("akses cabut {lost}"), "dicabut");
    assert!(treasurer.refused("akses saya").contains("dicabut"));
    let ends = "akses akhiri bu-maria bendahara --kelompok mawar";
    let request = waits(ends);
    manager.shows(&format!("persetujuan tolak {request} --sebab keliru"), &request, "ditolak");
    let request = waits(ends);
    admin.shows(&format!("persetujuan tarik {request}"), &request, "ditarik");
    manager.reads(&format!("persetujuan setujui {}", waits(ends)));
    manager.shows(
        "persetujuan aturan pencairan:5.000.000 --sejak 1-1-2025 --hari 3",
        "pencairan",
        "3",
    );
    manager.shows("persetujuan aturan", "pencairan", "Rp5.000.000");
    let log = admin.reads("akses catatan");
    let line = row(&log, "Kelompok: baru");
    assert!(line[0].ends_with(" WITA"), "{log}");
    assert!(line.contains(&"Peran Anda tidak berhak atas permintaan ini.".to_owned()), "{log}");
    admin.says("akses catatan --di-luar-buku", "Silakan masuk dahulu.");
    assert!(server.terminate().success());
    [admin, manager, treasurer].iter().flat_map(Terminal::typed).collect()
}

fn an_auditor_takes_proofs_away(terminal: &Terminal, data: &Path) {
    found(terminal);
    let key = terminal.reads("audit key --output json");
    let key: serde_json::Value = serde_json::from_str(&key).expect("JSON");
    let key = key["rows"][0]["value"].as_str().expect("a key").to_owned();
    assert!(key.starts_with("simpul/books/audit+"), "{key}");
    let [early, late, receipt, note] =
        ["dulu", "kini", "tanda-terima", "titik"].map(|name| data.join(name));
    terminal.reads(&format!("audit checkpoint {}", note.display()));
    terminal.says(&format!("audit export {}", early.display()), "catatan di");
    let deposit = terminal.books("setor mawar m01 50.000");
    terminal.says(&format!("audit extends {} --key {key}", note.display()), "TERBUKTI");
    terminal.reads(&format!("audit receipt {deposit} {}", receipt.display()));
    let check = format!("audit verify-receipt {} --key {key}", receipt.display());
    terminal.says(&check, "Rp50.000");
    terminal.shows(&format!("kuitansi {deposit}"), "Sudah terima dari", "Maria (contoh)");
    let text = std::fs::read_to_string(&receipt).expect("a receipt");
    std::fs::write(&receipt, text.replacen("index ", "index 1", 1)).expect("written");
    assert!(terminal.refused(&check).starts_with("TIDAK TERBUKTI"));

    let photo = data.join("kuitansi.jpg");
    std::fs::write(&photo, b"\xff\xd8\xff\xe0 kuitansi (contoh)").expect("written");
    let attached = terminal.says(&format!("lampiran tambah {deposit} {}", photo.display()), "JPEG");
    let hash = &row(&attached, "JPEG")[0];
    terminal.shows(&format!("lampiran daftar {deposit}"), "JPEG", hash);
    let copy = data.join("kuitansi-salinan.jpg");
    terminal.says(&format!("lampiran ambil {deposit} {hash} {}", copy.display()), "Disimpan");
    assert_eq!(std::fs::read(&copy).expect("read"), std::fs::read(&photo).expect("read"));

    terminal.says(&format!("audit export {}", late.display()), "catatan di");
    let check = format!("audit verify {} --key {key}", late.display());
    let both = format!("{check} --earlier {}", early.display());
    let rebuilt = terminal.reads(&check);
    let savings = row(&rebuilt, "Tabungan Anggota");
    assert!(savings.contains(&"Rp50.000".to_owned()), "{rebuilt}");
    assert_eq!(row(&rebuilt, "Lampiran")[1], "1", "{rebuilt}");
    terminal.says(&both, "Melanjutkan");
    audit_spans(terminal, data, &key, &early);
    // A second key signs what the book has signed, and never a shorter book afterwards.
    let cosign = |file: &Path| {
        let secret = data.join("dinas.key");
        let own = format!("--secret {} --name dinas.example", secret.display());
        format!("audit cosign {} --key {key} {own}", file.display())
    };
    let said = terminal.reads(&cosign(&note));
    let cosigner = row(&said, "dinas.example")[1].clone();
    let witnessed = format!("{check} --cosigner {cosigner}");
    assert!(terminal.refused(&witnessed).starts_with("TIDAK TERBUKTI"));
    terminal.reads(&cosign(&late.join("checkpoint")));
    terminal.says(&witnessed, "dinas.example, ");
    assert!(terminal.refused(&cosign(&note)).contains("hanya berisi"));
    // A photo that was changed is found, one that is not there is named.
    let photo = late.join("attachments").join(hash);
    std::fs::write(&photo, b"\xff\xd8\xff\xe0 kuitansi lain").expect("written");
    assert!(terminal.refused(&check).contains(hash));
    std::fs::remove_file(&photo).expect("removed");
    terminal.shows(&check, "Lampiran tidak ada", hash);
    let backwards = format!("audit verify {} --earlier {}", early.display(), late.display());
    assert!(terminal.refused(&backwards).starts_with("TIDAK TERBUKTI"));
    assert!(terminal.refused("audit start-epoch").contains("melanjutkan semua"));
    // One byte anywhere in the records.
    let bundle = std::fs::read_dir(late.join("tile/entries/000.p")).expect("a folder");
    let bundle = bundle.last().expect("a bundle").expect("a bundle").path();
    let mut bytes = std::fs::read(&bundle).expect("read");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&bundle, bytes).expect("written");
    assert!(terminal.refused(&check).starts_with("TIDAK TERBUKTI"));
}

/// Parts of the book, with the folder of the whole book from before the last deposit.
fn audit_spans(terminal: &Terminal, data: &Path, key: &str, early: &Path) {
    let part = data.join("rentang");
    let last = terminal.reads("neraca-saldo --ringkas");
    let last: u64 =
        last.rsplit(' ').next().and_then(|n| n.trim().parse().ok()).expect("a position");
    let span = format!("{}-{last}", last - 1);
    terminal.says(&format!("audit export {} --catatan {span}", part.display()), "2 catatan di");
    let check = format!("audit verify {} --key {key}", part.display());
    let proved = terminal.reads(&check);
    assert_eq!(row(&proved, "Catatan")[1], format!("{span} dari {last}"), "{proved}");
    assert!(proved.contains("Tidak dapat dihitung") && !proved.contains("Saldo akhir"), "{proved}");
    let savings = row(&proved, "Tabungan Anggota");
    assert_eq!(savings[savings.len() - 1], "Rp50.000", "{proved}");
    let both = terminal.reads(&format!("{check} --earlier {}", early.display()));
    assert!(both.contains("Melanjutkan") && !both.contains("Tidak dapat dihitung"), "{both}");
    let savings = row(&both, "Tabungan Anggota");
    assert_eq!(savings[savings.len() - 4..], ["Rp0", "Rp0", "Rp50.000", "-Rp50.000"], "{both}");

    let days = data.join("rentang-hari");
    let none = format!("audit export {} --dari 1-1-2099 --sampai 31-1-2099", days.display());
    terminal.refused(&none);
    std::fs::remove_dir_all(&days).expect("removed");
    terminal.reads(&format!("audit export {} --dari 1-1-2025", days.display()));
    terminal.says(&format!("audit verify {} --key {key}", days.display()), "TERBUKTI");
    for wrong in ["--catatan 9-2", "--catatan x"] {
        terminal.refused(&format!("audit export {} {wrong}", data.join("salah").display()));
    }
    // One byte of the span.
    let bundle = std::fs::read_dir(part.join("tile/entries/000.p")).expect("a folder");
    let bundle = bundle.last().expect("a bundle").expect("a bundle").path();
    let mut bytes = std::fs::read(&bundle).expect("read");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&bundle, bytes).expect("written");
    assert!(terminal.refused(&check).starts_with("TIDAK TERBUKTI"));
}

fn registers(terminal: &Terminal, data: &Path) {
    terminal.reads("buku baru --nama Registrasi --lkm \"LKM contoh\" --sejak 1-1-2025");
    terminal.shows("buku daftar", "Registrasi", "LKM contoh");
    terminal.shows("buku daftar buku", "Registrasi", "1 Januari 2025");
    terminal.reads("kelompok baru mawar --nama Mawar --anggota 5 --usaha \"Ternak babi\"");
    terminal.shows("kelompok daftar", "mawar", "Ternak babi");
    terminal.says(
        "kelompok hubungkan mawar --sejak 2-1-2025",
        "Terhubung dengan LKM sejak 2 Januari 2025",
    );
    terminal
        .says("kelompok lepaskan mawar --sejak 5-1-2025", "2 Januari 2025 sampai 5 Januari 2025");
    terminal.says(
        "kelompok tahap mawar berkembang --sejak 2-1-2025",
        "Tahap: berkembang sejak 2 Januari",
    );
    terminal.shows(
        "anggota baru mawar m01 --nama \"Maria (contoh)\" --sejak 1-1-2025",
        "m01",
        "Maria (contoh)",
    );
    terminal.says("kelompok pengurus mawar m01 ketua --sejak 3-1-2025", "ketua: m01");
    terminal.says("kelompok daftar mawar", "ketua: m01");
    let change = "anggota ubah mawar m01 --status hampir-miskin --keluarga kk-01";
    terminal.shows(change, "m01", "hampir-miskin");
    terminal.shows("anggota daftar mawar", "m01", "kk-01");
    terminal.shows("anggota daftar mawar m01", "m01", "Maria (contoh)");
    terminal.reads("anggota baru mawar m02 --nama \"Yosef (contoh)\" --sejak 1-1-2025");
    terminal.shows("anggota keluar mawar m02 --sejak 6-1-2025", "m02", "6 Januari 2025");
    terminal.shows("anggota cari mária", "m01", "Maria (contoh)");
    terminal.reads("anggota ubah mawar m01 --nik 5301014501900001");
    let reveal = "anggota lihat-nik mawar m01 --untuk identitas --alasan \"cocokkan KTP\"";
    terminal.shows(reveal, "m01", "5301014501900001");
    let held = data.join("maria.json");
    let export = held.display();
    let export =
        format!("anggota ekspor-data mawar m01 {export} --untuk data-sendiri --alasan diminta");
    terminal.says(&export, "Disimpan di");
    let held = std::fs::read_to_string(&held).expect("written");
    let held: serde_json::Value = serde_json::from_str(&held).expect("JSON");
    assert_eq!(held["member"]["nik"], "5301014501900001");
    let first = &held["records"][0];
    assert_eq!(first["transaction"]["event"], "MEMBER_ENROLLED");
    assert_eq!(first["rows"][0]["id"], "m01");
    assert!(held.to_string().contains("\"household\":\"kk-01\""), "{held}");
    terminal.says("anggota masa-simpan 10 --sejak 1-1-2025 --berita-acara BA-7", "10");
    let early = terminal.refused("anggota hapus-data mawar m02 --sebab diminta");
    assert!(early.contains("wajib disimpan sampai 31 Desember 2035"), "{early}");
    let shop = "pihak baru mawar toko --sebagai pemasok --nama \"Toko Tani (contoh)\"";
    terminal.shows(shop, "toko", "Toko Tani (contoh)");
    terminal.shows("pihak daftar mawar", "toko", "pemasok");
    terminal.shows("pihak daftar mawar toko", "toko", "Toko Tani (contoh)");
    terminal.shows("laci baru tas-1 --nama \"Tas 1\" --kolektor", "tas-1", "tas kolektor");
    terminal.shows("laci daftar", "tas-1", "Tas 1");
    terminal.reads("jurnal umum --debit lkm.sp.1102:5.000.000 --kredit lkm.sp.3107:5.000.000");
    terminal.reads("laci baru loket-1 --nama \"Loket 1\"");
    terminal.reads("laci batas loket-1 1.000.000 --sejak 1-1-2025");
    let open = "laci buka loket-1 --teller teller-1 --dihitung 0";
    let full = terminal.refused(&format!("{open} --dari-brankas 1.000.001"));
    assert!(full.contains("paling banyak Rp1.000.000"), "{full}");
    terminal.shows(&format!("{open} --dari-brankas 500.000"), "Kas Teller", "Rp500.000");
    terminal.shows("laci daftar", "loket-1", "teller-1");
    let close = "laci tutup loket-1 --dihitung 499.000 --ke-brankas 499.000";
    terminal.shows(close, "Selisih Kas", "Rp1.000");
    terminal.books("kas selisih lkm 1.000 --laci loket-1 --berita-acara BA-1");
}

fn meetings(terminal: &Terminal, data: &Path) {
    found(terminal);
    let record = "pertemuan catat mawar januari --tanggal 10-1-2025 --hadir m01,m02 --tamu 1";
    let words = "--acara \"Iuran\" --keputusan \"Membeli pakan\"";
    terminal.says(&format!("{record} {words}"), "Keputusan: Membeli pakan");
    terminal.shows("pertemuan daftar mawar", "januari", "10 Januari 2025");
    terminal.says("pertemuan daftar mawar januari", "Hadir: m01, m02");
    let file = data.join("pertemuan.csv");
    std::fs::write(&file, "jenis,anggota,jumlah\nwajib,m01,10.000\nsukarela,m02,5.000\n")
        .expect("written");
    let sheet = format!("lembar mawar {} --kas-buka 0 --kas-tutup 15.000", file.display());
    let sheet = format!("{sheet} --nomor 1 --tanggal 10-1-2025 --id-permintaan");
    terminal.shows(&format!("{sheet} lembar-satu"), "Simpanan Wajib", "Rp10.000");
    for second in ["lembar-dua", "lembar-tiga"] {
        terminal.tells(&format!("{sheet} {second}"), "Belum dibukukan, menunggu diperiksa");
    }
    terminal.shows("pertemuan lembar mawar 10-1-2025", "sukarela", "Rp5.000");
    terminal.shows("pertemuan tertunda mawar", "lembar-dua", "menunggu");
    terminal.shows("pertemuan buang mawar lembar-dua", "lembar-dua", "dibuang");
    terminal.shows("pertemuan terima mawar lembar-tiga", "Simpanan Wajib", "Rp10.000");
    terminal.shows("laporan hadir mawar", "januari", "1");
    let guest = "sekretaris tamu-baru mawar satu \"Ibu Contoh\" --dari \"Dinas Sosial\"";
    terminal.shows(&format!("{guest} --keperluan kunjungan"), "satu", "kunjungan");
    terminal.shows("sekretaris daftar-tamu mawar", "satu", "Ibu Contoh");
    let letter = "sekretaris surat-baru mawar masuk-1 masuk Kecamatan --nomor 7/contoh";
    terminal.shows(&format!("{letter} --perihal undangan"), "masuk-1", "undangan");
    terminal.shows("sekretaris daftar-surat mawar", "masuk-1", "7/contoh");
    terminal.shows("laporan buku-kelompok mawar", "Buku kas IKS", "iks");
}

fn a_business(terminal: &Terminal, _data: &Path) {
    found(terminal);
    for (id, kind) in [("toko", "pemasok"), ("pasar", "pembeli")] {
        terminal.reads(&format!("pihak baru mawar {id} --sebagai {kind} --nama \"{id} (contoh)\""));
    }
    let grant = "hibah terima mawar barang --barang induk:ternak:babi:4:ekor:4.000.000";
    terminal.shows(&format!("{grant} --program \"APBD (contoh)\""), "Modal Hibah", "Rp4.000.000");
    let opening = "jurnal saldo-awal mawar 1101:5.000.000 --dana uep";
    let mill = "--barang \"mesin:alat:mesin giling:1:buah:2.400.000\"";
    terminal.shows(&format!("{opening} {mill}"), "Inventaris", "Rp2.400.000");
    terminal.reads("usaha beli mawar pakan:stok:pakan:10:karung:500.000 --utang toko");
    terminal.shows("usaha bayar-utang mawar toko 200.000", "Utang Usaha", "Rp200.000");
    terminal.shows("usaha uang-muka mawar toko 100.000", "Uang Muka", "Rp100.000");
    terminal.shows(
        "usaha jual mawar 1.500.000 --lot induk --banyak 1 --piutang pasar",
        "Penjualan",
        "Rp1.500.000",
    );
    terminal.shows("usaha terima-piutang mawar pasar 1.500.000", "Piutang Usaha", "Rp1.500.000");
    terminal.reads("usaha lahir mawar anak 3 --nama babi");
    terminal.shows("usaha mati mawar induk 1", "Kerugian", "Rp1.000.000");
    terminal.says("usaha mati mawar anak 1 --dicuri", "Lot anak: -1, Rp0 (dicuri)");
    terminal.shows("usaha klaim mawar 600.000", "Klaim", "Rp600.000");
    let cost = terminal.books("usaha biaya mawar pakan 90.000 --catatan \"Salah tulis\"");
    terminal.says(&format!("jurnal lihat {cost}"), "Catatan: Salah tulis");
    terminal.reads(&format!("jurnal batal {cost} --catatan \"Dobel\""));
    terminal.says(&format!("jurnal lihat {cost}"), "Dibatalkan oleh: ");
    terminal.shows("usaha lot mawar", "anak", "2");
    let anak = terminal.reads("laporan inventaris mawar --isi ternak");
    let cells = ["0", "1"];
    assert_eq!(row(&anak, "anak")[8..10], cells, "one was stolen: {anak}");
    terminal.shows("usaha lot mawar induk", "induk", "Rp2.000.000");
    upkeep(terminal);
    shares(terminal);
    statements(terminal);
}

fn upkeep(terminal: &Terminal) {
    terminal.reads("alat umur mawar mesin 24 --sejak 1-1-2025");
    terminal.shows(
        "alat susut mawar mesin --tanggal 1-4-2025",
        "Akumulasi Penyusutan",
        "Rp300.000",
    );
    terminal.reads("gaduhan serahkan mawar induk g-1 m01 2 --bagian 50 --tanggal 1-4-2025");
    terminal.shows("gaduhan daftar mawar", "g-1", "50");
    terminal.reads("gaduhan kembali mawar g-1 1");
    terminal.says("opname mawar induk:1 anak:3 --tanggal 2-4-2025 --foto IMG-7", "! ");
    terminal.shows("usaha lot mawar induk", "induk", "2 April 2025");
    let machine = terminal.shows("laporan inventaris mawar --isi alat", "mesin", "Rp2.100.000");
    assert!(!machine.contains("induk"), "{machine}");
}

fn shares(terminal: &Terminal) {
    terminal.shows("bagi hasil mawar m01:50.000 m02:40.000", "Bagi Hasil Anggota", "Rp50.000");
    terminal.shows("bagi barang mawar m01 pakan 2 --biaya upah", "Persediaan", "Rp100.000");
    let divided = "bagi modal mawar m01:300.000 --hibah barang";
    terminal.shows(divided, "UEP pada Anggota", "Rp300.000");
    terminal.shows(
        "bagi modal-kembali mawar m01:200.000 --hibah barang",
        "mawar.uep.1101",
        "Rp200.000",
    );
    terminal.shows("mutasi mawar.uep.1205.m01", "Rp200.000", "Rp100.000");
}

fn statements(terminal: &Terminal) {
    // Kas: 5.000 opened, -200 -100 trade, +1.500 +600, -90 -300 +200 shared, in thousands.
    let cash = "Rp6.610.000";
    let sheet = terminal.shows("laporan neraca mawar --dana uep --banding 31-3-2025", "1101", cash);
    assert!(sheet.contains("pembanding 31 Maret 2025"), "{sheet}");
    terminal.shows("laporan laba-rugi mawar --dari 1-1-2025", "4101", "Rp1.500.000");
    terminal.says("laporan arus-kas mawar", cash);
    terminal.says("laporan arus-kas mawar --tidak-langsung", cash);
    terminal.says("laporan perubahan-ekuitas mawar", "Rp4.000.000");
    terminal.shows("laporan neraca-saldo mawar", "1101", cash);
    terminal.says("laporan calk mawar --dana uep", cash);
    terminal.says("laporan posisi-kas mawar", cash);
    terminal.says("laporan neraca mawar --banding-posisi 5", "pembanding");
    terminal.says("laporan calk mawar --banding 31-3-2025 --banding-posisi 5", "pembanding");
    let beside = "laporan posisi-kas mawar --banding 31-3-2025";
    terminal.says(beside, "Pembanding 31 Maret 2025");
    let beside = "laporan buku-besar mawar --dana uep --kode 1101 --banding 31-3-2025";
    terminal.says(beside, "Pembanding: awal Rp0, akhir");
    terminal.shows(
        "laporan buku-besar mawar --dana uep --kode 1101",
        "Modal dibagi",
        "Rp6.410.000",
    );
    let close = "buku tutup mawar --sampai 31-3-2025 --berita-acara BA-5";
    terminal.shows(close, "mawar", "31 Maret 2025");
    let reopen = "tahun buka-lagi mawar --sampai 28-2-2025 --berita-acara BA-6";
    terminal.shows(reopen, "mawar", "28 Februari 2025");
    terminal.says("tahun daftar mawar", "Tahun buku");
    terminal.says("tahun daftar mawar --posisi 5", "posisi jurnal 5");
    terminal.says("shu aturan mawar", "Aturan belum ditetapkan.");
    let rule = "shu aturan mawar --sejak 1-4-2025 --untuk cadangan:40 --untuk anggota:60 \
                --menurut rata:100 --berita-acara BA-7";
    terminal.shows(rule, "cadangan", "40");
    terminal.shows("shu pajak 1.000", "Beban PPh", "Rp1.000");
    let product = "produk-simpanan tetapkan mawar wajib --sejak 1-4-2025 --setiap bulanan \
                   --sebesar 5.000 --berita-acara BA-8";
    terminal.shows(product, "wajib", "Rp5.000");
    terminal.says("produk-simpanan wajib mawar --per 1-4-2025", "Rp5.000");
    terminal.says("hari tutup", "Belum ada hari yang ditutup; tutup dengan --sampai TANGGAL.");
    let closed = terminal.reads("hari tutup --sampai 5-4-2025");
    assert!(closed.ends_with(" hari ditutup: 1 Januari 2025 sampai 5 April 2025.\n"), "{closed}");
    terminal.shows("hari tutup", "April", "5 April 2025");
    terminal.says("hari tutup --sampai 5-4-2025", "Tidak ada hari yang perlu ditutup.");
}

fn solidarity(terminal: &Terminal, _data: &Path) {
    found(terminal);
    let none = terminal.reads("iks aturan mawar");
    assert!(none.contains("! "), "{none}");
    let rule = "iks aturan mawar --sejak 1-1-2025 --berita-acara BA-1 --iuran 5.000";
    let more = "--berkala bulanan --bagian-hasil 10 --batas musibah:40.000 --kuorum 2";
    terminal.shows(&format!("{rule} {more}"), "BA-1", "musibah Rp40.000");
    terminal.shows("iks aturan mawar --riwayat", "BA-1", "bulanan");
    terminal.reads("iuran mawar m01 5.000");
    let standing = terminal.shows("iks tagihan mawar", "m02", "Rp5.000");
    assert_eq!(row(&standing, "m01")[1..], ["Rp5.000", "Rp5.000", "Rp0"], "{standing}");
    terminal.reads("pihak baru mawar yayasan --sebagai penyumbang --nama \"Yayasan (contoh)\"");
    terminal.shows("iks sumbangan mawar yayasan 100.000", "Dana IKS", "Rp100.000");
    let ask = "iks minta mawar m02 --karena musibah --setuju 3 --catatan \"Rumah terbakar\"";
    let above = terminal.refused(&format!("{ask} 60.000"));
    assert!(above.contains("Rp40.000") && above.contains("(isian: jumlah)"), "{above}");
    terminal.shows(&format!("{ask} 40.000 --peristiwa dapur"), "Dana IKS", "Rp40.000");
    let more = terminal.refused(&format!("{ask} 1.000 --peristiwa dapur"));
    assert!(more.contains("sudah dibayar Rp40.000"), "{more}");
    let unknown = terminal.tells("iuran mawar m99 2.000", "Menunggu di Rekening Sementara");
    let listed = terminal.shows("jurnal sementara mawar", &unknown, "Rp2.000");
    assert_eq!(row(&listed, &unknown)[1..5], ["0", "1 Januari 2025", "mawar", "iks"], "{listed}");
    assert!(listed.contains("Menempatkannya: simpul jurnal tempatkan"), "{listed}");
    terminal.says("jurnal sementara", &unknown);
    terminal.reads(&format!("jurnal tempatkan {unknown} mawar.iks.3201 2.000 --iuran-dari m03"));
    let nothing = "Menunggu di Rekening Sementara\nTidak ada.";
    assert_eq!(terminal.reads("jurnal sementara").trim(), nothing);
    let standing = terminal.reads("iks tagihan mawar");
    assert_eq!(row(&standing, "m03")[1..], ["Rp5.000", "Rp2.000", "Rp3.000"], "{standing}");
    let told = "iks santunan mawar m03 10.000 --karena sakit --setuju 3";
    let told = terminal.tells(told, "Dicatat untuk diperiksa");
    terminal.says("jurnal periksa mawar", "Aturan kelompok tidak memuat santunan");
    terminal.reads(&format!("jurnal selesai {told} --catatan \"Sudah dirapatkan (contoh)\""));
    assert!(!terminal.reads("jurnal periksa").contains(&told));
    terminal.says("jurnal periksa --semua", &told);
    terminal.shows("iks daftar mawar", "m02", "musibah");
    terminal.reads("setor mawar m01 200.000");
    let share = "iks bagian-hasil mawar sp --dari-hasil 200.000";
    terminal.shows(share, "Dana IKS", "Rp20.000");
    terminal.shows("iks laporan mawar", "Santunan", "Rp50.000");
    terminal.shows("iks laporan mawar", "Iuran", "Rp7.000");
    terminal.shows("iks laporan mawar", "Saldo akhir", "Rp77.000");
    let open = "arisan buka mawar putaran-1 10.000 --anggota m01,m02,m03 --nama Arisan";
    terminal.shows(open, "putaran-1", "Rp10.000");
    let pay = "arisan bayar mawar putaran-1 m01:10.000 m02:10.000 m03:10.000";
    terminal.shows(pay, "Titipan Arisan", "Rp10.000");
    terminal.shows("arisan daftar mawar", "putaran-1", "Rp30.000");
    terminal.reads("arisan tarik mawar putaran-1 m02 30.000");
    terminal.shows("arisan daftar mawar putaran-1", "m02", "Rp30.000");
    let score = "nilai catat mawar --sosial 18 --ekonomi 20 --kelembagaan 20 --tanggal 1-1-2025";
    let text = terminal.reads(&format!("{score} --catatan \"Rajin\""));
    let cells = ["1 Januari 2025", "18", "baik", "20", "cukup", "20", "kurang"];
    assert_eq!(row(&text, "1 Januari"), cells, "{text}");
    let out = terminal.refused("nilai catat mawar --sosial 22 --ekonomi 20 --kelembagaan 20");
    assert!(out.contains("(isian: scores"), "{out}");
    terminal.says("nilai daftar mawar", "Rajin");
    let (economic, institutional) = ("3,2,3,2,3,2,3,2,3,2", "1,2,1,2,1,2,1,2,1,2,1,2,1,2");
    let items = format!("nilai catat mawar --sosial 3,3,3,2,3,1,3 --ekonomi {economic}");
    let items = format!("{items} --kelembagaan {institutional} --tanggal 2-1-2025");
    let text = terminal.reads(&items);
    let cells = ["2 Januari 2025", "18", "baik", "25", "baik", "21", "kurang"];
    assert_eq!(row(&text, "2 Januari"), cells, "{text}");
    terminal.says("nilai daftar mawar 2-1-2025", "Butir sosial: 3,3,3,2,3,1,3");
    let out = terminal.refused(&items.replace("3,3,3,2,3,1,3", "3,3,3,2,3,1,4"));
    assert!(out.contains("(isian: scores[0].items[6]"), "{out}");
    terminal.shows("nilai daftar mawar 1-1-2025", "Santunan IKS", "Rp50.000");
}

/// Groups that sleep, wake, move to the book of another theme, and are dissolved.
fn lives(terminal: &Terminal, _data: &Path) {
    found(terminal);
    terminal.shows("kelompok tidur mawar --sejak 1-3-2025 --berita-acara BA-1", "BA-1", "tidur");
    terminal.shows("kelompok bangun mawar --sejak 1-4-2025 --berita-acara BA-2", "BA-2", "aktif");
    terminal.reads("setor mawar m01 50.000");
    let pindah = "kelompok pindah mawar bendahara --menjadi mawar-2 --tanggal 1-5-2025";
    terminal.refused(pindah);
    terminal.says(&format!("{pindah} --berita-acara BA-3"), "sudah tiba");
    terminal.shows("kelompok daftar-pindah", "mawar", "sudah tiba");
    terminal.reads("setor melati m01 50.000");
    terminal.reads("iuran melati m02 5.000");
    let bubar =
        "kelompok bubarkan melati --bagian m01=2.000 --bagian m02=3.000 --berita-acara BA-4";
    terminal.shows(bubar, "Tabungan Anggota", "Rp50.000");
}

fn groups_and_their_lkm(terminal: &Terminal, data: &Path) {
    found(terminal);
    terminal.reads("setor mawar m01 500.000 --jenis wajib");
    terminal.shows("setor mawar m02 50.000", "Tabungan Anggota", "Rp50.000");
    terminal.shows("tarik mawar m02 20.000", "Tabungan Anggota", "Rp20.000");
    terminal.shows("modal-swadaya mawar m03 100.000", "Modal Swadaya", "Rp100.000");
    terminal.shows("setor-lkm mawar 400.000", "Tabungan KUBE", "Rp400.000");
    terminal.shows("tarik-lkm mawar 50.000", "Tabungan KUBE", "Rp50.000");
    let pledged = "produk-simpanan blokir-kube mawar l1 350.000 --dana sp --alasan contoh";
    terminal.reads(pledged);
    assert!(terminal.refused("tarik-lkm mawar 1").contains("(isian: jumlah)"));
    terminal.shows("produk-simpanan daftar-blokir lkm", "mawar", "Rp350.000");
    terminal.shows("produk-simpanan rekening mawar --kube", "sp", "Rp350.000");
    terminal.reads("produk-simpanan buka-blokir lkm l1");
    terminal.reads("laci baru tas --nama Tas --kolektor");
    terminal.shows(
        "kolektor terima mawar tas 60.000 --dana sp",
        "Kas dalam Perjalanan",
        "Rp60.000",
    );
    assert_eq!(row(&terminal.reads("kolektor daftar"), "tas"), ["tas", "Tas", "Rp60.000"]);
    let more = terminal.refused("kolektor setor tas 60.001");
    assert!(more.contains("(isian: jumlah)"), "{more}");
    terminal.shows("kolektor setor tas 60.000", "Kas dalam Perjalanan", "Rp60.000");
    let stake = "penyertaan terima p2kp 5.000.000 --program \"P2KP (contoh)\" --sk SK-9";
    terminal.shows(stake, "lkm.sp.3110.p2kp", "Rp5.000.000");
    terminal.reads("penyertaan kembalikan p2kp 2.000.000");
    terminal.shows("penyertaan daftar", "p2kp", "Rp2.000.000");
    terminal.shows("penyertaan beli mawar 100.000 --dana sp", "Penyertaan", "Rp100.000");
    let back = "penyertaan bayar-kembali mawar 40.000 --dana sp";
    terminal.shows(back, "Tabungan di LKM", "Rp40.000");
    terminal.reads("penyertaan beli mawar 40.000 --dana sp");
    terminal.reads("deposito buka mawar d-1 200.000 --dana sp --jatuh-tempo 1-7-2025");
    let early = terminal.refused("deposito cairkan mawar d-1");
    assert!(early.contains("1 Juli 2025"), "{early}");
    terminal.shows("deposito daftar mawar", "d-1", "berjalan");
    terminal.shows("cocokkan mawar --per 1-6-2025", "deposito", "Rp200.000");
    terminal.reads("deposito cairkan mawar d-1 --tanggal 1-7-2025");
    terminal.shows("deposito daftar mawar", "d-1", "dicairkan");
    let product = "deposito produk mawar tahunan --sejak 1-7-2025 --persen 6 --hari perduabelas \
        --dibayar jatuh-tempo --lebih-awal persen --persen-awal 1 --berita-acara BA-5";
    terminal.shows(product, "tahunan", "persen 1%");
    terminal.shows("deposito daftar-produk mawar", "tahunan", "jatuh-tempo");
    let open = "deposito buka-anggota mawar m02 d-2 10.000 --jatuh-tempo 1-7-2026 --produk tahunan";
    terminal.shows(open, "Simpanan Berjangka Anggota", "Rp10.000");
    terminal.shows("deposito daftar-anggota mawar", "m02", "berjalan");
    terminal.shows("deposito cairkan-anggota mawar d-2", "Pendapatan Denda", "Rp100");
    terminal.says("cocokkan --selisih-saja", "Semua cocok.");
    counted(terminal);
    bank(terminal, data);
    let lend = "guliran pinjamkan lkm g-1 1.000.000 --kepada melati --jatuh-tempo 1-12-2025";
    terminal.shows(lend, "Pinjaman Guliran", "Rp1.000.000");
    terminal.shows("guliran kembalikan lkm g-1 400.000", "Pinjaman Guliran", "Rp400.000");
}

/// The tin of Mawar holds 570 less what was banked and carried: 120 of savings, 100 of capital.
fn counted(terminal: &Terminal) {
    terminal.shows("kas hitung mawar 215.000", "Selisih Kas", "Rp5.000");
    terminal.shows("kas selisih mawar 5.000 --pengurus m01", "Piutang Pengurus", "Rp5.000");
    terminal.shows("kas antar-dana mawar 10.000 --dari sp --ke umum", "Antar Dana", "Rp10.000");
    terminal.shows("kas bunga lkm 5.000 --dana sp", "Bunga", "Rp5.000");
    terminal.shows("kas biaya-bank lkm 1.000 --dana sp", "Bank", "Rp1.000");
    let unknown = terminal.tells("setor mawar m99 7.000", "Menunggu di Rekening Sementara");
    terminal.shows(
        &format!("jurnal tempatkan {unknown} mawar.sp.2103.m02 7.000"),
        "Rekening Sementara",
        "Rp7.000",
    );
}

/// The bank's list has what the officer wrote down, less its charge of Rp1.000.
fn bank(terminal: &Terminal, data: &Path) {
    let file = data.join("koran.csv");
    let lines = "tanggal,keterangan,masuk,keluar\n2025-07-01,BUNGA (contoh),5.000,\n";
    std::fs::write(&file, lines).expect("written");
    let span = "lkm sp --dari 1-7-2025 --sampai 2-7-2025";
    let reconcile = format!("bank cocokkan {span} {}", file.display());
    terminal.says(&reconcile, "1 baris baru saja dicocokkan.");
    terminal.shows(&format!("bank selisih {span}"), "  buku  ", "Rp1.000");
}

fn a_year_ends(terminal: &Terminal, _data: &Path) {
    found(terminal);
    terminal.reads("kas bunga mawar 1.000.000 --dana uep --tanggal 1-6-2025");
    terminal.reads("setor mawar m01 90.000 --tanggal 1-6-2025");
    savings_products(terminal);
    terminal.reads("kas bunga mawar 7.000 --dana uep --tanggal 20-1-2026");
    terminal.reads("buku tutup mawar --sampai 31-12-2025 --berita-acara BA-1");
    terminal.shows("tahun tutup mawar 2025 --berita-acara BA-2", "tertutup", "Rp1.000.000");
    let rule = "shu aturan mawar --sejak 1-1-2026 --untuk cadangan:40 --untuk anggota:50";
    let rule = format!("{rule} --untuk pengurus:10");
    terminal.reads(&format!("{rule} --menurut rata:100 --berita-acara BA-3"));
    terminal.reads("shu bagi mawar 2025 --dana uep");
    terminal.shows("shu bayar mawar m01:200.000 --dana uep --tempat bank", "Bank", "Rp200.000");
    let again = terminal.refused("shu gabung mawar 2025 --dana uep");
    assert!(again.contains("sudah dibagi"), "{again}");
    let fund = "shu bayar-dana mawar pengurus 100.000 --dana uep --tempat bank";
    terminal.shows(fund, "Bank", "Rp100.000");
    let none = terminal.refused("shu tutup-rugi mawar 1.000 --dana uep");
    assert!(none.contains("Rp0"), "{none}");
    let none = terminal.refused("shu terima mawar 1.000 --dana uep");
    assert!(none.contains("Rp0"), "{none}");
    terminal.reads("shu pajak 1.000");
    terminal.shows("shu setor-pajak 1.000", "Bank", "Rp1.000");
}

fn savings_products(terminal: &Terminal) {
    let product = "produk-simpanan tetapkan mawar sukarela --sejak 1-7-2025 --saldo terendah";
    terminal.reads(&format!("{product} --persen 6 --hari perduabelas --berita-acara BA-8"));
    terminal.says("produk-simpanan daftar mawar", "sukarela");
    let sleepy = "produk-simpanan tetapkan mawar sukarela --sejak 2-7-2025 --tidur-setelah 12";
    terminal.says(&format!("{sleepy} --berita-acara BA-8a"), "BA-8a");
    terminal.says("produk-simpanan rekening mawar", "Rp90.000");
    let nisbah = "produk-simpanan tetapkan mawar wajib --sejak 2-7-2025 --setiap bulanan \
                  --sebesar 5.000 --saldo terendah --nisbah 40 --berita-acara BA-8b";
    terminal.says(nisbah, "BA-8b");
    let early = "produk-simpanan bagi-hasil mawar wajib juni --dari 1-6-2025 --sampai 30-6-2025 \
                 --hasil 100.000 --berita-acara BA-8c";
    assert!(terminal.refused(early).contains("(isian: "));
    terminal.says("produk-simpanan daftar-bagi-hasil mawar", "Bagi hasil simpanan");
    let once = "produk-simpanan tetapkan mawar pokok --sejak 1-1-2025 --sebesar 20.000";
    terminal.says(&format!("{once} --berita-acara BA-8f"), "Rp20.000");
    terminal.says("produk-simpanan wajib mawar --pokok", "Simpanan pokok");
    let nobody = terminal.refused("produk-simpanan rincian-bagi-hasil mawar juni");
    assert!(nobody.contains("juni"), "{nobody}");
    let shared = "deposito produk mawar berbagi --sejak 1-7-2025 --nisbah 40 --dibayar bulanan \
                  --syariah --berita-acara BA-8d";
    terminal.says(shared, "40");
    let early = "deposito bagi-hasil mawar berbagi juni --dari 1-6-2025 --sampai 30-6-2025 \
                 --hasil 100.000 --berita-acara BA-8e";
    assert!(terminal.refused(early).contains("(isian: "));
    let awake = "produk-simpanan bangunkan mawar m01 --alasan contoh";
    assert!(terminal.refused(awake).contains("tidak sedang tidur"));
    let tax = "produk-simpanan pajak lkm --sejak 1-7-2025 --bebas 240.000 --persen 10";
    terminal.reads(&format!("{tax} --anggota --berita-acara BA-9"));
    terminal.reads("produk-simpanan blokir mawar m01 jaminan 50.000 --alasan contoh");
    // What a treasurer has paid out is told, not asked: what was blocked waits in suspense.
    let taken = "tarik mawar m01 60.000";
    let text = terminal.says(taken, "! Rp20.000 masuk Rekening Sementara");
    let waits = "Sebagian menunggu di Rekening Sementara: ";
    let id = text.strip_prefix(waits).and_then(|rest| rest.split(' ').next()).expect("an id");
    let next = format!("Pembuku menempatkannya: simpul jurnal tempatkan {id} AKUN Rp20.000\n");
    assert!(text.contains(&next), "{text}");
    terminal.shows("produk-simpanan daftar-blokir mawar", "jaminan", "Rp50.000");
    terminal.reads("produk-simpanan buka-blokir mawar jaminan");
    let unpaid = terminal.refused("produk-simpanan setor-pajak lkm 1.000");
    assert!(unpaid.contains("Rp"), "{unpaid}");
    terminal
        .says("anggota meninggal mawar m01 --pada 30-6-2025 --tanggal 1-7-2025", "30 Juni 2025");
    let settle = "produk-simpanan selesaikan mawar m01 --sejak 1-7-2025 --tanggal 1-7-2025 \
                  --meninggal 30-6-2025 --ahli-waris \"Ibu contoh\" --kuitansi AK-1/contoh";
    terminal.shows(settle, "Tabungan Anggota", "Rp50.000");
}
