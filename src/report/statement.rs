//! The statements: rows from totals of control accounts, in one column or two.
//!
//! Shapes: SAK EMKM for a KUBE (one page each of financial position and profit or loss), SAK EP
//! for a cooperative LKM (current and other assets, PHU). Both show the result of the year as a
//! row of its own, *hasil berjalan*, for as long as income and expense are not closed to SHU:
//! it is the sum of those accounts at that moment.
//!
//! **Invariant**: every builder checks its own equation (assets = liabilities + equity + result;
//! opening money + flows = closing money; opening equity + changes = closing equity) for each
//! column and answers [`Unbalanced`](ReportError::Unbalanced) rather than a wrong statement.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::Control;
use crate::domain::chart::{CHART, Class, Code};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::Fund;
use crate::domain::refusal::Refusal;
use crate::domain::year::is_result;
use crate::locale::event::event_text;
use crate::report::ReportError;
use crate::report::flow::{CashFlows, Changes};

/// Totals of control accounts in sen; debit positive unless said otherwise.
pub type Totals = BTreeMap<Control, Sen>;

/// Whose statement it is, which decides its titles and sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// SAK EMKM.
    Kube,
    /// SAK EP for a cooperative; also for all entities of a book together.
    Lkm,
}

/// Which statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neraca.
    BalanceSheet,
    /// Laba rugi, PHU.
    Income,
    /// Arus kas, by what entered and left.
    CashFlow,
    /// Arus kas, from the result.
    IndirectCashFlow,
    /// Perubahan ekuitas.
    EquityChanges,
    /// Neraca saldo.
    TrialBalance,
    /// CALK: what the balance sheet and the income statement are made of.
    Notes,
}

impl Kind {
    /// Whether it is about a span rather than a moment.
    pub const fn spans(self) -> bool {
        !matches!(self, Kind::BalanceSheet | Kind::TrialBalance)
    }

    /// What stands above it.
    pub const fn title(self, shape: Shape) -> Title {
        match (self, shape) {
            (Kind::BalanceSheet, Shape::Kube) => {
                ("Laporan Posisi Keuangan (SAK EMKM)", "Statement of Financial Position (SAK EMKM)")
            }
            (Kind::BalanceSheet, Shape::Lkm) => ("Neraca (SAK EP)", "Balance Sheet (SAK EP)"),
            (Kind::Income, Shape::Kube) => {
                ("Laporan Laba Rugi (SAK EMKM)", "Profit or Loss (SAK EMKM)")
            }
            (Kind::Income, Shape::Lkm) => {
                ("Perhitungan Hasil Usaha (SAK EP)", "Income Statement (SAK EP)")
            }
            (Kind::CashFlow, _) => {
                ("Laporan Arus Kas (metode langsung)", "Cash Flow Statement (direct)")
            }
            (Kind::IndirectCashFlow, _) => {
                ("Laporan Arus Kas (metode tidak langsung)", "Cash Flow Statement (indirect)")
            }
            (Kind::EquityChanges, _) => {
                ("Laporan Perubahan Ekuitas", "Statement of Changes in Equity")
            }
            (Kind::TrialBalance, _) => ("Neraca Saldo", "Trial Balance"),
            (Kind::Notes, _) => {
                ("Catatan atas Laporan Keuangan (CALK)", "Notes to the Financial Statements")
            }
        }
    }
}

/// Indonesian and English words.
pub type Title = (&'static str, &'static str);

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A heading without figures.
    Heading,
    /// The figures of one account of the chart, or of one event.
    Line,
    /// A sum of lines.
    Subtotal,
    /// A sum that the statement is about.
    Total,
}

/// Figures of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// At the date or over the span asked for.
    pub now: Sen,
    /// At the date or over the span compared with; zero where there is none.
    pub earlier: Sen,
}

impl Amounts {
    /// The same figure in both columns' places.
    pub const fn new(now: Sen, earlier: Sen) -> Amounts {
        Amounts { now, earlier }
    }

    /// The sum, column by column. Errors: `OVERFLOW`.
    pub fn plus(self, other: Amounts) -> Result<Amounts, Refusal> {
        Ok(Amounts::new(self.now.plus(other.now)?, self.earlier.plus(other.earlier)?))
    }

    /// The opposite, column by column. Errors: `OVERFLOW`.
    pub fn negated(self) -> Result<Amounts, Refusal> {
        Ok(Amounts::new(self.now.negated()?, self.earlier.negated()?))
    }

