//! Every method that waits for a second person, at a real server: who asked cannot agree, the second
//! person can, what was asked is decided anew on the state of then, and nothing waits for ever.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use prost::Message;
use simpul::api::v1::link_identity_request::KnownBy;
use simpul::api::v1::*;
use simpul::cli::remote::{Line, fresh_request_id};
use simpul::config::Flags;
use simpul::journal::{Clock, system_clock};

use crate::access::{Guarded, deposit, reason, send};
use crate::approvals::{approve, get, methods_that_wait, take_back, waits};
use crate::loans::{application, confirmation, decision, product, terms, vault};
use crate::town::{A, BOOK, LKM, Server, Town, by_minute, date, idr, on, place, prepared, units};

const DAY_MICROS: i64 = 86_400_000_000;

/// The book with people who ask and people who agree.
struct Eyes<'a> {
    guarded: &'a Guarded<'a>,
    manager: Line,
    second: Line,
    stranger: Line,
    driven: BTreeSet<&'static str>,
    /// What is left to expire.
    left: Vec<String>,
    /// What was answered otherwise to what was asked twice.
    unlike: Vec<String>,
}

impl Eyes<'_> {
    fn maker(&self) -> Town {
        Town::at(self.manager.clone())
    }

    /// Drives a method whose request `ask` makes under an id. `again` is why what was asked a second
    /// time can no longer be done once the first is; empty where it can.
    async fn drive<M: Message>(
        &mut self,
        method: &'static str,
        ask: impl Fn(String) -> M,
        again: &str,
    ) {
        let maker = self.manager.clone();
        self.drive_as(&maker, "manajer", method, ask, again).await;
    }

    async fn drive_as<M: Message>(
        &mut self,
        maker: &Line,
        called: &str,
        method: &'static str,
        ask: impl Fn(String) -> M,
        again: &str,
    ) {
        let mut names = Vec::new();
        for _ in 0..3 {
            let request = ask(fresh_request_id()).encode_to_vec();
            let asked = send(maker, method, request.into()).await;
            if asked.as_ref().err().map(reason).as_deref() != Some("AWAITS_APPROVAL") {
                self.unlike.push(format!("{method} does not wait: {asked:?}"));
                return;
            }
            names.push(waits(asked));
        }
        let [first, same, left] = names.try_into().expect("three");
        let seen = get(&self.second, &first).await.expect("seen");
        assert_eq!((seen.method.as_str(), seen.asked_by.as_str()), (method, called));
        assert_eq!(seen.state(), ApprovalState::Waiting);

        let own = Town::at(maker.clone()).approvals().approve(approve(&first)).await;
        assert_eq!(reason(&own.expect_err("their own")), "OWN_REQUEST", "{method}");
        let hidden = Town::at(self.stranger.clone()).approvals().approve(approve(&first)).await;
        assert_eq!(reason(&hidden.expect_err("not theirs")), "NOT_FOUND", "{method}");

        let mut second = Town::at(self.second.clone()).approvals();
        let done = second.approve(approve(&first)).await;
        let done = match done {
            Ok(done) => done.into_inner(),
            Err(refused) => {
                self.unlike.push(format!("{method} is not agreed to: {refused:?}"));
                return;
            }
        };
        let (transaction, settled) = (done.transaction.expect("set"), done.approval.expect("set"));
        let names = [transaction.actor.as_str(), transaction.approver.as_str()];
        assert_eq!(names, [called, "wakil"], "{method}");
        assert_eq!(settled.decided_as(), Role::Manager, "{method}");
        let warned = transaction.warnings.iter().any(|one| one.reason == "NO_SECOND_PERSON");
        assert!(!warned, "{method}");

        // Decided anew on the state that the first has left.
        let later = second.approve(approve(&same)).await;
        let refused = later.as_ref().err().map(reason).unwrap_or_default();
        if refused != again {
            self.unlike.push(format!("{method}: {refused}, not {again}"));
        }
        if let Err(refused) = later {
            let state = get(&self.second, &same).await.expect("seen").state();
            assert_eq!(state, ApprovalState::Waiting, "{method}: {refused:?}");
        }
        assert!(self.driven.insert(method), "{method} twice");
        self.left.push(left);
    }

    /// Confirmed by paper by somebody else, agreed to, paid out where a purse is named.
    async fn loan(&mut self, wish: ApplyForLoanRequest, purse: Option<LoanPurse>) -> String {
        let name = self.applied(wish).await;
        let approved = self.maker().loans().decide_loan(decision(&name, true)).await;
        self.agree(waits(approved)).await;
        if purse.is_some() {
            let paid = self.maker().loans().disburse_loan(disburse(&name, purse)).await;
            self.agree(waits(paid)).await;
        }
        name
    }

    async fn applied(&self, wish: ApplyForLoanRequest) -> String {
        let name = format!("{}/loans/{}", wish.lender, wish.loan_id);
        let teller = Town::at(self.guarded.device("teller").await);
        teller.loans().apply_for_loan(wish).await.expect("applied");
        let evidence =
            Some(Evidence { kind: EvidenceKind::Voucher as i32, number: "SP-1/contoh".to_owned() });
        let details = on(2025, 4, 1).map(|details| TransactionDetails { evidence, ..details });
        let signed = ConfirmLoanRequest { details, ..confirmation(&name) };
        self.maker().loans().confirm_loan(signed).await.expect("confirmed");
        name
    }

    async fn agree(&self, name: String) {
        let mut second = Town::at(self.second.clone()).approvals();
        second.approve(approve(&name)).await.expect("agreed");
    }
}

