//! What loans come to together, on a day as known at a journal position.
//!
//! **Invariant**: everything an answer shows comes from one snapshot. Loans are read a chunk at a
//! time, each with its principal and its provision in the ledger, and only their sums are kept.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Opened, Page, Plan, damaged, detailed, plain, service, transactions,
};
use crate::api::google_type;
use crate::api::ledger::{known, natural, read_point};
use crate::api::loan::{loan_of, parts};
use crate::api::v1;
use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::Code;
use crate::domain::day::Day;
use crate::domain::effective::known_on;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::calendar::Calendar;
use crate::domain::loan::care::{
    AssignLoan, RecordContact, contacts_name, last_contact, officer_of,
};
use crate::domain::loan::case::{Borrower, loan_name, principal_code};
use crate::domain::loan::life::facts_known;
use crate::domain::loan::portfolio::{
    AT_RISK_DAYS, Holding, OfClass, Point, Portfolio, percent_of,
};
use crate::domain::loan::quality::quality_name;
use crate::domain::loan::schedule::instalments;
use crate::domain::loan::terms::Terms;
use crate::domain::loan::yearly;
use crate::domain::money::Sen;
use crate::domain::record::proto::{self, Fund, Loan, LoanVersion, QualityVersion, Regime};
use crate::domain::record::{Effect, Row};
use crate::domain::refusal::Refusal;
use crate::report::ratio::{Bound, Figure, Sums, bound};
use crate::storage::read::{AsOf, Snapshot};

/// How many loans are read at a time.
const CHUNK: u32 = 500;

service! {
    portfolio_service_server::PortfolioService {
        get_portfolio: GetPortfolioRequest => GetPortfolioResponse;
        list_holdings: ListHoldingsRequest => ListHoldingsResponse;
        list_rates: ListRatesRequest => ListRatesResponse;
        get_ratios: GetRatiosRequest => GetRatiosResponse;
        record_contact: RecordContactRequest => RecordContactResponse;
        list_contacts: ListContactsRequest => ListContactsResponse;
        assign_loan: AssignLoanRequest => AssignLoanResponse;
    }
}

transactions! {
    AssignLoanRequest => AssignLoanResponse;
}

fn money(amount: Sen) -> Option<google_type::Money> {
    Some(convert::to_money(amount))
}

fn decimal(number: Decimal) -> google_type::Decimal {
    google_type::Decimal { value: number.normalize().to_string() }
}

// ---- reading loans ------------------------------------------------------------------------------

/// A question's snapshot, and the point that it asks about.
struct Asked {
    snapshot: Snapshot,
    point: Point,
    as_of: AsOf,
    read_point: v1::ReadPoint,
}

impl Asked {
    async fn new(
        mut snapshot: Snapshot,
        on: Option<&google_type::Date>,
        as_known_at: u64,
    ) -> Checked<Asked> {
        let position = known(&snapshot, as_known_at)?;
        let read_point = read_point(&mut snapshot, position).await?;
        let on = on.or(read_point.business_day.as_ref());
        let day = convert::optional_day(on, "as_of")?.ok_or_else(damaged)?;
        let point = Point { day, known: read_point.position };
        let as_of = AsOf { effective: Some(day), position: Some(point.known) };
        Ok(Asked { snapshot, point, as_of, read_point })
    }

    fn date(&self) -> Option<google_type::Date> {
        Some(convert::to_date(self.point.day))
    }

    /// The quality classes of a lender at the point, if it has any.
    async fn rule(&mut self, lender: &Entity) -> Checked<Option<QualityVersion>> {
        Ok(match self.snapshot.row(&quality_name(lender)).await?.map(|found| found.row) {
            Some(Row::LoanQuality(row)) => {
                known_on(&row.versions, self.point.day, self.point.known).cloned()
            }
            _ => None,
        })
    }

    async fn settings(&mut self, call: &Call<'_>) -> Checked<proto::Book> {
        match call.row(&mut self.snapshot, &RowName::book(), "scope").await? {
            Row::Book(settings) => Ok(settings),
            _ => Err(damaged()),
        }
    }

    /// The regime of an entity; a KUBE has none.
    async fn regime(&mut self, call: &Call<'_>, entity: &Entity) -> Checked<Regime> {
        match entity {
            Entity::Lkm => Ok(self.settings(call).await?.regime()),
            Entity::Kube(_) => Ok(Regime::Unspecified),
        }
    }

