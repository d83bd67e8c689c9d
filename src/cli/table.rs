//! What the thin client prints: aligned tables for people, JSON for scripts.
//!
//! **Invariant**: both show the same rows and cells; the keys that scripts read are the same in every
//! language.

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid};

use crate::domain::refusal::Language;

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Tabel untuk dibaca / aligned tables
    #[default]
    Table,
    /// Satu dokumen JSON / one JSON document
    Json,
}

/// A column: its key in JSON, its titles, and whether it holds amounts.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    key: &'static str,
    title_id: &'static str,
    title_en: &'static str,
    right: bool,
}

/// A column of text.
pub const fn text(key: &'static str, title_id: &'static str, title_en: &'static str) -> Column {
    Column { key, title_id, title_en, right: false }
}

/// A column of amounts or counts, aligned to the right.
pub const fn number(key: &'static str, title_id: &'static str, title_en: &'static str) -> Column {
    Column { key, title_id, title_en, right: true }
}

/// Rows under columns, with an optional heading.
#[derive(Debug)]
pub struct Table {
    heading: String,
    columns: &'static [Column],
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty table.
    pub fn new(heading: impl Into<String>, columns: &'static [Column]) -> Table {
        Table { heading: heading.into(), columns, rows: Vec::new(), notes: Vec::new() }
    }

    /// A table without heading that has these rows.
    pub fn of(columns: &'static [Column], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
        let mut table = Table::new("", columns);
        rows.into_iter().for_each(|row| table.row(row));
        table
    }

    /// Adds a row: as many cells as columns.
    pub fn row(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    /// Whether it lists things and there are none, with nothing else to say.
    pub fn is_bare(&self) -> bool {
        !self.columns.is_empty() && self.rows.is_empty() && self.notes.is_empty()
    }

    /// Adds a sentence below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The table as text.
    pub fn render(&self, output: Output, language: Language) -> String {
        match output {
            Output::Table => self.aligned(language),
            Output::Json => self.json(),
        }
    }

    fn aligned(&self, language: Language) -> String {
        let mut grid = Grid::new();
        grid.load_style(comfy_table::presets::NOTHING);
        grid.set_content_arrangement(ContentArrangement::Disabled);
        grid.set_header(self.columns.iter().map(|column| match language {
            Language::Indonesian => column.title_id,
            Language::English => column.title_en,
        }));
        for row in &self.rows {
            grid.add_row(row);
        }
        for (column, setting) in grid.column_iter_mut().zip(self.columns) {
            column.set_padding((0, 2));
            if setting.right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut lines = Vec::new();
        if !self.heading.is_empty() {
            lines.push(self.heading.clone());
        }
        if !self.rows.is_empty() {
            lines.extend(grid.lines().map(|line| format!("  {}", line.trim_end())));
        }
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }

    fn json(&self) -> String {
        let object = |row: &Vec<String>| {
            let pairs = self.columns.iter().zip(row);
            pairs.map(|(column, cell)| (column.key.to_owned(), cell.clone().into())).collect()
        };
        let rows: Vec<serde_json::Value> =
            self.rows.iter().map(|row| serde_json::Value::Object(object(row))).collect();
        serde_json::json!({ "rows": rows, "notes": self.notes }).to_string()
    }
}
