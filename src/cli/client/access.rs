//! Users, roles, devices and what users are known by elsewhere; signing in on this device, and
//! unlocking it.
//!
//! **Invariant**: a token is written to the file that `--token-file` names, readable by its owner
//! only, and is never printed.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Answer, Client, PAGE};
use crate::api::errors::Fault;
use crate::api::v1::{self, Role};
use crate::cli::convert::{date, day};
use crate::cli::remote::{Failure, fresh_request_id};
use crate::cli::table::{Column, Table, text};
use crate::cli::words::{PURPOSES, ROLES};
use crate::domain::day::Day;
use crate::domain::record::proto;
use crate::locale::date::format_moment;
use crate::locale::method::method_text;
use crate::secret_file;
use v1::link_identity_request::KnownBy;
use v1::use_permit_response::Given;

const USERS: &[Column] = &[
    text("user", "Pengguna", "User"),
    text("role", "Peran", "Role"),
    text("place", "Di", "At"),
    text("since", "Sejak", "Since"),
    text("until", "Sampai", "Until"),
    text("stands_in_for", "Mewakili", "Stands in for"),
];

const CODE: &[Column] = &[text("code", "Kode sekali pakai", "One-time code")];

const DEVICES: &[Column] = &[
    text("device", "Perangkat", "Device"),
    text("label", "Nama", "Label"),
    text("pin", "PIN", "PIN"),
    text("state", "Keadaan", "State"),
];

const IDENTITIES: &[Column] = &[
    text("identity", "Kaitan", "Identity"),
    text("kind", "Jenis", "Kind"),
    text("fingerprint", "Sidik kunci", "Fingerprint"),
    text("at", "Sejak", "Since"),
];

const LOOKUPS: &[Column] = &[
    text("at", "Waktu", "Time"),
    text("user", "Pengguna", "User"),
    text("device", "Perangkat", "Device"),
    text("method", "Permintaan", "Method"),
    text("name", "Tentang", "About"),
    text("reason", "Alasan", "Reason"),
    text("explanation", "Penjelasan", "Explanation"),
    text("times", "Kali", "Times"),
];

/// What can be asked about access.
#[derive(Clone, Debug, Subcommand)]
pub enum AccessAsk {
    /// Daftarkan pengguna baru / make a user
    #[command(name = "pengguna-baru", alias = "new-user")]
    NewUser {
        /// Kode pengguna, bukan nama orang / the user's id
        user: String,
    },
    /// Beri peran / give a role
    #[command(name = "beri", alias = "assign")]
    Assign(Assign),
    /// Akhiri peran sekarang juga / end a role at once
    #[command(name = "akhiri", alias = "end")]
    End {
        #[command(flatten)]
        what: RoleAt,
    },
    /// Daftar pengguna dan perannya / list users and their roles
    #[command(name = "daftar", alias = "list")]
    List,
    /// Kode sekali pakai untuk perangkat baru / a one-time code for a device
    #[command(name = "undang", alias = "invite")]
    Invite {
        /// Kode pengguna / the user's id
        user: String,
    },
    /// Kode atau kaitan yang sudah disetujui orang kedua / what a second person agreed to
    #[command(name = "ambil", alias = "take")]
    Take {
        /// Kode permintaan yang disetujui / the id of the request
        permit: String,
    },
    /// Daftar perangkat pengguna / list a user's devices
    #[command(name = "perangkat", alias = "devices")]
    Devices {
        /// Kode pengguna / the user's id
        user: String,
    },
    /// Cabut perangkat / end a device
    #[command(name = "cabut", alias = "revoke")]
    Revoke {
        /// Kode perangkat / the device's id
        device: String,
    },
    /// Kaitkan pengguna dengan penyedia identitas atau sertifikat / link a user
    #[command(name = "kaitkan", alias = "link")]
    Link(Link),
    /// Daftar kaitan pengguna / what a user is known by elsewhere
    #[command(name = "kaitan", alias = "identities")]
    Identities {
        /// Kode pengguna / the user's id
        user: String,
    },
    /// Lepaskan kaitan sekarang juga / take a link away at once
    #[command(name = "lepas-kaitan", alias = "unlink")]
    Unlink {
        /// Kode kaitan / the identity's id
        identity: String,
    },
    /// Siapa melihat data pribadi, dan siapa ditolak / the access log
    #[command(name = "catatan", alias = "log")]
    Log {
        /// Yang ditolak di luar buku, juga yang tidak dikenal / those refused outside of any book
        #[arg(long = "di-luar-buku", alias = "outside")]
        outside: bool,
    },
    /// Daftarkan perangkat ini dengan kode sekali pakai / sign in on this device
    #[command(name = "masuk", alias = "sign-in")]
    SignIn {
        /// Kode sekali pakai / the one-time code
        code: String,
        /// Nama perangkat / what to call this device
        #[arg(long = "nama", alias = "label", default_value = "perangkat")]
        label: String,
        /// PIN untuk perangkat bersama / a PIN, for a shared device
        #[arg(long, default_value = "", hide_default_value = true)]
        pin: String,
    },
    /// Buka perangkat bersama dengan PIN / unlock this device
    #[command(name = "buka", alias = "unlock")]
    Unlock {
        /// PIN
        pin: String,
    },
    /// Siapa saya, dan peran saya / who I am
    #[command(name = "saya", alias = "who-am-i")]
    WhoAmI,
}

