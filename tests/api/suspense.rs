//! Reports are never refused for business reasons: what does not fit waits in suspense, counted
//! cash agrees, and a person clears it later. Corrections take back what was booked.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, cash, deposit, idr, on, sen, why};

on_both!(
    an_unknown_member_waits_in_suspense_until_cleared,
    what_goes_beyond_the_savings_waits_in_suspense,
    a_line_or_the_rest_of_a_sheet_is_taken_back,
);

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().expect("a part")
}

async fn waiting(town: &Town) -> Vec<(String, i64)> {
    let request = ListAccountsRequest {
        entity: A.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        code: 2901,
        skip_zero: true,
        ..ListAccountsRequest::default()
    };
    let response = town.ledger().list_accounts(request).await.expect("accounts").into_inner();
    let item =
        |found: &AccountBalance| (found.account.clone().expect("set").subject, sen(&found.balance));
    response.accounts.iter().map(item).collect()
}

async fn listed(town: &Town, parent: &str) -> Vec<SuspenseItem> {
    let request = ListSuspenseRequest { parent: parent.to_owned(), ..Default::default() };
    town.journal().list_suspense(request).await.expect("a list").into_inner().items
}

async fn an_unknown_member_waits_in_suspense_until_cleared(server: &Server) {
    let town = Town::found(server).await;
    let reported = town.deposit("m99", 30_000).await;
    assert_eq!(reported.warnings[0].reason, "IN_SUSPENSE");
    assert!(reported.warnings[0].text.contains("Rp30.000"), "{:?}", reported.warnings);
    assert_eq!(town.held("a.sp.1101").await, 3_000_000, "the cash is there");
    let item = format!("{}/0", last_part(&reported.name));
    assert_eq!(waiting(&town).await, [(item, 3_000_000)]);
    let listed = listed(&town, BOOK).await;
    let [item] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((item.entity.as_str(), item.fund()), (A, Fund::SimpanPinjam));
    assert_eq!((&item.transaction, item.line), (&reported.name, 0));
    assert_eq!(item.side, idr(30_000).map(suspense_item::Side::Credit));
    assert_eq!(
        (item.happened_on, item.event.as_str()),
        (reported.happened_on, "SAVINGS_DEPOSITED")
    );
    assert_eq!(item.warning.as_ref(), reported.warnings.first());

    let clear = |account: &str, rupiah| ClearSuspenseRequest {
        transaction: reported.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        line: 0,
        account: format!("{BOOK}/accounts/{account}"),
        amount: idr(rupiah),
        ..ClearSuspenseRequest::default()
    };
    let too_much = town.journal().clear_suspense(clear("a.sp.2103.m02", 30_001)).await;
    assert_eq!(why(&too_much.expect_err("refused")).reason, "SUSPENSE_EXCEEDED");
    let unknown = town.journal().clear_suspense(clear("a.sp.2103.m99", 1)).await;
    assert_eq!(why(&unknown.expect_err("refused")).reason, "NOT_FOUND");
    let money = town.journal().clear_suspense(clear("a.sp.1101", 1)).await;
    assert_eq!(why(&money.expect_err("refused")).reason, "RESERVED_ACCOUNT");
    town.journal().clear_suspense(clear("a.sp.2103.m02", 30_000)).await.expect("cleared");
    assert_eq!(waiting(&town).await, []);
    assert_eq!(self::listed(&town, BOOK).await, []);
    assert_eq!(town.held("a.sp.2103.m02").await, 3_000_000);
}

