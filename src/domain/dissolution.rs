//! A group is dissolved by minute (catalogue event 56): debts are paid, members get back what they
//! saved and put in, the rest goes where the minute says.
//!
//! **Invariant**: nothing stands on any account of the group afterwards, and grant capital never
//! reaches members: while any is held the group is not dissolved.

use std::collections::BTreeSet;

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::cash::Place;
use crate::domain::chart::{Class, Code, SubjectKind};
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::posting::{Leaf, Posting};
use crate::domain::record::Event;
use crate::domain::record::proto::{Fund, Standing};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::savings_share::check_paid;
use crate::domain::standing::{check_empty, end, foresee, ledgers, not_settled, owner_of};
use crate::domain::transfer::check_arrived;

/// Who gets a share of what is left.
#[derive(Clone, Debug)]
pub enum Heir {
    /// A member.
    Member(Id),
    /// A third party, such as another group or the village.
    Party(Id),
}

/// A group is dissolved.
#[derive(Clone, Debug)]
pub struct Dissolve {
    /// Which KUBE.
    pub group: Id,
    /// Where all of its money lies, and is paid from.
    pub place: Place,
    /// Its accounts that were found to hold something.
    pub accounts: Vec<Account>,
    /// Who gets what of the rest, in sen.
    pub shares: Vec<(Heir, Sen)>,
    /// The number of the minute.
    pub minute: String,
}

impl Action for Dissolve {
    fn event(&self) -> Event {
        Event::GroupDissolved
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn bulk(&self) -> &'static str {
        "shares"
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `TRANSFERS_IN_TRANSIT`, `GRANT_ASSETS_HELD`, `NOT_SETTLED`, `DEBTS_EXCEED_MONEY`, `SHARES_DIFFER`,
    /// `SHARE_UNPAID`, `PLACE_NOT_ALLOWED`, `NOT_FOUND`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        let place = self.place.checked(draft, &entity, "place")?;
        foresee(draft, &self.accounts)?;
        check_arrived(draft, &self.group)?;
        check_paid(draft, &self.group)?;
        self.check_grants(draft)?;
        self.check_settled(draft, place.0)?;
        self.pool(draft, &place)?;
        self.pay_debts(draft, &place)?;
        self.share(draft, &place)?;
        self.close(draft)?;
        check_empty(draft, &self.group)?;
        end(draft, &self.group, Standing::Dissolved, (&self.minute, ""))
    }
}

impl Dissolve {
    fn common(&self) -> Ledger {
        Ledger::new(Entity::Kube(self.group.clone()), Fund::Umum)
    }

    fn check_grants(&self, draft: &Draft<'_>) -> Result<(), Stop> {
        let mut held = Sen::ZERO;
        let mut grants = BTreeSet::new();
        let capital = |account: &&Account| account.code.line().subject == SubjectKind::Grant;
        for account in self.accounts.iter().filter(capital) {
            let stands = draft.held(account)?;
            if !stands.is_zero() {
                held = held.plus(stands)?;
                grants.insert(account.subject.as_str());
            }
        }
        if grants.is_empty() {
            return Ok(());
        }
        let refusal = Refusal::new(Reason::GrantAssetsHeld).on("group").with("held", held.get());
        let grants: Vec<&str> = grants.into_iter().collect();
        Err(refusal.with("grants", grants.join(", ")).into())
    }

    /// Everything but money must have been sold, collected, drawn or decided before.
    fn check_settled(&self, draft: &Draft<'_>, place: Code) -> Result<(), Stop> {
        for account in &self.accounts {
            let balance = draft.balance(account)?;
            let settled = match account.code.line().class {
                Class::Asset => account.code == place || account.code == Code::InterFund,
                Class::Liability => is_payable(account) && !balance.is_positive(),
                Class::Equity | Class::Income | Class::Expense => true,
            };
            if !settled && !balance.is_zero() {
                return Err(not_settled(account, balance)?.into());
            }
        }
        Ok(())
    }

    /// What is owed on the accounts of a ledger.
    fn owed(&self, draft: &Draft<'_>, ledger: &Ledger) -> Result<Sen, Stop> {
        let mut owed = Sen::ZERO;
        let own = |account: &&Account| account.ledger == *ledger && is_payable(account);
        for account in self.accounts.iter().filter(own) {
            owed = owed.plus(draft.held(account)?)?;
        }
        Ok(owed)
    }

