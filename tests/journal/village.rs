//! A small village (contoh) and endless things that happen in it. Everything follows from numbers,
//! so that a run can be repeated and a property test can leave commands out.

use std::sync::Arc;

use fastrand::Rng;
use sha2::{Digest, Sha256};
use simpul::domain::access::Author;
use simpul::domain::account::{Account, Ledger, Subject};
use simpul::domain::book::{ClosePeriod, Open};
use simpul::domain::cash::{
    BankEntry, Bearer, CountCash, DecideDifference, MoveCash, MoveFunds, Place,
};
use simpul::domain::chart::Code;
use simpul::domain::day::Day;
use simpul::domain::decide::{Action, Command, Form};
use simpul::domain::general::{ClearSuspense, JournalLine, PostJournal};
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::iks::{Payer, ReceiveDues};
use simpul::domain::link::SaveAtLkm;
use simpul::domain::lot::NewLot;
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{
    BudgetSource, ExpenseKind, Fund, Group, Link, LossCause, LotKind, Member, PartyKind, Regime,
    SheetLine, SheetLineKind, Zone,
};
use simpul::domain::register::{
    CreateDrawer, CreateGroup, CreateParty, EndMembership, EnrolMember, RecordMeeting, UpdateMember,
};
use simpul::domain::relief::{Case, PayRelief};
use simpul::domain::reversal::Reverse;
use simpul::domain::savings::{Deposit, Kind, PayInCapital, Withdraw};
use simpul::domain::sheet::{DecideSheet, RecordSheet};
use simpul::domain::trade::{
    Born, ClaimInsurance, Lose, PayExpense, Payment, Proceeds, Purchase, Sell, Settle, Settlement,
};
use simpul::domain::uep::{AcceptLpj, Channel, Papers, ReceiveGrant, ReturnGrant, uep_ledger};
use simpul::storage::SideRow;

/// 2025-03-31T00:00:00Z, in microseconds: the morning of the simulated day, in Kupang's zone too.
pub const MORNING: i64 = 1_743_379_200_000_000;

/// What a client wants done.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The command.
    pub command: Command,
    /// Its personal text.
    pub sides: Vec<SideRow>,
    /// Whether it names a book that nobody opens.
    pub never: bool,
}

/// One of the books.
pub fn book(number: usize) -> Id {
    id(&format!("buku-{number}"))
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn day(month: i32, day: i32) -> Day {
    Day::from_ymd(2025, month, day).unwrap()
}

fn first_day() -> Day {
    day(1, 1)
}

/// What opens a book and fills its registers.
pub fn founding(book: &Id) -> Vec<Wish> {
    let mut actions: Vec<Arc<dyn Action>> = vec![Arc::new(Open {
        name: format!("Buku {book} (contoh)"),
        lkm_name: "LKM Contoh".to_owned(),
        regime: Regime::Koperasi,
        zone: Zone::Wita,
        opened_on: first_day(),
    })];
    for group in GROUPS {
        let link = Link { since: first_day().get(), until: 0 };
        let row = Group {
            name: format!("Kelompok {group} (contoh)"),
            member_count: 5,
            links: vec![link],
            ..Group::default()
        };
        actions.push(Arc::new(CreateGroup { group: id(group), row }));
        for member in MEMBERS {
            let entity = Entity::Kube(id(group));
            let row = Member { joined_on: first_day().get(), ..Member::default() };
            actions.push(Arc::new(EnrolMember { entity, member: id(member), row }));
        }
    }
    for drawer in DRAWERS {
        let label = drawer.to_owned();
        actions.push(Arc::new(CreateDrawer { drawer: id(drawer), label, collector: false }));
    }
    let lkm = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
    let capital = Sen::new(5_000_000_000);
    let line = |code, amount| JournalLine { account: lkm.account(code), amount };
    let lines =
        vec![line(Code::Vault, capital), line(Code::PaidInCapital, capital.negated().unwrap())];
    actions.push(Arc::new(PostJournal { lines }));
    let name = |n: usize| RequestId::new(&format!("pembukaan-{n}")).unwrap();
    let actions = actions.into_iter().enumerate();
    actions.map(|(n, action)| plain(book, name(n), action)).collect()
}

const GROUPS: [&str; 2] = ["melati", "mawar"];
const MEMBERS: [&str; 4] = ["ani", "budi", "citra", "dewi"];
const DRAWERS: [&str; 1] = ["loket-1"];

/// A wish without text or day.
pub fn plain(book: &Id, request: RequestId, action: Arc<dyn Action>) -> Wish {
    let command = Command {
        book: book.clone(),
        digest: Sha256::digest(format!("{action:?}")).to_vec(),
        request,
        author: Author::named("contoh"),
        happened_on: None,
        memo: Vec::new(),
        evidence: None,
        meeting: None,
        action,
        form: Form::default(),
    };
    Wish { command, sides: Vec::new(), never: false }
}

/// The wish of a number. It may refer to `earlier` wishes: reverse what they did, place what they
/// put in suspense, decide on their sheets, or wrongly use their request ids again.
pub fn wish(book: &Id, number: u64, earlier: &[Wish]) -> Wish {
    let mut rng = Rng::with_seed(number);
    let earlier = earlier.get(rng.usize(..earlier.len().max(1)));
    let mut sides = Vec::new();
    let action = Writer { rng: &mut rng, sides: &mut sides }.action(earlier);
    let request = RequestId::new(&format!("minta-{number:016x}")).unwrap();
    let mut wish = plain(book, request, action);
    if rng.u32(..4) == 0 {
        wish.command.memo = Writer { rng: &mut rng, sides: &mut sides }.text("groups/melati");
    }
    wish.command.author = Author::named(["bendahara", "teller", "pendamping"][rng.usize(..3)]);
    wish.command.happened_on = happened_on(&mut rng);
    wish.sides = sides;
    match (rng.u32(..100), earlier) {
        (0..=2, Some(earlier)) => wish.command.request = earlier.command.request.clone(),
        (3, _) => (wish.command.book, wish.never) = (id("tiada"), true),
        _ => {}
    }
    wish
}

/// Mostly the business day; sometimes earlier, later, too early or too late.
fn happened_on(rng: &mut Rng) -> Option<Day> {
    let days = match rng.u32(..10) {
        0..=5 => return None,
        6..=8 => rng.i32(0..60),
        _ => rng.i32(-3..100),
    };
    Some(Day::new(first_day().get() + days))
}

/// Makes up actions and the personal text that goes with them.
struct Writer<'a> {
    rng: &'a mut Rng,
    sides: &'a mut Vec<SideRow>,
}

