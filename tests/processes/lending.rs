//! What is typed about lending: loans, the portfolio, syariah contracts.

use std::path::Path;

use crate::client::found;
use crate::terminal::Terminal;

/// Loans of the LKM and of Mawar, from the wish to the last instalment and beyond.
pub fn loans(terminal: &Terminal, _data: &Path) {
    found(terminal);
    let rules = "--tiap bulanan --lebih titipan --pengakuan kas --keringanan 100 --insentif 20";
    let product = "--sejak 1-1-2025 --berita-acara BA-1 --cara flat --jasa 1";
    let line = format!("pinjaman produk lkm usaha --nama Usaha {product} {rules}");
    terminal.shows(&line, "usaha", "bulanan");
    let line = format!("pinjaman produk mawar harian --nama Harian {product} {rules}");
    terminal.reads(&line);
    terminal.shows("pinjaman daftar-produk lkm", "usaha", "flat");
    let season = "--sejak 1-1-2025 --berita-acara BA-1 --cara musiman --jasa 1,5";
    terminal.reads(&format!("pinjaman produk lkm musim --nama Musim {season} {rules}"));
    terminal.shows("pinjaman daftar-produk lkm", "musim", "1,5");
    let season = "pinjaman pratinjau 2.000.000 --cair 31-1-2025 --angsuran 6";
    let line = format!("{season} --cara musiman --jasa 1,5 {rules}");
    terminal.shows(&line, "31 Juli 2025", "Rp180.000");
    a_group_borrows(terminal);
    a_member_does_not_pay(terminal);
    a_customer_of_the_lkm(terminal);
    terminal.reads("pihak baru lkm bank-desa --sebagai lain --nama \"Bank Desa (contoh)\"");
    let taken = "pinjaman luar lkm b1 bank-desa 1.000.000 --tempat bank";
    let agreed = "--cara flat --tiap bulanan --jasa 1 --angsuran 10";
    terminal.shows(&format!("{taken} {agreed}"), "Pinjaman Diterima", "Rp1.000.000");
    let repaid = "pinjaman bayar-luar lkm b1 100.000 --jasa 5.000 --tempat bank";
    terminal.shows(repaid, "Beban Jasa Pinjaman", "Rp5.000");
    terminal.shows("pinjaman daftar-luar lkm", "b1", "Rp900.000");
    terminal.says("pinjaman lihat-luar lkm b1", "Rp5.000");
}

/// Confirms and approves.
fn agreed(terminal: &Terminal, loan: &str) {
    terminal.reads(&format!("pinjaman benarkan {loan}"));
    terminal.reads(&format!("pinjaman putuskan {loan} --berita-acara BA-2"));
}

fn a_group_borrows(terminal: &Terminal) {
    let wish = "pinjaman ajukan lkm l1 mawar 5.000.000 --kelompok --produk usaha --angsuran 10";
    terminal.records(&format!("{wish} --tanggal 1-4-2025"));
    agreed(terminal, "lkm l1");
    let again = terminal.refused("pinjaman putuskan lkm l1 --tolak --berita-acara BA-3");
    assert!(again.contains("sudah diputuskan"), "{again}");
    let out = "pinjaman cairkan lkm l1 --tempat-lkm brankas";
    terminal.shows(out, "Pinjaman LKM", "Rp5.000.000");
    let pay = "pinjaman bayar lkm l1 300.000 --tempat-lkm brankas --tanggal 1-5-2025";
    terminal.shows(pay, "Beban Jasa Pinjaman", "Rp50.000");
    terminal.shows("pinjaman lihat lkm l1", "l1", "Rp4.750.000");
    terminal.shows("pinjaman lihat lkm l1", "dicairkan", "Rp5.000.000");
    terminal.shows("pinjaman daftar lkm --menunggak", "l1", "Rp250.000");
    terminal.shows("cocokkan mawar", "pinjaman", "Rp4.750.000");
    terminal.reads("pinjaman akru lkm l1 --tanggal 2-5-2025");
    let more = "pinjaman bayar lkm l1 400.000 --tempat-lkm brankas";
    terminal.shows(more, "Titipan di LKM", "Rp150.000");
    let back = "pinjaman kembalikan-titipan lkm l1 50.000 --tempat-lkm brankas";
    terminal.shows(back, "Titipan di LKM", "Rp50.000");
    // 4.500 of principal, 50 of jasa for the month that has begun, less 100 of titipan.
    terminal.says("pinjaman hitung-lunas lkm l1", "Rp4.450.000");
    let settled = "pinjaman lunasi lkm l1 4.450.000 --tempat-lkm brankas";
    terminal.shows(settled, "Pinjaman LKM", "Rp4.500.000");
    let late = terminal.refused("pinjaman insentif lkm l1 --tempat-lkm brankas");
    assert!(late.contains("insentif"), "{late}");
}

