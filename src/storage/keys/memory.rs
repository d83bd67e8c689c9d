//! Keys in memory, for tests. None of them is ever due to be swept.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{KeyStore, StorageError, Wrapped};

/// Keys in memory.
#[derive(Default)]
pub struct MemoryKeys(Mutex<BTreeMap<(String, String), Vec<u8>>>);

impl MemoryKeys {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<(String, String), Vec<u8>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
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
        Ok(self.with(|keys| keys.entry(name).or_insert_with(|| wrapped.to_vec()).clone()))
    }

    async fn get_many(
        &self,
        book: &str,
        owners: &[&str],
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let key = |keys: &BTreeMap<(String, String), Vec<u8>>, owner: &str| {
            let wrapped = keys.get(&(book.to_owned(), owner.to_owned()))?;
            Some((owner.to_owned(), wrapped.clone()))
        };
        Ok(self.with(|keys| owners.iter().filter_map(|owner| key(keys, owner)).collect()))
    }

    async fn page(&self, after: (&str, &str), limit: u32) -> Result<Vec<Wrapped>, StorageError> {
        let after = (after.0.to_owned(), after.1.to_owned());
        let wrapped = |((book, owner), key): (&(String, String), &Vec<u8>)| {
            (book.clone(), owner.clone(), key.clone())
        };
        Ok(self.with(|keys| {
            let rest = keys.iter().filter(|(name, _)| **name > after);
            rest.take(limit as usize).map(wrapped).collect()
        }))
    }

    async fn rewrap(&self, seen: &Wrapped, wrapped: &[u8]) -> Result<bool, StorageError> {
        let (book, owner, before) = seen;
        Ok(self.with(|keys| match keys.get_mut(&(book.clone(), owner.clone())) {
            Some(kept) if kept == before => {
                wrapped.clone_into(kept);
                true
            }
            _ => false,
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
