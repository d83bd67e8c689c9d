//! The books of the guidelines and the pendamping's score sheets.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::loans;
use crate::on_both;
use crate::statements::{assert_says, two_months};
use crate::town::{A, BOOK, LKM, Server, Town, cash, date, deposit, idr, on, sen};

on_both!(
    every_book_of_the_guidelines_is_answered_by_a_method_that_is_there,
    attendance_counts_members_and_guests,
    guests_and_letters_are_entered_and_stay,
    an_inventory_is_worth_what_its_accounts_say,
    scores_stand_beside_the_ledgers_own_figures,
    a_sheet_of_single_items_is_added_up,
    score_sheets_are_checked,
);

async fn every_book_of_the_guidelines_is_answered_by_a_method_that_is_there(server: &Server) {
    let town = Town::found(server).await;
    let request = ListGroupBooksRequest { group: A.to_owned() };
    let books = town.reports().list_group_books(request).await.expect("a list").into_inner().books;
    let descriptors = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    let all: prost_types::FileDescriptorSet =
        prost::Message::decode(descriptors.as_slice()).expect("descriptors");
    let known: Vec<String> = all
        .file
        .iter()
        .flat_map(|file| file.service.iter().map(move |service| (file.package(), service)))
        .flat_map(|(package, service)| {
            let name = format!("/{package}.{}", service.name());
            service.method.iter().map(move |method| format!("{name}/{}", method.name()))
        })
        .collect();
    for book in &books {
        assert!(book.methods.iter().all(|method| known.contains(method)), "{book:?}");
        if book.methods.iter().any(|method| method.ends_with("GetCashBook")) {
            let request = GetCashBookRequest {
                entity: A.to_owned(),
                fund: book.fund,
                ..GetCashBookRequest::default()
            };
            town.ledger().get_cash_book(request).await.expect("a cash book");
        }
    }
    let paper: Vec<_> = books.iter().filter(|book| book.methods.is_empty()).collect();
    assert_eq!(paper.len(), 0, "{paper:?}");
    let request = ListGroupBooksRequest { group: format!("{BOOK}/groups/b") };
    let result = town.reports().list_group_books(request).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "group");
}

async fn attendance_counts_members_and_guests(server: &Server) {
    let town = Town::found(server).await;
    for (id, day, members, guests) in [
        ("februari", date(2025, 2, 10), vec!["m01"], 0),
        ("januari", date(2025, 1, 10), vec!["m01", "m02"], 3),
    ] {
        let request = RecordMeetingRequest {
            parent: A.to_owned(),
            request_id: fresh_request_id(),
            meeting_id: id.to_owned(),
            held_on: day,
            attendee_ids: members.into_iter().map(str::to_owned).collect(),
            guests,
            agenda: "Simpanan (contoh)".to_owned(),
            ..RecordMeetingRequest::default()
        };
        town.meetings().record_meeting(request).await.expect("a meeting");
    }
    let ask = |from, through| GetAttendanceRequest { group: A.to_owned(), from, through };
    let answer = town.reports().get_attendance(ask(None, None)).await.expect("counted");
    let answer = answer.into_inner();
    let meetings: Vec<_> =
        answer.meetings.iter().map(|meeting| (meeting.members, meeting.guests)).collect();
    assert_eq!(meetings, [(2, 3), (1, 0)]);
    let members: Vec<_> =
        answer.members.iter().map(|member| (member.member.as_str(), member.present)).collect();
    let name = |id: &str| format!("{A}/members/{id}");
    assert_eq!(members, [(name("m01").as_str(), 2), (name("m02").as_str(), 1)]);
    assert_eq!(answer.guests, 3);
    let only = town.reports().get_attendance(ask(date(2025, 2, 1), None)).await.expect("counted");
    assert_eq!(only.into_inner().meetings.len(), 1);
    let backwards = ask(date(2025, 2, 1), date(2025, 1, 1));
    let result = town.reports().get_attendance(backwards).await;
    assert_says(result, Code::InvalidArgument, "SPAN_MALFORMED", "through");
}

