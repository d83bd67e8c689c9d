//! The demo's journals as hledger and Beancount read them: both compute the balances that the service
//! answers, account by account, to the sen; and hledger the statements of the closed year.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use simpul::api::google_type::Date;
use simpul::api::v1;
use simpul::api::v1::ledger_service_client::LedgerServiceClient;
use simpul::api::v1::report_service_client::ReportServiceClient;
use simpul::domain::account::Account;
use simpul::report::plaintext::parse_account;
use tokio::task::block_in_place;
use tonic::transport::Channel;

use crate::server::{Backend, simpul};

/// Sen, debit positive, by account; those that are zero are left out.
pub type Balances = BTreeMap<String, i64>;

/// A book of the demo, and whose year is closed in it.
pub struct Book {
    id: &'static str,
    closed: &'static [&'static str],
}

/// Those with a closed year.
pub const BOOKS: [Book; 2] = [
    Book { id: "contoh", closed: &["lkm", "groups/wsehati", "groups/merpati"] },
    Book { id: "lontar", closed: &["lkm", "groups/sasando"] },
];

/// What statements of the closed year say, by the entity and the account's number: what the year
/// earned and cost, and where it ended; on the natural side, those that are zero left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Statements {
    income: BTreeMap<(String, u32), i64>,
    position: BTreeMap<(String, u32), i64>,
}

/// What the service answers of the closed year.
pub async fn statements(channel: Channel, book: &Book) -> Statements {
    let mut found = Statements::default();
    for scope in book.closed {
        for kind in [v1::StatementKind::Income, v1::StatementKind::BalanceSheet] {
            let day = |month, day| Some(Date { year: 2025, month, day });
            let request = v1::GetStatementRequest {
                scope: format!("books/{}/{scope}", book.id),
                kind: kind as i32,
                from: day(1, 1).filter(|_| kind == v1::StatementKind::Income),
                through: day(12, 31),
                ..v1::GetStatementRequest::default()
            };
            let mut reports = ReportServiceClient::new(channel.clone());
            let answer = reports.get_statement(request).await.expect("answered").into_inner();
            let of_kind = match kind {
                v1::StatementKind::Income => &mut found.income,
                _ => &mut found.position,
            };
            let entity = scope.trim_start_matches("groups/");
            for row in answer.rows.into_iter().filter(|row| row.code != 0) {
                let money = row.amount.expect("a figure");
                let sen = money.units * 100 + i64::from(money.nanos / 10_000_000);
                of_kind.insert((entity.to_owned(), row.code), sen);
            }
        }
    }
    for figures in [&mut found.income, &mut found.position] {
        figures.retain(|_, sen| *sen != 0);
    }
    found
}

/// What hledger makes of the same year: the closing of a year is no income and no cost, nor is what
/// takes it back.
fn recomputed(file: &Path, closed: &[&str]) -> Statements {
    let sums = |query: &[&str]| {
        let mut sums: BTreeMap<(String, u32), i64> = BTreeMap::new();
        for (name, debit) in hledger(file, &[&["-e", "2026-01-01"], query].concat()) {
            let account = Account::parse(&name).expect("an account");
            let (entity, code) = (account.ledger.entity.as_str().to_owned(), account.code);
            if closed.iter().any(|scope| scope.trim_start_matches("groups/") == entity) {
                let natural = if code.debit_side() { debit } else { -debit };
                *sums.entry((entity, code.number())).or_default() += natural;
            }
        }
        sums.retain(|_, sen| *sen != 0);
        sums
    };
    Statements {
        income: sums(&["-b", "2025-01-01", "^(Income|Expenses):", NOT_CLOSING]),
        position: sums(&["^(Assets|Liabilities|Equity):"]),
    }
}

/// What neither closes a year nor opens it again.
const NOT_CLOSING: &str = "not:tag:event=(YEAR_CLOSED|PERIOD_REOPENED)";

