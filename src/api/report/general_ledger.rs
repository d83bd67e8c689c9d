//! The general ledger: account after account, each with its lines and running balance.
//!
//! **Invariant**: all pages show the journal position that the first one saw; a page's token says
//! in which account, behind which line, and with what balance the next one begins.

use super::{Asked, CHUNK, Days, beside, check_fund, compared, days, eve, today};
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method};
use crate::api::errors::{Fault, Problem};
use crate::api::ledger::{describe, known, ledger_lines, natural, read_point};
use crate::api::v1;
use crate::domain::account::Account;
use crate::domain::chart::Code;
use crate::domain::id::{Entity, Id};
use crate::domain::money::Sen;
use crate::domain::record::proto::Fund;
use crate::storage::read::{AsOf, Line, Order, Snapshot, Span};

/// Where a page of a general ledger begins: in an account, or behind one.
struct Bookmark {
    known: u64,
    account: Option<Account>,
    /// The last line before the page and the balance after it; none behind an account.
    line: Option<((u64, u32), Sen)>,
}

impl Bookmark {
    fn resumed(token: &str, prefix: &str) -> Checked<Option<Bookmark>> {
        let text = convert::page_token(token)?;
        if text.is_empty() {
            return Ok(None);
        }
        let parts: Vec<&str> = text.split(' ').collect();
        let mark = Bookmark::parsed(&parts).filter(|mark| {
            let account = mark.account.as_ref().map(ToString::to_string);
            account.is_some_and(|account| account.starts_with(prefix))
        });
        mark.map(Some).ok_or_else(|| Fault::PageToken.on("page_token"))
    }

    fn parsed(parts: &[&str]) -> Option<Bookmark> {
        let [known, account, rest @ ..] = parts else { return None };
        let line = match rest {
            [] => None,
            [position, leg, balance] => {
                let at = (position.parse().ok()?, leg.parse().ok()?);
                Some((at, Sen::new(balance.parse().ok()?)))
            }
            _ => return None,
        };
        let account = Some(Account::parse(account)?);
        Some(Bookmark { known: known.parse().ok()?, account, line })
    }

    fn token(&self) -> String {
        let account = self.account.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = match self.line {
            None => format!("{} {account}", self.known),
            Some(((position, leg), balance)) => {
                format!("{} {account} {position} {leg} {}", self.known, balance.get())
            }
        };
        convert::to_page_token(&text)
    }
}

