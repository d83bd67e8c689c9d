//! The portfolio: what loans come to together, and what is done about those that are late.

use clap::{Args, Subcommand};

use super::args::{AsOf, When};
use super::statements::ComparedKnown;
use super::transactions::request;
use super::{Answer, Client, PAGE};
use crate::api::google_type::{Decimal, Money};
use crate::api::v1::{self, BoundEffect, BoundedFigure, PortfolioKey, RatioKind, Regime};
use crate::cli::convert::{date, day, decimal_text, last_part, money_text, sen};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{EFFECTS, FIGURES, FREQUENCIES, LOAN_METHODS, PORTFOLIO_KEYS, REGIMES};
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::locale::number::format_amount;

const PARTS: &[Column] = &[
    text("key", "Bagian", "Part"),
    number("loans", "Pinjaman", "Loans"),
    number("outstanding", "Sisa pokok", "Outstanding"),
    number("booked", "Menurut buku", "Booked"),
    number("due", "Tunggakan", "Arrears"),
    number("par30", "PAR30 %", "PAR30 %"),
    number("par60", "PAR60 %", "PAR60 %"),
    number("par90", "PAR90 %", "PAR90 %"),
    number("npl", "NPL neto %", "Net NPL %"),
    number("required", "Wajib disisihkan", "Provision due"),
    number("held", "Disisihkan", "Provision held"),
];

const CLASSES: &[Column] = &[
    number("rank", "Tingkat", "Rank"),
    text("class", "Golongan", "Class"),
    number("loans", "Pinjaman", "Loans"),
    number("outstanding", "Sisa pokok", "Outstanding"),
    number("required", "Wajib disisihkan", "Provision due"),
];

const HOLDINGS: &[Column] = &[
    text("loan", "Pinjaman", "Loan"),
    text("borrower", "Peminjam", "Borrower"),
    text("officer", "Petugas", "Officer"),
    number("outstanding", "Sisa pokok", "Outstanding"),
    number("scheduled", "Ditagih", "Asked for"),
    number("paid", "Dibayar", "Paid"),
    number("due", "Tunggakan", "Arrears"),
    number("days_late", "Hari lambat", "Days late"),
    text("class", "Golongan", "Class"),
    text("contact", "Dihubungi", "Last contact"),
];

const RATES: &[Column] = &[
    text("product", "Produk", "Product"),
    text("method", "Cara", "Method"),
    text("frequency", "Angsuran", "Instalments"),
    number("rate", "Jasa %", "Jasa %"),
    number("yearly", "Setahun %", "Yearly %"),
    number("effective", "Efektif tertinggi %", "Highest effective %"),
    text("loan", "Pada pinjaman", "Of loan"),
    number("loans", "Pinjaman", "Loans"),
];

const RATIOS: &[Column] = &[
    text("ratio", "Rasio", "Ratio"),
    number("above", "Pembilang", "Above"),
    number("below", "Penyebut", "Below"),
    number("percent", "%", "%"),
    text("bound", "Batas", "Bound"),
    text("kept", "Dipenuhi", "Kept"),
];

const OFFICERS: &[Column] = &[
    text("loan", "Pinjaman pengurus", "Officer's loan"),
    text("member", "Pengurus", "Officer"),
    number("outstanding", "Sisa pokok", "Outstanding"),
];

const BOUNDS: &[Column] = &[
    text("regime", "Bentuk", "Regime"),
    text("figure", "Angka", "Figure"),
    text("bound", "Batas %", "Bound %"),
    text("effect", "Akibat", "Effect"),
    text("since", "Sejak", "Since"),
    text("source", "Sumber", "Source"),
    text("minute", "Berita acara", "Minute"),
];

const CONTACTS: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("who", "Siapa", "Who"),
    text("note", "Isi", "What was said"),
];

