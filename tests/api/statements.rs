//! Statements and the general ledger: figures worked out by hand, every equation, every figure
//! followed to its entries, as of any day and as known at any position.

use std::collections::BTreeMap;

use simpul::api::google_type::Money;
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::refusal::Language;
use tonic::{Code, Status};

use crate::on_both;
use crate::town::{
    A, BOOK, LKM, Server, Town, cash, date, deposit, idr, on, place, sen, units, why,
};

on_both!(
    statements_come_to_what_was_worked_out,
    every_statement_balances_and_is_followed_to_its_entries,
    the_notes_say_what_the_figures_are_made_of,
    cash_stands_where_it_was_at_the_end_of_a_day,
    the_past_is_shown_as_it_was_known,
    every_statement_stands_beside_an_earlier_one,
    ledger_and_cash_stand_beside_earlier_ones,
    statements_are_printed_in_the_callers_language,
    questions_are_checked,
);

/// January: a grant of 20 million, pigs for 8 million, feed for half a million, savings and dues.
/// February: two pigs sold for 3.5 million, wages at the LKM.
pub async fn two_months(town: &Town) {
    capital_of_the_lkm(town).await;
    let request = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 6),
        grant_id: "blps".to_owned(),
        programme: "BLPS (contoh)".to_owned(),
        source: BudgetSource::Blps as i32,
        channel: Some(receive_grant_request::Channel::Lkm(idr(20_000_000).unwrap())),
        ..ReceiveGrantRequest::default()
    };
    town.grants().receive_grant(request).await.unwrap();
    let request = WithdrawAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 7),
        fund: Fund::Uep as i32,
        amount: idr(12_000_000),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Bank),
    };
    town.savings().withdraw_at_lkm(request).await.unwrap();
    buy_pigs(town).await;
    let feed = PayExpenseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 9),
        fund: Fund::Uep as i32,
        kind: ExpenseKind::Feed as i32,
        amount: idr(500_000),
        place: cash(),
        ..PayExpenseRequest::default()
    };
    town.trade().pay_expense(feed).await.unwrap();
    let savings = DepositRequest { details: on(2025, 1, 10), ..deposit("m01", 100_000) };
    town.savings().deposit(savings).await.unwrap();
    let dues = ReceiveDuesRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 10),
        payer: Some(receive_dues_request::Payer::Member(format!("{A}/members/m01"))),
        amount: idr(5_000),
        place: cash(),
        for_day: None,
    };
    town.iks().receive_dues(dues).await.unwrap();
    let sale = SellRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 3),
        fund: Fund::Uep as i32,
        price: idr(3_500_000),
        proceeds: Some(sell_request::Proceeds::PaidTo(cash().unwrap())),
        lot: format!("{A}/lots/babi-1"),
        quantity: units("2"),
    };
    town.trade().sell(sale).await.unwrap();
    let wages = PayExpenseRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 4),
        fund: Fund::SimpanPinjam as i32,
        kind: ExpenseKind::Wages as i32,
        amount: idr(1_000_000),
        place: place(PlaceKind::Bank),
        ..PayExpenseRequest::default()
    };
    town.trade().pay_expense(wages).await.unwrap();
}

async fn capital_of_the_lkm(town: &Town) {
    let line = |account: &str, side| JournalLine {
        account: format!("{BOOK}/accounts/{account}"),
        side: Some(side),
    };
    let request = PostJournalRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 2),
        lines: vec![
            line("lkm.sp.1104", journal_line::Side::Debit(idr(50_000_000).unwrap())),
            line("lkm.sp.3107", journal_line::Side::Credit(idr(50_000_000).unwrap())),
        ],
    };
    town.journal().post_journal(request).await.unwrap();
}

async fn buy_pigs(town: &Town) {
    let piglets = NewLot {
        lot_id: "babi-1".to_owned(),
        kind: LotKind::Livestock as i32,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units("8"),
        cost: idr(8_000_000),
    };
    let request = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 8),
        fund: Fund::Uep as i32,
        items: vec![piglets],
        payment: Some(purchase_request::Payment::PaidFrom(cash().unwrap())),
        grant: format!("{A}/grants/blps"),
        plan_line: String::new(),
    };
    town.trade().purchase(request).await.unwrap();
}

fn ask(scope: &str, kind: StatementKind) -> GetStatementRequest {
    GetStatementRequest { scope: scope.to_owned(), kind: kind as i32, ..Default::default() }
}

async fn get(town: &Town, request: GetStatementRequest) -> GetStatementResponse {
    town.reports().get_statement(request).await.expect("a statement").into_inner()
}

/// Indonesian titles with both figures in thousands of rupiah; headings left out.
fn figures(answer: &GetStatementResponse) -> Vec<(&str, i64, i64)> {
    let rows = answer.rows.iter().filter(|row| row.style != RowStyle::Heading as i32);
    let thousands = |money: &Option<Money>| money.as_ref().map_or(0, |_| sen(money) / 100_000);
    rows.map(|row| (row.title_id.as_str(), thousands(&row.amount), thousands(&row.compared)))
        .collect()
}

