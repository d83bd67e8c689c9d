//! Keys of personal text: those whose record never came are swept, and no others; a person's key
//! gives way to a new one, and nobody outside sees a difference.

use std::sync::Arc;

use simpul::api::v1::*;
use simpul::attachments::Files;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::id::Id;
use simpul::storage::keys::{KEY_ID, KeyStore};
use simpul::vault::{AllSealed, MasterKey, Sealed, Vault, VaultError};

use async_trait::async_trait;
use simpul::cli::node::Store;
use simpul::storage::{Resealed, SideRow, SideStore, StorageError};

use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, enrol, idr, on};

on_both!(
    orphaned_keys_are_swept_when_they_are_old,
    an_orphan_that_is_needed_again_stays,
    a_person_gets_a_new_key_and_nobody_sees_a_difference,
    a_key_is_retired_only_when_nothing_is_sealed_under_it,
    a_group_gets_a_new_key_and_its_files_open,
);

const MARIA: &str = "groups/a/members/m01";
const NEW: &str = "groups/a/members/maria";
const NOBODY: &str = "groups/a/members/tidak-jadi";

pub async fn vault(server: &Server) -> Vault {
    let master = MasterKey::load_or_create(&server.config.master_key).expect("the master key");
    Vault::open(&master, server.keys().await).await.expect("a vault")
}

async fn has(keys: &dyn KeyStore, owner: &str) -> bool {
    !keys.get_many("kupang", &[owner]).await.expect("an answer").is_empty()
}

async fn orphaned_keys_are_swept_when_they_are_old(server: &Server) {
    let town = Town::found(server).await;
    // Text of the LKM, which has no row in a register.
    let mut details = on(2025, 3, 3);
    details.as_mut().expect("set").memo = "bunga Maret (contoh)".to_owned();
    let request = RecordBankInterestRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details,
        fund: Fund::SimpanPinjam as i32,
        amount: idr(1_000),
    };
    town.cash().record_bank_interest(request).await.expect("recorded");
    let keys = server.keys().await;
    let (vault, reader) = (vault(server).await, server.reader().await);
    keys.insert_if_absent("kupang", NOBODY, b"lama").await.expect("kept");
    keys.insert_if_absent("tidak-jadi", MARIA, b"lama").await.expect("kept");
    assert_eq!(vault.sweep(&reader).await.expect("swept"), 0, "all are young");

    server.let_keys_age(2).await;
    keys.insert_if_absent("kupang", "groups/baru", b"baru").await.expect("kept");
    assert_eq!(vault.sweep(&reader).await.expect("swept"), 2);
    assert!(!has(&*keys, NOBODY).await && has(&*keys, "groups/baru").await);
    assert!(keys.get_many("tidak-jadi", &[MARIA]).await.expect("an answer").is_empty());
    for owner in [MARIA, "lkm"] {
        assert!(has(&*keys, owner).await, "{owner}");
    }
    // What is in use was seen to be, and is never looked at again.
    server.let_keys_age(1000).await;
    let due = keys.due(10).await.expect("an answer");
    assert_eq!(due, [("kupang".to_owned(), "groups/baru".to_owned())]);
}

async fn an_orphan_that_is_needed_again_stays(server: &Server) {
    Town::found(server).await;
    let (vault, reader) = (vault(server).await, server.reader().await);
    let book = Id::new("kupang").expect("an id");
    let first = vault.seal(&book, &[(NOBODY, "batal (contoh)")]).await.expect("sealed");
    server.let_keys_age(2).await;
    // Its record is on the way when the sweeper comes.
    let second = vault.seal(&book, &[(NOBODY, "jadi (contoh)")]).await.expect("sealed");
    assert_eq!(vault.sweep(&reader).await.expect("swept"), 0);
    let rows = [first, second].concat();
    let opened = vault.reveal(&book, &rows).await.expect("opened");
    assert_eq!(opened, [Some("batal (contoh)".to_owned()), Some("jadi (contoh)".to_owned())]);
}

/// A store that fails as told: before it has done anything, or once it has.
struct Broken {
    inner: Arc<dyn SideStore>,
    done: bool,
}

#[async_trait]
impl SideStore for Broken {
    async fn reseal(&self, book: &Id, rows: &[Resealed]) -> Result<u64, StorageError> {
        if self.done {
            self.inner.reseal(book, rows).await?;
        }
        Err(StorageError::Failed("planned".to_owned()))
    }
}

/// All that a server has sealed.
async fn all_sealed(server: &Server, store: &Store) -> AllSealed {
    let files = Files::open(&server.config.attachments, vault(server).await).expect("a folder");
    let beside: Vec<Arc<dyn Sealed>> = vec![Arc::new(files)];
    AllSealed { reader: store.reader.clone(), sides: store.sides.clone(), beside }
}

fn kupang() -> Id {
    Id::new("kupang").expect("an id")
}

