//! The worked examples, to the sen, through the public API: stories 1 to 10.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::closing::{close_year, divide, rule};
use crate::days::close;
use crate::loans::{the_lkm_lends_to_the_group, the_others_stand_in};
use crate::on_both;
use crate::town::{
    A, BOOK, LKM, Server, Town, by_minute, cash, date, idr, on, place, sen, units, why,
};

on_both!(all_ten_stories);

/// Thousands of rupiah in sen, as the stories count.
const THOUSAND: i64 = 100_000;

async fn all_ten_stories(server: &Server) {
    let town = Town::found(server).await;
    the_grant_comes_through_the_lkm(&town).await;
    assert_sound(&town, 1).await;
    the_money_is_spent_with_one_mistake(&town).await;
    assert_sound(&town, 2).await;
    a_meeting_without_signal(&town).await;
    assert_sound(&town, 3).await;
    relief(&town).await;
    assert_sound(&town, 4).await;
    the_lkm_lends_to_the_group(&town).await;
    assert_sound(&town, 5).await;
    the_others_stand_in(&town).await;
    assert_sound(&town, 6).await;
    pigs(&town).await;
    assert_sound(&town, 7).await;
    a_passes_its_grant_on(&town).await;
    assert_sound(&town, 8).await;
    the_third_generation(&town).await;
    assert_sound(&town, 9).await;
    the_year_ends(&town).await;
    assert_sound(&town, 10).await;
}

/// After every story each fund of each entity balances, and mirrored accounts agree.
async fn assert_sound(town: &Town, story: u32) {
    let mut funds = std::collections::BTreeMap::<(String, i32), i64>::new();
    for row in town.trial_balance(BOOK).await {
        *funds.entry((row.entity.clone(), row.fund)).or_default() += crate::town::signed(&row);
    }
    assert!(funds.len() > 1 && funds.values().all(|sum| *sum == 0), "story {story}: {funds:?}");
    let request = ReconcileMirrorsRequest { scope: BOOK.to_owned(), ..Default::default() };
    let answer = town.reconciling().reconcile_mirrors(request).await.unwrap().into_inner();
    assert!(!answer.pairs.is_empty());
    assert_eq!(answer.differences, 0, "story {story}: {:?}", answer.pairs);
}

async fn assert_held(town: &Town, expected: &[(&str, i64)]) {
    for (account, thousands) in expected {
        assert_eq!(town.held(account).await, thousands * THOUSAND, "{account}");
    }
}

pub async fn the_grant_comes_through_the_lkm(town: &Town) {
    let request = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 6),
        grant_id: "blps".to_owned(),
        programme: "BLPS (contoh)".to_owned(),
        source: BudgetSource::Blps as i32,
        decree_number: "SK-1/contoh".to_owned(),
        restricted: true,
        channel: Some(receive_grant_request::Channel::Lkm(idr(20_000_000).unwrap())),
        ..ReceiveGrantRequest::default()
    };
    let grant = town.grants().receive_grant(request).await.unwrap().into_inner().grant.unwrap();
    assert_eq!(grant.name, format!("{A}/grants/blps"));
    let request = WithdrawAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 7),
        fund: Fund::Uep as i32,
        amount: idr(12_000_000),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Bank),
    };
    town.savings().withdraw_at_lkm(request).await.unwrap();

    assert_held(
        town,
        &[
            ("a.uep.1101", 12_000),
            ("a.uep.1111", 8_000),
            ("a.uep.3102.blps", 20_000),
            ("lkm.sp.1104", 8_000),
            ("lkm.sp.2102.a/uep", 8_000),
        ],
    )
    .await;
    town.assert_mirrored("a").await;
}

fn feed(rupiah: i64) -> PayExpenseRequest {
    PayExpenseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 9),
        fund: Fund::Uep as i32,
        kind: ExpenseKind::Feed as i32,
        amount: idr(rupiah),
        place: cash(),
        grant: format!("{A}/grants/blps"),
        plan_line: "pakan".to_owned(),
        lot: String::new(),
    }
}

