//! The journal as a whole, on storage in memory.

mod approvals;
mod batches;
#[path = "../common/buffers.rs"]
mod buffers;
mod closing;
#[path = "../common/mod.rs"]
mod common;
mod lineage;
mod moving;
mod office;
mod properties;
mod sequencing;
mod simulation;
mod spans;
#[path = "../common/steps.rs"]
mod steps;
mod tamper;
mod task;
mod town;
mod village;
mod watched;
