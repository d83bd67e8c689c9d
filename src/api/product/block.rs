//! Blocks on free savings (catalogue events 19 and 31): put on, lifted, and listed.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Opened, Page, Plan, damaged, detailed};
use crate::api::google_type::Money;
use crate::api::savings::{kube_savings, texts_of};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::block::{BlockSavings, COLLECTION, Unblock};
use crate::domain::day::Day;
use crate::domain::dormancy::Savings;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto;
use crate::domain::record::{Effect, Row};
use crate::domain::surplus::Sharer;

/// What both requests say: the block, how much, and the reason, which is sealed.
fn block(
    (book, savings): (Id, Savings),
    block: &str,
    amount: Option<&Money>,
    texts: &[String],
) -> Checked<Plan> {
    let block = convert::id(block, "block_id")?;
    let amount = convert::money(amount, "amount")?;
    let reason = texts.first().map_or("", String::as_str);
    convert::required_line(reason, 200, "reason")?;
    let (owner, of) = texts_of(&savings);
    let build = move |mut sealed: Vec<Vec<u8>>| {
        let reason = sealed.pop().unwrap_or_default();
        BlockSavings { savings, block, amount, reason }
    };
    Ok(Plan::sealed(book, owner, build).memo_of(&of))
}

fn reasons(effect: &Effect) -> Vec<Vec<u8>> {
    let sealed = effect.rows.iter().filter_map(|(_, row)| match row {
        Row::Block(row) => Some(row.reason.clone()),
        _ => None,
    });
    sealed.collect()
}

impl Mutation for v1::BlockSavingsRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.reason]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        reasons(effect)
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let savings = Savings { entity, who: Sharer::Member(member) };
        block((book, savings), &self.block_id, self.amount.as_ref(), texts)
    }
}

impl Mutation for v1::BlockKubeSavingsRequest {
    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.reason]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        reasons(effect)
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let savings = kube_savings(group, self.fund)?;
        block((book, savings), &self.block_id, self.amount.as_ref(), texts)
    }
}

impl Mutation for v1::UnblockSavingsRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "block")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, block) = convert::owned(&self.block, "blocks", "block")?;
        Ok(Plan::new(book, &entity.clone(), Unblock { entity, block }))
    }
}

impl Method for v1::ListBlocksRequest {
    type Response = v1::ListBlocksResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = RowName::of(&entity, COLLECTION, "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let Row::Block(block) = row.row else { return Err(damaged()) };
            found.push((row.id, block));
        }
        let reasons = found.iter().map(|(_, block)| &block.reason);
        let opened = call.open(&mut snapshot, &book, reasons).await?;
        let blocks = found.iter().map(|(id, block)| to_block((&book, &entity), id, block, &opened));
        Ok(v1::ListBlocksResponse { blocks: blocks.collect::<Checked<_>>()?, next_page_token })
    }
}

fn to_block(
    (book, entity): (&Id, &Entity),
    id: &str,
    block: &proto::Block,
    opened: &Opened,
) -> Checked<v1::Block> {
    let (saver, fund) = match Sharer::from_key(&block.saver).ok_or_else(damaged)? {
        Sharer::Member(member) => (RowName::of(entity, "members", member.as_str()), 0),
        Sharer::Kube(group, fund) => (RowName::group(&group), fund as i32),
    };
    let (reason, erased) = opened.text(Sort::Remark, &block.reason);
    Ok(v1::Block {
        name: convert::row_name(book, RowName::of(entity, COLLECTION, id)),
        saver: convert::row_name(book, saver),
        fund,
        amount: Some(convert::to_money(Sen::new(block.amount))),
        reason,
        erased,
        since: Some(convert::to_date(Day::new(block.since))),
        lifted_on: convert::to_optional_date(block.lifted_on),
    })
}
