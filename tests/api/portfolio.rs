//! The portfolio through the API: worked by hand to the sen, as known earlier, beside the ledger,
//! with talks that stay sealed, the regulator's ratios and rates by the year.

use std::collections::BTreeMap;

use simpul::api::google_type::{Date, Decimal};
use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::loans::{application, lend, over_the_counter, payment, product, terms, tin, vault};
use crate::on_both;
use crate::regime::{bound, set};
use crate::town::{A, BOOK, LKM, Server, Town, date, enrol, idr, on, place, sen, units, why};

on_both!(
    a_portfolio_by_hand,
    every_figure_on_any_day_is_the_sum_of_its_loans,
    earlier_answers_stay,
    talks_are_sealed,
    ratios_and_rates,
    ratios_by_hand,
    a_loan_that_outgrows_money_spoils_no_answer,
    capital_in_officers_businesses_is_shown,
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
    assign_since(town, &format!("{A}/loans/{loan}"), officer, (4, 8)).await;
}

async fn assign_since(town: &Town, loan: &str, officer: &str, (month, day): (i32, i32)) {
    let request = AssignLoanRequest {
        loan: loan.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, month, day),
        officer: officer.to_owned(),
    };
    town.portfolio().assign_loan(request).await.expect("assigned");
}

/// Loans of the LKM to two KUBEs and to members, one with a surety, and of KUBE a to its members, on
/// three products, looked after by whom on which day, paid or not; one is written off.
async fn many_loans(server: &Server) -> Town {
    let town = Town::found(server).await;
    town.found_group("b").await;
    town.fund_lkm(20_000_000).await;
    town.members().enrol_member(enrol(LKM, "n01")).await.expect("a member");
    let penalty = LoanPenalty {
        per: PenaltyPer::Day as i32,
        percent: units("0.1"),
        ..LoanPenalty::default()
    };
    let rules = LoanTerms { penalty: Some(penalty), ..terms(LoanFrequency::Monthly, "1") };
    let other = SetLoanProductRequest {
        product_id: "musiman".to_owned(),
        ..product(LKM, terms(LoanFrequency::Weekly, "0.5"))
    };
    for set in [product(LKM, rules), other, product(A, terms(LoanFrequency::Weekly, "1"))] {
        town.loans().set_loan_product(set).await.expect("set");
    }
    for entity in [LKM, A] {
        let quality = SetLoanQualityRequest {
            entity: entity.to_owned(),
            request_id: fresh_request_id(),
            since: date(2025, 1, 1),
            preset: QualityPreset::LkmPojk412024 as i32,
            minute: "BA-7/contoh".to_owned(),
            non_performing_from: 3,
            ..SetLoanQualityRequest::default()
        };
        town.loans().set_loan_quality(quality).await.expect("set");
    }
    let (b, n01) = (format!("{BOOK}/groups/b"), format!("{LKM}/members/n01"));
    let of_a = |number: u32| format!("{A}/members/m{number:02}");
    let counter = over_the_counter;
    for (lender, loan, borrower, product, surety, purse, day) in [
        (LKM, "l1", A.to_owned(), "biasa", "", counter(), (1, 10)),
        (LKM, "l2", b.clone(), "musiman", "", counter(), (1, 20)),
        (LKM, "l3", n01.clone(), "biasa", b.as_str(), vault(), (2, 1)),
        (LKM, "l4", n01, "musiman", "", vault(), (2, 1)),
        (A, "a1", of_a(2), "biasa", "", tin(), (2, 3)),
        (A, "a2", of_a(3), "biasa", "", tin(), (2, 3)),
    ] {
        let wish = ApplyForLoanRequest {
            product_id: product.to_owned(),
            surety: surety.to_owned(),
            ..application(lender, loan, &borrower, 1_000_000)
        };
        lend(&town, wish, purse, day).await;
    }
    for (loan, officer, since) in
        [("l1", "lukas", (1, 10)), ("l1", "maria", (3, 1)), ("l2", "lukas", (2, 1))]
    {
        assign_since(&town, &format!("{LKM}/loans/{loan}"), officer, since).await;
    }
    assign_since(&town, &format!("{A}/loans/a1"), "maria", (2, 3)).await;
    let paid =
        |loan: &str, rupiah, purse, day| payment(&format!("{BOOK}/{loan}"), rupiah, purse, day);
    for request in [
        paid("lkm/loans/l1", 110_000, counter(), (2, 10)),
        paid("lkm/loans/l2", 210_000, counter(), (2, 3)),
        paid("groups/a/loans/a1", 30_000, tin(), (2, 20)),
        paid("lkm/loans/l4", 105_000, vault(), (2, 8)),
    ] {
        town.loans().pay_loan(request).await.expect("paid");
    }
    crate::days::close(&town, (2025, 5, 31)).await.expect("closed");
    let lost = WriteOffLoanRequest {
        loan: format!("{LKM}/loans/l4"),
        request_id: fresh_request_id(),
        details: on(2025, 6, 2),
        minute: "BA-9/contoh".to_owned(),
    };
    town.loans().write_off_loan(lost).await.expect("written off");
    let late = payment(&format!("{A}/loans/a2"), 77_000, tin(), (3, 1));
    town.loans().pay_loan(late).await.expect("told late");
    town
}