/// What can be asked about the portfolio.
#[derive(Clone, Debug, Subcommand)]
pub enum PortfolioAsk {
    /// Ringkasan: sisa pokok, PAR, golongan, penyisihan, NPL / all together
    #[command(name = "ringkas", alias = "summary")]
    Summary(Summary),
    /// Satu per satu: jadwal, bayaran, tunggakan / one by one
    #[command(name = "rinci", alias = "holdings")]
    Holdings(Holdings),
    /// Suku jasa setahun, flat dihitung efektif / rates by the year
    #[command(name = "suku-jasa", alias = "rates")]
    Rates(OfEntity),
    /// Rasio pengawas dan pinjaman pengurus / the regulator's ratios
    #[command(name = "rasio", alias = "ratios")]
    Ratios(OfEntity),
    /// Catat pembicaraan dengan peminjam / record a talk with a borrower
    #[command(name = "hubungi", alias = "contact")]
    Contact(Contact),
    /// Riwayat pembicaraan / talks about a loan
    #[command(name = "riwayat", alias = "contacts")]
    Contacts {
        /// Kelompok atau lkm / group or lkm
        lender: String,
        /// Pinjaman / loan
        loan: String,
    },
    /// Tetapkan petugas pinjaman / who looks after a loan
    #[command(name = "petugas", alias = "assign")]
    Assign(Assign),
    /// Catat anggota LKM sebagai pengurusnya / a member is an officer of the LKM
    #[command(name = "pengurus", alias = "officer")]
    Officer(Officer),
    /// Batas menurut bentuk LKM, dan saran / bounds of regimes, and presets
    #[command(name = "batas", alias = "bounds")]
    Bounds,
    /// Tetapkan batas: jasa, pinjaman pengurus, rasio / set a bound
    #[command(name = "atur-batas", alias = "set-bound")]
    SetBound(SetBound),
}

/// What a regime allows.
#[derive(Args, Clone, Debug)]
pub struct SetBound {
    /// Apa yang dibatasi / of what
    #[arg(value_parser = FIGURES.parser())]
    figure: BoundedFigure,
    /// Bentuk LKM / under which regime
    #[arg(long = "bentuk", alias = "regime", value_parser = REGIMES.parser())]
    regime: Regime,
    /// Paling sedikit, persen / at least, percent
    #[arg(long = "paling-sedikit", alias = "at-least")]
    at_least: Option<String>,
    /// Paling banyak, persen / at most, percent
    #[arg(long = "paling-banyak", alias = "at-most")]
    at_most: Option<String>,
    /// Yang melampaui diperingatkan atau ditolak / warned of or refused
    #[arg(long = "akibat", alias = "effect", value_parser = EFFECTS.parser())]
    effect: BoundEffect,
    /// Aturan yang menyebutnya / the rule that says so
    #[arg(long = "sumber", alias = "source")]
    source: String,
    /// Berlaku sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    since: Day,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    minute: String,
}

/// What is added up.
#[derive(Args, Clone, Debug)]
pub struct Summary {
    /// Kelompok atau lkm; seluruh buku jika kosong / group or lkm
    lender: Option<String>,
    /// Dibagi menurut: produk, petugas, kelompok, golongan, pemberi / divided by
    #[arg(long = "menurut", alias = "by", value_parser = PORTFOLIO_KEYS.parser())]
    by: Option<PortfolioKey>,
    #[command(flatten)]
    at: AsOf,
    /// Bandingkan dengan hari ini / compare with this day
    #[arg(long = "banding", alias = "compare", value_parser = day)]
    compare: Option<Day>,
    #[command(flatten)]
    compared: ComparedKnown,
}

/// An entity at a point.
#[derive(Args, Clone, Debug)]
pub struct OfEntity {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    #[command(flatten)]
    at: AsOf,
}

/// Which loans.
#[derive(Args, Clone, Debug)]
pub struct Holdings {
    /// Kelompok atau lkm / group or lkm
    lender: String,
    /// Hanya yang menunggak / only those in arrears
    #[arg(long = "tunggakan", alias = "arrears")]
    arrears: bool,
    /// Hanya petugas ini / only this officer's
    #[arg(long = "petugas", alias = "officer", default_value = "", hide_default_value = true)]
    officer: String,
    /// Hanya produk ini / only of this product
    #[arg(long = "produk", alias = "product")]
    product: Option<String>,
    /// Hanya kelompok ini / only this group's
    #[arg(long = "kelompok", alias = "group")]
    group: Option<String>,
    #[command(flatten)]
    at: AsOf,
}

