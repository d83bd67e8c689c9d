//! A book as a folder that an auditor takes away: its records in bundles, the hashes of its tree,
//! a signed checkpoint, and the definitions that decode it all (C2SP tlog-tiles).
//!
//! A folder of a [`Span`] has the bundles that hold the span's records, and the hashes of all
//! records: enough to show that the span's are those of the checkpoint, and that another folder's
//! are the same. What stood before the span is not in it.
//!
//! **Invariant**: [`read`] trusts nothing in the folder. It makes every hash and balance anew from
//! the records; the tiles and the checkpoint have to agree with them. Hashes of records that are not
//! there are believed only together, as the root that the checkpoint signs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use crate::attachments::hash;
use crate::chain::checkpoint::{Checkpoint, ProofError};
use crate::chain::note::{CosignerKey, Note, PublicKey};
use crate::chain::tile::{self, Tile, Tiler, WIDTH};
use crate::chain::{Frontier, Hash, leaf_hash};
use crate::domain::account::Control;
use crate::domain::id::Id;
use crate::domain::money::Sen;
use crate::domain::record::proto::Attachment;
use crate::domain::record::{self, CodecError, Outcome};
use crate::verify::{Audit, Audited, Finding, SpanAudit, Spanned};

const README: &str = include_str!("audit_folder.md");
const PROTO: &str = include_str!("../../proto/simpul/record/v1/record.proto");
const CHECKPOINT: &str = "checkpoint";
/// The file that says which records are in the folder, where it has not all of them.
const SPAN: &str = "span";
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

/// The positions of some records, the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From 1.
    pub first: u64,
    /// At least the first.
    pub last: u64,
}

impl Span {
    fn parse(text: &str, size: u64) -> Option<Span> {
        let (first, last) = text.trim_end().split_once('-')?;
        let span = Span { first: first.parse().ok()?, last: last.parse().ok()? };
        (1 <= span.first && span.first <= span.last && span.last <= size).then_some(span)
    }

    fn has(&self, position: u64) -> bool {
        (self.first..=self.last).contains(&position)
    }

