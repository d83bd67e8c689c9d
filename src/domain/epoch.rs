//! Going on with a book that lost records which a signed checkpoint covers.
//!
//! **Invariant**: what was signed and is no more stands in the journal that goes on, so that
//! whoever holds the lost checkpoint finds it named there.

use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::RowName;
use crate::domain::record::proto::Epoch;
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The decision to go on.
#[derive(Clone, Debug)]
pub struct StartEpoch {
    /// Size and root of the checkpoint that the book does not continue; none when it does.
    pub signed: Option<(u64, Vec<u8>)>,
}

impl Action for StartEpoch {
    fn event(&self) -> Event {
        Event::EpochStarted
    }

    /// Errors: `NOT_BEHIND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let Some((signed_size, signed_root)) = self.signed.clone() else {
            return Err(Refusal::new(Reason::NotBehind).on("book").into());
        };
        let kept_size = draft.frame().position - 1;
        let name = RowName::new("epochs", format!("{kept_size:020}"));
        draft.put(name, Row::Epoch(Epoch { signed_size, signed_root, kept_size }));
        Ok(())
    }
}
