//! What the LKM's office has of its own: a second-hand motorcycle for the collector, bought in July out
//! of the first counter's drawer, which is to last four years.

use super::{Told, Year, day_of, done, lkm, minute, on, place, request, rupiah};
use crate::api::v1::{self, Fund, LotKind, PlaceKind, purchase_request};
use crate::cli::convert::decimal;

const MOTORCYCLE: &str = "motor";

fn motorcycle() -> String {
    format!("{}/lots/{MOTORCYCLE}", lkm())
}

impl Year<'_> {
    /// What a month brings.
    pub(super) async fn office(&self, month: i32) -> Told {
        match month {
            7 => self.buy_motorcycle().await,
            12 => self.wear_motorcycle().await,
            _ => Ok(()),
        }
    }

    async fn buy_motorcycle(&self) -> Told {
        let buy = v1::PurchaseRequest {
            entity: lkm(),
            request_id: request(MOTORCYCLE, "beli"),
            details: on(7, 1),
            fund: Fund::SimpanPinjam as i32,
            items: vec![v1::NewLot {
                lot_id: MOTORCYCLE.to_owned(),
                kind: LotKind::Tools as i32,
                label: "sepeda motor bekas".to_owned(),
                unit: "buah".to_owned(),
                quantity: decimal(1_000),
                cost: rupiah(6_000_000),
            }],
            payment: place(PlaceKind::Drawer).map(purchase_request::Payment::PaidFrom),
            ..v1::PurchaseRequest::default()
        };
        done(self.remote.trade().purchase(buy).await)?;
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
    async fn wear_motorcycle(&self) -> Told {
        let wear = v1::DepreciateToolRequest {
            lot: motorcycle(),
            request_id: request(MOTORCYCLE, "susut"),
            details: on(12, 1),
            fund: Fund::SimpanPinjam as i32,
            amount: None,
        };
        done(self.remote.upkeep().depreciate_tool(wear).await)
    }
}
