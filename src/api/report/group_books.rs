//! The books that the guidelines ask of a group: which method answers each, and attendance, which no
//! other service has.

use std::collections::BTreeMap;

use super::{CHUNK, Days, days, today};
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, damaged};
use crate::api::ledger::read_point;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id};
use crate::domain::record::Row;
use crate::domain::record::proto::Fund;
use crate::storage::read::RegisterRow;

const MEETINGS: &str = "/simpul.v1.MeetingService/ListMeetings";
const CASH_BOOK: &str = "/simpul.v1.LedgerService/GetCashBook";

/// The books that the guidelines ask of a group: Indonesian and English name, the methods that
/// answer it, and the fund it is about.
const GROUP_BOOKS: &[(&str, &str, &[&str], Fund)] = &[
    (
        "Daftar pengurus dan anggota",
        "List of officers and members",
        &["/simpul.v1.GroupService/GetGroup", "/simpul.v1.MemberService/ListMembers"],
        Fund::Unspecified,
    ),
    ("Buku tamu", "Guest book", &["/simpul.v1.SecretaryService/ListGuests"], Fund::Unspecified),
    (
        "Daftar hadir pertemuan",
        "Attendance of meetings",
        &["/simpul.v1.ReportService/GetAttendance"],
        Fund::Unspecified,
    ),
    ("Notulen pertemuan", "Minutes of meetings", &[MEETINGS], Fund::Unspecified),
    (
        "Buku inventaris, persediaan dan ternak",
        "Inventory, stock and livestock",
        &["/simpul.v1.ReportService/ListInventory"],
        Fund::Unspecified,
    ),
    (
        "Buku surat masuk dan keluar",
        "Letters in and out",
        &["/simpul.v1.SecretaryService/ListLetters"],
        Fund::Unspecified,
    ),
    ("Buku kas UEP kelompok", "UEP cash book", &[CASH_BOOK], Fund::Uep),
    ("Buku kas simpan pinjam", "Savings-and-loan cash book", &[CASH_BOOK], Fund::SimpanPinjam),
    (
        "Buku tabungan anggota",
        "Each member's savings book",
        &["/simpul.v1.LedgerService/GetPassbook"],
        Fund::SimpanPinjam,
    ),
    (
        "Buku kegiatan kelompok",
        "Group activities",
        &[MEETINGS, "/simpul.v1.ReportService/GetGeneralLedger"],
        Fund::Unspecified,
    ),
    ("Buku kas IKS (UKS)", "Solidarity cash book (IKS, UKS)", &[CASH_BOOK], Fund::Iks),
    ("Buku perguliran", "Rolling of grants", &[CASH_BOOK], Fund::Guliran),
    ("Buku kas umum", "General cash book", &[CASH_BOOK], Fund::Umum),
];

impl Method for v1::ListGroupBooksRequest {
    type Response = v1::ListGroupBooksResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.group, "group")?;
        call.snapshot_of(&book, &Entity::Kube(group), "group").await?;
        let entry = |(id, en, methods, fund): &(&str, &str, &[&str], Fund)| v1::GroupBook {
            title_id: (*id).to_owned(),
            title_en: (*en).to_owned(),
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            fund: *fund as i32,
        };
        Ok(v1::ListGroupBooksResponse { books: GROUP_BOOKS.iter().map(entry).collect() })
    }
}

impl Method for v1::GetAttendanceRequest {
    type Response = v1::GetAttendanceResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let mut snapshot = call.snapshot_of(&book, &entity, "group").await?;
        let point = read_point(&mut snapshot, None).await?;
        let through = convert::optional_day(self.through.as_ref(), "through")?;
        let through = through.map_or_else(|| today(&point), Ok)?;
        let span = days(self.from.as_ref(), through, ("from", "through"))?;
        let mut register = Attendance::default();
        let parent = format!("groups/{group}/meetings");
        let mut after = String::new();
        loop {
            let rows = snapshot.rows(&parent, &after, CHUNK).await?;
            for found in &rows {
                register.add(&book, &group, found, span)?;
            }
            match rows.into_iter().next_back() {
                Some(last) => after = last.id,
                None => break,
            }
        }
        Ok(register.into_response(&book, &group, point))
    }
}

/// Who was present, as it is added up.
#[derive(Default)]
struct Attendance {
    meetings: Vec<v1::MeetingAttendance>,
    members: BTreeMap<String, u32>,
    guests: u32,
}

impl Attendance {
    fn add(&mut self, book: &Id, group: &Id, found: &RegisterRow, span: Days) -> Checked<()> {
        let Row::Meeting(row) = &found.row else { return Err(damaged()) };
        let held_on = Day::new(row.held_on);
        if !(span.0..=span.1).contains(&held_on) {
            return Ok(());
        }
        for member in &row.attendees {
            *self.members.entry(member.clone()).or_default() += 1;
        }
        self.guests = self.guests.saturating_add(row.guests);
        self.meetings.push(v1::MeetingAttendance {
            meeting: format!("books/{book}/groups/{group}/meetings/{}", found.id),
            held_on: Some(convert::to_date(held_on)),
            members: u32::try_from(row.attendees.len()).unwrap_or(u32::MAX),
            guests: row.guests,
        });
        Ok(())
    }

    fn into_response(
        mut self,
        book: &Id,
        group: &Id,
        point: v1::ReadPoint,
    ) -> v1::GetAttendanceResponse {
        self.meetings.sort_by_key(|meeting| {
            meeting.held_on.as_ref().map(|date| (date.year, date.month, date.day))
        });
        let member = |(id, present): (String, u32)| v1::MemberAttendance {
            member: format!("books/{book}/groups/{group}/members/{id}"),
            present,
        };
        v1::GetAttendanceResponse {
            meetings: self.meetings,
            members: self.members.into_iter().map(member).collect(),
            guests: self.guests,
            read_point: Some(point),
        }
    }
}
