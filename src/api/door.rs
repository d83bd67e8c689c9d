//! Who may pass: each method's declaration from its proto, held against the caller's roles.
//!
//! **Invariants**: a method without a declaration does not compile. Whoever has no role where a call
//! is about gets the same answer whether that is there or not, since nothing about it is looked at.
//! No other place decides who may call; methods declared `narrowed` ask [`Passed::sees_record`] besides,
//! and those whose answer goes on into other books [`Door::goes_into`].

use std::sync::Arc;

use tonic::Code;

use crate::access::{Access, AccessError, SignedIn};
use crate::api::convert::Checked;
use crate::api::desk::{damaged, not_found};
use crate::api::errors::{Fault, Problem};
use crate::api::sight::Sight;
use crate::api::v1;
use crate::domain::access::{Assignment, Author, Place, Role, holds_in, on_duty, user_name};
use crate::domain::day::Day;
use crate::domain::id::{Id, RowName};
use crate::domain::record::proto::Zone;
use crate::domain::record::{Outcome, Record, Row};
use crate::domain::refusal::Reason;
use crate::journal::system_clock;
use crate::storage::access::Lookup;
use crate::storage::read::Reader;
use v1::Audience;

/// Who may call a method, as the proto says.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// The service, e.g. `SavingsService`.
    pub service: &'static str,
    /// The method, e.g. `Deposit`.
    pub method: &'static str,
    /// Any of these roles will do.
    pub roles: &'static [Role],
    /// The request's field that names what the call is about; empty for none.
    pub field: &'static str,
    /// Who else may call.
    pub audience: Audience,
    /// Whether a role in any group of the book will do.
    pub narrowed: bool,
    /// Whether the answer shows text about people.
    pub personal: bool,
}

/// A request that says who may make it.
pub(crate) trait Declares {
    /// The declaration.
    const DECLARED: Declared;

    /// The name of what it is about; empty if it is about no book.
    fn scope(&self) -> &str;

    /// What the answer is needed for, as the access log calls it; empty where that is not asked.
    fn purpose(&self) -> &'static str;

    /// The sentence that says why; empty where that is not asked.
    fn explanation(&self) -> &str;
}

macro_rules! scope {
    ($request:ident) => {
        ""
    };
    ($request:ident $field:ident) => {
        $request.$field.as_str()
    };
}

macro_rules! purpose {
    ($request:ident) => {
        ""
    };
    ($request:ident $field:ident) => {
        v1::Purpose::try_from($request.$field).map_or("", |purpose| purpose.as_str_name())
    };
}

macro_rules! field {
    () => {
        ""
    };
    ($field:ident) => {
        stringify!($field)
    };
}

/// One line for each method, written by the build from the protos' options.
macro_rules! declared {
    ($($request:ident: $service:ident $method:ident, [$($role:ident),*], ($($field:ident)?),
        $audience:ident, $narrowed:literal, $personal:literal, ($($purpose:ident)?),
        ($($explanation:ident)?);)+) => {
        $(impl Declares for v1::$request {
            const DECLARED: Declared = Declared {
                service: stringify!($service),
                method: stringify!($method),
                roles: &[$(Role::$role),*],
                field: field!($($field)?),
                audience: Audience::$audience,
                narrowed: $narrowed,
                personal: $personal,
            };

            fn scope(&self) -> &str {
                scope!(self $($field)?)
            }

            fn purpose(&self) -> &'static str {
                purpose!(self $($purpose)?)
            }

            fn explanation(&self) -> &str {
                scope!(self $($explanation)?)
            }
        })+

        /// The declarations of all methods.
        pub const DECLARED: &[Declared] = &[$(<v1::$request as Declares>::DECLARED),+];
    };
}

include!(concat!(env!("OUT_DIR"), "/declared.rs"));

/// Who calls.
#[derive(Clone, Debug, Default)]
pub enum Who {
    /// Somebody who has not signed in.
    #[default]
    Nobody,
    /// Whoever they say they are: on a port where nobody has to sign in.
    Trusted(String),
    /// A user: on a device, by the identity provider, or by a machine's certificate.
    User(SignedIn),
    /// A device that has to be unlocked, by its own token.
    Locked(Arc<str>),
}

