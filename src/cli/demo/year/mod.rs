//! A year in the life of ten real groups: the groups are those of Kupang, the people and the money
//! are invented and marked "contoh".
//!
//! What becomes of the grants is in [`grants`] and [`aid`], what goes to another installation in
//! [`exchange`], solidarity in [`solidarity`], what ties groups and their LKM in [`ties`], a day at
//! the counter in [`teller`], what the office has of its own in [`office`], loans of the ten in
//! [`loans`] and [`syariah`], those of others in [`borrowed`], [`among`], [`customers`], [`kinds`],
//! [`trouble`], [`fajar`] and [`ventures`], the bank's list in [`bank`], the care of things and
//! people in [`care`], what is looked at and decided on in [`decisions`], a troupe in [`sanggar`],
//! how a group changes its LKM in [`cahaya`] and how one ends in [`farewell`], the end of the year
//! in [`closing`]; what every month brings is here. What only a cooperative and its savers know is
//! told of a second institution, in [`lontar`].
//! Everything goes through the public API. Each request has an id of its own that never changes,
//! so that telling the year again changes nothing.

mod aid;
mod among;
mod bank;
mod borrowed;
mod cahaya;
mod care;
mod closing;
mod credit;
mod customers;
mod decisions;
mod exchange;
mod fajar;
mod farewell;
mod grants;
mod kinds;
mod loans;
mod lontar;
mod office;
mod sanggar;
mod small;
mod solidarity;
mod syariah;
mod teller;
mod ties;
mod trouble;
mod ventures;

use serde::Deserialize;
use tonic::{Response, Status};
use tonic_types::StatusExt;

use crate::api::google_type::Money;
use crate::api::v1::{
    self, EvidenceKind, ExpenseKind, Fund, HouseholdStatus, LotKind, PlaceKind, Regime,
    SheetLineKind, Stage, Zone,
};
use crate::cli::convert::date;
use crate::cli::remote::{Failure, Remote};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::refusal::Reason;

pub use exchange::ROTE;
use solidarity::LATE;

/// The demo's book.
pub const BOOK: &str = "contoh";

const YEAR: i32 = 2025;
const DRAWER: &str = "books/contoh/drawers/loket-1";

/// Invented given names; every one is shown with "(contoh)".
const NAMES: [&str; 20] = [
    "Maria",
    "Yosef",
    "Agustina",
    "Petrus",
    "Yuliana",
    "Markus",
    "Theresia",
    "Yohanes",
    "Elisabet",
    "Paulus",
    "Martha",
    "Simon",
    "Rosalina",
    "Daniel",
    "Veronika",
    "Lukas",
    "Fransiska",
    "Stefanus",
    "Magdalena",
    "Andreas",
];

/// One line of the source table.
#[derive(Clone, Debug, Deserialize)]
pub struct Kube {
    /// The group's name.
    pub name: String,
    founded_year: u32,
    business: String,
    member_count: u32,
    village: String,
    subdistrict: String,
    regency: String,
}

impl Kube {
    /// The group's id: its name in small letters.
    pub fn id(&self) -> String {
        self.name.to_lowercase().replace(' ', "-")
    }

    fn path(&self) -> String {
        format!("books/{BOOK}/groups/{}", self.id())
    }

    fn member(&self, number: u32) -> String {
        format!("{}/members/{}", self.path(), member_id(number))
    }

    /// What the group's business keeps: what it is, its unit, how many came with the grant.
    fn stock(&self) -> (LotKind, &'static str, &'static str, i64) {
        let business = self.business.to_lowercase();
        match business.as_str() {
            text if text.contains("babi") => (LotKind::Livestock, "babi", "ekor", 8),
            text if text.contains("sapi") => (LotKind::Livestock, "sapi", "ekor", 8),
            text if text.contains("tani") => (LotKind::Stock, "bibit jagung", "kg", 400),
            _ => (LotKind::Stock, "barang kios", "paket", 200),
        }
    }
}

fn member_id(number: u32) -> String {
    format!("m{number:02}")
}

/// The ten groups of Kupang.
///
/// Errors: a sentence when the table that ships with the program cannot be read.
pub fn groups() -> Result<Vec<Kube>, Failure> {
    let mut reader = csv::Reader::from_reader(include_bytes!("../kube_kupang.csv").as_slice());
    let rows: Result<Vec<Kube>, csv::Error> = reader.deserialize().collect();
    rows.map_err(|error| Failure(format!("kube_kupang.csv: {error}")))
}

