//! The bookkeeper's: the general journal, opening balances, corrections, what waits in suspense.

use clap::{Args, Subcommand};

use super::args::{OfFund, Part, When, new_lot, part};
use super::transactions::request;
use super::{Answer, Client};
use crate::api::v1::{
    self, NewLot, OpeningAccount, OpeningItem, OpeningLoan, journal_line, opening_item::Item,
    suspense_item,
};
use crate::cli::convert::{amount, date, day, fund_text, last_part, money, money_text};
use crate::cli::mistyped::Mistyped;
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::locale::event::event_name_text;

const REVIEWS: &[Column] = &[
    text("transaction", "Transaksi", "Transaction"),
    text("date", "Tanggal", "Date"),
    text("entity", "Entitas", "Entity"),
    text("event", "Kejadian", "Event"),
    text("why", "Sebab", "Why"),
    text("decided", "Diperiksa dalam", "Looked at in"),
];

const SUSPENSE: &[Column] = &[
    text("transaction", "Transaksi", "Transaction"),
    text("line", "Baris", "Line"),
    text("date", "Tanggal", "Date"),
    text("entity", "Entitas", "Entity"),
    text("fund", "Dana", "Fund"),
    text("event", "Kejadian", "Event"),
    number("in", "Masuk", "In"),
    number("out", "Keluar", "Out"),
    text("why", "Sebab", "Why"),
];

/// What can be asked about the journal.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalAsk {
    /// Jurnal umum LKM / the LKM's general journal
    #[command(name = "umum", alias = "post")]
    Post(Post),
    /// Saldo awal sebuah dana / opening balances of a fund
    #[command(name = "saldo-awal", alias = "opening")]
    Opening(Opening),
    /// Batalkan transaksi, atau satu barisnya / take a transaction back, or one line
    #[command(name = "batal", alias = "reverse")]
    Reverse(Reverse),
    /// Tempatkan yang menunggu di Rekening Sementara / place what waits in suspense
    #[command(name = "tempatkan", alias = "clear")]
    Clear(Clear),
    /// Yang menunggu di Rekening Sementara / what waits in suspense
    #[command(name = "sementara", alias = "suspense")]
    Suspense {
        /// Kelompok atau lkm; kosong untuk semua / group or lkm; all if left out
        entity: Option<String>,
    },
    /// Laporan yang melanggar aturan dan perlu diperiksa / reports that broke a rule
    #[command(name = "periksa", alias = "reviews")]
    Reviews {
        /// Kelompok atau lkm; kosong untuk semua / group or lkm; all if left out
        entity: Option<String>,
        /// Juga yang sudah selesai diperiksa / also those that were looked at
        #[arg(long = "semua", alias = "all")]
        all: bool,
    },
    /// Laporan itu selesai diperiksa / somebody has looked at such a report
    #[command(name = "selesai", alias = "reviewed")]
    Reviewed {
        /// Id transaksi / the transaction
        transaction: String,
        /// When, and what came of it.
        #[command(flatten)]
        when: When,
    },
    /// Tampilkan transaksi / show a transaction
    #[command(name = "lihat", alias = "show")]
    Show {
        /// Id transaksi / the transaction
        transaction: String,
    },
}

/// A journal.
#[derive(Args, Clone, Debug)]
pub struct Post {
    /// AKUN:JUMLAH di debit, misalnya lkm.sp.1104:50.000.000 / debits
    #[arg(long = "debit", required = true, value_parser = part)]
    debits: Vec<Part>,
    /// AKUN:JUMLAH di kredit / credits
    #[arg(long = "kredit", alias = "credit", required = true, value_parser = part)]
    credits: Vec<Part>,
    #[command(flatten)]
    when: When,
}