    /// Whether both columns are nothing.
    pub const fn is_zero(self) -> bool {
        self.now.is_zero() && self.earlier.is_zero()
    }
}

/// One row of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub style: Style,
    /// Its words.
    pub title: Title,
    /// The account of the chart, for a line of one.
    pub code: Option<Code>,
    /// The event of the catalogue, for a change by one.
    pub event: Option<Event>,
    /// The figures; in a balance sheet and income statement on the natural side, in a cash flow
    /// inflows positive, in changes of equity increases positive, in a trial balance debit
    /// positive. Nothing for a heading.
    pub amounts: Amounts,
    /// The control accounts whose figures these are.
    pub controls: BTreeSet<Control>,
}

/// Totals in one column or two; the second is empty where nothing is compared.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// At the date, or over the span, asked for.
    pub now: Totals,
    /// At the date, or over the span, compared with.
    pub earlier: Totals,
}

/// How a figure is turned before it is shown.
#[derive(Clone, Copy)]
enum Sign {
    Debit,
    Credit,
}

impl Columns {
    fn rows(&self, wanted: impl Fn(Code) -> bool, sign: Sign) -> Result<Vec<Row>, Refusal> {
        let mut rows: BTreeMap<Code, Row> = BTreeMap::new();
        let columns = [&self.now, &self.earlier];
        for (at, totals) in columns.into_iter().enumerate() {
            for (control, total) in totals.iter().filter(|(control, _)| wanted(control.code)) {
                let amounts = match at {
                    0 => Amounts::new(*total, Sen::ZERO),
                    _ => Amounts::new(Sen::ZERO, *total),
                };
                let amounts = turned(amounts, sign)?;
                let row = rows.entry(control.code).or_insert_with(|| account_row(control.code));
                row.amounts = row.amounts.plus(amounts)?;
                if !total.is_zero() {
                    row.controls.insert(control.clone());
                }
            }
        }
        Ok(rows.into_values().filter(|row| !row.amounts.is_zero()).collect())
    }

    fn total(
        &self,
        style: Style,
        title: Title,
        wanted: impl Fn(Code) -> bool,
        sign: Sign,
    ) -> Result<Row, Refusal> {
        let rows = self.rows(wanted, sign)?;
        sum_row(style, title, &rows)
    }
}

fn turned(amounts: Amounts, sign: Sign) -> Result<Amounts, Refusal> {
    match sign {
        Sign::Debit => Ok(amounts),
        Sign::Credit => amounts.negated(),
    }
}

fn account_row(code: Code) -> Row {
    let line = code.line();
    let title = (line.name_id, line.name_en);
    Row { code: Some(code), ..plain_row(Style::Line, title, Amounts::default()) }
}

fn plain_row(style: Style, title: Title, amounts: Amounts) -> Row {
    Row { style, title, code: None, event: None, amounts, controls: BTreeSet::new() }
}

fn sum_row(style: Style, title: Title, rows: &[Row]) -> Result<Row, Refusal> {
    let mut sum = plain_row(style, title, Amounts::default());
    for row in rows {
        sum.amounts = sum.amounts.plus(row.amounts)?;
        sum.controls.extend(row.controls.iter().cloned());
    }
    Ok(sum)
}

/// A part of a statement: a class and a range of numbers of the chart.
struct Section {
    class: Class,
    numbers: std::ops::RangeInclusive<u32>,
    title: Title,
    total: Title,
}

impl Section {
    fn holds(&self, code: Code) -> bool {
        code.line().class == self.class && self.numbers.contains(&code.number())
    }
}

macro_rules! sections {
    ($($name:ident = [$($class:ident $from:literal..=$to:literal
        $id:literal $en:literal, $total_id:literal $total_en:literal;)+];)+) => {
        $(const $name: &[Section] = &[
            $(Section { class: Class::$class, numbers: $from..=$to, title: ($id, $en),
                total: ($total_id, $total_en) },)+
        ];)+
    };
}

