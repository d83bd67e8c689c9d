//! What can be typed about grants and guliran.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::args::{Money, Part, When, new_lot, part, percent};
use crate::api::google_type::Decimal;
use crate::api::v1::{BudgetSource, LossCause, NewLot, PassChannel};
use crate::cli::convert::{amount, day, quantity};
use crate::cli::mistyped::Mistyped;
use crate::cli::words::{CAUSES, ROADS, SOURCES};
use crate::domain::day::Day;
use crate::domain::money::Sen;

/// What can be asked about grants.
#[derive(Clone, Debug, Subcommand)]
pub enum GrantAsk {
    /// Daftar hibah kelompok, atau satu hibah / a group's grants, or one of them
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
        /// Hibah / grant
        grant: Option<String>,
    },
    /// Catat hibah yang diterima / record a grant received
    #[command(name = "terima", alias = "receive")]
    Receive(Receive),
    /// Tetapkan rencana belanja / set what a grant is to be spent on
    #[command(name = "rencana", alias = "plan")]
    Plan(Plan),
    /// Modal hibah hilang, menurut berita acara / capital of a grant is lost, by minute
    #[command(name = "hilang", alias = "lose")]
    Lose(Lose),
    /// Kembalikan sisa hibah kepada pemberi / give an unused part back
    #[command(name = "kembalikan", alias = "return")]
    Return {
        /// Which grant.
        #[command(flatten)]
        which: WhichGrant,
        /// How much.
        #[command(flatten)]
        money: Money,
    },
    /// LPJ diterima / the accountability report is accepted
    #[command(name = "lpj-diterima", alias = "lpj-accepted")]
    AcceptLpj {
        /// Which grant.
        #[command(flatten)]
        which: WhichGrant,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Laporan pertanggungjawaban / the accountability report
    #[command(name = "lpj")]
    Lpj(WhichGrant),
    /// Silsilah: ke mana hibah ini berjalan / where this grant has gone
    #[command(name = "silsilah", alias = "lineage")]
    Lineage(WhichGrant),
}

/// One grant.
#[derive(Args, Clone, Debug)]
pub struct WhichGrant {
    /// Kelompok / group
    pub group: String,
    /// Hibah / grant
    pub grant: String,
}

/// A grant in money or in kind.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("received").required(true))]
pub struct Receive {
    /// Which grant; its id is new.
    #[command(flatten)]
    pub which: WhichGrant,
    /// Jumlah uang / amount of money
    #[arg(value_parser = amount, group = "received")]
    pub amount: Option<Sen>,
    /// Barang menurut BAST, LOT:ISI:NAMA:BANYAK:SATUAN:HARGA / things
    #[arg(long = "barang", alias = "thing", value_parser = new_lot, group = "received")]
    pub things: Vec<NewLot>,
    /// Program / programme
    #[arg(long = "program", alias = "programme")]
    pub programme: String,
    /// Sumber anggaran / budget source
    #[arg(long = "sumber", alias = "source", default_value = "blps", value_parser = SOURCES.parser())]
    pub source: BudgetSource,
    /// Nomor SK / number of the decree
    #[arg(long = "sk", alias = "decree", default_value = "", hide_default_value = true)]
    pub decree: String,
    /// Nomor SP2D / number of the payment order
    #[arg(long = "sp2d", alias = "payment-order", default_value = "", hide_default_value = true)]
    pub payment_order: String,
    /// Baris rekening koran tempat uangnya masuk / line of the bank's statement it came on
    #[arg(long = "baris-bank", alias = "bank-line", default_value = "", hide_default_value = true)]
    pub bank_line: String,
    /// Jenis bantuan, misalnya "ternak babi" / kind of aid
    #[arg(
        long = "jenis-bantuan",
        alias = "aid-kind",
        default_value = "",
        hide_default_value = true
    )]
    pub aid_kind: String,
    /// Langsung ke rekening kelompok, bukan lewat LKM / to the group's own bank account
    #[arg(long = "langsung", alias = "direct")]
    pub direct: bool,
    /// Diterima sebelum buku dimulai / received before the books began
    #[arg(long = "sebelum-buku", alias = "before-books", conflicts_with = "direct")]
    pub before_books: bool,
    /// Terikat sampai LPJ diterima / restricted until the LPJ is accepted
    #[arg(long = "terikat", alias = "restricted")]
    pub restricted: bool,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A spending plan.
