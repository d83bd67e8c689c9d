//! A day's closing that SIGKILL stops at random steps, and that is asked for again until it is
//! done, leaves the same records as one that nobody stopped: loans, savings that earn, share in the
//! profit and fall dormant, term deposits; both ledgers.

use std::path::Path;

use simpul::api::google_type::{Date, Decimal, Money};
use simpul::api::v1::day_service_client::DayServiceClient;
use simpul::api::v1::loan_service_client::LoanServiceClient;
use simpul::api::v1::savings_product_service_client::SavingsProductServiceClient;
use simpul::api::v1::savings_service_client::SavingsServiceClient;
use simpul::api::v1::{self, PlaceKind};
use simpul::domain::id::Id;
use simpul::domain::record::{Outcome, Record};
use simpul::storage::read::Reader;
use tonic::transport::Channel;

use crate::server::{Backend, Server, data_folder, deposit, open_book, verify};

const GROUP: &str = "books/sibuk/groups/ramai";
const LKM: &str = "books/sibuk/lkm";

/// How many members borrow, every other one with instalments taken from savings.
const LOANS: u32 = 60;

/// The product of term deposits that share in the profit.
const NISBAH: &str = "berbagi";

/// The last day that is closed: half a year and a day.
const THROUGH: (i32, i32, i32) = (2025, 7, 1);

fn date((year, month, day): (i32, i32, i32)) -> Option<Date> {
    Some(Date { year, month, day })
}

fn idr(units: i64) -> Option<Money> {
    Some(Money { currency_code: "IDR".to_owned(), units, nanos: 0 })
}

fn number(value: &str) -> Option<Decimal> {
    Some(Decimal { value: value.to_owned() })
}

fn place(kind: PlaceKind) -> v1::Place {
    v1::Place { kind: kind as i32, drawer: String::new() }
}

fn on(day: i32) -> Option<v1::TransactionDetails> {
    let happened_on = date((2025, 1, day));
    Some(v1::TransactionDetails { happened_on, ..v1::TransactionDetails::default() })
}

fn minute() -> String {
    "BA-1/contoh".to_owned()
}

async fn save(channel: Channel) {
    let sukarela = v1::SavingsProduct {
        since: date((2025, 1, 1)),
        method: v1::SavingsMethod::Daily as i32,
        rate: number("6"),
        day_count: v1::SavingsDayCount::Actual365 as i32,
        minute: minute(),
        ..v1::SavingsProduct::default()
    };
    let mut products = SavingsProductServiceClient::new(channel.clone());
    for (id, entity, sort) in
        [("sukarela", GROUP, v1::SavingsSort::Sukarela), ("kelompok", LKM, v1::SavingsSort::Kube)]
    {
        set_savings(&mut products, id, (entity, sort), sukarela.clone()).await;
    }
    let mut savings = SavingsServiceClient::new(channel);
    for member in 0..u64::from(LOANS) {
        let saved = v1::DepositRequest { amount: idr(150_000), ..deposit(member) };
        let saved = v1::DepositRequest { details: on(2), ..saved };
        savings.deposit(saved).await.expect("deposited");
    }
    let request = v1::DepositAtLkmRequest {
        group: GROUP.to_owned(),
        request_id: "menabung-di-lkm".to_owned(),
        details: on(3),
        fund: v1::Fund::SimpanPinjam as i32,
        amount: idr(2_000_000),
        kube_place: Some(place(PlaceKind::Cash)),
        lkm_place: Some(place(PlaceKind::Vault)),
    };
    savings.deposit_at_lkm(request).await.expect("banked");
    for member in 0..u64::from(LOANS) {
        let request_id = format!("setoran-wajib-{member}");
        let kind = v1::SavingsKind::Wajib as i32;
        let saved = v1::DepositRequest { request_id, kind, details: on(2), ..deposit(member) };
        savings.deposit(saved).await.expect("deposited");
    }
    save_for_a_term(products.clone()).await;
    // From March on what nobody moves for a month falls dormant.
    let sleepy = v1::SavingsProduct {
        since: date((2025, 3, 1)),
        dormant_after_months: 1,
        ..sukarela.clone()
    };
    let sort = v1::SavingsSort::Sukarela;
    set_savings(&mut products, "tidur", (GROUP, sort), sleepy).await;
    share_profit(products).await;
}

