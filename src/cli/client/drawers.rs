//! Drawers: registered, and those of tellers opened, limited, counted and closed.

use clap::{Args, Subcommand};

use super::args::When;
use super::transactions::request;
use super::{Answer, Client};
use crate::api::v1;
use crate::cli::convert::{amount, date, day, last_part, money};
use crate::cli::remote::{Failure, fresh_request_id};
use crate::cli::table::{Column, Table, text};
use crate::domain::day::Day;
use crate::domain::money::Sen;

const DRAWERS: &[Column] = &[
    text("drawer", "Laci", "Drawer"),
    text("label", "Nama", "Name"),
    text("sort", "Jenis", "Sort"),
    text("teller", "Penanggung jawab", "Teller"),
    text("open", "Terbuka sejak", "Open since"),
];

/// What is done with a drawer.
#[derive(Clone, Debug, Subcommand)]
pub enum DrawerAsk {
    /// Daftarkan laci teller atau tas kolektor / register a drawer
    #[command(name = "baru", alias = "add")]
    Add(DrawerAdd),
    /// Daftar laci dan tas / list drawers
    #[command(name = "daftar", alias = "list")]
    List,
    /// Buka laci untuk hari ini / open a drawer for the day
    #[command(name = "buka", alias = "open")]
    Open(Open),
    /// Hitung lalu tutup laci / count and close a drawer
    #[command(name = "tutup", alias = "close")]
    Close(Close),
    /// Tetapkan batas isi laci / set how much a drawer may hold
    #[command(name = "batas", alias = "limit")]
    Limit(Limit),
}

/// A new drawer.
#[derive(Args, Clone, Debug)]
pub struct DrawerAdd {
    /// Id, misalnya loket-1 / its id
    id: String,
    /// Nama / its name
    #[arg(long = "nama", alias = "name")]
    label: String,
    /// Tas kolektor / a collector's bag
    #[arg(long = "kolektor", alias = "collector")]
    collector: bool,
}

/// A teller's day begins.
#[derive(Args, Clone, Debug)]
pub struct Open {
    /// Laci / drawer
    drawer: String,
    /// Pengguna yang bertanggung jawab / the user who answers for it
    #[arg(long)]
    teller: String,
    /// Uang yang ditemukan di dalamnya / how much was found in it
    #[arg(long = "dihitung", alias = "counted", value_parser = amount)]
    counted: Sen,
    /// Uang dari brankas / how much comes from the vault
    #[arg(long = "dari-brankas", alias = "from-vault", value_parser = amount)]
    from_vault: Option<Sen>,
    #[command(flatten)]
    when: When,
}

/// A teller's day ends.
#[derive(Args, Clone, Debug)]
pub struct Close {
    /// Laci / drawer
    drawer: String,
    /// Uang yang dihitung / how much was counted
    #[arg(long = "dihitung", alias = "counted", value_parser = amount)]
    counted: Sen,
    /// Uang ke brankas / how much goes to the vault
    #[arg(long = "ke-brankas", alias = "to-vault", value_parser = amount)]
    to_vault: Option<Sen>,
    #[command(flatten)]
    when: When,
}

/// How much a drawer may hold.
#[derive(Args, Clone, Debug)]
pub struct Limit {
    /// Laci / drawer
    drawer: String,
    /// Paling banyak / at most
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    since: Day,
    #[command(flatten)]
    when: When,
}

impl Client {
    pub(super) async fn drawer(&self, ask: &DrawerAsk) -> Answer {
        let mut cash = self.remote.cash();
        match ask {
            DrawerAsk::Add(new) => Ok(vec![self.drawer_add(new).await?]),
            DrawerAsk::List => {
                let ask = async |request: v1::ListDrawersRequest| {
                    self.remote.parties().list_drawers(request).await
                };
                let drawers: Vec<v1::Drawer> = self.list(self.whole_book(), ask).await?;
                Ok(vec![self.drawers_table(&drawers)])
            }
            DrawerAsk::Open(Open { drawer, teller, counted, from_vault, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::OpenDrawerRequest {
                        drawer: self.drawer_name(drawer),
                        teller: teller.clone(),
                        counted: money(*counted),
                        from_vault: from_vault.and_then(money),
                    }
                );
                self.booked(cash.open_drawer(request)).await
            }
            DrawerAsk::Close(Close { drawer, counted, to_vault, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::CloseDrawerRequest {
                        drawer: self.drawer_name(drawer),
                        counted: money(*counted),
                        to_vault: to_vault.and_then(money),
                    }
                );
                self.booked(cash.close_drawer(request)).await
            }
            DrawerAsk::Limit(Limit { drawer, amount, since, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::SetDrawerLimitRequest {
                        drawer: self.drawer_name(drawer),
                        since: date(*since),
                        amount: money(*amount),
                    }
                );
                self.booked(cash.set_drawer_limit(request)).await
            }
        }
    }

    /// A drawer's name.
    pub(super) fn drawer_name(&self, id: &str) -> String {
        format!("{}/drawers/{id}", self.whole_book())
    }

    async fn drawer_add(&self, new: &DrawerAdd) -> Result<Table, Failure> {
        let request = v1::CreateDrawerRequest {
            parent: self.whole_book(),
            request_id: fresh_request_id(),
            drawer_id: new.id.clone(),
            label: new.label.clone(),
            collector: new.collector,
        };
        let answer = self.get(self.remote.parties().create_drawer(request)).await?;
        Ok(self.drawers_table(answer.drawer.as_slice()))
    }

    fn drawers_table(&self, drawers: &[v1::Drawer]) -> Table {
        let row = |drawer: &v1::Drawer| {
            let sort = match drawer.collector {
                true => self.say("tas kolektor", "collector's bag"),
                false => self.say("laci teller", "teller's drawer"),
            };
            let state = match drawer.open {
                true => self.date(drawer.opened_on.as_ref()),
                false => String::new(),
            };
            let label = drawer.label.clone();
            vec![last_part(&drawer.name).to_owned(), label, sort, drawer.teller.clone(), state]
        };
        Table::of(DRAWERS, drawers.iter().map(row))
    }
}
