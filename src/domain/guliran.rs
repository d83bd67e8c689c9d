//! Guliran (catalogue events 46 to 49): what a group owes onward of a grant, and how it passes that
//! on. Rules are the group's own; where none is set, none is assumed.
//!
//! **Invariant**: capital is conserved. What a grant brought is, at any time, held by its group
//! (what is owed onward included), in transit, returned, lost by recorded decision, or passed on,
//! and what was passed on is counted the same way where it went. Differences between the value of
//! things and their cost stand beside the capital, never in it.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::approval::{ApprovalKind, Matter};
use crate::domain::cash::{Place, cash_out};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop, grant_name};
use crate::domain::effective::{Version, in_force};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::{kube_savings, lkm_ledger};
use crate::domain::lot::{self, NewLot};
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    Arrival, ArrivalState, Fund, Grant, GrantChannel, Group, GuliranLoan, GuliranRule,
    GuliranRules, Obligation, Origin, Pass, PassChannel, PassItem, PassState, ReceiverKind,
    TransitState,
};
use crate::domain::record::{Effect, Event, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::standing;
use crate::domain::transfer;
use crate::domain::uep::{blocked, capital_account, is_untouched, uep_ledger, within};

/// A KUBE's ledger of what it owes onward.
pub fn guliran_ledger(group: &Id) -> Ledger {
    Ledger::new(Entity::Kube(group.clone()), Fund::Guliran)
}

/// The name of a pass.
pub fn pass_name(giver: &Id, pass: &Id) -> RowName {
    RowName::of(&Entity::Kube(giver.clone()), "passes", pass.as_str())
}

/// The name of a group's rules for passing on.
pub fn rules_name(group: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "rules", "guliran")
}

/// The rule that holds for a grant received on a day, if one is set.
pub fn rule_for(rules: &GuliranRules, received_on: Day) -> Option<&GuliranRule> {
    in_force(&rules.rules, received_on)
}

impl Version for GuliranRule {
    fn since(&self) -> Day {
        Day::new(self.since)
    }
}

/// What a rule asks of a grant: its share, rounded half up to a whole sen. `None` when the stored
/// share is no number or the result does not fit.
pub fn share_of(rule: &GuliranRule, grant: Sen) -> Option<Sen> {
    let share = rule.share_percent.parse::<Decimal>().ok()?;
    let exact = Decimal::from(grant.get()).checked_mul(share)?.checked_div(Decimal::ONE_HUNDRED)?;
    let sen = exact.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    sen.to_i64().map(Sen::new)
}

/// What of a grant is still owed onward, by the register.
/// Errors: `OVERFLOW`.
pub fn owed(row: &Grant) -> Result<Sen, Refusal> {
    let decided =
        row.obligations.iter().try_fold(Sen::ZERO, |sum, one| sum.plus(Sen::new(one.amount)))?;
    decided.minus(Sen::new(row.passed))?.minus(Sen::new(row.excused))
}

/// What a grant brought beyond what became of it: zero, unless its books are from before. `held`
/// is what stands on its capital account and `owed` what stands on its obligation.
///
/// Errors: `OVERFLOW`.
pub fn unexplained(row: &Grant, held: Sen, owed: Sen) -> Result<Sen, Refusal> {
    let gone = [row.passed, row.returned, row.lost, row.moved].map(Sen::new);
    let known = gone.into_iter().try_fold(held.plus(owed)?, Sen::plus)?;
    Sen::new(row.amount).minus(known)
}

/// The accounts of a grant's capital and of what is owed onward of it.
pub fn accounts_of(group: &Id, grant: &Id, row: &Grant) -> (Account, Account) {
    let (code, subject) = obligation(grant);
    let owed = guliran_ledger(group).account_of(code, subject);
    (capital_account(&uep_ledger(group), grant, row), owed)
}

/// The oldest decision that is not yet fulfilled: what is owed is owed since then.
pub fn oldest_open(row: &Grant) -> Option<&Obligation> {
    let mut fulfilled = row.passed.saturating_add(row.excused);
    row.obligations.iter().find(|one| {
        fulfilled = fulfilled.saturating_sub(one.amount);
        fulfilled < 0
    })
}

/// A group sets its rule for passing on, by minute.
#[derive(Clone, Debug)]
pub struct SetRule {
    /// Which KUBE.
    pub group: Id,
    /// First day it holds for grants received.
    pub since: Day,
    /// Percent of a grant that is to be passed on, 0 to 100.
    pub share_percent: Decimal,
    /// Months after receipt.
    pub due_months: u32,
}

impl Action for SetRule {
    fn event(&self) -> Event {
        Event::RuleSet
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let group = Entity::Kube(self.group.clone());
        Ok(Some(Matter::of(ApprovalKind::Rules, &group)))
    }

    /// Errors: `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = rules_name(&self.group);
        let mut rules = match draft.row(&name)? {
            Some(Row::GuliranRules(rules)) => rules,
            _ => GuliranRules::default(),
        };
        if let Some(last) = rules.rules.last().filter(|last| last.since >= self.since.get()) {
            let refusal = Refusal::new(Reason::NotAfterLast).on("since").with("date", self.since);
            return Err(refusal.with("last", Day::new(last.since)).into());
        }
        rules.rules.push(GuliranRule {
            since: self.since.get(),
            share_percent: self.share_percent.normalize().to_string(),
            due_months: self.due_months,
        });
        draft.put(name, Row::GuliranRules(rules));
        Ok(())
    }
}

