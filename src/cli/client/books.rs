//! Books and registers: books, groups and their officers, members, third parties.

use clap::{Args, Subcommand};

use super::args::{When, WhichMember};
use super::lifecycle::LifeAsk;
use super::personal::PersonalAsk;
use super::transactions::request;
use super::{Answer, Client, PAGE, note_warnings};
use crate::api::v1::{
    self, HouseholdStatus, Office, PartyKind, Principle, Regime, Stage, Warning, Zone,
};
use crate::cli::convert::{date, day, last_part};
use crate::cli::remote::{Failure, fresh_request_id};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{OFFICES, PARTIES, PRINCIPLES, REGIMES, STAGES, STATUSES, ZONES};
use crate::domain::day::Day;

const BOOKS: &[Column] = &[
    text("book", "Buku", "Book"),
    text("name", "Nama", "Name"),
    text("lkm", "LKM", "LKM"),
    text("opened", "Dibuka", "Opened"),
    text("business_day", "Hari buku", "Business day"),
    number("position", "Posisi jurnal", "Journal position"),
];

const REGIME: &[Column] = &[
    text("since", "Sejak", "Since"),
    text("regime", "Bentuk", "Regime"),
    text("principle", "Prinsip", "Principle"),
    text("minute", "Berita acara", "Minute"),
];

const MOVED: &[Column] = &[number("moved", "Dipindahkan", "Moved")];

const GROUPS: &[Column] = &[
    text("group", "Kelompok", "Group"),
    text("name", "Nama", "Name"),
    text("business", "Usaha", "Business"),
    number("members", "Anggota", "Members"),
    text("village", "Desa/kelurahan", "Village"),
    text("regency", "Kabupaten/kota", "Regency"),
];

const MEMBERS: &[Column] = &[
    text("member", "Anggota", "Member"),
    text("name", "Nama", "Name"),
    text("household", "Keluarga", "Household"),
    text("status", "Status", "Status"),
    text("joined", "Masuk", "Joined"),
    text("left", "Keluar", "Left"),
    text("died", "Meninggal", "Died"),
];

const PARTY_COLUMNS: &[Column] =
    &[text("party", "Pihak", "Party"), text("kind", "Sebagai", "As"), text("name", "Nama", "Name")];

const PERIODS: &[Column] = &[
    text("entity", "Lembaga", "Entity"),
    text("closed_through", "Ditutup sampai", "Closed through"),
];

/// What can be asked about books.
#[derive(Clone, Debug, Subcommand)]
pub enum BookAsk {
    /// Buka buku baru / open a book
    #[command(name = "baru", alias = "add")]
    Add(BookAdd),
    /// Daftar buku, atau satu buku / list books, or show one
    #[command(name = "daftar", alias = "list")]
    List {
        /// Buku / book
        id: Option<String>,
    },
    /// Tutup buku sampai sebuah hari / close a period
    #[command(name = "tutup", alias = "close")]
    Close {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Hari terakhir yang ditutup / the last day to close
        #[arg(long = "sampai", alias = "through", value_parser = day)]
        through: Day,
        /// Nomor berita acara / number of the minute
        #[arg(long = "berita-acara", alias = "minute")]
        minute: String,
    },
    /// Tetapkan bentuk LKM sejak sebuah hari / set the LKM's regime
    #[command(name = "bentuk", alias = "regime")]
    Regime {
        /// Bentuk LKM / its regime
        #[arg(value_parser = REGIMES.parser())]
        regime: Regime,
        /// Prinsip usaha / conventional or syariah
        #[arg(long = "prinsip", alias = "principle", value_parser = PRINCIPLES.parser())]
        principle: Option<Principle>,
        /// Berlaku sejak / since
        #[arg(long = "sejak", alias = "since", value_parser = day)]
        since: Day,
        /// Nomor berita acara / number of the minute
        #[arg(long = "berita-acara", alias = "minute")]
        minute: String,
    },
    /// Pindahkan simpanan pokok dan wajib menurut bentuk LKM / move capital savings by the regime
    #[command(name = "pindah-simpanan-modal", alias = "move-capital-savings")]
    MoveCapital,
}

