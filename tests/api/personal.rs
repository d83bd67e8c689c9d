//! People are found without anything being kept of the search, and erased for good.

use simpul::api::v1::*;
use simpul::chain::checkpoint::Receipt;
use simpul::chain::note::PublicKey;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::id::Id;
use simpul::vault::{MasterKey, Vault};
use tonic::Status;

use crate::on_both;
use crate::town::{A, BOOK, Server, Town, date, deposit, enrol, on, why};

on_both!(
    a_person_is_erased_for_good_and_every_proof_holds,
    who_still_has_to_be_known_is_not_erased,
    all_that_is_held_on_a_person_is_exported,
    people_are_found_by_name_or_number,
    what_is_asked_badly_changes_nothing,
);

const MARIA: &str = "groups/a/members/m01";

/// A town that began in 2010.
async fn old_town(server: &Server) -> Town {
    let town = Town::at(server.line());
    let book = CreateBookRequest {
        book_id: "kupang".to_owned(),
        request_id: fresh_request_id(),
        display_name: "Buku Kupang (contoh)".to_owned(),
        lkm_name: "LKM Kupang (contoh)".to_owned(),
        regime: Regime::Koperasi as i32,
        zone: Zone::Wita as i32,
        opened_on: date(2010, 1, 1),
    };
    town.books().create_book(book).await.expect("a book");
    let group = CreateGroupRequest {
        parent: BOOK.to_owned(),
        request_id: fresh_request_id(),
        group_id: "a".to_owned(),
        display_name: "KUBE a (contoh)".to_owned(),
        member_count: 5,
        linked_on: date(2010, 1, 1),
        ..CreateGroupRequest::default()
    };
    town.groups().create_group(group).await.expect("a group");
    for (member, name, nik) in [
        ("m01", "María Goreti Bere (contoh)", "5301014501900001"),
        ("m02", "Yosef Nahak (contoh)", ""),
        ("m03", "Maria Seran (contoh)", "5301014501900003"),
    ] {
        let request = EnrolMemberRequest {
            display_name: name.to_owned(),
            nik: nik.to_owned(),
            joined_on: date(2010, 1, 1),
            ..enrol(A, member)
        };
        town.members().enrol_member(request).await.expect("a member");
    }
    town
}

fn member(id: &str) -> String {
    format!("{A}/members/{id}")
}

async fn leave(town: &Town, id: &str) {
    let request = EndMembershipRequest {
        member: member(id),
        request_id: fresh_request_id(),
        left_on: date(2011, 5, 1),
    };
    town.members().end_membership(request).await.expect("left");
}

async fn keep_for(town: &Town, years: u32) -> Result<SetRetentionResponse, Status> {
    let minute = "BA-7/contoh".to_owned();
    let request = SetRetentionRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        retention: Some(Retention { since: date(2010, 1, 1), years, minute }),
    };
    Ok(town.personal().set_retention(request).await?.into_inner())
}

fn erase(id: &str) -> EraseMemberRequest {
    let cause = ErasureCause::Expired as i32;
    EraseMemberRequest { member: member(id), request_id: fresh_request_id(), cause }
}

async fn vault(server: &Server) -> Vault {
    let master = MasterKey::load_or_create(&server.config.master_key).expect("the master key");
    Vault::open(&master, server.keys().await).await.expect("a vault")
}

