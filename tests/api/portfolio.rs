//! The portfolio through the API: worked by hand to the sen, as known earlier, beside the ledger,
//! with talks that stay sealed, the regulator's ratios and rates by the year.

use simpul::api::google_type::{Date, Decimal};
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::loans::{application, lend, payment, product, terms, tin};
use crate::on_both;
use crate::regime::{bound, set};
use crate::town::{A, BOOK, LKM, Server, Town, date, on, sen, why};

on_both!(
    a_portfolio_by_hand,
    earlier_answers_stay,
    talks_are_sealed,
    ratios_and_rates,
    what_cannot_be_asked,
);

/// Thousands of rupiah in sen.
const THOUSAND: i64 = 100_000;

/// A lends two members 500.000 each on 1 April 2025, flat 1% a week in ten weeks: 55.000 a week. On
/// 8 April one pays all, the other 25.000. Quality as UPKs judge it, not performing from the third
/// class on.
async fn two_loans(server: &Server) -> Town {
    let town = Town::found(server).await;
    town.loans().set_loan_product(product(A, terms(LoanFrequency::Weekly, "1"))).await.unwrap();
    let quality = SetLoanQualityRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        since: date(2025, 1, 1),
        preset: QualityPreset::UpkPnpm as i32,
        minute: "BA-7/contoh".to_owned(),
        non_performing_from: 3,
        ..SetLoanQualityRequest::default()
    };
    town.loans().set_loan_quality(quality).await.expect("set");
    for (loan, member) in [("l1", "m02"), ("l2", "m03")] {
        let wish = application(A, loan, &format!("{A}/members/{member}"), 500_000);
        lend(&town, wish, tin(), (4, 1)).await;
    }
    pay(&town, "l1", 55_000, (4, 8)).await;
    pay(&town, "l2", 25_000, (4, 8)).await;
    town
}

async fn pay(town: &Town, loan: &str, rupiah: i64, day: (i32, i32)) -> String {
    let request = payment(&format!("{A}/loans/{loan}"), rupiah, tin(), day);
    let id = request.request_id.clone();
    town.loans().pay_loan(request).await.expect("paid");
    id
}

async fn ask(
    town: &Town,
    scope: &str,
    by: PortfolioKey,
    as_of: Option<Date>,
    as_known_at: u64,
) -> GetPortfolioResponse {
    let scope = scope.to_owned();
    let by = by as i32;
    let request = GetPortfolioRequest { scope, by, as_of, as_known_at, ..Default::default() };
    town.portfolio().get_portfolio(request).await.expect("a portfolio").into_inner()
}

async fn total(town: &Town, as_of: Option<Date>, as_known_at: u64) -> Portfolio {
    let answer = ask(town, A, PortfolioKey::Unspecified, as_of, as_known_at).await;
    assert!(answer.parts.is_empty());
    answer.total.expect("set")
}

fn listed(only_arrears: bool, as_of: Option<Date>) -> ListHoldingsRequest {
    ListHoldingsRequest { parent: A.to_owned(), as_of, only_arrears, ..Default::default() }
}

fn of(parts: &Option<LoanParts>) -> [i64; 3] {
    let parts = parts.as_ref().expect("set");
    [&parts.penalty, &parts.interest, &parts.principal].map(|part| sen(part) / THOUSAND)
}

fn value(number: &Option<Decimal>) -> &str {
    number.as_ref().map_or("", |number| number.value.as_str())
}