/// What can be added up of a portfolio, in sen.
fn figures(of: &Portfolio) -> Vec<i64> {
    let mut all = vec![i64::from(of.loans)];
    let amounts = [
        &of.outstanding,
        &of.booked,
        &of.provision_required,
        &of.provision_held,
        &of.non_performing,
        &of.written_off,
    ];
    all.extend(amounts.map(sen));
    for parts in [&of.scheduled, &of.paid, &of.due] {
        let parts = parts.as_ref().expect("set");
        all.extend([&parts.penalty, &parts.interest, &parts.principal].map(sen));
    }
    all.extend(of.at_risk.iter().map(|at_risk| sen(&at_risk.amount)));
    all
}

/// The same, of one loan.
fn figures_of(of: &Holding) -> Vec<i64> {
    let amounts = [&of.outstanding, &of.booked, &of.provision_required, &of.provision_held];
    let mut all = vec![1];
    all.extend(amounts.map(sen));
    all.push(if of.class_rank >= 3 { sen(&of.outstanding) } else { 0 });
    all.push(sen(&of.written_off));
    for parts in [&of.scheduled, &of.paid, &of.due] {
        let parts = parts.as_ref().expect("set");
        all.extend([&parts.penalty, &parts.interest, &parts.principal].map(sen));
    }
    all.extend([30, 60, 90].map(|days| if of.days_late > days { sen(&of.outstanding) } else { 0 }));
    all
}

fn sum(all: &[Vec<i64>]) -> Vec<i64> {
    let add = |mut sum: Vec<i64>, one: &Vec<i64>| {
        sum.iter_mut().zip(one).for_each(|(sum, one)| *sum += one);
        sum
    };
    all.iter().fold(vec![0; 19], add)
}