fn visit(id: &str) -> RecordGuestRequest {
    RecordGuestRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        guest_id: id.to_owned(),
        visited_on: date(2025, 2, 11),
        who: "Ibu Contoh".to_owned(),
        origin: "Dinas Sosial (contoh)".to_owned(),
        purpose: "Melihat kandang (contoh)".to_owned(),
    }
}

fn letter(id: &str, direction: LetterDirection) -> FileLetterRequest {
    FileLetterRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        letter_id: id.to_owned(),
        direction: direction as i32,
        number: "12/DS/contoh".to_owned(),
        dated_on: date(2025, 2, 10),
        filed_on: date(2025, 2, 12),
        correspondent: "Dinas Sosial (contoh)".to_owned(),
        subject: "Undangan (contoh)".to_owned(),
    }
}

async fn guests_and_letters_are_entered_and_stay(server: &Server) {
    let town = Town::found(server).await;
    let asked = visit("satu");
    let first = town.secretary().record_guest(asked.clone()).await.expect("entered").into_inner();
    let again = town.secretary().record_guest(asked).await.expect("the same").into_inner();
    assert_eq!(first, again);
    let guest = first.guest.expect("set");
    assert_eq!(
        (guest.name.as_str(), guest.visited_on),
        (&*format!("{A}/guests/satu"), date(2025, 2, 11))
    );
    assert_eq!((guest.who.as_str(), guest.erased), ("Ibu Contoh", false));
    for (id, direction) in [("masuk-1", LetterDirection::In), ("keluar-1", LetterDirection::Out)] {
        town.secretary().file_letter(letter(id, direction)).await.expect("filed");
    }
    let guests = || async {
        let request = ListGuestsRequest { parent: A.to_owned(), ..Default::default() };
        town.secretary().list_guests(request).await.expect("listed").into_inner().guests
    };
    let letters = || async {
        let request = ListLettersRequest { parent: A.to_owned(), ..Default::default() };
        town.secretary().list_letters(request).await.expect("listed").into_inner().letters
    };
    assert_eq!(guests().await, [guest]);
    let filed = letters().await;
    let shown: Vec<_> = filed.iter().map(|one| (one.direction(), one.subject.as_str())).collect();
    let subject = "Undangan (contoh)";
    assert_eq!(shown, [(LetterDirection::Out, subject), (LetterDirection::In, subject)]);
    assert_eq!((filed[0].number.as_str(), filed[0].dated_on), ("12/DS/contoh", date(2025, 2, 10)));

    let position = town.position().await;
    let invalid = Code::InvalidArgument;
    for (request, reason, field) in [
        (RecordGuestRequest { who: String::new(), ..visit("dua") }, "REQUIRED", "who"),
        (RecordGuestRequest { who: "\n".to_owned(), ..visit("dua") }, "TEXT_MALFORMED", "who"),
        (RecordGuestRequest { origin: "x".repeat(121), ..visit("dua") }, "TEXT_TOO_LONG", "origin"),
        (
            RecordGuestRequest { purpose: "x".repeat(2001), ..visit("dua") },
            "TEXT_TOO_LONG",
            "purpose",
        ),
        (visit("Dua"), "ID_MALFORMED", "guest_id"),
        (RecordGuestRequest { parent: LKM.to_owned(), ..visit("dua") }, "NAME_MALFORMED", "parent"),
    ] {
        let result = town.secretary().record_guest(request).await;
        assert_says(result, invalid, reason, field);
    }
    let out = LetterDirection::Out;
    for (request, reason, field) in [
        (letter("dua", LetterDirection::Unspecified), "CHOICE_UNKNOWN", "direction"),
        (
            FileLetterRequest { number: "1".repeat(81), ..letter("dua", out) },
            "TEXT_TOO_LONG",
            "number",
        ),
        (
            FileLetterRequest { correspondent: String::new(), ..letter("dua", out) },
            "REQUIRED",
            "correspondent",
        ),
        (
            FileLetterRequest { dated_on: date(2025, 2, 13), ..letter("dua", out) },
            "SPAN_MALFORMED",
            "dated_on",
        ),
    ] {
        let result = town.secretary().file_letter(request).await;
        assert_says(result, invalid, reason, field);
    }
    assert_eq!(town.position().await, position, "what is malformed is not recorded");
    let twice = town.secretary().record_guest(visit("satu")).await;
    assert_says(twice, Code::AlreadyExists, "ALREADY_EXISTS", "guest_id");
    let twice = town.secretary().file_letter(letter("masuk-1", out)).await;
    assert_says(twice, Code::AlreadyExists, "ALREADY_EXISTS", "letter_id");
    let future = RecordGuestRequest { visited_on: date(2160, 1, 1), ..visit("dua") };
    let future = town.secretary().record_guest(future).await;
    assert_says(future, Code::OutOfRange, "DATE_IN_FUTURE", "visited_on");
    let nobody = RecordGuestRequest { parent: format!("{BOOK}/groups/b"), ..visit("dua") };
    assert_says(town.secretary().record_guest(nobody).await, Code::NotFound, "NOT_FOUND", "parent");

    server.forget("groups/a").await;
    let (guest, letter) = (guests().await.remove(0), letters().await.remove(0));
    assert_eq!((guest.who.as_str(), guest.purpose.as_str(), guest.erased), ("", "", true));
    assert_eq!((letter.correspondent.as_str(), letter.erased), ("", true));
}

