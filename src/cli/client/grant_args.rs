//! What can be typed about grants and guliran.

use clap::{Args, Subcommand, ValueEnum};

use super::args::When;
use crate::api::v1::{BudgetSource, PassChannel};
use crate::cli::convert::{amount, day, quantity};
use crate::domain::day::Day;
use crate::domain::money::Sen;

/// What can be asked about grants.
#[derive(Clone, Debug, Subcommand)]
pub enum GrantAsk {
    /// Daftar hibah kelompok / a group's grants
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
    },
    /// Catat hibah uang yang diterima / record a grant received in money
    #[command(name = "terima", alias = "receive")]
    Receive(Receive),
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

/// A grant in money.
#[derive(Args, Clone, Debug)]
pub struct Receive {
    /// Which grant; its id is new.
    #[command(flatten)]
    pub which: WhichGrant,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Program / programme
    #[arg(long = "program", alias = "programme")]
    pub programme: String,
    /// Sumber anggaran / budget source
    #[arg(long = "sumber", alias = "source", default_value = "blps")]
    pub source: Source,
    /// Nomor SK / number of the decree
    #[arg(long = "sk", alias = "decree", default_value = "")]
    pub decree: String,
    /// Langsung ke rekening kelompok, bukan lewat LKM / to the group's own bank account
    #[arg(long = "langsung", alias = "direct")]
    pub direct: bool,
    /// Terikat sampai LPJ diterima / restricted until the LPJ is accepted
    #[arg(long = "terikat", alias = "restricted")]
    pub restricted: bool,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A budget source as people say it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Source {
    /// Bantuan langsung pemberdayaan sosial.
    Blps,
    /// APBN.
    Apbn,
    /// APBD.
    Apbd,
    /// Lainnya.
    Lain,
}

impl Source {
    /// As the API says it.
    pub(super) fn source(self) -> BudgetSource {
        match self {
            Source::Blps => BudgetSource::Blps,
            Source::Apbn => BudgetSource::Apbn,
            Source::Apbd => BudgetSource::Apbd,
            Source::Lain => BudgetSource::Other,
        }
    }
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
    /// Daftar guliran kelompok / what a group has passed on
    #[command(name = "daftar", alias = "list")]
    Passes {
        /// Kelompok / group
        group: String,
    },
    /// Yang sedang dalam perjalanan ke buku lain / what is on its way to other books
    #[command(name = "perjalanan", alias = "transit")]
    Transit,
}

/// A group's rule for passing on.
#[derive(Args, Clone, Debug)]
pub struct Rule {
    /// Kelompok / group
    pub group: String,
    /// Bagian yang digulirkan, persen / share in percent
    #[arg(long = "persen", alias = "percent", requires = "since")]
    pub percent: Option<String>,
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
    #[arg(long = "jalan", alias = "road", default_value = "tabungan")]
    pub road: Road,
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

/// The road of the money as people say it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Road {
    /// Tabungan di LKM.
    Tabungan,
    /// Bank.
    Bank,
    /// Kas.
    Kas,
}

impl Road {
    /// As the API says it.
    pub(super) fn channel(self) -> PassChannel {
        match self {
            Road::Tabungan => PassChannel::Savings,
            Road::Bank => PassChannel::Bank,
            Road::Kas => PassChannel::Cash,
        }
    }
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
fn thing(typed: &str) -> Result<Thing, String> {
    let parts: Vec<&str> = typed.split(':').collect();
    let [lot, many, value, new_lot] = parts[..] else {
        return Err("LOT:BANYAK:NILAI:LOT-BARU".to_owned());
    };
    Ok(Thing {
        lot: lot.to_owned(),
        quantity_milli: quantity(many)?,
        value: amount(value)?,
        new_lot: new_lot.to_owned(),
    })
}