/// Tells the year, or finds it told already; and what of it reaches another installation.
///
/// Errors: the first refusal, as one plain sentence.
pub async fn tell(remote: &Remote, elsewhere: &Remote) -> Result<(), Failure> {
    let kubes = groups()?;
    let year = Year { remote, elsewhere };
    let told = year.tell(&kubes).await;
    told.map_err(|status| remote.explain(&status))
}

struct Year<'a> {
    remote: &'a Remote,
    /// Another installation.
    elsewhere: &'a Remote,
}

type Told = Result<(), Status>;

fn done<T>(answer: Result<Response<T>, Status>) -> Told {
    answer.map(drop)
}

/// What is asked for against a rule is refused, for this reason.
fn refused<T>(reason: Reason, answer: Result<Response<T>, Status>) -> Told {
    match answer {
        Ok(_) => Err(Status::internal(format!("{reason:?} expected"))),
        Err(status) => match status.get_details_error_info() {
            Some(info) if info.reason == reason.name() => Ok(()),
            _ => Err(status),
        },
    }
}

fn rupiah(units: i64) -> Option<Money> {
    Some(Money { currency_code: "IDR".to_owned(), units, nanos: 0 })
}

fn on(month: i32, day: i32) -> Option<v1::TransactionDetails> {
    with_memo(month, day, "")
}

fn with_memo(month: i32, day: i32, memo: &str) -> Option<v1::TransactionDetails> {
    Some(v1::TransactionDetails {
        happened_on: day_of(month, day),
        memo: memo.to_owned(),
        ..v1::TransactionDetails::default()
    })
}

fn minute(month: i32, day: i32, number: &str) -> Option<v1::TransactionDetails> {
    with_paper(month, day, EvidenceKind::Minute, number)
}

/// By a shop's receipt.
fn voucher(month: i32, day: i32, number: &str) -> Option<v1::TransactionDetails> {
    with_paper(month, day, EvidenceKind::Voucher, number)
}

fn with_paper(
    month: i32,
    day: i32,
    kind: EvidenceKind,
    number: &str,
) -> Option<v1::TransactionDetails> {
    Some(v1::TransactionDetails {
        happened_on: day_of(month, day),
        evidence: Some(v1::Evidence { kind: kind as i32, number: number.to_owned() }),
        ..v1::TransactionDetails::default()
    })
}

fn day_of(month: i32, day: i32) -> Option<crate::api::google_type::Date> {
    Day::from_ymd(YEAR, month, day).and_then(date)
}

fn place(kind: PlaceKind) -> Option<v1::Place> {
    let drawer = if kind == PlaceKind::Drawer { DRAWER.to_owned() } else { String::new() };
    Some(v1::Place { kind: kind as i32, drawer })
}

fn lkm() -> String {
    format!("books/{BOOK}/lkm")
}

/// A request's id: the same whenever the year is told.
fn request(of: &str, step: &str) -> String {
    format!("demo-{of}-{step}")
}

