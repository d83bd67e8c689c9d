//! The rules of the house that no compiler checks: which way imports point, what the pure core
//! may not touch, no panics on paths that input can reach, both texts for every reason, comments
//! on every proto, the same migrations for both databases, a clean top level.
//!
//! Each rule is a function from source to complaints, and each has a test that feeds it a guilty
//! source: a rule that finds nothing is worth nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    ServiceDescriptorProto,
};
use simpul::domain::refusal::{Language, Reason};

/// Which of our modules each module may use besides itself. A new module needs a line here.
const ARROWS: &[(&str, &[&str])] = &[
    ("chain", &[]),
    ("domain", &[]),
    ("locale", &["domain"]),
    ("storage", &["chain", "domain"]),
    ("secret_file", &[]),
    ("signing", &["chain", "domain", "secret_file", "storage"]),
    ("access", &["domain", "journal", "storage"]),
    ("vault", &["domain", "secret_file", "storage"]),
    ("attachments", &["domain", "storage", "vault"]),
    ("verify", &["chain", "domain", "storage"]),
    ("journal", &["chain", "domain", "storage", "vault"]),
    ("report", &["domain", "locale"]),
    ("web", &["domain", "journal", "locale", "storage"]),
    (
        "api",
        &[
            "access",
            "attachments",
            "chain",
            "domain",
            "journal",
            "locale",
            "report",
            "signing",
            "storage",
            "vault",
            "verify",
        ],
    ),
    ("config", &["access", "api", "chain", "signing"]),
    (
        "cli",
        &[
            "access",
            "api",
            "attachments",
            "chain",
            "config",
            "domain",
            "journal",
            "locale",
            "report",
            "secret_file",
            "signing",
            "storage",
            "vault",
            "verify",
            "web",
        ],
    ),
];

/// What `domain` and `chain` may not name: anything that waits, reads a clock, rolls dice, talks
/// to the world, or counts in floats.
const IMPURE: &[&str] = &[
    "tokio",
    "tokio_stream",
    "futures",
    "async",
    "await",
    "async_trait",
    "sqlx",
    "axum",
    "tower",
    "tracing",
    "getrandom",
    "rand",
    "uuid",
    "Instant",
    "SystemTime",
    "Zoned",
    "Timestamp",
    "f32",
    "f64",
    "static_mut",
    "thread_local",
    "println",
    "eprintln",
];

/// The parts of `std` that are closed to them for the same reason.
const IMPURE_STD: &[&str] = &["env", "fs", "io", "net", "os", "process", "thread", "time"];

/// Crates that belong to one layer (or two): gRPC to the API and its client, SQL to storage.
const HOMES: &[(&str, &[&str])] = &[
    ("tonic", &["api", "cli"]),
    ("tonic_health", &["api", "cli"]),
    ("tonic_prost", &["api", "cli"]),
    ("tonic_reflection", &["api"]),
    ("tonic_types", &["api", "cli"]),
    ("tonic_web", &["api"]),
    ("sqlx", &["storage"]),
];

/// Modules that assert their own invariants by panics, and how many times: a state machine called
/// out of turn, a value its own code put there. Nothing here may be reachable from input or from
/// what a database holds. A new one is a decision, so the numbers are exact.
const ASSERTED: &[(&str, usize)] = &[("journal::batch", 1), ("journal::sequencer", 9)];

const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "README.md",
    "deploy",
    "migrations",
    "proto",
    "src",
    "target",
    "tests",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

// --- sources ------------------------------------------------------------------------------------

/// One source file, as the path of its module and its tokens without tests.
struct Source {
    /// E.g. `["domain", "money"]`; empty for the crate's root.
    module: Vec<String>,
    tokens: Vec<TokenTree>,
}

impl Source {
    fn new(module: &str, text: &str) -> Source {
        let tokens = TokenStream::from_str(text).expect("the source has Rust tokens");
        let module = module.split("::").filter(|part| !part.is_empty()).map(str::to_owned);
        Source { module: module.collect(), tokens: without_tests(tokens) }
    }

    /// The module below the crate's root: `domain` for `domain::money`.
    fn layer(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// Every path the source names, `use` groups expanded, `super` and `self` resolved.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        collect_paths(&self.tokens, &self.module, &mut paths);
        paths
    }