/// A talk.
#[derive(Args, Clone, Debug)]
pub struct Contact {
    /// Kelompok atau lkm / group or lkm
    lender: String,
    /// Pinjaman / loan
    loan: String,
    /// Dengan siapa, oleh siapa / with whom, by whom
    #[arg(long = "siapa", alias = "who")]
    who: String,
    /// Isi pembicaraan / what was said
    #[arg(long = "isi", alias = "note", default_value = "", hide_default_value = true)]
    note: String,
    /// Tanggal / the day
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    on: Option<Day>,
    /// Id permintaan, untuk mengulang dengan aman / request id, to retry safely
    #[arg(long = "id-permintaan", alias = "request-id")]
    request_id: Option<String>,
}

/// Who looks after a loan.
#[derive(Args, Clone, Debug)]
pub struct Assign {
    /// Kelompok atau lkm / group or lkm
    lender: String,
    /// Pinjaman / loan
    loan: String,
    /// Id petugas / the officer's id
    officer: String,
    #[command(flatten)]
    when: When,
}

/// An officer of the LKM.
#[derive(Args, Clone, Debug)]
pub struct Officer {
    /// Anggota LKM / the LKM's member
    member: String,
    /// Sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    since: Day,
    /// Tidak lagi / no longer
    #[arg(long = "berhenti", alias = "leaves")]
    leaves: bool,
    #[command(flatten)]
    when: When,
}

/// The sum of a debt's parts.
pub(super) fn sum(parts: Option<&v1::LoanParts>) -> String {
    let of = |parts: &v1::LoanParts| {
        let amounts = [&parts.penalty, &parts.interest, &parts.principal];
        amounts.iter().map(|amount| sen(amount.as_ref()).get()).fold(0, i64::saturating_add)
    };
    format_amount(Sen::new(parts.map_or(0, of)))
}

fn optional_money(amount: Option<&Money>) -> String {
    amount.map_or_else(String::new, |amount| money_text(Some(amount)))
}

impl Client {
    pub(super) async fn portfolio(&self, ask: &PortfolioAsk) -> Answer {
        match ask {
            PortfolioAsk::Summary(summary) => self.portfolio_summary(summary).await,
            PortfolioAsk::Holdings(which) => self.holdings(which).await,
            PortfolioAsk::Rates(of) => self.loan_rates(of).await,
            PortfolioAsk::Ratios(of) => self.ratios(of).await,
            PortfolioAsk::Contact(contact) => self.record_contact(contact).await,
            PortfolioAsk::Bounds => self.bounds().await,
            PortfolioAsk::SetBound(bound) => self.set_bound(bound).await,
            PortfolioAsk::Contacts { lender, loan } => {
                let request = v1::ListContactsRequest { loan: self.of(lender, "loans", loan) };
                let answer = self.get(self.remote.portfolio().list_contacts(request)).await?;
                let rows = answer.contacts.iter().map(|contact| self.contact_row(contact));
                Ok(vec![Table::of(CONTACTS, rows)])
            }
            PortfolioAsk::Assign(Assign { lender, loan, officer, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::AssignLoanRequest {
                        loan: self.of(lender, "loans", loan),
                        officer: officer.clone(),
                    }
                );
                self.booked(self.remote.portfolio().assign_loan(request)).await
            }
            PortfolioAsk::Officer(Officer { member, since, leaves, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::NameOfficerRequest {
                        member: self.of("lkm", "members", member),
                        since: date(*since),
                        leaves: *leaves,
                    }
                );
                self.booked(self.remote.portfolio().name_officer(request)).await
            }
        }
    }

