//! Loans of the LKM that are not paid as planned: Debora gives things for hers, and has one of them
//! back; Eben has gone away, his is written off, and a little of it comes back; Yunus pays nothing
//! for an engine bought on murabahah; and Wsehati, which paid until August, is spoken with.

use super::credit::{MINUTE, flat, lkm_loan, percent};
use super::customers::{vault, wish};
use super::small::MonthDay;
use super::{Told, Year, done, minute, on, place, request, rupiah};
use crate::api::v1::{self, LoanPenalty, LoanTerms, PenaltyPer, PlaceKind};

const DEBORA: &str = "kios-3";
const EBEN: &str = "ojek-4";
const YUNUS: &str = "mesin-6";
/// Goods at cost and margin, and 1% of what is late for each month begun, for the fund of good deeds.
pub(super) const GOODS: &str = "murabahah";

impl Year<'_> {
    /// What a month brings of them.
    pub(super) async fn trouble(&self, month: i32) -> Told {
        self.pledged(month).await?;
        self.gone_away(month).await?;
        self.engine(month).await?;
        if month == 11 {
            let loan = lkm_loan("usaha-wsehati");
            self.assign((11, 3), &loan, "petugas-1").await?;
            let who = "bendahara Wsehati, oleh petugas-1";
            return self.talk((11, 5), &loan, who, "Babi belum laku, bayar sesudah Natal").await;
        }
        Ok(())
    }

    /// 800.000 for eight months, secured by a refrigerator and a television; two instalments come.
    async fn pledged(&self, month: i32) -> Told {
        let loan = lkm_loan(DEBORA);
        match month {
            3 => {
                self.agree((3, 3), wish(DEBORA, 3, 800_000, 8), MINUTE).await?;
                self.register((3, 4), &loan, ("kulkas", "kulkas satu pintu", 500_000)).await?;
                self.register((3, 4), &loan, ("televisi", "televisi 21 inci", 300_000)).await?;
                self.disburse((3, 5), &loan, vault()).await?;
                self.assign((3, 5), &loan, "petugas-1").await
            }
            4 | 5 => self.instalment((month, 5), &loan, 108_000, vault()).await,
            7 => {
                let who = "peminjam sendiri, oleh petugas-1";
                self.talk((7, 21), &loan, who, "Kios sepi, akan menyerahkan barang").await
            }
            9 => self.things_given(&loan).await,
            _ => Ok(()),
        }
    }

    /// The television for 100.000 of principal, given back when a brother pays these and the jasa of
    /// four months; the refrigerator for the half million that is left, and sold for more; the rest
    /// of the jasa is settled.
    async fn things_given(&self, loan: &str) -> Told {
        self.take_thing((9, 8), loan, "televisi", 100_000).await?;
        self.undo((9, 10), DEBORA, "ambil-televisi", "Dilunasi saudara (contoh)").await?;
        self.instalment((9, 10), loan, 100_000 + 4 * 8_000, vault()).await?;
        self.take_thing((9, 12), loan, "kulkas", 500_000).await?;
        let settle = v1::SettleLoanRequest {
            loan: loan.to_owned(),
            request_id: request(DEBORA, "lunas"),
            details: on(9, 12),
            amount: rupiah(8_000),
            purse: vault(),
            rebate: None,
        };
        done(self.remote.loans().settle_loan(settle).await)?;
        let sell = v1::SellCollateralRequest {
            loan: loan.to_owned(),
            request_id: request(DEBORA, "jual-kulkas"),
            details: on(9, 20),
            price: rupiah(520_000),
            place: place(PlaceKind::Vault),
        };
        done(self.remote.loans().sell_collateral(sell).await)
    }

    async fn register(
        &self,
        (month, day): MonthDay,
        loan: &str,
        (id, label, value): (&str, &str, i64),
    ) -> Told {
        let register = v1::RegisterCollateralRequest {
            loan: loan.to_owned(),
            request_id: request(crate::cli::convert::last_part(loan), &format!("agunan-{id}")),
            details: on(month, day),
            collateral_id: id.to_owned(),
            label: label.to_owned(),
            value: rupiah(value),
        };
        done(self.remote.loans().register_collateral(register).await)
    }

    async fn take_thing(&self, (month, day): MonthDay, loan: &str, id: &str, much: i64) -> Told {
        let take = v1::TakeCollateralRequest {
            loan: loan.to_owned(),
            request_id: request(DEBORA, &format!("ambil-{id}")),
            details: minute(month, day, "BA-23/2025 (contoh)"),
            collateral_id: id.to_owned(),
            amount: rupiah(much),
            lot_id: String::new(),
            quantity: None,
        };
        done(self.remote.loans().take_collateral(take).await)
    }

    /// 300.000 for three months, of which nothing comes before it is written off.
    async fn gone_away(&self, month: i32) -> Told {
        let loan = lkm_loan(EBEN);
        match month {
            2 => {
                self.agree((2, 4), wish(EBEN, 4, 300_000, 3), MINUTE).await?;
                self.disburse((2, 6), &loan, vault()).await?;
                self.assign((2, 6), &loan, "petugas-2").await
            }
            4 => self.talk((4, 9), &loan, "peminjam, oleh petugas-2", "Janji bayar Mei").await,
            6 => {
                let who = "mertua peminjam, oleh petugas-2";
                self.talk((6, 18), &loan, who, "Peminjam merantau, alamat tidak diketahui").await
            }
            9 => {
                let provide = v1::ProvideForLoanRequest {
                    loan,
                    request_id: request(EBEN, "sisihkan"),
                    details: on(9, 30),
                };
                done(self.remote.loans().provide_for_loan(provide).await)
            }
            11 => {
                let write_off = v1::WriteOffLoanRequest {
                    loan,
                    request_id: request(EBEN, "hapus-buku"),
                    details: minute(11, 6, "BA-24/2025 (contoh)"),
                    minute: "BA-24/2025 (contoh)".to_owned(),
                };
                done(self.remote.loans().write_off_loan(write_off).await)
            }
            12 => self.instalment((12, 15), &loan, 50_000, vault()).await,
            _ => Ok(()),
        }
    }

    /// An engine of 400.000 for 416.000 in four months, secured by a boat of 150.000.
    async fn engine(&self, month: i32) -> Told {
        let loan = lkm_loan(YUNUS);
        match month {
            5 => {
                self.buy_goods((5, 14), "mesin-ketinting", "mesin ketinting", 400_000).await?;
                let penalty = LoanPenalty {
                    per: PenaltyPer::Period as i32,
                    percent: percent("1"),
                    ..LoanPenalty::default()
                };
                let terms = LoanTerms { penalty: Some(penalty), ..flat("0") };
                self.murabahah_product(GOODS, GOODS, terms).await?;
                let wish = v1::ApplyForLoanRequest {
                    product_id: GOODS.to_owned(),
                    margin: rupiah(16_000),
                    ..wish(YUNUS, 6, 400_000, 4)
                };
                self.agree((5, 14), wish, MINUTE).await?;
                self.register((5, 15), &loan, ("perahu", "perahu kayu", 150_000)).await?;
                self.hand_over((5, 16), YUNUS, "mesin-ketinting", false).await?;
                self.assign((5, 16), &loan, "petugas-2").await
            }
            10 => {
                let who = "istri peminjam, oleh petugas-2";
                self.talk((10, 9), &loan, who, "Musim barat, tidak melaut").await
            }
            _ => Ok(()),
        }
    }
}
