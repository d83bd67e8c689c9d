//! Connections: TLS where there is a certificate, so many at once and no more, in all and from one
//! address, and no caller kept waiting by another one's handshake. Who says nothing at first, or is not
//! there any more, gives its place back. Machines may show a certificate of their own.
//!
//! **Invariants**: a certificate that cannot be read, or does not fit its key, never replaces one
//! that works; connections keep the one they began with. A caller's certificate that none of those
//! trusted vouches for ends the handshake.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::access::certificates::{CertificatesError, fingerprint, roots};
use crate::api::tally::{Counted, Tally};

/// How long a handshake may take, or the first byte where there is none.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// After so much silence the other end is asked whether it is there. A phone out of reach closes
/// nothing, and its place would stay taken.
const SILENCE: Duration = Duration::from_secs(60);

/// How long one answer is waited for, and how often it is asked again.
const ASKED: (Duration, u32) = (Duration::from_secs(20), 3);

/// How long accepting rests after the system would not give a connection.
const REST: Duration = Duration::from_millis(100);

/// Where the server's certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// Those that vouch for the certificates of machines, in PEM; without it none is asked for.
    pub client_ca: Option<PathBuf>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds no such thing.
    #[error("{0}: {1}")]
    File(PathBuf, String),
    /// The key is not that of the certificate, or of a sort that is not known.
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// Those that vouch for machines cannot be read.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// They cannot vouch for anybody.
    #[error("client_ca cannot be used: {0}")]
    ClientCa(#[from] VerifierBuilderError),
}

/// The certificate in force. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads a certificate and its key.
    ///
    /// Errors: every [`TlsError`].
    pub fn load(files: TlsFiles) -> Result<Tls, TlsError> {
        let current = Arc::new(RwLock::new(Arc::new(read(&files)?)));
        Ok(Tls { files, current })
    }

    /// Reads the files again, for connections from now on.
    ///
    /// Errors: every [`TlsError`]; what was in force stays so.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let unread = |file: &PathBuf, error: rustls::pki_types::pem::Error| {
        TlsError::File(file.clone(), error.to_string())
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&files.certificate)
        .map_err(|error| unread(&files.certificate, error))?
        .collect();
    let chain = chain.map_err(|error| unread(&files.certificate, error))?;
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unread(&files.key, error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let config = match &files.client_ca {
        None => config.with_no_client_auth(),
        Some(ca) => {
            let trusted = Arc::new(roots(ca)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(trusted, provider);
            config.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
        }
    };
    let mut config = config.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A connection, in the open or under TLS, that gives its place back when it ends.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    _place: Place,
}

/// Among all connections, and among those from the same address.
type Place = (OwnedSemaphorePermit, Counted<IpAddr>);

#[derive(Debug)]
enum Stream {
    Open(TcpStream),
    Sealed(Box<TlsStream<TcpStream>>),
}

/// Who is at the other end of a connection, as far as TLS says.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// What the caller's certificate is known by, if they showed one.
    pub fingerprint: Option<Arc<str>>,
}

impl Connected<IncomingStream<'_, Connections>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Peer {
        let Stream::Sealed(stream) = &stream.io().stream else { return Peer::default() };
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        Peer { fingerprint: shown.and_then(fingerprint).map(Arc::from) }
    }
}

macro_rules! stream {
    ($connection:ident, $stream:ident => $call:expr) => {
        match &mut $connection.get_mut().stream {
            Stream::Open($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Stream::Sealed($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        stream!(self, stream => stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        stream!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        stream!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        stream!(self, stream => stream.poll_shutdown(context))
    }
}

/// Takes connections in; those whose handshake takes long wait beside the others.
#[derive(Debug)]
pub struct Connections {
    address: SocketAddr,
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Connections {
    /// Takes connections in from a listener: so many at once, where those beyond wait to be taken, and
    /// so many from one address, where those beyond are closed, lest one caller keep all others out.
    pub fn new(
        listener: TcpListener,
        address: SocketAddr,
        tls: Option<Tls>,
        (most, from_one): (usize, usize),
    ) -> Self {
        let (taken, ready) = mpsc::channel(1);
        let accepting = tokio::spawn(accept(listener, tls, (most, from_one), taken));
        Connections { address, ready, accepting }
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<Tls>,
    (most, from_one): (usize, usize),
    taken: mpsc::Sender<(Connection, SocketAddr)>,
) {
    let (places, addresses) = (Arc::new(Semaphore::new(most)), Tally::new(from_one));
    // The semaphore is never closed; nobody serves any more when the receiver is gone.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        if taken.is_closed() {
            return;
        }
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection was given");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let Some(counted) = addresses.admit(&peer.ip()) else {
            tracing::debug!("an address has as many connections as it may");
            continue;
        };
        if let Err(error) = stream.set_nodelay(true).and_then(|()| asks_when_silent(&stream)) {
            tracing::debug!(%error, "settings of a connection");
        }
        let (acceptor, taken) = (tls.as_ref().map(Tls::acceptor), taken.clone());
        tokio::spawn(async move {
            let Some(stream) = shaken(stream, acceptor, HANDSHAKE).await else { return };
            // An error means that nobody serves any more.
            let _gone = taken.send((Connection { stream, _place: (place, counted) }, peer)).await;
        });
    }
}

fn asks_when_silent(stream: &TcpStream) -> std::io::Result<()> {
    let asked = TcpKeepalive::new().with_time(SILENCE).with_interval(ASKED.0);
    SockRef::from(stream).set_tcp_keepalive(&asked.with_retries(ASKED.1))
}

/// The stream once both sides have shaken hands, or its first byte is there; `None` if that takes
/// longer than a limit.
async fn shaken(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    limit: Duration,
) -> Option<Stream> {
    let begun = async {
        match acceptor {
            Some(acceptor) => Ok(Stream::Sealed(Box::new(acceptor.accept(stream).await?))),
            None => match stream.peek(&mut [0]).await? {
                0 => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
                _ => Ok(Stream::Open(stream)),
            },
        }
    };
    match tokio::time::timeout(limit, begun).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no handshake");
            None
        }
        Err(_) => {
            tracing::debug!("no handshake in time");
            None
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task ends only with this.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// Both ends of a connection.
    async fn ends() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let caller = TcpStream::connect(listener.local_addr().expect("an address")).await;
        let (taken, _) = listener.accept().await.expect("taken");
        (caller.expect("connected"), taken)
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_taken() {
        let (_caller, taken) = ends().await;
        assert!(shaken(taken, None, Duration::ZERO).await.is_none(), "nothing was said");

        let (mut caller, taken) = ends().await;
        caller.write_all(b"P").await.expect("said");
        taken.readable().await.expect("heard");
        assert!(shaken(taken, None, Duration::ZERO).await.is_some(), "a byte was there");

        let (caller, taken) = ends().await;
        drop(caller);
        taken.readable().await.expect("heard");
        assert!(shaken(taken, None, HANDSHAKE).await.is_none(), "gone without a word");
    }

    #[tokio::test]
    async fn who_is_silent_is_asked() {
        let (_caller, taken) = ends().await;
        asks_when_silent(&taken).expect("set");
        let socket = SockRef::from(&taken);
        assert!(socket.keepalive().expect("read"));
        assert_eq!(socket.tcp_keepalive_time().expect("read"), SILENCE);
        assert_eq!(socket.tcp_keepalive_interval().expect("read"), ASKED.0);
        assert_eq!(socket.tcp_keepalive_retries().expect("read"), ASKED.1);
    }
}
