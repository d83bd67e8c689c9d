//! A server to test against, and a small town of invented groups that talk to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use simpul::access::oidc::Provider;
use simpul::api::google_type::{Date, Decimal, Money};
use simpul::api::server::Port;
use simpul::api::v1::{self, *};
use simpul::cli::node::{Node, Store};
use simpul::cli::remote::{Line, Remote, Seal, fresh_request_id};
use simpul::cli::serve;
use simpul::config::{Config, Flags};
use simpul::domain::refusal::Language;
use simpul::journal::{Clock, system_clock};
use simpul::storage::SideRow;
use simpul::storage::access::AccessStore;
use simpul::storage::keys::{KeyStore, PostgresKeys, SqliteKeys};
use simpul::storage::migrate;
use simpul::storage::read::Reader;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};

/// A running server of this process, reached over TCP.
pub struct Server {
    pub address: std::net::SocketAddr,
    pub config: Config,
    /// The identity provider whose users may sign in.
    pub provider: Option<Provider>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

impl Server {
    pub async fn sqlite() -> Server {
        Server::start(None, |_| open()).await
    }

    /// One where callers have to sign in.
    pub async fn guarded_sqlite() -> Server {
        Server::start(None, |_| Flags::default()).await
    }

    pub async fn postgres() -> Server {
        Server::start(Some(prepared().await), |_| open()).await
    }

    /// One where callers have to sign in.
    pub async fn guarded_postgres() -> Server {
        Server::start(Some(prepared().await), |_| Flags::default()).await
    }

    /// One with settings that may name files in its folder.
    pub async fn start(database: Option<String>, settings: impl FnOnce(&Path) -> Flags) -> Server {
        Server::start_at(system_clock(), database, settings).await
    }

    /// The same with a clock of one's own.
    pub async fn start_at(
        clock: Clock,
        database: Option<String>,
        settings: impl FnOnce(&Path) -> Flags,
    ) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = Some(folder.path().to_owned());
        let listen = "127.0.0.1:0".parse().ok();
        // So long that a test notices if anything has to wait for it.
        let drain_seconds = Some(3600);
        let settings = settings(folder.path());
        let flags = Flags { data_dir, listen, database, drain_seconds, ..settings };
        let config = Config::load(&flags).expect("settings");
        let port = Port::open(config.listen, &config.transport()).await.expect("a port");
        let address = port.address();
        let node = Node::open_at(&config, clock).await.expect("a node");
        let provider = node.provider.clone();
        let (stop, stopped) = oneshot::channel();
        let settings = config.clone();
        let serving = tokio::spawn(async move {
            let stop = async { stopped.await.expect("told to stop") };
            serve::serve(&settings, port, node, stop).await.expect("served");
        });
        Server { address, config, provider, stop, serving, _folder: folder }
    }

    /// A line that speaks English.
    pub fn line(&self) -> Line {
        self.line_in(Language::English)
    }

    pub fn line_in(&self, language: Language) -> Line {
        self.remote("bendahara", language, None).line()
    }

    /// A line of somebody, over TLS where the server has a certificate; with one's own and its key,
    /// if any.
    pub fn remote(
        &self,
        actor: &str,
        language: Language,
        own: Option<(PathBuf, PathBuf)>,
    ) -> Remote {
        let ca = self.config.tls.as_ref().map(|tls| tls.certificate.clone());
        let scheme = if ca.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", self.address);
        Remote::over(&address, &Seal { ca, own }, actor, language).expect("an address")
    }

    /// Destroys the key of an owner's personal text, as an erasure does.
    pub async fn forget(&self, owner: &str) {
        assert!(self.keys().await.delete("kupang", owner).await.expect("deleted"));
    }

    /// The store of the server's keys.
    pub async fn keys(&self) -> Arc<dyn KeyStore> {
        match &self.config.database {
            Some(url) => Arc::new(PostgresKeys::connect(url).await.expect("keys")),
            None => Arc::new(SqliteKeys::open(&self.keys_file()).await.expect("keys")),
        }
    }

    fn keys_file(&self) -> PathBuf {
        self.config.data_dir.join("keys.db")
    }

    /// The read side of the server's database.
    pub async fn reader(&self) -> Reader {
        Store::open(&self.config).await.expect("opened again").reader
    }

