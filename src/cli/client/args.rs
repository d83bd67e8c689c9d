//! What can be typed: the themes of the thin client's commands and the arguments that several of
//! them share, Indonesian words first and an English alias for each.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::access::AccessAsk;
use super::approvals::ApprovalAsk;
use super::arisan::ArisanAsk;
use super::assessments::ScoreAsk;
use super::attachments::AttachmentAsk;
use super::audit::AuditAsk;
use super::bank::BankAsk;
use super::books::{BookAsk, GroupAsk, MemberAsk, PartyAsk};
use super::cash::CashAsk;
use super::closing::{SurplusAsk, YearAsk};
use super::confirmations::ConfirmationAsk;
use super::drawers::DrawerAsk;
use super::grant_args::{GrantAsk, GuliranAsk};
use super::iks::{Dues, IksAsk};
use super::journal::JournalAsk;
use super::kuitansi::AskKuitansi;
use super::ledger::LedgerAsk;
use super::loans::LoanAsk;
use super::meetings::{MeetingAsk, Sheet};
use super::portfolio::PortfolioAsk;
use super::products::{DaysAsk, ProductAsk};
use super::savings::SavingsAsk;
use super::secretary::SecretaryAsk;
use super::sharing::SharingAsk;
use super::statements::StatementAsk;
use super::syariah::SyariahAsk;
use super::terms::TermAsk;
use super::ties::{CollectorAsk, Mirrors, StakeAsk};
use super::trade::TradeAsk;
use super::upkeep::{Count, KeepingAsk, ToolAsk};
use crate::api::v1::{self, Evidence, EvidenceKind, LotKind, NewLot};
use crate::cli::convert::{amount, date, day, decimal, fund, money, quantity};
use crate::cli::mistyped::Mistyped;
use crate::cli::table::Output;
use crate::cli::words::LOTS;
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::refusal::Language;

