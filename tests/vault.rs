//! Personal text and its keys: one suite for every key store, then the vault over it.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use simpul::domain::id::Id;
use simpul::storage::SideRow;
use simpul::storage::keys::{KeyStore, MemoryKeys, PostgresKeys, SqliteKeys};
use simpul::vault::{MasterKey, Rotation, Vault, VaultError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

const MARIA: &str = "groups/tunas-baru/members/maria";
const YOSEF: &str = "groups/tunas-baru/members/yosef";
const TEXT: &str = "Maria Contoh";

fn book(id: &str) -> Id {
    Id::new(id).expect("an id")
}

fn kupang() -> Id {
    book("kupang")
}

// --- the key stores -----------------------------------------------------------------------------

const KEY: &[u8] = b"the-key-other";

fn wrapped(book: &str, key: &[u8]) -> (String, String, Vec<u8>) {
    (book.to_owned(), MARIA.to_owned(), key.to_vec())
}

/// The key `the-key-anew` of Maria in book c gives way to another, and goes.
async fn one_key_gives_way_to_the_next(store: &dyn KeyStore, again: &dyn KeyStore) {
    let (first, second) = (b"the-key-anew", b"its-next-one");
    let keys = async || again.get_many("c", &[MARIA]).await.expect("an answer");
    let both = |one: &[u8], other: &[u8]| [one, other].map(|key| (MARIA.to_owned(), key.to_vec()));
    assert!(!store.turn(&wrapped("c", KEY), second).await.expect("not the present one"));
    assert!(store.turn(&wrapped("c", first), second).await.expect("turned"));
    assert!(!again.turn(&wrapped("c", second), b"a-third-key").await.expect("not alone"));
    assert_eq!(keys().await, both(second, first), "the present one first");
    let inserted = store.insert_if_absent("c", MARIA, b"anything").await.expect("kept");
    assert_eq!(inserted, second);
    assert!(store.rewrap(&wrapped("c", first), b"the-key-more").await.expect("wrapped anew"));
    assert!(store.rewrap(&wrapped("c", second), b"its-next-more").await.expect("wrapped anew"));
    assert_eq!(keys().await, both(b"its-next-more", b"the-key-more"));
    let page = store.page(("b", "zzz"), 9).await.expect("a page");
    assert_eq!(page, [wrapped("c", b"its-next-more"), wrapped("c", b"the-key-more")]);
    assert_eq!(store.turned(9).await.expect("an answer"), [], "not for a day");
    store.postpone("c", MARIA).await.expect("put off");
    assert!(!store.retire(&wrapped("c", b"its-next-more")).await.expect("the present one stays"));
    assert!(store.retire(&wrapped("c", b"the-key-more")).await.expect("retired"));
    assert!(!again.retire(&wrapped("c", b"the-key-more")).await.expect("gone"));
    assert_eq!(keys().await, [(MARIA.to_owned(), b"its-next-more".to_vec())]);
    assert!(store.turn(&wrapped("c", b"its-next-more"), first).await.expect("turned"));
    assert!(store.delete("c", MARIA).await.expect("both are destroyed"));
    assert_eq!(keys().await, []);
}

/// What nobody may make of a key, whoever they are; each is tried on the key `the-key-other`, alone
/// and with `its-next-one` in its place.
const ATTEMPTS: [&str; 8] = [
    "UPDATE wrapped_key SET wrapped = $1",
    "UPDATE wrapped_key SET wrapped = $1, sweep_after = 0",
    "UPDATE wrapped_key SET owner = 'lain'",
    "UPDATE wrapped_key SET book = 'lain'",
    "UPDATE wrapped_key SET former = $1, former_until = 0",
    "UPDATE wrapped_key SET former = wrapped, wrapped = wrapped, former_until = 0",
    "UPDATE wrapped_key SET former = $1, wrapped = $1, former_until = 0",
    "UPDATE wrapped_key SET wrapped = $1, former = NULL, former_until = NULL",
];

async fn check_guards(store: &dyn KeyStore, mut attempt: impl AsyncFnMut(&str) -> String) {
    store.insert_if_absent("c", MARIA, KEY).await.expect("kept");
    for turned in [false, true] {
        if turned {
            assert!(store.turn(&wrapped("c", KEY), b"its-next-one").await.expect("turned"));
        }
        let before = store.page(("", ""), 9).await.expect("a page");
        for sql in ATTEMPTS {
            let said = attempt(sql).await;
            assert!(said.contains("wrapped anew or gives way"), "{sql}: {said}");
        }
        assert_eq!(store.page(("", ""), 9).await.expect("a page"), before);
    }
}

#[tokio::test]
async fn a_sqlite_key_is_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.db");
    let store = SqliteKeys::open(&path).await.expect("it opens");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut raw = options.connect().await.expect("it opens");
    check_guards(&store, async |sql| {
        let tried = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(&b"stranger-key"[..]);
        tried.execute(&mut raw).await.expect_err(sql).to_string()
    })
    .await;
    let replace = "INSERT OR REPLACE INTO wrapped_key (book, owner, wrapped, sweep_after) \
        VALUES ('c', 'groups/tunas-baru/members/maria', x'00', 0)";
    let before = store.page(("", ""), 9).await.expect("a page");
    raw.execute(replace).await.expect("ignored");
    assert_eq!(store.page(("", ""), 9).await.expect("a page"), before);
}

