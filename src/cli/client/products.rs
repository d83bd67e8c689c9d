//! Savings products and what follows from them; closing a book's days.

use clap::{Args, Subcommand};

use super::args::{When, Where, WhichMember, percent};
use super::transactions::request;
use super::{Answer, Client};
use crate::api::google_type::Decimal;
use crate::api::v1::{self, DuesPeriod, SavingsDayCount, SavingsMethod, SavingsSort};
use crate::cli::convert::{
    amount, date, day, decimal_text, fund, fund_text, last_part, money, money_text,
};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{METHODS, PERIODS, SAVINGS_DAY_COUNTS, SORTS};
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::refusal::Language;

/// What can be asked about savings products.
#[derive(Clone, Debug, Subcommand)]
pub enum ProductAsk {
    /// Tetapkan produk simpanan / set a savings product
    #[command(name = "tetapkan", alias = "set")]
    Set(SetProduct),
    /// Daftar produk simpanan / list savings products
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok atau lkm / group or lkm
        entity: String,
    },
    /// Tetapkan pajak jasa simpanan / set the tax on interest
    #[command(name = "pajak", alias = "tax")]
    Tax(SetTax),
    /// Simpanan wajib atau pokok: yang jatuh tempo, dibayar, kurang / what is due and missing
    #[command(name = "wajib", alias = "mandatory")]
    Mandatory {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Per tanggal / on
        #[arg(long = "per", alias = "on", value_parser = day)]
        on: Option<Day>,
        /// Simpanan pokok / principal savings
        #[arg(long = "pokok", alias = "principal")]
        principal: bool,
    },
    /// Blokir sebagian tabungan anggota / block an amount
    #[command(name = "blokir", alias = "block")]
    Block(Block),
    /// Blokir sebagian tabungan KUBE di LKM / block an amount of a group's savings at the LKM
    #[command(name = "blokir-kube", alias = "block-kube")]
    BlockKube(BlockKube),
    /// Daftar blokir / list blocks
    #[command(name = "daftar-blokir", alias = "blocks")]
    Blocks {
        /// Kelompok atau lkm / group or lkm
        entity: String,
    },
    /// Buka blokir / lift a block
    #[command(name = "buka-blokir", alias = "unblock")]
    Unblock {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Blokir / block
        block: String,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Putuskan bagi hasil bagi para penabung / share profit with savers
    #[command(name = "bagi-hasil", alias = "share-profit")]
    Share(Share),
    /// Daftar bagi hasil simpanan / list profit shares
    #[command(name = "daftar-bagi-hasil", alias = "profit-shares")]
    Shares {
        /// Kelompok atau lkm / group or lkm
        entity: String,
    },
    /// Bagian setiap rekening dari suatu bagi hasil / each account's part of a profit share
    #[command(name = "rincian-bagi-hasil", alias = "profit-parts")]
    Parts {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Bagi hasil / share
        share: String,
    },
    /// Rekening tabungan: isi, gerakan terakhir, yang tidak aktif / savings accounts, dormant ones
    #[command(name = "rekening", alias = "accounts")]
    Accounts(Accounts),
    /// Bangunkan tabungan yang tidak aktif / wake dormant savings
    #[command(name = "bangunkan", alias = "wake")]
    Wake(Wake),
    /// Selesaikan simpanan anggota yang keluar atau meninggal / settle with who leaves
    #[command(name = "selesaikan", alias = "settle")]
    Settle(Settle),
    /// Setor pajak yang dipotong / pay withheld tax
    #[command(name = "setor-pajak", alias = "pay-tax")]
    PayTax {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Jumlah / amount
        #[arg(value_parser = amount)]
        amount: Sen,
        /// When.
        #[command(flatten)]
        when: When,
    },
}

