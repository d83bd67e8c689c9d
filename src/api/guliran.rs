//! Guliran: capital that groups pass on to groups (catalogue events 46 to 49).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Done, Method, Mutation, Opened, Page, Plan, damaged, detailed, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::grant::answer_with_grant;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::api::v1::deliver_guliran_request::Receiver as To;
use crate::domain::guliran::{
    Confirm, Decide, Deliver, Excuse, Item, Lend, Receiver, Release, RepayLoan, SetRule,
    in_transit, pass_name, rules_name,
};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, ArrivalState, GuliranRules, PassChannel};
use crate::domain::record::{Effect, Row};
use crate::locale::text::guliran_rule_text;
use crate::storage::read::Snapshot;

/// The most things of one pass.
const MAX_ITEMS: usize = 100;

service! {
    guliran_service_server::GuliranService {
        set_guliran_rule: SetGuliranRuleRequest => SetGuliranRuleResponse;
        list_guliran_rules: ListGuliranRulesRequest => ListGuliranRulesResponse;
        decide_guliran: DecideGuliranRequest => DecideGuliranResponse;
        deliver_guliran: DeliverGuliranRequest => DeliverGuliranResponse;
        release_guliran: ReleaseGuliranRequest => ReleaseGuliranResponse;
        confirm_guliran: ConfirmGuliranRequest => ConfirmGuliranResponse;
        excuse_guliran: ExcuseGuliranRequest => ExcuseGuliranResponse;
        lend_guliran: LendGuliranRequest => LendGuliranResponse;
        repay_guliran: RepayGuliranRequest => RepayGuliranResponse;
        get_pass: GetPassRequest => GetPassResponse;
        list_passes: ListPassesRequest => ListPassesResponse;
        list_transit: ListTransitRequest => ListTransitResponse;
        export_transfer: ExportTransferRequest => ExportTransferResponse;
        import_transfer: ImportTransferRequest => ImportTransferResponse;
        export_receipt: ExportReceiptRequest => ExportReceiptResponse;
        acknowledge_transfer: AcknowledgeTransferRequest => AcknowledgeTransferResponse;
        get_lineage: GetLineageRequest => GetLineageResponse;
    }
}

transactions! {
    SetGuliranRuleRequest => SetGuliranRuleResponse;
    LendGuliranRequest => LendGuliranResponse;
    RepayGuliranRequest => RepayGuliranResponse;
}

answer_with_grant! {
    DecideGuliranRequest => DecideGuliranResponse;
    ExcuseGuliranRequest => ExcuseGuliranResponse;
}

impl Mutation for v1::SetGuliranRuleRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("since", "rule.since")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let rule = self.rule.as_ref().ok_or_else(|| Fault::Required.on("rule"))?;
        if rule.due_months > 600 {
            return Err(Fault::NumberOutOfRange.on("rule.due_months"));
        }
        let action = SetRule {
            group: group.clone(),
            since: convert::day(rule.since.as_ref(), "rule.since")?,
            share_percent: convert::percent(rule.share_percent.as_ref(), "rule.share_percent")?,
            due_months: rule.due_months,
        };
        Ok(Plan::new(book, &Entity::Kube(group), action))
    }
}

impl Method for v1::ListGuliranRulesRequest {
    type Response = v1::ListGuliranRulesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.group, "group")?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Kube(group.clone()), "group").await?;
        let rules = rules_of(&mut snapshot, &group).await?;
        let text = guliran_rule_text(rules.rules.last(), call.language());
        let rule = |rule: &proto::GuliranRule| v1::GuliranRule {
            since: convert::to_optional_date(rule.since),
            share_percent: convert::to_decimal(&rule.share_percent),
            due_months: rule.due_months,
        };
        let rules = rules.rules.iter().map(rule).collect();
        Ok(v1::ListGuliranRulesResponse { rules, text })
    }
}

pub(super) async fn rules_of(snapshot: &mut Snapshot, group: &Id) -> Checked<GuliranRules> {
    match snapshot.row(&rules_name(group)).await?.map(|found| found.row) {
        Some(Row::GuliranRules(rules)) => Ok(rules),
        Some(_) => Err(damaged()),
        None => Ok(GuliranRules::default()),
    }
}

