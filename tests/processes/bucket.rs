//! Photos in a bucket of an S3 server that is not ours (Moto, through Werkzeug): kept sealed, read as
//! they were, not handed out once changed there, limited in size and sort; and what is said when the
//! bucket is gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use sha2::{Digest, Sha256};
use simpul::api::v1::attachment_service_client::AttachmentServiceClient;
use simpul::api::v1::{self, savings_service_client::SavingsServiceClient};
use tokio::task::block_in_place;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::server::{Backend, SERVE, Server, data_folder, open_book, send, simpul};

const BUCKET: &str = "bukti-contoh";

/// The S3 server.
struct Bucket {
    child: Child,
    address: String,
}

impl Bucket {
    fn start() -> Bucket {
        let python = std::env::var("SIMPUL_TEST_PYTHON")
            .expect("SIMPUL_TEST_PYTHON names a Python with Moto; tests/run sets it");
        let script = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '0'])";
        let mut command = Command::new(python);
        command.args(["-u", "-c", script]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let log = child.stderr.take().expect("piped");
        let mut lines = BufReader::new(log).lines().map(|line| line.expect("text"));
        let said = lines.find_map(|line| line.split_once("http://").map(|(_, at)| at.to_owned()));
        let address = said.expect("where it listens").trim().to_owned();
        // It goes on writing a line for each request, which somebody has to read.
        std::thread::spawn(move || lines.for_each(drop));
        Bucket { child, address }
    }

    /// What it answers to a request, asked without any credentials: the status and the body.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(body).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answered");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let status = String::from_utf8_lossy(&answer[9..12]).parse().expect("a status");
        (status, answer.split_off(end + 4))
    }

    /// The names of what lies in the bucket.
    fn objects(&self) -> Vec<String> {
        let (status, body) = self.ask("GET", &format!("{BUCKET}?list-type=2"), b"");
        assert_eq!(status, 200);
        let body = String::from_utf8(body).expect("XML");
        let keys = body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        keys.map(str::to_owned).collect()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A file in the two parts that a telephone sends.
async fn put(channel: &Channel, parent: &str, bytes: &[u8]) -> Result<(), Status> {
    for (part, content) in (0..).zip(bytes.chunks(512 << 10)) {
        let request = v1::PutAttachmentPartRequest {
            parent: parent.to_owned(),
            sha256: hash(bytes),
            part,
            content: content.to_vec(),
        };
        AttachmentServiceClient::new(channel.clone()).put_attachment_part(request).await?;
    }
    Ok(())
}

async fn attach(channel: &Channel, parent: &str, bytes: &[u8]) -> Result<String, Status> {
    put(channel, parent, bytes).await?;
    let request = v1::AttachFileRequest {
        parent: parent.to_owned(),
        request_id: format!("lampirkan-{}", &hash(bytes)[..12]),
        details: None,
        sha256: hash(bytes),
        size_bytes: i64::try_from(bytes.len()).expect("small"),
    };
    let answer = AttachmentServiceClient::new(channel.clone()).attach_file(request).await?;
    Ok(answer.into_inner().attachment.expect("set").name)
}

async fn read(channel: &Channel, name: &str) -> Result<Vec<u8>, Status> {
    let request = v1::ReadAttachmentRequest { name: name.to_owned() };
    let mut client = AttachmentServiceClient::new(channel.clone());
    let mut parts = client.read_attachment(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.message().await? {
        bytes.extend(part.content);
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_lie_in_a_bucket_of_another_maker() {
    let bucket = block_in_place(Bucket::start);
    assert_eq!(bucket.ask("PUT", BUCKET, b"").0, 200);
    let (_folder, data) = data_folder();
    let mut command = simpul(&SERVE, &Backend::Sqlite, &data);
    command.args(["--attachments", &format!("s3://{BUCKET}/lampiran")]).stderr(Stdio::null());
    command.env("AWS_ENDPOINT", format!("http://{}", bucket.address));
    command.envs([
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "contoh"),
        ("AWS_SECRET_ACCESS_KEY", "contoh"),
    ]);
    let server = Server::spawn(command);
    let channel = server.connect().await;
    open_book(channel.clone()).await;
    let deposit = send(&mut SavingsServiceClient::new(channel.clone()), 1).await.expect("saved");
    let parent = deposit.name;
    let mut photo = vec![0xff, 0xd8, 0xff, 0xe0];
    photo.extend((0..600_000u32).map(|at| (at % 251) as u8));
    let name = attach(&channel, &parent, &photo).await.expect("attached");
    assert_eq!(read(&channel, &name).await.expect("read"), photo);

    // There are two parts, below the folder, and nothing of the photo shows in them.
    let objects = bucket.objects();
    assert_eq!(objects.len(), 2);
    for object in &objects {
        assert!(object.starts_with("lampiran/sibuk/transactions/"), "{object}");
        let (status, sealed) = bucket.ask("GET", &format!("{BUCKET}/{object}"), b"");
        assert_eq!(status, 200);
        assert!(!sealed.windows(40).any(|window| photo[100..].starts_with(window)));
    }

    // What is no photo is refused and forgotten, and so is what is too large.
    let page = attach(&channel, &parent, b"<html>bukan foto</html>").await.expect_err("no photo");
    assert_eq!((page.code(), reason(&page).as_str()), (Code::InvalidArgument, "ATTACHMENT_SORT"));
    assert_eq!(bucket.objects().len(), 2);
    let large = v1::AttachFileRequest {
        parent: parent.clone(),
        request_id: "terlalu-besar".to_owned(),
        details: None,
        sha256: hash(&photo),
        size_bytes: 11 << 20,
    };
    let large = AttachmentServiceClient::new(channel.clone()).attach_file(large).await;
    assert_eq!(reason(&large.expect_err("too large")), "ATTACHMENT_TOO_LARGE");

    // A part that was changed there, or taken from there, is not handed out.
    let place = format!("{BUCKET}/{}", objects[0]);
    let (_, mut sealed) = bucket.ask("GET", &place, b"");
    let whole = sealed.clone();
    sealed[200] ^= 1;
    assert_eq!(bucket.ask("PUT", &place, &sealed).0, 200);
    let altered = read(&channel, &name).await.expect_err("altered");
    assert_eq!((altered.code(), reason(&altered).as_str()), (Code::DataLoss, "ATTACHMENT_DAMAGED"));
    assert_eq!(bucket.ask("PUT", &place, &whole).0, 200);
    assert_eq!(read(&channel, &name).await.expect("as it was"), photo);

    // Without its bucket nothing is lost for good, and the answer says where to look.
    for object in &objects {
        assert_eq!(bucket.ask("DELETE", &format!("{BUCKET}/{object}"), b"").0, 204);
    }
    let taken = read(&channel, &name).await.expect_err("taken away");
    assert_eq!(reason(&taken), "ATTACHMENT_DAMAGED");
    assert_eq!(bucket.ask("DELETE", BUCKET, b"").0, 204);
    let other = [photo.as_slice(), b"lain"].concat();
    for missing in [
        read(&channel, &name).await.expect_err("no bucket"),
        put(&channel, &parent, &other).await.expect_err("no bucket"),
    ] {
        let said = (missing.code(), reason(&missing));
        assert_eq!(said, (Code::Unavailable, "ATTACHMENT_STORE".to_owned()));
        assert!(missing.message().contains("lampiran"), "{}", missing.message());
    }
    // The money is none of the bucket's business.
    send(&mut SavingsServiceClient::new(channel.clone()), 2).await.expect("saved");
    assert!(server.terminate().success());
}
