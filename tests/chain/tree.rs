//! The Merkle tree against an independent implementation of RFC 6962.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use simpul::chain::{Frontier, leaf_hash, root};

pub fn oracle_root(tree: &MemoryBackedTree<Sha256, Vec<u8>>) -> [u8; 32] {
    (*tree.root().as_bytes()).into()
}

#[test]
fn every_size_up_to_300_has_the_oracles_root() {
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut frontier = Frontier::default();
    let mut leaves = Vec::new();
    for size in 0..=300u64 {
        assert_eq!(frontier.size(), size);
        assert_eq!(frontier.roots().len(), size.count_ones() as usize, "size {size}");
        assert_eq!(frontier.root(), oracle_root(&tree), "frontier at size {size}");
        assert_eq!(root(&leaves), oracle_root(&tree), "list at size {size}");
        let bytes = size.to_be_bytes().repeat(1 + size as usize % 7);
        frontier.append(leaf_hash(&bytes));
        leaves.push(leaf_hash(&bytes));
        tree.push(bytes);
    }
}

#[test]
fn a_frontier_that_does_not_fit_its_size_is_refused() {
    assert!(Frontier::from_parts(3, vec![[0; 32]; 2]).is_some());
    assert!(Frontier::from_parts(3, vec![[0; 32]]).is_none());
    assert!(Frontier::from_parts(0, vec![[0; 32]]).is_none());
}

proptest! {
    #[test]
    fn random_trees_continued_from_stored_parts_have_the_oracles_root(
        leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..60),
        cut in 0usize..60,
    ) {
        let cut = cut.min(leaves.len());
        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        let mut frontier = Frontier::default();
        for (index, bytes) in leaves.into_iter().enumerate() {
            if index == cut {
                let stored = (frontier.size(), frontier.roots().to_vec());
                frontier = Frontier::from_parts(stored.0, stored.1).unwrap();
            }
            frontier.append(leaf_hash(&bytes));
            tree.push(bytes);
        }
        prop_assert_eq!(frontier.root(), oracle_root(&tree));
    }
}
