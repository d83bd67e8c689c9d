//! Statements, read in one snapshot and built by [`report`](crate::report). Beside them, in files
//! of their own, the general ledger and the books that the guidelines ask of a group.

mod cash_position;
mod general_ledger;
mod group_books;
mod inventory;

use std::collections::BTreeSet;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, damaged, service};
use crate::api::errors::{Fault, Problem};
use crate::api::google_type;
use crate::api::ledger::{compared_known, known, read_point};
use crate::api::v1;
use crate::domain::account::{Account, Control, Ledger};
use crate::domain::book::year_end;
use crate::domain::chart::{Class, Code, fund_allowed};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::Fund;
use crate::domain::record::{Outcome, Record, Row};
use crate::domain::refusal::Language;
use crate::domain::year::{is_result, year_name};
use crate::locale::date::format_day;
use crate::report::ReportError;
use crate::report::flow::{CashFlows, Changes};
use crate::report::render::{self, Head};
use crate::report::statement::{self, Columns, Kind, Shape, Style, Totals};
use crate::storage::read::{AsOf, Line, Order, Snapshot, Span};

/// How many lines of an account are read at a time.
const CHUNK: u32 = 500;

service! {
    report_service_server::ReportService {
        get_statement: GetStatementRequest => GetStatementResponse;
        get_general_ledger: GetGeneralLedgerRequest => GetGeneralLedgerResponse;
        get_cash_position: GetCashPositionRequest => GetCashPositionResponse;
        list_group_books: ListGroupBooksRequest => ListGroupBooksResponse;
        get_attendance: GetAttendanceRequest => GetAttendanceResponse;
        list_inventory: ListInventoryRequest => ListInventoryResponse;
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Problem {
        match error {
            ReportError::Range(refusal) => refusal.into(),
            ReportError::Unbalanced(_) => {
                tracing::error!(%error, "report");
                Fault::BookUnavailable.into()
            }
        }
    }
}

/// Whose totals are meant.
pub(super) struct Scope {
    pub(super) book: Id,
    /// All entities of the book if none.
    pub(super) entity: Option<Entity>,
    /// All funds if none.
    pub(super) fund: Option<Fund>,
}

impl Scope {
    fn new(name: &str, fund: i32) -> Checked<Scope> {
        let fund: Fund = convert::open_choice(fund, "fund")?;
        let fund = (fund != Fund::Unspecified).then_some(fund);
        let (book, entity) = match convert::book(name, "scope") {
            Ok(book) => (book, None),
            Err(_) => {
                let (book, entity) = convert::entity(name, "scope")?;
                (book, Some(entity))
            }
        };
        check_fund(entity.as_ref(), fund)?;
        Ok(Scope { book, entity, fund })
    }

    async fn snapshot(&self, call: &Call<'_>) -> Checked<Snapshot> {
        match &self.entity {
            Some(entity) => call.snapshot_of(&self.book, entity, "scope").await,
            None => call.snapshot(&self.book, "scope").await,
        }
    }

    /// What a statement of this scope looks like, and whose name stands above it.
    async fn shape(&self, call: &Call<'_>, snapshot: &mut Snapshot) -> Checked<(Shape, String)> {
        let row = call.row(snapshot, &RowName::book(), "scope").await?;
        let Row::Book(settings) = row else { return Err(damaged()) };
        let Some(entity) = &self.entity else {
            let alone = settings.lkm_name.is_empty();
            return Ok((if alone { Shape::Kube } else { Shape::Lkm }, settings.name));
        };
        let Entity::Kube(group) = entity else { return Ok((Shape::Lkm, settings.lkm_name)) };
        match call.row(snapshot, &RowName::group(group), "scope").await? {
            Row::Group(group) => Ok((Shape::Kube, group.name)),
            _ => Err(damaged()),
        }
    }

    /// The totals at the end of a day.
    pub(super) async fn totals(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        known: u64,
    ) -> Checked<Totals> {
        let as_of = AsOf { effective: Some(day), position: Some(known) };
        let found = snapshot.trial_balance(self.entity.as_ref(), as_of).await?;
        let fund = self.fund;
        let wanted = |control: &Control| fund.is_none_or(|fund| control.ledger.fund.get() == fund);
        Ok(found.into_iter().filter(|(control, _)| wanted(control)).collect())
    }
}

fn check_fund(entity: Option<&Entity>, fund: Option<Fund>) -> Checked<()> {
    match (entity, fund) {
        (Some(entity), Some(fund)) if !fund_allowed(entity, fund) => {
            Err(Fault::ChoiceUnknown.on("fund"))
        }
        _ => Ok(()),
    }
}

/// First and last day.
pub(super) type Days = (Day, Day);

/// What a column of a statement shows: a span of days, as known at a journal position.
#[derive(Clone, Copy)]
struct Asked {
    span: Days,
    known: u64,
}

pub(super) fn eve(day: Day) -> Day {
    Day::new(day.get().saturating_sub(1))
}

/// A span that ends on a day, by default from the first day of its year.
fn days(from: Option<&google_type::Date>, through: Day, names: (&str, &str)) -> Checked<Days> {
    let (year, _, _) = through.ymd();
    let new_year = Day::from_ymd(year, 1, 1).unwrap_or(Day::MIN);
    let from = convert::optional_day(from, names.0)?.unwrap_or(new_year);
    if through < from {
        return Err(Fault::SpanMalformed.on(names.1));
    }
    Ok((from, through))
}

impl v1::GetStatementRequest {
    /// The kind of statement asked for.
    fn which(&self) -> Checked<Kind> {
        match convert::choice(self.kind, "kind")? {
            v1::StatementKind::BalanceSheet => Ok(Kind::BalanceSheet),
            v1::StatementKind::Income => Ok(Kind::Income),
            v1::StatementKind::CashFlow => Ok(Kind::CashFlow),
            v1::StatementKind::IndirectCashFlow => Ok(Kind::IndirectCashFlow),
            v1::StatementKind::EquityChanges => Ok(Kind::EquityChanges),
            v1::StatementKind::TrialBalance => Ok(Kind::TrialBalance),
            v1::StatementKind::Notes => Ok(Kind::Notes),
            v1::StatementKind::Unspecified => Err(Fault::ChoiceUnknown.on("kind")),
        }
    }

    /// The span asked for, `today` being the last day there is.
    fn days(&self, kind: Kind, today: Day) -> Checked<Days> {
        let through = convert::optional_day(self.through.as_ref(), "through")?.unwrap_or(today);
        if kind.spans() {
            days(self.from.as_ref(), through, ("from", "through"))
        } else {
            Ok((through, through))
        }
    }

    /// The span compared with, if any was named.
    fn compared(&self, kind: Kind) -> Checked<Option<Days>> {
        let span = compared(self.compare_from.as_ref(), self.compare_through.as_ref())?;
        Ok(span
            .map(|(from, through)| if kind.spans() { (from, through) } else { (through, through) }))
    }
}

/// The span compared with, if any was named.
fn compared(
    from: Option<&google_type::Date>,
    through: Option<&google_type::Date>,
) -> Checked<Option<Days>> {
    let field = "compare_through";
    match convert::optional_day(through, field)? {
        Some(through) => days(from, through, ("compare_from", field)).map(Some),
        None if from.is_some() => Err(Fault::Required.on(field)),
        None => Ok(None),
    }
}

/// What is compared with what an answer shows: other days, or the same as known at another position.
fn beside(
    snapshot: &Snapshot,
    now: Asked,
    span: Option<Days>,
    position: u64,
) -> Checked<Option<Asked>> {
    if span.is_none() && position == 0 {
        return Ok(None);
    }
    let known = compared_known(snapshot, position, now.known)?;
    Ok(Some(Asked { span: span.unwrap_or(now.span), known }))
}

impl Method for v1::GetStatementRequest {
    type Response = v1::GetStatementResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let scope = Scope::new(&self.scope, self.fund)?;
        let kind = self.which()?;
        let rendering: v1::Rendering = convert::open_choice(self.rendering, "rendering")?;
        let compared = self.compared(kind)?;
        let mut snapshot = scope.snapshot(call).await?;
        let position = known(&snapshot, self.as_known_at)?;
        let point = read_point(&mut snapshot, position).await?;
        let now = Asked { span: self.days(kind, today(&point)?)?, known: point.position };
        let compared = beside(&snapshot, now, compared, self.compare_as_known_at)?;
        let (shape, name) = scope.shape(call, &mut snapshot).await?;
        let mut asked = vec![now];
        asked.extend(compared);
        let rows = rows(&mut snapshot, &scope, (kind, shape), &asked).await?;
        let title = kind.title(shape);
        let rendered = match rendering {
            v1::Rendering::Unspecified => String::new(),
            v1::Rendering::Csv => render::csv(&rows, compared.is_some(), call.language()),
            v1::Rendering::Text => {
                let head = head(kind, (shape, name), scope.fund, &asked, call.language());
                render::text(&head, &rows, call.language())
            }
        };
        let day = |day| Some(convert::to_date(day));
        let first = |asked: &Asked| if kind.spans() { day(asked.span.0) } else { None };
        Ok(v1::GetStatementResponse {
            title_id: title.0.to_owned(),
            title_en: title.1.to_owned(),
            from: first(&now),
            through: day(now.span.1),
            compare_from: compared.as_ref().and_then(first),
            compare_through: compared.and_then(|asked| day(asked.span.1)),
            compare_position: compared.map_or(0, |asked| asked.known),
            rows: rows
                .iter()
                .map(|row| row_message(&scope.book, row, compared.is_some()))
                .collect(),
            rendered,
            read_point: Some(point),
        })
    }
}

