//! The draft: what an action reads and writes while it is being decided.
//!
//! **Invariants**: money enters a draft only as balanced [`Posting`]s; floors are kept here and
//! nowhere else; a draft that is dropped has changed nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::domain::access::Author;
use crate::domain::account::{Account, Control, Ledger, Subject};
use crate::domain::block::blocked_name;
use crate::domain::book::periods_name;
use crate::domain::chart::{Code, Floor, SubjectKind};
use crate::domain::confirmation;
use crate::domain::day::Day;
use crate::domain::decide::{Action, Command};
use crate::domain::dormancy::{self, Savings};
use crate::domain::drawer;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::posting::Posting;
use crate::domain::record::proto::{self, LossCause, LotMove};
use crate::domain::record::{Effect, Entry, Flag, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::review;
use crate::domain::standing;
use crate::domain::state::{Key, Lookup, Value};

/// Why an action stopped.
#[derive(Debug)]
pub enum Stop {
    /// Something is not loaded; the draft remembers what.
    Missing,
    /// A business "no".
    Refused(Refusal),
}

impl Stop {
    /// The same, about an item of a list: see [`Refusal::within`].
    pub fn within(self, list: &str, index: usize) -> Stop {
        match self {
            Stop::Refused(refusal) => Stop::Refused(refusal.within(list, index)),
            Stop::Missing => Stop::Missing,
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

/// How the ledger answers what its state cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Asks permission: refused below a floor.
    Request,
    /// Tells of money that has moved: never refused for business reasons; what does not fit goes
    /// to suspense.
    Report,
}

/// Reads state during one decision and remembers what was not loaded.
pub struct Reader<'a> {
    state: &'a dyn Lookup,
    missing: RefCell<BTreeSet<Key>>,
}

impl<'a> Reader<'a> {
    /// A reader over whatever is loaded.
    pub fn new(state: &'a dyn Lookup) -> Reader<'a> {
        Reader { state, missing: RefCell::default() }
    }

    /// The keys that were asked for and not loaded.
    pub fn into_missing(self) -> BTreeSet<Key> {
        self.missing.into_inner()
    }

    /// The value of a key. Errors: `Missing` when it is not loaded.
    pub fn get(&self, key: Key) -> Result<&'a Value, Stop> {
        self.state.get(&key).ok_or_else(|| {
            self.missing.borrow_mut().insert(key);
            Stop::Missing
        })
    }

    /// A row, if there is one. Errors: `Missing`.
    pub fn row(&self, name: RowName) -> Result<Option<Arc<Row>>, Stop> {
        match self.get(Key::Row(name))? {
            Value::Row(row) => Ok(row.clone()),
            _ => Ok(None),
        }
    }

    fn total(&self, control: &Control) -> Result<Sen, Stop> {
        match self.get(Key::Control(control.clone()))? {
            Value::Control(total) => Ok(*total),
            _ => Ok(Sen::ZERO),
        }
    }

    fn balance(&self, account: &Account) -> Result<Sen, Stop> {
        match self.get(Key::Balance(account.clone()))? {
            Value::Balance(balance) => Ok(balance.unwrap_or(Sen::ZERO)),
            _ => Ok(Sen::ZERO),
        }
    }
}

/// What is common to all records of one decision.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Who asks.
    pub author: Author,
    /// The request being decided.
    pub request: RequestId,
    /// Request or report.
    pub mode: Mode,
    /// The day the person said.
    pub happened_on: Day,
    /// The book's business day once this is recorded.
    pub business_day: Day,
    /// The position the record will have.
    pub position: u64,
    /// The server's date in the book's zone.
    pub today: Day,
}

/// What one decision has gathered so far.
pub struct Draft<'a> {
    reader: &'a Reader<'a>,
    frame: Frame,
    book: Rc<proto::Book>,
    line: u32,
    party: String,
    /// Whether what is posted now is what came after, reckoned anew.
    reckons_anew: bool,
    /// The day in the ledger, where it does not follow from when it happened.
    effective_at: Option<Day>,
    effect: Work,
}

#[derive(Clone, Default)]
struct Work {
    entries: Vec<Entry>,
    /// What is posted at the business day, in a record of its own.
    anew: Vec<Entry>,
    rows: BTreeMap<RowName, Row>,
    flags: Vec<Flag>,
    lot_moves: Vec<LotMove>,
    deltas: BTreeMap<Account, Sen>,
    totals: BTreeMap<Control, Sen>,
    grant: Option<RowName>,
    reverses: Option<(RequestId, u32)>,
}

