//! Opening books, closing periods and opening them again, the law an LKM lives under.

use std::collections::BTreeSet;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, detailed, plain, service};
use crate::api::v1;
use crate::domain::book::{ClosePeriod, Open, ReopenPeriod, periods_name};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::Row;
use crate::domain::record::proto::{self, Principle, Regime, Zone};
use crate::domain::regime::{CHUNK, MoveCapital, SetRegime, regime_on};
use crate::domain::savings::{Kind, savings_ledger};
use crate::storage::read::AsOf;

/// How many accounts are read at a time.
const PAGE: u32 = 500;

service! {
    book_service_server::BookService {
        create_book: CreateBookRequest => CreateBookResponse;
        get_book: GetBookRequest => GetBookResponse;
        list_books: ListBooksRequest => ListBooksResponse;
        close_period: ClosePeriodRequest => ClosePeriodResponse;
        reopen_period: ReopenPeriodRequest => ReopenPeriodResponse;
        set_regime: SetRegimeRequest => SetRegimeResponse;
        move_capital_savings: MoveCapitalSavingsRequest => MoveCapitalSavingsResponse;
    }
}

impl Mutation for v1::CreateBookRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("happened_on", "opened_on")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::id(&self.book_id, "book_id")?;
        let lkm_name = convert::line(&self.lkm_name, 120, "lkm_name")?;
        // An LKM has a regime; a KUBE alone has none.
        let regime = match lkm_name.is_empty() {
            true => Regime::Unspecified,
            false => convert::choice(self.regime, "regime")?,
        };
        let open = Open {
            name: convert::required_line(&self.display_name, 120, "display_name")?,
            lkm_name,
            regime,
            zone: convert::choice::<Zone>(self.zone, "zone")?,
            opened_on: convert::day(self.opened_on.as_ref(), "opened_on")?,
        };
        Ok(Plan::new(book, &Entity::Lkm, open))
    }
}

impl Method for v1::CreateBookRequest {
    type Response = v1::CreateBookResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        let row = done.row(&RowName::book())?;
        let book = book(&done.book, row, done.record.position)?;
        Ok(v1::CreateBookResponse { book: Some(book) })
    }
}

/// Closing and opening again have the same fields.
macro_rules! period {
    ($($request:ident => $response:ident, $action:ident;)+) => {$(
        impl Mutation for v1::$request {
            const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "entity")];

            plain!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let (book, entity) = convert::entity(&self.entity, "entity")?;
                let through = convert::day(self.through.as_ref(), "through")?;
                let minute = convert::required_line(&self.minute, 80, "minute")?;
                Ok(Plan::new(book, &entity.clone(), $action { entity, through, minute }))
            }
        }

        impl Method for v1::$request {
            type Response = v1::$response;

            async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
                let (_, entity) = convert::entity(&self.entity, "entity")?;
                let done = call.submit(self).await?;
                let Row::Periods(row) = done.row(&periods_name(&entity))? else {
                    return Err(damaged());
                };
                let period = v1::Period {
                    entity: convert::entity_name(&done.book, &entity),
                    closed_through: convert::to_optional_date(row.closed_through),
                    closed_year: row.closed_year,
                };
                Ok(v1::$response { period: Some(period) })
            }
        }
    )+};
}

period! {
    ClosePeriodRequest => ClosePeriodResponse, ClosePeriod;
    ReopenPeriodRequest => ReopenPeriodResponse, ReopenPeriod;
}

impl Method for v1::GetBookRequest {
    type Response = v1::GetBookResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let id = convert::book(&self.name, "name")?;
        Ok(v1::GetBookResponse { book: Some(read(call, &id).await?) })
    }
}

impl Method for v1::ListBooksRequest {
    type Response = v1::ListBooksResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let page = Page::new(self.page_size, &self.page_token)?;
        let ids = call.books_known().await?;
        let after = ids.into_iter().filter(|id| *id.as_str() > *page.after);
        let mut ids: Vec<Id> = after.take(page.size as usize + 1).collect();
        let next_page_token = page.cut(&mut ids, Id::to_string);
        let mut books = Vec::with_capacity(ids.len());
        for id in &ids {
            books.push(read(call, id).await?);
        }
        Ok(v1::ListBooksResponse { books, next_page_token })
    }
}

async fn read(call: &Call<'_>, id: &Id) -> Checked<v1::Book> {
    let mut snapshot = call.snapshot(id, "name").await?;
    let row = call.row(&mut snapshot, &RowName::book(), "name").await?;
    book(id, &row, snapshot.head().size)
}

