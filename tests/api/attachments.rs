//! Photos and scans: sent in parts, checked, sealed where they lie, and checked again when read.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::{Code, Status};

use crate::on_both;
use crate::town::{A, BOOK, Server, Town, date, why};

on_both!(
    a_photo_is_attached_in_parts_and_read_as_it_was,
    what_is_no_photo_is_refused_and_forgotten,
    a_file_that_was_changed_where_it_lies_is_not_handed_out,
    an_erased_groups_files_are_gone,
);

const PART: usize = 512 << 10;

/// A photo of so many bytes, no two alike.
fn photo(size: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, seed];
    bytes.extend((4..size).map(|at| (at % 251) as u8));
    bytes
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

async fn put(town: &Town, parent: &str, bytes: &[u8], sha256: &str) {
    for (part, content) in (0..).zip(bytes.chunks(PART)) {
        let (parent, sha256) = (parent.to_owned(), sha256.to_owned());
        let content = content.to_vec();
        let request = PutAttachmentPartRequest { parent, sha256, part, content };
        town.attachments().put_attachment_part(request).await.expect("taken");
    }
}

fn attach(parent: &str, bytes: &[u8], sha256: &str) -> AttachFileRequest {
    AttachFileRequest {
        parent: parent.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        sha256: sha256.to_owned(),
        size_bytes: bytes.len() as i64,
    }
}

/// Attaches a small file.
pub async fn attached(town: &Town, parent: &str, bytes: &[u8]) {
    let sha256 = hash(bytes);
    put(town, parent, bytes, &sha256).await;
    let request = attach(parent, bytes, &sha256);
    town.attachments().attach_file(request).await.expect("attached");
}

/// A file as it was attached.
pub async fn read(town: &Town, name: &str) -> Result<Vec<u8>, Status> {
    let request = ReadAttachmentRequest { name: name.to_owned() };
    let mut parts = town.attachments().read_attachment(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.message().await? {
        bytes.extend(part.content);
    }
    Ok(bytes)
}

async fn listed(town: &Town, parent: &str) -> Vec<Attachment> {
    let parent = parent.to_owned();
    let request = ListAttachmentsRequest { parent, page_size: 0, page_token: String::new() };
    town.attachments().list_attachments(request).await.expect("a list").into_inner().attachments
}

/// Every file below the server's folder of attachments.
pub fn files(server: &Server) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(Path::new(&server.config.attachments), &mut found);
    found
}

async fn a_photo_is_attached_in_parts_and_read_as_it_was(server: &Server) {
    let town = Town::found(server).await;
    let deposit = town.deposit("m01", 50_000).await.name;
    let bytes = photo(PART + 1000, 1);
    let sha256 = hash(&bytes);
    let request = attach(&deposit, &bytes, &sha256);
    let early = town.attachments().attach_file(request.clone()).await.expect_err("refused");
    assert_eq!(why(&early).reason, "ATTACHMENT_INCOMPLETE");
    put(&town, &deposit, &bytes, &sha256).await;
    let answer = town.attachments().attach_file(request.clone()).await.expect("attached");
    let answer = answer.into_inner();
    let attachment = answer.attachment.expect("an attachment");
    assert_eq!(attachment.name, format!("{deposit}/attachments/{sha256}"));
    assert_eq!(attachment.sort(), AttachmentSort::Jpeg);
    assert_eq!(attachment.size_bytes, bytes.len() as i64);
    assert!(answer.transaction.expect("a transaction").entries.is_empty());
    assert_eq!(read(&town, &attachment.name).await.expect("read"), bytes);
    assert_eq!(listed(&town, &deposit).await, std::slice::from_ref(&attachment));

    // A retry gets the first answer; another request for the same file is refused.
    let again = town.attachments().attach_file(request).await.expect("the same").into_inner();
    assert_eq!(again.attachment, Some(attachment.clone()));
    let request = attach(&deposit, &bytes, &sha256);
    let twice = town.attachments().attach_file(request).await.expect_err("refused");
    assert_eq!(twice.code(), Code::AlreadyExists);
    let (parent, content) = (deposit, vec![1]);
    let late = PutAttachmentPartRequest { parent, sha256, part: 0, content };
    let late = town.attachments().put_attachment_part(late).await.expect_err("refused");
    assert_eq!(why(&late).reason, "ATTACHMENT_THERE");
    assert_eq!(read(&town, &attachment.name).await.expect("read"), bytes);
    // What lies on the disk does not show the photo.
    let stored = files(server);
    assert_eq!(stored.len(), 2);
    for file in stored {
        let sealed = fs::read(file).expect("read");
        assert!(!sealed.windows(40).any(|window| bytes[100..].starts_with(window)));
    }

    // The minutes of a meeting.
    let meeting = RecordMeetingRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        meeting_id: "januari".to_owned(),
        held_on: date(2025, 1, 10),
        ..Default::default()
    };
    town.meetings().record_meeting(meeting).await.expect("a meeting");
    let minutes = b"%PDF-1.7 notulen (contoh)";
    let (parent, sha256) = (format!("{A}/meetings/januari"), hash(minutes));
    put(&town, &parent, minutes, &sha256).await;
    let request = attach(&parent, minutes, &sha256);
    let answer = town.attachments().attach_file(request).await.expect("attached").into_inner();
    let attachment = answer.attachment.expect("an attachment");
    assert_eq!(attachment.sort(), AttachmentSort::Pdf);
    assert_eq!(read(&town, &attachment.name).await.expect("read"), minutes);
}

