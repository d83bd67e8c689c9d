//! The solidarity fund through the API: the rule in force, who has paid and who has not, relief
//! and its personal side, the statement, bad input.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;
use tonic::Code;

use crate::on_both;
use crate::town::{A, BOOK, Server, Town, cash, date, idr, on, sen, units, why};

on_both!(
    a_group_without_a_rule_is_told_so,
    who_has_paid_is_known_by_the_rule_in_force,
    dues_that_waited_in_suspense_count_once_they_are_cleared,
    payments_of_one_case_obey_the_cap_together,
    the_kind_of_trouble_is_erasable,
    the_statement_explains_the_fund,
    a_rule_must_make_sense,
);

/// Thousands of rupiah in sen.
const THOUSAND: i64 = 100_000;

pub fn rule(since: (i32, i32, i32), period: DuesPeriod, rupiah: i64) -> IksRule {
    IksRule {
        since: date(since.0, since.1, since.2),
        period: period as i32,
        dues: idr(rupiah),
        result_share_percent: units("12.5"),
        caps: vec![ReliefCap { kind: ReliefKind::Sakit as i32, cap: idr(100_000) }],
        quorum: 2,
        minute: "BA-7/contoh".to_owned(),
    }
}

pub fn set(rule: IksRule) -> SetIksRuleRequest {
    SetIksRuleRequest { group: A.to_owned(), request_id: fresh_request_id(), rule: Some(rule) }
}

fn pay(member: &str, rupiah: i64, day: (i32, i32, i32)) -> ReceiveDuesRequest {
    ReceiveDuesRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(day.0, day.1, day.2),
        payer: Some(receive_dues_request::Payer::Member(format!("{A}/members/{member}"))),
        amount: idr(rupiah),
        place: cash(),
        for_day: None,
    }
}

fn told(member: &str, rupiah: i64, kind: &str) -> PayReliefRequest {
    PayReliefRequest {
        member: format!("{A}/members/{member}"),
        request_id: fresh_request_id(),
        details: on(2025, 6, 1),
        amount: idr(rupiah),
        place: cash(),
        kind: kind.to_owned(),
        consents: 3,
        case_id: String::new(),
    }
}

async fn standings(town: &Town, day: (i32, i32, i32)) -> ListDuesResponse {
    let request = ListDuesRequest {
        group: A.to_owned(),
        on: date(day.0, day.1, day.2),
        ..ListDuesRequest::default()
    };
    town.iks().list_dues(request).await.expect("listed").into_inner()
}

/// What each member has paid and misses, in thousands, those who paid nothing left out.
fn paid(listed: &ListDuesResponse) -> Vec<(String, i64, i64)> {
    let member = |name: &str| name.rsplit_once('/').expect("a name").1.to_owned();
    let all = listed.dues.iter().map(|standing| {
        let (paid, missing) = (sen(&standing.paid), sen(&standing.missing));
        (member(&standing.member), paid / THOUSAND, missing / THOUSAND)
    });
    all.filter(|(_, paid, _)| *paid != 0).collect()
}

async fn a_group_without_a_rule_is_told_so(server: &Server) {
    let town = Town::found(server).await;
    let ask = GetIksRuleRequest { group: A.to_owned(), on: None };
    let answer = town.iks().get_iks_rule(ask).await.expect("answered").into_inner();
    assert_eq!(answer.rule, None);
    let indonesian = Town::read_in(server, simpul::domain::refusal::Language::Indonesian);
    let ask = GetIksRuleRequest { group: A.to_owned(), on: None };
    let answer = indonesian.iks().get_iks_rule(ask).await.expect("answered").into_inner();
    assert_eq!(answer.warnings[0].text, "Aturan belum ditetapkan.");
    town.iks().receive_dues(pay("m01", 5_000, (2025, 2, 1))).await.expect("recorded");
    let listed = standings(&town, (2025, 2, 1)).await;
    assert_eq!((listed.dues.len(), listed.warnings[0].reason.as_str()), (0, "RULE_NOT_SET"));
    let relief = town.iks().pay_relief(told("m01", 1_000, "")).await.expect("told").into_inner();
    assert_eq!(relief.transaction.expect("set").warnings[0].reason, "RULE_NOT_SET");
    let unknown = GetIksRuleRequest { group: format!("{BOOK}/groups/b"), on: None };
    let status = town.iks().get_iks_rule(unknown).await.expect_err("unknown");
    assert_eq!((why(&status).reason.as_str(), why(&status).field.as_str()), ("NOT_FOUND", "group"));
}