    /// Brings the money of each fund to what that fund owes: what is over goes to the common fund,
    /// what is short comes from there.
    fn pool(&self, draft: &mut Draft<'_>, place: &(Code, Subject)) -> Result<(), Stop> {
        let common = self.common();
        let (mut all, mut all_owed) = (Sen::ZERO, Sen::ZERO);
        let mut spare = Vec::new();
        for ledger in ledgers(&self.group) {
            let owed = self.owed(draft, &ledger)?;
            let money = draft.balance(&ledger.account_of(place.0, place.1.clone()))?;
            (all, all_owed) = (all.plus(money)?, all_owed.plus(owed)?);
            spare.push((money.minus(owed)?, ledger));
        }
        if all < all_owed {
            let refusal = Refusal::new(Reason::DebtsExceedMoney).on("group");
            return Err(refusal.with("held", all.get()).with("asked", all_owed.get()).into());
        }
        // What is over first, so that the common fund has what it lends.
        spare.sort_by_key(|(over, _)| std::cmp::Reverse(*over));
        for (over, ledger) in spare.iter().filter(|(_, ledger)| *ledger != common) {
            let here = (Code::InterFund, Subject::fund(Fund::Umum));
            let there = (Code::InterFund, Subject::fund(ledger.fund.get()));
            if over.is_negative() {
                let short = over.negated()?;
                draft.transfer(&common, there, place.clone(), short)?;
                draft.transfer(ledger, place.clone(), here, short)?;
            } else {
                draft.transfer(ledger, here, place.clone(), *over)?;
                draft.transfer(&common, place.clone(), there, *over)?;
            }
        }
        Ok(())
    }

    fn pay_debts(&self, draft: &mut Draft<'_>, place: &(Code, Subject)) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        for account in self.accounts.iter().filter(|account| is_payable(account)) {
            let Some((collection, id)) = owner_of(account) else { continue };
            let owed = draft.held(account)?;
            draft.about(&entity, collection, &id);
            let leaf = (account.code, account.subject.clone());
            draft.transfer(&account.ledger, leaf, place.clone(), owed)?;
        }
        draft.about_name(String::new());
        Ok(())
    }

    fn share(&self, draft: &mut Draft<'_>, place: &(Code, Subject)) -> Result<(), Stop> {
        let common = self.common();
        let left = draft.balance(&common.account_of(place.0, place.1.clone()))?;
        let shared = self.shares.iter().try_fold(Sen::ZERO, |sum, (_, share)| sum.plus(*share))?;
        if shared != left {
            let refusal = Refusal::new(Reason::SharesDiffer).on("shares");
            return Err(refusal.with("held", left.get()).with("asked", shared.get()).into());
        }
        let entity = Entity::Kube(self.group.clone());
        for (index, (heir, share)) in self.shares.iter().enumerate() {
            match heir {
                Heir::Member(member) => {
                    let known = draft.member(&entity, member, "member");
                    known.map_err(|stop| stop.within("shares", index))?;
                    draft.about(&entity, "members", member);
                }
                Heir::Party(party) => {
                    let known = draft.party(&entity, party, "party");
                    known.map_err(|stop| stop.within("shares", index))?;
                }
            }
            draft.transfer(&common, Code::Surplus, place.clone(), *share)?;
        }
        draft.about_name(String::new());
        Ok(())
    }

    /// What still stands beside the money, funds and results against one another, is closed.
    fn close(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let common = self.common();
        for ledger in ledgers(&self.group) {
            let own = self.accounts.iter().filter(|account| account.ledger == ledger);
            let mut accounts: BTreeSet<Account> = own.cloned().collect();
            accounts.insert(ledger.account(Code::Surplus));
            for other in ledgers(&self.group) {
                let between = if ledger == common { &other } else { &common };
                let fund = Subject::fund(between.fund.get());
                accounts.insert(ledger.account_of(Code::InterFund, fund));
            }
            let mut legs: Vec<(Leaf, Sen)> = Vec::new();
            for Account { code, subject, ledger } in accounts {
                let balance = draft.balance(&ledger.account_of(code, subject.clone()))?;
                if !balance.is_zero() {
                    legs.push(((code, subject).into(), balance.negated()?));
                }
            }
            draft.post(&Posting::journal(&ledger, legs)?)?;
        }
        Ok(())
    }
}

/// What is paid out when a group is dissolved: debts to third parties, and members' savings and
/// own capital.
fn is_payable(account: &Account) -> bool {
    let line = account.code.line();
    let owed = matches!(line.class, Class::Liability | Class::Equity);
    owed && matches!(line.subject, SubjectKind::Member | SubjectKind::Party)
}