async fn set_the_plan(town: &Town) {
    let line = |line_id: &str, label: &str, rupiah| PlanLine {
        line_id: line_id.to_owned(),
        label: label.to_owned(),
        amount: idr(rupiah),
        spent: None,
    };
    let plan = SetGrantPlanRequest {
        grant: format!("{A}/grants/blps"),
        request_id: fresh_request_id(),
        details: on(2025, 1, 7),
        plan: vec![
            line("bibit", "Bibit babi", 12_000_000),
            line("pakan", "Pakan", 6_000_000),
            line("kandang", "Kandang", 2_000_000),
        ],
    };
    town.grants().set_grant_plan(plan).await.unwrap();
}

/// Received 20.000, spent 10.500 by lines with their papers, left 9.500, accepted.
async fn the_lpj_shows_what_was_spent(town: &Town) {
    let request = GetLpjRequest { grant: format!("{A}/grants/blps"), ..GetLpjRequest::default() };
    let lpj = town.grants().get_lpj(request).await.unwrap().into_inner();
    let thousands = |money| sen(money) / THOUSAND;
    let totals = [&lpj.received, &lpj.spent, &lpj.unplanned, &lpj.left].map(thousands);
    assert_eq!(totals, [20_000, 10_500, 0, 9_500]);
    let grant = lpj.grant.unwrap();
    assert!(grant.lpj_accepted_on.is_some());
    let lines: Vec<_> =
        grant.plan.iter().map(|line| (line.line_id.as_str(), thousands(&line.spent))).collect();
    assert_eq!(lines, [("bibit", 8_000), ("pakan", 2_500), ("kandang", 0)]);
    let spent: Vec<_> =
        lpj.spendings.iter().map(|one| (thousands(&one.amount), one.reversed)).collect();
    assert_eq!(spent, [(8_000, false), (2_050, true), (2_500, false)]);
    let paper = lpj.spendings[0].evidence.as_ref().unwrap();
    assert_eq!((paper.kind(), paper.number.as_str()), (EvidenceKind::Voucher, "K-8/contoh"));
}

async fn the_money_is_spent_with_one_mistake(town: &Town) {
    set_the_plan(town).await;
    let piglets = NewLot {
        lot_id: "babi-1".to_owned(),
        kind: LotKind::Livestock as i32,
        label: "babi".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units("8"),
        cost: idr(8_000_000),
    };
    let request = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: Some(TransactionDetails {
            evidence: Some(Evidence {
                kind: EvidenceKind::Voucher as i32,
                number: "K-8/contoh".to_owned(),
            }),
            ..on(2025, 1, 8).unwrap()
        }),
        fund: Fund::Uep as i32,
        items: vec![piglets],
        payment: Some(purchase_request::Payment::PaidFrom(cash().unwrap())),
        grant: format!("{A}/grants/blps"),
        plan_line: "bibit".to_owned(),
    };
    town.trade().purchase(request).await.unwrap();
    let wrong = town.trade().pay_expense(feed(2_050_000)).await.unwrap().into_inner();
    let wrong = wrong.transaction.unwrap();
    let request = ReverseTransactionRequest {
        transaction: wrong.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 9),
        line: 0,
    };
    let reversal = town.journal().reverse_transaction(request).await.unwrap().into_inner();
    let reversal = reversal.transaction.unwrap();
    assert_eq!(reversal.reverses.as_ref().unwrap().transaction, wrong.name);
    town.trade().pay_expense(feed(2_500_000)).await.unwrap();
    let request = AcceptLpjRequest {
        grant: format!("{A}/grants/blps"),
        request_id: fresh_request_id(),
        details: on(2025, 2, 3),
    };
    town.grants().accept_lpj(request).await.unwrap();

    assert_held(
        town,
        &[
            ("a.uep.1101", 1_500),
            ("a.uep.1302.babi-1", 8_000),
            ("a.uep.3101.blps", 20_000),
            ("a.uep.3102.blps", 0),
            ("a.uep.5201", 2_500),
        ],
    )
    .await;
    assert_eq!(town.held_at("a.uep.1101", wrong.position).await, 1_950 * THOUSAND);
    let wrong = town.get(&wrong.name).await.unwrap();
    assert_eq!(wrong.reversed_by[0].transaction, reversal.name);
    the_lpj_shows_what_was_spent(town).await;
}

fn line(kind: SheetLineKind, member: usize, rupiah: i64) -> SheetLine {
    SheetLine {
        kind: kind as i32,
        member_id: format!("m{member:02}"),
        amount: idr(rupiah),
        ..SheetLine::default()
    }
}

