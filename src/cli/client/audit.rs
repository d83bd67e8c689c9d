//! What an auditor does: takes a book or a receipt away, and checks it without the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::{Span, When};
use super::cosign::Cosign;
use super::grant_file::{MakeGrantFile, VerifyGrantFile};
use super::ledger::TRIAL_BALANCE;
use super::transactions::request;
use super::{Answer, Client, columns, minus};
use crate::api::v1;
use crate::chain::checkpoint::{Checkpoint, ProofError, Receipt};
use crate::chain::note::{CosignerKey, Note, PublicKey};
use crate::cli::audit_folder::{self, Content, FolderError, Proven, Writer};
use crate::cli::mistyped::Mistyped;
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};
use crate::domain::account::Control;
use crate::domain::chart::fund_name;
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::record::{self, Outcome, Record, Row};
use crate::domain::refusal::Language;
use crate::locale::date::format_day;
use crate::locale::event::event_text;
use crate::locale::number::format_amount;
use crate::locale::text::{account_text, refusal_text};
use crate::verify::{Finding, Spanned};

/// What can be audited.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditAsk {
    /// Kunci umum buku / the book's public key
    #[command(name = "kunci", alias = "key")]
    Key,
    /// Titik periksa yang ditandatangani / a signed checkpoint
    #[command(name = "titik-periksa", alias = "checkpoint")]
    Checkpoint {
        /// Berkas / file
        file: PathBuf,
        /// Banyaknya catatan, 0 untuk semua / how many records, 0 for all
        #[arg(default_value_t = 0)]
        size: u64,
    },
    /// Apakah buku hanya bertambah sejak titik periksa lama / does the book extend a checkpoint
    #[command(name = "lanjutan", alias = "extends")]
    Extends(Extends),
    /// Tanda tangani juga dengan kunci sendiri / sign a checkpoint with a second key
    #[command(name = "ikut-tanda-tangan", alias = "cosign")]
    Cosign(Cosign),
    /// Tanda terima satu transaksi / the receipt of a transaction
    #[command(name = "tanda-terima", alias = "receipt")]
    Receipt {
        /// Nomor permintaan transaksi / the request id of the transaction
        transaction: String,
        /// Berkas / file
        file: PathBuf,
    },
    /// Periksa tanda terima tanpa server / check a receipt without a server
    #[command(name = "periksa-tanda-terima", alias = "verify-receipt")]
    VerifyReceipt(VerifyReceipt),
    /// Salin seluruh buku, atau serentang, ke map / take the book, or a span, away in a folder
    #[command(name = "salin", alias = "export")]
    Export(Export),
    /// Berkas satu hibah untuk pemeriksa, dalam map / all of one grant in a folder
    #[command(name = "hibah", alias = "grant")]
    Grant(MakeGrantFile),
    /// Periksa berkas hibah tanpa server / check a grant's folder without a server
    #[command(name = "periksa-hibah", alias = "verify-grant")]
    VerifyGrant(VerifyGrantFile),
    /// Teruskan buku yang kehilangan catatan / go on with a book that lost records
    #[command(name = "mulai-babak", alias = "start-epoch")]
    StartEpoch(When),
    /// Periksa map tanpa server / check a folder without a server
    #[command(name = "periksa", alias = "verify")]
    Verify(Verify),
}

/// What is taken away.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// Map baru / a new folder
    pub folder: PathBuf,
    #[command(flatten)]
    pub days: Span,
    /// Hanya catatan ini, misalnya 101-200 / only these records
    #[arg(long = "catatan", alias = "records", value_parser = positions,
          conflicts_with_all = ["from", "through"])]
    pub records: Option<audit_folder::Span>,
}

impl Export {
    fn wants(&self, record: &Record) -> bool {
        let (position, day) = (record.position, record.business_day);
        self.records.is_none_or(|span| (span.first..=span.last).contains(&position))
            && self.days.from.is_none_or(|from| from <= day)
            && self.days.through.is_none_or(|through| day <= through)
    }
}

