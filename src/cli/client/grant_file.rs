//! The file of one grant: made at a server, checked without one.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Answer, Client};
use crate::api::v1;
use crate::chain::checkpoint::Receipt;
use crate::cli::audit_folder;
use crate::cli::remote::Failure;
use crate::domain::id::{Entity, Id};
use crate::domain::record;
use crate::domain::refusal::Language;
use crate::report::grant_file::GrantFile;

const README: &str = include_str!("../grant_folder.md");
const TEXT: &str = "berkas.txt";
const RECEIPTS: &str = "receipts";
const GRANT: &str = "grant";

/// A grant's file to be made.
#[derive(Args, Clone, Debug)]
pub struct MakeGrantFile {
    /// Kelompok / group
    group: String,
    /// Hibah / grant
    grant: String,
    /// Map baru / a new folder
    folder: PathBuf,
}

/// A grant's file to be checked.
#[derive(Args, Clone, Debug)]
pub struct VerifyGrantFile {
    /// Map / folder
    folder: PathBuf,
    /// Kunci umum buku / the book's public key
    #[arg(long = "kunci", alias = "key")]
    key: String,
}

impl Client {
    pub(super) async fn make_grant_file(&self, which: &MakeGrantFile) -> Answer {
        let MakeGrantFile { group, grant, folder } = which;
        let mut file = self.grant_file_of(group, grant)?;
        let name = format!("{}/groups/{group}/grants/{grant}", self.whole_book());
        self.read_records(&mut file, name).await?;
        let records = file.records();
        let text = file.text(self.language).ok_or_else(|| {
            Failure(self.say(
                &format!("Hibah {grant} tidak ditemukan."),
                &format!("The grant {grant} was not found."),
            ))
        })?;
        fs::create_dir(folder).map_err(|error| self.unusable(folder, &error))?;
        for below in [RECEIPTS, audit_folder::ATTACHMENTS] {
            let below = folder.join(below);
            fs::create_dir(&below).map_err(|error| self.unusable(&below, &error))?;
        }
        for record in &records {
            let Some(request) = &record.request else { continue };
            let transaction = format!("{}/transactions/{request}", self.whole_book());
            let request = v1::GetReceiptRequest { transaction };
            let receipt = self.get(self.remote.proofs().get_receipt(request)).await?.receipt;
            let name = format!("{:010}.tlog-proof", record.position);
            self.write(&folder.join(RECEIPTS).join(name), receipt.as_bytes())?;
        }
        for (to, attachment) in file.attachments() {
            let hash = hex::encode(&attachment.sha256);
            let name = format!("{}/{to}/attachments/{hash}", self.whole_book());
            if let Some(bytes) = self.attached(name).await? {
                self.write(&folder.join(audit_folder::ATTACHMENTS).join(hash), &bytes)?;
            }
        }
        let (key, which) = (self.key().await?, format!("{group}/{grant}\n"));
        let csv = file.csv();
        let texts = [
            (TEXT, &text),
            ("daftar.csv", &csv),
            (GRANT, &which),
            (audit_folder::KEY, &key),
            ("README.md", &README.to_owned()),
        ];
        for (name, text) in texts {
            self.write(&folder.join(name), text.as_bytes())?;
        }
        let count = records.len().to_string();
        Ok(vec![self.fact("Transaksi", "Transactions", &count)])
    }

    fn grant_file_of(&self, group: &str, grant: &str) -> Result<GrantFile, Failure> {
        let group = Entity::new(group).and_then(|entity| match entity {
            Entity::Kube(group) => Some(group),
            Entity::Lkm => None,
        });
        let grant = Id::new(grant);
        let made = group.zip(grant).map(|(group, grant)| GrantFile::new(group, grant));
        made.ok_or_else(|| {
            Failure(self.say("Kelompok atau hibah salah tulis.", "This is no group or grant."))
        })
    }

    /// Reads the grant's records.
    async fn read_records(&self, file: &mut GrantFile, grant: String) -> Result<(), Failure> {
        let request = v1::StreamGrantRecordsRequest { grant };
        let mut stream = self.get(self.remote.proofs().stream_grant_records(request)).await?;
        while let Some(answer) = stream.message().await.map_err(self.failed())? {
            let record = record::decode(&answer.record);
            file.read(record.map_err(|error| self.unproved(&error))?);
        }
        Ok(())
    }

    pub(super) fn verify_grant_file(&self, which: &VerifyGrantFile) -> Answer {
        let VerifyGrantFile { folder, key } = which;
        let (key, name) = (self.public_key(key)?, self.file(&folder.join(GRANT))?);
        let (group, grant) = name.trim().split_once('/').ok_or_else(|| self.incomplete())?;
        let mut file = self.grant_file_of(group, grant)?;
        let paths = self.receipts(folder)?;
        for path in &paths {
            let not_proved = |why: &(dyn std::error::Error + 'static)| {
                self.not_proved(&format!("{}: {}", path.display(), self.why(why)))
            };
            let receipt = Receipt::parse(&self.file(path)?).map_err(|error| not_proved(&error))?;
            receipt.verify(&key).map_err(|error| not_proved(&error))?;
            let record = record::decode(&receipt.record).map_err(|error| not_proved(&error))?;
            file.read(record);
        }
        let count = file.records().len();
        if count != paths.len() {
            return Err(self.not_proved(&self.say(
                "ada bukti yang bukan dari hibah ini",
                "there is a receipt that is not of this grant",
            )));
        }
        let text = self.file(&folder.join(TEXT))?;
        let is_made = |language| file.text(language).as_ref() == Some(&text);
        if ![Language::Indonesian, Language::English].into_iter().any(is_made) {
            return Err(self.not_proved(&self.say(
                &format!("{TEXT} tidak sesuai dengan catatan-catatannya."),
                &format!("{TEXT} is not what the records say."),
            )));
        }
        let mut facts = self.fact("TERBUKTI", "PROVED", key.name());
        facts.row(vec![self.say("Transaksi", "Transactions"), count.to_string()]);
        let mut attached = 0;
        for (_, attachment) in file.attachments() {
            match audit_folder::is_attached(folder, attachment) {
                Ok(true) => attached += 1,
                Ok(false) => facts.row(vec![
                    self.say("Lampiran tidak ada", "Attachment absent"),
                    hex::encode(&attachment.sha256),
                ]),
                Err(error) => return Err(self.unproved(&error)),
            }
        }
        facts.row(vec![self.say("Lampiran", "Attachments"), attached.to_string()]);
        Ok(vec![facts])
    }

    /// The receipts of a folder, in journal order.
    fn receipts(&self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let below = folder.join(RECEIPTS);
        let listed = fs::read_dir(&below).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        });
        let mut paths = listed.map_err(|error| self.unusable(&below, &error))?;
        paths.sort();
        Ok(paths)
    }
}
