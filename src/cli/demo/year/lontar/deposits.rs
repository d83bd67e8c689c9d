//! Money put away for a time: one deposit begins again with what it earned, one is broken early, one
//! goes to heirs, and the group's matures into its savings. Profit shared with the group's savings; a
//! loan whose instalments the day's closing takes from savings.

use super::super::closing::number;
use super::super::{Told, day_of, done, minute, on, rupiah};
use super::{Lontar, asked, group, lkm, saver, tin, vault};
use crate::api::v1::{
    self, Fund, Handover, LoanFrequency, LoanMethod, LoanPurse, Means, MemberMeans, OnMaturity,
    Overpayment, Recognition, SavingsSort, loan_purse, means, member_means,
};
use crate::cli::convert::date;
use crate::domain::day::Day;

/// What the second member pays back each month: a third of Rp12.000.000, and 2% of it.
const INSTALMENT: i64 = 4_000_000 + 240_000;

fn by_hand() -> Option<MemberMeans> {
    Some(MemberMeans { means: vault().map(member_means::Means::Place) })
}

impl Lontar<'_> {
    /// On the first of August, at 8% a year.
    pub(super) async fn put_away(&self) -> Told {
        let product = format!("{}/term-products/berjangka", lkm());
        let next_february = Day::from_ymd(super::super::YEAR + 1, 2, 1).and_then(date);
        for (id, owner, much, matures_on) in [
            ("d-1", 6, 3_000_000, day_of(11, 1)),
            ("d-2", 7, 2_000_000, next_february),
            ("d-3", 10, 600_000, next_february),
        ] {
            let open = v1::OpenMemberDepositRequest {
                member: saver(owner),
                request_id: asked(id),
                details: on(8, 1),
                deposit_id: id.to_owned(),
                product: product.clone(),
                amount: rupiah(much),
                matures_on,
                means: by_hand(),
                on_maturity: OnMaturity::RollOver as i32,
            };
            done(self.remote.products().open_member_deposit(open).await)?;
        }
        let money = Handover { kube_place: tin(), lkm_place: vault() };
        let open = v1::OpenTermDepositRequest {
            group: group(),
            request_id: asked("sasando-deposito"),
            details: on(8, 1),
            deposit_id: "k-1".to_owned(),
            fund: Fund::Uep as i32,
            amount: rupiah(1_000_000),
            matures_on: day_of(11, 1),
            means: Some(Means { means: Some(means::Means::Money(money)) }),
            on_maturity: OnMaturity::Savings as i32,
            product,
        };
        done(self.remote.links().open_term_deposit(open).await)
    }

    /// The seventh member needs the money before its time, and half of what it earned is lost.
    pub(super) async fn break_early(&self) -> Told {
        let close = v1::CloseMemberDepositRequest {
            deposit: format!("{}/member-deposits/d-2", lkm()),
            request_id: asked("d-2-cair"),
            details: on(11, 10),
            means: by_hand(),
            minute: String::new(),
        };
        done(self.remote.products().close_member_deposit(close).await)
    }

    /// Of Rp1.000.000 earned in the third quarter the groups' nisbah is 30%.
    pub(super) async fn share_profit(&self) -> Told {
        let share = v1::DecideSavingsShareRequest {
            entity: lkm(),
            request_id: asked("bagi-hasil"),
            decided_on: day_of(10, 1),
            share_id: "triwulan-3".to_owned(),
            sort: SavingsSort::Kube as i32,
            from: day_of(7, 1),
            through: day_of(9, 30),
            earned: rupiah(1_000_000),
            minute: "BA-3/2025 (contoh)".to_owned(),
            product: String::new(),
        };
        done(self.remote.products().decide_savings_share(share).await)
    }

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
            plan: Some(v1::LoanPlan { instalments: 3, ..v1::LoanPlan::default() }),
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
            purse: Some(LoanPurse { purse: vault().map(loan_purse::Purse::Place) }),
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
        minute: "BA-1/2025 (contoh)".to_owned(),
        terms: Some(v1::LoanTerms {
            method: LoanMethod::Flat as i32,
            frequency: LoanFrequency::Monthly as i32,
            rate_percent: number("2"),
            overpayment: Overpayment::Titipan as i32,
            recognition: Recognition::Cash as i32,
            ..v1::LoanTerms::default()
        }),
        most_instalments: 12,
        ..v1::LoanVersion::default()
    }
}
