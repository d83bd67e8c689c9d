//! Whether the books of groups and of their LKM agree.
//!
//! **Invariant**: everything an answer shows comes from one snapshot, as of one effective day and
//! as known at one journal position, so that a difference is one of the books, never of the asking.

use std::collections::BTreeMap;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Page, damaged, service};
use crate::api::journal::warning;
use crate::api::ledger::{known, natural, read_point};
use crate::api::v1;
use crate::domain::account::{Account, Control, Ledger, Subject};
use crate::domain::chart::{Code, FUNDS, fund_allowed};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::link::lkm_ledger;
use crate::domain::loan::case::loan_name;
use crate::domain::loan::life::{LATEST, facts_known};
use crate::domain::money::Sen;
use crate::domain::record::proto::{Fund, Group, Link, LoanFact, LoanFactKind};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Language, Reason, Refusal};
use crate::storage::read::{AsOf, Order, Snapshot, Span};

/// How many accounts are read at a time.
const CHUNK: u32 = 500;
/// Among how many of its first entries an account's opening balances are looked for.
const FIRST_ENTRIES: u32 = 100;

service! {
    reconcile_service_server::ReconcileService {
        reconcile_mirrors: ReconcileMirrorsRequest => ReconcileMirrorsResponse;
        import_bank_statement: ImportBankStatementRequest => ImportBankStatementResponse;
        get_bank_reconciliation: GetBankReconciliationRequest => GetBankReconciliationResponse;
    }
}

/// A group's account and the LKM's that mirrors it, with what each holds on its natural side.
struct Pair {
    kind: v1::MirrorKind,
    fund: Fund,
    kube: (Account, Sen),
    lkm: (Account, Sen),
}

impl Method for v1::ReconcileMirrorsRequest {
    type Response = v1::ReconcileMirrorsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, only) = match convert::book(&self.scope, "scope") {
            Ok(book) => (book, None),
            Err(_) => {
                let (book, group) = convert::group(&self.scope, "scope")?;
                (book, Some(group))
            }
        };
        let effective = convert::optional_day(self.as_of.as_ref(), "as_of")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Lkm, "scope").await?;
        let position = known(&snapshot, self.as_known_at)?;
        let as_of = AsOf { effective, position };
        let read_point = read_point(&mut snapshot, position).await?;
        let day = effective.or(day_of(&read_point)).ok_or_else(damaged)?;
        let (groups, next_page_token) = groups(call, &mut snapshot, only, &page).await?;
        let mut answer = v1::ReconcileMirrorsResponse {
            next_page_token,
            read_point: Some(read_point),
            ..Default::default()
        };
        for (id, group) in &groups {
            for pair in pairs(&mut snapshot, id, as_of).await? {
                let difference = pair.kube.1.minus(pair.lkm.1)?;
                let mut reasons = Vec::new();
                if !difference.is_zero() {
                    answer.differences += 1;
                    let found = reasons_of(&mut snapshot, &pair, (id, group), as_of, day).await?;
                    reasons = found.iter().map(|why| said(why, call.language())).collect();
                }
                if !difference.is_zero() || !self.only_differences {
                    answer.pairs.push(shown(&book, id, &pair, difference, reasons));
                }
            }
        }
        Ok(answer)
    }
}

fn day_of(read_point: &v1::ReadPoint) -> Option<Day> {
    read_point.business_day.as_ref().and_then(|day| Day::from_ymd(day.year, day.month, day.day))
}

/// The groups of a page, or the one asked for.
async fn groups(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    only: Option<Id>,
    page: &Page,
) -> Checked<(Vec<(Id, Group)>, String)> {
    let (rows, token) = match only {
        Some(id) => {
            let row = call.row(snapshot, &RowName::group(&id), "scope").await?;
            (vec![(id.to_string(), row)], String::new())
        }
        None => {
            let (rows, token) = call.rows(snapshot, "groups", page).await?;
            (rows.into_iter().map(|found| (found.id, found.row)).collect(), token)
        }
    };
    let mut groups = Vec::with_capacity(rows.len());
    for (id, row) in rows {
        let Row::Group(group) = row else { return Err(damaged()) };
        groups.push((Id::new(&id).ok_or_else(damaged)?, group));
    }
    Ok((groups, token))
}

