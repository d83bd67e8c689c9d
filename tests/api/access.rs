//! Who may do what: every method against every role and each wrong place, devices and PINs, the
//! access log; and that what one may not see looks like what is not there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use prost::bytes::Bytes;
use sha2::{Digest, Sha256};
use simpul::access::{Access, AccessError};
use simpul::api::door::DECLARED;
use simpul::api::v1::use_permit_response::Given;
use simpul::api::v1::{self, *};
use simpul::cli::node::open_access;
use simpul::cli::remote::{Line, Remote, fresh_request_id};
use simpul::config::Flags;
use simpul::domain::id::Id;
use simpul::domain::refusal::{Language, Reason, Refusal};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::town::{A, BOOK, Server, Town, date, idr, prepared};

crate::on_both_guarded!(
    every_method_lets_in_the_roles_of_the_table_and_no_other,
    nobody_hears_whether_what_they_may_not_see_is_there,
    a_lost_device_is_refused_at_once,
    a_stream_ends_with_the_readers_access,
    tokens_that_are_not_ours_are_refused,
    roles_hold_on_their_days_and_not_for_ones_own_self,
    who_looked_is_kept,
    whoever_exports_a_person_is_in_the_log_they_export,
    records_name_user_device_and_role,
    a_treasurer_sees_the_transactions_of_the_own_group,
    a_locked_device_opens_with_its_pin,
    nobody_alone_lets_anybody_in,
);

/// The columns of the table, in order.
const ROLES: [Role; 11] = [
    Role::Administrator,
    Role::Manager,
    Role::Bookkeeper,
    Role::Teller,
    Role::Collector,
    Role::Treasurer,
    Role::Chair,
    Role::Member,
    Role::Facilitator,
    Role::Dinas,
    Role::Auditor,
];

/// A server where callers sign in, its administrator, and a town with the groups `a` and `b`.
pub struct Guarded<'a> {
    server: &'a Server,
    admin: Line,
    /// The manager's line, from when there is one.
    manager: OnceLock<Line>,
}

impl Guarded<'_> {
    pub async fn found(server: &Server) -> Guarded<'_> {
        let access = Access::new(open_access(&server.config).await.expect("a store"), clock());
        let code = access.administrator(&id("kepala")).await.expect("an administrator");
        let admin = enrolled(server, &code).await;
        let guarded = Guarded { server, admin, manager: OnceLock::new() };
        guarded.found_town().await;
        guarded
    }

    pub fn access(&self) -> access_service_client::AccessServiceClient<Line> {
        access_service_client::AccessServiceClient::new(self.admin.clone())
    }

    /// What the server's administrator sees.
    pub fn administrator(&self) -> Town {
        Town::at(self.admin.clone())
    }

    /// The administrator's line.
    pub fn administrators_line(&self) -> Line {
        self.admin.clone()
    }

    /// The administrator opens the book; a manager registers its groups.
    async fn found_town(&self) {
        self.administrator().open_book().await;
        // Alone, the administrator begins; from then on the manager is the second person.
        let manager = self.user("manajer", Role::Manager, "").await;
        self.manager.set(manager.clone()).expect("the first");
        let teller = self.user("teller", Role::Teller, "").await;
        for group in ["a", "b"] {
            let request = CreateGroupRequest {
                parent: BOOK.to_owned(),
                request_id: fresh_request_id(),
                group_id: group.to_owned(),
                display_name: format!("KUBE {group} (contoh)"),
                member_count: 10,
                linked_on: date(2025, 1, 1),
                ..CreateGroupRequest::default()
            };
            Town::at(manager.clone()).groups().create_group(request).await.expect("a group");
            for member in ["m01", "m02"] {
                let request = crate::town::enrol(&format!("{BOOK}/groups/{group}"), member);
                let done = Town::at(teller.clone()).members().enrol_member(request).await;
                done.expect("a member");
            }
        }
    }

    /// A new user with a role and a device.
    pub async fn user(&self, user: &str, role: Role, place: &str) -> Line {
        self.assign(user, role, place).await.expect("a role");
        self.device(user).await
    }

    /// What the manager sees.
    pub fn manager(&self) -> Town {
        Town::at(self.manager.get().expect("a manager").clone())
    }

    /// What came of a change of access once the manager agreed to it.
    pub async fn agreed<T>(&self, asked: Result<T, Status>) -> Result<(), Status> {
        let Err(waits) = asked else { return Ok(()) };
        if reason(&waits) != "AWAITS_APPROVAL" {
            return Err(waits);
        }
        let details = waits.get_error_details();
        let name = details.error_info().expect("info").metadata["name"].clone();
        let request = ApproveRequest { name, request_id: fresh_request_id() };
        self.manager().approvals().approve(request).await.map(|_| ())
    }

    pub async fn assign(&self, user: &str, role: Role, place: &str) -> Result<(), Status> {
        let request = CreateUserRequest { book: BOOK.to_owned(), user_id: user.to_owned() };
        self.access().create_user(request).await.expect("a user");
        self.assign_in(BOOK, user, role, place).await
    }

    /// Gives a role in a book to a user who is at home in any.
    pub async fn assign_in(
        &self,
        book: &str,
        user: &str,
        role: Role,
        place: &str,
    ) -> Result<(), Status> {
        let request = AssignRoleRequest {
            book: book.to_owned(),
            request_id: fresh_request_id(),
            user_id: user.to_owned(),
            role: role as i32,
            place: place.to_owned(),
            since: date(2025, 1, 1),
            until: None,
            stands_in_for: String::new(),
        };
        self.agreed(self.access().assign_role(request).await).await
    }

    pub async fn device(&self, user: &str) -> Line {
        enrolled(self.server, &self.invited(user).await).await
    }

    /// A one-time code, once the manager has agreed.
    async fn invited(&self, user: &str) -> String {
        let request = invite(user);
        let permit = request.permit_id.clone();
        self.agreed(self.access().invite_device(request).await).await.expect("permitted");
        self.code(&permit).await.expect("a code")
    }

    /// The one-time code of a permit.
    async fn code(&self, permit: &str) -> Result<String, Status> {
        match self.taken(permit).await? {
            Given::Code(code) => Ok(code.code),
            Given::Identity(identity) => panic!("{identity:?}"),
        }
    }

    /// What was permitted.
    pub async fn taken(&self, permit: &str) -> Result<Given, Status> {
        let request = UsePermitRequest { permit: format!("{BOOK}/permits/{permit}") };
        let answer = self.access().use_permit(request).await?.into_inner();
        Ok(answer.given.expect("set"))
    }
}

