//! The charts of accounts of LKM and KUBE: one table, each row saying whose ledger it belongs to.
//!
//! **Invariant**: there is no account outside of this table, and no number stands in it twice; code
//! that posts names a [`Code`].

use crate::domain::id::Entity;
use crate::domain::record::proto::Fund;

/// The side of the balance sheet or the income statement an account stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Aset.
    Asset,
    /// Kewajiban.
    Liability,
    /// Ekuitas and restricted funds.
    Equity,
    /// Pendapatan.
    Income,
    /// Beban.
    Expense,
}

/// What the subject of an account names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// No subject.
    None,
    /// A member's id.
    Member,
    /// A third party's id.
    Party,
    /// A lot's id.
    Lot,
    /// A grant's id.
    Grant,
    /// A drawer's id.
    Drawer,
    /// A group and one of its funds, `{group}/{fund}`.
    KubeFund,
    /// Another fund of the same entity.
    Fund,
    /// A term deposit of this entity.
    Deposit,
    /// A group's term deposit, `{group}/{deposit}`.
    KubeDeposit,
    /// A round of saving by lot (arisan).
    Arisan,
    /// A pass or loan of guliran.
    Pass,
    /// A loan, by its id at its lender.
    Loan,
    /// A reported line in suspense, `{request_id}/{line}`.
    Item,
}

/// Who may let an account fall below zero (seen from its natural side).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// It may stand on either side.
    None,
    /// A report may push it below zero, but that is flagged: the cash is real, the books lag.
    Flag,
    /// A request that would push it below zero is refused; a report puts the rest in suspense.
    Refuse,
}

/// Whose ledger an account belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Only the LKM's.
    Lkm,
    /// Only a KUBE's.
    Kube,
    /// Both.
    Both,
}

/// One row of the chart.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The account.
    pub code: Code,
    /// Indonesian name.
    pub name_id: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Side.
    pub class: Class,
    /// What its subject names.
    pub subject: SubjectKind,
    /// Whether it may fall below zero.
    pub floor: Floor,
    /// Whose it is.
    pub chart: Chart,
    /// Whether the bookkeeper's general journal may write to it; the others mirror a register
    /// or another ledger and are only written by their own events.
    pub open: bool,
}

macro_rules! chart {
    ($($code:ident $number:literal $id:literal $en:literal $class:ident $subject:ident $floor:ident $chart:ident $open:literal;)+) => {
        /// An account's place in the chart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $id] $code = $number,)+
        }

        /// The whole chart, ordered by number.
        pub const CHART: &[Line] = &[
            $(Line { code: Code::$code, name_id: $id, name_en: $en, class: Class::$class,
                subject: SubjectKind::$subject, floor: Floor::$floor, chart: Chart::$chart, open: $open },)+
        ];

        impl Code {
            /// The account of a number; `None` when the chart has none.
            pub const fn from_number(number: u32) -> Option<Code> {
                match number { $($number => Some(Code::$code),)+ _ => None }
            }

            /// Its row in the chart.
            pub const fn line(self) -> &'static Line {
                match self { $(Code::$code => { const LINE: Line = Line {
                    code: Code::$code, name_id: $id, name_en: $en, class: Class::$class,
                    subject: SubjectKind::$subject, floor: Floor::$floor, chart: Chart::$chart, open: $open };
                    &LINE })+ }
            }
        }
    };
}