async fn a_person_is_erased_for_good_and_every_proof_holds(server: &Server) {
    let town = old_town(server).await;
    server.config.signing().make_key(&Id::new("kupang").unwrap()).expect("a key");
    let key = GetSigningKeyRequest { book: BOOK.to_owned() };
    let key = town.proofs().get_signing_key(key).await.expect("a key").into_inner();
    let key = PublicKey::parse(&key.public_key).expect("a key");
    let saved = DepositRequest { details: on(2010, 3, 3), ..deposit("m01", 50_000) };
    let saved = town.savings().deposit(saved).await.expect("saved").into_inner();
    let saved = saved.transaction.expect("set");
    let taken = WithdrawRequest {
        member: member("m01"),
        request_id: fresh_request_id(),
        details: on(2010, 3, 4),
        amount: crate::town::idr(50_000),
        place: crate::town::cash(),
    };
    town.savings().withdraw(taken).await.expect("taken out");
    let ask = GetReceiptRequest { transaction: saved.name.clone() };
    let receipt = town.proofs().get_receipt(ask.clone()).await.expect("a receipt").into_inner();
    leave(&town, "m01").await;
    keep_for(&town, 10).await.expect("decided");
    let keys = server.keys().await;
    let backup = keys.get_many("kupang", &[MARIA]).await.expect("read").remove(0).1;

    let request = erase("m01");
    let erased = town.personal().erase_member(request.clone()).await.expect("erased").into_inner();
    let gone = erased.member.clone().expect("set");
    assert_eq!((gone.display_name.as_str(), gone.nik.as_str(), gone.erased), ("", "", true));
    assert!(keys.get_many("kupang", &[MARIA]).await.expect("read").is_empty());
    let again = town.personal().erase_member(request).await.expect("the first answer");
    assert_eq!(again.into_inner(), erased);
    let refused = town.personal().erase_member(erase("m01")).await.expect_err("gone");
    assert_eq!(why(&refused).reason, "MEMBER_ERASED");

    // A backup of the keys from before brings nobody back.
    keys.insert_if_absent("kupang", MARIA, &backup).await.expect("restored");
    let ask_member = GetMemberRequest { name: member("m01") };
    let shown = town.members().get_member(ask_member).await.expect("found").into_inner();
    assert_eq!(shown.member, Some(gone), "not even before the key is destroyed again");
    let (vault, reader) = (vault(server).await, server.reader().await);
    assert_eq!(vault.sweep_erased(&reader).await.expect("swept"), 1);
    assert_eq!(vault.sweep_erased(&reader).await.expect("swept"), 0);
    assert!(keys.get_many("kupang", &[MARIA]).await.expect("read").is_empty());

    // What was proved stays proved, with the receipt from before and with a new one.
    let old = Receipt::parse(&receipt.receipt).expect("a receipt");
    old.verify(&key).expect("proved");
    let new = town.proofs().get_receipt(ask).await.expect("a receipt").into_inner();
    let new = Receipt::parse(&new.receipt).expect("a receipt");
    assert_eq!(new.record, old.record);
    assert_eq!(new.verify(&key).expect("proved").size, town.position().await);
}

async fn who_still_has_to_be_known_is_not_erased(server: &Server) {
    let town = old_town(server).await;
    let refused = async |id: &str| {
        let status = town.personal().erase_member(erase(id)).await.expect_err("refused");
        let why = why(&status);
        (why.reason, why.field)
    };
    let because = |reason: &str| (reason.to_owned(), "member".to_owned());
    assert_eq!(refused("m01").await, because("STILL_MEMBER"));
    assert_eq!(refused("m99").await, because("NOT_FOUND"));
    leave(&town, "m01").await;
    assert_eq!(refused("m01").await, because("RETENTION_NOT_SET"));
    let decided = keep_for(&town, 100).await.expect("decided").retentions;
    let ask = ListRetentionsRequest { parent: BOOK.to_owned() };
    let listed = town.personal().list_retentions(ask).await.expect("listed").into_inner();
    assert_eq!((listed.retentions, decided[0].years), (decided.clone(), 100));
    assert_eq!(refused("m01").await, because("RETENTION_NOT_OVER"));
    let keys = server.keys().await.get_many("kupang", &[MARIA]).await.expect("read");
    assert_eq!(keys.len(), 1, "nothing was destroyed");
}

fn own_data(id: &str) -> ExportMemberRequest {
    let purpose = Purpose::OwnData as i32;
    let explanation = "diminta sendiri (contoh)".to_owned();
    ExportMemberRequest { member: member(id), purpose, explanation, page_token: String::new() }
}

