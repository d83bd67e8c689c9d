//! Tiles against Cloudflare's `tlog_tiles`: the same files, from which it reads the same root.

use std::collections::HashMap;

use simpul::chain::tile::{Tiler, WIDTH, entries, entries_path};
use simpul::chain::{leaf_hash, root};
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog::{self, Hash};

/// The files of a log, by path.
struct Files(HashMap<String, Vec<u8>>);

impl TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        // Their paths name the height, which C2SP leaves out.
        let path = |tile: &Tile| tile.path().replacen("tile/8/", "tile/", 1);
        Ok(tiles.iter().map(|tile| self.0[&path(tile)].clone()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[test]
fn their_reader_finds_the_root_in_our_tiles() {
    for size in [1u32, 255, 256, 257, 600, 66_000] {
        let records: Vec<Vec<u8>> = (0..size).map(|n| n.to_be_bytes().to_vec()).collect();
        let (mut tiler, mut files) = (Tiler::default(), HashMap::new());
        for record in &records {
            let full = tiler.add(leaf_hash(record), record).expect("it fits");
            files.extend(full.into_iter().map(|tile| (tile.path, tile.bytes)));
        }
        files.extend(tiler.finish().into_iter().map(|tile| (tile.path, tile.bytes)));
        let last = (size as usize - 1) / WIDTH;
        let width = size as usize - last * WIDTH;
        let bundle = &files[&entries_path(last as u64, width)];
        assert_eq!(entries(bundle).expect("a bundle"), records[last * WIDTH..]);
        assert!(entries(&bundle[..bundle.len() - 1]).is_none(), "cut short");

        let leaves: Vec<_> = records.iter().map(|record| leaf_hash(record)).collect();
        let files = Files(files);
        let reader = TileHashReader::new(size.into(), Hash(root(&leaves)), &files);
        let theirs = tlog::tree_hash(size.into(), &reader).expect("they accept the tiles");
        assert_eq!(theirs.0, root(&leaves), "{size}");
        // Every record is proved by what they read from the tiles.
        for index in [0, u64::from(size) / 2, u64::from(size) - 1] {
            tlog::prove_record(size.into(), index, &reader).expect("a proof from the tiles");
        }
    }
}
