//! What PostgreSQL does for some work: the number of buffers that each executed plan touched, told by
//! auto_explain through the notices that the caller's own thread hears.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static BUFFERS: AtomicU64 = AtomicU64::new(0);

const EXPLAIN: &str = "options=-c%20session_preload_libraries%3Dauto_explain\
    %20-c%20auto_explain.log_min_duration%3D0%20-c%20auto_explain.log_analyze%3Don\
    %20-c%20auto_explain.log_buffers%3Don%20-c%20auto_explain.log_format%3Djson\
    %20-c%20auto_explain.log_timing%3Doff%20-c%20client_min_messages%3Dlog";

/// A database whose plans are told.
pub fn told_by(url: &str) -> String {
    format!("{url}?{EXPLAIN}")
}

/// The buffers so far.
pub fn so_far() -> u64 {
    BUFFERS.load(Ordering::SeqCst)
}

/// Counts what this thread hears, until it is dropped.
#[must_use]
pub fn count() -> DefaultGuard {
    tracing::subscriber::set_default(tracing_subscriber::registry().with(Plans))
}

/// Adds up the buffers of the plans in auto_explain's notices.
struct Plans;

impl<S: tracing::Subscriber> Layer<S> for Plans {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::postgres::notice" {
            event.record(&mut Buffers);
        }
    }
}

struct Buffers;

impl tracing::field::Visit for Buffers {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, _: &tracing::field::Field, text: &str) {
        let Some((_, json)) = text.split_once("plan:\n") else { return };
        let plan: serde_json::Value = serde_json::from_str(json).expect("a plan in JSON");
        let blocks = |name| plan["Plan"][name].as_u64().expect("a number of blocks");
        let all = blocks("Shared Hit Blocks") + blocks("Shared Read Blocks");
        BUFFERS.fetch_add(all, Ordering::SeqCst);
    }
}
