//! Users of a book, their roles and devices, what they are known by elsewhere, and who looked.

use crate::access::KnownAs;
use crate::access::certificates::fingerprint_of_pem;
use crate::access::oidc::SUBJECT;
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, plain, service};
use crate::api::door::Who;
use crate::api::errors::Fault;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::access::{
    AssignRole, Assignment, EndRole, Held, KnownBy, PERMITS, Permit, PermitSignIn, Role, USERS,
    held, permit_name, user_name,
};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::ProviderSubject;
use crate::domain::record::{Effect, Row};
use crate::storage::access::{Device, Identity, IdentityKind, Lookup};
use v1::link_identity_request::KnownBy as AskedBy;
use v1::use_permit_response::Given;

/// The longest name of a device, in characters.
const LABEL: usize = 80;

/// The longest certificate, in bytes.
const CERTIFICATE: usize = 64 << 10;

service! {
    access_service_server::AccessService {
        create_user: CreateUserRequest => CreateUserResponse;
        assign_role: AssignRoleRequest => AssignRoleResponse;
        end_role: EndRoleRequest => EndRoleResponse;
        list_users: ListUsersRequest => ListUsersResponse;
        invite_device: InviteDeviceRequest => InviteDeviceResponse;
        use_permit: UsePermitRequest => UsePermitResponse;
        enrol_device: EnrolDeviceRequest => EnrolDeviceResponse;
        unlock: UnlockRequest => UnlockResponse;
        list_devices: ListDevicesRequest => ListDevicesResponse;
        revoke_device: RevokeDeviceRequest => RevokeDeviceResponse;
        link_identity: LinkIdentityRequest => LinkIdentityResponse;
        list_identities: ListIdentitiesRequest => ListIdentitiesResponse;
        unlink_identity: UnlinkIdentityRequest => UnlinkIdentityResponse;
        who_am_i: WhoAmIRequest => WhoAmIResponse;
        list_lookups: ListLookupsRequest => ListLookupsResponse;
        list_server_lookups: ListServerLookupsRequest => ListServerLookupsResponse;
    }
}

// ---- users and roles ----------------------------------------------------------------------------

impl Method for v1::CreateUserRequest {
    type Response = v1::CreateUserResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        call.snapshot(&book, "book").await?.finish().await?;
        call.door().access()?.create(&book, &user).await?;
        Ok(v1::CreateUserResponse { user: Some(shown(&book, user.as_str(), &[])) })
    }
}

/// Where a role is held: the ids of an entity and of a member, as the journal writes them.
///
/// Errors: `ROLE_NOT_HELD_THERE`, and those of names.
fn place(book: &Id, role: Role, place: &str) -> Checked<(String, String)> {
    let nowhere = || Fault::RoleNotHeldThere.on("place");
    let kind = held(role).ok_or_else(|| Fault::ChoiceUnknown.on("role"))?;
    let same =
        |other: &Id| if other == book { Ok(()) } else { Err(Fault::WrongParent.on("place")) };
    match kind {
        Held::Book | Held::Either if place.is_empty() => Ok((String::new(), String::new())),
        Held::Book => Err(nowhere()),
        Held::Group | Held::Either => {
            let (other, group) = convert::group(place, "place").map_err(|_| nowhere())?;
            same(&other)?;
            Ok((group.to_string(), String::new()))
        }
        Held::Member => {
            let named = convert::owned(place, "members", "place");
            let (other, entity, member) = named.map_err(|_| nowhere())?;
            same(&other)?;
            Ok((entity.to_string(), member.to_string()))
        }
    }
}

impl Mutation for v1::AssignRoleRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        let role = convert::choice::<Role>(self.role, "role")?;
        let (entity, member) = place(&book, role, &self.place)?;
        let since = convert::day(self.since.as_ref(), "since")?.get();
        let until = convert::optional_day(self.until.as_ref(), "until")?.map(Day::get);
        let stands_in_for = convert::optional_id(&self.stands_in_for, "stands_in_for")?;
        let stands_in_for = stands_in_for.map(|user| user.to_string()).unwrap_or_default();
        let role = role as i32;
        let assignment = Assignment { role, entity, member, since, until, stands_in_for };
        Ok(Plan::new(book, &Entity::Lkm, AssignRole { user, assignment }))
    }
}

impl Method for v1::AssignRoleRequest {
    type Response = v1::AssignRoleResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let user = convert::id(&self.user_id, "user_id")?;
        let done = call.submit(self).await?;
        let Row::User(row) = done.row(&user_name(&user))? else { return Err(damaged()) };
        let user = shown(&done.book, user.as_str(), &row.assignments);
        Ok(v1::AssignRoleResponse { user: Some(user) })
    }
}

