//! The paper receipt of a payment.

use std::path::PathBuf;

use clap::Args;

use super::audit::FACTS;
use super::{Answer, Client};
use crate::api::v1;
use crate::cli::convert::{date_text, sen};
use crate::cli::table::Table;
use crate::locale::number::format_amount;
use crate::report::qr::Squares;

/// A kuitansi to be shown or printed.
#[derive(Args, Clone, Debug)]
pub struct AskKuitansi {
    /// Nomor permintaan transaksi / the request id of the transaction
    transaction: String,
    /// Berkas HTML untuk dicetak; tanpa ini, tampil di sini / an HTML file to be printed
    file: Option<PathBuf>,
    /// Baris lembar pertemuan / the line of a meeting sheet
    #[arg(long = "baris", alias = "line", default_value_t = 0)]
    line: u32,
}

impl Client {
    pub(super) async fn kuitansi(&self, which: &AskKuitansi) -> Answer {
        let transaction = self.transaction_named(&which.transaction);
        let request = v1::GetKuitansiRequest { transaction, line: which.line };
        let answer = self.get(self.remote.proofs().get_kuitansi(request)).await?.kuitansi;
        let kuitansi = answer.ok_or_else(|| self.incomplete())?;
        if let Some(file) = &which.file {
            self.write(file, kuitansi.page.as_bytes())?;
            return Ok(vec![self.fact("Disimpan", "Saved", &file.display().to_string())]);
        }
        Ok(vec![self.kuitansi_facts(&kuitansi)])
    }

    fn kuitansi_facts(&self, kuitansi: &v1::Kuitansi) -> Table {
        let amount = sen(kuitansi.amount.as_ref());
        let day = date_text(kuitansi.happened_on.as_ref(), self.language);
        let mut table = Table::new(self.say("KUITANSI", "RECEIPT"), FACTS);
        for (indonesian, english, value) in [
            ("Nomor", "Number", kuitansi.number.clone()),
            ("Dari", "Issued by", kuitansi.issuer.clone()),
            ("Sudah terima dari", "Received from", kuitansi.payer.clone()),
            ("Penerima", "Received by", kuitansi.receiver.clone()),
            ("Banyaknya uang", "Amount", format_amount(amount)),
            ("Terbilang", "In words", kuitansi.amount_in_words.clone()),
            ("Untuk pembayaran", "Paid for", kuitansi.purpose.clone()),
            ("Tanggal", "Date", day),
        ] {
            table.row(vec![self.say(indonesian, english), value]);
        }
        if kuitansi.stamped {
            table.note(self.say(
                "Meterai Rp10.000 wajib ditempelkan.",
                "A stamp of Rp10.000 has to be affixed.",
            ));
        }
        if kuitansi.reversed {
            table.note(self.say("Transaksi ini sudah DIBATALKAN.", "This was TAKEN BACK."));
        }
        for text in &kuitansi.codes {
            table.note(Squares::of(text).map(|squares| squares.text()).unwrap_or_default());
        }
        table
    }
}
