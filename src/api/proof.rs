//! The auditor's service: checkpoints, proofs, receipts and the records themselves.

mod grant;
mod kuitansi;

use std::time::Duration;

use tokio::sync::mpsc::{Sender, channel};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Answers, Call, Lasting, Method, Mutation, Plan, damaged, detailed, not_found, service,
};
use crate::api::door::Declares;
use crate::api::errors::{Fault, Problem};
use crate::api::v1;
use crate::chain::checkpoint::{Checkpoint, Receipt};
use crate::chain::proof;
use crate::domain::epoch::StartEpoch;
use crate::domain::id::{Entity, Id, RequestId};
use crate::domain::record::Record;
use crate::signing::{Signer, SigningError};
use crate::storage::read::{Reader, Snapshot};

service! {
    proof_service_server::ProofService {
        get_signing_key: GetSigningKeyRequest => GetSigningKeyResponse;
        get_checkpoint: GetCheckpointRequest => GetCheckpointResponse;
        prove_consistency: ProveConsistencyRequest => ProveConsistencyResponse;
        get_receipt: GetReceiptRequest => GetReceiptResponse;
        get_kuitansi: GetKuitansiRequest => GetKuitansiResponse;
        start_epoch: StartEpochRequest => StartEpochResponse;
    } streams {
        stream_records as StreamRecordsStream: StreamRecordsRequest => StreamRecordsResponse;
        stream_grant_records as StreamGrantRecordsStream:
            StreamGrantRecordsRequest => StreamGrantRecordsResponse;
    }
}

/// How many records are read at a time.
const PAGE: u32 = 64;

/// How many records may wait for a slow client.
const AHEAD: usize = 64;

/// How long a client that follows waits at most for a record that was written, and reads on after
/// its access has ended.
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

/// The signer of a book that is known to be there, and the book as it is read since nobody else
/// signs for it.
async fn held(call: &Call<'_>, book: &Id, field: &str) -> Checked<(Signer, Snapshot)> {
    let signer = call.signing().hold(book).await?;
    Ok((signer, call.snapshot(book, field).await?))
}

impl Method for v1::GetCheckpointRequest {
    type Response = v1::GetCheckpointResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let snapshot = call.snapshot(&book, "book").await?;
        reached(self.size, &snapshot, "size")?;
        snapshot.finish().await?;
        let (mut signer, mut snapshot) = held(call, &book, "book").await?;
        let size = reached(self.size, &snapshot, "size")?;
        let note = signer.checkpoint(&mut snapshot, size).await?;
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
        let record = seen(call, &book, &request, &self.transaction).await?;
        let (mut signer, mut snapshot) = held(call, &book, "transaction").await?;
        let receipt = receipt(&mut signer, &mut snapshot, record.position).await?;
        Ok(v1::GetReceiptResponse { receipt: receipt.to_string() })
    }
}

/// The record of a transaction that the caller may see. Errors: `NOT_FOUND`.
async fn seen(call: &Call<'_>, book: &Id, request: &RequestId, name: &str) -> Checked<Record> {
    let mut snapshot = call.snapshot(book, "transaction").await?;
    let unknown = || not_found(name, "transaction");
    let position = snapshot.receipt(request).await?.ok_or_else(unknown)?.position;
    let record = snapshot.record(position).await?.ok_or_else(damaged)?;
    snapshot.finish().await?;
    match call.caller().1.sees_record(&record) {
        true => Ok(record),
        false => Err(unknown()),
    }
}

/// The receipt of a record, with a checkpoint of all that a snapshot holds.
async fn receipt(signer: &mut Signer, snapshot: &mut Snapshot, position: u64) -> Checked<Receipt> {
    let size = snapshot.head().size;
    let plan = proof::Plan::inclusion(position - 1, size).ok_or_else(damaged)?;
    let stored = snapshot.stored_records(position, 1).await?.pop();
    Ok(Receipt {
        position,
        record: stored.ok_or_else(damaged)?.bytes.to_vec(),
        proof: snapshot.prove(&plan).await?,
        checkpoint: signer.checkpoint(snapshot, size).await?,
    })
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
        call.snapshot(&book, "book").await?.finish().await?;
        // Nobody signs, and so nobody finds the book behind, until the decision is carried out.
        let mut signer = match call.signing().hold(&book).await {
            Err(SigningError::NoKey) => None,
            held => Some(held?),
        };
        let lost = match &mut signer {
            None => None,
            Some(signer) => {
                let mut snapshot = call.snapshot(&book, "book").await?;
                let lost = signer.lost(&mut snapshot).await?;
                snapshot.finish().await?;
                lost
            }
        };
        let plan = self.planned(lost.as_ref())?;
        let done = call.submit_as(self, plan).await?;
        if let (Some(_), Some(signer)) = (lost, &mut signer) {
            signer.give_up()?;
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
        // Room for the reason why it ends, even if the client reads nothing more.
        let last = out.clone().try_reserve_owned().map_err(|_| damaged())?;
        let lasting = call.lasting();
        tokio::spawn(async move {
            let language = lasting.language();
            let sending = send_records(&lasting, &book, &self, &out);
            if let Err(problem) = lasting.bound(sending).await {
                last.send(Err(problem.status(language)));
            }
        });
        Ok(ReceiverStream::new(answers))
    }
}

/// Sends records until there are no more, the client is gone, reading fails, or the client may
/// not read them any more.
async fn send_records(
    lasting: &Lasting,
    book: &Id,
    asked: &v1::StreamRecordsRequest,
    out: &Sender<Result<v1::StreamRecordsResponse, Status>>,
) -> Checked<()> {
    let mut next = asked.from_position.max(1);
    let mut allowed = Instant::now();
    loop {
        if allowed.elapsed() >= LOOK_AGAIN {
            lasting.may_go_on(&v1::StreamRecordsRequest::DECLARED, asked.scope()).await?;
            allowed = Instant::now();
        }
        let page = page(lasting.reader(), book, next).await?;
        let is_end = page.is_empty();
        for record in page {
            next = record.position + 1;
            if out.send(Ok(record)).await.is_err() {
                return Ok(());
            }
        }
        if is_end && !asked.follow {
            return Ok(());
        }
        if is_end {
            tokio::select! {
                () = out.closed() => return Ok(()),
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
