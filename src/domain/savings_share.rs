//! Profit shares on savings (catalogue event 33): of what the business has earned in a period the
//! savers of a product get their nisbah, divided by the lowest, average or daily balances of their
//! accounts over the period; of term deposits by their daily balances, each with the nisbah that its
//! term began with.
//!
//! | record                | what it does                                                         |
//! |-----------------------|----------------------------------------------------------------------|
//! | `SavingsShareDecided` | says for which period, and how much; waits for a second person        |
//! | `SavingsShareWeighed` | at the end of the day, what some accounts held: their weights         |
//! | `SavingsReturn`       | when all are weighed, pays some of them their parts, less tax by rule  |
//!
//! A term deposit is credited with its part, which is paid when its product says; one that was paid
//! back meanwhile is paid its part at once.
//!
//! **Rounding** (the *cumulative share* rule): accounts are paid one after another, each the
//! difference of rounded cumulative parts, so that all parts add up to the amount to the sen. What a
//! term deposit weighs with its nisbah is rounded half up to a sen for a day.
//!
//! **Invariants**: a day of a product is shared once, in order; an account has one part of a share,
//! which is paid once, however often a chunk comes again; what is not paid is known, and its group
//! neither moves nor is dissolved before.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::daily::{last_closed, note_due};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::in_force;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::interest::{percent_of, tax, weight};
use crate::domain::money::{Sen, cumulative_share};
use crate::domain::moving::arrival_name;
use crate::domain::record::proto::{
    SavingsMethod, SavingsPart, SavingsShare, SavingsSort, SavingsTax, Standing, TermState,
    UnpaidShares,
};
use crate::domain::record::{Effect, Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::after_last;
use crate::domain::savings_product::{product_name, products, taxes};
use crate::domain::savings_return::{covers, pay_return};
use crate::domain::standing::standing_of;
use crate::domain::surplus::Sharer;
use crate::domain::term::{self, TermId};
use crate::domain::term_product;

/// What the register `due` calls a share.
pub const KIND: &str = "savings-share";

/// The collection of an entity's shares.
pub const COLLECTION: &str = "savings-shares";

/// The most accounts that one record weighs or pays.
pub const CHUNK: usize = 40;

/// The most term deposits that one record pays: their rows are larger.
pub const TERM_CHUNK: usize = 20;

/// A share's row.
pub fn share_name(entity: &Entity, share: &Id) -> RowName {
    RowName::of(entity, COLLECTION, share.as_str())
}

/// The collection of a share's parts.
pub fn parts_of(entity: &Entity, share: &Id, row: &SavingsShare) -> String {
    let of = if row.product.is_empty() { "parts" } else { "deposits" };
    format!("{}/{of}", share_name(entity, share))
}

/// The share that the register `due` names; `None` when it names nothing of the sort.
pub fn parse(what: &str) -> Option<(Entity, Id)> {
    let (entity, share) = what.split_once('.')?;
    Some((Entity::new(entity)?, Id::new(share)?))
}

/// With whom is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Among {
    /// The accounts of a sort of savings.
    Sort(SavingsSort),
    /// The deposits of a product of term deposits.
    Term(Id),
}

/// What has a part in a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An account of savings.
    Savings(Sharer),
    /// A term deposit.
    Term(TermId),
}

impl Holder {
    /// How its part is named.
    pub fn key(&self) -> String {
        match self {
            Holder::Savings(who) => who.key(),
            Holder::Term(TermId::Kube(group, id)) => format!("{group}.{id}"),
            Holder::Term(TermId::Member(_, id)) => id.to_string(),
        }
    }

    /// Whose part of a share a row is; `None` when it is nobody's.
    pub fn from_key(entity: &Entity, row: &SavingsShare, key: &str) -> Option<Holder> {
        if row.product.is_empty() {
            return Sharer::from_key(key).map(Holder::Savings);
        }
        let term = match key.split_once('.') {
            Some((group, id)) => TermId::Kube(Id::new(group)?, Id::new(id)?),
            None => TermId::Member(entity.clone(), Id::new(key)?),
        };
        Some(Holder::Term(term))
    }
}

