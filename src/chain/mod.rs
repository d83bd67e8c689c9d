//! The Merkle tree over a book's records, as RFC 6962 section 2.1 defines it, its proofs
//! ([`proof`]) and its signed checkpoints ([`note`], [`checkpoint`]), and receipts on paper ([`qr`]). Pure: it knows bytes, not
//! products.
//!
//! **Invariant**: a [`Frontier`] holds exactly as many roots as its size has one-bits, each the
//! root of a perfect subtree, largest first; it is all an append needs of the records before it.

pub mod checkpoint;
pub mod note;
pub mod proof;
pub mod qr;
pub mod tile;

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a record's bytes as a leaf.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// The hash of two subtrees as one.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The right edge of a tree: enough to append leaves and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// From stored parts; `None` when the number of roots does not belong to the size.
    pub fn from_parts(size: u64, roots: Vec<Hash>) -> Option<Frontier> {
        let fits = u32::try_from(roots.len()) == Ok(size.count_ones());
        fits.then_some(Frontier { size, roots })
    }

    /// Adds a leaf at the right. Returns it, and the roots of the perfect subtrees that it
    /// completes, smallest first.
    pub fn append(&mut self, leaf: Hash) -> Vec<Hash> {
        // Each trailing one-bit of the old size is a subtree that the new leaf joins.
        let joined = self.size.trailing_ones() as usize;
        let mut hashes = Vec::with_capacity(1 + joined);
        hashes.push(leaf);
        let mut root = leaf;
        for left in self.roots.drain(self.roots.len() - joined..).rev() {
            root = node_hash(&left, &root);
            hashes.push(root);
        }
        self.roots.push(root);
        self.size += 1;
        hashes
    }

    /// The root of the whole tree; of an empty one, the hash of nothing.
    pub fn root(&self) -> Hash {
        fold(&self.roots)
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }
}

/// The root over the roots of perfect subtrees, largest first; over none, the hash of nothing.
fn fold(roots: &[Hash]) -> Hash {
    let mut smallest_first = roots.iter().rev();
    match smallest_first.next() {
        None => Sha256::digest([]).into(),
        Some(last) => smallest_first.fold(*last, |right, left| node_hash(left, &right)),
    }
}

/// The root over a list of leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier.root()
}
