//! The bookkeeper's service, and transactions as every service answers them.

use crate::api::confirmation;
use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Plan, damaged, detailed, not_found, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::loan;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::api::v1::opening_item::Item;
use crate::domain::account::Subject;
use crate::domain::chart::Code;
use crate::domain::general::{
    ClearSuspense, DuesOf, JournalLine, OpenBalances, Opening, PostJournal,
};
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::loan::opening::RunningLoan;
use crate::domain::money::Sen;
use crate::domain::record::proto::{EvidenceKind, LotMove};
use crate::domain::record::{Effect, Entry, Outcome, Record, Row};
use crate::domain::refusal::{Language, Refusal};
use crate::domain::reversal::{Reverse, reversed_name};
use crate::locale::text::refusal_text;
use crate::storage::read::Snapshot;

/// The most lines of a journal or opening.
const MAX_LINES: usize = 400;

service! {
    journal_service_server::JournalService {
        post_journal: PostJournalRequest => PostJournalResponse;
        open_balances: OpenBalancesRequest => OpenBalancesResponse;
        reverse_transaction: ReverseTransactionRequest => ReverseTransactionResponse;
        clear_suspense: ClearSuspenseRequest => ClearSuspenseResponse;
        list_suspense: ListSuspenseRequest => ListSuspenseResponse;
        list_reviews: ListReviewsRequest => ListReviewsResponse;
        decide_review: DecideReviewRequest => DecideReviewResponse;
        list_confirmations: ListConfirmationsRequest => ListConfirmationsResponse;
        confirm_report: ConfirmReportRequest => ConfirmReportResponse;
        dispute_report: DisputeReportRequest => DisputeReportResponse;
        get_transaction: GetTransactionRequest => GetTransactionResponse;
    }
}

transactions! {
    PostJournalRequest => PostJournalResponse;
    OpenBalancesRequest => OpenBalancesResponse;
    ReverseTransactionRequest => ReverseTransactionResponse;
    ClearSuspenseRequest => ClearSuspenseResponse;
    DecideReviewRequest => DecideReviewResponse;
    ConfirmReportRequest => ConfirmReportResponse;
    DisputeReportRequest => DisputeReportResponse;
}

impl Mutation for v1::PostJournalRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("amount", "lines"), ("fund", "lines")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        convert::count(&self.lines, MAX_LINES, "lines")?;
        let mut lines = Vec::with_capacity(self.lines.len());
        for (index, line) in self.lines.iter().enumerate() {
            let at = |name: &str| format!("lines[{index}].{name}");
            let (of, account) = convert::account(&line.account, &at("account"))?;
            if of != book {
                return Err(Fault::WrongParent.on(&at("account")));
            }
            let amount = match &line.side {
                Some(v1::journal_line::Side::Debit(money)) => {
                    convert::money(Some(money), &at("debit"))?
                }
                Some(v1::journal_line::Side::Credit(money)) => {
                    convert::money(Some(money), &at("credit"))?.negated()?
                }
                None => return Err(Fault::Required.on(&at("debit"))),
            };
            lines.push(JournalLine { account, amount });
        }
        Ok(Plan::new(book, &Entity::Lkm, PostJournal { lines }))
    }
}

impl Mutation for v1::OpenBalancesRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "entity"), ("lot", "lot.lot_id"), ("quantity", "lot.quantity")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let ledger = convert::ledger(&entity, self.fund, "fund")?;
        convert::count(&self.items, MAX_LINES, "items")?;
        let owner = (&book, &entity);
        let items = self.items.iter().enumerate();
        let items = items.map(|(index, item)| opening(owner, index, item));
        let items = items.collect::<Checked<_>>()?;
        Ok(Plan::new(book, &entity, OpenBalances { ledger, items }))
    }
}

