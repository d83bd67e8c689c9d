//! What savers of Koperasi Lontar do, and what becomes of their savings: taken out, blocked for
//! somebody's loan, dormant and woken; tax that was withheld; what a group's members must save; a
//! member who goes, and one who dies.

use super::super::requests::{MonthDay, Told, day_of, done, minute, on, rupiah, with_memo};
use super::{Lontar, asked, grouped, lkm, saver, vault};
use crate::api::v1::{self, PartyKind, PlaceKind, SavingsKind};
use crate::cli::convert::last_part;

impl Lontar<'_> {
    /// Free savings, over the counter.
    pub(super) async fn save(&self, number: u32, step: &str, day: MonthDay, much: i64) -> Told {
        let what = (SavingsKind::Sukarela, much);
        self.bring(saver(number), step, day, what, PlaceKind::Vault).await
    }

    async fn bring(
        &self,
        member: String,
        step: &str,
        day: MonthDay,
        what: (SavingsKind, i64),
        into: PlaceKind,
    ) -> Told {
        let asked = asked(&format!("{step}-{}", last_part(&member)));
        self.year.save(member, asked, day, what, into).await
    }

    pub(super) async fn withdraw(
        &self,
        number: u32,
        step: &str,
        (month, day): MonthDay,
        much: i64,
    ) -> Told {
        let withdrawal = v1::WithdrawRequest {
            member: saver(number),
            request_id: asked(&format!("{step}-{number}")),
            details: on(month, day),
            amount: rupiah(much),
            place: vault(),
        };
        done(self.remote.savings().withdraw(withdrawal).await)
    }

    /// Three save on the first day, and bring nothing afterwards.
    pub(super) async fn first_savings(&self) -> Told {
        for (number, much) in [(3, 500_000), (4, 500_000), (10, 1_000_000)] {
            self.save(number, "setor", (7, 1), much).await?;
        }
        Ok(())
    }

    /// July's interest of the first member was more than what is free of tax: a tenth of Rp250.000.
    pub(super) async fn pay_withheld_tax(&self) -> Told {
        let tax = v1::PayWithheldTaxRequest {
            entity: lkm(),
            request_id: asked("setor-pajak"),
            details: on(8, 10),
            amount: rupiah(25_000),
        };
        done(self.remote.products().pay_withheld_tax(tax).await)
    }

    /// The fifth member saves, and stands surety with a part of it for the loan of the second.
    pub(super) async fn stand_surety(&self) -> Told {
        self.save(5, "setor", (9, 8), 1_000_000).await?;
        let block = v1::BlockSavingsRequest {
            member: saver(5),
            request_id: asked("blokir"),
            details: on(9, 10),
            block_id: "jaminan".to_owned(),
            amount: rupiah(800_000),
            reason: "jaminan pinjaman anggota lain (contoh)".to_owned(),
        };
        done(self.remote.products().block_savings(block).await)
    }

    /// The loan is paid off: what was blocked is free again.
    pub(super) async fn release_surety(&self) -> Told {
        let unblock = v1::UnblockSavingsRequest {
            block: format!("{}/blocks/jaminan", lkm()),
            request_id: asked("buka-blokir"),
            details: on(12, 12),
        };
        done(self.remote.products().unblock_savings(unblock).await)?;
        self.withdraw(5, "tarik", (12, 12), 200_000).await
    }

    /// Of six months of simpanan wajib at Rp10.000 two members of the group bring all, one four months,
    /// one nothing. Who will go in December still saves.
    pub(super) async fn mandatory(&self) -> Told {
        for (number, much) in [(1, 60_000), (2, 60_000), (3, 40_000)] {
            let what = (SavingsKind::Wajib, much);
            self.bring(grouped(number), "sasando-wajib", (10, 10), what, PlaceKind::Cash).await?;
        }
        self.save(9, "setor", (10, 1), 300_000).await
    }

    /// On the first of November the savings of two had not been moved for four months. One of them
    /// comes to the counter. The first member saves once more, and brings simpanan wajib.
    pub(super) async fn wake(&self) -> Told {
        let wake = v1::WakeSavingsRequest {
            owner: saver(3),
            request_id: asked("bangunkan"),
            details: on(11, 20),
            reason: "datang sendiri ke loket (contoh)".to_owned(),
            ..v1::WakeSavingsRequest::default()
        };
        done(self.remote.savings().wake_savings(wake).await)?;
        self.save(1, "setor-lagi", (11, 21), 1_000_000).await?;
        self.bring(saver(1), "wajib", (11, 21), (SavingsKind::Wajib, 60_000), PlaceKind::Vault)
            .await
    }

    /// The tenth member dies in October.
    pub(super) async fn death(&self) -> Told {
        let death = v1::RecordDeathRequest {
            member: saver(10),
            request_id: asked("meninggal"),
            details: with_memo(10, 22, "Kabar dari keluarga (contoh)"),
            died_on: day_of(10, 20),
        };
        done(self.remote.members().record_death(death).await)
    }

    /// The heir is paid all there is, the term deposit too, which the death lets be broken for nothing.
    pub(super) async fn heirs(&self) -> Told {
        let heir = v1::CreatePartyRequest {
            parent: lkm(),
            request_id: asked("ahli-waris"),
            party_id: "ahli-waris-m10".to_owned(),
            kind: PartyKind::Other as i32,
            display_name: "Ibu Selfina, ahli waris (contoh)".to_owned(),
        };
        done(self.remote.parties().create_party(heir).await)?;
        let settle = v1::SettleMemberRequest {
            member: saver(10),
            request_id: asked("selesaikan-m10"),
            details: minute(11, 1, "SK-Waris-3/2025 (contoh)"),
            left_on: day_of(11, 1),
            place: vault(),
            heir: format!("{}/parties/ahli-waris-m10", lkm()),
            ..v1::SettleMemberRequest::default()
        };
        done(self.remote.products().settle_member(settle).await)
    }

    /// The ninth member goes, with all she had.
    pub(super) async fn leave(&self) -> Told {
        let settle = v1::SettleMemberRequest {
            member: saver(9),
            request_id: asked("selesaikan-m09"),
            details: on(12, 1),
            left_on: day_of(12, 1),
            place: vault(),
            ..v1::SettleMemberRequest::default()
        };
        done(self.remote.products().settle_member(settle).await)
    }
}