fn invite(user: &str) -> InviteDeviceRequest {
    let request_id = fresh_request_id();
    let permit_id = request_id.clone();
    let (book, user_id) = (BOOK.to_owned(), user.to_owned());
    InviteDeviceRequest { book, request_id, user_id, permit_id }
}

fn id(text: &str) -> Id {
    Id::new(text).expect("an id")
}

fn clock() -> simpul::journal::Clock {
    simpul::journal::system_clock()
}

fn remote(server: &Server) -> Remote {
    server.remote("siapa-saja", Language::English, None)
}

async fn enrol_device(server: &Server, code: &str, pin: &str) -> Result<String, Status> {
    let request = EnrolDeviceRequest {
        code: code.to_owned(),
        label: "telepon (contoh)".to_owned(),
        pin: pin.to_owned(),
    };
    Ok(remote(server).access().enrol_device(request).await?.into_inner().token)
}

async fn enrolled(server: &Server, code: &str) -> Line {
    let token = enrol_device(server, code, "").await.expect("a device");
    remote(server).signed_in(&token).expect("a token").line()
}

pub fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

// ---- calls of any method --------------------------------------------------------------------------

/// Sends and takes bytes as they are.
#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put(buffer, item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = prost::bytes::Buf::remaining(buffer);
        Ok(Some(prost::bytes::Buf::copy_to_bytes(buffer, length)))
    }
}

/// A request with nothing but its first field, a name.
fn only_named(name: &str) -> Bytes {
    if name.is_empty() {
        return Bytes::new();
    }
    let mut bytes = vec![0x0a, u8::try_from(name.len()).expect("a short name")];
    bytes.extend(name.as_bytes());
    bytes.into()
}

/// What came of a call with only the name of what it is about: OK, or the refusal.
pub async fn call(line: &Line, method: &str, name: &str) -> Result<(), Status> {
    send(line, method, only_named(name)).await
}

/// What came of a call with a request's bytes.
pub async fn send(line: &Line, method: &str, request: Bytes) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(line.clone());
    client.ready().await.expect("ready");
    let path = format!("/simpul.v1.{method}").parse().expect("a path");
    let request = Request::new(request);
    let mut answers = client.server_streaming(request, path, Raw).await?.into_inner();
    answers.message().await.map(|_| ())
}

/// A name that a method may be about, in the place of a role.
fn about(field: &str, place: &str) -> String {
    match field {
        "" => String::new(),
        "book" => BOOK.to_owned(),
        "transaction" => format!("{BOOK}/transactions/tidak-ada"),
        "member" => format!("{place}/members/m01"),
        "entity" | "group" | "parent" | "scope" | "lender" => place.to_owned(),
        _ => format!("{place}/barang/tidak-ada"),
    }
}

/// Where a role of the table is held.
fn place_of(role: Role) -> String {
    match role {
        Role::Treasurer | Role::Chair | Role::Facilitator => A.to_owned(),
        Role::Member => format!("{A}/members/m01"),
        _ => String::new(),
    }
}

/// The table: which roles a method lets in, and who else.
fn table() -> BTreeMap<String, ([bool; 11], String)> {
    let lines = include_str!("roles.txt").lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut lets_in = [false; 11];
        for (cell, word) in lets_in.iter_mut().zip(&words[1..12]) {
            assert!(matches!(*word, "x" | "."), "{line}");
            *cell = *word == "x";
        }
        (words[0].to_owned(), (lets_in, words.get(12).copied().unwrap_or_default().to_owned()))
    };
    lines.map(row).collect()
}

