//! Who may do what in a book: roles that users hold over days, each in one place.
//!
//! Roles are records like everything else, so that anyone can see who could do what on any day, and
//! who gave it to them. How users prove who they are is kept elsewhere; the journal only says who let
//! them have it.
//!
//! **Invariants**: nobody gives a role to themselves; who manages access holds no role that moves
//! money; a user holds a role in one place at most once at a time.

use crate::domain::approval::{self, ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

pub use crate::domain::record::proto::permit::KnownBy;
pub use crate::domain::record::proto::{Assignment, Permit, Role, User};

/// The collection of the users' roles.
pub const USERS: &str = "users";

/// The collection of what users may be given to sign in by.
pub const PERMITS: &str = "permits";

/// For how many days after it was agreed to something can be given.
const PERMIT_DAYS: i32 = 7;

/// Who makes a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The user, or what the server calls itself.
    pub actor: String,
    /// The device they asked from, empty where it is not known.
    pub device: String,
    /// The role they asked in; unspecified where nobody had to sign in.
    pub role: Role,
    /// Who approved it, where a second person had to; empty otherwise.
    pub approver: String,
}

impl Author {
    /// An author of whom nothing is known but the name.
    pub fn named(actor: &str) -> Author {
        Author { actor: actor.to_owned(), ..Author::default() }
    }
}

/// Where a role can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// In the whole book.
    Book,
    /// In one group.
    Group,
    /// In the whole book or in one group.
    Either,
    /// About one member.
    Member,
}

/// Where a role can be held; `None` for what is no role.
pub const fn held(role: Role) -> Option<Held> {
    match role {
        Role::Unspecified => None,
        Role::Administrator
        | Role::Manager
        | Role::Bookkeeper
        | Role::Teller
        | Role::Collector
        | Role::Dinas
        | Role::Auditor => Some(Held::Book),
        Role::Treasurer | Role::Chair => Some(Held::Group),
        Role::Facilitator => Some(Held::Either),
        Role::Member => Some(Held::Member),
    }
}

/// What a call is about, within one book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The book, or something of it that belongs to no entity.
    Book,
    /// An entity, or something of it.
    Entity(Entity),
    /// A member, or something of theirs.
    Member(Entity, Id),
}

impl Place {
    /// Reads the path of something in a book, e.g. `groups/tunas-baru/members/m01`. What is not
    /// well-formed belongs to the book as a whole, where the narrowest roles are not held.
    pub fn parse(path: &str) -> Place {
        if let Some(account) = path.strip_prefix("accounts/") {
            let entity = account.split('.').next().and_then(Entity::new);
            return entity.map_or(Place::Book, Place::Entity);
        }
        let mut parts = path.split('/');
        let entity = match parts.next() {
            Some("lkm") => Some(Entity::Lkm),
            Some("groups") => parts.next().and_then(Id::new).map(Entity::Kube),
            _ => None,
        };
        let Some(entity) = entity else { return Place::Book };
        match (parts.next(), parts.next().and_then(Id::new)) {
            (Some("members"), Some(member)) => Place::Member(entity, member),
            _ => Place::Entity(entity),
        }
    }
}

/// Whether an assignment is for these days.
pub fn on_duty(assignment: &Assignment, day: Day) -> bool {
    assignment.since <= day.get() && assignment.until.is_none_or(|until| day.get() <= until)
}

/// Whether an assignment holds in a place. That of a member also holds for what a method shows of
/// the member's group as a whole.
pub fn holds_in(assignment: &Assignment, place: &Place) -> bool {
    if assignment.entity.is_empty() {
        return true;
    }
    match place {
        Place::Book => false,
        Place::Entity(entity) => entity.as_str() == assignment.entity,
        Place::Member(entity, member) => {
            let own = assignment.member.is_empty() || assignment.member == member.as_str();
            entity.as_str() == assignment.entity && own
        }
    }
}

/// The row of a user's roles.
pub fn user_name(user: &Id) -> RowName {
    RowName::new(USERS, user.as_str())
}

/// Gives a role to a user.
#[derive(Clone, Debug)]
pub struct AssignRole {
    /// The user.
    pub user: Id,
    /// The role, of a sort that can be held in its place.
    pub assignment: Assignment,
}

