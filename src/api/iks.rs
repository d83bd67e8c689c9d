//! A group's solidarity fund: rule, dues, relief, share of the result (catalogue events 15 to 17).

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Opened, Page, Plan, damaged, detailed, not_found, plain, service,
    transactions,
};
use crate::api::errors::Fault;
use crate::api::journal::warning;
use crate::api::ledger::{natural, read_point, span_of_days};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::api::v1::receive_dues_request::Payer as Named;
use crate::api::v1::share_result_request::Share as Asked;
use crate::domain::account::Account;
use crate::domain::cash::Place;
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::dues;
use crate::domain::effective::in_force;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::iks::{Payer, ReceiveDues, iks_ledger};
use crate::domain::iks_rule::{SetIksRule, period_of, rules_name};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, DuesPeriod, IksRule, IksRules, Member, ReliefKind};
use crate::domain::record::{Effect, Entry, Event, Outcome, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::relief::{Case, PayRelief};
use crate::domain::result_share::{Share, ShareResult};
use crate::storage::read::{AsOf, Line, Order, Snapshot, Span};

/// The most members a rule may ask consent of, or a request may count.
const MOST_CONSENTS: u32 = 1000;
/// How many entries or days are read at a time.
const CHUNK: u32 = 500;

service! {
    iks_service_server::IksService {
        set_iks_rule: SetIksRuleRequest => SetIksRuleResponse;
        get_iks_rule: GetIksRuleRequest => GetIksRuleResponse;
        list_iks_rules: ListIksRulesRequest => ListIksRulesResponse;
        receive_dues: ReceiveDuesRequest => ReceiveDuesResponse;
        list_dues: ListDuesRequest => ListDuesResponse;
        request_relief: RequestReliefRequest => RequestReliefResponse;
        pay_relief: PayReliefRequest => PayReliefResponse;
        list_reliefs: ListReliefsRequest => ListReliefsResponse;
        share_result: ShareResultRequest => ShareResultResponse;
        get_iks_statement: GetIksStatementRequest => GetIksStatementResponse;
    }
}

transactions! {
    ReceiveDuesRequest => ReceiveDuesResponse;
    RequestReliefRequest => RequestReliefResponse;
    PayReliefRequest => PayReliefResponse;
    ShareResultRequest => ShareResultResponse;
}

// ---- the rule ---------------------------------------------------------------------------------

impl Mutation for v1::SetIksRuleRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("since", "rule.since")];

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let rule = self.rule.as_ref().ok_or_else(|| Fault::Required.on("rule"))?;
        let rule = checked_rule(rule)?;
        Ok(Plan::new(book, &entity, SetIksRule { group, rule }))
    }
}

fn checked_rule(rule: &v1::IksRule) -> Checked<IksRule> {
    let dues = match &rule.dues {
        None => Sen::ZERO,
        dues => convert::money_or_zero(dues.as_ref(), "rule.dues")?,
    };
    let period: DuesPeriod = match dues.is_zero() {
        true => convert::open_choice(rule.period, "rule.period")?,
        false => convert::choice(rule.period, "rule.period")?,
    };
    if rule.quorum > MOST_CONSENTS {
        return Err(Fault::NumberOutOfRange.on("rule.quorum"));
    }
    Ok(IksRule {
        since: convert::day(rule.since.as_ref(), "rule.since")?.get(),
        period: period as i32,
        dues: dues.get(),
        result_share: percent(rule)?,
        caps: caps(&rule.caps)?,
        quorum: rule.quorum,
        minute: convert::required_line(&rule.minute, 80, "rule.minute")?,
    })
}

fn percent(rule: &v1::IksRule) -> Checked<String> {
    let Some(percent) = &rule.result_share_percent else { return Ok(String::new()) };
    let field = "rule.result_share_percent";
    let number: Decimal = percent.value.parse().map_err(|_| Fault::QuantityMalformed.on(field))?;
    let number = number.normalize();
    let fits = number > Decimal::ZERO && number <= Decimal::ONE_HUNDRED && number.scale() <= 4;
    if fits { Ok(number.to_string()) } else { Err(Fault::NumberOutOfRange.on(field)) }
}

