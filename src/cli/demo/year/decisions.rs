//! What is looked at and decided on in the last days of the year: relief above the cap is looked at, a
//! receipt is disputed, animals come back from their keeper, a group without books is given a part and
//! more than was decided; what the secretary of Tunas Baru writes down, the last meeting of the year
//! among it, after which the group has grown.

use super::kubes::Kube;
use super::requests::{
    Told, day_of, done, group, member_id, minute, on, place, refused, rupiah, with_memo,
};
use super::solidarity::paid;
use super::{BOOK, Year};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{self, LetterDirection, PassChannel, PlaceKind, Stage};
use crate::domain::refusal::Reason;

impl Year<'_> {
    /// Both animals come back; the lot never left the group.
    pub(super) async fn take_livestock_back(&self, kube: &Kube) -> Told {
        let back = v1::TakeLivestockBackRequest {
            keeping: format!("{}/keepings/m04", kube.path()),
            request_id: kube.asked("gaduhan-selesai"),
            details: minute(12, 21, "BA-GD2/2025 (contoh)"),
            heads: 2,
        };
        done(self.remote.upkeep().take_livestock_back(back).await)
    }

    /// Kasih's pass has come, but not the day it should have: Robadeo says so, and is content later.
    pub(super) async fn dispute(&self, kube: &Kube) -> Told {
        for (day, step, state) in [
            (19, "guliran-sanggah", v1::ArrivalState::Disputed),
            (23, "guliran-tiba", v1::ArrivalState::Confirmed),
        ] {
            let confirm = v1::ConfirmGuliranRequest {
                pass: format!("{}/passes/ke-robadeo", group("kasih")),
                request_id: kube.asked(step),
                details: on(12, day),
                receiver: kube.path(),
                state: state as i32,
            };
            done(self.remote.guliran().confirm_guliran(confirm).await)?;
        }
        Ok(())
    }

    /// The roof of October cost more than the cap allows: that is refused when asked for, recorded when
    /// it has been paid all the same, and looked at.
    pub(super) async fn above_the_cap(&self, kube: &Kube) -> Told {
        let ask = v1::RequestReliefRequest {
            member: kube.member(5),
            request_id: kube.asked("santunan-minta"),
            details: with_memo(12, 19, "Sisa biaya atap (contoh)"),
            amount: rupiah(25_000),
            place: place(PlaceKind::Cash),
            kind: "musibah".to_owned(),
            consents: 8,
            case_id: "angin".to_owned(),
        };
        let report = kube.asked("santunan-lagi");
        let told = paid(v1::RequestReliefRequest { request_id: report.clone(), ..ask.clone() });
        refused(Reason::ReliefAboveCap, self.remote.iks().request_relief(ask).await)?;
        done(self.remote.iks().pay_relief(told).await)?;
        let decide = v1::DecideReviewRequest {
            review: format!("books/{BOOK}/reviews/{report}"),
            request_id: kube.asked("santunan-diperiksa"),
            details: with_memo(12, 22, "Disetujui rapat anggota (contoh)"),
        };
        done(self.remote.journal().decide_review(decide).await)
    }

    /// Two hundred thousand were decided on. Fifty more were given: told as done, they wait.
    pub(super) async fn to_a_group_without_books(&self, kube: &Kube) -> Told {
        let group = || Receiver::ToUnbookedGroup("KUBE Bina (contoh)".to_owned());
        self.decide(kube, "blps", rupiah(200_000), 12).await?;
        self.pass(kube, "tanpa-buku", group(), PassChannel::Cash, 200_000).await?;
        let told = v1::DeliverGuliranRequest {
            grant: kube.grant("blps"),
            request_id: kube.asked("guliran-lebih"),
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

    /// The secretary of Tunas Baru keeps letters and guests.
    pub(super) async fn secretary(&self, kube: &Kube) -> Told {
        let letters = [
            ("masuk-1", LetterDirection::In, (1, 28), "Pemberitahuan hibah BLPS (contoh)"),
            ("keluar-1", LetterDirection::Out, (6, 16), "Laporan pertanggungjawaban (contoh)"),
        ];
        for (id, direction, (month, day), subject) in letters {
            let letter = v1::FileLetterRequest {
                parent: kube.path(),
                request_id: kube.asked(&format!("surat-{id}")),
                letter_id: id.to_owned(),
                direction: direction as i32,
                number: format!("{id}/2025 (contoh)"),
                dated_on: day_of(month, day),
                filed_on: day_of(month, day),
                correspondent: "Dinas Sosial (contoh)".to_owned(),
                subject: subject.to_owned(),
            };
            done(self.remote.secretary().file_letter(letter).await)?;
        }
        let guest = v1::RecordGuestRequest {
            parent: kube.path(),
            request_id: kube.asked("tamu"),
            guest_id: "tamu-1".to_owned(),
            visited_on: day_of(6, 16),
            who: "Ibu Ester (contoh)".to_owned(),
            origin: "Dinas Sosial (contoh)".to_owned(),
            purpose: "Melihat kandang dan menerima LPJ (contoh)".to_owned(),
        };
        done(self.remote.secretary().record_guest(guest).await)
    }

    /// Tunas Baru meets for the last time in the year, and is on its own feet.
    pub(super) async fn last_meeting(&self, kube: &Kube) -> Told {
        let meeting = v1::RecordMeetingRequest {
            parent: kube.path(),
            request_id: kube.asked("rapat"),
            meeting_id: "rapat-akhir".to_owned(),
            held_on: day_of(12, 27),
            attendee_ids: (1..=8).map(member_id).collect(),
            guests: 1,
            agenda: "Hasil usaha dan perguliran (contoh)".to_owned(),
            decisions: "Kandang diperbaiki dahulu (contoh)".to_owned(),
        };
        done(self.remote.meetings().record_meeting(meeting).await)?;
        let stage = v1::ChangeStageRequest {
            group: kube.path(),
            request_id: kube.asked("mandiri"),
            stage: Stage::Mandiri as i32,
            since: day_of(12, 27),
        };
        done(self.remote.groups().change_stage(stage).await)
    }
}
