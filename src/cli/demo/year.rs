//! A year in the life of ten real groups: the groups are those of Kupang, the people and the money
//! are invented and marked "contoh".
//!
//! Everything goes through the public API. Each request has an id of its own that never changes,
//! so that telling the year again changes nothing.

use serde::Deserialize;
use tonic::{Response, Status};

use crate::api::google_type::Money;
use crate::api::v1::{
    self, BudgetSource, EvidenceKind, ExpenseKind, Fund, HouseholdStatus, LotKind, PlaceKind,
    Regime, SheetLineKind, Stage, Zone, book_service_client::BookServiceClient,
    cash_service_client::CashServiceClient, grant_service_client::GrantServiceClient,
    group_service_client::GroupServiceClient, guliran_service_client::GuliranServiceClient,
    iks_service_client::IksServiceClient, journal_service_client::JournalServiceClient,
    meeting_service_client::MeetingServiceClient, member_service_client::MemberServiceClient,
    party_service_client::PartyServiceClient, savings_service_client::SavingsServiceClient,
    trade_service_client::TradeServiceClient,
};
use crate::cli::convert::{date, decimal};
use crate::cli::remote::{Failure, Line, Remote};
use crate::domain::chart::Code;
use crate::domain::day::Day;

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
    let mut reader = csv::Reader::from_reader(include_bytes!("kube_kupang.csv").as_slice());
    let rows: Result<Vec<Kube>, csv::Error> = reader.deserialize().collect();
    rows.map_err(|error| Failure(format!("kube_kupang.csv: {error}")))
}

/// Tells the year, or finds it told already.
///
/// Errors: the first refusal, as one plain sentence.
pub async fn tell(remote: &Remote) -> Result<(), Failure> {
    let kubes = groups()?;
    let mut year = Year::new(remote);
    let told = year.tell(&kubes).await;
    told.map_err(|status| remote.explain(&status))
}

struct Year {
    books: BookServiceClient<Line>,
    groups: GroupServiceClient<Line>,
    members: MemberServiceClient<Line>,
    parties: PartyServiceClient<Line>,
    meetings: MeetingServiceClient<Line>,
    grants: GrantServiceClient<Line>,
    trade: TradeServiceClient<Line>,
    cash: CashServiceClient<Line>,
    savings: SavingsServiceClient<Line>,
    iks: IksServiceClient<Line>,
    journal: JournalServiceClient<Line>,
    guliran: GuliranServiceClient<Line>,
}

type Told = Result<(), Status>;

