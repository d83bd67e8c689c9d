//! Meetings and their sheets.

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Done, Method, Mutation, Opened, Page, Plan, damaged, detailed, plain, service,
};
use crate::api::errors::Fault;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, SheetLineKind};
use crate::domain::record::{Effect, Row};
use crate::domain::register::{RecordMeeting, meeting_name};
use crate::domain::sheet::{DecideSheet, RecordSheet, pending_name, sheet_name};

/// The most lines of a sheet, and the most people at a meeting.
const MAX_LINES: usize = 400;

service! {
    meeting_service_server::MeetingService {
        record_meeting: RecordMeetingRequest => RecordMeetingResponse;
        get_meeting: GetMeetingRequest => GetMeetingResponse;
        list_meetings: ListMeetingsRequest => ListMeetingsResponse;
        record_sheet: RecordSheetRequest => RecordSheetResponse;
        get_sheet: GetSheetRequest => GetSheetResponse;
        list_pending_sheets: ListPendingSheetsRequest => ListPendingSheetsResponse;
        accept_sheet: AcceptSheetRequest => AcceptSheetResponse;
        discard_sheet: DiscardSheetRequest => DiscardSheetResponse;
    }
}

// ---- meetings ---------------------------------------------------------------------------------

impl Mutation for v1::RecordMeetingRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "parent"), ("happened_on", "held_on"), ("attendees", "attendee_ids")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.agenda, &mut self.decisions]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        effect.rows.iter().flat_map(|(_, row)| sealed(row)).cloned().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let meeting = convert::id(&self.meeting_id, "meeting_id")?;
        let held_on = convert::optional_day(self.held_on.as_ref(), "held_on")?;
        if self.attendee_ids.len() > MAX_LINES {
            return Err(Fault::TooMany.on("attendee_ids"));
        }
        let attendee =
            |(index, id): (usize, &String)| convert::id(id, &format!("attendee_ids[{index}]"));
        let attendees = self.attendee_ids.iter().enumerate().map(attendee);
        let attendees = attendees.collect::<Checked<Vec<Id>>>()?;
        if let [agenda, decisions] = texts {
            convert::prose(agenda, 2000, "agenda")?;
            convert::prose(decisions, 4000, "decisions")?;
        }
        let guests = self.guests;
        let owner = Entity::Kube(group.clone()).path();
        let plan = Plan::sealed(book, owner, move |mut texts| {
            let decisions = texts.pop().unwrap_or_default();
            let agenda = texts.pop().unwrap_or_default();
            RecordMeeting { group, meeting, attendees, guests, agenda, decisions }
        });
        Ok(plan.on(held_on))
    }
}

impl Method for v1::RecordMeetingRequest {
    type Response = v1::RecordMeetingResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let name = meeting_name(&group, &convert::id(&self.meeting_id, "meeting_id")?);
        let done = call.submit(self).await?;
        let row = done.row(&name)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let opened = call.open(&mut snapshot, &book, sealed(row)).await?;
        Ok(v1::RecordMeetingResponse { meeting: Some(meeting(&book, &name, row, &opened)?) })
    }
}

fn sealed(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let texts = match row {
        Row::Meeting(meeting) => vec![&meeting.agenda, &meeting.decisions],
        _ => Vec::new(),
    };
    texts.into_iter()
}

impl Method for v1::GetMeetingRequest {
    type Response = v1::GetMeetingResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, id) = convert::owned_by_group(&self.name, "meetings", "name")?;
        let name = meeting_name(&group, &id);
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &name, "name").await?;
        let opened = call.open(&mut snapshot, &book, sealed(&row)).await?;
        Ok(v1::GetMeetingResponse { meeting: Some(meeting(&book, &name, &row, &opened)?) })
    }
}

impl Method for v1::ListMeetingsRequest {
    type Response = v1::ListMeetingsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Kube(group.clone()), "parent").await?;
        let parent = format!("groups/{group}/meetings");
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let texts = rows.iter().flat_map(|found| sealed(&found.row));
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let meetings = rows.iter().map(|found| {
            let name = RowName::new(parent.clone(), found.id.clone());
            meeting(&book, &name, &found.row, &opened)
        });
        Ok(v1::ListMeetingsResponse {
            meetings: meetings.collect::<Checked<_>>()?,
            next_page_token,
        })
    }
}