impl<'a> Draft<'a> {
    /// An empty draft.
    pub fn new(reader: &'a Reader<'a>, frame: Frame, book: Rc<proto::Book>) -> Draft<'a> {
        Draft {
            reader,
            frame,
            book,
            line: 0,
            party: String::new(),
            reckons_anew: false,
            effective_at: None,
            effect: Work::default(),
        }
    }

    /// The decision's common facts.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The book's settings.
    pub fn book(&self) -> &proto::Book {
        &self.book
    }

    /// What follows belongs to this line of a sheet or journal.
    pub fn at_line(&mut self, line: u32) {
        self.line = line;
        self.party.clear();
    }

    /// The line of a sheet or journal that is being decided, 0 for the record as a whole.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// What follows is about this member or third party.
    pub fn about(&mut self, entity: &Entity, collection: &str, id: &Id) {
        self.party = RowName::of(entity, collection, id.as_str()).to_string();
    }

    /// What follows is about this member or third party, by row name; empty for nobody.
    pub fn about_name(&mut self, party: String) {
        self.party = party;
    }

    /// What follows tells of money that has moved, whatever the request as a whole is.
    pub fn as_report(&mut self) {
        self.frame.mode = Mode::Report;
    }

    /// The money moved on an earlier day than the request itself.
    pub fn happened_on(&mut self, day: Day) {
        self.frame.happened_on = day;
    }

    /// What follows stands in the ledger on this day, closed or not: closing a year, and opening it
    /// again, belong to the year's last day.
    pub fn effective_at(&mut self, day: Day) {
        self.effective_at = Some(day);
    }

    /// A remark for people.
    pub fn flag(&mut self, remark: Refusal) {
        // A remark is about a line; records do not keep the field a refusal was about.
        let remark = Refusal { field: String::new(), ..remark };
        self.effect.flags.push(Flag { remark, line: self.line });
    }

    /// The transaction this one takes back.
    pub fn set_reverses(&mut self, request: RequestId, line: u32) {
        self.effect.reverses = Some((request, line));
    }

    /// Checks that a day a register names is not in the future. Errors: `DATE_IN_FUTURE`.
    pub fn not_future(&self, day: Day, field: &str) -> Result<(), Refusal> {
        if day <= self.frame.today {
            return Ok(());
        }
        let refusal = Refusal::new(Reason::DateInFuture).on(field);
        Err(refusal.with("date", day).with("today", self.frame.today))
    }

    /// Checks that a day does not lie in what an entity has closed. Errors: `PERIOD_CLOSED`.
    pub fn not_closed(&self, entity: &Entity, day: Day, field: &str) -> Result<(), Stop> {
        match closed_through(self.reader, entity)? {
            Some(closed) if day <= closed => {
                let refusal = Refusal::new(Reason::PeriodClosed).on(field);
                Err(refusal.with("date", closed).into())
            }
            _ => Ok(()),
        }
    }

    // ---- rows ---------------------------------------------------------------------------

    /// A row as it stands in this draft, if there is one.
    pub fn row(&self, name: &RowName) -> Result<Option<Row>, Stop> {
        match self.effect.rows.get(name) {
            Some(row) => Ok(Some(row.clone())),
            None => self.row_before(name),
        }
    }

    /// A row as it stood before this draft, if there was one.
    pub fn row_before(&self, name: &RowName) -> Result<Option<Row>, Stop> {
        Ok(self.reader.row(name.clone())?.map(|row| Row::clone(&row)))
    }

    /// Writes a row.
    pub fn put(&mut self, name: RowName, row: Row) {
        self.effect.rows.insert(name, row);
    }

    /// Writes a row whose name must be free. Errors: `ALREADY_EXISTS`.
    pub fn create(&mut self, name: RowName, row: Row, field: &str) -> Result<(), Stop> {
        if self.row(&name)?.is_some() {
            return Err(Refusal::new(Reason::AlreadyExists).on(field).with("name", name).into());
        }
        self.put(name, row);
        Ok(())
    }

    /// A row that must be there. Errors: `NOT_FOUND`.
    pub fn require(&self, name: &RowName, field: &str) -> Result<Row, Stop> {
        self.row(name)?.ok_or_else(|| not_found(name, field).into())
    }

    /// Looks at a row as it stands in this draft without copying it.
    fn look<T>(
        &self,
        name: &RowName,
        field: &str,
        look: impl FnOnce(&Row) -> Option<T>,
    ) -> Result<T, Stop> {
        let seen = match self.effect.rows.get(name) {
            Some(row) => look(row),
            None => self.reader.row(name.clone())?.and_then(|row| look(&row)),
        };
        seen.ok_or_else(|| not_found(name, field).into())
    }

    /// Looks at a group without copying its row. Errors: `NOT_FOUND`, and what `check` says.
    pub fn check_group(
        &self,
        group: &Id,
        field: &str,
        check: impl FnOnce(&proto::Group) -> Result<(), Refusal>,
    ) -> Result<(), Stop> {
        let checked = self.look(&RowName::group(group), field, |row| match row {
            Row::Group(row) => Some(check(row)),
            _ => None,
        });
        Ok(checked??)
    }

    /// A group. Errors: `NOT_FOUND`.
    pub fn group(&self, group: &Id, field: &str) -> Result<proto::Group, Stop> {
        let name = RowName::group(group);
        match self.require(&name, field)? {
            Row::Group(row) => Ok(row),
            _ => Err(not_found(&name, field).into()),
        }
    }

    /// A member of a KUBE or of the LKM. Errors: `NOT_FOUND`.
    pub fn member(&self, entity: &Entity, member: &Id, field: &str) -> Result<proto::Member, Stop> {
        let name = RowName::of(entity, "members", member.as_str());
        match self.require(&name, field)? {
            Row::Member(row) => Ok(row),
            _ => Err(not_found(&name, field).into()),
        }
    }

    /// Checks that a member belongs to the entity on the day of this draft, and lives.
    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `MEMBER_DIED`.
    pub fn check_active(&self, entity: &Entity, member: &Id, field: &str) -> Result<(), Stop> {
        let name = RowName::of(entity, "members", member.as_str());
        let checked = self.look(&name, field, |row| match row {
            Row::Member(row) => Some(self.belongs(member, row, field)),
            _ => None,
        });
        Ok(checked??)
    }

    fn belongs(&self, member: &Id, row: &proto::Member, field: &str) -> Result<(), Refusal> {
        let day = self.frame.happened_on.get();
        if day < row.joined_on || (row.left_on != 0 && day >= row.left_on) {
            let refusal = Refusal::new(Reason::NotMemberThen).on(field);
            return Err(refusal.with("member", member).with("date", self.frame.happened_on));
        }
        self.died(member, row, field).map_or(Ok(()), Err)
    }

    /// A member who belongs to the entity on the day of this draft.
    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN`, `MEMBER_DIED`.
    pub fn active_member(
        &self,
        entity: &Entity,
        member: &Id,
        field: &str,
    ) -> Result<proto::Member, Stop> {
        self.check_active(entity, member, field)?;
        self.member(entity, member, field)
    }

    /// That a member is known to have died by the day of this draft, if they have.
    fn died(&self, member: &Id, row: &proto::Member, field: &str) -> Option<Refusal> {
        let dead = row.died_on != 0 && row.died_on <= self.frame.happened_on.get();
        let refusal = Refusal::new(Reason::MemberDied).on(field).with("member", member);
        dead.then(|| refusal.with("date", Day::new(row.died_on)))
    }

    /// Whether a member is not known to have died by the day of this draft. Errors: `NOT_FOUND`.
    pub fn lives(&self, entity: &Entity, member: &Id) -> Result<bool, Stop> {
        let row = self.member(entity, member, "member")?;
        Ok(self.died(member, &row, "member").is_none())
    }

    /// A member of whom nothing is asked once they have died. What is told of is flagged.
    /// Errors: `NOT_FOUND`, `MEMBER_DIED`.
    pub fn living_member(&mut self, entity: &Entity, member: &Id, field: &str) -> Result<(), Stop> {
        let row = self.member(entity, member, field)?;
        match (self.died(member, &row, field), self.frame.mode) {
            (None, _) => {}
            (Some(refusal), Mode::Request) => return Err(refusal.into()),
            (Some(refusal), Mode::Report) => self.flag(refusal),
        }
        Ok(())
    }

    /// A grant of a group. Errors: `NOT_FOUND`.
    pub fn grant(&self, group: &Id, grant: &Id, field: &str) -> Result<proto::Grant, Stop> {
        let name = grant_name(group, grant);
        match self.require(&name, field)? {
            Row::Grant(row) => Ok(row),
            _ => Err(not_found(&name, field).into()),
        }
    }

    /// Checks that an account's subject is one its code can have and that the register knows it.
    /// Errors: `NOT_FOUND`, `NOT_IN_CHART` for a subject the code cannot have.
    pub fn check_subject(&mut self, account: &Account, field: &str) -> Result<(), Stop> {
        let entity = &account.ledger.entity;
        let subject = account.subject.as_str();
        let wrong = || Refusal::new(Reason::NotInChart).on(field).with("account", account);
        let id = || Id::new(subject).ok_or_else(wrong);
        match account.code.line().subject {
            SubjectKind::None if subject.is_empty() => Ok(()),
            SubjectKind::Member => {
                let member = id()?;
                self.member(entity, &member, field)?;
                self.about(entity, "members", &member);
                Ok(())
            }
            SubjectKind::Party => self.party(entity, &id()?, field),
            SubjectKind::Drawer => self.require(&RowName::new("drawers", subject), field).map(drop),
            SubjectKind::Grant => {
                self.require(&RowName::of(entity, "grants", subject), field).map(drop)
            }
            SubjectKind::KubeFund => {
                let (group, fund) = subject.split_once('/').ok_or_else(wrong)?;
                let group = Id::new(group).ok_or_else(wrong)?;
                self.group(&group, field)?;
                let fund = crate::domain::chart::fund_from_name(fund).ok_or_else(wrong)?;
                let allowed = crate::domain::chart::fund_allowed(&Entity::Kube(group), fund);
                if allowed { Ok(()) } else { Err(wrong().into()) }
            }
            _ => Err(wrong().into()),
        }
    }

    /// Tags the transaction with a grant that the register knows.
    pub fn tag_grant(&mut self, name: RowName) {
        self.effect.grant = Some(name);
    }

    /// Tags the transaction with the grant whose money moves. Errors: `NOT_FOUND`.
    pub fn spend_grant(&mut self, group: &Id, grant: &Id, field: &str) -> Result<(), Stop> {
        self.grant(group, grant, field)?;
        self.tag_grant(grant_name(group, grant));
        Ok(())
    }

    /// Checks that a third party is registered; what follows is about it. Errors: `NOT_FOUND`.
    pub fn party(&mut self, entity: &Entity, party: &Id, field: &str) -> Result<(), Stop> {
        self.require(&RowName::of(entity, "parties", party.as_str()), field)?;
        self.about(entity, "parties", party);
        Ok(())
    }

    /// A lot. Errors: `NOT_FOUND`.
    pub fn lot(&self, entity: &Entity, lot: &Id, field: &str) -> Result<proto::Lot, Stop> {
        let name = RowName::of(entity, "lots", lot.as_str());
        match self.require(&name, field)? {
            Row::Lot(row) => Ok(row),
            _ => Err(not_found(&name, field).into()),
        }
    }

    /// Writes a lot together with the move that changed it.
    pub fn move_lot(&mut self, entity: &Entity, lot: &str, row: proto::Lot, units: i64, cost: Sen) {
        self.move_lot_for(entity, (lot, row), (units, cost), LossCause::Unspecified);
    }

    /// Writes a lot together with the move that changed it, and what was the cause of a loss.
    pub fn move_lot_for(
        &mut self,
        entity: &Entity,
        (lot, row): (&str, proto::Lot),
        (units, cost): (i64, Sen),
        cause: LossCause,
    ) {
        self.put(RowName::of(entity, "lots", lot), Row::Lot(row));
        self.effect.lot_moves.push(LotMove {
            entity: entity.as_str().to_owned(),
            lot: lot.to_owned(),
            quantity_milli: units,
            cost: cost.get(),
            line: self.line,
            cause: cause as i32,
        });
    }

    /// Checks that a group is tied to the book's LKM on the day of this draft.
    /// Errors: `NOT_FOUND`, `NOT_LINKED`.
    pub fn linked(&self, group: &Id) -> Result<(), Stop> {
        let row = self.group(group, "group")?;
        let day = self.frame.happened_on.get();
        let holds = |link: &proto::Link| link.since <= day && (link.until == 0 || day < link.until);
        if row.links.iter().any(holds) {
            return Ok(());
        }
        let refusal = Refusal::new(Reason::NotLinked).on("group").with("group", group);
        Err(refusal.with("date", self.frame.happened_on).into())
    }

    /// A record by the request that made it. Errors: `NOT_FOUND`.
    pub fn record_of(
        &self,
        request: &RequestId,
        field: &str,
    ) -> Result<Arc<crate::domain::record::Record>, Stop> {
        let unknown = || not_found(&RowName::new("transactions", request.as_str()), field);
        let Value::Receipt(Some(receipt)) = self.reader.get(Key::Receipt(request.clone()))? else {
            return Err(unknown().into());
        };
        match self.reader.get(Key::Record(receipt.position))? {
            Value::Record(Some(record)) => Ok(Arc::clone(record)),
            _ => Err(unknown().into()),
        }
    }

    /// The record at a position, if the journal reaches that far. Errors: `Missing`.
    pub fn record_at(
        &self,
        position: u64,
    ) -> Result<Option<Arc<crate::domain::record::Record>>, Stop> {
        match self.reader.get(Key::Record(position))? {
            Value::Record(record) => Ok(record.clone()),
            _ => Ok(None),
        }
    }

    // ---- money --------------------------------------------------------------------------

    /// An account's balance as it stands in this draft, debit positive.
    pub fn balance(&self, account: &Account) -> Result<Sen, Stop> {
        let before = self.reader.balance(account)?;
        match self.effect.deltas.get(account) {
            Some(delta) => Ok(before.plus(*delta)?),
            None => Ok(before),
        }
    }

    /// A control account's total as it stands in this draft, debit positive.
    pub fn total(&self, control: &Control) -> Result<Sen, Stop> {
        let before = self.reader.total(control)?;
        match self.effect.totals.get(control) {
            Some(moved) => Ok(before.plus(*moved)?),
            None => Ok(before),
        }
    }

    /// What this draft debits in the ledger in which that is most, and the entity whose ledgers
    /// alone it posts in, if it is one.
    ///
    /// Errors: `OVERFLOW`.
    pub fn weight(&self) -> Result<(Sen, Option<Entity>), Refusal> {
        let mut debits: BTreeMap<&Ledger, Sen> = BTreeMap::new();
        for entry in self.effect.entries.iter().chain(&self.effect.anew) {
            let sum = debits.entry(&entry.account.ledger).or_default();
            *sum = sum.plus(entry.amount.max(Sen::ZERO))?;
        }
        let entities: BTreeSet<&Entity> = debits.keys().map(|ledger| &ledger.entity).collect();
        let only = entities.first().filter(|_| entities.len() == 1).map(|one| (*one).clone());
        Ok((debits.into_values().max().unwrap_or_default(), only))
    }

    /// The money of an entity that this draft moves, its savings at the LKM included: in positive.
    ///
    /// Errors: `OVERFLOW`.
    pub fn money_moved(&self, entity: &Entity) -> Result<Sen, Refusal> {
        let own = |code: Code| code.is_money() || code == Code::SavingsAtLkm;
        let deltas = self.effect.deltas.iter();
        let moved = deltas.filter(|(account, _)| account.ledger.entity == *entity);
        let moved = moved.filter(|(account, _)| own(account.code));
        moved.map(|(_, delta)| *delta).try_fold(Sen::ZERO, Sen::plus)
    }

    /// What this draft moves in the accounts of a code, by subject, over all funds.
    ///
    /// Errors: `OVERFLOW`.
    pub fn moved_in(&self, code: Code) -> Result<BTreeMap<Subject, Sen>, Refusal> {
        let mut moved: BTreeMap<Subject, Sen> = BTreeMap::new();
        let deltas = self.effect.deltas.iter().filter(|(account, _)| account.code == code);
        for (account, delta) in deltas {
            let sum = moved.entry(account.subject.clone()).or_default();
            *sum = sum.plus(*delta)?;
        }
        Ok(moved)
    }

    /// The accounts of free savings that this draft moves, with what it moves: out of them positive.
    pub fn savings_moved(&self) -> Vec<(Account, Sen)> {
        let moved = self.effect.deltas.iter().filter(|(account, delta)| {
            matches!(account.code, Code::MemberSavings | Code::KubeSavings) && !delta.is_zero()
        });
        moved.map(|(account, delta)| (account.clone(), *delta)).collect()
    }

    /// What an account holds on its natural side.
    /// Errors: `Missing` while a balance is not loaded, `OVERFLOW`.
    pub fn held(&self, account: &Account) -> Result<Sen, Stop> {
        natural(account.code, self.balance(account)?).map_err(Stop::from)
    }

    /// What can be taken out of an account: what it holds, less what is blocked of it.
    ///
    /// Errors: `Missing`, `OVERFLOW`.
    pub fn available(&self, account: &Account) -> Result<Sen, Stop> {
        Ok(self.held(account)?.minus(self.blocked(account)?)?.max(Sen::ZERO))
    }

    /// Posts. In a report, what would push an account below a refusing floor goes to the fund's
    /// suspense account instead; in a request, floors are looked at when the draft is finished.
    ///
    /// Errors: `FUND_NOT_ALLOWED`, `NOT_IN_CHART`, `OVERFLOW`.
    pub fn post(&mut self, posting: &Posting) -> Result<(), Stop> {
        self.foresee(posting)?;
        for (account, amount) in posting.legs() {
            check_account(&account)?;
            self.post_leg(account, amount)?;
        }
        Ok(())
    }

    /// Posts what a fold of facts has come to. Its sums keep their accounts from falling below
    /// nothing once what came after is [posted anew](Draft::post_anew), so that no leg of a report
    /// is measured by itself.
    ///
    /// Errors: as [`Draft::post`].
    pub fn post_reckoned(&mut self, posting: &Posting) -> Result<(), Stop> {
        self.foresee(posting)?;
        for (account, amount) in posting.legs() {
            check_account(&account)?;
            self.enter(account, amount)?;
        }
        Ok(())
    }

    /// Posts what a backdated fact or a reversal changes of what came after it: at the business
    /// day, in one record of its own that names this request as its cause.
    ///
    /// Errors: as [`Draft::post`].
    pub fn post_anew(&mut self, posting: &Posting) -> Result<(), Stop> {
        self.reckons_anew = true;
        let posted = self.post_reckoned(posting);
        self.reckons_anew = false;
        posted
    }

    /// Asks for all that the legs will need at once, rather than in a round each: balances, the
    /// totals that `apply` needs, and the closed periods.
    fn foresee(&self, posting: &Posting) -> Result<(), Stop> {
        let mut all = Ok(());
        for (account, _) in posting.legs() {
            let periods = Key::Row(periods_name(&account.ledger.entity));
            let product = dormancy::product_of(&account).map(Key::Row);
            let needed = [periods, Key::Control(account.control()), Key::Balance(account)];
            for key in needed.into_iter().chain(product) {
                all = all.and(self.reader.get(key).map(drop));
            }
        }
        all
    }

    /// Debits one account and credits another; see [`Draft::post`].
    /// Errors: as [`Draft::post`].
    pub fn transfer(
        &mut self,
        ledger: &Ledger,
        debit: impl Into<crate::domain::posting::Leaf>,
        credit: impl Into<crate::domain::posting::Leaf>,
        amount: Sen,
    ) -> Result<(), Stop> {
        if amount.is_zero() {
            return Ok(());
        }
        self.post(&Posting::transfer(ledger, debit, credit, amount)?)
    }

    fn post_leg(&mut self, account: Account, amount: Sen) -> Result<(), Stop> {
        let taken = match (self.frame.mode, account.code.line().floor) {
            (Mode::Report, Floor::Refuse) => self.within_floor(&account, amount)?,
            _ => amount,
        };
        let rest = amount.minus(taken)?;
        if !rest.is_zero() {
            let item = Subject::item(&self.frame.request, self.line);
            let suspense = account.ledger.account_of(Code::Suspense, item);
            self.flag_suspense(rest, Reason::Floor);
            self.enter(suspense, rest)?;
        }
        self.enter(account, taken)
    }

    fn within_floor(&self, account: &Account, amount: Sen) -> Result<Sen, Stop> {
        let toward_floor = natural(account.code, amount)?.is_negative();
        if !toward_floor {
            return Ok(amount);
        }
        let available = self.available(account)?;
        let asked = natural(account.code, amount)?.negated()?;
        if asked <= available {
            return Ok(amount);
        }
        Ok(natural(account.code, available.negated()?)?)
    }

    fn enter(&mut self, account: Account, amount: Sen) -> Result<(), Stop> {
        if amount.is_zero() {
            return Ok(());
        }
        // Balance and total must both fit, entry by entry, or `apply` could not follow.
        self.balance(&account)?.plus(amount)?;
        let control = account.control();
        let before = self.reader.total(&control)?;
        let moved = self.effect.totals.entry(control).or_default();
        *moved = moved.plus(amount)?;
        before.plus(*moved)?;
        let delta = self.effect.deltas.entry(account.clone()).or_default();
        *delta = delta.plus(amount)?;
        let entry = Entry { account, amount, line: self.line, party: self.party.clone() };
        match self.reckons_anew {
            true => self.effect.anew.push(entry),
            false => self.effect.entries.push(entry),
        }
        Ok(())
    }

    /// Puts reported cash that its state cannot take into the fund's suspense account: cash in
    /// (positive) or out (negative) of `place`.
    fn suspend(
        &mut self,
        ledger: &Ledger,
        place: (Code, Subject),
        cash: Sen,
        reason: Reason,
    ) -> Result<(), Stop> {
        let item = Subject::item(&self.frame.request, self.line);
        let cash_account = ledger.account_of(place.0, place.1);
        check_account(&cash_account)?;
        self.flag_suspense(cash, reason);
        self.enter(cash_account, cash)?;
        self.enter(ledger.account_of(Code::Suspense, item), cash.negated()?)
    }

    fn flag_suspense(&mut self, amount: Sen, reason: Reason) {
        let remark = Refusal::new(Reason::InSuspense).with("amount", amount.get().unsigned_abs());
        self.flag(remark.with("reason", reason.name()));
    }

    /// Tries a part of a report; what its state cannot take is undone and handed to `otherwise`.
    ///
    /// Errors: those of `otherwise`, and whatever `part` meets that is not a matter of state.
    pub fn attempt(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<(), Stop>,
        otherwise: impl FnOnce(&mut Self, Refusal) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let before = self.effect.clone();
        match part(self) {
            Err(Stop::Refused(refusal)) if is_state(refusal.reason) => {
                self.effect = before;
                self.party.clear();
                otherwise(self, refusal)
            }
            result => result,
        }
    }

    /// Tells of what has happened: what the state cannot take waits in suspense, or, where no cash
    /// moved, is only flagged.
    ///
    /// Errors: what is wrong with the report itself, never a matter of state.
    pub fn report(&mut self, action: &dyn Action) -> Result<(), Stop> {
        self.attempt(
            |draft| {
                standing::check_report(draft, action)?;
                action.post(draft)
            },
            |draft, refusal| {
                let reason = refusal.reason;
                draft.put_to_review(action, &refusal)?;
                match action.cash() {
                    Some(cash) => draft.suspend(&cash.ledger, cash.place, cash.amount, reason),
                    None => {
                        draft.flag(refusal);
                        Ok(())
                    }
                }
            },
        )
    }

    fn put_to_review(&mut self, action: &dyn Action, refusal: &Refusal) -> Result<(), Stop> {
        let Some((name, row)) = action.review(refusal) else { return Ok(()) };
        if self.row(&name)?.is_none() {
            self.flag(Refusal::new(Reason::ForReview).with("reason", refusal.reason.name()));
            self.put(name, row);
        }
        Ok(())
    }

    /// Tells of several things one after another, each a line of its own, from line 1
    /// on, and an item of the request's list `field`.
    ///
    /// Errors: as [`Draft::report`].
    pub fn report_lines(
        &mut self,
        field: &str,
        lines: impl Iterator<Item = Box<dyn Action>>,
    ) -> Result<(), Stop> {
        self.as_report();
        let mut missing = None;
        for ((number, action), index) in (1..).zip(lines).zip(0..) {
            self.at_line(number);
            match self.report(action.as_ref()).map_err(|stop| stop.within(field, index)) {
                // Go on to find out what else is missing: a long sheet takes no more rounds.
                Err(stop @ Stop::Missing) => missing = Some(stop),
                result => result?,
            }
        }
        self.at_line(0);
        missing.map_or(Ok(()), Err)
    }

    /// The effect, with floors checked, cash below zero flagged, and the day in the ledger found;
    /// and that of what came after, reckoned anew, if it changes anything.
    ///
    /// Errors: `FLOOR` in a request, and what a [drawer] refuses then.
    pub fn finish(mut self, command: &Command) -> Result<(Frame, Effect, Option<Effect>), Stop> {
        self.line = 0;
        for account in self.effect.deltas.keys().cloned().collect::<Vec<_>>() {
            self.check_floor(&account)?;
        }
        dormancy::check_moved(&mut self, command.action.as_ref())?;
        drawer::check_moved(&mut self, command.action.event())?;
        let effective_on = self.effective_on()?;
        let mut work = self.effect;
        work.rows.extend(lot_changes(&work.lot_moves, effective_on, self.frame.position)?);
        let told = self.frame.mode == Mode::Report;
        let flags = work.flags.iter().filter(|flag| told || drawer::is_for_review(flag));
        if let Some(row) = review::of(flags, command.action.entity(), self.frame.position) {
            work.rows.insert(review::review_name(&self.frame.request), row);
        }
        let posted = work.deltas.keys().map(|account| &account.ledger.entity);
        let event = command.action.event();
        work.rows.extend(confirmation::waiting(event, &self.frame, posted, work.rows.iter()));
        let anew = std::mem::take(&mut work.anew);
        let anew = (!anew.is_empty()).then(|| Effect {
            effective_on: self.frame.business_day,
            entries: anew,
            cause: Some(command.request.clone()),
            ..Effect::default()
        });
        let effect = Effect {
            effective_on,
            entries: work.entries,
            rows: work.rows.into_iter().collect(),
            flags: work.flags,
            memo: command.memo.clone(),
            evidence: command.evidence.clone(),
            meeting: command.meeting.as_ref().map(RowName::to_string).unwrap_or_default(),
            grant: work.grant.map(|name| name.to_string()).unwrap_or_default(),
            reverses: work.reverses,
            lot_moves: work.lot_moves,
            cause: None,
        };
        Ok((self.frame, effect, anew))
    }

    fn check_floor(&mut self, account: &Account) -> Result<(), Stop> {
        let delta = self.effect.deltas.get(account).copied().unwrap_or_default();
        if !natural(account.code, delta)?.is_negative() {
            return Ok(());
        }
        let held = self.held(account)?.minus(self.blocked(account)?)?;
        if !held.is_negative() {
            return Ok(());
        }
        match account.code.line().floor {
            Floor::None => Ok(()),
            Floor::Flag => {
                let remark = Refusal::new(Reason::CashNegative).with("account", account);
                self.flag(remark.with("held", held.get()));
                Ok(())
            }
            Floor::Refuse => {
                let asked = natural(account.code, delta)?.negated()?;
                let before = held.plus(asked)?;
                let refusal = Refusal::new(Reason::Floor).on("amount").with("account", account);
                Err(refusal.with("held", before.get()).with("asked", asked.get()).into())
            }
        }
    }

    /// What of an account cannot be taken out, in sen: on both sides alike, lest a report leave them
    /// different.
    fn blocked(&self, account: &Account) -> Result<Sen, Stop> {
        let savings = Savings::of(account).or_else(|| Savings::mirrored(account));
        let Some(savings) = savings else { return Ok(Sen::ZERO) };
        match self.row(&blocked_name(&savings))? {
            Some(Row::Blocked(row)) => Ok(Sen::new(row.amount)),
            _ => Ok(Sen::ZERO),
        }
    }

    fn effective_on(&mut self) -> Result<Day, Stop> {
        if let Some(day) = self.effective_at {
            return Ok(day);
        }
        let entities: BTreeSet<&Entity> =
            self.effect.entries.iter().map(|entry| &entry.account.ledger.entity).collect();
        let mut effective = self.frame.happened_on;
        for entity in entities {
            if let Some(closed) = closed_through(self.reader, entity)? {
                effective = effective.max(closed.next());
            }
        }
        if effective != self.frame.happened_on {
            let remark = Refusal::new(Reason::MovedToOpenDay).with("date", self.frame.happened_on);
            self.flag(remark.with("effective", effective));
        }
        Ok(effective)
    }
}

/// The collection of what records changed of a lot.
pub fn lot_changes_of(entity: &Entity, lot: &str) -> String {
    format!("{}/changes", RowName::of(entity, "lots", lot))
}

/// What the moves of a record changed of each lot, so that it can be told as of any day.
///
/// Errors: `OVERFLOW`.
fn lot_changes(
    moves: &[LotMove],
    effective_on: Day,
    position: u64,
) -> Result<BTreeMap<RowName, Row>, Refusal> {
    let mut lots: BTreeMap<(&str, &str), (Sen, Sen, LossCause)> = BTreeMap::new();
    for moved in moves {
        let of_lot = lots.entry((&moved.entity, &moved.lot)).or_default();
        of_lot.0 = of_lot.0.plus(Sen::new(moved.quantity_milli))?;
        of_lot.1 = of_lot.1.plus(Sen::new(moved.cost))?;
        // A record loses of a lot for one cause.
        of_lot.2 = moved.cause();
    }
    let change = |((entity, lot), (units, cost, cause)): ((&str, &str), (Sen, Sen, LossCause))| {
        let entity = Entity::new(entity)?;
        let name = RowName::new(lot_changes_of(&entity, lot), format!("{position:020}"));
        let (effective_on, quantity_milli) = (effective_on.get(), units.get());
        let (cost, cause) = (cost.get(), cause as i32);
        let row = proto::LotChange { effective_on, quantity_milli, cost, cause };
        Some((name, Row::LotChange(row)))
    };
    Ok(lots.into_iter().filter_map(change).collect())
}

/// The last closed day of an entity, if anything is closed.
/// Errors: `Missing` while the row is not loaded.
pub fn closed_through(reader: &Reader<'_>, entity: &Entity) -> Result<Option<Day>, Stop> {
    let row = reader.row(periods_name(entity))?;
    Ok(match row.as_deref() {
        Some(Row::Periods(periods)) => Some(Day::new(periods.closed_through)),
        _ => None,
    })
}

/// The name of a group's grant.
pub fn grant_name(group: &Id, grant: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "grants", grant.as_str())
}

/// The refusal for a name that is not known.
pub fn not_found(name: &RowName, field: &str) -> Refusal {
    Refusal::new(Reason::NotFound).on(field).with("name", name)
}

/// Whether a refusal is about the state a report meets, rather than about who or what it names at
/// the top or how it is written. Unknown members, lots, parties and grants are state; unknown
/// groups and meetings are checked before a report is attempted. So is what a state has grown to
/// that no longer fits: if the money told of does not fit either, suspense will say so.
fn is_state(reason: Reason) -> bool {
    use crate::domain::refusal::Class;
    let state =
        matches!(reason.class(), Class::Precondition | Class::NotFound | Class::AlreadyExists);
    state || reason == Reason::Overflow
}

fn natural(code: Code, amount: Sen) -> Result<Sen, Refusal> {
    if code.debit_side() { Ok(amount) } else { amount.negated() }
}

fn check_account(account: &Account) -> Result<(), Refusal> {
    let Ledger { entity, fund } = &account.ledger;
    if !crate::domain::chart::fund_allowed(entity, fund.get()) {
        let name = crate::domain::chart::fund_name(fund.get());
        return Err(Refusal::new(Reason::FundNotAllowed).on("fund").with("fund", name));
    }
    if !account.code.belongs_to(entity) {
        return Err(Refusal::new(Reason::NotInChart).with("account", account));
    }
    Ok(())
}