/// What can be asked about groups.
#[derive(Clone, Debug, Subcommand)]
pub enum GroupAsk {
    /// Daftarkan kelompok (KUBE) / enrol a group
    #[command(name = "baru", alias = "add")]
    Add(GroupAdd),
    /// Daftar kelompok, atau satu kelompok / list groups, or show one
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok / group
        group: Option<String>,
    },
    /// Tahap baru kelompok / a group's new stage
    #[command(name = "tahap", alias = "stage")]
    Stage {
        /// Kelompok / group
        group: String,
        /// Tahap / stage
        #[arg(value_parser = STAGES.parser())]
        stage: Stage,
        /// Sejak / since
        #[arg(long = "sejak", alias = "since", value_parser = day)]
        since: Day,
    },
    /// Angkat pengurus / appoint an officer
    #[command(name = "pengurus", alias = "officer")]
    Officer {
        /// Who.
        #[command(flatten)]
        who: WhichMember,
        /// Jabatan / office
        #[arg(value_parser = OFFICES.parser())]
        office: Office,
        /// Sejak / since
        #[arg(long = "sejak", alias = "since", value_parser = day)]
        since: Day,
    },
    /// Hubungkan kelompok dengan LKM / tie a group to the LKM
    #[command(name = "hubungkan", alias = "link")]
    Link(Tie),
    /// Lepaskan kelompok dari LKM / end a group's tie to the LKM
    #[command(name = "lepaskan", alias = "unlink")]
    Unlink(Tie),
    /// Sleeping, waking, moving and dissolving.
    #[command(flatten)]
    Life(LifeAsk),
}

/// What can be asked about members.
#[derive(Clone, Debug, Subcommand)]
pub enum MemberAsk {
    /// Daftarkan anggota / enrol a member
    #[command(name = "baru", alias = "add")]
    Add(MemberAdd),
    /// Daftar anggota, atau satu anggota / list members, or show one
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Anggota / member
        member: Option<String>,
    },
    /// Ubah data anggota / change what is known of a member
    #[command(name = "ubah", alias = "update")]
    Update(MemberUpdate),
    /// Anggota keluar / a member leaves
    #[command(name = "keluar", alias = "leave")]
    Leave {
        /// Who.
        #[command(flatten)]
        who: WhichMember,
        /// Sejak / since
        #[arg(long = "sejak", alias = "since", value_parser = day)]
        since: Day,
    },
    /// Anggota meninggal; selesaikan kemudian dengan ahli warisnya / a member has died
    #[command(name = "meninggal", alias = "died")]
    Died {
        /// Who.
        #[command(flatten)]
        who: WhichMember,
        /// Pada / the day; tanpa ini yang keliru dicatat dicabut / without, a mistake is taken back
        #[arg(long = "pada", alias = "died-on", value_parser = day)]
        died_on: Option<Day>,
        /// When.
        #[command(flatten)]
        when: When,
    },
    /// Finding, seeing in full, erasing.
    #[command(flatten)]
    Personal(PersonalAsk),
}

/// What can be asked about third parties.
#[derive(Clone, Debug, Subcommand)]
pub enum PartyAsk {
    /// Daftarkan pemasok, pembeli atau penyumbang / register a third party
    #[command(name = "baru", alias = "add")]
    Add(PartyAdd),
    /// Daftar pihak ketiga, atau satu pihak / list third parties, or show one
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Pihak / party
        party: Option<String>,
    },
}

/// A new book; its id is the one of `--book`.
#[derive(Args, Clone, Debug)]
pub struct BookAdd {
    /// Nama / its name
    #[arg(long = "nama", alias = "name")]
    name: String,
    /// Nama LKM; kosong bila tidak ada / the LKM's name
    #[arg(long, default_value = "", hide_default_value = true)]
    lkm: String,
    /// Bentuk LKM / its regime
    #[arg(long = "bentuk", alias = "regime", default_value = "lkm-ojk", value_parser = REGIMES.parser())]
    regime: Regime,
    /// Zona waktu / time zone
    #[arg(long = "zona", alias = "zone", default_value = "wita", value_parser = ZONES.parser())]
    zone: Zone,
    /// Hari pertama / first day
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    opened_on: Day,
}

