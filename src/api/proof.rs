//! The auditor's service: checkpoints, proofs, receipts and the records themselves.

use std::time::Duration;

use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Answers, Call, Method, Mutation, Plan, damaged, detailed, not_found, service,
};
use crate::api::errors::{Fault, Problem};
use crate::api::v1;
use crate::chain::checkpoint::{Checkpoint, Receipt};
use crate::chain::proof;
use crate::domain::epoch::StartEpoch;
use crate::domain::id::{Entity, Id};
use crate::domain::refusal::Language;
use crate::storage::read::{Reader, Snapshot};

service! {
    proof_service_server::ProofService {
        get_signing_key: GetSigningKeyRequest => GetSigningKeyResponse;
        get_checkpoint: GetCheckpointRequest => GetCheckpointResponse;
        prove_consistency: ProveConsistencyRequest => ProveConsistencyResponse;
        get_receipt: GetReceiptRequest => GetReceiptResponse;
        start_epoch: StartEpochRequest => StartEpochResponse;
    } streams {
        stream_records as StreamRecordsStream: StreamRecordsRequest => StreamRecordsResponse;
    }
}

/// How many records are read at a time.
const PAGE: u32 = 64;

/// How many records may wait for a slow client.
const AHEAD: usize = 64;

/// How long a client that follows waits at most for a record that was written.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Method for v1::GetSigningKeyRequest {
    type Response = v1::GetSigningKeyResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        call.snapshot(&book, "book").await?;
        let public_key = call.signing().public_key(&book)?.to_string();
        Ok(v1::GetSigningKeyResponse { public_key })
    }
}

/// A size of the journal; 0 stands for all of it.
fn reached(size: u64, snapshot: &Snapshot, field: &str) -> Checked<u64> {
    match size {
        0 => Ok(snapshot.head().size),
        _ if size > snapshot.head().size => Err(Fault::PositionUnknown.on(field)),
        _ => Ok(size),
    }
}

impl Method for v1::GetCheckpointRequest {
    type Response = v1::GetCheckpointResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let mut snapshot = call.snapshot(&book, "book").await?;
        let size = reached(self.size, &snapshot, "size")?;
        let note = call.signing().checkpoint(&book, &mut snapshot, size).await?;
        Ok(v1::GetCheckpointResponse { note: note.to_string(), size })
    }
}

impl Method for v1::ProveConsistencyRequest {
    type Response = v1::ProveConsistencyResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let mut snapshot = call.snapshot(&book, "book").await?;
        let new_size = reached(self.new_size, &snapshot, "new_size")?;
        let plan = proof::Plan::consistency(self.old_size, new_size);
        let plan = plan.ok_or_else(|| Fault::PositionUnknown.on("old_size"))?;
        let proof = snapshot.prove(&plan).await?;
        let proof = proof.iter().map(|hash| hash.to_vec()).collect();
        Ok(v1::ProveConsistencyResponse { proof, new_size })
    }
}

impl Method for v1::GetReceiptRequest {
    type Response = v1::GetReceiptResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, request) = convert::transaction(&self.transaction, "transaction")?;
        let mut snapshot = call.snapshot(&book, "transaction").await?;
        let receipt = snapshot.receipt(&request).await?;
        let receipt = receipt.ok_or_else(|| not_found(&self.transaction, "transaction"))?;
        let record = snapshot.record(receipt.position).await?.ok_or_else(damaged)?;
        if !call.caller().1.sees_record(&record) {
            return Err(not_found(&self.transaction, "transaction"));
        }
        let size = snapshot.head().size;
        let plan = proof::Plan::inclusion(receipt.position - 1, size).ok_or_else(damaged)?;
        let stored = snapshot.stored_records(receipt.position, 1).await?.pop();
        let receipt = Receipt {
            position: receipt.position,
            record: stored.ok_or_else(damaged)?.bytes.to_vec(),
            proof: snapshot.prove(&plan).await?,
            checkpoint: call.signing().checkpoint(&book, &mut snapshot, size).await?,
        };
        Ok(v1::GetReceiptResponse { receipt: receipt.to_string() })
    }
}

impl Mutation for v1::StartEpochRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.planned(None)
    }
}

impl v1::StartEpochRequest {
    fn planned(&self, signed: Option<&Checkpoint>) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let signed = signed.map(|signed| (signed.size, signed.root.to_vec()));
        Ok(Plan::new(book, &Entity::Lkm, StartEpoch { signed }))
    }
}

impl Method for v1::StartEpochRequest {
    type Response = v1::StartEpochResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let mut snapshot = call.snapshot(&book, "book").await?;
        let lost = call.signing().lost(&book, &mut snapshot).await?;
        snapshot.finish().await?;
        let plan = self.planned(lost.as_ref())?;
        let done = call.submit_as(self, plan).await?;
        if let Some(lost) = lost {
            call.signing().give_up(&book, &lost)?;
        }
        call.thaw(&book);
        Ok(v1::StartEpochResponse { transaction: Some(done.transaction(call)) })
    }
}

impl Method for v1::StreamRecordsRequest {
    type Response = Answers<v1::StreamRecordsResponse>;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        call.snapshot(&book, "book").await?;
        let (out, answers) = channel(AHEAD);
        let (reader, language) = (call.reader().clone(), call.language());
        tokio::spawn(send_records(reader, book, self, out, language));
        Ok(ReceiverStream::new(answers))
    }
}

/// Sends records until there are no more, the client is gone, or reading fails.
async fn send_records(
    reader: Reader,
    book: Id,
    asked: v1::StreamRecordsRequest,
    out: Sender<Result<v1::StreamRecordsResponse, Status>>,
    language: Language,
) {
    let mut next = asked.from_position.max(1);
    loop {
        let page = match page(&reader, &book, next).await {
            Ok(page) => page,
            Err(problem) => {
                // A client that is gone needs no reason.
                let _gone = out.send(Err(problem.status(language))).await;
                return;
            }
        };
        let is_end = page.is_empty();
        for record in page {
            next = record.position + 1;
            if out.send(Ok(record)).await.is_err() {
                return;
            }
        }
        if is_end && !asked.follow {
            return;
        }
        if is_end {
            tokio::select! {
                () = out.closed() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
}

async fn page(
    reader: &Reader,
    book: &Id,
    from: u64,
) -> Result<Vec<v1::StreamRecordsResponse>, Problem> {
    let mut snapshot = reader.snapshot(book).await?;
    let stored = snapshot.stored_records(from, PAGE).await?;
    snapshot.finish().await?;
    let answer = |stored: crate::storage::StoredRecord| v1::StreamRecordsResponse {
        position: stored.position,
        record: stored.bytes.to_vec(),
    };
    Ok(stored.into_iter().map(answer).collect())
}
