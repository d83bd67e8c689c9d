//! Statements as text for a terminal or a printed page, and as CSV for a spreadsheet.
//!
//! Text has one line per row, figures right-aligned as `1.250.000`. CSV (RFC 4180, UTF-8) has one
//! record per row and plain decimal numbers in rupiah, so that a spreadsheet in any language can
//! read them; its columns are `style,code,event,title,amount,compared,accounts`.

use crate::domain::money::Sen;
use crate::domain::refusal::Language;
use crate::locale::number::format_plain;
use crate::report::statement::{Row, Style, Title};

/// What stands above the rows.
#[derive(Clone, Debug)]
pub struct Head {
    /// The statement's title.
    pub title: String,
    /// Whose it is, for when, as known at which position: one line each.
    pub lines: Vec<String>,
    /// The heads of the columns of figures: the date or span, and the one compared with.
    pub columns: Vec<String>,
}

/// The words of a title in a language.
pub const fn words(title: Title, language: Language) -> &'static str {
    match language {
        Language::Indonesian => title.0,
        Language::English => title.1,
    }
}

/// A statement as text, one line per row, each ended by a line feed.
pub fn text(head: &Head, rows: &[Row], language: Language) -> String {
    let compared = head.columns.len() > 1;
    let label = |row: &Row| format!("{}{}", indent(row), words(row.title, language));
    let wide = rows.iter().map(|row| label(row).chars().count()).max().unwrap_or_default();
    let figures = rows.iter().map(|row| figures(row, compared));
    let figures: Vec<Vec<String>> = figures.collect();
    let all = figures.iter().flatten().chain(&head.columns);
    let column = all.map(|text| text.chars().count()).max().unwrap_or_default();
    let mut lines = vec![head.title.clone()];
    lines.extend(head.lines.iter().cloned());
    lines.push(String::new());
    lines.push(line("", wide, &head.columns, column));
    for (row, figures) in rows.iter().zip(&figures) {
        lines.push(line(&label(row), wide, figures, column));
    }
    lines.push(String::new());
    lines.join("\n")
}

const fn indent(row: &Row) -> &'static str {
    match row.style {
        Style::Line => "  ",
        Style::Heading | Style::Subtotal | Style::Total => "",
    }
}

fn figures(row: &Row, compared: bool) -> Vec<String> {
    if row.style == Style::Heading {
        return Vec::new();
    }
    let mut figures = vec![format_plain(row.amounts.now)];
    if compared {
        figures.push(format_plain(row.amounts.earlier));
    }
    figures
}

fn line(label: &str, wide: usize, figures: &[String], column: usize) -> String {
    let mut line = format!("{label:<wide$}");
    for figure in figures {
        line.push_str(&format!("  {figure:>column$}"));
    }
    line.trim_end().to_owned()
}

/// A statement as CSV with a header line.
pub fn csv(rows: &[Row], compared: bool, language: Language) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["style", "code", "event", "title", "amount", "compared", "accounts"];
    // Writing to memory cannot fail; a record always has as many fields as the header.
    let mut written = writer.write_record(header);
    for row in rows {
        let fields = fields(row, compared, language);
        written = written.and_then(|()| writer.write_record(&fields));
    }
    debug_assert!(written.is_ok());
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn fields(row: &Row, compared: bool, language: Language) -> [String; 7] {
    let figure = |shown: bool, amount: Sen| if shown { decimal(amount) } else { String::new() };
    let filled = row.style != Style::Heading;
    let controls: Vec<String> = row.controls.iter().map(ToString::to_string).collect();
    let style = match row.style {
        Style::Heading => "heading",
        Style::Line => "line",
        Style::Subtotal => "subtotal",
        Style::Total => "total",
    };
    let event = row.event.map(|event| event.as_str_name().trim_start_matches("EVENT_"));
    [
        style.to_owned(),
        row.code.map(|code| code.number().to_string()).unwrap_or_default(),
        event.unwrap_or_default().to_owned(),
        words(row.title, language).to_owned(),
        figure(filled, row.amounts.now),
        figure(filled && compared, row.amounts.earlier),
        controls.join(" "),
    ]
}

/// An amount in rupiah with two decimals and a point, for machines: `-1250000.50`.
pub fn decimal(amount: Sen) -> String {
    let sign = if amount.is_negative() { "-" } else { "" };
    let sen = amount.get().unsigned_abs();
    format!("{sign}{}.{:02}", sen / 100, sen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::Ledger;
    use crate::domain::chart::Code;
    use crate::domain::id::Entity;
    use crate::domain::record::proto::Fund;
    use crate::report::statement::{Columns, Totals, trial_balance};

    fn rows() -> Vec<Row> {
        let ledger = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
        let of = |code, sum| (ledger.account(code).control(), Sen::new(sum));
        let now =
            Totals::from([of(Code::Bank, 125_000_050), of(Code::PaidInCapital, -125_000_050)]);
        trial_balance(&Columns { now, earlier: Totals::new() }).expect("balanced")
    }

    #[test]
    fn text_is_aligned() {
        let head = Head {
            title: "Neraca saldo".to_owned(),
            lines: vec!["LKM (contoh)".to_owned()],
            columns: vec!["31 Januari 2025".to_owned(), "-".to_owned()],
        };
        let expected = "\
Neraca saldo
LKM (contoh)

                     31 Januari 2025                -
  Bank                  1.250.000,50                0
  Modal Disetor        -1.250.000,50                0
Debit kurang kredit                0                0
";
        assert_eq!(text(&head, &rows(), Language::Indonesian), expected);
    }

    #[test]
    fn csv_has_plain_numbers_and_names_the_accounts() {
        let expected = "\
style,code,event,title,amount,compared,accounts
line,1104,,Bank,1250000.50,,lkm.sp.1104
line,3107,,Paid-in capital,-1250000.50,,lkm.sp.3107
total,,,Debits less credits,0.00,,
";
        assert_eq!(csv(&rows(), false, Language::English), expected);
    }
}
