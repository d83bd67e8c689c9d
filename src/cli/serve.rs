//! `simpul serve`: one process, one port, one database; and how it stops.
//!
//! The first SIGTERM or SIGINT drains: health says NOT_SERVING, no new connection is taken,
//! everything that waits is answered, exit status 0. A second one ends the process at once.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::access::oidc::Provider;
use crate::api::connection::Tls;
use crate::api::server::{Port, PortError};
use crate::cli::console::say;
use crate::cli::node::{Node, NodeError};
use crate::config::{Config, LogFormat};

/// How often certificates and keys are loaded again without being told to.
const HOUR: Duration = Duration::from_secs(3600);

/// Why the server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its database or keys.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Its port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The journal's task failed: a bug, or damage that an assertion met.
    #[error("the journal failed: {0}")]
    Journal(tokio::task::JoinError),
    /// The system's signals cannot be heard.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    /// The log's filter cannot be read.
    #[error("log: {0}")]
    Log(#[from] ParseError),
}

/// Starts the log, on standard error.
///
/// Errors: `Log`.
pub fn start_log(config: &Config) -> Result<(), ServeError> {
    let filter = EnvFilter::builder().parse(&config.log)?;
    // A log that cannot be written is told nowhere: telling it on the same standard error would panic.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.log_internal_errors(false);
    let started = match config.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    // A log that runs already is as good.
    drop(started);
    Ok(())
}

/// Serves until a signal comes.
///
/// Errors: every [`ServeError`].
pub async fn run(config: &Config) -> Result<(), ServeError> {
    let port = Port::open(config.listen, &config.transport()).await?;
    let node = Node::open(config).await?;
    // Whoever reads the address may stop the server at once.
    let stop = stop_signal()?;
    tracing::info!(address = %port.address(), "serving");
    say(format_args!("simpul: {}", port.url()));
    let renewing = tokio::spawn(renew(port.tls(), node.provider.clone()));
    let served = serve(config, port, node, stop).await;
    renewing.abort();
    served?;
    tracing::info!("stopped");
    Ok(())
}

/// Loads the certificates and the identity provider's keys again at each SIGHUP, and once an hour for
/// whoever renews them without one.
async fn renew(tls: Option<Tls>, provider: Option<Provider>) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => {
            tracing::warn!(%error, "SIGHUP cannot be heard: certificates are loaded at start only");
            return;
        }
    };
    loop {
        tokio::select! { _ = hangup.recv() => {}, () = tokio::time::sleep(HOUR) => {} }
        match tls.as_ref().map(Tls::reload) {
            None => {}
            Some(Ok(())) => tracing::info!("the certificate was loaded again"),
            Some(Err(error)) => tracing::error!(%error, "the certificate in force stays"),
        }
        let Some(provider) = &provider else { continue };
        match provider.reload().await {
            Ok(()) => tracing::info!("the identity provider's keys were loaded again"),
            Err(error) => tracing::error!(%error, "the identity provider's keys in force stay"),
        }
    }
}

/// Serves a node at an open port until `stop` comes, then drains.
///
/// Errors: `Port`; `Journal` at once when the journal's task fails, since a server that can decide
/// nothing should not look alive.
pub async fn serve(
    config: &Config,
    port: Port,
    mut node: Node,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let journal = node.journal();
    let (api, limits) = (node.api.clone(), config.limits());
    let stop = async move {
        stop.await;
        // Callers who still send are told to come back; those who wait are answered.
        tokio::spawn(async move { journal.drain().await });
    };
    tokio::select! {
        served = port.serve(api, limits, stop) => served?,
        error = node.failed() => return Err(ServeError::Journal(error)),
    }
    node.close().await;
    Ok(())
}

/// Ends with the first SIGTERM or SIGINT; the second one ends the process.
///
/// Errors: `Signals`.
pub fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, ServeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    let (first, stop) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        next().await;
        tracing::info!("stopping; once more ends at once");
        // Nobody waits if serving has ended by itself.
        let _gone = first.send(());
        next().await;
        std::process::exit(130);
    });
    Ok(async move {
        if stop.await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
