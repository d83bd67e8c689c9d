//! The day's closing through the public API: what falls due is done once, in order, however often
//! it is asked for; simpanan wajib, blocked savings and members who leave.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::{Code, Status};

use crate::loans::{application, lend, over_the_counter, terms, tin};
use crate::on_both;
use crate::stories::the_grant_comes_through_the_lkm;
use crate::town::{
    A, BOOK, LKM, Server, Town, cash, date, deposit, idr, on, place, sen, units, why,
};

on_both!(
    days_are_closed_in_order_and_nothing_twice,
    what_is_blocked_and_what_is_due_is_shown,
    loans_are_tended_and_taken_from_savings,
    tellers_go_on_while_days_close,
    phones_report_and_the_work_is_told_while_days_close,
);

/// What was told of a closing.
pub async fn close(
    town: &Town,
    through: (i32, i32, i32),
) -> Result<Vec<CloseDaysResponse>, Status> {
    close_book(town, BOOK, through).await
}

/// What was told of a closing of some book.
pub async fn close_book(
    town: &Town,
    book: &str,
    through: (i32, i32, i32),
) -> Result<Vec<CloseDaysResponse>, Status> {
    let through = date(through.0, through.1, through.2);
    let request = CloseDaysRequest { book: book.to_owned(), through };
    let mut told = town.days().close_days(request).await?.into_inner();
    let mut all = Vec::new();
    while let Some(one) = told.message().await? {
        all.push(one);
    }
    Ok(all)
}

fn product(sort: SavingsSort, version: SavingsProduct) -> SetSavingsProductRequest {
    SetSavingsProductRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        sort: sort as i32,
        version: Some(SavingsProduct {
            since: date(2025, 1, 1),
            minute: "BA-3/contoh".to_owned(),
            ..version
        }),
    }
}

async fn days_are_closed_in_order_and_nothing_twice(server: &Server) {
    let town = Town::found(server).await;
    let twelve_percent = SavingsProduct {
        method: SavingsMethod::Lowest as i32,
        rate: units("12"),
        day_count: SavingsDayCount::Twelfths as i32,
        ..SavingsProduct::default()
    };
    let set = product(SavingsSort::Sukarela, twelve_percent);
    town.products().set_savings_product(set).await.expect("set");
    for (member, rupiah) in [("m01", 100_000), ("m02", 50_000)] {
        let saved = DepositRequest { details: on(2025, 1, 1), ..deposit(member, rupiah) };
        town.savings().deposit(saved).await.expect("deposited");
    }
    let told = close(&town, (2025, 2, 28)).await.expect("closed");
    let days: Vec<_> = told.iter().filter(|one| one.step.is_empty()).collect();
    assert_eq!(days.len(), 31 + 28);
    assert_eq!(days[0].day, date(2025, 1, 1));
    assert_eq!(told.iter().filter(|one| one.step == "interest").count(), 2);
    assert!(told.iter().all(|one| one.refused.is_none()));
    // One percent in January, and of that again in February.
    assert_eq!(town.held("a.sp.2103.m01").await, 10_000_000 + 100_000 + 101_000);
    assert_eq!(town.held("a.sp.5102").await, 100_000 + 101_000 + 50_000 + 50_500);
    let shown = town.days().get_day(GetDayRequest { book: BOOK.to_owned() }).await.expect("shown");
    assert_eq!(shown.into_inner().closed_through, date(2025, 2, 28));
    // The book's business day has come along.
    let book = GetBookRequest { name: BOOK.to_owned() };
    let book = town.books().get_book(book).await.expect("shown").into_inner().book;
    assert_eq!(book.expect("a book").business_day, date(2025, 2, 28));
    let again = close(&town, (2025, 2, 28)).await.expect("closed");
    assert_eq!(again, []);
    // Two at once do what one does.
    let (one, other) = tokio::join!(close(&town, (2025, 3, 31)), close(&town, (2025, 3, 31)));
    assert!(one.is_ok() || other.is_ok());
    assert_eq!(town.held("a.sp.5102").await, 301_500 + 102_010 + 51_005);
    let early = close(&town, (2168, 1, 1)).await;
    assert_eq!(early.expect_err("the future").code(), Code::OutOfRange);
}