    fn complaint(&self, text: impl std::fmt::Display) -> String {
        format!("src/{}: {text}", self.module.join("/"))
    }
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 10, "found only {} source files", files.len());
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).expect("the source can be read");
            let name = file.strip_prefix(&src).expect("it lies below src").with_extension("");
            let parts = name.iter().map(|part| part.to_str().expect("a plain name"));
            let module: Vec<_> =
                parts.filter(|part| !["mod", "lib", "main"].contains(part)).collect();
            Source::new(&module.join("::"), &text)
        })
        .collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
}

fn is_punct(token: Option<&TokenTree>, char: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn is_double_colon(tokens: &[TokenTree]) -> bool {
    is_punct(tokens.first(), ':') && is_punct(tokens.get(1), ':')
}

/// Drops every item under `#[cfg(test)]`: up to its body or its semicolon.
fn without_tests(stream: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<_> = stream.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let attribute = is_punct(tokens.get(at), '#')
            && tokens.get(at + 1).is_some_and(|group| group.to_string() == "[cfg (test)]");
        if !attribute {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += 2;
        while at < tokens.len()
            && !is_group(tokens.get(at), Delimiter::Brace)
            && !is_punct(tokens.get(at), ';')
        {
            at += 1;
        }
        at += 1;
    }
    kept
}

fn collect_paths(tokens: &[TokenTree], module: &[String], paths: &mut Vec<Vec<String>>) {
    let mut at = 0;
    let mut inner: Option<Vec<String>> = None;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(ident) if *ident == "mod" => {
                let name = tokens.get(at + 1).map(ToString::to_string).unwrap_or_default();
                inner = Some(module.iter().cloned().chain([name]).collect());
                at += 1;
            }
            TokenTree::Ident(_) => at += collect_path(&tokens[at..], &[], module, paths),
            TokenTree::Group(group) => {
                let within = inner.take();
                let tokens = without_tests(group.stream());
                collect_paths(&tokens, within.as_deref().unwrap_or(module), paths);
                at += 1;
            }
            TokenTree::Punct(punct) => {
                if punct.as_char() == ';' {
                    inner = None;
                }
                at += 1;
            }
            TokenTree::Literal(_) => at += 1,
        }
    }
}

/// Reads the path that starts at the first token and returns how many tokens it took.
fn collect_path(
    tokens: &[TokenTree],
    prefix: &[String],
    module: &[String],
    paths: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = prefix.to_vec();
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) => path.push(ident.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let branches: Vec<_> = group.stream().into_iter().collect();
                for branch in branches.split(|token| is_punct(Some(token), ',')) {
                    collect_path(branch, &path, module, paths);
                }
                return at + 1;
            }
            _ => break,
        }
        at += 1;
        if !is_double_colon(&tokens[at..]) {
            break;
        }
        at += 2;
    }
    paths.push(resolve(path, module));
    at.max(1)
}

/// `super::x` and `self::x` as `crate::...::x`; other paths as they are.
fn resolve(path: Vec<String>, module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let selfs = usize::from(path.first().is_some_and(|part| part == "self") && path.len() > 1);
    if ups == 0 && selfs == 0 {
        return path;
    }
    let base = module.len().saturating_sub(ups);
    let rest = path.into_iter().skip(ups + selfs);
    ["crate".to_owned()].into_iter().chain(module[..base].iter().cloned()).chain(rest).collect()
}

// --- the arrows ---------------------------------------------------------------------------------

fn against_the_arrows(source: &Source) -> Vec<String> {
    if source.module.is_empty() {
        return Vec::new(); // lib.rs and main.rs name everything
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(layer, _)| *layer == source.layer()) else {
        return vec![source.complaint("has no place in ARROWS of tests/architecture.rs")];
    };
    let mut complaints = Vec::new();
    for path in source.paths() {
        if let [root, target, ..] = path.as_slice()
            && (root == "crate" || root == "simpul")
            && ARROWS.iter().any(|(layer, _)| layer == target)
            && target != source.layer()
            && !allowed.contains(&target.as_str())
        {
            complaints.push(source.complaint(format!("{} is against the arrows", path.join("::"))));
        }
        let home = HOMES.iter().find(|(name, _)| path.first().is_some_and(|first| first == name));
        if let Some((name, layers)) = home
            && !layers.contains(&source.layer())
        {
            complaints.push(source.complaint(format!("{name} belongs to {layers:?}")));
        }
    }
    complaints
}

fn impurities(source: &Source) -> Vec<String> {
    if !["domain", "chain"].contains(&source.layer()) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for path in source.paths() {
        let named = path.iter().any(|part| IMPURE.contains(&part.as_str()));
        let std = matches!(path.as_slice(), [std, part, ..]
            if (std == "std" || std == "core") && IMPURE_STD.contains(&part.as_str()));
        if named || std {
            complaints.push(source.complaint(format!("{} is not pure", path.join("::"))));
        }
    }
    complaints
}

