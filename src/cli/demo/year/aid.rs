//! What else becomes of aid: goats in kind and what they eat, money of a firm, a part given back, a pig
//! stolen and an insurance paid, money misused; passed on to a family and through the pool; lent
//! meanwhile.

use super::Year;
use super::kubes::Kube;
use super::requests::{Purse, Told, day_of, done, group, lkm, minute, on, place, request, rupiah};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{
    self, BudgetSource, ExpenseKind, Fund, LossCause, LotKind, PassChannel, PlaceKind,
};
use crate::cli::convert::decimal;

impl Year<'_> {
    /// The regency hands Pelita Kasih three goats.
    pub(super) async fn goats(&self, kube: &Kube) -> Told {
        let goats = v1::NewLot {
            lot_id: "kambing".to_owned(),
            kind: LotKind::Livestock as i32,
            label: "kambing".to_owned(),
            unit: "ekor".to_owned(),
            quantity: decimal(3_000),
            cost: rupiah(3_000_000),
        };
        let items = v1::GrantItems { items: vec![goats] };
        let grant = v1::ReceiveGrantRequest {
            group: kube.path(),
            request_id: kube.asked("hibah-kambing"),
            details: on(12, 16),
            grant_id: "apbd".to_owned(),
            programme: "Bantuan ternak APBD (contoh)".to_owned(),
            source: BudgetSource::Apbd as i32,
            decree_number: "SK-40/2025 (contoh)".to_owned(),
            channel: Some(v1::receive_grant_request::Channel::InKind(items)),
            aid_kind: "ternak".to_owned(),
            ..v1::ReceiveGrantRequest::default()
        };
        done(self.remote.grants().receive_grant(grant).await)?;
        // What young goats eat is part of what they cost.
        let feed = v1::PayExpenseRequest {
            entity: kube.path(),
            request_id: kube.asked("pakan-kambing"),
            details: on(12, 23),
            fund: Fund::Uep as i32,
            kind: ExpenseKind::Feed as i32,
            amount: rupiah(60_000),
            place: place(PlaceKind::Cash),
            lot: kube.lot("kambing"),
            ..v1::PayExpenseRequest::default()
        };
        done(self.remote.trade().pay_expense(feed).await)
    }

    /// A firm sends Usaha Mekar two million, straight to its bank account.
    pub(super) async fn firm_gives(&self, kube: &Kube) -> Told {
        let grant = v1::ReceiveGrantRequest {
            group: kube.path(),
            request_id: kube.asked("hibah-csr"),
            details: on(12, 23),
            grant_id: "csr".to_owned(),
            programme: "CSR (contoh)".to_owned(),
            source: BudgetSource::Other as i32,
            channel: rupiah(2_000_000).map(v1::receive_grant_request::Channel::Bank),
            bank_line: "RK-UM-12-1 (contoh)".to_owned(),
            aid_kind: "uang".to_owned(),
            ..v1::ReceiveGrantRequest::default()
        };
        done(self.remote.grants().receive_grant(grant).await)
    }

    /// Kios Murah needs less than it was given.
    pub(super) async fn give_back(&self, kube: &Kube) -> Told {
        let back = v1::ReturnGrantRequest {
            grant: kube.grant("blps"),
            request_id: kube.asked("hibah-kembali"),
            details: minute(12, 18, "BA-K1/2025 (contoh)"),
            amount: rupiah(500_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.grants().return_grant(back).await)
    }

    /// The treasurer of Usaha Mekar has taken money of the grant, and owes it.
    pub(super) async fn misuse(&self, kube: &Kube) -> Told {
        let misused = v1::MisusedMoney {
            officer: kube.member(3),
            amount: rupiah(300_000),
            place: place(PlaceKind::Cash),
        };
        let loss = v1::LoseGrantRequest {
            grant: kube.grant("blps"),
            request_id: kube.asked("salah-pakai"),
            details: minute(12, 17, "BA-SP1/2025 (contoh)"),
            loss: Some(v1::lose_grant_request::Loss::Misused(misused)),
        };
        done(self.remote.grants().lose_grant(loss).await)
    }

    /// A pig of Jati Diri is stolen, and the insurance pays for most of it.
    pub(super) async fn theft(&self, kube: &Kube) -> Told {
        let stolen = v1::RecordLossRequest {
            lot: kube.lot("modal"),
            request_id: kube.asked("dicuri"),
            details: on(12, 17),
            fund: Fund::Uep as i32,
            heads: 1,
            cause: LossCause::Stolen as i32,
        };
        done(self.remote.trade().record_loss(stolen).await)?;
        let claim = v1::ClaimInsuranceRequest {
            entity: kube.path(),
            request_id: kube.asked("klaim"),
            details: on(12, 29),
            fund: Fund::Uep as i32,
            amount: rupiah(750_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.trade().claim_insurance(claim).await)
    }

    /// Robadeo helps a family that is in no group.
    pub(super) async fn to_a_family(&self, kube: &Kube) -> Told {
        self.decide(kube, "blps", rupiah(500_000), 12).await?;
        let family = Receiver::ToFamily("Keluarga Nope (contoh)".to_owned());
        self.pass(kube, "keluarga", family, PassChannel::Cash, 500_000).await
    }

    /// Sinar passes on to nobody in particular; the LKM gives a part of it to Usaha Mekar, and lends
    /// Kasih some of the rest.
    pub(super) async fn through_the_pool(&self, kube: &Kube) -> Told {
        self.decide(kube, "blps", rupiah(1_000_000), 12).await?;
        self.pass(kube, "kolam", Receiver::ToPool(true), PassChannel::Savings, 1_000_000).await?;
        let release = v1::ReleaseGuliranRequest {
            pass: kube.pass("kolam"),
            request_id: request("lkm", "kolam-keluar"),
            details: minute(12, 22, "BA-G6/2025 (contoh)"),
            receiver: Some(v1::ReceivingGroup {
                group: group("usaha-mekar"),
                grant_id: "guliran-sinar".to_owned(),
            }),
            amount: rupiah(600_000),
        };
        done(self.remote.guliran().release_guliran(release).await)?;
        let lend = v1::LendGuliranRequest {
            lender: lkm(),
            request_id: request("lkm", "kolam-pinjam"),
            details: minute(12, 23, "BA-G10/2025 (contoh)"),
            loan_id: "kasih".to_owned(),
            borrower: group("kasih"),
            amount: rupiah(100_000),
            due_on: day_of(12, 31),
        };
        done(self.remote.guliran().lend_guliran(lend).await)
    }

    /// Jati Diri lends Kios Murah what it will pass on later.
    pub(super) async fn lend_guliran(&self, kube: &Kube) -> Told {
        let tin = Purse::of(kube.path(), Fund::Uep, PlaceKind::Cash);
        let to_bank = (PlaceKind::Bank, 400_000);
        self.move_cash(tin, kube.asked("ke-bank"), (12, 18), to_bank).await?;
        let lend = v1::LendGuliranRequest {
            lender: kube.path(),
            request_id: kube.asked("guliran-pinjam"),
            details: minute(12, 19, "BA-G7/2025 (contoh)"),
            loan_id: "kios-murah".to_owned(),
            borrower: group("kios-murah"),
            amount: rupiah(400_000),
            due_on: None,
        };
        done(self.remote.guliran().lend_guliran(lend).await)?;
        let repay = v1::RepayGuliranRequest {
            lender: kube.path(),
            request_id: kube.asked("guliran-angsur"),
            details: on(12, 29),
            loan_id: "kios-murah".to_owned(),
            amount: rupiah(150_000),
        };
        done(self.remote.guliran().repay_guliran(repay).await)
    }

    pub(super) async fn pass(
        &self,
        kube: &Kube,
        pass: &str,
        receiver: Receiver,
        channel: PassChannel,
        much: i64,
    ) -> Told {
        let deliver = v1::DeliverGuliranRequest {
            grant: kube.grant("blps"),
            request_id: kube.asked("guliran-serah"),
            details: minute(12, 20, "BA-G5/2025 (contoh)"),
            pass_id: pass.to_owned(),
            receiver: Some(receiver),
            channel: channel as i32,
            cash: rupiah(much),
            ..v1::DeliverGuliranRequest::default()
        };
        done(self.remote.guliran().deliver_guliran(deliver).await)
    }
}