chart! {
    Cash 1101 "Kas" "Cash" Asset None Flag Kube false;
    Vault 1102 "Kas Besar" "Vault" Asset None Refuse Lkm true;
    Drawer 1103 "Kas Teller" "Teller's drawer" Asset Drawer Refuse Lkm false;
    Bank 1104 "Bank" "Bank" Asset None Flag Both true;
    CashInTransit 1105 "Kas dalam Perjalanan" "Cash in transit" Asset Drawer Refuse Lkm false;
    SavingsAtLkm 1111 "Tabungan di LKM" "Savings at the LKM" Asset None Refuse Kube false;
    TermDepositAtLkm 1112 "Simpanan Berjangka di LKM" "Term deposits at the LKM" Asset Deposit Refuse Kube false;
    StakeInLkm 1113 "Penyertaan LKM" "Stake in the LKM" Asset None Refuse Kube false;
    TermInterestDue 1114 "Piutang Jasa Simpanan Berjangka" "Return on term deposits due" Asset Deposit Refuse Kube false;
    TradeReceivable 1202 "Piutang Usaha" "Trade receivables" Asset Party Refuse Both false;
    OfficerReceivable 1203 "Piutang Pengurus" "Due from officers" Asset Member None Both false;
    AdvancePaid 1204 "Uang Muka Pembelian" "Advances for purchases" Asset Party Refuse Both false;
    UepWithMembers 1205 "UEP pada Anggota" "Business capital with members" Asset Member Refuse Kube false;
    GuliranReceivable 1206 "Piutang Guliran" "Guliran lent" Asset Pass Refuse Kube false;
    GuliranLoans 1207 "Pinjaman Guliran" "Guliran loans" Asset Pass Refuse Lkm false;
    OtherReceivable 1209 "Piutang Lain-lain" "Other receivables" Asset None None Lkm true;
    SurplusReceivable 1210 "Piutang SHU" "Due from the LKM's surplus" Asset None Refuse Kube false;
    MemberLoans 1221 "Piutang Anggota" "Loans to members" Asset Loan Refuse Kube false;
    LoansGiven 1222 "Pinjaman Diberikan" "Loans given" Asset Loan Refuse Lkm false;
    InterestReceivable 1223 "Piutang Jasa" "Loan interest receivable" Asset Loan Refuse Both false;
    StandInReceivable 1224 "Piutang Talangan" "Due from members paid for" Asset Loan Refuse Kube false;
    TitipanAtLkm 1225 "Titipan di LKM" "Loan money held by the LKM" Asset Loan Refuse Kube false;
    MurabahahReceivable 1226 "Piutang Murabahah" "Murabahah receivables" Asset Loan Refuse Both false;
    QardhReceivable 1227 "Piutang Qardh" "Qardh lent" Asset Loan Refuse Lkm false;
    SharingFinance 1228 "Pembiayaan" "Profit-sharing finance" Asset Loan Refuse Lkm false;
    MurabahahBurden 1229 "Beban Murabahah Tangguhan" "Deferred murabahah cost" Asset Loan Refuse Kube false;
    LoanProvision 1291 "Penyisihan Pinjaman" "Provision for loans" Asset Loan None Both false;
    Stock 1301 "Persediaan" "Stock" Asset Lot Refuse Both false;
    Livestock 1302 "Ternak" "Livestock" Asset Lot Refuse Kube false;
    Tools 1401 "Inventaris" "Tools" Asset Lot Refuse Kube false;
    FixedAssets 1402 "Aset Tetap" "Fixed assets" Asset Lot Refuse Lkm false;
    AccumulatedDepreciation 1491 "Akumulasi Penyusutan" "Accumulated depreciation" Asset Lot None Both false;
    ForeclosedAssets 1502 "AYDA" "Collateral taken over" Asset Loan Refuse Lkm false;
    InterFund 1901 "Antar Dana" "Due from and to other funds" Asset Fund None Both false;
    CashDifference 1902 "Selisih Kas" "Cash differences" Asset None None Both false;
    TradePayable 2101 "Utang Usaha" "Trade payables" Liability Party Refuse Both false;
    KubeSavings 2102 "Tabungan KUBE" "KUBE savings" Liability KubeFund Refuse Lkm false;
    MemberSavings 2103 "Tabungan Anggota" "Member savings" Liability Member Refuse Both false;
    MandatorySavings 2104 "Simpanan Wajib" "Mandatory savings" Liability Member Refuse Both false;
    PrincipalSavings 2105 "Simpanan Pokok" "Principal savings" Liability Member Refuse Both false;
    TermDeposits 2106 "Simpanan Berjangka" "Term deposits" Liability KubeDeposit Refuse Lkm false;
    ArisanHeld 2107 "Titipan Arisan" "Arisan held" Liability Arisan Refuse Kube false;
    OtherPayable 2109 "Utang Lain-lain" "Other payables" Liability None None Lkm true;
    TermInterestOwed 2110 "Utang Jasa Simpanan Berjangka" "Return on term deposits owed" Liability KubeDeposit Refuse Lkm false;
    MemberTermDeposits 2111 "Simpanan Berjangka Anggota" "Members' term deposits" Liability Deposit Refuse Both false;
    MemberTermInterest 2112 "Utang Jasa Simpanan Berjangka Anggota" "Return on members' term deposits owed" Liability Deposit Refuse Both false;
    LoanTitipan 2121 "Titipan Angsuran" "Loan money held" Liability Loan Refuse Both false;
    DeferredInterest 2122 "Pendapatan Ditangguhkan" "Deferred income" Liability Loan Refuse Both false;
    DeferredMargin 2123 "Margin Ditangguhkan" "Deferred margin" Liability Loan Refuse Both false;
    GuliranPayable 2201 "Utang Guliran" "Guliran borrowed" Liability Pass Refuse Kube false;
    GuliranObligation 2202 "Kewajiban Guliran" "Guliran to be passed on" Liability Grant Refuse Kube false;
    GuliranPool 2203 "Dana Guliran" "Guliran pool" Liability Pass Refuse Lkm false;
    SurplusPayable 2301 "Utang SHU" "Members' surplus" Liability Member Refuse Kube false;
    MemberSurplus 2302 "SHU Anggota" "Members' surplus" Liability Member Refuse Lkm false;
    KubeSurplus 2303 "SHU Anggota KUBE" "Surplus of KUBEs" Liability KubeFund Refuse Lkm false;
    SurplusToAllot 2304 "SHU Anggota Belum Dirinci" "Members' surplus to be allotted" Liability None Refuse Both false;
    LkmLoan 2311 "Pinjaman LKM" "Loans from the LKM" Liability Loan Refuse Kube false;
    InterestPayable 2312 "Utang Jasa" "Loan interest payable" Liability Loan Refuse Kube false;
    BankDebt 2313 "Utang Bank" "Bank loans" Liability Loan Refuse Kube false;
    LoansReceived 2314 "Pinjaman Diterima" "Loans received" Liability Loan Refuse Lkm false;
    MurabahahPayable 2315 "Utang Murabahah" "Murabahah payable" Liability Loan Refuse Kube false;
    QardhPayable 2316 "Utang Qardh" "Qardh owed" Liability Loan Refuse Kube false;
    SyirkahFund 2317 "Dana Syirkah" "Syirkah capital" Liability Loan Refuse Kube false;
    OfficersFund 2321 "Dana Pengurus" "Officers' fund" Liability None Refuse Both false;
    StaffFund 2322 "Dana Karyawan" "Staff fund" Liability None Refuse Both false;
    EducationFund 2323 "Dana Pendidikan" "Education fund" Liability None Refuse Both false;
    SocialFund 2324 "Dana Sosial" "Social fund" Liability None Refuse Both false;
    IncomeTaxPayable 2401 "Utang Pajak" "Income tax owed" Liability None Refuse Lkm false;
    TaxWithheld 2402 "Utang PPh" "Tax withheld" Liability None Refuse Both false;
    Suspense 2901 "Rekening Sementara" "Suspense" Liability Item None Both false;
    GrantCapital 3101 "Modal Hibah" "Grant capital" Equity Grant Refuse Kube false;
    RestrictedGrant 3102 "Hibah Terikat" "Restricted grant" Equity Grant Refuse Kube false;
    RolledCapital 3103 "Modal Guliran" "Capital received as guliran" Equity Grant Refuse Kube false;
    OwnCapital 3104 "Modal Swadaya" "Own capital" Equity Member Refuse Kube false;
    MandatoryCapital 3105 "Simpanan Wajib (Ekuitas)" "Mandatory savings (equity)" Equity Member Refuse Lkm false;
    PrincipalCapital 3106 "Simpanan Pokok (Ekuitas)" "Principal savings (equity)" Equity Member Refuse Lkm false;
    PaidInCapital 3107 "Modal Disetor" "Paid-in capital" Equity None None Lkm true;
    KubeStakes 3108 "Penyertaan KUBE" "Stakes of KUBEs" Equity KubeFund Refuse Lkm false;
    PassDifference 3109 "Selisih Nilai Guliran" "Differences in value of what was passed on" Equity None None Kube false;
    ProgrammeStake 3110 "Modal Penyertaan Program" "Programme stake" Equity Grant Refuse Lkm false;
    SolidarityFund 3201 "Dana IKS" "Solidarity fund" Equity None Flag Kube false;
    ZakatFund 3202 "Dana Zakat" "Zakat fund" Equity None Refuse Lkm true;
    BenevolenceFund 3203 "Dana Kebajikan" "Benevolence fund" Equity None Refuse Lkm true;
    OpeningEquity 3301 "Saldo Awal" "Opening equity" Equity None None Both true;
    Reserve 3302 "Cadangan" "Reserves" Equity None Refuse Both true;
    Surplus 3401 "SHU" "Surplus" Equity None None Both true;
    IncomeSummary 3402 "Ikhtisar Laba Rugi" "Income summary" Equity None None Both false;
    Sales 4101 "Penjualan" "Sales" Income None None Both true;
    BankInterest 4201 "Pendapatan Bunga Bank" "Bank interest" Income None None Both true;
    ClaimIncome 4202 "Pendapatan Klaim" "Insurance claims" Income None None Both true;
    SurplusIncome 4203 "Pendapatan SHU LKM" "Share of the LKM's surplus" Income None None Kube false;
    ReturnFromLkm 4204 "Pendapatan Bagi Hasil" "Return on savings at the LKM" Income None None Kube false;
    OtherIncome 4209 "Pendapatan Lain-lain" "Other income" Income None None Both true;
    LoanIncome 4311 "Pendapatan Jasa" "Loan interest" Income None None Both true;
    PenaltyIncome 4312 "Pendapatan Denda" "Penalties" Income None None Both true;
    FeeIncome 4313 "Pendapatan Administrasi" "Loan fees" Income None None Both true;
    RecoveryIncome 4314 "Pendapatan Pemulihan" "Recoveries of loans written off" Income None None Both true;
    IncentiveIncome 4315 "Pendapatan Insentif" "Rewards for paying promptly" Income None None Kube true;
    MarginIncome 4316 "Pendapatan Margin" "Murabahah margin" Income None None Both true;
    SharingIncome 4317 "Pendapatan Bagi Hasil" "Profit shares" Income None None Lkm true;
    CostOfSales 5101 "HPP" "Cost of sales" Expense None None Both true;
    SavingsInterest 5102 "Beban Jasa Simpanan" "Interest on savings" Expense None None Both true;
    Feed 5201 "Beban Pakan" "Feed" Expense None None Both true;
    Wages 5202 "Beban Upah" "Wages" Expense None None Both true;
    Honoraria 5203 "Beban Honorarium" "Honoraria" Expense None None Both true;
    Transport 5204 "Beban Transportasi" "Transport" Expense None None Both true;
    Administration 5205 "Beban Administrasi" "Administration" Expense None None Both true;
    Health 5206 "Beban Obat dan Kesehatan Ternak" "Medicine and veterinary care" Expense None None Both true;
    Depreciation 5207 "Beban Penyusutan" "Depreciation" Expense None None Both true;
    BankCharges 5208 "Beban Bank" "Bank charges" Expense None None Both true;
    LivestockLoss 5209 "Kerugian Kematian Ternak" "Livestock losses" Expense None None Kube true;
    CashShortage 5210 "Beban Selisih Kas" "Cash shortages" Expense None None Both true;
    ProfitShare 5211 "Bagi Hasil Anggota" "Members' share of results" Expense None None Kube true;
    BusinessLoss 5212 "Rugi Usaha" "Losses borne by partners" Expense None None Kube true;
    OtherExpense 5219 "Beban Lain-lain" "Other costs" Expense None None Both true;
    IncomeTax 5301 "Beban PPh" "Income tax" Expense None None Lkm true;
    TaxExpense 5302 "Beban Pajak" "Taxes" Expense None None Kube false;
    LoanCost 5311 "Beban Jasa Pinjaman" "Loan interest borne" Expense None None Both true;
    LoanFine 5312 "Beban Denda" "Penalties borne" Expense None None Kube true;
    ProvisionExpense 5313 "Beban Penyisihan" "Provision expense" Expense None None Both true;
    IncentiveExpense 5314 "Beban IPTW" "Rewards paid" Expense None None Lkm true;
    MarginCost 5315 "Beban Margin" "Murabahah margin borne" Expense None None Kube true;
    SharingCost 5316 "Bagi Hasil" "Profit shared with the LKM" Expense None None Kube true;
    SharingLoss 5317 "Beban Rugi" "Losses of profit-sharing finance" Expense None None Lkm true;
}

