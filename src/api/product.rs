//! Savings products and what follows from them (catalogue events 20, 33 and 34).

mod block;
mod share;
pub(crate) mod term;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Page, Plan, damaged, detailed, plain, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::journal::warning;
use crate::api::ledger::{natural, read_point};
use crate::api::v1;
use crate::domain::account::Subject;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::leaving::{Heir, Settle};
use crate::domain::mandatory;
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    DuesPeriod, SavingsDayCount, SavingsMethod, SavingsProduct, SavingsProducts, SavingsSort,
    SavingsTax, SavingsTaxes,
};
use crate::domain::record::{Effect, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::regime::regime_on;
use crate::domain::savings::{Kind, savings_ledger};
use crate::domain::savings_product::{SetProduct, SetTax, product_name, tax_name};
use crate::domain::tax::PayWithheld;
use crate::storage::read::{AsOf, Snapshot};

/// How many register rows are read at a time.
const CHUNK: u32 = 500;

/// The most months after which savings fall dormant.
const MOST_MONTHS: u32 = 600;

service! {
    savings_product_service_server::SavingsProductService {
        set_savings_product: SetSavingsProductRequest => SetSavingsProductResponse;
        list_savings_products: ListSavingsProductsRequest => ListSavingsProductsResponse;
        decide_savings_share: DecideSavingsShareRequest => DecideSavingsShareResponse;
        list_savings_shares: ListSavingsSharesRequest => ListSavingsSharesResponse;
        list_savings_share_parts: ListSavingsSharePartsRequest => ListSavingsSharePartsResponse;
        set_savings_tax: SetSavingsTaxRequest => SetSavingsTaxResponse;
        list_mandatory_savings: ListMandatorySavingsRequest => ListMandatorySavingsResponse;
        block_savings: BlockSavingsRequest => BlockSavingsResponse;
        block_kube_savings: BlockKubeSavingsRequest => BlockKubeSavingsResponse;
        list_blocks: ListBlocksRequest => ListBlocksResponse;
        unblock_savings: UnblockSavingsRequest => UnblockSavingsResponse;
        settle_member: SettleMemberRequest => SettleMemberResponse;
        pay_withheld_tax: PayWithheldTaxRequest => PayWithheldTaxResponse;
        set_term_product: SetTermProductRequest => SetTermProductResponse;
        list_term_products: ListTermProductsRequest => ListTermProductsResponse;
        open_member_deposit: OpenMemberDepositRequest => OpenMemberDepositResponse;
        close_member_deposit: CloseMemberDepositRequest => CloseMemberDepositResponse;
        list_member_deposits: ListMemberDepositsRequest => ListMemberDepositsResponse;
    }
}

transactions! {
    BlockSavingsRequest => BlockSavingsResponse;
    BlockKubeSavingsRequest => BlockKubeSavingsResponse;
    UnblockSavingsRequest => UnblockSavingsResponse;
    SettleMemberRequest => SettleMemberResponse;
    PayWithheldTaxRequest => PayWithheldTaxResponse;
}

// ---- products ---------------------------------------------------------------------------------

impl Mutation for v1::SetSavingsProductRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("since", "version.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let sort: SavingsSort = convert::choice(self.sort, "sort")?;
        if sort == SavingsSort::Kube && entity != Entity::Lkm {
            return Err(Fault::ChoiceUnknown.on("sort"));
        }
        let version = self.version.as_ref().ok_or_else(|| Fault::Required.on("version"))?;
        let version = checked(sort, version)?;
        Ok(Plan::new(book, &entity.clone(), SetProduct { entity, sort, version }))
    }
}

