//! A loan whose instalments the day's closing takes from the borrower's savings.

use super::super::credit::{at, flat, plan};
use super::super::requests::{Told, day_of, done, minute, on, rupiah};
use super::{Lontar, MINUTE, asked, lkm, saver};
use crate::api::v1::{self, PlaceKind};

/// What the second member pays back each month: a third of Rp12.000.000, and 2% of it.
const INSTALMENT: i64 = 4_000_000 + 240_000;

impl Lontar<'_> {
    /// The second member borrows for three months; what is due is taken from her savings.
    pub(super) async fn borrow_from_savings(&self) -> Told {
        let mut loans = self.remote.loans();
        let (loan, decided) = (format!("{}/loans/kios-m02", lkm()), "BA-2/2025 (contoh)");
        let product = v1::SetLoanProductRequest {
            entity: lkm(),
            request_id: asked("pinjaman-produk"),
            product_id: "biasa".to_owned(),
            version: Some(version()),
        };
        done(loans.set_loan_product(product).await)?;
        let wish = v1::ApplyForLoanRequest {
            lender: lkm(),
            request_id: asked("pinjaman-ajukan"),
            details: on(9, 9),
            loan_id: "kios-m02".to_owned(),
            borrower: saver(2),
            product_id: "biasa".to_owned(),
            amount: rupiah(12_000_000),
            plan: plan(3),
            purpose: "isi kios (contoh)".to_owned(),
            auto_debit: true,
            ..v1::ApplyForLoanRequest::default()
        };
        done(loans.apply_for_loan(wish).await)?;
        let confirm = v1::ConfirmLoanRequest {
            loan: loan.clone(),
            request_id: asked("pinjaman-benarkan"),
            details: on(9, 9),
        };
        done(loans.confirm_loan(confirm).await)?;
        let decide = v1::DecideLoanRequest {
            loan: loan.clone(),
            request_id: asked("pinjaman-putuskan"),
            details: minute(9, 10, decided),
            approve: true,
            amount: None,
            minute: decided.to_owned(),
        };
        done(loans.decide_loan(decide).await)?;
        let disburse = v1::DisburseLoanRequest {
            loan,
            request_id: asked("pinjaman-cairkan"),
            details: on(9, 10),
            amount: None,
            fee_beside: false,
            purse: at(PlaceKind::Vault),
        };
        done(loans.disburse_loan(disburse).await)
    }

    /// The day before an instalment is due she brings it as savings.
    pub(super) async fn save_instalment(&self, month: i32) -> Told {
        self.save(2, &format!("setor-{month}"), (month, 9), INSTALMENT).await
    }
}

/// 2% a month, flat.
fn version() -> v1::LoanVersion {
    v1::LoanVersion {
        since: day_of(7, 1),
        label: "Pinjaman biasa (contoh)".to_owned(),
        minute: MINUTE.to_owned(),
        terms: Some(flat("2")),
        most_instalments: 12,
        ..v1::LoanVersion::default()
    }
}