impl Who {
    /// A name to count calls by.
    pub fn name(&self) -> &str {
        match self {
            Who::Nobody => "",
            Who::Trusted(actor) => actor,
            Who::User(user) => &user.user,
            Who::Locked(token) => token,
        }
    }
}

/// Someone who was let in, and as what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passed {
    /// Who they are to the journal.
    pub(crate) author: Author,
    /// What they hold in the book today; empty for whoever is trusted.
    pub(crate) held: Vec<Assignment>,
    /// As what they look at text about people.
    pub(crate) sight: Sight,
    /// Whether all of the book is open to them.
    trusted: bool,
}

impl Passed {
    /// Whoever they say they are.
    fn trusted(actor: &str) -> Passed {
        Passed { author: Author::named(actor), trusted: true, ..Passed::default() }
    }

    /// Whether a method may answer about a record: asked by those declared `narrowed`. Whoever has
    /// a role in a group sees what has moved in it or was registered of it.
    pub(crate) fn sees_record(&self, record: &Record) -> bool {
        if self.trusted || self.held.iter().any(|one| holds_in(one, &Place::Book)) {
            return true;
        }
        let Outcome::Done(effect) = &record.outcome else { return false };
        let rows = effect.rows.iter().map(|(name, _)| Place::parse(&name.to_string()));
        let entries = effect.entries.iter().map(|entry| entry.account.ledger.entity.clone());
        rows.chain(entries.map(Place::Entity)).any(|place| self.sees(&place))
    }

    /// Whether all of the book is open to them because nobody has to sign in.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    fn sees(&self, place: &Place) -> bool {
        matches!(place, Place::Entity(_)) && self.holds_any(|_| true, place)
    }

    /// Whether they hold, in a place as a whole, one of the roles that will do.
    pub(crate) fn holds_any(&self, will_do: impl Fn(Role) -> bool, place: &Place) -> bool {
        let holds = |one: &Assignment| one.member.is_empty() && holds_in(one, place);
        self.trusted || self.held.iter().any(|one| will_do(one.role()) && holds(one))
    }
}

/// Knows callers and their roles.
#[derive(Debug)]
pub struct Door {
    /// Knows users by their tokens; none where nobody has to sign in.
    pub access: Option<Access>,
    /// Reads roles.
    pub reader: Reader,
}

impl Door {
    /// Who has this token. Errors: `TOKEN_UNKNOWN`, and what storage says.
    pub async fn knows(&self, token: &str) -> Checked<Who> {
        let access = self.access()?;
        match access.sign_in(token).await {
            Ok(signed_in) => Ok(Who::User(signed_in)),
            Err(AccessError::Locked) => Ok(Who::Locked(token.into())),
            Err(error) => Err(error.into()),
        }
    }

    /// Whose machine has the certificate of this fingerprint; nobody's, as long as it is not linked.
    ///
    /// Errors: what storage says.
    pub async fn knows_machine(&self, fingerprint: &str) -> Checked<Who> {
        let found = self.access()?.machine(fingerprint).await?;
        Ok(found.map_or(Who::Nobody, Who::User))
    }

    /// What knows users. Errors: `NO_SIGN_IN` where nobody has to sign in.
    pub(crate) fn access(&self) -> Checked<&Access> {
        self.access.as_ref().ok_or_else(|| Fault::NoSignIn.into())
    }

    /// Lets a caller pass, or not, and keeps in the access log who was refused or reads about
    /// people, with the sentence that says why as `sealed` makes it unreadable there.
    ///
    /// Errors: `TOKEN_REQUIRED`, `DEVICE_TO_UNLOCK`, `ROLE_REQUIRED`, and `NOT_FOUND` where they
    /// have no role at all.
    pub(crate) async fn pass<R: Declares>(
        &self,
        who: &Who,
        request: &R,
        sealed: impl AsyncFnOnce(&Id) -> Checked<String>,
    ) -> Checked<Passed> {
        match who {
            Who::Trusted(actor) => Ok(Passed::trusted(actor)),
            _ => Box::pin(self.pass_signed_in(who, request, sealed)).await,
        }
    }