async fn every_method_lets_in_the_roles_of_the_table_and_no_other(server: &Server) {
    let guarded = Guarded::found(server).await;
    let table = table();
    assert_eq!(table.len(), DECLARED.len(), "a line for each method");
    let nobody = remote(server).line();
    let (mut let_in, mut kept_out) = (0, 0);
    for (index, role) in ROLES.into_iter().enumerate() {
        let line = guarded.user(&format!("orang-{index}"), role, &place_of(role)).await;
        for declared in DECLARED {
            let method = format!("{}/{}", declared.service, declared.method);
            let row = table.get(&method);
            let (roles, others) = row.unwrap_or_else(|| panic!("roles.txt lacks {method}"));
            let name = about(declared.field, A);
            let came = call(&line, &method, &name).await;
            let refused = came.as_ref().err().map(reason).unwrap_or_default();
            let passed = !matches!(refused.as_str(), "ROLE_REQUIRED" | "TOKEN_REQUIRED")
                && (declared.narrowed
                    || !is_not_found_by_the_door(came.as_ref().err(), declared.field, &name, role));
            // Without a book only the server's own administrators hold their role.
            let expected = match others.as_str() {
                "" => roles[index] && !declared.field.is_empty(),
                _ => true,
            };
            assert_eq!(passed, expected, "{method} as {role:?}: {came:?}");
            *(if passed { &mut let_in } else { &mut kept_out }) += 1;
            if index == 0 {
                let came = call(&nobody, &method, &name).await;
                let refused = came.as_ref().err().map(reason).unwrap_or_default();
                assert_eq!(refused != "TOKEN_REQUIRED", others == "anybody", "{method}: {came:?}");
            }
        }
    }
    assert!(let_in > 500 && kept_out > 500, "{let_in} let in, {kept_out} kept out");
}

/// Group roles hear NOT_FOUND about the book as a whole, and members about what is not theirs.
fn is_not_found_by_the_door(status: Option<&Status>, field: &str, name: &str, role: Role) -> bool {
    let Some(status) = status else { return false };
    let in_group = !place_of(role).is_empty();
    let details = status.get_error_details();
    let names = details
        .error_info()
        .is_some_and(|info| info.metadata.get("name").is_some_and(|named| named == name));
    let fields = details.bad_request().is_some_and(|bad| {
        bad.field_violations.first().is_some_and(|violation| violation.field == field)
    });
    in_group
        && name.starts_with("books/")
        && reason(status) == "NOT_FOUND"
        && names
        && fields
        && (!name.starts_with(A) || role == Role::Member && name.contains("/members/"))
}

async fn nobody_hears_whether_what_they_may_not_see_is_there(server: &Server) {
    let guarded = Guarded::found(server).await;
    let places = [
        (Role::Treasurer, A.to_owned()),
        (Role::Chair, A.to_owned()),
        (Role::Facilitator, A.to_owned()),
        (Role::Member, format!("{A}/members/m01")),
    ];
    for (role, place) in places {
        let line = guarded.user(&format!("orang-{}", role as i32), role, &place).await;
        for declared in DECLARED.iter().filter(|one| !one.field.is_empty() && !one.narrowed) {
            if declared.audience != Audience::Unspecified {
                continue;
            }
            let method = format!("{}/{}", declared.service, declared.method);
            // Another group, a group that is not there, another book that is not there.
            let there = about(declared.field, &format!("{BOOK}/groups/b"));
            let nowhere = there.replace("groups/b", "groups/z");
            let no_book = there.replace(BOOK, "books/tiadaa");
            let [there, nowhere, no_book] = [
                heard(&line, &method, &there),
                heard(&line, &method, &nowhere),
                heard(&line, &method, &no_book),
            ];
            let (there, nowhere, no_book) = (there.await, nowhere.await, no_book.await);
            assert_eq!(there.0, Code::NotFound, "{method} as {role:?}");
            assert_eq!((&there, &there), (&nowhere, &no_book), "{method} as {role:?}");
        }
    }
    what_records_hide_is_as_if_it_were_not_there(&guarded).await;
}

/// How it is said that a name is not there.
fn not_found(name: &str) -> String {
    Refusal::new(Reason::NotFound).with("name", name).text(Language::English)
}

/// A refusal byte by byte: code, text, details and headers, but for the name that was asked about,
/// which the caller knows, and the time.
async fn heard(line: &Line, method: &str, name: &str) -> (Code, String, Vec<u8>, Vec<String>) {
    let status = call(line, method, name).await.expect_err(method);
    let mut text = status.message().to_owned();
    let mut details = status.details().to_vec();
    for known in [name, &not_found(name)] {
        let hidden = "#".repeat(known.len());
        text = text.replace(known, &hidden);
        let at =
            |details: &[u8]| details.windows(known.len()).position(|it| it == known.as_bytes());
        while let Some(at) = at(&details) {
            details[at..at + known.len()].copy_from_slice(hidden.as_bytes());
        }
    }
    let headers = status.metadata().keys().map(|key| format!("{key:?}"));
    let mut headers: Vec<String> = headers.collect();
    headers.sort();
    (status.code(), text, details, headers)
}