/// What is sealed of somebody, as it lies in the database.
async fn sealed(store: &Store, owner: &str) -> Vec<SideRow> {
    let mut sides = store.journal.dump(&kupang()).await.expect("a dump").sides;
    sides.retain(|side| side.owner == owner);
    sides
}

fn under(rows: &[SideRow], key: &[u8]) -> usize {
    rows.iter().filter(|row| row.sealed[..8] == key[..8]).count()
}

async fn shown(town: &Town, owner: &str) -> (String, String) {
    let purpose = Purpose::IdentityCheck as i32;
    let explanation = "(contoh)".to_owned();
    let request = RevealMemberRequest { member: format!("{BOOK}/{owner}"), purpose, explanation };
    let shown = town.personal().reveal_member(request).await.expect("shown").into_inner();
    let shown = shown.member.expect("set");
    (shown.display_name, shown.nik)
}

fn enrolment() -> EnrolMemberRequest {
    EnrolMemberRequest {
        request_id: "daftar-maria".to_owned(),
        display_name: "Maria Goreti Bere (contoh)".to_owned(),
        nik: "5301014501900001".to_owned(),
        ..enrol(A, "maria")
    }
}

async fn a_person_gets_a_new_key_and_nobody_sees_a_difference(server: &Server) {
    let town = Town::found(server).await;
    let first = town.members().enrol_member(enrolment()).await.expect("enrolled").into_inner();
    let store = Store::open(&server.config).await.expect("opened");
    let (vault, keys) = (vault(server).await, server.keys().await);
    let all = all_sealed(server, &store).await;
    let before = (shown(&town, NEW).await, sealed(&store, NEW).await);
    let old = keys.get_many("kupang", &[NEW]).await.expect("read").remove(0).1;

    // Wherever it dies, everything opens; and it goes on where it was.
    let about = (&kupang(), NEW);
    for done in [false, true] {
        let broken = Broken { inner: store.sides.clone(), done };
        let broken = AllSealed { sides: Arc::new(broken), ..all.clone() };
        vault.turn(&broken, about, true).await.expect_err("planned");
        let there = keys.get_many("kupang", &[NEW]).await.expect("read");
        assert!(there.len() == 2 && there[1].1 == old, "both keys are there");
        assert_eq!(shown(&town, NEW).await, before.0);
    }
    let turned = vault.turn(&all, about, true).await.expect("turned");
    assert_eq!(turned, Some(0), "all was sealed anew before the answer was lost");
    let there = keys.get_many("kupang", &[NEW]).await.expect("read");
    assert!(there.len() == 1 && there[0].1[..8] != old[..8], "the old key is destroyed");

    // The same texts with the same commitments, under another key; a retry is known; all is proved.
    assert_eq!(shown(&town, NEW).await, before.0);
    let after = sealed(&store, NEW).await;
    let commitments = |rows: &[SideRow]| rows.iter().map(|row| row.commitment).collect::<Vec<_>>();
    assert_eq!(commitments(&after), commitments(&before.1));
    assert_eq!((under(&after, &old), under(&after, &there[0].1)), (0, 2));
    let again = town.members().enrol_member(enrolment()).await.expect("the first answer");
    assert_eq!(again.into_inner(), first);
    let other = EnrolMemberRequest { display_name: "Lain (contoh)".to_owned(), ..enrolment() };
    let status = town.members().enrol_member(other).await.expect_err("another request");
    assert_eq!(crate::town::why(&status).reason, "REQUEST_ID_REUSED");
    let dump = store.journal.dump(&kupang()).await.expect("a dump");
    assert_eq!(simpul::verify::verify(&kupang(), &dump).findings, []);
    let nobody = (&kupang(), "groups/a/members/m99");
    let turned = vault.turn(&all, nobody, true).await.expect("asked");
    assert_eq!(turned, None);
}

async fn a_key_is_retired_only_when_nothing_is_sealed_under_it(server: &Server) {
    let town = Town::found(server).await;
    let store = Store::open(&server.config).await.expect("opened");
    let (vault, keys) = (vault(server).await, server.keys().await);
    let all = all_sealed(server, &store).await;
    let old = keys.get_many("kupang", &[MARIA]).await.expect("read").remove(0).1;
    let name = shown(&town, MARIA).await;
    let before = sealed(&store, MARIA).await;
    let about = (&kupang(), MARIA);
    let turned = vault.turn(&all, about, false).await.expect("turned");
    assert_eq!(turned, Some(before.len() as u64));
    assert_eq!(under(&sealed(&store, MARIA).await, &old), 0);
    let retire = async || vault.retire_due(&all).await.expect("looked");
    assert_eq!(retire().await, 0, "not for a day");

    // A server had sealed something before, and its record came only now.
    server.put_side(&before[0]).await;
    assert_eq!(under(&sealed(&store, MARIA).await, &old), 1);
    assert_eq!(shown(&town, MARIA).await, name);
    server.let_keys_age(2).await;
    assert_eq!(retire().await, 0, "it is sealed anew just now, and may be being read as it was");
    assert_eq!(under(&sealed(&store, MARIA).await, &old), 0);
    assert_eq!(vault.reveal(&kupang(), &before).await.expect("opened")[0], Some(name.0.clone()));
    server.let_keys_age(2).await;
    assert_eq!(retire().await, 1);
    assert_eq!(keys.get_many("kupang", &[MARIA]).await.expect("read").len(), 1);
    assert_eq!(vault.reveal(&kupang(), &before).await.expect("opened")[0], None);
    assert_eq!(shown(&town, MARIA).await, name);
}

