//! What the LKM's clerks recorded on a group's behalf, and what the group says of it.

use std::collections::HashMap;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, detailed};
use crate::api::errors::Fault;
use crate::api::journal::event_name;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::confirmation::{AnswerReport, CONFIRMATIONS};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::record::proto::{Confirmation, ConfirmationState};
use crate::domain::record::{Effect, Outcome, Record, Row};
use crate::domain::review::review_name;
use crate::storage::read::Snapshot;

/// The book, the group and the request of a confirmation's name.
/// Errors: `REQUIRED`, `NAME_MALFORMED`.
fn named(name: &str) -> Checked<(Id, Id, RequestId)> {
    let malformed = || Fault::NameMalformed.on("confirmation");
    if name.is_empty() {
        return Err(Fault::Required.on("confirmation"));
    }
    let (group, report) = name.split_once("/confirmations/").ok_or_else(malformed)?;
    let report = RequestId::new(report).ok_or_else(malformed)?;
    let (book, group) = convert::group(group, "confirmation")?;
    Ok((book, group, report))
}

impl Mutation for v1::ConfirmReportRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, report) = named(&self.confirmation)?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, AnswerReport { group, report, dispute: None }))
    }
}

impl Mutation for v1::DisputeReportRequest {
    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.reason]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let recorded = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Confirmation(confirmation) => Some(confirmation.reason.clone()),
            _ => None,
        });
        recorded.into_iter().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group, report) = named(&self.confirmation)?;
        match texts {
            [reason] if !reason.trim().is_empty() => convert::prose(reason, 1000, "reason")?,
            _ => return Err(Fault::Required.on("reason")),
        }
        let owner = Entity::Kube(group.clone()).path();
        Ok(Plan::sealed(book, owner, move |mut texts| AnswerReport {
            group,
            report,
            dispute: Some(texts.pop().unwrap_or_default()),
        }))
    }
}

/// Which part of the list a page is of: what waits comes first, the rest behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Waiting,
    Answered,
}

impl Part {
    /// The part and the last id of the page before.
    fn of(page: &Page, wanted: Option<ConfirmationState>) -> (Part, &str) {
        match page.after.split_at_checked(1) {
            Some(("1", after)) => (Part::Answered, after),
            Some((_, after)) => (Part::Waiting, after),
            None if wanted.is_some_and(|state| state != ConfirmationState::Waiting) => {
                (Part::Answered, "")
            }
            None => (Part::Waiting, ""),
        }
    }

    fn token(self, after: &str) -> String {
        convert::to_page_token(&format!("{}{after}", if self == Part::Waiting { 0 } else { 1 }))
    }

    fn has(self, state: ConfirmationState) -> bool {
        (self == Part::Waiting) == (state == ConfirmationState::Waiting)
    }
}

impl Method for v1::ListConfirmationsRequest {
    type Response = v1::ListConfirmationsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let wanted: ConfirmationState = convert::open_choice(self.state, "state")?;
        let wanted = Some(wanted).filter(|state| *state != ConfirmationState::Unspecified);
        let page = Page::new(self.page_size, &self.page_token)?;
        let (part, after) = Part::of(&page, wanted);
        let entity = Entity::Kube(group);
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = RowName::of(&entity, CONFIRMATIONS, "").parent;
        let mut rows = match part {
            Part::Waiting => snapshot.waiting_rows(&parent, after, page.size + 1).await?,
            Part::Answered => snapshot.rows(&parent, after, page.size + 1).await?,
        };
        let more = rows.len() > page.size as usize;
        rows.truncate(page.size as usize);
        let next_page_token = match (more, rows.last()) {
            (true, Some(last)) => part.token(&last.id),
            _ if part == Part::Waiting && wanted.is_none() => Part::Answered.token(""),
            _ => String::new(),
        };
        let mut found = Vec::new();
        for row in rows {
            let Row::Confirmation(confirmation) = row.row else { return Err(damaged()) };
            let state = confirmation.state();
            if part.has(state) && wanted.is_none_or(|wanted| wanted == state) {
                found.push((row.id, confirmation));
            }
        }
        let reasons = found.iter().map(|(_, confirmation)| &confirmation.reason);
        let opened = call.open(&mut snapshot, &book, reasons).await?;
        let mut confirmations = Vec::with_capacity(found.len());
        for (id, row) in &found {
            let reason = opened.text(Sort::Memo, &row.reason);
            confirmations.push(shown(&mut snapshot, (&book, &entity), (id, row), reason).await?);
        }
        Ok(v1::ListConfirmationsResponse { confirmations, next_page_token })
    }
}

