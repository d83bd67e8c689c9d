//! Every business "no", and every remark that travels with a "yes".
//!
//! A refusal is data: a stable reason, the field it is about, and named values for its texts.
//! It is recorded in the journal like any other outcome, so it never carries personal data.

use std::fmt;

/// The language of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Indonesian, the default.
    #[default]
    Indonesian,
    /// English.
    English,
}

/// What sort of "no" a reason is; the API maps it to its status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A name that is not known.
    NotFound,
    /// A name that is taken.
    AlreadyExists,
    /// A value outside of what the ledger can hold at all.
    OutOfRange,
    /// A value that makes no sense in this request.
    Invalid,
    /// The state does not allow it.
    Precondition,
    /// Only ever a remark on an accepted record.
    Remark,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $class:ident, $id:literal, $en:literal;)+) => {
        /// The stable reasons. Texts may change; names never do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// All of them, for tests and documentation.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Reason::$variant => $name,)+ }
            }

            /// What sort of "no" it is.
            pub const fn class(self) -> Class {
                match self { $(Reason::$variant => Class::$class,)+ }
            }

            /// The text, with `{key}` where a named value belongs.
            pub const fn template(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Reason::$variant, Language::Indonesian) => $id,
                      (Reason::$variant, Language::English) => $en,)+
                }
            }
        }
    };
}

