//! The law an LKM lives under and what it allows, through the API: nothing is built in, what is set
//! warns or refuses and names its rule, and what makes no sense changes nothing.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::loans::{application, confirmation, decision, lend, product, terms, vault};
use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, date, enrol, idr, on, place, units, why};

on_both!(
    a_rate_beyond_the_regime_is_warned_of_or_refused,
    loans_to_officers_are_bounded_by_own_capital,
    a_cooperative_becomes_an_ojk_lkm,
    what_makes_no_sense_changes_nothing,
);

/// What a cooperative may do of a figure.
pub fn bound(figure: BoundedFigure, at_most: &str, effect: BoundEffect) -> SetRegimeBoundRequest {
    let bound = RegimeBound {
        at_most: units(at_most),
        source: "Permenkop 8/2023 (contoh)".to_owned(),
        regime: Regime::Koperasi as i32,
        figure: figure as i32,
        effect: effect as i32,
        since: date(2025, 1, 1),
        minute: "BA-1/contoh".to_owned(),
        ..RegimeBound::default()
    };
    SetRegimeBoundRequest {
        lkm: LKM.to_owned(),
        request_id: fresh_request_id(),
        bound: Some(bound),
    }
}

fn since(request: SetRegimeBoundRequest, day: (i32, i32)) -> SetRegimeBoundRequest {
    let bound = request.bound.map(|bound| RegimeBound { since: date(2025, day.0, day.1), ..bound });
    SetRegimeBoundRequest { bound, ..request }
}

pub async fn set(town: &Town, request: SetRegimeBoundRequest) -> Vec<RegimeBound> {
    town.portfolio().set_regime_bound(request).await.expect("set").into_inner().bounds
}

async fn listed(town: &Town) -> ListRegimeBoundsResponse {
    let request = ListRegimeBoundsRequest { lkm: LKM.to_owned() };
    town.portfolio().list_regime_bounds(request).await.expect("listed").into_inner()
}

fn reasons(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.reason.as_str()).collect()
}

async fn position(town: &Town) -> u64 {
    let request = GetBookRequest { name: BOOK.to_owned() };
    let book = town.books().get_book(request).await.expect("a book").into_inner().book;
    book.expect("set").position
}

/// A flat 2% a month on ten instalments is named 24% a year and weighs about 40.
async fn a_rate_beyond_the_regime_is_warned_of_or_refused(server: &Server) {
    let town = Town::found(server).await;
    let rules = product(LKM, terms(LoanFrequency::Monthly, "2"));
    town.loans().set_loan_product(rules.clone()).await.expect("set");
    let wish = |name: &str| application(LKM, name, A, 500_000);
    let free = town.loans().apply_for_loan(wish("l1")).await.expect("applied").into_inner();
    assert_eq!(reasons(&free.transaction.expect("set").warnings), [""; 0], "none is built in");
    assert!(listed(&town).await.bounds.is_empty());
    let presets = listed(&town).await.presets;
    assert!(presets.iter().any(|one| one.figure() == BoundedFigure::LoanRate
        && one.regime() == Regime::Koperasi
        && one.at_most == units("24")));

    let rate = |effect| bound(BoundedFigure::LoanRate, "24", effect);
    set(&town, rate(BoundEffect::Warn)).await;
    let loan = format!("{LKM}/loans/l1");
    town.loans().confirm_loan(confirmation(&loan)).await.expect("confirmed");
    let answer = town.loans().decide_loan(decision(&loan, true)).await.expect("approved");
    let warnings = answer.into_inner().transaction.expect("set").warnings;
    assert_eq!(reasons(&warnings), ["RATE_ABOVE_BOUND"]);
    let says = "% a year is more than the 24% allowed (Permenkop 8/2023 (contoh)).";
    assert!(warnings[0].text.ends_with(says), "{warnings:?}");

    let strict = since(rate(BoundEffect::Refuse), (3, 1));
    assert_eq!(set(&town, strict).await.len(), 2);
    let before = position(&town).await;
    let status = town.loans().apply_for_loan(wish("l2")).await.expect_err("beyond");
    let said = why(&status);
    assert_eq!((said.code, said.reason.as_str()), (Code::FailedPrecondition, "RATE_ABOVE_BOUND"));
    assert_eq!(said.field, "product_id");
    assert!(said.text.ends_with(says), "{}", said.text);
    // The refusal is recorded, and nothing else.
    assert_eq!(position(&town).await, before + 1);
    let of = GetLoanRequest { name: format!("{LKM}/loans/l2"), ..GetLoanRequest::default() };
    assert_eq!(town.loans().get_loan(of).await.expect_err("none").code(), Code::NotFound);
    let version = LoanVersion {
        terms: Some(terms(LoanFrequency::Monthly, "2.1")),
        since: date(2025, 4, 1),
        ..rules.version.clone().expect("set")
    };
    let dear =
        SetLoanProductRequest { request_id: fresh_request_id(), version: Some(version), ..rules };
    let status = town.loans().set_loan_product(dear).await.expect_err("25.2");
    assert_eq!(why(&status).field, "version.terms.rate_percent");
}