async fn statements_come_to_what_was_worked_out(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let request = GetStatementRequest {
        fund: Fund::Uep as i32,
        through: date(2025, 2, 28),
        compare_through: date(2025, 1, 31),
        ..ask(A, StatementKind::BalanceSheet)
    };
    let sheet = get(&town, request).await;
    assert_eq!(sheet.title_id, "Laporan Posisi Keuangan (SAK EMKM)");
    assert_eq!(
        figures(&sheet),
        [
            ("Kas", 7_000, 3_500),
            ("Jumlah kas dan setara kas", 7_000, 3_500),
            ("Tabungan di LKM", 8_000, 8_000),
            ("Jumlah simpanan dan penyertaan", 8_000, 8_000),
            ("Ternak", 6_000, 8_000),
            ("Jumlah persediaan dan ternak", 6_000, 8_000),
            ("JUMLAH ASET", 21_000, 19_500),
            ("Jumlah liabilitas", 0, 0),
            ("Modal Hibah", 20_000, 20_000),
            ("Jumlah modal", 20_000, 20_000),
            ("Hasil berjalan", 1_000, -500),
            ("Jumlah ekuitas", 21_000, 19_500),
            ("JUMLAH LIABILITAS DAN EKUITAS", 21_000, 19_500),
        ]
    );
    let february = |kind| GetStatementRequest {
        fund: Fund::Uep as i32,
        from: date(2025, 2, 1),
        through: date(2025, 2, 28),
        compare_through: date(2025, 1, 31),
        ..ask(A, kind)
    };
    let income = get(&town, february(StatementKind::Income)).await;
    assert_eq!(income.compare_from, date(2025, 1, 1));
    assert_eq!(
        figures(&income),
        [
            ("Penjualan", 3_500, 0),
            ("Jumlah pendapatan usaha", 3_500, 0),
            ("HPP", 2_000, 0),
            ("Jumlah beban pokok", 2_000, 0),
            ("Hasil kotor", 1_500, 0),
            ("Beban Pakan", 0, 500),
            ("Jumlah beban", 0, 500),
            ("LABA (RUGI) BERSIH", 1_500, -500),
        ]
    );
    let direct = get(&town, february(StatementKind::CashFlow)).await;
    assert_eq!(
        figures(&direct),
        [
            ("Ternak", 0, -8_000),
            ("Penjualan", 3_500, 0),
            ("Beban Pakan", 0, -500),
            ("Kas bersih dari aktivitas operasi", 3_500, -8_500),
            ("Tabungan di LKM", 0, 12_000),
            ("Kas bersih dari aktivitas investasi", 0, 12_000),
            ("KENAIKAN (PENURUNAN) KAS", 3_500, 3_500),
            ("Kas awal", 3_500, 0),
            ("KAS AKHIR", 7_000, 3_500),
        ]
    );
    let indirect = get(&town, february(StatementKind::IndirectCashFlow)).await;
    assert_eq!(
        figures(&indirect),
        [
            ("Hasil berjalan", 1_500, -500),
            ("Ternak", 2_000, -8_000),
            ("Kas bersih dari aktivitas operasi", 3_500, -8_500),
            ("Tabungan di LKM", 0, -8_000),
            ("Kas bersih dari aktivitas investasi", 0, -8_000),
            ("Modal Hibah", 0, 20_000),
            ("Kas bersih dari aktivitas pendanaan", 0, 20_000),
            ("KENAIKAN (PENURUNAN) KAS", 3_500, 3_500),
            ("Kas awal", 3_500, 0),
            ("KAS AKHIR", 7_000, 3_500),
        ]
    );
    let equity = get(&town, february(StatementKind::EquityChanges)).await;
    assert_eq!(
        figures(&equity),
        [
            ("Saldo awal", 20_000, 0),
            ("Hibah diterima", 0, 20_000),
            ("Saldo akhir", 20_000, 20_000),
            ("Saldo awal", -500, 0),
            ("Hasil dalam masa ini", 1_500, -500),
            ("Saldo akhir", 1_000, -500),
            ("EKUITAS AWAL", 19_500, 0),
            ("EKUITAS AKHIR", 21_000, 19_500),
        ]
    );
    let moved = equity.rows.iter().find(|row| row.event == "GRANT_RECEIVED").expect("by event");
    assert_eq!(moved.accounts, [format!("{BOOK}/accounts/a.uep.3101")]);
    let lkm = get(&town, ask(LKM, StatementKind::Income)).await;
    assert_eq!(lkm.title_id, "Perhitungan Hasil Usaha (SAK EP)");
    assert_eq!(figures(&lkm).last(), Some(&("SISA HASIL USAHA", -1_000, 0)));
}

/// All pages of a general ledger: what stood at the beginning and stands at the end of each
/// account, in sen on the natural side, and how many entries it has.
async fn general_ledger(
    town: &Town,
    request: GetGeneralLedgerRequest,
) -> BTreeMap<String, (i64, i64, usize)> {
    let mut accounts = BTreeMap::<String, (i64, i64, usize)>::new();
    let mut page_token = String::new();
    loop {
        let request = GetGeneralLedgerRequest { page_token, ..request.clone() };
        let answer = town.reports().get_general_ledger(request).await.expect("a page");
        let answer = answer.into_inner();
        for part in answer.accounts {
            let account = part.account.expect("set");
            let mut balance = sen(&part.opening);
            for line in &part.lines {
                let moved = match line.side.clone().expect("a side") {
                    ledger_line::Side::Debit(money) => sen(&Some(money)),
                    ledger_line::Side::Credit(money) => -sen(&Some(money)),
                };
                balance += if account.debit_side { moved } else { -moved };
                assert_eq!(sen(&line.balance), balance);
            }
            assert_eq!(sen(&part.closing), balance);
            let whole = accounts.entry(account.name).or_insert((sen(&part.opening), balance, 0));
            (whole.1, whole.2) = (balance, whole.2 + part.lines.len());
        }
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return accounts;
        }
    }
}