/// What has a part, and what it held from each day on, oldest first.
#[derive(Clone, Debug)]
pub struct Held {
    /// Which.
    pub holder: Holder,
    /// What it held.
    pub balances: Vec<(Day, Sen)>,
}

// ---- what is not paid yet -----------------------------------------------------------------------

/// The row of an entity's shares that are not paid yet.
fn unpaid_name(entity: &Entity) -> RowName {
    RowName::of(entity, "registers", "shares")
}

fn unpaid(draft: &Draft<'_>, entity: &Entity) -> Result<UnpaidShares, Stop> {
    Ok(match draft.row(&unpaid_name(entity))? {
        Some(Row::UnpaidShares(row)) => row,
        _ => UnpaidShares::default(),
    })
}

fn change_unpaid(
    draft: &mut Draft<'_>,
    entity: &Entity,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<(), Stop> {
    let mut row = unpaid(draft, entity)?;
    change(&mut row.shares);
    draft.put(unpaid_name(entity), Row::UnpaidShares(row));
    Ok(())
}

/// Checks that a group owes its savers no share: only its own book could pay it.
///
/// Errors: `SHARE_UNPAID`.
pub(super) fn check_paid(draft: &Draft<'_>, group: &Id) -> Result<(), Stop> {
    let entity = Entity::Kube(group.clone());
    let first = unpaid(draft, &entity)?.shares.into_iter().next();
    let Some(share) = first.and_then(|share| Id::new(&share)) else { return Ok(()) };
    let date = match draft.row(&share_name(&entity, &share))? {
        Some(Row::SavingsShare(row)) => Day::new(row.listed_on),
        _ => draft.frame().business_day,
    };
    let refusal = Refusal::new(Reason::ShareUnpaid).on("group");
    Err(refusal.with("share", &share).with("date", date).into())
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

// ---- deciding -----------------------------------------------------------------------------------

/// Decides what of a period is shared with the savers of a product; it is paid at the end of the day.
#[derive(Clone, Debug)]
pub struct DecideShare {
    /// Who shares.
    pub entity: Entity,
    /// With whom.
    pub among: Among,
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
    /// `NOT_AFTER_LAST` for a period of which a day was shared, or in which the group was not here
    /// yet, `DATE_IN_FUTURE` for one that is not over, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let (from, through) = self.period;
        let today = draft.frame().happened_on;
        if through > today {
            let refusal = Refusal::new(Reason::DateInFuture).on("through");
            return Err(refusal.with("date", through).with("today", today).into());
        }
        self.check_here(draft)?;
        let divided = match &self.among {
            Among::Sort(sort) => self.of_savings(draft, *sort)?,
            Among::Term(product) => self.of_term(draft, product)?,
        };
        let mut row = SavingsShare {
            from: from.get(),
            through: through.get(),
            earned: self.earned.get(),
            minute: self.minute.clone(),
            decided_on: today.get(),
            ..divided
        };
        list(draft, (&self.entity, &self.share), &mut row, today)?;
        let name = share_name(&self.entity, &self.share);
        draft.create(name, Row::SavingsShare(row), "share_id")?;
        change_unpaid(draft, &self.entity, |shares| shares.push(self.share.to_string()))
    }
}

impl DecideShare {
    /// What members of a group held before it came to this book is not known here.
    fn check_here(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let Entity::Kube(group) = &self.entity else { return Ok(()) };
        match draft.row(&arrival_name(group))? {
            Some(Row::GroupArrival(row)) => {
                Ok(after_last(self.period.0, row.moved_on - 1, "from")?)
            }
            _ => Ok(()),
        }
    }

    fn of_savings(&self, draft: &mut Draft<'_>, sort: SavingsSort) -> Result<SavingsShare, Stop> {
        let mut product = products(draft, &self.entity, sort)?;
        let version = in_force(&product.versions, self.period.1).cloned().unwrap_or_default();
        if version.share_percent.is_empty() {
            return Err(Refusal::new(Reason::RuleNotSet).on("sort").into());
        }
        self.take(&mut product.shared_through)?;
        draft.put(product_name(&self.entity, sort), Row::SavingsProducts(product));
        Ok(SavingsShare {
            sort: sort as i32,
            amount: percent_of(&version.share_percent, self.earned)?.get(),
            share_percent: version.share_percent,
            method: version.method,
            ..SavingsShare::default()
        })
    }

    fn of_term(&self, draft: &mut Draft<'_>, product: &Id) -> Result<SavingsShare, Stop> {
        let name = term_product::product_name(&self.entity, product.as_str());
        let mut row = term_product::products(draft, &name)?;
        let version = in_force(&row.versions, self.period.1);
        if version.is_none_or(|version| version.share_percent.is_empty()) {
            return Err(Refusal::new(Reason::RuleNotSet).on("product").into());
        }
        self.take(&mut row.shared_through)?;
        draft.put(name, Row::TermProducts(row));
        Ok(SavingsShare {
            product: product.to_string(),
            amount: self.earned.get(),
            method: SavingsMethod::Daily as i32,
            ..SavingsShare::default()
        })
    }

    /// Takes the days of the period, which nobody has shared yet. Errors: `NOT_AFTER_LAST`.
    fn take(&self, shared_through: &mut i32) -> Result<(), Refusal> {
        if *shared_through != 0 {
            after_last(self.period.0, *shared_through, "from")?;
        }
        *shared_through = self.period.1.get();
        Ok(())
    }
}

// ---- weighing and paying ------------------------------------------------------------------------

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
    /// The accounts, at most [`CHUNK`], and what they held.
    pub held: Vec<Held>,
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
        let (parts, mut missing) = (parts_of(&self.entity, &self.share, &row), None);
        for held in &self.held {
            let name = RowName::new(parts.clone(), held.holder.key());
            match weigh_one(draft, &mut row, name, held) {
                // Go on to find out what else is missing.
                Err(stop @ Stop::Missing) => missing = Some(stop),
                result => result?,
            }
        }
        row.weighed = self.last;
        draft.put(share_name(&self.entity, &self.share), Row::SavingsShare(row));
        missing.map_or(Ok(()), Err)
    }
}

