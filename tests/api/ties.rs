//! KUBE and LKM through the API: stakes, collection, term deposits, and the proof that the books
//! of both agree, or where they do not.

use std::sync::Arc;

use simpul::api::v1::*;
use simpul::cli::node::Store;
use simpul::cli::remote::fresh_request_id;
use simpul::domain::access::Author;
use simpul::domain::account::Ledger;
use simpul::domain::chart;
use simpul::domain::decide::{Action, Command};
use simpul::domain::draft::{Draft, Stop};
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::money::Sen;
use simpul::domain::record::Event;
use simpul::domain::record::proto;
use simpul::journal::{self, Answer, Limits, Priority, system_clock};
use tonic::Code;

use crate::loans::{application, lend, over_the_counter, product, terms};
use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, cash, date, idr, on, place, sen, why};

on_both!(
    stakes_and_term_deposits_stand_in_both_books,
    collected_money_is_handed_in,
    a_difference_is_named_with_its_reason,
    a_loan_that_the_books_see_differently_is_named_with_its_reason,
    what_nothing_explains_is_named_so,
    books_agree_as_of_any_day,
    a_groups_savings_are_blocked_at_the_lkm,
);

/// Thousands of rupiah in sen.
const THOUSAND: i64 = 100_000;

fn counter() -> Option<Means> {
    let money = Handover { kube_place: cash(), lkm_place: place(PlaceKind::Vault) };
    Some(Means { means: Some(means::Means::Money(money)) })
}

fn savings() -> Option<Means> {
    Some(Means { means: Some(means::Means::Savings(true)) })
}

async fn save(town: &Town, rupiah: i64, day: (i32, i32, i32)) {
    let request = DepositAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(day.0, day.1, day.2),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(rupiah),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    town.savings().deposit_at_lkm(request).await.expect("saved");
}

fn stake(rupiah: i64, means: Option<Means>) -> BuyStakeRequest {
    BuyStakeRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 1),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(rupiah),
        means,
    }
}

fn open_deposit(id: &str, rupiah: i64, means: Option<Means>) -> OpenTermDepositRequest {
    OpenTermDepositRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 2),
        deposit_id: id.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(rupiah),
        matures_on: date(2025, 8, 2),
        means,
        on_maturity: OnMaturity::Unspecified as i32,
        product: String::new(),
    }
}

fn close_deposit(id: &str, month: i32) -> CloseTermDepositRequest {
    CloseTermDepositRequest {
        deposit: format!("{A}/term-deposits/{id}"),
        request_id: fresh_request_id(),
        details: on(2025, month, 2),
        means: savings(),
        minute: String::new(),
    }
}

async fn reconcile(town: &Town, scope: &str) -> ReconcileMirrorsResponse {
    let request = ReconcileMirrorsRequest { scope: scope.to_owned(), ..Default::default() };
    town.reconciling().reconcile_mirrors(request).await.expect("compared").into_inner()
}

/// Kind, what the group says, what the LKM says, in thousands.
fn figures(answer: &ReconcileMirrorsResponse) -> Vec<(MirrorKind, i64, i64)> {
    let figure = |pair: &MirrorPair| {
        let (kube, lkm) = (sen(&pair.at_kube), sen(&pair.at_lkm));
        assert_eq!(sen(&pair.difference), kube - lkm);
        (pair.kind(), kube / THOUSAND, lkm / THOUSAND)
    };
    answer.pairs.iter().map(figure).collect()
}