/// A group decides to pass a part of a grant on (event 46): by minute, or by its rule.
#[derive(Clone, Debug)]
pub struct Decide {
    /// Which KUBE.
    pub group: Id,
    /// The grant.
    pub grant: Id,
    /// Sen; none for what the rule asks and is not decided yet.
    pub amount: Option<Sen>,
    /// When it falls due; none for what the rule says, if there is one.
    pub due_on: Option<Day>,
}

impl Decide {
    fn rule(&self, draft: &Draft<'_>, row: &Grant) -> Result<Option<GuliranRule>, Stop> {
        Ok(match draft.row(&rules_name(&self.group))? {
            Some(Row::GuliranRules(rules)) => rule_for(&rules, Day::new(row.received_on)).cloned(),
            _ => None,
        })
    }

    fn amount(&self, row: &Grant, rule: Option<&GuliranRule>) -> Result<Sen, Refusal> {
        if let Some(amount) = self.amount {
            return Ok(amount);
        }
        let rule = rule.ok_or_else(|| Refusal::new(Reason::NoGuliranRule).on("amount"))?;
        let share = share_of(rule, Sen::new(row.amount));
        let share = share.ok_or_else(|| Refusal::new(Reason::Overflow).on("amount"))?;
        let decided = row.obligations.iter().map(|one| one.amount).sum::<i64>();
        match share.minus(Sen::new(decided))? {
            rest if rest.is_positive() => Ok(rest),
            _ => Err(exceeded(&self.grant, Sen::ZERO, share)),
        }
    }
}

impl Action for Decide {
    fn event(&self) -> Event {
        Event::GuliranDecided
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let group = Entity::Kube(self.group.clone());
        Ok(Some(Matter::of(ApprovalKind::Guliran, &group)))
    }

    /// Errors: `NOT_FOUND`, `GRANT_REVERSED`, `GRANT_RESTRICTED`, `GRANT_EXCEEDED`,
    /// `NO_GULIRAN_RULE`, `OBLIGATION_EXCEEDED` when the rule asks for no more.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.grant(&self.group, &self.grant, "grant")?;
        draft.spend_grant(&self.group, &self.grant, "grant")?;
        let about = |reason| Refusal::new(reason).on("grant").with("grant", &self.grant);
        if row.reversed {
            return Err(about(Reason::GrantReversed).into());
        }
        let rule = self.rule(draft, &row)?;
        let amount = self.amount(&row, rule.as_ref())?;
        let (uep, guliran) = (uep_ledger(&self.group), guliran_ledger(&self.group));
        let capital = capital_account(&uep, &self.grant, &row);
        if capital.code == Code::RestrictedGrant {
            return Err(about(Reason::GrantRestricted).into());
        }
        let held = draft.held(&capital)?;
        within(&self.grant, amount, held)?;
        let by_rule = || {
            let months = rule.as_ref()?.due_months;
            Some(Day::new(row.received_on).plus_months(months))
        };
        let due_on = self.due_on.or_else(by_rule).map_or(0, Day::get);
        row.obligations.push(Obligation {
            amount: amount.get(),
            decided_on: draft.frame().happened_on.get(),
            due_on,
            request_id: draft.frame().request.to_string(),
        });
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(row));
        draft.transfer(&uep, (capital.code, capital.subject), due_to(Fund::Guliran), amount)?;
        draft.transfer(&guliran, due_to(Fund::Uep), obligation(&self.grant), amount)
    }
}

fn due_to(fund: Fund) -> (Code, Subject) {
    (Code::InterFund, Subject::fund(fund))
}

fn obligation(grant: &Id) -> (Code, Subject) {
    (Code::GuliranObligation, Subject::id(grant))
}

fn exceeded(grant: &Id, held: Sen, asked: Sen) -> Refusal {
    let refusal = Refusal::new(Reason::ObligationExceeded).on("amount").with("grant", grant);
    refusal.with("held", held.get()).with("asked", asked.get())
}

/// To whom a group passes on.
#[derive(Clone, Debug)]
pub enum Receiver {
    /// A group of this book, and the id that what it receives will have among its grants.
    Group(Id, Id),
    /// A group of another book, `books/{book}/groups/{group}`.
    OtherBook(String),
    /// A group without books, by the commitment to its name.
    UnbookedGroup(Vec<u8>),
    /// A family outside of any group, by the commitment to its name.
    Family(Vec<u8>),
    /// The LKM's pool, which gives it on later.
    Pool,
}

/// A thing that is passed on.
#[derive(Clone, Debug)]
pub struct Item {
    /// The giver's lot.
    pub lot: Id,
    /// Thousandths of a unit.
    pub quantity_milli: i64,
    /// Sen, as the minute says.
    pub value: Sen,
    /// The id of the receiver's new lot; none for a receiver without books.
    pub new_lot: Option<Id>,
}

/// A group passes on what it owes (event 47), in money, in kind or both.
#[derive(Clone, Debug)]
pub struct Deliver {
    /// The giver.
    pub group: Id,
    /// The giver's grant.
    pub grant: Id,
    /// The id of the pass.
    pub pass: Id,
    /// To whom.
    pub receiver: Receiver,
    /// The road of the money.
    pub channel: PassChannel,
    /// Sen of money.
    pub cash: Sen,
    /// Things.
    pub items: Vec<Item>,
    /// From before the books began: moves nothing in them.
    pub before_books: bool,
    /// Told as done, so that it is recorded even against a rule.
    pub reported: bool,
}

