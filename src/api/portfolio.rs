//! What loans come to together, on a day as known at a journal position.
//!
//! **Invariant**: everything an answer shows comes from one snapshot. Loans are read a chunk at a
//! time, each with its principal and its provision in the ledger, and only their sums are kept.
//!
//! Rates and ratios are in [`ratios`], what regimes say of them in [`bounds`], what is done about
//! loans in [`care`].

mod bounds;
mod care;
mod ratios;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Page, damaged, service};
use crate::api::google_type;
use crate::api::ledger::{compared_known, known, read_point};
use crate::api::loan::{optional_group, parts};
use crate::api::v1;
use crate::domain::account::{Account, Ledger, Subject};
use crate::domain::chart::{Code, fund_allowed};
use crate::domain::day::Day;
use crate::domain::effective::known_on;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::accounts::{contract_of, ledger_of, principal_code};
use crate::domain::loan::care::{contacts_name, last_contact, officer_of};
use crate::domain::loan::case::{Borrower, loan_name};
use crate::domain::loan::portfolio::{
    AT_RISK_DAYS, Holding, OfClass, Point, Portfolio, percent_of,
};
use crate::domain::loan::quality::quality_name;
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{
    self, BoundedFigure, Fund, Loan, QualityVersion, Regime, RegimeBound, RegimeBounds,
};
use crate::domain::refusal::Reason;
use crate::domain::regime::{bound, regime_on};
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
        name_officer: NameOfficerRequest => NameOfficerResponse;
        set_regime_bound: SetRegimeBoundRequest => SetRegimeBoundResponse;
        list_regime_bounds: ListRegimeBoundsRequest => ListRegimeBoundsResponse;
    }
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
        Ok(Asked { snapshot, point, as_of: as_of(point), read_point })
    }

    /// The point compared with, if one was named.
    fn beside(&self, on: Option<&google_type::Date>, position: u64) -> Checked<Option<Point>> {
        let day = convert::optional_day(on, "compare_as_of")?;
        if day.is_none() && position == 0 {
            return Ok(None);
        }
        let known = compared_known(&self.snapshot, position, self.point.known)?;
        Ok(Some(Point { day: day.unwrap_or(self.point.day), known }))
    }

    /// From now on the question is about another point.
    const fn look_at(&mut self, point: Point) {
        (self.point, self.as_of) = (point, as_of(point));
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

    /// What the regime of an entity says of figures at the point; a KUBE has none.
    async fn bounds(&mut self, call: &Call<'_>, entity: &Entity) -> Checked<Bounds> {
        let at = (self.point.day, self.point.known);
        let Entity::Lkm = entity else {
            return Ok(Bounds { regime: Regime::Unspecified, row: RegimeBounds::default(), at });
        };
        let regime = regime_on(&self.settings(call).await?, at.0, at.1);
        let row = bounds::read(&mut self.snapshot).await?;
        Ok(Bounds { regime, row, at })
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

const fn as_of(point: Point) -> AsOf {
    AsOf { effective: Some(point.day), position: Some(point.known) }
}

/// What a regime says of figures at a point.
struct Bounds {
    regime: Regime,
    row: RegimeBounds,
    at: (Day, u64),
}

impl Bounds {
    fn of(&self, figure: BoundedFigure) -> Option<&RegimeBound> {
        bound(&self.row, self.regime, figure, self.at)
    }
}

/// A loan that was paid out by the point asked about.
struct Found {
    id: Id,
    row: Loan,
    /// None where it has come to more than money can be said in.
    holding: Option<Holding>,
    booked: Sen,
    held: Sen,
}

impl Found {
    /// Whether anything of it is still on, or beside, the lender's books.
    fn is_held(&self) -> bool {
        let on_books = !self.booked.is_zero() || !self.held.is_zero();
        on_books || self.holding.as_ref().is_none_or(|of| of.is_held().unwrap_or(true))
    }

    /// Adds it to sums, or to none of them where one would not fit; says whether it did.
    fn add_to(&self, sums: &mut [&mut Portfolio]) -> bool {
        let Some(holding) = &self.holding else { return false };
        let with = |sum: &&mut Portfolio| sum.with(holding, self.booked, self.held);
        let Ok(grown) = sums.iter().map(with).collect::<Result<Vec<_>, _>>() else { return false };
        for (sum, grown) in sums.iter_mut().zip(grown) {
            **sum = grown;
        }
        true
    }

    /// As one that is in no sum.
    fn unreckoned(&self, book: &Id, lender: &Entity) -> v1::UnreckonedLoan {
        v1::UnreckonedLoan {
            loan: convert::row_name(book, loan_name(lender, &self.id)),
            booked: money(self.booked),
            provision_held: money(self.held),
        }
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
        let ledgers = self.ledgers(asked, limit).await?;
        self.after = last;
        let mut found = Vec::with_capacity(rows.len());
        for register in rows {
            let Row::Loan(row) = register.row else { return Err(damaged()) };
            let holding = match Holding::of(&row, self.rule.as_ref(), asked.point) {
                Ok(None) => continue,
                Ok(holding) => holding,
                Err(refusal) if refusal.reason == Reason::Overflow => None,
                Err(refusal) => return Err(refusal.into()),
            };
            let id = Id::new(&register.id).ok_or_else(damaged)?;
            let (booked, held) = ledgers.get(id.as_str()).copied().unwrap_or_default();
            found.push(Found { id, row, holding, booked, held });
        }
        Ok(Some(found))
    }

    /// Principal and provision of the loans after the last one read, as the ledgers have them, by
    /// id. What a murabahah owes stands with its margin, and the margin against it.
    async fn ledgers(
        &self,
        asked: &mut Asked,
        limit: u32,
    ) -> Checked<BTreeMap<String, (Sen, Sen)>> {
        let mut found: BTreeMap<String, (Sen, Sen)> = BTreeMap::new();
        for (fund, code) in BOOKED {
            if !code.belongs_to(&self.lender) || !fund_allowed(&self.lender, *fund) {
                continue;
            }
            let ledger = Ledger::new(self.lender.clone(), *fund);
            for (id, balance) in self.balances(asked, &ledger, *code, limit).await? {
                let of = found.entry(id).or_default();
                match code {
                    Code::LoanProvision => of.1 = of.1.minus(balance)?,
                    _ => of.0 = of.0.plus(balance)?,
                }
            }
        }
        Ok(found)
    }

    /// What the loans after the last one read have in an account, by id, debit positive. Only loans
    /// have such an account, and both stand in the same order, so that these are enough for as many
    /// loans.
    async fn balances(
        &self,
        asked: &mut Asked,
        ledger: &Ledger,
        code: Code,
        limit: u32,
    ) -> Checked<Vec<(String, Sen)>> {
        let prefix = format!("{}.", ledger.account(code));
        let after = Subject::parse(&self.after).filter(|_| !self.after.is_empty());
        let after: Option<Account> = after.map(|subject| ledger.account_of(code, subject));
        let found = asked.snapshot.accounts(&prefix, after.as_ref(), limit, asked.as_of).await?;
        let named =
            |(account, balance): (Account, Sen)| (account.subject.as_str().to_owned(), balance);
        Ok(found.into_iter().map(named).collect())
    }
}

/// Where loans stand on their lender's books: principal, margin against it, provision.
const BOOKED: &[(Fund, Code)] = &[
    (Fund::SimpanPinjam, Code::MemberLoans),
    (Fund::SimpanPinjam, Code::LoansGiven),
    (Fund::SimpanPinjam, Code::MurabahahReceivable),
    (Fund::SimpanPinjam, Code::DeferredMargin),
    (Fund::Kebajikan, Code::QardhReceivable),
    (Fund::SimpanPinjam, Code::LoanProvision),
    (Fund::Kebajikan, Code::LoanProvision),
];

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
        let compared = asked.beside(self.compare_as_of.as_ref(), self.compare_as_known_at)?;
        let as_of = asked.date();
        let now = Sums::new(&mut asked, &book, &lenders, by).await?;
        let mut earlier = None;
        if let Some(point) = compared {
            asked.look_at(point);
            earlier = Some(Sums::new(&mut asked, &book, &lenders, by).await?);
        }
        let keys = now.parts.keys().chain(earlier.iter().flat_map(|sums| sums.parts.keys()));
        let keys: BTreeSet<&String> = keys.collect();
        let part = |key: &String| v1::PortfolioPart {
            key: key.clone(),
            portfolio: Some(now.part(key)),
            compared: earlier.as_ref().map(|sums| sums.part(key)),
        };
        Ok(v1::GetPortfolioResponse {
            total: Some(to_portfolio(&now.total)),
            parts: keys.into_iter().map(part).collect(),
            as_of,
            compared: earlier.as_ref().map(|sums| to_portfolio(&sums.total)),
            compare_as_of: compared.map(|point| convert::to_date(point.day)),
            read_point: Some(asked.read_point),
            unreckoned: now.unreckoned,
            compare_unreckoned: earlier.map(|sums| sums.unreckoned).unwrap_or_default(),
        })
    }
}

