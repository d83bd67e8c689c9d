//! Four eyes: what one person asks and another has to agree to before it is done.
//!
//! Whether a request waits is decided like everything else, after it was found to be possible: an
//! action names the [`Matter`] that a second person has to look at, and instead of what it would do
//! the record says that it was asked. Once somebody else agrees, it is decided anew on the state of
//! that day, in a record that names both.
//!
//! **Invariants**: nobody agrees to what they asked themselves, nor to what is about themselves;
//! each request is agreed to, turned down or withdrawn at most once, and after its last day it has
//! expired. What tells of money that has moved never waits, nor does anything where callers do not
//! sign in, as there are no two persons to tell apart. Where nobody else in the book holds a role
//! that could agree, the request passes and its record is flagged: else nobody could begin.

use std::sync::Arc;

use crate::domain::access::{Author, Place, Role, User, holds_in, on_duty, user_name};
use crate::domain::day::Day;
use crate::domain::decide::{Action, Command};
use crate::domain::draft::{Draft, Mode, Stop, not_found};
use crate::domain::effective::{self, Version, in_force};
use crate::domain::id::{Entity, Id, LKM, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

pub use crate::domain::record::proto::{
    Approval, ApprovalKind, ApprovalLimit, ApprovalRule, ApprovalRules, ApprovalState, Checkers,
};

/// The collection of requests that wait, or waited, for a second person.
pub const APPROVALS: &str = "approvals";

/// How many days a request waits while no rule says otherwise.
pub const DAYS_WAITING: u32 = 7;

/// A request that waits, by its id.
pub fn approval_name(request: &RequestId) -> RowName {
    RowName::new(APPROVALS, request.as_str())
}

/// The row of the rules.
pub fn rules_name() -> RowName {
    RowName::new("rules", "approval")
}

/// Whether matters of a kind wait only above a limit, where one is set.
pub const fn is_limited(kind: ApprovalKind) -> bool {
    matches!(kind, ApprovalKind::LoanApproval | ApprovalKind::Disbursement | ApprovalKind::Reversal)
}

/// What of a request a second person has to look at.
#[derive(Clone, Debug)]
pub struct Matter {
    kind: ApprovalKind,
    /// Whose ledger or rules; the LKM's also for the book as a whole.
    entity: Entity,
    /// What is held against the limit of its kind.
    amount: Sen,
    /// Whether it waits whatever the amount.
    always: bool,
    /// Whom it is about.
    about: Option<Id>,
}

impl Matter {
    /// What always waits.
    pub fn of(kind: ApprovalKind, entity: &Entity) -> Matter {
        Matter { kind, entity: entity.clone(), amount: Sen::ZERO, always: true, about: None }
    }

    /// What waits above the limit of its kind.
    pub fn above(kind: ApprovalKind, entity: &Entity, amount: Sen) -> Matter {
        Matter { amount, always: false, ..Matter::of(kind, entity) }
    }

    /// The same, whatever the amount.
    pub fn always(self) -> Matter {
        Matter { always: true, ..self }
    }

    /// The same about a user, who has no say in it.
    pub fn about(self, user: &Id) -> Matter {
        Matter { about: Some(user.clone()), ..self }
    }

    fn waits(&self, rule: Option<&ApprovalRule>) -> bool {
        let limits = rule.map(|rule| rule.limits.as_slice()).unwrap_or_default();
        let limit = limits.iter().find(|limit| limit.kind() == self.kind);
        self.always || limit.is_some_and(|limit| self.amount > Sen::new(limit.amount))
    }
}

/// What becomes of a request that could be done.
pub(super) enum Verdict {
    /// It is done.
    Go,
    /// It is done, though a second person ought to have agreed: there is none.
    Alone,
    /// It waits.
    Wait(Box<Approval>),
}

/// Whether what was drafted waits for a second person.
///
/// Errors: `Missing`.
pub(super) fn verdict(command: &Command, draft: &Draft<'_>) -> Result<Verdict, Stop> {
    let Author { actor, device, role, approver } = &command.author;
    let one_person = *role != Role::Unspecified && approver.is_empty();
    if !one_person || command.action.mode() == Mode::Report {
        return Ok(Verdict::Go);
    }
    let Some(matter) = command.action.matter(draft)? else { return Ok(Verdict::Go) };
    let today = draft.frame().today;
    let rules = rules(draft)?;
    let rule = in_force(&rules.rules, today);
    if !matter.waits(rule) {
        return Ok(Verdict::Go);
    }
    if !somebody_else(draft, &matter, actor)? {
        return Ok(Verdict::Alone);
    }
    let days = rule.map_or(DAYS_WAITING, |rule| rule.days_waiting);
    Ok(Verdict::Wait(Box::new(Approval {
        kind: matter.kind as i32,
        state: ApprovalState::Waiting as i32,
        method: command.form.method.to_owned(),
        request: command.form.request.clone(),
        texts: command.form.texts.clone(),
        maker: actor.clone(),
        device: device.clone(),
        role: *role as i32,
        entity: matter.entity.as_str().to_owned(),
        amount: matter.amount.get(),
        about: matter.about.map(|user| user.to_string()).unwrap_or_default(),
        asked_on: today.get(),
        expires_on: today.get().saturating_add(i32::try_from(days).unwrap_or(i32::MAX)),
        ..Approval::default()
    })))
}

fn rules(draft: &Draft<'_>) -> Result<ApprovalRules, Stop> {
    Ok(match draft.row_before(&rules_name())? {
        Some(Row::ApprovalRules(rules)) => rules,
        _ => ApprovalRules::default(),
    })
}

// ---- who may agree ------------------------------------------------------------------------------

/// Whether who holds this role, where it matters, may agree to matters of this kind.
const fn may_agree(role: Role, kind: ApprovalKind) -> bool {
    match role {
        Role::Manager => true,
        Role::Administrator => matches!(kind, ApprovalKind::Access),
        Role::Treasurer | Role::Chair => !matches!(kind, ApprovalKind::Access),
        _ => false,
    }
}

/// The row of those who were ever given, for a group or the whole book, a role that may agree.
fn checkers_name(entity: &str) -> RowName {
    RowName::new("checkers", if entity.is_empty() { LKM } else { entity })
}

/// Whether a role is one that may agree to something.
const fn checks(role: Role) -> bool {
    may_agree(role, ApprovalKind::Access) || may_agree(role, ApprovalKind::Rules)
}

/// Notes that a user holds a role from now on, if it is one that may agree to something.
///
/// Errors: `Missing`.
pub(super) fn note_role(
    draft: &mut Draft<'_>,
    user: &Id,
    role: Role,
    entity: &str,
) -> Result<(), Stop> {
    if !checks(role) {
        return Ok(());
    }
    let name = checkers_name(entity);
    let mut row = match draft.row(&name)? {
        Some(Row::Checkers(row)) => row,
        _ => Checkers::default(),
    };
    if !row.users.iter().any(|known| known == user.as_str()) {
        row.users.push(user.to_string());
        draft.put(name, Row::Checkers(row));
    }
    Ok(())
}

/// The rows that ought to name a user who was ever given these roles.
pub fn rows_noting(user: &User) -> impl Iterator<Item = RowName> {
    let checking = user.assignments.iter().filter(|one| checks(one.role()));
    checking.map(|one| checkers_name(&one.entity))
}

/// Notes who was given a role that may agree, in a book whose roles were given before that was
/// noted with them. The server asks this itself.
#[derive(Clone, Debug)]
pub struct NoteCheckers {
    /// Users who are not noted where they ought to be.
    pub users: Vec<Id>,
}

impl Action for NoteCheckers {
    fn event(&self) -> Event {
        Event::CheckersNoted
    }

    /// Errors: `Missing`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        for user in &self.users {
            let Some(Row::User(row)) = draft.row(&user_name(user))? else { continue };
            for one in &row.assignments {
                note_role(draft, user, one.role(), &one.entity)?;
            }
        }
        Ok(())
    }
}

