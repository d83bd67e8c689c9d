//! What is known of people is masked by role, revealed for a purpose, and who looked is kept.

use std::sync::Arc;

use simpul::api::v1::*;
use simpul::cli::node::{Store, open_access};
use simpul::cli::remote::{Line, fresh_request_id};
use simpul::domain::id::Id;
use simpul::vault::{AllSealed, Sealed};
use tonic::Status;

use crate::access::Guarded;
use crate::on_both_guarded;
use crate::town::{A, BOOK, Server, Town, why};

on_both_guarded!(
    roles_see_what_they_need_and_the_rest_masked,
    revealing_takes_a_purpose_and_is_kept,
    a_look_is_explained_and_the_explanation_sealed,
    searches_are_kept_without_what_was_searched,
);

const NIK: &str = "5301014501900001";

fn maria() -> String {
    format!("{A}/members/m01")
}

/// The guarded town, where Maria's number is known.
async fn town(server: &Server) -> Guarded<'_> {
    let guarded = Guarded::found(server).await;
    let teller = Town::at(guarded.device("teller").await);
    let request = UpdateMemberRequest {
        member: maria(),
        request_id: fresh_request_id(),
        display_name: Some("Maria Bere (contoh)".to_owned()),
        nik: Some(NIK.to_owned()),
        ..UpdateMemberRequest::default()
    };
    let answer = teller.members().update_member(request.clone()).await.expect("changed");
    let member = answer.into_inner().member.expect("set");
    assert_eq!(
        (member.display_name.as_str(), member.nik.as_str()),
        ("Maria Bere (contoh)", MASKED)
    );
    // What is masked is still compared in full when the request comes again.
    teller.members().update_member(request.clone()).await.expect("the first answer");
    let other = UpdateMemberRequest { nik: Some("5301014501900101".to_owned()), ..request };
    let refused = teller.members().update_member(other).await.expect_err("another number");
    assert_eq!(why(&refused).reason, "REQUEST_ID_REUSED");
    guarded
}

const MASKED: &str = "53************01";

async fn shown(line: &Line) -> (String, String) {
    let request = GetMemberRequest { name: maria() };
    let answer = Town::at(line.clone()).members().get_member(request).await.expect("found");
    let member = answer.into_inner().member.expect("set");
    (member.display_name, member.nik)
}

async fn roles_see_what_they_need_and_the_rest_masked(server: &Server) {
    let guarded = town(server).await;
    for (user, role, place) in [
        ("ketua", Role::Chair, A.to_owned()),
        ("auditor", Role::Auditor, String::new()),
        ("maria", Role::Member, maria()),
    ] {
        let line = guarded.user(user, role, &place).await;
        let seen = shown(&line).await;
        assert_eq!(seen, ("Maria Bere (contoh)".to_owned(), MASKED.to_owned()), "{role:?}");
    }
}

/// It says more of a person than who reads the log of access needs.
const WHY: &str = "memeriksa pinjaman Maria yang sakit (contoh)";

async fn reveal(line: &Line, purpose: Purpose) -> Result<Member, Status> {
    let explanation = WHY.to_owned();
    let request = RevealMemberRequest { member: maria(), purpose: purpose as i32, explanation };
    let answer = Town::at(line.clone()).personal().reveal_member(request).await?;
    Ok(answer.into_inner().member.expect("set"))
}

async fn lookups(guarded: &Guarded<'_>) -> Vec<[String; 4]> {
    let list = ListLookupsRequest { parent: BOOK.to_owned(), ..Default::default() };
    let mut access = access_service_client::AccessServiceClient::new(guarded.administrators_line());
    let lines = access.list_lookups(list).await.expect("a log").into_inner().lookups;
    lines.into_iter().map(|line| [line.user_id, line.method, line.name, line.reason]).collect()
}

async fn revealing_takes_a_purpose_and_is_kept(server: &Server) {
    let guarded = town(server).await;
    let treasurer = guarded.user("bendahara", Role::Treasurer, A).await;
    let member = reveal(&treasurer, Purpose::LoanCheck).await.expect("revealed");
    assert_eq!(member.nik, NIK);
    let own = guarded.user("maria", Role::Member, &maria()).await;
    assert_eq!(reveal(&own, Purpose::OwnData).await.expect("revealed").nik, NIK);
    let teller = guarded.device("teller").await;
    let refused = reveal(&teller, Purpose::IdentityCheck).await.expect_err("not a teller's");
    assert_eq!(why(&refused).reason, "ROLE_REQUIRED");
    let other = guarded.user("tetangga", Role::Treasurer, &format!("{BOOK}/groups/b")).await;
    let refused = reveal(&other, Purpose::Complaint).await.expect_err("of another group");
    assert_eq!(why(&refused).reason, "NOT_FOUND");

    let maria = maria();
    let line = |user: &str, reason: &str| {
        [user, "PersonalDataService/RevealMember", &maria, reason].map(str::to_owned)
    };
    let mut kept = lookups(&guarded).await;
    kept.retain(|line| line[1] == "PersonalDataService/RevealMember");
    assert_eq!(kept[0], line("tetangga", "NOT_FOUND"));
    assert_eq!(kept[1], line("teller", "ROLE_REQUIRED"));
    assert_eq!(kept[2], line("maria", "PURPOSE_OWN_DATA"));
    assert_eq!(kept[3], line("bendahara", "PURPOSE_LOAN_CHECK"));
}

