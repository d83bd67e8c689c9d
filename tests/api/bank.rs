//! A bank's statement against the ledger: what goes together, what differs, and what is refused.

use simpul::api::v1::bank_line::Movement;
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::on_both;
use crate::town::{A, LKM, Server, Town, date, idr, on, place, sen, why};

on_both!(
    event_61_a_statement_is_ticked_once_and_differences_are_listed,
    what_was_missing_is_recorded_and_ticked_by_the_next_run,
    a_reversed_entry_loses_its_tick,
    evidence_wins_and_the_nearest_day_is_taken,
    a_statement_that_cannot_be_is_refused_with_the_line_and_field,
);

fn line(reference: &str, day: i32, rupiah: i64) -> BankLine {
    let movement = match rupiah < 0 {
        true => Movement::MoneyOut(idr(-rupiah).unwrap()),
        false => Movement::MoneyIn(idr(rupiah).unwrap()),
    };
    BankLine {
        reference: reference.to_owned(),
        date: date(2025, 3, day),
        movement: Some(movement),
        text: format!("TRF {reference} Contoh"),
        ..BankLine::default()
    }
}

/// The lines with running balances from an opening balance on.
fn running(mut balance: i64, mut lines: Vec<BankLine>) -> Vec<BankLine> {
    for line in &mut lines {
        balance += match line.movement.as_ref().unwrap() {
            Movement::MoneyIn(money) => money.units,
            Movement::MoneyOut(money) => -money.units,
        };
        line.balance = idr(balance);
    }
    lines
}

fn import(lines: Vec<BankLine>) -> ImportBankStatementRequest {
    ImportBankStatementRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        fund: Fund::Uep as i32,
        from: date(2025, 3, 1),
        through: date(2025, 3, 31),
        window_days: 3,
        lines,
    }
}

async fn take_in(town: &Town, lines: Vec<BankLine>) -> Vec<String> {
    let answer = town.reconciling().import_bank_statement(import(lines)).await.expect("taken in");
    let answer = answer.into_inner();
    assert_eq!(answer.transaction.expect("set").entries, []);
    answer.ticked.into_iter().map(|line| line.reference).collect()
}

async fn reconciliation(town: &Town) -> GetBankReconciliationResponse {
    let request = GetBankReconciliationRequest {
        entity: A.to_owned(),
        fund: Fund::Uep as i32,
        from: date(2025, 3, 1),
        through: date(2025, 3, 31),
    };
    let answer = town.reconciling().get_bank_reconciliation(request).await.expect("reconciled");
    answer.into_inner()
}

fn only_at_bank(answer: &GetBankReconciliationResponse) -> Vec<&str> {
    answer.lines_without_entries.iter().map(|line| line.reference.as_str()).collect()
}

/// In rupiah, debit positive.
fn only_in_ledger(answer: &GetBankReconciliationResponse) -> Vec<i64> {
    let signed = |line: &LedgerLine| match line.side.clone().expect("a side") {
        ledger_line::Side::Debit(money) => sen(&Some(money)) / 100,
        ledger_line::Side::Credit(money) => -sen(&Some(money)) / 100,
    };
    answer.entries_without_lines.iter().map(signed).collect()
}

/// Group a with 10.000.000 in its bank account since February.
async fn town(server: &Server) -> Town {
    let town = Town::found(server).await;
    let grant = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 3),
        grant_id: "apbn".to_owned(),
        programme: "APBN (contoh)".to_owned(),
        source: BudgetSource::Apbn as i32,
        channel: Some(receive_grant_request::Channel::Bank(idr(10_000_000).unwrap())),
        ..ReceiveGrantRequest::default()
    };
    town.grants().receive_grant(grant).await.expect("received");
    town
}

/// Moves money between bank and tin: in (positive) or out of the bank.
async fn moved(town: &Town, day: i32, rupiah: i64, named: &str) -> Transaction {
    let (bank, tin) = (place(PlaceKind::Bank), place(PlaceKind::Cash));
    let (from, to) = if rupiah < 0 { (bank, tin) } else { (tin, bank) };
    let mut details = on(2025, 3, day);
    if !named.is_empty() {
        let kind = EvidenceKind::BankStatement as i32;
        details.as_mut().unwrap().evidence = Some(Evidence { kind, number: named.to_owned() });
    }
    let request = MoveCashRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details,
        fund: Fund::Uep as i32,
        from,
        to,
        amount: idr(rupiah.abs()),
    };
    let answer = town.cash().move_cash(request).await.expect("moved").into_inner();
    answer.transaction.expect("set")
}

