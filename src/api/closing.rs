//! The end of a book year and what becomes of its surplus (catalogue events 34 and 50 to 53).
//!
//! What a year came to, and who shares in it, is read here in one snapshot after the year's last
//! day was closed, and told to the domain together with the journal position that was seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Done, Method, Mutation, Page, Plan, damaged, detailed, plain, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::ledger::{known, read_point};
use crate::api::link::{MEANS, means};
use crate::api::report::{Lines, accounts_of};
use crate::api::sharing::parts;
use crate::api::v1;
use crate::domain::account::{Account, Control, Ledger};
use crate::domain::book::{mark_name, year_end};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::link::lkm_ledger;
use crate::domain::loan::portfolio::{Point, interest_paid};
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    Division, Fund, FundResult, MemberMeasure, MemberWeight, SurplusPart, SurplusRule,
    SurplusRules, SurplusUse, YearResult,
};
use crate::domain::record::{Outcome, Row};
use crate::domain::savings::savings_ledger;
use crate::domain::surplus::{Allot, CoverLoss, Divide, Pay, PayKube, Payout, Sharer, Sharers};
use crate::domain::surplus_rule::{Basis, SetSurplusRule, rules_name};
use crate::domain::tax::{OweIncomeTax, PayTax};
use crate::domain::year::{COLLECTION, CloseYear, Consolidate, is_result, year_name};
use crate::storage::read::{AsOf, Snapshot};

/// How many register rows are read at a time.
const CHUNK: u32 = 500;

service! {
    closing_service_server::ClosingService {
        close_year: CloseYearRequest => CloseYearResponse;
        list_years: ListYearsRequest => ListYearsResponse;
        consolidate_surplus: ConsolidateSurplusRequest => ConsolidateSurplusResponse;
        set_surplus_rule: SetSurplusRuleRequest => SetSurplusRuleResponse;
        list_surplus_rules: ListSurplusRulesRequest => ListSurplusRulesResponse;
        divide_surplus: DivideSurplusRequest => DivideSurplusResponse;
        cover_loss: CoverLossRequest => CoverLossResponse;
        pay_surplus: PaySurplusRequest => PaySurplusResponse;
        pay_from_surplus_fund: PayFromSurplusFundRequest => PayFromSurplusFundResponse;
        pay_kube_surplus: PayKubeSurplusRequest => PayKubeSurplusResponse;
        owe_income_tax: OweIncomeTaxRequest => OweIncomeTaxResponse;
        pay_tax: PayTaxRequest => PayTaxResponse;
    }
}

transactions! {
    ConsolidateSurplusRequest => ConsolidateSurplusResponse;
    CoverLossRequest => CoverLossResponse;
    PaySurplusRequest => PaySurplusResponse;
    PayFromSurplusFundRequest => PayFromSurplusFundResponse;
    PayKubeSurplusRequest => PayKubeSurplusResponse;
    OweIncomeTaxRequest => OweIncomeTaxResponse;
    PayTaxRequest => PayTaxResponse;
}

/// A calendar year that a book may have.
fn year(year: i32) -> Checked<i32> {
    let known = Day::from_ymd(year, 12, 31).is_some();
    if known { Ok(year) } else { Err(Fault::NumberOutOfRange.on("year")) }
}

// ---- the year ---------------------------------------------------------------------------------

/// What an entity's income and expense came to at the end of a year, and when that was known.
#[derive(Default)]
struct Totals {
    totals: Vec<(Control, Sen)>,
    known: u64,
}

impl v1::CloseYearRequest {
    fn plan_with(&self, found: Totals) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = CloseYear {
            entity: entity.clone(),
            year: year(self.year)?,
            totals: found.totals,
            known: found.known,
            minute: convert::required_line(&self.minute, 80, "minute")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::CloseYearRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.plan_with(Totals::default())
    }
}