    /// All lenders of the book: the LKM if there is one, and the groups.
    async fn lenders(&mut self, call: &Call<'_>) -> Checked<Vec<Entity>> {
        let mut lenders = Vec::new();
        if !self.settings(call).await?.lkm_name.is_empty() {
            lenders.push(Entity::Lkm);
        }
        let mut after = String::new();
        loop {
            let rows = self.snapshot.rows("groups", &after, CHUNK).await?;
            let Some(last) = rows.last() else { return Ok(lenders) };
            after.clone_from(&last.id);
            lenders.extend(rows.iter().filter_map(|found| Id::new(&found.id)).map(Entity::Kube));
        }
    }
}

/// A loan that was paid out by the point asked about.
struct Found {
    id: Id,
    row: Loan,
    holding: Holding,
    booked: Sen,
    held: Sen,
}

impl Found {
    /// Whether anything of it is still on, or beside, the lender's books.
    fn is_held(&self) -> Checked<bool> {
        let on_books = !self.booked.is_zero() || !self.held.is_zero();
        Ok(on_books || self.holding.is_held()?)
    }
}

/// The loans of one lender, read one chunk after another in order of ids.
struct Walk {
    lender: Entity,
    rule: Option<QualityVersion>,
    after: String,
}

impl Walk {
    async fn new(asked: &mut Asked, lender: Entity, after: &str) -> Checked<Walk> {
        let rule = asked.rule(&lender).await?;
        Ok(Walk { lender, rule, after: after.to_owned() })
    }

    /// The next loans, at most `limit` of them looked at; none behind the last.
    async fn next(&mut self, asked: &mut Asked, limit: u32) -> Checked<Option<Vec<Found>>> {
        let parent = RowName::of(&self.lender, "loans", "").parent;
        let rows = asked.snapshot.rows(&parent, &self.after, limit).await?;
        let Some(last) = rows.last().map(|row| row.id.clone()) else { return Ok(None) };
        let principal = self.balances(asked, principal_code(&self.lender), limit).await?;
        let provision = self.balances(asked, Code::LoanProvision, limit).await?;
        self.after = last;
        let mut found = Vec::with_capacity(rows.len());
        for register in rows {
            let Row::Loan(row) = register.row else { return Err(damaged()) };
            let holding = Holding::of(&row, self.rule.as_ref(), asked.point)?;
            let id = Id::new(&register.id).ok_or_else(damaged)?;
            let of = |balances: &BTreeMap<String, Sen>| {
                balances.get(id.as_str()).copied().unwrap_or_default()
            };
            let (booked, held) = (of(&principal), of(&provision).negated()?);
            if let Some(holding) = holding {
                found.push(Found { id, row, holding, booked, held });
            }
        }
        Ok(Some(found))
    }

    /// What the loans after the last one read have in an account, by id. Only loans have such an
    /// account, and both stand in the same order, so that these are enough for as many loans.
    async fn balances(
        &self,
        asked: &mut Asked,
        code: Code,
        limit: u32,
    ) -> Checked<BTreeMap<String, Sen>> {
        let ledger = Ledger::new(self.lender.clone(), Fund::SimpanPinjam);
        let prefix = format!("{}.", ledger.account(code));
        let after = Subject::parse(&self.after).filter(|_| !self.after.is_empty());
        let after: Option<Account> = after.map(|subject| ledger.account_of(code, subject));
        let found = asked.snapshot.accounts(&prefix, after.as_ref(), limit, asked.as_of).await?;
        let balance = |(account, balance): (Account, Sen)| {
            Ok((account.subject.as_str().to_owned(), natural(code, balance)?))
        };
        found.into_iter().map(balance).collect()
    }
}

/// The KUBE that a loan belongs to: the lender, the borrower, or the surety of a borrower.
fn group_of(lender: &Entity, row: &Loan) -> Option<Id> {
    match (lender, Borrower::parse(&row.borrower)) {
        (Entity::Kube(group), _) => Some(group.clone()),
        (Entity::Lkm, Some(Borrower::Group(group))) => Some(group),
        (Entity::Lkm, _) => Id::new(&row.surety),
    }
}

fn product_of(lender: &Entity, row: &Loan) -> RowName {
    RowName::of(lender, "loan-products", &row.product)
}

// ---- together -----------------------------------------------------------------------------------

