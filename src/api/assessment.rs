//! The pendamping's score sheets, with the ledger's own figures beside them.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Opened, Page, Plan, damaged, plain, service};
use crate::api::errors::Fault;
use crate::api::ledger::read_point;
use crate::api::report::{Days, Lines, Scope, accounts_of, eve};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::account::{Control, Ledger};
use crate::domain::assessment::{
    POINTS, RecordAssessment, Scale, Scored, assessment_name, scale_of, scales,
};
use crate::domain::chart::{Class, Code, FUNDS, fund_allowed};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::case::loan_name;
use crate::domain::loan::portfolio::{Holding, Point};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, Aspect, Fund};
use crate::domain::record::{Effect, Event, Outcome, Record, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::report::statement::Totals;
use crate::storage::read::{AsOf, Snapshot};

/// How many loans are read at a time.
const CHUNK: u32 = 500;
/// The longest notes, in characters.
const NOTES: usize = 2000;

service! {
    assessment_service_server::AssessmentService {
        record_assessment: RecordAssessmentRequest => RecordAssessmentResponse;
        get_assessment: GetAssessmentRequest => GetAssessmentResponse;
        list_assessments: ListAssessmentsRequest => ListAssessmentsResponse;
    }
}

impl Mutation for v1::RecordAssessmentRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "parent"), ("happened_on", "assessed_on")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.notes]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        effect.rows.iter().flat_map(|(_, row)| sealed(row)).cloned().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let assessed_on = convert::optional_day(self.assessed_on.as_ref(), "assessed_on")?;
        for notes in texts {
            convert::prose(notes, NOTES, "notes")?;
        }
        let scores = self.checked_scores()?;
        let owner = Entity::Kube(group.clone()).path();
        let plan = Plan::sealed(book, owner, move |mut notes| RecordAssessment {
            group,
            scores,
            notes: notes.pop().unwrap_or_default(),
        });
        Ok(plan.on(assessed_on))
    }
}

impl v1::RecordAssessmentRequest {
    /// Every aspect once, each on its scale.
    fn checked_scores(&self) -> Checked<Vec<Scored>> {
        let mut scores: Vec<Scored> = Vec::new();
        for (at, given) in self.scores.iter().enumerate() {
            let field = |name: &str| format!("scores[{at}].{name}");
            let aspect: Aspect = convert::choice(given.aspect, &field("aspect"))?;
            let unknown = || Fault::ChoiceUnknown.on(&field("aspect"));
            let scale = scale_of(aspect).ok_or_else(unknown)?;
            if scores.iter().any(|known| known.aspect == aspect) {
                return Err(Fault::TooMany.on(&field("aspect")));
            }
            let score = match given.items.is_empty() {
                true => given.score,
                false => sum_of_items(given, &scale, field)?,
            };
            let band = scale.band(score);
            band.ok_or_else(|| Fault::NumberOutOfRange.on(&field("score")))?;
            scores.push(Scored { aspect, score, items: given.items.clone() });
        }
        if scores.len() < scales().len() {
            return Err(Fault::Required.on("scores"));
        }
        Ok(scores)
    }
}

/// The score of an aspect whose items are given: all of them, each with points that an item can
/// have; and what the sheet says they add up to, if it says so.
fn sum_of_items(
    given: &v1::AspectScore,
    scale: &Scale,
    field: impl Fn(&str) -> String,
) -> Checked<u32> {
    let item = |at: usize| field(&format!("items[{at}]"));
    if let Some(at) = given.items.iter().position(|points| !POINTS.contains(points)) {
        return Err(Fault::NumberOutOfRange.on(&item(at)));
    }
    let items = scale.items as usize;
    match given.items.len() {
        few if few < items => return Err(Fault::Required.on(&item(few))),
        many if many > items => return Err(Fault::TooMany.on(&item(items))),
        _ => {}
    }
    let sum = given.items.iter().sum();
    if given.score != 0 && given.score != sum {
        return Err(Fault::SumDiffers.on(&field("score")));
    }
    Ok(sum)
}