impl Method for v1::CloseYearRequest {
    type Response = v1::CloseYearResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let (year, end) = (year(self.year)?, year_end(self.year));
        let mut snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let known = snapshot.head().size;
        let as_of = AsOf { effective: Some(end), position: Some(known) };
        let mut totals = snapshot.trial_balance(Some(&entity), as_of).await?;
        drop(snapshot);
        totals.retain(|(control, _)| is_result(control.code));
        let found = Totals { totals, known };
        let plan = self.plan_with(found)?;
        let done = call.submit_as(self, plan).await?;
        Ok(v1::CloseYearResponse {
            transaction: Some(done.transaction(call)),
            year: Some(year_of(&done, &entity, year)?),
        })
    }
}

/// A year as it was after a transaction.
fn year_of(done: &Done, entity: &Entity, year: i32) -> Checked<v1::ClosedYear> {
    let Row::YearResult(row) = done.row(&year_name(entity, year))? else { return Err(damaged()) };
    Ok(closed_year(&done.book, entity, year, row))
}

fn closed_year(book: &Id, entity: &Entity, year: i32, row: &YearResult) -> v1::ClosedYear {
    let result = |result: &FundResult| v1::FundResult {
        fund: result.fund,
        amount: Some(convert::to_money(Sen::new(result.amount))),
    };
    let division = |division: &Division| v1::SurplusDivision {
        fund: division.fund,
        amount: Some(convert::to_money(Sen::new(division.amount))),
        members: Some(convert::to_money(Sen::new(division.members))),
        people: division.people,
        allotted: division.allotted,
        divided_on: convert::to_optional_date(division.divided_on),
        transaction: convert::transaction_name(book, &division.request_id),
    };
    v1::ClosedYear {
        name: convert::row_name(book, year_name(entity, year)),
        year,
        results: row.results.iter().map(result).collect(),
        closed: !row.request_id.is_empty(),
        minute: row.minute.clone(),
        consolidated_into: row.consolidated_into,
        divisions: row.divisions.iter().map(division).collect(),
    }
}

impl Method for v1::ListYearsRequest {
    type Response = v1::ListYearsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let position = known(&snapshot, self.as_known_at)?;
        let point = read_point(&mut snapshot, position).await?;
        let parent = RowName::of(&entity, COLLECTION, "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let mut years = Vec::with_capacity(rows.len());
        for found in rows {
            let Row::YearResult(row) = found.row else { return Err(damaged()) };
            let year = found.id.parse().map_err(|_| damaged())?;
            let name = year_name(&entity, year);
            if let Some(row) = year_known(&mut snapshot, &name, row, point.position).await? {
                years.push(closed_year(&book, &entity, year, &row));
            }
        }
        Ok(v1::ListYearsResponse { years, next_page_token, read_point: Some(point) })
    }
}

/// A year as it was known at a position: as the last record up to there that changed it says. None
/// before it was ever closed. Cost: a record, unless nothing has changed since.
async fn year_known(
    snapshot: &mut Snapshot,
    name: &RowName,
    row: YearResult,
    known: u64,
) -> Checked<Option<YearResult>> {
    let Some(at) = row.changes.iter().rev().find(|at| **at <= known) else { return Ok(None) };
    if row.changes.last() == Some(at) {
        return Ok(Some(row));
    }
    let record = snapshot.record(*at).await?.ok_or_else(damaged)?;
    let Outcome::Done(effect) = record.outcome else { return Err(damaged()) };
    match effect.rows.into_iter().find(|(found, _)| found == name) {
        Some((_, Row::YearResult(row))) => Ok(Some(row)),
        _ => Err(damaged()),
    }
}

impl Mutation for v1::ConsolidateSurplusRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("fund", "into")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let (year, into) = (year(self.year)?, convert::choice(self.into, "into")?);
        Ok(Plan::new(book, &entity.clone(), Consolidate { entity, year, into }))
    }
}

// ---- the rule ---------------------------------------------------------------------------------

impl Mutation for v1::SetSurplusRuleRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("since", "rule.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let rule = self.rule.as_ref().ok_or_else(|| Fault::Required.on("rule"))?;
        let rule = checked_rule(&entity, rule)?;
        Ok(Plan::new(book, &entity.clone(), SetSurplusRule { entity, rule }))
    }
}