reasons! {
    /// The sum does not fit the ledger.
    Overflow = "OVERFLOW", OutOfRange,
        "Jumlahnya terlalu besar untuk dibukukan.",
        "The amount is too large for the books.";
    /// The id is taken by another.
    AlreadyExists = "ALREADY_EXISTS", AlreadyExists,
        "Nama {name} sudah dipakai.",
        "The name {name} is already taken.";
    /// No such book, group, meeting, member, ...
    NotFound = "NOT_FOUND", NotFound,
        "Tidak ditemukan: {name}.",
        "Not found: {name}.";
    /// The group sleeps: it asks for no money until it wakes.
    GroupAsleep = "GROUP_ASLEEP", Precondition,
        "Kelompok {group} sedang tidur sejak {date}; bangunkan dahulu dengan berita acara.",
        "The group {group} is asleep since {date}; wake it by minute first.";
    /// The group was dissolved.
    GroupDissolved = "GROUP_DISSOLVED", Precondition,
        "Kelompok {group} sudah dibubarkan pada {date}.",
        "The group {group} was dissolved on {date}.";
    /// The group has moved to another book.
    GroupMoved = "GROUP_MOVED", Precondition,
        "Kelompok {group} sudah pindah ke buku lain pada {date}.",
        "The group {group} moved to another book on {date}.";
    /// The group comes from another book and has not come whole.
    GroupArriving = "GROUP_ARRIVING", Precondition,
        "Kelompok {group} sedang dalam perjalanan ke buku ini; tunggu sampai semuanya tiba.",
        "The group {group} is on its way to this book; wait until all of it has come.";
    /// The group sleeps already, or is awake.
    StandingHeld = "STANDING_HELD", Precondition,
        "Keadaan kelompok {group} sudah demikian.",
        "This is the standing of the group {group} already.";
    /// The book lost nothing that was signed.
    NotBehind = "NOT_BEHIND", Precondition,
        "Buku ini melanjutkan semua yang sudah ditandatangani.",
        "This book continues all that was signed.";
    /// An account must be empty before a group is dissolved or moves.
    NotSettled = "NOT_SETTLED", Precondition,
        "{account} masih bersaldo {held}; selesaikan dahulu.",
        "{account} still holds {held}; settle it first.";
    /// What a closed year made must be divided before a group moves: who has a share in it, and
    /// by which year, is known in its own book.
    SurplusUndivided = "SURPLUS_UNDIVIDED", Precondition,
        "SHU {held} di dana {fund} belum dibagi; bagikan dahulu (shu bagi) sebelum kelompok pindah.",
        "A surplus of {held} in the fund {fund} is not divided yet; divide it before the group moves.";
    /// Interest on savings must be paid before a group moves: what was held is known in its book.
    InterestUnpaid = "INTEREST_UNPAID", Precondition,
        "Jasa simpanan {sort} belum dibayar sampai {through}; tutup hari sampai tanggal itu, lalu pindahkan kelompok pada {date} atau awal bulan sesudahnya.",
        "Interest on {sort} savings is not paid through {through}; close the days up to it, then move the group on {date} or at the beginning of a later month.";
    /// A profit share must be paid before its group moves or is dissolved.
    ShareUnpaid = "SHARE_UNPAID", Precondition,
        "Bagi hasil simpanan {share} belum dibayar; tutup hari sampai {date}, lalu ulangi.",
        "The profit share {share} is not paid yet; close the days through {date}, then try again.";
    /// A group moves as it stands on the day: nothing of it may have happened later.
    FactsAfterMove = "FACTS_AFTER_MOVE", Precondition,
        "{name} masih bergerak sesudah {date}; pindahkan kelompok pada tanggal yang tidak lebih awal dari transaksi terakhirnya.",
        "{name} moved after {date}; move the group on a day not before its last transaction.";
    /// What a group passed on to another book must arrive before the group goes.
    TransfersInTransit = "TRANSFERS_IN_TRANSIT", Precondition,
        "Guliran {passes} masih dalam perjalanan ke buku lain; tunggu sampai tiba atau batalkan dahulu.",
        "The passes {passes} are on their way to another book; wait until they arrive or take them back first.";
    /// Grant capital goes onward or back, never to the members of a group that is dissolved.
    GrantAssetsHeld = "GRANT_ASSETS_HELD", Precondition,
        "Modal hibah {grants} masih ada {held}; gulirkan atau kembalikan dahulu, tidak boleh dibagi kepada anggota.",
        "Grant capital of {held} is still held ({grants}); pass it on or return it first, members cannot have it.";
    /// A group's money does not suffice for what it owes.
    DebtsExceedMoney = "DEBTS_EXCEED_MONEY", Precondition,
        "Uang kelompok {held} tidak cukup untuk membayar {asked}.",
        "The group's money of {held} does not pay the {asked} it owes.";
    /// The shares of what is left are more or less than that.
    SharesDiffer = "SHARES_DIFFER", Precondition,
        "Sisa yang dibagi harus tepat {held}, tertulis {asked}.",
        "What is shared must be exactly the {held} left, {asked} written.";
    /// The group moves into the book it is in.
    SameBook = "SAME_BOOK", Invalid,
        "Kelompok sudah berada di buku ini.",
        "The group is in this book already.";
    /// A line of a bank's statement that is known with another amount.
    BankLineDiffers = "BANK_LINE_DIFFERS", Precondition,
        "Baris {reference} tanggal {date} sudah tercatat dengan jumlah {held}.",
        "The line {reference} of {date} is known with the amount {held}.";
    /// The day lies after the server's date.
    DateInFuture = "DATE_IN_FUTURE", OutOfRange,
        "Tanggal {date} belum tiba; hari ini {today}.",
        "The date {date} has not come yet; today is {today}.";
    /// The day lies before the book's first day.
    DateBeforeBook = "DATE_BEFORE_BOOK", OutOfRange,
        "Tanggal {date} sebelum buku dibuka pada {opened}.",
        "The date {date} lies before the book was opened on {opened}.";
    /// A floor: the account holds less than is asked for.
    Floor = "FLOOR", Precondition,
        "Saldo {account} tidak cukup: ada {held}, diminta {asked}.",
        "{account} does not hold enough: {held} held, {asked} asked.";
    /// The group has no tie to the LKM.
    NotLinked = "NOT_LINKED", Precondition,
        "Kelompok {group} tidak terhubung dengan LKM pada tanggal {date}.",
        "The group {group} is not linked to the LKM on {date}.";
    /// The group is tied to the LKM already.
    AlreadyLinked = "ALREADY_LINKED", Precondition,
        "Kelompok {group} sudah terhubung dengan LKM.",
        "The group {group} is already linked to the LKM.";
    /// The book has no LKM.
    NoLkm = "NO_LKM", Precondition,
        "Buku ini tidak memiliki LKM.",
        "This book has no LKM.";
    /// The member has left, or had not joined yet.
    NotMemberThen = "NOT_MEMBER_THEN", Precondition,
        "{member} bukan anggota pada tanggal {date}.",
        "{member} was not a member on {date}.";
    /// The member has died.
    MemberDied = "MEMBER_DIED", Precondition,
        "{member} sudah meninggal pada {date}.",
        "{member} died on {date}.";
    /// Who is paid for a member who died has to be named.
    HeirUnnamed = "HEIR_UNNAMED", Precondition,
        "{member} sudah meninggal; sebutkan ahli waris yang dibayar.",
        "{member} has died; name the heir who is paid.";
    /// The member still has savings.
    MemberHasBalance = "MEMBER_HAS_BALANCE", Precondition,
        "{member} masih memiliki saldo {held}; selesaikan dahulu.",
        "{member} still holds {held}; settle it first.";
    /// The member has not left.
    StillMember = "STILL_MEMBER", Precondition,
        "{member} masih anggota; datanya belum boleh dihapus.",
        "{member} is still a member; their data cannot be erased.";
    /// What was known of the member was erased.
    MemberErased = "MEMBER_ERASED", Precondition,
        "Data {member} sudah dihapus pada {date}.",
        "The data of {member} were erased on {date}.";
    /// The book has not decided for how long personal data are kept.
    RetentionNotSet = "RETENTION_NOT_SET", Precondition,
        "Lama penyimpanan data pribadi belum ditetapkan; UU 8/1997 pasal 11 meminta dokumen keuangan disimpan 10 tahun.",
        "It has not been decided for how long personal data are kept; Law 8/1997 art. 11 asks 10 years for financial documents.";
    /// Personal data still have to be kept.
    RetentionNotOver = "RETENTION_NOT_OVER", Precondition,
        "Data {member} wajib disimpan sampai {date}.",
        "The data of {member} have to be kept until {date}.";
    /// Others still owe the member something, or they keep what is not theirs.
    MemberHasClaim = "MEMBER_HAS_CLAIM", Precondition,
        "{member} masih tercatat pada {name}; selesaikan dahulu.",
        "{member} still stands in {name}; settle it first.";
    /// The member still owes a loan.
    MemberOwes = "MEMBER_OWES", Precondition,
        "{member} masih berutang pada pinjaman {loan}; selesaikan dahulu.",
        "{member} still owes the loan {loan}; settle it first.";
    /// The group has not set the rule that this needs. Also a remark.
    RuleNotSet = "RULE_NOT_SET", Precondition,
        "Aturan belum ditetapkan.",
        "No rule has been set.";
    /// The rule names no cap for this kind of trouble. Also a remark.
    ReliefNotCovered = "RELIEF_NOT_COVERED", Precondition,
        "Aturan kelompok tidak memuat santunan untuk keadaan ini.",
        "The group's rule has no relief for this kind of trouble.";
    /// More relief than the rule allows for one case. Also a remark.
    ReliefAboveCap = "RELIEF_ABOVE_CAP", Precondition,
        "Aturan membatasi santunan satu peristiwa sampai {cap}: sudah dibayar {paid}, diminta {asked}.",
        "The rule caps relief for one case at {cap}: {paid} paid before, {asked} asked.";
    /// A case of relief that is another member's. Also a remark.
    ReliefCaseOfOther = "RELIEF_CASE_OF_OTHER", Precondition,
        "Santunan dengan nama ini untuk {member}; pakai nama lain.",
        "This case of relief is that of {member}; name another.";
    /// Fewer members have consented than the rule asks for. Also a remark.
    QuorumNotMet = "QUORUM_NOT_MET", Precondition,
        "Aturan meminta persetujuan {quorum} anggota, baru {count}.",
        "The rule asks for the consent of {quorum} members, {count} gave it.";
    /// The term deposit is not due yet, and no minute lets it be paid back.
    DepositNotMature = "DEPOSIT_NOT_MATURE", Precondition,
        "Simpanan berjangka {deposit} baru jatuh tempo {date}.",
        "The term deposit {deposit} only matures on {date}.";
    /// The term deposit was paid back, or its opening reversed.
    DepositClosed = "DEPOSIT_CLOSED", Precondition,
        "Simpanan berjangka {deposit} sudah ditutup.",
        "The term deposit {deposit} is closed.";
    /// A member cannot leave while a term deposit is open.
    DepositOpen = "DEPOSIT_OPEN", Precondition,
        "Simpanan berjangka {deposit} milik {member} masih berjalan.",
        "The term deposit {deposit} of {member} is still open.";
    /// The term deposit is not one that its product allows.
    TermOutsideProduct = "TERM_OUTSIDE_PRODUCT", Precondition,
        "Simpanan berjangka ini di luar aturan produk {product}: {limit}.",
        "The product {product} does not allow this term deposit: {limit}.";
    /// A thing is not of the sort the request needs.
    WrongKind = "WRONG_KIND", Precondition,
        "{name} bukan jenis yang diperlukan.",
        "{name} is not of the kind this needs.";
    /// The grant has nothing left to accept.
    LpjAlreadyAccepted = "LPJ_ALREADY_ACCEPTED", Precondition,
        "LPJ untuk {grant} sudah diterima.",
        "The accountability report of {grant} was already accepted.";
    /// The grant was never restricted.
    NotRestricted = "NOT_RESTRICTED", Precondition,
        "Hibah {grant} tidak terikat.",
        "The grant {grant} is not restricted.";
    /// More is given back than the grant holds.
    GrantExceeded = "GRANT_EXCEEDED", Precondition,
        "Hibah {grant} hanya tersisa {held}.",
        "The grant {grant} only has {held} left.";
    /// The restriction of a grant is not lifted yet.
    GrantRestricted = "GRANT_RESTRICTED", Precondition,
        "Hibah {grant} masih terikat sampai LPJ diterima.",
        "The grant {grant} is restricted until its accountability report is accepted.";
    /// The grant's receipt was reversed.
    GrantReversed = "GRANT_REVERSED", Precondition,
        "Penerimaan hibah {grant} sudah dibatalkan.",
        "The receipt of the grant {grant} was reversed.";
    /// More was spent than the grant brought.
    LpjOverspent = "LPJ_OVERSPENT", Precondition,
        "Belanja hibah {grant} melebihi penerimaan: diterima {received}, dibelanjakan {spent}.",
        "More was spent of {grant} than it brought: received {received}, spent {spent}.";
    /// A line that the grant's plan does not have.
    NoPlanLine = "NO_PLAN_LINE", Precondition,
        "Rencana belanja {grant} tidak memiliki pos {line}.",
        "The plan of {grant} has no line {line}.";
    /// A plan that is larger than the grant.
    PlanExceeded = "PLAN_EXCEEDED", Precondition,
        "Rencana belanja {planned} melebihi hibah {amount}.",
        "The plan of {planned} exceeds the grant of {amount}.";
    /// More is passed on, or excused, than was decided.
    ObligationExceeded = "OBLIGATION_EXCEEDED", Precondition,
        "Kewajiban guliran {grant} hanya tersisa {held}, diminta {asked}.",
        "Only {held} of {grant} remain to be passed on, {asked} asked.";
    /// A group passes on to itself.
    PassToSelf = "PASS_TO_SELF", Precondition,
        "Kelompok tidak dapat menggulirkan kepada dirinya sendiri.",
        "A group cannot pass on to itself.";
    /// The receiver is where the capital came from.
    PassInCircle = "PASS_IN_CIRCLE", Precondition,
        "{receiver} adalah asal modal ini; guliran tidak boleh kembali ke pemberinya.",
        "This capital came from {receiver}; guliran must not go back to its giver.";
    /// The group has no rule for passing on.
    NoGuliranRule = "NO_GULIRAN_RULE", Precondition,
        "Aturan guliran belum ditetapkan.",
        "No rule for passing on has been set.";
    /// The pool takes money only.
    PoolTakesMoney = "POOL_TAKES_MONEY", Invalid,
        "Dana guliran LKM hanya menerima uang lewat tabungan.",
        "The LKM's pool takes money from savings only.";
    /// Nothing is waiting to arrive.
    NothingInTransit = "NOTHING_IN_TRANSIT", Precondition,
        "Guliran {pass} hanya tersisa {held} dalam perjalanan.",
        "Only {held} of {pass} is in transit.";
    /// A pass from another book that has arrived before.
    TransferReplayed = "TRANSFER_REPLAYED", AlreadyExists,
        "Guliran {pass} sudah diterima.",
        "The pass {pass} has arrived already.";
    /// A pass from another book that was brought before, and refused.
    TransferRefused = "TRANSFER_REFUSED", Precondition,
        "Guliran {pass} sudah ditolak di buku ini, dan pemberinya boleh menariknya kembali; minta guliran baru.",
        "The pass {pass} was refused in this book before, and its giver may take it back; ask for a new one.";
    /// A pass from another book that was sent back as not received.
    TransferReturned = "TRANSFER_RETURNED", Precondition,
        "Guliran {pass} sudah dikirim balik dari buku penerima karena tidak diterima; minta guliran baru.",
        "The pass {pass} was sent back from the receiving book as not received; ask for a new one.";
    /// The word that a pass is sent back has to reach its giver's book.
    GoesBack = "GOES_BACK", Remark,
        "Guliran {pass} dikirim balik; bila buku pemberinya di server lain, bawakan tanda terima baru (guliran kabarkan).",
        "The pass {pass} is sent back; if its giver's book is on another server, carry a new receipt there.";
    /// Only what its receiver disputes goes back to the book it came from.
    ReceiptNotDisputed = "RECEIPT_NOT_DISPUTED", Precondition,
        "{group} tidak menyanggah penerimaan guliran {pass}; hanya yang disanggah penerimanya dapat dikirim balik.",
        "{group} does not dispute the receipt of {pass}; only what its receiver disputes can be sent back.";
    /// What is said of a pass comes from a group that it did not go to.
    ReceiptOfAnother = "RECEIPT_OF_ANOTHER", Precondition,
        "Tanda terima ini dari {receiver}, sedangkan guliran {pass} untuk {asked}.",
        "This receipt is of {receiver}, but the pass {pass} went to {asked}.";
    /// What is said of a pass is not later than what was heard before.
    ReceiptOutdated = "RECEIPT_OUTDATED", Precondition,
        "Kabar guliran {pass} ini dari posisi {position} di buku penerima; kabar dari posisi {known} sudah dicatat.",
        "This word on {pass} is of position {position} of the receiving book; one of {known} has been taken in.";
    /// The parts of a pass from another book do not add up.
    TransferUnbalanced = "TRANSFER_UNBALANCED", Invalid,
        "Jumlah guliran {pass} tidak sama dengan isinya.",
        "The amount of {pass} is not the sum of its parts.";
    /// The receiver has spoken, or nothing has arrived for it.
    NothingToConfirm = "NOTHING_TO_CONFIRM", Precondition,
        "Tidak ada guliran {pass} yang menunggu konfirmasi {receiver}.",
        "Nothing of {pass} waits for a confirmation of {receiver}.";
    /// The keeper has fewer animals.
    KeepingExceeded = "KEEPING_EXCEEDED", Precondition,
        "Yang dapat digaduhkan atau dikembalikan hanya {held} ekor.",
        "Only {held} heads can be given to keep or given back.";
    /// Over how many months a tool wears off was not decided.
    NoLifeDecided = "NO_LIFE_DECIDED", Precondition,
        "Umur pakai {lot} belum ditetapkan.",
        "How long {lot} lasts has not been decided.";
    /// The thing wears off no further.
    DepreciationExceeded = "DEPRECIATION_EXCEEDED", Precondition,
        "Nilai buku {lot} hanya tersisa {held}.",
        "The book value of {lot} is only {held}.";
    /// The lot holds fewer units.
    LotExceeded = "LOT_EXCEEDED", Precondition,
        "{lot} hanya berisi {held}, diminta {asked}.",
        "{lot} only holds {held}, {asked} asked.";
    /// Livestock comes in whole heads.
    WholeHeads = "WHOLE_HEADS", Invalid,
        "Ternak dihitung per ekor utuh.",
        "Livestock is counted in whole heads.";
    /// A quantity must be more than nothing.
    QuantityRequired = "QUANTITY_REQUIRED", Invalid,
        "Banyaknya harus lebih dari nol.",
        "The quantity must be more than zero.";
    /// A posting whose debits and credits differ.
    Unbalanced = "UNBALANCED", Invalid,
        "Debit dan kredit tidak sama pada {ledger}: selisih {difference}.",
        "Debits and credits differ in {ledger}: by {difference}.";
    /// An account that is not in the entity's chart.
    NotInChart = "NOT_IN_CHART", Invalid,
        "Akun {account} tidak ada dalam bagan akun.",
        "The account {account} is not in the chart of accounts.";
    /// An account that only its own events may touch.
    ReservedAccount = "RESERVED_ACCOUNT", Invalid,
        "Akun {account} hanya diisi oleh transaksinya sendiri.",
        "The account {account} is only written by its own transactions.";
    /// A fund that the entity does not have.
    FundNotAllowed = "FUND_NOT_ALLOWED", Invalid,
        "Dana {fund} tidak berlaku di sini.",
        "The fund {fund} does not apply here.";
    /// Both sides are the same.
    SamePlace = "SAME_PLACE", Invalid,
        "Asal dan tujuan sama.",
        "Source and destination are the same.";
    /// A place for money that the entity does not have.
    PlaceNotAllowed = "PLACE_NOT_ALLOWED", Invalid,
        "Tempat uang ini tidak berlaku di sini.",
        "This place for money does not apply here.";
    /// The transaction was reversed before.
    AlreadyReversed = "ALREADY_REVERSED", Precondition,
        "Transaksi {transaction} sudah dibatalkan.",
        "The transaction {transaction} was already reversed.";
    /// Reversals are final.
    IsReversal = "IS_REVERSAL", Precondition,
        "Pembatalan tidak dapat dibatalkan lagi.",
        "A reversal cannot itself be reversed.";
    /// The record moved nothing that could be reversed.
    NothingToReverse = "NOTHING_TO_REVERSE", Precondition,
        "Transaksi {transaction} tidak memindahkan apa pun.",
        "The transaction {transaction} moved nothing.";
    /// The state has moved on from what the original left behind.
    ReversalBlocked = "REVERSAL_BLOCKED", Precondition,
        "{name} sudah dipakai transaksi lain; batalkan yang lebih baru dahulu.",
        "{name} has been used since; reverse the later transactions first.";
    /// The period contains the business day or lies before what is closed.
    PeriodNotClosable = "PERIOD_NOT_CLOSABLE", Precondition,
        "Periode sampai {date} belum dapat ditutup; hari buku {today}.",
        "The period to {date} cannot close; the business day is {today}.";
    /// The period is closed already.
    PeriodClosed = "PERIOD_CLOSED", Precondition,
        "Periode sampai {date} sudah ditutup.",
        "The period to {date} is closed already.";
    /// The period that is to be opened again is open, or lies before what may be opened.
    PeriodOpen = "PERIOD_OPEN", Precondition,
        "Periode sesudah {date} tidak dapat dibuka lagi; yang tertutup sampai {last}.",
        "What lies after {date} cannot be opened again; closed is all to {last}.";
    /// A year is closed, or its end passed, before the one that comes first.
    YearOutOfOrder = "YEAR_OUT_OF_ORDER", Precondition,
        "Tahun yang berikut ditutup ialah {expected}.",
        "The next year to close is {expected}.";
    /// The entity's periods are not closed exactly to the end of the year.
    YearNotClosable = "YEAR_NOT_CLOSABLE", Precondition,
        "Tutup dahulu periode tepat sampai {date}.",
        "Close the periods exactly to {date} first.";
    /// The year that something is asked of is not the last one closed.
    YearNotClosed = "YEAR_NOT_CLOSED", Precondition,
        "Tahun {year} bukan tahun buku terakhir yang sudah ditutup.",
        "The year {year} is not the last one closed.";
    /// What a command was worked out from is no longer what the book says.
    FactsMoved = "FACTS_MOVED", Precondition,
        "Buku berubah ketika ini dihitung; ulangi.",
        "The book has changed while this was worked out; try again.";
    /// The surplus was divided or brought together before.
    SurplusDivided = "SURPLUS_DIVIDED", Precondition,
        "SHU tahun {year} sudah dibagi atau digabungkan.",
        "The surplus of {year} was divided or brought together before.";
    /// There is no surplus to divide, or no loss to cover.
    NoSurplus = "NO_SURPLUS", Precondition,
        "Saldo SHU {held}: tidak ada yang dapat dibagi atau ditutup.",
        "The surplus stands at {held}: nothing can be divided or covered.";
    /// Nobody has any of what a part is to be divided by.
    NoBasis = "NO_BASIS", Precondition,
        "Tidak ada dasar pembagian bagian anggota menurut aturan.",
        "Nothing that the rule divides the members' part by is there.";
    /// The block was lifted before.
    NotBlocked = "NOT_BLOCKED", Precondition,
        "Blokir {name} sudah dibuka.",
        "The block {name} was lifted before.";
    /// Nothing is taken from dormant savings before they are woken.
    SavingsDormant = "SAVINGS_DORMANT", Precondition,
        "Tabungan {account} tidak aktif sejak {date}; bangunkan dahulu.",
        "The savings {account} are dormant since {date}; wake them first.";
    /// Only dormant savings are woken.
    SavingsAwake = "SAVINGS_AWAKE", Precondition,
        "Tabungan {account} tidak sedang tidur.",
        "The savings {account} are not dormant.";
    /// A day is closed before the one that comes first, or twice.
    DayOutOfOrder = "DAY_OUT_OF_ORDER", Precondition,
        "Hari yang berikut ditutup ialah {date}.",
        "The next day to close is {date}.";
    /// Tellers' drawers that were opened by that day are not counted and closed.
    DrawersOpen = "DRAWERS_OPEN", Precondition,
        "Hitung dan tutup dahulu laci {drawers}; hari {date} belum dapat ditutup.",
        "Count and close the drawers {drawers} first; the day {date} cannot close.";
    /// The drawer is not open on this business day.
    DrawerClosed = "DRAWER_CLOSED", Precondition,
        "Laci {drawer} tidak terbuka pada hari buku ini.",
        "The drawer {drawer} is not open on this business day.";
    /// The drawer is open already.
    DrawerOpen = "DRAWER_OPEN", Precondition,
        "Laci {drawer} masih terbuka sejak {date}; hitung dan tutup dahulu.",
        "The drawer {drawer} is open since {date}; count and close it first.";
    /// The drawer is another teller's.
    DrawerOfOther = "DRAWER_OF_OTHER", Precondition,
        "Laci {drawer} adalah tanggung jawab {teller}.",
        "The drawer {drawer} is that of {teller}.";
    /// More than the drawer may hold. Also a remark.
    DrawerFull = "DRAWER_FULL", Precondition,
        "Laci {drawer} paling banyak {cap}, menjadi {held}; pindahkan kelebihannya ke brankas.",
        "The drawer {drawer} holds {cap} at most, this makes {held}; put what is beyond into the vault.";
    /// What can only be done on the business day.
    NotBusinessDay = "NOT_BUSINESS_DAY", Precondition,
        "Hanya dapat dilakukan pada hari buku {today}.",
        "This can only be done on the business day {today}.";
    /// Days of the period or year are not closed yet, and something may still fall due on them.
    DaysNotClosed = "DAYS_NOT_CLOSED", Precondition,
        "Tutup dahulu hari-hari buku dari {date} sampai {last}.",
        "Close the book's days from {date} to {last} first.";
    /// Somebody has looked at the report before, or took it back.
    ReviewDecided = "REVIEW_DECIDED", Precondition,
        "Laporan {review} sudah selesai diperiksa.",
        "The report {review} was looked at already.";
    /// The group has answered before whether the report is right, or it was taken back.
    ConfirmationDecided = "CONFIRMATION_DECIDED", Precondition,
        "Laporan {report} sudah dijawab kelompok atau dibatalkan.",
        "The group has answered about the report {report} already, or it was taken back.";
    /// Whoever recorded on a group's behalf does not confirm it.
    OwnReport = "OWN_REPORT", Precondition,
        "Laporan {report} Anda catat sendiri; pengurus lain yang harus menjawabnya.",
        "You recorded {report} yourself; another officer must answer about it.";
    /// The sheet was decided before.
    SheetNotPending = "SHEET_NOT_PENDING", Precondition,
        "Lembar {sheet} tidak sedang menunggu keputusan.",
        "The sheet {sheet} is not waiting for a decision.";
    /// The suspense item has less left than is to be placed.
    SuspenseExceeded = "SUSPENSE_EXCEEDED", Precondition,
        "Rekening sementara {item} hanya tersisa {held}.",
        "The suspense item {item} only has {held} left.";
    /// The counted difference is not that large.
    DifferenceExceeded = "DIFFERENCE_EXCEEDED", Precondition,
        "Selisih kas yang tercatat hanya {held}.",
        "The recorded cash difference is only {held}.";
    /// A member of another office, or the same person twice.
    OfficeTaken = "OFFICE_TAKEN", Precondition,
        "{member} sudah menjabat.",
        "{member} already holds the office.";
    /// The stage does not come after the last one recorded.
    NotAfterLast = "NOT_AFTER_LAST", Precondition,
        "Tanggal {date} harus sesudah catatan terakhir {last}.",
        "The date {date} must be after the last entry of {last}.";
    /// A rule of a loan that makes no sense, alone or with the others.
    LoanTermsInvalid = "LOAN_TERMS_INVALID", Invalid,
        "Aturan pinjaman {term} tidak masuk akal atau belum diisi.",
        "The loan rule {term} makes no sense or is not set.";
    /// A plan of instalments that cannot be kept.
    LoanPlanInvalid = "LOAN_PLAN_INVALID", Invalid,
        "Rencana angsuran tidak dapat dijalankan: {plan}.",
        "The plan of instalments cannot be kept: {plan}.";
    /// More titipan is given back than is held.
    TitipanExceeded = "TITIPAN_EXCEEDED", Precondition,
        "Titipan pinjaman ini hanya {held}.",
        "Only {held} is held as titipan of this loan.";
    /// More than the loan leaves.
    LoanExceeded = "LOAN_EXCEEDED", Precondition,
        "Pinjaman ini hanya tersisa {held}.",
        "Only {held} of this loan is left.";
    /// The goods did not cost what the contract says.
    LotCostDiffers = "LOT_COST_DIFFERS", Precondition,
        "Harga perolehan {lot} {held}, akad menyebut {asked}.",
        "{lot} cost {held}, the contract says {asked}.";
    /// More than is left of the capital put into a business.
    SyirkahExceeded = "SYIRKAH_EXCEEDED", Precondition,
        "Modal syirkah ini hanya tersisa {held}.",
        "Only {held} of this capital is left.";
    /// The loan is paid off, was turned down, or is not paid out.
    LoanNotOpen = "LOAN_NOT_OPEN", Precondition,
        "Pinjaman {loan} tidak sedang berjalan.",
        "The loan {loan} is not running.";
    /// The loan is not approved, not yet on that day, or paid out whole.
    LoanNotApproved = "LOAN_NOT_APPROVED", Precondition,
        "Pinjaman {loan} tidak menunggu pencairan: belum disetujui, ditolak, atau sudah cair semua.",
        "The loan {loan} does not wait to be paid out: it is not approved, or all is paid out.";
    /// Somebody has decided on the loan before.
    LoanDecided = "LOAN_DECIDED", Precondition,
        "Pinjaman {loan} sudah diputuskan pada {date}.",
        "The loan {loan} was decided on {date} already.";
    /// The borrower has not confirmed the loan.
    LoanNotConfirmed = "LOAN_NOT_CONFIRMED", Precondition,
        "Peminjam belum membenarkan pinjaman {loan}.",
        "The borrower has not confirmed the loan {loan}.";
    /// Whoever wrote the application does not confirm it.
    OwnApplication = "OWN_APPLICATION", Precondition,
        "Pengajuan {loan} Anda tulis sendiri; harus orang lain yang membenarkannya.",
        "You wrote the application {loan} yourself; somebody else must confirm it.";
    /// Only the borrower confirms without a paper.
    ConfirmationNeedsPaper = "CONFIRMATION_NEEDS_PAPER", Precondition,
        "Sebutkan nomor surat bertanda tangan atau cap jempol peminjam {loan}.",
        "Name the paper that the borrower of {loan} signed or put a thumbprint on.";
    /// The borrower has confirmed the loan before.
    LoanConfirmed = "LOAN_CONFIRMED", Precondition,
        "Peminjam sudah membenarkan pinjaman {loan}.",
        "The borrower has confirmed the loan {loan} already.";
    /// An amount outside of what the product lends.
    LoanAmount = "LOAN_AMOUNT", Precondition,
        "Produk {product} meminjamkan {least} sampai {most}.",
        "The product {product} lends {least} to {most}.";
    /// More instalments than the product allows.
    LoanInstalments = "LOAN_INSTALMENTS", Precondition,
        "Produk {product} paling banyak {most} angsuran.",
        "The product {product} allows {most} instalments at most.";
    /// Not what it takes to settle the loan.
    SettlementAmount = "SETTLEMENT_AMOUNT", Precondition,
        "Pelunasan pada tanggal ini {asked}.",
        "Settling the loan on this day takes {asked}.";
    /// Too much has happened to the loan for one record.
    LoanFull = "LOAN_FULL", Precondition,
        "Catatan pinjaman {loan} penuh; lunasi dengan pinjaman baru.",
        "The record of the loan {loan} is full; settle it by a new one.";
    /// Nothing is owed to that payer.
    ClaimExceeded = "CLAIM_EXCEEDED", Precondition,
        "Talangan {payer} hanya tersisa {held}.",
        "Only {held} of what {payer} paid is left to give back.";
    /// The reward is for those who paid promptly, once.
    NotPrompt = "NOT_PROMPT", Precondition,
        "Pinjaman {loan} tidak berhak atas insentif tepat waktu.",
        "The loan {loan} has not earned the reward for paying promptly.";
    /// A record would not fit the journal's size limit.
    TooLarge = "TOO_LARGE", Invalid,
        "Permintaan terlalu besar untuk satu catatan; bagilah.",
        "The request is too large for one record; split it.";
    /// Remark: the guideline's 5 to 10 households do not hold.
    GroupSize = "GROUP_SIZE", Remark,
        "Kelompok ini beranggota {count}; pedoman menyarankan 5 sampai 10 keluarga.",
        "This group has {count} members; the guideline says 5 to 10 households.";
    /// Remark: an unusual size without a recorded decision.
    GroupSizeUndecided = "GROUP_SIZE_UNDECIDED", Remark,
        "Keputusan kelompok tentang jumlah anggotanya belum tercatat.",
        "The group's decision about its size is not on record.";
    /// Remark: the group's cash is below zero in the books.
    CashNegative = "CASH_NEGATIVE", Remark,
        "Saldo {account} menjadi {held}: ada catatan yang belum masuk.",
        "{account} now stands at {held}: something is not yet recorded.";
    /// Remark: a reported line waits in suspense.
    InSuspense = "IN_SUSPENSE", Remark,
        "{amount} masuk Rekening Sementara karena {reason}.",
        "{amount} was put in suspense because of {reason}.";
    /// Remark: more was spent than the grant brought.
    GrantOverspent = "GRANT_OVERSPENT", Remark,
        "Belanja hibah {grant} melebihi penerimaan: diterima {received}, dibelanjakan {spent}.",
        "More was spent of {grant} than it brought: received {received}, spent {spent}.";
    /// Jasa beyond what the LKM's regime allows; also a remark.
    RateAboveBound = "RATE_ABOVE_BOUND", Precondition,
        "Jasa {rate}% setahun melebihi batas {limit}% ({source}).",
        "{rate}% a year is more than the {limit}% allowed ({source}).";
    /// More lent to officers than the LKM's regime allows; also a remark.
    OfficerExposure = "OFFICER_EXPOSURE", Precondition,
        "Pinjaman kepada pengurus menjadi {asked}, modal sendiri {held}: melebihi batas {limit}% ({source}).",
        "Loans to officers would be {asked} of {held} own capital: more than the {limit}% allowed ({source}).";
    /// What a regime is said to allow makes no sense.
    BoundInvalid = "BOUND_INVALID", Invalid,
        "Isian batas tidak masuk akal: {term}.",
        "This part of the bound makes no sense: {term}.";
    /// Remark: a product, contract or fund of a kind that the LKM's principle has not.
    NotOfPrinciple = "NOT_OF_PRINCIPLE", Remark,
        "Hal ini tidak sesuai dengan prinsip usaha LKM (konvensional atau syariah).",
        "This is not of the LKM's principle (conventional or syariah).";
    /// Remark: told as done against a rule; a person must look at it.
    ForReview = "FOR_REVIEW", Remark,
        "Dicatat untuk diperiksa karena {reason}.",
        "Recorded for review because of {reason}.";
    /// Remark: the group says that what was recorded on its behalf is wrong.
    Disputed = "DISPUTED", Remark,
        "Kelompok menyanggah catatan ini.",
        "The group disputes this record.";
    /// Remark: animals were counted that differ from the register.
    HeadsMismatch = "HEADS_MISMATCH", Remark,
        "{lot}: dihitung {counted} ekor, menurut buku {held}.",
        "{lot}: {counted} heads counted, the book says {held}.";
    /// Remark: the member was drawn before in this round.
    ArisanDrawnBefore = "ARISAN_DRAWN_BEFORE", Remark,
        "{member} sudah mendapat arisan pada {date} dalam putaran ini.",
        "{member} was drawn before in this round, on {date}.";
    /// Remark: a mirrored pair differs while reported money waits in suspense.
    MirrorSuspense = "MIRROR_SUSPENSE", Remark,
        "{amount} dari dana ini masih menunggu di Rekening Sementara.",
        "{amount} of this fund still waits in suspense.";
    /// Remark: a mirrored pair differs because the lender recognises no jasa before it is paid.
    MirrorNonPerforming = "MIRROR_NON_PERFORMING", Remark,
        "Pinjaman {loan} tidak lancar; LKM tidak mengakui jasanya.",
        "The loan {loan} does not perform; the LKM does not recognise its jasa.";
    /// Remark: a mirrored pair differs because the lender has written the loan off.
    MirrorWrittenOff = "MIRROR_WRITTEN_OFF", Remark,
        "Pinjaman {loan} sudah dihapus buku; kelompok masih berutang.",
        "The loan {loan} was written off; the group still owes it.";
    /// Remark: a mirrored pair was opened with different balances.
    MirrorOpening = "MIRROR_OPENING", Remark,
        "Saldo awal kelompok dan LKM berselisih {difference}.",
        "The opening balances of group and LKM differ by {difference}.";
    /// Remark: nothing on record explains why a mirrored pair differs.
    MirrorUnexplained = "MIRROR_UNEXPLAINED", Remark,
        "Sebab selisih ini belum diketahui.",
        "Nothing on record explains this difference.";
    /// Remark: counted cash differs from the book.
    CountMismatch = "COUNT_MISMATCH", Remark,
        "Kas dihitung {counted}, menurut buku {held}.",
        "Cash was counted at {counted}, the book says {held}.";
    /// Remark: counted cash and the sheet's lines differ.
    CashDifference = "CASH_DIFFERENCE", Remark,
        "Selisih kas {difference} dibukukan sebagai Selisih Kas.",
        "A cash difference of {difference} was booked.";
    /// Remark: the day was closed, so the ledger took the first open day.
    MovedToOpenDay = "MOVED_TO_OPEN_DAY", Remark,
        "Periode {date} sudah ditutup; dibukukan pada {effective}.",
        "The period of {date} is closed; booked on {effective}.";
    /// Who manages access gives no role to themselves.
    OwnRole = "OWN_ROLE", Precondition,
        "Hak akses untuk diri sendiri harus diberikan orang lain.",
        "Nobody gives a role to themselves; somebody else must.";
    /// Whom a delegate stands in for does not hold the role there.
    NotHolder = "NOT_HOLDER", Precondition,
        "{user} tidak memegang peran {held} di tempat dan pada hari itu, jadi tidak dapat diwakili.",
        "{user} does not hold the role {held} there on that day, and nobody can stand in.";
    /// It was asked, and waits for a second person.
    AwaitsApproval = "AWAITS_APPROVAL", Precondition,
        "Permintaan ini menunggu persetujuan orang kedua: {name}.",
        "This request waits until a second person agrees: {name}.";
    /// Nobody agrees to, or turns down, what they asked themselves.
    OwnRequest = "OWN_REQUEST", Precondition,
        "Permintaan sendiri harus diputuskan orang lain.",
        "Somebody else must decide on what one asked oneself.";
    /// The caller holds no role that may decide on this.
    NotAChecker = "NOT_A_CHECKER", Precondition,
        "Peran {user} tidak berhak memutuskan permintaan ini.",
        "No role of {user} may decide on this request.";
    /// Only who asked can take it back.
    NotTheMaker = "NOT_THE_MAKER", Precondition,
        "Hanya {user} yang dapat menarik permintaan ini.",
        "Only {user} can withdraw this request.";
    /// It was agreed to, turned down or withdrawn before.
    ApprovalDecided = "APPROVAL_DECIDED", Precondition,
        "Permintaan ini sudah diputuskan oleh {user}.",
        "This request was decided by {user} before.";
    /// Nobody decided in time.
    ApprovalExpired = "APPROVAL_EXPIRED", Precondition,
        "Permintaan ini kedaluwarsa sesudah {date}; ajukan lagi.",
        "This request lapsed after {date}; ask again.";
    /// Remark: nobody else could agree, so it was done without.
    NoSecondPerson = "NO_SECOND_PERSON", Remark,
        "Tidak ada orang kedua yang berhak menyetujui; dilakukan seorang diri.",
        "There was no second person who could agree; it was done by one alone.";
    /// Two roles that one person must not hold at a time.
    RoleConflict = "ROLE_CONFLICT", Precondition,
        "Satu orang tidak boleh memegang peran {held} dan {wanted} sekaligus.",
        "One person must not hold the roles {held} and {wanted} at the same time.";
    /// Remark: a second sheet for the same day waits for a person.
    SheetPending = "SHEET_PENDING", Remark,
        "Sudah ada lembar untuk tanggal {date}; lembar ini menunggu diperiksa dan belum dibukukan.",
        "There is a sheet for {date} already; this one waits for review and has moved nothing.";
}