#[derive(Args, Clone, Debug)]
pub struct Plan {
    /// Which grant.
    #[command(flatten)]
    pub which: WhichGrant,
    /// POS:UNTUK:JUMLAH, misalnya "ternak:delapan anak babi:12.000.000" / lines
    #[arg(required = true, value_parser = part)]
    pub lines: Vec<Part>,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A loss of a grant's capital.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("loss").required(true))]
pub struct Lose {
    /// Which grant.
    #[command(flatten)]
    pub which: WhichGrant,
    /// Barang yang hilang: lot / things of this lot
    #[arg(long = "lot", requires = "quantity", group = "loss")]
    pub lot: Option<String>,
    /// Banyaknya / how many
    #[arg(long = "banyak", alias = "quantity", value_parser = quantity)]
    pub quantity: Option<i64>,
    /// Sebabnya / why the things are gone
    #[arg(long = "sebab", alias = "cause", value_parser = CAUSES.parser(), requires = "lot")]
    pub cause: Option<LossCause>,
    /// Uang yang disalahgunakan pengurus / money an officer took
    #[arg(long = "disalahgunakan", alias = "misused", value_parser = amount, requires = "officer", group = "loss")]
    pub misused: Option<Sen>,
    /// Tagihan kepada pengurus yang dilepaskan / a claim on an officer that is given up
    #[arg(long = "dilepaskan", alias = "given-up", value_parser = amount, requires = "officer", group = "loss")]
    pub given_up: Option<Sen>,
    /// Pengurus / officer
    #[arg(long = "pengurus", alias = "officer")]
    pub officer: Option<String>,
    /// Diambil dari kas atau bank / taken from
    #[arg(long = "tempat", alias = "place", default_value = "kas")]
    pub place: String,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// What can be asked about passing on.
#[derive(Clone, Debug, Subcommand)]
pub enum GuliranAsk {
    /// Tampilkan atau tetapkan aturan kelompok / show or set a group's rule
    #[command(name = "aturan", alias = "rule")]
    Rule(Rule),
    /// Putuskan yang harus digulirkan / decide what is to be passed on
    #[command(name = "putuskan", alias = "decide")]
    Decide {
        /// Which grant.
        #[command(flatten)]
        which: WhichGrant,
        /// Jumlah; kosong untuk menurut aturan / amount; by the rule if left out
        #[arg(value_parser = amount)]
        amount: Option<Sen>,
        /// Jatuh tempo / due on
        #[arg(long = "jatuh-tempo", alias = "due", value_parser = day)]
        due: Option<Day>,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Serahkan guliran / pass on
    #[command(name = "serahkan", alias = "deliver")]
    Deliver(Pass),
    /// Bebaskan sebagian kewajiban / excuse a part
    #[command(name = "bebaskan", alias = "excuse")]
    Excuse {
        /// Which grant.
        #[command(flatten)]
        which: WhichGrant,
        /// Jumlah / amount
        #[arg(value_parser = amount)]
        amount: Sen,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Penerima mengonfirmasi / the receiver confirms
    #[command(name = "konfirmasi", alias = "confirm")]
    Confirm {
        /// Kelompok penerima / receiving group
        receiver: String,
        /// Kelompok pemberi / giving group
        giver: String,
        /// Id guliran / the pass
        pass: String,
        /// Belum diterima sebagaimana tertulis / it is not there as written
        #[arg(long = "bantah", alias = "dispute")]
        disputed: bool,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Salurkan uang dari kolam guliran LKM / give money of the LKM's pool on
    #[command(name = "salurkan", alias = "release")]
    Release {
        /// Kelompok pemberi / giving group
        giver: String,
        /// Id guliran ke kolam / the pass into the pool
        pass: String,
        /// Jumlah / amount
        #[arg(value_parser = amount)]
        amount: Sen,
        /// Kelompok penerima / receiving group
        #[arg(long = "kepada", alias = "to")]
        to: String,
        /// Id hibah bagi penerima; kosong untuk guliran-PEMBERI / the receiver's grant
        #[arg(long = "menjadi", alias = "as")]
        becomes: Option<String>,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Pinjamkan uang guliran sementara / lend meanwhile
    #[command(name = "pinjamkan", alias = "lend")]
    Lend {
        /// Which loan.
        #[command(flatten)]
        loan: Loan,
        /// Kelompok peminjam / who borrows
        #[arg(long = "kepada", alias = "to")]
        to: String,
        /// Jatuh tempo / due on
        #[arg(long = "jatuh-tempo", alias = "due", value_parser = day)]
        due: Option<Day>,
    },
    /// Pinjaman guliran dikembalikan / lent guliran is given back
    #[command(name = "kembalikan", alias = "repay")]
    Repay(Loan),
    /// Daftar guliran kelompok, atau satu guliran / what a group has passed on, or one pass
    #[command(name = "daftar", alias = "list")]
    Passes {
        /// Kelompok / group
        group: String,
        /// Id guliran / the pass
        pass: Option<String>,
    },
    /// Tulis surat guliran untuk LKM di server lain / write a pass to a file
    #[command(name = "kirim", alias = "export")]
    Export {
        /// Kelompok pemberi / giving group
        group: String,
        /// Id guliran / the pass
        pass: String,
        /// Berkas / file
        file: PathBuf,
    },
    /// Terima surat guliran dari server lain / take a pass in from a file
    #[command(name = "terima", alias = "import")]
    Import {
        /// What came.
        #[command(flatten)]
        letter: Letter,
        /// Tulis tanda terimanya ke berkas ini / write the receipt to this file
        #[arg(long = "tanda-terima", alias = "receipt")]
        receipt: PathBuf,
    },
    /// Tulis ulang tanda terima, dengan kata penerima kini / write a receipt anew
    #[command(name = "kabarkan", alias = "receipt")]
    Receipt {
        /// Which grant.
        #[command(flatten)]
        which: WhichGrant,
        /// Berkas / file
        file: PathBuf,
    },
    /// Catat tanda terima dari server lain / take a receipt in
    #[command(name = "tanda-terima", alias = "acknowledge")]
    Acknowledge(Letter),
    /// Yang sedang dalam perjalanan ke buku lain / what is on its way to other books
    #[command(name = "perjalanan", alias = "transit")]
    Transit,
}

/// A file from another installation.
#[derive(Args, Clone, Debug)]
pub struct Letter {
    /// Berkas / file
    pub file: PathBuf,
    /// Kodenya, seperti tertulis di berita acara / its code
    pub code: String,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A loan of guliran.
#[derive(Args, Clone, Debug)]
pub struct Loan {
    /// Kelompok yang meminjamkan, atau lkm / who lends
    pub lender: String,
    /// Id pinjaman / the loan
    pub loan: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A group's rule for passing on.
#[derive(Args, Clone, Debug)]
pub struct Rule {
    /// Kelompok / group
    pub group: String,
    /// Bagian yang digulirkan, persen / share in percent
    #[arg(long = "persen", alias = "percent", value_parser = percent, requires = "since")]
    pub percent: Option<Decimal>,
    /// Bulan sesudah diterima / months after receipt
    #[arg(long = "bulan", alias = "months", default_value_t = 12)]
    pub months: u32,
    /// Berlaku untuk hibah sejak / holds for grants received since
    #[arg(long = "sejak", alias = "since", value_parser = day, requires = "percent")]
    pub since: Option<Day>,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A delivery.
#[derive(Args, Clone, Debug)]
pub struct Pass {
    /// Which grant.
    #[command(flatten)]
    pub which: WhichGrant,
    /// Id guliran, misalnya ke-kasih / the id of the pass
    pub id: String,
    /// Kelompok penerima, atau books/.../groups/... di buku lain / receiving group
    #[arg(long = "kepada", alias = "to")]
    pub to: Option<String>,
    /// Id hibah bagi penerima; kosong untuk guliran-PEMBERI / the receiver's grant
    #[arg(long = "menjadi", alias = "as", requires = "to")]
    pub becomes: Option<String>,
    /// Nama keluarga penerima / the receiving family's name
    #[arg(long = "keluarga", alias = "family")]
    pub family: Option<String>,
    /// Ke dana guliran LKM / into the LKM's pool
    #[arg(long = "kolam", alias = "pool")]
    pub pool: bool,
    /// Uang / money
    #[arg(long = "uang", alias = "cash", value_parser = amount)]
    pub cash: Option<Sen>,
    /// Jalan uang: tabungan, bank, kas / the road of the money
    #[arg(long = "jalan", alias = "road", default_value = "tabungan", value_parser = ROADS.parser())]
    pub road: PassChannel,
    /// Barang atau ternak, LOT:BANYAK:NILAI:LOT-BARU / things
    #[arg(long = "barang", alias = "thing", value_parser = thing)]
    pub things: Vec<Thing>,
    /// Terjadi sebelum buku dimulai / from before the books
    #[arg(long = "sebelum-buku", alias = "before-books")]
    pub before_books: bool,
    /// Sudah terjadi: catat untuk diperiksa bila melanggar aturan / told as done
    #[arg(long = "sudah-terjadi", alias = "reported")]
    pub reported: bool,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A thing that is passed on.
#[derive(Clone, Debug)]
pub struct Thing {
    /// The giver's lot.
    pub lot: String,
    /// Thousandths of a unit.
    pub quantity_milli: i64,
    /// Sen, as the minute says.
    pub value: Sen,
    /// The receiver's new lot.
    pub new_lot: String,
}

/// Reads `LOT:BANYAK:NILAI:LOT-BARU`.
fn thing(typed: &str) -> Result<Thing, Mistyped> {
    let parts: Vec<&str> = typed.split(':').collect();
    let [lot, many, value, new_lot] = parts[..] else {
        return Err(Mistyped::new(
            "Tulis LOT:BANYAK:NILAI:LOT-BARU.",
            "Write LOT:QUANTITY:VALUE:NEW-LOT.",
        ));
    };
    Ok(Thing {
        lot: lot.to_owned(),
        quantity_milli: quantity(many)?,
        value: amount(value)?,
        new_lot: new_lot.to_owned(),
    })
}
