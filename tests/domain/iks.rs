//! The solidarity fund: the group's own rule, dues, relief asked for or told of, and the share of
//! the result (catalogue events 15 to 17).

use simpul::domain::cash::{MoveFunds, Place};
use simpul::domain::day::Day;
use simpul::domain::dues::day_name;
use simpul::domain::iks::{Payer, ReceiveDues};
use simpul::domain::iks_rule::{SetIksRule, period_of, share_of_result};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    DuesPeriod, Fund, IksRule, ReliefCap, ReliefKind, SheetLine, SheetLineKind,
};
use simpul::domain::record::{Effect, Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{RecordMeeting, meeting_name};
use simpul::domain::relief::{Case, PayRelief};
use simpul::domain::result_share::{Share, ShareResult};
use simpul::domain::reversal::Reverse;
use simpul::domain::sheet::RecordSheet;
use simpul::domain::state::{Key, Lookup, Value};

use crate::village::{Village, day, entries, flags, id, k, kube};

fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    village.party(kube("a"), "toko");
    village
}

/// Yearly dues of 50, a tenth of the result, relief up to 40 after a misfortune with the consent
/// of six.
fn rule(since: &str) -> IksRule {
    IksRule {
        since: day(since).get(),
        period: DuesPeriod::Yearly as i32,
        dues: k(50).get(),
        result_share: "10".to_owned(),
        caps: vec![ReliefCap { kind: ReliefKind::Musibah as i32, cap: k(40).get() }],
        quorum: 6,
        minute: "BA-1/contoh".to_owned(),
    }
}

fn set(since: &str) -> SetIksRule {
    SetIksRule { group: id("a"), rule: rule(since) }
}

fn dues(payer: Payer, amount: Sen) -> ReceiveDues {
    ReceiveDues { group: id("a"), payer, amount, place: Place::Cash, for_day: None }
}

fn relief(amount: Sen, case: Case) -> PayRelief {
    PayRelief { group: id("a"), member: id("m03"), amount, place: Place::Cash, case }
}

fn asked(consents: u32) -> Case {
    Case { asked: true, kind: Some(ReliefKind::Musibah), consents, ..Case::default() }
}

/// What a member has paid for a day.
fn paid_for(village: &Village, member: &str, on: Day) -> Sen {
    let Some(Value::Row(Some(row))) = village.state.get(&Key::Row(day_name(&id("a"), on))) else {
        return Sen::ZERO;
    };
    let Row::DuesDay(day) = row.as_ref() else { panic!("{row:?}") };
    let paid = day.paid.iter().find(|paid| paid.member == member);
    Sen::new(paid.map_or(0, |paid| paid.amount))
}

