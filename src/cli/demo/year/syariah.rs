//! Two syariah contracts of the LKM: Usaha Mekar buys a sewing machine on murabahah and pays it
//! from its savings, Merpati borrows a qardhul hasan out of infak and pays it back.

use super::{Kube, Told, Year, day_of, done, lkm, minute, on, place, request, rupiah};
use crate::api::google_type::Decimal;
use crate::api::v1::{
    self, AlmsKind, Fund, Handover, LoanContract, LoanFrequency, LoanMethod, LoanPurse, LotKind,
    Means, NewLot, Overpayment, PlaceKind, Recognition, loan_purse, means, purchase_request,
};

/// Whoever decided on both.
const MINUTE: &str = "BA-12/2025 (contoh)";

/// The group's savings at the LKM.
fn savings() -> Option<LoanPurse> {
    purse(means::Means::Savings(true))
}

/// From hand to hand: the group's bank account, and the LKM's vault.
fn by_hand() -> Option<LoanPurse> {
    let money = Handover { kube_place: place(PlaceKind::Bank), lkm_place: place(PlaceKind::Vault) };
    purse(means::Means::Money(money))
}

fn purse(means: means::Means) -> Option<LoanPurse> {
    let means = Means { means: Some(means) };
    Some(LoanPurse { purse: Some(loan_purse::Purse::Means(means)) })
}

impl Year<'_> {
    /// What a month brings of syariah contracts.
    pub(super) async fn syariah(&self, kube: &Kube, month: i32) -> Told {
        match (kube.id().as_str(), month) {
            ("usaha-mekar", 3) => self.murabahah(kube).await,
            ("usaha-mekar", 4..=12) => self.instalment("mesin-jahit", month, 55_000).await,
            ("merpati", 4) => self.qardh(kube).await,
            ("merpati", 5..=10) => self.instalment("kebajikan", month, 50_000).await,
            _ => Ok(()),
        }
    }

    /// Bought for 600.000, sold for 660.000 in twelve months.
    async fn murabahah(&self, kube: &Kube) -> Told {
        let buy = v1::PurchaseRequest {
            entity: lkm(),
            request_id: request("murabahah", "beli"),
            details: on(3, 15),
            fund: Fund::SimpanPinjam as i32,
            items: vec![NewLot {
                lot_id: "mesin-jahit".to_owned(),
                kind: LotKind::Stock as i32,
                label: "mesin jahit".to_owned(),
                unit: "buah".to_owned(),
                quantity: Some(Decimal { value: "1".to_owned() }),
                cost: rupiah(600_000),
            }],
            payment: place(PlaceKind::Vault).map(purchase_request::Payment::PaidFrom),
            ..v1::PurchaseRequest::default()
        };
        done(self.remote.trade().purchase(buy).await)?;
        let terms = (LoanContract::Murabahah, 60_000, 12);
        self.approve("mesin-jahit", kube, 600_000, terms, 3).await?;
        let sale = v1::SellMurabahahRequest {
            loan: format!("{}/loans/mesin-jahit", lkm()),
            request_id: request("murabahah", "jual"),
            details: on(3, 16),
            lot: format!("{}/lots/mesin-jahit", lkm()),
            new_lot_id: "mesin-jahit".to_owned(),
            new_lot_kind: LotKind::Tools as i32,
        };
        done(self.remote.syariah().sell_murabahah(sale).await)
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
        self.approve("kebajikan", kube, 300_000, (LoanContract::Qardh, 0, 6), 4).await?;
        let disburse = v1::DisburseLoanRequest {
            loan: format!("{}/loans/kebajikan", lkm()),
            request_id: request("kebajikan", "cairkan"),
            details: on(4, 16),
            amount: None,
            fee_beside: false,
            purse: by_hand(),
        };
        done(self.remote.loans().disburse_loan(disburse).await)
    }

    /// From the product to the approval.
    async fn approve(
        &self,
        loan: &str,
        kube: &Kube,
        amount: i64,
        (contract, margin, instalments): (LoanContract, i64, u32),
        month: i32,
    ) -> Told {
        let mut loans = self.remote.loans();
        let id = |step: &str| request(loan, step);
        let product = v1::SetLoanProductRequest {
            entity: lkm(),
            request_id: id("produk"),
            product_id: loan.to_owned(),
            version: Some(version(contract)),
        };
        done(loans.set_loan_product(product).await)?;
        let wish = v1::ApplyForLoanRequest {
            lender: lkm(),
            request_id: id("ajukan"),
            details: on(month, 15),
            loan_id: loan.to_owned(),
            borrower: kube.path(),
            product_id: loan.to_owned(),
            amount: rupiah(amount),
            plan: Some(v1::LoanPlan { instalments, ..v1::LoanPlan::default() }),
            margin: rupiah(margin).filter(|margin| margin.units > 0),
            ..v1::ApplyForLoanRequest::default()
        };
        done(loans.apply_for_loan(wish).await)?;
        let name = format!("{}/loans/{loan}", lkm());
        let confirm = v1::ConfirmLoanRequest {
            loan: name.clone(),
            request_id: id("benarkan"),
            details: on(month, 15),
        };
        done(loans.confirm_loan(confirm).await)?;
        let decide = v1::DecideLoanRequest {
            loan: name,
            request_id: id("putuskan"),
            details: minute(month, 16, MINUTE),
            approve: true,
            amount: None,
            minute: MINUTE.to_owned(),
        };
        done(loans.decide_loan(decide).await)
    }

    async fn instalment(&self, loan: &str, month: i32, much: i64) -> Told {
        let payment = v1::PayLoanRequest {
            loan: format!("{}/loans/{loan}", lkm()),
            request_id: request(loan, &format!("angsuran-{month}")),
            details: on(month, 16),
            amount: rupiah(much),
            purse: if loan == "kebajikan" { by_hand() } else { savings() },
        };
        done(self.remote.loans().pay_loan(payment).await)
    }
}

/// Neither has jasa, a fee or a rebate.
fn version(contract: LoanContract) -> v1::LoanVersion {
    let label = match contract {
        LoanContract::Murabahah => "Murabahah (contoh)",
        LoanContract::Qardh | LoanContract::Unspecified => "Qardhul hasan (contoh)",
    };
    v1::LoanVersion {
        since: day_of(1, 1),
        label: label.to_owned(),
        minute: MINUTE.to_owned(),
        terms: Some(v1::LoanTerms {
            method: LoanMethod::Flat as i32,
            frequency: LoanFrequency::Monthly as i32,
            rate_percent: Some(Decimal { value: "0".to_owned() }),
            overpayment: Overpayment::Titipan as i32,
            recognition: Recognition::Cash as i32,
            contract: contract as i32,
            ..v1::LoanTerms::default()
        }),
        most_instalments: 24,
        ..v1::LoanVersion::default()
    }
}
