//! The law an LKM lives under, as an effective-dated setting, and what it says of figures: the
//! ratios of an LKM, what it may ask for loans and pay on savings, what it may lend to its officers.
//!
//! **Invariant**: a bound is a setting with its source and its first day; none is built in, and
//! where nothing was set there is none. What is asked beyond one is done with a warning or refused,
//! as its setting says; money that has moved is told of all the same.

use rust_decimal::Decimal;

use crate::domain::account::Subject;
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::{self, Recorded, Version, known_on};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::rate::Percent;
use crate::domain::record::proto::{
    self, BoundEffect, BoundedFigure, Principle, Regime, RegimeBound, RegimeBounds, RegimeSince,
};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::savings::{Kind, savings_ledger};

/// What may be set, as the project knows it: regime, first day, figure, at least, at most, source.
const PRESETS: &str = include_str!("bounds.csv");

/// The most bounds of a book.
const MOST_BOUNDS: usize = 200;

/// The most members whose capital savings move in one record.
pub const CHUNK: usize = 80;

// ---- the law ------------------------------------------------------------------------------------

impl Version for RegimeSince {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

impl Recorded for RegimeSince {
    fn position(&self) -> u64 {
        self.position
    }
}

/// The law the book's LKM lives under on a day, as known when the journal had so many records.
pub fn regime_on(book: &proto::Book, day: Day, known: u64) -> Regime {
    known_on(&book.regimes, day, known).map_or(book.regime(), RegimeSince::regime)
}

/// Says under which law the LKM lives from a day on.
#[derive(Clone, Debug)]
pub struct SetRegime {
    /// What holds from a day on.
    pub version: RegimeSince,
}

impl Action for SetRegime {
    fn event(&self) -> Event {
        Event::RegimeSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Rules, &Entity::Lkm)))
    }

    /// Errors: `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut book = draft.book().clone();
        let version = RegimeSince { position: draft.frame().position, ..self.version.clone() };
        effective::add(draft, &Entity::Lkm, &mut book.regimes, version, "since")?;
        draft.put(RowName::book(), Row::Book(book));
        Ok(())
    }
}

/// Moves members' capital savings (pokok, wajib) to where the law of the day has them stand.
#[derive(Clone, Debug)]
pub struct MoveCapital {
    /// Whose, at most [`CHUNK`].
    pub members: Vec<Id>,
}

impl Action for MoveCapital {
    fn event(&self) -> Event {
        Event::CapitalSavingsMoved
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = savings_ledger(&Entity::Lkm);
        let regime = regime_on(draft.book(), draft.frame().happened_on, u64::MAX);
        for member in &self.members {
            draft.about(&Entity::Lkm, "members", member);
            for kind in [Kind::Principal, Kind::Mandatory] {
                let [there, elsewhere] = kind.codes(&Entity::Lkm, regime);
                let subject = Subject::id(member);
                let held = draft.held(&ledger.account_of(elsewhere, subject.clone()))?;
                draft.transfer(&ledger, (elsewhere, subject.clone()), (there, subject), held)?;
            }
        }
        Ok(())
    }
}

/// Whether the LKM works by jasa or by syariah contracts on a day, if that was said.
pub fn principle_on(book: &proto::Book, day: Day) -> Principle {
    let version = known_on(&book.regimes, day, u64::MAX);
    version.map_or(Principle::Unspecified, RegimeSince::principle)
}

/// Remarks on what the LKM does by jasa, or by a syariah contract, if its principle has not such.
pub fn check_principle(draft: &mut Draft<'_>, entity: &Entity, by_jasa: bool, day: Day) {
    let kept = match principle_on(draft.book(), day) {
        Principle::Unspecified => true,
        Principle::Conventional => by_jasa,
        Principle::Syariah => !by_jasa,
    };
    if *entity == Entity::Lkm && !kept {
        draft.flag(Refusal::new(Reason::NotOfPrinciple));
    }
}