async fn an_inventory_is_worth_what_its_accounts_say(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    let born = RecordBirthRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 5),
        fund: Fund::Uep as i32,
        lot_id: "anak".to_owned(),
        label: "babi".to_owned(),
        heads: 7,
    };
    town.trade().record_birth(born).await.expect("born");
    let ask = |kind: LotKind| ListInventoryRequest {
        entity: A.to_owned(),
        kind: kind as i32,
        ..ListInventoryRequest::default()
    };
    let lines = town.reports().list_inventory(ask(LotKind::Livestock)).await.expect("listed");
    let lines = lines.into_inner().lines;
    let shown: Vec<_> = lines
        .iter()
        .map(|line| {
            let quantity = line.quantity.as_ref().expect("set").value.as_str();
            (line.lot.as_str(), quantity, sen(&line.cost), sen(&line.value), line.born)
        })
        .collect();
    let lot = |id: &str| format!("{A}/lots/{id}");
    assert_eq!(
        shown,
        [
            (lot("anak").as_str(), "7", 0, 0, true),
            (lot("babi-1").as_str(), "6", 600_000_000, 600_000_000, false),
        ]
    );
    for line in &lines {
        let account = line.account.strip_prefix(&format!("{BOOK}/accounts/")).expect("a name");
        assert_eq!(town.held(account).await, sen(&line.cost));
    }
    let stock = town.reports().list_inventory(ask(LotKind::Stock)).await.expect("listed");
    assert_eq!(stock.into_inner().lines, []);
    let wrong = ListInventoryRequest { kind: 77, ..ask(LotKind::Stock) };
    let result = town.reports().list_inventory(wrong).await;
    assert_says(result, Code::InvalidArgument, "CHOICE_UNKNOWN", "kind");
}

fn sheet(scores: &[(Aspect, u32)]) -> RecordAssessmentRequest {
    let score = |(aspect, score): &(Aspect, u32)| AspectScore {
        aspect: *aspect as i32,
        score: *score,
        ..AspectScore::default()
    };
    RecordAssessmentRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        assessed_on: date(2025, 2, 28),
        scores: scores.iter().map(score).collect(),
        notes: "Rajin (contoh)".to_owned(),
    }
}

const SCORES: [(Aspect, u32); 3] =
    [(Aspect::Sosial, 17), (Aspect::Ekonomi, 16), (Aspect::Kelembagaan, 32)];

/// The group lends Maria a million for ten months, flat 1 % a month; she pays half an instalment.
async fn lend_to_maria(town: &Town) {
    town.deposit("m03", 3_000_000).await;
    let monthly = loans::terms(LoanFrequency::Monthly, "1");
    town.loans().set_loan_product(loans::product(A, monthly)).await.expect("a product");
    let asked = loans::application(A, "maria", &format!("{A}/members/m01"), 1_000_000);
    loans::lend(town, asked, loans::tin(), (1, 2)).await;
    let loan = format!("{A}/loans/maria");
    let pay = loans::payment(&loan, 55_000, loans::tin(), (2, 2));
    town.loans().pay_loan(pay).await.expect("paid");
}

