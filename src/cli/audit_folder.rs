//! A book as a folder that an auditor takes away: its records in bundles, the hashes of its tree,
//! a signed checkpoint, and the definitions that decode it all (C2SP tlog-tiles).
//!
//! **Invariant**: [`read`] trusts nothing in the folder. It makes every hash and balance anew from
//! the records; the tiles and the checkpoint have to agree with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::attachments::hash;
use crate::chain::checkpoint::{Checkpoint, ProofError};
use crate::chain::note::{CosignerKey, Note, PublicKey};
use crate::chain::tile::{self, Tile, Tiler, WIDTH};
use crate::chain::{Hash, leaf_hash};
use crate::domain::account::Control;
use crate::domain::id::Id;
use crate::domain::money::Sen;
use crate::domain::record::proto::Attachment;
use crate::domain::record::{self, CodecError};
use crate::verify::{Audit, Audited, Finding};

const README: &str = include_str!("audit_folder.md");
const PROTO: &str = include_str!("../../proto/simpul/record/v1/record.proto");
const CHECKPOINT: &str = "checkpoint";
/// The file of the key that signed.
pub const KEY: &str = "key.pub";
/// The folder of photos and scans.
pub const ATTACHMENTS: &str = "attachments";

/// Why a folder could not be written or proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file cannot be used.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A file is not what its name says.
    #[error("{0} is damaged")]
    Damaged(PathBuf),
    /// A record cannot be read.
    #[error("record {0} cannot be read: {1}")]
    Record(u64, CodecError),
    /// The checkpoint proves nothing.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] ProofError),
    /// The records are not those of the checkpoint.
    #[error("the records do not have the root that the checkpoint signs")]
    OtherRoot,
    /// There are no records.
    #[error("{0} holds no records")]
    Empty(PathBuf),
}

/// Writes a folder while records come.
pub struct Writer {
    folder: PathBuf,
    tiler: Tiler,
    size: u64,
}

impl Writer {
    /// Begins a folder, which must not be there yet. Errors: `File`.
    pub fn new(folder: &Path) -> Result<Writer, FolderError> {
        let made = fs::create_dir(folder);
        made.map_err(|error| FolderError::File(folder.to_owned(), error))?;
        Ok(Writer { folder: folder.to_owned(), tiler: Tiler::default(), size: 0 })
    }

    /// Adds the next record. Errors: `File`, `Damaged` for one too long.
    pub fn add(&mut self, record: &[u8]) -> Result<(), FolderError> {
        let tiles = self.tiler.add(leaf_hash(record), record);
        for tile in tiles.ok_or_else(|| FolderError::Damaged(self.folder.clone()))? {
            put(&self.folder, &tile)?;
        }
        self.size += 1;
        Ok(())
    }

    /// Adds the file of an attachment, under the hash it has. Errors: `File`.
    pub fn attach(&self, bytes: &[u8]) -> Result<(), FolderError> {
        let path = format!("{ATTACHMENTS}/{}", hash(bytes));
        put(&self.folder, &Tile { path, bytes: bytes.to_vec() })
    }

    /// How many records there are so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Ends the folder with the checkpoint of just these records and the key that checks it.
    /// Errors: `File`.
    pub fn finish(self, checkpoint: &str, key: &str) -> Result<(), FolderError> {
        for tile in self.tiler.finish() {
            put(&self.folder, &tile)?;
        }
        let files =
            [(CHECKPOINT, checkpoint), (KEY, key), ("README.md", README), ("record.proto", PROTO)];
        for (path, text) in files {
            put(&self.folder, &Tile { path: path.to_owned(), bytes: text.as_bytes().to_vec() })?;
        }
        Ok(())
    }
}

fn put(folder: &Path, tile: &Tile) -> Result<(), FolderError> {
    let path = folder.join(&tile.path);
    let parent = path.parent().unwrap_or(folder);
    let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, &tile.bytes));
    written.map_err(|error| FolderError::File(path, error))
}

/// What a folder proves.
pub struct Proven {
    /// The book.
    pub book: Id,
    /// The checkpoint that its records have.
    pub checkpoint: Checkpoint,
    /// The root at the earlier size, if the book reaches it.
    pub earlier: Option<Hash>,
    /// The total of every control account (sen, debit positive).
    pub totals: BTreeMap<Control, Sen>,
    /// How many files of attachments are in the folder, each as the records say.
    pub attached: usize,
    /// The hashes of attachments whose files are not in the folder, such as those that were erased.
    pub absent: BTreeSet<String>,
    /// What in the records is not as it must be; empty for a sound book.
    pub findings: Vec<Finding>,
}