fn meeting(book: &Id, name: &RowName, row: &Row, opened: &Opened) -> Checked<v1::Meeting> {
    let Row::Meeting(row) = row else { return Err(damaged()) };
    let (agenda, agenda_erased) = opened.text(Sort::Memo, &row.agenda);
    let (decisions, decisions_erased) = opened.text(Sort::Memo, &row.decisions);
    Ok(v1::Meeting {
        name: convert::row_name(book, name),
        held_on: convert::to_optional_date(row.held_on),
        attendee_ids: row.attendees.clone(),
        guests: row.guests,
        agenda,
        decisions,
        erased: agenda_erased || decisions_erased,
    })
}

// ---- sheets -----------------------------------------------------------------------------------

impl Mutation for v1::RecordSheetRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "parent"), ("lot", "lot_id"), ("member", "member_id"), ("grant", "grant_id")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        if self.lines.len() > MAX_LINES {
            return Err(Fault::TooMany.on("lines"));
        }
        let lines = self.lines.iter().enumerate().map(|(index, line)| sheet_line(index, line));
        let meeting = self.details.as_ref().map(|details| details.meeting.as_str());
        let meeting = convert::meeting(meeting.unwrap_or_default(), &book)?;
        let entity = Entity::Kube(group.clone());
        let action = RecordSheet {
            group,
            number: convert::line(&self.number, 40, "number")?,
            lines: lines.collect::<Checked<_>>()?,
            opening_cash: convert::money_or_zero(self.opening_cash.as_ref(), "opening_cash")?,
            closing_cash: convert::money_or_zero(self.closing_cash.as_ref(), "closing_cash")?,
            meeting: meeting.map(|name| name.to_string()).unwrap_or_default(),
        };
        Ok(Plan::new(book, &entity, action))
    }
}

/// A line with the fields that its kind needs, and no others.
fn sheet_line(index: usize, line: &v1::SheetLine) -> Checked<proto::SheetLine> {
    let at = |name: &str| format!("lines[{index}].{name}");
    let kind: SheetLineKind = convert::choice(line.kind, &at("kind"))?;
    let mut row = proto::SheetLine {
        kind: kind as i32,
        amount: convert::money(line.amount.as_ref(), &at("amount"))?.get(),
        ..proto::SheetLine::default()
    };
    match kind {
        SheetLineKind::Purchase => {
            row.lot = convert::id(&line.lot_id, &at("lot_id"))?.to_string();
            row.quantity_milli = convert::quantity(line.quantity.as_ref(), &at("quantity"))?;
            row.lot_kind =
                convert::choice::<proto::LotKind>(line.lot_kind, &at("lot_kind"))? as i32;
            row.label = convert::required_line(&line.label, 80, &at("label"))?;
            row.unit = convert::required_line(&line.unit, 20, &at("unit"))?;
            row.grant = optional(&line.grant_id, &at("grant_id"))?;
            row.plan_line = optional(&line.plan_line, &at("plan_line"))?;
        }
        SheetLineKind::Sale if !line.lot_id.is_empty() || line.quantity.is_some() => {
            row.lot = convert::id(&line.lot_id, &at("lot_id"))?.to_string();
            row.quantity_milli = convert::quantity(line.quantity.as_ref(), &at("quantity"))?;
        }
        SheetLineKind::Sale => {}
        SheetLineKind::Expense => {
            row.expense =
                convert::choice::<proto::ExpenseKind>(line.expense, &at("expense"))? as i32;
            row.grant = optional(&line.grant_id, &at("grant_id"))?;
            row.plan_line = optional(&line.plan_line, &at("plan_line"))?;
        }
        SheetLineKind::Instalment => {
            row.member = convert::id(&line.member_id, &at("member_id"))?.to_string();
            row.loan = optional(&line.loan_id, &at("loan_id"))?;
        }
        _ => row.member = convert::id(&line.member_id, &at("member_id"))?.to_string(),
    }
    Ok(row)
}

fn optional(id: &str, field: &str) -> Checked<String> {
    Ok(convert::optional_id(id, field)?.map(|id| id.to_string()).unwrap_or_default())
}

impl Method for v1::RecordSheetRequest {
    type Response = v1::RecordSheetResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        let sheet = Some(after(&done)?);
        Ok(v1::RecordSheetResponse { sheet, transaction: Some(done.transaction(call)) })
    }
}

/// The sheet a mutation wrote.
fn after(done: &Done) -> Checked<v1::Sheet> {
    let rows = &done.effect()?.rows;
    let found = rows.iter().find(|(_, row)| matches!(row, Row::Sheet(_)));
    let (name, row) = found.ok_or_else(damaged)?;
    sheet(&done.book, name, row)
}

