//! Personal text: sealed under a key of its owner, known to the journal only by a commitment.
//!
//! **Invariants**
//! - The journal and its side rows never hold personal text in the clear, nor any key.
//! - An owner's key is durable in the [`KeyStore`] before a row sealed under it is handed out, and
//!   so before the record that names it. A key that is left without a row does no harm, and is swept
//!   when it is a day old.
//! - A commitment is SHA-256 over a random salt and the text, and the salt is inside the
//!   ciphertext: without the key nobody can test guesses, and destroying the key leaves a record
//!   that still verifies and tells nothing.
//! - No owner's key is cached: an erasure on one server holds on all.
//! - What is guessable, such as a person's name elsewhere, is hashed with a secret of the installation
//!   ([`Vault::secret`]), which is kept like an owner's key and never leaves the vault's callers.
//! - A new master key takes over from the one before while servers run: see [`Rotation`]. So does a
//!   new key of an owner, be it a person, a group or the LKM: see [`Vault::turn`].
//!
//! A key is stored as `id (8) | nonce (24) | ciphertext`, wrapped by the master key. A side row is
//! `key id (8) | nonce (24) | ciphertext of salt (32) and text`, bound to book, owner and
//! commitment. A row with another key id than the owner's present key was sealed under one that is
//! gone. Files beside the database are sealed like rows, bound to their place instead of a
//! commitment. The cipher is XChaCha20-Poly1305, whose nonces may be random.

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::id::{Id, LKM, RowName};
use crate::domain::person::ERASED;
use crate::domain::record::Row;
use crate::secret_file;
use crate::storage::access::AccessStore;
use crate::storage::keys::{KEY_ID, KeyStore, Wrapped};
use crate::storage::read::{Reader, RegisterRow};
use crate::storage::{Resealed, SideRow, SideStore, StorageError};

const NONCE: usize = 24;
const SALT: usize = 32;
const TAG: usize = 16;

const COMMITMENT: &[u8] = b"simpul/commitment/v1";
const KEY_CONTEXT: &[u8] = b"simpul/key/v1";
const ROW_CONTEXT: &[u8] = b"simpul/side/v1";
const FILE_CONTEXT: &[u8] = b"simpul/file/v1";

/// The key store's entry by which a vault knows its own master key; no book has an empty id.
const MASTER_CHECK: (&str, &str) = ("", "master");

/// How many orphans or erased owners are looked for at a time.
const SWEEP_PAGE: u32 = 256;

/// How many pieces of text are sealed anew at a time.
const RESEAL_PAGE: u32 = 256;

/// How many keys are wrapped anew at a time.
const REWRAP_PAGE: u32 = 256;

/// Why the vault could not answer. No variant carries personal text or key material.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key store could not answer; the same call may be tried again.
    #[error(transparent)]
    Store(#[from] StorageError),
    /// The master key file cannot be used.
    #[error("the master key {path}: {reason}")]
    MasterKey {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The key store was made under another master key.
    #[error("this master key is not the one the stored keys were wrapped with")]
    WrongMasterKey,
    /// A key or a text does not decrypt: its bytes were changed, or moved from another place.
    #[error("the personal text of {owner} in book {book} is damaged")]
    Damaged {
        /// The book.
        book: String,
        /// The pseudonymous owner.
        owner: String,
    },
    /// The operating system gave no randomness.
    #[error("no randomness: {0}")]
    Random(String),
}

/// The key that wraps all others. It stays outside of every database.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }

    /// From 32 bytes that are kept elsewhere.
    pub fn new(bytes: [u8; 32]) -> MasterKey {
        MasterKey(Zeroizing::new(bytes))
    }

    /// Reads the key from a file of 64 hex digits, or makes the file, readable by its owner only,
    /// with a fresh key. Of two processes that make it at once, one wins and both use its key.
    ///
    /// Errors: `MasterKey` when the file cannot be read or made, holds something else, or is open
    /// to other users; `Random`.
    pub fn load_or_create(path: &Path) -> Result<MasterKey, VaultError> {
        let refuse = |reason: String| {
            let path = path.display().to_string();
            VaultError::MasterKey { path, reason }
        };
        match read_master(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create_master(path).map_err(|error| refuse(error.to_string()))?;
                read_master(path)
            }
            result => result,
        }
        .map_err(|error| refuse(error.to_string()))
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

fn read_master(path: &Path) -> std::io::Result<MasterKey> {
    let text = secret_file::read(path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.as_str(), key.as_mut_slice())
        .map_err(|_| std::io::Error::other("it does not hold 64 hex digits"))?;
    Ok(MasterKey(key))
}

fn create_master(path: &Path) -> std::io::Result<()> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice())?;
    secret_file::create(path, &Zeroizing::new(hex::encode(key.as_slice())))
}