fn book(id: &Id, row: &Row, position: u64) -> Checked<v1::Book> {
    let Row::Book(row) = row else { return Err(damaged()) };
    Ok(v1::Book {
        name: convert::book_name(id),
        display_name: row.name.clone(),
        lkm_name: row.lkm_name.clone(),
        regime: regime_on(row, Day::new(row.business_day), u64::MAX) as i32,
        zone: row.zone,
        opened_on: Some(convert::to_date(Day::new(row.opened_on))),
        business_day: Some(convert::to_date(Day::new(row.business_day))),
        position,
        regimes: regimes(row),
    })
}

// ---- the law an LKM lives under -----------------------------------------------------------------

/// The LKM's regimes, the first from the book's first day on.
fn regimes(row: &proto::Book) -> Vec<v1::RegimeSince> {
    let first = proto::RegimeSince {
        since: row.opened_on,
        regime: row.regime,
        ..proto::RegimeSince::default()
    };
    let first = (row.regime() != Regime::Unspecified).then_some(&first);
    let regime = |version: &proto::RegimeSince| v1::RegimeSince {
        since: Some(convert::to_date(Day::new(version.since))),
        regime: version.regime,
        principle: version.principle,
        minute: version.minute.clone(),
    };
    first.into_iter().chain(&row.regimes).map(regime).collect()
}

impl Mutation for v1::SetRegimeRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::lkm(&self.lkm, "lkm")?;
        let version = proto::RegimeSince {
            since: convert::day(self.since.as_ref(), "since")?.get(),
            regime: convert::choice::<Regime>(self.regime, "regime")? as i32,
            principle: convert::open_choice::<Principle>(self.principle, "principle")? as i32,
            minute: convert::required_line(&self.minute, 80, "minute")?,
            position: 0,
        };
        Ok(Plan::new(book, &Entity::Lkm, SetRegime { version }))
    }
}

impl Method for v1::SetRegimeRequest {
    type Response = v1::SetRegimeResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        let book = book(&done.book, done.row(&RowName::book())?, done.record.position)?;
        Ok(v1::SetRegimeResponse { book: Some(book) })
    }
}

impl v1::MoveCapitalSavingsRequest {
    fn plan_with(&self, members: Vec<Id>) -> Checked<Plan> {
        let book = convert::lkm(&self.lkm, "lkm")?;
        Ok(Plan::new(book, &Entity::Lkm, MoveCapital { members }))
    }
}

impl Mutation for v1::MoveCapitalSavingsRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.plan_with(Vec::new())
    }
}

impl Method for v1::MoveCapitalSavingsRequest {
    type Response = v1::MoveCapitalSavingsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::lkm(&self.lkm, "lkm")?;
        let on = self.details.as_ref().and_then(|details| details.happened_on.as_ref());
        let on = convert::optional_day(on, "details.happened_on")?;
        let members = elsewhere(call, &book, on).await?.into_iter().take(CHUNK).collect();
        let plan = self.plan_with(members)?;
        let done = call.submit_as(self, plan).await?;
        let more = !elsewhere(call, &book, Some(done.record.happened_on)).await?.is_empty();
        Ok(v1::MoveCapitalSavingsResponse { transaction: Some(done.transaction(call)), more })
    }
}

/// The first members, at most [`CHUNK`] of each sort, whose capital savings stand elsewhere than
/// the regime of a day has them.
async fn elsewhere(call: &Call<'_>, book: &Id, on: Option<Day>) -> Checked<BTreeSet<Id>> {
    let mut snapshot = call.snapshot_of(book, &Entity::Lkm, "lkm").await?;
    let Row::Book(row) = call.row(&mut snapshot, &RowName::book(), "lkm").await? else {
        return Err(damaged());
    };
    let regime = regime_on(&row, on.unwrap_or(Day::new(row.business_day)), u64::MAX);
    let ledger = savings_ledger(&Entity::Lkm);
    let mut members = BTreeSet::new();
    for kind in [Kind::Principal, Kind::Mandatory] {
        let [_, elsewhere] = kind.codes(&Entity::Lkm, regime);
        let prefix = format!("{}.", ledger.account(elsewhere));
        let mut after = None;
        loop {
            let page = snapshot.accounts(&prefix, after.as_ref(), PAGE, AsOf::default()).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (account, _) in page.iter().filter(|(_, held)| !held.is_zero()) {
                members.insert(Id::new(account.subject.as_str()).ok_or_else(damaged)?);
            }
            if members.len() >= CHUNK {
                break;
            }
        }
    }
    Ok(members)
}
