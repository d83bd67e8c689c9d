//! Deterministic simulation: two replicas on one faulty storage, retrying clients, crashes between
//! any two steps, all from one seed. `SIMPUL_SEED=n` replays one seed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use simpul::domain::decide::Command;
use simpul::domain::id::{Id, RequestId};
use simpul::domain::record::{Record, decode};
use simpul::journal::{Answer, Limits, Priority, Sequencer, Submission, Ticket, Work};
use simpul::storage::fault::{Call, Fault, Faulty};
use simpul::storage::memory::Memory;
use simpul::storage::{AppendOutcome, Dump, Journal, Loaded, StorageError};
use simpul::verify::verify;

use crate::town::run;
use crate::village::{self, Wish};

const SEEDS: u64 = 20;
const LONG_SEEDS: u64 = 1_000;
const BOOKS: usize = 3;
const CLIENTS: usize = 12;
const COMMANDS_PER_CLIENT: usize = 100;

/// What happened, to show that the faults were met and that the same seed does the same.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    steps: u64,
    commands: u64,
    retries: u64,
    replays: u64,
    reused: u64,
    overloads: u64,
    failures: u64,
    conflicts: u64,
    lost_commits: u64,
    crashes: u64,
    crashes_in_flight: u64,
    answers_lost: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.steps += other.steps;
        self.commands += other.commands;
        self.retries += other.retries;
        self.replays += other.replays;
        self.reused += other.reused;
        self.overloads += other.overloads;
        self.failures += other.failures;
        self.conflicts += other.conflicts;
        self.lost_commits += other.lost_commits;
        self.crashes += other.crashes;
        self.crashes_in_flight += other.crashes_in_flight;
        self.answers_lost += other.answers_lost;
    }
}

/// Says how to replay a run that panics.
struct OnFailure(u64);

impl Drop for OnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seed = self.0;
            eprintln!("replay: SIMPUL_SEED={seed} cargo test --release --test journal simulation");
        }
    }
}

#[test]
fn every_acknowledged_command_is_in_the_journal_exactly_once() {
    if let Ok(seed) = std::env::var("SIMPUL_SEED") {
        let seed = seed.parse().expect("SIMPUL_SEED is a number");
        println!("{:?}", simulate(seed).0);
        return;
    }
    let seeds = if std::env::var_os("SIMPUL_LONG").is_some() { LONG_SEEDS } else { SEEDS };
    let mut total = Tally::default();
    for seed in 1..=seeds {
        total.add(&simulate(seed).0);
    }
    println!("{total:?}");
    assert!(total.commands >= 20_000, "{total:?}");
    let met = [
        total.retries,
        total.replays,
        total.reused,
        total.overloads,
        total.failures,
        total.conflicts,
        total.lost_commits,
        total.crashes_in_flight,
        total.answers_lost,
    ];
    assert!(met.iter().all(|count| *count > 0), "a fault was never met: {total:?}");
}

#[test]
fn the_same_seed_does_the_same() {
    let (first, second) = (simulate(4_711), simulate(4_711));
    assert_eq!(first.0, second.0);
    assert!(first.1 == second.1, "the journals differ");
}

/// Runs one seed and checks what it leaves behind.
fn simulate(seed: u64) -> (Tally, Vec<Dump>) {
    let _on_failure = OnFailure(seed);
    let mut world = World::new(seed);
    while !world.clients.iter().all(Client::is_done) {
        world.step();
        assert!(world.tally.steps < 400_000, "clients make no progress: {:?}", world.tally);
    }
    world.settle();
    let dumps = world.check();
    (world.tally, dumps)
}

/// One server process and its connection to the database.
struct Replica {
    storage: Faulty,
    sequencer: Sequencer,
    doing: Doing,
    tickets: HashMap<Ticket, Ask>,
}

/// Where a replica stands between two steps.
enum Doing {
    Nothing,
    Asked(Work),
    Loaded(Result<Vec<Loaded>, StorageError>),
    Appended(Result<Vec<AppendOutcome>, StorageError>),
    Resolved(Result<AppendOutcome, StorageError>),
}

/// A command under way: whose, and which of theirs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ask {
    client: usize,
    index: usize,
}

/// Sends its commands one after the other, each until it is answered.
struct Client {
    wishes: Vec<Wish>,
    next: usize,
    /// How many times the next command is under way.
    waiting: u32,
}

impl Client {
    fn is_done(&self) -> bool {
        self.next == self.wishes.len()
    }
}

/// Book, request and digest.
type Asked = (Id, RequestId, Vec<u8>);

struct World {
    rng: Rng,
    calm: Arc<AtomicBool>,
    memory: Arc<Memory>,
    replicas: Vec<Replica>,
    clients: Vec<Client>,
    acknowledged: HashMap<Asked, Arc<Record>>,
    reused: Vec<(Command, u64)>,
    now: i64,
    next_ticket: Ticket,
    tally: Tally,
}