    async fn portfolio_summary(&self, which: &Summary) -> Answer {
        let Summary { lender, by, at, compare, compared } = which;
        let request = v1::GetPortfolioRequest {
            scope: self.scope(lender.as_ref()),
            by: by.unwrap_or_default() as i32,
            as_of: at.day.and_then(date),
            as_known_at: at.known_at,
            compare_as_of: compare.and_then(date),
            compare_as_known_at: compared.compare_known_at,
        };
        let answer = self.get(self.remote.portfolio().get_portfolio(request)).await?;
        let heading = format!(
            "{} {}",
            self.say("Portofolio per", "Portfolio as of"),
            self.date(answer.as_of.as_ref())
        );
        let mut table = Table::new(heading, PARTS);
        for part in &answer.parts {
            let key = match part.key.as_str() {
                "" => "-",
                key => last_part(key),
            };
            table.row(part_row(key, &part.portfolio.clone().unwrap_or_default()));
            self.compared_row(&mut table, part.compared.as_ref());
        }
        let total = answer.total.unwrap_or_default();
        table.row(part_row(&self.say("Jumlah", "Total"), &total));
        self.compared_row(&mut table, answer.compared.as_ref());
        if answer.compare_as_of.is_some() {
            let other = self.date(answer.compare_as_of.as_ref());
            table.note(format!("{} {other}", self.say("Pembanding per", "Compared as of")));
        }
        let written_off = sen(total.written_off.as_ref());
        if !written_off.is_zero() {
            let words = self.say("Di luar buku, sudah dihapus:", "Off the books, written off:");
            table.note(format!("{words} {}", format_amount(written_off)));
        }
        self.note_unreckoned(&mut table, &answer.unreckoned);
        table.note(self.read_point(answer.read_point.as_ref()));
        let class = |class: &v1::ClassPart| {
            vec![
                class.rank.to_string(),
                class.name.clone(),
                class.loans.to_string(),
                money_text(class.outstanding.as_ref()),
                money_text(class.provision_required.as_ref()),
            ]
        };
        let mut tables = vec![table, Table::of(CLASSES, total.classes.iter().map(class))];
        if let Some(compared) = &answer.compared {
            let mut table = Table::new(self.say("Pembanding", "Compared"), CLASSES);
            compared.classes.iter().map(class).for_each(|row| table.row(row));
            tables.push(table);
        }
        Ok(tables)
    }

    /// The row of what a part is compared with, if it is.
    fn compared_row(&self, table: &mut Table, compared: Option<&v1::Portfolio>) {
        if let Some(compared) = compared {
            table.row(part_row(&self.say("  pembanding", "  compared"), compared));
        }
    }

