//! Who calls: tokens, devices, one-time codes, PINs, what users are known by elsewhere, and the
//! access log.
//!
//! What a user may do in a book is said by the roles in its journal; this is only about who they
//! are. There are three ways to say so: the token of an enrolled device; a token of the
//! institution's identity provider ([`oidc`]); and, for machines, a TLS client certificate. The last
//! two count only where an administrator has linked them to a user.
//!
//! **Invariants**: a secret leaves here once, when it is made, and is kept as a hash; a wrong PIN is
//! counted before it is looked at; whatever is refused looks the same from outside, whether a
//! token never was, or has ended, or was forged.

pub mod certificates;
pub mod fetch;
pub mod jwks;
pub mod oidc;
mod strangers;
mod verifier;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::PasswordHasher as _;
use argon2::{Argon2, PasswordHash, PasswordVerifier as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::id::Id;
use crate::journal::Clock;
use crate::storage::StorageError;
use crate::storage::access::{
    AccessStore, Account, Device, Identity, IdentityKind, Lookup, NewDevice,
};
use oidc::Provider;
use strangers::{Refusals, Strangers};

const SECOND: i64 = 1_000_000;
/// How long a one-time code holds.
const INVITATION: i64 = 24 * 60 * 60 * SECOND;
/// How long a device stays unlocked.
const UNLOCKED: i64 = 8 * 60 * 60 * SECOND;
/// How many wrong PINs in a row lock a device.
const GUESSES: i64 = 5;
/// For how long, for the first time; every further wrong PIN doubles it.
const LOCKED: i64 = 15 * 60 * SECOND;
/// How often it is doubled at most: half a year.
const DOUBLED: i64 = 14;
/// What one-time codes are written in: no letters that look like digits or like each other.
const CODE_LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// The device of whoever signs in with a token of the identity provider. Which of the provider's
/// users it was stays out of the records, which are kept for ever.
const PROVIDERS: &str = "oidc";

/// A secret that is shown once.
pub type Secret = Zeroizing<String>;

/// Who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The user's id.
    pub user: String,
    /// The device's id; `oidc` for the identity provider's users, and `certificate-` with the
    /// beginning of its fingerprint for machines.
    pub device: String,
    /// Whether they manage the server's access.
    pub administrator: bool,
}

/// What a user is known by elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownAs {
    /// To an identity provider, by its name for them: `(issuer, subject)`.
    Subject(String, String),
    /// By a machine's certificate of this fingerprint.
    Certificate(String),
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The token is nobody's, or its device has ended, or what was unlocked with it has.
    #[error("the token is not known")]
    Token,
    /// The token is that of a device that has to be unlocked first.
    #[error("the device has to be unlocked")]
    Locked,
    /// The PIN is wrong.
    #[error("the PIN is wrong")]
    Pin,
    /// Too many PINs were wrong; when the next one may be tried, in microseconds since 1970.
    #[error("the device is locked")]
    TooManyGuesses(i64),
    /// The one-time code is not known, was used, or is too old.
    #[error("the code is not known")]
    Code,
    /// There is a user of that id who is at home elsewhere.
    #[error("the user is at home elsewhere")]
    Elsewhere,
    /// There is no such user or device at home here.
    #[error("not known here")]
    Unknown,
    /// Tokens of that identity provider are not taken here.
    #[error("the identity provider is not known")]
    Issuer,
    /// It is another user who is known by this.
    #[error("it is linked to somebody else")]
    Taken,
    /// What was permitted was given before.
    #[error("the permit is spent")]
    Spent,
    /// The store cannot be reached.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system gives no random bytes, or a PIN cannot be hashed.
    #[error("no secret can be made: {0}")]
    Secret(String),
}

