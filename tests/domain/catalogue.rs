//! The exact entries of events of the catalogue, in both ledgers: those of savings, trade and cash.
//! Other products' events are tested beside them; that none is left out is tested here.

use simpul::domain::account::{Account, Ledger, Subject};
use simpul::domain::cash::{
    BankEntry, Bearer, CountCash, DecideDifference, MoveCash, MoveFunds, Place,
};
use simpul::domain::chart::Code;
use simpul::domain::general::{ClearSuspense, JournalLine, OpenBalances, Opening, PostJournal};
use simpul::domain::id::{Entity, RowName};
use simpul::domain::link::SaveAtLkm;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::Row;
use simpul::domain::record::proto::{BudgetSource, ExpenseKind, Fund, LossCause, LotKind};
use simpul::domain::refusal::Reason;
use simpul::domain::register::EnrolMember;
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind, PayInCapital, Withdraw};
use simpul::domain::trade::{
    Born, ClaimInsurance, Lose, PayExpense, Payment, Proceeds, Purchase, Sell, Settle, Settlement,
};
use simpul::domain::uep::{AcceptLpj, Channel, Papers, ReceiveGrant, ReturnGrant, uep_ledger};

use crate::village::{Village, entries, flags, id, k, kube};

fn village() -> Village {
    let mut village = Village::new();
    village.group("a");
    village.drawer("loket");
    village.party(kube("a"), "toko");
    village.party(Entity::Lkm, "toko");
    village
}

fn grant(grant: &str, restricted: bool, channel: Channel) -> ReceiveGrant {
    ReceiveGrant {
        group: id("a"),
        grant: id(grant),
        source: BudgetSource::Blps,
        papers: Papers { programme: "BLPS contoh".to_owned(), ..Papers::default() },
        restricted,
        channel,
    }
}

fn pigs(lot: &str, heads: i64, cost: Sen) -> NewLot {
    NewLot {
        lot: id(lot),
        kind: LotKind::Livestock,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity_milli: heads * 1000,
        cost,
    }
}

fn rice(lot: &str, kilos: i64, cost: Sen) -> NewLot {
    NewLot {
        kind: LotKind::Stock,
        label: "beras".to_owned(),
        unit: "kg".to_owned(),
        ..pigs(lot, kilos, cost)
    }
}

fn lkm() -> Ledger {
    Ledger::new(Entity::Lkm, Fund::SimpanPinjam)
}

#[test]
fn event_1_grant_received_in_cash() {
    let mut v = village();
    let own = v.ok(grant("g1", false, Channel::Bank(k(500))));
    assert_eq!(entries(&own), ["a.uep Bank D 500", "a.uep Modal Hibah [g1] K 500"]);
    let through_lkm = v.ok(grant("g2", true, Channel::Lkm(k(20_000))));
    assert_eq!(
        entries(&through_lkm),
        [
            "a.uep Tabungan di LKM D 20000",
            "a.uep Hibah Terikat [g2] K 20000",
            "lkm.sp Bank D 20000",
            "lkm.sp Tabungan KUBE [a/uep] K 20000",
        ]
    );
    assert_eq!(v.refused(grant("g2", true, Channel::Bank(k(1)))).reason, Reason::AlreadyExists);
}

#[test]
fn event_1a_and_4_lpj_accepted_and_unused_grant_returned() {
    let mut v = village();
    v.ok(grant("g1", true, Channel::Bank(k(500))));
    let give_back =
        |amount| ReturnGrant { group: id("a"), grant: id("g1"), amount, place: Place::Bank };
    let returned = v.ok(give_back(k(100)));
    assert_eq!(entries(&returned), ["a.uep Hibah Terikat [g1] D 100", "a.uep Bank K 100"]);
    let lifted = v.ok(AcceptLpj { group: id("a"), grant: id("g1") });
    assert_eq!(
        entries(&lifted),
        ["a.uep Hibah Terikat [g1] D 400", "a.uep Modal Hibah [g1] K 400"]
    );
    let again = v.refused(AcceptLpj { group: id("a"), grant: id("g1") });
    assert_eq!(again.reason, Reason::LpjAlreadyAccepted);
    let late = v.ok(give_back(k(150)));
    assert_eq!(entries(&late), ["a.uep Modal Hibah [g1] D 150", "a.uep Bank K 150"]);
    assert_eq!(v.refused(give_back(k(251))).reason, Reason::GrantExceeded);
}