/// Accepting and discarding have the same fields.
macro_rules! decide_sheet {
    ($request:ident, $accept:literal) => {
        impl Mutation for v1::$request {
            const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "sheet")];

            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let (book, group, sheet) = pending(&self.sheet, "sheet")?;
                let entity = Entity::Kube(group.clone());
                Ok(Plan::new(book, &entity, DecideSheet { group, sheet, accept: $accept }))
            }
        }
    };
}

decide_sheet!(AcceptSheetRequest, true);
decide_sheet!(DiscardSheetRequest, false);

impl Method for v1::AcceptSheetRequest {
    type Response = v1::AcceptSheetResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        let sheet = Some(after(&done)?);
        Ok(v1::AcceptSheetResponse { sheet, transaction: Some(done.transaction(call)) })
    }
}

impl Method for v1::DiscardSheetRequest {
    type Response = v1::DiscardSheetResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        Ok(v1::DiscardSheetResponse { sheet: Some(after(&done)?) })
    }
}

/// `books/{book}/groups/{group}/pending-sheets/{request_id}`.
fn pending(name: &str, field: &str) -> Checked<(Id, Id, RequestId)> {
    let (parent, last) = name.rsplit_once('/').unwrap_or_default();
    let group = parent.strip_suffix("/pending-sheets");
    let (book, group) = convert::group(group.unwrap_or(name), field)?;
    let request = RequestId::new(last).ok_or_else(|| Fault::NameMalformed.on(field))?;
    Ok((book, group, request))
}

/// `books/{book}/groups/{group}/sheets/{date}`.
fn posted(name: &str, field: &str) -> Checked<(Id, RowName)> {
    let wrong = || Fault::NameMalformed.on(field);
    let (parent, last) = name.rsplit_once('/').ok_or_else(wrong)?;
    let group = parent.strip_suffix("/sheets").ok_or_else(wrong)?;
    let (book, group) = convert::group(group, field)?;
    let day = crate::locale::date::parse_day(last).map_err(|_| wrong())?;
    Ok((book, sheet_name(&group, day)))
}

impl Method for v1::GetSheetRequest {
    type Response = v1::GetSheetResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, name) = match self.name.contains("/pending-sheets/") {
            true => {
                let (book, group, request) = pending(&self.name, "name")?;
                (book, pending_name(&group, &request))
            }
            false => posted(&self.name, "name")?,
        };
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &name, "name").await?;
        Ok(v1::GetSheetResponse { sheet: Some(sheet(&book, &name, &row)?) })
    }
}

impl Method for v1::ListPendingSheetsRequest {
    type Response = v1::ListPendingSheetsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Kube(group.clone()), "parent").await?;
        let parent = format!("groups/{group}/pending-sheets");
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let sheets = rows
            .iter()
            .map(|found| sheet(&book, &RowName::new(parent.clone(), found.id.clone()), &found.row));
        Ok(v1::ListPendingSheetsResponse {
            sheets: sheets.collect::<Checked<_>>()?,
            next_page_token,
        })
    }
}

fn sheet(book: &Id, name: &RowName, row: &Row) -> Checked<v1::Sheet> {
    let Row::Sheet(row) = row else { return Err(damaged()) };
    Ok(v1::Sheet {
        name: convert::row_name(book, name),
        held_on: Some(convert::to_date(Day::new(row.held_on))),
        number: row.number.clone(),
        lines: row.lines.iter().map(line).collect(),
        opening_cash: Some(convert::to_money(Sen::new(row.opening_cash))),
        closing_cash: Some(convert::to_money(Sen::new(row.closing_cash))),
        state: row.state,
        decided_by: convert::transaction_name(book, &row.decided_by),
        meeting: convert::row_name(book, &row.meeting),
    })
}

fn line(line: &proto::SheetLine) -> v1::SheetLine {
    let quantity = (line.quantity_milli != 0).then(|| convert::to_quantity(line.quantity_milli));
    v1::SheetLine {
        kind: line.kind,
        member_id: line.member.clone(),
        amount: Some(convert::to_money(Sen::new(line.amount))),
        lot_id: line.lot.clone(),
        quantity,
        lot_kind: line.lot_kind,
        label: line.label.clone(),
        unit: line.unit.clone(),
        expense: line.expense,
        grant_id: line.grant.clone(),
        plan_line: line.plan_line.clone(),
        loan_id: line.loan.clone(),
    }
}