impl Action for AssignRole {
    fn event(&self) -> Event {
        Event::RoleAssigned
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Access, &Entity::Lkm).about(&self.user)))
    }

    /// Errors: `OWN_ROLE`, `ROLE_CONFLICT`, `ALREADY_EXISTS`, `NOT_FOUND`, `NOT_AFTER_LAST`,
    /// `NOT_HOLDER`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        not_ones_own(draft, &self.user)?;
        self.check_place(draft)?;
        if let Some(until) = self.assignment.until
            && until < self.assignment.since
        {
            let refusal = Refusal::new(Reason::NotAfterLast).on("until");
            let refusal = refusal.with("date", Day::new(until));
            return Err(refusal.with("last", Day::new(self.assignment.since)).into());
        }
        self.check_stands_in(draft)?;
        let mut user = roles(draft, &self.user)?;
        for other in user.assignments.iter().filter(|one| overlap(one, &self.assignment)) {
            check_beside(other, &self.assignment)?;
        }
        user.assignments.push(self.assignment.clone());
        draft.put(user_name(&self.user), Row::User(user));
        approval::note_role(draft, &self.user, self.assignment.role(), &self.assignment.entity)
    }
}

impl AssignRole {
    /// Checks that whom a delegate stands in for is somebody else, who holds the role there on the
    /// first day. Errors: `NOT_HOLDER`.
    fn check_stands_in(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let Some(holder) = Id::new(&self.assignment.stands_in_for) else { return Ok(()) };
        let since = Day::new(self.assignment.since);
        let held = |one: &Assignment| same(one, &self.assignment) && on_duty(one, since);
        if holder != self.user && roles(draft, &holder)?.assignments.iter().any(held) {
            return Ok(());
        }
        let refusal = Refusal::new(Reason::NotHolder).on("stands_in_for").with("user", &holder);
        Err(refusal.with("held", name(&self.assignment)).into())
    }

    /// Checks that what the role is about is known.
    fn check_place(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let Some(entity) = Entity::new(&self.assignment.entity) else { return Ok(()) };
        if let Entity::Kube(group) = &entity {
            draft.group(group, "place")?;
        }
        if !self.assignment.member.is_empty() {
            draft.require(&RowName::of(&entity, "members", &self.assignment.member), "place")?;
        }
        Ok(())
    }
}

/// Whether two assignments are of one role in one place.
fn same(one: &Assignment, other: &Assignment) -> bool {
    one.role == other.role && one.entity == other.entity && one.member == other.member
}

/// Checks that two roles can be held by one user at a time.
fn check_beside(held: &Assignment, wanted: &Assignment) -> Result<(), Refusal> {
    if same(held, wanted) {
        return Err(Refusal::new(Reason::AlreadyExists).on("role").with("name", name(wanted)));
    }
    let pair = [held.role(), wanted.role()];
    let manages = pair.contains(&Role::Administrator);
    if manages && pair.iter().any(|role| moves_money(*role)) {
        let refusal = Refusal::new(Reason::RoleConflict).on("role");
        return Err(refusal.with("held", name(held)).with("wanted", name(wanted)));
    }
    Ok(())
}

const fn moves_money(role: Role) -> bool {
    matches!(
        role,
        Role::Manager
            | Role::Bookkeeper
            | Role::Teller
            | Role::Collector
            | Role::Treasurer
            | Role::Chair
    )
}

fn overlap(one: &Assignment, other: &Assignment) -> bool {
    let starts_before_end =
        |start: &Assignment, end: &Assignment| end.until.is_none_or(|until| start.since <= until);
    starts_before_end(one, other) && starts_before_end(other, one)
}

/// A role as refusals name it, e.g. `TELLER`.
fn name(assignment: &Assignment) -> &'static str {
    assignment.role().as_str_name().trim_start_matches("ROLE_")
}

/// Takes a role from a user, at once: it does not hold on the day this is recorded.
#[derive(Clone, Debug)]
pub struct EndRole {
    /// The user.
    pub user: Id,
    /// The role.
    pub role: Role,
    /// The id of the entity it is held in; empty for the whole book.
    pub entity: String,
    /// The id of the member it is about; empty for none.
    pub member: String,
}