async fn stakes_and_term_deposits_stand_in_both_books(server: &Server) {
    let town = Town::found(server).await;
    let programme = ReceiveProgrammeStakeRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 5),
        grant_id: "p2kp".to_owned(),
        programme: "P2KP (contoh)".to_owned(),
        source: BudgetSource::Apbd as i32,
        decree_number: "SK-9/contoh".to_owned(),
        amount: idr(5_000_000),
    };
    let came = town.links().receive_programme_stake(programme).await.expect("came").into_inner();
    assert_eq!(came.transaction.expect("set").grant, format!("{LKM}/grants/p2kp"));
    let back = |rupiah| ReturnProgrammeStakeRequest {
        stake: format!("{LKM}/grants/p2kp"),
        request_id: fresh_request_id(),
        details: on(2025, 1, 6),
        amount: idr(rupiah),
    };
    town.links().return_programme_stake(back(2_000_000)).await.expect("went back");
    let status = town.links().return_programme_stake(back(3_000_001)).await.expect_err("more");
    assert_eq!((why(&status).reason.as_str(), why(&status).field.as_str()), ("FLOOR", "amount"));
    let list = ListProgrammeStakesRequest { parent: BOOK.to_owned(), ..Default::default() };
    let listed = town.links().list_programme_stakes(list).await.expect("listed").into_inner();
    assert_eq!(sen(&listed.stakes[0].returned), 2_000 * THOUSAND);
    assert_eq!(town.held("lkm.sp.3110.p2kp").await, 3_000 * THOUSAND);

    save(&town, 500_000, (2025, 2, 1)).await;
    town.links().buy_stake(stake(100_000, savings())).await.expect("bought");
    town.links().buy_stake(stake(50_000, counter())).await.expect("bought");
    let opened = town.links().open_term_deposit(open_deposit("d1", 200_000, savings())).await;
    let deposit = opened.expect("opened").into_inner().deposit.expect("set");
    assert_eq!((deposit.state(), deposit.matures_on), (TermState::Open, date(2025, 8, 2)));
    assert_eq!(
        figures(&reconcile(&town, BOOK).await),
        [
            (MirrorKind::Savings, 200, 200),
            (MirrorKind::Stake, 150, 150),
            (MirrorKind::TermDeposit, 200, 200)
        ]
    );
    let early = town.links().close_term_deposit(close_deposit("d1", 7)).await.expect_err("early");
    let early = why(&early);
    assert_eq!((early.reason.as_str(), early.field.as_str()), ("DEPOSIT_NOT_MATURE", "deposit"));
    assert_eq!(early.text, "The term deposit d1 only matures on 2 August 2025.");
    let closed = town.links().close_term_deposit(close_deposit("d1", 8)).await.expect("paid back");
    assert_eq!(closed.into_inner().deposit.expect("set").state(), TermState::PaidBack);
    let list = ListTermDepositsRequest { parent: A.to_owned(), ..Default::default() };
    let listed = town.links().list_term_deposits(list).await.expect("listed").into_inner();
    assert_eq!(listed.deposits[0].closed_on, date(2025, 8, 2));
    assert_eq!(
        figures(&reconcile(&town, A).await),
        [(MirrorKind::Savings, 400, 400), (MirrorKind::Stake, 150, 150)]
    );

    let nothing = town.links().buy_stake(stake(1, None)).await.expect_err("with nothing");
    assert_eq!(
        (why(&nothing).reason.as_str(), why(&nothing).field.as_str()),
        ("REQUIRED", "means")
    );
    let no_day = OpenTermDepositRequest { matures_on: None, ..open_deposit("d2", 1, savings()) };
    let status = town.links().open_term_deposit(no_day).await.expect_err("without a day");
    assert_eq!(why(&status).field, "matures_on");
    let vault = Handover { kube_place: place(PlaceKind::Vault), lkm_place: cash() };
    let odd = Some(Means { means: Some(means::Means::Money(vault)) });
    let status = town.links().buy_stake(stake(1, odd)).await.expect_err("no such place");
    assert_eq!(why(&status).field, "means.money.kube_place");
}

