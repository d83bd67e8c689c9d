//! Statements: what the books come to, for a span or a day, beside an earlier one if wanted.

use clap::{Args, Subcommand};

use super::args::{AsOf, Span};
use super::ledger::LINES;
use super::{Answer, Client, PAGE, last_part_account};
use crate::api::v1::{self, LotKind, RowStyle, StatementKind};
use crate::cli::convert::{date, day, decimal_text, fund, fund_text, last_part, money_text};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::LOTS;
use crate::domain::day::Day;

const ROWS: &[Column] = &[
    text("code", "Kode", "Code"),
    text("title", "Uraian", "Item"),
    number("amount", "Jumlah", "Amount"),
];

const COMPARED: &[Column] = &[
    text("code", "Kode", "Code"),
    text("title", "Uraian", "Item"),
    number("amount", "Jumlah", "Amount"),
    number("compared", "Pembanding", "Compared"),
];

/// The last column is left out where nothing is compared.
const CASH_POSITION: &[Column] = &[
    text("account", "Akun", "Account"),
    text("title", "Tempat", "Place"),
    number("opening", "Awal", "Opening"),
    number("received", "Masuk", "Received"),
    number("paid", "Keluar", "Paid"),
    number("closing", "Akhir", "Closing"),
    number("compared", "Pembanding", "Compared"),
];

const GROUP_BOOKS: &[Column] = &[
    text("book", "Buku", "Book"),
    text("fund", "Dana", "Fund"),
    text("methods", "Sumber", "Answered by"),
];

const ATTENDANCE: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("meeting", "Pertemuan", "Meeting"),
    number("members", "Anggota", "Members"),
    number("guests", "Tamu", "Guests"),
];

const PRESENT: &[Column] =
    &[text("member", "Anggota", "Member"), number("present", "Hadir", "Present")];

const INVENTORY: &[Column] = &[
    text("lot", "Lot", "Lot"),
    text("kind", "Isi", "Kind"),
    text("label", "Nama", "What"),
    number("quantity", "Banyak", "Quantity"),
    text("unit", "Satuan", "Unit"),
    number("cost", "Harga perolehan", "Cost"),
    number("depreciation", "Penyusutan", "Depreciation"),
    number("value", "Nilai buku", "Value"),
    number("died", "Mati", "Died"),
    number("stolen", "Dicuri", "Stolen"),
    text("keepers", "Penggaduh", "Keepers"),
];

/// What can be asked about statements.
#[derive(Clone, Debug, Subcommand)]
pub enum StatementAsk {
    /// Neraca (posisi keuangan) / balance sheet
    #[command(name = "neraca", alias = "balance-sheet")]
    BalanceSheet(Moment),
    /// Laba rugi (PHU) / income statement
    #[command(name = "laba-rugi", alias = "income")]
    Income(Period),
    /// Arus kas / cash flow
    #[command(name = "arus-kas", alias = "cash-flow")]
    CashFlow {
        /// Which.
        #[command(flatten)]
        of: Period,
        /// Cara tidak langsung: dari hasil usaha / the indirect method
        #[arg(long = "tidak-langsung", alias = "indirect")]
        indirect: bool,
    },
    /// Perubahan ekuitas / changes in equity
    #[command(name = "perubahan-ekuitas", alias = "equity")]
    Equity(Period),
    /// Neraca saldo per akun / trial balance by account
    #[command(name = "neraca-saldo", alias = "trial-balance")]
    TrialBalance(Moment),
    /// Catatan atas laporan keuangan (CALK) / figures of the notes
    #[command(name = "calk", alias = "notes")]
    Notes(Period),
    /// Posisi kas harian: di mana uang berada / where money is at the end of a day
    #[command(name = "posisi-kas", alias = "cash-position")]
    CashPosition {
        #[command(flatten)]
        of: Moment,
    },
    /// Buku besar / general ledger
    #[command(name = "buku-besar", alias = "general-ledger")]
    GeneralLedger(GeneralLedger),
    /// Buku-buku kelompok menurut pedoman / the books the guidelines ask of a group
    #[command(name = "buku-kelompok", alias = "group-books")]
    GroupBooks {
        /// Kelompok / group
        group: String,
    },
    /// Daftar hadir pertemuan / who was at the meetings
    #[command(name = "hadir", alias = "attendance")]
    Attendance {
        /// Kelompok / group
        group: String,
        /// Which days.
        #[command(flatten)]
        span: Span,
    },
    /// Inventaris: barang, ternak dan alat / stock, livestock and tools
    #[command(name = "inventaris", alias = "inventory")]
    Inventory {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Hanya isi ini / only this sort
        #[arg(long = "isi", alias = "kind", value_parser = LOTS.parser())]
        kind: Option<LotKind>,
        /// Juga lot yang kosong / also empty lots
        #[arg(long = "semua", alias = "all")]
        all: bool,
        /// When.
        #[command(flatten)]
        at: AsOf,
    },
}

