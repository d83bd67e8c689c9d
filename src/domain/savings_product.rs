//! Savings products as effective-dated data, one for each sort of savings of an entity: what is due
//! of simpanan wajib, what interest is paid and how it is counted, when an account falls dormant;
//! and the tax on that interest. There are no built-in defaults: what is not set is not done.

use rust_decimal::Decimal;

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::dormancy;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Version};
use crate::domain::id::{Entity, RowName};
use crate::domain::record::proto::{
    BoundedFigure, Mark, SavingsMethod, SavingsProduct, SavingsProducts, SavingsSort, SavingsTax,
    SavingsTaxes,
};
use crate::domain::record::{Event, Row};
use crate::domain::regime;

/// The collection of an entity's savings products.
pub const COLLECTION: &str = "savings-products";

/// The register of the products that pay interest, each `{entity}.{sort}`.
pub const PAYERS: &str = "interest-payers";

/// What a row of [`PAYERS`] names; `None` when it names nothing.
pub fn payer_of(name: &str) -> Option<(Entity, SavingsSort)> {
    let (entity, sort) = name.split_once('.')?;
    let sort = SORTS.iter().copied().find(|one| sort_name(*one) == sort)?;
    Some((Entity::new(entity)?, sort))
}

/// All sorts of savings.
pub const SORTS: [SavingsSort; 4] =
    [SavingsSort::Pokok, SavingsSort::Wajib, SavingsSort::Sukarela, SavingsSort::Kube];

/// Lists a product as one that pays interest: once it has, it is looked at for good.
pub fn pays_from(draft: &mut Draft<'_>, entity: &Entity, sort: SavingsSort) {
    let position = draft.frame().position;
    let payer = format!("{entity}.{}", sort_name(sort));
    draft.put(RowName::new(PAYERS, payer), Row::Mark(Mark { position }));
}

/// The row that holds the versions of a product.
pub fn product_name(entity: &Entity, sort: SavingsSort) -> RowName {
    RowName::of(entity, COLLECTION, sort_name(sort))
}

/// A sort of savings as names write it.
pub const fn sort_name(sort: SavingsSort) -> &'static str {
    match sort {
        SavingsSort::Unspecified => "",
        SavingsSort::Pokok => "pokok",
        SavingsSort::Wajib => "wajib",
        SavingsSort::Sukarela => "sukarela",
        SavingsSort::Kube => "kube",
    }
}

/// The row that holds an entity's rules of tax on interest.
pub fn tax_name(entity: &Entity) -> RowName {
    RowName::of(entity, "rules", "savings-tax")
}

impl Version for SavingsTax {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// Sets the version of a product that holds from a day on.
#[derive(Clone, Debug)]
pub struct SetProduct {
    /// Whose.
    pub entity: Entity,
    /// Which sort of savings; those of KUBEs only at the LKM.
    pub sort: SavingsSort,
    /// The version, well-formed.
    pub version: SavingsProduct,
}

impl Action for SetProduct {
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
        let mut products = products(draft, &self.entity, self.sort)?;
        let versions = &mut products.versions;
        effective::add(draft, &self.entity, versions, self.version.clone(), "since")?;
        let pays = self.version.method() != SavingsMethod::Unspecified;
        if pays && self.version.share_percent.is_empty() {
            pays_from(draft, &self.entity, self.sort);
        }
        dormancy::begin(draft, &self.entity, self.sort, &mut products)?;
        let rate = self.version.rate.parse::<Decimal>().ok();
        let of = (&self.entity, BoundedFigure::SavingsRate, self.version.since());
        regime::check_rate(draft, of, "version.rate", rate)?;
        if pays {
            let by_jasa = self.version.share_percent.is_empty();
            regime::check_principle(draft, &self.entity, by_jasa, self.version.since());
        }
        draft.put(product_name(&self.entity, self.sort), Row::SavingsProducts(products));
        Ok(())
    }
}

/// The versions of a product, none if none was set. Errors: `Missing`.
pub fn products(
    draft: &Draft<'_>,
    entity: &Entity,
    sort: SavingsSort,
) -> Result<SavingsProducts, Stop> {
    Ok(match draft.row(&product_name(entity, sort))? {
        Some(Row::SavingsProducts(products)) => products,
        _ => SavingsProducts::default(),
    })
}

/// Sets the tax on interest that holds from a day on.
#[derive(Clone, Debug)]
pub struct SetTax {
    /// Who withholds it.
    pub entity: Entity,
    /// The rule, well-formed.
    pub version: SavingsTax,
}

impl Action for SetTax {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Rules, &self.entity)))
    }

    /// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut taxes = taxes(draft, &self.entity)?;
        effective::add(draft, &self.entity, &mut taxes.versions, self.version.clone(), "since")?;
        draft.put(tax_name(&self.entity), Row::SavingsTaxes(taxes));
        Ok(())
    }
}

/// An entity's rules of tax, none if none was set. Errors: `Missing`.
pub fn taxes(draft: &Draft<'_>, entity: &Entity) -> Result<SavingsTaxes, Stop> {
    Ok(match draft.row(&tax_name(entity))? {
        Some(Row::SavingsTaxes(taxes)) => taxes,
        _ => SavingsTaxes::default(),
    })
}