async fn event_61_a_statement_is_ticked_once_and_differences_are_listed(server: &Server) {
    let town = town(server).await;
    let drawn = moved(&town, 4, -2_000_000, "").await;
    moved(&town, 20, -300_000, "").await;
    let lines = running(
        10_000_000,
        vec![line("T1", 5, -2_000_000), line("T2", 28, 12_500), line("T3", 31, -6_500)],
    );
    let request = import(lines.clone());
    let mut client = town.reconciling();
    let first = client.import_bank_statement(request.clone()).await.expect("taken in");
    let again = client.import_bank_statement(request.clone()).await.expect("the same again");
    let first = first.into_inner();
    assert_eq!(first, again.into_inner());
    assert_eq!(first.ticked.len(), 1);
    assert_eq!(first.ticked[0].transaction, drawn.name);
    assert_eq!(first.ticked[0].text, "TRF T1 Contoh");
    let mut other = request;
    other.lines[0].text = "lain".to_owned();
    let status = client.import_bank_statement(other).await.expect_err("another text");
    assert_eq!(why(&status).reason, "REQUEST_ID_REUSED");

    let seen = reconciliation(&town).await;
    assert_eq!(only_at_bank(&seen), ["T2", "T3"]);
    assert_eq!(seen.lines_without_entries[0].text, "TRF T2 Contoh");
    assert_eq!(only_in_ledger(&seen), [-300_000]);
    assert_eq!(seen.ticked, 1);
    let rupiah = |money| sen(money) / 100;
    assert_eq!(rupiah(&seen.bank_opening), 10_000_000);
    assert_eq!(rupiah(&seen.bank_closing), 8_006_000);
    assert_eq!(rupiah(&seen.ledger_opening), 10_000_000);
    assert_eq!(rupiah(&seen.ledger_closing), 7_700_000);
    assert_eq!(rupiah(&seen.difference), 306_000);
    assert_eq!(rupiah(&seen.opening_difference), 0);
    assert_eq!(rupiah(&seen.across), 0);

    // The same statement once more, as a new request, changes nothing.
    assert_eq!(take_in(&town, lines.clone()).await, Vec::<String>::new());
    let later = reconciliation(&town).await;
    assert_eq!(only_at_bank(&later), ["T2", "T3"]);
    assert_eq!((later.ticked, sen(&later.difference)), (1, sen(&seen.difference)));
    // The bank's words go with the group's key.
    server.forget("groups/a").await;
    let erased = &reconciliation(&town).await.lines_without_entries[0];
    assert_eq!((erased.text.as_str(), erased.text_erased), ("", true));
}

async fn what_was_missing_is_recorded_and_ticked_by_the_next_run(server: &Server) {
    let town = town(server).await;
    let lines = running(10_000_000, vec![line("T2", 28, 12_500), line("T3", 31, -6_500)]);
    assert_eq!(take_in(&town, lines).await, Vec::<String>::new());
    let interest = RecordBankInterestRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 31),
        fund: Fund::Uep as i32,
        amount: idr(12_500),
    };
    town.cash().record_bank_interest(interest).await.expect("recorded");
    let mut details = on(2025, 4, 20);
    let kind = EvidenceKind::BankStatement as i32;
    details.as_mut().unwrap().evidence = Some(Evidence { kind, number: "T3".to_owned() });
    let charge = RecordBankChargeRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details,
        fund: Fund::Uep as i32,
        amount: idr(6_500),
    };
    town.cash().record_bank_charge(charge).await.expect("recorded");
    // The charge was written too late to be looked at from March; the interest is found.
    assert_eq!(take_in(&town, Vec::new()).await, ["T2"]);
    let mut wide = import(Vec::new());
    wide.window_days = 31;
    let answer = town.reconciling().import_bank_statement(wide).await.expect("looked again");
    assert_eq!(answer.into_inner().ticked[0].reference, "T3");
    let seen = reconciliation(&town).await;
    assert_eq!((only_at_bank(&seen).len(), only_in_ledger(&seen).len(), seen.ticked), (0, 0, 2));
    // The charge stands in April's ledger and in March's statement.
    assert_eq!(sen(&seen.difference) / 100, -6_500);
    assert_eq!(sen(&seen.across) / 100, -6_500);
}

