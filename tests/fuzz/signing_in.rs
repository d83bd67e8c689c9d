//! What whoever is not let in yet may send: tokens; and what an administrator or an identity provider
//! may: certificates and key sets.

use std::path::PathBuf;

use simpul::access::certificates::fingerprint_of_pem;
use simpul::access::jwks::{KeySet, KeySource};
use simpul::access::oidc::{OidcSettings, subject};

use crate::hunt_text;
use crate::tokens::{AUDIENCE, ISSUER, Issuer, key_set};

const NOW: i64 = 1_800_000_000;

fn settings() -> OidcSettings {
    OidcSettings {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        claim: "sub".to_owned(),
        keys: KeySource::File(PathBuf::new()),
    }
}

#[test]
fn tokens() {
    let (issuer, settings) = (Issuer::new("kunci"), settings());
    let keys = KeySet::parse(key_set(&[&issuer]).as_bytes()).expect("keys");
    let token = issuer.about("siti@contoh", NOW + 3600);
    let read = |text: &str| subject(&settings, &keys, text, NOW * 1_000_000);
    assert_eq!(read(&token).as_deref(), Ok("siti@contoh"));
    hunt_text("tokens", &[&token], |text| {
        // Only what the issuer has signed, to the last letter, is about anybody.
        assert_eq!(read(text).is_ok(), text == token, "{text}");
    });
    // Nor does a claim that its issuer itself garbles.
    let claims = token.split('.').nth(1).expect("three parts");
    let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims);
    let claims = String::from_utf8(claims.expect("base64")).expect("text");
    hunt_text("claims", &[&claims], |text| {
        if let Ok(claims) = serde_json::from_str(text) {
            let read = read(&issuer.signs(&claims));
            assert!(read.is_err() || claims["iss"] == ISSUER && claims["aud"] == AUDIENCE);
        }
    });
}

#[test]
fn key_sets() {
    let issuer = Issuer::new("kunci");
    let token = issuer.about("siti@contoh", NOW + 3600);
    let (set, settings) = (key_set(&[&issuer]), settings());
    hunt_text("key sets", &[&set], |text| {
        if let Ok(keys) = KeySet::parse(text.as_bytes()) {
            let read = subject(&settings, &keys, &token, NOW * 1_000_000);
            let x = issuer.jwk()["x"].as_str().expect("text").to_owned();
            assert!(read.is_err() || text.contains(&x), "another key verifies: {text}");
        }
    });
}

#[test]
fn certificates() {
    let made = rcgen::generate_simple_self_signed(vec!["mesin.contoh".to_owned()]);
    let pem = made.expect("a certificate").cert.pem();
    assert_eq!(fingerprint_of_pem(&pem).map(|hash| hash.len()), Some(64));
    hunt_text("certificates", &[&pem], |text| {
        if let Some(hash) = fingerprint_of_pem(text) {
            assert_eq!(hash.len(), 64);
        }
    });
}
