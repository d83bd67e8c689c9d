//! The solidarity fund (IKS): the group's own rule, dues, relief, its statement.

use clap::{ArgGroup, Args, Subcommand};

use super::args::{Money, Part, Span, When, Where, WhichMember, part, percent};
use super::transactions::{paid, request};
use super::{Answer, Client, note_warnings};
use crate::api::google_type::Decimal;
use crate::api::v1::{
    self, DuesPeriod, ReliefCap, ReliefKind, receive_dues_request::Payer,
    share_result_request::Share,
};
use crate::cli::convert::{amount, date, day, decimal_text, fund, last_part, money, money_text};
use crate::cli::mistyped::Mistyped;
use crate::cli::remote::{Failure, fresh_request_id};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{PERIODS, TROUBLES};
use crate::domain::day::Day;
use crate::domain::money::Sen;

const RULES: &[Column] = &[
    text("since", "Sejak", "Since"),
    number("dues", "Iuran", "Dues"),
    text("period", "Berkala", "Period"),
    number("share", "Bagian hasil, %", "Share of result, %"),
    text("caps", "Batas santunan", "Relief caps"),
    number("quorum", "Kuorum", "Quorum"),
    text("minute", "Berita acara", "Minute"),
];

const DUES: &[Column] = &[
    text("member", "Anggota", "Member"),
    number("due", "Wajib", "Due"),
    number("paid", "Dibayar", "Paid"),
    number("missing", "Kurang", "Missing"),
];

const RELIEFS: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("member", "Anggota", "Member"),
    text("kind", "Karena", "For"),
    text("case", "Peristiwa", "Case"),
    number("amount", "Jumlah", "Amount"),
    number("consents", "Setuju", "Consents"),
    text("state", "Keadaan", "State"),
];

const STATEMENT: &[Column] =
    &[text("what", "Dana IKS", "Solidarity fund"), number("amount", "Jumlah", "Amount")];

/// What can be asked about the solidarity fund.
#[derive(Clone, Debug, Subcommand)]
pub enum IksAsk {
    /// Tampilkan atau tetapkan aturan kelompok / show or set a group's rule
    #[command(name = "aturan", alias = "rule")]
    Rule(Rule),
    /// Siapa sudah dan belum membayar iuran / who has paid the dues
    #[command(name = "tagihan", alias = "standing")]
    Standing {
        /// Kelompok / group
        group: String,
        /// Sebuah hari dalam masa iuran / a day of the period
        #[arg(long = "pada", alias = "on", value_parser = day)]
        on: Option<Day>,
    },
    /// Sumbangan dari pihak ketiga / a donation of a third party
    #[command(name = "sumbangan", alias = "donation")]
    Donation {
        /// Kelompok / group
        group: String,
        /// Penyumbang / donor
        donor: String,
        /// How much.
        #[command(flatten)]
        money: Money,
    },
    /// Minta santunan; ditolak bila melanggar aturan / ask for relief, within the rule
    #[command(name = "minta", alias = "request")]
    Request(Relief),
    /// Laporkan santunan yang sudah dibayar / report relief that was paid
    #[command(name = "santunan", alias = "relief")]
    Report(Relief),
    /// Daftar santunan / list relief
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
    },
    /// Bagian hasil usaha untuk IKS / a share of the result for the fund
    #[command(name = "bagian-hasil", alias = "result-share")]
    Share(ShareOfResult),
    /// Laporan dana IKS / the fund's statement
    #[command(name = "laporan", alias = "statement")]
    Statement {
        /// Kelompok / group
        group: String,
        /// Which days.
        #[command(flatten)]
        span: Span,
    },
}

/// Solidarity dues of a member.
#[derive(Args, Clone, Debug)]
pub struct Dues {
    #[command(flatten)]
    who: WhichMember,
    #[command(flatten)]
    money: Money,
    /// Untuk masa iuran yang memuat hari ini / for the period with this day
    #[arg(long = "untuk", alias = "for", value_parser = day)]
    for_day: Option<Day>,
}