/// Rebuilds a book from a folder, and notes its root at an earlier size. The checkpoint must be
/// signed by `key`; without one, by the key in the folder, which proves no more than that the
/// folder agrees with itself.
///
/// Errors: every [`FolderError`].
pub fn read(
    folder: &Path,
    key: Option<&PublicKey>,
    earlier: Option<u64>,
) -> Result<Proven, FolderError> {
    let checkpoint = checkpoint(folder, key)?;
    let mut records = Records { folder, size: checkpoint.size, next: 0 };
    let mut audit: Option<(Id, Audit)> = None;
    let (mut tiler, mut root_then) = (Tiler::default(), None);
    while let Some(bundle) = records.bundle()? {
        for bytes in bundle.records()? {
            let (_, audit) = match &mut audit {
                Some(audit) => audit,
                none => {
                    let first = record::decode(bytes).map_err(|e| FolderError::Record(1, e))?;
                    none.insert((first.book.clone(), Audit::new(first.book)))
                }
            };
            audit.read(bytes);
            let tiles = tiler.add(leaf_hash(bytes), bytes);
            for tile in tiles.ok_or_else(|| FolderError::Damaged(bundle.path.clone()))? {
                same(folder, &tile)?;
            }
            if earlier == Some(audit.size()) {
                root_then = Some(audit.root());
            }
        }
    }
    for tile in tiler.finish() {
        same(folder, &tile)?;
    }
    let (book, audit) = audit.ok_or_else(|| FolderError::Empty(folder.to_owned()))?;
    if (audit.size(), audit.root()) != (checkpoint.size, checkpoint.root) {
        return Err(FolderError::OtherRoot);
    }
    let Audited { totals, attachments, findings } = audit.finish();
    let (mut attached, mut absent) = (0, BTreeSet::new());
    for attachment in &attachments {
        match is_attached(folder, attachment)? {
            true => attached += 1,
            false => drop(absent.insert(hex::encode(&attachment.sha256))),
        }
    }
    Ok(Proven { book, checkpoint, earlier: root_then, totals, attached, absent, findings })
}

/// Whether the file of an attachment is in a folder. Errors: `Damaged` for another one, `File`.
pub fn is_attached(folder: &Path, attachment: &Attachment) -> Result<bool, FolderError> {
    let meant = hex::encode(&attachment.sha256);
    let path = folder.join(ATTACHMENTS).join(&meant);
    match fs::read(&path) {
        Ok(bytes) if hash(&bytes) == meant && bytes.len() as u64 == attachment.size => Ok(true),
        Ok(_) => Err(FolderError::Damaged(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FolderError::File(path, error)),
    }
}

/// The position of the first record of an earlier folder that another does not have there; none
/// when it has all of them. The checkpoints say how many there should be.
///
/// Errors: `File`, `Damaged`.
pub fn first_difference(
    (earlier, then): (&Path, &Checkpoint),
    (folder, now): (&Path, &Checkpoint),
) -> Result<Option<u64>, FolderError> {
    let mut old = Records { folder: earlier, size: then.size, next: 0 };
    let mut new = Records { folder, size: now.size, next: 0 };
    let mut position = 0;
    while let Some(old) = old.bundle()? {
        let new = new.bundle()?;
        let mut others = new.as_ref().map(Bundle::records).transpose()?.unwrap_or_default();
        others.reverse();
        for record in old.records()? {
            position += 1;
            if others.pop() != Some(record) {
                return Ok(Some(position));
            }
        }
    }
    Ok(None)
}

/// The checkpoint of a folder.
///
/// Errors: `File`, `Damaged` for a key that is none, `Checkpoint`.
pub fn checkpoint(folder: &Path, key: Option<&PublicKey>) -> Result<Checkpoint, FolderError> {
    let own;
    let key = match key {
        Some(key) => key,
        None => {
            let path = folder.join(KEY);
            let text = text(&path)?;
            own = PublicKey::parse(text.trim()).map_err(|_| FolderError::Damaged(path))?;
            &own
        }
    };
    Ok(Checkpoint::open(&note(folder)?, key)?)
}

/// When a second key last signed the checkpoint of a folder, in seconds since
/// 1970-01-01T00:00:00Z.
///
/// Errors: `File`, `Checkpoint` when it did not.
pub fn cosigned(folder: &Path, key: &CosignerKey) -> Result<u64, FolderError> {
    Ok(note(folder)?.cosigned(key).map_err(ProofError::from)?)
}

fn note(folder: &Path) -> Result<Note, FolderError> {
    Ok(Note::parse(&text(&folder.join(CHECKPOINT))?).map_err(ProofError::from)?)
}

fn text(path: &Path) -> Result<String, FolderError> {
    fs::read_to_string(path).map_err(|error| FolderError::File(path.to_owned(), error))
}

/// Compares a tile that was made anew with the one in the folder.
fn same(folder: &Path, tile: &Tile) -> Result<(), FolderError> {
    let path = folder.join(&tile.path);
    match fs::read(&path) {
        Ok(bytes) if bytes == tile.bytes => Ok(()),
        Ok(_) => Err(FolderError::Damaged(path)),
        Err(error) => Err(FolderError::File(path, error)),
    }
}

/// The bundles of a folder, one after the other.
struct Records<'a> {
    folder: &'a Path,
    size: u64,
    next: u64,
}

struct Bundle {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Bundle {
    fn records(&self) -> Result<Vec<&[u8]>, FolderError> {
        tile::entries(&self.bytes).ok_or_else(|| FolderError::Damaged(self.path.clone()))
    }
}

impl Records<'_> {
    fn bundle(&mut self) -> Result<Option<Bundle>, FolderError> {
        let left = self.size.saturating_sub(self.next.saturating_mul(WIDTH as u64));
        if left == 0 {
            return Ok(None);
        }
        let width = usize::try_from(left).map_or(WIDTH, |left| left.min(WIDTH));
        let path = self.folder.join(tile::entries_path(self.next, width));
        let bytes = fs::read(&path).map_err(|error| FolderError::File(path.clone(), error))?;
        self.next += 1;
        Ok(Some(Bundle { path, bytes }))
    }
}
