//! Where money is at the end of a day: cash box, vault, drawers, bank and collectors.
//!
//! **Invariant**: of every place, and of all together, opening and what was received less what was
//! paid is the closing balance in the ledger, or nothing is answered.

use super::{Days, Lines, Scope, accounts_of, eve, today};
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
        let totals = scope.totals(&mut snapshot, day, point.position).await?;
        let mut places = Vec::new();
        let mut total = Place::default();
        for control in totals.keys().filter(|control| is_at_hand(control.code)) {
            for account in accounts_of(&mut snapshot, control, point.position).await? {
                let place = Place::of(&mut snapshot, &account, (day, day), point.position).await?;
                total.add(&place)?;
                if place != Place::default() {
                    let account = Some(describe(&scope.book, &account));
                    places.push(v1::CashPlace { account, ..place.message() });
                }
            }
        }
        Ok(v1::GetCashPositionResponse {
            places,
            total: Some(total.message()),
            day: Some(convert::to_date(day)),
            read_point: Some(point),
        })
    }
}

/// Money, and money on its way in a collector's pocket.
const fn is_at_hand(code: Code) -> bool {
    code.is_money() || matches!(code, Code::CashInTransit)
}

/// What a place held, and what came and went.
#[derive(Default, PartialEq, Eq)]
struct Place {
    opening: Sen,
    received: Sen,
    paid: Sen,
    closing: Sen,
}

impl Place {
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
        }
    }
}