/// What every store must do. `again` opens the same store a second time, as another server would.
async fn check_store(store: Arc<dyn KeyStore>, again: Arc<dyn KeyStore>) {
    assert_eq!(store.get_many("b", &[MARIA]).await.expect("an answer"), []);
    assert_eq!(store.insert_if_absent("b", MARIA, b"first").await.expect("kept"), b"first");
    assert_eq!(again.insert_if_absent("b", MARIA, b"second").await.expect("kept"), b"first");
    assert_eq!(again.insert_if_absent("b", YOSEF, b"\0\xff").await.expect("kept"), b"\0\xff");
    assert_eq!(store.insert_if_absent("c", MARIA, KEY).await.expect("kept"), KEY);

    let mut found = store.get_many("b", &[YOSEF, "nobody", MARIA]).await.expect("an answer");
    found.sort();
    let expected = [(MARIA.to_owned(), b"first".to_vec()), (YOSEF.to_owned(), b"\0\xff".to_vec())];
    assert_eq!(found, expected);
    assert_eq!(store.get_many("b", &[]).await.expect("an answer"), []);

    assert!(again.delete("b", MARIA).await.expect("deleted"));
    assert!(!store.delete("b", MARIA).await.expect("deleted"));
    assert_eq!(store.get_many("b", &[MARIA]).await.expect("an answer"), []);
    assert_eq!(store.get_many("c", &[MARIA]).await.expect("an answer").len(), 1);
    assert_eq!(store.insert_if_absent("b", MARIA, b"third").await.expect("kept"), b"third");

    let pages = [("", ""), ("b", MARIA), ("b", YOSEF), ("c", MARIA)];
    let mut named = Vec::new();
    for after in pages {
        let page = store.page(after, 1).await.expect("a page");
        named.extend(page.into_iter().map(|(book, owner, _)| (book, owner)));
    }
    let expected = [("b", MARIA), ("b", YOSEF), ("c", MARIA)];
    assert_eq!(named, expected.map(|(book, owner)| (book.to_owned(), owner.to_owned())));
    let seen = wrapped("c", b"the-key-other");
    assert!(store.rewrap(&seen, b"the-key-anew").await.expect("wrapped anew"));
    assert!(!again.rewrap(&seen, b"the-key-once-more").await.expect("not seen"));
    let gone = wrapped("d", b"the-key-other");
    assert!(!store.rewrap(&gone, b"the-key-anew").await.expect("not there"));
    let kept = again.get_many("c", &[MARIA]).await.expect("an answer");
    assert_eq!(kept, [(MARIA.to_owned(), b"the-key-anew".to_vec())]);

    one_key_gives_way_to_the_next(&*store, &*again).await;
    one_of_many_inserters_wins(store, again).await;
}

