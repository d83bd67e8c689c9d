//! Questions about balances. Every answer says which state of the book it saw.

use std::collections::{BTreeSet, HashMap};

use crate::api::confirmation;
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Opened, Page, damaged, service};
use crate::api::errors::Fault;
use crate::api::google_type;
use crate::api::journal::event_name;
use crate::api::savings::activity;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::account::{Account, Control, Ledger, Subject};
use crate::domain::chart::{CHART, Code, SubjectKind, fund_allowed};
use crate::domain::day::Day;
use crate::domain::dormancy::Savings;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, Fund};
use crate::domain::record::{Outcome, Record, Row};
use crate::domain::surplus::Sharer;
use crate::storage::read::{AsOf, Line, Order, Snapshot, Span};

service! {
    ledger_service_server::LedgerService {
        get_balance: GetBalanceRequest => GetBalanceResponse;
        list_entries: ListEntriesRequest => ListEntriesResponse;
        get_cash_book: GetCashBookRequest => GetCashBookResponse;
        get_passbook: GetPassbookRequest => GetPassbookResponse;
        get_trial_balance: GetTrialBalanceRequest => GetTrialBalanceResponse;
        list_accounts: ListAccountsRequest => ListAccountsResponse;
    }
}

impl Method for v1::GetBalanceRequest {
    type Response = v1::GetBalanceResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, account) = convert::account(&self.account, "account")?;
        let effective = convert::optional_day(self.as_of.as_ref(), "as_of")?;
        let mut snapshot = snapshot_with(call, &book, &account).await?;
        let position = known(&snapshot, self.as_known_at)?;
        let as_of = AsOf { effective, position };
        let divided = account.code.line().subject != SubjectKind::None;
        let balance = match divided && account.subject == Subject::none() {
            true => snapshot.control_total(&account.control(), as_of).await?,
            false => snapshot.balance(&account, as_of).await?,
        };
        let balance = Some(account_balance(&book, &account, balance)?);
        let read_point = Some(read_point(&mut snapshot, position).await?);
        Ok(v1::GetBalanceResponse { balance, read_point })
    }
}

impl Method for v1::ListEntriesRequest {
    type Response = v1::ListEntriesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, account) = convert::account(&self.account, "account")?;
        let mut snapshot = snapshot_with(call, &book, &account).await?;
        let statement = Statement::new(&snapshot, self.page_size, &self.page_token)?;
        let order = order(self.newest_first);
        let (lines, next_page_token) =
            statement.read(&mut snapshot, std::slice::from_ref(&account), order).await?;
        let lines = ledger_lines(call, &mut snapshot, &book, &lines).await?;
        let read_point = Some(read_point(&mut snapshot, Some(statement.known)).await?);
        Ok(v1::ListEntriesResponse { lines, next_page_token, read_point })
    }
}

impl Method for v1::GetPassbookRequest {
    type Response = v1::GetPassbookResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        let mut snapshot = call.snapshot(&book, "member").await?;
        let name = RowName::of(&entity, "members", member.as_str());
        call.row(&mut snapshot, &name, "member").await?;
        let statement = Statement::new(&snapshot, self.page_size, &self.page_token)?;
        let accounts = savings_of(&entity, &member);
        let order = order(self.newest_first);
        let (lines, next_page_token) = statement.read(&mut snapshot, &accounts, order).await?;
        let lines = ledger_lines(call, &mut snapshot, &book, &lines).await?;
        let as_of = AsOf { effective: None, position: Some(statement.known) };
        let mut balances = Vec::with_capacity(accounts.len());
        for account in &accounts {
            let balance = snapshot.balance(account, as_of).await?;
            balances.push(account_balance(&book, account, balance)?);
        }
        let read_point = Some(read_point(&mut snapshot, Some(statement.known)).await?);
        let savings = Savings { entity, who: Sharer::Member(member) };
        let dormant_on = activity(&mut snapshot, &savings).await?.dormant_on;
        Ok(v1::GetPassbookResponse {
            accounts: balances,
            lines,
            next_page_token,
            read_point,
            dormant_on: convert::to_optional_date(dormant_on),
        })
    }
}

/// A member's accounts in their savings book: what the entity owes them or they have put in.
fn savings_of(entity: &Entity, member: &Id) -> Vec<Account> {
    let personal = |code: Code| {
        let line = code.line();
        let shared = matches!(code, Code::SurplusPayable | Code::MemberSurplus);
        line.subject == SubjectKind::Member
            && !code.debit_side()
            && !shared
            && code.belongs_to(entity)
    };
    let fund = |code| if code == Code::OwnCapital { Fund::Uep } else { Fund::SimpanPinjam };
    let codes = CHART.iter().map(|line| line.code).filter(|code| personal(*code));
    let account =
        |code| Ledger::new(entity.clone(), fund(code)).account_of(code, Subject::id(member));
    codes.map(account).collect()
}

