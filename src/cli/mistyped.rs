//! What was typed and cannot be read, as one plain sentence in the caller's language.
//!
//! clap reads amounts and dates before anybody knows the caller's language, and complains in
//! several English lines. So the readers say [why](Mistyped) in both languages, and [`sentence`]
//! picks one.

use std::error::Error as _;

use clap::error::{ContextKind, ErrorKind};

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

/// What clap's complaint comes to, if it is about something that people write their own way: what
/// they wrote, and what is wrong with it. `words` is the command line, `set` the language that the
/// environment asks for. All else is clap's to say.
pub fn sentence(error: &clap::Error, words: &[String], set: Option<&str>) -> Option<String> {
    let said = |kind| error.get(kind).map(ToString::to_string);
    let (typed, why) = match error.kind() {
        ErrorKind::ValueValidation => {
            let why = error.source()?.downcast_ref::<Mistyped>()?;
            (said(ContextKind::InvalidValue)?, *why)
        }
        // An amount below zero looks like a flag.
        ErrorKind::UnknownArgument => {
            let typed = said(ContextKind::InvalidArg)?;
            let digit = typed.strip_prefix('-')?.chars().next()?;
            (typed, digit.is_ascii_digit().then(|| NumberError::Negative.into())?)
        }
        _ => return None,
    };
    Some(format!("{typed}: {}", why.text(language(words, set))))
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
