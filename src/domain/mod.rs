//! The ledger's rules, pure: no clock, no randomness, no I/O, no floats.

pub mod account;
pub mod assessment;
pub mod book;
pub mod cash;
pub mod chart;
pub mod day;
pub mod decide;
pub mod draft;
pub mod general;
pub mod guliran;
pub mod id;
pub mod iks;
pub mod link;
pub mod lot;
pub mod money;
pub mod posting;
pub mod record;
pub mod refusal;
pub mod register;
pub mod reversal;
pub mod savings;
pub mod sheet;
pub mod state;
pub mod trade;
pub mod transfer;
pub mod uep;
