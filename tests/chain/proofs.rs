//! Inclusion and consistency proofs against `ct-merkle` and against Cloudflare's `tlog_tiles`.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use simpul::chain::proof::{Node, Plan, included_root, is_consistent};
use simpul::chain::{Frontier, Hash, leaf_hash};

use crate::tree::oracle_root;

/// A tree as it is stored: for each record, the hashes it completes.
struct Stored {
    oracle: MemoryBackedTree<Sha256, Vec<u8>>,
    hashes: Vec<Vec<Hash>>,
    roots: Vec<Hash>,
}

impl Stored {
    fn new(rng: &mut fastrand::Rng, size: u64) -> Stored {
        let mut frontier = Frontier::default();
        let mut stored = Stored {
            oracle: MemoryBackedTree::new(),
            hashes: Vec::new(),
            roots: vec![frontier.root()],
        };
        for _ in 0..size {
            let bytes: Vec<u8> = (0..rng.usize(..40)).map(|_| rng.u8(..)).collect();
            stored.hashes.push(frontier.append(leaf_hash(&bytes)));
            stored.roots.push(frontier.root());
            stored.oracle.push(bytes);
        }
        stored
    }

    fn size(&self) -> u64 {
        self.hashes.len() as u64
    }

    fn read(&self, node: &Node) -> Hash {
        self.hashes[usize::try_from(node.position()).unwrap() - 1][node.level as usize]
    }

    fn prove(&self, plan: &Plan) -> Vec<Hash> {
        let hashes: Vec<Hash> = plan.nodes().map(|node| self.read(node)).collect();
        plan.prove(&hashes).expect("as many hashes as nodes")
    }
}

fn concat(proof: &[Hash]) -> Vec<u8> {
    proof.concat()
}

/// Which bits of a hash are changed.
#[derive(Clone, Copy, PartialEq)]
enum Bits {
    /// Each in its turn.
    Every,
    /// One by chance.
    Any,
}

/// Hashes that differ from one in one bit.
fn flipped(hash: &Hash, bits: Bits, rng: &mut fastrand::Rng) -> Vec<Hash> {
    let bits = match bits {
        Bits::Every => 0..256,
        Bits::Any => {
            let bit = rng.usize(..256);
            bit..bit + 1
        }
    };
    let flip = |bit: usize| {
        let mut other = *hash;
        other[bit / 8] ^= 1 << (bit % 8);
        other
    };
    bits.map(flip).collect()
}

/// Every proof that differs in one bit, or lacks or doubles a hash.
fn altered(proof: &[Hash], bits: Bits, rng: &mut fastrand::Rng) -> Vec<Vec<Hash>> {
    let mut others = Vec::new();
    for at in 0..proof.len() {
        for hash in flipped(&proof[at], bits, rng) {
            let mut other = proof.to_vec();
            other[at] = hash;
            others.push(other);
        }
    }
    others.push(proof.iter().chain([&[7; 32]]).copied().collect());
    others.extend(proof.split_last().map(|(_, rest)| rest.to_vec()));
    others
}

#[test]
fn a_thousand_random_trees_prove_what_the_oracle_proves_and_nothing_else() {
    let mut rng = fastrand::Rng::with_seed(9_162);
    let mut small = 0;
    for tree in 0..1_000 {
        // Of every fourth tree, a small one, each bit of each hash; of the others one bit of each.
        let (size, bits) = match tree % 4 {
            0 => (rng.u64(1..=20), Bits::Every),
            _ => (rng.u64(1..200), Bits::Any),
        };
        small += u32::from(bits == Bits::Every);
        let stored = Stored::new(&mut rng, size);
        let root = stored.roots[size as usize];
        assert_eq!(root, oracle_root(&stored.oracle));

        let index = rng.u64(..size);
        let proof = stored.prove(&Plan::inclusion(index, size).unwrap());
        let oracle = stored.oracle.prove_inclusion(index as usize);
        assert_eq!(concat(&proof), oracle.as_bytes(), "inclusion of {index} in {size}");
        let leaf = stored.hashes[index as usize][0];
        assert_eq!(included_root(leaf, index, size, &proof), Some(root));
        for other in flipped(&leaf, bits, &mut rng) {
            assert_ne!(included_root(other, index, size, &proof), Some(root));
        }
        for other in flipped(&root, bits, &mut rng) {
            assert_ne!(included_root(leaf, index, size, &proof), Some(other));
        }
        for other in altered(&proof, bits, &mut rng) {
            assert_ne!(included_root(leaf, index, size, &other), Some(root));
        }
        assert!(Plan::inclusion(size, size).is_none());

        let old = rng.u64(1..=size);
        let proof = stored.prove(&Plan::consistency(old, size).unwrap());
        if old < size {
            let oracle = stored.oracle.prove_consistency((size - old) as usize);
            assert_eq!(concat(&proof), oracle.as_bytes(), "{size} extends {old}");
        }
        let (before, after) = ((old, stored.roots[old as usize]), (size, root));
        assert!(is_consistent(before, after, &proof));
        for other in flipped(&before.1, bits, &mut rng) {
            assert!(!is_consistent((old, other), after, &proof));
        }
        for other in flipped(&root, bits, &mut rng) {
            assert!(!is_consistent(before, (size, other), &proof));
        }
        for other in altered(&proof, bits, &mut rng) {
            assert!(!is_consistent(before, after, &other), "{size} extends {old}");
        }
        assert!(Plan::consistency(size + 1, size).is_none());
    }
    assert_eq!(small, 250);
}

#[test]
fn tlog_tiles_accepts_every_proof_of_small_trees() {
    use tlog_tiles::tlog::{Hash as Theirs, check_record, check_tree};
    let stored = Stored::new(&mut fastrand::Rng::with_seed(6_962), 40);
    let theirs = |hash: &Hash| Theirs(*hash);
    for size in 1..=stored.size() {
        let root = theirs(&stored.roots[size as usize]);
        for index in 0..size {
            let proof = stored.prove(&Plan::inclusion(index, size).unwrap());
            let proof = proof.iter().map(theirs).collect();
            let leaf = theirs(&stored.hashes[index as usize][0]);
            check_record(&proof, size, root, index, leaf).expect("their check of inclusion");
        }
        for old in 1..=size {
            let proof = stored.prove(&Plan::consistency(old, size).unwrap());
            let proof = proof.iter().map(theirs).collect();
            let before = theirs(&stored.roots[old as usize]);
            check_tree(&proof, size, root, old, before).expect("their check of consistency");
        }
    }
}

#[test]
fn the_reads_of_a_proof_grow_with_the_logarithm() {
    for power in [10, 20, 40, 60] {
        let size = (1 << power) - 1;
        let reads = |plan: Plan| plan.nodes().count();
        let inclusion = reads(Plan::inclusion(size / 3, size).unwrap());
        let consistency = reads(Plan::consistency(size / 3, size).unwrap());
        assert!(inclusion <= 2 * power && consistency <= 2 * power, "{inclusion} {consistency}");
    }
}

#[test]
fn everything_extends_nothing_and_itself() {
    let stored = Stored::new(&mut fastrand::Rng::with_seed(1), 5);
    let whole = (5, stored.roots[5]);
    assert!(is_consistent((0, stored.roots[0]), whole, &[]));
    assert!(is_consistent(whole, whole, &[]));
    assert!(!is_consistent(whole, (5, stored.roots[4]), &[]));
    assert!(!is_consistent(whole, whole, &[[0; 32]]));
    assert_eq!(included_root([0; 32], 0, 0, &[]), None);
}
