//! The port: every service, health, reflection and gRPC-Web, and what all calls go through.
//!
//! **Invariants**
//! - One place, `guard`, takes the caller from a call's metadata and connection; what they may do is decided by
//!   [`Door`](crate::api::door::Door) and nowhere else. Where nobody has to sign in, the port is on
//!   a loopback address.
//! - tonic's own complaints about bytes it cannot read become statuses like all others: with a
//!   reason and a text, and never INTERNAL for what a caller did.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::{Router, ServiceExt};
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::Code;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use tower::{Service, ServiceBuilder};

use crate::api::connection::{Connections, Peer, Tls, TlsError, TlsFiles};
use crate::api::convert::Checked;
use crate::api::desk::{Api, Caller};
use crate::api::door::Who;
use crate::api::errors::{Fault, Problem, language};
use crate::api::fields::DESCRIPTORS;
use crate::api::tally::{Counted, Tally};
use crate::api::v1;
use crate::domain::refusal::Language;
use crate::journal::Priority;

/// The name of callers who do not say theirs.
const NOBODY: &str = "tanpa-nama";

/// Calls that may be in flight at once; those beyond wait.
const CALLS: u32 = 1 << 16;

/// How long answers may take to leave after the last call ended.
const FLUSH: Duration = Duration::from_millis(500);

/// What the port allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a call may take; callers may ask for less, or for more up to ten times this.
    pub deadline: Duration,
    /// The largest message in bytes.
    pub message_bytes: usize,
    /// How long calls in flight may take once the server is told to stop.
    pub drain: Duration,
    /// Connections at once; those beyond wait.
    pub connections: usize,
    /// Connections from one address at once; those beyond are closed.
    pub connections_per_address: usize,
    /// Calls of one user, or of all who have not signed in, at once, streams included; those beyond
    /// are refused.
    pub calls_per_caller: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        let (deadline, drain) = (Duration::from_secs(30), Duration::from_secs(20));
        Limits {
            deadline,
            message_bytes: 1 << 20,
            drain,
            connections: 1024,
            connections_per_address: 256,
            calls_per_caller: 1024,
        }
    }
}

/// Why a port could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Anyone could call.
    #[error(
        "{0} is not a loopback address, and callers do not have to sign in: listen on this machine \
         only, e.g. 127.0.0.1:50051, or set sign_in = true"
    )]
    Unguarded(SocketAddr),
    /// Anyone on the way could listen.
    #[error(
        "{0} is not a loopback address and there is no certificate: set tls_certificate and \
         tls_key, or allow_plaintext = true where something else in front of the server does TLS"
    )]
    Plaintext(SocketAddr),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address is taken or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The descriptors built into the program do not describe the services.
    #[error("the service descriptors cannot be used: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The port failed while it was served.
    #[error("the port failed: {0}")]
    Serve(std::io::Error),
}

/// An open port that is not served yet; callers who connect wait.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

/// What keeps others than the callers from hearing, and callers from being anyone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Whether callers have to sign in.
    pub sign_in: bool,
    /// The certificate; none for no TLS.
    pub tls: Option<TlsFiles>,
    /// Whether to do without TLS where others than this machine may call.
    pub allow_plaintext: bool,
}