#[test]
fn event_2_grant_received_in_kind() {
    let mut v = village();
    let items = vec![pigs("induk", 2, k(3_000)), rice("pakan", 100, k(400))];
    let received = v.ok(grant("g1", false, Channel::InKind(items)));
    assert_eq!(
        entries(&received),
        [
            "a.uep Ternak [induk] D 3000",
            "a.uep Modal Hibah [g1] K 3000",
            "a.uep Persediaan [pakan] D 400",
            "a.uep Modal Hibah [g1] K 400",
        ]
    );
}

#[test]
fn event_5_money_moves_between_places_and_funds() {
    let mut v = village();
    let to_cash = MoveCash {
        ledger: uep_ledger(&id("a")),
        from: Place::Bank,
        to: Place::Cash,
        amount: k(10),
    };
    assert_eq!(entries(&v.ok(to_cash)), ["a.uep Kas D 10", "a.uep Bank K 10"]);
    v.ok(PostJournal {
        lines: vec![
            JournalLine { account: lkm().account(Code::Vault), amount: k(70) },
            JournalLine { account: lkm().account(Code::PaidInCapital), amount: k(-70) },
        ],
    });
    let drawer = Place::Drawer(id("loket"));
    let to_drawer = MoveCash { ledger: lkm(), from: Place::Vault, to: drawer, amount: k(50) };
    assert_eq!(
        entries(&v.ok(to_drawer.clone())),
        ["lkm.sp Kas Teller [loket] D 50", "lkm.sp Kas Besar K 50"]
    );
    assert_eq!(v.refused(to_drawer).reason, Reason::Floor);
    let funds = MoveFunds {
        entity: kube("a"),
        from: Fund::Uep,
        to: Fund::Iks,
        place: Place::Cash,
        amount: k(4),
    };
    assert_eq!(
        entries(&v.ok(funds)),
        [
            "a.uep Antar Dana [iks] D 4",
            "a.uep Kas K 4",
            "a.iks Kas D 4",
            "a.iks Antar Dana [uep] K 4",
        ]
    );
}

#[test]
fn event_6_bank_interest_and_charges() {
    let mut v = village();
    let entry = |interest| BankEntry { ledger: lkm(), interest, amount: k(3) };
    assert_eq!(
        entries(&v.ok(entry(true))),
        ["lkm.sp Bank D 3", "lkm.sp Pendapatan Bunga Bank K 3"]
    );
    assert_eq!(entries(&v.ok(entry(false))), ["lkm.sp Beban Bank D 3", "lkm.sp Bank K 3"]);
}

#[test]
fn event_7_and_9_purchases_in_cash_on_credit_and_from_an_advance() {
    let mut v = village();
    let ledger = uep_ledger(&id("a"));
    let buy = |items, payment| Purchase { ledger: ledger.clone(), items, payment, spends: None };
    let paid = v.ok(buy(vec![pigs("p1", 8, k(8_000))], Payment::Paid(Place::Cash)));
    assert_eq!(entries(&paid), ["a.uep Ternak [p1] D 8000", "a.uep Kas K 8000"]);
    let credit = v.ok(buy(vec![rice("b1", 50, k(600))], Payment::Credit(id("toko"))));
    assert_eq!(entries(&credit), ["a.uep Persediaan [b1] D 600", "a.uep Utang Usaha [toko] K 600"]);
    let settle = |what, amount| Settle {
        ledger: ledger.clone(),
        what,
        party: id("toko"),
        amount,
        place: Place::Cash,
    };
    assert_eq!(
        entries(&v.ok(settle(Settlement::Payable, k(600)))),
        ["a.uep Utang Usaha [toko] D 600", "a.uep Kas K 600"]
    );
    assert_eq!(
        entries(&v.ok(settle(Settlement::Advance, k(90)))),
        ["a.uep Uang Muka Pembelian [toko] D 90", "a.uep Kas K 90"]
    );
    let used = v.ok(buy(vec![rice("b2", 5, k(90))], Payment::Advance(id("toko"))));
    assert_eq!(
        entries(&used),
        ["a.uep Persediaan [b2] D 90", "a.uep Uang Muka Pembelian [toko] K 90"]
    );
    let tools = NewLot { kind: LotKind::Tools, ..rice("meja", 1, k(20)) };
    v.ok(BankEntry { ledger: lkm(), interest: true, amount: k(20) });
    let fixed = Purchase {
        ledger: lkm(),
        items: vec![tools],
        payment: Payment::Paid(Place::Bank),
        spends: None,
    };
    assert_eq!(entries(&v.ok(fixed)), ["lkm.sp Aset Tetap [meja] D 20", "lkm.sp Bank K 20"]);
}

