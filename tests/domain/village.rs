//! A small book in memory: decides commands the way the sequencer does, one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use simpul::domain::access::{Author, Role};
use simpul::domain::account::Account;
use simpul::domain::book::Open;
use simpul::domain::daily::{CloseDay, closing_name};
use simpul::domain::day::Day;
use simpul::domain::decide::{Action, Command, Decision, Form, Missing, Stamp, decide};
use simpul::domain::id::{Entity, Id, RequestId, RowName};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{self, Regime, Stage, Zone};
use simpul::domain::record::{Effect, Outcome, Record, Row, Written, decode};
use simpul::domain::refusal::{Reason, Refusal};
use simpul::domain::register::{CreateDrawer, CreateGroup, CreateParty, EnrolMember};
use simpul::domain::state::{Key, Lookup, State, Value, absorb, apply};

/// The day most tests begin on.
pub fn day(text: &str) -> Day {
    let mut parts = text.split('-').map(|part| part.parse().expect("a number"));
    let mut next = || parts.next().expect("year, month and day");
    Day::from_ymd(next(), next(), next()).expect("a date")
}

/// An id that is known to be good.
pub fn id(text: &str) -> Id {
    Id::new(text).expect("an id")
}

/// Thousands of rupiah, as the stories count.
pub fn k(thousands: i64) -> Sen {
    Sen::from_rupiah(thousands * 1000).expect("fits")
}

/// The group's entity.
pub fn kube(group: &str) -> Entity {
    Entity::Kube(id(group))
}

pub struct Village {
    pub state: State,
    pub records: Vec<Record>,
    pub today: Day,
    pub requests: u32,
}

impl Village {
    /// A book with an LKM, opened on 2025-01-01, its server living on 2025-12-31.
    pub fn new() -> Village {
        Village::under(Regime::LkmOjk)
    }

    /// The same, whose LKM is under a regime.
    pub fn under(regime: Regime) -> Village {
        let mut village = Village {
            state: State::default(),
            records: Vec::new(),
            today: day("2025-12-31"),
            requests: 0,
        };
        village.ok(Open {
            name: "Buku contoh".to_owned(),
            lkm_name: "LKM Kube Sejahtera contoh".to_owned(),
            regime,
            zone: Zone::Wita,
            opened_on: day("2025-01-01"),
        });
        village
    }

    /// Adds a group tied to the LKM, with ten members m01 to m10.
    pub fn group(&mut self, group: &str) {
        let row = proto::Group {
            name: format!("Kelompok {group} (contoh)"),
            member_count: 10,
            stages: vec![proto::StageSince { stage: Stage::Tumbuh as i32, since: 20_000 }],
            links: vec![proto::Link { since: day("2025-01-01").get(), until: 0 }],
            ..proto::Group::default()
        };
        self.ok(CreateGroup { group: id(group), row });
        for number in 1..=10 {
            let joined_on = day("2025-01-01").get();
            let row = proto::Member { joined_on, ..proto::Member::default() };
            let member = id(&format!("m{number:02}"));
            self.ok(EnrolMember { entity: kube(group), member, row });
        }
    }

    /// Closes the book's days through one, of which nothing falls due.
    pub fn close_days(&mut self, through: &str) {
        let mut next = match self.state.get(&Key::Row(closing_name())) {
            Some(Value::Row(Some(row))) => match row.as_ref() {
                Row::DayClosing(row) => Day::new(row.closed_through).next(),
                other => panic!("{other:?}"),
            },
            _ => day("2025-01-01"),
        };
        while next <= day(through) {
            self.ok_on(CloseDay { day: next }, Some(&next.to_string()));
            next = next.next();
        }
    }

    pub fn drawer(&mut self, drawer: &str) {
        let label = "loket (contoh)".to_owned();
        self.ok(CreateDrawer { drawer: id(drawer), label, collector: false });
    }

    pub fn party(&mut self, entity: Entity, party: &str) {
        let kind = proto::PartyKind::Supplier;
        self.ok(CreateParty { entity, party: id(party), kind, name: vec![1; 32] });
    }

    pub fn command(&mut self, action: impl Action + 'static, on: Option<&str>) -> Command {
        self.requests += 1;
        Command {
            book: id("contoh"),
            request: RequestId::new(&format!("request-{:05}", self.requests)).expect("an id"),
            digest: vec![7; 32],
            author: Author::named("penguji"),
            happened_on: on.map(day),
            memo: Vec::new(),
            evidence: None,
            meeting: None,
            action: Arc::new(action),
            form: Form::default(),
        }
    }

    /// Decides a command, loading what it asks for: whatever was never written is absent.
    pub fn decide(&mut self, command: &Command) -> Decision {
        let position = self.records.len() as u64 + 1;
        let now = i64::from(self.today.get()) * 86_400_000_000 + position as i64;
        loop {
            match decide(command, &Stamp { position, now }, &self.state) {
                Ok(decision) => return decision,
                Err(Missing(keys)) => {
                    assert!(!keys.is_empty(), "a decision that misses nothing decides");
                    for key in keys {
                        let value = self.absent(&key);
                        self.state.insert(key, value);
                    }
                }
            }
        }
    }

    fn absent(&self, key: &Key) -> Value {
        match key {
            Key::Row(_) => Value::Row(None),
            Key::Balance(_) => Value::Balance(None),
            Key::Control(_) => Value::Control(Sen::ZERO),
            Key::Receipt(_) => Value::Receipt(None),
            Key::Record(position) => {
                let index = usize::try_from(*position).expect("fits") - 1;
                Value::Record(self.records.get(index).cloned().map(Arc::new))
            }
        }
    }