async fn scores_stand_beside_the_ledgers_own_figures(server: &Server) {
    let town = Town::found(server).await;
    two_months(&town).await;
    for (member, month) in [("m01", 1), ("m01", 2), ("m02", 2)] {
        let wajib = DepositRequest {
            kind: SavingsKind::Wajib as i32,
            details: on(2025, month, 15),
            ..deposit(member, 10_000)
        };
        town.savings().deposit(wajib).await.expect("deposited");
    }
    let relief = PayReliefRequest {
        member: format!("{A}/members/m02"),
        request_id: fresh_request_id(),
        details: on(2025, 2, 16),
        amount: idr(2_000),
        place: cash(),
        ..Default::default()
    };
    let paid = town.iks().pay_relief(relief).await.expect("paid").into_inner();
    let reversal = ReverseTransactionRequest {
        transaction: paid.transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 2, 16),
        line: 0,
    };
    let relief = PayReliefRequest {
        member: format!("{A}/members/m02"),
        request_id: fresh_request_id(),
        details: on(2025, 2, 16),
        amount: idr(3_000),
        place: cash(),
        ..Default::default()
    };
    town.journal().reverse_transaction(reversal).await.expect("reversed");
    town.iks().pay_relief(relief).await.expect("paid");
    lend_to_maria(&town).await;

    let request = sheet(&SCORES);
    let record = |request| async { town.assessments().record_assessment(request).await };
    let first = record(request.clone()).await.expect("recorded").into_inner();
    let again = record(request).await.expect("the same").into_inner();
    assert_eq!(first, again);
    let assessment = first.assessment.expect("set");
    assert_eq!(assessment.name, format!("{A}/assessments/2025-02-28"));
    let bands: Vec<i32> = assessment.scores.iter().map(|score| score.band).collect();
    assert_eq!(bands, [Band::Baik, Band::Kurang, Band::Cukup].map(|band| band as i32));
    assert_eq!(assessment.notes, "Rajin (contoh)");

    let get = || async {
        let request = GetAssessmentRequest { name: assessment.name.clone() };
        town.assessments().get_assessment(request).await.expect("shown").into_inner()
    };
    let figures = get().await.figures.expect("set");
    assert_eq!((figures.from, figures.through), (date(2024, 2, 29), date(2025, 2, 28)));
    assert_eq!(sen(&figures.capital_before), 0);
    assert_eq!(sen(&figures.capital_after), 2_100_000_000);
    assert_eq!((figures.members, figures.months), (10, 2));
    assert_eq!((figures.savers, figures.saving_months), (2, 3));
    assert_eq!(sen(&figures.dues_received), 500_000);
    assert_eq!(sen(&figures.relief_paid), 300_000);
    assert_eq!((sen(&figures.passed_on), sen(&figures.owed_onward)), (0, 0));
    assert_eq!(figures.lkm_loans.expect("set").loans, 0);
    let loans = figures.member_loans.expect("set");
    // One instalment of 110.000 was asked for by the end of February; half of it was paid.
    let sums = [&loans.asked, &loans.paid, &loans.overdue].map(|money| sen(money) / 100);
    assert_eq!((loans.loans, sums), (1, [110_000, 55_000, 55_000]));
    assert_eq!(loans.days_late, 26, "since 2 February");

    // A second sheet of the day takes the first one's place.
    let better = sheet(&[(Aspect::Sosial, 21), (Aspect::Ekonomi, 24), (Aspect::Kelembagaan, 33)]);
    record(better).await.expect("recorded");
    let request = ListAssessmentsRequest { parent: A.to_owned(), ..Default::default() };
    let list = town.assessments().list_assessments(request).await.expect("listed").into_inner();
    assert_eq!(list.assessments.len(), 1);
    assert!(list.assessments[0].scores.iter().all(|score| score.band == Band::Baik as i32));
    server.forget("groups/a").await;
    let erased = get().await.assessment.expect("set");
    assert_eq!((erased.notes.as_str(), erased.erased), ("", true));
}

