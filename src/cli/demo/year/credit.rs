//! What the year's loans have in common, from the wish to the payment.

use super::Year;
use super::requests::{
    MonthDay, Told, day_of, done, lkm, minute, on, percent, person, place, request, rupiah,
};
use crate::api::google_type::Money;
use crate::api::v1::{
    self, Handover, HouseholdStatus, LoanFrequency, LoanMethod, LoanPurse, LoanTerms, Means,
    Overpayment, PlaceKind, Recognition, loan_purse, means,
};
use crate::cli::convert::last_part;

/// Whoever decides on products and loans.
pub(super) const MINUTE: &str = "BA-13/2025 (contoh)";

/// Of, or into, a place of the lender's.
pub(super) fn at(kind: PlaceKind) -> Option<LoanPurse> {
    Some(LoanPurse { purse: place(kind).map(loan_purse::Purse::Place) })
}

/// From, or into, a KUBE's savings at the LKM.
pub(super) fn savings() -> Option<LoanPurse> {
    of_kube(means::Means::Savings(true))
}

/// From hand to hand: a KUBE's place, and the LKM's vault.
pub(super) fn by_hand(kube: PlaceKind) -> Option<LoanPurse> {
    of_kube(means::Means::Money(Handover {
        kube_place: place(kube),
        lkm_place: place(PlaceKind::Vault),
    }))
}

fn of_kube(means: means::Means) -> Option<LoanPurse> {
    let means = Means { means: Some(means) };
    Some(LoanPurse { purse: Some(loan_purse::Purse::Means(means)) })
}

/// So much percent a month on what was lent, as income when it is paid; what is too much is kept.
pub(super) fn flat(rate: &str) -> LoanTerms {
    LoanTerms {
        method: LoanMethod::Flat as i32,
        frequency: LoanFrequency::Monthly as i32,
        rate_percent: percent(rate),
        overpayment: Overpayment::Titipan as i32,
        recognition: Recognition::Cash as i32,
        ..LoanTerms::default()
    }
}

pub(super) fn version(label: &str, minute: &str, terms: LoanTerms) -> v1::LoanVersion {
    v1::LoanVersion {
        since: day_of(1, 1),
        label: format!("{label} (contoh)"),
        minute: minute.to_owned(),
        terms: Some(terms),
        most_instalments: 24,
        ..v1::LoanVersion::default()
    }
}

pub(super) fn plan(instalments: u32) -> Option<v1::LoanPlan> {
    Some(v1::LoanPlan { instalments, ..v1::LoanPlan::default() })
}

/// So much of a product of the lender's, for so many instalments.
pub(super) fn wish(
    (lender, loan): (&str, &str),
    borrower: String,
    product: &str,
    amount: i64,
    instalments: u32,
) -> v1::ApplyForLoanRequest {
    v1::ApplyForLoanRequest {
        lender: lender.to_owned(),
        loan_id: loan.to_owned(),
        borrower,
        product_id: product.to_owned(),
        amount: rupiah(amount),
        plan: plan(instalments),
        ..v1::ApplyForLoanRequest::default()
    }
}

/// A loan of the LKM.
pub(super) fn lkm_loan(id: &str) -> String {
    format!("{}/loans/{id}", lkm())
}

/// A customer of the LKM, who is in no group.
pub(super) fn customer(number: u32) -> String {
    format!("{}/members/nb-{number}", lkm())
}