/// A new master key that takes over from the one in a file.
///
/// The new key lies beside, in a file named `….next`. Servers that see one wrap with it, and open
/// with either. Once every key in the store is wrapped with it, it takes the file's name, and the
/// one before is kept under another. Each step may be done again after a crash, by anybody.
#[derive(Clone, Debug)]
pub struct Rotation {
    file: PathBuf,
}

impl Rotation {
    /// Of the master key in a file.
    pub fn of(file: &Path) -> Rotation {
        Rotation { file: file.to_owned() }
    }

    fn named(&self, suffix: &str) -> PathBuf {
        let mut name = self.file.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn refuse(&self, error: &std::io::Error) -> VaultError {
        VaultError::MasterKey { path: self.file.display().to_string(), reason: error.to_string() }
    }

    /// Makes the new key, unless there is one.
    ///
    /// Errors: `MasterKey`.
    pub fn prepare(&self) -> Result<(), VaultError> {
        let made = read_master(&self.file).and_then(|_| create_master(&self.named(".next")));
        made.map_err(|error| self.refuse(&error))
    }

    /// The new key takes over. The one before is still needed for older backups of keys: its file is
    /// the answer. Only to be called once every key is wrapped with the new one.
    ///
    /// Errors: `MasterKey`.
    pub fn finish(&self) -> Result<PathBuf, VaultError> {
        let retired = |number: u32| self.named(&format!(".retired-{number}"));
        let free = (1..).map(retired).find(|path| !path.exists()).unwrap_or_else(|| retired(0));
        let next = self.named(".next");
        let kept = read_master(&next).and_then(|_| std::fs::hard_link(&self.file, &free));
        let renamed = kept.and_then(|()| std::fs::rename(&next, &self.file));
        renamed.and_then(|()| secret_file::sync_folder(&self.file)).map_err(|e| self.refuse(&e))?;
        Ok(free)
    }

    /// The keys as they are now.
    fn ring(&self) -> Result<Ring, VaultError> {
        // The new one first: it may take over between the two.
        let next = read_master(&self.named(".next"));
        let present = read_master(&self.file).map_err(|error| self.refuse(&error))?;
        match next {
            Ok(next) => Ok(Ring { wraps: next.cipher(), before: Some(present.cipher()) }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Ring::of(&present)),
            Err(error) => Err(self.refuse(&error)),
        }
    }
}

/// The master keys in use.
#[derive(Clone)]
struct Ring {
    wraps: XChaCha20Poly1305,
    /// What some keys are still wrapped with.
    before: Option<XChaCha20Poly1305>,
}

impl Ring {
    fn of(master: &MasterKey) -> Ring {
        Ring { wraps: master.cipher(), before: None }
    }

    fn unlock(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let with = |cipher: &XChaCha20Poly1305| decrypt(cipher, sealed, context);
        with(&self.wraps).or_else(|| self.before.as_ref().and_then(with))
    }
}

/// An owner's key and its id.
struct OwnerKey {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
}

impl OwnerKey {
    fn new(id: [u8; KEY_ID], key: &[u8]) -> Option<OwnerKey> {
        Some(OwnerKey { id, cipher: XChaCha20Poly1305::new_from_slice(key).ok()? })
    }
}

/// An owner's keys: the present one first, and then the one that it took over from.
#[derive(Default)]
struct OwnerKeys(Vec<OwnerKey>);

impl OwnerKeys {
    fn present(&self) -> Option<&OwnerKey> {
        self.0.first()
    }