fn detail(refusal: &simpul::domain::refusal::Refusal, key: &str) -> String {
    let found = refusal.details.iter().find(|(name, _)| name == key);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn event_15_dues_and_donations() {
    let mut v = village();
    let paid = v.ok_on(dues(Payer::Member(id("m02")), k(5)), Some("2025-03-01"));
    assert_eq!(entries(&paid), ["a.iks Kas D 5", "a.iks Dana IKS K 5"]);
    assert_eq!(paid.entries[0].party, "groups/a/members/m02");
    let donated = v.ok(dues(Payer::Party(id("toko")), k(7)));
    assert_eq!(entries(&donated), ["a.iks Kas D 7", "a.iks Dana IKS K 7"]);
    assert_eq!(donated.entries[0].party, "groups/a/parties/toko");
    assert!(donated.rows.is_empty(), "a donation is nobody's dues");
}

#[test]
fn event_16_a_share_of_the_result_stands_between_the_funds_until_it_is_settled() {
    let mut v = village();
    let share = |from, share, settled| ShareResult { group: id("a"), from, share, settled };
    let owed = v.ok(share(Fund::Uep, Share::Amount(k(140)), None));
    assert_eq!(
        entries(&owed),
        [
            "a.uep SHU D 140",
            "a.uep Antar Dana [iks] K 140",
            "a.iks Antar Dana [uep] D 140",
            "a.iks Dana IKS K 140",
        ]
    );
    v.ok(MoveFunds {
        entity: kube("a"),
        from: Fund::Uep,
        to: Fund::Iks,
        place: Place::Cash,
        amount: k(140),
    });
    assert_eq!(v.held("a.uep.1901.iks"), Sen::ZERO);
    assert_eq!((v.held("a.iks.1901.uep"), v.held("a.iks.1101")), (Sen::ZERO, k(140)));

    let no_rule = v.refused(share(Fund::SimpanPinjam, Share::OfResult(k(100)), None));
    assert_eq!(no_rule.reason, Reason::RuleNotSet);
    v.ok(set("2025-01-01"));
    let by_rule = share(Fund::SimpanPinjam, Share::OfResult(k(100)), Some(Place::Cash));
    assert_eq!(
        entries(&v.ok(by_rule)),
        [
            "a.sp SHU D 10",
            "a.sp Antar Dana [iks] K 10",
            "a.iks Antar Dana [sp] D 10",
            "a.iks Dana IKS K 10",
            "a.sp Antar Dana [iks] D 10",
            "a.sp Kas K 10",
            "a.iks Kas D 10",
            "a.iks Antar Dana [sp] K 10",
        ]
    );
    let guliran = v.refused(share(Fund::Guliran, Share::Amount(k(1)), None));
    assert_eq!(guliran.reason, Reason::FundNotAllowed);
    let third = IksRule { result_share: "33.3333".to_owned(), ..rule("2025-01-01") };
    let sen = |result| share_of_result(&third, Sen::new(result)).expect("fits").get();
    assert_eq!((sen(1), sen(2), sen(150)), (0, 1, 50));
}

#[test]
fn event_17_relief_told_of_is_recorded_and_flagged_where_the_rule_says_otherwise() {
    let mut v = village();
    v.ok(dues(Payer::Member(id("m02")), k(500)));
    let told = |kind, consents| Case { kind, consents, ..Case::default() };
    let without_rule = v.ok(relief(k(8), told(Some(ReliefKind::Sakit), 9)));
    assert_eq!(entries(&without_rule), ["a.iks Dana IKS D 8", "a.iks Kas K 8"]);
    assert_eq!(flags(&without_rule), [Reason::RuleNotSet]);
    v.ok(set("2025-01-01"));
    let fire = Some(ReliefKind::Musibah);
    assert_eq!(flags(&v.ok(relief(k(40), told(fire, 6)))), []);
    let both = v.ok(relief(k(41), told(fire, 5)));
    assert_eq!(entries(&both), ["a.iks Dana IKS D 41", "a.iks Kas K 41"]);
    assert_eq!(flags(&both), [Reason::ReliefAboveCap, Reason::QuorumNotMet]);
    let sick = v.ok(relief(k(1), told(Some(ReliefKind::Sakit), 6)));
    assert_eq!(flags(&sick), [Reason::ReliefNotCovered]);
    // Where the kind was not said, the highest cap counts.
    assert_eq!(flags(&v.ok(relief(k(40), told(None, 6)))), []);
    assert_eq!(flags(&v.ok(relief(k(41), told(None, 6)))), [Reason::ReliefAboveCap]);
}

#[test]
fn relief_asked_for_keeps_to_rule_cap_and_quorum() {
    let mut v = village();
    v.ok(dues(Payer::Member(id("m02")), k(50)));
    assert_eq!(v.refused(relief(k(40), asked(10))).reason, Reason::RuleNotSet);
    v.ok(set("2025-01-01"));
    let above = v.refused(relief(k(60), asked(10)));
    assert_eq!(above.reason, Reason::ReliefAboveCap);
    assert_eq!((detail(&above, "cap"), detail(&above, "asked")), (k40(), "6000000".to_owned()));
    let few = v.refused(relief(k(40), asked(5)));
    assert_eq!(few.reason, Reason::QuorumNotMet);
    assert_eq!((detail(&few, "quorum"), detail(&few, "count")), ("6".into(), "5".into()));
    let sick = Case { kind: Some(ReliefKind::Sakit), ..asked(10) };
    assert_eq!(v.refused(relief(k(1), sick)).reason, Reason::ReliefNotCovered);
    let paid = v.ok(relief(k(40), asked(6)));
    assert_eq!(entries(&paid), ["a.iks Dana IKS D 40", "a.iks Kas K 40"]);
    assert_eq!((v.held("a.iks.1101"), v.held("a.iks.3201")), (k(10), k(10)));
    // Within the cap, but more than the fund holds.
    let empty = v.refused(relief(k(11), asked(6)));
    assert_eq!((empty.reason, detail(&empty, "held")), (Reason::Floor, "1000000".to_owned()));
}

fn k40() -> String {
    k(40).get().to_string()
}

#[test]
fn those_at_the_meeting_consent() {
    let mut v = village();
    v.ok(set("2025-01-01"));
    v.ok(dues(Payer::Member(id("m02")), k(50)));
    let meet = |meeting: &str, count: usize| RecordMeeting {
        group: id("a"),
        meeting: id(meeting),
        attendees: (1..=count).map(|number| id(&format!("m{number:02}"))).collect(),
        guests: 3,
        agenda: Vec::new(),
        decisions: Vec::new(),
    };
    v.ok(meet("kecil", 5));
    v.ok(meet("besar", 7));
    let at =
        |meeting: &str| Case { meeting: Some(meeting_name(&id("a"), &id(meeting))), ..asked(0) };
    assert_eq!(v.refused(relief(k(40), at("kecil"))).reason, Reason::QuorumNotMet);
    let paid = v.ok(relief(k(40), at("besar")));
    assert_eq!(only_relief(&paid).consents, 7);
}

fn only_relief(effect: &Effect) -> &simpul::domain::record::proto::Relief {
    let found = effect.rows.iter().find_map(|(_, row)| match row {
        Row::Relief(relief) => Some(relief),
        _ => None,
    });
    found.expect("a row of relief")
}

#[test]
fn rules_follow_one_another_and_only_what_has_not_begun_gives_way() {
    let mut v = village();
    v.ok_on(set("2025-02-01"), Some("2025-02-20"));
    let last = v.refused(set("2025-02-01"));
    assert_eq!(last.reason, Reason::NotAfterLast);
    let since = |effect: &Effect| match &effect.rows[..] {
        [(_, Row::IksRules(rules))] => {
            rules.rules.iter().map(|rule| Day::new(rule.since).to_string()).collect::<Vec<_>>()
        }
        rows => panic!("{rows:?}"),
    };
    v.ok(set("2025-07-01"));
    v.ok(set("2026-01-01"));
    // The business day is still in February: neither of the two has begun.
    assert_eq!(since(&v.ok(set("2025-05-01"))), ["2025-02-01", "2025-05-01"]);
    // On the day a rule begins, it holds.
    v.ok(dues(Payer::Member(id("m02")), k(50)));
    let large = SetIksRule {
        group: id("a"),
        rule: IksRule { quorum: 0, caps: vec![], ..rule("2025-06-01") },
    };
    v.ok(large);
    let ask = v.command(relief(k(40), asked(6)), Some("2025-05-31"));
    assert!(matches!(v.run(&ask).outcome, Outcome::Done(_)));
    let ask = v.command(relief(k(1), asked(6)), Some("2025-06-01"));
    let Outcome::Refused(refusal) = v.run(&ask).outcome else {
        panic!("the rule of June relieves nothing");
    };
    assert_eq!(refusal.reason, Reason::ReliefNotCovered);
}

#[test]
fn dues_count_for_their_day_and_are_taken_back_with_their_entries() {
    let mut v = village();
    let arrears =
        ReceiveDues { for_day: Some(day("2024-12-31")), ..dues(Payer::Member(id("m01")), k(20)) };
    v.ok_on(arrears, Some("2025-02-01"));
    let late = v.last_request();
    assert_eq!(paid_for(&v, "m01", day("2024-12-31")), k(20));
    assert_eq!(paid_for(&v, "m01", day("2025-02-01")), Sen::ZERO);
    v.ok(Reverse { transaction: late, line: 0 });
    assert_eq!(paid_for(&v, "m01", day("2024-12-31")), Sen::ZERO);

    let line = |member: &str| SheetLine {
        kind: SheetLineKind::IksDues as i32,
        member: member.to_owned(),
        amount: k(5).get(),
        ..SheetLine::default()
    };
    let sheet = RecordSheet {
        group: id("a"),
        number: "1".to_owned(),
        lines: vec![line("m01"), line("m02"), line("siapa"), line("m01")],
        opening_cash: Sen::ZERO,
        closing_cash: k(20),
        meeting: String::new(),
    };
    let on = day("2025-03-10");
    let effect = v.ok_on(sheet, Some("2025-03-10"));
    assert!(flags(&effect).contains(&Reason::InSuspense), "nobody knows `siapa`");
    assert_eq!((paid_for(&v, "m01", on), paid_for(&v, "m02", on)), (k(10), k(5)));
    assert_eq!(paid_for(&v, "siapa", on), Sen::ZERO);
    let sheet = v.last_request();
    v.ok(Reverse { transaction: sheet.clone(), line: 4 });
    assert_eq!((paid_for(&v, "m01", on), paid_for(&v, "m02", on)), (k(5), k(5)));
    v.ok(Reverse { transaction: sheet, line: 0 });
    assert_eq!((paid_for(&v, "m01", on), paid_for(&v, "m02", on)), (Sen::ZERO, Sen::ZERO));
    assert_eq!(v.held("a.iks.3201"), Sen::ZERO);
}

#[test]
fn relief_that_is_taken_back_is_marked_so() {
    let mut v = village();
    v.ok(dues(Payer::Member(id("m02")), k(50)));
    v.ok(relief(k(8), Case::default()));
    let transaction = v.last_request();
    let effect = v.ok(Reverse { transaction, line: 0 });
    assert!(only_relief(&effect).reversed);
    assert_eq!(v.held("a.iks.3201"), k(50));
}

#[test]
fn relief_to_nobody_known_waits_in_suspense_when_told_and_is_refused_when_asked() {
    let mut v = village();
    v.ok(set("2025-01-01"));
    v.ok(dues(Payer::Member(id("m02")), k(50)));
    let to = |case| PayRelief { member: id("siapa"), ..relief(k(8), case) };
    let told = v.ok(to(Case::default()));
    assert_eq!(flags(&told), [Reason::InSuspense]);
    assert_eq!(v.held("a.iks.3201"), k(50));
    assert_eq!(v.refused(to(asked(6))).reason, Reason::NotFound);
}

#[test]
fn periods_are_calendar_years_months_and_meetings() {
    let span = |period| period_of(period, day("2024-02-10"));
    assert_eq!(span(DuesPeriod::Yearly), (day("2024-01-01"), day("2024-12-31")));
    assert_eq!(span(DuesPeriod::Monthly), (day("2024-02-01"), day("2024-02-29")));
    assert_eq!(span(DuesPeriod::PerMeeting), (day("2024-02-10"), day("2024-02-10")));
}
