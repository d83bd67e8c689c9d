//! The server's settings: one TOML file, then `SIMPUL_*` variables, then flags; later wins.
//!
//! **Invariant**: a setting that nobody knows, or that cannot be read, stops the program and is
//! named; nothing is guessed. Secrets are never shown.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::access::jwks::{KeySource, KeySourceError};
use crate::access::oidc::OidcSettings;
use crate::api::connection::TlsFiles;
use crate::api::server::{Limits, Transport};
use crate::chain::note::SecretKey;
use crate::signing::Signing;

/// Where settings come from, as flags and environment variables.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// TOML file with settings
    #[arg(long, env = "SIMPUL_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of the SQLite database, its keys and the master key
    #[arg(long, env = "SIMPUL_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, env = "SIMPUL_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// PostgreSQL URL; without it, SQLite in the data folder
    #[arg(long, env = "SIMPUL_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// File of the master key; in the data folder if not given
    #[arg(long, env = "SIMPUL_MASTER_KEY")]
    pub master_key: Option<PathBuf>,
    /// Folder of the books' signing keys; in the data folder if not given
    #[arg(long, env = "SIMPUL_SIGNING_KEYS")]
    pub signing_keys: Option<PathBuf>,
    /// First part of the names of signing keys, e.g. lkm-kupang.example
    #[arg(long, env = "SIMPUL_ORIGIN")]
    pub origin: Option<String>,
    /// Whether callers have to sign in: true, or false on this machine only
    #[arg(long, env = "SIMPUL_SIGN_IN")]
    pub sign_in: Option<bool>,
    /// Folder of attached files, or s3://bucket/folder; in the data folder if not given
    #[arg(long, env = "SIMPUL_ATTACHMENTS")]
    pub attachments: Option<String>,
    /// The largest file that can be attached, in bytes
    #[arg(long, env = "SIMPUL_ATTACHMENT_BYTES")]
    pub attachment_bytes: Option<u32>,
    /// PEM file of the server's certificate and those that vouch for it
    #[arg(long, env = "SIMPUL_TLS_CERTIFICATE")]
    pub tls_certificate: Option<PathBuf>,
    /// PEM file of the certificate's private key
    #[arg(long, env = "SIMPUL_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// PEM file of those that vouch for the certificates of machines, which then sign in by them
    #[arg(long, env = "SIMPUL_CLIENT_CA")]
    pub client_ca: Option<PathBuf>,
    /// Who signs the tokens of an identity provider (iss), whose users then sign in by them
    #[arg(long, env = "SIMPUL_OIDC_ISSUER")]
    pub oidc_issuer: Option<String>,
    /// What the identity provider calls this server (aud)
    #[arg(long, env = "SIMPUL_OIDC_AUDIENCE")]
    pub oidc_audience: Option<String>,
    /// The identity provider's public keys (JWKS): a file, or an https URL
    #[arg(long, env = "SIMPUL_OIDC_KEYS")]
    pub oidc_keys: Option<String>,
    /// PEM file of those that vouch for that URL, e.g. /etc/ssl/certs/ca-certificates.crt
    #[arg(long, env = "SIMPUL_OIDC_CA")]
    pub oidc_ca: Option<PathBuf>,
    /// The claim that tells the provider's users apart; sub if not given
    #[arg(long, env = "SIMPUL_OIDC_CLAIM")]
    pub oidc_claim: Option<String>,
    /// Whether to listen beyond this machine without TLS, behind something that does it
    #[arg(long, env = "SIMPUL_ALLOW_PLAINTEXT")]
    pub allow_plaintext: Option<bool>,
    /// Connections at once
    #[arg(long, env = "SIMPUL_CONNECTIONS")]
    pub connections: Option<u32>,
    /// Connections from one address at once
    #[arg(long, env = "SIMPUL_CONNECTIONS_PER_ADDRESS")]
    pub connections_per_address: Option<u32>,
    /// Calls of one caller at once
    #[arg(long, env = "SIMPUL_CALLS_PER_CALLER")]
    pub calls_per_caller: Option<u32>,
    /// What to log, e.g. info or simpul=debug
    #[arg(long, env = "SIMPUL_LOG")]
    pub log: Option<String>,
    /// Form of the log
    #[arg(long, env = "SIMPUL_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Seconds a call may take
    #[arg(long, env = "SIMPUL_DEADLINE_SECONDS")]
    pub deadline_seconds: Option<u32>,
    /// Seconds that calls in flight may take when the server stops
    #[arg(long, env = "SIMPUL_DRAIN_SECONDS")]
    pub drain_seconds: Option<u32>,
    /// The largest message in bytes
    #[arg(long, env = "SIMPUL_MESSAGE_BYTES")]
    pub message_bytes: Option<u32>,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The file as written: every key may be missing, none may be unknown.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    database: Option<String>,
    master_key: Option<PathBuf>,
    signing_keys: Option<PathBuf>,
    origin: Option<String>,
    sign_in: Option<bool>,
    attachments: Option<String>,
    attachment_bytes: Option<u32>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
    oidc_issuer: Option<String>,
    oidc_audience: Option<String>,
    oidc_keys: Option<String>,
    oidc_ca: Option<PathBuf>,
    oidc_claim: Option<String>,
    allow_plaintext: Option<bool>,
    connections: Option<u32>,
    connections_per_address: Option<u32>,
    calls_per_caller: Option<u32>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    deadline_seconds: Option<u32>,
    drain_seconds: Option<u32>,
    message_bytes: Option<u32>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// The file is not what it should be; the message names line and key.
    #[error("{0}: {1}")]
    Parse(PathBuf, Box<toml::de::Error>),
    /// A value that cannot be.
    #[error("{0} must be {1}")]
    Value(&'static str, &'static str),
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Folder of the SQLite database, its keys and the master key.
    pub data_dir: PathBuf,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// PostgreSQL URL; none for SQLite. Holds a password.
    pub database: Option<String>,
    /// File of the master key.
    pub master_key: PathBuf,
    /// Folder of the books' signing keys.
    pub signing_keys: PathBuf,
    /// First part of the names of signing keys.
    pub origin: String,
    /// Whether callers have to sign in.
    pub sign_in: bool,
    /// Folder, or URL of a bucket, of attached files.
    pub attachments: String,
    /// The largest file that can be attached, in bytes.
    pub attachment_bytes: u32,
    /// The server's certificate; none for no TLS.
    pub tls: Option<TlsFiles>,
    /// The identity provider whose users sign in by its tokens.
    pub oidc: Option<OidcSettings>,
    /// Whether to listen beyond this machine without TLS.
    pub allow_plaintext: bool,
    /// Connections at once.
    pub connections: u32,
    /// Connections from one address at once.
    pub connections_per_address: u32,
    /// Calls of one caller at once.
    pub calls_per_caller: u32,
    /// What to log.
    pub log: String,
    /// Form of the log.
    pub log_format: LogFormat,
    /// Seconds a call may take.
    pub deadline_seconds: u32,
    /// Seconds that calls in flight may take once the server is told to stop.
    pub drain_seconds: u32,
    /// The largest message in bytes.
    pub message_bytes: u32,
}