fn caps(caps: &[v1::ReliefCap]) -> Checked<Vec<proto::ReliefCap>> {
    let mut checked: Vec<proto::ReliefCap> = Vec::with_capacity(caps.len());
    for (index, cap) in caps.iter().enumerate() {
        let at = |name: &str| format!("rule.caps[{index}].{name}");
        let kind = convert::choice::<ReliefKind>(cap.kind, &at("kind"))? as i32;
        if checked.iter().any(|other| other.kind == kind) {
            return Err(Fault::ChoiceUnknown.on(&at("kind")));
        }
        let cap = convert::money(cap.cap.as_ref(), &at("cap"))?.get();
        checked.push(proto::ReliefCap { kind, cap });
    }
    Ok(checked)
}

impl Method for v1::SetIksRuleRequest {
    type Response = v1::SetIksRuleResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, group) = convert::group(&self.group, "group")?;
        let done = call.submit(self).await?;
        let Row::IksRules(rules) = done.row(&rules_name(&group))? else { return Err(damaged()) };
        Ok(v1::SetIksRuleResponse { rules: rules.rules.iter().map(rule).collect() })
    }
}

fn rule(rule: &IksRule) -> v1::IksRule {
    let cap = |cap: &proto::ReliefCap| v1::ReliefCap {
        kind: cap.kind,
        cap: Some(convert::to_money(Sen::new(cap.cap))),
    };
    v1::IksRule {
        since: Some(convert::to_date(Day::new(rule.since))),
        period: rule.period,
        dues: Some(convert::to_money(Sen::new(rule.dues))),
        result_share_percent: convert::to_decimal(&rule.result_share),
        caps: rule.caps.iter().map(cap).collect(),
        quorum: rule.quorum,
        minute: rule.minute.clone(),
    }
}

/// A group's rules, none if it has set none. Errors: `NOT_FOUND` for an unknown group.
async fn rules(snapshot: &mut Snapshot, group: &Id) -> Checked<IksRules> {
    match snapshot.row(&rules_name(group)).await?.map(|found| found.row) {
        None => Ok(IksRules::default()),
        Some(Row::IksRules(rules)) => Ok(rules),
        Some(_) => Err(damaged()),
    }
}

/// The day asked about, or the book's business day.
async fn day_asked(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    on: Option<&crate::api::google_type::Date>,
) -> Checked<Day> {
    if let Some(day) = convert::optional_day(on, "on")? {
        return Ok(day);
    }
    match call.row(snapshot, &RowName::book(), "group").await? {
        Row::Book(settings) => Ok(Day::new(settings.business_day)),
        _ => Err(damaged()),
    }
}

fn rule_not_set(call: &Call<'_>) -> Vec<v1::Warning> {
    vec![warning(&Refusal::new(Reason::RuleNotSet), 0, call.language())]
}

impl Method for v1::GetIksRuleRequest {
    type Response = v1::GetIksRuleResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let mut snapshot = call.snapshot_of(&book, &entity, "group").await?;
        let on = day_asked(call, &mut snapshot, self.on.as_ref()).await?;
        let rules = rules(&mut snapshot, &group).await?;
        let rule = in_force(&rules.rules, on).map(rule);
        let warnings = if rule.is_some() { Vec::new() } else { rule_not_set(call) };
        Ok(v1::GetIksRuleResponse { rule, warnings })
    }
}

impl Method for v1::ListIksRulesRequest {
    type Response = v1::ListIksRulesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let mut snapshot = call.snapshot_of(&book, &entity, "group").await?;
        let rules = rules(&mut snapshot, &group).await?;
        Ok(v1::ListIksRulesResponse { rules: rules.rules.iter().map(rule).collect() })
    }
}

// ---- dues -------------------------------------------------------------------------------------

