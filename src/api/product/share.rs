//! Profit shares on savings (catalogue event 33).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, plain};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::SavingsSort;
use crate::domain::savings_share::{COLLECTION, DecideShare, share_name};

impl Mutation for v1::DecideSavingsShareRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("happened_on", "decided_on")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let sort: SavingsSort = convert::choice(self.sort, "sort")?;
        if sort == SavingsSort::Kube && entity != Entity::Lkm {
            return Err(Fault::ChoiceUnknown.on("sort"));
        }
        let from = convert::day(self.from.as_ref(), "from")?;
        let through = convert::day(self.through.as_ref(), "through")?;
        if through < from {
            return Err(Fault::SpanMalformed.on("through"));
        }
        let action = DecideShare {
            entity: entity.clone(),
            sort,
            share: convert::id(&self.share_id, "share_id")?,
            period: (from, through),
            earned: convert::money(self.earned.as_ref(), "earned")?,
            minute: convert::required_line(&self.minute, 80, "minute")?,
        };
        let on = convert::optional_day(self.decided_on.as_ref(), "decided_on")?;
        Ok(Plan::new(book, &entity, action).on(on))
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
        share_percent: super::decimal(&row.share_percent),
        amount: money(row.amount),
        minute: row.minute.clone(),
        decided_on: date(row.decided_on),
        accounts: i32::try_from(row.accounts).unwrap_or(i32::MAX),
        paid: money(row.paid),
        tax: money(row.tax),
        done: row.listed_on == 0,
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
