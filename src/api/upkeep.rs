//! Tools that wear off, animals given to keep, animals counted (catalogue events 12 and 58).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Page, Plan, damaged, detailed, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::google_type::Decimal;
use crate::api::v1;
use crate::domain::id::{Entity, Id};
use crate::domain::record::Row;
use crate::domain::upkeep::{CountHeads, Depreciate, GiveToKeep, SetLife, TakeBack};
use crate::storage::read::RegisterRow;

/// The most lots of one opname.
const MAX_COUNTS: usize = 100;

/// The most heads of one count.
const MAX_HEADS: i64 = 1_000_000;

service! {
    upkeep_service_server::UpkeepService {
        set_tool_life: SetToolLifeRequest => SetToolLifeResponse;
        depreciate_tool: DepreciateToolRequest => DepreciateToolResponse;
        give_livestock: GiveLivestockRequest => GiveLivestockResponse;
        take_livestock_back: TakeLivestockBackRequest => TakeLivestockBackResponse;
        list_keepings: ListKeepingsRequest => ListKeepingsResponse;
        count_livestock: CountLivestockRequest => CountLivestockResponse;
    }
}

transactions! {
    SetToolLifeRequest => SetToolLifeResponse;
    DepreciateToolRequest => DepreciateToolResponse;
    GiveLivestockRequest => GiveLivestockResponse;
    TakeLivestockBackRequest => TakeLivestockBackResponse;
    CountLivestockRequest => CountLivestockResponse;
}

impl Mutation for v1::SetToolLifeRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, lot) = convert::owned(&self.lot, "lots", "lot")?;
        if !(1..=600).contains(&self.months) {
            return Err(Fault::NumberOutOfRange.on("months"));
        }
        let action = SetLife {
            ledger: convert::ledger(&entity, self.fund, "fund")?,
            lot,
            months: self.months,
            in_use_since: convert::day(self.in_use_since.as_ref(), "in_use_since")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::DepreciateToolRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, lot) = convert::owned(&self.lot, "lots", "lot")?;
        let amount = match &self.amount {
            Some(amount) => Some(convert::money(Some(amount), "amount")?),
            None => None,
        };
        let ledger = convert::ledger(&entity, self.fund, "fund")?;
        Ok(Plan::new(book, &entity, Depreciate { ledger, lot, amount }))
    }
}

impl Mutation for v1::GiveLivestockRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, lot) = convert::owned_by_group(&self.lot, "lots", "lot")?;
        let entity = Entity::Kube(group.clone());
        let share_percent = match &self.share_percent {
            Some(share) => Some(convert::percent(Some(share), "share_percent")?),
            None => None,
        };
        let action = GiveToKeep {
            group,
            keeping: convert::id(&self.keeping_id, "keeping_id")?,
            lot,
            keeper: convert::owned_by(&self.keeper, (&book, &entity), "members", "keeper")?,
            heads: convert::heads(self.heads)?,
            share_percent,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::TakeLivestockBackRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, keeping) = convert::owned_by_group(&self.keeping, "keepings", "keeping")?;
        let heads = convert::heads(self.heads)?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, TakeBack { group, keeping, heads }))
    }
}

impl Mutation for v1::CountLivestockRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.entity, "entity")?;
        let entity = Entity::Kube(group);
        convert::count(&self.counts, MAX_COUNTS, "counts")?;
        let count = |(index, count): (usize, &v1::HeadCount)| {
            let at = |name: &str| format!("counts[{index}].{name}");
            if !(0..=MAX_HEADS).contains(&count.heads) {
                return Err(Fault::QuantityOutOfRange.on(&at("heads")));
            }
            let lot = convert::owned_by(&count.lot, (&book, &entity), "lots", &at("lot"))?;
            Ok((lot, count.heads))
        };
        let counts = self.counts.iter().enumerate().map(count).collect::<Checked<_>>()?;
        let action = CountHeads { entity: entity.clone(), counts };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Method for v1::ListKeepingsRequest {
    type Response = v1::ListKeepingsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Kube(group.clone()), "parent").await?;
        let parent = format!("groups/{group}/keepings");
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let keepings = rows.iter().map(|found| keeping(&book, &group, found));
        Ok(v1::ListKeepingsResponse {
            keepings: keepings.collect::<Checked<_>>()?,
            next_page_token,
        })
    }
}

fn keeping(book: &Id, group: &Id, found: &RegisterRow) -> Checked<v1::Keeping> {
    let Row::Keeping(row) = &found.row else { return Err(damaged()) };
    let of = |collection: &str, id: &str| {
        convert::row_name(book, format!("groups/{group}/{collection}/{id}"))
    };
    let share = Some(&row.share_percent).filter(|share| !share.is_empty());
    Ok(v1::Keeping {
        name: of("keepings", &found.id),
        lot: of("lots", &row.lot),
        keeper: of("members", &row.keeper),
        heads: row.heads,
        share_percent: share.map(|value| Decimal { value: value.clone() }),
        since: convert::to_optional_date(row.since),
        until: convert::to_optional_date(row.until),
    })
}