fn sheet() -> RecordSheetRequest {
    let wajib =
        |member| line(SheetLineKind::Wajib, member, if member == 10 { 5_000 } else { 10_000 });
    let mut lines: Vec<SheetLine> = (1..=10).map(wajib).collect();
    lines.extend([1, 2, 3, 4].map(|member| line(SheetLineKind::Sukarela, member, 10_000)));
    lines.extend((1..=10).map(|member| line(SheetLineKind::IksDues, member, 5_000)));
    RecordSheetRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 10),
        number: "1".to_owned(),
        lines,
        opening_cash: idr(1_500_000),
        closing_cash: idr(1_685_000),
    }
}

async fn a_meeting_without_signal(town: &Town) {
    let request = DepositAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 11),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(100_000),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    let banked = town.savings().deposit_at_lkm(request).await.unwrap().into_inner();
    let warnings = banked.transaction.unwrap().warnings;
    assert_eq!(warnings[0].reason, "CASH_NEGATIVE");

    let sheet = sheet();
    let first = town.meetings().record_sheet(sheet.clone()).await.unwrap().into_inner();
    let again = town.meetings().record_sheet(sheet.clone()).await.unwrap().into_inner();
    assert_eq!(first, again);
    let reasons: Vec<_> =
        first.transaction.unwrap().warnings.into_iter().map(|warning| warning.reason).collect();
    assert_eq!(reasons, ["COUNT_MISMATCH"], "the cash banked before the sheet was sent");

    let second_phone = RecordSheetRequest { request_id: fresh_request_id(), ..sheet };
    let before = town.trial_balance(crate::town::BOOK).await;
    let second = town.meetings().record_sheet(second_phone).await.unwrap().into_inner();
    assert_eq!(second.sheet.unwrap().state(), SheetState::Pending);
    assert_eq!(second.transaction.unwrap().entries, []);
    assert_eq!(town.trial_balance(crate::town::BOOK).await, before);

    assert_held(
        town,
        &[
            ("a.sp.1101", 35),
            ("a.sp.1111", 100),
            ("a.iks.1101", 50),
            ("a.iks.3201", 50),
            ("a.sp.2104.m10", 5),
            ("lkm.sp.1102", 100),
            ("lkm.sp.2102.a/sp", 100),
            ("lkm.sp.2102.a/uep", 8_000),
        ],
    )
    .await;
    assert_eq!(town.total("groups/a", Fund::SimpanPinjam, 2104).await, 95 * THOUSAND);
    assert_eq!(town.total("groups/a", Fund::SimpanPinjam, 2103).await, 40 * THOUSAND);
    assert_eq!(town.total("lkm", Fund::SimpanPinjam, 2102).await, 8_100 * THOUSAND);
    town.assert_mirrored("a").await;
}

async fn relief(town: &Town) {
    let cap = ReliefCap { kind: ReliefKind::Musibah as i32, cap: idr(40_000) };
    let rule = IksRule {
        since: date(2025, 1, 1),
        caps: vec![cap],
        minute: "BA-1/contoh".to_owned(),
        ..IksRule::default()
    };
    let request =
        SetIksRuleRequest { group: A.to_owned(), request_id: fresh_request_id(), rule: Some(rule) };
    town.iks().set_iks_rule(request).await.unwrap();
    let mut details = on(2025, 3, 1);
    details.as_mut().unwrap().memo = "dapur terbakar (contoh)".to_owned();
    let ask = |rupiah| RequestReliefRequest {
        member: format!("{A}/members/m03"),
        request_id: fresh_request_id(),
        details: details.clone(),
        amount: idr(rupiah),
        place: cash(),
        kind: "musibah".to_owned(),
        ..RequestReliefRequest::default()
    };
    let refused = town.iks().request_relief(ask(60_000)).await.unwrap_err();
    let refused = why(&refused);
    assert_eq!((refused.reason.as_str(), refused.field.as_str()), ("RELIEF_ABOVE_CAP", "amount"));
    assert_eq!(
        refused.text,
        "The rule caps relief for one case at Rp40.000: Rp0 paid before, Rp60.000 asked."
    );
    let paid = town.iks().request_relief(ask(40_000)).await.unwrap().into_inner();
    assert_eq!(paid.transaction.unwrap().warnings, []);

    assert_held(town, &[("a.iks.1101", 10), ("a.iks.3201", 10)]).await;
    // No income or expense: two accounts, and nothing else in the fund.
    let rows = town.trial_balance(A).await;
    let codes: Vec<u32> =
        rows.iter().filter(|row| row.fund == Fund::Iks as i32).map(|row| row.code).collect();
    assert_eq!(codes, [1101, 3201]);
}

