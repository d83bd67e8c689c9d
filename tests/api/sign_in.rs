//! Signing in by the institution's identity provider, whose tokens a library that is not ours makes,
//! and by the certificates of machines.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use sha2::{Digest, Sha256};
use simpul::api::v1::link_identity_request::KnownBy;
use simpul::api::v1::use_permit_response::Given;
use simpul::api::v1::*;
use simpul::cli::node::open_access;
use simpul::cli::remote::{Line, fresh_request_id};
use simpul::config::Flags;
use simpul::domain::refusal::Language;
use tokio::task::block_in_place;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::access::{Guarded, call, deposit, reason};
use crate::tokens::{AUDIENCE, ISSUER};
use crate::town::{A, BOOK, Server, date, prepared, why};

mod sqlite {
    crate::on_server!(known_sqlite:
        whom_the_provider_vouches_for_signs_in,
        tokens_that_do_not_count_are_refused_alike,
        keys_are_renewed_without_a_restart,
        a_link_ends_at_once,
        links_are_checked,
        machines_sign_in_by_their_certificates,
        a_token_decides_over_a_certificate
    );
}

mod postgres {
    crate::on_server!(known_postgres:
        whom_the_provider_vouches_for_signs_in,
        keys_are_renewed_without_a_restart,
        a_link_ends_at_once,
        links_are_checked,
        machines_sign_in_by_their_certificates
    );
}

const SITI: &str = "siti@contoh";

/// What the identity provider, or an attacker, has signed; made once.
fn minted() -> &'static Value {
    static MINTED: OnceLock<Value> = OnceLock::new();
    MINTED.get_or_init(|| {
        let python = std::env::var("SIMPUL_TEST_PYTHON")
            .expect("SIMPUL_TEST_PYTHON names a Python with PyJWT; tests/run sets it");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/identity_provider.py");
        let now = simpul::journal::system_clock()() / 1_000_000;
        let mut mint = Command::new(python);
        mint.arg(script).args([ISSUER, AUDIENCE, &now.to_string()]);
        let output = block_in_place(|| mint.output()).expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    })
}

fn named(list: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let tokens = minted()[list].as_object().expect("tokens by name");
    tokens.iter().map(|(name, token)| (name.as_str(), token.as_str().expect("a token")))
}

fn good() -> &'static str {
    minted()["good"]["RS256"].as_str().expect("a token")
}

impl Server {
    /// One that knows an identity provider, and whoever vouches for machines.
    async fn known_sqlite() -> Server {
        Server::start(None, known).await
    }

    /// The same on PostgreSQL.
    async fn known_postgres() -> Server {
        Server::start(Some(prepared().await), known).await
    }

    fn file(&self, name: &str) -> PathBuf {
        self.config.data_dir.join(name)
    }

    /// A line of whoever has this token.
    fn with(&self, token: &str) -> Line {
        let remote = self.remote("siapa-saja", Language::English, None);
        remote.signed_in(token).expect("text").line()
    }

    /// A line of the machine of this name.
    fn machine(&self, name: &str) -> simpul::cli::remote::Remote {
        let own = (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        self.remote("siapa-saja", Language::English, Some(own))
    }
}

/// Writes certificates and their keys: the server's, who vouches for machines, and machines'.
fn known(folder: &Path) -> Flags {
    let file = |name: &str| folder.join(name);
    std::fs::write(file("jwks.json"), minted()["keys"].to_string()).expect("written");
    let served = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("made");
    write(folder, "server", &served.cert.pem(), &served.signing_key);
    let (trusted, other) = (authority(), authority());
    std::fs::write(file("ca.pem"), trusted.0).expect("written");
    for (name, issuer) in [("mesin", &trusted.1), ("lain", &trusted.1), ("asing", &other.1)] {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![format!("{name}.contoh")]).expect("names");
        write(folder, name, &params.signed_by(&key, issuer).expect("signed").pem(), &key);
        // Renewed with the same key.
        let renewed = params.signed_by(&key, issuer).expect("signed").pem();
        write(folder, &format!("{name}-baru"), &renewed, &key);
    }
    Flags {
        tls_certificate: Some(file("server.pem")),
        tls_key: Some(file("server.key")),
        client_ca: Some(file("ca.pem")),
        oidc_issuer: Some(ISSUER.to_owned()),
        oidc_audience: Some(AUDIENCE.to_owned()),
        oidc_keys: Some(file("jwks.json").display().to_string()),
        ..Flags::default()
    }
}

