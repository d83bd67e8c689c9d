//! Savings of members and of groups (catalogue events 18, 19 and 31).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Mutation, Plan, detailed, service, transactions};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::domain::id::Entity;
use crate::domain::link::SaveAtLkm;
use crate::domain::savings::{Deposit, Kind, PayInCapital, Withdraw};

service! {
    savings_service_server::SavingsService {
        deposit: DepositRequest => DepositResponse;
        withdraw: WithdrawRequest => WithdrawResponse;
        pay_in_capital: PayInCapitalRequest => PayInCapitalResponse;
        deposit_at_lkm: DepositAtLkmRequest => DepositAtLkmResponse;
        withdraw_at_lkm: WithdrawAtLkmRequest => WithdrawAtLkmResponse;
    }
}

transactions! {
    DepositRequest => DepositResponse;
    WithdrawRequest => WithdrawResponse;
    PayInCapitalRequest => PayInCapitalResponse;
    DepositAtLkmRequest => DepositAtLkmResponse;
    WithdrawAtLkmRequest => WithdrawAtLkmResponse;
}

fn kind(number: i32) -> Checked<Kind> {
    match convert::choice(number, "kind")? {
        v1::SavingsKind::Pokok => Ok(Kind::Principal),
        v1::SavingsKind::Wajib => Ok(Kind::Mandatory),
        v1::SavingsKind::Sukarela => Ok(Kind::Voluntary),
        v1::SavingsKind::Unspecified => Err(Fault::ChoiceUnknown.on("kind")),
    }
}

impl Mutation for v1::DepositRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let action = Deposit {
            entity: entity.clone(),
            member,
            kind: kind(self.kind)?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::WithdrawRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let action = Withdraw {
            entity: entity.clone(),
            member,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::PayInCapitalRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, member) = convert::owned_by_group(&self.member, "members", "member")?;
        let action = PayInCapital {
            group: group.clone(),
            member,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        Ok(Plan::new(book, &Entity::Kube(group), action))
    }
}

/// Deposits and withdrawals at the LKM have the same fields.
macro_rules! save_at_lkm {
    ($request:ident, $deposit:literal) => {
        impl Mutation for v1::$request {
            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let (book, group) = convert::group(&self.group, "group")?;
                let entity = Entity::Kube(group.clone());
                let action = SaveAtLkm {
                    group,
                    fund: convert::choice(self.fund, "fund")?,
                    deposit: $deposit,
                    amount: convert::money(self.amount.as_ref(), "amount")?,
                    kube_place: convert::place(self.kube_place.as_ref(), &book, "kube_place")?,
                    lkm_place: convert::place(self.lkm_place.as_ref(), &book, "lkm_place")?,
                };
                Ok(Plan::new(book, &entity, action))
            }
        }
    };
}

save_at_lkm!(DepositAtLkmRequest, true);
save_at_lkm!(WithdrawAtLkmRequest, false);
