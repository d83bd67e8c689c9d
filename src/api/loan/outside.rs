//! Loans from outside lenders, taken, repaid and shown (catalogue event 45).

use super::day_asked;
use super::rules::{money, parts, plan, terms, to_instalment, to_plan, to_terms};
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, detailed};
use crate::api::errors::Fault;
use crate::api::google_type;
use crate::api::ledger::known;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::allocation::Parts;
use crate::domain::loan::life::LATEST;
use crate::domain::loan::outside::{
    COLLECTION, Line, RepayOutsideLoan, Standing, TakeOutsideLoan, facts_at, outside_loan_name,
    standing,
};
use crate::domain::loan::portfolio::Point;
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{
    LoanPlan, LoanTerms, OutsideFact, OutsideLoan, Overpayment, Recognition,
};
use crate::domain::refusal::Refusal;

impl Mutation for v1::TakeOutsideLoanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("party", "lender")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = TakeOutsideLoan {
            entity: entity.clone(),
            loan: convert::id(&self.loan_id, "loan_id")?,
            party: convert::owned_by(&self.lender, (&book, &entity), "parties", "lender")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
            agreed: self.agreed()?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl v1::TakeOutsideLoanRequest {
    /// The lender's rules and plan. What rules say beyond a plan is not asked of an outside lender.
    fn agreed(&self) -> Checked<Option<(LoanTerms, LoanPlan)>> {
        match (&self.terms, &self.plan) {
            (None, None) => return Ok(None),
            (None, Some(_)) => return Err(Fault::Required.on("terms")),
            (Some(_), _) => {}
        }
        let given = terms(self.terms.as_ref(), "terms")?;
        let rules = LoanTerms {
            method: given.method,
            frequency: given.frequency,
            rate: given.rate,
            day_count: given.day_count,
            principal_grace: given.principal_grace,
            interest_grace: given.interest_grace,
            interest_grace_rule: given.interest_grace_rule,
            rounding_rupiah: given.rounding_rupiah,
            overpayment: Overpayment::Titipan as i32,
            recognition: Recognition::Cash as i32,
            ..LoanTerms::default()
        };
        Ok(Some((rules, plan(self.plan.as_ref())?)))
    }
}

impl Mutation for v1::RepayOutsideLoanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("loan", "outside_loan"), ("amount", "principal")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, loan) = convert::owned(&self.outside_loan, COLLECTION, "outside_loan")?;
        let part = |money: Option<&google_type::Money>, field: &str| match money {
            None => Ok(Sen::ZERO),
            money => convert::money_or_zero(money, field),
        };
        let action = RepayOutsideLoan {
            entity: entity.clone(),
            loan,
            principal: part(self.principal.as_ref(), "principal")?,
            interest: part(self.interest.as_ref(), "interest")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        if action.principal.is_zero() && action.interest.is_zero() {
            return Err(Fault::AmountZero.on("principal"));
        }
        Ok(Plan::new(book, &entity, action))
    }
}

// ---- shown --------------------------------------------------------------------------------------

impl Method for v1::GetOutsideLoanRequest {
    type Response = v1::GetOutsideLoanResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, loan) = convert::owned(&self.name, COLLECTION, "name")?;
        let mut snapshot = call.snapshot_of(&book, &entity, "name").await?;
        let known = known(&snapshot, self.as_known_at)?.unwrap_or(LATEST);
        let day = day_asked(call, &mut snapshot, self.on.as_ref()).await?;
        let name = outside_loan_name(&entity, &loan);
        let Row::OutsideLoan(row) = call.row(&mut snapshot, &name, "name").await? else {
            return Err(damaged());
        };
        let point = Point { day, known };
        let found = standing(&row, point)?;
        let lines = found.as_ref().map_or_else(|| Ok(Vec::new()), instalments)?;
        let repaid = if found.is_some() { facts_at(&row, point) } else { Vec::new() };
        Ok(v1::GetOutsideLoanResponse {
            loan: Some(to_loan(&book, &entity, &name, &row)),
            standing: found.as_ref().map(|found| to_standing(found, day)),
            instalments: lines,
            repayments: repaid.into_iter().map(repayment).collect(),
        })
    }
}

impl Method for v1::ListOutsideLoansRequest {
    type Response = v1::ListOutsideLoansResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let day = day_asked(call, &mut snapshot, self.on.as_ref()).await?;
        let parent = RowName::of(&entity, COLLECTION, "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let mut loans = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::OutsideLoan(row) = &found.row else { return Err(damaged()) };
            let name = RowName::new(parent.clone(), found.id.clone());
            let standing = standing(row, Point { day, known: LATEST })?;
            loans.push(v1::OutsideSummary {
                loan: Some(to_loan(&book, &entity, &name, row)),
                standing: standing.as_ref().map(|found| to_standing(found, day)),
            });
        }
        Ok(v1::ListOutsideLoansResponse { loans, next_page_token })
    }
}

fn to_loan(book: &Id, entity: &Entity, name: &RowName, row: &OutsideLoan) -> v1::OutsideLoan {
    v1::OutsideLoan {
        name: convert::row_name(book, name),
        lender: convert::row_name(book, RowName::of(entity, "parties", &row.party)),
        amount: money(row.amount),
        taken_on: convert::to_optional_date(row.taken_on),
        terms: row.terms.as_ref().map(to_terms),
        plan: row.plan.as_ref().map(to_plan),
        reversed: row.taken_back != 0,
    }
}

fn to_standing(found: &Standing, day: Day) -> v1::OutsideStanding {
    let split = |interest, principal| parts(Parts { penalty: Sen::ZERO, interest, principal });
    v1::OutsideStanding {
        on: Some(convert::to_date(day)),
        outstanding: Some(convert::to_money(found.outstanding)),
        paid: split(found.interest, found.principal),
        due: split(found.due_interest, found.due_principal),
        days_late: found.days_late,
        next_due_on: found.next_due.map(convert::to_date),
    }
}

/// The instalments in which something falls due.
fn instalments(found: &Standing) -> Result<Vec<v1::Instalment>, Refusal> {
    let full = |line: &&Line| !(line.plan.principal.is_zero() && line.plan.interest.is_zero());
    let shown = |line: &Line| {
        let paid = Parts { penalty: Sen::ZERO, interest: line.interest, principal: line.principal };
        let owed = Parts {
            penalty: Sen::ZERO,
            interest: line.plan.interest.minus(line.interest)?,
            principal: line.plan.principal.minus(line.principal)?,
        };
        Ok(to_instalment(&line.plan, Some((paid, owed))))
    };
    found.lines.iter().filter(full).map(shown).collect()
}

fn repayment(fact: &OutsideFact) -> v1::OutsideRepayment {
    v1::OutsideRepayment {
        on: Some(convert::to_date(Day::new(fact.on))),
        principal: money(fact.principal),
        interest: money(fact.interest),
        position: fact.position,
    }
}
