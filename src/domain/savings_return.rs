//! Interest on savings is paid (catalogue event 33): to an entity's own members, and to KUBEs at
//! the LKM, one event in two ledgers; tax is withheld by rule.
//!
//! What accounts held day by day is read by the caller and told with the journal position that was
//! seen. What somebody tells of an earlier month after that counts with the next payment: interest
//! is counted from the year's beginning each time, and the difference to what was paid is posted.
//!
//! **Invariant**: an account is paid for a month once, whoever asks and how often.

use crate::domain::account::{Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::effective::in_force;
use crate::domain::id::{Entity, RowName};
use crate::domain::interest::{cumulative, tax};
use crate::domain::leaving::died;
use crate::domain::money::Sen;
use crate::domain::record::proto::{AccountInterest, SavingsProduct, SavingsSort, SavingsTax};
use crate::domain::record::{Event, Row};
use crate::domain::savings::{Kind, savings_ledger};
use crate::domain::savings_product::{products, sort_name, taxes};
use crate::domain::standing::check_here;
use crate::domain::surplus::Sharer;

/// The most accounts that one record pays interest to.
pub const CHUNK: usize = 40;

/// One account and what it held.
#[derive(Clone, Debug)]
pub struct Saver {
    /// Whose: a member of the entity, or a KUBE's fund at the LKM.
    pub who: Sharer,
    /// What the account held from each day on since the year began, oldest first.
    pub balances: Vec<(Day, Sen)>,
}

/// Pays the interest of the months of a year so far.
#[derive(Clone, Debug)]
pub struct PayInterest {
    /// Who pays it.
    pub entity: Entity,
    /// The sort of savings.
    pub sort: SavingsSort,
    /// The last day of a month.
    pub through: Day,
    /// The accounts, at most [`CHUNK`].
    pub savers: Vec<Saver>,
}

/// What an account has been paid in a year.
pub fn paid_name(entity: &Entity, sort: SavingsSort, who: &Sharer) -> RowName {
    RowName::new(RowName::of(entity, "interest", sort_name(sort)).to_string(), who.key())
}

impl Action for PayInterest {
    fn event(&self) -> Event {
        Event::SavingsReturn
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    fn by_owner(&self) -> bool {
        false
    }

    /// Errors: `RULE_NOT_SET` for a product that cannot be counted by, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let versions = products(draft, &self.entity, self.sort)?.versions;
        let taxes = taxes(draft, &self.entity)?.versions;
        let rule = in_force(&taxes, self.through);
        let mut missing = None;
        for (line, saver) in (1..).zip(&self.savers) {
            draft.at_line(line);
            match self.pay(draft, &versions, rule, saver) {
                // Go on to find out what else is missing.
                Err(stop @ Stop::Missing) => missing = Some(stop),
                result => result?,
            }
        }
        draft.at_line(0);
        missing.map_or(Ok(()), Err)
    }
}

impl PayInterest {
    fn pay(
        &self,
        draft: &mut Draft<'_>,
        versions: &[SavingsProduct],
        rule: Option<&SavingsTax>,
        saver: &Saver,
    ) -> Result<(), Stop> {
        let name = paid_name(&self.entity, self.sort, &saver.who);
        let new_year = Day::from_ymd(self.through.ymd().0, 1, 1).unwrap_or(Day::MIN);
        let before = match draft.row(&name)? {
            Some(Row::AccountInterest(row)) if row.through >= self.through.get() => return Ok(()),
            Some(Row::AccountInterest(row)) if row.from == new_year.get() => row,
            _ => AccountInterest { from: new_year.get(), ..AccountInterest::default() },
        };
        let gross = cumulative(versions, &saver.balances, new_year, self.through)?;
        // What was paid too much is taken back as far as the account still holds it.
        let owed = gross.minus(Sen::new(before.gross))?;
        let held = self.held(draft, &saver.who)?.max(Sen::ZERO).negated()?;
        let paid = owed.max(held);
        let withheld = match rule.filter(|rule| covers(rule, &saver.who)) {
            Some(rule) => tax(Sen::new(rule.threshold), &rule.percent, paid)?,
            None => Sen::ZERO,
        };
        pay_return(draft, &self.entity, &saver.who, (paid, withheld))?;
        let row = AccountInterest {
            from: new_year.get(),
            through: self.through.get(),
            gross: Sen::new(before.gross).plus(paid)?.get(),
            tax: Sen::new(before.tax).plus(withheld)?.get(),
        };
        draft.put(name, Row::AccountInterest(row));
        Ok(())
    }

    fn held(&self, draft: &Draft<'_>, who: &Sharer) -> Result<Sen, Stop> {
        let (code, subject) = who.savings();
        draft.held(&savings_ledger(&self.entity).account_of(code, subject))
    }
}

/// Where somebody's return is paid into: their savings, if they are here to draw it. What a KUBE has
/// earned that is gone, or a member of the LKM who died and was settled with, is a debt of the LKM's,
/// flagged: a person must find out whom to pay.
pub(super) fn purse_of(
    draft: &mut Draft<'_>,
    entity: &Entity,
    who: &Sharer,
) -> Result<(Code, Subject), Stop> {
    let gone = match who {
        Sharer::Kube(group, _) => check_here(group, &draft.group(group, "group")?).err(),
        Sharer::Member(member) => {
            let row = draft.member(entity, member, "member")?;
            let settled = *entity == Entity::Lkm && row.died_on != 0 && row.left_on != 0;
            settled.then(|| died(member, &row))
        }
    };
    Ok(match gone {
        None => who.savings(),
        Some(why) => {
            draft.flag(why);
            (Code::OtherPayable, Subject::none())
        }
    })
}

/// Pays somebody a return on their savings, less the tax that is withheld.
///
/// Errors: those of posting.
pub(super) fn pay_return(
    draft: &mut Draft<'_>,
    entity: &Entity,
    who: &Sharer,
    (paid, withheld): (Sen, Sen),
) -> Result<(), Stop> {
    let ledger = savings_ledger(entity);
    if let Sharer::Member(member) = who {
        draft.about(entity, "members", member);
    }
    let net = paid.minus(withheld)?;
    if paid.is_zero() {
        return Ok(());
    }
    let purse = purse_of(draft, entity, who)?;
    let gone = purse.0 == Code::OtherPayable;
    draft.transfer(&ledger, Code::SavingsInterest, purse, net)?;
    draft.transfer(&ledger, Code::SavingsInterest, Code::TaxWithheld, withheld)?;
    let Sharer::Kube(group, fund) = who else { return Ok(()) };
    if gone {
        return Ok(());
    }
    let kube = Ledger::new(Entity::Kube(group.clone()), *fund);
    draft.transfer(&kube, Code::SavingsAtLkm, Code::ReturnFromLkm, net)?;
    draft.transfer(&kube, Code::TaxExpense, Code::ReturnFromLkm, withheld)
}

/// Whether a rule of tax touches somebody.
pub(super) fn covers(rule: &SavingsTax, who: &Sharer) -> bool {
    match who {
        Sharer::Member(_) => rule.members,
        Sharer::Kube(_, _) => rule.kubes,
    }
}

/// The sort of a member's savings.
pub const fn kind(sort: SavingsSort) -> Kind {
    match sort {
        SavingsSort::Pokok => Kind::Principal,
        SavingsSort::Wajib => Kind::Mandatory,
        SavingsSort::Sukarela | SavingsSort::Kube | SavingsSort::Unspecified => Kind::Voluntary,
    }
}
