//! Requests that nobody would send, for every rpc there is: made field by field from the
//! descriptors, mostly with names that exist and values that could be meant, some with bytes
//! changed. The server answers each of them and stays whole: no fault of its own, no panic, and
//! every book still verifies.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use prost::Message;
use prost::bytes::{Buf, BufMut};
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use sha2::{Digest, Sha256};
use simpul::api::v1::*;
use simpul::cli::remote::{Line, fresh_request_id};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};

use crate::fuzz::{self, Case};
use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, date, idr, on, units, why};

on_both!(
    whatever_is_sent_is_answered,
    whatever_file_is_brought_is_answered,
    every_list_says_how_long_a_page_may_be,
);

/// Cases for each rpc in the short run.
const SHORT: u64 = 12;

/// What stands in fields of these names, more often than not.
const FITTING: &[(&str, &[&str])] = &[
    ("book", &["books/kupang"]),
    ("name", &["books/kupang", "books/kupang/groups/a", "books/kupang/groups/a/members/m01"]),
    ("parent", &["books/kupang", "books/kupang/groups/a", "books/kupang/lkm"]),
    ("scope", &["books/kupang", "books/kupang/groups/a", "books/kupang/lkm"]),
    ("entity", &["books/kupang/groups/a", "books/kupang/lkm"]),
    ("group", &["books/kupang/groups/a", "books/kupang/groups/b"]),
    ("giver", &["books/kupang/groups/a"]),
    ("receiver", &["books/kupang/groups/b"]),
    ("member", &["books/kupang/groups/a/members/m01", "books/kupang/groups/a/members/m02"]),
    ("grant", &["books/kupang/groups/a/grants/x1", "x1"]),
    ("loan", &["books/kupang/lkm/loans/x1", "books/kupang/groups/a/loans/x1"]),
    ("account", &["books/kupang/accounts/a.sp.1101", "books/kupang/accounts/lkm.umum.1101"]),
    ("transaction", &["books/kupang/transactions/coba-00000001"]),
    ("drawer", &["books/kupang/drawers/x1", ""]),
    ("meeting", &["", "", "", "books/kupang/groups/a/meetings/x1"]),
    ("page_token", &["", "", "eDE", "MQ"]),
    ("currency_code", &["IDR"]),
    ("value", &["1", "2.5", "0.001", "-3", "12.5"]),
    ("display_name", &["Contoh"]),
];

/// What stands in any text.
const TEXTS: [&str; 16] = [
    "",
    "x1",
    "x2",
    "m01",
    "a",
    "kupang",
    "lkm",
    "books/kupang/groups/a/members/m01",
    "books/tiada",
    "coba-00000003",
    "5304012501900001",
    "contoh \u{202e} teks",
    "baris\nbaris",
    "nol\0nol",
    "é/../é",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
];

const NUMBERS: [i64; 14] =
    [0, 1, 1, 2, 2, 3, 10, 50_000, 1_000_000, -1, i64::MAX, i64::MIN, i32::MAX as i64, 1 << 40];

/// Every message and enum by name, and every rpc.
struct Schema {
    messages: HashMap<String, DescriptorProto>,
    enums: HashMap<String, Vec<i32>>,
    methods: Vec<Rpc>,
}

struct Rpc {
    path: String,
    request: String,
}

impl Schema {
    fn read() -> Schema {
        let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
        let files = FileDescriptorSet::decode(bytes.as_slice()).expect("descriptors").file;
        let (messages, enums) = (HashMap::new(), HashMap::new());
        let mut schema = Schema { messages, enums, methods: Vec::new() };
        for file in &files {
            let package = format!(".{}", file.package());
            schema.list_enums(&package, &file.enum_type);
            for message in &file.message_type {
                schema.list(&package, message);
            }
        }
        let services = files.iter().flat_map(|file| &file.service);
        for service in services {
            for method in &service.method {
                let path = format!("/simpul.v1.{}/{}", service.name(), method.name());
                schema.methods.push(Rpc { path, request: method.input_type().to_owned() });
            }
        }
        schema
    }