impl Method for v1::GetPortfolioRequest {
    type Response = v1::GetPortfolioResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let by: v1::PortfolioKey = convert::open_choice(self.by, "by")?;
        let (book, lender) = match convert::book(&self.scope, "scope") {
            Ok(book) => (book, None),
            Err(_) => {
                let (book, lender) = convert::entity(&self.scope, "scope")?;
                (book, Some(lender))
            }
        };
        let snapshot = match &lender {
            Some(lender) => call.snapshot_of(&book, lender, "scope").await?,
            None => call.snapshot(&book, "scope").await?,
        };
        let mut asked = Asked::new(snapshot, self.as_of.as_ref(), self.as_known_at).await?;
        let lenders = match lender {
            Some(lender) => vec![lender],
            None => asked.lenders(call).await?,
        };
        let mut total = Portfolio::default();
        let mut parts: BTreeMap<String, Portfolio> = BTreeMap::new();
        for lender in lenders {
            let mut walk = Walk::new(&mut asked, lender, "").await?;
            while let Some(found) = walk.next(&mut asked, CHUNK).await? {
                for loan in found {
                    if !loan.is_held()? {
                        continue;
                    }
                    total.add(&loan.holding, loan.booked, loan.held)?;
                    if let Some(key) = key(by, &book, &walk.lender, &loan, asked.point) {
                        let part = parts.entry(key).or_default();
                        part.add(&loan.holding, loan.booked, loan.held)?;
                    }
                }
            }
        }
        let part = |(key, part): (String, Portfolio)| v1::PortfolioPart {
            key,
            portfolio: Some(to_portfolio(&part)),
        };
        Ok(v1::GetPortfolioResponse {
            total: Some(to_portfolio(&total)),
            parts: parts.into_iter().map(part).collect(),
            as_of: asked.date(),
            read_point: Some(asked.read_point),
        })
    }
}

/// What a loan is told apart by.
fn key(
    by: v1::PortfolioKey,
    book: &Id,
    lender: &Entity,
    loan: &Found,
    point: Point,
) -> Option<String> {
    let row = &loan.row;
    Some(match by {
        v1::PortfolioKey::Unspecified => return None,
        v1::PortfolioKey::Product => convert::row_name(book, product_of(lender, row)),
        v1::PortfolioKey::Officer => officer_of(row, point.day, point.known).to_owned(),
        v1::PortfolioKey::Group => group_of(lender, row)
            .map_or_else(String::new, |id| convert::row_name(book, RowName::group(&id))),
        v1::PortfolioKey::Class => loan
            .holding
            .judged
            .as_ref()
            .map_or_else(String::new, |of| format!("{} {}", of.rank, of.class)),
        v1::PortfolioKey::Lender => convert::entity_name(book, lender),
    })
}

fn to_portfolio(sum: &Portfolio) -> v1::Portfolio {
    let at_risk = sum.at_risk.iter().zip(AT_RISK_DAYS).map(|(amount, days)| v1::AtRisk {
        days,
        amount: money(*amount),
        percent: percent_of(*amount, sum.outstanding).map(decimal),
    });
    let class = |((rank, name), of): (&(usize, String), &OfClass)| v1::ClassPart {
        rank: u32::try_from(*rank).unwrap_or(u32::MAX),
        name: name.clone(),
        loans: of.loans,
        outstanding: money(of.outstanding),
        provision_required: money(of.required),
    };
    v1::Portfolio {
        loans: sum.loans,
        outstanding: money(sum.outstanding),
        booked: money(sum.booked),
        scheduled: parts(sum.scheduled),
        paid: parts(sum.paid),
        due: parts(sum.due),
        at_risk: at_risk.collect(),
        classes: sum.classes.iter().map(class).collect(),
        provision_required: money(sum.required),
        provision_held: money(sum.held),
        non_performing: money(sum.non_performing),
        npl_gross: sum.npl_gross().map(decimal),
        npl_net: sum.npl_net().map(decimal),
        written_off: money(sum.written_off),
    }
}

// ---- one by one ---------------------------------------------------------------------------------

