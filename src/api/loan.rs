//! Loans: products, schedules, from application to the last instalment (catalogue events 21 to 29,
//! 35 to 39 and 45).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Done, Method, Mutation, Opened, Page, Plan, damaged, detailed, not_found, plain, service,
    transactions,
};
use crate::api::errors::Fault;
use crate::api::google_type;
use crate::api::link::{MEANS, means};
use crate::api::v1;
use crate::api::v1::loan_purse::Purse as Named;
use crate::domain::day::Day;
use crate::domain::effective::in_force;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::allocation::Parts;
use crate::domain::loan::calendar::Calendar;
use crate::domain::loan::case::{Borrower, Purse, loan_name};
use crate::domain::loan::life::{LATEST, Life, Line, facts_known, reckon};
use crate::domain::loan::outside::{RepayOutsideLoan, TakeOutsideLoan};
use crate::domain::loan::pay::{
    AccrueLoan, Disburse, PayLoan, RefundTitipan, RewardLoan, SettleLoan, WaiveLoan,
};
use crate::domain::loan::product::{SetLoanProduct, product_name};
use crate::domain::loan::quality::{self, SetLoanQuality};
use crate::domain::loan::request::{ApplyLoan, ConfirmLoan, DecideLoan};
use crate::domain::loan::schedule::{Instalment, instalments};
use crate::domain::loan::surety::{GroupStandsIn, RepayClaim, StandIn};
use crate::domain::loan::terms::Terms;
use crate::domain::loan::trouble::{
    ProvideLoan, RegisterCollateral, Reschedule, SellCollateral, TakeCollateral, TurnLoan,
    WriteOffLoan,
};
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, Loan, LoanState};
use crate::domain::record::{Effect, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::storage::read::Snapshot;

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

// ---- rules ------------------------------------------------------------------------------------

fn percent(value: Option<&google_type::Decimal>) -> String {
    value.map_or_else(String::new, |percent| percent.value.clone())
}

pub(super) fn to_percent(text: &str) -> Option<google_type::Decimal> {
    (!text.is_empty()).then(|| google_type::Decimal { value: text.to_owned() })
}

/// What is said of rules, as the journal writes them; the domain checks what they mean.
fn terms(terms: Option<&v1::LoanTerms>, field: &str) -> Checked<proto::LoanTerms> {
    let terms = terms.ok_or_else(|| Fault::Required.on(field))?;
    let fee = match &terms.fee {
        None => Sen::ZERO,
        fee => convert::money_or_zero(fee.as_ref(), &format!("{field}.fee"))?,
    };
    Ok(proto::LoanTerms {
        method: terms.method,
        frequency: terms.frequency,
        rate: percent(terms.rate_percent.as_ref()),
        day_count: terms.day_count,
        principal_grace: terms.principal_grace,
        interest_grace: terms.interest_grace,
        interest_grace_rule: terms.interest_grace_rule,
        rounding_rupiah: terms.rounding_rupiah,
        fee_percent: percent(terms.fee_percent.as_ref()),
        fee: fee.get(),
        penalty: terms.penalty.as_ref().map(|penalty| proto::Penalty {
            per: penalty.per,
            percent: percent(penalty.percent.as_ref()),
            grace_days: penalty.grace_days,
            cap_percent: percent(penalty.cap_percent.as_ref()),
        }),
        allocation: terms.allocation.clone(),
        by_instalment: terms.by_instalment,
        overpayment: terms.overpayment,
        rebate_percent: percent(terms.rebate_percent.as_ref()),
        recognition: terms.recognition,
        reward_percent: percent(terms.reward_percent.as_ref()),
    })
}

fn to_terms(terms: &proto::LoanTerms) -> v1::LoanTerms {
    v1::LoanTerms {
        method: terms.method,
        frequency: terms.frequency,
        rate_percent: to_percent(&terms.rate),
        day_count: terms.day_count,
        principal_grace: terms.principal_grace,
        interest_grace: terms.interest_grace,
        interest_grace_rule: terms.interest_grace_rule,
        rounding_rupiah: terms.rounding_rupiah,
        fee_percent: to_percent(&terms.fee_percent),
        fee: money(terms.fee),
        penalty: terms.penalty.as_ref().map(|penalty| v1::LoanPenalty {
            per: penalty.per,
            percent: to_percent(&penalty.percent),
            grace_days: penalty.grace_days,
            cap_percent: to_percent(&penalty.cap_percent),
        }),
        allocation: terms.allocation.clone(),
        by_instalment: terms.by_instalment,
        overpayment: terms.overpayment,
        rebate_percent: to_percent(&terms.rebate_percent),
        recognition: terms.recognition,
        reward_percent: to_percent(&terms.reward_percent),
    }
}

pub(super) fn plan(plan: Option<&v1::LoanPlan>) -> Checked<proto::LoanPlan> {
    let plan = plan.ok_or_else(|| Fault::Required.on("plan"))?;
    let most = crate::domain::loan::terms::MOST_INSTALMENTS as usize;
    convert::at_most(&plan.due_days, most, "plan.due_days")?;
    let first = convert::optional_day(plan.first_due_on.as_ref(), "plan.first_due_on")?;
    let due_days = plan.due_days.iter().map(|day| convert::day(Some(day), "plan.due_days"));
    Ok(proto::LoanPlan {
        instalments: plan.instalments,
        first_due_on: first.map_or(0, Day::get),
        due_days: due_days.map(|day| day.map(Day::get)).collect::<Checked<_>>()?,
    })
}

fn to_plan(plan: &proto::LoanPlan) -> v1::LoanPlan {
    let day = |day: &i32| convert::to_date(Day::new(*day));
    v1::LoanPlan {
        instalments: plan.instalments,
        first_due_on: convert::to_optional_date(plan.first_due_on),
        due_days: plan.due_days.iter().map(day).collect(),
    }
}

fn money(sen: i64) -> Option<google_type::Money> {
    Some(convert::to_money(Sen::new(sen)))
}

fn optional_money(money: Option<&google_type::Money>, field: &str) -> Checked<Option<Sen>> {
    money.map(|money| convert::money(Some(money), field)).transpose()
}

/// Where the domain's names of rules stand in a request about a product.
const VERSION: &[(&str, &str)] = &[
    ("since", "version.since"),
    ("terms.most", "version.most"),
    ("terms.method", "version.terms.method"),
    ("terms.frequency", "version.terms.frequency"),
    ("terms.rate_percent", "version.terms.rate_percent"),
    ("terms.day_count", "version.terms.day_count"),
    ("terms.principal_grace", "version.terms.principal_grace"),
    ("terms.interest_grace", "version.terms.interest_grace"),
    ("terms.interest_grace_rule", "version.terms.interest_grace_rule"),
    ("terms.rounding_rupiah", "version.terms.rounding_rupiah"),
    ("terms.fee_percent", "version.terms.fee_percent"),
    ("terms.fee", "version.terms.fee"),
    ("terms.penalty.per", "version.terms.penalty.per"),
    ("terms.penalty.percent", "version.terms.penalty.percent"),
    ("terms.penalty.grace_days", "version.terms.penalty.grace_days"),
    ("terms.penalty.cap_percent", "version.terms.penalty.cap_percent"),
    ("terms.allocation", "version.terms.allocation"),
    ("terms.overpayment", "version.terms.overpayment"),
    ("terms.rebate_percent", "version.terms.rebate_percent"),
    ("terms.recognition", "version.terms.recognition"),
    ("terms.reward_percent", "version.terms.reward_percent"),
];

impl Mutation for v1::SetLoanProductRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = VERSION;

    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let version = self.version.as_ref().ok_or_else(|| Fault::Required.on("version"))?;
        let least = optional_money(version.least.as_ref(), "version.least")?;
        let most = optional_money(version.most.as_ref(), "version.most")?;
        let version = proto::LoanVersion {
            since: convert::day(version.since.as_ref(), "version.since")?.get(),
            label: convert::required_line(&version.label, 80, "version.label")?,
            minute: convert::required_line(&version.minute, 80, "version.minute")?,
            terms: Some(terms(version.terms.as_ref(), "version.terms")?),
            least: least.unwrap_or(Sen::ZERO).get(),
            most: most.unwrap_or(Sen::ZERO).get(),
            most_instalments: version.most_instalments,
            position: 0,
        };
        let product = convert::id(&self.product_id, "product_id")?;
        Ok(Plan::new(book, &entity.clone(), SetLoanProduct { entity, product, version }))
    }
}

