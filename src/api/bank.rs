//! A bank's statement against the ledger (catalogue event 61).
//!
//! What goes together is found here, in one snapshot; the domain ticks only what still stands when
//! it is recorded.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Opened, Plan, damaged, detailed};
use crate::api::errors::Fault;
use crate::api::ledger::{ledger_lines, read_point};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::account::{Account, Ledger};
use crate::domain::bank::{
    self, Candidate, ImportStatement, Line, Tick, Waiting, day_prefix, line_id, lines_of,
    reversals, statement_id, statements_of, tick_name,
};
use crate::domain::chart::{Code, fund_allowed};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{BankLine, BankStatement, EvidenceKind};
use crate::domain::record::{Effect, Event, Outcome, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::storage::read::{self, AsOf, Order, Snapshot, Span};

/// The most lines of one request: a record holds no more.
const MOST_LINES: usize = 300;
/// The most entries, or known lines, of a span.
const MOST: usize = 2_000;
/// The widest window in days.
const WIDEST: u32 = 31;
/// The bank's words, in characters.
const TEXT: usize = 200;
/// How many rows or entries are read at a time.
const CHUNK: u32 = 500;

/// A bank account and a span of days.
struct Scope {
    book: Id,
    ledger: Ledger,
    from: Day,
    through: Day,
}

impl Scope {
    fn new(
        entity: &str,
        fund: i32,
        from: Option<&crate::api::google_type::Date>,
        through: Option<&crate::api::google_type::Date>,
    ) -> Checked<Scope> {
        let (book, entity) = convert::entity(entity, "entity")?;
        let ledger = convert::ledger(&entity, fund, "fund")?;
        if !fund_allowed(&entity, ledger.fund.get()) {
            let name = crate::domain::chart::fund_name(ledger.fund.get());
            return Err(Refusal::new(Reason::FundNotAllowed).on("fund").with("fund", name).into());
        }
        let (from, through) = (convert::day(from, "from")?, convert::day(through, "through")?);
        if through < from {
            return Err(Fault::SpanMalformed.on("through"));
        }
        Ok(Scope { book, ledger, from, through })
    }

    fn account(&self) -> Account {
        self.ledger.account(Code::Bank)
    }

    fn entity(&self) -> &Entity {
        &self.ledger.entity
    }
}

impl v1::ImportBankStatementRequest {
    fn scope(&self) -> Checked<Scope> {
        Scope::new(&self.entity, self.fund, self.from.as_ref(), self.through.as_ref())
    }

    /// The plan, with what was found to go together.
    fn planned(&self, ticks: Vec<Tick>) -> Checked<Plan> {
        let Scope { book, ledger, from, through } = self.scope()?;
        if self.window_days > WIDEST {
            return Err(Fault::NumberOutOfRange.on("window_days"));
        }
        convert::at_most(&self.lines, MOST_LINES, "lines")?;
        let mut lines = lines(&self.lines, from, through)?;
        let balances = balances(&self.lines)?;
        let owner = ledger.entity.path();
        Ok(Plan::sealed(book, owner, move |commitments| {
            for (line, text) in lines.iter_mut().zip(commitments) {
                line.text = text;
            }
            ImportStatement { ledger, from, through, balances, lines, ticks }
        }))
    }
}

impl Mutation for v1::ImportBankStatementRequest {
    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        self.lines.iter_mut().map(|line| &mut line.text).collect()
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let held = |reference: &str| {
            effect.rows.iter().find_map(|(_, row)| match row {
                Row::BankLine(line) if line.reference == reference => Some(line.text.clone()),
                _ => None,
            })
        };
        self.lines.iter().map(|line| held(&line.reference).unwrap_or_default()).collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        for (index, text) in texts.iter().enumerate() {
            convert::line(text, TEXT, &format!("lines[{index}].text"))?;
        }
        self.planned(Vec::new())
    }
}

/// The lines as the ledger takes them, without the bank's words.
fn lines(lines: &[v1::BankLine], from: Day, through: Day) -> Checked<Vec<Line>> {
    let mut seen = BTreeSet::new();
    let mut last = from;
    let mut read = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let at = |field: &str| format!("lines[{index}].{field}");
        let reference = reference(&line.reference, &at("reference"))?;
        if !seen.insert(reference.clone()) {
            return Err(Fault::LineRepeated.on(&at("reference")));
        }
        let booked_on = convert::day(line.date.as_ref(), &at("date"))?;
        if booked_on < from || through < booked_on {
            return Err(Fault::LineOutsideSpan.on(&at("date")));
        }
        if booked_on < last {
            return Err(Fault::LinesUnordered.on(&at("date")));
        }
        last = booked_on;
        let amount = movement(line, index)?;
        read.push(Line { reference, booked_on, amount, text: Vec::new() });
    }
    Ok(read)
}

