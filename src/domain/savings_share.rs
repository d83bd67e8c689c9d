//! Profit shares on savings (catalogue event 33): of what the business has earned in a period the
//! savers of a product get their nisbah, divided by the lowest, average or daily balances of their
//! accounts over the period.
//!
//! | record                | what it does                                                         |
//! |-----------------------|----------------------------------------------------------------------|
//! | `SavingsShareDecided` | says for which period, and how much; waits for a second person        |
//! | `SavingsShareWeighed` | at the end of the day, what some accounts held: their weights         |
//! | `SavingsReturn`       | when all are weighed, pays some of them their parts, less tax by rule  |
//!
//! **Rounding** (the *cumulative share* rule): accounts are paid one after another, each the
//! difference of rounded cumulative parts, so that all parts add up to the amount to the sen.
//!
//! **Invariants**: a day of a product is shared once, in order; an account has one part of a share,
//! which is paid once, however often a chunk comes again.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::daily::{last_closed, note_due};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::in_force;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::interest::{percent_of, tax, weight};
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::record::proto::{SavingsPart, SavingsShare, SavingsSort, SavingsTax, Standing};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::after_last;
use crate::domain::savings_product::{product_name, products, taxes};
use crate::domain::savings_return::{Saver, covers, pay_return};
use crate::domain::standing::standing_of;
use crate::domain::surplus::Sharer;

/// What the register `due` calls a share.
pub const KIND: &str = "savings-share";

/// The collection of an entity's shares.
pub const COLLECTION: &str = "savings-shares";

/// The most accounts that one record weighs or pays.
pub const CHUNK: usize = 40;

/// A share's row.
pub fn share_name(entity: &Entity, share: &Id) -> RowName {
    RowName::of(entity, COLLECTION, share.as_str())
}

/// The collection of a share's parts.
pub fn parts_of(entity: &Entity, share: &Id) -> String {
    format!("{}/parts", share_name(entity, share))
}

/// The share that the register `due` names; `None` when it names nothing of the sort.
pub fn parse(what: &str) -> Option<(Entity, Id)> {
    let (entity, share) = what.split_once('.')?;
    Some((Entity::new(entity)?, Id::new(share)?))
}

/// Lists a share under a day, the first that is not closed at the least.
fn list(
    draft: &mut Draft<'_>,
    (entity, share): (&Entity, &Id),
    row: &mut SavingsShare,
    day: Day,
) -> Result<(), Stop> {
    let day = day.max(last_closed(draft)?.next());
    note_due(draft, day, KIND, &format!("{entity}.{share}"))?;
    row.listed_on = day.get();
    Ok(())
}

/// Decides what of a period is shared with the savers of a product; it is paid at the end of the day.
#[derive(Clone, Debug)]
pub struct DecideShare {
    /// Who shares.
    pub entity: Entity,
    /// The sort of savings.
    pub sort: SavingsSort,
    /// The share's id.
    pub share: Id,
    /// The period, which is over.
    pub period: (Day, Day),
    /// Sen that the business has earned in it, more than nothing.
    pub earned: Sen,
    /// The number of the minute.
    pub minute: String,
}

impl Action for DecideShare {
    fn event(&self) -> Event {
        Event::SavingsShareDecided
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Products, &self.entity)))
    }

    /// Errors: `ALREADY_EXISTS`, `RULE_NOT_SET` for a product that had no nisbah at the period's end,
    /// `NOT_AFTER_LAST` for a period of which a day was shared, `DATE_IN_FUTURE` for one that is not
    /// over, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let (from, through) = self.period;
        let today = draft.frame().happened_on;
        if through > today {
            let refusal = Refusal::new(Reason::DateInFuture).on("through");
            return Err(refusal.with("date", through).with("today", today).into());
        }
        let mut product = products(draft, &self.entity, self.sort)?;
        let version = in_force(&product.versions, through).cloned().unwrap_or_default();
        if version.share_percent.is_empty() {
            return Err(Refusal::new(Reason::RuleNotSet).on("sort").into());
        }
        if product.shared_through != 0 {
            after_last(from, product.shared_through, "from")?;
        }
        let mut row = SavingsShare {
            sort: self.sort as i32,
            from: from.get(),
            through: through.get(),
            earned: self.earned.get(),
            amount: percent_of(&version.share_percent, self.earned)?.get(),
            share_percent: version.share_percent,
            method: version.method,
            minute: self.minute.clone(),
            decided_on: today.get(),
            ..SavingsShare::default()
        };
        list(draft, (&self.entity, &self.share), &mut row, today)?;
        let name = share_name(&self.entity, &self.share);
        draft.create(name, Row::SavingsShare(row), "share_id")?;
        product.shared_through = through.get();
        draft.put(product_name(&self.entity, self.sort), Row::SavingsProducts(product));
        Ok(())
    }
}

/// A share that is listed under a day, or was before; none when there is nothing to do of it now.
fn listed(
    draft: &mut Draft<'_>,
    (entity, share): (&Entity, &Id),
    day: Day,
) -> Result<Option<SavingsShare>, Stop> {
    let name = share_name(entity, share);
    let Some(Row::SavingsShare(mut row)) = draft.row(&name)? else { return Ok(None) };
    if row.listed_on == 0 || row.listed_on > day.get() {
        return Ok(None);
    }
    Ok(match standing_of(draft, entity)? {
        Standing::Dissolved | Standing::Moved => None,
        // What cannot be done before it has come whole is done the next day.
        Standing::Arriving => {
            list(draft, (entity, share), &mut row, day.next())?;
            draft.put(name, Row::SavingsShare(row));
            None
        }
        Standing::Unspecified | Standing::Active | Standing::Asleep => Some(row),
    })
}

