//! The secretary's books of a KUBE that hold no money: guests, and letters in and out.
//!
//! **Invariant**: what was entered is never changed; who came or wrote, and why, is in commitments
//! alone.

use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::{Guest, Letter};
use crate::domain::record::{Event, Row};

/// The name of a visit in a group's guest book.
pub fn guest_name(group: &Id, guest: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "guests", guest.as_str())
}

/// The name of a group's letter.
pub fn letter_name(group: &Id, letter: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "letters", letter.as_str())
}

/// Somebody visited a group, on the day of the request.
#[derive(Clone, Debug)]
pub struct ReceiveGuest {
    /// Which KUBE.
    pub group: Id,
    /// The visit's id.
    pub guest: Id,
    /// The visit, but for its day.
    pub row: Guest,
}

impl Action for ReceiveGuest {
    fn event(&self) -> Event {
        Event::GuestReceived
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.group(&self.group, "group")?;
        let row = Guest { visited_on: draft.frame().happened_on.get(), ..self.row.clone() };
        draft.create(guest_name(&self.group, &self.guest), Row::Guest(row), "guest_id")
    }
}

/// A letter came to a group or left it, on the day of the request.
#[derive(Clone, Debug)]
pub struct FileLetter {
    /// Which KUBE.
    pub group: Id,
    /// The letter's id.
    pub letter: Id,
    /// The letter, but for the day it came or left.
    pub row: Letter,
}

impl Action for FileLetter {
    fn event(&self) -> Event {
        Event::LetterFiled
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.group(&self.group, "group")?;
        let row = Letter { filed_on: draft.frame().happened_on.get(), ..self.row.clone() };
        draft.create(letter_name(&self.group, &self.letter), Row::Letter(row), "letter_id")
    }
}