/// A product.
#[derive(Args, Clone, Debug)]
pub struct SetProduct {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// pokok, wajib, sukarela, kube / sort
    #[arg(value_parser = SORTS.parser())]
    pub sort: SavingsSort,
    /// Berlaku sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    pub since: Day,
    /// Setiap kapan simpanan wajib jatuh tempo / how often it is due
    #[arg(long = "setiap", alias = "every", value_parser = PERIODS.parser())]
    pub period: Option<DuesPeriod>,
    /// Besarnya simpanan wajib, atau pokok / how much is due
    #[arg(long = "sebesar", alias = "amount", value_parser = amount)]
    pub amount: Option<Sen>,
    /// Jasa atas saldo terendah, rata-rata, harian / interest on which balance
    #[arg(long = "saldo", alias = "method", value_parser = METHODS.parser())]
    pub method: Option<SavingsMethod>,
    /// Persen setahun / percent a year
    #[arg(long = "persen", alias = "rate", value_parser = percent)]
    pub rate: Option<Decimal>,
    /// Hitungan hari: 360, 365, perduabelas / day count
    #[arg(long = "hari", alias = "day-count", value_parser = SAVINGS_DAY_COUNTS.parser())]
    pub day_count: Option<SavingsDayCount>,
    /// Nisbah penabung, persen, ganti bunga tetap / the savers' nisbah, instead of a rate
    #[arg(long = "nisbah", alias = "share-percent", value_parser = percent)]
    pub share_percent: Option<Decimal>,
    /// Tidak aktif setelah sekian bulan tanpa gerakan / dormant after so many months
    #[arg(long = "tidur-setelah", alias = "dormant-after", default_value_t = 0)]
    pub dormant_after_months: i32,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: String,
}

/// A profit share.
#[derive(Args, Clone, Debug)]
pub struct Share {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// pokok, wajib, sukarela, kube / sort
    #[arg(value_parser = SORTS.parser())]
    pub sort: SavingsSort,
    #[command(flatten)]
    profit: Profit,
}

/// What is shared.
#[derive(Args, Clone, Debug)]
pub struct Profit {
    /// Nama bagi hasil, misalnya 2025-01 / its id
    pub share: String,
    /// Hari pertama / first day
    #[arg(long = "dari", alias = "from", value_parser = day)]
    pub from: Day,
    /// Hari terakhir / last day
    #[arg(long = "sampai", alias = "through", value_parser = day)]
    pub through: Day,
    /// Hasil usaha yang dibagi dengan nisbah / what the business has earned
    #[arg(long = "hasil", alias = "earned", value_parser = amount)]
    pub earned: Sen,
    /// Diputuskan pada / decided on
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    pub on: Option<Day>,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: String,
}

/// Savings accounts.
#[derive(Args, Clone, Debug)]
pub struct Accounts {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Tabungan kelompok di LKM: semua, atau kelompok ini / those of groups at the LKM
    #[arg(long = "kube", alias = "of-groups")]
    pub of_groups: bool,
    /// Hanya yang tidak aktif / only dormant ones
    #[arg(long = "tidur", alias = "dormant")]
    pub dormant_only: bool,
}

/// Savings that are woken.
#[derive(Args, Clone, Debug)]
pub struct Wake {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Anggota; tanpa ini tabungan kelompok di LKM / member; without, the group's at the LKM
    pub member: Option<String>,
    /// Dana kelompok: uep, sp, iks, guliran, umum / the group's fund
    #[arg(long = "dana", alias = "fund", value_parser = fund)]
    pub fund: Option<v1::Fund>,
    /// Alasan / reason
    #[arg(long = "alasan", alias = "reason")]
    pub reason: String,
    #[command(flatten)]
    when: When,
}

