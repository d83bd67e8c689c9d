//! What is known of people: finding somebody, seeing them in full, erasing.

use std::mem;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::Value;

use super::args::WhichMember;
use super::{Answer, Client, PAGE};
use crate::api::fields;
use crate::api::v1::{self, ErasureCause, Purpose};
use crate::cli::convert::{date, day, last_part};
use crate::cli::remote::{Failure, fresh_request_id};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{ERASURES, PURPOSES};
use crate::domain::day::Day;
use crate::secret_file;

const IN_FULL: &[Column] =
    &[text("member", "Anggota", "Member"), text("name", "Nama", "Name"), text("nik", "NIK", "NIK")];

const RETENTIONS: &[Column] = &[
    text("since", "Sejak", "Since"),
    number("years", "Tahun", "Years"),
    text("minute", "Menurut", "By"),
];

/// What can be asked about personal data.
#[derive(Clone, Debug, Subcommand)]
pub enum PersonalAsk {
    /// Cari anggota menurut nama, atau NIK lengkap / find members
    #[command(name = "cari", alias = "search")]
    Search {
        /// Bagian nama, atau 16 angka NIK / parts of the name, or a whole NIK
        query: String,
        /// Di dalam kelompok ini atau lkm saja / within a group or lkm only
        #[arg(long = "di", alias = "in")]
        entity: Option<String>,
    },
    /// Lihat NIK lengkap; dicatat siapa dan untuk apa / see a NIK in full, which is logged
    #[command(name = "lihat-nik", alias = "reveal")]
    Reveal {
        #[command(flatten)]
        who: WhichMember,
        /// Untuk apa / what for
        #[arg(long = "untuk", alias = "for", value_parser = PURPOSES.parser())]
        purpose: Purpose,
        /// Penjelasan satu kalimat, dicatat / why, in a sentence that is kept in the access log
        #[arg(long = "alasan", alias = "because")]
        explanation: String,
    },
    /// Semua yang tersimpan tentang seorang anggota, ke berkas JSON / all that is held on a member
    #[command(name = "ekspor-data", alias = "export")]
    Export {
        #[command(flatten)]
        who: WhichMember,
        /// Berkas / file
        file: PathBuf,
        /// Untuk apa / what for
        #[arg(long = "untuk", alias = "for", value_parser = PURPOSES.parser())]
        purpose: Purpose,
        /// Penjelasan satu kalimat, dicatat / why, in a sentence that is kept in the access log
        #[arg(long = "alasan", alias = "because")]
        explanation: String,
    },
    /// Hapus data pribadi anggota yang sudah keluar / erase somebody who has left
    #[command(name = "hapus-data", alias = "erase")]
    Erase {
        #[command(flatten)]
        who: WhichMember,
        /// Sebab / why
        #[arg(long = "sebab", alias = "cause", value_parser = ERASURES.parser())]
        cause: ErasureCause,
    },
    /// Lama penyimpanan data anggota yang keluar, atau tetapkan / how long data are kept
    #[command(name = "masa-simpan", alias = "retention")]
    Retention {
        /// Berapa tahun setelah akhir tahun keluar / whole years after the year of leaving
        #[arg(requires_all = ["since", "minute"])]
        years: Option<u32>,
        /// Berlaku sejak / since
        #[arg(long = "sejak", alias = "since", value_parser = day)]
        since: Option<Day>,
        /// Nomor berita acara atau peraturan / number of the minute or law
        #[arg(long = "berita-acara", alias = "minute")]
        minute: Option<String>,
    },
}

