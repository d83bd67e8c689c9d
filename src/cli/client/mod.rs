//! The terminal thin client: what a bendahara or an LKM officer types, over the public API only.
//!
//! [`args`], [`grant_args`] and [`bank`] are what can be typed; [`registers`], [`transactions`], [`grants`]
//! and [`ledger`] are what is asked of the server then, and how its answer stands in tables. Every failure is one plain sentence in
//! the caller's language.

pub mod args;
pub mod bank;
pub mod grant_args;
mod grants;
mod ledger;
mod registers;
mod transactions;

use tonic::{Response, Status};

use crate::api::v1::{self, Warning};
use crate::cli::convert::{incomplete, sen};
use crate::cli::remote::{Failure, Remote};
use crate::cli::table::Table;
use crate::domain::money::Sen;
use crate::domain::refusal::Language;
use crate::locale::number::format_amount;

pub use args::{Ask, Session, TrialBalance};

/// Asks, and returns what to print.
///
/// Errors: one plain sentence in the caller's language.
pub async fn run(session: &Session, ask: &Ask) -> Result<String, Failure> {
    let language = session.lang.into();
    let remote = Remote::new(&session.server, &session.actor, language)?;
    let client = Client { remote, book: session.book.clone(), language };
    let tables = client.ask(ask).await?;
    let render = |table: &Table| table.render(session.output, language);
    let texts: Vec<String> = tables.iter().map(render).collect();
    Ok(texts.join("\n\n"))
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
}

/// The rows asked for at a time.
const PAGE: i32 = 500;

impl Client {
    async fn ask(&self, ask: &Ask) -> Result<Vec<Table>, Failure> {
        Ok(match ask {
            Ask::BookAdd(new) => vec![self.book_add(new).await?],
            Ask::GroupAdd(new) => vec![self.group_add(new).await?],
            Ask::Groups => vec![self.groups().await?],
            Ask::MemberAdd(new) => vec![self.member_add(new).await?],
            Ask::Members { entity } => vec![self.members(entity).await?],
            Ask::Deposit(deposit) => vec![self.deposit(deposit).await?],
            Ask::Dues(dues) => vec![self.dues(dues).await?],
            Ask::Sheet(sheet) => vec![self.sheet(sheet).await?],
            Ask::Balance(which) => vec![self.balance(which).await?],
            Ask::Passbook(who) => self.passbook(&who.entity, &who.member).await?,
            Ask::CashBook(which) => vec![self.cash_book(which).await?],
            Ask::TrialBalance(which) => vec![self.trial_balance(which).await?],
            Ask::Grant(ask) => self.grant(ask).await?,
            Ask::Guliran(ask) => self.guliran(ask).await?,
            Ask::Bank(ask) => vec![self.bank(ask).await?],
        })
    }

    fn say(&self, indonesian: &str, english: &str) -> String {
        match self.language {
            Language::Indonesian => indonesian.to_owned(),
            Language::English => english.to_owned(),
        }
    }

    fn failed(&self) -> impl FnOnce(Status) -> Failure + '_ {
        |status| self.remote.explain(&status)
    }

    fn incomplete(&self) -> Failure {
        incomplete(self.language)
    }

    /// The text of a file that was named.
    fn file(&self, file: &std::path::Path) -> Result<String, Failure> {
        std::fs::read_to_string(file).map_err(|error| {
            let file = file.display();
            Failure(self.say(
                &format!("Berkas {file} tidak dapat dibaca: {error}"),
                &format!("The file {file} cannot be read: {error}"),
            ))
        })
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
