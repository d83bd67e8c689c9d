//! What waits for a second person: shown, agreed to, turned down, taken back; and the rules of it.
//!
//! What was asked is kept as its request, without what a person wrote; that lies sealed beside the
//! journal and is put back when the request is shown or decided anew.

use std::marker::PhantomData;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Named, Opened, Page, Plan, Prepared, damaged, not_found, plain, service,
};
use crate::api::door::Declares;
use crate::api::errors::Fault;
use crate::api::fields;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::access::{Place, Role};
use crate::domain::approval::{
    APPROVALS, Approval, ApprovalKind, ApprovalLimit, ApprovalRule, ApprovalRules, ApprovalState,
    Approve, Reject, SetApprovalRules, Withdraw, approval_name, is_limited, rules_name,
};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::storage::read::Snapshot;

/// The longest reason for turning something down, in characters.
const REASON: usize = 1000;

/// The longest that anything may wait, in days.
const MOST_DAYS: u32 = 90;

service! {
    approval_service_server::ApprovalService {
        list_approvals: ListApprovalsRequest => ListApprovalsResponse;
        get_approval: GetApprovalRequest => GetApprovalResponse;
        approve: ApproveRequest => ApproveResponse;
        reject_approval: RejectApprovalRequest => RejectApprovalResponse;
        withdraw_approval: WithdrawApprovalRequest => WithdrawApprovalResponse;
        set_approval_rules: SetApprovalRulesRequest => SetApprovalRulesResponse;
        list_approval_rules: ListApprovalRulesRequest => ListApprovalRulesResponse;
    }
}

// ---- what can wait ------------------------------------------------------------------------------

/// A request as it was asked.
struct Revived {
    /// Its message, to be shown.
    message: Vec<u8>,
    /// The same checked, to be decided anew.
    prepared: Checked<Prepared>,
}

type Revive = fn(&Approval, &RequestId, &[String]) -> Checked<Revived>;

/// Puts its id and what a person wrote back into a request.
fn revive<M: Mutation + Clone>(
    row: &Approval,
    asked: &RequestId,
    texts: &[String],
) -> Checked<Revived> {
    let mut request = M::decode(row.request.as_slice()).map_err(|_| damaged())?;
    *request.request_id() = asked.to_string();
    let mut texts = texts.iter().cloned();
    let memo = texts.next().unwrap_or_default();
    if let Some(details) = request.details() {
        details.memo = memo;
    }
    for (place, text) in request.texts().into_iter().zip(texts) {
        *place = text;
    }
    Ok(Revived { message: request.encode_to_vec(), prepared: Prepared::new(request) })
}

/// How a method's requests are put together again, if they are mutations: whether one waits, the
/// domain alone says.
struct Reviving<M>(PhantomData<M>);

impl<M: Mutation + Clone> Reviving<M> {
    const BY: Option<Revive> = Some(revive::<M>);
}

/// What a request that is no mutation has instead.
trait NoMutation {
    const BY: Option<Revive> = None;
}

impl<M> NoMutation for Reviving<M> {}

macro_rules! declared {
    ($($request:ident: $service:ident $method:ident, $roles:tt, $scope:tt, $audience:tt,
        $narrowed:tt, $personal:tt, $purpose:tt, $explanation:tt;)+) => {
        /// The requests of all methods, by name.
        const REQUESTS: &[(&str, Option<Revive>)] =
            &[$((<v1::$request as Named>::NAME, Reviving::<v1::$request>::BY)),+];
    };
}

include!(concat!(env!("OUT_DIR"), "/declared.rs"));

/// A method by the name of its request.
fn method(request: &str) -> &str {
    let name = request.strip_prefix("/simpul.v1.").unwrap_or(request);
    name.strip_suffix("Request").unwrap_or(name)
}

// ---- looking ------------------------------------------------------------------------------------

/// What waits, as somebody found it who may see it.
struct Seen {
    book: Id,
    asked: RequestId,
    row: Approval,
}

