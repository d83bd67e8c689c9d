//! Four eyes, with users who sign in: what one asks, another agrees to, turns down, or never sees.

use std::collections::{BTreeMap, BTreeSet};

use simpul::api::v1::*;
use simpul::cli::remote::{Line, fresh_request_id};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::access::Guarded;
use crate::town::{A, BOOK, Server, Town, date, idr, why};

crate::on_both_guarded!(
    what_one_asks_another_agrees_to,
    what_waits_is_turned_down_or_taken_back,
    rules_are_checked_and_wait_themselves,
    the_name_of_a_family_waits_sealed,
);

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// The name of what waits.
pub fn waits<T: std::fmt::Debug>(asked: Result<T, Status>) -> String {
    let status = asked.expect_err("it waits");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "AWAITS_APPROVAL")
    );
    let details = status.get_error_details();
    details.error_info().expect("info").metadata["name"].clone()
}

/// A manager sets a limit for reversals; nobody else could agree to that yet.
async fn limit_reversals(guarded: &Guarded<'_>, rupiah: i64) {
    let limit = ApprovalLimit { kind: ApprovalKind::Reversal as i32, amount: idr(rupiah) };
    let rule = ApprovalRule { since: date(2025, 1, 1), limits: vec![limit], days_waiting: 5 };
    let request = SetApprovalRulesRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        rule: Some(rule.clone()),
    };
    let set = guarded.manager().approvals().set_approval_rules(request).await.expect("set");
    assert_eq!(set.into_inner().rules, [rule]);
}

pub fn take_back(transaction: &str, memo: &str) -> ReverseTransactionRequest {
    let details = TransactionDetails { memo: memo.to_owned(), ..TransactionDetails::default() };
    ReverseTransactionRequest {
        transaction: transaction.to_owned(),
        request_id: fresh_request_id(),
        details: Some(details),
        line: 0,
    }
}

pub fn approve(name: &str) -> ApproveRequest {
    ApproveRequest { name: name.to_owned(), request_id: fresh_request_id() }
}

pub async fn get(line: &Line, name: &str) -> Result<Approval, Status> {
    let request = GetApprovalRequest { name: name.to_owned() };
    let answer = Town::at(line.clone()).approvals().get_approval(request).await?;
    Ok(answer.into_inner().approval.expect("an approval"))
}

async fn listed(line: &Line, parent: &str, all: bool) -> Vec<String> {
    let request = ListApprovalsRequest {
        parent: parent.to_owned(),
        show_decided: all,
        ..ListApprovalsRequest::default()
    };
    let answer = Town::at(line.clone()).approvals().list_approvals(request).await;
    let approvals = answer.expect("a list").into_inner().approvals;
    approvals.into_iter().map(|one| one.name).collect()
}

fn value<'a>(approval: &'a Approval, path: &str) -> Option<&'a str> {
    let field = approval.fields.iter().find(|field| field.path == path);
    field.map(|field| field.value.as_str())
}

