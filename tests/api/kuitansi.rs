//! The kuitansi of a payment: who paid whom how much, in words and on a page.

use simpul::api::v1::*;
use simpul::chain::checkpoint::Receipt;
use simpul::chain::note::PublicKey;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::id::Id;
use simpul::domain::refusal::Language;
use tonic::{Code, Status};

use crate::on_both;
use crate::town::{A, BOOK, Server, Town, cash, deposit, idr, on, why};

on_both!(
    it_says_who_paid_whom_and_is_proved,
    stamp_duty_is_due_on_large_receipts_but_not_on_savings,
    what_was_taken_back_says_so,
    what_is_no_payment_has_none,
);

async fn town(server: &Server) -> Town {
    let town = Town::found(server).await;
    server.config.signing().make_key(&Id::new("kupang").unwrap()).expect("a key");
    // Who reads Indonesian.
    drop(town);
    Town::read_in(server, Language::Indonesian)
}

async fn kuitansi(town: &Town, transaction: &str) -> Result<Kuitansi, Status> {
    let request = GetKuitansiRequest { transaction: transaction.to_owned(), line: 0 };
    let answer = town.proofs().get_kuitansi(request).await?.into_inner();
    Ok(answer.kuitansi.expect("a kuitansi"))
}

async fn it_says_who_paid_whom_and_is_proved(server: &Server) {
    let town = town(server).await;
    let name = town.deposit("m01", 1_250_000).await.name;
    let found = kuitansi(&town, &name).await.expect("a kuitansi");
    let said = [&found.payer, &found.receiver, &found.issuer].map(String::as_str);
    assert_eq!(said, ["Anggota m01 (contoh)", "KUBE a (contoh)", "KUBE a (contoh)"]);
    assert_eq!(found.amount, idr(1_250_000));
    assert_eq!(found.amount_in_words, "satu juta dua ratus lima puluh ribu rupiah");
    assert!(!found.stamped && !found.reversed);
    let position = town.get(&name).await.expect("a transaction").position;
    assert_eq!(found.number, format!("{position}/kupang"));
    let key = GetSigningKeyRequest { book: BOOK.to_owned() };
    let key = town.proofs().get_signing_key(key).await.expect("a key").into_inner().public_key;
    let receipt = Receipt::parse(&found.codes.join("\n")).expect("a receipt");
    receipt.verify(&PublicKey::parse(&key).expect("a key")).expect("proved");
    assert_eq!(receipt.position, position);

    // Paid out: the member receives and signs.
    let withdraw = WithdrawRequest {
        member: format!("{A}/members/m01"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        amount: idr(50_000),
        place: cash(),
    };
    let paid = town.savings().withdraw(withdraw).await.expect("paid").into_inner();
    let found = kuitansi(&town, &paid.transaction.expect("set").name).await.expect("a kuitansi");
    let said = [&found.payer, &found.receiver, &found.issuer].map(String::as_str);
    assert_eq!(said, ["KUBE a (contoh)", "Anggota m01 (contoh)", "KUBE a (contoh)"]);
}

/// Opening cash: money at hand that nobody named brings.
async fn brought(town: &Town, rupiah: i64) -> String {
    let side = |account: &str, side| JournalLine { account: account.to_owned(), side: Some(side) };
    let money = idr(rupiah).expect("set");
    let journal = PostJournalRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        lines: vec![
            side(&format!("{BOOK}/accounts/lkm.sp.1104"), journal_line::Side::Debit(money.clone())),
            side(&format!("{BOOK}/accounts/lkm.sp.4209"), journal_line::Side::Credit(money)),
        ],
    };
    let posted = town.journal().post_journal(journal).await.expect("posted").into_inner();
    posted.transaction.expect("set").name
}

async fn stamp_duty_is_due_on_large_receipts_but_not_on_savings(server: &Server) {
    let town = town(server).await;
    for (rupiah, stamped) in [(5_000_000, false), (5_000_001, true)] {
        let name = brought(&town, rupiah).await;
        let found = kuitansi(&town, &name).await.expect("a kuitansi");
        assert_eq!(found.stamped, stamped, "{rupiah}");
        assert_eq!(found.page.contains("meterai Rp10.000"), stamped);
        assert_eq!((found.payer.as_str(), found.receiver.as_str()), ("", "LKM Kupang (contoh)"));
    }
    let name = town.deposit("m01", 6_000_000).await.name;
    assert!(!kuitansi(&town, &name).await.expect("a kuitansi").stamped);
}

async fn what_was_taken_back_says_so(server: &Server) {
    let town = town(server).await;
    let name = town.deposit("m01", 50_000).await.name;
    let reverse = ReverseTransactionRequest {
        transaction: name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        line: 0,
    };
    town.journal().reverse_transaction(reverse).await.expect("taken back");
    let found = kuitansi(&town, &name).await.expect("a kuitansi");
    assert!(found.reversed && found.page.contains("DIBATALKAN"));
}

async fn what_is_no_payment_has_none(server: &Server) {
    let town = town(server).await;
    let paid = deposit("m01", 1_000);
    let name = format!("{BOOK}/transactions/{}", paid.request_id);
    let unknown = kuitansi(&town, &name).await.expect_err("unknown");
    assert_eq!((unknown.code(), why(&unknown).field.as_str()), (Code::NotFound, "transaction"));
    town.savings().deposit(paid).await.expect("deposited");
    kuitansi(&town, &name).await.expect("a kuitansi");
    let request = GetKuitansiRequest { transaction: name, line: 7 };
    let no_line = town.proofs().get_kuitansi(request).await.expect_err("no such line");
    assert_eq!(why(&no_line).reason, "NO_PAYMENT");
}
