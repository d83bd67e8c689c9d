//! Why a call never got an answer: what became of the line to the server, told as one sentence that
//! says what to do.
//!
//! tonic tells of every failure of the line as "transport error"; the cause is somewhere in the chain
//! of errors behind it.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection};
use tonic::transport::Uri;
use tonic::{Code, ConnectError, Status};

use crate::access::certificates::roots;
use crate::cli::remote::{Failure, Seal};
use crate::domain::refusal::Language;

/// How long the server is waited for when it is asked why.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of the line.
#[derive(Clone, Debug)]
pub enum Cut {
    /// This machine does not trust the server's certificate.
    ServerRefused(CertificateError),
    /// The server asks for a machine's certificate, and none was shown.
    OwnMissing,
    /// The server does not trust this machine's certificate.
    OwnRefused,
    /// TLS was spoken, and the server does not speak it.
    NotSealed,
    /// TLS was not spoken, and the server speaks nothing else.
    Sealed,
    /// TLS failed for another reason.
    Tls(String),
    /// There is nobody at the address, or no way there.
    Unreached,
    /// Somebody between here and the server says that it is not there now.
    Unavailable,
    /// The line was lost before the answer came.
    Lost,
}

impl Cut {
    /// What became of the line to `server`, if that is why a call failed.
    pub fn of(status: &Status, server: &Uri, seal: &Seal) -> Option<Cut> {
        // A status that the line itself made has its cause with it; a server's comes without.
        let Some(cause) = status.source() else {
            let gone = status.code() == Code::Unavailable && status.details().is_empty();
            return gone.then_some(Cut::Unavailable);
        };
        let cut = match (find::<rustls::Error>(cause), find::<ConnectError>(cause)) {
            (Some(error), _) => Cut::of_tls(error),
            (None, Some(_)) => Cut::Unreached,
            (None, None) if speaks_only_tls(server) => Cut::Sealed,
            (None, None) => alert(server, seal).as_ref().map_or(Cut::Lost, Cut::of_tls),
        };
        Some(cut)
    }

    fn of_tls(error: &rustls::Error) -> Cut {
        match error {
            rustls::Error::InvalidCertificate(why) => Cut::ServerRefused(why.clone()),
            rustls::Error::InvalidMessage(_) => Cut::NotSealed,
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Cut::OwnMissing,
            rustls::Error::AlertReceived(
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
                | AlertDescription::DecryptError,
            ) => Cut::OwnRefused,
            other => Cut::Tls(other.to_string()),
        }
    }

    /// Whether the call may have come to the server.
    pub fn came_after_sending(&self) -> bool {
        matches!(self, Cut::Unavailable | Cut::Lost)
    }

    /// One sentence: what happened, and what to do.
    pub fn told(&self, server: &Uri, language: Language) -> Failure {
        let host = server.host().unwrap_or_default();
        let (id, en) = match self {
            Cut::ServerRefused(why) => return refused(why, host, language),
            Cut::OwnMissing => (
                "Server ini meminta sertifikat mesin: sebut berkasnya dengan --client-certificate dan \
                 --client-key (atau SIMPUL_CLIENT_CERTIFICATE dan SIMPUL_CLIENT_KEY)."
                    .to_owned(),
                "This server asks for a machine's certificate: name its files with \
                 --client-certificate and --client-key (or SIMPUL_CLIENT_CERTIFICATE and \
                 SIMPUL_CLIENT_KEY)."
                    .to_owned(),
            ),
            Cut::OwnRefused => (
                "Server menolak sertifikat mesin ini: minta yang berlaku dari pengelola server, dan \
                 sebut berkasnya dengan --client-certificate (atau SIMPUL_CLIENT_CERTIFICATE)."
                    .to_owned(),
                "The server refuses this machine's certificate: ask its operator for one that holds, \
                 and name its file with --client-certificate (or SIMPUL_CLIENT_CERTIFICATE)."
                    .to_owned(),
            ),
            Cut::NotSealed => (
                format!(
                    "Yang menjawab di {host} tidak memakai TLS: periksa alamat dan porta di --server \
                     (atau SIMPUL_SERVER)."
                ),
                format!(
                    "What answers at {host} does not speak TLS: look at the address and port in \
                     --server (or SIMPUL_SERVER)."
                ),
            ),
            Cut::Sealed => (
                "Server ini hanya menerima sambungan TLS: tulis https:// di --server (atau \
                 SIMPUL_SERVER), dan sebut sertifikat yang dipercaya dengan --ca (atau SIMPUL_CA)."
                    .to_owned(),
                "This server only takes TLS: write https:// in --server (or SIMPUL_SERVER), and name \
                 the certificate to trust with --ca (or SIMPUL_CA)."
                    .to_owned(),
            ),
            Cut::Tls(why) => (
                format!("Sambungan TLS dengan server gagal: {why}."),
                format!("TLS with the server failed: {why}."),
            ),
            Cut::Unreached | Cut::Unavailable => (
                "Server tidak dapat dihubungi; coba lagi nanti.".to_owned(),
                "The server cannot be reached; try again later.".to_owned(),
            ),
            Cut::Lost => (
                "Sambungan putus sebelum server menjawab, jadi hasilnya belum diketahui.".to_owned(),
                "The line was lost before the server answered, so what came of it is not known."
                    .to_owned(),
            ),
        };
        Failure::say(language, &id, &en)
    }
}