fn checked_rule(entity: &Entity, rule: &v1::SurplusRule) -> Checked<SurplusRule> {
    let mut parts = Vec::with_capacity(rule.parts.len());
    for (index, part) in rule.parts.iter().enumerate() {
        let at = |name: &str| format!("rule.parts[{index}].{name}");
        let r#use: SurplusUse = convert::choice(part.r#use, &at("use"))?;
        let iks = r#use == SurplusUse::Iks && *entity == Entity::Lkm;
        if iks || parts.iter().any(|other: &SurplusPart| other.r#use == part.r#use) {
            return Err(Fault::ChoiceUnknown.on(&at("use")));
        }
        let percent = convert::percent(part.percent.as_ref(), &at("percent"))?;
        parts.push(SurplusPart { r#use: part.r#use, percent: percent.to_string() });
    }
    let mut weights = Vec::with_capacity(rule.weights.len());
    for (index, weight) in rule.weights.iter().enumerate() {
        let at = |name: &str| format!("rule.weights[{index}].{name}");
        let measure: MemberMeasure = convert::choice(weight.measure, &at("measure"))?;
        if weights.iter().any(|other: &MemberWeight| other.measure() == measure) {
            return Err(Fault::ChoiceUnknown.on(&at("measure")));
        }
        let percent = convert::percent(weight.percent.as_ref(), &at("percent"))?;
        weights.push(MemberWeight { measure: weight.measure, percent: percent.to_string() });
    }
    a_hundred(parts.iter().map(|part| &part.percent), "rule.parts")?;
    let members = parts.iter().any(|part| part.r#use() == SurplusUse::Members);
    if members || !weights.is_empty() {
        a_hundred(weights.iter().map(|weight| &weight.percent), "rule.weights")?;
    }
    Ok(SurplusRule {
        since: convert::day(rule.since.as_ref(), "rule.since")?.get(),
        parts,
        weights,
        minute: convert::required_line(&rule.minute, 80, "rule.minute")?,
    })
}

/// Checks that percentages come to a hundred together.
fn a_hundred<'a>(percents: impl Iterator<Item = &'a String>, field: &str) -> Checked<()> {
    use rust_decimal::Decimal;
    let percents = percents.filter_map(|percent| percent.parse::<Decimal>().ok());
    if percents.sum::<Decimal>() == Decimal::ONE_HUNDRED {
        return Ok(());
    }
    Err(Fault::NumberOutOfRange.on(field))
}

fn rule(rule: &SurplusRule) -> v1::SurplusRule {
    let percent = |value: &String| convert::to_decimal(value);
    let part =
        |part: &SurplusPart| v1::SurplusPart { r#use: part.r#use, percent: percent(&part.percent) };
    let weight = |weight: &MemberWeight| v1::MemberWeight {
        measure: weight.measure,
        percent: percent(&weight.percent),
    };
    v1::SurplusRule {
        since: Some(convert::to_date(Day::new(rule.since))),
        parts: rule.parts.iter().map(part).collect(),
        weights: rule.weights.iter().map(weight).collect(),
        minute: rule.minute.clone(),
    }
}

impl Method for v1::SetSurplusRuleRequest {
    type Response = v1::SetSurplusRuleResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity) = convert::entity(&self.entity, "entity")?;
        let done = call.submit(self).await?;
        let Row::SurplusRules(rules) = done.row(&rules_name(&entity))? else {
            return Err(damaged());
        };
        Ok(v1::SetSurplusRuleResponse { rules: rules.rules.iter().map(rule).collect() })
    }
}

impl Method for v1::ListSurplusRulesRequest {
    type Response = v1::ListSurplusRulesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let rules = match snapshot.row(&rules_name(&entity)).await?.map(|found| found.row) {
            None => SurplusRules::default(),
            Some(Row::SurplusRules(rules)) => rules,
            Some(_) => return Err(damaged()),
        };
        Ok(v1::ListSurplusRulesResponse { rules: rules.rules.iter().map(rule).collect() })
    }
}

