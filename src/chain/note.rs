//! Signed notes, as [C2SP signed-note](https://c2sp.org/signed-note) defines them: a text, an empty
//! line, and one line for each signature. Ed25519 keys only. A second key signs beside the book's
//! with the time at which it did ([C2SP tlog-cosignature](https://c2sp.org/tlog-cosignature)); such
//! keys are of their own type, for neither sort of signature may pass for the other.
//!
//! **Invariant**: [`Note::verify`] says yes only for a signature of that very key over that very
//! text; the key's name is part of what identifies it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// The algorithm byte of plain Ed25519.
const ED25519: u8 = 1;

/// The algorithm byte of a timestamped cosignature.
const COSIGNATURE: u8 = 4;

const SECRET: &str = "PRIVATE+KEY+";

/// Why text is not a note or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a note.
    #[error("this is not a signed note")]
    Malformed,
    /// Not the form of a key, or its name is not one.
    #[error("this is not a key of a signed note")]
    BadKey,
    /// No signature of the key, or one that does not hold.
    #[error("the note does not carry a sound signature of this key")]
    NotSigned,
}

/// A public key with its name, written `name+hash+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
    algorithm: u8,
}

impl PublicKey {
    /// Reads `name+hash+key`. Errors: `BadKey`.
    pub fn parse(text: &str) -> Result<PublicKey, NoteError> {
        PublicKey::parse_of(text, ED25519)
    }

    fn parse_of(text: &str, algorithm: u8) -> Result<PublicKey, NoteError> {
        let (name, bytes) = named_key(text, algorithm)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| NoteError::BadKey)?;
        let found = PublicKey { name, key, algorithm };
        if found.to_string() == text { Ok(found) } else { Err(NoteError::BadKey) }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of the hash over name, algorithm and key.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update([b'\n', self.algorithm]);
        let hash: [u8; 32] = hash.chain_update(self.key.as_bytes()).finalize().into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    /// Whether these 64 bytes are a signature of this key. Errors: `NotSigned`.
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        let signature = Signature::from_slice(signature).map_err(|_| NoteError::NotSigned)?;
        self.key.verify_strict(message, &signature).map_err(|_| NoteError::NotSigned)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, bytes: &[u8; 32]) -> fmt::Result {
        let key = STANDARD.encode([&[self.algorithm], bytes.as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id()))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.key.as_bytes())
    }
}

/// Reads `name+hash+base64(algorithm, 32 bytes)`; the hash is left to the caller.
fn named_key(text: &str, algorithm: u8) -> Result<(String, [u8; 32]), NoteError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::BadKey);
    };
    let bytes = STANDARD.decode(key).map_err(|_| NoteError::BadKey)?;
    match bytes.split_first() {
        Some((found, rest)) if *found == algorithm && is_name(name) => {
            Ok((name.to_owned(), rest.try_into().map_err(|_| NoteError::BadKey)?))
        }
        _ => Err(NoteError::BadKey),
    }
}

/// Names are of one line, without spaces and plus signs.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// A secret key with its name, written `PRIVATE+KEY+name+hash+key`. It never shows itself unasked.
pub struct SecretKey {
    public: PublicKey,
    key: SigningKey,
}

impl SecretKey {
    /// A key from 32 random bytes. Errors: `BadKey` for what is not a name.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<SecretKey, NoteError> {
        SecretKey::new_of(name, seed, ED25519)
    }

    fn new_of(name: &str, seed: &[u8; 32], algorithm: u8) -> Result<SecretKey, NoteError> {
        if !is_name(name) {
            return Err(NoteError::BadKey);
        }
        let key = SigningKey::from_bytes(seed);
        let public = PublicKey { name: name.to_owned(), key: key.verifying_key(), algorithm };
        Ok(SecretKey { public, key })
    }

    /// Reads what [`SecretKey::reveal`] wrote. Errors: `BadKey`.
    pub fn parse(text: &str) -> Result<SecretKey, NoteError> {
        SecretKey::parse_of(text, ED25519)
    }

    fn parse_of(text: &str, algorithm: u8) -> Result<SecretKey, NoteError> {
        let key = text.strip_prefix(SECRET).ok_or(NoteError::BadKey)?;
        let (name, seed) = named_key(key, algorithm)?;
        let key = SecretKey::new_of(&name, &seed, algorithm)?;
        if key.reveal() == text { Ok(key) } else { Err(NoteError::BadKey) }
    }

    /// The secret as text, for the file that keeps it.
    pub fn reveal(&self) -> String {
        struct Secret<'a>(&'a SecretKey);
        impl fmt::Display for Secret<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.public.write(f, self.0.key.as_bytes())
            }
        }
        format!("{SECRET}{}", Secret(self))
    }

    /// The key that checks this one's signatures.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public)
    }
}

/// The public key of who signs beside the book, written as a [`PublicKey`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignerKey(PublicKey);