/// Whose statement.
#[derive(Args, Clone, Debug)]
pub struct Whose {
    /// Kelompok atau lkm; kosong untuk seluruh buku / group or lkm; the whole book if left out
    entity: Option<String>,
    /// Hanya dana ini / only this fund
    #[arg(long = "dana", alias = "fund", value_parser = fund)]
    fund: Option<v1::Fund>,
}

/// A statement at a day.
#[derive(Args, Clone, Debug)]
pub struct Moment {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    at: AsOf,
    /// Bandingkan dengan hari ini / compare with this day
    #[arg(long = "banding", alias = "compare", value_parser = day)]
    compare: Option<Day>,
    #[command(flatten)]
    compare_known: ComparedKnown,
}

/// At which position what is compared with is known.
#[derive(Args, Clone, Copy, Debug)]
pub struct ComparedKnown {
    /// Bandingkan dengan yang diketahui pada posisi jurnal ini / compare with what was known at this position
    #[arg(long = "banding-posisi", alias = "compare-known-at", default_value_t = 0)]
    pub compare_known_at: u64,
}

/// A statement of a span of days.
#[derive(Args, Clone, Debug)]
pub struct Period {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    span: Span,
    /// Seperti diketahui pada posisi jurnal / as known at a journal position
    #[arg(long = "posisi", alias = "known-at", default_value_t = 0)]
    known_at: u64,
    #[command(flatten)]
    compared: ComparedSpan,
}

/// Which span to compare with.
#[derive(Args, Clone, Debug)]
pub struct ComparedSpan {
    /// Bandingkan dengan masa sejak / compare with the span since
    #[arg(long = "banding-dari", alias = "compare-from", value_parser = day, requires = "compare")]
    compare_from: Option<Day>,
    /// Bandingkan dengan masa sampai / compare with the span up to
    #[arg(long = "banding", alias = "compare", value_parser = day)]
    compare: Option<Day>,
    #[command(flatten)]
    known: ComparedKnown,
}

/// Which general ledger.
#[derive(Args, Clone, Debug)]
pub struct GeneralLedger {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Hanya dana ini / only this fund
    #[arg(long = "dana", alias = "fund", value_parser = fund)]
    fund: Option<v1::Fund>,
    /// Hanya akun dengan kode ini, misalnya 1101 / only this code
    #[arg(long = "kode", alias = "code", requires = "fund")]
    code: Option<u32>,
    #[command(flatten)]
    span: Span,
    /// Seperti diketahui pada posisi jurnal / as known at a journal position
    #[arg(long = "posisi", alias = "known-at", default_value_t = 0)]
    known_at: u64,
    #[command(flatten)]
    compared: ComparedSpan,
}

impl Moment {
    fn request(&self, client: &Client, kind: StatementKind) -> v1::GetStatementRequest {
        v1::GetStatementRequest {
            through: self.at.day.and_then(date),
            as_known_at: self.at.known_at,
            compare_through: self.compare.and_then(date),
            compare_as_known_at: self.compare_known.compare_known_at,
            ..self.whose.request(client, kind)
        }
    }
}

impl Period {
    fn request(&self, client: &Client, kind: StatementKind) -> v1::GetStatementRequest {
        v1::GetStatementRequest {
            from: self.span.from.and_then(date),
            through: self.span.through.and_then(date),
            as_known_at: self.known_at,
            compare_from: self.compared.compare_from.and_then(date),
            compare_through: self.compared.compare.and_then(date),
            compare_as_known_at: self.compared.known.compare_known_at,
            ..self.whose.request(client, kind)
        }
    }
}

impl Whose {
    fn request(&self, client: &Client, kind: StatementKind) -> v1::GetStatementRequest {
        v1::GetStatementRequest {
            scope: client.scope(self.entity.as_ref()),
            fund: self.fund.unwrap_or_default() as i32,
            kind: kind as i32,
            ..v1::GetStatementRequest::default()
        }
    }
}