/// What a record says: its event, the accounts of its entries, its rows, texts and papers.
fn told(record: &PersonalRecord) -> (String, Vec<String>, Vec<String>, Vec<String>, usize) {
    let transaction = record.transaction.as_ref().expect("set");
    assert_eq!(transaction.memo, "", "the group's own");
    let accounts = transaction.entries.iter().map(|entry| entry.account.replace(BOOK, ""));
    let rows = record.rows.iter().map(|row| {
        let value = simpul::api::fields::json("simpul.record.v1.Row", &row.row).expect("a row");
        assert!(!value.to_string().contains("m02"), "nothing about others: {value}");
        row.name.replace(A, "")
    });
    let mut texts = record.texts.clone();
    texts.sort();
    let papers = record.attachments.len();
    (transaction.event.clone(), accounts.collect(), rows.collect(), texts, papers)
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

async fn all_that_is_held_on_a_person_is_exported(server: &Server) {
    let town = old_town(server).await;
    let mut saved = DepositRequest { details: on(2010, 3, 3), ..deposit("m01", 50_000) };
    saved.details.as_mut().expect("set").memo = "titipan m02 (contoh)".to_owned();
    let saved = town.savings().deposit(saved).await.expect("saved").into_inner();
    let saved = saved.transaction.expect("set").name;
    crate::attachments::attached(&town, &saved, b"%PDF-kuitansi (contoh)").await;
    let others = DepositRequest { details: on(2010, 3, 3), ..deposit("m02", 7_000) };
    town.savings().deposit(others).await.expect("saved");
    let met = RecordMeetingRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        meeting_id: "maret".to_owned(),
        held_on: date(2010, 3, 3),
        attendee_ids: words(["m01", "m02"]),
        decisions: "rahasia kelompok (contoh)".to_owned(),
        ..RecordMeetingRequest::default()
    };
    town.meetings().record_meeting(met).await.expect("met");
    let blocked = BlockSavingsRequest {
        member: member("m01"),
        request_id: fresh_request_id(),
        details: on(2010, 3, 4),
        block_id: "jaminan".to_owned(),
        amount: crate::town::idr(10_000),
        reason: "jaminan suami Maria (contoh)".to_owned(),
    };
    town.products().block_savings(blocked).await.expect("blocked");

    let answer = town.personal().export_member(own_data("m01")).await.expect("exported");
    let answer = answer.into_inner();
    let person = answer.member.clone().expect("set");
    assert_eq!(person.nik, "5301014501900001", "in full");
    let own = ["/accounts/a.sp.1101", "/accounts/a.sp.2103.m01"];
    let expected = |texts: bool| {
        let texts = |some: Vec<String>| if texts { some } else { Vec::new() };
        let name = words(["5301014501900001", "María Goreti Bere (contoh)"]);
        let block = words(["jaminan suami Maria (contoh)"]);
        [
            ("MEMBER_ENROLLED".to_owned(), vec![], words(["/members/m01"]), texts(name), 0),
            ("SAVINGS_DEPOSITED".to_owned(), words(own), vec![], vec![], 1),
            ("MEETING_RECORDED".to_owned(), vec![], words(["/meetings/maret"]), vec![], 0),
            (
                "SAVINGS_BLOCKED".to_owned(),
                vec![],
                words(["/blocked/m01", "/blocks/jaminan"]),
                texts(block),
                0,
            ),
        ]
    };
    let records: Vec<_> = answer.records.iter().map(told).collect();
    assert_eq!(records, expected(true));
    let paper = &answer.records[1].attachments[0];
    assert!(paper.name.starts_with(&format!("{saved}/attachments/")), "{}", paper.name);
    assert_eq!((answer.next_page_token.as_str(), answer.users.len()), ("", 0));
    let meeting = &answer.records[2].rows[0].row;
    let meeting = simpul::api::fields::json("simpul.record.v1.Row", meeting).expect("a row");
    assert_eq!(meeting["meeting"]["attendees"], serde_json::json!(["m01"]));

    let wrong = ExportMemberRequest { page_token: "zz".to_owned(), ..own_data("m01") };
    let status = town.personal().export_member(wrong).await.expect_err("no token of ours");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("PAGE_TOKEN", "page_token"));
    let status = town.personal().export_member(own_data("m99")).await.expect_err("nobody");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("NOT_FOUND", "member"));

    // Of somebody who was erased remains what was done, without a word.
    let keys = server.keys().await;
    assert!(keys.delete("kupang", MARIA).await.expect("destroyed"));
    let answer = town.personal().export_member(own_data("m01")).await.expect("exported");
    let answer = answer.into_inner();
    let person = answer.member.expect("set");
    assert_eq!((person.display_name.as_str(), person.nik.as_str(), person.erased), ("", "", true));
    let records: Vec<_> = answer.records.iter().map(told).collect();
    assert_eq!(records, expected(false));
}