/// The tax.
#[derive(Args, Clone, Debug)]
pub struct SetTax {
    /// Kelompok atau lkm / group or lkm
    pub entity: String,
    /// Berlaku sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    pub since: Day,
    /// Jasa sebulan yang bebas pajak / free up to, a month
    #[arg(long = "bebas", alias = "threshold", value_parser = amount)]
    pub threshold: Sen,
    /// Persen dari seluruhnya / percent of the whole
    #[arg(long = "persen", alias = "percent", value_parser = percent)]
    pub percent: Decimal,
    /// Anggota kena pajak / members bear it
    #[arg(long = "anggota", alias = "members")]
    pub members: bool,
    /// KUBE kena pajak / KUBEs bear it
    #[arg(long = "kube", alias = "kubes")]
    pub kubes: bool,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: String,
}

/// A block.
#[derive(Args, Clone, Debug)]
pub struct Block {
    #[command(flatten)]
    who: WhichMember,
    /// Nama blokir / id of the block
    pub block: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Alasan / reason
    #[arg(long = "alasan", alias = "reason")]
    pub reason: String,
    #[command(flatten)]
    when: When,
}

/// A block on a group's savings at the LKM.
#[derive(Args, Clone, Debug)]
pub struct BlockKube {
    /// Kelompok / group
    pub group: String,
    /// Nama blokir / id of the block
    pub block: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    pub amount: Sen,
    /// Dana kelompok: uep, iks, sp, guliran, umum / the group's fund
    #[arg(long = "dana", alias = "fund", value_parser = fund)]
    pub fund: v1::Fund,
    /// Alasan / reason
    #[arg(long = "alasan", alias = "reason")]
    pub reason: String,
    #[command(flatten)]
    when: When,
}

/// A member who leaves.
#[derive(Args, Clone, Debug)]
pub struct Settle {
    #[command(flatten)]
    who: WhichMember,
    /// Hari pertama bukan anggota lagi / first day no longer a member
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    pub left_on: Day,
    /// Hari anggota meninggal; ahli waris yang dibayar / the day they died; the heirs are paid
    #[arg(long = "meninggal", alias = "died", value_parser = day)]
    pub died_on: Option<Day>,
    /// Nama ahli waris / name of the heir
    #[arg(long = "ahli-waris", alias = "heir", default_value = "", hide_default_value = true)]
    pub heir_name: String,
    /// Ahli waris yang terdaftar sebagai pihak / the heir as a registered party
    #[arg(long = "pihak", alias = "party", conflicts_with = "heir_name")]
    pub heir: Option<String>,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    when: When,
}

/// What can be asked about business days.
#[derive(Clone, Debug, Subcommand)]
pub enum DaysAsk {
    /// Tutup hari, berurutan sampai sebuah hari / close the days
    #[command(name = "tutup", alias = "close")]
    Close(CloseDays),
}

/// Closing days: the last one that was closed if none is given.
#[derive(Args, Clone, Debug)]
pub struct CloseDays {
    /// Tutup semua hari sampai hari ini / close all days through this one
    #[arg(long = "sampai", alias = "through", value_parser = day)]
    pub through: Option<Day>,
}

const PRODUCTS: &[Column] = &[
    text("sort", "Simpanan", "Savings"),
    text("since", "Sejak", "Since"),
    text("period", "Setiap", "Every"),
    number("amount", "Sebesar", "Amount"),
    text("method", "Atas saldo", "On balance"),
    number("rate", "Persen setahun", "Percent a year"),
    number("share", "Nisbah (%)", "Nisbah (%)"),
    number("dormant", "Tidur setelah (bulan)", "Dormant after (months)"),
    text("minute", "Berita acara", "Minute"),
];

const SHARES: &[Column] = &[
    text("share", "Bagi hasil", "Share"),
    text("sort", "Simpanan", "Savings"),
    text("from", "Dari", "From"),
    text("through", "Sampai", "Through"),
    number("earned", "Hasil", "Earned"),
    number("percent", "Nisbah (%)", "Nisbah (%)"),
    number("amount", "Dibagi", "Divided"),
    number("accounts", "Rekening", "Accounts"),
    number("paid", "Dibayar", "Paid"),
    number("tax", "Pajak", "Tax"),
];