/// A role and where it is held.
#[derive(Args, Clone, Debug)]
pub struct RoleAt {
    /// Kode pengguna / the user's id
    user: String,
    /// Peran / the role
    #[arg(value_parser = ROLES.parser())]
    role: Role,
    /// Kelompok / the group
    #[arg(long = "kelompok", alias = "group")]
    group: Option<String>,
    /// Anggota kelompok itu / the member of that group
    #[arg(long = "anggota", alias = "member")]
    member: Option<String>,
}

/// A role to give.
#[derive(Args, Clone, Debug)]
pub struct Assign {
    #[command(flatten)]
    what: RoleAt,
    /// Hari pertama / the first day
    #[arg(long = "sejak", alias = "since", value_parser = day)]
    since: Day,
    /// Hari terakhir / the last day
    #[arg(long = "sampai", alias = "until", value_parser = day)]
    until: Option<Day>,
    /// Mewakili pengguna ini selama berhalangan / stands in for this user
    #[arg(long = "mewakili", alias = "for", default_value = "", hide_default_value = true)]
    stands_in_for: String,
}

/// What a user is known by: at the identity provider, or by a machine's certificate.
#[derive(Args, Clone, Debug)]
pub struct Link {
    /// Kode pengguna / the user's id
    user: String,
    /// Penyedia identitas (iss) / the identity provider
    #[arg(
        long = "penerbit",
        alias = "issuer",
        requires = "subject",
        required_unless_present = "certificate"
    )]
    issuer: Option<String>,
    /// Nama pengguna di sana (sub) / what it calls the user
    #[arg(long = "subjek", alias = "subject", requires = "issuer")]
    subject: Option<String>,
    /// Berkas PEM sertifikat mesin / file of a machine's certificate
    #[arg(long = "sertifikat", alias = "certificate", conflicts_with = "issuer")]
    certificate: Option<PathBuf>,
}

/// Where the token of an unlocked device is kept, beside the device's own.
pub fn unlocked_file(token_file: &Path) -> PathBuf {
    let mut name = token_file.as_os_str().to_owned();
    name.push(".terbuka");
    PathBuf::from(name)
}