async fn one_of_many_inserters_wins(store: Arc<dyn KeyStore>, again: Arc<dyn KeyStore>) {
    let insert = |at: u8| {
        let store = Arc::clone(if at.is_multiple_of(2) { &store } else { &again });
        tokio::spawn(async move { store.insert_if_absent("b", "raced", &[at]).await })
    };
    let mut kept = Vec::new();
    for inserter in (0..16).map(insert).collect::<Vec<_>>() {
        kept.push(inserter.await.expect("it ran").expect("an answer"));
    }
    let found = store.get_many("b", &["raced"]).await.expect("an answer");
    assert_eq!(found.len(), 1);
    assert!(kept.iter().all(|key| *key == found[0].1), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_in_memory() {
    let store = Arc::new(MemoryKeys::default());
    check_store(store.clone(), store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_in_a_sqlite_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data/keys.db");
    let store = Arc::new(SqliteKeys::open(&path).await.expect("it opens"));
    let again = Arc::new(SqliteKeys::open(&path).await.expect("it opens again"));
    check_store(store, again).await;
    let mode = std::fs::metadata(&path).expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_deleted_key_leaves_no_bytes_in_the_sqlite_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.db");
    let store = SqliteKeys::open(&path).await.expect("it opens");
    let key = b"0123456789abcdef0123456789abcdef";
    store.insert_if_absent("b", MARIA, key).await.expect("kept");
    assert!(files_hold(folder.path(), key), "the key is in the file while it is kept");
    store.delete("b", MARIA).await.expect("deleted");
    assert!(!files_hold(folder.path(), key));
}

fn files_hold(folder: &std::path::Path, bytes: &[u8]) -> bool {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    entries
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file"))
        .any(|content| content.windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_in_postgres() {
    let url = common::postgres_database().await;
    // Both make the schema at once.
    let (store, again) = tokio::join!(PostgresKeys::connect(&url), PostgresKeys::connect(&url));
    let store = Arc::new(store.expect("it opens"));
    check_store(store, Arc::new(again.expect("it opens again"))).await;
}

#[tokio::test]
async fn the_service_role_wraps_keys_anew_and_gives_them_to_nobody_else() {
    let url = common::postgres_database().await;
    let mut owner = PgConnection::connect(&url).await.expect("PostgreSQL answers");
    let role = format!("keys_service_{}", std::process::id());
    owner.execute(AssertSqlSafe(format!("CREATE ROLE {role} LOGIN"))).await.expect("a role");
    PostgresKeys::prepare(&url, Some(&role)).await.expect("prepared");

    let options: PgConnectOptions = url.parse().expect("an address");
    let service = options.username(&role).to_url_lossy().to_string();
    let store = PostgresKeys::connect(&service).await.expect("it connects");
    store.insert_if_absent("b", MARIA, b"the-key").await.expect("it may insert");
    let mut raw = PgConnection::connect(&service).await.expect("it connects");
    let overwrite = "UPDATE simpul_keys.wrapped_key SET owner = 'lain'";
    let refused = raw.execute(overwrite).await.expect_err("it may not update");
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    assert!(store.rewrap(&wrapped("b", b"the-key"), b"the-key").await.expect("it may wrap anew"));
    assert!(store.turn(&wrapped("b", b"the-key"), b"next").await.expect("it may turn"));
    assert!(store.retire(&wrapped("b", b"the-key")).await.expect("it may retire"));
    store.renew("b", &[MARIA]).await.expect("it may put off the sweeping");
    store.keep("b", MARIA).await.expect("it may end the sweeping");
    assert!(!store.sweep("b", MARIA).await.expect("it may sweep"));
    assert!(store.delete("b", MARIA).await.expect("it may delete"));

    // Nor does the owner of the table overwrite a key.
    owner.execute("SET search_path TO simpul_keys").await.expect("set");
    check_guards(&store, async |sql| {
        let tried = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(&b"stranger-key"[..]);
        tried.execute(&mut owner).await.expect_err(sql).to_string()
    })
    .await;
}

// --- the vault ----------------------------------------------------------------------------------

async fn vault_over(store: &Arc<MemoryKeys>) -> Vault {
    let store = Arc::clone(store);
    Vault::open(&MasterKey::new([7; 32]), store).await.expect("it opens")
}

async fn new_vault() -> (Vault, Arc<MemoryKeys>) {
    let store = Arc::new(MemoryKeys::default());
    (vault_over(&store).await, store)
}

async fn seal(vault: &Vault, owner: &str, text: &str) -> SideRow {
    let mut rows = vault.seal(&kupang(), &[(owner, text)]).await.expect("sealed");
    rows.pop().expect("one row")
}

async fn reveal(vault: &Vault, row: &SideRow) -> Result<Option<String>, VaultError> {
    let mut texts = vault.reveal(&kupang(), std::slice::from_ref(row)).await?;
    Ok(texts.pop().expect("one answer"))
}

#[tokio::test]
async fn what_is_sealed_opens_again() {
    let (vault, store) = new_vault().await;
    let texts = [(MARIA, TEXT), (YOSEF, "Yosef Contoh"), (MARIA, "5371000000000001"), (YOSEF, "")];
    let rows = vault.seal(&kupang(), &texts).await.expect("sealed");
    assert_eq!(
        rows.iter().map(|row| row.owner.as_str()).collect::<Vec<_>>(),
        [MARIA, YOSEF, MARIA, YOSEF]
    );
    // Another server with the same master key and store.
    let other = vault_over(&store).await;
    let opened = other.reveal(&kupang(), &rows).await.expect("opened");
    assert_eq!(opened, texts.map(|(_, text)| Some(text.to_owned())));
    assert_eq!(other.reveal(&kupang(), &[]).await.expect("opened"), []);

    assert!(vault.matches(&kupang(), &rows[0], TEXT).await.expect("an answer"));
    assert!(!vault.matches(&kupang(), &rows[0], "Maria").await.expect("an answer"));
}

#[tokio::test]
async fn commitments_tell_nothing() {
    let (vault, _) = new_vault().await;
    let (first, second) = (seal(&vault, MARIA, TEXT).await, seal(&vault, MARIA, TEXT).await);
    assert_ne!(first.commitment, second.commitment);
    assert_ne!(first.sealed, second.sealed);
    let holds = |row: &SideRow| row.sealed.windows(TEXT.len()).any(|w| w == TEXT.as_bytes());
    assert!(!holds(&first));
}

#[tokio::test]
async fn every_changed_byte_is_found() {
    let (vault, _) = new_vault().await;
    let row = seal(&vault, MARIA, TEXT).await;
    for at in 0..row.sealed.len() {
        let mut changed = row.clone();
        changed.sealed[at] ^= 1;
        match reveal(&vault, &changed).await {
            // The key's id names another key, which is not there.
            Ok(None) => assert!(at < 8, "byte {at}"),
            Err(VaultError::Damaged { owner, .. }) => assert!(at >= 8 && owner == MARIA),
            other => panic!("byte {at}: {other:?}"),
        }
    }
    for length in 0..row.sealed.len() {
        let mut cut = row.clone();
        cut.sealed.truncate(length);
        assert!(matches!(reveal(&vault, &cut).await, Err(VaultError::Damaged { .. })), "{length}");
    }
    let mut changed = row.clone();
    changed.commitment[31] ^= 1;
    assert!(matches!(reveal(&vault, &changed).await, Err(VaultError::Damaged { .. })));
    assert_eq!(reveal(&vault, &row).await.expect("opened").as_deref(), Some(TEXT));
}

#[tokio::test]
async fn text_opens_only_for_its_owner_and_book() {
    let (vault, store) = new_vault().await;
    let row = seal(&vault, MARIA, TEXT).await;
    seal(&vault, YOSEF, "Yosef Contoh").await;
    let stolen = SideRow { owner: YOSEF.to_owned(), ..row.clone() };
    assert_eq!(reveal(&vault, &stolen).await.expect("an answer"), None);
    let elsewhere = vault.reveal(&book("soe"), std::slice::from_ref(&row)).await;
    assert_eq!(elsewhere.expect("an answer"), [None]);

    // Even her own wrapped key is of no use under another's name or in another book.
    let key = store.get_many("kupang", &[MARIA]).await.expect("an answer").remove(0).1;
    store.insert_if_absent("soe", MARIA, &key).await.expect("kept");
    let elsewhere = vault.reveal(&book("soe"), std::slice::from_ref(&row)).await;
    assert!(matches!(elsewhere, Err(VaultError::Damaged { .. })));
    store.delete("kupang", YOSEF).await.expect("deleted");
    store.insert_if_absent("kupang", YOSEF, &key).await.expect("kept");
    assert!(matches!(reveal(&vault, &stolen).await, Err(VaultError::Damaged { .. })));
}

#[tokio::test]
async fn erasure_is_for_good_and_for_one_owner() {
    let (vault, store) = new_vault().await;
    let (maria, yosef) = (seal(&vault, MARIA, TEXT).await, seal(&vault, YOSEF, "Yosef").await);
    assert!(vault.erase(&kupang(), MARIA).await.expect("erased"));
    assert!(!vault.erase(&kupang(), MARIA).await.expect("erased"));
    let other = vault_over(&store).await;
    let opened = other.reveal(&kupang(), &[maria.clone(), yosef]).await.expect("opened");
    assert_eq!(opened, [None, Some("Yosef".to_owned())]);
    assert!(vault.matches(&kupang(), &maria, "anything").await.expect("an answer"));

    // A new key opens new text only.
    let later = seal(&vault, MARIA, "later").await;
    let opened = vault.reveal(&kupang(), &[maria, later]).await.expect("opened");
    assert_eq!(opened, [None, Some("later".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealers_that_race_share_one_key() {
    let store = Arc::new(MemoryKeys::default());
    let sealers: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { seal(&vault_over(&store).await, MARIA, TEXT).await })
        })
        .collect();
    let mut rows = Vec::new();
    for sealer in sealers {
        rows.push(sealer.await.expect("it ran"));
    }
    let opened = vault_over(&store).await.reveal(&kupang(), &rows).await.expect("opened");
    assert!(opened.iter().all(|text| text.as_deref() == Some(TEXT)), "{opened:?}");
}

#[tokio::test]
async fn another_master_key_is_refused_at_once() {
    let (_, store) = new_vault().await;
    let opened = Vault::open(&MasterKey::new([8; 32]), store).await;
    assert!(matches!(opened, Err(VaultError::WrongMasterKey)));
}

#[tokio::test]
async fn a_new_master_key_takes_over_while_others_seal_and_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("master.key");
    let store = Arc::new(MemoryKeys::default());
    let open = async || Vault::open_with_file(&path, Arc::clone(&store) as _).await;
    let (vault, other) = (open().await.expect("it opens"), open().await.expect("it opens"));
    let maria = seal(&vault, MARIA, TEXT).await;
    let before = std::fs::read_to_string(&path).expect("a key");
    let reads = async |vault: &Vault, row: &SideRow| {
        vault.reveal(&kupang(), std::slice::from_ref(row)).await.expect("opened").remove(0)
    };

    // Dies after each step, and is begun again by somebody else.
    let rotation = Rotation::of(&path);
    rotation.prepare().expect("prepared");
    let next = std::fs::read_to_string(folder.path().join("master.key.next")).expect("a key");
    Rotation::of(&path).prepare().expect("prepared");
    assert_eq!(vault.rewrap_all().await.expect("wrapped anew"), 2, "with the vault's own check");
    assert_eq!(open().await.expect("it opens").rewrap_all().await.expect("nothing left"), 0);
    assert_eq!(reads(&other, &maria).await.as_deref(), Some(TEXT), "it looks for the new key");
    // What a server that began before seals now is wrapped with the new key.
    let yosef = seal(&other, YOSEF, "Yosef").await;
    assert_eq!(vault.rewrap_all().await.expect("nothing left"), 0);
    let retired = rotation.finish().expect("finished");
    assert!(Rotation::of(&path).finish().is_err(), "only once");

    assert_eq!(std::fs::read_to_string(&path).expect("a key"), next);
    assert_eq!(std::fs::read_to_string(&retired).expect("a key"), before);
    assert_eq!(std::fs::read_dir(folder.path()).expect("it can be read").count(), 2);
    for vault in [&vault, &other, &open().await.expect("with the new key alone")] {
        assert_eq!(reads(vault, &maria).await.as_deref(), Some(TEXT));
        assert_eq!(reads(vault, &yosef).await.as_deref(), Some("Yosef"));
    }
    let old = Vault::open_with_file(&retired, Arc::clone(&store) as _).await;
    assert!(matches!(old, Err(VaultError::WrongMasterKey)), "the old key opens nothing");
}

#[tokio::test]
async fn the_master_key_file_is_made_once_and_closed_to_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret/master.key");
    let makers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || MasterKey::load_or_create(&path).expect("a key"))
        })
        .collect();
    let store = Arc::new(MemoryKeys::default());
    for maker in makers {
        let master = maker.join().expect("it ran");
        assert_eq!(format!("{master:?}"), "MasterKey(..)");
        Vault::open(&master, Arc::clone(&store) as _).await.expect("all have the same key");
    }
    let mode = std::fs::metadata(&path).expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let files = std::fs::read_dir(path.parent().expect("a folder")).expect("it can be read");
    assert_eq!(files.count(), 1, "no draft is left behind");
}

#[test]
fn unfit_master_key_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("master.key");
    let digits = "ab".repeat(32);
    for (content, mode, fits) in
        [("", 0o600, false), ("abc", 0o600, false), (&digits, 0o644, false), (&digits, 0o400, true)]
    {
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, content).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("set");
        let result = MasterKey::load_or_create(&path);
        assert_eq!(result.is_ok(), fits, "{content} {mode:o}: {result:?}");
        let text = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(!text.contains(&digits));
    }
}