async fn collected_money_is_handed_in(server: &Server) {
    let town = Town::found(server).await;
    let bag = format!("{BOOK}/drawers/tas");
    let request = CreateDrawerRequest {
        parent: BOOK.to_owned(),
        request_id: fresh_request_id(),
        drawer_id: "tas".to_owned(),
        label: "tas kolektor (contoh)".to_owned(),
        collector: true,
    };
    let drawer = town.parties().create_drawer(request).await.expect("a bag").into_inner();
    assert!(drawer.drawer.expect("set").collector);
    let collect = |group: &str, bag: &str| CollectRequest {
        group: group.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 1),
        fund: Fund::Iks as i32,
        bag: bag.to_owned(),
        amount: idr(70_000),
    };
    town.links().collect(collect(A, &bag)).await.expect("collected");
    let hand_in = |rupiah| HandInCollectionRequest {
        bag: bag.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 2),
        amount: idr(rupiah),
        place: place(PlaceKind::Vault),
    };
    town.links().hand_in_collection(hand_in(60_000)).await.expect("handed in");
    let status = town.links().hand_in_collection(hand_in(10_001)).await.expect_err("more");
    assert_eq!(why(&status).reason, "FLOOR");
    assert_eq!(town.held("lkm.sp.1105.tas").await, 10 * THOUSAND);
    assert_eq!(figures(&reconcile(&town, A).await), [(MirrorKind::Savings, 70, 70)]);

    let lost = town.links().collect(collect(A, &format!("{BOOK}/drawers/karung"))).await;
    let warnings = lost.expect("a report").into_inner().transaction.expect("set").warnings;
    assert!(warnings.iter().any(|warning| warning.reason == "IN_SUSPENSE"));
    let elsewhere = town.links().collect(collect(A, "books/lain/drawers/tas")).await;
    assert_eq!(why(&elsewhere.expect_err("another book")).reason, "WRONG_PARENT");
    let unknown = town.links().collect(collect(&format!("{BOOK}/groups/b"), &bag)).await;
    let status = unknown.expect_err("an unknown group");
    assert_eq!((why(&status).code, why(&status).field.as_str()), (Code::NotFound, "group"));
}

async fn open_with(town: &Town, entity: &str, code: u32, subject: &str, rupiah: i64) {
    let item = opening_item::Item::Account(OpeningAccount {
        code,
        subject: subject.to_owned(),
        amount: idr(rupiah),
    });
    let request = OpenBalancesRequest {
        entity: entity.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 1, 2),
        fund: Fund::SimpanPinjam as i32,
        items: vec![OpeningItem { item: Some(item) }],
    };
    town.journal().open_balances(request).await.expect("opened");
}

fn reasons_of(pair: &MirrorPair) -> Vec<&str> {
    pair.reasons.iter().map(|reason| reason.reason.as_str()).collect()
}

fn reasons(answer: &ReconcileMirrorsResponse) -> Vec<Vec<&str>> {
    answer.pairs.iter().map(reasons_of).collect()
}