    /// Lets days go by for all keys.
    pub async fn let_keys_age(&self, days: u32) {
        let age = |table| {
            AssertSqlSafe(format!(
                "UPDATE {table} SET sweep_after = sweep_after - 86400 * {days}, \
                     former_until = former_until - 86400 * {days}"
            ))
        };
        match &self.config.database {
            Some(url) => {
                let mut owner = PgConnection::connect(url).await.expect("connected");
                owner.execute(age("simpul_keys.wrapped_key")).await.expect("aged");
            }
            None => {
                let options = SqliteConnectOptions::new().filename(self.keys_file());
                let mut owner = options.connect().await.expect("connected");
                owner.execute(age("wrapped_key")).await.expect("aged");
            }
        }
    }

    /// Puts a piece of text back as it was sealed.
    pub async fn put_side(&self, side: &SideRow) {
        let put = "UPDATE side SET sealed = $2 WHERE book = 'kupang' AND commitment = $1";
        let (commitment, sealed) = (side.commitment.to_vec(), side.sealed.clone());
        match &self.config.database {
            Some(url) => {
                let mut owner = PgConnection::connect(url).await.expect("connected");
                let query = sqlx::query(put).bind(commitment).bind(sealed);
                query.execute(&mut owner).await.expect("put back");
            }
            None => {
                let options = SqliteConnectOptions::new().filename(self.config.sqlite());
                let mut owner = options.connect().await.expect("connected");
                let query = sqlx::query(put).bind(commitment).bind(sealed);
                query.execute(&mut owner).await.expect("put back");
            }
        }
    }

    /// Stops as a signal would, then replays every journal.
    pub async fn stop_and_verify(self) {
        self.stop.send(()).expect("running");
        self.serving.await.expect("drained");
        let store = Store::open(&self.config).await.expect("opened again");
        for book in store.journal.books().await.expect("books") {
            let dump = store.journal.dump(&book).await.expect("a dump");
            let report = simpul::verify::verify(&book, &dump);
            assert!(report.records > 0);
            assert_eq!(report.findings, [], "{book}");
        }
    }
}

/// Where nobody has to sign in.
fn open() -> Flags {
    Flags { sign_in: Some(false), ..Flags::default() }
}

/// The URL of a fresh PostgreSQL database with all schemas.
pub async fn prepared() -> String {
    let url = crate::common::postgres_database().await;
    migrate::postgres(&url, None).await.expect("migrated");
    PostgresKeys::prepare(&url, None).await.expect("prepared");
    AccessStore::prepare(&url, None).await.expect("prepared");
    url
}

pub const BOOK: &str = "books/kupang";
pub const A: &str = "books/kupang/groups/a";
pub const LKM: &str = "books/kupang/lkm";

/// The book `kupang` with its LKM and the KUBE `a` of ten invented members, m01 to m10.
pub struct Town {
    line: Line,
}

macro_rules! clients {
    ($($name:ident: $module:ident::$client:ident;)+) => {
        impl Town {
            $(pub fn $name(&self) -> v1::$module::$client<Line> {
                v1::$module::$client::new(self.line.clone())
            })+
        }
    };
}

clients! {
    approvals: approval_service_client::ApprovalServiceClient;
    attachments: attachment_service_client::AttachmentServiceClient;
    books: book_service_client::BookServiceClient;
    groups: group_service_client::GroupServiceClient;
    members: member_service_client::MemberServiceClient;
    meetings: meeting_service_client::MeetingServiceClient;
    parties: party_service_client::PartyServiceClient;
    proofs: proof_service_client::ProofServiceClient;
    grants: grant_service_client::GrantServiceClient;
    guliran: guliran_service_client::GuliranServiceClient;
    upkeep: upkeep_service_client::UpkeepServiceClient;
    trade: trade_service_client::TradeServiceClient;
    cash: cash_service_client::CashServiceClient;
    savings: savings_service_client::SavingsServiceClient;
    iks: iks_service_client::IksServiceClient;
    journal: journal_service_client::JournalServiceClient;
    ledger: ledger_service_client::LedgerServiceClient;
    lifecycle: lifecycle_service_client::LifecycleServiceClient;
    reports: report_service_client::ReportServiceClient;
    assessments: assessment_service_client::AssessmentServiceClient;
    secretary: secretary_service_client::SecretaryServiceClient;
    links: link_service_client::LinkServiceClient;
    loans: loan_service_client::LoanServiceClient;
    personal: personal_data_service_client::PersonalDataServiceClient;
    portfolio: portfolio_service_client::PortfolioServiceClient;
    reconciling: reconcile_service_client::ReconcileServiceClient;
    arisan: arisan_service_client::ArisanServiceClient;
    syariah: syariah_service_client::SyariahServiceClient;
    sharing: sharing_service_client::SharingServiceClient;
    closing: closing_service_client::ClosingServiceClient;
    days: day_service_client::DayServiceClient;
    products: savings_product_service_client::SavingsProductServiceClient;
}