/// What the entries behind a figure come to: closing less opening, or closing, natural side.
async fn followed(town: &Town, row: &StatementRow, from: (i32, i32, i32), span: bool) -> i64 {
    let mut sum = 0;
    for name in &row.accounts {
        let request = GetGeneralLedgerRequest {
            from: date(from.0, from.1, from.2),
            page_size: 2,
            ..behind(name)
        };
        for (opening, closing, _) in general_ledger(town, request).await.values() {
            sum += if span { closing - opening } else { *closing };
        }
    }
    sum
}

/// What entries come to, debit positive, by their natural side.
fn natural(row: &StatementRow, entries: i64) -> i64 {
    let code = simpul::domain::chart::Code::from_number(row.code).expect("of the chart");
    if code.debit_side() { entries } else { -entries }
}

/// Each line of a direct cash flow is what the transactions that moved money booked on its accounts;
/// those that costs leave, and the costs, are set off against one another.
async fn lines_lead_to_what_moved_money(town: &Town, flow: &GetStatementResponse) {
    let lines = async |name: &str| {
        let from = date(2025, 1, 8);
        let request = GetGeneralLedgerRequest { from, page_size: 500, ..behind(name) };
        let answer = town.reports().get_general_ledger(request).await.expect("a page");
        let accounts = answer.into_inner().accounts;
        accounts.into_iter().flat_map(|account| account.lines).collect::<Vec<_>>()
    };
    let end = flow.rows.iter().find(|row| row.title_en == "CASH AT THE END").expect("an end");
    let mut moved = Vec::new();
    for name in &end.accounts {
        moved.extend(lines(name).await.into_iter().map(|line| line.transaction));
    }
    let mut seen = 0;
    for row in flow.rows.iter().filter(|row| row.code != 0 && ![1302, 5101].contains(&row.code)) {
        let mut sum = 0;
        for name in &row.accounts {
            let of = lines(name).await;
            for line in of.into_iter().filter(|line| moved.contains(&line.transaction)) {
                sum += match line.side.expect("a side") {
                    ledger_line::Side::Debit(money) => -sen(&Some(money)),
                    ledger_line::Side::Credit(money) => sen(&Some(money)),
                };
            }
        }
        assert_eq!(sen(&row.amount), sum, "{}", row.title_en);
        seen += 1;
    }
    assert!(seen > 0, "{flow:?}");
}

/// What the entries of a row's event come to on its accounts, natural side, from a day on.
async fn by_event(town: &Town, row: &StatementRow, from: (i32, i32, i32)) -> i64 {
    let mut sum = 0;
    for name in &row.accounts {
        let request = GetGeneralLedgerRequest {
            from: date(from.0, from.1, from.2),
            page_size: 500,
            ..behind(name)
        };
        let answer = town.reports().get_general_ledger(request).await.expect("a page");
        let answer = answer.into_inner();
        assert_eq!(answer.next_page_token, "");
        let lines = answer.accounts.into_iter().flat_map(|account| account.lines);
        for line in lines.filter(|line| line.event == row.event) {
            sum += match line.side.expect("a side") {
                ledger_line::Side::Debit(money) => -sen(&Some(money)),
                ledger_line::Side::Credit(money) => sen(&Some(money)),
            };
        }
    }
    sum
}

/// Asks for the entries behind a control account that a figure names.
fn behind(name: &str) -> GetGeneralLedgerRequest {
    let account = name.strip_prefix(&format!("{BOOK}/accounts/")).expect("of this book");
    let parts: Vec<&str> = account.split('.').collect();
    let [entity, fund, code] = parts.as_slice() else { panic!("{name}") };
    let entity = if *entity == "lkm" { LKM.to_owned() } else { format!("{BOOK}/groups/{entity}") };
    let fund = simpul::domain::chart::fund_from_name(fund).expect("a fund");
    GetGeneralLedgerRequest {
        entity,
        fund: fund as i32,
        code: code.parse().expect("a number"),
        through: date(2025, 2, 28),
        ..GetGeneralLedgerRequest::default()
    }
}