fn weigh_one(
    draft: &mut Draft<'_>,
    row: &mut SavingsShare,
    name: RowName,
    held: &Held,
) -> Result<(), Stop> {
    let (known, nisbah) = (part(draft, &name), nisbah_of(draft, row, &held.holder)?);
    let period = (Day::new(row.from), Day::new(row.through));
    let whole = weight(row.method(), &held.balances, period)?;
    let (None, Some(nisbah)) = (known?, nisbah.filter(|_| whole.is_positive())) else {
        return Ok(());
    };
    let weight = match nisbah.as_str() {
        "" => whole,
        nisbah => percent_of(nisbah, whole)?,
    };
    row.weight = Sen::new(row.weight).plus(whole)?.get();
    row.accounts += 1;
    draft.put(
        name,
        Row::SavingsPart(SavingsPart { weight: weight.get(), ..SavingsPart::default() }),
    );
    Ok(())
}

/// The nisbah of a term deposit's own term; empty for savings, whose nisbah is the share's. None for
/// a deposit that has no part: of another product, with a rate, or one that was taken back.
fn nisbah_of(
    draft: &Draft<'_>,
    row: &SavingsShare,
    holder: &Holder,
) -> Result<Option<String>, Stop> {
    let Holder::Term(term) = holder else { return Ok(Some(String::new())) };
    let Some(Row::TermDeposit(deposit)) = draft.row(&term.name())? else { return Ok(None) };
    let ours = deposit.product == row.product && deposit.state() != TermState::Reversed;
    let nisbah = deposit.terms.map(|terms| terms.share_percent).unwrap_or_default();
    Ok((ours && !nisbah.is_empty()).then_some(nisbah))
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
    /// What is paid, at most [`CHUNK`].
    pub holders: Vec<Holder>,
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
        for (line, holder) in (1..).zip(&self.holders) {
            draft.at_line(line);
            match self.pay(draft, &mut row, rule, holder) {
                // Go on to find out what else is missing.
                Err(stop @ Stop::Missing) => missing = Some(stop),
                result => result?,
            }
        }
        draft.at_line(0);
        if self.last {
            row.listed_on = 0;
            let paid = |share: &String| share != self.share.as_str();
            change_unpaid(draft, &self.entity, |shares| shares.retain(paid))?;
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
        holder: &Holder,
    ) -> Result<(), Stop> {
        let name = RowName::new(parts_of(&self.entity, &self.share, row), holder.key());
        let found = part(draft, &name)?.filter(|part| !part.paid);
        let Some(mut part) = found else { return Ok(()) };
        let until = |reached| cumulative_share(Sen::new(row.amount), reached, row.weight);
        let before = until(row.reached)?;
        let reached = Sen::new(row.reached).plus(Sen::new(part.weight))?.get();
        let amount = until(reached)?.minus(before)?;
        let withheld = match holder {
            Holder::Savings(who) => self.pay_saver(draft, row, rule, (who, amount))?,
            Holder::Term(term) => term::credit(draft, term, amount, Day::new(row.through))?,
        };
        row.reached = reached;
        row.paid = Sen::new(row.paid).plus(amount)?.get();
        row.tax = Sen::new(row.tax).plus(withheld)?.get();
        let (paid, line) = (true, draft.line());
        part = SavingsPart { paid, amount: amount.get(), tax: withheld.get(), line, ..part };
        draft.put(name, Row::SavingsPart(part));
        Ok(())
    }

    /// Answers what was withheld.
    fn pay_saver(
        &self,
        draft: &mut Draft<'_>,
        row: &SavingsShare,
        rule: Option<&SavingsTax>,
        (who, amount): (&Sharer, Sen),
    ) -> Result<Sen, Stop> {
        let withheld = match rule.filter(|rule| covers(rule, who)) {
            Some(rule) => tax(free(rule, row)?, &rule.percent, amount)?,
            None => Sen::ZERO,
        };
        pay_return(draft, &self.entity, who, (amount, withheld))?;
        Ok(withheld)
    }
}

