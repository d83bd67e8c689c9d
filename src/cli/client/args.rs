//! What can be typed: the thin client's commands and their arguments, Indonesian words first and an
//! English alias for each.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::bank::BankAsk;
use super::grant_args::{GrantAsk, GuliranAsk};
use crate::api::v1::{self, HouseholdStatus};
use crate::cli::convert::{amount, day, details, fund};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::Output;
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::refusal::Language;

/// Where the server is, who asks, and how to answer.
#[derive(Args, Clone, Debug)]
pub struct Session {
    /// Server address
    #[arg(long, global = true, env = "SIMPUL_SERVER", default_value = "http://127.0.0.1:50051")]
    pub server: String,
    /// Buku / the book
    #[arg(long, global = true, env = "SIMPUL_BOOK", default_value = "contoh")]
    pub book: String,
    /// Pelaku / who asks
    #[arg(long, global = true, env = "SIMPUL_ACTOR", default_value = "bendahara")]
    pub actor: String,
    /// Bahasa / language
    #[arg(long, global = true, env = "SIMPUL_LANG", default_value = "id")]
    pub lang: Lang,
    /// Bentuk keluaran / output form
    #[arg(long, global = true, default_value = "table")]
    pub output: Output,
}

/// The client's languages.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Lang {
    /// Bahasa Indonesia.
    Id,
    /// English.
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Language {
        match lang {
            Lang::Id => Language::Indonesian,
            Lang::En => Language::English,
        }
    }
}

/// What can be asked.
#[derive(Clone, Debug, Subcommand)]
pub enum Ask {
    /// Buka buku baru / open a book
    #[command(name = "buku-baru", alias = "book-add")]
    BookAdd(BookAdd),
    /// Daftarkan kelompok (KUBE) / enrol a group
    #[command(name = "kelompok-baru", alias = "group-add")]
    GroupAdd(GroupAdd),
    /// Daftar kelompok / list groups
    #[command(name = "kelompok", alias = "groups")]
    Groups,
    /// Daftarkan anggota / enrol a member
    #[command(name = "anggota-baru", alias = "member-add")]
    MemberAdd(MemberAdd),
    /// Daftar anggota / list members
    #[command(name = "anggota", alias = "members")]
    Members {
        /// Kelompok atau lkm / group or lkm
        entity: String,
    },
    /// Setor simpanan / bring savings
    #[command(name = "setor", alias = "deposit")]
    Deposit(Deposit),
    /// Iuran kesetiakawanan (IKS) / solidarity dues
    #[command(name = "iuran", alias = "dues")]
    Dues(Dues),
    /// Lembar pertemuan dari berkas CSV / a meeting sheet from a CSV file
    #[command(name = "lembar", alias = "sheet")]
    Sheet(Sheet),
    /// Saldo sebuah akun, atau semua akun / balances
    #[command(name = "saldo", alias = "balance")]
    Balance(Balance),
    /// Buku tabungan anggota / a member's passbook
    #[command(name = "buku-tabungan", alias = "passbook")]
    Passbook(WhichMember),
    /// Buku kas sebuah dana / a fund's cash book
    #[command(name = "buku-kas", alias = "cash-book")]
    CashBook(CashBook),
    /// Neraca saldo / trial balance
    #[command(name = "neraca-saldo", alias = "trial-balance")]
    TrialBalance(TrialBalance),
    /// Hibah: daftar, LPJ, silsilah / grants
    #[command(name = "hibah", alias = "grant", subcommand)]
    Grant(GrantAsk),
    /// Guliran: aturan, keputusan, penyerahan / passing on
    #[command(name = "guliran", alias = "rolling", subcommand)]
    Guliran(GuliranAsk),
    /// Bank: mencocokkan rekening koran / reconciling a bank's statement
    #[command(name = "bank", subcommand)]
    Bank(BankAsk),
}

/// A new book; its id is the one of `--book`.
#[derive(Args, Clone, Debug)]
pub struct BookAdd {
    /// Nama / its name
    #[arg(long = "nama", alias = "name")]
    pub name: String,
    /// Nama LKM; kosong bila tidak ada / the LKM's name
    #[arg(long, default_value = "")]
    pub lkm: String,
    /// Bentuk LKM / its regime
    #[arg(long = "bentuk", alias = "regime", default_value = "lkm-ojk")]
    pub regime: RegimeWord,
    /// Zona waktu / time zone
    #[arg(long = "zona", alias = "zone", default_value = "wita")]
    pub zone: ZoneWord,
    /// Hari pertama / first day
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    pub opened_on: Day,
}

