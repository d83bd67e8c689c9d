//! What becomes of a surplus (catalogue events 51, 52 and, for the solidarity fund, 16): divided by
//! the entity's rule, a loss covered by reserves, paid out.
//!
//! A KUBE's share of its LKM's surplus is one event in two ledgers: decided with the LKM's own
//! division, and received when the LKM pays.
//!
//! The members' part is allotted a chunk at a time, so that no record outgrows the journal: the
//! first chunk with the division itself, the others by records of their own; until then the rest
//! stands on *SHU Anggota Belum Dirinci*.
//!
//! **Invariant**: what is allotted adds up to the members' part to the sen, whatever the chunks.

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::cash::{Place, cash_out, mode_of};
use crate::domain::chart::{Code, fund_allowed, fund_from_name, fund_name};
use crate::domain::day::Day;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::link::{kube_savings, lkm_ledger};
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::proto::{
    Division, Fund, MemberMeasure, SurplusRule, SurplusUse, YearResult,
};
use crate::domain::record::{Effect, Entry, Event};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::result_share;
use crate::domain::stake::Means;
use crate::domain::surplus_rule::{Basis, rule_on, shares, total, uses};
use crate::domain::year::{keep, known_since_closing, last_closed, year_name};

/// How many are given their part in one record.
pub const CHUNK: usize = 80;

/// Who shares in a surplus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharer {
    /// A member, by id.
    Member(Id),
    /// A KUBE's fund, at the LKM.
    Kube(Id, Fund),
}

/// Who shares in a year's surplus, and by what. Read since the year closed, and so for good.
#[derive(Clone, Debug)]
pub struct Sharers {
    /// In an order that is the same whenever they are read.
    pub people: Vec<(Sharer, Basis)>,
    /// The journal position at which this was known.
    pub known: u64,
}

impl Sharer {
    /// How rows name them: `{member}`, or `{group}.{fund}`.
    pub fn key(&self) -> String {
        match self {
            Sharer::Member(member) => member.to_string(),
            Sharer::Kube(group, fund) => format!("{group}.{}", fund_name(*fund)),
        }
    }

    /// Whom a row is named for; `None` when it is nobody.
    pub fn from_key(key: &str) -> Option<Sharer> {
        match key.split_once('.') {
            None => Id::new(key).map(Sharer::Member),
            Some((group, fund)) => Some(Sharer::Kube(Id::new(group)?, fund_from_name(fund)?)),
        }
    }

    /// The account of their free savings.
    pub fn savings(&self) -> (Code, Subject) {
        match self {
            Sharer::Kube(group, fund) => kube_savings(group, *fund),
            Sharer::Member(member) => (Code::MemberSavings, Subject::id(member)),
        }
    }

    /// Whose free savings an account holds; `None` when it holds something else.
    pub fn of_savings(account: &Account) -> Option<Sharer> {
        let subject = account.subject.as_str();
        match account.code {
            Code::MemberSavings => Id::new(subject).map(Sharer::Member),
            Code::KubeSavings => {
                let (group, fund) = subject.split_once('/')?;
                Some(Sharer::Kube(Id::new(group)?, fund_from_name(fund)?))
            }
            _ => None,
        }
    }
}

impl Sharers {
    fn bases(&self) -> Vec<Basis> {
        self.people.iter().map(|(_, basis)| *basis).collect()
    }
}

/// The leaf that holds what somebody was allotted.
fn share_leaf(entity: &Entity, sharer: &Sharer) -> (Code, Subject) {
    match (entity, sharer) {
        (Entity::Kube(_), Sharer::Member(member)) => (Code::SurplusPayable, Subject::id(member)),
        (Entity::Lkm, Sharer::Member(member)) => (Code::MemberSurplus, Subject::id(member)),
        (_, Sharer::Kube(group, fund)) => (Code::KubeSurplus, Subject::kube_fund(group, *fund)),
    }
}

/// Whether an entry gives somebody a part.
pub fn is_share(entry: &Entry) -> bool {
    let code = entry.account.code;
    matches!(code, Code::SurplusPayable | Code::MemberSurplus | Code::KubeSurplus)
}

