//! A second key that signs a book's checkpoints beside the book's own: an auditor, a Dinas, another
//! LKM. Its file stays with whoever signs.
//!
//! **Invariant**: a second key never signs two histories either: what it signs continues what it
//! signed last, which lies beside its file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Answer, Client};
use crate::api::v1;
use crate::chain::checkpoint::{Checkpoint, ProofError};
use crate::chain::note::{Cosigner, Note, PublicKey};
use crate::chain::proof::is_consistent;
use crate::cli::remote::Failure;
use crate::journal::system_clock;
use crate::secret_file;

/// A checkpoint to be signed by a second key.
#[derive(Args, Clone, Debug)]
pub struct Cosign {
    /// Berkas titik periksa, ditulis ulang / the checkpoint's file, written anew
    checkpoint: PathBuf,
    /// Kunci umum buku / the book's public key
    #[arg(long = "kunci", alias = "key")]
    key: String,
    /// Berkas kunci rahasia sendiri; dibuat bila belum ada / the file of one's own secret key
    #[arg(long = "rahasia", alias = "secret")]
    secret: PathBuf,
    /// Nama kunci yang dibuat, misalnya dinas-kupang.example / name of a key that is made
    #[arg(long = "nama", alias = "name", default_value = "simpul-cosigner")]
    name: String,
}

impl Client {
    pub(super) async fn cosign(&self, which: &Cosign) -> Answer {
        let key = self.public_key(&which.key)?;
        let (mut note, new) = self.opened(&which.checkpoint, &key)?;
        let cosigner = self.cosigner(&which.secret, &which.name)?;
        let kept = which.secret.with_extension(format!("{}.checkpoint", self.book));
        if kept.exists() {
            let (_, old) = self.opened(&kept, &key)?;
            self.continues(&old, &new).await?;
        }
        let seconds = u64::try_from(system_clock()() / 1_000_000).unwrap_or_default();
        note.cosign(&cosigner, seconds);
        let text = note.to_string();
        self.write(&kept, text.as_bytes())?;
        self.write(&which.checkpoint, text.as_bytes())?;
        let public = cosigner.public().to_string();
        Ok(vec![self.fact("Kunci umum penanda tangan kedua", "Cosigner's public key", &public)])
    }

    /// A checkpoint in a file, signed by the book.
    fn opened(&self, file: &Path, key: &PublicKey) -> Result<(Note, Checkpoint), Failure> {
        let why = |error: ProofError| {
            self.not_proved(&format!("{}: {}", file.display(), self.why(&error)))
        };
        let note = Note::parse(&self.file(file)?).map_err(|error| why(error.into()))?;
        let checkpoint = Checkpoint::open(&note, key).map_err(why)?;
        Ok((note, checkpoint))
    }

    /// The second key, made if there is none.
    fn cosigner(&self, file: &Path, name: &str) -> Result<Cosigner, Failure> {
        let unusable = |error: &std::io::Error| self.unusable(file, error);
        let unreadable = || self.unusable(file, &std::io::Error::from(ErrorKind::InvalidData));
        if !file.exists() {
            let mut seed = zeroize::Zeroizing::new([0; 32]);
            getrandom::fill(seed.as_mut_slice()).map_err(|error| Failure(error.to_string()))?;
            let made = Cosigner::new(name, &seed).map_err(|_| unreadable())?;
            let secret = zeroize::Zeroizing::new(made.reveal());
            secret_file::create(file, &secret).map_err(|error| unusable(&error))?;
        }
        let secret = secret_file::read(file).map_err(|error| unusable(&error))?;
        Cosigner::parse(&secret).map_err(|_| unreadable())
    }

    /// That the book of one checkpoint begins with that of another, as the server proves.
    pub(super) async fn continues(
        &self,
        old: &Checkpoint,
        new: &Checkpoint,
    ) -> Result<(), Failure> {
        if new.size < old.size {
            return Err(self.shorter(new.size, old.size));
        }
        let request = v1::ProveConsistencyRequest {
            book: self.whole_book(),
            old_size: old.size,
            new_size: new.size,
        };
        let answer = self.get(self.remote.proofs().prove_consistency(request)).await?;
        let hashes: Option<Vec<_>> =
            answer.proof.into_iter().map(|hash| hash.try_into().ok()).collect();
        let proof = hashes.ok_or_else(|| self.incomplete())?;
        match is_consistent((old.size, old.root), (new.size, new.root), &proof) {
            true => Ok(()),
            false => Err(self.not_proved(&self.say(
                &format!("{} catatan pertama buku ini bukan yang titik periksa itu.", old.size),
                &format!("the book's first {} records are not that checkpoint's.", old.size),
            ))),
        }
    }
}