#[test]
fn event_8_sales_carry_their_cost() {
    let mut v = village();
    let ledger = uep_ledger(&id("a"));
    let items = vec![pigs("p1", 3, k(1_000))];
    let payment = Payment::Paid(Place::Cash);
    v.ok(Purchase { ledger: ledger.clone(), items, payment, spends: None });
    let sell = |heads: i64, proceeds| Sell {
        ledger: ledger.clone(),
        price: k(700),
        proceeds,
        goods: Some((id("p1"), heads * 1000)),
    };
    let on_credit = v.ok(sell(1, Proceeds::Credit(id("toko"))));
    let cost = |effect: &simpul::domain::record::Effect| effect.entries[3].amount.get();
    assert_eq!(on_credit.entries[0].account.to_string(), "a.uep.1202.toko");
    // A third of Rp1.000.000 is Rp333.333,33; the last head takes exactly what is left.
    assert_eq!(cost(&on_credit), -33_333_333);
    assert_eq!(cost(&v.ok(sell(1, Proceeds::Paid(Place::Cash)))), -33_333_334);
    assert_eq!(cost(&v.ok(sell(1, Proceeds::Paid(Place::Cash)))), -33_333_333);
    assert_eq!(v.held("a.uep.1302.p1"), Sen::ZERO);
    let service = Sell {
        ledger: ledger.clone(),
        price: k(30),
        proceeds: Proceeds::Paid(Place::Cash),
        goods: None,
    };
    assert_eq!(entries(&v.ok(service)), ["a.uep Kas D 30", "a.uep Penjualan K 30"]);
    let paid = Settle {
        ledger,
        what: Settlement::Receivable,
        party: id("toko"),
        amount: k(700),
        place: Place::Cash,
    };
    assert_eq!(entries(&v.ok(paid)), ["a.uep Kas D 700", "a.uep Piutang Usaha [toko] K 700"]);
}

#[test]
fn event_10_costs_and_feed_by_policy() {
    let mut v = village();
    let ledger = uep_ledger(&id("a"));
    let payment = Payment::Paid(Place::Cash);
    let items = vec![pigs("p1", 2, k(1_000))];
    v.ok(Purchase { ledger: ledger.clone(), items, payment, spends: None });
    let feed = |into_lot| PayExpense {
        ledger: ledger.clone(),
        kind: ExpenseKind::Feed,
        amount: k(50),
        place: Place::Cash,
        spends: None,
        into_lot,
    };
    assert_eq!(entries(&v.ok(feed(None))), ["a.uep Beban Pakan D 50", "a.uep Kas K 50"]);
    let into = v.ok(feed(Some(id("p1"))));
    assert_eq!(entries(&into), ["a.uep Ternak [p1] D 50", "a.uep Kas K 50"]);
    let sold = v.ok(Sell {
        ledger,
        price: k(900),
        proceeds: Proceeds::Paid(Place::Cash),
        goods: Some((id("p1"), 1000)),
    });
    assert_eq!(entries(&sold)[2..], ["a.uep HPP D 525", "a.uep Ternak [p1] K 525"]);
}