/// Where the server is, who asks, and how to answer.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Untuk semua perintah / for all commands")]
pub struct Session {
    /// Alamat server / the server's address
    #[arg(long, global = true, env = "SIMPUL_SERVER", default_value = "http://127.0.0.1:50051")]
    pub server: String,
    /// Buku / the book
    #[arg(long, global = true, env = "SIMPUL_BOOK", default_value = "contoh")]
    pub book: String,
    /// Pelaku / who asks
    #[arg(long, global = true, env = "SIMPUL_ACTOR", default_value = "bendahara")]
    pub actor: String,
    /// Berkas tanda perangkat / file of this device's token
    #[arg(long, global = true, env = "SIMPUL_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Berkas PEM sertifikat yang dipercaya untuk https / certificate to trust
    #[arg(long, global = true, env = "SIMPUL_CA")]
    pub ca: Option<PathBuf>,
    /// Berkas PEM sertifikat mesin ini / this machine's certificate, to sign in by it
    #[arg(long, global = true, env = "SIMPUL_CLIENT_CERTIFICATE", requires = "client_key")]
    pub client_certificate: Option<PathBuf>,
    /// Berkas PEM kunci sertifikat itu / the certificate's private key
    #[arg(long, global = true, env = "SIMPUL_CLIENT_KEY", requires = "client_certificate")]
    pub client_key: Option<PathBuf>,
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
    /// Buku: baru, daftar, tutup, bentuk LKM / books
    #[command(name = "buku", alias = "book", subcommand)]
    Book(BookAsk),
    /// Kelompok: baru, daftar, pengurus, tidur, pindah / groups
    #[command(name = "kelompok", alias = "group", subcommand)]
    Group(GroupAsk),
    /// Anggota: baru, daftar, ubah, keluar, data pribadi / members
    #[command(name = "anggota", alias = "member", subcommand)]
    Member(MemberAsk),
    /// Pihak ketiga: pemasok, pembeli, penyumbang / third parties
    #[command(name = "pihak", alias = "party", subcommand)]
    Party(PartyAsk),
    /// Laci teller dan tas kolektor / drawers
    #[command(name = "laci", alias = "drawer", subcommand)]
    Drawer(DrawerAsk),
    /// Savings.
    #[command(flatten)]
    Savings(SavingsAsk),
    /// Iuran kesetiakawanan (IKS) / solidarity dues
    #[command(name = "iuran", alias = "dues")]
    Dues(Dues),
    /// Lembar pertemuan dari berkas CSV / a meeting sheet from a CSV file
    #[command(name = "lembar", alias = "sheet")]
    Sheet(Sheet),
    /// Pertemuan: notulen, lembar yang menunggu / meetings
    #[command(name = "pertemuan", alias = "meeting", subcommand)]
    Meeting(MeetingAsk),
    /// Balances and books of account.
    #[command(flatten)]
    Ledger(LedgerAsk),
    /// Laporan: neraca, laba rugi, arus kas, buku besar / statements
    #[command(name = "laporan", alias = "report", subcommand)]
    Statement(StatementAsk),
    /// Cocokkan buku kelompok dengan buku LKM / do the books of groups and LKM agree
    #[command(name = "cocokkan", alias = "reconcile")]
    Mirrors(Mirrors),
    /// Hibah: daftar, rencana, LPJ, silsilah / grants
    #[command(name = "hibah", alias = "grant", subcommand)]
    Grant(GrantAsk),
    /// Guliran: aturan, keputusan, penyerahan / passing on
    #[command(name = "guliran", alias = "rolling", subcommand)]
    Guliran(GuliranAsk),
    /// Dana kesetiakawanan: aturan, santunan, laporan / solidarity fund
    #[command(name = "iks", alias = "solidarity", subcommand)]
    Iks(IksAsk),
    /// Arisan: buka, bayar, tarik / saving by lot
    #[command(name = "arisan", subcommand)]
    Arisan(ArisanAsk),
    /// Usaha bersama: beli, jual, biaya, ternak / joint business
    #[command(name = "usaha", alias = "trade", subcommand)]
    Trade(TradeAsk),
    /// Alat: umur dan penyusutan / tools
    #[command(name = "alat", alias = "tool", subcommand)]
    Tool(ToolAsk),
    /// Gaduhan: ternak yang dipelihara anggota / animals with keepers
    #[command(name = "gaduhan", alias = "keeping", subcommand)]
    Keeping(KeepingAsk),
    /// Opname ternak: dihitung di kandang / animals counted
    #[command(name = "opname", alias = "count")]
    Count(Count),
    /// Bagi hasil dan modal bersama anggota / shares of members
    #[command(name = "bagi", alias = "share", subcommand)]
    Sharing(SharingAsk),
    /// Kas: pindah, bunga, hitung, selisih / cash and bank
    #[command(name = "kas", alias = "cash", subcommand)]
    Cash(CashAsk),
    /// Bank: mencocokkan rekening koran / reconciling a bank's statement
    #[command(name = "bank", subcommand)]
    Bank(BankAsk),
    /// Penyertaan di LKM / stakes in the LKM
    #[command(name = "penyertaan", alias = "stake", subcommand)]
    Stake(StakeAsk),
    /// Kolektor: uang yang dibawa petugas / money a collector carries
    #[command(name = "kolektor", alias = "collector", subcommand)]
    Collector(CollectorAsk),
    /// Simpanan berjangka di LKM / term deposits
    #[command(name = "deposito", alias = "term-deposit", subcommand)]
    Term(TermAsk),
    /// Pinjaman: produk, pengajuan, angsuran, tanggung renteng / loans
    #[command(name = "pinjaman", alias = "loan", subcommand)]
    Loan(LoanAsk),
    /// Portofolio: PAR, golongan, NPL, rasio, tunggakan / the portfolio
    #[command(name = "portofolio", alias = "portfolio", subcommand)]
    Portfolio(PortfolioAsk),
    /// Syariah: akad murabahah, bagi hasil, zakat, infak / syariah contracts
    #[command(name = "syariah", subcommand)]
    Syariah(SyariahAsk),
    /// Jurnal: umum, saldo awal, pembatalan / journal
    #[command(name = "jurnal", alias = "journal", subcommand)]
    Journal(JournalAsk),
    /// Konfirmasi kelompok atas catatan LKM / a group's word on what the LKM recorded
    #[command(name = "konfirmasi", alias = "confirm", subcommand)]
    Confirmation(ConfirmationAsk),
    /// Kuitansi dengan kode QR sebagai bukti / a paper receipt with its proof as a QR code
    #[command(name = "kuitansi", alias = "voucher")]
    Kuitansi(AskKuitansi),
    /// Lampiran: foto dan pindaian bukti / photos and scans of papers
    #[command(name = "lampiran", alias = "attachment", subcommand)]
    Attachment(AttachmentAsk),
    /// Nilai pendamping / the companion's scores
    #[command(name = "nilai", alias = "score", subcommand)]
    Score(ScoreAsk),
    /// Buku sekretaris: tamu, surat masuk dan keluar / guests, letters in and out
    #[command(name = "sekretaris", alias = "secretary", subcommand)]
    Secretary(SecretaryAsk),
    /// Produk simpanan: jasa, wajib, blokir, keluar / savings products
    #[command(name = "produk-simpanan", alias = "savings-product", subcommand)]
    Product(ProductAsk),
    /// Hari buku: tutup / business days
    #[command(name = "hari", alias = "day", subcommand)]
    Days(DaysAsk),
    /// Tahun buku: tutup, buka lagi / book years
    #[command(name = "tahun", alias = "year", subcommand)]
    Year(YearAsk),
    /// SHU: gabung, aturan, bagi, bayar, pajak / surplus
    #[command(name = "shu", alias = "surplus", subcommand)]
    Surplus(SurplusAsk),
    /// Audit: kunci, tanda terima, salinan buku / receipts and copies that prove themselves
    #[command(name = "audit", subcommand)]
    Audit(AuditAsk),
    /// Akses: pengguna, peran, perangkat / who may do what
    #[command(name = "akses", alias = "access", subcommand)]
    Access(AccessAsk),
    /// Persetujuan orang kedua: lihat, setujui, tolak, tarik / four eyes
    #[command(name = "persetujuan", alias = "approval", subcommand)]
    Approval(ApprovalAsk),
}