/// All pairs of a group that were ever used. Cost: the group's control totals, and the accounts
/// that the LKM keeps for it.
async fn pairs(snapshot: &mut Snapshot, group: &Id, as_of: AsOf) -> Checked<Vec<Pair>> {
    let entity = Entity::Kube(group.clone());
    let totals: BTreeMap<Control, Sen> =
        snapshot.trial_balance(Some(&entity), as_of).await?.into_iter().collect();
    let mut pairs = Vec::new();
    for (kind, own, mirror) in [
        (v1::MirrorKind::Savings, Code::SavingsAtLkm, Code::KubeSavings),
        (v1::MirrorKind::Stake, Code::StakeInLkm, Code::KubeStakes),
        (v1::MirrorKind::Surplus, Code::SurplusReceivable, Code::KubeSurplus),
    ] {
        let at_lkm = of_group(snapshot, mirror, group, as_of).await?;
        for fund in FUNDS.iter().copied().filter(|fund| fund_allowed(&entity, *fund)) {
            let kube = Ledger::new(entity.clone(), fund).account(own);
            let lkm = lkm_ledger().account_of(mirror, Subject::kube_fund(group, fund));
            let sides = (totals.get(&kube.control()), at_lkm.get(lkm.subject.as_str()));
            if sides == (None, None) {
                continue;
            }
            let held = sides.0.copied().unwrap_or_default();
            let owed = sides.1.copied().unwrap_or_default();
            pairs.push(Pair { kind, fund, kube: (kube, held), lkm: (lkm, owed) });
        }
    }
    pairs.extend(deposits(snapshot, group, &totals, as_of).await?);
    pairs.extend(loans(snapshot, &totals, as_of).await?);
    Ok(pairs)
}

/// What the LKM has for a group under one code, by subject, natural side.
async fn of_group(
    snapshot: &mut Snapshot,
    code: Code,
    group: &Id,
    as_of: AsOf,
) -> Checked<BTreeMap<String, Sen>> {
    let prefix = format!("{}.{group}/", lkm_ledger().account(code));
    balances(snapshot, &prefix, as_of).await
}

/// The balances of all accounts under a prefix by subject, natural side.
async fn balances(
    snapshot: &mut Snapshot,
    prefix: &str,
    as_of: AsOf,
) -> Checked<BTreeMap<String, Sen>> {
    let mut all = BTreeMap::new();
    let mut after: Option<Account> = None;
    loop {
        let found = snapshot.accounts(prefix, after.as_ref(), CHUNK, as_of).await?;
        for (account, balance) in &found {
            let balance = natural(account.code, *balance)?;
            all.insert(account.subject.as_str().to_owned(), balance);
        }
        match found.into_iter().last() {
            Some((last, _)) if all.len() % CHUNK as usize == 0 => after = Some(last),
            _ => return Ok(all),
        }
    }
}

/// The pairs of term deposits that either side still holds, and of what they have earned and not
/// been paid, each deposit by itself.
async fn deposits(
    snapshot: &mut Snapshot,
    group: &Id,
    totals: &BTreeMap<Control, Sen>,
    as_of: AsOf,
) -> Checked<Vec<Pair>> {
    let mut pairs = Vec::new();
    for (kind, own, mirror) in [
        (v1::MirrorKind::TermDeposit, Code::TermDepositAtLkm, Code::TermDeposits),
        (v1::MirrorKind::TermReturn, Code::TermInterestDue, Code::TermInterestOwed),
    ] {
        let codes = (kind, own, mirror);
        pairs.extend(deposits_on(snapshot, group, totals, as_of, codes).await?);
    }
    Ok(pairs)
}