fn a_member_does_not_pay(terminal: &Terminal) {
    let wish = "pinjaman ajukan mawar p1 m01 1.000.000 --produk harian --angsuran 4";
    terminal.reads(&format!("{wish} --untuk \"pakan (contoh)\" --tanggal 5-5-2025"));
    agreed(terminal, "mawar p1");
    terminal.shows("pinjaman cairkan mawar p1", "Piutang Anggota", "Rp1.000.000");
    let stood = "pinjaman tanggung mawar p1 m02:130.000 m03:130.000 --tanggal 5-6-2025";
    terminal.shows(stood, "Piutang Anggota", "Rp250.000");
    let given = "pinjaman ganti-talangan mawar p1 m02 20.000";
    terminal.shows(given, "Titipan Angsuran", "Rp20.000");
    portfolio(terminal);
    terminal.reads("pinjaman ringankan mawar p1 jasa 1.000 --tanggal 5-7-2025");
    terminal.reads("pinjaman jadwal-ulang mawar p1 --angsuran 5 --berita-acara BA-4");
    terminal.reads("pinjaman kelancaran mawar p1");
    let classes = "pinjaman mutu mawar pojk-41-2024 --sejak 1-1-2025 --berita-acara BA-5";
    terminal.shows(classes, "MACET", "100");
    terminal.reads("pinjaman sisihkan mawar p1");
    let off = "pinjaman hapus-buku mawar p1 --berita-acara BA-6";
    terminal.shows(off, "Beban Penyisihan", "Rp750.000");
}

/// A murabahah and a qardhul hasan of Mawar, capital in its business, alms.
pub fn syariah(terminal: &Terminal, _data: &Path) {
    found(terminal);
    let rules = "--tiap bulanan --cara flat --jasa 0 --lebih titipan --pengakuan kas";
    let product = |id: &str| {
        let since = "--sejak 1-1-2025 --berita-acara BA-1";
        format!("pinjaman produk lkm {id} --nama {id} --akad {id} {rules} {since}")
    };
    terminal.reads(&product("murabahah"));
    terminal.reads(&product("qardh"));
    let goods = "mesin:stok:mesin:2:buah:1.200.000 --dana sp --tempat brankas";
    terminal.reads(&format!("usaha beli lkm {goods} --tanggal 1-3-2025"));
    let wish = "pinjaman ajukan lkm m1 mawar 1.200.000 --kelompok --produk murabahah --angsuran 10";
    terminal.reads(&format!("{wish} --margin 120.000"));
    agreed(terminal, "lkm m1");
    let sold = "syariah murabahah m1 mesin --lot-baru jahit --sebagai alat";
    terminal.shows(sold, "Utang Murabahah", "Rp1.320.000");
    let pay = "pinjaman bayar lkm m1 132.000 --tempat-lkm brankas --tanggal 1-4-2025";
    terminal.shows(pay, "Pendapatan Margin", "Rp12.000");
    terminal.says("pinjaman hitung-lunas lkm m1 --muqasah 50.000", "Rp1.138.000");
    let settled = "pinjaman lunasi lkm m1 1.138.000 --muqasah 50.000 --tempat-lkm brankas";
    terminal.shows(settled, "Pendapatan Margin", "Rp58.000");
    let infak = "syariah terima infak 500.000 --dari mawar --dana uep";
    terminal.shows(infak, "Dana Kebajikan", "Rp500.000");
    let wish = "pinjaman ajukan lkm q1 mawar 400.000 --kelompok --produk qardh --angsuran 4";
    terminal.reads(wish);
    agreed(terminal, "lkm q1");
    let out = "pinjaman cairkan lkm q1 --tempat-lkm brankas";
    terminal.shows(out, "Piutang Qardh", "Rp400.000");
    terminal.shows("syariah salurkan infak 1.000", "Kas Besar", "Rp1.000");
    let nobody = "syariah salurkan infak 1.000 --pihak tidak-ada";
    assert!(terminal.refused(nobody).contains("tidak-ada"));
    let fund = "syariah danai s1 mawar 1.000.000 --kelompok --akad mudharabah --nisbah 40";
    let fund = format!("{fund} --tempat-lkm brankas --berita-acara BA-3");
    terminal.shows(&fund, "Dana Syirkah", "Rp1.000.000");
    let shared = "syariah bagi-hasil s1 200.000 --tempat-lkm brankas";
    terminal.shows(shared, "Bagi Hasil", "Rp80.000");
    terminal.shows("syariah rugi s1 300.000", "Rugi Usaha", "Rp300.000");
    terminal.shows("syariah kembali s1 700.000 --tempat-lkm brankas", "Pembiayaan", "Rp700.000");
    terminal.shows("syariah daftar", "mudharabah", "Rp80.000");
    a_group_sells(terminal);
}