/// The business day of what was read.
fn today(point: &v1::ReadPoint) -> Checked<Day> {
    convert::optional_day(point.business_day.as_ref(), "through")?.ok_or_else(damaged)
}

/// What stands above a printed statement.
fn head(
    kind: Kind,
    (shape, name): (Shape, String),
    fund: Option<Fund>,
    asked: &[Asked],
    language: Language,
) -> Head {
    let day = |day| format_day(day, language);
    let column = |Asked { span: (from, through), .. }: &Asked| match kind.spans() {
        true => format!("{} - {}", day(*from), day(*through)),
        false => day(*through),
    };
    let fund = match (fund, language) {
        (Some(fund), Language::Indonesian) => format!("Dana {}", fund_title(fund)),
        (Some(fund), Language::English) => format!("Fund {}", fund_title(fund)),
        (None, Language::Indonesian) => "Semua dana".to_owned(),
        (None, Language::English) => "All funds".to_owned(),
    };
    let mut positions: Vec<String> = asked.iter().map(|asked| asked.known.to_string()).collect();
    positions.dedup();
    let positions = positions.join(", ");
    let point = match language {
        Language::Indonesian => format!("Menurut jurnal sampai posisi {positions}"),
        Language::English => format!("As known at journal position {positions}"),
    };
    let title = render::words(kind.title(shape), language).to_owned();
    Head { title, lines: vec![name, fund, point], columns: asked.iter().map(column).collect() }
}