impl Deliver {
    fn amount(&self) -> Result<Sen, Refusal> {
        self.items.iter().try_fold(self.cash, |sum, item| sum.plus(item.value))
    }

    fn row(&self, state: PassState) -> Pass {
        let (kind, receiver, receiver_name) = match &self.receiver {
            Receiver::Group(group, _) => (ReceiverKind::Group, group.to_string(), Vec::new()),
            Receiver::OtherBook(name) => (ReceiverKind::OtherBook, name.clone(), Vec::new()),
            Receiver::UnbookedGroup(name) => {
                (ReceiverKind::UnbookedGroup, String::new(), name.clone())
            }
            Receiver::Family(name) => (ReceiverKind::Family, String::new(), name.clone()),
            Receiver::Pool => (ReceiverKind::Pool, String::new(), Vec::new()),
        };
        let item = |item: &Item| PassItem {
            lot: item.lot.to_string(),
            quantity_milli: item.quantity_milli,
            value: item.value.get(),
            new_lot: item.new_lot.as_ref().map(Id::to_string).unwrap_or_default(),
            ..PassItem::default()
        };
        Pass {
            grant: self.grant.to_string(),
            receiver_kind: kind as i32,
            receiver,
            receiver_name,
            channel: self.channel as i32,
            amount: self.amount().map_or(0, Sen::get),
            cash: self.cash.get(),
            items: self.items.iter().map(item).collect(),
            delivered_on: 0,
            arrivals: Vec::new(),
            state: state as i32,
            before_books: self.before_books,
            broken: String::new(),
            request_id: String::new(),
            word: None,
        }
    }

    /// Errors: `PASS_TO_SELF`, `PASS_IN_CIRCLE`, `NOT_FOUND`, `POOL_TAKES_MONEY`.
    fn check_receiver(&self, draft: &Draft<'_>, giver: &Grant) -> Result<(), Stop> {
        match &self.receiver {
            Receiver::Group(group, _) => {
                if *group == self.group {
                    return Err(Refusal::new(Reason::PassToSelf).on("receiver").into());
                }
                let row = draft.group(group, "receiver")?;
                standing::check_here(group, &row)?;
                check_circle(giver, &homes(group, &row))
            }
            // Where else it was only the other book knows, which looks as well.
            Receiver::OtherBook(name) => check_circle(giver, std::slice::from_ref(name)),
            Receiver::Pool if self.channel != PassChannel::Savings || !self.items.is_empty() => {
                Err(Refusal::new(Reason::PoolTakesMoney).on("receiver").into())
            }
            Receiver::Pool | Receiver::UnbookedGroup(_) | Receiver::Family(_) => Ok(()),
        }
    }

    /// Errors: `OBLIGATION_EXCEEDED`.
    fn check_owed(&self, draft: &Draft<'_>, amount: Sen) -> Result<(), Stop> {
        let (code, subject) = obligation(&self.grant);
        let held = draft.held(&guliran_ledger(&self.group).account_of(code, subject))?;
        if amount > held {
            return Err(exceeded(&self.grant, held, amount).into());
        }
        Ok(())
    }

    /// Checks that what was passed on before the books began is a part of the grant that these
    /// books hold nothing of. Errors: `GRANT_EXCEEDED`.
    fn check_unexplained(&self, draft: &Draft<'_>, giver: &Grant, amount: Sen) -> Result<(), Stop> {
        let (capital, owed) = accounts_of(&self.group, &self.grant, giver);
        let rest = unexplained(giver, draft.held(&capital)?, draft.held(&owed)?)?;
        Ok(within(&self.grant, amount, rest)?)
    }

    /// The money leaves the giver. Errors: `PLACE_NOT_ALLOWED` for savings that a receiver outside
    /// of the LKM's books cannot take, `NO_LKM`, `NOT_LINKED`.
    fn give_money(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if self.cash.is_zero() {
            return Ok(());
        }
        let uep = uep_ledger(&self.group);
        draft.transfer(&uep, due_to(Fund::Guliran), road(self.channel), self.cash)?;
        if self.channel != PassChannel::Savings {
            return Ok(());
        }
        check_linked(draft, &self.group)?;
        let savings = kube_savings(&self.group, Fund::Uep);
        let to = match &self.receiver {
            Receiver::Group(group, _) => {
                check_linked(draft, group)?;
                kube_savings(group, Fund::Uep)
            }
            Receiver::Pool => pool(&self.group, &self.pass),
            Receiver::OtherBook(_) => (Code::Bank, Subject::none()),
            Receiver::UnbookedGroup(_) | Receiver::Family(_) => {
                return Err(Refusal::new(Reason::PlaceNotAllowed).on("channel").into());
            }
        };
        draft.transfer(&lkm_ledger(), savings, to, self.cash)
    }