async fn who_has_paid_is_known_by_the_rule_in_force(server: &Server) {
    let town = Town::found(server).await;
    // Paid before the rule was set: a rule counts whatever was paid for its days.
    town.iks().receive_dues(pay("m01", 20_000, (2025, 1, 5))).await.expect("recorded");
    let yearly = rule((2025, 1, 1), DuesPeriod::Yearly, 50_000);
    town.iks().set_iks_rule(set(yearly.clone())).await.expect("set");
    town.iks().receive_dues(pay("m01", 30_000, (2025, 4, 5))).await.expect("recorded");
    town.iks().receive_dues(pay("m02", 60_000, (2025, 4, 5))).await.expect("recorded");
    let monthly = rule((2025, 7, 1), DuesPeriod::Monthly, 5_000);
    let rules = town.iks().set_iks_rule(set(monthly.clone())).await.expect("set").into_inner();
    assert_eq!(rules.rules, [yearly.clone(), monthly.clone()]);
    town.iks().receive_dues(pay("m03", 5_000, (2025, 7, 31))).await.expect("recorded");
    let arrears =
        ReceiveDuesRequest { for_day: date(2025, 7, 15), ..pay("m04", 4_000, (2025, 8, 1)) };
    town.iks().receive_dues(arrears).await.expect("recorded");

    let year = standings(&town, (2025, 6, 30)).await;
    assert_eq!((&year.rule, year.dues.len()), (&Some(yearly), 10));
    assert_eq!((year.from, year.through), (date(2025, 1, 1), date(2025, 12, 31)));
    let in_year = |member: &str, paid, missing| (member.to_owned(), paid, missing);
    assert_eq!(
        paid(&year),
        [
            in_year("m01", 50, 0),
            in_year("m02", 60, 0),
            in_year("m03", 5, 45),
            in_year("m04", 4, 46)
        ]
    );
    let july = standings(&town, (2025, 7, 2)).await;
    assert_eq!((july.from, july.through), (date(2025, 7, 1), date(2025, 7, 31)));
    assert_eq!(paid(&july), [in_year("m03", 5, 0), in_year("m04", 4, 1)]);
    assert_eq!(paid(&standings(&town, (2025, 8, 2)).await), []);
    let page = ListDuesRequest {
        group: A.to_owned(),
        on: date(2025, 7, 2),
        page_size: 3,
        page_token: String::new(),
    };
    let first = town.iks().list_dues(page.clone()).await.expect("listed").into_inner();
    assert_eq!(first.dues.len(), 3);
    let next = ListDuesRequest { page_token: first.next_page_token, ..page };
    let second = town.iks().list_dues(next).await.expect("listed").into_inner();
    assert_eq!(paid(&second), [in_year("m04", 4, 1)]);
}