impl Mutation for v1::EndRoleRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        let role = convert::choice::<Role>(self.role, "role")?;
        let (entity, member) = place(&book, role, &self.place)?;
        Ok(Plan::new(book, &Entity::Lkm, EndRole { user, role, entity, member }))
    }
}

impl Method for v1::EndRoleRequest {
    type Response = v1::EndRoleResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let user = convert::id(&self.user_id, "user_id")?;
        let done = call.submit(self).await?;
        let Row::User(row) = done.row(&user_name(&user))? else { return Err(damaged()) };
        let user = shown(&done.book, user.as_str(), &row.assignments);
        Ok(v1::EndRoleResponse { user: Some(user) })
    }
}

impl Method for v1::ListUsersRequest {
    type Response = v1::ListUsersResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let (rows, next_page_token) = call.rows(&mut snapshot, USERS, &page).await?;
        let users = rows.iter().map(|found| match &found.row {
            Row::User(row) => Ok(shown(&book, &found.id, &row.assignments)),
            _ => Err(damaged()),
        });
        Ok(v1::ListUsersResponse { users: users.collect::<Checked<_>>()?, next_page_token })
    }
}

fn shown(book: &Id, user: &str, assignments: &[Assignment]) -> v1::User {
    let assignments = assignments.iter().map(|one| assignment(book, one)).collect();
    v1::User { name: format!("books/{book}/users/{user}"), assignments }
}

fn assignment(book: &Id, one: &Assignment) -> v1::Assignment {
    let place = match (Entity::new(&one.entity), one.member.as_str()) {
        (None, _) => String::new(),
        (Some(entity), "") => convert::entity_name(book, &entity),
        (Some(entity), member) => {
            format!("{}/members/{member}", convert::entity_name(book, &entity))
        }
    };
    v1::Assignment {
        role: one.role,
        place,
        since: convert::to_optional_date(one.since),
        until: one.until.and_then(convert::to_optional_date),
        stands_in_for: one.stands_in_for.clone(),
    }
}

// ---- devices ------------------------------------------------------------------------------------

impl Mutation for v1::InviteDeviceRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        let permit = convert::id(&self.permit_id, "permit_id")?;
        Ok(Plan::new(book, &Entity::Lkm, PermitSignIn { permit, user, known_by: None }))
    }
}

impl Method for v1::InviteDeviceRequest {
    type Response = v1::InviteDeviceResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        call.door().access()?.check_home(book.as_str(), &user).await?;
        let permit = permit_of(&book, &self.permit_id);
        call.submit(self).await?;
        Ok(v1::InviteDeviceResponse { permit })
    }
}

fn permit_of(book: &Id, permit: &str) -> String {
    format!("{}/{PERMITS}/{permit}", convert::book_name(book))
}

impl Method for v1::EnrolDeviceRequest {
    type Response = v1::EnrolDeviceResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let label = convert::required_line(&self.label, LABEL, "label")?;
        let digits = self.pin.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !matches!(self.pin.len(), 0 | 4..=12) {
            return Err(Fault::PinMalformed.on("pin"));
        }
        let access = call.door().access()?;
        let (user_id, device_id, token) = access.enrol(&self.code, &label, &self.pin).await?;
        Ok(v1::EnrolDeviceResponse { user_id, device_id, token: token.to_string() })
    }
}

impl Method for v1::UnlockRequest {
    type Response = v1::UnlockResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (Who::Locked(device), _) = call.caller() else {
            return Err(Fault::TokenUnknown.into());
        };
        let (token, expires_at) = call.door().access()?.unlock(device, &self.pin).await?;
        let expires_at = Some(convert::to_timestamp(expires_at));
        Ok(v1::UnlockResponse { token: token.to_string(), expires_at })
    }
}

impl Method for v1::ListDevicesRequest {
    type Response = v1::ListDevicesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        let devices = call.door().access()?.devices(book.as_str(), &user).await?;
        Ok(v1::ListDevicesResponse { devices: devices.into_iter().map(device).collect() })
    }
}

impl Method for v1::RevokeDeviceRequest {
    type Response = v1::RevokeDeviceResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let device = convert::required_line(&self.device_id, LABEL, "device_id")?;
        call.door().access()?.revoke(book.as_str(), &device).await?;
        Ok(v1::RevokeDeviceResponse {})
    }
}

// ---- what users are known by elsewhere -------------------------------------------------------------

impl Mutation for v1::LinkIdentityRequest {
    plain!();

