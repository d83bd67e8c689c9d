//! Simpul: double-entry ledgers for village microfinance.

pub mod api;
pub mod chain;
pub mod cli;
pub mod domain;
pub mod journal;
pub mod locale;
pub mod storage;
pub mod vault;
pub mod verify;
