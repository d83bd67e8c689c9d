//! What members get of the joint business (catalogue events 57 and 59).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Mutation, Plan, detailed, service, transactions};
use crate::api::v1;
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::proto::ExpenseKind;
use crate::domain::sharing::{Divide, PayInKind, What};

/// The most members at once.
const MAX_PARTS: usize = 200;

service! {
    sharing_service_server::SharingService {
        share_proceeds: ShareProceedsRequest => ShareProceedsResponse;
        pay_in_kind: PayInKindRequest => PayInKindResponse;
        divide_capital: DivideCapitalRequest => DivideCapitalResponse;
        return_capital: ReturnCapitalRequest => ReturnCapitalResponse;
    }
}

transactions! {
    ShareProceedsRequest => ShareProceedsResponse;
    PayInKindRequest => PayInKindResponse;
    DivideCapitalRequest => DivideCapitalResponse;
    ReturnCapitalRequest => ReturnCapitalResponse;
}

impl Mutation for v1::ShareProceedsRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let parts = parts(&self.parts)?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        let what = What::ShareOfSale;
        Ok(Plan::new(book, &entity, Divide { group, what, parts, place, grant: None }))
    }
}

pub(super) fn parts(parts: &[v1::MemberPart]) -> Checked<Vec<(Id, Sen)>> {
    convert::count(parts, MAX_PARTS, "parts")?;
    let mut checked = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let at = |name: &str| format!("parts[{index}].{name}");
        let member = convert::id(&part.member_id, &at("member_id"))?;
        checked.push((member, convert::money(part.amount.as_ref(), &at("amount"))?));
    }
    Ok(checked)
}

/// Dividing and giving back have the same fields.
macro_rules! capital {
    ($($request:ident, $what:ident;)+) => {$(
        impl Mutation for v1::$request {
            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let (book, group) = convert::group(&self.group, "group")?;
                let entity = Entity::Kube(group.clone());
                let parts = parts(&self.parts)?;
                let place = convert::place(self.place.as_ref(), &book, "place")?;
                let owner = (&book, &entity);
                let grant = convert::optional_owned_by(&self.grant, owner, "grants", "grant")?;
                let what = What::$what;
                Ok(Plan::new(book, &entity, Divide { group, what, parts, place, grant }))
            }
        }
    )+};
}

capital! {
    DivideCapitalRequest, Capital;
    ReturnCapitalRequest, CapitalBack;
}

impl Mutation for v1::PayInKindRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, member) = convert::owned_by_group(&self.member, "members", "member")?;
        let entity = Entity::Kube(group.clone());
        let lot = convert::owned_by(&self.lot, (&book, &entity), "lots", "lot")?;
        let quantity_milli = convert::quantity(self.quantity.as_ref(), "quantity")?;
        let cost: ExpenseKind = convert::open_choice(self.cost, "cost")?;
        let cost = (cost != ExpenseKind::Unspecified).then_some(cost);
        Ok(Plan::new(book, &entity, PayInKind { group, member, lot, quantity_milli, cost }))
    }
}
