//! Signed notes, as [C2SP signed-note](https://c2sp.org/signed-note) defines them: a text, an empty
//! line, and one line for each signature. Ed25519 keys only.
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
}

impl PublicKey {
    /// Reads `name+hash+key`. Errors: `BadKey`.
    pub fn parse(text: &str) -> Result<PublicKey, NoteError> {
        let (name, bytes) = named_key(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| NoteError::BadKey)?;
        let found = PublicKey { name, key };
        if found.to_string() == text { Ok(found) } else { Err(NoteError::BadKey) }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of the hash over name, algorithm and key.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]);
        let hash: [u8; 32] = hash.chain_update(self.key.as_bytes()).finalize().into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, bytes: &[u8; 32]) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], bytes.as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id()))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.key.as_bytes())
    }
}

/// Reads `name+hash+base64(algorithm, 32 bytes)`; the hash is left to the caller.
fn named_key(text: &str) -> Result<(String, [u8; 32]), NoteError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::BadKey);
    };
    let bytes = STANDARD.decode(key).map_err(|_| NoteError::BadKey)?;
    match bytes.split_first() {
        Some((&ED25519, rest)) if is_name(name) => {
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
        if !is_name(name) {
            return Err(NoteError::BadKey);
        }
        let key = SigningKey::from_bytes(seed);
        let public = PublicKey { name: name.to_owned(), key: key.verifying_key() };
        Ok(SecretKey { public, key })
    }

    /// Reads what [`SecretKey::reveal`] wrote. Errors: `BadKey`.
    pub fn parse(text: &str) -> Result<SecretKey, NoteError> {
        let (name, seed) = named_key(text.strip_prefix(SECRET).ok_or(NoteError::BadKey)?)?;
        let key = SecretKey::new(&name, &seed)?;
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

    /// Whether the note carries a sound signature of this key, and none of it that is not.
    /// Errors: `NotSigned`.
    pub fn verify(&self, key: &PublicKey) -> Result<(), NoteError> {
        let id = key.id();
        let own = |signature: &&(String, Vec<u8>)| {
            signature.0 == key.name && signature.1.starts_with(&id)
        };
        let mut signed = false;
        for (_, bytes) in self.signatures.iter().filter(own) {
            let signature = Signature::from_slice(&bytes[id.len()..]);
            let signature = signature.map_err(|_| NoteError::NotSigned)?;
            let sound = key.key.verify_strict(self.text.as_bytes(), &signature);
            sound.map_err(|_| NoteError::NotSigned)?;
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
