//! The thin client's line to the server: metadata, request ids, and errors as plain sentences.
//!
//! **Invariants**: whatever goes wrong, a person reads one sentence in their language. "Nothing was
//! booked" is said only where it is certain: by an answer of the server, or where nothing was sent.

use std::path::{Path, PathBuf};

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Uri};
use tonic::{Request, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::api::v1;
use crate::cli::convert::last_part;
use crate::cli::cut::Cut;
use crate::domain::refusal::{Language, Reason};
use crate::secret_file;

/// Why a command of the thin client did not succeed, as one plain sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// A sentence in the language of the caller.
    pub fn say(language: Language, indonesian: &str, english: &str) -> Failure {
        match language {
            Language::Indonesian => Failure(indonesian.to_owned()),
            Language::English => Failure(english.to_owned()),
        }
    }
}

/// What a client's side of TLS needs, as PEM files.
#[derive(Clone, Debug, Default)]
pub struct Seal {
    /// The server's certificate, or one that vouches for it.
    pub ca: Option<PathBuf>,
    /// This machine's own certificate and its key, where it signs in by them.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// A connection to the server that says who asks and in which language.
#[derive(Clone, Debug)]
pub struct Remote {
    channel: Channel,
    server: Uri,
    seal: Seal,
    caller: Caller,
    /// The caller's language.
    pub language: Language,
}

/// A channel whose requests say who asks.
pub type Line = InterceptedService<Channel, Caller>;

/// Writes the caller's name and language into each request.
#[derive(Clone, Debug)]
pub struct Caller {
    actor: MetadataValue<Ascii>,
    language: MetadataValue<Ascii>,
    /// `Bearer` and a token, where callers have to sign in.
    token: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Caller {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("simpul-actor", self.actor.clone());
        request.metadata_mut().insert("accept-language", self.language.clone());
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

impl Remote {
    /// The same line for somebody else, where callers need not sign in.
    pub fn of(&self, actor: &'static str) -> Remote {
        let caller = Caller { actor: MetadataValue::from_static(actor), ..self.caller.clone() };
        Remote { caller, ..self.clone() }
    }

    /// A line to the server at `server`, e.g. `http://127.0.0.1:50051`; it connects when first used.
    ///
    /// Errors: a sentence when the address or the actor's name cannot be used.
    pub fn new(server: &str, actor: &str, language: Language) -> Result<Remote, Failure> {
        Remote::over(server, &Seal::default(), actor, language)
    }

    /// The same, over TLS where the address says so.
    ///
    /// Errors: as [`new`](Remote::new), and a sentence when a file cannot be used, or the one of
    /// whom to trust is missing.
    pub fn over(
        server: &str,
        seal: &Seal,
        actor: &str,
        language: Language,
    ) -> Result<Remote, Failure> {
        let endpoint = Endpoint::from_shared(server.to_owned()).ok();
        // A name alone is read as an address without a scheme, to which nothing can connect.
        let endpoint = endpoint.filter(|endpoint| endpoint.uri().scheme().is_some());
        let endpoint = endpoint.ok_or_else(|| {
            let id = format!("Alamat server {server} tidak dapat dibaca.");
            Failure::say(language, &id, &format!("The server address {server} cannot be read."))
        })?;
        let endpoint = sealed(endpoint, seal, language)?;
        let actor = MetadataValue::try_from(actor).map_err(|_| {
            let id = "Nama pelaku hanya boleh huruf dan angka biasa.";
            Failure::say(language, id, "The actor's name may only have plain letters and digits.")
        })?;
        let code = match language {
            Language::Indonesian => "id",
            Language::English => "en",
        };
        let caller = Caller { actor, language: MetadataValue::from_static(code), token: None };
        let server = endpoint.uri().clone();
        Ok(Remote {
            channel: endpoint.connect_lazy(),
            server,
            seal: seal.clone(),
            caller,
            language,
        })
    }

    /// The same line, by somebody who has signed in with a token.
    ///
    /// Errors: a sentence when the token cannot be one.
    pub fn signed_in(mut self, token: &str) -> Result<Remote, Failure> {
        let value = MetadataValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| {
            let id = "Tanda perangkat tidak dapat dibaca.";
            Failure::say(self.language, id, "The device's token cannot be read.")
        })?;
        value.set_sensitive(true);
        self.caller.token = Some(value);
        Ok(self)
    }

    /// What clients of the generated code are made from.
    pub fn line(&self) -> Line {
        InterceptedService::new(self.channel.clone(), self.caller.clone())
    }

    /// That a request waits for a second person, and how to see it; `None` for what does not.
    fn waiting(&self, details: &ErrorDetails) -> Option<Failure> {
        let info = details.error_info()?;
        let waits = Reason::AwaitsApproval.name();
        let name = info.metadata.get("name").filter(|_| info.reason == waits)?;
        let id = last_part(name);
        Some(Failure::say(
            self.language,
            &format!(
                "Belum dilakukan: menunggu persetujuan orang kedua. Ia mengetik: \
                 simpul persetujuan setujui {id}"
            ),
            &format!(
                "Not done yet: it waits until a second person agrees. They type: \
                 simpul approval approve {id}"
            ),
        ))
    }

    /// What went wrong, as one plain sentence, and the field it is about.
    pub fn explain(&self, status: &Status) -> Failure {
        let details = status.get_error_details();
        if let Some(waiting) = self.waiting(&details) {
            return waiting;
        }
        match Cut::of(status, &self.server, &self.seal) {
            Some(cut) => cut.told(&self.server, self.language),
            None => self.answered(status, &details),
        }
    }

    /// The same of a booking, sent under this request id: that nothing was booked, or how to find
    /// out whether anything was.
    pub fn explain_booking(&self, status: &Status, request_id: &str) -> Failure {
        let details = status.get_error_details();
        if let Some(waiting) = self.waiting(&details) {
            return waiting;
        }
        let cut = Cut::of(status, &self.server, &self.seal);
        let sent = cut.as_ref().is_none_or(Cut::came_after_sending);
        let decided = cut.is_none() && details.error_info().is_some();
        let again = sent && (!decided || details.retry_info().is_some());
        let Failure(why) = match &cut {
            Some(cut) => cut.told(&self.server, self.language),
            None => self.answered(status, &details),
        };
        let Failure(then) = match again {
            true => Failure::say(
                self.language,
                &format!(
                    "Ulangi perintah yang sama dengan --id-permintaan {request_id}: tidak akan \
                     dibukukan dua kali."
                ),
                &format!(
                    "Repeat the same command with --request-id {request_id}: it is not booked twice."
                ),
            ),
            false => {
                Failure::say(self.language, "Tidak ada yang dibukukan.", "Nothing was booked.")
            }
        };
        Failure(format!("{why} {then}"))
    }

    /// What the server says, and the field it is about.
    fn answered(&self, status: &Status, details: &ErrorDetails) -> Failure {
        let Some(message) = details.localized_message() else {
            return Failure(status.message().to_owned());
        };
        let field = details.bad_request().and_then(|bad| bad.field_violations.first());
        let Some(field) = field.map(|violation| &violation.field) else {
            return Failure(message.message.clone());
        };
        let id = format!("(isian: {})", field_word(field));
        let en = format!("(field: {field})");
        let Failure(place) = Failure::say(self.language, &id, &en);
        Failure(format!("{} {place}", message.message))
    }
}

/// What people call a field of a request; the field itself where they have no word of their own.
fn field_word(field: &str) -> &str {
    let last = field.rsplit('.').next().unwrap_or(field);
    match last {
        "account" => "akun",
        "amount" => "jumlah",
        "arisan" => "arisan",
        "book" => "buku",
        "borrower" => "peminjam",
        "deposit" => "deposito",
        "display_name" | "label" | "name" => "nama",
        "drawer" => "laci",
        "evidence" => "bukti",
        "entity" | "parent" => "kelompok atau lkm",
        "fund" => "dana",
        "grant" => "hibah",
        "group" => "kelompok",
        "happened_on" | "on" => "tanggal",
        "lender" => "pemberi pinjaman",
        "loan" => "pinjaman",
        "meeting" => "pertemuan",
        "member" | "member_id" => "anggota",
        "opened_on" | "since" | "joined_on" => "sejak",
        "party" => "pihak",
        "pass" => "guliran",
        "place" => "tempat",
        "product" => "produk",
        "quantity" => "banyak",
        "reason" => "alasan",
        "request_id" => "id-permintaan",
        "through" => "sampai",
        "transaction" => "transaksi",
        "user" | "user_id" => "pengguna",
        _ => field,
    }
}

/// The endpoint over TLS, where its address says so.
fn sealed(endpoint: Endpoint, seal: &Seal, language: Language) -> Result<Endpoint, Failure> {
    if endpoint.uri().scheme_str() != Some("https") {
        return Ok(endpoint);
    }
    let unusable = |error: &dyn std::fmt::Display| {
        let id = format!("Berkas --ca (atau SIMPUL_CA) tidak dapat dipakai: {error}.");
        let en = format!("The file of --ca (or SIMPUL_CA) cannot be used: {error}.");
        Failure::say(language, &id, &en)
    };
    let file = seal.ca.as_deref().ok_or_else(|| {
        let id = "Alamat https memerlukan sertifikat yang dipercaya: sebut berkasnya dengan --ca \
                  (atau SIMPUL_CA).";
        let en = "An https address needs a certificate to trust: name its file with --ca (or \
                  SIMPUL_CA).";
        Failure::say(language, id, en)
    })?;
    let pem = std::fs::read(file).map_err(|error| unusable(&error))?;
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    if let Some((certificate, key)) = &seal.own {
        tls = tls.identity(own(certificate, key, language)?);
    }
    endpoint.tls_config(tls).map_err(|error| {
        // tonic says no more than "transport error"; the cause is behind it.
        let cause = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
        let id =
            format!("Sertifikat di --ca atau --client-certificate tidak dapat dipakai: {cause}.");
        let en =
            format!("The certificate in --ca or --client-certificate cannot be used: {cause}.");
        Failure::say(language, &id, &en)
    })
}

/// This machine's certificate and its key.
fn own(certificate: &Path, key: &Path, language: Language) -> Result<Identity, Failure> {
    let unusable = |file: &Path, error: &std::io::Error| {
        let file = file.display();
        let id = format!("Sertifikat mesin ini tidak dapat dipakai: {file}: {error}");
        let en = format!("This machine's certificate cannot be used: {file}: {error}");
        Failure::say(language, &id, &en)
    };
    let pem = std::fs::read(certificate).map_err(|error| unusable(certificate, &error))?;
    let key = secret_file::read(key).map_err(|error| unusable(key, &error))?;
    Ok(Identity::from_pem(pem, key.as_bytes()))
}

macro_rules! services {
    ($($name:ident: $module:ident::$client:ident;)+) => {
        impl Remote {
            $(
                #[doc = concat!("A client of the generated `", stringify!($client), "`.")]
                pub fn $name(&self) -> v1::$module::$client<Line> {
                    v1::$module::$client::new(self.line())
                }
            )+
        }
    };
}

services! {
    access: access_service_client::AccessServiceClient;
    approvals: approval_service_client::ApprovalServiceClient;
    arisans: arisan_service_client::ArisanServiceClient;
    assessments: assessment_service_client::AssessmentServiceClient;
    secretary: secretary_service_client::SecretaryServiceClient;
    attachments: attachment_service_client::AttachmentServiceClient;
    books: book_service_client::BookServiceClient;
    cash: cash_service_client::CashServiceClient;
    closing: closing_service_client::ClosingServiceClient;
    days: day_service_client::DayServiceClient;
    grants: grant_service_client::GrantServiceClient;
    groups: group_service_client::GroupServiceClient;
    guliran: guliran_service_client::GuliranServiceClient;
    iks: iks_service_client::IksServiceClient;
    journal: journal_service_client::JournalServiceClient;
    ledger: ledger_service_client::LedgerServiceClient;
    lifecycle: lifecycle_service_client::LifecycleServiceClient;
    links: link_service_client::LinkServiceClient;
    loans: loan_service_client::LoanServiceClient;
    meetings: meeting_service_client::MeetingServiceClient;
    members: member_service_client::MemberServiceClient;
    parties: party_service_client::PartyServiceClient;
    personal: personal_data_service_client::PersonalDataServiceClient;
    portfolio: portfolio_service_client::PortfolioServiceClient;
    proofs: proof_service_client::ProofServiceClient;
    products: savings_product_service_client::SavingsProductServiceClient;
    reconciling: reconcile_service_client::ReconcileServiceClient;
    reports: report_service_client::ReportServiceClient;
    savings: savings_service_client::SavingsServiceClient;
    sharing: sharing_service_client::SharingServiceClient;
    syariah: syariah_service_client::SyariahServiceClient;
    trade: trade_service_client::TradeServiceClient;
    upkeep: upkeep_service_client::UpkeepServiceClient;
}

/// A fresh request id: a time-ordered UUID.
pub fn fresh_request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