/// An LKM's regime as people say it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RegimeWord {
    /// Koperasi simpan pinjam.
    Koperasi,
    /// LKM berizin OJK.
    LkmOjk,
    /// LKM inkubasi.
    Inkubasi,
}

impl RegimeWord {
    /// As the API says it.
    pub(super) fn regime(self) -> v1::Regime {
        match self {
            RegimeWord::Koperasi => v1::Regime::Koperasi,
            RegimeWord::LkmOjk => v1::Regime::LkmOjk,
            RegimeWord::Inkubasi => v1::Regime::Inkubasi,
        }
    }
}

/// A time zone as people say it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ZoneWord {
    /// UTC+7.
    Wib,
    /// UTC+8.
    Wita,
    /// UTC+9.
    Wit,
}

impl ZoneWord {
    /// As the API says it.
    pub(super) fn zone(self) -> v1::Zone {
        match self {
            ZoneWord::Wib => v1::Zone::Wib,
            ZoneWord::Wita => v1::Zone::Wita,
            ZoneWord::Wit => v1::Zone::Wit,
        }
    }
}

/// A new group.
#[derive(Args, Clone, Debug)]
pub struct GroupAdd {
    /// Id, misalnya tunas-baru / its id
    pub id: String,
    /// Nama / its name
    #[arg(long = "nama", alias = "name")]
    pub name: String,
    /// Usaha / its business
    #[arg(long = "usaha", alias = "business", default_value = "")]
    pub business: String,
    /// Jumlah anggota / number of members
    #[arg(long = "anggota", alias = "members")]
    pub members: u32,
    /// Tahun berdiri / founded
    #[arg(long = "berdiri", alias = "founded", default_value_t = 0)]
    pub founded: u32,
    /// Desa atau kelurahan / village
    #[arg(long = "desa", alias = "village", default_value = "")]
    pub village: String,
    /// Kecamatan / subdistrict
    #[arg(long = "kecamatan", alias = "subdistrict", default_value = "")]
    pub subdistrict: String,
    /// Kabupaten atau kota / regency
    #[arg(long = "kabupaten", alias = "regency", default_value = "")]
    pub regency: String,
    /// Terhubung dengan LKM sejak / linked to the LKM since
    #[arg(long = "terhubung", alias = "linked-on", value_parser = day)]
    pub linked_on: Option<Day>,
    /// Nomor berita acara tentang jumlah anggota / minute that decided an unusual size
    #[arg(long = "berita-acara", alias = "minute", default_value = "")]
    pub minute: String,
}

/// A new member.
#[derive(Args, Clone, Debug)]
pub struct MemberAdd {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Id, misalnya m01 / their id
    pub id: String,
    /// Nama / their name
    #[arg(long = "nama", alias = "name")]
    pub name: String,
    /// NIK, 16 angka; kosong bila belum ada / identity number
    #[arg(long, default_value = "")]
    pub nik: String,
    /// Nomor keluarga, misalnya kk-03 / household
    #[arg(long = "keluarga", alias = "household", default_value = "")]
    pub household: String,
    /// Status keluarga / household status
    #[arg(long, default_value = "miskin")]
    pub status: StatusWord,
    /// Menjadi anggota sejak / member since
    #[arg(long = "sejak", alias = "joined-on", value_parser = day)]
    pub joined_on: Option<Day>,
}

/// Household status as people say it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StatusWord {
    /// Fakir miskin.
    FakirMiskin,
    /// Miskin.
    Miskin,
    /// Hampir miskin.
    HampirMiskin,
    /// Tidak miskin.
    TidakMiskin,
}

impl StatusWord {
    /// As the API says it.
    pub(super) fn status(self) -> HouseholdStatus {
        match self {
            StatusWord::FakirMiskin => HouseholdStatus::FakirMiskin,
            StatusWord::Miskin => HouseholdStatus::Miskin,
            StatusWord::HampirMiskin => HouseholdStatus::HampirMiskin,
            StatusWord::TidakMiskin => HouseholdStatus::TidakMiskin,
        }
    }
}

/// One member.
#[derive(Args, Clone, Debug)]
pub struct WhichMember {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Anggota / member
    pub member: String,
}

