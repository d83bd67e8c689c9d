//! Customers of the LKM who are in no group, and pay: Orpa, for whom Embun stands in once; Musa, who
//! is an officer of the LKM, and whose instalments are taken from what he saves. And what the LKM
//! allows itself.

use super::Year;
use super::among::EMBUN;
use super::credit::{MINUTE, at, customer, flat, lkm_loan, version, wish};
use super::deeds::BAG;
use super::requests::{Told, day_of, done, lkm, on, percent, place, request, rupiah};
use crate::api::v1::{
    self, BoundEffect, BoundedFigure, Handover, LoanTerms, Means, PlaceKind, Regime, SavingsKind,
    loan_purse, means,
};

/// The LKM's product for them.
pub(super) const PERSONAL: &str = "perorangan";
const ORPA: &str = "warung-1";
const MUSA: &str = "motor-2";

/// Into, or out of, the LKM's vault.
pub(super) fn vault() -> Option<v1::LoanPurse> {
    at(PlaceKind::Vault)
}

/// A customer's wish.
pub(super) fn personal(
    loan: &str,
    number: u32,
    amount: i64,
    months: u32,
) -> v1::ApplyForLoanRequest {
    wish((&lkm(), loan), customer(number), PERSONAL, amount, months)
}

impl Year<'_> {
    /// What a month brings of them.
    pub(super) async fn customers(&self, month: i32) -> Told {
        let loan = lkm_loan(ORPA);
        match month {
            1 => self.open_to_customers().await,
            3 => {
                let wish = v1::ApplyForLoanRequest {
                    surety: EMBUN.path(),
                    ..personal(ORPA, 1, 400_000, 4)
                };
                self.agree((3, 4), wish, MINUTE).await?;
                self.disburse((3, 6), &loan, vault()).await
            }
            4 => self.by_collector(&loan).await,
            5 => self.group_stands_in(&loan).await,
            6 => {
                self.instalment((6, 6), &loan, 104_000, vault()).await?;
                self.repay_group(&loan).await
            }
            7 => self.instalment((7, 6), &loan, 104_000, vault()).await,
            9 => self.lend_to_officer().await,
            _ => Ok(()),
        }
    }

    /// Who they are; a product at 1% a month flat; and bounds, set by the LKM's own meeting.
    async fn open_to_customers(&self) -> Told {
        let names = [
            "Orpa", "Musa", "Debora", "Eben", "Hana", "Yunus", "Silas", "Tabita", "Efraim",
            "Lidia", "Natan", "Dina", "Gideon",
        ];
        for (number, name) in (1..).zip(names) {
            self.enrol_customer(number, name).await?;
        }
        let name_officer = v1::NameOfficerRequest {
            member: customer(2),
            request_id: request("lkm", "pengurus-nb-2"),
            details: on(1, 2),
            since: day_of(1, 2),
            leaves: false,
        };
        done(self.remote.portfolio().name_officer(name_officer).await)?;
        let terms = LoanTerms { rebate_percent: percent("100"), ..flat("1") };
        let version = version("Pinjaman perorangan", MINUTE, terms);
        self.loan_product(PERSONAL, &lkm(), PERSONAL, version).await?;
        self.bounds().await
    }

    /// Of jasa a year, of what officers owe, of loans that are not paid, and of ready money.
    async fn bounds(&self) -> Told {
        let bounds = [
            (BoundedFigure::LoanRate, "jasa", None, percent("24"), BoundEffect::Refuse),
            (BoundedFigure::Officers, "pengurus", None, percent("10"), BoundEffect::Warn),
            (BoundedFigure::NplNet, "npl", None, percent("5"), BoundEffect::Warn),
            (BoundedFigure::Liquidity, "likuiditas", percent("4"), None, BoundEffect::Warn),
        ];
        for (figure, step, at_least, at_most, effect) in bounds {
            let bound = v1::RegimeBound {
                at_least,
                at_most,
                source: "Rapat pengurus (contoh)".to_owned(),
                regime: Regime::LkmOjk as i32,
                figure: figure as i32,
                effect: effect as i32,
                since: day_of(1, 2),
                minute: MINUTE.to_owned(),
            };
            let set = v1::SetRegimeBoundRequest {
                lkm: lkm(),
                request_id: request("lkm", &format!("batas-{step}")),
                bound: Some(bound),
            };
            done(self.remote.portfolio().set_regime_bound(set).await)?;
        }
        Ok(())
    }

    /// April's instalment goes into the collector's bag, and into the vault the day after.
    async fn by_collector(&self, loan: &str) -> Told {
        let bag = v1::LoanPurse { purse: Some(loan_purse::Purse::Bag(BAG.to_owned())) };
        self.instalment((4, 6), loan, 104_000, Some(bag)).await?;
        self.hand_in(request(ORPA, "setor"), (4, 7), 104_000, PlaceKind::Vault).await
    }

    /// May's is two weeks late, and Embun pays it out of its tin.
    async fn group_stands_in(&self, loan: &str) -> Told {
        let money =
            Handover { kube_place: place(PlaceKind::Cash), lkm_place: place(PlaceKind::Vault) };
        let stand_in = v1::GroupStandsInRequest {
            loan: loan.to_owned(),
            request_id: request(ORPA, "tanggung-kelompok"),
            details: on(5, 20),
            amount: rupiah(104_000),
            means: Some(Means { means: Some(means::Means::Money(money)) }),
        };
        done(self.remote.loans().group_stands_in(stand_in).await)
    }

    /// Of what Embun paid for her Orpa gives a part back.
    async fn repay_group(&self, loan: &str) -> Told {
        let repay = v1::RepayClaimRequest {
            loan: loan.to_owned(),
            request_id: request(ORPA, "ganti-embun"),
            details: on(6, 12),
            payer: EMBUN.path(),
            amount: rupiah(64_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.loans().repay_claim(repay).await)
    }

    /// A million for ten months; each day's closing takes what is due from his savings.
    async fn lend_to_officer(&self) -> Told {
        let wish = v1::ApplyForLoanRequest { auto_debit: true, ..personal(MUSA, 2, 1_000_000, 10) };
        self.agree((9, 8), wish, MINUTE).await?;
        self.disburse((9, 10), &lkm_loan(MUSA), vault()).await?;
        let (asked, much) = (request(MUSA, "tabung"), (SavingsKind::Sukarela, 350_000));
        self.save(customer(2), asked, (9, 12), much, PlaceKind::Vault).await
    }
}