/// Divides a fund's surplus of the last closed year by the rule of the day (event 51).
#[derive(Clone, Debug)]
pub struct Divide {
    /// The entity and the fund.
    pub ledger: Ledger,
    /// The year.
    pub year: i32,
    /// Who shares in it.
    pub sharers: Sharers,
    /// Where the solidarity fund's part changes hands at once, if it does.
    pub settled: Option<Place>,
}

impl Action for Divide {
    fn event(&self) -> Event {
        Event::SurplusDivided
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `FUND_NOT_ALLOWED`, `YEAR_NOT_CLOSED`, `SURPLUS_DIVIDED`, `FACTS_MOVED`,
    /// `NO_SURPLUS`, `RULE_NOT_SET`, `NO_BASIS`, `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let Ledger { entity, fund } = &self.ledger;
        check_fund(&self.ledger)?;
        let mut row = last_closed(draft, entity, self.year)?;
        if row.divisions.iter().any(|division| division.fund() == fund.get()) {
            let refusal = Refusal::new(Reason::SurplusDivided).on("year");
            return Err(refusal.with("year", self.year).into());
        }
        known_since_closing(draft, entity, self.year, self.sharers.known)?;
        let surplus = draft.held(&self.ledger.account(Code::Surplus))?;
        if !surplus.is_positive() {
            return Err(no_surplus(surplus).into());
        }
        let today = draft.frame().happened_on;
        let rule = rule_on(draft, entity, today)?;
        let mut members = Sen::ZERO;
        for (purpose, amount) in uses(&rule, surplus)? {
            match purpose {
                SurplusUse::Members => members = members.plus(amount)?,
                purpose => self.give(draft, purpose, amount)?,
            }
        }
        let bases = self.sharers.bases();
        let mut division = Division {
            fund: fund.get() as i32,
            amount: surplus.get(),
            members: members.get(),
            request_id: draft.frame().request.to_string(),
            allotted: 0,
            people: u32::try_from(bases.len()).unwrap_or(u32::MAX),
            savings: total(&bases, MemberMeasure::Savings)?,
            interest: total(&bases, MemberMeasure::Interest)?,
            divided_on: today.get(),
        };
        allot(draft, &self.ledger, Code::Surplus, &mut division, &rule, &self.sharers)?;
        row.divisions.push(division);
        keep(draft, year_name(entity, self.year), row);
        Ok(())
    }
}

/// Whether a surplus may be divided in a fund: the LKM divides that of its core business.
fn check_fund(ledger: &Ledger) -> Result<(), Refusal> {
    let fund = ledger.fund.get();
    let core = ledger.entity != Entity::Lkm || fund == Fund::SimpanPinjam;
    if fund_allowed(&ledger.entity, fund) && core {
        return Ok(());
    }
    Err(Refusal::new(Reason::FundNotAllowed).on("fund").with("fund", fund_name(fund)))
}

fn no_surplus(held: Sen) -> Refusal {
    Refusal::new(Reason::NoSurplus).on("year").with("held", held.get())
}

impl Divide {
    fn give(&self, draft: &mut Draft<'_>, purpose: SurplusUse, amount: Sen) -> Result<(), Stop> {
        let entity = &self.ledger.entity;
        match (purpose, entity) {
            (SurplusUse::Iks, Entity::Kube(group)) => {
                let settled = match &self.settled {
                    Some(place) => Some(place.checked(draft, entity, "settled")?),
                    None => None,
                };
                result_share::give(draft, group, self.ledger.fund.get(), amount, settled)
            }
            _ => draft.transfer(&self.ledger, Code::Surplus, purpose_code(purpose)?, amount),
        }
    }
}

/// The account of a part that stays with the entity. Errors: `RULE_NOT_SET` where there is none.
fn purpose_code(purpose: SurplusUse) -> Result<Code, Refusal> {
    match purpose {
        SurplusUse::Reserve => Ok(Code::Reserve),
        SurplusUse::Officers => Ok(Code::OfficersFund),
        SurplusUse::Staff => Ok(Code::StaffFund),
        SurplusUse::Education => Ok(Code::EducationFund),
        SurplusUse::Social => Ok(Code::SocialFund),
        SurplusUse::Unspecified | SurplusUse::Members | SurplusUse::Iks => {
            Err(Refusal::new(Reason::RuleNotSet).on("year"))
        }
    }
}