/// Every figure of a book and of a lender, whatever it is divided by, on days before and after what
/// became of the loans, as known now and before the last was told: the sum of the loans that are
/// listed one by one, each where it belongs.
async fn every_figure_on_any_day_is_the_sum_of_its_loans(server: &Server) {
    let town = many_loans(server).await;
    let before_late = town.position().await - 2;
    let mut met = 0;
    for known in [0, before_late] {
        for (month, day) in [(1, 15), (2, 3), (2, 28), (3, 1), (4, 30), (6, 1), (6, 2), (12, 31)] {
            let as_of = date(2025, month, day);
            let mut held: Vec<(&str, Holding)> = Vec::new();
            for lender in [LKM, A] {
                let list = ListHoldingsRequest {
                    parent: lender.to_owned(),
                    as_known_at: known,
                    ..listed(false, as_of)
                };
                let page = town.portfolio().list_holdings(list).await.expect("listed").into_inner();
                held.extend(page.holdings.into_iter().map(|one| (lender, one)));
            }
            let key_of = |by: PortfolioKey, lender: &str, one: &Holding| match by {
                PortfolioKey::Product => one.product.clone(),
                PortfolioKey::Officer => one.officer.clone(),
                PortfolioKey::Group => one.group.clone(),
                PortfolioKey::Class => format!("{} {}", one.class_rank, one.class_name),
                PortfolioKey::Lender => lender.to_owned(),
                PortfolioKey::Unspecified => unreachable!("divides nothing"),
            };
            let all: Vec<_> = held.iter().map(|(_, one)| figures_of(one)).collect();
            let whole = ask(&town, BOOK, PortfolioKey::Unspecified, as_of, known).await;
            assert_eq!(figures(&whole.total.expect("set")), sum(&all), "{month}/{day} {known}");
            let lkm: Vec<_> =
                held.iter().filter(|one| one.0 == LKM).map(|one| figures_of(&one.1)).collect();
            let of_lkm = ask(&town, LKM, PortfolioKey::Unspecified, as_of, known).await;
            assert_eq!(figures(&of_lkm.total.expect("set")), sum(&lkm), "{month}/{day} {known}");
            for by in [
                PortfolioKey::Product,
                PortfolioKey::Officer,
                PortfolioKey::Group,
                PortfolioKey::Class,
                PortfolioKey::Lender,
            ] {
                let mut expected: BTreeMap<String, Vec<Vec<i64>>> = BTreeMap::new();
                for (lender, one) in &held {
                    expected.entry(key_of(by, lender, one)).or_default().push(figures_of(one));
                }
                let expected: Vec<_> =
                    expected.into_iter().map(|(key, all)| (key, sum(&all))).collect();
                let answer = ask(&town, BOOK, by, as_of, known).await;
                let found: Vec<_> = answer
                    .parts
                    .iter()
                    .map(|part| (part.key.clone(), figures(part.portfolio.as_ref().expect("set"))))
                    .collect();
                assert_eq!(found, expected, "{by:?} {month}/{day} {known}");
                met = met.max(found.len());
            }
        }
    }
    assert!(met >= 3, "{met}");
    by_hand(&town).await;
}

/// On 1 March maria looks after l1, which lukas did before; l1 is 19 days late with its second
/// instalment of 110.000 since 10 February was paid: none is due. On 30 April two are, and their
/// penalties of a tenth of a percent for 51 and 20 days.
async fn by_hand(town: &Town) {
    let of = |month, day, by| ask(town, LKM, by, date(2025, month, day), 0);
    let officers = |answer: GetPortfolioResponse| -> Vec<(String, i64)> {
        let part = |part: PortfolioPart| {
            (part.key, sen(&part.portfolio.expect("set").outstanding) / THOUSAND)
        };
        answer.parts.into_iter().map(part).collect()
    };
    let named = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs.iter().map(|(key, sum)| ((*key).to_owned(), *sum)).collect()
    };
    let february = officers(of(2, 28, PortfolioKey::Officer).await);
    assert_eq!(february, named(&[("", 1_000 + 900), ("lukas", 900 + 800)]));
    let march = officers(of(3, 1, PortfolioKey::Officer).await);
    assert_eq!(march, named(&[("", 1_000 + 900), ("lukas", 800), ("maria", 900)]));
    let groups = officers(of(6, 2, PortfolioKey::Group).await);
    let (a, b) = (A, format!("{BOOK}/groups/b"));
    // What was written off is beside the books.
    assert_eq!(groups, named(&[("", 0), (a, 900), (&b, 800 + 1_000)]));
    let april = of(4, 30, PortfolioKey::Officer).await;
    let maria = april.parts.iter().find(|part| part.key == "maria").expect("looks after l1");
    let maria = maria.portfolio.as_ref().expect("set");
    let due = maria.due.as_ref().expect("set");
    let penalty = 11_000_000 * (51 + 20) / 1_000;
    assert_eq!(
        [sen(&due.penalty), sen(&due.interest), sen(&due.principal)],
        [penalty, 20 * THOUSAND, 200 * THOUSAND]
    );
    // 51 days late: at risk by 30 days, in the second class, of which 5% are provided.
    let at_risk: Vec<_> = maria.at_risk.iter().map(|of| sen(&of.amount) / THOUSAND).collect();
    assert_eq!(at_risk, [900, 0, 0]);
    assert_eq!(sen(&maria.provision_required), 45 * THOUSAND);
    assert_eq!(sen(&maria.provision_held), 45 * THOUSAND);
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
    let found = town.portfolio().list_holdings(listed(true, date(2025, 4, 19))).await.unwrap();
    let contacts: Vec<_> =
        found.into_inner().holdings.iter().map(|holding| holding.last_contact_on).collect();
    assert_eq!(contacts, [None, None], "on the day before");
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

