//! The companion's score sheets, and the ledger's own figures beside them.

use clap::{Args, Subcommand};

use super::{Answer, Client};
use crate::api::google_type;
use crate::api::v1::{self, Aspect, AspectScore};
use crate::cli::convert::{date, day, money_text};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::BANDS;
use crate::domain::day::Day;

const SCORES: &[Column] = &[
    text("date", "Tanggal", "Date"),
    number("social", "Sosial", "Social"),
    text("social_band", "", ""),
    number("economic", "Ekonomi", "Economic"),
    text("economic_band", "", ""),
    number("institutional", "Kelembagaan", "Institutional"),
    text("institutional_band", "", ""),
];

const FIGURES: &[Column] =
    &[text("what", "Kata buku", "The ledger says"), number("figure", "Angka", "Figure")];

/// What can be asked about scores.
#[derive(Clone, Debug, Subcommand)]
pub enum ScoreAsk {
    /// Catat nilai pendamping / record scores
    #[command(name = "catat", alias = "record")]
    Record(Record),
    /// Daftar nilai, atau satu hari dengan angka dari buku / list scores, or one day with figures
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
        /// Tanggal / the day
        #[arg(value_parser = day)]
        on: Option<Day>,
    },
}

/// An aspect's points: of every item, or only their sum.
#[derive(Clone, Debug, Default)]
struct Points {
    sum: u32,
    items: Vec<u32>,
}

/// Reads points: `3,2,3` item by item, `8` as a sum.
fn points(text: &str) -> Result<Points, std::num::ParseIntError> {
    let items: Vec<u32> =
        text.split(',').map(|points| points.trim().parse()).collect::<Result<_, _>>()?;
    Ok(match items[..] {
        [sum] => Points { sum, items: Vec::new() },
        _ => Points { sum: 0, items },
    })
}

/// A score sheet.
#[derive(Args, Clone, Debug)]
pub struct Record {
    /// Kelompok / group
    group: String,
    /// Aspek sosial: 7 butir, misalnya 3,2,3,1,2,3,2, atau jumlahnya, 7 sampai 21 / social
    #[arg(long = "sosial", alias = "social", value_parser = points)]
    social: Points,
    /// Aspek ekonomi: 10 butir, atau jumlahnya, 10 sampai 30 / economic
    #[arg(long = "ekonomi", alias = "economic", value_parser = points)]
    economic: Points,
    /// Aspek kelembagaan: 14 butir, atau jumlahnya, 14 sampai 42 / institutional
    #[arg(long = "kelembagaan", alias = "institutional", value_parser = points)]
    institutional: Points,
    /// Tanggal / the day
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    on: Option<Day>,
    /// Catatan / notes
    #[arg(long = "catatan", alias = "notes", default_value = "", hide_default_value = true)]
    notes: String,
}

impl Client {
    pub(super) async fn score(&self, ask: &ScoreAsk) -> Answer {
        let mut assessments = self.remote.assessments();
        match ask {
            ScoreAsk::Record(record) => {
                let scores = [
                    (Aspect::Sosial, &record.social),
                    (Aspect::Ekonomi, &record.economic),
                    (Aspect::Kelembagaan, &record.institutional),
                ];
                let score = |(aspect, points): (Aspect, &Points)| AspectScore {
                    aspect: aspect as i32,
                    score: points.sum,
                    items: points.items.clone(),
                    band: 0,
                };
                let request = v1::RecordAssessmentRequest {
                    parent: self.entity(&record.group),
                    request_id: fresh_request_id(),
                    assessed_on: record.on.and_then(date),
                    scores: scores.map(score).to_vec(),
                    notes: record.notes.clone(),
                };
                let answer = self.get(assessments.record_assessment(request)).await?;
                Ok(vec![self.scores(answer.assessment.as_slice())])
            }
            ScoreAsk::List { group, on: None } => {
                let ask = async |request: v1::ListAssessmentsRequest| {
                    self.remote.assessments().list_assessments(request).await
                };
                Ok(vec![self.scores(&self.list(self.entity(group), ask).await?)])
            }
            ScoreAsk::List { group, on: Some(on) } => {
                let name = self.of(group, "assessments", &on.to_string());
                let request = v1::GetAssessmentRequest { name };
                let answer = self.get(assessments.get_assessment(request)).await?;
                let mut scores = self.scores(answer.assessment.as_slice());
                scores.note(self.read_point(answer.read_point.as_ref()));
                let figures = answer.figures.as_ref().map(|figures| self.figures(figures));
                Ok([scores].into_iter().chain(figures).collect())
            }
        }
    }