impl Config {
    /// The settings in force: the file's, if one is named, under those of the flags. Flags already
    /// stand over the environment.
    ///
    /// Errors: every [`ConfigError`].
    pub fn load(flags: &Flags) -> Result<Config, ConfigError> {
        let file = flags.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let (tls, oidc) = (tls(flags, &file)?, oidc(flags, &file)?);
        let data_dir = flags.data_dir.clone().or(file.data_dir);
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from("simpul-data"));
        let master_key = flags.master_key.clone().or(file.master_key);
        let signing_keys = flags.signing_keys.clone().or(file.signing_keys);
        let origin = flags.origin.clone().or(file.origin);
        let attachments = flags.attachments.clone().or(file.attachments);
        let beside = || data_dir.join("attachments").display().to_string();
        let attachment_bytes = flags.attachment_bytes.or(file.attachment_bytes);
        let per_address = flags.connections_per_address.or(file.connections_per_address);
        let config = Config {
            attachments: attachments.unwrap_or_else(beside),
            attachment_bytes: attachment_bytes.unwrap_or(10 << 20),
            signing_keys: signing_keys.unwrap_or_else(|| data_dir.join("signing")),
            origin: origin.unwrap_or_else(|| "simpul".to_owned()),
            sign_in: flags.sign_in.or(file.sign_in).unwrap_or(true),
            tls,
            oidc,
            allow_plaintext: flags.allow_plaintext.or(file.allow_plaintext).unwrap_or(false),
            connections: flags.connections.or(file.connections).unwrap_or(1024),
            connections_per_address: per_address.unwrap_or(256),
            calls_per_caller: flags.calls_per_caller.or(file.calls_per_caller).unwrap_or(1024),
            master_key: master_key.unwrap_or_else(|| data_dir.join("master.key")),
            data_dir,
            listen: flags.listen.or(file.listen).unwrap_or(([127, 0, 0, 1], 50051).into()),
            database: flags.database.clone().or(file.database),
            log: flags.log.clone().or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
            deadline_seconds: flags.deadline_seconds.or(file.deadline_seconds).unwrap_or(30),
            drain_seconds: flags.drain_seconds.or(file.drain_seconds).unwrap_or(20),
            message_bytes: flags.message_bytes.or(file.message_bytes).unwrap_or(1 << 20),
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if !(1..=3600).contains(&self.deadline_seconds) {
            return Err(ConfigError::Value("deadline_seconds", "1 to 3600"));
        }
        if !(1..=3600).contains(&self.drain_seconds) {
            return Err(ConfigError::Value("drain_seconds", "1 to 3600"));
        }
        if !(1..=1 << 16).contains(&self.connections) {
            return Err(ConfigError::Value("connections", "1 to 65536"));
        }
        if !(1..=1 << 16).contains(&self.connections_per_address) {
            return Err(ConfigError::Value("connections_per_address", "1 to 65536"));
        }
        if !(1..=1 << 16).contains(&self.calls_per_caller) {
            return Err(ConfigError::Value("calls_per_caller", "1 to 65536"));
        }
        if !(1 << 16..=1 << 26).contains(&self.message_bytes) {
            return Err(ConfigError::Value("message_bytes", "65536 to 67108864"));
        }
        if !(1 << 16..=1 << 28).contains(&self.attachment_bytes) {
            return Err(ConfigError::Value("attachment_bytes", "65536 to 268435456"));
        }
        let is_postgres =
            |url: &String| url.starts_with("postgres://") || url.starts_with("postgresql://");
        if EnvFilter::builder().parse(&self.log).is_err() {
            return Err(ConfigError::Value("log", "a filter such as info or simpul=debug"));
        }
        if SecretKey::new(&self.origin, &[0; 32]).is_err() {
            return Err(ConfigError::Value("origin", "a name without spaces and plus signs"));
        }
        let known_elsewhere = self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        if !self.sign_in && (known_elsewhere || self.oidc.is_some()) {
            return Err(ConfigError::Value("sign_in", "true with client_ca or oidc_issuer"));
        }
        if !self.database.iter().all(is_postgres) {
            return Err(ConfigError::Value("database", "a postgres:// URL"));
        }
        Ok(())
    }

