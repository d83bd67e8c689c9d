//! The public keys that an identity provider signs with (a JSON Web Key Set, RFC 7517), and where
//! they come from.
//!
//! **Invariants**: every key is public and is used for the algorithms of its sort alone, and for
//! one only if it says so; what cannot be used is left out. Keys come over TLS, from a file, or from
//! this machine.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use hyper::Uri;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use crate::access::fetch::{FetchError, get};

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The URL does not answer with them.
    #[error("{0}: {1}")]
    Url(String, FetchError),
    /// It is something else.
    #[error("this is no JSON Web Key Set: {0}")]
    Malformed(#[from] serde_json::Error),
    /// None has an id and is of a sort that is known.
    #[error("there is no public signing key with an id among the keys")]
    Empty,
}

/// Where keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A URL, and a PEM file of certificates that vouch for whoever answers there.
    Https(Uri, PathBuf),
    /// A URL of this machine.
    Loopback(Uri),
}

/// Why keys cannot come from there, as what should be there instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySourceError {
    /// The address.
    Url,
    /// Nobody is trusted to answer there.
    Untrusted,
}

impl KeySource {
    /// From a file's path, or a URL and whom to trust there.
    ///
    /// Errors: `Url` for one that is neither https nor of this machine, `Untrusted`.
    pub fn new(text: &str, ca: Option<PathBuf>) -> Result<KeySource, KeySourceError> {
        if !text.starts_with("http:") && !text.starts_with("https:") {
            return Ok(KeySource::File(PathBuf::from(text)));
        }
        let url = Uri::from_str(text).map_err(|_| KeySourceError::Url)?;
        let host = url.host().ok_or(KeySourceError::Url)?;
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        match (url.scheme_str(), ca) {
            (Some("https"), Some(ca)) => Ok(KeySource::Https(url, ca)),
            (Some("https"), None) => Err(KeySourceError::Untrusted),
            (Some("http"), _) if here => Ok(KeySource::Loopback(url)),
            _ => Err(KeySourceError::Url),
        }
    }

    /// Whether they come from somebody who may not answer at the moment.
    pub const fn is_url(&self) -> bool {
        !matches!(self, KeySource::File(_))
    }

    /// Reads them.
    ///
    /// Errors: every [`KeysError`].
    pub async fn read(&self) -> Result<KeySet, KeysError> {
        let fetched = match self {
            KeySource::File(path) => {
                let text = tokio::fs::read(path).await;
                return KeySet::parse(&text.map_err(|error| KeysError::File(path.clone(), error))?);
            }
            KeySource::Https(url, ca) => (url, get(url, Some(ca)).await),
            KeySource::Loopback(url) => (url, get(url, None).await),
        };
        let (url, text) = fetched;
        KeySet::parse(&text.map_err(|error| KeysError::Url(url.to_string(), error))?)
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::File(path) => write!(f, "{}", path.display()),
            KeySource::Https(url, _) | KeySource::Loopback(url) => write!(f, "{url}"),
        }
    }
}

struct Key {
    id: String,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Why a key is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// None has this id.
    Key,
    /// The key is not for this algorithm.
    Algorithm,
}

/// Keys that can be used.
#[derive(Default)]
pub struct KeySet(Vec<Key>);

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

#[derive(Deserialize)]
struct Written {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a JSON Web Key Set.
    ///
    /// Errors: `Malformed`, `Empty`.
    pub fn parse(text: &[u8]) -> Result<KeySet, KeysError> {
        let written: Written = serde_json::from_slice(text)?;
        let keys: Vec<Key> = written.keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(KeySet(keys)) }
    }

    pub(super) fn find(&self, id: &str, algorithm: Algorithm) -> Result<&DecodingKey, Missing> {
        let mut named = self.0.iter().filter(|key| key.id == id).peekable();
        named.peek().ok_or(Missing::Key)?;
        let fits = named.find(|key| key.algorithms.contains(&algorithm));
        fits.map(|key| &key.key).ok_or(Missing::Algorithm)
    }
}

fn usable(key: serde_json::Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let used = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let verifies = jwk.common.key_operations.as_ref();
    let signs = used && verifies.is_none_or(|uses| uses.contains(&KeyOperations::Verify));
    let mut algorithms = sort(&jwk.algorithm)?;
    if let Some(only) = jwk.common.key_algorithm {
        algorithms.retain(|algorithm| Algorithm::try_from(only).ok() == Some(*algorithm));
    }
    let id = jwk.common.key_id.clone()?;
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    (signs && !algorithms.is_empty()).then_some(Key { id, algorithms, key })
}

/// The algorithms of a public key; none for a secret shared with the provider.
fn sort(key: &AlgorithmParameters) -> Option<Vec<Algorithm>> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match key {
        AlgorithmParameters::RSA(_) => Some(vec![RS256, RS384, RS512, PS256, PS384, PS512]),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Some(vec![ES256])
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
            Some(vec![ES384])
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Some(vec![EdDSA])
        }
        _ => None,
    }
}
