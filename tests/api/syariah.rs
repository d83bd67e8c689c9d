//! Syariah contracts through the API: a murabahah from the purchase to early settlement, a qardhul
//! hasan out of alms, capital in a business; all of them in the portfolio and in both ledgers.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::closing::{close_year, divide, rule};
use crate::loans::{application, confirmation, decision, lend, over_the_counter, payment, product};
use crate::loans::{terms, tin, vault};
use crate::on_both;
use crate::town::{
    A, BOOK, LKM, Server, Town, cash, date, deposit, idr, on, place, sen, units, why,
};

on_both!(
    a_murabahah_to_its_end,
    a_group_sells_to_its_member_and_the_margin_counts_as_jasa,
    qardh_out_of_alms,
    capital_in_a_business,
);

/// Thousands of rupiah in sen.
const THOUSAND: i64 = 100_000;

/// A town whose LKM has 10.000.000 in its vault, in the fund of savings and loans.
async fn lender(server: &Server) -> Town {
    let town = Town::found(server).await;
    town.fund_lkm(10_000_000).await;
    town
}

fn contract(contract: LoanContract) -> LoanTerms {
    LoanTerms {
        contract: contract as i32,
        rebate_percent: None,
        ..terms(LoanFrequency::Monthly, "0")
    }
}

async fn assert_held(town: &Town, expected: &[(&str, i64)]) {
    for (account, thousands) in expected {
        assert_eq!(town.held(account).await, thousands * THOUSAND, "{account}");
    }
}

/// Goods of 1.200.000 with a margin of 120.000 in ten months: 132.000 a month.
async fn a_murabahah_to_its_end(server: &Server) {
    let town = lender(server).await;
    let buy = PurchaseRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        fund: Fund::SimpanPinjam as i32,
        items: vec![NewLot {
            lot_id: "mesin".to_owned(),
            kind: LotKind::Stock as i32,
            label: "mesin jahit (contoh)".to_owned(),
            unit: "buah".to_owned(),
            quantity: units("2"),
            cost: idr(1_200_000),
        }],
        payment: Some(purchase_request::Payment::PaidFrom(place(PlaceKind::Vault).expect("set"))),
        ..Default::default()
    };
    town.trade().purchase(buy).await.expect("bought");
    let rules = contract(LoanContract::Murabahah);
    town.loans().set_loan_product(product(LKM, rules)).await.expect("set");
    let loan = format!("{LKM}/loans/m1");
    let bare =
        ApplyForLoanRequest { details: on(2025, 3, 1), ..application(LKM, "m1", A, 1_200_000) };
    let status = town.loans().apply_for_loan(bare.clone()).await.expect_err("no margin");
    assert_eq!(
        (why(&status).reason.as_str(), why(&status).field.as_str()),
        ("LOAN_TERMS_INVALID", "margin")
    );
    let wish = ApplyForLoanRequest { request_id: fresh_request_id(), margin: idr(120_000), ..bare };
    town.loans().apply_for_loan(wish).await.expect("applied");
    let details = on(2025, 3, 1);
    let confirm = ConfirmLoanRequest { details: details.clone(), ..confirmation(&loan) };
    town.loans().confirm_loan(confirm).await.expect("confirmed");
    let decide = DecideLoanRequest { details: details.clone(), ..decision(&loan, true) };
    town.loans().decide_loan(decide).await.expect("approved");
    let sale = SellMurabahahRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details,
        lot: format!("{LKM}/lots/mesin"),
        new_lot_id: "jahit".to_owned(),
        new_lot_kind: LotKind::Tools as i32,
    };
    town.syariah().sell_murabahah(sale).await.expect("sold");
    town.loans().pay_loan(payment(&loan, 132_000, over_the_counter(), (4, 1))).await.expect("paid");
    assert_held(
        &town,
        &[
            ("lkm.sp.1226.m1", 1_188),
            ("lkm.sp.2123.m1", 108),
            ("lkm.sp.4316", 12),
            ("a.sp.2315.m1", 1_188),
            ("a.sp.1229.m1", 108),
            ("a.sp.1401.jahit", 1_200),
        ],
    )
    .await;
    let ask = GetPortfolioRequest { scope: LKM.to_owned(), ..Default::default() };
    let sum = town.portfolio().get_portfolio(ask).await.expect("a portfolio").into_inner();
    let sum = sum.total.expect("set");
    assert_eq!((sen(&sum.outstanding), sum.booked.clone()), (1_080 * THOUSAND, sum.outstanding));
    let mirrors = ReconcileMirrorsRequest { scope: A.to_owned(), ..Default::default() };
    let mirrors = town.reconciling().reconcile_mirrors(mirrors).await.expect("read").into_inner();
    assert_eq!(mirrors.differences, 0);

    let quote =
        |rebate| QuoteSettlementRequest { loan: loan.clone(), on: date(2025, 4, 10), rebate };
    let status = town.loans().quote_settlement(quote(None)).await.expect_err("undecided");
    assert_eq!(why(&status).reason, "RULE_NOT_SET");
    let answer = town.loans().quote_settlement(quote(idr(50_000))).await.expect("a quote");
    assert_eq!(sen(&answer.into_inner().total), 1_138 * THOUSAND);
    let settle = SettleLoanRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 10),
        amount: idr(1_138_000),
        purse: over_the_counter(),
        rebate: idr(50_000),
    };
    let row = town.loans().settle_loan(settle).await.expect("settled").into_inner().row;
    assert_eq!(row.expect("set").state(), LoanState::PaidOff);
    assert_held(&town, &[("lkm.sp.1226.m1", 0), ("lkm.sp.4316", 70), ("a.sp.5315", 70)]).await;
}

