//! What waits in suspense: reported money that its state could not take.

use std::collections::BTreeMap;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Page, damaged};
use crate::api::errors::Fault;
use crate::api::journal::{event_name, warning};
use crate::api::v1;
use crate::domain::account::Account;
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::{Outcome, Record};
use crate::domain::refusal::{Language, Reason};
use v1::suspense_item::Side;

impl Method for v1::ListSuspenseRequest {
    type Response = v1::ListSuspenseResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = self.of()?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let prefix = entity.as_ref().map(|entity| format!("{entity}.")).unwrap_or_default();
        let after = match page.after.as_str() {
            "" => None,
            name => {
                let account = Account::parse(name).filter(|_| name.starts_with(&prefix));
                Some(account.ok_or_else(|| Fault::PageToken.on("page_token"))?)
            }
        };
        let mut snapshot = match &entity {
            Some(entity) => call.snapshot_of(&book, entity, "parent").await?,
            None => call.snapshot(&book, "parent").await?,
        };
        let mut found = snapshot.suspense(&prefix, after.as_ref(), page.size + 1).await?;
        let next_page_token = page.cut(&mut found, |item| item.account.to_string());
        found.retain(|item| !item.balance.is_zero());
        let positions: Vec<u64> = found.iter().map(|item| item.position).collect();
        let records = snapshot.records(&positions).await?.into_iter();
        let records: BTreeMap<u64, Record> =
            records.map(|record| (record.position, record)).collect();
        let shown = |item: &(Account, Sen), record| shown(&book, item, record, call.language());
        let items = found.into_iter().map(|item| {
            let record = records.get(&item.position).ok_or_else(damaged)?;
            shown(&(item.account, item.balance), record)
        });
        let items = items.collect::<Checked<_>>()?;
        Ok(v1::ListSuspenseResponse { items, next_page_token })
    }
}

impl v1::ListSuspenseRequest {
    /// Whose suspense is asked for. Errors: `REQUIRED`, `NAME_MALFORMED`.
    fn of(&self) -> Checked<(Id, Option<Entity>)> {
        match self.parent.matches('/').count() {
            0 | 1 => Ok((convert::book(&self.parent, "parent")?, None)),
            _ => {
                let (book, entity) = convert::entity(&self.parent, "parent")?;
                Ok((book, Some(entity)))
            }
        }
    }
}

/// An item with the record that put it there.
fn shown(
    book: &Id,
    (account, balance): &(Account, Sen),
    record: &Record,
    language: Language,
) -> Checked<v1::SuspenseItem> {
    let item = account.subject.as_str().split_once('/').ok_or_else(damaged)?;
    let line = item.1.parse().map_err(|_| damaged())?;
    let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
    let of_line = effect
        .flags
        .iter()
        .find(|flag| flag.remark.reason == Reason::InSuspense && flag.line == line);
    let amount = convert::to_money(Sen::new(balance.get().saturating_abs()));
    let side = match balance.is_negative() {
        true => Side::Credit(amount),
        false => Side::Debit(amount),
    };
    Ok(v1::SuspenseItem {
        account: convert::account_name(book, account),
        entity: convert::entity_name(book, &account.ledger.entity),
        fund: account.ledger.fund.get() as i32,
        transaction: convert::transaction_name(book, item.0),
        line,
        side: Some(side),
        happened_on: Some(convert::to_date(record.happened_on)),
        event: event_name(record).to_owned(),
        warning: of_line.map(|flag| warning(&flag.remark, line, language)),
    })
}
