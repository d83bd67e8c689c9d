//! The end of a book year: closing and opening again, the surplus (SHU) and what becomes of it.

use clap::{Args, Subcommand};

use super::args::{Money, OfFund, Part, When, Where, part, percent};
use super::ties::Paid;
use super::transactions::{paid, request};
use super::{Answer, Client, PAGE};
use crate::api::google_type::Decimal;
use crate::api::v1::{self, MemberMeasure, MemberPart, SurplusUse};
use crate::cli::convert::{
    amount, date, day, decimal_text, fund_text, last_part, money, money_text,
};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{MEASURES, USES};
use crate::domain::day::Day;
use crate::domain::money::Sen;

/// What can be asked about book years.
#[derive(Clone, Debug, Subcommand)]
pub enum YearAsk {
    /// Tutup tahun buku: pendapatan dan beban ke SHU / close a year
    #[command(name = "tutup", alias = "close")]
    Close(CloseYear),
    /// Buka lagi buku sesudah sebuah hari / open the books again
    #[command(name = "buka-lagi", alias = "reopen")]
    Reopen(Reopen),
    /// Daftar tahun yang sudah ditutup / list closed years
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Seperti diketahui pada posisi jurnal / as known at a journal position
        #[arg(long = "posisi", alias = "known-at", default_value_t = 0)]
        known_at: u64,
    },
}

/// Closing a year.
#[derive(Args, Clone, Debug)]
pub struct CloseYear {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Tahun / year
    pub year: i32,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: String,
}

/// Opening the books again.
#[derive(Args, Clone, Debug)]
pub struct Reopen {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Hari terakhir yang tetap tertutup / the last day that stays closed
    #[arg(long = "sampai", alias = "through", value_parser = day)]
    pub through: Day,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: String,
}

/// What can be asked about a surplus.
#[derive(Clone, Debug, Subcommand)]
pub enum SurplusAsk {
    /// Gabungkan SHU semua dana ke satu dana / bring all funds' results together
    #[command(name = "gabung", alias = "consolidate")]
    Consolidate(OfYear),
    /// Aturan pembagian SHU: lihat, atau tetapkan / the rule for dividing it
    #[command(name = "aturan", alias = "rule")]
    Rule(Rule),
    /// Bagi SHU menurut aturan / divide it
    #[command(name = "bagi", alias = "divide")]
    Divide(DivideYear),
    /// Tutup rugi dengan cadangan / cover a loss by reserves
    #[command(name = "tutup-rugi", alias = "cover")]
    Cover(Cover),
    /// What is paid out.
    #[command(flatten)]
    Paid(PaidAsk),
}

/// What can be paid out of a surplus, or to the state.
#[derive(Clone, Debug, Subcommand)]
pub enum PaidAsk {
    /// Bayar bagian anggota / pay members their shares
    #[command(name = "bayar", alias = "pay")]
    Pay(PayMembers),
    /// Bayar dari dana pengurus, karyawan, pendidikan, sosial / pay from a fund set aside
    #[command(name = "bayar-dana", alias = "pay-fund")]
    PayFund(PayFund),
    /// Kelompok menerima bagian SHU dari LKM / a group receives its share
    #[command(name = "terima", alias = "receive")]
    Receive(Receive),
    /// Catat pajak penghasilan LKM / owe income tax
    #[command(name = "pajak", alias = "tax")]
    Tax(Tax),
    /// Setor pajak penghasilan LKM dari bank / pay income tax
    #[command(name = "setor-pajak", alias = "pay-tax")]
    PayTax(Tax),
}

/// A fund of an entity, and a year.
#[derive(Args, Clone, Debug)]
pub struct OfYear {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Tahun / year
    pub year: i32,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// A division.
#[derive(Args, Clone, Debug)]
pub struct DivideYear {
    #[command(flatten)]
    of: OfYear,
    /// Bagian IKS langsung dipindahkan dari tempat ini / the IKS part changes hands here
    #[arg(long = "iks-dari", alias = "iks-from")]
    settled: Option<String>,
}

/// A rule: shown if nothing else is given.
#[derive(Args, Clone, Debug)]
pub struct Rule {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Berlaku sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day, requires = "minute")]
    pub since: Option<Day>,
    /// UNTUK:PERSEN, misalnya cadangan:40; boleh berulang / a part
    #[arg(long = "untuk", alias = "for", value_parser = surplus_use)]
    pub parts: Vec<(SurplusUse, Decimal)>,
    /// MENURUT:PERSEN, misalnya simpanan:80; boleh berulang / what members' part goes by
    #[arg(long = "menurut", alias = "by", value_parser = measure)]
    pub weights: Vec<(MemberMeasure, Decimal)>,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: Option<String>,
}

