//! Erasing what is known of a person who has left. The journal says that it is erased; the key of
//! their text is destroyed afterwards, and again wherever it turns up, such as after a restored
//! backup of keys.
//!
//! **Invariant**: nobody is erased who still belongs to an entity, holds or owes money there, or left
//! too recently. For how long is the book's own decision, and there is no built-in default.

use std::collections::BTreeSet;
use std::mem;

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::chart::{Class, SubjectKind};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Version, in_force};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::{
    Assignment, Erasure, ErasureCause, Group, Loan, Member, Retention, Retentions, Settlement,
    Standing, User,
};
use crate::domain::record::{Effect, Entry, Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::check_settled;
use crate::domain::term;

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

/// What of the books is about one member: all of it, and nothing about anybody else.
#[derive(Clone, Debug)]
pub struct About {
    entity: Entity,
    member: String,
    /// The row of the member, whose key their text is under.
    owner: String,
    /// The ids of the loans and term deposits that are the member's.
    contracts: BTreeSet<String>,
}

/// The collections of what an entity's members may have agreed with it.
pub const CONTRACTS: [&str; 2] = ["loans", term::OF_MEMBERS];

impl About {
    /// About this member, before their contracts are known.
    pub fn new(entity: &Entity, member: &Id) -> About {
        let owner = RowName::of(entity, "members", member.as_str()).to_string();
        let (entity, member) = (entity.clone(), member.to_string());
        About { entity, member, owner, contracts: BTreeSet::new() }
    }

    /// The pseudonymous owner of the member's text.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Takes note of a row of one of the entity's [`CONTRACTS`] if it is the member's.
    pub fn note(&mut self, id: &str, row: &Row) {
        let own = match row {
            Row::Loan(loan) => self.is_path(&loan.borrower),
            Row::TermDeposit(term) => term.member == self.member,
            _ => false,
        };
        if own {
            self.contracts.insert(id.to_owned());
        }
    }

    /// Leaves of a record what is about the member, and says whether anything is. Its memo is the
    /// group's and goes.
    pub fn cut(&self, event: Event, effect: &mut Effect) -> bool {
        let all = effect.entries.len();
        effect.entries.retain(|entry| self.entry(entry));
        let whole = effect.entries.len() == all;
        let lines: BTreeSet<u32> = effect.entries.iter().map(|entry| entry.line).collect();
        effect.flags.retain(|flag| match flag.line {
            0 => whole,
            line => lines.contains(&line),
        });
        let rows = mem::take(&mut effect.rows).into_iter();
        effect.rows = rows
            // A group's row lists its officers whatever it was written for.
            .filter(|(_, row)| !matches!(row, Row::Group(_)) || event == Event::OfficerAppointed)
            .filter_map(|(name, row)| self.part(&name, &row).map(|part| (name, part)))
            .collect();
        effect.memo.clear();
        effect.lot_moves.clear();
        !effect.entries.is_empty() || !effect.rows.is_empty()
    }

    /// Whether an entry is: on an account of the member's or of their contracts, or with the member
    /// as party.
    fn entry(&self, entry: &Entry) -> bool {
        let account = &entry.account;
        let line = account.code.line();
        let own = match line.subject {
            SubjectKind::Member => account.subject.as_str() == self.member,
            SubjectKind::Loan => line.class == Class::Asset && self.has(account.subject.as_str()),
            SubjectKind::Deposit => self.has(account.subject.as_str()),
            _ => false,
        };
        entry.party == self.owner || (own && account.ledger.entity == self.entity)
    }

    /// What a register row says about the member, if it says anything.
    fn part(&self, name: &RowName, row: &Row) -> Option<Row> {
        let full = name.to_string();
        let erasure = format!("{ERASED}/{}.{}", self.entity, self.member);
        if full == self.owner || full == erasure {
            return Some(row.clone());
        }
        if let Row::User(user) = row {
            let own =
                |one: &Assignment| one.entity == self.entity.as_str() && one.member == self.member;
            let assignments: Vec<_> =
                user.assignments.iter().filter(|one| own(one)).cloned().collect();
            return (!assignments.is_empty()).then_some(Row::User(User { assignments }));
        }
        let path = self.entity.path();
        match full.strip_prefix(&path)?.strip_prefix('/') {
            Some(within) if self.is_own(within, &name.id) => Some(own_part(row)),
            Some(_) => self.part_of(row),
            None => self.part_of(row).filter(|_| full == path),
        }
    }

    /// Whether a row of the entity is the member's by its name.
    fn is_own(&self, within: &str, id: &str) -> bool {
        const BY_ID: [&str; 6] = [
            "blocked/",
            "depositors/",
            "interest/",
            "officers/",
            "savings-activity/",
            "settlements/",
        ];
        let by_id = id == self.member && BY_ID.iter().any(|one| within.starts_with(one));
        let in_arisan = within.starts_with("arisans/")
            && within.ends_with(&format!("/members/{}", self.member));
        let in_share = within.starts_with("savings-shares/")
            && within.ends_with(&format!("/parts/{}", self.member));
        let of_deposit = within.starts_with("savings-shares/")
            && within.rsplit_once("/deposits/").is_some_and(|(_, deposit)| self.has(deposit));
        by_id
            || in_arisan
            || in_share
            || of_deposit
            || within == format!("borrowers/m.{}", self.member)
            || within.strip_prefix("loan-contacts/").is_some_and(|loan| self.has(loan))
    }

    /// What a row of the entity says about the member, by what stands in it.
    fn part_of(&self, row: &Row) -> Option<Row> {
        let is = |id: &String| *id == self.member;
        let named = match row {
            Row::Relief(relief) => is(&relief.member),
            Row::ReliefCase(case) => is(&case.member),
            Row::Keeping(keeping) => is(&keeping.keeper),
            Row::Block(block) => is(&block.saver),
            Row::TermDeposit(term) => is(&term.member),
            Row::Syirkah(syirkah) => self.is_path(&syirkah.partner),
            Row::Loan(loan) if self.is_path(&loan.borrower) => true,
            _ => return self.lines_of(row),
        };
        named.then(|| row.clone())
    }

    /// The member's own lines of a row that lists many people.
    fn lines_of(&self, row: &Row) -> Option<Row> {
        let is = |id: &String| *id == self.member;
        let mut row = row.clone();
        let found = match &mut row {
            Row::Meeting(meeting) => kept(&mut meeting.attendees, is),
            Row::Sheet(sheet) => kept(&mut sheet.lines, |line| is(&line.member)),
            Row::DuesDay(day) => kept(&mut day.paid, |paid| is(&paid.member)),
            Row::LkmOfficers(officers) => kept(&mut officers.members, is),
            Row::Group(group) => {
                let mut officers = mem::take(&mut group.officers);
                let found = kept(&mut officers, |officer| is(&officer.member));
                *group = Group { officers, ..Group::default() };
                found
            }
            // A stranger's loan: what the member paid on it is theirs, the loan is not.
            Row::Loan(loan) => {
                let mut claims = mem::take(&mut loan.claims);
                let found = kept(&mut claims, |claim| is(&claim.payer));
                *loan = Loan { claims, ..Loan::default() };
                found
            }
            _ => false,
        };
        found.then_some(row)
    }

    fn is_path(&self, path: &str) -> bool {
        path.strip_prefix("members/").is_some_and(|id| id == self.member)
    }

    fn has(&self, contract: &str) -> bool {
        self.contracts.contains(contract)
    }
}

/// What of a row that is a member's by its name is about nobody else: not who was paid for them.
fn own_part(row: &Row) -> Row {
    match row {
        Row::Settlement(row) => {
            Row::Settlement(Settlement { died_on: row.died_on, ..Settlement::default() })
        }
        row => row.clone(),
    }
}

/// Drops all lines but those wanted, and says whether any is left.
fn kept<T>(lines: &mut Vec<T>, wanted: impl Fn(&T) -> bool) -> bool {
    lines.retain(wanted);
    !lines.is_empty()
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