    /// A thing leaves the giver at its cost; what the minute values it beyond that stands beside
    /// the capital. Answers what it is to the receiver.
    fn give_thing(&self, draft: &mut Draft<'_>, item: &Item) -> Result<NewLot, Stop> {
        let uep = uep_ledger(&self.group);
        let row = draft.lot(&uep.entity, &item.lot, "items")?;
        let (held, cost) = lot::take_out(draft, &uep, &item.lot, item.quantity_milli)?;
        draft.transfer(&uep, due_to(Fund::Guliran), (held.code, held.subject), cost)?;
        let above = item.value.minus(cost)?;
        if above.is_negative() {
            let below = above.negated()?;
            draft.transfer(&uep, Code::PassDifference, due_to(Fund::Guliran), below)?;
        } else {
            draft.transfer(&uep, due_to(Fund::Guliran), Code::PassDifference, above)?;
        }
        Ok(NewLot {
            lot: item.new_lot.clone().unwrap_or_else(|| item.lot.clone()),
            kind: row.kind(),
            label: row.label.clone(),
            unit: row.unit.clone(),
            quantity_milli: item.quantity_milli,
            cost: item.value,
        })
    }

    fn give(&self, draft: &mut Draft<'_>, amount: Sen) -> Result<Vec<NewLot>, Stop> {
        self.check_owed(draft, amount)?;
        let guliran = guliran_ledger(&self.group);
        draft.transfer(&guliran, obligation(&self.grant), due_to(Fund::Uep), amount)?;
        self.give_money(draft)?;
        self.items.iter().map(|item| self.give_thing(draft, item)).collect()
    }

    /// What arrives at once: nothing in the pool or in another book, unless it was there before
    /// the books began.
    fn arrive(
        &self,
        draft: &mut Draft<'_>,
        giver: &Grant,
        handed: &[NewLot],
    ) -> Result<Option<Arrival>, Stop> {
        let amount = self.amount()?;
        let day = draft.frame().happened_on;
        match &self.receiver {
            Receiver::OtherBook(name) if self.before_books => {
                Ok(Some(arrival(name, "", amount, day)))
            }
            Receiver::Pool if self.before_books => Ok(Some(arrival("", "", amount, day))),
            Receiver::Pool | Receiver::OtherBook(_) => Ok(None),
            Receiver::UnbookedGroup(_) | Receiver::Family(_) => {
                Ok(Some(arrival("", "", amount, day)))
            }
            Receiver::Group(group, grant) => {
                let origin = origin_of(&self.group, &self.pass, &self.grant, giver);
                let channel = match self.before_books {
                    true => GrantChannel::BeforeBooks,
                    false => GrantChannel::Guliran,
                };
                let arrives = Arriving { group, grant, giver, origin, channel, amount };
                arrives.register(draft)?;
                if !self.before_books {
                    arrives.take_money(draft, road(self.channel), self.cash)?;
                    for new in handed {
                        arrives.take_thing(draft, new)?;
                    }
                }
                Ok(Some(arrival(group.as_str(), grant.as_str(), amount, day)))
            }
        }
    }
}

/// Where a pass's money leaves the giver and reaches the receiver.
pub(super) fn road(channel: PassChannel) -> (Code, Subject) {
    match channel {
        PassChannel::Savings => (Code::SavingsAtLkm, Subject::none()),
        PassChannel::Bank => Place::Bank.leaf(),
        PassChannel::Cash | PassChannel::Unspecified => Place::Cash.leaf(),
    }
}

pub(super) fn arrival(receiver: &str, grant: &str, amount: Sen, day: Day) -> Arrival {
    Arrival {
        receiver: receiver.to_owned(),
        grant: grant.to_owned(),
        amount: amount.get(),
        arrived_on: day.get(),
        state: ArrivalState::Unspecified as i32,
    }
}

/// All names that a group has had, this one and those in books that it came from, as ancestors of
/// grants are named here.
pub(super) fn homes(group: &Id, row: &Group) -> Vec<String> {
    let mut homes = vec![format!("groups/{group}")];
    homes.extend(Some(&row.came_from).filter(|home| !home.is_empty()).cloned());
    homes.extend(row.earlier_homes.iter().cloned());
    homes
}