/// Why the server's certificate was refused, and what to do.
fn refused(why: &CertificateError, host: &str, language: Language) -> Failure {
    let (id, en) = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "masa berlakunya sudah lewat; periksa jam perangkat ini, atau minta pengelola server \
             memperbaruinya"
                .to_owned(),
            "its time is over; look at this device's clock, or ask the server's operator for a new one"
                .to_owned(),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "masa berlakunya belum mulai; periksa jam perangkat ini".to_owned(),
            "its time has not begun; look at this device's clock".to_owned(),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!(
                "dibuat untuk nama lain, bukan {host}; tulis nama server yang tertera di sertifikatnya \
                 di --server (atau SIMPUL_SERVER)"
            ),
            format!(
                "it is for another name than {host}; write the server's name that stands in its \
                 certificate in --server (or SIMPUL_SERVER)"
            ),
        ),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "tidak dijamin oleh berkas --ca (atau SIMPUL_CA); minta berkas yang benar dari pengelola \
             server"
                .to_owned(),
            "the file of --ca (or SIMPUL_CA) does not vouch for it; ask the server's operator for the \
             right one"
                .to_owned(),
        ),
        other => (
            format!("{other}; minta pengelola server memeriksanya, dan berkas --ca (atau SIMPUL_CA)"),
            format!("{other}; ask the server's operator to look at it, and at --ca (or SIMPUL_CA)"),
        ),
    };
    let id = format!("Sertifikat server ditolak: {id}.");
    Failure::say(language, &id, &format!("The server's certificate is refused: {en}."))
}

/// The first error of a kind in a chain, also where an I/O error holds it.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // What an I/O error holds is not its source: that is the source of what it holds.
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        at = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

/// Whether a server that was spoken to without TLS answers with an alert of TLS.
fn speaks_only_tls(server: &Uri) -> bool {
    server.scheme_str() == Some("http") && answers_with_an_alert(server).unwrap_or_default()
}

fn answers_with_an_alert(server: &Uri) -> io::Result<bool> {
    const ALERT: [u8; 2] = [21, 3];
    let mut line = connect(server, 80)?;
    line.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
    let mut answer = [0; 2];
    line.read_exact(&mut answer)?;
    Ok(answer == ALERT)
}

fn connect(server: &Uri, port: u16) -> io::Result<TcpStream> {
    let place = (server.host().unwrap_or_default(), server.port_u16().unwrap_or(port));
    let address = place.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let line = TcpStream::connect_timeout(&address, PATIENCE)?;
    line.set_read_timeout(Some(PATIENCE))?;
    Ok(line)
}

/// What a server says to this machine's certificate, or to its having none: it says so after the
/// handshake, when HTTP/2 listens no more. So it is asked again, and only listened to.
fn alert(server: &Uri, seal: &Seal) -> Option<rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().ok()?;
    let config = config.with_root_certificates(roots(seal.ca.as_deref()?).ok()?);
    let config = match &seal.own {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_file_iter(certificate).ok()?;
            let chain = chain.collect::<Result<_, _>>().ok()?;
            config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).ok()?).ok()?
        }
    };
    let name = ServerName::try_from(server.host()?.to_owned()).ok()?;
    let mut tls = ClientConnection::new(Arc::new(config), name).ok()?;
    let mut line = connect(server, 443).ok()?;
    loop {
        match tls.complete_io(&mut line) {
            Ok((0, 0)) => return None,
            Ok(_) => {}
            Err(error) => return find::<rustls::Error>(&error).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: rustls::Error) -> String {
        let held = io::Error::new(io::ErrorKind::InvalidData, error);
        let status = Status::from_error(Box::new(ConnectError(Box::new(held))));
        let server = Uri::from_static("https://lkm.contoh:50051");
        let cut = Cut::of(&status, &server, &Seal::default()).expect("the line's own");
        cut.told(&server, Language::Indonesian).to_string()
    }

    #[test]
    fn what_tls_says_is_told_with_what_to_do() {
        let asked = told(rustls::Error::AlertReceived(AlertDescription::CertificateRequired));
        assert!(asked.starts_with("Server ini meminta sertifikat mesin: sebut berkasnya dengan"));
        assert!(asked.contains("--client-certificate") && asked.contains("SIMPUL_CLIENT_KEY"));
        let early = told(rustls::Error::InvalidCertificate(CertificateError::NotValidYet));
        assert!(early.ends_with("belum mulai; periksa jam perangkat ini."), "{early}");
        let wrong = rustls::InvalidMessage::InvalidContentType;
        let wrong = told(rustls::Error::InvalidMessage(wrong));
        assert!(wrong.starts_with("Yang menjawab di lkm.contoh tidak memakai TLS"), "{wrong}");
    }
}