async fn people_are_found_by_name_or_number(server: &Server) {
    let town = old_town(server).await;
    let find = async |parent: &str, query: &str, page_size: i32, page_token: &str| {
        let request = SearchMembersRequest {
            parent: parent.to_owned(),
            query: query.to_owned(),
            page_size,
            page_token: page_token.to_owned(),
        };
        let answer = town.personal().search_members(request).await.expect("found").into_inner();
        let names: Vec<String> = answer.members.iter().map(|one| one.name.clone()).collect();
        (names, answer.next_page_token)
    };
    let all = |ids: &[&str]| (ids.iter().map(|id| member(id)).collect::<Vec<_>>(), String::new());
    assert_eq!(find(BOOK, "MARIA", 0, "").await, all(&["m01", "m03"]));
    assert_eq!(find(BOOK, "bere maria", 0, "").await, all(&["m01"]));
    assert_eq!(find(A, "5301014501900003", 0, "").await, all(&["m03"]));
    assert_eq!(find(BOOK, "53010145019", 0, "").await, all(&[]), "no part of a number");
    assert_eq!(find(&format!("{BOOK}/lkm"), "maria", 0, "").await, all(&[]));
    let (first, token) = find(BOOK, "maria", 1, "").await;
    assert_eq!(first, [member("m01")]);
    assert_eq!(find(BOOK, "maria", 1, &token).await, all(&["m03"]));
}

async fn what_is_asked_badly_changes_nothing(server: &Server) {
    let town = old_town(server).await;
    let before = town.position().await;
    let explanation = "(contoh)".to_owned();
    let reveal = RevealMemberRequest { member: member("m01"), purpose: 0, explanation };
    let status = town.personal().reveal_member(reveal).await.expect_err("without a purpose");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("CHOICE_UNKNOWN", "purpose"));
    let export = ExportMemberRequest { purpose: 0, ..own_data("m01") };
    let status = town.personal().export_member(export).await.expect_err("without a purpose");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("CHOICE_UNKNOWN", "purpose"));
    let export = ExportMemberRequest { explanation: String::new(), ..own_data("m01") };
    let status = town.personal().export_member(export).await.expect_err("unexplained");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("REQUIRED", "explanation"));
    let status = keep_for(&town, 0).await.expect_err("no years");
    assert_eq!(why(&status).field, "retention.years");
    let request = EraseMemberRequest { cause: 9, ..erase("m01") };
    let status = town.personal().erase_member(request).await.expect_err("no cause");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("CHOICE_UNKNOWN", "cause"));
    let search = SearchMembersRequest { parent: BOOK.to_owned(), ..Default::default() };
    let status = town.personal().search_members(search).await.expect_err("nothing to find");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("REQUIRED", "query"));
    assert_eq!(town.position().await, before);
}