/// Checks that capital does not go back to a group it came through, by whatever name it did.
///
/// Errors: `PASS_IN_CIRCLE`.
pub(super) fn check_circle(giver: &Grant, homes: &[String]) -> Result<(), Stop> {
    let mut ancestors = giver.origin.iter().flat_map(|origin| &origin.ancestors);
    let is_of = |ancestor: &String, home: &String| {
        ancestor.strip_prefix(home.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    if ancestors.any(|ancestor| homes.iter().any(|home| is_of(ancestor, home))) {
        let refusal = Refusal::new(Reason::PassInCircle).on("receiver");
        return Err(refusal.with("receiver", homes.first().map_or("", String::as_str)).into());
    }
    Ok(())
}

/// Errors: `NO_LKM`, `NOT_LINKED`.
pub(super) fn check_linked(draft: &Draft<'_>, group: &Id) -> Result<(), Stop> {
    if draft.book().lkm_name.is_empty() {
        return Err(Refusal::new(Reason::NoLkm).on("channel").into());
    }
    draft.linked(group)
}

fn pool(group: &Id, pass: &Id) -> (Code, Subject) {
    (Code::GuliranPool, Subject::pass_of(group, pass))
}

fn origin_of(group: &Id, pass: &Id, grant: &Id, giver: &Grant) -> Origin {
    let before = giver.origin.iter().flat_map(|origin| origin.ancestors.clone());
    let ancestors = before.chain([grant_name(group, grant).to_string()]).collect();
    Origin { pass: pass_name(group, pass).to_string(), ancestors }
}

/// Capital that reaches a group of this book.
pub(super) struct Arriving<'a> {
    pub(super) group: &'a Id,
    pub(super) grant: &'a Id,
    /// The grant it comes from.
    pub(super) giver: &'a Grant,
    pub(super) origin: Origin,
    pub(super) channel: GrantChannel,
    pub(super) amount: Sen,
}

impl Arriving<'_> {
    /// Errors: `ALREADY_EXISTS`.
    pub(super) fn register(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row = Grant {
            programme: self.giver.programme.clone(),
            source: self.giver.source,
            decree_number: self.giver.decree_number.clone(),
            amount: self.amount.get(),
            received_on: draft.frame().happened_on.get(),
            channel: self.channel as i32,
            origin: Some(self.origin.clone()),
            request_id: draft.frame().request.to_string(),
            ..Grant::default()
        };
        draft.create(grant_name(self.group, self.grant), Row::Grant(row), "receiver_grant_id")
    }

    fn capital(&self) -> (Code, Subject) {
        (Code::RolledCapital, Subject::id(self.grant))
    }

    pub(super) fn take_money(
        &self,
        draft: &mut Draft<'_>,
        place: (Code, Subject),
        amount: Sen,
    ) -> Result<(), Stop> {
        draft.transfer(&uep_ledger(self.group), place, self.capital(), amount)
    }

    pub(super) fn take_thing(&self, draft: &mut Draft<'_>, new: &NewLot) -> Result<(), Stop> {
        let uep = uep_ledger(self.group);
        lot::bring_in(draft, &uep, new)?;
        let held = lot::account_of(&uep, &new.lot, new.kind);
        draft.transfer(&uep, (held.code, held.subject), self.capital(), new.cost)
    }
}

impl Action for Deliver {
    fn event(&self) -> Event {
        Event::GuliranDelivered
    }

    fn mode(&self) -> Mode {
        if self.reported { Mode::Report } else { Mode::Request }
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn cash(&self) -> Option<CashMoved> {
        let place = match self.channel {
            PassChannel::Cash => Place::Cash,
            PassChannel::Bank => Place::Bank,
            PassChannel::Savings | PassChannel::Unspecified => return None,
        };
        let moved = self.cash.is_positive() && !self.before_books;
        cash_out(&uep_ledger(&self.group), &place, self.cash).filter(|_| moved)
    }

    fn review(&self, because: &Refusal) -> Option<(RowName, Row)> {
        let broken = because.reason.name().to_owned();
        let row = Pass { broken, ..self.row(PassState::Review) };
        Some((pass_name(&self.group, &self.pass), Row::Pass(row)))
    }

    fn bulk(&self) -> &'static str {
        "items"
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let group = Entity::Kube(self.group.clone());
        Ok(Some(Matter::of(ApprovalKind::Guliran, &group)))
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`, `GRANT_REVERSED`, `PASS_TO_SELF`, `PASS_IN_CIRCLE`,
    /// `OBLIGATION_EXCEEDED`, `GRANT_EXCEEDED`, `POOL_TAKES_MONEY`, `PLACE_NOT_ALLOWED`, `NO_LKM`, `NOT_LINKED`,
    /// `LOT_EXCEEDED`, `WHOLE_HEADS`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut giver = draft.grant(&self.group, &self.grant, "grant")?;
        draft.spend_grant(&self.group, &self.grant, "grant")?;
        if giver.reversed {
            let refusal = Refusal::new(Reason::GrantReversed).on("grant");
            return Err(refusal.with("grant", &self.grant).into());
        }
        self.check_receiver(draft, &giver)?;
        let amount = self.amount()?;
        let handed = match self.before_books {
            true => self.check_unexplained(draft, &giver, amount).map(|()| Vec::new())?,
            false => self.give(draft, amount)?,
        };
        let arrived = self.arrive(draft, &giver, &handed)?;
        giver.passed = Sen::new(giver.passed).plus(amount)?.get();
        if self.before_books {
            // What the books never saw decided is decided by having been done.
            giver.obligations.push(Obligation {
                amount: amount.get(),
                decided_on: draft.frame().happened_on.get(),
                due_on: 0,
                request_id: draft.frame().request.to_string(),
            });
        }
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(giver));
        let mut row = self.row(PassState::Posted);
        row.request_id = draft.frame().request.to_string();
        row.delivered_on = draft.frame().happened_on.get();
        row.arrivals.extend(arrived);
        for (item, thing) in row.items.iter_mut().zip(handed) {
            (item.kind, item.label, item.unit) = (thing.kind as i32, thing.label, thing.unit);
        }
        let name = pass_name(&self.group, &self.pass);
        if matches!(self.receiver, Receiver::OtherBook(_)) && !self.before_books {
            transfer::note(draft, &name, &row, TransitState::Waiting)?;
        }
        draft.create(name, Row::Pass(row), "pass_id")
    }
}

/// What of a pass has not arrived.
pub fn in_transit(row: &Pass) -> i64 {
    match row.state() {
        PassState::Posted => {
            row.amount - row.arrivals.iter().map(|arrival| arrival.amount).sum::<i64>()
        }
        _ => 0,
    }
}

pub(super) fn pass_row(draft: &Draft<'_>, giver: &Id, pass: &Id) -> Result<Pass, Stop> {
    let name = pass_name(giver, pass);
    match draft.require(&name, "pass")? {
        Row::Pass(row) => Ok(row),
        _ => Err(crate::domain::draft::not_found(&name, "pass").into()),
    }
}

/// The LKM gives money of its pool on to a group (event 47, second half).
#[derive(Clone, Debug)]
pub struct Release {
    /// Who gave it to the pool.
    pub giver: Id,
    /// The pass into the pool.
    pub pass: Id,
    /// The group that receives it.
    pub receiver: Id,
    /// The id it will have among that group's grants.
    pub grant: Id,
    /// Sen.
    pub amount: Sen,
}

impl Action for Release {
    fn event(&self) -> Event {
        Event::GuliranReleased
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Guliran, &Entity::Lkm)))
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND` for a pass that did not go into the pool,
    /// `NOTHING_IN_TRANSIT`, `PASS_TO_SELF`, `PASS_IN_CIRCLE`, `NOT_LINKED`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = pass_row(draft, &self.giver, &self.pass)?;
        if row.receiver_kind() != ReceiverKind::Pool {
            let refusal = Refusal::new(Reason::WrongKind).on("pass").with("name", &self.pass);
            return Err(refusal.into());
        }
        let waiting = in_transit(&row);
        if self.amount.get() > waiting {
            let refusal = Refusal::new(Reason::NothingInTransit).on("amount");
            return Err(refusal.with("pass", &self.pass).with("held", waiting).into());
        }
        if self.receiver == self.giver {
            return Err(Refusal::new(Reason::PassToSelf).on("receiver").into());
        }
        let given =
            Id::new(&row.grant).ok_or_else(|| blocked(&pass_name(&self.giver, &self.pass)))?;
        let giver = draft.grant(&self.giver, &given, "pass")?;
        let receiver = draft.group(&self.receiver, "receiver")?;
        check_circle(&giver, &homes(&self.receiver, &receiver))?;
        check_linked(draft, &self.receiver)?;
        let savings = kube_savings(&self.receiver, Fund::Uep);
        draft.transfer(&lkm_ledger(), pool(&self.giver, &self.pass), savings, self.amount)?;
        let arrives = Arriving {
            group: &self.receiver,
            grant: &self.grant,
            giver: &giver,
            origin: origin_of(&self.giver, &self.pass, &given, &giver),
            channel: GrantChannel::Guliran,
            amount: self.amount,
        };
        arrives.register(draft)?;
        arrives.take_money(draft, road(PassChannel::Savings), self.amount)?;
        let day = draft.frame().happened_on;
        let (receiver, grant) = (self.receiver.as_str(), self.grant.as_str());
        row.arrivals.push(arrival(receiver, grant, self.amount, day));
        draft.put(pass_name(&self.giver, &self.pass), Row::Pass(row));
        Ok(())
    }
}

