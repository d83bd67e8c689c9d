//! Photos and scans, in parts on the way in and out.

use std::sync::Arc;

use tokio_stream::wrappers::ReceiverStream;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Answers, Call, Method, Mutation, Page, Plan, damaged, detailed, not_found, service,
};
use crate::api::errors::{Fault, Problem};
use crate::api::v1;
use crate::attachments::{FileName, FilesError, PART, parts};
use crate::domain::attachment::{Attach, Target, sort_of};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::AttachmentSort;
use crate::domain::record::{Outcome, Record, Row};
use crate::storage::read::Snapshot;

service! {
    attachment_service_server::AttachmentService {
        put_attachment_part: PutAttachmentPartRequest => PutAttachmentPartResponse;
        attach_file: AttachFileRequest => AttachFileResponse;
        list_attachments: ListAttachmentsRequest => ListAttachmentsResponse;
    } streams {
        read_attachment as ReadAttachmentStream: ReadAttachmentRequest => ReadAttachmentResponse;
    }
}

/// How many parts may wait for a slow client.
const AHEAD: usize = 2;

/// What a file is attached to, by name.
fn target(name: &str, field: &str) -> Checked<(Id, Target)> {
    if name.contains("/meetings/") {
        let (book, group, meeting) = convert::owned_by_group(name, "meetings", field)?;
        return Ok((book, Target::Meeting(group, meeting)));
    }
    let (book, request) = convert::transaction(name, field)?;
    Ok((book, Target::Transaction(request)))
}

fn sha256(text: &str) -> Checked<[u8; 32]> {
    let mut hash = [0; 32];
    let is_hash = hex::decode_to_slice(text, &mut hash).is_ok();
    match is_hash && hex::encode(hash) == text {
        true => Ok(hash),
        false => Err(Fault::HashMalformed.on("sha256")),
    }
}

/// Whose papers a transaction has: of the entity whose ledger it moved first, else the LKM's.
fn entity_of(record: &Record) -> Entity {
    match &record.outcome {
        Outcome::Done(effect) => {
            effect.entries.first().map_or(Entity::Lkm, |entry| entry.account.ledger.entity.clone())
        }
        Outcome::Refused(_) => Entity::Lkm,
    }
}

/// Whose papers those of a target are, for a caller who may see it. What they may not see is
/// answered like what is not there. Errors: `NOT_FOUND`.
async fn owner(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    target: &Target,
    (name, field): (&str, &str),
) -> Checked<Entity> {
    let unknown = || not_found(name, field);
    let position = match target {
        Target::Transaction(request) => {
            snapshot.receipt(request).await?.ok_or_else(unknown)?.position
        }
        Target::Meeting(..) => {
            let row = RowName::parse(&target.path()).ok_or_else(unknown)?;
            snapshot.row(&row).await?.ok_or_else(unknown)?.position
        }
    };
    let record = snapshot.record(position).await?.ok_or_else(damaged)?;
    if !call.caller().1.sees_record(&record) {
        return Err(unknown());
    }
    Ok(match target {
        Target::Transaction(_) => entity_of(&record),
        Target::Meeting(group, _) => Entity::Kube(group.clone()),
    })
}

/// A file that is to be attached, or was.
struct Wanted {
    entity: Entity,
    file: FileName,
}

impl Wanted {
    async fn find(call: &Call<'_>, parent: &str, hash: &str) -> Checked<(Wanted, Snapshot)> {
        let (book, target) = target(parent, "parent")?;
        let sha256 = sha256(hash)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let entity = owner(call, &mut snapshot, &target, (parent, "parent")).await?;
        let row = target.attachment(&sha256);
        let file = FileName { book, row, owner: entity.path() };
        Ok((Wanted { entity, file }, snapshot))
    }
}

impl From<FilesError> for Problem {
    fn from(error: FilesError) -> Problem {
        match error {
            FilesError::Missing => Fault::AttachmentIncomplete.into(),
            FilesError::Altered => Fault::AttachmentAltered.on("sha256"),
            FilesError::Erased => Fault::AttachmentErased.into(),
            FilesError::Vault(error) => error.into(),
            FilesError::Storage(error) => error.into(),
            FilesError::Store(_) | FilesError::Place(..) => {
                tracing::warn!(%error, "attachments");
                Fault::AttachmentStore.into()
            }
        }
    }
}

impl Method for v1::PutAttachmentPartRequest {
    type Response = v1::PutAttachmentPartResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (wanted, mut snapshot) = Wanted::find(call, &self.parent, &self.sha256).await?;
        if self.part >= parts(call.largest_file()) {
            return Err(Fault::NumberOutOfRange.on("part"));
        }
        if self.content.is_empty() || self.content.len() > PART {
            return Err(Fault::AttachmentPart.on("content"));
        }
        if snapshot.row(&wanted.file.row).await?.is_some() {
            return Err(Fault::AttachmentThere.on("sha256"));
        }
        snapshot.finish().await?;
        call.files().put(&wanted.file, self.part, &self.content).await?;
        Ok(v1::PutAttachmentPartResponse {})
    }
}