impl Reason {
    /// The reason of a stable name; `None` when this version does not know it.
    pub fn from_name(name: &str) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| reason.name() == name)
    }
}

/// One business "no" (or a remark): its reason, the field it is about, and its named values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The request field it is about, empty if none.
    pub field: String,
    /// Named values for the texts.
    pub details: Vec<(String, String)>,
}

impl Refusal {
    /// A refusal without field or values.
    pub fn new(reason: Reason) -> Refusal {
        Refusal { reason, field: String::new(), details: Vec::new() }
    }

    /// The same, about a field.
    pub fn on(mut self, field: &str) -> Refusal {
        field.clone_into(&mut self.field);
        self
    }

    /// The same, about an item of a list, counted from 0: its `lot` becomes `items[2].lot`, and
    /// where it named no field it is about `items[2]`. If it was about an item of an item, the
    /// outer one counts.
    pub fn within(mut self, list: &str, index: usize) -> Refusal {
        let own = self.field.rsplit_once("].").map_or(self.field.as_str(), |(_, own)| own);
        let dot = if own.is_empty() { "" } else { "." };
        self.field = format!("{list}[{index}]{dot}{own}");
        self
    }

    /// The same, with a named value.
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Refusal {
        self.details.push((key.to_owned(), value.to_string()));
        self
    }