impl Method for v1::SetLoanProductRequest {
    type Response = v1::SetLoanProductResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, entity) = convert::entity(&self.entity, "entity")?;
        let name = product_name(&entity, &convert::id(&self.product_id, "product_id")?);
        let done = call.submit(self).await?;
        let product = Some(product(&done.book, &name, done.row(&name)?)?);
        Ok(v1::SetLoanProductResponse { product })
    }
}

fn product(book: &Id, name: &RowName, row: &Row) -> Checked<v1::LoanProduct> {
    let Row::LoanProduct(row) = row else { return Err(damaged()) };
    let version = |version: &proto::LoanVersion| v1::LoanVersion {
        since: Some(convert::to_date(Day::new(version.since))),
        label: version.label.clone(),
        minute: version.minute.clone(),
        terms: version.terms.as_ref().map(to_terms),
        least: money(version.least),
        most: (version.most != 0).then(|| convert::to_money(Sen::new(version.most))),
        most_instalments: version.most_instalments,
    };
    let versions = row.versions.iter().map(version).collect();
    Ok(v1::LoanProduct { name: convert::row_name(book, name), versions })
}

impl Method for v1::ListLoanProductsRequest {
    type Response = v1::ListLoanProductsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
        let parent = RowName::of(&entity, "loan-products", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let name = |id: &String| RowName::new(parent.clone(), id.clone());
        let products = rows.iter().map(|found| product(&book, &name(&found.id), &found.row));
        let products = products.collect::<Checked<_>>()?;
        Ok(v1::ListLoanProductsResponse { products, next_page_token })
    }
}

