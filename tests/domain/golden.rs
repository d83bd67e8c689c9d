//! Golden records: the bytes of every release decode for ever, to the same meaning.

use std::collections::BTreeMap;

use simpul::domain::record::{Outcome, Record, decode, encode};
use simpul::domain::state::{Key, Value};

use crate::stories;
use crate::village::Village;

/// One record per line: position, then the stored bytes in hex. Once released, lines are only
/// ever added: a line that no longer passes means old journals no longer read.
const RELEASES: [&str; 2] = [include_str!("golden/0.1.hex"), TODAY];

/// What the same commands make today. Since 0.2 a sheet counts the dues that members have paid.
const TODAY: &str = include_str!("golden/0.2.hex");

fn golden(release: &str) -> Vec<(String, Vec<u8>)> {
    let line = |line: &str| {
        let (position, bytes) = line.split_once(' ').expect("position and bytes");
        (position.to_owned(), hex::decode(bytes).expect("hex"))
    };
    release.lines().map(line).collect()
}

#[test]
fn golden_records_decode_for_ever() {
    for release in RELEASES {
        let mut accepted = 0;
        for (position, bytes) in golden(release) {
            let record = decode(&bytes).expect("decodes");
            assert_eq!(record.position.to_string(), position);
            assert_eq!(encode(&record), bytes, "position {position}");
            accepted += usize::from(matches!(record.outcome, Outcome::Done(_)));
        }
        assert!(accepted >= 20, "only {accepted} golden records");
    }
}

#[test]
fn golden_records_mean_the_same_for_ever() {
    let told = rows(stories::told());
    for release in RELEASES {
        let mut village = Village::new();
        village.state.clear();
        village.records.clear();
        for (_, bytes) in golden(release) {
            village.replay(decode(&bytes).expect("decodes"));
        }
        stories::assert_story_3(&village);
        // What a release did not write yet, its journal does not hold.
        let held = rows(village);
        assert!(held.iter().all(|(key, row)| told.get(key) == Some(row)));
        assert!(release != TODAY || held.len() == told.len());
    }
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
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/domain/golden/0.2.hex");
        std::fs::write(path, &text).expect("written");
        return;
    }
    assert!(text == TODAY, "the same commands no longer make the same records");
}