impl Port {
    /// Opens a port; port 0 takes any that is free.
    ///
    /// Errors: `Unguarded`, `Plaintext`, `Listen`, `Tls`.
    pub async fn open(address: SocketAddr, transport: &Transport) -> Result<Port, PortError> {
        if !address.ip().is_loopback() {
            if !transport.sign_in {
                return Err(PortError::Unguarded(address));
            }
            if transport.tls.is_none() && !transport.allow_plaintext {
                return Err(PortError::Plaintext(address));
            }
        }
        let tls = transport.tls.clone().map(Tls::load).transpose()?;
        let failed = |error| PortError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Port { listener, address, tls })
    }

    /// The certificate in force, to be loaded again when its files change.
    pub fn tls(&self) -> Option<Tls> {
        self.tls.clone()
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` comes, then takes no more connections, says NOT_SERVING, and answers
    /// the calls in flight, for [`Limits::drain`] at most.
    ///
    /// Errors: `Reflection`, `Serve`.
    pub async fn serve(
        self,
        api: Api,
        limits: Limits,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), PortError> {
        let health = HealthReporter::new();
        let calls = Arc::new(Semaphore::new(CALLS as usize));
        let gate = Gate {
            api: api.clone(),
            limits,
            calls: Arc::clone(&calls),
            busy: Tally::new(limits.calls_per_caller),
            secure: self.tls.is_some(),
        };
        let routes = router(api, health.clone(), limits.message_bytes)?;
        let most = (limits.connections, limits.connections_per_address);
        let listener = Connections::new(self.listener, self.address, self.tls, most);
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let signal = async move {
            stop.await;
            health.set_service_status("", ServingStatus::NotServing).await;
            // Nobody waits if serving has ended by itself.
            let _gone = stopping.send(());
        };
        let service = wrapped(routes, gate).into_make_service_with_connect_info::<Peer>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(signal);
        let drained = async {
            match stopped.await {
                Ok(()) => drained(&calls, limits.drain).await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            result = serving => result.map_err(PortError::Serve),
            () = drained => Ok(()),
        }
    }
}

/// Waits until no call is in flight and what was answered is on its way, or until the time to
/// drain is over. Streams that only watch, such as a health check's, hold nobody up.
async fn drained(calls: &Semaphore, limit: Duration) {
    match tokio::time::timeout(limit, calls.acquire_many(CALLS)).await {
        Ok(_) => tokio::time::sleep(FLUSH).await,
        Err(_) => tracing::warn!("calls were still in flight when the time to drain was over"),
    }
}

/// What the guard needs to know.
#[derive(Clone, Debug)]
struct Gate {
    api: Api,
    limits: Limits,
    /// One permit for each call in flight.
    calls: Arc<Semaphore>,
    /// How many calls each caller has in flight.
    busy: Tally<String>,
    /// Whether callers come over TLS.
    secure: bool,
}

/// The services by their paths.
fn router(api: Api, health: HealthReporter, message_bytes: usize) -> Result<Router, PortError> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let health = tonic_health::server::HealthService::from_health_reporter(health);
    // Python's stock client, among others, asks under the older name only.
    let mut routes = Routes::new(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(tonic_health::pb::health_server::HealthServer::new(health));
    macro_rules! add {
        ($($module:ident::$server:ident),+) => {$(
            let server = v1::$module::$server::new(api.clone());
            routes = routes.add_service(server.max_decoding_message_size(message_bytes));
        )+};
    }
    add!(
        access_service_server::AccessServiceServer,
        approval_service_server::ApprovalServiceServer,
        arisan_service_server::ArisanServiceServer,
        assessment_service_server::AssessmentServiceServer,
        attachment_service_server::AttachmentServiceServer,
        book_service_server::BookServiceServer,
        cash_service_server::CashServiceServer,
        closing_service_server::ClosingServiceServer,
        day_service_server::DayServiceServer,
        grant_service_server::GrantServiceServer,
        group_service_server::GroupServiceServer,
        guliran_service_server::GuliranServiceServer,
        iks_service_server::IksServiceServer,
        journal_service_server::JournalServiceServer,
        ledger_service_server::LedgerServiceServer,
        lifecycle_service_server::LifecycleServiceServer,
        link_service_server::LinkServiceServer,
        loan_service_server::LoanServiceServer,
        meeting_service_server::MeetingServiceServer,
        member_service_server::MemberServiceServer,
        party_service_server::PartyServiceServer,
        personal_data_service_server::PersonalDataServiceServer,
        portfolio_service_server::PortfolioServiceServer,
        proof_service_server::ProofServiceServer,
        report_service_server::ReportServiceServer,
        reconcile_service_server::ReconcileServiceServer,
        secretary_service_server::SecretaryServiceServer,
        savings_product_service_server::SavingsProductServiceServer,
        savings_service_server::SavingsServiceServer,
        sharing_service_server::SharingServiceServer,
        syariah_service_server::SyariahServiceServer,
        trade_service_server::TradeServiceServer,
        upkeep_service_server::UpkeepServiceServer
    );
    Ok(routes.prepare().into_axum_router())
}

/// Puts around all routes what calls go through. Layers of the router itself would stand around
/// each route, boxed and copied at every call.
fn wrapped(
    routes: Router,
    gate: Gate,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send {
    let secure = gate.secure;
    let guarded = Guarded { gate: Arc::new(gate), routes };
    let for_browsers = move |response: axum::http::Response<tonic::body::Body>| {
        headed(response.map(axum::body::Body::new), secure)
    };
    ServiceBuilder::new().map_response(for_browsers).layer(GrpcWebLayer::new()).service(guarded)
}

/// The routes behind the guard.
#[derive(Clone)]
struct Guarded {
    gate: Arc<Gate>,
    routes: Router,
}

impl Service<axum::http::Request<tonic::body::Body>> for Guarded {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<tonic::body::Body>) -> Self::Future {
        let Guarded { gate, routes } = self.clone();
        Box::pin(async move { Ok(guard(&gate, request, routes).await) })
    }
}

/// What browsers are told with every answer they can read: not to guess, frame, keep or pass on
/// anything.
const FOR_BROWSERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// Adds the headers for browsers. They read gRPC-Web and refusals, never gRPC itself.
fn headed(mut response: Response, secure: bool) -> Response {
    let headers = response.headers_mut();
    if headers.get(header::CONTENT_TYPE).is_some_and(|sort| sort == "application/grpc") {
        return response;
    }
    for (name, value) in FOR_BROWSERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// What every call goes through: who calls, until when, and in what form they hear of trouble.
async fn guard(
    gate: &Gate,
    mut request: axum::http::Request<tonic::body::Body>,
    mut routes: Router,
) -> Response {
    let limits = gate.limits;
    // The semaphore is never closed, so that this is a permit.
    let _in_flight = gate.calls.acquire().await;
    let headers = request.headers();
    let language = said(headers, "accept-language").map_or(Language::default(), language);
    let peer = request.extensions().get().map(|ConnectInfo(peer): &ConnectInfo<Peer>| peer);
    let who = match identify(gate, headers, peer).await {
        Ok(who) => who,
        Err(problem) => {
            Box::pin(gate.api.door().note_stranger(&problem)).await;
            return refused(&problem, language);
        }
    };
    let Some(admitted) = gate.busy.admit(&who.name().to_owned()) else {
        return refused(&Fault::TooManyCalls.into(), language);
    };
    let deadline = said(headers, "grpc-timeout").and_then(timeout).unwrap_or(limits.deadline);
    let deadline = deadline.min(limits.deadline.saturating_mul(10));
    // Imports say so and let those go first for whom someone waits.
    let priority = match said(headers, "simpul-priority") {
        Some("bulk") => Priority::Bulk,
        _ => Priority::Interactive,
    };
    let until = tokio::time::Instant::now() + deadline;
    let caller = Caller { who, language, priority, until: Some(until) };
    request.extensions_mut().insert(caller);
    match tokio::time::timeout_at(until, routes.call(request)).await {
        Ok(Ok(response)) => counted(mended(response, language), admitted),
        Err(_) => refused(&Fault::DeadlineExceeded.into(), language),
    }
}

/// Counts a call until all of its answer has left, so that streams count for as long as they go on.
fn counted(response: Response, admitted: Counted<String>) -> Response {
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _counted = &admitted;
            frame
        }))
    })
}

/// Who calls: by their token; without one, by their machine's certificate; or by what they say where
/// nobody has to sign in. A token that is not known is not made up for by a certificate.
async fn identify(gate: &Gate, headers: &HeaderMap, peer: Option<&Peer>) -> Checked<Who> {
    let door = gate.api.door();
    if door.access.is_none() {
        return match said(headers, "simpul-actor") {
            None => Ok(Who::Trusted(NOBODY.to_owned())),
            Some(actor) if is_actor(actor) => Ok(Who::Trusted(actor.to_owned())),
            Some(_) => Err(Fault::ActorMalformed.into()),
        };
    }
    match said(headers, "authorization").map(|value| value.split_once(' ')) {
        None => match peer.and_then(|peer| peer.fingerprint.as_deref()) {
            None => Ok(Who::Nobody),
            Some(fingerprint) => Box::pin(door.knows_machine(fingerprint)).await,
        },
        Some(Some((scheme, token))) if scheme.eq_ignore_ascii_case("bearer") => {
            // Boxed, as it is much larger than all else a call waits for here.
            Box::pin(door.knows(token.trim())).await
        }
        Some(_) => Err(Fault::TokenUnknown.into()),
    }
}

fn said<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"))
}

fn is_actor(actor: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.@".contains(&b);
    (1..=64).contains(&actor.len()) && actor.bytes().all(legal)
}

/// Reads `grpc-timeout`: at most eight digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

fn refused(problem: &Problem, language: Language) -> Response {
    tracing::info!(code = ?problem.code(), reason = problem.reason(), "refused");
    problem.status(language).into_http()
}

/// tonic answers INTERNAL to bytes it cannot read and OUT_OF_RANGE to too many of them. Ours never
/// come without details.
fn mended(response: Response, language: Language) -> Response {
    let headers = response.headers();
    if headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    let status = headers.get("grpc-status").map(HeaderValue::as_bytes).map(Code::from_bytes);
    match status {
        Some(Code::Internal) => refused(&Fault::Undecodable.into(), language),
        Some(Code::OutOfRange) => refused(&Fault::MessageTooLarge.into(), language),
        _ => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(timeout("2S"), Some(Duration::from_secs(2)));
        assert_eq!(timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for wrong in ["", "S", "-1S", "123456789S", "1x", "1é"] {
            assert_eq!(timeout(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn others_than_this_machine_call_over_tls_and_sign_in() {
        let everywhere: SocketAddr = "0.0.0.0:0".parse().expect("an address");
        let open = Transport::default();
        let refused = Port::open(everywhere, &open).await;
        assert!(matches!(refused, Err(PortError::Unguarded(_))));
        let plain = Transport { sign_in: true, ..open.clone() };
        let refused = Port::open(everywhere, &plain).await;
        assert!(matches!(refused, Err(PortError::Plaintext(_))));
        let behind = Transport { allow_plaintext: true, ..plain };
        assert!(Port::open(everywhere, &behind).await.is_ok());
        let here = "[::1]:0".parse().expect("an address");
        let opened = Port::open(here, &open).await;
        assert!(!matches!(opened, Err(PortError::Unguarded(_) | PortError::Plaintext(_))));
    }
}
