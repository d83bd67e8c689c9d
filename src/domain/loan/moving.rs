//! A lender moves to another book, and its loans with it: there they go on with the same plan,
//! arrears, claims and provision.
//!
//! **Invariant**: what a loan stands at in the accounts leaves one book and comes to the other in
//! the record that moves its row, so that in both, at every position, the row says what the
//! accounts hold. What had happened to it before is known over there from the day it came.

use crate::domain::account::{Account, Subject};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::loan::accounts::principal_code;
use crate::domain::loan::case::Case;
use crate::domain::money::Sen;
use crate::domain::record::proto::{Loan, LoanFact, LoanFactKind, LoanState, LoanSums};

/// Whether a loan is owed, or written off and not recovered: then its lender takes it along.
pub fn is_running(row: &Loan) -> bool {
    let paid_out = row.facts.iter().any(|fact| fact.taken_back == 0);
    paid_out
        && matches!(row.state(), LoanState::Approved | LoanState::Active | LoanState::WrittenOff)
}

/// Whether a loan goes on in the book that its lender moved to: it was running, it is being decided
/// on, or somebody's claim for having paid it is open.
pub fn goes_on(row: &Loan) -> bool {
    match row.state() {
        LoanState::Moved | LoanState::Applied | LoanState::Approved => true,
        _ => row.claims.iter().any(|claim| claim.amount != claim.repaid),
    }
}

/// The day of a loan's last fact that was not taken back; none before it was paid out.
pub fn last_fact(row: &Loan) -> Option<Day> {
    let facts = row.facts.iter().filter(|fact| fact.taken_back == 0);
    facts.map(|fact| Day::new(fact.on)).max()
}

/// A loan leaves with its lender; answers the accounts it stood in with what leaves them.
///
/// Errors: `NOT_FOUND`, `OVERFLOW`.
pub fn leave(draft: &mut Draft<'_>, lender: &Entity, id: &Id) -> Result<Vec<(Account, Sen)>, Stop> {
    let mut case = Case::load(draft, lender, id)?;
    let principal = principal_code(lender, case.contract());
    let codes = [
        principal,
        Code::InterestReceivable,
        Code::LoanTitipan,
        Code::DeferredInterest,
        Code::LoanProvision,
    ];
    let mut left = Vec::new();
    let mut missing = None;
    for code in codes {
        let account = case.ledger().account_of(code, Subject::id(id));
        match draft.balance(&account) {
            Ok(balance) => left.push((account, balance.negated()?)),
            Err(stop) => missing = Some(stop),
        }
    }
    if let Some(stop) = missing {
        return Err(stop);
    }
    case.row.facts.push(case.fact(draft, LoanFactKind::Moved, Sen::ZERO));
    case.row.facts.sort_by_key(|fact| (fact.on, fact.position, fact.line));
    case.row.posted = case.row.posted.map(off);
    case.row.state = LoanState::Moved as i32;
    case.put(draft);
    Ok(left)
}

/// Sums of which nothing stands on anybody's books here.
pub(super) fn off(sums: LoanSums) -> LoanSums {
    let lender = LoanSums { lent: 0, receivable: 0, titipan: 0, deferred: 0, margin: 0, ..sums };
    LoanSums { owed: 0, payable: 0, burden: 0, ..lender }
}

/// A loan comes with its lender.
///
/// Errors: those of the fold, `Missing`.
pub fn arrive(draft: &mut Draft<'_>, lender: &Entity, id: &Id, row: &Loan) -> Result<(), Stop> {
    let position = draft.frame().position;
    let mut row = row.clone();
    // What was taken back stays readable where it was.
    row.facts.retain(|fact| fact.taken_back == 0 && fact.kind() != LoanFactKind::Moved);
    for (line, fact) in (1..).zip(&mut row.facts) {
        *fact = LoanFact { position, line, ..std::mem::take(fact) };
    }
    row.claims.iter_mut().for_each(|claim| claim.position = position);
    row.collaterals.iter_mut().for_each(|thing| thing.position = position);
    row.carers.iter_mut().for_each(|care| care.position = position);
    row.funded_by.clear();
    row.provisions_ahead.clear();
    row.listed_on = 0;
    let mut case = Case { lender: lender.clone(), id: id.clone(), row };
    if case.row.facts.is_empty() {
        case.put(draft);
        return Ok(());
    }
    let life = case.reckoned()?;
    case.row.posted = Some(life.sums()?);
    case.save(draft, &life)
}
