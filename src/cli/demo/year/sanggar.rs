//! The troupe of Pelita Kasih dances at a wedding: a service is paid, a musician of the village gets an
//! honorarium, and a drum is bought.

use super::Year;
use super::kubes::Kube;
use super::requests::{Purse, Told, done, on, one, place, rupiah};
use crate::api::v1::{self, ExpenseKind, Fund, LotKind, PlaceKind, sell_request};

impl Year<'_> {
    /// Two days before Christmas.
    pub(super) async fn dance(&self, kube: &Kube) -> Told {
        let tin = || Purse::of(kube.path(), Fund::Uep, PlaceKind::Cash);
        let danced = v1::SellRequest {
            entity: kube.path(),
            request_id: kube.asked("tari"),
            details: on(12, 23),
            fund: Fund::Uep as i32,
            price: rupiah(300_000),
            proceeds: place(PlaceKind::Cash).map(sell_request::Proceeds::PaidTo),
            ..v1::SellRequest::default()
        };
        done(self.remote.trade().sell(danced).await)?;
        let asked = kube.asked("honor");
        self.spend(tin(), asked, on(12, 23), (ExpenseKind::Honoraria, 100_000)).await?;
        let drum = one("tambur", LotKind::Tools, "tambur", 150_000);
        self.buy(tin(), kube.asked("tambur"), (12, 24), drum).await
    }
}