/// The group sells goods of 300.000 to m01 with a margin of 60.000, in ten months, and lends 200.000
/// to m02 at 1% flat. Of one instalment each, 6.000 and 2.000 are what its surplus is divided by.
async fn a_group_sells_to_its_member_and_the_margin_counts_as_jasa(server: &Server) {
    let town = Town::found(server).await;
    let buy = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        fund: Fund::SimpanPinjam as i32,
        items: vec![NewLot {
            lot_id: "gilingan".to_owned(),
            kind: LotKind::Stock as i32,
            label: "gilingan (contoh)".to_owned(),
            unit: "buah".to_owned(),
            quantity: units("1"),
            cost: idr(300_000),
        }],
        payment: Some(purchase_request::Payment::PaidFrom(cash().expect("a place"))),
        ..Default::default()
    };
    town.trade().purchase(buy).await.expect("bought");
    let rules = product(A, contract(LoanContract::Murabahah));
    town.loans().set_loan_product(rules).await.expect("set");
    let loan = format!("{A}/loans/m1");
    let details = || on(2025, 3, 1);
    let borrower = format!("{A}/members/m01");
    let wish = application(A, "m1", &borrower, 300_000);
    let wish = ApplyForLoanRequest { details: details(), margin: idr(60_000), ..wish };
    town.loans().apply_for_loan(wish).await.expect("applied");
    let confirm = ConfirmLoanRequest { details: details(), ..confirmation(&loan) };
    town.loans().confirm_loan(confirm).await.expect("confirmed");
    let decide = DecideLoanRequest { details: details(), ..decision(&loan, true) };
    town.loans().decide_loan(decide).await.expect("approved");
    let sale = |lot: &str| SellMurabahahRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: details(),
        lot: lot.to_owned(),
        ..Default::default()
    };
    let elsewhere = sale(&format!("{LKM}/lots/gilingan"));
    let status = town.syariah().sell_murabahah(elsewhere).await.expect_err("not the seller's");
    assert_eq!(why(&status).field, "lot");
    town.syariah().sell_murabahah(sale(&format!("{A}/lots/gilingan"))).await.expect("sold");
    town.loans().pay_loan(payment(&loan, 36_000, tin(), (4, 1))).await.expect("paid");
    assert_held(&town, &[("a.sp.1226.m1", 324), ("a.sp.2123.m1", 54), ("a.sp.4316", 6)]).await;

    let plain = SetLoanProductRequest {
        product_id: "jasa".to_owned(),
        ..product(A, terms(LoanFrequency::Monthly, "1"))
    };
    town.loans().set_loan_product(plain).await.expect("set");
    let wish = application(A, "j1", &format!("{A}/members/m02"), 200_000);
    let wish = ApplyForLoanRequest { product_id: "jasa".to_owned(), ..wish };
    lend(&town, wish, tin(), (3, 1)).await;
    let other = format!("{A}/loans/j1");
    town.loans().pay_loan(payment(&other, 22_000, tin(), (4, 1))).await.expect("paid");
    // A day of the next year comes.
    let later = DepositRequest { details: on(2026, 1, 20), ..deposit("m03", 1_000) };
    town.savings().deposit(later).await.expect("deposited");
    close_year(&town, A).await;
    let by_jasa = rule(&[(SurplusUse::Members, "100")], &[(MemberMeasure::Interest, "100")]);
    town.closing().set_surplus_rule(by_jasa).await.expect("set");
    let request = DivideSurplusRequest { fund: Fund::SimpanPinjam as i32, ..divide() };
    town.closing().divide_surplus(request).await.expect("divided");
    assert_held(&town, &[("a.sp.2301.m01", 6), ("a.sp.2301.m02", 2), ("a.sp.2301.m03", 0)]).await;
}