async fn a_portfolio_by_hand(server: &Server) {
    let town = two_loans(server).await;
    // Of 930.000 of principal, two instalments of the one and three less 25.000 of the other are
    // asked for and unpaid on 22 April.
    let sum = total(&town, date(2025, 4, 22), 0).await;
    assert_eq!((sum.loans, sen(&sum.outstanding)), (2, 930 * THOUSAND));
    assert_eq!(sen(&sum.booked), 930 * THOUSAND);
    assert_eq!(town.total("groups/a", Fund::SimpanPinjam, 1221).await, 930 * THOUSAND);
    assert_eq!((of(&sum.scheduled), of(&sum.paid)), ([0, 30, 300], [0, 10, 70]));
    assert_eq!(of(&sum.due), [0, 20, 230]);
    // One instalment overdue, and two: 10% of both.
    let class = &sum.classes[0];
    assert_eq!((sum.classes.len(), class.name.as_str(), class.loans), (1, "KOLEK_II", 2));
    assert_eq!(sen(&sum.provision_required), 93 * THOUSAND);
    assert_eq!((sen(&sum.provision_held), value(&sum.npl_net)), (0, "0"));
    // On 13 June, 59 and 66 days late, all ten instalments but one or two parts are overdue.
    let sum = total(&town, date(2025, 6, 13), 0).await;
    let at_risk: Vec<_> = sum.at_risk.iter().map(|at_risk| value(&at_risk.percent)).collect();
    assert_eq!(at_risk, ["100", "51.61", "0"]);
    assert_eq!((sen(&sum.provision_required), value(&sum.npl_gross)), (930 * THOUSAND, "100"));

    assign(&town, "l2", "lukas").await;
    let by = ask(&town, BOOK, PortfolioKey::Officer, date(2025, 4, 22), 0).await;
    let parts: Vec<_> = by
        .parts
        .iter()
        .map(|part| {
            let portfolio = part.portfolio.as_ref().expect("set");
            (part.key.as_str(), sen(&portfolio.outstanding) / THOUSAND)
        })
        .collect();
    assert_eq!(parts, [("", 450), ("lukas", 480)]);
    let only = |key: PortfolioKey| {
        let town = &town;
        async move { ask(town, BOOK, key, date(2025, 4, 22), 0).await.parts }
    };
    assert_eq!(only(PortfolioKey::Product).await[0].key, format!("{A}/loan-products/biasa"));
    assert_eq!(only(PortfolioKey::Group).await[0].key, A);
    assert_eq!(only(PortfolioKey::Lender).await[0].key, A);
    assert_eq!(only(PortfolioKey::Class).await[0].key, "2 KOLEK_II");

    let request = ListHoldingsRequest { page_size: 1, ..listed(true, date(2025, 4, 22)) };
    let first = town.portfolio().list_holdings(request.clone()).await.unwrap().into_inner();
    let holding = &first.holdings[0];
    assert_eq!((holding.loan.as_str(), holding.days_late), (&*format!("{A}/loans/l1"), 7));
    assert_eq!(holding.account, format!("{BOOK}/accounts/a.sp.1221.l1"));
    assert_eq!(town.held("a.sp.1221.l1").await, sen(&holding.booked));
    let next = ListHoldingsRequest { page_token: first.next_page_token, ..request.clone() };
    let second = town.portfolio().list_holdings(next).await.unwrap().into_inner();
    let holding = &second.holdings[0];
    assert_eq!((holding.officer.as_str(), holding.days_late), ("lukas", 14));
    assert_eq!((sen(&holding.booked), of(&holding.due)), (480 * THOUSAND, [0, 10, 130]));
    let wanted = ListHoldingsRequest { officer: "lukas".to_owned(), ..listed(false, None) };
    let found = town.portfolio().list_holdings(wanted).await.unwrap().into_inner().holdings;
    assert_eq!((found.len(), found[0].loan.as_str()), (1, &*format!("{A}/loans/l2")));
}

async fn assign(town: &Town, loan: &str, officer: &str) {
    let request = AssignLoanRequest {
        loan: format!("{A}/loans/{loan}"),
        request_id: fresh_request_id(),
        details: on(2025, 4, 8),
        officer: officer.to_owned(),
    };
    town.portfolio().assign_loan(request).await.expect("assigned");
}

async fn earlier_answers_stay(server: &Server) {
    let town = two_loans(server).await;
    let known = town.position().await;
    let day = date(2025, 4, 15);
    let then = total(&town, day, known).await;
    assert_eq!((of(&then.due), sen(&then.outstanding)), ([0, 10, 130], 930 * THOUSAND));
    // Told late: l2 had brought the rest on 8 April, and l1 its second instalment on the 15th.
    let late = pay(&town, "l2", 30_000, (4, 8)).await;
    pay(&town, "l1", 55_000, (4, 15)).await;
    let told = town.position().await;
    assert_eq!(of(&total(&town, day, 0).await.due), [0, 5, 50]);
    let reverse = ReverseTransactionRequest {
        transaction: format!("{BOOK}/transactions/{late}"),
        request_id: fresh_request_id(),
        details: on(2025, 4, 15),
        ..Default::default()
    };
    town.journal().reverse_transaction(reverse).await.expect("reversed");
    assert_eq!(of(&total(&town, day, 0).await.due), [0, 5, 80]);
    assert_eq!(of(&total(&town, day, told).await.due), [0, 5, 50]);
    assert_eq!(total(&town, day, known).await, then);
    classes_stand_beside_earlier_ones(&town, known).await;
    let now = total(&town, None, 0).await;
    assert_eq!(sen(&now.booked), town.total("groups/a", Fund::SimpanPinjam, 1221).await);
    assert_eq!(now.booked, now.outstanding);
}

