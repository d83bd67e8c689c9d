//! A bank's statement against the ledger (catalogue event 61): its lines are ticked against the
//! entries of the bank account, and nothing is posted.
//!
//! **Invariant**: a line is ticked once and an entry is ticked once, for the same amount; an entry
//! that is reversed loses its tick.

use std::collections::BTreeSet;

use crate::domain::account::Ledger;
use crate::domain::chart::{Code, fund_allowed, fund_name};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{BankLine, BankStatement, BankTick};
use crate::domain::record::{Effect, Event, Outcome, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::reversal::reversed_name;

/// The collection of an account's known lines, in order of their days.
pub fn lines_of(ledger: &Ledger) -> String {
    collection(ledger, "bank-lines")
}

/// The collection of an account's statements.
pub fn statements_of(ledger: &Ledger) -> String {
    collection(ledger, "bank-statements")
}

fn collection(ledger: &Ledger, name: &str) -> String {
    format!("{}/{name}/{}", ledger.entity.path(), fund_name(ledger.fund.get()))
}

/// The id of a line: the bank may use a reference again on another day.
pub fn line_id(booked_on: Day, reference: &str) -> String {
    format!("{}.{reference}", day_prefix(booked_on))
}

/// What the ids of a day's lines begin with.
pub fn day_prefix(day: Day) -> String {
    format!("{:06}", day.get())
}

/// The id of the statement of a span.
pub fn statement_id(from: Day, through: Day) -> String {
    format!("{}-{}", day_prefix(from), day_prefix(through))
}

/// The row that ticks an entry of an account's ledger.
pub fn tick_name(ledger: &Ledger, position: u64, leg: u32) -> RowName {
    RowName::new(collection(ledger, "bank-ticks"), format!("{position:012}-{leg:05}"))
}

/// A line that looks for its entry.
#[derive(Clone, Debug)]
pub struct Waiting<'a> {
    /// The bank's reference.
    pub reference: &'a str,
    /// The day the bank booked it.
    pub booked_on: Day,
    /// Sen; positive came in.
    pub amount: Sen,
}

/// An entry of the bank account that has no line yet.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its day in the ledger.
    pub effective_on: Day,
    /// Debit positive.
    pub amount: Sen,
    /// The line that its evidence names, empty if none.
    pub names: String,
}

/// Which entry each line goes with: the one whose evidence names the line, else the nearest in
/// days within the window; of equals the earlier. Amounts are always the same.
pub fn matches(
    lines: &[Waiting<'_>],
    entries: &[Candidate],
    window_days: u32,
) -> Vec<Option<usize>> {
    let references: BTreeSet<&str> = lines.iter().map(|line| line.reference).collect();
    let mut pairs = Vec::new();
    for (of_line, line) in lines.iter().enumerate() {
        for (of_entry, entry) in entries.iter().enumerate() {
            let days = entry.effective_on.get().abs_diff(line.booked_on.get());
            let named = entry.names == line.reference;
            let named_elsewhere = !named && references.contains(entry.names.as_str());
            let near = days <= window_days && !named_elsewhere;
            if entry.amount == line.amount && (named || near) {
                pairs.push((!named, days, of_line, of_entry));
            }
        }
    }
    pairs.sort_unstable();
    let mut found = vec![None; lines.len()];
    let mut taken = BTreeSet::new();
    for (_, _, of_line, of_entry) in pairs {
        if found[of_line].is_none() && taken.insert(of_entry) {
            found[of_line] = Some(of_entry);
        }
    }
    found
}

/// A line as the bank wrote it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The bank's reference.
    pub reference: String,
    /// The day the bank booked it.
    pub booked_on: Day,
    /// Sen; positive came in, negative went out.
    pub amount: Sen,
    /// Commitment to the bank's words, empty if none.
    pub text: Vec<u8>,
}

/// A line and the entry it is to be ticked against.
#[derive(Clone, Debug)]
pub struct Tick {
    /// The line's id.
    pub line: String,
    /// The record.
    pub position: u64,
    /// The entry within it.
    pub leg: u32,
}

/// A bank's statement is taken in and ticked (event 61).
#[derive(Clone, Debug)]
pub struct ImportStatement {
    /// Whose account, and in which fund.
    pub ledger: Ledger,
    /// The first day of the span.
    pub from: Day,
    /// The last day of the span.
    pub through: Day,
    /// The bank's balances before the first and after the last line, if it states them.
    pub balances: Option<(Sen, Sen)>,
    /// The lines, oldest first.
    pub lines: Vec<Line>,
    /// What was found to go together; a pair that holds no longer is left unticked.
    pub ticks: Vec<Tick>,
}

impl Action for ImportStatement {
    fn event(&self) -> Event {
        Event::BankReconciled
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    fn bulk(&self) -> &'static str {
        "lines"
    }

    /// Errors: `FUND_NOT_ALLOWED`, `DATE_IN_FUTURE`, `BANK_LINE_DIFFERS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let fund = self.ledger.fund.get();
        if !fund_allowed(&self.ledger.entity, fund) {
            let refusal = Refusal::new(Reason::FundNotAllowed).on("fund");
            return Err(refusal.with("fund", fund_name(fund)).into());
        }
        draft.not_future(self.through, "through")?;
        self.foresee(draft)?;
        for (index, line) in self.lines.iter().enumerate() {
            self.take_in(draft, line).map_err(|stop| stop.within("lines", index))?;
        }
        self.ticks.iter().try_for_each(|tick| self.tick(draft, tick))?;
        self.remember(draft)
    }
}

