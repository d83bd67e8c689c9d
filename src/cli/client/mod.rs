//! The terminal thin client: what a bendahara or an LKM officer types, over the public API only.
//!
//! [`args`] lists the themes and what several commands share; each theme has a file with what can
//! be typed, what is asked of the server then, and how its answer stands in tables. Every failure is
//! one plain sentence in the caller's language.

mod access;
mod approvals;
mod args;
mod arisan;
mod assessments;
mod attachments;
mod audit;
mod bank;
mod books;
mod cash;
mod closing;
mod confirmations;
mod cosign;
mod drawers;
mod examples;
mod grant_args;
mod grant_file;
mod grants;
mod iks;
mod journal;
mod kuitansi;
mod ledger;
mod lifecycle;
mod loan_args;
mod loans;
mod meetings;
mod personal;
mod portfolio;
mod products;
mod savings;
mod secretary;
mod sharing;
mod statements;
mod syariah;
mod terms;
mod ties;
mod trade;
mod transactions;
mod unproved;
mod upkeep;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::{Command, FromArgMatches, Subcommand};
use tonic::{Response, Status};

use crate::api::v1::{self, Warning};
use crate::cli::convert::{date_text, entity, incomplete, place, sen};
use crate::cli::remote::{Failure, Remote, Seal, fresh_request_id};
use crate::cli::table::{Output, Table};
use crate::domain::money::Sen;
use crate::domain::refusal::Language;
use crate::locale::number::format_amount;

use products::DaysAsk;

pub use args::{Ask, Session};
pub use examples::with_examples;

/// What a command prints, or the one sentence that says why not.
type Answer = Result<Vec<Table>, Failure>;

/// Asks, and returns what to print.
///
/// Errors: one plain sentence in the caller's language.
pub async fn run(session: &Session, ask: &Ask) -> Result<String, Failure> {
    let language = session.lang.into();
    let own = session.client_certificate.clone().zip(session.client_key.clone());
    let seal = Seal { ca: session.ca.clone(), own };
    let remote = Remote::over(&session.server, &seal, &session.actor, language)?;
    let token_file = session.token_file.clone();
    let (book, asked_as) = (session.book.clone(), Arc::default());
    let mut client = Client { remote, book, language, token_file, asked_as };
    if let Some(token) = client.token()? {
        client.remote = client.remote.signed_in(&token)?;
    }
    let tables = client.ask(ask).await?;
    Ok(client.print(&tables, session.output))
}

/// Asks the server about one book.
#[derive(Clone, Debug)]
pub struct Client {
    /// The line to the server.
    pub remote: Remote,
    /// The book's id.
    pub book: String,
    /// The caller's language.
    pub language: Language,
    /// Where this device's token is, or will be, if callers have to sign in.
    pub token_file: Option<PathBuf>,
    /// The id of the last request that asked for something to be booked.
    pub asked_as: Arc<Mutex<String>>,
}

/// The rows asked for at a time.
const PAGE: i32 = 500;

impl Client {
    /// What a command prints that is typed without quotes.
    ///
    /// Errors: one plain sentence, or why it is no command.
    pub async fn typed(&self, line: &str) -> Result<String, Failure> {
        let words = ["simpul"].into_iter().chain(line.split_whitespace());
        let commands = Ask::augment_subcommands(Command::new("simpul"));
        let matches = commands.try_get_matches_from(words);
        let ask = matches.and_then(|matches| Ask::from_arg_matches(&matches));
        let tables = self.ask(&ask.map_err(|error| Failure(error.to_string()))?).await?;
        Ok(self.print(&tables, Output::Table))
    }

    fn print(&self, tables: &[Table], output: Output) -> String {
        let texts = tables.iter().map(|table| table.render(output, self.language));
        let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        let text = texts.join("\n\n");
        // An empty list says so, rather than leaving a blank screen.
        let bare = output == Output::Table && tables.iter().all(Table::is_bare);
        if bare && !tables.is_empty() && text.trim().is_empty() {
            return self.say("Belum ada.", "There is none yet.").to_owned();
        }
        text
    }