impl Method for v1::PreviewScheduleRequest {
    type Response = v1::PreviewScheduleResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let start = convert::day(self.disbursed_on.as_ref(), "disbursed_on")?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let plan = plan(self.plan.as_ref())?;
        let rules = match self.product.as_str() {
            "" => terms(self.terms.as_ref(), "terms")?,
            _ => product_terms(&self, call, start).await?,
        };
        let rules = Terms::new(&rules)?;
        let rows = instalments(&rules, amount, &Calendar::new(&rules, &plan, start)?)?;
        let mut interest = Sen::ZERO;
        for row in &rows {
            interest = interest.plus(row.interest)?;
        }
        let full = rows.iter().filter(|row| !(row.principal.is_zero() && row.interest.is_zero()));
        Ok(v1::PreviewScheduleResponse {
            instalments: full.map(|row| to_instalment(row, None)).collect(),
            principal: Some(convert::to_money(amount)),
            interest: Some(convert::to_money(interest)),
            fee: Some(convert::to_money(rules.fee_for(amount)?)),
        })
    }
}

/// What a product says on the day of a preview.
async fn product_terms(
    request: &v1::PreviewScheduleRequest,
    call: &Call<'_>,
    day: Day,
) -> Checked<proto::LoanTerms> {
    let (book, entity, id) = convert::owned(&request.product, "loan-products", "product")?;
    let mut snapshot = call.snapshot_of(&book, &entity, "product").await?;
    let Row::LoanProduct(row) =
        call.row(&mut snapshot, &product_name(&entity, &id), "product").await?
    else {
        return Err(damaged());
    };
    let version = in_force(&row.versions, day).and_then(|version| version.terms.clone());
    version.ok_or_else(|| Refusal::new(Reason::RuleNotSet).on("product").into())
}

