//! Loans, from application to the last instalment (catalogue events 21 to 29 and 35 to 39); their
//! rules are in [`rules`], those from outside lenders (45) in [`outside`].

mod outside;
mod rules;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Done, Method, Mutation, Opened, Page, Plan, damaged, detailed, not_found, service,
    transactions,
};
use crate::api::errors::Fault;
use crate::api::google_type;
use crate::api::link::{MEANS, means};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::api::v1::loan_purse::Purse as Named;
use crate::domain::access::{Place, holds_in};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::case::{Borrower, Purse, loan_name};
use crate::domain::loan::life::{LATEST, Life, Line, facts_known, reckon};
use crate::domain::loan::pay::{
    AccrueLoan, Disburse, PayLoan, RefundTitipan, RewardLoan, SettleLoan, WaiveLoan,
};
use crate::domain::loan::request::{ApplyLoan, ConfirmLoan, Confirmer, DecideLoan};
use crate::domain::loan::schedule::Instalment;
use crate::domain::loan::surety::{GroupStandsIn, RepayClaim, StandIn};
use crate::domain::loan::trouble::{
    Given, ProvideLoan, RegisterCollateral, Reschedule, SellCollateral, TakeCollateral, TurnLoan,
    WriteOffLoan,
};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, Loan, LoanState};
use crate::domain::record::{Effect, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::storage::read::Snapshot;

use rules::{money, optional_money, optional_rebate, to_instalment, to_plan, to_terms};
pub(super) use rules::{parts, plan};

/// The most members that pay for one at once.
const MOST_PAYERS: usize = 200;

service! {
    loan_service_server::LoanService {
        set_loan_product: SetLoanProductRequest => SetLoanProductResponse;
        list_loan_products: ListLoanProductsRequest => ListLoanProductsResponse;
        preview_schedule: PreviewScheduleRequest => PreviewScheduleResponse;
        apply_for_loan: ApplyForLoanRequest => ApplyForLoanResponse;
        confirm_loan: ConfirmLoanRequest => ConfirmLoanResponse;
        decide_loan: DecideLoanRequest => DecideLoanResponse;
        disburse_loan: DisburseLoanRequest => DisburseLoanResponse;
        pay_loan: PayLoanRequest => PayLoanResponse;
        refund_titipan: RefundTitipanRequest => RefundTitipanResponse;
        quote_settlement: QuoteSettlementRequest => QuoteSettlementResponse;
        settle_loan: SettleLoanRequest => SettleLoanResponse;
        waive_loan: WaiveLoanRequest => WaiveLoanResponse;
        accrue_loan: AccrueLoanRequest => AccrueLoanResponse;
        reward_loan: RewardLoanRequest => RewardLoanResponse;
        stand_in: StandInRequest => StandInResponse;
        group_stands_in: GroupStandsInRequest => GroupStandsInResponse;
        repay_claim: RepayClaimRequest => RepayClaimResponse;
        reschedule_loan: RescheduleLoanRequest => RescheduleLoanResponse;
        turn_loan: TurnLoanRequest => TurnLoanResponse;
        set_loan_quality: SetLoanQualityRequest => SetLoanQualityResponse;
        provide_for_loan: ProvideForLoanRequest => ProvideForLoanResponse;
        write_off_loan: WriteOffLoanRequest => WriteOffLoanResponse;
        register_collateral: RegisterCollateralRequest => RegisterCollateralResponse;
        take_collateral: TakeCollateralRequest => TakeCollateralResponse;
        sell_collateral: SellCollateralRequest => SellCollateralResponse;
        take_outside_loan: TakeOutsideLoanRequest => TakeOutsideLoanResponse;
        repay_outside_loan: RepayOutsideLoanRequest => RepayOutsideLoanResponse;
        get_outside_loan: GetOutsideLoanRequest => GetOutsideLoanResponse;
        list_outside_loans: ListOutsideLoansRequest => ListOutsideLoansResponse;
        get_loan: GetLoanRequest => GetLoanResponse;
        list_loans: ListLoansRequest => ListLoansResponse;
    }
}

transactions! {
    ProvideForLoanRequest => ProvideForLoanResponse;
    SellCollateralRequest => SellCollateralResponse;
    TakeOutsideLoanRequest => TakeOutsideLoanResponse;
    RepayOutsideLoanRequest => RepayOutsideLoanResponse;
}

// ---- from application to the last instalment --------------------------------------------------

/// Where the domain's names of places stand in a request with a purse.
pub(super) const PURSE: &[(&str, &str)] = &[
    ("place", "purse.place"),
    ("bag", "purse.bag"),
    ("means", "purse"),
    ("kube_place", "purse.means.money.kube_place"),
    ("lkm_place", "purse.means.money.lkm_place"),
    ("terms.rate_percent", "rate_percent"),
];

pub(super) fn purse(purse: Option<&v1::LoanPurse>, book: &Id) -> Checked<Purse> {
    match purse.and_then(|purse| purse.purse.as_ref()) {
        Some(Named::Place(place)) => {
            convert::place(Some(place), book, "purse.place").map(Purse::Place)
        }
        Some(Named::Bag(bag)) => convert::drawer(bag, book, "purse.bag").map(Purse::Bag),
        Some(Named::Means(given)) => means(Some(given), book).map(Purse::Kube),
        None => Err(Fault::Required.on("purse")),
    }
}

pub(super) fn loan_of(name: &str, field: &str) -> Checked<(Id, Entity, Id)> {
    convert::owned(name, "loans", field)
}

/// A borrower by name: a member of the lender, or a KUBE.
pub(super) fn borrower(name: &str, owner: (&Id, &Entity), field: &str) -> Checked<Borrower> {
    match convert::group(name, field) {
        Ok((book, group)) if book == *owner.0 => Ok(Borrower::Group(group)),
        Ok(_) => Err(Fault::WrongParent.on(field)),
        Err(_) => convert::owned_by(name, owner, "members", field).map(Borrower::Member),
    }
}

/// The group of a name, of this very book; an empty name is nothing.
pub(super) fn optional_group(name: &str, book: &Id, field: &str) -> Checked<Option<Id>> {
    if name.is_empty() {
        return Ok(None);
    }
    let (of, group) = convert::group(name, field)?;
    if of == *book { Ok(Some(group)) } else { Err(Fault::WrongParent.on(field)) }
}

impl Mutation for v1::ApplyForLoanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("product", "product_id"), ("group", "borrower"), ("terms.margin", "margin")];

    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.purpose]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let recorded = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Loan(loan) => Some(loan.purpose.clone()),
            _ => None,
        });
        recorded.into_iter().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, lender) = convert::entity(&self.lender, "lender")?;
        let owner = (&book, &lender);
        if let [purpose] = texts {
            convert::line(purpose, 200, "purpose")?;
        }
        let borrower = borrower(&self.borrower, owner, "borrower")?;
        let source = match self.funded_by.as_str() {
            "" => None,
            name => Some(convert::owned_by(name, (&book, &Entity::Lkm), "loans", "funded_by")?),
        };
        let sealed_for = key_of(&lender, &borrower).to_string();
        let mut action = ApplyLoan {
            lender: lender.clone(),
            loan: convert::id(&self.loan_id, "loan_id")?,
            borrower,
            product: convert::id(&self.product_id, "product_id")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            plan: plan(self.plan.as_ref())?,
            purpose: Vec::new(),
            funded_by: source,
            surety: optional_group(&self.surety, &book, "surety")?,
            margin: optional_money(self.margin.as_ref(), "margin")?.unwrap_or(Sen::ZERO),
            auto_debit: self.auto_debit,
        };
        let sealed = Plan::sealed(book, sealed_for, move |mut texts| {
            action.purpose = texts.pop().unwrap_or_default();
            action
        });
        Ok(sealed.memo_of(&lender))
    }
}

