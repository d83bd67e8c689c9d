//! Groups that are dissolved (catalogue event 56) or move to another book, exact entries; what
//! sleeps, and what is gone.

use simpul::domain::account::{Account, Subject};
use simpul::domain::block::{BlockSavings, Unblock, blocked_name};
use simpul::domain::cash::Place;
use simpul::domain::chart::Code;
use simpul::domain::dissolution::{Dissolve, Heir};
use simpul::domain::dormancy::Savings;
use simpul::domain::draft::grant_name;
use simpul::domain::general::{OpenBalances, Opening};
use simpul::domain::id::{Entity, RowName};
use simpul::domain::money::Sen;
use simpul::domain::moving::{Come, Hear, Leave, Part, Thing};
use simpul::domain::record::Row;
use simpul::domain::record::proto::{BudgetSource, Fund, Standing, TransitState};
use simpul::domain::refusal::Reason;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::Deposit;
use simpul::domain::standing::ChangeStanding;
use simpul::domain::state::{Key, Lookup, Value};
use simpul::domain::surplus::Sharer;
use simpul::domain::uep::{Channel, Papers, ReceiveGrant};

use crate::village::{Village, day, entries, flags, id, k, kube};

fn open(village: &mut Village, fund: Fund, items: &[(Code, &str, i64)]) {
    let item = |(code, subject, thousands): &(Code, &str, i64)| {
        Opening::Account(*code, Subject::parse(subject).expect("a subject"), k(*thousands))
    };
    let ledger = simpul::domain::account::Ledger::new(kube("a"), fund);
    village.ok(OpenBalances { ledger, items: items.iter().map(item).collect() });
}

fn accounts(names: &[&str]) -> Vec<Account> {
    names.iter().map(|name| Account::parse(name).expect("an account")).collect()
}

/// What leaves with accounts, each once.
fn things(names: &[&str]) -> Vec<Thing> {
    let mut things: Vec<Thing> = accounts(names).iter().map(Thing::of).collect();
    things.retain(|thing| !matches!(thing, Thing::Account(one) if one.code == Code::OpeningEquity));
    things
}

/// Group a with money in three funds, one of which lacks what it owes.
fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    village.party(kube("a"), "toko");
    village.party(kube("a"), "desa");
    let uep =
        [(Code::Cash, "", 100), (Code::TradePayable, "toko", 30), (Code::OwnCapital, "m02", 20)];
    open(&mut village, Fund::Uep, &uep);
    open(
        &mut village,
        Fund::SimpanPinjam,
        &[(Code::Cash, "", 20), (Code::MemberSavings, "m01", 60)],
    );
    open(&mut village, Fund::Iks, &[(Code::Cash, "", 10), (Code::SolidarityFund, "", 10)]);
    village
}

const HELD: [&str; 9] = [
    "a.iks.1101",
    "a.iks.3201",
    "a.sp.1101",
    "a.sp.2103.m01",
    "a.sp.3301",
    "a.uep.1101",
    "a.uep.2101.toko",
    "a.uep.3104.m02",
    "a.uep.3301",
];

fn dissolve(shares: &[(Heir, i64)]) -> Dissolve {
    Dissolve {
        group: id("a"),
        place: Place::Cash,
        accounts: accounts(&HELD),
        shares: shares.iter().map(|(heir, share)| (heir.clone(), k(*share))).collect(),
        minute: "BA-9/contoh".to_owned(),
    }
}

fn shares() -> [(Heir, i64); 2] {
    [(Heir::Member(id("m01")), 15), (Heir::Party(id("desa")), 5)]
}