pub(super) fn parts(parts: Parts) -> Option<v1::LoanParts> {
    Some(v1::LoanParts {
        penalty: Some(convert::to_money(parts.penalty)),
        interest: Some(convert::to_money(parts.interest)),
        principal: Some(convert::to_money(parts.principal)),
    })
}

fn to_instalment(row: &Instalment, state: Option<(Parts, Parts)>) -> v1::Instalment {
    v1::Instalment {
        number: row.number,
        due_on: Some(convert::to_date(row.due_on)),
        principal: Some(convert::to_money(row.principal)),
        interest: Some(convert::to_money(row.interest)),
        paid: state.and_then(|(paid, _)| parts(paid)),
        owed: state.and_then(|(_, owed)| parts(owed)),
    }
}

// ---- from application to the last instalment --------------------------------------------------

/// Where the domain's names of places stand in a request with a purse.
const PURSE: &[(&str, &str)] = &[
    ("place", "purse.place"),
    ("bag", "purse.bag"),
    ("means", "purse"),
    ("kube_place", "purse.means.money.kube_place"),
    ("lkm_place", "purse.means.money.lkm_place"),
    ("terms.rate_percent", "rate_percent"),
];

fn purse(purse: Option<&v1::LoanPurse>, book: &Id) -> Checked<Purse> {
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
        &[("product", "product_id"), ("group", "borrower")];

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
        let sealed_for = match &borrower {
            Borrower::Member(id) => RowName::of(&lender, "members", id.as_str()).to_string(),
            Borrower::Group(group) => RowName::group(group).to_string(),
        };
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
    ConfirmLoanRequest => ConfirmLoanResponse, PURSE, |_request, book, lender, loan| {
        ConfirmLoan { lender, loan }
    };
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
        rate: percent(request.rate_percent.as_ref()),
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
    RegisterCollateralRequest => RegisterCollateralResponse, PURSE,
    |request, book, lender, loan| RegisterCollateral {
        lender,
        loan,
        collateral: convert::id(&request.collateral_id, "collateral_id")?,
        label: convert::required_line(&request.label, 80, "label")?,
        value: convert::money(request.value.as_ref(), "value")?,
    };
    TakeCollateralRequest => TakeCollateralResponse, TAKEN, |request, book, lender, loan| {
        of_lkm(&lender)?;
        TakeCollateral {
            loan,
            collateral: convert::id(&request.collateral_id, "collateral_id")?,
            amount: convert::money(request.amount.as_ref(), "amount")?,
        }
    };
}

/// Where the domain's names stand in a request about collateral.
const TAKEN: &[(&str, &str)] = &[("collateral", "collateral_id")];

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

impl Mutation for v1::TakeOutsideLoanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("party", "lender")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let action = TakeOutsideLoan {
            entity: entity.clone(),
            loan: convert::id(&self.loan_id, "loan_id")?,
            party: convert::owned_by(&self.lender, (&book, &entity), "parties", "lender")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::RepayOutsideLoanRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("loan", "outside_loan"), ("amount", "principal")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, loan) =
            convert::owned(&self.outside_loan, "outside-loans", "outside_loan")?;
        let part = |money: Option<&google_type::Money>, field: &str| match money {
            None => Ok(Sen::ZERO),
            money => convert::money_or_zero(money, field),
        };
        let action = RepayOutsideLoan {
            entity: entity.clone(),
            loan,
            principal: part(self.principal.as_ref(), "principal")?,
            interest: part(self.interest.as_ref(), "interest")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
        };
        if action.principal.is_zero() && action.interest.is_zero() {
            return Err(Fault::AmountZero.on("principal"));
        }
        Ok(Plan::new(book, &entity, action))
    }
}

