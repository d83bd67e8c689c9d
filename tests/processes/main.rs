//! Real server processes: killed, restarted, drained, and two at once on one database.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/server.rs"]
mod server;
mod terminal;
#[path = "../common/tokens.rs"]
mod tokens;

mod bucket;
mod client;
mod closing;
mod crash;
mod demo;
mod export;
mod figures;
mod full_disk;
mod hostile;
mod kuitansi;
mod lending;
mod personal;
mod replicas;
mod restored;
mod rounds;
mod transport;
mod unread;
mod verifying;
