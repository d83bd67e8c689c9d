//! A year in the life of ten real groups: the groups are those of Kupang, the people and the money
//! are invented and marked "contoh".
//!
//! [`calendar`] reads as the year: what is told of whom, and when. The ten groups are in [`kubes`] and
//! come into the book in [`founding`]; what every month brings is in [`meeting`], what goes wrong and
//! is put right in [`slips`]. What becomes of the grants is in [`grants`] and [`aid`], of a group with
//! a book of its own in [`harapan`], what goes to another installation in [`exchange`]; solidarity in
//! [`solidarity`], what ties groups and their LKM in [`ties`], the care of things and people in
//! [`care`], a troupe in [`sanggar`], what is looked at and decided on in [`decisions`].
//!
//! The LKM has its [`office`], a day at the counter in [`teller`] and the bank's list in [`bank`].
//! Loans of the ten are in [`loans`] and [`syariah`]; those of others in [`borrowed`], [`among`],
//! [`customers`], [`kinds`], [`trouble`], [`fajar`] and [`ventures`], with [`credit`] for what they have
//! in common. [`small`] groups are founded beside the ten: one changes its LKM in [`cahaya`], one ends
//! in [`farewell`]. The end of the year is in [`closing`]; what only a cooperative and its savers know
//! is told of a second institution, in [`lontar`].
//!
//! Everything goes through the public API, out of [`requests`] and [`deeds`]. Each request has an id of
//! its own that never changes, so that telling the year again changes nothing.

mod aid;
mod among;
mod bank;
mod borrowed;
mod cahaya;
mod calendar;
mod care;
mod closing;
mod credit;
mod customers;
mod decisions;
mod deeds;
mod exchange;
mod fajar;
mod farewell;
mod founding;
mod grants;
mod harapan;
mod kinds;
mod kubes;
mod loans;
mod lontar;
mod meeting;
mod office;
mod requests;
mod sanggar;
mod slips;
mod small;
mod solidarity;
mod syariah;
mod teller;
mod ties;
mod trouble;
mod ventures;

use crate::cli::remote::{Failure, Remote};

pub use exchange::ROTE;

/// The demo's book.
pub const BOOK: &str = "contoh";

/// The year that is told.
const YEAR: i32 = 2025;

/// What tells the year.
struct Year<'a> {
    remote: &'a Remote,
    /// Another installation.
    elsewhere: &'a Remote,
}

/// Tells the year, or finds it told already; and what of it reaches another installation.
///
/// Errors: the first refusal, as one plain sentence.
pub async fn tell(remote: &Remote, elsewhere: &Remote) -> Result<(), Failure> {
    let year = Year { remote, elsewhere };
    let told = year.live(&kubes::groups()?).await;
    told.map_err(|status| remote.explain(&status))
}
