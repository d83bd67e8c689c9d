//! Calendar days and the three Indonesian time zones.
//!
//! **Invariant**: nothing here asks what day it is; a day that came from outside is one a ledger may
//! name.

use jiff::civil::Date;

use crate::domain::record::proto::Zone;

/// A calendar day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// The first day a ledger may name.
    pub const MIN: Day = Day(10_957);
    /// The last day a ledger may name.
    pub const MAX: Day = Day(73_048);

    /// From a count of days since 1970-01-01.
    pub const fn new(days: i32) -> Day {
        Day(days)
    }

    /// The count of days since 1970-01-01.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// From a calendar date between 2000-01-01 and 2169-12-31; `None` outside of that or when
    /// there is no such date.
    pub fn from_ymd(year: i32, month: i32, day: i32) -> Option<Day> {
        let date = Date::new(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
        )
        .ok()?;
        let day = Day(EPOCH.until(date).ok()?.get_days());
        (Day::MIN <= day && day <= Day::MAX).then_some(day)
    }

    /// The calendar date as (year, month, day).
    pub fn ymd(self) -> (i32, i32, i32) {
        let date = EPOCH.saturating_add(jiff::Span::new().days(self.0));
        (date.year().into(), date.month().into(), date.day().into())
    }

    /// The day after.
    pub const fn next(self) -> Day {
        Day(self.0 + 1)
    }

    /// The same day so many months later, or the last of a shorter month; never past
    /// [`Day::MAX`].
    pub fn plus_months(self, months: u32) -> Day {
        let date = EPOCH.saturating_add(jiff::Span::new().days(self.0));
        let months = jiff::Span::new().months(i64::from(months.min(2_400)));
        let days = EPOCH.until(date.saturating_add(months)).map(|span| span.get_days());
        Day(days.unwrap_or(Day::MAX.0)).min(Day::MAX)
    }

    /// Whole months from this day to another; none if that one is not later.
    pub fn months_until(self, later: Day) -> u32 {
        let (from, to) = (self.ymd(), later.ymd());
        let months = (to.0 - from.0) * 12 + to.1 - from.1 - i32::from(to.2 < from.2);
        u32::try_from(months).unwrap_or(0)
    }

    /// The day on which an instant falls in a zone. `micros` counts from 1970-01-01T00:00:00Z.
    pub fn of_instant(micros: i64, zone: Zone) -> Day {
        let local = micros.saturating_add(offset_hours(zone) * 3_600_000_000);
        let days = local.div_euclid(86_400_000_000);
        Day(i32::try_from(days).unwrap_or(i32::MAX - 1))
    }
}

/// ISO 8601, e.g. `2025-08-17`.
impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Hours east of Greenwich. A zone that is not set counts as WIB.
pub const fn offset_hours(zone: Zone) -> i64 {
    match zone {
        Zone::Unspecified | Zone::Wib => 7,
        Zone::Wita => 8,
        Zone::Wit => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: i32, day: i32) -> Day {
        Day::from_ymd(year, month, day).unwrap()
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        assert_eq!(day(2025, 1, 31).plus_months(1), day(2025, 2, 28));
        assert_eq!(day(2025, 8, 17).plus_months(12), day(2026, 8, 17));
        assert_eq!(day(2169, 12, 31).plus_months(600), Day::MAX);
        assert_eq!(day(2025, 1, 15).months_until(day(2025, 2, 14)), 0);
        assert_eq!(day(2025, 1, 15).months_until(day(2026, 2, 15)), 13);
        assert_eq!(day(2025, 1, 15).months_until(day(2024, 1, 1)), 0);
    }
}
