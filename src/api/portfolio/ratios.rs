//! Rates by the year, and the regulator's ratios.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::bounds::to_bound;
use super::{Asked, Bounds, CHUNK, Walk, decimal, money};
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, damaged};
use crate::api::v1;
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::effective::known_on;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::lkm_ledger;
use crate::domain::loan::calendar::Calendar;
use crate::domain::loan::case::loan_name;
use crate::domain::loan::life::facts_known;
use crate::domain::loan::officer::{OFFICERS, in_office};
use crate::domain::loan::portfolio::{Point, Portfolio, percent_of};
use crate::domain::loan::schedule::instalments;
use crate::domain::loan::syirkah::syirkah_name;
use crate::domain::loan::terms::Terms;
use crate::domain::loan::yearly;
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{self, BoundedFigure, Loan, LoanVersion, RegimeBound};
use crate::domain::refusal::Refusal;
use crate::report::ratio::Sums;

/// The loans on a product that are outstanding.
#[derive(Default)]
struct Lent {
    loans: u32,
    highest: Option<(Decimal, Id)>,
}

impl Method for v1::ListRatesRequest {
    type Response = v1::ListRatesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender) = convert::entity(&self.parent, "parent")?;
        let snapshot = call.snapshot_of(&book, &lender, "parent").await?;
        let mut asked = Asked::new(snapshot, self.as_of.as_ref(), self.as_known_at).await?;
        let bounds = asked.bounds(call, &lender).await?;
        let bound = bounds.of(BoundedFigure::LoanRate);
        let mut lent: BTreeMap<String, Lent> = BTreeMap::new();
        let mut unreckoned = Vec::new();
        let mut walk = Walk::new(&mut asked, lender.clone(), "").await?;
        while let Some(found) = walk.next(&mut asked, CHUNK).await? {
            for loan in found {
                let Some(holding) = &loan.holding else {
                    unreckoned.push(loan.unreckoned(&book, &lender));
                    continue;
                };
                if !holding.outstanding.is_positive() {
                    continue;
                }
                let of = lent.entry(loan.row.product.clone()).or_default();
                of.loans += 1;
                if let Some(rate) = effective_rate(&loan.row, asked.point.known)? {
                    let higher = of.highest.as_ref().is_none_or(|(most, _)| rate > *most);
                    of.highest = if higher { Some((rate, loan.id)) } else { of.highest.take() };
                }
            }
        }
        let rates = product_rates(&mut asked, (&book, &lender), bound, &lent).await?;
        let as_of = asked.date();
        let bound = bound.map(to_bound);
        let read_point = Some(asked.read_point);
        Ok(v1::ListRatesResponse { rates, bound, as_of, read_point, unreckoned })
    }
}

/// What a loan's jasa weighs on what is owed, by the schedule it was lent on.
fn effective_rate(row: &Loan, known: u64) -> Checked<Option<Decimal>> {
    let Some(first) = facts_known(row, known).next() else { return Ok(None) };
    let terms = Terms::new(&row.terms.clone().unwrap_or_default())?;
    let plan = row.plan.clone().unwrap_or_default();
    let calendar = Calendar::new(&terms, &plan, Day::new(first.on))?;
    let amount = Sen::new(row.amount);
    Ok(yearly::effective(&terms, amount, &instalments(&terms, amount, &calendar)?))
}

async fn product_rates(
    asked: &mut Asked,
    (book, lender): (&Id, &Entity),
    bound: Option<&RegimeBound>,
    lent: &BTreeMap<String, Lent>,
) -> Checked<Vec<v1::ProductRate>> {
    let parent = RowName::of(lender, "loan-products", "").parent;
    let (mut rates, mut after) = (Vec::new(), String::new());
    loop {
        let rows = asked.snapshot.rows(&parent, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(rates) };
        after.clone_from(&last.id);
        for found in &rows {
            let Row::LoanProduct(row) = &found.row else { return Err(damaged()) };
            let version = known_on(&row.versions, asked.point.day, asked.point.known);
            let lent = lent.get(&found.id);
            if version.is_some() || lent.is_some() {
                let rate = product_rate(version, lent, bound, |loan| {
                    convert::row_name(book, loan_name(lender, loan))
                })?;
                let product =
                    convert::row_name(book, RowName::new(parent.clone(), found.id.clone()));
                rates.push(v1::ProductRate { product, ..rate });
            }
        }
    }
}