impl Town {
    /// Opens the book and fills its registers.
    pub async fn found(server: &Server) -> Town {
        Town::found_over(server.line()).await
    }

    /// The same at the other end of a line.
    pub async fn found_over(line: Line) -> Town {
        let town = Town { line };
        town.open_book().await;
        town.found_group("a").await;
        town
    }

    /// A town at the other end of a line, as far as it is there.
    pub fn at(line: Line) -> Town {
        Town { line }
    }

    /// The same town, seen by somebody who reads another language.
    pub fn read_in(server: &Server, language: Language) -> Town {
        Town { line: server.line_in(language) }
    }

    pub async fn open_book(&self) {
        let request = CreateBookRequest {
            book_id: "kupang".to_owned(),
            request_id: fresh_request_id(),
            display_name: "Buku Kupang (contoh)".to_owned(),
            lkm_name: "LKM Kupang (contoh)".to_owned(),
            regime: Regime::Koperasi as i32,
            zone: Zone::Wita as i32,
            opened_on: date(2025, 1, 1),
        };
        self.books().create_book(request).await.expect("a book");
    }

    pub async fn found_group(&self, id: &str) {
        let request = CreateGroupRequest {
            parent: BOOK.to_owned(),
            request_id: fresh_request_id(),
            group_id: id.to_owned(),
            display_name: format!("KUBE {id} (contoh)"),
            member_count: 10,
            linked_on: date(2025, 1, 1),
            ..CreateGroupRequest::default()
        };
        self.groups().create_group(request).await.expect("a group");
        for number in 1..=10 {
            let request = enrol(&format!("{BOOK}/groups/{id}"), &format!("m{number:02}"));
            self.members().enrol_member(request).await.expect("a member");
        }
    }

    /// What an account holds on its natural side, in sen.
    pub async fn held(&self, account: &str) -> i64 {
        self.held_at(account, 0).await
    }

    /// The same as known at a journal position.
    pub async fn held_at(&self, account: &str, as_known_at: u64) -> i64 {
        let account = format!("{BOOK}/accounts/{account}");
        let request = GetBalanceRequest { account, as_of: None, as_known_at };
        let response = self.ledger().get_balance(request).await.expect("a balance").into_inner();
        sen(&response.balance.expect("set").balance)
    }

    /// The total of a control account, natural side, in sen.
    pub async fn total(&self, entity: &str, fund: Fund, code: u32) -> i64 {
        let rows = self.trial_balance(&format!("{BOOK}/{entity}")).await;
        let found = rows.iter().find(|row| row.fund == fund as i32 && row.code == code);
        found.map_or(0, |row| signed(row).abs())
    }

    /// All control accounts that are not zero; they sum to zero within each entity and fund.
    pub async fn trial_balance(&self, scope: &str) -> Vec<TrialBalanceRow> {
        self.trial_balance_at(scope, None).await
    }

    /// The same at the end of a day.
    pub async fn trial_balance_at(&self, scope: &str, as_of: Option<Date>) -> Vec<TrialBalanceRow> {
        let scope = scope.to_owned();
        let request = GetTrialBalanceRequest { scope, as_of, ..Default::default() };
        let response = self.ledger().get_trial_balance(request).await.expect("totals");
        let response = response.into_inner();
        assert_eq!(response.total_debit, response.total_credit);
        let mut sums = std::collections::BTreeMap::<(String, i32), i64>::new();
        for row in &response.rows {
            *sums.entry((row.entity.clone(), row.fund)).or_default() += signed(row);
        }
        assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
        response.rows
    }

