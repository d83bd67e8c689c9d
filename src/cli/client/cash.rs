//! Cash and bank: moved, counted, what the bank gives and takes.

use clap::{Args, Subcommand};

use super::args::{Money, OfFund, When};
use super::transactions::{paid, request};
use super::{Answer, Client};
use crate::api::v1;
use crate::cli::convert::{amount, fund, money};
use crate::domain::money::Sen;

/// What can be asked about cash.
#[derive(Clone, Debug, Subcommand)]
pub enum CashAsk {
    /// Pindahkan uang, misalnya bank ke kas / move money between places
    #[command(name = "pindah", alias = "move")]
    Move(Move),
    /// Pindahkan uang antar dana / move money between funds
    #[command(name = "antar-dana", alias = "move-funds")]
    MoveFunds(MoveFunds),
    /// Bunga dari bank / interest from the bank
    #[command(name = "bunga", alias = "interest")]
    Interest(AtBank),
    /// Biaya atau pajak bank / the bank's fee or tax
    #[command(name = "biaya-bank", alias = "bank-charge")]
    Charge(AtBank),
    /// Kas dihitung / cash is counted
    #[command(name = "hitung", alias = "count")]
    Count(Counted),
    /// Putuskan selisih kas / decide a counted difference
    #[command(name = "selisih", alias = "difference")]
    Difference(Difference),
}

/// A movement between places.
#[derive(Args, Clone, Debug)]
pub struct Move {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Dari kas, bank, brankas, atau id laci / from
    #[arg(long = "dari", alias = "from")]
    from: String,
    /// Ke kas, bank, brankas, atau id laci / to
    #[arg(long = "ke", alias = "to")]
    to: String,
    /// Dana / fund
    #[arg(long = "dana", alias = "fund", default_value = "sp", value_parser = fund)]
    fund: v1::Fund,
    #[command(flatten)]
    when: When,
}

/// A movement between funds.
#[derive(Args, Clone, Debug)]
pub struct MoveFunds {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    #[command(flatten)]
    money: Money,
    /// Dana yang memberi / the fund that gives
    #[arg(long = "dari", alias = "from", value_parser = fund)]
    from: v1::Fund,
    /// Dana yang menerima / the fund that takes
    #[arg(long = "ke", alias = "to", value_parser = fund)]
    to: v1::Fund,
}

/// What the bank gave or took.
#[derive(Args, Clone, Debug)]
pub struct AtBank {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// A count of cash.
#[derive(Args, Clone, Debug)]
pub struct Counted {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    #[command(flatten)]
    money: Money,
}

/// Who bears a difference.
#[derive(Args, Clone, Debug)]
pub struct Difference {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Pengurus yang mengganti; kosong bila ditanggung lembaga / the officer who makes it good
    #[arg(long = "pengurus", alias = "officer")]
    officer: Option<String>,
    /// Laci yang selisih, bila laci itu dibuka dan ditutup / the drawer whose difference it is
    #[arg(long = "laci", alias = "drawer")]
    drawer: Option<String>,
    #[command(flatten)]
    when: When,
}

impl Client {
    pub(super) async fn cash(&self, ask: &CashAsk) -> Answer {
        let mut cash = self.remote.cash();
        match ask {
            CashAsk::Move(Move { entity, amount, from, to, fund, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::MoveCashRequest {
                        entity: self.entity(entity),
                        fund: *fund as i32,
                        from: self.place(from),
                        to: self.place(to),
                        amount: money(*amount),
                    }
                );
                self.booked(cash.move_cash(request)).await
            }
            CashAsk::MoveFunds(MoveFunds { entity, money, from, to }) => {
                let request = paid!(
                    self,
                    money,
                    v1::MoveFundsRequest {
                        entity: self.entity(entity),
                        from_fund: *from as i32,
                        to_fund: *to as i32,
                    }
                );
                self.booked(cash.move_funds(request)).await
            }
            CashAsk::Interest(AtBank { entity, amount, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::RecordBankInterestRequest {
                        entity: self.entity(entity),
                        fund: of.fund as i32,
                        amount: money(*amount),
                    }
                );
                self.booked(cash.record_bank_interest(request)).await
            }
            CashAsk::Charge(AtBank { entity, amount, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::RecordBankChargeRequest {
                        entity: self.entity(entity),
                        fund: of.fund as i32,
                        amount: money(*amount),
                    }
                );
                self.booked(cash.record_bank_charge(request)).await
            }
            CashAsk::Count(Counted { entity, money: sum }) => {
                let request = request!(
                    self,
                    sum.when,
                    v1::CountCashRequest {
                        entity: self.entity(entity),
                        place: self.place(&sum.at.place),
                        counted: money(sum.amount),
                    }
                );
                self.booked(cash.count_cash(request)).await
            }
            CashAsk::Difference(Difference { entity, amount, officer, drawer, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::DecideDifferenceRequest {
                        entity: self.entity(entity),
                        amount: money(*amount),
                        officer: self.maybe_of(entity, "members", officer.as_ref()),
                        drawer: drawer.as_ref().map(|id| self.drawer_name(id)).unwrap_or_default(),
                    }
                );
                self.booked(cash.decide_difference(request)).await
            }
        }
    }
}