async fn every_statement_balances_and_is_followed_to_its_entries(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let total = |answer: &GetStatementResponse, title: &str| {
        let row = answer.rows.iter().find(|row| row.title_en == title).expect(title);
        sen(&row.amount)
    };
    for scope in [BOOK, A, LKM] {
        let through = |kind| GetStatementRequest {
            through: date(2025, 2, 28),
            from: date(2025, 1, 8),
            ..ask(scope, kind)
        };
        let sheet = get(&town, through(StatementKind::BalanceSheet)).await;
        let assets = total(&sheet, "TOTAL ASSETS");
        assert!(assets > 0);
        assert_eq!(assets, total(&sheet, "TOTAL LIABILITIES AND EQUITY"));
        for row in sheet.rows.iter().filter(|row| row.code != 0) {
            let entries = followed(&town, row, (2025, 1, 1), false).await;
            assert_eq!(sen(&row.amount), entries, "{scope} {}", row.title_en);
        }
        let income = get(&town, through(StatementKind::Income)).await;
        for row in income.rows.iter().filter(|row| row.code != 0) {
            let entries = followed(&town, row, (2025, 1, 8), true).await;
            assert_eq!(sen(&row.amount), entries, "{scope} {}", row.title_en);
        }
        for kind in [StatementKind::CashFlow, StatementKind::IndirectCashFlow] {
            let flow = get(&town, through(kind)).await;
            let (start, end) =
                (total(&flow, "Cash at the beginning"), total(&flow, "CASH AT THE END"));
            assert_eq!(end - start, total(&flow, "INCREASE (DECREASE) IN CASH"), "{scope}");
            if kind == StatementKind::CashFlow {
                lines_lead_to_what_moved_money(&town, &flow).await;
            }
            let rows = flow.rows.iter().filter(|row| row.title_en == "CASH AT THE END");
            for row in rows {
                assert_eq!(followed(&town, row, (2025, 1, 8), false).await, end, "{scope}");
            }
        }
        let equity = get(&town, through(StatementKind::EquityChanges)).await;
        let (start, end) =
            (total(&equity, "EQUITY AT THE BEGINNING"), total(&equity, "EQUITY AT THE END"));
        assert_eq!(end, total(&sheet, "Total equity"), "{scope}");
        let events = equity.rows.iter().filter(|row| !row.event.is_empty());
        let moved: i64 = events.map(|row| sen(&row.amount)).sum();
        assert_eq!(start + moved + total(&equity, "Result of the span"), end, "{scope}");
        let trial = get(&town, through(StatementKind::TrialBalance)).await;
        assert_eq!(total(&trial, "Debits less credits"), 0);
        for row in trial.rows.iter().filter(|row| row.code != 0) {
            let entries = followed(&town, row, (2025, 1, 1), false).await;
            assert_eq!(sen(&row.amount), natural(row, entries), "{scope} {}", row.title_en);
        }
        let indirect = get(&town, through(StatementKind::IndirectCashFlow)).await;
        for row in indirect.rows.iter().filter(|row| row.code != 0) {
            // What an asset grew by took money, what a liability grew by brought it.
            let entries = followed(&town, row, (2025, 1, 8), true).await;
            assert_eq!(sen(&row.amount), -natural(row, entries), "{scope} {}", row.title_en);
        }
        for row in equity.rows.iter().filter(|row| !row.event.is_empty()) {
            let entries = by_event(&town, row, (2025, 1, 8)).await;
            assert_eq!(sen(&row.amount), entries, "{scope} {}", row.event);
        }
        let notes = get(&town, through(StatementKind::Notes)).await;
        assert_eq!(total(&notes, "TOTAL ASSETS"), assets);
        for row in notes.rows.iter().filter(|row| row.code != 0 && row.amount.is_some()) {
            let entries = followed(&town, row, (2025, 1, 8), row.code >= 4000).await;
            assert_eq!(sen(&row.amount), entries, "{scope} {}", row.code);
            let stated = sheet.rows.iter().find(|one| one.code == row.code);
            if row.code < 4000 {
                let stated = stated.map_or(0, |one| sen(&one.amount));
                assert_eq!(sen(&row.amount), stated, "{scope} {}", row.code);
            }
        }
    }
}

