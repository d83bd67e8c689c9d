//! What passes over the wire besides our own clients: gRPC-Web over HTTP/1.1, bytes that are no
//! message, reflection and health.

use std::path::Path;

use prost::Message;
use simpul::api::v1::*;
use simpul::cli::remote::Line;
use simpul::config::Flags;
use simpul::domain::refusal::Language;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::on_both;
use crate::town::{BOOK, Server, Town, date, idr, why};

on_both!(
    bytes_that_are_no_message_change_nothing,
    a_browser_speaks_grpc_web_over_http_1,
    stock_clients_find_the_services_and_their_health,
);

/// Calls a method with any message at all.
pub async fn send<M: Message + Default + 'static>(
    line: Line,
    path: &'static str,
    message: M,
) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(line);
    client.ready().await.expect("connected");
    let codec = tonic_prost::ProstCodec::<M, M>::default();
    let path = PathAndQuery::from_static(path);
    client.unary(Request::new(message), path, codec).await.map(drop)
}

const DEPOSIT: &str = "/simpul.v1.SavingsService/Deposit";

async fn bytes_that_are_no_message_change_nothing(server: &Server) {
    let town = Town::found(server).await;
    let before = town.position().await;

    // A varint where the member's name belongs.
    let wrong_type = prost_types::Duration { seconds: 1, nanos: 0 };
    let said = why(&send(server.line(), DEPOSIT, wrong_type).await.expect_err("refused"));
    assert_eq!((said.code, said.reason.as_str()), (Code::InvalidArgument, "UNDECODABLE"));
    assert_eq!(said.text, "The message cannot be read.");

    // Bytes that are no UTF-8 where the request id belongs.
    let member = "books/kupang/groups/a/members/m01".to_owned();
    let latin = prost_types::Any { type_url: member, value: vec![b'k', 0xe9, 0xff] };
    let status = send(server.line(), DEPOSIT, latin).await.expect_err("refused");
    assert_eq!(
        (status.code(), why(&status).reason.as_str()),
        (Code::InvalidArgument, "UNDECODABLE")
    );

    let large = prost_types::Any { type_url: String::new(), value: vec![b'x'; 2 << 20] };
    let said = why(&send(server.line(), DEPOSIT, large.clone()).await.expect_err("refused"));
    assert_eq!((said.code, said.reason.as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
    assert_eq!(said.text, "The message is too large.");

    // In the caller's language, before anything of it is read.
    let indonesian = server.line_in(Language::Indonesian);
    let said = why(&send(indonesian.clone(), DEPOSIT, large).await.expect_err("refused"));
    assert_eq!(said.text, "Pesan terlalu besar.");
    let said = why(&send(indonesian, DEPOSIT, wrong_type).await.expect_err("refused"));
    assert_eq!(said.text, "Pesan tidak dapat dibaca.");
    assert_eq!(said.details.localized_message().expect("a text").locale, "id");
    assert_eq!(town.position().await, before);
}

/// Posts one gRPC-Web message with one more header line and answers the whole HTTP text.
async fn post(server: &Server, path: &str, header: &str, message: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let length = u32::try_from(message.len()).expect("small").to_be_bytes();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/grpc-web+proto\r\n\
         accept-language: en\r\n{header}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        server.address,
        message.len() + 5
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&[&[0][..], &length, message].concat()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("answered");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn a_browser_speaks_grpc_web_over_http_1(server: &Server) {
    Town::found(server).await;
    let request = GetBookRequest { name: "books/kupang".to_owned() };
    let path = "/simpul.v1.BookService/GetBook";
    let answer = post(server, path, "simpul-actor: bendahara", &request.encode_to_vec()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let headers = [
        "content-type: application/grpc-web",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "cache-control: no-store",
        "content-security-policy: default-src 'none'",
    ];
    for part in headers.into_iter().chain(["Buku Kupang (contoh)", "grpc-status:0"]) {
        assert!(answer.contains(part), "{answer}");
    }
    let answer = post(server, path, "simpul-actor: bendahara", &[0xff; 7]).await;
    assert!(answer.replace(": ", ":").contains("grpc-status:3"), "{answer}");
    assert!(answer.contains("The%20message%20cannot%20be%20read."), "{answer}");
}

async fn stock_clients_find_the_services_and_their_health(server: &Server) {
    Town::found(server).await;
    let mut health = HealthClient::new(server.line());
    let answer = health.check(HealthCheckRequest::default()).await.expect("health").into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);

    let mut reflection = ServerReflectionClient::new(server.line());
    let asked = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = reflection.server_reflection_info(tokio_stream::once(asked)).await;
    let answer = answers.expect("reflection").into_inner().message().await.expect("an answer");
    let Some(MessageResponse::ListServicesResponse(list)) =
        answer.and_then(|answer| answer.message_response)
    else {
        panic!("no list of services");
    };
    let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["grpc.health.v1.Health", "simpul.v1.SavingsService", "simpul.v1.LedgerService"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

/// Deadlines are kept, and what was sent can be asked for again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_passes_is_said_and_the_retry_finds_the_answer() {
    let server = Server::sqlite().await;
    let town = Town::found(&server).await;
    let deposit = DepositRequest { details: None, ..crate::town::deposit("m01", 5_000) };
    let answer = post(&server, DEPOSIT, "grpc-timeout: 1n", &deposit.encode_to_vec()).await;
    assert!(answer.replace(": ", ":").contains("grpc-status:4"), "{answer}");
    town.savings().deposit(deposit).await.expect("answered");
    assert_eq!(town.held("a.sp.2103.m01").await, 500_000);
    server.stop_and_verify().await;
}

/// Streams count among a caller's calls for as long as they go on; others' calls do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_has_so_many_calls_and_streams_at_once() {
    let settings =
        |_: &Path| Flags { sign_in: Some(false), calls_per_caller: Some(8), ..Flags::default() };
    let server = Server::start(None, settings).await;
    let town = Town::found(&server).await;
    let follow = async || {
        let book = BOOK.to_owned();
        let request = StreamRecordsRequest { book, from_position: 0, follow: true };
        let mut stream = town.proofs().stream_records(request).await?.into_inner();
        stream.message().await.map(|_| stream)
    };
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(follow().await.expect("a stream"));
    }
    let full = follow().await.expect_err("eight already");
    let said = why(&full);
    assert_eq!((said.code, said.reason.as_str()), (Code::ResourceExhausted, "TOO_MANY_CALLS"));
    assert!(said.details.retry_info().is_some());
    let refused = town.books().list_books(ListBooksRequest::default()).await.expect_err("full");
    assert_eq!(why(&refused).reason, "TOO_MANY_CALLS");
    let other = Town::at(server.remote("ketua", Default::default(), None).line());
    other.books().list_books(ListBooksRequest::default()).await.expect("another caller");
    // Once one has ended there is room again; the server hears of that a little later.
    drop(streams.pop());
    let mut tried = 0;
    while town.books().list_books(ListBooksRequest::default()).await.is_err() {
        tried += 1;
        assert!(tried < 100_000, "a stream that ended is counted still");
    }
    server.stop_and_verify().await;
}

/// A connection from an address of this machine.
async fn connect(server: &Server, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("an address of this machine");
    socket.connect(server.address).await.expect("the system connects")
}

/// Asks something over a connection that stays open.
async fn ask(stream: &mut TcpStream) {
    let head = "POST /simpul.v1.BookService/ListBooks HTTP/1.1\r\nhost: contoh\r\n\
        content-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0";
    // The other side may have closed it already, which reading tells.
    let _sent = stream.write_all(head.as_bytes()).await;
}

/// Whether what was asked is answered; not so if the connection was closed.
async fn is_answered(stream: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    let mut part = [0; 1024];
    while !String::from_utf8_lossy(&answer).contains("grpc-status:0") {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return false,
            Ok(length) => answer.extend(&part[..length]),
        }
    }
    true
}

const HERE: [u8; 4] = [127, 0, 0, 1];
const THERE: [u8; 4] = [127, 0, 0, 2];

/// All connections together: those beyond are taken in once another has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_connections_are_served_at_once() {
    let settings =
        |_: &Path| Flags { sign_in: Some(false), connections: Some(4), ..Flags::default() };
    let server = Server::start(None, settings).await;
    let mut served = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&server, HERE).await;
        ask(&mut stream).await;
        assert!(is_answered(&mut stream).await, "one of four");
        served.push(stream);
    }
    let mut beyond = connect(&server, THERE).await;
    ask(&mut beyond).await;
    for _ in 0..100 {
        for stream in &mut served {
            ask(stream).await;
            assert!(is_answered(stream).await, "those that are in are served");
        }
        let heard = beyond.try_read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(heard, Err(std::io::ErrorKind::WouldBlock), "the fifth waits");
    }
    drop(served.pop());
    assert!(is_answered(&mut beyond).await, "a place that is free is given away again");
    drop((served, beyond));
    server.stop_and_verify().await;
}

