//! What can be typed about loans.

use clap::Args;

use super::args::{Part, When, Where, part, percent};
use crate::api::google_type::Decimal;
use crate::api::v1::{
    DayCount, LoanContract, LoanFrequency, LoanMethod, LoanPart, Overpayment, PenaltyPer,
    QualityPreset, Recognition,
};
use crate::cli::convert::{amount, day, quantity};
use crate::cli::words::{
    DAY_COUNTS, FREQUENCIES, LOAN_CONTRACTS, LOAN_METHODS, LOAN_PARTS, OVERPAYMENTS, PENALTIES,
    PRESETS, RECOGNITIONS,
};
use crate::domain::day::Day;
use crate::domain::money::Sen;

/// One loan.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// Kelompok atau lkm / group or lkm
    pub lender: String,
    /// Pinjaman / loan
    pub loan: String,
}

/// One loan, at a time.
#[derive(Args, Clone, Debug)]
pub struct Of {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// One loan, as it stands on a day.
#[derive(Args, Clone, Debug)]
pub struct OnDay {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Per tanggal / as of
    #[arg(long = "per", alias = "as-of", value_parser = day)]
    pub on: Option<Day>,
}

/// Where the money of a loan goes or comes from.
#[derive(Args, Clone, Debug)]
pub struct Purse {
    /// kas, bank, brankas, atau id laci / place
    #[arg(long = "tempat", alias = "place", default_value = "kas")]
    pub place: String,
    /// Pinjaman kelompok: tempat uang di LKM / a KUBE's loan: the LKM's place
    #[arg(long = "tempat-lkm", alias = "lkm-place")]
    pub lkm_place: Option<String>,
    /// Pinjaman kelompok: lewat tabungan di LKM / a KUBE's loan: by its savings
    #[arg(long = "tabungan", alias = "savings", conflicts_with = "lkm_place")]
    pub savings: bool,
    /// Tas kolektor LKM / the collector's bag
    #[arg(long = "tas", alias = "bag", conflicts_with_all = ["lkm_place", "savings"])]
    pub bag: Option<String>,
}

/// Money of one loan.
#[derive(Args, Clone, Debug)]
pub struct Pay {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Where the money is.
    #[command(flatten)]
    pub purse: Purse,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// What settling takes.
#[derive(Args, Clone, Debug)]
pub struct Quote {
    /// Which loan, and when.
    #[command(flatten)]
    pub of: OnDay,
    /// Muqasah: potongan margin murabahah / what is remitted of a margin
    #[arg(long = "muqasah", alias = "rebate", value_parser = amount)]
    pub rebate: Option<Sen>,
}

/// All that is left, at once.
#[derive(Args, Clone, Debug)]
pub struct Settle {
    /// Which loan, how much, and where.
    #[command(flatten)]
    pub pay: Pay,
    /// Muqasah: potongan margin murabahah, menurut keputusan / what is remitted of a margin
    #[arg(long = "muqasah", alias = "rebate", value_parser = amount)]
    pub rebate: Option<Sen>,
}

/// A loan and where money goes.
#[derive(Args, Clone, Debug)]
pub struct Paid {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Where the money is.
    #[command(flatten)]
    pub purse: Purse,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// The rules of a loan.
#[derive(Args, Clone, Debug)]
pub struct Rules {
    /// Cara: flat, menurun, anuitas, musiman, musiman-berkala / method
    #[arg(long = "cara", alias = "method", value_parser = LOAN_METHODS.parser())]
    pub method: LoanMethod,
    /// Angsuran: harian, mingguan, dua-mingguan, bulanan, selapanan, tanggal / frequency
    #[arg(long = "tiap", alias = "every", value_parser = FREQUENCIES.parser())]
    pub frequency: LoanFrequency,
    /// Jasa dalam persen per periode / jasa in percent per period
    #[arg(long = "jasa", alias = "rate", value_parser = percent)]
    pub rate: Decimal,
    /// Hitungan hari untuk tanggal bebas / day count for custom dates
    #[arg(long = "hitungan-hari", alias = "day-count", value_parser = DAY_COUNTS.parser())]
    pub day_count: Option<DayCount>,
    /// Berapa angsuran tanpa pokok / instalments without principal
    #[arg(long = "tanpa-pokok", alias = "principal-grace", default_value_t = 0)]
    pub principal_grace: u32,
    /// Berapa angsuran tanpa jasa / instalments without jasa
    #[arg(long = "tanpa-jasa", alias = "interest-grace", default_value_t = 0)]
    pub interest_grace: u32,
    /// Jasa itu ditagih sesudahnya, bukan dibebaskan / deferred, not waived
    #[arg(long = "jasa-ditunda", alias = "deferred")]
    pub deferred: bool,
    /// Pembulatan angsuran ke atas: 0, 1, 100, 500, 1000 rupiah / rounded up to
    #[arg(long = "bulat", alias = "rounding", default_value_t = 0)]
    pub rounding: u32,
    /// Biaya administrasi dalam persen / fee in percent
    #[arg(long = "biaya-persen", alias = "fee-percent", value_parser = percent)]
    pub fee_percent: Option<Decimal>,
    /// Biaya administrasi / fee
    #[arg(long = "biaya", alias = "fee", value_parser = amount)]
    pub fee: Option<Sen>,
    /// Denda dalam persen dari tunggakan / penalty in percent
    #[arg(long = "denda", alias = "penalty", value_parser = percent)]
    pub penalty: Option<Decimal>,
    /// Denda per hari atau per periode / what a penalty counts
    #[arg(long = "denda-per", alias = "penalty-per", default_value = "hari", value_parser = PENALTIES.parser())]
    pub penalty_per: PenaltyPer,
    /// Hari lambat tanpa denda / days late that cost nothing
    #[arg(long = "denda-bebas", alias = "penalty-grace", default_value_t = 0)]
    pub penalty_grace: u32,
    /// Batas denda dalam persen angsuran / cap in percent of the instalment
    #[arg(long = "denda-batas", alias = "penalty-cap", value_parser = percent)]
    pub penalty_cap: Option<Decimal>,
    /// Urutan pembayaran, misalnya denda,jasa,pokok / order of payment
    #[arg(long = "urutan", alias = "order", value_delimiter = ',', value_parser = LOAN_PARTS.parser())]
    pub order: Vec<LoanPart>,
    /// Satu angsuran selesai dulu / one instalment before the next
    #[arg(long = "per-angsuran", alias = "by-instalment")]
    pub by_instalment: bool,
    /// Kelebihan bayar: titipan atau pokok / overpayment
    #[arg(long = "lebih", alias = "overpayment", value_parser = OVERPAYMENTS.parser())]
    pub overpayment: Overpayment,
    /// Keringanan jasa saat dilunasi, dalam persen / rebate in percent
    #[arg(long = "keringanan", alias = "rebate", value_parser = percent)]
    pub rebate: Option<Decimal>,
    /// Pengakuan jasa: kas atau akrual / recognition
    #[arg(long = "pengakuan", alias = "recognition", value_parser = RECOGNITIONS.parser())]
    pub recognition: Recognition,
    /// Insentif tepat waktu dalam persen jasa / reward in percent of jasa
    #[arg(long = "insentif", alias = "reward", value_parser = percent)]
    pub reward: Option<Decimal>,
    /// Akad syariah: murabahah atau qardh / syariah contract
    #[arg(long = "akad", alias = "contract", value_parser = LOAN_CONTRACTS.parser())]
    pub contract: Option<LoanContract>,
    /// Margin murabahah, untuk pratinjau / a murabahah's margin, for a preview
    #[arg(long = "margin-rencana", alias = "planned-margin", value_parser = amount)]
    pub planned_margin: Option<Sen>,
}

/// When a loan is paid back.
#[derive(Args, Clone, Debug)]
pub struct Plan {
    /// Berapa kali angsuran / how many instalments
    #[arg(long = "angsuran", alias = "instalments")]
    pub instalments: u32,
    /// Jatuh tempo pertama / first due day
    #[arg(long = "mulai", alias = "first-due", value_parser = day)]
    pub first_due: Option<Day>,
    /// Semua jatuh tempo, untuk tanggal bebas / all due days
    #[arg(long = "jatuh-tempo", alias = "due", value_parser = day)]
    pub due_days: Vec<Day>,
}

/// A product.
#[derive(Args, Clone, Debug)]
pub struct Product {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Produk / product
    pub product: String,
    /// Nama / label
    #[arg(long = "nama", alias = "label")]
    pub label: String,
    /// Berlaku sejak / holds since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    pub since: Day,
    /// Paling sedikit / the least
    #[arg(long = "paling-sedikit", alias = "least", value_parser = amount)]
    pub least: Option<Sen>,
    /// Paling banyak / the most
    #[arg(long = "paling-banyak", alias = "most", value_parser = amount)]
    pub most: Option<Sen>,
    /// Paling banyak angsuran / the most instalments
    #[arg(long = "paling-lama", alias = "most-instalments", default_value_t = 0)]
    pub most_instalments: u32,
    /// The rules.
    #[command(flatten)]
    pub rules: Rules,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A schedule that is not made.
#[derive(Args, Clone, Debug)]
pub struct Preview {
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Hari pencairan / the day the money is paid out
    #[arg(long = "cair", alias = "disbursed", value_parser = day)]
    pub disbursed: Day,
    /// The rules.
    #[command(flatten)]
    pub rules: Rules,
    /// When it is paid back.
    #[command(flatten)]
    pub plan: Plan,
}

/// An application.
#[derive(Args, Clone, Debug)]
pub struct Apply {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Peminjam: anggota, atau kelompok di LKM dengan --kelompok / borrower
    pub borrower: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Produk / product
    #[arg(long = "produk", alias = "product")]
    pub product: String,
    /// Peminjamnya kelompok / the borrower is a group
    #[arg(long = "kelompok", alias = "group")]
    pub group: bool,
    /// Untuk apa / what it is for
    #[arg(long = "untuk", alias = "purpose", default_value = "")]
    pub purpose: String,
    /// Diteruskan dari pinjaman LKM / passes on the LKM's loan
    #[arg(long = "dari-pinjaman", alias = "funded-by")]
    pub funded_by: Option<String>,
    /// Kelompok penanggung / the group that stands in
    #[arg(long = "penanggung", alias = "surety")]
    pub surety: Option<String>,
    /// Angsuran diambil dari tabungan / instalments are taken from savings
    #[arg(long = "dari-tabungan", alias = "from-savings")]
    pub auto_debit: bool,
    /// Margin yang disepakati, untuk murabahah / the margin agreed on
    #[arg(long = "margin", value_parser = amount)]
    pub margin: Option<Sen>,
    /// When it is paid back.
    #[command(flatten)]
    pub plan: Plan,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A decision.
#[derive(Args, Clone, Debug)]
pub struct Decide {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Tolak / turn down
    #[arg(long = "tolak", alias = "reject")]
    pub reject: bool,
    /// Jumlah yang disetujui / what is approved
    #[arg(long = "jumlah", alias = "amount", value_parser = amount)]
    pub amount: Option<Sen>,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Money paid out.
#[derive(Args, Clone, Debug)]
pub struct Disburse {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Satu tahap saja / a tranche
    #[arg(long = "jumlah", alias = "amount", value_parser = amount)]
    pub amount: Option<Sen>,
    /// Biaya dibayar tersendiri / the fee is paid beside
    #[arg(long = "biaya-tersendiri", alias = "fee-beside")]
    pub fee_beside: bool,
    /// Where the money is.
    #[command(flatten)]
    pub purse: Purse,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A part that is waived.
#[derive(Args, Clone, Debug)]
pub struct Waive {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// denda atau jasa / penalties or jasa
    #[arg(value_parser = LOAN_PARTS.parser())]
    pub part: LoanPart,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Members who pay for one of them.
#[derive(Args, Clone, Debug)]
pub struct StandIn {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Siapa berapa, misalnya m02:28.000 / who how much
    #[arg(required = true, value_parser = part)]
    pub payers: Vec<Part>,
    /// Where.
    #[command(flatten)]
    pub at: Where,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A claim given back.
#[derive(Args, Clone, Debug)]
pub struct RepayClaim {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Anggota yang menanggung; kelompok dengan --kelompok / who had paid
    pub payer: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Yang menanggung kelompok / a group had paid
    #[arg(long = "kelompok", alias = "group")]
    pub group: bool,
    /// Where.
    #[command(flatten)]
    pub at: Where,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A new plan.
#[derive(Args, Clone, Debug)]
pub struct Reschedule {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// When it is paid back.
    #[command(flatten)]
    pub plan: Plan,
    /// Jasa baru / the new rate
    #[arg(long = "jasa", alias = "rate", value_parser = percent)]
    pub rate: Option<Decimal>,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Performing or not.
#[derive(Args, Clone, Debug)]
pub struct Turn {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Lancar kembali / performing again
    #[arg(long = "lancar", alias = "performing")]
    pub performing: bool,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A preset of quality classes.
#[derive(Args, Clone, Debug)]
pub struct Quality {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Golongan: pojk-41-2024 atau upk / preset
    #[arg(value_parser = PRESETS.parser())]
    pub preset: QualityPreset,
    /// Golongan ke berapa tidak lancar lagi / the class that no longer performs
    #[arg(long = "tidak-lancar-sejak", alias = "non-performing-from", default_value_t = 0)]
    pub non_performing_from: u32,
    /// Berlaku sejak / holds since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    pub since: Day,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A thing that secures a loan.
#[derive(Args, Clone, Debug)]
pub struct Collateral {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Id agunan / the collateral's id
    pub collateral: String,
    /// Nilai yang diakui / value
    #[arg(value_parser = amount)]
    pub value: Sen,
    /// Nama / label
    #[arg(long = "nama", alias = "label")]
    pub label: String,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Collateral taken.
#[derive(Args, Clone, Debug)]
pub struct TakeCollateral {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Agunan / collateral
    pub collateral: String,
    /// Pokok yang dibayarnya / the principal it pays
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Lot KUBE yang menyerahkannya / the KUBE's lot that gives it
    #[arg(long = "lot", default_value = "", hide_default_value = true)]
    pub lot: String,
    /// Banyak; seluruh sisa jika kosong / how much, all that is left if not given
    #[arg(long = "banyak", alias = "quantity", value_parser = quantity, requires = "lot")]
    pub quantity: Option<i64>,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Collateral sold.
#[derive(Args, Clone, Debug)]
pub struct SellCollateral {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Harga / price
    #[arg(value_parser = amount)]
    pub price: Sen,
    /// Where.
    #[command(flatten)]
    pub at: Where,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// A loan from outside.
#[derive(Args, Clone, Debug)]
pub struct Outside {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Pemberi pinjaman: id rekanan / the lender, a party
    pub party: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Jadwal dari pemberi pinjaman: caranya / the lender's plan: its method
    #[arg(long = "cara", alias = "method", value_parser = LOAN_METHODS.parser(), requires_all = ["frequency", "rate", "instalments"])]
    pub method: Option<LoanMethod>,
    /// Angsuran tiap / frequency
    #[arg(long = "tiap", alias = "every", value_parser = FREQUENCIES.parser(), requires = "method")]
    pub frequency: Option<LoanFrequency>,
    /// Jasa dalam persen per periode / jasa in percent per period
    #[arg(long = "jasa", alias = "rate", value_parser = percent, requires = "method")]
    pub rate: Option<Decimal>,
    /// Berapa kali angsuran / how many instalments
    #[arg(long = "angsuran", alias = "instalments", requires = "method")]
    pub instalments: Option<u32>,
    /// Jatuh tempo pertama / first due day
    #[arg(long = "mulai", alias = "first-due", value_parser = day, requires = "method")]
    pub first_due: Option<Day>,
    /// Where.
    #[command(flatten)]
    pub at: Where,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// An outside lender repaid.
#[derive(Args, Clone, Debug)]
pub struct RepayOutside {
    /// Which loan.
    #[command(flatten)]
    pub which: Which,
    /// Pokok / principal
    #[arg(value_parser = amount)]
    pub principal: Sen,
    /// Jasa / interest
    #[arg(long = "jasa", alias = "interest", value_parser = amount)]
    pub interest: Option<Sen>,
    /// Where.
    #[command(flatten)]
    pub at: Where,
    /// When.
    #[command(flatten)]
    pub when: When,
}

/// Which loans.
#[derive(Args, Clone, Debug)]
pub struct List {
    /// Kelompok atau lkm / group or lkm
    pub lender: String,
    /// Per tanggal / as of
    #[arg(long = "per", alias = "as-of", value_parser = day)]
    pub on: Option<Day>,
    /// Hanya yang menunggak / only those in arrears
    #[arg(long = "menunggak", alias = "arrears")]
    pub arrears: bool,
}
