//! The bank's own list for December beside the LKM's book. It names a charge that nobody had
//! written down: that is recorded, and ticked when the list is looked through again.

use super::Year;
use super::requests::{Told, day_of, done, lkm, on, request, rupiah};
use crate::api::v1::{self, BankLine, Evidence, EvidenceKind, Fund, bank_line::Movement};

/// The bank's reference of its charge.
const CHARGE: &str = "RK-12-4";

impl Year<'_> {
    pub(super) async fn bank_statement(&self) -> Told {
        let lines = vec![
            line(23, "RK-12-1", "Pinjaman guliran (contoh)", -100_000, 123_900_000),
            line(28, "RK-12-2", "Gaji petugas (contoh)", -1_000_000, 122_900_000),
            line(31, "RK-12-3", "Bunga (contoh)", 250_000, 123_150_000),
            line(31, CHARGE, "Biaya administrasi (contoh)", -15_000, 123_135_000),
        ];
        self.look_through("rekening-koran", lines).await?;
        let evidence =
            Evidence { kind: EvidenceKind::BankStatement as i32, number: CHARGE.to_owned() };
        let charge = v1::RecordBankChargeRequest {
            entity: lkm(),
            request_id: request("lkm", "biaya-bank"),
            details: on(12, 31).map(|on| v1::TransactionDetails { evidence: Some(evidence), ..on }),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(15_000),
        };
        done(self.remote.cash().record_bank_charge(charge).await)?;
        self.look_through("rekening-koran-lagi", Vec::new()).await
    }

    async fn look_through(&self, step: &str, lines: Vec<BankLine>) -> Told {
        let statement = v1::ImportBankStatementRequest {
            entity: lkm(),
            request_id: request("lkm", step),
            details: on(12, 31),
            fund: Fund::SimpanPinjam as i32,
            from: day_of(12, 1),
            through: day_of(12, 31),
            window_days: 3,
            lines,
        };
        done(self.remote.reconciling().import_bank_statement(statement).await)
    }
}

/// A line of the list; what went out is negative, and `balance` is what the account then held.
fn line(day: i32, reference: &str, text: &str, much: i64, balance: i64) -> BankLine {
    let movement = match rupiah(much.abs()) {
        Some(money) if much < 0 => Some(Movement::MoneyOut(money)),
        money => money.map(Movement::MoneyIn),
    };
    BankLine {
        reference: reference.to_owned(),
        date: day_of(12, day),
        movement,
        text: text.to_owned(),
        balance: rupiah(balance),
        ..BankLine::default()
    }
}