/// The methods that ask about a record, or what hangs on one: those of another group are as unknown
/// as ids that never were.
async fn what_records_hide_is_as_if_it_were_not_there(guarded: &Guarded<'_>) {
    let teller = Town::at(guarded.device("teller").await);
    let group = format!("{BOOK}/groups/b");
    let saved = deposit(&format!("{group}/members/m01"));
    let saved = teller.savings().deposit(saved).await.expect("saved").into_inner();
    let transaction = saved.transaction.expect("set").name;
    let photo = b"\xff\xd8\xff\xe0 foto (contoh)";
    crate::attachments::attached(&teller, &transaction, photo).await;
    let photo = format!("{transaction}/attachments/{}", hex::encode(Sha256::digest(photo)));
    let rule = IksRule {
        minute: "BA-9/contoh".to_owned(),
        ..crate::iks::rule((2025, 1, 1), DuesPeriod::Monthly, 1_000)
    };
    let chair = guarded.user("pak-lain", Role::Chair, &group).await;
    let asked = SetIksRuleRequest {
        group: group.clone(),
        request_id: fresh_request_id(),
        rule: Some(rule),
    };
    let approval = crate::approvals::waits(Town::at(chair).iks().set_iks_rule(asked).await);
    let loan = format!("{group}/loans/tidak-ada");
    let treasurer = guarded.user("bu-bendahara", Role::Treasurer, A).await;
    let member = guarded.user("ibu-anggota", Role::Member, &format!("{A}/members/m01")).await;
    let mut compared = 0;
    for declared in DECLARED.iter().filter(|one| one.narrowed) {
        let method = format!("{}/{}", declared.service, declared.method);
        let there = match (declared.service, declared.method) {
            ("ApprovalService", _) => &approval,
            ("AttachmentService", "ReadAttachment") => &photo,
            ("LoanService", "ConfirmLoan") => &loan,
            _ => &transaction,
        };
        // The same but for its last letters: a name of that form and length that never was.
        let (kept, id) = match there.split_once("/attachments/") {
            Some((transaction, rest)) => (transaction, format!("/attachments/{rest}")),
            None => (there.as_str(), String::new()),
        };
        let nowhere = match declared.method {
            "ConfirmLoan" => there.replace("groups/b", "groups/z"),
            _ => format!("{}zzzz{id}", &kept[..kept.len() - 4]),
        };
        for (line, role) in [(&treasurer, Role::Treasurer), (&member, Role::Member)] {
            let there = heard(line, &method, there).await;
            let nowhere = heard(line, &method, &nowhere).await;
            assert_eq!(there, nowhere, "{method} as {role:?}");
            compared += 1;
        }
    }
    assert!(compared >= 24, "{compared}");
}

async fn a_lost_device_is_refused_at_once(server: &Server) {
    let guarded = Guarded::found(server).await;
    let line = guarded.user("bu-bendahara", Role::Treasurer, A).await;
    let who = || WhoAmIRequest { book: BOOK.to_owned() };
    let mut caller = access_service_client::AccessServiceClient::new(line.clone());
    let me = caller.who_am_i(who()).await.expect("known").into_inner();
    assert_eq!((me.user_id.as_str(), me.assignments.len()), ("bu-bendahara", 1));
    let revoke = RevokeDeviceRequest { book: BOOK.to_owned(), device_id: me.device_id.clone() };
    guarded.access().revoke_device(revoke.clone()).await.expect("ended");
    let refused = caller.who_am_i(who()).await.expect_err("ended");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unauthenticated, "TOKEN_UNKNOWN")
    );
    guarded.access().revoke_device(revoke).await.expect("ended still");
    let list = ListDevicesRequest { book: BOOK.to_owned(), user_id: "bu-bendahara".to_owned() };
    let devices = guarded.access().list_devices(list).await.expect("devices").into_inner().devices;
    assert!(devices.len() == 1 && devices[0].revoked_at.is_some());
    // A code works once.
    let code = guarded.invited("bu-bendahara").await;
    enrol_device(server, &code, "").await.expect("a new device");
    let again = enrol_device(server, &code, "").await.expect_err("used");
    assert_eq!((again.code(), reason(&again).as_str()), (Code::Unauthenticated, "CODE_UNKNOWN"));
}

async fn a_stream_ends_with_the_readers_access(server: &Server) {
    let guarded = Guarded::found(server).await;
    let line = guarded.user("pemeriksa", Role::Auditor, "").await;
    let mut proofs = proof_service_client::ProofServiceClient::new(line.clone());
    let book = BOOK.to_owned();
    let follow = StreamRecordsRequest { book, from_position: 0, follow: true };
    let mut stream = proofs.stream_records(follow).await.expect("a stream").into_inner();
    stream.message().await.expect("a record").expect("a record");
    let mut caller = access_service_client::AccessServiceClient::new(line);
    let me =
        caller.who_am_i(WhoAmIRequest { book: BOOK.to_owned() }).await.expect("known").into_inner();
    let revoke = RevokeDeviceRequest { book: BOOK.to_owned(), device_id: me.device_id };
    guarded.access().revoke_device(revoke).await.expect("ended");
    let ended = loop {
        if let Err(status) = stream.message().await {
            break status;
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unauthenticated, "TOKEN_UNKNOWN"));
}

