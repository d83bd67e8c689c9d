//! What regimes say of figures: set, listed, offered.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Plan, damaged, plain};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::Entity;
use crate::domain::record::Row;
use crate::domain::record::proto::{BoundEffect, BoundedFigure, Regime, RegimeBound, RegimeBounds};
use crate::domain::regime::{SetBound, bounds_name, presets};
use crate::storage::read::Snapshot;

/// All that is set.
pub(super) async fn read(snapshot: &mut Snapshot) -> Checked<RegimeBounds> {
    match snapshot.row(&bounds_name()).await?.map(|found| found.row) {
        None => Ok(RegimeBounds::default()),
        Some(Row::RegimeBounds(row)) => Ok(row),
        Some(_) => Err(damaged()),
    }
}

pub(super) fn to_bound(bound: &RegimeBound) -> v1::RegimeBound {
    v1::RegimeBound {
        at_least: convert::to_decimal(&bound.at_least),
        at_most: convert::to_decimal(&bound.at_most),
        source: bound.source.clone(),
        regime: bound.regime,
        figure: bound.figure,
        effect: bound.effect,
        since: Some(convert::to_date(Day::new(bound.since))),
        minute: bound.minute.clone(),
    }
}

impl Mutation for v1::SetRegimeBoundRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "lkm"), ("since", "bound.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::lkm(&self.lkm, "lkm")?;
        let bound = self.bound.as_ref().ok_or_else(|| Fault::Required.on("bound"))?;
        let bound = RegimeBound {
            since: convert::day(bound.since.as_ref(), "bound.since")?.get(),
            regime: convert::choice::<Regime>(bound.regime, "bound.regime")? as i32,
            figure: convert::choice::<BoundedFigure>(bound.figure, "bound.figure")? as i32,
            at_least: convert::decimal(bound.at_least.as_ref()),
            at_most: convert::decimal(bound.at_most.as_ref()),
            effect: convert::choice::<BoundEffect>(bound.effect, "bound.effect")? as i32,
            source: convert::required_line(&bound.source, 120, "bound.source")?,
            minute: convert::required_line(&bound.minute, 80, "bound.minute")?,
            position: 0,
        };
        Ok(Plan::new(book, &Entity::Lkm, SetBound { bound }))
    }
}

impl Method for v1::SetRegimeBoundRequest {
    type Response = v1::SetRegimeBoundResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        let Row::RegimeBounds(row) = done.row(&bounds_name())? else { return Err(damaged()) };
        Ok(v1::SetRegimeBoundResponse { bounds: row.bounds.iter().map(to_bound).collect() })
    }
}

impl Method for v1::ListRegimeBoundsRequest {
    type Response = v1::ListRegimeBoundsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::lkm(&self.lkm, "lkm")?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Lkm, "lkm").await?;
        let bounds = read(&mut snapshot).await?.bounds.iter().map(to_bound).collect();
        let presets = presets().map(|preset| to_bound(&preset)).collect();
        Ok(v1::ListRegimeBoundsResponse { bounds, presets })
    }
}
