//! The accounts that a loan stands in, by its contract: what the fold's sums post, and what entries
//! say was posted.
//!
//! | contract  | lender's principal                    | borrower's debt                           |
//! |-----------|---------------------------------------|-------------------------------------------|
//! | jasa      | Pinjaman Diberikan, Piutang Anggota   | Pinjaman LKM                              |
//! | murabahah | Piutang Murabahah: cost and margin    | Utang Murabahah: cost and margin          |
//! | qardh     | Piutang Qardh, in the fund KEBAJIKAN  | Utang Qardh                               |
//!
//! Margin that was not paid stands against the debt on both sides, as Margin Ditangguhkan and as
//! Beban Murabahah Tangguhan. A KUBE sells by murabahah too, to its members, without fines. Fines under a syariah contract never become income: they go to Dana
//! Kebajikan, and what the loan's own fund has taken in for it is due to it (Antar Dana).
//!
//! **Invariant**: reading back what was posted gives the sums that were posted.

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::draft::not_found;
use crate::domain::id::{Entity, RowName};
use crate::domain::loan::case::{Case, Leg, Told, named};
use crate::domain::money::Sen;
use crate::domain::posting::Posting;
use crate::domain::record::Entry;
use crate::domain::record::proto::{Fund, Loan, LoanContract, LoanSums};
use crate::domain::refusal::Refusal;

/// The contract that a loan's terms say; that of a loan with jasa before it was approved.
pub fn contract_of(row: &Loan) -> LoanContract {
    row.terms.as_ref().map_or(LoanContract::Unspecified, |terms| terms.contract())
}

/// The lender's ledger of loans of a contract.
pub fn ledger_of(lender: &Entity, contract: LoanContract) -> Ledger {
    let fund = match contract {
        LoanContract::Qardh => Fund::Kebajikan,
        LoanContract::Unspecified | LoanContract::Murabahah => Fund::SimpanPinjam,
    };
    Ledger::new(lender.clone(), fund)
}

/// The account that holds the principal at a lender.
pub const fn principal_code(lender: &Entity, contract: LoanContract) -> Code {
    match (contract, lender) {
        (LoanContract::Murabahah, _) => Code::MurabahahReceivable,
        (LoanContract::Qardh, _) => Code::QardhReceivable,
        (LoanContract::Unspecified, Entity::Lkm) => Code::LoansGiven,
        (LoanContract::Unspecified, Entity::Kube(_)) => Code::MemberLoans,
    }
}

/// The account that holds the debt at a borrower.
pub const fn debt_code(contract: LoanContract) -> Code {
    match contract {
        LoanContract::Murabahah => Code::MurabahahPayable,
        LoanContract::Qardh => Code::QardhPayable,
        LoanContract::Unspecified => Code::LkmLoan,
    }
}

const fn income_code(contract: LoanContract) -> Code {
    match contract {
        LoanContract::Murabahah => Code::MarginIncome,
        LoanContract::Unspecified | LoanContract::Qardh => Code::LoanIncome,
    }
}

const fn cost_code(contract: LoanContract) -> Code {
    match contract {
        LoanContract::Murabahah => Code::MarginCost,
        LoanContract::Unspecified | LoanContract::Qardh => Code::LoanCost,
    }
}

/// Where fines go in the lender's own ledger.
fn fine_leaf(contract: LoanContract) -> (Code, Subject) {
    match contract {
        LoanContract::Unspecified => (Code::PenaltyIncome, Subject::none()),
        LoanContract::Murabahah => (Code::InterFund, Subject::fund(Fund::Kebajikan)),
        LoanContract::Qardh => (Code::BenevolenceFund, Subject::none()),
    }
}

impl Case {
    /// What sums and a command come to in the lender's ledger.
    pub(super) fn lender_legs(&self, sums: &LoanSums, told: &Told) -> Result<Vec<Leg>, Refusal> {
        let contract = self.contract();
        let shortfall = Sen::new(sums.written_off).minus(told.provision)?;
        let principal = Sen::new(sums.lent).plus(Sen::new(sums.margin))?;
        let mut legs = told.lender.clone();
        legs.extend([
            (self.leaf(principal_code(&self.lender, contract)), principal),
            (self.leaf(Code::InterestReceivable), Sen::new(sums.receivable)),
            (self.leaf(Code::ForeclosedAssets), Sen::new(sums.collateral)),
            (self.leaf(Code::LoanProvision), told.provision),
            (Code::ProvisionExpense.into(), shortfall),
            (self.leaf(Code::LoanTitipan), Sen::new(sums.titipan).negated()?),
            (self.leaf(Code::DeferredInterest), Sen::new(sums.deferred).negated()?),
            (self.leaf(Code::DeferredMargin), Sen::new(sums.margin).negated()?),
            (fine_leaf(contract).into(), Sen::new(sums.penalty).negated()?),
            (income_code(contract).into(), Sen::new(sums.income).negated()?),
            (Code::RecoveryIncome.into(), Sen::new(sums.recovered).negated()?),
        ]);
        Ok(debits_first(legs))
    }