fn part(draft: &Draft<'_>, name: &RowName) -> Result<Option<SavingsPart>, Stop> {
    Ok(match draft.row(name)? {
        Some(Row::SavingsPart(part)) => Some(part),
        _ => None,
    })
}

/// Weighs accounts by what they held in the period of a share.
#[derive(Clone, Debug)]
pub struct WeighShare {
    /// The day at whose end this is done.
    pub day: Day,
    /// Who shares.
    pub entity: Entity,
    /// The share.
    pub share: Id,
    /// The accounts, at most [`CHUNK`], and what they held from each day on.
    pub savers: Vec<Saver>,
    /// Whether they are the last.
    pub last: bool,
}

impl Action for WeighShare {
    fn event(&self) -> Event {
        Event::SavingsShareWeighed
    }

    /// Errors: `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let id = (&self.entity, &self.share);
        let row = listed(draft, id, self.day)?.filter(|row| !row.weighed);
        let Some(mut row) = row else { return Ok(()) };
        let (period, mut missing) = ((Day::new(row.from), Day::new(row.through)), None);
        for saver in &self.savers {
            let name = RowName::new(parts_of(&self.entity, &self.share), saver.who.key());
            match part(draft, &name) {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let weight = weight(row.method(), &saver.balances, period)?;
                    if weight.is_positive() {
                        row.weight = Sen::new(row.weight).plus(weight)?.get();
                        row.accounts += 1;
                        let part = SavingsPart { weight: weight.get(), ..SavingsPart::default() };
                        draft.put(name, Row::SavingsPart(part));
                    }
                }
                // Go on to find out what else is missing.
                Err(stop) => missing = Some(stop),
            }
        }
        row.weighed = self.last;
        draft.put(share_name(&self.entity, &self.share), Row::SavingsShare(row));
        missing.map_or(Ok(()), Err)
    }
}

/// Pays accounts their parts of a share that is weighed.
#[derive(Clone, Debug)]
pub struct PayShare {
    /// The day at whose end this is done.
    pub day: Day,
    /// Who shares.
    pub entity: Entity,
    /// The share.
    pub share: Id,
    /// Those who are paid, at most [`CHUNK`].
    pub savers: Vec<Sharer>,
    /// Whether they are the last.
    pub last: bool,
}

impl Action for PayShare {
    fn event(&self) -> Event {
        Event::SavingsReturn
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Where nobody held anything, nothing is paid, and that is flagged. Errors: `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let id = (&self.entity, &self.share);
        let row = listed(draft, id, self.day)?.filter(|row| row.weighed);
        let Some(mut row) = row else { return Ok(()) };
        let taxes = taxes(draft, &self.entity)?.versions;
        let rule = in_force(&taxes, Day::new(row.through));
        let mut missing = None;
        for (line, who) in (1..).zip(&self.savers) {
            draft.at_line(line);
            match self.pay(draft, &mut row, rule, who) {
                // Go on to find out what else is missing.
                Err(stop @ Stop::Missing) => missing = Some(stop),
                result => result?,
            }
        }
        draft.at_line(0);
        if self.last {
            row.listed_on = 0;
        }
        if self.last && row.weight == 0 {
            draft.flag(Refusal::new(Reason::NoBasis));
        }
        draft.put(share_name(&self.entity, &self.share), Row::SavingsShare(row));
        missing.map_or(Ok(()), Err)
    }
}

impl PayShare {
    fn pay(
        &self,
        draft: &mut Draft<'_>,
        row: &mut SavingsShare,
        rule: Option<&SavingsTax>,
        who: &Sharer,
    ) -> Result<(), Stop> {
        let name = RowName::new(parts_of(&self.entity, &self.share), who.key());
        let found = part(draft, &name)?.filter(|part| !part.paid);
        let Some(mut part) = found else { return Ok(()) };
        let until = |reached| cumulative_share(Sen::new(row.amount), reached, row.weight);
        let before = until(row.reached)?;
        let reached = Sen::new(row.reached).plus(Sen::new(part.weight))?.get();
        let amount = until(reached)?.minus(before)?;
        let withheld = match rule.filter(|rule| covers(rule, who)) {
            Some(rule) => tax(free(rule, row)?, &rule.percent, amount)?,
            None => Sen::ZERO,
        };
        pay_return(draft, &self.entity, who, (amount, withheld))?;
        row.reached = reached;
        row.paid = Sen::new(row.paid).plus(amount)?.get();
        row.tax = Sen::new(row.tax).plus(withheld)?.get();
        part = SavingsPart { paid: true, amount: amount.get(), tax: withheld.get(), ..part };
        draft.put(name, Row::SavingsPart(part));
        Ok(())
    }
}

/// What of a part is free of tax: what is free a month, for each whole month of the period, and for
/// one at least.
fn free(rule: &SavingsTax, row: &SavingsShare) -> Result<Sen, Refusal> {
    let months = Day::new(row.from).months_until(Day::new(row.through).next()).max(1);
    let free = rule.threshold.checked_mul(i64::from(months));
    free.map(Sen::new).ok_or_else(|| Refusal::new(Reason::Overflow))
}