async fn a_look_is_explained_and_the_explanation_sealed(server: &Server) {
    let guarded = town(server).await;
    let treasurer = guarded.user("bendahara", Role::Treasurer, A).await;
    let personal = Town::at(treasurer.clone());
    for (explanation, reason) in [
        (String::new(), "REQUIRED"),
        ("a\nb".to_owned(), "TEXT_MALFORMED"),
        ("x".repeat(201), "TEXT_TOO_LONG"),
    ] {
        let purpose = Purpose::LoanCheck as i32;
        let request = RevealMemberRequest { member: maria(), purpose, explanation };
        let status = personal.personal().reveal_member(request).await.expect_err("unexplained");
        assert_eq!((why(&status).reason.as_str(), &*why(&status).field), (reason, "explanation"));
    }
    reveal(&treasurer, Purpose::LoanCheck).await.expect("revealed");

    // What lies in the store of access tells nothing of it; whom it may concern reads it.
    let kept = open_access(&server.config).await.expect("a store");
    let lines = kept.lookups("kupang", (i64::MAX, ""), 100).await.expect("a log");
    assert!(lines[0].explanation.len() > 100, "sealed");
    assert!(lines.iter().all(|line| !format!("{line:?}").contains("Maria")), "{lines:?}");
    let sealed = hex::decode(&lines[0].explanation).expect("hex");
    assert!(!sealed.windows(5).any(|part| part == b"Maria"));
    // Nor does a new key of the LKM's close it to whoever read it before.
    let store = Store::open(&server.config).await.expect("opened");
    let vault = crate::keys::vault(server).await;
    let beside: Vec<Arc<dyn Sealed>> = vec![Arc::new(kept.clone())];
    let all = AllSealed { reader: store.reader.clone(), sides: store.sides.clone(), beside };
    let book = Id::new("kupang").expect("an id");
    let turned = vault.turn(&all, (&book, "lkm"), true).await.expect("turned");
    assert_eq!(turned, Some(1), "the sentence");
    let anew = kept.lookups("kupang", (i64::MAX, ""), 100).await.expect("a log");
    assert_ne!(anew[0].explanation, lines[0].explanation);
    let auditor = guarded.user("auditor", Role::Auditor, "").await;
    for (line, shown) in [(auditor, WHY), (guarded.administrators_line(), "***")] {
        let list = ListLookupsRequest { parent: BOOK.to_owned(), ..Default::default() };
        let mut access = access_service_client::AccessServiceClient::new(line);
        let lines = access.list_lookups(list).await.expect("a log").into_inner().lookups;
        let explained: Vec<&str> = lines.iter().map(|line| &*line.explanation).collect();
        let of_reveal = lines.iter().position(|line| line.method.ends_with("/RevealMember"));
        let newest = of_reveal.expect("a line");
        assert_eq!(explained[newest], shown);
        assert!(
            explained[..newest].iter().chain(&explained[newest + 1..]).all(|one| one.is_empty())
        );
    }
}

async fn searches_are_kept_without_what_was_searched(server: &Server) {
    let guarded = town(server).await;
    let teller = guarded.device("teller").await;
    let search = |parent: &str| SearchMembersRequest {
        parent: parent.to_owned(),
        query: "bere".to_owned(),
        ..SearchMembersRequest::default()
    };
    let found = Town::at(teller).personal().search_members(search(BOOK)).await.expect("found");
    let found = found.into_inner().members;
    assert_eq!((found.len(), found[0].nik.as_str()), (1, MASKED));
    let treasurer = Town::at(guarded.user("bendahara", Role::Treasurer, A).await);
    let refused = treasurer.personal().search_members(search(BOOK)).await.expect_err("the book");
    assert_eq!(why(&refused).reason, "NOT_FOUND");
    treasurer.personal().search_members(search(A)).await.expect("the own group");
    let kept = lookups(&guarded).await;
    let of_search: Vec<_> = kept.iter().filter(|line| line[1].ends_with("SearchMembers")).collect();
    assert_eq!(of_search.len(), 3);
    assert_eq!(*of_search[2], ["teller", "PersonalDataService/SearchMembers", BOOK, ""]);
    assert!(kept.iter().flatten().all(|word| !word.contains("bere")));
}
