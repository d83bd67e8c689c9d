//! What is in the books: balances, passbooks, cash books, trial balances.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use super::args::{AsOf, Span, WhichMember};
use super::{Answer, Client, PAGE, Side, columns, last_part_account};
use crate::api::google_type::Money;
use crate::api::v1::{self, LedgerLine};
use crate::cli::convert::{date, fund, fund_text, last_part, money_text};
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};
use crate::domain::chart::Code;
use crate::domain::money::Sen;
use crate::locale::event::event_name_text;
use crate::locale::number::format_amount;
use crate::locale::text::refusal_text;

const BALANCES: &[Column] = &[
    text("account", "Akun", "Account"),
    text("title", "Nama", "Title"),
    text("subject", "Atas nama", "Subject"),
    number("balance", "Saldo", "Balance"),
];

pub(super) const LINES: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("event", "Kejadian", "Event"),
    text("account", "Akun", "Account"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
    number("balance", "Saldo", "Balance"),
];

pub(super) const TRIAL_BALANCE: &[Column] = &[
    text("entity", "Entitas", "Entity"),
    text("fund", "Dana", "Fund"),
    text("code", "Kode", "Code"),
    text("title", "Nama", "Title"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
];

/// What the columns of [`Client::funds`] add up.
const FUND_COLUMNS: &[(v1::Fund, &[Code])] = &[
    (v1::Fund::Uep, &[Code::Cash, Code::Bank]),
    (v1::Fund::Uep, &[Code::SavingsAtLkm]),
    (v1::Fund::Uep, &[Code::Stock, Code::Livestock, Code::Tools]),
    (v1::Fund::SimpanPinjam, &[Code::Cash, Code::Bank]),
    (v1::Fund::SimpanPinjam, &[Code::SavingsAtLkm]),
    (v1::Fund::Iks, &[Code::Cash, Code::Bank]),
];

const FUNDS: &[Column] = &[
    text("group", "Kelompok", "Group"),
    number("uep_cash", "UEP kas+bank", "UEP cash+bank"),
    number("uep_lkm", "UEP di LKM", "UEP at LKM"),
    number("uep_goods", "UEP barang", "UEP goods"),
    number("sp_cash", "SP kas+bank", "SP cash+bank"),
    number("sp_lkm", "SP di LKM", "SP at LKM"),
    number("iks_cash", "IKS kas+bank", "IKS cash+bank"),
];

/// What can be asked about balances and books of account.
#[derive(Clone, Debug, Subcommand)]
pub enum LedgerAsk {
    /// Saldo sebuah akun, atau semua akun / balances
    #[command(name = "saldo", alias = "balance")]
    Balance(Balance),
    /// Mutasi sebuah akun / an account's entries
    #[command(name = "mutasi", alias = "entries")]
    Entries {
        /// Akun, misalnya tunas-baru.sp.2103.m01 / account
        account: String,
    },
    /// Buku tabungan anggota / a member's passbook
    #[command(name = "buku-tabungan", alias = "passbook")]
    Passbook(WhichMember),
    /// Buku kas sebuah dana / a fund's cash book
    #[command(name = "buku-kas", alias = "cash-book")]
    CashBook(CashBook),
    /// Neraca saldo / trial balance
    #[command(name = "neraca-saldo", alias = "trial-balance")]
    TrialBalance(TrialBalance),
}

/// Which balance.
#[derive(Args, Clone, Debug)]
pub struct Balance {
    /// Akun, misalnya tunas-baru.sp.2103.m01; atau kelompok, atau lkm / account, group or lkm
    what: String,
    #[command(flatten)]
    at: AsOf,
}

/// Which cash book.
#[derive(Args, Clone, Debug)]
pub struct CashBook {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Dana: uep, sp, iks, guliran, umum, riil, kebajikan / fund
    #[arg(value_parser = fund)]
    fund: v1::Fund,
    #[command(flatten)]
    span: Span,
    /// Seperti diketahui pada posisi jurnal / as known at a journal position
    #[arg(long = "posisi", alias = "known-at", default_value_t = 0, hide_default_value = true)]
    known_at: u64,
}

/// Which trial balance.
#[derive(Args, Clone, Debug, Default)]
pub struct TrialBalance {
    /// Kelompok atau lkm; kosong untuk seluruh buku / group or lkm; the whole book if left out
    pub entity: Option<String>,
    /// When.
    #[command(flatten)]
    pub at: AsOf,
    /// Ringkas: semua kelompok dijumlahkan / add up all groups
    #[arg(long = "ringkas", alias = "summary")]
    pub summary: bool,
}

impl Client {
    pub(super) async fn ledger(&self, ask: &LedgerAsk) -> Answer {
        Ok(match ask {
            LedgerAsk::Balance(which) => vec![self.balance(which).await?],
            LedgerAsk::Entries { account } => vec![self.entries(account).await?],
            LedgerAsk::Passbook(who) => self.passbook(&who.entity, &who.member).await?,
            LedgerAsk::CashBook(which) => vec![self.cash_book(which).await?],
            LedgerAsk::TrialBalance(which) => vec![self.trial_balance(which).await?],
        })
    }

    async fn entries(&self, account: &str) -> Result<Table, Failure> {
        let mut table = Table::new("", LINES);
        let ask = async |page_token| {
            let request = v1::ListEntriesRequest {
                account: self.account(account),
                page_size: PAGE,
                page_token,
                newest_first: false,
            };
            self.remote.ledger().list_entries(request).await
        };
        let take = |page: v1::ListEntriesResponse| {
            page.lines.iter().for_each(|line| table.row(self.line_row(line)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(table)
    }

    async fn balance(&self, which: &Balance) -> Result<Table, Failure> {
        if which.what.contains('.') {
            return self.one_balance(which).await;
        }
        self.balances(&which.what).await
    }

    async fn one_balance(&self, which: &Balance) -> Result<Table, Failure> {
        let request = v1::GetBalanceRequest {
            account: self.account(&which.what),
            as_of: which.at.day.and_then(date),
            as_known_at: which.at.known_at,
        };
        let answer = self.get(self.remote.ledger().get_balance(request)).await?;
        let mut table = Table::new("", BALANCES);
        table.row(self.balance_row(&answer.balance.ok_or_else(|| self.incomplete())?));
        Ok(table)
    }

    /// The balances of all accounts of an entity that are not zero.
    async fn balances(&self, of: &str) -> Result<Table, Failure> {
        let mut table = Table::new("", BALANCES);
        let ask = async |page_token| {
            let request = v1::ListAccountsRequest {
                entity: self.entity(of),
                skip_zero: true,
                page_size: PAGE,
                page_token,
                ..v1::ListAccountsRequest::default()
            };
            self.remote.ledger().list_accounts(request).await
        };
        let take = |page: v1::ListAccountsResponse| {
            page.accounts.iter().for_each(|balance| table.row(self.balance_row(balance)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(table)
    }

    fn balance_row(&self, balance: &v1::AccountBalance) -> Vec<String> {
        let account = balance.account.clone().unwrap_or_default();
        vec![
            last_part_account(&account.name).to_owned(),
            self.say(&account.title_id, &account.title_en),
            account.subject,
            money_text(balance.balance.as_ref()),
        ]
    }

    /// A member's savings book: balances, then lines.
    async fn passbook(&self, of: &str, member: &str) -> Result<Vec<Table>, Failure> {
        let name = self.of(of, "members", member);
        let mut lines = Table::new("", LINES);
        let (mut balances, mut dormant_on) = (None, None);
        let ask = async |page_token| {
            let request = v1::GetPassbookRequest {
                member: name.clone(),
                page_size: PAGE,
                page_token,
                newest_first: false,
            };
            self.remote.ledger().get_passbook(request).await
        };
        let take = |page: v1::GetPassbookResponse| {
            balances.get_or_insert(page.accounts);
            dormant_on = page.dormant_on;
            page.lines.iter().for_each(|line| lines.row(self.line_row(line)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        let mut table = Table::new(self.say("Buku tabungan", "Passbook"), BALANCES);
        balances.iter().flatten().for_each(|balance| table.row(self.balance_row(balance)));
        if dormant_on.is_some() {
            let date = self.date(dormant_on.as_ref());
            table.note(self.say(
                &format!("Tabungan tidak aktif sejak {date}."),
                &format!("The savings are dormant since {date}."),
            ));
        }
        Ok(vec![table, lines])
    }

    pub(super) fn line_row(&self, line: &LedgerLine) -> Vec<String> {
        let (debit, credit) = columns(line.side.as_ref().map(Side::signed));
        let mut what = event_name_text(&line.event, self.language).to_owned();
        if line.answer != 0 {
            what = format!("{what} ({})", self.confirmation_state(line.answer()));
        }
        vec![
            self.date(line.effective_on.as_ref()),
            what,
            last_part_account(&line.account).to_owned(),
            debit,
            credit,
            money_text(line.balance.as_ref()),
        ]
    }

    async fn cash_book(&self, which: &CashBook) -> Result<Table, Failure> {
        let mut table = Table::new("", LINES);
        let mut opened = false;
        let ask = async |page_token| {
            let request = v1::GetCashBookRequest {
                entity: self.entity(&which.entity),
                fund: which.fund as i32,
                from: which.span.from.and_then(date),
                through: which.span.through.and_then(date),
                page_size: PAGE,
                page_token,
                as_known_at: which.known_at,
            };
            self.remote.ledger().get_cash_book(request).await
        };
        let take = |page: v1::GetCashBookResponse| {
            if !std::mem::replace(&mut opened, true) {
                table.row(self.opening_row(page.opening.as_ref()));
            }
            page.lines.iter().for_each(|line| table.row(self.line_row(line)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(table)
    }

    pub(super) fn opening_row(&self, opening: Option<&Money>) -> Vec<String> {
        let mut row = vec![String::new(); LINES.len()];
        row[1] = self.say("Saldo awal", "Opening balance");
        row[LINES.len() - 1] = money_text(opening);
        row
    }

    /// The trial balance of an entity or the whole book.
    async fn trial_balance(&self, which: &TrialBalance) -> Result<Table, Failure> {
        let answer = self.get_trial_balance(which).await?;
        let mut table = Table::new(self.say("Neraca saldo", "Trial balance"), TRIAL_BALANCE);
        let mut lines: BTreeMap<(String, String, u32), (String, Sen)> = BTreeMap::new();
        for row in &answer.rows {
            let mut place = (last_part(&row.entity).to_owned(), fund_text(row.fund).to_owned());
            if which.summary {
                let entity = if place.0 == "lkm" { place.0 } else { "kube".to_owned() };
                place = (entity, self.say("semua", "all"));
            }
            let title = self.say(&row.title_id, &row.title_en);
            let line = lines.entry((place.0, place.1, row.code)).or_insert((title, Sen::ZERO));
            line.1 = self.sum(line.1, signed(row))?;
        }
        // What cancels out between the entities and funds that were added up is not shown.
        lines.retain(|_, (_, balance)| !which.summary || !balance.is_zero());
        let (mut debits, mut credits) = (Sen::ZERO, Sen::ZERO);
        for ((entity, fund, code), (title, balance)) in lines {
            match balance.is_negative() {
                true => credits = self.sum(credits, Sen::new(balance.get().saturating_neg()))?,
                false => debits = self.sum(debits, balance)?,
            }
            let (debit, credit) = columns(Some(balance));
            table.row(vec![entity, fund, code.to_string(), title, debit, credit]);
        }
        let total = self.say("Jumlah", "Total");
        let none = String::new;
        let (debits, credits) = (format_amount(debits), format_amount(credits));
        table.row(vec![none(), none(), none(), total, debits, credits]);
        table.note(self.read_point(answer.read_point.as_ref()));
        Ok(table)
    }

    async fn get_trial_balance(
        &self,
        which: &TrialBalance,
    ) -> Result<v1::GetTrialBalanceResponse, Failure> {
        let request = v1::GetTrialBalanceRequest {
            scope: self.scope(which.entity.as_ref()),
            as_of: which.at.day.and_then(date),
            as_known_at: which.at.known_at,
        };
        self.get(self.remote.ledger().get_trial_balance(request)).await
    }

    pub(super) fn sum(&self, one: Sen, other: Sen) -> Result<Sen, Failure> {
        one.plus(other).map_err(|refusal| Failure(refusal_text(&refusal, self.language)))
    }

    /// What each group has in its funds: cash, savings at the LKM, goods, and its capital.
    ///
    /// Errors: one plain sentence.
    pub async fn funds(&self) -> Result<Table, Failure> {
        let answer = self.get_trial_balance(&TrialBalance::default()).await?;
        let heading = self.say("Dana setiap kelompok", "Each group's funds");
        let mut table = Table::new(heading, FUNDS);
        let mut groups: BTreeMap<&str, Vec<&v1::TrialBalanceRow>> = BTreeMap::new();
        for row in answer.rows.iter().filter(|row| last_part(&row.entity) != "lkm") {
            groups.entry(last_part(&row.entity)).or_default().push(row);
        }
        for (group, rows) in groups {
            let mut cells = vec![group.to_owned()];
            for (fund, codes) in FUND_COLUMNS {
                let mut held = Sen::ZERO;
                let of = |row: &&&v1::TrialBalanceRow| {
                    row.fund == *fund as i32 && codes.iter().any(|code| code.number() == row.code)
                };
                for row in rows.iter().filter(of) {
                    held = self.sum(held, signed(row))?;
                }
                cells.push(format_amount(held));
            }
            table.row(cells);
        }
        Ok(table)
    }
}

/// A row's balance, debit positive.
fn signed(row: &v1::TrialBalanceRow) -> Sen {
    row.side.as_ref().map_or(Sen::ZERO, Side::signed)
}
