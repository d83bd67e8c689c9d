//! Accounts: (entity, fund, code, subject).
//!
//! As text an account reads `{entity}.{fund}.{code}` or `{entity}.{fund}.{code}.{subject}`; that
//! text is its name in the API and its key in storage, so that an entity, a fund or a control
//! account is a prefix.
//!
//! **Invariant**: no part of a name holds a dot, so that a name reads back in one way only.

use std::fmt;

use crate::domain::chart::{Code, fund_from_name, fund_name};
use crate::domain::id::{Entity, Id, RequestId};
use crate::domain::record::proto::Fund;

/// One entity's fund: the unit within which every transaction balances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ledger {
    /// Whose.
    pub entity: Entity,
    /// Which fund.
    pub fund: FundKey,
}

/// A fund that is set, ordered as books list funds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FundKey(i32);

impl FundKey {
    /// The fund.
    pub fn get(self) -> Fund {
        Fund::try_from(self.0).unwrap_or(Fund::Unspecified)
    }
}

impl From<Fund> for FundKey {
    fn from(fund: Fund) -> FundKey {
        FundKey(fund as i32)
    }
}

impl Ledger {
    /// The ledger of an entity's fund.
    pub fn new(entity: Entity, fund: Fund) -> Ledger {
        Ledger { entity, fund: fund.into() }
    }

    /// An account without subject in this ledger.
    pub fn account(&self, code: Code) -> Account {
        Account { ledger: self.clone(), code, subject: Subject::none() }
    }

    /// An account with a subject in this ledger.
    pub fn account_of(&self, code: Code, subject: Subject) -> Account {
        Account { ledger: self.clone(), code, subject }
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.entity, fund_name(self.fund.get()))
    }
}

/// What an account is about within its code: a member, a lot, a drawer, ... or nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

impl Subject {
    /// No subject.
    pub const fn none() -> Subject {
        Subject(String::new())
    }

    /// A member, party, lot, grant or drawer by id.
    pub fn id(id: &Id) -> Subject {
        Subject(id.as_str().to_owned())
    }

    /// A group's fund, as the LKM's savings accounts name it.
    pub fn kube_fund(group: &Id, fund: Fund) -> Subject {
        Subject(format!("{group}/{}", fund_name(fund)))
    }

    /// A group's term deposit, as the LKM's accounts name it.
    pub fn kube_deposit(group: &Id, deposit: &Id) -> Subject {
        Subject(format!("{group}/{deposit}"))
    }

    /// Another fund of the same entity.
    pub fn fund(fund: Fund) -> Subject {
        Subject(fund_name(fund).to_owned())
    }

    /// A group's pass, as the LKM's pool names it.
    pub fn pass_of(group: &Id, pass: &Id) -> Subject {
        Subject(format!("{group}/{pass}"))
    }

    /// A guliran loan, as its borrower names it.
    pub fn loan_of(lender: &Entity, loan: &Id) -> Subject {
        Subject(format!("{lender}/{loan}"))
    }

    /// A reported line in suspense.
    pub fn item(request: &RequestId, line: u32) -> Subject {
        Subject(format!("{request}/{line}"))
    }

    /// From stored text; `None` when it has characters no subject has.
    pub fn parse(text: &str) -> Option<Subject> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/');
        (text.len() <= 128 && text.bytes().all(legal)).then(|| Subject(text.to_owned()))
    }

    /// The subject as text, empty if none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One account of a book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Entity and fund.
    pub ledger: Ledger,
    /// Place in the chart.
    pub code: Code,
    /// Member, lot, drawer, ... or none.
    pub subject: Subject,
}

impl Account {
    /// The control account that totals all subjects of this code.
    pub fn control(&self) -> Control {
        Control { ledger: self.ledger.clone(), code: self.code }
    }

    /// Reads the text form; `None` when it names no account.
    pub fn parse(text: &str) -> Option<Account> {
        let mut parts = text.splitn(4, '.');
        let ledger = Ledger::new(Entity::new(parts.next()?)?, fund_from_name(parts.next()?)?);
        let code = Code::from_number(parts.next()?.parse().ok()?)?;
        let subject = match parts.next() {
            None => Subject::none(),
            Some("") => return None,
            Some(subject) => Subject::parse(subject)?,
        };
        Some(Account { ledger, code, subject })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ledger, self.code.number())?;
        match self.subject.as_str() {
            "" => Ok(()),
            subject => write!(f, ".{subject}"),
        }
    }
}

/// The total of all accounts of one (entity, fund, code).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Control {
    /// Entity and fund.
    pub ledger: Ledger,
    /// Place in the chart.
    pub code: Code,
}

impl Control {
    /// Reads the text form; `None` when it names no control account.
    pub fn parse(text: &str) -> Option<Control> {
        let account = Account::parse(text)?;
        account.subject.as_str().is_empty().then(|| account.control())
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ledger, self.code.number())
    }
}
