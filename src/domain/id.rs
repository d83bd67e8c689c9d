//! Ids chosen by clients, and the names of register rows.
//!
//! **Invariant**: an id that exists is well-formed: it holds no dot, slash or capital letter, so that it
//! can be part of a name. Neither ids nor names say who somebody is.

use std::fmt;

/// An id chosen by a client: 1 to 40 of `a-z`, `0-9` and `-`, starting with a letter or digit.
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(std::sync::Arc<str>);

impl Id {
    /// Checks an id; `None` when it breaks the rule.
    pub fn new(text: &str) -> Option<Id> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let ok =
            (1..=40).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(legal);
        ok.then(|| Id(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a request, made by the client once and kept across retries: 8 to 64 of `A-Z`,
/// `a-z`, `0-9`, `-` and `_`. A UUID (version 7 best) is one. Unique in its book for ever; it also
/// names the transaction the request makes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(std::sync::Arc<str>);

impl RequestId {
    /// Checks a request id; `None` when it breaks the rule.
    pub fn new(text: &str) -> Option<RequestId> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let ok = (8..=64).contains(&text.len()) && text.bytes().all(legal);
        ok.then(|| RequestId(text.into()))
    }

    /// The id of a request that the ledger makes itself, from a hash of what it is about.
    pub fn from_hash(hash: [u8; 32]) -> RequestId {
        RequestId(hex::encode(hash).into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The entity whose ledger is meant: the LKM, or a KUBE by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// The book's LKM.
    Lkm,
    /// A KUBE.
    Kube(Id),
}

/// The LKM's entity id; no group may take it.
pub const LKM: &str = "lkm";

impl Entity {
    /// Checks an entity id; `None` when it is not one.
    pub fn new(text: &str) -> Option<Entity> {
        if text == LKM {
            return Some(Entity::Lkm);
        }
        Id::new(text).map(Entity::Kube)
    }

    /// The id as text: `lkm` or the group's id.
    pub fn as_str(&self) -> &str {
        match self {
            Entity::Lkm => LKM,
            Entity::Kube(id) => id.as_str(),
        }
    }

    /// Where the entity's own rows hang: `lkm` or `groups/{group}`.
    pub fn path(&self) -> String {
        match self {
            Entity::Lkm => LKM.to_owned(),
            Entity::Kube(id) => format!("groups/{id}"),
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a register row within its book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowName {
    /// The collection, e.g. `groups/tunas-baru/members`.
    pub parent: String,
    /// The id within the collection.
    pub id: String,
}

impl RowName {
    /// The row `id` of the collection `parent`.
    pub fn new(parent: impl Into<String>, id: impl Into<String>) -> RowName {
        RowName { parent: parent.into(), id: id.into() }
    }

    /// Reads a name as text, e.g. `groups/tunas-baru`; `None` when it has no parent.
    pub fn parse(text: &str) -> Option<RowName> {
        let (parent, id) = text.rsplit_once('/')?;
        Some(RowName::new(parent, id))
    }

    /// The book's settings.
    pub fn book() -> RowName {
        RowName::new("", "book")
    }

    /// A KUBE.
    pub fn group(group: &Id) -> RowName {
        RowName::new("groups", group.as_str())
    }

    /// A row of an entity's own collection, e.g. its `members`.
    pub fn of(entity: &Entity, collection: &str, id: &str) -> RowName {
        RowName::new(format!("{}/{collection}", entity.path()), id)
    }
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.parent, self.id)
    }
}