sections! {
    KUBE_POSITION = [
        Asset 1000..=1109 "Kas dan setara kas" "Cash and cash equivalents",
            "Jumlah kas dan setara kas" "Total cash and cash equivalents";
        Asset 1110..=1199 "Simpanan dan penyertaan di LKM" "Savings and stakes at the LKM",
            "Jumlah simpanan dan penyertaan" "Total savings and stakes";
        Asset 1200..=1299 "Piutang" "Receivables", "Jumlah piutang" "Total receivables";
        Asset 1300..=1399 "Persediaan dan ternak" "Stock and livestock",
            "Jumlah persediaan dan ternak" "Total stock and livestock";
        Asset 1400..=1499 "Aset tetap" "Fixed assets", "Jumlah aset tetap" "Total fixed assets";
        Asset 1500..=1999 "Antar dana dan selisih" "Between funds, and differences",
            "Jumlah antar dana dan selisih" "Total between funds, and differences";
        Liability 2000..=2199 "Utang dan simpanan" "Payables and savings",
            "Jumlah utang dan simpanan" "Total payables and savings";
        Liability 2200..=2299 "Guliran" "Guliran", "Jumlah guliran" "Total guliran";
        Liability 2300..=2999 "Liabilitas lain" "Other liabilities",
            "Jumlah liabilitas lain" "Total other liabilities";
        Equity 3000..=3199 "Modal" "Capital", "Jumlah modal" "Total capital";
        Equity 3200..=3299 "Dana sosial" "Social funds", "Jumlah dana sosial" "Total social funds";
        Equity 3300..=3999 "Saldo laba" "Retained results",
            "Jumlah saldo laba" "Total retained results";
    ];
    LKM_POSITION = [
        Asset 1000..=1399 "Aset lancar" "Current assets",
            "Jumlah aset lancar" "Total current assets";
        Asset 1400..=1499 "Aset tetap" "Fixed assets", "Jumlah aset tetap" "Total fixed assets";
        Asset 1500..=1999 "Aset lain" "Other assets", "Jumlah aset lain" "Total other assets";
        Liability 2000..=2199 "Liabilitas jangka pendek" "Current liabilities",
            "Jumlah liabilitas jangka pendek" "Total current liabilities";
        Liability 2200..=2299 "Dana guliran" "Guliran", "Jumlah dana guliran" "Total guliran";
        Liability 2300..=2999 "Liabilitas lain" "Other liabilities",
            "Jumlah liabilitas lain" "Total other liabilities";
        Equity 3000..=3199 "Modal anggota dan penyertaan" "Members' capital and stakes",
            "Jumlah modal" "Total capital";
        Equity 3200..=3299 "Dana sosial" "Social funds", "Jumlah dana sosial" "Total social funds";
        Equity 3300..=3999 "Cadangan dan SHU" "Reserves and surplus",
            "Jumlah cadangan dan SHU" "Total reserves and surplus";
    ];
}

const fn position_sections(shape: Shape) -> &'static [Section] {
    match shape {
        Shape::Kube => KUBE_POSITION,
        Shape::Lkm => LKM_POSITION,
    }
}

const RESULT: Title = ("Hasil berjalan", "Result of the running year");

/// A balance sheet: what is owned, owed, and left, at a moment. `balances` are at that moment.
///
/// Errors: `Unbalanced`, `Range`.
pub fn balance_sheet(shape: Shape, balances: &Columns) -> Result<Vec<Row>, ReportError> {
    let sections = position_sections(shape);
    let of = |class, sign| class_rows(sections, balances, class, sign);
    let class = |class: Class| move |code: Code| code.line().class == class;
    let mut rows = of(Class::Asset, Sign::Debit)?;
    let assets = ("JUMLAH ASET", "TOTAL ASSETS");
    let assets = balances.total(Style::Total, assets, class(Class::Asset), Sign::Debit)?;
    rows.push(assets.clone());
    rows.extend(of(Class::Liability, Sign::Credit)?);
    let debts = ("Jumlah liabilitas", "Total liabilities");
    let debts = balances.total(Style::Subtotal, debts, class(Class::Liability), Sign::Credit)?;
    rows.push(debts.clone());
    rows.extend(of(Class::Equity, Sign::Credit)?);
    let result = balances.total(Style::Line, RESULT, is_result, Sign::Credit)?;
    rows.push(result);
    let own = ("Jumlah ekuitas", "Total equity");
    let own = balances.total(Style::Subtotal, own, is_own, Sign::Credit)?;
    rows.push(own.clone());
    let both = ("JUMLAH LIABILITAS DAN EKUITAS", "TOTAL LIABILITIES AND EQUITY");
    let both = sum_row(Style::Total, both, &[debts, own])?;
    if assets.amounts != both.amounts {
        return Err(ReportError::Unbalanced("balance sheet"));
    }
    rows.push(both);
    Ok(rows)
}

/// Whether an account is part of equity, the running result included.
fn is_own(code: Code) -> bool {
    code.line().class == Class::Equity || is_result(code)
}

