//! Meetings and their sheets, the ones that wait for a person among them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::When;
use super::transactions::request;
use super::{Answer, Client};
use crate::api::v1;
use crate::cli::convert::{amount, date, day, last_part, money, money_text};
use crate::cli::remote::fresh_request_id;
use crate::cli::sheet_csv;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{SHEET_LINES, SHEET_STATES};
use crate::domain::day::Day;
use crate::domain::money::Sen;

const MEETINGS: &[Column] = &[
    text("meeting", "Pertemuan", "Meeting"),
    text("date", "Tanggal", "Date"),
    number("members", "Anggota hadir", "Members present"),
    number("guests", "Tamu", "Guests"),
];

const SHEETS: &[Column] = &[
    text("sheet", "Lembar", "Sheet"),
    text("date", "Tanggal", "Date"),
    text("number", "Nomor", "Number"),
    number("lines", "Baris", "Lines"),
    number("opening", "Kas buka", "Opening cash"),
    number("closing", "Kas tutup", "Closing cash"),
    text("state", "Keadaan", "State"),
];

const SHEET: &[Column] = &[
    number("line", "Baris", "Line"),
    text("kind", "Jenis", "Kind"),
    text("member", "Anggota", "Member"),
    number("amount", "Jumlah", "Amount"),
    text("lot", "Lot", "Lot"),
    text("grant", "Hibah", "Grant"),
];

/// What can be asked about meetings.
#[derive(Clone, Debug, Subcommand)]
pub enum MeetingAsk {
    /// Catat pertemuan dengan notulennya / record a meeting
    #[command(name = "catat", alias = "record")]
    Record(Record),
    /// Daftar pertemuan, atau notulen satu pertemuan / list meetings, or show one
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
        /// Pertemuan / meeting
        meeting: Option<String>,
    },
    /// Tampilkan lembar sebuah tanggal / show the sheet of a day
    #[command(name = "lembar", alias = "sheet")]
    Sheet {
        /// Kelompok / group
        group: String,
        /// Tanggal pertemuan / the day
        #[arg(value_parser = day)]
        on: Day,
    },
    /// Lembar kedua yang menunggu keputusan / second sheets that wait
    #[command(name = "tertunda", alias = "pending")]
    Pending {
        /// Kelompok / group
        group: String,
    },
    /// Terima lembar yang menunggu / accept a sheet that waits
    #[command(name = "terima", alias = "accept")]
    Accept(Decision),
    /// Buang lembar yang menunggu / discard a sheet that waits
    #[command(name = "buang", alias = "discard")]
    Discard(Decision),
}

/// A meeting.
#[derive(Args, Clone, Debug)]
pub struct Record {
    /// Kelompok / group
    group: String,
    /// Id, misalnya maret / its id
    id: String,
    /// Tanggal / the day
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    on: Option<Day>,
    /// Anggota yang hadir, misalnya m01,m02 / members present
    #[arg(long = "hadir", alias = "present", value_delimiter = ',')]
    present: Vec<String>,
    /// Banyaknya tamu / number of guests
    #[arg(long = "tamu", alias = "guests", default_value_t = 0)]
    guests: u32,
    /// Acara / agenda
    #[arg(long = "acara", alias = "agenda", default_value = "", hide_default_value = true)]
    agenda: String,
    /// Keputusan / decisions
    #[arg(long = "keputusan", alias = "decisions", default_value = "", hide_default_value = true)]
    decisions: String,
}

/// What is decided about a sheet.
#[derive(Args, Clone, Debug)]
pub struct Decision {
    /// Kelompok / group
    group: String,
    /// Id lembar yang menunggu / the sheet's id
    sheet: String,
    #[command(flatten)]
    when: When,
}

/// A meeting sheet.
#[derive(Args, Clone, Debug)]
pub struct Sheet {
    /// Kelompok / group
    group: String,
    /// Berkas CSV / the CSV file
    file: PathBuf,
    /// Nomor lembar / sheet number
    #[arg(long = "nomor", alias = "number", default_value = "", hide_default_value = true)]
    number: String,
    /// Kas dihitung saat buka / cash counted at opening
    #[arg(long = "kas-buka", alias = "opening", value_parser = amount)]
    opening: Sen,
    /// Kas dihitung saat tutup / cash counted at closing
    #[arg(long = "kas-tutup", alias = "closing", value_parser = amount)]
    closing: Sen,
    #[command(flatten)]
    when: When,
}

impl Client {
    pub(super) async fn sheet(&self, sheet: &Sheet) -> Answer {
        let csv = self.file(&sheet.file)?;
        let request = request!(
            self,
            sheet.when,
            v1::RecordSheetRequest {
                parent: self.entity(&sheet.group),
                number: sheet.number.clone(),
                lines: sheet_csv::read(&csv, self.language)?,
                opening_cash: money(sheet.opening),
                closing_cash: money(sheet.closing),
            }
        );
        self.booked(self.remote.meetings().record_sheet(request)).await
    }