fn authority() -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).expect("signed").pem();
    (pem, Issuer::new(params, key))
}

fn write(folder: &Path, name: &str, certificate: &str, key: &KeyPair) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(folder.join(format!("{name}.pem")), certificate).expect("written");
    let file = folder.join(format!("{name}.key"));
    std::fs::write(&file, key.serialize_pem()).expect("written");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("closed to others");
}

fn subject(issuer: &str, subject: &str) -> KnownBy {
    KnownBy::Subject(ProviderSubject { issuer: issuer.to_owned(), subject: subject.to_owned() })
}

fn certificate(server: &Server, name: &str) -> KnownBy {
    KnownBy::Certificate(std::fs::read_to_string(server.file(name)).expect("a certificate"))
}

/// Linked, once the manager has agreed.
async fn link(guarded: &Guarded<'_>, user: &str, known_by: KnownBy) -> Result<Identity, Status> {
    let request = linking(user, Some(known_by));
    let permit = request.permit_id.clone();
    guarded.agreed(guarded.access().link_identity(request).await).await?;
    match guarded.taken(&permit).await? {
        Given::Identity(identity) => Ok(identity),
        Given::Code(_) => panic!("a code"),
    }
}

fn linking(user: &str, known_by: Option<KnownBy>) -> LinkIdentityRequest {
    let request_id = fresh_request_id();
    let permit_id = request_id.clone();
    let (book, user_id) = (BOOK.to_owned(), user.to_owned());
    LinkIdentityRequest { book, request_id, user_id, permit_id, known_by }
}

async fn unlink(guarded: &Guarded<'_>, identity_id: &str) -> Result<(), Status> {
    let identity_id = identity_id.to_owned();
    let request = UnlinkIdentityRequest { book: BOOK.to_owned(), identity_id };
    guarded.access().unlink_identity(request).await.map(|_| ())
}

/// User, device and roles.
async fn who(line: &Line) -> Result<(String, String, Vec<Role>), Status> {
    let mut access = access_service_client::AccessServiceClient::new(line.clone());
    let request = WhoAmIRequest { book: BOOK.to_owned() };
    let me = access.who_am_i(request).await?.into_inner();
    let roles = me.assignments.iter().map(Assignment::role).collect();
    Ok((me.user_id, me.device_id, roles))
}

