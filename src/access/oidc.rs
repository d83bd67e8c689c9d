//! An institution's identity provider: whom its tokens are about (OpenID Connect; JSON Web Tokens,
//! RFC 7519).
//!
//! **Invariants**: nothing a token says counts before one of the provider's public keys has signed
//! it, for this issuer and this server, and in its time by the server's clock. Keys that cannot be
//! read never replace those that work. Why a token is refused is for the log alone, and never holds
//! anything of the token.

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::access::jwks::{KeySet, KeySource, KeysError, Missing};
use crate::access::{SECOND, verifier};
use crate::journal::Clock;

/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;
/// The longest token, in bytes.
const LONGEST: usize = 16 << 10;
/// The longest subject, in bytes.
pub const SUBJECT: usize = 255;
/// How long keys are not asked for again because a token names one that is not known.
const REST: i64 = 60 * SECOND;

/// What tokens are held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcSettings {
    /// Who signs them.
    pub issuer: String,
    /// Whom they are for: this server, as the provider calls it.
    pub audience: String,
    /// The claim that tells the provider's users apart, and is never given to another one.
    pub claim: String,
    /// The provider's public keys.
    pub keys: KeySource,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not a token, or without what every token says.
    #[error("malformed")]
    Malformed,
    /// Signed in a way that its key is not for, or not at all.
    #[error("algorithm")]
    Algorithm,
    /// Signed with a key that is not known.
    #[error("key unknown")]
    KeyUnknown,
    /// Not signed with the key it names.
    #[error("signature")]
    Signature,
    /// Signed for another issuer.
    #[error("issuer")]
    Issuer,
    /// Meant for somebody else.
    #[error("audience")]
    Audience,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not begun.
    #[error("not yet valid")]
    Early,
    /// It is about nobody.
    #[error("subject")]
    Subject,
}

/// What a token says, as far as it is looked at. Times are seconds since 1970.
#[derive(Deserialize)]
struct Claims {
    /// One, not several of which one would do.
    iss: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

/// Whom a token is about, at a time in microseconds since 1970.
///
/// Errors: every [`Unfit`].
pub fn subject(
    settings: &OidcSettings,
    keys: &KeySet,
    token: &str,
    now: i64,
) -> Result<String, Unfit> {
    if token.len() > LONGEST {
        return Err(Unfit::Malformed);
    }
    verifier::install();
    let header = decode_header(token).map_err(|_| Unfit::Malformed)?;
    let id = header.kid.ok_or(Unfit::KeyUnknown)?;
    let key = keys.find(&id, header.alg).map_err(|missing| match missing {
        Missing::Key => Unfit::KeyUnknown,
        Missing::Algorithm => Unfit::Algorithm,
    })?;
    let mut expected = Validation::new(header.alg);
    // Times are held against our own clock below.
    expected.validate_exp = false;
    expected.set_audience(&[&settings.audience]);
    expected.set_required_spec_claims(&["exp", "aud"]);
    let claims: Claims = decode(token, key, &expected).map_err(|error| unfit(error.kind()))?.claims;
    if claims.iss != settings.issuer {
        return Err(Unfit::Issuer);
    }
    let now = now.div_euclid(SECOND);
    if claims.exp.saturating_add(LEEWAY) <= now {
        return Err(Unfit::Expired);
    }
    let begins = claims.nbf.max(claims.iat).unwrap_or(now);
    if begins > now.saturating_add(LEEWAY) {
        return Err(Unfit::Early);
    }
    match claims.others.get(&settings.claim) {
        Some(serde_json::Value::String(subject)) if (1..=SUBJECT).contains(&subject.len()) => {
            Ok(subject.clone())
        }
        _ => Err(Unfit::Subject),
    }
}

fn unfit(kind: &ErrorKind) -> Unfit {
    match kind {
        ErrorKind::InvalidSignature => Unfit::Signature,
        ErrorKind::InvalidAlgorithm => Unfit::Algorithm,
        ErrorKind::InvalidAudience => Unfit::Audience,
        _ => Unfit::Malformed,
    }
}

/// Knows the provider's users by its tokens. Cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    settings: OidcSettings,
    clock: Clock,
    keys: RwLock<Arc<KeySet>>,
    /// When keys were last asked for because of a token; held while they are.
    asked: Mutex<i64>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Provider").field(&self.0.settings).finish()
    }
}

impl Provider {
    /// Reads the provider's keys. Where they come from a URL that does not answer, nobody is known
    /// until it does, so that those who sign in otherwise need not wait for it.
    ///
    /// Errors: every [`KeysError`] of a file.
    pub async fn open(settings: OidcSettings, clock: Clock) -> Result<Provider, KeysError> {
        let keys = match settings.keys.read().await {
            Ok(keys) => keys,
            Err(error) if settings.keys.is_url() => {
                tracing::error!(%error, "the identity provider's keys are not known yet");
                KeySet::default()
            }
            Err(error) => return Err(error),
        };
        let (keys, asked) = (RwLock::new(Arc::new(keys)), Mutex::new(i64::MIN));
        Ok(Provider(Arc::new(Inner { settings, clock, keys, asked })))
    }

    /// Reads the keys again.
    ///
    /// Errors: every [`KeysError`]; those in force stay so.
    pub async fn reload(&self) -> Result<(), KeysError> {
        let fresh = Arc::new(self.0.settings.keys.read().await?);
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Who signs its tokens.
    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// Whom a token is about. A key that is not known may be a new one: the keys are then read
    /// again, once in a while.
    ///
    /// Errors: every [`Unfit`].
    pub async fn subject(&self, token: &str) -> Result<String, Unfit> {
        let keys = self.keys();
        match self.held_against(&keys, token) {
            Err(Unfit::KeyUnknown) if self.asks_again(&keys).await => {
                self.held_against(&self.keys(), token)
            }
            held => held,
        }
    }

    fn held_against(&self, keys: &KeySet, token: &str) -> Result<String, Unfit> {
        subject(&self.0.settings, keys, token, (self.0.clock)())
    }

    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.0.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there are other keys than those that were looked at: asked for by now, or by
    /// somebody who was waited for.
    async fn asks_again(&self, seen: &Arc<KeySet>) -> bool {
        let mut asked = self.0.asked.lock().await;
        let now = (self.0.clock)();
        if Arc::ptr_eq(seen, &self.keys()) && asked.saturating_add(REST) <= now {
            *asked = now;
            if let Err(error) = self.reload().await {
                tracing::error!(%error, "the identity provider's keys in force stay");
            }
        }
        !Arc::ptr_eq(seen, &self.keys())
    }
}