/// The portfolio and its classes on a day, beside the same day as known earlier, and another day.
async fn classes_stand_beside_earlier_ones(town: &Town, known: u64) {
    let beside = |compare_as_of, compare_as_known_at| GetPortfolioRequest {
        scope: A.to_owned(),
        by: PortfolioKey::Class as i32,
        as_of: date(2025, 4, 15),
        compare_as_of,
        compare_as_known_at,
        ..GetPortfolioRequest::default()
    };
    let get = async |request| {
        town.portfolio().get_portfolio(request).await.expect("a portfolio").into_inner()
    };
    let class = async |day, known| ask(town, A, PortfolioKey::Class, day, known).await;
    for (other, position) in [(None, known), (date(2025, 6, 13), 0), (date(2025, 4, 8), known)] {
        let both = get(beside(other, position)).await;
        let now = class(date(2025, 4, 15), 0).await;
        let then = class(other.or(date(2025, 4, 15)), position).await;
        assert_eq!((&both.total, &both.compared), (&now.total, &then.total));
        assert_eq!(both.compare_as_of, other.or(date(2025, 4, 15)));
        let of = |answer: &GetPortfolioResponse, key: &str| {
            let part = answer.parts.iter().find(|part| part.key == key);
            part.and_then(|part| part.portfolio.clone()).map_or(0, |sum| sum.loans)
        };
        let loans = |sum: &Option<Portfolio>| sum.as_ref().expect("set").loans;
        for part in &both.parts {
            assert_eq!(loans(&part.portfolio), of(&now, &part.key), "{}", part.key);
            assert_eq!(loans(&part.compared), of(&then, &part.key), "{}", part.key);
        }
        let keys: std::collections::BTreeSet<&String> =
            now.parts.iter().chain(&then.parts).map(|part| &part.key).collect();
        assert_eq!(both.parts.len(), keys.len(), "a part of either is there");
    }
    let both = get(beside(None, known)).await;
    let due = |sum: &Option<Portfolio>| of(&sum.as_ref().expect("set").due);
    assert_eq!((due(&both.total), due(&both.compared)), ([0, 5, 80], [0, 10, 130]));
    let beyond = town.portfolio().get_portfolio(beside(None, 1 << 40)).await;
    let said = why(&beyond.expect_err("not yet"));
    assert_eq!((said.code, said.reason.as_str()), (Code::OutOfRange, "POSITION_UNKNOWN"));
    assert_eq!(said.field, "compare_as_known_at");
}

async fn talks_are_sealed(server: &Server) {
    let town = two_loans(server).await;
    let talk = RecordContactRequest {
        loan: format!("{A}/loans/l2"),
        request_id: fresh_request_id(),
        on: date(2025, 4, 20),
        who: "istri peminjam (contoh)".to_owned(),
        note: "panen mundur (contoh)".to_owned(),
    };
    let first = town.portfolio().record_contact(talk.clone()).await.expect("told").into_inner();
    let contact = first.contact.as_ref().expect("set");
    assert_eq!((contact.who.as_str(), contact.erased), ("istri peminjam (contoh)", false));
    let again = town.portfolio().record_contact(talk.clone()).await.expect("again").into_inner();
    assert_eq!(first, again);
    let other = RecordContactRequest { note: "lain (contoh)".to_owned(), ..talk.clone() };
    let status = town.portfolio().record_contact(other).await.expect_err("another request");
    assert_eq!(why(&status).reason, "REQUEST_ID_REUSED");
    let found = town.portfolio().list_holdings(listed(true, date(2025, 4, 22))).await.unwrap();
    let contacts: Vec<_> =
        found.into_inner().holdings.iter().map(|holding| holding.last_contact_on).collect();
    assert_eq!(contacts, [None, date(2025, 4, 20)]);
    // The texts are the borrower's: they go when the borrower is erased.
    server.forget("groups/a/members/m03").await;
    let list = ListContactsRequest { loan: format!("{A}/loans/l2") };
    let left = town.portfolio().list_contacts(list).await.unwrap().into_inner().contacts;
    assert_eq!((left.len(), left[0].erased, left[0].who.as_str()), (1, true, ""));
}