/// One member.
#[derive(Args, Clone, Debug)]
pub struct WhichMember {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Anggota / member
    pub member: String,
}

/// When it happened, on what paper, and a remark.
#[derive(Args, Clone, Debug)]
pub struct When {
    /// Tanggal kejadian, misalnya "17 Agustus 2025" / the day it happened
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    pub on: Option<Day>,
    /// Catatan / remark
    #[arg(long = "catatan", alias = "memo", default_value = "", hide_default_value = true)]
    pub memo: String,
    /// What paper.
    #[command(flatten)]
    pub paper: Paper,
    /// Id permintaan, untuk mengulang dengan aman / request id, to retry safely
    #[arg(long = "id-permintaan", alias = "request-id")]
    pub request_id: Option<String>,
}

/// The number of the paper behind it, by its sort.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub struct Paper {
    /// Nomor kuitansi / number of the receipt
    #[arg(long = "kuitansi", alias = "voucher")]
    pub voucher: Option<String>,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: Option<String>,
    /// Nomor BAST / number of the handover record
    #[arg(long = "bast")]
    pub bast: Option<String>,
    /// Baris rekening koran / line of the bank's statement
    #[arg(long = "rekening-koran", alias = "bank-statement")]
    pub bank_statement: Option<String>,
    /// Nomor atau nama foto / number or name of the photograph
    #[arg(long = "foto", alias = "photo")]
    pub photo: Option<String>,
}

impl Paper {
    fn evidence(&self) -> Option<Evidence> {
        let papers = [
            (EvidenceKind::Voucher, &self.voucher),
            (EvidenceKind::Minute, &self.minute),
            (EvidenceKind::Bast, &self.bast),
            (EvidenceKind::BankStatement, &self.bank_statement),
            (EvidenceKind::Photo, &self.photo),
        ];
        papers.into_iter().find_map(|(kind, number)| {
            let number = number.clone()?;
            Some(Evidence { kind: kind as i32, number })
        })
    }
}