    fn by_id(&self, id: &[u8; KEY_ID]) -> Option<&OwnerKey> {
        self.0.iter().find(|key| key.id == *id)
    }
}

/// Where more lies sealed under owners' keys than the text beside a journal.
#[async_trait]
pub trait Sealed: Send + Sync + 'static {
    /// Seals anew whatever of an owner's lies under the key of this id, and answers how many pieces
    /// that were. Done again, it goes on.
    ///
    /// Errors: `Store`, `Random`, `Damaged`.
    async fn reseal(
        &self,
        vault: &Vault,
        owned: (&Id, &str),
        former: &[u8; KEY_ID],
    ) -> Result<u64, VaultError>;
}

/// All that lies sealed under owners' keys.
#[derive(Clone)]
pub struct AllSealed {
    /// Reads the text beside the journals.
    pub reader: Reader,
    /// Writes it.
    pub sides: Arc<dyn SideStore>,
    /// What else there is.
    pub beside: Vec<Arc<dyn Sealed>>,
}

/// The sentences of the access log, which are the LKM's.
#[async_trait]
impl Sealed for AccessStore {
    async fn reseal(
        &self,
        vault: &Vault,
        (book, owner): (&Id, &str),
        former: &[u8; KEY_ID],
    ) -> Result<u64, VaultError> {
        let mut resealed = 0;
        loop {
            let key = hex::encode(former);
            let lines = self.explained_under(book.as_str(), &key, RESEAL_PAGE).await?;
            if owner != LKM || lines.is_empty() {
                return Ok(resealed);
            }
            for line in lines {
                let damaged = || damaged(book.as_str(), owner);
                let kept = explanation_side(&line.explanation).ok_or_else(damaged)?;
                let sealed = vault.anew(book, &kept).await?;
                let anew = explanation_text(&SideRow { sealed, ..kept });
                self.explain(book.as_str(), &line, &anew).await?;
                resealed += 1;
            }
        }
    }
}

/// A sealed sentence as the access log keeps it.
pub fn explanation_text(side: &SideRow) -> String {
    hex::encode([&side.commitment[..], &side.sealed].concat())
}

/// What [`explanation_text`] made, to be opened.
pub fn explanation_side(kept: &str) -> Option<SideRow> {
    let bytes = hex::decode(kept).ok()?;
    let (commitment, sealed) = bytes.split_first_chunk::<32>()?;
    Some(SideRow { commitment: *commitment, owner: LKM.to_owned(), sealed: sealed.to_vec() })
}

/// Seals, opens and erases personal text.
#[derive(Clone)]
pub struct Vault {
    ring: Arc<RwLock<Ring>>,
    /// Where the master key is looked for again; none if it came from elsewhere.
    rotation: Option<Rotation>,
    store: Arc<dyn KeyStore>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// A vault over a key store.
    ///
    /// Errors: `WrongMasterKey` when the store was first used with another one; `Store`, `Random`.
    pub async fn open(master: &MasterKey, store: Arc<dyn KeyStore>) -> Result<Vault, VaultError> {
        Vault::checked(Ring::of(master), None, store).await
    }

    /// The same with the master key in a file, which is made if need be, and may be followed by
    /// another while the vault is open.
    ///
    /// Errors: as for [`Vault::open`] and [`MasterKey::load_or_create`].
    pub async fn open_with_file(
        file: &Path,
        store: Arc<dyn KeyStore>,
    ) -> Result<Vault, VaultError> {
        MasterKey::load_or_create(file)?;
        let rotation = Rotation::of(file);
        Vault::checked(rotation.ring()?, Some(rotation), store).await
    }

    async fn checked(
        ring: Ring,
        rotation: Option<Rotation>,
        store: Arc<dyn KeyStore>,
    ) -> Result<Vault, VaultError> {
        let vault = Vault { ring: Arc::new(RwLock::new(ring)), rotation, store };
        let (book, owner) = MASTER_CHECK;
        match vault.owner_key(book, owner).await {
            Err(VaultError::Damaged { .. }) => Err(VaultError::WrongMasterKey),
            Err(error) => Err(error),
            Ok(_) => Ok(vault),
        }
    }

