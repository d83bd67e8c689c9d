//! What members get of the joint business, and the grant money they work with.

use clap::{Args, Subcommand};

use super::args::{Part, When, Where, WhichMember, part};
use super::transactions::request;
use super::{Answer, Client};
use crate::api::v1::{self, ExpenseKind, MemberPart};
use crate::cli::convert::{decimal, money, quantity};
use crate::cli::words::EXPENSES;

/// What can be asked about shares.
#[derive(Clone, Debug, Subcommand)]
pub enum SharingAsk {
    /// Bagi hasil penjualan dengan uang / share a sale in money
    #[command(name = "hasil", alias = "proceeds")]
    Proceeds(Parts),
    /// Bagian atau upah berupa barang / a share or wages in kind
    #[command(name = "barang", alias = "in-kind")]
    InKind(InKind),
    /// Bagi modal hibah untuk digarap anggota / divide grant money to members
    #[command(name = "modal", alias = "capital")]
    Capital(GrantParts),
    /// Anggota mengembalikan modal hibah / members give grant money back
    #[command(name = "modal-kembali", alias = "capital-back")]
    CapitalBack(GrantParts),
}

/// Who gets or gives how much.
#[derive(Args, Clone, Debug)]
pub struct Parts {
    /// Kelompok / group
    group: String,
    /// ANGGOTA:JUMLAH, misalnya m01:50.000 / member and amount
    #[arg(required = true, value_parser = part)]
    parts: Vec<Part>,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    when: When,
}

/// The same, of a grant.
#[derive(Args, Clone, Debug)]
pub struct GrantParts {
    #[command(flatten)]
    of: Parts,
    /// Hibah / grant
    #[arg(long = "hibah", alias = "grant")]
    grant: Option<String>,
}

/// Pay in kind.
#[derive(Args, Clone, Debug)]
pub struct InKind {
    #[command(flatten)]
    who: WhichMember,
    /// Lot / lot
    lot: String,
    /// Banyaknya / how many
    #[arg(value_parser = quantity)]
    quantity: i64,
    /// Sebagai biaya ini, misalnya upah; kosong untuk bagi hasil / as this cost
    #[arg(long = "biaya", alias = "cost", value_parser = EXPENSES.parser())]
    cost: Option<ExpenseKind>,
    #[command(flatten)]
    when: When,
}

impl Parts {
    fn parts(&self) -> Vec<MemberPart> {
        let part =
            |(member, much): &Part| MemberPart { member_id: member.clone(), amount: money(*much) };
        self.parts.iter().map(part).collect()
    }
}

impl Client {
    pub(super) async fn sharing(&self, ask: &SharingAsk) -> Answer {
        let mut sharing = self.remote.sharing();
        match ask {
            SharingAsk::Proceeds(of) => {
                let request = request!(
                    self,
                    of.when,
                    v1::ShareProceedsRequest {
                        group: self.entity(&of.group),
                        parts: of.parts(),
                        place: self.place(&of.at.place),
                    }
                );
                self.booked(sharing.share_proceeds(request)).await
            }
            SharingAsk::InKind(InKind { who, lot, quantity, cost, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::PayInKindRequest {
                        member: self.member(who),
                        lot: self.of(&who.entity, "lots", lot),
                        quantity: decimal(*quantity),
                        cost: cost.unwrap_or_default() as i32,
                    }
                );
                self.booked(sharing.pay_in_kind(request)).await
            }
            SharingAsk::Capital(GrantParts { of, grant }) => {
                let request = request!(
                    self,
                    of.when,
                    v1::DivideCapitalRequest {
                        group: self.entity(&of.group),
                        parts: of.parts(),
                        place: self.place(&of.at.place),
                        grant: self.maybe_of(&of.group, "grants", grant.as_ref()),
                    }
                );
                self.booked(sharing.divide_capital(request)).await
            }
            SharingAsk::CapitalBack(GrantParts { of, grant }) => {
                let request = request!(
                    self,
                    of.when,
                    v1::ReturnCapitalRequest {
                        group: self.entity(&of.group),
                        parts: of.parts(),
                        place: self.place(&of.at.place),
                        grant: self.maybe_of(&of.group, "grants", grant.as_ref()),
                    }
                );
                self.booked(sharing.return_capital(request)).await
            }
        }
    }
}
