//! The ledger's rules, tested without storage or network.

mod book_model;
mod catalogue;
mod closing;
mod dates;
mod golden;
mod guliran;
mod iks;
mod lifecycle;
mod loan_days;
mod loan_life;
mod loan_model;
mod loan_schedule;
mod loan_trouble;
mod loan_village;
mod loans;
mod money;
mod portfolio;
mod products;
mod reports;
mod reversal;
mod sharing;
mod stories;
mod syariah;
mod ties;
mod upkeep;
mod village;
