//! What an auditor can prove, through the API: receipts without the server, growth without gaps,
//! and a book that lost records is not signed again.

use std::time::Duration;

use simpul::api::v1::*;
use simpul::chain::checkpoint::{Checkpoint, Receipt};
use simpul::chain::note::{Note, PublicKey, SecretKey};
use simpul::chain::proof::is_consistent;
use simpul::chain::{Hash, leaf_hash, root};
use simpul::cli::remote::fresh_request_id;
use simpul::domain::id::Id;
use simpul::domain::record::{Outcome, decode};
use simpul::domain::refusal::Language;
use simpul::report::grant_file::GrantFile;
use tonic::{Code, Request};

use crate::on_both;
use crate::town::{A, BOOK, Server, Town, by_minute, cash, date, idr, on, place, units, why};

on_both!(
    a_receipt_is_checked_with_the_key_alone,
    a_later_checkpoint_is_proved_to_continue_an_earlier_one,
    records_are_streamed_from_any_position_and_as_they_come,
    a_stream_ends_at_its_deadline,
    checkpoints_are_signed_while_others_write,
    a_book_with_another_history_is_not_signed_and_takes_nothing_in,
    what_is_not_there_is_said,
    the_records_of_a_grant_are_found_without_reading_the_book,
);

/// A town whose book has a key, as an operator makes it where servers share a database.
async fn town(server: &Server) -> (Town, PublicKey) {
    let town = Town::found(server).await;
    server.config.signing().make_key(&Id::new("kupang").unwrap()).expect("a key");
    let request = GetSigningKeyRequest { book: BOOK.to_owned() };
    let answer = town.proofs().get_signing_key(request).await.expect("a key").into_inner();
    let key = PublicKey::parse(&answer.public_key).expect("a key");
    assert_eq!(key.name(), "simpul/books/kupang");
    (town, key)
}

async fn checkpoint(town: &Town, size: u64, key: &PublicKey) -> Checkpoint {
    let request = GetCheckpointRequest { book: BOOK.to_owned(), size };
    let answer = town.proofs().get_checkpoint(request).await.expect("signed").into_inner();
    let opened = Checkpoint::open(&Note::parse(&answer.note).unwrap(), key).expect("sound");
    assert_eq!(opened.size, answer.size);
    opened
}

async fn records(town: &Town, from_position: u64) -> Vec<Vec<u8>> {
    let request = StreamRecordsRequest { book: BOOK.to_owned(), from_position, follow: false };
    let mut stream = town.proofs().stream_records(request).await.expect("a stream").into_inner();
    let mut records = Vec::new();
    while let Some(record) = stream.message().await.expect("a record") {
        assert_eq!(record.position, from_position.max(1) + records.len() as u64);
        records.push(record.record);
    }
    records
}

async fn a_receipt_is_checked_with_the_key_alone(server: &Server) {
    let (town, key) = town(server).await;
    let transaction = town.deposit("m01", 50_000).await;
    let request = GetReceiptRequest { transaction: transaction.name.clone() };
    let answer = town.proofs().get_receipt(request).await.expect("a receipt").into_inner();
    let receipt = Receipt::parse(&answer.receipt).expect("a receipt");
    let checkpoint = receipt.verify(&key).expect("proved");
    assert_eq!(checkpoint.size, town.position().await);
    let record = decode(&receipt.record).expect("a record");
    assert_eq!(record.position, transaction.position);
    let Outcome::Done(effect) = record.outcome else { panic!("accepted") };
    assert_eq!(effect.entries[0].amount.get(), 5_000_000);
    // What was proved to be there later is proved by later checkpoints too.
    town.deposit("m02", 1_000).await;
    let request = GetReceiptRequest { transaction: transaction.name };
    let later = town.proofs().get_receipt(request).await.expect("a receipt").into_inner();
    let later = Receipt::parse(&later.receipt).unwrap();
    assert_eq!(later.verify(&key).unwrap().size, checkpoint.size + 1);
    assert_eq!(later.record, receipt.record);
}

