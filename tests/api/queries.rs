//! Questions: as of a day as known at a position, statements, cash books, passbooks, periods.

use simpul::api::google_type::Date;
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, cash, date, deposit, idr, on, place, sen, why};

on_both!(
    a_backdated_deposit_shows_as_of_its_day_once_it_is_known,
    a_closed_period_takes_nothing_more,
    statements_and_passbooks_are_paged_in_both_directions,
    a_cash_book_runs_through_all_money_of_a_fund,
    accounts_are_listed_by_code,
);

async fn as_of(town: &Town, day: Option<Date>, as_known_at: u64) -> (i64, u64) {
    let account = format!("{BOOK}/accounts/a.sp.2103.m01");
    let request = GetBalanceRequest { account, as_of: day, as_known_at };
    let answer = town.ledger().get_balance(request).await.expect("a balance").into_inner();
    (sen(&answer.balance.expect("set").balance), answer.read_point.expect("set").position)
}

async fn deposit_on(town: &Town, day: (i32, i32, i32), rupiah: i64) -> Transaction {
    let request = DepositRequest { details: on(day.0, day.1, day.2), ..deposit("m01", rupiah) };
    let answer = town.savings().deposit(request).await.expect("deposited").into_inner();
    answer.transaction.expect("set")
}

async fn a_backdated_deposit_shows_as_of_its_day_once_it_is_known(server: &Server) {
    let town = Town::found(server).await;
    let january = deposit_on(&town, (2025, 1, 31), 1_000).await;
    let march = deposit_on(&town, (2025, 3, 3), 2_000).await;
    let late = deposit_on(&town, (2025, 2, 10), 4_000).await;
    assert_eq!(late.effective_on, date(2025, 2, 10));
    assert_eq!(late.business_day, date(2025, 3, 3));

    assert_eq!(as_of(&town, None, 0).await.0, 700_000);
    assert_eq!(as_of(&town, date(2025, 2, 28), 0).await.0, 500_000);
    assert_eq!(as_of(&town, date(2025, 2, 28), march.position).await.0, 100_000);
    assert_eq!(as_of(&town, date(2025, 1, 30), 0).await.0, 0);
    assert_eq!(as_of(&town, None, january.position).await, (100_000, january.position));
    let request =
        GetTrialBalanceRequest { scope: A.to_owned(), as_of: date(2025, 2, 28), as_known_at: 0 };
    let answer = town.ledger().get_trial_balance(request).await.expect("totals").into_inner();
    assert_eq!(sen(&answer.total_debit), 500_000);
    assert_eq!(answer.read_point.expect("set").position, late.position);
}

async fn a_closed_period_takes_nothing_more(server: &Server) {
    let town = Town::found(server).await;
    deposit_on(&town, (2025, 3, 3), 1_000).await;
    let close = |entity: &str, day| ClosePeriodRequest {
        entity: entity.to_owned(),
        request_id: fresh_request_id(),
        through: day,
        minute: "BA-1/contoh".to_owned(),
    };
    let early = town.books().close_period(close(A, date(2025, 3, 3))).await.expect_err("too early");
    assert_eq!(early.code(), Code::FailedPrecondition);
    assert_eq!(why(&early).reason, "PERIOD_NOT_CLOSABLE");
    let closed = town.books().close_period(close(A, date(2025, 2, 28))).await.expect("closed");
    let period = closed.into_inner().period.expect("set");
    assert_eq!((period.entity.as_str(), period.closed_through), (A, date(2025, 2, 28)));
    let late = deposit_on(&town, (2025, 2, 10), 2_000).await;
    assert_eq!((late.happened_on, late.effective_on), (date(2025, 2, 10), date(2025, 3, 1)));
    assert_eq!(late.warnings[0].reason, "MOVED_TO_OPEN_DAY");
    assert_eq!(as_of(&town, date(2025, 2, 28), 0).await.0, 0);
    let again = town.books().close_period(close(A, date(2025, 2, 28))).await.expect_err("closed");
    assert_eq!(why(&again).reason, "PERIOD_CLOSED");
}