/// What loans come to together at a point, and by what they are told apart by.
#[derive(Default)]
struct Sums {
    total: Portfolio,
    parts: BTreeMap<String, Portfolio>,
    /// Those that are in none of them.
    unreckoned: Vec<v1::UnreckonedLoan>,
}

impl Sums {
    async fn new(
        asked: &mut Asked,
        book: &Id,
        lenders: &[Entity],
        by: v1::PortfolioKey,
    ) -> Checked<Sums> {
        let mut sums = Sums::default();
        for lender in lenders {
            let mut walk = Walk::new(asked, lender.clone(), "").await?;
            while let Some(found) = walk.next(asked, CHUNK).await? {
                for loan in found.iter().filter(|loan| loan.is_held()) {
                    if !sums.add(loan, key(by, book, lender, loan, asked.point)) {
                        sums.unreckoned.push(loan.unreckoned(book, lender));
                    }
                }
            }
        }
        // A part of which nothing could be added says nothing.
        sums.parts.retain(|_, part| part.loans > 0);
        Ok(sums)
    }

    /// Adds a loan, or says that it does not fit.
    fn add(&mut self, loan: &Found, key: Option<String>) -> bool {
        match key {
            Some(key) => {
                let part = self.parts.entry(key).or_default();
                loan.add_to(&mut [&mut self.total, part])
            }
            None => loan.add_to(&mut [&mut self.total]),
        }
    }