fn disburse(loan: &str, purse: Option<LoanPurse>) -> DisburseLoanRequest {
    DisburseLoanRequest {
        loan: loan.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 4, 1),
        amount: None,
        fee_beside: false,
        purse,
    }
}

fn journal(lines: &[(&str, i64)]) -> PostJournalRequest {
    let line = |(account, rupiah): &(&str, i64)| JournalLine {
        account: format!("{BOOK}/accounts/{account}"),
        side: idr(rupiah.abs()).map(|money| match *rupiah > 0 {
            true => journal_line::Side::Debit(money),
            false => journal_line::Side::Credit(money),
        }),
    };
    PostJournalRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 2),
        lines: lines.iter().map(line).collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_that_waits_does_sqlite() {
    every_method_that_waits_does(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_that_waits_does_postgres() {
    every_method_that_waits_does(Some(prepared().await)).await;
}

async fn every_method_that_waits_does(database: Option<String>) {
    let now = Arc::new(AtomicI64::new(system_clock()()));
    let told = Arc::clone(&now);
    let clock: Clock = Arc::new(move || told.load(Ordering::SeqCst));
    let server = Server::start_at(clock, database, |_| Flags::default()).await;
    let guarded = Guarded::found(&server).await;
    let stranger = guarded.user("bu-lain", Role::Treasurer, &format!("{BOOK}/groups/b")).await;
    let manager = guarded.device("manajer").await;
    let second = guarded.user("wakil", Role::Manager, "").await;
    let (driven, left, unlike) = (BTreeSet::new(), Vec::new(), Vec::new());
    let mut eyes = Eyes { guarded: &guarded, manager, second, stranger, driven, left, unlike };
    rules(&mut eyes).await;
    access(&mut eyes).await;
    ways_in(&mut eyes).await;
    money_of_the_lkm(&mut eyes).await;
    loans(&mut eyes).await;
    syariah(&mut eyes).await;
    grants(&mut eyes).await;
    regime(&mut eyes).await;
    assert_eq!(eyes.unlike, Vec::<String>::new());
    assert_eq!(eyes.driven, methods_that_wait().collect());

    // The rule says three days: on the fourth nobody agrees any more, whatever it was.
    now.fetch_add(4 * DAY_MICROS, Ordering::SeqCst);
    let mut second = Town::at(eyes.second.clone()).approvals();
    for name in &eyes.left {
        let late = second.approve(approve(name)).await.expect_err("too late");
        assert_eq!(reason(&late), "APPROVAL_EXPIRED", "{name}");
        let state = get(&eyes.second, name).await.expect("seen").state();
        assert_eq!(state, ApprovalState::Expired);
    }
    server.stop_and_verify().await;
}

async fn rules(eyes: &mut Eyes<'_>) {
    let limit = |kind: ApprovalKind| ApprovalLimit { kind: kind as i32, amount: idr(1_000) };
    let kinds = [ApprovalKind::LoanApproval, ApprovalKind::Disbursement, ApprovalKind::Reversal];
    let rule = ApprovalRule {
        since: date(2025, 1, 1),
        limits: kinds.map(limit).to_vec(),
        days_waiting: 3,
    };
    let set = |request_id| SetApprovalRulesRequest {
        book: BOOK.to_owned(),
        request_id,
        rule: Some(rule.clone()),
    };
    eyes.drive("ApprovalService/SetApprovalRules", set, "NOT_AFTER_LAST").await;
    // What was left waiting before there was a rule waits for a week.
    eyes.left.clear();

    let minute = || "BA-1/contoh".to_owned();
    let since = date(2025, 1, 1);
    let retention = Retention { since, years: 10, minute: minute() };
    let set = |request_id| SetRetentionRequest {
        book: BOOK.to_owned(),
        request_id,
        retention: Some(retention.clone()),
    };
    eyes.drive("PersonalDataService/SetRetention", set, "NOT_AFTER_LAST").await;

    let version = SavingsProduct {
        since,
        method: SavingsMethod::Lowest as i32,
        share_percent: units("40"),
        minute: minute(),
        ..SavingsProduct::default()
    };
    let set = |request_id| SetSavingsProductRequest {
        entity: A.to_owned(),
        request_id,
        sort: SavingsSort::Sukarela as i32,
        version: Some(version.clone()),
    };
    eyes.drive("SavingsProductService/SetSavingsProduct", set, "NOT_AFTER_LAST").await;

    let decide = |request_id| DecideSavingsShareRequest {
        entity: A.to_owned(),
        request_id,
        decided_on: None,
        share_id: "satu".to_owned(),
        sort: SavingsSort::Sukarela as i32,
        from: date(2025, 1, 1),
        through: date(2025, 1, 1),
        earned: idr(1_000),
        minute: minute(),
        product: String::new(),
    };
    eyes.drive("SavingsProductService/DecideSavingsShare", decide, "NOT_AFTER_LAST").await;

    let version = SavingsTax {
        since,
        threshold: idr(240_000),
        percent: units("10"),
        members: true,
        kubes: false,
        minute: minute(),
    };
    let set = |request_id| SetSavingsTaxRequest {
        entity: LKM.to_owned(),
        request_id,
        version: Some(version.clone()),
    };
    eyes.drive("SavingsProductService/SetSavingsTax", set, "NOT_AFTER_LAST").await;

    let version = crate::terms::version();
    let set =
        |request_id| SetTermProductRequest { request_id, ..crate::terms::set(A, version.clone()) };
    eyes.drive("SavingsProductService/SetTermProduct", set, "NOT_AFTER_LAST").await;

    let rule = crate::iks::rule((2025, 1, 1), DuesPeriod::Monthly, 5_000);
    let set = |request_id| SetIksRuleRequest { request_id, ..crate::iks::set(rule.clone()) };
    eyes.drive("IksService/SetIksRule", set, "NOT_AFTER_LAST").await;

    let parts = [(SurplusUse::Reserve, "60"), (SurplusUse::Members, "40")];
    let weights = [(MemberMeasure::Savings, "100")];
    let set =
        |request_id| SetSurplusRuleRequest { request_id, ..crate::closing::rule(&parts, &weights) };
    // What has not begun yet is replaced.
    eyes.drive("ClosingService/SetSurplusRule", set, "").await;

    let set = |request_id| SetLoanQualityRequest {
        entity: LKM.to_owned(),
        request_id,
        since,
        preset: QualityPreset::LkmPojk412024 as i32,
        non_performing_from: 3,
        minute: minute(),
        ..SetLoanQualityRequest::default()
    };
    eyes.drive("LoanService/SetLoanQuality", set, "NOT_AFTER_LAST").await;

    let version = product(LKM, terms(LoanFrequency::Monthly, "1"));
    let set = |request_id| SetLoanProductRequest { request_id, ..version.clone() };
    eyes.drive("LoanService/SetLoanProduct", set, "NOT_AFTER_LAST").await;

    let rule = GuliranRule { since, share_percent: units("30"), due_months: 12 };
    let set = |request_id| SetGuliranRuleRequest {
        group: A.to_owned(),
        request_id,
        details: by_minute(2025, 1, 2),
        rule: Some(rule.clone()),
    };
    eyes.drive("GuliranService/SetGuliranRule", set, "NOT_AFTER_LAST").await;
}

/// What the LKM may do, from a day that has passed on.
async fn regime(eyes: &mut Eyes<'_>) {
    let bound = crate::regime::bound(BoundedFigure::LoanRate, "24", BoundEffect::Warn);
    let set = |request_id| SetRegimeBoundRequest { request_id, ..bound.clone() };
    eyes.drive("PortfolioService/SetRegimeBound", set, "NOT_AFTER_LAST").await;
    let set = |request_id| SetRegimeRequest {
        lkm: LKM.to_owned(),
        request_id,
        since: date(2025, 4, 1),
        regime: Regime::LkmOjk as i32,
        principle: Principle::Conventional as i32,
        minute: "BA-8/contoh".to_owned(),
    };
    eyes.drive("BookService/SetRegime", set, "NOT_AFTER_LAST").await;
}

async fn access(eyes: &mut Eyes<'_>) {
    let administrator = eyes.guarded.administrators_line();
    let user = CreateUserRequest { book: BOOK.to_owned(), user_id: "pak-jemput".to_owned() };
    eyes.guarded.access().create_user(user).await.expect("a user");
    let give = |request_id| AssignRoleRequest {
        book: BOOK.to_owned(),
        request_id,
        user_id: "pak-jemput".to_owned(),
        role: Role::Collector as i32,
        since: date(2025, 1, 1),
        ..AssignRoleRequest::default()
    };
    let method = "AccessService/AssignRole";
    eyes.drive_as(&administrator, "kepala", method, give, "ALREADY_EXISTS").await;
    let end = |request_id| EndRoleRequest {
        book: BOOK.to_owned(),
        request_id,
        user_id: "pak-jemput".to_owned(),
        role: Role::Collector as i32,
        place: String::new(),
    };
    eyes.drive_as(&administrator, "kepala", "AccessService/EndRole", end, "NOT_FOUND").await;
}

/// What users are given to sign in by: what was agreed to, and nothing before.
async fn ways_in(eyes: &mut Eyes<'_>) {
    let administrator = eyes.guarded.administrators_line();
    let invite = |request_id| InviteDeviceRequest {
        book: BOOK.to_owned(),
        request_id,
        user_id: "pak-jemput".to_owned(),
        permit_id: "telepon-baru".to_owned(),
    };
    let method = "AccessService/InviteDevice";
    eyes.drive_as(&administrator, "kepala", method, invite, "ALREADY_EXISTS").await;
    let link = |request_id| LinkIdentityRequest {
        book: BOOK.to_owned(),
        request_id,
        user_id: "pak-jemput".to_owned(),
        permit_id: "mesin-baru".to_owned(),
        known_by: Some(KnownBy::Fingerprint("ab".repeat(32))),
    };
    let method = "AccessService/LinkIdentity";
    eyes.drive_as(&administrator, "kepala", method, link, "ALREADY_EXISTS").await;
}

async fn money_of_the_lkm(eyes: &mut Eyes<'_>) {
    let office = eyes.maker();
    // Neither capital nor a new claim gives anything up.
    for lines in [
        [("lkm.sp.1102", 20_000_000), ("lkm.sp.3107", -20_000_000)],
        [("lkm.sp.1104", 5_000_000), ("lkm.sp.3107", -5_000_000)],
        [("lkm.sp.1209", 100_000), ("lkm.sp.1102", -100_000)],
    ] {
        office.journal().post_journal(journal(&lines)).await.expect("posted");
    }
    let lines = [("lkm.sp.5219", 40_000), ("lkm.sp.1209", -40_000)];
    let post = |request_id| PostJournalRequest { request_id, ..journal(&lines) };
    eyes.drive("JournalService/PostJournal", post, "").await;

    let count = CountCashRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 3),
        place: place(PlaceKind::Vault),
        counted: idr(19_895_000),
    };
    office.cash().count_cash(count).await.expect("counted");
    let decide = |request_id| DecideDifferenceRequest {
        entity: LKM.to_owned(),
        request_id,
        details: by_minute(2025, 1, 4),
        amount: idr(5_000),
        ..DecideDifferenceRequest::default()
    };
    eyes.drive("CashService/DecideDifference", decide, "DIFFERENCE_EXCEEDED").await;

    let drawer = CreateDrawerRequest {
        parent: BOOK.to_owned(),
        request_id: fresh_request_id(),
        drawer_id: "loket-1".to_owned(),
        label: "loket 1".to_owned(),
        collector: false,
    };
    office.parties().create_drawer(drawer).await.expect("a drawer");
    let set = |request_id| SetDrawerLimitRequest {
        drawer: format!("{BOOK}/drawers/loket-1"),
        request_id,
        details: None,
        since: date(2025, 1, 1),
        amount: idr(1_000_000),
    };
    eyes.drive("CashService/SetDrawerLimit", set, "NOT_AFTER_LAST").await;

    let party = CreatePartyRequest {
        parent: LKM.to_owned(),
        request_id: fresh_request_id(),
        party_id: "bank-desa".to_owned(),
        kind: PartyKind::Other as i32,
        display_name: "Bank Desa (contoh)".to_owned(),
    };
    office.parties().create_party(party).await.expect("a party");
    let take = |request_id| TakeOutsideLoanRequest {
        entity: LKM.to_owned(),
        request_id,
        details: on(2025, 1, 5),
        loan_id: "bank-1".to_owned(),
        lender: format!("{LKM}/parties/bank-desa"),
        amount: idr(1_000_000),
        place: place(PlaceKind::Bank),
        terms: None,
        plan: None,
    };
    eyes.drive("LoanService/TakeOutsideLoan", take, "ALREADY_EXISTS").await;

    let savings = Town::at(eyes.guarded.device("teller").await);
    let saved = DepositRequest {
        details: on(2025, 3, 3),
        amount: idr(50_000),
        ..deposit(&format!("{A}/members/m01"))
    };
    let saved = savings.savings().deposit(saved).await.expect("saved").into_inner();
    let name = saved.transaction.expect("set").name;
    let reverse = |request_id| ReverseTransactionRequest { request_id, ..take_back(&name, "") };
    eyes.drive("JournalService/ReverseTransaction", reverse, "ALREADY_REVERSED").await;

    let close = ClosePeriodRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        through: date(2025, 1, 31),
        minute: "BA-2/contoh".to_owned(),
    };
    office.books().close_period(close).await.expect("closed");
    let reopen = |request_id| ReopenPeriodRequest {
        entity: A.to_owned(),
        request_id,
        through: date(2024, 12, 31),
        minute: "BA-3/contoh".to_owned(),
    };
    eyes.drive("BookService/ReopenPeriod", reopen, "PERIOD_OPEN").await;
}

