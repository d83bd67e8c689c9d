//! The journal as a whole, on storage in memory.

mod approvals;
mod batches;
mod closing;
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
