//! Two syariah contracts of the LKM: Usaha Mekar buys a sewing machine on murabahah and pays it
//! from its savings, Merpati borrows a qardhul hasan out of infak and pays it back.

use super::credit::{by_hand, flat, lkm_loan, plan, savings, version};
use super::{Kube, Told, Year, done, lkm, on, place, request, rupiah};
use crate::api::google_type::Decimal;
use crate::api::v1::{
    self, AlmsKind, Fund, LoanContract, LoanTerms, LotKind, NewLot, PlaceKind, purchase_request,
};

/// Whoever decided on both.
const MINUTE: &str = "BA-12/2025 (contoh)";

impl Year<'_> {
    /// What a month brings of syariah contracts.
    pub(super) async fn syariah(&self, kube: &Kube, month: i32) -> Told {
        let day = (month, 16);
        match (kube.id().as_str(), month) {
            ("usaha-mekar", 3) => self.murabahah(kube).await,
            ("usaha-mekar", 4..=12) => {
                self.instalment(day, &lkm_loan("mesin-jahit"), 55_000, savings()).await
            }
            ("merpati", 4) => self.qardh(kube).await,
            ("merpati", 5..=10) => {
                let hands = by_hand(PlaceKind::Bank);
                self.instalment(day, &lkm_loan("kebajikan"), 50_000, hands).await
            }
            _ => Ok(()),
        }
    }

    /// Bought for 600.000, sold for 660.000 in twelve months.
    async fn murabahah(&self, kube: &Kube) -> Told {
        self.buy_goods((3, 15), "mesin-jahit", "mesin jahit", 600_000).await?;
        self.murabahah_product("mesin-jahit", "mesin-jahit", flat("0")).await?;
        let wish = v1::ApplyForLoanRequest {
            margin: rupiah(60_000),
            ..asked("mesin-jahit", kube.path(), 600_000, 12)
        };
        self.agree((3, 15), wish, MINUTE).await?;
        self.hand_over((3, 16), "mesin-jahit", "mesin-jahit", true).await
    }

    /// Infak of 400.000 comes in, and 300.000 of it go out for six months.
    async fn qardh(&self, kube: &Kube) -> Told {
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
    pub(super) async fn buy_goods(
        &self,
        (month, day): (i32, i32),
        lot: &str,
        label: &str,
        cost: i64,
    ) -> Told {
        let buy = v1::PurchaseRequest {
            entity: lkm(),
            request_id: request(lot, "beli"),
            details: on(month, day),
            fund: Fund::SimpanPinjam as i32,
            items: vec![NewLot {
                lot_id: lot.to_owned(),
                kind: LotKind::Stock as i32,
                label: label.to_owned(),
                unit: "buah".to_owned(),
                quantity: Some(Decimal { value: "1".to_owned() }),
                cost: rupiah(cost),
            }],
            payment: place(PlaceKind::Vault).map(purchase_request::Payment::PaidFrom),
            ..v1::PurchaseRequest::default()
        };
        done(self.remote.trade().purchase(buy).await)
    }

    /// Goods go to the borrower of a murabahah; a KUBE has them as a tool.
    pub(super) async fn hand_over(
        &self,
        (month, day): (i32, i32),
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
    v1::ApplyForLoanRequest {
        lender: lkm(),
        loan_id: loan.to_owned(),
        borrower,
        product_id: loan.to_owned(),
        amount: rupiah(amount),
        plan: plan(instalments),
        ..v1::ApplyForLoanRequest::default()
    }
}