async fn loans(eyes: &mut Eyes<'_>) {
    for member in ["n01", "n02"] {
        let enrolled = eyes.maker().members().enrol_member(crate::town::enrol(LKM, member)).await;
        enrolled.expect("a member");
    }
    let wish = |loan: &str, member: &str| {
        application(LKM, loan, &format!("{LKM}/members/{member}"), 1_000_000)
    };
    let loan = eyes.applied(wish("l1", "n01")).await;
    let decide = |request_id| DecideLoanRequest { request_id, ..decision(&loan, true) };
    eyes.drive("LoanService/DecideLoan", decide, "LOAN_DECIDED").await;
    let pay = |request_id| DisburseLoanRequest { request_id, ..disburse(&loan, vault()) };
    eyes.drive("LoanService/DisburseLoan", pay, "LOAN_NOT_APPROVED").await;
    let waive = |request_id| WaiveLoanRequest {
        loan: loan.clone(),
        request_id,
        details: on(2025, 5, 2),
        part: LoanPart::Interest as i32,
        amount: idr(10_000),
    };
    eyes.drive("LoanService/WaiveLoan", waive, "LOAN_EXCEEDED").await;
    let reschedule = |request_id| RescheduleLoanRequest {
        loan: loan.clone(),
        request_id,
        details: on(2025, 5, 3),
        plan: Some(LoanPlan { instalments: 5, ..LoanPlan::default() }),
        rate_percent: None,
        minute: "BA-4/contoh".to_owned(),
    };
    eyes.drive("LoanService/RescheduleLoan", reschedule, "").await;
    let write_off = |request_id| WriteOffLoanRequest {
        loan: loan.clone(),
        request_id,
        details: on(2025, 5, 4),
        minute: "BA-5/contoh".to_owned(),
    };
    eyes.drive("LoanService/WriteOffLoan", write_off, "LOAN_NOT_OPEN").await;

    let wish = ApplyForLoanRequest { details: on(2025, 5, 4), ..wish("l2", "n02") };
    let loan = eyes.loan(wish, vault()).await;
    let collateral = RegisterCollateralRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 5, 5),
        collateral_id: "motor".to_owned(),
        label: "sepeda motor (contoh)".to_owned(),
        value: idr(900_000),
    };
    eyes.maker().loans().register_collateral(collateral).await.expect("registered");
    let take = |request_id| TakeCollateralRequest {
        loan: loan.clone(),
        request_id,
        details: on(2025, 5, 6),
        collateral_id: "motor".to_owned(),
        amount: idr(800_000),
        lot_id: String::new(),
        quantity: None,
    };
    eyes.drive("LoanService/TakeCollateral", take, "WRONG_KIND").await;
    let sell = |request_id| SellCollateralRequest {
        loan: loan.clone(),
        request_id,
        details: on(2025, 5, 7),
        price: idr(700_000),
        place: place(PlaceKind::Vault),
    };
    eyes.drive("LoanService/SellCollateral", sell, "WRONG_KIND").await;
}

