//! Term deposits of groups and members, and their products.

use clap::{Args, Subcommand};

use super::args::{OfFund, When, WhichMember, percent};
use super::products::Profit;
use super::ties::Paid;
use super::transactions::request;
use super::{Answer, Client};
use crate::api::google_type::Decimal;
use crate::api::v1::{
    self, EarlyBreak, OnMaturity, SavingsDayCount, SavingsSort, TermPayout, member_means,
};
use crate::cli::convert::{
    amount, date, day, decimal_text, fund_text, last_part, money, money_text,
};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{EARLY, MATURITIES, PAYOUTS, SAVINGS_DAY_COUNTS, TERMS};
use crate::domain::day::Day;
use crate::domain::money::Sen;

const DEPOSITS: &[Column] = &[
    text("deposit", "Deposito", "Deposit"),
    text("member", "Anggota", "Member"),
    text("fund", "Dana", "Fund"),
    number("amount", "Jumlah", "Amount"),
    text("opened", "Dibuka", "Opened"),
    text("matures", "Jatuh tempo", "Matures"),
    text("state", "Keadaan", "State"),
    text("closed", "Pada", "On"),
    number("earned", "Jasa", "Earned"),
    number("paid", "Dibayar/hangus", "Paid/forfeited"),
];

const PRODUCTS: &[Column] = &[
    text("product", "Produk", "Product"),
    text("since", "Sejak", "Since"),
    number("rate", "Persen setahun", "Percent a year"),
    number("share", "Nisbah (%)", "Nisbah (%)"),
    text("days", "Hari", "Days"),
    text("payout", "Dibayar", "Paid"),
    text("early", "Bila dicairkan lebih awal", "If broken early"),
    text("minute", "Berita acara", "Minute"),
];

/// What can be asked about term deposits.
#[derive(Clone, Debug, Subcommand)]
pub enum TermAsk {
    /// Tetapkan produk deposito / set a product
    #[command(name = "produk", alias = "product")]
    SetProduct(Box<SetProduct>),
    /// Daftar produk deposito / list products
    #[command(name = "daftar-produk", alias = "products")]
    Products {
        /// Kelompok atau lkm / group or lkm
        entity: String,
    },
    /// Kelompok membuka deposito di LKM / a group opens a term deposit
    #[command(name = "buka", alias = "open")]
    Open(Open),
    /// Cairkan deposito kelompok / pay a group's term deposit back
    #[command(name = "cairkan", alias = "close")]
    Close(Close),
    /// Daftar deposito kelompok di LKM / list a group's term deposits
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
    },
    /// Anggota membuka deposito / a member opens a term deposit
    #[command(name = "buka-anggota", alias = "open-member")]
    OpenMember(OpenMember),
    /// Cairkan deposito anggota / pay a member's term deposit back
    #[command(name = "cairkan-anggota", alias = "close-member")]
    CloseMember(CloseMember),
    /// Daftar deposito anggota / list members' term deposits
    #[command(name = "daftar-anggota", alias = "list-members")]
    ListMembers {
        /// Kelompok atau lkm / group or lkm
        entity: String,
    },
    /// Putuskan bagi hasil deposito; daftarnya di produk-simpanan / share profit with term deposits
    #[command(name = "bagi-hasil", alias = "share-profit")]
    Share(Share),
}

/// A profit share of term deposits.
#[derive(Args, Clone, Debug)]
pub struct Share {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Produk deposito / product
    product: String,
    #[command(flatten)]
    profit: Profit,
}

/// A product of term deposits.
#[derive(Args, Clone, Debug)]
pub struct SetProduct {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Id produk / the product's id
    product: String,
    /// Berlaku sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    since: Day,
    /// Persen setahun / percent a year
    #[arg(long = "persen", alias = "rate", value_parser = percent)]
    rate: Option<Decimal>,
    /// Hitungan hari: 360, 365, perduabelas / day count
    #[arg(long = "hari", alias = "day-count", value_parser = SAVINGS_DAY_COUNTS.parser())]
    day_count: Option<SavingsDayCount>,
    /// Jasa dibayar: jatuh-tempo, bulanan, ditambahkan / when the return is paid
    #[arg(long = "dibayar", alias = "payout", value_parser = PAYOUTS.parser())]
    payout: Option<TermPayout>,
    /// Bila dicairkan lebih awal: biaya, persen, jasa-hangus / what breaking it early costs
    #[arg(long = "lebih-awal", alias = "early", value_parser = EARLY.parser())]
    early: Option<EarlyBreak>,
    /// Biaya bila dicairkan lebih awal / that fee
    #[arg(long = "biaya", alias = "fee", value_parser = amount)]
    early_fee: Option<Sen>,
    /// Persen bila dicairkan lebih awal / that percentage
    #[arg(long = "persen-awal", alias = "early-percent", value_parser = percent)]
    early_percent: Option<Decimal>,
    /// Paling sedikit / the least deposit
    #[arg(long = "paling-sedikit", alias = "least", value_parser = amount)]
    least: Option<Sen>,
    /// Paling singkat, bulan / the least months
    #[arg(long = "paling-singkat", alias = "least-months", default_value_t = 0)]
    least_months: i32,
    /// Paling lama, bulan / the most months
    #[arg(long = "paling-lama", alias = "most-months", default_value_t = 0)]
    most_months: i32,
    /// Bebas biaya bila pemiliknya meninggal / free when its owner died
    #[arg(long = "bebas-bila-meninggal", alias = "free-on-death")]
    free_on_death: bool,
    /// Nisbah penabung, persen, ganti bunga tetap / the depositors' nisbah, instead of a rate
    #[arg(long = "nisbah", alias = "share-percent", value_parser = percent)]
    share_percent: Option<Decimal>,
    /// Akad syariah: biaya menjadi dana kebajikan / under a syariah contract
    #[arg(long = "syariah")]
    syariah: bool,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    minute: String,
}