fn done<T>(answer: Result<Response<T>, Status>) -> Told {
    answer.map(drop)
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
    let kind = EvidenceKind::Minute as i32;
    Some(v1::TransactionDetails {
        happened_on: day_of(month, day),
        evidence: Some(v1::Evidence { kind, number: number.to_owned() }),
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

impl Year {
    fn new(remote: &Remote) -> Year {
        Year {
            books: BookServiceClient::new(remote.line()),
            groups: GroupServiceClient::new(remote.line()),
            members: MemberServiceClient::new(remote.line()),
            parties: PartyServiceClient::new(remote.line()),
            meetings: MeetingServiceClient::new(remote.line()),
            grants: GrantServiceClient::new(remote.line()),
            trade: TradeServiceClient::new(remote.line()),
            cash: CashServiceClient::new(remote.line()),
            savings: SavingsServiceClient::new(remote.line()),
            iks: IksServiceClient::new(remote.line()),
            journal: JournalServiceClient::new(remote.line()),
            guliran: GuliranServiceClient::new(remote.line()),
        }
    }

    async fn tell(&mut self, kubes: &[Kube]) -> Told {
        self.open_book().await?;
        for kube in kubes {
            self.enrol(kube).await?;
        }
        for month in 1..=12 {
            for kube in kubes {
                self.month(kube, month).await?;
            }
            self.pay_staff(month).await?;
        }
        self.bank_interest().await
    }

    async fn open_book(&mut self) -> Told {
        let book = v1::CreateBookRequest {
            book_id: BOOK.to_owned(),
            request_id: request("lkm", "buka"),
            display_name: "Buku contoh Kupang".to_owned(),
            lkm_name: "LKM Kube Sejahtera Kupang (contoh)".to_owned(),
            regime: Regime::LkmOjk as i32,
            zone: Zone::Wita as i32,
            opened_on: day_of(1, 1),
        };
        done(self.books.create_book(book).await)?;
        let drawer = v1::CreateDrawerRequest {
            parent: format!("books/{BOOK}"),
            request_id: request("lkm", "loket"),
            drawer_id: "loket-1".to_owned(),
            label: "Loket 1 (contoh)".to_owned(),
            collector: false,
        };
        done(self.parties.create_drawer(drawer).await)?;
        self.capital().await?;
        self.move_cash("brankas", PlaceKind::Bank, PlaceKind::Vault, 10_000_000).await?;
        self.move_cash("laci", PlaceKind::Vault, PlaceKind::Drawer, 5_000_000).await
    }

    async fn capital(&mut self) -> Told {
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
        done(self.journal.post_journal(journal).await)
    }

    async fn move_cash(&mut self, step: &str, from: PlaceKind, to: PlaceKind, much: i64) -> Told {
        let movement = v1::MoveCashRequest {
            entity: lkm(),
            request_id: request("lkm", step),
            details: on(1, 2),
            fund: Fund::SimpanPinjam as i32,
            from: place(from),
            to: place(to),
            amount: rupiah(much),
        };
        done(self.cash.move_cash(movement).await)
    }

    async fn enrol(&mut self, kube: &Kube) -> Told {
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
        done(self.groups.create_group(group).await)?;
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
            done(self.groups.appoint_officer(appoint).await)?;
        }
        self.opening(kube).await
    }

    async fn enrol_member(&mut self, kube: &Kube, number: u32, name: &str) -> Told {
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
        done(self.members.enrol_member(member).await)
    }

    /// Before the book began each member had paid Rp50.000 of simpanan pokok, and it lay in the tin.
    async fn opening(&mut self, kube: &Kube) -> Told {
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
        done(self.journal.open_balances(opening).await)
    }

    async fn month(&mut self, kube: &Kube, month: i32) -> Told {
        match month {
            2 => self.grant(kube).await?,
            6 => self.lpj(kube).await?,
            8 => self.sale(kube).await?,
            9 => self.livestock(kube).await?,
            10 => self.relief(kube).await?,
            _ => {}
        }
        self.meeting(kube, month).await?;
        self.bank_savings(kube, month).await?;
        match (kube.id().as_str(), month) {
            ("tunas-baru", 3) => self.mistake(kube).await,
            ("kasih", 5) => self.clear(kube).await,
            ("robadeo", 5) => self.second_phone(kube).await,
            ("kios-murah", 7) => self.shortage(kube).await,
            ("tunas-baru", 11) => self.pass_on(kube).await,
            ("kasih", 12) => self.pass_on_again(kube).await,
            _ => Ok(()),
        }
    }

    async fn grant(&mut self, kube: &Kube) -> Told {
        let grant = v1::ReceiveGrantRequest {
            group: kube.path(),
            request_id: request(&kube.id(), "hibah"),
            details: on(2, 3),
            grant_id: "blps".to_owned(),
            programme: "BLPS (contoh)".to_owned(),
            source: BudgetSource::Blps as i32,
            decree_number: "SK-12/2025 (contoh)".to_owned(),
            restricted: true,
            channel: rupiah(20_000_000).map(v1::receive_grant_request::Channel::Lkm),
            payment_order: "SP2D-7/2025 (contoh)".to_owned(),
            bank_line: String::new(),
            aid_kind: "uang".to_owned(),
        };
        done(self.grants.receive_grant(grant).await)?;
        self.plan(kube).await?;
        let draw = v1::WithdrawAtLkmRequest {
            group: kube.path(),
            request_id: request(&kube.id(), "tarik"),
            details: on(2, 4),
            fund: Fund::Uep as i32,
            amount: rupiah(12_000_000),
            kube_place: place(PlaceKind::Cash),
            lkm_place: place(PlaceKind::Bank),
        };
        done(self.savings.withdraw_at_lkm(draw).await)?;
        self.purchase(kube).await?;
        let (kind, ..) = kube.stock();
        let cost =
            if kind == LotKind::Livestock { ExpenseKind::Feed } else { ExpenseKind::Transport };
        self.expense(kube, "biaya", on(2, 6), cost, 500_000).await
    }

    async fn plan(&mut self, kube: &Kube) -> Told {
        let line = |line_id: &str, label: &str, much| v1::PlanLine {
            line_id: line_id.to_owned(),
            label: label.to_owned(),
            amount: rupiah(much),
            spent: None,
        };
        let (_, label, ..) = kube.stock();
        let plan = v1::SetGrantPlanRequest {
            grant: format!("{}/grants/blps", kube.path()),
            request_id: request(&kube.id(), "rencana"),
            details: on(2, 3),
            plan: vec![
                line("modal", label, 12_000_000),
                line("biaya", "pakan, angkutan dan lainnya", 8_000_000),
            ],
        };
        done(self.grants.set_grant_plan(plan).await)
    }

    async fn purchase(&mut self, kube: &Kube) -> Told {
        let (kind, label, unit, quantity) = kube.stock();
        let lot = v1::NewLot {
            lot_id: "modal".to_owned(),
            kind: kind as i32,
            label: label.to_owned(),
            unit: unit.to_owned(),
            quantity: decimal(quantity * 1000),
            cost: rupiah(8_000_000),
        };
        let purchase = v1::PurchaseRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "beli"),
            details: on(2, 5),
            fund: Fund::Uep as i32,
            items: vec![lot],
            payment: place(PlaceKind::Cash).map(v1::purchase_request::Payment::PaidFrom),
            grant: format!("{}/grants/blps", kube.path()),
            plan_line: "modal".to_owned(),
        };
        done(self.trade.purchase(purchase).await)
    }

    async fn expense(
        &mut self,
        kube: &Kube,
        step: &str,
        details: Option<v1::TransactionDetails>,
        kind: ExpenseKind,
        much: i64,
    ) -> Told {
        let expense = v1::PayExpenseRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), step),
            details,
            fund: Fund::Uep as i32,
            kind: kind as i32,
            amount: rupiah(much),
            place: place(PlaceKind::Cash),
            grant: format!("{}/grants/blps", kube.path()),
            plan_line: "biaya".to_owned(),
            lot: String::new(),
        };
        done(self.trade.pay_expense(expense).await)
    }

    async fn lpj(&mut self, kube: &Kube) -> Told {
        let lpj = v1::AcceptLpjRequest {
            grant: format!("{}/grants/blps", kube.path()),
            request_id: request(&kube.id(), "lpj"),
            details: minute(6, 16, "BA-LPJ-06/2025 (contoh)"),
        };
        done(self.grants.accept_lpj(lpj).await)
    }

    /// A quarter of what the grant bought is sold.
    async fn sale(&mut self, kube: &Kube) -> Told {
        let (.., quantity) = kube.stock();
        let sale = v1::SellRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "jual"),
            details: on(8, 5),
            fund: Fund::Uep as i32,
            price: rupiah(3_500_000),
            proceeds: place(PlaceKind::Cash).map(v1::sell_request::Proceeds::PaidTo),
            lot: format!("{}/lots/modal", kube.path()),
            quantity: decimal(quantity * 1000 / 4),
        };
        done(self.trade.sell(sale).await)
    }

    async fn livestock(&mut self, kube: &Kube) -> Told {
        let (kind, label, ..) = kube.stock();
        if kind != LotKind::Livestock {
            return Ok(());
        }
        let born = v1::RecordBirthRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "lahir"),
            details: on(9, 1),
            fund: Fund::Uep as i32,
            lot_id: "anak".to_owned(),
            label: label.to_owned(),
            heads: 4,
        };
        done(self.trade.record_birth(born).await)?;
        let lost = v1::RecordLossRequest {
            lot: format!("{}/lots/modal", kube.path()),
            request_id: request(&kube.id(), "mati"),
            details: on(9, 3),
            fund: Fund::Uep as i32,
            heads: 1,
        };
        done(self.trade.record_loss(lost).await)
    }

    async fn relief(&mut self, kube: &Kube) -> Told {
        let relief = v1::PayReliefRequest {
            member: kube.member(5),
            request_id: request(&kube.id(), "santunan"),
            details: with_memo(10, 3, "Atap rumah rusak karena angin (contoh)"),
            amount: rupiah(150_000),
            place: place(PlaceKind::Cash),
            ..Default::default()
        };
        done(self.iks.pay_relief(relief).await)
    }

    /// Each member brings Rp10.000 of wajib and Rp5.000 of IKS, four bring Rp20.000 more.
    async fn meeting(&mut self, kube: &Kube, month: i32) -> Told {
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
        sheet.closing_cash = rupiah(cash_before_meeting(kube, month) + brought);
        done(self.meetings.record_sheet(sheet).await)
    }

    async fn bank_savings(&mut self, kube: &Kube, month: i32) -> Told {
        let deposit = v1::DepositAtLkmRequest {
            group: kube.path(),
            request_id: request(&kube.id(), &format!("setor-{month}")),
            details: on(month, 11),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(100_000),
            kube_place: place(PlaceKind::Cash),
            lkm_place: place(PlaceKind::Drawer),
        };
        done(self.savings.deposit_at_lkm(deposit).await)
    }

    /// Feed is entered wrongly, taken back, and entered again.
    async fn mistake(&mut self, kube: &Kube) -> Told {
        let day = on(3, 20);
        self.expense(kube, "pakan-salah", day.clone(), ExpenseKind::Feed, 205_000).await?;
        let wrong = request(&kube.id(), "pakan-salah");
        let reversal = v1::ReverseTransactionRequest {
            transaction: format!("books/{BOOK}/transactions/{wrong}"),
            request_id: request(&kube.id(), "pakan-batal"),
            details: with_memo(3, 20, "Salah tulis jumlah (contoh)"),
            line: 0,
        };
        done(self.journal.reverse_transaction(reversal).await)?;
        self.expense(kube, "pakan", day, ExpenseKind::Feed, 250_000).await
    }

    /// The unknown member of April's sheet was the secretary.
    async fn clear(&mut self, kube: &Kube) -> Told {
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
        };
        done(self.journal.clear_suspense(clearing).await)
    }

    /// The ketua's phone sends May's meeting again: it waits and moves nothing.
    async fn second_phone(&mut self, kube: &Kube) -> Told {
        let sheet = v1::RecordSheetRequest {
            parent: kube.path(),
            request_id: request(&kube.id(), "lembar-5-ketua"),
            details: on(5, 10),
            number: "5b".to_owned(),
            lines: meeting_lines(kube),
            opening_cash: rupiah(cash_before_meeting(kube, 5)),
            closing_cash: rupiah(cash_before_meeting(kube, 5) + meeting_cash(kube)),
        };
        done(self.meetings.record_sheet(sheet).await)
    }

    /// The treasurer makes good what was short in July.
    async fn shortage(&mut self, kube: &Kube) -> Told {
        let decision = v1::DecideDifferenceRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "selisih"),
            details: on(7, 20),
            amount: rupiah(5_000),
            officer: kube.member(3),
        };
        done(self.cash.decide_difference(decision).await)
    }

    /// Tunas Baru passes on by its rule: money from its savings, and two of its own piglets.
    async fn pass_on(&mut self, kube: &Kube) -> Told {
        let rule = v1::SetGuliranRuleRequest {
            group: kube.path(),
            request_id: request(&kube.id(), "aturan-guliran"),
            details: minute(11, 15, "BA-G1/2025 (contoh)"),
            rule: Some(v1::GuliranRule {
                since: day_of(1, 1),
                share_percent: decimal(30_000),
                due_months: 12,
            }),
        };
        done(self.guliran.set_guliran_rule(rule).await)?;
        self.decide(kube, "blps", None, 11).await?;
        let piglets = v1::PassItem {
            lot: format!("{}/lots/anak", kube.path()),
            quantity: decimal(2_000),
            value: rupiah(2_000_000),
            new_lot_id: "guliran".to_owned(),
        };
        self.deliver(kube, "blps", "kasih", 11, 4_000_000, vec![piglets]).await?;
        let confirm = v1::ConfirmGuliranRequest {
            pass: format!("{}/passes/ke-kasih", kube.path()),
            request_id: request(&kube.id(), "guliran-tiba"),
            details: on(11, 21),
            receiver: format!("books/{BOOK}/groups/kasih"),
            state: v1::ArrivalState::Confirmed as i32,
        };
        done(self.guliran.confirm_guliran(confirm).await)
    }

    /// Kasih loses a piglet, passes a part on to the third generation, and is excused from another.
    async fn pass_on_again(&mut self, kube: &Kube) -> Told {
        let grant = format!("{}/grants/guliran-tunas-baru", kube.path());
        let loss = v1::LoseGrantRequest {
            grant: grant.clone(),
            request_id: request(&kube.id(), "guliran-mati"),
            details: minute(12, 14, "BA-G2/2025 (contoh)"),
            loss: Some(v1::lose_grant_request::Loss::Things(v1::LostThings {
                lot: format!("{}/lots/guliran", kube.path()),
                quantity: decimal(1_000),
            })),
        };
        done(self.grants.lose_grant(loss).await)?;
        self.decide(kube, "guliran-tunas-baru", rupiah(3_000_000), 12).await?;
        self.deliver(kube, "guliran-tunas-baru", "robadeo", 12, 2_000_000, Vec::new()).await?;
        let excuse = v1::ExcuseGuliranRequest {
            grant,
            request_id: request(&kube.id(), "guliran-bebas"),
            details: minute(12, 20, "BA-G4/2025 (contoh)"),
            amount: rupiah(500_000),
        };
        done(self.guliran.excuse_guliran(excuse).await)
    }

    async fn decide(&mut self, kube: &Kube, grant: &str, much: Option<Money>, month: i32) -> Told {
        let decision = v1::DecideGuliranRequest {
            grant: format!("{}/grants/{grant}", kube.path()),
            request_id: request(&kube.id(), "guliran-putusan"),
            details: minute(month, 15, "BA-G1/2025 (contoh)"),
            amount: much,
            due_on: None,
        };
        done(self.guliran.decide_guliran(decision).await)
    }

    async fn deliver(
        &mut self,
        kube: &Kube,
        grant: &str,
        to: &str,
        month: i32,
        much: i64,
        items: Vec<v1::PassItem>,
    ) -> Told {
        let pass = v1::DeliverGuliranRequest {
            grant: format!("{}/grants/{grant}", kube.path()),
            request_id: request(&kube.id(), "guliran-serah"),
            details: minute(month, 18, "BA-G3/2025 (contoh)"),
            pass_id: format!("ke-{to}"),
            receiver: Some(v1::deliver_guliran_request::Receiver::ToGroup(v1::ReceivingGroup {
                group: format!("books/{BOOK}/groups/{to}"),
                grant_id: format!("guliran-{}", kube.id()),
            })),
            channel: v1::PassChannel::Savings as i32,
            cash: rupiah(much),
            items,
            before_books: false,
            reported: false,
        };
        done(self.guliran.deliver_guliran(pass).await)
    }

    async fn pay_staff(&mut self, month: i32) -> Told {
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
        done(self.trade.pay_expense(wages).await)
    }

    async fn bank_interest(&mut self) -> Told {
        let interest = v1::RecordBankInterestRequest {
            entity: lkm(),
            request_id: request("lkm", "bunga"),
            details: on(12, 31),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(250_000),
        };
        done(self.cash.record_bank_interest(interest).await)
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
        + only("kasih", 5, 20_000)
        + only("kios-murah", 8, -5_000)
}
