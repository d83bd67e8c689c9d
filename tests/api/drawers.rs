//! Tellers' drawers through the API, where people sign in.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::{Code, Status};

use crate::access::Guarded;
use crate::days::close as close_days;
use crate::on_both_guarded;
use crate::town::{A, BOOK, LKM, Server, Town, cash, date, idr, on, place, why};

on_both_guarded!(a_tellers_day, bad_drawers_change_nothing);

const DRAWER: &str = "books/kupang/drawers/loket-1";

fn open(counted: i64, from_vault: i64) -> OpenDrawerRequest {
    OpenDrawerRequest {
        drawer: DRAWER.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        teller: "teller".to_owned(),
        counted: idr(counted),
        from_vault: idr(from_vault),
    }
}

fn close(counted: i64, to_vault: i64) -> CloseDrawerRequest {
    CloseDrawerRequest {
        drawer: DRAWER.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        counted: idr(counted),
        to_vault: idr(to_vault),
    }
}

fn limit(rupiah: i64) -> SetDrawerLimitRequest {
    SetDrawerLimitRequest {
        drawer: DRAWER.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        since: date(2025, 1, 1),
        amount: idr(rupiah),
    }
}

/// The group brings money to the teller's drawer.
fn save(rupiah: i64) -> DepositAtLkmRequest {
    DepositAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        fund: Fund::SimpanPinjam as i32,
        amount: idr(rupiah),
        kube_place: cash(),
        lkm_place: Some(Place { kind: PlaceKind::Drawer as i32, drawer: DRAWER.to_owned() }),
    }
}

/// A drawer, and Rp10.000.000 in the vault.
async fn office(guarded: &Guarded<'_>) -> Town {
    let office = Town::at(guarded.device("manajer").await);
    let drawer = CreateDrawerRequest {
        parent: BOOK.to_owned(),
        request_id: fresh_request_id(),
        drawer_id: "loket-1".to_owned(),
        label: "loket 1".to_owned(),
        collector: false,
    };
    office.parties().create_drawer(drawer).await.expect("a drawer");
    let line = |account: &str, side| JournalLine {
        account: format!("{BOOK}/accounts/{account}"),
        side: Some(side),
    };
    let capital = PostJournalRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 1),
        lines: vec![
            line("lkm.sp.1102", journal_line::Side::Debit(idr(10_000_000).expect("set"))),
            line("lkm.sp.3107", journal_line::Side::Credit(idr(10_000_000).expect("set"))),
        ],
    };
    office.journal().post_journal(capital).await.expect("booked");
    office
}

fn reason<T: std::fmt::Debug>(result: Result<T, Status>) -> (String, String) {
    let said = why(&result.expect_err("refused"));
    assert!(said.text.ends_with('.'), "{}", said.text);
    (said.reason, said.field)
}

fn said(reason: &str, field: &str) -> (String, String) {
    (reason.to_owned(), field.to_owned())
}