/// What there was before the book began.
#[derive(Args, Clone, Debug)]
pub struct Opening {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// KODE:JUMLAH atau KODE/SUBJEK:JUMLAH, misalnya 2105/m01:50.000 / accounts
    #[arg(value_parser = opening_account)]
    accounts: Vec<OpeningAccount>,
    /// LOT:ISI:NAMA:BANYAK:SATUAN:HARGA / things
    #[arg(long = "barang", alias = "lot", value_parser = new_lot)]
    lots: Vec<NewLot>,
    /// Pinjaman berjalan ID:ANGGOTA:PRODUK:SISA:ANGSURAN, di LKM KELOMPOK/ untuk kelompok / a loan
    #[arg(long = "pinjaman", alias = "loan", value_parser = opening_loan)]
    loans: Vec<OpeningLoan>,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// A correction.
#[derive(Args, Clone, Debug)]
pub struct Reverse {
    /// Id transaksi / the transaction
    transaction: String,
    /// Hanya baris ini / this line only
    #[arg(long = "baris", alias = "line", default_value_t = 0, hide_default_value = true)]
    line: u32,
    #[command(flatten)]
    when: When,
}

/// Where something belongs.
#[derive(Args, Clone, Debug)]
pub struct Clear {
    /// Id transaksi / the transaction
    transaction: String,
    /// Akun yang benar, misalnya kasih.sp.2103.m02 / the right account
    account: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Barisnya / its line
    #[arg(long = "baris", alias = "line", default_value_t = 0, hide_default_value = true)]
    line: u32,
    /// Ternyata iuran IKS anggota ini / it was this member's solidarity dues
    #[arg(long = "iuran-dari", alias = "dues-of")]
    dues_of: Option<String>,
    /// Untuk masa iuran yang memuat hari ini / for the period with this day
    #[arg(long = "untuk", alias = "for", value_parser = day, requires = "dues_of")]
    for_day: Option<Day>,
    #[command(flatten)]
    when: When,
}

/// Reads `KODE:JUMLAH` or `KODE/SUBJEK:JUMLAH`.
fn opening_account(typed: &str) -> Result<OpeningAccount, Mistyped> {
    const FORM: Mistyped = Mistyped::new(
        "Tulis KODE:JUMLAH, misalnya 1101:50.000.",
        "Write CODE:AMOUNT, e.g. 1101:50.000.",
    );
    let (account, much) = part(typed)?;
    let (code, subject) = account.split_once('/').unwrap_or((&account, ""));
    let code = code.parse().map_err(|_| FORM)?;
    Ok(OpeningAccount { code, subject: subject.to_owned(), amount: money(much) })
}

/// Reads `ID:PEMINJAM:PRODUK:SISA:ANGSURAN`, e.g. `p1:m03:biasa:600.000:6`.
fn opening_loan(typed: &str) -> Result<OpeningLoan, Mistyped> {
    const FORM: Mistyped = Mistyped::new(
        "Tulis ID:PEMINJAM:PRODUK:SISA:ANGSURAN, misalnya p1:m03:biasa:600.000:6.",
        "Write ID:BORROWER:PRODUCT:LEFT:INSTALMENTS, e.g. p1:m03:biasa:600.000:6.",
    );
    let parts: Vec<&str> = typed.split(':').collect();
    let [loan, borrower, product, left, instalments] = parts[..] else { return Err(FORM) };
    Ok(OpeningLoan {
        loan_id: loan.to_owned(),
        borrower: borrower.to_owned(),
        product_id: product.to_owned(),
        outstanding: money(amount(left)?),
        instalments: instalments.parse().map_err(|_| FORM)?,
        ..OpeningLoan::default()
    })
}

impl Client {
    pub(super) async fn journal(&self, ask: &JournalAsk) -> Answer {
        let mut journal = self.remote.journal();
        match ask {
            JournalAsk::Post(post) => {
                let line = |(account, side): (&String, _)| v1::JournalLine {
                    account: self.account(account),
                    side,
                };
                let debit = |(account, much): &Part| {
                    line((account, money(*much).map(journal_line::Side::Debit)))
                };
                let credit = |(account, much): &Part| {
                    line((account, money(*much).map(journal_line::Side::Credit)))
                };
                let debits = post.debits.iter().map(debit);
                let request = request!(
                    self,
                    post.when,
                    v1::PostJournalRequest {
                        book: self.whole_book(),
                        lines: debits.chain(post.credits.iter().map(credit)).collect(),
                    }
                );
                self.booked(journal.post_journal(request)).await
            }
            JournalAsk::Opening(Opening { entity, accounts, lots, loans, of, when }) => {
                let accounts = accounts.iter().cloned().map(Item::Account);
                let loans = loans.iter().cloned().map(|loan| {
                    let borrower = match loan.borrower.strip_suffix('/') {
                        Some(group) => self.entity(group),
                        None => self.of(entity, "members", &loan.borrower),
                    };
                    Item::Loan(OpeningLoan { borrower, ..loan })
                });
                let items = accounts.chain(lots.iter().cloned().map(Item::Lot)).chain(loans);
                let request = request!(
                    self,
                    when,
                    v1::OpenBalancesRequest {
                        entity: self.entity(entity),
                        fund: of.fund as i32,
                        items: items.map(|item| OpeningItem { item: Some(item) }).collect(),
                    }
                );
                self.booked(journal.open_balances(request)).await
            }
            JournalAsk::Reverse(Reverse { transaction, line, when }) => {
                let transaction = self.transaction_name(transaction);
                let request = request!(
                    self,
                    when,
                    v1::ReverseTransactionRequest { transaction, line: *line }
                );
                self.booked(journal.reverse_transaction(request)).await
            }
            JournalAsk::Clear(clear) => {
                let group = clear.account.split('.').next().unwrap_or_default();
                let request = request!(
                    self,
                    clear.when,
                    v1::ClearSuspenseRequest {
                        transaction: self.transaction_name(&clear.transaction),
                        line: clear.line,
                        account: self.account(&clear.account),
                        amount: money(clear.amount),
                        member: self.maybe_of(group, "members", clear.dues_of.as_ref()),
                        for_day: clear.for_day.and_then(date),
                    }
                );
                self.booked(journal.clear_suspense(request)).await
            }
            JournalAsk::Suspense { entity } => Ok(vec![self.suspense(entity.as_ref()).await?]),
            JournalAsk::Reviews { entity, all } => {
                Ok(vec![self.reviews(entity.as_ref(), *all).await?])
            }
            JournalAsk::Reviewed { transaction, when } => {
                let review = format!("books/{}/reviews/{transaction}", self.book);
                let request = request!(self, when, v1::DecideReviewRequest { review });
                self.booked(journal.decide_review(request)).await
            }
            JournalAsk::Show { transaction } => {
                let name = self.transaction_name(transaction);
                let request = v1::GetTransactionRequest { name };
                let answer = self.get(journal.get_transaction(request)).await?;
                let found = answer.transaction.ok_or_else(|| self.incomplete())?;
                let entries = self.entry_table(&self.say("Transaksi:", "Transaction:"), &found);
                Ok(vec![self.with_facts(entries, found)])
            }
        }
    }