impl Method for v1::RecordAssessmentRequest {
    type Response = v1::RecordAssessmentResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let done = call.submit(self).await?;
        let name = assessment_name(&group, done.record.happened_on);
        let row = done.row(&name)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let opened = call.open(&mut snapshot, &book, sealed(row)).await?;
        let assessment = Some(assessment(&book, &name, row, &opened)?);
        Ok(v1::RecordAssessmentResponse { assessment })
    }
}

fn sealed(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let notes = match row {
        Row::Assessment(assessment) => Some(&assessment.notes),
        _ => None,
    };
    notes.into_iter()
}

fn assessment(book: &Id, name: &RowName, row: &Row, opened: &Opened) -> Checked<v1::Assessment> {
    let Row::Assessment(row) = row else { return Err(damaged()) };
    let (notes, erased) = opened.text(Sort::Memo, &row.notes);
    let score = |score: &proto::AspectScore| v1::AspectScore {
        aspect: score.aspect,
        score: score.score,
        band: score.band,
        items: score.items.clone(),
    };
    Ok(v1::Assessment {
        name: convert::row_name(book, name),
        assessed_on: convert::to_optional_date(row.assessed_on),
        scores: row.scores.iter().map(score).collect(),
        notes,
        erased,
    })
}

impl Method for v1::ListAssessmentsRequest {
    type Response = v1::ListAssessmentsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Kube(group.clone()), "parent").await?;
        let parent = format!("groups/{group}/assessments");
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let texts = rows.iter().flat_map(|found| sealed(&found.row));
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let assessments = rows.iter().map(|found| {
            let name = RowName::new(parent.clone(), found.id.clone());
            assessment(&book, &name, &found.row, &opened)
        });
        let assessments = assessments.collect::<Checked<_>>()?;
        Ok(v1::ListAssessmentsResponse { assessments, next_page_token })
    }
}

impl Method for v1::GetAssessmentRequest {
    type Response = v1::GetAssessmentResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, id) = convert::owned_by_group(&self.name, "assessments", "name")?;
        let entity = Entity::Kube(group);
        let name = RowName::of(&entity, "assessments", id.as_str());
        let mut snapshot = call.snapshot(&book, "name").await?;
        let row = call.row(&mut snapshot, &name, "name").await?;
        let opened = call.open(&mut snapshot, &book, sealed(&row)).await?;
        let sheet = assessment(&book, &name, &row, &opened)?;
        let Row::Assessment(row) = row else { return Err(damaged()) };
        let through = Day::new(row.assessed_on);
        let figures = figures(call, &mut snapshot, &book, &entity, through).await?;
        let read_point = Some(read_point(&mut snapshot, None).await?);
        let assessment = Some(sheet);
        Ok(v1::GetAssessmentResponse { assessment, figures: Some(figures), read_point })
    }
}

// ---- what the ledger says ---------------------------------------------------------------------

/// The twelve months up to a day.
fn year_up_to(through: Day) -> Days {
    let (year, month, day) = through.ymd();
    // 29 February has no like a year before.
    let before = Day::from_ymd(year - 1, month, day);
    let before = before.or_else(|| Day::from_ymd(year - 1, month, day - 1));
    (before.map_or(Day::MIN, Day::next), through)
}

async fn figures(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    book: &Id,
    entity: &Entity,
    through: Day,
) -> Checked<v1::LedgerFigures> {
    let known = snapshot.head().size;
    let Row::Book(settings) = call.row(snapshot, &RowName::book(), "name").await? else {
        return Err(damaged());
    };
    let Entity::Kube(group) = entity else { return Err(damaged()) };
    let Row::Group(group) = call.row(snapshot, &RowName::group(group), "name").await? else {
        return Err(damaged());
    };
    let span = year_up_to(through);
    let of = |fund| Scope { book: book.clone(), entity: Some(entity.clone()), fund: Some(fund) };
    let before = of(Fund::Uep).totals(snapshot, eve(span.0), known).await?;
    let after = of(Fund::Uep).totals(snapshot, span.1, known).await?;
    let (savers, saving_months) = savers(snapshot, entity, span, known).await?;
    let (dues, relief) = solidarity(snapshot, entity, span, known).await?;
    let onward = onward(snapshot, entity, span, known).await?;
    let member_loans = loans_given(snapshot, entity, span, known).await?;
    let lkm_loans = loans_taken(snapshot, entity, span, known).await?;
    let money = |amount| Some(convert::to_money(amount));
    Ok(v1::LedgerFigures {
        from: Some(convert::to_date(span.0)),
        through: Some(convert::to_date(span.1)),
        capital_before: money(own_capital(&before)?),
        capital_after: money(own_capital(&after)?),
        members: group.enrolled,
        savers,
        saving_months,
        months: months(span.0.max(Day::new(settings.opened_on)), span.1),
        dues_received: money(dues),
        relief_paid: money(relief),
        passed_on: money(onward.0),
        owed_onward: money(onward.1),
        member_loans: Some(member_loans.message()?),
        lkm_loans: Some(lkm_loans.message()?),
    })
}

