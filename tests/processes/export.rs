//! The demo's journal as hledger and Beancount read it: both compute the balances that the service
//! answers, account by account, to the sen.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use simpul::api::v1::{self, ledger_service_client::LedgerServiceClient};
use simpul::domain::account::Account;
use simpul::report::plaintext::parse_account;
use tokio::task::block_in_place;
use tonic::transport::Channel;

use crate::server::{Backend, simpul};

/// Sen, debit positive, by account; those that are zero are left out.
pub type Balances = BTreeMap<String, i64>;

/// What the service says of every account of the demo's book.
pub async fn balances(channel: Channel) -> Balances {
    let mut ledger = LedgerServiceClient::new(channel.clone());
    let request = v1::GetTrialBalanceRequest {
        scope: "books/contoh".to_owned(),
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
            found.extend(page.accounts.iter().filter_map(balance));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
    }
    assert_totals(&found, &rows);
    found
}

fn balance(row: &v1::AccountBalance) -> Option<(String, i64)> {
    let account = row.account.as_ref().expect("an account");
    let money = row.balance.as_ref().expect("a balance");
    let natural = money.units * 100 + i64::from(money.nanos / 10_000_000);
    let signed = if account.debit_side { natural } else { -natural };
    let name = account.name.strip_prefix("books/contoh/accounts/").expect("of the book");
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

/// Exports the demo's book in both forms and compares what both programs make of it.
pub fn assert_computed_by_others(backend: &Backend, data: &Path, expected: &Balances) {
    assert!(expected.len() > 100);
    let folder = tempfile::tempdir().expect("a folder");
    for (form, name) in [("hledger", "contoh.journal"), ("beancount", "contoh.beancount")] {
        let file = folder.path().join(name);
        let mut export = simpul(&["export"], backend, data);
        export.args(["--format", form, "--book", "contoh"]);
        std::fs::write(&file, said(export)).expect("written");
        let computed = match form {
            "hledger" => hledger(&file),
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

fn hledger(file: &Path) -> Balances {
    let command = |arguments: &[&str]| {
        let mut command = Command::new("hledger");
        command.arg("-f").arg(file).args(arguments).env("LC_ALL", "C.UTF-8");
        command
    };
    // Every account and commodity is declared, every transaction balances.
    said(command(&["check", "--strict"]));
    let rows = said(command(&["balance", "--flat", "--no-total", "-O", "csv"]));
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
