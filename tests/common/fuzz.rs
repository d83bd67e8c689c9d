//! Broken input, made from good input or from nothing, the same on every run.
//!
//! A case is a number. What it becomes depends on the name of the hunt and that number alone, so a
//! case that fails is run again, by itself, with `SIMPUL_FUZZ=NAME:NUMBER`; the input is printed
//! too. `SIMPUL_LONG` hunts for long, with other cases than the short run's.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use fastrand::Rng;

/// What tends to lie at the edges of fields and of numbers.
const TRICKY: [&[u8]; 24] = [
    b"",
    b"0",
    b"-1",
    b"1",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"99999999999999999999999999",
    b"1.250.000,00",
    b"29-2-2025",
    b"31-12-9999999",
    b"/",
    b"books//groups",
    b"\n\n",
    b"\r\n",
    b"\"",
    b";",
    b"\0",
    b"\xff\xfe",
    "é".as_bytes(),
    "\u{2014} ".as_bytes(),
    "\u{202e}".as_bytes(),
    &[0xff; 10],
    &[0x80; 11],
];

/// The cases of a hunt: `short` of them, `SIMPUL_LONG` a thousand times as many, or the one that
/// `SIMPUL_FUZZ` asks for.
pub fn cases(name: &str, short: u64) -> Range<u64> {
    if let Ok(asked) = std::env::var("SIMPUL_FUZZ") {
        return match asked.split_once(':') {
            Some((hunt, case)) if hunt == name => {
                let case: u64 = case.parse().expect("SIMPUL_FUZZ is NAME:NUMBER");
                case..case + 1
            }
            _ => 0..0,
        };
    }
    match std::env::var_os("SIMPUL_LONG") {
        Some(_) => short..short * 1000,
        None => 0..short,
    }
}

/// The dice of a case.
pub fn dice(name: &str, case: u64) -> Rng {
    let mut hasher = DefaultHasher::new();
    (name, case).hash(&mut hasher);
    Rng::with_seed(hasher.finish())
}

/// Changes bytes in a few places: flips, cuts, doubles, moves, puts in what is tricky.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Rng) {
    for _ in 0..dice.usize(1..5) {
        let at = dice.usize(..=bytes.len());
        let end = dice.usize(at..=bytes.len().min(at + 40));
        match dice.u8(0..9) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at),
            2 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = dice.usize(..=bytes.len());
                bytes.splice(to..to, copy);
            }
            4 => {
                let tricky = TRICKY[dice.usize(..TRICKY.len())];
                bytes.splice(at..end, tricky.iter().copied());
            }
            5 => {
                bytes.splice(at..at, std::iter::repeat_with(|| dice.u8(..)).take(4)).for_each(drop)
            }
            _ if at == bytes.len() => bytes.push(dice.u8(..)),
            6 => bytes[at] = dice.u8(..),
            7 => bytes[at] ^= 1 << dice.u8(0..8),
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
}

/// Bytes of a case: a good input that was changed, now and then nothing but noise.
pub fn input(seeds: &[Vec<u8>], dice: &mut Rng) -> Vec<u8> {
    if seeds.is_empty() || dice.u8(..) < 16 {
        let length = dice.usize(..200);
        return std::iter::repeat_with(|| dice.u8(..)).take(length).collect();
    }
    let mut bytes = seeds[dice.usize(..seeds.len())].clone();
    mutate(&mut bytes, dice);
    bytes
}

/// Says which case fails while it is dropped in a panic.
pub struct Case<'a> {
    pub name: &'a str,
    pub number: u64,
    pub bytes: &'a [u8],
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Case { name, number, bytes } = *self;
            eprintln!("input of {name}, case {number}: {}", hex::encode(bytes));
            eprintln!("as text: {:?}", String::from_utf8_lossy(bytes));
            eprintln!("again, by itself: SIMPUL_FUZZ={name}:{number} and this test");
        }
    }
}