fn fund_title(fund: Fund) -> &'static str {
    fund.as_str_name().trim_start_matches("FUND_")
}

fn row_message(book: &Id, row: &statement::Row, compared: bool) -> v1::StatementRow {
    let (style, filled) = match row.style {
        Style::Heading => (v1::RowStyle::Heading, false),
        Style::Line => (v1::RowStyle::Line, true),
        Style::Subtotal => (v1::RowStyle::Subtotal, true),
        Style::Total => (v1::RowStyle::Total, true),
    };
    let event = row.event.map(|event| event.as_str_name().trim_start_matches("EVENT_"));
    let money = |shown: bool, amount| shown.then(|| convert::to_money(amount));
    v1::StatementRow {
        style: style as i32,
        title_id: row.title.0.to_owned(),
        title_en: row.title.1.to_owned(),
        code: row.code.map(Code::number).unwrap_or_default(),
        event: event.unwrap_or_default().to_owned(),
        amount: money(filled, row.amounts.now),
        compared: money(filled && compared, row.amounts.earlier),
        accounts: row.controls.iter().map(|control| control_name(book, control)).collect(),
    }
}

fn control_name(book: &Id, control: &Control) -> String {
    format!("{}/accounts/{control}", convert::book_name(book))
}

/// Reads what a statement is made of and builds it. `asked` has one span or two.
async fn rows(
    snapshot: &mut Snapshot,
    scope: &Scope,
    (kind, shape): (Kind, Shape),
    asked: &[Asked],
) -> Checked<Vec<statement::Row>> {
    let mut closing = Vec::new();
    let mut opening = Vec::new();
    for Asked { span: (from, through), known } in asked {
        closing.push(scope.totals(snapshot, *through, *known).await?);
        if kind.spans() {
            opening.push(scope.totals(snapshot, eve(*from), *known).await?);
        }
    }
    let (opening, closing) = (columns(opening), columns(closing));
    let rows = match kind {
        Kind::BalanceSheet => statement::balance_sheet(shape, &closing)?,
        Kind::TrialBalance => statement::trial_balance(&closing)?,
        Kind::Income => {
            let year_ends = year_ends(snapshot, scope, asked, &closing).await?;
            let movements = movements(&opening, &closing, &year_ends)?;
            statement::income_statement(shape, &movements)?
        }
        Kind::IndirectCashFlow => {
            let year_ends = year_ends(snapshot, scope, asked, &closing).await?;
            let movements = movements(&opening, &closing, &year_ends)?;
            statement::indirect_cash_flow(&movements, &opening, &closing)?
        }
        Kind::CashFlow => {
            let mut flows = [CashFlows::default(), CashFlows::default()];
            let touched = [&closing.now, &closing.earlier];
            for ((flows, asked), totals) in flows.iter_mut().zip(asked).zip(touched) {
                cash_flows(snapshot, totals, *asked, flows).await?;
            }
            statement::cash_flow([&flows[0], &flows[1]], &opening, &closing)?
        }
        Kind::EquityChanges => {
            let wanted = |code: Code| code.line().class == Class::Equity;
            let changes = changes(snapshot, &closing, asked, wanted).await?;
            let year_ends = year_ends(snapshot, scope, asked, &closing).await?;
            let changes = [&changes[0], &changes[1]];
            statement::equity_changes(changes, &opening, &closing, &year_ends)?
        }
        Kind::Notes => {
            let wanted = |code: Code| !code.is_money() && !is_result(code);
            let changes = changes(snapshot, &closing, asked, wanted).await?;
            let year_ends = year_ends(snapshot, scope, asked, &closing).await?;
            let movements = movements(&opening, &closing, &year_ends)?;
            let changes = [&changes[0], &changes[1]];
            statement::notes(shape, changes, &movements, &opening, &closing)?
        }
    };
    Ok(rows)
}

