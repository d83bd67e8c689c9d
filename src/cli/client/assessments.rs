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

/// A score sheet.
#[derive(Args, Clone, Debug)]
pub struct Record {
    /// Kelompok / group
    group: String,
    /// Aspek sosial, 7 sampai 21 / social
    #[arg(long = "sosial", alias = "social")]
    social: u32,
    /// Aspek ekonomi, 10 sampai 30 / economic
    #[arg(long = "ekonomi", alias = "economic")]
    economic: u32,
    /// Aspek kelembagaan, 14 sampai 42 / institutional
    #[arg(long = "kelembagaan", alias = "institutional")]
    institutional: u32,
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
                    (Aspect::Sosial, record.social),
                    (Aspect::Ekonomi, record.economic),
                    (Aspect::Kelembagaan, record.institutional),
                ];
                let score = |(aspect, score)| AspectScore { aspect: aspect as i32, score, band: 0 };
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
        if let [sheet] = sheets
            && !sheet.notes.is_empty()
        {
            table.note(format!("{}: {}", self.say("Catatan", "Notes"), sheet.notes));
        }
        table
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
            ("Angsuran pinjaman", "Repayment of loans", figures.loan_repayment.clone()),
        ];
        let row = |(id, en, figure): (&str, &str, String)| vec![self.say(id, en), figure];
        Table::of(FIGURES, lines.into_iter().map(row))
    }
}
