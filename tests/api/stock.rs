//! A client that is not ours: Python's, which knows the server by reflection only.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use simpul::api::v1::GetBookRequest;
use simpul::api::v1::book_service_client::BookServiceClient;
use tokio::task::block_in_place;

use crate::on_both;
use crate::town::Server;

on_both!(a_stock_client_finds_its_way);

async fn a_stock_client_finds_its_way(server: &Server) {
    let Ok(python) = std::env::var("SIMPUL_TEST_PYTHON") else {
        panic!(
            "SIMPUL_TEST_PYTHON is not set: run the tests through tests/run, which installs a \
             Python with the packages of tests/requirements.txt"
        );
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/stock_client.py");
    let mut client = Command::new(python);
    client.arg(script).arg(server.address.to_string());
    let output = block_in_place(|| client.output()).expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).expect("JSON");

    let services: Vec<&str> =
        seen["services"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let ours = services.iter().filter(|name| name.starts_with("simpul.v1.")).count();
    let descriptors = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    let descriptors: prost_types::FileDescriptorSet =
        prost::Message::decode(descriptors.as_slice()).expect("descriptors");
    let files = descriptors.file.iter().filter(|file| file.package() == "simpul.v1");
    assert_eq!(ours, files.map(|file| file.service.len()).sum::<usize>(), "{services:?}");
    assert!(services.contains(&"grpc.health.v1.Health"), "{services:?}");
    assert_eq!(seen["health"], "SERVING");
    assert_eq!(seen["file"], "simpul/v1/book.proto");
    assert_eq!(seen["created"]["book"]["name"], "books/asing");
    assert_eq!(seen["created"]["book"]["openedOn"], json!({"year": 2025, "month": 1, "day": 1}));

    let request = GetBookRequest { name: "books/asing".to_owned() };
    let book = BookServiceClient::new(server.line()).get_book(request).await.expect("a book");
    let book = book.into_inner().book.expect("a book");
    assert_eq!(seen["created"]["book"]["displayName"], book.display_name.as_str());
}