fn checked(sort: SavingsSort, version: &v1::SavingsProduct) -> Checked<SavingsProduct> {
    let (period, amount) = due(sort, version)?;
    let method: SavingsMethod = convert::open_choice(version.method, "version.method")?;
    let shares = version.share_percent.is_some();
    if shares && (version.rate.is_some() || method == SavingsMethod::Unspecified) {
        return Err(Fault::ChoiceUnknown.on("version.share_percent"));
    }
    let share_percent = match &version.share_percent {
        None => String::new(),
        nisbah => convert::percent(nisbah.as_ref(), "version.share_percent")?.to_string(),
    };
    let (rate, day_count) = match method {
        _ if shares => (String::new(), SavingsDayCount::Unspecified),
        SavingsMethod::Unspecified => (String::new(), SavingsDayCount::Unspecified),
        _ => (
            convert::percent(version.rate.as_ref(), "version.rate")?.to_string(),
            convert::choice(version.day_count, "version.day_count")?,
        ),
    };
    Ok(SavingsProduct {
        since: convert::day(version.since.as_ref(), "version.since")?.get(),
        period: period as i32,
        amount: amount.get(),
        method: method as i32,
        rate,
        day_count: day_count as i32,
        minute: convert::required_line(&version.minute, 80, "version.minute")?,
        dormant_after_months: dormant_after_months(sort, version.dormant_after_months)?,
        share_percent,
    })
}

/// What is due of simpanan wajib, each time; and of simpanan pokok, once, if that is set.
fn due(sort: SavingsSort, version: &v1::SavingsProduct) -> Checked<(DuesPeriod, Sen)> {
    let amount = || convert::money(version.amount.as_ref(), "version.amount");
    match (sort, version.period) {
        (SavingsSort::Wajib, period) => Ok((convert::choice(period, "version.period")?, amount()?)),
        (_, period) if period != 0 => Err(Fault::ChoiceUnknown.on("version.period")),
        (SavingsSort::Pokok, _) if version.amount.is_some() => {
            Ok((DuesPeriod::Unspecified, amount()?))
        }
        _ if version.amount.is_some() => Err(Fault::ChoiceUnknown.on("version.amount")),
        _ => Ok((DuesPeriod::Unspecified, Sen::ZERO)),
    }
}

/// After how many months accounts fall dormant: those that their owners move as they like.
fn dormant_after_months(sort: SavingsSort, months: i32) -> Checked<u32> {
    let field = "version.dormant_after_months";
    let free = matches!(sort, SavingsSort::Sukarela | SavingsSort::Kube);
    match u32::try_from(months) {
        Ok(0) => Ok(0),
        Ok(_) if !free => Err(Fault::ChoiceUnknown.on(field)),
        Ok(months) if months <= MOST_MONTHS => Ok(months),
        _ => Err(Fault::NumberOutOfRange.on(field)),
    }
}

fn product(sort: SavingsSort, products: &SavingsProducts) -> v1::SavingsProductVersions {
    let version = |version: &SavingsProduct| v1::SavingsProduct {
        since: Some(convert::to_date(Day::new(version.since))),
        period: version.period,
        amount: (version.amount != 0).then(|| convert::to_money(Sen::new(version.amount))),
        method: version.method,
        rate: convert::to_decimal(&version.rate),
        day_count: version.day_count,
        minute: version.minute.clone(),
        dormant_after_months: i32::try_from(version.dormant_after_months).unwrap_or(i32::MAX),
        share_percent: convert::to_decimal(&version.share_percent),
    };
    v1::SavingsProductVersions {
        sort: sort as i32,
        versions: products.versions.iter().map(version).collect(),
    }
}

impl Method for v1::SetSavingsProductRequest {
    type Response = v1::SetSavingsProductResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity) = convert::entity(&self.entity, "entity")?;
        let sort: SavingsSort = convert::choice(self.sort, "sort")?;
        let done = call.submit(self).await?;
        let Row::SavingsProducts(row) = done.row(&product_name(&entity, sort))? else {
            return Err(damaged());
        };
        let warnings = done.warnings(call);
        Ok(v1::SetSavingsProductResponse { product: Some(product(sort, row)), warnings })
    }
}

