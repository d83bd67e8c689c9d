//! The pendamping's assessment of a KUBE: scores in three aspects, and the bands they fall into.
//!
//! The bands are data, `assessment_bands.csv`: per aspect the number of items, the least and the
//! most points (one to three per item), and where each band begins and ends. Scores are what the
//! pendamping says, item by item or, from old paper, the sums alone; nothing here posts, and nothing
//! is refused but what is no score.
//!
//! **Invariant**: a record holds the band that a score fell into on its day, so that later bands
//! change no judgement already given.

use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::{Aspect, AspectScore, Assessment, Band};
use crate::domain::record::{Event, Row};

/// The points that an item can have.
pub const POINTS: std::ops::RangeInclusive<u32> = 1..=3;

const BANDS: &str = include_str!("assessment_bands.csv");

/// What scores an aspect can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The aspect.
    pub aspect: Aspect,
    /// How many items are scored.
    pub items: u32,
    /// The least points.
    pub least: u32,
    /// The most points.
    pub most: u32,
    /// Where `kurang`, `cukup` and `baik` begin.
    pub from: [u32; 3],
}

impl Scale {
    /// The band of a score; none for what is no score of this aspect.
    pub fn band(&self, score: u32) -> Option<Band> {
        if !(self.least..=self.most).contains(&score) {
            return None;
        }
        let bands = [Band::Kurang, Band::Cukup, Band::Baik];
        let mut bands = self.from.iter().zip(bands);
        bands.rfind(|(from, _)| score >= **from).map(|(_, band)| band)
    }
}

/// The scales of all aspects.
pub fn scales() -> Vec<Scale> {
    BANDS.lines().skip(1).filter_map(scale).collect()
}

/// The scale of one aspect.
pub fn scale_of(aspect: Aspect) -> Option<Scale> {
    scales().into_iter().find(|scale| scale.aspect == aspect)
}

fn scale(line: &str) -> Option<Scale> {
    let mut fields = line.trim().split(',');
    let aspect = Aspect::from_str_name(&format!("ASPECT_{}", fields.next()?))?;
    let numbers: Vec<u32> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    let [items, least, most, kurang, _, cukup, _, baik, _] = numbers.try_into().ok()?;
    Some(Scale { aspect, items, least, most, from: [kurang, cukup, baik] })
}

/// The name of a group's assessment of a day; its id is `YYYY-MM-DD`.
pub fn assessment_name(group: &Id, day: Day) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "assessments", &day.to_string())
}

/// The score of one aspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The aspect.
    pub aspect: Aspect,
    /// The points of its items added up.
    pub score: u32,
    /// Those of each item, in the order of the sheet; none where only the sum is known.
    pub items: Vec<u32>,
}

/// Records a score sheet, of the day of the request. A second one of that day takes the place of
/// the first, which stays in the journal.
#[derive(Clone, Debug)]
pub struct RecordAssessment {
    /// Which KUBE.
    pub group: Id,
    /// Scores by aspect, each on its scale.
    pub scores: Vec<Scored>,
    /// Commitment to the notes, empty if none.
    pub notes: Vec<u8>,
}

impl Action for RecordAssessment {
    fn event(&self) -> Event {
        Event::GroupAssessed
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.group(&self.group, "group")?;
        let day = draft.frame().happened_on;
        let score = |one: &Scored| {
            let band = scale_of(one.aspect).and_then(|scale| scale.band(one.score));
            AspectScore {
                aspect: one.aspect as i32,
                score: one.score,
                band: band.unwrap_or(Band::Unspecified) as i32,
                items: one.items.clone(),
            }
        };
        let row = Assessment {
            assessed_on: day.get(),
            scores: self.scores.iter().map(score).collect(),
            notes: self.notes.clone(),
        };
        draft.put(assessment_name(&self.group, day), Row::Assessment(row));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_are_complete_and_have_no_gaps() {
        let scales = scales();
        let aspects: Vec<Aspect> = scales.iter().map(|scale| scale.aspect).collect();
        assert_eq!(aspects, [Aspect::Sosial, Aspect::Ekonomi, Aspect::Kelembagaan]);
        for scale in scales {
            assert_eq!((scale.least, scale.most), (scale.items, 3 * scale.items));
            assert_eq!(scale.band(scale.least), Some(Band::Kurang));
            assert_eq!(scale.band(scale.most), Some(Band::Baik));
            assert_eq!(scale.band(scale.least - 1), None);
            assert_eq!(scale.band(scale.most + 1), None);
        }
        let line = |aspect| BANDS.lines().find(|line| line.starts_with(aspect)).expect("a line");
        let ends: Vec<u32> = line("EKONOMI").split(',').skip(1).flat_map(str::parse).collect();
        assert_eq!(ends, [10, 10, 30, 10, 16, 17, 23, 24, 30]);
        let scale = scale_of(Aspect::Ekonomi).expect("a scale");
        let bands = [16, 17, 23, 24].map(|score| scale.band(score));
        let expected = [Band::Kurang, Band::Cukup, Band::Cukup, Band::Baik].map(Some);
        assert_eq!(bands, expected);
    }
}