impl Client {
    pub(super) async fn access(&self, ask: &AccessAsk) -> Answer {
        let mut access = self.remote.access();
        let book = self.whole_book();
        match ask {
            AccessAsk::NewUser { user } => {
                let request = v1::CreateUserRequest { book, user_id: user.clone() };
                let answer = self.get(access.create_user(request)).await?;
                Ok(vec![self.users(answer.user.as_slice())])
            }
            AccessAsk::Assign(assign) => {
                let request = v1::AssignRoleRequest {
                    book,
                    request_id: fresh_request_id(),
                    user_id: assign.what.user.clone(),
                    role: assign.what.role as i32,
                    place: self.held_at(&assign.what),
                    since: date(assign.since),
                    until: assign.until.and_then(date),
                    stands_in_for: assign.stands_in_for.clone(),
                };
                let answer = self.get(access.assign_role(request)).await?;
                Ok(vec![self.users(answer.user.as_slice())])
            }
            AccessAsk::End { what } => {
                let request = v1::EndRoleRequest {
                    book,
                    request_id: fresh_request_id(),
                    user_id: what.user.clone(),
                    role: what.role as i32,
                    place: self.held_at(what),
                };
                let answer = self.get(access.end_role(request)).await?;
                Ok(vec![self.users(answer.user.as_slice())])
            }
            AccessAsk::List => {
                let ask = async |request: v1::ListUsersRequest| {
                    self.remote.access().list_users(request).await
                };
                Ok(vec![self.users(&self.list(book, ask).await?)])
            }
            AccessAsk::Invite { user } => {
                // One id for both, so that who asked need not keep two.
                let (request_id, user_id) = (fresh_request_id(), user.clone());
                let permit_id = request_id.clone();
                let request = v1::InviteDeviceRequest {
                    book,
                    request_id: request_id.clone(),
                    user_id,
                    permit_id,
                };
                let asked = self.get(access.invite_device(request)).await;
                self.take(self.then_take(asked, &request_id)?.permit).await
            }
            AccessAsk::Take { permit } => self.take(format!("{book}/permits/{permit}")).await,
            AccessAsk::Devices { user } => {
                let request = v1::ListDevicesRequest { book, user_id: user.clone() };
                let answer = self.get(access.list_devices(request)).await?;
                Ok(vec![self.devices(&answer.devices)])
            }
            AccessAsk::Revoke { device } => {
                let request = v1::RevokeDeviceRequest { book, device_id: device.clone() };
                self.get(access.revoke_device(request)).await?;
                Ok(vec![self.done("Perangkat dicabut.", "The device has ended.")])
            }
            AccessAsk::Link(link) => {
                let known_by = Some(match &link.certificate {
                    Some(file) => KnownBy::Certificate(self.file(file)?),
                    None => KnownBy::Subject(v1::ProviderSubject {
                        issuer: link.issuer.clone().unwrap_or_default(),
                        subject: link.subject.clone().unwrap_or_default(),
                    }),
                });
                let (request_id, user_id) = (fresh_request_id(), link.user.clone());
                let permit_id = request_id.clone();
                let request = v1::LinkIdentityRequest {
                    book,
                    request_id: request_id.clone(),
                    user_id,
                    permit_id,
                    known_by,
                };
                let asked = self.get(access.link_identity(request)).await;
                self.take(self.then_take(asked, &request_id)?.permit).await
            }
            AccessAsk::Identities { user } => {
                let request = v1::ListIdentitiesRequest { book, user_id: user.clone() };
                let answer = self.get(access.list_identities(request)).await?;
                Ok(vec![self.identities(&answer.identities)])
            }
            AccessAsk::Unlink { identity } => {
                let request = v1::UnlinkIdentityRequest { book, identity_id: identity.clone() };
                self.get(access.unlink_identity(request)).await?;
                Ok(vec![self.done("Kaitan dilepas.", "The link is gone.")])
            }
            AccessAsk::Log { outside: true } => {
                let mut lookups = Vec::new();
                let ask = async |page_token| {
                    let request = v1::ListServerLookupsRequest { page_size: PAGE, page_token };
                    self.remote.access().list_server_lookups(request).await
                };
                let take = |page: v1::ListServerLookupsResponse| {
                    lookups.extend(page.lookups);
                    page.next_page_token
                };
                self.pages(ask, take).await?;
                Ok(vec![self.lookups(lookups).await])
            }
            AccessAsk::Log { outside: false } => {
                let ask = async |request: v1::ListLookupsRequest| {
                    self.remote.access().list_lookups(request).await
                };
                let lookups: Vec<v1::Lookup> = self.list(book, ask).await?;
                Ok(vec![self.lookups(lookups).await])
            }
            AccessAsk::SignIn { code, label, pin } => self.enrol(code, label, pin).await,
            AccessAsk::Unlock { pin } => self.unlock(pin).await,
            AccessAsk::WhoAmI => {
                let answer = self.get(access.who_am_i(v1::WhoAmIRequest { book })).await?;
                let name = format!("users/{}", answer.user_id);
                let user = v1::User { name, assignments: answer.assignments };
                Ok(vec![self.users(&[user])])
            }
        }
    }