impl Method for v1::GetCashBookRequest {
    type Response = v1::GetCashBookResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let ledger = convert::ledger(&entity, self.fund, "fund")?;
        if !fund_allowed(&entity, ledger.fund.get()) {
            return Err(Fault::ChoiceUnknown.on("fund"));
        }
        let page = convert::page_size(self.page_size)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let (from, through) = (self.from.as_ref(), self.through.as_ref());
        let days = span_of_days(call, &mut snapshot, from, through).await?;
        let accounts = money_accounts(&mut snapshot, &ledger).await?;
        let mut mark = match convert::page_numbers(&self.page_token)? {
            Some([known, position, leg, balance]) => {
                CashMark::resumed([known, position, leg, balance])?
            }
            None => {
                let known = known(&snapshot, self.as_known_at)?.unwrap_or(snapshot.head().size);
                let opening = opening(&mut snapshot, &accounts, days.0, known).await?;
                CashMark { known, after: None, balance: opening }
            }
        };
        let opening = Some(convert::to_money(mark.balance));
        let (lines, next_page_token) =
            cash_lines(&mut snapshot, &accounts, days, &mut mark, page).await?;
        let lines = ledger_lines(call, &mut snapshot, &book, &lines).await?;
        let read_point = Some(read_point(&mut snapshot, Some(mark.known)).await?);
        Ok(v1::GetCashBookResponse { opening, lines, next_page_token, read_point })
    }
}

/// The first and the last day of a span; from the book's first day to its business day where none
/// is said. Errors: `SPAN_MALFORMED`.
pub(crate) async fn span_of_days(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    from: Option<&google_type::Date>,
    through: Option<&google_type::Date>,
) -> Checked<(Day, Day)> {
    let row = call.row(snapshot, &RowName::book(), "book").await?;
    let Row::Book(settings) = row else { return Err(damaged()) };
    let from = convert::optional_day(from, "from")?;
    let through = convert::optional_day(through, "through")?;
    let from = from.unwrap_or(Day::new(settings.opened_on));
    let through = through.unwrap_or(Day::new(settings.business_day).max(from));
    if through < from {
        return Err(Fault::SpanMalformed.on("through"));
    }
    Ok((from, through))
}

/// Where a page of a cash book begins.
struct CashMark {
    /// The journal position that all pages show.
    known: u64,
    /// The last line before the page.
    after: Option<(u64, u32)>,
    /// What all money accounts held after it.
    balance: Sen,
}

impl CashMark {
    fn resumed([known, position, leg, balance]: [i64; 4]) -> Checked<CashMark> {
        let wrong = |_| Fault::PageToken.on("page_token");
        let known = u64::try_from(known).map_err(wrong)?;
        let position = u64::try_from(position).map_err(wrong)?;
        let leg = u32::try_from(leg).map_err(wrong)?;
        Ok(CashMark { known, after: Some((position, leg)), balance: Sen::new(balance) })
    }

    fn token(&self) -> String {
        let (position, leg) = self.after.unwrap_or_default();
        convert::to_page_numbers([
            self.known.cast_signed(),
            position.cast_signed(),
            i64::from(leg),
            self.balance.get(),
        ])
    }
}

/// The accounts of a ledger that hold money, drawers included. A cost of one descent each.
async fn money_accounts(snapshot: &mut Snapshot, ledger: &Ledger) -> Checked<Vec<Account>> {
    let mut accounts = Vec::new();
    let codes = CHART.iter().map(|line| line.code);
    for code in codes.filter(|code| code.is_money() && code.belongs_to(&ledger.entity)) {
        let prefix = ledger.account(code).to_string();
        let found = snapshot.accounts(&prefix, None, 500, AsOf::default()).await?;
        accounts.extend(found.into_iter().map(|(account, _)| account));
    }
    Ok(accounts)
}

async fn opening(
    snapshot: &mut Snapshot,
    accounts: &[Account],
    from: Day,
    known: u64,
) -> Checked<Sen> {
    let eve = Day::new(from.get().saturating_sub(1));
    let as_of = AsOf { effective: Some(eve), position: Some(known) };
    let mut sum = Sen::ZERO;
    for account in accounts {
        sum = sum.plus(snapshot.balance(account, as_of).await?)?;
    }
    Ok(sum)
}