/// Whether anybody but its maker, and whom it is about, may agree to a matter today; the roles that
/// the request itself would give or take do not count.
fn somebody_else(draft: &Draft<'_>, matter: &Matter, maker: &str) -> Result<bool, Stop> {
    let (mut found, mut missing) = (false, None);
    for entity in [LKM, matter.entity.as_str()] {
        let checkers = match draft.row_before(&checkers_name(entity)) {
            Ok(Some(Row::Checkers(row))) => row.users,
            Ok(_) => Vec::new(),
            Err(stop) => {
                missing = Some(stop);
                continue;
            }
        };
        let involved = |user: &Id| user.as_str() == maker || matter.about.as_ref() == Some(user);
        let others = checkers.iter().filter_map(|user| Id::new(user));
        for user in others.filter(|user| !involved(user)) {
            match holds_one(draft, &user, matter.kind, &matter.entity) {
                Ok(holds) => found |= holds,
                // Go on to find out what else is missing.
                Err(stop) => missing = Some(stop),
            }
        }
    }
    missing.map_or(Ok(found), Err)
}

/// Whether a user holds, today and where it matters, a role that may agree.
fn holds_one(
    draft: &Draft<'_>,
    user: &Id,
    kind: ApprovalKind,
    entity: &Entity,
) -> Result<bool, Stop> {
    let Some(Row::User(row)) = draft.row_before(&user_name(user))? else { return Ok(false) };
    let (today, place) = (draft.frame().today, Place::Entity(entity.clone()));
    Ok(row
        .assignments
        .iter()
        .any(|one| on_duty(one, today) && may_agree(one.role(), kind) && holds_in(one, &place)))
}