async fn a_later_checkpoint_is_proved_to_continue_an_earlier_one(server: &Server) {
    let (town, key) = town(server).await;
    let mut before = vec![checkpoint(&town, 0, &key).await];
    for member in ["m01", "m02", "m03"] {
        town.deposit(member, 1_000).await;
        before.push(checkpoint(&town, 0, &key).await);
    }
    let leaves: Vec<Hash> = records(&town, 1).await.iter().map(|bytes| leaf_hash(bytes)).collect();
    let now = before.last().unwrap().clone();
    for old in &before {
        let size = usize::try_from(old.size).unwrap();
        assert_eq!(old.root, root(&leaves[..size]), "the records have the root that was signed");
        assert_eq!(checkpoint(&town, old.size, &key).await, *old, "signed again as before");
        let request = ProveConsistencyRequest {
            book: BOOK.to_owned(),
            old_size: old.size,
            new_size: now.size,
        };
        let answer = town.proofs().prove_consistency(request).await.unwrap().into_inner();
        let proof: Vec<Hash> =
            answer.proof.into_iter().map(|hash| hash.try_into().unwrap()).collect();
        assert!(is_consistent((old.size, old.root), (now.size, now.root), &proof));
        assert!(!is_consistent((old.size, [0; 32]), (now.size, now.root), &proof));
    }
}

async fn records_are_streamed_from_any_position_and_as_they_come(server: &Server) {
    let (town, _) = town(server).await;
    let all = records(&town, 0).await;
    assert_eq!(all.len() as u64, town.position().await);
    assert_eq!(records(&town, 3).await, all[2..]);
    assert!(records(&town, all.len() as u64 + 1).await.is_empty());
    let mut next = all.len() as u64 + 1;
    let book = BOOK.to_owned();
    let follow = StreamRecordsRequest { book, from_position: next, follow: true };
    let mut stream = town.proofs().stream_records(follow).await.unwrap().into_inner();
    for member in ["m01", "m02"] {
        let transaction = town.deposit(member, 1_000).await;
        // A new business day has a record of its own before it.
        while next <= transaction.position {
            let record = stream.message().await.unwrap().expect("it comes");
            assert_eq!(record.position, next);
            next += 1;
        }
    }
}