    async fn ask(&self, ask: &Ask) -> Answer {
        match ask {
            Ask::Book(ask) => Ok(vec![self.books(ask).await?]),
            Ask::Group(ask) => self.groups(ask).await,
            Ask::Member(ask) => self.members(ask).await,
            Ask::Party(ask) => Ok(vec![self.parties(ask).await?]),
            Ask::Drawer(ask) => self.drawer(ask).await,
            Ask::Savings(ask) => self.savings(ask).await,
            Ask::Dues(dues) => self.dues(dues).await,
            Ask::Sheet(sheet) => self.sheet(sheet).await,
            Ask::Meeting(ask) => self.meeting(ask).await,
            Ask::Ledger(ask) => self.ledger(ask).await,
            Ask::Statement(ask) => self.statement(ask).await,
            Ask::Mirrors(which) => self.mirrors(which).await,
            Ask::Grant(ask) => self.grant(ask).await,
            Ask::Guliran(ask) => self.guliran(ask).await,
            Ask::Iks(ask) => self.iks(ask).await,
            Ask::Arisan(ask) => self.arisan(ask).await,
            Ask::Trade(ask) => self.trade(ask).await,
            Ask::Tool(ask) => self.tool(ask).await,
            Ask::Keeping(ask) => self.keeping(ask).await,
            Ask::Count(count) => self.count(count).await,
            Ask::Sharing(ask) => self.sharing(ask).await,
            Ask::Cash(ask) => self.cash(ask).await,
            Ask::Bank(ask) => Ok(vec![self.bank(ask).await?]),
            Ask::Stake(ask) => self.stake(ask).await,
            Ask::Collector(ask) => self.collector(ask).await,
            Ask::Term(ask) => self.term(ask).await,
            Ask::Loan(ask) => self.loan(ask).await,
            Ask::Portfolio(ask) => self.portfolio(ask).await,
            Ask::Syariah(ask) => self.syariah(ask).await,
            Ask::Journal(ask) => self.journal(ask).await,
            Ask::Confirmation(ask) => self.confirmation(ask).await,
            Ask::Kuitansi(which) => self.kuitansi(which).await,
            Ask::Attachment(ask) => self.attachment(ask).await,
            Ask::Score(ask) => self.score(ask).await,
            Ask::Secretary(ask) => self.secretary(ask).await,
            Ask::Product(ask) => self.product(ask).await,
            Ask::Days(DaysAsk::Close(days)) => self.close_days(days).await,
            Ask::Year(ask) => self.year(ask).await,
            Ask::Surplus(ask) => self.surplus(ask).await,
            Ask::Audit(ask) => self.audit(ask).await,
            Ask::Access(ask) => self.access(ask).await,
            Ask::Approval(ask) => self.approval(ask).await,
        }
    }

    fn say(&self, indonesian: &str, english: &str) -> String {
        match self.language {
            Language::Indonesian => indonesian.to_owned(),
            Language::English => english.to_owned(),
        }
    }

    /// The id of a request: the one given, or a fresh one. It is kept, for whoever has to ask again.
    fn request_id(&self, given: Option<&String>) -> String {
        let id = given.cloned().unwrap_or_else(fresh_request_id);
        self.last_asked().clone_from(&id);
        id
    }