impl Mutation for v1::DecideGuliranRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let amount = match &self.amount {
            Some(amount) => Some(convert::money(Some(amount), "amount")?),
            None => None,
        };
        let due_on = convert::optional_day(self.due_on.as_ref(), "due_on")?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, Decide { group, grant, amount, due_on }))
    }
}

impl Mutation for v1::ExcuseGuliranRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        convert::by_minute(self.details.as_ref())?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let entity = Entity::Kube(group.clone());
        Ok(Plan::new(book, &entity, Excuse { group, grant, amount }))
    }
}

impl Mutation for v1::DeliverGuliranRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("receiver", "to_group.group"),
        ("receiver_grant_id", "to_group.grant_id"),
        ("lot", "items"),
        ("quantity", "items"),
        ("amount", "cash"),
    ];

    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        match &mut self.receiver {
            Some(To::ToUnbookedGroup(name) | To::ToFamily(name)) => vec![name],
            _ => Vec::new(),
        }
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let pass = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Pass(pass) => Some(pass.receiver_name.clone()),
            _ => None,
        });
        match &self.receiver {
            Some(To::ToUnbookedGroup(_) | To::ToFamily(_)) => vec![pass.unwrap_or_default()],
            _ => Vec::new(),
        }
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let giver = Entity::Kube(group.clone());
        convert::at_most(&self.items, MAX_ITEMS, "items")?;
        let with_books = matches!(self.receiver, Some(To::ToGroup(_)));
        let item = |(index, item)| pass_item(item, (&book, &giver), with_books, index);
        let items: Vec<Item> = self.items.iter().enumerate().map(item).collect::<Checked<_>>()?;
        let cash = convert::money_or_zero(self.cash.as_ref(), "cash")?;
        if cash.is_zero() && items.is_empty() {
            return Err(Fault::AmountZero.on("cash"));
        }
        let channel = match (cash.is_zero(), convert::open_choice(self.channel, "channel")?) {
            (false, PassChannel::Unspecified) if !self.before_books => {
                return Err(Fault::ChoiceUnknown.on("channel"));
            }
            (_, channel) => channel,
        };
        let receiver = self.receiver_of(&book, texts)?;
        let pass = convert::id(&self.pass_id, "pass_id")?;
        let (before_books, reported) = (self.before_books, self.reported);
        let owner = giver.path();
        Ok(Plan::sealed(book, owner, move |mut texts| {
            let name = texts.pop().unwrap_or_default();
            let receiver = match receiver {
                Receiver::UnbookedGroup(_) => Receiver::UnbookedGroup(name),
                Receiver::Family(_) => Receiver::Family(name),
                known => known,
            };
            Deliver { group, grant, pass, receiver, channel, cash, items, before_books, reported }
        }))
    }
}

impl v1::DeliverGuliranRequest {
    /// The receiver; the name of one without books follows once it is sealed.
    fn receiver_of(&self, book: &Id, texts: &[String]) -> Checked<Receiver> {
        let named = |field| match texts.first().map(String::as_str) {
            Some("") | None => Err(Fault::Required.on(field)),
            Some(name) => convert::line(name, 120, field).map(|_| Vec::new()),
        };
        match &self.receiver {
            Some(To::ToGroup(to)) => receiving_group(to, book, "to_group"),
            Some(To::ToOtherBook(name)) => {
                let (other, _) = convert::group(name, "to_other_book")?;
                if other == *book {
                    return Err(Fault::WrongParent.on("to_other_book"));
                }
                Ok(Receiver::OtherBook(name.clone()))
            }
            Some(To::ToUnbookedGroup(_)) => named("to_unbooked_group").map(Receiver::UnbookedGroup),
            Some(To::ToFamily(_)) => named("to_family").map(Receiver::Family),
            Some(To::ToPool(true)) => Ok(Receiver::Pool),
            Some(To::ToPool(false)) | None => Err(Fault::Required.on("to_group")),
        }
    }
}

fn receiving_group(to: &v1::ReceivingGroup, book: &Id, field: &str) -> Checked<Receiver> {
    let at = |name: &str| format!("{field}.{name}");
    let (of, group) = convert::group(&to.group, &at("group"))?;
    if of != *book {
        return Err(Fault::WrongParent.on(&at("group")));
    }
    Ok(Receiver::Group(group, convert::id(&to.grant_id, &at("grant_id"))?))
}