async fn a_stream_ends_at_its_deadline(server: &Server) {
    let (town, _) = town(server).await;
    for follow in [true, false] {
        let book = BOOK.to_owned();
        let mut request = Request::new(StreamRecordsRequest { book, from_position: 1, follow });
        request.set_timeout(Duration::from_millis(1500));
        let mut stream =
            town.proofs().stream_records(request).await.expect("a stream").into_inner();
        let mut positions = 0;
        let ended = loop {
            match stream.message().await {
                Ok(Some(_)) => positions += 1,
                ended => break ended,
            }
        };
        assert_eq!(positions, town.position().await);
        match follow {
            true => {
                let status = ended.expect_err("it ends");
                assert_eq!(status.code(), Code::DeadlineExceeded);
                assert_eq!(why(&status).reason, "DEADLINE_EXCEEDED");
            }
            false => assert!(ended.expect("all was read").is_none()),
        }
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let server = Server::sqlite().await;
    let (town, _) = town(&server).await;
    let book = BOOK.to_owned();
    let follow = StreamRecordsRequest { book, from_position: 0, follow: true };
    let mut stream = town.proofs().stream_records(follow).await.expect("a stream").into_inner();
    stream.message().await.expect("a record").expect("a record");
    let stopping = tokio::spawn(server.stop_and_verify());
    let ended = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    assert_eq!(why(&ended.expect_err("it ends")).reason, "STOPPING");
    stopping.await.expect("stopped");
}

/// Whoever signs reads the last checkpoint before the book: what others sign meanwhile, in this
/// server or another one over the same folder, is not taken for something that the book lost.
async fn checkpoints_are_signed_while_others_write(server: &Server) {
    let (town, key) = town(server).await;
    let other = server.config.signing();
    let book = Id::new("kupang").unwrap();
    let reader = server.reader().await;
    let deposits = async {
        for _ in 0..40 {
            town.deposit("m01", 1_000).await;
        }
    };
    let asking = async || {
        let mut size = 0;
        for _ in 0..40 {
            let now = checkpoint(&town, 0, &key).await;
            assert!(now.size >= size, "what was signed is there");
            size = now.size;
        }
    };
    let another_server = async {
        for _ in 0..40 {
            let mut signer = other.hold(&book).await.expect("held");
            let mut snapshot = reader.snapshot(&book).await.expect("a snapshot");
            let size = snapshot.head().size;
            signer.checkpoint(&mut snapshot, size).await.expect("signed");
        }
    };
    tokio::join!(deposits, asking(), asking(), another_server);
    assert_eq!(checkpoint(&town, 0, &key).await.size, town.position().await);
}

/// As after a restored backup, under a running server too: the same key, but records that are not
/// those it signed.
async fn a_book_with_another_history_is_not_signed_and_takes_nothing_in(server: &Server) {
    let (town, _) = town(server).await;
    checkpoint_of_another_history(server, town.position().await + 1);
    let request = GetCheckpointRequest { book: BOOK.to_owned(), size: 1 };
    let refused = town.proofs().get_checkpoint(request).await.expect_err("refused");
    assert_eq!(why(&refused).reason, "BOOK_BEHIND");
    // A batch is committed before it is found that the book is another one; soon no more are.
    for _ in 0..1_000 {
        if let Err(status) = town.try_deposit("m01", 1_000).await {
            assert_eq!(why(&status).reason, "BOOK_BEHIND");
            return;
        }
    }
    panic!("the book is not frozen");
}

/// Puts a checkpoint beside the book's key that it signed of other records.
fn checkpoint_of_another_history(server: &Server, size: u64) {
    let file = |name: &str| server.config.signing_keys.join(name);
    let secret = std::fs::read_to_string(file("kupang.key")).expect("a key");
    let key = SecretKey::parse(secret.trim()).expect("a key");
    let note = Checkpoint::sign(size, &[9; 32], &key).expect("signed");
    std::fs::write(file("kupang.checkpoint"), note.to_string()).expect("written");
}

async fn what_is_not_there_is_said(server: &Server) {
    let town = Town::found(server).await;
    let size = town.position().await;
    let beyond = GetCheckpointRequest { book: BOOK.to_owned(), size: size + 1 };
    let refused = town.proofs().get_checkpoint(beyond).await.expect_err("refused");
    assert_eq!(
        (refused.code(), why(&refused).reason.as_str()),
        (Code::OutOfRange, "POSITION_UNKNOWN")
    );
    let request = ProveConsistencyRequest { book: BOOK.to_owned(), old_size: size, new_size: 1 };
    let refused = town.proofs().prove_consistency(request).await.expect_err("refused");
    assert_eq!(why(&refused).field, "old_size");
    let unknown = GetReceiptRequest { transaction: format!("{BOOK}/transactions/tidak-ada") };
    let refused = town.proofs().get_receipt(unknown).await.expect_err("refused");
    assert_eq!((refused.code(), why(&refused).field.as_str()), (Code::NotFound, "transaction"));
    let group = GetReceiptRequest { transaction: A.to_owned() };
    let refused = town.proofs().get_receipt(group).await.expect_err("refused");
    assert_eq!(why(&refused).reason, "NAME_MALFORMED");
    let nowhere = StreamRecordsRequest { book: "books/ende".to_owned(), ..Default::default() };
    let refused = town.proofs().stream_records(nowhere).await.expect_err("refused");
    assert_eq!(refused.code(), Code::NotFound);
    // On SQLite the server makes the key itself; where servers share a database, a person does.
    let key = GetSigningKeyRequest { book: BOOK.to_owned() };
    let key = town.proofs().get_signing_key(key).await;
    match server.config.database {
        None => assert!(key.is_ok()),
        Some(_) => assert_eq!(why(&key.expect_err("refused")).reason, "NO_SIGNING_KEY"),
    }
}

/// Animals bought from a grant, or from the group's own money.
async fn buy(town: &Town, group: &str, lot_id: &str, grant: &str) -> Transaction {
    let request = PurchaseRequest {
        entity: group.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 3).map(|details| TransactionDetails {
            meeting: if grant.is_empty() { String::new() } else { format!("{A}/meetings/belanja") },
            ..details
        }),
        fund: Fund::Uep as i32,
        items: vec![NewLot {
            lot_id: lot_id.to_owned(),
            kind: LotKind::Livestock as i32,
            label: "babi (contoh)".to_owned(),
            unit: "ekor".to_owned(),
            quantity: units("4"),
            cost: idr(400_000),
        }],
        payment: place(PlaceKind::Bank).map(purchase_request::Payment::PaidFrom),
        grant: grant.to_owned(),
        ..PurchaseRequest::default()
    };
    let bought = town.trade().purchase(request).await.expect("bought").into_inner();
    bought.transaction.expect("set")
}

async fn sell(town: &Town, group: &str, lot: &str) {
    let request = SellRequest {
        entity: group.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        fund: Fund::Uep as i32,
        price: idr(150_000),
        proceeds: cash().map(sell_request::Proceeds::PaidTo),
        lot: format!("{group}/lots/{lot}"),
        quantity: units("1"),
    };
    town.trade().sell(request).await.expect("sold");
}

