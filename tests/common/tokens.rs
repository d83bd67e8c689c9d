//! A small identity provider: one key, and what it signs.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

/// Who signs.
pub const ISSUER: &str = "https://id.contoh";
/// Whom it is for.
pub const AUDIENCE: &str = "simpul";

/// A key of an identity provider, the same for the same id.
pub struct Issuer {
    id: String,
    key: SigningKey,
}

impl Issuer {
    pub fn new(id: &str) -> Issuer {
        let mut seed = [7; 32];
        seed[..id.len()].copy_from_slice(id.as_bytes());
        Issuer { id: id.to_owned(), key: SigningKey::from_bytes(&seed) }
    }

    /// Its public key, as a key set has it.
    pub fn jwk(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": x})
    }

    /// A token with these claims and no others.
    pub fn signs(&self, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({"alg": "EdDSA", "typ": "JWT", "kid": self.id}));
        let text = format!("{header}.{}", part(claims));
        let signature = self.key.sign(text.as_bytes());
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// A token about somebody until a time in seconds.
    pub fn about(&self, subject: &str, until: i64) -> String {
        self.signs(&json!({"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": until}))
    }
}

/// A key set.
pub fn key_set(issuers: &[&Issuer]) -> String {
    let keys: Vec<Value> = issuers.iter().map(|issuer| issuer.jwk()).collect();
    json!({"keys": keys}).to_string()
}
