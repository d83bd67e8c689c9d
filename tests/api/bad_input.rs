//! Bad input: each answers with its code, the field, a reason, a text in the caller's language;
//! nothing changes; nothing panics.

use simpul::api::google_type::{Date, Money};
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::refusal::Language;
use tonic::{Code, Status};

use crate::on_both;
use crate::town::{
    A, BOOK, LKM, Server, Town, cash, date, deposit, enrol, idr, on, place, units, why,
};

on_both!(
    what_is_malformed_consumes_nothing,
    what_is_unknown_or_impossible_is_refused_and_recorded,
    a_list_is_told_which_of_its_items_is_meant,
    texts_are_in_the_callers_language,
    pages_and_questions_are_checked,
);

/// Checks what a status says.
#[track_caller]
fn assert_says<T: std::fmt::Debug>(
    result: Result<tonic::Response<T>, Status>,
    code: Code,
    reason: &str,
    field: &str,
) {
    let status = result.expect_err(reason);
    let why = why(&status);
    let said = (why.code, why.reason.as_str(), why.field.as_str());
    assert_eq!(said, (code, reason, field), "{}", why.text);
    assert!(why.text.ends_with('.'), "{}", why.text);
}

async fn what_is_malformed_consumes_nothing(server: &Server) {
    let town = Town::found(server).await;
    let position = town.position().await;
    let totals = town.trial_balance(BOOK).await;
    let money = |currency: &str, units, nanos| {
        Some(Money { currency_code: currency.to_owned(), units, nanos })
    };
    let good = || deposit("m01", 1_000);
    let with_day = |year, month, day| {
        let happened_on = Some(Date { year, month, day });
        Some(TransactionDetails { happened_on, ..TransactionDetails::default() })
    };
    let memo = |text: String| Some(TransactionDetails { memo: text, ..Default::default() });
    let meeting =
        |name: &str| Some(TransactionDetails { meeting: name.to_owned(), ..Default::default() });
    let evidence = Some(TransactionDetails {
        evidence: Some(Evidence { kind: 99, number: String::new() }),
        ..TransactionDetails::default()
    });
    let drawer = Some(Place { kind: PlaceKind::Cash as i32, drawer: "x".to_owned() });
    for (request, reason, field) in [
        (DepositRequest { request_id: String::new(), ..good() }, "REQUIRED", "request_id"),
        (
            DepositRequest { request_id: "pendek".into(), ..good() },
            "REQUEST_ID_MALFORMED",
            "request_id",
        ),
        (DepositRequest { member: String::new(), ..good() }, "REQUIRED", "member"),
        (DepositRequest { member: "m01".into(), ..good() }, "NAME_MALFORMED", "member"),
        (DepositRequest { member: format!("{A}/members/M 1"), ..good() }, "ID_MALFORMED", "member"),
        (DepositRequest { kind: 0, ..good() }, "CHOICE_UNKNOWN", "kind"),
        (DepositRequest { kind: 77, ..good() }, "CHOICE_UNKNOWN", "kind"),
        (DepositRequest { amount: None, ..good() }, "REQUIRED", "amount"),
        (DepositRequest { amount: idr(0), ..good() }, "AMOUNT_ZERO", "amount"),
        (DepositRequest { amount: idr(-5), ..good() }, "AMOUNT_NEGATIVE", "amount"),
        (DepositRequest { amount: money("USD", 5, 0), ..good() }, "CURRENCY_NOT_IDR", "amount"),
        (DepositRequest { amount: money("IDR", 5, 1), ..good() }, "NOT_WHOLE_SEN", "amount"),
        (
            DepositRequest { amount: money("IDR", 5, -10_000_000), ..good() },
            "NOT_WHOLE_SEN",
            "amount",
        ),
        (DepositRequest { amount: idr(i64::MAX), ..good() }, "AMOUNT_TOO_LARGE", "amount"),
        (DepositRequest { place: None, ..good() }, "REQUIRED", "place"),
        (DepositRequest { place: drawer, ..good() }, "NAME_MALFORMED", "place.drawer"),
        (
            DepositRequest { details: with_day(2025, 2, 30), ..good() },
            "DATE_MALFORMED",
            "details.happened_on",
        ),
        (
            DepositRequest { details: with_day(1850, 1, 1), ..good() },
            "DATE_MALFORMED",
            "details.happened_on",
        ),
        (
            DepositRequest { details: with_day(i32::MAX, -1, 0), ..good() },
            "DATE_MALFORMED",
            "details.happened_on",
        ),
        (
            DepositRequest { details: memo("m".repeat(1001)), ..good() },
            "TEXT_TOO_LONG",
            "details.memo",
        ),
        (
            DepositRequest { details: memo("\u{7}".into()), ..good() },
            "TEXT_MALFORMED",
            "details.memo",
        ),
        (
            DepositRequest { details: meeting("rapat"), ..good() },
            "NAME_MALFORMED",
            "details.meeting",
        ),
        (
            DepositRequest { details: meeting("books/x/groups/a/meetings/m"), ..good() },
            "WRONG_PARENT",
            "details.meeting",
        ),
        (DepositRequest { details: evidence, ..good() }, "CHOICE_UNKNOWN", "details.evidence.kind"),
    ] {
        let result = town.savings().deposit(request).await;
        assert_says(result, Code::InvalidArgument, reason, field);
    }
    let member = || enrol(A, "m11");
    for (request, reason, field) in [
        (
            EnrolMemberRequest { display_name: String::new(), ..member() },
            "REQUIRED",
            "display_name",
        ),
        (
            EnrolMemberRequest { display_name: "n".repeat(121), ..member() },
            "TEXT_TOO_LONG",
            "display_name",
        ),
        (
            EnrolMemberRequest { display_name: "a\nb".into(), ..member() },
            "TEXT_MALFORMED",
            "display_name",
        ),
        (EnrolMemberRequest { nik: "123".into(), ..member() }, "NIK_MALFORMED", "nik"),
        (EnrolMemberRequest { joined_on: None, ..member() }, "REQUIRED", "joined_on"),
        (
            EnrolMemberRequest { parent: format!("{BOOK}/x"), ..member() },
            "NAME_MALFORMED",
            "parent",
        ),
    ] {
        let result = town.members().enrol_member(request).await;
        assert_says(result, Code::InvalidArgument, reason, field);
    }
    let sheet = RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 10),
        lines: vec![SheetLine {
            kind: SheetLineKind::Sale as i32,
            amount: idr(1_000),
            lot_id: "beras".to_owned(),
            quantity: units("1.2345"),
            ..SheetLine::default()
        }],
        opening_cash: idr(0),
        closing_cash: idr(1_000),
        ..RecordSheetRequest::default()
    };
    let result = town.meetings().record_sheet(sheet.clone()).await;
    assert_says(result, Code::InvalidArgument, "QUANTITY_MALFORMED", "lines[0].quantity");
    let many = RecordSheetRequest { lines: vec![sheet.lines[0].clone(); 401], ..sheet };
    assert_says(
        town.meetings().record_sheet(many).await,
        Code::InvalidArgument,
        "TOO_MANY",
        "lines",
    );

    assert_eq!(town.position().await, position);
    assert_eq!(town.trial_balance(BOOK).await, totals);
}