/// Every item of every aspect, 1 to 3 in turn.
fn by_items() -> RecordAssessmentRequest {
    let mut request = sheet(&SCORES);
    for (score, items) in request.scores.iter_mut().zip([7, 10, 14]) {
        (score.score, score.items) = (0, (0..items).map(|item| item % 3 + 1).collect());
    }
    request
}

async fn a_sheet_of_single_items_is_added_up(server: &Server) {
    let town = Town::found(server).await;
    let record = |request| async { town.assessments().record_assessment(request).await };
    let made = record(by_items()).await.expect("recorded").into_inner().assessment.expect("set");
    let shown: Vec<_> = made.scores.iter().map(|one| (one.score, one.items.len())).collect();
    assert_eq!(shown, [(13, 7), (19, 10), (27, 14)]);
    assert_eq!(made.scores[0].items, [1, 2, 3, 1, 2, 3, 1]);
    assert!(made.scores.iter().all(|score| score.band == Band::Cukup as i32));
    let get = GetAssessmentRequest { name: made.name.clone() };
    let found = town.assessments().get_assessment(get).await.expect("found").into_inner();
    assert_eq!(found.assessment, Some(made));
    // The sheet's own sum is looked at, where it is given.
    let mut agrees = by_items();
    agrees.scores[2].score = 27;
    record(agrees).await.expect("recorded");

    let position = town.position().await;
    let broken = |change: fn(&mut AspectScore)| {
        let mut request = by_items();
        change(&mut request.scores[1]);
        request
    };
    for (request, reason, field) in [
        (broken(|score| score.items[9] = 0), "NUMBER_OUT_OF_RANGE", "scores[1].items[9]"),
        (broken(|score| score.items[4] = 4), "NUMBER_OUT_OF_RANGE", "scores[1].items[4]"),
        (broken(|score| score.items.truncate(9)), "REQUIRED", "scores[1].items[9]"),
        (broken(|score| score.items.push(1)), "TOO_MANY", "scores[1].items[10]"),
        (broken(|score| score.score = 20), "SUM_DIFFERS", "scores[1].score"),
    ] {
        assert_says(record(request).await, Code::InvalidArgument, reason, field);
    }
    assert_eq!(town.position().await, position, "nothing was recorded");
}

async fn score_sheets_are_checked(server: &Server) {
    let town = Town::found(server).await;
    let position = town.position().await;
    let [sosial, ekonomi, kelembagaan] = SCORES;
    let invalid = Code::InvalidArgument;
    for (scores, reason, field) in [
        (vec![sosial, ekonomi], "REQUIRED", "scores"),
        (vec![sosial, ekonomi, sosial], "TOO_MANY", "scores[2].aspect"),
        (
            vec![sosial, (Aspect::Ekonomi, 31), kelembagaan],
            "NUMBER_OUT_OF_RANGE",
            "scores[1].score",
        ),
        (vec![(Aspect::Sosial, 6)], "NUMBER_OUT_OF_RANGE", "scores[0].score"),
        (vec![(Aspect::Unspecified, 20)], "CHOICE_UNKNOWN", "scores[0].aspect"),
    ] {
        let result = town.assessments().record_assessment(sheet(&scores)).await;
        assert_says(result, invalid, reason, field);
    }
    let of_the_lkm = RecordAssessmentRequest { parent: LKM.to_owned(), ..sheet(&SCORES) };
    let result = town.assessments().record_assessment(of_the_lkm).await;
    assert_says(result, invalid, "NAME_MALFORMED", "parent");
    assert_eq!(town.position().await, position, "what is malformed is not recorded");
    let future = RecordAssessmentRequest { assessed_on: date(2160, 1, 1), ..sheet(&SCORES) };
    let result = town.assessments().record_assessment(future).await;
    assert_says(result, Code::OutOfRange, "DATE_IN_FUTURE", "assessed_on");
    let nobody = RecordAssessmentRequest { parent: format!("{BOOK}/groups/b"), ..sheet(&SCORES) };
    let result = town.assessments().record_assessment(nobody).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "parent");
    let request = GetAssessmentRequest { name: format!("{A}/assessments/2025-01-01") };
    let result = town.assessments().get_assessment(request).await;
    assert_says(result, Code::NotFound, "NOT_FOUND", "name");
}