impl Method for v1::ApplyForLoanRequest {
    type Response = v1::ApplyForLoanResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, lender) = convert::entity(&self.lender, "lender")?;
        let name = loan_name(&lender, &convert::id(&self.loan_id, "loan_id")?);
        let done = call.submit(self).await?;
        let row = Some(after(call, &done, &name).await?);
        Ok(v1::ApplyForLoanResponse { transaction: Some(done.transaction(call)), row })
    }
}

impl v1::ConfirmLoanRequest {
    fn planned(&self, by: Confirmer) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let owner = lender.clone();
        let paper = self.details.as_ref().and_then(|details| details.evidence.as_ref());
        let paper = paper.is_some_and(|paper| !paper.number.is_empty());
        Ok(Plan::new(book, &owner, ConfirmLoan { lender, loan, by, paper }))
    }
}

impl Mutation for v1::ConfirmLoanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("evidence", "details.evidence")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        self.planned(Confirmer::default())
    }
}

impl Method for v1::ConfirmLoanRequest {
    type Response = v1::ConfirmLoanResponse;

    /// Officers of a KUBE confirm its loan from the LKM, where they hold no role: whom a loan of
    /// the LKM concerns is known by its borrower, and all others hear that it is not there.
    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, lender, loan) = loan_of(&self.loan, "loan")?;
        let (_, passed) = call.caller();
        let place = Place::Entity(lender.clone());
        let here = passed.is_trusted() || passed.held.iter().any(|one| holds_in(one, &place));
        if lender != Entity::Lkm && !here {
            return Err(not_found(&self.loan, "loan"));
        }
        let plan = self.planned(Confirmer::new(&passed.held))?;
        let done = call.submit_as(self, plan).await?;
        let row = optional_after(call, &done, &loan_name(&lender, &loan)).await?;
        Ok(v1::ConfirmLoanResponse { transaction: Some(done.transaction(call)), row })
    }
}