/// A product's versions, none if it was never set.
async fn products(
    snapshot: &mut Snapshot,
    entity: &Entity,
    sort: SavingsSort,
) -> Checked<SavingsProducts> {
    match snapshot.row(&product_name(entity, sort)).await?.map(|found| found.row) {
        None => Ok(SavingsProducts::default()),
        Some(Row::SavingsProducts(row)) => Ok(row),
        Some(_) => Err(damaged()),
    }
}

impl Method for v1::ListSavingsProductsRequest {
    type Response = v1::ListSavingsProductsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let mut found = Vec::new();
        for sort in
            [SavingsSort::Pokok, SavingsSort::Wajib, SavingsSort::Sukarela, SavingsSort::Kube]
        {
            let products = products(&mut snapshot, &entity, sort).await?;
            if !products.versions.is_empty() {
                found.push(product(sort, &products));
            }
        }
        let taxes = match snapshot.row(&tax_name(&entity)).await?.map(|found| found.row) {
            None => SavingsTaxes::default(),
            Some(Row::SavingsTaxes(row)) => row,
            Some(_) => return Err(damaged()),
        };
        let taxes = taxes.versions.iter().map(tax).collect();
        Ok(v1::ListSavingsProductsResponse { products: found, taxes })
    }
}

impl Mutation for v1::SetSavingsTaxRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("since", "version.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let asked = self.version.as_ref().ok_or_else(|| Fault::Required.on("version"))?;
        let version = SavingsTax {
            since: convert::day(asked.since.as_ref(), "version.since")?.get(),
            threshold: convert::money_or_zero(asked.threshold.as_ref(), "version.threshold")?.get(),
            percent: convert::percent(asked.percent.as_ref(), "version.percent")?.to_string(),
            members: asked.members,
            kubes: asked.kubes,
            minute: convert::required_line(&asked.minute, 80, "version.minute")?,
        };
        Ok(Plan::new(book, &entity.clone(), SetTax { entity, version }))
    }
}

fn tax(version: &SavingsTax) -> v1::SavingsTax {
    v1::SavingsTax {
        since: Some(convert::to_date(Day::new(version.since))),
        threshold: Some(convert::to_money(Sen::new(version.threshold))),
        percent: convert::to_decimal(&version.percent),
        members: version.members,
        kubes: version.kubes,
        minute: version.minute.clone(),
    }
}

impl Method for v1::SetSavingsTaxRequest {
    type Response = v1::SetSavingsTaxResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity) = convert::entity(&self.entity, "entity")?;
        let done = call.submit(self).await?;
        let Row::SavingsTaxes(row) = done.row(&tax_name(&entity))? else { return Err(damaged()) };
        Ok(v1::SetSavingsTaxResponse { versions: row.versions.iter().map(tax).collect() })
    }
}

// ---- simpanan pokok and wajib -------------------------------------------------------------------

