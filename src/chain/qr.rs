//! Receipts as the text of QR codes, for paper.
//!
//! A receipt goes into as few bytes as it can, those into letters that a QR code packs well
//! (base45, RFC 9285), and where they are many, into several codes: `SIMPUL1:2/3:...:`. The last
//! colon keeps white space before it from being lost.
//!
//! **Invariant**: [`read`] gives back the receipt that [`texts`] was given, and no text but those
//! gives it: nothing but a receipt's own bytes passes for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::chain::checkpoint::{Checkpoint, ProofError, Receipt};
use crate::chain::note::Note;
use crate::chain::proof::included_root;
use crate::chain::{Hash, leaf_hash};

/// What every text begins with.
pub const MARK: &str = "SIMPUL1:";

/// The most bytes in one code: as large a code as a telephone reads from paper.
const PART: usize = 800;

/// The most codes that are worth printing; what is larger stays a file.
const MOST: usize = 9;

/// The texts of a receipt's codes, in order; `None` when it is too large for paper, or its
/// checkpoint is not one that the book's key alone has signed.
pub fn texts(receipt: &Receipt) -> Option<Vec<String>> {
    let bytes = pack(receipt)?;
    let parts = bytes.chunks(PART);
    let count = parts.len();
    let text = |(number, part): (usize, &[u8])| {
        format!("{MARK}{}/{count}:{}:", number + 1, base45::encode(part))
    };
    (count <= MOST).then(|| parts.enumerate().map(text).collect())
}

/// Reads the texts of all of a receipt's codes, one a line, in any order.
///
/// Errors: `NotReceipt`; `NotIncluded` when its proof leads nowhere.
pub fn read(text: &str) -> Result<Receipt, ProofError> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut parts = lines.map(part).collect::<Option<Vec<_>>>().ok_or(ProofError::NotReceipt)?;
    parts.sort();
    parts.dedup();
    let is_whole = !parts.is_empty()
        && parts.len() <= MOST
        && (1..).zip(&parts).all(|(at, (number, count, _))| *number == at && *count == parts.len());
    let bytes: Vec<u8> = parts.into_iter().flat_map(|(.., bytes)| bytes).collect();
    if is_whole { unpack(&bytes) } else { Err(ProofError::NotReceipt) }
}

/// The number, the count and the bytes of one code.
fn part(line: &str) -> Option<(usize, usize, Vec<u8>)> {
    let (head, text) = line.trim().strip_prefix(MARK)?.split_once(':')?;
    let text = text.strip_suffix(':')?;
    let (number, count) = head.split_once('/')?;
    let bytes = base45::decode(text).ok()?;
    let (number, count) = (number.parse().ok()?, count.parse().ok()?);
    let is_own = base45::encode(&bytes) == text && format!("{number}/{count}") == head;
    is_own.then_some((number, count, bytes))
}

/// Index, size, record, proof, origin, signature; the root is left out, as the proof leads to it.
fn pack(receipt: &Receipt) -> Option<Vec<u8>> {
    let checkpoint = Checkpoint::read(receipt.checkpoint.text())?;
    let signature = receipt.checkpoint.only_signature(&checkpoint.origin)?;
    let mut bytes = receipt.position.checked_sub(1)?.to_be_bytes().to_vec();
    bytes.extend(checkpoint.size.to_be_bytes());
    bytes.extend(u16::try_from(receipt.record.len()).ok()?.to_be_bytes());
    bytes.extend(&receipt.record);
    bytes.push(u8::try_from(receipt.proof.len()).ok()?);
    bytes.extend(receipt.proof.iter().flatten());
    bytes.push(u8::try_from(checkpoint.origin.len()).ok()?);
    bytes.extend(checkpoint.origin.as_bytes());
    bytes.extend(signature);
    let same = unpack(&bytes).ok()?;
    (same == *receipt).then_some(bytes)
}

fn unpack(bytes: &[u8]) -> Result<Receipt, ProofError> {
    let fields = Fields::read(bytes).ok_or(ProofError::NotReceipt)?;
    let Fields { index, size, record, proof, origin, signature } = fields;
    let root = included_root(leaf_hash(record), index, size, &proof);
    let root = root.ok_or(ProofError::NotIncluded)?;
    let text = format!("{origin}\n{size}\n{}\n", STANDARD.encode(root));
    let checkpoint = Note::signed(text, origin, signature)?;
    let position = index.checked_add(1).ok_or(ProofError::NotReceipt)?;
    Ok(Receipt { position, record: record.to_vec(), proof, checkpoint })
}

struct Fields<'a> {
    index: u64,
    size: u64,
    record: &'a [u8],
    proof: Vec<Hash>,
    origin: &'a str,
    signature: &'a [u8],
}

impl Fields<'_> {
    fn read(bytes: &[u8]) -> Option<Fields<'_>> {
        let (index, rest) = bytes.split_first_chunk::<8>()?;
        let (size, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (record, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let ([hashes], rest) = rest.split_first_chunk::<1>()?;
        let (proof, rest) = rest.split_at_checked(usize::from(*hashes) * size_of::<Hash>())?;
        let ([length], rest) = rest.split_first_chunk::<1>()?;
        let (origin, signature) = rest.split_at_checked((*length).into())?;
        let (proof, _) = proof.as_chunks();
        Some(Fields {
            index: u64::from_be_bytes(*index),
            size: u64::from_be_bytes(*size),
            record,
            proof: proof.to_vec(),
            origin: std::str::from_utf8(origin).ok()?,
            signature,
        })
    }
}
