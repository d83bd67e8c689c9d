//! The tie between KUBEs and their LKM: stakes, collection in the village, term deposits
//! (catalogue events 3, 4a, 30, 31a and 32).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Done, Method, Mutation, Page, Plan, damaged, detailed, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::api::v1::means::Means as Named;
use crate::domain::collect::{Collect, HandIn};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::stake::{BuyStake, Means, PayBackStake, ReceiveStake, ReturnStake};
use crate::domain::term::{CloseDeposit, OF_KUBES, OpenDeposit, Owner, Purse, TermId, term_of};
use crate::domain::term_product::{COLLECTION, product_name};
use crate::storage::read::Snapshot;

service! {
    link_service_server::LinkService {
        receive_programme_stake: ReceiveProgrammeStakeRequest => ReceiveProgrammeStakeResponse;
        return_programme_stake: ReturnProgrammeStakeRequest => ReturnProgrammeStakeResponse;
        list_programme_stakes: ListProgrammeStakesRequest => ListProgrammeStakesResponse;
        buy_stake: BuyStakeRequest => BuyStakeResponse;
        pay_back_stake: PayBackStakeRequest => PayBackStakeResponse;
        collect: CollectRequest => CollectResponse;
        hand_in_collection: HandInCollectionRequest => HandInCollectionResponse;
        open_term_deposit: OpenTermDepositRequest => OpenTermDepositResponse;
        close_term_deposit: CloseTermDepositRequest => CloseTermDepositResponse;
        list_term_deposits: ListTermDepositsRequest => ListTermDepositsResponse;
    }
}

transactions! {
    ReceiveProgrammeStakeRequest => ReceiveProgrammeStakeResponse;
    ReturnProgrammeStakeRequest => ReturnProgrammeStakeResponse;
    BuyStakeRequest => BuyStakeResponse;
    PayBackStakeRequest => PayBackStakeResponse;
    CollectRequest => CollectResponse;
    HandInCollectionRequest => HandInCollectionResponse;
}

// ---- stakes -----------------------------------------------------------------------------------

impl Mutation for v1::ReceiveProgrammeStakeRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let action = ReceiveStake {
            grant: convert::id(&self.grant_id, "grant_id")?,
            programme: convert::required_line(&self.programme, 120, "programme")?,
            source: convert::choice(self.source, "source")?,
            decree_number: convert::line(&self.decree_number, 80, "decree_number")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
        };
        Ok(Plan::new(book, &Entity::Lkm, action))
    }
}

impl Mutation for v1::ReturnProgrammeStakeRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("grant", "stake")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, owner, grant) = convert::owned(&self.stake, "grants", "stake")?;
        if owner != Entity::Lkm {
            return Err(Fault::WrongParent.on("stake"));
        }
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        Ok(Plan::new(book, &owner, ReturnStake { grant, amount }))
    }
}

impl Method for v1::ListProgrammeStakesRequest {
    type Response = v1::ListProgrammeStakesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Lkm, "parent").await?;
        let parent = RowName::of(&Entity::Lkm, "grants", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let stakes = rows.iter().map(|found| stake(&book, &found.id, &found.row));
        let stakes = stakes.collect::<Checked<_>>()?;
        Ok(v1::ListProgrammeStakesResponse { stakes, next_page_token })
    }
}

fn stake(book: &Id, id: &str, row: &Row) -> Checked<v1::ProgrammeStake> {
    let Row::Grant(row) = row else { return Err(damaged()) };
    Ok(v1::ProgrammeStake {
        name: convert::row_name(book, RowName::of(&Entity::Lkm, "grants", id)),
        programme: row.programme.clone(),
        source: row.source,
        decree_number: row.decree_number.clone(),
        amount: Some(convert::to_money(Sen::new(row.amount))),
        returned: Some(convert::to_money(Sen::new(row.returned))),
        received_on: convert::to_optional_date(row.received_on),
        reversed: row.reversed,
    })
}