/// The mutations of one loan: they name it, make an action, and answer with what became of it.
macro_rules! of_loan {
    ($($request:ident => $response:ident, $fields:ident,
        |$this:ident, $book:ident, $lender:ident, $loan:ident| $action:expr;)+) => {$(
        impl Mutation for v1::$request {
            const FIELDS: &'static [(&'static str, &'static str)] = $fields;

            detailed!();

            fn plan(&self, _: &[String]) -> Checked<Plan> {
                let $this = self;
                let ($book, $lender, $loan) = loan_of(&self.loan, "loan")?;
                let owner = $lender.clone();
                let action = $action;
                Ok(Plan::new($book, &owner, action))
            }
        }

        impl Method for v1::$request {
            type Response = v1::$response;

            async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
                let (_, lender, loan) = loan_of(&self.loan, "loan")?;
                let name = loan_name(&lender, &loan);
                let done = call.submit(self).await?;
                let row = optional_after(call, &done, &name).await?;
                Ok(v1::$response { transaction: Some(done.transaction(call)), row })
            }
        }
    )+};
}

of_loan! {
    DecideLoanRequest => DecideLoanResponse, PURSE, |request, book, lender, loan| DecideLoan {
        lender,
        loan,
        approve: request.approve,
        amount: optional_money(request.amount.as_ref(), "amount")?,
        minute: convert::required_line(&request.minute, 80, "minute")?,
    };
    DisburseLoanRequest => DisburseLoanResponse, PURSE, |request, book, lender, loan| Disburse {
        lender,
        loan,
        amount: optional_money(request.amount.as_ref(), "amount")?,
        fee_beside: request.fee_beside,
        purse: purse(request.purse.as_ref(), &book)?,
    };
    PayLoanRequest => PayLoanResponse, PURSE, |request, book, lender, loan| PayLoan {
        lender,
        loan,
        amount: convert::money(request.amount.as_ref(), "amount")?,
        purse: purse(request.purse.as_ref(), &book)?,
    };
    RefundTitipanRequest => RefundTitipanResponse, PURSE, |request, book, lender, loan| RefundTitipan {
        lender,
        loan,
        amount: convert::money(request.amount.as_ref(), "amount")?,
        purse: purse(request.purse.as_ref(), &book)?,
    };
    SettleLoanRequest => SettleLoanResponse, PURSE, |request, book, lender, loan| SettleLoan {
        lender,
        loan,
        amount: convert::money_or_zero(request.amount.as_ref(), "amount")?,
        rebate: optional_rebate(request.rebate.as_ref())?,
        purse: purse(request.purse.as_ref(), &book)?,
    };
    WaiveLoanRequest => WaiveLoanResponse, PURSE, |request, book, lender, loan| WaiveLoan {
        lender,
        loan,
        part: convert::choice(request.part, "part")?,
        amount: convert::money(request.amount.as_ref(), "amount")?,
    };
    AccrueLoanRequest => AccrueLoanResponse, PURSE, |_request, book, lender, loan| {
        AccrueLoan { lender, loan }
    };
    RewardLoanRequest => RewardLoanResponse, PURSE, |request, book, lender, loan| {
        of_lkm(&lender)?;
        RewardLoan { loan, purse: purse(request.purse.as_ref(), &book)? }
    };
    StandInRequest => StandInResponse, MEANS, |request, book, lender, loan| StandIn {
        payers: payers(&request.payers, (&book, &lender))?,
        place: convert::place(request.place.as_ref(), &book, "place")?,
        lender,
        loan,
    };
    GroupStandsInRequest => GroupStandsInResponse, MEANS, |request, book, lender, loan| {
        of_lkm(&lender)?;
        GroupStandsIn {
            loan,
            amount: convert::money(request.amount.as_ref(), "amount")?,
            means: means(request.means.as_ref(), &book)?,
        }
    };
    RepayClaimRequest => RepayClaimResponse, MEANS, |request, book, lender, loan| RepayClaim {
        payer: borrower(&request.payer, (&book, &lender), "payer")?,
        amount: convert::money(request.amount.as_ref(), "amount")?,
        place: convert::place(request.place.as_ref(), &book, "place")?,
        lender,
        loan,
    };
}

