//! What we build from: permissive licences, one registry, and no second version of a crate that is
//! not named here. Everything is read from what cargo knows already; no other tool is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Licences that let anyone use, change and pass on what is built from them.
const PERMISSIVE: [&str; 9] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crates that are there in more than one version, because what we build from does not agree yet.
const DUPLICATES: [&str; 27] = [
    "base64",
    "block-buffer",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "curve25519-dalek",
    "digest",
    "ed25519",
    "ed25519-dalek",
    "fiat-crypto",
    "foldhash",
    "getrandom",
    "hashbrown",
    "itertools",
    "r-efi",
    "rand",
    "rand_chacha",
    "rand_core",
    "sha2",
    "signature",
    "spin",
    "syn",
    "synstructure",
    "thiserror",
    "thiserror-impl",
    "unicode-width",
    "windows-sys",
];

/// A crate of the lock file.
#[derive(Clone)]
struct Locked {
    name: String,
    version: String,
    /// None for our own.
    source: Option<String>,
}

fn locked(text: &str) -> Vec<Locked> {
    let lock: toml::Table = text.parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("packages");
    let package = |package: &toml::Value| {
        let field = |name| package.get(name).and_then(toml::Value::as_str).map(str::to_owned);
        Locked {
            name: field("name").expect("a name"),
            version: field("version").expect("a version"),
            source: field("source"),
        }
    };
    packages.iter().map(package).collect()
}

/// Crates that are neither ours nor from the one registry.
fn foreign(crates: &[Locked]) -> Vec<String> {
    let known = |one: &&Locked| match &one.source {
        Some(source) => source != CRATES_IO,
        None => one.name != "simpul",
    };
    crates.iter().filter(known).map(|one| format!("{} {:?}", one.name, one.source)).collect()
}

fn duplicates(crates: &[Locked]) -> BTreeSet<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in crates {
        versions.entry(&one.name).or_default().insert(&one.version);
    }
    let many = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    many.map(|(name, _)| name.to_owned()).collect()
}

/// Whether an SPDX expression can be met with permissive licences alone. What cannot be read
/// cannot be met.
fn is_permissive(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = any(&mut rest);
    rest.is_empty() && met == Some(true)
}

/// One of several that stand with OR between them.
fn any(words: &mut &[&str]) -> Option<bool> {
    let mut met = all(words)?;
    while let Some(rest) = words.strip_prefix(&["OR"]) {
        *words = rest;
        met |= all(words)?;
    }
    Some(met)
}

/// Several that stand with AND between them.
fn all(words: &mut &[&str]) -> Option<bool> {
    let mut met = one(words)?;
    while let Some(rest) = words.strip_prefix(&["AND"]) {
        *words = rest;
        met &= one(words)?;
    }
    Some(met)
}

fn one(words: &mut &[&str]) -> Option<bool> {
    let (first, rest) = words.split_first()?;
    *words = rest;
    if *first == "(" {
        let met = any(words)?;
        *words = words.strip_prefix(&[")"])?;
        return Some(met);
    }
    let mut met = PERMISSIVE.contains(first);
    if let ["WITH", exception, rest @ ..] = *words {
        *words = rest;
        met &= *exception == "LLVM-exception";
    }
    Some(met)
}

/// Name, version and licence of every crate that is built on this machine.
fn licences() -> Vec<(String, String, Option<String>)> {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs").stdout;
    let version = String::from_utf8(version).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    command.args(["--filter-platform", host]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let package = |package: &serde_json::Value| {
        let [name, version, licence] =
            ["name", "version", "license"].map(|field| text(&package[field]));
        (name.expect("a name"), version.expect("a version"), licence)
    };
    packages.iter().map(package).collect()
}

const LOCK: &str = include_str!("../Cargo.lock");

#[test]
fn every_licence_is_permissive() {
    let licences = licences();
    assert!(licences.len() > 150, "{} crates", licences.len());
    let others =
        licences.iter().filter(|(.., licence)| !licence.as_deref().is_some_and(is_permissive));
    let others: Vec<_> = others.collect();
    assert!(others.is_empty(), "not permissive: {others:#?}");
}

#[test]
fn licence_expressions_are_read_as_they_are_meant() {
    for good in ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "(GPL-2.0 OR MIT) AND Unicode-3.0"] {
        assert!(is_permissive(good), "{good}");
    }
    assert!(is_permissive("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"));
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "GPL-2.0 WITH Classpath-exception-2.0", "(MIT"] {
        assert!(!is_permissive(bad), "{bad}");
    }
    for unread in ["MIT Apache-2.0", "MIT OR", "mit", "MIT WITH Unknown-exception", "MIT)"] {
        assert!(!is_permissive(unread), "{unread}");
    }
}

#[test]
fn everything_comes_from_one_registry() {
    let mut crates = locked(LOCK);
    assert!(crates.len() > 200);
    assert_eq!(foreign(&crates), Vec::<String>::new());
    crates[0].source = Some("git+https://example.org/fork".to_owned());
    crates[1].source = None;
    assert_eq!(foreign(&crates).len(), 2);
}

#[test]
fn every_second_version_of_a_crate_is_known() {
    let mut crates = locked(LOCK);
    let known: BTreeSet<String> = DUPLICATES.into_iter().map(str::to_owned).collect();
    let found = duplicates(&crates);
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty(), "there in two versions now: {new:?}");
    assert!(gone.is_empty(), "there in one version only, take them off the list: {gone:?}");
    let mut again = crates[0].clone();
    again.version.push_str("-other");
    crates.push(again);
    assert_eq!(
        duplicates(&crates).len(),
        found.len() + usize::from(!found.contains(&crates[0].name))
    );
}
