//! The terminal thin client: what a bendahara or an LKM officer types, over the public API only.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tonic::Status;

use crate::api::v1::{
    self, HouseholdStatus, LedgerLine, Transaction, Warning,
    book_service_client::BookServiceClient, group_service_client::GroupServiceClient,
    iks_service_client::IksServiceClient, ledger_service_client::LedgerServiceClient,
    meeting_service_client::MeetingServiceClient, member_service_client::MemberServiceClient,
    savings_service_client::SavingsServiceClient,
};
use crate::cli::convert::{
    amount, date, date_text, day, details, entity, fund, fund_text, incomplete, last_part, money,
    money_text, place, sen,
};
use crate::cli::remote::{Failure, Remote, fresh_request_id};
use crate::cli::sheet_csv;
use crate::cli::table::{Column, Output, Table, number, text};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::refusal::Language;
use crate::locale::event::event_name_text;
use crate::locale::number::format_amount;
use crate::locale::text::refusal_text;

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
    fn status(self) -> HouseholdStatus {
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
    fn request_id(&self) -> String {
        self.request_id.clone().unwrap_or_else(fresh_request_id)
    }

    fn details(&self) -> Option<v1::TransactionDetails> {
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
    fn kind(self) -> v1::SavingsKind {
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

/// Asks, and returns what to print.
///
/// Errors: one plain sentence in the caller's language.
pub async fn run(session: &Session, ask: &Ask) -> Result<String, Failure> {
    let language = session.lang.into();
    let remote = Remote::new(&session.server, &session.actor, language)?;
    let client = Client { remote, book: session.book.clone(), language };
    let tables = client.ask(ask).await?;
    let render = |table: &Table| table.render(session.output, language);
    let texts: Vec<String> = tables.iter().map(render).collect();
    Ok(texts.join("\n\n"))
}

/// Asks the server about one book.
#[derive(Clone, Debug)]
pub struct Client {
    /// The line to the server.
    pub remote: Remote,
    /// The book's id.
    pub book: String,
    /// The caller's language.
    pub language: Language,
}

const PAGE: i32 = 500;

const TRANSACTION: &[Column] = &[
    text("account", "Akun", "Account"),
    text("title", "Nama", "Title"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
];

const LINES: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("event", "Kejadian", "Event"),
    text("account", "Akun", "Account"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
    number("balance", "Saldo", "Balance"),
];

const TRIAL_BALANCE: &[Column] = &[
    text("entity", "Entitas", "Entity"),
    text("fund", "Dana", "Fund"),
    text("code", "Kode", "Code"),
    text("title", "Nama", "Title"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
];

impl Client {
    async fn ask(&self, ask: &Ask) -> Result<Vec<Table>, Failure> {
        Ok(match ask {
            Ask::BookAdd(new) => vec![self.book_add(new).await?],
            Ask::GroupAdd(new) => vec![self.group_add(new).await?],
            Ask::Groups => vec![self.groups().await?],
            Ask::MemberAdd(new) => vec![self.member_add(new).await?],
            Ask::Members { entity } => vec![self.members(entity).await?],
            Ask::Deposit(deposit) => vec![self.deposit(deposit).await?],
            Ask::Dues(dues) => vec![self.dues(dues).await?],
            Ask::Sheet(sheet) => vec![self.sheet(sheet).await?],
            Ask::Balance(which) => vec![self.balance(which).await?],
            Ask::Passbook(who) => self.passbook(&who.entity, &who.member).await?,
            Ask::CashBook(which) => vec![self.cash_book(which).await?],
            Ask::TrialBalance(which) => vec![self.trial_balance(which).await?],
        })
    }

    fn say(&self, indonesian: &str, english: &str) -> String {
        match self.language {
            Language::Indonesian => indonesian.to_owned(),
            Language::English => english.to_owned(),
        }
    }

    fn failed(&self) -> impl FnOnce(Status) -> Failure + '_ {
        |status| self.remote.explain(&status)
    }

    fn incomplete(&self) -> Failure {
        incomplete(self.language)
    }

    async fn book_add(&self, new: &BookAdd) -> Result<Table, Failure> {
        let regime = match new.regime {
            _ if new.lkm.is_empty() => v1::Regime::Unspecified,
            RegimeWord::Koperasi => v1::Regime::Koperasi,
            RegimeWord::LkmOjk => v1::Regime::LkmOjk,
            RegimeWord::Inkubasi => v1::Regime::Inkubasi,
        };
        let zone = match new.zone {
            ZoneWord::Wib => v1::Zone::Wib,
            ZoneWord::Wita => v1::Zone::Wita,
            ZoneWord::Wit => v1::Zone::Wit,
        };
        let request = v1::CreateBookRequest {
            book_id: self.book.clone(),
            request_id: fresh_request_id(),
            display_name: new.name.clone(),
            lkm_name: new.lkm.clone(),
            regime: regime as i32,
            zone: zone as i32,
            opened_on: date(new.opened_on),
        };
        let mut client = BookServiceClient::new(self.remote.line());
        let answer = client.create_book(request).await.map_err(self.failed())?.into_inner();
        let book = answer.book.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(self.say("Buku dibuka", "Book opened"), BOOKS);
        table.row(vec![
            last_part(&book.name).to_owned(),
            book.display_name,
            book.lkm_name,
            date_text(book.opened_on.as_ref(), self.language),
        ]);
        Ok(table)
    }

    async fn group_add(&self, new: &GroupAdd) -> Result<Table, Failure> {
        let request = v1::CreateGroupRequest {
            parent: format!("books/{}", self.book),
            request_id: fresh_request_id(),
            group_id: new.id.clone(),
            display_name: new.name.clone(),
            founded_year: new.founded,
            business: new.business.clone(),
            member_count: new.members,
            village: new.village.clone(),
            subdistrict: new.subdistrict.clone(),
            regency: new.regency.clone(),
            linked_on: new.linked_on.and_then(date),
            size_minute: new.minute.clone(),
            ..v1::CreateGroupRequest::default()
        };
        let mut client = GroupServiceClient::new(self.remote.line());
        let answer = client.create_group(request).await.map_err(self.failed())?.into_inner();
        let group = answer.group.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(self.say("Kelompok terdaftar", "Group enrolled"), GROUPS);
        table.row(group_row(&group));
        note_warnings(&mut table, &answer.warnings);
        Ok(table)
    }

    async fn groups(&self) -> Result<Table, Failure> {
        let mut client = GroupServiceClient::new(self.remote.line());
        let mut table = Table::new("", GROUPS);
        let mut page_token = String::new();
        loop {
            let parent = format!("books/{}", self.book);
            let request = v1::ListGroupsRequest { parent, page_size: PAGE, page_token };
            let page = client.list_groups(request).await.map_err(self.failed())?.into_inner();
            page.groups.iter().for_each(|group| table.row(group_row(group)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(table);
            }
        }
    }

    async fn member_add(&self, new: &MemberAdd) -> Result<Table, Failure> {
        let request = v1::EnrolMemberRequest {
            parent: entity(&self.book, &new.entity),
            request_id: fresh_request_id(),
            member_id: new.id.clone(),
            display_name: new.name.clone(),
            nik: new.nik.clone(),
            household: new.household.clone(),
            status: new.status.status() as i32,
            joined_on: new.joined_on.and_then(date),
        };
        let mut client = MemberServiceClient::new(self.remote.line());
        let answer = client.enrol_member(request).await.map_err(self.failed())?.into_inner();
        let member = answer.member.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(self.say("Anggota terdaftar", "Member enrolled"), MEMBERS);
        table.row(self.member_row(&member));
        note_warnings(&mut table, &answer.warnings);
        Ok(table)
    }

    async fn members(&self, of: &str) -> Result<Table, Failure> {
        let mut client = MemberServiceClient::new(self.remote.line());
        let mut table = Table::new("", MEMBERS);
        let mut page_token = String::new();
        loop {
            let parent = entity(&self.book, of);
            let request = v1::ListMembersRequest { parent, page_size: PAGE, page_token };
            let page = client.list_members(request).await.map_err(self.failed())?.into_inner();
            page.members.iter().for_each(|member| table.row(self.member_row(member)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(table);
            }
        }
    }

    fn member_row(&self, member: &v1::Member) -> Vec<String> {
        let name = match member.erased {
            true => self.say("(dihapus)", "(erased)"),
            false => member.display_name.clone(),
        };
        vec![
            last_part(&member.name).to_owned(),
            name,
            member.household.clone(),
            date_text(member.joined_on.as_ref(), self.language),
            date_text(member.left_on.as_ref(), self.language),
        ]
    }

    async fn deposit(&self, deposit: &Deposit) -> Result<Table, Failure> {
        let request = v1::DepositRequest {
            member: self.member_name(&deposit.who),
            request_id: deposit.when.request_id(),
            details: deposit.when.details(),
            kind: deposit.kind.kind() as i32,
            amount: money(deposit.amount),
            place: Some(place(&self.book, &deposit.place)),
        };
        let mut client = SavingsServiceClient::new(self.remote.line());
        let answer = client.deposit(request).await.map_err(self.failed())?.into_inner();
        self.transaction(answer.transaction)
    }

    fn member_name(&self, who: &WhichMember) -> String {
        format!("{}/members/{}", entity(&self.book, &who.entity), who.member)
    }

    async fn dues(&self, dues: &Dues) -> Result<Table, Failure> {
        let request = v1::ReceiveDuesRequest {
            group: entity(&self.book, &dues.who.entity),
            request_id: dues.when.request_id(),
            details: dues.when.details(),
            payer: Some(v1::receive_dues_request::Payer::Member(self.member_name(&dues.who))),
            amount: money(dues.amount),
            place: Some(place(&self.book, &dues.place)),
        };
        let mut client = IksServiceClient::new(self.remote.line());
        let answer = client.receive_dues(request).await.map_err(self.failed())?.into_inner();
        self.transaction(answer.transaction)
    }

    async fn sheet(&self, sheet: &Sheet) -> Result<Table, Failure> {
        let csv = std::fs::read_to_string(&sheet.file).map_err(|error| {
            let file = sheet.file.display();
            Failure(self.say(
                &format!("Berkas {file} tidak dapat dibaca: {error}"),
                &format!("The file {file} cannot be read: {error}"),
            ))
        })?;
        let request = v1::RecordSheetRequest {
            parent: entity(&self.book, &sheet.group),
            request_id: sheet.when.request_id(),
            details: sheet.when.details(),
            number: sheet.number.clone(),
            lines: sheet_csv::read(&csv, self.language)?,
            opening_cash: money(sheet.opening),
            closing_cash: money(sheet.closing),
        };
        let mut client = MeetingServiceClient::new(self.remote.line());
        let answer = client.record_sheet(request).await.map_err(self.failed())?.into_inner();
        self.transaction(answer.transaction)
    }

    fn transaction(&self, transaction: Option<Transaction>) -> Result<Table, Failure> {
        let transaction = transaction.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(
            format!(
                "{} {} ({})",
                self.say("Dibukukan:", "Booked:"),
                last_part(&transaction.name),
                date_text(transaction.effective_on.as_ref(), self.language),
            ),
            TRANSACTION,
        );
        for entry in &transaction.entries {
            let (debit, credit) = match &entry.side {
                Some(v1::entry::Side::Debit(money)) => (money_text(Some(money)), String::new()),
                Some(v1::entry::Side::Credit(money)) => (String::new(), money_text(Some(money))),
                None => (String::new(), String::new()),
            };
            let account = last_part_account(&entry.account).to_owned();
            table.row(vec![account, entry.title.clone(), debit, credit]);
        }
        note_warnings(&mut table, &transaction.warnings);
        Ok(table)
    }

    async fn balance(&self, which: &Balance) -> Result<Table, Failure> {
        if which.what.contains('.') {
            return self.one_balance(which).await;
        }
        self.balances(&which.what).await
    }

    async fn one_balance(&self, which: &Balance) -> Result<Table, Failure> {
        let request = v1::GetBalanceRequest {
            account: format!("books/{}/accounts/{}", self.book, which.what),
            as_of: which.as_of.and_then(date),
            as_known_at: which.known_at,
        };
        let mut client = LedgerServiceClient::new(self.remote.line());
        let answer = client.get_balance(request).await.map_err(self.failed())?.into_inner();
        let mut table = Table::new("", BALANCES);
        table.row(self.balance_row(&answer.balance.ok_or_else(|| self.incomplete())?));
        Ok(table)
    }

    /// The balances of all accounts of an entity that are not zero.
    ///
    /// Errors: one plain sentence.
    pub async fn balances(&self, of: &str) -> Result<Table, Failure> {
        let mut client = LedgerServiceClient::new(self.remote.line());
        let mut table = Table::new("", BALANCES);
        let mut page_token = String::new();
        loop {
            let request = v1::ListAccountsRequest {
                entity: entity(&self.book, of),
                skip_zero: true,
                page_size: PAGE,
                page_token,
                ..v1::ListAccountsRequest::default()
            };
            let page = client.list_accounts(request).await.map_err(self.failed())?.into_inner();
            page.accounts.iter().for_each(|balance| table.row(self.balance_row(balance)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(table);
            }
        }
    }

    fn balance_row(&self, balance: &v1::AccountBalance) -> Vec<String> {
        let account = balance.account.clone().unwrap_or_default();
        vec![
            last_part_account(&account.name).to_owned(),
            self.say(&account.title_id, &account.title_en),
            account.subject,
            money_text(balance.balance.as_ref()),
        ]
    }

    /// A member's savings book: balances, then lines.
    ///
    /// Errors: one plain sentence.
    pub async fn passbook(&self, of: &str, member: &str) -> Result<Vec<Table>, Failure> {
        let name = format!("{}/members/{member}", entity(&self.book, of));
        let mut client = LedgerServiceClient::new(self.remote.line());
        let mut lines = Table::new("", LINES);
        let mut balances = Table::new(self.say("Buku tabungan", "Passbook"), BALANCES);
        let mut page_token = String::new();
        loop {
            let first = page_token.is_empty();
            let request = v1::GetPassbookRequest {
                member: name.clone(),
                page_size: PAGE,
                page_token,
                newest_first: false,
            };
            let page = client.get_passbook(request).await.map_err(self.failed())?.into_inner();
            if first {
                page.accounts.iter().for_each(|balance| balances.row(self.balance_row(balance)));
            }
            page.lines.iter().for_each(|line| lines.row(self.line_row(line)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(vec![balances, lines]);
            }
        }
    }

    fn line_row(&self, line: &LedgerLine) -> Vec<String> {
        let (debit, credit) = match &line.side {
            Some(v1::ledger_line::Side::Debit(money)) => (money_text(Some(money)), String::new()),
            Some(v1::ledger_line::Side::Credit(money)) => (String::new(), money_text(Some(money))),
            None => (String::new(), String::new()),
        };
        vec![
            date_text(line.effective_on.as_ref(), self.language),
            event_name_text(&line.event, self.language).to_owned(),
            last_part_account(&line.account).to_owned(),
            debit,
            credit,
            money_text(line.balance.as_ref()),
        ]
    }

    async fn cash_book(&self, which: &CashBook) -> Result<Table, Failure> {
        let mut client = LedgerServiceClient::new(self.remote.line());
        let mut table = Table::new("", LINES);
        let mut page_token = String::new();
        loop {
            let first = page_token.is_empty();
            let request = v1::GetCashBookRequest {
                entity: entity(&self.book, &which.entity),
                fund: which.fund as i32,
                from: which.from.and_then(date),
                through: which.through.and_then(date),
                page_size: PAGE,
                page_token,
            };
            let page = client.get_cash_book(request).await.map_err(self.failed())?.into_inner();
            if first {
                let opening = money_text(page.opening.as_ref());
                let title = self.say("Saldo awal", "Opening balance");
                table.row(vec![
                    String::new(),
                    title,
                    String::new(),
                    String::new(),
                    String::new(),
                    opening,
                ]);
            }
            page.lines.iter().for_each(|line| table.row(self.line_row(line)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(table);
            }
        }
    }

    /// The trial balance of an entity or the whole book.
    ///
    /// Errors: one plain sentence.
    pub async fn trial_balance(&self, which: &TrialBalance) -> Result<Table, Failure> {
        let answer = self.get_trial_balance(which).await?;
        let mut table = Table::new(self.say("Neraca saldo", "Trial balance"), TRIAL_BALANCE);
        let mut lines: BTreeMap<(String, String, u32), (String, Sen)> = BTreeMap::new();
        for row in &answer.rows {
            let mut place = (last_part(&row.entity).to_owned(), fund_text(row.fund).to_owned());
            if which.summary {
                let entity = if place.0 == "lkm" { place.0 } else { "kube".to_owned() };
                place = (entity, self.say("semua", "all"));
            }
            let title = self.say(&row.title_id, &row.title_en);
            let line = lines.entry((place.0, place.1, row.code)).or_insert((title, Sen::ZERO));
            line.1 = self.sum(line.1, signed(row))?;
        }
        for ((entity, fund, code), (title, balance)) in lines {
            let (debit, credit) = sides(balance);
            table.row(vec![entity, fund, code.to_string(), title, debit, credit]);
        }
        table.row(vec![
            String::new(),
            String::new(),
            String::new(),
            self.say("Jumlah", "Total"),
            money_text(answer.total_debit.as_ref()),
            money_text(answer.total_credit.as_ref()),
        ]);
        table.note(self.read_point(answer.read_point.unwrap_or_default()));
        Ok(table)
    }

    async fn get_trial_balance(
        &self,
        which: &TrialBalance,
    ) -> Result<v1::GetTrialBalanceResponse, Failure> {
        let scope = match &which.entity {
            None => format!("books/{}", self.book),
            Some(of) => entity(&self.book, of),
        };
        let request = v1::GetTrialBalanceRequest {
            scope,
            as_of: which.as_of.and_then(date),
            as_known_at: which.known_at,
        };
        let mut client = LedgerServiceClient::new(self.remote.line());
        Ok(client.get_trial_balance(request).await.map_err(self.failed())?.into_inner())
    }

    fn sum(&self, one: Sen, other: Sen) -> Result<Sen, Failure> {
        one.plus(other).map_err(|refusal| Failure(refusal_text(&refusal, self.language)))
    }

    fn read_point(&self, point: v1::ReadPoint) -> String {
        format!(
            "{} {}, {} {}",
            self.say("Hari buku", "Business day"),
            date_text(point.business_day.as_ref(), self.language),
            self.say("posisi jurnal", "journal position"),
            point.position,
        )
    }

    /// What each group has in its funds: cash, savings at the LKM, goods, and its capital.
    ///
    /// Errors: one plain sentence.
    pub async fn funds(&self) -> Result<Table, Failure> {
        let answer = self.get_trial_balance(&TrialBalance::default()).await?;
        let heading = self.say("Dana setiap kelompok", "Each group's funds");
        let mut table = Table::new(heading, FUNDS);
        let mut groups: BTreeMap<&str, Vec<&v1::TrialBalanceRow>> = BTreeMap::new();
        for row in answer.rows.iter().filter(|row| last_part(&row.entity) != "lkm") {
            groups.entry(last_part(&row.entity)).or_default().push(row);
        }
        for (group, rows) in groups {
            let mut cells = vec![group.to_owned()];
            for (fund, codes) in FUND_COLUMNS {
                let mut held = Sen::ZERO;
                let of = |row: &&&v1::TrialBalanceRow| {
                    row.fund == *fund as i32 && codes.iter().any(|code| code.number() == row.code)
                };
                for row in rows.iter().filter(of) {
                    held = self.sum(held, signed(row))?;
                }
                cells.push(format_amount(held));
            }
            table.row(cells);
        }
        Ok(table)
    }
}

/// A row's balance, debit positive.
fn signed(row: &v1::TrialBalanceRow) -> Sen {
    match &row.side {
        Some(v1::trial_balance_row::Side::Debit(money)) => sen(Some(money)),
        Some(v1::trial_balance_row::Side::Credit(money)) => {
            Sen::new(sen(Some(money)).get().saturating_neg())
        }
        None => Sen::ZERO,
    }
}

/// A signed balance in a debit and a credit column.
fn sides(balance: Sen) -> (String, String) {
    match balance.is_negative() {
        false => (format_amount(balance), String::new()),
        true => (String::new(), format_amount(Sen::new(balance.get().saturating_neg()))),
    }
}

/// What the columns of [`Client::funds`] add up.
const FUND_COLUMNS: &[(v1::Fund, &[Code])] = &[
    (v1::Fund::Uep, &[Code::Cash, Code::Bank]),
    (v1::Fund::Uep, &[Code::SavingsAtLkm]),
    (v1::Fund::Uep, &[Code::Stock, Code::Livestock, Code::Tools]),
    (v1::Fund::SimpanPinjam, &[Code::Cash, Code::Bank]),
    (v1::Fund::SimpanPinjam, &[Code::SavingsAtLkm]),
    (v1::Fund::Iks, &[Code::Cash, Code::Bank]),
];

const FUNDS: &[Column] = &[
    text("group", "Kelompok", "Group"),
    number("uep_cash", "UEP kas+bank", "UEP cash+bank"),
    number("uep_lkm", "UEP di LKM", "UEP at LKM"),
    number("uep_goods", "UEP barang", "UEP goods"),
    number("sp_cash", "SP kas+bank", "SP cash+bank"),
    number("sp_lkm", "SP di LKM", "SP at LKM"),
    number("iks_cash", "IKS kas+bank", "IKS cash+bank"),
];

const BOOKS: &[Column] = &[
    text("book", "Buku", "Book"),
    text("name", "Nama", "Name"),
    text("lkm", "LKM", "LKM"),
    text("opened", "Dibuka", "Opened"),
];

const GROUPS: &[Column] = &[
    text("group", "Kelompok", "Group"),
    text("name", "Nama", "Name"),
    text("business", "Usaha", "Business"),
    number("members", "Anggota", "Members"),
    text("village", "Desa/kelurahan", "Village"),
    text("regency", "Kabupaten/kota", "Regency"),
];

const MEMBERS: &[Column] = &[
    text("member", "Anggota", "Member"),
    text("name", "Nama", "Name"),
    text("household", "Keluarga", "Household"),
    text("joined", "Masuk", "Joined"),
    text("left", "Keluar", "Left"),
];

const BALANCES: &[Column] = &[
    text("account", "Akun", "Account"),
    text("title", "Nama", "Title"),
    text("subject", "Atas nama", "Subject"),
    number("balance", "Saldo", "Balance"),
];

fn group_row(group: &v1::Group) -> Vec<String> {
    vec![
        last_part(&group.name).to_owned(),
        group.display_name.clone(),
        group.business.clone(),
        group.member_count.to_string(),
        group.village.clone(),
        group.regency.clone(),
    ]
}

fn note_warnings(table: &mut Table, warnings: &[Warning]) {
    for warning in warnings {
        let line = match warning.line {
            0 => String::new(),
            line => format!("#{line} "),
        };
        table.note(format!("! {line}{}", warning.text));
    }
}

/// An account's name without its book: subjects may themselves hold a slash.
fn last_part_account(name: &str) -> &str {
    name.split_once("/accounts/").map_or(name, |(_, account)| account)
}