impl Client {
    pub(super) async fn statement(&self, ask: &StatementAsk) -> Answer {
        let request = match ask {
            StatementAsk::BalanceSheet(at) => at.request(self, StatementKind::BalanceSheet),
            StatementAsk::TrialBalance(at) => at.request(self, StatementKind::TrialBalance),
            StatementAsk::Income(of) => of.request(self, StatementKind::Income),
            StatementAsk::CashFlow { of, indirect: false } => {
                of.request(self, StatementKind::CashFlow)
            }
            StatementAsk::CashFlow { of, indirect: true } => {
                of.request(self, StatementKind::IndirectCashFlow)
            }
            StatementAsk::Equity(of) => of.request(self, StatementKind::EquityChanges),
            StatementAsk::Notes(of) => of.request(self, StatementKind::Notes),
            StatementAsk::CashPosition { of } => return self.cash_position(of).await,
            StatementAsk::GeneralLedger(which) => return self.general_ledger(which).await,
            StatementAsk::GroupBooks { group } => return self.group_books(group).await,
            StatementAsk::Attendance { group, span } => return self.attendance(group, *span).await,
            StatementAsk::Inventory { entity, kind, all, at } => {
                return self.inventory(entity, kind.unwrap_or_default(), *all, *at).await;
            }
        };
        let statement = self.get(self.remote.reports().get_statement(request)).await?;
        Ok(vec![self.statement_table(&statement)])
    }

    fn statement_table(&self, statement: &v1::GetStatementResponse) -> Table {
        let compared = statement.compare_through.is_some();
        let span = |from: &Option<_>, through: &Option<_>| match from {
            None => self.date(through.as_ref()),
            from => format!("{} - {}", self.date(from.as_ref()), self.date(through.as_ref())),
        };
        let mut heading = format!(
            "{}, {}",
            self.say(&statement.title_id, &statement.title_en),
            span(&statement.from, &statement.through),
        );
        if compared {
            let other = span(&statement.compare_from, &statement.compare_through);
            heading.push_str(&format!(" ({} {other})", self.say("pembanding", "compared with")));
        }
        let mut table = Table::new(heading, if compared { COMPARED } else { ROWS });
        for row in &statement.rows {
            let mut cells = self.statement_row(row);
            cells.truncate(if compared { COMPARED.len() } else { ROWS.len() });
            table.row(cells);
        }
        table.note(self.read_point(statement.read_point.as_ref()));
        table
    }

    fn statement_row(&self, row: &v1::StatementRow) -> Vec<String> {
        let title = self.say(&row.title_id, &row.title_en);
        let indented = match row.style() {
            RowStyle::Line => format!("  {title}"),
            RowStyle::Subtotal => format!(" {title}"),
            _ => title,
        };
        let code = if row.code == 0 { String::new() } else { row.code.to_string() };
        vec![code, indented, money_text(row.amount.as_ref()), money_text(row.compared.as_ref())]
    }

    async fn cash_position(&self, of: &Moment) -> Answer {
        let request = v1::GetCashPositionRequest {
            scope: self.scope(of.whose.entity.as_ref()),
            fund: of.whose.fund.unwrap_or_default() as i32,
            day: of.at.day.and_then(date),
            as_known_at: of.at.known_at,
            compare_day: of.compare.and_then(date),
            compare_as_known_at: of.compare_known.compare_known_at,
        };
        let answer = self.get(self.remote.reports().get_cash_position(request)).await?;
        let width = CASH_POSITION.len() - usize::from(answer.compare_day.is_none());
        let row = |place: &v1::CashPlace| {
            let account = place.account.as_ref();
            let name = account.map_or("", |account| last_part_account(&account.name));
            let title = account.map_or_else(
                || self.say("Jumlah", "Total"),
                |account| self.say(&account.title_id, &account.title_en),
            );
            let mut cells = vec![name.to_owned(), title];
            let figures =
                [&place.opening, &place.received, &place.paid, &place.closing, &place.compared];
            cells.extend(figures.map(|money| money_text(money.as_ref())));
            cells.truncate(width);
            cells
        };
        let mut table =
            Table::of(&CASH_POSITION[..width], answer.places.iter().chain(&answer.total).map(row));
        let day = self.date(answer.day.as_ref());
        table.note(format!("{} {day}", self.say("Posisi kas", "Cash position")));
        if answer.compare_day.is_some() {
            let other = self.date(answer.compare_day.as_ref());
            table.note(format!("{} {other}", self.say("Pembanding", "Compared with")));
        }
        table.note(self.read_point(answer.read_point.as_ref()));
        Ok(vec![table])
    }