    /// What sums and a command come to in the borrower's ledger.
    pub(super) fn borrower_legs(&self, sums: &LoanSums, told: &Told) -> Result<Vec<Leg>, Refusal> {
        let contract = self.contract();
        let debt = Sen::new(sums.owed).plus(Sen::new(sums.burden))?;
        let mut legs = told.borrower.clone();
        legs.extend([
            (self.leaf(debt_code(contract)), debt.negated()?),
            (self.leaf(Code::InterestPayable), Sen::new(sums.payable).negated()?),
            (self.leaf(Code::MurabahahBurden), Sen::new(sums.burden)),
            (cost_code(contract).into(), Sen::new(sums.cost)),
            (Code::LoanFine.into(), Sen::new(sums.fine)),
            (self.leaf(Code::TitipanAtLkm), Sen::new(sums.titipan)),
        ]);
        Ok(debits_first(legs))
    }

    /// Fines that the loan's own fund has taken in for the fund KEBAJIKAN.
    pub(super) fn fines(&self, sums: &LoanSums) -> Result<Option<Posting>, Refusal> {
        if self.contract() != LoanContract::Murabahah || sums.penalty == 0 {
            return Ok(None);
        }
        let ledger = Ledger::new(self.lender.clone(), Fund::Kebajikan);
        let due = (Code::InterFund, Subject::fund(Fund::SimpanPinjam));
        let amount = Sen::new(sums.penalty);
        let legs: Vec<Leg> =
            vec![(due.into(), amount), (Code::BenevolenceFund.into(), amount.negated()?)];
        Posting::journal(&ledger, debits_first(legs)).map(Some)
    }

    /// What entries have posted for this loan.
    pub(super) fn sums_of(&self, entries: &[&Entry]) -> Result<LoanSums, Refusal> {
        let (lender, borrower) = (self.ledger(), self.borrower_ledger()?);
        let fines = fine_leaf(self.contract());
        let mut sums = LoanSums::default();
        for entry in entries {
            let account = &entry.account;
            let of_lender = account.ledger == lender;
            let of_borrower = borrower.as_ref() == Some(&account.ledger);
            let is_fine = (account.code, &account.subject) == (fines.0, &fines.1);
            let field = match account.code {
                _ if of_lender && is_fine => &mut sums.penalty,
                Code::LoansGiven
                | Code::MemberLoans
                | Code::MurabahahReceivable
                | Code::QardhReceivable
                    if of_lender =>
                {
                    &mut sums.lent
                }
                Code::InterestReceivable if of_lender => &mut sums.receivable,
                Code::ForeclosedAssets if of_lender => &mut sums.collateral,
                Code::LoanProvision | Code::ProvisionExpense if of_lender => &mut sums.written_off,
                Code::LoanTitipan if of_lender => &mut sums.titipan,
                Code::DeferredInterest if of_lender => &mut sums.deferred,
                Code::DeferredMargin if of_lender => &mut sums.margin,
                Code::LoanIncome | Code::MarginIncome if of_lender => &mut sums.income,
                Code::RecoveryIncome if of_lender => &mut sums.recovered,
                Code::LkmLoan | Code::MurabahahPayable | Code::QardhPayable if of_borrower => {
                    &mut sums.owed
                }
                Code::InterestPayable if of_borrower => &mut sums.payable,
                Code::MurabahahBurden if of_borrower => &mut sums.burden,
                Code::LoanCost | Code::MarginCost if of_borrower => &mut sums.cost,
                Code::LoanFine if of_borrower => &mut sums.fine,
                _ => continue,
            };
            // An inter-fund account is an asset, whose credit is what is due.
            let natural = match account.code.debit_side() && !is_fine {
                true => entry.amount,
                false => entry.amount.negated()?,
            };
            *field = Sen::new(*field).plus(natural)?.get();
        }
        // Debts were posted with their margin.
        sums.lent = Sen::new(sums.lent).minus(Sen::new(sums.margin))?.get();
        sums.owed = Sen::new(sums.owed).minus(Sen::new(sums.burden))?.get();
        Ok(sums)
    }
}