/// Heading, lines and sum of every section of a class that has figures.
fn class_rows(
    sections: &[Section],
    columns: &Columns,
    class: Class,
    sign: Sign,
) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    for section in sections.iter().filter(|section| section.class == class) {
        rows.extend(section_rows(section, columns, sign)?);
    }
    Ok(rows)
}

fn section_rows(section: &Section, columns: &Columns, sign: Sign) -> Result<Vec<Row>, Refusal> {
    let lines = columns.rows(|code| section.holds(code), sign)?;
    if lines.is_empty() {
        return Ok(lines);
    }
    let sum = sum_row(Style::Subtotal, section.total, &lines)?;
    let mut rows = vec![plain_row(Style::Heading, section.title, Amounts::default())];
    rows.extend(lines);
    rows.push(sum);
    Ok(rows)
}

sections! {
    RESULT_SECTIONS = [
        Income 4000..=4199 "Pendapatan usaha" "Business income",
            "Jumlah pendapatan usaha" "Total business income";
        Expense 5000..=5199 "Beban pokok" "Cost of sales",
            "Jumlah beban pokok" "Total cost of sales";
        Income 4200..=4999 "Pendapatan lain" "Other income",
            "Jumlah pendapatan lain" "Total other income";
        Expense 5200..=5999 "Beban" "Expenses", "Jumlah beban" "Total expenses";
    ];
}

/// An income statement: `movements` are the changes of all accounts over the span, closings of
/// the year left out.
///
/// Errors: `Range`.
pub fn income_statement(shape: Shape, movements: &Columns) -> Result<Vec<Row>, ReportError> {
    let mut rows = Vec::new();
    for (at, section) in RESULT_SECTIONS.iter().enumerate() {
        let sign = if section.class == Class::Income { Sign::Credit } else { Sign::Debit };
        rows.extend(section_rows(section, movements, sign)?);
        if at == 1 {
            let gross = |code: Code| RESULT_SECTIONS.iter().take(2).any(|part| part.holds(code));
            let title = ("Hasil kotor", "Gross result");
            rows.push(movements.total(Style::Subtotal, title, gross, Sign::Credit)?);
        }
    }
    let title = match shape {
        Shape::Kube => ("LABA (RUGI) BERSIH", "NET PROFIT (LOSS)"),
        Shape::Lkm => ("SISA HASIL USAHA", "NET SURPLUS"),
    };
    rows.push(movements.total(Style::Total, title, is_result, Sign::Credit)?);
    Ok(rows)
}

/// What a flow of money is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    Operating,
    Investing,
    Financing,
}

/// The activity of money whose other side stands on this account. Taking and lending members'
/// savings is the business of savings and loans, so liabilities are operating, but for loans taken
/// and for guliran, which is capital on its way; money between the funds of one entity is financing and vanishes
/// where all funds are shown.
fn activity(code: Code) -> Activity {
    match (code.line().class, code.number()) {
        (Class::Asset, 1110..=1199 | 1205..=1207 | 1400..=1499) => Activity::Investing,
        (Class::Asset, 1901)
        | (Class::Liability, 2200..=2299 | 2311 | 2313..=2314)
        | (Class::Equity, _) => Activity::Financing,
        _ => Activity::Operating,
    }
}

const ACTIVITIES: [(Activity, Title, Title); 3] = [
    (
        Activity::Operating,
        ("Arus kas dari aktivitas operasi", "Cash flows from operating activities"),
        ("Kas bersih dari aktivitas operasi", "Net cash from operating activities"),
    ),
    (
        Activity::Investing,
        ("Arus kas dari aktivitas investasi", "Cash flows from investing activities"),
        ("Kas bersih dari aktivitas investasi", "Net cash from investing activities"),
    ),
    (
        Activity::Financing,
        ("Arus kas dari aktivitas pendanaan", "Cash flows from financing activities"),
        ("Kas bersih dari aktivitas pendanaan", "Net cash from financing activities"),
    ),
];

/// A direct cash flow: per activity, what came in and went out by counter-account. `opening` and
/// `closing` are all balances at both ends; only money is looked at.
///
/// Errors: `Unbalanced` when the flows do not explain the change in money; `Range`.
pub fn cash_flow(
    flows: [&CashFlows; 2],
    opening: &Columns,
    closing: &Columns,
) -> Result<Vec<Row>, ReportError> {
    let flows = Columns { now: flows[0].0.clone(), earlier: flows[1].0.clone() };
    let mut rows = Vec::new();
    let mut nets = Vec::new();
    for (kind, heading, net) in ACTIVITIES {
        let lines = flows.rows(|code| activity(code) == kind, Sign::Debit)?;
        push_part(&mut rows, &mut nets, heading, net, lines)?;
    }
    close_cash_flow(rows, &nets, opening, closing)
}