/// A new group.
#[derive(Args, Clone, Debug)]
pub struct GroupAdd {
    /// Id, misalnya tunas-baru / its id
    id: String,
    /// Nama / its name
    #[arg(long = "nama", alias = "name")]
    name: String,
    /// Usaha / its business
    #[arg(long = "usaha", alias = "business", default_value = "", hide_default_value = true)]
    business: String,
    /// Jumlah anggota / number of members
    #[arg(long = "anggota", alias = "members")]
    members: u32,
    /// Tahun berdiri / founded
    #[arg(long = "berdiri", alias = "founded", default_value_t = 0, hide_default_value = true)]
    founded: u32,
    /// Desa atau kelurahan / village
    #[arg(long = "desa", alias = "village", default_value = "", hide_default_value = true)]
    village: String,
    /// Kecamatan / subdistrict
    #[arg(
        long = "kecamatan",
        alias = "subdistrict",
        default_value = "",
        hide_default_value = true
    )]
    subdistrict: String,
    /// Kabupaten atau kota / regency
    #[arg(long = "kabupaten", alias = "regency", default_value = "", hide_default_value = true)]
    regency: String,
    /// Terhubung dengan LKM sejak / linked to the LKM since
    #[arg(long = "terhubung", alias = "linked-on", value_parser = day)]
    linked_on: Option<Day>,
    /// Nomor berita acara tentang jumlah anggota / minute that decided an unusual size
    #[arg(long = "berita-acara", alias = "minute", default_value = "", hide_default_value = true)]
    minute: String,
}

/// A group and the LKM.
#[derive(Args, Clone, Debug)]
pub struct Tie {
    /// Kelompok / group
    group: String,
    /// Sejak / since
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    since: Day,
}

/// A new member.
#[derive(Args, Clone, Debug)]
pub struct MemberAdd {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Id, misalnya m01 / their id
    id: String,
    /// Nama / their name
    #[arg(long = "nama", alias = "name")]
    name: String,
    /// NIK, 16 angka; kosong bila belum ada / identity number
    #[arg(long, default_value = "", hide_default_value = true)]
    nik: String,
    /// Nomor keluarga, misalnya kk-03 / household
    #[arg(long = "keluarga", alias = "household", default_value = "", hide_default_value = true)]
    household: String,
    /// Status keluarga / household status
    #[arg(long, default_value = "miskin", value_parser = STATUSES.parser())]
    status: HouseholdStatus,
    /// Menjadi anggota sejak / member since
    #[arg(long = "sejak", alias = "joined-on", value_parser = day)]
    joined_on: Day,
}

/// What changes about a member.
#[derive(Args, Clone, Debug)]
pub struct MemberUpdate {
    #[command(flatten)]
    who: WhichMember,
    /// Nama / their name
    #[arg(long = "nama", alias = "name")]
    name: Option<String>,
    /// NIK, 16 angka / identity number
    #[arg(long)]
    nik: Option<String>,
    /// Nomor keluarga / household
    #[arg(long = "keluarga", alias = "household")]
    household: Option<String>,
    /// Status keluarga / household status
    #[arg(long, value_parser = STATUSES.parser())]
    status: Option<HouseholdStatus>,
}

/// A new third party.
#[derive(Args, Clone, Debug)]
pub struct PartyAdd {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Id, bukan nama orang / their id, not a person's name
    id: String,
    /// Sebagai / as
    #[arg(long = "sebagai", alias = "kind", value_parser = PARTIES.parser())]
    kind: PartyKind,
    /// Nama / their name
    #[arg(long = "nama", alias = "name")]
    name: String,
}

impl Client {
    pub(super) async fn books(&self, ask: &BookAsk) -> Result<Table, Failure> {
        match ask {
            BookAsk::Add(new) => self.book_add(new).await,
            BookAsk::List { id } => self.book_list(id.as_ref()).await,
            BookAsk::Regime { regime, principle, since, minute } => {
                self.set_regime((*regime, *principle), *since, minute).await
            }
            BookAsk::MoveCapital => self.move_capital().await,
            BookAsk::Close { entity, through, minute } => {
                self.close(entity, *through, minute).await
            }
        }
    }

    pub(super) async fn groups(&self, ask: &GroupAsk) -> Answer {
        let mut groups = self.remote.groups();
        let table = match ask {
            GroupAsk::Add(new) => self.group_add(new).await?,
            GroupAsk::List { group } => self.group_list(group.as_ref()).await?,
            GroupAsk::Stage { group, stage, since } => {
                let request = v1::ChangeStageRequest {
                    group: self.entity(group),
                    request_id: fresh_request_id(),
                    stage: *stage as i32,
                    since: date(*since),
                };
                self.group(self.get(groups.change_stage(request)).await?.group, &[])?
            }
            GroupAsk::Officer { who, office, since } => {
                let request = v1::AppointOfficerRequest {
                    member: self.member(who),
                    request_id: fresh_request_id(),
                    office: *office as i32,
                    since: date(*since),
                };
                self.group(self.get(groups.appoint_officer(request)).await?.group, &[])?
            }
            GroupAsk::Link(Tie { group, since }) => {
                let (group, request_id) = (self.entity(group), fresh_request_id());
                let request = v1::LinkGroupRequest { group, request_id, on: date(*since) };
                self.group(self.get(groups.link_group(request)).await?.group, &[])?
            }
            GroupAsk::Unlink(Tie { group, since }) => {
                let (group, request_id) = (self.entity(group), fresh_request_id());
                let request = v1::UnlinkGroupRequest { group, request_id, on: date(*since) };
                self.group(self.get(groups.unlink_group(request)).await?.group, &[])?
            }
            GroupAsk::Life(ask) => return self.life(ask).await,
        };
        Ok(vec![table])
    }