    /// Seals texts, each under its owner's key, made on first use; the answer is in the same
    /// order. The same text sealed twice has two commitments.
    ///
    /// Errors: `Store`, `Random`, `Damaged` when a stored key is.
    pub async fn seal(
        &self,
        book: &Id,
        texts: &[(&str, &str)],
    ) -> Result<Vec<SideRow>, VaultError> {
        let owners: BTreeSet<&str> = texts.iter().map(|(owner, _)| *owner).collect();
        self.store.renew(book.as_str(), &Vec::from_iter(owners.iter().copied())).await?;
        let mut keys = self.keys_of(book.as_str(), &owners).await?;
        for owner in owners {
            if !keys.contains_key(owner) {
                let key = self.owner_key(book.as_str(), owner).await?;
                keys.insert(owner.to_owned(), OwnerKeys(vec![key]));
            }
        }
        let seal = |(owner, text): &(&str, &str)| {
            let key = keys.get(*owner).and_then(OwnerKeys::present);
            let key = key.ok_or_else(|| damaged(book.as_str(), owner))?;
            seal_row(key, book.as_str(), owner, text)
        };
        texts.iter().map(seal).collect()
    }

    /// Opens rows with one question to the key store, in the same order; `None` for those whose
    /// key was destroyed.
    ///
    /// Errors: `Store`; `Damaged` when a row or a key does not decrypt to what was committed to.
    pub async fn reveal(
        &self,
        book: &Id,
        rows: &[SideRow],
    ) -> Result<Vec<Option<String>>, VaultError> {
        let owners = rows.iter().map(|row| row.owner.as_str()).collect();
        let keys = self.keys_of(book.as_str(), &owners).await?;
        rows.iter()
            .map(|row| match keys.get(&row.owner) {
                Some(keys) => open_row(keys, book.as_str(), row),
                None => Ok(None),
            })
            .collect()
    }

    /// Seals bytes that lie outside of the database under an owner's key, made on first use. They
    /// are bound to the place where they will lie.
    ///
    /// Errors: `Store`, `Random`, `Damaged` when a stored key is.
    pub async fn seal_file(
        &self,
        book: &Id,
        owner: &str,
        place: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        self.store.renew(book.as_str(), &[owner]).await?;
        let key = self.owner_key(book.as_str(), owner).await?;
        encrypt(&key.cipher, &key.id, bytes, &file_context(&key.id, book, owner, place))
    }

    /// Opens what [`Vault::seal_file`] sealed; `None` when its key was destroyed.
    ///
    /// Errors: `Store`; `Damaged` when it does not decrypt.
    pub async fn open_file(
        &self,
        book: &Id,
        owner: &str,
        place: &str,
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let damaged = || damaged(book.as_str(), owner);
        let (id, sealed) = split_id(sealed).ok_or_else(damaged)?;
        let keys = self.keys_of(book.as_str(), &BTreeSet::from([owner])).await?;
        let Some(key) = keys.get(owner).and_then(|keys| keys.by_id(&id)) else {
            return Ok(None);
        };
        let context = file_context(&id, book, owner, place);
        decrypt(&key.cipher, sealed, &context).map(Some).ok_or_else(damaged)
    }

    /// Whether a row holds this very text. After erasure nothing can tell, and any text passes.
    ///
    /// Errors: as for [`Vault::reveal`].
    pub async fn matches(&self, book: &Id, row: &SideRow, text: &str) -> Result<bool, VaultError> {
        let revealed = self.reveal(book, std::slice::from_ref(row)).await?;
        Ok(revealed.into_iter().flatten().all(|held| held == text))
    }

    /// A secret of this installation, made when it is first asked for and the same for ever: for
    /// hashing what could be guessed. No book is called so that it could be taken for an owner's key.
    ///
    /// Errors: `Store`, `Random`, `Damaged`.
    pub async fn secret(&self, purpose: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Ok(self.kept_key("", purpose).await?.1)
    }