async fn tokens_that_are_not_ours_are_refused(server: &Server) {
    let _guarded = Guarded::found(server).await;
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJrZXBhbGEifQ.";
    for token in ["x", unsigned, &"a".repeat(43)] {
        let line = remote(server).signed_in(token).expect("text").line();
        let refused = call(&line, "BookService/ListBooks", "").await.expect_err("unknown");
        assert_eq!(reason(&refused), "TOKEN_UNKNOWN", "{token}");
    }
    // The name a caller gives counts for nothing here.
    let refused = call(&remote(server).line(), "BookService/ListBooks", "").await;
    assert_eq!(reason(&refused.expect_err("nobody")), "TOKEN_REQUIRED");
}

async fn roles_hold_on_their_days_and_not_for_ones_own_self(server: &Server) {
    let guarded = Guarded::found(server).await;
    let line = guarded.user("wakil", Role::Bookkeeper, "").await;
    assert!(call(&line, "LedgerService/GetTrialBalance", BOOK).await.is_ok());
    // A delegate's last day has passed.
    let end = EndRoleRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        user_id: "wakil".to_owned(),
        role: Role::Bookkeeper as i32,
        place: String::new(),
    };
    let ended = guarded.access().end_role(end.clone()).await;
    guarded.agreed(ended).await.expect("ended");
    let refused = call(&line, "LedgerService/GetTrialBalance", BOOK).await.expect_err("no role");
    assert_eq!(reason(&refused), "NOT_FOUND", "no role at all in the book");
    let again = EndRoleRequest { request_id: fresh_request_id(), ..end };
    let refused = guarded.access().end_role(again).await.expect_err("ended before");
    assert_eq!(reason(&refused), "NOT_FOUND");
    let own = |user: &str, role: Role| AssignRoleRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        user_id: user.to_owned(),
        role: role as i32,
        place: String::new(),
        since: date(2025, 1, 1),
        until: None,
        stands_in_for: String::new(),
    };
    let refused = guarded.access().assign_role(own("kepala", Role::Teller)).await;
    assert_eq!(reason(&refused.expect_err("their own")), "OWN_ROLE");
    let refused = guarded.access().assign_role(own("manajer", Role::Administrator)).await;
    assert_eq!(reason(&refused.expect_err("moves money")), "ROLE_CONFLICT");
    let refused = guarded.assign("bu-ketua", Role::Chair, "").await.expect_err("of no group");
    assert_eq!(reason(&refused), "ROLE_NOT_HELD_THERE");
    let refused = guarded.assign("bu-ketua", Role::Chair, &format!("{BOOK}/groups/z")).await;
    assert_eq!(reason(&refused.expect_err("of an unknown group")), "NOT_FOUND");
}

async fn who_looked_is_kept(server: &Server) {
    let guarded = Guarded::found(server).await;
    let teller = guarded.device("teller").await;
    let name = format!("{A}/members/m01");
    call(&teller, "MemberService/GetMember", &name).await.expect("a member");
    call(&teller, "LoanService/WriteOffLoan", A).await.expect_err("not a teller's");
    let list = ListLookupsRequest { parent: BOOK.to_owned(), ..Default::default() };
    let lookups = guarded.access().list_lookups(list).await.expect("a log").into_inner().lookups;
    let lines: Vec<[&str; 4]> = lookups
        .iter()
        .map(|line| [&*line.user_id, &*line.method, &*line.name, &*line.reason])
        .collect();
    assert_eq!(lines[0], ["teller", "LoanService/WriteOffLoan", A, "ROLE_REQUIRED"]);
    assert_eq!(lines[1], ["teller", "MemberService/GetMember", &name, ""]);
    assert!(lookups.iter().all(|line| line.at.is_some() && !line.device_id.is_empty()));
    // Who was invited, and the passbook of one person.
    assert!(lookups.iter().any(|line| line.method == "AccessService/InviteDevice"));
    let logged = async || {
        let list = ListLookupsRequest { parent: BOOK.to_owned(), ..Default::default() };
        let lookups = guarded.access().list_lookups(list).await.expect("a log").into_inner();
        let line = lookups.lookups.into_iter().next().expect("a line");
        [line.user_id, line.method, line.name, line.reason]
    };
    call(&teller, "LedgerService/GetPassbook", &name).await.expect("a passbook");
    assert_eq!(logged().await, ["teller", "LedgerService/GetPassbook", &name, ""]);
    // What is hidden from a caller who was let in is a refusal like another.
    let saved = Town::at(teller).deposit("m01", 1_000).await.name;
    let stranger = guarded.user("bu-lain", Role::Treasurer, &format!("{BOOK}/groups/b")).await;
    call(&stranger, "JournalService/GetTransaction", &saved).await.expect_err("another group's");
    let line = ["bu-lain", "JournalService/GetTransaction", &saved, "NOT_FOUND"];
    assert_eq!(logged().await, line);
    // So is a wrong PIN, and whatever a locked device asks for.
    let code = guarded.invited("bu-lain").await;
    let token = enrol_device(server, &code, "2468").await.expect("a device");
    let device = remote(server).signed_in(&token).expect("a token");
    let wrong = UnlockRequest { pin: "1357".to_owned() };
    device.access().unlock(wrong).await.expect_err("wrong");
    assert_eq!(logged().await, ["bu-lain", "AccessService/Unlock", "", "PIN_WRONG"]);
    call(&device.line(), "MemberService/GetMember", &name).await.expect_err("locked");
    assert_eq!(logged().await, ["bu-lain", "MemberService/GetMember", &name, "DEVICE_TO_UNLOCK"]);
}

