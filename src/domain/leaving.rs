//! A member leaves or dies (catalogue event 20). A death may be known before anybody is settled with:
//! then nothing more is asked of the member but that. Their term deposits are paid back by the rule of
//! their product; what they owe is set off against their savings,
//! loans first, which are paid off by the rule of their product; the rest is paid to them or their
//! heirs; then the membership ends.

use crate::domain::account::Subject;
use crate::domain::cash::Place;
use crate::domain::chart::{CHART, Class, Code, SubjectKind};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::case::{Borrower, Case, Leg, Told, open_loans};
use crate::domain::money::Sen;
use crate::domain::record::proto::{LoanFactKind, LoanState, Member, Settlement};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::{EndMembership, after_last};
use crate::domain::savings::savings_ledger;
use crate::domain::term::{CloseDeposit, Purse, TermId, open_deposits};

/// What a member has saved stands on these accounts.
const SAVINGS: [Code; 5] = [
    Code::PrincipalSavings,
    Code::PrincipalCapital,
    Code::MandatorySavings,
    Code::MandatoryCapital,
    Code::MemberSavings,
];

/// Settles with a member who leaves, or with the heirs of one who died.
#[derive(Clone, Debug)]
pub struct Settle {
    /// Whose member.
    pub entity: Entity,
    /// The member.
    pub member: Id,
    /// First day no longer a member.
    pub left_on: Day,
    /// The day the member died, if they did and the register may not know it: a term deposit may then
    /// cost nothing to break, by its rule.
    pub died_on: Option<Day>,
    /// Who is paid for a member who died.
    pub heir: Option<Heir>,
    /// Where the rest is paid from.
    pub place: Place,
}

/// Who is paid for a member who died.
#[derive(Clone, Debug)]
pub enum Heir {
    /// A registered third party of the entity.
    Party(Id),
    /// Somebody else: commitment to their name.
    Named(Vec<u8>),
}

/// Whom an entity settled with for a member who died.
pub fn settlement_name(entity: &Entity, member: &Id) -> RowName {
    RowName::of(entity, "settlements", member.as_str())
}

/// Records that a member has died, before anybody is settled with; or that this was a mistake.
#[derive(Clone, Debug)]
pub struct RecordDeath {
    /// Whose member.
    pub entity: Entity,
    /// The member.
    pub member: Id,
    /// The day; none to take it back.
    pub died_on: Option<Day>,
}

impl Action for RecordDeath {
    fn event(&self) -> Event {
        Event::MemberDied
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN` for one who has left, `MEMBER_DIED` when that is known,
    /// `DATE_IN_FUTURE`, `NOT_AFTER_LAST` for a day before they joined.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.member(&self.entity, &self.member, "member")?;
        if row.left_on != 0 {
            let refusal = Refusal::new(Reason::NotMemberThen).on("member");
            let date = draft.frame().happened_on;
            return Err(refusal.with("member", &self.member).with("date", date).into());
        }
        if let Some(day) = self.died_on {
            if row.died_on != 0 {
                return Err(died(&self.member, &row).on("died_on").into());
            }
            check_day(draft, &row, day)?;
        }
        row.died_on = self.died_on.map_or(0, Day::get);
        let name = RowName::of(&self.entity, "members", self.member.as_str());
        draft.put(name, Row::Member(row));
        Ok(())
    }
}

/// That a member has died.
pub(super) fn died(member: &Id, row: &Member) -> Refusal {
    let refusal = Refusal::new(Reason::MemberDied).with("member", member);
    refusal.with("date", Day::new(row.died_on))
}

/// Checks that a member may have died on a day. Errors: `DATE_IN_FUTURE`, `NOT_AFTER_LAST`.
fn check_day(draft: &Draft<'_>, row: &Member, day: Day) -> Result<(), Refusal> {
    draft.not_future(day, "died_on")?;
    after_last(day, row.joined_on - 1, "died_on")
}

impl Action for Settle {
    fn event(&self) -> Event {
        Event::MemberSettled
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR`, also for what is blocked;
    /// `MEMBER_DIED` for another day than the register knows, `HEIR_UNNAMED`, `WRONG_KIND` for an heir
    /// of somebody who lives; `DEPOSIT_NOT_MATURE` for a term deposit that no rule lets be broken early; `MEMBER_OWES`
    /// for a loan that the savings do not pay off, `RULE_NOT_SET` where its product has no rule for
    /// paying it off early, `NOT_AFTER_LAST` on a day before something that was told of it; those of
    /// ending a membership, among them `MEMBER_HAS_BALANCE` for what else is owed beyond the savings.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let death = self.death(draft)?;
        draft.about(&self.entity, "members", &self.member);
        let ledger = savings_ledger(&self.entity);
        let place = self.place.checked(draft, &self.entity, "place")?;
        self.close_deposits(draft, death.is_some())?;
        self.pay_loans_off(draft)?;
        draft.about(&self.entity, "members", &self.member);
        let mut owed = self.owed(draft)?;
        for code in SAVINGS.into_iter().filter(|code| code.belongs_to(&self.entity)) {
            let savings = (code, Subject::id(&self.member));
            let mut held = draft.held(&ledger.account_of(code, Subject::id(&self.member)))?;
            for (debt, left) in &mut owed {
                let part = held.min(*left);
                draft.transfer(
                    &ledger,
                    savings.clone(),
                    (*debt, Subject::id(&self.member)),
                    part,
                )?;
                held = held.minus(part)?;
                *left = left.minus(part)?;
            }
            if let Some(Heir::Party(heir)) = death {
                draft.about(&self.entity, "parties", heir);
            }
            draft.transfer(&ledger, savings, place.clone(), held)?;
            draft.about(&self.entity, "members", &self.member);
        }
        let (entity, member) = (self.entity.clone(), self.member.clone());
        EndMembership { entity, member, left_on: self.left_on }.post(draft)
    }
}

