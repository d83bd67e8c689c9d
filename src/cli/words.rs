//! The words people use for what the API enumerates: one list reads and writes them.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::api::v1::{
    AlmsKind, ApprovalKind, ApprovalState, Band, BudgetSource, DayCount, DuesPeriod, ErasureCause,
    ExpenseKind, HouseholdStatus, LetterDirection, LoanContract, LoanFactKind, LoanFrequency,
    LoanMethod, LoanPart, LoanState, LossCause, LotKind, MemberMeasure, MirrorKind, Office,
    Overpayment, PartyKind, PassChannel, PenaltyPer, PortfolioKey, Purpose, QualityPreset,
    Recognition, Regime, ReliefKind, Role, SavingsKind, SheetLineKind, SheetState, Stage,
    SurplusUse, SyirkahKind, TermState, Zone,
};
use crate::api::v1::{
    BoundEffect, BoundedFigure, EarlyBreak, OnMaturity, Principle, SavingsDayCount, SavingsMethod,
    SavingsSort, TermPayout,
};

/// What people say for each value.
#[derive(Clone, Copy, Debug)]
pub struct Words<T: 'static>(&'static [(&'static str, T)]);

impl<T: Copy + PartialEq + Send + Sync> Words<T> {
    /// The value that a word means.
    pub fn value(self, word: &str) -> Option<T> {
        self.0.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// The word for a value; empty where there is none.
    pub fn word(self, value: T) -> &'static str {
        self.0.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
    }

    /// All the words.
    pub fn all(self) -> Vec<&'static str> {
        self.0.iter().map(|(word, _)| *word).collect()
    }

    /// Reads a word for clap, which then also lists all of them.
    pub fn parser(self) -> impl TypedValueParser<Value = T> {
        PossibleValuesParser::new(self.all())
            .try_map(move |word| self.value(&word).ok_or("not one of these words"))
    }
}

/// An LKM's regime.
pub const REGIMES: Words<Regime> = Words(&[
    ("koperasi", Regime::Koperasi),
    ("lkm-ojk", Regime::LkmOjk),
    ("inkubasi", Regime::Inkubasi),
]);

/// How an LKM does business.
pub const PRINCIPLES: Words<Principle> =
    Words(&[("konvensional", Principle::Conventional), ("syariah", Principle::Syariah)]);

/// What a regime bounds.
pub const FIGURES: Words<BoundedFigure> = Words(&[
    ("jasa-pinjaman", BoundedFigure::LoanRate),
    ("jasa-simpanan", BoundedFigure::SavingsRate),
    ("pengurus", BoundedFigure::Officers),
    ("likuiditas", BoundedFigure::Liquidity),
    ("solvabilitas", BoundedFigure::Solvency),
    ("modal", BoundedFigure::Capital),
    ("npl-neto", BoundedFigure::NplNet),
    ("npl-bruto", BoundedFigure::NplGross),
]);

/// What becomes of what goes beyond a bound.
pub const EFFECTS: Words<BoundEffect> =
    Words(&[("peringatan", BoundEffect::Warn), ("tolak", BoundEffect::Refuse)]);

/// Time zones.
pub const ZONES: Words<Zone> =
    Words(&[("wib", Zone::Wib), ("wita", Zone::Wita), ("wit", Zone::Wit)]);

/// Stages of a group's growth.
pub const STAGES: Words<Stage> = Words(&[
    ("tumbuh", Stage::Tumbuh),
    ("berkembang", Stage::Berkembang),
    ("mandiri", Stage::Mandiri),
]);

/// Officers of a group.
pub const OFFICES: Words<Office> = Words(&[
    ("ketua", Office::Ketua),
    ("sekretaris", Office::Sekretaris),
    ("bendahara", Office::Bendahara),
]);

/// What somebody is to a book.
pub const ROLES: Words<Role> = Words(&[
    ("admin", Role::Administrator),
    ("manajer", Role::Manager),
    ("pembuku", Role::Bookkeeper),
    ("teller", Role::Teller),
    ("kolektor", Role::Collector),
    ("bendahara", Role::Treasurer),
    ("ketua", Role::Chair),
    ("anggota", Role::Member),
    ("pendamping", Role::Facilitator),
    ("dinas", Role::Dinas),
    ("auditor", Role::Auditor),
]);

/// What waits for a second person.
pub const APPROVAL_KINDS: Words<ApprovalKind> = Words(&[
    ("putusan-pinjaman", ApprovalKind::LoanApproval),
    ("pencairan", ApprovalKind::Disbursement),
    ("hapus-buku", ApprovalKind::WriteOff),
    ("pembatalan", ApprovalKind::Reversal),
    ("buka-buku", ApprovalKind::Reopening),
    ("guliran", ApprovalKind::Guliran),
    ("produk", ApprovalKind::Products),
    ("aturan", ApprovalKind::Rules),
    ("akses", ApprovalKind::Access),
]);

/// How far what waits has come.
pub const APPROVAL_STATES: Words<ApprovalState> = Words(&[
    ("menunggu", ApprovalState::Waiting),
    ("disetujui", ApprovalState::Approved),
    ("ditolak", ApprovalState::Rejected),
    ("ditarik", ApprovalState::Withdrawn),
    ("kedaluwarsa", ApprovalState::Expired),
]);

/// Household status.
pub const STATUSES: Words<HouseholdStatus> = Words(&[
    ("fakir-miskin", HouseholdStatus::FakirMiskin),
    ("miskin", HouseholdStatus::Miskin),
    ("hampir-miskin", HouseholdStatus::HampirMiskin),
    ("tidak-miskin", HouseholdStatus::TidakMiskin),
]);

/// For what somebody has to see what is masked.
pub const PURPOSES: Words<Purpose> = Words(&[
    ("identitas", Purpose::IdentityCheck),
    ("pinjaman", Purpose::LoanCheck),
    ("pengaduan", Purpose::Complaint),
    ("audit", Purpose::Audit),
    ("hukum", Purpose::Law),
    ("data-sendiri", Purpose::OwnData),
]);

/// Why a person's data are erased.
pub const ERASURES: Words<ErasureCause> = Words(&[
    ("diminta", ErasureCause::Asked),
    ("lewat-masa", ErasureCause::Expired),
    ("perintah", ErasureCause::Ordered),
]);

/// What a third party is to an entity.
pub const PARTIES: Words<PartyKind> = Words(&[
    ("pemasok", PartyKind::Supplier),
    ("pembeli", PartyKind::Buyer),
    ("penyumbang", PartyKind::Donor),
    ("lain", PartyKind::Other),
]);

/// Sorts of savings.
pub const SAVINGS: Words<SavingsKind> = Words(&[
    ("pokok", SavingsKind::Pokok),
    ("wajib", SavingsKind::Wajib),
    ("sukarela", SavingsKind::Sukarela),
]);

/// Where a grant's money comes from.
pub const SOURCES: Words<BudgetSource> = Words(&[
    ("blps", BudgetSource::Blps),
    ("apbn", BudgetSource::Apbn),
    ("apbd", BudgetSource::Apbd),
    ("lain", BudgetSource::Other),
]);

/// Roads of money that is passed on.
pub const ROADS: Words<PassChannel> = Words(&[
    ("tabungan", PassChannel::Savings),
    ("bank", PassChannel::Bank),
    ("kas", PassChannel::Cash),
]);

/// What a lot holds.
pub const LOTS: Words<LotKind> =
    Words(&[("stok", LotKind::Stock), ("ternak", LotKind::Livestock), ("alat", LotKind::Tools)]);

/// Which way a letter went.
pub const LETTERS: Words<LetterDirection> =
    Words(&[("masuk", LetterDirection::In), ("keluar", LetterDirection::Out)]);

/// Why animals or things were lost.
pub const CAUSES: Words<LossCause> =
    Words(&[("mati", LossCause::Died), ("dicuri", LossCause::Stolen)]);

/// Sorts of cost.
pub const EXPENSES: Words<ExpenseKind> = Words(&[
    ("pakan", ExpenseKind::Feed),
    ("upah", ExpenseKind::Wages),
    ("honor", ExpenseKind::Honoraria),
    ("transport", ExpenseKind::Transport),
    ("administrasi", ExpenseKind::Administration),
    ("obat", ExpenseKind::Health),
    ("lain", ExpenseKind::Other),
]);

/// Lines of a meeting sheet.
pub const SHEET_LINES: Words<SheetLineKind> = Words(&[
    ("pokok", SheetLineKind::Pokok),
    ("wajib", SheetLineKind::Wajib),
    ("sukarela", SheetLineKind::Sukarela),
    ("ambil", SheetLineKind::Withdrawal),
    ("iks", SheetLineKind::IksDues),
    ("angsuran", SheetLineKind::Instalment),
    ("beli", SheetLineKind::Purchase),
    ("jual", SheetLineKind::Sale),
    ("biaya", SheetLineKind::Expense),
]);

/// Where a sheet stands.
pub const SHEET_STATES: Words<SheetState> = Words(&[
    ("dibukukan", SheetState::Posted),
    ("menunggu", SheetState::Pending),
    ("diterima", SheetState::Accepted),
    ("dibuang", SheetState::Discarded),
]);

/// How often dues are due.
pub const PERIODS: Words<DuesPeriod> = Words(&[
    ("tahunan", DuesPeriod::Yearly),
    ("bulanan", DuesPeriod::Monthly),
    ("pertemuan", DuesPeriod::PerMeeting),
]);

/// Kinds of trouble that are relieved.
pub const TROUBLES: Words<ReliefKind> = Words(&[
    ("musibah", ReliefKind::Musibah),
    ("sakit", ReliefKind::Sakit),
    ("kematian", ReliefKind::Kematian),
    ("sekolah", ReliefKind::Sekolah),
    ("lainnya", ReliefKind::Other),
]);

/// Where a term deposit stands.
pub const TERMS: Words<TermState> = Words(&[
    ("berjalan", TermState::Open),
    ("dicairkan", TermState::PaidBack),
    ("dibatalkan", TermState::Reversed),
]);

/// What a group has at its LKM.
pub const MIRRORS: Words<MirrorKind> = Words(&[
    ("tabungan", MirrorKind::Savings),
    ("deposito", MirrorKind::TermDeposit),
    ("jasa-deposito", MirrorKind::TermReturn),
    ("penyertaan", MirrorKind::Stake),
    ("shu", MirrorKind::Surplus),
    ("pinjaman", MirrorKind::Loan),
    ("jasa-pinjaman", MirrorKind::LoanInterest),
    ("titipan-pinjaman", MirrorKind::LoanTitipan),
]);

/// Sorts of savings that have a product.
pub const SORTS: Words<SavingsSort> = Words(&[
    ("pokok", SavingsSort::Pokok),
    ("wajib", SavingsSort::Wajib),
    ("sukarela", SavingsSort::Sukarela),
    ("kube", SavingsSort::Kube),
]);

/// What interest on savings is counted on.
pub const METHODS: Words<SavingsMethod> = Words(&[
    ("terendah", SavingsMethod::Lowest),
    ("rata-rata", SavingsMethod::Average),
    ("harian", SavingsMethod::Daily),
]);

/// What part of a year a month is.
pub const SAVINGS_DAY_COUNTS: Words<SavingsDayCount> = Words(&[
    ("360", SavingsDayCount::Actual360),
    ("365", SavingsDayCount::Actual365),
    ("perduabelas", SavingsDayCount::Twelfths),
]);

/// What becomes of a term deposit that matures.
pub const MATURITIES: Words<OnMaturity> =
    Words(&[("tabungan", OnMaturity::Savings), ("perpanjang", OnMaturity::RollOver)]);

/// When the return of a term deposit is paid.
pub const PAYOUTS: Words<TermPayout> = Words(&[
    ("jatuh-tempo", TermPayout::AtMaturity),
    ("bulanan", TermPayout::Monthly),
    ("ditambahkan", TermPayout::Capitalised),
]);

/// What breaking a term deposit early costs.
pub const EARLY: Words<EarlyBreak> = Words(&[
    ("biaya", EarlyBreak::Fee),
    ("persen", EarlyBreak::Percent),
    ("jasa-hangus", EarlyBreak::Interest),
]);

/// What a part of a surplus is for.
pub const USES: Words<SurplusUse> = Words(&[
    ("cadangan", SurplusUse::Reserve),
    ("anggota", SurplusUse::Members),
    ("pengurus", SurplusUse::Officers),
    ("karyawan", SurplusUse::Staff),
    ("pendidikan", SurplusUse::Education),
    ("sosial", SurplusUse::Social),
    ("iks", SurplusUse::Iks),
]);

/// What a member's share of a surplus goes by.
pub const MEASURES: Words<MemberMeasure> = Words(&[
    ("rata", MemberMeasure::Equal),
    ("simpanan", MemberMeasure::Savings),
    ("jasa", MemberMeasure::Interest),
]);

/// What a score amounts to.
pub const BANDS: Words<Band> =
    Words(&[("kurang", Band::Kurang), ("cukup", Band::Cukup), ("baik", Band::Baik)]);

/// How principal and jasa of a loan are spread.
pub const LOAN_METHODS: Words<LoanMethod> = Words(&[
    ("flat", LoanMethod::Flat),
    ("menurun", LoanMethod::Menurun),
    ("anuitas", LoanMethod::Anuitas),
    ("musiman", LoanMethod::Musiman),
    ("musiman-berkala", LoanMethod::MusimanJasaBerkala),
]);

/// How often instalments fall due.
pub const FREQUENCIES: Words<LoanFrequency> = Words(&[
    ("harian", LoanFrequency::Daily),
    ("mingguan", LoanFrequency::Weekly),
    ("dua-mingguan", LoanFrequency::TwoWeekly),
    ("bulanan", LoanFrequency::Monthly),
    ("selapanan", LoanFrequency::Selapanan),
    ("tanggal", LoanFrequency::Custom),
]);

/// Syariah contracts of loans.
pub const LOAN_CONTRACTS: Words<LoanContract> =
    Words(&[("murabahah", LoanContract::Murabahah), ("qardh", LoanContract::Qardh)]);

/// Contracts of partnership.
pub const SYIRKAHS: Words<SyirkahKind> =
    Words(&[("mudharabah", SyirkahKind::Mudharabah), ("musyarakah", SyirkahKind::Musyarakah)]);

/// Alms.
pub const ALMS: Words<AlmsKind> = Words(&[("zakat", AlmsKind::Zakat), ("infak", AlmsKind::Infak)]);

/// What a portfolio is divided by.
pub const PORTFOLIO_KEYS: Words<PortfolioKey> = Words(&[
    ("produk", PortfolioKey::Product),
    ("petugas", PortfolioKey::Officer),
    ("kelompok", PortfolioKey::Group),
    ("golongan", PortfolioKey::Class),
    ("pemberi", PortfolioKey::Lender),
]);

/// What the time between two custom dates counts.
pub const DAY_COUNTS: Words<DayCount> = Words(&[
    ("per-periode", DayCount::PerPeriod),
    ("365", DayCount::Actual365),
    ("360", DayCount::Actual360),
    ("30-360", DayCount::Thirty360),
]);

/// What a penalty counts.
pub const PENALTIES: Words<PenaltyPer> =
    Words(&[("hari", PenaltyPer::Day), ("periode", PenaltyPer::Period)]);

/// Parts of a debt.
pub const LOAN_PARTS: Words<LoanPart> = Words(&[
    ("denda", LoanPart::Penalty),
    ("jasa", LoanPart::Interest),
    ("pokok", LoanPart::Principal),
]);

/// What becomes of money beyond what is due.
pub const OVERPAYMENTS: Words<Overpayment> =
    Words(&[("titipan", Overpayment::Titipan), ("pokok", Overpayment::EarlyPrincipal)]);

/// When jasa becomes income.
pub const RECOGNITIONS: Words<Recognition> =
    Words(&[("kas", Recognition::Cash), ("akrual", Recognition::Accrual)]);

/// Where a loan stands.
pub const LOAN_STATES: Words<LoanState> = Words(&[
    ("diajukan", LoanState::Applied),
    ("ditolak", LoanState::Rejected),
    ("disetujui", LoanState::Approved),
    ("berjalan", LoanState::Active),
    ("lunas", LoanState::PaidOff),
    ("hapus-buku", LoanState::WrittenOff),
    ("pindah", LoanState::Moved),
]);

/// What happened to a loan, as its card says it with an amount.
pub const LOAN_FACTS: Words<LoanFactKind> = Words(&[
    ("dicairkan", LoanFactKind::Disbursed),
    ("dibayar", LoanFactKind::Paid),
    ("titipan dikembalikan", LoanFactKind::Refunded),
    ("keringanan denda", LoanFactKind::PenaltyWaived),
    ("keringanan jasa", LoanFactKind::InterestWaived),
    ("keringanan pelunasan", LoanFactKind::Settled),
    ("dijadwal ulang", LoanFactKind::Rescheduled),
    ("tidak lancar", LoanFactKind::NonPerforming),
    ("lancar kembali", LoanFactKind::Performing),
    ("dihapus buku", LoanFactKind::WrittenOff),
    ("agunan diambil", LoanFactKind::CollateralTaken),
    ("insentif dibayar", LoanFactKind::Rewarded),
    ("pindah buku", LoanFactKind::Moved),
]);

/// Quality classes that the project knows.
pub const PRESETS: Words<QualityPreset> =
    Words(&[("pojk-41-2024", QualityPreset::LkmPojk412024), ("upk", QualityPreset::UpkPnpm)]);
