//! Why something is not proved, in the language of whoever reads it.

use std::error::Error;
use std::io::ErrorKind;

use super::Client;
use crate::chain::checkpoint::ProofError;
use crate::chain::note::NoteError;
use crate::cli::audit_folder::FolderError;
use crate::cli::remote::Failure;
use crate::domain::record::CodecError;
use crate::domain::refusal::Language;

impl Client {
    pub(super) fn not_proved(&self, why: &str) -> Failure {
        Failure(self.say(&format!("TIDAK TERBUKTI: {why}"), &format!("NOT PROVED: {why}")))
    }

    pub(super) fn unproved(&self, error: &(dyn Error + 'static)) -> Failure {
        self.not_proved(&self.why(error))
    }

    /// What an error of chain, folder or record says.
    pub(super) fn why(&self, error: &(dyn Error + 'static)) -> String {
        match self.language {
            Language::English => error.to_string(),
            Language::Indonesian => indonesian(error),
        }
    }
}

fn indonesian(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = error.downcast_ref() {
        folder(error)
    } else if let Some(error) = error.downcast_ref() {
        proof(error)
    } else if let Some(error) = error.downcast_ref() {
        note(error).to_owned()
    } else if let Some(error) = error.downcast_ref() {
        codec(error)
    } else {
        error.to_string()
    }
}

fn folder(error: &FolderError) -> String {
    match error {
        FolderError::File(path, error) => match error.kind() {
            ErrorKind::NotFound => format!("{} tidak ada.", path.display()),
            ErrorKind::AlreadyExists => format!("{} sudah ada.", path.display()),
            _ => format!("{} tidak dapat dipakai: {error}.", path.display()),
        },
        FolderError::Damaged(path) => format!("{} rusak.", path.display()),
        FolderError::Record(at, error) => {
            format!("catatan {at} tidak dapat dibaca: {}", codec(error))
        }
        FolderError::Checkpoint(error) => proof(error),
        FolderError::OtherRoot => {
            "catatan di map ini bukan yang ditandatangani di titik periksa.".to_owned()
        }
        FolderError::Empty(path) => format!("tidak ada catatan di {}.", path.display()),
    }
}

fn proof(error: &ProofError) -> String {
    let text = match error {
        ProofError::Note(error) => note(error),
        ProofError::NotCheckpoint => "ini bukan titik periksa.",
        ProofError::OtherLog => "titik periksa ini dari buku lain, bukan buku kunci itu.",
        ProofError::NotReceipt => "ini bukan tanda terima.",
        ProofError::NotIncluded => {
            "transaksi ini tidak ada di buku yang ditandatangani di titik periksa."
        }
    };
    text.to_owned()
}

const fn note(error: &NoteError) -> &'static str {
    match error {
        NoteError::Malformed => "ini bukan naskah bertanda tangan.",
        NoteError::BadKey => "ini bukan kunci penanda tangan.",
        NoteError::NotSigned => "tanda tangan dari kunci itu tidak ada, atau tidak sah.",
    }
}

fn codec(error: &CodecError) -> String {
    match error {
        CodecError::Bytes(_) => "isinya rusak.".to_owned(),
        CodecError::Unknown(what) => format!("isinya dari versi yang lebih baru ({what})."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indonesian_reader_meets_no_english() {
        let missing = std::io::Error::from(ErrorKind::NotFound);
        let missing = FolderError::File("januari/checkpoint".into(), missing);
        assert_eq!(indonesian(&missing), "januari/checkpoint tidak ada.");
        let signed = FolderError::from(ProofError::from(NoteError::NotSigned));
        assert_eq!(indonesian(&signed), "tanda tangan dari kunci itu tidak ada, atau tidak sah.");
        assert_eq!(indonesian(&ProofError::NotReceipt), "ini bukan tanda terima.");
        let later = FolderError::Record(7, CodecError::Unknown("kind"));
        let text = "catatan 7 tidak dapat dibaca: isinya dari versi yang lebih baru (kind).";
        assert_eq!(indonesian(&later), text);
    }
}
