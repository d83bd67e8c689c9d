//! Products of term deposits, and the term deposits of members (catalogue events 19 and 33).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, detailed, plain};
use crate::api::errors::Fault;
use crate::api::link::{deposit, deposits};
use crate::api::v1;
use crate::api::v1::member_means::Means as Named;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{EarlyBreak, SavingsDayCount, TermPayout, TermProduct};
use crate::domain::term::{CloseDeposit, OF_MEMBERS, OpenDeposit, Owner, Purse, TermId};
use crate::domain::term_product::{COLLECTION, SetTermProduct, product_name};

/// The longest term that a product may name, in months.
const MOST_MONTHS: u32 = 600;

// ---- products ---------------------------------------------------------------------------------

impl Mutation for v1::SetTermProductRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "product"), ("since", "version.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, product) = convert::owned(&self.product, COLLECTION, "product")?;
        let version = self.version.as_ref().ok_or_else(|| Fault::Required.on("version"))?;
        let version = checked(version)?;
        let fined = matches!(version.early(), EarlyBreak::Fee | EarlyBreak::Percent);
        if version.syariah && fined && entity != Entity::Lkm {
            return Err(Fault::ChoiceUnknown.on("version.early"));
        }
        Ok(Plan::new(book, &entity.clone(), SetTermProduct { entity, product, version }))
    }
}

fn checked(version: &v1::TermProduct) -> Checked<TermProduct> {
    let payout = |earns: bool| match earns {
        true => convert::choice(version.payout, "version.payout"),
        false => Ok(TermPayout::Unspecified),
    };
    let (rate, day_count) = match &version.rate {
        None => (String::new(), SavingsDayCount::Unspecified),
        Some(rate) => (
            convert::percent(Some(rate), "version.rate")?.to_string(),
            convert::choice(version.day_count, "version.day_count")?,
        ),
    };
    let share_percent = match &version.share_percent {
        None => String::new(),
        Some(_) if version.rate.is_some() => {
            return Err(Fault::ChoiceUnknown.on("version.share_percent"));
        }
        nisbah => convert::percent(nisbah.as_ref(), "version.share_percent")?.to_string(),
    };
    let payout = payout(!rate.is_empty() || !share_percent.is_empty())?;
    let early: EarlyBreak = convert::open_choice(version.early, "version.early")?;
    let early_fee = match early {
        EarlyBreak::Fee => convert::money(version.early_fee.as_ref(), "version.early_fee")?,
        _ => Sen::ZERO,
    };
    let early_percent = match early {
        EarlyBreak::Percent | EarlyBreak::Interest => {
            convert::percent(version.early_percent.as_ref(), "version.early_percent")?.to_string()
        }
        _ => String::new(),
    };
    let least_months = months(version.least_months, "version.least_months")?;
    let most_months = months(version.most_months, "version.most_months")?;
    if most_months > 0 && most_months < least_months {
        return Err(Fault::NumberOutOfRange.on("version.most_months"));
    }
    let least = match &version.least {
        None => Sen::ZERO,
        least => convert::money_or_zero(least.as_ref(), "version.least")?,
    };
    Ok(TermProduct {
        since: convert::day(version.since.as_ref(), "version.since")?.get(),
        rate,
        day_count: day_count as i32,
        payout: payout as i32,
        early: early as i32,
        early_fee: early_fee.get(),
        early_percent,
        least: least.get(),
        least_months,
        most_months,
        free_on_death: version.free_on_death,
        syariah: version.syariah,
        share_percent,
        minute: convert::required_line(&version.minute, 80, "version.minute")?,
    })
}

fn months(months: i32, field: &str) -> Checked<u32> {
    let months = u32::try_from(months).ok().filter(|months| *months <= MOST_MONTHS);
    months.ok_or_else(|| Fault::NumberOutOfRange.on(field))
}

fn product(book: &Id, name: &RowName, row: &Row) -> Checked<v1::TermProductVersions> {
    let Row::TermProducts(row) = row else { return Err(damaged()) };
    let sum = |sen: i64| (sen != 0).then(|| convert::to_money(Sen::new(sen)));
    let count = |months: u32| i32::try_from(months).unwrap_or(i32::MAX);
    let version = |version: &TermProduct| v1::TermProduct {
        since: Some(convert::to_date(Day::new(version.since))),
        rate: convert::to_decimal(&version.rate),
        day_count: version.day_count,
        payout: version.payout,
        early: version.early,
        early_fee: sum(version.early_fee),
        early_percent: convert::to_decimal(&version.early_percent),
        least: sum(version.least),
        least_months: count(version.least_months),
        most_months: count(version.most_months),
        free_on_death: version.free_on_death,
        syariah: version.syariah,
        share_percent: convert::to_decimal(&version.share_percent),
        minute: version.minute.clone(),
    };
    let versions = row.versions.iter().map(version).collect();
    Ok(v1::TermProductVersions { name: convert::row_name(book, name), versions })
}