impl World {
    fn new(seed: u64) -> World {
        let mut rng = Rng::with_seed(seed);
        let calm = Arc::new(AtomicBool::new(false));
        let memory = Arc::new(Memory::new());
        let replicas = (0..2)
            .map(|_| Replica::new(Arc::clone(&memory), rng.fork(), Arc::clone(&calm)))
            .collect();
        let clients = (0..CLIENTS).map(|client| Client::new(client, &mut rng)).collect();
        World {
            rng,
            calm,
            memory,
            replicas,
            clients,
            acknowledged: HashMap::new(),
            reused: Vec::new(),
            now: village::MORNING,
            next_ticket: 0,
            tally: Tally::default(),
        }
    }

    fn step(&mut self) {
        self.tally.steps += 1;
        let replica = self.rng.usize(..self.replicas.len());
        match self.rng.u32(..1_000) {
            0..=1 => self.crash(replica),
            2..=399 => self.client_step(replica),
            _ => self.replica_step(replica),
        }
    }

    /// The process dies with all its memory; what it has sent to the database lives on.
    fn crash(&mut self, replica: usize) {
        let replica = &mut self.replicas[replica];
        self.tally.crashes += 1;
        self.tally.crashes_in_flight += u64::from(!matches!(replica.doing, Doing::Nothing));
        replica.doing = Doing::Nothing;
        replica.sequencer = Sequencer::new(limits());
        for ask in std::mem::take(&mut replica.tickets).into_values() {
            self.clients[ask.client].no_answer(ask);
        }
    }

    fn client_step(&mut self, replica: usize) {
        let client = self.rng.usize(..CLIENTS);
        let Client { next, waiting, ref wishes } = self.clients[client];
        let impatient = self.rng.u32(..20) == 0;
        let again_much_later = next > 0 && self.rng.u32(..20) == 0;
        if again_much_later {
            let index = self.rng.usize(..next);
            self.send(replica, Ask { client, index });
        } else if next < wishes.len() && (waiting == 0 || (impatient && waiting < 3)) {
            self.tally.retries += u64::from(waiting > 0);
            self.send(replica, Ask { client, index: next });
        }
    }

    fn send(&mut self, replica: usize, ask: Ask) {
        let client = &mut self.clients[ask.client];
        let Wish { command, sides, .. } = client.wishes[ask.index].clone();
        let priority = match ask.client % 3 {
            0 => Priority::Bulk,
            _ => Priority::Interactive,
        };
        self.next_ticket += 1;
        let replica = &mut self.replicas[replica];
        match replica.sequencer.submit(self.next_ticket, Submission { command, sides, priority }) {
            Ok(()) => {
                replica.tickets.insert(self.next_ticket, ask);
                if self.rng.bool() {
                    replica.sequencer.prepare(self.now);
                }
                client.waiting += u32::from(ask.index == client.next);
            }
            Err(_) => self.tally.overloads += 1,
        }
    }

    /// Asks for work, or does it, or tells the result: a crash may fall between any of these.
    fn replica_step(&mut self, index: usize) {
        // Clocks of machines differ and jump.
        self.now += self.rng.i64(0..40_000);
        let now = self.now - self.rng.i64(0..5_000_000);
        let replica = &mut self.replicas[index];
        match std::mem::replace(&mut replica.doing, Doing::Nothing) {
            Doing::Nothing => {
                if let Some(work) = replica.sequencer.next(now) {
                    replica.doing = Doing::Asked(work);
                }
            }
            Doing::Asked(work) => replica.doing = replica.perform(work),
            Doing::Loaded(result) => replica.sequencer.loaded(result),
            Doing::Appended(result) => {
                self.tally.note_append(&result);
                replica.sequencer.appended(result);
            }
            Doing::Resolved(result) => replica.sequencer.resolved(result),
        }
        for (ticket, answer) in replica.sequencer.answers() {
            let ask = self.replicas[index].tickets.remove(&ticket).expect("one answer each");
            self.deliver(ask, answer);
        }
    }

    fn deliver(&mut self, ask: Ask, answer: Answer) {
        let client = &mut self.clients[ask.client];
        client.no_answer(ask);
        if !self.calm.load(Ordering::Relaxed) && self.rng.u32(..30) == 0 {
            self.tally.answers_lost += 1;
            return;
        }
        let wish = client.wishes[ask.index].clone();
        match answer {
            Answer::Failed(_) => {
                self.tally.failures += 1;
                return;
            }
            // Someone else opens the book sooner or later.
            Answer::NoBook(_) if !wish.never => return,
            Answer::NoBook(_) => {}
            Answer::Unavailable(reason) => panic!("unavailable: {reason}"),
            Answer::Reused { position } => {
                self.tally.reused += 1;
                self.reused.push((wish.command, position));
            }
            Answer::Done { record, replayed } => {
                self.tally.replays += u64::from(replayed);
                self.acknowledge(&wish.command, record);
            }
        }
        let client = &mut self.clients[ask.client];
        if ask.index == client.next {
            client.next += 1;
            client.waiting = 0;
            self.tally.commands += 1;
        }
    }

