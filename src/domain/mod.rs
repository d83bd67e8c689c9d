//! The ledger's rules, pure: no clock, no randomness, no I/O, no floats.

pub mod account;
pub mod book;
pub mod chart;
pub mod day;
pub mod decide;
pub mod draft;
pub mod id;
pub mod money;
pub mod posting;
pub mod record;
pub mod refusal;
pub mod state;