async fn whoever_exports_a_person_is_in_the_log_they_export(server: &Server) {
    let guarded = Guarded::found(server).await;
    let name = format!("{A}/members/m01");
    let maria = guarded.user("maria", Role::Member, &name).await;
    let teller = guarded.device("teller").await;
    call(&teller, "MemberService/GetMember", &name).await.expect("a member");
    call(&teller, "MemberService/GetMember", &format!("{A}/members/m02")).await.expect("another");
    call(&teller, "MemberService/ListMembers", A).await.expect("members");
    let request = ExportMemberRequest {
        member: name.clone(),
        purpose: Purpose::OwnData as i32,
        explanation: "data saya (contoh)".to_owned(),
        page_token: String::new(),
    };
    let refused = Town::at(teller).personal().export_member(request.clone()).await;
    assert_eq!(reason(&refused.expect_err("not a teller's")), "ROLE_REQUIRED");
    let held = Town::at(maria).personal().export_member(request).await.expect("exported");
    let held = held.into_inner();
    let lines: Vec<[&str; 4]> = held
        .lookups
        .iter()
        .take(4)
        .map(|line| [&*line.user_id, &*line.method, &*line.name, &*line.reason])
        .collect();
    let expected = [
        ["maria", "PersonalDataService/ExportMember", &name, "PURPOSE_OWN_DATA"],
        ["teller", "PersonalDataService/ExportMember", &name, "ROLE_REQUIRED"],
        ["teller", "MemberService/ListMembers", A, ""],
        ["teller", "MemberService/GetMember", &name, ""],
    ];
    assert_eq!(lines, expected);
    assert_eq!(held.lookups[0].explanation, "data saya (contoh)");
    let users: Vec<(&str, usize)> =
        held.users.iter().map(|user| (&*user.user_id, user.devices.len())).collect();
    assert_eq!(users, [("maria", 1)]);
    let events: Vec<String> = held
        .records
        .iter()
        .filter_map(|record| record.transaction.as_ref().map(|one| one.event.clone()))
        .collect();
    assert_eq!(events, ["MEMBER_ENROLLED", "ROLE_ASSIGNED"]);
}

pub fn deposit(member: &str) -> DepositRequest {
    DepositRequest {
        member: member.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        kind: SavingsKind::Sukarela as i32,
        amount: idr(1000),
        place: Some(Place { kind: PlaceKind::Cash as i32, drawer: String::new() }),
    }
}

async fn records_name_user_device_and_role(server: &Server) {
    let guarded = Guarded::found(server).await;
    let line = guarded.user("bu-bendahara", Role::Treasurer, A).await;
    let member = format!("{A}/members/m01");
    let mut savings = savings_service_client::SavingsServiceClient::new(line);
    let done = savings.deposit(deposit(&member)).await.expect("booked").into_inner();
    let transaction = done.transaction.expect("a transaction");
    assert_eq!(transaction.actor, "bu-bendahara");
    assert_eq!(transaction.role(), v1::Role::Treasurer);
    assert_eq!(transaction.device.len(), 16);
}

async fn a_treasurer_sees_the_transactions_of_the_own_group(server: &Server) {
    let guarded = Guarded::found(server).await;
    let treasurer = guarded.user("bu-bendahara", Role::Treasurer, A).await;
    let teller = guarded.device("teller").await;
    let mut savings = savings_service_client::SavingsServiceClient::new(teller);
    for (group, seen) in [("a", true), ("b", false)] {
        let member = format!("{BOOK}/groups/{group}/members/m01");
        let done = savings.deposit(deposit(&member)).await.expect("booked").into_inner();
        let name = done.transaction.expect("a transaction").name;
        for method in ["JournalService/GetTransaction", "ProofService/GetReceipt"] {
            let came = call(&treasurer, method, &name).await;
            let refused = came.err().filter(|refused| reason(refused) == "NOT_FOUND");
            assert_eq!(refused.is_none(), seen, "{method}: {refused:?}");
            if let Some(refused) = refused {
                let unknown = format!("{BOOK}/transactions/tidak-ada-sama-sekali");
                let nowhere = call(&treasurer, method, &unknown).await.expect_err("unknown");
                let said = [refused.message(), nowhere.message()];
                assert_eq!(said, [&*not_found(&name), &*not_found(&unknown)]);
                assert_eq!(refused.code(), nowhere.code());
            }
        }
    }
}

