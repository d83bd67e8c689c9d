//! Two server processes on one PostgreSQL serve the same book at once: nothing is lost, nothing is
//! done twice, and what is decided is decided once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use simpul::api::google_type::{Date, Decimal, Money};
use simpul::api::v1::loan_service_client::LoanServiceClient;
use simpul::api::v1::savings_service_client::SavingsServiceClient;
use simpul::api::v1::*;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::server::{Backend, Server, data_folder, held, open_book, send, verify};

const DEPOSITS: u64 = 2_000;

/// Sends every third deposit to both servers at once, the others to one.
async fn client(own: Channel, other: Channel, next: Arc<AtomicU64>) -> Vec<u64> {
    let (mut own, mut other) = (SavingsServiceClient::new(own), SavingsServiceClient::new(other));
    let mut positions = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= DEPOSITS {
            return positions;
        }
        let answer = match number % 3 {
            0 => {
                let (one, two) = tokio::join!(send(&mut own, number), send(&mut other, number));
                let (one, two) = (one.expect("answered"), two.expect("answered"));
                assert_eq!(one.position, two.position, "both servers give the same answer");
                one
            }
            _ => send(&mut own, number).await.expect("answered"),
        };
        positions.push(answer.position);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_book_lose_and_double_nothing() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    let (left, right) = (Server::start(&backend, &data), Server::start(&backend, &data));
    open_book(left.connect().await).await;
    let next = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for number in 0..16 {
        let (own, other) = if number % 2 == 0 { (&left, &right) } else { (&right, &left) };
        let (own, other) = (own.connect().await, other.connect().await);
        clients.push(tokio::spawn(client(own, other, Arc::clone(&next))));
    }
    let mut positions = BTreeSet::new();
    for client in clients {
        for position in client.await.expect("a client ends") {
            assert!(positions.insert(position), "two deposits share a record");
        }
    }
    assert_eq!(positions.len() as u64, DEPOSITS);
    let cash = held(left.connect().await, "ramai.sp.1101").await;
    assert_eq!(cash, 1000 * i64::try_from(DEPOSITS).expect("fits"));
    assert!(left.terminate().success());
    assert!(right.terminate().success());
    let (sound, words) = verify(&backend, &data);
    assert!(sound, "{words}");
}

const GROUP: &str = "books/sibuk/groups/ramai";

/// How many applications are decided.
const APPLICATIONS: u32 = 40;

fn loan(number: u32) -> String {
    format!("{GROUP}/loans/p{number}")
}

/// A product, and applications of ten members, confirmed.
async fn apply(loans: &mut LoanServiceClient<Channel>) {
    let terms = LoanTerms {
        method: LoanMethod::Flat as i32,
        frequency: LoanFrequency::Monthly as i32,
        rate_percent: Some(Decimal { value: "1".to_owned() }),
        overpayment: Overpayment::Titipan as i32,
        recognition: Recognition::Cash as i32,
        ..LoanTerms::default()
    };
    let version = LoanVersion {
        since: Some(Date { year: 2025, month: 1, day: 1 }),
        label: "Pinjaman (contoh)".to_owned(),
        minute: "BA-5/contoh".to_owned(),
        terms: Some(terms),
        ..LoanVersion::default()
    };
    let product = SetLoanProductRequest {
        entity: GROUP.to_owned(),
        request_id: "tetapkan-produk".to_owned(),
        product_id: "biasa".to_owned(),
        version: Some(version),
    };
    loans.set_loan_product(product).await.expect("a product");
    for number in 0..APPLICATIONS {
        let wish = ApplyForLoanRequest {
            lender: GROUP.to_owned(),
            request_id: format!("ajukan-{number}"),
            loan_id: format!("p{number}"),
            borrower: format!("{GROUP}/members/m{number}"),
            product_id: "biasa".to_owned(),
            amount: Some(Money { currency_code: "IDR".to_owned(), units: 100_000, nanos: 0 }),
            plan: Some(LoanPlan { instalments: 10, ..LoanPlan::default() }),
            ..ApplyForLoanRequest::default()
        };
        loans.apply_for_loan(wish).await.expect("applied");
        let confirm = ConfirmLoanRequest {
            loan: loan(number),
            request_id: format!("setuju-{number}"),
            details: None,
        };
        loans.confirm_loan(confirm).await.expect("confirmed");
    }
}

/// An officer's decision; each says what the other does not.
fn decision(number: u32, approve: bool) -> DecideLoanRequest {
    DecideLoanRequest {
        loan: loan(number),
        request_id: format!("putusan-{number}-{approve}"),
        details: None,
        approve,
        amount: None,
        minute: format!("BA-{}/contoh", if approve { 6 } else { 7 }),
    }
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map_or_else(String::new, |info| info.reason.clone())
}

/// Of two who decide on one application at the same time, one on each server, one decides, and the
/// other is told so, whichever server is asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_officers_on_two_servers_decide_an_application_once() {
    let (_folder, data) = data_folder();
    let backend = Backend::postgres(&data).await;
    let servers = (Server::start(&backend, &data), Server::start(&backend, &data));
    open_book(servers.0.connect().await).await;
    let mut left = LoanServiceClient::new(servers.0.connect().await);
    let mut right = LoanServiceClient::new(servers.1.connect().await);
    apply(&mut left).await;
    for number in 0..APPLICATIONS {
        // Now one server's officer approves, now the other's.
        let approves = number % 2 == 0;
        let (own, other) = (decision(number, approves), decision(number, !approves));
        let answers = tokio::join!(left.decide_loan(own.clone()), right.decide_loan(other.clone()));
        let (approved, late, loser) = match &answers {
            (Ok(_), Err(late)) => (approves, late, other),
            (Err(late), Ok(_)) => (!approves, late, own),
            both => panic!("one decides: {both:?}"),
        };
        assert_eq!((late.code(), reason(late)), (Code::FailedPrecondition, "LOAN_DECIDED".into()));
        for server in [&mut left, &mut right] {
            let shown = GetLoanRequest { name: loan(number), on: None };
            let shown = server.get_loan(shown).await.expect("shown").into_inner().loan;
            let shown = shown.expect("set");
            let (state, minute) = match approved {
                true => (LoanState::Approved, "BA-6/contoh"),
                false => (LoanState::Rejected, "BA-7/contoh"),
            };
            assert_eq!((shown.state(), shown.minute.as_str()), (state, minute));
            let again = server.decide_loan(loser.clone()).await.expect_err("decided");
            assert_eq!(reason(&again), "LOAN_DECIDED");
            let again = server.decide_loan(decision(number, approved)).await;
            assert!(again.is_ok(), "the same answer: {again:?}");
        }
    }
    assert!(servers.0.terminate().success());
    assert!(servers.1.terminate().success());
    let (sound, words) = verify(&backend, &data);
    assert!(sound, "{words}");
}