    pub(super) async fn members(&self, ask: &MemberAsk) -> Answer {
        let table = match ask {
            MemberAsk::Add(new) => self.member_add(new).await?,
            MemberAsk::List { entity, member } => self.member_list(entity, member.as_ref()).await?,
            MemberAsk::Update(update) => self.member_update(update).await?,
            MemberAsk::Leave { who, since } => {
                let request = v1::EndMembershipRequest {
                    member: self.member(who),
                    request_id: fresh_request_id(),
                    left_on: date(*since),
                };
                let answer = self.get(self.remote.members().end_membership(request)).await?;
                self.members_table(answer.member.as_slice())
            }
            MemberAsk::Died { who, died_on, when } => {
                let request = request!(
                    self,
                    when,
                    v1::RecordDeathRequest {
                        member: self.member(who),
                        died_on: died_on.and_then(date),
                    }
                );
                let answer = self.get(self.remote.members().record_death(request)).await?;
                self.members_table(answer.member.as_slice())
            }
            MemberAsk::Personal(ask) => return self.personal(ask).await,
        };
        Ok(vec![table])
    }

    pub(super) async fn parties(&self, ask: &PartyAsk) -> Result<Table, Failure> {
        match ask {
            PartyAsk::Add(new) => self.party_add(new).await,
            PartyAsk::List { entity, party } => self.party_list(entity, party.as_ref()).await,
        }
    }

    async fn book_add(&self, new: &BookAdd) -> Result<Table, Failure> {
        let regime = if new.lkm.is_empty() { Regime::Unspecified } else { new.regime };
        let request = v1::CreateBookRequest {
            book_id: self.book.clone(),
            request_id: fresh_request_id(),
            display_name: new.name.clone(),
            lkm_name: new.lkm.clone(),
            regime: regime as i32,
            zone: new.zone as i32,
            opened_on: date(new.opened_on),
        };
        let answer = self.get(self.remote.books().create_book(request)).await?;
        Ok(self.books_table(answer.book.as_slice()))
    }