impl Method for v1::ListHoldingsRequest {
    type Response = v1::ListHoldingsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender) = convert::entity(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let filter = Filter::new(&self, (&book, &lender))?;
        let snapshot = call.snapshot_of(&book, &lender, "parent").await?;
        let mut asked = Asked::new(snapshot, self.as_of.as_ref(), self.as_known_at).await?;
        let mut walk = Walk::new(&mut asked, lender.clone(), &page.after).await?;
        let found = walk.next(&mut asked, page.size).await?;
        let next_page_token = match &found {
            Some(_) => convert::to_page_token(&walk.after),
            None => String::new(),
        };
        let mut holdings = Vec::new();
        for loan in found.unwrap_or_default() {
            if loan.is_held()? && filter.takes(&lender, &loan, asked.point)? {
                holdings.push(to_holding(&mut asked, &book, &lender, &loan).await?);
            }
        }
        let as_of = asked.date();
        let read_point = Some(asked.read_point);
        Ok(v1::ListHoldingsResponse { holdings, next_page_token, as_of, read_point })
    }
}

/// Which loans are wanted.
struct Filter {
    only_arrears: bool,
    officer: Option<Id>,
    product: Option<Id>,
    group: Option<Id>,
}

impl Filter {
    fn new(request: &v1::ListHoldingsRequest, owner: (&Id, &Entity)) -> Checked<Filter> {
        let group = crate::api::loan::optional_group(&request.group, owner.0, "group")?;
        Ok(Filter {
            only_arrears: request.only_arrears,
            officer: convert::optional_id(&request.officer, "officer")?,
            product: convert::optional_owned_by(
                &request.product,
                owner,
                "loan-products",
                "product",
            )?,
            group,
        })
    }

    fn takes(&self, lender: &Entity, loan: &Found, point: Point) -> Checked<bool> {
        let late = loan.holding.due.total()?.is_positive();
        let officer = officer_of(&loan.row, point.day, point.known);
        let fits = |wanted: &Option<Id>, is: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.as_str() == is)
        };
        let group = group_of(lender, &loan.row);
        Ok((late || !self.only_arrears)
            && fits(&self.officer, officer)
            && fits(&self.product, &loan.row.product)
            && (self.group.is_none() || self.group == group))
    }
}

fn borrower_name(book: &Id, lender: &Entity, row: &Loan) -> String {
    match row.borrower.starts_with("members/") {
        true => convert::row_name(book, format!("{}/{}", lender.path(), row.borrower)),
        false => convert::row_name(book, &row.borrower),
    }
}

async fn to_holding(
    asked: &mut Asked,
    book: &Id,
    lender: &Entity,
    loan: &Found,
) -> Checked<v1::Holding> {
    let Found { id, row, holding, booked, held } = loan;
    let Point { day, known } = asked.point;
    let talks = asked.snapshot.row(&contacts_name(lender, id)).await?.map(|found| found.row);
    let last = match &talks {
        Some(Row::LoanContacts(talks)) => last_contact(talks, day, known),
        _ => None,
    };
    let ledger = Ledger::new(lender.clone(), Fund::SimpanPinjam);
    let account = ledger.account_of(principal_code(lender), Subject::id(id));
    let judged = holding.judged.as_ref();
    Ok(v1::Holding {
        loan: convert::row_name(book, loan_name(lender, id)),
        borrower: borrower_name(book, lender, row),
        product: convert::row_name(book, product_of(lender, row)),
        group: group_of(lender, row)
            .map_or_else(String::new, |id| convert::row_name(book, RowName::group(&id))),
        officer: officer_of(row, day, known).to_owned(),
        outstanding: money(holding.outstanding),
        booked: money(*booked),
        account: convert::account_name(book, &account),
        scheduled: parts(holding.scheduled),
        paid: parts(holding.paid),
        due: parts(holding.due),
        days_late: holding.days_late,
        instalments_late: holding.instalments_late,
        class_rank: judged.map_or(0, |of| u32::try_from(of.rank).unwrap_or(u32::MAX)),
        class_name: judged.map_or_else(String::new, |of| of.class.clone()),
        provision_required: judged.and_then(|of| money(of.required)),
        provision_held: money(*held),
        last_contact_on: last.map(|talk| convert::to_date(Day::new(talk.on))),
        written_off: money(holding.written_off),
    })
}

// ---- rates --------------------------------------------------------------------------------------

/// The loans on a product that are outstanding.
#[derive(Default)]
struct Lent {
    loans: u32,
    highest: Option<(Decimal, Id)>,
}