async fn what_one_asks_another_agrees_to(server: &Server) {
    let guarded = Guarded::found(server).await;
    limit_reversals(&guarded, 10_000).await;
    let b = A.replace("groups/a", "groups/b");
    let treasurer = guarded.user("bu-bendahara", Role::Treasurer, A).await;
    let stranger = guarded.user("bu-tetangga", Role::Treasurer, &b).await;
    let teller_line = guarded.device("teller").await;
    let teller = Town::at(teller_line.clone());

    // Up to the limit one person suffices.
    let small = teller.deposit("m01", 10_000).await;
    let done = teller.journal().reverse_transaction(take_back(&small.name, "")).await;
    let done = done.expect("booked").into_inner().transaction.expect("a transaction");
    assert_eq!((done.approver.as_str(), done.warnings.len()), ("", 0));

    let large = teller.deposit("m01", 50_000).await;
    let request = take_back(&large.name, "salah ketik (contoh)");
    let asked = teller.journal().reverse_transaction(request.clone()).await;
    let first = asked.as_ref().expect_err("it waits").clone();
    let name = waits(asked);
    assert_eq!(name, format!("{BOOK}/approvals/{}", request.request_id));
    assert_eq!(guarded.manager().held("a.sp.2103.m01").await, 5_000_000);

    // The same request hears the same answer; another under its id does not.
    let again = teller.journal().reverse_transaction(request.clone()).await.expect_err("it waits");
    assert_eq!((again.message(), again.details()), (first.message(), first.details()));
    let mut other = request.clone();
    other.details.as_mut().expect("details").memo = "lain (contoh)".to_owned();
    let other = teller.journal().reverse_transaction(other).await.expect_err("another memo");
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");

    // Who asked and who may decide see what it is; others see nothing at all.
    for line in [&teller_line, &treasurer] {
        let one = get(line, &name).await.expect("seen");
        assert_eq!((one.kind(), one.state()), (ApprovalKind::Reversal, ApprovalState::Waiting));
        assert_eq!(
            (one.method.as_str(), one.entity.as_str()),
            ("JournalService/ReverseTransaction", A)
        );
        assert_eq!((one.asked_by.as_str(), one.asked_as()), ("teller", Role::Teller));
        assert_eq!((&one.amount, one.expires_on.is_some()), (&idr(50_000), true));
        assert_eq!(value(&one, "transaction"), Some(large.name.as_str()));
        assert_eq!(value(&one, "details.memo"), Some("salah ketik (contoh)"));
    }
    assert_eq!(listed(&treasurer, A, false).await, std::slice::from_ref(&name));
    assert_eq!(listed(&teller_line, BOOK, false).await, std::slice::from_ref(&name));
    assert!(listed(&stranger, &b, true).await.is_empty());
    let unknown = format!("{BOOK}/approvals/tidak-ada-sama-sekali");
    let nowhere = get(&stranger, &unknown).await.expect_err("unknown");
    let hidden = get(&stranger, &name).await.expect_err("not hers");
    assert_eq!(hidden.message().replace(&name, "…"), nowhere.message().replace(&unknown, "…"));
    let refused = Town::at(stranger.clone()).approvals().approve(approve(&name)).await;
    assert_eq!(why(&refused.expect_err("not hers")).reason, "NOT_FOUND");
    let refused = guarded.administrator().approvals().approve(approve(&name)).await;
    assert_eq!(why(&refused.expect_err("no matter of access")).reason, "NOT_FOUND");
    let refused = teller.approvals().approve(approve(&name)).await;
    assert_eq!(why(&refused.expect_err("no checker")).reason, "ROLE_REQUIRED");

    // The treasurer agrees, and hears the same again.
    let agree = approve(&name);
    let mut approvals = Town::at(treasurer.clone()).approvals();
    let done = approvals.approve(agree.clone()).await.expect("done").into_inner();
    let retried = approvals.approve(agree.clone()).await.expect("done").into_inner();
    assert_eq!(done, retried);
    let transaction = done.transaction.expect("a transaction");
    assert_eq!(transaction.name, format!("{BOOK}/transactions/{}", agree.request_id));
    assert_eq!((transaction.event.as_str(), transaction.entries.len()), ("REVERSED", 2));
    assert_eq!([&*transaction.actor, &*transaction.approver], ["teller", "bu-bendahara"]);
    assert_eq!(transaction.memo, "salah ketik (contoh)");
    assert_eq!(
        guarded.manager().get(&transaction.name).await.expect("there").approver,
        "bu-bendahara"
    );
    assert_eq!(guarded.manager().held("a.sp.2103.m01").await, 0);
    let one = get(&treasurer, &name).await.expect("seen");
    assert_eq!((one.state(), one.decided_by.as_str()), (ApprovalState::Approved, "bu-bendahara"));
    assert_eq!(one.decision, transaction.name);
    assert!(listed(&treasurer, A, false).await.is_empty());
    assert_eq!(listed(&treasurer, A, true).await, std::slice::from_ref(&name));
    // Too late for anybody else; and who asked hears what they heard.
    let late = guarded.manager().approvals().approve(approve(&name)).await.expect_err("late");
    assert_eq!(reason(&late), "APPROVAL_DECIDED");
    assert_eq!(waits(teller.journal().reverse_transaction(request).await), name);
}