/// Two grants of one group, animals of one of them, of the other and of nobody's, papers, and a pass to
/// another group, among what else happens in a book.
async fn a_granted_town(server: &Server) -> Town {
    let (town, _) = town(server).await;
    town.found_group("b").await;
    let b = format!("{BOOK}/groups/b");
    for grant in ["apbn", "apbd"] {
        let receive = ReceiveGrantRequest {
            group: A.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 2, 1),
            grant_id: grant.to_owned(),
            programme: "Bantuan (contoh)".to_owned(),
            source: BudgetSource::Apbn as i32,
            channel: idr(2_000_000).map(receive_grant_request::Channel::Bank),
            ..ReceiveGrantRequest::default()
        };
        town.grants().receive_grant(receive).await.expect("received");
    }
    let meeting = RecordMeetingRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        meeting_id: "belanja".to_owned(),
        held_on: date(2025, 2, 2),
        ..RecordMeetingRequest::default()
    };
    town.meetings().record_meeting(meeting).await.expect("a meeting");
    let bought = buy(&town, A, "induk", &format!("{A}/grants/apbn")).await;
    buy(&town, A, "lain", &format!("{A}/grants/apbd")).await;
    let own = buy(&town, A, "sendiri", "").await;
    buy(&town, &b, "induk", "").await;
    for (paper, name) in [(&bought.name, "nota"), (&own.name, "lain")] {
        let photo = format!("%PDF-1.7 {name} (contoh)");
        crate::attachments::attached(&town, paper, photo.as_bytes()).await;
    }
    let minutes = b"%PDF-1.7 notulen (contoh)";
    crate::attachments::attached(&town, &format!("{A}/meetings/belanja"), minutes).await;
    for (group, lot) in [(A, "induk"), (A, "lain"), (A, "sendiri"), (&*b, "induk")] {
        sell(&town, group, lot).await;
    }
    for member in ["m01", "m02", "m01"] {
        town.deposit(member, 10_000).await;
    }
    let decide = DecideGuliranRequest {
        grant: format!("{A}/grants/apbn"),
        request_id: fresh_request_id(),
        details: by_minute(2025, 4, 1),
        amount: idr(500_000),
        due_on: None,
    };
    town.guliran().decide_guliran(decide).await.expect("decided");
    let deliver = DeliverGuliranRequest {
        grant: format!("{A}/grants/apbn"),
        request_id: fresh_request_id(),
        details: by_minute(2025, 4, 2),
        pass_id: "ke-b".to_owned(),
        receiver: Some(deliver_guliran_request::Receiver::ToGroup(ReceivingGroup {
            group: b.clone(),
            grant_id: "guliran-a".to_owned(),
        })),
        channel: PassChannel::Cash as i32,
        cash: idr(300_000),
        ..DeliverGuliranRequest::default()
    };
    town.guliran().deliver_guliran(deliver).await.expect("delivered");
    town
}

async fn the_records_of_a_grant_are_found_without_reading_the_book(server: &Server) {
    let town = a_granted_town(server).await;
    let all = records(&town, 0).await;
    for (group, grant, lots) in
        [("a", "apbn", "induk"), ("a", "apbd", "lain"), ("b", "guliran-a", "")]
    {
        let grant_id = Id::new(grant).expect("an id");
        let new = || GrantFile::new(Id::new(group).expect("an id"), grant_id.clone());
        let (mut whole, mut found) = (new(), new());
        for bytes in &all {
            whole.read(decode(bytes).expect("a record"));
        }
        let request =
            StreamGrantRecordsRequest { grant: format!("{BOOK}/groups/{group}/grants/{grant}") };
        let stream = town.proofs().stream_grant_records(request).await.expect("a stream");
        let mut stream = stream.into_inner();
        let mut positions = Vec::new();
        while let Some(record) = stream.message().await.expect("a record") {
            // As they were stored, and so hashed.
            assert_eq!(record.record, all[usize::try_from(record.position).unwrap() - 1]);
            found.read(decode(&record.record).expect("a record"));
            positions.push(record.position);
        }
        let due: Vec<u64> = whole.records().iter().map(|record| record.position).collect();
        assert_eq!(positions, due, "{grant}");
        let text = found.text(Language::Indonesian).expect("a grant");
        assert_eq!(Some(&text), whole.text(Language::Indonesian).as_ref());
        assert_eq!(found.attachments(), whole.attachments());
        assert!(text.contains(lots), "{text}");
        assert!(!text.contains("sendiri"), "{text}");
    }
    let unknown = async |grant: &str| {
        let request = StreamGrantRecordsRequest { grant: grant.to_owned() };
        why(&town.proofs().stream_grant_records(request).await.expect_err("refused")).reason
    };
    assert_eq!(unknown(&format!("{A}/grants/tiada")).await, "NOT_FOUND");
    assert_eq!(unknown(&format!("{BOOK}/lkm/grants/apbn")).await, "NAME_MALFORMED");
    assert_eq!(unknown("").await, "REQUIRED");
}
