//! Groups with loans, and with more than one record holds, move between the books of two LKMs, all
//! from one seed, while the process dies between any two steps and two movers get in each other's
//! way. After every step each account stands in one of the books, whole, or is on its way; every
//! ledger of both books balances; both books are what their records say. `SIMPUL_SEED=n` replays
//! one seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;
use simpul::domain::account::{Account, Ledger, Subject};
use simpul::domain::book::Open;
use simpul::domain::cash::Place;
use simpul::domain::chart::Code;
use simpul::domain::day::Day;
use simpul::domain::decide::{Action, Command};
use simpul::domain::general::{ClearSuspense, OpenBalances, Opening};
use simpul::domain::guliran::Decide;
use simpul::domain::id::{Entity, Id, RequestId, RowName};
use simpul::domain::loan::case::{Borrower, Purse};
use simpul::domain::loan::opening::RunningLoan;
use simpul::domain::loan::pay::PayLoan;
use simpul::domain::loan::product::SetLoanProduct;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::moving::{Leave, move_name};
use simpul::domain::record::proto::{
    BudgetSource, Fund, Group, Link, LoanFrequency, LoanMethod, LoanPlan, LoanTerms, LoanVersion,
    LotKind, Member, Overpayment, Recognition, Regime, Standing, TransitState, Zone,
};
use simpul::domain::record::{Outcome, Row};
use simpul::domain::refusal::Reason;
use simpul::domain::register::{CreateGroup, EnrolMember};
use simpul::domain::savings::{Deposit, Kind, Withdraw};
use simpul::domain::uep::{Channel, Papers, ReceiveGrant};
use simpul::journal::mover::{Found, Mover, Step};
use simpul::journal::{Answer, JournalHandle, Limits, Priority, start};
use simpul::storage::Journal;
use simpul::storage::keys::MemoryKeys;
use simpul::storage::sqlite::Sqlite;
use simpul::vault::{MasterKey, Vault};
use simpul::verify::verify;
use tokio::task::JoinHandle;

use crate::village::{self, MORNING};

const LIVES: u64 = 6;
const LONG_LIVES: u64 = 200;

struct OnFailure(u64);

impl Drop for OnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("replay: SIMPUL_SEED={} cargo test --test journal groups_move", self.0);
        }
    }
}

#[tokio::test]
async fn groups_move_whole_whatever_dies_between_two_steps() {
    if let Ok(seed) = std::env::var("SIMPUL_SEED") {
        live(seed.parse().expect("a number")).await;
        return;
    }
    let lives = if std::env::var_os("SIMPUL_LONG").is_some() { LONG_LIVES } else { LIVES };
    let mut steps = 0;
    for seed in 1..=lives {
        steps += live(seed).await;
    }
    assert!(steps > lives * 5, "most groups take more than one part: {steps}");
}

/// A part that the old book refuses after the group has come to the new one is tried again once it is
/// another day: then what stood in the way may be gone.
#[tokio::test]
async fn a_part_that_was_refused_is_tried_again_on_another_day() {
    let mut world = World::new(7).await;
    world.found().await;
    let uep = Ledger::new(kube(&group()), Fund::Uep);
    for batch in 0..4 {
        let items = (0..80).map(|number| world.lot(&format!("besar-{batch}-{number}"))).collect();
        world.must(0, OpenBalances { ledger: uep.clone(), items }).await;
    }
    let before = world.held(0, &group()).await;
    world.leave().await;
    assert_eq!(world.step().await, Step::Taken);
    // What was told of the group since, somebody clears on Saldo Awal, where it must not stand.
    let (amount, code) = (Sen::new(5_000), Code::OpeningEquity);
    let told = |inwards: bool| -> Arc<dyn Action> {
        let (entity, member, place) = (kube(&group()), id("m2"), Place::Cash);
        match inwards {
            true => Arc::new(Deposit { entity, member, kind: Kind::Voluntary, amount, place }),
            false => Arc::new(Withdraw { entity, member, amount, place }),
        }
    };
    world.told_and_cleared(told(true), code, amount).await;
    let mut steps = 0;
    while world.step().await == Step::Taken {
        steps += 1;
        assert!(steps < 50, "the last part is refused");
    }
    let size = world.size(0).await;
    assert_eq!(world.step().await, Step::Waits);
    assert_eq!(world.size(0).await, size, "one refusal a day is recorded");
    world.told_and_cleared(told(false), code, amount).await;
    assert_eq!(world.step().await, Step::Waits, "that refusal stands");
    world.tomorrow().await;
    while world.step().await != Step::Answered {
        steps += 1;
        assert!(steps < 100, "it does not come to an end");
    }
    assert_eq!(world.held(1, &new_group()).await, before);
    assert_eq!(world.held(0, &group()).await, BTreeMap::new());
}