/// An indirect cash flow: the result, and how every other account changed with it. `movements` are
/// the changes of all accounts over the span, closings of the year left out. It needs no other
/// entries, only both ends of the span.
///
/// Errors: as [`cash_flow`].
pub fn indirect_cash_flow(
    movements: &Columns,
    opening: &Columns,
    closing: &Columns,
) -> Result<Vec<Row>, ReportError> {
    let mut rows = Vec::new();
    let mut nets = Vec::new();
    for (kind, heading, net) in ACTIVITIES {
        let other = |code: Code| !code.is_money() && !is_result(code) && activity(code) == kind;
        let mut lines = movements.rows(other, Sign::Credit)?;
        if kind == Activity::Operating {
            lines.insert(0, movements.total(Style::Line, RESULT, is_result, Sign::Credit)?);
        }
        push_part(&mut rows, &mut nets, heading, net, lines)?;
    }
    close_cash_flow(rows, &nets, opening, closing)
}

fn push_part(
    rows: &mut Vec<Row>,
    nets: &mut Vec<Row>,
    heading: Title,
    net: Title,
    lines: Vec<Row>,
) -> Result<(), Refusal> {
    if lines.is_empty() {
        return Ok(());
    }
    let net = sum_row(Style::Subtotal, net, &lines)?;
    rows.push(plain_row(Style::Heading, heading, Amounts::default()));
    rows.extend(lines);
    rows.push(net.clone());
    nets.push(net);
    Ok(())
}

fn close_cash_flow(
    mut rows: Vec<Row>,
    nets: &[Row],
    opening: &Columns,
    closing: &Columns,
) -> Result<Vec<Row>, ReportError> {
    let change = ("KENAIKAN (PENURUNAN) KAS", "INCREASE (DECREASE) IN CASH");
    let change = sum_row(Style::Total, change, nets)?;
    let start = ("Kas awal", "Cash at the beginning");
    let start = opening.total(Style::Line, start, Code::is_money, Sign::Debit)?;
    let end = ("KAS AKHIR", "CASH AT THE END");
    let end = closing.total(Style::Total, end, Code::is_money, Sign::Debit)?;
    if start.amounts.plus(change.amounts)? != end.amounts {
        return Err(ReportError::Unbalanced("cash flow"));
    }
    rows.extend([change, start, end]);
    Ok(rows)
}

/// Changes in equity: per component what stood at the beginning, what changed it by event, and
/// what stands at the end; the running result is a component of its own. `year_ends` are the
/// movements by which years in the span were closed.
///
/// Errors: `Unbalanced` when the changes do not explain the difference; `Range`.
pub fn equity_changes(
    changes: [&Changes; 2],
    opening: &Columns,
    closing: &Columns,
    year_ends: &Columns,
) -> Result<Vec<Row>, ReportError> {
    let mut rows = Vec::new();
    let mut sums = [Amounts::default(); 2];
    for line in CHART.iter().filter(|line| line.class == Class::Equity) {
        let component = |code: Code| code == line.code;
        let start = opening.total(Style::Line, START, component, Sign::Credit)?;
        let end = closing.total(Style::Subtotal, END, component, Sign::Credit)?;
        let moved = event_rows(line.code, changes)?;
        let sum = sum_row(Style::Line, START, &moved)?;
        if start.amounts.plus(sum.amounts)? != end.amounts {
            return Err(ReportError::Unbalanced("changes in equity"));
        }
        if moved.is_empty() && start.amounts.is_zero() && end.amounts.is_zero() {
            continue;
        }
        sums = [sums[0].plus(start.amounts)?, sums[1].plus(end.amounts)?];
        rows.push(Row { style: Style::Heading, ..account_row(line.code) });
        rows.push(start);
        rows.extend(moved);
        rows.push(end);
    }
    let start = opening.total(Style::Line, START, is_result, Sign::Credit)?;
    let end = closing.total(Style::Subtotal, END, is_result, Sign::Credit)?;
    let closed = year_ends.total(Style::Line, CLOSED, is_result, Sign::Credit)?;
    let change = end.amounts.plus(start.amounts.negated()?)?.plus(closed.amounts.negated()?)?;
    sums = [sums[0].plus(start.amounts)?, sums[1].plus(end.amounts)?];
    rows.push(plain_row(Style::Heading, RESULT, Amounts::default()));
    rows.push(start);
    let title = ("Hasil dalam masa ini", "Result of the span");
    rows.push(Row { controls: end.controls.clone(), ..plain_row(Style::Line, title, change) });
    if !closed.amounts.is_zero() {
        rows.push(closed);
    }
    rows.push(end);
    let title = ("EKUITAS AWAL", "EQUITY AT THE BEGINNING");
    rows.push(plain_row(Style::Total, title, sums[0]));
    let title = ("EKUITAS AKHIR", "EQUITY AT THE END");
    rows.push(plain_row(Style::Total, title, sums[1]));
    Ok(rows)
}

