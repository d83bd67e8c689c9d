//! Signed notes, checkpoints and receipts against Cloudflare's `signed_note` and `tlog_tiles`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use signed_note::{StandardVerifier, Verifier, VerifierList};
use simpul::chain::checkpoint::{Checkpoint, ProofError, Receipt};
use simpul::chain::note::{Cosigner, CosignerKey, Note, NoteError, PublicKey, SecretKey};
use simpul::chain::proof::Plan;
use simpul::chain::{Frontier, Hash, leaf_hash, qr};

fn key(seed: u8) -> SecretKey {
    SecretKey::new("contoh.example/books/kupang", &[seed; 32]).unwrap()
}

fn theirs(key: &PublicKey) -> Box<dyn Verifier> {
    Box::new(StandardVerifier::new(&key.to_string()).expect("they read our key"))
}

#[test]
fn the_example_of_the_format_is_accepted() {
    // From the documentation of golang.org/x/mod/sumdb/note.
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let note = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key = PublicKey::parse(key).unwrap();
    let note = Note::parse(note).unwrap();
    assert_eq!(note.verify(&key), Ok(()));
    assert!(note.text().starts_with("If you think cryptography"));
}

#[test]
fn their_verifier_accepts_our_checkpoints_and_both_refuse_altered_ones() {
    let (key, other) = (key(1), key(2));
    let note = Checkpoint::sign(42, &[9; 32], &key).unwrap();
    let text = note.to_string();
    let parsed = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
    let accepts = |note: &signed_note::Note, key: &PublicKey| {
        note.verify(&VerifierList::new(vec![theirs(key)])).is_ok()
    };
    assert!(accepts(&parsed, key.public()));
    assert!(!accepts(&parsed, other.public()));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(parsed.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), (key.public().name(), 42));
    assert_eq!(checkpoint.hash().0, [9; 32]);

    let ours = Checkpoint::open(&Note::parse(&text).unwrap(), key.public()).unwrap();
    assert_eq!((ours.size, ours.root), (42, [9; 32]));
    assert_eq!(note.verify(other.public()), Err(NoteError::NotSigned));
    for (at, _) in text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        let altered = String::from_utf8(bytes).unwrap();
        let opened = Note::parse(&altered).map(|note| Checkpoint::open(&note, key.public()));
        assert!(!matches!(opened, Ok(Ok(_))), "byte {at}: {altered}");
    }
}

#[test]
fn we_accept_their_signatures_and_a_second_key_signs_beside_the_first() {
    let (key, auditor) = (key(3), SecretKey::new("auditor.example", &[4; 32]).unwrap());
    let mut note = Checkpoint::sign(7, &[1; 32], &key).unwrap();
    note.sign(&auditor);
    let read = Note::parse(&note.to_string()).unwrap();
    assert_eq!((read.verify(key.public()), read.verify(auditor.public())), (Ok(()), Ok(())));

    let signer = signed_note::StandardSigner::new(&auditor.reveal()).expect("they read it");
    let mut theirs = signed_note::Note::new(read.text().as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    let read = Note::parse(&String::from_utf8(theirs.to_bytes()).unwrap()).unwrap();
    assert_eq!(read.verify(auditor.public()), Ok(()));
    assert_eq!(read.verify(key.public()), Err(NoteError::NotSigned));
}

#[test]
fn keys_are_read_as_written_and_never_shown_unasked() {
    let key = key(5);
    let again = SecretKey::parse(&key.reveal()).unwrap();
    assert_eq!(again.public(), key.public());
    assert_eq!(PublicKey::parse(&key.public().to_string()).as_ref(), Ok(key.public()));
    assert!(!format!("{key:?}").contains("PRIVATE"));
    let wrong = key.public().to_string().replace("kupang", "ende");
    assert_eq!(PublicKey::parse(&wrong), Err(NoteError::BadKey), "the hash covers the name");
    for name in ["", "two words", "a+b", "a\nb"] {
        assert!(SecretKey::new(name, &[0; 32]).is_err(), "{name:?}");
    }
}

/// A receipt of the second of three records.
fn receipt(key: &SecretKey) -> Receipt {
    let records: [&[u8]; 3] = [b"satu", b"dua", b"tiga"];
    let mut frontier = Frontier::default();
    let hashes: Vec<Vec<Hash>> =
        records.iter().map(|bytes| frontier.append(leaf_hash(bytes))).collect();
    let plan = Plan::inclusion(1, 3).unwrap();
    let read = |node: &simpul::chain::proof::Node| {
        hashes[node.position() as usize - 1][node.level as usize]
    };
    let nodes: Vec<Hash> = plan.nodes().map(read).collect();
    Receipt {
        position: 2,
        record: records[1].to_vec(),
        proof: plan.prove(&nodes).unwrap(),
        checkpoint: Checkpoint::sign(3, &frontier.root(), key).unwrap(),
    }
}

#[test]
fn a_receipt_proves_its_record_with_the_public_key_alone() {
    let key = key(6);
    let receipt = Receipt::parse(&receipt(&key).to_string()).unwrap();
    assert_eq!(receipt.verify(key.public()).map(|checkpoint| checkpoint.size), Ok(3));
    let other = Receipt { record: b"duo".to_vec(), ..receipt.clone() };
    assert_eq!(other.verify(key.public()), Err(ProofError::NotIncluded));
    let elsewhere = Receipt { position: 1, ..receipt.clone() };
    assert_eq!(elsewhere.verify(key.public()), Err(ProofError::NotIncluded));
    let nowhere = Receipt { position: 0, ..receipt.clone() };
    assert_eq!(nowhere.verify(key.public()), Err(ProofError::NotIncluded));
    let stranger = SecretKey::new(key.public().name(), &[7; 32]).unwrap();
    let signed = ProofError::Note(NoteError::NotSigned);
    assert_eq!(receipt.verify(stranger.public()), Err(signed));
    // A key may sign what it likes, but not in another book's name.
    let other_log = SecretKey::new("contoh.example/books/ende", &[6; 32]).unwrap();
    let mut note = Note::new(receipt.checkpoint.text().to_owned()).unwrap();
    note.sign(&other_log);
    let forged = Receipt { checkpoint: note, ..receipt };
    assert_eq!(forged.verify(other_log.public()), Err(ProofError::OtherLog));
}

/// Texts that differ from one in one bit, and are text still.
fn changed(text: &str) -> impl Iterator<Item = (usize, String)> {
    (0..text.len() * 8).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        Some((bit, String::from_utf8(bytes).ok()?))
    })
}