async fn syariah(eyes: &mut Eyes<'_>) {
    let rules = LoanTerms {
        contract: LoanContract::Murabahah as i32,
        rebate_percent: None,
        ..terms(LoanFrequency::Monthly, "0")
    };
    let set = SetLoanProductRequest { product_id: "murabahah".to_owned(), ..product(LKM, rules) };
    eyes.agree(waits(eyes.maker().loans().set_loan_product(set).await)).await;
    let buy = PurchaseRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 5, 8),
        fund: Fund::SimpanPinjam as i32,
        items: vec![NewLot {
            lot_id: "mesin".to_owned(),
            kind: LotKind::Stock as i32,
            label: "mesin jahit (contoh)".to_owned(),
            unit: "buah".to_owned(),
            quantity: units("1"),
            cost: idr(600_000),
        }],
        payment: place(PlaceKind::Vault).map(purchase_request::Payment::PaidFrom),
        ..Default::default()
    };
    eyes.maker().trade().purchase(buy).await.expect("bought");
    let wish = ApplyForLoanRequest {
        details: on(2025, 5, 8),
        product_id: "murabahah".to_owned(),
        margin: idr(60_000),
        ..application(LKM, "m1", &format!("{LKM}/members/n01"), 600_000)
    };
    let loan = eyes.applied(wish).await;
    let decide = DecideLoanRequest { details: on(2025, 5, 8), ..decision(&loan, true) };
    eyes.agree(waits(eyes.maker().loans().decide_loan(decide).await)).await;
    let sell = |request_id| SellMurabahahRequest {
        loan: loan.clone(),
        request_id,
        details: on(2025, 5, 8),
        lot: format!("{LKM}/lots/mesin"),
        ..SellMurabahahRequest::default()
    };
    eyes.drive("SyariahService/SellMurabahah", sell, "LOAN_NOT_APPROVED").await;

    let fund = |request_id| FundSyirkahRequest {
        entity: LKM.to_owned(),
        request_id,
        details: on(2025, 5, 9),
        syirkah_id: "s1".to_owned(),
        partner: format!("{LKM}/members/n01"),
        kind: SyirkahKind::Mudharabah as i32,
        amount: idr(1_000_000),
        own: None,
        nisbah_percent: units("40"),
        projected: None,
        minute: "BA-6/contoh".to_owned(),
        purse: vault(),
    };
    eyes.drive("SyariahService/FundSyirkah", fund, "ALREADY_EXISTS").await;
    let lose = |request_id| BearLossRequest {
        syirkah: format!("{LKM}/syirkahs/s1"),
        request_id,
        details: on(2025, 5, 10),
        loss: idr(600_000),
    };
    eyes.drive("SyariahService/BearLoss", lose, "SYIRKAH_EXCEEDED").await;
}

