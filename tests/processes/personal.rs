//! Personal data across processes: a new master key while a server runs, also one whose maker is
//! killed; backups of books without keys, and what a restored backup of keys may bring back.

use std::path::{Path, PathBuf};
use std::process::Output;

use simpul::api::v1::{
    self, member_service_client::MemberServiceClient,
    personal_data_service_client::PersonalDataServiceClient,
};
use tokio::task::block_in_place;
use tonic::transport::Channel;

use crate::server::{Backend, Server, data_folder, open_book, simpul, verify};

const GROUP: &str = "books/sibuk/groups/ramai";

fn run(arguments: &[&str], backend: &Backend, data: &Path) -> Output {
    block_in_place(|| simpul(arguments, backend, data).output()).expect("it runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

async fn names(channel: &Channel) -> Vec<String> {
    let request = v1::ListMembersRequest {
        parent: GROUP.to_owned(),
        page_size: 500,
        ..v1::ListMembersRequest::default()
    };
    let answer = MemberServiceClient::new(channel.clone()).list_members(request).await;
    let members = answer.expect("members").into_inner().members;
    members.into_iter().map(|member| member.display_name).collect()
}

async fn enrol(channel: &Channel, id: &str) {
    let request = v1::EnrolMemberRequest {
        parent: GROUP.to_owned(),
        request_id: format!("daftar-lagi-{id}"),
        member_id: id.to_owned(),
        display_name: format!("Anggota {id} (contoh)"),
        joined_on: date(2025, 1, 1),
        ..v1::EnrolMemberRequest::default()
    };
    MemberServiceClient::new(channel.clone()).enrol_member(request).await.expect("enrolled");
}

fn date(year: i32, month: i32, day: i32) -> Option<simpul::api::google_type::Date> {
    Some(simpul::api::google_type::Date { year, month, day })
}

async fn a_new_master_key(backend: Backend, data: &Path) {
    let server = Server::start(&backend, data);
    let channel = server.connect().await;
    open_book(channel.clone()).await;
    let before = names(&channel).await;
    assert!(before.len() == 100 && before.iter().all(|name| name.ends_with("(contoh)")));

    // Killed wherever it is, the second time of its own accord when it is done.
    for _ in 0..3 {
        let mut rotating = simpul(&["rotate-key"], &backend, data).spawn().expect("it starts");
        enrol(&channel, &format!("n{}", rotating.id())).await;
        rotating.kill().expect("killed, or done");
        block_in_place(|| rotating.wait()).expect("it ends");
    }
    let finished = run(&["rotate-key"], &backend, data);
    let said = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(finished.status.success() && said.contains("retired-"), "{finished:?}");
    let after = names(&channel).await;
    assert!(after.len() == 103 && after.iter().all(|name| name.ends_with("(contoh)")));
    assert!(server.terminate().success());

    // A person's key, too, while the server runs and when it does not.
    let turn = |more: &[&str]| {
        run(&[&["rotate-key-of", "ramai", "m1", "--book", "sibuk"], more].concat(), &backend, data)
    };
    assert!(!data.join("master.key.next").exists());
    let again = Server::start(&backend, data);
    assert_eq!(names(&again.connect().await).await, after, "with the new key alone");
    let said = turn(&[]);
    assert!(said.status.success(), "{said:?}");
    assert_eq!(said.stdout, b"1 texts and parts of files\n");
    assert_eq!(names(&again.connect().await).await, after);
    assert!(again.terminate().success());
    let ended = turn(&["--seketika"]);
    assert!(ended.status.success(), "{ended:?}");
    let nobody = ["rotate-key-of", "ramai", "tidak-ada", "--book", "sibuk"];
    assert!(!run(&nobody, &backend, data).status.success());
    let (sound, words) = verify(&backend, data);
    assert!(sound, "{words}");
    let last = Server::start(&backend, data);
    assert_eq!(names(&last.connect().await).await, after);
    assert!(last.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_master_key_takes_over_on_sqlite() {
    let (_folder, data) = data_folder();
    a_new_master_key(Backend::Sqlite, &data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_master_key_takes_over_on_postgres() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    a_new_master_key(backend, &data).await;
}

/// How often whoever turns a key is killed.
fn kills() -> u32 {
    if std::env::var_os("SIMPUL_LONG").is_some() { 200 } else { 12 }
}

/// A member's key and a group's are turned over and over while a server runs, by processes that are
/// killed at random moments; nothing is ever unreadable, and in the end nothing lies under a former key.
async fn keys_are_turned_by_whoever_is_killed(backend: Backend, data: &Path) {
    let server = Server::start(&backend, data);
    let channel = server.connect().await;
    open_book(channel.clone()).await;
    let mut savings = v1::savings_service_client::SavingsServiceClient::new(channel.clone());
    for number in 0..300 {
        let mut deposit = crate::server::deposit(number);
        deposit.details.get_or_insert_default().memo = format!("setoran {number} (contoh)");
        savings.deposit(deposit).await.expect("saved");
    }
    let memo = async |number: u64| {
        let name =
            format!("books/sibuk/transactions/{}", crate::server::deposit(number).request_id);
        let request = v1::GetTransactionRequest { name };
        let mut journal = v1::journal_service_client::JournalServiceClient::new(channel.clone());
        let found = journal.get_transaction(request).await.expect("there").into_inner();
        found.transaction.expect("set").memo
    };
    let people = names(&channel).await;
    let arguments = |member: &[&'static str], more: &[&'static str]| {
        [&["rotate-key-of", "ramai"], member, &["--book", "sibuk"], more].concat()
    };
    let mut killed = 0;
    for round in 0..kills() {
        for member in [&["m1"][..], &[]] {
            let mut turning =
                simpul(&arguments(member, &[]), &backend, data).spawn().expect("it starts");
            // Wherever it is by then: starting, turning, or done.
            tokio::time::sleep(std::time::Duration::from_millis(u64::from(round * 7 % 80))).await;
            turning.kill().expect("killed, or done");
            let ended = block_in_place(|| turning.wait()).expect("it ends");
            killed += u32::from(!ended.success());
            assert_eq!(names(&channel).await, people, "round {round}");
            for number in [0, u64::from(round), 255, 256, 299] {
                assert_eq!(
                    memo(number).await,
                    format!("setoran {number} (contoh)"),
                    "round {round}"
                );
            }
        }
    }
    assert!(killed > 0, "nobody was killed");
    for member in [&["m1"][..], &[]] {
        let done = run(&arguments(member, &[]), &backend, data);
        assert!(done.status.success(), "{done:?}");
    }
    for number in 0..300 {
        assert_eq!(memo(number).await, format!("setoran {number} (contoh)"));
    }
    assert!(server.terminate().success());
    for member in [&["m1"][..], &[]] {
        let ended = run(&arguments(member, &["--seketika"]), &backend, data);
        assert!(ended.status.success(), "{ended:?}");
    }
    // The former keys are destroyed, and all opens with the present ones.
    let (sound, words) = verify(&backend, data);
    assert!(sound, "{words}");
    let last = Server::start(&backend, data);
    let channel = last.connect().await;
    assert_eq!(names(&channel).await, people);
    let mut journal = v1::journal_service_client::JournalServiceClient::new(channel);
    for number in 0..300 {
        let name =
            format!("books/sibuk/transactions/{}", crate::server::deposit(number).request_id);
        let request = v1::GetTransactionRequest { name };
        let found = journal.get_transaction(request).await.expect("there").into_inner();
        let memo = found.transaction.expect("set").memo;
        assert_eq!(memo, format!("setoran {number} (contoh)"));
    }
    assert!(last.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_turned_by_whoever_is_killed_on_sqlite() {
    let (_folder, data) = data_folder();
    keys_are_turned_by_whoever_is_killed(Backend::Sqlite, &data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_turned_by_whoever_is_killed_on_postgres() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    keys_are_turned_by_whoever_is_killed(backend, &data).await;
}

/// The wrapped keys in a file of keys.
async fn wrapped(file: &Path) -> Vec<Vec<u8>> {
    let keys = simpul::storage::keys::SqliteKeys::open(file).await.expect("keys");
    let page = simpul::storage::keys::KeyStore::page(&keys, ("", ""), 1000).await.expect("read");
    page.into_iter().map(|(_, _, wrapped)| wrapped).collect()
}

fn holds(file: &Path, part: &[u8]) -> bool {
    let bytes = std::fs::read(file).expect("read");
    bytes.windows(part.len()).any(|window| window == part)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("read"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_keep_books_and_keys_apart_and_bring_nobody_back() {
    let (folder, data) = data_folder();
    let server = Server::start(&Backend::Sqlite, &data);
    let channel = server.connect().await;
    open_old_book(&channel).await;
    let [books, keys] = ["salinan/buku", "kunci"].map(|name| folder.path().join(name));
    let backup = |what: &str, to: &Path| run(&[what, "--ke", text(to)], &Backend::Sqlite, &data);
    assert!(backup("backup-keys", &keys).status.success());
    erase(&channel, "m1").await;
    assert!(backup("backup", &books).status.success());
    assert_eq!(
        files(&books),
        [books.join("access.db"), books.join("simpul.db")]
            .into_iter()
            .filter(|file| file.exists())
            .collect::<Vec<_>>()
    );
    assert_eq!(files(&keys), [keys.join("keys.db")]);

    // No key and no name lies in the books, and none of them goes where the others are.
    let all = wrapped(&keys.join("keys.db")).await;
    assert_eq!(all.len(), 4, "the vault's own, of two members and of the group's notes");
    for file in files(&books) {
        assert!(all.iter().all(|key| !holds(&file, &key[32..])), "{file:?}");
        assert!(!holds(&file, b"Maria"), "{file:?}");
    }
    for (what, to) in [
        ("backup", keys.clone()),
        ("backup-keys", books.clone()),
        ("backup-keys", books.join("kunci")),
        ("backup-keys", folder.path().join("salinan")),
        ("backup", data.clone()),
        ("backup-keys", data.join("kunci")),
        ("backup", folder.path().to_owned()),
        ("backup", books.clone()),
    ] {
        assert!(!backup(what, &to).status.success(), "{what} to {to:?}");
    }
    assert!(server.terminate().success());

    // Restored elsewhere with the keys from before: who was erased stays so.
    let other = folder.path().join("pulih");
    std::fs::create_dir_all(&other).expect("made");
    for (from, name) in [(&books, "simpul.db"), (&keys, "keys.db"), (&data, "master.key")] {
        std::fs::copy(from.join(name), other.join(name)).expect("copied");
    }
    let restored = Server::start(&Backend::Sqlite, &other);
    let channel = restored.connect().await;
    assert_eq!(names(&channel).await, ["", "Yosef (contoh)"]);
    assert!(restored.terminate().success());
    let (sound, words) = verify(&Backend::Sqlite, &other);
    assert!(sound, "{words}");
}

/// A program that is there wherever PostgreSQL is, or `deploy/backup`, and what it writes.
fn program(name: &str, arguments: &[&str], database: &str) -> Output {
    let mut command = std::process::Command::new(name);
    command.args(arguments).env("SIMPUL_DATABASE", database).env_remove("SIMPUL_CONFIG");
    command.env("SIMPUL", env!("CARGO_BIN_EXE_simpul"));
    block_in_place(|| command.output()).expect("it runs")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_backed_up_apart_and_restored_into_an_empty_database() {
    let (folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    let Backend::Postgres(url) = &backend else { panic!("PostgreSQL") };
    let server = Server::start(&backend, &data);
    let channel = server.connect().await;
    open_old_book(&channel).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/backup");
    let backup = |what: &str, to: &Path| program(script, &[what, text(to)], url);
    let [books, keys] = ["buku", "kunci"].map(|name| folder.path().join(name));

    // While the server runs; the books after somebody was erased, the keys before.
    let made = backup("keys", &keys);
    assert!(made.status.success(), "{made:?}");
    let wrapped = simpul::storage::keys::PostgresKeys::connect(url).await.expect("keys");
    let wrapped = simpul::storage::keys::KeyStore::page(&wrapped, ("", ""), 1000).await;
    erase(&channel, "m1").await;
    let made = backup("books", &books);
    assert!(made.status.success(), "{made:?}");
    assert_eq!(files(&books), [books.join("books.dump")]);
    assert_eq!(files(&keys), [keys.join("keys.dump")]);
    for (what, to) in [("books", &keys), ("keys", &books), ("books", &books), ("lain", &keys)] {
        assert!(!backup(what, to).status.success(), "{what} to {to:?}");
    }

    // What lies in each: no key and no name among the books, nothing but keys among the keys.
    let inside = |file: &Path| {
        let read = program("pg_restore", &["--file=-", text(file)], url);
        assert!(read.status.success(), "{read:?}");
        String::from_utf8(read.stdout).expect("text")
    };
    let (in_books, in_keys) = (inside(&books.join("books.dump")), inside(&keys.join("keys.dump")));
    let wrapped = wrapped.expect("read");
    assert_eq!(wrapped.len(), 4, "the vault's own, of two members and of the group's notes");
    for (_, owner, key) in wrapped {
        let key = hex::encode(&key[32..]);
        assert!(!in_books.contains(&key) && in_keys.contains(&key), "{owner}");
    }
    for name in ["Maria", "Yosef", "catatan (contoh)", "wrapped_key"] {
        assert!(!in_books.contains(name), "{name}");
    }
    for table in ["record", "side", "entry", "register_row"] {
        assert!(in_books.contains(&format!("COPY public.{table} ")), "{table}");
        assert!(!in_keys.contains(&format!("COPY public.{table} ")), "{table}");
    }
    assert!(in_books.contains("COPY simpul_access.account "));
    assert!(server.terminate().success());

    // Into an empty database, with the master key from elsewhere: who was erased stays so.
    let empty = crate::common::create_database("").await;
    for file in [books.join("books.dump"), keys.join("keys.dump")] {
        let restore = ["--exit-on-error", "--single-transaction", "--dbname", &empty, text(&file)];
        let restored = program("pg_restore", &restore, url);
        assert!(restored.status.success(), "{restored:?}");
    }
    let other = folder.path().join("pulih");
    std::fs::create_dir_all(&other).expect("made");
    std::fs::copy(data.join("master.key"), other.join("master.key")).expect("copied");
    let backend = Backend::Postgres(empty);
    let restored = Server::start(&backend, &other);
    let channel = restored.connect().await;
    assert_eq!(names(&channel).await, ["", "Yosef (contoh)"]);
    enrol(&channel, "m3").await;
    assert!(restored.terminate().success());
    let (sound, words) = verify(&backend, &other);
    assert!(sound, "{words}");
}

/// The book `sibuk` from 2010, whose group has the member m2, and m1, who left in 2011.
async fn open_old_book(channel: &Channel) {
    let book = v1::CreateBookRequest {
        book_id: "sibuk".to_owned(),
        request_id: "buka-buku".to_owned(),
        display_name: "Buku lama (contoh)".to_owned(),
        lkm_name: "LKM contoh".to_owned(),
        regime: v1::Regime::LkmOjk as i32,
        zone: v1::Zone::Wita as i32,
        opened_on: date(2010, 1, 1),
    };
    let mut books = v1::book_service_client::BookServiceClient::new(channel.clone());
    books.create_book(book).await.expect("a book");
    let group = v1::CreateGroupRequest {
        parent: "books/sibuk".to_owned(),
        request_id: "daftar-kelompok".to_owned(),
        group_id: "ramai".to_owned(),
        display_name: "Ramai (contoh)".to_owned(),
        member_count: 5,
        linked_on: date(2010, 1, 1),
        notes: "catatan (contoh)".to_owned(),
        ..v1::CreateGroupRequest::default()
    };
    let mut groups = v1::group_service_client::GroupServiceClient::new(channel.clone());
    groups.create_group(group).await.expect("a group");
    let mut members = MemberServiceClient::new(channel.clone());
    for (id, name) in [("m1", "Maria (contoh)"), ("m2", "Yosef (contoh)")] {
        let member = v1::EnrolMemberRequest {
            parent: GROUP.to_owned(),
            request_id: format!("daftar-anggota-{id}"),
            member_id: id.to_owned(),
            display_name: name.to_owned(),
            joined_on: date(2010, 1, 1),
            ..v1::EnrolMemberRequest::default()
        };
        members.enrol_member(member).await.expect("a member");
    }
    let leave = v1::EndMembershipRequest {
        member: format!("{GROUP}/members/m1"),
        request_id: "maria-keluar".to_owned(),
        left_on: date(2011, 1, 1),
    };
    members.end_membership(leave).await.expect("left");
}

async fn erase(channel: &Channel, id: &str) {
    let mut personal = PersonalDataServiceClient::new(channel.clone());
    let minute = "BA-7/contoh".to_owned();
    let retention = v1::SetRetentionRequest {
        book: "books/sibuk".to_owned(),
        request_id: "masa-simpan".to_owned(),
        retention: Some(v1::Retention { since: date(2010, 1, 1), years: 10, minute }),
    };
    personal.set_retention(retention).await.expect("decided");
    let request = v1::EraseMemberRequest {
        member: format!("{GROUP}/members/{id}"),
        request_id: format!("hapus-{id}-contoh"),
        cause: v1::ErasureCause::Expired as i32,
    };
    personal.erase_member(request).await.expect("erased");
}
