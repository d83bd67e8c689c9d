//! Loans of the LKM that are not paid as planned: Debora gives things for hers, and has one of them
//! back; Eben has gone away, his is written off, and a little of it comes back; Yunus pays nothing
//! for an engine bought on murabahah; Embun gives the cart that it had borrowed for; and Wsehati,
//! which paid until August, is spoken with.

use super::Year;
use super::among::EMBUN;
use super::credit::{MINUTE, by_hand, flat, lkm_loan};
use super::customers::{personal, vault};
use super::requests::{
    MonthDay, Purse, Told, done, minute, on, one, percent, place, request, rupiah,
};
use crate::api::v1::{self, Fund, LoanPenalty, LoanTerms, LotKind, PenaltyPer, PlaceKind};
use crate::cli::convert::last_part;

const DEBORA: &str = "kios-3";
const EBEN: &str = "ojek-4";
const YUNUS: &str = "mesin-6";
const CART: &str = "embun-gerobak";
/// Goods at cost and margin, and 1% of what is late for each month begun, for the fund of good deeds.
pub(super) const GOODS: &str = "murabahah";

impl Year<'_> {
    /// What a month brings of them.
    pub(super) async fn trouble(&self, month: i32) -> Told {
        self.pledged(month).await?;
        self.gone_away(month).await?;
        self.engine(month).await?;
        self.cart(month).await?;
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
                self.agree((3, 3), personal(DEBORA, 3, 800_000, 8), MINUTE).await?;
                self.register_thing((3, 4), &loan, ("kulkas", "kulkas satu pintu", 500_000))
                    .await?;
                self.register_thing((3, 4), &loan, ("televisi", "televisi 21 inci", 300_000))
                    .await?;
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
        let minute = "BA-23/2025 (contoh)";
        let given = |id: &str| v1::TakeCollateralRequest {
            request_id: request(DEBORA, &format!("ambil-{id}")),
            collateral_id: id.to_owned(),
            ..v1::TakeCollateralRequest::default()
        };
        self.take_thing((9, 8), loan, minute, (given("televisi"), 100_000)).await?;
        self.undo((9, 10), DEBORA, "ambil-televisi", "Dilunasi saudara (contoh)").await?;
        self.instalment((9, 10), loan, 100_000 + 4 * 8_000, vault()).await?;
        self.take_thing((9, 12), loan, minute, (given("kulkas"), 500_000)).await?;
        self.settle((9, 12), loan, (8_000, None), vault()).await?;
        self.sell_thing((9, 20), loan, "jual-kulkas", 520_000).await
    }

    async fn register_thing(
        &self,
        (month, day): MonthDay,
        loan: &str,
        (id, label, value): (&str, &str, i64),
    ) -> Told {
        let register = v1::RegisterCollateralRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), &format!("agunan-{id}")),
            details: on(month, day),
            collateral_id: id.to_owned(),
            label: label.to_owned(),
            value: rupiah(value),
        };
        done(self.remote.loans().register_collateral(register).await)
    }

    /// The lender takes what was pledged for so much of the principal.
    async fn take_thing(
        &self,
        (month, day): MonthDay,
        loan: &str,
        number: &str,
        (thing, much): (v1::TakeCollateralRequest, i64),
    ) -> Told {
        let take = v1::TakeCollateralRequest {
            loan: loan.to_owned(),
            details: minute(month, day, number),
            amount: rupiah(much),
            ..thing
        };
        done(self.remote.loans().take_collateral(take).await)
    }

    async fn sell_thing(&self, (month, day): MonthDay, loan: &str, step: &str, price: i64) -> Told {
        let sell = v1::SellCollateralRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), step),
            details: on(month, day),
            price: rupiah(price),
            place: place(PlaceKind::Vault),
        };
        done(self.remote.loans().sell_collateral(sell).await)
    }

    /// 300.000 for three months, of which nothing comes before it is written off.
    async fn gone_away(&self, month: i32) -> Told {
        let loan = lkm_loan(EBEN);
        match month {
            2 => {
                self.agree((2, 4), personal(EBEN, 4, 300_000, 3), MINUTE).await?;
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
            5 => self.sell_engine(&loan).await,
            10 => {
                let who = "istri peminjam, oleh petugas-2";
                self.talk((10, 9), &loan, who, "Musim barat, tidak melaut").await
            }
            _ => Ok(()),
        }
    }

    async fn sell_engine(&self, loan: &str) -> Told {
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
            ..personal(YUNUS, 6, 400_000, 4)
        };
        self.agree((5, 14), wish, MINUTE).await?;
        self.register_thing((5, 15), loan, ("perahu", "perahu kayu", 150_000)).await?;
        self.hand_over((5, 16), YUNUS, "mesin-ketinting", false).await?;
        self.assign((5, 16), loan, "petugas-2").await
    }

    /// Embun buys a cart of 300.000 with what its members put in, borrows 200.000 for what it sells
    /// from it, pays nothing, and gives the cart; the LKM has 180.000 for it.
    async fn cart(&self, month: i32) -> Told {
        let loan = lkm_loan(CART);
        match month {
            8 => {
                self.buy_cart().await?;
                let wish = v1::ApplyForLoanRequest {
                    borrower: EMBUN.path(),
                    ..personal(CART, 0, 200_000, 4)
                };
                self.agree((8, 6), wish, MINUTE).await?;
                self.register_thing((8, 7), &loan, ("gerobak", "gerobak dorong", 200_000)).await?;
                self.disburse((8, 8), &loan, by_hand(PlaceKind::Cash)).await
            }
            10 => self.give_cart(&loan).await,
            _ => Ok(()),
        }
    }

    async fn buy_cart(&self) -> Told {
        for number in 1..=3 {
            let asked = EMBUN.asked(&format!("modal-{number}"));
            self.put_in(EMBUN.member(number), asked, (8, 3), 100_000).await?;
        }
        let tin = Purse::of(EMBUN.path(), Fund::Uep, PlaceKind::Cash);
        let cart = one("gerobak", LotKind::Tools, "gerobak dorong", 300_000);
        self.buy(tin, request(CART, "beli"), (8, 4), cart).await
    }

    /// It pays all of the principal; the jasa of the two months that have passed is settled.
    async fn give_cart(&self, loan: &str) -> Told {
        let cart = v1::TakeCollateralRequest {
            request_id: request(CART, "ambil"),
            collateral_id: "gerobak".to_owned(),
            lot_id: "gerobak".to_owned(),
            ..v1::TakeCollateralRequest::default()
        };
        self.take_thing((10, 8), loan, "BA-25/2025 (contoh)", (cart, 200_000)).await?;
        self.settle((10, 8), loan, (4_000, None), by_hand(PlaceKind::Cash)).await?;
        self.sell_thing((10, 20), loan, "jual", 180_000).await
    }
}
