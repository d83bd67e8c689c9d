//! A teller's day at the second counter: the drawer is limited, opened with money from the vault,
//! used, counted Rp2.000 short and closed; the LKM bears the difference.
//!
//! **Invariant**: the drawer is empty when it is closed. It takes part in nothing afterwards.

use super::requests::{Told, day_of, done, lkm, minute, on, request, rupiah};
use super::{BOOK, Year};
use crate::api::v1::{self, PlaceKind};

/// The second counter's drawer.
const COUNTER: &str = "loket-2";

fn asked(step: &str) -> String {
    request(COUNTER, step)
}

fn counter() -> String {
    format!("books/{BOOK}/drawers/{COUNTER}")
}

impl Year<'_> {
    /// The third of January.
    pub(super) async fn tellers_day(&self) -> Told {
        let drawer = v1::CreateDrawerRequest {
            parent: format!("books/{BOOK}"),
            request_id: asked("baru"),
            drawer_id: COUNTER.to_owned(),
            label: "Loket 2 (contoh)".to_owned(),
            collector: false,
        };
        done(self.remote.parties().create_drawer(drawer).await)?;
        let limit = v1::SetDrawerLimitRequest {
            drawer: counter(),
            request_id: asked("batas"),
            details: on(1, 3),
            since: day_of(1, 3),
            amount: rupiah(2_000_000),
        };
        done(self.remote.cash().set_drawer_limit(limit).await)?;
        let open = v1::OpenDrawerRequest {
            drawer: counter(),
            request_id: asked("buka"),
            details: on(1, 3),
            teller: "petugas-loket".to_owned(),
            counted: rupiah(0),
            from_vault: rupiah(500_000),
        };
        done(self.remote.cash().open_drawer(open).await)?;
        let place = v1::Place { kind: PlaceKind::Drawer as i32, drawer: counter() };
        self.save_at_counter(place).await?;
        self.close_counter().await
    }

    /// Rp500.000 and Rp250.000 should be there.
    async fn close_counter(&self) -> Told {
        let close = v1::CloseDrawerRequest {
            drawer: counter(),
            request_id: asked("tutup"),
            details: on(1, 3),
            counted: rupiah(748_000),
            to_vault: rupiah(748_000),
        };
        done(self.remote.cash().close_drawer(close).await)?;
        let bear = v1::DecideDifferenceRequest {
            entity: lkm(),
            request_id: asked("selisih"),
            details: minute(1, 4, "BA-L1/2025 (contoh)"),
            amount: rupiah(2_000),
            officer: String::new(),
            drawer: counter(),
        };
        done(self.remote.cash().decide_difference(bear).await)
    }
}
