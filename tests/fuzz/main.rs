//! Whatever bytes come from outside, no decoder panics; what it takes, it takes as it is written,
//! and no changed proof proves anything else.

#[path = "../common/fuzz.rs"]
mod fuzz;
#[path = "../common/tokens.rs"]
mod tokens;

mod files;
mod proofs;
mod signing_in;
mod typed;

use fuzz::Case;

/// Cases of most hunts in the short run.
const SHORT: u64 = 3_000;

/// Hunts one decoder.
fn hunt(name: &str, seeds: &[Vec<u8>], check: impl Fn(&[u8])) {
    hunt_for(SHORT, name, seeds, check);
}

/// The same with another number of cases.
fn hunt_for(short: u64, name: &str, seeds: &[Vec<u8>], check: impl Fn(&[u8])) {
    for number in fuzz::cases(name, short) {
        let bytes = fuzz::input(seeds, &mut fuzz::dice(name, number));
        let case = Case { name, number, bytes: &bytes };
        check(case.bytes);
    }
}

/// The same for what is read as text.
fn hunt_text(name: &str, seeds: &[&str], check: impl Fn(&str)) {
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    hunt(name, &seeds, |bytes| check(&String::from_utf8_lossy(bytes)));
}

/// A hunt that finds something says which case it was, and finds it again when asked for it.
#[test]
fn a_decoder_that_panics_is_found() {
    let fragile = |bytes: &[u8]| assert!(bytes.len() < 60, "too long for me");
    let seeds = [vec![7; 50]];
    let found = std::panic::catch_unwind(|| hunt("rapuh", &seeds, fragile));
    assert!(found.is_err() || std::env::var_os("SIMPUL_FUZZ").is_some());
    let first = |case| fuzz::input(&seeds, &mut fuzz::dice("rapuh", case));
    assert_eq!(first(11), first(11));
    assert_ne!(first(11), first(12));
}