// ---- dividing ---------------------------------------------------------------------------------

impl v1::DivideSurplusRequest {
    fn ledger(&self) -> Checked<(Id, Ledger)> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        Ok((book, convert::ledger(&entity, self.fund, "fund")?))
    }

    fn plan_with(&self, sharers: Sharers) -> Checked<Plan> {
        let (book, ledger) = self.ledger()?;
        let settled = match &self.settled {
            None => None,
            place => Some(convert::place(place.as_ref(), &book, "settled")?),
        };
        let entity = ledger.entity.clone();
        let action = Divide { ledger, year: year(self.year)?, sharers, settled };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::DivideSurplusRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.plan_with(Sharers { people: Vec::new(), known: 0 })
    }
}

impl Method for v1::DivideSurplusRequest {
    type Response = v1::DivideSurplusResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, ledger) = self.ledger()?;
        let year = year(self.year)?;
        let mut snapshot = call.snapshot_of(&book, &ledger.entity, "entity").await?;
        let sharers = sharers(&mut snapshot, &ledger.entity, year).await?;
        drop(snapshot);
        let plan = self.plan_with(sharers.clone())?;
        let done = call.submit_as(self, plan).await?;
        let mut answer = year_of(&done, &ledger.entity, year)?;
        while let Some(after) = waiting(&answer, &ledger) {
            let action = Allot { ledger: ledger.clone(), year, after, sharers: sharers.clone() };
            let id = chunk_id(done.record.request.as_ref(), after);
            let on = done.record.happened_on;
            let record = call.follow_up(&book, id, on, Arc::new(action)).await?;
            let name = year_name(&ledger.entity, year);
            let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
            let row = effect.rows.iter().find(|(row, _)| *row == name).map(|(_, row)| row);
            let Some(Row::YearResult(row)) = row else { return Err(damaged()) };
            answer = closed_year(&book, &ledger.entity, year, row);
        }
        Ok(v1::DivideSurplusResponse {
            transaction: Some(done.transaction(call)),
            year: Some(answer),
        })
    }
}

/// How many have been given their share, if others have not.
fn waiting(year: &v1::ClosedYear, ledger: &Ledger) -> Option<u32> {
    let division = year.divisions.iter().find(|one| one.fund() as i32 == ledger.fund.get() as i32);
    division.filter(|one| one.allotted < one.people).map(|one| one.allotted)
}

/// The id of the request that gives a division's next chunk of people their shares.
fn chunk_id(request: Option<&RequestId>, after: u32) -> RequestId {
    let request = request.map_or("", RequestId::as_str);
    let hash = Sha256::new().chain_update("allot").chain_update(request);
    RequestId::from_hash(hash.chain_update(after.to_be_bytes()).finalize().into())
}

/// Who shares in an entity's surplus of a year: members at its end, and at the LKM the KUBEs that
/// save or hold a stake there.
///
/// Cost: all members, their savings accounts, all loans ever paid out, and the entries of the year
/// on shared profit.
async fn sharers(snapshot: &mut Snapshot, entity: &Entity, year: i32) -> Checked<Sharers> {
    let known = snapshot.head().size;
    let end = year_end(year);
    let ledger = savings_ledger(entity);
    let mut people = members(snapshot, entity, end).await?;
    for code in [
        Code::PrincipalSavings,
        Code::PrincipalCapital,
        Code::MandatorySavings,
        Code::MandatoryCapital,
        Code::MemberSavings,
    ] {
        for (account, held) in held(snapshot, &ledger.account(code), end, known).await? {
            if let Some((_, basis)) = people.get_mut(account.subject.as_str()) {
                basis.savings = basis.savings.plus(held)?;
            }
        }
    }
    let mut kubes = match entity {
        Entity::Lkm => kubes(snapshot, end, known).await?,
        Entity::Kube(_) => BTreeMap::new(),
    };
    for (party, paid) in paid_to(snapshot, entity, year, known).await? {
        let found = match party.split_once('/') {
            Some(("members", member)) => people.get_mut(member),
            Some((_, group)) => {
                kubes.iter_mut().find(|(name, _)| is_of(name, group)).map(|(_, found)| found)
            }
            None => None,
        };
        if let Some((_, basis)) = found {
            basis.interest = basis.interest.plus(paid)?;
        }
    }
    let people = people.into_values().chain(kubes.into_values()).collect();
    Ok(Sharers { people, known })
}