async fn dues_that_waited_in_suspense_count_once_they_are_cleared(server: &Server) {
    let town = Town::found(server).await;
    let monthly = rule((2025, 1, 1), DuesPeriod::Monthly, 5_000);
    town.iks().set_iks_rule(set(monthly)).await.expect("set");
    let unknown = pay("m99", 9_000, (2025, 2, 3));
    let unknown = town.iks().receive_dues(unknown).await.expect("told").into_inner();
    let unknown = unknown.transaction.expect("set").name;
    assert_eq!(paid(&standings(&town, (2025, 2, 1)).await), []);
    let clear = |member: &str, rupiah, for_day| ClearSuspenseRequest {
        transaction: unknown.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        line: 0,
        account: format!("{BOOK}/accounts/a.iks.3201"),
        amount: idr(rupiah),
        member: member.to_owned(),
        for_day,
    };
    let m02 = format!("{A}/members/m02");
    let to_savings = ClearSuspenseRequest {
        account: format!("{BOOK}/accounts/a.iks.2901"),
        ..clear(&m02, 1_000, None)
    };
    for (request, reason, field) in [
        (clear(&format!("{A}/members/m98"), 1_000, None), "NOT_FOUND", "member"),
        (clear(&format!("{BOOK}/lkm/members/m02"), 1_000, None), "WRONG_PARENT", "member"),
        (clear("", 1_000, date(2025, 2, 1)), "REQUIRED", "member"),
        (to_savings, "RESERVED_ACCOUNT", "account"),
    ] {
        let status = town.journal().clear_suspense(request).await.expect_err(reason);
        assert_eq!((why(&status).reason.as_str(), why(&status).field.as_str()), (reason, field));
    }
    // Most of it counts for the month it came in, the rest for the one it was meant for.
    town.journal().clear_suspense(clear(&m02, 6_000, None)).await.expect("cleared");
    let march = clear(&m02, 3_000, date(2025, 3, 31));
    let march = town.journal().clear_suspense(march).await.expect("cleared").into_inner();
    let m02 = |paid, missing| [("m02".to_owned(), paid, missing)];
    assert_eq!(paid(&standings(&town, (2025, 2, 1)).await), m02(6, 0));
    assert_eq!(paid(&standings(&town, (2025, 3, 1)).await), m02(3, 2));
    let span = GetIksStatementRequest { group: A.to_owned(), from: None, through: None };
    let fund = town.iks().get_iks_statement(span).await.expect("shown").into_inner();
    assert_eq!((sen(&fund.dues), sen(&fund.other)), (9 * THOUSAND, 0));
    // What was cleared wrongly is taken back with what it counted for.
    let reverse = ReverseTransactionRequest {
        transaction: march.transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 4, 2),
        line: 0,
    };
    town.journal().reverse_transaction(reverse).await.expect("taken back");
    assert_eq!(paid(&standings(&town, (2025, 3, 1)).await), []);
    assert_eq!(town.total("groups/a", Fund::Iks, 3201).await, 6 * THOUSAND);
}

async fn payments_of_one_case_obey_the_cap_together(server: &Server) {
    let town = Town::found(server).await;
    town.iks().receive_dues(pay("m01", 500_000, (2025, 2, 1))).await.expect("recorded");
    let capped = rule((2025, 1, 1), DuesPeriod::Yearly, 50_000);
    town.iks().set_iks_rule(set(capped)).await.expect("set");
    let ask = |member: &str, rupiah, case_id: &str| {
        let PayReliefRequest { member, request_id, details, amount, place, kind, consents, .. } =
            told(member, rupiah, "sakit");
        let case_id = case_id.to_owned();
        RequestReliefRequest { member, request_id, details, amount, place, kind, consents, case_id }
    };
    town.iks().request_relief(ask("m02", 60_000, "demam")).await.expect("within the cap");
    let second = town.iks().request_relief(ask("m02", 40_000, "demam")).await.expect("exactly");
    let second = second.into_inner().transaction.expect("set");
    let above = town.iks().request_relief(ask("m02", 1, "demam")).await.expect_err("beyond");
    let above = why(&above);
    assert_eq!((above.reason.as_str(), above.field.as_str()), ("RELIEF_ABOVE_CAP", "amount"));
    assert_eq!(
        above.text,
        "The rule caps relief for one case at Rp100.000: Rp100.000 paid before, Rp1 asked."
    );
    let other = town.iks().request_relief(ask("m03", 1, "demam")).await.expect_err("not hers");
    assert!(["RELIEF_ABOVE_CAP", "RELIEF_CASE_OF_OTHER"].contains(&why(&other).reason.as_str()));
    // Another case, and one without a name, have a cap of their own.
    town.iks().request_relief(ask("m02", 100_000, "patah-kaki")).await.expect("another case");
    town.iks().request_relief(ask("m02", 100_000, "")).await.expect("a case of its own");
    // What has been paid is recorded whatever the rule says, and flagged.
    let paid = PayReliefRequest { case_id: "demam".to_owned(), ..told("m03", 5_000, "sakit") };
    let paid = town.iks().pay_relief(paid).await.expect("told").into_inner();
    let warnings = paid.transaction.expect("set").warnings;
    let reasons: Vec<&str> = warnings.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["RELIEF_ABOVE_CAP", "RELIEF_CASE_OF_OTHER"]);
    let list = ListReliefsRequest { parent: A.to_owned(), ..ListReliefsRequest::default() };
    let listed = town.iks().list_reliefs(list).await.expect("listed").into_inner().reliefs;
    assert_eq!(listed.iter().filter(|relief| relief.case_id == "demam").count(), 3);
    // What is taken back no longer counts.
    let reverse = ReverseTransactionRequest {
        transaction: second.name,
        request_id: fresh_request_id(),
        details: on(2025, 6, 2),
        line: 0,
    };
    town.journal().reverse_transaction(reverse).await.expect("taken back");
    let status = town.iks().request_relief(ask("m02", 35_001, "demam")).await.expect_err("beyond");
    assert!(why(&status).text.contains("Rp65.000 paid before"), "{}", why(&status).text);
    town.iks().request_relief(ask("m02", 35_000, "demam")).await.expect("room again");
}