fn surplus_use(typed: &str) -> Result<(SurplusUse, Decimal), String> {
    let (word, much) = typed.split_once(':').ok_or("UNTUK:PERSEN, misalnya cadangan:40")?;
    let known = "cadangan, anggota, pengurus, karyawan, pendidikan, sosial, iks";
    Ok((USES.value(word).ok_or(known)?, percent(much)?))
}

fn measure(typed: &str) -> Result<(MemberMeasure, Decimal), String> {
    let (word, much) = typed.split_once(':').ok_or("MENURUT:PERSEN, misalnya simpanan:80")?;
    Ok((MEASURES.value(word).ok_or("rata, simpanan, jasa")?, percent(much)?))
}

/// A loss covered.
#[derive(Args, Clone, Debug)]
pub struct Cover {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// Members' shares.
#[derive(Args, Clone, Debug)]
pub struct PayMembers {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// ANGGOTA:JUMLAH, misalnya m01:70.300 / member and amount
    #[arg(required = true, value_parser = part)]
    pub parts: Vec<Part>,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    when: When,
}

/// A payment from what was set aside.
#[derive(Args, Clone, Debug)]
pub struct PayFund {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// pengurus, karyawan, pendidikan, sosial / officers, staff, education, social
    #[arg(value_parser = USES.parser())]
    pub purpose: SurplusUse,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    money: Money,
}

/// A share received.
#[derive(Args, Clone, Debug)]
pub struct Receive {
    /// Kelompok / group
    pub group: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    paid: Paid,
    #[command(flatten)]
    when: When,
}

/// Income tax.
#[derive(Args, Clone, Debug)]
pub struct Tax {
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    #[command(flatten)]
    when: When,
}

const YEARS: &[Column] = &[
    text("year", "Tahun", "Year"),
    text("state", "Keadaan", "State"),
    text("fund", "Dana", "Fund"),
    number("result", "Hasil", "Result"),
    number("divided", "Dibagi", "Divided"),
];

const RULES: &[Column] = &[
    text("since", "Sejak", "Since"),
    text("part", "Untuk", "For"),
    number("percent", "Persen", "Percent"),
    text("minute", "Berita acara", "Minute"),
];

impl Client {
    pub(super) async fn year(&self, ask: &YearAsk) -> Answer {
        let mut closing = self.remote.closing();
        match ask {
            YearAsk::Close(CloseYear { entity, year, minute }) => {
                let request = v1::CloseYearRequest {
                    entity: self.entity(entity),
                    request_id: fresh_request_id(),
                    year: *year,
                    minute: minute.clone(),
                };
                let answer = self.get(closing.close_year(request)).await?;
                Ok(vec![self.transaction(answer.transaction)?, self.years(answer.year)])
            }
            YearAsk::Reopen(Reopen { entity, through, minute }) => {
                let request = v1::ReopenPeriodRequest {
                    entity: self.entity(entity),
                    request_id: fresh_request_id(),
                    through: date(*through),
                    minute: minute.clone(),
                };
                let answer = self.get(self.remote.books().reopen_period(request)).await?;
                Ok(vec![self.period(answer.period)])
            }
            YearAsk::List { entity, known_at } => {
                let mut years = Vec::new();
                let mut seen = None;
                let ask = async |page_token| {
                    let (parent, as_known_at) = (self.entity(entity), *known_at);
                    let page_size = PAGE;
                    let request =
                        v1::ListYearsRequest { parent, page_size, page_token, as_known_at };
                    self.remote.closing().list_years(request).await
                };
                let take = |page: v1::ListYearsResponse| {
                    years.extend(page.years);
                    seen = page.read_point;
                    page.next_page_token
                };
                self.pages(ask, take).await?;
                let mut table = self.years(years);
                table.note(self.read_point(seen.as_ref()));
                Ok(vec![table])
            }
        }
    }

    fn years(&self, years: impl IntoIterator<Item = v1::ClosedYear>) -> Table {
        let mut table = Table::new(self.say("Tahun buku", "Book years"), YEARS);
        for year in years {
            let state = match year.closed {
                true => self.say("tertutup", "closed"),
                false => self.say("terbuka lagi", "open again"),
            };
            for result in &year.results {
                let divided = year.divisions.iter().find(|one| one.fund == result.fund);
                table.row(vec![
                    year.year.to_string(),
                    state.clone(),
                    fund_text(result.fund).to_owned(),
                    money_text(result.amount.as_ref()),
                    divided.map_or_else(String::new, |one| money_text(one.amount.as_ref())),
                ]);
            }
        }
        table
    }