    async fn pass_signed_in<R: Declares>(
        &self,
        who: &Who,
        request: &R,
        sealed: impl AsyncFnOnce(&Id) -> Checked<String>,
    ) -> Checked<Passed> {
        let (about, name) = (&R::DECLARED, request.scope());
        let passed = self.passed(who, about, name).await;
        if about.personal || passed.is_err() {
            let reason = passed.as_ref().err().map_or(request.purpose(), Problem::reason);
            let explanation = match (who, book_of(name)) {
                (Who::User(_), Some(book)) if passed.is_ok() => sealed(&book).await?,
                _ => String::new(),
            };
            self.note(who, about, name, (reason, explanation)).await?;
        }
        passed
    }

    /// Keeps in the access log what came of a call that was let in, where that is as good as a
    /// refusal at the door: what a method declared `narrowed` hides from the caller, and PINs and
    /// one-time codes that were wrong.
    ///
    /// Errors: what storage says.
    pub(crate) async fn note_refused(
        &self,
        who: &Who,
        about: &Declared,
        name: &str,
        problem: &Problem,
    ) -> Checked<()> {
        let hidden = about.narrowed && problem.reason() == Reason::NotFound.name();
        let unproved = problem.code() == Code::Unauthenticated;
        match hidden || unproved || matches!(who, Who::Locked(_)) {
            true => self.note(who, about, name, (problem.reason(), String::new())).await,
            false => Ok(()),
        }
    }

