//! What the regulator's ratios are made of, from totals of control accounts.

use crate::domain::chart::{Class, Code};
use crate::domain::money::Sen;
use crate::domain::refusal::Refusal;
use crate::domain::year::is_result;
use crate::report::statement::Totals;

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