    /// The SQLite database's file.
    pub fn sqlite(&self) -> PathBuf {
        self.data_dir.join("simpul.db")
    }

    /// The SQLite database of the keys of personal text.
    pub fn keys(&self) -> PathBuf {
        self.data_dir.join("keys.db")
    }

    /// The SQLite database of users, their devices, and who looked.
    pub fn users(&self) -> PathBuf {
        self.data_dir.join("access.db")
    }

    /// The books' signing keys. Where servers may share a database, none is made by itself.
    pub fn signing(&self) -> Signing {
        let makes_keys = self.database.is_none();
        Signing::new(self.signing_keys.clone(), self.origin.clone(), makes_keys)
    }

    /// What the port allows.
    pub fn limits(&self) -> Limits {
        Limits {
            deadline: Duration::from_secs(self.deadline_seconds.into()),
            message_bytes: self.message_bytes as usize,
            drain: Duration::from_secs(self.drain_seconds.into()),
            connections: self.connections as usize,
            connections_per_address: self.connections_per_address as usize,
            calls_per_caller: self.calls_per_caller as usize,
        }
    }

    /// What keeps others than the callers from hearing.
    pub fn transport(&self) -> Transport {
        Transport {
            sign_in: self.sign_in,
            tls: self.tls.clone(),
            allow_plaintext: self.allow_plaintext,
        }
    }
}

/// The server's certificate, and whom it takes for machines.
fn tls(flags: &Flags, file: &File) -> Result<Option<TlsFiles>, ConfigError> {
    let certificate = flags.tls_certificate.clone().or(file.tls_certificate.clone());
    let key = flags.tls_key.clone().or(file.tls_key.clone());
    let client_ca = flags.client_ca.clone().or(file.client_ca.clone());
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key, client_ca })),
        (None, None) if client_ca.is_none() => Ok(None),
        (None, None) => Err(ConfigError::Value("tls_certificate", "set with client_ca")),
        (None, Some(_)) => Err(ConfigError::Value("tls_certificate", "set with tls_key")),
        (Some(_), None) => Err(ConfigError::Value("tls_key", "set with tls_certificate")),
    }
}