    /// What waits for a second person is taken afterwards, by whoever asked.
    fn then_take<P>(&self, asked: Result<P, Failure>, permit: &str) -> Result<P, Failure> {
        asked.map_err(|Failure(why)| {
            if !why.contains(permit) {
                return Failure(why);
            }
            let then = self.say(
                &format!("lalu Anda mengetik: simpul akses ambil {permit}"),
                &format!("then you type: simpul access take {permit}"),
            );
            Failure(format!("{why} {then}"))
        })
    }

    /// What was permitted.
    async fn take(&self, permit: String) -> Answer {
        let request = v1::UsePermitRequest { permit };
        let answer = self.get(self.remote.access().use_permit(request)).await?;
        let table = match answer.given {
            Some(Given::Identity(identity)) => self.identities(&[identity]),
            Some(Given::Code(code)) => {
                let mut table = Table::of(CODE, [vec![code.code]]);
                table.note(self.say("Berlaku satu hari.", "It holds for a day."));
                table
            }
            None => Table::of(CODE, []),
        };
        Ok(vec![table])
    }

    async fn enrol(&self, code: &str, label: &str, pin: &str) -> Answer {
        let file = self.token_file()?;
        if file.exists() {
            return Err(Failure(self.say(
                "Perangkat ini sudah terdaftar; hapus dahulu berkas tandanya.",
                "This device is enrolled already; remove its token file first.",
            )));
        }
        let request = v1::EnrolDeviceRequest {
            code: code.to_owned(),
            label: label.to_owned(),
            pin: pin.to_owned(),
        };
        let answer = self.get(self.remote.access().enrol_device(request)).await?;
        let kept = secret_file::create(file, &answer.token);
        kept.map_err(|error| self.unusable(file, &error))?;
        Ok(vec![self.done("Perangkat ini terdaftar.", "This device is enrolled.")])
    }

    async fn unlock(&self, pin: &str) -> Answer {
        let file = self.token_file()?;
        let own = secret_file::read(file).map_err(|error| self.unusable(file, &error))?;
        let remote = self.remote.clone().signed_in(&own)?;
        let request = v1::UnlockRequest { pin: pin.to_owned() };
        let answer = self.get(remote.access().unlock(request)).await?;
        let unlocked = unlocked_file(file);
        if unlocked.exists() {
            std::fs::remove_file(&unlocked).map_err(|error| self.unusable(&unlocked, &error))?;
        }
        let kept = secret_file::create(&unlocked, &answer.token);
        kept.map_err(|error| self.unusable(&unlocked, &error))?;
        Ok(vec![self.done("Perangkat ini terbuka.", "This device is unlocked.")])
    }

    /// What this device signs in with: the token it was unlocked with, else its own, if it has one.
    ///
    /// Errors: a sentence when a token's file cannot be read.
    pub(super) fn token(&self) -> Result<Option<zeroize::Zeroizing<String>>, Failure> {
        let Some(file) = &self.token_file else { return Ok(None) };
        let unlocked = unlocked_file(file);
        let file = if unlocked.exists() { &unlocked } else { file };
        if !file.exists() {
            return Ok(None);
        }
        secret_file::read(file).map(Some).map_err(|error| self.unusable(file, &error))
    }