impl Year<'_> {
    pub(super) async fn enrol_customer(&self, number: u32, name: &str) -> Told {
        let asked = request("lkm", &format!("nasabah-{number}"));
        let enrol = v1::EnrolMemberRequest {
            member_id: format!("nb-{number}"),
            status: HouseholdStatus::HampirMiskin as i32,
            ..person(lkm(), asked, number, name, day_of(1, 1))
        };
        done(self.remote.members().enrol_member(enrol).await)
    }

    pub(super) async fn loan_product(
        &self,
        of: &str,
        lender: &str,
        product: &str,
        version: v1::LoanVersion,
    ) -> Told {
        let set = v1::SetLoanProductRequest {
            entity: lender.to_owned(),
            request_id: request(of, "produk"),
            product_id: product.to_owned(),
            version: Some(version),
        };
        done(self.remote.loans().set_loan_product(set).await)
    }

    /// Asked for and confirmed.
    pub(super) async fn ask(&self, (month, day): MonthDay, wish: v1::ApplyForLoanRequest) -> Told {
        let mut loans = self.remote.loans();
        let loan = format!("{}/loans/{}", wish.lender, wish.loan_id);
        let confirm = v1::ConfirmLoanRequest {
            loan,
            request_id: request(&wish.loan_id, "benarkan"),
            details: on(month, day),
        };
        let wish = v1::ApplyForLoanRequest {
            request_id: request(&wish.loan_id, "ajukan"),
            details: on(month, day),
            ..wish
        };
        done(loans.apply_for_loan(wish).await)?;
        done(loans.confirm_loan(confirm).await)
    }

    /// Approved, or turned down, by minute.
    pub(super) async fn decide_loan(
        &self,
        (month, day): MonthDay,
        loan: &str,
        number: &str,
        approve: bool,
    ) -> Told {
        let decide = v1::DecideLoanRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), "putuskan"),
            details: minute(month, day, number),
            approve,
            amount: None,
            minute: number.to_owned(),
        };
        done(self.remote.loans().decide_loan(decide).await)
    }

    /// Asked for and confirmed on a day, approved on the next.
    pub(super) async fn agree(
        &self,
        (month, day): MonthDay,
        wish: v1::ApplyForLoanRequest,
        number: &str,
    ) -> Told {
        let loan = format!("{}/loans/{}", wish.lender, wish.loan_id);
        self.ask((month, day), wish).await?;
        self.decide_loan((month, day + 1), &loan, number, true).await
    }

    /// All of a loan, in one hand; a fee is kept of it.
    pub(super) async fn disburse(
        &self,
        (month, day): MonthDay,
        loan: &str,
        purse: Option<LoanPurse>,
    ) -> Told {
        let disburse = v1::DisburseLoanRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), "cairkan"),
            details: on(month, day),
            purse,
            ..v1::DisburseLoanRequest::default()
        };
        done(self.remote.loans().disburse_loan(disburse).await)
    }

    /// The payment of a month.
    pub(super) async fn instalment(
        &self,
        (month, day): MonthDay,
        loan: &str,
        much: i64,
        purse: Option<LoanPurse>,
    ) -> Told {
        self.pay((month, day), loan, &format!("angsuran-{month}"), much, purse).await
    }

    pub(super) async fn pay(
        &self,
        (month, day): MonthDay,
        loan: &str,
        step: &str,
        much: i64,
        purse: Option<LoanPurse>,
    ) -> Told {
        let pay = v1::PayLoanRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), step),
            details: on(month, day),
            amount: rupiah(much),
            purse,
        };
        done(self.remote.loans().pay_loan(pay).await)
    }

    /// All that is left of a loan, and how much of it is remitted, where the lender names that.
    pub(super) async fn settle(
        &self,
        (month, day): MonthDay,
        loan: &str,
        (much, rebate): (i64, Option<Money>),
        purse: Option<LoanPurse>,
    ) -> Told {
        let settle = v1::SettleLoanRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), "lunas"),
            details: on(month, day),
            amount: rupiah(much),
            purse,
            rebate,
        };
        done(self.remote.loans().settle_loan(settle).await)
    }

    /// Somebody spoke with a borrower.
    pub(super) async fn talk(
        &self,
        (month, day): MonthDay,
        loan: &str,
        who: &str,
        note: &str,
    ) -> Told {
        let contact = v1::RecordContactRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), &format!("hubungi-{month}")),
            on: day_of(month, day),
            who: who.to_owned(),
            note: note.to_owned(),
        };
        done(self.remote.portfolio().record_contact(contact).await)
    }

    /// Somebody at the lender looks after a loan.
    pub(super) async fn assign(&self, (month, day): MonthDay, loan: &str, officer: &str) -> Told {
        let assign = v1::AssignLoanRequest {
            loan: loan.to_owned(),
            request_id: request(last_part(loan), "petugas"),
            details: on(month, day),
            officer: officer.to_owned(),
        };
        done(self.remote.portfolio().assign_loan(assign).await)
    }

    /// What was recorded of a loan is taken back.
    pub(super) async fn undo(&self, day: MonthDay, of: &str, step: &str, why: &str) -> Told {
        let (wrong, asked) = (request(of, step), request(of, &format!("{step}-batal")));
        self.take_back(&wrong, asked, day, why, 0).await
    }
}
