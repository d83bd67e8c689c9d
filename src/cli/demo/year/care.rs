//! Care of things and people: a tool that wears off, animals with a keeper and counted, shares of a
//! sale, grant money that members work with, a group that sleeps and wakes, the pendamping's scores.

use super::Year;
use super::kubes::Kube;
use super::requests::{Told, day_of, done, member_part, minute, on, one, place, thing};
use crate::api::v1::{self, Aspect, Fund, LotKind, PlaceKind, Standing};
use crate::cli::convert::decimal;

impl Year<'_> {
    /// Usaha Mekar had scales from before the book; they last two years more.
    pub(super) async fn tool(&self, kube: &Kube) -> Told {
        let lot = kube.lot("timbangan");
        let scales = one("timbangan", LotKind::Tools, "timbangan", 2_400_000);
        let asked = kube.asked("timbangan");
        self.opens(kube.path(), asked, (1, 2), Fund::Uep, vec![thing(scales)]).await?;
        let life = v1::SetToolLifeRequest {
            lot: lot.clone(),
            request_id: kube.asked("umur"),
            details: on(1, 2),
            fund: Fund::Uep as i32,
            months: 24,
            in_use_since: day_of(1, 1),
        };
        done(self.remote.upkeep().set_tool_life(life).await)?;
        self.wear(lot, kube.asked("susut"), Fund::Uep).await
    }

    /// Robadeo gives two pigs to a member to keep, counts all, and shares what August's sale left.
    pub(super) async fn animals(&self, kube: &Kube) -> Told {
        let keep = v1::GiveLivestockRequest {
            lot: kube.lot("modal"),
            request_id: kube.asked("gaduhan"),
            details: minute(10, 6, "BA-GD1/2025 (contoh)"),
            keeping_id: "m04".to_owned(),
            keeper: kube.member(4),
            heads: 2,
            share_percent: decimal(50_000),
        };
        done(self.remote.upkeep().give_livestock(keep).await)?;
        let counts = [("modal", 5), ("anak", 4)];
        let count = v1::CountLivestockRequest {
            entity: kube.path(),
            request_id: kube.asked("opname"),
            details: minute(12, 13, "Foto kandang 13-12 (contoh)"),
            counts: counts.map(|(id, heads)| v1::HeadCount { lot: kube.lot(id), heads }).to_vec(),
        };
        done(self.remote.upkeep().count_livestock(count).await)?;
        let shares = v1::ShareProceedsRequest {
            group: kube.path(),
            request_id: kube.asked("bagi-hasil"),
            details: minute(12, 14, "BA-BH1/2025 (contoh)"),
            parts: (1..=10).map(|number| member_part(number, 100_000)).collect(),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.sharing().share_proceeds(shares).await)
    }

    /// Two members of Pelita Kasih work with grant money; one gives hers back.
    pub(super) async fn work(&self, kube: &Kube) -> Told {
        let grant = kube.grant("blps");
        let divided = v1::DivideCapitalRequest {
            group: kube.path(),
            request_id: kube.asked("modal-bagi"),
            details: minute(12, 13, "BA-M1/2025 (contoh)"),
            parts: vec![member_part(1, 500_000), member_part(2, 500_000)],
            place: place(PlaceKind::Cash),
            grant: grant.clone(),
        };
        done(self.remote.sharing().divide_capital(divided).await)?;
        let back = v1::ReturnCapitalRequest {
            group: kube.path(),
            request_id: kube.asked("modal-kembali"),
            details: on(12, 27),
            parts: vec![member_part(1, 500_000)],
            place: place(PlaceKind::Cash),
            grant,
        };
        done(self.remote.sharing().return_capital(back).await)
    }

    /// Sinar sleeps while its members bring in the harvest, and is awake for May's meeting.
    pub(super) async fn sleep(&self, kube: &Kube) -> Told {
        let turns = [
            (Standing::Asleep, "tidur", day_of(4, 14), "BA-T1/2025 (contoh)"),
            (Standing::Active, "bangun", day_of(5, 5), "BA-T2/2025 (contoh)"),
        ];
        for (standing, step, since, minute) in turns {
            let turn = v1::ChangeStandingRequest {
                group: kube.path(),
                request_id: kube.asked(step),
                standing: standing as i32,
                since,
                minute: minute.to_owned(),
            };
            done(self.remote.lifecycle().change_standing(turn).await)?;
        }
        Ok(())
    }

    /// The pendamping scores Tunas Baru.
    pub(super) async fn scores(&self, kube: &Kube) -> Told {
        let scores = [(Aspect::Sosial, 19), (Aspect::Ekonomi, 22), (Aspect::Kelembagaan, 35)];
        let score = |(aspect, score): (Aspect, u32)| v1::AspectScore {
            aspect: aspect as i32,
            score,
            ..v1::AspectScore::default()
        };
        let sheet = v1::RecordAssessmentRequest {
            parent: kube.path(),
            request_id: kube.asked("nilai"),
            assessed_on: day_of(12, 27),
            scores: scores.map(score).to_vec(),
            notes: "Pembukuan rapi (contoh)".to_owned(),
        };
        done(self.remote.assessments().record_assessment(sheet).await)
    }
}