/// A's loan of 90 trillion rupiah costs ten times that for each day that it is late: after a hundred
/// days more than money can be said in. The other of 100.000 is tended all the same, and every answer
/// shows it, and names the one it cannot count. Of both 10.000 were paid from savings.
async fn a_loan_that_outgrows_money_spoils_no_answer(server: &Server) {
    let town = Town::found(server).await;
    let penalty = LoanPenalty {
        per: PenaltyPer::Day as i32,
        percent: units("1000"),
        ..LoanPenalty::default()
    };
    let dear = LoanTerms { penalty: Some(penalty), ..terms(LoanFrequency::Weekly, "0") };
    town.loans().set_loan_product(product(A, dear)).await.expect("set");
    for (loan, member, rupiah) in [("x", "m02", 90_000_000_000_000), ("y", "m03", 100_000)] {
        town.deposit(member, 10_000).await;
        let wish = ApplyForLoanRequest {
            plan: Some(LoanPlan { instalments: 1, ..LoanPlan::default() }),
            auto_debit: true,
            ..application(A, loan, &format!("{A}/members/{member}"), rupiah)
        };
        lend(&town, wish, tin(), (4, 1)).await;
    }
    // The closing looks at both each day, and stops at neither.
    crate::days::close(&town, (2025, 8, 1)).await.expect("closed");
    let huge = 9_000_000_000_000_000 - 10 * THOUSAND;
    assert_eq!((town.held("a.sp.2103.m02").await, town.held("a.sp.2103.m03").await), (0, 0));
    assert_eq!(town.held("a.sp.1221.x").await, huge);
    let as_of = date(2025, 8, 1);
    let named = |found: &[UnreckonedLoan]| {
        let of = |one: &UnreckonedLoan| (one.loan.clone(), sen(&one.booked));
        found.iter().map(of).collect::<Vec<_>>()
    };
    let expected = [(format!("{A}/loans/x"), huge)];
    for (scope, by) in [
        (A, PortfolioKey::Unspecified),
        (BOOK, PortfolioKey::Product),
        (BOOK, PortfolioKey::Officer),
        (BOOK, PortfolioKey::Group),
        (BOOK, PortfolioKey::Class),
        (BOOK, PortfolioKey::Lender),
    ] {
        let answer = ask(&town, scope, by, as_of, 0).await;
        let total = answer.total.expect("set");
        assert_eq!((total.loans, sen(&total.outstanding)), (1, 90 * THOUSAND));
        assert_eq!(named(&answer.unreckoned), expected);
        let parts = answer.parts.iter().map(|part| part.portfolio.clone().expect("set"));
        assert!(parts.clone().all(|part| part == total));
        assert_eq!(parts.count(), usize::from(by != PortfolioKey::Unspecified));
    }
    let page = town.portfolio().list_holdings(listed(true, as_of)).await.expect("listed");
    let page = page.into_inner();
    assert_eq!((page.holdings.len(), page.holdings[0].days_late), (1, 115));
    assert_eq!(named(&page.unreckoned), expected);
    let of_nobody = ListHoldingsRequest { officer: "lukas".to_owned(), ..listed(true, None) };
    let page = town.portfolio().list_holdings(of_nobody).await.expect("listed").into_inner();
    assert_eq!((page.holdings.len(), page.unreckoned.len()), (0, 0));
    let ask = GetRatiosRequest { entity: A.to_owned(), as_of, as_known_at: 0 };
    let ratios = town.portfolio().get_ratios(ask).await.expect("ratios").into_inner();
    assert_eq!(named(&ratios.unreckoned), expected);
    let ask = ListRatesRequest { parent: A.to_owned(), as_of, as_known_at: 0 };
    let rates = town.portfolio().list_rates(ask).await.expect("rates").into_inner();
    assert_eq!((named(&rates.unreckoned), rates.rates[0].loans), (expected.to_vec(), 1));

    let list = ListLoansRequest {
        parent: A.to_owned(),
        on: as_of,
        only_arrears: true,
        ..ListLoansRequest::default()
    };
    let loans = town.loans().list_loans(list).await.expect("listed").into_inner().loans;
    let shown: Vec<_> =
        loans.iter().map(|loan| (loan.unreckoned, loan.standing.is_some())).collect();
    assert_eq!(shown, [(true, false), (false, true)]);
    let get = GetLoanRequest { name: format!("{A}/loans/x"), on: as_of };
    let card = town.loans().get_loan(get).await.expect("shown").into_inner();
    assert_eq!((card.unreckoned, card.instalments.len(), card.facts.len()), (true, 0, 2));
    // On a day on which it still fits it is reckoned like any other.
    let early = total(&town, date(2025, 4, 9), 0).await;
    assert_eq!((early.loans, sen(&early.outstanding)), (2, huge + 90 * THOUSAND));
}