async fn pigs(town: &Town) {
    let lot = format!("{A}/lots/babi-1");
    let request = SellRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 7, 1),
        fund: Fund::Uep as i32,
        price: idr(7_000_000),
        proceeds: Some(sell_request::Proceeds::PaidTo(cash().unwrap())),
        lot: lot.clone(),
        quantity: units("2"),
    };
    town.trade().sell(request).await.unwrap();
    let request = RecordLossRequest {
        lot,
        request_id: fresh_request_id(),
        details: on(2025, 7, 2),
        fund: Fund::Uep as i32,
        heads: 1,
        cause: LossCause::Died as i32,
    };
    town.trade().record_loss(request).await.unwrap();
    let request = RecordBirthRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 7, 3),
        fund: Fund::Uep as i32,
        lot_id: "babi-2".to_owned(),
        label: "babi".to_owned(),
        heads: 4,
    };
    let born = town.trade().record_birth(request).await.unwrap().into_inner();
    assert_eq!(born.transaction.unwrap().entries, []);

    assert_held(town, &[("a.uep.1101", 8_500), ("a.uep.1302.babi-1", 5_000)]).await;
    let request = ListLotsRequest { parent: A.to_owned(), page_size: 0, page_token: String::new() };
    let lots = town.trade().list_lots(request).await.unwrap().into_inner().lots;
    let heads: Vec<_> =
        lots.iter().map(|lot| (lot.quantity.as_ref().unwrap().value.as_str(), lot.born)).collect();
    assert_eq!(heads, [("5", false), ("4", true)]);
    let mut result = 0;
    for (code, sign) in [(4101, 1), (5101, -1), (5201, -1), (5209, -1)] {
        result += sign * town.total("groups/a", Fund::Uep, code).await;
    }
    assert_eq!(result, 1_500 * THOUSAND);
    town.assert_mirrored("a").await;
    // The whole book, the LKM's ledger included, balances fund by fund.
    let lkm = town.trial_balance(LKM).await;
    assert_eq!(lkm.len(), 6, "bank, vault, the KUBE's savings and loan, jasa, fee: {lkm:?}");
}

async fn decide(town: &Town, grant: &str, rupiah: i64) -> Grant {
    let request = DecideGuliranRequest {
        grant: grant.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 8, 1),
        amount: idr(rupiah),
        due_on: None,
    };
    town.guliran().decide_guliran(request).await.unwrap().into_inner().grant.unwrap()
}

fn deliver(grant: &str, pass: &str, group: &str, grant_id: &str) -> DeliverGuliranRequest {
    DeliverGuliranRequest {
        grant: grant.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 8, 2),
        pass_id: pass.to_owned(),
        receiver: Some(deliver_guliran_request::Receiver::ToGroup(ReceivingGroup {
            group: format!("{BOOK}/groups/{group}"),
            grant_id: grant_id.to_owned(),
        })),
        channel: PassChannel::Savings as i32,
        cash: idr(0),
        items: Vec::new(),
        before_books: false,
        reported: false,
    }
}