/// A group's rule, or what to show of it.
#[derive(Args, Clone, Debug)]
pub struct Rule {
    /// Kelompok / group
    group: String,
    /// Tetapkan sejak / set it since
    #[arg(long = "sejak", alias = "since", value_parser = day, requires = "minute")]
    since: Option<Day>,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute", requires = "since")]
    minute: Option<String>,
    /// Besarnya iuran / dues
    #[arg(long = "iuran", alias = "dues", value_parser = amount, requires_all = ["since", "period"])]
    dues: Option<Sen>,
    /// Berkala / how often
    #[arg(long = "berkala", alias = "period", value_parser = PERIODS.parser(), requires = "dues")]
    period: Option<DuesPeriod>,
    /// Bagian hasil usaha, persen / share of the result in percent
    #[arg(long = "bagian-hasil", alias = "share", value_parser = percent, requires = "since")]
    share: Option<Decimal>,
    /// Batas santunan, misalnya musibah:40.000 / caps of relief
    #[arg(long = "batas", alias = "cap", value_parser = cap, requires = "since")]
    caps: Vec<ReliefCap>,
    /// Berapa anggota harus setuju / how many members must consent
    #[arg(long = "kuorum", alias = "quorum", default_value_t = 0, requires = "since")]
    quorum: u32,
    /// Aturan yang berlaku pada hari ini / the rule in force on a day
    #[arg(long = "pada", alias = "on", value_parser = day, conflicts_with = "since")]
    on: Option<Day>,
    /// Semua aturan, dari yang pertama / all rules
    #[arg(long = "riwayat", alias = "history", conflicts_with_all = ["since", "on"])]
    history: bool,
}

/// Reads `MASALAH:BATAS`.
fn cap(typed: &str) -> Result<ReliefCap, Mistyped> {
    const KIND: Mistyped = Mistyped::new(
        "Masalahnya musibah, sakit, kematian, sekolah atau lainnya, misalnya musibah:40.000.",
        "The trouble is musibah, sakit, kematian, sekolah or lainnya, e.g. musibah:40.000.",
    );
    let (kind, cap): Part = part(typed)?;
    let kind: ReliefKind = TROUBLES.value(&kind).ok_or(KIND)?;
    Ok(ReliefCap { kind: kind as i32, cap: money(cap) })
}

/// Relief.
#[derive(Args, Clone, Debug)]
pub struct Relief {
    #[command(flatten)]
    who: WhichMember,
    #[command(flatten)]
    money: Money,
    /// Karena: musibah, sakit, kematian, sekolah, lainnya / kind of trouble
    #[arg(long = "karena", alias = "kind", default_value = "", hide_default_value = true)]
    kind: String,
    /// Berapa anggota setuju / how many members consent
    #[arg(long = "setuju", alias = "consents", default_value_t = 0)]
    consents: u32,
    /// Pertemuan yang memutuskan / the meeting that decided
    #[arg(long = "pertemuan", alias = "meeting")]
    meeting: Option<String>,
    /// Nama peristiwa, untuk santunan yang dibayar beberapa kali / the case, where paid in parts
    #[arg(long = "peristiwa", alias = "case", default_value = "", hide_default_value = true)]
    case_id: String,
}

/// A share of the result.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("share").required(true))]
pub struct ShareOfResult {
    /// Kelompok / group
    group: String,
    /// Dana yang hasilnya dibagi: uep atau sp / the fund whose result it is
    #[arg(value_parser = fund)]
    fund: v1::Fund,
    /// Sejumlah ini / so much
    #[arg(long = "jumlah", alias = "amount", value_parser = amount, group = "share")]
    amount: Option<Sen>,
    /// Menurut aturan, dari hasil sebesar ini / by the rule, of this result
    #[arg(long = "dari-hasil", alias = "of-result", value_parser = amount, group = "share")]
    of_result: Option<Sen>,
    /// Belum dibayar: dana berutang / not paid yet: one fund owes the other
    #[arg(long = "terutang", alias = "owed")]
    owed: bool,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    when: When,
}

impl Client {
    pub(super) async fn dues(&self, dues: &Dues) -> Answer {
        let payer = Some(Payer::Member(self.member(&dues.who)));
        let group = &dues.who.entity;
        self.receive(group, payer, &dues.money, dues.for_day).await
    }