async fn a_tellers_day(server: &Server) {
    let guarded = Guarded::found(server).await;
    let office = office(&guarded).await;
    let counter = Town::at(guarded.device("teller").await);
    let other = Town::at(guarded.user("teller-2", Role::Teller, "").await);
    office.cash().set_drawer_limit(limit(1_000_000)).await.expect("a limit");
    let first = open(0, 500_000);
    let opened = counter.cash().open_drawer(first.clone()).await.expect("opened").into_inner();
    let again = counter.cash().open_drawer(first).await.expect("the same").into_inner();
    assert_eq!(opened, again);
    let drawer = opened.drawer.expect("set");
    assert_eq!((drawer.teller.as_str(), drawer.open), ("teller", true));
    assert_eq!(drawer.opened_on, date(2025, 1, 1));
    assert_eq!(drawer.limits[0].amount, idr(1_000_000));
    assert_eq!(counter.held("lkm.sp.1103.loket-1").await, 50_000_000);

    let own = said("DRAWER_OF_OTHER", "drawer");
    assert_eq!(reason(other.savings().deposit_at_lkm(save(1_000)).await), own);
    let booked = counter.savings().deposit_at_lkm(save(700_000)).await.expect("taken");
    let booked = booked.into_inner().transaction.expect("set");
    assert_eq!(booked.warnings.last().expect("a warning").reason, "DRAWER_FULL");
    let list = ListReviewsRequest { parent: BOOK.to_owned(), ..Default::default() };
    let put = office.journal().list_reviews(list).await.expect("listed").into_inner().reviews;
    let put = put.iter().find(|one| one.transaction == booked.name).expect("for review");
    assert!(put.reasons.contains(&"DRAWER_FULL".to_owned()), "{put:?}");
    let fill = MoveCashRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        fund: Fund::SimpanPinjam as i32,
        from: place(PlaceKind::Vault),
        to: save(1).lkm_place,
        amount: idr(1),
    };
    assert_eq!(reason(counter.cash().move_cash(fill).await), said("DRAWER_FULL", "drawer"));

    // The day does not close before the drawer, and does then.
    for _ in 0..2 {
        let status = close_days(&office, (2025, 1, 1)).await.expect_err("a drawer is open");
        assert_eq!(why(&status).reason, "DRAWERS_OPEN");
        assert!(why(&status).text.contains("loket-1"), "{}", why(&status).text);
    }
    let closed = counter.cash().close_drawer(close(1_199_000, 1_199_000)).await.expect("closed");
    let closed = closed.into_inner();
    assert!(!closed.drawer.expect("set").open);
    assert_eq!(counter.held("lkm.sp.1902.loket-1").await, 100_000);
    assert_eq!(counter.held("lkm.sp.1103.loket-1").await, 0);
    let shut = said("DRAWER_CLOSED", "drawer");
    assert_eq!(reason(counter.savings().deposit_at_lkm(save(1_000)).await), shut);
    let told = close_days(&office, (2025, 1, 1)).await.expect("closed");
    assert!(told.iter().any(|one| one.step.is_empty()));
    let shut = said("PERIOD_CLOSED", "happened_on");
    assert_eq!(reason(counter.cash().open_drawer(open(0, 0)).await), shut);
    let tomorrow = OpenDrawerRequest { details: on(2025, 1, 2), ..open(0, 100_000) };
    counter.cash().open_drawer(tomorrow).await.expect("opened");
    let closed = counter.cash().close_drawer(close(100_000, 0)).await;
    closed.expect("closed on the second day");
    assert!(close_days(&office, (2025, 1, 2)).await.is_ok());
}

async fn bad_drawers_change_nothing(server: &Server) {
    let guarded = Guarded::found(server).await;
    let office = office(&guarded).await;
    let counter = Town::at(guarded.device("teller").await);
    let unknown = OpenDrawerRequest { drawer: format!("{BOOK}/drawers/entah"), ..open(0, 0) };
    let nameless = OpenDrawerRequest { drawer: "loket-1".to_owned(), ..open(0, 0) };
    let uncounted = OpenDrawerRequest { counted: None, ..open(0, 0) };
    let negative = OpenDrawerRequest { from_vault: idr(-1), ..open(0, 0) };
    let nobody = OpenDrawerRequest { teller: String::new(), ..open(0, 0) };
    let stranger = OpenDrawerRequest { teller: "entah".to_owned(), ..open(0, 0) };
    let too_much = open(0, 10_000_001);
    for (request, expected) in [
        (unknown, said("NOT_FOUND", "drawer")),
        (nameless, said("NAME_MALFORMED", "drawer")),
        (uncounted, said("REQUIRED", "counted")),
        (negative, said("AMOUNT_NEGATIVE", "from_vault")),
        (nobody, said("REQUIRED", "teller")),
        (stranger, said("NOT_FOUND", "teller")),
        (too_much, said("FLOOR", "from_vault")),
    ] {
        assert_eq!(reason(office.cash().open_drawer(request).await), expected);
    }
    assert_eq!(
        reason(office.cash().close_drawer(close(0, 0)).await),
        said("DRAWER_CLOSED", "drawer")
    );
    assert_eq!(
        reason(office.cash().set_drawer_limit(limit(0)).await),
        said("AMOUNT_ZERO", "amount")
    );
    let undated = SetDrawerLimitRequest { since: None, ..limit(5) };
    assert_eq!(reason(office.cash().set_drawer_limit(undated).await), said("REQUIRED", "since"));
    let status = counter.cash().set_drawer_limit(limit(5)).await.expect_err("a manager's");
    assert_eq!(
        (status.code(), why(&status).reason.as_str()),
        (Code::PermissionDenied, "ROLE_REQUIRED")
    );
    assert_eq!(office.held("lkm.sp.1103.loket-1").await, 0);
}