impl Method for v1::ListMandatorySavingsRequest {
    type Response = v1::ListMandatorySavingsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let Row::Book(settings) = call.row(&mut snapshot, &RowName::book(), "parent").await? else {
            return Err(damaged());
        };
        let on = convert::optional_day(self.on.as_ref(), "on")?;
        let on = on.unwrap_or(Day::new(settings.business_day));
        let (sort, kind) = match convert::open_choice(self.sort, "sort")? {
            SavingsSort::Unspecified | SavingsSort::Wajib => (SavingsSort::Wajib, Kind::Mandatory),
            SavingsSort::Pokok => (SavingsSort::Pokok, Kind::Principal),
            _ => return Err(Fault::ChoiceUnknown.on("sort")),
        };
        let mut versions = products(&mut snapshot, &entity, sort).await?.versions;
        if sort == SavingsSort::Pokok {
            versions.retain(|version| version.amount > 0);
        }
        let meetings = meetings(&mut snapshot, &entity).await?;
        let regime = regime_on(&settings, on, u64::MAX);
        let codes = kind.codes(&entity, regime);
        let parent = RowName::of(&entity, "members", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let mut members = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::Member(row) = &found.row else { return Err(damaged()) };
            if row.joined_on > on.get() || (row.left_on != 0 && row.left_on <= on.get()) {
                continue;
            }
            let id = Id::new(&found.id).ok_or_else(damaged)?;
            let as_of = AsOf { effective: Some(on), position: None };
            let mut brought = Sen::ZERO;
            // What was brought under another regime may stand elsewhere still.
            for code in codes {
                let account = savings_ledger(&entity).account_of(code, Subject::id(&id));
                let held = natural(code, snapshot.balance(&account, as_of).await?)?;
                brought = brought.plus(held)?;
            }
            let joined = Day::new(row.joined_on);
            let due = match sort {
                SavingsSort::Pokok => mandatory::due_on_joining(&versions, joined),
                _ => mandatory::due(&versions, joined, on, &meetings)?,
            };
            members.push(v1::MandatoryStanding {
                member: convert::row_name(&book, RowName::of(&entity, "members", &found.id)),
                due: Some(convert::to_money(due)),
                brought: Some(convert::to_money(brought)),
                missing: Some(convert::to_money(due.minus(brought)?.max(Sen::ZERO))),
            });
        }
        let unset = Refusal::new(Reason::RuleNotSet);
        let warnings = match versions.is_empty() {
            true => vec![warning(&unset, 0, call.language())],
            false => Vec::new(),
        };
        let read_point = Some(read_point(&mut snapshot, None).await?);
        Ok(v1::ListMandatorySavingsResponse { members, next_page_token, warnings, read_point })
    }
}

/// The days of a group's meetings; the LKM has none.
async fn meetings(snapshot: &mut Snapshot, entity: &Entity) -> Checked<Vec<Day>> {
    let parent = RowName::of(entity, "meetings", "").parent;
    let mut days = Vec::new();
    let mut after = String::new();
    loop {
        let rows = snapshot.rows(&parent, &after, CHUNK).await?;
        for found in &rows {
            let Row::Meeting(row) = &found.row else { return Err(damaged()) };
            days.push(Day::new(row.held_on));
        }
        match rows.into_iter().next_back() {
            Some(last) => after = last.id,
            None => return Ok(days),
        }
    }
}

// ---- blocks, leaving, tax -----------------------------------------------------------------------

impl Mutation for v1::SettleMemberRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.heir_name]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let found = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Settlement(row) => Some(row.heir_name.clone()),
            _ => None,
        });
        vec![found.unwrap_or_default()]
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let left_on = convert::day(self.left_on.as_ref(), "left_on")?;
        let died_on = convert::optional_day(self.died_on.as_ref(), "died_on")?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        let party = convert::optional_owned_by(&self.heir, (&book, &entity), "parties", "heir")?;
        let name = texts.first().map_or("", String::as_str);
        convert::line(name, 120, "heir_name")?;
        let named = !name.is_empty();
        if named && party.is_some() {
            return Err(Fault::ChoiceUnknown.on("heir_name"));
        }
        let paper = self.details.as_ref().and_then(|details| details.evidence.as_ref());
        if (named || party.is_some()) && paper.is_none() {
            return Err(Fault::Required.on("details.evidence"));
        }
        let of = entity.clone();
        let build = move |mut sealed: Vec<Vec<u8>>| {
            let name = sealed.pop().unwrap_or_default();
            let heir = party.map(Heir::Party).or(named.then_some(Heir::Named(name)));
            Settle { entity: of, member, left_on, died_on, heir, place }
        };
        Ok(Plan::sealed(book, entity.path(), build).memo_of(&entity))
    }
}

impl Mutation for v1::PayWithheldTaxRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        Ok(Plan::new(book, &entity.clone(), PayWithheld { entity, amount }))
    }
}