    async fn receive(
        &self,
        group: &str,
        payer: Option<Payer>,
        money: &Money,
        for_day: Option<Day>,
    ) -> Answer {
        let request = paid!(
            self,
            money,
            v1::ReceiveDuesRequest {
                group: self.entity(group),
                payer,
                for_day: for_day.and_then(date),
            }
        );
        self.booked(self.remote.iks().receive_dues(request)).await
    }

    pub(super) async fn iks(&self, ask: &IksAsk) -> Answer {
        let mut iks = self.remote.iks();
        match ask {
            IksAsk::Rule(rule) => Ok(vec![self.iks_rule(rule).await?]),
            IksAsk::Standing { group, on } => Ok(vec![self.standing(group, *on).await?]),
            IksAsk::Donation { group, donor, money } => {
                let payer = Some(Payer::Donor(self.of(group, "parties", donor)));
                self.receive(group, payer, money, None).await
            }
            IksAsk::Request(relief) => {
                let mut request = paid!(
                    self,
                    relief.money,
                    v1::RequestReliefRequest {
                        member: self.member(&relief.who),
                        kind: relief.kind.clone(),
                        consents: relief.consents,
                        case_id: relief.case_id.clone(),
                    }
                );
                request.details = self.decided(request.details, relief);
                self.booked(iks.request_relief(request)).await
            }
            IksAsk::Report(relief) => {
                let mut request = paid!(
                    self,
                    relief.money,
                    v1::PayReliefRequest {
                        member: self.member(&relief.who),
                        kind: relief.kind.clone(),
                        consents: relief.consents,
                        case_id: relief.case_id.clone(),
                    }
                );
                request.details = self.decided(request.details, relief);
                self.booked(iks.pay_relief(request)).await
            }
            IksAsk::List { group } => {
                let ask = async |request: v1::ListReliefsRequest| {
                    self.remote.iks().list_reliefs(request).await
                };
                let mut reliefs = self.list(self.entity(group), ask).await?;
                let on = |relief: &v1::Relief| {
                    relief.paid_on.as_ref().map(|day| (day.year, day.month, day.day))
                };
                reliefs.sort_by_key(on);
                Ok(vec![Table::of(RELIEFS, reliefs.iter().map(|one| self.relief_row(one)))])
            }
            IksAsk::Share(share) => self.booked(iks.share_result(self.result_share(share))).await,
            IksAsk::Statement { group, span } => {
                let request = v1::GetIksStatementRequest {
                    group: self.entity(group),
                    from: span.from.and_then(date),
                    through: span.through.and_then(date),
                };
                let answer = self.get(iks.get_iks_statement(request)).await?;
                Ok(vec![self.iks_statement(&answer)])
            }
        }
    }

    /// The meeting's attendance counts as consent.
    fn decided(
        &self,
        details: Option<v1::TransactionDetails>,
        relief: &Relief,
    ) -> Option<v1::TransactionDetails> {
        let meeting = self.maybe_of(&relief.who.entity, "meetings", relief.meeting.as_ref());
        details.map(|details| v1::TransactionDetails { meeting, ..details })
    }

    async fn iks_rule(&self, rule: &Rule) -> Result<Table, Failure> {
        let mut iks = self.remote.iks();
        let group = self.entity(&rule.group);
        if let (Some(since), Some(minute)) = (rule.since, &rule.minute) {
            let set = v1::IksRule {
                since: date(since),
                period: rule.period.unwrap_or_default() as i32,
                dues: rule.dues.and_then(money),
                result_share_percent: rule.share.clone(),
                caps: rule.caps.clone(),
                quorum: rule.quorum,
                minute: minute.clone(),
            };
            let request_id = fresh_request_id();
            let request = v1::SetIksRuleRequest { group, request_id, rule: Some(set) };
            let answer = self.get(iks.set_iks_rule(request)).await?;
            return Ok(self.rules_table(&answer.rules));
        }
        if rule.history {
            let request = v1::ListIksRulesRequest { group };
            return Ok(self.rules_table(&self.get(iks.list_iks_rules(request)).await?.rules));
        }
        let request = v1::GetIksRuleRequest { group, on: rule.on.and_then(date) };
        let answer = self.get(iks.get_iks_rule(request)).await?;
        let mut table = self.rules_table(answer.rule.as_slice());
        note_warnings(&mut table, &answer.warnings);
        Ok(table)
    }

