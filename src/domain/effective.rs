//! Rules and products as data: versions, each of which holds from a day on until another begins.
//!
//! **Invariant**: the versions of one thing stand in the order in which they take effect. A version
//! that has begun to hold is never changed, only followed by another, and none begins in what its
//! entity has closed: what was decided under a version stays explained by it.

use crate::domain::day::Day;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::Entity;
use crate::domain::register::after_last;

/// One version of a rule or a product.
pub trait Version {
    /// The first day it holds.
    fn since(&self) -> Day;
}

/// The version that holds on a day, if one has begun by then.
pub fn in_force<V: Version>(versions: &[V], day: Day) -> Option<&V> {
    versions.iter().rev().find(|version| version.since() <= day)
}

/// A version that says which record set it.
pub trait Recorded: Version {
    /// The position of that record.
    fn position(&self) -> u64;
}

/// The version that held on a day, as known when the journal had so many records.
pub fn known_on<V: Recorded>(versions: &[V], day: Day, known: u64) -> Option<&V> {
    let begun = |version: &&V| version.since() <= day && version.position() <= known;
    versions.iter().rev().find(begun)
}

/// Adds a version of an entity's rule or product. One that would have begun later, and has not
/// begun, gives way to it. `field` is the request's name for the first day.
///
/// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
pub fn add<V: Version>(
    draft: &Draft<'_>,
    entity: &Entity,
    versions: &mut Vec<V>,
    version: V,
    field: &str,
) -> Result<(), Stop> {
    let since = version.since();
    draft.not_closed(entity, since, field)?;
    let today = draft.frame().business_day;
    versions.retain(|version| version.since() <= today || version.since() < since);
    if let Some(last) = versions.last() {
        after_last(since, last.since().get(), field)?;
    }
    versions.push(version);
    Ok(())
}
