//! The joint business (catalogue events 7 to 11): buying, selling, settling, costs, livestock; and
//! the LKM's own purchases and costs.
//!
//! **Invariants**: cost leaves a lot only with its units, by [`lot`]'s rounding; what was born has no
//! cost; a sale and the cost of what was sold stand in one record.

use crate::domain::account::{Ledger, Subject};
use crate::domain::cash::{Place, cash_in, cash_out, mode_of};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::lot::{self, NewLot};
use crate::domain::money::Sen;
use crate::domain::posting::Leaf;
use crate::domain::record::Event;
use crate::domain::record::proto::{ExpenseKind, LossCause, LotKind};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::uep;

/// How a purchase is paid.
#[derive(Clone, Debug)]
pub enum Payment {
    /// At once.
    Paid(Place),
    /// Later: the entity owes the supplier.
    Credit(Id),
    /// From an advance given to the supplier before.
    Advance(Id),
}

/// Stock, livestock or tools are bought (event 7); an advance is used (event 9).
#[derive(Clone, Debug)]
pub struct Purchase {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// What came in, at cost.
    pub items: Vec<NewLot>,
    /// How it is paid.
    pub payment: Payment,
    /// The grant that is spent, if one is (a KUBE's).
    pub spends: Option<Spends>,
}

impl Purchase {
    fn total(&self) -> Result<Sen, Refusal> {
        self.items.iter().try_fold(Sen::ZERO, |sum, item| sum.plus(item.cost))
    }
}

impl Action for Purchase {
    fn event(&self) -> Event {
        Event::Purchased
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        match &self.payment {
            Payment::Paid(place) => cash_out(&self.ledger, place, self.total().ok()?),
            Payment::Credit(_) | Payment::Advance(_) => None,
        }
    }

    fn bulk(&self) -> &'static str {
        "items"
    }

    /// Errors: `NOT_FOUND`, `ALREADY_EXISTS`, `QUANTITY_REQUIRED`, `WHOLE_HEADS`,
    /// `PLACE_NOT_ALLOWED`, `FLOOR`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = &self.ledger.entity;
        let paid_from: Leaf = match &self.payment {
            Payment::Paid(place) => place.checked(draft, entity, "payment")?.into(),
            Payment::Credit(party) => {
                draft.party(entity, party, "party")?;
                (Code::TradePayable, Subject::id(party)).into()
            }
            Payment::Advance(party) => {
                draft.party(entity, party, "party")?;
                (Code::AdvancePaid, Subject::id(party)).into()
            }
        };
        spend(draft, entity, self.spends.as_ref(), self.total()?)?;
        for (index, item) in self.items.iter().enumerate() {
            let brought_in = lot::bring_in(draft, &self.ledger, item);
            brought_in.map_err(|stop| stop.within("items", index))?;
            let held = lot::account_of(&self.ledger, &item.lot, item.kind);
            let held = (held.code, held.subject);
            draft.transfer(&self.ledger, held, paid_from.clone(), item.cost)?;
        }
        Ok(())
    }
}

/// Which grant a cost is paid from, and for which purpose.
#[derive(Clone, Debug)]
pub struct Spends {
    /// The grant.
    pub grant: Id,
    /// The line of its plan, empty if none.
    pub plan_line: String,
}

fn spend(
    draft: &mut Draft<'_>,
    entity: &Entity,
    spends: Option<&Spends>,
    amount: Sen,
) -> Result<(), Stop> {
    match (entity, spends) {
        (Entity::Kube(group), Some(Spends { grant, plan_line })) => {
            uep::spend(draft, group, grant, plan_line, amount)
        }
        (Entity::Lkm, Some(Spends { grant, .. })) => {
            Err(Refusal::new(Reason::WrongKind).on("grant").with("name", grant).into())
        }
        (_, None) => Ok(()),
    }
}

/// How a buyer pays.
#[derive(Clone, Debug)]
pub enum Proceeds {
    /// At once.
    Paid(Place),
    /// Later: the buyer owes the entity.
    Credit(Id),
}

/// A sale with its cost, or a service without (event 8).
#[derive(Clone, Debug)]
pub struct Sell {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// Sen of the price, more than nothing.
    pub price: Sen,
    /// How the buyer pays.
    pub proceeds: Proceeds,
    /// The lot sold from and thousandths of a unit; none for a service.
    pub goods: Option<(Id, i64)>,
}

impl Action for Sell {
    fn event(&self) -> Event {
        Event::Sold
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        match &self.proceeds {
            Proceeds::Paid(place) => cash_in(&self.ledger, place, self.price),
            Proceeds::Credit(_) => None,
        }
    }

    /// Errors: `NOT_FOUND`, `LOT_EXCEEDED`, `QUANTITY_REQUIRED`, `WHOLE_HEADS`,
    /// `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = &self.ledger.entity;
        let received: Leaf = match &self.proceeds {
            Proceeds::Paid(place) => place.checked(draft, entity, "payment")?.into(),
            Proceeds::Credit(party) => {
                draft.party(entity, party, "party")?;
                (Code::TradeReceivable, Subject::id(party)).into()
            }
        };
        draft.transfer(&self.ledger, received, Code::Sales, self.price)?;
        if let Some((id, quantity)) = &self.goods {
            let (held, cost) = lot::take_out(draft, &self.ledger, id, *quantity)?;
            draft.transfer(&self.ledger, Code::CostOfSales, (held.code, held.subject), cost)?;
        }
        Ok(())
    }
}

/// What a settlement settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// A buyer pays what it owes.
    Receivable,
    /// A supplier is paid what it is owed.
    Payable,
    /// A supplier is paid in advance.
    Advance,
}