    fn rules_table(&self, rules: &[v1::IksRule]) -> Table {
        let cap = |cap: &ReliefCap| {
            format!("{} {}", TROUBLES.word(cap.kind()), money_text(cap.cap.as_ref()))
        };
        let row = |rule: &v1::IksRule| {
            let caps: Vec<String> = rule.caps.iter().map(cap).collect();
            vec![
                self.date(rule.since.as_ref()),
                money_text(rule.dues.as_ref()),
                PERIODS.word(rule.period()).to_owned(),
                decimal_text(rule.result_share_percent.as_ref()),
                caps.join(", "),
                rule.quorum.to_string(),
                rule.minute.clone(),
            ]
        };
        Table::of(RULES, rules.iter().map(row))
    }

    async fn standing(&self, group: &str, on: Option<Day>) -> Result<Table, Failure> {
        let mut table = Table::new("", DUES);
        let mut last = None;
        let ask = async |page_token| {
            let request = v1::ListDuesRequest {
                group: self.entity(group),
                on: on.and_then(date),
                page_size: super::PAGE,
                page_token,
            };
            self.remote.iks().list_dues(request).await
        };
        let take = |page: v1::ListDuesResponse| {
            for dues in &page.dues {
                table.row(vec![
                    last_part(&dues.member).to_owned(),
                    money_text(dues.due.as_ref()),
                    money_text(dues.paid.as_ref()),
                    money_text(dues.missing.as_ref()),
                ]);
            }
            let token = page.next_page_token.clone();
            last = Some(page);
            token
        };
        self.pages(ask, take).await?;
        let last = last.ok_or_else(|| self.incomplete())?;
        if last.rule.is_some() {
            let [from, through] = [&last.from, &last.through].map(|day| self.date(day.as_ref()));
            table.note(self.say(
                &format!("Masa iuran {from} sampai {through}."),
                &format!("Dues of {from} to {through}."),
            ));
        }
        note_warnings(&mut table, &last.warnings);
        Ok(table)
    }

    fn relief_row(&self, relief: &v1::Relief) -> Vec<String> {
        let state = match (relief.reversed, relief.asked) {
            (true, _) => self.say("dibatalkan", "reversed"),
            (false, true) => self.say("diminta dulu", "asked for first"),
            (false, false) => self.say("dilaporkan", "reported"),
        };
        vec![
            self.date(relief.paid_on.as_ref()),
            last_part(&relief.member).to_owned(),
            if relief.erased { self.say("(dihapus)", "(erased)") } else { relief.kind.clone() },
            relief.case_id.clone(),
            money_text(relief.amount.as_ref()),
            relief.consents.to_string(),
            state,
        ]
    }

    fn result_share(&self, share: &ShareOfResult) -> v1::ShareResultRequest {
        let decided = share.amount.and_then(money).map(Share::Amount);
        let by_rule = share.of_result.and_then(money).map(Share::OfResult);
        request!(
            self,
            share.when,
            v1::ShareResultRequest {
                group: self.entity(&share.group),
                fund: share.fund as i32,
                share: decided.or(by_rule),
                settled: if share.owed { None } else { self.place(&share.at.place) },
            }
        )
    }

    fn iks_statement(&self, answer: &v1::GetIksStatementResponse) -> Table {
        let lines = [
            ("Saldo awal", "Opening", &answer.opening),
            ("Iuran anggota", "Dues", &answer.dues),
            ("Sumbangan", "Donations", &answer.donations),
            ("Bagian hasil", "Share of the result", &answer.result_share),
            ("Santunan (keluar)", "Relief (out)", &answer.relief),
            ("Lainnya", "Other", &answer.other),
            ("Saldo akhir", "Closing", &answer.closing),
        ];
        let row = |(id, en, much): (&str, &str, &Option<_>)| {
            vec![self.say(id, en), money_text(much.as_ref())]
        };
        let mut table = Table::of(STATEMENT, lines.into_iter().map(row));
        table.note(self.read_point(answer.read_point.as_ref()));
        table
    }
}
