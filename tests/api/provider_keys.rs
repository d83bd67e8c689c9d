//! The identity provider's keys: read from a file or a URL, renewed, kept when they cannot be; and
//! the times of tokens, by a clock that the test holds.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use simpul::access::jwks::{KeySet, KeySource, KeysError};
use simpul::access::oidc::{OidcSettings, Provider, Unfit, subject};
use simpul::journal::Clock;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::tokens::{AUDIENCE, ISSUER, Issuer, key_set};

const NOW: i64 = 1_800_000_000;
const SECOND: i64 = 1_000_000;

fn settings(keys: KeySource) -> OidcSettings {
    OidcSettings {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        claim: "sub".to_owned(),
        keys,
    }
}

/// A clock that stands still, and what moves it.
fn clock() -> (Clock, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(NOW * SECOND));
    let told = Arc::clone(&now);
    (Arc::new(move || told.load(Ordering::SeqCst)), now)
}

#[test]
fn tokens_hold_in_their_time_by_our_clock() {
    let issuer = Issuer::new("kunci");
    let keys = KeySet::parse(key_set(&[&issuer]).as_bytes()).expect("keys");
    let settings = settings(KeySource::File(PathBuf::new()));
    let at = |claims: serde_json::Value, now: i64| {
        let mut all = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "siti", "exp": NOW + 600});
        all.as_object_mut().expect("claims").extend(claims.as_object().expect("claims").clone());
        subject(&settings, &keys, &issuer.signs(&all), now).map(|_| ())
    };
    let ends = |now| at(json!({}), (NOW + 600) * SECOND + now);
    assert_eq!(ends(60 * SECOND - 1), Ok(()), "clocks may differ by a minute");
    assert_eq!(ends(60 * SECOND), Err(Unfit::Expired));
    for begins in ["nbf", "iat"] {
        let begins = |now| at(json!({begins: NOW}), NOW * SECOND + now);
        assert_eq!(begins(-60 * SECOND), Ok(()));
        assert_eq!(begins(-60 * SECOND - 1), Err(Unfit::Early));
    }
    // The later of both counts.
    assert_eq!(at(json!({"nbf": NOW, "iat": NOW + 61}), NOW * SECOND), Err(Unfit::Early));
    for strange in [json!("1800000600"), json!(-1), json!(i64::MIN), json!(u64::MAX), json!(null)] {
        let refused = at(json!({"exp": strange}), NOW * SECOND);
        assert!(
            matches!(refused, Err(Unfit::Malformed | Unfit::Expired)),
            "{strange}: {refused:?}"
        );
    }
    assert_eq!(at(json!({"exp": i64::MAX, "iat": i64::MIN}), i64::MAX), Ok(()));
    let long = "x".repeat(256);
    for nobody in [json!(7), json!(null), json!(""), json!([]), json!(long)] {
        let refused = at(json!({"sub": nobody}), NOW * SECOND);
        assert!(matches!(refused, Err(Unfit::Subject | Unfit::Malformed)), "{nobody}: {refused:?}");
    }
    let endless = json!({"more": "x".repeat(16 << 10)});
    assert_eq!(at(endless, NOW * SECOND), Err(Unfit::Malformed));
}

#[test]
fn key_sets_without_a_usable_key_are_refused() {
    let issuer = Issuer::new("kunci");
    let changed = |field: &str, value: serde_json::Value| {
        let mut jwk = issuer.jwk();
        jwk[field] = value;
        json!({"keys": [jwk]}).to_string()
    };
    for none in [
        json!({"keys": []}).to_string(),
        changed("kid", json!(null)),
        changed("use", json!("enc")),
        changed("key_ops", json!(["sign"])),
        changed("alg", json!("RS256")),
        changed("crv", json!("P-256")),
        changed("x", json!("!")),
        json!({"keys": [{"kty": "oct", "kid": "kunci", "k": "c2Fuc2liYWxpdGFz"}]}).to_string(),
    ] {
        let refused = KeySet::parse(none.as_bytes());
        assert!(matches!(refused, Err(KeysError::Empty)), "{none}: {refused:?}");
    }
    let refused = KeySet::parse(b"<html>").expect_err("no JSON");
    assert!(matches!(refused, KeysError::Malformed(_)), "{refused}");
}

#[tokio::test]
async fn keys_of_a_file_are_renewed_and_a_broken_file_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("jwks.json");
    let (old, new) = (Issuer::new("lama"), Issuer::new("baru"));
    let until = NOW + 3600;
    let source = || settings(KeySource::File(file.clone()));
    let (clock, now) = clock();
    let missing = Provider::open(source(), Arc::clone(&clock)).await.expect_err("no file");
    assert!(matches!(missing, KeysError::File(..)), "{missing}");
    std::fs::write(&file, key_set(&[&old])).expect("written");
    let provider = Provider::open(source(), clock).await.expect("keys");
    assert_eq!(provider.subject(&old.about("siti", until)).await.as_deref(), Ok("siti"));
    // A key that is not known is looked for in the file, which may have changed.
    std::fs::write(&file, key_set(&[&old, &new])).expect("written");
    assert_eq!(provider.subject(&new.about("siti", until)).await.as_deref(), Ok("siti"));
    // A key that was taken out counts until the file is read again, then no more.
    std::fs::write(&file, key_set(&[&new])).expect("written");
    provider.reload().await.expect("read");
    let gone = provider.subject(&old.about("siti", until)).await;
    assert_eq!(gone, Err(Unfit::KeyUnknown));
    for broken in ["", "{\"keys\": []}"] {
        std::fs::write(&file, broken).expect("written");
        provider.reload().await.expect_err("broken");
        assert_eq!(provider.subject(&new.about("siti", until)).await.as_deref(), Ok("siti"));
    }
    // Unknown keys do not make it read the file more than once a minute.
    std::fs::write(&file, key_set(&[&old, &new])).expect("written");
    for (waited, found) in [(59 * SECOND, false), (SECOND, true)] {
        now.fetch_add(waited, Ordering::SeqCst);
        assert_eq!(provider.subject(&old.about("siti", until)).await.is_ok(), found, "{waited}");
    }
}

