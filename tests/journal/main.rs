//! The journal as a whole, on storage in memory.

mod batches;
mod properties;
mod simulation;
mod tamper;
mod town;
mod village;