impl Writer<'_> {
    fn pick(&mut self, names: &[&str]) -> Id {
        // Now and then somebody whom nobody knows.
        let name = match self.rng.u32(..25) {
            0 => "tiada",
            _ => names[self.rng.usize(..names.len())],
        };
        id(name)
    }

    fn group(&mut self) -> Id {
        self.pick(&GROUPS)
    }

    fn member(&mut self) -> Id {
        self.pick(&MEMBERS)
    }

    fn lot(&mut self) -> Id {
        self.pick(&["babi-1", "babi-2", "beras", "cangkul", "anak-1"])
    }

    fn party(&mut self) -> Id {
        self.pick(&["toko", "pasar"])
    }

    fn grant(&mut self) -> Id {
        self.pick(&["blps-1", "apbd-1"])
    }

    fn amount(&mut self) -> Sen {
        match self.rng.u32(..30) {
            0 => Sen::new(self.rng.i64(1..10_000_000_000_000_000)),
            _ => Sen::new(self.rng.i64(1..500) * 50_000),
        }
    }

    fn kube_place(&mut self) -> Place {
        if self.rng.u32(..4) == 0 { Place::Bank } else { Place::Cash }
    }

    fn lkm_place(&mut self) -> Place {
        match self.rng.u32(..4) {
            0 => Place::Drawer(self.pick(&DRAWERS)),
            1 => Place::Bank,
            _ => Place::Vault,
        }
    }

    /// A text's commitment; the text itself goes beside the journal.
    fn text(&mut self, owner: &str) -> Vec<u8> {
        let mut commitment = [0; 32];
        self.rng.fill(&mut commitment);
        let sealed = vec![self.rng.u8(..); 24];
        self.sides.push(SideRow { commitment, owner: owner.to_owned(), sealed });
        commitment.to_vec()
    }

    fn action(&mut self, earlier: Option<&Wish>) -> Arc<dyn Action> {
        match (self.rng.u32(..22), earlier) {
            (0, Some(earlier)) => self.follow(earlier),
            (0..=2, _) => self.register(),
            (3..=7, _) => self.savings(),
            (8..=9, _) => self.iks(),
            (10..=12, _) => self.cash(),
            (13..=16, _) => self.trade(),
            (17, _) => self.grants(),
            (18..=19, _) => self.sheet(),
            (20, _) => self.at_the_lkm(),
            _ => match earlier {
                Some(earlier) => self.follow(earlier),
                None => self.savings(),
            },
        }
    }

    fn follow(&mut self, earlier: &Wish) -> Arc<dyn Action> {
        let transaction = earlier.command.request.clone();
        let line = if self.rng.bool() { 0 } else { self.rng.u32(..4) };
        let group = self.group();
        match self.rng.u32(..6) {
            0 => Arc::new(DecideSheet { group, sheet: transaction, accept: self.rng.bool() }),
            1 => Arc::new(ClearSuspense {
                entity: Entity::Kube(group),
                fund: Fund::SimpanPinjam,
                transaction,
                line,
                code: Code::MemberSavings,
                subject: Subject::id(&self.member()),
                amount: self.amount(),
                dues: None,
            }),
            _ => Arc::new(Reverse { transaction, line }),
        }
    }

    fn register(&mut self) -> Arc<dyn Action> {
        let (group, member) = (self.group(), self.member());
        let entity = Entity::Kube(group.clone());
        let owner = format!("groups/{group}/members/{member}");
        match self.rng.u32(..7) {
            0 => {
                let name = self.text(&owner);
                let joined_on = first_day().get() + self.rng.i32(0..80);
                let row = Member { name, joined_on, ..Member::default() };
                Arc::new(EnrolMember { entity: Entity::Lkm, member, row })
            }
            1 => {
                let (name, nik) = (Some(self.text(&owner)), Some(self.text(&owner)));
                Arc::new(UpdateMember { entity, member, name, nik, household: None, status: None })
            }
            2 => {
                let left_on = Day::new(first_day().get() + self.rng.i32(30..80));
                Arc::new(EndMembership { entity, member, left_on })
            }
            3 => Arc::new(RecordMeeting {
                group,
                meeting: id(&format!("rapat-{}", self.rng.u32(..20))),
                attendees: vec![member],
                guests: 1,
                agenda: self.text(&owner),
                decisions: Vec::new(),
            }),
            4 => {
                let through = Day::new(first_day().get() + self.rng.i32(0..40));
                Arc::new(ClosePeriod { entity, through, minute: "BA-1/contoh".to_owned() })
            }
            _ => Arc::new(CreateParty {
                entity,
                party: self.party(),
                kind: PartyKind::Buyer,
                name: self.text(&owner),
            }),
        }
    }

    fn savings(&mut self) -> Arc<dyn Action> {
        let (group, member, amount) = (self.group(), self.member(), self.amount());
        let place = self.kube_place();
        let entity = Entity::Kube(group.clone());
        let kind = [Kind::Principal, Kind::Mandatory, Kind::Voluntary][self.rng.usize(..3)];
        match self.rng.u32(..8) {
            0 => Arc::new(PayInCapital { group, member, amount, place }),
            1..=2 => Arc::new(Withdraw { entity, member, amount, place }),
            3 => {
                let place = self.lkm_place();
                Arc::new(Deposit { entity: Entity::Lkm, member, kind, amount, place })
            }
            4 => {
                let place = self.lkm_place();
                Arc::new(Withdraw { entity: Entity::Lkm, member, amount, place })
            }
            _ => Arc::new(Deposit { entity, member, kind, amount, place }),
        }
    }

    fn iks(&mut self) -> Arc<dyn Action> {
        let (group, member, amount) = (self.group(), self.member(), self.amount());
        let place = self.kube_place();
        match self.rng.u32(..4) {
            0 => Arc::new(PayRelief { group, member, amount, place, case: Case::default() }),
            1 => {
                let payer = Payer::Party(self.party());
                Arc::new(ReceiveDues { group, payer, amount, place, for_day: None })
            }
            _ => {
                let payer = Payer::Member(member);
                Arc::new(ReceiveDues { group, payer, amount, place, for_day: None })
            }
        }
    }

    fn cash(&mut self) -> Arc<dyn Action> {
        let (group, amount) = (self.group(), self.amount());
        let entity = Entity::Kube(group);
        let fund = [Fund::Uep, Fund::Iks, Fund::SimpanPinjam, Fund::Umum][self.rng.usize(..4)];
        let ledger = Ledger::new(entity.clone(), fund);
        match self.rng.u32(..7) {
            0 => Arc::new(MoveCash { ledger, from: Place::Cash, to: Place::Bank, amount }),
            1 => {
                let ledger = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
                let (from, to) = (self.lkm_place(), self.lkm_place());
                Arc::new(MoveCash { ledger, from, to, amount })
            }
            2 => {
                let to = Fund::Umum;
                Arc::new(MoveFunds { entity, from: fund, to, place: Place::Cash, amount })
            }
            3 => Arc::new(BankEntry { ledger, interest: self.rng.bool(), amount }),
            4 => {
                Arc::new(DecideDifference { entity, amount, bearer: Bearer::Entity, drawer: None })
            }
            5 => {
                let bearer = Bearer::Officer(self.member());
                Arc::new(DecideDifference { entity, amount, bearer, drawer: None })
            }
            _ => Arc::new(CountCash { entity, place: Place::Cash, counted: amount }),
        }
    }

    fn trade(&mut self) -> Arc<dyn Action> {
        let (group, amount, party) = (self.group(), self.amount(), self.party());
        let ledger = uep_ledger(&group);
        let (lot, place) = (self.lot(), self.kube_place());
        let units = self.rng.i64(1..6);
        match self.rng.u32(..9) {
            0..=1 => {
                let items = vec![self.new_lot()];
                let payment = match self.rng.u32(..3) {
                    0 => Payment::Credit(party),
                    1 => Payment::Advance(party),
                    _ => Payment::Paid(place),
                };
                Arc::new(Purchase { ledger, items, payment, spends: None })
            }
            2..=3 => {
                let proceeds = match self.rng.bool() {
                    true => Proceeds::Paid(place),
                    false => Proceeds::Credit(party),
                };
                let goods = Some((lot, units * 1_000));
                Arc::new(Sell { ledger, price: amount, proceeds, goods })
            }
            4 => {
                let all = [Settlement::Receivable, Settlement::Payable, Settlement::Advance];
                let what = all[self.rng.usize(..3)];
                Arc::new(Settle { ledger, what, party, amount, place })
            }
            5 => Arc::new(Born { ledger, lot, label: "babi".to_owned(), heads: units }),
            6 => Arc::new(Lose { ledger, lot, heads: units, cause: LossCause::Died }),
            7 => Arc::new(ClaimInsurance { ledger, amount, place }),
            _ => {
                let into_lot = self.rng.bool().then_some(lot);
                let kind = ExpenseKind::Feed;
                Arc::new(PayExpense { ledger, kind, amount, place, spends: None, into_lot })
            }
        }
    }

    fn new_lot(&mut self) -> NewLot {
        let kind = [LotKind::Stock, LotKind::Livestock, LotKind::Tools][self.rng.usize(..3)];
        let quantity_milli = self.rng.i64(1..12) * 1_000;
        let cost = self.amount();
        let (label, unit) = ("barang".to_owned(), "buah".to_owned());
        NewLot { lot: self.lot(), kind, label, unit, quantity_milli, cost }
    }

    fn grants(&mut self) -> Arc<dyn Action> {
        let (group, grant, amount) = (self.group(), self.grant(), self.amount());
        match self.rng.u32(..5) {
            0 => Arc::new(AcceptLpj { group, grant }),
            1 => Arc::new(ReturnGrant { group, grant, amount, place: Place::Bank }),
            kind => {
                let channel = match kind {
                    2 => Channel::Lkm(amount),
                    3 => Channel::InKind(vec![self.new_lot()]),
                    _ => Channel::Bank(amount),
                };
                Arc::new(ReceiveGrant {
                    group,
                    grant,
                    papers: Papers { programme: "BLPS (contoh)".to_owned(), ..Papers::default() },
                    source: BudgetSource::Blps,
                    restricted: self.rng.bool(),
                    channel,
                })
            }
        }
    }

    fn sheet(&mut self) -> Arc<dyn Action> {
        let group = self.group();
        let kinds = [
            SheetLineKind::Pokok,
            SheetLineKind::Wajib,
            SheetLineKind::Sukarela,
            SheetLineKind::Withdrawal,
            SheetLineKind::IksDues,
            SheetLineKind::Sale,
            SheetLineKind::Purchase,
            SheetLineKind::Expense,
        ];
        let lines = (0..self.rng.usize(1..6)).map(|_| SheetLine {
            kind: kinds[self.rng.usize(..kinds.len())] as i32,
            member: self.member().to_string(),
            amount: self.amount().get(),
            lot: self.lot().to_string(),
            quantity_milli: self.rng.i64(1..5) * 1_000,
            expense: ExpenseKind::Transport as i32,
            ..SheetLine::default()
        });
        let lines = lines.collect();
        let (opening_cash, closing_cash) = (self.amount(), self.amount());
        let (number, meeting) = ("1".to_owned(), String::new());
        Arc::new(RecordSheet { group, number, lines, opening_cash, closing_cash, meeting })
    }

    fn at_the_lkm(&mut self) -> Arc<dyn Action> {
        let (group, amount) = (self.group(), self.amount());
        if self.rng.u32(..5) == 0 {
            let ledger = Ledger::new(Entity::Lkm, Fund::SimpanPinjam);
            let account = |code| -> Account { ledger.account(code) };
            let opposite = amount.negated().unwrap();
            return Arc::new(PostJournal {
                lines: vec![
                    JournalLine { account: account(Code::Wages), amount },
                    JournalLine { account: account(Code::Vault), amount: opposite },
                ],
            });
        }
        let fund = if self.rng.bool() { Fund::Uep } else { Fund::SimpanPinjam };
        let (deposit, kube_place) = (self.rng.bool(), self.kube_place());
        let lkm_place = self.lkm_place();
        Arc::new(SaveAtLkm { group, fund, deposit, amount, kube_place, lkm_place })
    }
}
