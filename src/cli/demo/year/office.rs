//! The LKM's own office: its book, drawers and capital, how it classes loans, wages every month, a
//! second-hand motorcycle for the collector, bought in July out of the first counter's drawer, which is
//! to last four years, and what its bank pays.

use super::requests::{
    Purse, Told, book, day_of, done, lkm, minute, on, one, request, rupiah, with_memo,
};
use super::{BOOK, Year};
use crate::api::v1::{
    self, ExpenseKind, Fund, LotKind, PlaceKind, QualityPreset, Regime, journal_line::Side,
};
use crate::domain::chart::Code;

const MOTORCYCLE: &str = "motor";

fn motorcycle() -> String {
    format!("{}/lots/{MOTORCYCLE}", lkm())
}

/// The LKM's money for savings and loans, at a place.
fn purse(place: PlaceKind) -> Purse {
    Purse::of(lkm(), Fund::SimpanPinjam, place)
}

impl Year<'_> {
    pub(super) async fn open_book(&self) -> Told {
        let open = v1::CreateBookRequest {
            request_id: request("lkm", "buka"),
            ..book(BOOK, "Buku contoh Kupang", "LKM Kube Sejahtera Kupang (contoh)", Regime::LkmOjk)
        };
        done(self.remote.books().create_book(open).await)?;
        for (id, label, collector) in [("loket-1", "Loket 1", false), ("tas-1", "Tas 1", true)] {
            let drawer = v1::CreateDrawerRequest {
                parent: format!("books/{BOOK}"),
                request_id: request("lkm", id),
                drawer_id: id.to_owned(),
                label: format!("{label} (contoh)"),
                collector,
            };
            done(self.remote.parties().create_drawer(drawer).await)?;
        }
        self.capital().await?;
        let (vault, drawer) = (request("lkm", "brankas"), request("lkm", "laci"));
        let to_vault = (PlaceKind::Vault, 10_000_000);
        self.move_cash(purse(PlaceKind::Bank), vault, (1, 2), to_vault).await?;
        let to_drawer = (PlaceKind::Drawer, 5_000_000);
        self.move_cash(purse(PlaceKind::Vault), drawer, (1, 2), to_drawer).await
    }

    async fn capital(&self) -> Told {
        let line = |code: Code, side| v1::JournalLine {
            account: format!("books/{BOOK}/accounts/lkm.sp.{}", code.number()),
            side,
        };
        let amount = rupiah(50_000_000);
        let journal = v1::PostJournalRequest {
            book: format!("books/{BOOK}"),
            request_id: request("lkm", "modal"),
            details: with_memo(1, 2, "Setoran modal (contoh)"),
            lines: vec![
                line(Code::Bank, amount.clone().map(Side::Debit)),
                line(Code::PaidInCapital, amount.map(Side::Credit)),
            ],
        };
        done(self.remote.journal().post_journal(journal).await)
    }

    /// The LKM classes its loans as the regulation of 2024 does.
    pub(super) async fn loan_quality(&self) -> Told {
        let quality = v1::SetLoanQualityRequest {
            entity: lkm(),
            request_id: request("lkm", "kualitas"),
            since: day_of(1, 1),
            preset: QualityPreset::LkmPojk412024 as i32,
            minute: "BA-5/2025 (contoh)".to_owned(),
            non_performing_from: 3,
            ..v1::SetLoanQualityRequest::default()
        };
        done(self.remote.loans().set_loan_quality(quality).await)
    }

    pub(super) async fn pay_staff(&self, month: i32) -> Told {
        let (asked, day) = (request("lkm", &format!("gaji-{month}")), on(month, 28));
        self.spend(purse(PlaceKind::Bank), asked, day, (ExpenseKind::Wages, 1_000_000)).await
    }

    pub(super) async fn buy_motorcycle(&self) -> Told {
        let lot = one(MOTORCYCLE, LotKind::Tools, "sepeda motor bekas", 6_000_000);
        let asked = request(MOTORCYCLE, "beli");
        self.buy(purse(PlaceKind::Drawer), asked, (7, 1), lot).await?;
        let life = v1::SetToolLifeRequest {
            lot: motorcycle(),
            request_id: request(MOTORCYCLE, "umur"),
            details: minute(7, 1, "BA-M1/2025 (contoh)"),
            fund: Fund::SimpanPinjam as i32,
            months: 48,
            in_use_since: day_of(7, 1),
        };
        done(self.remote.upkeep().set_tool_life(life).await)
    }

    /// What five months have taken of it.
    pub(super) async fn wear_motorcycle(&self) -> Told {
        self.wear(motorcycle(), request(MOTORCYCLE, "susut"), Fund::SimpanPinjam).await
    }

    pub(super) async fn bank_interest(&self) -> Told {
        let interest = v1::RecordBankInterestRequest {
            entity: lkm(),
            request_id: request("lkm", "bunga"),
            details: on(12, 31),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(250_000),
        };
        done(self.remote.cash().record_bank_interest(interest).await)
    }
}
