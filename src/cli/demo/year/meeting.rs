//! What a month's meeting brings into the tin of each of the ten, and what goes from there into the
//! group's savings at the LKM.

use super::Year;
use super::kubes::Kube;
use super::requests::{Told, done, member_id, on, place, rupiah};
use super::solidarity::{LATE, RELIEF};
use crate::api::v1::{self, Fund, PlaceKind, SheetLine, SheetLineKind, TransactionDetails};

/// What a group brings to the LKM every month.
const TO_THE_LKM: i64 = 100_000;

/// What changed the tin beside the meetings, of every group or of one, and the first meeting that
/// finds it changed: what was drawn of the grant less the goods and their cost, August's sale, October's
/// relief; feed, dues that did not come, savings of somebody unknown, and what was short.
const BESIDE: [(Option<&str>, i32, i64); 7] = [
    (None, 2, 12_000_000 - 8_000_000 - 500_000),
    (None, 8, 3_500_000),
    (None, 10, -RELIEF),
    (Some("tunas-baru"), 4, -250_000),
    (Some("tunas-baru"), 12, -5_000),
    (Some("kasih"), 5, 20_000),
    (Some("kios-murah"), 8, -5_000),
];

impl Year<'_> {
    /// Each member brings Rp10.000 of wajib and Rp5.000 of IKS, four bring Rp20.000 more. In April
    /// somebody unknown is on Kasih's sheet, in July Rp5.000 are missing in Kios Murah's tin, in
    /// November one of Tunas Baru pays no dues.
    pub(super) async fn meeting(&self, kube: &Kube, month: i32) -> Told {
        let mut lines = usual_lines(kube);
        let mut short = 0;
        match (kube.id().as_str(), month) {
            ("kasih", 4) => {
                lines.push(line(SheetLineKind::Sukarela, "m99".to_owned(), 20_000));
            }
            ("kios-murah", 7) => short = 5_000,
            ("tunas-baru", 11) => lines.retain(|line| {
                line.kind() != SheetLineKind::IksDues || line.member_id != member_id(LATE)
            }),
            _ => {}
        }
        let before = tin_before(kube, month);
        let counted = before + brought(&lines) - short;
        let asked = kube.asked(&format!("lembar-{month}"));
        let number = month.to_string();
        self.sheet(kube.path(), asked, (on(month, 10), number), lines, (before, counted)).await
    }

    /// A meeting's sheet: its day and number, its lines, what lay in the tin before and after.
    pub(super) async fn sheet(
        &self,
        parent: String,
        request_id: String,
        (details, number): (Option<TransactionDetails>, String),
        lines: Vec<SheetLine>,
        (before, after): (i64, i64),
    ) -> Told {
        let sheet = v1::RecordSheetRequest {
            parent,
            request_id,
            details,
            number,
            lines,
            opening_cash: rupiah(before),
            closing_cash: rupiah(after),
        };
        done(self.remote.meetings().record_sheet(sheet).await)
    }

    pub(super) async fn to_the_lkm(&self, kube: &Kube, month: i32) -> Told {
        let deposit = v1::DepositAtLkmRequest {
            group: kube.path(),
            request_id: kube.asked(&format!("setor-{month}")),
            details: on(month, 11),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(TO_THE_LKM),
            kube_place: place(PlaceKind::Cash),
            lkm_place: place(PlaceKind::Drawer),
        };
        done(self.remote.savings().deposit_at_lkm(deposit).await)
    }
}

pub(super) fn line(kind: SheetLineKind, member_id: String, much: i64) -> SheetLine {
    SheetLine { kind: kind as i32, member_id, amount: rupiah(much), ..SheetLine::default() }
}

/// What a meeting brings where nothing special happens.
pub(super) fn usual_lines(kube: &Kube) -> Vec<SheetLine> {
    let all = 1..=kube.member_count;
    let wajib = all.clone().map(|n| line(SheetLineKind::Wajib, member_id(n), 10_000));
    let dues = all.map(|n| line(SheetLineKind::IksDues, member_id(n), 5_000));
    let sukarela = (1..=4).map(|n| line(SheetLineKind::Sukarela, member_id(n), 20_000));
    wajib.chain(dues).chain(sukarela).collect()
}

pub(super) fn brought(lines: &[SheetLine]) -> i64 {
    lines.iter().filter_map(|line| line.amount.as_ref()).map(|money| money.units).sum()
}

/// What lies in the tin before a month's meeting: what the year has told so far.
pub(super) fn tin_before(kube: &Kube, month: i32) -> i64 {
    let id = kube.id();
    let told = |(of, since, _): &&(Option<&str>, i32, i64)| {
        *since <= month && of.is_none_or(|of| of == id)
    };
    let beside: i64 = BESIDE.iter().filter(told).map(|(_, _, much)| much).sum();
    let meetings = i64::from(month - 1) * (brought(&usual_lines(kube)) - TO_THE_LKM);
    50_000 * i64::from(kube.member_count) + meetings + beside
}