impl Year<'_> {
    async fn tell(&self, kubes: &[Kube]) -> Told {
        self.open_book().await?;
        for kube in kubes {
            self.enrol(kube).await?;
        }
        self.found_cahaya().await?;
        self.tellers_day().await?;
        self.programme_stake().await?;
        self.loan_quality().await?;
        self.found_embun().await?;
        for month in 1..=12 {
            for kube in kubes {
                self.month(kube, month).await?;
            }
            self.cahaya(month).await?;
            if month == 11 {
                self.return_programme_stake().await?;
            }
            self.credit(month).await?;
            self.office(month).await?;
            self.pay_staff(month).await?;
        }
        for kube in kubes {
            self.decisions(kube).await?;
        }
        self.farewell().await?;
        self.bank_interest().await?;
        self.bank_statement().await?;
        self.year_end(kubes).await?;
        self.lontar().await
    }

    async fn open_book(&self) -> Told {
        let book = v1::CreateBookRequest {
            book_id: BOOK.to_owned(),
            request_id: request("lkm", "buka"),
            display_name: "Buku contoh Kupang".to_owned(),
            lkm_name: "LKM Kube Sejahtera Kupang (contoh)".to_owned(),
            regime: Regime::LkmOjk as i32,
            zone: Zone::Wita as i32,
            opened_on: day_of(1, 1),
        };
        done(self.remote.books().create_book(book).await)?;
        for (id, label, collector) in [("loket-1", "Loket 1", false), ("tas-1", "Tas 1", true)] {
            let drawer = v1::CreateDrawerRequest {
                parent: format!("books/{BOOK}"),
                request_id: request("lkm", id),
                drawer_id: id.to_owned(),
                label: format!("{label} (contoh)"),
                collector,
            };
            done(self.remote.parties().create_drawer(drawer).await)?;
        }
        self.capital().await?;
        self.move_cash("brankas", PlaceKind::Bank, PlaceKind::Vault, 10_000_000).await?;
        self.move_cash("laci", PlaceKind::Vault, PlaceKind::Drawer, 5_000_000).await
    }

    async fn capital(&self) -> Told {
        let line = |code: Code, side| v1::JournalLine {
            account: format!("books/{BOOK}/accounts/lkm.sp.{}", code.number()),
            side,
        };
        let amount = rupiah(50_000_000);
        let journal = v1::PostJournalRequest {
            book: format!("books/{BOOK}"),
            request_id: request("lkm", "modal"),
            details: with_memo(1, 2, "Setoran modal (contoh)"),
            lines: vec![
                line(Code::Bank, amount.clone().map(v1::journal_line::Side::Debit)),
                line(Code::PaidInCapital, amount.map(v1::journal_line::Side::Credit)),
            ],
        };
        done(self.remote.journal().post_journal(journal).await)
    }

    async fn move_cash(&self, step: &str, from: PlaceKind, to: PlaceKind, much: i64) -> Told {
        let movement = v1::MoveCashRequest {
            entity: lkm(),
            request_id: request("lkm", step),
            details: on(1, 2),
            fund: Fund::SimpanPinjam as i32,
            from: place(from),
            to: place(to),
            amount: rupiah(much),
        };
        done(self.remote.cash().move_cash(movement).await)
    }

    async fn enrol(&self, kube: &Kube) -> Told {
        let minute = if kube.member_count > 10 { "BA-01/2009 (contoh)" } else { "" };
        let group = v1::CreateGroupRequest {
            parent: format!("books/{BOOK}"),
            request_id: request(&kube.id(), "daftar"),
            group_id: kube.id(),
            display_name: kube.name.clone(),
            founded_year: kube.founded_year,
            business: kube.business.clone(),
            member_count: kube.member_count,
            village: kube.village.clone(),
            subdistrict: kube.subdistrict.clone(),
            regency: kube.regency.clone(),
            stage: Stage::Berkembang as i32,
            stage_since: day_of(1, 1),
            linked_on: day_of(1, 1),
            size_minute: minute.to_owned(),
            notes: String::new(),
        };
        done(self.remote.groups().create_group(group).await)?;
        for (number, name) in (1..=kube.member_count).zip(NAMES) {
            self.enrol_member(kube, number, name).await?;
        }
        let officers = [
            (v1::Office::Ketua, 1, "ketua"),
            (v1::Office::Sekretaris, 2, "sekretaris"),
            (v1::Office::Bendahara, 3, "bendahara"),
        ];
        for (office, number, step) in officers {
            let appoint = v1::AppointOfficerRequest {
                member: kube.member(number),
                request_id: request(&kube.id(), step),
                office: office as i32,
                since: day_of(1, 1),
            };
            done(self.remote.groups().appoint_officer(appoint).await)?;
        }
        self.savings_products(kube).await?;
        self.opening(kube).await
    }

    async fn enrol_member(&self, kube: &Kube, number: u32, name: &str) -> Told {
        let member = v1::EnrolMemberRequest {
            parent: kube.path(),
            request_id: request(&kube.id(), &format!("anggota-{number}")),
            member_id: member_id(number),
            display_name: format!("{name} (contoh)"),
            nik: String::new(),
            household: format!("kk-{number:02}"),
            status: HouseholdStatus::Miskin as i32,
            joined_on: day_of(1, 1),
        };
        done(self.remote.members().enrol_member(member).await)
    }

    /// Before the book began each member had paid Rp50.000 of simpanan pokok, and it lay in the tin.
    async fn opening(&self, kube: &Kube) -> Told {
        let item = |code: Code, subject: String, amount| v1::OpeningItem {
            item: Some(v1::opening_item::Item::Account(v1::OpeningAccount {
                code: code.number(),
                subject,
                amount: rupiah(amount),
            })),
        };
        let tin = item(Code::Cash, String::new(), 50_000 * i64::from(kube.member_count));
        let pokok = |number| item(Code::PrincipalSavings, member_id(number), 50_000);
        let opening = v1::OpenBalancesRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "saldo-awal"),
            details: on(1, 2),
            fund: Fund::SimpanPinjam as i32,
            items: std::iter::once(tin).chain((1..=kube.member_count).map(pokok)).collect(),
        };
        done(self.remote.journal().open_balances(opening).await)
    }

    async fn month(&self, kube: &Kube, month: i32) -> Told {
        match month {
            2 => self.grant(kube).await?,
            6 => self.lpj(kube).await?,
            8 => self.sale(kube).await?,
            9 => self.livestock(kube).await?,
            10 => self.relief(kube).await?,
            _ => {}
        }
        self.deposit(kube, month).await?;
        self.meeting(kube, month).await?;
        self.bank_savings(kube, month).await?;
        self.loans(kube, month).await?;
        self.syariah(kube, month).await?;
        self.special(kube, month).await?;
        if month == 12 { self.aid(kube).await } else { Ok(()) }
    }

    /// What happened to one group alone.
    async fn special(&self, kube: &Kube, month: i32) -> Told {
        match (kube.id().as_str(), month) {
            ("tunas-baru", 3) => self.mistake(kube).await,
            ("kasih", 5) => self.clear(kube).await,
            ("robadeo", 5) => self.second_phone(kube).await,
            ("kios-murah", 7) => self.shortage(kube).await,
            ("tunas-baru", 11) => self.pass_on(kube).await,
            ("kasih", 12) => self.pass_on_again(kube).await,
            ("robadeo", 12) => self.animals(kube).await,
            ("usaha-mekar", 12) => self.tool(kube).await,
            ("sinar", 4) => self.sleep(kube).await,
            ("sinar", 12) => self.arisan(kube).await,
            ("merpati", 12) => self.collected(kube).await,
            ("jati-diri", 12) => self.stake(kube).await,
            ("pelita-kasih", 12) => self.work(kube).await,
            ("tunas-baru", 1) => self.rule(kube).await,
            ("tunas-baru", 12) => self.scores(kube).await,
            _ => Ok(()),
        }
    }

    /// Each member brings Rp10.000 of wajib and Rp5.000 of IKS, four bring Rp20.000 more.
    async fn meeting(&self, kube: &Kube, month: i32) -> Told {
        let mut sheet = v1::RecordSheetRequest {
            parent: kube.path(),
            request_id: request(&kube.id(), &format!("lembar-{month}")),
            details: on(month, 10),
            number: month.to_string(),
            lines: meeting_lines(kube),
            opening_cash: rupiah(cash_before_meeting(kube, month)),
            closing_cash: None,
        };
        let mut brought = meeting_cash(kube);
        if (kube.id().as_str(), month) == ("kasih", 4) {
            sheet.lines.push(sheet_line(SheetLineKind::Sukarela, "m99".to_owned(), 20_000));
            brought += 20_000;
        }
        if (kube.id().as_str(), month) == ("kios-murah", 7) {
            brought -= 5_000;
        }
        if (kube.id().as_str(), month) == ("tunas-baru", 11) {
            let late = |line: &v1::SheetLine| {
                line.kind() == SheetLineKind::IksDues && line.member_id == member_id(LATE)
            };
            sheet.lines.retain(|line| !late(line));
            brought -= 5_000;
        }
        sheet.closing_cash = rupiah(cash_before_meeting(kube, month) + brought);
        done(self.remote.meetings().record_sheet(sheet).await)
    }

    async fn bank_savings(&self, kube: &Kube, month: i32) -> Told {
        let deposit = v1::DepositAtLkmRequest {
            group: kube.path(),
            request_id: request(&kube.id(), &format!("setor-{month}")),
            details: on(month, 11),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(100_000),
            kube_place: place(PlaceKind::Cash),
            lkm_place: place(PlaceKind::Drawer),
        };
        done(self.remote.savings().deposit_at_lkm(deposit).await)
    }

    /// Feed is entered wrongly, taken back, and entered again.
    async fn mistake(&self, kube: &Kube) -> Told {
        let day = voucher(3, 20, "NT-3/2025 (contoh)");
        self.expense(kube, "pakan-salah", day.clone(), ExpenseKind::Feed, 205_000).await?;
        let wrong = request(&kube.id(), "pakan-salah");
        let reversal = v1::ReverseTransactionRequest {
            transaction: format!("books/{BOOK}/transactions/{wrong}"),
            request_id: request(&kube.id(), "pakan-batal"),
            details: with_memo(3, 20, "Salah tulis jumlah (contoh)"),
            line: 0,
        };
        done(self.remote.journal().reverse_transaction(reversal).await)?;
        self.expense(kube, "pakan", day, ExpenseKind::Feed, 250_000).await
    }

    /// The unknown member of April's sheet was the secretary.
    async fn clear(&self, kube: &Kube) -> Told {
        let sheet = request(&kube.id(), "lembar-4");
        let line = meeting_lines(kube).len() as u32 + 1;
        let account = format!("{}.sp.{}.m02", kube.id(), Code::MemberSavings.number());
        let clearing = v1::ClearSuspenseRequest {
            transaction: format!("books/{BOOK}/transactions/{sheet}"),
            request_id: request(&kube.id(), "sementara"),
            details: with_memo(5, 12, "Ternyata setoran sekretaris (contoh)"),
            line,
            account: format!("books/{BOOK}/accounts/{account}"),
            amount: rupiah(20_000),
            ..v1::ClearSuspenseRequest::default()
        };
        done(self.remote.journal().clear_suspense(clearing).await)
    }

    /// The ketua's phone sends May's meeting again: it waits and moves nothing.
    async fn second_phone(&self, kube: &Kube) -> Told {
        let sheet = v1::RecordSheetRequest {
            parent: kube.path(),
            request_id: request(&kube.id(), "lembar-5-ketua"),
            details: on(5, 10),
            number: "5b".to_owned(),
            lines: meeting_lines(kube),
            opening_cash: rupiah(cash_before_meeting(kube, 5)),
            closing_cash: rupiah(cash_before_meeting(kube, 5) + meeting_cash(kube)),
        };
        done(self.remote.meetings().record_sheet(sheet).await)
    }

    /// The treasurer makes good what was short in July.
    async fn shortage(&self, kube: &Kube) -> Told {
        let decision = v1::DecideDifferenceRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "selisih"),
            details: on(7, 20),
            amount: rupiah(5_000),
            officer: kube.member(3),
            drawer: String::new(),
        };
        done(self.remote.cash().decide_difference(decision).await)
    }

    async fn pay_staff(&self, month: i32) -> Told {
        let wages = v1::PayExpenseRequest {
            entity: lkm(),
            request_id: request("lkm", &format!("gaji-{month}")),
            details: on(month, 28),
            fund: Fund::SimpanPinjam as i32,
            kind: ExpenseKind::Wages as i32,
            amount: rupiah(1_000_000),
            place: place(PlaceKind::Bank),
            grant: String::new(),
            plan_line: String::new(),
            lot: String::new(),
        };
        done(self.remote.trade().pay_expense(wages).await)
    }

    async fn bank_interest(&self) -> Told {
        let interest = v1::RecordBankInterestRequest {
            entity: lkm(),
            request_id: request("lkm", "bunga"),
            details: on(12, 31),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(250_000),
        };
        done(self.remote.cash().record_bank_interest(interest).await)
    }
}

