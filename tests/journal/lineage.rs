//! Random lives of grants: ten groups in the books of two LKMs, all from one seed. After every
//! step a naive model that only adds up what the records say must know the same books: capital
//! is conserved over both, mirrored accounts agree, no pass is taken in twice, and none goes back to
//! a group that it came through. Receivers confirm and dispute, and what they dispute goes back, while
//! words get lost, come late, and come again. `SIMPUL_SEED=n` replays one seed.
//!
//! Most lives are lived in memory. In some, on a server's journal, groups also move from one book to
//! the other, come home by another name, and move again, while the process dies between the two
//! sides: `SIMPUL_MOVES=n` replays one of those.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use fastrand::Rng;
use simpul::domain::access::Author;
use simpul::domain::account::{Account, Ledger, Subject};
use simpul::domain::book::Open;
use simpul::domain::cash::Place;
use simpul::domain::chart::{Code, fund_from_name, fund_name};
use simpul::domain::confirmation::{AnswerReport, confirmation_name};
use simpul::domain::day::Day;
use simpul::domain::decide::Action;
use simpul::domain::draft::{grant_name, lot_changes_of};
use simpul::domain::general::ClearSuspense;
use simpul::domain::guliran::{
    Confirm, Decide, Deliver, Excuse, Item, Lend, Receiver, Release, RepayLoan, SetRule,
    accounts_of, in_transit, owed, pass_name,
};
use simpul::domain::id::{Entity, Id, RequestId, RowName};
use simpul::domain::link::{SaveAtLkm, lkm_ledger};
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::moving::{Leave, MOVES as MOVES_OF_BOOK};
use simpul::domain::record::proto::{
    self, BudgetSource, ConfirmationState, ExpenseKind, Fund, Grant, GrantChannel, Group, Link,
    LossCause, LotKind, Member, PassChannel, PassState, ReceiverKind, Regime, TransitState, Zone,
};
use simpul::domain::record::{Effect, Event, Outcome, Record, Row, decode, decode_value, waits};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{CreateGroup, EnrolMember};
use simpul::domain::reversal::Reverse;
use simpul::domain::trade::{Born, Lose, PayExpense, Payment, Proceeds, Purchase, Sell, Spends};
use simpul::domain::transfer::{Hear, Said, Word, transfer_name};
use simpul::domain::uep::{
    AcceptLpj, Channel, LoseCapital, Loss, Papers, ReceiveGrant, ReturnGrant, uep_ledger,
};
use simpul::journal::Answer;
use simpul::journal::courier::{Parcel, is_known, parcel, telling};
use simpul::journal::mover::Step;
use simpul::storage::{Dump, SideRow, StoredRecord};

use crate::office::Office;
use crate::town::Town;
use crate::village::{self, Wish};

const LIVES: u64 = 200;
const LONG_LIVES: u64 = 2_000;
/// How many of them on a server's journal, where groups move.
const MOVING_LIVES: u64 = 24;
const LONG_MOVING_LIVES: u64 = 300;
const STEPS: usize = 200;
const GROUPS: [&str; 5] = ["anggrek", "bakung", "cempaka", "dahlia", "enau"];
/// The group of each book that is not tied to its LKM.
const UNTIED: &str = "enau";

/// What a life must have seen accepted at least once, over all lives.
const KINDS: [&str; 44] = [
    "grant by bank",
    "grant through the LKM",
    "grant in kind",
    "grant before the books",
    "rule",
    "decide",
    "decide by rule",
    "accept the LPJ",
    "pass to a group",
    "pass to the other book",
    "pass to the pool",
    "pass to a family",
    "pass to a group without books",
    "pass in kind",
    "pass before the books",
    "pass in part",
    "pass reported",
    "pass to review",
    "release",
    "release in part",
    "confirm",
    "excuse",
    "lose things",
    "misuse",
    "give up",
    "return",
    "spend",
    "buy",
    "sell",
    "birth",
    "death",
    "save at the LKM",
    "draw at the LKM",
    "lend",
    "repay",
    "reverse",
    "reverse a pass",
    "bring",
    "bring by file",
    "confirm over there",
    "dispute over there",
    "send back",
    "take back what was sent back",
    "hear by file",
];

/// What else a life must have met at least once, over all lives.
const FATES: [&str; 9] = [
    "lost between the books",
    "brought again",
    "answer brought late",
    "refused over there",
    "crash",
    "refused",
    "an old word",
    "a return before the arrival",
    "used, so it stays",
];

/// What lives in which groups move must have met at least once, over all of them.
const MOVES: [&str; 13] = [
    "move",
    "move again",
    "come home",
    "move with a grant that was passed on",
    "arrive",
    "die between the books",
    "two movers",
    "refused a move over there",
    "reverse a move",
    "asked of one that has moved",
    "told of one that has moved",
    "pass on what came along",
    "reverse a return",
];

/// Says how to replay a life that panics.
struct OnFailure(&'static str, u64);

impl Drop for OnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let OnFailure(which, seed) = self;
            eprintln!("replay: {which}={seed} cargo test --release --test journal lineage");
        }
    }
}

type Tally = BTreeMap<&'static str, u64>;

#[test]
fn capital_is_conserved_over_the_lives_of_ten_groups() {
    let memory = || Hall::Memory(Box::new(Town::new(simpul::journal::Limits::default())));
    let met = live_all("SIMPUL_SEED", (LIVES, LONG_LIVES), memory);
    for what in KINDS.iter().chain(&FATES).filter(|_| !met.is_empty()) {
        assert!(met.contains_key(what), "never met: {what}");
    }
}

#[test]
fn capital_is_conserved_while_groups_move_between_two_lkms() {
    let server = || Hall::Server(Office::new());
    let met = live_all("SIMPUL_MOVES", (MOVING_LIVES, LONG_MOVING_LIVES), server);
    for what in MOVES.iter().filter(|_| !met.is_empty()) {
        assert!(met.contains_key(what), "never met: {what}");
    }
}

/// Lives many lives, and answers what was accepted and met in them; nothing if one is replayed.
fn live_all(replay: &'static str, (few, many): (u64, u64), hall: impl Fn() -> Hall) -> Tally {
    if let Ok(seed) = std::env::var(replay) {
        println!("{:?}", live(replay, seed.parse().expect("a number"), hall()));
        return Tally::new();
    }
    let lives = if std::env::var_os("SIMPUL_LONG").is_some() { many } else { few };
    let mut total = Tally::new();
    for seed in 1..=lives {
        for (what, count) in live(replay, seed, hall()) {
            *total.entry(what).or_default() += count;
        }
    }
    println!("{total:#?}");
    total
}

/// One life; answers what was accepted and met in it.
fn live(replay: &'static str, seed: u64, hall: Hall) -> Tally {
    let _on_failure = OnFailure(replay, seed);
    let mut world = World::new(seed, hall);
    for _ in 0..STEPS {
        world.step();
    }
    world.settle();
    world.tally
}

/// Where commands are answered.
enum Hall {
    /// In memory.
    Memory(Box<Town>),
    /// By a server's journal, whose groups move.
    Server(Office),
}

impl Hall {
    fn submit(&mut self, wish: Wish) -> Answer {
        match self {
            Hall::Memory(town) => town.submit(&[wish]).pop().expect("answered"),
            Hall::Server(office) => office.submit(&wish),
        }
    }

    fn crash(&mut self) {
        match self {
            Hall::Memory(town) => town.crash(),
            Hall::Server(office) => office.crash(),
        }
    }

    fn records(&self, book: &Id, from: u64) -> Vec<StoredRecord> {
        match self {
            Hall::Memory(town) => town.records(book, from),
            Hall::Server(office) => office.records(book, from),
        }
    }

    fn balance(&self, book: &Id, account: &Account) -> Option<i64> {
        match self {
            Hall::Memory(town) => town.balance(book, account),
            Hall::Server(office) => office.balance(book, account),
        }
    }

    fn sound_dump(&self, book: &Id) -> Dump {
        match self {
            Hall::Memory(town) => town.sound_dump(book),
            Hall::Server(office) => office.sound_dump(book),
        }
    }
}

// ---- the naive model -----------------------------------------------------------------------

/// A grant as the records tell of it, by sums alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    /// The pass it came by, by full name; empty for one from outside.
    pass: String,
    /// The same grant before its group moved, by full name; empty for one that began here.
    moved_from: String,
    before: bool,
    amount: i64,
    decided: i64,
    passed: i64,
    excused: i64,
    returned: i64,
    lost: i64,
    spent: i64,
    moved: i64,
    /// What of that has come where the group moved.
    carried: i64,
}

/// A pass as the records tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ToldPass {
    grant: String,
    kind: i32,
    before: bool,
    amount: i64,
    /// What grants of groups with books took of it.
    taken: i64,
}

/// Both books, told by their records. A record that was reversed is untold again.
#[derive(Clone, Debug, Default, PartialEq)]
struct Books {
    balances: HashMap<(Id, Account), i64>,
    ledgers: HashMap<(Id, Ledger), i64>,
    rows: BTreeMap<(Id, RowName), Row>,
    requests: HashMap<(Id, RequestId), Arc<Record>>,
    /// By full name.
    grants: BTreeMap<String, Told>,
    passes: BTreeMap<String, ToldPass>,
    /// How often each pass from another book was taken in.
    received: BTreeMap<String, i64>,
}

