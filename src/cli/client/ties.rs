//! What ties groups and their LKM: stakes, collected money, and whether both books agree.

use clap::{Args, Subcommand};

use super::args::{AsOf, OfFund, When};
use super::transactions::request;
use super::{Answer, Client, PAGE, last_part_account};
use crate::api::v1::{self, BudgetSource, Handover, Means, means};
use crate::cli::convert::{amount, date, last_part, money, money_text};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{MIRRORS, SOURCES};
use crate::domain::chart::Code;
use crate::domain::money::Sen;

const STAKES: &[Column] = &[
    text("stake", "Penyertaan", "Stake"),
    text("programme", "Program", "Programme"),
    text("source", "Sumber", "Source"),
    text("decree", "SK", "Decree"),
    text("received_on", "Diterima", "Received"),
    number("amount", "Nilai", "Value"),
    number("returned", "Dikembalikan", "Returned"),
];

const MIRROR_PAIRS: &[Column] = &[
    text("group", "Kelompok", "Group"),
    text("kind", "Berupa", "Kind"),
    text("account", "Akun kelompok", "Group's account"),
    number("at_kube", "Kata kelompok", "Group says"),
    number("at_lkm", "Kata LKM", "LKM says"),
    number("difference", "Selisih", "Difference"),
    text("reason", "Sebab", "Reason"),
];