/// A receiver says whether what was passed on is there.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The giver.
    pub giver: Id,
    /// The pass.
    pub pass: Id,
    /// The receiver.
    pub receiver: Id,
    /// Whether it is there as the giver says.
    pub arrived: bool,
}

impl Action for Confirm {
    fn event(&self) -> Event {
        Event::GuliranConfirmed
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.receiver.clone()))
    }

    /// Errors: `NOT_FOUND`, `NOTHING_TO_CONFIRM`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = pass_row(draft, &self.giver, &self.pass)?;
        let posted = row.state() == PassState::Posted;
        let own = |arrival: &&mut Arrival| {
            arrival.receiver == self.receiver.as_str()
                && arrival.state() != ArrivalState::Confirmed
                && posted
        };
        let Some(arrival) = row.arrivals.iter_mut().find(own) else {
            let refusal = Refusal::new(Reason::NothingToConfirm).on("pass");
            let refusal = refusal.with("pass", &self.pass);
            return Err(refusal.with("receiver", &self.receiver).into());
        };
        let state = if self.arrived { ArrivalState::Confirmed } else { ArrivalState::Disputed };
        arrival.state = state as i32;
        draft.put(pass_name(&self.giver, &self.pass), Row::Pass(row));
        Ok(())
    }
}

/// A part of what is owed onward is excused by minute (event 48): it stays the group's.
#[derive(Clone, Debug)]
pub struct Excuse {
    /// Which KUBE.
    pub group: Id,
    /// The grant.
    pub grant: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for Excuse {
    fn event(&self) -> Event {
        Event::GuliranExcused
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        let group = Entity::Kube(self.group.clone());
        Ok(Some(Matter::of(ApprovalKind::Guliran, &group)))
    }

    /// Errors: `NOT_FOUND`, `OBLIGATION_EXCEEDED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.grant(&self.group, &self.grant, "grant")?;
        draft.spend_grant(&self.group, &self.grant, "grant")?;
        let (uep, guliran) = (uep_ledger(&self.group), guliran_ledger(&self.group));
        let (code, subject) = obligation(&self.grant);
        let held = draft.held(&guliran.account_of(code, subject))?;
        if self.amount > held {
            return Err(exceeded(&self.grant, held, self.amount).into());
        }
        let capital = capital_account(&uep, &self.grant, &row);
        row.excused = Sen::new(row.excused).plus(self.amount)?.get();
        draft.put(grant_name(&self.group, &self.grant), Row::Grant(row));
        draft.transfer(&guliran, obligation(&self.grant), due_to(Fund::Uep), self.amount)?;
        let capital = (capital.code, capital.subject);
        draft.transfer(&uep, due_to(Fund::Guliran), capital, self.amount)
    }
}