impl Client {
    pub(super) async fn personal(&self, ask: &PersonalAsk) -> Answer {
        let mut personal = self.remote.personal();
        let table = match ask {
            PersonalAsk::Search { query, entity } => {
                let parent = self.scope(entity.as_ref());
                self.members_table(&self.search(&parent, query).await?)
            }
            PersonalAsk::Reveal { who, purpose, explanation } => {
                let request = v1::RevealMemberRequest {
                    member: self.member(who),
                    purpose: *purpose as i32,
                    explanation: explanation.clone(),
                };
                let answer = self.get(personal.reveal_member(request)).await?;
                self.in_full(answer.member.as_slice())
            }
            PersonalAsk::Export { who, file, purpose, explanation } => {
                let held = self.all_held(v1::ExportMemberRequest {
                    member: self.member(who),
                    purpose: *purpose as i32,
                    explanation: explanation.clone(),
                    page_token: String::new(),
                });
                let held = held.await?;
                let text = serde_json::to_string_pretty(&held).map_err(|_| self.incomplete())?;
                self.write_secret(file, &text)?;
                let mut table = Table::of(&[], []);
                let path = file.display();
                table.note(self.say(&format!("Disimpan di {path}"), &format!("Kept in {path}")));
                table
            }
            PersonalAsk::Erase { who, cause } => {
                let request = v1::EraseMemberRequest {
                    member: self.member(who),
                    request_id: fresh_request_id(),
                    cause: *cause as i32,
                };
                let answer = self.get(personal.erase_member(request)).await?;
                self.members_table(answer.member.as_slice())
            }
            PersonalAsk::Retention { years, since, minute } => {
                let retentions = self.retentions(*years, *since, minute.as_deref()).await?;
                let row = |one: &v1::Retention| {
                    let since = self.date(one.since.as_ref());
                    vec![since, one.years.to_string(), one.minute.clone()]
                };
                Table::of(RETENTIONS, retentions.iter().map(row))
            }
        };
        Ok(vec![table])
    }

    async fn search(&self, parent: &str, query: &str) -> Result<Vec<v1::Member>, Failure> {
        let mut found = Vec::new();
        let ask = async |page_token| {
            let (parent, query) = (parent.to_owned(), query.to_owned());
            let request = v1::SearchMembersRequest { parent, query, page_size: PAGE, page_token };
            self.remote.personal().search_members(request).await
        };
        let take = |page: v1::SearchMembersResponse| {
            found.extend(page.members);
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(found)
    }

    /// All that is held on a member, as JSON.
    async fn all_held(&self, asked: v1::ExportMemberRequest) -> Result<Value, Failure> {
        let (mut records, mut rest) = (Vec::new(), v1::ExportMemberResponse::default());
        let ask = async |page_token| {
            let request = v1::ExportMemberRequest { page_token, ..asked.clone() };
            self.remote.personal().export_member(request).await
        };
        let take = |mut page: v1::ExportMemberResponse| {
            records.append(&mut page.records);
            rest = page;
            mem::take(&mut rest.next_page_token)
        };
        self.pages(ask, take).await?;
        let records: Option<Vec<Value>> = records.iter().map(record_json).collect();
        let held = json_of("simpul.v1.ExportMemberResponse", &rest).zip(records);
        let (mut held, records) = held.ok_or_else(|| self.incomplete())?;
        held["records"] = Value::Array(records);
        Ok(held)
    }

    async fn retentions(
        &self,
        years: Option<u32>,
        since: Option<Day>,
        minute: Option<&str>,
    ) -> Result<Vec<v1::Retention>, Failure> {
        let mut personal = self.remote.personal();
        let Some(years) = years else {
            let request = v1::ListRetentionsRequest { parent: self.whole_book() };
            return Ok(self.get(personal.list_retentions(request)).await?.retentions);
        };
        let minute = minute.unwrap_or_default().to_owned();
        let request = v1::SetRetentionRequest {
            book: self.whole_book(),
            request_id: fresh_request_id(),
            retention: Some(v1::Retention { since: since.and_then(date), years, minute }),
        };
        Ok(self.get(personal.set_retention(request)).await?.retentions)
    }

    /// Writes a file that is readable by its owner only, and is not there yet.
    fn write_secret(&self, file: &Path, text: &str) -> Result<(), Failure> {
        let fresh = match file.exists() {
            true => Err(std::io::ErrorKind::AlreadyExists.into()),
            false => secret_file::create(file, text),
        };
        fresh.map_err(|error| self.unusable(file, &error))
    }

    fn in_full(&self, members: &[v1::Member]) -> Table {
        let row = |member: &v1::Member| {
            let name = self.name(&member.display_name, member.erased);
            vec![last_part(&member.name).to_owned(), name, member.nik.clone()]
        };
        Table::of(IN_FULL, members.iter().map(row))
    }
}

/// A member's own record, its rows written out.
fn record_json(record: &v1::PersonalRecord) -> Option<Value> {
    let mut value = json_of("simpul.v1.PersonalRecord", record)?;
    let rows = record.rows.iter().map(|row| fields::json("simpul.record.v1.Row", &row.row));
    value["rows"] = Value::Array(rows.collect::<Option<_>>()?);
    Some(value)
}

fn json_of(name: &str, message: &impl prost::Message) -> Option<Value> {
    fields::json(name, &message.encode_to_vec())
}