/// What a web server answers, and how often it was asked.
#[derive(Default)]
struct Web {
    answer: Mutex<String>,
    asked: AtomicUsize,
}

impl Web {
    fn says(&self, status: &str, body: &str) {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answers(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (mut request, mut buffer) = (Vec::new(), [0; 1024]);
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut buffer).await.expect("readable") {
                0 => return,
                read => request.extend(&buffer[..read]),
            }
        }
        let request = String::from_utf8(request).expect("text").to_lowercase();
        assert!(request.starts_with("get /keys?v=1 http/1.1\r\n"), "{request}");
        assert!(request.contains("\r\nhost: 127.0.0.1:"), "{request}");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A client that has read enough may be gone.
        let _gone = stream.write_all(answer.as_bytes()).await;
    }
}

/// A web server on this machine; over TLS with a certificate and its key.
async fn web(tls: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>) -> (Arc<Web>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let web = Arc::new(Web::default());
    let serving = Arc::clone(&web);
    let acceptor = tls.map(|made| {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().expect("versions");
        let chain = vec![made.cert.der().clone()];
        let config = config.with_no_client_auth().with_single_cert(chain, key).expect("a key");
        TlsAcceptor::from(Arc::new(config))
    });
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            match &acceptor {
                None => serving.answers(stream).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serving.answers(stream).await;
                    }
                }
            }
        }
    });
    (web, format!("{scheme}://{address}/keys?v=1"))
}

#[tokio::test]
async fn keys_of_a_url_are_renewed_and_kept_when_it_fails() {
    let (old, new) = (Issuer::new("lama"), Issuer::new("baru"));
    let until = NOW + 36_000;
    let (web, url) = web(None).await;
    web.says("503 Service Unavailable", "");
    let (clock, now) = clock();
    let source = settings(KeySource::new(&url, None).expect("a URL"));
    // The server starts although the provider does not answer; its users are known once it does.
    let provider = Provider::open(source, clock).await.expect("opened without keys");
    web.says("200 OK", &key_set(&[&old]));
    let token = old.about("siti", until);
    assert_eq!(provider.subject(&token).await.as_deref(), Ok("siti"));
    assert_eq!(web.asked(), 2);
    // Whoever makes keys up does not make it ask more than once a minute.
    for _ in 0..5 {
        let unknown = provider.subject(&new.about("siti", until)).await;
        assert_eq!(unknown, Err(Unfit::KeyUnknown));
    }
    assert_eq!(web.asked(), 2);
    let large = format!("{}{}", key_set(&[&new]), " ".repeat(256 << 10));
    let moved = "302 Found\r\nLocation: /keys";
    let answers = [
        ("500 Internal Server Error", key_set(&[&new])),
        (moved, key_set(&[&new])),
        ("204 No Content", String::new()),
        ("200 OK", "<html>".to_owned()),
        ("200 OK", "{\"keys\": []}".to_owned()),
        ("200 OK", large),
    ];
    for (index, (status, body)) in answers.iter().enumerate() {
        web.says(status, body);
        provider.reload().await.expect_err(status);
        now.fetch_add(61 * SECOND, Ordering::SeqCst);
        assert_eq!(provider.subject(&new.about("siti", until)).await, Err(Unfit::KeyUnknown));
        assert_eq!(web.asked(), 2 * index + 4, "{status}: once told to, once for the token");
        assert_eq!(provider.subject(&token).await.as_deref(), Ok("siti"), "{status}");
    }
    now.fetch_add(61 * SECOND, Ordering::SeqCst);
    web.says("200 OK", &key_set(&[&new]));
    assert_eq!(provider.subject(&new.about("siti", until)).await.as_deref(), Ok("siti"));
    assert_eq!(provider.subject(&token).await, Err(Unfit::KeyUnknown), "taken out");
}

#[tokio::test]
async fn keys_come_over_tls_from_whom_is_trusted() {
    let folder = TempDir::new().expect("a folder");
    let certificate = || rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]);
    let (own, other) = (certificate().expect("made"), certificate().expect("made"));
    let [trusted, strange, none] =
        ["own.pem", "other.pem", "none.pem"].map(|name| folder.path().join(name));
    std::fs::write(&trusted, own.cert.pem()).expect("written");
    std::fs::write(&strange, other.cert.pem()).expect("written");
    std::fs::write(&none, "").expect("written");
    let (web, url) = web(Some(&own)).await;
    let issuer = Issuer::new("kunci");
    web.says("200 OK", &key_set(&[&issuer]));
    let read = async |ca: &PathBuf| {
        KeySource::new(&url, Some(ca.clone())).expect("a URL").read().await.map(|_| ())
    };
    read(&trusted).await.expect("keys");
    for untrusted in [&strange, &none, &folder.path().join("missing.pem")] {
        let refused = read(untrusted).await.expect_err("not trusted");
        assert!(matches!(refused, KeysError::Url(..)), "{refused}");
    }
    assert_eq!(web.asked(), 1, "nothing is asked of whoever is not trusted");
}