const PARTS: &[Column] = &[
    text("owner", "Pemilik", "Owner"),
    text("fund", "Dana", "Fund"),
    text("deposit", "Deposito", "Deposit"),
    number("held", "Saldo x hari", "Held x days"),
    number("amount", "Bagian", "Part"),
    number("tax", "Pajak", "Tax"),
    text("paid", "Dibayar", "Paid"),
];

const ACCOUNTS: &[Column] = &[
    text("owner", "Pemilik", "Owner"),
    text("fund", "Dana", "Fund"),
    number("balance", "Saldo", "Balance"),
    text("moved", "Gerakan terakhir", "Last moved"),
    text("dormant", "Tidak aktif sejak", "Dormant since"),
    number("blocked", "Diblokir", "Blocked"),
];

const MANDATORY: &[Column] = &[
    text("member", "Anggota", "Member"),
    number("due", "Jatuh tempo", "Due"),
    number("brought", "Disetor", "Brought"),
    number("missing", "Kurang", "Missing"),
];

/// What closing a day does, by the names of the API.
const STEPS: &[(&str, &str)] = &[
    ("interest", "jasa simpanan"),
    ("term", "deposito"),
    ("loan-debit", "angsuran dari tabungan"),
    ("loan", "jasa dan denda pinjaman"),
    ("savings-share", "bagi hasil simpanan"),
    ("savings-listing", "daftar rekening simpanan"),
    ("dormancy", "simpanan tidur"),
];

const DAYS: &[Column] = &[
    text("day", "Hari", "Day"),
    text("step", "Pekerjaan", "Step"),
    text("refused", "Ditolak karena", "Refused because"),
];

const BLOCKS: &[Column] = &[
    text("block", "Blokir", "Block"),
    text("saver", "Penabung", "Saver"),
    text("fund", "Dana", "Fund"),
    number("amount", "Jumlah", "Amount"),
    text("reason", "Alasan", "Reason"),
    text("since", "Sejak", "Since"),
    text("lifted_on", "Dibuka", "Lifted"),
];

impl Client {
    pub(super) async fn product(&self, ask: &ProductAsk) -> Answer {
        let mut products = self.remote.products();
        match ask {
            ProductAsk::Set(set) => self.set_product(set).await,
            ProductAsk::List { entity } => {
                let request = v1::ListSavingsProductsRequest { parent: self.entity(entity) };
                let answer = self.get(products.list_savings_products(request)).await?;
                Ok(vec![self.products_table(&answer.products)])
            }
            ProductAsk::Tax(tax) => self.set_tax(tax).await,
            ProductAsk::Mandatory { entity, on, principal } => {
                let sort = if *principal { SavingsSort::Pokok } else { SavingsSort::Wajib };
                self.mandatory(entity, sort, *on).await
            }
            ProductAsk::Block(Block { who, block, amount, reason, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::BlockSavingsRequest {
                        member: self.member(who),
                        block_id: block.clone(),
                        amount: money(*amount),
                        reason: reason.clone(),
                    }
                );
                self.booked(products.block_savings(request)).await
            }
            ProductAsk::BlockKube(BlockKube { group, block, amount, fund, reason, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::BlockKubeSavingsRequest {
                        group: self.entity(group),
                        block_id: block.clone(),
                        fund: *fund as i32,
                        amount: money(*amount),
                        reason: reason.clone(),
                    }
                );
                self.booked(products.block_kube_savings(request)).await
            }
            ProductAsk::Blocks { entity } => {
                let ask = async |request: v1::ListBlocksRequest| {
                    self.remote.products().list_blocks(request).await
                };
                let blocks = self.list(self.entity(entity), ask).await?;
                Ok(vec![Table::of(BLOCKS, blocks.iter().map(|block| self.block_row(block)))])
            }
            ProductAsk::Unblock { entity, block, when } => {
                let block = self.of(entity, "blocks", block);
                let request = request!(self, when, v1::UnblockSavingsRequest { block });
                self.booked(products.unblock_savings(request)).await
            }
            ProductAsk::Share(share) => self.share_profit(share).await,
            ProductAsk::Shares { entity } => {
                let ask = async |request: v1::ListSavingsSharesRequest| {
                    self.remote.products().list_savings_shares(request).await
                };
                Ok(vec![self.shares_table(&self.list(self.entity(entity), ask).await?)])
            }
            ProductAsk::Parts { entity, share } => self.share_parts(entity, share).await,
            ProductAsk::Accounts(accounts) => self.savings_accounts(accounts).await,
            ProductAsk::Wake(Wake { entity, member, fund, reason, when }) => {
                let owner = match member {
                    Some(member) => self.of(entity, "members", member),
                    None => self.entity(entity),
                };
                let request = request!(
                    self,
                    when,
                    v1::WakeSavingsRequest {
                        owner,
                        fund: fund.unwrap_or_default() as i32,
                        reason: reason.clone(),
                    }
                );
                self.booked(self.remote.savings().wake_savings(request)).await
            }
            ProductAsk::Settle(Settle { who, left_on, died_on, heir_name, heir, at, when }) => {
                let party = |heir: &String| self.of(&who.entity, "parties", heir);
                let request = request!(
                    self,
                    when,
                    v1::SettleMemberRequest {
                        member: self.member(who),
                        left_on: date(*left_on),
                        died_on: died_on.and_then(date),
                        heir: heir.as_ref().map(party).unwrap_or_default(),
                        heir_name: heir_name.clone(),
                        place: self.place(&at.place),
                    }
                );
                self.booked(products.settle_member(request)).await
            }
            ProductAsk::PayTax { entity, amount, when } => {
                let (entity, amount) = (self.entity(entity), money(*amount));
                let request = request!(self, when, v1::PayWithheldTaxRequest { entity, amount });
                self.booked(products.pay_withheld_tax(request)).await
            }
        }
    }