async fn the_notes_say_what_the_figures_are_made_of(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let february = |scope: &str| GetStatementRequest {
        from: date(2025, 2, 1),
        through: date(2025, 2, 28),
        compare_from: date(2025, 1, 1),
        compare_through: date(2025, 1, 31),
        ..ask(scope, StatementKind::Notes)
    };
    let notes = get(&town, february(A)).await;
    assert_eq!(notes.title_id, "Catatan atas Laporan Keuangan (CALK)");
    let shown: Vec<_> = notes
        .rows
        .iter()
        .map(|row| {
            let thousands = |money: &Option<Money>| sen(money) / 100_000;
            let figures = row.amount.as_ref();
            let figures = figures.map(|_| (thousands(&row.amount), thousands(&row.compared)));
            (row.title_id.as_str(), row.code, figures)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("Kas", 1101, None),
            ("Saldo awal", 0, Some((3_605, 0))),
            ("Saldo akhir", 1101, Some((7_105, 3_605))),
            ("di antaranya dana UEP", 0, Some((7_000, 3_500))),
            ("di antaranya dana SIMPAN_PINJAM", 0, Some((100, 100))),
            ("di antaranya dana IKS", 0, Some((5, 5))),
            ("Tabungan di LKM", 1111, None),
            ("Saldo awal", 0, Some((8_000, 0))),
            ("Hibah diterima", 0, Some((0, 20_000))),
            ("Tarik dari LKM", 0, Some((0, -12_000))),
            ("Saldo akhir", 1111, Some((8_000, 8_000))),
            ("Ternak", 1302, None),
            ("Saldo awal", 0, Some((8_000, 0))),
            ("Pembelian", 0, Some((0, 8_000))),
            ("Penjualan", 0, Some((-2_000, 0))),
            ("Saldo akhir", 1302, Some((6_000, 8_000))),
            ("Tabungan Anggota", 2103, None),
            ("Saldo awal", 0, Some((100, 0))),
            ("Simpanan disetor", 0, Some((0, 100))),
            ("Saldo akhir", 2103, Some((100, 100))),
            ("Modal Hibah", 3101, None),
            ("Saldo awal", 0, Some((20_000, 0))),
            ("Hibah diterima", 0, Some((0, 20_000))),
            ("Saldo akhir", 3101, Some((20_000, 20_000))),
            ("Dana IKS", 3201, None),
            ("Saldo awal", 0, Some((5, 0))),
            ("Iuran IKS", 0, Some((0, 5))),
            ("Saldo akhir", 3201, Some((5, 5))),
            ("Penjualan", 4101, Some((3_500, 0))),
            ("HPP", 5101, Some((2_000, 0))),
            ("Beban Pakan", 5201, Some((0, 500))),
            ("JUMLAH ASET", 0, Some((21_105, 19_605))),
            ("JUMLAH LIABILITAS DAN EKUITAS", 0, Some((21_105, 19_605))),
            ("LABA (RUGI) BERSIH", 0, Some((1_500, -500))),
        ]
    );
    let sold = notes.rows.iter().find(|row| row.event == "SOLD").expect("by event");
    assert_eq!(sold.accounts, [format!("{BOOK}/accounts/a.uep.1302")]);
}

/// Account within the book, and opening, received, paid and closing in thousands of rupiah.
fn places(answer: &GetCashPositionResponse) -> Vec<(String, [i64; 4])> {
    let of = |place: &CashPlace| {
        let name = place.account.as_ref().map_or("", |account| account.name.as_str());
        let figures = [&place.opening, &place.received, &place.paid, &place.closing];
        let name = name.strip_prefix(&format!("{BOOK}/accounts/")).unwrap_or_default();
        (name.to_owned(), figures.map(|money| sen(money) / 100_000))
    };
    answer.places.iter().chain(&answer.total).map(of).collect()
}

async fn cash_stands_where_it_was_at_the_end_of_a_day(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let ask = |scope: &str, day| GetCashPositionRequest {
        scope: scope.to_owned(),
        day,
        ..GetCashPositionRequest::default()
    };
    let get = async |request| {
        town.reports().get_cash_position(request).await.expect("a position").into_inner()
    };
    let line = |name: &str, figures| (name.to_owned(), figures);
    let answer = get(ask(BOOK, date(2025, 1, 7))).await;
    assert_eq!(
        places(&answer),
        [
            line("lkm.sp.1104", [70_000, 0, 12_000, 58_000]),
            line("a.uep.1101", [0, 12_000, 0, 12_000]),
            line("", [70_000, 12_000, 12_000, 70_000]),
        ]
    );
    assert_eq!(answer.day, date(2025, 1, 7));
    let known = town.position().await;
    let pigs = get(ask(A, date(2025, 1, 8))).await;
    assert_eq!(places(&pigs)[0], line("a.uep.1101", [12_000, 0, 8_000, 4_000]));
    let one_fund = GetCashPositionRequest { fund: Fund::Iks as i32, ..ask(A, None) };
    let one_fund = get(one_fund).await;
    let five = [5, 0, 0, 5];
    assert_eq!(places(&one_fund), [line("a.iks.1101", five), line("", five)]);
    // What is told late of that day is there, and was not known before.
    let late = DepositRequest { details: on(2025, 1, 8), ..deposit("m02", 60_000) };
    town.savings().deposit(late).await.expect("told late");
    let told = get(ask(A, date(2025, 1, 8))).await;
    assert!(places(&told).contains(&line("a.sp.1101", [0, 60, 0, 60])), "{told:?}");
    let then = GetCashPositionRequest { as_known_at: known, ..ask(A, date(2025, 1, 8)) };
    assert_eq!(places(&get(then).await), places(&pigs));

    for (request, code, reason, field) in [
        (ask("books/kupang/lkm/x", None), Code::InvalidArgument, "NAME_MALFORMED", "scope"),
        (ask("books/rote", None), Code::NotFound, "NOT_FOUND", "scope"),
        (ask(&format!("{BOOK}/groups/b"), None), Code::NotFound, "NOT_FOUND", "scope"),
        (ask(A, date(2025, 2, 30)), Code::InvalidArgument, "DATE_MALFORMED", "day"),
        (
            GetCashPositionRequest { fund: Fund::UsahaRiil as i32, ..ask(A, None) },
            Code::InvalidArgument,
            "CHOICE_UNKNOWN",
            "fund",
        ),
        (
            GetCashPositionRequest { as_known_at: 1 << 40, ..ask(A, None) },
            Code::OutOfRange,
            "POSITION_UNKNOWN",
            "as_known_at",
        ),
    ] {
        let result = town.reports().get_cash_position(request).await;
        assert_says(result, code, reason, field);
    }
}

