//! The ledger's rules, tested without storage or network.

mod catalogue;
mod dates;
mod golden;
mod guliran;
mod money;
mod reports;
mod reversal;
mod stories;
mod village;