of_loan! {
    RescheduleLoanRequest => RescheduleLoanResponse, PURSE, |request, book, lender, loan| Reschedule {
        lender,
        loan,
        plan: plan(request.plan.as_ref())?,
        rate: convert::decimal(request.rate_percent.as_ref()),
        minute: convert::required_line(&request.minute, 80, "minute")?,
    };
    TurnLoanRequest => TurnLoanResponse, PURSE, |request, book, lender, loan| TurnLoan {
        lender,
        loan,
        performing: request.performing,
    };
    WriteOffLoanRequest => WriteOffLoanResponse, PURSE, |request, book, lender, loan| WriteOffLoan {
        lender,
        loan,
        minute: convert::required_line(&request.minute, 80, "minute")?,
    };
    TakeCollateralRequest => TakeCollateralResponse, TAKEN, |request, book, lender, loan| {
        of_lkm(&lender)?;
        TakeCollateral {
            loan,
            collateral: convert::id(&request.collateral_id, "collateral_id")?,
            amount: convert::money(request.amount.as_ref(), "amount")?,
            given: given(request)?,
        }
    };
}

impl Mutation for v1::RegisterCollateralRequest {
    detailed!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.label]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let recorded = effect.rows.iter().find_map(|(_, row)| match row {
            Row::Loan(loan) => loan.collaterals.last().map(|thing| thing.label.clone()),
            _ => None,
        });
        recorded.into_iter().collect()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        if let [label] = texts {
            convert::required_line(label, 80, "label")?;
        }
        let (_, lender, _) = loan_of(&self.loan, "loan")?;
        self.plan_for(lender.path())
    }
}

impl v1::RegisterCollateralRequest {
    /// The same with what it is under somebody's key.
    fn plan_for(&self, owner: String) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let mut action = RegisterCollateral {
            lender: lender.clone(),
            loan,
            collateral: convert::id(&self.collateral_id, "collateral_id")?,
            label: Vec::new(),
            value: convert::money(self.value.as_ref(), "value")?,
        };
        let sealed = Plan::sealed(book, owner, move |mut texts| {
            action.label = texts.pop().unwrap_or_default();
            action
        });
        Ok(sealed.memo_of(&lender))
    }
}

