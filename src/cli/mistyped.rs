//! What was typed and cannot be read, as one plain sentence in the caller's language.
//!
//! clap reads amounts and dates before anybody knows the caller's language, and complains in
//! several English lines. So the readers say [why](Mistyped) in both languages, and [`sentence`]
//! picks one. What clap itself finds wrong is said as plainly: which word, and where to look.

use std::error::Error as _;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::domain::refusal::Language;
use crate::locale::date::DateError;
use crate::locale::number::NumberError;

/// Why something typed cannot be read. `Display` is English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{english}")]
pub struct Mistyped {
    indonesian: &'static str,
    english: &'static str,
}

impl Mistyped {
    /// One plain sentence in each language.
    pub const fn new(indonesian: &'static str, english: &'static str) -> Mistyped {
        Mistyped { indonesian, english }
    }

    /// The sentence in a language.
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::Indonesian => self.indonesian,
            Language::English => self.english,
        }
    }
}

impl From<NumberError> for Mistyped {
    fn from(error: NumberError) -> Mistyped {
        Mistyped::new(error.text(Language::Indonesian), error.text(Language::English))
    }
}

impl From<DateError> for Mistyped {
    fn from(error: DateError) -> Mistyped {
        Mistyped::new(error.text(Language::Indonesian), error.text(Language::English))
    }
}

/// What clap's complaint comes to: the word that is wrong or missing, and what is wrong with it.
/// `all` is the whole command line's grammar, built, `words` what was typed, `set` the language that the
/// environment asks for. Help, the version and what is rare are clap's to say.
pub fn sentence(
    error: &clap::Error,
    all: &Command,
    words: &[String],
    set: Option<&str>,
) -> Option<String> {
    let language = language(words, set);
    let typed = || one(error, ContextKind::InvalidArg);
    if let Some(why) = error.source().and_then(|source| source.downcast_ref::<Mistyped>()) {
        let value = one(error, ContextKind::InvalidValue)?;
        let option = typed().and_then(|arg| option_of(&arg).map(|option| format!("{option} ")));
        return Some(format!("{}{value}: {}", option.unwrap_or_default(), why.text(language)));
    }
    let (path, command) = asked(all, words);
    let (id, en) = match error.kind() {
        // An amount below zero looks like a flag.
        ErrorKind::UnknownArgument if below_zero(&typed()?) => {
            return Some(format!("{}: {}", typed()?, NumberError::Negative.text(language)));
        }
        ErrorKind::UnknownArgument if typed()?.starts_with('-') => {
            let (arg, [id, en]) = (typed()?, meant(error, ContextKind::SuggestedArg));
            (format!("{arg}: tidak dikenal di sini{id}"), format!("{arg}: not known here{en}"))
        }
        ErrorKind::UnknownArgument => {
            let arg = typed()?;
            let id = "satu kata terlalu banyak; apit dengan tanda kutip apa yang memakai spasi";
            let en = "one word too many; put what has spaces in quotes";
            (format!("{arg}: {id}"), format!("{arg}: {en}"))
        }
        ErrorKind::InvalidSubcommand => {
            let word = one(error, ContextKind::InvalidSubcommand)?;
            let [id, en] = meant_command(error, command);
            (format!("{word}: perintah ini tidak ada{id}"), format!("{word}: no such command{en}"))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = several(error, ContextKind::InvalidArg).into_iter();
            let missing: Vec<_> = missing.map(|arg| called(command, &arg, language)).collect();
            let missing = missing.join(", ");
            (format!("Belum lengkap, masih kurang: {missing}"), format!("Still missing: {missing}"))
        }
        ErrorKind::InvalidValue => {
            let (value, arg) = (one(error, ContextKind::InvalidValue)?, typed()?);
            let known = several(error, ContextKind::ValidValue).join(", ");
            let arg = option_of(&arg).unwrap_or(&arg).to_owned();
            match (value.is_empty(), known.is_empty()) {
                (true, true) => {
                    (format!("{arg}: isinya belum ditulis"), format!("{arg}: it needs a value"))
                }
                _ => {
                    let what = format!("{arg} {value}");
                    let what = what.trim_end();
                    (format!("{what}: yang ada: {known}"), format!("{what}: one of: {known}"))
                }
            }
        }
        ErrorKind::ArgumentConflict => {
            let (arg, other) = (typed()?, several(error, ContextKind::PriorArg).join(", "));
            let arg = option_of(&arg).unwrap_or(&arg).to_owned();
            let id = format!("{arg}: tidak dapat dipakai bersama {other}");
            (id, format!("{arg}: cannot be used with {other}"))
        }
        _ => return None,
    };
    Some(match language {
        Language::Indonesian => format!("{id}. Tidak ada yang berubah; lihat {path} --help"),
        Language::English => format!("{en}. Nothing has changed; see {path} --help"),
    })
}

