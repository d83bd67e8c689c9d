//! The gRPC services of `simpul.v1`. Only this layer knows status codes.

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