impl Method for v1::RegisterCollateralRequest {
    type Response = v1::RegisterCollateralResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, lender, loan) = loan_of(&self.loan, "loan")?;
        let plan = self.plan_for(borrower_of(call, &self.loan).await?)?;
        let done = call.submit_as(self, plan).await?;
        let row = Some(after(call, &done, &loan_name(&lender, &loan)).await?);
        Ok(v1::RegisterCollateralResponse { transaction: Some(done.transaction(call)), row })
    }
}

/// The borrower of a loan by row name, whose key the texts about it are under.
pub(super) async fn borrower_of(call: &Call<'_>, loan: &str) -> Checked<String> {
    let (book, lender, loan) = loan_of(loan, "loan")?;
    let mut snapshot = call.snapshot_of(&book, &lender, "loan").await?;
    let Row::Loan(row) = call.row(&mut snapshot, &loan_name(&lender, &loan), "loan").await? else {
        return Err(damaged());
    };
    let borrower = Borrower::parse(&row.borrower).ok_or_else(damaged)?;
    Ok(key_of(&lender, &borrower).to_string())
}

/// Whose key the texts about a borrower's loan are under.
fn key_of(lender: &Entity, borrower: &Borrower) -> RowName {
    match borrower {
        Borrower::Member(member) => RowName::of(lender, "members", member.as_str()),
        Borrower::Group(group) => RowName::group(group),
    }
}

/// Where the domain's names stand in a request about collateral.
const TAKEN: &[(&str, &str)] = &[("collateral", "collateral_id"), ("lot", "lot_id")];

fn given(request: &v1::TakeCollateralRequest) -> Checked<Option<Given>> {
    let quantity = request.quantity.as_ref();
    let quantity = quantity.map(|some| convert::quantity(Some(some), "quantity")).transpose()?;
    match (convert::optional_id(&request.lot_id, "lot_id")?, quantity) {
        (None, Some(_)) => Err(Fault::Required.on("lot_id")),
        (lot, quantity_milli) => Ok(lot.map(|lot| Given { lot, quantity_milli })),
    }
}

impl Mutation for v1::ProvideForLoanRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        Ok(Plan::new(book, &lender.clone(), ProvideLoan { lender, loan }))
    }
}

impl Mutation for v1::SellCollateralRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        of_lkm(&lender)?;
        let price = convert::money(self.price.as_ref(), "price")?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &lender, SellCollateral { loan, price, place }))
    }
}

/// Checks that a loan is the LKM's.
fn of_lkm(lender: &Entity) -> Checked<()> {
    if *lender == Entity::Lkm { Ok(()) } else { Err(Fault::WrongParent.on("loan")) }
}

fn payers(parts: &[v1::StandInPart], owner: (&Id, &Entity)) -> Checked<Vec<(Id, Sen)>> {
    convert::count(parts, MOST_PAYERS, "payers")?;
    let mut payers = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let at = |name: &str| format!("payers[{index}].{name}");
        let member = convert::owned_by(&part.member, owner, "members", &at("member"))?;
        payers.push((member, convert::money(part.amount.as_ref(), &at("amount"))?));
    }
    Ok(payers)
}

/// The loan as a mutation left it; none where a report waits in suspense.
async fn optional_after(call: &Call<'_>, done: &Done, name: &RowName) -> Checked<Option<v1::Loan>> {
    let touched = done.effect()?.rows.iter().any(|(row, _)| row == name);
    if touched { after(call, done, name).await.map(Some) } else { Ok(None) }
}

async fn after(call: &Call<'_>, done: &Done, name: &RowName) -> Checked<v1::Loan> {
    let Row::Loan(row) = done.row(name)? else { return Err(damaged()) };
    let mut snapshot = call.snapshot(&done.book, "loan").await?;
    let opened = call.open(&mut snapshot, &done.book, texts_of(row)).await?;
    Ok(to_loan(&done.book, name, row, &opened))
}

/// The commitments to the texts of a loan.
fn texts_of(row: &Loan) -> impl Iterator<Item = &Vec<u8>> {
    std::iter::once(&row.purpose).chain(row.collaterals.iter().map(|thing| &thing.label))
}

