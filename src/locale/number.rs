//! Rupiah and quantities, dots between thousands and a comma before decimals.
//!
//! **Invariant**: what is shown reads back as the same amount; what could be meant in two ways is not
//! read at all.

use crate::domain::money::Sen;
use crate::domain::refusal::Language;

/// Why a number cannot be read. `Display` is English; [`NumberError::text`] has both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// There is nothing.
    #[error("{}", self.text(Language::English))]
    Empty,
    /// There is something else than digits, dots and a comma.
    #[error("{}", self.text(Language::English))]
    Unreadable,
    /// Dots stand elsewhere than between thousands.
    #[error("{}", self.text(Language::English))]
    Grouping,
    /// After the comma of an amount stand other than two digits.
    #[error("{}", self.text(Language::English))]
    Sen,
    /// After the comma of a quantity stand other than one to three digits.
    #[error("{}", self.text(Language::English))]
    Decimals,
    /// It is below zero.
    #[error("{}", self.text(Language::English))]
    Negative,
    /// It is more than the books take at once.
    #[error("{}", self.text(Language::English))]
    TooLarge,
}

impl NumberError {
    /// One plain sentence.
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (NumberError::Empty, Language::Indonesian) => "Angkanya kosong.",
            (NumberError::Empty, Language::English) => "The number is empty.",
            (NumberError::Unreadable, Language::Indonesian) => {
                "Tulis dengan angka, misalnya 1.250.000 atau Rp1.250.000."
            }
            (NumberError::Unreadable, Language::English) => {
                "Write it in digits, e.g. 1.250.000 or Rp1.250.000."
            }
            (NumberError::Grouping, Language::Indonesian) => {
                "Titik hanya memisahkan ribuan, misalnya 1.250.000."
            }
            (NumberError::Grouping, Language::English) => {
                "Dots only stand between thousands, e.g. 1.250.000."
            }
            (NumberError::Sen, Language::Indonesian) => {
                "Pisahkan ribuan dengan titik; sesudah koma ada dua angka sen, misalnya 1.250.000,50."
            }
            (NumberError::Sen, Language::English) => {
                "Put dots between thousands; after the comma come two digits of sen, e.g. 1.250.000,50."
            }
            (NumberError::Decimals, Language::Indonesian) => {
                "Sesudah koma ada satu sampai tiga angka, misalnya 12,5."
            }
            (NumberError::Decimals, Language::English) => {
                "After the comma come one to three digits, e.g. 12,5."
            }
            (NumberError::Negative, Language::Indonesian) => {
                "Angkanya tidak boleh kurang dari nol."
            }
            (NumberError::Negative, Language::English) => "The number must not be below zero.",
            (NumberError::TooLarge, Language::Indonesian) => "Angkanya terlalu besar.",
            (NumberError::TooLarge, Language::English) => "The number is too large.",
        }
    }
}