impl v1::GetGeneralLedgerRequest {
    fn prefix(&self, entity: &Entity) -> Checked<String> {
        let fund: Fund = convert::open_choice(self.fund, "fund")?;
        let fund = (fund != Fund::Unspecified).then_some(fund);
        check_fund(Some(entity), fund)?;
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

/// One account on a page, with the lines that stand on it.
struct Part {
    account: Account,
    opening: Sen,
    lines: Vec<Line>,
    continues: bool,
    /// What it held at both ends of the span compared with, if one is.
    compared: Option<(Sen, Sen)>,
}

impl Part {
    /// Whether there is nothing to show.
    fn is_idle(&self) -> bool {
        let compared = self.compared.unwrap_or_default();
        self.opening.is_zero() && self.lines.is_empty() && compared == (Sen::ZERO, Sen::ZERO)
    }
}

impl Method for v1::GetGeneralLedgerRequest {
    type Response = v1::GetGeneralLedgerResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let prefix = self.prefix(&entity)?;
        let page = convert::page_size(self.page_size)? as usize;
        let resumed = Bookmark::resumed(&self.page_token, &prefix)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let position = match &resumed {
            Some(mark) => Some(mark.known.min(snapshot.head().size)),
            None => known(&snapshot, self.as_known_at)?,
        };
        let point = read_point(&mut snapshot, position).await?;
        let through = convert::optional_day(self.through.as_ref(), "through")?;
        let through = through.map_or_else(|| today(&point), Ok)?;
        let span = days(self.from.as_ref(), through, ("from", "through"))?;
        let compared = compared(self.compare_from.as_ref(), self.compare_through.as_ref())?;
        let now = Asked { span, known: point.position };
        let compared = beside(&snapshot, now, compared, self.compare_as_known_at)?;
        let mark = resumed.unwrap_or(Bookmark { known: point.position, account: None, line: None });
        let spans = (span, compared);
        let (parts, next) = general_ledger(&mut snapshot, &prefix, spans, mark, page).await?;
        let mut accounts = Vec::with_capacity(parts.len());
        for part in parts {
            accounts.push(part_message(call, &mut snapshot, &book, part).await?);
        }
        let next_page_token = next.map(|mark| mark.token()).unwrap_or_default();
        Ok(v1::GetGeneralLedgerResponse { accounts, next_page_token, read_point: Some(point) })
    }
}

/// A page of accounts with their lines, and where the next one begins.
async fn general_ledger(
    snapshot: &mut Snapshot,
    prefix: &str,
    (span, compared): (Days, Option<Asked>),
    mut mark: Bookmark,
    page: usize,
) -> Checked<(Vec<Part>, Option<Bookmark>)> {
    let mut parts: Vec<Part> = Vec::new();
    let mut room = page;
    let known = compared.map_or(mark.known, |asked| asked.known.max(mark.known));
    while let Some(account) = next_account(snapshot, prefix, &mark, known).await? {
        let mut part = part(snapshot, account, span, &mark, room).await?;
        part.compared = ends(snapshot, &part.account, compared).await?;
        let line = part.lines.last().filter(|_| part.continues);
        let line = line.map(|line| ((line.position, line.leg), line.balance));
        mark = Bookmark { known: mark.known, account: Some(part.account.clone()), line };
        if !part.is_idle() {
            room = room.saturating_sub(part.lines.len().max(1));
            parts.push(part);
        }
        if room == 0 {
            return Ok((parts, Some(mark)));
        }
    }
    Ok((parts, None))
}

/// What an account held at both ends of a span.
async fn ends(
    snapshot: &mut Snapshot,
    account: &Account,
    asked: Option<Asked>,
) -> Checked<Option<(Sen, Sen)>> {
    let Some(Asked { span: (from, through), known }) = asked else { return Ok(None) };
    let at = |day| AsOf { effective: Some(day), position: Some(known) };
    let opening = snapshot.balance(account, at(eve(from))).await?;
    Ok(Some((opening, snapshot.balance(account, at(through)).await?)))
}

/// The account a mark stands in, or the one behind it that was used by a position.
async fn next_account(
    snapshot: &mut Snapshot,
    prefix: &str,
    mark: &Bookmark,
    known: u64,
) -> Checked<Option<Account>> {
    if mark.line.is_some() {
        return Ok(mark.account.clone());
    }
    let as_of = AsOf { effective: None, position: Some(known) };
    let found = snapshot.accounts(prefix, mark.account.as_ref(), 1, as_of).await?;
    Ok(found.into_iter().next().map(|(account, _)| account))
}

/// At most `room` lines of an account, each with the balance after it in order of the ledger.
async fn part(
    snapshot: &mut Snapshot,
    account: Account,
    span: Days,
    mark: &Bookmark,
    room: usize,
) -> Checked<Part> {
    let opening = match mark.line {
        Some((_, balance)) => balance,
        None => {
            let as_of = AsOf { effective: Some(eve(span.0)), position: Some(mark.known) };
            snapshot.balance(&account, as_of).await?
        }
    };
    let after = mark.line.map(|(at, _)| at);
    let limit = u32::try_from(room).unwrap_or(CHUNK).saturating_add(1);
    let days = Span::Days(span.0, span.1);
    let known = Some(mark.known);
    let mut lines =
        snapshot.statement(&account, days, known, Order::OldestFirst, after, limit).await?;
    let continues = lines.len() > room;
    lines.truncate(room);
    let mut balance = opening;
    for line in &mut lines {
        balance = balance.plus(line.amount)?;
        line.balance = balance;
    }
    Ok(Part { account, opening, lines, continues, compared: None })
}

async fn part_message(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    book: &Id,
    part: Part,
) -> Checked<v1::GeneralLedgerAccount> {
    let code = part.account.code;
    let closing = part.lines.last().map_or(part.opening, |line| line.balance);
    let money = |amount| Ok::<_, Problem>(convert::to_money(natural(code, amount)?));
    let compared = part.compared;
    let account = Some(describe(book, &part.account));
    let lines: Vec<(Account, Line)> =
        part.lines.into_iter().map(|line| (part.account.clone(), line)).collect();
    Ok(v1::GeneralLedgerAccount {
        account,
        opening: Some(money(part.opening)?),
        lines: ledger_lines(call, snapshot, book, &lines).await?,
        closing: Some(money(closing)?),
        continues: part.continues,
        compared_opening: compared.map(|(opening, _)| money(opening)).transpose()?,
        compared_closing: compared.map(|(_, closing)| money(closing)).transpose()?,
    })
}