async fn a_difference_is_named_with_its_reason(server: &Server) {
    let town = Town::found(server).await;
    town.found_group("b").await;
    // Savings open on both sides at once; a stake as the papers of each side say.
    open_with(&town, A, 1111, "", 90_000).await;
    open_with(&town, A, 1113, "", 100_000).await;
    open_with(&town, LKM, 3108, "a/sp", 80_000).await;
    let all = reconcile(&town, BOOK).await;
    assert_eq!(figures(&all), [(MirrorKind::Savings, 90, 90), (MirrorKind::Stake, 100, 80)]);
    assert_eq!((all.differences, reasons(&all)), (1, vec![vec![], vec!["MIRROR_OPENING"]]));
    let text = &all.pairs[1].reasons[0].text;
    assert_eq!(text, "The opening balances of group and LKM differ by Rp20.000.");
    // What waits in suspense in that fund may be why.
    let stray = town.deposit("m99", 7_000).await;
    let waits = reconcile(&town, BOOK).await;
    assert_eq!(reasons(&waits), [vec![], vec!["MIRROR_SUSPENSE", "MIRROR_OPENING"]]);
    assert_eq!(waits.pairs[1].reasons[0].text, "Rp7.000 of this fund still waits in suspense.");
    let back = ReverseTransactionRequest {
        transaction: stray.name,
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        line: 0,
    };
    town.journal().reverse_transaction(back).await.expect("taken back");
    open_with(&town, LKM, 3108, "a/sp", 20_000).await;
    assert_eq!(reconcile(&town, BOOK).await.differences, 0);

    // The book of b, with a stake that the LKM knows nothing of, and which is no longer linked.
    open_with(&town, &format!("{BOOK}/groups/b"), 1113, "", 5_000).await;
    let unlink = UnlinkGroupRequest {
        group: format!("{BOOK}/groups/b"),
        request_id: fresh_request_id(),
        on: date(2025, 1, 3),
    };
    town.groups().unlink_group(unlink).await.expect("unlinked");
    let only = ReconcileMirrorsRequest {
        scope: BOOK.to_owned(),
        as_of: date(2025, 1, 3),
        only_differences: true,
        page_size: 1,
        ..Default::default()
    };
    let first = town.reconciling().reconcile_mirrors(only.clone()).await.expect("a").into_inner();
    assert_eq!(first.pairs, []);
    let next = ReconcileMirrorsRequest { page_token: first.next_page_token, ..only };
    let second = town.reconciling().reconcile_mirrors(next).await.expect("b").into_inner();
    assert_eq!(reasons(&second), [vec!["MIRROR_OPENING", "NOT_LINKED"]]);
    for subject in ["a/guliran-", "a/kebajikan", "tiada/sp"] {
        let item = opening_item::Item::Account(OpeningAccount {
            code: 3108,
            subject: subject.to_owned(),
            amount: idr(1),
        });
        let request = OpenBalancesRequest {
            entity: LKM.to_owned(),
            request_id: fresh_request_id(),
            details: None,
            fund: Fund::SimpanPinjam as i32,
            items: vec![OpeningItem { item: Some(item) }],
        };
        town.journal().open_balances(request).await.expect_err(subject);
    }
    let scope = format!("{BOOK}/groups/tiada");
    let request = ReconcileMirrorsRequest { scope, ..Default::default() };
    let status = town.reconciling().reconcile_mirrors(request).await.expect_err("unknown");
    assert_eq!((why(&status).code, why(&status).field.as_str()), (Code::NotFound, "scope"));
}

/// A loan whose jasa the LKM no longer counts on, and then no longer its principal: the group owes
/// both, and the reason is said. As of the days before, and as known then, the books agree.
async fn a_loan_that_the_books_see_differently_is_named_with_its_reason(server: &Server) {
    let town = Town::found(server).await;
    town.fund_lkm(5_000_000).await;
    let rules = LoanTerms {
        recognition: Recognition::Accrual as i32,
        ..terms(LoanFrequency::Monthly, "1")
    };
    town.loans().set_loan_product(product(LKM, rules)).await.expect("a product");
    lend(&town, application(LKM, "l1", A, 1_000_000), over_the_counter(), (4, 1)).await;
    let loan = format!("{LKM}/loans/l1");
    let accrue = AccrueLoanRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 5, 1),
    };
    town.loans().accrue_loan(accrue).await.expect("accrued");
    let agree = [(MirrorKind::Loan, 1_000, 1_000), (MirrorKind::LoanInterest, 10, 10)];
    assert_eq!(figures(&reconcile(&town, A).await), agree);
    let position = town.position().await;
    let turn = TurnLoanRequest {
        loan: loan.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 5, 2),
        performing: false,
    };
    town.loans().turn_loan(turn).await.expect("turned");
    let turned = reconcile(&town, A).await;
    let own = [(MirrorKind::Loan, 1_000, 1_000), (MirrorKind::LoanInterest, 10, 0)];
    assert_eq!(figures(&turned), own);
    assert_eq!(reasons(&turned), [vec![], vec!["MIRROR_NON_PERFORMING"]]);
    let said = &turned.pairs[1];
    assert_eq!(
        said.reasons[0].text,
        "The loan l1 does not perform; the LKM does not recognise its jasa."
    );
    assert!(said.kube_account.ends_with("/a.sp.2312.l1"), "{}", said.kube_account);
    let write_off = WriteOffLoanRequest {
        loan,
        request_id: fresh_request_id(),
        details: on(2025, 6, 1),
        minute: "BA-8/contoh".to_owned(),
    };
    town.loans().write_off_loan(write_off).await.expect("written off");
    let gone = reconcile(&town, A).await;
    // The group owes the jasa of May as well.
    let own = [(MirrorKind::Loan, 1_000, 0), (MirrorKind::LoanInterest, 20, 0)];
    assert_eq!(figures(&gone), own);
    assert_eq!(reasons(&gone), vec![vec!["MIRROR_WRITTEN_OFF"]; 2]);
    assert_eq!(
        gone.pairs[0].reasons[0].text,
        "The loan l1 was written off; the group still owes it."
    );
    let as_of = async |as_of, as_known_at| {
        let scope = A.to_owned();
        let request = ReconcileMirrorsRequest { scope, as_of, as_known_at, ..Default::default() };
        town.reconciling().reconcile_mirrors(request).await.expect("compared").into_inner()
    };
    for (day, known) in [(date(2025, 5, 1), 0), (None, position)] {
        let answer = as_of(day, known).await;
        assert_eq!((answer.differences, figures(&answer)), (0, agree.to_vec()));
    }
    // The reason of a day is what was so then, whatever became of the loan since.
    let between = as_of(date(2025, 5, 31), 0).await;
    assert_eq!(reasons(&between), [vec![], vec!["MIRROR_NON_PERFORMING"]]);
}

