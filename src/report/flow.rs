//! What moved money, and what changed the other accounts, worked out from entries.
//!
//! **Exactness**: a record's entries sum to zero within a ledger (an entity's fund), so what its
//! money accounts gained is what its other accounts gave. The direct cash flow is therefore read
//! off the *counter-accounts*: of every record that touched money, each entry on an account that
//! is not money counts with the opposite sign under its own control account. Nothing is guessed
//! or apportioned, and the flows of a span sum to the change in money to the sen.
//!
//! Two refinements leave every sum as it is: a line of a record that balances without money is not
//! a flow (a sheet's credit purchase beside its cash sales), and a cost that leaves a lot (cost of
//! sales, depreciation, losses) is set off against that lot in the same line, because neither is
//! money.

use std::collections::BTreeMap;

use crate::domain::account::{Control, Ledger};
use crate::domain::chart::Code;
use crate::domain::money::Sen;
use crate::domain::record::{Entry, Event};
use crate::domain::refusal::Refusal;
use crate::report::statement::Totals;

/// What went through money: inflows positive, by counter-account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CashFlows(pub Totals);

impl CashFlows {
    /// Adds one record's flows within a ledger.
    ///
    /// Errors: `OVERFLOW`.
    pub fn add(&mut self, ledger: &Ledger, entries: &[Entry]) -> Result<(), Refusal> {
        let mut lines: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.account.ledger == *ledger) {
            lines.entry(entry.line).or_default().push(entry);
        }
        for line in lines.values() {
            self.add_line(line)?;
        }
        Ok(())
    }

    fn add_line(&mut self, line: &[&Entry]) -> Result<(), Refusal> {
        let mut counters: BTreeMap<Control, Sen> = BTreeMap::new();
        let (mut sum, mut money) = (Sen::ZERO, false);
        for entry in line {
            sum = sum.plus(entry.amount)?;
            if entry.account.code.is_money() {
                money = true;
                continue;
            }
            let counter = counters.entry(entry.account.control()).or_default();
            *counter = counter.minus(entry.amount)?;
        }
        if sum.is_zero() && !money {
            return Ok(());
        }
        set_off(&mut counters)?;
        for (control, amount) in counters {
            let total = self.0.entry(control).or_default();
            *total = total.plus(amount)?;
        }
        Ok(())
    }
}

/// Whether a cost leaves a lot rather than a cash tin.
const fn leaves_a_lot(code: Code) -> bool {
    matches!(code, Code::CostOfSales | Code::Depreciation | Code::LivestockLoss)
}

/// Whether an account holds things at cost.
fn holds_things(code: Code) -> bool {
    matches!(code.number(), 1300..=1499)
}

/// Takes costs that left lots out of both sides.
fn set_off(counters: &mut BTreeMap<Control, Sen>) -> Result<(), Refusal> {
    let costs: Vec<Control> =
        counters.keys().filter(|control| leaves_a_lot(control.code)).cloned().collect();
    for cost in costs {
        let things: Vec<Control> =
            counters.keys().filter(|control| holds_things(control.code)).cloned().collect();
        for thing in things {
            let of = |control: &Control| counters.get(control).copied().unwrap_or_default();
            let (spent, left) = (of(&cost), of(&thing));
            if spent.is_negative() == left.is_negative() {
                continue;
            }
            let both = spent.get().unsigned_abs().min(left.get().unsigned_abs());
            let both = Sen::new(i64::try_from(both).unwrap_or(i64::MAX));
            let both = if spent.is_negative() { both } else { both.negated()? };
            counters.insert(cost.clone(), spent.plus(both)?);
            counters.insert(thing, left.minus(both)?);
        }
    }
    Ok(())
}

/// What changed accounts: credit positive, by control account and event of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(pub BTreeMap<(Control, Event), Sen>);

impl Changes {
    /// Adds one entry.
    ///
    /// Errors: `OVERFLOW`.
    pub fn add(&mut self, control: Control, event: Event, amount: Sen) -> Result<(), Refusal> {
        let change = self.0.entry((control, event)).or_default();
        *change = change.minus(amount)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::Subject;
    use crate::domain::id::{Entity, Id};
    use crate::domain::record::proto::Fund;

    fn ledger() -> Ledger {
        let group = Id::new("a").expect("an id");
        Ledger::new(Entity::Kube(group), Fund::Uep)
    }

    fn flows(lines: &[(u32, Code, i64)]) -> Vec<(u32, i64)> {
        let entries: Vec<Entry> = lines
            .iter()
            .map(|(line, code, amount)| Entry {
                account: ledger().account_of(*code, Subject::none()),
                amount: Sen::new(*amount),
                line: *line,
                party: String::new(),
            })
            .collect();
        let mut flows = CashFlows::default();
        flows.add(&ledger(), &entries).expect("in range");
        let found = flows.0.into_iter().filter(|(_, amount)| !amount.is_zero());
        found.map(|(control, amount)| (control.code.number(), amount.get())).collect()
    }

    #[test]
    fn a_sale_is_its_price_and_not_its_cost() {
        let sale = [
            (0, Code::Cash, 35),
            (0, Code::Sales, -35),
            (0, Code::CostOfSales, 20),
            (0, Code::Livestock, -20),
        ];
        assert_eq!(flows(&sale), [(4101, 35)]);
    }

    #[test]
    fn a_purchase_beside_a_sale_in_one_sheet_stays_whole() {
        let sheet = [
            (1, Code::Cash, 35),
            (1, Code::Sales, -35),
            (1, Code::CostOfSales, 20),
            (1, Code::Stock, -20),
            (2, Code::Stock, 80),
            (2, Code::Cash, -80),
        ];
        assert_eq!(flows(&sheet), [(1301, -80), (4101, 35)]);
    }

    #[test]
    fn what_balances_without_money_is_no_flow() {
        let lines = [
            (1, Code::Stock, 50),
            (1, Code::TradePayable, -50),
            (2, Code::Cash, 7),
            (2, Code::Bank, -7),
        ];
        assert_eq!(flows(&lines), []);
    }

    #[test]
    fn a_fee_kept_back_shows_on_both_sides_and_sums_to_the_money() {
        let loan =
            [(0, Code::OtherReceivable, 100), (0, Code::Bank, -95), (0, Code::OtherIncome, -5)];
        assert_eq!(flows(&loan), [(1209, -100), (4209, 5)]);
    }

    #[test]
    fn a_cost_paid_from_cash_is_a_flow() {
        assert_eq!(flows(&[(0, Code::CostOfSales, 9), (0, Code::Cash, -9)]), [(5101, -9)]);
    }
}