/// From one address: those beyond are closed, and others come in all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_so_many_connections() {
    let settings = |_: &Path| Flags {
        sign_in: Some(false),
        connections_per_address: Some(3),
        ..Flags::default()
    };
    let server = Server::start(None, settings).await;
    let fresh = async |from| {
        let mut stream = connect(&server, from).await;
        ask(&mut stream).await;
        is_answered(&mut stream).await.then_some(stream)
    };
    let mut served = Vec::new();
    for _ in 0..3 {
        served.push(fresh(HERE).await.expect("one of three"));
    }
    for _ in 0..10 {
        assert!(fresh(HERE).await.is_none(), "a fourth from there");
    }
    fresh(THERE).await.expect("from another address");
    for stream in &mut served {
        ask(stream).await;
        assert!(is_answered(stream).await, "those that are in are served");
    }
    // Once one has ended there is room again; the server hears of that a little later.
    drop(served.pop());
    let mut tried = 0;
    while fresh(HERE).await.is_none() {
        tried += 1;
        assert!(tried < 10_000, "a connection that ended is counted still");
    }
    drop(served);
    server.stop_and_verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actor_must_be_a_name() {
    let server = Server::sqlite().await;
    let address = format!("http://{}", server.address);
    let actor = "bendahara; drop";
    let remote =
        simpul::cli::remote::Remote::new(&address, actor, Default::default()).expect("a line");
    let mut books = book_service_client::BookServiceClient::new(remote.line());
    let status = books.list_books(ListBooksRequest::default()).await.expect_err("refused");
    assert_eq!(
        (status.code(), why(&status).reason.as_str()),
        (Code::InvalidArgument, "ACTOR_MALFORMED")
    );
    // A book that is a KUBE alone has no LKM; it is there so that the journal can be verified.
    let request = CreateBookRequest {
        book_id: "sendiri".to_owned(),
        request_id: simpul::cli::remote::fresh_request_id(),
        display_name: "KUBE sendiri (contoh)".to_owned(),
        zone: Zone::Wita as i32,
        opened_on: date(2025, 1, 1),
        ..CreateBookRequest::default()
    };
    let mut books = book_service_client::BookServiceClient::new(server.line());
    books.create_book(request).await.expect("a book");
    let request = PostJournalRequest {
        book: "books/sendiri".to_owned(),
        request_id: simpul::cli::remote::fresh_request_id(),
        details: None,
        lines: vec![JournalLine {
            account: "books/sendiri/accounts/lkm.sp.1104".to_owned(),
            side: Some(journal_line::Side::Debit(idr(1).expect("set"))),
        }],
    };
    let mut journal = journal_service_client::JournalServiceClient::new(server.line());
    let status = journal.post_journal(request).await.expect_err("refused");
    assert_eq!((status.code(), why(&status).reason.as_str()), (Code::FailedPrecondition, "NO_LKM"));
    server.stop_and_verify().await;
}

/// Who watches a server's health learns that it stops, and does not hold it up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_learns_that_the_server_stops() {
    let server = Server::sqlite().await;
    Town::found(&server).await;
    let mut health = HealthClient::new(server.line());
    let watch = health.watch(HealthCheckRequest::default()).await.expect("a watch");
    let mut watch = watch.into_inner();
    let first = watch.message().await.expect("alive").expect("a status");
    assert_eq!(first.status(), ServingStatus::Serving);
    let stopped = tokio::spawn(server.stop_and_verify());
    let last = watch.message().await.expect("alive").expect("a status");
    assert_eq!(last.status(), ServingStatus::NotServing);
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, stopped).await.expect("not held up").expect("drained");
    drop(watch);
}
