//! A member leaves or dies (catalogue event 20): what they owe is set off against their savings, and
//! the rest is paid to them or their heirs; then the membership ends.

use crate::domain::account::Subject;
use crate::domain::cash::Place;
use crate::domain::chart::{CHART, Class, Code, SubjectKind};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::register::EndMembership;
use crate::domain::savings::savings_ledger;

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

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR`, also for what is blocked; those of
    /// ending a membership, among them `MEMBER_HAS_BALANCE` for what is owed beyond the savings.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.member(&self.entity, &self.member, "member")?;
        draft.about(&self.entity, "members", &self.member);
        let ledger = savings_ledger(&self.entity);
        let place = self.place.checked(draft, &self.entity, "place")?;
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
