//! At the end of the day on which a profit share on savings was decided, weighs the accounts of its
//! product, then pays them. A key is `{the row that lists the share}/w/{account}` while they are
//! weighed, and `{the row that lists the share}/p/{part}` while they are paid.

use std::sync::Arc;

use async_trait::async_trait;

use super::listed::{Kind, Listed};
use super::{Chunk, Step, codes, damaged, saved};
use crate::domain::account::Account;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id};
use crate::domain::record::Row;
use crate::domain::savings::savings_ledger;
use crate::domain::savings_share::{
    CHUNK, KIND, PayShare, WeighShare, parse, parts_of, share_name,
};
use crate::domain::surplus::Sharer;
use crate::storage::StorageError;
use crate::storage::read::{AsOf, Snapshot};

/// Divides profit shares.
pub(super) struct Shares;

const SHARES: Kind = Kind {
    name: KIND,
    row: |what| parse(what).map(|(entity, share)| share_name(&entity, &share)),
    listed_on: |row| match row {
        Row::SavingsShare(row) => Some(row.listed_on),
        _ => None,
    },
};

/// A share and the row that lists it.
struct Found<'a> {
    key: &'a str,
    entity: Entity,
    share: Id,
}

#[async_trait]
impl Step for Shares {
    fn name(&self) -> &'static str {
        "savings-share"
    }

    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError> {
        let mut parts = after.splitn(3, '/');
        let key = parts.next().unwrap_or_default();
        let (phase, reached) = (parts.next(), parts.next().unwrap_or_default());
        if let Some(phase) = phase {
            let found = Found::at(key)?;
            let weighing = phase == "w" && !reached.is_empty();
            let chunk = match weighing {
                true => Some(found.weigh(snapshot, day, Account::parse(reached).as_ref()).await?),
                false => found.pay(snapshot, day, reached, phase == "w").await?,
            };
            if chunk.is_some() {
                return Ok(chunk);
            }
        }
        let mut listed = Listed::new(&SHARES, day, key);
        let Some((key, _, row)) = listed.next(snapshot).await? else { return Ok(None) };
        let found = Found::at(&key)?;
        match row {
            Row::SavingsShare(row) if row.weighed => found.pay(snapshot, day, "", true).await,
            _ => found.weigh(snapshot, day, None).await.map(Some),
        }
    }
}

impl Found<'_> {
    /// What a row of the register `due` lists.
    fn at(key: &str) -> Result<Found<'_>, StorageError> {
        let found = key.splitn(3, '.').nth(2).and_then(parse);
        let (entity, share) = found.ok_or_else(|| damaged("a profit share"))?;
        Ok(Found { key, entity, share })
    }

    /// The next accounts behind one, which may be none.
    async fn weigh(
        self,
        snapshot: &mut Snapshot,
        day: Day,
        after: Option<&Account>,
    ) -> Result<Chunk, StorageError> {
        let row = snapshot.row(&share_name(&self.entity, &self.share)).await?;
        let Some(Row::SavingsShare(row)) = row.map(|found| found.row) else {
            return Err(damaged("a profit share"));
        };
        let codes = codes(snapshot, &self.entity, row.sort(), day).await?;
        let control = savings_ledger(&self.entity).account(codes[0]).to_string();
        let limit = u32::try_from(CHUNK + 1).unwrap_or(u32::MAX);
        let mut found = snapshot.accounts(&control, after, limit, AsOf::default()).await?;
        let last = found.len() <= CHUNK;
        found.truncate(CHUNK);
        let name = |one: Option<&(Account, _)>| one.map(|(account, _)| account.to_string());
        let first = name(found.first()).unwrap_or_default();
        let reached = name(found.last()).filter(|_| !last).unwrap_or_default();
        let span = (Day::new(row.from), Day::new(row.through));
        let savers = saved(snapshot, (row.sort(), codes), found, span).await?;
        let Found { key, entity, share } = self;
        Ok(Chunk {
            first: format!("{key}/w/{first}"),
            // What names no account is behind all of them.
            last: format!("{key}/w/{reached}"),
            action: Some(Arc::new(WeighShare { day, entity, share, savers, last })),
        })
    }

    /// The next parts behind one; none behind the last. Where nobody has a part there is one record
    /// that says so.
    async fn pay(
        self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
        begins: bool,
    ) -> Result<Option<Chunk>, StorageError> {
        let parts = parts_of(&self.entity, &self.share);
        let limit = u32::try_from(CHUNK + 1).unwrap_or(u32::MAX);
        let mut found = snapshot.rows(&parts, after, limit).await?;
        if found.is_empty() && !begins {
            return Ok(None);
        }
        let last = found.len() <= CHUNK;
        found.truncate(CHUNK);
        let name = |one: Option<&crate::storage::read::RegisterRow>| {
            one.map(|found| found.id.clone()).unwrap_or_default()
        };
        let Found { key, entity, share } = self;
        let (first, reached) = (name(found.first()), name(found.last()));
        let savers = found.iter().map(|found| Sharer::from_key(&found.id)).collect::<Option<_>>();
        let savers = savers.ok_or_else(|| damaged("a part of a profit share"))?;
        Ok(Some(Chunk {
            first: format!("{key}/p/{first}"),
            last: format!("{key}/p/{reached}"),
            action: Some(Arc::new(PayShare { day, entity, share, savers, last })),
        }))
    }
}