/// Money between an entity and a third party that no goods move with (event 9).
#[derive(Clone, Debug)]
pub struct Settle {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// What is settled.
    pub what: Settlement,
    /// The third party.
    pub party: Id,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes or comes from.
    pub place: Place,
}

impl Action for Settle {
    fn event(&self) -> Event {
        match self.what {
            Settlement::Receivable => Event::ReceivableSettled,
            Settlement::Payable => Event::PayableSettled,
            Settlement::Advance => Event::AdvancePaid,
        }
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        match self.what {
            Settlement::Receivable => cash_in(&self.ledger, &self.place, self.amount),
            _ => cash_out(&self.ledger, &self.place, self.amount),
        }
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR` for more than is owed.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.ledger.entity, "place")?;
        draft.party(&self.ledger.entity, &self.party, "party")?;
        let of = |code| (code, Subject::id(&self.party));
        match self.what {
            Settlement::Receivable => {
                draft.transfer(&self.ledger, place, of(Code::TradeReceivable), self.amount)
            }
            Settlement::Payable => {
                draft.transfer(&self.ledger, of(Code::TradePayable), place, self.amount)
            }
            Settlement::Advance => {
                draft.transfer(&self.ledger, of(Code::AdvancePaid), place, self.amount)
            }
        }
    }
}

/// The account of a sort of cost.
pub fn expense_code(kind: ExpenseKind) -> Code {
    match kind {
        ExpenseKind::Feed => Code::Feed,
        ExpenseKind::Wages => Code::Wages,
        ExpenseKind::Honoraria => Code::Honoraria,
        ExpenseKind::Transport => Code::Transport,
        ExpenseKind::Administration => Code::Administration,
        ExpenseKind::Health => Code::Health,
        ExpenseKind::Other | ExpenseKind::Unspecified => Code::OtherExpense,
    }
}

/// A cost is paid (event 10). By the group's policy, feed may become part of a lot's cost instead.
#[derive(Clone, Debug)]
pub struct PayExpense {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// The sort of cost.
    pub kind: ExpenseKind,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money comes from.
    pub place: Place,
    /// The grant that is spent, if one is (a KUBE's).
    pub spends: Option<Spends>,
    /// The lot whose cost it becomes, if the policy says so.
    pub into_lot: Option<Id>,
}

impl Action for PayExpense {
    fn event(&self) -> Event {
        Event::ExpensePaid
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_out(&self.ledger, &self.place, self.amount)
    }

    /// Errors: `NOT_FOUND`, `PLACE_NOT_ALLOWED`, `FLOOR`, `LOT_EXCEEDED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.ledger.entity, "place")?;
        spend(draft, &self.ledger.entity, self.spends.as_ref(), self.amount)?;
        let cost: Leaf = match &self.into_lot {
            None => expense_code(self.kind).into(),
            Some(id) => {
                let held = lot::add_cost(draft, &self.ledger, id, self.amount)?;
                (held.code, held.subject).into()
            }
        };
        draft.transfer(&self.ledger, cost, place, self.amount)
    }
}

/// Animals are born (event 11): counted, at no value, as a lot of their own.
#[derive(Clone, Debug)]
pub struct Born {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// The new lot's id.
    pub lot: Id,
    /// What they are, e.g. "babi".
    pub label: String,
    /// How many.
    pub heads: i64,
}

impl Action for Born {
    fn event(&self) -> Event {
        Event::LivestockBorn
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `ALREADY_EXISTS`, `QUANTITY_REQUIRED`, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let quantity_milli =
            self.heads.checked_mul(1000).ok_or_else(|| Refusal::new(Reason::Overflow))?;
        let new = NewLot {
            lot: self.lot.clone(),
            kind: LotKind::Livestock,
            label: self.label.clone(),
            unit: "ekor".to_owned(),
            quantity_milli,
            cost: Sen::ZERO,
        };
        lot::bring_in(draft, &self.ledger, &new)
    }
}

/// Animals died or were stolen (event 11).
#[derive(Clone, Debug)]
pub struct Lose {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// The lot.
    pub lot: Id,
    /// How many.
    pub heads: i64,
    /// Why.
    pub cause: LossCause,
}

impl Action for Lose {
    fn event(&self) -> Event {
        Event::LivestockLost
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `WRONG_KIND` for what is not livestock, `LOT_EXCEEDED`, `OVERFLOW`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if draft.lot(&self.ledger.entity, &self.lot, "lot")?.kind() != LotKind::Livestock {
            return Err(Refusal::new(Reason::WrongKind).on("lot").with("name", &self.lot).into());
        }
        let quantity =
            self.heads.checked_mul(1000).ok_or_else(|| Refusal::new(Reason::Overflow))?;
        let (held, cost) = lot::lose(draft, &self.ledger, (&self.lot, quantity), self.cause)?;
        draft.transfer(&self.ledger, Code::LivestockLoss, (held.code, held.subject), cost)
    }
}

/// An insurance pays (event 11).
#[derive(Clone, Debug)]
pub struct ClaimInsurance {
    /// Whose, and in which fund.
    pub ledger: Ledger,
    /// Sen, more than nothing.
    pub amount: Sen,
    /// Where the money goes.
    pub place: Place,
}

impl Action for ClaimInsurance {
    fn event(&self) -> Event {
        Event::InsuranceClaimed
    }

    fn mode(&self) -> Mode {
        mode_of(&self.ledger.entity)
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.ledger.entity.clone())
    }

    fn cash(&self) -> Option<CashMoved> {
        cash_in(&self.ledger, &self.place, self.amount)
    }

    /// Errors: `PLACE_NOT_ALLOWED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let place = self.place.checked(draft, &self.ledger.entity, "place")?;
        draft.transfer(&self.ledger, place, Code::ClaimIncome, self.amount)
    }
}