/// 200.000 of the LKM's are in the business of its officer, who gave 50.000 of it back: of 500.000 of
/// own capital three tenths, on each day what was there then.
async fn capital_in_officers_businesses_is_shown(server: &Server) {
    let town = Town::found(server).await;
    town.fund_lkm(500_000).await;
    for member in ["n01", "n02"] {
        town.members().enrol_member(enrol(LKM, member)).await.expect("a member");
    }
    town.name_officer("n01").await;
    for (id, member, rupiah) in [("s1", "n01", 200_000), ("s2", "n02", 100_000)] {
        let fund = FundSyirkahRequest {
            entity: LKM.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 4, 1),
            syirkah_id: id.to_owned(),
            partner: format!("{LKM}/members/{member}"),
            kind: SyirkahKind::Mudharabah as i32,
            amount: idr(rupiah),
            nisbah_percent: units("40"),
            minute: "BA-1/contoh".to_owned(),
            purse: vault(),
            ..FundSyirkahRequest::default()
        };
        town.syariah().fund_syirkah(fund).await.expect("funded");
    }
    let back = ReturnSyirkahRequest {
        syirkah: format!("{LKM}/syirkahs/s1"),
        request_id: fresh_request_id(),
        details: on(2025, 5, 1),
        amount: idr(50_000),
        purse: vault(),
    };
    town.syariah().return_syirkah(back).await.expect("returned");
    for (day, expected, percent) in
        [(date(2025, 4, 30), 200, "40"), (date(2025, 5, 1), 150, "30"), (date(2025, 3, 31), 0, "0")]
    {
        let ask = GetRatiosRequest { entity: LKM.to_owned(), as_of: day, as_known_at: 0 };
        let answer = town.portfolio().get_ratios(ask).await.expect("ratios").into_inner();
        let ratio = answer.ratios.iter().find(|one| one.kind() == RatioKind::Officers);
        let ratio = ratio.expect("computed");
        assert_eq!(sen(&ratio.above), expected * THOUSAND);
        assert_eq!(value(&ratio.percent), percent);
        let loans: Vec<_> = answer
            .officer_loans
            .iter()
            .map(|one| (one.loan.clone(), one.member.clone(), sen(&one.outstanding)))
            .collect();
        let expected =
            (format!("{LKM}/syirkahs/s1"), format!("{LKM}/members/n01"), expected * THOUSAND);
        assert_eq!(loans, Vec::from_iter((expected.2 > 0).then_some(expected)));
    }
}