#[test]
fn event_11_livestock_born_lost_insured() {
    let mut v = village();
    let ledger = uep_ledger(&id("a"));
    let payment = Payment::Paid(Place::Cash);
    let items = vec![pigs("p1", 4, k(4_000))];
    v.ok(Purchase { ledger: ledger.clone(), items, payment, spends: None });
    let born = Born { ledger: ledger.clone(), lot: id("anak"), label: "babi".to_owned(), heads: 5 };
    let born = v.ok(born);
    assert!(born.entries.is_empty());
    assert_eq!(born.lot_moves[0].quantity_milli, 5_000);
    let lose = |lot, heads, cause| Lose { ledger: ledger.clone(), lot: id(lot), heads, cause };
    assert_eq!(
        entries(&v.ok(lose("p1", 1, LossCause::Died))),
        ["a.uep Kerugian Kematian Ternak D 1000", "a.uep Ternak [p1] K 1000"]
    );
    // Stolen is told from dead as data, in the record and in the register.
    let stolen = v.ok(lose("anak", 1, LossCause::Stolen));
    assert!(stolen.entries.is_empty());
    assert_eq!(stolen.lot_moves[0].cause(), LossCause::Stolen);
    let counted = |v: &Village, lot: &str| {
        let row = v.row(&RowName::of(&kube("a"), "lots", lot));
        let Some(Row::Lot(row)) = row else { panic!("a lot") };
        (row.died_milli, row.stolen_milli)
    };
    assert_eq!((counted(&v, "p1"), counted(&v, "anak")), ((1_000, 0), (0, 1_000)));
    let transaction = v.last_request();
    v.ok(Reverse { transaction, line: 0 });
    assert_eq!(counted(&v, "anak"), (0, 0));
    // More reported dead than alive: nothing is posted, a person has to look.
    let too_many = v.ok(lose("p1", 4, LossCause::Died));
    assert_eq!((too_many.entries.len(), flags(&too_many)), (0, vec![Reason::LotExceeded]));
    let claim = ClaimInsurance { ledger, amount: k(300), place: Place::Bank };
    assert_eq!(entries(&v.ok(claim)), ["a.uep Bank D 300", "a.uep Pendapatan Klaim K 300"]);
}

#[test]
fn event_13_cash_counted_and_the_difference_decided() {
    let mut v = village();
    let count = |counted| CountCash { entity: kube("a"), place: Place::Cash, counted };
    let over = v.ok(count(k(7)));
    assert_eq!(entries(&over), ["a.umum Kas D 7", "a.umum Selisih Kas K 7"]);
    let short = v.ok(count(k(2)));
    assert_eq!(entries(&short), ["a.umum Selisih Kas D 5", "a.umum Kas K 5"]);
    let decide = |amount, bearer| {
        let (entity, drawer) = (kube("a"), None);
        DecideDifference { entity, amount, bearer, drawer }
    };
    assert_eq!(
        entries(&v.ok(decide(k(2), Bearer::Entity))),
        ["a.umum Selisih Kas D 2", "a.umum Pendapatan Lain-lain K 2"]
    );
    let nothing_left = v.refused(decide(k(1), Bearer::Entity));
    assert_eq!(nothing_left.reason, Reason::DifferenceExceeded);
    v.ok(count(Sen::ZERO));
    assert_eq!(
        entries(&v.ok(decide(k(1), Bearer::Officer(id("m01"))))),
        ["a.umum Piutang Pengurus [m01] D 1", "a.umum Selisih Kas K 1"]
    );
    assert_eq!(
        entries(&v.ok(decide(k(1), Bearer::Entity))),
        ["a.umum Beban Selisih Kas D 1", "a.umum Selisih Kas K 1"]
    );
}

