//! The methods of the API as an access log names them: what was done, put together from the words
//! that the commands use, so that a new method is named as it comes.

use crate::domain::refusal::Language;

/// What a method does, e.g. `Anggota: cari` for `PersonalDataService/SearchMembers`; the method itself
/// where its words are not known.
pub fn method_text(method: &str, language: Language) -> String {
    let Some((service, name)) = method.split_once('/') else { return method.to_owned() };
    if language == Language::English {
        return spaced(name);
    }
    let service = service.strip_suffix("Service").unwrap_or(service);
    let verb = name.split_inclusive(char::is_lowercase).next().unwrap_or(name);
    let end = name[verb.len()..].find(char::is_uppercase).map_or(name.len(), |at| verb.len() + at);
    match (word(SERVICES, service), word(VERBS, &name[..end])) {
        (Some(of), Some(what)) => format!("{of}: {what}"),
        _ => method.to_owned(),
    }
}

/// `SearchMembers` as `Search members`.
fn spaced(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 8);
    for char in name.chars() {
        match char.is_uppercase() && !text.is_empty() {
            true => text.extend([' ', char.to_ascii_lowercase()]),
            false => text.push(char),
        }
    }
    text
}

fn word(words: &[(&str, &'static str)], wanted: &str) -> Option<&'static str> {
    words.iter().find(|(known, _)| *known == wanted).map(|(_, word)| *word)
}

#[rustfmt::skip]
const SERVICES: &[(&str, &str)] = &[
    ("Access", "Akses"), ("Approval", "Persetujuan"), ("Arisan", "Arisan"),
    ("Assessment", "Nilai pendamping"), ("Attachment", "Lampiran"), ("Book", "Buku"), ("Cash", "Kas"),
    ("Closing", "Tahun dan SHU"), ("Day", "Hari"), ("Grant", "Hibah"), ("Group", "Kelompok"),
    ("Guliran", "Guliran"), ("Iks", "IKS"), ("Journal", "Jurnal"), ("Ledger", "Saldo dan mutasi"),
    ("Lifecycle", "Kelompok"), ("Link", "Kelompok di LKM"), ("Loan", "Pinjaman"),
    ("Meeting", "Pertemuan"), ("Member", "Anggota"), ("Party", "Pihak dan laci"),
    ("PersonalData", "Anggota"), ("Portfolio", "Portofolio"), ("Proof", "Audit"),
    ("Reconcile", "Pencocokan"), ("Report", "Laporan"), ("SavingsProduct", "Produk simpanan"),
    ("Savings", "Simpanan"), ("Secretary", "Sekretaris"), ("Sharing", "Bagi hasil"),
    ("Syariah", "Syariah"), ("Trade", "Usaha"), ("Upkeep", "Alat dan ternak"),
];

#[rustfmt::skip]
const VERBS: &[(&str, &str)] = &[
    ("Accept", "terima"), ("Accrue", "akru"), ("Acknowledge", "tanda terima"), ("Apply", "ajukan"),
    ("Appoint", "tunjuk"), ("Approve", "setujui"), ("Assign", "beri"), ("Attach", "tambah"),
    ("Bear", "rugi"), ("Block", "blokir"), ("Buy", "beli"), ("Change", "ubah"), ("Claim", "klaim"),
    ("Clear", "tempatkan"), ("Close", "tutup"), ("Collect", "terima"), ("Confirm", "benarkan"),
    ("Consolidate", "gabung"), ("Count", "hitung"), ("Cover", "tutup rugi"), ("Create", "baru"),
    ("Decide", "putuskan"), ("Deliver", "serahkan"), ("Deposit", "setor"), ("Depreciate", "susut"),
    ("Disburse", "cairkan"), ("Discard", "buang"), ("Dispute", "sanggah"), ("Dissolve", "bubarkan"),
    ("Divide", "bagi"), ("End", "akhiri"), ("Enrol", "daftarkan"), ("Erase", "hapus data"),
    ("Excuse", "bebaskan"), ("Export", "ekspor"), ("File", "catat"), ("Fund", "danai"),
    ("Get", "lihat"), ("Give", "beri"), ("Group", "tanggung"), ("Hand", "setor"),
    ("Import", "impor"), ("Invite", "undang"), ("Lend", "pinjamkan"), ("Link", "hubungkan"),
    ("List", "daftar"), ("Lose", "hilang"), ("Move", "pindah"), ("Name", "tunjuk"), ("Open", "buka"),
    ("Owe", "catat"), ("Pay", "bayar"), ("Post", "bukukan"), ("Preview", "pratinjau"),
    ("Prove", "buktikan"), ("Provide", "sisihkan"), ("Purchase", "beli"), ("Put", "kirim"),
    ("Quote", "hitung"), ("Read", "ambil"), ("Receive", "terima"), ("Reconcile", "cocokkan"),
    ("Record", "catat"), ("Refund", "kembalikan"), ("Register", "daftarkan"), ("Reject", "tolak"),
    ("Release", "salurkan"), ("Reopen", "buka lagi"), ("Repay", "bayar kembali"),
    ("Request", "minta"), ("Reschedule", "jadwal ulang"), ("Return", "kembalikan"),
    ("Reveal", "lihat NIK"), ("Reverse", "batalkan"), ("Revoke", "cabut"), ("Reward", "insentif"),
    ("Search", "cari"), ("Sell", "jual"), ("Set", "tetapkan"), ("Settle", "lunasi"),
    ("Share", "bagi"), ("Stand", "tanggung"), ("Start", "mulai"), ("Stream", "salin"),
    ("Take", "ambil"), ("Turn", "ubah"), ("Unblock", "buka blokir"), ("Unlink", "lepaskan"),
    ("Unlock", "buka"), ("Update", "ubah"), ("Use", "ambil"), ("Waive", "ringankan"),
    ("Wake", "bangunkan"), ("Who", "siapa saya"), ("Withdraw", "tarik"), ("Write", "hapus buku"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::door::DECLARED;

    #[test]
    fn every_method_has_a_title() {
        for declared in DECLARED {
            let method = format!("{}/{}", declared.service, declared.method);
            let title = method_text(&method, Language::Indonesian);
            assert!(title.contains(": "), "{method} is named {title}");
        }
        let search = |language| method_text("PersonalDataService/SearchMembers", language);
        assert_eq!(search(Language::Indonesian), "Anggota: cari");
        assert_eq!(search(Language::English), "Search members");
        assert_eq!(method_text("LainService/Entah", Language::Indonesian), "LainService/Entah");
        assert_eq!(method_text("AccessService/WhoAmI", Language::Indonesian), "Akses: siapa saya");
    }
}
