//! The rules of loans: products, previews of schedules, quality classes; and how rules, plans and
//! parts of a debt are written.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, plain};
use crate::api::errors::Fault;
use crate::api::google_type;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::effective::in_force;
use crate::domain::id::{Id, RowName};
use crate::domain::loan::allocation::Parts;
use crate::domain::loan::calendar::Calendar;
use crate::domain::loan::product::{SetLoanProduct, product_name};
use crate::domain::loan::quality::{self, SetLoanQuality};
use crate::domain::loan::schedule::{Instalment, instalments};
use crate::domain::loan::terms::Terms;
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto;
use crate::domain::refusal::{Reason, Refusal};

/// What is said of rules, as the journal writes them; the domain checks what they mean.
pub(super) fn terms(terms: Option<&v1::LoanTerms>, field: &str) -> Checked<proto::LoanTerms> {
    let terms = terms.ok_or_else(|| Fault::Required.on(field))?;
    let fee = match &terms.fee {
        None => Sen::ZERO,
        fee => convert::money_or_zero(fee.as_ref(), &format!("{field}.fee"))?,
    };
    Ok(proto::LoanTerms {
        method: terms.method,
        frequency: terms.frequency,
        rate: convert::decimal(terms.rate_percent.as_ref()),
        day_count: terms.day_count,
        principal_grace: terms.principal_grace,
        interest_grace: terms.interest_grace,
        interest_grace_rule: terms.interest_grace_rule,
        rounding_rupiah: terms.rounding_rupiah,
        fee_percent: convert::decimal(terms.fee_percent.as_ref()),
        fee: fee.get(),
        penalty: terms.penalty.as_ref().map(|penalty| proto::Penalty {
            per: penalty.per,
            percent: convert::decimal(penalty.percent.as_ref()),
            grace_days: penalty.grace_days,
            cap_percent: convert::decimal(penalty.cap_percent.as_ref()),
        }),
        allocation: terms.allocation.clone(),
        by_instalment: terms.by_instalment,
        overpayment: terms.overpayment,
        rebate_percent: convert::decimal(terms.rebate_percent.as_ref()),
        recognition: terms.recognition,
        reward_percent: convert::decimal(terms.reward_percent.as_ref()),
        contract: terms.contract,
        margin: optional_money(terms.margin.as_ref(), &format!("{field}.margin"))?
            .map_or(0, Sen::get),
    })
}

pub(super) fn to_terms(terms: &proto::LoanTerms) -> v1::LoanTerms {
    v1::LoanTerms {
        method: terms.method,
        frequency: terms.frequency,
        rate_percent: convert::to_decimal(&terms.rate),
        day_count: terms.day_count,
        principal_grace: terms.principal_grace,
        interest_grace: terms.interest_grace,
        interest_grace_rule: terms.interest_grace_rule,
        rounding_rupiah: terms.rounding_rupiah,
        fee_percent: convert::to_decimal(&terms.fee_percent),
        fee: money(terms.fee),
        penalty: terms.penalty.as_ref().map(|penalty| v1::LoanPenalty {
            per: penalty.per,
            percent: convert::to_decimal(&penalty.percent),
            grace_days: penalty.grace_days,
            cap_percent: convert::to_decimal(&penalty.cap_percent),
        }),
        allocation: terms.allocation.clone(),
        by_instalment: terms.by_instalment,
        overpayment: terms.overpayment,
        rebate_percent: convert::to_decimal(&terms.rebate_percent),
        recognition: terms.recognition,
        reward_percent: convert::to_decimal(&terms.reward_percent),
        contract: terms.contract,
        margin: (terms.margin != 0).then(|| convert::to_money(Sen::new(terms.margin))),
    }
}

pub(in crate::api) fn plan(plan: Option<&v1::LoanPlan>) -> Checked<proto::LoanPlan> {
    let plan = plan.ok_or_else(|| Fault::Required.on("plan"))?;
    let most = crate::domain::loan::terms::MOST_INSTALMENTS as usize;
    convert::at_most(&plan.due_days, most, "plan.due_days")?;
    let first = convert::optional_day(plan.first_due_on.as_ref(), "plan.first_due_on")?;
    let due_days = plan.due_days.iter().map(|day| convert::day(Some(day), "plan.due_days"));
    Ok(proto::LoanPlan {
        instalments: plan.instalments,
        first_due_on: first.map_or(0, Day::get),
        due_days: due_days.map(|day| day.map(Day::get)).collect::<Checked<_>>()?,
    })
}

pub(super) fn to_plan(plan: &proto::LoanPlan) -> v1::LoanPlan {
    let day = |day: &i32| convert::to_date(Day::new(*day));
    v1::LoanPlan {
        instalments: plan.instalments,
        first_due_on: convert::to_optional_date(plan.first_due_on),
        due_days: plan.due_days.iter().map(day).collect(),
    }
}