/// Reads `101-200`, or one position.
fn positions(typed: &str) -> Result<audit_folder::Span, Mistyped> {
    const FORM: Mistyped =
        Mistyped::new("Tulis DARI-SAMPAI, misalnya 101-200.", "Write FROM-THROUGH, e.g. 101-200.");
    let (first, last) = typed.split_once('-').unwrap_or((typed, typed));
    let number = |text: &str| text.trim().parse().map_err(|_| FORM);
    let span = audit_folder::Span { first: number(first)?, last: number(last)? };
    if 1 <= span.first && span.first <= span.last { Ok(span) } else { Err(FORM) }
}

/// An earlier checkpoint to be compared with.
#[derive(Args, Clone, Debug)]
pub struct Extends {
    /// Berkas titik periksa lama / the file of the earlier checkpoint
    pub checkpoint: PathBuf,
    /// Kunci umum buku / the book's public key
    #[arg(long = "kunci", alias = "key")]
    pub key: String,
}

/// A receipt to be checked.
#[derive(Args, Clone, Debug)]
pub struct VerifyReceipt {
    /// Berkas tanda terima, atau isi semua kode QR-nya / the receipt's file, or the text of its codes
    pub receipt: PathBuf,
    /// Kunci umum buku / the book's public key
    #[arg(long = "kunci", alias = "key")]
    pub key: String,
}

/// A folder to be checked.
#[derive(Args, Clone, Debug)]
pub struct Verify {
    /// Map / folder
    pub folder: PathBuf,
    /// Kunci umum buku; tanpa ini, yang ada di dalam map / the book's public key, else the folder's
    #[arg(long = "kunci", alias = "key")]
    pub key: Option<String>,
    /// Kunci umum penanda tangan kedua / the public key of who signed beside the book
    #[arg(long = "penanda-tangan", alias = "cosigner")]
    pub cosigner: Option<String>,
    /// Map yang lebih lama / an earlier folder
    #[arg(long = "sebelumnya", alias = "earlier")]
    pub earlier: Option<PathBuf>,
}

pub(super) const FACTS: &[Column] = &[text("what", "Hal", "What"), text("value", "Isi", "Value")];