/// Files that cannot be written just now.
struct Unwritten;

#[async_trait]
impl Sealed for Unwritten {
    async fn reseal(&self, _: &Vault, _: (&Id, &str), _: &[u8; KEY_ID]) -> Result<u64, VaultError> {
        Err(StorageError::Failed("planned".to_owned()).into())
    }
}

async fn a_group_gets_a_new_key_and_its_files_open(server: &Server) {
    const GROUP: &str = "groups/a";
    let town = Town::found(server).await;
    let details = || {
        on(2025, 3, 3)
            .map(|details| TransactionDetails { memo: "dari Maria (contoh)".to_owned(), ..details })
    };
    let request = DepositRequest { details: details(), ..crate::town::deposit("m01", 5_000) };
    let first = town.savings().deposit(request.clone()).await.expect("saved").into_inner();
    let name = first.transaction.as_ref().expect("set").name.clone();
    let photo: Vec<u8> =
        b"%PDF-1.7 ".iter().copied().chain((0..700_000).map(|n| (n % 251) as u8)).collect();
    crate::attachments::attached(&town, &name, &photo).await;
    let hash = simpul::attachments::hash(&photo);
    let file = format!("{name}/attachments/{hash}");
    let seen = async || {
        let memo = town.get(&name).await.expect("there").memo;
        (memo, crate::attachments::read(&town, &file).await.expect("read"))
    };
    let parts = || {
        let parts = crate::attachments::files(server);
        parts.iter().map(|part| std::fs::read(part).expect("read")).collect::<Vec<_>>()
    };
    let store = Store::open(&server.config).await.expect("opened");
    let all = all_sealed(server, &store).await;
    let (vault, keys) = (vault(server).await, server.keys().await);
    let old = keys.get_many("kupang", &[GROUP]).await.expect("read").remove(0).1;
    let of_key = |parts: &[Vec<u8>], key: &[u8]| {
        parts.iter().filter(|part| part[..KEY_ID] == key[..KEY_ID]).count()
    };
    assert_eq!(of_key(&parts(), &old), 2, "a file of two parts");
    let before = (seen().await, sealed(&store, GROUP).await, parts());

    // The text is sealed anew, and the files not yet: both keys stay, and all opens.
    let about = (&kupang(), GROUP);
    let broken = AllSealed { beside: vec![Arc::new(Unwritten)], ..all.clone() };
    vault.turn(&broken, about, true).await.expect_err("planned");
    assert_eq!(keys.get_many("kupang", &[GROUP]).await.expect("read").len(), 2);
    assert_eq!((under(&sealed(&store, GROUP).await, &old), of_key(&parts(), &old)), (0, 2));
    assert_eq!(seen().await, before.0);
    let turned = vault.turn(&all, about, true).await.expect("turned");
    assert_eq!(turned, Some(2), "the parts of the file");
    let there = keys.get_many("kupang", &[GROUP]).await.expect("read");
    assert!(there.len() == 1 && there[0].1[..KEY_ID] != old[..KEY_ID], "the old key is destroyed");
    assert_eq!((of_key(&parts(), &old), of_key(&parts(), &there[0].1)), (0, 2));
    assert_eq!(seen().await, before.0);
    let again = town.savings().deposit(request).await.expect("the first answer").into_inner();
    assert_eq!(again, first);
    assert_eq!(under(&sealed(&store, GROUP).await, &there[0].1), before.1.len());

    // A part that a server had sealed before is found a day later, and only then the key goes.
    vault.turn(&all, about, false).await.expect("turned");
    let present = keys.get_many("kupang", &[GROUP]).await.expect("read").remove(0).1;
    let part = crate::attachments::files(server).remove(0);
    assert_eq!(of_key(&parts(), &present), 2);
    let late = std::fs::read(&part).expect("read");
    vault.turn(&all, about, true).await.expect("ended");
    vault.turn(&all, about, false).await.expect("turned");
    std::fs::write(&part, &late).expect("written late");
    server.let_keys_age(2).await;
    assert_eq!(vault.retire_due(&all).await.expect("looked"), 0, "found just now");
    assert_eq!(seen().await, before.0);
    server.let_keys_age(2).await;
    assert_eq!(vault.retire_due(&all).await.expect("looked"), 1);
    assert_eq!(seen().await, before.0);
}