    pub(super) async fn meeting(&self, ask: &MeetingAsk) -> Answer {
        let mut meetings = self.remote.meetings();
        match ask {
            MeetingAsk::Record(record) => {
                let answer = self.get(meetings.record_meeting(self.minutes(record))).await?;
                Ok(vec![self.meetings_table(answer.meeting.as_slice())])
            }
            MeetingAsk::List { group, meeting: None } => {
                let ask = async |request: v1::ListMeetingsRequest| {
                    self.remote.meetings().list_meetings(request).await
                };
                Ok(vec![self.meetings_table(&self.list(self.entity(group), ask).await?)])
            }
            MeetingAsk::List { group, meeting: Some(id) } => {
                let name = self.of(group, "meetings", id);
                let answer = self.get(meetings.get_meeting(v1::GetMeetingRequest { name })).await?;
                Ok(vec![self.meetings_table(answer.meeting.as_slice())])
            }
            MeetingAsk::Sheet { group, on } => {
                let name = self.of(group, "sheets", &on.to_string());
                let answer = self.get(meetings.get_sheet(v1::GetSheetRequest { name })).await?;
                let lines = answer.sheet.as_ref().map(sheet_lines);
                Ok([self.sheets_table(answer.sheet.as_slice())].into_iter().chain(lines).collect())
            }
            MeetingAsk::Pending { group } => {
                let ask = async |request: v1::ListPendingSheetsRequest| {
                    self.remote.meetings().list_pending_sheets(request).await
                };
                Ok(vec![self.sheets_table(&self.list(self.entity(group), ask).await?)])
            }
            MeetingAsk::Accept(Decision { group, sheet, when }) => {
                let sheet = self.of(group, "pending-sheets", sheet);
                let request = request!(self, when, v1::AcceptSheetRequest { sheet });
                self.booked(meetings.accept_sheet(request)).await
            }
            MeetingAsk::Discard(Decision { group, sheet, when }) => {
                let sheet = self.of(group, "pending-sheets", sheet);
                let request = request!(self, when, v1::DiscardSheetRequest { sheet });
                let answer = self.get(meetings.discard_sheet(request)).await?;
                Ok(vec![self.sheets_table(answer.sheet.as_slice())])
            }
        }
    }

    fn minutes(&self, record: &Record) -> v1::RecordMeetingRequest {
        v1::RecordMeetingRequest {
            parent: self.entity(&record.group),
            request_id: fresh_request_id(),
            meeting_id: record.id.clone(),
            held_on: record.on.and_then(date),
            attendee_ids: record.present.clone(),
            guests: record.guests,
            agenda: record.agenda.clone(),
            decisions: record.decisions.clone(),
        }
    }

    /// Meetings; the minutes of the only one below it.
    fn meetings_table(&self, meetings: &[v1::Meeting]) -> Table {
        let row = |meeting: &v1::Meeting| {
            vec![
                last_part(&meeting.name).to_owned(),
                self.date(meeting.held_on.as_ref()),
                meeting.attendee_ids.len().to_string(),
                meeting.guests.to_string(),
            ]
        };
        let mut table = Table::of(MEETINGS, meetings.iter().map(row));
        if let [meeting] = meetings {
            let parts = [
                (self.say("Hadir", "Present"), meeting.attendee_ids.join(", ")),
                (self.say("Acara", "Agenda"), meeting.agenda.clone()),
                (self.say("Keputusan", "Decisions"), meeting.decisions.clone()),
            ];
            for (title, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
                table.note(format!("{title}: {text}"));
            }
        }
        table
    }

    fn sheets_table(&self, sheets: &[v1::Sheet]) -> Table {
        let row = |sheet: &v1::Sheet| {
            vec![
                last_part(&sheet.name).to_owned(),
                self.date(sheet.held_on.as_ref()),
                sheet.number.clone(),
                sheet.lines.len().to_string(),
                money_text(sheet.opening_cash.as_ref()),
                money_text(sheet.closing_cash.as_ref()),
                SHEET_STATES.word(sheet.state()).to_owned(),
            ]
        };
        Table::of(SHEETS, sheets.iter().map(row))
    }
}

fn sheet_lines(sheet: &v1::Sheet) -> Table {
    let row = |(number, line): (usize, &v1::SheetLine)| {
        vec![
            number.to_string(),
            SHEET_LINES.word(line.kind()).to_owned(),
            line.member_id.clone(),
            money_text(line.amount.as_ref()),
            line.lot_id.clone(),
            line.grant_id.clone(),
        ]
    };
    Table::of(SHEET, (1..).zip(&sheet.lines).map(row))
}