const CLOSED: Title = ("Ditutup ke SHU", "Closed to the surplus");
const START: Title = ("Saldo awal", "At the beginning");
const END: Title = ("Saldo akhir", "At the end");

fn event_rows(code: Code, changes: [&Changes; 2]) -> Result<Vec<Row>, Refusal> {
    let mut rows: BTreeMap<i32, Row> = BTreeMap::new();
    for (at, column) in changes.into_iter().enumerate() {
        let of = column.0.iter().filter(|((control, _), _)| control.code == code);
        for ((control, event), amount) in of {
            let row = rows.entry(*event as i32).or_insert_with(|| event_row(*event));
            let amounts = match at {
                0 => Amounts::new(*amount, Sen::ZERO),
                _ => Amounts::new(Sen::ZERO, *amount),
            };
            row.amounts = row.amounts.plus(amounts)?;
            row.controls.insert(control.clone());
        }
    }
    Ok(rows.into_values().filter(|row| !row.amounts.is_zero()).collect())
}

fn event_row(event: Event) -> Row {
    use crate::domain::refusal::Language;
    let title = (event_text(event, Language::Indonesian), event_text(event, Language::English));
    Row { event: Some(event), ..plain_row(Style::Line, title, Amounts::default()) }
}

/// The figures of the notes (CALK): for every line of the balance sheet what stood at the beginning,
/// what changed it by event, what stands at the end, and in which funds; money without its events,
/// which are the cash flow. Then every line of the income statement with its funds. `movements` are
/// the changes over the span, closings of the year left out. The last rows are what the balance
/// sheet and the income statement come to.
///
/// Errors: `Unbalanced` when the changes do not explain a difference, or the balance sheet does not
/// balance; `Range`.
pub fn notes(
    shape: Shape,
    changes: [&Changes; 2],
    movements: &Columns,
    opening: &Columns,
    closing: &Columns,
) -> Result<Vec<Row>, ReportError> {
    let mut rows = Vec::new();
    for line in CHART.iter().filter(|line| !is_result(line.code)) {
        rows.extend(position_note(line.code, changes, opening, closing)?);
    }
    for line in CHART.iter().filter(|line| is_result(line.code)) {
        let sign = natural(line.code);
        for row in movements.rows(|code| code == line.code, sign)? {
            rows.push(Row { style: Style::Subtotal, ..row });
            rows.extend(funds_of(line.code, movements, sign)?);
        }
    }
    let totals = balance_sheet(shape, closing)?.into_iter();
    let result = income_statement(shape, movements)?.into_iter();
    rows.extend(totals.chain(result).filter(|row| row.style == Style::Total));
    Ok(rows)
}

/// The side on which an account's figure is positive.
const fn natural(code: Code) -> Sign {
    if code.debit_side() { Sign::Debit } else { Sign::Credit }
}

/// The note on one line of the balance sheet; nothing where nothing stands and nothing moved.
fn position_note(
    code: Code,
    changes: [&Changes; 2],
    opening: &Columns,
    closing: &Columns,
) -> Result<Vec<Row>, ReportError> {
    let sign = natural(code);
    let this = |other: Code| other == code;
    let start = opening.total(Style::Line, START, this, sign)?;
    let end = closing.total(Style::Subtotal, END, this, sign)?;
    let mut moved = Vec::new();
    if !code.is_money() {
        for row in event_rows(code, changes)? {
            let amounts = match sign {
                Sign::Credit => row.amounts,
                Sign::Debit => row.amounts.negated()?,
            };
            moved.push(Row { amounts, ..row });
        }
        let sum = sum_row(Style::Line, START, &moved)?;
        if start.amounts.plus(sum.amounts)? != end.amounts {
            return Err(ReportError::Unbalanced("notes"));
        }
    }
    if moved.is_empty() && start.amounts.is_zero() && end.amounts.is_zero() {
        return Ok(Vec::new());
    }
    let mut rows = vec![Row { style: Style::Heading, ..account_row(code) }, start];
    rows.extend(moved);
    rows.push(Row { code: Some(code), ..end });
    rows.extend(funds_of(code, closing, sign)?);
    Ok(rows)
}

