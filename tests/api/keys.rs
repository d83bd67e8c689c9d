//! Keys of personal text whose record never came are swept, and no others.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::id::Id;
use simpul::storage::keys::KeyStore;
use simpul::vault::{MasterKey, Vault};

use crate::on_both;
use crate::town::{LKM, Server, Town, idr, on};

on_both!(orphaned_keys_are_swept_when_they_are_old, an_orphan_that_is_needed_again_stays);

const MARIA: &str = "groups/a/members/m01";
const NOBODY: &str = "groups/a/members/tidak-jadi";

async fn vault(server: &Server) -> Vault {
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