impl Action for EndRole {
    fn event(&self) -> Event {
        Event::RoleAssigned
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Access, &Entity::Lkm).about(&self.user)))
    }

    /// Errors: `OWN_ROLE`, `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        not_ones_own(draft, &self.user)?;
        let mut user = roles(draft, &self.user)?;
        let today = draft.frame().today.get();
        let found = user.assignments.iter_mut().rev().find(|one| {
            let same_place = one.entity == self.entity && one.member == self.member;
            one.role() == self.role && same_place && one.until.is_none_or(|until| until >= today)
        });
        let Some(found) = found else {
            let refusal = Refusal::new(Reason::NotFound).on("role");
            return Err(refusal.with("name", self.role.as_str_name()).into());
        };
        found.until = Some(today - 1);
        draft.put(user_name(&self.user), Row::User(user));
        Ok(())
    }
}

/// A permit by its id.
pub fn permit_name(permit: &Id) -> RowName {
    RowName::new(PERMITS, permit.as_str())
}

/// Lets a user have one thing to sign in by. Whoever could make one alone could act as anybody.
#[derive(Clone, Debug)]
pub struct PermitSignIn {
    /// The permit's id.
    pub permit: Id,
    /// The user.
    pub user: Id,
    /// What they are known by; a device of their own if nothing.
    pub known_by: Option<KnownBy>,
}

impl Action for PermitSignIn {
    fn event(&self) -> Event {
        Event::SignInPermitted
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Access, &Entity::Lkm).about(&self.user)))
    }

    /// Errors: `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let use_by = draft.frame().today.get().saturating_add(PERMIT_DAYS);
        let (user, known_by) = (self.user.to_string(), self.known_by.clone());
        let row = Row::Permit(Permit { user, use_by, known_by });
        draft.create(permit_name(&self.permit), row, "permit_id")
    }
}

fn roles(draft: &Draft<'_>, user: &Id) -> Result<User, Stop> {
    match draft.row(&user_name(user))? {
        Some(Row::User(user)) => Ok(user),
        _ => Ok(User::default()),
    }
}

fn not_ones_own(draft: &Draft<'_>, user: &Id) -> Result<(), Refusal> {
    match draft.frame().author.actor == user.as_str() {
        true => Err(Refusal::new(Reason::OwnRole).on("user").with("user", user)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::new(text).expect("an id")
    }

    #[test]
    fn places_are_read_from_paths() {
        let kube = || Entity::Kube(id("tunas-baru"));
        let cases = [
            ("", Place::Book),
            ("transactions/0190", Place::Book),
            ("drawers/teller-1", Place::Book),
            ("lkm", Place::Entity(Entity::Lkm)),
            ("lkm/members/m01", Place::Member(Entity::Lkm, id("m01"))),
            ("groups/tunas-baru", Place::Entity(kube())),
            ("groups/tunas-baru/grants/g1", Place::Entity(kube())),
            ("groups/tunas-baru/members", Place::Entity(kube())),
            ("groups/tunas-baru/members/m01/blocks/b", Place::Member(kube(), id("m01"))),
            ("accounts/tunas-baru.sp.2103.m01", Place::Entity(kube())),
            ("accounts/lkm.umum.1102", Place::Entity(Entity::Lkm)),
            ("groups/../groups/tunas-baru", Place::Book),
            ("groups//tunas-baru", Place::Book),
        ];
        for (path, place) in cases {
            assert_eq!(Place::parse(path), place, "{path}");
        }
    }

    #[test]
    fn a_role_holds_in_its_place_and_days_only() {
        let of = |entity: &str, member: &str| Assignment {
            role: Role::Member as i32,
            entity: entity.to_owned(),
            member: member.to_owned(),
            since: 10,
            until: Some(20),
            stands_in_for: String::new(),
        };
        let kube = || Entity::Kube(id("a"));
        let here = [Place::Entity(kube()), Place::Member(kube(), id("m1"))];
        for place in &here {
            assert!(holds_in(&of("", ""), place) && holds_in(&of("a", ""), place));
            assert!(holds_in(&of("a", "m1"), place) && !holds_in(&of("b", ""), place));
        }
        assert!(!holds_in(&of("a", "m2"), &here[1]) && !holds_in(&of("a", ""), &Place::Book));
        let days = [9, 10, 20, 21].map(|day| on_duty(&of("a", ""), Day::new(day)));
        assert_eq!(days, [false, true, true, false]);
    }
}