    /// Destroys an owner's key for good, and says whether there was one. Text of that owner that
    /// is sealed later gets a new key, which does not open the old rows.
    ///
    /// Errors: `Store`.
    pub async fn erase(&self, book: &Id, owner: &str) -> Result<bool, VaultError> {
        Ok(self.store.delete(book.as_str(), owner).await?)
    }

    /// Destroys the keys that were made for records which never came, once they are a day old, and
    /// answers how many there were. Servers may sweep side by side.
    ///
    /// Errors: `Store`.
    pub async fn sweep(&self, reader: &Reader) -> Result<u64, VaultError> {
        let mut swept = 0;
        loop {
            let due = self.store.due(SWEEP_PAGE).await?;
            if due.is_empty() {
                return Ok(swept);
            }
            for (book, owner) in due {
                if in_use(reader, &book, &owner).await? {
                    self.store.keep(&book, &owner).await?;
                } else {
                    swept += u64::from(self.store.sweep(&book, &owner).await?);
                }
            }
        }
    }

    /// Destroys the keys of all whom a journal calls erased, wherever they come from, such as a
    /// server that died before it could, or a restored backup; and answers how many there were.
    /// Servers may sweep side by side.
    ///
    /// Errors: `Store`.
    pub async fn sweep_erased(&self, reader: &Reader) -> Result<u64, VaultError> {
        let mut swept = 0;
        for book in reader.books().await? {
            let mut snapshot = reader.snapshot(&book).await?;
            let mut after = String::new();
            loop {
                let rows = snapshot.rows(ERASED, &after, SWEEP_PAGE).await?;
                let Some(last) = rows.last() else { break };
                after.clone_from(&last.id);
                let owners: Vec<&str> = rows.iter().filter_map(erased_owner).collect();
                for (owner, _) in self.store.get_many(book.as_str(), &owners).await? {
                    swept += u64::from(self.store.delete(book.as_str(), &owner).await?);
                }
            }
            snapshot.finish().await?;
        }
        Ok(swept)
    }

    /// Gives an owner a new key: what is written from now on is sealed under it, and all that was
    /// sealed under the one before is sealed anew, text with its commitments and salts as they were, so
    /// that records, proofs and retries know no difference. Answers how many pieces of text and parts
    /// of files that were, and nothing if there is no key of theirs. Each step may be done again after a
    /// crash.
    ///
    /// The key before stays for a day at least, for what servers are writing with it just now:
    /// [`Vault::retire_due`] destroys it. Where no server runs, it can be destroyed `at_once`.
    ///
    /// Errors: `Store`, `Random`, `Damaged`.
    pub async fn turn(
        &self,
        all: &AllSealed,
        (book, owner): (&Id, &str),
        at_once: bool,
    ) -> Result<Option<u64>, VaultError> {
        let kept = self.store.get_many(book.as_str(), &[owner]).await?;
        // Two are there where a turn was begun before: it is carried on.
        if let [(_, seen)] = kept.as_slice() {
            let next = self.new_key(book.as_str(), owner)?;
            let seen = (book.to_string(), owner.to_owned(), seen.clone());
            self.store.turn(&seen, &next).await?;
        }
        let mut resealed = 0;
        while let Some(former) = self.former(book, owner).await? {
            resealed += self.reseal(all, (book, owner)).await?;
            if !at_once || self.store.retire(&former).await? {
                return Ok(Some(resealed));
            }
        }
        Ok((!kept.is_empty()).then_some(resealed))
    }

    /// Destroys the keys that others took over from a day ago, once nothing is found sealed under
    /// them, and answers how many. Servers may do so side by side.
    ///
    /// Errors: `Store`, `Random`, `Damaged`.
    pub async fn retire_due(&self, all: &AllSealed) -> Result<u64, VaultError> {
        let mut retired = 0;
        loop {
            let due = self.store.turned(SWEEP_PAGE).await?;
            if due.is_empty() {
                return Ok(retired);
            }
            for (book, owner) in due {
                let known = Id::new(&book).ok_or_else(|| damaged(&book, &owner))?;
                // What was found just now may be being read as it was: it has another day.
                let found = self.reseal(all, (&known, &owner)).await?;
                match self.former(&known, &owner).await? {
                    Some(former) if found == 0 => {
                        retired += u64::from(self.store.retire(&former).await?);
                    }
                    _ => self.store.postpone(&book, &owner).await?,
                }
            }
        }
    }

