//! The end of the year: its days are closed with what falls due on them, then the years of the LKM,
//! of Wsehati and of Merpati, which divides its surplus and pays it out.

use tonic::Status;

use super::{BOOK, Kube, Told, Year, day_of, done, lkm, member_id, place, request, rupiah};
use crate::api::google_type::{Date, Decimal};
use crate::api::v1::{
    self, DuesPeriod, Fund, MemberMeasure, PlaceKind, QualityPreset, SavingsDayCount,
    SavingsMethod, SavingsProduct, SavingsSort, SurplusUse,
};
use crate::cli::convert::date;
use crate::domain::day::Day;

/// The group whose members are paid interest.
const SAVES: &str = "wsehati";
/// The group that divides its surplus.
const DIVIDES: &str = "merpati";

/// The first days of the next year.
pub(super) fn next_year(day: i32) -> Option<Date> {
    Day::from_ymd(super::YEAR + 1, 1, day).and_then(date)
}

pub(super) fn decided(number: &str) -> Option<v1::TransactionDetails> {
    let kind = v1::EvidenceKind::Minute as i32;
    Some(v1::TransactionDetails {
        happened_on: next_year(2),
        evidence: Some(v1::Evidence { kind, number: number.to_owned() }),
        ..v1::TransactionDetails::default()
    })
}

pub(super) fn number(text: &str) -> Option<Decimal> {
    Some(Decimal { value: text.to_owned() })
}

impl Year<'_> {
    /// Rp10.000 of wajib a month, and 6% a year on the lowest sukarela of each month.
    pub(super) async fn savings_products(&self, kube: &Kube) -> Told {
        if kube.id() != SAVES {
            return Ok(());
        }
        let wajib = SavingsProduct {
            period: DuesPeriod::Monthly as i32,
            amount: rupiah(10_000),
            ..SavingsProduct::default()
        };
        let sukarela = SavingsProduct {
            method: SavingsMethod::Lowest as i32,
            rate: number("6"),
            day_count: SavingsDayCount::Twelfths as i32,
            ..SavingsProduct::default()
        };
        let both =
            [(SavingsSort::Wajib, wajib, "wajib"), (SavingsSort::Sukarela, sukarela, "sukarela")];
        for (sort, product, step) in both {
            let (since, minute) = (day_of(1, 1), "BA-4/2025 (contoh)".to_owned());
            let set = v1::SetSavingsProductRequest {
                entity: kube.path(),
                request_id: request(&kube.id(), &format!("produk-{step}")),
                sort: sort as i32,
                version: Some(SavingsProduct { since, minute, ..product }),
            };
            done(self.remote.products().set_savings_product(set).await)?;
        }
        Ok(())
    }

    /// The LKM classes its loans as the regulation of 2024 does.
    pub(super) async fn loan_quality(&self) -> Told {
        let quality = v1::SetLoanQualityRequest {
            entity: lkm(),
            request_id: request("lkm", "kualitas"),
            since: day_of(1, 1),
            preset: QualityPreset::LkmPojk412024 as i32,
            minute: "BA-5/2025 (contoh)".to_owned(),
            non_performing_from: 3,
            ..v1::SetLoanQualityRequest::default()
        };
        done(self.remote.loans().set_loan_quality(quality).await)
    }

    pub(super) async fn year_end(&self, kubes: &[Kube]) -> Told {
        self.close_days(BOOK, next_year(1)).await?;
        self.close_year(&lkm(), "lkm").await?;
        for kube in kubes {
            if [SAVES, DIVIDES].contains(&kube.id().as_str()) {
                self.close_year(&kube.path(), &kube.id()).await?;
            }
            if kube.id() == DIVIDES {
                self.divide(kube).await?;
            }
        }
        Ok(())
    }

    /// Every day of a book through one.
    pub(super) async fn close_days(&self, book: &str, through: Option<Date>) -> Told {
        let request = v1::CloseDaysRequest { book: format!("books/{book}"), through };
        let mut told = self.remote.days().close_days(request).await?.into_inner();
        while let Some(one) = told.message().await? {
            if let Some(refused) = one.refused {
                return Err(Status::failed_precondition(refused.text));
            }
        }
        Ok(())
    }

    pub(super) async fn close_year(&self, entity: &str, id: &str) -> Told {
        let minute = || "BA-RAT/2026 (contoh)".to_owned();
        let period = v1::ClosePeriodRequest {
            entity: entity.to_owned(),
            request_id: request(id, "tutup-masa"),
            through: day_of(12, 31),
            minute: minute(),
        };
        done(self.remote.books().close_period(period).await)?;
        let year = v1::CloseYearRequest {
            entity: entity.to_owned(),
            request_id: request(id, "tutup-tahun"),
            year: super::YEAR,
            minute: minute(),
        };
        done(self.remote.closing().close_year(year).await)
    }

    /// Reserves 40%, members 50% (alike, and in their hands at once), solidarity 10%.
    async fn divide(&self, kube: &Kube) -> Told {
        let part = |r#use: SurplusUse, percent| v1::SurplusPart {
            r#use: r#use as i32,
            percent: number(percent),
        };
        let parts = vec![
            part(SurplusUse::Reserve, "40"),
            part(SurplusUse::Members, "50"),
            part(SurplusUse::Iks, "10"),
        ];
        let alike =
            v1::MemberWeight { measure: MemberMeasure::Equal as i32, percent: number("100") };
        let rule = v1::SurplusRule {
            since: next_year(2),
            parts,
            weights: vec![alike],
            minute: "BA-RAT/2026 (contoh)".to_owned(),
        };
        let mut closing = self.remote.closing();
        let set = v1::SetSurplusRuleRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "aturan-shu"),
            rule: Some(rule),
        };
        done(closing.set_surplus_rule(set).await)?;
        let divide = v1::DivideSurplusRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "bagi-shu"),
            details: decided("BA-RAT/2026 (contoh)"),
            year: super::YEAR,
            fund: Fund::Uep as i32,
            settled: place(PlaceKind::Cash),
        };
        done(closing.divide_surplus(divide).await)?;
        let share =
            |number| v1::MemberPart { member_id: member_id(number), amount: rupiah(50_000) };
        let pay = v1::PaySurplusRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "bayar-shu"),
            details: decided("BA-RAT/2026 (contoh)"),
            fund: Fund::Uep as i32,
            parts: (1..=kube.member_count).map(share).collect(),
            place: place(PlaceKind::Cash),
        };
        done(closing.pay_surplus(pay).await)
    }
}