impl ImportStatement {
    fn line_name(&self, id: &str) -> RowName {
        RowName::new(lines_of(&self.ledger), id)
    }

    /// Asks for all that is needed at once, rather than in a round each.
    fn foresee(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let mut all = Ok(());
        for line in &self.lines {
            let name = self.line_name(&line_id(line.booked_on, &line.reference));
            all = all.and(draft.row(&name).map(drop));
        }
        for tick in &self.ticks {
            let entry = tick_name(&self.ledger, tick.position, tick.leg);
            for name in [self.line_name(&tick.line), entry] {
                all = all.and(draft.row(&name).map(drop));
            }
            all = all.and(self.stands(draft, tick).map(drop));
        }
        all
    }

    fn take_in(&self, draft: &mut Draft<'_>, line: &Line) -> Result<(), Stop> {
        let name = self.line_name(&line_id(line.booked_on, &line.reference));
        let row = match draft.row(&name)? {
            Some(Row::BankLine(row)) if row.amount != line.amount.get() => {
                let refusal = Refusal::new(Reason::BankLineDiffers).on("movement");
                let refusal = refusal.with("reference", &line.reference);
                let refusal = refusal.with("date", line.booked_on);
                return Err(refusal.with("held", row.amount).into());
            }
            Some(Row::BankLine(row)) => BankLine { text: line.text.clone(), ..row },
            _ => BankLine {
                reference: line.reference.clone(),
                booked_on: line.booked_on.get(),
                amount: line.amount.get(),
                text: line.text.clone(),
                ..BankLine::default()
            },
        };
        draft.put(name, Row::BankLine(row));
        Ok(())
    }

    fn tick(&self, draft: &mut Draft<'_>, tick: &Tick) -> Result<(), Stop> {
        let name = self.line_name(&tick.line);
        let entry = tick_name(&self.ledger, tick.position, tick.leg);
        let Some(Row::BankLine(mut line)) = draft.row(&name)? else { return Ok(()) };
        let taken = matches!(draft.row(&entry)?, Some(Row::BankTick(row)) if !row.line.is_empty());
        let Some((request, amount)) = self.stands(draft, tick)? else { return Ok(()) };
        if line.position != 0 || taken || amount.get() != line.amount {
            return Ok(());
        }
        (line.position, line.leg, line.request_id) = (tick.position, tick.leg, request);
        draft.put(name, Row::BankLine(line));
        draft.put(entry, Row::BankTick(BankTick { line: tick.line.clone() }));
        Ok(())
    }

    /// The request and the amount of an entry of this very account that was not reversed.
    fn stands(&self, draft: &Draft<'_>, tick: &Tick) -> Result<Option<(String, Sen)>, Stop> {
        let Some(record) = draft.record_at(tick.position)? else { return Ok(None) };
        let Outcome::Done(effect) = &record.outcome else { return Ok(None) };
        let leg = usize::try_from(tick.leg).unwrap_or(usize::MAX);
        let Some(entry) = effect.entries.get(leg) else { return Ok(None) };
        if entry.account != self.ledger.account(Code::Bank) || effect.reverses.is_some() {
            return Ok(None);
        }
        let Some(request) = &record.request else { return Ok(Some((String::new(), entry.amount))) };
        for name in reversals(request, entry.line) {
            if draft.row(&name)?.is_some() {
                return Ok(None);
            }
        }
        Ok(Some((request.to_string(), entry.amount)))
    }

    fn remember(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = RowName::new(statements_of(&self.ledger), statement_id(self.from, self.through));
        let known = draft.row(&name)?;
        let (opening, closing) = match (self.balances, &known) {
            (Some(balances), _) => balances,
            // A later run without balances leaves those that are known.
            (None, Some(_)) => return Ok(()),
            (None, None) => (Sen::ZERO, Sen::ZERO),
        };
        let row = BankStatement {
            from: self.from.get(),
            through: self.through.get(),
            balances_known: self.balances.is_some(),
            opening: opening.get(),
            closing: closing.get(),
        };
        draft.put(name, Row::BankStatement(row));
        Ok(())
    }
}

/// The rows, one of which says that a line of a transaction was taken back.
pub fn reversals(request: &RequestId, line: u32) -> [RowName; 2] {
    [reversed_name(request, 0), reversed_name(request, line)]
}

/// An entry that is taken back loses its tick, and its line waits again.
pub fn untick(
    draft: &mut Draft<'_>,
    record: &Record,
    effect: &Effect,
    open: impl Fn(u32) -> bool,
) -> Result<(), Stop> {
    for (leg, entry) in (0u32..).zip(&effect.entries) {
        if entry.account.code != Code::Bank || !open(entry.line) {
            continue;
        }
        let ledger = &entry.account.ledger;
        let name = tick_name(ledger, record.position, leg);
        let Some(Row::BankTick(tick)) = draft.row(&name)? else { continue };
        let line = RowName::new(lines_of(ledger), tick.line);
        if let Some(Row::BankLine(row)) = draft.row(&line)? {
            let waiting = BankLine { position: 0, leg: 0, request_id: String::new(), ..row };
            draft.put(line, Row::BankLine(waiting));
        }
        draft.put(name, Row::BankTick(BankTick::default()));
    }
    Ok(())
}