async fn what_waits_is_turned_down_or_taken_back(server: &Server) {
    let guarded = Guarded::found(server).await;
    let give = || AssignRoleRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        user_id: "teller".to_owned(),
        role: Role::Collector as i32,
        since: date(2025, 1, 1),
        ..AssignRoleRequest::default()
    };
    let admin = guarded.administrator();
    let name = waits(guarded.access().assign_role(give()).await);
    let reject = RejectApprovalRequest {
        name: name.clone(),
        request_id: fresh_request_id(),
        reason: "belum perlu (contoh)".to_owned(),
    };
    let own = admin.approvals().reject_approval(reject.clone()).await.expect_err("their own");
    assert_eq!(reason(&own), "OWN_REQUEST");
    let own = admin.approvals().approve(approve(&name)).await.expect_err("their own");
    assert_eq!(reason(&own), "OWN_REQUEST");
    let reject = RejectApprovalRequest { request_id: fresh_request_id(), ..reject };
    let mut manager = guarded.manager().approvals();
    for _ in 0..2 {
        let answer = manager.reject_approval(reject.clone()).await.expect("rejected").into_inner();
        let one = answer.approval.expect("one");
        assert_eq!((one.state(), one.decided_by.as_str()), (ApprovalState::Rejected, "manajer"));
    }
    let other = RejectApprovalRequest { reason: "lain".to_owned(), ..reject };
    let other = manager.reject_approval(other).await.expect_err("another reason");
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    let request = GetApprovalRequest { name: name.clone() };
    let one = manager.get_approval(request).await.expect("seen").into_inner();
    assert_eq!(one.approval.expect("one").reason, "belum perlu (contoh)");

    let name = waits(guarded.access().assign_role(give()).await);
    let withdraw =
        || WithdrawApprovalRequest { name: name.clone(), request_id: fresh_request_id() };
    let other = manager.withdraw_approval(withdraw()).await.expect_err("another's");
    assert_eq!(reason(&other), "NOT_THE_MAKER");
    let answer = admin.approvals().withdraw_approval(withdraw()).await.expect("withdrawn");
    let one = answer.into_inner().approval.expect("one");
    assert_eq!(one.state(), ApprovalState::Withdrawn);
    // The role was not given, and a name is a name.
    let list = ListUsersRequest { parent: BOOK.to_owned(), ..ListUsersRequest::default() };
    let users = guarded.access().list_users(list).await.expect("users").into_inner().users;
    assert!(
        users.iter().flat_map(|user| &user.assignments).all(|one| one.role() != Role::Collector)
    );
    for (name, expected) in [("", "REQUIRED"), (BOOK, "NAME_MALFORMED")] {
        let refused = manager.approve(approve(name)).await.expect_err("no name");
        assert_eq!((reason(&refused).as_str(), why(&refused).field.as_str()), (expected, "name"));
    }
}

async fn rules_are_checked_and_wait_themselves(server: &Server) {
    let guarded = Guarded::found(server).await;
    let limit = |kind: ApprovalKind| ApprovalLimit { kind: kind as i32, amount: idr(1_000) };
    let rule = |limits: &[ApprovalKind], days_waiting: u32| ApprovalRule {
        since: date(2025, 1, 1),
        limits: limits.iter().map(|kind| limit(*kind)).collect(),
        days_waiting,
    };
    let mut manager = guarded.manager().approvals();
    let set = |rule: Option<ApprovalRule>| SetApprovalRulesRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        rule,
    };
    let limited = ApprovalKind::Disbursement;
    for (rule, reason, field) in [
        (None, "REQUIRED", "rule"),
        (Some(ApprovalRule { since: None, ..rule(&[], 3) }), "REQUIRED", "rule.since"),
        (Some(rule(&[], 0)), "NUMBER_OUT_OF_RANGE", "rule.days_waiting"),
        (Some(rule(&[], 91)), "NUMBER_OUT_OF_RANGE", "rule.days_waiting"),
        (Some(rule(&[ApprovalKind::WriteOff], 3)), "KIND_HAS_NO_LIMIT", "rule.limits[0].kind"),
        (Some(rule(&[limited, limited], 3)), "KIND_REPEATED", "rule.limits[1].kind"),
        (Some(rule(&[ApprovalKind::Unspecified], 3)), "CHOICE_UNKNOWN", "rule.limits[0].kind"),
    ] {
        let refused = manager.set_approval_rules(set(rule)).await.expect_err(reason);
        let why = why(&refused);
        assert_eq!((why.reason.as_str(), why.field.as_str()), (reason, field));
    }
    guarded.assign("wakil", Role::Manager, "").await.expect("a role");
    let name = waits(manager.set_approval_rules(set(Some(rule(&[limited], 3)))).await);
    let list = ListApprovalRulesRequest { book: BOOK.to_owned() };
    let rules = manager.list_approval_rules(list.clone()).await.expect("rules").into_inner().rules;
    assert!(rules.is_empty());
    let mut second = Town::at(guarded.device("wakil").await).approvals();
    second.approve(approve(&name)).await.expect("agreed");
    let rules = manager.list_approval_rules(list).await.expect("rules").into_inner().rules;
    assert_eq!(rules, [rule(&[limited], 3)]);
}