    fn token_file(&self) -> Result<&Path, Failure> {
        self.token_file.as_deref().ok_or_else(|| {
            Failure(self.say(
                "Sebutkan berkas tanda perangkat dengan --token-file.",
                "Name the device's token file with --token-file.",
            ))
        })
    }

    fn done(&self, indonesian: &str, english: &str) -> Table {
        let mut table = Table::of(&[], []);
        table.note(self.say(indonesian, english));
        table
    }

    fn held_at(&self, what: &RoleAt) -> String {
        match (&what.group, &what.member) {
            (None, _) => String::new(),
            (Some(group), None) => self.entity(group),
            (Some(group), Some(member)) => self.of(group, "members", member),
        }
    }

    /// One line for each role; one for a user without any.
    fn users(&self, users: &[v1::User]) -> Table {
        let mut table = Table::of(USERS, []);
        for user in users {
            let id = user.name.rsplit('/').next().unwrap_or_default();
            let blank = || vec![id.to_owned(), String::new(), String::new()];
            if user.assignments.is_empty() {
                table.row([blank(), vec![String::new(); 3]].concat());
            }
            for one in &user.assignments {
                let place = one.place.split_once('/').and_then(|(_, rest)| rest.split_once('/'));
                table.row(vec![
                    id.to_owned(),
                    ROLES.word(one.role()).to_owned(),
                    place.map_or("", |(_, path)| path).to_owned(),
                    self.date(one.since.as_ref()),
                    self.date(one.until.as_ref()),
                    one.stands_in_for.clone(),
                ]);
            }
        }
        table
    }

    fn identities(&self, identities: &[v1::Identity]) -> Table {
        let row = |one: &v1::Identity| {
            let kind = match one.kind() {
                v1::IdentityKind::Certificate => self.say("sertifikat", "certificate"),
                _ => self.say("penyedia identitas", "identity provider"),
            };
            let at = one.linked_at.unwrap_or_default().to_string();
            vec![one.identity_id.clone(), kind, one.fingerprint.clone(), at]
        };
        Table::of(IDENTITIES, identities.iter().map(row))
    }

    fn devices(&self, devices: &[v1::Device]) -> Table {
        let row = |device: &v1::Device| {
            let state = match device.revoked_at {
                None => self.say("aktif", "in use"),
                Some(_) => self.say("dicabut", "ended"),
            };
            let pin = if device.has_pin { self.say("ya", "yes") } else { String::new() };
            vec![device.device_id.clone(), device.label.clone(), pin, state]
        };
        Table::of(DEVICES, devices.iter().map(row))
    }

    /// Lines of the access log, by the clocks of the book; by those of Jakarta where it is not known.
    async fn lookups(&self, lines: Vec<v1::Lookup>) -> Table {
        let request = v1::GetBookRequest { name: self.whole_book() };
        let answer = self.remote.books().get_book(request).await;
        let book = answer.ok().and_then(|answer| answer.into_inner().book);
        let zone = book.map_or(0, |book| book.zone);
        let zone = proto::Zone::try_from(zone).unwrap_or(proto::Zone::Unspecified);
        Table::of(LOOKUPS, lines.into_iter().map(|line| self.lookup(line, zone)))
    }

    fn lookup(&self, line: v1::Lookup, zone: proto::Zone) -> Vec<String> {
        let at = line.at.unwrap_or_default();
        let purpose =
            v1::Purpose::from_str_name(&line.reason).map(|why| PURPOSES.word(why).to_owned());
        let refused = Fault::from_name(&line.reason).map(|why| why.text(self.language).to_owned());
        vec![
            format_moment(at.seconds, zone, self.language),
            line.user_id,
            line.device_id,
            method_text(&line.method, self.language),
            line.name,
            purpose.or(refused).unwrap_or(line.reason),
            line.explanation,
            line.times.to_string(),
        ]
    }
}