fn to_collateral(thing: &proto::Collateral, opened: &Opened) -> v1::Collateral {
    let (label, erased) = opened.text(Sort::Remark, &thing.label);
    v1::Collateral {
        collateral_id: thing.id.clone(),
        label,
        erased,
        value: money(thing.value),
        since: Some(convert::to_date(Day::new(thing.since))),
        taken_on: convert::to_optional_date(thing.taken_on),
    }
}

fn to_loan(book: &Id, name: &RowName, row: &Loan, opened: &Opened) -> v1::Loan {
    let owner = name.parent.strip_suffix("/loans").unwrap_or_default();
    let person = |path: &str| match path.starts_with("members/") {
        true => convert::row_name(book, format!("{owner}/{path}")),
        false => convert::row_name(book, path),
    };
    let named = |prefix: &str, id: &String| match id.as_str() {
        "" => String::new(),
        id => convert::row_name(book, format!("{prefix}/{id}")),
    };
    let (purpose, erased) = opened.text(Sort::Remark, &row.purpose);
    let claim = |claim: &proto::LoanClaim| v1::LoanClaim {
        payer: person(&claim.payer),
        amount: money(claim.amount),
        repaid: money(claim.repaid),
    };
    v1::Loan {
        name: convert::row_name(book, name),
        borrower: person(&row.borrower),
        product: named(&format!("{owner}/loan-products"), &row.product),
        state: row.state,
        amount: money(row.amount),
        plan: row.plan.as_ref().map(to_plan),
        terms: row.terms.as_ref().map(to_terms),
        applied_on: convert::to_optional_date(row.applied_on),
        confirmed_on: convert::to_optional_date(row.confirmed_on),
        decided_on: convert::to_optional_date(row.decided_on),
        minute: row.minute.clone(),
        purpose,
        erased,
        funded_by: named("lkm/loans", &row.funded_by),
        surety: named("groups", &row.surety),
        auto_debit: row.auto_debit,
        claims: row.claims.iter().map(claim).collect(),
        collaterals: row.collaterals.iter().map(|thing| to_collateral(thing, opened)).collect(),
    }
}

// ---- questions --------------------------------------------------------------------------------

/// The day asked about, or the business day.
async fn day_asked(
    call: &Call<'_>,
    snapshot: &mut Snapshot,
    on: Option<&google_type::Date>,
) -> Checked<Day> {
    if let Some(day) = convert::optional_day(on, "on")? {
        return Ok(day);
    }
    match call.row(snapshot, &RowName::book(), "loan").await? {
        Row::Book(settings) => Ok(Day::new(settings.business_day)),
        _ => Err(damaged()),
    }
}

/// What a loan has come to on a day; none before it was paid out.
fn life_on(row: &Loan, day: Day) -> Checked<Option<Life>> {
    let began = facts_known(row, LATEST).next().is_some_and(|fact| fact.on <= day.get());
    if began { Ok(Some(reckon(row, day)?)) } else { Ok(None) }
}

/// None for what does not fit. Errors: all others.
fn if_it_fits<T>(found: Result<T, Refusal>) -> Checked<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(refusal) if refusal.reason == Reason::Overflow => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

fn standing(life: &Life, day: Day) -> Result<v1::LoanStanding, Refusal> {
    Ok(v1::LoanStanding {
        on: Some(convert::to_date(day)),
        disbursed: Some(convert::to_money(life.disbursed())),
        outstanding: Some(convert::to_money(life.outstanding()?)),
        due: parts(life.due()?),
        paid: parts(life.paid()),
        titipan: Some(convert::to_money(life.titipan())),
        receivable: money(life.sums()?.receivable),
        days_late: life.days_late()?,
        instalments_late: life.instalments_late()?,
        next_due_on: life.next_due().map(convert::to_date),
    })
}