impl CosignerKey {
    /// Reads `name+hash+key`. Errors: `BadKey`.
    pub fn parse(text: &str) -> Result<CosignerKey, NoteError> {
        PublicKey::parse_of(text, COSIGNATURE).map(CosignerKey)
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The secret key of who signs beside the book.
#[derive(Debug)]
pub struct Cosigner(SecretKey);

impl Cosigner {
    /// A key from 32 random bytes. Errors: `BadKey` for what is not a name.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Cosigner, NoteError> {
        SecretKey::new_of(name, seed, COSIGNATURE).map(Cosigner)
    }

    /// Reads what [`Cosigner::reveal`] wrote. Errors: `BadKey`.
    pub fn parse(text: &str) -> Result<Cosigner, NoteError> {
        SecretKey::parse_of(text, COSIGNATURE).map(Cosigner)
    }

    /// The secret as text, for the file that keeps it.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// The key that checks this one's cosignatures.
    pub fn public(&self) -> CosignerKey {
        CosignerKey(self.0.public.clone())
    }
}

/// What a cosignature signs: the time, in seconds since 1970-01-01T00:00:00Z, and the note's text.
fn timed(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A text with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    /// Name, and key id with signature.
    signatures: Vec<(String, Vec<u8>)>,
}

impl Note {
    /// A text not signed yet; it must end a line. Errors: `Malformed`.
    pub fn new(text: String) -> Result<Note, NoteError> {
        let is_clean =
            text.ends_with('\n') && !text.contains(|c: char| c.is_control() && c != '\n');
        if is_clean { Ok(Note { text, signatures: Vec::new() }) } else { Err(NoteError::Malformed) }
    }

    /// Reads a note with at least one signature, of whatever keys. Errors: `Malformed`.
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let mut read = Note::new(format!("{text}\n"))?;
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        for line in lines.split('\n') {
            let signature = line.strip_prefix("\u{2014} ").and_then(|line| line.split_once(' '));
            let (name, signature) = signature.ok_or(NoteError::Malformed)?;
            let signature = STANDARD.decode(signature).map_err(|_| NoteError::Malformed)?;
            if !is_name(name) || signature.len() <= 4 {
                return Err(NoteError::Malformed);
            }
            read.signatures.push((name.to_owned(), signature));
        }
        Ok(read)
    }

    /// A text with one signature under a name: the key's id, and what the key made of the text.
    /// Errors: `Malformed`.
    pub fn signed(text: String, name: &str, signature: &[u8]) -> Result<Note, NoteError> {
        let mut note = Note::new(text)?;
        if !is_name(name) || signature.len() <= 4 {
            return Err(NoteError::Malformed);
        }
        note.signatures.push((name.to_owned(), signature.to_vec()));
        Ok(note)
    }

    /// The signature, with its key's id, of a note that has one only, under this name.
    pub fn only_signature(&self, name: &str) -> Option<&[u8]> {
        match self.signatures.as_slice() {
            [(signer, signature)] if signer == name => Some(signature),
            _ => None,
        }
    }

    /// The text, nothing of it proved yet.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a signature.
    pub fn sign(&mut self, key: &SecretKey) {
        let signature = key.key.sign(self.text.as_bytes());
        let signature = [key.public.id().as_slice(), &signature.to_bytes()].concat();
        self.signatures.push((key.public.name.clone(), signature));
    }

    /// Adds a cosignature of a time, in seconds since 1970-01-01T00:00:00Z.
    pub fn cosign(&mut self, Cosigner(key): &Cosigner, time: u64) {
        let signature = key.key.sign(timed(time, &self.text).as_bytes()).to_bytes();
        let (id, time) = (key.public.id(), time.to_be_bytes());
        let signature = [id.as_slice(), &time, &signature].concat();
        self.signatures.push((key.public.name.clone(), signature));
    }

    /// When this key last cosigned the note, in seconds since 1970-01-01T00:00:00Z. None of its
    /// cosignatures may be unsound. Errors: `NotSigned`.
    pub fn cosigned(&self, CosignerKey(key): &CosignerKey) -> Result<u64, NoteError> {
        let mut last = None;
        for signature in self.signatures_of(key) {
            let (time, signature) = signature.split_first_chunk().ok_or(NoteError::NotSigned)?;
            let time = u64::from_be_bytes(*time);
            key.check(timed(time, &self.text).as_bytes(), signature)?;
            last = last.max(Some(time));
        }
        last.ok_or(NoteError::NotSigned)
    }

    /// The signatures under this key's name and id, without the id.
    fn signatures_of<'a>(&'a self, key: &'a PublicKey) -> impl Iterator<Item = &'a [u8]> {
        let own = self.signatures.iter().filter(|(name, _)| *name == key.name);
        let id = key.id();
        own.filter_map(move |(_, bytes)| bytes.strip_prefix(&id))
    }

    /// Whether the note carries a sound signature of this key, and none of it that is not.
    /// Errors: `NotSigned`.
    pub fn verify(&self, key: &PublicKey) -> Result<(), NoteError> {
        let mut signed = false;
        for signature in self.signatures_of(key) {
            key.check(self.text.as_bytes(), signature)?;
            signed = true;
        }
        if signed { Ok(()) } else { Err(NoteError::NotSigned) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for (name, signature) in &self.signatures {
            writeln!(f, "\u{2014} {name} {}", STANDARD.encode(signature))?;
        }
        Ok(())
    }
}