async fn the_kind_of_trouble_is_erasable(server: &Server) {
    let town = Town::found(server).await;
    town.iks().receive_dues(pay("m01", 500_000, (2025, 2, 1))).await.expect("recorded");
    let request = told("m02", 40_000, "sakit");
    let first = town.iks().pay_relief(request.clone()).await.expect("told").into_inner();
    let other = PayReliefRequest { kind: "sekolah".to_owned(), ..request.clone() };
    let status = town.iks().pay_relief(other.clone()).await.expect_err("another request");
    assert_eq!(why(&status).reason, "REQUEST_ID_REUSED");
    // Told of somebody unknown: the money waits, and a retry is the same answer.
    let unknown = told("m99", 1_000, "sakit");
    let waits = town.iks().pay_relief(unknown.clone()).await.expect("told").into_inner();
    assert_eq!(town.iks().pay_relief(unknown).await.expect("again").into_inner(), waits);

    let list = || ListReliefsRequest { parent: A.to_owned(), ..ListReliefsRequest::default() };
    let listed = town.iks().list_reliefs(list()).await.expect("listed").into_inner().reliefs;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].transaction, first.transaction.clone().expect("set").name);
    assert_eq!((listed[0].kind.as_str(), listed[0].consents, listed[0].asked), ("sakit", 3, false));
    server.forget("groups/a/members/m02").await;
    let listed = town.iks().list_reliefs(list()).await.expect("listed").into_inner().reliefs;
    assert_eq!((listed[0].kind.as_str(), listed[0].erased), ("", true));
    assert_eq!(sen(&listed[0].amount), 40 * THOUSAND);
    // Nobody can tell any more whether a retry tells of the same trouble.
    let again = town.iks().pay_relief(other).await.expect("the first answer").into_inner();
    assert_eq!(again, first);
}

async fn the_statement_explains_the_fund(server: &Server) {
    let town = Town::found(server).await;
    town.iks().set_iks_rule(set(rule((2025, 1, 1), DuesPeriod::Yearly, 1))).await.expect("set");
    town.iks().receive_dues(pay("m01", 100_000, (2025, 1, 5))).await.expect("recorded");
    town.iks().receive_dues(pay("m02", 70_000, (2025, 3, 5))).await.expect("recorded");
    let wrong = town.iks().receive_dues(pay("m03", 9_000, (2025, 3, 5))).await.expect("recorded");
    let request = ReverseTransactionRequest {
        transaction: wrong.into_inner().transaction.expect("set").name,
        request_id: fresh_request_id(),
        details: on(2025, 3, 6),
        line: 0,
    };
    town.journal().reverse_transaction(request).await.expect("taken back");
    town.iks().pay_relief(told("m04", 30_000, "sakit")).await.expect("told");
    let share = ShareResultRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 6, 2),
        fund: Fund::Uep as i32,
        share: Some(share_result_request::Share::OfResult(idr(80_000).expect("set"))),
        settled: None,
    };
    town.iks().share_result(share).await.expect("shared");
    let ask = GetIksStatementRequest {
        group: A.to_owned(),
        from: date(2025, 2, 1),
        through: date(2025, 12, 31),
    };
    let statement = town.iks().get_iks_statement(ask).await.expect("a statement").into_inner();
    let read = |money| sen(money) / THOUSAND;
    assert_eq!((read(&statement.opening), read(&statement.closing)), (100, 150));
    assert_eq!((read(&statement.dues), read(&statement.donations)), (70, 0));
    assert_eq!((read(&statement.result_share), read(&statement.relief)), (10, 30));
    assert_eq!(read(&statement.other), 0);
    let backwards = GetIksStatementRequest {
        group: A.to_owned(),
        from: date(2025, 2, 1),
        through: date(2025, 1, 1),
    };
    let status = town.iks().get_iks_statement(backwards).await.expect_err("backwards");
    assert_eq!(why(&status).reason, "SPAN_MALFORMED");
}

