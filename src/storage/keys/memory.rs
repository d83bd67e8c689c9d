//! Keys in memory, for tests. None of them is ever due to be swept or retired.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{KeyStore, StorageError, Wrapped, flat, flat_page};

/// Keys in memory.
#[derive(Default)]
pub struct MemoryKeys(Mutex<Keys>);

/// By book and owner: the present key, and the one it took over from.
type Keys = BTreeMap<(String, String), (Vec<u8>, Option<Vec<u8>>)>;

impl MemoryKeys {
    fn with<T>(&self, work: impl FnOnce(&mut Keys) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the keys of an owner, if they are there, and says whether that was done.
    fn change(
        &self,
        (book, owner): (&str, &str),
        work: impl FnOnce(&mut (Vec<u8>, Option<Vec<u8>>)) -> bool,
    ) -> bool {
        let name = (book.to_owned(), owner.to_owned());
        self.with(|keys| keys.get_mut(&name).is_some_and(work))
    }
}

#[async_trait]
impl KeyStore for MemoryKeys {
    async fn insert_if_absent(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let name = (book.to_owned(), owner.to_owned());
        Ok(self.with(|keys| keys.entry(name).or_insert_with(|| (wrapped.to_vec(), None)).0.clone()))
    }

    async fn get_many(
        &self,
        book: &str,
        owners: &[&str],
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let key = |keys: &Keys, owner: &str| {
            let (wrapped, former) = keys.get(&(book.to_owned(), owner.to_owned()))?;
            Some((owner.to_owned(), wrapped.clone(), former.clone()))
        };
        let found = |keys: &mut Keys| owners.iter().filter_map(|owner| key(keys, owner)).collect();
        Ok(flat(self.with(found)))
    }

    async fn page(&self, after: (&str, &str), limit: u32) -> Result<Vec<Wrapped>, StorageError> {
        let after = (after.0.to_owned(), after.1.to_owned());
        let stored = |(name, keys): (&(String, String), &(Vec<u8>, Option<Vec<u8>>))| {
            (name.0.clone(), name.1.clone(), keys.0.clone(), keys.1.clone())
        };
        Ok(flat_page(self.with(|keys| {
            let rest = keys.iter().filter(|(name, _)| **name > after);
            rest.take(limit as usize).map(stored).collect()
        })))
    }

    async fn rewrap(&self, seen: &Wrapped, wrapped: &[u8]) -> Result<bool, StorageError> {
        let (book, owner, before) = seen;
        Ok(self.change((book, owner), |(present, former)| {
            let mut kept = [Some(present), former.as_mut()].into_iter().flatten();
            let found = kept.find(|kept| *kept == before);
            found.map(|kept| wrapped.clone_into(kept)).is_some()
        }))
    }

    async fn turn(&self, seen: &Wrapped, next: &[u8]) -> Result<bool, StorageError> {
        Ok(self.change((&seen.0, &seen.1), |(present, former)| {
            let alone = *present == seen.2 && former.is_none();
            if alone {
                *former = Some(std::mem::replace(present, next.to_vec()));
            }
            alone
        }))
    }

    async fn turned(&self, _limit: u32) -> Result<Vec<(String, String)>, StorageError> {
        Ok(Vec::new())
    }

    async fn postpone(&self, _book: &str, _owner: &str) -> Result<(), StorageError> {
        Ok(())
    }

    async fn retire(&self, seen: &Wrapped) -> Result<bool, StorageError> {
        Ok(self.change((&seen.0, &seen.1), |(_, former)| {
            former.take_if(|former| *former == seen.2).is_some()
        }))
    }

    async fn delete(&self, book: &str, owner: &str) -> Result<bool, StorageError> {
        let name = (book.to_owned(), owner.to_owned());
        Ok(self.with(|keys| keys.remove(&name).is_some()))
    }

    async fn renew(&self, _book: &str, _owners: &[&str]) -> Result<(), StorageError> {
        Ok(())
    }

    async fn due(&self, _limit: u32) -> Result<Vec<(String, String)>, StorageError> {
        Ok(Vec::new())
    }

    async fn keep(&self, _book: &str, _owner: &str) -> Result<(), StorageError> {
        Ok(())
    }

    async fn sweep(&self, _book: &str, _owner: &str) -> Result<bool, StorageError> {
        Ok(false)
    }
}