/// Money of a grant, or of the LKM's pool, is lent to a group meanwhile (event 49). It discharges
/// no obligation.
#[derive(Clone, Debug)]
pub struct Lend {
    /// The group that lends, or the LKM.
    pub lender: Entity,
    /// The id of the loan.
    pub loan: Id,
    /// The group that borrows.
    pub borrower: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// When it is due, if a day was agreed.
    pub due_on: Option<Day>,
}

/// The name of a guliran loan.
pub fn loan_name(lender: &Entity, loan: &Id) -> RowName {
    RowName::of(lender, "guliran-loans", loan.as_str())
}

/// Both sides of a guliran loan, from bank to bank.
struct LoanSides {
    lender: Ledger,
    claim: (Code, Subject),
    borrower: Ledger,
    debt: (Code, Subject),
}

impl LoanSides {
    fn new(lender: &Entity, loan: &Id, borrower: &Id) -> LoanSides {
        let (ledger, code) = match lender {
            Entity::Lkm => (lkm_ledger(), Code::GuliranLoans),
            Entity::Kube(group) => (uep_ledger(group), Code::GuliranReceivable),
        };
        LoanSides {
            lender: ledger,
            claim: (code, Subject::id(loan)),
            borrower: uep_ledger(borrower),
            debt: (Code::GuliranPayable, Subject::loan_of(lender, loan)),
        }
    }
}

impl Action for Lend {
    fn event(&self) -> Event {
        Event::GuliranLent
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    fn matter(&self, _: &Draft<'_>) -> Result<Option<Matter>, Stop> {
        Ok(Some(Matter::of(ApprovalKind::Guliran, &self.lender)))
    }

    /// Errors: `NOT_FOUND`, `PASS_TO_SELF`, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let borrower = draft.group(&self.borrower, "borrower")?;
        standing::check_here(&self.borrower, &borrower)?;
        if self.lender == Entity::Kube(self.borrower.clone()) {
            return Err(Refusal::new(Reason::PassToSelf).on("borrower").into());
        }
        let row = GuliranLoan {
            borrower: self.borrower.to_string(),
            amount: self.amount.get(),
            repaid: 0,
            lent_on: draft.frame().happened_on.get(),
            due_on: self.due_on.map_or(0, Day::get),
        };
        draft.create(loan_name(&self.lender, &self.loan), Row::GuliranLoan(row), "loan_id")?;
        let sides = LoanSides::new(&self.lender, &self.loan, &self.borrower);
        draft.transfer(&sides.lender, sides.claim, Code::Bank, self.amount)?;
        draft.transfer(&sides.borrower, Code::Bank, sides.debt, self.amount)
    }
}

/// A guliran loan is given back, in part or whole (event 49).
#[derive(Clone, Debug)]
pub struct RepayLoan {
    /// The group that lent, or the LKM.
    pub lender: Entity,
    /// The loan.
    pub loan: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
}

impl Action for RepayLoan {
    fn event(&self) -> Event {
        Event::GuliranLent
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.lender.clone())
    }

    /// Errors: `NOT_FOUND`, `FLOOR` for more than is owed.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = loan_name(&self.lender, &self.loan);
        let Row::GuliranLoan(mut row) = draft.require(&name, "loan")? else {
            return Err(crate::domain::draft::not_found(&name, "loan").into());
        };
        let borrower = Id::new(&row.borrower).ok_or_else(|| blocked(&name))?;
        row.repaid = Sen::new(row.repaid).plus(self.amount)?.get();
        draft.put(name, Row::GuliranLoan(row));
        let sides = LoanSides::new(&self.lender, &self.loan, &borrower);
        draft.transfer(&sides.borrower, sides.debt, Code::Bank, self.amount)?;
        draft.transfer(&sides.lender, Code::Bank, sides.claim, self.amount)
    }
}

/// Whether a record of guliran has something to take back though it moved no money.
pub fn is_undone_alone(effect: &Effect) -> bool {
    effect.rows.iter().any(|(_, row)| matches!(row, Row::Pass(_)))
}

/// Takes back what a record of guliran left in the registers; the postings are reversed elsewhere.
///
/// Errors: `REVERSAL_BLOCKED` when a later event builds on it.
pub fn undo(draft: &mut Draft<'_>, record: &Record, effect: &Effect) -> Result<(), Stop> {
    for (name, row) in &effect.rows {
        match (record.event, row) {
            (Event::GuliranDecided, Row::Grant(_)) => undo_decision(draft, name, record)?,
            (Event::GuliranExcused, Row::Grant(_)) => undo_excuse(draft, name, effect)?,
            (Event::GuliranDelivered, Row::Pass(_)) => undo_delivery(draft, name, record)?,
            (Event::GuliranReleased, Row::Pass(after)) => undo_release(draft, name, after)?,
            (Event::GuliranReceived, Row::Transfer(row)) => {
                transfer::send_back(draft, (name, row), record)?;
            }
            (Event::GuliranConfirmed | Event::GuliranArrived, Row::Pass(_)) => {
                return Err(blocked(name).into());
            }
            (Event::GuliranLent, Row::GuliranLoan(after)) => undo_loan(draft, name, after, effect)?,
            _ => {}
        }
    }
    Ok(())
}

