//! Loan products of an LKM or a KUBE, as effective-dated data.
//!
//! **Invariant**: a loan copies the terms that its product has on the day it is approved; a product
//! changed later touches no running loan.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop, not_found};
use crate::domain::effective::{self, Recorded, Version, in_force};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::terms::{Terms, invalid};
use crate::domain::loan::yearly;
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    BoundedFigure, LoanContract, LoanPlan, LoanProduct, LoanVersion,
};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::regime;

impl Version for LoanVersion {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

impl Recorded for LoanVersion {
    fn position(&self) -> u64 {
        self.position
    }
}

/// An entity's loan product.
pub fn product_name(entity: &Entity, product: &Id) -> RowName {
    RowName::of(entity, "loan-products", product.as_str())
}

/// Sets what a loan product says from a day on; makes the product if there is none.
#[derive(Clone, Debug)]
pub struct SetLoanProduct {
    /// Whose.
    pub entity: Entity,
    /// The product.
    pub product: Id,
    /// What it says.
    pub version: LoanVersion,
}

impl Action for SetLoanProduct {
    fn event(&self) -> Event {
        Event::LoanProductSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Products, &self.entity)))
    }

    /// Errors: `LOAN_TERMS_INVALID`, `PERIOD_CLOSED`, `NOT_AFTER_LAST`, `RATE_ABOVE_BOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let terms = Terms::new(&self.version.terms.clone().unwrap_or_default())?;
        if !terms.margin.is_zero() {
            return Err(invalid("margin").into());
        }
        if let Some(term) = terms.unfit_for(&self.entity) {
            return Err(invalid(term).into());
        }
        let bounded = self.version.most != 0;
        if bounded && self.version.most < self.version.least {
            return Err(invalid("most").into());
        }
        let name = product_name(&self.entity, &self.product);
        let mut product = match draft.row(&name)? {
            Some(Row::LoanProduct(product)) => product,
            _ => LoanProduct::default(),
        };
        let versions = &mut product.versions;
        let version = LoanVersion { position: draft.frame().position, ..self.version.clone() };
        effective::add(draft, &self.entity, versions, version, "since")?;
        let of = (&self.entity, BoundedFigure::LoanRate, self.version.since());
        regime::check_rate(draft, of, "terms.rate_percent", yearly::named(&terms))?;
        let by_jasa = terms.contract == LoanContract::Unspecified;
        regime::check_principle(draft, &self.entity, by_jasa, self.version.since());
        draft.put(name, Row::LoanProduct(product));
        Ok(())
    }
}

/// What a product says on a day. Errors: `NOT_FOUND`, `RULE_NOT_SET` before it says anything.
pub fn version_on(
    draft: &Draft<'_>,
    entity: &Entity,
    product: &Id,
    day: Day,
) -> Result<LoanVersion, Stop> {
    let name = product_name(entity, product);
    let Row::LoanProduct(row) = draft.require(&name, "product")? else {
        return Err(not_found(&name, "product").into());
    };
    let version = in_force(&row.versions, day).cloned();
    version.ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("product").into())
}

/// Checks an amount and a plan against what a product allows.
///
/// Errors: `LOAN_AMOUNT`, `LOAN_INSTALMENTS`.
pub fn check_bounds(
    version: &LoanVersion,
    product: &Id,
    amount: Sen,
    plan: &LoanPlan,
) -> Result<(), Refusal> {
    let most = if version.most == 0 { Sen::MAX_REQUEST.get() } else { version.most };
    if amount.get() < version.least || amount.get() > most {
        let refusal = Refusal::new(Reason::LoanAmount).on("amount").with("product", product);
        return Err(refusal.with("least", version.least).with("most", most));
    }
    check_instalments(version, product, plan)
}

fn check_instalments(version: &LoanVersion, product: &Id, plan: &LoanPlan) -> Result<(), Refusal> {
    if version.most_instalments == 0 || plan.instalments <= version.most_instalments {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::LoanInstalments).on("plan.instalments");
    Err(refusal.with("product", product).with("most", version.most_instalments))
}

/// Checks a new plan for what is left of a loan against what its product allows on the day of a
/// draft: what is left is lent anew. The amount is not checked, since no money goes out.
///
/// Errors: `LOAN_INSTALMENTS`.
pub fn check_new_plan(
    draft: &Draft<'_>,
    entity: &Entity,
    product: &str,
    plan: &LoanPlan,
) -> Result<(), Stop> {
    let Some(product) = Id::new(product) else { return Ok(()) };
    let Some(Row::LoanProduct(row)) = draft.row(&product_name(entity, &product))? else {
        return Ok(());
    };
    match in_force(&row.versions, draft.frame().happened_on) {
        Some(version) => Ok(check_instalments(version, &product, plan)?),
        None => Ok(()),
    }
}
