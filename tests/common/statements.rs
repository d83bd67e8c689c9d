//! Which statements some work sends to a database, told by sqlx's log.
//!
//! sqlx logs from whatever thread it works on, within the span of whoever asked: the log is heard
//! by the whole process, and what belongs to the work is told by its span.

use std::collections::BTreeMap;
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Instrument, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The statements of each piece of work under way, by its span.
static SENT: Mutex<BTreeMap<u64, Vec<String>>> = Mutex::new(BTreeMap::new());

fn sent() -> std::sync::MutexGuard<'static, BTreeMap<u64, Vec<String>>> {
    SENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the work, and answers the beginning of each statement that it sent. Transactions are begun
/// and ended beside the log.
pub async fn of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let listener = tracing_subscriber::registry().with(Listener);
        tracing::subscriber::set_global_default(listener).expect("nobody else listens");
    });
    let span = tracing::info_span!("counted");
    let id = span.id().expect("somebody listens").into_u64();
    sent().insert(id, Vec::new());
    let answer = work.instrument(span.clone()).await;
    (answer, sent().remove(&id).expect("put there above"))
}

struct Listener;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == "sqlx::query" || metadata.is_span()
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(scope) = context.event_scope(event) else { return };
        let mut summary = Summary(String::new());
        event.record(&mut summary);
        let mut sent = sent();
        for span in scope {
            if let Some(statements) = sent.get_mut(&span.id().into_u64()) {
                statements.push(summary.0.trim_end_matches(" …").to_owned());
                return;
            }
        }
    }
}

struct Summary(String);

impl Visit for Summary {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "summary" {
            self.0 = text.to_owned();
        }
    }
}