fn id(text: &str) -> Id {
    Id::new(text).expect("an id")
}

fn group() -> Id {
    id("melati")
}

fn new_group() -> Id {
    id("melati-baru")
}

struct World {
    rng: Rng,
    store: Arc<Sqlite>,
    vault: Vault,
    journal: JournalHandle,
    task: JoinHandle<()>,
    books: [Id; 2],
    requests: u64,
    /// What the server's clock says.
    now: i64,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(seed: u64) -> World {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("simpul.db")).await.expect("a database");
        let store = Arc::new(store);
        let keys = Arc::new(MemoryKeys::default());
        let vault = Vault::open(&MasterKey::new([7; 32]), keys).await.expect("a vault");
        let (journal, task) = begin(&store, MORNING);
        World {
            rng: Rng::with_seed(seed),
            store,
            vault,
            journal,
            task,
            books: [village::book(0), village::book(1)],
            requests: 0,
            now: MORNING,
            _folder: folder,
        }
    }

    /// The process dies with all its memory; what is stored lives on.
    fn crash(&mut self) {
        self.task.abort();
        (self.journal, self.task) = begin(&self.store, self.now);
    }

    /// It is the next day, and something is told of it.
    async fn tomorrow(&mut self) {
        self.now += 86_400_000_000;
        self.crash();
        self.requests += 1;
        let request = RequestId::new(&format!("minta-{:08}", self.requests)).expect("an id");
        let action = CreateGroup { group: id("mawar"), row: Group::default() };
        let wish = village::plain(&self.books[0], request, Arc::new(action));
        let happened_on = Some(Day::of_instant(self.now, Zone::Wita));
        let command = Command { happened_on, ..wish.command };
        let answer = self.journal.submit(command, Vec::new(), Priority::Interactive).await;
        assert!(matches!(answer, Ok(Answer::Done { .. })), "{answer:?}");
    }

    async fn ask(&mut self, book: usize, action: impl Action + 'static) -> Outcome {
        self.requests += 1;
        let request = RequestId::new(&format!("minta-{:08}", self.requests)).expect("an id");
        let wish = village::plain(&self.books[book], request, Arc::new(action));
        let answer = self.journal.submit(wish.command, Vec::new(), Priority::Interactive).await;
        match answer {
            Ok(Answer::Done { record, .. }) => record.outcome.clone(),
            other => panic!("not answered: {other:?}"),
        }
    }

    async fn must(&mut self, book: usize, action: impl Action + 'static) {
        let outcome = self.ask(book, action).await;
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }

    async fn found(&mut self) {
        let first = Day::from_ymd(2025, 1, 1).expect("a day");
        for book in 0..2 {
            let open = Open {
                name: format!("Buku {book} (contoh)"),
                lkm_name: "LKM Contoh".to_owned(),
                regime: Regime::Koperasi,
                zone: Zone::Wita,
                opened_on: first,
            };
            self.must(book, open).await;
        }
        let links = vec![Link { since: first.get(), until: 0 }];
        let name = "Melati (contoh)".to_owned();
        let row = Group { name, member_count: 8, links, ..Group::default() };
        self.must(0, CreateGroup { group: group(), row }).await;
        for number in 0..8 {
            let row = Member { joined_on: first.get(), ..Member::default() };
            let (entity, member) = (kube(&group()), id(&format!("m{number}")));
            self.must(0, EnrolMember { entity, member, row }).await;
        }
        self.fill(first).await;
    }

    async fn fill(&mut self, first: Day) {
        let ledger = |fund| Ledger::new(kube(&group()), fund);
        for batch in 0..self.rng.usize(1..5) {
            let count = self.rng.usize(20..90);
            let lots = (0..count).map(|number| self.lot(&format!("lot-{batch}-{number}")));
            let items = lots.collect();
            self.must(0, OpenBalances { ledger: ledger(Fund::Uep), items }).await;
        }
        let terms = LoanTerms {
            method: LoanMethod::Flat as i32,
            frequency: LoanFrequency::Monthly as i32,
            rate: "1.5".to_owned(),
            overpayment: Overpayment::Titipan as i32,
            recognition: Recognition::Accrual as i32,
            ..LoanTerms::default()
        };
        let version = LoanVersion {
            since: first.get(),
            label: "pinjaman contoh".to_owned(),
            minute: "BA-1/contoh".to_owned(),
            terms: Some(terms),
            most_instalments: 24,
            ..LoanVersion::default()
        };
        self.must(0, SetLoanProduct { entity: kube(&group()), product: id("p"), version }).await;
        for number in 0..self.rng.usize(1..6) {
            let loan = id(&format!("pinjam-{number}"));
            let running = RunningLoan {
                loan: loan.clone(),
                borrower: Borrower::Member(id(&format!("m{number}"))),
                product: id("p"),
                outstanding: Sen::new(self.rng.i64(1_000..900_000)),
                plan: LoanPlan { instalments: 10, ..LoanPlan::default() },
            };
            let items = vec![Opening::Loan(running)];
            self.must(0, OpenBalances { ledger: ledger(Fund::SimpanPinjam), items }).await;
            for _ in 0..self.rng.usize(0..30) {
                let (lender, purse) = (kube(&group()), Purse::Place(Place::Cash));
                let amount = Sen::new(self.rng.i64(1..40_000));
                self.must(0, PayLoan { lender, loan: loan.clone(), amount, purse }).await;
            }
        }
        let grant = ReceiveGrant {
            group: group(),
            grant: id("hibah"),
            source: BudgetSource::Blps,
            papers: Papers::default(),
            restricted: false,
            channel: Channel::Bank(Sen::new(9_000_000)),
        };
        self.must(0, grant).await;
        let amount = Some(Sen::new(self.rng.i64(1..9_000_000)));
        self.must(0, Decide { group: group(), grant: id("hibah"), amount, due_on: None }).await;
        self.save("m1").await;
    }

    async fn save(&mut self, member: &str) -> Outcome {
        let (entity, member, kind) = (kube(&group()), id(member), Kind::Voluntary);
        let amount = Sen::new(self.rng.i64(1..50_000));
        self.ask(0, Deposit { entity, member, kind, amount, place: Place::Cash }).await
    }

    /// Something is told of the group that has left, and what then waits in suspense is cleared.
    async fn told_and_cleared(&mut self, action: Arc<dyn Action>, code: Code, amount: Sen) {
        self.requests += 1;
        let request = RequestId::new(&format!("minta-{:08}", self.requests)).expect("an id");
        let wish = village::plain(&self.books[0], request.clone(), action);
        let answer = self.journal.submit(wish.command, Vec::new(), Priority::Interactive).await;
        assert!(matches!(answer, Ok(Answer::Done { .. })), "{answer:?}");
        let clear = ClearSuspense {
            entity: kube(&group()),
            fund: Fund::SimpanPinjam,
            transaction: request,
            line: 0,
            code,
            subject: Subject::none(),
            amount,
            dues: None,
        };
        self.must(0, clear).await;
    }

    async fn size(&self, book: usize) -> u64 {
        let snapshot = self.store.reader().snapshot(&self.books[book]).await.expect("read");
        let size = snapshot.head().size;
        snapshot.finish().await.expect("read");
        size
    }

    fn lot(&mut self, lot: &str) -> Opening {
        Opening::Lot(NewLot {
            lot: id(lot),
            kind: [LotKind::Stock, LotKind::Tools][self.rng.usize(..2)],
            label: "b".repeat(self.rng.usize(1..80)),
            unit: "buah".to_owned(),
            quantity_milli: self.rng.i64(1..9) * 1_000,
            cost: Sen::new(self.rng.i64(1..1_000_000)),
        })
    }

    async fn leave(&mut self) {
        let mut snapshot = self.store.reader().snapshot(&self.books[0]).await.expect("read");
        let found = Found::all(&mut snapshot, &group(), None).await.expect("found");
        snapshot.finish().await.expect("read");
        let (things, more) = found.first_part();
        let to = format!("books/{}/groups/{}", self.books[1], new_group());
        let minute = "BA-2/contoh".to_owned();
        let staying = found.staying;
        self.must(0, Leave { group: group(), to, staying, later: None, things, more, minute })
            .await;
    }

    /// One step, or two movers that take the same one.
    async fn step(&mut self) -> Step {
        let both = self.rng.u32(..4) == 0;
        let reader = self.store.reader();
        let mover = Mover {
            journal: &self.journal,
            reader: &reader,
            vault: &self.vault,
            book: self.books[0].clone(),
            group: group(),
        };
        let step = mover.step().await.expect("a step");
        if both {
            let (one, other) = tokio::join!(mover.step(), mover.step());
            one.expect("a step");
            other.expect("a step");
        }
        step
    }

    /// What each account of the group holds, by its name within the group.
    async fn held(&self, book: usize, of: &Id) -> BTreeMap<String, i64> {
        let dump = self.store.dump(&self.books[book]).await.expect("a dump");
        let report = verify(&self.books[book], &dump);
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let mut held: BTreeMap<String, i64> = BTreeMap::new();
        let mut ledgers: BTreeMap<Ledger, i64> = BTreeMap::new();
        for entry in &dump.entries {
            let account = Account::parse(&entry.account).expect("an account");
            *ledgers.entry(account.ledger.clone()).or_default() += entry.amount;
            if account.ledger.entity == kube(of) && account.code != Code::OpeningEquity {
                let name = account.to_string();
                let own = name.strip_prefix(of.as_str()).expect("of the group").to_owned();
                *held.entry(own).or_default() += entry.amount;
            }
        }
        assert!(ledgers.values().all(|sum| *sum == 0), "{ledgers:?}");
        held.retain(|_, amount| *amount != 0);
        held
    }

    async fn row(&self, book: usize, name: &RowName) -> Option<Row> {
        let mut snapshot = self.store.reader().snapshot(&self.books[book]).await.expect("read");
        snapshot.row(name).await.expect("read").map(|found| found.row)
    }

    /// What is asked of the group in the new book before it has come whole.
    async fn meanwhile(&mut self) {
        let Some(Row::Group(row)) = self.row(1, &RowName::group(&new_group())).await else {
            return;
        };
        if row.standings[0].standing() != Standing::Arriving {
            return;
        }
        let (entity, member) = (kube(&new_group()), id("m1"));
        let (kind, amount, place) = (Kind::Voluntary, Sen::new(1), Place::Cash);
        match self.ask(1, Deposit { entity, member, kind, amount, place }).await {
            Outcome::Refused(refusal) => assert_eq!(refusal.reason, Reason::GroupArriving),
            Outcome::Done(_) => panic!("nothing is taken for it"),
        }
    }
}