    async fn holdings(&self, which: &Holdings) -> Answer {
        let mut table = Table::new("", HOLDINGS);
        let ask = async |page_token| {
            let request = v1::ListHoldingsRequest {
                parent: self.entity(&which.lender),
                as_of: which.at.day.and_then(date),
                as_known_at: which.at.known_at,
                only_arrears: which.arrears,
                officer: which.officer.clone(),
                product: self.maybe_of(&which.lender, "loan-products", which.product.as_ref()),
                group: which.group.as_ref().map_or_else(String::new, |group| self.entity(group)),
                page_size: PAGE,
                page_token,
            };
            self.remote.portfolio().list_holdings(request).await
        };
        let take = |page: v1::ListHoldingsResponse| {
            page.holdings.iter().for_each(|holding| table.row(self.holding_row(holding)));
            self.note_unreckoned(&mut table, &page.unreckoned);
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(vec![table])
    }

    /// Names the loans that are in no sum.
    fn note_unreckoned(&self, table: &mut Table, loans: &[v1::UnreckonedLoan]) {
        for loan in loans {
            table.note(format!(
                "! {}: {} {}",
                last_part(&loan.loan),
                self.say(
                    "tidak terhitung, jumlahnya melampaui batas; periksa. Pokok menurut buku:",
                    "not counted, its amounts are too large; look at it. Principal booked:",
                ),
                money_text(loan.booked.as_ref()),
            ));
        }
    }

    fn holding_row(&self, holding: &v1::Holding) -> Vec<String> {
        vec![
            last_part(&holding.loan).to_owned(),
            last_part(&holding.borrower).to_owned(),
            holding.officer.clone(),
            money_text(holding.outstanding.as_ref()),
            sum(holding.scheduled.as_ref()),
            sum(holding.paid.as_ref()),
            sum(holding.due.as_ref()),
            holding.days_late.to_string(),
            holding.class_name.clone(),
            self.date(holding.last_contact_on.as_ref()),
        ]
    }

    async fn loan_rates(&self, OfEntity { entity, at }: &OfEntity) -> Answer {
        let request = v1::ListRatesRequest {
            parent: self.entity(entity),
            as_of: at.day.and_then(date),
            as_known_at: at.known_at,
        };
        let answer = self.get(self.remote.portfolio().list_rates(request)).await?;
        let mut table = Table::new("", RATES);
        for rate in &answer.rates {
            table.row(vec![
                last_part(&rate.product).to_owned(),
                LOAN_METHODS.word(rate.method()).to_owned(),
                FREQUENCIES.word(rate.frequency()).to_owned(),
                decimal_text(rate.rate_percent.as_ref()),
                decimal_text(rate.yearly_percent.as_ref()),
                decimal_text(rate.highest_effective_percent.as_ref()),
                last_part(&rate.highest_loan).to_owned(),
                rate.loans.to_string(),
            ]);
            if rate.exceeds {
                let bound = answer.bound.as_ref().map(bound_text).unwrap_or_default();
                table.note(format!(
                    "! {}: {} {bound}",
                    last_part(&rate.product),
                    self.say("melampaui batas", "exceeds the bound of"),
                ));
            }
        }
        if let Some(bound) = &answer.bound {
            let (words, most) = (self.say("Batas setahun", "Bound by the year"), bound_text(bound));
            table.note(format!("{words}: {most}% ({})", bound.source));
        }
        self.note_unreckoned(&mut table, &answer.unreckoned);
        table.note(self.read_point(answer.read_point.as_ref()));
        Ok(vec![table])
    }

    async fn ratios(&self, OfEntity { entity, at }: &OfEntity) -> Answer {
        let request = v1::GetRatiosRequest {
            entity: self.entity(entity),
            as_of: at.day.and_then(date),
            as_known_at: at.known_at,
        };
        let answer = self.get(self.remote.portfolio().get_ratios(request)).await?;
        let mut table = Table::new("", RATIOS);
        for ratio in &answer.ratios {
            let kept = match (&ratio.bound, ratio.kept) {
                (None, _) => String::new(),
                (Some(_), true) => self.say("ya", "yes"),
                (Some(_), false) => self.say("TIDAK", "NO"),
            };
            table.row(vec![
                self.ratio_title(ratio.kind()),
                optional_money(ratio.above.as_ref()),
                optional_money(ratio.below.as_ref()),
                decimal_text(ratio.percent.as_ref()),
                ratio.bound.as_ref().map(bound_text).unwrap_or_default(),
                kept,
            ]);
        }
        self.note_unreckoned(&mut table, &answer.unreckoned);
        table.note(self.read_point(answer.read_point.as_ref()));
        let officer = |loan: &v1::OfficerLoan| {
            vec![
                last_part(&loan.loan).to_owned(),
                last_part(&loan.member).to_owned(),
                money_text(loan.outstanding.as_ref()),
            ]
        };
        Ok(vec![table, Table::of(OFFICERS, answer.officer_loans.iter().map(officer))])
    }

    fn ratio_title(&self, kind: RatioKind) -> String {
        match kind {
            RatioKind::Unspecified => String::new(),
            RatioKind::Liquidity => {
                self.say("Kas / kewajiban lancar", "Money / current liabilities")
            }
            RatioKind::Solvency => self.say("Aset / kewajiban", "Assets / liabilities"),
            RatioKind::Capital => self.say("Ekuitas / modal disetor", "Equity / paid-in capital"),
            RatioKind::NplNet => self.say("NPL neto", "Net NPL"),
            RatioKind::NplGross => self.say("NPL bruto", "Gross NPL"),
            RatioKind::Officers => {
                self.say("Pinjaman pengurus / ekuitas", "Loans to officers / equity")
            }
        }
    }

    async fn bounds(&self) -> Answer {
        let request = v1::ListRegimeBoundsRequest { lkm: self.entity("lkm") };
        let answer = self.get(self.remote.portfolio().list_regime_bounds(request)).await?;
        let mut presets = self.bounds_table(&answer.presets);
        presets.note(self.say("Saran, belum berlaku", "Presets, not in force"));
        Ok(vec![self.bounds_table(&answer.bounds), presets])
    }

    async fn set_bound(&self, new: &SetBound) -> Answer {
        let number = |text: &Option<String>| {
            text.as_ref().map(|text| Decimal { value: text.replace(',', ".") })
        };
        let bound = v1::RegimeBound {
            at_least: number(&new.at_least),
            at_most: number(&new.at_most),
            source: new.source.clone(),
            regime: new.regime as i32,
            figure: new.figure as i32,
            effect: new.effect as i32,
            since: date(new.since),
            minute: new.minute.clone(),
        };
        let request = v1::SetRegimeBoundRequest {
            lkm: self.entity("lkm"),
            request_id: fresh_request_id(),
            bound: Some(bound),
        };
        let answer = self.get(self.remote.portfolio().set_regime_bound(request)).await?;
        Ok(vec![self.bounds_table(&answer.bounds)])
    }

    fn bounds_table(&self, bounds: &[v1::RegimeBound]) -> Table {
        let row = |bound: &v1::RegimeBound| {
            vec![
                REGIMES.word(bound.regime()).to_owned(),
                FIGURES.word(bound.figure()).to_owned(),
                bound_text(bound),
                EFFECTS.word(bound.effect()).to_owned(),
                self.date(bound.since.as_ref()),
                bound.source.clone(),
                bound.minute.clone(),
            ]
        };
        Table::of(BOUNDS, bounds.iter().map(row))
    }

    async fn record_contact(&self, contact: &Contact) -> Answer {
        let request = v1::RecordContactRequest {
            loan: self.of(&contact.lender, "loans", &contact.loan),
            request_id: contact.request_id.clone().unwrap_or_else(fresh_request_id),
            on: contact.on.and_then(date),
            who: contact.who.clone(),
            note: contact.note.clone(),
        };
        let answer = self.get(self.remote.portfolio().record_contact(request)).await?;
        let rows = answer.contact.iter().map(|contact| self.contact_row(contact));
        Ok(vec![Table::of(CONTACTS, rows)])
    }

    fn contact_row(&self, contact: &v1::LoanContact) -> Vec<String> {
        vec![self.date(contact.on.as_ref()), contact.who.clone(), contact.note.clone()]
    }
}

fn part_row(key: &str, portfolio: &v1::Portfolio) -> Vec<String> {
    let at_risk = |days: u32| {
        let found = portfolio.at_risk.iter().find(|at_risk| at_risk.days == days);
        decimal_text(found.and_then(|at_risk| at_risk.percent.as_ref()))
    };
    vec![
        key.to_owned(),
        portfolio.loans.to_string(),
        money_text(portfolio.outstanding.as_ref()),
        money_text(portfolio.booked.as_ref()),
        sum(portfolio.due.as_ref()),
        at_risk(30),
        at_risk(60),
        at_risk(90),
        decimal_text(portfolio.npl_net.as_ref()),
        money_text(portfolio.provision_required.as_ref()),
        money_text(portfolio.provision_held.as_ref()),
    ]
}

/// At least, or at most, so many percent.
fn bound_text(bound: &v1::RegimeBound) -> String {
    let side = |sign: &str, number: Option<&Decimal>| {
        number.map(|number| format!("{sign} {}", decimal_text(Some(number))))
    };
    let sides = [side("≥", bound.at_least.as_ref()), side("≤", bound.at_most.as_ref())];
    sides.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
