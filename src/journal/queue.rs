//! A bounded queue that takes turns: first over books, then over the callers within a book, so
//! that neither a busy book nor a busy caller holds up the others. One caller's commands to one
//! book keep their order.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::domain::id::Id;

/// One lane of waiting commands.
pub(super) struct Lane<T> {
    books: Turns<Id, Turns<String, VecDeque<T>>>,
    waiting: usize,
    limit: usize,
}

impl<T> Lane<T> {
    /// An empty lane for at most `limit` commands.
    pub(super) fn new(limit: usize) -> Lane<T> {
        Lane { books: Turns::default(), waiting: 0, limit }
    }

    /// Whether another command would be one too many.
    pub(super) fn is_full(&self) -> bool {
        self.waiting >= self.limit
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Lets a command wait behind the same caller's earlier ones.
    pub(super) fn push(&mut self, book: &Id, caller: &str, item: T) {
        self.books.queue(book.clone()).queue(caller.to_owned()).push_back(item);
        self.waiting += 1;
    }

    /// The next command in turn.
    pub(super) fn pop(&mut self) -> Option<T> {
        let from_caller = |callers: &mut Turns<String, VecDeque<T>>| {
            callers.take(VecDeque::pop_front, VecDeque::is_empty)
        };
        let item = self.books.take(from_caller, Turns::is_empty)?;
        self.waiting -= 1;
        Some(item)
    }
}

/// Queues by key, none of them empty, that are asked one after the other.
struct Turns<K, Q> {
    order: VecDeque<K>,
    queues: HashMap<K, Q>,
}

impl<K, Q> Default for Turns<K, Q> {
    fn default() -> Turns<K, Q> {
        Turns { order: VecDeque::new(), queues: HashMap::new() }
    }
}

impl<K: Hash + Eq + Clone, Q: Default> Turns<K, Q> {
    /// The queue of a key, which joins at the end of the order if it is new.
    fn queue(&mut self, key: K) -> &mut Q {
        let order = &mut self.order;
        self.queues.entry(key).or_insert_with_key(|key| {
            order.push_back(key.clone());
            Q::default()
        })
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Takes from the queue whose turn it is; it goes to the end of the order unless empty now.
    fn take<T>(
        &mut self,
        pop: impl FnOnce(&mut Q) -> Option<T>,
        is_empty: impl FnOnce(&Q) -> bool,
    ) -> Option<T> {
        let key = self.order.pop_front()?;
        let queue = self.queues.get_mut(&key)?;
        let item = pop(queue);
        if is_empty(queue) {
            self.queues.remove(&key);
        } else {
            self.order.push_back(key);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_and_callers_take_turns_and_a_caller_keeps_its_order() {
        let (a, b) = (Id::new("a").unwrap(), Id::new("b").unwrap());
        let mut lane = Lane::new(6);
        for (book, caller, item) in
            [(&a, "x", 1), (&a, "x", 2), (&a, "x", 3), (&a, "y", 4), (&b, "z", 5), (&b, "z", 6)]
        {
            assert!(!lane.is_full());
            lane.push(book, caller, item);
        }
        assert!(lane.is_full());
        let order: Vec<i32> = std::iter::from_fn(|| lane.pop()).collect();
        assert_eq!(order, [1, 5, 4, 6, 2, 3]);
        assert!(lane.is_empty());
    }
}