impl Books {
    fn hear(&mut self, record: &Arc<Record>) {
        if let Some(request) = &record.request {
            let key = (record.book.clone(), request.clone());
            assert!(self.requests.insert(key, Arc::clone(record)).is_none(), "decided twice");
        }
        let Outcome::Done(effect) = &record.outcome else { return };
        for entry in &effect.entries {
            let ledger = (record.book.clone(), entry.account.ledger.clone());
            *self.ledgers.entry(ledger).or_default() += entry.amount.get();
            let account = (record.book.clone(), entry.account.clone());
            *self.balances.entry(account).or_default() += entry.amount.get();
        }
        for (name, row) in &effect.rows {
            self.rows.insert((record.book.clone(), name.clone()), row.clone());
        }
        match &effect.reverses {
            None => self.tell(record, effect, 1),
            Some((request, line)) => {
                assert_eq!(*line, 0, "there are no lines here to take back alone");
                let undone = self.requests.get(&(record.book.clone(), request.clone()));
                let undone = Arc::clone(undone.expect("reverses what there is"));
                let Outcome::Done(undone_effect) = &undone.outcome else {
                    panic!("reverses what was refused: {record:?}");
                };
                self.tell(&undone, undone_effect, -1);
            }
        }
    }

    fn tell(&mut self, record: &Record, effect: &Effect, sign: i64) {
        let book = &record.book;
        let sum = |codes: &[Code]| {
            let legs = effect.entries.iter().filter(|entry| codes.contains(&entry.account.code));
            legs.map(|entry| entry.amount.get() * sign).sum::<i64>()
        };
        let capital = [Code::GrantCapital, Code::RestrictedGrant, Code::RolledCapital];
        let own = format!("books/{book}/{}", effect.grant);
        let mut new_grants = effect.rows.iter().filter_map(|(name, row)| match row {
            Row::Grant(row) => Some((format!("books/{book}/{name}"), row)),
            _ => None,
        });
        match record.event {
            Event::GrantReceived | Event::GuliranReceived => {
                let (name, row) = new_grants.next().expect("a grant is received");
                self.take(book, name, row, sign);
            }
            Event::GuliranReleased => {
                let (name, row) = new_grants.next().expect("a grant is released");
                self.take(book, name, row, sign);
            }
            Event::GuliranDecided => {
                self.grant(&own).decided -= sum(&[Code::GuliranObligation]);
            }
            Event::GuliranExcused => self.grant(&own).excused += sum(&[Code::GuliranObligation]),
            Event::GrantReturned => self.grant(&own).returned += sum(&capital),
            Event::GrantLost => self.grant(&own).lost += sum(&capital),
            Event::GuliranDelivered => self.deliver(book, effect, sign),
            Event::GroupLeft | Event::GroupCarried => self.leave(book, effect, sign),
            Event::GroupCame | Event::GroupUnpacked => {
                assert_eq!(sign, 1, "what has come is not taken back");
                self.come(book, effect);
            }
            _ => {}
        }
        for (name, row) in &effect.rows {
            if let (Row::Spending(row), Some(grant)) = (row, name.parent.strip_suffix("/spending"))
            {
                // What was taken back comes along with a group, struck out.
                let amount = if row.reversed { 0 } else { row.amount };
                self.grant(&format!("books/{book}/{grant}")).spent += sign * amount;
            }
        }
    }

    fn grant(&mut self, name: &str) -> &mut Told {
        self.grants.get_mut(name).expect("a grant that was told of")
    }

    fn take(&mut self, book: &Id, name: String, row: &Grant, sign: i64) {
        let pass = row.origin.as_ref().map(|origin| full(book, &origin.pass)).unwrap_or_default();
        if !pass.is_empty() {
            match self.passes.get_mut(&pass) {
                Some(told) => told.taken += sign * row.amount,
                None => panic!("taken in, never passed on: {pass}"),
            }
            let from_elsewhere = !pass.starts_with(&format!("books/{book}/"));
            if from_elsewhere {
                *self.received.entry(pass.clone()).or_default() += sign;
            }
        }
        let told = self.grants.entry(name).or_default();
        told.pass = pass;
        told.before = row.channel() == GrantChannel::BeforeBooks;
        told.amount += sign * row.amount;
    }

    /// What of each grant goes with its group, by the entries.
    fn leave(&mut self, book: &Id, effect: &Effect, sign: i64) {
        for name in grants_of(effect) {
            let at = Name::parse(&format!("books/{book}/{name}"), "grants");
            let moved = entries_of(effect, &at);
            self.grant(&format!("books/{book}/{name}")).moved += sign * moved;
        }
    }

    /// What of each grant has come with its group, by the entries; what is owed onward came too.
    fn come(&mut self, book: &Id, effect: &Effect) {
        for (name, row) in &effect.rows {
            let Row::Grant(row) = row else { continue };
            let name = format!("books/{book}/{name}");
            let amount = -entries_of(effect, &Name::parse(&name, "grants"));
            assert_eq!(row.amount, amount, "what came of {name}");
            self.grant(&row.moved_from).carried += amount;
            let pass = row.origin.as_ref().map(|origin| full(book, &origin.pass));
            let told = Told {
                pass: pass.unwrap_or_default(),
                moved_from: row.moved_from.clone(),
                before: row.channel() == GrantChannel::BeforeBooks,
                amount,
                decided: row.obligations.iter().map(|one| one.amount).sum(),
                ..Told::default()
            };
            assert!(self.grants.insert(name.clone(), told).is_none(), "{name} came twice");
        }
    }

    /// The name that a group began with: it keeps its grants whatever it is called later.
    fn first_home(&self, group: &str) -> String {
        let (book, own) =
            group.strip_prefix("books/").and_then(|g| g.split_once('/')).expect(group);
        let group_id = own.strip_prefix("groups/").expect(group);
        match self.row(&id(book), RowName::group(&id(group_id))) {
            Some(Row::Group(row)) if !row.came_from.is_empty() => self.first_home(&row.came_from),
            _ => group.to_owned(),
        }
    }

    /// Whether all of a group that came from another book is there.
    fn is_whole(&self, book: &Id, group: &Id) -> bool {
        match self.row(book, RowName::new("arrivals", group.as_str())) {
            Some(Row::GroupArrival(row)) => row.whole,
            _ => true,
        }
    }

    fn deliver(&mut self, book: &Id, effect: &Effect, sign: i64) {
        let pass = effect.rows.iter().find_map(|(name, row)| match row {
            Row::Pass(row) if row.state() == PassState::Posted => Some((name, row)),
            _ => None,
        });
        let Some((name, row)) = pass else { return };
        let name = format!("books/{book}/{name}");
        let grant = format!("books/{book}/{}", effect.grant);
        let told = self.passes.entry(name.clone()).or_default();
        told.grant.clone_from(&grant);
        (told.kind, told.before) = (row.receiver_kind, row.before_books);
        told.amount += sign * row.amount;
        let giver = self.grant(&grant);
        giver.passed += sign * row.amount;
        if row.before_books {
            giver.decided += sign * row.amount;
        }
        for (found, row) in &effect.rows {
            if let (Row::Grant(row), true) = (row, found.to_string() != effect.grant) {
                self.take(book, format!("books/{book}/{found}"), row, sign);
            }
        }
    }

    fn held(&self, book: &Id, account: Account) -> i64 {
        let debit_side = account.code.debit_side();
        let balance = self.balances.get(&(book.clone(), account)).copied().unwrap_or_default();
        if debit_side { balance } else { -balance }
    }

    fn row(&self, book: &Id, name: RowName) -> Option<&Row> {
        self.rows.get(&(book.clone(), name))
    }

    fn grant_row(&self, grant: &Name) -> &Grant {
        match self.row(&grant.book, grant_name(&grant.group, &grant.id)) {
            Some(Row::Grant(row)) => row,
            other => panic!("not a grant: {other:?}"),
        }
    }

    /// What must hold after every step.
    fn check(&self) {
        assert!(self.ledgers.values().all(|sum| *sum == 0), "unbalanced: {:?}", self.ledgers);
        for (name, times) in &self.received {
            assert!((0..=1).contains(times), "{name} was taken in {times} times");
        }
        self.check_mirrors();
        let mut trees: BTreeMap<&str, Tree> = BTreeMap::new();
        for (name, told) in &self.grants {
            let (held, owed) = self.check_grant(name, told);
            let tree = trees.entry(self.root(name)).or_default();
            if told.pass.is_empty() && told.moved_from.is_empty() {
                tree.original += told.amount;
            }
            let gone = told.returned + told.lost;
            tree.found += held + owed + gone;
            if told.before {
                tree.found += told.amount - held - owed - gone - told.passed - told.moved;
            }
            // Gone with its group: on its way, until it has come as another grant.
            tree.found += told.moved - told.carried;
            let came = told.carried == 0 || told.carried == told.moved;
            assert!(came, "{name} came in part: {told:?}");
        }
        for (name, told) in &self.passes {
            let waiting = self.check_pass(name, told);
            let tree = trees.entry(self.root(&told.grant)).or_default();
            tree.found += waiting;
        }
        for (name, tree) in trees {
            assert_eq!(tree.original, tree.found, "the tree of {name} does not conserve");
        }
    }