    fn last_asked(&self) -> MutexGuard<'_, String> {
        self.asked_as.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> impl FnOnce(Status) -> Failure + '_ {
        |status| self.remote.explain(&status)
    }

    fn incomplete(&self) -> Failure {
        incomplete(self.language)
    }

    /// The answer to a call.
    async fn get<P>(
        &self,
        call: impl Future<Output = Result<Response<P>, Status>>,
    ) -> Result<P, Failure> {
        Ok(call.await.map_err(self.failed())?.into_inner())
    }

    /// Why a file that was named cannot be used.
    fn unusable(&self, file: &Path, error: &std::io::Error) -> Failure {
        let file = file.display();
        if error.kind() == std::io::ErrorKind::NotFound {
            return Failure(
                self.say(
                    &format!("Berkas {file} tidak ada."),
                    &format!("There is no file {file}."),
                ),
            );
        }
        Failure(self.say(
            &format!("Berkas {file} tidak dapat dipakai: {error}"),
            &format!("The file {file} cannot be used: {error}"),
        ))
    }

    /// The text of a file that was named.
    fn file(&self, file: &Path) -> Result<String, Failure> {
        std::fs::read_to_string(file).map_err(|error| self.unusable(file, &error))
    }

    /// Writes a file that was named.
    fn write(&self, file: &Path, bytes: &[u8]) -> Result<(), Failure> {
        std::fs::write(file, bytes).map_err(|error| self.unusable(file, &error))
    }

    /// Asks for page after page, each by the token that the one before it ended with, until there
    /// are no more.
    async fn pages<P>(
        &self,
        mut ask: impl AsyncFnMut(String) -> Result<Response<P>, Status>,
        mut take: impl FnMut(P) -> String,
    ) -> Result<(), Failure> {
        let mut token = String::new();
        loop {
            let page = ask(token).await.map_err(self.failed())?.into_inner();
            token = take(page);
            if token.is_empty() {
                return Ok(());
            }
        }
    }

    /// All items of what is listed below a parent.
    async fn list<R: List>(
        &self,
        parent: String,
        mut ask: impl AsyncFnMut(R) -> Result<Response<R::Page>, Status>,
    ) -> Result<Vec<R::Item>, Failure> {
        let mut all = Vec::new();
        let ask = async |token| ask(R::page(parent.clone(), token)).await;
        let take = |page| {
            let (items, token) = R::split(page);
            all.extend(items);
            token
        };
        self.pages(ask, take).await?;
        Ok(all)
    }

    /// The book's name.
    fn whole_book(&self) -> String {
        format!("books/{}", self.book)
    }

    /// The name of an entity: `lkm` or a group's id.
    fn entity(&self, id: &str) -> String {
        entity(&self.book, id)
    }

    /// The name of an entity, or of the book where none is given.
    fn scope(&self, id: Option<&String>) -> String {
        id.map_or_else(|| self.whole_book(), |id| self.entity(id))
    }

    /// The name of what belongs to an entity, e.g. one of its `lots`.
    fn of(&self, owner: &str, sort: &str, id: &str) -> String {
        format!("{}/{sort}/{id}", self.entity(owner))
    }

    /// The same, empty where there is none.
    fn maybe_of(&self, owner: &str, sort: &str, id: Option<&String>) -> String {
        id.map_or_else(String::new, |id| self.of(owner, sort, id))
    }

    /// A place by the word people use.
    fn place(&self, word: &str) -> Option<v1::Place> {
        Some(place(&self.book, word))
    }

    /// A date as people read it; empty where there is none.
    fn date(&self, date: Option<&crate::api::google_type::Date>) -> String {
        date_text(date, self.language)
    }

    /// What an answer saw.
    fn read_point(&self, point: Option<&v1::ReadPoint>) -> String {
        let point = point.cloned().unwrap_or_default();
        format!(
            "{} {}, {} {}",
            self.say("Hari buku", "Business day"),
            self.date(point.business_day.as_ref()),
            self.say("posisi jurnal", "journal position"),
            point.position,
        )
    }
}

/// A request for a page of what belongs to a parent.
trait List {
    /// What is listed.
    type Item;
    /// The answer.
    type Page;

    /// Asks for the page after a token.
    fn page(parent: String, page_token: String) -> Self;

    /// What is on a page, and the token of the next.
    fn split(page: Self::Page) -> (Vec<Self::Item>, String);
}

macro_rules! lists {
    ($($request:ident -> $page:ident { $items:ident: $item:ident })+) => {$(
        impl List for v1::$request {
            type Item = v1::$item;
            type Page = v1::$page;

            fn page(parent: String, page_token: String) -> Self {
                v1::$request { parent, page_size: PAGE, page_token }
            }

            fn split(page: Self::Page) -> (Vec<Self::Item>, String) {
                (page.$items, page.next_page_token)
            }
        }
    )+};
}