async fn whom_the_provider_vouches_for_signs_in(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("bu-siti", Role::Treasurer, A).await.expect("a role");
    link(&guarded, "bu-siti", subject(ISSUER, SITI)).await.expect("linked");
    let mut counted = 0;
    for (name, token) in named("good") {
        let me = who(&server.with(token)).await.expect(name);
        assert_eq!(me, ("bu-siti".to_owned(), "oidc".to_owned(), vec![Role::Treasurer]), "{name}");
        counted += 1;
    }
    assert_eq!(counted, 7);
    // Whoever has the store of access cannot try names: they are hashed with a secret.
    let kept = open_access(&server.config).await.expect("a store").identities("bu-siti").await;
    let hash = &kept.expect("read")[0].hash;
    assert_eq!(hash.len(), 64);
    assert_ne!(*hash, hex::encode(Sha256::digest(format!("{ISSUER}\0{SITI}"))));
    assert_ne!(*hash, hex::encode(Sha256::digest(SITI)));
    // Records name user, device and role; so does the access log.
    let line = server.with(good());
    let mut savings = savings_service_client::SavingsServiceClient::new(line.clone());
    let member = format!("{A}/members/m01");
    let done = savings.deposit(deposit(&member)).await.expect("booked").into_inner();
    let done = done.transaction.expect("a transaction");
    let author = (done.actor.as_str(), done.device.as_str(), done.role());
    assert_eq!(author, ("bu-siti", "oidc", Role::Treasurer));
    call(&line, "MemberService/GetMember", &member).await.expect("a member");
    let request = ListLookupsRequest { parent: BOOK.to_owned(), ..Default::default() };
    let log = guarded.access().list_lookups(request).await.expect("a log").into_inner().lookups;
    let line = |at: usize| [&*log[at].user_id, &*log[at].device_id, &*log[at].method];
    assert_eq!(line(0), ["bu-siti", "oidc", "MemberService/GetMember"]);
    let linking = log.iter().find(|line| line.method == "AccessService/LinkIdentity");
    assert_eq!(linking.map(|line| line.user_id.as_str()), Some("kepala"));

    // Whoever is linked and has no role hears what anybody without one does.
    let request = CreateUserRequest { book: BOOK.to_owned(), user_id: "tanpa".to_owned() };
    guarded.access().create_user(request).await.expect("a user");
    link(&guarded, "tanpa", subject(ISSUER, "tanpa-peran@contoh")).await.expect("linked");
    let token = minted()["other user"].as_str().expect("a token");
    let refused = who(&server.with(token)).await.expect_err("no role");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
}

async fn tokens_that_do_not_count_are_refused_alike(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("bu-siti", Role::Treasurer, A).await.expect("a role");
    link(&guarded, "bu-siti", subject(ISSUER, SITI)).await.expect("linked");
    let heard = |status: &Status| {
        let details = status.get_error_details();
        (status.code(), reason(status), status.message().to_owned(), format!("{details:?}"))
    };
    let unknown = who(&server.with(&"a".repeat(43))).await.expect_err("nobody's");
    let unknown = heard(&unknown);
    assert_eq!((unknown.0, unknown.1.as_str()), (Code::Unauthenticated, "TOKEN_UNKNOWN"));
    let mut refused = 0;
    for (name, token) in named("bad") {
        let status = who(&server.with(token)).await.err();
        let status = status.unwrap_or_else(|| panic!("{name} was let in"));
        assert_eq!(heard(&status), unknown, "{name}");
        // Not even where anybody may call, for it is not nobody who calls.
        let status = call(&server.with(token), "BookService/ListBooks", "").await;
        assert_eq!(status.as_ref().map_err(heard), Err(unknown.clone()), "{name}");
        refused += 1;
    }
    assert_eq!(refused, 31);
    who(&server.with(good())).await.expect("the good one still counts");
}

async fn keys_are_renewed_without_a_restart(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("bu-siti", Role::Treasurer, A).await.expect("a role");
    link(&guarded, "bu-siti", subject(ISSUER, SITI)).await.expect("linked");
    let later = server.with(minted()["later"].as_str().expect("a token"));
    let before = server.with(good());
    let provider = server.provider.as_ref().expect("a provider");
    assert_eq!(reason(&who(&later).await.expect_err("not yet")), "TOKEN_UNKNOWN");
    std::fs::write(server.file("jwks.json"), "{").expect("written");
    provider.reload().await.expect_err("broken");
    who(&before).await.expect("the keys in force stay");
    std::fs::write(server.file("jwks.json"), minted()["rotated"].to_string()).expect("written");
    provider.reload().await.expect("read");
    who(&later).await.expect("the new key counts");
    assert_eq!(reason(&who(&before).await.expect_err("taken out")), "TOKEN_UNKNOWN");
}