/// 500.000 of own capital, of which officers may owe a tenth.
async fn loans_to_officers_are_bounded_by_own_capital(server: &Server) {
    let town = Town::found(server).await;
    town.fund_lkm(500_000).await;
    town.members().enrol_member(enrol(LKM, "n01")).await.expect("a member");
    town.name_officer("n01").await;
    set(&town, bound(BoundedFigure::Officers, "10", BoundEffect::Refuse)).await;
    let rules = product(LKM, terms(LoanFrequency::Monthly, "1"));
    town.loans().set_loan_product(rules).await.expect("set");
    let wish = |name: &str, rupiah| application(LKM, name, &format!("{LKM}/members/n01"), rupiah);
    lend(&town, wish("l1", 50_000), vault(), (4, 1)).await;
    town.loans().apply_for_loan(wish("l2", 1)).await.expect("applied");
    let loan = format!("{LKM}/loans/l2");
    town.loans().confirm_loan(confirmation(&loan)).await.expect("confirmed");
    let status = town.loans().decide_loan(decision(&loan, true)).await.expect_err("a rupiah more");
    let said = why(&status);
    assert_eq!((said.reason.as_str(), said.field.as_str()), ("OFFICER_EXPOSURE", "loan"));
    assert_eq!(
        said.text,
        "Loans to officers would be Rp50.001 of Rp500.000 own capital: more than the 10% allowed \
         (Permenkop 8/2023 (contoh))."
    );
    let ask = GetRatiosRequest { entity: LKM.to_owned(), ..Default::default() };
    let ratios = town.portfolio().get_ratios(ask).await.expect("ratios").into_inner().ratios;
    let ratio = ratios.iter().find(|one| one.kind() == RatioKind::Officers).expect("computed");
    assert_eq!((ratio.percent.clone(), ratio.kept), (units("10"), true));
}

async fn a_cooperative_becomes_an_ojk_lkm(server: &Server) {
    let town = Town::found(server).await;
    set(&town, bound(BoundedFigure::LoanRate, "24", BoundEffect::Refuse)).await;
    for member in ["n01", "n02"] {
        town.members().enrol_member(enrol(LKM, member)).await.expect("a member");
        let bring = DepositRequest {
            member: format!("{LKM}/members/{member}"),
            request_id: fresh_request_id(),
            details: on(2025, 2, 1),
            kind: SavingsKind::Pokok as i32,
            amount: idr(50_000),
            place: place(PlaceKind::Vault),
        };
        town.savings().deposit(bring).await.expect("deposited");
    }
    let change = SetRegimeRequest {
        lkm: LKM.to_owned(),
        request_id: fresh_request_id(),
        since: date(2025, 4, 1),
        regime: Regime::LkmOjk as i32,
        principle: Principle::Conventional as i32,
        minute: "BA-2/contoh".to_owned(),
    };
    let answer = town.books().set_regime(change.clone()).await.expect("set").into_inner();
    let book = answer.book.expect("set");
    let regimes: Vec<_> = book.regimes.iter().map(|one| (one.regime(), one.since)).collect();
    let expected = [(Regime::Koperasi, date(2025, 1, 1)), (Regime::LkmOjk, date(2025, 4, 1))];
    assert_eq!((book.regime(), regimes), (Regime::Koperasi, expected.to_vec()));
    // Before the day nothing is to be moved; from it on, once.
    let go = |day| MoveCapitalSavingsRequest {
        lkm: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, day),
    };
    let early = MoveCapitalSavingsRequest { details: on(2025, 3, 31), ..go(1) };
    let moved = town.books().move_capital_savings(early).await.expect("moved").into_inner();
    assert_eq!((moved.transaction.expect("set").entries.len(), moved.more), (0, false));
    let first = go(1);
    let moved = town.books().move_capital_savings(first.clone()).await.expect("moved").into_inner();
    assert_eq!((moved.transaction.as_ref().expect("set").entries.len(), moved.more), (4, false));
    assert_eq!(town.held("lkm.sp.2105.n01").await, 5_000_000);
    assert_eq!(town.held("lkm.sp.3106.n01").await, 0);
    let again = town.books().move_capital_savings(first).await.expect("again").into_inner();
    assert_eq!(again, moved, "a retry is answered as the first time");
    // The cooperative's bound says nothing any more.
    let rules = product(LKM, terms(LoanFrequency::Monthly, "3"));
    let rules = SetLoanProductRequest {
        version: rules.version.map(|one| LoanVersion { since: date(2025, 4, 1), ..one }),
        ..rules
    };
    let set = town.loans().set_loan_product(rules).await.expect("set").into_inner();
    assert_eq!(reasons(&set.warnings), [""; 0]);
    let late = SetRegimeRequest { request_id: fresh_request_id(), ..change };
    let status = town.books().set_regime(late).await.expect_err("not after the last");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("NOT_AFTER_LAST", "since")
    );
}

