//! Simpul: double-entry ledgers for village microfinance.

pub mod domain;
pub mod storage;
