//! The journal as a whole, on storage in memory.

mod simulation;
mod village;