fn sheet_line(kind: SheetLineKind, member_id: String, much: i64) -> v1::SheetLine {
    v1::SheetLine { kind: kind as i32, member_id, amount: rupiah(much), ..v1::SheetLine::default() }
}

fn meeting_lines(kube: &Kube) -> Vec<v1::SheetLine> {
    let all = 1..=kube.member_count;
    let wajib = all.clone().map(|n| sheet_line(SheetLineKind::Wajib, member_id(n), 10_000));
    let dues = all.map(|n| sheet_line(SheetLineKind::IksDues, member_id(n), 5_000));
    let sukarela = (1..=4).map(|n| sheet_line(SheetLineKind::Sukarela, member_id(n), 20_000));
    wajib.chain(dues).chain(sukarela).collect()
}

/// What a meeting brings into the tin.
fn meeting_cash(kube: &Kube) -> i64 {
    15_000 * i64::from(kube.member_count) + 4 * 20_000
}

/// What lies in the tin before a month's meeting: what the year has told so far.
fn cash_before_meeting(kube: &Kube, month: i32) -> i64 {
    let id = kube.id();
    let passed = |from: i32, amount: i64| if month >= from { amount } else { 0 };
    let only = |of: &str, from: i32, amount: i64| if id == of { passed(from, amount) } else { 0 };
    let meetings = i64::from(month - 1) * (meeting_cash(kube) - 100_000);
    50_000 * i64::from(kube.member_count)
        + meetings
        + passed(2, 12_000_000 - 8_000_000 - 500_000)
        + passed(8, 3_500_000)
        + passed(10, -150_000)
        + only("tunas-baru", 4, -250_000)
        + only("tunas-baru", 12, -5_000)
        + only("kasih", 5, 20_000)
        + only("kios-murah", 8, -5_000)
}