/// What the ledgers hold of a loan by its row, debit positive: in every account that nothing but
/// its own facts moves.
///
/// Errors: `NOT_FOUND` for a row that names no lender or no borrower, `OVERFLOW`.
pub fn accounts(name: &RowName, row: &Loan) -> Result<Vec<(Account, Sen)>, Refusal> {
    let (lender, id) = named(name).ok_or_else(|| not_found(name, "loan"))?;
    let case = Case { lender, id, row: row.clone() };
    let sums = case.row.posted.unwrap_or_default();
    let contract = case.contract();
    let subject = || Subject::id(&case.id);
    let owed = |amount| Sen::new(amount).negated();
    let with = |a, b| Sen::new(a).plus(Sen::new(b));
    let lender = case.ledger();
    let principal = principal_code(&case.lender, contract);
    let mut accounts = vec![
        (lender.account_of(principal, subject()), with(sums.lent, sums.margin)?),
        (lender.account_of(Code::InterestReceivable, subject()), Sen::new(sums.receivable)),
        (lender.account_of(Code::LoanTitipan, subject()), owed(sums.titipan)?),
        (lender.account_of(Code::DeferredInterest, subject()), owed(sums.deferred)?),
        (lender.account_of(Code::DeferredMargin, subject()), owed(sums.margin)?),
    ];
    if let Some(borrower) = case.borrower_ledger()? {
        let debt = with(sums.owed, sums.burden)?.negated()?;
        accounts.extend([
            (borrower.account_of(debt_code(contract), subject()), debt),
            (borrower.account_of(Code::InterestPayable, subject()), owed(sums.payable)?),
            (borrower.account_of(Code::MurabahahBurden, subject()), Sen::new(sums.burden)),
            (borrower.account_of(Code::TitipanAtLkm, subject()), Sen::new(sums.titipan)),
        ]);
    }
    Ok(accounts)
}

/// The legs that are something, debits first, as books write them.
fn debits_first(mut legs: Vec<Leg>) -> Vec<Leg> {
    legs.retain(|(_, amount)| !amount.is_zero());
    legs.sort_by_key(|(_, amount)| amount.is_negative());
    legs
}

fn fields(sums: &LoanSums) -> [i64; 15] {
    let LoanSums {
        lent,
        receivable,
        titipan,
        deferred,
        income,
        penalty,
        recovered,
        written_off,
        collateral,
        owed,
        payable,
        cost,
        fine,
        margin,
        burden,
    } = *sums;
    [
        lent,
        receivable,
        titipan,
        deferred,
        income,
        penalty,
        recovered,
        written_off,
        collateral,
        owed,
        payable,
        cost,
        fine,
        margin,
        burden,
    ]
}

fn combined(
    a: &LoanSums,
    b: &LoanSums,
    with: impl Fn(Sen, Sen) -> Result<Sen, Refusal>,
) -> Result<LoanSums, Refusal> {
    let mut out = [0; 15];
    for (at, (a, b)) in fields(a).into_iter().zip(fields(b)).enumerate() {
        out[at] = with(Sen::new(a), Sen::new(b))?.get();
    }
    let [
        lent,
        receivable,
        titipan,
        deferred,
        income,
        penalty,
        recovered,
        written_off,
        collateral,
        owed,
        payable,
        cost,
        fine,
        margin,
        burden,
    ] = out;
    Ok(LoanSums {
        lent,
        receivable,
        titipan,
        deferred,
        income,
        penalty,
        recovered,
        written_off,
        collateral,
        owed,
        payable,
        cost,
        fine,
        margin,
        burden,
    })
}

/// What sums exceed others by. Errors: `OVERFLOW`.
pub(super) fn difference(a: &LoanSums, b: &LoanSums) -> Result<LoanSums, Refusal> {
    combined(a, b, Sen::minus)
}

/// Sums together. Errors: `OVERFLOW`.
pub(super) fn sum(a: &LoanSums, b: &LoanSums) -> Result<LoanSums, Refusal> {
    combined(a, b, Sen::plus)
}
