//! The gRPC services of `simpul.v1`. Only this layer knows status codes.
//!
//! A method is one type: its request, which checks itself, says what is asked of the ledger
//! ([`desk`]) and builds its answer. One file per service of the proto; what they share:
//! `convert` (fields to domain types and back), `errors` (every "no" as a status), `server`
//! (the port with all its layers).

mod access;
pub mod approval;
mod arisan;
mod assessment;
mod attachment;
mod bank;
mod book;
mod cash;
mod closing;
pub mod codec;
mod confirmation;
pub mod connection;
mod convert;
mod daily;
pub mod desk;
pub mod door;
pub mod errors;
pub mod fields;
mod grant;
mod group;
mod guliran;
mod iks;
mod journal;
mod ledger;
mod lifecycle;
mod lineage;
mod link;
mod loan;
mod meeting;
mod member;
mod party;
mod personal;
mod portfolio;
mod product;
mod proof;
mod reconcile;
mod report;
mod review;
mod savings;
mod secretary;
pub mod server;
mod sharing;
mod sight;
mod suspense;
mod syariah;
mod tally;
mod trade;
mod transfer;
mod upkeep;

/// The generated messages, services and clients, nested as their packages are.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod proto {
    /// `google`.
    pub mod google {
        /// `google.type`.
        pub mod r#type {
            include!(concat!(env!("OUT_DIR"), "/google.r#type.rs"));
        }
    }
    /// `simpul`.
    pub mod simpul {
        /// `simpul.v1`.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/simpul.v1.rs"));
        }
    }
}

pub use proto::google::r#type as google_type;
pub use proto::simpul::v1;
