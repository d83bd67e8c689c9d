//! The troupe of Pelita Kasih dances at a wedding: a service is paid, a musician of the village gets an
//! honorarium, and a drum is bought.

use super::{Kube, Told, Year, done, on, place, request, rupiah};
use crate::api::v1::{self, ExpenseKind, Fund, LotKind, PlaceKind, purchase_request, sell_request};
use crate::cli::convert::decimal;

impl Year<'_> {
    /// Two days before Christmas.
    pub(super) async fn dance(&self, kube: &Kube) -> Told {
        let danced = v1::SellRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "tari"),
            details: on(12, 23),
            fund: Fund::Uep as i32,
            price: rupiah(300_000),
            proceeds: place(PlaceKind::Cash).map(sell_request::Proceeds::PaidTo),
            ..v1::SellRequest::default()
        };
        done(self.remote.trade().sell(danced).await)?;
        let played = v1::PayExpenseRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "honor"),
            details: on(12, 23),
            fund: Fund::Uep as i32,
            kind: ExpenseKind::Honoraria as i32,
            amount: rupiah(100_000),
            place: place(PlaceKind::Cash),
            ..v1::PayExpenseRequest::default()
        };
        done(self.remote.trade().pay_expense(played).await)?;
        let drum = v1::PurchaseRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "tambur"),
            details: on(12, 24),
            fund: Fund::Uep as i32,
            items: vec![v1::NewLot {
                lot_id: "tambur".to_owned(),
                kind: LotKind::Tools as i32,
                label: "tambur".to_owned(),
                unit: "buah".to_owned(),
                quantity: decimal(1_000),
                cost: rupiah(150_000),
            }],
            payment: place(PlaceKind::Cash).map(purchase_request::Payment::PaidFrom),
            ..v1::PurchaseRequest::default()
        };
        done(self.remote.trade().purchase(drum).await)
    }
}