#[test]
fn event_18_and_19_savings_and_own_capital() {
    let mut v = village();
    let deposit = |kind| Deposit {
        entity: kube("a"),
        member: id("m01"),
        kind,
        amount: k(10),
        place: Place::Cash,
    };
    assert_eq!(
        entries(&v.ok(deposit(Kind::Principal))),
        ["a.sp Kas D 10", "a.sp Simpanan Pokok [m01] K 10"]
    );
    assert_eq!(
        entries(&v.ok(deposit(Kind::Mandatory))),
        ["a.sp Kas D 10", "a.sp Simpanan Wajib [m01] K 10"]
    );
    assert_eq!(
        entries(&v.ok(deposit(Kind::Voluntary))),
        ["a.sp Kas D 10", "a.sp Tabungan Anggota [m01] K 10"]
    );
    let out = Withdraw { entity: kube("a"), member: id("m01"), amount: k(4), place: Place::Cash };
    assert_eq!(entries(&v.ok(out)), ["a.sp Tabungan Anggota [m01] D 4", "a.sp Kas K 4"]);
    let capital =
        PayInCapital { group: id("a"), member: id("m01"), amount: k(9), place: Place::Cash };
    assert_eq!(entries(&v.ok(capital)), ["a.uep Kas D 9", "a.uep Modal Swadaya [m01] K 9"]);
    let customer = EnrolMember { entity: Entity::Lkm, member: id("ani"), row: Default::default() };
    v.ok(customer);
    let at_lkm = Deposit {
        entity: Entity::Lkm,
        member: id("ani"),
        place: Place::Drawer(id("loket")),
        ..deposit(Kind::Mandatory)
    };
    assert_eq!(
        entries(&v.ok(at_lkm)),
        ["lkm.sp Kas Teller [loket] D 10", "lkm.sp Simpanan Wajib [ani] K 10"]
    );
}

#[test]
fn event_31_a_kube_saves_at_the_lkm_in_both_ledgers() {
    let mut v = village();
    let save = |deposit, amount| SaveAtLkm {
        group: id("a"),
        fund: Fund::SimpanPinjam,
        deposit,
        amount,
        kube_place: Place::Cash,
        lkm_place: Place::Drawer(id("loket")),
    };
    let brought = v.ok(save(true, k(100)));
    assert_eq!(
        entries(&brought),
        [
            "a.sp Tabungan di LKM D 100",
            "a.sp Kas K 100",
            "lkm.sp Kas Teller [loket] D 100",
            "lkm.sp Tabungan KUBE [a/sp] K 100",
        ]
    );
    assert_eq!(flags(&brought), [Reason::CashNegative]);
    assert_eq!(v.refused(save(false, k(101))).reason, Reason::Floor);
    assert_eq!(
        entries(&v.ok(save(false, k(40)))),
        [
            "a.sp Kas D 40",
            "a.sp Tabungan di LKM K 40",
            "lkm.sp Tabungan KUBE [a/sp] D 40",
            "lkm.sp Kas Teller [loket] K 40",
        ]
    );
}

#[test]
fn event_55_opening_balances_open_mirrors_in_both_ledgers() {
    let mut v = village();
    let sp = Ledger::new(kube("a"), Fund::SimpanPinjam);
    let items = vec![
        Opening::Account(Code::Cash, Subject::none(), k(30)),
        Opening::Account(Code::SavingsAtLkm, Subject::none(), k(200)),
        Opening::Account(Code::MandatorySavings, Subject::id(&id("m01")), k(180)),
    ];
    assert_eq!(
        entries(&v.ok(OpenBalances { ledger: sp, items })),
        [
            "a.sp Kas D 30",
            "a.sp Saldo Awal K 30",
            "a.sp Tabungan di LKM D 200",
            "a.sp Saldo Awal K 200",
            "lkm.sp Saldo Awal D 200",
            "lkm.sp Tabungan KUBE [a/sp] K 200",
            "a.sp Saldo Awal D 180",
            "a.sp Simpanan Wajib [m01] K 180",
        ]
    );
    let mirror =
        vec![Opening::Account(Code::KubeSavings, Subject::kube_fund(&id("a"), Fund::Uep), k(1))];
    let refused = v.refused(OpenBalances { ledger: lkm(), items: mirror });
    assert_eq!(refused.reason, Reason::ReservedAccount);
}