/// Whether a KUBE's share, named `{group}/{fund}`, is that of a group.
fn is_of(name: &str, group: &str) -> bool {
    name.split_once('/').is_some_and(|(own, _)| own == group)
}

type People = BTreeMap<String, (Sharer, Basis)>;

/// Those who were members on a day.
async fn members(snapshot: &mut Snapshot, entity: &Entity, on: Day) -> Checked<People> {
    let parent = RowName::of(entity, "members", "").parent;
    let mut people = People::new();
    let mut after = String::new();
    loop {
        let rows = snapshot.rows(&parent, &after, CHUNK).await?;
        for found in &rows {
            let Row::Member(row) = &found.row else { return Err(damaged()) };
            let member = Id::new(&found.id).ok_or_else(damaged)?;
            if row.joined_on <= on.get() && (row.left_on == 0 || row.left_on > on.get()) {
                let basis = Basis { counts: true, ..Basis::default() };
                people.insert(found.id.clone(), (Sharer::Member(member), basis));
            }
        }
        match rows.into_iter().next_back() {
            Some(last) => after = last.id,
            None => return Ok(people),
        }
    }
}

/// The KUBEs' funds that save or hold a stake at the LKM; a KUBE counts once, where it has a stake.
async fn kubes(snapshot: &mut Snapshot, on: Day, known: u64) -> Checked<People> {
    let mut kubes = People::new();
    let mut counted = String::new();
    for code in [Code::KubeStakes, Code::KubeSavings] {
        for (account, held) in held(snapshot, &lkm_ledger().account(code), on, known).await? {
            let name = account.subject.as_str();
            let (group, fund) = name.split_once('/').ok_or_else(damaged)?;
            let fund = crate::domain::chart::fund_from_name(fund).ok_or_else(damaged)?;
            let id = Id::new(group).ok_or_else(damaged)?;
            let first = code == Code::KubeStakes && held.is_positive() && counted != group;
            let entry = kubes.entry(name.to_owned());
            let (_, basis) = entry.or_insert_with(|| (Sharer::Kube(id, fund), Basis::default()));
            basis.savings = basis.savings.plus(held)?;
            if first {
                basis.counts = true;
                group.clone_into(&mut counted);
            }
        }
    }
    Ok(kubes)
}

/// What the accounts of a code held at the end of a day, on the credit side.
async fn held(
    snapshot: &mut Snapshot,
    of: &Account,
    on: Day,
    known: u64,
) -> Checked<Vec<(Account, Sen)>> {
    let mut held = Vec::new();
    let as_of = AsOf { effective: Some(on), position: Some(known) };
    let mut after: Option<Account> = None;
    loop {
        let page = snapshot.accounts(&of.to_string(), after.as_ref(), CHUNK, as_of).await?;
        after = page.last().map(|(account, _)| account.clone());
        if after.is_none() {
            return Ok(held);
        }
        for (account, balance) in page {
            held.push((account, balance.negated()?));
        }
    }
}

/// What borrowers paid an entity in a year, `members/{member}` or `groups/{group}`: jasa and margins
/// by the facts of their loans, as known when the year closed, and at the LKM profit shares.
async fn paid_to(
    snapshot: &mut Snapshot,
    entity: &Entity,
    year: i32,
    known: u64,
) -> Checked<BTreeMap<String, Sen>> {
    let mut paid = match entity {
        Entity::Lkm => profit_shares(snapshot, year, known).await?,
        Entity::Kube(_) => BTreeMap::new(),
    };
    let until = closed_at(snapshot, entity, year).await?;
    let until = Point { day: year_end(year), known: until.unwrap_or(known) };
    let eve = closed_at(snapshot, entity, year - 1).await?;
    let before = Point { day: year_end(year - 1), known: eve.unwrap_or(until.known) };
    let parent = RowName::of(entity, "loans", "").parent;
    let mut after = String::new();
    loop {
        let rows = snapshot.rows(&parent, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(paid) };
        after.clone_from(&last.id);
        for found in &rows {
            let Row::Loan(row) = &found.row else { return Err(damaged()) };
            let sum = paid.entry(row.borrower.clone()).or_default();
            *sum = sum.plus(interest_paid(row, before, until)?)?;
        }
    }
}

