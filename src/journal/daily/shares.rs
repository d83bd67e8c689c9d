//! At the end of the day on which a profit share on savings was decided, weighs the accounts of its
//! product, then pays them. A key is `{the row that lists the share}/w/{account}` while they are
//! weighed, and `{the row that lists the share}/p/{part}` while they are paid.

use std::sync::Arc;

use async_trait::async_trait;

use super::listed::{Kind, Listed};
use super::{Chunk, Step, balances, codes, damaged, saved};
use crate::domain::account::Account;
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{SavingsShare, TermState};
use crate::domain::savings::savings_ledger;
use crate::domain::savings_share::{
    CHUNK, Held, Holder, KIND, PayShare, TERM_CHUNK, WeighShare, parse, parts_of, share_name,
};
use crate::domain::term::TermId;
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
    row: SavingsShare,
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
            let found = Found::at(snapshot, key).await?;
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
        let Some((key, _, _)) = listed.next(snapshot).await? else { return Ok(None) };
        let found = Found::at(snapshot, &key).await?;
        match found.row.weighed {
            true => found.pay(snapshot, day, "", true).await,
            false => found.weigh(snapshot, day, None).await.map(Some),
        }
    }
}

impl Found<'_> {
    /// What a row of the register `due` lists.
    async fn at<'a>(snapshot: &mut Snapshot, key: &'a str) -> Result<Found<'a>, StorageError> {
        let found = key.splitn(3, '.').nth(2).and_then(parse);
        let (entity, share) = found.ok_or_else(|| damaged("a profit share"))?;
        match snapshot.row(&share_name(&entity, &share)).await?.map(|found| found.row) {
            Some(Row::SavingsShare(row)) => Ok(Found { key, entity, share, row }),
            _ => Err(damaged("a profit share")),
        }
    }

    /// The next accounts behind one, which may be none.
    async fn weigh(
        self,
        snapshot: &mut Snapshot,
        day: Day,
        after: Option<&Account>,
    ) -> Result<Chunk, StorageError> {
        let codes = match self.row.product.is_empty() {
            true => codes(snapshot, &self.entity, self.row.sort(), day).await?,
            false => term_codes(&self.entity),
        };
        let of_term = !self.row.product.is_empty();
        let under = if of_term { codes.as_slice() } else { &codes[..1] };
        let mut found = accounts(snapshot, &self.entity, under, after).await?;
        let last = found.len() <= CHUNK;
        found.truncate(CHUNK);
        let name = |one: Option<&(Account, _)>| one.map(|(account, _)| account.to_string());
        let first = name(found.first()).unwrap_or_default();
        let reached = name(found.last()).filter(|_| !last).unwrap_or_default();
        let span = (Day::new(self.row.from), Day::new(self.row.through));
        let held = match of_term {
            true => self.deposits(snapshot, found, span).await?,
            false => {
                let savers = saved(snapshot, (self.row.sort(), codes), found, span).await?;
                let held = savers.into_iter().map(|saver| Held {
                    holder: Holder::Savings(saver.who),
                    balances: saver.balances,
                });
                held.collect()
            }
        };
        let Found { key, entity, share, .. } = self;
        Ok(Chunk {
            first: format!("{key}/w/{first}"),
            // What names no account is behind all of them.
            last: format!("{key}/w/{reached}"),
            action: Some(Arc::new(WeighShare { day, entity, share, held, last })),
        })
    }

    /// The deposits of the product among these accounts that ran in a span, and what they held.
    async fn deposits(
        &self,
        snapshot: &mut Snapshot,
        found: Vec<(Account, Sen)>,
        span: (Day, Day),
    ) -> Result<Vec<Held>, StorageError> {
        let mut held = Vec::new();
        for (account, _) in found {
            let term = TermId::of(&account).ok_or_else(|| damaged("a term deposit"))?;
            let row = snapshot.row(&term.name()).await?.map(|found| found.row);
            let Some(Row::TermDeposit(row)) = row else { return Err(damaged("a term deposit")) };
            let ran = match row.state() {
                TermState::Open => true,
                TermState::PaidBack => row.closed_on > span.0.get(),
                _ => false,
            };
            if ran && row.product == self.row.product {
                let balances = balances(snapshot, &[account], span).await?;
                held.push(Held { holder: Holder::Term(term), balances });
            }
        }
        Ok(held)
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
        let parts = parts_of(&self.entity, &self.share, &self.row);
        let most = if self.row.product.is_empty() { CHUNK } else { TERM_CHUNK };
        let limit = u32::try_from(most + 1).unwrap_or(u32::MAX);
        let mut found = snapshot.rows(&parts, after, limit).await?;
        if found.is_empty() && !begins {
            return Ok(None);
        }
        let last = found.len() <= most;
        found.truncate(most);
        let name = |one: Option<&crate::storage::read::RegisterRow>| {
            one.map(|found| found.id.clone()).unwrap_or_default()
        };
        let (first, reached) = (name(found.first()), name(found.last()));
        let Found { key, entity, share, row } = self;
        let holders = found.iter().map(|found| Holder::from_key(&entity, &row, &found.id));
        let holders = holders.collect::<Option<_>>();
        let holders = holders.ok_or_else(|| damaged("a part of a profit share"))?;
        Ok(Some(Chunk {
            first: format!("{key}/p/{first}"),
            last: format!("{key}/p/{reached}"),
            action: Some(Arc::new(PayShare { day, entity, share, holders, last })),
        }))
    }
}

/// Where an entity keeps term deposits; only the LKM has those of KUBEs.
fn term_codes(entity: &Entity) -> [Code; 2] {
    match entity {
        Entity::Lkm => [Code::TermDeposits, Code::MemberTermDeposits],
        Entity::Kube(_) => [Code::MemberTermDeposits; 2],
    }
}

/// The next accounts of some codes behind one, one more than a chunk holds if there are so many.
async fn accounts(
    snapshot: &mut Snapshot,
    entity: &Entity,
    codes: &[Code],
    after: Option<&Account>,
) -> Result<Vec<(Account, Sen)>, StorageError> {
    let ledger = savings_ledger(entity);
    let mut found: Vec<(Account, Sen)> = Vec::new();
    let mut codes = codes.to_vec();
    codes.dedup();
    let begin = after.and_then(|after| codes.iter().position(|code| *code == after.code));
    for code in codes.into_iter().skip(begin.unwrap_or(0)) {
        let limit = u32::try_from(CHUNK + 1 - found.len()).unwrap_or(u32::MAX);
        let control = ledger.account(code).to_string();
        let after = after.filter(|after| after.code == code);
        found.extend(snapshot.accounts(&control, after, limit, AsOf::default()).await?);
        if found.len() > CHUNK {
            break;
        }
    }
    Ok(found)
}