impl Mutation for v1::BuyStakeRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = MEANS;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let action = BuyStake {
            group,
            fund: convert::choice(self.fund, "fund")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            means: means(self.means.as_ref(), &book)?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::PayBackStakeRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = MEANS;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let action = PayBackStake {
            group,
            fund: convert::choice(self.fund, "fund")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            means: means(self.means.as_ref(), &book)?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

/// Where the domain's names for the means stand in a request.
pub(crate) const MEANS: &[(&str, &str)] =
    &[("kube_place", "means.money.kube_place"), ("lkm_place", "means.money.lkm_place")];

/// What a KUBE and its LKM pay each other with.
pub(crate) fn means(means: Option<&v1::Means>, book: &Id) -> Checked<Means> {
    match means.and_then(|means| means.means.as_ref()) {
        Some(Named::Money(money)) => Ok(Means::Money {
            kube_place: convert::place(money.kube_place.as_ref(), book, "means.money.kube_place")?,
            lkm_place: convert::place(money.lkm_place.as_ref(), book, "means.money.lkm_place")?,
        }),
        Some(Named::Savings(true)) => Ok(Means::Savings),
        Some(Named::Savings(false)) | None => Err(Fault::Required.on("means")),
    }
}

// ---- collection -------------------------------------------------------------------------------

impl Mutation for v1::CollectRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let action = Collect {
            group,
            fund: convert::choice(self.fund, "fund")?,
            bag: convert::drawer(&self.bag, &book, "bag")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::HandInCollectionRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, bag) = convert::any_drawer(&self.bag, "bag")?;
        let action = HandIn {
            bag,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        Ok(Plan::new(book, &Entity::Lkm, action))
    }
}

// ---- term deposits ----------------------------------------------------------------------------

impl Mutation for v1::OpenTermDepositRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = MEANS;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let product =
            convert::optional_owned_by(&self.product, (&book, &Entity::Lkm), COLLECTION, "product");
        let action = OpenDeposit {
            owner: Owner::Kube(group, convert::choice(self.fund, "fund")?),
            deposit: convert::id(&self.deposit_id, "deposit_id")?,
            product: product?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            matures_on: convert::day(self.matures_on.as_ref(), "matures_on")?,
            purse: Purse::Handover(means(self.means.as_ref(), &book)?),
            on_maturity: convert::open_choice(self.on_maturity, "on_maturity")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::CloseTermDepositRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[MEANS[0], MEANS[1], ("group", "deposit")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, deposit) = convert::owned_by_group(&self.deposit, OF_KUBES, "deposit")?;
        let entity = Entity::Kube(group.clone());
        let action = CloseDeposit {
            term: TermId::Kube(group, deposit),
            purse: Purse::Handover(means(self.means.as_ref(), &book)?),
            minute: convert::line(&self.minute, 80, "minute")?,
            died: false,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Method for v1::OpenTermDepositRequest {
    type Response = v1::OpenTermDepositResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, group) = convert::group(&self.group, "group")?;
        let name = TermId::Kube(group, convert::id(&self.deposit_id, "deposit_id")?).name();
        let done = call.submit(self).await?;
        let deposit = Some(after(&done, &name)?);
        Ok(v1::OpenTermDepositResponse { transaction: Some(done.transaction(call)), deposit })
    }
}

impl Method for v1::CloseTermDepositRequest {
    type Response = v1::CloseTermDepositResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, group, id) = convert::owned_by_group(&self.deposit, OF_KUBES, "deposit")?;
        let done = call.submit(self).await?;
        let deposit = Some(after(&done, &TermId::Kube(group, id).name())?);
        Ok(v1::CloseTermDepositResponse { transaction: Some(done.transaction(call)), deposit })
    }
}

/// The deposit as a mutation left it.
fn after(done: &Done, name: &RowName) -> Checked<v1::TermDeposit> {
    deposit(&done.book, name, done.row(name)?)
}

/// A term deposit of a group or a member.
pub(crate) fn deposit(book: &Id, name: &RowName, row: &Row) -> Checked<v1::TermDeposit> {
    let Row::TermDeposit(row) = row else { return Err(damaged()) };
    let term = term_of(name).ok_or_else(damaged)?;
    let named = |row: RowName| convert::row_name(book, row);
    let member = RowName::of(&term.entity(), "members", &row.member);
    let product = product_name(&term.keeper(), &row.product);
    Ok(v1::TermDeposit {
        name: convert::row_name(book, name),
        fund: row.fund,
        amount: Some(convert::to_money(Sen::new(row.amount))),
        opened_on: Some(convert::to_date(Day::new(row.opened_on))),
        matures_on: Some(convert::to_date(Day::new(row.matures_on))),
        state: row.state,
        closed_on: convert::to_optional_date(row.closed_on),
        minute: row.minute.clone(),
        on_maturity: row.on_maturity,
        member: if row.member.is_empty() { String::new() } else { named(member) },
        product: if row.product.is_empty() { String::new() } else { named(product) },
        earned: Some(convert::to_money(Sen::new(row.earned))),
        paid: Some(convert::to_money(Sen::new(row.paid))),
    })
}

impl Method for v1::ListTermDepositsRequest {
    type Response = v1::ListTermDepositsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let entity = Entity::Kube(group);
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let (deposits, next_page_token) =
            deposits(call, &mut snapshot, (&book, &entity), OF_KUBES, &page).await?;
        Ok(v1::ListTermDepositsResponse { deposits, next_page_token })
    }
}

/// A page of an entity's term deposits of one collection.
pub(crate) async fn deposits(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    (book, entity): (&Id, &Entity),
    collection: &str,
    page: &Page,
) -> Checked<(Vec<v1::TermDeposit>, String)> {
    let parent = RowName::of(entity, collection, "").parent;
    let (rows, next_page_token) = call.rows(snapshot, &parent, page).await?;
    let name = |id: &String| RowName::new(parent.clone(), id.clone());
    let deposits = rows.iter().map(|found| deposit(book, &name(&found.id), &found.row));
    Ok((deposits.collect::<Checked<_>>()?, next_page_token))
}