async fn what_is_unknown_or_impossible_is_refused_and_recorded(server: &Server) {
    let town = Town::found(server).await;
    town.deposit("m01", 10_000).await;
    let totals = town.trial_balance(BOOK).await;

    let nowhere =
        DepositRequest { member: "books/tiada/groups/a/members/m01".into(), ..deposit("m01", 1) };
    let position = town.position().await;
    assert_says(town.savings().deposit(nowhere).await, Code::NotFound, "NOT_FOUND", "book");
    assert_eq!(town.position().await, position, "a book that is not there has no journal");

    let group =
        DepositRequest { member: format!("{BOOK}/groups/b/members/m01"), ..deposit("m01", 1) };
    assert_says(town.savings().deposit(group.clone()).await, Code::NotFound, "NOT_FOUND", "member");
    assert_eq!(town.position().await, position + 1, "a refusal is on record");
    assert_says(town.savings().deposit(group).await, Code::NotFound, "NOT_FOUND", "member");
    assert_eq!(town.position().await, position + 1, "and its retry is the same answer");

    let details = |date| Some(TransactionDetails { happened_on: date, ..Default::default() });
    let future = DepositRequest { details: details(date(2160, 1, 1)), ..deposit("m01", 1) };
    let field = "details.happened_on";
    assert_says(town.savings().deposit(future).await, Code::OutOfRange, "DATE_IN_FUTURE", field);
    let past = DepositRequest { details: details(date(2024, 12, 31)), ..deposit("m01", 1) };
    assert_says(town.savings().deposit(past).await, Code::OutOfRange, "DATE_BEFORE_BOOK", field);
    let meeting =
        Some(TransactionDetails { meeting: format!("{A}/meetings/tiada"), ..Default::default() });
    let request = DepositRequest { details: meeting, ..deposit("m01", 1) };
    assert_says(
        town.savings().deposit(request).await,
        Code::NotFound,
        "NOT_FOUND",
        "details.meeting",
    );
    let vault = DepositRequest { place: place(PlaceKind::Vault), ..deposit("m01", 1) };
    let result = town.savings().deposit(vault).await;
    assert_says(result, Code::InvalidArgument, "PLACE_NOT_ALLOWED", "place");
    let result = town.members().enrol_member(enrol(A, "m01")).await;
    assert_says(result, Code::AlreadyExists, "ALREADY_EXISTS", "member_id");
    // An unknown name in a request, rather than a report.
    let appoint = AppointOfficerRequest {
        member: format!("{A}/members/m99"),
        request_id: fresh_request_id(),
        office: Office::Bendahara as i32,
        since: date(2025, 1, 1),
    };
    let result = town.groups().appoint_officer(appoint).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "member");
    let draw = WithdrawAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        fund: Fund::Uep as i32,
        amount: idr(1),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    let result = town.savings().withdraw_at_lkm(draw).await;
    assert_says(result, Code::FailedPrecondition, "FLOOR", "amount");
    let line = |account: &str, side| JournalLine {
        account: format!("{BOOK}/accounts/{account}"),
        side: Some(side),
    };
    let rupiah = |units| idr(units).expect("set");
    let journal = PostJournalRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        lines: vec![
            line("lkm.sp.1104", journal_line::Side::Debit(rupiah(5))),
            line("lkm.sp.4209", journal_line::Side::Credit(rupiah(4))),
        ],
    };
    let result = town.journal().post_journal(journal).await;
    assert_says(result, Code::InvalidArgument, "UNBALANCED", "lines");
    let request = ReverseTransactionRequest {
        transaction: format!("{BOOK}/transactions/tidak-ada"),
        request_id: fresh_request_id(),
        details: None,
        line: 0,
    };
    let result = town.journal().reverse_transaction(request).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "transaction");
    // Each line is well-formed, but all of them are more than one record may hold.
    let bought = |number: usize| SheetLine {
        kind: SheetLineKind::Purchase as i32,
        amount: idr(1_000),
        lot_id: format!("{:0>40}", number),
        lot_kind: LotKind::Stock as i32,
        label: "b".repeat(80),
        unit: "kg".to_owned(),
        quantity: units("1"),
        ..SheetLine::default()
    };
    let sheet = RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        lines: (0..400).map(bought).collect(),
        opening_cash: idr(0),
        closing_cash: idr(0),
        ..RecordSheetRequest::default()
    };
    let result = town.meetings().record_sheet(sheet).await;
    assert_says(result, Code::InvalidArgument, "TOO_LARGE", "lines");
    assert_eq!(town.trial_balance(BOOK).await, totals);
}

