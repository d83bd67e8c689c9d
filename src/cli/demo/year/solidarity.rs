//! Solidarity: Tunas Baru's own rule and the relief asked under it, relief told of by the others,
//! and Sinar's arisan.

use super::{
    Kube, Told, Year, day_of, done, member_id, minute, on, place, request, rupiah, with_memo,
};
use crate::api::v1::{self, DuesPeriod, PlaceKind, ReliefKind};

/// What is paid for a roof, and the most that Tunas Baru's rule allows.
const RELIEF: i64 = 150_000;

impl Year<'_> {
    /// Tunas Baru decides on its dues and its relief.
    pub(super) async fn rule(&self, kube: &Kube) -> Told {
        let cap = v1::ReliefCap { kind: ReliefKind::Musibah as i32, cap: rupiah(RELIEF) };
        let rule = v1::SetIksRuleRequest {
            group: kube.path(),
            request_id: request(&kube.id(), "aturan-iks"),
            rule: Some(v1::IksRule {
                since: day_of(1, 5),
                period: DuesPeriod::Monthly as i32,
                dues: rupiah(5_000),
                result_share_percent: None,
                caps: vec![cap],
                quorum: 6,
                minute: "BA-IKS-1/2025 (contoh)".to_owned(),
            }),
        };
        done(self.remote.iks().set_iks_rule(rule).await)
    }

    /// Where there is a rule relief is asked for; elsewhere it is told of.
    pub(super) async fn relief(&self, kube: &Kube) -> Told {
        let (member, request_id) = (kube.member(5), request(&kube.id(), "santunan"));
        let details = with_memo(10, 3, "Atap rumah rusak karena angin (contoh)");
        let (amount, place) = (rupiah(RELIEF), place(PlaceKind::Cash));
        let (kind, consents, case_id) = ("musibah".to_owned(), 8, "angin".to_owned());
        if kube.id() == "tunas-baru" {
            let relief = v1::RequestReliefRequest {
                member,
                request_id,
                details,
                amount,
                place,
                kind,
                consents,
                case_id,
            };
            return done(self.remote.iks().request_relief(relief).await);
        }
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
        done(self.remote.iks().pay_relief(relief).await)
    }

    /// Four members save by lot; the third is drawn.
    pub(super) async fn arisan(&self, kube: &Kube) -> Told {
        let arisan = format!("{}/arisans/desember", kube.path());
        let round = v1::OpenArisanRequest {
            parent: kube.path(),
            request_id: request(&kube.id(), "arisan"),
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
            request_id: request(&kube.id(), "arisan-bayar"),
            details: on(12, 12),
            payments: (1..=4).map(payment).collect(),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.arisans().pay_into_arisan(paid).await)?;
        let drawn = v1::PayOutArisanRequest {
            arisan,
            request_id: request(&kube.id(), "arisan-tarik"),
            details: minute(12, 12, "BA-A1/2025 (contoh)"),
            member_id: member_id(3),
            amount: rupiah(40_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.arisans().pay_out_arisan(drawn).await)
    }
}