async fn what_goes_beyond_the_savings_waits_in_suspense(server: &Server) {
    let town = Town::found(server).await;
    town.deposit("m01", 20_000).await;
    let request = WithdrawRequest {
        member: format!("{A}/members/m01"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        amount: idr(50_000),
        place: cash(),
    };
    let taken = town.savings().withdraw(request).await.expect("a report").into_inner();
    let taken = taken.transaction.expect("set");
    let reasons: Vec<_> = taken.warnings.iter().map(|warning| warning.reason.as_str()).collect();
    assert_eq!(reasons, ["IN_SUSPENSE", "CASH_NEGATIVE"]);
    assert_eq!(town.held("a.sp.2103.m01").await, 0);
    assert_eq!(town.held("a.sp.1101").await, -3_000_000);
    assert_eq!(waiting(&town).await[0].1, -3_000_000);
    let item = listed(&town, A).await.remove(0);
    assert_eq!(item.side, idr(30_000).map(suspense_item::Side::Debit));
    assert_eq!(listed(&town, LKM).await, []);
    // Two more, in pages of one; what was placed is on none of them.
    let placed = town.deposit("m98", 2_000).await;
    town.deposit("m99", 1_000).await;
    let clear = ClearSuspenseRequest {
        transaction: placed.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        account: format!("{BOOK}/accounts/a.sp.2103.m02"),
        amount: idr(2_000),
        ..ClearSuspenseRequest::default()
    };
    town.journal().clear_suspense(clear).await.expect("cleared");
    let all = listed(&town, A).await;
    assert_eq!(all.len(), 2, "{all:?}");
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSuspenseRequest { parent: A.to_owned(), page_size: 1, page_token };
        let page = town.journal().list_suspense(request).await.expect("a page").into_inner();
        paged.extend(page.items);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all);
    let asked = |parent: &str, page_token: &str| {
        let (parent, page_token) = (parent.to_owned(), page_token.to_owned());
        ListSuspenseRequest { parent, page_size: 0, page_token }
    };
    for (request, reason, field) in [
        (asked("", ""), "REQUIRED", "parent"),
        (asked("books", ""), "NAME_MALFORMED", "parent"),
        (asked(&format!("{BOOK}/groups/tiada"), ""), "NOT_FOUND", "parent"),
        (asked(A, "x"), "PAGE_TOKEN", "page_token"),
    ] {
        let why = why(&town.journal().list_suspense(request).await.expect_err(reason));
        assert_eq!((why.reason.as_str(), why.field.as_str()), (reason, field));
    }
}

async fn a_line_or_the_rest_of_a_sheet_is_taken_back(server: &Server) {
    let town = Town::found(server).await;
    let line = |member: &str| SheetLine {
        kind: SheetLineKind::Sukarela as i32,
        member_id: member.to_owned(),
        amount: idr(10_000),
        ..SheetLine::default()
    };
    let request = RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        number: "1".to_owned(),
        lines: vec![line("m01"), line("m02"), line("m03")],
        opening_cash: idr(0),
        closing_cash: idr(30_000),
    };
    let sheet = town.meetings().record_sheet(request).await.expect("a sheet").into_inner();
    let sheet = sheet.transaction.expect("set");
    let reverse = |line| ReverseTransactionRequest {
        transaction: sheet.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        line,
    };
    town.journal().reverse_transaction(reverse(2)).await.expect("one line");
    assert_eq!(town.held("a.sp.2103.m02").await, 0);
    assert_eq!(town.held("a.sp.1101").await, 2_000_000);
    let again = town.journal().reverse_transaction(reverse(2)).await.expect_err("once only");
    assert_eq!(
        (again.code(), why(&again).reason.as_str()),
        (Code::FailedPrecondition, "ALREADY_REVERSED")
    );
    let rest = town.journal().reverse_transaction(reverse(0)).await.expect("the rest").into_inner();
    assert_eq!(town.held("a.sp.1101").await, 0);
    let found = town.get(&sheet.name).await.expect("found");
    let lines: Vec<u32> = found.reversed_by.iter().map(|reversal| reversal.line).collect();
    assert_eq!(lines, [0, 2]);
    let rest = rest.transaction.expect("set");
    let request = ReverseTransactionRequest {
        transaction: rest.name,
        request_id: fresh_request_id(),
        details: None,
        line: 0,
    };
    let never = town.journal().reverse_transaction(request).await.expect_err("refused");
    assert_eq!(why(&never).reason, "IS_REVERSAL");
    // A reversal obeys floors: at the LKM's counter nothing goes below zero.
    let saved = town.deposit("m05", 1_000).await;
    let request = WithdrawRequest {
        member: format!("{A}/members/m05"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        amount: idr(1_000),
        place: cash(),
    };
    town.savings().withdraw(request).await.expect("taken out");
    let request = ReverseTransactionRequest {
        transaction: saved.name,
        request_id: fresh_request_id(),
        details: None,
        line: 0,
    };
    let floor = town.journal().reverse_transaction(request).await.expect_err("refused");
    assert_eq!(why(&floor).reason, "FLOOR");
    let refused = town.savings().deposit(deposit("m01", 0)).await.expect_err("refused");
    assert_eq!(why(&refused).reason, "AMOUNT_ZERO");
}