async fn statements_and_passbooks_are_paged_in_both_directions(server: &Server) {
    let town = Town::found(server).await;
    for rupiah in 1..=7 {
        town.deposit("m01", rupiah).await;
    }
    for newest_first in [false, true] {
        let mut amounts = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListEntriesRequest {
                account: format!("{BOOK}/accounts/a.sp.2103.m01"),
                page_size: 3,
                page_token,
                newest_first,
            };
            let answer = town.ledger().list_entries(request).await.expect("a page").into_inner();
            assert!(answer.lines.len() <= 3);
            for line in answer.lines {
                let Some(ledger_line::Side::Credit(amount)) = line.side else { panic!("a debit") };
                assert_eq!(line.party, format!("{A}/members/m01"));
                amounts.push((amount.units, sen(&line.balance) / 100));
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut expected: Vec<(i64, i64)> = (1..=7).map(|n| (n, n * (n + 1) / 2)).collect();
        if newest_first {
            expected.reverse();
        }
        assert_eq!(amounts, expected);
    }
    let wajib = DepositRequest { kind: SavingsKind::Wajib as i32, ..deposit("m01", 50) };
    town.savings().deposit(wajib).await.expect("deposited");
    let request = GetPassbookRequest {
        member: format!("{A}/members/m01"),
        newest_first: true,
        page_size: 2,
        ..GetPassbookRequest::default()
    };
    let book = town.ledger().get_passbook(request).await.expect("a passbook").into_inner();
    let held: Vec<_> = book
        .accounts
        .iter()
        .map(|found| (found.account.clone().expect("set").code, sen(&found.balance)))
        .filter(|(_, held)| *held != 0)
        .collect();
    assert_eq!(held, [(2103, 2_800), (2104, 5_000)]);
    let accounts: Vec<_> = book.lines.iter().map(|line| line.account.as_str()).collect();
    assert_eq!(
        accounts,
        [format!("{BOOK}/accounts/a.sp.2104.m01"), format!("{BOOK}/accounts/a.sp.2103.m01")]
    );
    assert!(!book.next_page_token.is_empty());
}

async fn a_cash_book_runs_through_all_money_of_a_fund(server: &Server) {
    let town = Town::found(server).await;
    deposit_on(&town, (2025, 1, 31), 1_000).await;
    deposit_on(&town, (2025, 2, 3), 2_000).await;
    let bank = MoveCashRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 4),
        fund: Fund::SimpanPinjam as i32,
        from: cash(),
        to: place(PlaceKind::Bank),
        amount: idr(500),
    };
    town.cash().move_cash(bank).await.expect("moved");
    deposit_on(&town, (2025, 3, 3), 4_000).await;
    let late = deposit_on(&town, (2025, 2, 5), 8_000).await;

    let mut page_token = String::new();
    let (mut openings, mut balances, mut transactions) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let request = GetCashBookRequest {
            entity: A.to_owned(),
            fund: Fund::SimpanPinjam as i32,
            from: date(2025, 2, 1),
            through: date(2025, 2, 28),
            page_size: 2,
            page_token,
            as_known_at: 0,
        };
        let page = town.ledger().get_cash_book(request).await.expect("a page").into_inner();
        openings.push(sen(&page.opening) / 100);
        balances.extend(page.lines.iter().map(|line| sen(&line.balance) / 100));
        transactions.extend(page.lines.into_iter().map(|line| line.transaction));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    // The deposit, the two legs of the move, and the late one that belongs to February.
    assert_eq!(balances, [3_000, 3_500, 3_000, 11_000]);
    assert_eq!(openings, [1_000, 3_500]);
    assert_eq!(transactions.last(), Some(&late.name));
    assert_eq!(transactions.len(), 4);
    // Before the late one was told, nobody knew of it.
    let known = GetCashBookRequest {
        entity: A.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        from: date(2025, 2, 1),
        through: date(2025, 2, 28),
        as_known_at: late.position - 1,
        ..GetCashBookRequest::default()
    };
    let known = town.ledger().get_cash_book(known).await.expect("a page").into_inner();
    assert_eq!(known.lines.len(), 3);
    assert_eq!(known.read_point.expect("set").position, late.position - 1);
    let lkm = GetCashBookRequest {
        entity: LKM.to_owned(),
        fund: Fund::Iks as i32,
        ..GetCashBookRequest::default()
    };
    let status = town.ledger().get_cash_book(lkm).await.expect_err("an LKM has no such fund");
    assert_eq!(why(&status).reason, "CHOICE_UNKNOWN");
}

async fn accounts_are_listed_by_code(server: &Server) {
    let town = Town::found(server).await;
    for member in ["m03", "m01", "m02"] {
        town.deposit(member, 1_000).await;
    }
    let list = |page_token: String| ListAccountsRequest {
        entity: A.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        code: 2103,
        skip_zero: false,
        page_size: 2,
        page_token,
    };
    let first =
        town.ledger().list_accounts(list(String::new())).await.expect("a page").into_inner();
    let rest = town.ledger().list_accounts(list(first.next_page_token)).await.expect("a page");
    let rest = rest.into_inner();
    assert_eq!(rest.next_page_token, "");
    let subjects: Vec<_> = first
        .accounts
        .into_iter()
        .chain(rest.accounts)
        .map(|found| found.account.expect("set").subject)
        .collect();
    assert_eq!(subjects, ["m01", "m02", "m03"]);
    assert_eq!(town.held("a.sp.2103").await, 300_000, "without subject, the total of all");
}