/// Gives the next chunk of those who share in a division their parts, out of `source`; what is left
/// of the surplus itself waits to be allotted.
fn allot(
    draft: &mut Draft<'_>,
    ledger: &Ledger,
    source: Code,
    division: &mut Division,
    rule: &SurplusRule,
    sharers: &Sharers,
) -> Result<(), Stop> {
    let members = Sen::new(division.members);
    if members.is_zero() {
        division.allotted = division.people;
        return Ok(());
    }
    let shares = shares(rule, members, &sharers.bases())?;
    let from = division.allotted as usize;
    let chunk: Vec<(&Sharer, Sen)> =
        sharers.people.iter().map(|(who, _)| who).zip(shares).skip(from).take(CHUNK).collect();
    let mut legs: Vec<(Leaf, Sen)> = Vec::with_capacity(chunk.len() + 2);
    let mut given = Sen::ZERO;
    for (sharer, share) in &chunk {
        given = given.plus(*share)?;
        legs.push((share_leaf(&ledger.entity, sharer).into(), share.negated()?));
    }
    let taken = if source == Code::Surplus { members } else { given };
    legs.insert(0, (source.into(), taken));
    legs.push((Code::SurplusToAllot.into(), given.minus(taken)?));
    draft.post(&Posting::journal(ledger, legs)?)?;
    for (sharer, share) in &chunk {
        if let Sharer::Kube(group, fund) = sharer {
            let kube = Ledger::new(Entity::Kube(group.clone()), *fund);
            draft.transfer(&kube, Code::SurplusReceivable, Code::SurplusIncome, *share)?;
        }
    }
    let reached = from.saturating_add(chunk.len());
    division.allotted = u32::try_from(reached).unwrap_or(u32::MAX);
    Ok(())
}

/// Gives the next of those who share in a division their parts (event 51).
#[derive(Clone, Debug)]
pub struct Allot {
    /// The entity and the fund.
    pub ledger: Ledger,
    /// The year.
    pub year: i32,
    /// How many had been given their part before.
    pub after: u32,
    /// The same as were told when it was divided.
    pub sharers: Sharers,
}

impl Action for Allot {
    fn event(&self) -> Event {
        Event::SurplusAllotted
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `YEAR_NOT_CLOSED`, `FACTS_MOVED` when those who share are no longer the same, or
    /// somebody else has gone on.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = &self.ledger.entity;
        let mut row = last_closed(draft, entity, self.year)?;
        let of_fund = |division: &&mut Division| division.fund() == self.ledger.fund.get();
        let division = row.divisions.iter_mut().find(of_fund);
        let moved = || Refusal::new(Reason::FactsMoved).on("year");
        let division = division.ok_or_else(moved)?;
        let bases = self.sharers.bases();
        let same = division.people as usize == bases.len()
            && division.savings == total(&bases, MemberMeasure::Savings)?
            && division.interest == total(&bases, MemberMeasure::Interest)?;
        if !same || division.allotted != self.after || division.allotted >= division.people {
            return Err(moved().into());
        }
        let rule = rule_on(draft, entity, Day::new(division.divided_on))?;
        allot(draft, &self.ledger, Code::SurplusToAllot, division, &rule, &self.sharers)?;
        keep(draft, year_name(entity, self.year), row);
        Ok(())
    }
}

/// Takes back a chunk that was allotted, if no other was since.
pub fn undo_allotted(row: &mut YearResult, after: &YearResult, effect: &Effect) -> bool {
    let parts = effect.entries.iter().filter(|entry| is_share(entry)).count();
    let parts = u32::try_from(parts).unwrap_or(u32::MAX);
    let fund = effect.entries.first().map(|entry| entry.account.ledger.fund.get());
    let same = row.divisions == after.divisions;
    let division = row.divisions.iter_mut().find(|division| Some(division.fund()) == fund);
    match division.filter(|_| same) {
        Some(division) => {
            division.allotted = division.allotted.saturating_sub(parts);
            true
        }
        None => false,
    }
}

