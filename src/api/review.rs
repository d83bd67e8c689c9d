//! Reports that broke a rule and wait for a person.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, detailed};
use crate::api::errors::Fault;
use crate::api::journal::{event_name, warnings};
use crate::api::v1;
use crate::domain::id::{Entity, Id, RequestId};
use crate::domain::record::{Outcome, Record, Row};
use crate::domain::refusal::Language;
use crate::domain::review::{DecideReview, REVIEWS};

/// The book and the request of a review's name. Errors: `NAME_MALFORMED`.
fn named(name: &str) -> Checked<(Id, RequestId)> {
    let malformed = || Fault::NameMalformed.on("review");
    if name.is_empty() {
        return Err(Fault::Required.on("review"));
    }
    let (book, report) = name.split_once("/reviews/").ok_or_else(malformed)?;
    let report = RequestId::new(report).ok_or_else(malformed)?;
    Ok((convert::book(book, "review")?, report))
}

impl Mutation for v1::DecideReviewRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, report) = named(&self.review)?;
        // A report may be about any ledger: what came of it is the bookkeeper's.
        Ok(Plan::new(book, &Entity::Lkm, DecideReview { report }))
    }
}

impl Method for v1::ListReviewsRequest {
    type Response = v1::ListReviewsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let entity = self.of(&book)?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let listed = call.waiting_rows(&mut snapshot, REVIEWS, &page, self.show_decided).await?;
        let (rows, next_page_token) = listed;
        let mut reviews = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::Review(row) = &found.row else { return Err(damaged()) };
            let other = entity.as_ref().is_some_and(|entity| entity.as_str() != row.entity);
            if other || !(self.show_decided || row.decided_by.is_empty()) {
                continue;
            }
            let record = snapshot.record(row.position).await?.ok_or_else(damaged)?;
            reviews.push(shown(&book, (&found.id, row), &record, call.language())?);
        }
        Ok(v1::ListReviewsResponse { reviews, next_page_token })
    }
}

impl v1::ListReviewsRequest {
    /// Whose reports are asked for. Errors: `NAME_MALFORMED`, `WRONG_PARENT`.
    fn of(&self, book: &Id) -> Checked<Option<Entity>> {
        if self.entity.is_empty() {
            return Ok(None);
        }
        let (of, entity) = convert::entity(&self.entity, "entity")?;
        if of == *book { Ok(Some(entity)) } else { Err(Fault::WrongParent.on("entity")) }
    }
}

fn shown(
    book: &Id,
    (id, row): (&str, &crate::domain::record::proto::Review),
    record: &Record,
    language: Language,
) -> Checked<v1::Review> {
    let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
    let name = |entity| convert::entity_name(book, &entity);
    let decided_by = match row.decided_by.as_str() {
        "" => String::new(),
        request => convert::transaction_name(book, request),
    };
    Ok(v1::Review {
        name: format!("{}/{REVIEWS}/{id}", convert::book_name(book)),
        transaction: convert::transaction_name(book, id),
        entity: Entity::new(&row.entity).map(name).unwrap_or_default(),
        happened_on: Some(convert::to_date(record.happened_on)),
        event: event_name(record).to_owned(),
        reasons: row.reasons.clone(),
        warnings: warnings(effect, language),
        decided_by,
    })
}