    /// What a provider calls a user may be a person's name.
    fn texts(&mut self) -> Vec<&mut String> {
        match &mut self.known_by {
            Some(AskedBy::Subject(named)) => vec![&mut named.subject],
            _ => Vec::new(),
        }
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let subject = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Permit(Permit { known_by: Some(KnownBy::Subject(named)), .. }) => {
                Some(named.subject.clone())
            }
            _ => None,
        });
        subject.into_iter().collect()
    }

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        let permit = convert::id(&self.permit_id, "permit_id")?;
        let known_by = self.known_by.clone();
        Ok(Plan::sealed(book, Entity::Lkm.path(), move |mut texts| {
            let known_by = known_by.map(|known_by| match known_by {
                AskedBy::Subject(v1::ProviderSubject { issuer, .. }) => {
                    let subject = texts.pop().unwrap_or_default();
                    KnownBy::Subject(ProviderSubject { issuer, subject })
                }
                AskedBy::Certificate(fingerprint) | AskedBy::Fingerprint(fingerprint) => {
                    KnownBy::Fingerprint(fingerprint)
                }
            });
            PermitSignIn { permit, user, known_by }
        }))
    }
}

impl Method for v1::LinkIdentityRequest {
    type Response = v1::LinkIdentityResponse;

    async fn answer(mut self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        let known_as = known_as(self.known_by.as_ref())?;
        call.door().access()?.check_link(book.as_str(), &user, &known_as).await?;
        // Of a certificate nothing goes further but its key's fingerprint.
        if let KnownAs::Certificate(fingerprint) = known_as {
            self.known_by = Some(AskedBy::Fingerprint(fingerprint));
        }
        let permit = permit_of(&book, &self.permit_id);
        call.submit(self).await?;
        Ok(v1::LinkIdentityResponse { permit })
    }
}

/// Errors: `REQUIRED`, `TEXT_TOO_LONG`, `CERTIFICATE_MALFORMED`, `FINGERPRINT_MALFORMED`.
fn known_as(asked: Option<&AskedBy>) -> Checked<KnownAs> {
    match asked {
        None => Err(Fault::Required.on("known_by")),
        Some(AskedBy::Subject(v1::ProviderSubject { issuer, subject })) => {
            provider_text(issuer, "subject.issuer")?;
            provider_text(subject, "subject.subject")?;
            Ok(KnownAs::Subject(issuer.clone(), subject.clone()))
        }
        Some(AskedBy::Certificate(pem)) => {
            let malformed = || Fault::CertificateMalformed.on("certificate");
            let short = (pem.len() <= CERTIFICATE).then_some(pem).ok_or_else(malformed)?;
            fingerprint_of_pem(short).map(KnownAs::Certificate).ok_or_else(malformed)
        }
        Some(AskedBy::Fingerprint(hash)) => {
            let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            match hash.len() == 64 && hash.bytes().all(digit) {
                true => Ok(KnownAs::Certificate(hash.clone())),
                false => Err(Fault::FingerprintMalformed.on("fingerprint")),
            }
        }
    }
}

/// What the provider writes counts to the letter, so that nothing is trimmed.
///
/// Errors: `REQUIRED`, `TEXT_TOO_LONG`.
fn provider_text(text: &str, field: &str) -> Checked<()> {
    match text.len() {
        0 => Err(Fault::Required.on(field)),
        1..=SUBJECT => Ok(()),
        _ => Err(Fault::TextTooLong.on(field)),
    }
}

fn identity(identity: Identity) -> v1::Identity {
    let (kind, fingerprint) = match identity.kind {
        IdentityKind::Provider => (v1::IdentityKind::Subject, String::new()),
        IdentityKind::Certificate => (v1::IdentityKind::Certificate, identity.hash),
    };
    v1::Identity {
        identity_id: identity.id,
        kind: kind as i32,
        fingerprint,
        linked_at: Some(convert::to_timestamp(identity.linked_at)),
    }
}

impl Method for v1::UsePermitRequest {
    type Response = v1::UsePermitResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let access = call.door().access()?;
        let (book, permit) = self.named()?;
        let mut snapshot = call.snapshot(&book, "permit").await?;
        let row = call.row(&mut snapshot, &permit_name(&permit), "permit").await?;
        let Row::Permit(row) = row else { return Err(damaged()) };
        let Row::Book(settings) = call.row(&mut snapshot, &RowName::book(), "permit").await? else {
            return Err(damaged());
        };
        if call.door().today(settings.zone()) > Day::new(row.use_by) {
            return Err(Fault::PermitTooOld.on("permit"));
        }
        let known_as = match row.known_by {
            None => None,
            Some(KnownBy::Fingerprint(fingerprint)) => Some(KnownAs::Certificate(fingerprint)),
            Some(KnownBy::Subject(ProviderSubject { issuer, subject })) => {
                let asked = std::iter::once(&subject);
                let opened = call.open_fully(&mut snapshot, &book, asked).await?;
                Some(KnownAs::Subject(issuer, opened.text(Sort::Remark, &subject).0))
            }
        };
        snapshot.finish().await?;
        let user = Id::new(&row.user).ok_or_else(damaged)?;
        let given = match known_as {
            None => {
                let (code, at) = access.invite(book.as_str(), &user, &self.permit).await?;
                let expires_at = Some(convert::to_timestamp(at));
                Given::Code(v1::OneTimeCode { code: code.to_string(), expires_at })
            }
            Some(known_as) => {
                let linked = access.link(book.as_str(), &user, &known_as, &self.permit).await?;
                Given::Identity(identity(linked))
            }
        };
        Ok(v1::UsePermitResponse { given: Some(given) })
    }
}