async fn what_is_blocked_and_what_is_due_is_shown(server: &Server) {
    let town = Town::found(server).await;
    let monthly = SavingsProduct {
        period: DuesPeriod::Monthly as i32,
        amount: idr(10_000),
        ..SavingsProduct::default()
    };
    let set = product(SavingsSort::Wajib, monthly);
    town.products().set_savings_product(set).await.expect("set");
    let brought = DepositRequest { kind: SavingsKind::Wajib as i32, ..deposit("m01", 25_000) };
    town.savings().deposit(brought).await.expect("deposited");
    let list = ListMandatorySavingsRequest {
        parent: A.to_owned(),
        on: date(2025, 3, 31),
        ..ListMandatorySavingsRequest::default()
    };
    let list = town.products().list_mandatory_savings(list).await.expect("a list").into_inner();
    let standing = |one: &MandatoryStanding| [&one.due, &one.brought, &one.missing].map(sen);
    assert_eq!(standing(&list.members[0]), [3_000_000, 2_500_000, 500_000]);
    assert_eq!(standing(&list.members[1]), [3_000_000, 0, 3_000_000]);
    pokok_is_due_once(&town).await;
    town.deposit("m02", 40_000).await;
    let block = |id: &str, reason: &str| BlockSavingsRequest {
        member: format!("{A}/members/m02"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        block_id: id.to_owned(),
        amount: idr(30_000),
        reason: reason.to_owned(),
    };
    let status = town.products().block_savings(block("b1", "")).await.expect_err("no reason");
    assert_eq!(why(&status).field, "reason");
    town.products().block_savings(block("b1", "jaminan (contoh)")).await.expect("blocked");
    let settle = || SettleMemberRequest {
        member: format!("{A}/members/m02"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        left_on: date(2025, 3, 5),
        place: cash(),
        ..SettleMemberRequest::default()
    };
    let status = town.products().settle_member(settle()).await.expect_err("blocked");
    assert_eq!(why(&status).reason, "FLOOR");
    let listed = async || {
        let request = ListBlocksRequest { parent: A.to_owned(), ..Default::default() };
        town.products().list_blocks(request).await.expect("listed").into_inner().blocks
    };
    let held = Block {
        name: format!("{A}/blocks/b1"),
        saver: format!("{A}/members/m02"),
        fund: 0,
        amount: idr(30_000),
        reason: "jaminan (contoh)".to_owned(),
        erased: false,
        since: date(2025, 3, 4),
        lifted_on: None,
    };
    assert_eq!(listed().await, std::slice::from_ref(&held));
    let unblock = UnblockSavingsRequest {
        block: format!("{A}/blocks/b1"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
    };
    town.products().unblock_savings(unblock).await.expect("unblocked");
    assert_eq!(listed().await, [Block { lifted_on: date(2025, 3, 5), ..held }]);
    town.products().settle_member(settle()).await.expect("settled");
    assert_eq!(town.held("a.sp.2103.m02").await, 0);
}

/// Simpanan pokok of 100.000, of which m01 has brought two parts, and m02 nothing.
async fn pokok_is_due_once(town: &Town) {
    let wrong = SavingsProduct {
        period: DuesPeriod::Monthly as i32,
        amount: idr(100_000),
        ..SavingsProduct::default()
    };
    let status = town.products().set_savings_product(product(SavingsSort::Pokok, wrong)).await;
    assert_eq!(why(&status.expect_err("once")).field, "version.period");
    let list = |sort: SavingsSort| ListMandatorySavingsRequest {
        parent: A.to_owned(),
        on: date(2025, 3, 31),
        sort: sort as i32,
        ..ListMandatorySavingsRequest::default()
    };
    let status = town.products().list_mandatory_savings(list(SavingsSort::Kube)).await;
    assert_eq!(why(&status.expect_err("never due")).field, "sort");
    let unset = town.products().list_mandatory_savings(list(SavingsSort::Pokok)).await;
    assert_eq!(unset.expect("a list").into_inner().warnings[0].reason, "RULE_NOT_SET");
    let once = SavingsProduct { amount: idr(100_000), ..SavingsProduct::default() };
    let set = product(SavingsSort::Pokok, once);
    town.products().set_savings_product(set).await.expect("set");
    for rupiah in [30_000, 45_000] {
        let brought = DepositRequest { kind: SavingsKind::Pokok as i32, ..deposit("m01", rupiah) };
        town.savings().deposit(brought).await.expect("deposited");
    }
    let list = town.products().list_mandatory_savings(list(SavingsSort::Pokok)).await;
    let list = list.expect("a list").into_inner();
    let standing = |one: &MandatoryStanding| [&one.due, &one.brought, &one.missing].map(sen);
    assert_eq!(standing(&list.members[0]), [10_000_000, 7_500_000, 2_500_000]);
    assert_eq!(standing(&list.members[1]), [10_000_000, 0, 10_000_000]);
    assert_eq!(list.warnings, []);
}

/// A whole year is closed while a teller goes on: nothing is refused to either, and what the teller
/// does stands between what the closing does.
async fn tellers_go_on_while_days_close(server: &Server) {
    let town = Town::found(server).await;
    let done = std::sync::atomic::AtomicBool::new(false);
    let closing = async {
        let told = close(&town, (2025, 12, 31)).await.expect("closed");
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        told
    };
    let teller = async {
        let mut positions = Vec::new();
        while !done.load(std::sync::atomic::Ordering::SeqCst) {
            let saved = DepositRequest { details: None, ..deposit("m01", 1_000) };
            let saved = town.savings().deposit(saved).await.expect("taken").into_inner();
            positions.push(saved.transaction.expect("a transaction").position);
        }
        positions
    };
    let (told, taken) = tokio::join!(closing, teller);
    let days: Vec<_> = told.iter().filter(|one| one.step.is_empty()).map(|one| one.day).collect();
    assert_eq!((days.len(), days.last()), (365, Some(&date(2025, 12, 31))));
    let (first, last) = (told[0].position, told[told.len() - 1].position);
    let between = taken.iter().filter(|at| (first..last).contains(at)).count();
    assert!(between > 0, "{} taken, none between {first} and {last}", taken.len());
    let sen = i64::try_from(taken.len()).expect("fits") * 100_000;
    assert_eq!(town.held("a.sp.2103.m01").await, sen);
}

/// What is done is told as it is done: with the year's end far off, a telephone sends a sheet of a
/// meeting in January, which is written down between the days that are being closed.
async fn phones_report_and_the_work_is_told_while_days_close(server: &Server) {
    let town = Town::found(server).await;
    let request = CloseDaysRequest { book: BOOK.to_owned(), through: date(2025, 12, 31) };
    let mut told = town.days().close_days(request).await.expect("begun").into_inner();
    let first = told.message().await.expect("told").expect("a day");
    assert_eq!((first.day, first.step.as_str()), (date(2025, 1, 1), ""));
    let line = SheetLine {
        kind: SheetLineKind::Sukarela as i32,
        member_id: "m01".to_owned(),
        amount: idr(7_000),
        ..SheetLine::default()
    };
    let sheet = RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 20),
        number: "1".to_owned(),
        lines: vec![line],
        opening_cash: idr(0),
        closing_cash: idr(7_000),
    };
    let sheet = town.meetings().record_sheet(sheet).await.expect("taken").into_inner();
    let reported = sheet.transaction.expect("a transaction").position;
    let shown = town.days().get_day(GetDayRequest { book: BOOK.to_owned() }).await.expect("shown");
    assert_ne!(shown.into_inner().closed_through, date(2025, 12, 31), "told before all is done");
    let mut last = first.clone();
    while let Some(one) = told.message().await.expect("told") {
        assert!(one.refused.is_none() && one.position > last.position, "{one:?}");
        last = one;
    }
    assert_eq!(last.day, date(2025, 12, 31));
    assert!((first.position..last.position).contains(&reported), "{reported}");
    assert_eq!(town.held("a.sp.2103.m01").await, 700_000);
}

async fn set_loan_quality(town: &Town) {
    let request = SetLoanQualityRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        since: date(2025, 1, 1),
        preset: QualityPreset::LkmPojk412024 as i32,
        non_performing_from: 3,
        minute: "BA-4/contoh".to_owned(),
        ..SetLoanQualityRequest::default()
    };
    town.loans().set_loan_quality(request).await.expect("set");
}

