//! One small file over HTTP.
//!
//! **Invariant**: only an answer of 200 counts, so that nobody is sent elsewhere, and no more of it
//! is read than is expected, in no more time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::access::certificates::{CertificatesError, roots};

/// How long it may take.
const TIME: Duration = Duration::from_secs(5);

/// The largest file, in bytes.
const LARGEST: usize = 256 << 10;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody answers there, or not as HTTP does, or too much.
    #[error("there is no answer: {0}")]
    Answer(String),
    /// The answer is another one.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// Whom to trust cannot be read.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
}

fn unanswered(error: impl std::fmt::Display) -> FetchError {
    FetchError::Answer(error.to_string())
}

/// The file at a URL: over TLS to whom the certificates in `ca` vouch for, or in the open without.
///
/// Errors: every [`FetchError`].
pub async fn get(url: &Uri, ca: Option<&Path>) -> Result<Bytes, FetchError> {
    tokio::time::timeout(TIME, connected(url, ca)).await.map_err(unanswered)?
}

async fn connected(url: &Uri, ca: Option<&Path>) -> Result<Bytes, FetchError> {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_u16().unwrap_or(if ca.is_some() { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await.map_err(unanswered)?;
    let Some(ca) = ca else { return answered(stream, url).await };
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let tls = tls.with_safe_default_protocol_versions().map_err(unanswered)?;
    let tls = tls.with_root_certificates(roots(ca)?).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(unanswered)?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await;
    answered(stream.map_err(unanswered)?, url).await
}

async fn answered(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Uri,
) -> Result<Bytes, FetchError> {
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(unanswered)?;
    // It ends when the sender is dropped; what went wrong with it, the sender hears.
    tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map_or("", |host| host.as_str());
    let request = Request::get(path).header(HOST, host).header(ACCEPT, "application/json");
    let request = request.body(Empty::<Bytes>::new()).map_err(unanswered)?;
    let response = sender.send_request(request).await.map_err(unanswered)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(unanswered)?;
    Ok(body.to_bytes())
}