/// Equity with the running result, credit positive.
fn own_capital(totals: &Totals) -> Checked<Sen> {
    let own = |class| matches!(class, Class::Equity | Class::Income | Class::Expense);
    let mut sum = Sen::ZERO;
    for (_, total) in totals.iter().filter(|(control, _)| own(control.code.line().class)) {
        sum = sum.minus(*total)?;
    }
    Ok(sum)
}

/// What came into the solidarity fund as dues and donations, and what left it as relief.
async fn solidarity(
    snapshot: &mut Snapshot,
    entity: &Entity,
    span: Days,
    known: u64,
) -> Checked<(Sen, Sen)> {
    let account = Ledger::new(entity.clone(), Fund::Iks).account(Code::SolidarityFund);
    let (mut dues, mut relief) = (Sen::ZERO, Sen::ZERO);
    let mut lines = Lines::new(&account, span, known);
    while let Some(chunk) = lines.next(snapshot).await? {
        for (amount, record) in chunk {
            match cause(snapshot, &record).await? {
                Event::DuesReceived | Event::SheetRecorded | Event::SheetDecided => {
                    dues = dues.minus(amount)?;
                }
                Event::ReliefPaid => relief = relief.plus(amount)?,
                _ => {}
            }
        }
    }
    Ok((dues, relief))
}

/// What a record is about; for a reversal, what it takes back is about.
async fn cause(snapshot: &mut Snapshot, record: &Record) -> Checked<Event> {
    let Outcome::Done(Effect { reverses: Some((request, _)), .. }) = &record.outcome else {
        return Ok(record.event);
    };
    let receipt = snapshot.receipt(request).await?.ok_or_else(damaged)?;
    let original = snapshot.record(receipt.position).await?.ok_or_else(damaged)?;
    Ok(original.event)
}

/// Calendar months that a span touches.
fn months(from: Day, through: Day) -> u32 {
    let ((year, month, _), (last_year, last_month, _)) = (from.ymd(), through.ymd());
    let count = (last_year - year) * 12 + last_month - month + 1;
    u32::try_from(count).unwrap_or_default().min(12)
}

/// How many members brought mandatory savings, and in how many months, added up.
async fn savers(
    snapshot: &mut Snapshot,
    entity: &Entity,
    span: Days,
    known: u64,
) -> Checked<(u32, u32)> {
    let ledger = Ledger::new(entity.clone(), Fund::SimpanPinjam);
    let control = Control { ledger, code: Code::MandatorySavings };
    let (mut savers, mut all) = (0, 0);
    for account in accounts_of(snapshot, &control, known).await? {
        let mut months: BTreeMap<(i32, i32), Sen> = BTreeMap::new();
        let mut lines = Lines::new(&account, span, known);
        while let Some(chunk) = lines.next(snapshot).await? {
            for (amount, record) in chunk {
                let (year, month, _) = record.happened_on.ymd();
                let brought = months.entry((year, month)).or_default();
                *brought = brought.minus(amount)?;
            }
        }
        months.retain(|_, brought| brought.is_positive());
        savers += u32::from(!months.is_empty());
        all += u32::try_from(months.len()).unwrap_or(12).min(12);
    }
    Ok((savers, all))
}

/// How loans were paid over a span, added up.
#[derive(Clone, Copy, Default)]
struct Repayment {
    loans: u32,
    asked: Sen,
    paid: Sen,
    overdue: Sen,
    days_late: u32,
    unreckoned: u32,
}

