//! Arisan: rounds of saving by lot.

use clap::{Args, Subcommand};

use super::args::{Money, Part, When, Where, part};
use super::transactions::{paid, request};
use super::{Answer, Client};
use crate::api::v1::{self, ArisanPayment};
use crate::cli::convert::{amount, date, day, last_part, money, money_text};
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, number, text};
use crate::domain::day::Day;
use crate::domain::money::Sen;

const ROUNDS: &[Column] = &[
    text("arisan", "Arisan", "Round"),
    text("label", "Nama", "Name"),
    text("opened", "Dibuka", "Opened"),
    number("contribution", "Setoran", "Contribution"),
    number("held", "Terkumpul", "Held"),
];

const MEMBERS: &[Column] = &[
    text("member", "Anggota", "Member"),
    number("paid", "Dibayar", "Paid"),
    number("received", "Ditarik", "Received"),
    text("drawn_on", "Pada", "On"),
];

/// What can be asked about arisan.
#[derive(Clone, Debug, Subcommand)]
pub enum ArisanAsk {
    /// Buka putaran arisan / begin a round
    #[command(name = "buka", alias = "open")]
    Open(Open),
    /// Anggota membayar arisan / members pay in
    #[command(name = "bayar", alias = "pay")]
    Pay(Pay),
    /// Anggota yang keluar namanya menerima arisan / the member drawn takes it
    #[command(name = "tarik", alias = "draw")]
    Draw(Draw),
    /// Daftar arisan, atau satu putaran dengan anggotanya / list rounds, or show one
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: String,
        /// Arisan / round
        round: Option<String>,
    },
}

/// A new round.
#[derive(Args, Clone, Debug)]
pub struct Open {
    /// Kelompok / group
    group: String,
    /// Id putaran / the round's id
    id: String,
    /// Setoran tiap anggota / each member's contribution
    #[arg(value_parser = amount)]
    contribution: Sen,
    /// Nama / name
    #[arg(long = "nama", alias = "name", default_value = "", hide_default_value = true)]
    label: String,
    /// Anggota yang ikut, misalnya m01,m02 / who takes part
    #[arg(long = "anggota", alias = "members", value_delimiter = ',', required = true)]
    members: Vec<String>,
    /// Tanggal / the day
    #[arg(long = "tanggal", alias = "on", value_parser = day)]
    on: Option<Day>,
}

/// Payments into a round.
#[derive(Args, Clone, Debug)]
pub struct Pay {
    /// Kelompok / group
    group: String,
    /// Arisan / round
    round: String,
    /// ANGGOTA:JUMLAH, misalnya m01:10.000 / member and amount
    #[arg(required = true, value_parser = part)]
    payments: Vec<Part>,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    when: When,
}

/// A draw.
#[derive(Args, Clone, Debug)]
pub struct Draw {
    /// Kelompok / group
    group: String,
    /// Arisan / round
    round: String,
    /// Anggota / member
    member: String,
    #[command(flatten)]
    money: Money,
}

impl Client {
    pub(super) async fn arisan(&self, ask: &ArisanAsk) -> Answer {
        let mut arisans = self.remote.arisans();
        match ask {
            ArisanAsk::Open(open) => {
                let request = v1::OpenArisanRequest {
                    parent: self.entity(&open.group),
                    request_id: fresh_request_id(),
                    arisan_id: open.id.clone(),
                    label: open.label.clone(),
                    contribution: money(open.contribution),
                    member_ids: open.members.clone(),
                    opened_on: open.on.and_then(date),
                };
                let answer = self.get(arisans.open_arisan(request)).await?;
                Ok(self.round(answer.arisan.as_ref()))
            }
            ArisanAsk::Pay(Pay { group, round, payments, at, when }) => {
                let payment = |(member, much): &Part| ArisanPayment {
                    member_id: member.clone(),
                    amount: money(*much),
                };
                let request = request!(
                    self,
                    when,
                    v1::PayIntoArisanRequest {
                        arisan: self.of(group, "arisans", round),
                        payments: payments.iter().map(payment).collect(),
                        place: self.place(&at.place),
                    }
                );
                self.booked(arisans.pay_into_arisan(request)).await
            }
            ArisanAsk::Draw(Draw { group, round, member, money }) => {
                let arisan = self.of(group, "arisans", round);
                let member_id = member.clone();
                let request = paid!(self, money, v1::PayOutArisanRequest { arisan, member_id });
                self.booked(arisans.pay_out_arisan(request)).await
            }
            ArisanAsk::List { group, round: None } => {
                let ask = async |request: v1::ListArisansRequest| {
                    self.remote.arisans().list_arisans(request).await
                };
                let rounds = self.list(self.entity(group), ask).await?;
                Ok(vec![Table::of(ROUNDS, rounds.iter().map(|round| self.round_row(round)))])
            }
            ArisanAsk::List { group, round: Some(round) } => {
                let name = self.of(group, "arisans", round);
                let answer = self.get(arisans.get_arisan(v1::GetArisanRequest { name })).await?;
                Ok(self.round(answer.arisan.as_ref()))
            }
        }
    }

    fn round_row(&self, round: &v1::Arisan) -> Vec<String> {
        vec![
            last_part(&round.name).to_owned(),
            round.label.clone(),
            self.date(round.opened_on.as_ref()),
            money_text(round.contribution.as_ref()),
            money_text(round.held.as_ref()),
        ]
    }

    /// A round with who takes part.
    fn round(&self, round: Option<&v1::Arisan>) -> Vec<Table> {
        let member = |member: &v1::ArisanMember| {
            vec![
                last_part(&member.member).to_owned(),
                money_text(member.paid.as_ref()),
                money_text(member.received.as_ref()),
                self.date(member.drawn_on.as_ref()),
            ]
        };
        let rounds = Table::of(ROUNDS, round.map(|round| self.round_row(round)));
        let members = round.iter().flat_map(|round| &round.members).map(member);
        vec![rounds, Table::of(MEMBERS, members)]
    }
}
