//! The journal in the plain-text forms of hledger and Beancount, so that other programs can
//! compute the same balances.
//!
//! **Invariants**
//! - One transaction per record and ledger (an entity's fund), so that the other program checks
//!   what this ledger promises: debits equal credits within each of them. Amounts are IDR with two
//!   decimals, to the sen; a debit is positive. Nothing is left out but refusals and records
//!   without entries.
//! - An account has one name that both programs take, and [`parse_account`] reads it back:
//!   `{Class}:{Entity}:{Fund}:{number}-{Title}` and, for a subject, `:S-{subject}`, e.g.
//!   `Liabilities:Tunas-baru:Sp:2103-Tabungan-Anggota:S-m01`. Entities and funds begin with an
//!   upper-case letter (theirs are lower-case, so nothing is lost); in subjects `-` is written
//!   `--`, `_` is `-u` and `/` is `-s`.
//! - No personal text: ids and request ids only.

use std::fmt::Write;

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::{Class, Code, fund_from_name, fund_name};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RequestId};
use crate::domain::record::{Effect, Entry, Outcome, Record};
use crate::domain::refusal::Language;
use crate::locale::event::event_text;
use crate::report::render::decimal;

/// Whose form it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// hledger's journal format.
    Hledger,
    /// Beancount's.
    Beancount,
}

/// What stands at the top of a journal: the book, and up to which position it goes.
pub fn preamble(format: Format, book: &Id, position: u64) -> String {
    match format {
        Format::Hledger => {
            format!("; Simpul, books/{book}, 1-{position}\ncommodity 1000.00 IDR\n\n")
        }
        Format::Beancount => format!(
            ";; Simpul, books/{book}, 1-{position}\n\
             option \"title\" \"books/{book}\"\noption \"operating_currency\" \"IDR\"\n\n"
        ),
    }
}

/// Declares an account, from the first day a book may know.
pub fn declaration(format: Format, account: &Account) -> String {
    let name = account_name(account);
    match format {
        Format::Hledger => format!("account {name}\n"),
        Format::Beancount => format!("{} open {name} IDR\n", iso(Day::MIN)),
    }
}

/// A record's transactions, one per ledger, each followed by an empty line; nothing for a record
/// that moved nothing.
pub fn transactions(format: Format, record: &Record) -> String {
    let mut text = String::new();
    let Outcome::Done(effect) = &record.outcome else { return text };
    let mut ledgers: Vec<&Ledger> = Vec::new();
    for entry in &effect.entries {
        if !ledgers.contains(&&entry.account.ledger) {
            ledgers.push(&entry.account.ledger);
        }
    }
    for ledger in ledgers {
        text.push_str(&header(format, record, effect, ledger));
        for entry in effect.entries.iter().filter(|entry| entry.account.ledger == *ledger) {
            text.push_str(&posting(format, entry));
        }
        text.push('\n');
    }
    text
}