/// The identity provider: all of it, or nothing.
fn oidc(flags: &Flags, file: &File) -> Result<Option<OidcSettings>, ConfigError> {
    let issuer = flags.oidc_issuer.clone().or(file.oidc_issuer.clone());
    let audience = flags.oidc_audience.clone().or(file.oidc_audience.clone());
    let keys = flags.oidc_keys.clone().or(file.oidc_keys.clone());
    let ca = flags.oidc_ca.clone().or(file.oidc_ca.clone());
    let claim = flags.oidc_claim.clone().or(file.oidc_claim.clone());
    let (issuer, audience, keys) = match (issuer, audience, keys) {
        (Some(issuer), Some(audience), Some(keys)) => (issuer, audience, keys),
        (None, None, None) if ca.is_none() && claim.is_none() => return Ok(None),
        (None, ..) => return Err(ConfigError::Value("oidc_issuer", "set with oidc_*")),
        (_, None, _) => return Err(ConfigError::Value("oidc_audience", "set with oidc_issuer")),
        (.., None) => return Err(ConfigError::Value("oidc_keys", "set with oidc_issuer")),
    };
    let claim = claim.unwrap_or_else(|| "sub".to_owned());
    let named = [("oidc_issuer", &issuer), ("oidc_audience", &audience), ("oidc_claim", &claim)];
    let blank = |text: &str| text.is_empty() || text.chars().any(char::is_control);
    if let Some((key, _)) = named.into_iter().find(|(_, text)| blank(text)) {
        return Err(ConfigError::Value(key, "a name"));
    }
    let keys = KeySource::new(&keys, ca).map_err(|error| match error {
        KeySourceError::Url => {
            ConfigError::Value("oidc_keys", "a file, or an https URL (http on this machine only)")
        }
        KeySourceError::Untrusted => ConfigError::Value("oidc_ca", "set with an https URL"),
    })?;
    Ok(Some(OidcSettings { issuer, audience, claim, keys }))
}

fn read(path: &Path) -> Result<File, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| ConfigError::Read(path.to_owned(), error))?;
    toml::from_str(&text).map_err(|error| ConfigError::Parse(path.to_owned(), Box::new(error)))
}

/// As a file that would set the same, without the database's password.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        writeln!(f, "data_dir = {}", quoted(&self.data_dir.display().to_string()))?;
        writeln!(f, "listen = {}", quoted(&self.listen.to_string()))?;
        match &self.database {
            Some(url) => writeln!(f, "database = {}", quoted(&without_password(url)))?,
            None => writeln!(f, "# database: SQLite in data_dir")?,
        }
        writeln!(f, "master_key = {}", quoted(&self.master_key.display().to_string()))?;
        writeln!(f, "signing_keys = {}", quoted(&self.signing_keys.display().to_string()))?;
        writeln!(f, "origin = {}", quoted(&self.origin))?;
        writeln!(f, "sign_in = {}", self.sign_in)?;
        writeln!(f, "attachments = {}", quoted(&self.attachments))?;
        writeln!(f, "attachment_bytes = {}", self.attachment_bytes)?;
        match &self.tls {
            Some(TlsFiles { certificate, key, client_ca }) => {
                writeln!(f, "tls_certificate = {}", quoted(&certificate.display().to_string()))?;
                writeln!(f, "tls_key = {}", quoted(&key.display().to_string()))?;
                if let Some(ca) = client_ca {
                    writeln!(f, "client_ca = {}", quoted(&ca.display().to_string()))?;
                }
            }
            None => writeln!(f, "# tls_certificate: none, callers come in the open")?,
        }
        if let Some(OidcSettings { issuer, audience, claim, keys }) = &self.oidc {
            writeln!(f, "oidc_issuer = {}", quoted(issuer))?;
            writeln!(f, "oidc_audience = {}", quoted(audience))?;
            writeln!(f, "oidc_claim = {}", quoted(claim))?;
            writeln!(f, "oidc_keys = {}", quoted(&keys.to_string()))?;
            if let KeySource::Https(_, ca) = keys {
                writeln!(f, "oidc_ca = {}", quoted(&ca.display().to_string()))?;
            }
        }
        writeln!(f, "allow_plaintext = {}", self.allow_plaintext)?;
        writeln!(f, "connections = {}", self.connections)?;
        writeln!(f, "connections_per_address = {}", self.connections_per_address)?;
        writeln!(f, "calls_per_caller = {}", self.calls_per_caller)?;
        writeln!(f, "log = {}", quoted(&self.log))?;
        let format = match self.log_format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        writeln!(f, "log_format = {}", quoted(format))?;
        writeln!(f, "deadline_seconds = {}", self.deadline_seconds)?;
        writeln!(f, "drain_seconds = {}", self.drain_seconds)?;
        write!(f, "message_bytes = {}", self.message_bytes)
    }
}

