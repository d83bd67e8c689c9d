//! Embun lends among its members, as it does on paper: Naomi is helped out by two others, pays too
//! much, and once more than she owes; what Lea paid was not noted; Rut borrows until the harvest what
//! the LKM lent the group; Filipus is turned down; Titus is ill and pays nothing.

use super::borrowed::TRANCHES;
use super::credit::{MINUTE, at, flat, lkm_loan, version, wish};
use super::requests::{
    MonthDay, Told, day_of, done, member_id, minute, on, percent, place, request, rupiah,
    savings_of, transaction, with_memo,
};
use super::small::Small;
use super::{BOOK, Year};
use crate::api::v1::{
    self, ApplyForLoanRequest, LoanMethod, LoanPart, LoanPenalty, LoanTerms, PenaltyPer, PlaceKind,
    QualityMeasure, Recognition, SheetLineKind,
};

/// The group.
pub(super) const EMBUN: Small = Small {
    book: BOOK,
    id: "embun",
    name: "Embun (contoh)",
    business: "kios dan ternak ayam",
    households: 5,
    since: (1, 1),
    linked: true,
    members: &["Naomi", "Rut", "Filipus", "Lea", "Titus"],
};

const NAOMI: &str = "embun-1";
const LEA: &str = "embun-2";
const TITUS: &str = "embun-3";
const RUT: &str = "embun-4";
const FILIPUS: &str = "embun-5";

/// Into, or out of, the group's tin.
fn tin() -> Option<v1::LoanPurse> {
    at(PlaceKind::Cash)
}

fn asked(loan: &str, member: u32, product: &str, amount: i64, months: u32) -> ApplyForLoanRequest {
    wish((&EMBUN.path(), loan), EMBUN.member(member), product, amount, months)
}