/// Checks that somebody may decide on a request that waits. Who manages the access of the whole
/// server holds no role in the book, but was let in as an administrator.
///
/// Errors: `OWN_REQUEST`, `OWN_ROLE`, `NOT_A_CHECKER`.
fn check_checker(draft: &Draft<'_>, row: &Approval, checker: &Author) -> Result<(), Stop> {
    let refuse = |reason| Refusal::new(reason).on("name").with("user", &checker.actor);
    if checker.actor == row.maker {
        return Err(refuse(Reason::OwnRequest).into());
    }
    if checker.actor == row.about {
        return Err(refuse(Reason::OwnRole).into());
    }
    let entity = Entity::new(&row.entity).unwrap_or(Entity::Lkm);
    let administers = checker.role == Role::Administrator && row.kind() == ApprovalKind::Access;
    let holds = match Id::new(&checker.actor) {
        Some(user) if checker.role != Role::Unspecified => {
            administers || holds_one(draft, &user, row.kind(), &entity)?
        }
        _ => false,
    };
    if holds { Ok(()) } else { Err(refuse(Reason::NotAChecker).into()) }
}

// ---- deciding -----------------------------------------------------------------------------------

/// A request that waits.
///
/// Errors: `NOT_FOUND`, `APPROVAL_DECIDED`, `APPROVAL_EXPIRED` after its last day.
fn waiting(draft: &Draft<'_>, asked: &RequestId) -> Result<Approval, Stop> {
    let row = undecided(draft, asked)?;
    match draft.frame().today.get() <= row.expires_on {
        true => Ok(row),
        false => Err(expired(&row).into()),
    }
}

/// A request on which nothing was recorded since it was asked.
///
/// Errors: as [`waiting`], `APPROVAL_EXPIRED` once that is recorded.
fn undecided(draft: &Draft<'_>, asked: &RequestId) -> Result<Approval, Stop> {
    let name = approval_name(asked);
    let Row::Approval(row) = draft.require(&name, "name")? else {
        return Err(not_found(&name, "name").into());
    };
    match row.state() {
        ApprovalState::Waiting => Ok(row),
        ApprovalState::Expired => Err(expired(&row).into()),
        _ => {
            let refusal = Refusal::new(Reason::ApprovalDecided).on("name");
            Err(refusal.with("user", &row.decided_by).into())
        }
    }
}

fn expired(row: &Approval) -> Refusal {
    Refusal::new(Reason::ApprovalExpired).on("name").with("date", Day::new(row.expires_on))
}

fn settle(
    draft: &mut Draft<'_>,
    asked: &RequestId,
    row: Approval,
    state: ApprovalState,
    by: &Author,
) {
    let row = Approval {
        state: state as i32,
        decided_by: by.actor.clone(),
        decided_device: by.device.clone(),
        decided_role: by.role as i32,
        decision: draft.frame().request.to_string(),
        ..row
    };
    draft.put(approval_name(asked), Row::Approval(row));
}