    /// The grant from outside that a grant goes back to.
    fn root<'a>(&'a self, mut name: &'a str) -> &'a str {
        while let Some(told) = self.grants.get(name) {
            name = match (told.moved_from.as_str(), told.pass.as_str()) {
                ("", "") => break,
                ("", pass) => &self.passes[pass].grant,
                (before, _) => before,
            };
        }
        name
    }

    /// Answers what a grant's group holds of it, and what it owes onward.
    fn check_grant(&self, name: &str, told: &Told) -> (i64, i64) {
        let at = Name::parse(name, "grants");
        let row = self.grant_row(&at);
        let (capital, obligation) = accounts_of(&at.group, &at.id, row);
        let standing = [Code::GrantCapital, Code::RestrictedGrant, Code::RolledCapital];
        let all = standing.map(|code| Account { code, ..capital.clone() });
        let held: i64 = all.into_iter().map(|account| self.held(&at.book, account)).sum();
        assert_eq!(held, self.held(&at.book, capital), "{name} stands on two accounts");
        let owes = self.held(&at.book, obligation);
        let decided: i64 = row.obligations.iter().map(|one| one.amount).sum();
        let whole = self.is_whole(&at.book, &at.group);
        let registered = Told {
            pass: told.pass.clone(),
            moved_from: row.moved_from.clone(),
            before: row.channel() == GrantChannel::BeforeBooks,
            amount: if row.reversed { 0 } else { row.amount },
            decided,
            passed: row.passed,
            excused: row.excused,
            returned: row.returned,
            lost: row.lost,
            // The lists of what was spent may come in later parts than the grant.
            spent: if whole { row.spent } else { told.spent },
            moved: row.moved,
            carried: told.carried,
        };
        assert_eq!(*told, registered, "the register of {name}");
        // What a grant that has moved owes onward it owes where it is.
        let owed = if row.moved == 0 { owed(row).expect("fits").get() } else { 0 };
        assert_eq!(owed, owes, "what {name} owes onward");
        let gone = told.passed + told.returned + told.lost + told.moved;
        let rest = told.amount - held - owes - gone;
        match told.before {
            true => assert!(rest >= 0, "{name} gave {rest} more than it was"),
            false => assert_eq!(rest, 0, "{name} does not conserve"),
        }
        if let (Some(origin), false) = (&row.origin, row.reversed) {
            let chain: Vec<String> =
                origin.ancestors.iter().map(|ancestor| full(&at.book, ancestor)).collect();
            assert_eq!(chain, self.ancestors(name), "the ancestors of {name}");
            let home = |grant: &str| self.first_home(grant.split("/grants/").next().expect(grant));
            let back = chain.iter().any(|ancestor| home(ancestor) == home(name));
            assert!(!back, "{name} went in a circle: {chain:?}");
        }
        (held, owes)
    }

    fn ancestors(&self, name: &str) -> Vec<String> {
        let told = &self.grants[name];
        if !told.moved_from.is_empty() {
            return self.ancestors(&told.moved_from);
        }
        if told.pass.is_empty() {
            return Vec::new();
        }
        let giver = &self.passes[&told.pass].grant;
        let mut chain = self.ancestors(giver);
        chain.push(giver.clone());
        chain
    }

    /// Answers what of a pass no grant of a group with books has taken: it is in transit, in the
    /// pool, or with those who keep no books here.
    fn check_pass(&self, name: &str, told: &ToldPass) -> i64 {
        let at = Name::parse(name, "passes");
        let waiting = told.amount - told.taken;
        let kind = ReceiverKind::try_from(told.kind).expect("a kind");
        let Some(Row::Pass(row)) = self.row(&at.book, pass_name(&at.group, &at.id)) else {
            panic!("no pass: {name}");
        };
        assert_eq!(row.state() == PassState::Posted, told.amount != 0, "{name} is posted");
        let arrived: i64 = row.arrivals.iter().map(|arrival| arrival.amount).sum();
        let listed = in_transit(row);
        let mut pooled = 0;
        match kind {
            ReceiverKind::Group => assert_eq!(waiting, 0, "{name} has not arrived"),
            ReceiverKind::Pool if !told.before => {
                assert_eq!(listed, waiting, "{name} waits in the pool");
                pooled = waiting;
            }
            ReceiverKind::OtherBook if !told.before => {
                let taken = self.received.get(name).copied().unwrap_or_default() == 1;
                assert_eq!(waiting == 0, taken || told.amount == 0, "{name} is taken in whole");
                let heard = told.amount != 0 && arrived == told.amount;
                let went_back = self.check_word(name, row);
                assert!(taken || went_back || !heard, "{name} is said to have arrived");
                assert!(!(taken && went_back), "{name} is there and went back");
                assert_eq!(listed, if heard { 0 } else { told.amount }, "{name} is in transit");
                assert!(!taken || row.broken.is_empty(), "{name} was refused and taken in");
                self.check_listed(&at, row);
            }
            _ => assert_eq!(listed, 0, "{name} is with those without books"),
        }
        let subject = Subject::pass_of(&at.group, &at.id);
        let pool = lkm_ledger().account_of(Code::GuliranPool, subject);
        assert_eq!(self.held(&at.book, pool), pooled, "the pool of {name}");
        waiting
    }

    /// What the book over there says of a pass, if it took it in.
    fn said(&self, pass: &str, receiver: &str) -> Option<Said> {
        let there = receiver.strip_prefix("books/").and_then(|rest| rest.split('/').next());
        let there = id(there.expect("a book"));
        match self.row(&there, transfer_name(pass)) {
            Some(Row::Transfer(row)) => Some(Said::of(&there, row).expect("a word")),
            _ => None,
        }
    }

    /// What was heard of a pass was said over there, and nothing later; answers whether it went back.
    fn check_word(&self, name: &str, row: &proto::Pass) -> bool {
        let said = self.said(name, &row.receiver).map(|said| said.word);
        let heard = row.word.as_ref();
        if let Some(heard) = heard {
            let said = said.as_ref().expect("somebody said it");
            assert!(heard.position <= said.position, "{name}: {heard:?} {said:?}");
            assert!(heard.position < said.position || heard == said, "{name}: {heard:?}");
            let arrived: Vec<i32> = row.arrivals.iter().map(|one| one.state).collect();
            let expected = if heard.returned { Vec::new() } else { vec![heard.state] };
            assert_eq!(arrived, expected, "{name} has arrived as its receiver says");
            assert_eq!(row.broken == "TRANSFER_RETURNED", heard.returned, "{name}");
        }
        said.is_some_and(|said| said.returned)
    }

    /// A pass to another book is listed as in transit exactly while it is.
    fn check_listed(&self, at: &Name, row: &proto::Pass) {
        let name = RowName::new("transit", format!("{}.{}", at.group, at.id));
        let Some(Row::Transit(listed)) = self.row(&at.book, name) else {
            panic!("{at:?} is not listed");
        };
        let state = match (row.state(), row.arrivals.is_empty(), row.broken.is_empty()) {
            (PassState::Reversed, ..) => TransitState::Reversed,
            (_, false, _) => TransitState::Arrived,
            (_, true, true) => TransitState::Waiting,
            (_, true, false) => TransitState::Refused,
        };
        assert_eq!(listed.state(), state, "{at:?}");
        let heard = row.word.as_ref().map_or(0, |word| word.position);
        assert_eq!(listed.heard, heard, "{at:?}");
        let name = RowName::new(format!("groups/{}/transit", at.group), "passes");
        let Some(Row::Underway(underway)) = self.row(&at.book, name) else {
            panic!("nothing of {at:?} is underway");
        };
        let waits = matches!(state, TransitState::Waiting | TransitState::Refused);
        let times = underway.passes.iter().filter(|pass| **pass == *at.id.as_str()).count();
        assert_eq!(times, usize::from(waits), "{at:?} is underway");
    }

    /// What the records changed of a lot in all: thousandths of a unit and sen.
    fn changed(&self, book: &Id, entity: &Entity, lot: &str) -> (i64, i64) {
        let parent = lot_changes_of(entity, lot);
        let first = (book.clone(), RowName::new(parent.clone(), ""));
        let rows = self
            .rows
            .range(first..)
            .take_while(|((of, name), _)| of == book && name.parent == parent);
        rows.fold((0, 0), |(units, cost), (name, row)| match row {
            Row::LotChange(change) => (units + change.quantity_milli, cost + change.cost),
            other => panic!("{name:?} is {other:?}"),
        })
    }