fn pass_item(
    item: &v1::PassItem,
    owner: (&Id, &Entity),
    with_books: bool,
    index: usize,
) -> Checked<Item> {
    let at = |name: &str| format!("items[{index}].{name}");
    let new_lot = convert::optional_id(&item.new_lot_id, &at("new_lot_id"))?;
    if with_books && new_lot.is_none() {
        return Err(Fault::Required.on(&at("new_lot_id")));
    }
    Ok(Item {
        lot: convert::owned_by(&item.lot, owner, "lots", &at("lot"))?,
        quantity_milli: convert::quantity(item.quantity.as_ref(), &at("quantity"))?,
        value: convert::money(item.value.as_ref(), &at("value"))?,
        new_lot: new_lot.filter(|_| with_books),
    })
}

impl Mutation for v1::ReleaseGuliranRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("receiver_grant_id", "receiver.grant_id"), ("group", "receiver.group")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, giver, pass) = convert::owned_by_group(&self.pass, "passes", "pass")?;
        let to = self.receiver.as_ref().ok_or_else(|| Fault::Required.on("receiver"))?;
        let Receiver::Group(receiver, grant) = receiving_group(to, &book, "receiver")? else {
            return Err(Fault::Required.on("receiver"));
        };
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let action = Release { giver, pass, receiver, grant, amount };
        Ok(Plan::new(book, &Entity::Lkm, action))
    }
}

impl Mutation for v1::ConfirmGuliranRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, giver, pass) = convert::owned_by_group(&self.pass, "passes", "pass")?;
        let (of, receiver) = convert::group(&self.receiver, "receiver")?;
        if of != book {
            return Err(Fault::WrongParent.on("receiver"));
        }
        let arrived =
            convert::choice::<ArrivalState>(self.state, "state")? == ArrivalState::Confirmed;
        let entity = Entity::Kube(receiver.clone());
        Ok(Plan::new(book, &entity, Confirm { giver, pass, receiver, arrived }))
    }
}

impl Mutation for v1::LendGuliranRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender) = convert::entity(&self.lender, "lender")?;
        let (of, borrower) = convert::group(&self.borrower, "borrower")?;
        if of != book {
            return Err(Fault::WrongParent.on("borrower"));
        }
        let action = Lend {
            lender: lender.clone(),
            loan: convert::id(&self.loan_id, "loan_id")?,
            borrower,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            due_on: convert::optional_day(self.due_on.as_ref(), "due_on")?,
        };
        Ok(Plan::new(book, &lender, action))
    }
}

impl Mutation for v1::RepayGuliranRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("loan", "loan_id")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender) = convert::entity(&self.lender, "lender")?;
        let loan = convert::id(&self.loan_id, "loan_id")?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let action = RepayLoan { lender: lender.clone(), loan, amount };
        Ok(Plan::new(book, &lender, action))
    }
}

// ---- passes --------------------------------------------------------------------------------

impl Method for v1::DeliverGuliranRequest {
    type Response = v1::DeliverGuliranResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, group, _) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let name = pass_name(&group, &convert::id(&self.pass_id, "pass_id")?);
        let done = call.submit(self).await?;
        let pass = Some(after(call, &done, &name).await?);
        Ok(v1::DeliverGuliranResponse { transaction: Some(done.transaction(call)), pass })
    }
}

macro_rules! answer_with_pass {
    ($($request:ident => $response:ident;)+) => {
        $(impl Method for v1::$request {
            type Response = v1::$response;

            async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
                let (_, group, pass) = convert::owned_by_group(&self.pass, "passes", "pass")?;
                let name = pass_name(&group, &pass);
                let done = call.submit(self).await?;
                let pass = Some(after(call, &done, &name).await?);
                Ok(v1::$response { transaction: Some(done.transaction(call)), pass })
            }
        })+
    };
}

answer_with_pass! {
    ReleaseGuliranRequest => ReleaseGuliranResponse;
    ConfirmGuliranRequest => ConfirmGuliranResponse;
}

/// The pass as a mutation left it; as it is now where a report of it was only flagged.
pub(super) async fn after(call: &Call<'_>, done: &Done, name: &RowName) -> Checked<v1::Pass> {
    let mut snapshot = call.snapshot(&done.book, "pass").await?;
    let row = match done.row(name) {
        Ok(row) => row.clone(),
        Err(_) => call.row(&mut snapshot, name, "pass").await?,
    };
    let opened = call.open(&mut snapshot, &done.book, sealed(&row)).await?;
    pass(&done.book, name, &row, &opened)
}

