//! Two loans: the LKM lends to Wsehati, and Wsehati to one of its members. Both are paid every
//! month, and neither is paid off when the year ends.

use super::credit::{at, flat, percent, plan, savings, version};
use super::{Kube, Told, Year, lkm, rupiah};
use crate::api::v1::{self, LoanPurse, LoanTerms, PlaceKind};

/// The group that borrows and lends.
const GROUP: &str = "wsehati";
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
    /// What a month brings of loans.
    pub(super) async fn loans(&self, kube: &Kube, month: i32) -> Told {
        if kube.id() != GROUP {
            return Ok(());
        }
        let (group, member) = (of_group(kube), of_member(kube));
        let paid = async |lent: &Lent, much| {
            self.instalment((month, 6), &lent.name(), much, lent.purse.clone()).await
        };
        match month {
            2 => self.lend(&group, month, 20_000).await,
            3 => {
                paid(&group, 220_000).await?;
                self.lend(&member, month, 0).await
            }
            4..=7 => {
                paid(&group, 220_000).await?;
                paid(&member, 105_000).await
            }
            8 => paid(&group, 220_000).await,
            _ => Ok(()),
        }
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
        let wish = v1::ApplyForLoanRequest {
            lender: lent.lender.clone(),
            loan_id: lent.loan.to_owned(),
            borrower: lent.borrower.clone(),
            product_id: PRODUCT.to_owned(),
            amount: rupiah(lent.amount),
            plan: plan(lent.instalments),
            purpose: "modal usaha (contoh)".to_owned(),
            ..v1::ApplyForLoanRequest::default()
        };
        self.agree((month, 5), wish, "BA-11/2025 (contoh)").await?;
        self.disburse((month, 6), &lent.name(), lent.purse.clone()).await
    }
}
