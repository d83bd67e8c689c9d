//! Things in a group's care: tools that wear off, animals with keepers, animals counted.

use clap::{Args, Subcommand};

use super::args::{OfFund, When, percent};
use super::transactions::request;
use super::{Answer, Client};
use crate::api::google_type::Decimal;
use crate::api::v1::{self, HeadCount};
use crate::cli::convert::{amount, date, day, decimal_text, last_part, money};
use crate::cli::table::{Column, Table, number, text};
use crate::domain::day::Day;
use crate::domain::money::Sen;

const KEEPINGS: &[Column] = &[
    text("keeping", "Gaduhan", "Keeping"),
    text("lot", "Lot", "Lot"),
    text("keeper", "Pemelihara", "Keeper"),
    number("heads", "Ekor", "Heads"),
    number("share", "Bagian anak, %", "Share of offspring, %"),
    text("since", "Sejak", "Since"),
    text("until", "Sampai", "Until"),
];

/// What can be asked about tools.
#[derive(Clone, Debug, Subcommand)]
pub enum ToolAsk {
    /// Putuskan umur manfaat alat / decide how long a tool lasts
    #[command(name = "umur", alias = "life")]
    Life(Life),
    /// Bukukan penyusutan alat / book a tool's depreciation
    #[command(name = "susut", alias = "depreciate")]
    Depreciate(Depreciate),
}

/// What can be asked about animals with keepers.
#[derive(Clone, Debug, Subcommand)]
pub enum KeepingAsk {
    /// Serahkan ternak untuk dipelihara anggota / give animals to a member to keep
    #[command(name = "serahkan", alias = "give")]
    Give(Give),
    /// Ternak kembali dari pemelihara / animals come back
    #[command(name = "kembali", alias = "back")]
    Back(Back),
    /// Daftar gaduhan / list keepings
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
    },
}

/// A tool's life.
#[derive(Args, Clone, Debug)]
pub struct Life {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Lot / lot
    lot: String,
    /// Umur dalam bulan / months
    months: u32,
    /// Dipakai sejak / in use since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    since: Day,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// What has worn off.
#[derive(Args, Clone, Debug)]
pub struct Depreciate {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Lot / lot
    lot: String,
    /// Jumlah; kosong untuk menurut umurnya / amount; by its life if left out
    #[arg(value_parser = amount)]
    amount: Option<Sen>,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// Animals given to keep.
#[derive(Args, Clone, Debug)]
pub struct Give {
    /// Kelompok / group
    group: String,
    /// Lot / lot
    lot: String,
    /// Id gaduhan, misalnya maria / id of the keeping
    id: String,
    /// Pemelihara / the member who keeps them
    keeper: String,
    /// Banyaknya ekor / heads
    heads: i64,
    /// Bagian anak untuk pemelihara, persen / the keeper's share of offspring in percent
    #[arg(long = "bagian", alias = "share", value_parser = percent)]
    share: Option<Decimal>,
    #[command(flatten)]
    when: When,
}

/// Animals that come back.
#[derive(Args, Clone, Debug)]
pub struct Back {
    /// Kelompok / group
    group: String,
    /// Id gaduhan / the keeping
    id: String,
    /// Banyaknya ekor / heads
    heads: i64,
    #[command(flatten)]
    when: When,
}

/// A count of animals.
#[derive(Args, Clone, Debug)]
pub struct Count {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// LOT:EKOR, misalnya induk:7 / heads by lot
    #[arg(required = true, value_parser = heads)]
    counts: Vec<(String, i64)>,
    #[command(flatten)]
    when: When,
}

/// Reads `LOT:EKOR`.
fn heads(typed: &str) -> Result<(String, i64), String> {
    let wrong = || "LOT:EKOR, misalnya induk:7".to_owned();
    let (lot, heads) = typed.split_once(':').ok_or_else(wrong)?;
    Ok((lot.to_owned(), heads.parse().map_err(|_| wrong())?))
}

impl Client {
    pub(super) async fn tool(&self, ask: &ToolAsk) -> Answer {
        let mut upkeep = self.remote.upkeep();
        match ask {
            ToolAsk::Life(Life { entity, lot, months, since, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::SetToolLifeRequest {
                        lot: self.of(entity, "lots", lot),
                        fund: of.fund as i32,
                        months: *months,
                        in_use_since: date(*since),
                    }
                );
                self.booked(upkeep.set_tool_life(request)).await
            }
            ToolAsk::Depreciate(Depreciate { entity, lot, amount, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::DepreciateToolRequest {
                        lot: self.of(entity, "lots", lot),
                        fund: of.fund as i32,
                        amount: amount.and_then(money),
                    }
                );
                self.booked(upkeep.depreciate_tool(request)).await
            }
        }
    }

    pub(super) async fn keeping(&self, ask: &KeepingAsk) -> Answer {
        let mut upkeep = self.remote.upkeep();
        match ask {
            KeepingAsk::Give(Give { group, lot, id, keeper, heads, share, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::GiveLivestockRequest {
                        lot: self.of(group, "lots", lot),
                        keeping_id: id.clone(),
                        keeper: self.of(group, "members", keeper),
                        heads: *heads,
                        share_percent: share.clone(),
                    }
                );
                self.booked(upkeep.give_livestock(request)).await
            }
            KeepingAsk::Back(Back { group, id, heads, when }) => {
                let keeping = self.of(group, "keepings", id);
                let request =
                    request!(self, when, v1::TakeLivestockBackRequest { keeping, heads: *heads });
                self.booked(upkeep.take_livestock_back(request)).await
            }
            KeepingAsk::List { group } => {
                let ask = async |request: v1::ListKeepingsRequest| {
                    self.remote.upkeep().list_keepings(request).await
                };
                let keepings = self.list(self.entity(group), ask).await?;
                Ok(vec![Table::of(KEEPINGS, keepings.iter().map(|one| self.keeping_row(one)))])
            }
        }
    }

    fn keeping_row(&self, keeping: &v1::Keeping) -> Vec<String> {
        vec![
            last_part(&keeping.name).to_owned(),
            last_part(&keeping.lot).to_owned(),
            last_part(&keeping.keeper).to_owned(),
            keeping.heads.to_string(),
            decimal_text(keeping.share_percent.as_ref()),
            self.date(keeping.since.as_ref()),
            self.date(keeping.until.as_ref()),
        ]
    }

    pub(super) async fn count(&self, count: &Count) -> Answer {
        let heads = |(lot, heads): &(String, i64)| HeadCount {
            lot: self.of(&count.entity, "lots", lot),
            heads: *heads,
        };
        let request = request!(
            self,
            count.when,
            v1::CountLivestockRequest {
                entity: self.entity(&count.entity),
                counts: count.counts.iter().map(heads).collect(),
            }
        );
        self.booked(self.remote.upkeep().count_livestock(request)).await
    }
}