async fn the_name_of_a_family_waits_sealed(server: &Server) {
    let guarded = Guarded::found(server).await;
    let chair = guarded.user("pak-ketua", Role::Chair, A).await;
    let manager = guarded.manager();
    let teller = Town::at(guarded.device("teller").await);
    let grant = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        grant_id: "apbn".to_owned(),
        programme: "APBN (contoh)".to_owned(),
        source: BudgetSource::Apbn as i32,
        channel: Some(receive_grant_request::Channel::Bank(idr(1_000_000).expect("set"))),
        ..ReceiveGrantRequest::default()
    };
    manager.grants().receive_grant(grant).await.expect("received");
    let name = "Keluarga Yosef (contoh)".to_owned();
    let request = DeliverGuliranRequest {
        grant: format!("{A}/grants/apbn"),
        request_id: fresh_request_id(),
        pass_id: "p1".to_owned(),
        receiver: Some(deliver_guliran_request::Receiver::ToFamily(name.clone())),
        channel: PassChannel::Bank as i32,
        cash: idr(100_000),
        ..DeliverGuliranRequest::default()
    };
    let decide = DecideGuliranRequest {
        grant: request.grant.clone(),
        request_id: fresh_request_id(),
        amount: idr(100_000),
        ..DecideGuliranRequest::default()
    };
    let mut agreed = Town::at(chair.clone()).approvals();
    let decided = waits(teller.guliran().decide_guliran(decide).await);
    agreed.approve(approve(&decided)).await.expect("decided");

    let delivered = waits(teller.guliran().deliver_guliran(request.clone()).await);
    let one = get(&chair, &delivered).await.expect("seen");
    assert_eq!((value(&one, "to_family"), &one.amount), (Some(name.as_str()), &None));
    assert_eq!(value(&one, "cash"), Some("Rp100.000"));
    let other = Some(deliver_guliran_request::Receiver::ToFamily("Lain (contoh)".to_owned()));
    let other = DeliverGuliranRequest { receiver: other, ..request };
    let other = teller.guliran().deliver_guliran(other).await.expect_err("another family");
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    agreed.approve(approve(&delivered)).await.expect("delivered");
    let pass = GetPassRequest { name: format!("{A}/passes/p1") };
    let pass = manager.guliran().get_pass(pass).await.expect("there").into_inner().pass;
    assert_eq!(pass.expect("a pass").receiver_name, name);
}

// ---- which methods wait -------------------------------------------------------------------------

/// The actions that name a matter for a second person, and the methods they come from. Reviewed by
/// hand; a change here is a decision.
const TABLE: &[(&str, &str)] = &[
    ("access.rs AssignRole", "AccessService/AssignRole"),
    ("access.rs EndRole", "AccessService/EndRole"),
    ("access.rs PermitSignIn", "AccessService/InviteDevice"),
    ("access.rs PermitSignIn", "AccessService/LinkIdentity"),
    ("approval.rs SetApprovalRules", "ApprovalService/SetApprovalRules"),
    ("book.rs ReopenPeriod", "BookService/ReopenPeriod"),
    ("cash.rs DecideDifference", "CashService/DecideDifference"),
    ("drawer.rs SetDrawerLimit", "CashService/SetDrawerLimit"),
    ("general.rs PostJournal", "JournalService/PostJournal"),
    ("guliran.rs Decide", "GuliranService/DecideGuliran"),
    ("guliran.rs Deliver", "GuliranService/DeliverGuliran"),
    ("guliran.rs Excuse", "GuliranService/ExcuseGuliran"),
    ("guliran.rs Lend", "GuliranService/LendGuliran"),
    ("guliran.rs Release", "GuliranService/ReleaseGuliran"),
    ("guliran.rs SetRule", "GuliranService/SetGuliranRule"),
    ("iks_rule.rs SetIksRule", "IksService/SetIksRule"),
    ("murabahah.rs SellMurabahah", "SyariahService/SellMurabahah"),
    ("outside.rs TakeOutsideLoan", "LoanService/TakeOutsideLoan"),
    ("pay.rs Disburse", "LoanService/DisburseLoan"),
    ("pay.rs WaiveLoan", "LoanService/WaiveLoan"),
    ("person.rs SetRetention", "PersonalDataService/SetRetention"),
    ("product.rs SetLoanProduct", "LoanService/SetLoanProduct"),
    ("quality.rs SetLoanQuality", "LoanService/SetLoanQuality"),
    ("regime.rs SetBound", "PortfolioService/SetRegimeBound"),
    ("regime.rs SetRegime", "BookService/SetRegime"),
    ("request.rs DecideLoan", "LoanService/DecideLoan"),
    ("reversal.rs Reverse", "JournalService/ReverseTransaction"),
    ("savings_product.rs SetProduct", "SavingsProductService/SetSavingsProduct"),
    ("savings_product.rs SetTax", "SavingsProductService/SetSavingsTax"),
    ("savings_share.rs DecideShare", "SavingsProductService/DecideSavingsShare"),
    ("surplus_rule.rs SetSurplusRule", "ClosingService/SetSurplusRule"),
    ("syirkah.rs BearLoss", "SyariahService/BearLoss"),
    ("syirkah.rs FundSyirkah", "SyariahService/FundSyirkah"),
    ("term_product.rs SetTermProduct", "SavingsProductService/SetTermProduct"),
    ("trouble.rs Reschedule", "LoanService/RescheduleLoan"),
    ("trouble.rs SellCollateral", "LoanService/SellCollateral"),
    ("trouble.rs TakeCollateral", "LoanService/TakeCollateral"),
    ("trouble.rs WriteOffLoan", "LoanService/WriteOffLoan"),
    ("uep.rs LoseCapital", "GrantService/LoseGrant"),
];

