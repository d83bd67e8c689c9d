//! Two syariah contracts of the LKM: Usaha Mekar buys a sewing machine on murabahah and pays it
//! from its savings, Merpati borrows a qardhul hasan out of infak and pays it back.

use super::Year;
use super::credit::{by_hand, flat, lkm_loan, savings, version, wish};
use super::kubes::Kube;
use super::requests::{MonthDay, Purse, Told, done, lkm, on, one, place, request, rupiah};
use crate::api::v1::{self, AlmsKind, Fund, LoanContract, LoanTerms, LotKind, PlaceKind};

/// Whoever decided on both.
const MINUTE: &str = "BA-12/2025 (contoh)";

impl Year<'_> {
    /// Bought for 600.000, sold for 660.000 in twelve months.
    pub(super) async fn murabahah(&self, kube: &Kube) -> Told {
        self.buy_goods((3, 15), "mesin-jahit", "mesin jahit", 600_000).await?;
        self.murabahah_product("mesin-jahit", "mesin-jahit", flat("0")).await?;
        let wish = v1::ApplyForLoanRequest {
            margin: rupiah(60_000),
            ..asked("mesin-jahit", kube.path(), 600_000, 12)
        };
        self.agree((3, 15), wish, MINUTE).await?;
        self.hand_over((3, 16), "mesin-jahit", "mesin-jahit", true).await
    }

    pub(super) async fn pay_for_machine(&self, month: i32) -> Told {
        self.instalment((month, 16), &lkm_loan("mesin-jahit"), 55_000, savings()).await
    }

    /// Infak of 400.000 comes in, and 300.000 of it go out for six months.
    pub(super) async fn qardh(&self, kube: &Kube) -> Told {
        let alms = v1::ReceiveAlmsRequest {
            entity: lkm(),
            request_id: request("kebajikan", "infak"),
            details: on(4, 2),
            kind: AlmsKind::Infak as i32,
            amount: rupiah(400_000),
            place: place(PlaceKind::Vault),
            giver: None,
            donor: String::new(),
        };
        done(self.remote.syariah().receive_alms(alms).await)?;
        let terms = LoanTerms { contract: LoanContract::Qardh as i32, ..flat("0") };
        let version = version("Qardhul hasan", MINUTE, terms);
        self.loan_product("kebajikan", &lkm(), "kebajikan", version).await?;
        self.agree((4, 15), asked("kebajikan", kube.path(), 300_000, 6), MINUTE).await?;
        self.disburse((4, 16), &lkm_loan("kebajikan"), by_hand(PlaceKind::Bank)).await
    }

    pub(super) async fn pay_qardh(&self, month: i32) -> Told {
        let hands = by_hand(PlaceKind::Bank);
        self.instalment((month, 16), &lkm_loan("kebajikan"), 50_000, hands).await
    }

    /// The LKM's product of goods at cost and margin.
    pub(super) async fn murabahah_product(
        &self,
        of: &str,
        product: &str,
        terms: LoanTerms,
    ) -> Told {
        let terms = LoanTerms { contract: LoanContract::Murabahah as i32, ..terms };
        self.loan_product(of, &lkm(), product, version("Murabahah", MINUTE, terms)).await
    }

    /// One thing, out of the LKM's vault.
    pub(super) async fn buy_goods(&self, day: MonthDay, lot: &str, label: &str, cost: i64) -> Told {
        let vault = Purse::of(lkm(), Fund::SimpanPinjam, PlaceKind::Vault);
        self.buy(vault, request(lot, "beli"), day, one(lot, LotKind::Stock, label, cost)).await
    }

    /// Goods go to the borrower of a murabahah; a KUBE has them as a tool.
    pub(super) async fn hand_over(
        &self,
        (month, day): MonthDay,
        loan: &str,
        lot: &str,
        to_group: bool,
    ) -> Told {
        let sale = v1::SellMurabahahRequest {
            loan: lkm_loan(loan),
            request_id: request(loan, "jual"),
            details: on(month, day),
            lot: format!("{}/lots/{lot}", lkm()),
            new_lot_id: if to_group { lot.to_owned() } else { String::new() },
            new_lot_kind: if to_group { LotKind::Tools as i32 } else { 0 },
        };
        done(self.remote.syariah().sell_murabahah(sale).await)
    }
}

/// Of a product with the loan's own name.
fn asked(loan: &str, borrower: String, amount: i64, instalments: u32) -> v1::ApplyForLoanRequest {
    wish((&lkm(), loan), borrower, loan, amount, instalments)
}