impl Settle {
    /// Whom the heirs of a member who died are, none for one who lives; notes both in the registers.
    ///
    /// Errors: `NOT_FOUND`, `MEMBER_DIED`, `HEIR_UNNAMED`, `WRONG_KIND`, `DATE_IN_FUTURE`,
    /// `NOT_AFTER_LAST`.
    fn death(&self, draft: &mut Draft<'_>) -> Result<Option<&Heir>, Stop> {
        let mut row = draft.member(&self.entity, &self.member, "member")?;
        let known = (row.died_on != 0).then_some(Day::new(row.died_on));
        if known.is_some() && self.died_on.is_some_and(|told| Some(told) != known) {
            return Err(died(&self.member, &row).on("died_on").into());
        }
        let (day, heir) = match (known.or(self.died_on), &self.heir) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                let refusal = Refusal::new(Reason::WrongKind).on("heir");
                return Err(refusal.with("name", &self.member).into());
            }
            (Some(_), None) => {
                let refusal = Refusal::new(Reason::HeirUnnamed).on("heir");
                return Err(refusal.with("member", &self.member).into());
            }
            (Some(day), Some(heir)) => (day, heir),
        };
        check_day(draft, &row, day)?;
        row.died_on = day.get();
        let name = RowName::of(&self.entity, "members", self.member.as_str());
        draft.put(name, Row::Member(row));
        let mut settlement = Settlement { died_on: day.get(), ..Settlement::default() };
        match heir {
            Heir::Named(name) => settlement.heir_name.clone_from(name),
            Heir::Party(party) => {
                draft.party(&self.entity, party, "heir")?;
                settlement.heir_party = party.to_string();
            }
        }
        let name = settlement_name(&self.entity, &self.member);
        draft.put(name, Row::Settlement(settlement));
        Ok(Some(heir))
    }

    /// Pays the member's term deposits back into the savings.
    fn close_deposits(&self, draft: &mut Draft<'_>, died: bool) -> Result<(), Stop> {
        for deposit in open_deposits(draft, &self.entity, &self.member)? {
            let term = TermId::Member(self.entity.clone(), deposit);
            let (purse, minute) = (Purse::Savings, String::new());
            CloseDeposit { term, purse, minute, died }.post(draft)?;
        }
        Ok(())
    }

    /// Pays the member's loans off from the savings. One that was written off stays owed.
    fn pay_loans_off(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let borrower = Borrower::Member(self.member.clone());
        for loan in open_loans(draft, &self.entity, &borrower)? {
            let mut case = Case::load(draft, &self.entity, &loan)?;
            if case.row.state() == LoanState::WrittenOff {
                continue;
            }
            case.not_backdated(draft)?;
            let quote = case.life(draft)?.quote()?;
            let lender = self.savings_legs(draft, &loan, quote.total)?;
            let mut facts = vec![case.fact(draft, LoanFactKind::Settled, quote.rebate)];
            if quote.total.is_positive() {
                facts.push(case.fact(draft, LoanFactKind::Paid, quote.total));
            }
            case.tell(draft, Told { facts, lender, ..Told::default() })?;
        }
        Ok(())
    }

    /// Debits of the savings that come to an amount, in their order. Errors: `MEMBER_OWES`.
    fn savings_legs(&self, draft: &Draft<'_>, loan: &Id, amount: Sen) -> Result<Vec<Leg>, Stop> {
        let (ledger, mut left) = (savings_ledger(&self.entity), amount);
        let mut legs: Vec<Leg> = Vec::new();
        for code in SAVINGS.into_iter().filter(|code| code.belongs_to(&self.entity)) {
            let subject = Subject::id(&self.member);
            let held = draft.held(&ledger.account_of(code, subject.clone()))?;
            let part = held.max(Sen::ZERO).min(left);
            legs.push(((code, subject).into(), part));
            left = left.minus(part)?;
        }
        if left.is_positive() {
            let refusal = Refusal::new(Reason::MemberOwes).on("member");
            return Err(refusal.with("member", &self.member).with("loan", loan).into());
        }
        Ok(legs)
    }

    /// What the member owes in the ledger of savings.
    fn owed(&self, draft: &Draft<'_>) -> Result<Vec<(Code, Sen)>, Stop> {
        let ledger = savings_ledger(&self.entity);
        let mut owed = Vec::new();
        let debts = CHART.iter().filter(|line| line.class == Class::Asset);
        for line in debts.filter(|line| line.subject == SubjectKind::Member) {
            if line.code.belongs_to(&self.entity) {
                let account = ledger.account_of(line.code, Subject::id(&self.member));
                owed.push((line.code, draft.held(&account)?.max(Sen::ZERO)));
            }
        }
        Ok(owed)
    }
}
