//! Groups that sleep, wake, move to another book, or are dissolved.

use clap::{Args, Subcommand};

use super::args::When;
use super::transactions::request;
use super::{Answer, Client};
use crate::api::v1::{self, MoveState, Standing, share::Heir};
use crate::cli::convert::{amount, date, day, last_part, money};
use crate::cli::mistyped::Mistyped;
use crate::cli::remote::fresh_request_id;
use crate::cli::table::{Column, Table, text};
use crate::domain::day::Day;
use crate::domain::money::Sen;

/// What can be asked about the life of a group.
#[derive(Clone, Debug, Subcommand)]
pub enum LifeAsk {
    /// Kelompok tidur: tidak meminta uang sampai bangun / put a group to sleep
    #[command(name = "tidur", alias = "sleep")]
    Sleep(Turn),
    /// Kelompok bangun lagi / wake a group
    #[command(name = "bangun", alias = "wake")]
    Wake(Turn),
    /// Pindahkan kelompok ke buku LKM lain / move a group to another LKM's book
    #[command(name = "pindah", alias = "move")]
    Move(MoveTo),
    /// Daftar kelompok yang pindah / list the groups that moved
    #[command(name = "daftar-pindah", alias = "moves")]
    Moves,
    /// Bubarkan kelompok: utang dibayar, simpanan kembali, sisa dibagi / dissolve a group
    #[command(name = "bubarkan", alias = "dissolve")]
    Dissolve(Dissolve),
}

/// Falling asleep or waking.
#[derive(Args, Clone, Debug)]
pub struct Turn {
    /// Kelompok / group
    pub group: String,
    /// Sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    pub since: Day,
    /// Nomor berita acara / number of the minute
    #[arg(long = "berita-acara", alias = "minute")]
    pub minute: String,
}

/// A move.
#[derive(Args, Clone, Debug)]
pub struct MoveTo {
    /// Kelompok / group
    pub group: String,
    /// Buku tujuan / the book it moves to
    pub to: String,
    /// Nama kelompok di buku tujuan; kosong bila sama / its id there
    #[arg(long = "menjadi", alias = "as", default_value = "")]
    pub new_id: String,
    /// When, and by which minute.
    #[command(flatten)]
    pub when: When,
}

/// A dissolution.
#[derive(Args, Clone, Debug)]
pub struct Dissolve {
    /// Kelompok / group
    pub group: String,
    /// Tempat seluruh uang kelompok: kas atau bank / where its money lies
    #[arg(long = "tempat", alias = "place", default_value = "kas")]
    pub place: String,
    /// Bagian sisa untuk anggota, misalnya m01=50.000; boleh berulang / a member's share
    #[arg(long = "bagian", alias = "share", value_parser = share)]
    pub members: Vec<(String, Sen)>,
    /// Bagian sisa untuk rekanan, misalnya desa=50.000; boleh berulang / a third party's share
    #[arg(long = "bagian-rekanan", alias = "party-share", value_parser = share)]
    pub parties: Vec<(String, Sen)>,
    /// When, and by which minute.
    #[command(flatten)]
    pub when: When,
}

/// Reads who gets how much, for clap.
fn share(text: &str) -> Result<(String, Sen), Mistyped> {
    const FORM: Mistyped = Mistyped::new(
        "Tulis SIAPA=JUMLAH, misalnya m01=50.000.",
        "Write WHO=AMOUNT, e.g. m01=50.000.",
    );
    let (id, share) = text.split_once('=').ok_or(FORM)?;
    Ok((id.trim().to_owned(), amount(share)?))
}

const STANDING: &[Column] = &[
    text("group", "Kelompok", "Group"),
    text("standing", "Keadaan", "Standing"),
    text("since", "Sejak", "Since"),
    text("minute", "Berita acara", "Minute"),
];

const MOVES: &[Column] = &[
    text("group", "Kelompok", "Group"),
    text("to", "Ke", "To"),
    text("date", "Tanggal", "Date"),
    text("state", "Keadaan", "State"),
    text("reason", "Alasan ditolak", "Why refused"),
];