async fn set_savings(
    products: &mut SavingsProductServiceClient<Channel>,
    id: &str,
    (entity, sort): (&str, v1::SavingsSort),
    version: v1::SavingsProduct,
) {
    let request = v1::SetSavingsProductRequest {
        entity: entity.to_owned(),
        request_id: format!("produk-tabungan-{id}"),
        sort: sort as i32,
        version: Some(version),
    };
    products.set_savings_product(request).await.expect("a product");
}

/// January's profit, for simpanan wajib and for the deposits that have a nisbah.
async fn share_profit(mut products: SavingsProductServiceClient<Channel>) {
    let by_nisbah = v1::SavingsProduct {
        since: date((2025, 1, 1)),
        period: v1::DuesPeriod::Monthly as i32,
        amount: idr(1_000),
        method: v1::SavingsMethod::Average as i32,
        share_percent: number("37.5"),
        minute: minute(),
        ..v1::SavingsProduct::default()
    };
    let sort = v1::SavingsSort::Wajib;
    set_savings(&mut products, "wajib", (GROUP, sort), by_nisbah).await;
    let wajib = v1::DecideSavingsShareRequest {
        entity: GROUP.to_owned(),
        request_id: "bagi-hasil-wajib".to_owned(),
        decided_on: date((2025, 2, 1)),
        share_id: "wajib-januari".to_owned(),
        sort: sort as i32,
        from: date((2025, 1, 1)),
        through: date((2025, 1, 31)),
        earned: idr(100_001),
        minute: minute(),
        ..v1::DecideSavingsShareRequest::default()
    };
    let deposits = v1::DecideSavingsShareRequest {
        request_id: "bagi-hasil-deposito".to_owned(),
        share_id: "deposito-januari".to_owned(),
        sort: 0,
        product: format!("{GROUP}/term-products/{NISBAH}"),
        ..wajib.clone()
    };
    for share in [wajib, deposits] {
        products.decide_savings_share(share).await.expect("decided");
    }
}

/// Some of what members saved, for months: paid monthly, added to the deposit, or by nisbah; begun
/// again.
async fn save_for_a_term(mut products: SavingsProductServiceClient<Channel>) {
    let by_rate = |payout: v1::TermPayout| v1::TermProduct {
        since: date((2025, 1, 1)),
        rate: number("7.5"),
        day_count: v1::SavingsDayCount::Twelfths as i32,
        payout: payout as i32,
        minute: minute(),
        ..v1::TermProduct::default()
    };
    let by_nisbah = v1::TermProduct {
        rate: None,
        day_count: 0,
        share_percent: number("45"),
        ..by_rate(v1::TermPayout::AtMaturity)
    };
    let monthly = by_rate(v1::TermPayout::Monthly);
    let capitalised = by_rate(v1::TermPayout::Capitalised);
    let all = [("bulanan", monthly), ("tambah", capitalised), (NISBAH, by_nisbah)];
    for ((id, version), first) in all.into_iter().zip([4_u64, 8, 12]) {
        let product = format!("{GROUP}/term-products/{id}");
        let request = v1::SetTermProductRequest {
            product: product.clone(),
            request_id: format!("produk-deposito-{id}"),
            version: Some(version),
        };
        products.set_term_product(request).await.expect("a product");
        for member in first..first + 4 {
            let request = v1::OpenMemberDepositRequest {
                member: deposit(member).member,
                request_id: format!("deposito-anggota-{member}"),
                details: on(4),
                deposit_id: format!("d{member}"),
                product: product.clone(),
                amount: idr(50_000),
                matures_on: date((2025, 3, 4)),
                means: Some(v1::MemberMeans {
                    means: Some(v1::member_means::Means::Savings(true)),
                }),
                on_maturity: v1::OnMaturity::RollOver as i32,
            };
            products.open_member_deposit(request).await.expect("opened");
        }
    }
}