    /// The wrapped key that an owner's present one took over from.
    async fn former(&self, book: &Id, owner: &str) -> Result<Option<Wrapped>, VaultError> {
        let mut kept = self.store.get_many(book.as_str(), &[owner]).await?.into_iter().skip(1);
        Ok(kept.next().map(|(owner, wrapped)| (book.to_string(), owner, wrapped)))
    }

    /// Seals anew what is sealed under the key that an owner's present one took over from.
    async fn reseal(&self, all: &AllSealed, owned: (&Id, &str)) -> Result<u64, VaultError> {
        let (book, owner) = owned;
        let mut found = self.keys_of(book.as_str(), &BTreeSet::from([owner])).await?;
        let keys = found.remove(owner).unwrap_or_default();
        let [present, former] = keys.0.as_slice() else { return Ok(0) };
        let mut resealed = 0;
        loop {
            let mut snapshot = all.reader.snapshot(book).await?;
            let rows = snapshot.sides_under(owner, &former.id, RESEAL_PAGE).await?;
            snapshot.finish().await?;
            if rows.is_empty() {
                break;
            }
            let anew = |row: SideRow| {
                let content = open_content(former, book.as_str(), &row)?;
                let sealed = seal_content(present, book.as_str(), owner, &content)?.sealed;
                Ok((row, sealed))
            };
            let rows: Vec<Resealed> =
                rows.into_iter().map(anew).collect::<Result<_, VaultError>>()?;
            resealed += all.sides.reseal(book, &rows).await?;
        }
        for store in &all.beside {
            resealed += store.reseal(self, owned, &former.id).await?;
        }
        Ok(resealed)
    }

    /// A row's text sealed under its owner's present key, with the salt and so the commitment that it
    /// has.
    ///
    /// Errors: `Store`, `Random`; `Damaged` also where no key opens it.
    pub async fn anew(&self, book: &Id, row: &SideRow) -> Result<Vec<u8>, VaultError> {
        let owner = row.owner.as_str();
        let damaged = || damaged(book.as_str(), owner);
        let mut found = self.keys_of(book.as_str(), &BTreeSet::from([owner])).await?;
        let keys = found.remove(owner).unwrap_or_default();
        let (id, _) = split_id(&row.sealed).ok_or_else(damaged)?;
        let by = keys.by_id(&id).ok_or_else(damaged)?;
        let content = open_content(by, book.as_str(), row)?;
        let present = keys.present().ok_or_else(damaged)?;
        Ok(seal_content(present, book.as_str(), owner, &content)?.sealed)
    }

    /// Wraps all keys with the newest master key, and answers how many were not. Servers may seal and
    /// erase meanwhile.
    ///
    /// Errors: `Store`, `Random`; `Damaged` for a key that no master key opens.
    pub async fn rewrap_all(&self) -> Result<u64, VaultError> {
        self.look_again()?;
        let (mut rewrapped, mut after) = (0, (String::new(), String::new()));
        loop {
            let page = self.store.page((&after.0, &after.1), REWRAP_PAGE).await?;
            let Some((book, owner, _)) = page.last() else { return Ok(rewrapped) };
            after = (book.clone(), owner.clone());
            for wrapped in &page {
                rewrapped += u64::from(self.rewrap(wrapped).await?);
            }
        }
    }

    /// Wraps a key with the newest master key, and says whether it was not.
    async fn rewrap(&self, seen: &Wrapped) -> Result<bool, VaultError> {
        let (book, owner, wrapped) = seen;
        let ring = self.ring();
        let damaged = || damaged(book, owner);
        let (id, sealed) = split_id(wrapped).ok_or_else(damaged)?;
        let context = key_context(&id, book, owner);
        if decrypt(&ring.wraps, sealed, &context).is_some() {
            return Ok(false);
        }
        let key = ring.unlock(sealed, &context).ok_or_else(damaged)?;
        let wrapped = encrypt(&ring.wraps, &id, &key, &context)?;
        self.store.rewrap(seen, &wrapped).await?;
        Ok(true)
    }