/// Kas Besar of 5.000, A's savings-and-loan savings of 600 at the LKM, 500 of m01 at A.
pub async fn fund(town: &Town) {
    the_grant_comes_through_the_lkm(town).await;
    let to_vault = MoveCashRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 8),
        fund: Fund::SimpanPinjam as i32,
        from: place(PlaceKind::Bank),
        to: place(PlaceKind::Vault),
        amount: idr(5_000_000),
    };
    town.cash().move_cash(to_vault).await.expect("moved");
    town.deposit("m01", 500_000).await;
    let banked = DepositAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 10),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(300_000),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    town.savings().deposit_at_lkm(banked).await.expect("banked");
}

async fn loans_are_tended_and_taken_from_savings(server: &Server) {
    let town = Town::found(server).await;
    fund(&town).await;
    let accrual = |rate| LoanTerms {
        recognition: Recognition::Accrual as i32,
        ..terms(LoanFrequency::Monthly, rate)
    };
    for lender in [LKM, A] {
        let set = crate::loans::product(lender, accrual("1"));
        town.loans().set_loan_product(set).await.expect("set");
    }
    set_loan_quality(&town).await;
    let automatic = |wish| ApplyForLoanRequest { auto_debit: true, ..wish };
    let of_kube = automatic(application(LKM, "p1", A, 1_000_000));
    lend(&town, of_kube, over_the_counter(), (2, 1)).await;
    let of_member = application(A, "x1", &format!("{A}/members/m01"), 200_000);
    lend(&town, automatic(of_member), tin(), (2, 1)).await;
    let told = close(&town, (2025, 3, 1)).await.expect("closed");
    let step = |step: &str| -> Vec<_> {
        told.iter().filter(|one| one.step == step).map(|one| one.day).collect()
    };
    assert_eq!(step("loan-debit"), [date(2025, 3, 1)]);
    assert_eq!(step("loan"), [date(2025, 2, 28), date(2025, 3, 1)]);
    assert!(told.iter().all(|one| one.refused.is_none()));
    // Of the KUBE's 110 a month 300 saved pay two and a bit; m01's 22 are there for long.
    assert_eq!(town.held("lkm.sp.1222.p1").await, 90_000_000);
    assert_eq!(town.held("a.sp.1221.x1").await, 18_000_000);
    assert_eq!(town.held("lkm.sp.2102.a/sp").await, 19_000_000);
    town.assert_mirrored("a").await;
    close(&town, (2025, 5, 31)).await.expect("closed");
    assert_eq!(town.held("lkm.sp.2102.a/sp").await, 0);
    // Due on 1 May, 30 of 110 missing a month and 10 of jasa in May: eleven days late from the 12th.
    let left = town.held("lkm.sp.1222.p1").await;
    assert_eq!(town.held("lkm.sp.1291.p1").await * -20, left);
    assert_eq!(town.held("a.sp.2103.m01").await, 50_000_000 - 3 * 2_200_000);
    town.assert_mirrored("a").await;
    // A month's last day has what was earned in it, on both sides.
    let earned = town.held("lkm.sp.1223.p1").await;
    assert_eq!(earned, town.held("a.sp.2312.p1").await);
    assert!(earned > 0);
    let again = close(&town, (2025, 5, 31)).await.expect("closed");
    assert_eq!(again, []);
}