lists! {
    ListArisansRequest -> ListArisansResponse { arisans: Arisan }
    ListAssessmentsRequest -> ListAssessmentsResponse { assessments: Assessment }
    ListAttachmentsRequest -> ListAttachmentsResponse { attachments: Attachment }
    ListBlocksRequest -> ListBlocksResponse { blocks: Block }
    ListDrawersRequest -> ListDrawersResponse { drawers: Drawer }
    ListGrantsRequest -> ListGrantsResponse { grants: Grant }
    ListGuestsRequest -> ListGuestsResponse { guests: Guest }
    ListLettersRequest -> ListLettersResponse { letters: Letter }
    ListGroupsRequest -> ListGroupsResponse { groups: Group }
    ListKeepingsRequest -> ListKeepingsResponse { keepings: Keeping }
    ListLoanProductsRequest -> ListLoanProductsResponse { products: LoanProduct }
    ListLotsRequest -> ListLotsResponse { lots: Lot }
    ListMovesRequest -> ListMovesResponse { moves: Move }
    ListMeetingsRequest -> ListMeetingsResponse { meetings: Meeting }
    ListMembersRequest -> ListMembersResponse { members: Member }
    ListPartiesRequest -> ListPartiesResponse { parties: Party }
    ListPassesRequest -> ListPassesResponse { passes: Pass }
    ListPendingSheetsRequest -> ListPendingSheetsResponse { sheets: Sheet }
    ListProgrammeStakesRequest -> ListProgrammeStakesResponse { stakes: ProgrammeStake }
    ListReliefsRequest -> ListReliefsResponse { reliefs: Relief }
    ListSuspenseRequest -> ListSuspenseResponse { items: SuspenseItem }
    ListSyirkahsRequest -> ListSyirkahsResponse { syirkahs: Syirkah }
    ListMemberDepositsRequest -> ListMemberDepositsResponse { deposits: TermDeposit }
    ListTermProductsRequest -> ListTermProductsResponse { products: TermProductVersions }
    ListSavingsSharesRequest -> ListSavingsSharesResponse { shares: SavingsShare }
    ListSavingsSharePartsRequest -> ListSavingsSharePartsResponse { parts: SavingsSharePart }
    ListTermDepositsRequest -> ListTermDepositsResponse { deposits: TermDeposit }
    ListTransitRequest -> ListTransitResponse { passes: Pass }
    ListUsersRequest -> ListUsersResponse { users: User }
    ListLookupsRequest -> ListLookupsResponse { lookups: Lookup }
}

/// An amount on one side of an account.
trait Side {
    /// Debit positive.
    fn signed(&self) -> Sen;
}

macro_rules! sides {
    ($($message:ident),+) => {$(
        impl Side for v1::$message::Side {
            fn signed(&self) -> Sen {
                match self {
                    v1::$message::Side::Debit(money) => sen(Some(money)),
                    v1::$message::Side::Credit(money) => minus(sen(Some(money))),
                }
            }
        }
    )+};
}

sides!(entry, ledger_line, trial_balance_row);

fn minus(amount: Sen) -> Sen {
    Sen::new(amount.get().saturating_neg())
}

/// A signed amount in a debit and a credit column; both are empty where there is none.
fn columns(amount: Option<Sen>) -> (String, String) {
    match amount {
        None => (String::new(), String::new()),
        Some(credit) if credit.is_negative() => (String::new(), format_amount(minus(credit))),
        Some(debit) => (format_amount(debit), String::new()),
    }
}

fn note_warnings(table: &mut Table, warnings: &[Warning]) {
    for warning in warnings {
        let line = match warning.line {
            0 => String::new(),
            line => format!("#{line} "),
        };
        table.note(format!("! {line}{}", warning.text));
    }
}

/// An account's name without its book: subjects may themselves hold a slash.
fn last_part_account(name: &str) -> &str {
    name.split_once("/accounts/").map_or(name, |(_, account)| account)
}
