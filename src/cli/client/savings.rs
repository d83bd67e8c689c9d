//! Savings: of members with their group or the LKM, and of groups at the LKM.

use clap::{Args, Subcommand};

use super::args::{Money, WhichMember};
use super::transactions::{paid, request};
use super::{Answer, Client};
use crate::api::v1::{self, SavingsKind};
use crate::cli::convert::{fund, money};
use crate::cli::words::SAVINGS;

/// What can be asked about savings.
#[derive(Clone, Debug, Subcommand)]
pub enum SavingsAsk {
    /// Anggota menyetor simpanan / a member brings savings
    #[command(name = "setor", alias = "deposit")]
    Deposit(Deposit),
    /// Anggota mengambil tabungan / a member takes savings out
    #[command(name = "tarik", alias = "withdraw")]
    Withdraw(OfMember),
    /// Anggota menyetor modal swadaya / a member brings own capital
    #[command(name = "modal-swadaya", alias = "own-capital")]
    Capital(OfMember),
    /// Kelompok menabung di LKM / a group saves at the LKM
    #[command(name = "setor-lkm", alias = "deposit-at-lkm")]
    ToLkm(AtLkm),
    /// Kelompok menarik tabungannya di LKM / a group draws from its savings at the LKM
    #[command(name = "tarik-lkm", alias = "withdraw-at-lkm")]
    FromLkm(AtLkm),
}

/// Money of a member.
#[derive(Args, Clone, Debug)]
pub struct OfMember {
    #[command(flatten)]
    who: WhichMember,
    #[command(flatten)]
    money: Money,
}

/// A savings deposit.
#[derive(Args, Clone, Debug)]
pub struct Deposit {
    #[command(flatten)]
    of: OfMember,
    /// Jenis simpanan / sort of savings
    #[arg(long = "jenis", alias = "kind", default_value = "sukarela", value_parser = SAVINGS.parser())]
    kind: SavingsKind,
}

/// A group's money that passes the LKM's counter.
#[derive(Args, Clone, Debug)]
pub struct AtLkm {
    /// Kelompok / group
    group: String,
    #[command(flatten)]
    money: Money,
    /// Dana: uep, sp, iks, guliran, umum / fund
    #[arg(long = "dana", alias = "fund", default_value = "sp", value_parser = fund)]
    fund: v1::Fund,
    /// Tempat uang di LKM: brankas, bank, atau id laci / the LKM's place
    #[arg(long = "tempat-lkm", alias = "lkm-place", default_value = "brankas")]
    lkm_place: String,
}

impl Client {
    pub(super) async fn savings(&self, ask: &SavingsAsk) -> Answer {
        let mut savings = self.remote.savings();
        match ask {
            SavingsAsk::Deposit(Deposit { of: OfMember { who, money }, kind }) => {
                let member = self.member(who);
                let request = paid!(self, money, v1::DepositRequest { member, kind: *kind as i32 });
                self.booked(savings.deposit(request)).await
            }
            SavingsAsk::Withdraw(OfMember { who, money }) => {
                let request = paid!(self, money, v1::WithdrawRequest { member: self.member(who) });
                self.booked(savings.withdraw(request)).await
            }
            SavingsAsk::Capital(OfMember { who, money }) => {
                let request =
                    paid!(self, money, v1::PayInCapitalRequest { member: self.member(who) });
                self.booked(savings.pay_in_capital(request)).await
            }
            SavingsAsk::ToLkm(AtLkm { group, money: sum, fund, lkm_place }) => {
                let request = request!(
                    self,
                    sum.when,
                    v1::DepositAtLkmRequest {
                        group: self.entity(group),
                        fund: *fund as i32,
                        amount: money(sum.amount),
                        kube_place: self.place(&sum.at.place),
                        lkm_place: self.place(lkm_place),
                    }
                );
                self.booked(savings.deposit_at_lkm(request)).await
            }
            SavingsAsk::FromLkm(AtLkm { group, money: sum, fund, lkm_place }) => {
                let request = request!(
                    self,
                    sum.when,
                    v1::WithdrawAtLkmRequest {
                        group: self.entity(group),
                        fund: *fund as i32,
                        amount: money(sum.amount),
                        kube_place: self.place(&sum.at.place),
                        lkm_place: self.place(lkm_place),
                    }
                );
                self.booked(savings.withdraw_at_lkm(request)).await
            }
        }
    }

    /// A member's name.
    pub(super) fn member(&self, who: &WhichMember) -> String {
        self.of(&who.entity, "members", &who.member)
    }
}