/// `books/{book}/approvals/{request_id}`. Errors: `REQUIRED`, `NAME_MALFORMED`.
fn named(name: &str) -> Checked<(Id, RequestId)> {
    let malformed = || Fault::NameMalformed.on("name");
    if name.is_empty() {
        return Err(Fault::Required.on("name"));
    }
    let (book, asked) = name.split_once("/approvals/").ok_or_else(malformed)?;
    let asked = RequestId::new(asked).ok_or_else(malformed)?;
    Ok((convert::book(book, "name")?, asked))
}

/// Finds what waits. Whoever may not see it hears what they would hear if it were not there.
///
/// Errors: `NOT_FOUND`, and those of names.
async fn seen(call: &Call<'_>, name: &str) -> Checked<(Seen, Snapshot)> {
    let (book, asked) = named(name)?;
    let mut snapshot = call.snapshot(&book, "name").await?;
    let unknown = || not_found(name, "name");
    let found = snapshot.row(&approval_name(&asked)).await?.ok_or_else(unknown)?;
    let Row::Approval(row) = found.row else { return Err(damaged()) };
    if !sees(call, &row) {
        return Err(unknown());
    }
    Ok((Seen { book, asked, row }, snapshot))
}

fn sees(call: &Call<'_>, row: &Approval) -> bool {
    let (_, passed) = call.caller();
    let access = row.kind() == ApprovalKind::Access;
    let may = |role: Role| {
        let readers = v1::GetApprovalRequest::DECLARED.roles;
        readers.contains(&role) && (access || role != Role::Administrator)
    };
    let place = Place::Entity(entity(row));
    passed.author.actor == row.maker || passed.holds_any(may, &place)
}

fn entity(row: &Approval) -> Entity {
    Entity::new(&row.entity).unwrap_or(Entity::Lkm)
}

impl Seen {
    /// What a person wrote into the request, the memo first, and whether that was erased.
    fn texts(&self, opened: &Opened) -> Vec<(String, bool)> {
        let text = |commitment: &Vec<u8>| opened.text(Sort::Remark, commitment);
        self.row.texts.iter().map(text).collect()
    }

    fn revived(&self, texts: &[(String, bool)]) -> Checked<Revived> {
        let mut named = REQUESTS.iter().filter(|(name, _)| *name == self.row.method);
        let revive = named.find_map(|(_, revive)| *revive).ok_or_else(damaged)?;
        let shown = |(text, erased): &(String, bool)| match erased {
            true => "-".to_owned(),
            false => text.clone(),
        };
        let texts: Vec<String> = texts.iter().map(shown).collect();
        revive(&self.row, &self.asked, &texts)
    }
}

/// What waits, as it stands on a day.
fn shown(book: &Id, asked: &str, row: &Approval, today: Day) -> v1::Approval {
    let state = match row.state() {
        ApprovalState::Waiting if row.expires_on < today.get() => v1::ApprovalState::Expired as i32,
        state => state as i32,
    };
    v1::Approval {
        name: format!("{}/{APPROVALS}/{asked}", convert::book_name(book)),
        kind: row.kind,
        state,
        method: method(&row.method).to_owned(),
        entity: convert::entity_name(book, &entity(row)),
        amount: is_limited(row.kind()).then(|| convert::to_money(Sen::new(row.amount))),
        asked_by: row.maker.clone(),
        asked_as: row.role,
        asked_on: Some(convert::to_date(Day::new(row.asked_on))),
        expires_on: Some(convert::to_date(Day::new(row.expires_on))),
        decided_by: row.decided_by.clone(),
        decided_as: row.decided_role,
        decision: convert::transaction_name(book, &row.decision),
        ..v1::Approval::default()
    }
}

/// The server's date in a book.
async fn today(call: &Call<'_>, snapshot: &mut Snapshot) -> Checked<Day> {
    match call.row(snapshot, &RowName::book(), "name").await? {
        Row::Book(book) => Ok(call.door().today(book.zone())),
        _ => Err(damaged()),
    }
}

