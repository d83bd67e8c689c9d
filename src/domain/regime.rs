//! What a regime says of figures: the ratios of an LKM, what it may ask for loans and pay on savings.
//!
//! **Invariant**: a bound is data with its source and its first day, never a number in the code;
//! where a regime says nothing there is none. The bounds are second-hand: what goes beyond one is
//! decided with a warning, not refused.

use rust_decimal::Decimal;

use crate::domain::day::Day;
use crate::domain::draft::Draft;
use crate::domain::id::Entity;
use crate::domain::record::proto::Regime;
use crate::domain::refusal::{Reason, Refusal};

/// The bounds as the project keeps them: regime, first day, figure, at least, at most, source.
const BOUNDS: &str = include_str!("bounds.csv");

/// What a regime bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Jasa on loans, in percent a year.
    LoanRate,
    /// Jasa on savings, in percent a year.
    SavingsRate,
    /// Loans to officers by equity.
    Officers,
    /// Money by current liabilities.
    Liquidity,
    /// Assets by liabilities.
    Solvency,
    /// Equity by paid-in capital.
    Capital,
    /// Loans that do not perform, after provision, by all loans.
    NplNet,
    /// The same before provision.
    NplGross,
}

impl Figure {
    /// Its name in the data.
    const fn name(self) -> &'static str {
        match self {
            Figure::LoanRate => "LOAN_RATE",
            Figure::SavingsRate => "SAVINGS_RATE",
            Figure::Officers => "OFFICERS",
            Figure::Liquidity => "LIQUIDITY",
            Figure::Solvency => "SOLVENCY",
            Figure::Capital => "CAPITAL",
            Figure::NplNet => "NPL_NET",
            Figure::NplGross => "NPL_GROSS",
        }
    }
}

/// What a regime says of a figure, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// At least so much.
    pub at_least: Option<Decimal>,
    /// At most so much.
    pub at_most: Option<Decimal>,
    /// Who says so, and how far it is known.
    pub source: &'static str,
}

impl Bound {
    /// Whether a percentage keeps it.
    pub fn holds(&self, percent: Decimal) -> bool {
        self.at_least.is_none_or(|least| percent >= least)
            && self.at_most.is_none_or(|most| percent <= most)
    }
}

/// What a regime says of a figure on a day, if it says anything.
pub fn bound(regime: Regime, figure: Figure, day: Day) -> Option<Bound> {
    let regime = regime.as_str_name().strip_prefix("REGIME_")?;
    let rows = BOUNDS.lines().rev().map(|row| row.split(',').collect::<Vec<_>>());
    let mut bounds = rows.filter_map(|row| {
        let [of, from, name, at_least, at_most, source] = row.try_into().ok()?;
        let since = date(from)?;
        let fits = of == regime && name == figure.name() && since <= day;
        let percent = |text: &str| text.parse().ok();
        let (at_least, at_most) = (percent(at_least), percent(at_most));
        fits.then_some(Bound { at_least, at_most, source })
    });
    bounds.next()
}

fn date(text: &str) -> Option<Day> {
    let parts: Vec<i32> = text.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [year, month, day] = parts.try_into().ok()?;
    Day::from_ymd(year, month, day)
}

/// Remarks on the first of yearly rates, in percent, that goes beyond what the regime of the LKM
/// allows on the day of a draft. A KUBE has no regime.
pub fn warn_of_rate(
    draft: &mut Draft<'_>,
    entity: &Entity,
    figure: Figure,
    rates: impl IntoIterator<Item = Decimal>,
) {
    if *entity != Entity::Lkm {
        return;
    }
    let Some(bound) = bound(draft.book().regime(), figure, draft.frame().happened_on) else {
        return;
    };
    let beyond = rates.into_iter().find(|rate| !bound.holds(*rate));
    if let (Some(rate), Some(most)) = (beyond, bound.at_most) {
        let remark = Refusal::new(Reason::RateAboveBound).with("rate", rate.normalize());
        draft.flag(remark.with("limit", most).with("source", bound.source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_file() {
        let day = date("2025-06-01").expect("a day");
        let rate = bound(Regime::Koperasi, Figure::LoanRate, day).expect("a bound");
        assert!(rate.holds(Decimal::from(24)) && !rate.holds(Decimal::new(2401, 2)));
        let saved = bound(Regime::Koperasi, Figure::SavingsRate, day).expect("a bound");
        assert!(saved.holds(Decimal::from(9)) && !saved.holds(Decimal::new(901, 2)));
        let least = bound(Regime::LkmOjk, Figure::Solvency, day).expect("a bound");
        assert!(least.holds(Decimal::from(110)) && !least.holds(Decimal::new(10999, 2)));
        assert_eq!(bound(Regime::Inkubasi, Figure::Solvency, day), None);
        let before = date("2024-12-31").expect("a day");
        assert_eq!(bound(Regime::LkmOjk, Figure::Capital, before), None);
        assert_eq!(BOUNDS.lines().skip(1).count(), 7);
    }
}