async fn deposits_on(
    snapshot: &mut Snapshot,
    group: &Id,
    totals: &BTreeMap<Control, Sen>,
    as_of: AsOf,
    (kind, own_code, mirror_code): (v1::MirrorKind, Code, Code),
) -> Checked<Vec<Pair>> {
    let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
    let entity = Entity::Kube(group.clone());
    let mirror = |id: &str| {
        let subject = Subject::parse(&format!("{group}/{id}")).ok_or_else(damaged)?;
        Checked::Ok(lkm_ledger().account_of(mirror_code, subject))
    };
    let own = |fund, id: &str| {
        let subject = Subject::parse(id).ok_or_else(damaged)?;
        Checked::Ok(Ledger::new(entity.clone(), fund).account_of(own_code, subject))
    };
    let used = totals.keys().filter(|control| control.code == own_code);
    for control in used {
        let fund = control.ledger.fund.get();
        for (id, held) in balances(snapshot, &format!("{control}."), as_of).await? {
            let (kube, lkm) = ((own(fund, &id)?, held), (mirror(&id)?, Sen::ZERO));
            pairs.insert(id, Pair { kind, fund, kube, lkm });
        }
    }
    for (subject, owed) in of_group(snapshot, mirror_code, group, as_of).await? {
        let id = subject.rsplit_once('/').map_or(subject.as_str(), |(_, id)| id);
        match pairs.get_mut(id) {
            Some(pair) => pair.lkm.1 = owed,
            None => {
                let fund = Fund::SimpanPinjam;
                let (kube, lkm) = ((own(fund, id)?, Sen::ZERO), (mirror(id)?, owed));
                let pair = Pair { kind, fund, kube, lkm };
                pairs.insert(id.to_owned(), pair);
            }
        }
    }
    let held = |pair: &Pair| !pair.kube.1.is_zero() || !pair.lkm.1.is_zero();
    Ok(pairs.into_values().filter(held).collect())
}

/// The pairs of the LKM's loans to a group. No such loan is ever without its KUBE's side.
async fn loans(
    snapshot: &mut Snapshot,
    totals: &BTreeMap<Control, Sen>,
    as_of: AsOf,
) -> Checked<Vec<Pair>> {
    let mut pairs = Vec::new();
    for (kind, own, mirror) in [
        (v1::MirrorKind::Loan, Code::LkmLoan, Code::LoansGiven),
        (v1::MirrorKind::Loan, Code::MurabahahPayable, Code::MurabahahReceivable),
        (v1::MirrorKind::Loan, Code::QardhPayable, Code::QardhReceivable),
        (v1::MirrorKind::Loan, Code::SyirkahFund, Code::SharingFinance),
        (v1::MirrorKind::LoanInterest, Code::InterestPayable, Code::InterestReceivable),
        (v1::MirrorKind::LoanTitipan, Code::TitipanAtLkm, Code::LoanTitipan),
    ] {
        for control in totals.keys().filter(|control| control.code == own) {
            for (id, owed) in balances(snapshot, &format!("{control}."), as_of).await? {
                let subject = Subject::parse(&id).ok_or_else(damaged)?;
                let kube = control.ledger.account_of(own, subject.clone());
                let fund = match mirror {
                    Code::QardhReceivable => Fund::Kebajikan,
                    _ => Fund::SimpanPinjam,
                };
                let lkm = Ledger::new(Entity::Lkm, fund).account_of(mirror, subject);
                let lent = natural(mirror, snapshot.balance(&lkm, as_of).await?)?;
                if !owed.is_zero() || !lent.is_zero() {
                    let fund = control.ledger.fund.get();
                    pairs.push(Pair { kind, fund, kube: (kube, owed), lkm: (lkm, lent) });
                }
            }
        }
    }
    Ok(pairs)
}

