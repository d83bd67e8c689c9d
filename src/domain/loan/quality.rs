//! Quality classes and their provision rates: effective-dated, by a preset of `presets.csv` or a
//! lender's own. There is no built-in default.
//!
//! **Invariant**: classes cover every figure from nothing on, each figure by one class.

use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Recorded, Version, in_force};
use crate::domain::id::{Entity, RowName};
use crate::domain::loan::life::Life;
use crate::domain::loan::rate::Percent;
use crate::domain::record::proto::{
    LoanQuality, QualityClass, QualityMeasure, QualityPreset, QualityVersion,
};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};

/// The presets as the project keeps them.
const PRESETS: &str = include_str!("presets.csv");

impl Version for QualityVersion {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

impl Recorded for QualityVersion {
    fn position(&self) -> u64 {
        self.position
    }
}

/// The row that holds a lender's classes.
pub fn quality_name(lender: &Entity) -> RowName {
    RowName::of(lender, "rules", "loan-quality")
}

/// The classes of a preset, and what they measure; `None` for a preset that is not set.
pub fn preset(preset: QualityPreset) -> Option<(QualityMeasure, Vec<QualityClass>)> {
    let name = preset.as_str_name().strip_prefix("QUALITY_PRESET_")?;
    let rows = PRESETS.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let rows: Vec<Vec<&str>> = rows.filter(|row| row.first() == Some(&name)).collect();
    let measure =
        QualityMeasure::from_str_name(&format!("QUALITY_MEASURE_{}", rows.first()?.get(2)?))?;
    let class = |row: &Vec<&str>| {
        Some(QualityClass {
            name: (*row.get(4)?).to_owned(),
            from: row.get(5)?.parse().ok()?,
            rate: (*row.get(7)?).to_owned(),
        })
    };
    Some((measure, rows.iter().map(class).collect::<Option<_>>()?))
}

/// Sets a lender's classes from a day on.
#[derive(Clone, Debug)]
pub struct SetLoanQuality {
    /// Whose.
    pub lender: Entity,
    /// What holds from a day on.
    pub version: QualityVersion,
}

impl Action for SetLoanQuality {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Rules, &self.lender)))
    }

    /// Errors: `LOAN_TERMS_INVALID` for classes that do not begin at nothing, do not rise, have
    /// no rate, or no such class; `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        check(&self.version)?;
        let name = quality_name(&self.lender);
        let mut row = match draft.row(&name)? {
            Some(Row::LoanQuality(row)) => row,
            _ => LoanQuality::default(),
        };
        let version = QualityVersion { position: draft.frame().position, ..self.version.clone() };
        effective::add(draft, &self.lender, &mut row.versions, version, "since")?;
        draft.put(name, Row::LoanQuality(row));
        Ok(())
    }
}

fn check(version: &QualityVersion) -> Result<(), Refusal> {
    let wrong = || crate::domain::loan::terms::invalid("classes");
    let begins = version.classes.first().is_some_and(|class| class.from == 0);
    let rises = version.classes.windows(2).all(|pair| pair[0].from < pair[1].from);
    let rated = version.classes.iter().all(|class| Percent::parse(&class.rate).is_some());
    let measured = version.measure() != QualityMeasure::Unspecified;
    let turns = usize::try_from(version.non_performing_from);
    let rated = rated && turns.is_ok_and(|rank| rank <= version.classes.len());
    if begins && rises && rated && measured { Ok(()) } else { Err(wrong()) }
}

/// A lender's classes on a day, if any are set.
pub fn found_on(
    draft: &Draft<'_>,
    lender: &Entity,
    day: Day,
) -> Result<Option<QualityVersion>, Stop> {
    Ok(match draft.row(&quality_name(lender))? {
        Some(Row::LoanQuality(row)) => in_force(&row.versions, day).cloned(),
        _ => None,
    })
}

/// The class of a loan on the day it was reckoned to, with its rank from 1.
///
/// Errors: `RULE_NOT_SET` for a version without classes, `OVERFLOW`.
pub fn class_of<'v>(
    version: &'v QualityVersion,
    life: &Life,
) -> Result<(usize, &'v QualityClass), Refusal> {
    let figure = match version.measure() {
        QualityMeasure::InstalmentsOverdue => life.instalments_late()?,
        QualityMeasure::DaysLate | QualityMeasure::Unspecified => life.days_late()?,
    };
    let classes = version.classes.iter().enumerate().rev();
    let found = classes.map(|(at, class)| (at + 1, class)).find(|(_, class)| class.from <= figure);
    found.ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("loan"))
}

/// The provision rate of a loan's class. Errors: as [`class_of`].
pub fn rate_for(version: &QualityVersion, life: &Life) -> Result<Percent, Refusal> {
    let (_, class) = class_of(version, life)?;
    Percent::parse(&class.rate).ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("loan"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_those_of_the_file() {
        let (measure, classes) = preset(QualityPreset::LkmPojk412024).expect("a preset");
        assert_eq!(measure, QualityMeasure::DaysLate);
        let rows: Vec<_> = classes.iter().map(|c| (c.from, c.rate.as_str())).collect();
        assert_eq!(rows, [(0, "0"), (11, "5"), (91, "15"), (121, "50"), (181, "100")]);
        let (measure, classes) = preset(QualityPreset::UpkPnpm).expect("a preset");
        assert_eq!((measure, classes.len()), (QualityMeasure::InstalmentsOverdue, 5));
        assert_eq!(classes[4].rate, "100");
        assert_eq!(preset(QualityPreset::Unspecified), None);
    }
}