    fn block_row(&self, block: &v1::Block) -> Vec<String> {
        let fund = if block.fund == 0 { "" } else { fund_text(block.fund) };
        vec![
            last_part(&block.name).to_owned(),
            last_part(&block.saver).to_owned(),
            fund.to_owned(),
            money_text(block.amount.as_ref()),
            self.name(&block.reason, block.erased),
            self.date(block.since.as_ref()),
            self.date(block.lifted_on.as_ref()),
        ]
    }

    async fn set_product(&self, set: &SetProduct) -> Answer {
        let request = v1::SetSavingsProductRequest {
            entity: self.entity(&set.entity),
            request_id: fresh_request_id(),
            sort: set.sort as i32,
            version: Some(v1::SavingsProduct {
                since: date(set.since),
                period: set.period.unwrap_or_default() as i32,
                amount: set.amount.and_then(money),
                method: set.method.unwrap_or_default() as i32,
                rate: set.rate.clone(),
                day_count: set.day_count.unwrap_or_default() as i32,
                dormant_after_months: set.dormant_after_months,
                share_percent: set.share_percent.clone(),
                minute: set.minute.clone(),
            }),
        };
        let answer = self.get(self.remote.products().set_savings_product(request)).await?;
        let product = answer.product.ok_or_else(|| self.incomplete())?;
        Ok(vec![self.products_table(&[product])])
    }

    fn products_table(&self, products: &[v1::SavingsProductVersions]) -> Table {
        let mut table = Table::new(self.say("Produk simpanan", "Savings products"), PRODUCTS);
        for product in products {
            for version in &product.versions {
                table.row(vec![
                    SORTS.word(product.sort()).to_owned(),
                    self.date(version.since.as_ref()),
                    PERIODS.word(version.period()).to_owned(),
                    version.amount.as_ref().map_or_else(String::new, |sum| money_text(Some(sum))),
                    METHODS.word(version.method()).to_owned(),
                    version.rate.as_ref().map_or_else(String::new, |one| decimal_text(Some(one))),
                    decimal_text(version.share_percent.as_ref()),
                    match version.dormant_after_months {
                        0 => String::new(),
                        months => months.to_string(),
                    },
                    version.minute.clone(),
                ]);
            }
        }
        table
    }