    /// Runs a command to its record; every record survives its own bytes.
    pub fn run(&mut self, command: &Command) -> Record {
        let Decision::Records(records) = self.decide(command) else {
            panic!("{command:?} was not decided anew");
        };
        for Written { record, bytes } in records {
            assert_eq!(decode(&bytes).expect("decodes"), record);
            assert_balanced(&record);
            self.replay(record);
        }
        self.records.last().expect("at least one").clone()
    }

    /// Applies a record to the state, absent balances counting as never used.
    pub fn replay(&mut self, record: Record) {
        if let Outcome::Done(effect) = &record.outcome {
            for entry in &effect.entries {
                let keys =
                    [Key::Balance(entry.account.clone()), Key::Control(entry.account.control())];
                for key in
                    keys.into_iter().filter(|key| self.state.get(key).is_none()).collect::<Vec<_>>()
                {
                    let value = self.absent(&key);
                    self.state.insert(key, value);
                }
            }
        }
        let changes = apply(&record, &self.state).expect("applies to what it was decided on");
        absorb(&mut self.state, &changes);
        self.records.push(record);
    }

    /// What an action does today; it must be accepted.
    pub fn ok(&mut self, action: impl Action + 'static) -> Effect {
        self.ok_on(action, None)
    }

    /// What an action does on a day; it must be accepted.
    pub fn ok_on(&mut self, action: impl Action + 'static, on: Option<&str>) -> Effect {
        let command = self.command(action, on);
        match self.run(&command).outcome {
            Outcome::Done(effect) => effect,
            Outcome::Refused(refusal) => panic!("refused: {refusal}"),
        }
    }

    /// The request id of the last command.
    pub fn last_request(&self) -> RequestId {
        self.records.last().and_then(|record| record.request.clone()).expect("a request")
    }

    /// Why an action is refused; it must be.
    pub fn refused(&mut self, action: impl Action + 'static) -> Refusal {
        self.refused_on(action, None)
    }

    /// As [`Village::refused`], told of a day.
    pub fn refused_on(&mut self, action: impl Action + 'static, on: Option<&str>) -> Refusal {
        let command = self.command(action, on);
        match self.run(&command).outcome {
            Outcome::Refused(refusal) => refusal,
            Outcome::Done(effect) => panic!("accepted: {effect:?}"),
        }
    }

    /// A register row as it stands, if there is one.
    pub fn row(&self, name: &RowName) -> Option<Row> {
        match self.state.get(&Key::Row(name.clone())) {
            Some(Value::Row(Some(row))) => Some(Row::clone(row)),
            _ => None,
        }
    }

    /// An account's balance on its natural side.
    pub fn held(&self, account: &str) -> Sen {
        let account = Account::parse(account).expect("an account");
        let balance = match self.state.get(&Key::Balance(account.clone())) {
            Some(Value::Balance(Some(balance))) => *balance,
            _ => Sen::ZERO,
        };
        if account.code.debit_side() { balance } else { Sen::new(-balance.get()) }
    }

    /// All balances that are not zero, by account.
    pub fn balances(&self) -> BTreeMap<String, i64> {
        let mut balances: BTreeMap<String, i64> = BTreeMap::new();
        for record in &self.records {
            if let Outcome::Done(effect) = &record.outcome {
                for entry in &effect.entries {
                    *balances.entry(entry.account.to_string()).or_default() += entry.amount.get();
                }
            }
        }
        balances.retain(|_, balance| *balance != 0);
        balances
    }
}

fn assert_balanced(record: &Record) {
    let Outcome::Done(effect) = &record.outcome else { return };
    let mut sums: BTreeMap<_, i64> = BTreeMap::new();
    for entry in &effect.entries {
        *sums.entry(entry.account.ledger.clone()).or_default() += entry.amount.get();
    }
    assert!(sums.values().all(|sum| *sum == 0), "unbalanced: {record:?}");
}

/// What somebody who has signed in may do, or why not.
pub fn by(
    v: &mut Village,
    who: (&str, Role),
    action: impl Action + 'static,
) -> Result<Effect, Refusal> {
    let mut command = v.command(action, None);
    command.author = Author { role: who.1, ..Author::named(who.0) };
    match v.run(&command).outcome {
        Outcome::Done(effect) => Ok(effect),
        Outcome::Refused(refusal) => Err(refusal),
    }
}

/// The entries of an effect as a bookkeeper writes them, in thousands of rupiah.
pub fn entries(effect: &Effect) -> Vec<String> {
    let line = |entry: &simpul::domain::record::Entry| {
        let (side, sen) = match entry.amount.is_positive() {
            true => ("D", entry.amount.get()),
            false => ("K", -entry.amount.get()),
        };
        assert_eq!(sen % 100_000, 0, "whole thousands");
        let mut name = format!("{} {}", entry.account.ledger, entry.account.code.line().name_id);
        if !entry.account.subject.as_str().is_empty() {
            name = format!("{name} [{}]", entry.account.subject.as_str());
        }
        format!("{name} {side} {}", sen / 100_000)
    };
    effect.entries.iter().map(line).collect()
}

/// The reasons of an effect's flags.
pub fn flags(effect: &Effect) -> Vec<Reason> {
    effect.flags.iter().map(|flag| flag.remark.reason).collect()
}