    /// The text in a language, its values filled in as they are.
    pub fn text(&self, language: Language) -> String {
        let mut text = self.reason.template(language).to_owned();
        for (key, value) in &self.details {
            text = text.replace(&format!("{{{key}}}"), &spoken(value, language));
        }
        text
    }
}

/// The kinds of things that people name, as resource names, Indonesians and the English call them.
const KINDS: [(&str, &str, &str); 15] = [
    ("arisans", "arisan", "arisan"),
    ("blocks", "blokir", "block"),
    ("books", "buku", "book"),
    ("drawers", "laci", "drawer"),
    ("grants", "hibah", "grant"),
    ("groups", "kelompok", "group"),
    ("loan-products", "produk pinjaman", "loan product"),
    ("loans", "pinjaman", "loan"),
    ("lots", "lot", "lot"),
    ("meetings", "pertemuan", "meeting"),
    ("members", "anggota", "member"),
    ("parties", "pihak", "party"),
    ("passes", "guliran", "pass"),
    ("transactions", "transaksi", "transaction"),
    ("users", "pengguna", "user"),
];

/// A value as people say it: `groups/mawar/members/m07` is "anggota m07 kelompok mawar". What is no
/// resource name of a kind they name stays as it is.
fn spoken(value: &str, language: Language) -> String {
    let (owner, rest) = match value.strip_prefix("lkm/") {
        Some(rest) => (vec!["LKM".to_owned()], rest),
        None => (Vec::new(), value),
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let pairs = parts.chunks(2).map(|pair| {
        let [kind, id] = pair else { return None };
        let (_, indonesian, english) = KINDS.iter().find(|(known, ..)| known == kind)?;
        let kind = match language {
            Language::Indonesian => indonesian,
            Language::English => english,
        };
        Some(format!("{kind} {id}"))
    });
    let Some(pairs) = pairs.collect::<Option<Vec<String>>>() else { return value.to_owned() };
    let named: Vec<String> = owner.into_iter().chain(pairs).rev().collect();
    named.join(match language {
        Language::Indonesian => " ",
        Language::English => " of ",
    })
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.name(), self.text(Language::English))
    }
}

impl std::error::Error for Refusal {}