/// What of an account's figure stands in which fund, where it stands in more than one.
fn funds_of(code: Code, columns: &Columns, sign: Sign) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    for (fund, title) in IN_FUND {
        let of = |totals: &Totals| {
            let of_fund = totals.iter().filter(|(control, _)| control.ledger.fund.get() == fund);
            of_fund.map(|(control, total)| (control.clone(), *total)).collect()
        };
        let of = Columns { now: of(&columns.now), earlier: of(&columns.earlier) };
        let row = of.total(Style::Line, title, |other| other == code, sign)?;
        if !row.amounts.is_zero() {
            rows.push(row);
        }
    }
    Ok(if rows.len() > 1 { rows } else { Vec::new() })
}

const IN_FUND: [(Fund, Title); 7] = [
    (Fund::Uep, ("di antaranya dana UEP", "of which in the fund UEP")),
    (Fund::SimpanPinjam, ("di antaranya dana SIMPAN_PINJAM", "of which in the fund SIMPAN_PINJAM")),
    (Fund::Iks, ("di antaranya dana IKS", "of which in the fund IKS")),
    (Fund::Guliran, ("di antaranya dana GULIRAN", "of which in the fund GULIRAN")),
    (Fund::Umum, ("di antaranya dana UMUM", "of which in the fund UMUM")),
    (Fund::UsahaRiil, ("di antaranya dana USAHA_RIIL", "of which in the fund USAHA_RIIL")),
    (Fund::Kebajikan, ("di antaranya dana KEBAJIKAN", "of which in the fund KEBAJIKAN")),
];