/// Why the books of a loan differed by right on a day: it did not perform, or was written off.
async fn loan_reason(
    snapshot: &mut Snapshot,
    pair: &Pair,
    as_of: AsOf,
    day: Day,
) -> Checked<Option<Refusal>> {
    let Some(id) = Id::new(pair.lkm.0.subject.as_str()) else { return Ok(None) };
    let found = snapshot.row(&loan_name(&Entity::Lkm, &id)).await?;
    let Some(Row::Loan(row)) = found.map(|found| found.row) else { return Ok(None) };
    let known = as_of.position.unwrap_or(LATEST);
    let reason = |fact: &LoanFact| match fact.kind() {
        LoanFactKind::WrittenOff => Some(Some(Reason::MirrorWrittenOff)),
        LoanFactKind::NonPerforming => Some(Some(Reason::MirrorNonPerforming)),
        LoanFactKind::Performing => Some(None),
        _ => None,
    };
    let told = facts_known(&row, known).filter(|fact| fact.on <= day.get());
    let Some(reason) = told.filter_map(reason).last().flatten() else { return Ok(None) };
    Ok(Some(Refusal::new(reason).with("loan", id)))
}

/// Why a pair does not agree, as far as it is known.
async fn reasons_of(
    snapshot: &mut Snapshot,
    pair: &Pair,
    (id, group): (&Id, &Group),
    as_of: AsOf,
    day: Day,
) -> Checked<Vec<Refusal>> {
    let mut reasons = Vec::new();
    let ledger = Ledger::new(Entity::Kube(id.clone()), pair.fund);
    let waiting = snapshot.control_total(&ledger.account(Code::Suspense).control(), as_of).await?;
    if !waiting.is_zero() {
        let amount = waiting.get().unsigned_abs();
        reasons.push(Refusal::new(Reason::MirrorSuspense).with("amount", amount));
    }
    if matches!(pair.kind, v1::MirrorKind::Loan | v1::MirrorKind::LoanInterest) {
        reasons.extend(loan_reason(snapshot, pair, as_of, day).await?);
    }
    let opened = opening(snapshot, &pair.kube.0, as_of).await?;
    let opened = opened.minus(opening(snapshot, &pair.lkm.0, as_of).await?)?;
    if !opened.is_zero() {
        reasons.push(Refusal::new(Reason::MirrorOpening).with("difference", opened.get()));
    }
    if !group.links.iter().any(|link| holds(link, day)) {
        let refusal = Refusal::new(Reason::NotLinked).with("group", id);
        reasons.push(refusal.with("date", day));
    }
    if reasons.is_empty() {
        reasons.push(Refusal::new(Reason::MirrorUnexplained));
    }
    Ok(reasons)
}

fn holds(link: &Link, day: Day) -> bool {
    link.since <= day.get() && (link.until == 0 || day.get() < link.until)
}

/// What opening balances brought into an account by a position, natural side. Looked for among its
/// first entries: opening balances come first.
async fn opening(snapshot: &mut Snapshot, account: &Account, as_of: AsOf) -> Checked<Sen> {
    let span = Span::Positions(1, as_of.position.unwrap_or(u64::MAX));
    let order = Order::OldestFirst;
    let lines =
        snapshot.statement(account, span, as_of.position, order, None, FIRST_ENTRIES).await?;
    let positions: Vec<u64> = lines.iter().map(|line| line.position).collect();
    let records = snapshot.records(&positions).await?;
    let mut sum = Sen::ZERO;
    for line in lines {
        let record = records.iter().find(|record| record.position == line.position);
        if record.is_some_and(|record| record.event == Event::OpeningBalances) {
            sum = sum.plus(line.amount)?;
        }
    }
    natural(account.code, sum)
}

fn said(why: &Refusal, language: Language) -> v1::Warning {
    warning(why, 0, language)
}

fn shown(
    book: &Id,
    group: &Id,
    pair: &Pair,
    difference: Sen,
    reasons: Vec<v1::Warning>,
) -> v1::MirrorPair {
    v1::MirrorPair {
        group: convert::row_name(book, RowName::group(group)),
        kind: pair.kind as i32,
        kube_account: convert::account_name(book, &pair.kube.0),
        lkm_account: convert::account_name(book, &pair.lkm.0),
        at_kube: Some(convert::to_money(pair.kube.1)),
        at_lkm: Some(convert::to_money(pair.lkm.1)),
        difference: Some(convert::to_money(difference)),
        reasons,
    }
}
