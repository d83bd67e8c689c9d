//! How many of something each of many has at once, and no more than so many.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Who has how many. Whoever has none is forgotten. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Tally<K: Eq + Hash> {
    counts: Arc<Mutex<HashMap<K, usize>>>,
    most: usize,
}

impl<K: Clone + Eq + Hash> Tally<K> {
    /// Nobody has any; each may have `most`.
    pub(super) fn new(most: usize) -> Tally<K> {
        Tally { counts: Arc::default(), most }
    }

    /// Counts one more of somebody's until it is dropped; `None` when they have as many as they may.
    pub(super) fn admit(&self, whose: &K) -> Option<Counted<K>> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(whose.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Counted { tally: self.clone(), whose: whose.clone() })
    }
}

/// One that is counted.
#[derive(Debug)]
pub(super) struct Counted<K: Clone + Eq + Hash> {
    tally: Tally<K>,
    whose: K,
}

impl<K: Clone + Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        let mut counts = self.tally.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = counts.get_mut(&self.whose) else { return };
        *count -= 1;
        if *count == 0 {
            counts.remove(&self.whose);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_many_and_others_go_on() {
        let busy = Tally::new(2);
        let admit = |caller: &'static str| busy.admit(&caller);
        let (first, second) = (admit("bu-maria"), admit("bu-maria"));
        assert!(first.is_some() && second.is_some());
        assert!(admit("bu-maria").is_none(), "a third at once");
        assert!(admit("teller").is_some(), "others go on");
        drop(first);
        assert!(admit("bu-maria").is_some());
        drop(second);
        assert!(busy.counts.lock().expect("a lock").is_empty(), "whoever has none is forgotten");
    }
}