    /// Savings at the LKM agree with the LKM's ledger, funds with one another, lots with their
    /// accounts, and loans of guliran with what the borrower owes.
    fn check_mirrors(&self) {
        let mut sums: HashMap<(&Id, String), i64> = HashMap::new();
        for ((book, account), balance) in &self.balances {
            let Account { ledger, code, subject } = account;
            let subject = subject.as_str();
            let fund = fund_name(ledger.fund.get());
            let pair = match code {
                Code::SavingsAtLkm => format!("savings {}/{fund}", ledger.entity),
                Code::KubeSavings => format!("savings {subject}"),
                Code::InterFund => {
                    let other = fund_from_name(subject).expect("a fund");
                    let (one, other) = (ledger.fund, other.into());
                    format!("funds {} {:?}", ledger.entity, (one.min(other), one.max(other)))
                }
                Code::GuliranReceivable | Code::GuliranLoans => {
                    format!("loan {}/{subject}", ledger.entity)
                }
                Code::GuliranPayable => format!("loan {subject}"),
                Code::Stock | Code::Livestock | Code::Tools => {
                    let name = RowName::of(&ledger.entity, "lots", subject);
                    let Some(Row::Lot(row)) = self.row(book, name) else {
                        panic!("no lot for {account}");
                    };
                    assert_eq!(*balance, row.cost_in - row.cost_out, "{account}");
                    let held = (row.quantity_in_milli - row.quantity_out_milli, *balance);
                    assert_eq!(self.changed(book, &ledger.entity, subject), held, "{account}");
                    continue;
                }
                _ => continue,
            };
            *sums.entry((book, pair)).or_default() += balance;
        }
        for (pair, sum) in sums {
            assert_eq!(sum, 0, "{pair:?} disagree");
        }
    }
}

/// The grants whose rows an effect changes, by name.
fn grants_of(effect: &Effect) -> impl Iterator<Item = &RowName> {
    effect.rows.iter().filter(|(_, row)| matches!(row, Row::Grant(_))).map(|(name, _)| name)
}

/// What an effect moved on a grant's accounts, debit positive: its capital and what it owes onward.
fn entries_of(effect: &Effect, grant: &Name) -> i64 {
    let codes =
        [Code::GrantCapital, Code::RestrictedGrant, Code::RolledCapital, Code::GuliranObligation];
    let entity = Entity::Kube(grant.group.clone());
    let legs = effect.entries.iter().filter(|entry| {
        let Account { ledger, code, subject } = &entry.account;
        ledger.entity == entity && codes.contains(code) && *subject.as_str() == *grant.id.as_str()
    });
    legs.map(|entry| entry.amount.get()).sum()
}

#[derive(Default)]
struct Tree {
    original: i64,
    found: i64,
}

/// A row's name as records of a book give it, with its book.
fn full(book: &Id, name: &str) -> String {
    if name.starts_with("books/") { name.to_owned() } else { format!("books/{book}/{name}") }
}

/// `books/{book}/groups/{group}/{collection}/{id}` in its parts.
#[derive(Clone, Debug)]
struct Name {
    book: Id,
    group: Id,
    id: Id,
}

impl Name {
    fn parse(name: &str, collection: &str) -> Name {
        let parts: Vec<&str> = name.split('/').collect();
        let ["books", book, "groups", group, found, own] = parts[..] else {
            panic!("not a name: {name}");
        };
        assert_eq!(found, collection);
        Name { book: id(book), group: id(group), id: id(own) }
    }
}

fn id(text: &str) -> Id {
    Id::new(text).expect("an id")
}

// ---- the world -----------------------------------------------------------------------------

/// A pass on the road, as the courier sends it.
#[derive(Clone)]
struct Sent {
    from: Name,
    parcel: Parcel,
    /// What the other book said, once it was asked.
    outcome: Option<Outcome>,
}

/// The record by which a pass from the other book was taken in.
struct Receipt {
    book: Id,
    group: Id,
    request: RequestId,
    /// By its full name.
    pass: String,
}

struct World {
    rng: Rng,
    hall: Hall,
    books: [Id; 2],
    told: Books,
    read: [usize; 2],
    requests: u64,
    /// Every request of a person, in order.
    asked: Vec<(Id, RequestId)>,
    /// The names of receivers without books, for the next request.
    sealed: Vec<SideRow>,
    sent: BTreeMap<String, Sent>,
    /// What was ever said of passes, as receipts on paper keep it: by the pass's full name.
    receipts: Vec<(String, Said)>,
    tally: Tally,
}

impl World {
    fn new(seed: u64, hall: Hall) -> World {
        let books = [village::book(0), village::book(1)];
        let mut world = World {
            rng: Rng::with_seed(seed),
            hall,
            books: books.clone(),
            told: Books::default(),
            read: [0; 2],
            requests: 0,
            asked: Vec::new(),
            sealed: Vec::new(),
            sent: BTreeMap::new(),
            receipts: Vec::new(),
            tally: Tally::new(),
        };
        for book in &books {
            world.found(book);
        }
        world.told.check();
        world
    }

    fn found(&mut self, book: &Id) {
        let first = Day::from_ymd(2025, 1, 1).expect("a day");
        self.must(
            book,
            Open {
                name: format!("Buku {book} (contoh)"),
                lkm_name: "LKM Contoh".to_owned(),
                regime: Regime::Koperasi,
                zone: Zone::Wita,
                opened_on: first,
            },
        );
        for group in GROUPS {
            let links = match group {
                UNTIED => Vec::new(),
                _ => vec![Link { since: first.get(), until: 0 }],
            };
            let name = format!("Kelompok {group} (contoh)");
            let row = Group { name, member_count: 5, links, ..Group::default() };
            self.must(book, CreateGroup { group: id(group), row });
            let entity = Entity::Kube(id(group));
            let row = Member { joined_on: first.get(), ..Member::default() };
            self.must(book, EnrolMember { entity, member: id("bendahara"), row });
        }
    }

    fn must(&mut self, book: &Id, action: impl Action + 'static) {
        let record = self.ask(book, Arc::new(action));
        assert!(matches!(record.outcome, Outcome::Done(_)), "{record:?}");
    }

    fn next(&mut self, prefix: &str) -> Id {
        self.requests += 1;
        id(&format!("{prefix}-{}", self.requests))
    }

    /// A new request, and the record that answers it.
    fn ask(&mut self, book: &Id, action: Arc<dyn Action>) -> Arc<Record> {
        self.requests += 1;
        let request = RequestId::new(&format!("minta-{:08}", self.requests)).expect("an id");
        self.asked.push((book.clone(), request.clone()));
        let mut wish = village::plain(book, request, action);
        if self.rng.u32(..8) == 0 {
            let first = Day::from_ymd(2025, 1, 1).expect("a day").get();
            wish.command.happened_on = Some(Day::new(first + self.rng.i32(0..80)));
        }
        wish.sides = std::mem::take(&mut self.sealed);
        self.submit(wish).0
    }

    /// Submits a command, lets the model hear what is new, and says whether it was decided before.
    fn submit(&mut self, wish: Wish) -> (Arc<Record>, bool) {
        let answer = self.hall.submit(wish);
        let Answer::Done { record, replayed } = answer else {
            panic!("not answered: {answer:?}");
        };
        self.listen();
        (record, replayed)
    }