#[test]
fn event_56_a_dissolved_group_pays_its_debts_its_members_and_shares_the_rest() {
    let mut village = village();
    let less = village.refused(dissolve(&shares()[..1]));
    assert_eq!((less.reason, less.field.as_str()), (Reason::SharesDiffer, "shares"));
    let effect = village.ok_on(dissolve(&shares()), Some("2025-06-01"));
    assert_eq!(
        entries(&effect),
        [
            "a.uep Antar Dana [umum] D 50",
            "a.uep Kas K 50",
            "a.umum Kas D 50",
            "a.umum Antar Dana [uep] K 50",
            "a.iks Antar Dana [umum] D 10",
            "a.iks Kas K 10",
            "a.umum Kas D 10",
            "a.umum Antar Dana [iks] K 10",
            "a.umum Antar Dana [sp] D 40",
            "a.umum Kas K 40",
            "a.sp Kas D 40",
            "a.sp Antar Dana [umum] K 40",
            "a.sp Tabungan Anggota [m01] D 60",
            "a.sp Kas K 60",
            "a.uep Utang Usaha [toko] D 30",
            "a.uep Kas K 30",
            "a.uep Modal Swadaya [m02] D 20",
            "a.uep Kas K 20",
            "a.umum SHU D 15",
            "a.umum Kas K 15",
            "a.umum SHU D 5",
            "a.umum Kas K 5",
            "a.uep Antar Dana [umum] K 50",
            "a.uep Saldo Awal D 50",
            "a.sp Antar Dana [umum] D 40",
            "a.sp Saldo Awal K 40",
            "a.iks Antar Dana [umum] K 10",
            "a.iks Dana IKS D 10",
            "a.umum Antar Dana [iks] D 10",
            "a.umum Antar Dana [sp] K 40",
            "a.umum Antar Dana [uep] D 50",
            "a.umum SHU K 20",
        ]
    );
    let parties: Vec<_> = effect.entries[12..22].iter().map(|one| one.party.as_str()).collect();
    let expected = ["members/m01", "parties/toko", "members/m02", "members/m01", "parties/desa"];
    for (pair, expected) in parties.chunks(2).zip(expected) {
        assert!(pair.iter().all(|party| *party == format!("groups/a/{expected}")), "{pair:?}");
    }
    assert_eq!(village.balances().len(), 0, "{:?}", village.balances());

    // What is told of it later waits in suspense; what is asked is refused.
    let late = Deposit {
        entity: kube("a"),
        member: id("m01"),
        kind: simpul::domain::savings::Kind::Voluntary,
        amount: k(5),
        place: Place::Cash,
    };
    let effect = village.ok_on(late, Some("2025-06-02"));
    assert_eq!(flags(&effect), [Reason::InSuspense]);
    assert_eq!(village.held("a.sp.1101"), k(5));
    assert_eq!(village.refused(dissolve(&[])).reason, Reason::GroupDissolved);
}

