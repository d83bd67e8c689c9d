//! Two loans: the LKM lends to Wsehati, and Wsehati to one of its members. Both are paid every
//! month, and neither is paid off when the year ends.

use super::Year;
use super::credit::{at, flat, savings, version, wish};
use super::kubes::Kube;
use super::requests::{Told, lkm, percent, rupiah};
use crate::api::v1::{self, LoanPurse, LoanTerms, PlaceKind};

const PRODUCT: &str = "biasa";

/// One of the two.
struct Lent {
    lender: String,
    loan: &'static str,
    borrower: String,
    amount: i64,
    instalments: u32,
    purse: Option<LoanPurse>,
}

impl Lent {
    fn name(&self) -> String {
        format!("{}/loans/{}", self.lender, self.loan)
    }
}

/// From, or into, the group's savings at the LKM.
fn of_group(kube: &Kube) -> Lent {
    Lent {
        lender: lkm(),
        loan: "usaha-wsehati",
        borrower: kube.path(),
        amount: 2_000_000,
        instalments: 10,
        purse: savings(),
    }
}

/// From, or into, the group's tin.
fn of_member(kube: &Kube) -> Lent {
    Lent {
        lender: kube.path(),
        loan: "pinjaman-1",
        borrower: kube.member(3),
        amount: 500_000,
        instalments: 5,
        purse: at(PlaceKind::Cash),
    }
}

impl Year<'_> {
    /// The LKM keeps a fee of what it lends.
    pub(super) async fn borrow(&self, kube: &Kube) -> Told {
        self.lend(&of_group(kube), 2, 20_000).await
    }

    pub(super) async fn pay_lkm(&self, kube: &Kube, month: i32) -> Told {
        let lent = of_group(kube);
        self.instalment((month, 6), &lent.name(), 220_000, lent.purse).await
    }

    pub(super) async fn lend_to_member(&self, kube: &Kube) -> Told {
        self.lend(&of_member(kube), 3, 0).await
    }

    pub(super) async fn member_pays(&self, kube: &Kube, month: i32) -> Told {
        let lent = of_member(kube);
        self.instalment((month, 6), &lent.name(), 105_000, lent.purse).await
    }

    /// From the wish to the money in hand, at 1% a month flat.
    async fn lend(&self, lent: &Lent, month: i32, fee: i64) -> Told {
        let terms = LoanTerms {
            fee: rupiah(fee).filter(|fee| fee.units > 0),
            rebate_percent: percent("100"),
            ..flat("1")
        };
        let most = rupiah(10_000_000);
        let version =
            v1::LoanVersion { most, ..version("Pinjaman biasa", "BA-10/2025 (contoh)", terms) };
        self.loan_product(lent.loan, &lent.lender, PRODUCT, version).await?;
        let (of, borrower) = ((lent.lender.as_str(), lent.loan), lent.borrower.clone());
        let wish = v1::ApplyForLoanRequest {
            purpose: "modal usaha (contoh)".to_owned(),
            ..wish(of, borrower, PRODUCT, lent.amount, lent.instalments)
        };
        self.agree((month, 5), wish, "BA-11/2025 (contoh)").await?;
        self.disburse((month, 6), &lent.name(), lent.purse.clone()).await
    }
}
