//! Who has paid solidarity dues, and for which day.
//!
//! **Invariant**: one row per group and day, so that a period is read at the cost of its own days,
//! whatever the rule in force makes of them. Every sen of dues in a row stands on Dana IKS in an
//! entry about the same member; a reversal takes back both.

use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{DuesDay, DuesPaid};
use crate::domain::record::{Effect, Entry, Row};

/// The collection of a group's days with dues.
pub const COLLECTION: &str = "dues";

/// The dues that count for a day.
pub fn day_name(group: &Id, day: Day) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), COLLECTION, &day.to_string())
}

/// Adds to what a member has paid for a day (sen; taken back if negative).
///
/// Errors: `OVERFLOW`.
pub fn add(
    draft: &mut Draft<'_>,
    group: &Id,
    day: Day,
    member: &str,
    amount: Sen,
) -> Result<(), Stop> {
    change(draft, day_name(group, day), member, amount)
}

fn change(draft: &mut Draft<'_>, name: RowName, member: &str, amount: Sen) -> Result<(), Stop> {
    let mut day = match draft.row(&name)? {
        Some(Row::DuesDay(day)) => day,
        _ => DuesDay::default(),
    };
    match day.paid.iter_mut().find(|paid| paid.member == member) {
        Some(paid) => paid.amount = Sen::new(paid.amount).plus(amount)?.get(),
        None => day.paid.push(DuesPaid { member: member.to_owned(), amount: amount.get() }),
    }
    draft.put(name, Row::DuesDay(day));
    Ok(())
}

/// Takes back the dues that some entries of a record brought.
///
/// Errors: `OVERFLOW`.
pub fn undo(draft: &mut Draft<'_>, effect: &Effect, entries: &[&Entry]) -> Result<(), Stop> {
    let counted = effect.rows.iter().find(|(_, row)| matches!(row, Row::DuesDay(_)));
    let Some((name, _)) = counted else {
        return Ok(());
    };
    for entry in entries.iter().filter(|entry| entry.account.code == Code::SolidarityFund) {
        let member = entry.party.rsplit_once("/members/").map(|(_, member)| member);
        if let Some(member) = member {
            // A credit is negative: so is what is taken back.
            change(draft, name.clone(), member, entry.amount)?;
        }
    }
    Ok(())
}