#[test]
fn event_60_suspense_is_cleared_into_the_right_account() {
    let mut v = village();
    let unknown = Deposit {
        entity: kube("a"),
        member: id("siapa"),
        kind: Kind::Mandatory,
        amount: k(10),
        place: Place::Cash,
    };
    let waiting = v.ok(unknown);
    let transaction = v.last_request();
    assert_eq!(flags(&waiting), [Reason::InSuspense]);
    assert_eq!(
        entries(&waiting),
        ["a.sp Kas D 10".to_owned(), format!("a.sp Rekening Sementara [{transaction}/0] K 10"),]
    );
    let clear = |amount, code, subject| ClearSuspense {
        entity: kube("a"),
        fund: Fund::SimpanPinjam,
        transaction: transaction.clone(),
        line: 0,
        code,
        subject,
        amount,
        dues: None,
    };
    let to_m04 = || Subject::id(&id("m04"));
    let too_much = v.refused(clear(k(11), Code::MandatorySavings, to_m04()));
    assert_eq!(too_much.reason, Reason::SuspenseExceeded);
    let to_cash = v.refused(clear(k(1), Code::Cash, Subject::none()));
    assert_eq!(to_cash.reason, Reason::ReservedAccount);
    assert_eq!(
        entries(&v.ok(clear(k(10), Code::MandatorySavings, to_m04()))),
        [
            format!("a.sp Rekening Sementara [{transaction}/0] D 10"),
            "a.sp Simpanan Wajib [m04] K 10".to_owned(),
        ]
    );
}

#[test]
fn the_general_journal_balances_and_keeps_to_open_accounts() {
    let mut v = village();
    let line = |account: &str, amount| JournalLine {
        account: Account::parse(account).expect("an account"),
        amount,
    };
    let journal = |lines| PostJournal { lines };
    let capital = v.ok(journal(vec![line("lkm.sp.1104", k(100)), line("lkm.sp.3107", k(-100))]));
    assert_eq!(entries(&capital), ["lkm.sp Bank D 100", "lkm.sp Modal Disetor K 100"]);
    let unbalanced = journal(vec![line("lkm.sp.1104", k(100)), line("lkm.sp.3107", k(-99))]);
    assert_eq!(v.refused(unbalanced).reason, Reason::Unbalanced);
    let across = journal(vec![line("lkm.sp.1104", k(1)), line("lkm.riil.3107", k(-1))]);
    assert_eq!(v.refused(across).reason, Reason::Unbalanced);
    let mirrored = journal(vec![line("lkm.sp.1104", k(1)), line("lkm.sp.2102", k(-1))]);
    assert_eq!(v.refused(mirrored).reason, Reason::ReservedAccount);
    let foreign = journal(vec![line("a.sp.1104", k(1)), line("a.sp.4209", k(-1))]);
    assert_eq!(v.refused(foreign).reason, Reason::NotInChart);
}

/// Events that post nothing of their own.
const WITHOUT_ENTRIES: &[&str] = &["61"];

/// The events that a function's name names, as in `events_40_and_41_murabahah_by_hand`.
fn events_named(function: &str) -> Vec<String> {
    let is_event = |word: &&str| {
        let number = word.trim_end_matches(['a', 'b']);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let words = function.split('_').skip_while(|word| !matches!(*word, "event" | "events")).skip(1);
    let named = words.take_while(|word| *word == "and" || is_event(word));
    named.filter(is_event).map(str::to_owned).collect()
}

/// The events whose entries a file of tests says, or that it only names.
fn events_in(text: &str, wanted: &mut std::collections::BTreeSet<String>) {
    for function in text.split("\nfn ").chain(text.split("\nasync fn ")).skip(1) {
        let body = function.split("\n}\n").next().unwrap_or_default();
        let name = body.split('(').next().unwrap_or_default();
        for event in events_named(name) {
            if body.contains("entries") || WITHOUT_ENTRIES.contains(&event.as_str()) {
                wanted.remove(&event);
            }
        }
    }
}

#[test]
fn every_event_of_the_catalogue_has_its_entries_tested() {
    let numbers = (1..=61).map(|number| number.to_string());
    let lettered = ["1a", "4a", "31a", "48a"].map(str::to_owned);
    let mut wanted = numbers.chain(lettered).collect();
    for suite in ["tests/domain", "tests/api"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(suite);
        for file in std::fs::read_dir(folder).expect("the tests") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|ending| ending == "rs") {
                events_in(&std::fs::read_to_string(path).expect("a test"), &mut wanted);
            }
        }
    }
    assert!(wanted.is_empty(), "no test says the entries of events {wanted:?}");
}