    fn acknowledge(&mut self, command: &Command, record: Arc<Record>) {
        let key = (command.book.clone(), command.request.clone(), command.digest.clone());
        let first = self.acknowledged.entry(key).or_insert_with(|| Arc::clone(&record));
        assert_eq!(*first, record, "a retry got another answer");
    }

    /// No more faults: everything that waits is answered.
    fn settle(&mut self) {
        self.calm.store(true, Ordering::Relaxed);
        for index in 0..self.replicas.len() {
            while !self.replicas[index].is_idle() {
                self.replica_step(index);
            }
            assert!(self.replicas[index].tickets.is_empty(), "everything is answered");
        }
    }

    /// What must hold however it went.
    fn check(&self) -> Vec<Dump> {
        let books = run(self.memory.books()).unwrap();
        assert_eq!(books.len(), BOOKS);
        let dumps: Vec<Dump> = books.iter().map(|book| self.check_book(book)).collect();
        for (key, record) in &self.acknowledged {
            let book = books.iter().position(|book| *book == key.0).expect("the book is there");
            let stored = &dumps[book].records[record.position as usize - 1];
            assert_eq!(decode(&stored.bytes).unwrap(), **record, "acknowledged, then changed");
        }
        for (command, position) in &self.reused {
            let book = books.iter().position(|book| *book == command.book).unwrap();
            let first = decode(&dumps[book].records[*position as usize - 1].bytes).unwrap();
            assert_eq!(first.request.as_ref(), Some(&command.request));
            assert_ne!(first.digest, command.digest, "the same request is not a reused id");
        }
        dumps
    }

    fn check_book(&self, book: &Id) -> Dump {
        let dump = run(self.memory.dump(book)).unwrap();
        let report = verify(book, &dump);
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        for replica in &self.replicas {
            assert_eq!(run(replica.storage.dump(book)).unwrap(), dump, "replicas differ");
        }
        // `verify` has checked that no request stands in the journal twice.
        for receipt in &dump.receipts {
            let request = RequestId::new(&receipt.0).unwrap();
            let key = (book.clone(), request, receipt.2.clone());
            assert!(self.acknowledged.contains_key(&key), "nobody was told of {}", receipt.0);
        }
        dump
    }
}

impl Tally {
    fn note_append(&mut self, result: &Result<Vec<AppendOutcome>, StorageError>) {
        match result {
            Ok(outcomes) => {
                let conflicts = outcomes.iter().filter(|one| **one == AppendOutcome::Conflict);
                self.conflicts += conflicts.count() as u64;
            }
            Err(StorageError::Unknown(_)) => self.lost_commits += 1,
            Err(_) => {}
        }
    }
}

impl Client {
    fn new(client: usize, rng: &mut Rng) -> Client {
        let book = village::book(client % BOOKS);
        let mut wishes = match client < BOOKS {
            true => village::founding(&book),
            false => Vec::new(),
        };
        while wishes.len() < COMMANDS_PER_CLIENT {
            let wish = village::wish(&book, rng.u64(..), &wishes);
            wishes.push(wish);
        }
        Client { wishes, next: 0, waiting: 0 }
    }

    /// One attempt at a command has come to an end.
    fn no_answer(&mut self, ask: Ask) {
        if ask.index == self.next {
            self.waiting = self.waiting.saturating_sub(1);
        }
    }
}

fn limits() -> Limits {
    Limits { queue: 6, batch_commands: 5, batch_bytes: 2_000, cached_values: 60 }
}

impl Replica {
    fn new(memory: Arc<Memory>, rng: Rng, calm: Arc<AtomicBool>) -> Replica {
        let rng = Mutex::new(rng);
        let plan = Box::new(move |call| {
            let dice = rng.lock().unwrap().u32(..100);
            match (call, dice) {
                _ if calm.load(Ordering::Relaxed) => Fault::None,
                (_, 0..=3) => Fault::Fail,
                (Call::Append, 4..=7) => Fault::LoseAnswer,
                (Call::Append, 8..=11) => Fault::ArriveLate,
                (Call::Append, 12..=14) => Fault::Conflict,
                _ => Fault::None,
            }
        });
        Replica {
            storage: Faulty::new(memory, plan),
            sequencer: Sequencer::new(limits()),
            doing: Doing::Nothing,
            tickets: HashMap::new(),
        }
    }

    fn is_idle(&self) -> bool {
        matches!(self.doing, Doing::Nothing) && self.sequencer.is_idle()
    }

    fn perform(&self, work: Work) -> Doing {
        match work {
            Work::Load(loads) => Doing::Loaded(run(self.storage.load(loads))),
            Work::Append(appends) => Doing::Appended(run(self.storage.append(appends))),
            Work::Resolve(append) => Doing::Resolved(run(self.storage.resolve(&append))),
        }
    }
}