impl Method for v1::QuoteSettlementRequest {
    type Response = v1::QuoteSettlementResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let mut snapshot = call.snapshot_of(&book, &lender, "loan").await?;
        let on = day_asked(call, &mut snapshot, self.on.as_ref()).await?;
        let name = loan_name(&lender, &loan);
        let Row::Loan(row) = call.row(&mut snapshot, &name, "loan").await? else {
            return Err(damaged());
        };
        let owed = matches!(row.state(), LoanState::Active | LoanState::Approved);
        let closed = || Refusal::new(Reason::LoanNotOpen).on("loan").with("loan", &loan);
        let life = life_on(&row, on)?.filter(|_| owed).ok_or_else(closed)?;
        let quote = match optional_rebate(self.rebate.as_ref())? {
            Some(rebate) => life.quote_decided(rebate)?,
            None => life.quote()?,
        };
        Ok(v1::QuoteSettlementResponse {
            owed: parts(quote.owed),
            rebate: Some(convert::to_money(quote.rebate)),
            titipan: Some(convert::to_money(quote.titipan)),
            total: Some(convert::to_money(quote.total)),
        })
    }
}

impl Method for v1::GetLoanRequest {
    type Response = v1::GetLoanResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender, loan) = loan_of(&self.name, "name")?;
        let mut snapshot = call.snapshot_of(&book, &lender, "name").await?;
        let on = day_asked(call, &mut snapshot, self.on.as_ref()).await?;
        let name = loan_name(&lender, &loan);
        let found = snapshot.row(&name).await?;
        let Row::Loan(row) = found.ok_or_else(|| not_found(&name.to_string(), "name"))?.row else {
            return Err(damaged());
        };
        let opened = call.open(&mut snapshot, &book, texts_of(&row)).await?;
        let life = life_on(&row, on)?;
        let shown = match &life {
            Some(life) => {
                if_it_fits(standing(life, on).and_then(|standing| Ok((standing, lines(life)?))))?
            }
            None => None,
        };
        let unreckoned = life.is_some() && shown.is_none();
        let (standing, instalments) = shown.unzip();
        Ok(v1::GetLoanResponse {
            loan: Some(to_loan(&book, &name, &row, &opened)),
            standing,
            instalments: instalments.unwrap_or_default(),
            facts: facts_known(&row, LATEST).map(fact).collect(),
            unreckoned,
        })
    }
}

/// The instalments of a loan in which something falls, or fell, due.
fn lines(life: &Life) -> Result<Vec<v1::Instalment>, Refusal> {
    let full = |line: &&Line| {
        let Instalment { principal, interest, .. } = line.plan;
        !(principal.is_zero() && interest.is_zero())
    };
    let line =
        |line: &Line| Ok(to_instalment(&line.plan, Some((line.paid, line.owed(life.terms())?))));
    life.lines().iter().filter(full).map(line).collect()
}

fn fact(fact: &proto::LoanFact) -> v1::LoanFact {
    v1::LoanFact {
        kind: fact.kind,
        on: Some(convert::to_date(Day::new(fact.on))),
        amount: money(fact.amount),
        position: fact.position,
    }
}

impl Method for v1::ListLoansRequest {
    type Response = v1::ListLoansResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &lender, "parent").await?;
        let on = day_asked(call, &mut snapshot, self.on.as_ref()).await?;
        let parent = RowName::of(&lender, "loans", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let mut loans = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::Loan(row) = &found.row else { return Err(damaged()) };
            let life = life_on(row, on)?;
            let shown = match &life {
                Some(life) => if_it_fits(
                    standing(life, on)
                        .and_then(|standing| Ok((standing, life.due()?.total()?.is_positive()))),
                )?,
                None => None,
            };
            // What cannot be reckoned is late: nothing else grows so.
            let unreckoned = life.is_some() && shown.is_none();
            let (standing, late) = shown.unzip();
            if self.only_arrears && !late.unwrap_or(unreckoned) {
                continue;
            }
            let name = RowName::new(parent.clone(), found.id.clone());
            let mut bare = Loan { purpose: Vec::new(), ..row.clone() };
            bare.collaterals.iter_mut().for_each(|thing| thing.label = Vec::new());
            loans.push(v1::LoanSummary {
                loan: Some(to_loan(&book, &name, &bare, &Opened::default())),
                standing,
                unreckoned,
            });
        }
        Ok(v1::ListLoansResponse { loans, next_page_token })
    }
}
