//! Where money is at the end of a day: cash box, vault, drawers, bank and collectors.
//!
//! **Invariant**: of every place, and of all together, opening and what was received less what was
//! paid is the closing balance in the ledger, or nothing is answered.

use std::collections::BTreeSet;

use super::{Asked, Days, Lines, Scope, accounts_of, beside, eve, today};
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, damaged};
use crate::api::ledger::{describe, known, read_point};
use crate::api::v1;
use crate::domain::account::Account;
use crate::domain::chart::Code;
use crate::domain::money::Sen;
use crate::storage::read::{AsOf, Snapshot};

impl Method for v1::GetCashPositionRequest {
    type Response = v1::GetCashPositionResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let scope = Scope::new(&self.scope, self.fund)?;
        let day = convert::optional_day(self.day.as_ref(), "day")?;
        let mut snapshot = scope.snapshot(call).await?;
        let position = known(&snapshot, self.as_known_at)?;
        let point = read_point(&mut snapshot, position).await?;
        let day = day.map_or_else(|| today(&point), Ok)?;
        let compared = convert::optional_day(self.compare_day.as_ref(), "compare_day")?;
        let now = Asked { span: (day, day), known: point.position };
        let span = compared.map(|day| (day, day));
        let compared = beside(&snapshot, now, span, self.compare_as_known_at)?;
        let mut places = Vec::new();
        let mut total = Place { compared: compared.map(|_| Sen::ZERO), ..Place::default() };
        for account in accounts(&mut snapshot, &scope, now, compared).await? {
            let mut place = Place::of(&mut snapshot, &account, now.span, now.known).await?;
            place.compared = held(&mut snapshot, &account, compared).await?;
            total.add(&place)?;
            if !place.is_empty() {
                let account = Some(describe(&scope.book, &account));
                places.push(v1::CashPlace { account, ..place.message() });
            }
        }
        Ok(v1::GetCashPositionResponse {
            places,
            total: Some(total.message()),
            day: Some(convert::to_date(day)),
            compare_day: compared.map(|asked| convert::to_date(asked.span.1)),
            read_point: Some(point),
        })
    }
}

/// The places that were ever used, by either of two points.
async fn accounts(
    snapshot: &mut Snapshot,
    scope: &Scope,
    now: Asked,
    compared: Option<Asked>,
) -> Checked<Vec<Account>> {
    let known = compared.map_or(now.known, |asked| asked.known.max(now.known));
    let mut controls = BTreeSet::new();
    for asked in std::iter::once(now).chain(compared) {
        let totals = scope.totals(snapshot, asked.span.1, asked.known).await?;
        controls.extend(totals.into_keys().filter(|control| is_at_hand(control.code)));
    }
    let mut accounts = Vec::new();
    for control in &controls {
        accounts.extend(accounts_of(snapshot, control, known).await?);
    }
    Ok(accounts)
}

/// What an account held at the end of a day.
async fn held(
    snapshot: &mut Snapshot,
    account: &Account,
    asked: Option<Asked>,
) -> Checked<Option<Sen>> {
    let Some(Asked { span, known }) = asked else { return Ok(None) };
    let as_of = AsOf { effective: Some(span.1), position: Some(known) };
    Ok(Some(snapshot.balance(account, as_of).await?))
}

/// Money, and money on its way in a collector's pocket.
const fn is_at_hand(code: Code) -> bool {
    code.is_money() || matches!(code, Code::CashInTransit)
}

/// What a place held, and what came and went.
#[derive(Default)]
struct Place {
    opening: Sen,
    received: Sen,
    paid: Sen,
    closing: Sen,
    /// What it held at the end of the day compared with, if one is.
    compared: Option<Sen>,
}

impl Place {
    fn is_empty(&self) -> bool {
        let all = [self.opening, self.received, self.paid, self.closing];
        all.into_iter().chain(self.compared).all(Sen::is_zero)
    }

    async fn of(
        snapshot: &mut Snapshot,
        account: &Account,
        span: Days,
        known: u64,
    ) -> Checked<Place> {
        let at = |day| AsOf { effective: Some(day), position: Some(known) };
        let opening = snapshot.balance(account, at(eve(span.0))).await?;
        let closing = snapshot.balance(account, at(span.1)).await?;
        let mut place = Place { opening, closing, ..Place::default() };
        let mut lines = Lines::new(account, span, known);
        while let Some(chunk) = lines.next(snapshot).await? {
            for (amount, _) in chunk {
                match amount.is_negative() {
                    true => place.paid = place.paid.minus(amount)?,
                    false => place.received = place.received.plus(amount)?,
                }
            }
        }
        match opening.plus(place.received)?.minus(place.paid)? == closing {
            true => Ok(place),
            false => Err(damaged()),
        }
    }

    fn add(&mut self, other: &Place) -> Checked<()> {
        self.opening = self.opening.plus(other.opening)?;
        self.received = self.received.plus(other.received)?;
        self.paid = self.paid.plus(other.paid)?;
        self.closing = self.closing.plus(other.closing)?;
        if let (Some(sum), Some(other)) = (&mut self.compared, other.compared) {
            *sum = sum.plus(other)?;
        }
        Ok(())
    }

    fn message(&self) -> v1::CashPlace {
        let money = |amount| Some(convert::to_money(amount));
        v1::CashPlace {
            account: None,
            opening: money(self.opening),
            received: money(self.received),
            paid: money(self.paid),
            closing: money(self.closing),
            compared: self.compared.and_then(money),
        }
    }
}