/// What is said of a transaction, by key. Keys that end in "date" would move hledger's postings.
fn facts(record: &Record, effect: &Effect, ledger: &Ledger) -> Vec<(&'static str, String)> {
    let request = record.request.as_ref().map(RequestId::as_str).unwrap_or_default();
    let event = record.event.as_str_name().trim_start_matches("EVENT_");
    let reverses = effect.reverses.as_ref().map(|(request, _)| request.as_str());
    let facts = [
        ("position", record.position.to_string()),
        ("request", request.to_owned()),
        ("event", event.to_owned()),
        ("ledger", ledger.to_string()),
        ("happened", iso(record.happened_on)),
        ("reverses", reverses.unwrap_or_default().to_owned()),
        ("grant", effect.grant.clone()),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn header(format: Format, record: &Record, effect: &Effect, ledger: &Ledger) -> String {
    let day = iso(effect.effective_on);
    let words = event_text(record.event, Language::Indonesian);
    let facts = facts(record, effect, ledger);
    let mut text = match format {
        Format::Hledger => format!("{day} * ({}) {words}\n", record.position),
        Format::Beancount => format!("{day} * \"{words}\"\n"),
    };
    for (key, value) in facts {
        let written = match format {
            Format::Hledger => writeln!(text, "    ; {key}:{value}"),
            Format::Beancount => writeln!(text, "  {key}: \"{value}\""),
        };
        // A string takes everything.
        debug_assert!(written.is_ok());
    }
    text
}

fn posting(format: Format, entry: &Entry) -> String {
    let (account, amount) = (account_name(&entry.account), decimal(entry.amount));
    let party = &entry.party;
    match (format, party.is_empty()) {
        (Format::Hledger, true) => format!("    {account}  {amount} IDR\n"),
        (Format::Hledger, false) => format!("    {account}  {amount} IDR  ; party:{party}\n"),
        (Format::Beancount, true) => format!("  {account}  {amount} IDR\n"),
        (Format::Beancount, false) => {
            format!("  {account}  {amount} IDR\n    party: \"{party}\"\n")
        }
    }
}

/// A day as `2025-01-31`.
fn iso(day: Day) -> String {
    let (year, month, day) = day.ymd();
    format!("{year:04}-{month:02}-{day:02}")
}

/// The name of an account in both programs.
pub fn account_name(account: &Account) -> String {
    let ledger = &account.ledger;
    let line = account.code.line();
    let mut name = format!(
        "{}:{}:{}:{}-{}",
        root(line.class),
        capitalized(ledger.entity.as_str()),
        capitalized(fund_name(ledger.fund.get())),
        account.code.number(),
        words_of(line.name_id),
    );
    if !account.subject.as_str().is_empty() {
        name.push_str(":S-");
        name.push_str(&escaped(account.subject.as_str()));
    }
    name
}

const fn root(class: Class) -> &'static str {
    match class {
        Class::Asset => "Assets",
        Class::Liability => "Liabilities",
        Class::Equity => "Equity",
        Class::Income => "Income",
        Class::Expense => "Expenses",
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// The words of a title joined by `-`.
fn words_of(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn escaped(subject: &str) -> String {
    let mut text = String::with_capacity(subject.len());
    for c in subject.chars() {
        match c {
            '-' => text.push_str("--"),
            '_' => text.push_str("-u"),
            '/' => text.push_str("-s"),
            c => text.push(c),
        }
    }
    text
}

fn unescaped(text: &str) -> Option<String> {
    let mut subject = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        subject.push(match c {
            '-' => match chars.next()? {
                '-' => '-',
                'u' => '_',
                's' => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(subject)
}

/// Reads an account's name back; `None` for what [`account_name`] does not write.
pub fn parse_account(name: &str) -> Option<Account> {
    let mut parts = name.splitn(5, ':');
    let (_, entity, fund) = (parts.next()?, parts.next()?, parts.next()?);
    let (number, _) = parts.next()?.split_once('-')?;
    let subject = match parts.next() {
        None => Subject::none(),
        Some(subject) => Subject::parse(&unescaped(subject.strip_prefix("S-")?)?)?,
    };
    let entity = Entity::new(&entity.to_ascii_lowercase())?;
    let fund = fund_from_name(&fund.to_ascii_lowercase())?;
    let code = Code::from_number(number.parse().ok()?)?;
    let account = Ledger::new(entity, fund).account_of(code, subject);
    (account_name(&account) == name).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Author;
    use crate::domain::chart::{CHART, FUNDS};
    use crate::domain::id::RowName;
    use crate::domain::money::Sen;
    use crate::domain::record::Event;

    fn account(entity: &str, code: Code, subject: &str) -> Account {
        let entity = Entity::new(entity).expect("an entity");
        let subject = Subject::parse(subject).expect("a subject");
        Ledger::new(entity, FUNDS[0]).account_of(code, subject)
    }

    #[test]
    fn every_account_has_a_legal_name_that_is_read_back() {
        let legal = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let subjects = ["", "m01", "babi-1", "tunas-baru/uep", "0193_A-b/12", "u", "-u", "_u"];
        for line in CHART {
            for subject in subjects {
                for entity in ["lkm", "tunas-baru", "7-maju"] {
                    let account = account(entity, line.code, subject);
                    let name = account_name(&account);
                    assert!(name.split(':').all(legal), "{name}");
                    assert_eq!(parse_account(&name), Some(account), "{name}");
                }
            }
        }
        assert_eq!(parse_account("Assets:Tunas-baru:Uep:1101-Uang"), None);
        assert_eq!(parse_account("Assets:Tunas-baru:Uep:1302-Ternak:S-babi-1"), None);
    }

    #[test]
    fn a_record_is_one_transaction_per_ledger() {
        let entry = |code, amount, party: &str| Entry {
            account: account("a", code, ""),
            amount: Sen::new(amount),
            line: 0,
            party: party.to_owned(),
        };
        let mut lkm = entry(Code::Bank, 5, "");
        lkm.account.ledger.entity = Entity::Lkm;
        let mut owed = entry(Code::OtherPayable, -5, "");
        owed.account.ledger.entity = Entity::Lkm;
        let member = RowName::new("groups/a/members", "m01").to_string();
        let day = Day::from_ymd(2025, 1, 31).expect("a day");
        let effect = Effect {
            effective_on: day,
            entries: vec![
                entry(Code::Cash, 123_450, ""),
                lkm,
                entry(Code::Sales, -123_450, &member),
                owed,
            ],
            ..Effect::default()
        };
        let record = Record {
            book: Id::new("kupang").expect("an id"),
            position: 7,
            recorded_at: 0,
            business_day: day,
            request: RequestId::new("permintaan-7"),
            digest: Vec::new(),
            author: Author::default(),
            event: Event::Sold,
            happened_on: day,
            outcome: Outcome::Done(effect),
        };
        let expected = "\
2025-01-31 * \"Penjualan\"
  position: \"7\"
  request: \"permintaan-7\"
  event: \"SOLD\"
  ledger: \"a.uep\"
  happened: \"2025-01-31\"
  Assets:A:Uep:1101-Kas  1234.50 IDR
  Income:A:Uep:4101-Penjualan  -1234.50 IDR
    party: \"groups/a/members/m01\"

2025-01-31 * \"Penjualan\"
  position: \"7\"
  request: \"permintaan-7\"
  event: \"SOLD\"
  ledger: \"lkm.uep\"
  happened: \"2025-01-31\"
  Assets:Lkm:Uep:1104-Bank  0.05 IDR
  Liabilities:Lkm:Uep:2109-Utang-Lain-lain  -0.05 IDR

";
        assert_eq!(transactions(Format::Beancount, &record), expected);
        let hledger = transactions(Format::Hledger, &record);
        assert!(hledger.starts_with(
            "2025-01-31 * (7) Penjualan\n    ; position:7\n    ; request:permintaan-7\n"
        ));
        assert!(hledger.contains("    Assets:A:Uep:1101-Kas  1234.50 IDR\n"));
        assert_eq!(hledger.matches("\n\n").count(), 2);
    }
}