    /// Whether it has any of so many records after the first `before`.
    fn meets(&self, before: u64, count: usize) -> bool {
        self.first <= before.saturating_add(count as u64) && before < self.last
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Writes a folder while records come.
pub struct Writer {
    folder: PathBuf,
    tiler: Tiler,
    size: u64,
    /// What was chosen so far, and whether any of the last bundle was.
    chosen: Option<Span>,
    in_bundle: bool,
}

impl Writer {
    /// Begins a folder, which must not be there yet. Errors: `File`.
    pub fn new(folder: &Path) -> Result<Writer, FolderError> {
        let made = fs::create_dir(folder);
        made.map_err(|error| FolderError::File(folder.to_owned(), error))?;
        let folder = folder.to_owned();
        Ok(Writer { folder, tiler: Tiler::default(), size: 0, chosen: None, in_bundle: false })
    }

    /// Adds the next record, whether it is chosen or not; those chosen follow each other.
    /// Errors: `File`, `Damaged` for one too long.
    pub fn add(&mut self, record: &[u8], is_chosen: bool) -> Result<(), FolderError> {
        self.size += 1;
        if is_chosen {
            let first = self.chosen.map_or(self.size, |span| span.first);
            self.chosen = Some(Span { first, last: self.size });
            self.in_bundle = true;
        }
        let tiles = self.tiler.add(leaf_hash(record), record);
        let tiles = tiles.ok_or_else(|| FolderError::Damaged(self.folder.clone()))?;
        self.put(&tiles)
    }

    /// Writes tiles, but for bundles of records none of which is chosen.
    fn put(&mut self, tiles: &[Tile]) -> Result<(), FolderError> {
        for tile in tiles {
            if !tile.is_bundle() || mem::take(&mut self.in_bundle) {
                put(&self.folder, tile)?;
            }
        }
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

    /// Ends the folder with the checkpoint of just these records and the key that checks it, and says
    /// which were chosen.
    /// Errors: `File`, `Empty` if none was.
    pub fn finish(mut self, checkpoint: &str, key: &str) -> Result<Span, FolderError> {
        let tiles = mem::take(&mut self.tiler).finish();
        self.put(&tiles)?;
        let chosen = self.chosen.ok_or_else(|| FolderError::Empty(self.folder.clone()))?;
        let span = format!("{chosen}\n");
        let is_whole = chosen == Span { first: 1, last: self.size };
        let mut files = vec![
            (CHECKPOINT, checkpoint),
            (KEY, key),
            ("README.md", README),
            ("record.proto", PROTO),
        ];
        files.extend((!is_whole).then_some((SPAN, span.as_str())));
        for (path, text) in files {
            put(&self.folder, &Tile { path: path.to_owned(), bytes: text.as_bytes().to_vec() })?;
        }
        Ok(chosen)
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
    /// What the records come to.
    pub content: Content,
    /// How many files of attachments are in the folder, each as the records say.
    pub attached: usize,
    /// The hashes of attachments whose files are not in the folder, such as those that were erased.
    pub absent: BTreeSet<String>,
    /// What in the records is not as it must be; empty for a sound book.
    pub findings: Vec<Finding>,
}

/// What the records of a folder come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// All of them: the total of every control account (sen, debit positive).
    Whole(BTreeMap<Control, Sen>),
    /// Some of them, and what they moved.
    Part(Span, Spanned),
}

/// What reads the records of a folder.
enum Reading {
    Whole(Box<Audit>),
    Part(Span, SpanAudit),
}

impl Reading {
    fn new(book: Id, span: Option<Span>) -> Reading {
        match span {
            None => Reading::Whole(Box::new(Audit::new(book))),
            Some(span) => Reading::Part(span, SpanAudit::new(book)),
        }
    }

    fn read(&mut self, position: u64, bytes: &[u8]) {
        match self {
            Reading::Whole(audit) => audit.read(bytes),
            Reading::Part(_, audit) => audit.read(position, bytes),
        }
    }

    fn finish(self) -> (Content, Vec<Attachment>, Vec<Finding>) {
        match self {
            Reading::Whole(audit) => {
                let Audited { totals, attachments, findings } = audit.finish();
                (Content::Whole(totals), attachments, findings)
            }
            Reading::Part(span, audit) => {
                let mut spanned = audit.finish();
                let attachments = mem::take(&mut spanned.attachments);
                let findings = mem::take(&mut spanned.findings);
                (Content::Part(span, spanned), attachments, findings)
            }
        }
    }
}

/// Rebuilds a book, or a span of it, from a folder, and notes the book's root at an earlier size. The
/// checkpoint must be signed by `key`; without one, by the key in the folder, which proves no more
/// than that the folder agrees with itself.
///
/// Errors: every [`FolderError`].
pub fn read(
    folder: &Path,
    key: Option<&PublicKey>,
    earlier: Option<u64>,
) -> Result<Proven, FolderError> {
    let checkpoint = checkpoint(folder, key)?;
    let mut parts = Parts::of(folder, checkpoint.size)?;
    let mut reading: Option<(Id, Reading)> = None;
    let (mut tiler, mut frontier, mut root_then) = (Tiler::default(), Frontier::default(), None);
    while let Some(part) = parts.next()? {
        for leaf in &part.leaves {
            frontier.append(*leaf);
            for tile in tiler.add_leaf(*leaf) {
                same(folder, &tile)?;
            }
            if earlier == Some(frontier.size()) {
                root_then = Some(frontier.root());
            }
        }
        for (position, bytes) in part.records()? {
            if parts.span.is_some_and(|span| !span.has(position)) {
                continue;
            }
            let (_, reading) = match &mut reading {
                Some(reading) => reading,
                none => {
                    let unread = |error| FolderError::Record(position, error);
                    let book = record::decode(bytes).map_err(unread)?.book;
                    none.insert((book.clone(), Reading::new(book, parts.span)))
                }
            };
            reading.read(position, bytes);
        }
    }
    for tile in tiler.finish() {
        same(folder, &tile)?;
    }
    let (book, reading) = reading.ok_or_else(|| FolderError::Empty(folder.to_owned()))?;
    if (frontier.size(), frontier.root()) != (checkpoint.size, checkpoint.root) {
        return Err(FolderError::OtherRoot);
    }
    let (content, attachments, findings) = reading.finish();
    let (mut attached, mut absent) = (0, BTreeSet::new());
    for attachment in &attachments {
        match is_attached(folder, attachment)? {
            true => attached += 1,
            false => drop(absent.insert(hex::encode(&attachment.sha256))),
        }
    }
    Ok(Proven { book, checkpoint, earlier: root_then, content, attached, absent, findings })
}

/// What every control account came to before a position, by the records of an earlier folder; none
/// when it does not have all of them. They have to be those whose hashes the later folder has, which
/// was read and proved.
///
/// Errors: `File`, `Damaged`, `Record`, `OtherRoot`.
pub fn totals_before(
    position: u64,
    (earlier, then): (&Path, &Checkpoint),
    (folder, now): (&Path, &Checkpoint),
) -> Result<Option<BTreeMap<Control, Sen>>, FolderError> {
    let (mut old, mut new) = (Parts::of(earlier, then.size)?, Parts::of(folder, now.size)?);
    let mut totals: BTreeMap<Control, Sen> = BTreeMap::new();
    if old.span.is_some() || then.size.saturating_add(1) < position {
        return Ok(None);
    }
    while let (Some(old), Some(new)) = (old.next()?, new.next()?) {
        for ((at, bytes), leaf) in old.records()?.into_iter().zip(&new.leaves) {
            if at == position {
                return Ok(Some(totals));
            }
            if leaf_hash(bytes) != *leaf {
                return Err(FolderError::OtherRoot);
            }
            let record = record::decode(bytes).map_err(|error| FolderError::Record(at, error))?;
            let Outcome::Done(effect) = record.outcome else { continue };
            for entry in effect.entries {
                let total = totals.entry(entry.account.control()).or_default();
                let sum = total.plus(entry.amount);
                *total = sum.map_err(|_| FolderError::Damaged(old.path.clone()))?;
            }
        }
    }
    Ok(Some(totals))
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
    let (mut old, mut new) = (Parts::of(earlier, then.size)?, Parts::of(folder, now.size)?);
    while let Some(old) = old.next()? {
        let others = new.next()?.map(|new| new.leaves).unwrap_or_default();
        let differs = |at: &usize| others.get(*at) != old.leaves.get(*at);
        if let Some(at) = (0..old.leaves.len()).find(differs) {
            return Ok(Some(old.before + at as u64 + 1));
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

/// The records of a folder and the hashes of those it has not, 256 at a time.
struct Parts<'a> {
    folder: &'a Path,
    size: u64,
    /// Which records there are; none for all.
    span: Option<Span>,
    next: u64,
}

/// 256 records or fewer.
struct Part {
    /// How many come before.
    before: u64,
    leaves: Vec<Hash>,
    path: PathBuf,
    /// The records, if they are there.
    bundle: Option<Vec<u8>>,
}

impl Part {
    /// Positions and records, those that are there.
    fn records(&self) -> Result<Vec<(u64, &[u8])>, FolderError> {
        let Some(bundle) = &self.bundle else { return Ok(Vec::new()) };
        let records =
            tile::entries(bundle).ok_or_else(|| FolderError::Damaged(self.path.clone()))?;
        Ok((self.before + 1..).zip(records).collect())
    }
}

impl<'a> Parts<'a> {
    /// Of a folder with so many records. Errors: `File`, `Damaged` for a span that is none.
    fn of(folder: &'a Path, size: u64) -> Result<Parts<'a>, FolderError> {
        let path = folder.join(SPAN);
        let span = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(FolderError::File(path, error)),
            Ok(text) => match Span::parse(&text, size) {
                Some(span) => Some(span),
                None => return Err(FolderError::Damaged(path)),
            },
        };
        Ok(Parts { folder, size, span, next: 0 })
    }

    fn next(&mut self) -> Result<Option<Part>, FolderError> {
        let before = self.next.saturating_mul(WIDTH as u64);
        let left = self.size.saturating_sub(before);
        if left == 0 {
            return Ok(None);
        }
        let width = usize::try_from(left).map_or(WIDTH, |left| left.min(WIDTH));
        let is_there = self.span.is_none_or(|span| span.meets(before, width));
        let path = self.folder.join(match is_there {
            true => tile::entries_path(self.next, width),
            false => tile::hashes_path(0, self.next, width),
        });
        let bytes = fs::read(&path).map_err(|error| FolderError::File(path.clone(), error))?;
        let leaves = match is_there {
            true => tile::entries(&bytes)
                .map(|records| records.into_iter().map(leaf_hash).collect::<Vec<_>>()),
            false => tile::hashes(&bytes).map(<[Hash]>::to_vec),
        };
        let leaves = leaves.filter(|leaves| leaves.len() == width);
        let leaves = leaves.ok_or_else(|| FolderError::Damaged(path.clone()))?;
        self.next += 1;
        Ok(Some(Part { before, leaves, path, bundle: is_there.then_some(bytes) }))
    }
}
