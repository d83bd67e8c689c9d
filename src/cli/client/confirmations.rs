//! What the LKM recorded on a group's behalf, and what the group says of it.

use clap::{Args, Subcommand};

use super::args::When;
use super::transactions::request;
use super::{Answer, Client};
use crate::api::v1::{self, ConfirmationState};
use crate::cli::convert::last_part;
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, text};
use crate::locale::event::event_name_text;

const CONFIRMATIONS: &[Column] = &[
    text("transaction", "Transaksi", "Transaction"),
    text("date", "Tanggal", "Date"),
    text("event", "Kejadian", "Event"),
    text("actor", "Dicatat oleh", "Recorded by"),
    text("state", "Keadaan", "State"),
    text("reason", "Sebab", "Why"),
    text("settled", "Diperiksa dalam", "Looked at in"),
];

/// What can be asked about records that were made on a group's behalf.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfirmationAsk {
    /// Yang dicatat LKM atas nama kelompok, yang menunggu lebih dahulu / what the LKM recorded
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
        /// Hanya yang menunggu jawaban / only what waits
        #[arg(long = "menunggu", alias = "waiting")]
        waiting: bool,
    },
    /// Catatan itu benar / the record is right
    #[command(name = "benar", alias = "confirm")]
    Confirm(OfReport),
    /// Catatan itu salah / the record is wrong
    #[command(name = "sanggah", alias = "dispute")]
    Dispute {
        #[command(flatten)]
        of: OfReport,
        /// Apa yang salah / what is wrong
        #[arg(long = "sebab", alias = "reason")]
        reason: String,
    },
}

/// A record, as a group is asked about it.
#[derive(Args, Clone, Debug)]
pub struct OfReport {
    /// Kelompok / group
    group: String,
    /// Id transaksi / the transaction
    transaction: String,
    #[command(flatten)]
    when: When,
}

impl Client {
    pub(super) async fn confirmation(&self, ask: &ConfirmationAsk) -> Answer {
        let mut journal = self.remote.journal();
        let name = |of: &OfReport| self.of(&of.group, "confirmations", &of.transaction);
        match ask {
            ConfirmationAsk::List { group, waiting } => {
                Ok(vec![self.confirmations(group, *waiting).await?])
            }
            ConfirmationAsk::Confirm(of) => {
                let confirmation = name(of);
                let request = request!(self, of.when, v1::ConfirmReportRequest { confirmation });
                self.booked(journal.confirm_report(request)).await
            }
            ConfirmationAsk::Dispute { of, reason } => {
                let (confirmation, reason) = (name(of), reason.clone());
                let request =
                    request!(self, of.when, v1::DisputeReportRequest { confirmation, reason });
                self.booked(journal.dispute_report(request)).await
            }
        }
    }

    async fn confirmations(&self, group: &str, waiting: bool) -> Result<Table, Failure> {
        let title = self.say("Dicatat LKM atas nama kelompok", "Recorded by the LKM for the group");
        let mut table = Table::new(title, CONFIRMATIONS);
        let state = match waiting {
            true => ConfirmationState::Waiting,
            false => ConfirmationState::Unspecified,
        };
        let ask = async |page_token| {
            let request = v1::ListConfirmationsRequest {
                parent: self.entity(group),
                state: state as i32,
                page_size: super::PAGE,
                page_token,
            };
            self.remote.journal().list_confirmations(request).await
        };
        let take = |page: v1::ListConfirmationsResponse| {
            page.confirmations.iter().for_each(|one| table.row(self.confirmation_row(one)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(table)
    }

    fn confirmation_row(&self, one: &v1::Confirmation) -> Vec<String> {
        vec![
            last_part(&one.transaction).to_owned(),
            self.date(one.happened_on.as_ref()),
            event_name_text(&one.event, self.language).to_owned(),
            one.actor.clone(),
            self.confirmation_state(one.state()),
            one.reason.clone(),
            last_part(&one.settled_by).to_owned(),
        ]
    }

    /// What a group says of a record, in a few words.
    pub(super) fn confirmation_state(&self, state: ConfirmationState) -> String {
        match state {
            ConfirmationState::Unspecified => String::new(),
            ConfirmationState::Waiting => {
                self.say("dicatat oleh LKM, belum dikonfirmasi", "by the LKM, not confirmed yet")
            }
            ConfirmationState::Confirmed => self.say("dibenarkan", "confirmed"),
            ConfirmationState::Disputed => self.say("disanggah", "disputed"),
            ConfirmationState::TakenBack => self.say("dibatalkan", "taken back"),
        }
    }
}