/// A page of lines of all accounts in journal order, each with the balance of all of them.
async fn cash_lines(
    snapshot: &mut Snapshot,
    accounts: &[Account],
    days: (Day, Day),
    mark: &mut CashMark,
    page: u32,
) -> Checked<(Vec<(Account, Line)>, String)> {
    let span = Span::Days(days.0, days.1);
    let mut lines =
        merged(snapshot, accounts, span, mark.known, Order::OldestFirst, mark.after, page).await?;
    let more = lines.len() > page as usize;
    lines.truncate(page as usize);
    for (_, line) in &mut lines {
        mark.balance = mark.balance.plus(line.amount)?;
        line.balance = mark.balance;
        mark.after = Some((line.position, line.leg));
    }
    let token = if more { mark.token() } else { String::new() };
    Ok((lines, token))
}

/// Lines of several accounts in one order, one more than a page.
async fn merged(
    snapshot: &mut Snapshot,
    accounts: &[Account],
    span: Span,
    known: u64,
    order: Order,
    after: Option<(u64, u32)>,
    page: u32,
) -> Checked<Vec<(Account, Line)>> {
    let mut lines = Vec::new();
    for account in accounts {
        let found = snapshot.statement(account, span, Some(known), order, after, page + 1).await?;
        lines.extend(found.into_iter().map(|line| (account.clone(), line)));
    }
    lines.sort_by_key(|(_, line)| (line.position, line.leg));
    if order == Order::NewestFirst {
        lines.reverse();
    }
    lines.truncate(page as usize + 1);
    Ok(lines)
}

const fn order(newest_first: bool) -> Order {
    if newest_first { Order::NewestFirst } else { Order::OldestFirst }
}

/// A page of a statement by journal position.
struct Statement {
    page: u32,
    /// The journal position that all pages show.
    known: u64,
    after: Option<(u64, u32)>,
}

impl Statement {
    fn new(snapshot: &Snapshot, page_size: i32, token: &str) -> Checked<Statement> {
        let page = convert::page_size(page_size)?;
        let Some([known, position, leg]) = convert::page_numbers(token)? else {
            return Ok(Statement { page, known: snapshot.head().size, after: None });
        };
        let wrong = |_| Fault::PageToken.on("page_token");
        let known = u64::try_from(known).map_err(wrong)?;
        let position = u64::try_from(position).map_err(wrong)?;
        Ok(Statement { page, known, after: Some((position, u32::try_from(leg).map_err(wrong)?)) })
    }

    async fn read(
        &self,
        snapshot: &mut Snapshot,
        accounts: &[Account],
        order: Order,
    ) -> Checked<(Vec<(Account, Line)>, String)> {
        let span = Span::Positions(1, self.known);
        let mut lines =
            merged(snapshot, accounts, span, self.known, order, self.after, self.page).await?;
        let more = lines.len() > self.page as usize;
        lines.truncate(self.page as usize);
        let token = match lines.last() {
            Some((_, last)) if more => convert::to_page_numbers([
                self.known.cast_signed(),
                last.position.cast_signed(),
                i64::from(last.leg),
            ]),
            _ => String::new(),
        };
        Ok((lines, token))
    }
}

/// Statement lines with what their records say of them.
pub(super) async fn ledger_lines(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    book: &Id,
    lines: &[(Account, Line)],
) -> Checked<Vec<v1::LedgerLine>> {
    let mut positions: Vec<u64> = lines.iter().map(|(_, line)| line.position).collect();
    positions.sort_unstable();
    positions.dedup();
    let records = snapshot.records(&positions).await?;
    let memos = records.iter().filter_map(|record| match &record.outcome {
        Outcome::Done(effect) => Some(&effect.memo),
        Outcome::Refused(_) => None,
    });
    let opened = call.open(snapshot, book, memos).await?;
    let groups: BTreeSet<&Id> = lines.iter().filter_map(|(account, _)| group_of(account)).collect();
    let mut answers = HashMap::new();
    for group in groups {
        answers.insert(group, confirmation::answers_of(snapshot, group, &records).await?);
    }
    let shown = |(account, line): &(Account, Line)| {
        let found = records.binary_search_by_key(&line.position, |record| record.position);
        let record = found.ok().and_then(|index| records.get(index)).ok_or_else(damaged)?;
        let said =
            group_of(account).and_then(|group| answers.get(group)).zip(record.request.as_ref());
        let answer = said.and_then(|(answers, request)| answers.get(request.as_str()));
        let answer = answer.map_or(0, |state| *state as i32);
        Ok(v1::LedgerLine { answer, ..ledger_line(book, account, line, record, &opened)? })
    };
    lines.iter().map(shown).collect()
}

