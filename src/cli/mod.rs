//! The command line: the server's own commands, and the terminal thin client.

pub mod admin;
pub mod audit_folder;
pub mod backup;
pub mod bank_csv;
pub mod client;
pub mod console;
pub mod convert;
pub mod cut;
pub mod demo;
pub mod export;
pub mod mistyped;
pub mod node;
pub mod remote;
pub mod serve;
pub mod sheet_csv;
pub mod table;
pub mod words;
