//! What ties groups and their LKM: a programme's stake and a group's, each paid back in part, money a
//! collector carried, a term deposit that matured.

use super::deeds::{BAG, from_savings};
use super::kubes::Kube;
use super::requests::{Purse, Told, day_of, done, lkm, minute, on, request, rupiah};
use super::{BOOK, Year};
use crate::api::v1::{self, BudgetSource, Fund, PlaceKind};

impl Year<'_> {
    pub(super) async fn programme_stake(&self) -> Told {
        let stake = v1::ReceiveProgrammeStakeRequest {
            book: format!("books/{BOOK}"),
            request_id: request("lkm", "penyertaan"),
            details: on(1, 20),
            grant_id: "apbd".to_owned(),
            programme: "Penyertaan APBD (contoh)".to_owned(),
            source: BudgetSource::Apbd as i32,
            decree_number: "SK-3/2025 (contoh)".to_owned(),
            amount: rupiah(15_000_000),
        };
        done(self.remote.links().receive_programme_stake(stake).await)
    }

    /// The regency asks for a million back; the counter's money is brought to the bank for it.
    pub(super) async fn return_programme_stake(&self) -> Told {
        let drawer = Purse::of(lkm(), Fund::SimpanPinjam, PlaceKind::Drawer);
        let to_bank = (PlaceKind::Bank, 1_000_000);
        self.move_cash(drawer, request("lkm", "laci-ke-bank"), (11, 19), to_bank).await?;
        let back = v1::ReturnProgrammeStakeRequest {
            stake: format!("{}/grants/apbd", lkm()),
            request_id: request("lkm", "penyertaan-kembali"),
            details: minute(11, 20, "BA-P1/2025 (contoh)"),
            amount: rupiah(1_000_000),
        };
        done(self.remote.links().return_programme_stake(back).await)
    }

    /// Jati Diri gets a quarter of its stake back.
    pub(super) async fn pay_stake_back(&self, kube: &Kube) -> Told {
        let back = v1::PayBackStakeRequest {
            group: kube.path(),
            request_id: kube.asked("penyertaan-kembali"),
            details: minute(12, 22, "BA-P2/2025 (contoh)"),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(50_000),
            means: from_savings(),
        };
        done(self.remote.links().pay_back_stake(back).await)
    }

    /// Jati Diri becomes a part owner of its LKM.
    pub(super) async fn stake(&self, kube: &Kube) -> Told {
        let stake = v1::BuyStakeRequest {
            group: kube.path(),
            request_id: kube.asked("penyertaan"),
            details: on(12, 15),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(200_000),
            means: from_savings(),
        };
        done(self.remote.links().buy_stake(stake).await)
    }

    /// The LKM's collector comes to Merpati, and hands the money in the day after.
    pub(super) async fn collected(&self, kube: &Kube) -> Told {
        let collected = v1::CollectRequest {
            group: kube.path(),
            request_id: kube.asked("kolektor"),
            details: on(12, 15),
            fund: Fund::SimpanPinjam as i32,
            bag: BAG.to_owned(),
            amount: rupiah(50_000),
        };
        done(self.remote.links().collect(collected).await)?;
        let asked = kube.asked("kolektor-setor");
        self.hand_in(asked, (12, 16), 50_000, PlaceKind::Drawer).await
    }

    /// Wsehati puts what it does not need yet away for five months.
    pub(super) async fn put_away(&self, kube: &Kube) -> Told {
        let deposit = v1::OpenTermDepositRequest {
            group: kube.path(),
            request_id: kube.asked("deposito"),
            details: on(7, 1),
            deposit_id: "d-1".to_owned(),
            fund: Fund::Uep as i32,
            amount: rupiah(3_000_000),
            matures_on: day_of(12, 1),
            means: from_savings(),
            on_maturity: v1::OnMaturity::Unspecified as i32,
            product: String::new(),
        };
        done(self.remote.links().open_term_deposit(deposit).await)
    }

    /// It matures in December.
    pub(super) async fn take_up(&self, kube: &Kube) -> Told {
        let deposit = v1::CloseTermDepositRequest {
            deposit: format!("{}/term-deposits/d-1", kube.path()),
            request_id: kube.asked("deposito-cair"),
            details: on(12, 1),
            means: from_savings(),
            minute: String::new(),
        };
        done(self.remote.links().close_term_deposit(deposit).await)
    }
}