    /// Score sheets; the notes of the only one below it.
    fn scores(&self, sheets: &[v1::Assessment]) -> Table {
        let row = |sheet: &v1::Assessment| {
            let mut row = vec![self.date(sheet.assessed_on.as_ref())];
            for aspect in [Aspect::Sosial, Aspect::Ekonomi, Aspect::Kelembagaan] {
                let score = sheet.scores.iter().find(|score| score.aspect() == aspect);
                row.push(score.map_or_else(String::new, |score| score.score.to_string()));
                row.push(score.map_or("", |score| BANDS.word(score.band())).to_owned());
            }
            row
        };
        let mut table = Table::of(SCORES, sheets.iter().map(row));
        if let [sheet] = sheets {
            for score in sheet.scores.iter().filter(|score| !score.items.is_empty()) {
                let items: Vec<String> = score.items.iter().map(ToString::to_string).collect();
                let (what, items) = (self.aspect(score.aspect()), items.join(","));
                table.note(format!("{} {what}: {items}", self.say("Butir", "Items")));
            }
            if !sheet.notes.is_empty() {
                table.note(format!("{}: {}", self.say("Catatan", "Notes"), sheet.notes));
            }
        }
        table
    }

    fn aspect(&self, aspect: Aspect) -> String {
        let (indonesian, english) = match aspect {
            Aspect::Unspecified => ("", ""),
            Aspect::Sosial => ("sosial", "social"),
            Aspect::Ekonomi => ("ekonomi", "economic"),
            Aspect::Kelembagaan => ("kelembagaan", "institutional"),
        };
        self.say(indonesian, english)
    }

    /// How loans were paid: what was paid of what was asked, and what is late.
    fn repayment(&self, loans: Option<&v1::LoanRepayment>) -> String {
        let Some(loans) = loans.filter(|loans| loans.loans > 0) else {
            return self.say("belum ada pinjaman", "no loans");
        };
        let money = |much: &Option<google_type::Money>| money_text(much.as_ref());
        let (paid, asked) = (money(&loans.paid), money(&loans.asked));
        let (overdue, days) = (money(&loans.overdue), loans.days_late);
        self.say(
            &format!("dibayar {paid} dari {asked}; menunggak {overdue}, {days} hari"),
            &format!("{paid} paid of {asked}; {overdue} overdue, {days} days"),
        )
    }

    fn figures(&self, figures: &v1::LedgerFigures) -> Table {
        let money = |much: &Option<google_type::Money>| money_text(much.as_ref());
        let all_months = figures.members.saturating_mul(figures.months);
        let lines = [
            ("Modal usaha sebelumnya", "Capital before", money(&figures.capital_before)),
            ("Modal usaha sekarang", "Capital now", money(&figures.capital_after)),
            (
                "Anggota yang menabung wajib",
                "Members who saved",
                format!("{}/{}", figures.savers, figures.members),
            ),
            (
                "Bulan-anggota menabung wajib",
                "Months saved by members",
                format!("{}/{all_months}", figures.saving_months),
            ),
            ("Iuran dan sumbangan IKS", "Dues and donations", money(&figures.dues_received)),
            ("Santunan IKS", "Relief", money(&figures.relief_paid)),
            ("Sudah digulirkan", "Passed on", money(&figures.passed_on)),
            ("Masih wajib digulirkan", "Still to pass on", money(&figures.owed_onward)),
            (
                "Angsuran pinjaman anggota",
                "Repayment by members",
                self.repayment(figures.member_loans.as_ref()),
            ),
            (
                "Angsuran pinjaman LKM",
                "Repayment to the LKM",
                self.repayment(figures.lkm_loans.as_ref()),
            ),
        ];
        let row = |(id, en, figure): (&str, &str, String)| vec![self.say(id, en), figure];
        Table::of(FIGURES, lines.into_iter().map(row))
    }
}
