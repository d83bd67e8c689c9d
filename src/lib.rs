//! Simpul keeps double-entry ledgers for village microfinance: the books of an LKM and of the KUBE
//! groups it serves, over gRPC, on SQLite or PostgreSQL. Every change is a command that a pure
//! function decides into a record; records are the truth, hashed into a Merkle tree, and all else
//! is derived from them in the same database transaction. *Simpul* is Indonesian for the knot that
//! ties threads together.
//!
//! # The map
//!
//! ```text
//! cli -> api -> access, attachments -> journal, verify -> vault, signing -> storage -> chain, domain
//!        api -> report (rows, text, journal formats) -> locale -> domain
//! ```
//!
//! | module      | what it is                                                                     |
//! |-------------|--------------------------------------------------------------------------------|
//! | [`domain`]  | the rules, pure: money, accounts, postings, decide and apply, one file a product |
//! | [`chain`]   | the Merkle tree over records; knows bytes, not products                          |
//! | [`journal`] | the sequencer, a state machine without I/O, and the task that drives it          |
//! | [`storage`] | the narrow `Journal` trait and its backends; the read side; person keys          |
//! | [`attachments`] | photos and scans in a folder or bucket, sealed, checked when read         |
//! | [`vault`]   | personal text, sealed under erasable keys of its owners                          |
//! | [`access`]  | who calls: tokens, devices, PINs, the access log                                 |
//! | [`signing`] | each book's key for checkpoints, in a file; never signs two histories       |
//! | [`secret_file`] | files that only their owner may read                                   |
//! | [`verify`]  | replays a journal and compares everything derived from it                        |
//! | [`report`]  | statements and plain-text journals from totals and entries, pure                  |
//! | [`api`]     | the gRPC services; the only module that knows status codes                       |
//! | [`locale`]  | rupiah, dates, amounts in words, refusals as sentences; Indonesian first         |
//! | [`config`]  | the server's settings: file, environment, flags                                 |
//! | [`cli`]     | the server's commands, the terminal thin client, the demo                        |
//!
//! `tests/architecture.rs` fails when an import runs against the arrows.
//!
//! # Invariants
//!
//! - **Zero-sum**: debits equal credits within each (entity, fund) of every record. A
//!   [`Posting`](domain::posting::Posting) that does not balance cannot be built, and both databases
//!   refuse one.
//! - **Append-only**: records and entries are never updated or deleted; both databases refuse it.
//! - **Exactly once**: a request id is kept for ever with a digest of its request; the same request
//!   gets the first answer, another one is refused.
//! - **Answered means durable**: nobody is answered before the commit; a commit whose answer was
//!   lost is looked up under the book's head before anyone hears of it.
//! - **Requests and reports**: a request may be refused; a report of money that has moved may not,
//!   and what its state cannot take waits in suspense. See [`Mode`](domain::draft::Mode).
//! - **Dates**: what the person said, what the ledger took, when the server recorded it. The
//!   business day of a book only moves forward, and nothing is effective after it.
//! - **Replay equals state**: [`apply`](domain::state::apply) copies what records say and computes
//!   no policy; [`verify`] proves it for a live book.
//! - **Determinism**: `domain` has no clock, randomness, I/O or floats; money is integer sen.
//! - **Personal data** never enters the journal: only salted commitments do.
//! - **Fairness**: interactive before bulk, round robin over books and callers; a full queue says so.
//!
//! # The life of a command
//!
//! A treasurer's phone sends `SavingsService.Deposit`. Three hops:
//!
//! 1. [`api`] asks [`access`] who calls and whether they may, checks each field, seals the free text
//!    in the [`vault`], digests what is left of the request, makes a
//!    [`Command`](domain::decide::Command) and submits it to the [`journal`].
//! 2. The [`journal`]'s sequencer takes it with whatever else waits, for many books at once, and
//!    asks [`decide`](domain::decide::decide). What decide misses is loaded in one go and it is
//!    asked again. The records go into the books' Merkle trees, and what they derive into a batch.
//!    While one batch is stored, the next one is decided over what it will leave, and falls with it.
//! 3. [`storage`] commits records, entries, balances, receipts and the new root in one transaction,
//!    provided that no other server has appended meanwhile and none of the requests was decided
//!    before; else the sequencer loads and decides anew. Then the answers fan out, [`api`] turns the
//!    record into a `Transaction`, and [`signing`] signs the root without anyone waiting for it.

#![warn(missing_docs)]

pub mod access;
pub mod api;
pub mod attachments;
pub mod chain;
pub mod cli;
pub mod config;
pub mod domain;
pub mod journal;
pub mod locale;
pub mod report;
pub mod secret_file;
pub mod signing;
pub mod storage;
pub mod vault;
pub mod verify;
