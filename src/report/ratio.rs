//! The regulator's ratios from totals of control accounts, and what a regime says of figures.
//!
//! **Invariant**: a bound is data with its source, never a number in the code; where a regime says
//! nothing there is none.

use rust_decimal::Decimal;

use crate::domain::chart::{Class, Code};
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::record::proto::Regime;
use crate::domain::refusal::Refusal;
use crate::domain::year::is_result;
use crate::report::statement::Totals;

/// The bounds as the project keeps them: regime, first day, figure, at least, at most, source.
const BOUNDS: &str = include_str!("bounds.csv");

/// What a regime bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Jasa on loans, in percent a year.
    LoanRate,
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

/// What the ratios are made of, each on its natural side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Cash and cash equivalents: accounts 1000 to 1109, as in the balance sheet.
    pub money: Sen,
    /// Current liabilities: accounts 2000 to 2199, as in the balance sheet.
    pub current: Sen,
    /// All assets.
    pub assets: Sen,
    /// All liabilities.
    pub liabilities: Sen,
    /// Equity, the running result included.
    pub equity: Sen,
    /// What members, KUBEs, programmes and founders paid in.
    pub paid_in: Sen,
}

impl Sums {
    /// From the totals of all control accounts of an entity. Errors: `OVERFLOW`.
    pub fn of(totals: &Totals) -> Result<Sums, Refusal> {
        let mut sums = Sums::default();
        for (control, total) in totals {
            let (code, owed) = (control.code, total.negated()?);
            let class = code.line().class;
            let parts = [
                (&mut sums.money, code.number() < 1110, *total),
                (&mut sums.current, (2000..2200).contains(&code.number()), owed),
                (&mut sums.assets, class == Class::Asset, *total),
                (&mut sums.liabilities, class == Class::Liability, owed),
                (&mut sums.equity, class == Class::Equity || is_result(code), owed),
                (&mut sums.paid_in, is_paid_in(code), owed),
            ];
            for (sum, belongs, amount) in parts {
                if belongs {
                    *sum = sum.plus(amount)?;
                }
            }
        }
        Ok(sums)
    }
}

/// Whether an account holds what somebody paid in as capital.
const fn is_paid_in(code: Code) -> bool {
    matches!(
        code,
        Code::PaidInCapital
            | Code::PrincipalCapital
            | Code::MandatoryCapital
            | Code::KubeStakes
            | Code::ProgrammeStake
            | Code::OwnCapital
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_file() {
        let day = date("2025-06-01").expect("a day");
        let rate = bound(Regime::Koperasi, Figure::LoanRate, day).expect("a bound");
        assert!(rate.holds(Decimal::from(24)) && !rate.holds(Decimal::new(2401, 2)));
        let least = bound(Regime::LkmOjk, Figure::Solvency, day).expect("a bound");
        assert!(least.holds(Decimal::from(110)) && !least.holds(Decimal::new(10999, 2)));
        assert_eq!(bound(Regime::Inkubasi, Figure::Solvency, day), None);
        let before = date("2024-12-31").expect("a day");
        assert_eq!(bound(Regime::LkmOjk, Figure::Capital, before), None);
        assert_eq!(BOUNDS.lines().skip(1).count(), 6);
    }
}
