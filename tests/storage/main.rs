//! Storage: one conformance suite for every backend, the databases' own guards, the read side.

mod backends;
#[path = "../common/buffers.rs"]
mod buffers;
#[path = "../common/mod.rs"]
mod common;
mod conformance;
mod cost;
mod faults;
mod guards;
mod ledger;
mod reading;
mod schema;
#[path = "../common/statements.rs"]
mod statements;
#[path = "../common/steps.rs"]
mod steps;
mod trips;

/// Runs every conformance test against every backend.
macro_rules! suite {
    ($($test:ident),+ $(,)?) => {
        suite!(@backend memory $($test)+);
        suite!(@backend faulty $($test)+);
        suite!(@backend sqlite $($test)+);
        suite!(@backend postgres $($test)+);
    };
    (@backend $backend:ident $($test:ident)+) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::conformance::$test(crate::backends::$backend().await).await;
                }
            )+
        }
    };
}

suite!(
    a_book_that_is_not_there_is_empty,
    every_kind_of_key_comes_back,
    balances_and_rows_are_the_last_ones,
    a_dump_is_what_was_appended,
    records_are_paged_by_position,
    an_append_on_an_old_size_conflicts,
    an_append_ahead_of_the_journal_conflicts,
    a_conflict_drops_only_its_book,
    resolving_tells_whether_it_is_there,
    unbalanced_entries_are_refused,
    entries_balance_within_each_fund,
    a_receipt_that_is_there_conflicts_alone,
    names_sort_bytewise,
    extremes_survive,
    rivals_take_turns,
    crossing_appends_do_not_lock_each_other_out,
    a_large_batch_goes_through,
);