    /// The LKM's owners pay so many rupiah into its vault, in the fund of savings and loans.
    pub async fn fund_lkm(&self, rupiah: i64) {
        let line = |code: u32, side| JournalLine {
            account: format!("{BOOK}/accounts/lkm.sp.{code}"),
            side: Some(side),
        };
        let amount = || idr(rupiah).expect("set");
        let journal = PostJournalRequest {
            book: BOOK.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 1, 2),
            lines: vec![
                line(1102, journal_line::Side::Debit(amount())),
                line(3107, journal_line::Side::Credit(amount())),
            ],
        };
        self.journal().post_journal(journal).await.expect("posted");
    }

    /// A member of the LKM is one of its officers from the beginning of 2025 on.
    pub async fn name_officer(&self, member: &str) {
        let officer = NameOfficerRequest {
            member: format!("{LKM}/members/{member}"),
            request_id: fresh_request_id(),
            details: None,
            since: date(2025, 1, 1),
            leaves: false,
        };
        self.portfolio().name_officer(officer).await.expect("named");
    }

    /// The number of records.
    pub async fn position(&self) -> u64 {
        let request = GetBookRequest { name: BOOK.to_owned() };
        let response = self.books().get_book(request).await.expect("a book").into_inner();
        response.book.expect("set").position
    }

    /// The KUBE's savings at the LKM are the same in both ledgers.
    pub async fn assert_mirrored(&self, group: &str) {
        for (fund, key) in [("uep", Fund::Uep), ("sp", Fund::SimpanPinjam), ("iks", Fund::Iks)] {
            let at_lkm = self.held(&format!("lkm.sp.2102.{group}/{fund}")).await;
            let total = self.total(&format!("groups/{group}"), key, 1111).await;
            assert_eq!(at_lkm, total, "{group} {fund}");
        }
    }

    pub async fn deposit(&self, member: &str, rupiah: i64) -> Transaction {
        self.try_deposit(member, rupiah).await.expect("deposited")
    }

    pub async fn try_deposit(&self, member: &str, rupiah: i64) -> Result<Transaction, Status> {
        let response = self.savings().deposit(deposit(member, rupiah)).await?.into_inner();
        Ok(response.transaction.expect("set"))
    }

    pub async fn get(&self, name: &str) -> Result<Transaction, Status> {
        let request = GetTransactionRequest { name: name.to_owned() };
        let response = self.journal().get_transaction(request).await?.into_inner();
        Ok(response.transaction.expect("set"))
    }
}

pub fn enrol(parent: &str, member_id: &str) -> EnrolMemberRequest {
    EnrolMemberRequest {
        parent: parent.to_owned(),
        request_id: fresh_request_id(),
        member_id: member_id.to_owned(),
        display_name: format!("Anggota {member_id} (contoh)"),
        nik: String::new(),
        household: "kk-01".to_owned(),
        status: HouseholdStatus::Miskin as i32,
        joined_on: date(2025, 1, 1),
    }
}

/// Voluntary savings of a member of `a`, in cash.
pub fn deposit(member: &str, rupiah: i64) -> DepositRequest {
    DepositRequest {
        member: format!("{A}/members/{member}"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        kind: SavingsKind::Sukarela as i32,
        amount: idr(rupiah),
        place: cash(),
    }
}

pub fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

pub fn on(year: i32, month: i32, day: i32) -> Option<TransactionDetails> {
    Some(TransactionDetails { happened_on: date(year, month, day), ..Default::default() })
}

/// The day of something decided by a minute, and its number.
pub fn by_minute(year: i32, month: i32, day: i32) -> Option<TransactionDetails> {
    let kind = EvidenceKind::Minute as i32;
    let evidence = Some(Evidence { kind, number: "BA-3/contoh".to_owned() });
    on(year, month, day).map(|details| TransactionDetails { evidence, ..details })
}

pub fn idr(units: i64) -> Option<Money> {
    Some(Money { currency_code: "IDR".to_owned(), units, nanos: 0 })
}

pub fn units(value: &str) -> Option<Decimal> {
    Some(Decimal { value: value.to_owned() })
}

pub fn place(kind: PlaceKind) -> Option<Place> {
    Some(Place { kind: kind as i32, drawer: String::new() })
}

pub fn cash() -> Option<Place> {
    place(PlaceKind::Cash)
}

pub fn sen(money: &Option<Money>) -> i64 {
    let money = money.as_ref().expect("money is set");
    assert_eq!(money.currency_code, "IDR");
    money.units * 100 + i64::from(money.nanos / 10_000_000)
}

/// Debit positive, in sen.
pub fn signed(row: &TrialBalanceRow) -> i64 {
    match row.side.clone().expect("a side") {
        trial_balance_row::Side::Debit(money) => sen(&Some(money)),
        trial_balance_row::Side::Credit(money) => -sen(&Some(money)),
    }
}

/// The reason, the field and the text of a status.
pub struct Why {
    pub code: tonic::Code,
    pub reason: String,
    pub field: String,
    pub text: String,
    pub details: ErrorDetails,
}

pub fn why(status: &Status) -> Why {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no reason: {status:?}"));
    assert_eq!(info.domain, "simpul");
    let violations = details.bad_request().map(|bad| bad.field_violations.clone());
    let field = violations.and_then(|list| list.first().map(|first| first.field.clone()));
    let message = details.localized_message().expect("a text");
    Why {
        code: status.code(),
        reason: info.reason.clone(),
        field: field.unwrap_or_default(),
        text: message.message.clone(),
        details,
    }
}
