//! The tiles of a tree, as [C2SP tlog-tiles](https://c2sp.org/tlog-tiles) lays them out in files:
//! 256 hashes, or 256 records, in each; what is not full yet has its width in its name.
//!
//! **Invariant**: the hash at an index of one level is the root of the tile of that number below.

use std::mem;

use crate::chain::{Hash, root};

/// Hashes or records in a full tile.
pub const WIDTH: usize = 256;

/// A tile as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The path below the log's folder.
    pub path: String,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

impl Tile {
    /// Whether it holds records, rather than hashes.
    pub fn is_bundle(&self) -> bool {
        self.path.starts_with("tile/entries/")
    }
}

/// The path of a tile of hashes.
pub fn hashes_path(level: usize, index: u64, width: usize) -> String {
    path(&level.to_string(), index, width)
}

/// The path of a bundle of records.
pub fn entries_path(index: u64, width: usize) -> String {
    path("entries", index, width)
}

fn path(kind: &str, index: u64, width: usize) -> String {
    let (mut left, mut number) = (index / 1000, format!("{:03}", index % 1000));
    while left > 0 {
        number = format!("x{:03}/{number}", left % 1000);
        left /= 1000;
    }
    match width {
        WIDTH => format!("tile/{kind}/{number}"),
        _ => format!("tile/{kind}/{number}.p/{width}"),
    }
}

/// A record as a bundle holds it: its length in two bytes, then itself. `None` when it is longer
/// than two bytes can tell.
pub fn entry(record: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(record.len()).ok()?;
    Some([length.to_be_bytes().as_slice(), record].concat())
}

/// The hashes of a tile; `None` when it is not one.
pub fn hashes(tile: &[u8]) -> Option<&[Hash]> {
    let (hashes, rest) = tile.as_chunks();
    rest.is_empty().then_some(hashes)
}

/// The records of a bundle; `None` when it is not one.
pub fn entries(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut records = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (record, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        records.push(record);
        bundle = rest;
    }
    bundle.is_empty().then_some(records)
}

/// Makes the tiles of a tree that grows.
#[derive(Debug, Default)]
pub struct Tiler {
    /// For each level, how many tiles are full and the hashes of the one that is not.
    levels: Vec<(u64, Vec<Hash>)>,
    bundle: (u64, usize, Vec<u8>),
}

impl Tiler {
    /// Adds a record with its leaf hash; returns the tiles that are full now. `None` for a record
    /// that no bundle can hold.
    pub fn add(&mut self, leaf: Hash, record: &[u8]) -> Option<Vec<Tile>> {
        let mut full = Vec::new();
        let (index, width, bytes) = &mut self.bundle;
        bytes.extend(entry(record)?);
        *width += 1;
        if *width == WIDTH {
            full.push(Tile { path: entries_path(*index, WIDTH), bytes: mem::take(bytes) });
            (*index, *width) = (*index + 1, 0);
        }
        full.extend(self.add_leaf(leaf));
        Some(full)
    }

    /// Adds a leaf hash alone; returns the tiles of hashes that are full now. Whoever does so makes no
    /// bundles.
    pub fn add_leaf(&mut self, leaf: Hash) -> Vec<Tile> {
        let mut full = Vec::new();
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push((0, Vec::new()));
            }
            let (index, hashes) = &mut self.levels[level];
            hashes.push(hash);
            if hashes.len() < WIDTH {
                break;
            }
            hash = root(hashes);
            let bytes = mem::take(hashes).concat();
            full.push(Tile { path: hashes_path(level, *index, WIDTH), bytes });
            *index += 1;
        }
        full
    }

    /// The tiles that are not full.
    pub fn finish(self) -> Vec<Tile> {
        let mut tiles = Vec::new();
        let (index, width, bytes) = self.bundle;
        if width > 0 {
            tiles.push(Tile { path: entries_path(index, width), bytes });
        }
        for (level, (index, hashes)) in self.levels.into_iter().enumerate() {
            if !hashes.is_empty() {
                let path = hashes_path(level, index, hashes.len());
                tiles.push(Tile { path, bytes: hashes.concat() });
            }
        }
        tiles
    }
}