/// What can be asked about stakes.
#[derive(Clone, Debug, Subcommand)]
pub enum StakeAsk {
    /// Program menyertakan modal di LKM / a programme puts a stake in
    #[command(name = "terima", alias = "receive")]
    Receive(Receive),
    /// Modal program dikembalikan / a programme's stake goes back
    #[command(name = "kembalikan", alias = "return")]
    Return {
        /// Penyertaan / stake
        stake: String,
        /// Jumlah / amount
        #[arg(value_parser = amount)]
        amount: Sen,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Daftar modal program / list programmes' stakes
    #[command(name = "daftar", alias = "list")]
    List,
    /// Kelompok membeli penyertaan / a group buys a stake
    #[command(name = "beli", alias = "buy")]
    Buy(OfGroup),
    /// LKM mengembalikan penyertaan kelompok / the LKM pays a group's stake back
    #[command(name = "bayar-kembali", alias = "pay-back")]
    PayBack(OfGroup),
}

/// A programme's stake.
#[derive(Args, Clone, Debug)]
pub struct Receive {
    /// Id penyertaan / the stake's id
    stake: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Program / programme
    #[arg(long = "program", alias = "programme")]
    programme: String,
    /// Sumber anggaran / budget source
    #[arg(long = "sumber", alias = "source", default_value = "apbd", value_parser = SOURCES.parser())]
    source: BudgetSource,
    /// Nomor SK / number of the decree
    #[arg(long = "sk", alias = "decree", default_value = "", hide_default_value = true)]
    decree: String,
    #[command(flatten)]
    when: When,
}

/// What a group pays its LKM with, or is paid into.
#[derive(Args, Clone, Debug)]
pub struct Paid {
    /// Dengan uang di sini, bukan dari tabungan: kas atau bank / in money, not savings
    #[arg(long = "tempat", alias = "place")]
    place: Option<String>,
    /// Tempat uang di LKM: brankas, bank, atau id laci / the LKM's place
    #[arg(long = "tempat-lkm", alias = "lkm-place", default_value = "brankas")]
    lkm_place: String,
}

/// A stake of a group.
#[derive(Args, Clone, Debug)]
pub struct OfGroup {
    /// Kelompok / group
    group: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    paid: Paid,
    #[command(flatten)]
    when: When,
}

const BAGS: &[Column] = &[
    text("bag", "Tas", "Bag"),
    text("label", "Nama", "Label"),
    number("carried", "Dibawa", "Carried"),
];

/// What can be asked about collectors.
#[derive(Clone, Debug, Subcommand)]
pub enum CollectorAsk {
    /// Tas petugas dan uang yang dibawa / collectors' bags and what they carry
    #[command(name = "daftar", alias = "list")]
    List,
    /// Petugas menerima uang di desa / a collector takes money in the village
    #[command(name = "terima", alias = "collect")]
    Collect(Collect),
    /// Petugas menyetor uang yang dibawa / a collector hands it in
    #[command(name = "setor", alias = "hand-in")]
    HandIn(HandIn),
}

/// Collected money.
#[derive(Args, Clone, Debug)]
pub struct Collect {
    /// Kelompok / group
    group: String,
    /// Tas petugas: id laci kolektor / the collector's bag
    bag: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// Money handed in.
#[derive(Args, Clone, Debug)]
pub struct HandIn {
    /// Tas petugas: id laci kolektor / the collector's bag
    bag: String,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Ke brankas, bank, atau id laci / where it goes
    #[arg(long = "tempat", alias = "place", default_value = "brankas")]
    place: String,
    #[command(flatten)]
    when: When,
}

/// Which books to compare.
#[derive(Args, Clone, Debug)]
pub struct Mirrors {
    /// Kelompok; kosong untuk semua / group; all if left out
    pub group: Option<String>,
    /// When.
    #[command(flatten)]
    pub at: AsOf,
    /// Hanya yang berselisih / only what differs
    #[arg(long = "selisih-saja", alias = "only-differences")]
    pub only_differences: bool,
}

impl Client {
    pub(super) async fn stake(&self, ask: &StakeAsk) -> Answer {
        let mut links = self.remote.links();
        match ask {
            StakeAsk::Receive(Receive { stake, amount, programme, source, decree, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::ReceiveProgrammeStakeRequest {
                        book: self.whole_book(),
                        grant_id: stake.clone(),
                        programme: programme.clone(),
                        source: *source as i32,
                        decree_number: decree.clone(),
                        amount: money(*amount),
                    }
                );
                self.booked(links.receive_programme_stake(request)).await
            }
            StakeAsk::Return { stake, amount, when } => {
                let request = request!(
                    self,
                    when,
                    v1::ReturnProgrammeStakeRequest {
                        stake: self.of("lkm", "grants", stake),
                        amount: money(*amount),
                    }
                );
                self.booked(links.return_programme_stake(request)).await
            }
            StakeAsk::List => {
                let ask = async |request: v1::ListProgrammeStakesRequest| {
                    self.remote.links().list_programme_stakes(request).await
                };
                let stakes = self.list(self.whole_book(), ask).await?;
                let standing = stakes.iter().filter(|stake| !stake.reversed);
                Ok(vec![Table::of(STAKES, standing.map(|stake| self.stake_row(stake)))])
            }
            StakeAsk::Buy(OfGroup { group, amount, of, paid, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::BuyStakeRequest {
                        group: self.entity(group),
                        fund: of.fund as i32,
                        amount: money(*amount),
                        means: self.means(paid),
                    }
                );
                self.booked(links.buy_stake(request)).await
            }
            StakeAsk::PayBack(OfGroup { group, amount, of, paid, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::PayBackStakeRequest {
                        group: self.entity(group),
                        fund: of.fund as i32,
                        amount: money(*amount),
                        means: self.means(paid),
                    }
                );
                self.booked(links.pay_back_stake(request)).await
            }
        }
    }

    pub(super) fn means(&self, paid: &Paid) -> Option<Means> {
        let means = match &paid.place {
            None => means::Means::Savings(true),
            Some(place) => means::Means::Money(Handover {
                kube_place: self.place(place),
                lkm_place: self.place(&paid.lkm_place),
            }),
        };
        Some(Means { means: Some(means) })
    }