async fn a_passes_its_grant_on(town: &Town) {
    town.found_group("b").await;
    let grant = format!("{A}/grants/blps");
    decide(town, &grant, 6_000_000).await;
    let piglets = PassItem {
        lot: format!("{A}/lots/babi-2"),
        quantity: units("2"),
        value: idr(2_000_000),
        new_lot_id: "babi-1".to_owned(),
    };
    let request = DeliverGuliranRequest {
        cash: idr(4_000_000),
        items: vec![piglets],
        ..deliver(&grant, "ke-b", "b", "guliran-a")
    };
    let delivered = town.guliran().deliver_guliran(request.clone()).await.unwrap().into_inner();
    let again = town.guliran().deliver_guliran(request).await.unwrap().into_inner();
    assert_eq!(delivered, again);
    let pass = delivered.pass.unwrap();
    assert_eq!(pass.name, format!("{A}/passes/ke-b"));
    assert_eq!(sen(&pass.amount), 6_000 * THOUSAND);
    let confirm = ConfirmGuliranRequest {
        pass: pass.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 8, 3),
        receiver: format!("{BOOK}/groups/b"),
        state: ArrivalState::Confirmed as i32,
    };
    let pass = town.guliran().confirm_guliran(confirm).await.unwrap().into_inner().pass.unwrap();
    assert_eq!(pass.arrivals[0].state(), ArrivalState::Confirmed);

    assert_held(
        town,
        &[
            ("a.uep.3101.blps", 14_000),
            ("a.uep.3109", 2_000),
            ("a.uep.1111", 4_000),
            ("b.uep.1111", 4_000),
            ("b.uep.1302.babi-1", 2_000),
            ("b.uep.3103.guliran-a", 6_000),
            ("lkm.sp.2102.a/uep", 4_000),
            ("lkm.sp.2102.b/uep", 4_000),
        ],
    )
    .await;
    let rows = town.trial_balance(A).await;
    assert!(rows.iter().all(|row| row.fund != Fund::Guliran as i32), "{rows:?}");
    town.assert_mirrored("a").await;
    town.assert_mirrored("b").await;
}

async fn the_third_generation(town: &Town) {
    town.found_group("c").await;
    let grant = format!("{BOOK}/groups/b/grants/guliran-a");
    let loss = LoseGrantRequest {
        grant: grant.clone(),
        request_id: fresh_request_id(),
        details: by_minute(2025, 8, 4),
        loss: Some(lose_grant_request::Loss::Things(LostThings {
            lot: format!("{BOOK}/groups/b/lots/babi-1"),
            quantity: units("1"),
            cause: LossCause::Died as i32,
        })),
    };
    let lost = town.grants().lose_grant(loss).await.unwrap().into_inner().grant.unwrap();
    assert_eq!(sen(&lost.lost), 1_000 * THOUSAND);
    decide(town, &grant, 3_000_000).await;
    let request =
        DeliverGuliranRequest { cash: idr(2_000_000), ..deliver(&grant, "ke-c", "c", "guliran-b") };
    town.guliran().deliver_guliran(request).await.unwrap();
    let excuse = ExcuseGuliranRequest {
        grant: grant.clone(),
        request_id: fresh_request_id(),
        details: by_minute(2025, 8, 5),
        amount: idr(500_000),
    };
    town.guliran().excuse_guliran(excuse).await.unwrap();

    assert_held(
        town,
        &[
            ("b.uep.3103.guliran-a", 2_500),
            ("b.uep.1111", 2_000),
            ("b.uep.1302.babi-1", 1_000),
            ("b.guliran.2202.guliran-a", 500),
            ("c.uep.1111", 2_000),
            ("c.uep.3103.guliran-b", 2_000),
        ],
    )
    .await;
    // Seen from any of its grants, the tree is the same.
    let leaf = format!("{BOOK}/groups/c/grants/guliran-b");
    let lineage = GetLineageRequest { grant: leaf };
    let lineage = town.guliran().get_lineage(lineage).await.unwrap().into_inner();
    let thousands = |money| sen(money) / THOUSAND;
    let nodes: Vec<_> = lineage
        .nodes
        .iter()
        .map(|node| (node.holder.as_str(), node.generation, thousands(&node.held)))
        .collect();
    assert_eq!(
        nodes,
        [
            ("KUBE a (contoh)", 1, 14_000),
            ("KUBE b (contoh)", 2, 3_000),
            ("KUBE c (contoh)", 3, 2_000),
        ]
    );
    assert_eq!(thousands(&lineage.nodes[1].owed), 500);
    assert_eq!(lineage.nodes[1].owed_since, crate::town::date(2025, 8, 1));
    assert!(lineage.nodes.iter().all(|node| node.rule == "no rule has been set"));
    let totals = [&lineage.original, &lineage.held, &lineage.lost, &lineage.unexplained];
    assert_eq!(totals.map(thousands), [20_000, 19_000, 1_000, 0]);
    assert_eq!(lineage.generations, 3);
    town.assert_mirrored("b").await;
    town.assert_mirrored("c").await;
}

