//! What people look at and decide on: a sheet that was sent twice is thrown away, relief above the cap
//! is looked at, a line stood under the wrong member, a receipt is disputed, animals come back from
//! their keeper, a group without books is given a part and more than was decided; what the secretary
//! of Tunas Baru writes down, the last meeting of the year among it, after which the group has grown.

use super::{
    BOOK, Kube, Told, Year, day_of, done, meeting_lines, member_id, minute, on, place, refused,
    request, rupiah, with_memo,
};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{self, LetterDirection, PassChannel, PlaceKind, Stage};
use crate::domain::refusal::Reason;

impl Year<'_> {
    /// In December, after everything else of the groups.
    pub(super) async fn decisions(&self, kube: &Kube) -> Told {
        match kube.id().as_str() {
            "robadeo" => {
                self.throw_away(kube).await?;
                self.take_back(kube).await?;
                self.dispute(kube).await
            }
            "kios-murah" => {
                self.to_a_group_without_books(kube).await?;
                self.share_of_result(kube).await
            }
            "sinar" => self.wrong_line(kube).await,
            "jati-diri" => self.pay_stake_back(kube).await,
            "pelita-kasih" => {
                self.exchange(kube).await?;
                self.dance(kube).await
            }
            "tunas-baru" => {
                self.late_dues(kube).await?;
                self.looked_at(kube).await?;
                self.secretary(kube).await?;
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

    /// Kasih's pass has come, but not the day it should have: Robadeo says so, and is content later.
    async fn dispute(&self, kube: &Kube) -> Told {
        for (day, step, state) in [
            (19, "guliran-sanggah", v1::ArrivalState::Disputed),
            (23, "guliran-tiba", v1::ArrivalState::Confirmed),
        ] {
            let confirm = v1::ConfirmGuliranRequest {
                pass: format!("books/{BOOK}/groups/kasih/passes/ke-robadeo"),
                request_id: request(&kube.id(), step),
                details: on(12, day),
                receiver: kube.path(),
                state: state as i32,
            };
            done(self.remote.guliran().confirm_guliran(confirm).await)?;
        }
        Ok(())
    }

    /// The last line of Sinar's sheet was another member's: that line alone is taken back.
    async fn wrong_line(&self, kube: &Kube) -> Told {
        let sheet = request(&kube.id(), "lembar-12");
        let reversal = v1::ReverseTransactionRequest {
            transaction: format!("books/{BOOK}/transactions/{sheet}"),
            request_id: request(&kube.id(), "baris-batal"),
            details: with_memo(12, 20, "Tertulis pada anggota lain (contoh)"),
            line: meeting_lines(kube).len() as u32,
        };
        done(self.remote.journal().reverse_transaction(reversal).await)?;
        let right = v1::DepositRequest {
            member: kube.member(5),
            request_id: request(&kube.id(), "baris-benar"),
            details: on(12, 20),
            kind: v1::SavingsKind::Sukarela as i32,
            amount: rupiah(20_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.savings().deposit(right).await)
    }

    /// The roof of October cost more than the cap allows: that is refused when asked for, recorded when
    /// it has been paid all the same, and looked at.
    async fn looked_at(&self, kube: &Kube) -> Told {
        let (member, details) = (kube.member(5), with_memo(12, 19, "Sisa biaya atap (contoh)"));
        let (amount, place) = (rupiah(25_000), place(PlaceKind::Cash));
        let (kind, consents, case_id) = ("musibah".to_owned(), 8, "angin".to_owned());
        let ask = v1::RequestReliefRequest {
            member: member.clone(),
            request_id: request(&kube.id(), "santunan-minta"),
            details: details.clone(),
            amount: amount.clone(),
            place: place.clone(),
            kind: kind.clone(),
            consents,
            case_id: case_id.clone(),
        };
        refused(Reason::ReliefAboveCap, self.remote.iks().request_relief(ask).await)?;
        let report = request(&kube.id(), "santunan-lagi");
        let request_id = report.clone();
        let relief = v1::PayReliefRequest {
            member,
            request_id,
            details,
            amount,
            place,
            kind,
            consents,
            case_id,
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

    /// The secretary of Tunas Baru keeps letters and guests.
    async fn secretary(&self, kube: &Kube) -> Told {
        let letters = [
            ("masuk-1", LetterDirection::In, (1, 28), "Pemberitahuan hibah BLPS (contoh)"),
            ("keluar-1", LetterDirection::Out, (6, 16), "Laporan pertanggungjawaban (contoh)"),
        ];
        for (id, direction, (month, day), subject) in letters {
            let letter = v1::FileLetterRequest {
                parent: kube.path(),
                request_id: request(&kube.id(), &format!("surat-{id}")),
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
            request_id: request(&kube.id(), "tamu"),
            guest_id: "tamu-1".to_owned(),
            visited_on: day_of(6, 16),
            who: "Ibu Ester (contoh)".to_owned(),
            origin: "Dinas Sosial (contoh)".to_owned(),
            purpose: "Melihat kandang dan menerima LPJ (contoh)".to_owned(),
        };
        done(self.remote.secretary().record_guest(guest).await)
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
            decisions: "Kandang diperbaiki dahulu (contoh)".to_owned(),
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