fn reference(text: &str, field: &str) -> Checked<String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    let ok = (1..=40).contains(&text.len()) && text.bytes().all(legal);
    let fault = if text.is_empty() { Fault::Required } else { Fault::LineReferenceMalformed };
    if ok { Ok(text.to_owned()) } else { Err(fault.on(field)) }
}

/// What moved: positive came in.
fn movement(line: &v1::BankLine, index: usize) -> Checked<Sen> {
    use v1::bank_line::Movement;
    let at = |field: &str| format!("lines[{index}].{field}");
    match &line.movement {
        None => Err(Fault::Required.on(&at("movement"))),
        Some(Movement::MoneyIn(money)) => convert::money(Some(money), &at("money_in")),
        Some(Movement::MoneyOut(money)) => {
            Ok(convert::money(Some(money), &at("money_out"))?.negated()?)
        }
    }
}

/// The bank's balances before the first and after the last line. Known if every line states its
/// own; each must follow from the one before.
fn balances(lines: &[v1::BankLine]) -> Checked<Option<(Sen, Sen)>> {
    let mut ends: Option<(Sen, Sen)> = None;
    for (index, line) in lines.iter().enumerate() {
        let field = format!("lines[{index}].balance");
        let Some(balance) = &line.balance else {
            return if ends.is_none() { Ok(None) } else { Err(Fault::Required.on(&field)) };
        };
        let balance = convert::signed_money(balance, &field)?;
        let before = balance.minus(movement(line, index)?)?;
        ends = match ends {
            None => Some((before, balance)),
            Some((opening, last)) if last == before => Some((opening, balance)),
            Some(_) => return Err(Fault::BalanceBroken.on(&field)),
        };
    }
    Ok(ends)
}

impl Method for v1::ImportBankStatementRequest {
    type Response = v1::ImportBankStatementResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let scope = self.scope()?;
        // What is malformed is refused before anything is looked for.
        self.planned(Vec::new())?;
        let brought = lines(&self.lines, scope.from, scope.through)?;
        let ticks = find(call, &scope, &brought, self.window_days).await?;
        let plan = self.planned(ticks)?;
        let done = call.submit_as(self, plan).await?;
        let mut snapshot = call.snapshot(&scope.book, "entity").await?;
        let effect = done.effect()?;
        let new: BTreeSet<&str> = effect.rows.iter().filter_map(new_tick).collect();
        let ticked = effect.rows.iter().filter_map(|(name, row)| match row {
            Row::BankLine(line) if new.contains(name.id.as_str()) => Some(line),
            _ => None,
        });
        let ticked: Vec<&BankLine> = ticked.collect();
        let texts = ticked.iter().map(|line| &line.text);
        let opened = call.open(&mut snapshot, &scope.book, texts).await?;
        let ticked = ticked.iter().map(|line| shown(&scope.book, line, &opened)).collect();
        Ok(v1::ImportBankStatementResponse { transaction: Some(done.transaction(call)), ticked })
    }
}

fn new_tick((_, row): &(RowName, Row)) -> Option<&str> {
    match row {
        Row::BankTick(tick) => Some(&tick.line),
        _ => None,
    }
}

/// An entry of the bank account.
struct Found {
    line: read::Line,
    record: usize,
    /// The line it is ticked against, by its id; empty if none.
    ticked: String,
}

/// The entries of a span and their records.
struct Entries {
    found: Vec<Found>,
    records: Vec<Record>,
}