/// Knows callers by their tokens. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    store: AccessStore,
    clock: Clock,
    /// With the key that the names of its users are hashed with.
    provider: Option<(Provider, hmac::Key)>,
    strangers: Arc<Mutex<Strangers>>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    /// Over a store, by a clock in microseconds since 1970.
    pub fn new(store: AccessStore, clock: Clock) -> Access {
        Access { store, clock, provider: None, strangers: Arc::default() }
    }

    /// The same, knowing the users of an identity provider, too. Their names are kept hashed with the
    /// installation's secret.
    #[must_use]
    pub fn with_provider(self, provider: Provider, secret: &[u8]) -> Access {
        let names = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Access { provider: Some((provider, names)), ..self }
    }

    /// Who has this token. Errors: `Token`, `Locked`, `Storage`.
    pub async fn sign_in(&self, token: &str) -> Result<SignedIn, AccessError> {
        match &self.provider {
            // Ours have no dots, signed ones two.
            Some((provider, names)) if token.contains('.') => {
                self.by_provider(provider, names, token).await
            }
            _ => self.by_device(token).await,
        }
    }

    async fn by_provider(
        &self,
        provider: &Provider,
        names: &hmac::Key,
        token: &str,
    ) -> Result<SignedIn, AccessError> {
        let subject = provider.subject(token).await.map_err(|why| {
            tracing::info!(%why, "a token of the identity provider is refused");
            AccessError::Token
        })?;
        let hash = hashed_subject(names, provider.issuer(), &subject);
        let found = self.store.identity(IdentityKind::Provider, &hash).await?;
        let Account { id: user, administrator, .. } = found.ok_or(AccessError::Token)?.account;
        Ok(SignedIn { user, device: PROVIDERS.to_owned(), administrator })
    }

    /// Whose machine has the certificate of this fingerprint, if it is anybody's. Errors: `Storage`.
    pub async fn machine(&self, fingerprint: &str) -> Result<Option<SignedIn>, AccessError> {
        let found = self.store.identity(IdentityKind::Certificate, fingerprint).await?;
        Ok(found.map(|Identity { account, .. }| {
            let device = format!("certificate-{}", fingerprint.get(..16).unwrap_or(fingerprint));
            SignedIn { user: account.id, device, administrator: account.administrator }
        }))
    }

    async fn by_device(&self, token: &str) -> Result<SignedIn, AccessError> {
        let hash = hashed(token);
        if let Some(device) = self.store.device_by_token(&hash).await? {
            return match (device.revoked_at, device.pin.is_empty()) {
                (0, true) => Ok(signed_in(device)),
                (0, false) => Err(AccessError::Locked),
                _ => Err(AccessError::Token),
            };
        }
        let unlocked = self.store.unlocked(&hash, (self.clock)()).await?;
        let device = unlocked.filter(|device| device.revoked_at == 0).ok_or(AccessError::Token)?;
        Ok(signed_in(device))
    }

    /// Makes an administrator of the server with a one-time code for their first device.
    ///
    /// Errors: `Elsewhere` for a user at home in a book, `Storage`, `Secret`.
    pub async fn administrator(&self, user: &Id) -> Result<Secret, AccessError> {
        self.add(Account { id: user.to_string(), home: String::new(), administrator: true })
            .await?;
        let permit = format!("/{}", hex::encode(random::<8>()?));
        Ok(self.invite("", user, &permit).await?.0)
    }

    /// Makes a user at home in a book. The same again changes nothing.
    ///
    /// Errors: `Elsewhere`, `Storage`.
    pub async fn create(&self, home: &Id, user: &Id) -> Result<(), AccessError> {
        let home = home.to_string();
        self.add(Account { id: user.to_string(), home, administrator: false }).await
    }

    async fn add(&self, account: Account) -> Result<(), AccessError> {
        if self.store.add_account(&account).await? {
            return Ok(());
        }
        match self.store.account(&account.id).await? {
            Some(same) if same == account => Ok(()),
            _ => Err(AccessError::Elsewhere),
        }
    }

    /// Makes a one-time code for a user at home in a book (empty: the server itself) by a permit, and
    /// says until when it holds. The code made by the permit before holds no more.
    ///
    /// Errors: `Unknown`, `Spent`, `Storage`, `Secret`.
    pub async fn invite(
        &self,
        home: &str,
        user: &Id,
        permit: &str,
    ) -> Result<(Secret, i64), AccessError> {
        self.check_home(home, user).await?;
        if self.store.is_spent(permit).await? {
            return Err(AccessError::Spent);
        }
        let (code, now) = (code()?, (self.clock)());
        let expires_at = now + INVITATION;
        let whose = (user.as_str(), permit);
        self.store.invite(&hashed(&code), whose, expires_at, now).await?;
        Ok((code, expires_at))
    }

    /// Enrols a device with a one-time code and a PIN, empty for none: the user's id, the device's,
    /// and its token.
    ///
    /// Errors: `Code`, `Storage`, `Secret`.
    pub async fn enrol(
        &self,
        code: &str,
        label: &str,
        pin: &str,
    ) -> Result<(String, String, Secret), AccessError> {
        let pin = match pin {
            "" => String::new(),
            pin => hashed_pin(pin.to_owned()).await?,
        };
        let (id, token) = (hex::encode(random::<8>()?), token()?);
        let device = NewDevice { id: id.clone(), label: label.to_owned(), pin };
        let code = hashed(&code.trim().to_ascii_lowercase());
        let enrolled = self.store.enrol(&code, (self.clock)(), &hashed(&token), &device).await?;
        let user = enrolled.ok_or(AccessError::Code)?;
        Ok((user, id, token))
    }

    /// Unlocks a device with its PIN: the token to call with, and until when it holds.
    ///
    /// Errors: `Token`, `Pin`, `TooManyGuesses`, `Storage`, `Secret`.
    pub async fn unlock(&self, device: &str, pin: &str) -> Result<(Secret, i64), AccessError> {
        let now = (self.clock)();
        let device = self.store.device_by_token(&hashed(device)).await?;
        let device = device.filter(|one| one.revoked_at == 0 && !one.pin.is_empty());
        let device = device.ok_or(AccessError::Token)?;
        if now < device.locked_until {
            return Err(AccessError::TooManyGuesses(device.locked_until));
        }
        if !self.store.guess(&device, lock_after(device.wrong_pins + 1, now)).await? {
            // Somebody else guesses at this very moment.
            return Err(AccessError::TooManyGuesses(now + SECOND));
        }
        if !is_pin(pin.to_owned(), device.pin.clone()).await? {
            return Err(AccessError::Pin);
        }
        let (token, expires_at) = (token()?, now + UNLOCKED);
        self.store.unlock(&device.id, &hashed(&token), expires_at, now).await?;
        Ok((token, expires_at))
    }

    /// The device of a token of its own, locked or not; none for a token of nobody.
    ///
    /// Errors: `Storage`.
    pub async fn holder(&self, token: &str) -> Result<Option<Device>, AccessError> {
        Ok(self.store.device_by_token(&hashed(token)).await?)
    }

    /// The devices of a user at home in a book.
    ///
    /// Errors: `Unknown`, `Storage`.
    pub async fn devices(&self, home: &str, user: &Id) -> Result<Vec<Device>, AccessError> {
        self.at_home(home, user.as_str()).await?;
        Ok(self.store.devices(user.as_str()).await?)
    }

    /// Ends a device of a user at home in a book.
    ///
    /// Errors: `Unknown`, `Storage`.
    pub async fn revoke(&self, home: &str, device: &str) -> Result<(), AccessError> {
        let found = self.store.device(device).await?;
        let here = found.filter(|found| found.account.home == home).ok_or(AccessError::Unknown)?;
        Ok(self.store.revoke(&here.id, (self.clock)()).await?)
    }

    /// Whether a user at home in a book can be linked to what they are known by elsewhere.
    ///
    /// Errors: `Unknown`, `Issuer`, `Taken`, `Storage`.
    pub async fn check_link(
        &self,
        home: &str,
        user: &Id,
        known_as: &KnownAs,
    ) -> Result<(), AccessError> {
        let account = self.at_home(home, user.as_str()).await?;
        let (kind, hash) = self.hash_of(known_as)?;
        let there = self.store.identity(kind, &hash).await?;
        match there.is_none_or(|there| there.account == account) {
            true => Ok(()),
            false => Err(AccessError::Taken),
        }
    }

    /// Links a user at home in a book to what they are known by elsewhere, by a permit. The same again
    /// changes nothing.
    ///
    /// Errors: `Unknown`, `Issuer`, `Taken`, `Spent`, `Storage`, `Secret`.
    pub async fn link(
        &self,
        home: &str,
        user: &Id,
        known_as: &KnownAs,
        permit: &str,
    ) -> Result<Identity, AccessError> {
        let account = self.at_home(home, user.as_str()).await?;
        let (kind, hash) = self.hash_of(known_as)?;
        let id = hex::encode(random::<8>()?);
        let linked_at = (self.clock)();
        let identity = Identity { id, account, kind, hash, linked_at };
        if self.store.link(&identity, permit).await? {
            return Ok(identity);
        }
        match self.store.identity(kind, &identity.hash).await? {
            Some(there) if there.account == identity.account => Ok(there),
            Some(_) => Err(AccessError::Taken),
            None => Err(AccessError::Spent),
        }
    }

    /// What is kept of what somebody is known by.
    fn hash_of(&self, known_as: &KnownAs) -> Result<(IdentityKind, String), AccessError> {
        match known_as {
            KnownAs::Certificate(fingerprint) => {
                Ok((IdentityKind::Certificate, fingerprint.clone()))
            }
            KnownAs::Subject(issuer, subject) => {
                let known = self.provider.as_ref();
                let known = known.filter(|(provider, _)| provider.issuer() == issuer);
                let (_, names) = known.ok_or(AccessError::Issuer)?;
                Ok((IdentityKind::Provider, hashed_subject(names, issuer, subject)))
            }
        }
    }

    /// What a user at home in a book is known by elsewhere.
    ///
    /// Errors: `Unknown`, `Storage`.
    pub async fn identities(&self, home: &str, user: &Id) -> Result<Vec<Identity>, AccessError> {
        self.at_home(home, user.as_str()).await?;
        Ok(self.store.identities(user.as_str()).await?)
    }

    /// Takes from a user at home in a book what they are known by elsewhere, at once.
    ///
    /// Errors: `Unknown`, `Storage`.
    pub async fn unlink(&self, home: &str, identity: &str) -> Result<(), AccessError> {
        let found = self.store.identity_by_id(identity).await?;
        let here = found.filter(|found| found.account.home == home).ok_or(AccessError::Unknown)?;
        Ok(self.store.unlink(&here.id).await?)
    }

    /// Whether what somebody signed in by has not ended: their device, or the link to who they are
    /// elsewhere.
    ///
    /// Errors: `Storage`.
    pub async fn is_known_still(&self, user: &SignedIn) -> Result<bool, AccessError> {
        match self.store.device(&user.device).await? {
            Some(device) => Ok(device.revoked_at == 0),
            None => Ok(!self.store.identities(&user.user).await?.is_empty()),
        }
    }

    /// Whether a user is at home in a book.
    ///
    /// Errors: `Unknown`, `Storage`.
    pub async fn check_home(&self, home: &str, user: &Id) -> Result<(), AccessError> {
        self.at_home(home, user.as_str()).await.map(drop)
    }

    async fn at_home(&self, home: &str, user: &str) -> Result<Account, AccessError> {
        let account = self.store.account(user).await?;
        account.filter(|account| account.home == home).ok_or(AccessError::Unknown)
    }

    /// Writes a line into a book's access log; `at`, `nonce` and `times` are set here.
    ///
    /// Errors: `Storage`, `Secret`.
    pub async fn looked(&self, book: &str, line: Lookup) -> Result<(), AccessError> {
        let nonce = hex::encode(random::<8>()?);
        let line = Lookup { at: (self.clock)(), nonce, times: 1, ..line };
        Ok(self.store.looked(book, &line).await?)
    }

    /// Counts a refusal of somebody whom nobody knows, and keeps what is due of it in the log of the
    /// server itself. What cannot be kept changes nothing of the refusal.
    pub async fn refused_stranger(&self, reason: &'static str) {
        let due = self.strangers().refused((self.clock)(), reason);
        if let Err(error) = self.tell(due).await {
            tracing::warn!(%error, "refusals are not in the access log");
        }
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(&self, due: Vec<Refusals>) -> Result<(), AccessError> {
        for Refusals { at, reason, times } in due {
            let (nonce, reason) = (hex::encode(random::<8>()?), reason.to_owned());
            let line = Lookup { at, nonce, reason, times, ..Lookup::default() };
            self.store.looked("", &line).await?;
        }
        Ok(())
    }

    /// The access log of the server itself, as [`Access::lookups`] has a book's, with whatever this
    /// server has counted so far.
    ///
    /// Errors: `Storage`, `Secret`.
    pub async fn server_lookups(
        &self,
        after: (i64, &str),
        limit: u32,
    ) -> Result<Vec<Lookup>, AccessError> {
        let told = self.strangers().told();
        self.tell(told).await?;
        self.lookups("", after, limit).await
    }

    /// A book's access log, newest first, from the line after `after` on.
    ///
    /// Errors: `Storage`.
    pub async fn lookups(
        &self,
        book: &str,
        after: (i64, &str),
        limit: u32,
    ) -> Result<Vec<Lookup>, AccessError> {
        Ok(self.store.lookups(book, after, limit).await?)
    }

    /// Now, in microseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }
}