    fn part(&self, key: &str) -> v1::Portfolio {
        self.parts.get(key).map_or_else(|| to_portfolio(&Portfolio::default()), to_portfolio)
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
            .as_ref()
            .and_then(|of| of.judged.as_ref())
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
        let (mut holdings, mut unreckoned) = (Vec::new(), Vec::new());
        for loan in found.unwrap_or_default() {
            if !loan.is_held() || !filter.takes(&lender, &loan, asked.point)? {
                continue;
            }
            match &loan.holding {
                Some(of) => {
                    holdings.push(to_holding(&mut asked, (&book, &lender), &loan, of).await?)
                }
                None => unreckoned.push(loan.unreckoned(&book, &lender)),
            }
        }
        let as_of = asked.date();
        let read_point = Some(asked.read_point);
        Ok(v1::ListHoldingsResponse { holdings, next_page_token, as_of, read_point, unreckoned })
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
        let group = optional_group(&request.group, owner.0, "group")?;
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
        // What cannot be reckoned is late: nothing else grows so.
        let late = match &loan.holding {
            Some(holding) => holding.due.total()?.is_positive(),
            None => true,
        };
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
    (book, lender): (&Id, &Entity),
    loan: &Found,
    holding: &Holding,
) -> Checked<v1::Holding> {
    let Found { id, row, booked, held, .. } = loan;
    let Point { day, known } = asked.point;
    let talks = asked.snapshot.row(&contacts_name(lender, id)).await?.map(|found| found.row);
    let last = match &talks {
        Some(Row::LoanContacts(talks)) => last_contact(talks, day, known),
        _ => None,
    };
    let contract = contract_of(row);
    let ledger = ledger_of(lender, contract);
    let account = ledger.account_of(principal_code(lender, contract), Subject::id(id));
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