/// Which lines, brought or known, go with which entries.
async fn find(
    call: &Call<'_>,
    scope: &Scope,
    brought: &[Line],
    window_days: u32,
) -> Checked<Vec<Tick>> {
    let mut snapshot = call.snapshot_of(&scope.book, scope.entity(), "entity").await?;
    let known = known_lines(&mut snapshot, scope).await?;
    let mut waiting: BTreeMap<String, Waiting<'_>> = BTreeMap::new();
    for line in brought {
        let id = line_id(line.booked_on, &line.reference);
        if !known.contains_key(&id) {
            let Line { reference, booked_on, amount, .. } = line;
            let line = Waiting { reference, booked_on: *booked_on, amount: *amount };
            waiting.insert(id, line);
        }
    }
    for (id, line) in known.iter().filter(|(_, line)| line.position == 0) {
        let booked_on = Day::new(line.booked_on);
        let reference = &line.reference;
        let line = Waiting { reference, booked_on, amount: Sen::new(line.amount) };
        waiting.insert(id.clone(), line);
    }
    let days = i32::try_from(window_days).unwrap_or_default();
    let span = (Day::new(scope.from.get() - days), Day::new(scope.through.get() + days));
    let entries = entries(&mut snapshot, &scope.account(), span).await?;
    let mut open = Vec::new();
    for found in entries.found.iter().filter(|found| found.ticked.is_empty()) {
        let record = &entries.records[found.record];
        if !is_taken_back(&mut snapshot, record, found.line.leg).await? {
            open.push(found);
        }
    }
    let candidate = |found: &&Found| Candidate {
        effective_on: found.line.effective_on,
        amount: found.line.amount,
        names: named(&entries.records[found.record]),
    };
    let candidates: Vec<Candidate> = open.iter().map(candidate).collect();
    let (ids, lines): (Vec<String>, Vec<Waiting<'_>>) = waiting.into_iter().unzip();
    let pairs = ids.into_iter().zip(bank::matches(&lines, &candidates, window_days));
    let tick = |(line, entry): (String, Option<usize>)| {
        let found = open.get(entry?)?;
        Some(Tick { line, position: found.line.position, leg: found.line.leg })
    };
    Ok(pairs.filter_map(tick).collect())
}

/// The line of a bank's statement that a record's evidence names.
fn named(record: &Record) -> String {
    match &record.outcome {
        Outcome::Done(effect) => match &effect.evidence {
            Some(paper) if paper.kind() == EvidenceKind::BankStatement => paper.number.clone(),
            _ => String::new(),
        },
        Outcome::Refused(_) => String::new(),
    }
}

/// The known lines of a span, by id.
async fn known_lines(
    snapshot: &mut Snapshot,
    scope: &Scope,
) -> Checked<BTreeMap<String, BankLine>> {
    let parent = lines_of(&scope.ledger);
    let end = day_prefix(Day::new(scope.through.get() + 1));
    let mut lines = BTreeMap::new();
    let mut after = day_prefix(scope.from);
    loop {
        let rows = snapshot.rows(&parent, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(lines) };
        after = last.id.clone();
        for found in rows.into_iter().filter(|found| found.id < end) {
            let Row::BankLine(line) = found.row else { return Err(damaged()) };
            lines.insert(found.id, line);
        }
        if lines.len() > MOST {
            return Err(Fault::TooMany.on("through"));
        }
        if after >= end {
            return Ok(lines);
        }
    }
}

/// The entries of a span of days, with what each is ticked against.
async fn entries(
    snapshot: &mut Snapshot,
    account: &Account,
    (first, last): (Day, Day),
) -> Checked<Entries> {
    let mut lines: Vec<read::Line> = Vec::new();
    loop {
        let after = lines.last().map(|line| (line.position, line.leg));
        let (span, order) = (Span::Days(first, last), Order::OldestFirst);
        let page = snapshot.statement(account, span, None, order, after, CHUNK).await?;
        let done = page.len() < CHUNK as usize;
        lines.extend(page);
        if lines.len() > MOST {
            return Err(Fault::TooMany.on("through"));
        }
        if done {
            break;
        }
    }
    let positions: Vec<u64> = lines.iter().map(|line| line.position).collect();
    let records = snapshot.records(&positions).await?;
    let mut found = Vec::with_capacity(lines.len());
    for line in lines {
        let record = records.binary_search_by_key(&line.position, |record| record.position);
        let record = record.map_err(|_| damaged())?;
        let name = tick_name(&account.ledger, line.position, line.leg);
        let ticked = match snapshot.row(&name).await?.map(|found| found.row) {
            Some(Row::BankTick(tick)) => tick.line,
            _ => String::new(),
        };
        found.push(Found { line, record, ticked });
    }
    Ok(Entries { found, records })
}

/// Whether an entry was reversed, or is itself a reversal: the two cancel out.
async fn is_taken_back(snapshot: &mut Snapshot, record: &Record, leg: u32) -> Checked<bool> {
    let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
    if effect.reverses.is_some() {
        return Ok(true);
    }
    let index = usize::try_from(leg).map_err(|_| damaged())?;
    let entry = effect.entries.get(index).ok_or_else(damaged)?;
    let Some(request) = &record.request else { return Ok(false) };
    for name in reversals(request, entry.line) {
        if snapshot.row(&name).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn shown(book: &Id, line: &BankLine, opened: &Opened) -> v1::BankLine {
    use v1::bank_line::Movement;
    let amount = convert::to_money(Sen::new(line.amount.saturating_abs()));
    let movement = if line.amount < 0 { Movement::MoneyOut } else { Movement::MoneyIn };
    let (text, text_erased) = opened.text(Sort::Memo, &line.text);
    v1::BankLine {
        reference: line.reference.clone(),
        date: convert::to_optional_date(line.booked_on),
        movement: Some(movement(amount)),
        text,
        balance: None,
        transaction: convert::transaction_name(book, &line.request_id),
        text_erased,
    }
}

impl Method for v1::GetBankReconciliationRequest {
    type Response = v1::GetBankReconciliationResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (from, through) = (self.from.as_ref(), self.through.as_ref());
        let scope = Scope::new(&self.entity, self.fund, from, through)?;
        let account = scope.account();
        let mut snapshot = call.snapshot_of(&scope.book, scope.entity(), "entity").await?;
        let known = known_lines(&mut snapshot, &scope).await?;
        let entries = entries(&mut snapshot, &account, (scope.from, scope.through)).await?;
        let view = View::new(&mut snapshot, &scope, &entries, &known).await?;
        let waiting: Vec<&BankLine> = known.values().filter(|line| line.position == 0).collect();
        let texts = waiting.iter().map(|line| &line.text);
        let opened = call.open(&mut snapshot, &scope.book, texts).await?;
        let lines: Vec<_> = view.open.iter().map(|line| (account.clone(), *line)).collect();
        let entries_without_lines = ledger_lines(call, &mut snapshot, &scope.book, &lines).await?;
        let bank = view.bank.as_ref();
        let money = |sen: Sen| Some(convert::to_money(sen));
        let opening = bank.map(|bank| Sen::new(bank.opening));
        let closing = bank.map(|bank| Sen::new(bank.closing));
        let less = |bank: Option<Sen>, ledger: Sen| bank.map(|bank| bank.minus(ledger)).transpose();
        Ok(v1::GetBankReconciliationResponse {
            ticked: u32::try_from(known.len() - waiting.len()).unwrap_or(u32::MAX),
            lines_without_entries: waiting
                .iter()
                .map(|line| shown(&scope.book, line, &opened))
                .collect(),
            entries_without_lines,
            bank_opening: opening.and_then(money),
            bank_closing: closing.and_then(money),
            ledger_opening: money(view.opening),
            ledger_closing: money(view.closing),
            difference: less(closing, view.closing)?.and_then(money),
            opening_difference: less(opening, view.opening)?.and_then(money),
            across: money(view.across),
            read_point: Some(read_point(&mut snapshot, None).await?),
        })
    }
}

/// How the ledger looks beside the bank.
struct View {
    /// Entries without lines.
    open: Vec<read::Line>,
    opening: Sen,
    closing: Sen,
    across: Sen,
    bank: Option<BankStatement>,
}

impl View {
    async fn new(
        snapshot: &mut Snapshot,
        scope: &Scope,
        entries: &Entries,
        known: &BTreeMap<String, BankLine>,
    ) -> Checked<View> {
        let account = scope.account();
        let at = |day| AsOf { effective: Some(day), position: None };
        let before = Day::new(scope.from.get() - 1);
        let mut view = View {
            open: Vec::new(),
            opening: snapshot.balance(&account, at(before)).await?,
            closing: snapshot.balance(&account, at(scope.through)).await?,
            across: Sen::ZERO,
            bank: None,
        };
        let mut here = BTreeSet::new();
        let mut taken_back = (Sen::ZERO, Vec::new());
        for found in &entries.found {
            let record = &entries.records[found.record];
            here.insert((found.line.position, found.line.leg));
            if record.event == Event::OpeningBalances {
                view.opening = view.opening.plus(found.line.amount)?;
            } else if !found.ticked.is_empty() {
                if !known.contains_key(&found.ticked) {
                    view.across = view.across.minus(found.line.amount)?;
                }
            } else if is_taken_back(snapshot, record, found.line.leg).await? {
                taken_back.0 = taken_back.0.plus(found.line.amount)?;
                taken_back.1.push(found.line);
            } else {
                view.open.push(found.line);
            }
        }
        // An entry whose reversal lies outside of the span still makes a difference in it.
        if !taken_back.0.is_zero() {
            view.open.append(&mut taken_back.1);
            view.open.sort_by_key(|line| (line.position, line.leg));
        }
        for line in known.values().filter(|line| line.position != 0) {
            if !here.contains(&(line.position, line.leg)) {
                view.across = view.across.plus(Sen::new(line.amount))?;
            }
        }
        let parent = statements_of(&scope.ledger);
        let name = RowName::new(parent, statement_id(scope.from, scope.through));
        view.bank = match snapshot.row(&name).await?.map(|found| found.row) {
            Some(Row::BankStatement(row)) if row.balances_known => Some(row),
            _ => None,
        };
        Ok(view)
    }
}