async fn the_past_is_shown_as_it_was_known(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let before = town.position().await;
    // Recorded in February, but it happened in January.
    let late = DepositRequest { details: on(2025, 1, 20), ..deposit("m02", 40_000) };
    town.savings().deposit(late).await.expect("deposited");
    let january = |as_known_at, kind| GetStatementRequest {
        fund: Fund::SimpanPinjam as i32,
        through: date(2025, 1, 31),
        as_known_at,
        ..ask(A, kind)
    };
    for (known, rupiah) in [(before, 100_000), (0, 140_000)] {
        let sheet = get(&town, january(known, StatementKind::BalanceSheet)).await;
        let cash = sheet.rows.iter().find(|row| row.code == 1101).expect("cash");
        assert_eq!(sen(&cash.amount), rupiah * 100);
        let position = sheet.read_point.expect("set").position;
        assert_eq!(position, if known == 0 { town.position().await } else { known });
        let flow = get(&town, january(known, StatementKind::CashFlow)).await;
        let savings = flow.rows.iter().find(|row| row.code == 2103).expect("savings");
        assert_eq!(sen(&savings.amount), rupiah * 100);
        let request = GetGeneralLedgerRequest {
            entity: A.to_owned(),
            fund: Fund::SimpanPinjam as i32,
            through: date(2025, 1, 31),
            as_known_at: known,
            page_size: 1,
            ..GetGeneralLedgerRequest::default()
        };
        let ledger = general_ledger(&town, request).await;
        let held = ledger[&format!("{BOOK}/accounts/a.sp.1101")];
        assert_eq!((held.0, held.1), (0, rupiah * 100));
    }
    // February begins with what January ended with, the late deposit included.
    let request = GetStatementRequest {
        fund: Fund::SimpanPinjam as i32,
        from: date(2025, 2, 1),
        through: date(2025, 2, 28),
        ..ask(A, StatementKind::CashFlow)
    };
    let flow = get(&town, request).await;
    assert_eq!(
        figures(&flow),
        [("KENAIKAN (PENURUNAN) KAS", 0, 0), ("Kas awal", 140, 0), ("KAS AKHIR", 140, 0)]
    );
}

/// Told in February of January: a member's savings, and feed that was bought. Answers the position
/// before.
async fn told_late(town: &Town) -> u64 {
    let before = town.position().await;
    let savings = DepositRequest { details: on(2025, 1, 20), ..deposit("m02", 40_000) };
    town.savings().deposit(savings).await.expect("deposited");
    let feed = PayExpenseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 25),
        fund: Fund::Uep as i32,
        kind: ExpenseKind::Feed as i32,
        amount: idr(30_000),
        place: cash(),
        ..PayExpenseRequest::default()
    };
    town.trade().pay_expense(feed).await.expect("paid");
    before
}

const KINDS: [StatementKind; 7] = [
    StatementKind::BalanceSheet,
    StatementKind::Income,
    StatementKind::CashFlow,
    StatementKind::IndirectCashFlow,
    StatementKind::EquityChanges,
    StatementKind::TrialBalance,
    StatementKind::Notes,
];

/// A statement's rows that are not zero, in order: title, event and figure of one of its columns.
fn column(
    answer: &GetStatementResponse,
    of: impl Fn(&StatementRow) -> &Option<Money>,
) -> Vec<(String, String, i64)> {
    let rows = answer.rows.iter().filter(|row| of(row).is_some());
    rows.map(|row| (row.title_id.clone(), row.event.clone(), sen(of(row))))
        .filter(|(_, _, figure)| *figure != 0)
        .collect()
}

/// Of each entity, fund and book, in every statement: the second column is the statement of that
/// span as known at that position, and the first one is not touched by it.
async fn every_statement_stands_beside_an_earlier_one(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let before = told_late(&town).await;
    let span = |from, through, known| GetStatementRequest {
        from,
        through,
        as_known_at: known,
        ..GetStatementRequest::default()
    };
    let january = (date(2025, 1, 1), date(2025, 1, 31));
    let february = (date(2025, 2, 1), date(2025, 2, 28));
    let mut differ = 0;
    for (scope, fund) in
        [(BOOK, 0), (A, 0), (LKM, 0), (A, Fund::Uep as i32), (A, Fund::SimpanPinjam as i32)]
    {
        for kind in KINDS {
            let of = |asked: GetStatementRequest| GetStatementRequest {
                scope: scope.to_owned(),
                fund,
                kind: kind as i32,
                ..asked
            };
            // The same days as known earlier, and other days as known earlier and as known now.
            for (now, other, known) in [
                (january, None, before),
                (february, Some(january), before),
                (february, Some(january), 0),
            ] {
                let alone = get(&town, of(span(now.0, now.1, 0))).await;
                let compared = other.unwrap_or(now);
                let earlier = get(&town, of(span(compared.0, compared.1, known))).await;
                let request = GetStatementRequest {
                    compare_from: other.and_then(|span| span.0),
                    compare_through: other.and_then(|span| span.1),
                    compare_as_known_at: known,
                    ..span(now.0, now.1, 0)
                };
                let both = get(&town, of(request)).await;
                let case = format!("{scope} {fund} {kind:?} {known}");
                let amounts = column(&both, |row| &row.amount);
                assert_eq!(amounts, column(&alone, |row| &row.amount), "{case}");
                let beside = column(&both, |row| &row.compared);
                assert_eq!(beside, column(&earlier, |row| &row.amount), "{case}");
                let position = earlier.read_point.expect("set").position;
                assert_eq!(both.compare_position, position, "{case}");
                differ += usize::from(other.is_none() && amounts != beside);
            }
        }
    }
    assert!(differ >= 4 * 6, "what was told late is seen beside what was known: {differ}");
    let told = GetStatementRequest {
        fund: Fund::SimpanPinjam as i32,
        through: date(2025, 1, 31),
        compare_as_known_at: before,
        rendering: Rendering::Text as i32,
        ..ask(A, StatementKind::BalanceSheet)
    };
    let told = get(&town, told).await;
    assert_eq!(figures(&told)[0], ("Kas", 140, 100));
    let positions = format!("As known at journal position {}, {before}", town.position().await);
    assert!(told.rendered.contains(&positions), "{}", told.rendered);
}