impl Mutation for v1::SetLoanQualityRequest {
    plain!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender) = convert::entity(&self.entity, "entity")?;
        let known: proto::QualityPreset = convert::open_choice(self.preset, "preset")?;
        let (measure, classes) = match quality::preset(known) {
            Some((measure, classes)) if self.classes.is_empty() => (measure as i32, classes),
            Some(_) => return Err(Fault::TooMany.on("classes")),
            None => (self.measure, own_classes(&self.classes)?),
        };
        let version = proto::QualityVersion {
            since: convert::day(self.since.as_ref(), "since")?.get(),
            measure,
            classes,
            minute: convert::required_line(&self.minute, 80, "minute")?,
            non_performing_from: self.non_performing_from,
            position: 0,
        };
        Ok(Plan::new(book, &lender.clone(), SetLoanQuality { lender, version }))
    }
}

/// The most quality classes.
const MOST_CLASSES: usize = 20;

fn own_classes(classes: &[v1::QualityClass]) -> Checked<Vec<proto::QualityClass>> {
    convert::count(classes, MOST_CLASSES, "classes")?;
    let class = |(index, class): (usize, &v1::QualityClass)| {
        Ok(proto::QualityClass {
            name: convert::required_line(&class.name, 40, &format!("classes[{index}].name"))?,
            from: class.from,
            rate: percent(class.rate_percent.as_ref()),
        })
    };
    classes.iter().enumerate().map(class).collect()
}

impl Method for v1::SetLoanQualityRequest {
    type Response = v1::SetLoanQualityResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (_, lender) = convert::entity(&self.entity, "entity")?;
        let done = call.submit(self).await?;
        let Row::LoanQuality(row) = done.row(&quality::quality_name(&lender))? else {
            return Err(damaged());
        };
        let class = |class: &proto::QualityClass| v1::QualityClass {
            name: class.name.clone(),
            from: class.from,
            rate_percent: to_percent(&class.rate),
        };
        let version = |version: &proto::QualityVersion| v1::QualityVersion {
            since: Some(convert::to_date(Day::new(version.since))),
            measure: version.measure,
            classes: version.classes.iter().map(class).collect(),
            minute: version.minute.clone(),
            non_performing_from: version.non_performing_from,
        };
        Ok(v1::SetLoanQualityResponse { versions: row.versions.iter().map(version).collect() })
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
    let opened = call.open(&mut snapshot, &done.book, [&row.purpose].into_iter()).await?;
    Ok(to_loan(&done.book, name, row, &opened))
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
    let (purpose, erased) = opened.text(&row.purpose);
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

fn standing(life: &Life, day: Day) -> Checked<v1::LoanStanding> {
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
        let quote = life.quote()?;
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
        let opened = call.open(&mut snapshot, &book, [&row.purpose].into_iter()).await?;
        let life = life_on(&row, on)?;
        Ok(v1::GetLoanResponse {
            loan: Some(to_loan(&book, &name, &row, &opened)),
            standing: life.as_ref().map(|life| standing(life, on)).transpose()?,
            instalments: life.as_ref().map_or_else(|| Ok(Vec::new()), lines)?,
            facts: facts_known(&row, LATEST).map(fact).collect(),
        })
    }
}

/// The instalments of a loan in which something falls, or fell, due.
fn lines(life: &Life) -> Checked<Vec<v1::Instalment>> {
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
            let late = match &life {
                Some(life) => life.due()?.total()?.is_positive(),
                None => false,
            };
            if self.only_arrears && !late {
                continue;
            }
            let name = RowName::new(parent.clone(), found.id.clone());
            let bare = Loan { purpose: Vec::new(), ..row.clone() };
            loans.push(v1::LoanSummary {
                loan: Some(to_loan(&book, &name, &bare, &Opened::default())),
                standing: life.as_ref().map(|life| standing(life, on)).transpose()?,
            });
        }
        Ok(v1::ListLoansResponse { loans, next_page_token })
    }
}
