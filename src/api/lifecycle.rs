//! Groups that sleep, wake, move to another book, or are dissolved (catalogue event 56).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, detailed, plain, service};
use crate::api::errors::Fault;
use crate::api::group::after;
use crate::api::v1;
use crate::domain::account::Account;
use crate::domain::dissolution::{Dissolve, Heir};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::moving::{Leave, MOVES, move_name, same_book};
use crate::domain::record::{Row, proto};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::standing::ChangeStanding;
use crate::journal::mover::Found;
use crate::storage::read::{AsOf, Snapshot};

/// The most shares of what is left.
const MOST_SHARES: usize = 100;
/// The longest number of a minute, in characters.
const MINUTE: usize = 80;
/// How many accounts or rows are read at a time.
const CHUNK: u32 = 500;

service! {
    lifecycle_service_server::LifecycleService {
        change_standing: ChangeStandingRequest => ChangeStandingResponse;
        dissolve_group: DissolveGroupRequest => DissolveGroupResponse;
        move_group: MoveGroupRequest => MoveGroupResponse;
        list_moves: ListMovesRequest => ListMovesResponse;
    }
}

impl Mutation for v1::ChangeStandingRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let awake = match convert::choice::<proto::Standing>(self.standing, "standing")? {
            proto::Standing::Active => true,
            proto::Standing::Asleep => false,
            _ => return Err(Fault::ChoiceUnknown.on("standing")),
        };
        let since = convert::day(self.since.as_ref(), "since")?;
        let minute = convert::required_line(&self.minute, MINUTE, "minute")?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, ChangeStanding { group, awake, since, minute }))
    }
}

impl Method for v1::ChangeStandingRequest {
    type Response = v1::ChangeStandingResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, group) = convert::group(&self.group, "group")?;
        let done = call.submit(self).await?;
        Ok(v1::ChangeStandingResponse { group: Some(after(call, &done, &group).await?) })
    }
}

/// The accounts of a group that hold something.
async fn held(snapshot: &mut Snapshot, group: &Id) -> Checked<Vec<Account>> {
    let prefix = format!("{group}.");
    let mut held = Vec::new();
    let mut after: Option<Account> = None;
    loop {
        let found = snapshot.accounts(&prefix, after.as_ref(), CHUNK, AsOf::default()).await?;
        let Some((last, _)) = found.last() else { return Ok(held) };
        after = Some(last.clone());
        let open = found.into_iter().filter(|(_, balance)| !balance.is_zero());
        held.extend(open.map(|(account, _)| account));
    }
}

impl v1::DissolveGroupRequest {
    fn planned(&self, accounts: Vec<Account>) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        convert::at_most(&self.shares, MOST_SHARES, "shares")?;
        let entity = Entity::Kube(group.clone());
        let share = |(index, share)| heir(share, (&book, &entity), index);
        let shares = self.shares.iter().enumerate().map(share).collect::<Checked<_>>()?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        let minute = convert::required_line(&self.minute, MINUTE, "minute")?;
        Ok(Plan::new(book, &entity, Dissolve { group, place, accounts, shares, minute }))
    }
}

fn heir(share: &v1::Share, owner: (&Id, &Entity), index: usize) -> Checked<(Heir, Sen)> {
    use v1::share::Heir as Named;
    let at = |field: &str| format!("shares[{index}].{field}");
    let owned = |name, collection, field| convert::owned_by(name, owner, collection, &at(field));
    let heir = match &share.heir {
        None => return Err(Fault::Required.on(&at("heir"))),
        Some(Named::Member(name)) => Heir::Member(owned(name, "members", "member")?),
        Some(Named::Party(name)) => Heir::Party(owned(name, "parties", "party")?),
    };
    Ok((heir, convert::money(share.amount.as_ref(), &at("amount"))?))
}

impl Mutation for v1::DissolveGroupRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.planned(Vec::new())
    }
}

