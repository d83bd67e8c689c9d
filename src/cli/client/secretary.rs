//! The secretary's books: guests, and letters in and out.

use clap::{Args, Subcommand};

use super::{Answer, Client};
use crate::api::v1::{self, LetterDirection};
use crate::cli::convert::{date, day, last_part};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, text};
use crate::cli::words::LETTERS;
use crate::domain::day::Day;

const GUESTS: &[Column] = &[
    text("guest", "Id", "Id"),
    text("date", "Tanggal", "Date"),
    text("who", "Nama", "Who"),
    text("origin", "Dari", "From"),
    text("purpose", "Keperluan", "Purpose"),
];

const LETTER_COLUMNS: &[Column] = &[
    text("letter", "Id", "Id"),
    text("direction", "Arah", "Direction"),
    text("date", "Tanggal", "Date"),
    text("number", "Nomor", "Number"),
    text("dated", "Tanggal surat", "Dated"),
    text("correspondent", "Dari/kepada", "From/to"),
    text("subject", "Perihal", "Subject"),
];

/// What can be asked of the secretary.
#[derive(Clone, Debug, Subcommand)]
pub enum SecretaryAsk {
    /// Catat tamu / enter a guest
    #[command(name = "tamu-baru", alias = "new-guest")]
    Guest(NewGuest),
    /// Buku tamu / the guest book
    #[command(name = "daftar-tamu", alias = "guests")]
    Guests {
        /// Kelompok / group
        group: String,
    },
    /// Catat surat masuk atau keluar / enter a letter
    #[command(name = "surat-baru", alias = "new-letter")]
    Letter(NewLetter),
    /// Agenda surat masuk dan keluar / letters in and out
    #[command(name = "daftar-surat", alias = "letters")]
    Letters {
        /// Kelompok / group
        group: String,
    },
}

/// A visit.
#[derive(Args, Clone, Debug)]
pub struct NewGuest {
    /// Kelompok / group
    group: String,
    /// Id, misalnya 2025-07 / its id
    id: String,
    /// Nama tamu / who came
    who: String,
    /// Dari lembaga atau tempat / from where
    #[arg(long = "dari", alias = "origin", default_value = "", hide_default_value = true)]
    origin: String,
    /// Keperluan / what for
    #[arg(long = "keperluan", alias = "purpose", default_value = "", hide_default_value = true)]
    purpose: String,
    /// Tanggal / the day
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    on: Option<Day>,
}

/// A letter.
#[derive(Args, Clone, Debug)]
pub struct NewLetter {
    /// Kelompok / group
    group: String,
    /// Id, misalnya masuk-12 / its id
    id: String,
    /// masuk atau keluar / came in or went out
    #[arg(value_parser = LETTERS.parser())]
    direction: LetterDirection,
    /// Dari atau kepada siapa / who wrote it, or to whom
    correspondent: String,
    /// Nomor surat / its number
    #[arg(long = "nomor", alias = "number", default_value = "", hide_default_value = true)]
    number: String,
    /// Tanggal pada surat / the day on it
    #[arg(long = "tanggal-surat", alias = "dated", value_parser = day)]
    dated: Option<Day>,
    /// Perihal / what it is about
    #[arg(long = "perihal", alias = "subject", default_value = "", hide_default_value = true)]
    subject: String,
    /// Tanggal masuk atau keluar / the day
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    on: Option<Day>,
}

impl Client {
    pub(super) async fn secretary(&self, ask: &SecretaryAsk) -> Answer {
        let mut secretary = self.remote.secretary();
        let (guests, letters) = match ask {
            SecretaryAsk::Guest(new) => {
                let request = v1::RecordGuestRequest {
                    parent: self.entity(&new.group),
                    request_id: fresh_request_id(),
                    guest_id: new.id.clone(),
                    visited_on: new.on.and_then(date),
                    who: new.who.clone(),
                    origin: new.origin.clone(),
                    purpose: new.purpose.clone(),
                };
                let answer = self.get(secretary.record_guest(request)).await?;
                (Some(Vec::from_iter(answer.guest)), None)
            }
            SecretaryAsk::Guests { group } => {
                let ask = async |request: v1::ListGuestsRequest| {
                    self.remote.secretary().list_guests(request).await
                };
                (Some(self.list(self.entity(group), ask).await?), None)
            }
            SecretaryAsk::Letter(new) => {
                let request = v1::FileLetterRequest {
                    parent: self.entity(&new.group),
                    request_id: fresh_request_id(),
                    letter_id: new.id.clone(),
                    direction: new.direction as i32,
                    number: new.number.clone(),
                    dated_on: new.dated.and_then(date),
                    filed_on: new.on.and_then(date),
                    correspondent: new.correspondent.clone(),
                    subject: new.subject.clone(),
                };
                let answer = self.get(secretary.file_letter(request)).await?;
                (None, Some(Vec::from_iter(answer.letter)))
            }
            SecretaryAsk::Letters { group } => {
                let ask = async |request: v1::ListLettersRequest| {
                    self.remote.secretary().list_letters(request).await
                };
                (None, Some(self.list(self.entity(group), ask).await?))
            }
        };
        let guests =
            guests.map(|all| Table::of(GUESTS, all.iter().map(|guest| self.guest_row(guest))));
        let letters = letters
            .map(|all| Table::of(LETTER_COLUMNS, all.iter().map(|one| self.letter_row(one))));
        Ok(guests.into_iter().chain(letters).collect())
    }

    fn guest_row(&self, guest: &v1::Guest) -> Vec<String> {
        vec![
            last_part(&guest.name).to_owned(),
            self.date(guest.visited_on.as_ref()),
            guest.who.clone(),
            guest.origin.clone(),
            guest.purpose.clone(),
        ]
    }

    fn letter_row(&self, letter: &v1::Letter) -> Vec<String> {
        vec![
            last_part(&letter.name).to_owned(),
            LETTERS.word(letter.direction()).to_owned(),
            self.date(letter.filed_on.as_ref()),
            letter.number.clone(),
            self.date(letter.dated_on.as_ref()),
            letter.correspondent.clone(),
            letter.subject.clone(),
        ]
    }
}
