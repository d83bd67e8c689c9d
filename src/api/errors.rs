//! From every "no" to a gRPC status: a stable reason, the field, a text in the caller's language,
//! and when to try again.
//!
//! **Invariant**: a status never carries what a person wrote; fields and reasons only.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::access::AccessError;
use crate::domain::refusal::{Class, Language, Reason, Refusal};
use crate::journal::Busy;
use crate::locale::text::refusal_text;
use crate::signing::SigningError;
use crate::storage::StorageError;
use crate::vault::VaultError;

/// The domain of every reason.
pub const DOMAIN: &str = "simpul";

/// How long a caller should wait before sending the same request again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $code:ident, $id:literal, $en:literal;)+) => {
        /// What can be wrong with a call itself, before any business rule is asked. Nothing is
        /// recorded and no request id is consumed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Fault {
            /// All of them, for tests and documentation.
            pub const ALL: &'static [Fault] = &[$(Fault::$variant,)+];

            /// The one of a stable name; `None` when this version does not know it.
            pub fn from_name(name: &str) -> Option<Fault> {
                Fault::ALL.iter().copied().find(|fault| fault.name() == name)
            }

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)+ }
            }

            /// The gRPC status code.
            pub const fn code(self) -> Code {
                match self { $(Fault::$variant => Code::$code,)+ }
            }

            /// The text in a language.
            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Fault::$variant, Language::Indonesian) => $id,
                      (Fault::$variant, Language::English) => $en,)+
                }
            }
        }
    };
}

