//! A second sheet for a group's date waits for a person, whatever its number.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::on_both;
use crate::town::{A, Server, Town, idr, on, why};

on_both!(a_second_sheet_waits_until_it_is_accepted_or_discarded);

fn sheet(number: &str, member: &str) -> RecordSheetRequest {
    let line = SheetLine {
        kind: SheetLineKind::IksDues as i32,
        member_id: member.to_owned(),
        amount: idr(5_000),
        ..SheetLine::default()
    };
    RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        number: number.to_owned(),
        lines: vec![line],
        opening_cash: idr(0),
        closing_cash: idr(5_000),
    }
}

async fn a_second_sheet_waits_until_it_is_accepted_or_discarded(server: &Server) {
    let town = Town::found(server).await;
    let mut names = Vec::new();
    for (number, member, state) in [
        ("1", "m01", SheetState::Posted),
        ("2", "m02", SheetState::Pending),
        ("1", "m03", SheetState::Pending),
    ] {
        let answer = town.meetings().record_sheet(sheet(number, member)).await.expect("a sheet");
        let found = answer.into_inner().sheet.expect("set");
        assert_eq!(found.state(), state);
        names.push(found.name);
    }
    assert_eq!(names[0], format!("{A}/sheets/2025-03-03"));
    assert_eq!(town.held("a.iks.3201").await, 500_000, "only the first one counts");

    let discard = DiscardSheetRequest {
        sheet: names[2].clone(),
        request_id: fresh_request_id(),
        details: None,
    };
    let answer = town.meetings().discard_sheet(discard.clone()).await.expect("discarded");
    assert_eq!(answer.into_inner().sheet.expect("set").state(), SheetState::Discarded);
    assert_eq!(town.held("a.iks.3201").await, 500_000);
    let again = DiscardSheetRequest { request_id: fresh_request_id(), ..discard };
    let status = town.meetings().discard_sheet(again).await.expect_err("decided already");
    assert_eq!(why(&status).reason, "SHEET_NOT_PENDING");

    let accept = AcceptSheetRequest {
        sheet: names[1].clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 10),
    };
    let accepted = town.meetings().accept_sheet(accept).await.expect("accepted").into_inner();
    let transaction = accepted.transaction.expect("set");
    assert_eq!(transaction.happened_on, crate::town::date(2025, 3, 3), "the day of the meeting");
    let sheet = accepted.sheet.expect("set");
    assert_eq!((sheet.state(), sheet.decided_by), (SheetState::Accepted, transaction.name));
    assert_eq!(town.held("a.iks.3201").await, 1_000_000);

    let request = ListPendingSheetsRequest { parent: A.to_owned(), ..Default::default() };
    let sheets = town.meetings().list_pending_sheets(request).await.expect("sheets").into_inner();
    assert_eq!(sheets.sheets.len(), 2);
    for name in names {
        let request = GetSheetRequest { name: name.clone() };
        let found = town.meetings().get_sheet(request).await.expect("found").into_inner();
        assert_eq!(found.sheet.expect("set").name, name);
    }
}