fn opening(owner: (&Id, &Entity), index: usize, item: &v1::OpeningItem) -> Checked<Opening> {
    let at = |name: &str| format!("items[{index}].{name}");
    match &item.item {
        None => Err(Fault::Required.on(&at("account"))),
        Some(Item::Loan(loan)) => {
            let at = |name: &str| at(&format!("loan.{name}"));
            let plan = v1::LoanPlan {
                instalments: loan.instalments,
                first_due_on: loan.first_due_on,
                due_days: loan.due_days.clone(),
            };
            Ok(Opening::Loan(RunningLoan {
                loan: convert::id(&loan.loan_id, &at("loan_id"))?,
                borrower: loan::borrower(&loan.borrower, owner, &at("borrower"))?,
                product: convert::id(&loan.product_id, &at("product_id"))?,
                outstanding: convert::money(loan.outstanding.as_ref(), &at("outstanding"))?,
                plan: loan::plan(Some(&plan))?,
            }))
        }
        Some(Item::Lot(lot)) => Ok(Opening::Lot(convert::new_lot(lot, &at("lot"))?)),
        Some(Item::Account(account)) => {
            let code = Code::from_number(account.code)
                .ok_or_else(|| Fault::AccountMalformed.on(&at("account.code")))?;
            let subject = match account.subject.contains('/') {
                true => Subject::parse(&account.subject),
                false => convert::optional_id(&account.subject, &at("account.subject"))?
                    .map_or(Some(Subject::none()), |id| Some(Subject::id(&id))),
            };
            let subject = subject.ok_or_else(|| Fault::IdMalformed.on(&at("account.subject")))?;
            let amount = convert::money(account.amount.as_ref(), &at("account.amount"))?;
            Ok(Opening::Account(code, subject, amount))
        }
    }
}

impl Mutation for v1::ReverseTransactionRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, transaction) = convert::transaction(&self.transaction, "transaction")?;
        // A correction may touch any ledger: its memo is the bookkeeper's.
        Ok(Plan::new(book, &Entity::Lkm, Reverse { transaction, line: self.line }))
    }
}

impl Mutation for v1::ClearSuspenseRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "account"), ("fund", "account")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, transaction) = convert::transaction(&self.transaction, "transaction")?;
        let (of, account) = convert::account(&self.account, "account")?;
        if of != book {
            return Err(Fault::WrongParent.on("account"));
        }
        let entity = account.ledger.entity;
        let for_day = convert::optional_day(self.for_day.as_ref(), "for_day")?;
        let dues = match (self.member.as_str(), for_day) {
            ("", None) => None,
            ("", Some(_)) => return Err(Fault::Required.on("member")),
            (name, for_day) => {
                let member = convert::owned_by(name, (&book, &entity), "members", "member")?;
                Some(DuesOf { member, for_day })
            }
        };
        let action = ClearSuspense {
            entity: entity.clone(),
            fund: account.ledger.fund.get(),
            transaction,
            line: self.line,
            code: account.code,
            subject: account.subject,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            dues,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Method for v1::GetTransactionRequest {
    type Response = v1::GetTransactionResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, request) = convert::transaction(&self.name, "name")?;
        let mut snapshot = call.snapshot(&book, "name").await?;
        let unknown = || not_found(&self.name, "name");
        let receipt = snapshot.receipt(&request).await?.ok_or_else(unknown)?;
        let record = snapshot.record(receipt.position).await?.ok_or_else(damaged)?;
        if !call.caller().1.sees_record(&record) {
            return Err(unknown());
        }
        let effect = match &record.outcome {
            Outcome::Done(effect) => effect,
            Outcome::Refused(refusal) => return Err(refusal.clone().into()),
        };
        let opened = call.open(&mut snapshot, &book, std::iter::once(&effect.memo)).await?;
        let memo = opened.text(Sort::Memo, &effect.memo);
        let mut transaction = transaction(&book, &record, memo, call.language());
        transaction.reversed_by = reversed_by(&mut snapshot, &book, &request, effect).await?;
        transaction.answers = confirmation::answers(&mut snapshot, &book, effect).await?;
        Ok(v1::GetTransactionResponse { transaction: Some(transaction) })
    }
}

/// What has taken a transaction back: all of it, or its lines one by one.
pub(super) async fn reversed_by(
    snapshot: &mut Snapshot,
    book: &Id,
    request: &RequestId,
    effect: &Effect,
) -> Checked<Vec<v1::Reversal>> {
    let mut reversals = Vec::new();
    let whole = snapshot.row(&reversed_name(request, 0)).await?;
    reversals.extend(whole.and_then(|found| reversal(book, &found.row, 0)));
    let lines = effect.entries.iter().map(|entry| entry.line).max().unwrap_or_default();
    if lines > 0 {
        let RowName { parent, .. } = reversed_name(request, 1);
        for found in snapshot.rows(&parent, "", lines).await? {
            let line = found.id.parse().map_err(|_| damaged())?;
            reversals.extend(reversal(book, &found.row, line));
        }
    }
    Ok(reversals)
}

