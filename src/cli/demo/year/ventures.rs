//! Capital of the LKM in two businesses, for a share of what these make: all of that of Fajar's
//! bakery (mudharabah), and three fifths of a customer's sewing (musyarakah). Both make a profit, and
//! a loss; the customer gives all back that is left.

use super::Year;
use super::credit::{MINUTE, customer};
use super::customers::vault;
use super::fajar::{FAJAR, hands};
use super::requests::{MonthDay, Told, done, lkm, on, percent, request, rupiah};
use crate::api::v1::{self, LoanPurse, SyirkahKind};

/// A contract, and where its money comes from and goes.
struct Venture {
    id: &'static str,
    purse: fn() -> Option<LoanPurse>,
}

const BAKERY: Venture = Venture { id: "fajar-roti", purse: hands };
const SEWING: Venture = Venture { id: "jahit-5", purse: vault };

impl Venture {
    fn name(&self) -> String {
        format!("{}/syirkahs/{}", lkm(), self.id)
    }

    fn asked(&self, step: &str) -> String {
        request(self.id, step)
    }
}

impl Year<'_> {
    /// What a month brings of them.
    pub(super) async fn ventures(&self, month: i32) -> Told {
        match month {
            3 => {
                let fund = v1::FundSyirkahRequest {
                    partner: FAJAR.path(),
                    kind: SyirkahKind::Mudharabah as i32,
                    amount: rupiah(1_000_000),
                    nisbah_percent: percent("40"),
                    projected: rupiah(50_000),
                    ..v1::FundSyirkahRequest::default()
                };
                self.fund_venture((3, 1), &BAKERY, fund).await
            }
            4 => {
                let fund = v1::FundSyirkahRequest {
                    partner: customer(5),
                    kind: SyirkahKind::Musyarakah as i32,
                    amount: rupiah(600_000),
                    own: rupiah(400_000),
                    nisbah_percent: percent("50"),
                    ..v1::FundSyirkahRequest::default()
                };
                self.fund_venture((4, 1), &SEWING, fund).await
            }
            6 => self.share_profit((6, 30), &BAKERY, 150_000).await,
            7 => self.share_profit((7, 31), &SEWING, 100_000).await,
            9 => {
                self.share_profit((9, 27), &BAKERY, 200_000).await?;
                self.bear_loss((9, 28), &SEWING, 50_000).await
            }
            10 => self.bear_loss((10, 27), &BAKERY, 100_000).await,
            12 => {
                self.give_capital_back((12, 15), &BAKERY, 500_000).await?;
                self.give_capital_back((12, 15), &SEWING, 600_000 - 30_000).await
            }
            _ => Ok(()),
        }
    }

    async fn fund_venture(
        &self,
        (month, day): MonthDay,
        venture: &Venture,
        fund: v1::FundSyirkahRequest,
    ) -> Told {
        let fund = v1::FundSyirkahRequest {
            entity: lkm(),
            request_id: venture.asked("danai"),
            details: on(month, day),
            syirkah_id: venture.id.to_owned(),
            minute: MINUTE.to_owned(),
            purse: (venture.purse)(),
            ..fund
        };
        done(self.remote.syariah().fund_syirkah(fund).await)
    }

    /// Of a profit that a business made the LKM has its part.
    async fn share_profit(&self, (month, day): MonthDay, venture: &Venture, profit: i64) -> Told {
        let share = v1::ShareProfitRequest {
            syirkah: venture.name(),
            request_id: venture.asked(&format!("laba-{month}")),
            details: on(month, day),
            profit: rupiah(profit),
            purse: (venture.purse)(),
        };
        done(self.remote.syariah().share_profit(share).await)
    }

    async fn bear_loss(&self, (month, day): MonthDay, venture: &Venture, loss: i64) -> Told {
        let bear = v1::BearLossRequest {
            syirkah: venture.name(),
            request_id: venture.asked(&format!("rugi-{month}")),
            details: on(month, day),
            loss: rupiah(loss),
        };
        done(self.remote.syariah().bear_loss(bear).await)
    }

    async fn give_capital_back(
        &self,
        (month, day): MonthDay,
        venture: &Venture,
        much: i64,
    ) -> Told {
        let back = v1::ReturnSyirkahRequest {
            syirkah: venture.name(),
            request_id: venture.asked("kembali"),
            details: on(month, day),
            amount: rupiah(much),
            purse: (venture.purse)(),
        };
        done(self.remote.syariah().return_syirkah(back).await)
    }
}
