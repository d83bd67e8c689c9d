//! The Merkle tree, its proofs, notes and checkpoints, against implementations that are not ours.

mod notes;
mod proofs;
mod tiles;
mod tree;
