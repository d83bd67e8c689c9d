//! Solidarity: Tunas Baru's own rule and the relief asked under it, dues paid late, a donation;
//! relief told of by the others, Kios Murah's share of its result, and Sinar's arisan.

use super::Year;
use super::kubes::Kube;
use super::requests::{
    Told, day_of, done, member_id, minute, on, percent, place, rupiah, with_memo,
};
use crate::api::v1::{self, DuesPeriod, Fund, PartyKind, PlaceKind, ReliefKind};

/// What is paid for a roof, and the most that Tunas Baru's rule allows.
pub(super) const RELIEF: i64 = 150_000;
/// The member of Tunas Baru who brings no dues in November.
pub(super) const LATE: u32 = 7;

/// Tunas Baru's rule of January, which Kios Murah takes over.
fn first_rule() -> v1::IksRule {
    let cap = v1::ReliefCap { kind: ReliefKind::Musibah as i32, cap: rupiah(RELIEF) };
    v1::IksRule {
        since: day_of(1, 5),
        period: DuesPeriod::Monthly as i32,
        dues: rupiah(5_000),
        result_share_percent: None,
        caps: vec![cap],
        quorum: 6,
        minute: "BA-IKS-1/2025 (contoh)".to_owned(),
    }
}

/// What could have been asked for, told as paid.
pub(super) fn paid(relief: v1::RequestReliefRequest) -> v1::PayReliefRequest {
    v1::PayReliefRequest {
        member: relief.member,
        request_id: relief.request_id,
        details: relief.details,
        amount: relief.amount,
        place: relief.place,
        kind: relief.kind,
        consents: relief.consents,
        case_id: relief.case_id,
    }
}

impl Year<'_> {
    /// Tunas Baru decides on its dues and its relief.
    pub(super) async fn rule(&self, kube: &Kube) -> Told {
        let rule = v1::SetIksRuleRequest {
            group: kube.path(),
            request_id: kube.asked("aturan-iks"),
            rule: Some(first_rule()),
        };
        done(self.remote.iks().set_iks_rule(rule).await)
    }

    /// Who paid nothing in November pays a part of it late; a shop gives Rp100.000.
    pub(super) async fn late_dues(&self, kube: &Kube) -> Told {
        use v1::receive_dues_request::Payer;
        let (shop, donor) = ("Toko Sumber Rejeki", PartyKind::Donor);
        self.third_party(&kube.path(), donor, "donatur", shop).await?;
        let given = format!("{}/parties/donatur", kube.path());
        let received = [
            ("iuran-susulan", Payer::Member(kube.member(LATE)), 3_000, day_of(11, 10)),
            ("sumbangan", Payer::Donor(given), 100_000, None),
        ];
        for (step, payer, much, for_day) in received {
            let dues = v1::ReceiveDuesRequest {
                group: kube.path(),
                request_id: kube.asked(step),
                details: on(12, 20),
                payer: Some(payer),
                amount: rupiah(much),
                place: place(PlaceKind::Cash),
                for_day,
            };
            done(self.remote.iks().receive_dues(dues).await)?;
        }
        Ok(())
    }

    /// From December on 5% of Kios Murah's result are its fund's: it sold for Rp3.500.000 what had cost
    /// Rp2.000.000, and paid Rp500.000 of costs. Of the Rp50.000 it pays Rp30.000 at once.
    pub(super) async fn share_of_result(&self, kube: &Kube) -> Told {
        let rule = v1::IksRule {
            since: day_of(12, 1),
            result_share_percent: percent("5"),
            minute: "BA-IKS-2/2025 (contoh)".to_owned(),
            ..first_rule()
        };
        let set = v1::SetIksRuleRequest {
            group: kube.path(),
            request_id: kube.asked("aturan-iks"),
            rule: Some(rule),
        };
        done(self.remote.iks().set_iks_rule(set).await)?;
        let share = v1::ShareResultRequest {
            group: kube.path(),
            request_id: kube.asked("bagian-iks"),
            details: minute(12, 27, "BA-IKS-3/2025 (contoh)"),
            fund: Fund::Uep as i32,
            share: rupiah(1_000_000).map(v1::share_result_request::Share::OfResult),
            settled: None,
        };
        done(self.remote.iks().share_result(share).await)?;
        let settle = v1::MoveFundsRequest {
            entity: kube.path(),
            request_id: kube.asked("bagian-iks-bayar"),
            details: on(12, 28),
            from_fund: Fund::Uep as i32,
            to_fund: Fund::Iks as i32,
            place: place(PlaceKind::Cash),
            amount: rupiah(30_000),
        };
        done(self.remote.cash().move_funds(settle).await)
    }

    /// Where there is a rule relief is asked for; elsewhere it is told of.
    pub(super) async fn relief(&self, kube: &Kube) -> Told {
        let relief = v1::RequestReliefRequest {
            member: kube.member(5),
            request_id: kube.asked("santunan"),
            details: with_memo(10, 3, "Atap rumah rusak karena angin (contoh)"),
            amount: rupiah(RELIEF),
            place: place(PlaceKind::Cash),
            kind: "musibah".to_owned(),
            consents: 8,
            case_id: "angin".to_owned(),
        };
        if kube.id() == "tunas-baru" {
            return done(self.remote.iks().request_relief(relief).await);
        }
        done(self.remote.iks().pay_relief(paid(relief)).await)
    }

    /// Four members save by lot; the third is drawn.
    pub(super) async fn arisan(&self, kube: &Kube) -> Told {
        let arisan = format!("{}/arisans/desember", kube.path());
        let round = v1::OpenArisanRequest {
            parent: kube.path(),
            request_id: kube.asked("arisan"),
            arisan_id: "desember".to_owned(),
            label: "Arisan Desember (contoh)".to_owned(),
            contribution: rupiah(10_000),
            member_ids: (1..=4).map(member_id).collect(),
            opened_on: day_of(12, 12),
        };
        done(self.remote.arisans().open_arisan(round).await)?;
        let payment =
            |number| v1::ArisanPayment { member_id: member_id(number), amount: rupiah(10_000) };
        let paid = v1::PayIntoArisanRequest {
            arisan: arisan.clone(),
            request_id: kube.asked("arisan-bayar"),
            details: on(12, 12),
            payments: (1..=4).map(payment).collect(),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.arisans().pay_into_arisan(paid).await)?;
        let drawn = v1::PayOutArisanRequest {
            arisan,
            request_id: kube.asked("arisan-tarik"),
            details: minute(12, 12, "BA-A1/2025 (contoh)"),
            member_id: member_id(3),
            amount: rupiah(40_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.arisans().pay_out_arisan(drawn).await)
    }
}
