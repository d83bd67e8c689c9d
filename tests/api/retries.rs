//! Exactly once: retries get the first answer, whatever it was; another request with the same id
//! is refused, even if it differs in nothing but personal text.

use simpul::api::v1::*;
use tonic::Code;

use crate::on_both;
use crate::town::{A, Server, Town, cash, deposit, enrol, idr, on, place, why};

on_both!(
    a_retry_gets_the_first_answer_and_changes_nothing,
    another_request_with_the_same_id_is_refused,
    many_at_once_are_each_done_once,
);

async fn a_retry_gets_the_first_answer_and_changes_nothing(server: &Server) {
    let town = Town::found(server).await;
    let mut details = on(2025, 3, 3);
    details.as_mut().expect("set").memo = "titipan Ibu Contoh".to_owned();
    let request = DepositRequest { details, ..deposit("m01", 7_500) };
    let first = town.savings().deposit(request.clone()).await.expect("deposited").into_inner();
    town.deposit("m02", 1_000).await;
    let again = town.savings().deposit(request).await.expect("answered again").into_inner();
    assert_eq!(first, again);
    let transaction = first.transaction.expect("set");
    assert_eq!(transaction.memo, "titipan Ibu Contoh");
    assert_eq!(transaction.actor, "bendahara", "as the call's metadata said");
    assert_eq!(town.get(&transaction.name).await.expect("found"), transaction);
    assert_eq!(town.held("a.sp.2103.m01").await, 750_000);

    // A recorded refusal is repeated even when it would be granted by now.
    let draw = WithdrawAtLkmRequest {
        group: A.to_owned(),
        request_id: simpul::cli::remote::fresh_request_id(),
        details: on(2025, 3, 4),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(5_000),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    let refused = town.savings().withdraw_at_lkm(draw.clone()).await.expect_err("no savings yet");
    let save = DepositAtLkmRequest {
        group: A.to_owned(),
        request_id: simpul::cli::remote::fresh_request_id(),
        details: on(2025, 3, 4),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(5_000),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    town.savings().deposit_at_lkm(save).await.expect("saved");
    let still = town.savings().withdraw_at_lkm(draw.clone()).await.expect_err("the same answer");
    assert_eq!((refused.code(), why(&refused).text), (still.code(), why(&still).text));
    let mended =
        WithdrawAtLkmRequest { request_id: simpul::cli::remote::fresh_request_id(), ..draw };
    town.savings().withdraw_at_lkm(mended).await.expect("granted under a new id");
}

async fn another_request_with_the_same_id_is_refused(server: &Server) {
    let town = Town::found(server).await;
    let request = deposit("m01", 1_000);
    town.savings().deposit(request.clone()).await.expect("deposited");
    let position = town.position().await;
    let reused = |status: tonic::Status| {
        let why = why(&status);
        assert_eq!((why.code, why.reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        assert_eq!(why.field, "request_id");
    };
    let other = DepositRequest { amount: idr(1_001), ..request.clone() };
    reused(town.savings().deposit(other).await.expect_err("another amount"));
    let mut with_memo = request.clone();
    with_memo.details.as_mut().expect("set").memo = "lain".to_owned();
    reused(town.savings().deposit(with_memo).await.expect_err("another memo"));
    let other_method = WithdrawRequest {
        member: request.member,
        request_id: request.request_id,
        details: request.details,
        amount: request.amount,
        place: request.place,
    };
    reused(town.savings().withdraw(other_method).await.expect_err("another method"));

    let member = enrol(A, "m11");
    let enrolled = town.members().enrol_member(member.clone()).await.expect("enrolled");
    let again = town.members().enrol_member(member.clone()).await.expect("answered again");
    assert_eq!(enrolled.into_inner(), again.into_inner());
    let renamed = EnrolMemberRequest { display_name: "Orang Lain (contoh)".to_owned(), ..member };
    reused(town.members().enrol_member(renamed).await.expect_err("another name"));
    assert_eq!(town.position().await, position + 1);
}

async fn many_at_once_are_each_done_once(server: &Server) {
    let town = Town::found(server).await;
    let requests: Vec<_> = (0..40).map(|_| deposit("m03", 100)).collect();
    let mut calls = tokio::task::JoinSet::new();
    for request in requests.iter().chain(&requests) {
        let (mut savings, request) = (town.savings(), request.clone());
        calls.spawn(async move { savings.deposit(request).await.expect("deposited") });
    }
    let mut positions = Vec::new();
    while let Some(done) = calls.join_next().await {
        let response = done.expect("no panic").into_inner();
        positions.push(response.transaction.expect("set").position);
    }
    positions.sort_unstable();
    let pairs = positions.chunks(2).all(|pair| pair[0] == pair[1]);
    assert!(pairs && positions.len() == 80, "{positions:?}");
    assert_eq!(town.held("a.sp.2103.m03").await, 40 * 10_000);
}
