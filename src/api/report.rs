//! Statements and the general ledger, read in one snapshot and built by [`report`](crate::report).

use std::collections::{BTreeMap, BTreeSet};

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Page, damaged, service};
use crate::api::errors::{Fault, Problem};
use crate::api::google_type;
use crate::api::ledger::{describe, known, ledger_lines, natural, read_point};
use crate::api::v1;
use crate::domain::account::{Account, Control, Ledger, Subject};
use crate::domain::chart::{Class, Code, fund_allowed};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::lot::account_of;
use crate::domain::money::Sen;
use crate::domain::record::proto::{Fund, LotKind};
use crate::domain::record::{Outcome, Record, Row};
use crate::domain::refusal::Language;
use crate::locale::date::format_day;
use crate::report::ReportError;
use crate::report::flow::{CashFlows, EquityChanges};
use crate::report::render::{self, Head};
use crate::report::statement::{self, Columns, Kind, Shape, Style, Totals};
use crate::storage::read::{AsOf, Line, Order, RegisterRow, Snapshot, Span};

/// How many lines of an account are read at a time.
const CHUNK: u32 = 500;

service! {
    report_service_server::ReportService {
        get_statement: GetStatementRequest => GetStatementResponse;
        get_general_ledger: GetGeneralLedgerRequest => GetGeneralLedgerResponse;
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

// ---- statements -------------------------------------------------------------------------------

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

    /// The span compared with, if any.
    fn compared(&self, kind: Kind) -> Checked<Option<Days>> {
        let field = "compare_through";
        let Some(through) = convert::optional_day(self.compare_through.as_ref(), field)? else {
            return match self.compare_from {
                Some(_) => Err(Fault::Required.on(field)),
                None => Ok(None),
            };
        };
        if kind.spans() {
            days(self.compare_from.as_ref(), through, ("compare_from", field)).map(Some)
        } else {
            Ok(Some((through, through)))
        }
    }
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
        let now = self.days(kind, today(&point)?)?;
        let (shape, name) = scope.shape(call, &mut snapshot).await?;
        let mut asked = vec![now];
        asked.extend(compared);
        let rows = rows(&mut snapshot, &scope, (kind, shape), &asked, point.position).await?;
        let title = kind.title(shape);
        let rendered = match rendering {
            v1::Rendering::Unspecified => String::new(),
            v1::Rendering::Csv => render::csv(&rows, compared.is_some(), call.language()),
            v1::Rendering::Text => {
                let head = head(kind, (shape, name), scope.fund, &asked, &point, call.language());
                render::text(&head, &rows, call.language())
            }
        };
        let day = |day| Some(convert::to_date(day));
        let first = |span: &Days| if kind.spans() { day(span.0) } else { None };
        Ok(v1::GetStatementResponse {
            title_id: title.0.to_owned(),
            title_en: title.1.to_owned(),
            from: first(&now),
            through: day(now.1),
            compare_from: compared.as_ref().and_then(first),
            compare_through: compared.and_then(|span| day(span.1)),
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
    asked: &[Days],
    point: &v1::ReadPoint,
    language: Language,
) -> Head {
    let day = |day| format_day(day, language);
    let column = |(from, through): &Days| match kind.spans() {
        true => format!("{} - {}", day(*from), day(*through)),
        false => day(*through),
    };
    let fund = match (fund, language) {
        (Some(fund), Language::Indonesian) => format!("Dana {}", fund_title(fund)),
        (Some(fund), Language::English) => format!("Fund {}", fund_title(fund)),
        (None, Language::Indonesian) => "Semua dana".to_owned(),
        (None, Language::English) => "All funds".to_owned(),
    };
    let point = match language {
        Language::Indonesian => format!("Menurut jurnal sampai posisi {}", point.position),
        Language::English => format!("As known at journal position {}", point.position),
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
    asked: &[Days],
    known: u64,
) -> Checked<Vec<statement::Row>> {
    let mut closing = Vec::new();
    let mut opening = Vec::new();
    for (from, through) in asked {
        closing.push(scope.totals(snapshot, *through, known).await?);
        if kind.spans() {
            opening.push(scope.totals(snapshot, eve(*from), known).await?);
        }
    }
    let (opening, closing) = (columns(opening), columns(closing));
    let rows = match kind {
        Kind::BalanceSheet => statement::balance_sheet(shape, &closing)?,
        Kind::TrialBalance => statement::trial_balance(&closing)?,
        Kind::Income => statement::income_statement(shape, &movements(&opening, &closing)?)?,
        Kind::IndirectCashFlow => {
            let movements = movements(&opening, &closing)?;
            statement::indirect_cash_flow(&movements, &opening, &closing)?
        }
        Kind::CashFlow => {
            let mut flows = [CashFlows::default(), CashFlows::default()];
            let touched = [&closing.now, &closing.earlier];
            for ((flows, span), totals) in flows.iter_mut().zip(asked).zip(touched) {
                cash_flows(snapshot, totals, *span, known, flows).await?;
            }
            statement::cash_flow([&flows[0], &flows[1]], &opening, &closing)?
        }
        Kind::EquityChanges => {
            let mut changes = [EquityChanges::default(), EquityChanges::default()];
            let touched = [&closing.now, &closing.earlier];
            for ((changes, span), totals) in changes.iter_mut().zip(asked).zip(touched) {
                equity_changes(snapshot, totals, *span, known, changes).await?;
            }
            statement::equity_changes([&changes[0], &changes[1]], &opening, &closing)?
        }
    };
    Ok(rows)
}

fn columns(totals: Vec<Totals>) -> Columns {
    let mut totals = totals.into_iter();
    let now = totals.next().unwrap_or_default();
    Columns { now, earlier: totals.next().unwrap_or_default() }
}

/// How all accounts changed between both ends.
fn movements(opening: &Columns, closing: &Columns) -> Checked<Columns> {
    let between = |opening: &Totals, closing: &Totals| -> Checked<Totals> {
        let change = |(control, end): (&Control, &Sen)| {
            let start = opening.get(control).copied().unwrap_or_default();
            Ok((control.clone(), end.minus(start)?))
        };
        closing.iter().map(change).collect()
    };
    Ok(Columns {
        now: between(&opening.now, &closing.now)?,
        earlier: between(&opening.earlier, &closing.earlier)?,
    })
}

/// Adds the flows of a span, record by record; `totals` name the accounts that were ever touched.
///
/// Cost: the span's entries on money accounts, a chunk in memory at a time.
async fn cash_flows(
    snapshot: &mut Snapshot,
    totals: &Totals,
    span: Days,
    known: u64,
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

/// Adds the changes of equity in a span, entry by entry.
///
/// Cost: the span's entries on equity accounts, and two descents per such account.
async fn equity_changes(
    snapshot: &mut Snapshot,
    totals: &Totals,
    span: Days,
    known: u64,
    changes: &mut EquityChanges,
) -> Checked<()> {
    for control in totals.keys().filter(|control| control.code.line().class == Class::Equity) {
        for account in accounts_of(snapshot, control, known).await? {
            let mut lines = Lines::new(&account, span, known);
            while let Some(chunk) = lines.next(snapshot).await? {
                for (amount, record) in chunk {
                    changes.add(control.clone(), record.event, amount)?;
                }
            }
        }
    }
    Ok(())
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

// ---- the general ledger -----------------------------------------------------------------------

/// Where a page of a general ledger begins: in an account, or behind one.
struct Bookmark {
    known: u64,
    account: Option<Account>,
    /// The last line before the page and the balance after it; none behind an account.
    line: Option<((u64, u32), Sen)>,
}

impl Bookmark {
    fn resumed(token: &str, prefix: &str) -> Checked<Option<Bookmark>> {
        let text = convert::page_token(token)?;
        if text.is_empty() {
            return Ok(None);
        }
        let parts: Vec<&str> = text.split(' ').collect();
        let mark = Bookmark::parsed(&parts).filter(|mark| {
            let account = mark.account.as_ref().map(ToString::to_string);
            account.is_some_and(|account| account.starts_with(prefix))
        });
        mark.map(Some).ok_or_else(|| Fault::PageToken.on("page_token"))
    }

    fn parsed(parts: &[&str]) -> Option<Bookmark> {
        let [known, account, rest @ ..] = parts else { return None };
        let line = match rest {
            [] => None,
            [position, leg, balance] => {
                let at = (position.parse().ok()?, leg.parse().ok()?);
                Some((at, Sen::new(balance.parse().ok()?)))
            }
            _ => return None,
        };
        let account = Some(Account::parse(account)?);
        Some(Bookmark { known: known.parse().ok()?, account, line })
    }

    fn token(&self) -> String {
        let account = self.account.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = match self.line {
            None => format!("{} {account}", self.known),
            Some(((position, leg), balance)) => {
                format!("{} {account} {position} {leg} {}", self.known, balance.get())
            }
        };
        convert::to_page_token(&text)
    }
}

impl v1::GetGeneralLedgerRequest {
    fn prefix(&self, entity: &Entity) -> Checked<String> {
        let fund: Fund = convert::open_choice(self.fund, "fund")?;
        let fund = (fund != Fund::Unspecified).then_some(fund);
        check_fund(Some(entity), fund)?;
        let code = (self.code != 0).then_some(self.code);
        if let Some(number) = code {
            Code::from_number(number).ok_or_else(|| Fault::AccountMalformed.on("code"))?;
            if fund.is_none() {
                return Err(Fault::Required.on("fund"));
            }
        }
        Ok(convert::account_prefix(entity, fund, code))
    }
}

/// One account on a page, with the lines that stand on it.
struct Part {
    account: Account,
    opening: Sen,
    lines: Vec<Line>,
    continues: bool,
}

impl Method for v1::GetGeneralLedgerRequest {
    type Response = v1::GetGeneralLedgerResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let prefix = self.prefix(&entity)?;
        let page = convert::page_size(self.page_size)? as usize;
        let resumed = Bookmark::resumed(&self.page_token, &prefix)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let position = match &resumed {
            Some(mark) => Some(mark.known.min(snapshot.head().size)),
            None => known(&snapshot, self.as_known_at)?,
        };
        let point = read_point(&mut snapshot, position).await?;
        let through = convert::optional_day(self.through.as_ref(), "through")?;
        let through = through.map_or_else(|| today(&point), Ok)?;
        let span = days(self.from.as_ref(), through, ("from", "through"))?;
        let mark = resumed.unwrap_or(Bookmark { known: point.position, account: None, line: None });
        let (parts, next) = general_ledger(&mut snapshot, &prefix, span, mark, page).await?;
        let mut accounts = Vec::with_capacity(parts.len());
        for part in parts {
            accounts.push(part_message(call, &mut snapshot, &book, part).await?);
        }
        let next_page_token = next.map(|mark| mark.token()).unwrap_or_default();
        Ok(v1::GetGeneralLedgerResponse { accounts, next_page_token, read_point: Some(point) })
    }
}

/// A page of accounts with their lines, and where the next one begins.
async fn general_ledger(
    snapshot: &mut Snapshot,
    prefix: &str,
    span: Days,
    mut mark: Bookmark,
    page: usize,
) -> Checked<(Vec<Part>, Option<Bookmark>)> {
    let mut parts: Vec<Part> = Vec::new();
    let mut room = page;
    while let Some(account) = next_account(snapshot, prefix, &mark).await? {
        let part = part(snapshot, account, span, &mark, room).await?;
        let line = part.lines.last().filter(|_| part.continues);
        let line = line.map(|line| ((line.position, line.leg), line.balance));
        mark = Bookmark { known: mark.known, account: Some(part.account.clone()), line };
        let idle = part.opening.is_zero() && part.lines.is_empty();
        if !idle {
            room = room.saturating_sub(part.lines.len().max(1));
            parts.push(part);
        }
        if room == 0 {
            return Ok((parts, Some(mark)));
        }
    }
    Ok((parts, None))
}

/// The account a mark stands in, or the one behind it.
async fn next_account(
    snapshot: &mut Snapshot,
    prefix: &str,
    mark: &Bookmark,
) -> Checked<Option<Account>> {
    if mark.line.is_some() {
        return Ok(mark.account.clone());
    }
    let as_of = AsOf { effective: None, position: Some(mark.known) };
    let found = snapshot.accounts(prefix, mark.account.as_ref(), 1, as_of).await?;
    Ok(found.into_iter().next().map(|(account, _)| account))
}

/// At most `room` lines of an account, each with the balance after it in order of the ledger.
async fn part(
    snapshot: &mut Snapshot,
    account: Account,
    span: Days,
    mark: &Bookmark,
    room: usize,
) -> Checked<Part> {
    let opening = match mark.line {
        Some((_, balance)) => balance,
        None => {
            let as_of = AsOf { effective: Some(eve(span.0)), position: Some(mark.known) };
            snapshot.balance(&account, as_of).await?
        }
    };
    let after = mark.line.map(|(at, _)| at);
    let limit = u32::try_from(room).unwrap_or(CHUNK).saturating_add(1);
    let days = Span::Days(span.0, span.1);
    let known = Some(mark.known);
    let mut lines =
        snapshot.statement(&account, days, known, Order::OldestFirst, after, limit).await?;
    let continues = lines.len() > room;
    lines.truncate(room);
    let mut balance = opening;
    for line in &mut lines {
        balance = balance.plus(line.amount)?;
        line.balance = balance;
    }
    Ok(Part { account, opening, lines, continues })
}

async fn part_message(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    book: &Id,
    part: Part,
) -> Checked<v1::GeneralLedgerAccount> {
    let code = part.account.code;
    let closing = part.lines.last().map_or(part.opening, |line| line.balance);
    let account = Some(describe(book, &part.account));
    let lines: Vec<(Account, Line)> =
        part.lines.into_iter().map(|line| (part.account.clone(), line)).collect();
    Ok(v1::GeneralLedgerAccount {
        account,
        opening: Some(convert::to_money(natural(code, part.opening)?)),
        lines: ledger_lines(call, snapshot, book, &lines).await?,
        closing: Some(convert::to_money(natural(code, closing)?)),
        continues: part.continues,
    })
}

// ---- the books of the guidelines --------------------------------------------------------------

const MEETINGS: &str = "/simpul.v1.MeetingService/ListMeetings";
const CASH_BOOK: &str = "/simpul.v1.LedgerService/GetCashBook";

/// The books that the guidelines ask of a group: Indonesian and English name, the methods that
/// answer it, and the fund it is about. No method: kept on paper.
const GROUP_BOOKS: &[(&str, &str, &[&str], Fund)] = &[
    (
        "Daftar pengurus dan anggota",
        "List of officers and members",
        &["/simpul.v1.GroupService/GetGroup", "/simpul.v1.MemberService/ListMembers"],
        Fund::Unspecified,
    ),
    (
        "Buku tamu",
        "Guest book (numbers of guests per meeting)",
        &["/simpul.v1.ReportService/GetAttendance"],
        Fund::Unspecified,
    ),
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
    ("Buku surat masuk dan keluar", "Letters in and out", &[], Fund::Unspecified),
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

impl Method for v1::ListInventoryRequest {
    type Response = v1::ListInventoryResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let kind: LotKind = convert::open_choice(self.kind, "kind")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let parent = format!("{}/lots", entity.path());
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let mut lines = Vec::new();
        for found in &rows {
            let Row::Lot(row) = &found.row else { return Err(damaged()) };
            let held = row.quantity_in_milli - row.quantity_out_milli;
            let wanted = kind == LotKind::Unspecified || row.kind() == kind;
            if wanted && (held != 0 || !self.skip_empty) {
                lines.push(inventory_line(&mut snapshot, &book, &entity, found).await?);
            }
        }
        let read_point = Some(read_point(&mut snapshot, None).await?);
        Ok(v1::ListInventoryResponse { lines, next_page_token, read_point })
    }
}

async fn inventory_line(
    snapshot: &mut Snapshot,
    book: &Id,
    entity: &Entity,
    found: &RegisterRow,
) -> Checked<v1::InventoryLine> {
    let Row::Lot(row) = &found.row else { return Err(damaged()) };
    let lot = Id::new(&found.id).ok_or_else(damaged)?;
    let ledger = Ledger::new(entity.clone(), row.fund());
    let account = account_of(&ledger, &lot, row.kind());
    let worn = ledger.account_of(Code::AccumulatedDepreciation, Subject::id(&lot));
    let worn = snapshot.balance(&worn, AsOf::default()).await?;
    let cost = Sen::new(row.cost_in).minus(Sen::new(row.cost_out))?;
    Ok(v1::InventoryLine {
        lot: format!("{}/lots/{lot}", convert::entity_name(book, entity)),
        kind: row.kind,
        label: row.label.clone(),
        unit: row.unit.clone(),
        fund: row.fund,
        quantity: Some(convert::to_quantity(row.quantity_in_milli - row.quantity_out_milli)),
        cost: Some(convert::to_money(cost)),
        depreciation: Some(convert::to_money(worn.negated()?)),
        value: Some(convert::to_money(cost.plus(worn)?)),
        born: row.born,
        account: convert::account_name(book, &account),
    })
}