impl Method for v1::ListRatesRequest {
    type Response = v1::ListRatesResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender) = convert::entity(&self.parent, "parent")?;
        let snapshot = call.snapshot_of(&book, &lender, "parent").await?;
        let mut asked = Asked::new(snapshot, self.as_of.as_ref(), self.as_known_at).await?;
        let regime = asked.regime(call, &lender).await?;
        let bound = bound(regime, Figure::LoanRate, asked.point.day);
        let mut lent: BTreeMap<String, Lent> = BTreeMap::new();
        let mut walk = Walk::new(&mut asked, lender.clone(), "").await?;
        while let Some(found) = walk.next(&mut asked, CHUNK).await? {
            for loan in found.into_iter().filter(|loan| loan.holding.outstanding.is_positive()) {
                let of = lent.entry(loan.row.product.clone()).or_default();
                of.loans += 1;
                if let Some(rate) = effective_rate(&loan.row, asked.point.known)? {
                    let higher = of.highest.as_ref().is_none_or(|(most, _)| rate > *most);
                    of.highest = if higher { Some((rate, loan.id)) } else { of.highest.take() };
                }
            }
        }
        let rates = product_rates(&mut asked, (&book, &lender), bound.as_ref(), &lent).await?;
        let as_of = asked.date();
        let bound = bound.as_ref().map(to_bound);
        Ok(v1::ListRatesResponse { rates, bound, as_of, read_point: Some(asked.read_point) })
    }
}

/// What a loan's jasa weighs on what is owed, by the schedule it was lent on.
fn effective_rate(row: &Loan, known: u64) -> Checked<Option<Decimal>> {
    let Some(first) = facts_known(row, known).next() else { return Ok(None) };
    let terms = Terms::new(&row.terms.clone().unwrap_or_default())?;
    let plan = row.plan.clone().unwrap_or_default();
    let calendar = Calendar::new(&terms, &plan, Day::new(first.on))?;
    let amount = Sen::new(row.amount);
    Ok(yearly::effective(&terms, amount, &instalments(&terms, amount, &calendar)?))
}

async fn product_rates(
    asked: &mut Asked,
    (book, lender): (&Id, &Entity),
    bound: Option<&Bound>,
    lent: &BTreeMap<String, Lent>,
) -> Checked<Vec<v1::ProductRate>> {
    let parent = RowName::of(lender, "loan-products", "").parent;
    let (mut rates, mut after) = (Vec::new(), String::new());
    loop {
        let rows = asked.snapshot.rows(&parent, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(rates) };
        after.clone_from(&last.id);
        for found in &rows {
            let Row::LoanProduct(row) = &found.row else { return Err(damaged()) };
            let version = known_on(&row.versions, asked.point.day, asked.point.known);
            let lent = lent.get(&found.id);
            if version.is_some() || lent.is_some() {
                let rate = product_rate(version, lent, bound, |loan| {
                    convert::row_name(book, loan_name(lender, loan))
                })?;
                let product =
                    convert::row_name(book, RowName::new(parent.clone(), found.id.clone()));
                rates.push(v1::ProductRate { product, ..rate });
            }
        }
    }
}

fn product_rate(
    version: Option<&LoanVersion>,
    lent: Option<&Lent>,
    bound: Option<&Bound>,
    name: impl Fn(&Id) -> String,
) -> Checked<v1::ProductRate> {
    let terms = version.and_then(|version| version.terms.as_ref());
    let named = match terms {
        Some(terms) => yearly::named(&Terms::new(terms)?),
        None => None,
    };
    let highest = lent.and_then(|lent| lent.highest.as_ref());
    let rates = [named, highest.map(|(rate, _)| *rate)];
    let exceeds = |bound: &Bound| rates.iter().flatten().any(|rate| !bound.holds(*rate));
    Ok(v1::ProductRate {
        product: String::new(),
        label: version.map_or_else(String::new, |version| version.label.clone()),
        method: terms.map_or(0, |terms| terms.method),
        frequency: terms.map_or(0, |terms| terms.frequency),
        rate_percent: terms.and_then(|terms| crate::api::loan::to_percent(&terms.rate)),
        yearly_percent: named.map(decimal),
        highest_effective_percent: highest.map(|(rate, _)| decimal(*rate)),
        highest_loan: highest.map_or_else(String::new, |(_, loan)| name(loan)),
        loans: lent.map_or(0, |lent| lent.loans),
        exceeds: bound.is_some_and(exceeds),
    })
}

fn to_bound(bound: &Bound) -> v1::RegimeBound {
    v1::RegimeBound {
        at_least: bound.at_least.map(decimal),
        at_most: bound.at_most.map(decimal),
        source: bound.source.to_owned(),
    }
}

