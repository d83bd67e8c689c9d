//! Signed checkpoints ([C2SP tlog-checkpoint](https://c2sp.org/tlog-checkpoint)) and receipts
//! ([C2SP tlog-proof](https://c2sp.org/tlog-proof)): what an auditor keeps, and what a member can
//! check without asking anyone.
//!
//! **Invariant**: what [`Receipt::verify`] accepts is the bytes of a record that stood at that
//! position of the tree whose checkpoint the key has signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::chain::note::{Note, NoteError, PublicKey, SecretKey};
use crate::chain::proof::included_root;
use crate::chain::{Hash, leaf_hash, qr};

/// The first line of a receipt.
const PROOF: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes of a proof: a tree of 2^63 leaves has no more.
const MOST_HASHES: usize = 64;

/// A book's size and root, under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log: the name of the key that signs it.
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// The root over their leaf hashes.
    pub root: Hash,
}

/// Why a checkpoint or receipt proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The note or the signature is not sound.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is not a checkpoint.
    #[error("the note is not a checkpoint")]
    NotCheckpoint,
    /// The checkpoint is of another log than the key's.
    #[error("the checkpoint is of another book than the key")]
    OtherLog,
    /// The text is not a receipt.
    #[error("this is not a receipt")]
    NotReceipt,
    /// The record is not what the checkpoint covers.
    #[error("the record is not in the book that the checkpoint describes")]
    NotIncluded,
}

impl Checkpoint {
    /// The checkpoint as a note signed by the book's key, whose name is the origin.
    ///
    /// Errors: `Malformed` for an origin of more than one line.
    pub fn sign(size: u64, root: &Hash, key: &SecretKey) -> Result<Note, NoteError> {
        let origin = key.public().name();
        let mut note = Note::new(format!("{origin}\n{size}\n{}\n", STANDARD.encode(root)))?;
        note.sign(key);
        Ok(note)
    }

    /// Reads a checkpoint that the key has signed.
    ///
    /// Errors: those of the note, `NotCheckpoint`, `OtherLog`.
    pub fn open(note: &Note, key: &PublicKey) -> Result<Checkpoint, ProofError> {
        note.verify(key)?;
        let checkpoint = Checkpoint::read(note.text()).ok_or(ProofError::NotCheckpoint)?;
        match checkpoint.origin == key.name() {
            true => Ok(checkpoint),
            false => Err(ProofError::OtherLog),
        }
    }

    /// Reads the text of a checkpoint; nothing of it is proved.
    pub(crate) fn read(text: &str) -> Option<Checkpoint> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok()?;
        let root = hash(root)?;
        let sound =
            !origin.is_empty() && number.to_string() == size && lines.all(|l| !l.is_empty());
        sound.then(|| Checkpoint { origin: origin.to_owned(), size: number, root })
    }
}

fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A record with the proof that a signed checkpoint covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The record's position, 1 for the first.
    pub position: u64,
    /// The bytes of the record, as stored.
    pub record: Vec<u8>,
    /// The inclusion proof.
    pub proof: Vec<Hash>,
    /// The checkpoint, signed.
    pub checkpoint: Note,
}

impl Receipt {
    /// Reads what `Display` wrote, or the texts of QR codes.
    ///
    /// Errors: `NotReceipt`, `Malformed` for the checkpoint, `NotIncluded`.
    pub fn parse(text: &str) -> Result<Receipt, ProofError> {
        if text.trim_start().starts_with(qr::MARK) {
            return qr::read(text);
        }
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(ProofError::NotReceipt)?;
        let (position, record, proof) = Receipt::read(proof).ok_or(ProofError::NotReceipt)?;
        Ok(Receipt { position, record, proof, checkpoint: Note::parse(checkpoint)? })
    }

    fn read(text: &str) -> Option<(u64, Vec<u8>, Vec<Hash>)> {
        let mut lines = text.lines();
        if lines.next()? != PROOF {
            return None;
        }
        let record = STANDARD.decode(lines.next()?.strip_prefix("extra ")?).ok()?;
        let index: u64 = lines.next()?.strip_prefix("index ")?.parse().ok()?;
        let proof = lines.map(hash).take(MOST_HASHES + 1).collect::<Option<Vec<Hash>>>()?;
        (proof.len() <= MOST_HASHES).then_some((index.checked_add(1)?, record, proof))
    }

    /// Checks the receipt with nothing but the book's public key.
    ///
    /// Errors: those of [`Checkpoint::open`], `NotIncluded`.
    pub fn verify(&self, key: &PublicKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let index = self.position.checked_sub(1).ok_or(ProofError::NotIncluded)?;
        let root = included_root(leaf_hash(&self.record), index, checkpoint.size, &self.proof);
        match root == Some(checkpoint.root) {
            true => Ok(checkpoint),
            false => Err(ProofError::NotIncluded),
        }
    }
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{PROOF}\nextra {}", STANDARD.encode(&self.record))?;
        writeln!(f, "index {}", self.position.saturating_sub(1))?;
        for hash in &self.proof {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