    async fn suspense(&self, entity: Option<&String>) -> Result<Table, Failure> {
        let title = self.say("Menunggu di Rekening Sementara", "Waits in suspense");
        let mut table = Table::new(title, SUSPENSE);
        let ask = async |request: v1::ListSuspenseRequest| {
            self.remote.journal().list_suspense(request).await
        };
        let items = self.list(self.scope(entity), ask).await?;
        items.iter().for_each(|item| table.row(self.suspense_row(item)));
        table.note(match items.is_empty() {
            true => self.say("Tidak ada.", "Nothing."),
            false => self.say(
                "Menempatkannya: simpul jurnal tempatkan TRANSAKSI AKUN JUMLAH --baris BARIS",
                "To place it: simpul journal clear TRANSACTION ACCOUNT AMOUNT --line LINE",
            ),
        });
        Ok(table)
    }

    fn suspense_row(&self, item: &v1::SuspenseItem) -> Vec<String> {
        let (out, came_in) = match &item.side {
            Some(suspense_item::Side::Debit(money)) => (money_text(Some(money)), String::new()),
            Some(suspense_item::Side::Credit(money)) => (String::new(), money_text(Some(money))),
            None => (String::new(), String::new()),
        };
        vec![
            last_part(&item.transaction).to_owned(),
            item.line.to_string(),
            self.date(item.happened_on.as_ref()),
            last_part(&item.entity).to_owned(),
            fund_text(item.fund).to_owned(),
            event_name_text(&item.event, self.language).to_owned(),
            came_in,
            out,
            item.warning.as_ref().map(|warning| warning.text.clone()).unwrap_or_default(),
        ]
    }

    async fn reviews(&self, entity: Option<&String>, all: bool) -> Result<Table, Failure> {
        let mut table = Table::new(self.say("Perlu diperiksa", "To be looked at"), REVIEWS);
        let ask = async |page_token| {
            let request = v1::ListReviewsRequest {
                parent: self.whole_book(),
                entity: entity.map(|entity| self.entity(entity)).unwrap_or_default(),
                show_decided: all,
                page_size: super::PAGE,
                page_token,
            };
            self.remote.journal().list_reviews(request).await
        };
        let take = |page: v1::ListReviewsResponse| {
            page.reviews.iter().for_each(|review| table.row(self.review_row(review)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        if table.is_bare() {
            table.note(self.say("Tidak ada.", "Nothing."));
        }
        Ok(table)
    }

    fn review_row(&self, review: &v1::Review) -> Vec<String> {
        let texts: Vec<&str> = review.warnings.iter().map(|one| one.text.as_str()).collect();
        vec![
            last_part(&review.transaction).to_owned(),
            self.date(review.happened_on.as_ref()),
            last_part(&review.entity).to_owned(),
            event_name_text(&review.event, self.language).to_owned(),
            texts.join(" "),
            last_part(&review.decided_by).to_owned(),
        ]
    }

    fn transaction_name(&self, id: &str) -> String {
        format!("books/{}/transactions/{id}", self.book)
    }

    /// An account's name from its short one.
    pub(super) fn account(&self, short: &str) -> String {
        format!("books/{}/accounts/{short}", self.book)
    }

    /// A transaction's table, and what is known about it beside.
    pub(super) fn with_facts(&self, mut table: Table, said: v1::Transaction) -> Table {
        let paper = said.evidence.map(|paper| paper.number).unwrap_or_default();
        let reversed = |other: &v1::Reversal| last_part(&other.transaction).to_owned();
        let reversed_by: Vec<String> = said.reversed_by.iter().map(reversed).collect();
        let answers: Vec<String> =
            said.answers.iter().map(|answer| self.confirmation_state(answer.state())).collect();
        let facts = [
            (self.say("Kejadian", "Event"), event_name_text(&said.event, self.language).to_owned()),
            (self.say("Terjadi", "Happened"), self.date(said.happened_on.as_ref())),
            (self.say("Dicatat oleh", "Recorded by"), said.actor),
            (self.say("Kata kelompok", "The group says"), answers.join(", ")),
            (self.say("Bukti", "Evidence"), paper),
            (self.say("Catatan", "Remark"), said.memo),
            (
                self.say("Membatalkan", "Takes back"),
                said.reverses.as_ref().map(reversed).unwrap_or_default(),
            ),
            (self.say("Dibatalkan oleh", "Taken back by"), reversed_by.join(", ")),
        ];
        for (title, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
            table.note(format!("{title}: {text}"));
        }
        table
    }
}