/// Somebody agrees to what another has asked: it is done, if it can still be done.
#[derive(Clone, Debug)]
pub struct Approve {
    /// The request that waits.
    pub asked: RequestId,
    /// Who agrees.
    pub checker: Author,
    /// What was asked.
    pub action: Arc<dyn Action>,
}

impl Action for Approve {
    fn event(&self) -> Event {
        self.action.event()
    }

    fn entity(&self) -> Option<Entity> {
        self.action.entity()
    }

    fn bulk(&self) -> &'static str {
        self.action.bulk()
    }

    fn by_owner(&self) -> bool {
        self.action.by_owner()
    }

    /// Errors: `NOT_FOUND`, `APPROVAL_DECIDED`, `APPROVAL_EXPIRED`, `OWN_REQUEST`, `OWN_ROLE`,
    /// `NOT_A_CHECKER`, and those of what was asked.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row = waiting(draft, &self.asked)?;
        check_checker(draft, &row, &self.checker)?;
        self.action.post(draft)?;
        settle(draft, &self.asked, row, ApprovalState::Approved, &self.checker);
        Ok(())
    }
}

/// Somebody turns down what another has asked.
#[derive(Clone, Debug)]
pub struct Reject {
    /// The request that waits.
    pub asked: RequestId,
    /// Commitment to why.
    pub reason: Vec<u8>,
}

impl Action for Reject {
    fn event(&self) -> Event {
        Event::ApprovalRejected
    }

    /// Errors: as [`Approve`], but for what was asked.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row = waiting(draft, &self.asked)?;
        let checker = draft.frame().author.clone();
        check_checker(draft, &row, &checker)?;
        let row = Approval { reason: self.reason.clone(), ..row };
        settle(draft, &self.asked, row, ApprovalState::Rejected, &checker);
        Ok(())
    }
}

/// Somebody takes back what they asked and nobody has decided on in time.
#[derive(Clone, Debug)]
pub struct Withdraw {
    /// The request that waits.
    pub asked: RequestId,
}

impl Action for Withdraw {
    fn event(&self) -> Event {
        Event::ApprovalWithdrawn
    }

    /// Errors: `NOT_FOUND`, `APPROVAL_DECIDED`, `APPROVAL_EXPIRED`, `NOT_THE_MAKER`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row = waiting(draft, &self.asked)?;
        let by = draft.frame().author.clone();
        if by.actor != row.maker {
            let refusal = Refusal::new(Reason::NotTheMaker).on("name").with("user", &row.maker);
            return Err(refusal.into());
        }
        settle(draft, &self.asked, row, ApprovalState::Withdrawn, &by);
        Ok(())
    }
}

/// Nobody has decided in time. The server asks this itself, so that what waits is only what can
/// still be agreed to.
#[derive(Clone, Debug)]
pub struct Expire {
    /// The request that waits.
    pub asked: RequestId,
}

impl Action for Expire {
    fn event(&self) -> Event {
        Event::ApprovalExpired
    }

    /// Errors: `NOT_FOUND`, `APPROVAL_DECIDED`, `APPROVAL_EXPIRED`; `DATE_IN_FUTURE` while it can be
    /// agreed to.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row = undecided(draft, &self.asked)?;
        draft.not_future(Day::new(row.expires_on).next(), "name")?;
        let by = draft.frame().author.clone();
        settle(draft, &self.asked, row, ApprovalState::Expired, &by);
        Ok(())
    }
}

// ---- rules --------------------------------------------------------------------------------------

impl Version for ApprovalRule {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// Sets from which amounts on the limited kinds wait, and how long.
#[derive(Clone, Debug)]
pub struct SetApprovalRules {
    /// The rule, well-formed: one limit for a kind at most, of kinds that have one.
    pub rule: ApprovalRule,
}

impl Action for SetApprovalRules {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Access, &Entity::Lkm)))
    }

    /// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut rules = rules(draft)?;
        effective::add(draft, &Entity::Lkm, &mut rules.rules, self.rule.clone(), "since")?;
        draft.put(rules_name(), Row::ApprovalRules(rules));
        Ok(())
    }
}