/// What clap says of one thing.
fn one(error: &clap::Error, kind: ContextKind) -> Option<String> {
    several(error, kind).into_iter().next()
}

/// What clap says of several things, in its order.
fn several(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// The commands that were probably meant, by the names that the help shows, the likeliest two.
fn meant_command(error: &clap::Error, within: &Command) -> [String; 2] {
    let mut alike = several(error, ContextKind::SuggestedSubcommand);
    alike.retain(|name| within.get_subcommands().any(|known| known.get_name() == name));
    // clap has the likeliest last.
    alike.reverse();
    alike.truncate(2);
    in_words(&alike)
}

/// What was probably meant, in both languages; nothing where nothing is alike.
fn meant(error: &clap::Error, kind: ContextKind) -> [String; 2] {
    in_words(&several(error, kind))
}

fn in_words(alike: &[String]) -> [String; 2] {
    if alike.is_empty() {
        return [String::new(), String::new()];
    }
    let (id, en) = (alike.join(" atau "), alike.join(" or "));
    [format!("; maksudnya {id}?"), format!("; did you mean {en}?")]
        .map(|text| text.trim_end_matches('?').to_owned())
}

/// Whether a word is a number below zero.
fn below_zero(word: &str) -> bool {
    let digits = word.strip_prefix('-');
    digits.is_some_and(|digits| digits.starts_with(|first: char| first.is_ascii_digit()))
}

/// The option alone, e.g. `--tanggal` of `--tanggal <ON>`; `None` for what stands in a place.
fn option_of(arg: &str) -> Option<&str> {
    arg.split(' ').next().filter(|word| word.starts_with('-'))
}

/// The command that was typed, and how it is typed.
fn asked<'a>(all: &'a Command, words: &[String]) -> (String, &'a Command) {
    let (mut path, mut command) = ("simpul".to_owned(), all);
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        // What an option says, such as the name of a book, is no command.
        if word.starts_with("--") && !word.contains('=') {
            words.next();
        } else if let Some(next) = command.find_subcommand(word) {
            path = format!("{path} {}", next.get_name());
            command = next;
        }
    }
    (path, command)
}

/// What people call an argument: its option, or the first words of its help.
fn called(command: &Command, arg: &str, language: Language) -> String {
    if let Some(option) = option_of(arg) {
        return option.to_owned();
    }
    let known = command.get_arguments().find(|known| known.to_string() == arg);
    let Some(help) = known.and_then(clap::Arg::get_help) else { return arg.to_owned() };
    let help = help.to_string();
    let said = match (help.split_once(" / "), language) {
        (Some((id, _)), Language::Indonesian) => id.to_lowercase(),
        (Some((_, en)), Language::English) => en.to_owned(),
        (None, _) => help,
    };
    said.split([',', ':', ';']).next().unwrap_or(&said).to_owned()
}

/// The language that a command line asks for, however wrong the rest of it is.
fn language(words: &[String], set: Option<&str>) -> Language {
    let beside = words.windows(2).find(|pair| pair[0] == "--lang").map(|pair| pair[1].as_str());
    let joined = || words.iter().find_map(|word| word.strip_prefix("--lang="));
    match beside.or_else(joined).or(set) {
        Some("en") => Language::English,
        _ => Language::Indonesian,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_in_what_was_typed() {
        let spoken = |line: &str, set| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            language(&words, set)
        };
        assert_eq!(spoken("setor a m01 1.0 --lang en", None), Language::English);
        assert_eq!(spoken("--lang=en setor", None), Language::English);
        assert_eq!(spoken("setor --lang id", Some("en")), Language::Indonesian);
        assert_eq!(spoken("setor", Some("en")), Language::English);
        assert_eq!(spoken("setor --lang", None), Language::Indonesian);
    }
}