async fn what_makes_no_sense_changes_nothing(server: &Server) {
    let town = Town::found(server).await;
    let before = position(&town).await;
    let good = || bound(BoundedFigure::LoanRate, "24", BoundEffect::Warn);
    let with = |change: &dyn Fn(&mut RegimeBound)| {
        let mut request = good();
        change(request.bound.as_mut().expect("set"));
        request
    };
    let wrong: [(SetRegimeBoundRequest, &str, &str); 8] = [
        (SetRegimeBoundRequest { lkm: A.to_owned(), ..good() }, "WRONG_PARENT", "lkm"),
        (SetRegimeBoundRequest { bound: None, ..good() }, "REQUIRED", "bound"),
        (with(&|one| one.figure = 0), "CHOICE_UNKNOWN", "bound.figure"),
        (with(&|one| one.effect = 9), "CHOICE_UNKNOWN", "bound.effect"),
        (with(&|one| one.source.clear()), "REQUIRED", "bound.source"),
        (with(&|one| one.since = date(2025, 2, 30)), "DATE_MALFORMED", "bound.since"),
        (with(&|one| one.at_most = units("dua")), "BOUND_INVALID", "bound.at_most"),
        (with(&|one| one.at_least = units("1")), "BOUND_INVALID", "bound.at_least"),
    ];
    let mut refused = 0;
    for (request, reason, field) in wrong {
        let status = town.portfolio().set_regime_bound(request).await.expect_err("wrong");
        let said = why(&status);
        assert_eq!((said.reason.as_str(), said.field.as_str()), (reason, field));
        assert_eq!(said.code, Code::InvalidArgument);
        refused += u64::from(reason == "BOUND_INVALID");
    }
    assert_eq!(position(&town).await, before + refused);
    assert!(listed(&town).await.bounds.is_empty());
    let regime = SetRegimeRequest {
        lkm: LKM.to_owned(),
        request_id: fresh_request_id(),
        since: date(2025, 4, 1),
        regime: 0,
        principle: 0,
        minute: "BA-2/contoh".to_owned(),
    };
    let status = town.books().set_regime(regime.clone()).await.expect_err("no regime");
    assert_eq!(why(&status).field, "regime");
    let status = town.books().set_regime(SetRegimeRequest { lkm: A.to_owned(), ..regime }).await;
    assert_eq!(why(&status.expect_err("a KUBE has none")).reason, "WRONG_PARENT");
    let elsewhere = MoveCapitalSavingsRequest {
        lkm: A.to_owned(),
        request_id: fresh_request_id(),
        details: None,
    };
    let status = town.books().move_capital_savings(elsewhere).await.expect_err("a KUBE's");
    assert_eq!(why(&status).field, "lkm");
}