async fn a_groups_savings_are_blocked_at_the_lkm(server: &Server) {
    let town = Town::found(server).await;
    save(&town, 100_000, (2025, 2, 1)).await;
    let block = || BlockKubeSavingsRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 2),
        block_id: "jaminan-l1".to_owned(),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(70_000),
        reason: "jaminan pinjaman l1 (contoh)".to_owned(),
    };
    for (request, reason, field) in [
        (BlockKubeSavingsRequest { fund: 0, ..block() }, "CHOICE_UNKNOWN", "fund"),
        (BlockKubeSavingsRequest { amount: idr(0), ..block() }, "AMOUNT_ZERO", "amount"),
        (BlockKubeSavingsRequest { reason: String::new(), ..block() }, "REQUIRED", "reason"),
        (
            BlockKubeSavingsRequest { group: format!("{BOOK}/groups/z"), ..block() },
            "NOT_FOUND",
            "group",
        ),
    ] {
        let status = town.products().block_kube_savings(request).await.expect_err(reason);
        let why = why(&status);
        assert_eq!((why.reason.as_str(), why.field.as_str()), (reason, field));
    }
    let first = block();
    let done = town.products().block_kube_savings(first.clone()).await.expect("blocked");
    let again = town.products().block_kube_savings(first).await.expect("again");
    assert_eq!(done.into_inner(), again.into_inner());
    let draw = |rupiah| WithdrawAtLkmRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 2, 3),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(rupiah),
        kube_place: cash(),
        lkm_place: place(PlaceKind::Vault),
    };
    let status = town.savings().withdraw_at_lkm(draw(30_001)).await.expect_err("blocked");
    assert_eq!((why(&status).reason.as_str(), why(&status).field.as_str()), ("FLOOR", "amount"));
    town.savings().withdraw_at_lkm(draw(30_000)).await.expect("what is free");
    let listed = async || {
        let request = ListBlocksRequest { parent: LKM.to_owned(), ..Default::default() };
        town.products().list_blocks(request).await.expect("listed").into_inner().blocks
    };
    let name = format!("{LKM}/blocks/jaminan-l1");
    let held = Block {
        name: name.clone(),
        saver: A.to_owned(),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(70_000),
        reason: block().reason,
        erased: false,
        since: date(2025, 2, 2),
        lifted_on: None,
    };
    assert_eq!(listed().await, std::slice::from_ref(&held));
    // The group sees what it has there, and what of it it cannot have.
    let own = ListSavingsRequest { parent: A.to_owned(), of_groups: true, ..Default::default() };
    let own = town.savings().list_savings(own).await.expect("listed").into_inner().accounts;
    let [account] = &own[..] else { panic!("{own:?}") };
    assert_eq!((account.owner.as_str(), account.fund()), (A, Fund::SimpanPinjam));
    assert_eq!((&account.balance, &account.blocked), (&idr(70_000), &idr(70_000)));
    let (request_id, details) = (fresh_request_id(), on(2025, 2, 4));
    let lift = UnblockSavingsRequest { block: name, request_id, details };
    town.products().unblock_savings(lift).await.expect("lifted");
    assert_eq!(listed().await, [Block { lifted_on: date(2025, 2, 4), ..held }]);
    town.savings().withdraw_at_lkm(draw(70_000)).await.expect("the rest");
}

