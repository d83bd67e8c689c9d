//! The end of the year: its days are closed with what falls due on them, then the years of the LKM,
//! of Wsehati and of Merpati, which divides its surplus and pays it out.

use tonic::Status;

use super::kubes::Kube;
use super::requests::{
    Told, day_of, decided, done, lkm, member_part, next_year, percent, place, request,
};
use super::{BOOK, YEAR, Year};
use crate::api::google_type::Date;
use crate::api::v1::{self, Fund, MemberMeasure, PlaceKind, SurplusUse};

/// The group whose members are paid interest.
const SAVES: &str = "wsehati";
/// The group that divides its surplus.
const DIVIDES: &str = "merpati";

impl Year<'_> {
    pub(super) async fn year_end(&self, kubes: &[Kube]) -> Told {
        self.close_days(BOOK, next_year(1, 1)).await?;
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
            year: YEAR,
            minute: minute(),
        };
        done(self.remote.closing().close_year(year).await)
    }

    /// Reserves 40%, members 50% (alike, and in their hands at once), solidarity 10%.
    async fn divide(&self, kube: &Kube) -> Told {
        let part = |r#use: SurplusUse, share| v1::SurplusPart {
            r#use: r#use as i32,
            percent: percent(share),
        };
        let parts = vec![
            part(SurplusUse::Reserve, "40"),
            part(SurplusUse::Members, "50"),
            part(SurplusUse::Iks, "10"),
        ];
        let alike =
            v1::MemberWeight { measure: MemberMeasure::Equal as i32, percent: percent("100") };
        let rule = v1::SurplusRule {
            since: next_year(1, 2),
            parts,
            weights: vec![alike],
            minute: "BA-RAT/2026 (contoh)".to_owned(),
        };
        let mut closing = self.remote.closing();
        let set = v1::SetSurplusRuleRequest {
            entity: kube.path(),
            request_id: kube.asked("aturan-shu"),
            rule: Some(rule),
        };
        done(closing.set_surplus_rule(set).await)?;
        let divide = v1::DivideSurplusRequest {
            entity: kube.path(),
            request_id: kube.asked("bagi-shu"),
            details: decided("BA-RAT/2026 (contoh)"),
            year: YEAR,
            fund: Fund::Uep as i32,
            settled: place(PlaceKind::Cash),
        };
        done(closing.divide_surplus(divide).await)?;
        let pay = v1::PaySurplusRequest {
            entity: kube.path(),
            request_id: kube.asked("bayar-shu"),
            details: decided("BA-RAT/2026 (contoh)"),
            fund: Fund::Uep as i32,
            parts: (1..=kube.member_count).map(|number| member_part(number, 50_000)).collect(),
            place: place(PlaceKind::Cash),
        };
        done(closing.pay_surplus(pay).await)
    }
}