#[test]
fn what_is_not_settled_keeps_a_group_from_being_dissolved() {
    let mut village = village();
    let dissolve = |accounts: &[&str]| Dissolve {
        accounts: self::accounts(accounts),
        ..self::dissolve(&shares())
    };
    let grant = ReceiveGrant {
        group: id("a"),
        grant: id("apbn"),
        source: BudgetSource::Apbn,
        papers: Papers::default(),
        restricted: false,
        channel: Channel::Bank(k(500)),
    };
    village.ok_on(grant, Some("2025-02-01"));
    let mut all: Vec<&str> = HELD.to_vec();
    all.extend(["a.uep.1104", "a.uep.3101.apbn"]);
    let held = village.refused(dissolve(&all));
    assert_eq!(held.reason, Reason::GrantAssetsHeld);
    let details = [("held", "50000000"), ("grants", "apbn")];
    assert_eq!(held.details, details.map(|(key, value)| (key.to_owned(), value.to_owned())));
    // What was not found is found by the totals.
    let unseen = village.refused(dissolve(&HELD));
    assert_eq!(unseen.reason, Reason::NotSettled);

    let mut village = self::village();
    open(&mut village, Fund::SimpanPinjam, &[(Code::Bank, "", 7)]);
    let mut all: Vec<&str> = HELD.to_vec();
    all.insert(3, "a.sp.1104");
    let bank = village.refused(dissolve(&all));
    assert_eq!((bank.reason, bank.details[0].1.as_str()), (Reason::NotSettled, "a.sp.1104"));
    let mut village = self::village();
    open(&mut village, Fund::SimpanPinjam, &[(Code::MemberSavings, "m03", 21)]);
    all.truncate(3);
    all.extend(["a.sp.2103.m01", "a.sp.2103.m03"]);
    all.extend(&HELD[4..]);
    let poor = village.refused(dissolve(&all));
    assert_eq!(poor.reason, Reason::DebtsExceedMoney);
    let details = [("held", "13000000"), ("asked", "13100000")];
    assert_eq!(poor.details, details.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn a_dissolution_can_be_reversed() {
    let mut village = village();
    let before = village.balances();
    village.ok_on(dissolve(&shares()), Some("2025-06-01"));
    let transaction = village.last_request();
    village.ok_on(Reverse { transaction, line: 0 }, Some("2025-06-01"));
    assert_eq!(village.balances(), before);
    let Some(Value::Row(Some(row))) = village.state.get(&Key::Row(RowName::group(&id("a")))) else {
        panic!("a group");
    };
    let Row::Group(row) = &**row else { panic!("a group") };
    assert_eq!((row.standings.len(), row.links[0].until), (0, 0));
}

#[test]
fn leaving_carries_everything_out_and_coming_brings_the_same_in() {
    let mut village = village();
    let grant = ReceiveGrant {
        group: id("a"),
        grant: id("apbn"),
        source: BudgetSource::Apbn,
        papers: Papers::default(),
        restricted: true,
        channel: Channel::Bank(k(500)),
    };
    village.ok_on(grant, Some("2025-02-01"));
    let mut all: Vec<&str> = HELD.to_vec();
    all.extend(["a.uep.1104", "a.uep.3102.apbn"]);
    let leave = Leave {
        group: id("a"),
        to: "books/soe/groups/x".to_owned(),
        staying: Vec::new(),
        later: None,
        things: things(&all),
        more: false,
        minute: "BA-8/contoh".to_owned(),
    };
    let before = village.balances();
    let effect = village.ok_on(leave.clone(), Some("2025-06-01"));
    assert_eq!(
        entries(&effect),
        [
            "a.uep Kas K 100",
            "a.uep Utang Usaha [toko] D 30",
            "a.uep Modal Swadaya [m02] D 20",
            "a.uep Bank K 500",
            "a.uep Hibah Terikat [apbn] D 500",
            "a.uep Saldo Awal D 50",
            "a.sp Kas K 20",
            "a.sp Tabungan Anggota [m01] D 60",
            "a.sp Saldo Awal K 40",
            "a.iks Kas K 10",
            "a.iks Dana IKS D 10",
        ]
    );
    assert_eq!(village.balances().len(), 0);
    let name = grant_name(&id("a"), &id("apbn"));
    let moved = effect.rows.iter().find(|(row, _)| *row == name).map(|(_, row)| row);
    assert!(matches!(moved, Some(Row::Grant(row)) if row.moved == k(500).get()));
    let left = village.last_request();
    assert_eq!(village.refused(leave).reason, Reason::GroupMoved);
    let early = village.refused(Reverse { transaction: left.clone(), line: 0 });
    assert_eq!(early.reason, Reason::ReversalBlocked);

    // The other book opens what was closed here.
    let mut there = Village::new();
    there.group("b");
    let carried = effect.entries.iter().filter(|entry| entry.account.code != Code::OpeningEquity);
    let balances = carried.map(|entry| {
        let mut account = entry.account.clone();
        account.ledger.entity = kube("x");
        (account, Sen::new(-entry.amount.get()))
    });
    let row = effect.rows.iter().find_map(|(_, row)| match row {
        Row::Group(row) => Some(row.clone()),
        _ => None,
    });
    let part = Part { last: true, balances: balances.collect(), ..Part::default() };
    let come = Come {
        group: id("x"),
        row: simpul::domain::record::proto::Group { standings: Vec::new(), ..row.expect("a row") },
        moved_on: day("2025-06-01").get(),
        minute: "BA-8/contoh".to_owned(),
        part,
    };
    there.ok_on(come.clone(), Some("2025-06-01"));
    let renamed = before.iter().map(|(name, sen)| (name.replacen("a.", "x.", 1), *sen));
    assert_eq!(there.balances(), renamed.collect());
    assert_eq!(there.refused(come).reason, Reason::AlreadyExists);

    // What was refused over there comes back.
    village.ok(Hear { group: id("a"), refused: Some(Reason::AlreadyExists) });
    village.ok_on(Reverse { transaction: left, line: 0 }, Some("2025-06-02"));
    assert_eq!(village.balances(), before);
    let key = Key::Row(simpul::domain::moving::move_name(&id("a")));
    let Some(Value::Row(Some(row))) = village.state.get(&key) else { panic!("a move") };
    assert!(matches!(&**row, Row::Move(row) if row.state() == TransitState::Reversed));
}

#[test]
fn a_sleeping_group_is_told_of_and_asks_for_no_money() {
    let mut village = Village::new();
    village.group("a");
    let change = |awake, since: &str| ChangeStanding {
        group: id("a"),
        awake,
        since: day(since),
        minute: "BA-3/contoh".to_owned(),
    };
    assert_eq!(village.refused(change(true, "2025-05-01")).reason, Reason::StandingHeld);
    let save = |deposit| simpul::domain::link::SaveAtLkm {
        group: id("a"),
        fund: Fund::SimpanPinjam,
        deposit,
        amount: k(10),
        kube_place: Place::Cash,
        lkm_place: Place::Bank,
    };
    village.ok_on(save(true), Some("2025-04-01"));
    let asleep = village.ok(change(false, "2025-05-01"));
    assert_eq!(asleep.entries, []);
    let refused = village.command(save(false), Some("2025-05-01"));
    let simpul::domain::record::Outcome::Refused(refused) = village.run(&refused).outcome else {
        panic!("a sleeping group drew money");
    };
    assert_eq!((refused.reason, refused.field.as_str()), (Reason::GroupAsleep, "group"));
    village.ok_on(save(true), Some("2025-05-02"));
    assert_eq!(village.refused(change(true, "2025-05-01")).reason, Reason::NotAfterLast);
    let awake = village.ok(change(true, "2025-05-03"));
    let Some(Row::Group(row)) = awake.rows.first().map(|(_, row)| row) else { panic!("a group") };
    let held: Vec<_> = row.standings.iter().map(|one| one.standing()).collect();
    assert_eq!(held, [Standing::Asleep, Standing::Active]);
    village.ok_on(save(false), Some("2025-05-03"));
}

/// What is blocked of a member's savings, in sen.
fn blocked(v: &Village, group: &str, member: &str) -> i64 {
    let savings = Savings { entity: kube(group), who: Sharer::Member(id(member)) };
    match v.row(&blocked_name(&savings)) {
        Some(Row::Blocked(row)) => row.amount,
        None => 0,
        other => panic!("{other:?}"),
    }
}

/// A block may stand on savings that hold nothing yet. It goes along all the same, and lifting it
/// there frees no more than it held.
#[test]
fn blocks_go_along_with_money_or_without() {
    let mut v = village();
    let member = |member: &str| Savings { entity: kube("a"), who: Sharer::Member(id(member)) };
    let block = |savings, block: &str, amount| BlockSavings {
        savings,
        block: id(block),
        amount,
        reason: Vec::new(),
    };
    v.ok(block(member("m01"), "b1", k(40)));
    v.ok(block(member("m02"), "b2", k(5)));
    let leave = Leave {
        group: id("a"),
        to: "books/soe/groups/x".to_owned(),
        staying: Vec::new(),
        later: None,
        things: things(&HELD),
        more: false,
        minute: "BA-8/contoh".to_owned(),
    };
    v.ok_on(leave, Some("2025-06-01"));
    let left = v.last_request();
    assert_eq!((blocked(&v, "a", "m01"), blocked(&v, "a", "m02")), (0, k(5).get()));
    // Of a group that is gone the LKM keeps nothing that could be blocked.
    let of_kube = Savings { entity: Entity::Lkm, who: Sharer::Kube(id("a"), Fund::Uep) };
    let gone = v.refused(block(of_kube, "b3", k(1)));
    assert_eq!((gone.reason, gone.field.as_str()), (Reason::GroupMoved, "group"));

    let mut there = Village::new();
    let came = |id: &str| {
        (
            RowName::of(&kube("x"), "blocks", id),
            v.row(&RowName::of(&kube("a"), "blocks", id)).expect("a block"),
        )
    };
    let part = Part { last: true, rows: vec![came("b1"), came("b2")], ..Part::default() };
    let Some(Row::Group(row)) = v.row(&RowName::group(&id("a"))) else { panic!("a group") };
    let row = simpul::domain::record::proto::Group { standings: Vec::new(), ..row };
    let moved_on = day("2025-06-01").get();
    there.ok(Come { group: id("x"), row, moved_on, minute: "BA-8/contoh".to_owned(), part });
    for (member, block, held) in [("m01", "b1", 40), ("m02", "b2", 5)] {
        assert_eq!(blocked(&there, "x", member), k(held).get());
        there.ok(Unblock { entity: kube("x"), block: id(block) });
        assert_eq!(blocked(&there, "x", member), 0);
    }

    // Where the other book refuses the group, all is blocked as before.
    v.ok(Hear { group: id("a"), refused: Some(Reason::AlreadyExists) });
    v.ok_on(Reverse { transaction: left, line: 0 }, Some("2025-06-02"));
    assert_eq!((blocked(&v, "a", "m01"), blocked(&v, "a", "m02")), (k(40).get(), k(5).get()));
}