    async fn book_list(&self, book: Option<&String>) -> Result<Table, Failure> {
        if let Some(book) = book {
            let request = v1::GetBookRequest { name: format!("books/{book}") };
            let answer = self.get(self.remote.books().get_book(request)).await?;
            return Ok(self.books_table(answer.book.as_slice()));
        }
        let mut books = Vec::new();
        let ask = async |page_token| {
            let request = v1::ListBooksRequest { page_size: PAGE, page_token };
            self.remote.books().list_books(request).await
        };
        let take = |page: v1::ListBooksResponse| {
            books.extend(page.books);
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(self.books_table(&books))
    }

    fn books_table(&self, books: &[v1::Book]) -> Table {
        let row = |book: &v1::Book| {
            vec![
                last_part(&book.name).to_owned(),
                book.display_name.clone(),
                book.lkm_name.clone(),
                self.date(book.opened_on.as_ref()),
                self.date(book.business_day.as_ref()),
                book.position.to_string(),
            ]
        };
        Table::of(BOOKS, books.iter().map(row))
    }

    async fn set_regime(
        &self,
        (regime, principle): (Regime, Option<Principle>),
        since: Day,
        minute: &str,
    ) -> Result<Table, Failure> {
        let request = v1::SetRegimeRequest {
            lkm: self.entity("lkm"),
            request_id: fresh_request_id(),
            since: date(since),
            regime: regime as i32,
            principle: principle.unwrap_or(Principle::Unspecified) as i32,
            minute: minute.to_owned(),
        };
        let answer = self.get(self.remote.books().set_regime(request)).await?;
        let row = |version: v1::RegimeSince| {
            vec![
                self.date(version.since.as_ref()),
                REGIMES.word(version.regime()).to_owned(),
                PRINCIPLES.word(version.principle()).to_owned(),
                version.minute,
            ]
        };
        let regimes = answer.book.into_iter().flat_map(|book| book.regimes);
        Ok(Table::of(REGIME, regimes.map(row)))
    }

    /// All of it, however many members there are.
    async fn move_capital(&self) -> Result<Table, Failure> {
        let mut moved = 0;
        loop {
            let request = v1::MoveCapitalSavingsRequest {
                lkm: self.entity("lkm"),
                request_id: fresh_request_id(),
                details: None,
            };
            let answer = self.get(self.remote.books().move_capital_savings(request)).await?;
            let entries = answer.transaction.map_or(0, |transaction| transaction.entries.len());
            moved += entries / 2;
            if !answer.more || entries == 0 {
                return Ok(Table::of(MOVED, [vec![moved.to_string()]]));
            }
        }
    }

    async fn close(&self, entity: &str, through: Day, minute: &str) -> Result<Table, Failure> {
        let request = v1::ClosePeriodRequest {
            entity: self.entity(entity),
            request_id: fresh_request_id(),
            through: date(through),
            minute: minute.to_owned(),
        };
        let answer = self.get(self.remote.books().close_period(request)).await?;
        Ok(self.period(answer.period))
    }

    pub(super) fn period(&self, period: Option<v1::Period>) -> Table {
        let row = |period: v1::Period| {
            vec![last_part(&period.entity).to_owned(), self.date(period.closed_through.as_ref())]
        };
        Table::of(PERIODS, period.map(row))
    }

    async fn group_add(&self, new: &GroupAdd) -> Result<Table, Failure> {
        let request = v1::CreateGroupRequest {
            parent: self.whole_book(),
            request_id: fresh_request_id(),
            group_id: new.id.clone(),
            display_name: new.name.clone(),
            founded_year: new.founded,
            business: new.business.clone(),
            member_count: new.members,
            village: new.village.clone(),
            subdistrict: new.subdistrict.clone(),
            regency: new.regency.clone(),
            linked_on: new.linked_on.and_then(date),
            size_minute: new.minute.clone(),
            ..v1::CreateGroupRequest::default()
        };
        let answer = self.get(self.remote.groups().create_group(request)).await?;
        self.group(answer.group, &answer.warnings)
    }

    async fn group_list(&self, group: Option<&String>) -> Result<Table, Failure> {
        if let Some(group) = group {
            let request = v1::GetGroupRequest { name: self.entity(group) };
            return self.group(self.get(self.remote.groups().get_group(request)).await?.group, &[]);
        }
        let ask =
            async |request: v1::ListGroupsRequest| self.remote.groups().list_groups(request).await;
        let groups = self.list(self.whole_book(), ask).await?;
        Ok(Table::of(GROUPS, groups.iter().map(group_row)))
    }

    /// One group, with its stage, its officers, its tie to the LKM, and when it slept.
    fn group(&self, group: Option<v1::Group>, warnings: &[Warning]) -> Result<Table, Failure> {
        let group = group.ok_or_else(|| self.incomplete())?;
        let mut table = Table::of(GROUPS, [group_row(&group)]);
        if let Some(stage) = group.stages.last() {
            let (word, since) = (STAGES.word(stage.stage()), self.date(stage.since.as_ref()));
            table.note(self.say(
                &format!("Tahap: {word} sejak {since}"),
                &format!("Stage: {word} since {since}"),
            ));
        }
        for officer in group.officers.iter().filter(|officer| officer.until.is_none()) {
            let (office, member) = (OFFICES.word(officer.office()), last_part(&officer.member));
            table.note(format!("{office}: {member}"));
        }
        for link in &group.links {
            let [since, until] = [&link.since, &link.until].map(|day| self.date(day.as_ref()));
            table.note(match until.as_str() {
                "" => self.say(
                    &format!("Terhubung dengan LKM sejak {since}"),
                    &format!("Linked to the LKM since {since}"),
                ),
                until => self.say(
                    &format!("Terhubung dengan LKM {since} sampai {until}"),
                    &format!("Linked to the LKM from {since} until {until}"),
                ),
            });
        }
        for one in &group.standings {
            let (word, since) = (self.standing_word(one.standing()), self.date(one.since.as_ref()));
            let minute = &one.minute;
            table.note(self.say(
                &format!("Keadaan: {word} sejak {since}, {minute}"),
                &format!("Standing: {word} since {since}, {minute}"),
            ));
            if !one.moved_to.is_empty() {
                table.note(format!("{} {}", self.say("Pindah ke", "Moved to"), one.moved_to));
            }
        }
        if !group.came_from.is_empty() {
            let from = self.say("Datang dari", "Came from");
            let at = self.say("posisi jurnal", "journal position");
            table.note(format!("{from} {}, {at} {}", group.came_from, group.came_from_position));
        }
        note_warnings(&mut table, warnings);
        Ok(table)
    }

    async fn member_add(&self, new: &MemberAdd) -> Result<Table, Failure> {
        let request = v1::EnrolMemberRequest {
            parent: self.entity(&new.entity),
            request_id: fresh_request_id(),
            member_id: new.id.clone(),
            display_name: new.name.clone(),
            nik: new.nik.clone(),
            household: new.household.clone(),
            status: new.status as i32,
            joined_on: date(new.joined_on),
        };
        let answer = self.get(self.remote.members().enrol_member(request)).await?;
        let mut table = self.members_table(answer.member.as_slice());
        note_warnings(&mut table, &answer.warnings);
        Ok(table)
    }

    async fn member_list(&self, entity: &str, member: Option<&String>) -> Result<Table, Failure> {
        if let Some(member) = member {
            let request = v1::GetMemberRequest { name: self.of(entity, "members", member) };
            let answer = self.get(self.remote.members().get_member(request)).await?;
            return Ok(self.members_table(answer.member.as_slice()));
        }
        let ask = async |request: v1::ListMembersRequest| {
            self.remote.members().list_members(request).await
        };
        Ok(self.members_table(&self.list(self.entity(entity), ask).await?))
    }

    async fn member_update(&self, update: &MemberUpdate) -> Result<Table, Failure> {
        let request = v1::UpdateMemberRequest {
            member: self.member(&update.who),
            request_id: fresh_request_id(),
            display_name: update.name.clone(),
            nik: update.nik.clone(),
            household: update.household.clone(),
            status: update.status.map(|status| status as i32),
        };
        let answer = self.get(self.remote.members().update_member(request)).await?;
        Ok(self.members_table(answer.member.as_slice()))
    }

    /// Members as the register shows them.
    pub(super) fn members_table(&self, members: &[v1::Member]) -> Table {
        let row = |member: &v1::Member| {
            vec![
                last_part(&member.name).to_owned(),
                self.name(&member.display_name, member.erased),
                member.household.clone(),
                STATUSES.word(member.status()).to_owned(),
                self.date(member.joined_on.as_ref()),
                self.date(member.left_on.as_ref()),
                self.date(member.died_on.as_ref()),
            ]
        };
        Table::of(MEMBERS, members.iter().map(row))
    }

    /// A person's name, or that it was erased.
    pub(super) fn name(&self, name: &str, erased: bool) -> String {
        if erased { self.say("(dihapus)", "(erased)") } else { name.to_owned() }
    }

    async fn party_add(&self, new: &PartyAdd) -> Result<Table, Failure> {
        let request = v1::CreatePartyRequest {
            parent: self.entity(&new.entity),
            request_id: fresh_request_id(),
            party_id: new.id.clone(),
            kind: new.kind as i32,
            display_name: new.name.clone(),
        };
        let answer = self.get(self.remote.parties().create_party(request)).await?;
        Ok(self.parties_table(answer.party.as_slice()))
    }

    async fn party_list(&self, entity: &str, party: Option<&String>) -> Result<Table, Failure> {
        if let Some(party) = party {
            let request = v1::GetPartyRequest { name: self.of(entity, "parties", party) };
            let answer = self.get(self.remote.parties().get_party(request)).await?;
            return Ok(self.parties_table(answer.party.as_slice()));
        }
        let ask = async |request: v1::ListPartiesRequest| {
            self.remote.parties().list_parties(request).await
        };
        Ok(self.parties_table(&self.list(self.entity(entity), ask).await?))
    }

    fn parties_table(&self, parties: &[v1::Party]) -> Table {
        let row = |party: &v1::Party| {
            vec![
                last_part(&party.name).to_owned(),
                PARTIES.word(party.kind()).to_owned(),
                self.name(&party.display_name, party.erased),
            ]
        };
        Table::of(PARTY_COLUMNS, parties.iter().map(row))
    }
}

fn group_row(group: &v1::Group) -> Vec<String> {
    vec![
        last_part(&group.name).to_owned(),
        group.display_name.clone(),
        group.business.clone(),
        group.member_count.to_string(),
        group.village.clone(),
        group.regency.clone(),
    ]
}