/// The group in whose ledger an account is.
fn group_of(account: &Account) -> Option<&Id> {
    match &account.ledger.entity {
        Entity::Kube(group) => Some(group),
        Entity::Lkm => None,
    }
}

fn ledger_line(
    book: &Id,
    account: &Account,
    line: &Line,
    record: &Record,
    opened: &Opened,
) -> Checked<v1::LedgerLine> {
    let Outcome::Done(effect) = &record.outcome else { return Err(damaged()) };
    let entry = effect.entries.get(line.leg as usize).ok_or_else(damaged)?;
    let amount = convert::to_money(Sen::new(line.amount.get().saturating_abs()));
    let side = match line.amount.is_negative() {
        false => v1::ledger_line::Side::Debit(amount),
        true => v1::ledger_line::Side::Credit(amount),
    };
    // What was reckoned anew is named by its cause.
    let request = record.request.as_ref().or(effect.cause.as_ref());
    let request = request.map(RequestId::as_str).unwrap_or_default();
    Ok(v1::LedgerLine {
        transaction: convert::transaction_name(book, request),
        position: line.position,
        leg: line.leg,
        account: convert::account_name(book, account),
        event: event_name(record).to_owned(),
        happened_on: Some(convert::to_date(record.happened_on)),
        effective_on: Some(convert::to_date(line.effective_on)),
        recorded_at: Some(convert::to_timestamp(record.recorded_at)),
        side: Some(side),
        balance: Some(convert::to_money(natural(account.code, line.balance)?)),
        line: entry.line,
        party: convert::row_name(book, &entry.party),
        memo: opened.text(Sort::Memo, &effect.memo).0,
        answer: 0,
    })
}

impl Method for v1::GetTrialBalanceRequest {
    type Response = v1::GetTrialBalanceResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = match convert::book(&self.scope, "scope") {
            Ok(book) => (book, None),
            Err(_) => {
                let (book, entity) = convert::entity(&self.scope, "scope")?;
                (book, Some(entity))
            }
        };
        let effective = convert::optional_day(self.as_of.as_ref(), "as_of")?;
        let mut snapshot = match &entity {
            Some(entity) => call.snapshot_of(&book, entity, "scope").await?,
            None => call.snapshot(&book, "scope").await?,
        };
        let position = known(&snapshot, self.as_known_at)?;
        let as_of = AsOf { effective, position };
        let mut totals = snapshot.trial_balance(entity.as_ref(), as_of).await?;
        totals.retain(|(_, total)| !total.is_zero());
        totals.sort();
        let (mut debit, mut credit) = (Sen::ZERO, Sen::ZERO);
        for (_, total) in &totals {
            match total.is_positive() {
                true => debit = debit.plus(*total)?,
                false => credit = credit.minus(*total)?,
            }
        }
        Ok(v1::GetTrialBalanceResponse {
            rows: totals.iter().map(|(control, total)| trial_row(&book, control, *total)).collect(),
            total_debit: Some(convert::to_money(debit)),
            total_credit: Some(convert::to_money(credit)),
            read_point: Some(read_point(&mut snapshot, position).await?),
        })
    }
}

fn trial_row(book: &Id, control: &Control, total: Sen) -> v1::TrialBalanceRow {
    let amount = convert::to_money(Sen::new(total.get().saturating_abs()));
    let side = match total.is_negative() {
        false => v1::trial_balance_row::Side::Debit(amount),
        true => v1::trial_balance_row::Side::Credit(amount),
    };
    let line = control.code.line();
    v1::TrialBalanceRow {
        entity: convert::entity_name(book, &control.ledger.entity),
        fund: control.ledger.fund.get() as i32,
        code: control.code.number(),
        title_id: line.name_id.to_owned(),
        title_en: line.name_en.to_owned(),
        side: Some(side),
    }
}

