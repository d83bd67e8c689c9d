//! Profit shares on savings (catalogue event 33).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, plain};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{SavingsPart, SavingsSort};
use crate::domain::savings_share::{Among, COLLECTION, DecideShare, Holder, parts_of, share_name};
use crate::domain::surplus::Sharer;
use crate::domain::term::TermId;
use crate::domain::term_product::COLLECTION as TERMS;

impl Mutation for v1::DecideSavingsShareRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("happened_on", "decided_on")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let among = self.among(&book, &entity)?;
        let from = convert::day(self.from.as_ref(), "from")?;
        let through = convert::day(self.through.as_ref(), "through")?;
        if through < from {
            return Err(Fault::SpanMalformed.on("through"));
        }
        let action = DecideShare {
            entity: entity.clone(),
            among,
            share: convert::id(&self.share_id, "share_id")?,
            period: (from, through),
            earned: convert::money(self.earned.as_ref(), "earned")?,
            minute: convert::required_line(&self.minute, 80, "minute")?,
        };
        let on = convert::optional_day(self.decided_on.as_ref(), "decided_on")?;
        Ok(Plan::new(book, &entity, action).on(on))
    }
}

impl v1::DecideSavingsShareRequest {
    /// With whom is shared: a sort of savings, or a product of term deposits.
    fn among(&self, book: &Id, entity: &Entity) -> Checked<Among> {
        let product = convert::optional_owned_by(&self.product, (book, entity), TERMS, "product")?;
        if let Some(product) = product {
            return match self.sort {
                0 => Ok(Among::Term(product)),
                _ => Err(Fault::ChoiceUnknown.on("product")),
            };
        }
        let sort: SavingsSort = convert::choice(self.sort, "sort")?;
        match sort == SavingsSort::Kube && *entity != Entity::Lkm {
            true => Err(Fault::ChoiceUnknown.on("sort")),
            false => Ok(Among::Sort(sort)),
        }
    }
}

fn share(book: &Id, name: &RowName, row: &Row) -> Checked<v1::SavingsShare> {
    let Row::SavingsShare(row) = row else { return Err(damaged()) };
    let date = |day| Some(convert::to_date(Day::new(day)));
    let money = |sen| Some(convert::to_money(Sen::new(sen)));
    Ok(v1::SavingsShare {
        name: convert::row_name(book, name),
        sort: row.sort,
        from: date(row.from),
        through: date(row.through),
        earned: money(row.earned),
        share_percent: convert::to_decimal(&row.share_percent),
        amount: money(row.amount),
        minute: row.minute.clone(),
        decided_on: date(row.decided_on),
        accounts: i32::try_from(row.accounts).unwrap_or(i32::MAX),
        paid: money(row.paid),
        tax: money(row.tax),
        done: row.listed_on == 0,
        product: match (row.product.as_str(), name.parent.strip_suffix(COLLECTION)) {
            ("", _) => String::new(),
            (product, Some(owner)) => convert::row_name(book, format!("{owner}{TERMS}/{product}")),
            (_, None) => return Err(damaged()),
        },
    })
}

impl Method for v1::DecideSavingsShareRequest {
    type Response = v1::DecideSavingsShareResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity) = convert::entity(&self.entity, "entity")?;
        let name = share_name(&entity, &convert::id(&self.share_id, "share_id")?);
        let done = call.submit(self).await?;
        let share = Some(share(&done.book, &name, done.row(&name)?)?);
        Ok(v1::DecideSavingsShareResponse { share })
    }
}

impl Method for v1::ListSavingsSharesRequest {
    type Response = v1::ListSavingsSharesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = RowName::of(&entity, COLLECTION, "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let name = |id: &String| RowName::new(parent.clone(), id.clone());
        let shares = rows.iter().map(|found| share(&book, &name(&found.id), &found.row));
        let shares = shares.collect::<Checked<_>>()?;
        Ok(v1::ListSavingsSharesResponse { shares, next_page_token })
    }
}

// ---- parts --------------------------------------------------------------------------------------

impl Method for v1::ListSavingsSharePartsRequest {
    type Response = v1::ListSavingsSharePartsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, id) = convert::owned(&self.parent, COLLECTION, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let name = share_name(&entity, &id);
        let Row::SavingsShare(share) = call.row(&mut snapshot, &name, "parent").await? else {
            return Err(damaged());
        };
        let collection = parts_of(&entity, &id, &share);
        let (rows, next_page_token) = call.rows(&mut snapshot, &collection, &page).await?;
        let mut parts = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::SavingsPart(row) = &found.row else { return Err(damaged()) };
            let holder = Holder::from_key(&entity, &share, &found.id).ok_or_else(damaged)?;
            let member = match &holder {
                Holder::Term(term @ TermId::Member(_, _)) => {
                    match call.row(&mut snapshot, &term.name(), "parent").await? {
                        Row::TermDeposit(deposit) => deposit.member,
                        _ => return Err(damaged()),
                    }
                }
                _ => String::new(),
            };
            parts.push(part(&book, &entity, (&holder, &member), row));
        }
        Ok(v1::ListSavingsSharePartsResponse { parts, next_page_token })
    }
}

fn part(
    book: &Id,
    entity: &Entity,
    (holder, depositor): (&Holder, &str),
    row: &SavingsPart,
) -> v1::SavingsSharePart {
    let member = |id: &str| convert::row_name(book, RowName::of(entity, "members", id));
    let group = |id: &Id| convert::row_name(book, RowName::group(id));
    let (owner, fund, deposit) = match holder {
        Holder::Savings(Sharer::Member(id)) => (member(id.as_str()), 0, String::new()),
        Holder::Savings(Sharer::Kube(id, fund)) => (group(id), *fund as i32, String::new()),
        Holder::Term(term) => {
            let owner = match term {
                TermId::Kube(id, _) => group(id),
                TermId::Member(_, _) => member(depositor),
            };
            (owner, 0, convert::row_name(book, term.name()))
        }
    };
    let money = |sen| Some(convert::to_money(Sen::new(sen)));
    v1::SavingsSharePart {
        owner,
        fund,
        deposit,
        held: money(row.weight),
        paid: row.paid,
        amount: money(row.amount),
        tax: money(row.tax),
    }
}