/// The days of the year are closed, with what they do to the loans: nothing, as both are paid as
/// jasa comes in and bear no penalty.
async fn the_days_are_closed(town: &Town) {
    let before = town.trial_balance(BOOK).await;
    let told = close(town, (2026, 1, 19)).await.unwrap();
    assert!(told.iter().all(|one| one.refused.is_none()));
    assert!(told.iter().any(|one| one.step == "loan"));
    assert_eq!(told.iter().filter(|one| one.step.is_empty()).count(), 365 + 19);
    assert_eq!(town.trial_balance(BOOK).await, before);
}

async fn the_surplus_is_divided_and_paid(town: &Town) {
    let parts = [(SurplusUse::Reserve, "40"), (SurplusUse::Members, "50"), (SurplusUse::Iks, "10")];
    let rule = rule(&parts, &[(MemberMeasure::Equal, "100")]);
    town.closing().set_surplus_rule(rule).await.unwrap();
    let divided = DivideSurplusRequest { settled: cash(), ..divide() };
    let divided = town.closing().divide_surplus(divided).await.unwrap().into_inner();
    assert_eq!(sen(&divided.year.unwrap().divisions[0].amount), 1_406 * THOUSAND);
    let part = |member| MemberPart { member_id: format!("m{member:02}"), amount: idr(70_300) };
    let pay = PaySurplusRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2026, 1, 20),
        fund: Fund::Uep as i32,
        parts: (1..=10).map(part).collect(),
        place: cash(),
    };
    let paid = town.closing().pay_surplus(pay).await.unwrap().into_inner();
    assert_eq!(paid.transaction.unwrap().warnings, []);
}

async fn the_year_ends(town: &Town) {
    the_days_are_closed(town).await;
    let closed = close_year(town, A).await;
    let results: Vec<_> = closed.results.iter().map(|one| (one.fund(), sen(&one.amount))).collect();
    assert_eq!(results, [(Fund::Uep, 1_500 * THOUSAND), (Fund::SimpanPinjam, -94 * THOUSAND)]);
    let consolidate = ConsolidateSurplusRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2026, 1, 20),
        year: 2025,
        into: Fund::Uep as i32,
    };
    town.closing().consolidate_surplus(consolidate).await.unwrap();
    assert_held(town, &[("a.uep.3401", 1_406), ("a.sp.3401", 0)]).await;
    let cover = MoveFundsRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2026, 1, 20),
        from_fund: Fund::Uep as i32,
        to_fund: Fund::SimpanPinjam as i32,
        place: cash(),
        amount: idr(94_000),
    };
    town.cash().move_funds(cover).await.unwrap();
    the_surplus_is_divided_and_paid(town).await;

    for (account, tenths) in [
        ("a.uep.1101", 75_624),
        ("a.uep.3302", 5_624),
        ("a.uep.3401", 0),
        ("a.uep.1901.sp", 0),
        ("a.sp.1901.uep", 0),
        ("a.sp.1101", 45_350),
        ("a.iks.1101", 1_506),
        ("a.iks.3201", 1_506),
    ] {
        assert_eq!(town.held(account).await, tenths * THOUSAND / 10, "{account}");
    }
    assert_eq!(town.total("groups/a", Fund::Uep, 2301).await, 0, "all ten were paid");
    for group in ["a", "b", "c"] {
        town.assert_mirrored(group).await;
    }
    the_closed_year_takes_no_entries(town).await;
}

/// What is told of the closed year stands in the open one; the year itself is closed once.
async fn the_closed_year_takes_no_entries(town: &Town) {
    let before = town.trial_balance_at(A, date(2025, 12, 31)).await;
    let late = PayExpenseRequest { details: on(2025, 12, 30), grant: String::new(), ..feed(1_000) };
    let late = PayExpenseRequest { plan_line: String::new(), ..late };
    let late = town.trade().pay_expense(late).await.unwrap().into_inner().transaction.unwrap();
    assert_eq!(late.effective_on, date(2026, 1, 1));
    assert_eq!(late.warnings[0].reason, "MOVED_TO_OPEN_DAY");
    assert_eq!(town.trial_balance_at(A, date(2025, 12, 31)).await, before);
    let again = town.closing().close_year(crate::closing::year(A)).await.unwrap_err();
    assert_eq!(why(&again).reason, "YEAR_OUT_OF_ORDER");
}