/// What the service says of every account of a book.
pub async fn balances(channel: Channel, book: &Book) -> Balances {
    let mut ledger = LedgerServiceClient::new(channel.clone());
    let request = v1::GetTrialBalanceRequest {
        scope: format!("books/{}", book.id),
        ..v1::GetTrialBalanceRequest::default()
    };
    let rows = ledger.get_trial_balance(request).await.expect("answered").into_inner().rows;
    let mut entities: Vec<String> = rows.iter().map(|row| row.entity.clone()).collect();
    entities.dedup();
    let mut found = Balances::new();
    for entity in entities {
        let mut page_token = String::new();
        loop {
            let (entity, page_size) = (entity.clone(), 500);
            let request =
                v1::ListAccountsRequest { entity, page_size, page_token, ..Default::default() };
            let page = ledger.list_accounts(request).await.expect("answered").into_inner();
            found.extend(page.accounts.iter().filter_map(|row| balance(row, book)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
    }
    assert_totals(&found, &rows);
    found
}

fn balance(row: &v1::AccountBalance, book: &Book) -> Option<(String, i64)> {
    let account = row.account.as_ref().expect("an account");
    let money = row.balance.as_ref().expect("a balance");
    let natural = money.units * 100 + i64::from(money.nanos / 10_000_000);
    let signed = if account.debit_side { natural } else { -natural };
    let own = format!("books/{}/accounts/", book.id);
    let name = account.name.strip_prefix(&own).expect("of the book");
    (signed != 0).then(|| (name.to_owned(), signed))
}

/// The accounts come to the trial balance.
fn assert_totals(accounts: &Balances, rows: &[v1::TrialBalanceRow]) {
    let mut totals = Balances::new();
    for (name, amount) in accounts {
        let account = Account::parse(name).expect("an account");
        *totals.entry(account.control().to_string()).or_default() += amount;
    }
    totals.retain(|_, total| *total != 0);
    assert_eq!(totals.len(), rows.len());
    assert_eq!(totals.values().sum::<i64>(), 0);
}

/// Exports a book in both forms and compares what both programs make of it.
pub fn assert_computed_by_others(
    backend: &Backend,
    data: &Path,
    book: &Book,
    expected: &Balances,
    statements: &Statements,
) {
    assert!(expected.len() > 100);
    assert!(statements.income.len() > 10 && statements.position.len() > 15, "{statements:?}");
    let folder = tempfile::tempdir().expect("a folder");
    for (form, name) in [("hledger", "book.journal"), ("beancount", "book.beancount")] {
        let file = folder.path().join(name);
        let mut export = simpul(&["export"], backend, data);
        export.args(["--format", form, "--book", book.id]);
        std::fs::write(&file, said(export)).expect("written");
        let computed = match form {
            "hledger" => {
                assert_eq!(&recomputed(&file, book.closed), statements);
                hledger(&file, &[])
            }
            _ => beancount(&file),
        };
        assert_eq!(&computed, expected, "{form}");
    }
    let mut nowhere = simpul(&["export"], backend, data);
    nowhere.args(["--format", "hledger", "--book", "tiada"]);
    let output = block_in_place(|| nowhere.output()).expect("it runs");
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "simpul: there is no book tiada\n");
}

/// What a command prints. It must succeed.
fn said(mut command: Command) -> String {
    let ran = block_in_place(|| command.output());
    let Output { status, stdout, stderr } =
        ran.unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run installs it"));
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("text")
}

fn hledger(file: &Path, query: &[&str]) -> Balances {
    let command = |arguments: &[&str]| {
        let mut command = Command::new("hledger");
        command.arg("-f").arg(file).args(arguments).env("LC_ALL", "C.UTF-8");
        command
    };
    // Every account and commodity is declared, every transaction balances.
    said(command(&["check", "--strict"]));
    let balance = ["balance", "--flat", "--no-total", "-O", "csv"];
    let rows = said(command(&[&balance, query].concat()));
    let rows = rows.lines().skip(1).map(|row| row.trim_matches('"').split_once("\",\""));
    rows.map(|row| {
        let (account, amount) = row.expect("two columns");
        computed(account, amount.strip_suffix(" IDR").expect("rupiah"))
    })
    .collect()
}

fn beancount(file: &Path) -> Balances {
    let python = std::env::var("SIMPUL_TEST_PYTHON")
        .expect("SIMPUL_TEST_PYTHON names a Python that has Beancount; tests/run sets it");
    let mut command = Command::new(python);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/processes/balances.py");
    command.arg(script).arg(file);
    let rows = said(command);
    rows.lines()
        .map(|row| row.split_once(',').expect("two columns"))
        .map(|(account, amount)| computed(account, amount))
        .filter(|(_, amount)| *amount != 0)
        .collect()
}

/// An account and its sen, as another program writes them.
fn computed(account: &str, amount: &str) -> (String, i64) {
    let name = parse_account(account).unwrap_or_else(|| panic!("{account} is not ours"));
    let (rupiah, sen) = amount.split_once('.').unwrap_or((amount, "00"));
    assert_eq!(sen.len(), 2, "{amount}");
    let digits: i64 = format!("{rupiah}{sen}").parse().expect("a number");
    (name.to_string(), digits)
}