async fn a_reversed_entry_loses_its_tick(server: &Server) {
    let town = town(server).await;
    let wrong = moved(&town, 4, -2_000_000, "").await;
    assert_eq!(take_in(&town, vec![line("T1", 4, -2_000_000)]).await, ["T1"]);
    let reverse = ReverseTransactionRequest {
        transaction: wrong.name,
        request_id: fresh_request_id(),
        details: on(2025, 3, 6),
        line: 0,
    };
    town.journal().reverse_transaction(reverse).await.expect("reversed");
    let seen = reconciliation(&town).await;
    assert_eq!((only_at_bank(&seen), seen.ticked), (vec!["T1"], 0));
    assert_eq!(only_in_ledger(&seen), Vec::<i64>::new(), "the two cancel");
    // Neither the reversed entry nor its reversal is found again; the right entry is.
    assert_eq!(take_in(&town, vec![line("T0", 6, 2_000_000)]).await, Vec::<String>::new());
    let right = moved(&town, 5, -2_000_000, "").await;
    let answer = town.reconciling().import_bank_statement(import(Vec::new())).await;
    let ticked = answer.expect("looked again").into_inner().ticked;
    assert_eq!(ticked.len(), 1);
    assert_eq!((ticked[0].reference.as_str(), &ticked[0].transaction), ("T1", &right.name));
}

async fn evidence_wins_and_the_nearest_day_is_taken(server: &Server) {
    let town = town(server).await;
    let far = moved(&town, 10, -50_000, "T2").await;
    let near = moved(&town, 4, -50_000, "").await;
    let nearest = moved(&town, 6, -50_000, "").await;
    moved(&town, 20, -70_000, "").await;
    let lines = vec![
        line("T1", 6, -50_000),
        line("T2", 6, -50_000),
        line("T3", 6, -50_000),
        line("T4", 24, -70_000),
    ];
    let answer = town.reconciling().import_bank_statement(import(lines)).await.expect("taken in");
    let ticked = answer.into_inner().ticked;
    let ticked: Vec<_> =
        ticked.iter().map(|line| (line.reference.as_str(), line.transaction.as_str())).collect();
    let expected =
        [("T1", nearest.name.as_str()), ("T2", far.name.as_str()), ("T3", near.name.as_str())];
    assert_eq!(ticked, expected, "four days are beyond the window of three");
}

async fn a_statement_that_cannot_be_is_refused_with_the_line_and_field(server: &Server) {
    let town = town(server).await;
    let before = town.position().await;
    let lines = || running(0, vec![line("T1", 5, 100), line("T2", 6, 200)]);
    let refused = async |change: fn(&mut ImportBankStatementRequest)| {
        let mut request = import(lines());
        change(&mut request);
        let status = town.reconciling().import_bank_statement(request).await.expect_err("refused");
        let said = why(&status);
        (said.reason, said.field)
    };
    let is = |reason: &str, field: &str| (reason.to_owned(), field.to_owned());
    let cases: [(fn(&mut ImportBankStatementRequest), _); 11] = [
        (|r| r.lines[1].reference = "T1".into(), is("LINE_REPEATED", "lines[1].reference")),
        (|r| r.lines[1].reference.clear(), is("REQUIRED", "lines[1].reference")),
        (
            |r| r.lines[1].reference = "a/b".into(),
            is("LINE_REFERENCE_MALFORMED", "lines[1].reference"),
        ),
        (|r| r.lines[1].date = date(2025, 4, 1), is("LINE_OUTSIDE_SPAN", "lines[1].date")),
        (|r| r.lines[1].date = date(2025, 3, 4), is("LINES_UNORDERED", "lines[1].date")),
        (|r| r.lines[0].date = None, is("REQUIRED", "lines[0].date")),
        (
            |r| r.lines[0].movement = Some(Movement::MoneyIn(idr(-5).unwrap())),
            is("AMOUNT_NEGATIVE", "lines[0].money_in"),
        ),
        (|r| r.lines[0].movement = None, is("REQUIRED", "lines[0].movement")),
        (|r| r.lines[1].balance = idr(301), is("BALANCE_BROKEN", "lines[1].balance")),
        (|r| r.through = date(2025, 2, 1), is("SPAN_MALFORMED", "through")),
        (|r| r.window_days = 32, is("NUMBER_OUT_OF_RANGE", "window_days")),
    ];
    for (change, expected) in cases {
        assert_eq!(refused(change).await, expected);
    }
    assert_eq!(town.position().await, before, "nothing was recorded");
    let umum = |r: &mut ImportBankStatementRequest| {
        (r.entity, r.fund) = (LKM.to_owned(), Fund::Umum as i32);
    };
    assert_eq!(refused(umum).await, is("FUND_NOT_ALLOWED", "fund"));

    take_in(&town, lines()).await;
    let changed = |r: &mut ImportBankStatementRequest| {
        r.lines = vec![line("T1", 5, 101)];
    };
    assert_eq!(refused(changed).await, is("BANK_LINE_DIFFERS", "lines[0].movement"));
    let future = |r: &mut ImportBankStatementRequest| r.through = date(2100, 1, 1);
    assert_eq!(refused(future).await, is("DATE_IN_FUTURE", "through"));
}