/// What a new deposit is.
#[derive(Args, Clone, Debug)]
pub struct Terms {
    /// Id deposito / the deposit's id
    deposit: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Jatuh tempo / the day it matures
    #[arg(long = "jatuh-tempo", alias = "matures", value_parser = day)]
    matures: Day,
    /// Bila jatuh tempo: tabungan atau perpanjang / what becomes of it then
    #[arg(long = "lalu", alias = "then", value_parser = MATURITIES.parser())]
    then: Option<OnMaturity>,
}

/// A group's new term deposit.
#[derive(Args, Clone, Debug)]
pub struct Open {
    /// Kelompok / group
    group: String,
    #[command(flatten)]
    terms: Terms,
    /// Produk deposito LKM / the LKM's product
    #[arg(long = "produk", alias = "product")]
    product: Option<String>,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    paid: Paid,
    #[command(flatten)]
    when: When,
}

/// A member's new term deposit.
#[derive(Args, Clone, Debug)]
pub struct OpenMember {
    #[command(flatten)]
    who: WhichMember,
    #[command(flatten)]
    terms: Terms,
    /// Produk deposito / product
    #[arg(long = "produk", alias = "product")]
    product: String,
    #[command(flatten)]
    with: With,
    #[command(flatten)]
    when: When,
}

/// What a member pays with, or is paid with.
#[derive(Args, Clone, Debug)]
pub struct With {
    /// Dengan uang di sini, bukan dari tabungan: kas, bank, brankas, id laci / in money
    #[arg(long = "tempat", alias = "place")]
    place: Option<String>,
}

/// A group's term deposit's end; before its time it needs a rule or a minute.
#[derive(Args, Clone, Debug)]
pub struct Close {
    /// Kelompok / group
    group: String,
    /// Deposito / deposit
    deposit: String,
    #[command(flatten)]
    paid: Paid,
    #[command(flatten)]
    when: When,
}

/// A member's term deposit's end; before its time it needs a rule or a minute.
#[derive(Args, Clone, Debug)]
pub struct CloseMember {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Deposito / deposit
    deposit: String,
    #[command(flatten)]
    with: With,
    #[command(flatten)]
    when: When,
}

impl Client {
    pub(super) async fn term(&self, ask: &TermAsk) -> Answer {
        let mut links = self.remote.links();
        match ask {
            TermAsk::Open(Open { group, terms, product, of, paid, when }) => {
                let product = product.as_ref();
                let product = product.map(|id| self.of("lkm", "term-products", id));
                let request = request!(
                    self,
                    when,
                    v1::OpenTermDepositRequest {
                        group: self.entity(group),
                        deposit_id: terms.deposit.clone(),
                        fund: of.fund as i32,
                        amount: money(terms.amount),
                        matures_on: date(terms.matures),
                        means: self.means(paid),
                        on_maturity: terms.then.unwrap_or_default() as i32,
                        product: product.unwrap_or_default(),
                    }
                );
                self.booked(links.open_term_deposit(request)).await
            }
            TermAsk::Close(Close { group, deposit, paid, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::CloseTermDepositRequest {
                        deposit: self.of(group, "term-deposits", deposit),
                        means: self.means(paid),
                        minute: when.paper.minute.clone().unwrap_or_default(),
                    }
                );
                self.booked(links.close_term_deposit(request)).await
            }
            TermAsk::List { group } => {
                let ask = async |request: v1::ListTermDepositsRequest| {
                    self.remote.links().list_term_deposits(request).await
                };
                self.deposits(&self.list(self.entity(group), ask).await?)
            }
            TermAsk::OpenMember(ask) => self.open_member_term(ask).await,
            TermAsk::CloseMember(CloseMember { entity, deposit, with, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::CloseMemberDepositRequest {
                        deposit: self.of(entity, "member-deposits", deposit),
                        means: self.member_means(with),
                        minute: when.paper.minute.clone().unwrap_or_default(),
                    }
                );
                self.booked(self.remote.products().close_member_deposit(request)).await
            }
            TermAsk::ListMembers { entity } => {
                let ask = async |request: v1::ListMemberDepositsRequest| {
                    self.remote.products().list_member_deposits(request).await
                };
                self.deposits(&self.list(self.entity(entity), ask).await?)
            }
            TermAsk::Share(Share { entity, product, profit }) => {
                let product = self.of(entity, "term-products", product);
                self.decide_share(entity, (SavingsSort::Unspecified, product), profit).await
            }
            TermAsk::SetProduct(set) => self.set_term_product(set).await,
            TermAsk::Products { entity } => {
                let ask = async |request: v1::ListTermProductsRequest| {
                    self.remote.products().list_term_products(request).await
                };
                self.term_products(&self.list(self.entity(entity), ask).await?)
            }
        }
    }