impl Repayment {
    /// Adds a loan, if it was paid out by the end of the span; one whose amounts do not fit is only
    /// counted.
    fn add(&mut self, loan: &proto::Loan, span: Days, known: u64) -> Checked<()> {
        match self.with(loan, span, known) {
            Ok(sums) => *self = sums,
            Err(refusal) if refusal.reason == Reason::Overflow => self.unreckoned += 1,
            Err(refusal) => return Err(refusal.into()),
        }
        Ok(())
    }

    fn with(&self, loan: &proto::Loan, span: Days, known: u64) -> Result<Repayment, Refusal> {
        let at = |day| Holding::of(loan, None, Point { day, known });
        let (Some(after), before) = (at(span.1)?, at(eve(span.0))?) else { return Ok(*self) };
        let (asked, paid) = match before {
            Some(before) => (before.scheduled.total()?, before.paid.total()?),
            None => (Sen::ZERO, Sen::ZERO),
        };
        Ok(Repayment {
            loans: self.loans + 1,
            asked: self.asked.plus(after.scheduled.total()?.minus(asked)?)?,
            paid: self.paid.plus(after.paid.total()?.minus(paid)?)?,
            overdue: self.overdue.plus(after.due.total()?)?,
            days_late: self.days_late.max(after.days_late),
            unreckoned: self.unreckoned,
        })
    }

    fn message(self) -> Checked<v1::LoanRepayment> {
        let money = |amount| Some(convert::to_money(amount));
        Ok(v1::LoanRepayment {
            loans: self.loans,
            asked: money(self.asked),
            paid: money(self.paid),
            overdue: money(self.overdue),
            days_late: self.days_late,
            unreckoned: self.unreckoned,
        })
    }
}

/// How members paid the loans that the group gave them.
async fn loans_given(
    snapshot: &mut Snapshot,
    entity: &Entity,
    span: Days,
    known: u64,
) -> Checked<Repayment> {
    let mut sums = Repayment::default();
    let parent = RowName::of(entity, "loans", "").parent;
    let mut after = String::new();
    loop {
        let rows = snapshot.rows(&parent, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(sums) };
        after.clone_from(&last.id);
        for found in &rows {
            let Row::Loan(loan) = &found.row else { return Err(damaged()) };
            sums.add(loan, span, known)?;
        }
    }
}

/// How the group paid the loans that the LKM gave it: those it ever owed something on.
async fn loans_taken(
    snapshot: &mut Snapshot,
    entity: &Entity,
    span: Days,
    known: u64,
) -> Checked<Repayment> {
    const OWED: [Code; 4] =
        [Code::LkmLoan, Code::MurabahahPayable, Code::QardhPayable, Code::SyirkahFund];
    let mut loans = BTreeSet::new();
    for fund in FUNDS.iter().filter(|fund| fund_allowed(entity, **fund)) {
        for code in OWED {
            let control = Control { ledger: Ledger::new(entity.clone(), *fund), code };
            let accounts = accounts_of(snapshot, &control, known).await?;
            loans.extend(accounts.iter().filter_map(|account| Id::new(account.subject.as_str())));
        }
    }
    let mut sums = Repayment::default();
    for loan in loans {
        let row = snapshot.row(&loan_name(&Entity::Lkm, &loan)).await?.map(|found| found.row);
        let Some(Row::Loan(loan)) = row else { return Err(damaged()) };
        sums.add(&loan, span, known)?;
    }
    Ok(sums)
}

/// What was passed on in a span, and what is owed onward at its end.
async fn onward(
    snapshot: &mut Snapshot,
    entity: &Entity,
    span: Days,
    known: u64,
) -> Checked<(Sen, Sen)> {
    let ledger = Ledger::new(entity.clone(), Fund::Guliran);
    let control = Control { ledger, code: Code::GuliranObligation };
    let mut passed = Sen::ZERO;
    for account in accounts_of(snapshot, &control, known).await? {
        let mut lines = Lines::new(&account, span, known);
        while let Some(chunk) = lines.next(snapshot).await? {
            for (amount, record) in chunk {
                if cause(snapshot, &record).await? == Event::GuliranDelivered {
                    passed = passed.plus(amount)?;
                }
            }
        }
    }
    let as_of = AsOf { effective: Some(span.1), position: Some(known) };
    let owed = snapshot.control_total(&control, as_of).await?.negated()?;
    Ok((passed, owed))
}
