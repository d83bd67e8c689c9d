//! A member leaves or dies (catalogue event 20): their term deposits are paid back by the rule of
//! their product; what they owe is set off against their savings,
//! loans first, which are paid off by the rule of their product; the rest is paid to them or their
//! heirs; then the membership ends.

use crate::domain::account::Subject;
use crate::domain::cash::Place;
use crate::domain::chart::{CHART, Class, Code, SubjectKind};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::loan::case::{Borrower, Case, Leg, Told, open_loans};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::{LoanFactKind, LoanState};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::register::EndMembership;
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
    /// Whether the member has died: a term deposit may then cost nothing to break, by its rule.
    pub died: bool,
    /// Where the rest is paid from.
    pub place: Place,
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
    /// `DEPOSIT_NOT_MATURE` for a term deposit that no rule lets be broken early; `MEMBER_OWES`
    /// for a loan that the savings do not pay off, `RULE_NOT_SET` where its product has no rule for
    /// paying it off early, `NOT_AFTER_LAST` on a day before something that was told of it; those of
    /// ending a membership, among them `MEMBER_HAS_BALANCE` for what else is owed beyond the savings.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.member(&self.entity, &self.member, "member")?;
        draft.about(&self.entity, "members", &self.member);
        let ledger = savings_ledger(&self.entity);
        let place = self.place.checked(draft, &self.entity, "place")?;
        self.close_deposits(draft)?;
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
            draft.transfer(&ledger, savings, place.clone(), held)?;
        }
        let (entity, member) = (self.entity.clone(), self.member.clone());
        EndMembership { entity, member, left_on: self.left_on }.post(draft)
    }
}

impl Settle {
    /// Pays the member's term deposits back into the savings.
    fn close_deposits(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        for deposit in open_deposits(draft, &self.entity, &self.member)? {
            let term = TermId::Member(self.entity.clone(), deposit);
            let (purse, minute) = (Purse::Savings, String::new());
            CloseDeposit { term, purse, minute, died: self.died }.post(draft)?;
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