async fn books_agree_as_of_any_day(server: &Server) {
    let town = Town::found(server).await;
    save(&town, 10_000, (2025, 1, 10)).await;
    let position = town.position().await;
    save(&town, 20_000, (2025, 2, 10)).await;
    // Told late: effective in January, recorded in February.
    save(&town, 5_000, (2025, 1, 20)).await;
    let ask = |day, as_known_at| ReconcileMirrorsRequest {
        scope: A.to_owned(),
        as_of: day,
        as_known_at,
        ..Default::default()
    };
    for (day, known, expected) in [
        (None, 0, 35),
        (date(2025, 1, 31), 0, 15),
        (date(2025, 1, 15), 0, 10),
        (None, position, 10),
        (date(2025, 1, 31), position, 10),
    ] {
        let answer = town.reconciling().reconcile_mirrors(ask(day, known)).await.expect("compared");
        let answer = answer.into_inner();
        assert_eq!(
            figures(&answer),
            [(MirrorKind::Savings, expected, expected)],
            "{day:?} {known}"
        );
    }
    let ahead = town.reconciling().reconcile_mirrors(ask(None, u64::MAX)).await;
    assert_eq!(why(&ahead.expect_err("ahead")).reason, "POSITION_UNKNOWN");
}

/// Savings at the LKM of which the LKM knows nothing, as no command of the API records them.
#[derive(Clone, Debug)]
struct OneSided;

impl Action for OneSided {
    fn event(&self) -> Event {
        Event::JournalPosted
    }

    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let group = Entity::Kube(Id::new("a").expect("an id"));
        let ledger = Ledger::new(group, proto::Fund::SimpanPinjam);
        let amount = Sen::new(5 * THOUSAND);
        draft.transfer(&ledger, chart::Code::SavingsAtLkm, chart::Code::Cash, amount)
    }
}

async fn what_nothing_explains_is_named_so(server: &Server) {
    let town = Town::found(server).await;
    town.deposit("m01", 100_000).await;
    save(&town, 30_000, (2025, 4, 1)).await;
    let store = Store::open(&server.config).await.expect("opened beside");
    let (below, task) = journal::start(store.journal, system_clock(), Limits::default());
    let request = RequestId::new(&fresh_request_id()).expect("an id");
    let digest = request.as_str().as_bytes().to_vec();
    let book = Id::new("kupang").expect("an id");
    let author = Author::named("siapa");
    let command = Command::of_server(&book, request, digest, author, Arc::new(OneSided));
    let answer = below.submit(command, Vec::new(), Priority::Interactive).await;
    assert!(matches!(answer, Ok(Answer::Done { .. })), "{answer:?}");
    below.drain().await;
    task.await.expect("ended");

    let answer = reconcile(&town, BOOK).await;
    assert_eq!(figures(&answer), [(MirrorKind::Savings, 35, 30)]);
    assert_eq!((answer.differences, reasons(&answer)), (1, vec![vec!["MIRROR_UNEXPLAINED"]]));
    assert_eq!(answer.pairs[0].kube_account, format!("{BOOK}/accounts/a.sp.1111"));
    assert_eq!(answer.pairs[0].lkm_account, format!("{BOOK}/accounts/lkm.sp.2102.a/sp"));
}