fn grant_row(draft: &Draft<'_>, name: &RowName) -> Result<Grant, Stop> {
    match draft.row(name)? {
        Some(Row::Grant(row)) => Ok(row),
        _ => Err(blocked(name).into()),
    }
}

fn undo_decision(draft: &mut Draft<'_>, name: &RowName, record: &Record) -> Result<(), Stop> {
    let mut row = grant_row(draft, name)?;
    let request = record.request.as_ref().map(ToString::to_string).unwrap_or_default();
    row.obligations.retain(|one| one.request_id != request);
    draft.put(name.clone(), Row::Grant(row));
    Ok(())
}

fn undo_excuse(draft: &mut Draft<'_>, name: &RowName, effect: &Effect) -> Result<(), Stop> {
    let mut row = grant_row(draft, name)?;
    let owed = effect.entries.iter().find(|entry| entry.account.code == Code::GuliranObligation);
    row.excused -= owed.map_or(0, |entry| entry.amount.get());
    draft.put(name.clone(), Row::Grant(row));
    Ok(())
}

fn undo_delivery(draft: &mut Draft<'_>, name: &RowName, record: &Record) -> Result<(), Stop> {
    let Some(Row::Pass(mut pass)) = draft.row(name)? else {
        return Err(blocked(name).into());
    };
    let posted = pass.state() == PassState::Posted;
    if posted {
        let giver = name.parent.strip_suffix("/passes").ok_or_else(|| blocked(name))?;
        take_back_arrivals(draft, name, &pass)?;
        let grant = RowName::new(format!("{giver}/grants"), pass.grant.clone());
        let mut row = grant_row(draft, &grant)?;
        row.passed -= pass.amount;
        let request = record.request.as_ref().map(ToString::to_string).unwrap_or_default();
        row.obligations.retain(|one| one.request_id != request);
        draft.put(grant, Row::Grant(row));
    }
    if pass.receiver_kind() == ReceiverKind::OtherBook && posted && !pass.before_books {
        transfer::note(draft, name, &pass, TransitState::Reversed)?;
    }
    pass.state = PassState::Reversed as i32;
    draft.put(name.clone(), Row::Pass(pass));
    Ok(())
}

/// What arrived goes back where nothing has been done with it; what another book may have taken in
/// cannot, unless that book has refused it or sent it back.
fn take_back_arrivals(draft: &mut Draft<'_>, name: &RowName, pass: &Pass) -> Result<(), Stop> {
    let elsewhere = pass.receiver_kind() == ReceiverKind::OtherBook && pass.broken.is_empty();
    let given_on = pass.receiver_kind() == ReceiverKind::Pool && !pass.arrivals.is_empty();
    if !pass.before_books && (elsewhere || given_on) {
        return Err(blocked(name).into());
    }
    pass.arrivals.iter().try_for_each(|arrival| take_back_arrival(draft, arrival))
}

fn take_back_arrival(draft: &mut Draft<'_>, arrival: &Arrival) -> Result<(), Stop> {
    if arrival.grant.is_empty() {
        return Ok(());
    }
    let parent = format!("groups/{}/grants", arrival.receiver);
    take_back_grant(draft, &RowName::new(parent, arrival.grant.clone()))
}

/// A grant that came by a pass ends. Errors: `REVERSAL_BLOCKED` when something was done with it.
pub(super) fn take_back_grant(draft: &mut Draft<'_>, name: &RowName) -> Result<(), Stop> {
    let mut row = grant_row(draft, name)?;
    if !is_untouched(&row) {
        return Err(blocked(name).into());
    }
    row.reversed = true;
    draft.put(name.clone(), Row::Grant(row));
    Ok(())
}

fn undo_release(draft: &mut Draft<'_>, name: &RowName, after: &Pass) -> Result<(), Stop> {
    let (Some(Row::Pass(mut pass)), Some(arrival)) = (draft.row(name)?, after.arrivals.last())
    else {
        return Err(blocked(name).into());
    };
    let same = |one: &Arrival| (&one.receiver, &one.grant) == (&arrival.receiver, &arrival.grant);
    take_back_arrival(draft, arrival)?;
    pass.arrivals.retain(|one| !same(one));
    draft.put(name.clone(), Row::Pass(pass));
    Ok(())
}

fn undo_loan(
    draft: &mut Draft<'_>,
    name: &RowName,
    after: &GuliranLoan,
    effect: &Effect,
) -> Result<(), Stop> {
    let Some(Row::GuliranLoan(mut row)) = draft.row(name)? else {
        return Err(blocked(name).into());
    };
    let claim = |code| matches!(code, Code::GuliranReceivable | Code::GuliranLoans);
    let moved = effect.entries.iter().find(|entry| claim(entry.account.code));
    let moved = moved.map_or(0, |entry| entry.amount.get());
    if moved >= 0 && row.repaid != 0 {
        return Err(blocked(name).into());
    }
    if moved < 0 {
        row.repaid += moved;
    } else {
        row.amount = after.amount - moved;
    }
    draft.put(name.clone(), Row::GuliranLoan(row));
    Ok(())
}