impl Mutation for v1::ReceiveDuesRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let owner = (&book, &entity);
        let payer = match &self.payer {
            Some(Named::Member(name)) => {
                Payer::Member(convert::owned_by(name, owner, "members", "member")?)
            }
            Some(Named::Donor(name)) => {
                Payer::Party(convert::owned_by(name, owner, "parties", "donor")?)
            }
            None => return Err(Fault::Required.on("member")),
        };
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        let for_day = convert::optional_day(self.for_day.as_ref(), "for_day")?;
        Ok(Plan::new(book, &entity, ReceiveDues { group, payer, amount, place, for_day }))
    }
}

impl Method for v1::ListDuesRequest {
    type Response = v1::ListDuesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "group").await?;
        let on = day_asked(call, &mut snapshot, self.on.as_ref()).await?;
        let rules = rules(&mut snapshot, &group).await?;
        let read_point = Some(read_point(&mut snapshot, None).await?);
        let in_force = in_force(&rules.rules, on);
        let shown = in_force.map(rule);
        let Some(in_force) = in_force.filter(|rule| rule.dues > 0) else {
            let warnings = rule_not_set(call);
            return Ok(v1::ListDuesResponse {
                rule: shown,
                warnings,
                read_point,
                ..Default::default()
            });
        };
        let (from, through) = period_of(in_force.period(), on);
        let paid = paid_between(&mut snapshot, &entity, from, through).await?;
        let parent = RowName::of(&entity, "members", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let mut dues = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::Member(member) = &found.row else { return Err(damaged()) };
            if belongs(member, from, through) {
                let name = convert::row_name(&book, RowName::of(&entity, "members", &found.id));
                let paid = paid.get(&found.id).copied().unwrap_or(Sen::ZERO);
                dues.push(standing(name, Sen::new(in_force.dues), paid)?);
            }
        }
        Ok(v1::ListDuesResponse {
            rule: shown,
            from: Some(convert::to_date(from)),
            through: Some(convert::to_date(through)),
            dues,
            next_page_token,
            warnings: Vec::new(),
            read_point,
        })
    }
}

/// Whether somebody was a member on some day of a span.
fn belongs(member: &Member, from: Day, through: Day) -> bool {
    member.joined_on <= through.get() && (member.left_on == 0 || member.left_on > from.get())
}

fn standing(member: String, due: Sen, paid: Sen) -> Checked<v1::DuesStanding> {
    let missing = due.minus(paid)?.max(Sen::ZERO);
    Ok(v1::DuesStanding {
        member,
        due: Some(convert::to_money(due)),
        paid: Some(convert::to_money(paid)),
        missing: Some(convert::to_money(missing)),
    })
}

/// What each member has paid for the days of a span. Cost: one row for each of those days on which
/// dues were paid.
async fn paid_between(
    snapshot: &mut Snapshot,
    entity: &Entity,
    from: Day,
    through: Day,
) -> Checked<HashMap<String, Sen>> {
    let parent = RowName::of(entity, dues::COLLECTION, "").parent;
    let mut after = Day::new(from.get() - 1).to_string();
    let last = through.to_string();
    let mut paid: HashMap<String, Sen> = HashMap::new();
    loop {
        let rows = snapshot.rows(&parent, &after, CHUNK).await?;
        for found in rows.iter().take_while(|found| found.id <= last) {
            let Row::DuesDay(day) = &found.row else { return Err(damaged()) };
            for entry in &day.paid {
                let sum = paid.entry(entry.member.clone()).or_default();
                *sum = sum.plus(Sen::new(entry.amount))?;
            }
        }
        match rows.last() {
            Some(found) if rows.len() == CHUNK as usize && found.id < last => {
                after.clone_from(&found.id);
            }
            _ => return Ok(paid),
        }
    }
}

// ---- relief -----------------------------------------------------------------------------------

/// A kind of trouble by the word people use; none for an empty text.
fn kind_of_trouble(text: &str) -> Checked<Option<ReliefKind>> {
    match text {
        "" => Ok(None),
        "musibah" => Ok(Some(ReliefKind::Musibah)),
        "sakit" => Ok(Some(ReliefKind::Sakit)),
        "kematian" => Ok(Some(ReliefKind::Kematian)),
        "sekolah" => Ok(Some(ReliefKind::Sekolah)),
        "lainnya" => Ok(Some(ReliefKind::Other)),
        _ => Err(Fault::ChoiceUnknown.on("kind")),
    }
}