async fn a_list_is_told_which_of_its_items_is_meant(server: &Server) {
    let town = Town::found(server).await;
    let bad = Code::InvalidArgument;
    let goats = |lot_id: &str, quantity: &str| NewLot {
        lot_id: lot_id.to_owned(),
        kind: LotKind::Livestock as i32,
        label: "Kambing (contoh)".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units(quantity),
        cost: idr(1_000),
    };
    let purchase = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        fund: Fund::Uep as i32,
        items: vec![goats("kambing-1", "2"), goats("kambing-2", "1.5")],
        payment: Some(purchase_request::Payment::PaidFrom(cash().expect("set"))),
        ..PurchaseRequest::default()
    };
    let result = town.trade().purchase(purchase).await;
    assert_says(result, bad, "WHOLE_HEADS", "items[1].quantity");

    let grant = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        grant_id: "ternak".to_owned(),
        programme: "Ternak (contoh)".to_owned(),
        source: BudgetSource::Apbd as i32,
        channel: Some(receive_grant_request::Channel::InKind(GrantItems {
            items: vec![goats("kambing-1", "2"), goats("kambing-1", "3")],
        })),
        ..ReceiveGrantRequest::default()
    };
    let mut half = grant.clone();
    half.request_id = fresh_request_id();
    half.channel = Some(receive_grant_request::Channel::InKind(GrantItems {
        items: vec![goats("kambing-1", "2"), goats("kambing-2", "1.5")],
    }));
    let result = town.grants().receive_grant(half).await;
    assert_says(result, bad, "WHOLE_HEADS", "in_kind.items[1].quantity");
    let result = town.grants().receive_grant(grant).await;
    let taken = Code::AlreadyExists;
    assert_says(result, taken, "ALREADY_EXISTS", "in_kind.items[1].lot_id");

    let open = |item| OpenBalancesRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        fund: Fund::SimpanPinjam as i32,
        items: vec![savings("m01"), item],
    };
    let result = town.journal().open_balances(open(savings("m99"))).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "items[1].account");
    let lot = OpeningItem { item: Some(opening_item::Item::Lot(goats("kambing-1", "1.5"))) };
    let result = town.journal().open_balances(open(lot)).await;
    assert_says(result, bad, "WHOLE_HEADS", "items[1].lot.quantity");

    let line = |account: &str, side| JournalLine {
        account: format!("{BOOK}/accounts/{account}"),
        side: Some(side),
    };
    let rupiah = idr(5).expect("set");
    let journal = PostJournalRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        lines: vec![
            line("lkm.sp.1104", journal_line::Side::Debit(rupiah.clone())),
            line("a.sp.1101", journal_line::Side::Credit(rupiah)),
        ],
    };
    let result = town.journal().post_journal(journal).await;
    assert_says(result, bad, "NOT_IN_CHART", "lines[1].account");

    let meeting = |attendee: &str| RecordMeetingRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        meeting_id: "rapat-1".to_owned(),
        held_on: date(2025, 3, 3),
        attendee_ids: vec!["m01".to_owned(), attendee.to_owned()],
        ..RecordMeetingRequest::default()
    };
    let result = town.meetings().record_meeting(meeting("m99")).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "attendee_ids[1]");
    let result = town.meetings().record_meeting(meeting("M 99")).await;
    assert_says(result, bad, "ID_MALFORMED", "attendee_ids[1]");

    let bought = |lot_id: &str, quantity: &str| SheetLine {
        kind: SheetLineKind::Purchase as i32,
        amount: idr(1_000),
        lot_id: lot_id.to_owned(),
        lot_kind: LotKind::Livestock as i32,
        label: "Kambing (contoh)".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units(quantity),
        ..SheetLine::default()
    };
    let sheet = RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        lines: vec![bought("kambing-1", "2"), bought("kambing-2", "1.5")],
        opening_cash: idr(0),
        closing_cash: idr(0),
        ..RecordSheetRequest::default()
    };
    let result = town.meetings().record_sheet(sheet).await;
    assert_says(result, bad, "WHOLE_HEADS", "lines[1].quantity");
}