impl Year<'_> {
    /// What a month brings of them, after what the LKM and others lend the group.
    pub(super) async fn among(&self, month: i32) -> Told {
        let [naomi, lea, rut] = [NAOMI, LEA, RUT].map(|loan| EMBUN.loan(loan));
        match month {
            1 => {
                self.embun_products().await?;
                self.agree((1, 8), asked(NAOMI, 1, "anggota", 600_000, 6), MINUTE).await?;
                self.disburse((1, 10), &naomi, tin()).await?;
                self.agree((1, 8), asked(LEA, 4, "anggota", 500_000, 5), MINUTE).await?;
                self.disburse((1, 10), &lea, tin()).await
            }
            2 => {
                self.instalment((2, 10), &naomi, 112_000, tin()).await?;
                self.lend_on(&rut).await?;
                self.ask((2, 8), asked(FILIPUS, 3, "anggota", 2_000_000, 10)).await?;
                self.decide_loan((2, 9), &EMBUN.loan(FILIPUS), MINUTE, false).await
            }
            3 => {
                self.helped_out(&naomi).await?;
                self.found_receipt(&lea).await?;
                self.agree((3, 8), asked(TITUS, 5, "anggota-akru", 300_000, 3), MINUTE).await?;
                self.disburse((3, 10), &EMBUN.loan(TITUS), tin()).await
            }
            4 => self.embun_meets().await,
            5 => {
                self.too_much(&naomi).await?;
                self.instalment((5, 10), &lea, 110_000, tin()).await?;
                self.pay((5, 10), &lea, "angsuran-5-lagi", 110_000, tin()).await?;
                self.undo((5, 12), LEA, "angsuran-5-lagi", "Dicatat dua kali (contoh)").await
            }
            6 => {
                self.instalment((6, 10), &naomi, 82_000, tin()).await?;
                self.instalment((6, 10), &lea, 110_000, tin()).await?;
                self.ill().await
            }
            7 => {
                self.instalment((7, 10), &naomi, 112_000, tin()).await?;
                self.repay_claim((7, 14), &naomi, 3, 28_000).await?;
                self.waive().await
            }
            8 => {
                self.instalment((8, 10), &rut, 1_090_000, tin()).await?;
                self.paid_off_already(&naomi).await
            }
            9 => self.still_ill().await,
            _ => Ok(()),
        }
    }

    /// Each member brings Rp400.000 of simpanan pokok, for the group to lend.
    pub(super) async fn found_embun(&self) -> Told {
        self.found(&EMBUN).await?;
        self.bring_pokok(&EMBUN, 400_000).await
    }

    /// 2% a month flat, and 2% of what is late for each month begun; the same, earned by time; 1,5%
    /// a month, all of it after the harvest.
    async fn embun_products(&self) -> Told {
        let penalty = LoanPenalty {
            per: PenaltyPer::Period as i32,
            percent: percent("2"),
            ..LoanPenalty::default()
        };
        let usual = LoanTerms { penalty: Some(penalty), ..flat("2") };
        let accrual = LoanTerms { recognition: Recognition::Accrual as i32, ..flat("2") };
        let harvest = LoanTerms { method: LoanMethod::Musiman as i32, ..flat("1.5") };
        let products = [
            ("anggota", "Pinjaman anggota", usual),
            ("anggota-akru", "Pinjaman anggota, jasa berjalan", accrual),
            ("panen", "Pinjaman musiman", harvest),
        ];
        for (product, label, terms) in products {
            let (of, version) = (format!("embun-{product}"), version(label, MINUTE, terms));
            self.loan_product(&of, &EMBUN.path(), product, version).await?;
        }
        Ok(())
    }

    /// Of what the LKM lent the group in tranches, a million until the harvest.
    async fn lend_on(&self, loan: &str) -> Told {
        let wish = ApplyForLoanRequest {
            funded_by: lkm_loan(TRANCHES),
            purpose: "bibit dan pupuk (contoh)".to_owned(),
            ..asked(RUT, 2, "panen", 1_000_000, 6)
        };
        self.agree((2, 8), wish, MINUTE).await?;
        self.disburse((2, 10), loan, tin()).await
    }

    /// Two others pay Naomi's instalment half and half, and one has it back two weeks later.
    async fn helped_out(&self, loan: &str) -> Told {
        let part =
            |number| v1::StandInPart { member: EMBUN.member(number), amount: rupiah(56_000) };
        let stand_in = v1::StandInRequest {
            loan: loan.to_owned(),
            request_id: request(NAOMI, "tanggung"),
            details: on(3, 10),
            payers: vec![part(2), part(3)],
            place: place(PlaceKind::Cash),
        };
        done(self.remote.loans().stand_in(stand_in).await)?;
        self.repay_claim((3, 24), loan, 2, 56_000).await
    }

    async fn repay_claim(&self, (month, day): MonthDay, loan: &str, to: u32, much: i64) -> Told {
        let repay = v1::RepayClaimRequest {
            loan: loan.to_owned(),
            request_id: request(NAOMI, &format!("ganti-{}", member_id(to))),
            details: on(month, day),
            payer: EMBUN.member(to),
            amount: rupiah(much),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.loans().repay_claim(repay).await)
    }

    /// March's instalment was reckoned with a fine, before February's receipt was found.
    async fn found_receipt(&self, loan: &str) -> Told {
        self.instalment((3, 10), loan, 110_000, tin()).await?;
        let late = v1::PayLoanRequest {
            loan: loan.to_owned(),
            request_id: request(LEA, "angsuran-2"),
            details: with_memo(2, 10, "Kuitansi Februari baru ditemukan (contoh)"),
            amount: rupiah(110_000),
            purse: tin(),
        };
        done(self.remote.loans().pay_loan(late).await)
    }

    /// Two instalments are brought to April's meeting.
    async fn embun_meets(&self) -> Told {
        let brought = [("m01", NAOMI, 112_000), ("m04", LEA, 110_000)];
        let line = |(member, loan, much): (&str, &str, i64)| v1::SheetLine {
            kind: SheetLineKind::Instalment as i32,
            member_id: member.to_owned(),
            amount: rupiah(much),
            loan_id: loan.to_owned(),
            ..v1::SheetLine::default()
        };
        // What was brought in January, what the LKM lent and was repaid, what was lent and came back.
        let pokok = 5 * 400_000;
        let borrowed = 1_200_000 - 2 * 112_000 + 2_000_000 - 30_000 - 220_000 - 218_000;
        let lent = 600_000 + 500_000 + 1_000_000 + 300_000;
        let paid = 2 * 112_000 + 2 * 110_000;
        let counted = pokok + borrowed - lent + paid;
        let cash = (counted, counted + 112_000 + 110_000);
        let day = (on(4, 10), "4".to_owned());
        let lines = brought.map(line).to_vec();
        self.sheet(EMBUN.path(), EMBUN.asked("lembar-4"), day, lines, cash).await
    }

    /// Of what Naomi pays too much she has a part back; the rest waits for June.
    async fn too_much(&self, loan: &str) -> Told {
        self.instalment((5, 10), loan, 150_000, tin()).await?;
        let refund = v1::RefundTitipanRequest {
            loan: loan.to_owned(),
            request_id: request(NAOMI, "titipan-kembali"),
            details: on(5, 10),
            amount: rupiah(8_000),
            purse: tin(),
        };
        done(self.remote.loans().refund_titipan(refund).await)
    }

    /// Naomi brings another instalment of a loan that she has paid off: it becomes savings.
    async fn paid_off_already(&self, loan: &str) -> Told {
        self.instalment((8, 10), loan, 50_000, tin()).await?;
        let clearing = v1::ClearSuspenseRequest {
            transaction: transaction(&request(NAOMI, "angsuran-8")),
            request_id: request(NAOMI, "sementara"),
            details: with_memo(8, 11, "Sudah lunas, jadi tabungan (contoh)"),
            account: savings_of(EMBUN.id, 1),
            amount: rupiah(50_000),
            ..v1::ClearSuspenseRequest::default()
        };
        done(self.remote.journal().clear_suspense(clearing).await)
    }

    /// What Titus owes of jasa was counted as income, and no longer is.
    async fn ill(&self) -> Told {
        let loan = EMBUN.loan(TITUS);
        let accrue = v1::AccrueLoanRequest {
            loan: loan.clone(),
            request_id: request(TITUS, "akru"),
            details: on(6, 10),
        };
        done(self.remote.loans().accrue_loan(accrue).await)?;
        self.assign((6, 11), &loan, &member_id(3)).await?;
        self.talk((6, 20), &loan, "istri peminjam, oleh bendahara", "Sakit, belum bekerja").await?;
        let turn = v1::TurnLoanRequest {
            loan,
            request_id: request(TITUS, "tidak-lancar"),
            details: minute(6, 30, "BA-E6/2025 (contoh)"),
            performing: false,
        };
        done(self.remote.loans().turn_loan(turn).await)
    }

    /// The others remit one month's jasa.
    async fn waive(&self) -> Told {
        let waive = v1::WaiveLoanRequest {
            loan: EMBUN.loan(TITUS),
            request_id: request(TITUS, "ringankan"),
            details: minute(7, 15, "BA-E7/2025 (contoh)"),
            part: LoanPart::Interest as i32,
            amount: rupiah(6_000),
        };
        done(self.remote.loans().waive_loan(waive).await)
    }

    /// The group sets classes of its own: two instalments late are doubtful, and half is provided.
    async fn still_ill(&self) -> Told {
        let note = "Mulai bekerja lagi, minta waktu sampai panen";
        self.talk((9, 15), &EMBUN.loan(TITUS), "peminjam sendiri, oleh bendahara", note).await?;
        let class = |name: &str, from, rate| v1::QualityClass {
            name: name.to_owned(),
            from,
            rate_percent: percent(rate),
        };
        let quality = v1::SetLoanQualityRequest {
            entity: EMBUN.path(),
            request_id: EMBUN.asked("kualitas"),
            since: day_of(10, 1),
            measure: QualityMeasure::InstalmentsOverdue as i32,
            classes: vec![class("LANCAR", 0, "0"), class("DIRAGUKAN", 2, "50")],
            minute: "BA-E9/2025 (contoh)".to_owned(),
            non_performing_from: 2,
            ..v1::SetLoanQualityRequest::default()
        };
        done(self.remote.loans().set_loan_quality(quality).await)
    }
}