    async fn general_ledger(&self, which: &GeneralLedger) -> Answer {
        let mut tables: Vec<Table> = Vec::new();
        let mut continued = false;
        let ask = async |page_token| {
            let request = v1::GetGeneralLedgerRequest {
                entity: self.entity(&which.entity),
                fund: which.fund.unwrap_or_default() as i32,
                code: which.code.unwrap_or_default(),
                from: which.span.from.and_then(date),
                through: which.span.through.and_then(date),
                as_known_at: which.known_at,
                page_size: PAGE,
                page_token,
                compare_from: which.compared.compare_from.and_then(date),
                compare_through: which.compared.compare.and_then(date),
                compare_as_known_at: which.compared.known.compare_known_at,
            };
            self.remote.reports().get_general_ledger(request).await
        };
        let take = |page: v1::GetGeneralLedgerResponse| {
            for account in &page.accounts {
                if !continued {
                    tables.push(self.account_table(account));
                }
                if let Some(table) = tables.last_mut() {
                    account.lines.iter().for_each(|line| table.row(self.line_row(line)));
                }
                continued = account.continues;
            }
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(tables)
    }

    /// An account's name and what stood on it before.
    fn account_table(&self, ledger: &v1::GeneralLedgerAccount) -> Table {
        let account = ledger.account.clone().unwrap_or_default();
        let title = self.say(&account.title_id, &account.title_en);
        let heading = format!("{} {title}", last_part_account(&account.name));
        let mut table = Table::new(heading, LINES);
        table.row(self.opening_row(ledger.opening.as_ref()));
        if let (Some(opening), Some(closing)) = (&ledger.compared_opening, &ledger.compared_closing)
        {
            let (opening, closing) = (money_text(Some(opening)), money_text(Some(closing)));
            let words = self.say("Pembanding: awal", "Compared: opening");
            table.note(format!("{words} {opening}, {} {closing}", self.say("akhir", "closing")));
        }
        table
    }

    async fn group_books(&self, group: &str) -> Answer {
        let request = v1::ListGroupBooksRequest { group: self.entity(group) };
        let answer = self.get(self.remote.reports().list_group_books(request)).await?;
        let row = |book: &v1::GroupBook| {
            let methods: Vec<&str> = book.methods.iter().map(|method| last_part(method)).collect();
            let source = match methods.is_empty() {
                true => self.say("di kertas", "on paper"),
                false => methods.join(", "),
            };
            let fund = match book.fund() {
                v1::Fund::Unspecified => String::new(),
                fund => fund_text(fund as i32).to_owned(),
            };
            vec![self.say(&book.title_id, &book.title_en), fund, source]
        };
        Ok(vec![Table::of(GROUP_BOOKS, answer.books.iter().map(row))])
    }

    async fn attendance(&self, group: &str, span: Span) -> Answer {
        let request = v1::GetAttendanceRequest {
            group: self.entity(group),
            from: span.from.and_then(date),
            through: span.through.and_then(date),
        };
        let answer = self.get(self.remote.reports().get_attendance(request)).await?;
        let meeting = |meeting: &v1::MeetingAttendance| {
            vec![
                self.date(meeting.held_on.as_ref()),
                last_part(&meeting.meeting).to_owned(),
                meeting.members.to_string(),
                meeting.guests.to_string(),
            ]
        };
        let member = |member: &v1::MemberAttendance| {
            vec![last_part(&member.member).to_owned(), member.present.to_string()]
        };
        let mut meetings = Table::of(ATTENDANCE, answer.meetings.iter().map(meeting));
        meetings.note(self.read_point(answer.read_point.as_ref()));
        Ok(vec![meetings, Table::of(PRESENT, answer.members.iter().map(member))])
    }

    async fn inventory(&self, entity: &str, kind: LotKind, all: bool, at: AsOf) -> Answer {
        let mut table = Table::new("", INVENTORY);
        let mut seen = None;
        let ask = async |page_token| {
            let request = v1::ListInventoryRequest {
                entity: self.entity(entity),
                kind: kind as i32,
                skip_empty: !all,
                page_size: PAGE,
                page_token,
                as_of: at.day.and_then(date),
                as_known_at: at.known_at,
            };
            self.remote.reports().list_inventory(request).await
        };
        let take = |page: v1::ListInventoryResponse| {
            page.lines.iter().for_each(|line| table.row(inventory_row(line)));
            seen = page.read_point;
            page.next_page_token
        };
        self.pages(ask, take).await?;
        table.note(self.read_point(seen.as_ref()));
        Ok(vec![table])
    }
}

fn inventory_row(line: &v1::InventoryLine) -> Vec<String> {
    let keeper = |one: &v1::LotKeeper| format!("{} {}", last_part(&one.member), one.heads);
    let keepers: Vec<String> = line.keepers.iter().map(keeper).collect();
    vec![
        last_part(&line.lot).to_owned(),
        LOTS.word(line.kind()).to_owned(),
        line.label.clone(),
        decimal_text(line.quantity.as_ref()),
        line.unit.clone(),
        money_text(line.cost.as_ref()),
        money_text(line.depreciation.as_ref()),
        money_text(line.value.as_ref()),
        decimal_text(line.died.as_ref()),
        decimal_text(line.stolen.as_ref()),
        keepers.join(", "),
    ]
}