/// Hides what stands between the user and the host, and every option, for one may be a password.
fn without_password(url: &str) -> String {
    let (address, options) = match url.split_once('?') {
        Some((address, _)) => (address, "?***"),
        None => (url, ""),
    };
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split_once(':').map_or(user, |(name, _)| name);
            let hidden = if name == user { "" } else { ":***" };
            format!("{scheme}://{name}{hidden}@{host}{options}")
        }
        None => format!("{address}{options}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, flags: Flags) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("simpul.toml");
        std::fs::write(&path, text).expect("written");
        Config::load(&Flags { config: Some(path), ..flags })
    }

    #[test]
    fn flags_stand_over_the_file() {
        let text = "listen = \"127.0.0.1:1\"\nlog = \"debug\"\n";
        let listen = "127.0.0.1:2".parse().ok();
        let config = load(text, Flags { listen, ..Flags::default() }).expect("settings");
        assert_eq!((config.listen.port(), config.log.as_str()), (2, "debug"));
        assert_eq!(config.master_key, Path::new("simpul-data/master.key"));
    }

    #[test]
    fn what_nobody_knows_is_named_with_its_line() {
        let error = load("log = \"info\"\nlistne = 1\n", Flags::default()).expect_err("refused");
        let text = error.to_string();
        assert!(text.contains("line 2") && text.contains("listne"), "{text}");
        let error = load("deadline_seconds = 0\n", Flags::default()).expect_err("refused");
        assert_eq!(error.to_string(), "deadline_seconds must be 1 to 3600");
        let error = load("log = \"simpul=loud\"\n", Flags::default()).expect_err("refused");
        assert_eq!(error.to_string(), "log must be a filter such as info or simpul=debug");
        let error = load("database = \"mysql://x\"\n", Flags::default()).expect_err("refused");
        assert_eq!(error.to_string(), "database must be a postgres:// URL");
    }

    #[test]
    fn other_ways_to_sign_in_are_whole_or_not_there() {
        let oidc = "oidc_issuer = \"https://id.contoh\"\noidc_audience = \"simpul\"\n";
        let tls = "tls_certificate = \"a.pem\"\ntls_key = \"a.key\"\nclient_ca = \"ca.pem\"\n";
        let keys = |keys: &str| format!("{oidc}oidc_keys = \"{keys}\"\n");
        let said = |text: &str| load(text, Flags::default()).expect_err("refused").to_string();
        assert_eq!(said(oidc), "oidc_keys must be set with oidc_issuer");
        assert_eq!(said("oidc_claim = \"sub\"\n"), "oidc_issuer must be set with oidc_*");
        assert_eq!(said("client_ca = \"ca.pem\"\n"), "tls_certificate must be set with client_ca");
        let sign_in = "sign_in must be true with client_ca or oidc_issuer";
        assert_eq!(said(&format!("sign_in = false\n{tls}")), sign_in);
        assert_eq!(said(&format!("sign_in = false\n{}", keys("jwks.json"))), sign_in);
        assert_eq!(said(&keys("https://id.contoh/keys")), "oidc_ca must be set with an https URL");
        let url = "oidc_keys must be a file, or an https URL (http on this machine only)";
        for wrong in ["http://id.contoh/keys", "http://127.0.0.1.contoh/keys", "https://"] {
            assert_eq!(said(&keys(wrong)), url, "{wrong}");
        }
        let far = format!("{}oidc_ca = \"roots.pem\"\n{tls}", keys("https://id.contoh/keys"));
        for good in [far, keys("jwks.json"), keys("http://[::1]:8080/keys")] {
            let shown = load(&good, Flags::default()).expect("settings").to_string();
            assert!(shown.contains("oidc_claim = \"sub\""), "{shown}");
            assert_eq!(load(&shown, Flags::default()).expect("read back").to_string(), shown);
        }
    }

    #[test]
    fn secrets_are_not_shown_and_what_is_shown_can_be_read_back() {
        let text = "database = \"postgres://simpul:s3cret@db/books?password=s3cret\"\n";
        let shown = load(text, Flags::default()).expect("settings").to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("postgres://simpul:***@db/books?***"), "{shown}");
        assert_eq!(load(&shown, Flags::default()).expect("read back").to_string(), shown);
    }
}
