//! A bank's statement beside the ledger: what is typed, and where the two differ.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::When;
use super::transactions::request;
use super::{Client, Side, note_warnings};
use crate::api::v1::bank_line::Movement;
use crate::api::v1::{self, Fund};
use crate::cli::bank_csv;
use crate::cli::convert::{date, day, fund, last_part, money_text};
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};
use crate::domain::day::Day;
use crate::locale::number::format_amount;

/// What can be asked about the bank.
#[derive(Clone, Debug, Subcommand)]
pub enum BankAsk {
    /// Cocokkan rekening koran dari berkas CSV / tick a bank's statement from a CSV file
    #[command(name = "cocokkan", alias = "reconcile")]
    Reconcile(Box<Reconcile>),
    /// Selisih bank dan buku / where bank and ledger differ
    #[command(name = "selisih", alias = "differences")]
    Differences(WhichBank),
}

/// A bank account and a span.
#[derive(Args, Clone, Debug)]
pub struct WhichBank {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Dana pemilik rekening: uep, sp, iks, ... / fund
    #[arg(value_parser = fund)]
    pub fund: Fund,
    /// Dari tanggal / from
    #[arg(long = "dari", alias = "from", value_parser = day)]
    pub from: Day,
    /// Sampai tanggal / through
    #[arg(long = "sampai", alias = "through", value_parser = day)]
    pub through: Day,
}

/// A statement to be ticked.
#[derive(Args, Clone, Debug)]
pub struct Reconcile {
    /// Which account.
    #[command(flatten)]
    pub which: WhichBank,
    /// Berkas CSV; kosong untuk mencocokkan ulang / the CSV file; none to look again
    pub file: Option<PathBuf>,
    /// Beda tanggal paling banyak, dalam hari / how many days entry and line may lie apart
    #[arg(long = "beda-hari", alias = "window", default_value_t = 3)]
    pub window: u32,
    /// When.
    #[command(flatten)]
    pub when: When,
}

const DIFFERENCES: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("where", "Hanya di", "Only in"),
    text("reference", "Nomor", "Reference"),
    text("text", "Keterangan", "Text"),
    number("in", "Masuk", "In"),
    number("out", "Keluar", "Out"),
];

impl Client {
    pub(super) async fn bank(&self, ask: &BankAsk) -> Result<Table, Failure> {
        match ask {
            BankAsk::Reconcile(statement) => self.reconcile_bank(statement).await,
            BankAsk::Differences(which) => self.bank_differences(which).await,
        }
    }

    async fn reconcile_bank(&self, statement: &Reconcile) -> Result<Table, Failure> {
        let lines = match &statement.file {
            None => Vec::new(),
            Some(file) => bank_csv::read(&self.file(file)?, self.language)?,
        };
        let which = &statement.which;
        let request = request!(
            self,
            statement.when,
            v1::ImportBankStatementRequest {
                entity: self.entity(&which.entity),
                fund: which.fund as i32,
                from: date(which.from),
                through: date(which.through),
                window_days: statement.window,
                lines,
            }
        );
        let answer = self.book(self.remote.reconciling().import_bank_statement(request)).await?;
        let mut table = self.bank_differences(which).await?;
        let new = answer.ticked.len();
        table.note(self.say(
            &format!("{new} baris baru saja dicocokkan."),
            &format!("{new} lines were ticked just now."),
        ));
        let transaction = answer.transaction.ok_or_else(|| self.incomplete())?;
        note_warnings(&mut table, &transaction.warnings);
        Ok(table)
    }

    async fn bank_differences(&self, which: &WhichBank) -> Result<Table, Failure> {
        let request = v1::GetBankReconciliationRequest {
            entity: self.entity(&which.entity),
            fund: which.fund as i32,
            from: date(which.from),
            through: date(which.through),
        };
        let answer = self.get(self.remote.reconciling().get_bank_reconciliation(request)).await?;
        let heading = self.say("Selisih bank dan buku", "Where bank and ledger differ");
        let mut table = Table::new(heading, DIFFERENCES);
        for line in &answer.lines_without_entries {
            let (came_in, went_out) = match &line.movement {
                Some(Movement::MoneyIn(money)) => (money_text(Some(money)), String::new()),
                Some(Movement::MoneyOut(money)) => (String::new(), money_text(Some(money))),
                None => (String::new(), String::new()),
            };
            table.row(vec![
                self.date(line.date.as_ref()),
                self.say("bank", "bank"),
                line.reference.clone(),
                line.text.clone(),
                came_in,
                went_out,
            ]);
        }
        for line in &answer.entries_without_lines {
            let (debit, credit) = super::columns(line.side.as_ref().map(Side::signed));
            table.row(vec![
                self.date(line.effective_on.as_ref()),
                self.say("buku", "ledger"),
                last_part(&line.transaction).to_owned(),
                line.memo.clone(),
                debit,
                credit,
            ]);
        }
        self.note_balances(&mut table, &answer);
        Ok(table)
    }

    fn note_balances(&self, table: &mut Table, answer: &v1::GetBankReconciliationResponse) {
        let ledger = money_text(answer.ledger_closing.as_ref());
        let ticked = answer.ticked;
        let Some(bank) = &answer.bank_closing else {
            table.note(self.say(
                &format!("{ticked} baris cocok. Saldo buku {ledger}; saldo bank tidak diketahui."),
                &format!("{ticked} lines agree. Ledger {ledger}; the bank's balance is not known."),
            ));
            return;
        };
        let bank = money_text(Some(bank));
        let sen = |money: &Option<_>| format_amount(crate::cli::convert::sen(money.as_ref()));
        let (difference, opening) = (sen(&answer.difference), sen(&answer.opening_difference));
        table.note(self.say(
            &format!(
                "{ticked} baris cocok. Saldo bank {bank}, saldo buku {ledger}, selisih \
                 {difference}; selisih awal {opening}."
            ),
            &format!(
                "{ticked} lines agree. Bank {bank}, ledger {ledger}, difference {difference}; \
                 opening difference {opening}."
            ),
        ));
    }
}