impl Mutation for v1::AttachFileRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.planned(Entity::Lkm, AttachmentSort::Unspecified)
    }
}

impl v1::AttachFileRequest {
    /// The plan, once it is known whose the file is and what it is.
    fn planned(&self, entity: Entity, sort: AttachmentSort) -> Checked<Plan> {
        let (book, to) = target(&self.parent, "parent")?;
        let (sha256, size) = (sha256(&self.sha256)?, self.size()?);
        let attach = Attach { to, entity: entity.clone(), sha256, sort, size };
        Ok(Plan::new(book, &entity, attach))
    }

    fn size(&self) -> Checked<u64> {
        let size = u64::try_from(self.size_bytes).ok().filter(|size| *size > 0);
        size.ok_or_else(|| Fault::NumberOutOfRange.on("size_bytes"))
    }
}

impl Method for v1::AttachFileRequest {
    type Response = v1::AttachFileResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let size = self.size()?;
        if size > call.largest_file() {
            return Err(Fault::AttachmentTooLarge.on("size_bytes"));
        }
        let (wanted, mut snapshot) = Wanted::find(call, &self.parent, &self.sha256).await?;
        let known = snapshot.row(&wanted.file.row).await?;
        snapshot.finish().await?;
        let sort = match known.map(|known| known.row) {
            // A retry, or another request for the same file: only the journal can tell.
            Some(Row::Attachment(row)) => row.sort(),
            _ => checked_sort(call, &wanted.file, size).await?,
        };
        let Wanted { entity, file } = wanted;
        let plan = self.planned(entity, sort)?;
        let done = call.submit_as(self, plan).await?;
        let attachment = attachment(&file.book, &file.row, done.row(&file.row)?)?;
        let transaction = Some(done.transaction(call));
        Ok(v1::AttachFileResponse { transaction, attachment: Some(attachment) })
    }
}

/// Reads a file that is to be attached. What it should not be is forgotten at once.
async fn checked_sort(call: &Call<'_>, file: &FileName, size: u64) -> Checked<AttachmentSort> {
    let read = call.files().read(file, size).await;
    let (bytes, fault) = match read {
        Err(FilesError::Altered) => (Vec::new(), Fault::AttachmentAltered),
        read => (read?, Fault::AttachmentSort),
    };
    match sort_of(&bytes) {
        Some(sort) => Ok(sort),
        None => {
            call.files().forget(file).await?;
            Err(fault.on("sha256"))
        }
    }
}

/// A file as answers show it.
pub(super) fn attachment(book: &Id, name: &RowName, row: &Row) -> Checked<v1::Attachment> {
    let Row::Attachment(row) = row else { return Err(damaged()) };
    Ok(v1::Attachment {
        name: convert::row_name(book, name),
        sort: row.sort,
        size_bytes: i64::try_from(row.size).unwrap_or(i64::MAX),
    })
}

impl Method for v1::ListAttachmentsRequest {
    type Response = v1::ListAttachmentsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, target) = target(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        owner(call, &mut snapshot, &target, (&self.parent, "parent")).await?;
        let (rows, next_page_token) = call.rows(&mut snapshot, &target.collection(), &page).await?;
        let attachments = rows.iter().map(|found| {
            let name = RowName::new(target.collection(), found.id.clone());
            attachment(&book, &name, &found.row)
        });
        let attachments = attachments.collect::<Checked<_>>()?;
        Ok(v1::ListAttachmentsResponse { attachments, next_page_token })
    }
}

impl Method for v1::ReadAttachmentRequest {
    type Response = Answers<v1::ReadAttachmentResponse>;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let malformed = || Fault::NameMalformed.on("name");
        let (parent, hash) = self.name.rsplit_once("/attachments/").ok_or_else(malformed)?;
        let (book, target) = target(parent, "name")?;
        let name = target.attachment(&sha256(hash).map_err(|_| malformed())?);
        let mut snapshot = call.snapshot(&book, "name").await?;
        owner(call, &mut snapshot, &target, (&self.name, "name")).await?;
        let Row::Attachment(row) = call.row(&mut snapshot, &name, "name").await? else {
            return Err(damaged());
        };
        snapshot.finish().await?;
        let entity = Entity::new(&row.entity).ok_or_else(damaged)?;
        let file = FileName { book, row: name, owner: entity.path() };
        let bytes: Arc<[u8]> = match call.files().read(&file, row.size).await {
            Err(error @ (FilesError::Missing | FilesError::Altered)) => {
                tracing::error!(%error, book = %file.book, "attachments");
                return Err(Fault::AttachmentDamaged.on("name"));
            }
            read => read?.into(),
        };
        let (out, answers) = tokio::sync::mpsc::channel(AHEAD);
        tokio::spawn(async move {
            for part in bytes.chunks(PART) {
                let answer = v1::ReadAttachmentResponse { content: part.to_vec() };
                if out.send(Ok(answer)).await.is_err() {
                    return;
                }
            }
        });
        Ok(ReceiverStream::new(answers))
    }
}