pub(super) fn money(sen: i64) -> Option<google_type::Money> {
    Some(convert::to_money(Sen::new(sen)))
}

pub(super) fn optional_money(
    money: Option<&google_type::Money>,
    field: &str,
) -> Checked<Option<Sen>> {
    money.map(|money| convert::money(Some(money), field)).transpose()
}

/// What is remitted of a murabahah's margin, nothing included; none for other loans.
pub(super) fn optional_rebate(rebate: Option<&google_type::Money>) -> Checked<Option<Sen>> {
    match rebate {
        None => Ok(None),
        rebate => convert::money_or_zero(rebate, "rebate").map(Some),
    }
}

/// Where the domain's names of rules stand in a request about a product.
const VERSION: &[(&str, &str)] = &[
    ("since", "version.since"),
    ("terms.most", "version.most"),
    ("terms.method", "version.terms.method"),
    ("terms.frequency", "version.terms.frequency"),
    ("terms.rate_percent", "version.terms.rate_percent"),
    ("terms.day_count", "version.terms.day_count"),
    ("terms.principal_grace", "version.terms.principal_grace"),
    ("terms.interest_grace", "version.terms.interest_grace"),
    ("terms.interest_grace_rule", "version.terms.interest_grace_rule"),
    ("terms.rounding_rupiah", "version.terms.rounding_rupiah"),
    ("terms.fee_percent", "version.terms.fee_percent"),
    ("terms.fee", "version.terms.fee"),
    ("terms.penalty.per", "version.terms.penalty.per"),
    ("terms.penalty.percent", "version.terms.penalty.percent"),
    ("terms.penalty.grace_days", "version.terms.penalty.grace_days"),
    ("terms.penalty.cap_percent", "version.terms.penalty.cap_percent"),
    ("terms.allocation", "version.terms.allocation"),
    ("terms.overpayment", "version.terms.overpayment"),
    ("terms.rebate_percent", "version.terms.rebate_percent"),
    ("terms.recognition", "version.terms.recognition"),
    ("terms.reward_percent", "version.terms.reward_percent"),
    ("terms.margin", "version.terms.margin"),
];

impl Mutation for v1::SetLoanProductRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = VERSION;

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let version = self.version.as_ref().ok_or_else(|| Fault::Required.on("version"))?;
        let least = optional_money(version.least.as_ref(), "version.least")?;
        let most = optional_money(version.most.as_ref(), "version.most")?;
        let version = proto::LoanVersion {
            since: convert::day(version.since.as_ref(), "version.since")?.get(),
            label: convert::required_line(&version.label, 80, "version.label")?,
            minute: convert::required_line(&version.minute, 80, "version.minute")?,
            terms: Some(terms(version.terms.as_ref(), "version.terms")?),
            least: least.unwrap_or(Sen::ZERO).get(),
            most: most.unwrap_or(Sen::ZERO).get(),
            most_instalments: version.most_instalments,
            position: 0,
        };
        let product = convert::id(&self.product_id, "product_id")?;
        Ok(Plan::new(book, &entity.clone(), SetLoanProduct { entity, product, version }))
    }
}

impl Method for v1::SetLoanProductRequest {
    type Response = v1::SetLoanProductResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity) = convert::entity(&self.entity, "entity")?;
        let name = product_name(&entity, &convert::id(&self.product_id, "product_id")?);
        let done = call.submit(self).await?;
        let product = Some(product(&done.book, &name, done.row(&name)?)?);
        Ok(v1::SetLoanProductResponse { product, warnings: done.warnings(call) })
    }
}

fn product(book: &Id, name: &RowName, row: &Row) -> Checked<v1::LoanProduct> {
    let Row::LoanProduct(row) = row else { return Err(damaged()) };
    let version = |version: &proto::LoanVersion| v1::LoanVersion {
        since: Some(convert::to_date(Day::new(version.since))),
        label: version.label.clone(),
        minute: version.minute.clone(),
        terms: version.terms.as_ref().map(to_terms),
        least: money(version.least),
        most: (version.most != 0).then(|| convert::to_money(Sen::new(version.most))),
        most_instalments: version.most_instalments,
    };
    let versions = row.versions.iter().map(version).collect();
    Ok(v1::LoanProduct { name: convert::row_name(book, name), versions })
}

impl Method for v1::ListLoanProductsRequest {
    type Response = v1::ListLoanProductsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = RowName::of(&entity, "loan-products", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let name = |id: &String| RowName::new(parent.clone(), id.clone());
        let products = rows.iter().map(|found| product(&book, &name(&found.id), &found.row));
        let products = products.collect::<Checked<_>>()?;
        Ok(v1::ListLoanProductsResponse { products, next_page_token })
    }
}