    pub(super) async fn surplus(&self, ask: &SurplusAsk) -> Answer {
        let mut closing = self.remote.closing();
        match ask {
            SurplusAsk::Consolidate(OfYear { entity, year, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::ConsolidateSurplusRequest {
                        entity: self.entity(entity),
                        year: *year,
                        into: of.fund as i32,
                    }
                );
                self.booked(closing.consolidate_surplus(request)).await
            }
            SurplusAsk::Rule(rule) => self.surplus_rule(rule).await,
            SurplusAsk::Divide(DivideYear { of, settled }) => {
                let request = request!(
                    self,
                    of.when,
                    v1::DivideSurplusRequest {
                        entity: self.entity(&of.entity),
                        year: of.year,
                        fund: of.of.fund as i32,
                        settled: settled.as_ref().and_then(|place| self.place(place)),
                    }
                );
                let answer = self.book(closing.divide_surplus(request)).await?;
                Ok(vec![self.transaction(answer.transaction)?, self.years(answer.year)])
            }
            SurplusAsk::Cover(Cover { entity, amount, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::CoverLossRequest {
                        entity: self.entity(entity),
                        fund: of.fund as i32,
                        amount: money(*amount),
                    }
                );
                self.booked(closing.cover_loss(request)).await
            }
            SurplusAsk::Paid(ask) => self.surplus_paid(ask).await,
        }
    }

    async fn surplus_paid(&self, ask: &PaidAsk) -> Answer {
        let mut closing = self.remote.closing();
        match ask {
            PaidAsk::Pay(PayMembers { entity, parts, of, at, when }) => {
                let part = |(member, much): &Part| MemberPart {
                    member_id: member.clone(),
                    amount: money(*much),
                };
                let request = request!(
                    self,
                    when,
                    v1::PaySurplusRequest {
                        entity: self.entity(entity),
                        fund: of.fund as i32,
                        parts: parts.iter().map(part).collect(),
                        place: self.place(&at.place),
                    }
                );
                self.booked(closing.pay_surplus(request)).await
            }
            PaidAsk::PayFund(PayFund { entity, purpose, of, money }) => {
                let request = paid!(
                    self,
                    money,
                    v1::PayFromSurplusFundRequest {
                        entity: self.entity(entity),
                        fund: of.fund as i32,
                        r#use: *purpose as i32,
                    }
                );
                self.booked(closing.pay_from_surplus_fund(request)).await
            }
            PaidAsk::Receive(Receive { group, amount, of, paid, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::PayKubeSurplusRequest {
                        group: self.entity(group),
                        fund: of.fund as i32,
                        amount: money(*amount),
                        means: self.means(paid),
                    }
                );
                self.booked(closing.pay_kube_surplus(request)).await
            }
            PaidAsk::Tax(Tax { amount, when }) => {
                let (book, amount) = (self.whole_book(), money(*amount));
                let request = request!(self, when, v1::OweIncomeTaxRequest { book, amount });
                self.booked(closing.owe_income_tax(request)).await
            }
            PaidAsk::PayTax(Tax { amount, when }) => {
                let (book, amount) = (self.whole_book(), money(*amount));
                let request = request!(self, when, v1::PayTaxRequest { book, amount });
                self.booked(closing.pay_tax(request)).await
            }
        }
    }

    async fn surplus_rule(&self, rule: &Rule) -> Answer {
        let entity = self.entity(&rule.entity);
        let mut closing = self.remote.closing();
        let rules = match rule.since {
            None => {
                let request = v1::ListSurplusRulesRequest { parent: entity };
                self.get(closing.list_surplus_rules(request)).await?.rules
            }
            Some(since) => {
                let part = |(r#use, percent): &(SurplusUse, Decimal)| v1::SurplusPart {
                    r#use: *r#use as i32,
                    percent: Some(percent.clone()),
                };
                let weight = |(measure, percent): &(MemberMeasure, Decimal)| v1::MemberWeight {
                    measure: *measure as i32,
                    percent: Some(percent.clone()),
                };
                let request = v1::SetSurplusRuleRequest {
                    entity,
                    request_id: fresh_request_id(),
                    rule: Some(v1::SurplusRule {
                        since: date(since),
                        parts: rule.parts.iter().map(part).collect(),
                        weights: rule.weights.iter().map(weight).collect(),
                        minute: rule.minute.clone().unwrap_or_default(),
                    }),
                };
                self.get(closing.set_surplus_rule(request)).await?.rules
            }
        };
        let title = self.say("Aturan SHU", "Rules of the surplus");
        let mut table = Table::new(format!("{title}: {}", last_part(&rule.entity)), RULES);
        if rules.is_empty() {
            table.note(self.say("Aturan belum ditetapkan.", "No rule has been set."));
        }
        for rule in &rules {
            let since = self.date(rule.since.as_ref());
            let parts = rule.parts.iter().map(|one| (USES.word(one.r#use()), &one.percent));
            let weights =
                rule.weights.iter().map(|one| (MEASURES.word(one.measure()), &one.percent));
            for (word, percent) in parts.chain(weights) {
                let percent = decimal_text(percent.as_ref());
                table.row(vec![since.clone(), word.to_owned(), percent, rule.minute.clone()]);
            }
        }
        Ok(vec![table])
    }
}
