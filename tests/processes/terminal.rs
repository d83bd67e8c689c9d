//! A terminal: the client's binary, speaking to one server, and what was typed into it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use clap::Subcommand;
use simpul::cli::client::Ask;
use tokio::task::block_in_place;

/// Someone at a keyboard, who remembers which commands were typed.
pub struct Terminal {
    server: String,
    book: String,
    /// The file of the device's token, where callers sign in.
    token_file: Option<PathBuf>,
    /// The certificate that is trusted, where the server has one.
    trusted: Option<PathBuf>,
    /// This machine's own certificate and its key, if it signs in by them.
    own: Option<(PathBuf, PathBuf)>,
    typed: Mutex<BTreeSet<String>>,
}

impl Terminal {
    /// A terminal at a server, for one book.
    pub fn new(server: &str, book: &str) -> Terminal {
        let typed = Mutex::default();
        Terminal {
            server: server.to_owned(),
            book: book.to_owned(),
            token_file: None,
            trusted: None,
            own: None,
            typed,
        }
    }

    /// The same, on a device that signs in with the token in a file.
    pub fn with_token(self, token_file: PathBuf) -> Terminal {
        Terminal { token_file: Some(token_file), ..self }
    }

    /// The same, trusting the certificate in a file.
    pub fn trusting(self, certificate: PathBuf) -> Terminal {
        Terminal { trusted: Some(certificate), ..self }
    }

    /// The same, on a machine that signs in by the certificate and the key in two files.
    pub fn with_certificate(self, certificate: PathBuf, key: PathBuf) -> Terminal {
        Terminal { own: Some((certificate, key)), ..self }
    }

    /// What the client says, and whether it succeeded. Words are split as a shell does: what
    /// stands in quotes stays together.
    fn types(&self, line: &str) -> (bool, String) {
        let words = split(line);
        self.typed.lock().unwrap_or_else(PoisonError::into_inner).insert(command_of(&words));
        let mut command = Command::new(env!("CARGO_BIN_EXE_simpul"));
        command.args(["--server", &self.server, "--book", &self.book]);
        if let Some(file) = &self.trusted {
            command.arg("--ca").arg(file);
        }
        if let Some((certificate, key)) = &self.own {
            command.arg("--client-certificate").arg(certificate).arg("--client-key").arg(key);
        }
        if let Some(file) = &self.token_file {
            command.arg("--token-file").arg(file);
        }
        command.args(words);
        let output = block_in_place(|| command.output()).expect("it runs");
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(text).expect("text"))
    }

    /// What the client prints.
    pub fn reads(&self, line: &str) -> String {
        let (good, text) = self.types(line);
        assert!(good, "{line}: {text}");
        text
    }

    /// The same, where the row with `word` in it has this cell.
    pub fn shows(&self, line: &str, word: &str, cell: &str) -> String {
        let text = self.reads(line);
        assert!(row(&text, word).iter().any(|one| one == cell), "{line}: no {cell} in\n{text}");
        text
    }

    /// The same, where these words stand somewhere.
    pub fn says(&self, line: &str, words: &str) -> String {
        let text = self.reads(line);
        assert!(text.contains(words), "{line}: no {words:?} in\n{text}");
        text
    }

    /// The one plain sentence of a refusal.
    pub fn refused(&self, line: &str) -> String {
        let (good, text) = self.types(line);
        assert!(!good, "{line}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        text.trim().to_owned()
    }

    /// The id of what a command has just booked.
    pub fn books(&self, line: &str) -> String {
        self.tells(line, "Dibukukan")
    }

    /// The id of what a command has just recorded, which moved nothing.
    pub fn records(&self, line: &str) -> String {
        self.tells(line, "Dicatat")
    }

    /// The id of what has become this, by the first words of the answer.
    pub fn tells(&self, line: &str, words: &str) -> String {
        let text = self.reads(line);
        let id = text.strip_prefix(words).and_then(|rest| rest.strip_prefix(": "));
        let id = id.unwrap_or_else(|| panic!("{line}: {words:?} does not begin\n{text}"));
        id.split(' ').next().expect("an id").to_owned()
    }

    /// The commands typed so far.
    pub fn typed(&self) -> BTreeSet<String> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The cells of the row that has `word` in it.
pub fn row(text: &str, word: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.contains(word));
    let line = line.unwrap_or_else(|| panic!("no {word} in:\n{text}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

fn split(line: &str) -> Vec<String> {
    let quoted = line.split('"').enumerate();
    let words = quoted.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

fn whole() -> clap::Command {
    Ask::augment_subcommands(clap::Command::new("simpul"))
}

/// The command among the words, e.g. `hibah terima`.
fn command_of(words: &[String]) -> String {
    let mut at = whole();
    let mut path = Vec::new();
    for word in words {
        let Some(next) = at.find_subcommand(word).cloned() else { break };
        path.push(next.get_name().to_owned());
        at = next;
    }
    path.join(" ")
}

/// Every command there is.
pub fn every_command() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![(String::new(), whole())];
    while let Some((path, command)) = open.pop() {
        for child in command.get_subcommands() {
            let path = format!("{path} {}", child.get_name()).trim().to_owned();
            match child.has_subcommands() {
                true => open.push((path, child.clone())),
                false => {
                    found.insert(path);
                }
            }
        }
    }
    found
}