/// What of a part is free of tax: what is free a month, for each whole month of the period, and for
/// one at least.
fn free(rule: &SavingsTax, row: &SavingsShare) -> Result<Sen, Refusal> {
    let months = Day::new(row.from).months_until(Day::new(row.through).next()).max(1);
    let free = rule.threshold.checked_mul(i64::from(months));
    free.map(Sen::new).ok_or_else(|| Refusal::new(Reason::Overflow))
}

// ---- taking back --------------------------------------------------------------------------------

/// Takes back what a record's open lines left of parts that they paid: nothing was paid then, and
/// nothing is paid again.
///
/// Errors: `OVERFLOW`.
pub fn undo(
    draft: &mut Draft<'_>,
    effect: &Effect,
    open: impl Fn(u32) -> bool,
) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        let (Row::SavingsPart(then), Some(Row::SavingsPart(now))) = (row, draft.row(name)?) else {
            continue;
        };
        if !then.paid || !open(then.line) {
            continue;
        }
        let share = name.parent.rsplit_once('/').and_then(|(share, _)| share.rsplit_once('/'));
        let Some((parent, id)) = share else { continue };
        let share = RowName::new(parent, id);
        if let Some(Row::SavingsShare(mut row)) = draft.row(&share)? {
            row.paid = Sen::new(row.paid).minus(Sen::new(now.amount))?.get();
            row.tax = Sen::new(row.tax).minus(Sen::new(now.tax))?.get();
            draft.put(share, Row::SavingsShare(row));
        }
        draft.put(name.clone(), Row::SavingsPart(SavingsPart { amount: 0, tax: 0, ..now }));
    }
    Ok(())
}