fn product_rate(
    version: Option<&LoanVersion>,
    lent: Option<&Lent>,
    bound: Option<&RegimeBound>,
    name: impl Fn(&Id) -> String,
) -> Checked<v1::ProductRate> {
    let terms = version.and_then(|version| version.terms.as_ref());
    let named = match terms {
        Some(terms) => yearly::named(&Terms::new(terms)?),
        None => None,
    };
    let highest = lent.and_then(|lent| lent.highest.as_ref());
    let rates = [named, highest.map(|(rate, _)| *rate)];
    let exceeds = |bound: &RegimeBound| rates.iter().flatten().any(|rate| !bound.holds(*rate));
    Ok(v1::ProductRate {
        product: String::new(),
        label: version.map_or_else(String::new, |version| version.label.clone()),
        method: terms.map_or(0, |terms| terms.method),
        frequency: terms.map_or(0, |terms| terms.frequency),
        rate_percent: terms.and_then(|terms| convert::to_decimal(&terms.rate)),
        yearly_percent: named.map(decimal),
        highest_effective_percent: highest.map(|(rate, _)| decimal(*rate)),
        highest_loan: highest.map_or_else(String::new, |(_, loan)| name(loan)),
        loans: lent.map_or(0, |lent| lent.loans),
        exceeds: bound.is_some_and(exceeds),
    })
}

// ---- ratios -------------------------------------------------------------------------------------

impl Method for v1::GetRatiosRequest {
    type Response = v1::GetRatiosResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let mut asked = Asked::new(snapshot, self.as_of.as_ref(), self.as_known_at).await?;
        let bounds = asked.bounds(call, &entity).await?;
        let totals = asked.snapshot.trial_balance(Some(&entity), asked.as_of).await?;
        let sums = Sums::of(&totals.into_iter().collect())?;
        let officers = officers(call, &mut asked, &entity).await?;
        let (mut portfolio, mut unreckoned) = (Portfolio::default(), Vec::new());
        let (mut owed, mut officer_loans) = (Sen::ZERO, Vec::new());
        let mut walk = Walk::new(&mut asked, entity.clone(), "").await?;
        while let Some(found) = walk.next(&mut asked, CHUNK).await? {
            for loan in found {
                if !loan.add_to(&mut [&mut portfolio]) {
                    unreckoned.push(loan.unreckoned(&book, &entity));
                    continue;
                }
                let outstanding = loan.holding.as_ref().map_or(Sen::ZERO, |of| of.outstanding);
                let member = loan.row.borrower.strip_prefix("members/");
                let officer = member.filter(|member| officers.iter().any(|id| id == member));
                if let Some(member) = officer.filter(|_| outstanding.is_positive()) {
                    owed = owed.plus(outstanding)?;
                    let name = loan_name(&entity, &loan.id);
                    officer_loans.push(officer_loan(&book, &entity, (name, member), outstanding));
                }
            }
        }
        if entity == Entity::Lkm {
            for (name, member, left) in officers_capital(&mut asked, &officers).await? {
                owed = owed.plus(left)?;
                officer_loans.push(officer_loan(&book, &entity, (name, &member), left));
            }
        }
        let ratios = ratios(&sums, &portfolio, owed)?.map(|ratio| ratio.shown(&bounds));
        Ok(v1::GetRatiosResponse {
            ratios: ratios.into(),
            officer_loans,
            as_of: asked.date(),
            read_point: Some(asked.read_point),
            unreckoned,
        })
    }
}

fn officer_loan(
    book: &Id,
    entity: &Entity,
    (name, member): (RowName, &str),
    outstanding: Sen,
) -> v1::OfficerLoan {
    v1::OfficerLoan {
        loan: convert::row_name(book, name),
        member: convert::row_name(book, RowName::of(entity, "members", member)),
        outstanding: money(outstanding),
    }
}