    async fn set_tax(&self, tax: &SetTax) -> Answer {
        let request = v1::SetSavingsTaxRequest {
            entity: self.entity(&tax.entity),
            request_id: fresh_request_id(),
            version: Some(v1::SavingsTax {
                since: date(tax.since),
                threshold: money(tax.threshold),
                percent: Some(tax.percent.clone()),
                members: tax.members,
                kubes: tax.kubes,
                minute: tax.minute.clone(),
            }),
        };
        let answer = self.get(self.remote.products().set_savings_tax(request)).await?;
        let mut table = Table::new(self.say("Pajak jasa simpanan", "Tax on interest"), PRODUCTS);
        for version in &answer.versions {
            table.note(format!(
                "{}: {}, {}%",
                self.date(version.since.as_ref()),
                money_text(version.threshold.as_ref()),
                decimal_text(version.percent.as_ref()),
            ));
        }
        Ok(vec![table])
    }

    async fn share_profit(&self, share: &Share) -> Answer {
        self.decide_share(&share.entity, (share.sort, String::new()), &share.profit).await
    }

    /// Shares profit with a sort of savings, or a product of term deposits.
    pub(super) async fn decide_share(
        &self,
        entity: &str,
        (sort, product): (SavingsSort, String),
        profit: &Profit,
    ) -> Answer {
        let request = v1::DecideSavingsShareRequest {
            entity: self.entity(entity),
            request_id: fresh_request_id(),
            decided_on: profit.on.and_then(date),
            share_id: profit.share.clone(),
            sort: sort as i32,
            from: date(profit.from),
            through: date(profit.through),
            earned: money(profit.earned),
            minute: profit.minute.clone(),
            product,
        };
        let answer = self.get(self.remote.products().decide_savings_share(request)).await?;
        Ok(vec![self.shares_table(answer.share.as_slice())])
    }

    async fn share_parts(&self, entity: &str, share: &str) -> Answer {
        let ask = async |request: v1::ListSavingsSharePartsRequest| {
            self.remote.products().list_savings_share_parts(request).await
        };
        let parts = self.list(self.of(entity, "savings-shares", share), ask).await?;
        let row = |part: &v1::SavingsSharePart| {
            let paid = if part.paid { self.say("ya", "yes") } else { self.say("belum", "not yet") };
            vec![
                last_part(&part.owner).to_owned(),
                fund_text(part.fund).to_owned(),
                last_part(&part.deposit).to_owned(),
                money_text(part.held.as_ref()),
                money_text(part.amount.as_ref()),
                money_text(part.tax.as_ref()),
                paid.to_owned(),
            ]
        };
        Ok(vec![Table::of(PARTS, parts.iter().map(row))])
    }

    fn shares_table(&self, shares: &[v1::SavingsShare]) -> Table {
        let mut table = Table::new(self.say("Bagi hasil simpanan", "Profit shares"), SHARES);
        for share in shares {
            let money = |sum: &Option<crate::api::google_type::Money>| money_text(sum.as_ref());
            table.row(vec![
                last_part(&share.name).to_owned(),
                match share.product.as_str() {
                    "" => SORTS.word(share.sort()).to_owned(),
                    product => last_part(product).to_owned(),
                },
                self.date(share.from.as_ref()),
                self.date(share.through.as_ref()),
                money(&share.earned),
                decimal_text(share.share_percent.as_ref()),
                money(&share.amount),
                share.accounts.to_string(),
                money(&share.paid),
                money(&share.tax),
            ]);
        }
        table
    }