/// Reads an amount as people write it: `50.000`, `1250000`, `Rp1.250.000`, `Rp 1.250.000,-`,
/// `1.250.000,50`. Nothing is positive by force: zero is read as zero.
///
/// Errors: every [`NumberError`] but `Decimals`.
pub fn parse_amount(text: &str) -> Result<Sen, NumberError> {
    let text = text.trim();
    let text = match text.get(..2) {
        Some(sign) if sign.eq_ignore_ascii_case("rp") => {
            let rest = &text[2..];
            rest.strip_prefix('.').unwrap_or(rest).trim_start()
        }
        _ => text,
    };
    let text = text.strip_suffix(",-").unwrap_or(text);
    let (whole, decimals) = split(text)?;
    let sen = match decimals.map(str::as_bytes) {
        None => 0,
        Some([tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            i64::from(tens - b'0') * 10 + i64::from(ones - b'0')
        }
        Some(_) => return Err(NumberError::Sen),
    };
    let sen = whole.checked_mul(100).and_then(|whole| whole.checked_add(sen));
    sen.map(Sen::new).filter(|sen| *sen <= Sen::MAX_REQUEST).ok_or(NumberError::TooLarge)
}

/// Reads a quantity, e.g. `12`, `12,5` or `1.250,125`, as thousandths of a unit.
///
/// Errors: every [`NumberError`] but `Sen`.
pub fn parse_quantity(text: &str) -> Result<i64, NumberError> {
    let (whole, decimals) = split(text.trim())?;
    let milli = match decimals {
        None => 0,
        Some(digits) if (1..=3).contains(&digits.len()) && is_digits(digits) => {
            format!("{digits:0<3}").parse().map_err(|_| NumberError::Decimals)?
        }
        Some(_) => return Err(NumberError::Decimals),
    };
    let all = whole.checked_mul(1000).and_then(|whole| whole.checked_add(milli));
    all.ok_or(NumberError::TooLarge)
}

/// The whole part and what follows the comma, if there is one.
fn split(text: &str) -> Result<(i64, Option<&str>), NumberError> {
    if text.starts_with(['-', '\u{2212}']) {
        return Err(NumberError::Negative);
    }
    let (whole, decimals) = match text.split_once(',') {
        None => (text, None),
        Some((whole, decimals)) => (whole, Some(decimals)),
    };
    if text.is_empty() {
        return Err(NumberError::Empty);
    }
    if !whole.bytes().all(|b| b.is_ascii_digit() || b == b'.') || whole.is_empty() {
        return Err(NumberError::Unreadable);
    }
    if !grouped(whole) {
        return Err(NumberError::Grouping);
    }
    let digits: String = whole.chars().filter(|char| *char != '.').collect();
    Ok((digits.parse().map_err(|_| NumberError::TooLarge)?, decimals))
}

/// Whether dots, if any, stand before every third digit from the right, and nowhere else.
fn grouped(whole: &str) -> bool {
    let mut groups = whole.split('.');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<_> = groups.collect();
    let leads = (1..=3).contains(&first.len()) && !first.starts_with('0');
    rest.is_empty() || leads && rest.iter().all(|group| group.len() == 3)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// An amount for people: `Rp1.250.000`, `Rp1.250.000,50` when there are sen, `-Rp50.000`.
pub fn format_amount(amount: Sen) -> String {
    let sign = if amount.is_negative() { "-" } else { "" };
    format!("{sign}Rp{}", unsigned(amount))
}

/// The same without `Rp`, for the columns of tables: `1.250.000`, `-50.000`.
pub fn format_plain(amount: Sen) -> String {
    let sign = if amount.is_negative() { "-" } else { "" };
    format!("{sign}{}", unsigned(amount))
}

/// A quantity in thousandths of a unit for people: `12`, `12,5`, `1.250,125`.
pub fn format_quantity(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let (whole, part) = (milli.unsigned_abs() / 1000, milli.unsigned_abs() % 1000);
    let decimals = format!("{part:03}");
    match decimals.trim_end_matches('0') {
        "" => format!("{sign}{}", group(whole)),
        decimals => format!("{sign}{},{decimals}", group(whole)),
    }
}

fn unsigned(amount: Sen) -> String {
    let (rupiah, sen) = (amount.get().unsigned_abs() / 100, amount.get().unsigned_abs() % 100);
    match sen {
        0 => group(rupiah),
        _ => format!("{},{sen:02}", group(rupiah)),
    }
}

/// Digits with a dot between thousands.
fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let cases = [
            ("Rp1.250.000", 125_000_000),
            ("Rp 1.250.000,-", 125_000_000),
            ("rp. 1.250.000", 125_000_000),
            ("1250000", 125_000_000),
            ("1.250.000,00", 125_000_000),
            ("1.250.000,50", 125_000_050),
            (" 50.000 ", 5_000_000),
            ("0", 0),
            ("0,05", 5),
            ("100000000000000", Sen::MAX_REQUEST.get()),
        ];
        for (text, sen) in cases {
            assert_eq!(parse_amount(text), Ok(Sen::new(sen)), "{text}");
        }
    }

    #[test]
    fn ambiguous_amounts_are_refused_with_the_reason() {
        use NumberError::*;
        let cases = [
            ("", Empty),
            ("Rp", Empty),
            ("  ", Empty),
            ("1.25", Grouping),
            ("12.34.567", Grouping),
            ("1.2500", Grouping),
            (".500", Grouping),
            ("0.500", Grouping),
            ("1250.000", Grouping),
            ("50.000.", Grouping),
            ("-50.000", Negative),
            ("Rp-50.000", Negative),
            ("Rp −50.000", Negative),
            ("1,250,000", Sen),
            ("1,5", Sen),
            ("1,", Sen),
            ("1,+5", Sen),
            (",50", Unreadable),
            ("lima puluh", Unreadable),
            ("50 000", Unreadable),
            ("50rb", Unreadable),
            ("1e6", Unreadable),
            ("٥٠", Unreadable),
            ("é5", Unreadable),
            ("100000000000000,01", TooLarge),
            ("99999999999999999999", TooLarge),
        ];
        for (text, error) in cases {
            assert_eq!(parse_amount(text), Err(error), "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_as_people_read_them() {
        let cases = [
            (0, "Rp0"),
            (5, "Rp0,05"),
            (99_900, "Rp999"),
            (125_000_000, "Rp1.250.000"),
            (125_000_050, "Rp1.250.000,50"),
            (-5_000_000, "-Rp50.000"),
            (i64::MIN, "-Rp92.233.720.368.547.758,08"),
        ];
        for (sen, text) in cases {
            assert_eq!(format_amount(Sen::new(sen)), text);
        }
        assert_eq!(format_plain(Sen::new(-5_000_050)), "-50.000,50");
    }

    #[test]
    fn quantities_have_a_decimal_comma() {
        for (text, milli) in [("12", 12_000), ("12,5", 12_500), ("1.250,125", 1_250_125)] {
            assert_eq!(parse_quantity(text), Ok(milli));
            assert_eq!(format_quantity(milli), text);
        }
        assert_eq!(parse_quantity("0,050"), Ok(50));
        assert_eq!(parse_quantity("12.5"), Err(NumberError::Grouping));
        assert_eq!(parse_quantity("12,"), Err(NumberError::Decimals));
        assert_eq!(parse_quantity("1,0000"), Err(NumberError::Decimals));
        assert_eq!(parse_quantity("1,-5"), Err(NumberError::Decimals));
        assert_eq!(parse_quantity("-1"), Err(NumberError::Negative));
        assert_eq!(parse_quantity("9999999999999999999"), Err(NumberError::TooLarge));
        assert_eq!(parse_quantity("9223372036854776"), Err(NumberError::TooLarge));
        assert_eq!(format_quantity(-1_500), "-1,5");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(sen in 0..=Sen::MAX_REQUEST.get()) {
            let sen = Sen::new(sen);
            prop_assert_eq!(parse_amount(&format_amount(sen)), Ok(sen));
            prop_assert_eq!(parse_amount(&format_plain(sen)), Ok(sen));
        }

        #[test]
        fn quantities_shown_read_back(milli in 0..i64::MAX) {
            prop_assert_eq!(parse_quantity(&format_quantity(milli)), Ok(milli));
        }

        #[test]
        fn no_text_breaks_the_parsers(text in "\\PC*") {
            let _ = (parse_amount(&text), parse_quantity(&text));
        }
    }
}