    fn list(&mut self, scope: &str, message: &DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        self.list_enums(&name, &message.enum_type);
        for nested in &message.nested_type {
            self.list(&name, nested);
        }
        self.messages.insert(name, message.clone());
    }

    fn list_enums(&mut self, scope: &str, enums: &[prost_types::EnumDescriptorProto]) {
        for one in enums {
            let numbers = one.value.iter().map(|value| value.number()).collect();
            self.enums.insert(format!("{scope}.{}", one.name()), numbers);
        }
    }

    /// The bytes of a message with fields as the dice will.
    fn message(&self, name: &str, dice: &mut Rng, depth: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in &self.messages[name].field {
            let repeated = field.label() == Label::Repeated;
            let often = if depth > 5 { 0 } else { u32::from(dice.u8(0..8) > 0) };
            let times = if repeated { often * dice.u32(0..4) } else { often };
            for _ in 0..times {
                self.field(field, dice, depth, &mut bytes);
            }
        }
        bytes
    }

    /// A request for a page of so many, about something; nothing if the request asks for no page.
    fn page(&self, request: &str, about: &str, size: i64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let fields = &self.messages[request].field;
        fields.iter().find(|field| field.name() == "page_size")?;
        // What a list is of comes first; the rest only narrows it.
        let of = |field: &&FieldDescriptorProto| {
            ["parent", "scope", "entity", "group"].contains(&field.name())
        };
        let of = fields.iter().find(of).map(|field| field.name());
        for field in fields {
            let text = match field.name() {
                name if Some(name) == of => about,
                "member" => "books/kupang/groups/a/members/m01",
                "account" => "books/kupang/accounts/a.sp.1101",
                "grant" => "books/kupang/groups/a/grants/apbd",
                "query" => "Anggota",
                _ => "",
            };
            let number = match field.name() {
                "page_size" => size,
                "fund" => i64::from(Fund::SimpanPinjam as i32),
                "code" => 1101,
                _ => 0,
            };
            let tag = u32::try_from(field.number()).expect("a tag");
            if field.r#type() == Type::String && !text.is_empty() {
                encode_key(tag, WireType::LengthDelimited, &mut bytes);
                encode_varint(text.len() as u64, &mut bytes);
                bytes.extend(text.as_bytes());
            } else if number != 0 {
                encode_key(tag, WireType::Varint, &mut bytes);
                encode_varint(number as u64, &mut bytes);
            }
        }
        Some(bytes)
    }

    fn field(&self, field: &FieldDescriptorProto, dice: &mut Rng, depth: u32, to: &mut Vec<u8>) {
        let tag = u32::try_from(field.number()).expect("a tag");
        let delimited = |bytes: Vec<u8>, to: &mut Vec<u8>| {
            encode_key(tag, WireType::LengthDelimited, to);
            encode_varint(bytes.len() as u64, to);
            to.extend(bytes);
        };
        let varint = |number: i64, to: &mut Vec<u8>| {
            encode_key(tag, WireType::Varint, to);
            encode_varint(number as u64, to);
        };
        match field.r#type() {
            Type::String => delimited(text(field.name(), dice).into_bytes(), to),
            Type::Bytes => {
                let length = dice.usize(..70);
                delimited(std::iter::repeat_with(|| dice.u8(..)).take(length).collect(), to);
            }
            Type::Message => {
                delimited(self.message(field.type_name(), dice, depth + 1), to);
            }
            Type::Enum => {
                let known = &self.enums[field.type_name()];
                let other = [-1, 99, i32::MAX][dice.usize(..3)];
                let number =
                    if dice.u8(0..12) == 0 { other } else { known[dice.usize(..known.len())] };
                varint(number.into(), to);
            }
            Type::Bool => varint(dice.i64(0..2), to),
            Type::Int32 | Type::Int64 | Type::Uint32 | Type::Uint64 => {
                varint(number(field.name(), dice), to);
            }
            other => panic!("the protos have a {other:?} now"),
        }
    }
}

fn text(field: &str, dice: &mut Rng) -> String {
    if field == "request_id" && dice.u8(0..8) > 0 {
        return format!("coba-{:08}", dice.u32(0..100_000));
    }
    let fitting = FITTING.iter().find(|(name, _)| *name == field).map(|(_, texts)| *texts);
    let texts = fitting.filter(|_| dice.u8(0..8) > 0).unwrap_or(&TEXTS);
    texts[dice.usize(..texts.len())].to_owned()
}

