//! Two loans: the LKM lends to Wsehati, and Wsehati to one of its members. Both are paid every
//! month, and neither is paid off when the year ends.

use super::{Kube, Told, Year, day_of, done, lkm, minute, on, place, request, rupiah};
use crate::api::google_type::Decimal;
use crate::api::v1::{
    self, LoanFrequency, LoanMethod, LoanPurse, Means, Overpayment, PlaceKind, Recognition,
    loan_purse, means,
};

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

fn percent(text: &str) -> Option<Decimal> {
    Some(Decimal { value: text.to_owned() })
}

/// From, or into, the group's savings at the LKM.
fn of_group(kube: &Kube) -> Lent {
    let savings = Means { means: Some(means::Means::Savings(true)) };
    Lent {
        lender: lkm(),
        loan: "usaha-wsehati",
        borrower: kube.path(),
        amount: 2_000_000,
        instalments: 10,
        purse: Some(LoanPurse { purse: Some(loan_purse::Purse::Means(savings)) }),
    }
}

/// From, or into, the group's tin.
fn of_member(kube: &Kube) -> Lent {
    let purse = place(PlaceKind::Cash).map(loan_purse::Purse::Place);
    Lent {
        lender: kube.path(),
        loan: "pinjaman-1",
        borrower: kube.member(3),
        amount: 500_000,
        instalments: 5,
        purse: Some(LoanPurse { purse }),
    }
}

impl Year<'_> {
    /// What a month brings of loans.
    pub(super) async fn loans(&self, kube: &Kube, month: i32) -> Told {
        if kube.id() != GROUP {
            return Ok(());
        }
        match month {
            2 => self.lend(&of_group(kube), month, 20_000).await,
            3 => {
                self.pay(&of_group(kube), month, 220_000).await?;
                self.lend(&of_member(kube), month, 0).await
            }
            4..=7 => {
                self.pay(&of_group(kube), month, 220_000).await?;
                self.pay(&of_member(kube), month, 105_000).await
            }
            8 => self.pay(&of_group(kube), month, 220_000).await,
            _ => Ok(()),
        }
    }

    /// From the wish to the money in hand, at 1% a month flat.
    async fn lend(&self, lent: &Lent, month: i32, fee: i64) -> Told {
        let id = |step: &str| request(lent.loan, step);
        let loan = format!("{}/loans/{}", lent.lender, lent.loan);
        let mut loans = self.remote.loans();
        let product = v1::SetLoanProductRequest {
            entity: lent.lender.clone(),
            request_id: id("produk"),
            product_id: PRODUCT.to_owned(),
            version: Some(version(fee)),
        };
        done(loans.set_loan_product(product).await)?;
        let wish = v1::ApplyForLoanRequest {
            lender: lent.lender.clone(),
            request_id: id("ajukan"),
            details: on(month, 5),
            loan_id: lent.loan.to_owned(),
            borrower: lent.borrower.clone(),
            product_id: PRODUCT.to_owned(),
            amount: rupiah(lent.amount),
            plan: Some(v1::LoanPlan { instalments: lent.instalments, ..Default::default() }),
            purpose: "modal usaha (contoh)".to_owned(),
            ..Default::default()
        };
        done(loans.apply_for_loan(wish).await)?;
        let (request_id, details) = (id("benarkan"), on(month, 5));
        let confirm = v1::ConfirmLoanRequest { loan: loan.clone(), request_id, details };
        done(loans.confirm_loan(confirm).await)?;
        let decide = v1::DecideLoanRequest {
            loan: loan.clone(),
            request_id: id("putuskan"),
            details: minute(month, 6, "BA-11/2025 (contoh)"),
            approve: true,
            amount: None,
            minute: "BA-11/2025 (contoh)".to_owned(),
        };
        done(loans.decide_loan(decide).await)?;
        let disburse = v1::DisburseLoanRequest {
            loan,
            request_id: id("cairkan"),
            details: on(month, 6),
            amount: None,
            fee_beside: false,
            purse: lent.purse.clone(),
        };
        done(loans.disburse_loan(disburse).await)
    }

    async fn pay(&self, lent: &Lent, month: i32, much: i64) -> Told {
        let payment = v1::PayLoanRequest {
            loan: format!("{}/loans/{}", lent.lender, lent.loan),
            request_id: request(lent.loan, &format!("angsuran-{month}")),
            details: on(month, 6),
            amount: rupiah(much),
            purse: lent.purse.clone(),
        };
        done(self.remote.loans().pay_loan(payment).await)
    }
}

fn version(fee: i64) -> v1::LoanVersion {
    v1::LoanVersion {
        since: day_of(1, 1),
        label: "Pinjaman biasa (contoh)".to_owned(),
        minute: "BA-10/2025 (contoh)".to_owned(),
        terms: Some(v1::LoanTerms {
            method: LoanMethod::Flat as i32,
            frequency: LoanFrequency::Monthly as i32,
            rate_percent: percent("1"),
            fee: rupiah(fee).filter(|fee| fee.units > 0),
            overpayment: Overpayment::Titipan as i32,
            recognition: Recognition::Cash as i32,
            rebate_percent: percent("100"),
            ..v1::LoanTerms::default()
        }),
        most: rupiah(10_000_000),
        most_instalments: 24,
        ..v1::LoanVersion::default()
    }
}
