//! What the end of a day does to free savings: lists the accounts of products that begin to say when
//! they fall dormant, then lets those fall dormant that are listed under the day.

use std::sync::Arc;

use async_trait::async_trait;

use super::listed::{Kind, Listed};
use super::{Chunk, Step, damaged};
use crate::domain::account::Account;
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::dormancy::{
    CHUNK, KIND, ListSavings, PRODUCT_KIND, Savings, TendSavings, parse_product,
};
use crate::domain::id::Entity;
use crate::domain::record::Row;
use crate::domain::record::proto::SavingsSort;
use crate::domain::savings::savings_ledger;
use crate::domain::savings_product::product_name;
use crate::storage::StorageError;
use crate::storage::read::{AsOf, Snapshot};

/// Lists the accounts of products. A key is `{the row that lists the product}/{account}`.
pub(super) struct Listing;

/// Lets savings fall dormant. A key is the name of the row that lists an account.
pub(super) struct Dormancy;

const PRODUCTS: Kind = Kind {
    name: PRODUCT_KIND,
    row: |what| parse_product(what).map(|(entity, sort)| product_name(&entity, sort)),
    listed_on: |row| match row {
        Row::SavingsProducts(row) => Some(row.listed_on),
        _ => None,
    },
};

const ACCOUNTS: Kind = Kind {
    name: KIND,
    row: |what| Savings::parse(what).map(|savings| savings.name()),
    listed_on: |row| match row {
        Row::SavingsActivity(row) => Some(row.listed_on),
        _ => None,
    },
};

#[async_trait]
impl Step for Listing {
    fn name(&self) -> &'static str {
        "savings-listing"
    }

    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError> {
        let (listed, account) = after.split_once('/').unwrap_or((after, ""));
        if let Some(account) = Account::parse(account) {
            let product = listed.splitn(3, '.').nth(2).and_then(parse_product);
            let product = product.ok_or_else(|| damaged("a savings product"))?;
            return chunk(snapshot, day, (listed, product), Some(&account)).await.map(Some);
        }
        let mut products = Listed::new(&PRODUCTS, day, listed);
        let Some((key, what, _)) = products.next(snapshot).await? else { return Ok(None) };
        let product = parse_product(&what).ok_or_else(|| damaged("a savings product"))?;
        chunk(snapshot, day, (&key, product), None).await.map(Some)
    }
}

/// The next accounts of a product behind one, which may be none.
async fn chunk(
    snapshot: &mut Snapshot,
    day: Day,
    (key, (entity, sort)): (&str, (Entity, SavingsSort)),
    after: Option<&Account>,
) -> Result<Chunk, StorageError> {
    let code = match sort {
        SavingsSort::Kube => Code::KubeSavings,
        _ => Code::MemberSavings,
    };
    let control = savings_ledger(&entity).account(code).to_string();
    let limit = u32::try_from(CHUNK + 1).unwrap_or(u32::MAX);
    let mut found = snapshot.accounts(&control, after, limit, AsOf::default()).await?;
    let last = found.len() <= CHUNK;
    found.truncate(CHUNK);
    let first = found.first().map(|(account, _)| account.to_string()).unwrap_or_default();
    let reached = found.last().filter(|_| !last).map(|(account, _)| account.to_string());
    let savings = found.iter().filter_map(|(account, _)| Savings::of(account)).collect();
    let action = ListSavings { day, entity, sort, savings, last };
    Ok(Chunk {
        first: format!("{key}/{first}"),
        // What names no account is behind all of them.
        last: format!("{key}/{}", reached.unwrap_or_default()),
        action: Some(Arc::new(action)),
    })
}

#[async_trait]
impl Step for Dormancy {
    fn name(&self) -> &'static str {
        "dormancy"
    }

    async fn next(
        &self,
        snapshot: &mut Snapshot,
        day: Day,
        after: &str,
    ) -> Result<Option<Chunk>, StorageError> {
        let mut listed = Listed::new(&ACCOUNTS, day, after);
        let (mut keys, mut savings) = (Vec::new(), Vec::new());
        while savings.len() < CHUNK
            && let Some((key, what, _)) = listed.next(snapshot).await?
        {
            savings.push(Savings::parse(&what).ok_or_else(|| damaged("listed savings"))?);
            keys.push(key);
        }
        let (Some(first), Some(last)) = (keys.first().cloned(), keys.pop()) else {
            return Ok(None);
        };
        Ok(Some(Chunk { first, last, action: Some(Arc::new(TendSavings { day, savings })) }))
    }
}