faults! {
    /// A field that must be there is not.
    Required = "REQUIRED", InvalidArgument,
        "Isian ini wajib diisi.",
        "This field is required.";
    /// Not a request id.
    RequestIdMalformed = "REQUEST_ID_MALFORMED", InvalidArgument,
        "Nomor permintaan harus 8 sampai 64 huruf, angka, '-' atau '_'.",
        "A request id has 8 to 64 letters, digits, '-' or '_'.";
    /// Not an id.
    IdMalformed = "ID_MALFORMED", InvalidArgument,
        "Kode harus 1 sampai 40 huruf kecil, angka atau '-'.",
        "An id has 1 to 40 lower-case letters, digits or '-'.";
    /// Not a resource name of the kind the field takes.
    NameMalformed = "NAME_MALFORMED", InvalidArgument,
        "Kode atau nama ini tidak tertulis dengan benar; kode memakai huruf kecil, angka atau '-'.",
        "This is not a resource name of the kind needed here.";
    /// A name in another book, or of another entity, than the rest of the request.
    WrongParent = "WRONG_PARENT", InvalidArgument,
        "Nama ini milik buku atau lembaga lain.",
        "This name belongs to another book or entity.";
    /// Not an account of the chart.
    AccountMalformed = "ACCOUNT_MALFORMED", InvalidArgument,
        "Ini bukan akun dalam bagan akun.",
        "This is not an account of the chart.";
    /// Another currency than rupiah.
    CurrencyNotIdr = "CURRENCY_NOT_IDR", InvalidArgument,
        "Mata uang harus IDR.",
        "The currency must be IDR.";
    /// Smaller parts than a sen, or units and nanos of different signs.
    NotWholeSen = "NOT_WHOLE_SEN", InvalidArgument,
        "Jumlah uang harus dalam sen bulat.",
        "Money must be in whole sen.";
    /// Less than nothing.
    AmountNegative = "AMOUNT_NEGATIVE", InvalidArgument,
        "Jumlah uang tidak boleh negatif.",
        "Money must not be negative.";
    /// Nothing at all.
    AmountZero = "AMOUNT_ZERO", InvalidArgument,
        "Jumlah uang harus lebih dari nol.",
        "Money must be more than zero.";
    /// More than a hundred trillion rupiah.
    AmountTooLarge = "AMOUNT_TOO_LARGE", InvalidArgument,
        "Jumlah uang melebihi batas satu permintaan.",
        "Money is more than one request may name.";
    /// No day of the calendar between 2000 and 2169.
    DateMalformed = "DATE_MALFORMED", InvalidArgument,
        "Tanggal tidak ada dalam kalender antara tahun 2000 dan 2169.",
        "This is no date of the calendar between 2000 and 2169.";
    /// Not a decimal number with at most three decimals.
    QuantityMalformed = "QUANTITY_MALFORMED", InvalidArgument,
        "Banyaknya harus angka dengan paling banyak tiga desimal, misalnya 12.5.",
        "A quantity is a number with at most three decimals, such as 12.5.";
    /// A quantity or count of nothing, less, or too much.
    QuantityOutOfRange = "QUANTITY_OUT_OF_RANGE", InvalidArgument,
        "Banyaknya harus lebih dari nol dan tidak melebihi satu miliar.",
        "The quantity must be more than zero and at most a billion.";
    /// A number outside of what the field takes.
    NumberOutOfRange = "NUMBER_OUT_OF_RANGE", InvalidArgument,
        "Angka ini di luar batas.",
        "This number is out of range.";
    /// A sum that is not what its parts add up to.
    SumDiffers = "SUM_DIFFERS", InvalidArgument,
        "Jumlah ini tidak sama dengan jumlah bagian-bagiannya.",
        "This is not what its parts add up to.";
    /// Longer than the field takes.
    TextTooLong = "TEXT_TOO_LONG", InvalidArgument,
        "Teks terlalu panjang.",
        "The text is too long.";
    /// Control characters.
    TextMalformed = "TEXT_MALFORMED", InvalidArgument,
        "Teks berisi karakter yang tidak dapat dicetak.",
        "The text has characters that cannot be printed.";
    /// A transfer file whose code is not that of its contents.
    TransferAltered = "TRANSFER_ALTERED", InvalidArgument,
        "Isi surat guliran tidak cocok dengan kodenya.",
        "The transfer file does not match its code.";
    /// A receipt of a book of this server that does not say what the book does.
    ReceiptContradicted = "RECEIPT_CONTRADICTED", InvalidArgument,
        "Buku penerima ada di server ini, dan isinya lain dari tanda terima ini.",
        "The receiver's book is on this server, and says otherwise than this receipt.";
    /// A transfer file for another book.
    TransferOtherBook = "TRANSFER_OTHER_BOOK", InvalidArgument,
        "Surat guliran ini untuk buku lain.",
        "This transfer file is for another book.";
    /// A pass that does not go to another book, or has arrived.
    NotInTransit = "NOT_IN_TRANSIT", FailedPrecondition,
        "Guliran ini tidak sedang dalam perjalanan ke buku lain.",
        "This pass is not on its way to another book.";
    /// More members than can be searched at once.
    DirectoryTooLarge = "DIRECTORY_TOO_LARGE", FailedPrecondition,
        "Buku ini punya lebih dari 5.000 anggota; carilah di dalam satu kelompok.",
        "This book has more than 5,000 members; search within a group.";
    /// Not sixteen digits.
    NikMalformed = "NIK_MALFORMED", InvalidArgument,
        "NIK terdiri dari 16 angka; kosongkan bila belum ada.",
        "A NIK has 16 digits; leave it empty if there is none yet.";
    /// A choice that is not set or not known.
    ChoiceUnknown = "CHOICE_UNKNOWN", InvalidArgument,
        "Pilihan ini belum diisi atau tidak dikenal.",
        "This choice is not set or not known.";
    /// More entries than the field takes.
    TooMany = "TOO_MANY", InvalidArgument,
        "Terlalu banyak baris; bagilah permintaan ini.",
        "Too many entries; split the request.";
    /// Not a page size.
    PageSize = "PAGE_SIZE", InvalidArgument,
        "Ukuran halaman harus 0 sampai 500.",
        "A page has 0 to 500 entries.";
    /// Not the token of a page before.
    PageToken = "PAGE_TOKEN", InvalidArgument,
        "Penanda halaman tidak dikenal.",
        "The page token is not one of ours.";
    /// A span of days that ends before it begins.
    SpanMalformed = "SPAN_MALFORMED", InvalidArgument,
        "Tanggal akhir sebelum tanggal awal.",
        "The span ends before it begins.";
    /// Not a reference of a line of a bank's statement.
    LineReferenceMalformed = "LINE_REFERENCE_MALFORMED", InvalidArgument,
        "Nomor baris rekening koran harus 1 sampai 40 huruf, angka, '-', '_', '.' atau ':'.",
        "A statement line's reference has 1 to 40 letters, digits, '-', '_', '.' or ':'.";
    /// Two lines of one statement have the same reference.
    LineRepeated = "LINE_REPEATED", InvalidArgument,
        "Nomor baris rekening koran ini muncul dua kali.",
        "This statement line's reference appears twice.";
    /// A line of a statement lies outside of its span.
    LineOutsideSpan = "LINE_OUTSIDE_SPAN", InvalidArgument,
        "Tanggal baris ini di luar rentang rekening koran.",
        "This line lies outside of the statement's span.";
    /// A line of a statement is older than the one before it.
    LinesUnordered = "LINES_UNORDERED", InvalidArgument,
        "Baris rekening koran harus berurutan dari yang tertua.",
        "The lines of a statement come oldest first.";
    /// A running balance that does not follow from the one before it.
    BalanceBroken = "BALANCE_BROKEN", InvalidArgument,
        "Saldo baris ini tidak sesuai dengan saldo sebelumnya; mungkin ada baris yang hilang.",
        "The balance of this line does not follow from the one before; a line may be missing.";
    /// A journal position that has not been reached.
    PositionUnknown = "POSITION_UNKNOWN", OutOfRange,
        "Jurnal belum sampai ke posisi itu.",
        "The journal has not reached that position.";
    /// No key for the book's checkpoints on this server.
    NoSigningKey = "NO_SIGNING_KEY", FailedPrecondition,
        "Server ini belum memiliki kunci tanda tangan untuk buku ini; hubungi pengelola.",
        "This server has no signing key for this book; call the operator.";
    /// The book lost records that a signed checkpoint covers, or was changed.
    BookBehind = "BOOK_BEHIND", FailedPrecondition,
        "Buku ini tidak melanjutkan catatan yang sudah ditandatangani; mungkin dipulihkan dari cadangan lama. Hubungi pengelola.",
        "This book does not continue what was signed; it may have been restored from an old backup. Call the operator.";
    /// A kuitansi of what moved no money.
    NoPayment = "NO_PAYMENT", FailedPrecondition,
        "Transaksi ini tidak membayarkan uang tunai atau uang di bank; tanda terimanya ada di simpul audit tanda-terima.",
        "This transaction paid no money at hand or in the bank; its receipt is in simpul audit receipt.";
    /// Not a SHA-256 in hex.
    HashMalformed = "HASH_MALFORMED", InvalidArgument,
        "SHA-256 harus 64 angka heksadesimal dengan huruf kecil.",
        "A SHA-256 has 64 hex digits in lower case.";
    /// A part of a file that is empty or too long.
    AttachmentPart = "ATTACHMENT_PART", InvalidArgument,
        "Satu bagian berkas berisi 1 sampai 524.288 byte.",
        "A part of a file has 1 to 524,288 bytes.";
    /// A file that is attached already.
    AttachmentThere = "ATTACHMENT_THERE", AlreadyExists,
        "Berkas ini sudah dilampirkan.",
        "This file is attached already.";
    /// Not all parts of a file are there.
    AttachmentIncomplete = "ATTACHMENT_INCOMPLETE", FailedPrecondition,
        "Berkas ini belum lengkap; kirim lagi semua bagiannya.",
        "This file is not complete yet; send all its parts again.";
    /// The parts are another file.
    AttachmentAltered = "ATTACHMENT_ALTERED", InvalidArgument,
        "Yang diterima bukan berkas dengan SHA-256 dan besar itu; kirim lagi semua bagiannya.",
        "What came is not the file of that SHA-256 and size; send all its parts again.";
    /// Neither a photo nor a scan.
    AttachmentSort = "ATTACHMENT_SORT", InvalidArgument,
        "Lampiran harus foto JPEG atau PNG, atau PDF.",
        "An attachment is a JPEG or PNG image, or a PDF.";
    /// A file beyond the limit.
    AttachmentTooLarge = "ATTACHMENT_TOO_LARGE", InvalidArgument,
        "Berkas ini terlalu besar; kecilkan fotonya dahulu.",
        "This file is too large; make the photo smaller first.";
    /// The key of a file was destroyed.
    AttachmentErased = "ATTACHMENT_ERASED", FailedPrecondition,
        "Lampiran ini sudah dihapus.",
        "This attachment was erased.";
    /// A file is gone or was changed.
    AttachmentDamaged = "ATTACHMENT_DAMAGED", DataLoss,
        "Berkas lampiran ini hilang atau diubah; hubungi pengelola.",
        "The file of this attachment is gone or was changed; call the operator.";
    /// Not the name of an actor.
    ActorMalformed = "ACTOR_MALFORMED", InvalidArgument,
        "Nama pelaku harus 1 sampai 64 huruf, angka, '-', '_', '.' atau '@'.",
        "An actor has 1 to 64 letters, digits, '-', '_', '.' or '@'.";
    /// Nobody has signed in.
    TokenRequired = "TOKEN_REQUIRED", Unauthenticated,
        "Silakan masuk dahulu.",
        "Sign in first.";
    /// A token that is nobody's, or no longer.
    TokenUnknown = "TOKEN_UNKNOWN", Unauthenticated,
        "Tanda masuk ini tidak dikenal, sudah dicabut, atau kedaluwarsa; masuk lagi atau minta kode baru.",
        "This sign-in is not known, was ended, or is too old; sign in again or ask for a new code.";
    /// A device that is shared, and locked.
    DeviceToUnlock = "DEVICE_TO_UNLOCK", Unauthenticated,
        "Buka dahulu perangkat ini dengan PIN.",
        "Unlock this device with its PIN first.";
    /// A PIN that is not the device's.
    PinWrong = "PIN_WRONG", Unauthenticated,
        "PIN salah.",
        "The PIN is wrong.";
    /// Too many wrong PINs.
    DeviceLocked = "DEVICE_LOCKED", ResourceExhausted,
        "PIN salah terlalu sering; perangkat terkunci untuk sementara.",
        "The PIN was wrong too often; the device is locked for a while.";
    /// Not a PIN.
    PinMalformed = "PIN_MALFORMED", InvalidArgument,
        "PIN terdiri dari 4 sampai 12 angka.",
        "A PIN has 4 to 12 digits.";
    /// A one-time code that is wrong, used, or too old.
    CodeUnknown = "CODE_UNKNOWN", Unauthenticated,
        "Kode ini tidak dikenal, sudah dipakai, atau kedaluwarsa.",
        "This code is not known, was used, or is too old.";
    /// A role that the caller does not have there.
    RoleRequired = "ROLE_REQUIRED", PermissionDenied,
        "Peran Anda tidak berhak atas permintaan ini.",
        "Your role does not allow this request.";
    /// A role that is not held in such a place.
    RoleNotHeldThere = "ROLE_NOT_HELD_THERE", InvalidArgument,
        "Peran ini tidak dipegang di tempat seperti itu.",
        "This role is not held in such a place.";
    /// A limit for what waits whatever the amount.
    KindHasNoLimit = "KIND_HAS_NO_LIMIT", InvalidArgument,
        "Jenis ini selalu menunggu orang kedua; tidak ada batas jumlahnya.",
        "This kind always waits for a second person; it has no limit.";
    /// Two limits for one kind.
    KindRepeated = "KIND_REPEATED", InvalidArgument,
        "Jenis ini muncul dua kali.",
        "This kind appears twice.";
    /// A user at home in another book.
    UserElsewhere = "USER_ELSEWHERE", AlreadyExists,
        "Kode pengguna ini sudah dipakai di buku lain.",
        "This user id is taken in another book.";
    /// An identity provider whose tokens are not taken here.
    IssuerUnknown = "ISSUER_UNKNOWN", FailedPrecondition,
        "Server ini tidak menerima penyedia identitas itu.",
        "This server does not take that identity provider.";
    /// Not a certificate.
    CertificateMalformed = "CERTIFICATE_MALFORMED", InvalidArgument,
        "Ini bukan sertifikat dalam bentuk PEM.",
        "This is not a certificate in PEM form.";
    /// What one user is known by cannot be another one's.
    IdentityTaken = "IDENTITY_TAKEN", AlreadyExists,
        "Ini sudah dikaitkan dengan pengguna lain.",
        "This is linked to another user already.";
    /// What was permitted once was given already.
    PermitUsed = "PERMIT_USED", FailedPrecondition,
        "Izin ini sudah dipakai; mintalah yang baru.",
        "This permit was used already; ask for a new one.";
    /// What was permitted was not given in time.
    PermitTooOld = "PERMIT_TOO_OLD", FailedPrecondition,
        "Izin ini sudah lewat waktunya; mintalah yang baru.",
        "This permit is too old; ask for a new one.";
    /// Not a hash in hex.
    FingerprintMalformed = "FINGERPRINT_MALFORMED", InvalidArgument,
        "Sidik kunci adalah 64 angka heksadesimal.",
        "A fingerprint is 64 hexadecimal digits.";
    /// Nobody has to sign in on this server.
    NoSignIn = "NO_SIGN_IN", FailedPrecondition,
        "Server ini dijalankan tanpa hak akses; tidak ada yang perlu masuk.",
        "This server runs without sign-in; nobody has to.";
    /// The same request id with another request.
    RequestIdReused = "REQUEST_ID_REUSED", AlreadyExists,
        "Nomor permintaan ini sudah dipakai untuk permintaan lain.",
        "This request id belongs to another request.";
    /// Too much is waiting.
    Overloaded = "OVERLOADED", ResourceExhausted,
        "Server sedang sibuk; kirim lagi permintaan yang sama.",
        "The server is busy; send the same request again.";
    /// One caller has too many calls in flight.
    TooManyCalls = "TOO_MANY_CALLS", ResourceExhausted,
        "Terlalu banyak permintaan sekaligus; tunggu jawaban sebelumnya.",
        "Too many calls at once; wait for the answers to those before.";
    /// The server is going down.
    Stopping = "STOPPING", Unavailable,
        "Server sedang berhenti; kirim lagi permintaan yang sama.",
        "The server is stopping; send the same request again.";
    /// Storage failed and nothing was stored.
    StorageFailed = "STORAGE_FAILED", Unavailable,
        "Penyimpanan gagal dan tidak ada yang tercatat; kirim lagi permintaan yang sama.",
        "Storage failed and nothing was stored; send the same request again.";
    /// The folder or bucket of attachments does not answer, or is not there.
    AttachmentStore = "ATTACHMENT_STORE", Unavailable,
        "Tempat menyimpan lampiran tidak dapat dipakai; coba lagi, dan bila tetap begini beri tahu pengelola server.",
        "The place where attachments (lampiran) are kept cannot be used; try again, and tell the server's operator if it stays so.";
    /// The book is damaged or of a later format.
    BookUnavailable = "BOOK_UNAVAILABLE", DataLoss,
        "Buku ini rusak atau dibuat oleh versi yang lebih baru; hubungi pengelola.",
        "This book is damaged or of a later version; call the operator.";
    /// Bytes that are not the message of this method.
    Undecodable = "UNDECODABLE", InvalidArgument,
        "Pesan tidak dapat dibaca.",
        "The message cannot be read.";
    /// A message beyond the size limit.
    MessageTooLarge = "MESSAGE_TOO_LARGE", ResourceExhausted,
        "Pesan terlalu besar.",
        "The message is too large.";
    /// The caller's deadline, or the server's own, has passed. A mutation may still go through.
    DeadlineExceeded = "DEADLINE_EXCEEDED", DeadlineExceeded,
        "Waktu tunggu habis; kirim lagi permintaan yang sama untuk mengetahui hasilnya.",
        "Time is up; send the same request again to learn what came of it.";
}