async fn a_link_ends_at_once(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("bu-siti", Role::Treasurer, A).await.expect("a role");
    let line = server.with(good());
    assert_eq!(reason(&who(&line).await.expect_err("not linked")), "TOKEN_UNKNOWN");
    let linked = link(&guarded, "bu-siti", subject(ISSUER, SITI)).await.expect("linked");
    let again = link(&guarded, "bu-siti", subject(ISSUER, SITI)).await.expect("the same");
    assert_eq!(again, linked);
    who(&line).await.expect("linked");
    let list = ListIdentitiesRequest { book: BOOK.to_owned(), user_id: "bu-siti".to_owned() };
    let all = guarded.access().list_identities(list.clone()).await.expect("a list").into_inner();
    assert_eq!(all.identities, std::slice::from_ref(&linked));
    assert_eq!((linked.kind(), &*linked.fingerprint), (IdentityKind::Subject, ""));
    unlink(&guarded, &linked.identity_id).await.expect("gone");
    let refused = who(&line).await.expect_err("gone");
    assert_eq!((refused.code(), &*reason(&refused)), (Code::Unauthenticated, "TOKEN_UNKNOWN"));
    let all = guarded.access().list_identities(list).await.expect("a list").into_inner();
    assert_eq!(all.identities, []);
    // What is gone can be another user's.
    guarded.assign("bu-ani", Role::Treasurer, A).await.expect("a role");
    link(&guarded, "bu-ani", subject(ISSUER, SITI)).await.expect("linked anew");
    assert_eq!(who(&line).await.expect("linked anew").0, "bu-ani");
}

async fn links_are_checked(server: &Server) {
    let guarded = Guarded::found(server).await;
    for user in ["bu-siti", "bu-ani"] {
        guarded.assign(user, Role::Treasurer, A).await.expect("a role");
    }
    let linked = link(&guarded, "bu-siti", certificate(server, "mesin.pem")).await.expect("linked");
    let refused = async |user: &str, known_by: Option<KnownBy>| {
        let request = linking(user, known_by);
        let status = guarded.access().link_identity(request).await.expect_err("refused");
        let why = why(&status);
        (why.code, why.reason, why.field)
    };
    let heard = |code, reason: &str, field: &str| (code, reason.to_owned(), field.to_owned());
    let invalid = |reason, field| heard(Code::InvalidArgument, reason, field);
    let long = "x".repeat(256);
    let key = std::fs::read_to_string(server.file("mesin.key")).expect("a key");
    let cases = [
        (None, invalid("REQUIRED", "known_by")),
        (Some(subject("", SITI)), invalid("REQUIRED", "subject.issuer")),
        (Some(subject(ISSUER, "")), invalid("REQUIRED", "subject.subject")),
        (Some(subject(ISSUER, &long)), invalid("TEXT_TOO_LONG", "subject.subject")),
        (
            Some(subject("https://id.contoh/", SITI)),
            heard(Code::FailedPrecondition, "ISSUER_UNKNOWN", "subject.issuer"),
        ),
        (Some(KnownBy::Certificate(key)), invalid("CERTIFICATE_MALFORMED", "certificate")),
        (
            Some(KnownBy::Certificate("x".repeat((64 << 10) + 1))),
            invalid("CERTIFICATE_MALFORMED", "certificate"),
        ),
        (
            Some(KnownBy::Fingerprint("AB".repeat(32))),
            invalid("FINGERPRINT_MALFORMED", "fingerprint"),
        ),
        (
            Some(certificate(server, "mesin-baru.pem")),
            heard(Code::AlreadyExists, "IDENTITY_TAKEN", ""),
        ),
    ];
    for (known_by, expected) in cases {
        let said = format!("{known_by:?}");
        assert_eq!(refused("bu-ani", known_by).await, expected, "{said}");
    }
    let not_found = heard(Code::NotFound, "NOT_FOUND", "user_id");
    let siti = || Some(subject(ISSUER, SITI));
    assert_eq!(refused("tidak-ada", siti()).await, not_found);
    // The server's own administrators are of no book.
    assert_eq!(refused("kepala", siti()).await, not_found);

    // Whoever manages another book has no say in this one's users.
    let request = CreateBookRequest {
        book_id: "lain".to_owned(),
        request_id: fresh_request_id(),
        display_name: "Buku lain (contoh)".to_owned(),
        opened_on: date(2025, 1, 1),
        zone: Zone::Wita as i32,
        ..CreateBookRequest::default()
    };
    guarded.administrator().books().create_book(request).await.expect("a book");
    let book = "books/lain".to_owned();
    let request =
        UnlinkIdentityRequest { book: book.clone(), identity_id: linked.identity_id.clone() };
    let status = guarded.access().unlink_identity(request).await.expect_err("elsewhere");
    assert_eq!(reason(&status), "NOT_FOUND");
    let request = ListIdentitiesRequest { book, user_id: "bu-siti".to_owned() };
    let status = guarded.access().list_identities(request).await.expect_err("elsewhere");
    assert_eq!(reason(&status), "NOT_FOUND");
    assert_eq!(reason(&unlink(&guarded, "tidak-ada").await.expect_err("unknown")), "NOT_FOUND");
    assert_eq!(reason(&unlink(&guarded, "").await.expect_err("none")), "REQUIRED");
}