/// The methods that wait.
pub fn methods_that_wait() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(_, method)| *method)
}

/// The actions of the domain that name a matter.
fn actions_with_a_matter(folder: &std::path::Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            actions_with_a_matter(&path, found);
            continue;
        }
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a source");
        for part in text.split("\nimpl Action for ").skip(1) {
            let body = part.split("\n}\n").next().unwrap_or_default();
            if body.contains("fn matter(") {
                let name = part.split(' ').next().unwrap_or_default();
                found.insert(format!("{file} {name}"));
            }
        }
    }
}

#[test]
fn the_table_of_methods_that_wait_is_that_of_the_code_and_the_proto() {
    let domain = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    let mut actions = BTreeSet::new();
    actions_with_a_matter(&domain, &mut actions);
    let expected: BTreeSet<String> = TABLE.iter().map(|(action, _)| (*action).to_owned()).collect();
    assert_eq!(actions, expected);
    let proto = include_str!("../../proto/simpul/v1/approval.proto");
    let said = proto.split("service ApprovalService").next().unwrap_or_default();
    for method in methods_that_wait() {
        let name = method.split('/').nth(1).unwrap_or_default();
        assert!(said.contains(name), "the proto does not say that {method} waits");
    }
}

/// Each method that records something stands in `four_eyes.txt`, with why it need not wait.
#[test]
fn of_every_method_it_is_said_whether_it_waits() {
    let mut said = BTreeMap::new();
    for line in include_str!("four_eyes.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (method, why) = (words.next().expect("a method"), words.next().expect("why"));
        assert!(said.insert(method.to_owned(), why).is_none(), "{method} twice");
    }
    let waiting: BTreeSet<&str> = methods_that_wait().collect();
    for (method, why) in &said {
        assert_eq!(*why == "waits", waiting.contains(method.as_str()), "{method}");
        let known = ["waits", "told", "counter", "rule", "minute", "register", "word", "door"];
        assert!(known.contains(why), "{method}: {why}");
    }
    let missing: Vec<String> =
        mutations().into_iter().filter(|method| !said.contains_key(method)).collect();
    assert_eq!(missing, Vec::<String>::new(), "say in four_eyes.txt whether a second person");
}

/// The methods whose request has an id: those that record something.
fn mutations() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/simpul/v1");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the protos") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a proto");
        let Some((_, service)) = text.split_once("\nservice ") else { continue };
        let service = service.split(' ').next().expect("a name");
        for rpc in text.split("\n  rpc ").skip(1) {
            let method = rpc.split('(').next().expect("a name");
            let request = format!("\nmessage {method}Request {{");
            let fields = text.split_once(&request).map_or("", |(_, rest)| rest);
            if fields.split("\n}").next().is_some_and(|fields| fields.contains(" request_id = ")) {
                found.push(format!("{service}/{method}"));
            }
        }
    }
    assert!(found.len() > 150, "{}", found.len());
    found
}