/// The journal's task on a database.
pub fn begin(store: &Arc<Sqlite>, now: i64) -> (JournalHandle, JoinHandle<()>) {
    let storage: Arc<dyn Journal> = Arc::<Sqlite>::clone(store);
    start(storage, Arc::new(move || now), Limits::default())
}

fn kube(group: &Id) -> Entity {
    Entity::Kube(group.clone())
}

/// One life; answers how many steps the move took.
async fn live(seed: u64) -> u64 {
    let _on_failure = OnFailure(seed);
    let mut world = World::new(seed).await;
    world.found().await;
    let before = world.held(0, &group()).await;
    world.leave().await;
    let mut late = 0;
    let mut steps = 0;
    loop {
        let step = world.step().await;
        steps += 1;
        assert!(steps < 100, "it does not come to an end");
        if world.rng.bool() {
            world.crash();
        }
        world.meanwhile().await;
        if world.rng.u32(..3) == 0
            && let Outcome::Done(effect) = world.save("m2").await
        {
            late += effect.entries.iter().map(|entry| entry.amount.get().max(0)).sum::<i64>();
        }
        let (old, new) = (world.held(0, &group()).await, world.held(1, &new_group()).await);
        for (account, amount) in &before {
            if account != ".sp.1101" {
                let (here, there) = (old.get(account), new.get(account));
                assert!(here.is_none() || here == Some(amount), "{account}: {here:?}");
                assert!(there.is_none() || there == Some(amount), "{account}: {there:?}");
                assert!(here.is_none() || there.is_none(), "{account} is twice");
            }
        }
        if step == Step::Answered {
            // Whole over there; what was told of it since waits in suspense in the old book.
            assert_eq!(new, before);
            assert_eq!(old.get(".sp.1101").copied().unwrap_or_default(), late);
            assert_eq!(old.values().sum::<i64>(), 0);
            break;
        }
        assert_eq!(step, Step::Taken);
    }
    let Some(Row::Move(row)) = world.row(0, &move_name(&group())).await else { panic!("a move") };
    assert_eq!((row.state(), row.open), (TransitState::Arrived, false));
    steps
}
