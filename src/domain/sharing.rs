//! What a KUBE's members get of the joint business: a share of a sale at once, in cash or in kind
//! (catalogue event 57), and grant money to work with, given back later (event 59).

use crate::domain::account::Subject;
use crate::domain::cash::{Place, cash_in, cash_out};
use crate::domain::chart::Code;
use crate::domain::decide::{Action, CashMoved};
use crate::domain::draft::{Draft, Mode, Stop};
use crate::domain::id::{Entity, Id};
use crate::domain::lot;
use crate::domain::money::Sen;
use crate::domain::record::Event;
use crate::domain::record::proto::ExpenseKind;
use crate::domain::trade::expense_code;
use crate::domain::uep::uep_ledger;

/// What moves between the joint business and its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Bagi hasil: a share of a sale, out.
    ShareOfSale,
    /// Grant money to work with, out.
    Capital,
    /// Grant money given back, in.
    CapitalBack,
}

/// Members get money of the joint business, or give it back; each a line.
#[derive(Clone, Debug)]
pub struct Divide {
    /// Which KUBE.
    pub group: Id,
    /// What it is.
    pub what: What,
    /// Which member how many sen, more than nothing.
    pub parts: Vec<(Id, Sen)>,
    /// Where the money comes from, or goes.
    pub place: Place,
    /// The grant whose money is divided or given back, if one is.
    pub grant: Option<Id>,
}

impl Action for Divide {
    fn event(&self) -> Event {
        match self.what {
            What::ShareOfSale => Event::ProfitShared,
            What::Capital | What::CapitalBack => Event::CapitalDivided,
        }
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn bulk(&self) -> &'static str {
        "parts"
    }

    /// Errors: `PLACE_NOT_ALLOWED`. Who is no member and an unknown grant make a line wait in
    /// suspense, and so does what is given back beyond what a member has.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.report_lines(
            "parts",
            self.parts.iter().map(|(member, amount)| {
                Box::new(Part { of: self.clone(), member: member.clone(), amount: *amount })
                    as Box<dyn Action>
            }),
        )
    }
}

/// One member's part.
#[derive(Clone, Debug)]
struct Part {
    of: Divide,
    member: Id,
    amount: Sen,
}

impl Action for Part {
    fn event(&self) -> Event {
        self.of.event()
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn cash(&self) -> Option<CashMoved> {
        let ledger = uep_ledger(&self.of.group);
        match self.of.what {
            What::CapitalBack => cash_in(&ledger, &self.of.place, self.amount),
            What::ShareOfSale | What::Capital => cash_out(&ledger, &self.of.place, self.amount),
        }
    }

    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = uep_ledger(&self.of.group);
        let place = self.of.place.checked(draft, &ledger.entity, "place")?;
        match self.of.what {
            What::CapitalBack => draft.member(&ledger.entity, &self.member, "member")?,
            _ => draft.active_member(&ledger.entity, &self.member, "member")?,
        };
        draft.about(&ledger.entity, "members", &self.member);
        if let Some(grant) = &self.of.grant {
            draft.spend_grant(&self.of.group, grant, "grant")?;
        }
        let with_member = (Code::UepWithMembers, Subject::id(&self.member));
        match self.of.what {
            What::ShareOfSale => draft.transfer(&ledger, Code::ProfitShare, place, self.amount),
            What::Capital => draft.transfer(&ledger, with_member, place, self.amount),
            What::CapitalBack => draft.transfer(&ledger, place, with_member, self.amount),
        }
    }
}

/// A member is paid in kind out of a lot, at its cost: a share of the result, or a cost such as
/// wages.
#[derive(Clone, Debug)]
pub struct PayInKind {
    /// Which KUBE.
    pub group: Id,
    /// The member.
    pub member: Id,
    /// The lot of stock or livestock.
    pub lot: Id,
    /// Thousandths of a unit, more than nothing.
    pub quantity_milli: i64,
    /// The sort of cost it is; a share of the result if none.
    pub cost: Option<ExpenseKind>,
}

impl Action for PayInKind {
    fn event(&self) -> Event {
        Event::ProfitShared
    }

    fn mode(&self) -> Mode {
        Mode::Report
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `QUANTITY_REQUIRED`, `WHOLE_HEADS`. Where `NOT_FOUND`, `NOT_MEMBER_THEN`,
    /// `LOT_EXCEEDED` or `WRONG_KIND` holds, nothing moves and a remark says so.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let ledger = uep_ledger(&self.group);
        draft.check_active(&ledger.entity, &self.member, "member")?;
        draft.about(&ledger.entity, "members", &self.member);
        let (held, cost) = lot::take_out(draft, &ledger, &self.lot, self.quantity_milli)?;
        let paid = self.cost.map_or(Code::ProfitShare, expense_code);
        draft.transfer(&ledger, paid, (held.code, held.subject), cost)
    }
}