    /// Lets the model hear what is new in both books.
    fn listen(&mut self) {
        let mut touched = BTreeSet::new();
        for (book, read) in self.books.iter().zip(&mut self.read) {
            for stored in self.hall.records(book, *read as u64 + 1) {
                let new = Arc::new(decode(&stored.bytes).expect("decodes"));
                self.told.hear(&new);
                *read += 1;
                if let Outcome::Done(effect) = &new.outcome {
                    let accounts = effect.entries.iter().map(|entry| entry.account.clone());
                    touched.extend(accounts.map(|account| (book.clone(), account)));
                }
            }
        }
        for (book, account) in touched {
            let stored = self.hall.balance(&book, &account);
            let told = self.told.balances.get(&(book, account.clone())).copied();
            assert_eq!(stored, told, "the balance of {account}");
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn step(&mut self) {
        let book = self.books[self.rng.usize(..2)].clone();
        match self.rng.u32(..100) {
            0..=1 => {
                self.hall.crash();
                self.count("crash");
            }
            2..=16 => self.courier_step(),
            17..=25 => self.reverse(&book),
            26..=37 if matches!(self.hall, Hall::Server(_)) => self.move_step(&book),
            _ => {
                let (what, action) = self.wish(&book);
                let record = self.ask(&book, action);
                self.note(what, &record);
            }
        }
        self.told.check();
    }

    fn note(&mut self, what: &'static str, record: &Record) {
        let effect = match &record.outcome {
            Outcome::Done(effect) => effect,
            Outcome::Refused(refusal) => {
                let moved = refusal.reason == Reason::GroupMoved;
                self.count(if moved { "asked of one that has moved" } else { "refused" });
                return;
            }
        };
        let has_moved = ("reason".to_owned(), Reason::GroupMoved.name().to_owned());
        if effect.flags.iter().any(|flag| flag.remark.details.contains(&has_moved)) {
            self.count("told of one that has moved");
        }
        let mut review = false;
        for (_, row) in &effect.rows {
            if let Row::Pass(row) = row {
                review |= row.state() == PassState::Review;
                let posted = row.state() == PassState::Posted;
                if posted && !row.items.is_empty() {
                    self.count("pass in kind");
                }
                if posted && record.event == Event::GuliranDelivered {
                    if self.still_owed(record) {
                        self.count("pass in part");
                    }
                    let grant = format!("books/{}/{}", record.book, effect.grant);
                    if !self.told.grants[&grant].moved_from.is_empty() {
                        self.count("pass on what came along");
                    }
                }
                if record.event == Event::GuliranReleased && in_transit(row) > 0 {
                    self.count("release in part");
                }
            }
        }
        self.count(if review { "pass to review" } else { what });
    }

    /// Whether more is owed onward of the grant that a record passed on a part of.
    fn still_owed(&self, record: &Record) -> bool {
        let Outcome::Done(effect) = &record.outcome else { return false };
        let grant = Name::parse(&format!("books/{}/{}", record.book, effect.grant), "grants");
        owed_of(&self.told, &grant) > 0
    }

    /// Takes back something that was asked for before, whatever it was.
    fn reverse(&mut self, book: &Id) {
        let asked = self.asked.iter().filter(|(of, _)| of == book);
        let asked: Vec<RequestId> = asked.map(|(_, request)| request.clone()).collect();
        // Most of what is taken back was done a moment ago.
        let first = if self.rng.u32(..3) > 0 { asked.len().saturating_sub(8) } else { 0 };
        let mut transaction = asked[self.rng.usize(first..asked.len())].clone();
        if self.rng.u32(..6) == 0 && !self.sent.is_empty() {
            let at = self.rng.usize(..self.sent.len());
            let sent = self.sent.values().nth(at).expect("counted");
            transaction = sent.parcel.bringing().request;
        }
        let line = if self.rng.u32(..8) == 0 { self.rng.u32(1..3) } else { 0 };
        let key = (book.clone(), transaction.clone());
        let event = self.told.requests.get(&key).map(|record| record.event);
        let record = self.ask(book, Arc::new(Reverse { transaction, line }));
        let what = match event {
            Some(Event::GuliranDelivered | Event::GuliranReleased) => "reverse a pass",
            Some(Event::GrantReturned) => "reverse a return",
            Some(Event::GroupLeft) => "reverse a move",
            _ => "reverse",
        };
        self.note(what, &record);
    }

    // ---- groups that move --------------------------------------------------------------------

    fn move_step(&mut self, book: &Id) {
        let moving = self.moving();
        if moving.is_empty() || self.rng.u32(..5) == 0 {
            let group = self.group(book);
            match self.unsettled(book, &group) {
                Some((what, action)) => {
                    let record = self.ask(book, action);
                    self.note(what, &record);
                }
                None => self.leave(book, &group),
            }
            return;
        }
        let (from, group) = moving[self.rng.usize(..moving.len())].clone();
        let twice = self.rng.u32(..4) == 0;
        self.bring_group(&from, &group, twice);
        if self.rng.u32(..3) == 0 {
            self.count("die between the books");
            self.hall.crash();
        }
    }

    /// The groups that the journals say have left and not come.
    fn moving(&self) -> Vec<(Id, Id)> {
        let listed = self.told.rows.iter().filter_map(|((book, name), row)| match row {
            Row::Move(row) if row.state() == TransitState::Waiting => {
                Some((book.clone(), id(&name.id)))
            }
            _ => None,
        });
        listed.collect()
    }

    fn bring_group(&mut self, from: &Id, group: &Id, twice: bool) -> Step {
        let Hall::Server(office) = &self.hall else { panic!("nobody moves in memory") };
        let step = office.step(from, group, twice);
        self.listen();
        if twice {
            self.count("two movers");
        }
        let name = RowName::new(MOVES_OF_BOOK, group.as_str());
        let Some(Row::Move(row)) = self.told.row(from, name) else { panic!("{group} moves") };
        match row.state() {
            TransitState::Arrived => self.count("arrive"),
            TransitState::Refused => self.count("refused a move over there"),
            _ => {}
        }
        step
    }

    /// What ties a group to its book, one thing after another.
    fn unsettled(&mut self, book: &Id, group: &Id) -> Option<(&'static str, Arc<dyn Action>)> {
        let entity = Entity::Kube(group.clone());
        for fund in [Fund::Uep, Fund::SimpanPinjam] {
            let savings = Ledger::new(entity.clone(), fund).account(Code::SavingsAtLkm);
            let amount = Sen::new(self.told.held(book, savings));
            if amount.is_positive() {
                let (kube_place, lkm_place) = (Place::Bank, Place::Bank);
                let (group, deposit) = (group.clone(), false);
                let action = SaveAtLkm { group, fund, deposit, amount, kube_place, lkm_place };
                return Some(("draw at the LKM", Arc::new(action)));
            }
        }
        for (lender, loan, borrower, due) in self.loans(book) {
            if due > 0 && (lender == entity || borrower == *group) {
                let amount = Sen::new(due);
                return Some(("repay", Arc::new(RepayLoan { lender, loan, amount })));
            }
        }
        let suspense = self.told.balances.iter().find_map(|((of, account), balance)| {
            let waits = account.code == Code::Suspense && account.ledger.entity == entity;
            (waits && of == book && *balance != 0).then_some((account, *balance))
        });
        let (account, balance) = suspense?;
        let (transaction, line) = account.subject.as_str().rsplit_once('/').expect("an item");
        let clear = ClearSuspense {
            entity,
            fund: account.ledger.fund.get(),
            transaction: RequestId::new(transaction).expect("a request"),
            line: line.parse().expect("a line"),
            code: Code::Sales,
            subject: Subject::none(),
            amount: Sen::new(balance.abs()),
            dues: None,
        };
        Some(("clear", Arc::new(clear)))
    }

    /// A group leaves, mostly to where it is not known yet.
    fn leave(&mut self, book: &Id, group: &Id) {
        let there = self.other(book);
        let new = if self.rng.u32(..6) == 0 { self.group(&there) } else { self.next("kelompok") };
        let to = format!("books/{there}/groups/{new}");
        let Hall::Server(office) = &self.hall else { panic!("nobody moves in memory") };
        let found = office.found(book, group);
        let (things, more) = found.first_part();
        let (staying, minute) = (found.staying, "BA-2/contoh".to_owned());
        let leave = Leave { group: group.clone(), to, staying, later: None, things, more, minute };
        self.requests += 1;
        let request = RequestId::new(&format!("minta-{:08}", self.requests)).expect("an id");
        self.asked.push((book.clone(), request.clone()));
        let (record, _) = self.submit(village::plain(book, request, Arc::new(leave)));
        self.note("move", &record);
        if let Outcome::Done(effect) = &record.outcome {
            let home = self.told.first_home(&format!("books/{book}/groups/{group}"));
            if home != format!("books/{book}/groups/{group}") {
                self.count("move again");
                if home.starts_with(&format!("books/{there}/")) {
                    self.count("come home");
                }
            }
            let with =
                grants_of(effect).map(|name| &self.told.grants[&full(book, &name.to_string())]);
            if with.into_iter().any(|told| told.passed > 0) {
                self.count("move with a grant that was passed on");
            }
        }
    }

    fn other(&self, book: &Id) -> Id {
        self.books.iter().find(|other| *other != book).expect("two books").clone()
    }

    // ---- the road between the books ----------------------------------------------------------

    fn courier_step(&mut self) {
        let waiting = self.waiting();
        match self.rng.u32(..20) {
            10..=13 => self.answer_over_there(),
            14..=15 => self.send_back(),
            16 => self.take_back(),
            17..=18 => self.carry_receipt(),
            19 => {
                if let Hall::Server(office) = &self.hall {
                    let at = self.rng.usize(..2);
                    office.courier(&self.books[at], self.rng.bool());
                    self.listen();
                }
            }
            0..=5 if !waiting.is_empty() => {
                let name = waiting[self.rng.usize(..waiting.len())].clone();
                self.pack(&name);
                self.bring(&name);
                if self.rng.u32(..3) == 0 {
                    self.count("lost between the books");
                    self.hall.crash();
                } else {
                    self.answer(&name);
                }
            }
            6 if !waiting.is_empty() => {
                let name = waiting[self.rng.usize(..waiting.len())].clone();
                self.pack(&name);
                self.carry_file(&name);
            }
            7..=8 if !self.sent.is_empty() => {
                let name = self.any_sent();
                self.bring(&name);
            }
            _ if !self.sent.is_empty() => {
                let name = self.any_sent();
                if self.sent[&name].outcome.is_some() {
                    self.answer(&name);
                    self.count("answer brought late");
                }
            }
            _ => {}
        }
    }

    fn any_sent(&mut self) -> String {
        let at = self.rng.usize(..self.sent.len());
        self.sent.keys().nth(at).expect("counted").clone()
    }

    /// The passes that the givers' journals list as waiting, by full name.
    fn waiting(&self) -> Vec<String> {
        let listed = self.told.rows.iter().filter_map(|((book, name), row)| match row {
            Row::Transit(row) if row.state() == TransitState::Waiting => {
                assert_eq!(name.parent, "transit");
                Some(format!("books/{book}/groups/{}/passes/{}", row.group, row.pass))
            }
            _ => None,
        });
        listed.collect()
    }

    /// Reads a pass as the courier does, from the giver's rows.
    fn pack(&mut self, name: &str) {
        let from = Name::parse(name, "passes");
        let pass = pass_name(&from.group, &from.id);
        let Some(Row::Pass(row)) = self.told.row(&from.book, pass.clone()) else {
            panic!("no pass: {name}");
        };
        let grant = grant_name(&from.group, &id(&row.grant));
        let Some(Row::Grant(giver)) = self.told.row(&from.book, grant.clone()) else {
            panic!("no grant: {grant}");
        };
        let parcel = parcel(&from.book, &pass, row, &grant, giver).expect("it can be sent");
        let sent = Sent { from, parcel, outcome: None };
        self.sent.entry(name.to_owned()).or_insert(sent);
    }

    fn bring(&mut self, name: &str) {
        let command = self.sent[name].parcel.bringing();
        let key = (command.book.clone(), command.request.clone());
        let before = self.told.requests.get(&key).cloned();
        let (record, replayed) = self.submit(Wish { command, sides: Vec::new(), never: false });
        assert_eq!(replayed, before.is_some(), "{name}");
        assert!(before.is_none_or(|before| before == record), "{name} got another answer");
        self.count(if replayed { "brought again" } else { "bring" });
        if matches!(record.outcome, Outcome::Refused(_)) {
            self.count("refused over there");
        }
        self.sent.get_mut(name).expect("sent").outcome = Some(record.outcome.clone());
    }

    fn answer(&mut self, name: &str) {
        let Sent { from, parcel, outcome } = self.sent[name].clone();
        let word = match outcome.expect("it was brought") {
            Outcome::Refused(refusal) if !is_known(refusal.reason) => Word::Refused(refusal.reason),
            _ => Word::Said(self.hear_said(name, &parcel.receive.group, &parcel.book)),
        };
        self.tell(&from, word);
    }

    fn tell(&mut self, from: &Name, word: Word) {
        let command = telling(&from.book, from.group.clone(), from.id.clone(), word);
        self.submit(Wish { command, sides: Vec::new(), never: false });
    }

    /// What a book says of a pass by now; a copy is kept.
    fn hear_said(&mut self, pass: &str, group: &Id, there: &Id) -> Said {
        let receiver = format!("books/{there}/groups/{group}");
        let said = self.told.said(pass, &receiver).expect("it was taken in");
        self.receipts.push((pass.to_owned(), said.clone()));
        said
    }

    /// A person carries the pass as a file, and perhaps the receipt back, with requests of theirs.
    fn carry_file(&mut self, name: &str) {
        let Sent { from, parcel, .. } = self.sent[name].clone();
        let record = self.ask(&parcel.book, Arc::new(parcel.receive.clone()));
        self.note("bring by file", &record);
        if matches!(record.outcome, Outcome::Done(_)) {
            let said = self.hear_said(name, &parcel.receive.group, &parcel.book);
            if self.rng.bool() {
                self.hear(&from, said);
            }
        }
    }

    /// A person takes a receipt in, whatever was heard since it was written.
    fn carry_receipt(&mut self) {
        if self.receipts.is_empty() {
            return;
        }
        let first = self.receipts.len().saturating_sub(12);
        let first = if self.rng.bool() { first } else { 0 };
        let (pass, old) = self.receipts[self.rng.usize(first..self.receipts.len())].clone();
        let said = match self.rng.bool() {
            true => old,
            false => self.told.said(&pass, &old.receiver).expect("it was taken in"),
        };
        self.receipts.push((pass.clone(), said.clone()));
        self.hear(&Name::parse(&pass, "passes"), said);
    }

    fn hear(&mut self, from: &Name, said: Said) {
        let before = self.heard(from);
        let (later, first) = (said.word.position > before.0, before.0 == 0);
        let (position, returned) = (said.word.position, said.word.returned);
        let word = Word::Said(said);
        let hear = Hear { giver: from.group.clone(), pass: from.id.clone(), word };
        let record = self.ask(&from.book, Arc::new(hear));
        let taken = matches!(record.outcome, Outcome::Done(_));
        assert_eq!(taken, later && before.1, "{from:?} {record:?}");
        self.note("hear by file", &record);
        if !later {
            self.count("an old word");
        }
        if taken && first && returned {
            self.count("a return before the arrival");
        }
        assert_eq!(self.heard(from).0, if taken { position } else { before.0 });
    }

    /// The position of what was last heard of a pass, and whether it is posted.
    fn heard(&self, pass: &Name) -> (u64, bool) {
        match self.told.row(&pass.book, pass_name(&pass.group, &pass.id)) {
            Some(Row::Pass(row)) => {
                let heard = row.word.as_ref().map_or(0, |word| word.position);
                (heard, row.state() == PassState::Posted)
            }
            other => panic!("no pass: {other:?}"),
        }
    }

    /// What came from the other book, by what the receiver answered.
    fn receipts_answered(&self, state: ConfirmationState) -> Vec<Receipt> {
        let found = self.told.rows.iter().filter_map(|((book, _), row)| {
            let Row::Transfer(row) = row else { return None };
            let (group, grant) = (id(&row.group), id(&row.grant));
            let grant = Name { book: book.clone(), group: group.clone(), id: grant };
            let request = RequestId::new(&self.told.grant_row(&grant).request_id)?;
            let name = confirmation_name(&group, &request);
            let Some(Row::Confirmation(answer)) = self.told.row(book, name) else { return None };
            let (book, pass) = (book.clone(), row.pass.clone());
            (answer.state() == state).then_some(Receipt { book, group, request, pass })
        });
        found.collect()
    }

    /// A receiver's officer confirms or disputes what came.
    fn answer_over_there(&mut self) {
        let mut waiting = self.receipts_answered(ConfirmationState::Waiting);
        if waiting.is_empty() {
            return;
        }
        let Receipt { book, group, request: report, .. } =
            waiting.swap_remove(self.rng.usize(..waiting.len()));
        let disputes = self.rng.u32(..3) > 0;
        let dispute = disputes.then(|| self.commitment());
        let answer = AnswerReport { group, report, dispute };
        self.requests += 1;
        let request = RequestId::new(&format!("jawab-{:08}", self.requests)).expect("an id");
        let mut wish = village::plain(&book, request, Arc::new(answer));
        wish.command.author = Author::named("bendahara");
        wish.sides = std::mem::take(&mut self.sealed);
        let (record, _) = self.submit(wish);
        self.note(if disputes { "dispute over there" } else { "confirm over there" }, &record);
    }

    /// What a receiver disputes goes back, unless it was used.
    fn send_back(&mut self) {
        let mut disputed = self.receipts_answered(ConfirmationState::Disputed);
        if disputed.is_empty() {
            return;
        }
        let Receipt { book, group, request: transaction, pass } =
            disputed.swap_remove(self.rng.usize(..disputed.len()));
        let record = self.ask(&book, Arc::new(Reverse { transaction, line: 0 }));
        if let Outcome::Refused(refusal) = &record.outcome {
            let used = [Reason::ReversalBlocked, Reason::Floor].contains(&refusal.reason);
            let gone = refusal.reason == Reason::GroupMoved;
            assert!(used || gone, "{refusal}");
            if used {
                self.count("used, so it stays");
            }
        }
        self.note("send back", &record);
        if matches!(record.outcome, Outcome::Done(_)) && self.rng.bool() {
            let said = self.hear_said(&pass, &group, &book);
            self.hear(&Name::parse(&pass, "passes"), said);
        }
    }

    /// A giver takes back what was sent back to it.
    fn take_back(&mut self) {
        let returned = self.told.rows.iter().filter_map(|((book, _), row)| match row {
            Row::Pass(row) if row.broken == "TRANSFER_RETURNED" => {
                let posted = row.state() == PassState::Posted;
                posted.then(|| (book.clone(), RequestId::new(&row.request_id)))
            }
            _ => None,
        });
        let mut returned: Vec<_> = returned.collect();
        if returned.is_empty() {
            return;
        }
        let (book, transaction) = returned.swap_remove(self.rng.usize(..returned.len()));
        let transaction = transaction.expect("a request");
        let record = self.ask(&book, Arc::new(Reverse { transaction, line: 0 }));
        if let Outcome::Refused(refusal) = &record.outcome {
            assert_eq!(refusal.reason, Reason::GroupMoved, "{refusal}");
        }
        self.note("take back what was sent back", &record);
    }

    /// Every word that was said and not heard is brought.
    fn bring_words(&mut self) {
        let listed: Vec<(Name, String)> = self
            .told
            .rows
            .iter()
            .filter_map(|((book, _), row)| match row {
                Row::Transit(row) if waits(&Row::Transit(row.clone())) => {
                    let pass =
                        Name { book: book.clone(), group: id(&row.group), id: id(&row.pass) };
                    Some((pass, row.book.clone()))
                }
                _ => None,
            })
            .collect();
        for (from, to) in listed {
            let pass = format!("books/{}/{}", from.book, pass_name(&from.group, &from.id));
            let said = self.told.said(&pass, &format!("books/{to}/groups/x"));
            if let Some(said) = said.filter(|said| said.word.position > self.heard(&from).0) {
                self.tell(&from, Word::Said(said));
            }
        }
    }

    /// The courier's last round.
    fn bring_all(&mut self) {
        if let Hall::Server(office) = &self.hall {
            self.books.iter().for_each(|book| office.courier(book, false));
            self.listen();
            return;
        }
        for name in self.waiting() {
            self.pack(&name);
            self.bring(&name);
            self.answer(&name);
        }
        self.bring_words();
    }

    /// Nothing is lost: the courier brings whatever waits, and what the journals hold is sound.
    fn settle(&mut self) {
        self.bring_all();
        assert_eq!(self.waiting(), [""; 0], "everything that waited has an answer");
        for ((book, name), row) in &self.told.rows {
            let Row::Pass(row) = row else { continue };
            if row.receiver_kind() == ReceiverKind::OtherBook && row.state() == PassState::Posted {
                let said = self.told.said(&format!("books/{book}/{name}"), &row.receiver);
                assert_eq!(row.word, said.map(|said| said.word), "{name} heard all that was said");
            }
        }
        for (from, group) in self.moving() {
            let mut steps = 0;
            while self.bring_group(&from, &group, false) != Step::Answered {
                steps += 1;
                assert!(steps < 100, "the move of {group} does not come to an end");
            }
        }
        self.told.check();
        for (name, told) in &self.told.grants {
            let Name { book, group, .. } = Name::parse(name, "grants");
            let refused = match self.told.row(&book, RowName::new(MOVES_OF_BOOK, group.as_str())) {
                Some(Row::Move(row)) => row.state() == TransitState::Refused,
                _ => false,
            };
            assert!(
                refused || told.moved == told.carried,
                "{name} has left and not come: {told:?}"
            );
        }
        for book in &self.books.clone() {
            let dump = self.hall.sound_dump(book);
            let mut stored: HashMap<(Id, Account), i64> = HashMap::new();
            for entry in &dump.entries {
                let account = Account::parse(&entry.account).expect("an account");
                *stored.entry((book.clone(), account)).or_default() += entry.amount;
            }
            for (key, balance) in stored {
                assert_eq!(self.told.balances.get(&key), Some(&balance), "{key:?}");
            }
            for (parent, own, _, bytes, _) in &dump.rows {
                let name = RowName::new(parent.clone(), own.clone());
                let row = decode_value(bytes).expect("decodes");
                assert_eq!(self.told.row(book, name), Some(&row));
            }
        }
    }

    // ---- wishes ------------------------------------------------------------------------------

    /// A group of a book, mostly one that is still there.
    fn group(&mut self, book: &Id) -> Id {
        let from = (book.clone(), RowName::group(&id("0")));
        let groups = self
            .told
            .rows
            .range(from..)
            .take_while(|((of, name), _)| of == book && name.parent == "groups");
        let here = |row: &Row| match row {
            Row::Group(row) => row.standings.last().is_none_or(|last| last.moved_to.is_empty()),
            _ => false,
        };
        let mut all: Vec<(Id, bool)> =
            groups.map(|((_, name), row)| (id(&name.id), here(row))).collect();
        if self.rng.u32(..10) > 0 && all.iter().any(|(_, here)| *here) {
            all.retain(|(_, here)| *here);
        }
        all.swap_remove(self.rng.usize(..all.len())).0
    }

    /// Mostly a part or all of what there is; now and then more, or anything.
    fn amount(&mut self, held: i64) -> Sen {
        match self.rng.u32(..20) {
            0 => Sen::new(self.rng.i64(1..2_000_000)),
            1 => Sen::new(held.max(0) + 1),
            2..=7 if held > 0 => Sen::new(held),
            _ if held > 0 => Sen::new(self.rng.i64(1..=held)),
            _ => Sen::new(self.rng.i64(1..1_000_000)),
        }
    }

    fn place(&mut self) -> Place {
        if self.rng.bool() { Place::Cash } else { Place::Bank }
    }

    /// A grant of a book by how much of something it has, mostly one that has some.
    fn grant(&mut self, book: &Id, of: impl Fn(&Books, &Name) -> i64) -> Option<(Name, i64)> {
        let prefix = format!("books/{book}/");
        let names = self.told.grants.keys().filter(|name| name.starts_with(&prefix));
        let all: Vec<Name> = names.map(|name| Name::parse(name, "grants")).collect();
        let with = all.into_iter().map(|name| {
            let has = of(&self.told, &name);
            (name, has)
        });
        let mut all: Vec<(Name, i64)> = with.collect();
        if self.rng.u32(..10) > 0 && all.iter().any(|(_, has)| *has > 0) {
            all.retain(|(_, has)| *has > 0);
        }
        (!all.is_empty()).then(|| all.swap_remove(self.rng.usize(..all.len())))
    }

    /// A lot of a group, and thousandths of a unit, mostly no more than it has.
    fn lot(&mut self, book: &Id, group: &Id) -> Option<(Id, i64)> {
        let parent = format!("groups/{group}/lots");
        let from = (book.clone(), RowName::new(parent.clone(), ""));
        let lots = self
            .told
            .rows
            .range(from..)
            .take_while(|((of, name), _)| of == book && name.parent == parent);
        let held = |row: &Row| match row {
            Row::Lot(row) => row.quantity_in_milli - row.quantity_out_milli,
            _ => 0,
        };
        let mut all: Vec<(Id, i64)> =
            lots.map(|((_, name), row)| (id(&name.id), held(row))).collect();
        if all.iter().any(|(_, held)| *held > 0) && self.rng.u32(..10) > 0 {
            all.retain(|(_, held)| *held > 0);
        }
        if all.is_empty() {
            return None;
        }
        let (lot, held) = all.swap_remove(self.rng.usize(..all.len()));
        let units = self.rng.i64(1..=(held / 1_000).max(1)) * 1_000;
        Some((lot, units))
    }

    fn new_lot(&mut self) -> NewLot {
        let kind = [LotKind::Stock, LotKind::Livestock, LotKind::Tools][self.rng.usize(..3)];
        NewLot {
            lot: self.next("lot"),
            kind,
            label: "barang (contoh)".to_owned(),
            unit: "buah".to_owned(),
            quantity_milli: self.rng.i64(1..8) * 1_000,
            cost: Sen::new(self.rng.i64(1..1_000_000)),
        }
    }

    fn wish(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        match self.rng.u32(..80) {
            0..=6 => self.receive(book),
            7..=17 => self.decide(book),
            18..=41 => self.deliver(book),
            42..=47 => self.release(book),
            48..=50 => self.confirm(book),
            51..=53 => self.excuse(book),
            54..=58 => self.lose(book),
            59..=61 => self.give_back(book),
            62..=63 => self.accept(book),
            64..=73 => self.trade(book),
            74..=76 => self.save(book),
            _ => self.lend(book),
        }
    }

    fn receive(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let (group, amount) = (self.group(book), Sen::new(self.rng.i64(1..1_000_000)));
        let (what, channel) = match self.rng.u32(..10) {
            0..=3 => ("grant by bank", Channel::Bank(amount)),
            4..=6 => ("grant through the LKM", Channel::Lkm(amount)),
            7..=8 => {
                let items = (0..self.rng.usize(1..3)).map(|_| self.new_lot()).collect();
                ("grant in kind", Channel::InKind(items))
            }
            _ => ("grant before the books", Channel::BeforeBooks(amount)),
        };
        let papers = Papers { programme: "BLPS (contoh)".to_owned(), ..Papers::default() };
        let (grant, restricted) = (self.next("hibah"), self.rng.u32(..4) == 0);
        let source = BudgetSource::Blps;
        (what, Arc::new(ReceiveGrant { group, grant, papers, source, restricted, channel }))
    }

    fn decide(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let found = self.grant(book, capital_of);
        let (Some((name, held)), false) = (found, self.rng.u32(..12) == 0) else {
            let share_percent = self.rng.u32(1..100).into();
            let since = Day::from_ymd(2024, 1, 1).expect("a day").get() + self.rng.i32(0..300);
            let (group, since) = (self.group(book), Day::new(since));
            return ("rule", Arc::new(SetRule { group, since, share_percent, due_months: 12 }));
        };
        let by_rule = self.rng.u32(..6) == 0;
        let amount = if by_rule { None } else { Some(self.amount(held)) };
        let what = if by_rule { "decide by rule" } else { "decide" };
        let Name { group, id: grant, .. } = name;
        (what, Arc::new(Decide { group, grant, amount, due_on: None }))
    }

    fn deliver(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let before_books = self.rng.u32(..12) == 0;
        let of = if before_books { unexplained_of } else { owed_of };
        let Some((name, has)) = self.grant(book, of) else { return self.receive(book) };
        let reported = self.rng.u32(..8) == 0;
        let savings = uep_ledger(&name.group).account(Code::SavingsAtLkm);
        let savings = self.told.held(book, savings);
        let (mut what, receiver) = self.receiver(book, savings > 0);
        let mut channel = match self.rng.u32(..3) {
            0 => PassChannel::Bank,
            1 => PassChannel::Cash,
            _ => PassChannel::Savings,
        };
        if self.rng.u32(..8) > 0 {
            match receiver {
                Receiver::Pool => channel = PassChannel::Savings,
                _ if savings == 0 => channel = PassChannel::Cash,
                _ => {}
            }
        }
        let through_savings = channel == PassChannel::Savings && savings > 0;
        let mut cash = self.amount(if through_savings { has.min(savings) } else { has });
        let mut items = Vec::new();
        let thing = match self.rng.u32(..3) {
            0 => self.lot(book, &name.group),
            _ => None,
        };
        if let Some((lot, quantity_milli)) = thing {
            let value = self.amount(cash.get());
            cash = Sen::new((cash.get() - value.get()).max(0));
            let with_books = matches!(receiver, Receiver::Group(..));
            let new_lot = with_books.then(|| self.next("lot"));
            items.push(Item { lot, quantity_milli, value, new_lot });
        }
        let Name { group, id: grant, .. } = name;
        let pass = self.next("guliran");
        if before_books {
            what = "pass before the books";
        } else if reported {
            what = "pass reported";
        }
        let deliver =
            Deliver { group, grant, pass, receiver, channel, cash, items, before_books, reported };
        (what, Arc::new(deliver))
    }

    fn receiver(&mut self, book: &Id, has_savings: bool) -> (&'static str, Receiver) {
        let most = if has_savings || self.rng.u32(..8) == 0 { 23 } else { 19 };
        match self.rng.u32(..most) {
            7..=12 => {
                let other = self.other(book);
                let group = match self.rng.u32(..10) {
                    0 => id("tiada"),
                    _ => self.group(&other),
                };
                let name = format!("books/{other}/groups/{group}");
                ("pass to the other book", Receiver::OtherBook(name))
            }
            13..=14 => ("pass to a family", Receiver::Family(self.commitment())),
            15 => ("pass to a group without books", Receiver::UnbookedGroup(self.commitment())),
            0..=6 | 16..=18 => {
                let (group, grant) = (self.group(book), self.next("terima"));
                ("pass to a group", Receiver::Group(group, grant))
            }
            _ => ("pass to the pool", Receiver::Pool),
        }
    }

    fn commitment(&mut self) -> Vec<u8> {
        let mut commitment = [0; 32];
        self.rng.fill(&mut commitment);
        let owner = "groups/anggrek".to_owned();
        self.sealed.push(SideRow { commitment, owner, sealed: vec![7; 24] });
        commitment.to_vec()
    }

    /// A pass of a book that fits, or else any.
    fn pass(&mut self, book: &Id, fits: impl Fn(&proto::Pass) -> bool) -> Option<(Name, i64)> {
        let mut all: Vec<(Name, i64, bool)> = Vec::new();
        for ((of, name), row) in &self.told.rows {
            let group = name.parent.strip_prefix("groups/").and_then(|n| n.strip_suffix("/passes"));
            if let (Row::Pass(row), Some(group), true) = (row, group, of == book) {
                let name = Name { book: of.clone(), group: id(group), id: id(&name.id) };
                all.push((name, in_transit(row), fits(row)));
            }
        }
        if all.iter().any(|(_, _, fits)| *fits) && self.rng.u32(..10) > 0 {
            all.retain(|(_, _, fits)| *fits);
        }
        (!all.is_empty()).then(|| {
            let (name, waiting, _) = all.swap_remove(self.rng.usize(..all.len()));
            (name, waiting)
        })
    }

    fn release(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let pooled =
            |row: &proto::Pass| row.receiver_kind() == ReceiverKind::Pool && in_transit(row) > 0;
        let Some((name, waiting)) = self.pass(book, pooled) else { return self.decide(book) };
        let (receiver, grant) = (self.group(book), self.next("terima"));
        let amount = self.amount(waiting);
        let Name { group: giver, id: pass, .. } = name;
        ("release", Arc::new(Release { giver, pass, receiver, grant, amount }))
    }

    fn confirm(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let arrived = |row: &proto::Pass| !row.arrivals.is_empty();
        let Some((name, _)) = self.pass(book, arrived) else { return self.decide(book) };
        let row = self.told.row(book, pass_name(&name.group, &name.id));
        let receiver = match row {
            Some(Row::Pass(row)) => row.arrivals.first().and_then(|one| Id::new(&one.receiver)),
            _ => None,
        };
        let receiver = receiver.unwrap_or_else(|| self.group(book));
        let Name { group: giver, id: pass, .. } = name;
        let arrived = self.rng.bool();
        ("confirm", Arc::new(Confirm { giver, pass, receiver, arrived }))
    }

    fn excuse(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let Some((name, owed)) = self.grant(book, owed_of) else { return self.receive(book) };
        let Name { group, id: grant, .. } = name;
        ("excuse", Arc::new(Excuse { group, grant, amount: self.amount(owed) }))
    }

    fn lose(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let Some((name, held)) = self.grant(book, capital_of) else { return self.receive(book) };
        let Name { group, id: grant, .. } = name;
        let officer = id("bendahara");
        let due = uep_ledger(&group).account_of(Code::OfficerReceivable, Subject::id(&officer));
        let due = self.told.held(book, due);
        let (what, loss) = match (self.rng.u32(..3), self.lot(book, &group)) {
            (0, Some((lot, units))) => {
                ("lose things", Loss::Things(lot, units, LossCause::Unspecified))
            }
            (1, _) if due > 0 => ("give up", Loss::GivenUp(officer, self.amount(due.min(held)))),
            _ => {
                let place = self.place();
                ("misuse", Loss::Misused(officer, self.amount(held), place))
            }
        };
        (what, Arc::new(LoseCapital { group, grant, loss }))
    }

    fn give_back(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let Some((name, held)) = self.grant(book, capital_of) else { return self.receive(book) };
        let Name { group, id: grant, .. } = name;
        let (amount, place) = (self.amount(held), self.place());
        ("return", Arc::new(ReturnGrant { group, grant, amount, place }))
    }

    fn accept(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let restricted = |told: &Books, name: &Name| {
            let row = told.grant_row(name);
            i64::from(row.restricted && row.lpj_accepted_on == 0)
        };
        let Some((name, _)) = self.grant(book, restricted) else { return self.receive(book) };
        let Name { group, id: grant, .. } = name;
        ("accept the LPJ", Arc::new(AcceptLpj { group, grant }))
    }

    fn trade(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let Some((name, held)) = self.grant(book, capital_of) else { return self.receive(book) };
        let Name { group, id: grant, .. } = name;
        let (ledger, place) = (uep_ledger(&group), self.place());
        let spends = Some(Spends { grant, plan_line: String::new() });
        let lot = self.lot(book, &group);
        match (self.rng.u32(..6), lot) {
            (0, Some((lot, units))) => {
                let (price, goods) = (self.amount(held), Some((lot, units)));
                let proceeds = Proceeds::Paid(place);
                ("sell", Arc::new(Sell { ledger, price, proceeds, goods }))
            }
            (1, Some((lot, units))) => {
                let cause = if self.rng.bool() { LossCause::Died } else { LossCause::Stolen };
                ("death", Arc::new(Lose { ledger, lot, heads: units / 1_000, cause }))
            }
            (2, _) => {
                let (lot, heads) = (self.next("anak"), self.rng.i64(1..6));
                let label = "babi (contoh)".to_owned();
                ("birth", Arc::new(Born { ledger, lot, label, heads }))
            }
            (3, _) => {
                let (items, payment) = (vec![self.new_lot()], Payment::Paid(place));
                ("buy", Arc::new(Purchase { ledger, items, payment, spends }))
            }
            (_, lot) => {
                let into_lot = lot.map(|(lot, _)| lot).filter(|_| self.rng.bool());
                let (kind, amount) = (ExpenseKind::Feed, self.amount(held));
                ("spend", Arc::new(PayExpense { ledger, kind, amount, place, spends, into_lot }))
            }
        }
    }

    fn save(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let (group, deposit) = (self.group(book), self.rng.u32(..3) > 0);
        let fund = if self.rng.u32(..4) == 0 { Fund::SimpanPinjam } else { Fund::Uep };
        let account = Ledger::new(Entity::Kube(group.clone()), fund).account(Code::SavingsAtLkm);
        let held = self.told.held(book, account);
        let amount = if deposit { self.amount(0) } else { self.amount(held) };
        let (kube_place, lkm_place) = (self.place(), Place::Bank);
        let what = if deposit { "save at the LKM" } else { "draw at the LKM" };
        (what, Arc::new(SaveAtLkm { group, fund, deposit, amount, kube_place, lkm_place }))
    }

    fn lend(&mut self, book: &Id) -> (&'static str, Arc<dyn Action>) {
        let mut loans = self.loans(book);
        if !loans.is_empty() && self.rng.bool() {
            let (lender, loan, _, due) = loans.swap_remove(self.rng.usize(..loans.len()));
            return ("repay", Arc::new(RepayLoan { lender, loan, amount: self.amount(due) }));
        }
        let lender = match self.rng.u32(..4) {
            0 => Entity::Lkm,
            _ => Entity::Kube(self.group(book)),
        };
        let (loan, borrower, amount) = (self.next("pinjam"), self.group(book), self.amount(0));
        ("lend", Arc::new(Lend { lender, loan, borrower, amount, due_on: None }))
    }

    /// The loans of guliran of a book: lender, loan, borrower, and what is due.
    fn loans(&self, book: &Id) -> Vec<(Entity, Id, Id, i64)> {
        let loans = self.told.rows.iter().filter_map(|((of, name), row)| match row {
            Row::GuliranLoan(row) if of == book => {
                let lender = name.parent.strip_suffix("/guliran-loans").expect("a loan");
                let lender = Entity::new(lender.trim_start_matches("groups/")).expect("an entity");
                Some((lender, id(&name.id), id(&row.borrower), row.amount - row.repaid))
            }
            _ => None,
        });
        loans.collect()
    }
}

fn capital_of(told: &Books, name: &Name) -> i64 {
    told.held(&name.book, accounts_of(&name.group, &name.id, told.grant_row(name)).0)
}

fn owed_of(told: &Books, name: &Name) -> i64 {
    told.held(&name.book, accounts_of(&name.group, &name.id, told.grant_row(name)).1)
}

fn unexplained_of(told: &Books, name: &Name) -> i64 {
    let row = told.grant_row(name);
    let known = capital_of(told, name) + owed_of(told, name);
    match row.reversed {
        true => 0,
        false => row.amount - known - row.passed - row.returned - row.lost,
    }
}