impl Method for v1::ListApprovalsRequest {
    type Response = v1::ListApprovalsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let whole = convert::book(&self.parent, "parent").ok();
        let (book, of) = match whole {
            Some(book) => (book, None),
            None => convert::entity(&self.parent, "parent").map(|(book, of)| (book, Some(of)))?,
        };
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = match &of {
            Some(of) => call.snapshot_of(&book, of, "parent").await?,
            None => call.snapshot(&book, "parent").await?,
        };
        let today = today(call, &mut snapshot).await?;
        let listed = call.waiting_rows(&mut snapshot, APPROVALS, &page, self.show_decided).await?;
        let (rows, next_page_token) = listed;
        let mut approvals = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::Approval(row) = &found.row else { return Err(damaged()) };
            let one = shown(&book, &found.id, row, today);
            let waits = one.state() == v1::ApprovalState::Waiting;
            let here = of.as_ref().is_none_or(|of| *of == entity(row));
            if here && (waits || self.show_decided) && sees(call, row) {
                approvals.push(one);
            }
        }
        Ok(v1::ListApprovalsResponse { approvals, next_page_token })
    }
}

impl Method for v1::GetApprovalRequest {
    type Response = v1::GetApprovalResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (seen, mut snapshot) = seen(call, &self.name).await?;
        let today = today(call, &mut snapshot).await?;
        let mut approval = shown(&seen.book, seen.asked.as_str(), &seen.row, today);
        let opened = call.open(&mut snapshot, &seen.book, seen.row.texts.iter()).await?;
        let texts = seen.texts(&opened);
        let message = seen.revived(&texts)?.message;
        approval.fields = fields::of(&seen.row.method, &message).ok_or_else(damaged)?;
        let reason = &seen.row.reason;
        let opened = call.open(&mut snapshot, &seen.book, std::iter::once(reason)).await?;
        (approval.reason, approval.reason_erased) = opened.text(Sort::Remark, reason);
        Ok(v1::GetApprovalResponse { approval: Some(approval) })
    }
}

// ---- deciding -----------------------------------------------------------------------------------

impl Method for v1::ApproveRequest {
    type Response = v1::ApproveResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (seen, mut snapshot) = seen(call, &self.name).await?;
        // What is done is what was asked, whatever of it the caller sees.
        let opened = call.open_fully(&mut snapshot, &seen.book, seen.row.texts.iter()).await?;
        let texts = seen.texts(&opened);
        snapshot.finish().await?;
        let prepared = seen.revived(&texts)?.prepared?;
        let memo = texts.into_iter().next().unwrap_or_default();
        let (asked, checker) = (seen.asked.clone(), call.caller().1.author.clone());
        let agreed = |action| Approve { asked, checker, action };
        let done = call.agree(self, &seen.row, prepared, memo, agreed).await?;
        let approval = Some(seen.decided(done.row(&approval_name(&seen.asked))?)?);
        Ok(v1::ApproveResponse { approval, transaction: Some(done.transaction(call)) })
    }
}

impl Seen {
    /// As a decision left it, on whatever day.
    fn decided(&self, row: &Row) -> Checked<v1::Approval> {
        let Row::Approval(row) = row else { return Err(damaged()) };
        Ok(shown(&self.book, self.asked.as_str(), row, Day::new(row.asked_on)))
    }
}

impl Mutation for v1::RejectApprovalRequest {
    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.reason]
    }

    fn commitments(&self, effect: &crate::domain::record::Effect) -> Vec<Vec<u8>> {
        let reason = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Approval(row) => Some(row.reason.clone()),
            _ => None,
        });
        vec![reason.unwrap_or_default()]
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        self.planned(texts, &Entity::Lkm)
    }
}

impl v1::RejectApprovalRequest {
    /// The reason belongs to whom the request is about.
    fn planned(&self, texts: &[String], of: &Entity) -> Checked<Plan> {
        let (book, asked) = named(&self.name)?;
        if let Some(reason) = texts.first() {
            convert::prose(reason, REASON, "reason")?;
        }
        Ok(Plan::sealed(book, of.path(), |mut reason| {
            let reason = reason.pop().unwrap_or_default();
            Reject { asked, reason }
        }))
    }
}

