//! Erasing people: who may not be yet, and what the journal keeps of it.

use simpul::domain::cash::Place;
use simpul::domain::day::Day;
use simpul::domain::dissolution::Dissolve;
use simpul::domain::id::RowName;
use simpul::domain::person::{EraseMember, SetRetention, erasure_name};
use simpul::domain::record::Row;
use simpul::domain::record::proto::{ErasureCause, Retention};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{EndMembership, UpdateMember};

use crate::village::{Village, day, id, kube};

fn erase(member: &str) -> EraseMember {
    EraseMember { entity: kube("a"), member: id(member), cause: ErasureCause::Asked, held: None }
}

fn keep(village: &mut Village, since: &str, years: u32) {
    let minute = "BA-7/contoh".to_owned();
    village.ok(SetRetention { version: Retention { since: day(since).get(), years, minute } });
}

/// Group a, whose m02 left in March 2025; it is 2029 now.
fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    let left_on = day("2025-03-01");
    village.ok(EndMembership { entity: kube("a"), member: id("m02"), left_on });
    village.today = day("2029-06-30");
    village
}

#[test]
fn nobody_is_erased_who_is_here_or_left_too_recently() {
    let mut village = village();
    assert_eq!(village.refused(erase("m01")).reason, Reason::StillMember);
    assert_eq!(village.refused(erase("m99")).reason, Reason::NotFound);
    assert_eq!(village.refused(erase("m02")).reason, Reason::RetentionNotSet);
    keep(&mut village, "2025-01-01", 4);
    let refused = village.refused(erase("m02"));
    assert_eq!(refused.reason, Reason::RetentionNotOver);
    assert!(refused.details.contains(&("date".to_owned(), "2029-12-31".to_owned())));

    // From July on three years will do, which end in 2028; the decision in force counts.
    keep(&mut village, "2029-07-01", 3);
    assert_eq!(village.refused(erase("m02")).reason, Reason::RetentionNotOver);
    village.today = day("2029-07-01");
    village.ok(erase("m02"));
}

#[test]
fn the_journal_says_who_was_erased_and_why_and_takes_no_new_text() {
    let mut village = village();
    keep(&mut village, "2025-01-01", 3);
    let effect = village.ok(erase("m02"));
    let names: Vec<&RowName> = effect.rows.iter().map(|(name, _)| name).collect();
    let member = RowName::new("groups/a/members", "m02");
    assert_eq!(names, [&erasure_name(&kube("a"), &id("m02")), &member]);
    let Row::Erasure(erasure) = &effect.rows[0].1 else { panic!("{effect:?}") };
    assert_eq!(erasure.owner, "groups/a/members/m02");
    assert_eq!(
        (erasure.cause(), Day::new(erasure.erased_on)),
        (ErasureCause::Asked, village.today)
    );
    assert!(effect.entries.is_empty());

    assert_eq!(village.refused(erase("m02")).reason, Reason::MemberErased);
    let rename = UpdateMember {
        entity: kube("a"),
        member: id("m02"),
        name: Some(vec![1; 32]),
        nik: None,
        household: None,
        status: None,
    };
    assert_eq!(village.refused(rename).reason, Reason::MemberErased);
}

#[test]
fn money_and_claims_keep_a_person_known() {
    let mut village = village();
    keep(&mut village, "2025-01-01", 3);
    let held = Some(RowName::new("groups/a/loans", "p1"));
    let refused = village.refused(EraseMember { held, ..erase("m02") });
    assert_eq!(refused.reason, Reason::MemberHasClaim);
    assert!(refused.details.contains(&("name".to_owned(), "groups/a/loans/p1".to_owned())));
}

#[test]
fn with_a_group_that_is_no_more_all_of_its_members_left() {
    let mut village = village();
    keep(&mut village, "2025-01-01", 3);
    let (shares, accounts) = (Vec::new(), Vec::new());
    let minute = "BA-9/contoh".to_owned();
    village.ok(Dissolve { group: id("a"), place: Place::Cash, accounts, shares, minute });
    village.ok(erase("m01"));
}

/// Every field of the journal's messages that names a member. Whoever adds one adds here what
/// [`About`](simpul::domain::person::About) makes of it, so that nothing is missing from an export of
/// all that is held on somebody.
const NAMES_A_MEMBER: [&str; 19] = [
    // The role of a user: cut to those about the member.
    "Assignment.member",
    // Parties of entries and subjects of accounts, in About::entry.
    "Entry.party",
    // Whose text it was: the row of the erasure itself.
    "Erasure.owner",
    // Lists, cut to the member's own lines.
    "DuesPaid.member",
    "LkmOfficers.members",
    "LoanClaim.payer",
    "Meeting.attendees",
    "Officer.member",
    "SheetLine.member",
    // Rows about one member.
    "Block.saver",
    "Keeping.keeper",
    "Loan.borrower",
    "Relief.member",
    "ReliefCase.member",
    "Syirkah.partner",
    "TermDeposit.member",
    // A group's, and a third party's.
    "GuliranLoan.borrower",
    "OutsideLoan.party",
    "Settlement.heir_party",
];

#[test]
fn every_field_that_names_a_member_was_looked_at() {
    let proto = include_str!("../../proto/simpul/record/v1/record.proto");
    let words =
        ["member", "attendee", "payer", "keeper", "borrower", "partner", "party", "owner", "saver"];
    let (mut message, mut found) = ("", Vec::new());
    for line in proto.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("message ") {
            message = rest.split(' ').next().expect("a name");
        }
        let line = line.strip_prefix("repeated ").unwrap_or(line);
        let Some(field) = line.strip_prefix("string ") else { continue };
        let field = field.split(' ').next().expect("a name");
        if words.iter().any(|word| field.contains(word)) {
            found.push(format!("{message}.{field}"));
        }
    }
    found.sort();
    let mut known = NAMES_A_MEMBER.map(str::to_owned);
    known.sort();
    assert_eq!(found, known);
}