async fn set_rules(loans: &mut LoanServiceClient<Channel>) {
    for entity in [GROUP, LKM] {
        let terms = v1::LoanTerms {
            method: v1::LoanMethod::Flat as i32,
            frequency: v1::LoanFrequency::TwoWeekly as i32,
            rate_percent: number("0.7"),
            overpayment: v1::Overpayment::Titipan as i32,
            recognition: v1::Recognition::Accrual as i32,
            ..v1::LoanTerms::default()
        };
        let version = v1::LoanVersion {
            since: date((2025, 1, 1)),
            label: "Pinjaman (contoh)".to_owned(),
            minute: minute(),
            terms: Some(terms),
            ..v1::LoanVersion::default()
        };
        let product = v1::SetLoanProductRequest {
            entity: entity.to_owned(),
            request_id: format!("produk-pinjaman-{}", entity.len()),
            product_id: "biasa".to_owned(),
            version: Some(version),
        };
        loans.set_loan_product(product).await.expect("a product");
        let quality = v1::SetLoanQualityRequest {
            entity: entity.to_owned(),
            request_id: format!("kualitas-{}", entity.len()),
            since: date((2025, 1, 1)),
            preset: v1::QualityPreset::LkmPojk412024 as i32,
            minute: minute(),
            non_performing_from: 3,
            ..v1::SetLoanQualityRequest::default()
        };
        loans.set_loan_quality(quality).await.expect("set");
    }
}

async fn lend(
    loans: &mut LoanServiceClient<Channel>,
    wish: v1::ApplyForLoanRequest,
    purse: v1::loan_purse::Purse,
) {
    let loan = format!("{}/loans/{}", wish.lender, wish.loan_id);
    let id = |step: &str| format!("{step}-{}-{}", wish.loan_id, wish.lender.len());
    let (details, day) = (wish.details.clone(), wish.details.clone());
    let wish = v1::ApplyForLoanRequest {
        request_id: id("ajukan"),
        product_id: "biasa".to_owned(),
        ..wish.clone()
    };
    loans.apply_for_loan(wish.clone()).await.expect("applied");
    let confirm = v1::ConfirmLoanRequest {
        loan: loan.clone(),
        request_id: id("sahkan"),
        details: details.clone(),
    };
    loans.confirm_loan(confirm).await.expect("confirmed");
    let decide = v1::DecideLoanRequest {
        loan: loan.clone(),
        request_id: id("putuskan"),
        details,
        approve: true,
        amount: None,
        minute: minute(),
    };
    loans.decide_loan(decide).await.expect("decided");
    let disburse = v1::DisburseLoanRequest {
        loan,
        request_id: id("cairkan"),
        details: day,
        purse: Some(v1::LoanPurse { purse: Some(purse) }),
        ..v1::DisburseLoanRequest::default()
    };
    loans.disburse_loan(disburse).await.expect("paid out");
}

/// What is closed: the same requests, whoever opens it.
async fn open_lending_book(channel: Channel) {
    open_book(channel.clone()).await;
    save(channel.clone()).await;
    let mut loans = LoanServiceClient::new(channel);
    set_rules(&mut loans).await;
    let plan = |instalments| Some(v1::LoanPlan { instalments, ..v1::LoanPlan::default() });
    for member in 0..LOANS {
        let wish = v1::ApplyForLoanRequest {
            lender: GROUP.to_owned(),
            details: on(4 + i32::try_from(member % 5).expect("fits")),
            loan_id: format!("p{member:02}"),
            borrower: format!("{GROUP}/members/m{member}"),
            amount: idr(100_000),
            plan: plan(10),
            auto_debit: member % 2 == 0,
            ..v1::ApplyForLoanRequest::default()
        };
        lend(&mut loans, wish, v1::loan_purse::Purse::Place(place(PlaceKind::Cash))).await;
    }
    let wish = v1::ApplyForLoanRequest {
        lender: LKM.to_owned(),
        details: on(10),
        loan_id: "p".to_owned(),
        borrower: GROUP.to_owned(),
        amount: idr(1_500_000),
        plan: plan(8),
        auto_debit: true,
        ..v1::ApplyForLoanRequest::default()
    };
    let money = v1::Handover {
        kube_place: Some(place(PlaceKind::Cash)),
        lkm_place: Some(place(PlaceKind::Vault)),
    };
    let means = v1::Means { means: Some(v1::means::Means::Money(money)) };
    lend(&mut loans, wish, v1::loan_purse::Purse::Means(means)).await;
}