// ---- what it says of figures --------------------------------------------------------------------

impl Version for RegimeBound {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

impl Recorded for RegimeBound {
    fn position(&self) -> u64 {
        self.position
    }
}

impl RegimeBound {
    /// Whether a percentage keeps it.
    pub fn holds(&self, percent: Decimal) -> bool {
        self.least().is_none_or(|least| percent >= least)
            && self.most().is_none_or(|most| percent <= most)
    }

    /// At least so many percent.
    pub fn least(&self) -> Option<Decimal> {
        self.at_least.parse().ok()
    }

    /// At most so many percent.
    pub fn most(&self) -> Option<Decimal> {
        self.at_most.parse().ok()
    }

    /// Whether it says anything.
    const fn says(&self) -> bool {
        !self.at_least.is_empty() || !self.at_most.is_empty()
    }

    fn is_about(&self, regime: Regime, figure: BoundedFigure) -> bool {
        (self.regime(), self.figure()) == (regime, figure)
    }

    /// Checks that its rules make sense together: what is asked of the LKM has a most, and only
    /// that can be refused; ratios are reported. Errors: `BOUND_INVALID`.
    fn check(&self) -> Result<(), Refusal> {
        let asked = matches!(
            self.figure(),
            BoundedFigure::LoanRate | BoundedFigure::SavingsRate | BoundedFigure::Officers
        );
        let number = |text: &str| text.is_empty() || Percent::parse(text).is_some();
        let wrong = [
            (!number(&self.at_least) || (asked && !self.at_least.is_empty()), "at_least"),
            (!number(&self.at_most), "at_most"),
            (!asked && self.effect() == BoundEffect::Refuse, "effect"),
        ];
        match wrong.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, term)) => Err(Refusal::new(Reason::BoundInvalid)
                .on(&format!("bound.{term}"))
                .with("term", term)),
            None => Ok(()),
        }
    }
}

/// The row that holds what regimes say of figures.
pub fn bounds_name() -> RowName {
    RowName::of(&Entity::Lkm, "rules", "bounds")
}

/// What a regime says of a figure on a day, as known when the journal had so many records.
pub fn bound(
    bounds: &RegimeBounds,
    regime: Regime,
    figure: BoundedFigure,
    (day, known): (Day, u64),
) -> Option<&RegimeBound> {
    let begun = |one: &&RegimeBound| {
        one.is_about(regime, figure) && one.since() <= day && one.position() <= known
    };
    bounds.bounds.iter().rev().find(begun).filter(|one| one.says())
}

/// What may be set, to begin with.
pub fn presets() -> impl Iterator<Item = RegimeBound> {
    PRESETS.lines().skip(1).filter_map(|row| {
        let [regime, from, figure, at_least, at_most, source] =
            row.split(',').collect::<Vec<_>>().try_into().ok()?;
        let regime = Regime::from_str_name(&format!("REGIME_{regime}"))?;
        let figure = BoundedFigure::from_str_name(&format!("BOUNDED_FIGURE_{figure}"))?;
        Some(RegimeBound {
            since: date(from)?.get(),
            regime: regime as i32,
            figure: figure as i32,
            at_least: at_least.to_owned(),
            at_most: at_most.to_owned(),
            effect: BoundEffect::Warn as i32,
            source: source.to_owned(),
            ..RegimeBound::default()
        })
    })
}

fn date(text: &str) -> Option<Day> {
    let parts: Vec<i32> = text.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [year, month, day] = parts.try_into().ok()?;
    Day::from_ymd(year, month, day)
}

/// Sets what a regime says of a figure from a day on.
#[derive(Clone, Debug)]
pub struct SetBound {
    /// The bound.
    pub bound: RegimeBound,
}

