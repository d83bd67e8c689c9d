//! Erasing what is known of a person who has left. The journal says that it is erased; the key of
//! their text is destroyed afterwards, and again wherever it turns up, such as after a restored
//! backup of keys.
//!
//! **Invariant**: nobody is erased who still belongs to an entity, holds or owes money there, or left
//! too recently. For how long is the book's own decision, and there is no built-in default.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Version, in_force};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::{
    Erasure, ErasureCause, Member, Retention, Retentions, Standing,
};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::check_settled;

/// The collection of those who were erased.
pub const ERASED: &str = "erased";

/// The row that says that a member was erased.
pub fn erasure_name(entity: &Entity, member: &Id) -> RowName {
    RowName::new(ERASED, format!("{entity}.{member}"))
}

/// The row that holds for how long a book keeps personal data.
pub fn retention_name() -> RowName {
    RowName::new("rules", "retention")
}

impl Version for Retention {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// Decides for how long, from a day on.
#[derive(Clone, Debug)]
pub struct SetRetention {
    /// The version, well-formed.
    pub version: Retention,
}

impl Action for SetRetention {
    fn event(&self) -> Event {
        Event::RetentionSet
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Rules, &Entity::Lkm)))
    }

    /// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = retentions(draft)?;
        effective::add(draft, &Entity::Lkm, &mut row.versions, self.version.clone(), "since")?;
        draft.put(retention_name(), Row::Retentions(row));
        Ok(())
    }
}

fn retentions(draft: &Draft<'_>) -> Result<Retentions, Stop> {
    Ok(match draft.row(&retention_name())? {
        Some(Row::Retentions(row)) => row,
        _ => Retentions::default(),
    })
}

/// Erases what is known of a member who has left.
#[derive(Clone, Debug)]
pub struct EraseMember {
    /// Whose member.
    pub entity: Entity,
    /// The member.
    pub member: Id,
    /// Why.
    pub cause: ErasureCause,
    /// What the books were found to still hold for them besides money, such as a claim or animals.
    pub held: Option<RowName>,
}

impl Action for EraseMember {
    fn event(&self) -> Event {
        Event::PersonErased
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `MEMBER_ERASED`, `STILL_MEMBER`, `RETENTION_NOT_SET`,
    /// `RETENTION_NOT_OVER`, `MEMBER_OWES`, `MEMBER_HAS_BALANCE`, `MEMBER_HAS_CLAIM`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.member(&self.entity, &self.member, "member")?;
        check_not_erased(&self.member, &row)?;
        let Some(left) = left_on(draft, &self.entity, &row)? else {
            return Err(self.refusal(Reason::StillMember).into());
        };
        self.check_retention(draft, left)?;
        check_settled(draft, &self.entity, &self.member)?;
        if let Some(held) = &self.held {
            return Err(self.refusal(Reason::MemberHasClaim).with("name", held).into());
        }
        row.erased_on = draft.frame().today.get();
        let name = RowName::of(&self.entity, "members", self.member.as_str());
        let (owner, erased_on) = (name.to_string(), row.erased_on);
        let erasure = Erasure { owner, erased_on, cause: self.cause as i32 };
        draft.put(name, Row::Member(row));
        draft.put(erasure_name(&self.entity, &self.member), Row::Erasure(erasure));
        Ok(())
    }
}

impl EraseMember {
    fn refusal(&self, reason: Reason) -> Refusal {
        Refusal::new(reason).on("member").with("member", &self.member)
    }

    fn check_retention(&self, draft: &Draft<'_>, left: Day) -> Result<(), Stop> {
        let today = draft.frame().today;
        let versions = retentions(draft)?.versions;
        let Some(retention) = in_force(&versions, today) else {
            return Err(Refusal::new(Reason::RetentionNotSet).on("member").into());
        };
        match kept_until(left, retention.years) {
            None => Err(Refusal::new(Reason::Overflow).on("member").into()),
            Some(until) if today <= until => {
                Err(self.refusal(Reason::RetentionNotOver).with("date", until).into())
            }
            Some(_) => Ok(()),
        }
    }
}

/// The last day on which the data of somebody who left have to be kept: whole years after the end
/// of that year, which is when books end.
fn kept_until(left: Day, years: u32) -> Option<Day> {
    let (year, _, _) = left.ymd();
    Day::from_ymd(year.checked_add(i32::try_from(years).ok()?)?, 12, 31)
}

/// Since when somebody is no longer a member; with a group that is gone all of its members went.
fn left_on(draft: &Draft<'_>, entity: &Entity, row: &Member) -> Result<Option<Day>, Stop> {
    if row.left_on != 0 {
        return Ok(Some(Day::new(row.left_on)));
    }
    let Entity::Kube(group) = entity else { return Ok(None) };
    let group = draft.group(group, "member")?;
    let last = group.standings.last();
    let gone = last.filter(|one| matches!(one.standing(), Standing::Dissolved | Standing::Moved));
    Ok(gone.map(|one| Day::new(one.since)))
}

/// Checks that a member was not erased. Errors: `MEMBER_ERASED`.
pub fn check_not_erased(member: &Id, row: &Member) -> Result<(), Refusal> {
    if row.erased_on == 0 {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::MemberErased).on("member").with("member", member);
    Err(refusal.with("date", Day::new(row.erased_on)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_kept_for_whole_years_after_the_year() {
        let day = |year, month, day| Day::from_ymd(year, month, day).expect("a day");
        assert_eq!(kept_until(day(2025, 1, 1), 10), Some(day(2035, 12, 31)));
        assert_eq!(kept_until(day(2025, 12, 31), 1), Some(day(2026, 12, 31)));
        assert_eq!(kept_until(day(2160, 1, 1), 100), None);
    }
}