#[test]
fn no_bit_of_a_checkpoint_or_of_a_receipt_can_be_changed() {
    let key = key(8);
    let note = Checkpoint::sign(42, &[9; 32], &key).unwrap().to_string();
    let opens = |text: &str| {
        let note = Note::parse(text).map_err(ProofError::from);
        note.and_then(|note| Checkpoint::open(&note, key.public())).is_ok()
    };
    assert!(opens(&note));
    for (bit, other) in changed(&note) {
        assert!(!opens(&other), "bit {bit}: {other:?}");
    }
    let proves =
        |text: &str| Receipt::parse(text).and_then(|receipt| receipt.verify(key.public())).is_ok();
    let small = receipt(&key);
    for text in [small.to_string(), qr::texts(&small).expect("it fits").concat()] {
        assert!(proves(&text));
        for (bit, other) in changed(&text) {
            assert!(!proves(&other), "bit {bit}: {other:?}");
        }
    }
}

/// As RFC 9285 writes it: by hand, with nothing of ours but the text.
#[test]
fn a_receipt_goes_through_the_text_of_qr_codes_and_no_other_text_gives_it() {
    let key = key(6);
    let small = receipt(&key);
    let texts = qr::texts(&small).expect("it fits");
    assert_eq!(texts.len(), 1);
    let text = &texts[0];
    let allowed = |c: char| "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(c);
    assert!(text.starts_with("SIMPUL1:1/1:") && text.chars().all(allowed), "{text}");
    let read = Receipt::parse(text).expect("a receipt");
    assert_eq!(read, small);
    assert_eq!(read.verify(key.public()).map(|checkpoint| checkpoint.size), Ok(3));
    for at in 0..text.len() {
        for other in "09AZ $:".chars().filter(|c| *c != char::from(text.as_bytes()[at])) {
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other.to_string());
            let verified = Receipt::parse(&changed).map(|receipt| receipt.verify(key.public()));
            assert!(!matches!(verified, Ok(Ok(_))), "{at}: {changed}");
        }
    }
    // A larger one goes into several, in any order, all of them needed and none of another.
    let large = large_receipt(&key, 2_000, 0);
    let texts = qr::texts(&large).expect("it fits");
    assert_eq!(texts.len(), 3);
    let backwards: Vec<&str> = texts.iter().rev().map(String::as_str).collect();
    assert_eq!(Receipt::parse(&backwards.join("\n")), Ok(large));
    assert_eq!(Receipt::parse(&texts[..2].join("\n")), Err(ProofError::NotReceipt));
    let others = qr::texts(&large_receipt(&key, 2_000, 1)).expect("it fits");
    let mixed = [&texts[0], &others[1], &texts[2]].map(String::as_str).join("\n");
    let mixed = Receipt::parse(&mixed).map(|receipt| receipt.verify(key.public()));
    assert!(!matches!(mixed, Ok(Ok(_))));
    // What is larger than paper stays a file; so does what two keys have signed.
    assert_eq!(qr::texts(&large_receipt(&key, 8_000, 0)), None);
    let mut twice = small;
    twice.checkpoint.sign(&SecretKey::new("auditor.example", &[4; 32]).unwrap());
    assert_eq!(qr::texts(&twice), None);
}