/// The LKM's capital in the businesses of its officers, by contract, as the ledger has it.
async fn officers_capital(
    asked: &mut Asked,
    officers: &[String],
) -> Checked<Vec<(RowName, String, Sen)>> {
    let prefix = format!("{}.", lkm_ledger().account(Code::SharingFinance));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = asked.snapshot.accounts(&prefix, after.as_ref(), CHUNK, asked.as_of).await?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after = Some(last.clone());
        for (account, left) in page.into_iter().filter(|(_, left)| left.is_positive()) {
            let name = syirkah_name(&Id::new(account.subject.as_str()).ok_or_else(damaged)?);
            let row = asked.snapshot.row(&name).await?.map(|found| found.row);
            let Some(Row::Syirkah(row)) = row else { return Err(damaged()) };
            let member = row.partner.strip_prefix("members/");
            if let Some(member) = member.filter(|one| officers.iter().any(|id| id == one)) {
                found.push((name, member.to_owned(), left));
            }
        }
    }
}

/// One ratio: what stands above the line, and below it.
struct Ratio {
    kind: v1::RatioKind,
    figure: BoundedFigure,
    /// None where the books do not say.
    above: Option<Sen>,
    below: Sen,
    percent: Option<Decimal>,
}

impl Ratio {
    fn new(kind: v1::RatioKind, figure: BoundedFigure, above: Sen, below: Sen) -> Ratio {
        let percent = percent_of(above, below);
        Ratio { kind, figure, above: Some(above), below, percent }
    }

    fn shown(self, bounds: &Bounds) -> v1::Ratio {
        let bound = bounds.of(self.figure);
        let kept = match (bound, self.percent) {
            (Some(bound), Some(percent)) => bound.holds(percent),
            _ => true,
        };
        v1::Ratio {
            kind: self.kind as i32,
            above: self.above.map(convert::to_money),
            below: money(self.below),
            percent: self.percent.map(decimal),
            bound: bound.map(to_bound),
            kept,
        }
    }
}

fn ratios(sums: &Sums, loans: &Portfolio, officers: Sen) -> Result<[Ratio; 6], Refusal> {
    let net = loans.non_performing.minus(loans.non_performing_held)?.max(Sen::ZERO);
    let npl = |kind, figure, above, percent: Option<Decimal>| Ratio {
        kind,
        figure,
        above: percent.map(|_| above),
        below: loans.outstanding,
        percent,
    };
    let (gross, after) = (loans.npl_gross(), loans.npl_net());
    Ok([
        Ratio::new(v1::RatioKind::Liquidity, BoundedFigure::Liquidity, sums.money, sums.current),
        Ratio::new(v1::RatioKind::Solvency, BoundedFigure::Solvency, sums.assets, sums.liabilities),
        Ratio::new(v1::RatioKind::Capital, BoundedFigure::Capital, sums.equity, sums.paid_in),
        npl(v1::RatioKind::NplNet, BoundedFigure::NplNet, net, after),
        npl(v1::RatioKind::NplGross, BoundedFigure::NplGross, loans.non_performing, gross),
        Ratio::new(v1::RatioKind::Officers, BoundedFigure::Officers, officers, sums.equity),
    ])
}

/// The members that are officers on the day asked about.
async fn officers(call: &Call<'_>, asked: &mut Asked, entity: &Entity) -> Checked<Vec<String>> {
    let Entity::Kube(group) = entity else { return officers_of_lkm(asked).await };
    let Row::Group(row) = call.row(&mut asked.snapshot, &RowName::group(group), "entity").await?
    else {
        return Err(damaged());
    };
    let day = asked.point.day.get();
    let holds = |officer: &&proto::Officer| {
        officer.since <= day && (officer.until == 0 || day < officer.until)
    };
    Ok(row.officers.iter().filter(holds).map(|officer| officer.member.clone()).collect())
}

async fn officers_of_lkm(asked: &mut Asked) -> Checked<Vec<String>> {
    let Point { day, known } = asked.point;
    let (mut officers, mut after) = (Vec::new(), String::new());
    loop {
        let rows = asked.snapshot.rows(OFFICERS, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(officers) };
        after.clone_from(&last.id);
        for found in rows {
            let Row::LkmOfficer(row) = &found.row else { return Err(damaged()) };
            if in_office(row, day, known) {
                officers.push(found.id);
            }
        }
    }
}