fn signed_in(device: Device) -> SignedIn {
    let Account { id: user, administrator, .. } = device.account;
    SignedIn { user, device: device.id, administrator }
}

/// Until when a device is locked once so many PINs in a row were wrong.
fn lock_after(wrong: i64, now: i64) -> i64 {
    match wrong - GUESSES {
        under if under < 0 => 0,
        over => now + (LOCKED << over.min(DOUBLED)),
    }
}

fn hashed(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// The provider's names of its users may be those of people, and easily guessed, so that they are kept
/// as a hash that nobody can make without the installation's secret. The issuer is that of the
/// settings, which has no zero byte.
fn hashed_subject(names: &hmac::Key, issuer: &str, subject: &str) -> String {
    hex::encode(hmac::sign(names, format!("{issuer}\0{subject}").as_bytes()))
}

fn random<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::Secret(error.to_string()))?;
    Ok(bytes)
}

/// 256 random bits.
fn token() -> Result<Secret, AccessError> {
    let bytes = Zeroizing::new(random::<32>()?);
    Ok(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// Sixty random bits in three groups that people can type.
fn code() -> Result<Secret, AccessError> {
    let bytes = Zeroizing::new(random::<12>()?);
    let letters: Vec<char> =
        bytes.iter().map(|byte| char::from(CODE_LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(Zeroizing::new(groups.join("-")))
}

/// Hashing a PIN takes tens of milliseconds by design, so that it is done where nobody waits.
async fn hashed_pin(pin: String) -> Result<String, AccessError> {
    let hashing =
        move || Argon2::default().hash_password(pin.as_bytes()).map(|hash| hash.to_string());
    let hash = tokio::task::spawn_blocking(hashing).await.map_err(unhashed)?;
    hash.map_err(unhashed)
}

async fn is_pin(pin: String, hash: String) -> Result<bool, AccessError> {
    let checking = move || {
        let hash = PasswordHash::new(&hash).map_err(unhashed)?;
        Ok(Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok())
    };
    tokio::task::spawn_blocking(checking).await.map_err(unhashed)?
}

fn unhashed(error: impl std::fmt::Display) -> AccessError {
    AccessError::Secret(error.to_string())
}