async fn a_locked_device_opens_with_its_pin(server: &Server) {
    let guarded = Guarded::found(server).await;
    guarded.assign("bu-bendahara", Role::Treasurer, A).await.expect("a role");
    let code = guarded.invited("bu-bendahara").await;
    let refused = enrol_device(server, &code, "12a4").await.expect_err("no PIN");
    assert_eq!(reason(&refused), "PIN_MALFORMED");
    let token = enrol_device(server, &code, "2468").await.expect("a device");
    let device = remote(server).signed_in(&token).expect("a token");
    let refused = call(&device.line(), "BookService/ListBooks", "").await.expect_err("locked");
    assert_eq!(reason(&refused), "DEVICE_TO_UNLOCK");
    let wrong = UnlockRequest { pin: "1357".to_owned() };
    let refused = device.access().unlock(wrong).await.expect_err("wrong");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "PIN_WRONG"));
    let right = UnlockRequest { pin: "2468".to_owned() };
    let token = device.access().unlock(right).await.expect("open").into_inner().token;
    let open = remote(server).signed_in(&token).expect("a token").line();
    call(&open, "BookService/ListBooks", "").await.expect("open");
    pins_lock_the_device_on_an_injected_clock(&guarded).await;
}

async fn pins_lock_the_device_on_an_injected_clock(guarded: &Guarded<'_>) {
    const MINUTE: i64 = 60_000_000;
    let now = Arc::new(AtomicI64::new(clock()()));
    let told = Arc::clone(&now);
    let clock: simpul::journal::Clock = Arc::new(move || told.load(Ordering::SeqCst));
    let store = open_access(&guarded.server.config).await.expect("a store");
    let access = Access::new(store, clock);
    let code = guarded.invited("bu-bendahara").await;
    let (_, _, token) = access.enrol(&code, "telepon", "2468").await.expect("a device");
    for _ in 0..5 {
        let refused = access.unlock(&token, "0000").await.expect_err("wrong");
        assert!(matches!(refused, AccessError::Pin), "{refused}");
    }
    // Locked for a quarter of an hour, even for the right PIN; then for twice as long.
    for minutes in [15, 30, 60] {
        for waited in [0, minutes * MINUTE - 1] {
            now.fetch_add(waited, Ordering::SeqCst);
            let refused = access.unlock(&token, "2468").await.expect_err("locked");
            assert!(matches!(refused, AccessError::TooManyGuesses(_)), "{minutes}: {refused}");
        }
        now.fetch_add(1, Ordering::SeqCst);
        let refused = access.unlock(&token, "0000").await.expect_err("wrong");
        assert!(matches!(refused, AccessError::Pin), "{minutes}: {refused}");
    }
    now.fetch_add(120 * MINUTE, Ordering::SeqCst);
    let (unlocked, until) = access.unlock(&token, "2468").await.expect("open");
    let me = access.sign_in(&unlocked).await.expect("known");
    assert_eq!(me.user, "bu-bendahara");
    now.store(until, Ordering::SeqCst);
    assert!(matches!(access.sign_in(&unlocked).await, Err(AccessError::Token)), "expired");
}

