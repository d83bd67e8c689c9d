//! Photos and scans of the papers behind transactions and of the minutes of meetings.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tonic::Code;

use super::args::When;
use super::transactions::request;
use super::{Answer, Client};
use crate::api::v1::{self, AttachmentSort};
use crate::attachments::{PART, hash};
use crate::cli::convert::last_part;
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};

/// What can be done with photos and scans.
#[derive(Clone, Debug, Subcommand)]
pub enum AttachmentAsk {
    /// Lampirkan foto atau pindaian / attach a photo or scan
    #[command(name = "tambah", alias = "attach")]
    Attach(AttachOne),
    /// Lampiran sebuah transaksi atau pertemuan / what is attached
    #[command(name = "daftar", alias = "list")]
    List {
        /// Nomor transaksi, atau KELOMPOK/PERTEMUAN / a transaction, or GROUP/MEETING
        to: String,
    },
    /// Ambil satu lampiran / fetch one
    #[command(name = "ambil", alias = "fetch")]
    Fetch {
        /// Nomor transaksi, atau KELOMPOK/PERTEMUAN / a transaction, or GROUP/MEETING
        to: String,
        /// SHA-256 lampiran / its SHA-256
        hash: String,
        /// Berkas / file
        file: PathBuf,
    },
}

/// A file to attach.
#[derive(Args, Clone, Debug)]
pub struct AttachOne {
    /// Nomor transaksi, atau KELOMPOK/PERTEMUAN / a transaction, or GROUP/MEETING
    to: String,
    /// Foto JPEG atau PNG, atau PDF / a JPEG or PNG image, or a PDF
    file: PathBuf,
    /// When.
    #[command(flatten)]
    when: When,
}

const ATTACHMENTS: &[Column] = &[
    text("sha256", "SHA-256", "SHA-256"),
    text("sort", "Jenis", "Sort"),
    number("size_bytes", "Byte", "Bytes"),
];

impl Client {
    pub(super) async fn attachment(&self, ask: &AttachmentAsk) -> Answer {
        match ask {
            AttachmentAsk::Attach(one) => self.attach(one).await,
            AttachmentAsk::List { to } => {
                let ask = async |request: v1::ListAttachmentsRequest| {
                    self.remote.attachments().list_attachments(request).await
                };
                Ok(vec![self.attachments(&self.list(self.target(to), ask).await?)])
            }
            AttachmentAsk::Fetch { to, hash, file } => {
                let name = format!("{}/attachments/{hash}", self.target(to));
                let bytes = self.attached(name).await?.ok_or_else(|| {
                    Failure(self.say("Lampiran ini sudah dihapus.", "This attachment was erased."))
                })?;
                self.write(file, &bytes)?;
                let place = file.display();
                let done = self.say(&format!("Disimpan: {place}"), &format!("Saved: {place}"));
                Ok(vec![Table::new(done, ATTACHMENTS)])
            }
        }
    }

    /// The name of a transaction or a meeting.
    fn target(&self, to: &str) -> String {
        match to.split_once('/') {
            Some((group, meeting)) => self.of(group, "meetings", meeting),
            None => format!("{}/transactions/{to}", self.whole_book()),
        }
    }

    async fn attach(&self, one: &AttachOne) -> Answer {
        let bytes = std::fs::read(&one.file).map_err(|error| self.unusable(&one.file, &error))?;
        let (parent, sha256) = (self.target(&one.to), hash(&bytes));
        for (part, content) in (0..).zip(bytes.chunks(PART)) {
            let (parent, sha256, content) = (parent.clone(), sha256.clone(), content.to_vec());
            let request = v1::PutAttachmentPartRequest { parent, sha256, part, content };
            self.get(self.remote.attachments().put_attachment_part(request)).await?;
        }
        let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let request =
            request!(self, one.when, v1::AttachFileRequest { parent, sha256, size_bytes });
        let answer = self.book(self.remote.attachments().attach_file(request)).await?;
        let attached = self.attachments(answer.attachment.as_slice());
        Ok(vec![self.transaction(answer.transaction)?, attached])
    }

    /// The bytes of an attachment, compared with the hash in its name; `None` when it was erased.
    pub(super) async fn attached(&self, name: String) -> Result<Option<Vec<u8>>, Failure> {
        let meant = last_part(&name).to_owned();
        let request = v1::ReadAttachmentRequest { name };
        let mut parts = match self.remote.attachments().read_attachment(request).await {
            Err(status) if status.code() == Code::FailedPrecondition => return Ok(None),
            answer => answer.map_err(self.failed())?.into_inner(),
        };
        let mut bytes = Vec::new();
        while let Some(part) = parts.message().await.map_err(self.failed())? {
            bytes.extend_from_slice(&part.content);
        }
        if hash(&bytes) == meant { Ok(Some(bytes)) } else { Err(self.incomplete()) }
    }

    fn attachments(&self, attachments: &[v1::Attachment]) -> Table {
        let mut table = Table::new(self.say("Lampiran", "Attachments"), ATTACHMENTS);
        for attachment in attachments {
            let sort = match attachment.sort() {
                AttachmentSort::Unspecified => "",
                AttachmentSort::Jpeg => "JPEG",
                AttachmentSort::Png => "PNG",
                AttachmentSort::Pdf => "PDF",
            };
            let hash = last_part(&attachment.name).to_owned();
            table.row(vec![hash, sort.to_owned(), attachment.size_bytes.to_string()]);
        }
        table
    }
}