impl Method for v1::DissolveGroupRequest {
    type Response = v1::DissolveGroupResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        self.planned(Vec::new())?;
        let (book, group) = convert::group(&self.group, "group")?;
        let mut snapshot = call.snapshot(&book, "group").await?;
        let plan = self.planned(held(&mut snapshot, &group).await?)?;
        let done = call.submit_as(self, plan).await?;
        Ok(v1::DissolveGroupResponse {
            transaction: Some(done.transaction(call)),
            group: Some(after(call, &done, &group).await?),
        })
    }
}

impl v1::MoveGroupRequest {
    /// The book and the id it moves to.
    fn destination(&self) -> Checked<(Id, Id)> {
        let (book, group) = convert::group(&self.group, "group")?;
        let to = convert::book(&self.to_book, "to_book")?;
        if to == book {
            return Err(same_book().into());
        }
        let id = convert::optional_id(&self.new_group_id, "new_group_id")?;
        Ok((to, id.unwrap_or(group)))
    }

    fn planned(&self, found: Option<&Found>) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let (to, id) = self.destination()?;
        let to = format!("books/{to}/groups/{id}");
        let minute = convert::required_line(&self.minute, MINUTE, "minute")?;
        let entity = Entity::Kube(group.clone());
        let staying = found.map(|found| found.staying.clone()).unwrap_or_default();
        let later = found.and_then(|found| found.later.clone());
        let (things, more) = found.map(Found::first_part).unwrap_or_default();
        Ok(Plan::new(book, &entity, Leave { group, to, staying, later, things, more, minute }))
    }
}

impl Mutation for v1::MoveGroupRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.planned(None)
    }
}

impl Method for v1::MoveGroupRequest {
    type Response = v1::MoveGroupResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        self.planned(None)?;
        let (book, group) = convert::group(&self.group, "group")?;
        let (to, id) = self.destination()?;
        let mut there = call.snapshot(&to, "to_book").await?;
        let mut snapshot = call.snapshot(&book, "group").await?;
        let gone = snapshot.row(&move_name(&group)).await?.is_some();
        // A retry finds the group there; whoever comes first must not.
        if !gone && there.row(&RowName::group(&id)).await?.is_some() {
            let refusal = Refusal::new(Reason::AlreadyExists).on("new_group_id");
            return Err(refusal.with("name", format_args!("books/{to}/groups/{id}")).into());
        }
        there.finish().await?;
        let happened_on = self.details.as_ref().and_then(|details| details.happened_on.as_ref());
        let happened_on = convert::optional_day(happened_on, "details.happened_on")?;
        let found = Found::all(&mut snapshot, &group, happened_on).await?;
        let plan = self.planned(Some(&found))?;
        snapshot.finish().await?;
        let done = call.submit_as(self, plan).await?;
        call.bring_moves(&book).await;
        let mut snapshot = call.snapshot(&book, "group").await?;
        let row = call.row(&mut snapshot, &move_name(&group), "group").await?;
        let moved = Some(shown(&book, group.as_str(), &row)?);
        Ok(v1::MoveGroupResponse { transaction: Some(done.transaction(call)), r#move: moved })
    }
}

impl Method for v1::ListMovesRequest {
    type Response = v1::ListMovesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let (rows, next_page_token) = call.rows(&mut snapshot, MOVES, &page).await?;
        let moves = rows.iter().map(|found| shown(&book, &found.id, &found.row));
        Ok(v1::ListMovesResponse { moves: moves.collect::<Checked<_>>()?, next_page_token })
    }
}

fn shown(book: &Id, group: &str, row: &Row) -> Checked<v1::Move> {
    let Row::Move(row) = row else { return Err(damaged()) };
    Ok(v1::Move {
        group: convert::row_name(book, RowName::new("groups", group)),
        to: row.to.clone(),
        moved_on: convert::to_optional_date(row.moved_on),
        minute: row.minute.clone(),
        state: row.state,
        broken: row.broken.clone(),
    })
}