async fn shown(
    snapshot: &mut Snapshot,
    (book, entity): (&Id, &Entity),
    (id, row): (&str, &Confirmation),
    (reason, reason_erased): (String, bool),
) -> Checked<v1::Confirmation> {
    let record = snapshot.record(row.position).await?.ok_or_else(damaged)?;
    let transaction = |request: &str| match request {
        "" => String::new(),
        request => convert::transaction_name(book, request),
    };
    let settled_by = match row.state() {
        ConfirmationState::Disputed => looked_at(snapshot, id).await?,
        _ => String::new(),
    };
    Ok(v1::Confirmation {
        name: convert::row_name(book, RowName::of(entity, CONFIRMATIONS, id)),
        transaction: transaction(id),
        happened_on: Some(convert::to_date(record.happened_on)),
        event: event_name(&record).to_owned(),
        actor: record.author.actor.clone(),
        state: row.state,
        reason,
        reason_erased,
        decided_by: transaction(&row.decided_by),
        settled_by: transaction(&settled_by),
    })
}

/// The request in which somebody at the LKM has looked at a disputed record; empty until then.
async fn looked_at(snapshot: &mut Snapshot, report: &str) -> Checked<String> {
    let report = RequestId::new(report).ok_or_else(damaged)?;
    match snapshot.row(&review_name(&report)).await?.map(|found| found.row) {
        Some(Row::Review(review)) => Ok(review.decided_by),
        _ => Err(damaged()),
    }
}

/// What a group says by now of those of some records that were made on its behalf, by the request.
pub(super) async fn answers_of(
    snapshot: &mut Snapshot,
    group: &Id,
    records: &[Record],
) -> Checked<HashMap<String, ConfirmationState>> {
    let parent = RowName::of(&Entity::Kube(group.clone()), CONFIRMATIONS, "").parent;
    let asked = |record: &Record| match &record.outcome {
        Outcome::Done(effect) => effect.rows.iter().any(|(name, _)| name.parent == parent),
        Outcome::Refused(_) => false,
    };
    let requests = records.iter().filter(|record| asked(record));
    let requests: Vec<&str> =
        requests.filter_map(|record| record.request.as_ref().map(RequestId::as_str)).collect();
    let mut answers = HashMap::new();
    for found in snapshot.rows_of(&parent, &requests).await? {
        let Row::Confirmation(row) = found.row else { return Err(damaged()) };
        answers.insert(found.id, row.state());
    }
    Ok(answers)
}

/// What each group on whose behalf a record was made says of it.
pub(super) async fn answers(
    snapshot: &mut Snapshot,
    book: &Id,
    effect: &Effect,
) -> Checked<Vec<v1::GroupAnswer>> {
    let mut answers = Vec::new();
    let waited = effect.rows.iter().filter(|(_, row)| matches!(row, Row::Confirmation(_)));
    for (name, _) in waited {
        let found = snapshot.row(name).await?.map(|found| found.row);
        let Some(Row::Confirmation(row)) = found else { return Err(damaged()) };
        let group = name.parent.trim_end_matches("/confirmations");
        answers.push(v1::GroupAnswer { group: convert::row_name(book, group), state: row.state });
    }
    Ok(answers)
}