/// Asking and telling have the same fields.
macro_rules! relief {
    ($($request:ident, $asked:literal;)+) => {$(
        impl Mutation for v1::$request {
            const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member"), ("case", "case_id")];

            detailed!();

            fn texts(&mut self) -> Vec<&mut String> {
                vec![&mut self.kind]
            }

            fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
                recorded(effect).map_or_else(Vec::new, |row| vec![row.kind.clone()])
            }

            fn plan(&self, texts: &[String]) -> Checked<Plan> {
                let (book, group, member) =
                    convert::owned_by_group(&self.member, "members", "member")?;
                let entity = Entity::Kube(group.clone());
                let kind = kind_of_trouble(texts.first().map_or("", String::as_str))?;
                if $asked && kind.is_none() {
                    return Err(Fault::Required.on("kind"));
                }
                if self.consents > MOST_CONSENTS {
                    return Err(Fault::NumberOutOfRange.on("consents"));
                }
                let meeting = self.details.as_ref().map_or("", |details| &details.meeting);
                let meeting = convert::meeting(meeting, &book)?;
                let amount = convert::money(self.amount.as_ref(), "amount")?;
                let place = convert::place(self.place.as_ref(), &book, "place")?;
                let consents = self.consents;
                let named = convert::optional_id(&self.case_id, "case_id")?;
                let owner = RowName::of(&entity, "members", member.as_str()).to_string();
                let build = move |mut sealed: Vec<Vec<u8>>| {
                    let sealed_kind = sealed.pop().unwrap_or_default();
                    let case =
                        Case { asked: $asked, kind, sealed_kind, consents, meeting, named };
                    PayRelief { group, member, amount, place, case }
                };
                Ok(Plan::sealed(book, owner, build).memo_of(&entity))
            }
        }
    )+};
}

relief! {
    RequestReliefRequest, true;
    PayReliefRequest, false;
}

/// The relief a record wrote.
fn recorded(effect: &Effect) -> Option<&proto::Relief> {
    effect.rows.iter().find_map(|(_, row)| match row {
        Row::Relief(relief) => Some(relief),
        _ => None,
    })
}

impl Method for v1::ListReliefsRequest {
    type Response = v1::ListReliefsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let entity = Entity::Kube(group);
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = RowName::of(&entity, "reliefs", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let sealed = rows.iter().filter_map(|found| match &found.row {
            Row::Relief(relief) => Some(&relief.kind),
            _ => None,
        });
        let opened = call.open(&mut snapshot, &book, sealed).await?;
        let answer = |found: &crate::storage::read::RegisterRow| {
            relief(&book, &entity, &found.id, &found.row, &opened)
        };
        let reliefs = rows.iter().map(answer).collect::<Checked<_>>()?;
        Ok(v1::ListReliefsResponse { reliefs, next_page_token })
    }
}

fn relief(book: &Id, entity: &Entity, id: &str, row: &Row, opened: &Opened) -> Checked<v1::Relief> {
    let Row::Relief(row) = row else { return Err(damaged()) };
    let (kind, erased) = opened.text(Sort::Health, &row.kind);
    Ok(v1::Relief {
        name: convert::row_name(book, RowName::of(entity, "reliefs", id)),
        member: convert::row_name(book, RowName::of(entity, "members", &row.member)),
        amount: Some(convert::to_money(Sen::new(row.amount))),
        paid_on: Some(convert::to_date(Day::new(row.paid_on))),
        kind,
        erased,
        consents: row.consents,
        asked: row.asked,
        reversed: row.reversed,
        transaction: convert::transaction_name(book, id),
        case_id: row.case.clone(),
    })
}

// ---- share of the result ----------------------------------------------------------------------

impl Mutation for v1::ShareResultRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("result", "of_result")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let share = match &self.share {
            Some(Asked::Amount(money)) => Share::Amount(convert::money(Some(money), "amount")?),
            Some(Asked::OfResult(money)) => {
                Share::OfResult(convert::money(Some(money), "of_result")?)
            }
            None => return Err(Fault::Required.on("amount")),
        };
        let settled: Option<Place> = match &self.settled {
            None => None,
            place => Some(convert::place(place.as_ref(), &book, "settled")?),
        };
        let from = convert::choice(self.fund, "fund")?;
        Ok(Plan::new(book, &entity, ShareResult { group, from, share, settled }))
    }
}

