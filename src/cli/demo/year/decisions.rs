//! What people look at and decide on: a sheet that was sent twice is thrown away, relief above the cap is
//! looked at, animals come back from their keeper, a group without books is given a part and more than
//! was decided, the last meeting of the year is written down, and Tunas Baru has grown.

use super::{
    BOOK, Kube, Told, Year, day_of, done, member_id, minute, place, request, rupiah, with_memo,
};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{self, PassChannel, PlaceKind, Stage};

impl Year<'_> {
    /// In December, after everything else of the groups.
    pub(super) async fn decisions(&self, kube: &Kube) -> Told {
        match kube.id().as_str() {
            "robadeo" => {
                self.throw_away(kube).await?;
                self.take_back(kube).await
            }
            "kios-murah" => self.to_a_group_without_books(kube).await,
            "jati-diri" => self.pay_stake_back(kube).await,
            "pelita-kasih" => self.exchange(kube).await,
            "tunas-baru" => {
                self.late_dues(kube).await?;
                self.looked_at(kube).await?;
                self.share_of_result(kube).await?;
                self.last_meeting(kube).await
            }
            _ => Ok(()),
        }
    }

    /// What the ketua's phone sent again in May.
    async fn throw_away(&self, kube: &Kube) -> Told {
        let sheet = request(&kube.id(), "lembar-5-ketua");
        let discard = v1::DiscardSheetRequest {
            sheet: format!("{}/pending-sheets/{sheet}", kube.path()),
            request_id: request(&kube.id(), "lembar-buang"),
            details: with_memo(12, 21, "Terkirim dua kali (contoh)"),
        };
        done(self.remote.meetings().discard_sheet(discard).await)
    }

    /// Both animals come back; the lot never left the group.
    async fn take_back(&self, kube: &Kube) -> Told {
        let back = v1::TakeLivestockBackRequest {
            keeping: format!("{}/keepings/m04", kube.path()),
            request_id: request(&kube.id(), "gaduhan-selesai"),
            details: minute(12, 21, "BA-GD2/2025 (contoh)"),
            heads: 2,
        };
        done(self.remote.upkeep().take_livestock_back(back).await)
    }

    /// The roof of October cost more than the cap allows: that is told, and looked at.
    async fn looked_at(&self, kube: &Kube) -> Told {
        let report = request(&kube.id(), "santunan-lagi");
        let relief = v1::PayReliefRequest {
            member: kube.member(5),
            request_id: report.clone(),
            details: with_memo(12, 19, "Sisa biaya atap (contoh)"),
            amount: rupiah(25_000),
            place: place(PlaceKind::Cash),
            kind: "musibah".to_owned(),
            consents: 8,
            case_id: "angin".to_owned(),
        };
        done(self.remote.iks().pay_relief(relief).await)?;
        let decide = v1::DecideReviewRequest {
            review: format!("books/{BOOK}/reviews/{report}"),
            request_id: request(&kube.id(), "santunan-diperiksa"),
            details: with_memo(12, 22, "Disetujui rapat anggota (contoh)"),
        };
        done(self.remote.journal().decide_review(decide).await)
    }

    /// Two hundred thousand were decided on. Fifty more were given: told as done, they wait.
    async fn to_a_group_without_books(&self, kube: &Kube) -> Told {
        let group = || Receiver::ToUnbookedGroup("KUBE Bina (contoh)".to_owned());
        self.decide(kube, "blps", rupiah(200_000), 12).await?;
        self.pass(kube, "tanpa-buku", group(), PassChannel::Cash, 200_000).await?;
        let told = v1::DeliverGuliranRequest {
            grant: format!("{}/grants/blps", kube.path()),
            request_id: request(&kube.id(), "guliran-lebih"),
            details: minute(12, 22, "BA-G9/2025 (contoh)"),
            pass_id: "lebih".to_owned(),
            receiver: Some(group()),
            channel: PassChannel::Cash as i32,
            cash: rupiah(50_000),
            reported: true,
            ..v1::DeliverGuliranRequest::default()
        };
        done(self.remote.guliran().deliver_guliran(told).await)
    }

    /// Tunas Baru meets for the last time in the year, and is on its own feet.
    async fn last_meeting(&self, kube: &Kube) -> Told {
        let meeting = v1::RecordMeetingRequest {
            parent: kube.path(),
            request_id: request(&kube.id(), "rapat"),
            meeting_id: "rapat-akhir".to_owned(),
            held_on: day_of(12, 27),
            attendee_ids: (1..=8).map(member_id).collect(),
            guests: 1,
            agenda: "Hasil usaha dan perguliran (contoh)".to_owned(),
            decisions: "Lima persen hasil untuk IKS (contoh)".to_owned(),
        };
        done(self.remote.meetings().record_meeting(meeting).await)?;
        let stage = v1::ChangeStageRequest {
            group: kube.path(),
            request_id: request(&kube.id(), "mandiri"),
            stage: Stage::Mandiri as i32,
            since: day_of(12, 27),
        };
        done(self.remote.groups().change_stage(stage).await)
    }
}