fn columns(totals: Vec<Totals>) -> Columns {
    let mut totals = totals.into_iter();
    let now = totals.next().unwrap_or_default();
    Columns { now, earlier: totals.next().unwrap_or_default() }
}

/// How all accounts changed between both ends, but for what closed years.
fn movements(opening: &Columns, closing: &Columns, year_ends: &Columns) -> Checked<Columns> {
    let between = |opening: &Totals, closing: &Totals, year_ends: &Totals| -> Checked<Totals> {
        let change = |(control, end): (&Control, &Sen)| {
            let start = opening.get(control).copied().unwrap_or_default();
            let closed = year_ends.get(control).copied().unwrap_or_default();
            Ok((control.clone(), end.minus(start)?.minus(closed)?))
        };
        closing.iter().map(change).collect()
    };
    Ok(Columns {
        now: between(&opening.now, &closing.now, &year_ends.now)?,
        earlier: between(&opening.earlier, &closing.earlier, &year_ends.earlier)?,
    })
}

/// What closed the years that end in each span, and opened them again, by account.
///
/// Cost: a row for each entity and year, and the records it names.
async fn year_ends(
    snapshot: &mut Snapshot,
    scope: &Scope,
    asked: &[Asked],
    closing: &Columns,
) -> Checked<Columns> {
    let mut found = Vec::with_capacity(asked.len());
    for (Asked { span, known }, touched) in asked.iter().zip([&closing.now, &closing.earlier]) {
        let entities: BTreeSet<&Entity> =
            touched.keys().map(|control| &control.ledger.entity).collect();
        let mut totals = Totals::new();
        for entity in entities {
            for year in span.0.ymd().0..=span.1.ymd().0 {
                if (span.0..=span.1).contains(&year_end(year)) {
                    add_year_end(snapshot, scope, (entity, year), *known, &mut totals).await?;
                }
            }
        }
        found.push(totals);
    }
    Ok(columns(found))
}

async fn add_year_end(
    snapshot: &mut Snapshot,
    scope: &Scope,
    (entity, year): (&Entity, i32),
    known: u64,
    totals: &mut Totals,
) -> Checked<()> {
    let positions = match snapshot.row(&year_name(entity, year)).await?.map(|found| found.row) {
        Some(Row::YearResult(row)) => row.positions,
        Some(_) => return Err(damaged()),
        None => return Ok(()),
    };
    let positions: Vec<u64> = positions.into_iter().filter(|at| *at <= known).collect();
    for record in snapshot.records(&positions).await? {
        let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
        for entry in &effect.entries {
            let control = entry.account.control();
            if scope.fund.is_none_or(|fund| control.ledger.fund.get() == fund) {
                let total = totals.entry(control).or_default();
                *total = total.plus(entry.amount)?;
            }
        }
    }
    Ok(())
}

