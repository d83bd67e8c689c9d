//! A ledger small enough for storage tests: it makes the appends that a sequencer would make,
//! from real records and through the real `apply`.

use std::sync::Arc;

use simpul::chain::{Frontier, leaf_hash};
use simpul::domain::access::Author;
use simpul::domain::account::{Account, Ledger, Subject};
use simpul::domain::chart::Code;
use simpul::domain::day::Day;
use simpul::domain::id::{Entity, Id, RequestId, RowName};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{Fund, Mark};
use simpul::domain::record::{self, Effect, Entry, Event, Outcome, Record, Row};
use simpul::domain::refusal::{Reason, Refusal};
use simpul::domain::state::{self, Key, Lookup, State, Value};
use simpul::storage::{Append, Checkpoint, Head, SideRow, StoredRecord};

/// The first business day of every test book.
pub const FIRST_DAY: Day = Day::new(20_000);

/// What one record does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Debits one account and credits another, effective on a day.
    Transfer(Account, Account, i64, Day),
    /// Moves the business day forward.
    OpenDay(Day),
    /// Closes an entity's periods through a day.
    Close(Entity, Day),
    /// Writes a register row.
    Write(RowName, Box<Row>),
    /// Is refused.
    Refuse,
}

/// Makes appends for one book; a clone makes rival ones.
#[derive(Clone)]
pub struct Book {
    pub id: Id,
    pub business_day: Day,
    pub records: Vec<Record>,
    state: State,
    frontier: Frontier,
}

pub fn id(text: &str) -> Id {
    Id::new(text).expect("an id")
}

/// An account of a KUBE's savings-and-loan fund, or of the LKM's.
pub fn account(entity: &str, code: Code, subject: &str) -> Account {
    let entity = Entity::new(entity).expect("an entity");
    let ledger = Ledger::new(entity, Fund::SimpanPinjam);
    ledger.account_of(code, Subject::parse(subject).expect("a subject"))
}

/// A savings deposit of a member.
pub fn deposit(entity: &str, member: &str, sen: i64, day: Day) -> Step {
    let (cash, savings) = (Code::Cash, Code::MemberSavings);
    Step::Transfer(account(entity, cash, ""), account(entity, savings, member), sen, day)
}

/// A mark, a row any test may write.
pub fn mark(position: u64) -> Row {
    Row::Mark(Mark { position })
}

impl Book {
    pub fn new(name: &str) -> Book {
        Book {
            id: id(name),
            business_day: FIRST_DAY,
            records: Vec::new(),
            state: State::default(),
            frontier: Frontier::default(),
        }
    }

    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// A batch whose first record, in a new book, opens the first day.
    pub fn batch(&mut self, steps: impl IntoIterator<Item = Step>) -> Arc<Append> {
        let expected_size = self.size();
        let opening = (expected_size == 0).then_some(Step::OpenDay(FIRST_DAY));
        let mut append = Append {
            book: self.id.clone(),
            expected_size,
            head: Head::default(),
            checkpoint: Checkpoint { size: 0, root: [0; 32], recorded_at: 0 },
            records: Vec::new(),
            entries: Vec::new(),
            new_accounts: Vec::new(),
            controls: Vec::new(),
            rows: Vec::new(),
            mentions: Vec::new(),
            receipts: Vec::new(),
            sides: Vec::new(),
        };
        for step in opening.into_iter().chain(steps) {
            self.add(step, &mut append);
        }
        let (size, root) = (self.size(), self.frontier.root());
        let recorded_at = instant(size);
        append.head = Head { size, frontier: self.frontier.roots().to_vec(), recorded_at };
        append.checkpoint = Checkpoint { size, root, recorded_at };
        Arc::new(append)
    }

    fn add(&mut self, step: Step, append: &mut Append) {
        let position = self.size() + 1;
        let record = self.record(position, step);
        self.load_what_it_touches(&record);
        let changes = state::apply(&record, &self.state).expect("a record that applies");
        state::absorb(&mut self.state, &changes);
        let bytes: Arc<[u8]> = record::encode(&record).into();
        let hashes = self.frontier.append(leaf_hash(&bytes));
        self.records.push(record);
        append.records.push(StoredRecord { position, hashes, bytes });
        append.entries.extend(changes.entries);
        append.new_accounts.extend(changes.new_accounts.into_iter().map(|name| (name, position)));
        for (control, total) in changes.controls {
            append.controls.retain(|(name, _)| *name != control);
            append.controls.push((control, total));
        }
        for (name, row) in changes.rows {
            append.rows.retain(|(known, _, _)| *known != name);
            append.rows.push((name, position, row));
        }
        append.mentions.extend(changes.mentions.into_iter().map(|name| (name, position)));
        append.receipts.extend(changes.receipt);
        append.sides.push(SideRow {
            commitment: leaf_hash(format!("{}/{position}", self.id).as_bytes()),
            owner: format!("groups/contoh/members/anggota-{position}"),
            sealed: vec![0, 255, position as u8],
        });
    }

    fn record(&mut self, position: u64, step: Step) -> Record {
        let mut effect = Effect { effective_on: self.business_day, ..Effect::default() };
        let mut event = Event::JournalPosted;
        let mut refused = None;
        match step {
            Step::Transfer(debit, credit, sen, day) => {
                effect.effective_on = day;
                for (account, sen) in [(debit, sen), (credit, -sen)] {
                    let (amount, party) = (Sen::new(sen), String::new());
                    effect.entries.push(Entry { account, amount, line: 0, party });
                }
            }
            Step::OpenDay(day) => {
                self.business_day = day;
                event = Event::DayAdvanced;
                effect.effective_on = day;
                effect.rows.push((RowName::new("days", day_id(day)), mark(position)));
            }
            Step::Close(entity, day) => {
                event = Event::PeriodClosed;
                let name = RowName::new(format!("periods/{entity}"), day_id(day));
                effect.rows.push((name, mark(position)));
            }
            Step::Write(name, row) => effect.rows.push((name, *row)),
            Step::Refuse => refused = Some(Refusal::new(Reason::Unbalanced)),
        }
        Record {
            book: self.id.clone(),
            position,
            recorded_at: instant(position),
            business_day: self.business_day,
            request: RequestId::new(&request(position)),
            digest: leaf_hash(&position.to_be_bytes()).to_vec(),
            author: Author::named("petugas-contoh"),
            event,
            happened_on: effect.effective_on,
            outcome: refused.map_or(Outcome::Done(effect), Outcome::Refused),
        }
    }

    fn load_what_it_touches(&mut self, record: &Record) {
        let Outcome::Done(effect) = &record.outcome else { return };
        for entry in &effect.entries {
            let balance = Key::Balance(entry.account.clone());
            if self.state.get(&balance).is_none() {
                self.state.insert(balance, Value::Balance(None));
            }
            let control = Key::Control(entry.account.control());
            if self.state.get(&control).is_none() {
                self.state.insert(control, Value::Control(Sen::ZERO));
            }
        }
    }
}

/// The request id of the record at a position.
pub fn request(position: u64) -> String {
    format!("permintaan-{position:08}")
}

pub fn day_id(day: Day) -> String {
    format!("{:08}", day.get())
}

/// When the record at a position was made.
fn instant(position: u64) -> i64 {
    1_750_000_000_000_000 + position as i64
}