fn number(field: &str, dice: &mut Rng) -> i64 {
    let likely = match field {
        _ if dice.u8(0..8) == 0 => None,
        "year" => Some(2025),
        "month" => Some(dice.i64(1..13)),
        "day" => Some(dice.i64(1..32)),
        "nanos" => Some(10_000_000 * dice.i64(0..3)),
        "page_size" => Some(dice.i64(0..50)),
        _ => None,
    };
    likely.unwrap_or_else(|| NUMBERS[dice.usize(..NUMBERS.len())])
}

/// Bytes as they are, in both directions.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, bytes: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}

/// How long a stream that follows a book is listened to.
const PATIENCE: Duration = Duration::from_millis(200);

/// Sends bytes to a method and waits for its first answer, and for what comes soon after.
async fn send(line: Line, path: &str, bytes: Vec<u8>) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(line);
    client.ready().await.expect("connected");
    let path = PathAndQuery::try_from(path).expect("a path");
    let answers = client.server_streaming(Request::new(bytes), path, Raw).await?;
    let mut answers = answers.into_inner();
    let all = async {
        while answers.message().await?.is_some() {}
        Ok(())
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap_or(Ok(()))
}

/// A pass to this town as another installation writes it.
fn transfer_file() -> TransferFile {
    let lot = NewLot {
        lot_id: "babi-1".to_owned(),
        kind: LotKind::Livestock as i32,
        label: "babi (contoh)".to_owned(),
        unit: "ekor".to_owned(),
        quantity: units("2"),
        cost: idr(400_000),
    };
    TransferFile {
        pass: "books/soe/groups/z/passes/p1".to_owned(),
        receiver: A.to_owned(),
        ancestors: vec!["books/soe/groups/z/grants/apbn".to_owned()],
        programme: "APBN (contoh)".to_owned(),
        source: BudgetSource::Apbn as i32,
        decree_number: "SK-1/contoh".to_owned(),
        amount: idr(1_000_000),
        cash: idr(600_000),
        channel: PassChannel::Bank as i32,
        items: vec![lot],
        grant_id: "guliran-1".to_owned(),
    }
}

/// The code that fits a file.
pub fn code_of(file: &[u8]) -> String {
    hex::encode(&Sha256::digest(file)[..8])
}

/// Transfer files and their receipts, changed and with the code that fits the change: one that does
/// not fit is refused before anything is read.
async fn whatever_file_is_brought_is_answered(server: &Server) {
    let town = Town::found(server).await;
    let file = transfer_file().encode_to_vec();
    let receipt = TransferReceipt {
        pass: format!("{A}/passes/p1"),
        grant: "books/soe/groups/z/grants/guliran-1".to_owned(),
        word: Some(ReceiverWord {
            state: ArrivalState::Disputed as i32,
            returned: true,
            position: 7,
            said_on: date(2025, 3, 3),
            role: Role::Treasurer as i32,
            transaction: "books/soe/transactions/sanggah-1".to_owned(),
        }),
    };
    let receipt = receipt.encode_to_vec();
    let (mut read, mut cases) = (0, 0);
    for number in fuzz::cases("transfers", SHORT * 20) {
        let mut dice = fuzz::dice("transfers", number);
        let seeds = if number == 0 {
            file.clone()
        } else {
            fuzz::input(std::slice::from_ref(&file), &mut dice)
        };
        let case = Case { name: "transfers", number, bytes: &seeds };
        let brought = ImportTransferRequest {
            book: BOOK.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 3, 3),
            file: case.bytes.to_vec(),
            code: code_of(case.bytes),
        };
        let word = fuzz::input(std::slice::from_ref(&receipt), &mut dice);
        let told = AcknowledgeTransferRequest {
            book: BOOK.to_owned(),
            request_id: fresh_request_id(),
            details: on(2025, 3, 3),
            code: code_of(&word),
            receipt: word,
        };
        let brought = town.guliran().import_transfer(brought).await.map(|_| ());
        let told = town.guliran().acknowledge_transfer(told).await.map(|_| ());
        for answer in [brought, told] {
            cases += 1;
            read += u32::from(answer.is_ok());
            let code = answer.map_or_else(|status| status.code(), |()| Code::Ok);
            let known = [
                Code::Ok,
                Code::InvalidArgument,
                Code::NotFound,
                Code::AlreadyExists,
                Code::FailedPrecondition,
                Code::ResourceExhausted,
            ];
            assert!(known.contains(&code), "{code:?}");
        }
    }
    assert!(read > 0 && read < cases || std::env::var_os("SIMPUL_FUZZ").is_some(), "{read}");
    let mut stale = transfer_file();
    stale.grant_id = "guliran-2".to_owned();
    let altered = ImportTransferRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: None,
        file: stale.encode_to_vec(),
        code: code_of(&file),
    };
    let refused = town.guliran().import_transfer(altered).await.expect_err("another file");
    assert_eq!(why(&refused).reason, "TRANSFER_ALTERED");
}