fn reversal(book: &Id, row: &Row, line: u32) -> Option<v1::Reversal> {
    let Row::ReversedBy(by) = row else { return None };
    Some(v1::Reversal { transaction: convert::transaction_name(book, &by.request_id), line })
}

/// An accepted record as a transaction. `memo` is the text and whether it was erased.
pub(crate) fn transaction(
    book: &Id,
    record: &Record,
    memo: (String, bool),
    language: Language,
) -> v1::Transaction {
    let request = record.request.as_ref().map(RequestId::as_str).unwrap_or_default();
    let mut transaction = v1::Transaction {
        name: convert::transaction_name(book, request),
        position: record.position,
        recorded_at: Some(convert::to_timestamp(record.recorded_at)),
        business_day: Some(convert::to_date(record.business_day)),
        happened_on: Some(convert::to_date(record.happened_on)),
        event: event_name(record).to_owned(),
        actor: record.author.actor.clone(),
        device: record.author.device.clone(),
        role: record.author.role as i32,
        approver: record.author.approver.clone(),
        memo: memo.0,
        memo_erased: memo.1,
        ..v1::Transaction::default()
    };
    let Outcome::Done(effect) = &record.outcome else { return transaction };
    transaction.effective_on = Some(convert::to_date(effect.effective_on));
    transaction.evidence = evidence(effect);
    transaction.meeting = convert::row_name(book, &effect.meeting);
    transaction.grant = convert::row_name(book, &effect.grant);
    transaction.entries = effect.entries.iter().map(|e| entry(book, e, language)).collect();
    transaction.warnings = warnings(effect, language);
    transaction.lots = effect.lot_moves.iter().map(|moved| lot_change(book, moved)).collect();
    transaction.reverses = effect.reverses.as_ref().map(|(request, line)| v1::Reversal {
        transaction: convert::transaction_name(book, request.as_str()),
        line: *line,
    });
    transaction
}

/// The event of the catalogue, e.g. `SAVINGS_DEPOSITED`.
pub(crate) fn event_name(record: &Record) -> &'static str {
    let name = record.event.as_str_name();
    name.strip_prefix("EVENT_").unwrap_or(name)
}

fn evidence(effect: &Effect) -> Option<v1::Evidence> {
    let evidence = effect.evidence.as_ref()?;
    let kind = EvidenceKind::try_from(evidence.kind).unwrap_or(EvidenceKind::Unspecified);
    Some(v1::Evidence { kind: kind as i32, number: evidence.number.clone() })
}

fn entry(book: &Id, entry: &Entry, language: Language) -> v1::Entry {
    let line = entry.account.code.line();
    let title = match language {
        Language::Indonesian => line.name_id,
        Language::English => line.name_en,
    };
    let amount = convert::to_money(Sen::new(entry.amount.get().saturating_abs()));
    let side = match entry.amount.is_negative() {
        false => v1::entry::Side::Debit(amount),
        true => v1::entry::Side::Credit(amount),
    };
    v1::Entry {
        account: convert::account_name(book, &entry.account),
        code: entry.account.code.number(),
        title: title.to_owned(),
        side: Some(side),
        line: entry.line,
        party: convert::row_name(book, &entry.party),
    }
}

fn lot_change(book: &Id, moved: &LotMove) -> v1::LotChange {
    let entity = Entity::new(&moved.entity).unwrap_or(Entity::Lkm);
    v1::LotChange {
        lot: convert::row_name(book, RowName::of(&entity, "lots", &moved.lot)),
        quantity: Some(convert::to_quantity(moved.quantity_milli)),
        cost: Some(convert::to_money(Sen::new(moved.cost))),
        cause: moved.cause,
        line: moved.line,
    }
}

/// The remarks of an accepted record.
pub(crate) fn warnings(effect: &Effect, language: Language) -> Vec<v1::Warning> {
    effect.flags.iter().map(|flag| warning(&flag.remark, flag.line, language)).collect()
}

/// A remark about a line, 0 for the whole.
pub(crate) fn warning(remark: &Refusal, line: u32, language: Language) -> v1::Warning {
    v1::Warning {
        reason: remark.reason.name().to_owned(),
        line,
        text: refusal_text(remark, language),
        details: remark.details.iter().cloned().collect(),
    }
}