async fn what_is_no_photo_is_refused_and_forgotten(server: &Server) {
    let town = Town::found(server).await;
    let deposit = town.deposit("m01", 50_000).await.name;
    let refused = async |request| {
        let status = town.attachments().attach_file(request).await.expect_err("refused");
        why(&status).reason
    };
    let page = b"<html>bukan foto</html>";
    put(&town, &deposit, page, &hash(page)).await;
    assert_eq!(refused(attach(&deposit, page, &hash(page))).await, "ATTACHMENT_SORT");
    let (good, other) = (photo(2000, 1), photo(2000, 2));
    put(&town, &deposit, &other, &hash(&good)).await;
    assert_eq!(refused(attach(&deposit, &good, &hash(&good))).await, "ATTACHMENT_ALTERED");
    assert_eq!(files(server), Vec::<PathBuf>::new());
    // Whoever sent the wrong parts sends the right ones.
    put(&town, &deposit, &good, &hash(&good)).await;
    let request = attach(&deposit, &good, &hash(&good));
    town.attachments().attach_file(request.clone()).await.expect("attached");

    let large = AttachFileRequest { size_bytes: 11 << 20, ..request.clone() };
    assert_eq!(refused(large).await, "ATTACHMENT_TOO_LARGE");
    assert_eq!(
        refused(AttachFileRequest { size_bytes: 0, ..request.clone() }).await,
        "NUMBER_OUT_OF_RANGE"
    );
    let upper = request.sha256.to_uppercase();
    assert_eq!(
        refused(AttachFileRequest { sha256: upper, ..request.clone() }).await,
        "HASH_MALFORMED"
    );
    let nowhere = format!("{BOOK}/transactions/tiada-0001");
    assert_eq!(refused(AttachFileRequest { parent: nowhere, ..request }).await, "NOT_FOUND");
    for (part, length, reason) in [
        (0, 0, "ATTACHMENT_PART"),
        (0, PART + 1, "ATTACHMENT_PART"),
        (20, 1, "NUMBER_OUT_OF_RANGE"),
    ] {
        let (parent, sha256, content) = (deposit.clone(), hash(&[1]), vec![0; length]);
        let request = PutAttachmentPartRequest { parent, sha256, part, content };
        let status = town.attachments().put_attachment_part(request).await.expect_err("refused");
        assert_eq!(why(&status).reason, reason);
    }
}

async fn a_file_that_was_changed_where_it_lies_is_not_handed_out(server: &Server) {
    let town = Town::found(server).await;
    let deposit = town.deposit("m01", 50_000).await.name;
    let bytes = photo(3000, 1);
    put(&town, &deposit, &bytes, &hash(&bytes)).await;
    let request = attach(&deposit, &bytes, &hash(&bytes));
    let answer = town.attachments().attach_file(request).await.expect("attached").into_inner();
    let name = answer.attachment.expect("an attachment").name;
    let file = files(server).pop().expect("a file");
    let mut sealed = fs::read(&file).expect("read");
    sealed[200] ^= 1;
    fs::write(&file, sealed).expect("written");
    let status = read(&town, &name).await.expect_err("refused");
    assert_eq!(
        (status.code(), why(&status).reason.as_str()),
        (Code::DataLoss, "ATTACHMENT_DAMAGED")
    );
    fs::remove_file(&file).expect("removed");
    let status = read(&town, &name).await.expect_err("refused");
    assert_eq!(why(&status).reason, "ATTACHMENT_DAMAGED");
}

async fn an_erased_groups_files_are_gone(server: &Server) {
    let town = Town::found(server).await;
    let deposit = town.deposit("m01", 50_000).await.name;
    let bytes = photo(3000, 1);
    put(&town, &deposit, &bytes, &hash(&bytes)).await;
    let request = attach(&deposit, &bytes, &hash(&bytes));
    let answer = town.attachments().attach_file(request).await.expect("attached").into_inner();
    let name = answer.attachment.expect("an attachment").name;
    server.forget("groups/a").await;
    let status = read(&town, &name).await.expect_err("refused");
    assert_eq!(why(&status).reason, "ATTACHMENT_ERASED");
    assert_eq!(listed(&town, &deposit).await.len(), 1, "that there was one stays known");
}