const BALANCES: &[Column] = &[
    text("entity", "Entitas", "Entity"),
    text("fund", "Dana", "Fund"),
    text("code", "Kode", "Code"),
    text("title", "Nama", "Title"),
    number("opening", "Saldo awal", "Opening"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
    number("closing", "Saldo akhir", "Closing"),
];

const ENTRIES: &[Column] = &[
    text("account", "Akun", "Account"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
];

impl Client {
    pub(super) async fn audit(&self, ask: &AuditAsk) -> Answer {
        match ask {
            AuditAsk::Key => Ok(vec![self.fact("Kunci umum", "Public key", &self.key().await?)]),
            AuditAsk::Checkpoint { file, size } => {
                let answer = self.checkpoint(*size).await?;
                self.write(file, answer.note.as_bytes())?;
                let size = answer.size.to_string();
                Ok(vec![self.fact("Catatan yang ditandatangani", "Records signed", &size)])
            }
            AuditAsk::Extends(extends) => self.extends(extends).await,
            AuditAsk::Cosign(which) => self.cosign(which).await,
            AuditAsk::Receipt { transaction, file } => self.receipt(transaction, file).await,
            AuditAsk::VerifyReceipt(which) => self.verify_receipt(which),
            AuditAsk::Export(which) => self.take_away(which).await,
            AuditAsk::Grant(which) => self.make_grant_file(which).await,
            AuditAsk::VerifyGrant(which) => self.verify_grant_file(which),
            AuditAsk::StartEpoch(when) => {
                let book = self.book_name();
                let request = request!(self, when, v1::StartEpochRequest { book });
                self.booked(self.remote.proofs().start_epoch(request)).await
            }
            AuditAsk::Verify(which) => self.verify_folder(which),
        }
    }

    pub(super) fn fact(&self, indonesian: &str, english: &str, value: &str) -> Table {
        Table::of(FACTS, [vec![self.say(indonesian, english), value.to_owned()]])
    }

    fn book_name(&self) -> String {
        format!("books/{}", self.book)
    }

    pub(super) async fn key(&self) -> Result<String, Failure> {
        let request = v1::GetSigningKeyRequest { book: self.book_name() };
        Ok(self.get(self.remote.proofs().get_signing_key(request)).await?.public_key)
    }

    async fn checkpoint(&self, size: u64) -> Result<v1::GetCheckpointResponse, Failure> {
        let request = v1::GetCheckpointRequest { book: self.book_name(), size };
        self.get(self.remote.proofs().get_checkpoint(request)).await
    }

    pub(super) fn public_key(&self, key: &str) -> Result<PublicKey, Failure> {
        PublicKey::parse(key).map_err(|_| {
            Failure(self.say("Kunci umum tidak dapat dibaca.", "The public key cannot be read."))
        })
    }

    async fn extends(&self, which: &Extends) -> Answer {
        let key = self.public_key(&which.key)?;
        let open = |whose: &str, text: &str| {
            let note = Note::parse(text).map_err(ProofError::from);
            let opened = note.and_then(|note| Checkpoint::open(&note, &key));
            opened.map_err(|error| self.not_proved(&format!("{whose}: {}", self.why(&error))))
        };
        let file = which.checkpoint.display().to_string();
        let old = open(&file, &self.file(&which.checkpoint)?)?;
        let server = self.say("titik periksa dari server", "the server's checkpoint");
        let new = open(&server, &self.checkpoint(0).await?.note)?;
        self.continues(&old, &new).await?;
        Ok(vec![self.fact(
            "TERBUKTI",
            "PROVED",
            &self.say(
                &format!("{} catatan bermula dengan {} yang dulu", new.size, old.size),
                &format!("{} records begin with the {} of then", new.size, old.size),
            ),
        )])
    }

    /// The failure of a book that lost records.
    pub(super) fn shorter(&self, now: u64, then: u64) -> Failure {
        self.not_proved(&self.say(
            &format!("buku ini hanya berisi {now} catatan; dulu ditandatangani {then}."),
            &format!("the book has only {now} records; {then} were signed before."),
        ))
    }

    /// The name of a transaction that was typed as its name or its request id.
    pub(super) fn transaction_named(&self, typed: &str) -> String {
        match typed.contains('/') {
            true => typed.to_owned(),
            false => format!("{}/transactions/{typed}", self.book_name()),
        }
    }

    async fn receipt(&self, transaction: &str, file: &Path) -> Answer {
        let request = v1::GetReceiptRequest { transaction: self.transaction_named(transaction) };
        let receipt = self.get(self.remote.proofs().get_receipt(request)).await?.receipt;
        self.write(file, receipt.as_bytes())?;
        Ok(vec![self.fact("Tanda terima", "Receipt", &file.display().to_string())])
    }

    fn verify_receipt(&self, which: &VerifyReceipt) -> Answer {
        let key = self.public_key(&which.key)?;
        let receipt = Receipt::parse(&self.file(&which.receipt)?);
        let receipt = receipt.map_err(|error| self.unproved(&error))?;
        let checkpoint = receipt.verify(&key).map_err(|error| self.unproved(&error))?;
        let record = record::decode(&receipt.record).map_err(|error| self.unproved(&error))?;
        let mut facts = self.fact("TERBUKTI", "PROVED", &checkpoint.origin);
        facts.row(vec![
            self.say("Catatan", "Record"),
            self.say(
                &format!("{} dari {}", receipt.position, checkpoint.size),
                &format!("{} of {}", receipt.position, checkpoint.size),
            ),
        ]);
        facts.row(vec![self.say("Buku", "Book"), record.book.to_string()]);
        let day = format_day(record.happened_on, self.language);
        facts.row(vec![self.say("Tanggal", "Date"), day]);
        let event = event_text(record.event, self.language).to_owned();
        facts.row(vec![self.say("Kejadian", "Event"), event]);
        facts.row(vec![self.say("Pelaku", "Actor"), record.author.actor.clone()]);
        Ok(vec![facts, self.entries_of(&record)])
    }

    fn entries_of(&self, record: &Record) -> Table {
        let mut table = Table::new(self.say("Jurnal", "Entries"), ENTRIES);
        match &record.outcome {
            Outcome::Refused(refusal) => table.note(refusal_text(refusal, self.language)),
            Outcome::Done(effect) => {
                for entry in &effect.entries {
                    let (debit, credit) = columns(Some(entry.amount));
                    let account = account_text(&entry.account, self.language);
                    table.row(vec![account, debit, credit]);
                }
            }
        }
        table
    }

    async fn take_away(&self, which: &Export) -> Answer {
        let folder = &which.folder;
        let failed = |error: FolderError| {
            let why = self.why(&error);
            Failure(self.say(&format!("Tidak disalin: {why}"), &format!("Not copied: {why}")))
        };
        let key = self.key().await?;
        let checkpoint = self.checkpoint(0).await?;
        let mut writer = Writer::new(folder).map_err(failed)?;
        let mut attachments = Vec::new();
        while writer.size() < checkpoint.size {
            let request = v1::StreamRecordsRequest {
                book: self.book_name(),
                from_position: writer.size() + 1,
                follow: false,
            };
            let mut records = self.get(self.remote.proofs().stream_records(request)).await?;
            let before = writer.size();
            while writer.size() < checkpoint.size {
                // A stream that was cut off is asked for again from where it ended.
                let Ok(Some(record)) = records.message().await else { break };
                if record.position != writer.size() + 1 {
                    return Err(self.incomplete());
                }
                let decoded = record::decode(&record.record);
                let decoded = decoded.map_err(|error| self.unproved(&error))?;
                let is_chosen = which.wants(&decoded);
                writer.add(&record.record, is_chosen).map_err(failed)?;
                if is_chosen {
                    attachments.extend(self.attachments_of(decoded));
                }
            }
            if writer.size() == before {
                return Err(self.incomplete());
            }
        }
        for name in attachments {
            // What was erased stays away; the folder's reader says so.
            if let Some(bytes) = self.attached(name).await? {
                writer.attach(&bytes).map_err(failed)?;
            }
        }
        let span = writer.finish(&checkpoint.note, &key).map_err(failed)?;
        let count = span.last - span.first + 1;
        let copied = self.say(
            &format!("{count} catatan di {}", folder.display()),
            &format!("{count} records in {}", folder.display()),
        );
        Ok(vec![self.fact("Disalin", "Copied", &copied)])
    }

    /// The names of the attachments that a record brings.
    fn attachments_of(&self, record: Record) -> Vec<String> {
        let Outcome::Done(effect) = record.outcome else { return Vec::new() };
        let attached = effect.rows.into_iter().filter_map(|(name, row)| match row {
            Row::Attachment(_) => Some(format!("{}/{name}", self.book_name())),
            _ => None,
        });
        attached.collect()
    }

    fn verify_folder(&self, which: &Verify) -> Answer {
        let unproved = |error: FolderError| self.unproved(&error);
        let key = which.key.as_deref().map(|key| self.public_key(key)).transpose()?;
        let earlier = which.earlier.as_deref().map(|folder| {
            audit_folder::checkpoint(folder, key.as_ref()).map(|checkpoint| (folder, checkpoint))
        });
        let earlier = earlier.transpose().map_err(unproved)?;
        let size = earlier.as_ref().map(|(_, earlier)| earlier.size);
        let proven = audit_folder::read(&which.folder, key.as_ref(), size).map_err(unproved)?;
        if let Some((folder, then)) = &earlier
            && proven.earlier != Some(then.root)
        {
            let now = (which.folder.as_path(), &proven.checkpoint);
            return Err(self.not_continued((folder, then), now));
        }
        if !proven.findings.is_empty() {
            return Err(self.not_proved(&self.findings(&proven.findings)));
        }
        let opening = match (&proven.content, &earlier) {
            (Content::Part(span, _), Some((folder, then))) => {
                let now = (which.folder.as_path(), &proven.checkpoint);
                audit_folder::totals_before(span.first, (folder, then), now).map_err(unproved)?
            }
            (Content::Part(audit_folder::Span { first: 1, .. }, _), None) => Some(BTreeMap::new()),
            _ => None,
        };
        let mut facts = self.proven(&proven, size);
        if let Some(cosigner) = &which.cosigner {
            let (name, when) = self.cosigned(&which.folder, cosigner)?;
            facts.row(vec![self.say("Ikut menandatangani", "Cosigned"), format!("{name}, {when}")]);
        }
        let table = match &proven.content {
            Content::Whole(totals) => self.totals(totals),
            Content::Part(span, spanned) => {
                if opening.is_none() {
                    facts.row(self.not_rebuilt(span));
                }
                self.turnover(spanned, opening.as_ref())?
            }
        };
        Ok(vec![facts, table])
    }

    /// The first differences, and how many more there are.
    fn findings(&self, all: &[Finding]) -> String {
        const FIRST: usize = 3;
        let one = |Finding { place, expected, found }: &Finding| {
            self.say(
                &format!("{place}: seharusnya {expected}, ternyata {found}"),
                &format!("{place}: expected {expected}, found {found}"),
            )
        };
        let mut said: Vec<String> = all.iter().take(FIRST).map(one).collect();
        if let more @ 1.. = all.len().saturating_sub(FIRST) {
            said.push(self.say(&format!("dan {more} selisih lagi"), &format!("and {more} more")));
        }
        said.join("; ")
    }

    /// Who signed a folder's checkpoint beside the book, and on which day (UTC).
    fn cosigned(&self, folder: &Path, key: &str) -> Result<(String, String), Failure> {
        let key = CosignerKey::parse(key).map_err(|error| self.unproved(&error))?;
        let time = audit_folder::cosigned(folder, &key).map_err(|error| self.unproved(&error))?;
        let days = i32::try_from(time / (24 * 60 * 60)).unwrap_or(i32::MAX);
        let days = days.min(Day::MAX.get());
        Ok((key.name().to_owned(), format_day(Day::new(days), self.language)))
    }

    /// The failure of a folder that does not begin with an earlier one: from which record on.
    fn not_continued(&self, earlier: (&Path, &Checkpoint), now: (&Path, &Checkpoint)) -> Failure {
        if now.1.size < earlier.1.size {
            return self.shorter(now.1.size, earlier.1.size);
        }
        match audit_folder::first_difference(earlier, now) {
            Ok(Some(at)) => self.not_proved(&self.say(
                &format!("catatan {at} bukan yang di map yang lebih lama."),
                &format!("record {at} is not the one in the earlier folder."),
            )),
            Ok(None) => self.not_proved(&self.say(
                "catatan di map yang lebih lama bukan yang ditandatangani di sana.",
                "the records in the earlier folder are not those that were signed there.",
            )),
            Err(error) => self.unproved(&error),
        }
    }

    fn proven(&self, proven: &Proven, earlier: Option<u64>) -> Table {
        let origin = &proven.checkpoint.origin;
        let mut facts = self.fact("TERBUKTI", "PROVED", origin);
        facts.row(vec![self.say("Buku", "Book"), proven.book.to_string()]);
        let size = proven.checkpoint.size;
        let records = match &proven.content {
            Content::Whole(_) => size.to_string(),
            Content::Part(span, _) => {
                self.say(&format!("{span} dari {size}"), &format!("{span} of {size}"))
            }
        };
        facts.row(vec![self.say("Catatan", "Records"), records]);
        if let Content::Part(_, Spanned { days: Some((first, last)), .. }) = &proven.content {
            let [first, last] = [first, last].map(|day| format_day(*day, self.language));
            facts.row(vec![self.say("Hari buku", "Business days"), format!("{first} – {last}")]);
        }
        facts.row(vec![self.say("Lampiran", "Attachments"), proven.attached.to_string()]);
        for hash in &proven.absent {
            facts.row(vec![self.say("Lampiran tidak ada", "Attachment absent"), hash.clone()]);
        }
        if let Some(earlier) = earlier {
            facts.row(vec![self.say("Melanjutkan", "Continues"), earlier.to_string()]);
        }
        facts
    }

    /// What a span does not tell.
    fn not_rebuilt(&self, span: &audit_folder::Span) -> Vec<String> {
        let why = self.say(
            &format!(
                "saldo sebelum catatan {}, dan dengan itu saldo sesudahnya; berikan map lama yang \
                 memuat seluruh buku sampai ke sana (--sebelumnya)",
                span.first
            ),
            &format!(
                "balances before record {}, and with them those after it; give an earlier folder of \
                 the whole book up to there (--earlier)",
                span.first
            ),
        );
        vec![self.say("Tidak dapat dihitung", "Cannot be rebuilt"), why]
    }

    /// What a span moved on each account, with the balances around it where they are known.
    fn turnover(
        &self,
        spanned: &Spanned,
        opening: Option<&BTreeMap<Control, Sen>>,
    ) -> Result<Table, Failure> {
        let heading = self.say("Perputaran dalam rentang", "Turnover of the span");
        let columns = if opening.is_some() { BALANCES } else { TRIAL_BALANCE };
        let mut table = Table::new(heading, columns);
        let mut moved = spanned.turnover.clone();
        for control in opening.into_iter().flatten().map(|(control, _)| control) {
            moved.entry(control.clone()).or_default();
        }
        for (control, (debit, credit)) in moved {
            let mut row = self.control(&control);
            let Some(opening) = opening else {
                row.extend([debit, credit].map(format_amount));
                table.row(row);
                continue;
            };
            let before = opening.get(&control).copied().unwrap_or_default();
            let after = self.sum(before, debit).and_then(|sum| self.sum(sum, minus(credit)))?;
            if [before, debit, credit].iter().any(|amount| !amount.is_zero()) {
                row.extend([before, debit, credit, after].map(format_amount));
                table.row(row);
            }
        }
        if opening.is_some() {
            table.note(self.say("Saldo kredit ditulis negatif.", "Credit balances are negative."));
        }
        Ok(table)
    }

    /// A control account in the first columns of a table.
    fn control(&self, control: &Control) -> Vec<String> {
        let line = control.code.line();
        let title = match self.language {
            Language::Indonesian => line.name_id,
            Language::English => line.name_en,
        };
        vec![
            control.ledger.entity.to_string(),
            fund_name(control.ledger.fund.get()).to_owned(),
            control.code.number().to_string(),
            title.to_owned(),
        ]
    }

    fn totals(&self, totals: &BTreeMap<Control, Sen>) -> Table {
        let heading = self.say("Neraca saldo dari catatan", "Trial balance from the records");
        let mut table = Table::new(heading, TRIAL_BALANCE);
        for (control, total) in totals.iter().filter(|(_, total)| !total.is_zero()) {
            let (debit, credit) = columns(Some(*total));
            table.row([self.control(control), vec![debit, credit]].concat());
        }
        table
    }
}