async fn machines_sign_in_by_their_certificates(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("mesin-kas", Role::Teller, "").await.expect("a role");
    let machine = server.machine("mesin").line();
    // Trusted to be that machine, which is nobody's yet.
    let refused = who(&machine).await.expect_err("not linked");
    assert_eq!((refused.code(), &*reason(&refused)), (Code::Unauthenticated, "TOKEN_REQUIRED"));
    let linked = link(&guarded, "mesin-kas", certificate(server, "mesin.pem")).await;
    let linked = linked.expect("linked");
    assert_eq!((linked.kind(), linked.fingerprint.len()), (IdentityKind::Certificate, 64));
    let device = format!("certificate-{}", &linked.fingerprint[..16]);
    let me = ("mesin-kas".to_owned(), device.clone(), vec![Role::Teller]);
    assert_eq!(who(&machine).await.expect("linked"), me);
    // A certificate renewed with the same key is the same machine; another machine is not.
    assert_eq!(who(&server.machine("mesin-baru").line()).await.expect("renewed"), me);
    let other = who(&server.machine("lain").line()).await.expect_err("not linked");
    assert_eq!(reason(&other), "TOKEN_REQUIRED");
    let mut savings = savings_service_client::SavingsServiceClient::new(machine.clone());
    let done = savings.deposit(deposit(&format!("{A}/members/m01"))).await.expect("booked");
    let done = done.into_inner().transaction.expect("a transaction");
    let author = (done.actor.as_str(), done.device.as_str(), done.role());
    assert_eq!(author, ("mesin-kas", &*device, Role::Teller));
    // Others do not get as far as calling, whoever vouches for them.
    let stranger = who(&server.machine("asing").line()).await.expect_err("no connection");
    assert!(stranger.get_error_details().error_info().is_none(), "{stranger:?}");
    // The end holds on the connection that is open.
    unlink(&guarded, &linked.identity_id).await.expect("gone");
    let refused = who(&machine).await.expect_err("gone");
    assert_eq!((refused.code(), &*reason(&refused)), (Code::Unauthenticated, "TOKEN_REQUIRED"));
}

async fn a_token_decides_over_a_certificate(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("mesin-kas", Role::Teller, "").await.expect("a role");
    guarded.assign("bu-siti", Role::Treasurer, A).await.expect("a role");
    link(&guarded, "mesin-kas", certificate(server, "mesin.pem")).await.expect("linked");
    link(&guarded, "bu-siti", subject(ISSUER, SITI)).await.expect("linked");
    let line = |token| server.machine("mesin").signed_in(token).expect("text").line();
    assert_eq!(who(&line(good())).await.expect("a token").0, "bu-siti");
    let expired = minted()["bad"]["expired"].as_str().expect("a token");
    for unfit in [expired, "x"] {
        let refused = who(&line(unfit)).await.expect_err("no way around it");
        assert_eq!(reason(&refused), "TOKEN_UNKNOWN");
    }
}