/// Adds the flows of a span, record by record; `totals` name the accounts that were ever touched.
///
/// Cost: the span's entries on money accounts, a chunk in memory at a time.
async fn cash_flows(
    snapshot: &mut Snapshot,
    totals: &Totals,
    Asked { span, known }: Asked,
    flows: &mut CashFlows,
) -> Checked<()> {
    let ledgers: BTreeSet<&Ledger> = totals.keys().map(|control| &control.ledger).collect();
    for ledger in ledgers {
        let of = totals.keys().filter(|control| control.ledger == *ledger);
        let mut accounts = Vec::new();
        for control in of.filter(|control| control.code.is_money()) {
            accounts.extend(accounts_of(snapshot, control, known).await?);
        }
        for (at, account) in accounts.iter().enumerate() {
            // A record that touched an earlier one of these accounts has been counted there.
            let before = accounts.get(..at).unwrap_or_default();
            let mut lines = Lines::new(account, span, known);
            let mut last = 0;
            while let Some(chunk) = lines.next(snapshot).await? {
                for (_, record) in chunk {
                    // A record that fills more than a chunk comes in parts.
                    if std::mem::replace(&mut last, record.position) == record.position {
                        continue;
                    }
                    let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
                    let entries = &effect.entries;
                    if !entries.iter().any(|entry| before.contains(&entry.account)) {
                        flows.add(ledger, entries)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The changes of the accounts of some codes in each span, entry by entry.
///
/// Cost: the span's entries on those accounts, and two descents per such account.
async fn changes(
    snapshot: &mut Snapshot,
    closing: &Columns,
    asked: &[Asked],
    wanted: impl Fn(Code) -> bool,
) -> Checked<[Changes; 2]> {
    let mut found = [Changes::default(), Changes::default()];
    let touched = [&closing.now, &closing.earlier];
    for ((changes, asked), totals) in found.iter_mut().zip(asked).zip(touched) {
        let Asked { span, known } = *asked;
        for control in totals.keys().filter(|control| wanted(control.code)) {
            for account in accounts_of(snapshot, control, known).await? {
                let mut lines = Lines::new(&account, span, known);
                while let Some(chunk) = lines.next(snapshot).await? {
                    for (amount, record) in chunk {
                        changes.add(control.clone(), record.event, amount)?;
                    }
                }
            }
        }
    }
    Ok(found)
}

/// All accounts of a control account that were ever used.
pub(super) async fn accounts_of(
    snapshot: &mut Snapshot,
    control: &Control,
    known: u64,
) -> Checked<Vec<Account>> {
    let as_of = AsOf { effective: None, position: Some(known) };
    let mut accounts: Vec<Account> = Vec::new();
    loop {
        let after = accounts.last().cloned();
        let page = snapshot.accounts(&control.to_string(), after.as_ref(), CHUNK, as_of).await?;
        let last = page.len() < CHUNK as usize;
        accounts.extend(page.into_iter().map(|(account, _)| account));
        if last {
            return Ok(accounts);
        }
    }
}

/// The records of an account in a span, a chunk at a time, each once, with what they moved on it.
pub(super) struct Lines<'a> {
    account: &'a Account,
    span: Days,
    known: u64,
    after: Option<(u64, u32)>,
    ended: bool,
}

impl Lines<'_> {
    pub(super) const fn new(account: &Account, span: Days, known: u64) -> Lines<'_> {
        Lines { account, span, known, after: None, ended: false }
    }

    pub(super) async fn next(
        &mut self,
        snapshot: &mut Snapshot,
    ) -> Checked<Option<Vec<(Sen, Record)>>> {
        if self.ended {
            return Ok(None);
        }
        let span = Span::Days(self.span.0, self.span.1);
        let order = Order::OldestFirst;
        let known = Some(self.known);
        let mut lines =
            snapshot.statement(self.account, span, known, order, self.after, CHUNK).await?;
        self.ended = lines.len() < CHUNK as usize;
        if !self.ended {
            keep_whole_records(&mut lines);
        }
        self.after = lines.last().map(|line| (line.position, line.leg));
        let mut moved: Vec<(u64, Sen)> = Vec::new();
        for line in &lines {
            match moved.last_mut() {
                Some((position, sum)) if *position == line.position => {
                    *sum = sum.plus(line.amount)?;
                }
                _ => moved.push((line.position, line.amount)),
            }
        }
        let positions: Vec<u64> = moved.iter().map(|(position, _)| *position).collect();
        let records = snapshot.records(&positions).await?;
        if records.len() != moved.len() {
            return Err(damaged());
        }
        Ok(Some(moved.into_iter().map(|(_, sum)| sum).zip(records).collect()))
    }
}

/// Leaves the last record of a chunk to the next one if it may go on there. A record has fewer
/// entries than a chunk has lines.
fn keep_whole_records(lines: &mut Vec<Line>) {
    let last = lines.last().map(|line| line.position);
    let first = lines.first().map(|line| line.position);
    if first != last {
        lines.retain(|line| Some(line.position) != last);
    }
}