    /// Keeps a call in the access log of the book that it is about; that of a device that is locked
    /// in the one where its user is at home. Of whoever is not known there is nothing to keep but how
    /// often they were refused, lest anybody fill the log.
    async fn note(
        &self,
        who: &Who,
        about: &Declared,
        name: &str,
        (reason, explanation): (&'static str, String),
    ) -> Checked<()> {
        let book = book_of(name).map_or_else(String::new, |book| book.to_string());
        let (account, device, book) = match who {
            Who::User(user) => (user.user.clone(), user.device.clone(), book),
            Who::Locked(token) => match self.access()?.holder(token).await? {
                Some(device) => (device.account.id, device.id, device.account.home),
                None => return Ok(()),
            },
            Who::Nobody => {
                self.access()?.refused_stranger(reason).await;
                return Ok(());
            }
            Who::Trusted(_) => return Ok(()),
        };
        let line = Lookup {
            account,
            device,
            method: format!("{}/{}", about.service, about.method),
            name: name.chars().take(200).collect(),
            reason: reason.to_owned(),
            explanation,
            ..Lookup::default()
        };
        Ok(self.access()?.looked(&book, line).await?)
    }

    /// Keeps that a caller was refused who does not prove to be anybody.
    pub(crate) async fn note_stranger(&self, problem: &Problem) {
        if let (Some(access), Code::Unauthenticated) = (&self.access, problem.code()) {
            access.refused_stranger(problem.reason()).await;
        }
    }

    /// Whether somebody who was let in would be so still: for answers that go on.
    ///
    /// Errors: as [`Door::pass`], and `TOKEN_UNKNOWN` once their device has ended.
    pub(crate) async fn may_go_on(&self, who: &Who, about: &Declared, name: &str) -> Checked<()> {
        if let Who::User(user) = who
            && !self.access()?.is_known_still(user).await?
        {
            return Err(Fault::TokenUnknown.into());
        }
        self.passed(who, about, name).await.map(drop)
    }

    async fn passed(&self, who: &Who, about: &Declared, name: &str) -> Checked<Passed> {
        let user = match who {
            Who::Trusted(actor) => return Ok(Passed::trusted(actor)),
            _ if about.audience == Audience::Anybody => {
                return Ok(Passed { sight: Sight::By(Vec::new()), ..Passed::default() });
            }
            Who::Nobody => return Err(Fault::TokenRequired.into()),
            Who::Locked(_) => return Err(Fault::DeviceToUnlock.into()),
            Who::User(user) => user,
        };
        if about.field.is_empty() {
            return of_server(user, about);
        }
        let (book, path) = split(name, about.field)?;
        let held = self.held(user, &book).await?;
        if held.is_empty() {
            return Err(not_found(name, about.field));
        }
        of_book(user, about, held, &Place::parse(path))
            .ok_or_else(|| not_found(name, about.field))?
    }

    /// What a user holds in a book today. Whoever manages the server's access does so in all books.
    ///
    /// Roles are read at every call, in one trip, and kept nowhere: to ask whether something kept
    /// still holds would be that very trip, and another server may have ended a role just now.
    pub(crate) async fn held(&self, user: &SignedIn, book: &Id) -> Checked<Vec<Assignment>> {
        let Some(id) = Id::new(&user.user) else { return Ok(Vec::new()) };
        let found = self.reader.two_rows(book, &RowName::book(), &user_name(&id)).await?;
        let (mut zone, mut held) = (None, Vec::new());
        for row in found {
            match row.row {
                Row::Book(book) => zone = Some(book.zone()),
                Row::User(user) => held = user.assignments,
                _ => return Err(damaged()),
            }
        }
        let Some(zone) = zone else { return Ok(Vec::new()) };
        let today = self.today(zone);
        held.retain(|assignment| on_duty(assignment, today));
        if user.administrator {
            let role = Role::Administrator as i32;
            held.push(Assignment { role, since: today.get(), ..Assignment::default() });
        }
        Ok(held)
    }

    /// Whether a method that was asked about something in another book may go on into this one: where
    /// the caller holds one of its roles today; and where nobody has to sign in, if it is here.
    pub(crate) async fn goes_into(&self, who: &Who, about: &Declared, book: &Id) -> Checked<bool> {
        let Who::User(user) = who else {
            return Ok(self.reader.snapshot(book).await?.head().size > 0);
        };
        let held = self.held(user, book).await?;
        Ok(held.iter().any(|one| about.roles.contains(&one.role())))
    }

    /// The server's date.
    pub(crate) fn today(&self, zone: Zone) -> Day {
        let now = self.access.as_ref().map_or_else(|| system_clock()(), Access::now);
        Day::of_instant(now, zone)
    }
}

/// The book of a name, as far as it names one.
fn book_of(name: &str) -> Option<Id> {
    name.strip_prefix("books/").and_then(|rest| rest.split('/').next()).and_then(Id::new)
}

/// For what is about no book.
fn of_server(user: &SignedIn, about: &Declared) -> Checked<Passed> {
    let administers = user.administrator && about.roles.contains(&Role::Administrator);
    let role = if administers { Role::Administrator } else { Role::Unspecified };
    match about.audience == Audience::SignedIn || administers {
        true => {
            let sight = Sight::By(vec![role]);
            Ok(Passed { author: author(user, role), sight, ..Passed::default() })
        }
        false => Err(Fault::RoleRequired.into()),
    }
}

/// For what is about something in a book; `None` where the user holds nothing.
fn of_book(
    user: &SignedIn,
    about: &Declared,
    held: Vec<Assignment>,
    place: &Place,
) -> Option<Checked<Passed>> {
    let anywhere = about.narrowed || about.audience == Audience::SignedIn;
    let mut here = held.iter().filter(|one| anywhere || holds_in(one, place)).peekable();
    here.peek()?;
    let roles: Vec<Role> = here.map(Assignment::role).collect();
    let role = about.roles.iter().find(|role| roles.contains(role)).copied();
    let role = role.or_else(|| {
        let first = roles.first().copied();
        first.filter(|_| about.audience == Audience::SignedIn)
    });
    Some(match role {
        Some(role) => {
            let sight = Sight::By(roles);
            Ok(Passed { author: author(user, role), held, sight, trusted: false })
        }
        None => Err(Fault::RoleRequired.into()),
    })
}

fn author(user: &SignedIn, role: Role) -> Author {
    Author { actor: user.user.clone(), device: user.device.clone(), role, approver: String::new() }
}

/// A name's book and the path within it. Errors: `REQUIRED`, `NAME_MALFORMED`, `ID_MALFORMED`.
fn split<'a>(name: &'a str, field: &str) -> Checked<(Id, &'a str)> {
    let rest = match name.strip_prefix("books/") {
        Some(rest) => rest,
        None if name.is_empty() => return Err(Fault::Required.on(field)),
        None => return Err(Fault::NameMalformed.on(field)),
    };
    let (book, path) = rest.split_once('/').unwrap_or((rest, ""));
    let book = Id::new(book).ok_or_else(|| Fault::IdMalformed.on(field))?;
    Ok((book, path))
}