impl Method for v1::RejectApprovalRequest {
    type Response = v1::RejectApprovalResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (seen, snapshot) = seen(call, &self.name).await?;
        snapshot.finish().await?;
        let plan = self.planned(std::slice::from_ref(&self.reason), &entity(&seen.row))?;
        let done = call.submit_as(self, plan).await?;
        let approval = seen.decided(done.row(&approval_name(&seen.asked))?)?;
        Ok(v1::RejectApprovalResponse { approval: Some(approval) })
    }
}

impl Mutation for v1::WithdrawApprovalRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, asked) = named(&self.name)?;
        Ok(Plan::new(book, &Entity::Lkm, Withdraw { asked }))
    }
}

impl Method for v1::WithdrawApprovalRequest {
    type Response = v1::WithdrawApprovalResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (seen, snapshot) = seen(call, &self.name).await?;
        snapshot.finish().await?;
        let done = call.submit(self).await?;
        let approval = seen.decided(done.row(&approval_name(&seen.asked))?)?;
        Ok(v1::WithdrawApprovalResponse { approval: Some(approval) })
    }
}

// ---- rules --------------------------------------------------------------------------------------

impl Mutation for v1::SetApprovalRulesRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("since", "rule.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let rule = self.rule.as_ref().ok_or_else(|| Fault::Required.on("rule"))?;
        if !(1..=MOST_DAYS).contains(&rule.days_waiting) {
            return Err(Fault::NumberOutOfRange.on("rule.days_waiting"));
        }
        let mut limits: Vec<ApprovalLimit> = Vec::with_capacity(rule.limits.len());
        for (index, one) in rule.limits.iter().enumerate() {
            let at = |field: &str| format!("rule.limits[{index}].{field}");
            let kind: ApprovalKind = convert::choice(one.kind, &at("kind"))?;
            if !is_limited(kind) {
                return Err(Fault::KindHasNoLimit.on(&at("kind")));
            }
            if limits.iter().any(|limit| limit.kind() == kind) {
                return Err(Fault::KindRepeated.on(&at("kind")));
            }
            let amount = convert::money_or_zero(one.amount.as_ref(), &at("amount"))?.get();
            limits.push(ApprovalLimit { kind: kind as i32, amount });
        }
        let since = convert::day(rule.since.as_ref(), "rule.since")?.get();
        let rule = ApprovalRule { since, limits, days_waiting: rule.days_waiting };
        Ok(Plan::new(book, &Entity::Lkm, SetApprovalRules { rule }))
    }
}

impl Method for v1::SetApprovalRulesRequest {
    type Response = v1::SetApprovalRulesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let done = call.submit(self).await?;
        let Row::ApprovalRules(row) = done.row(&rules_name())? else { return Err(damaged()) };
        Ok(v1::SetApprovalRulesResponse { rules: row.rules.iter().map(rule).collect() })
    }
}

impl Method for v1::ListApprovalRulesRequest {
    type Response = v1::ListApprovalRulesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let mut snapshot = call.snapshot(&book, "book").await?;
        let rules = match snapshot.row(&rules_name()).await?.map(|found| found.row) {
            Some(Row::ApprovalRules(rules)) => rules,
            Some(_) => return Err(damaged()),
            None => ApprovalRules::default(),
        };
        Ok(v1::ListApprovalRulesResponse { rules: rules.rules.iter().map(rule).collect() })
    }
}

fn rule(rule: &ApprovalRule) -> v1::ApprovalRule {
    let limit = |limit: &ApprovalLimit| v1::ApprovalLimit {
        kind: limit.kind,
        amount: Some(convert::to_money(Sen::new(limit.amount))),
    };
    v1::ApprovalRule {
        since: convert::to_optional_date(rule.since),
        limits: rule.limits.iter().map(limit).collect(),
        days_waiting: rule.days_waiting,
    }
}