    fn stake_row(&self, stake: &v1::ProgrammeStake) -> Vec<String> {
        vec![
            last_part(&stake.name).to_owned(),
            stake.programme.clone(),
            SOURCES.word(stake.source()).to_owned(),
            stake.decree_number.clone(),
            self.date(stake.received_on.as_ref()),
            money_text(stake.amount.as_ref()),
            money_text(stake.returned.as_ref()),
        ]
    }

    pub(super) async fn collector(&self, ask: &CollectorAsk) -> Answer {
        let mut links = self.remote.links();
        let bag = |id: &str| format!("{}/drawers/{id}", self.whole_book());
        match ask {
            CollectorAsk::List => self.bags().await,
            CollectorAsk::Collect(Collect { group, bag: id, amount, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::CollectRequest {
                        group: self.entity(group),
                        fund: of.fund as i32,
                        bag: bag(id),
                        amount: money(*amount),
                    }
                );
                self.booked(links.collect(request)).await
            }
            CollectorAsk::HandIn(HandIn { bag: id, amount, place, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::HandInCollectionRequest {
                        bag: bag(id),
                        amount: money(*amount),
                        place: self.place(place),
                    }
                );
                self.booked(links.hand_in_collection(request)).await
            }
        }
    }

    /// Collectors' bags, and what each carries.
    async fn bags(&self) -> Answer {
        let ask = async |request: v1::ListDrawersRequest| {
            self.remote.parties().list_drawers(request).await
        };
        let drawers: Vec<v1::Drawer> = self.list(self.whole_book(), ask).await?;
        let mut table = Table::of(BAGS, []);
        for bag in drawers.iter().filter(|drawer| drawer.collector) {
            let id = last_part(&bag.name);
            let account = format!("lkm.sp.{}.{id}", Code::CashInTransit.number());
            let request = v1::GetBalanceRequest {
                account: self.account(&account),
                ..v1::GetBalanceRequest::default()
            };
            let answer = self.get(self.remote.ledger().get_balance(request)).await?;
            let carried = answer.balance.and_then(|balance| balance.balance);
            table.row(vec![id.to_owned(), bag.label.clone(), money_text(carried.as_ref())]);
        }
        Ok(vec![table])
    }

    /// What groups have at their LKM beside what the LKM has for them.
    pub(super) async fn mirrors(&self, which: &Mirrors) -> Answer {
        let mut table = Table::new("", MIRROR_PAIRS);
        let mut known_at = which.at.known_at;
        let mut differences = 0;
        let mut seen = None;
        let mut token = String::new();
        loop {
            let request = v1::ReconcileMirrorsRequest {
                scope: self.scope(which.group.as_ref()),
                as_of: which.at.day.and_then(date),
                as_known_at: known_at,
                only_differences: which.only_differences,
                page_size: PAGE,
                page_token: token,
            };
            let page = self.get(self.remote.reconciling().reconcile_mirrors(request)).await?;
            page.pairs.iter().for_each(|pair| table.row(pair_row(pair)));
            differences += page.differences;
            // All pages show the state of the first.
            known_at = page.read_point.as_ref().map_or(known_at, |point| point.position);
            seen = seen.or(page.read_point);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        table.note(match differences {
            0 => self.say("Semua cocok.", "All of them agree."),
            many => self.say(&format!("{many} tidak cocok."), &format!("{many} do not agree.")),
        });
        table.note(self.read_point(seen.as_ref()));
        Ok(vec![table])
    }
}

fn pair_row(pair: &v1::MirrorPair) -> Vec<String> {
    let reasons: Vec<&str> = pair.reasons.iter().map(|reason| reason.text.as_str()).collect();
    vec![
        last_part(&pair.group).to_owned(),
        MIRRORS.word(pair.kind()).to_owned(),
        last_part_account(&pair.kube_account).to_owned(),
        money_text(pair.at_kube.as_ref()),
        money_text(pair.at_lkm.as_ref()),
        money_text(pair.difference.as_ref()),
        reasons.join(" "),
    ]
}