/// A receipt of the only record, of so many bytes, other ones for each seed.
fn large_receipt(key: &SecretKey, size: usize, seed: usize) -> Receipt {
    let record: Vec<u8> = (0..size).map(|at| ((at + seed) * 7 % 251) as u8).collect();
    let checkpoint = Checkpoint::sign(1, &leaf_hash(&record), key).unwrap();
    Receipt { position: 1, record, proof: Vec::new(), checkpoint }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_written_alike(
        text in prop_oneof![
            "\\PC*",
            "c2sp.org/tlog-proof@v1\nextra [a-zA-Z0-9+/=]{0,9}\nindex [0-9]{1,25}\n\n\\PC*",
            "[a-z]{1,3}\n[0-9]{1,3}\n[a-zA-Z0-9+/]{43}=\n\n\u{2014} [a-z]{1,3} [a-zA-Z0-9+/]{12}\n",
        ],
    ) {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text.clone());
            prop_assert!(Checkpoint::open(&note, key(1).public()).is_err());
        }
        if let Ok(receipt) = Receipt::parse(&text) {
            prop_assert!(receipt.verify(key(1).public()).is_err());
        }
        prop_assert!(PublicKey::parse(&text).is_err() && SecretKey::parse(&text).is_err());
    }

    #[test]
    fn a_receipt_with_any_byte_changed_proves_nothing(at in any::<prop::sample::Index>(), bit in 0u32..7) {
        let key = key(8);
        let text = receipt(&key).to_string();
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let altered = String::from_utf8(bytes).ok().and_then(|text| Receipt::parse(&text).ok());
        let verified = altered.map(|receipt| receipt.verify(key.public()));
        prop_assert!(!matches!(verified, Some(Ok(_))), "byte {}", at);
    }
}

/// As C2SP tlog-cosignature writes it: the key's id, the time, and a signature over both.
#[test]
fn a_second_key_signs_beside_the_book_with_the_time() {
    const TIME: u64 = 1_700_000_000;
    let (book, cosigner) = (key(1), Cosigner::new("dinas.example", &[5; 32]).unwrap());
    let public = cosigner.public();
    let mut note = Checkpoint::sign(42, &[9; 32], &book).unwrap();
    assert_eq!(note.cosigned(&public), Err(NoteError::NotSigned));
    note.cosign(&cosigner, TIME);
    let text = note.to_string();
    let read = Note::parse(&text).unwrap();
    assert_eq!(read.cosigned(&public), Ok(TIME));
    assert_eq!(Checkpoint::open(&read, book.public()).unwrap().size, 42);
    let theirs_too = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
    assert!(theirs_too.verify(&VerifierList::new(vec![theirs(book.public())])).is_ok());

    // By hand, with nothing of ours but the text.
    let line = text.lines().last().unwrap().strip_prefix("\u{2014} dinas.example ").unwrap();
    let bytes = STANDARD.decode(line).unwrap();
    let by_hand = ed25519_dalek::SigningKey::from_bytes(&[5; 32]).verifying_key();
    let id = Sha256::new().chain_update(b"dinas.example\n\x04").chain_update(by_hand.as_bytes());
    assert_eq!(bytes[..4], id.finalize()[..4]);
    assert_eq!(bytes[4..12], TIME.to_be_bytes());
    let signature = ed25519_dalek::Signature::from_slice(&bytes[12..]).unwrap();
    let message = format!("cosignature/v1\ntime {TIME}\n{}", note.text());
    by_hand.verify_strict(message.as_bytes(), &signature).unwrap();

    // Neither sort of key passes for the other.
    let written = public.to_string();
    assert_eq!(CosignerKey::parse(&written), Ok(public.clone()));
    assert_eq!(PublicKey::parse(&written), Err(NoteError::BadKey));
    assert_eq!(CosignerKey::parse(&book.public().to_string()), Err(NoteError::BadKey));
    assert!(SecretKey::parse(&cosigner.reveal()).is_err());
    assert_eq!(Cosigner::parse(&cosigner.reveal()).unwrap().public(), public);
    let other = Cosigner::new("dinas.example", &[6; 32]).unwrap().public();
    assert_eq!(read.cosigned(&other), Err(NoteError::NotSigned));
    // Any bit of the time, the signature or the checkpoint.
    for bit in 32..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let text = text.replace(line, &STANDARD.encode(changed));
        assert_eq!(Note::parse(&text).unwrap().cosigned(&public), Err(NoteError::NotSigned));
    }
    let larger = Note::parse(&text.replacen("42", "43", 1)).unwrap();
    assert_eq!(larger.cosigned(&public), Err(NoteError::NotSigned));
    note.cosign(&cosigner, TIME + 60);
    assert_eq!(note.cosigned(&public), Ok(TIME + 60));
}
