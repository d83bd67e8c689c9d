//! Photos and scans of the papers behind transactions and of the minutes of meetings.
//!
//! **Invariant**: the journal holds the hash, sort and size of a file and nothing else of it; who
//! reads the file compares.

use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::record::proto::{Attachment, AttachmentSort};
use crate::domain::record::{Event, Outcome, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::meeting_name;

/// What a file is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A transaction.
    Transaction(RequestId),
    /// A meeting of a group.
    Meeting(Id, Id),
}

impl Target {
    /// Where its name stands within the book, e.g. `transactions/setor-01`.
    pub fn path(&self) -> String {
        match self {
            Target::Transaction(request) => format!("transactions/{request}"),
            Target::Meeting(group, meeting) => meeting_name(group, meeting).to_string(),
        }
    }

    /// The collection of what is attached to it.
    pub fn collection(&self) -> String {
        attached_to(&self.path())
    }

    /// The name of a file attached to it.
    pub fn attachment(&self, sha256: &[u8; 32]) -> RowName {
        RowName::new(self.collection(), sha256.iter().fold(String::new(), hex))
    }
}

/// The collection of what is attached to something by its name within the book.
pub fn attached_to(path: &str) -> String {
    format!("{path}/attachments")
}

fn hex(mut text: String, byte: &u8) -> String {
    for digit in [byte >> 4, byte & 15] {
        text.extend(char::from_digit(digit.into(), 16));
    }
    text
}

/// The sort of a file by its first bytes; `None` for what is not taken.
pub fn sort_of(bytes: &[u8]) -> Option<AttachmentSort> {
    const MAGIC: [(&[u8], AttachmentSort); 3] = [
        (b"\xff\xd8\xff", AttachmentSort::Jpeg),
        (b"\x89PNG\r\n\x1a\n", AttachmentSort::Png),
        (b"%PDF-", AttachmentSort::Pdf),
    ];
    let known = MAGIC.into_iter().find(|(magic, _)| bytes.starts_with(magic));
    known.map(|(_, sort)| sort)
}

/// Attaches a file.
#[derive(Clone, Debug)]
pub struct Attach {
    /// What to.
    pub to: Target,
    /// Whose key it is sealed under.
    pub entity: Entity,
    /// SHA-256 over its bytes.
    pub sha256: [u8; 32],
    /// Its sort.
    pub sort: AttachmentSort,
    /// Its size in bytes.
    pub size: u64,
}

impl Action for Attach {
    fn event(&self) -> Event {
        Event::EvidenceAttached
    }

    /// Errors: `NOT_FOUND`, also for a transaction that was refused; `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        match &self.to {
            Target::Transaction(request) => {
                let record = draft.record_of(request, "parent")?;
                if let Outcome::Refused(_) = record.outcome {
                    let refusal = Refusal::new(Reason::NotFound).on("parent");
                    return Err(refusal.with("name", self.to.path()).into());
                }
            }
            Target::Meeting(group, meeting) => {
                draft.require(&meeting_name(group, meeting), "parent")?;
            }
        }
        let row = Attachment {
            sha256: self.sha256.to_vec(),
            sort: self.sort as i32,
            size: self.size,
            entity: self.entity.to_string(),
        };
        draft.create(self.to.attachment(&self.sha256), Row::Attachment(row), "sha256")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_first_bytes() {
        assert_eq!(sort_of(b"%PDF-1.7 ..."), Some(AttachmentSort::Pdf));
        assert_eq!(sort_of(b"\xff\xd8\xff\xe0"), Some(AttachmentSort::Jpeg));
        assert_eq!(sort_of(b"\x89PNG\r\n\x1a\n"), Some(AttachmentSort::Png));
        for other in [&b"GIF89a"[..], b"", b"%PD", b"<html>", b"\x89PNG\n"] {
            assert_eq!(sort_of(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_file_is_named_after_its_hash() {
        let to = Target::Transaction(RequestId::new("setor-001").expect("an id"));
        let name = to.attachment(&[0xa5; 32]).to_string();
        assert_eq!(name, format!("transactions/setor-001/attachments/{}", "a5".repeat(32)));
    }
}