async fn qardh_out_of_alms(server: &Server) {
    let town = lender(server).await;
    let alms = ReceiveAlmsRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        kind: AlmsKind::Infak as i32,
        amount: idr(500_000),
        place: place(PlaceKind::Vault),
        giver: Some(AlmsGiver { group: A.to_owned(), fund: Fund::Uep as i32, place: cash() }),
        donor: String::new(),
    };
    town.syariah().receive_alms(alms).await.expect("received");
    town.loans().set_loan_product(product(LKM, contract(LoanContract::Qardh))).await.expect("set");
    lend(&town, application(LKM, "q1", A, 400_000), over_the_counter(), (3, 1)).await;
    let loan = format!("{LKM}/loans/q1");
    town.loans().pay_loan(payment(&loan, 40_000, over_the_counter(), (4, 1))).await.expect("paid");
    assert_held(
        &town,
        &[
            ("lkm.kebajikan.1227.q1", 360),
            ("lkm.kebajikan.1102", 140),
            ("lkm.kebajikan.3203", 500),
            ("a.sp.2316.q1", 360),
        ],
    )
    .await;
    let ask = ListHoldingsRequest { parent: LKM.to_owned(), ..Default::default() };
    let found = town.portfolio().list_holdings(ask).await.expect("listed").into_inner().holdings;
    assert_eq!(found[0].account, format!("{BOOK}/accounts/lkm.kebajikan.1227.q1"));
    assert_eq!(
        (sen(&found[0].booked), sen(&found[0].outstanding)),
        (360 * THOUSAND, 360 * THOUSAND)
    );
    let give = GiveAlmsRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        kind: AlmsKind::Zakat as i32,
        amount: idr(1_000),
        place: place(PlaceKind::Vault),
        recipient: String::new(),
    };
    let status = town.syariah().give_alms(give.clone()).await.expect_err("no zakat");
    assert_eq!(why(&status).reason, "FLOOR");
    let infak =
        GiveAlmsRequest { request_id: fresh_request_id(), kind: AlmsKind::Infak as i32, ..give };
    let stranger = GiveAlmsRequest {
        request_id: fresh_request_id(),
        recipient: format!("{LKM}/parties/yatim"),
        ..infak.clone()
    };
    let status = town.syariah().give_alms(stranger).await.expect_err("nobody knows them");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("NOT_FOUND", "recipient"));
    let elsewhere = GiveAlmsRequest {
        request_id: fresh_request_id(),
        recipient: format!("{A}/members/m01"),
        ..infak.clone()
    };
    let status = town.syariah().give_alms(elsewhere).await.expect_err("not the LKM's");
    assert_eq!((why(&status).reason.as_str(), &*why(&status).field), ("WRONG_PARENT", "recipient"));
    town.syariah().give_alms(infak).await.expect("given");
}

async fn capital_in_a_business(server: &Server) {
    let town = lender(server).await;
    let fund = FundSyirkahRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        syirkah_id: "s1".to_owned(),
        partner: format!("{LKM}/members/m99"),
        kind: SyirkahKind::Musyarakah as i32,
        amount: idr(1_000_000),
        own: idr(3_000_000),
        nisbah_percent: units("40"),
        projected: idr(150_000),
        minute: "BA-1/contoh".to_owned(),
        purse: vault(),
    };
    let status = town.syariah().fund_syirkah(fund.clone()).await.expect_err("a stranger");
    assert_eq!(why(&status).field, "partner");
    let fund = FundSyirkahRequest {
        request_id: fresh_request_id(),
        partner: A.to_owned(),
        purse: over_the_counter(),
        ..fund
    };
    town.syariah().fund_syirkah(fund).await.expect("funded");
    let syirkah = format!("{LKM}/syirkahs/s1");
    let share = ShareProfitRequest {
        syirkah: syirkah.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        profit: idr(200_000),
        purse: over_the_counter(),
    };
    town.syariah().share_profit(share).await.expect("shared");
    let loss = BearLossRequest {
        syirkah: syirkah.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 5, 1),
        loss: idr(400_000),
    };
    town.syariah().bear_loss(loss).await.expect("borne");
    let back = |rupiah| ReturnSyirkahRequest {
        syirkah: syirkah.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 1),
        amount: idr(rupiah),
        purse: over_the_counter(),
    };
    let status = town.syariah().return_syirkah(back(900_001)).await.expect_err("too much");
    assert_eq!(why(&status).text, "Only Rp900.000 of this capital is left.");
    town.syariah().return_syirkah(back(600_000)).await.expect("returned");
    let list = ListSyirkahsRequest { parent: LKM.to_owned(), ..Default::default() };
    let found = town.syariah().list_syirkahs(list).await.expect("listed").into_inner().syirkahs;
    let one = &found[0];
    let figures = [&one.left, &one.profit, &one.shared, &one.lost, &one.returned];
    assert_eq!(figures.map(|money| sen(money) / THOUSAND), [300, 200, 80, 100, 600]);
    // Three whole months since 1 March, of 40 % of 150.000 each.
    assert_eq!(sen(&one.projected_shared), 180 * THOUSAND);
    assert_held(&town, &[("lkm.sp.1228.s1", 300), ("a.sp.2317.s1", 300), ("a.sp.5212", -100)])
        .await;
}
