//! The events of the catalogue as a cash book names them.

use crate::domain::record::Event;
use crate::domain::refusal::Language;

/// An event's name for people, e.g. `Simpanan disetor`.
pub fn event_text(event: Event, language: Language) -> &'static str {
    let (indonesian, english) = texts(event);
    match language {
        Language::Indonesian => indonesian,
        Language::English => english,
    }
}

/// An event by the name that the API gives it, e.g. `SAVINGS_DEPOSITED`; as it is where this
/// version does not know it.
pub fn event_name_text(name: &str, language: Language) -> &str {
    match Event::from_str_name(&format!("EVENT_{name}")) {
        Some(event) => event_text(event, language),
        None => name,
    }
}

const fn texts(event: Event) -> (&'static str, &'static str) {
    match event {
        Event::Unspecified => ("", ""),
        Event::LoanProductSet => ("Produk pinjaman ditetapkan", "Loan product set"),
        Event::LoanApplied => ("Pinjaman diajukan", "Loan asked for"),
        Event::LoanConfirmed => ("Pinjaman dibenarkan peminjam", "Loan confirmed by the borrower"),
        Event::LoanDecided => ("Pinjaman diputuskan", "Loan decided on"),
        Event::LoanDisbursed => ("Pinjaman dicairkan", "Loan paid out"),
        Event::LoanPaid => ("Angsuran pinjaman", "Loan instalment"),
        Event::TitipanRefunded => ("Titipan dikembalikan", "Titipan given back"),
        Event::LoanReckonedAnew => ("Pinjaman dihitung ulang", "Loan reckoned anew"),
        Event::LoanSettled => ("Pinjaman dilunasi", "Loan settled"),
        Event::LoanWaived => ("Keringanan pinjaman", "Part of a loan waived"),
        Event::LoanStoodIn => ("Tanggung renteng", "Others paid for a borrower"),
        Event::LoanClaimRepaid => ("Talangan dikembalikan", "Joint liability paid back"),
        Event::LoanRescheduled => ("Pinjaman dijadwal ulang", "Loan rescheduled"),
        Event::LoanProvisioned => ("Penyisihan pinjaman", "Loan provision"),
        Event::LoanWrittenOff => ("Pinjaman dihapus buku", "Loan written off"),
        Event::Collateral => ("Agunan", "Collateral"),
        Event::LoanAccrued => ("Akrual jasa pinjaman", "Loan interest accrued"),
        Event::LoanRewarded => ("Insentif tepat waktu (IPTW)", "Reward for paying promptly"),
        Event::OutsideLoan => ("Pinjaman dari luar", "Loan from outside"),
        Event::LoanContacted => ("Peminjam dihubungi", "Borrower spoken with"),
        Event::LoanAssigned => ("Petugas pinjaman ditetapkan", "Loan officer assigned"),
        Event::OfficerNamed => ("Pengurus LKM dicatat", "LKM officer recorded"),
        Event::MurabahahSold => ("Akad murabahah", "Murabahah sale"),
        Event::SyirkahFunded => ("Pembiayaan bagi hasil", "Profit-sharing finance"),
        Event::SyirkahShared => ("Bagi hasil usaha", "Profit shared"),
        Event::SyirkahLost => ("Rugi usaha ditanggung", "Business loss borne"),
        Event::SyirkahReturned => ("Modal syirkah kembali", "Syirkah capital returned"),
        Event::AlmsReceived => ("Zakat atau infak diterima", "Zakat or infak received"),
        Event::AlmsGiven => ("Zakat atau infak disalurkan", "Zakat or infak given out"),
        Event::MemberDied => ("Anggota meninggal", "Member died"),
        Event::SavingsShareDecided => ("Bagi hasil simpanan diputuskan", "Profit share decided"),
        Event::SavingsShareWeighed => ("Bagi hasil simpanan ditimbang", "Profit share weighed"),
        Event::SavingsWoken => ("Tabungan dibangunkan", "Dormant savings woken"),
        Event::SavingsDormant => ("Tabungan menjadi tidak aktif", "Savings fell dormant"),
        Event::SavingsListed => ("Tabungan didaftar", "Savings listed"),
        Event::BookOpened => ("Buku dibuka", "Book opened"),
        Event::DayAdvanced => ("Hari buku maju", "Business day moved on"),
        Event::PeriodClosed => ("Periode ditutup", "Period closed"),
        Event::GroupCreated => ("Kelompok didaftarkan", "Group registered"),
        Event::StageChanged => ("Tahap kelompok berubah", "Group entered another stage"),
        Event::OfficerAppointed => ("Pengurus diangkat", "Officer appointed"),
        Event::MemberEnrolled => ("Anggota didaftarkan", "Member enrolled"),
        Event::PersonErased => ("Data pribadi dihapus", "Personal data erased"),
        Event::RetentionSet => {
            ("Lama penyimpanan data pribadi ditetapkan", "Retention of personal data decided")
        }
        Event::MemberLeft => ("Anggota keluar", "Member left"),
        Event::MemberUpdated => ("Data anggota diubah", "Member's data changed"),
        Event::MeetingRecorded => ("Pertemuan dicatat", "Meeting recorded"),
        Event::PartyCreated => ("Rekanan didaftarkan", "Third party registered"),
        Event::DrawerLimitSet => ("Batas laci ditetapkan", "Drawer's limit set"),
        Event::DrawerOpened => ("Laci dibuka", "Drawer opened"),
        Event::DrawerClosed => ("Laci dihitung dan ditutup", "Drawer counted and closed"),
        Event::DrawerCreated => ("Laci didaftarkan", "Drawer registered"),
        Event::LinkChanged => ("Hubungan dengan LKM berubah", "Tie to the LKM changed"),
        Event::GrantReceived => ("Hibah diterima", "Grant received"),
        Event::LpjAccepted => ("LPJ diterima", "Accountability report accepted"),
        Event::GrantReturned => ("Hibah dikembalikan", "Grant returned"),
        Event::GuliranDecided => ("Guliran diputuskan", "Guliran decided"),
        Event::GuliranDelivered => ("Guliran diserahkan", "Guliran delivered"),
        Event::GuliranReceived => ("Guliran diterima dari buku lain", "Guliran from another book"),
        Event::GuliranArrived => ("Kabar guliran di buku lain", "Word of guliran in another book"),
        Event::GuliranReleased => ("Guliran disalurkan LKM", "Guliran given out of the pool"),
        Event::GuliranConfirmed => ("Guliran dikonfirmasi", "Guliran confirmed"),
        Event::GuliranExcused => ("Guliran dibebaskan", "Guliran excused"),
        Event::GrantLost => ("Modal hibah hilang", "Grant capital lost"),
        Event::GuliranLent => ("Guliran dipinjamkan", "Guliran lent"),
        Event::PlanSet => ("Rencana belanja", "Spending plan"),
        Event::CapitalDivided => ("Modal dibagi ke anggota", "Capital divided to members"),
        Event::CashMoved => ("Uang dipindahkan", "Money moved"),
        Event::FundsMoved => ("Antar dana", "Moved between funds"),
        Event::BankInterest => ("Bunga bank", "Bank interest"),
        Event::BankCharge => ("Biaya bank", "Bank charge"),
        Event::CashCounted => ("Kas dihitung", "Cash counted"),
        Event::DifferenceDecided => ("Selisih kas diputuskan", "Cash difference decided"),
        Event::Purchased => ("Pembelian", "Purchase"),
        Event::Sold => ("Penjualan", "Sale"),
        Event::ReceivableSettled => ("Piutang dibayar", "Receivable settled"),
        Event::PayableSettled => ("Utang dibayar", "Payable settled"),
        Event::AdvancePaid => ("Uang muka dibayar", "Advance paid"),
        Event::ExpensePaid => ("Biaya dibayar", "Cost paid"),
        Event::LivestockBorn => ("Ternak lahir", "Livestock born"),
        Event::LivestockLost => ("Ternak mati atau hilang", "Livestock lost"),
        Event::InsuranceClaimed => ("Klaim asuransi", "Insurance paid"),
        Event::LivestockKept => ("Gaduhan ternak", "Livestock given to keep"),
        Event::LivestockCounted => ("Opname ternak", "Livestock counted"),
        Event::Depreciated => ("Penyusutan", "Depreciation"),
        Event::ProfitShared => ("Bagi hasil", "Share of a sale"),
        Event::DuesReceived => ("Iuran IKS", "Solidarity dues"),
        Event::ReliefPaid => ("Santunan IKS", "Relief paid"),
        Event::ResultShared => ("Bagian hasil untuk IKS", "Share of the result to IKS"),
        Event::RuleSet => ("Aturan kelompok ditetapkan", "Rule of the group set"),
        Event::Arisan => ("Arisan", "Arisan"),
        Event::SavingsDeposited => ("Simpanan disetor", "Savings brought"),
        Event::SavingsWithdrawn => ("Simpanan diambil", "Savings taken out"),
        Event::CapitalPaidIn => ("Modal swadaya disetor", "Own capital brought"),
        Event::KubeDeposited => ("Setor ke LKM", "Saved at the LKM"),
        Event::KubeWithdrew => ("Tarik dari LKM", "Drawn at the LKM"),
        Event::ProgrammeStake => ("Penyertaan program", "Programme stake"),
        Event::StakeBought => ("Penyertaan di LKM", "Stake in the LKM"),
        Event::StakePaidBack => ("Penyertaan dikembalikan LKM", "Stake paid back by the LKM"),
        Event::Collected => ("Setoran dijemput", "Money collected in the village"),
        Event::CollectionHandedIn => ("Setoran kolektor", "Collection handed in"),
        Event::TermDeposited => ("Simpanan berjangka dibuka", "Term deposit opened"),
        Event::TermMatured => ("Simpanan berjangka cair", "Term deposit paid back"),
        Event::SheetRecorded => ("Lembar pertemuan", "Meeting sheet"),
        Event::SheetDecided => ("Lembar diputuskan", "Sheet decided"),
        Event::Reversed => ("Pembatalan", "Reversal"),
        Event::OpeningBalances => ("Saldo awal", "Opening balances"),
        Event::SuspenseCleared => ("Rekening sementara diselesaikan", "Suspense cleared"),
        Event::JournalPosted => ("Jurnal umum", "General journal"),
        Event::StandingChanged => ("Kelompok tidur atau bangun", "Group fell asleep or woke"),
        Event::GroupDissolved => ("Kelompok dibubarkan", "Group dissolved"),
        Event::GroupLeft => ("Kelompok pindah buku", "Group moved to another book"),
        Event::GroupCame => ("Kelompok datang dari buku lain", "Group came from another book"),
        Event::GroupCarried => ("Bagian kelompok yang pindah", "Part of a group that moved"),
        Event::GroupUnpacked => ("Bagian kelompok yang datang", "Part of a group that came"),
        Event::GroupArrived => ("Kabar kelompok yang pindah", "Word of a group that moved"),
        Event::ApprovalAsked => ("Persetujuan diminta", "Approval asked for"),
        Event::ApprovalRejected => ("Permintaan ditolak", "Request turned down"),
        Event::ApprovalWithdrawn => ("Permintaan ditarik", "Request withdrawn"),
        Event::ApprovalExpired => ("Permintaan kedaluwarsa", "Request expired"),
        Event::CheckersNoted => ("Pemeriksa dicatat", "Those who may agree noted"),
        Event::SignInPermitted => ("Cara masuk diizinkan", "Way to sign in permitted"),
        Event::RoleAssigned => ("Hak akses diubah", "Role given or ended"),
        Event::EpochStarted => {
            ("Buku diteruskan tanpa catatan yang hilang", "Book goes on without lost records")
        }
        Event::EvidenceAttached => ("Bukti dilampirkan", "Evidence attached"),
        Event::BankReconciled => ("Rekening koran dicocokkan", "Bank statement reconciled"),
        Event::YearClosed => ("Tutup buku tahunan", "Year closed"),
        Event::RegimeSet => ("Bentuk LKM ditetapkan", "LKM's regime set"),
        Event::CapitalSavingsMoved => ("Simpanan modal dipindahkan", "Capital savings moved"),
        Event::PeriodReopened => ("Periode dibuka lagi", "Period opened again"),
        Event::SurplusConsolidated => ("SHU digabungkan", "Surplus brought together"),
        Event::SurplusDivided => ("SHU dibagi", "Surplus divided"),
        Event::SurplusAllotted => ("SHU anggota dirinci", "Members' surplus allotted"),
        Event::SurplusPaid => ("SHU dibayarkan", "Surplus paid out"),
        Event::LossCovered => ("Rugi ditutup cadangan", "Loss covered by reserves"),
        Event::IncomeTax => ("Pajak penghasilan", "Income tax"),
        Event::TaxPaid => ("Pajak disetor", "Tax paid over"),
        Event::SavingsReturn => ("Jasa simpanan", "Interest on savings"),
        Event::SavingsBlocked => ("Simpanan diblokir", "Savings blocked"),
        Event::SavingsUnblocked => ("Blokir simpanan dibuka", "Savings unblocked"),
        Event::MemberSettled => ("Simpanan anggota diselesaikan", "Settled with a member"),
        Event::TermDue => ("Simpanan berjangka jatuh tempo", "Term deposit matured"),
        Event::TermReturn => ("Jasa simpanan berjangka", "Return on a term deposit"),
        Event::DayClosed => ("Tutup hari", "Day closed"),
        Event::ReportConfirmed => ("Catatan LKM dibenarkan", "LKM's record confirmed"),
        Event::ReportDisputed => ("Catatan LKM disanggah", "LKM's record disputed"),
        Event::ReviewDecided => ("Laporan selesai diperiksa", "Report looked at"),
        Event::GroupAssessed => ("Penilaian kelompok", "Group assessed"),
        Event::GuestReceived => ("Tamu dicatat", "Guest received"),
        Event::LetterFiled => ("Surat dicatat", "Letter filed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_names_in_both_languages() {
        let deposit = "SAVINGS_DEPOSITED";
        assert_eq!(event_name_text(deposit, Language::Indonesian), "Simpanan disetor");
        assert_eq!(event_name_text(deposit, Language::English), "Savings brought");
        assert_eq!(event_name_text("OF_A_LATER_VERSION", Language::English), "OF_A_LATER_VERSION");
    }
}
