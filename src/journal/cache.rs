//! A bounded cache of derived rows.
//!
//! **Invariant**: what is cached about a book are values that its rows in storage had at the
//! cached head. Whoever learns of another head forgets the book.

use std::sync::Arc;

use lru::LruCache;

use crate::domain::id::Id;
use crate::domain::state::{Key, Lookup, State, Value};
use crate::storage::{Append, Head};

/// What is known about one book at one head, absence included.
pub(super) struct Rows {
    /// The journal position all values belong to; none before the first load.
    pub(super) head: Option<Head>,
    kept: LruCache<Key, Value>,
    /// Receipts and records: each serves one request once, so they are not kept.
    passing: State,
}

impl Rows {
    fn empty() -> Rows {
        Rows { head: None, kept: LruCache::unbounded(), passing: State::default() }
    }

    /// Takes in what a load found at `head`; a head other than the known one drops all the rest.
    pub(super) fn load(&mut self, head: Head, values: Vec<(Key, Value)>) {
        if self.head.as_ref() != Some(&head) {
            *self = Rows::empty();
            self.head = Some(head);
        }
        for (key, value) in values {
            self.insert(key, value);
        }
    }

    /// Moves on to the head after a commit.
    pub(super) fn advance(&mut self, append: &Append) {
        self.head = Some(append.head.clone());
        self.passing.clear();
        for entry in &append.entries {
            let balance = Value::Balance(Some(entry.balance));
            self.kept.put(Key::Balance(entry.account.clone()), balance);
        }
        for (control, total) in &append.controls {
            self.kept.put(Key::Control(control.clone()), Value::Control(*total));
        }
        for (name, _, row) in &append.rows {
            self.kept.put(Key::Row(name.clone()), Value::Row(Some(Arc::clone(row))));
        }
    }

    fn insert(&mut self, key: Key, value: Value) {
        if is_kept(&key) {
            self.kept.put(key, value);
        } else {
            self.passing.insert(key, value);
        }
    }
}

impl Lookup for Rows {
    fn get(&self, key: &Key) -> Option<&Value> {
        if is_kept(key) { self.kept.peek(key) } else { self.passing.get(key) }
    }
}

fn is_kept(key: &Key) -> bool {
    !matches!(key, Key::Receipt(_) | Key::Record(_))
}

/// The cached rows of all books that no batch has in hand.
pub(super) struct Cache {
    books: LruCache<Id, Rows>,
    size: usize,
    limit: usize,
}

impl Cache {
    /// An empty cache for at most `limit` values, each book's head counting as one.
    pub(super) fn new(limit: usize) -> Cache {
        Cache { books: LruCache::unbounded(), size: 0, limit }
    }

    /// Takes a book's rows out, empty if none are cached.
    pub(super) fn take(&mut self, book: &Id) -> Rows {
        let rows = self.books.pop(book).unwrap_or_else(Rows::empty);
        if rows.head.is_some() {
            self.size -= 1 + rows.kept.len();
        }
        rows
    }

    /// Puts a book's rows back as the latest used. A book without records is not worth a place.
    pub(super) fn put(&mut self, book: Id, mut rows: Rows) {
        if rows.head.as_ref().is_none_or(|head| head.size == 0) {
            return;
        }
        rows.passing.clear();
        self.size += 1 + rows.kept.len();
        self.books.put(book, rows);
        while self.size > self.limit {
            self.evict();
        }
    }

    /// Drops the oldest value of the book that was longest unused, or the book if it has none.
    fn evict(&mut self) {
        self.size -= 1;
        if let Some((_, rows)) = self.books.iter_mut().next_back()
            && rows.kept.pop_lru().is_some()
        {
            return;
        }
        self.books.pop_lru();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::RowName;

    fn head(size: u64) -> Head {
        Head { size, ..Head::default() }
    }

    fn key(id: u32) -> Key {
        Key::Row(RowName::new("groups", id.to_string()))
    }

    fn id(text: &str) -> Id {
        Id::new(text).unwrap()
    }

    fn loaded(size: u64, keys: std::ops::Range<u32>) -> Rows {
        let mut rows = Rows::empty();
        rows.load(head(size), keys.map(|n| (key(n), Value::Row(None))).collect());
        rows
    }

    #[test]
    fn the_longest_unused_book_gives_way_first_and_the_limit_holds() {
        let mut cache = Cache::new(10);
        cache.put(id("a"), loaded(1, 0..6));
        cache.put(id("b"), loaded(1, 0..4));
        let (a, b) = (cache.take(&id("a")), cache.take(&id("b")));
        assert_eq!(a.kept.len() + b.kept.len(), 8);
        assert!(a.get(&key(0)).is_none() && a.get(&key(1)).is_none());
        assert!(a.get(&key(2)).is_some() && b.get(&key(0)).is_some());
        assert_eq!(cache.size, 0);
        assert!(cache.take(&id("a")).head.is_none());
    }

    #[test]
    fn another_head_drops_what_was_known() {
        let mut rows = loaded(1, 0..3);
        rows.load(head(1), vec![(key(7), Value::Row(None))]);
        assert!(rows.get(&key(0)).is_some());
        rows.load(head(2), vec![(key(8), Value::Row(None))]);
        assert!(rows.get(&key(0)).is_none() && rows.get(&key(7)).is_none());
        assert!(rows.get(&key(8)).is_some());
    }
}