/// The LKM has 500.000 of paid-in capital, 100.000 of savings, and lends 200.000 to its officer on 1
/// April, of which nothing comes back: on 31 December all of it is provided for. All ratios on the
/// day before and on that day, beside what a cooperative was told to keep.
async fn ratios_by_hand(server: &Server) {
    let town = Town::found(server).await;
    town.fund_lkm(500_000).await;
    town.members().enrol_member(enrol(LKM, "n01")).await.expect("a member");
    town.name_officer("n01").await;
    let saved = DepositRequest {
        member: format!("{LKM}/members/n01"),
        place: place(PlaceKind::Vault),
        ..crate::town::deposit("m01", 100_000)
    };
    town.savings().deposit(saved).await.expect("saved");
    let rules = product(LKM, terms(LoanFrequency::Monthly, "1"));
    town.loans().set_loan_product(rules).await.expect("set");
    let quality = SetLoanQualityRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        since: date(2025, 1, 1),
        preset: QualityPreset::LkmPojk412024 as i32,
        minute: "BA-7/contoh".to_owned(),
        non_performing_from: 3,
        ..SetLoanQualityRequest::default()
    };
    town.loans().set_loan_quality(quality).await.expect("set");
    let wish = application(LKM, "l1", &format!("{LKM}/members/n01"), 200_000);
    lend(&town, wish, vault(), (4, 1)).await;
    let provide = ProvideForLoanRequest {
        loan: format!("{LKM}/loans/l1"),
        request_id: fresh_request_id(),
        details: on(2025, 12, 31),
    };
    town.loans().provide_for_loan(provide).await.expect("provided");
    for (figure, least) in [
        (BoundedFigure::Liquidity, "4"),
        (BoundedFigure::Solvency, "110"),
        (BoundedFigure::Capital, "75"),
    ] {
        let mut kept = bound(figure, "", BoundEffect::Warn);
        let bound = kept.bound.as_mut().expect("set");
        (bound.at_least, bound.at_most) = (units(least), None);
        set(&town, kept).await;
    }
    for (figure, most) in [(BoundedFigure::NplNet, "5"), (BoundedFigure::Officers, "10")] {
        set(&town, bound(figure, most, BoundEffect::Warn)).await;
    }
    let shown = async |day| -> Vec<(RatioKind, Option<i64>, i64, String, bool)> {
        let ask =
            GetRatiosRequest { entity: LKM.to_owned(), as_of: date(2025, 12, day), as_known_at: 0 };
        let answer = town.portfolio().get_ratios(ask).await.expect("ratios").into_inner();
        let line = |ratio: &Ratio| {
            let above = ratio.above.as_ref().map(|_| sen(&ratio.above) / THOUSAND);
            let below = sen(&ratio.below) / THOUSAND;
            (ratio.kind(), above, below, value(&ratio.percent).to_owned(), ratio.kept)
        };
        answer.ratios.iter().map(line).collect()
    };
    let expected = |rows: [(RatioKind, i64, i64, &str, bool); 6]| -> Vec<_> {
        let row = |(kind, above, below, percent, kept): (RatioKind, i64, i64, &str, bool)| {
            (kind, Some(above), below, percent.to_owned(), kept)
        };
        rows.into_iter().map(row).collect()
    };
    assert_eq!(
        shown(30).await,
        expected([
            (RatioKind::Liquidity, 400, 100, "400", true),
            (RatioKind::Solvency, 600, 100, "600", true),
            (RatioKind::Capital, 500, 500, "100", true),
            (RatioKind::NplNet, 200, 200, "100", false),
            (RatioKind::NplGross, 200, 200, "100", true),
            (RatioKind::Officers, 200, 500, "40", false),
        ])
    );
    assert_eq!(
        shown(31).await,
        expected([
            (RatioKind::Liquidity, 400, 100, "400", true),
            (RatioKind::Solvency, 400, 100, "400", true),
            (RatioKind::Capital, 300, 500, "60", false),
            (RatioKind::NplNet, 0, 200, "0", true),
            (RatioKind::NplGross, 200, 200, "100", true),
            (RatioKind::Officers, 200, 300, "66.67", false),
        ])
    );
}