/// Mawar sells goods to a member of its own.
fn a_group_sells(terminal: &Terminal) {
    let rules = "--tiap bulanan --cara flat --jasa 0 --lebih titipan --pengakuan kas";
    let since = "--sejak 1-1-2025 --berita-acara BA-1";
    let product = "pinjaman produk mawar jual --nama jual --akad murabahah";
    terminal.reads(&format!("{product} {rules} {since}"));
    let goods = "gilingan:stok:gilingan:1:buah:300.000 --dana sp --tanggal 1-3-2025";
    terminal.reads(&format!("usaha beli mawar {goods}"));
    let wish = "pinjaman ajukan mawar g1 m01 300.000 --produk jual --angsuran 10";
    terminal.reads(&format!("{wish} --margin 60.000"));
    agreed(terminal, "mawar g1");
    let sold = "syariah murabahah g1 gilingan --penjual mawar";
    terminal.shows(sold, "Piutang Murabahah", "Rp360.000");
}

/// Mawar's loan of 750.000 a month after the others paid for its borrower.
fn portfolio(terminal: &Terminal) {
    terminal.reads("portofolio petugas mawar p1 lukas");
    let talk = "portofolio hubungi mawar p1 --siapa \"suami (contoh)\" --tanggal 6-7-2025";
    terminal.says(talk, "suami (contoh)");
    terminal.says("portofolio riwayat mawar p1", "6 Juli 2025");
    terminal.shows("portofolio ringkas --menurut petugas --per 5-7-2025", "lukas", "Rp750.000");
    let beside = "portofolio ringkas --menurut petugas --per 5-7-2025 --banding 4-4-2025";
    terminal.says(beside, "Pembanding per 4 April 2025");
    let late = "portofolio rinci mawar --tunggakan --petugas lukas --per 6-7-2025";
    terminal.shows(late, "p1", "6 Juli 2025");
    terminal.shows("portofolio suku-jasa mawar", "harian", "12");
    terminal.says("portofolio rasio lkm --lang en", "Assets / liabilities");
    terminal.says("portofolio batas", "Saran, belum berlaku");
    let bound = "portofolio atur-batas jasa-pinjaman --bentuk lkm-ojk --paling-banyak 24 \
                 --akibat tolak --sumber \"Aturan contoh\" --sejak 5-7-2025 --berita-acara BA-7";
    terminal.shows(bound, "jasa-pinjaman", "tolak");
    let dear = "pinjaman produk lkm mahal --nama Mahal --sejak 5-7-2025 --berita-acara BA-8 \
                --cara flat --jasa 2,1 --tiap bulanan --lebih titipan --pengakuan kas";
    let refused = terminal.refused(dear);
    assert!(refused.contains("melebihi batas 24% (Aturan contoh)"), "{refused}");
    let rates = "portofolio suku-jasa lkm --per 5-7-2025";
    terminal.says(rates, "Batas setahun: ≤ 24% (Aturan contoh)");
    let regime = "buku bentuk koperasi --prinsip konvensional --sejak 1-8-2025 --berita-acara BA-9";
    terminal.shows(regime, "koperasi", "konvensional");
    terminal.says("buku pindah-simpanan-modal", "0");
    let json = terminal.reads("portofolio ringkas mawar --output json");
    assert!(json.contains("outstanding"), "{json}");
}

fn a_customer_of_the_lkm(terminal: &Terminal) {
    terminal.reads("anggota baru lkm m01 --nama \"Maria (contoh)\" --sejak 1-1-2025");
    let wish = "pinjaman ajukan lkm l2 m01 400.000 --produk usaha --angsuran 4";
    terminal.reads(&format!("{wish} --penanggung mawar"));
    agreed(terminal, "lkm l2");
    terminal.reads("pinjaman cairkan lkm l2 --tempat brankas");
    terminal.reads("portofolio pengurus m01 --sejak 1-1-2025");
    terminal.shows("portofolio rasio lkm", "l2", "Rp400.000");
    let stood = "pinjaman tanggung-kelompok lkm l2 50.000 --tempat-lkm brankas";
    terminal.shows(stood, "Piutang Talangan", "Rp50.000");
    terminal.reads("pinjaman agunan lkm l2 motor 300.000 --nama \"sepeda motor\"");
    terminal.shows("pinjaman lihat lkm l2", "sepeda motor", "Rp300.000");
    terminal.shows("pinjaman lihat lkm l2", "mawar", "Rp50.000");
    terminal.shows("pinjaman ambil-agunan lkm l2 motor 200.000", "AYDA", "Rp200.000");
    let sold = "pinjaman jual-agunan lkm l2 210.000 --tempat brankas";
    terminal.shows(sold, "Pendapatan Lain-lain", "Rp10.000");
}