    fn ring(&self) -> Ring {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks for the master keys as they are now. Errors: `MasterKey`.
    fn look_again(&self) -> Result<(), VaultError> {
        if let Some(rotation) = &self.rotation {
            let ring = rotation.ring()?;
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        }
        Ok(())
    }

    async fn keys_of(
        &self,
        book: &str,
        owners: &BTreeSet<&str>,
    ) -> Result<HashMap<String, OwnerKeys>, VaultError> {
        if owners.is_empty() {
            return Ok(HashMap::new());
        }
        let owners: Vec<_> = owners.iter().copied().collect();
        let mut keys: HashMap<String, OwnerKeys> = HashMap::new();
        for (owner, wrapped) in self.store.get_many(book, &owners).await? {
            let key = self.unwrap_key(book, &owner, &wrapped)?;
            keys.entry(owner).or_default().0.push(key);
        }
        Ok(keys)
    }

    /// A key as it is stored.
    fn new_key(&self, book: &str, owner: &str) -> Result<Vec<u8>, VaultError> {
        let id: [u8; KEY_ID] = random()?;
        let key = Zeroizing::new(random::<32>()?);
        self.look_again()?;
        encrypt(&self.ring().wraps, &id, key.as_slice(), &key_context(&id, book, owner))
    }

    /// The owner's key, made if there is none. Whoever comes second uses the first one's.
    async fn owner_key(&self, book: &str, owner: &str) -> Result<OwnerKey, VaultError> {
        let (id, key) = self.kept_key(book, owner).await?;
        OwnerKey::new(id, &key).ok_or_else(|| damaged(book, owner))
    }

    async fn kept_key(
        &self,
        book: &str,
        owner: &str,
    ) -> Result<([u8; KEY_ID], Zeroizing<Vec<u8>>), VaultError> {
        let wrapped = self.new_key(book, owner)?;
        let kept = self.store.insert_if_absent(book, owner, &wrapped).await?;
        let key = self.unlock_key(book, owner, &kept)?;
        // Another master key may have come between the two, and whoever wraps all keys anew may have
        // passed this one before it was here.
        self.look_again()?;
        self.rewrap(&(book.to_owned(), owner.to_owned(), kept)).await?;
        Ok(key)
    }

    fn unwrap_key(&self, book: &str, owner: &str, wrapped: &[u8]) -> Result<OwnerKey, VaultError> {
        let (id, key) = self.unlock_key(book, owner, wrapped)?;
        OwnerKey::new(id, &key).ok_or_else(|| damaged(book, owner))
    }

    fn unlock_key(
        &self,
        book: &str,
        owner: &str,
        wrapped: &[u8],
    ) -> Result<([u8; KEY_ID], Zeroizing<Vec<u8>>), VaultError> {
        let unwrap = |ring: Ring| {
            let (id, sealed) = split_id(wrapped)?;
            Some((id, ring.unlock(sealed, &key_context(&id, book, owner))?))
        };
        if let Some(key) = unwrap(self.ring()) {
            return Ok(key);
        }
        // It may have been wrapped with a master key that came since.
        self.look_again()?;
        unwrap(self.ring()).ok_or_else(|| damaged(book, owner))
    }
}

fn erased_owner(found: &RegisterRow) -> Option<&str> {
    match &found.row {
        Row::Erasure(erasure) => Some(&erasure.owner),
        _ => None,
    }
}

/// Whether a key's owner is known to its book. Rows and texts are never deleted, so that who is
/// known stays so.
async fn in_use(reader: &Reader, book: &str, owner: &str) -> Result<bool, StorageError> {
    let Some(book) = Id::new(book) else { return Ok(true) };
    let mut snapshot = reader.snapshot(&book).await?;
    let registered = match owner.rsplit_once('/') {
        Some((parent, id)) => snapshot.row(&RowName::new(parent, id)).await?.is_some(),
        // The LKM is known once its book is.
        None => owner == LKM && snapshot.head().size > 0,
    };
    let known = registered || snapshot.has_side_of(owner).await?;
    snapshot.finish().await?;
    Ok(known)
}

fn seal_row(key: &OwnerKey, book: &str, owner: &str, text: &str) -> Result<SideRow, VaultError> {
    let mut content = Zeroizing::new(Vec::with_capacity(SALT + text.len()));
    content.extend_from_slice(&random::<SALT>()?);
    content.extend_from_slice(text.as_bytes());
    seal_content(key, book, owner, &content)
}

/// Seals salt and text.
fn seal_content(
    key: &OwnerKey,
    book: &str,
    owner: &str,
    content: &[u8],
) -> Result<SideRow, VaultError> {
    let commitment = commit(content);
    let context = row_context(&key.id, book, owner, &commitment);
    let sealed = encrypt(&key.cipher, &key.id, content, &context)?;
    Ok(SideRow { commitment, owner: owner.to_owned(), sealed })
}

fn open_row(keys: &OwnerKeys, book: &str, row: &SideRow) -> Result<Option<String>, VaultError> {
    let damaged = || damaged(book, &row.owner);
    let (id, _) = split_id(&row.sealed).ok_or_else(damaged)?;
    let Some(key) = keys.by_id(&id) else { return Ok(None) };
    let content = open_content(key, book, row)?;
    let text = content.get(SALT..).ok_or_else(damaged)?;
    String::from_utf8(text.to_vec()).map(Some).map_err(|_| damaged())
}

/// Salt and text, as they were committed to.
fn open_content(
    key: &OwnerKey,
    book: &str,
    row: &SideRow,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let damaged = || damaged(book, &row.owner);
    let (id, sealed) = split_id(&row.sealed).ok_or_else(damaged)?;
    let context = row_context(&id, book, &row.owner, &row.commitment);
    let content = decrypt(&key.cipher, sealed, &context).ok_or_else(damaged)?;
    if commit(&content) != row.commitment {
        return Err(damaged());
    }
    Ok(content)
}

/// Over salt and text, which are hashed as they lie.
fn commit(content: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(COMMITMENT).chain_update(content).finalize().into()
}

fn key_context(id: &[u8], book: &str, owner: &str) -> Vec<u8> {
    context(KEY_CONTEXT, &[id, book.as_bytes(), owner.as_bytes()])
}

fn row_context(id: &[u8], book: &str, owner: &str, commitment: &[u8; 32]) -> Vec<u8> {
    context(ROW_CONTEXT, &[id, book.as_bytes(), owner.as_bytes(), commitment])
}

fn file_context(id: &[u8], book: &Id, owner: &str, place: &str) -> Vec<u8> {
    context(FILE_CONTEXT, &[id, book.as_str().as_bytes(), owner.as_bytes(), place.as_bytes()])
}

/// What a ciphertext is bound to: parts with their lengths, so that none runs into the next.
fn context(domain: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = domain.to_vec();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn encrypt(
    cipher: &XChaCha20Poly1305,
    id: &[u8; KEY_ID],
    text: &[u8],
    context: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE] = random()?;
    let payload = Payload { msg: text, aad: context };
    let ciphertext = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| StorageError::Failed("the text is too long to seal".to_owned()))?;
    Ok([id.as_slice(), nonce.as_slice(), &ciphertext].concat())
}

/// The plaintext of `nonce | ciphertext`; `None` when any byte of it or of the context differs.
fn decrypt(
    cipher: &XChaCha20Poly1305,
    sealed: &[u8],
    context: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>()?;
    if ciphertext.len() < TAG {
        return None;
    }
    let payload = Payload { msg: ciphertext, aad: context };
    cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

fn split_id(bytes: &[u8]) -> Option<([u8; KEY_ID], &[u8])> {
    bytes.split_first_chunk().map(|(id, rest)| (*id, rest))
}

fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| VaultError::Random(error.to_string()))?;
    Ok(bytes)
}

fn damaged(book: &str, owner: &str) -> VaultError {
    VaultError::Damaged { book: book.to_owned(), owner: owner.to_owned() }
}