pub(super) fn sealed(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let name = match row {
        Row::Pass(pass) => Some(&pass.receiver_name),
        _ => None,
    };
    name.into_iter()
}

/// A pass as the API shows it.
pub(super) fn pass(book: &Id, name: &RowName, row: &Row, opened: &Opened) -> Checked<v1::Pass> {
    let Row::Pass(row) = row else { return Err(damaged()) };
    let giver = name.parent.strip_suffix("/passes").ok_or_else(damaged)?;
    let sen = |sen| Some(convert::to_money(Sen::new(sen)));
    let (receiver_name, receiver_name_erased) = opened.text(Sort::Name, &row.receiver_name);
    let item = |item: &proto::PassItem| v1::PassItem {
        lot: convert::row_name(book, format!("{giver}/lots/{}", item.lot)),
        quantity: Some(convert::to_quantity(item.quantity_milli)),
        value: sen(item.value),
        new_lot_id: item.new_lot.clone(),
    };
    let arrival = |arrival: &proto::Arrival| v1::Arrival {
        grant: arrived_at(book, arrival),
        amount: sen(arrival.amount),
        arrived_on: convert::to_optional_date(arrival.arrived_on),
        state: arrival.state,
    };
    let there = row.receiver_elsewhere().map(|(book, _)| book).unwrap_or_default();
    Ok(v1::Pass {
        name: convert::row_name(book, name),
        grant: convert::row_name(book, format!("{giver}/grants/{}", row.grant)),
        receiver_kind: row.receiver_kind,
        receiver: group_name(book, &row.receiver),
        receiver_name,
        receiver_name_erased,
        channel: row.channel,
        amount: sen(row.amount),
        cash: sen(row.cash),
        items: row.items.iter().map(item).collect(),
        delivered_on: convert::to_optional_date(row.delivered_on),
        arrivals: row.arrivals.iter().map(arrival).collect(),
        in_transit: sen(in_transit(row)),
        state: row.state,
        before_books: row.before_books,
        broken: row.broken.clone(),
        word: row.word.as_ref().map(|word| word_of(there, word)),
    })
}

/// A word that was recorded in a book, as the API and files to other installations show it.
pub(super) fn word_of(book: &str, word: &proto::ReceiverWord) -> v1::ReceiverWord {
    v1::ReceiverWord {
        state: word.state,
        returned: word.returned,
        position: word.position,
        said_on: convert::to_optional_date(word.said_on),
        role: word.role,
        transaction: format!("books/{book}/transactions/{}", word.request_id),
    }
}

/// A receiver's full name; empty for one without books.
pub(super) fn group_name(book: &Id, receiver: &str) -> String {
    match receiver {
        "" => String::new(),
        other if other.starts_with("books/") => other.to_owned(),
        group => convert::row_name(book, format!("groups/{group}")),
    }
}

/// The full name of the grant something arrived as; empty for a receiver without books.
pub(super) fn arrived_at(book: &Id, arrival: &proto::Arrival) -> String {
    match arrival.grant.as_str() {
        "" => String::new(),
        grant => format!("{}/grants/{grant}", group_name(book, &arrival.receiver)),
    }
}

impl Method for v1::GetPassRequest {
    type Response = v1::GetPassResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, id) = convert::owned_by_group(&self.name, "passes", "name")?;
        let name = pass_name(&group, &id);
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &name, "name").await?;
        let opened = call.open(&mut snapshot, &book, sealed(&row)).await?;
        Ok(v1::GetPassResponse { pass: Some(pass(&book, &name, &row, &opened)?) })
    }
}

impl Method for v1::ListPassesRequest {
    type Response = v1::ListPassesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Kube(group.clone()), "parent").await?;
        let parent = format!("groups/{group}/passes");
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let texts = rows.iter().flat_map(|found| sealed(&found.row));
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let passes = rows.iter().map(|found| {
            let name = RowName::new(parent.clone(), found.id.clone());
            pass(&book, &name, &found.row, &opened)
        });
        Ok(v1::ListPassesResponse { passes: passes.collect::<Checked<_>>()?, next_page_token })
    }
}
