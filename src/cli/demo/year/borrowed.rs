//! Money that is borrowed: the LKM's of a bank, Embun's of a shop, and Embun's of the LKM twice. One
//! of these comes in tranches, is paid off early, and its promptness rewarded; the other cannot be
//! paid after a drought and gets a new plan at a lower rate.

use super::Year;
use super::among::EMBUN;
use super::credit::{MINUTE, by_hand, flat, lkm_loan, plan, version, wish};
use super::requests::{MonthDay, Told, done, lkm, minute, on, percent, place, request, rupiah};
use crate::api::v1::{self, LoanMethod, LoanTerms, PartyKind, PlaceKind, Recognition};

/// The loan that comes in tranches.
pub(super) const TRANCHES: &str = "embun-ternak";
/// The one that gets a new plan.
const REPLANNED: &str = "embun-kios";

/// The group's tin, and the LKM's vault.
fn hands() -> Option<v1::LoanPurse> {
    by_hand(PlaceKind::Cash)
}

impl Year<'_> {
    /// What a month brings of it.
    pub(super) async fn borrowed(&self, month: i32) -> Told {
        self.of_outsiders(month).await?;
        self.in_tranches(month).await?;
        self.replanned(month).await
    }

    /// Six million for the LKM, at 1% a month in twelve months, and half a million for Embun, without
    /// a plan.
    async fn of_outsiders(&self, month: i32) -> Told {
        match month {
            2 => {
                self.third_party(&lkm(), PartyKind::Other, "bank-desa", "Bank Desa").await?;
                let take = v1::TakeOutsideLoanRequest {
                    loan_id: "bank-desa".to_owned(),
                    amount: rupiah(6_000_000),
                    place: place(PlaceKind::Vault),
                    terms: Some(flat("1")),
                    plan: plan(12),
                    ..v1::TakeOutsideLoanRequest::default()
                };
                self.take_outside((2, 3), &lkm(), "bank-desa", take).await
            }
            4 => {
                self.repay_outside((4, 3), &lkm(), "bank-desa", (500_000, 60_000)).await?;
                let shop = "kios-pupuk";
                self.third_party(&EMBUN.path(), PartyKind::Other, shop, "Kios Pupuk").await?;
                let take = v1::TakeOutsideLoanRequest {
                    loan_id: "pupuk".to_owned(),
                    amount: rupiah(500_000),
                    place: place(PlaceKind::Cash),
                    ..v1::TakeOutsideLoanRequest::default()
                };
                self.take_outside((4, 15), &EMBUN.path(), shop, take).await
            }
            10 => {
                self.repay_outside((10, 3), &lkm(), "bank-desa", (500_000, 60_000)).await?;
                self.repay_outside((10, 15), &EMBUN.path(), "pupuk", (200_000, 10_000)).await
            }
            3..=12 => self.repay_outside((month, 3), &lkm(), "bank-desa", (500_000, 60_000)).await,
            _ => Ok(()),
        }
    }

    async fn take_outside(
        &self,
        (month, day): MonthDay,
        entity: &str,
        lender: &str,
        take: v1::TakeOutsideLoanRequest,
    ) -> Told {
        let take = v1::TakeOutsideLoanRequest {
            entity: entity.to_owned(),
            request_id: request(&take.loan_id, "pinjam"),
            details: on(month, day),
            lender: format!("{entity}/parties/{lender}"),
            ..take
        };
        done(self.remote.loans().take_outside_loan(take).await)
    }

    async fn repay_outside(
        &self,
        (month, day): MonthDay,
        entity: &str,
        loan: &str,
        (principal, interest): (i64, i64),
    ) -> Told {
        let kind = if entity == lkm() { PlaceKind::Vault } else { PlaceKind::Cash };
        let repay = v1::RepayOutsideLoanRequest {
            outside_loan: format!("{entity}/outside-loans/{loan}"),
            request_id: request(loan, &format!("bayar-{month}")),
            details: on(month, day),
            principal: rupiah(principal),
            interest: rupiah(interest),
            place: place(kind),
        };
        done(self.remote.loans().repay_outside_loan(repay).await)
    }

    /// Two million in February and one in July, at 1% a month of what is left until December.
    async fn in_tranches(&self, month: i32) -> Told {
        let loan = lkm_loan(TRANCHES);
        let pay = |much| self.instalment((month, 6), &loan, much, hands());
        match month {
            2 => self.first_tranche(&loan).await,
            3 => pay(200_000 + 20_000).await,
            4 => pay(200_000 + 18_000).await,
            5 => pay(200_000 + 16_000).await,
            6 => pay(200_000 + 14_000).await,
            7 => {
                pay(200_000 + 12_000).await?;
                self.tranche((7, 6), "cairkan-2", 1_000_000).await
            }
            8 => pay(2 * (200_000 + 10_000)).await,
            9 => pay(2 * (200_000 + 8_000)).await,
            10 => {
                pay(2 * (200_000 + 6_000)).await?;
                self.early(&loan).await
            }
            _ => Ok(()),
        }
    }

    /// A fee of 1% of the whole loan, paid beside the first tranche.
    async fn first_tranche(&self, loan: &str) -> Told {
        let terms = LoanTerms {
            method: LoanMethod::Menurun as i32,
            fee_percent: percent("1"),
            rebate_percent: percent("50"),
            reward_percent: percent("20"),
            ..flat("1")
        };
        let version = version("Pinjaman kelompok", MINUTE, terms);
        self.loan_product(TRANCHES, &lkm(), "kelompok", version).await?;
        let wish = wish((&lkm(), TRANCHES), EMBUN.path(), "kelompok", 3_000_000, 10);
        self.agree((2, 4), wish, MINUTE).await?;
        self.assign((2, 6), loan, "petugas-1").await?;
        self.tranche((2, 6), "cairkan", 2_000_000).await
    }

    async fn tranche(&self, (month, day): MonthDay, step: &str, much: i64) -> Told {
        let disburse = v1::DisburseLoanRequest {
            loan: lkm_loan(TRANCHES),
            request_id: request(TRANCHES, step),
            details: on(month, day),
            amount: rupiah(much),
            fee_beside: true,
            purse: hands(),
        };
        done(self.remote.loans().disburse_loan(disburse).await)
    }

    /// Two months early: half of the jasa of these months is remitted, and of all jasa paid a fifth
    /// given back the day after.
    async fn early(&self, loan: &str) -> Told {
        let left = 2 * 2 * 200_000 + 2 * (4_000 + 2_000) / 2;
        self.settle((10, 6), loan, (left, None), hands()).await?;
        let reward = v1::RewardLoanRequest {
            loan: loan.to_owned(),
            request_id: request(TRANCHES, "insentif"),
            details: on(10, 7),
            purse: hands(),
        };
        done(self.remote.loans().reward_loan(reward).await)
    }

    /// 1.200.000 at 1% a month for a year; from July on what is left of it, with the jasa of four
    /// months, at half of that for eight months.
    async fn replanned(&self, month: i32) -> Told {
        let loan = lkm_loan(REPLANNED);
        match month {
            1 => self.first_plan(&loan).await,
            2 | 3 => self.instalment((month, 6), &loan, 112_000, hands()).await,
            6 => {
                let who = "ketua Embun, oleh petugas-1";
                self.talk((6, 16), &loan, who, "Panen gagal, minta jadwal ulang").await
            }
            7 => self.new_plan(loan).await,
            8..=12 => self.instalment((month, 6), &loan, 131_000 + 5_240, hands()).await,
            _ => Ok(()),
        }
    }

    async fn first_plan(&self, loan: &str) -> Told {
        let terms = LoanTerms { recognition: Recognition::Accrual as i32, ..flat("1") };
        let version = version("Pinjaman kelompok, jasa berjalan", MINUTE, terms);
        self.loan_product(REPLANNED, &lkm(), "kelompok-akru", version).await?;
        let wish = wish((&lkm(), REPLANNED), EMBUN.path(), "kelompok-akru", 1_200_000, 12);
        self.agree((1, 4), wish, MINUTE).await?;
        self.assign((1, 6), loan, "petugas-1").await?;
        self.disburse((1, 6), loan, hands()).await
    }

    async fn new_plan(&self, loan: String) -> Told {
        let reschedule = v1::RescheduleLoanRequest {
            loan,
            request_id: request(REPLANNED, "jadwal-ulang"),
            details: minute(7, 6, "BA-21/2025 (contoh)"),
            plan: plan(8),
            rate_percent: percent("0.5"),
            minute: "BA-21/2025 (contoh)".to_owned(),
        };
        done(self.remote.loans().reschedule_loan(reschedule).await)
    }
}