impl Action for SetBound {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Rules, &Entity::Lkm)))
    }

    /// Errors: `BOUND_INVALID`, `PERIOD_CLOSED`, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        self.bound.check()?;
        let bounds = bounds(draft)?.bounds;
        let (regime, figure) = (self.bound.regime(), self.bound.figure());
        let (mut own, mut all): (Vec<_>, Vec<_>) =
            bounds.into_iter().partition(|one| one.is_about(regime, figure));
        let bound = RegimeBound { position: draft.frame().position, ..self.bound.clone() };
        effective::add(draft, &Entity::Lkm, &mut own, bound, "since")?;
        all.append(&mut own);
        if all.len() > MOST_BOUNDS {
            return Err(Refusal::new(Reason::TooLarge).on("bound").into());
        }
        draft.put(bounds_name(), Row::RegimeBounds(RegimeBounds { bounds: all }));
        Ok(())
    }
}

fn bounds(draft: &Draft<'_>) -> Result<RegimeBounds, Stop> {
    Ok(match draft.row(&bounds_name())? {
        Some(Row::RegimeBounds(bounds)) => bounds,
        _ => RegimeBounds::default(),
    })
}

/// What the LKM's regime of a day says of a figure then.
///
/// Errors: `Missing`.
pub fn bound_on(
    draft: &Draft<'_>,
    figure: BoundedFigure,
    day: Day,
) -> Result<Option<RegimeBound>, Stop> {
    let regime = regime_on(draft.book(), day, u64::MAX);
    Ok(bound(&bounds(draft)?, regime, figure, (day, u64::MAX)).cloned())
}

/// Says of what goes beyond a bound which rule that is: remarked on, or refused.
///
/// Errors: the refusal itself, where the bound is one.
pub fn exceed(draft: &mut Draft<'_>, bound: &RegimeBound, why: Refusal) -> Result<(), Stop> {
    let why = why.with("limit", &bound.at_most).with("source", &bound.source);
    if bound.effect() == BoundEffect::Refuse {
        return Err(why.into());
    }
    draft.flag(why);
    Ok(())
}

/// Checks yearly rates, in percent, against what the regime of the LKM allows on a day; the first
/// beyond it counts. A KUBE has no regime. `field` is the request's name for the rate.
///
/// Errors: `RATE_ABOVE_BOUND` where that is refused.
pub fn check_rate(
    draft: &mut Draft<'_>,
    (entity, figure, day): (&Entity, BoundedFigure, Day),
    field: &str,
    rates: impl IntoIterator<Item = Decimal>,
) -> Result<(), Stop> {
    if *entity != Entity::Lkm {
        return Ok(());
    }
    let Some(bound) = bound_on(draft, figure, day)? else { return Ok(()) };
    match rates.into_iter().find(|rate| !bound.holds(*rate)) {
        Some(rate) => {
            let why = Refusal::new(Reason::RateAboveBound).on(field);
            exceed(draft, &bound, why.with("rate", rate.normalize()))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_those_of_the_file() {
        let all: Vec<RegimeBound> = presets().collect();
        assert_eq!(all.len(), PRESETS.lines().skip(1).count());
        let find = |regime, figure| all.iter().find(|one| one.is_about(regime, figure));
        let rate = find(Regime::Koperasi, BoundedFigure::LoanRate).expect("a bound");
        assert!(rate.holds(Decimal::from(24)) && !rate.holds(Decimal::new(2401, 2)));
        let saved = find(Regime::Koperasi, BoundedFigure::SavingsRate).expect("a bound");
        assert!(saved.holds(Decimal::from(9)) && !saved.holds(Decimal::new(901, 2)));
        let least = find(Regime::LkmOjk, BoundedFigure::Solvency).expect("a bound");
        assert!(least.holds(Decimal::from(110)) && !least.holds(Decimal::new(10999, 2)));
        assert!(find(Regime::Inkubasi, BoundedFigure::Solvency).is_none());
        assert!(all.iter().all(|one| one.check().is_ok() && one.position == 0));
    }
}
