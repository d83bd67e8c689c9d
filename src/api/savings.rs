//! Savings of members and of groups (catalogue events 18, 19 and 31).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Page, Plan, damaged, detailed, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::ledger::{natural, read_point};
use crate::api::v1;
use crate::domain::account::Account;
use crate::domain::block::blocked_name;
use crate::domain::chart::{Code, fund_allowed};
use crate::domain::dormancy::{Savings, WakeSavings};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::SaveAtLkm;
use crate::domain::money::Sen;
use crate::domain::record::proto::{Fund, SavingsActivity};
use crate::domain::record::{Effect, Row};
use crate::domain::savings::{Deposit, Kind, PayInCapital, Withdraw, savings_ledger};
use crate::domain::surplus::Sharer;
use crate::storage::read::{AsOf, Snapshot};

service! {
    savings_service_server::SavingsService {
        deposit: DepositRequest => DepositResponse;
        withdraw: WithdrawRequest => WithdrawResponse;
        list_savings: ListSavingsRequest => ListSavingsResponse;
        wake_savings: WakeSavingsRequest => WakeSavingsResponse;
        pay_in_capital: PayInCapitalRequest => PayInCapitalResponse;
        deposit_at_lkm: DepositAtLkmRequest => DepositAtLkmResponse;
        withdraw_at_lkm: WithdrawAtLkmRequest => WithdrawAtLkmResponse;
    }
}

transactions! {
    DepositRequest => DepositResponse;
    WithdrawRequest => WithdrawResponse;
    WakeSavingsRequest => WakeSavingsResponse;
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

/// Whose savings are meant: a member's, or those of a group's fund at the LKM.
fn savings(owner: &str, fund: i32) -> Checked<(Id, Savings)> {
    if let Ok((book, group)) = convert::group(owner, "owner") {
        return Ok((book, kube_savings(group, fund)?));
    }
    let (book, entity, member) = convert::owned(owner, "members", "owner")?;
    if fund != 0 {
        return Err(Fault::ChoiceUnknown.on("fund"));
    }
    Ok((book, Savings { entity, who: Sharer::Member(member) }))
}

/// What a group saves of a fund at the LKM.
pub(super) fn kube_savings(group: Id, fund: i32) -> Checked<Savings> {
    let fund: Fund = convert::choice(fund, "fund")?;
    if !fund_allowed(&Entity::Kube(group.clone()), fund) {
        return Err(Fault::ChoiceUnknown.on("fund"));
    }
    Ok(Savings { entity: Entity::Lkm, who: Sharer::Kube(group, fund) })
}

/// Whose key the texts about savings are under, and whose the memo.
pub(super) fn texts_of(savings: &Savings) -> (String, Entity) {
    match &savings.who {
        Sharer::Member(member) => {
            let name = RowName::of(&savings.entity, "members", member.as_str());
            (name.to_string(), savings.entity.clone())
        }
        Sharer::Kube(group, _) => (RowName::group(group).to_string(), Entity::Kube(group.clone())),
    }
}

impl Mutation for v1::WakeSavingsRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "owner")];

    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.reason]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let found = effect.rows.iter().find_map(|(_, row)| match row {
            Row::SavingsActivity(row) => Some(row.reason.clone()),
            _ => None,
        });
        found.into_iter().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, savings) = savings(&self.owner, self.fund)?;
        let reason = texts.first().map_or("", String::as_str);
        convert::required_line(reason, 200, "reason")?;
        let (owner, of) = texts_of(&savings);
        let build = move |mut sealed: Vec<Vec<u8>>| {
            let reason = sealed.pop().unwrap_or_default();
            WakeSavings { savings, reason }
        };
        Ok(Plan::sealed(book, owner, build).memo_of(&of))
    }
}

impl Method for v1::ListSavingsRequest {
    type Response = v1::ListSavingsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let at_lkm = savings_ledger(&Entity::Lkm).account(Code::KubeSavings);
        let prefix = match &entity {
            _ if !self.of_groups => {
                savings_ledger(&entity).account(Code::MemberSavings).to_string()
            }
            Entity::Lkm => at_lkm.to_string(),
            Entity::Kube(group) => format!("{at_lkm}.{group}/"),
        };
        let after = Account::parse(&page.after);
        if after.is_none() && !page.after.is_empty() {
            return Err(Fault::PageToken.on("page_token"));
        }
        let known = AsOf::default();
        let mut found = snapshot.accounts(&prefix, after.as_ref(), page.size + 1, known).await?;
        let next_page_token = page.cut(&mut found, |(account, _)| account.to_string());
        let mut accounts = Vec::with_capacity(found.len());
        for (account, balance) in found {
            let one = savings_account(&mut snapshot, &book, &account, balance).await?;
            if !self.dormant_only || one.dormant_on.is_some() {
                accounts.push(one);
            }
        }
        let read_point = Some(read_point(&mut snapshot, None).await?);
        Ok(v1::ListSavingsResponse { accounts, next_page_token, read_point })
    }
}

/// When the owner of savings last moved them, nothing where that is not kept.
pub(crate) async fn activity(
    snapshot: &mut Snapshot,
    savings: &Savings,
) -> Checked<SavingsActivity> {
    match snapshot.row(&savings.name()).await?.map(|found| found.row) {
        None => Ok(SavingsActivity::default()),
        Some(Row::SavingsActivity(row)) => Ok(row),
        Some(_) => Err(damaged()),
    }
}

async fn savings_account(
    snapshot: &mut Snapshot,
    book: &Id,
    account: &Account,
    balance: Sen,
) -> Checked<v1::SavingsAccount> {
    let savings = Savings::of(account).ok_or_else(damaged)?;
    let activity = activity(snapshot, &savings).await?;
    let blocked = match snapshot.row(&blocked_name(&savings)).await?.map(|found| found.row) {
        Some(Row::Blocked(row)) if row.amount != 0 => Some(convert::to_money(Sen::new(row.amount))),
        _ => None,
    };
    let (owner, fund) = match &savings.who {
        Sharer::Member(member) => {
            (RowName::of(&savings.entity, "members", member.as_str()), Fund::Unspecified)
        }
        Sharer::Kube(group, fund) => (RowName::group(group), *fund),
    };
    Ok(v1::SavingsAccount {
        owner: convert::row_name(book, owner),
        fund: fund as i32,
        balance: Some(convert::to_money(natural(account.code, balance)?)),
        moved_on: convert::to_optional_date(activity.moved_on),
        dormant_on: convert::to_optional_date(activity.dormant_on),
        blocked,
    })
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