    async fn open_member_term(&self, ask: &OpenMember) -> Answer {
        let OpenMember { who, terms, product, with, when } = ask;
        let request = request!(
            self,
            when,
            v1::OpenMemberDepositRequest {
                member: self.member(who),
                deposit_id: terms.deposit.clone(),
                product: self.of(&who.entity, "term-products", product),
                amount: money(terms.amount),
                matures_on: date(terms.matures),
                means: self.member_means(with),
                on_maturity: terms.then.unwrap_or_default() as i32,
            }
        );
        self.booked(self.remote.products().open_member_deposit(request)).await
    }

    fn member_means(&self, with: &With) -> Option<v1::MemberMeans> {
        let means = match &with.place {
            None => Some(member_means::Means::Savings(true)),
            Some(place) => self.place(place).map(member_means::Means::Place),
        };
        Some(v1::MemberMeans { means })
    }

    async fn set_term_product(&self, set: &SetProduct) -> Answer {
        let request = v1::SetTermProductRequest {
            product: self.of(&set.entity, "term-products", &set.product),
            request_id: fresh_request_id(),
            version: Some(v1::TermProduct {
                since: date(set.since),
                rate: set.rate.clone(),
                day_count: set.day_count.unwrap_or_default() as i32,
                payout: set.payout.unwrap_or_default() as i32,
                early: set.early.unwrap_or_default() as i32,
                early_fee: set.early_fee.and_then(money),
                early_percent: set.early_percent.clone(),
                least: set.least.and_then(money),
                least_months: set.least_months,
                most_months: set.most_months,
                free_on_death: set.free_on_death,
                syariah: set.syariah,
                share_percent: set.share_percent.clone(),
                minute: set.minute.clone(),
            }),
        };
        let answer = self.get(self.remote.products().set_term_product(request)).await?;
        self.term_products(&[answer.product.ok_or_else(|| self.incomplete())?])
    }

    fn term_products(&self, products: &[v1::TermProductVersions]) -> Answer {
        let mut table = Table::new(self.say("Produk deposito", "Term products"), PRODUCTS);
        for product in products {
            for version in &product.versions {
                let early = EARLY.word(version.early()).to_owned();
                let cost = match (&version.early_fee, &version.early_percent) {
                    (Some(fee), _) => format!("{early} {}", money_text(Some(fee))),
                    (_, Some(percent)) => format!("{early} {}%", decimal_text(Some(percent))),
                    _ => early,
                };
                table.row(vec![
                    last_part(&product.name).to_owned(),
                    self.date(version.since.as_ref()),
                    version.rate.as_ref().map_or_else(String::new, |one| decimal_text(Some(one))),
                    decimal_text(version.share_percent.as_ref()),
                    SAVINGS_DAY_COUNTS.word(version.day_count()).to_owned(),
                    PAYOUTS.word(version.payout()).to_owned(),
                    cost,
                    version.minute.clone(),
                ]);
            }
        }
        Ok(vec![table])
    }

    fn deposits(&self, deposits: &[v1::TermDeposit]) -> Answer {
        let row = |deposit: &v1::TermDeposit| {
            vec![
                last_part(&deposit.name).to_owned(),
                last_part(&deposit.member).to_owned(),
                fund_text(deposit.fund).to_owned(),
                money_text(deposit.amount.as_ref()),
                self.date(deposit.opened_on.as_ref()),
                self.date(deposit.matures_on.as_ref()),
                TERMS.word(deposit.state()).to_owned(),
                self.date(deposit.closed_on.as_ref()),
                money_text(deposit.earned.as_ref()),
                money_text(deposit.paid.as_ref()),
            ]
        };
        Ok(vec![Table::of(DEPOSITS, deposits.iter().map(row))])
    }
}
