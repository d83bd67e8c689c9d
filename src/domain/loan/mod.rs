//! Loans: of a KUBE to its members, of the LKM to members and KUBEs.
//!
//! | file           | one idea                                                               |
//! |----------------|------------------------------------------------------------------------|
//! | [`rate`]       | percentages as exact fractions, and the rounding rules, each named once |
//! | [`terms`]      | the rules of a loan, checked                                            |
//! | [`calendar`]   | due days, and what each period counts                                   |
//! | [`schedule`]   | principal and jasa of each instalment                                   |
//! | [`allocation`] | what a payment settles, and in which order                              |
//! | [`life`]       | the fold: what a loan has come to on a day, from all that happened to it |
//! | [`product`]    | products as effective-dated data                                        |
//! | [`accounts`]   | the accounts a loan stands in, by its contract                           |
//! | [`case`](mod@case) | a loan within a decision: its accounts, and what a fact posts       |
//! | [`request`]    | application, the borrower's confirmation, approval                      |
//! | [`pay`]        | paid out, paid back, settled, waived, rewarded                          |
//! | [`settlement`] | what it takes to pay a loan off at once                                 |
//! | [`surety`]     | tanggung renteng and its claims                                         |
//! | [`trouble`]    | rescheduled, non-performing, provided for, written off, collateral      |
//! | [`quality`]    | quality classes and their provision rates                               |
//! | [`due`]        | what time does to a loan, and where the day's closing finds it          |
//! | [`moving`](mod@moving) | loans whose lender moves to another book                      |
//! | [`opening`]    | loans that were running before the book began                          |
//! | [`officer`]    | who of the LKM's members is its officer                                  |
//! | [`outside`]    | loans taken from outside lenders                                        |
//! | [`murabahah`]  | goods sold at cost and margin, paid in instalments                       |
//! | [`syirkah`]    | capital put into a business for a share of its profit                    |
//! | [`care`]       | who looks after a loan, and what was talked about with its borrower      |
//! | [`portfolio`]  | what loans come to together, on a day as known at a position             |
//! | [`yearly`]     | rates by the year: as they are named, and as they weigh on what is owed  |
//!
//! **Invariant**: a schedule sums to what was lent, sen by sen, whatever its method, grace and
//! rounding; arithmetic is on integers and exact fractions, and refuses what does not fit.

pub mod accounts;
pub mod allocation;
pub mod calendar;
pub mod care;
pub mod case;
pub mod due;
pub mod life;
pub mod moving;
pub mod murabahah;
pub mod officer;
pub mod opening;
pub mod outside;
pub mod pay;
pub mod portfolio;
pub mod product;
pub mod quality;
pub mod rate;
pub mod request;
pub mod schedule;
pub mod settlement;
pub mod surety;
pub mod syirkah;
pub mod terms;
pub mod trouble;
pub mod yearly;