// ---- ratios -------------------------------------------------------------------------------------

impl Method for v1::GetRatiosRequest {
    type Response = v1::GetRatiosResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, entity) = convert::entity(&self.entity, "entity")?;
        let snapshot = call.snapshot_of(&book, &entity, "entity").await?;
        let mut asked = Asked::new(snapshot, self.as_of.as_ref(), self.as_known_at).await?;
        let regime = asked.regime(call, &entity).await?;
        let totals = asked.snapshot.trial_balance(Some(&entity), asked.as_of).await?;
        let sums = Sums::of(&totals.into_iter().collect())?;
        let officers = officers(call, &mut asked, &entity).await?;
        let mut portfolio = Portfolio::default();
        let (mut owed, mut officer_loans) = (Sen::ZERO, Vec::new());
        let mut walk = Walk::new(&mut asked, entity.clone(), "").await?;
        while let Some(found) = walk.next(&mut asked, CHUNK).await? {
            for loan in found {
                portfolio.add(&loan.holding, loan.booked, loan.held)?;
                let outstanding = loan.holding.outstanding;
                let member = loan.row.borrower.strip_prefix("members/");
                let officer = member.filter(|member| officers.iter().any(|id| id == member));
                if let Some(member) = officer.filter(|_| outstanding.is_positive()) {
                    owed = owed.plus(outstanding)?;
                    officer_loans.push(v1::OfficerLoan {
                        loan: convert::row_name(&book, loan_name(&entity, &loan.id)),
                        member: convert::row_name(&book, RowName::of(&entity, "members", member)),
                        outstanding: money(outstanding),
                    });
                }
            }
        }
        let of = |figure| bound(regime, figure, asked.point.day);
        let ratios = ratios(&sums, &portfolio, owed)?.map(|ratio| ratio.shown(of));
        Ok(v1::GetRatiosResponse {
            ratios: ratios.into(),
            officer_loans,
            as_of: asked.date(),
            read_point: Some(asked.read_point),
        })
    }
}

/// One ratio: what stands above the line, and below it.
struct Ratio {
    kind: v1::RatioKind,
    figure: Figure,
    /// None where the books do not say.
    above: Option<Sen>,
    below: Sen,
    percent: Option<Decimal>,
}

impl Ratio {
    fn new(kind: v1::RatioKind, figure: Figure, above: Sen, below: Sen) -> Ratio {
        let percent = percent_of(above, below);
        Ratio { kind, figure, above: Some(above), below, percent }
    }

    fn shown(self, of: impl Fn(Figure) -> Option<Bound>) -> v1::Ratio {
        let bound = of(self.figure);
        let kept = match (&bound, self.percent) {
            (Some(bound), Some(percent)) => bound.holds(percent),
            _ => true,
        };
        v1::Ratio {
            kind: self.kind as i32,
            above: self.above.map(convert::to_money),
            below: money(self.below),
            percent: self.percent.map(decimal),
            bound: bound.as_ref().map(to_bound),
            kept,
        }
    }
}

fn ratios(sums: &Sums, loans: &Portfolio, officers: Sen) -> Result<[Ratio; 6], Refusal> {
    let net = loans.non_performing.minus(loans.non_performing_held)?.max(Sen::ZERO);
    let npl = |kind, figure, above, percent: Option<Decimal>| Ratio {
        kind,
        figure,
        above: percent.map(|_| above),
        below: loans.outstanding,
        percent,
    };
    let (gross, after) = (loans.npl_gross(), loans.npl_net());
    Ok([
        Ratio::new(v1::RatioKind::Liquidity, Figure::Liquidity, sums.money, sums.current),
        Ratio::new(v1::RatioKind::Solvency, Figure::Solvency, sums.assets, sums.liabilities),
        Ratio::new(v1::RatioKind::Capital, Figure::Capital, sums.equity, sums.paid_in),
        npl(v1::RatioKind::NplNet, Figure::NplNet, net, after),
        npl(v1::RatioKind::NplGross, Figure::NplGross, loans.non_performing, gross),
        Ratio::new(v1::RatioKind::Officers, Figure::Officers, officers, sums.equity),
    ])
}