/// Opening savings of a member.
fn savings(member: &str) -> OpeningItem {
    let subject = member.to_owned();
    let account = OpeningAccount { code: 2103, subject, amount: idr(1_000) };
    OpeningItem { item: Some(opening_item::Item::Account(account)) }
}

async fn texts_are_in_the_callers_language(server: &Server) {
    let english = Town::found(server).await;
    let indonesian = Town::read_in(server, Language::Indonesian);
    for request in [
        deposit("m01", 0),
        DepositRequest { member: format!("{BOOK}/groups/b/members/m01"), ..deposit("m01", 1) },
    ] {
        let id = why(&indonesian.savings().deposit(request.clone()).await.expect_err("refused"));
        let en = why(&english.savings().deposit(request).await.expect_err("refused"));
        assert_eq!((&id.reason, id.code), (&en.reason, en.code));
        assert_ne!(id.text, en.text);
        let locale = |why: &crate::town::Why| {
            why.details.localized_message().expect("a text").locale.clone()
        };
        assert_eq!((locale(&id).as_str(), locale(&en).as_str()), ("id", "en"));
    }
}

async fn pages_and_questions_are_checked(server: &Server) {
    let town = Town::found(server).await;
    let bad = Code::InvalidArgument;
    for page_size in [-1, 501, i32::MAX] {
        let request =
            ListGroupsRequest { parent: BOOK.to_owned(), page_size, ..Default::default() };
        assert_says(town.groups().list_groups(request).await, bad, "PAGE_SIZE", "page_size");
    }
    let request = ListGroupsRequest {
        parent: BOOK.to_owned(),
        page_token: "bukan".to_owned(),
        ..Default::default()
    };
    assert_says(town.groups().list_groups(request).await, bad, "PAGE_TOKEN", "page_token");
    let request = ListEntriesRequest {
        account: format!("{BOOK}/accounts/a.sp.1101"),
        page_token: "3132".to_owned(),
        ..Default::default()
    };
    assert_says(town.ledger().list_entries(request).await, bad, "PAGE_TOKEN", "page_token");
    let ask = |account: &str, as_known_at| GetBalanceRequest {
        account: account.to_owned(),
        as_of: None,
        as_known_at,
    };
    let name = format!("{BOOK}/accounts/a.sp.9999");
    let result = town.ledger().get_balance(ask(&name, 0)).await;
    assert_says(result, bad, "ACCOUNT_MALFORMED", "account");
    let name = format!("{BOOK}/accounts/a.sp.1101");
    let result = town.ledger().get_balance(ask(&name, u64::MAX)).await;
    assert_says(result, Code::OutOfRange, "POSITION_UNKNOWN", "as_known_at");
    let result = town.ledger().get_balance(ask("books/tiada/accounts/a.sp.1101", 0)).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "account");
    for unknown in ["b.sp.1101", "a.sp.2103.m99", "a.uep.1302.kambing", "lkm.sp.1103.loket-9"] {
        let name = format!("{BOOK}/accounts/{unknown}");
        let result = town.ledger().get_balance(ask(&name, 0)).await;
        assert_says(result, Code::NotFound, "NOT_FOUND", "account");
    }
    let request = ListMembersRequest { parent: format!("{BOOK}/groups/b"), ..Default::default() };
    let result = town.members().list_members(request).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "parent");
    let request = GetTransactionRequest { name: format!("{BOOK}/transactions/tidak-ada") };
    let result = town.journal().get_transaction(request).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "name");
    let request = GetCashBookRequest {
        entity: LKM.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        from: date(2025, 2, 1),
        through: date(2025, 1, 1),
        ..Default::default()
    };
    assert_says(town.ledger().get_cash_book(request).await, bad, "SPAN_MALFORMED", "through");
    let request = GetPassbookRequest { member: format!("{A}/members/m99"), ..Default::default() };
    assert_says(town.ledger().get_passbook(request).await, Code::NotFound, "NOT_FOUND", "member");
}
