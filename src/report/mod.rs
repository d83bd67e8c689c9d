//! Reports: from totals and entries to rows, and from rows to text, CSV and the plain-text
//! journals of other bookkeeping programs.
//!
//! **Invariants**
//! - Pure: what a report is made of is handed in, read in one snapshot by whoever asks; the same
//!   totals give the same rows and the same bytes.
//! - A statement that does not balance is never shown: [`Unbalanced`](ReportError::Unbalanced).
//! - Every figure names the control accounts it sums, so that it can be followed to its entries.
//!
//! [`statement`]: balance sheet, income statement, cash flow, changes in equity, trial balance.
//! [`flow`]: what moved money, and what changed equity, entry by entry. [`render`]: text and CSV.
//! [`kuitansi`]: the paper receipt of a payment, with its QR codes ([`qr`]).
//! [`grant_file`]: one grant as an inspector asks for it.
//! [`plaintext`]: the journal for hledger and Beancount.

pub mod flow;
pub mod grant_file;
pub mod kuitansi;
pub mod plaintext;
pub mod qr;
pub mod ratio;
pub mod render;
pub mod statement;

use crate::domain::refusal::Refusal;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A sum leaves the range of money.
    #[error("a sum leaves the range of money")]
    Range(Refusal),
    /// The two sides of a statement differ: what is stored is damaged.
    #[error("the statement does not balance: {0}")]
    Unbalanced(&'static str),
}

impl From<Refusal> for ReportError {
    fn from(refusal: Refusal) -> ReportError {
        ReportError::Range(refusal)
    }
}