/// When it happened, and a remark.
#[derive(Args, Clone, Debug)]
pub struct When {
    /// Tanggal kejadian, misalnya "17 Agustus 2025" / the day it happened
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    pub on: Option<Day>,
    /// Catatan / remark
    #[arg(long = "catatan", alias = "memo")]
    pub memo: Option<String>,
    /// Id permintaan, untuk mengulang dengan aman / request id, to retry safely
    #[arg(long = "id-permintaan", alias = "request-id")]
    pub request_id: Option<String>,
}

impl When {
    /// The one given, or a fresh one.
    pub(super) fn request_id(&self) -> String {
        self.request_id.clone().unwrap_or_else(fresh_request_id)
    }

    /// As the API takes it.
    pub(super) fn details(&self) -> Option<v1::TransactionDetails> {
        details(self.on, self.memo.clone())
    }
}

/// A savings deposit.
#[derive(Args, Clone, Debug)]
pub struct Deposit {
    /// Whose.
    #[command(flatten)]
    pub who: WhichMember,
    /// Jumlah, misalnya 50.000 / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Jenis simpanan / sort of savings
    #[arg(long = "jenis", alias = "kind", default_value = "sukarela")]
    pub kind: SavingsWord,
    /// kas, bank, brankas, atau id laci / place
    #[arg(long = "tempat", alias = "place", default_value = "kas")]
    pub place: String,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Sorts of savings as people say them.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SavingsWord {
    /// Simpanan pokok.
    Pokok,
    /// Simpanan wajib.
    Wajib,
    /// Simpanan sukarela.
    Sukarela,
}

impl SavingsWord {
    /// As the API says it.
    pub(super) fn kind(self) -> v1::SavingsKind {
        match self {
            SavingsWord::Pokok => v1::SavingsKind::Pokok,
            SavingsWord::Wajib => v1::SavingsKind::Wajib,
            SavingsWord::Sukarela => v1::SavingsKind::Sukarela,
        }
    }
}

/// Solidarity dues.
#[derive(Args, Clone, Debug)]
pub struct Dues {
    /// Who.
    #[command(flatten)]
    pub who: WhichMember,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// kas atau bank / place
    #[arg(long = "tempat", alias = "place", default_value = "kas")]
    pub place: String,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A meeting sheet.
#[derive(Args, Clone, Debug)]
pub struct Sheet {
    /// Kelompok / group
    pub group: String,
    /// Berkas CSV / the CSV file
    pub file: PathBuf,
    /// Nomor lembar / sheet number
    #[arg(long = "nomor", alias = "number", default_value = "")]
    pub number: String,
    /// Kas dihitung saat buka / cash counted at opening
    #[arg(long = "kas-buka", alias = "opening", value_parser = amount)]
    pub opening: Sen,
    /// Kas dihitung saat tutup / cash counted at closing
    #[arg(long = "kas-tutup", alias = "closing", value_parser = amount)]
    pub closing: Sen,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Which balance.
#[derive(Args, Clone, Debug)]
pub struct Balance {
    /// Akun, misalnya tunas-baru.sp.2103.m01; atau kelompok, atau lkm / account, group or lkm
    pub what: String,
    /// Per tanggal / as of
    #[arg(long = "per", alias = "as-of", value_parser = day)]
    pub as_of: Option<Day>,
    /// Seperti diketahui pada posisi jurnal / as known at a journal position
    #[arg(long = "posisi", alias = "known-at", default_value_t = 0)]
    pub known_at: u64,
}

/// Which cash book.
#[derive(Args, Clone, Debug)]
pub struct CashBook {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Dana: uep, sp, iks, guliran, umum, riil, kebajikan / fund
    #[arg(value_parser = fund)]
    pub fund: v1::Fund,
    /// Dari hari buku / from
    #[arg(long = "dari", alias = "from", value_parser = day)]
    pub from: Option<Day>,
    /// Sampai hari buku / through
    #[arg(long = "sampai", alias = "through", value_parser = day)]
    pub through: Option<Day>,
}

/// Which trial balance.
#[derive(Args, Clone, Debug, Default)]
pub struct TrialBalance {
    /// Kelompok atau lkm; kosong untuk seluruh buku / group or lkm; the whole book if left out
    pub entity: Option<String>,
    /// Per tanggal / as of
    #[arg(long = "per", alias = "as-of", value_parser = day)]
    pub as_of: Option<Day>,
    /// Seperti diketahui pada posisi jurnal / as known at a journal position
    #[arg(long = "posisi", alias = "known-at", default_value_t = 0)]
    pub known_at: u64,
    /// Ringkas: semua kelompok dijumlahkan / add up all groups
    #[arg(long = "ringkas", alias = "summary")]
    pub summary: bool,
}
