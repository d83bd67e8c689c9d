//! Products of term deposits as effective-dated data: what a deposit earns, when that is paid, and
//! what breaking it early costs. There are no built-in defaults: what is not set is not done.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Version, in_force};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{BoundedFigure, Principle, TermProduct, TermProducts};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::regime;

/// The collection of an entity's products of term deposits.
pub const COLLECTION: &str = "term-products";

/// The row that holds the versions of a product.
pub fn product_name(entity: &Entity, product: &str) -> RowName {
    RowName::of(entity, COLLECTION, product)
}

impl Version for TermProduct {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// Sets the version of a product that holds from a day on. Deposits that run keep the version that
/// their term began with.
#[derive(Clone, Debug)]
pub struct SetTermProduct {
    /// Whose.
    pub entity: Entity,
    /// The product's id.
    pub product: Id,
    /// The version, well-formed.
    pub version: TermProduct,
}

impl Action for SetTermProduct {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Products, &self.entity)))
    }

    /// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`, `RATE_ABOVE_BOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = product_name(&self.entity, self.product.as_str());
        let mut row = products(draft, &name)?;
        let since = self.version.since();
        effective::add(draft, &self.entity, &mut row.versions, self.version.clone(), "since")?;
        let of = (&self.entity, BoundedFigure::SavingsRate, since);
        regime::check_rate(draft, of, "version.rate", self.version.rate.parse().ok())?;
        let shares = self.version.syariah || !self.version.share_percent.is_empty();
        if shares || !self.version.rate.is_empty() {
            let by_jasa = !self.version.rate.is_empty();
            regime::check_principle(draft, &self.entity, by_jasa, since);
        }
        draft.put(name, Row::TermProducts(row));
        Ok(())
    }
}

/// A product with its versions, none if none was set. Errors: `Missing`.
pub fn products(draft: &Draft<'_>, name: &RowName) -> Result<TermProducts, Stop> {
    Ok(match draft.row(name)? {
        Some(Row::TermProducts(row)) => row,
        _ => TermProducts::default(),
    })
}

/// The version of an entity's product on a day, if one has begun by then. At an LKM that works by
/// syariah contracts on that day every deposit is under one, whatever its product forgot to say: what
/// breaking it costs is never income there.
///
/// Errors: `Missing`.
pub fn version_on(
    draft: &Draft<'_>,
    entity: &Entity,
    product: &str,
    day: Day,
) -> Result<Option<TermProduct>, Stop> {
    let row = products(draft, &product_name(entity, product))?;
    let by_syariah =
        *entity == Entity::Lkm && regime::principle_on(draft.book(), day) == Principle::Syariah;
    let version = in_force(&row.versions, day).cloned();
    Ok(version.map(|one| TermProduct { syariah: one.syariah || by_syariah, ..one }))
}

/// Checks a deposit against its product.
///
/// Errors: `TERM_OUTSIDE_PRODUCT`.
pub fn check(
    terms: &TermProduct,
    product: &str,
    amount: Sen,
    (from, until): (Day, Day),
) -> Result<(), Refusal> {
    let months = from.months_until(until);
    let outside = |field: &str, limit: String| {
        let refusal = Refusal::new(Reason::TermOutsideProduct).on(field);
        Err(refusal.with("product", product).with("limit", limit))
    };
    if amount.get() < terms.least {
        return outside("amount", format!(">= Rp{}", terms.least / 100));
    }
    if months < terms.least_months {
        return outside("matures_on", format!(">= {} bln", terms.least_months));
    }
    let most = terms.most_months;
    if most > 0 && until > from.plus_months(most) {
        return outside("matures_on", format!("<= {most} bln"));
    }
    Ok(())
}