impl Code {
    /// The number printed in books.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Whether the account is in an entity's chart.
    pub fn belongs_to(self, entity: &Entity) -> bool {
        match self.line().chart {
            Chart::Both => true,
            Chart::Lkm => matches!(entity, Entity::Lkm),
            Chart::Kube => matches!(entity, Entity::Kube(_)),
        }
    }

    /// Whether its balance is naturally a debit.
    pub const fn debit_side(self) -> bool {
        matches!(self.line().class, Class::Asset | Class::Expense)
    }

    /// Whether it is money at hand or in the bank: what a cash book lists.
    pub const fn is_money(self) -> bool {
        matches!(self, Code::Cash | Code::Vault | Code::Drawer | Code::Bank)
    }

    /// Whether another ledger mirrors it: what a KUBE has at its LKM.
    pub const fn is_mirrored(self) -> bool {
        matches!(
            self,
            Code::SavingsAtLkm
                | Code::KubeSavings
                | Code::TermDepositAtLkm
                | Code::TermDeposits
                | Code::TermInterestDue
                | Code::TermInterestOwed
                | Code::StakeInLkm
                | Code::KubeStakes
                | Code::SurplusReceivable
                | Code::KubeSurplus
        )
    }
}

/// A fund's short name in account names.
pub const fn fund_name(fund: Fund) -> &'static str {
    match fund {
        Fund::Unspecified => "",
        Fund::Uep => "uep",
        Fund::SimpanPinjam => "sp",
        Fund::Iks => "iks",
        Fund::Guliran => "guliran",
        Fund::Umum => "umum",
        Fund::UsahaRiil => "riil",
        Fund::Kebajikan => "kebajikan",
    }
}

/// The fund of a short name; `None` when there is none.
pub fn fund_from_name(name: &str) -> Option<Fund> {
    FUNDS.iter().copied().find(|fund| fund_name(*fund) == name)
}

/// All funds, in the order books list them.
pub const FUNDS: &[Fund] = &[
    Fund::Uep,
    Fund::SimpanPinjam,
    Fund::Iks,
    Fund::Guliran,
    Fund::Umum,
    Fund::UsahaRiil,
    Fund::Kebajikan,
];

/// Whether an entity may have a fund. An LKM keeps its core business in SIMPAN_PINJAM, its
/// real-sector unit in USAHA_RIIL and, where syariah, KEBAJIKAN; a KUBE keeps the other five.
pub const fn fund_allowed(entity: &Entity, fund: Fund) -> bool {
    match entity {
        Entity::Lkm => matches!(fund, Fund::SimpanPinjam | Fund::UsahaRiil | Fund::Kebajikan),
        Entity::Kube(_) => {
            matches!(fund, Fund::Uep | Fund::SimpanPinjam | Fund::Iks | Fund::Guliran | Fund::Umum)
        }
    }
}
