//! What is done in more than one story, one request each.

use super::Year;
use super::requests::{MonthDay, Purse, Told, done, on, place, request, rupiah};
use crate::api::v1::{
    self, ExpenseKind, Fund, Means, PartyKind, PlaceKind, SavingsKind, TransactionDetails, means,
    purchase_request,
};
use crate::cli::convert::last_part;

/// The collector's bag.
pub(super) const BAG: &str = "books/contoh/drawers/tas-1";

/// From, or into, a group's savings at the LKM.
pub(super) const fn from_savings() -> Option<Means> {
    Some(Means { means: Some(means::Means::Savings(true)) })
}

impl Year<'_> {
    /// What there was when a book began.
    pub(super) async fn opens(
        &self,
        entity: String,
        request_id: String,
        (month, day): MonthDay,
        fund: Fund,
        items: Vec<v1::OpeningItem>,
    ) -> Told {
        let details = on(month, day);
        let opening =
            v1::OpenBalancesRequest { entity, request_id, details, fund: fund as i32, items };
        done(self.remote.journal().open_balances(opening).await)
    }

    /// A third party of the LKM, or of a group.
    pub(super) async fn third_party(
        &self,
        entity: &str,
        kind: PartyKind,
        id: &str,
        name: &str,
    ) -> Told {
        let create = v1::CreatePartyRequest {
            parent: entity.to_owned(),
            request_id: request(last_part(entity), id),
            party_id: id.to_owned(),
            kind: kind as i32,
            display_name: format!("{name} (contoh)"),
        };
        done(self.remote.parties().create_party(create).await)
    }

    /// A member brings savings.
    pub(super) async fn save(
        &self,
        member: String,
        request_id: String,
        (month, day): MonthDay,
        (kind, much): (SavingsKind, i64),
        into: PlaceKind,
    ) -> Told {
        let deposit = v1::DepositRequest {
            member,
            request_id,
            details: on(month, day),
            kind: kind as i32,
            amount: rupiah(much),
            place: place(into),
        };
        done(self.remote.savings().deposit(deposit).await)
    }

    /// A member puts capital into the group's business.
    pub(super) async fn put_in(
        &self,
        member: String,
        request_id: String,
        (month, day): MonthDay,
        much: i64,
    ) -> Told {
        let capital = v1::PayInCapitalRequest {
            member,
            request_id,
            details: on(month, day),
            amount: rupiah(much),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.savings().pay_in_capital(capital).await)
    }

    /// Money goes from a purse to another place.
    pub(super) async fn move_cash(
        &self,
        from: Purse,
        request_id: String,
        (month, day): MonthDay,
        (to, much): (PlaceKind, i64),
    ) -> Told {
        let movement = v1::MoveCashRequest {
            entity: from.entity,
            request_id,
            details: on(month, day),
            fund: from.fund as i32,
            from: place(from.place),
            to: place(to),
            amount: rupiah(much),
        };
        done(self.remote.cash().move_cash(movement).await)
    }

    /// Something is bought.
    pub(super) async fn buy(
        &self,
        purse: Purse,
        request_id: String,
        (month, day): MonthDay,
        lot: v1::NewLot,
    ) -> Told {
        let buy = v1::PurchaseRequest {
            entity: purse.entity,
            request_id,
            details: on(month, day),
            fund: purse.fund as i32,
            items: vec![lot],
            payment: place(purse.place).map(purchase_request::Payment::PaidFrom),
            ..v1::PurchaseRequest::default()
        };
        done(self.remote.trade().purchase(buy).await)
    }

    /// A cost is paid.
    pub(super) async fn spend(
        &self,
        purse: Purse,
        request_id: String,
        details: Option<TransactionDetails>,
        (kind, much): (ExpenseKind, i64),
    ) -> Told {
        let spend = v1::PayExpenseRequest {
            entity: purse.entity,
            request_id,
            details,
            fund: purse.fund as i32,
            kind: kind as i32,
            amount: rupiah(much),
            place: place(purse.place),
            ..v1::PayExpenseRequest::default()
        };
        done(self.remote.trade().pay_expense(spend).await)
    }

    /// What the collector carries comes to the LKM.
    pub(super) async fn hand_in(
        &self,
        request_id: String,
        (month, day): MonthDay,
        much: i64,
        into: PlaceKind,
    ) -> Told {
        let handed_in = v1::HandInCollectionRequest {
            bag: BAG.to_owned(),
            request_id,
            details: on(month, day),
            amount: rupiah(much),
            place: place(into),
        };
        done(self.remote.links().hand_in_collection(handed_in).await)
    }

    /// A tool has worn off until the first of December.
    pub(super) async fn wear(&self, lot: String, request_id: String, fund: Fund) -> Told {
        let wear = v1::DepreciateToolRequest {
            lot,
            request_id,
            details: on(12, 1),
            fund: fund as i32,
            amount: None,
        };
        done(self.remote.upkeep().depreciate_tool(wear).await)
    }

    /// A group leaves its book for another, with all it has.
    pub(super) async fn move_group(
        &self,
        group: String,
        request_id: String,
        (month, day): MonthDay,
        minute: &str,
        to_book: &str,
    ) -> Told {
        let moves = v1::MoveGroupRequest {
            new_group_id: last_part(&group).to_owned(),
            group,
            request_id,
            details: on(month, day),
            minute: minute.to_owned(),
            to_book: format!("books/{to_book}"),
        };
        done(self.remote.lifecycle().move_group(moves).await)
    }
}