async fn a_rule_must_make_sense(server: &Server) {
    let town = Town::found(server).await;
    let position = town.position().await;
    let good = || rule((2025, 1, 1), DuesPeriod::Yearly, 50_000);
    let cap = |kind: i32, rupiah| ReliefCap { kind, cap: idr(rupiah) };
    for (rule, reason, field) in [
        (IksRule { since: None, ..good() }, "REQUIRED", "rule.since"),
        (IksRule { period: 0, ..good() }, "CHOICE_UNKNOWN", "rule.period"),
        (IksRule { period: 9, dues: None, ..good() }, "CHOICE_UNKNOWN", "rule.period"),
        (IksRule { dues: idr(-1), ..good() }, "AMOUNT_NEGATIVE", "rule.dues"),
        (IksRule { minute: String::new(), ..good() }, "REQUIRED", "rule.minute"),
        (IksRule { quorum: 1_001, ..good() }, "NUMBER_OUT_OF_RANGE", "rule.quorum"),
        (
            IksRule { result_share_percent: units("100.01"), ..good() },
            "NUMBER_OUT_OF_RANGE",
            "rule.result_share_percent",
        ),
        (
            IksRule { result_share_percent: units("x"), ..good() },
            "QUANTITY_MALFORMED",
            "rule.result_share_percent",
        ),
        (IksRule { caps: vec![cap(0, 5)], ..good() }, "CHOICE_UNKNOWN", "rule.caps[0].kind"),
        (IksRule { caps: vec![cap(1, 0)], ..good() }, "AMOUNT_ZERO", "rule.caps[0].cap"),
        (
            IksRule { caps: vec![cap(1, 5), cap(1, 6)], ..good() },
            "CHOICE_UNKNOWN",
            "rule.caps[1].kind",
        ),
    ] {
        let status = town.iks().set_iks_rule(set(rule)).await.expect_err(reason);
        let why = why(&status);
        let said = (why.code, why.reason.as_str(), why.field.as_str());
        assert_eq!(said, (Code::InvalidArgument, reason, field));
    }
    let ask = RequestReliefRequest {
        member: format!("{A}/members/m01"),
        request_id: fresh_request_id(),
        details: None,
        amount: idr(5),
        place: cash(),
        kind: String::new(),
        consents: 0,
        case_id: String::new(),
    };
    let odd = RequestReliefRequest { kind: "bosan".to_owned(), ..ask.clone() };
    let many = RequestReliefRequest { kind: "sakit".to_owned(), consents: 1_001, ..ask.clone() };
    let case = RequestReliefRequest { case_id: "Dua Kata".to_owned(), ..many.clone() };
    let case = RequestReliefRequest { consents: 3, ..case };
    for (request, reason, field) in [
        (ask, "REQUIRED", "kind"),
        (odd, "CHOICE_UNKNOWN", "kind"),
        (many, "NUMBER_OUT_OF_RANGE", "consents"),
        (case, "ID_MALFORMED", "case_id"),
    ] {
        let status = town.iks().request_relief(request).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.reason.as_str(), why.field.as_str()), (reason, field));
    }
    assert_eq!(town.position().await, position, "nothing malformed is on record");
}