impl When {
    /// As the API takes it.
    pub(super) fn details(&self) -> Option<v1::TransactionDetails> {
        Some(v1::TransactionDetails {
            happened_on: self.on.and_then(date),
            memo: self.memo.clone(),
            evidence: self.paper.evidence(),
            meeting: String::new(),
        })
    }
}

/// How much money, where it goes or comes from, and when.
#[derive(Args, Clone, Debug)]
pub struct Money {
    /// Jumlah, misalnya 50.000 / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Where.
    #[command(flatten)]
    pub at: Where,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Where money goes or comes from.
#[derive(Args, Clone, Debug)]
pub struct Where {
    /// kas, bank, brankas, atau id laci / place
    #[arg(long = "tempat", alias = "place", default_value = "kas")]
    pub place: String,
}

/// Which fund's money it is.
#[derive(Args, Clone, Copy, Debug)]
pub struct OfFund {
    /// Dana: uep, sp, iks, guliran, umum, riil, kebajikan / fund
    #[arg(long = "dana", alias = "fund", default_value = "uep", value_parser = fund)]
    pub fund: v1::Fund,
}

/// A span of days.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Span {
    /// Dari hari buku / from
    #[arg(long = "dari", alias = "from", value_parser = day)]
    pub from: Option<Day>,
    /// Sampai hari buku / through
    #[arg(long = "sampai", alias = "through", value_parser = day)]
    pub through: Option<Day>,
}

/// What has a day and a position in the journal.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct AsOf {
    /// Per tanggal / as of
    #[arg(long = "per", alias = "as-of", value_parser = day)]
    pub day: Option<Day>,
    /// Seperti diketahui pada posisi jurnal / as known at a journal position
    #[arg(long = "posisi", alias = "known-at", default_value_t = 0)]
    pub known_at: u64,
}

/// A name and an amount, e.g. a member's part.
pub type Part = (String, Sen);

/// Reads `SIAPA:JUMLAH`.
///
/// Errors: how it is written.
pub fn part(typed: &str) -> Result<Part, Mistyped> {
    const FORM: Mistyped = Mistyped::new(
        "Tulis SIAPA:JUMLAH, misalnya m01:50.000.",
        "Write WHO:AMOUNT, e.g. m01:50.000.",
    );
    let (who, much) = typed.rsplit_once(':').ok_or(FORM)?;
    Ok((who.to_owned(), amount(much)?))
}

/// Reads `LOT:ISI:NAMA:BANYAK:SATUAN:HARGA`, e.g. `induk:ternak:babi:8:ekor:8.000.000`.
///
/// Errors: how it is written.
pub fn new_lot(typed: &str) -> Result<NewLot, Mistyped> {
    const FORM: Mistyped = Mistyped::new(
        "Tulis LOT:ISI:NAMA:BANYAK:SATUAN:HARGA.",
        "Write LOT:KIND:NAME:QUANTITY:UNIT:COST.",
    );
    const KIND: Mistyped = Mistyped::new(
        "ISI adalah stok, ternak atau alat.",
        "KIND is stok (stock), ternak (livestock) or alat (tools).",
    );
    let parts: Vec<&str> = typed.split(':').collect();
    let [lot, kind, label, many, unit, cost] = parts[..] else { return Err(FORM) };
    let kind: LotKind = LOTS.value(kind).ok_or(KIND)?;
    Ok(NewLot {
        lot_id: lot.to_owned(),
        kind: kind as i32,
        label: label.to_owned(),
        unit: unit.to_owned(),
        quantity: decimal(quantity(many)?),
        cost: money(amount(cost)?),
    })
}

/// A percentage as people write it, `12,5`, as the API takes it.
pub fn percent(typed: &str) -> Result<crate::api::google_type::Decimal, String> {
    Ok(crate::api::google_type::Decimal { value: typed.trim_end_matches('%').replace(',', ".") })
}
