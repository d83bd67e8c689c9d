//! How people write and read: rupiah, quantities, dates and sentences, Indonesian first.
//!
//! **Invariant**: pure, and what `parse` accepts means one thing only. `1.25` is neither one and a
//! quarter nor a hundred and twenty-five: it is refused with the reason.

pub mod date;
pub mod event;
pub mod method;
pub mod number;
pub mod text;
pub mod words;
