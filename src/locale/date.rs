//! Dates: `17 Agustus 2025` for people, and what people type.
//!
//! **Invariant**: a day that is not in the calendar is not read as another one.

use crate::domain::day::{Day, offset_hours};
use crate::domain::record::proto::Zone;
use crate::domain::refusal::Language;

/// Why a date cannot be read. `Display` is English; [`DateError::text`] has both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// It is written in no known way.
    #[error("{}", self.text(Language::English))]
    Unreadable,
    /// The calendar (or the ledger, which spans 2000 to 2169) has no such day.
    #[error("{}", self.text(Language::English))]
    NoSuchDay,
}

impl DateError {
    /// One plain sentence.
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (DateError::Unreadable, Language::Indonesian) => {
                "Tulis tanggal dengan tahunnya, seperti 17-08-2025 atau 17 Agustus 2025."
            }
            (DateError::Unreadable, Language::English) => {
                "Write the date with its year, like 17-08-2025 or 17 August 2025."
            }
            (DateError::NoSuchDay, Language::Indonesian) => "Tanggal itu tidak ada di kalender.",
            (DateError::NoSuchDay, Language::English) => "There is no such day in the calendar.",
        }
    }
}

const MONTHS_ID: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day for people: `17 Agustus 2025` or `17 August 2025`.
pub fn format_day(day: Day, language: Language) -> String {
    let (year, month, day) = day.ymd();
    let months = match language {
        Language::Indonesian => &MONTHS_ID,
        Language::English => &MONTHS_EN,
    };
    let at = usize::try_from(month - 1).unwrap_or_default();
    format!("{day} {} {year}", months[at])
}

/// Reads `2025-08-17`, `17-08-2025`, `17/8/2025`, `17 Agustus 2025` or `17 August 2025`: the day
/// stands before the month unless the year comes first.
///
/// Errors: every [`DateError`].
pub fn parse_day(text: &str) -> Result<Day, DateError> {
    let parts: Vec<_> =
        text.trim().split(['-', '/', ' ']).filter(|part| !part.is_empty()).collect();
    let [first, middle, last] = parts.as_slice() else {
        return Err(DateError::Unreadable);
    };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 || day.len() > 2 {
        return Err(DateError::Unreadable);
    }
    let month = month_number(middle).ok_or(DateError::Unreadable)?;
    let (year, day) = (whole(year), whole(day));
    let (year, day) = year.zip(day).ok_or(DateError::Unreadable)?;
    Day::from_ymd(year, month, day).ok_or(DateError::NoSuchDay)
}

fn month_number(text: &str) -> Option<i32> {
    let named = |months: &[&str]| months.iter().position(|name| name.eq_ignore_ascii_case(text));
    match named(&MONTHS_ID).or_else(|| named(&MONTHS_EN)) {
        Some(at) => i32::try_from(at + 1).ok(),
        None if text.len() <= 2 => whole(text),
        None => None,
    }
}

/// A number of digits only.
fn whole(text: &str) -> Option<i32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A moment, in seconds since 1970, as the clocks of a zone show it: `17 Agustus 2025 14.05.09 WITA`.
pub fn format_moment(seconds: i64, zone: Zone, language: Language) -> String {
    let local = seconds.saturating_add(offset_hours(zone) * 3600);
    let day = i32::try_from(local.div_euclid(86_400)).unwrap_or(i32::MAX).min(Day::MAX.get());
    let day = format_day(Day::new(day), language);
    let clock = local.rem_euclid(86_400);
    let (hours, minutes, seconds) = (clock / 3600, clock / 60 % 60, clock % 60);
    let zone = match zone {
        Zone::Unspecified | Zone::Wib => "WIB",
        Zone::Wita => "WITA",
        Zone::Wit => "WIT",
    };
    format!("{day} {hours:02}.{minutes:02}.{seconds:02} {zone}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_told_by_the_clocks_of_its_zone() {
        let told = |zone| format_moment(1_767_193_509, zone, Language::Indonesian);
        assert_eq!(told(Zone::Wib), "31 Desember 2025 22.05.09 WIB");
        assert_eq!(told(Zone::Wit), "1 Januari 2026 00.05.09 WIT");
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        let day = Day::from_ymd(2025, 8, 17).expect("a day");
        for text in [
            "2025-08-17",
            "17-08-2025",
            "17/8/2025",
            " 17 Agustus 2025 ",
            "17 august 2025",
            "17  AGUSTUS  2025",
            "2025/8/17",
            "17-Agustus-2025",
        ] {
            assert_eq!(parse_day(text), Ok(day), "{text}");
        }
        assert_eq!(format_day(day, Language::Indonesian), "17 Agustus 2025");
        assert_eq!(format_day(day, Language::English), "17 August 2025");
    }

    #[test]
    fn other_dates_are_refused_with_the_reason() {
        for text in [
            "",
            "kemarin",
            "17-08-25",
            "08-2025",
            "17 Agt 2025",
            "2025-08-17-01",
            "17-008-2025",
            "+7-08-2025",
            "017-08-2025",
        ] {
            assert_eq!(parse_day(text), Err(DateError::Unreadable), "{text}");
        }
        for text in ["31-02-2025", "29-02-2025", "2025-13-01", "00-01-2025", "1-1-1999"] {
            assert_eq!(parse_day(text), Err(DateError::NoSuchDay), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(days in Day::MIN.get()..=Day::MAX.get()) {
            let day = Day::new(days);
            prop_assert_eq!(parse_day(&format_day(day, Language::Indonesian)), Ok(day));
            prop_assert_eq!(parse_day(&format_day(day, Language::English)), Ok(day));
            prop_assert_eq!(parse_day(&day.to_string()), Ok(day));
        }

        #[test]
        fn no_text_breaks_the_parser(text in "\\PC*") {
            let _ = parse_day(&text);
        }
    }
}