impl Method for v1::ListAccountsRequest {
    type Response = v1::ListAccountsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let prefix = self.prefix(&entity)?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let after = match page.after.as_str() {
            "" => None,
            name => {
                let account = Account::parse(name).filter(|_| name.starts_with(&prefix));
                Some(account.ok_or_else(|| Fault::PageToken.on("page_token"))?)
            }
        };
        let mut snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let as_of = AsOf::default();
        let mut found = snapshot.accounts(&prefix, after.as_ref(), page.size + 1, as_of).await?;
        let next_page_token = page.cut(&mut found, |(account, _)| account.to_string());
        found.retain(|(_, balance)| !self.skip_zero || !balance.is_zero());
        let accounts = found.iter().map(|(account, sum)| account_balance(&book, account, *sum));
        Ok(v1::ListAccountsResponse {
            accounts: accounts.collect::<Checked<_>>()?,
            next_page_token,
            read_point: Some(read_point(&mut snapshot, None).await?),
        })
    }
}

impl v1::ListAccountsRequest {
    fn prefix(&self, entity: &Entity) -> Checked<String> {
        let fund: proto::Fund = convert::open_choice(self.fund, "fund")?;
        let fund = (fund != Fund::Unspecified).then_some(fund);
        let code = (self.code != 0).then_some(self.code);
        if let Some(number) = code {
            Code::from_number(number).ok_or_else(|| Fault::AccountMalformed.on("code"))?;
            if fund.is_none() {
                return Err(Fault::Required.on("fund"));
            }
        }
        Ok(convert::account_prefix(entity, fund, code))
    }
}

// ---- what several answers need ----------------------------------------------------------------

/// The position an answer may know, if one is asked for. Errors: `POSITION_UNKNOWN`.
pub(super) fn known(snapshot: &Snapshot, position: u64) -> Checked<Option<u64>> {
    known_as(snapshot, position, "as_known_at")
}

/// The same for the position of what is compared with; `position` is that of the answer itself.
/// Errors: `POSITION_UNKNOWN`.
pub(super) fn compared_known(snapshot: &Snapshot, compared: u64, position: u64) -> Checked<u64> {
    Ok(known_as(snapshot, compared, "compare_as_known_at")?.unwrap_or(position))
}

fn known_as(snapshot: &Snapshot, position: u64, field: &str) -> Checked<Option<u64>> {
    match position {
        0 => Ok(None),
        position if position <= snapshot.head().size => Ok(Some(position)),
        _ => Err(Fault::PositionUnknown.on(field)),
    }
}

/// What an answer saw. Cost: one descent.
pub(super) async fn read_point(
    snapshot: &mut Snapshot,
    position: Option<u64>,
) -> Checked<v1::ReadPoint> {
    let size = snapshot.head().size;
    let position = position.unwrap_or(size).min(size);
    let record = snapshot.record(position).await?.ok_or_else(damaged)?;
    let business_day = Some(convert::to_date(record.business_day));
    Ok(v1::ReadPoint { position, business_day })
}

/// A snapshot of the book of an account whose entity and subject the registers know.
/// Errors: `NOT_FOUND`.
async fn snapshot_with(call: &Call<'_>, book: &Id, account: &Account) -> Checked<Snapshot> {
    let entity = &account.ledger.entity;
    let mut snapshot = call.snapshot_of(book, entity, "account").await?;
    let subject = account.subject.as_str();
    let name = match account.code.line().subject {
        _ if subject.is_empty() => return Ok(snapshot),
        SubjectKind::Member => RowName::of(entity, "members", subject),
        SubjectKind::Party => RowName::of(entity, "parties", subject),
        SubjectKind::Lot => RowName::of(entity, "lots", subject),
        SubjectKind::Grant => RowName::of(entity, "grants", subject),
        SubjectKind::Drawer => RowName::new("drawers", subject),
        _ => return Ok(snapshot),
    };
    call.row(&mut snapshot, &name, "account").await?;
    Ok(snapshot)
}

fn account_balance(book: &Id, account: &Account, balance: Sen) -> Checked<v1::AccountBalance> {
    let balance = natural(account.code, balance)?;
    let account = Some(describe(book, account));
    Ok(v1::AccountBalance { account, balance: Some(convert::to_money(balance)) })
}

pub(super) fn describe(book: &Id, account: &Account) -> v1::Account {
    let line = account.code.line();
    v1::Account {
        name: convert::account_name(book, account),
        entity: convert::entity_name(book, &account.ledger.entity),
        fund: account.ledger.fund.get() as i32,
        code: account.code.number(),
        subject: account.subject.as_str().to_owned(),
        title_id: line.name_id.to_owned(),
        title_en: line.name_en.to_owned(),
        debit_side: account.code.debit_side(),
    }
}

/// A balance seen from the natural side of its account.
pub(super) fn natural(code: Code, balance: Sen) -> Checked<Sen> {
    if code.debit_side() { Ok(balance) } else { Ok(balance.negated()?) }
}
