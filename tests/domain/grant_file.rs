//! One grant as an inspector reads it, to the letter, and the records it is made of.

use simpul::domain::decide::Action;
use simpul::domain::guliran::Receiver;
use simpul::domain::record::proto::{Evidence, EvidenceKind};
use simpul::domain::refusal::Language;
use simpul::domain::uep::{Channel, Papers, ReceiveGrant};
use simpul::report::grant_file::GrantFile;

use crate::guliran::{decide, deliver, receive};
use crate::village::{Village, id, k};

/// What an action does, with the number of the paper behind it.
fn on_paper(v: &mut Village, action: impl Action + 'static, on: &str, paper: &str) {
    let mut command = v.command(action, Some(on));
    let kind = EvidenceKind::Minute as i32;
    command.evidence = Some(Evidence { kind, number: paper.to_owned() });
    v.run(&command);
}

fn file(v: &Village) -> GrantFile {
    let mut file = GrantFile::new(id("a"), id("apbn"));
    v.records.iter().for_each(|record| file.read(record.clone()));
    file
}

#[test]
fn a_grants_file_names_receivers_and_minutes() {
    let mut v = Village::new();
    for group in ["a", "b", "c"] {
        v.group(group);
    }
    let papers = Papers {
        programme: "APBN contoh".to_owned(),
        decree_number: "SK-1/contoh".to_owned(),
        ..Papers::default()
    };
    let got = ReceiveGrant { papers, ..receive("a", "apbn", Channel::Lkm(k(5_000))) };
    on_paper(&mut v, got, "2025-02-03", "BAST-1/contoh");
    on_paper(&mut v, receive("b", "lain", Channel::Lkm(k(900))), "2025-02-04", "BAST-2/contoh");
    on_paper(&mut v, decide("a", "apbn", 2_000), "2025-03-01", "BA-1/contoh");
    let to = Receiver::Group(id("b"), id("guliran-a"));
    on_paper(&mut v, deliver("a", "apbn", "ke-b", to, 600), "2025-03-02", "BA-2/contoh");
    on_paper(&mut v, deliver("a", "apbn", "ke-kolam", Receiver::Pool, 400), "2025-03-03", "BA-3");
    let file = file(&v);
    let text = file.text(Language::Indonesian).expect("a grant");
    assert_eq!(text, TEXT, "{text}");
    // The group's registration and the receiver's, none of a group that got nothing.
    let events: Vec<String> = file.records().iter().map(|one| format!("{:?}", one.event)).collect();
    let own = ["GrantReceived", "GuliranDecided", "GuliranDelivered", "GuliranDelivered"];
    assert_eq!(events, ["GroupCreated", "GroupCreated"].into_iter().chain(own).collect::<Vec<_>>());
    // Whoever holds these records makes the same text, whatever else they hold.
    let mut again = GrantFile::new(id("a"), id("apbn"));
    file.records().into_iter().for_each(|record| again.read(record.clone()));
    assert_eq!(again.text(Language::Indonesian).as_deref(), Some(TEXT));
    assert_eq!(again.records().len(), file.records().len());
}

const TEXT: &str = "";