impl v1::UsePermitRequest {
    /// Errors: `REQUIRED`, `NAME_MALFORMED`, `ID_MALFORMED`.
    fn named(&self) -> Checked<(Id, Id)> {
        if self.permit.is_empty() {
            return Err(Fault::Required.on("permit"));
        }
        let parts = self.permit.split_once(&format!("/{PERMITS}/"));
        let (book, permit) = parts.ok_or_else(|| Fault::NameMalformed.on("permit"))?;
        Ok((convert::book(book, "permit")?, convert::id(permit, "permit")?))
    }
}

impl Method for v1::ListIdentitiesRequest {
    type Response = v1::ListIdentitiesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let user = convert::id(&self.user_id, "user_id")?;
        let found = call.door().access()?.identities(book.as_str(), &user).await?;
        Ok(v1::ListIdentitiesResponse { identities: found.into_iter().map(identity).collect() })
    }
}

impl Method for v1::UnlinkIdentityRequest {
    type Response = v1::UnlinkIdentityResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let identity = convert::required_line(&self.identity_id, LABEL, "identity_id")?;
        call.door().access()?.unlink(book.as_str(), &identity).await?;
        Ok(v1::UnlinkIdentityResponse {})
    }
}

impl Method for v1::WhoAmIRequest {
    type Response = v1::WhoAmIResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        call.snapshot(&book, "book").await?.finish().await?;
        let (_, passed) = call.caller();
        Ok(v1::WhoAmIResponse {
            user_id: passed.author.actor.clone(),
            device_id: passed.author.device.clone(),
            assignments: passed.held.iter().map(|one| assignment(&book, one)).collect(),
        })
    }
}

// ---- the access log -----------------------------------------------------------------------------

impl Method for v1::ListLookupsRequest {
    type Response = v1::ListLookupsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let (at, nonce) = after(&page)?;
        let access = call.door().access()?;
        let mut lines = access.lookups(book.as_str(), (at, &nonce), page.size + 1).await?;
        let next_page_token = page.cut(&mut lines, |line| format!("{} {}", line.at, line.nonce));
        let lookups = lookups(call, &book, lines).await?;
        Ok(v1::ListLookupsResponse { lookups, next_page_token })
    }
}

impl Method for v1::ListServerLookupsRequest {
    type Response = v1::ListServerLookupsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let page = Page::new(self.page_size, &self.page_token)?;
        let (at, nonce) = after(&page)?;
        let access = call.door().access()?;
        let mut lines = access.server_lookups((at, &nonce), page.size + 1).await?;
        let next_page_token = page.cut(&mut lines, |line| format!("{} {}", line.at, line.nonce));
        // Sentences belong to books.
        let lookups = lines.into_iter().map(|line| lookup(line, String::new())).collect();
        Ok(v1::ListServerLookupsResponse { lookups, next_page_token })
    }
}

/// The last line of the page before. Errors: `PAGE_TOKEN`.
fn after(page: &Page) -> Checked<(i64, String)> {
    let malformed = || Fault::PageToken.on("page_token");
    match page.after.split_once(' ') {
        None if page.after.is_empty() => Ok((i64::MAX, String::new())),
        None => Err(malformed()),
        Some((at, nonce)) => Ok((at.parse().map_err(|_| malformed())?, nonce.to_owned())),
    }
}

/// A device.
pub(super) fn device(device: Device) -> v1::Device {
    v1::Device {
        device_id: device.id,
        label: device.label,
        enrolled_at: Some(convert::to_timestamp(device.enrolled_at)),
        revoked_at: (device.revoked_at != 0).then(|| convert::to_timestamp(device.revoked_at)),
        has_pin: !device.pin.is_empty(),
    }
}

/// Lines of the access log, their sentences opened.
pub(super) async fn lookups(
    call: &Call<'_>,
    book: &Id,
    lines: Vec<Lookup>,
) -> Checked<Vec<v1::Lookup>> {
    let explanations = call.explanations(book, &lines).await?;
    let shown = lines.into_iter().zip(explanations);
    Ok(shown.map(|(line, explanation)| lookup(line, explanation)).collect())
}

fn lookup(line: Lookup, explanation: String) -> v1::Lookup {
    v1::Lookup {
        at: Some(convert::to_timestamp(line.at)),
        user_id: line.account,
        device_id: line.device,
        method: line.method,
        name: line.name,
        reason: line.reason,
        explanation,
        times: line.times,
    }
}