/// Closes the days until so many things were done, all of them if none is said. Whether it was done.
async fn close(channel: Channel, most: Option<usize>) -> bool {
    let request = v1::CloseDaysRequest { book: "books/sibuk".to_owned(), through: date(THROUGH) };
    let mut days = DayServiceClient::new(channel);
    let mut told = days.close_days(request).await.expect("begun").into_inner();
    let mut heard = 0;
    while most.is_none_or(|most| heard < most) {
        match told.message().await.expect("told") {
            Some(one) => assert_eq!(one.refused, None, "{one:?}"),
            None => return true,
        }
        heard += 1;
    }
    false
}

async fn closed_through(channel: Channel) -> Option<Date> {
    let request = v1::GetDayRequest { book: "books/sibuk".to_owned() };
    let answer = DayServiceClient::new(channel).get_day(request).await.expect("a day");
    answer.into_inner().closed_through
}

/// Every record, but for the clock: where, what, when, and its entries.
async fn records(backend: &Backend, data: &Path) -> Vec<String> {
    let reader = match backend {
        Backend::Sqlite => Reader::sqlite(&data.join("simpul.db")).await,
        Backend::Postgres(url) => Reader::postgres(url).await,
    };
    let reader = reader.expect("opened");
    let book = Id::new("sibuk").expect("an id");
    let mut snapshot = reader.snapshot(&book).await.expect("a snapshot");
    let size = snapshot.head().size;
    let positions: Vec<u64> = (0..size).collect();
    let mut found = Vec::new();
    for some in positions.chunks(500) {
        found.extend(snapshot.records(some).await.expect("records"));
    }
    drop(snapshot);
    reader.close().await;
    found.iter().map(told).collect()
}

fn told(record: &Record) -> String {
    let Record { position, request, event, happened_on, business_day, .. } = record;
    let Outcome::Done(effect) = &record.outcome else { panic!("{record:?}") };
    let entries = &effect.entries;
    let on = effect.effective_on;
    format!("{position} {request:?} {event:?} {happened_on} {business_day} {on} {entries:?}")
}

async fn undisturbed(backend: Backend, data: &Path) -> Vec<String> {
    let server = Server::start(&backend, data);
    let channel = server.connect().await;
    open_lending_book(channel.clone()).await;
    assert!(close(channel, None).await);
    assert!(server.terminate().success());
    records(&backend, data).await
}

async fn killed_again_and_again(backend: &Backend, data: &Path) -> usize {
    let most = if std::env::var_os("SIMPUL_LONG").is_some() { 8 } else { 60 };
    let mut random = fastrand::Rng::with_seed(20_251_122);
    let first = Server::start(backend, data);
    open_lending_book(first.connect().await).await;
    first.kill();
    let mut hit_in_flight = 0;
    loop {
        let server = Server::start(backend, data);
        let done = close(server.connect().await, Some(random.usize(0..most))).await;
        server.kill();
        if done {
            return hit_in_flight;
        }
        let server = Server::start(backend, data);
        let reached = closed_through(server.connect().await).await;
        server.kill();
        hit_in_flight += usize::from(reached != date(THROUGH));
    }
}

async fn a_killed_closing_ends_the_same(whole: (Backend, &Path), killed: (Backend, &Path)) {
    let expected = undisturbed(whole.0, whole.1).await;
    for kind in [
        "SavingsReturn",
        "SavingsShareWeighed",
        "SavingsListed",
        "SavingsDormant",
        "TermReturn",
        "TermDue",
        "LoanAccrued",
        "LoanPaid",
        "DayClosed",
    ] {
        assert!(expected.iter().any(|one| one.contains(kind)), "{kind}");
    }
    let (backend, data) = killed;
    let hits = killed_again_and_again(&backend, data).await;
    assert!(hits > 0, "no kill hit a closing in flight");
    println!("{} records, {hits} kills in flight", expected.len());
    let found = records(&backend, data).await;
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    let (sound, words) = verify(&backend, data);
    assert!(sound, "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_closes_through_sigkill() {
    let [(_one, whole), (_other, killed)] = [data_folder(), data_folder()];
    let whole = (Backend::Sqlite, whole.as_path());
    a_killed_closing_ends_the_same(whole, (Backend::Sqlite, &killed)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_closes_through_sigkill() {
    let [(_one, whole), (_other, killed)] = [data_folder(), data_folder()];
    let backends = [Backend::postgres(&whole).await, Backend::postgres(&killed).await];
    let [one, other] = backends;
    a_killed_closing_ends_the_same((one, &whole), (other, &killed)).await;
}
