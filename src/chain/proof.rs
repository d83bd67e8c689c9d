//! Inclusion and consistency proofs (RFC 9162 sections 2.1.3 and 2.1.4) in O(log n) reads.
//!
//! A record is stored with the roots of the perfect subtrees that it completes, so the root of any
//! perfect subtree is read in one place: the `level`-th hash of its last record ([`Node`]).
//!
//! **Invariant**: a [`Plan`] names every hash that its proof needs, and no other.

use crate::chain::{Hash, fold, node_hash};

/// A perfect subtree: the `index`-th run of 2^`level` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// 0 for a leaf.
    pub level: u32,
    /// From 0.
    pub index: u64,
}

impl Node {
    /// The position of the record that completes the subtree, from 1: its hash is the `level`-th
    /// of that record's hashes, from 0.
    pub fn position(&self) -> u64 {
        (self.index + 1) << self.level
    }
}

/// The nodes a proof is made of: each of its hashes covers a run of leaves, which is a list of
/// perfect subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(Vec<Vec<Node>>);

impl Plan {
    /// What proves that the leaf `index` (from 0) is in the tree of `size` leaves; `None` when it
    /// is not.
    pub fn inclusion(index: u64, size: u64) -> Option<Plan> {
        if index >= size {
            return None;
        }
        let (mut begin, mut end, mut runs) = (0, size, Vec::new());
        while end - begin > 1 {
            let middle = split(begin, end);
            if index < middle {
                runs.push(perfect(middle, end));
                end = middle;
            } else {
                runs.push(perfect(begin, middle));
                begin = middle;
            }
        }
        runs.reverse();
        Some(Plan(runs))
    }

    /// What proves that the tree of `new` leaves extends the tree of `old` leaves; `None` when
    /// `old` is larger. The proof is empty for equal sizes and for an empty old tree.
    pub fn consistency(old: u64, new: u64) -> Option<Plan> {
        if old > new {
            return None;
        }
        if old == 0 {
            return Some(Plan::default());
        }
        let (mut begin, mut end, mut runs) = (0, new, Vec::new());
        while end != old {
            let middle = split(begin, end);
            if old <= middle {
                runs.push(perfect(middle, end));
                end = middle;
            } else {
                runs.push(perfect(begin, middle));
                begin = middle;
            }
        }
        // The verifier knows the old root already when it is the root of this very subtree.
        if begin > 0 {
            runs.push(perfect(begin, end));
        }
        runs.reverse();
        Some(Plan(runs))
    }

    /// What the root of the first `size` leaves is made of.
    pub fn root(size: u64) -> Plan {
        Plan(vec![perfect(0, size)])
    }

    /// The nodes to read, in order.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.0.iter().flatten()
    }

    /// The proof, given the hashes of [`Plan::nodes`]; `None` when they are not as many.
    pub fn prove(&self, hashes: &[Hash]) -> Option<Vec<Hash>> {
        let mut rest = hashes;
        let mut proof = Vec::with_capacity(self.0.len());
        for run in &self.0 {
            let (own, others) = rest.split_at_checked(run.len())?;
            proof.push(fold(own));
            rest = others;
        }
        rest.is_empty().then_some(proof)
    }
}

/// Where a run of more than one leaf divides: after the largest power of two below its length.
fn split(begin: u64, end: u64) -> u64 {
    begin + (end - begin).next_power_of_two() / 2
}

/// The perfect subtrees of a run that begins where the tree divides.
fn perfect(begin: u64, end: u64) -> Vec<Node> {
    let (mut at, mut nodes) = (begin, Vec::new());
    while at < end {
        let level = (end - at).ilog2();
        nodes.push(Node { level, index: at >> level });
        at += 1 << level;
    }
    nodes
}

/// The root that an inclusion proof leads to, for a leaf `index` (from 0) of a tree of `size`
/// leaves; `None` when no such proof can be.
pub fn included_root(leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, size.checked_sub(1)?);
    if at > last {
        return None;
    }
    let mut root = leaf;
    for hash in proof {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node_hash(hash, &root);
            skip_lone_edges(&mut at, &mut last);
        } else {
            root = node_hash(&root, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// Whether a proof shows that a tree of `new.0` leaves with root `new.1` begins with the tree
/// `old`. Every tree extends the empty one.
pub fn is_consistent(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> bool {
    if old.0 == 0 || old.0 == new.0 {
        return proof.is_empty() && (old.0 == 0 || old.1 == new.1);
    }
    consistent_roots(old, new.0, proof) == Some((old.1, new.1))
}

/// The old and the new root that a consistency proof leads to.
fn consistent_roots(old: (u64, Hash), new_size: u64, proof: &[Hash]) -> Option<(Hash, Hash)> {
    let (mut at, mut last) = (old.0.checked_sub(1)?, new_size.checked_sub(1)?);
    if at > last {
        return None;
    }
    let shared = at.trailing_ones();
    (at, last) = (at >> shared, last >> shared);
    let (first, rest) = match old.0.is_power_of_two() {
        true => (old.1, proof),
        false => proof.split_first().map(|(first, rest)| (*first, rest))?,
    };
    let (mut old_root, mut new_root) = (first, first);
    for hash in rest {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            old_root = node_hash(hash, &old_root);
            new_root = node_hash(hash, &new_root);
            skip_lone_edges(&mut at, &mut last);
        } else {
            new_root = node_hash(&new_root, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some((old_root, new_root))
}

/// A subtree at the right edge without a left sibling moves up as it is.
fn skip_lone_edges(at: &mut u64, last: &mut u64) {
    while *at != 0 && *at & 1 == 0 {
        (*at, *last) = (*at >> 1, *last >> 1);
    }
}