    async fn savings_accounts(&self, accounts: &Accounts) -> Answer {
        let mut table = Table::new(self.say("Rekening tabungan", "Savings accounts"), ACCOUNTS);
        let mut client = self.remote.savings();
        let parent = self.entity(&accounts.entity);
        let ask = async |page_token| {
            let request = v1::ListSavingsRequest {
                parent: parent.clone(),
                of_groups: accounts.of_groups,
                dormant_only: accounts.dormant_only,
                page_size: 500,
                page_token,
            };
            client.list_savings(request).await
        };
        let take = |page: v1::ListSavingsResponse| {
            for one in &page.accounts {
                table.row(vec![
                    last_part(&one.owner).to_owned(),
                    fund_text(one.fund).to_owned(),
                    money_text(one.balance.as_ref()),
                    self.date(one.moved_on.as_ref()),
                    self.date(one.dormant_on.as_ref()),
                    one.blocked.as_ref().map_or_else(String::new, |some| money_text(Some(some))),
                ]);
            }
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(vec![table])
    }

    async fn mandatory(&self, entity: &str, sort: SavingsSort, on: Option<Day>) -> Answer {
        let title = match sort {
            SavingsSort::Pokok => self.say("Simpanan pokok", "Principal savings"),
            _ => self.say("Simpanan wajib", "Mandatory savings"),
        };
        let mut table = Table::new(title, MANDATORY);
        let mut client = self.remote.products();
        let parent = self.entity(entity);
        let ask = async |page_token| {
            let (parent, on) = (parent.clone(), on.and_then(date));
            let (page_size, sort) = (500, sort as i32);
            let request =
                v1::ListMandatorySavingsRequest { parent, on, page_size, page_token, sort };
            client.list_mandatory_savings(request).await
        };
        let take = |page: v1::ListMandatorySavingsResponse| {
            for one in &page.members {
                let row =
                    [&one.due, &one.brought, &one.missing].map(|sum| money_text(sum.as_ref()));
                table.row([vec![last_part(&one.member).to_owned()], row.to_vec()].concat());
            }
            super::note_warnings(&mut table, &page.warnings);
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(vec![table])
    }

    pub(super) async fn close_days(&self, days: &CloseDays) -> Answer {
        let book = self.whole_book();
        let mut table = Table::new(self.say("Tutup hari", "Days closed"), DAYS);
        let Some(through) = days.through else {
            let answer = self.get(self.remote.days().get_day(v1::GetDayRequest { book })).await?;
            match answer.closed_through.as_ref() {
                Some(day) => table.row(vec![self.date(Some(day)), String::new(), String::new()]),
                None => table.note(self.say(
                    "Belum ada hari yang ditutup; tutup dengan --sampai TANGGAL.",
                    "No day was closed yet; close with --through DATE.",
                )),
            }
            return Ok(vec![table]);
        };
        let request = v1::CloseDaysRequest { book, through: date(through) };
        let mut told = self.get(self.remote.days().close_days(request)).await?;
        let mut closed = Vec::new();
        while let Some(one) = told.message().await.map_err(self.failed())? {
            if one.step.is_empty() && one.refused.is_none() {
                closed.extend(one.day);
                continue;
            }
            let refused = one.refused.map_or_else(String::new, |warning| warning.text);
            let step = self.step(&one.step);
            table.row(vec![self.date(one.day.as_ref()), step, refused]);
        }
        table.note(match (closed.first(), closed.last()) {
            (Some(first), Some(last)) => {
                let (count, first, last) =
                    (closed.len(), self.date(Some(first)), self.date(Some(last)));
                self.say(
                    &format!("{count} hari ditutup: {first} sampai {last}."),
                    &format!("{count} days were closed: {first} to {last}."),
                )
            }
            _ => self.say("Tidak ada hari yang perlu ditutup.", "There was no day to close."),
        });
        Ok(vec![table])
    }

    /// What is done as a day is closed.
    fn step(&self, step: &str) -> String {
        let known = STEPS.iter().find(|(name, _)| *name == step);
        match (known, self.language) {
            (Some((_, word)), Language::Indonesian) => (*word).to_owned(),
            _ => step.to_owned(),
        }
    }
}