async fn ratios_and_rates(server: &Server) {
    let town = two_loans(server).await;
    let appoint = AppointOfficerRequest {
        member: format!("{A}/members/m02"),
        request_id: fresh_request_id(),
        office: Office::Bendahara as i32,
        since: date(2025, 1, 1),
    };
    town.groups().appoint_officer(appoint).await.expect("appointed");
    let ask = |entity: &str| GetRatiosRequest { entity: entity.to_owned(), ..Default::default() };
    let answer = town.portfolio().get_ratios(ask(A)).await.expect("ratios").into_inner();
    let ratio = |kind: RatioKind| {
        answer.ratios.iter().find(|ratio| ratio.kind() == kind).expect("computed").clone()
    };
    assert_eq!(sen(&ratio(RatioKind::Officers).above), 450 * THOUSAND);
    assert_eq!(answer.officer_loans[0].member, format!("{A}/members/m02"));
    assert_eq!(sen(&ratio(RatioKind::NplGross).below), 930 * THOUSAND);
    // What is owned less what is owed is what is left, the jasa of 10.000 among it.
    let (assets, liabilities) =
        (sen(&ratio(RatioKind::Solvency).above), sen(&ratio(RatioKind::Solvency).below));
    assert_eq!(assets - liabilities, sen(&ratio(RatioKind::Capital).above));
    assert!(answer.ratios.iter().all(|ratio| ratio.bound.is_none() && ratio.kept));
    set(&town, bound(BoundedFigure::Officers, "10", BoundEffect::Warn)).await;
    set(&town, bound(BoundedFigure::LoanRate, "24", BoundEffect::Warn)).await;
    let lkm = town.portfolio().get_ratios(ask(LKM)).await.expect("ratios").into_inner();
    let officers = lkm.ratios.iter().find(|ratio| ratio.kind() == RatioKind::Officers);
    let bound = officers.and_then(|ratio| ratio.bound.clone()).expect("a cooperative's");
    assert_eq!(value(&bound.at_most), "10");

    let name = |leaves| NameOfficerRequest {
        member: format!("{LKM}/members/m01"),
        request_id: fresh_request_id(),
        details: None,
        since: date(2025, 1, 1),
        leaves,
    };
    let status = town.portfolio().name_officer(name(true)).await.expect_err("is none");
    assert!(["OFFICE_TAKEN", "NOT_FOUND"].contains(&why(&status).reason.as_str()));
    let of_group = NameOfficerRequest { member: format!("{A}/members/m02"), ..name(false) };
    let status = town.portfolio().name_officer(of_group).await.expect_err("a KUBE's");
    assert_eq!(why(&status).reason, "WRONG_PARENT");

    let rates = ListRatesRequest { parent: A.to_owned(), ..Default::default() };
    let rates = town.portfolio().list_rates(rates).await.expect("rates").into_inner().rates;
    let rate = &rates[0];
    assert_eq!((value(&rate.rate_percent), value(&rate.yearly_percent)), ("1", "52.14"));
    assert_eq!((value(&rate.highest_effective_percent), rate.loans), ("92.37", 2));
    town.loans()
        .set_loan_product(product(LKM, terms(LoanFrequency::Monthly, "2.1")))
        .await
        .unwrap();
    let rates = ListRatesRequest { parent: LKM.to_owned(), ..Default::default() };
    let rates = town.portfolio().list_rates(rates).await.expect("rates").into_inner();
    assert_eq!((value(&rates.rates[0].yearly_percent), rates.rates[0].exceeds), ("25.2", true));
    assert_eq!(value(&rates.bound.expect("a cooperative's").at_most), "24");
}

async fn what_cannot_be_asked(server: &Server) {
    let town = two_loans(server).await;
    let ask = GetPortfolioRequest { scope: A.to_owned(), as_known_at: 9_999, ..Default::default() };
    let status = town.portfolio().get_portfolio(ask.clone()).await.expect_err("unknown");
    assert_eq!(
        (why(&status).code, why(&status).reason.as_str()),
        (Code::OutOfRange, "POSITION_UNKNOWN")
    );
    let wrong = GetPortfolioRequest { scope: "x".to_owned(), ..ask };
    let status = town.portfolio().get_portfolio(wrong).await.expect_err("no name");
    assert_eq!(why(&status).field, "scope");
    let other = ListHoldingsRequest {
        product: format!("{LKM}/loan-products/biasa"),
        ..listed(false, None)
    };
    let status = town.portfolio().list_holdings(other).await.expect_err("another's");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("WRONG_PARENT", "product")
    );
    let talk = RecordContactRequest {
        loan: format!("{A}/loans/l9"),
        request_id: fresh_request_id(),
        who: "tetangga (contoh)".to_owned(),
        ..Default::default()
    };
    let status = town.portfolio().record_contact(talk.clone()).await.expect_err("no loan");
    assert_eq!(why(&status).code, Code::NotFound);
    let early = RecordContactRequest {
        loan: format!("{A}/loans/l2"),
        on: date(2025, 3, 31),
        ..talk.clone()
    };
    let status = town.portfolio().record_contact(early).await.expect_err("not lent then");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("LOAN_NOT_OPEN", "loan")
    );
    let silent = RecordContactRequest { who: String::new(), ..talk };
    let status = town.portfolio().record_contact(silent).await.expect_err("nobody");
    assert_eq!(why(&status).field, "loan");
}
