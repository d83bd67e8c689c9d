//! The public API: a real server on a port of its own, a real client over TCP, on both databases.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/fuzz.rs"]
mod fuzz;
#[path = "../common/tokens.rs"]
mod tokens;

mod access;
mod approvals;
mod attachments;
mod bad_input;
mod bank;
mod books;
mod broken_rules;
mod closing;
mod confirmations;
mod days;
mod deaths;
mod dormancy;
mod drawers;
mod four_eyes;
mod iks;
mod inventory;
mod keys;
mod kuitansi;
mod lifecycle;
mod lineage;
mod loan_confirmations;
mod loan_refusals;
mod loans;
mod masks;
mod moving;
mod overload;
mod pending;
mod personal;
mod portfolio;
mod process;
mod profit_shares;
mod proofs;
mod provider_keys;
mod queries;
mod regime;
mod registers;
mod requests;
mod retries;
mod sharing;
mod sign_in;
mod statements;
mod stock;
mod stories;
mod suspense;
mod syariah;
mod terms;
mod ties;
mod town;
mod transfers;
mod upkeep;
mod wire;

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            crate::on_server!(sqlite: $($test),+);
        }

        mod postgres {
            crate::on_server!(postgres: $($test),+);
        }
    };
}
pub(crate) use on_both;

/// The same, where callers have to sign in.
macro_rules! on_both_guarded {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            crate::on_server!(guarded_sqlite: $($test),+);
        }

        mod postgres {
            crate::on_server!(guarded_postgres: $($test),+);
        }
    };
}
pub(crate) use on_both_guarded;

/// Runs each test on a server of its own, made by the function of that name.
macro_rules! on_server {
    ($server:ident: $($test:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let server = crate::town::Server::$server().await;
            super::$test(&server).await;
            server.stop_and_verify().await;
        })+
    };
}
pub(crate) use on_server;