#[test]
fn imports_follow_the_arrows() {
    let complaints: Vec<_> = sources().iter().flat_map(against_the_arrows).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn domain_and_chain_are_pure() {
    let complaints: Vec<_> = sources().iter().flat_map(impurities).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn imports_against_the_arrows_are_found() {
    let guilty = [
        ("domain::loans", "use crate::storage::Head;"),
        ("domain::loans", "use crate::{domain::money::Sen, journal::Queue};"),
        ("domain::loans", "fn f() { super::super::api::serve() }"),
        ("domain", "fn f() { super::api::serve() }"),
        ("domain", "mod inner { fn f() { super::super::api::serve() } }"),
        ("domain", "fn f() { assert!(crate::chain::leaf(b\"\") == x) }"),
        ("chain", "use crate::domain::money::Sen;"),
        ("storage::sqlite", "type T = Vec<crate::journal::Queue>;"),
        ("journal", "use crate::api;"),
        ("report", "use crate::cli::table;"),
        ("journal", "use tonic::Status;"),
        ("storage", "fn f() -> tonic::Status { g() }"),
        ("journal", "fn f() { sqlx::query(\"\") }"),
        ("api", "#[cfg(test)] mod tests { use super::*; } use crate::web::x;"),
        ("surprise", ""),
    ];
    for (module, text) in guilty {
        assert_eq!(against_the_arrows(&Source::new(module, text)).len(), 1, "{module}: {text}");
    }
    let innocent = [
        ("domain::loans", "use crate::domain::money::Sen; use super::savings; use self::x::y;"),
        ("domain::loans", "#[cfg(test)] mod tests { use crate::storage::memory; }"),
        ("domain", "/// See [`crate::storage::Journal`].\nfn f() { \"crate::api\"; }"),
        ("cli", "use crate::{api, web, report}; use tonic::transport::Channel;"),
        ("storage", "use crate::{chain, domain::{id::Id, money::Sen}};"),
    ];
    for (module, text) in innocent {
        let complaints = against_the_arrows(&Source::new(module, text));
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

#[test]
fn impurities_are_found() {
    let guilty = [
        "use std::time::Duration;",
        "use std::{fmt, fs};",
        "fn f() { let now = std::time::SystemTime::now(); }",
        "fn f(rate: f64) {}",
        "const HALF: f32 = HALVES;",
        "async fn f() {}",
        "use tokio::sync::Mutex;",
        "fn f() { jiff::Timestamp::now() }",
        "fn f() { vec![rand::random()] }",
    ];
    for text in guilty {
        assert_eq!(impurities(&Source::new("domain::loans", text)).len(), 1, "{text}");
    }
    let innocent = Source::new("storage", "use std::time::Duration; async fn f() {}");
    assert!(impurities(&innocent).is_empty());
}

// --- panics -------------------------------------------------------------------------------------

fn panics(source: &Source) -> Vec<String> {
    fn scan(source: &Source, tokens: &[TokenTree], complaints: &mut Vec<String>) {
        for at in 0..tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => {
                    scan(source, &without_tests(group.stream()), complaints);
                }
                TokenTree::Ident(ident) => {
                    let name = ident.to_string();
                    let called = at > 0
                        && (is_punct(tokens.get(at - 1), '.') || is_punct(tokens.get(at - 1), ':'));
                    let method = ["unwrap", "expect", "unwrap_err", "expect_err"];
                    let macros = ["panic", "todo", "unimplemented", "unreachable"];
                    if called && method.contains(&name.as_str())
                        || is_punct(tokens.get(at + 1), '!') && macros.contains(&name.as_str())
                    {
                        let line = ident.span().start().line;
                        complaints.push(source.complaint(format!("{name} in line {line}")));
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut complaints = Vec::new();
    scan(source, &source.tokens, &mut complaints);
    complaints
}

#[test]
fn nothing_panics_outside_of_tests() {
    for source in sources() {
        let found = panics(&source);
        let module = source.module.join("::");
        let asserted = ASSERTED.iter().find(|(name, _)| *name == module).map_or(0, |(_, n)| *n);
        assert_eq!(found.len(), asserted, "{found:#?}");
    }
}

#[test]
fn panics_are_found() {
    let guilty = [
        "fn f() { x.unwrap(); }",
        "fn f() { x.expect(\"fine\"); }",
        "fn f() { list.iter().map(Option::unwrap); }",
        "fn f() { panic!(\"no\") }",
        "fn f() { match x { _ => unreachable!() } }",
        "fn f() { todo!() }",
        "fn f() { vec![x.unwrap()]; }",
    ];
    for text in guilty {
        assert_eq!(panics(&Source::new("api", text)).len(), 1, "{text}");
    }
    let innocent =
        "fn f() { x.unwrap_or(0); assert!(y); } #[cfg(test)] mod tests { fn g() { x.unwrap() } }";
    assert!(panics(&Source::new("api", innocent)).is_empty());
}

// --- the texts of reasons -----------------------------------------------------------------------

fn bad_texts(name: &str, texts: [&str; 2]) -> Vec<String> {
    let mut complaints = Vec::new();
    if texts.iter().any(|text| text.trim().is_empty()) {
        complaints.push(format!("{name} lacks a text"));
    }
    if placeholders(texts[0]) != placeholders(texts[1]) {
        complaints.push(format!("{name}: the texts name different values"));
    }
    let legal = |char: char| char.is_ascii_uppercase() || char == '_';
    if name.is_empty() || !name.chars().all(legal) {
        complaints.push(format!("{name} is no stable name"));
    }
    complaints
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

#[test]
fn every_reason_has_both_texts() {
    let mut complaints: Vec<_> = Reason::ALL
        .iter()
        .flat_map(|reason| {
            let texts = [Language::Indonesian, Language::English];
            bad_texts(reason.name(), texts.map(|language| reason.template(language)))
        })
        .collect();
    let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    if names.len() != Reason::ALL.len() {
        complaints.push("two reasons share a name".to_owned());
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn bad_texts_are_found() {
    assert_eq!(bad_texts("FLOOR", ["Ada {held}.", "Not enough."]).len(), 1);
    assert_eq!(bad_texts("FLOOR", ["Tidak cukup.", " "]).len(), 1);
    assert_eq!(bad_texts("Floor", ["Tidak cukup.", "Not enough."]).len(), 1);
    assert!(bad_texts("FLOOR", ["Ada {held}, minta {asked}.", "{asked}: {held}"]).is_empty());
}

// --- protos -------------------------------------------------------------------------------------

/// Everything in a proto file that has no comment, by name.
fn uncommented(file: &FileDescriptorProto) -> Vec<String> {
    let info = file.source_code_info.as_ref();
    let commented = info.map_or_else(BTreeSet::new, |info| {
        let spoken = |text: &str| !text.trim().is_empty();
        let of = info.location.iter();
        of.filter(|place| spoken(place.leading_comments()))
            .map(|place| place.path.clone())
            .collect()
    });
    let mut things = Vec::new();
    for (at, service) in (0..).zip(&file.service) {
        list_service(service, &[6, at], &mut things);
    }
    for (at, message) in (0..).zip(&file.message_type) {
        list_message(message, &[4, at], &mut things);
    }
    for (at, values) in (0..).zip(&file.enum_type) {
        list_enum(values, &[5, at], &mut things);
    }
    let silent = things.into_iter().filter(|(path, _)| !commented.contains(path));
    silent.map(|(_, name)| format!("{}: {name} has no comment", file.name())).collect()
}

type Things = Vec<(Vec<i32>, String)>;

fn below(path: &[i32], field: i32, at: i32) -> Vec<i32> {
    path.iter().copied().chain([field, at]).collect()
}

fn list_service(service: &ServiceDescriptorProto, path: &[i32], things: &mut Things) {
    things.push((path.to_vec(), service.name().to_owned()));
    for (at, method) in (0..).zip(&service.method) {
        things.push((below(path, 2, at), format!("{}.{}", service.name(), method.name())));
    }
}

fn list_message(message: &DescriptorProto, path: &[i32], things: &mut Things) {
    if message.options.as_ref().is_some_and(|options| options.map_entry()) {
        return; // made by the compiler for a map field
    }
    things.push((path.to_vec(), message.name().to_owned()));
    for (at, field) in (0..).zip(&message.field) {
        things.push((below(path, 2, at), format!("{}.{}", message.name(), field.name())));
    }
    for (at, nested) in (0..).zip(&message.nested_type) {
        list_message(nested, &below(path, 3, at), things);
    }
    for (at, values) in (0..).zip(&message.enum_type) {
        list_enum(values, &below(path, 4, at), things);
    }
}

fn list_enum(values: &EnumDescriptorProto, path: &[i32], things: &mut Things) {
    things.push((path.to_vec(), values.name().to_owned()));
    for (at, value) in (0..).zip(&values.value) {
        things.push((below(path, 2, at), value.name().to_owned()));
    }
}

fn descriptors() -> FileDescriptorSet {
    let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    FileDescriptorSet::decode(bytes.as_slice()).expect("the descriptors decode")
}

#[test]
fn every_proto_is_commented() {
    let all = descriptors();
    let ours: Vec<_> =
        all.file.iter().filter(|file| file.package().starts_with("simpul.")).collect();
    assert!(!ours.is_empty());
    let complaints: Vec<_> = ours.into_iter().flat_map(uncommented).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn uncommented_protos_are_found() {
    use prost_types::source_code_info::Location;
    let named = |name: &str| Some(name.to_owned());
    let mut file = FileDescriptorProto {
        service: vec![ServiceDescriptorProto {
            name: named("Books"),
            method: vec![prost_types::MethodDescriptorProto {
                name: named("GetBook"),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    assert_eq!(uncommented(&file).len(), 2);
    let said = |path: &[i32]| Location {
        path: path.to_vec(),
        leading_comments: named(" Says it."),
        ..Default::default()
    };
    let location = vec![said(&[6, 0])];
    file.source_code_info = Some(prost_types::SourceCodeInfo { location });
    assert_eq!(uncommented(&file), [": Books.GetBook has no comment"]);
}

// --- the terminal client -----------------------------------------------------------------------

/// Methods that only programs call. Everything else has a command in `src/cli/client`, which
/// `tests/processes/client.rs` then asks to be typed.
const MACHINES: &[&str] = &[];

/// `GetBook` as `get_book`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The methods that are called with something, e.g. `get_book` in `books.get_book(request)`.
fn collect_calls(tokens: &[TokenTree], calls: &mut BTreeSet<String>) {
    for at in 0..tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                collect_calls(&inner, calls);
            }
            TokenTree::Ident(name) if at > 0 && is_punct(tokens.get(at - 1), '.') => {
                if let Some(TokenTree::Group(arguments)) = tokens.get(at + 1)
                    && !arguments.stream().is_empty()
                {
                    calls.insert(name.to_string());
                }
            }
            _ => {}
        }
    }
}

/// The methods of our services that a client never calls.
fn without_command(file: &FileDescriptorProto, client: &[Source]) -> Vec<String> {
    let mut calls = BTreeSet::new();
    client.iter().for_each(|source| collect_calls(&source.tokens, &mut calls));
    let methods = file.service.iter().flat_map(|service| &service.method);
    let names = methods.map(|method| method.name().to_owned());
    names.filter(|name| !calls.contains(&snake(name)) && !MACHINES.contains(&&**name)).collect()
}

#[test]
fn every_method_has_a_command() {
    let mut client = sources();
    client.retain(|source| source.module.starts_with(&["cli".to_owned(), "client".to_owned()]));
    assert!(client.len() > 10);
    let files = descriptors().file;
    let api = files.iter().filter(|file| file.package() == "simpul.v1");
    let never: Vec<_> = api.flat_map(|file| without_command(file, &client)).collect();
    assert!(never.is_empty(), "no command in src/cli/client calls {never:?}");
}

#[test]
fn methods_without_command_are_found() {
    let method = |name: &str| prost_types::MethodDescriptorProto {
        name: Some(name.to_owned()),
        ..Default::default()
    };
    let file = FileDescriptorProto {
        service: vec![ServiceDescriptorProto {
            method: vec![method("GetBook"), method("Collect")],
            ..Default::default()
        }],
        ..Default::default()
    };
    let source = Source::new("cli::client::x", "fn f() { a(|| b.get_book(c)); d.collect(); }");
    assert_eq!(without_command(&file, &[source]), ["Collect"]);
}

// --- files --------------------------------------------------------------------------------------

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.expect("the entry can be read").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .collect()
}

fn strays(names: &BTreeSet<String>) -> Vec<&String> {
    names
        .iter()
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    let migrations = root().join("migrations");
    let [sqlite, postgres] = ["sqlite", "postgres"].map(|folder| names(&migrations.join(folder)));
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, postgres);
}

#[test]
fn the_top_level_is_clean() {
    let names = names(root());
    assert!(names.contains("Cargo.toml"));
    assert!(strays(&names).is_empty(), "{:?}", strays(&names));
}

#[test]
fn strays_are_found() {
    let names = [".ci", "src", "notes.txt"].map(str::to_owned).into_iter().collect();
    assert_eq!(strays(&names), ["notes.txt"]);
}
