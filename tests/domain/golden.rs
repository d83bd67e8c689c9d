//! Golden records: the bytes of every release decode for ever, to the same meaning.

use std::collections::BTreeMap;

use simpul::domain::record::{Outcome, Record, decode, encode};
use simpul::domain::state::{Key, Value};

use crate::stories;
use crate::village::Village;

/// One record per line: position, then the stored bytes in hex. Once released, lines are only
/// ever added: a line that no longer passes means old journals no longer read.
const RELEASE_0_1: &str = include_str!("golden/0.1.hex");

fn golden() -> Vec<(String, Vec<u8>)> {
    let line = |line: &str| {
        let (position, bytes) = line.split_once(' ').expect("position and bytes");
        (position.to_owned(), hex::decode(bytes).expect("hex"))
    };
    RELEASE_0_1.lines().map(line).collect()
}

#[test]
fn golden_records_decode_for_ever() {
    let mut accepted = 0;
    for (position, bytes) in golden() {
        let record = decode(&bytes).expect("decodes");
        assert_eq!(record.position.to_string(), position);
        assert_eq!(encode(&record), bytes, "position {position}");
        accepted += usize::from(matches!(record.outcome, Outcome::Done(_)));
    }
    assert!(accepted >= 20, "only {accepted} golden records");
}

#[test]
fn golden_records_mean_the_same_for_ever() {
    let mut village = Village::new();
    village.state.clear();
    village.records.clear();
    for (_, bytes) in golden() {
        village.replay(decode(&bytes).expect("decodes"));
    }
    stories::assert_story_3(&village);
    assert_eq!(rows(village), rows(stories::told()));
}

/// All register rows by name.
fn rows(village: Village) -> BTreeMap<Key, Value> {
    let row =
        |(key, value): &(Key, Value)| matches!((key, value), (Key::Row(_), Value::Row(Some(_))));
    village.state.into_values().filter(row).collect()
}

/// Writes a new release's golden records: `SIMPUL_WRITE_GOLDEN=1 cargo test --release --test domain`.
#[test]
fn todays_records_are_those_of_the_release() {
    let village = stories::told();
    let line = |record: &Record| format!("{} {}\n", record.position, hex::encode(encode(record)));
    let text: String = village.records.iter().map(line).collect();
    if std::env::var_os("SIMPUL_WRITE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/domain/golden/0.1.hex");
        std::fs::write(path, &text).expect("written");
        return;
    }
    assert_eq!(text, RELEASE_0_1, "the same commands no longer make the same records");
}