/// A trial balance by account of the chart, debit positive; the last row is zero.
///
/// Errors: `Unbalanced` when it is not; `Range`.
pub fn trial_balance(balances: &Columns) -> Result<Vec<Row>, ReportError> {
    let mut rows = balances.rows(|_| true, Sign::Debit)?;
    let sum = sum_row(Style::Total, ("Debit kurang kredit", "Debits less credits"), &rows)?;
    if !sum.amounts.is_zero() {
        return Err(ReportError::Unbalanced("trial balance"));
    }
    rows.push(Row { controls: BTreeSet::new(), ..sum });
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::Ledger;
    use crate::domain::id::{Entity, Id};
    use crate::domain::record::proto::Fund;

    fn totals(rows: &[(Code, i64)]) -> Totals {
        let ledger = Ledger::new(Entity::Kube(Id::new("a").expect("an id")), Fund::Uep);
        let row = |(code, sum): &(Code, i64)| (ledger.account(*code).control(), Sen::new(*sum));
        rows.iter().map(row).collect()
    }

    fn shown(rows: &[Row]) -> Vec<(&str, i64, i64)> {
        let of = |row: &Row| (row.title.0, row.amounts.now.get(), row.amounts.earlier.get());
        rows.iter().filter(|row| row.style != Style::Heading).map(of).collect()
    }

    #[test]
    fn every_account_stands_in_exactly_one_section() {
        let statements = [
            (Shape::Kube, [KUBE_POSITION, RESULT_SECTIONS]),
            (Shape::Lkm, [LKM_POSITION, RESULT_SECTIONS]),
        ];
        for (shape, sections) in statements {
            for line in CHART {
                let places = sections.iter().flat_map(|part| part.iter());
                let places = places.filter(|section| section.holds(line.code)).count();
                assert_eq!(places, 1, "{shape:?} {}", line.name_id);
            }
        }
    }

    #[test]
    fn a_balance_sheet_shows_the_running_result_and_balances() {
        let now = totals(&[
            (Code::Cash, 70),
            (Code::Livestock, 55),
            (Code::GrantCapital, -100),
            (Code::Sales, -35),
            (Code::CostOfSales, 10),
        ]);
        let earlier = totals(&[(Code::Cash, 100), (Code::GrantCapital, -100)]);
        let rows = balance_sheet(Shape::Kube, &Columns { now, earlier }).expect("balanced");
        assert_eq!(
            shown(&rows),
            [
                ("Kas", 70, 100),
                ("Jumlah kas dan setara kas", 70, 100),
                ("Ternak", 55, 0),
                ("Jumlah persediaan dan ternak", 55, 0),
                ("JUMLAH ASET", 125, 100),
                ("Jumlah liabilitas", 0, 0),
                ("Modal Hibah", 100, 100),
                ("Jumlah modal", 100, 100),
                ("Hasil berjalan", 25, 0),
                ("Jumlah ekuitas", 125, 100),
                ("JUMLAH LIABILITAS DAN EKUITAS", 125, 100),
            ]
        );
        let controls: Vec<String> = rows[1].controls.iter().map(Control::to_string).collect();
        assert_eq!(controls, ["a.uep.1101"]);
    }

    #[test]
    fn what_does_not_balance_is_not_shown() {
        let now = totals(&[(Code::Cash, 70), (Code::GrantCapital, -69)]);
        let columns = Columns { now, earlier: Totals::new() };
        assert!(matches!(balance_sheet(Shape::Lkm, &columns), Err(ReportError::Unbalanced(_))));
        assert!(matches!(trial_balance(&columns), Err(ReportError::Unbalanced(_))));
        let none = [&CashFlows::default(), &CashFlows::default()];
        let flow = cash_flow(none, &Columns::default(), &columns);
        assert!(matches!(flow, Err(ReportError::Unbalanced(_))));
        let none = [&Changes::default(), &Changes::default()];
        let equity = equity_changes(none, &Columns::default(), &columns, &Columns::default());
        assert!(matches!(equity, Err(ReportError::Unbalanced(_))));
    }

    #[test]
    fn notes_explain_every_figure_or_are_not_shown() {
        let grant = |code: Code, amount| {
            let control = totals(&[(code, 0)]).into_keys().next().expect("a control");
            let mut changes = Changes::default();
            changes.add(control, Event::GrantReceived, Sen::new(amount)).expect("in range");
            changes
        };
        let closing = totals(&[(Code::Cash, 100), (Code::GrantCapital, -100)]);
        let closing = Columns { now: closing, earlier: Totals::new() };
        let (none, opening) = (Changes::default(), Columns::default());
        let of = |changes: &Changes| {
            notes(Shape::Kube, [changes, &none], &Columns::default(), &opening, &closing)
        };
        let rows = of(&grant(Code::GrantCapital, -100)).expect("explained");
        let capital = [("Saldo awal", 0, 0), ("Hibah diterima", 100, 0), ("Saldo akhir", 100, 0)];
        assert_eq!(shown(&rows)[2..5], capital);
        let partly = of(&grant(Code::GrantCapital, -99));
        assert!(matches!(partly, Err(ReportError::Unbalanced("notes"))));
    }

    #[test]
    fn an_income_statement_shows_gross_and_net() {
        let now = totals(&[
            (Code::Sales, -35),
            (Code::CostOfSales, 20),
            (Code::BankInterest, -3),
            (Code::Feed, 5),
            (Code::Cash, 13),
        ]);
        let columns = Columns { now, earlier: Totals::new() };
        let rows = income_statement(Shape::Lkm, &columns).expect("in range");
        let totals: Vec<_> = shown(&rows).into_iter().filter(|(_, now, _)| *now != 0).collect();
        assert!(totals.contains(&("Hasil kotor", 15, 0)));
        assert_eq!(totals.last(), Some(&("SISA HASIL USAHA", 13, 0)));
    }

    #[test]
    fn both_cash_flows_explain_the_change_in_money() {
        let opening = Columns { now: totals(&[(Code::Cash, 10)]), earlier: Totals::new() };
        let closing = Columns { now: totals(&[(Code::Cash, 45)]), earlier: Totals::new() };
        let flows = CashFlows(totals(&[(Code::Sales, 35)]));
        let rows = cash_flow([&flows, &CashFlows::default()], &opening, &closing);
        let rows = rows.expect("balanced");
        assert_eq!(shown(&rows).last(), Some(&("KAS AKHIR", 45, 0)));
        let movements = totals(&[
            (Code::Cash, 35),
            (Code::Sales, -35),
            (Code::CostOfSales, 20),
            (Code::Livestock, -20),
        ]);
        let movements = Columns { now: movements, earlier: Totals::new() };
        let rows = indirect_cash_flow(&movements, &opening, &closing).expect("balanced");
        assert_eq!(shown(&rows)[..2], [("Hasil berjalan", 15, 0), ("Ternak", 20, 0)]);
    }
}