impl Client {
    pub(super) async fn life(&self, ask: &LifeAsk) -> Answer {
        match ask {
            LifeAsk::Sleep(turn) => self.turn(turn, Standing::Asleep).await,
            LifeAsk::Wake(turn) => self.turn(turn, Standing::Active).await,
            LifeAsk::Move(to) => self.move_group(to).await,
            LifeAsk::Moves => self.moves().await,
            LifeAsk::Dissolve(dissolve) => self.dissolve(dissolve).await,
        }
    }

    async fn turn(&self, turn: &Turn, standing: Standing) -> Answer {
        let request = v1::ChangeStandingRequest {
            group: self.entity(&turn.group),
            request_id: fresh_request_id(),
            standing: standing as i32,
            since: date(turn.since),
            minute: turn.minute.clone(),
        };
        let answer = self.get(self.remote.lifecycle().change_standing(request)).await?;
        let group = answer.group.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(self.say("Keadaan kelompok", "Standing"), STANDING);
        for one in &group.standings {
            table.row(vec![
                last_part(&group.name).to_owned(),
                self.standing_word(one.standing()),
                self.date(one.since.as_ref()),
                one.minute.clone(),
            ]);
        }
        Ok(vec![table])
    }

    pub(super) fn standing_word(&self, standing: Standing) -> String {
        match standing {
            Standing::Active => self.say("aktif", "active"),
            Standing::Asleep => self.say("tidur", "asleep"),
            Standing::Dissolved => self.say("bubar", "dissolved"),
            Standing::Moved => self.say("pindah", "moved"),
            Standing::Arriving => self.say("dalam perjalanan ke sini", "on its way here"),
            Standing::Unspecified => String::new(),
        }
    }

    async fn move_group(&self, to: &MoveTo) -> Answer {
        let request = request!(
            self,
            to.when,
            v1::MoveGroupRequest {
                group: self.entity(&to.group),
                minute: to.when.paper.minute.clone().unwrap_or_default(),
                to_book: format!("books/{}", to.to),
                new_group_id: to.new_id.clone(),
            }
        );
        let answer = self.book(self.remote.lifecycle().move_group(request)).await?;
        let mut table = self.transaction(answer.transaction)?;
        let moved = answer.r#move.ok_or_else(|| self.incomplete())?;
        let state = self.move_state(moved.state());
        table.note(format!("{} → {}: {state}", last_part(&moved.group), moved.to));
        Ok(vec![table])
    }

    fn move_state(&self, state: MoveState) -> String {
        match state {
            MoveState::Waiting => self.say("dalam perjalanan", "on its way"),
            MoveState::Arrived => self.say("sudah tiba", "arrived"),
            MoveState::Refused => self.say("ditolak; periksa", "refused; look at it"),
            MoveState::Reversed => self.say("dibatalkan", "taken back"),
            MoveState::Unspecified => String::new(),
        }
    }

    async fn moves(&self) -> Answer {
        let mut client = self.remote.lifecycle();
        let ask = async |request: v1::ListMovesRequest| client.list_moves(request).await;
        let mut table = Table::new(self.say("Kelompok yang pindah", "Groups that moved"), MOVES);
        for moved in self.list(self.whole_book(), ask).await? {
            table.row(vec![
                last_part(&moved.group).to_owned(),
                moved.to.clone(),
                self.date(moved.moved_on.as_ref()),
                self.move_state(moved.state()),
                moved.broken.clone(),
            ]);
        }
        Ok(vec![table])
    }

    async fn dissolve(&self, dissolve: &Dissolve) -> Answer {
        let group = &dissolve.group;
        let share = |heir: Heir, share: Sen| v1::Share { heir: Some(heir), amount: money(share) };
        let members = dissolve.members.iter();
        let members =
            members.map(|(id, sen)| share(Heir::Member(self.of(group, "members", id)), *sen));
        let parties = dissolve.parties.iter();
        let parties =
            parties.map(|(id, sen)| share(Heir::Party(self.of(group, "parties", id)), *sen));
        let request = request!(
            self,
            dissolve.when,
            v1::DissolveGroupRequest {
                group: self.entity(group),
                minute: dissolve.when.paper.minute.clone().unwrap_or_default(),
                place: self.place(&dissolve.place),
                shares: members.chain(parties).collect(),
            }
        );
        let answer = self.book(self.remote.lifecycle().dissolve_group(request)).await?;
        Ok(vec![self.transaction(answer.transaction)?])
    }
}