/// Account within the book: opening and closing, and those compared with, in thousands.
async fn ledger_beside(
    town: &Town,
    request: GetGeneralLedgerRequest,
) -> Vec<(String, [Option<i64>; 4])> {
    let answer = town.reports().get_general_ledger(request).await.expect("a page").into_inner();
    let account = |of: &GeneralLedgerAccount| {
        let name = &of.account.as_ref().expect("set").name;
        let name = name.strip_prefix(&format!("{BOOK}/accounts/")).expect("of this book");
        let all = [&of.opening, &of.closing, &of.compared_opening, &of.compared_closing];
        let thousands = |money: &Option<Money>| money.as_ref().map(|_| sen(money) / 100_000);
        (name.to_owned(), all.map(thousands))
    };
    answer.accounts.iter().map(account).collect()
}

async fn ledger_and_cash_stand_beside_earlier_ones(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let before = told_late(&town).await;
    let ledger = |through, compare_as_known_at| GetGeneralLedgerRequest {
        entity: A.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        through,
        compare_as_known_at,
        ..GetGeneralLedgerRequest::default()
    };
    let line = |name: &str, figures: [i64; 4]| (name.to_owned(), figures.map(Some));
    let january = ledger_beside(&town, ledger(date(2025, 1, 31), before)).await;
    assert_eq!(
        january,
        [
            line("a.sp.1101", [0, 140, 0, 100]),
            line("a.sp.2103.m01", [0, 100, 0, 100]),
            line("a.sp.2103.m02", [0, 40, 0, 0]),
        ]
    );
    // Days on which nothing was there yet, beside the whole of January as it was known then.
    let early = GetGeneralLedgerRequest {
        compare_from: date(2025, 1, 1),
        compare_through: date(2025, 1, 31),
        ..ledger(date(2025, 1, 5), before)
    };
    assert_eq!(
        ledger_beside(&town, early).await,
        [line("a.sp.1101", [0, 0, 0, 100]), line("a.sp.2103.m01", [0, 0, 0, 100])]
    );
    let alone = ledger_beside(&town, ledger(date(2025, 1, 31), 0)).await;
    assert_eq!(alone[0], ("a.sp.1101".to_owned(), [Some(0), Some(140), None, None]));

    let position = |day, compare_day, compare_as_known_at| GetCashPositionRequest {
        scope: A.to_owned(),
        fund: Fund::Uep as i32,
        day,
        compare_day,
        compare_as_known_at,
        ..GetCashPositionRequest::default()
    };
    let get = async |request| {
        town.reports().get_cash_position(request).await.expect("a position").into_inner()
    };
    let compared = |answer: &GetCashPositionResponse| {
        let place = |place: &CashPlace| (sen(&place.closing), sen(&place.compared));
        answer.places.iter().chain(&answer.total).map(place).collect::<Vec<_>>()
    };
    let known = get(position(date(2025, 1, 31), None, before)).await;
    assert_eq!(compared(&known), [(347_000_000, 350_000_000); 2]);
    assert_eq!(known.compare_day, date(2025, 1, 31));
    // A place that is empty now and was not then is there.
    let days = get(position(date(2025, 1, 5), date(2025, 1, 7), 0)).await;
    assert_eq!(compared(&days), [(0, 1_200_000_000); 2]);
    let alone = get(position(date(2025, 1, 31), None, 0)).await;
    assert_eq!((&alone.places[0].compared, &alone.compare_day), (&None, &None));

    let beyond = 1 << 40;
    let said = (Code::OutOfRange, "POSITION_UNKNOWN", "compare_as_known_at");
    let result = town.reports().get_cash_position(position(None, None, beyond)).await;
    assert_says(result, said.0, said.1, said.2);
    let result = town.reports().get_cash_position(position(None, date(2025, 2, 30), 0)).await;
    assert_says(result, Code::InvalidArgument, "DATE_MALFORMED", "compare_day");
    assert_says(
        town.reports().get_general_ledger(ledger(None, beyond)).await,
        said.0,
        said.1,
        said.2,
    );
    let half = GetGeneralLedgerRequest { compare_from: date(2025, 1, 1), ..ledger(None, 0) };
    let result = town.reports().get_general_ledger(half).await;
    assert_says(result, Code::InvalidArgument, "REQUIRED", "compare_through");
    let backwards = GetGeneralLedgerRequest {
        compare_from: date(2025, 2, 1),
        compare_through: date(2025, 1, 31),
        ..ledger(None, 0)
    };
    let result = town.reports().get_general_ledger(backwards).await;
    assert_says(result, Code::InvalidArgument, "SPAN_MALFORMED", "compare_through");
    let request =
        GetStatementRequest { compare_as_known_at: beyond, ..ask(A, StatementKind::Income) };
    assert_says(town.reports().get_statement(request).await, said.0, said.1, said.2);
}