async fn whatever_is_sent_is_answered(server: &Server) {
    let town = Town::found(server).await;
    town.found_group("b").await;
    let schema = Schema::read();
    let rpcs = schema.methods.len();
    assert!(rpcs > 100, "{rpcs}");
    let mut accepted = 0;
    for number in fuzz::cases("requests", SHORT * rpcs as u64) {
        let mut dice = fuzz::dice("requests", number);
        let rpc = &schema.methods[number as usize % rpcs];
        let mut bytes = schema.message(&rpc.request, &mut dice, 0);
        if dice.u8(0..6) == 0 {
            bytes = fuzz::input(&[bytes], &mut dice);
        }
        let case = Case { name: "requests", number, bytes: &bytes };
        let answer = send(server.line(), &rpc.path, case.bytes.to_vec()).await;
        accepted += u32::from(answer.is_ok());
        let code = answer.map_or_else(|status| status.code(), |()| Code::Ok);
        let ours = [Code::Internal, Code::Unknown, Code::Unavailable, Code::DataLoss];
        assert!(!ours.contains(&code), "{}: {code:?}", rpc.path);
        assert_ne!(code, Code::Unimplemented, "{}", rpc.path);
    }
    // Enough of them mean something to reach what is behind the checks.
    assert!(accepted > 30 || std::env::var_os("SIMPUL_FUZZ").is_some(), "{accepted}");
    town.position().await;
}

/// Whatever a list is about, nobody gets a page of an absurd size; and each list says so of itself.
async fn every_list_says_how_long_a_page_may_be(server: &Server) {
    let town = Town::found(server).await;
    let grant = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: "terima-apbd".to_owned(),
        details: on(2025, 1, 6),
        grant_id: "apbd".to_owned(),
        programme: "APBD (contoh)".to_owned(),
        source: BudgetSource::Apbd as i32,
        channel: Some(receive_grant_request::Channel::Bank(idr(1_000).expect("set"))),
        ..ReceiveGrantRequest::default()
    };
    town.grants().receive_grant(grant).await.expect("received");
    let schema = Schema::read();
    let transaction = format!("{BOOK}/transactions/terima-apbd");
    let share = format!("{LKM}/savings-shares/nisbah");
    let (mut lists, mut silent) = (0, Vec::new());
    for rpc in &schema.methods {
        let mut said = 0;
        for about in [BOOK, A, LKM, &transaction, &share] {
            for size in [-1, 501, i64::from(i32::MAX)] {
                let Some(bytes) = schema.page(&rpc.request, about, size) else { continue };
                let status = send(server.line(), &rpc.path, bytes).await.expect_err(&rpc.path);
                let why = why(&status);
                let sized = (why.code, why.reason.as_str(), why.field.as_str());
                said += u32::from(sized == (Code::InvalidArgument, "PAGE_SIZE", "page_size"));
            }
        }
        if schema.page(&rpc.request, BOOK, 1).is_some() {
            lists += 1;
            if said < 3 {
                silent.push(&rpc.path);
            }
        }
    }
    assert!(lists > 40, "{lists}");
    assert!(silent.is_empty(), "do not say how long a page may be: {silent:?}");
}