// ---- the statement ----------------------------------------------------------------------------

/// What came in and went out of the fund, by sort; what goes out is negative.
#[derive(Default)]
struct Sums {
    dues: Sen,
    donations: Sen,
    result_share: Sen,
    relief: Sen,
    other: Sen,
}

impl Method for v1::GetIksStatementRequest {
    type Response = v1::GetIksStatementResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let mut snapshot = call.snapshot_of(&book, &entity, "group").await?;
        let (from, through) = (self.from.as_ref(), self.through.as_ref());
        let (from, through) = span_of_days(call, &mut snapshot, from, through).await?;
        let fund = iks_ledger(&group).account(Code::SolidarityFund);
        let eve = Day::new(from.get().saturating_sub(1));
        let opening = held(&mut snapshot, &fund, eve).await?;
        let closing = held(&mut snapshot, &fund, through).await?;
        let sums = sums(&mut snapshot, &fund, (from, through)).await?;
        let money = |sen| Some(convert::to_money(sen));
        Ok(v1::GetIksStatementResponse {
            opening: money(opening),
            dues: money(sums.dues),
            donations: money(sums.donations),
            result_share: money(sums.result_share),
            relief: money(sums.relief.negated()?),
            other: money(sums.other),
            closing: money(closing),
            read_point: Some(read_point(&mut snapshot, None).await?),
        })
    }
}

async fn held(snapshot: &mut Snapshot, account: &Account, on: Day) -> Checked<Sen> {
    let as_of = AsOf { effective: Some(on), position: None };
    natural(account.code, snapshot.balance(account, as_of).await?)
}

async fn sums(snapshot: &mut Snapshot, fund: &Account, days: (Day, Day)) -> Checked<Sums> {
    let mut sums = Sums::default();
    let mut after = None;
    loop {
        let span = Span::Days(days.0, days.1);
        let lines = snapshot.statement(fund, span, None, Order::OldestFirst, after, CHUNK).await?;
        let positions: Vec<u64> = lines.iter().map(|line| line.position).collect();
        let records = snapshot.records(&positions).await?;
        for line in &lines {
            let record = records.iter().find(|record| record.position == line.position);
            add_line(snapshot, &mut sums, line, record.ok_or_else(damaged)?).await?;
        }
        match lines.last() {
            Some(last) if lines.len() == CHUNK as usize => after = Some((last.position, last.leg)),
            _ => return Ok(sums),
        }
    }
}

async fn add_line(
    snapshot: &mut Snapshot,
    sums: &mut Sums,
    line: &Line,
    record: &Record,
) -> Checked<()> {
    let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
    let entry = effect.entries.get(line.leg as usize).ok_or_else(damaged)?;
    // What was taken back is of the sort of what it takes back.
    let event = match &effect.reverses {
        None => record.event,
        Some((original, _)) => {
            let unknown = || not_found(original.as_str(), "group");
            let receipt = snapshot.receipt(original).await?.ok_or_else(unknown)?;
            snapshot.record(receipt.position).await?.ok_or_else(damaged)?.event
        }
    };
    let sum = sort_of(sums, event, entry);
    *sum = sum.plus(natural(Code::SolidarityFund, line.amount)?)?;
    Ok(())
}

fn sort_of<'a>(sums: &'a mut Sums, event: Event, entry: &Entry) -> &'a mut Sen {
    match event {
        Event::DuesReceived if entry.party.contains("/parties/") => &mut sums.donations,
        Event::DuesReceived | Event::SheetRecorded | Event::SheetDecided => &mut sums.dues,
        Event::SuspenseCleared if entry.party.contains("/members/") => &mut sums.dues,
        Event::ReliefPaid => &mut sums.relief,
        Event::ResultShared => &mut sums.result_share,
        _ => &mut sums.other,
    }
}