impl Method for v1::PreviewScheduleRequest {
    type Response = v1::PreviewScheduleResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let start = convert::day(self.disbursed_on.as_ref(), "disbursed_on")?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let plan = plan(self.plan.as_ref())?;
        let rules = match self.product.as_str() {
            "" => terms(self.terms.as_ref(), "terms")?,
            _ => product_terms(&self, call, start).await?,
        };
        let rules = Terms::new(&rules)?;
        let rows = instalments(&rules, amount, &Calendar::new(&rules, &plan, start)?)?;
        let mut interest = Sen::ZERO;
        for row in &rows {
            interest = interest.plus(row.interest)?;
        }
        let full = rows.iter().filter(|row| !(row.principal.is_zero() && row.interest.is_zero()));
        Ok(v1::PreviewScheduleResponse {
            instalments: full.map(|row| to_instalment(row, None)).collect(),
            principal: Some(convert::to_money(amount)),
            interest: Some(convert::to_money(interest)),
            fee: Some(convert::to_money(rules.fee_for(amount)?)),
        })
    }
}

/// What a product says on the day of a preview.
async fn product_terms(
    request: &v1::PreviewScheduleRequest,
    call: &Call<'_>,
    day: Day,
) -> Checked<proto::LoanTerms> {
    let (book, entity, id) = convert::owned(&request.product, "loan-products", "product")?;
    let mut snapshot = call.snapshot_of(&book, &entity, "product").await?;
    let Row::LoanProduct(row) =
        call.row(&mut snapshot, &product_name(&entity, &id), "product").await?
    else {
        return Err(damaged());
    };
    let version = in_force(&row.versions, day).and_then(|version| version.terms.clone());
    version.ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("product").into())
}

pub(in crate::api) fn parts(parts: Parts) -> Option<v1::LoanParts> {
    Some(v1::LoanParts {
        penalty: Some(convert::to_money(parts.penalty)),
        interest: Some(convert::to_money(parts.interest)),
        principal: Some(convert::to_money(parts.principal)),
    })
}

pub(super) fn to_instalment(row: &Instalment, state: Option<(Parts, Parts)>) -> v1::Instalment {
    v1::Instalment {
        number: row.number,
        due_on: Some(convert::to_date(row.due_on)),
        principal: Some(convert::to_money(row.principal)),
        interest: Some(convert::to_money(row.interest)),
        paid: state.and_then(|(paid, _)| parts(paid)),
        owed: state.and_then(|(_, owed)| parts(owed)),
    }
}

// ---- quality classes ---------------------------------------------------------------------------

impl Mutation for v1::SetLoanQualityRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender) = convert::entity(&self.entity, "entity")?;
        let known: proto::QualityPreset = convert::open_choice(self.preset, "preset")?;
        let (measure, classes) = match quality::preset(known) {
            Some((measure, classes)) if self.classes.is_empty() => (measure as i32, classes),
            Some(_) => return Err(Fault::TooMany.on("classes")),
            None => (self.measure, own_classes(&self.classes)?),
        };
        let version = proto::QualityVersion {
            since: convert::day(self.since.as_ref(), "since")?.get(),
            measure,
            classes,
            minute: convert::required_line(&self.minute, 80, "minute")?,
            non_performing_from: self.non_performing_from,
            position: 0,
        };
        Ok(Plan::new(book, &lender.clone(), SetLoanQuality { lender, version }))
    }
}

/// The most quality classes.
const MOST_CLASSES: usize = 20;

fn own_classes(classes: &[v1::QualityClass]) -> Checked<Vec<proto::QualityClass>> {
    convert::count(classes, MOST_CLASSES, "classes")?;
    let class = |(index, class): (usize, &v1::QualityClass)| {
        Ok(proto::QualityClass {
            name: convert::required_line(&class.name, 40, &format!("classes[{index}].name"))?,
            from: class.from,
            rate: convert::decimal(class.rate_percent.as_ref()),
        })
    };
    classes.iter().enumerate().map(class).collect()
}

impl Method for v1::SetLoanQualityRequest {
    type Response = v1::SetLoanQualityResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, lender) = convert::entity(&self.entity, "entity")?;
        let done = call.submit(self).await?;
        let Row::LoanQuality(row) = done.row(&quality::quality_name(&lender))? else {
            return Err(damaged());
        };
        let class = |class: &proto::QualityClass| v1::QualityClass {
            name: class.name.clone(),
            from: class.from,
            rate_percent: convert::to_decimal(&class.rate),
        };
        let version = |version: &proto::QualityVersion| v1::QualityVersion {
            since: Some(convert::to_date(Day::new(version.since))),
            measure: version.measure,
            classes: version.classes.iter().map(class).collect(),
            minute: version.minute.clone(),
            non_performing_from: version.non_performing_from,
        };
        Ok(v1::SetLoanQualityResponse { versions: row.versions.iter().map(version).collect() })
    }
}