/// The position of the record that closed a year of an entity's, if one did.
async fn closed_at(snapshot: &mut Snapshot, entity: &Entity, year: i32) -> Checked<Option<u64>> {
    let found = snapshot.row(&mark_name(entity, year_end(year))).await?.map(|found| found.row);
    match found {
        None => Ok(None),
        Some(Row::Mark(mark)) => Ok(Some(mark.position)),
        Some(_) => Err(damaged()),
    }
}

/// The LKM's shares of profit that its partners paid in a year, by the entries.
async fn profit_shares(
    snapshot: &mut Snapshot,
    year: i32,
    known: u64,
) -> Checked<BTreeMap<String, Sen>> {
    let span = (Day::from_ymd(year, 1, 1).unwrap_or(Day::MIN), year_end(year));
    let control = lkm_ledger().account(Code::SharingIncome).control();
    let mut paid: BTreeMap<String, Sen> = BTreeMap::new();
    for account in accounts_of(snapshot, &control, known).await? {
        let mut lines = Lines::new(&account, span, known);
        while let Some(chunk) = lines.next(snapshot).await? {
            for (_, record) in chunk {
                let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
                for entry in effect.entries.iter().filter(|one| one.account == account) {
                    let party = entry.party.strip_prefix("lkm/").unwrap_or(&entry.party);
                    let sum = paid.entry(party.to_owned()).or_default();
                    *sum = sum.minus(entry.amount)?;
                }
            }
        }
    }
    Ok(paid)
}

// ---- covering and paying ----------------------------------------------------------------------

impl Mutation for v1::CoverLossRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("year", "amount")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let ledger = convert::ledger(&entity, self.fund, "fund")?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        Ok(Plan::new(book, &entity, CoverLoss { ledger, amount }))
    }
}

impl Mutation for v1::PaySurplusRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let ledger = convert::ledger(&entity, self.fund, "fund")?;
        let payout = Payout::Members(parts(&self.parts)?);
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &entity, Pay { ledger, payout, place }))
    }
}

impl Mutation for v1::PayFromSurplusFundRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let ledger = convert::ledger(&entity, self.fund, "fund")?;
        let purpose: SurplusUse = convert::choice(self.r#use, "use")?;
        let kept =
            [SurplusUse::Officers, SurplusUse::Staff, SurplusUse::Education, SurplusUse::Social];
        if !kept.contains(&purpose) {
            return Err(Fault::ChoiceUnknown.on("use"));
        }
        let payout = Payout::Fund(purpose, convert::money(self.amount.as_ref(), "amount")?);
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &entity, Pay { ledger, payout, place }))
    }
}

impl Mutation for v1::PayKubeSurplusRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = MEANS;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let fund: Fund = convert::choice(self.fund, "fund")?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let means = means(self.means.as_ref(), &book)?;
        Ok(Plan::new(book, &entity, PayKube { group, fund, amount, means }))
    }
}

/// Owing and paying have the same fields.
macro_rules! tax {
    ($($request:ident, $action:ident;)+) => {$(
        impl Mutation for v1::$request {
            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let book = convert::book(&self.book, "book")?;
                let amount = convert::money(self.amount.as_ref(), "amount")?;
                Ok(Plan::new(book, &Entity::Lkm, $action { amount }))
            }
        }
    )+};
}

tax! {
    OweIncomeTaxRequest, OweIncomeTax;
    PayTaxRequest, PayTax;
}