async fn nobody_alone_lets_anybody_in(server: &Server) {
    let guarded = Guarded::found(server).await;
    let administrator = guarded.access();
    let asked = invite("teller");
    let permit = asked.permit_id.clone();
    let waits = administrator.clone().invite_device(asked.clone()).await;
    assert_eq!(waits.as_ref().err().map(reason).as_deref(), Some("AWAITS_APPROVAL"));
    let refused = guarded.code(&permit).await.expect_err("nobody agreed");
    assert_eq!((refused.code(), &*reason(&refused)), (Code::NotFound, "NOT_FOUND"));
    guarded.agreed(waits).await.expect("agreed");
    // Lost and asked for again: only the last code counts, and only until a device has it.
    let lost = guarded.code(&permit).await.expect("a code");
    let code = guarded.code(&permit).await.expect("another");
    let refused = enrol_device(server, &lost, "").await.expect_err("replaced");
    assert_eq!(reason(&refused), "CODE_UNKNOWN");
    enrol_device(server, &code, "").await.expect("a device");
    let refused = guarded.code(&permit).await.expect_err("used");
    assert_eq!((refused.code(), &*reason(&refused)), (Code::FailedPrecondition, "PERMIT_USED"));

    // The journal says who let whom in, and who agreed.
    let manager = guarded.manager();
    let recorded = async |id: &str| {
        let request = GetTransactionRequest { name: format!("{BOOK}/transactions/{id}") };
        let found = manager.journal().get_transaction(request).await.expect("recorded");
        found.into_inner().transaction.expect("set")
    };
    let name = format!("{BOOK}/approvals/{}", asked.request_id);
    let request = GetApprovalRequest { name };
    let approval = manager.approvals().get_approval(request).await.expect("kept").into_inner();
    let decision = approval.approval.expect("set").decision;
    let decided = recorded(decision.rsplit('/').next().expect("an id")).await;
    let who = [&*decided.event, &*decided.actor, &*decided.approver];
    assert_eq!(who, ["SIGN_IN_PERMITTED", "kepala", "manajer"]);
    // Whom it is about has no say, so that the only manager's new telephone passes, marked.
    let alone = invite("manajer");
    administrator.clone().invite_device(alone.clone()).await.expect("nobody else can agree");
    guarded.code(&alone.permit_id).await.expect("a code");
    let passed = recorded(&alone.request_id).await;
    assert_eq!((&*passed.event, &*passed.approver), ("SIGN_IN_PERMITTED", ""));
    assert!(passed.warnings.iter().any(|one| one.reason == "NO_SECOND_PERSON"));
    // With a second manager it waits again.
    guarded.user("wakil", Role::Manager, "").await;
    let refused = administrator.clone().invite_device(invite("manajer")).await.expect_err("waits");
    assert_eq!(reason(&refused), "AWAITS_APPROVAL");

    let refused = async |permit: &str| {
        let request = UsePermitRequest { permit: permit.to_owned() };
        reason(&administrator.clone().use_permit(request).await.expect_err("refused"))
    };
    assert_eq!(refused("").await, "REQUIRED");
    assert_eq!(refused(BOOK).await, "NAME_MALFORMED");
    assert_eq!(refused(&format!("{BOOK}/permits/Ada Spasi")).await, "ID_MALFORMED");
    assert_eq!(refused(&format!("{BOOK}/permits/tidak-ada")).await, "NOT_FOUND");
    let bad = InviteDeviceRequest { permit_id: String::new(), ..invite("teller") };
    let bad = administrator.clone().invite_device(bad).await.expect_err("without an id");
    assert_eq!(reason(&bad), "REQUIRED");
    let nobody = administrator.clone().invite_device(invite("tidak-ada")).await;
    assert_eq!(reason(&nobody.expect_err("nobody")), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_counted_by_the_hour_sqlite() {
    strangers_are_counted_by_the_hour(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_counted_by_the_hour_postgres() {
    strangers_are_counted_by_the_hour(Some(prepared().await)).await;
}

/// Whoever proves to be nobody is in the access log, and cannot fill it.
async fn strangers_are_counted_by_the_hour(database: Option<String>) {
    const HOUR: i64 = 3_600_000_000;
    let began = clock()().div_euclid(HOUR) * HOUR;
    let now = Arc::new(AtomicI64::new(began));
    let told = Arc::clone(&now);
    let server = Server::start_at(Arc::new(move || told.load(Ordering::SeqCst)), database, |_| {
        Flags::default()
    })
    .await;
    let guarded = Guarded::found(&server).await;
    let log = async || {
        let request = ListServerLookupsRequest::default();
        let lines = guarded.access().list_server_lookups(request).await.expect("a log");
        lines.into_inner().lookups
    };
    let said = |lines: &[v1::Lookup]| {
        let line = |one: &v1::Lookup| (one.reason.clone(), one.times);
        let mut said: Vec<(String, u64)> = lines.iter().map(line).collect();
        said.sort();
        said
    };
    assert_eq!(said(&log().await), []);
    let forged = remote(&server).signed_in(&"a".repeat(43)).expect("a token").line();
    let nobody = remote(&server).line();
    let member = format!("{A}/members/m01");
    let knock = async || {
        for _ in 0..50 {
            call(&forged, "MemberService/GetMember", &member).await.expect_err("a forged token");
            call(&nobody, "MemberService/GetMember", &member).await.expect_err("no token");
            enrol_device(&server, "aaaa-bbbb-cccc", "").await.expect_err("a guessed code");
        }
    };
    knock().await;
    now.fetch_add(HOUR - 1, Ordering::SeqCst);
    let lines = log().await;
    let both = |reason: &str, rest: u64| [(reason.to_owned(), 1), (reason.to_owned(), rest)];
    let reasons = ["CODE_UNKNOWN", "TOKEN_REQUIRED", "TOKEN_UNKNOWN"];
    assert_eq!(said(&lines), reasons.map(|reason| both(reason, 49)).concat());
    assert!(lines.iter().all(|one| one.user_id.is_empty() && one.name.is_empty()));
    // In the next hour the first is told at once, whoever looks.
    now.fetch_add(1, Ordering::SeqCst);
    call(&forged, "MemberService/GetMember", &member).await.expect_err("a forged token");
    let store = open_access(&server.config).await.expect("a store");
    let kept = store.lookups("", (i64::MAX, ""), 500).await.expect("read");
    assert_eq!(kept.len(), 7);
    assert_eq!((kept[0].at, kept[0].times), (began + HOUR, 1));
    // A book's own log has nothing of it, and nobody but the server's administrators sees this one.
    let list = ListLookupsRequest { parent: BOOK.to_owned(), ..Default::default() };
    let of_book = guarded.access().list_lookups(list).await.expect("a log").into_inner().lookups;
    assert!(of_book.iter().all(|one| one.times == 1 && !one.user_id.is_empty()));
    now.fetch_add(1, Ordering::SeqCst);
    let manager = guarded.manager.get().expect("a manager");
    let refused = call(manager, "AccessService/ListServerLookups", "").await;
    assert_eq!(reason(&refused.expect_err("a manager")), "ROLE_REQUIRED");
    let last = log().await.into_iter().next().expect("a line");
    let line = [&*last.user_id, &*last.method, &*last.reason];
    assert_eq!(line, ["manajer", "AccessService/ListServerLookups", "ROLE_REQUIRED"]);
    server.stop_and_verify().await;
}