/// The members of a KUBE that hold an office on the day asked about.
async fn officers(call: &Call<'_>, asked: &mut Asked, entity: &Entity) -> Checked<Vec<String>> {
    let Entity::Kube(group) = entity else { return Ok(Vec::new()) };
    let Row::Group(row) = call.row(&mut asked.snapshot, &RowName::group(group), "entity").await?
    else {
        return Err(damaged());
    };
    let day = asked.point.day.get();
    let holds = |officer: &&proto::Officer| {
        officer.since <= day && (officer.until == 0 || day < officer.until)
    };
    Ok(row.officers.iter().filter(holds).map(|officer| officer.member.clone()).collect())
}

// ---- what is done about them --------------------------------------------------------------------

impl Mutation for v1::AssignLoanRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let officer = convert::optional_id(&self.officer, "officer")?;
        Ok(Plan::new(book, &lender.clone(), AssignLoan { lender, loan, officer }))
    }
}

/// The longest word about who spoke with whom, and the longest note, in characters.
const TEXTS: (usize, usize) = (120, 1000);

impl Mutation for v1::RecordContactRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "loan"), ("happened_on", "on")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.who, &mut self.note]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let talk = effect.rows.iter().find_map(|(_, row)| recorded(row));
        // The memo comes first, and there is none.
        talk.map(|talk| vec![talk.who.clone(), talk.note.clone()]).unwrap_or_default()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        if let [who, note] = texts {
            convert::required_line(who, TEXTS.0, "who")?;
            convert::prose(note, TEXTS.1, "note")?;
        }
        let (_, lender, _) = loan_of(&self.loan, "loan")?;
        self.plan_for(lender.path())
    }
}

/// The talk that a record added.
fn recorded(row: &Row) -> Option<&proto::LoanContact> {
    match row {
        Row::LoanContacts(row) => row.contacts.last(),
        _ => None,
    }
}

impl v1::RecordContactRequest {
    /// The same with the texts under somebody's key.
    fn plan_for(&self, owner: String) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let on = convert::optional_day(self.on.as_ref(), "on")?;
        let build = move |mut texts: Vec<Vec<u8>>| {
            let note = texts.pop().unwrap_or_default();
            RecordContact { lender, loan, who: texts.pop().unwrap_or_default(), note }
        };
        Ok(Plan::sealed(book, owner, build).on(on))
    }
}

impl Method for v1::RecordContactRequest {
    type Response = v1::RecordContactResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let mut snapshot = call.snapshot_of(&book, &lender, "loan").await?;
        let name = loan_name(&lender, &loan);
        let Row::Loan(row) = call.row(&mut snapshot, &name, "loan").await? else {
            return Err(damaged());
        };
        drop(snapshot);
        let owner = match Borrower::parse(&row.borrower).ok_or_else(damaged)? {
            Borrower::Member(member) => RowName::of(&lender, "members", member.as_str()),
            Borrower::Group(group) => RowName::group(&group),
        };
        let plan = self.plan_for(owner.to_string())?;
        let done = call.submit_as(self, plan).await?;
        let talk = recorded(done.row(&contacts_name(&lender, &loan))?).ok_or_else(damaged)?;
        let mut snapshot = call.snapshot(&book, "loan").await?;
        let opened = call.open(&mut snapshot, &book, [&talk.who, &talk.note].into_iter()).await?;
        Ok(v1::RecordContactResponse { contact: Some(to_contact(talk, &opened)) })
    }
}

fn to_contact(talk: &proto::LoanContact, opened: &Opened) -> v1::LoanContact {
    let ((who, erased), (note, _)) = (opened.text(&talk.who), opened.text(&talk.note));
    let on = Some(convert::to_date(Day::new(talk.on)));
    v1::LoanContact { on, who, note, erased, position: talk.position }
}

impl Method for v1::ListContactsRequest {
    type Response = v1::ListContactsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let mut snapshot = call.snapshot_of(&book, &lender, "loan").await?;
        call.row(&mut snapshot, &loan_name(&lender, &loan), "loan").await?;
        let found = snapshot.row(&contacts_name(&lender, &loan)).await?.map(|found| found.row);
        let mut talks = match found {
            Some(Row::LoanContacts(row)) => row.contacts,
            _ => Vec::new(),
        };
        talks.sort_by_key(|talk| std::cmp::Reverse((talk.on, talk.position)));
        let texts = talks.iter().flat_map(|talk| [&talk.who, &talk.note]);
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let contacts = talks.iter().map(|talk| to_contact(talk, &opened)).collect();
        Ok(v1::ListContactsResponse { contacts })
    }
}