impl Method for v1::SetTermProductRequest {
    type Response = v1::SetTermProductResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity, id) = convert::owned(&self.product, COLLECTION, "product")?;
        let name = product_name(&entity, id.as_str());
        let done = call.submit(self).await?;
        let product = Some(product(&done.book, &name, done.row(&name)?)?);
        Ok(v1::SetTermProductResponse { product, warnings: done.warnings(call) })
    }
}

impl Method for v1::ListTermProductsRequest {
    type Response = v1::ListTermProductsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = product_name(&entity, "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let name = |id: &String| RowName::new(parent.clone(), id.clone());
        let products = rows.iter().map(|found| product(&book, &name(&found.id), &found.row));
        let products = products.collect::<Checked<_>>()?;
        Ok(v1::ListTermProductsResponse { products, next_page_token })
    }
}

// ---- members' deposits --------------------------------------------------------------------------

/// Where the domain's names for the means stand in a request.
const MEANS: (&str, &str) = ("place", "means.place");

fn purse(means: Option<&v1::MemberMeans>, book: &Id) -> Checked<Purse> {
    match means.and_then(|means| means.means.as_ref()) {
        Some(Named::Place(place)) => {
            convert::place(Some(place), book, "means.place").map(Purse::Till)
        }
        Some(Named::Savings(true)) => Ok(Purse::Savings),
        Some(Named::Savings(false)) | None => Err(Fault::Required.on("means")),
    }
}

impl Mutation for v1::OpenMemberDepositRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[MEANS, ("group", "member")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let owner = (&book, &entity);
        let action = OpenDeposit {
            owner: Owner::Member(entity.clone(), member),
            deposit: convert::id(&self.deposit_id, "deposit_id")?,
            product: Some(convert::owned_by(&self.product, owner, COLLECTION, "product")?),
            amount: convert::money(self.amount.as_ref(), "amount")?,
            matures_on: convert::day(self.matures_on.as_ref(), "matures_on")?,
            purse: purse(self.means.as_ref(), &book)?,
            on_maturity: convert::open_choice(self.on_maturity, "on_maturity")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::CloseMemberDepositRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[MEANS, ("group", "deposit")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, id) = convert::owned(&self.deposit, OF_MEMBERS, "deposit")?;
        let action = CloseDeposit {
            term: TermId::Member(entity.clone(), id),
            purse: purse(self.means.as_ref(), &book)?,
            minute: convert::line(&self.minute, 80, "minute")?,
            died: false,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Method for v1::OpenMemberDepositRequest {
    type Response = v1::OpenMemberDepositResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity, _) = convert::owned(&self.member, "members", "member")?;
        let name = TermId::Member(entity, convert::id(&self.deposit_id, "deposit_id")?).name();
        let done = call.submit(self).await?;
        // Money that the register could not take waits in suspense.
        let row = done.row(&name).ok();
        let deposit = row.map(|row| deposit(&done.book, &name, row)).transpose()?;
        Ok(v1::OpenMemberDepositResponse { transaction: Some(done.transaction(call)), deposit })
    }
}

impl Method for v1::CloseMemberDepositRequest {
    type Response = v1::CloseMemberDepositResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity, id) = convert::owned(&self.deposit, OF_MEMBERS, "deposit")?;
        let name = TermId::Member(entity, id).name();
        let done = call.submit(self).await?;
        let deposit = Some(deposit(&done.book, &name, done.row(&name)?)?);
        Ok(v1::CloseMemberDepositResponse { transaction: Some(done.transaction(call)), deposit })
    }
}

impl Method for v1::ListMemberDepositsRequest {
    type Response = v1::ListMemberDepositsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let (deposits, next_page_token) =
            deposits(call, &mut snapshot, (&book, &entity), OF_MEMBERS, &page).await?;
        Ok(v1::ListMemberDepositsResponse { deposits, next_page_token })
    }
}