/// Covers a fund's loss by its reserves (event 51).
#[derive(Clone, Debug)]
pub struct CoverLoss {
    /// The entity and the fund.
    pub ledger: Ledger,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for CoverLoss {
    fn event(&self) -> Event {
        Event::LossCovered
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `NO_SURPLUS` for more than the loss, `FLOOR` for more than the reserves.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let held = draft.held(&self.ledger.account(Code::Surplus))?;
        if held.plus(self.amount)?.is_positive() {
            return Err(no_surplus(held).into());
        }
        draft.transfer(&self.ledger, Code::Reserve, Code::Surplus, self.amount)
    }
}

/// What of a surplus is paid out.
#[derive(Clone, Debug)]
pub enum Payout {
    /// Members' shares, each a line.
    Members(Vec<(Id, Sen)>),
    /// Sen out of the fund of officers, staff, education or social work.
    Fund(SurplusUse, Sen),
}

/// Pays out what was divided (event 51).
#[derive(Clone, Debug)]
pub struct Pay {
    /// The entity and the fund that divided it.
    pub ledger: Ledger,
    /// What.
    pub payout: Payout,
    /// Where the money comes from.
    pub place: Place,
}

impl Action for Pay {
    fn event(&self) -> Event {
        Event::SurplusPaid
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `PLACE_NOT_ALLOWED`, `FUND_NOT_ALLOWED`; at the LKM `NOT_FOUND` and `FLOOR`. In a
    /// KUBE money has changed hands: what its state cannot take waits in suspense, line by line.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let parts = self.parts()?;
        match mode_of(&self.ledger.entity) {
            Mode::Report => draft.report_lines(
                "parts",
                parts.into_iter().map(|part| Box::new(part) as Box<dyn Action>),
            ),
            Mode::Request => {
                for ((line, part), index) in (1..).zip(parts).zip(0..) {
                    draft.at_line(line);
                    part.post(draft).map_err(|stop| stop.within("parts", index))?;
                }
                draft.at_line(0);
                Ok(())
            }
        }
    }
}

impl Pay {
    fn parts(&self) -> Result<Vec<PayPart>, Refusal> {
        let part = |from, member, amount| PayPart {
            ledger: self.ledger.clone(),
            from,
            member,
            amount,
            place: self.place.clone(),
        };
        Ok(match &self.payout {
            Payout::Fund(purpose, amount) => {
                vec![part((purpose_code(*purpose)?, Subject::none()), None, *amount)]
            }
            Payout::Members(members) => {
                let of = |(member, amount): &(Id, Sen)| {
                    let from = share_leaf(&self.ledger.entity, &Sharer::Member(member.clone()));
                    part(from, Some(member.clone()), *amount)
                };
                members.iter().map(of).collect()
            }
        })
    }
}

/// One payment.
#[derive(Clone, Debug)]
struct PayPart {
    ledger: Ledger,
    from: (Code, Subject),
    member: Option<Id>,
    amount: Sen,
    place: Place,
}

impl Action for PayPart {
    fn event(&self) -> Event {
        Event::SurplusPaid
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_out(&self.ledger, &self.place, self.amount)
    }

    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = &self.ledger.entity;
        let place = self.place.checked(draft, entity, "place")?;
        if let Some(member) = &self.member {
            draft.member(entity, member, "member_id")?;
            draft.about(entity, "members", member);
        }
        draft.transfer(&self.ledger, self.from.clone(), place, self.amount)
    }
}

/// A KUBE receives its share of the LKM's surplus (event 52).
#[derive(Clone, Debug)]
pub struct PayKube {
    /// Which KUBE.
    pub group: Id,
    /// The fund whose share it is.
    pub fund: Fund,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// How it is received.
    pub means: Means,
}

impl Action for PayKube {
    fn event(&self) -> Event {
        Event::SurplusPaid
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NO_LKM`, `FUND_NOT_ALLOWED`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if draft.book().lkm_name.is_empty() {
            return Err(Refusal::new(Reason::NoLkm).on("group").into());
        }
        let kube = Ledger::new(Entity::Kube(self.group.clone()), self.fund);
        let savings = kube_savings(&self.group, self.fund);
        let [to, from] = self.means.leaves(draft, &kube.entity, savings)?;
        let share = (Code::KubeSurplus, Subject::kube_fund(&self.group, self.fund));
        draft.transfer(&kube, to, Code::SurplusReceivable, self.amount)?;
        draft.transfer(&lkm_ledger(), share, from, self.amount)
    }
}