async fn statements_are_printed_in_the_callers_language(server: &Server) {
    let english = Town::found(server).await;
    two_months(&english).await;
    let indonesian = Town::read_in(server, Language::Indonesian);
    let request = |rendering: Rendering| GetStatementRequest {
        fund: Fund::Uep as i32,
        through: date(2025, 2, 28),
        rendering: rendering as i32,
        ..ask(A, StatementKind::Income)
    };
    let text = get(&indonesian, request(Rendering::Text)).await.rendered;
    assert!(
        text.starts_with("Laporan Laba Rugi (SAK EMKM)\nKUBE a (contoh)\nDana UEP\n"),
        "{text}"
    );
    assert!(text.contains("1 Januari 2025 - 28 Februari 2025"), "{text}");
    assert!(text.lines().any(|line| line.trim_start().starts_with("Penjualan")), "{text}");
    let csv = get(&english, request(Rendering::Csv)).await.rendered;
    assert!(csv.contains("line,4101,,Sales,3500000.00,,a.uep.4101\n"), "{csv}");
}

async fn questions_are_checked(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let invalid = Code::InvalidArgument;
    let good = || ask(A, StatementKind::Income);
    let asked = [
        (ask("books/kupang/groups/b", StatementKind::Income), Code::NotFound, "NOT_FOUND", "scope"),
        (ask("books/tiada", StatementKind::Income), Code::NotFound, "NOT_FOUND", "scope"),
        (ask("kupang", StatementKind::Income), invalid, "NAME_MALFORMED", "scope"),
        (ask(A, StatementKind::Unspecified), invalid, "CHOICE_UNKNOWN", "kind"),
        (GetStatementRequest { fund: 99, ..good() }, invalid, "CHOICE_UNKNOWN", "fund"),
        (
            GetStatementRequest { fund: Fund::Kebajikan as i32, ..good() },
            invalid,
            "CHOICE_UNKNOWN",
            "fund",
        ),
        (GetStatementRequest { rendering: 9, ..good() }, invalid, "CHOICE_UNKNOWN", "rendering"),
        (
            GetStatementRequest { from: date(2025, 2, 1), through: date(2025, 1, 31), ..good() },
            invalid,
            "SPAN_MALFORMED",
            "through",
        ),
        (
            GetStatementRequest {
                compare_from: date(2025, 2, 1),
                compare_through: date(2025, 1, 31),
                ..good()
            },
            invalid,
            "SPAN_MALFORMED",
            "compare_through",
        ),
        (
            GetStatementRequest { compare_from: date(2025, 2, 1), ..good() },
            invalid,
            "REQUIRED",
            "compare_through",
        ),
        (
            GetStatementRequest { through: date(2025, 2, 30), ..good() },
            invalid,
            "DATE_MALFORMED",
            "through",
        ),
        (
            GetStatementRequest { as_known_at: 1 << 40, ..good() },
            Code::OutOfRange,
            "POSITION_UNKNOWN",
            "as_known_at",
        ),
    ];
    for (request, code, reason, field) in asked {
        assert_says(town.reports().get_statement(request).await, code, reason, field);
    }
    let good = || GetGeneralLedgerRequest { entity: A.to_owned(), ..Default::default() };
    let other = convert_token("999 b.uep.1101");
    let asked = [
        (GetGeneralLedgerRequest { code: 1101, ..good() }, invalid, "REQUIRED", "fund"),
        (
            GetGeneralLedgerRequest { fund: Fund::Uep as i32, code: 7, ..good() },
            invalid,
            "ACCOUNT_MALFORMED",
            "code",
        ),
        (
            GetGeneralLedgerRequest { page_token: other, ..good() },
            invalid,
            "PAGE_TOKEN",
            "page_token",
        ),
        (
            GetGeneralLedgerRequest { page_token: "zz".to_owned(), ..good() },
            invalid,
            "PAGE_TOKEN",
            "page_token",
        ),
        (
            GetGeneralLedgerRequest {
                from: date(2025, 2, 1),
                through: date(2025, 1, 31),
                ..good()
            },
            invalid,
            "SPAN_MALFORMED",
            "through",
        ),
    ];
    for (request, code, reason, field) in asked {
        assert_says(town.reports().get_general_ledger(request).await, code, reason, field);
    }
}

fn convert_token(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
pub fn assert_says<T: std::fmt::Debug>(
    result: Result<tonic::Response<T>, Status>,
    code: Code,
    reason: &str,
    field: &str,
) {
    let why = why(&result.expect_err(reason));
    let said = (why.code, why.reason.as_str(), why.field.as_str());
    assert_eq!(said, (code, reason, field), "{}", why.text);
}