async fn grants(eyes: &mut Eyes<'_>) {
    let money = || idr(5_000_000).expect("set");
    for (grant, channel) in [
        ("apbn", receive_grant_request::Channel::Lkm(money())),
        ("apbd", receive_grant_request::Channel::Bank(money())),
    ] {
        let receive = ReceiveGrantRequest {
            group: A.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 5, 11),
            grant_id: grant.to_owned(),
            programme: "Bantuan (contoh)".to_owned(),
            source: BudgetSource::Apbn as i32,
            channel: Some(channel),
            ..ReceiveGrantRequest::default()
        };
        eyes.maker().grants().receive_grant(receive).await.expect("received");
    }
    let grant = format!("{A}/grants/apbn");
    let decide = |request_id| DecideGuliranRequest {
        grant: grant.clone(),
        request_id,
        details: by_minute(2025, 5, 12),
        amount: idr(3_000_000),
        due_on: None,
    };
    eyes.drive("GuliranService/DecideGuliran", decide, "GRANT_EXCEEDED").await;
    let deliver = |request_id| DeliverGuliranRequest {
        grant: grant.clone(),
        request_id,
        details: by_minute(2025, 5, 13),
        pass_id: "p1".to_owned(),
        receiver: Some(deliver_guliran_request::Receiver::ToPool(true)),
        channel: PassChannel::Savings as i32,
        cash: idr(1_000_000),
        ..DeliverGuliranRequest::default()
    };
    eyes.drive("GuliranService/DeliverGuliran", deliver, "ALREADY_EXISTS").await;
    let release = |request_id| ReleaseGuliranRequest {
        pass: format!("{A}/passes/p1"),
        request_id,
        details: by_minute(2025, 5, 14),
        receiver: Some(ReceivingGroup {
            group: format!("{BOOK}/groups/b"),
            grant_id: "guliran-a".to_owned(),
        }),
        amount: idr(1_000_000),
    };
    eyes.drive("GuliranService/ReleaseGuliran", release, "NOTHING_IN_TRANSIT").await;
    let excuse = |request_id| ExcuseGuliranRequest {
        grant: grant.clone(),
        request_id,
        details: by_minute(2025, 5, 15),
        amount: idr(1_500_000),
    };
    eyes.drive("GuliranService/ExcuseGuliran", excuse, "OBLIGATION_EXCEEDED").await;
    let lend = |request_id| LendGuliranRequest {
        lender: A.to_owned(),
        request_id,
        details: by_minute(2025, 5, 16),
        loan_id: "g1".to_owned(),
        borrower: format!("{BOOK}/groups/b"),
        amount: idr(100_000),
        due_on: None,
    };
    eyes.drive("GuliranService/LendGuliran", lend, "ALREADY_EXISTS").await;
    let lose = |request_id| LoseGrantRequest {
        grant: format!("{A}/grants/apbd"),
        request_id,
        details: by_minute(2025, 5, 17),
        loss: Some(lose_grant_request::Loss::Misused(MisusedMoney {
            officer: format!("{A}/members/m01"),
            amount: idr(1_000_000),
            place: place(PlaceKind::Bank),
        })),
    };
    eyes.drive("GrantService/LoseGrant", lose, "").await;
}
