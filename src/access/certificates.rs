//! Certificates in PEM files: whom to trust, and what a machine's certificate is known by.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};

/// Why a file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct CertificatesError {
    file: PathBuf,
    why: String,
}

/// Those in a PEM file, as what others' certificates must be vouched for by.
///
/// Errors: when the file cannot be read, holds none, or one that can vouch for nobody.
pub fn roots(file: &Path) -> Result<RootCertStore, CertificatesError> {
    let unusable = |why: String| CertificatesError { file: file.to_owned(), why };
    let found = CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in found {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

/// What a certificate is known by: the SHA-256 of its public key (SubjectPublicKeyInfo) in hex, which
/// stays the same when it is renewed with the same key. `None` for what is no certificate.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> Option<String> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    Some(hex::encode(Sha256::digest(parsed.subject_public_key_info())))
}

/// The fingerprint of the first certificate in a PEM text.
pub fn fingerprint_of_pem(text: &str) -> Option<String> {
    fingerprint(&CertificateDer::from_pem_slice(text.as_bytes()).ok()?)
}