impl Fault {
    /// The same, about a field.
    pub fn on(self, field: &str) -> Problem {
        Problem::Fault(self, field.to_owned())
    }

    /// Whether sending the same request again can help.
    const fn retry(self) -> bool {
        matches!(
            self,
            Fault::Overloaded
                | Fault::TooManyCalls
                | Fault::Stopping
                | Fault::StorageFailed
                | Fault::AttachmentStore
                | Fault::DeadlineExceeded
        )
    }
}

/// Why a call did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The call itself, about a field (empty if none).
    Fault(Fault, String),
    /// A business "no"; recorded, unless the book is not there.
    Refused(Refusal),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        Problem::Fault(fault, String::new())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem::Refused(refusal)
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Problem {
        match busy {
            Busy::Full => Fault::Overloaded.into(),
            Busy::Stopping => Fault::Stopping.into(),
            Busy::Frozen => Fault::BookBehind.into(),
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Problem {
        match error {
            StorageError::Failed(_) | StorageError::Unknown(_) => {
                tracing::warn!(%error, "storage");
                Fault::StorageFailed.into()
            }
            StorageError::Damaged(_) | StorageError::Schema(_) => {
                tracing::error!(%error, "storage");
                Fault::BookUnavailable.into()
            }
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Problem {
        match error {
            AccessError::Token => Fault::TokenUnknown.into(),
            AccessError::Locked => Fault::DeviceToUnlock.into(),
            AccessError::Pin => Fault::PinWrong.on("pin"),
            AccessError::TooManyGuesses(_) => Fault::DeviceLocked.on("pin"),
            AccessError::Code => Fault::CodeUnknown.on("code"),
            AccessError::Elsewhere => Fault::UserElsewhere.on("user_id"),
            AccessError::Issuer => Fault::IssuerUnknown.on("subject.issuer"),
            AccessError::Taken => Fault::IdentityTaken.into(),
            AccessError::Spent => Fault::PermitUsed.on("permit"),
            AccessError::Unknown => Refusal::new(Reason::NotFound).on("user_id").into(),
            AccessError::Storage(error) => error.into(),
            AccessError::Secret(_) => {
                tracing::error!(%error, "access");
                Fault::StorageFailed.into()
            }
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Problem {
        tracing::warn!(%error, "vault");
        Fault::StorageFailed.into()
    }
}

impl From<SigningError> for Problem {
    fn from(error: SigningError) -> Problem {
        match error {
            SigningError::Storage(error) => return error.into(),
            SigningError::NoKey => return Fault::NoSigningKey.into(),
            _ => tracing::error!(%error, "signing"),
        }
        match error {
            SigningError::Behind { .. } => Fault::BookBehind.into(),
            _ => Fault::StorageFailed.into(),
        }
    }
}

impl Problem {
    /// The stable reason.
    pub fn reason(&self) -> &'static str {
        match self {
            Problem::Fault(fault, _) => fault.name(),
            Problem::Refused(refusal) => refusal.reason.name(),
        }
    }

    /// The gRPC status code.
    pub fn code(&self) -> Code {
        match self {
            Problem::Fault(fault, _) => fault.code(),
            Problem::Refused(refusal) => match refusal.reason.class() {
                Class::NotFound => Code::NotFound,
                Class::AlreadyExists => Code::AlreadyExists,
                Class::OutOfRange => Code::OutOfRange,
                Class::Invalid => Code::InvalidArgument,
                Class::Precondition | Class::Remark => Code::FailedPrecondition,
            },
        }
    }

    /// The status with all its details, in the caller's language.
    pub fn status(&self, language: Language) -> Status {
        let (field, text, values, retry) = match self {
            Problem::Fault(fault, field) => {
                (field, fault.text(language).to_owned(), Vec::new(), fault.retry())
            }
            Problem::Refused(refusal) => {
                let text = refusal_text(refusal, language);
                (&refusal.field, text, refusal.details.clone(), false)
            }
        };
        let values: std::collections::HashMap<String, String> = values.into_iter().collect();
        let mut details = ErrorDetails::with_error_info(self.reason(), DOMAIN, values);
        details.set_localized_message(tag(language), text.clone());
        if !field.is_empty() {
            details.add_bad_request_violation(field, text.clone());
        }
        if retry {
            details.set_retry_info(Some(RETRY_AFTER));
        }
        Status::with_error_details(self.code(), text, details)
    }
}

/// The language's tag in `LocalizedMessage`.
pub const fn tag(language: Language) -> &'static str {
    match language {
        Language::Indonesian => "id",
        Language::English => "en",
    }
}

/// The language of an `accept-language` value: English if it comes before Indonesian or is the
/// only one of the two; Indonesian otherwise. Weights are not looked at.
pub fn language(accept: &str) -> Language {
    let known = accept.split(',').find_map(|part| match part.trim().get(..2)? {
        "en" => Some(Language::English),
        "id" => Some(Language::Indonesian),
        _ => None,
    });
    known.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;
    use crate::domain::refusal::Reason;

    #[test]
    fn a_status_says_reason_field_and_text_in_the_callers_language() {
        let refusal = Refusal::new(Reason::GrantExceeded).on("amount");
        let problem = Problem::from(refusal.with("grant", "blps").with("held", 5_000_000));
        let status = problem.status(Language::English);
        assert_eq!(status.code(), Code::FailedPrecondition);
        let details = status.get_error_details();
        let info = details.error_info().expect("info");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("GRANT_EXCEEDED", DOMAIN));
        assert_eq!(info.metadata["held"], "5000000");
        let violations = &details.bad_request().expect("violations").field_violations;
        assert_eq!(violations[0].field, "amount");
        let message = details.localized_message().expect("text");
        assert_eq!(message.locale, "en");
        assert_eq!(message.message, "The grant blps only has Rp50.000 left.");
        assert!(details.retry_info().is_none());
    }

    #[test]
    fn overload_says_when_to_try_again() {
        let details = Problem::from(Busy::Full).status(Language::Indonesian).get_error_details();
        assert_eq!(details.retry_info().expect("retry").retry_delay, Some(RETRY_AFTER));
    }

    #[test]
    fn every_fault_has_a_name_of_its_own_and_two_texts() {
        let mut names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        names.extend(Reason::ALL.iter().map(|reason| reason.name()));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for fault in Fault::ALL {
            let texts = [Language::Indonesian, Language::English].map(|l| fault.text(l));
            assert!(texts[0] != texts[1] && texts.iter().all(|text| text.ends_with('.')));
        }
    }

    #[test]
    fn the_first_known_language_is_taken() {
        assert_eq!(language("en-US,en;q=0.9"), Language::English);
        assert_eq!(language("fr, id;q=0.8, en"), Language::Indonesian);
        assert_eq!(language("é"), Language::Indonesian);
    }
}
